// SPDX-License-Identifier: Apache-2.0
// The algorithms that one level of a fabric offers, each affine in the payload of that level.
#pragma once

#include "core/collective/collective.h"
#include "core/collective/grouplayout.h"
#include "core/collective/inlinelist.h"

namespace shardlens {

using LevelLines = InlineList<CollectiveLine, 6>;

/// What a gather's algorithm is called when an AllReduce takes it both ways.
[[nodiscard]] constexpr CollectiveAlgorithm asAllReduce(CollectiveAlgorithm gather)
{
    switch (gather) {
    case CollectiveAlgorithm::Direct: return CollectiveAlgorithm::TwoShot;
    case CollectiveAlgorithm::RecursiveDoubling: return CollectiveAlgorithm::HalvingDoubling;
    default: return gather;
    }
}

/// AllGather to V bytes within one level; ReduceScatter of V bytes is its mirror image.
[[nodiscard]] LevelLines gatherLines(const LevelUse& use);
/// AllReduce of V bytes within one level, apart from the two halves that gatherLines() gives.
[[nodiscard]] LevelLines reduceLines(const LevelUse& use);
/// AllToAll of V bytes per device within one level.
[[nodiscard]] LevelLines exchangeLines(const LevelUse& use);

/// Steps of a gather along one axis: both ways round a ring, or to the far end of a line.
[[nodiscard]] int hopsAlong(const AxisUse& axis);

} // namespace shardlens
