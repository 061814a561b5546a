// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/expertfacts.h"

#include <algorithm>

namespace shardlens {

int expertKindOf(const Model& model)
{
    int best = -1;
    std::ptrdiff_t most = 0;
    for (std::size_t kind = 0; kind < model.kinds.size(); ++kind) {
        if (!model.kinds[kind].feedForward.isMoe())
            continue;
        const std::ptrdiff_t layers = std::count(model.layers.begin(), model.layers.end(), static_cast<std::uint8_t>(kind));
        if (best < 0 || layers > most) {
            best = static_cast<int>(kind);
            most = layers;
        }
    }
    return best;
}

int expertLayersOf(const Model& model)
{
    const int kind = expertKindOf(model);
    if (kind < 0)
        return 0;
    const FeedForward& shown = model.kinds[static_cast<std::size_t>(kind)].feedForward;
    return static_cast<int>(
        std::count_if(model.layers.begin(), model.layers.end(), [&](std::uint8_t k) { return model.kinds[k].feedForward == shown; }));
}

double expertTokens(const Scenario& scenario, Phase phase)
{
    const Workload& work = scenario.workload;
    const Plan& plan = scenario.plan;
    if (phase == Phase::Decode)
        return static_cast<double>(ceilDiv(work.batch, plan.decodeMicrobatches()));
    return static_cast<double>(ceilDiv(work.batch, plan.prefillMicrobatches()) * ceilDiv(work.input, plan.chunks()));
}

std::optional<ExpertLoadTable> expertTableOf(const Scenario& scenario, const Report& report, Phase phase, bool example)
{
    const int kind = expertKindOf(*scenario.model);
    if (kind < 0 || !report.legal)
        return std::nullopt;
    return ExpertLoadTable(scenario.model->kinds[static_cast<std::size_t>(kind)].feedForward, scenario.plan.expert(),
                           scenario.plan.redundantExperts(), scenario.workload.routing, expertTokens(scenario, phase), example);
}

} // namespace shardlens
