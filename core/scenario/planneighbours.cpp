// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/planneighbours.h"

#include "core/base/format.h"
#include "core/scenario/serve.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace shardlens {

namespace {

std::string named(PlanAxis axis, const Plan& plan)
{
    return std::string(shortNameOf(axis)) + ' ' + formatCount(plan[axis]);
}

/// EP goes with the stage: over all of it as before, else the largest factor that it shares with it.
void followGroup(Plan& plan, const Plan& before)
{
    plan[PlanAxis::Expert] = static_cast<int>(before.expert() > 1 && before.expert() == before.stageDevices()
                                                  ? plan.stageDevices()
                                                  : std::gcd(std::int64_t{plan.expert()}, plan.stageDevices()));
}

void offer(const Scenario& scenario, std::string label, Plan plan, std::vector<PlanNeighbour>& out)
{
    followGroup(plan, scenario.plan);
    followStages(plan, scenario.plan.pipeline(), scenario.workload.batch);
    if (plan != scenario.plan && isLegal(scenario.context(), plan))
        out.push_back({std::move(label), std::move(plan)});
}

} // namespace

std::vector<PlanNeighbour> planNeighbours(const Scenario& scenario)
{
    std::vector<PlanNeighbour> neighbours;
    if (servedByPools(scenario))
        return neighbours;
    neighbours.reserve(16);
    const Plan& now = scenario.plan;

    Plan next = now;
    next[PlanAxis::DecodeMicrobatches] = std::clamp(now.pipeline(), 1, std::max(1, scenario.workload.batch));
    offer(scenario,
          formatCount(next.decodeMicrobatches()) + (next.decodeMicrobatches() == 1 ? " decode microbatch" : " decode microbatches"), next,
          neighbours);

    next = now;
    next.options.order = kDefaultOrder;
    offer(scenario, "the usual axis order", next, neighbours);

    using A = PlanAxis;
    constexpr std::array<std::pair<A, A>, 8> kMoves{{{A::Tensor, A::Pipeline},
                                                     {A::Tensor, A::Data},
                                                     {A::Pipeline, A::Tensor},
                                                     {A::Pipeline, A::Data},
                                                     {A::Data, A::Tensor},
                                                     {A::Data, A::Pipeline},
                                                     {A::Tensor, A::AttentionData},
                                                     {A::AttentionData, A::Tensor}}};
    for (const auto& [more, less] : kMoves) {
        const bool attention = more == A::AttentionData; // pays where experts are spread over the whole stage
        if (now[less] % 2 != 0 || (attention && now.expert() == 1))
            continue;
        next = now;
        next[more] *= 2;
        next[less] /= 2;
        offer(scenario, named(more, next) + " and " + named(less, next), next, neighbours);
    }

    if (now.devices() * 2 <= scenario.cluster->devices())
        for (const A axis : {A::Data, A::Tensor, A::Pipeline}) {
            next = now;
            next[axis] *= 2;
            offer(scenario, named(axis, next), next, neighbours);
        }
    return neighbours;
}

} // namespace shardlens
