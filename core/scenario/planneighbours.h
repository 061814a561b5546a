// SPDX-License-Identifier: Apache-2.0
// The plans one step beside a plan: what somebody would try next without giving up accuracy.
#pragma once

#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens {

struct PlanNeighbour {
    std::string label; ///< "TP 8 and PP 1", "DP 2", "2 decode microbatches", "the usual axis order"
    Plan plan;         ///< legal
};

/// In order: as many decode microbatches as stages, the usual order of axes, a factor of 2 moved between two axes (as many devices as
/// before; EP over the whole stage stays so), a factor of 2 more on one axis where devices are idle. Microbatches follow PP. The model's
/// numbers, the batch and the formats stay as they are. Empty for pools, whose plans are two.
[[nodiscard]] std::vector<PlanNeighbour> planNeighbours(const Scenario& scenario);

} // namespace shardlens
