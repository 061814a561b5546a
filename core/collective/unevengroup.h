// SPDX-License-Identifier: Apache-2.0
// Collectives in groups that do not fill whole units of the fabric, costed by where the members of every group of the kind really are.
// Each algorithm is a program that all groups run at once; the slowest group decides (where one group has most steps and another the
// fullest link, the line takes both). Of V on nodes of 2 and 4 members, n = 6:
//   AllGather, level by level: between nodes, a node of c members receives V (1 - c/n) over its own c links; inside, V (1 - 1/c) a member.
//   ReduceScatter is its mirror image. AllReduce may scatter evenly over U nodes instead, since the result is the same everywhere:
//   V (1 - 1/U) / c each way. Ring through all: U - 1 of n - 1 steps cross, and a node's c links share the V (n - 1)/n of the crossing.
//   AllToAll: a member sends V (n - c)/n out of its node of c. BlueConnect's scheme (Cho et al., MLSys 2019) with unequal shares.
// On wired levels (ring, torus, mesh, host tree) traffic is traced link by link, that of all groups together: rings through the members in
// the order of ranks and, on a torus, back and forth along its first axis, one way round, both ways or as a line; and every pair at once,
// dimension by dimension on the shorter way.
#pragma once

#include "core/collective/collective.h"
#include "core/collective/grouplayout.h"
#include "core/collective/groupspread.h"

#include <memory>

namespace shardlens {

struct UnevenGroup {
    CollectiveLines reduce;
    CollectiveLines gather;
    CollectiveLines exchange;
    std::array<int, kMaxLevels> participants{}; ///< of the group with most, by level
    /// Of the group with most units, tier by tier; a torus axis by its distinct coordinates, its links taken as whole. FabricLevel pointers
    /// are null: this outlives the cluster.
    InlineList<LevelUse, 2 * kMaxLevels> levels;
    bool isEven = false; ///< all groups lie alike after all
};

/// Pairs of units on wired levels whose routes are traced at most; a kind of group with more keeps the roundest fit.
inline constexpr std::int64_t kMostTracedPairs = std::int64_t{1} << 20;

/// The lines by what each group does; null where more pairs than kMostTracedPairs would have to be traced, or no group fits.
[[nodiscard]] std::shared_ptr<const UnevenGroup> unevenGroup(const GroupSpread& spread);
/// The same, remembered by thread: a search meets the same groups again and again.
[[nodiscard]] std::shared_ptr<const UnevenGroup> unevenGroup(const Cluster& cluster, const DeviceGroup& group, int devices);

} // namespace shardlens
