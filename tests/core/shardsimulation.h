// SPDX-License-Identifier: Apache-2.0
// A mesh of devices that really hold blocks of numbers and really move them: the algebra's steps carried out by brute force, with a layout
// of its own, so that an error in the algebra shows as a wrong number.
#pragma once

#include "core/sharding/contraction.h"

#include <random>
#include <string>
#include <vector>

namespace shardlens {

/// A dense array of numbers, row major.
struct Dense {
    std::vector<std::int64_t> shape;
    std::vector<double> values;

    static Dense zeros(std::vector<std::int64_t> shape);
    friend bool operator==(const Dense&, const Dense&) = default;
};

/// What all devices hold of one array.
struct OnDevices {
    ShardedArray array;
    std::vector<Dense> blocks; ///< by device
};

/// Whole numbers, so that every sum is exact.
[[nodiscard]] Dense randomDense(const ShardedArray& array, std::mt19937_64& random);
/// The global array cut up as `array` says. Padding is zero. Partial sums are random numbers that add up to it.
[[nodiscard]] OnDevices distribute(const Mesh& mesh, const ShardedArray& array, const Dense& global, std::mt19937_64& random);
/// The devices after a step, moved block by block.
[[nodiscard]] OnDevices carryOut(const Mesh& mesh, const OnDevices& devices, const ShardStep& step);
/// Every device multiplies what it holds; dimensions of both that are not in `result` are summed.
[[nodiscard]] OnDevices multiplyLocally(const Mesh& mesh, const OnDevices& left, const OnDevices& right, const ShardedArray& result);
/// The unsharded product.
[[nodiscard]] Dense multiply(const ShardedArray& left, const Dense& a, const ShardedArray& right, const Dense& b,
                             const ShardedArray& result);
/// Empty when every device holds exactly its part of `global` (for partial sums: when they add up to it); else what is wrong.
[[nodiscard]] std::string difference(const Mesh& mesh, const OnDevices& devices, const Dense& global);

} // namespace shardlens
