// SPDX-License-Identifier: Apache-2.0
// The sharding of each decoder operator under a plan, derived by the algebra of sharded arrays: its operands are stated, the product and the
// collective that follows come out of contract() and reshard().
//
// T is the tokens of one rank of attention DP (and in prefill of SP): the batch is dealt out to those before any operator runs. N counts heads
// of all of the rank's sequences; where keys and values have fewer heads than queries, they are written as the query heads see them, each
// serving several. NH is all heads side by side. Dispatch is the exchange of a buffer that is laid out by token and expert.
#pragma once

#include "core/cost/operators.h"
#include "core/sharding/notation.h"

namespace shardlens {

struct OperatorSharding {
    Mesh mesh;                     ///< the axes of the plan that this operator knows: TP and SP, or ETP and EP
    std::vector<ShardStep> before; ///< what the input needs first
    ShardedArray left;             ///< as multiplied; without `right` the one array worked on
    std::optional<ShardedArray> right;
    ShardedArray result;          ///< of the local work, with its unreduced axes
    std::vector<ShardStep> after; ///< what makes the result whole; empty too when partial sums are carried on to a later operator
    std::string verb;             ///< "norm", "softmax", ... where there is no product

    /// The kind of the one collective; None when there is none.
    [[nodiscard]] Collective collective() const;
};

[[nodiscard]] OperatorSharding shardingOf(const OperatorCost& op, const Plan& plan);
/// "o[T, NH_TP8] . WO[NH_TP8, D] -> y[T, D] {U_TP8}; AllReduce over TP8".
[[nodiscard]] std::string print(const OperatorSharding& sharding);
/// What the letters of the dimensions mean, which are those of tensorplate.h: "T tokens, D model width, F intermediate width".
[[nodiscard]] std::string legend(const OperatorSharding& sharding);

} // namespace shardlens
