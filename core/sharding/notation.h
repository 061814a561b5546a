// SPDX-License-Identifier: Apache-2.0
// Sharded arrays and products as text, both ways: A[I_X, J] . B[J_X, K] -> C[I, K] {U_X}
//
//   product    ARRAY . ARRAY [-> ARRAY]       the sign is one of . * @ and the middle dots; the arrow is -> or U+2192
//   resharding ARRAY -> ARRAY
//   array      NAME [ DIM, ... ] { U_AXES }   the part in braces only where there are partial sums
//   dimension  NAME or NAME_AXES
//   axes       names of mesh axes, outermost first: I_XY when there is one way to read it, else I_{X,Y} or I_{TP,SP}
//
// Spaces are free. A name may be followed by its size, I_TP8, where the size is that of the mesh. A subscript that can be read in two ways
// is refused, never guessed.
#pragma once

#include "core/sharding/contraction.h"

namespace shardlens {

inline constexpr std::size_t kMostNotationLength = 4096; ///< bytes

/// What a text says; sizes of dimensions are 0 until withShape() fills them in.
struct ShardingExpression {
    ShardedArray left;
    std::optional<ShardedArray> right;  ///< none: a resharding of `left` to `result`, or `left` alone
    std::optional<ShardedArray> result; ///< none: no wish
    friend bool operator==(const ShardingExpression&, const ShardingExpression&) = default;
};

struct NamedSize {
    std::string name;
    std::int64_t size = 0;
    friend bool operator==(const NamedSize&, const NamedSize&) = default;
};

/// Errors name the column (counted in characters, from 1), what was found and what is allowed.
[[nodiscard]] Result<ShardingExpression> parseSharding(std::string_view text, const Mesh& mesh);
[[nodiscard]] Result<ShardedArray> parseShardedArray(std::string_view text, const Mesh& mesh);
/// "X=4,Y=2", innermost axis first.
[[nodiscard]] Result<Mesh> parseMesh(std::string_view text);
/// "I=1024,J=8192".
[[nodiscard]] Result<std::vector<NamedSize>> parseShape(std::string_view text);
/// Fills in the sizes. Errors: a dimension without a size, a size of no dimension, an array that is impossible.
[[nodiscard]] Result<ShardingExpression> withShape(ShardingExpression expression, const std::vector<NamedSize>& shape, const Mesh& mesh);

enum class AxisSizes : std::uint8_t { Hidden, Shown };
/// "X", "XY", "{TP,SP}", "{X,XY}"; with sizes "TP8", "{TP8,SP2}".
[[nodiscard]] std::string printAxes(const std::vector<int>& axes, const Mesh& mesh, AxisSizes sizes = AxisSizes::Hidden);
[[nodiscard]] std::string printArray(const ShardedArray& array, const Mesh& mesh, AxisSizes sizes = AxisSizes::Hidden);
[[nodiscard]] std::string printSharding(const ShardingExpression& expression, const Mesh& mesh, AxisSizes sizes = AxisSizes::Hidden);
/// "AllGather X of A: A[I_X, J] -> A[I, J]", "A[I, J_X] . B[J_X, K] -> C[I, K] {U_X}".
[[nodiscard]] std::string printStep(const ShardStep& step, const Mesh& mesh, AxisSizes sizes = AxisSizes::Hidden);

} // namespace shardlens
