// SPDX-License-Identifier: Apache-2.0
// Where the time goes: prefill and one decode step as bars stacked by cause, each on a scale of its own, and the operators behind them.
#pragma once

#include "ui/scene/scene.h"

namespace shardlens {

struct LatencyOptions {
    bool operators = true; ///< list the slowest operators under the bars when there is height for three or more
};

void buildLatency(const ViewInput& input, const LatencyOptions& options, Scene& scene);
[[nodiscard]] QString latencyTooltip(const Scenario& scenario, const Report& report, const Subject& subject);
/// One sentence for a screen reader.
[[nodiscard]] QString describeLatency(const Scenario& scenario, const Report& report);

/// An operator's share of a piece on the busiest stage: all layers together, kinds of layer added up.
struct OperatorShare {
    Op op = Op::Embedding;
    int index = -1; ///< of the costliest of its entries in PhaseReport::operators
    double seconds = 0;
    Breakdown breakdown;
    Collective collective = Collective::None; ///< that it waits for; of several kinds of layer the last one's
};
/// Costliest first.
[[nodiscard]] std::vector<OperatorShare> operatorShares(const PhaseReport& report);

} // namespace shardlens
