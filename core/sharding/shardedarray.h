// SPDX-License-Identifier: Apache-2.0
// An array whose dimensions are split over axes of a mesh. A[I_XY, J] {U_Z}: I is cut over X, each piece over Y (X outer, Y inner), J is
// whole everywhere, and what each device holds is only its own summand of a sum over Z. Axes that are not named hold copies.
//
// A dimension that does not divide is cut into pieces of ceil(size / parts), the last ones shorter or empty; every device stores a
// full piece, the rest of which is zero. Axis by axis, so that the pieces along the inner axis of I_XY join to exactly the pieces of I_X:
// the local size is ceil(ceil(I / X) / Y), which equals ceil(I / (X Y)).
#pragma once

#include "core/base/units.h"
#include "core/model/numberformat.h"
#include "core/sharding/mesh.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

inline constexpr std::size_t kMostDims = 12;
inline constexpr std::int64_t kMostDimSize = std::int64_t{1} << 40;
inline constexpr std::int64_t kMostElements = std::int64_t{1} << 53; ///< a double still counts them exactly

struct ShardedDim {
    std::string name;
    std::int64_t size = 0;
    std::vector<int> axes; ///< indices into the mesh, outermost first
    friend bool operator==(const ShardedDim&, const ShardedDim&) = default;
};

struct ShardedArray {
    std::string name;
    std::vector<ShardedDim> dims;
    std::vector<int> unreduced; ///< mesh axes over which the devices' values are still to be added up; ascending

    /// Index of the dimension of this name; -1 when there is none.
    [[nodiscard]] int find(std::string_view dimension) const;
    [[nodiscard]] bool isUnreduced(int axis) const;
    /// Index of the dimension that is split over `axis`; -1 when none is.
    [[nodiscard]] int dimOn(int axis) const;
    friend bool operator==(const ShardedArray&, const ShardedArray&) = default;
};

/// What makes the array impossible on this mesh: a name or an axis used twice, a size out of range, too many elements. None when sound.
[[nodiscard]] std::optional<Error> problemOf(const Mesh& mesh, const ShardedArray& array);

/// Same dimensions split the same way and unreduced over the same axes, whatever the names of the arrays.
[[nodiscard]] bool sameSharding(const ShardedArray& a, const ShardedArray& b);

/// Length of one device's piece, padding included: ceil(size / devices along its axes).
[[nodiscard]] std::int64_t localSize(const Mesh& mesh, const ShardedDim& dim);
[[nodiscard]] std::vector<std::int64_t> localShape(const Mesh& mesh, const ShardedArray& array);
[[nodiscard]] std::int64_t globalElements(const ShardedArray& array);
/// Elements that one device stores, padding included.
[[nodiscard]] std::int64_t localElements(const Mesh& mesh, const ShardedArray& array);
/// Stored per element of the array and copy of it: 1 when every dimension divides, more with padding.
[[nodiscard]] double paddingFactor(const Mesh& mesh, const ShardedArray& array);
/// Devices that hold the same values: the product of the axes that neither split a dimension nor are unreduced.
[[nodiscard]] std::int64_t copies(const Mesh& mesh, const ShardedArray& array);
/// Bytes that one device stores in this format, padding and the scales of block formats included.
[[nodiscard]] Bytes bytesPerDevice(const Mesh& mesh, const ShardedArray& array, NumberFormat format);

/// The part of a dimension that belongs to a device: where it begins and how many real elements it has (zero in pure padding).
struct DimPiece {
    std::int64_t begin = 0;
    std::int64_t count = 0;
    friend bool operator==(const DimPiece&, const DimPiece&) = default;
};
[[nodiscard]] DimPiece pieceOf(const Mesh& mesh, const ShardedDim& dim, std::int64_t device);

} // namespace shardlens
