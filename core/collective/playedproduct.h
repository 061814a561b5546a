// SPDX-License-Identifier: Apache-2.0
// A product given as text, worked out so that it can be stepped through: every way with its cost, and what each device holds of the three
// arrays before and after each step.
#pragma once

#include "core/collective/shardedmatmul.h"
#include "core/sharding/notation.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace shardlens {

/// Texts as a user types them; see notation.h.
struct ProductText {
    std::string product; ///< "A[I, J_X] . B[J_X, K]"
    std::string mesh;    ///< "X=4,Y=2"
    std::string shape;   ///< "I=1024,J=8192,K=8192"
    friend bool operator==(const ProductText&, const ProductText&) = default;
};

struct PlayedProduct {
    Mesh mesh;
    ShardingExpression expression;
    MatmulSetting setting; ///< without a cluster where it has none of this size
    std::string note;      ///< why there are no times; empty when there are
    MatmulCosts costs;
};

/// A, B and C between two steps; an array that is not there yet has no value.
using HeldArrays = std::array<std::optional<ShardedArray>, 3>;
/// Before step `step` of a way; step = number of steps: at the end.
[[nodiscard]] HeldArrays heldBefore(const PlayedProduct& played, const ProductWay& way, std::size_t step);
/// The array a step changes: 0 A, 1 B, 2 C.
[[nodiscard]] int arrayOf(const ShardStep& step);
/// Devices that take part in a step with `device`, itself among them, ascending; alone for steps that move nothing.
[[nodiscard]] std::vector<std::int64_t> stepGroup(const Mesh& mesh, const ShardStep& step, std::int64_t device);

/// Errors name the field as path: "product", "mesh" or "shape". `cluster` may be null: bytes instead of times.
[[nodiscard]] Result<PlayedProduct> playedProduct(const ProductText& text, const Cluster* cluster,
                                                  NumberFormat format = NumberFormat::Bf16);

} // namespace shardlens
