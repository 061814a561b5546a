// SPDX-License-Identifier: Apache-2.0
// Facts of a report that follow from the scenario alone or are looked up per line: links of each axis, the stages' layers, expert routing.
// Both printed forms use them.
#pragma once

#include "core/collective/axistable.h"
#include "core/cost/routing.h"
#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens {

/// The routing of one kind of layer as its hottest rank feels it.
struct RoutingFacts {
    int kind = 0;   ///< index into model.kinds
    int layers = 0; ///< of this kind
    int experts = 0;
    int topK = 0;
    int slots = 0;        ///< experts and redundant copies of a layer, over the EP group
    double imbalance = 1; ///< pairs of the hottest rank over the mean
    int hottestRank = 0;
    double ranksPerToken = 1; ///< ranks that hold a token's experts, expected
    struct Step {
        std::int64_t tokens = 0; ///< of the whole group in the heaviest piece
        ExpertLoad load;         ///< of the hottest rank
    };
    Step prefill;
    Step decode;
};
/// One entry per kind of layer that has experts.
[[nodiscard]] std::vector<RoutingFacts> routingFacts(const Scenario& scenario);

/// "Layers of kind 1 (18 of 36 layers: attention in a window of 128; 128 experts)".
[[nodiscard]] std::string kindText(const Model& model, int index);

/// "dense" or "MoE", of several kinds alike with their number: "MoE 1".
[[nodiscard]] std::string kindName(const Model& model, int index);
/// "MoE layer", "MoE layer of kind 1"; `noun` may be "layers".
[[nodiscard]] std::string kindLayer(const Model& model, int index, const char* noun);

/// Rows of axes that more than one device lies along.
[[nodiscard]] std::vector<AxisRow> usedAxes(const Scenario& scenario);
/// "NVSwitch, 4 x 450 GB/s", the links of a row by level: "ICI axis 1: 4 devices, 2 x 45 GB/s".
[[nodiscard]] std::string linksText(const Scenario& scenario, const AxisRow& row);

} // namespace shardlens
