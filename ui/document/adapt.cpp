// SPDX-License-Identifier: Apache-2.0
#include "ui/document/adapt.h"

#include "core/model/headattention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace shardlens {
namespace {

constexpr std::array kDeviceAxes{PlanAxis::Tensor,   PlanAxis::Sequence, PlanAxis::AttentionData,
                                 PlanAxis::Pipeline, PlanAxis::Data,     PlanAxis::Expert};
/// Values tried per axis: keeps the search over all of them below about 100,000 plans.
constexpr int kMostCandidates = 12;

double distance(const Plan& a, const Plan& b)
{
    double sum = 0;
    for (const PlanAxis axis : kPlanAxes)
        sum += std::abs(std::log2(static_cast<double>(a[axis]) / static_cast<double>(b[axis])));
    return sum;
}

/// The value itself, the divisors of what an axis deals out, and the steps down to 1, nearest first.
std::vector<int> candidates(const Scenario& scenario, PlanAxis axis)
{
    const int now = std::max(1, scenario.plan[axis]);
    const int most = scenario.cluster->devices();
    const Attention* attention = headAttention(*scenario.model);
    std::vector<int> values{1};
    const auto add = [&](int value) {
        if (value >= 1 && value <= most)
            values.push_back(value);
    };
    add(now);
    for (int value = now; value > 1; value /= 2)
        add(value / 2);
    const bool dealsHeads = axis == PlanAxis::Tensor;
    const int dealt = dealsHeads && attention ? attention->queryHeads : most;
    if (dealsHeads || axis == PlanAxis::Expert || axis == PlanAxis::Pipeline)
        for (int value = 1; value <= std::min(dealt, most); ++value)
            if (dealt % value == 0)
                add(value);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const auto nearer = [now](int a, int b) {
        return std::abs(std::log2(static_cast<double>(a) / now)) < std::abs(std::log2(static_cast<double>(b) / now));
    };
    std::stable_sort(values.begin(), values.end(), nearer);
    if (values.size() > kMostCandidates) {
        values.resize(kMostCandidates);
        if (std::find(values.begin(), values.end(), 1) == values.end())
            values.push_back(1);
    }
    return values;
}

struct Best {
    Plan plan;
    double distance = std::numeric_limits<double>::infinity();

    void offer(const Plan& candidate, double candidateDistance)
    {
        constexpr double kEqual = 1e-9;
        const bool closer = candidateDistance < distance - kEqual;
        const bool tie = !closer && candidateDistance < distance + kEqual;
        if (closer
            || (tie
                && (candidate.devices() > plan.devices()
                    || (candidate.devices() == plan.devices() && candidate.tensor() > plan.tensor())))) {
            plan = candidate;
            distance = candidateDistance;
        }
    }
};

/// All combinations of the candidates, the ones already farther than the best cut off.
void search(const PlanContext& context, const Plan& wanted, const std::array<std::vector<int>, kDeviceAxes.size()>& values,
            std::size_t depth, Plan plan, double soFar, Best& best)
{
    if (soFar > best.distance)
        return;
    if (depth == kDeviceAxes.size()) {
        if (isLegal(context, plan))
            best.offer(plan, distance(plan, wanted));
        return;
    }
    const PlanAxis axis = kDeviceAxes[depth];
    for (const int value : values[depth]) {
        plan[axis] = value;
        if (axis != PlanAxis::Expert && plan.devices() / std::max(1, plan[PlanAxis::Expert]) > context.cluster.devices())
            continue;
        const double step = std::abs(std::log2(static_cast<double>(value) / std::max(1, wanted[axis])));
        search(context, wanted, values, depth + 1, plan, soFar + step, best);
    }
}

void supportArithmetic(Scenario& scenario, std::vector<std::string>& changes)
{
    const ComputeFormat format = scenario.cluster->accelerator.nearestArithmetic(scenario.formats.compute);
    if (format == scenario.formats.compute)
        return;
    changes.push_back("math " + std::string(nameOf(scenario.formats.compute)) + " \u2192 " + std::string(nameOf(format)));
    scenario.formats.compute = format;
}

/// An option that can stand against a plan, and how it goes back to what always works.
struct OptionMend {
    bool (*set)(const PlanOptions& options);
    void (*reset)(PlanOptions& options);
    std::string (*text)(const PlanOptions& options);
};

constexpr std::array kOptionMends{
    OptionMend{[](const PlanOptions& options) { return options.layerSplit == LayerSplit::Manual; },
               [](PlanOptions& options) {
                   options.layerSplit = LayerSplit::Even;
                   options.stageLayers.clear();
               },
               [](const PlanOptions&) { return std::string("layers by hand \u2192 even"); }},
    OptionMend{[](const PlanOptions& options) { return options.virtualStages > 1; },
               [](PlanOptions& options) { options.virtualStages = 1; },
               [](const PlanOptions& options) { return "virtual stages " + std::to_string(options.virtualStages) + " \u2192 1"; }},
    OptionMend{[](const PlanOptions& options) { return options.redundantExperts > 0; },
               [](PlanOptions& options) { options.redundantExperts = 0; },
               [](const PlanOptions& options) { return "redundant experts " + std::to_string(options.redundantExperts) + " \u2192 0"; }},
    OptionMend{[](const PlanOptions& options) { return options.expertExchange != ExpertExchange::Automatic; },
               [](PlanOptions& options) { options.expertExchange = ExpertExchange::Automatic; },
               [](const PlanOptions&) { return std::string("expert exchange \u2192 auto"); }},
};

/// Of a legal plan whose options were set back: has again all but the first few, as few as have to stay back.
void restoreOptions(Scenario& scenario, const PlanOptions& wanted)
{
    const PlanOptions kept = std::exchange(scenario.plan.options, wanted);
    if (isLegal(scenario.context(), scenario.plan))
        return;
    for (const OptionMend& mend : kOptionMends) {
        if (!mend.set(wanted))
            continue;
        mend.reset(scenario.plan.options);
        if (isLegal(scenario.context(), scenario.plan))
            return;
    }
    scenario.plan.options = kept;
}

/// Sets options back: the one that alone makes the plan legal, else all of them (`false`: it is still illegal).
bool mendOptions(Scenario& scenario)
{
    const auto legal = [&scenario] { return isLegal(scenario.context(), scenario.plan); };
    const PlanOptions wanted = scenario.plan.options;
    for (const OptionMend& mend : kOptionMends) {
        if (!mend.set(wanted))
            continue;
        mend.reset(scenario.plan.options);
        if (legal())
            return true;
        scenario.plan.options = wanted;
    }
    for (const OptionMend& mend : kOptionMends)
        mend.reset(scenario.plan.options);
    if (!legal())
        return false;
    restoreOptions(scenario, wanted);
    return true;
}

/// Groups of requests cannot outnumber the requests, nor pieces of a prompt its tokens.
void clampGroups(const Workload& workload, Plan& plan)
{
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches})
        plan[axis] = std::clamp(plan[axis], 1, std::max(1, workload.batch / std::max(1, plan.attentionData())));
    plan[PlanAxis::Chunks] = std::clamp(plan.chunks(), 1, std::max(1, workload.input / std::max(1, plan.sequence())));
}

} // namespace

