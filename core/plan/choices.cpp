// SPDX-License-Identifier: Apache-2.0
// The steps of the controls. With the device count locked an axis moves together with a partner, so that the product stays.
#include "core/plan/legality.h"

#include <algorithm>
#include <numeric>

namespace shardlens {

namespace {

constexpr std::size_t kMostChoices = 24;

bool changesDevices(PlanAxis axis)
{
    return axis == PlanAxis::Tensor || axis == PlanAxis::Pipeline || axis == PlanAxis::Data || axis == PlanAxis::Sequence
           || axis == PlanAxis::AttentionData;
}

int mostOf(const PlanContext& context, const Plan& plan, PlanAxis axis)
{
    const int devices = context.cluster.devices();
    switch (axis) {
    case PlanAxis::Tensor: {
        int heads = 1;
        for (const LayerKind& kind : context.model.kinds)
            heads = std::max({heads, kind.attention.queryHeads, kind.attention.linear.valueHeads});
        return std::min(devices, heads);
    }
    case PlanAxis::Pipeline: return std::min(devices, context.model.layerCount());
    case PlanAxis::Data: return devices;
    case PlanAxis::Expert: return context.model.hasExperts() ? static_cast<int>(std::min<std::int64_t>(devices, plan.stageDevices())) : 1;
    case PlanAxis::Sequence: return std::min(devices, context.workload.input);
    case PlanAxis::AttentionData: return std::min(devices, context.workload.batch);
    case PlanAxis::PrefillMicrobatches:
    case PlanAxis::DecodeMicrobatches: return context.workload.batch;
    case PlanAxis::Chunks: return std::min(64, context.workload.input);
    }
    return 1;
}

/// Values worth a tick, ascending: everything up to 8, then powers of two, three times powers of two, and the end; the current one too.
std::vector<int> candidates(const PlanContext& context, const Plan& plan, PlanAxis axis)
{
    const int most = std::max({1, mostOf(context, plan, axis), plan[axis]});
    std::vector<int> values;
    if (most <= 8) {
        for (int value = 1; value <= most; ++value)
            values.push_back(value);
    } else {
        for (int value = 1; value <= most && value > 0; value *= 2) {
            values.push_back(value);
            if (value >= 2 && value <= most / 3 * 2 && value / 2 * 3 <= most && most <= 512)
                values.push_back(value / 2 * 3);
            if (value > most / 2)
                break;
        }
        values.push_back(most);
        values.push_back(std::clamp(plan[axis], 1, most));
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

/// EP follows the stage group: the largest factor it shares with it.
void fitExperts(Plan& plan)
{
    plan[PlanAxis::Expert] = static_cast<int>(std::gcd(std::int64_t{plan.expert()}, plan.stageDevices()));
}

/// The plan with `axis` = value and, when locked, a partner moved so that the device count stays `devices`; legal or the last one tried.
/// Microbatches follow where PP moves: with what they were before, another PP would be judged by a cut that nobody chose for it.
Plan moved(const PlanContext& context, const Plan& plan, const AxisMove& move, int value, bool& legal)
{
    Plan next = plan;
    next[move.axis] = value;
    if (!changesDevices(move.axis) || !move.devicesLocked) {
        if (changesDevices(move.axis))
            fitExperts(next);
        followStages(next, plan.pipeline(), context.workload.batch);
        legal = isLegal(context, next);
        return next;
    }
    const std::int64_t devices = plan.devices();
    const std::array partners{move.partner, partnerOf(move.axis), PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Tensor};
    Plan first = next;
    bool haveFirst = false;
    for (const PlanAxis partner : partners) {
        if (partner == move.axis || !changesDevices(partner))
            continue;
        Plan trial = next;
        trial[partner] = 1;
        const std::int64_t others = trial.devices();
        if (devices % others != 0)
            continue;
        trial[partner] = static_cast<int>(devices / others);
        fitExperts(trial);
        followStages(trial, plan.pipeline(), context.workload.batch);
        if (isLegal(context, trial)) {
            legal = true;
            return trial;
        }
        if (!haveFirst) {
            first = trial;
            haveFirst = true;
        }
    }
    legal = false;
    return first;
}

} // namespace

PlanAxis partnerOf(PlanAxis axis)
{
    switch (axis) {
    case PlanAxis::Tensor:
    case PlanAxis::Sequence:
    case PlanAxis::AttentionData: return PlanAxis::Pipeline;
    default: return PlanAxis::Tensor;
    }
}

std::vector<AxisChoice> axisChoices(const PlanContext& context, const Plan& plan, const AxisMove& move)
{
    std::vector<AxisChoice> choices;
    for (const int value : candidates(context, plan, move.axis)) {
        AxisChoice choice;
        choice.value = value;
        choice.plan = moved(context, plan, move, value, choice.legal);
        if (!choice.legal) {
            // The reason names the axis itself where it can; failing that the lock.
            std::vector<Finding> violations;
            std::vector<Finding> warnings;
            checkPlan(context, choice.plan, violations, warnings);
            const auto own = std::find_if(violations.begin(), violations.end(), [&](const Finding& f) { return f.axis == move.axis; });
            if (own != violations.end())
                choice.reason = *own;
            else if (!violations.empty())
                choice.reason = violations.front();
            else
                choice.reason = {Rule::LockedDevices, move.axis, value, plan.devices(), 0};
        }
        choices.push_back(choice);
    }
    for (std::size_t i = 0; i < choices.size() && choices.size() > kMostChoices;) {
        const bool keep = choices[i].legal || i == 0 || i + 1 == choices.size() || choices[i].value == plan[move.axis];
        if (keep)
            ++i;
        else
            choices.erase(choices.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return choices;
}

} // namespace shardlens
