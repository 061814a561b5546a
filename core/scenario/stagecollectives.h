// SPDX-License-Identifier: Apache-2.0
// How many collectives a piece makes on each stage. One truth for what tooltips, legends and explanations say.
#pragma once

#include "core/scenario/explain.h"

#include <string>
#include <vector>

namespace shardlens {

/// Times an operator runs for one piece on `stage`, all its visits together; 0 for one of other stages and for hand-overs.
[[nodiscard]] int runsOn(const Report& report, const OperatorCost& op, int stage);

struct CollectiveCount {
    Collective kind = Collective::None;
    int times = 0;
    friend bool operator==(const CollectiveCount&, const CollectiveCount&) = default;
};
/// Of one piece on a stage, the most frequent first.
[[nodiscard]] std::vector<CollectiveCount> collectivesOn(const Report& report, Phase phase, int stage);
[[nodiscard]] int collectiveCountOn(const Report& report, Phase phase, int stage);
/// "80 × AllReduce, 1 × AllGather"; empty without any.
[[nodiscard]] std::string collectivesText(const Report& report, Phase phase, int stage);

/// The least and the most of all stages.
struct CollectiveRange {
    int least = 0;
    int most = 0;
    int stages = 1;
};
[[nodiscard]] CollectiveRange collectiveRange(const Report& report, Phase phase);
/// "81 on each of 2 stages", "80 to 82 by stage", without a pipeline "161".
[[nodiscard]] std::string collectiveRangeText(const CollectiveRange& range);

} // namespace shardlens