std::vector<std::string> makeLegal(Scenario& scenario)
{
    std::vector<std::string> changes;
    supportArithmetic(scenario, changes);
    const Plan wanted = scenario.plan;
    if (isLegal(scenario.context(), wanted))
        return changes;

    Plan start = wanted;
    clampGroups(scenario.workload, start);
    scenario.plan = start;
    if (!isLegal(scenario.context(), start) && !mendOptions(scenario)) {
        start = scenario.plan; // without the options, which the search cannot move
        if (!scenario.model->hasExperts())
            start[PlanAxis::Expert] = 1;
        scenario.plan = start;
        std::array<std::vector<int>, kDeviceAxes.size()> values;
        for (std::size_t i = 0; i < kDeviceAxes.size(); ++i)
            values[i] = kDeviceAxes[i] == PlanAxis::Expert && !scenario.model->hasExperts() ? std::vector<int>{1}
                                                                                            : candidates(scenario, kDeviceAxes[i]);
        // One device is legal for every model, so the search cannot come back empty; the groups are tried as they are, then as one.
        Best best;
        Plan root = start; // an axis not yet chosen counts as 1, or its old value would rule out every plan
        for (const PlanAxis axis : kDeviceAxes)
            root[axis] = 1;
        search(scenario.context(), start, values, 0, root, 0, best);
        if (!std::isfinite(best.distance)) {
            for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches, PlanAxis::Chunks})
                start[axis] = root[axis] = 1;
            search(scenario.context(), start, values, 0, root, 0, best);
        }
        scenario.plan = std::isfinite(best.distance) ? best.plan : Plan{};
        if (Plan followed = scenario.plan; followed.pipeline() != wanted.pipeline()) {
            followStages(followed, wanted.pipeline(), scenario.workload.batch / std::max(1, followed.attentionData()));
            if (isLegal(scenario.context(), followed))
                scenario.plan = followed;
        }
        restoreOptions(scenario, wanted.options);
    }
    for (const PlanAxis axis : kPlanAxes)
        if (scenario.plan[axis] != wanted[axis])
            changes.push_back(std::string(shortNameOf(axis)) + " " + std::to_string(wanted[axis]) + " \u2192 "
                              + std::to_string(scenario.plan[axis]));
    for (const OptionMend& mend : kOptionMends)
        if (mend.set(wanted.options) && !mend.set(scenario.plan.options))
            changes.push_back(mend.text(wanted.options));
    return changes;
}

} // namespace shardlens
