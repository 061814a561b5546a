// SPDX-License-Identifier: Apache-2.0
// From one sharding of an array to another by steps that devices can do, and the cheapest sequence of them.
//
//   Slice          keep my part of dimension d over axes that hold copies     I -> I_X            free: no communication
//   AllGather      join the pieces of d over its innermost axes               I_X -> I            V = n blocks held before
//   AllReduce      add up partial sums, everybody gets the sum                {U_X} -> whole      V = bytes held
//   ReduceScatter  add up partial sums, everybody gets a part of d            I {U_X} -> I_X      V = n blocks held after
//   AllToAll       move axes from the end of one dimension to another's       I_X, J -> I, J_X    V = n blocks sent
//
// A step takes one or several axes at once. Axes are added and taken away at the inner end of a dimension only: that is where pieces
// join to what a contiguous sharding means (I_XY gathered over X alone would interleave).
//
// Bytes that a device sends, for payload V in a group of n (ring algorithms; "How to Scale Your Model", the JAX scaling book, chapter
// Sharded Matrices): AllGather, ReduceScatter and AllToAll V (n - 1)/n, AllReduce 2 V (n - 1)/n. The n blocks are of equal size, so that
// V counts the padding of pieces that do not divide; an AllReduce cuts what is held, V, into n blocks of ceil(V/n).
#pragma once

#include "core/sharding/shardedarray.h"

#include <functional>

namespace shardlens {

enum class StepKind : std::uint8_t { Slice, AllGather, AllReduce, ReduceScatter, AllToAll, Multiply };
[[nodiscard]] std::string_view nameOf(StepKind kind);
[[nodiscard]] constexpr bool communicates(StepKind kind)
{
    return kind != StepKind::Slice && kind != StepKind::Multiply;
}

/// The array of a product that a step works on.
enum class StepOperand : std::uint8_t { Left, Right, Result };

struct ShardStep {
    StepKind kind = StepKind::Slice;
    StepOperand operand = StepOperand::Left; ///< of a product; Multiply: Result
    std::vector<int> axes;                   ///< in the order in which they leave or join a dimension, outermost first
    int fromDim = -1;                        ///< dimension that is gathered or gives its axes (AllGather, AllToAll)
    int toDim = -1;                          ///< dimension that is cut (Slice, ReduceScatter, AllToAll)
    ShardedArray before;                     ///< Multiply: the left operand
    ShardedArray other;                      ///< Multiply: the right operand; otherwise empty
    ShardedArray after;
    friend bool operator==(const ShardStep&, const ShardStep&) = default;
};

/// The payload V of a step in elements per device, padding included; 0 for steps that do not communicate.
[[nodiscard]] double payloadElements(const Mesh& mesh, const ShardStep& step);
/// Elements each device sends, by the formulas above.
[[nodiscard]] double sentElements(StepKind kind, std::int64_t groupDevices, double payload);
[[nodiscard]] double sentElements(const Mesh& mesh, const ShardStep& step);

/// Up to so many moving axes every detour is tried; with more, an axis goes only to the dimension where the target has it.
inline constexpr std::size_t kMostExhaustive = 3;

/// What one communicating step costs, in any unit; the search adds these up.
using StepPrice = std::function<double(StepKind kind, const std::vector<int>& axes, double payloadElements)>;
/// Elements sent, as above.
[[nodiscard]] StepPrice priceBySentElements(const Mesh& mesh);

/// The array after one step. Errors: the step does not apply (an axis is not where it says).
[[nodiscard]] Result<ShardedArray> applyStep(const Mesh& mesh, const ShardedArray& array, StepKind kind, const std::vector<int>& axes,
                                             int fromDim, int toDim);

/// How many shardings searches may look at before they give way to a sequence that always works (add up, gather, slice).
struct SearchBudget {
    std::size_t states = 3'000;
    bool spent = false; ///< a search gave way
};

/// The cheapest sequence of steps from `from` to `to` by their weighed elements; of equals the one with fewest communicating steps, then with fewest steps. Empty
/// when they are sharded alike. Both have the same dimensions, in the same order. Errors: different dimensions; `to` is unreduced over an
/// axis over which `from` is not.
[[nodiscard]] Result<std::vector<ShardStep>> reshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to,
                                                     const StepPrice& price, SearchBudget& budget);
[[nodiscard]] Result<std::vector<ShardStep>> reshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to,
                                                     const StepPrice& price);
[[nodiscard]] Result<std::vector<ShardStep>> reshard(const Mesh& mesh, const ShardedArray& from, const ShardedArray& to);

} // namespace shardlens
