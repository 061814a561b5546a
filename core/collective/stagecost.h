// SPDX-License-Identifier: Apache-2.0
// What one tier of the fabric takes for its part of a collective while every group of one kind works at once and shares are unequal.
// In a stage the members of a group in each unit hold some share of V together, evenly. Behind a switch a unit's bytes pass its own
// members' links: the fuller direction counts. On shared links the bytes of all groups add up, and a group waits for the fullest it uses.
#pragma once

#include "core/collective/collective.h"
#include "core/collective/groupspread.h"

#include <vector>

namespace shardlens {

/// What a group needs for a stage, affine in V; zeros for a group without a meeting there.
struct StageCost {
    double latency = 0; ///< seconds
    double seconds = 0; ///< per byte of V
    double sent = 0;    ///< bytes per byte of V that a device puts on links: the mean of the members of the meeting with most
};

/// One algorithm on one tier, for each group.
struct StageWay {
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
    std::vector<StageCost> byGroup;
};

/// Of V, what a unit's members hold together before a gather (after a scatter): by their number, or the same for each unit - which an
/// AllReduce may choose, since its result is the same everywhere.
enum class Holding : std::uint8_t { ByMembers, Even };
/// What each pair of units moves.
enum class Traffic : std::uint8_t {
    Gather,      ///< the holding of the one to the other
    Whole,       ///< V to each other unit: one-shot among units that hold V once
    WholeEach,   ///< V to each member of each other unit: one-shot among devices
    Exchange,    ///< AllToAll: V over all members of the group from each member to each
    Redistribute ///< AllToAll over nodes: V over the members that meet from each of them to each
};

/// AllGather among the units that meet, and, mirrored, ReduceScatter.
[[nodiscard]] std::vector<StageWay> gatherWays(const TierSpread& spread, int groups, Holding holding);
/// Rings that a cube mesh holds through the units that meet, and bytes/s of a device over all of them, both ways.
struct CubeRings {
    int rings = 0;
    double bandwidth = 0;
};
[[nodiscard]] CubeRings cubeRings(const TierSpread& spread, const Meeting& meeting);
/// AllReduce among units that each hold V once, apart from the two halves that gatherWays() gives.
[[nodiscard]] std::vector<StageWay> reduceWays(const TierSpread& spread, int groups);
/// Every pair at once; `byPiece` gets the seconds per byte of each unit by itself when wanted.
[[nodiscard]] StageWay directWay(const TierSpread& spread, int groups, Traffic traffic, Holding holding, int groupSize,
                                 std::vector<double>* byPiece = nullptr);

} // namespace shardlens
