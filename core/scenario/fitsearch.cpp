// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/fitsearch.h"

#include "core/base/format.h"
#include "core/cost/memory.h"
#include "core/hardware/resize.h"
#include "core/scenario/evaluate.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace shardlens {

namespace {

/// Degrees of TP that some rule on heads may allow, ascending.
std::vector<int> tensorChoices(const Model& model)
{
    int heads = std::numeric_limits<int>::max();
    for (const LayerKind& kind : model.kinds)
        for (const int count : {kind.attention.queryHeads, kind.attention.linear.valueHeads})
            if (count > 0)
                heads = std::min(heads, count);
    std::vector<int> choices;
    if (heads == std::numeric_limits<int>::max())
        return {1};
    for (int degree = 1; degree <= heads; ++degree)
        if (heads % degree == 0)
            choices.push_back(degree);
    return choices;
}

/// 1, 2, 3, 4, 6, 8, 12, ... below `most`, and `most`.
std::vector<int> pipelineChoices(int most)
{
    std::vector<int> choices{1};
    for (int power = 2; power < most; power *= 2) {
        choices.push_back(power);
        if (power + power / 2 < most && power + power / 2 > power)
            choices.push_back(power + power / 2);
    }
    if (most > 1)
        choices.push_back(most);
    std::sort(choices.begin(), choices.end());
    return choices;
}

int largestDivisor(int value, std::int64_t most)
{
    for (int divisor = static_cast<int>(std::min<std::int64_t>(value, most)); divisor > 1; --divisor)
        if (value % divisor == 0)
            return divisor;
    return 1;
}

/// Devices that are joined by what does not scale out: a node, a rack of one switch, a pod.
std::int64_t domainOf(const Cluster& cluster)
{
    std::int64_t devices = 1;
    for (const FabricLevel& level : cluster.levels) {
        if (level.scalesOut)
            break;
        devices *= level.units();
    }
    return devices;
}

class FitSearch {
public:
    /// `devices`: that plans may use.
    FitSearch(const Scenario& scenario, std::int64_t devices)
        : m_scenario(scenario),
          m_devices(devices),
          m_domain(std::max<std::int64_t>(1, domainOf(*scenario.cluster)))
    {}

    [[nodiscard]] bool fits(const Plan& plan) const
    {
        const PlanContext context = m_scenario.context();
        return isLegal(context, plan) && MemoryTerms(context, plan, m_scenario.reserve).fits(m_scenario.workload.batch);
    }

    /// The plan with this map; the other axes make room where they must. `bare`: without SP and attention DP.
    [[nodiscard]] Plan mapped(int tensor, int pipeline, bool bare) const
    {
        Plan plan = m_scenario.plan;
        plan[PlanAxis::Tensor] = tensor;
        plan[PlanAxis::Pipeline] = pipeline;
        if (bare)
            plan[PlanAxis::Sequence] = plan[PlanAxis::AttentionData] = 1;
        plan[PlanAxis::Expert] = static_cast<int>(std::gcd(std::int64_t{plan.expert()}, plan.stageDevices()));
        plan[PlanAxis::Data] = largestDivisor(plan.data(), m_devices / (plan.stageDevices() * pipeline));
        if (pipeline != m_scenario.plan.pipeline()) {
            if (plan.options.layerSplit == LayerSplit::Manual) { // layers by hand are for one number of stages
                plan.options.layerSplit = LayerSplit::Even;
                plan.options.stageLayers.clear();
            }
            if (plan.options.virtualStages > 1 && !isLegal(m_scenario.context(), plan))
                plan.options.virtualStages = 1;
        }
        return plan;
    }

    /// With the smallest of these degrees of PP that fits; more stages hold fewer layers each, so bisection finds it.
    [[nodiscard]] std::optional<Plan> fewestStages(int tensor, bool bare, const std::vector<int>& choices) const
    {
        const std::int64_t stage = mapped(tensor, 1, bare).stageDevices();
        const auto end = std::find_if(choices.begin(), choices.end(), [&](int pipeline) { return stage * pipeline > m_devices; });
        if (end == choices.begin())
            return std::nullopt;
        const auto found = std::partition_point(choices.begin(), end, [&](int pipeline) { return !fits(mapped(tensor, pipeline, bare)); });
        // The longest pipeline that the devices allow may lie between two choices.
        const int last = static_cast<int>(std::min<std::int64_t>(m_devices / stage, m_scenario.model->layerCount()));
        const Plan plan = mapped(tensor, found == end ? last : *found, bare);
        return found != end || fits(plan) ? std::optional(plan) : std::nullopt;
    }

    [[nodiscard]] std::optional<Plan> firstPlan(const std::vector<int>& tensors, const std::vector<int>& pipelines) const
    {
        const Plan& now = m_scenario.plan;
        if (fits(now))
            return now;
        const auto inDomain = [this](const Plan& plan) { return plan.stageDevices() <= m_domain && m_domain % plan.stageDevices() == 0; };
        for (const int tensor : tensors)
            if (const Plan plan = mapped(tensor, now.pipeline(), false); tensor > now.tensor() && inDomain(plan) && fits(plan))
                return plan;
        // Of equally many devices the larger TP: stages add latency to every token.
        for (const bool wanted : {true, false}) {
            std::optional<Plan> best;
            for (const int tensor : tensors)
                for (const bool bare : {false, true}) {
                    if (bare && now.sequence() * now.attentionData() == 1)
                        continue;
                    if ((tensor >= now.tensor() && inDomain(mapped(tensor, 1, bare))) != wanted)
                        continue;
                    std::optional<Plan> plan = fewestStages(tensor, bare, pipelines);
                    if (plan && (!best || devicesOf(*plan) <= devicesOf(*best)))
                        best = std::move(plan);
                }
            if (best)
                return best;
        }
        return std::nullopt;
    }

    /// The plan that holds most sequences of these lengths, and their number.
    [[nodiscard]] std::optional<Scenario> largestBatch(const std::vector<int>& tensors, const std::vector<int>& pipelines) const
    {
        std::optional<Scenario> best;
        for (const int tensor : tensors)
            for (const int pipeline : pipelines)
                for (const bool bare : {false, true}) {
                    const Plan plan = mapped(tensor, pipeline, bare);
                    const PlanContext context = m_scenario.context();
                    if (!isLegalMap(context, plan) || plan.devices() > m_devices)
                        continue;
                    const auto batch =
                        std::min<std::int64_t>(MemoryTerms(context, plan, m_scenario.reserve).largestBatch(), m_scenario.workload.batch);
                    if (batch < 1 || (best && batch <= best->workload.batch))
                        continue;
                    Scenario next = m_scenario;
                    next.workload.batch = static_cast<int>(batch);
                    next.plan = planAtBatch(plan, next.workload.batch);
                    if (FitSearch(next, m_devices).fits(next.plan))
                        best = std::move(next);
                }
        return best;
    }

private:
    [[nodiscard]] static std::int64_t devicesOf(const Plan& plan) { return plan.stageDevices() * plan.pipeline(); }

    const Scenario& m_scenario;
    std::int64_t m_devices;
    std::int64_t m_domain;
};

void shrinkWeights(Formats& formats, NumberFormat format)
{
    if (bitsOf(formats.weights) > bitsOf(format))
        formats.weights = format;
    for (std::optional<NumberFormat>& own : formats.own)
        if (own && bitsOf(*own) > bitsOf(format))
            own.reset();
}

/// What the effort allows beside the plan's map; at most as much as it must be is kept by leastMicrobatches().
Scenario changedFor(const Scenario& scenario, FitEffort effort)
{
    Scenario next = scenario;
    int& microbatches = next.plan[PlanAxis::PrefillMicrobatches];
    if (effort >= FitEffort::Microbatches)
        microbatches = std::max(microbatches, next.workload.batch / std::max(1, next.plan.attentionData()));
    if (effort >= FitEffort::Cache && bitsOf(next.formats.kv) > 8)
        next.formats.kv = NumberFormat::Fp8;
    if (effort >= FitEffort::Weights)
        shrinkWeights(next.formats, effort >= FitEffort::SmallWeights ? NumberFormat::Int4 : NumberFormat::Fp8);
    return next;
}

void leastMicrobatches(Scenario& found, int least)
{
    const int most = found.plan.prefillMicrobatches();
    for (int count = least; count < most; count *= 2) {
        Plan plan = found.plan;
        plan[PlanAxis::PrefillMicrobatches] = count;
        if (!FitSearch(found, found.cluster->devices()).fits(plan))
            continue;
        found.plan = plan;
        return;
    }
}

std::string mapText(const Plan& plan, const Plan& before)
{
    std::string text;
    const auto add = [&](PlanAxis axis, std::string_view name) {
        if (plan[axis] == before[axis])
            return;
        text += (text.empty() ? "" : " × ") + std::string(name) + ' ' + formatCount(plan[axis]);
    };
    add(PlanAxis::Tensor, "TP");
    add(PlanAxis::Pipeline, "PP");
    add(PlanAxis::Data, "DP");
    add(PlanAxis::Expert, "EP");
    add(PlanAxis::Sequence, "SP");
    add(PlanAxis::AttentionData, "attention DP");
    return text;
}

FittingChange described(Scenario next, const Scenario& before)
{
    FittingChange change;
    std::vector<std::string> others;
    others.reserve(4);
    if (next.plan.prefillMicrobatches() > before.plan.prefillMicrobatches())
        others.push_back(formatCount(next.plan.prefillMicrobatches()) + ' ' + std::string(shortNameOf(PlanAxis::PrefillMicrobatches)));
    if (next.formats.kv != before.formats.kv)
        others.push_back(std::string(nameOf(next.formats.kv)) + " KV cache");
    Formats weights = next.formats;
    weights.kv = before.formats.kv;
    if (!(weights == before.formats))
        others.push_back(std::string(nameOf(next.formats.weights)) + " weights");
    if (next.workload.batch != before.workload.batch)
        others.push_back("a batch of " + formatCount(next.workload.batch));
    change.label = mapText(next.plan, before.plan);
    change.plural = change.label.empty() && others.size() > 1;
    for (std::size_t i = 0; i < others.size(); ++i)
        change.label += (i > 0 ? (i + 1 == others.size() ? " and " : ", ") : change.label.empty() ? "" : " with ") + others[i];
    change.scenario = std::move(next);
    return change;
}

/// Of one replica on as few devices as possible.
std::optional<Plan> leastPlan(const Scenario& wide)
{
    std::vector<int> pipelines(static_cast<std::size_t>(wide.model->layerCount()));
    std::iota(pipelines.begin(), pipelines.end(), 1);
    const FitSearch search(wide, kMaxDevices);
    std::optional<Plan> best;
    for (const int tensor : tensorChoices(*wide.model))
        for (const bool bare : {false, true}) {
            std::optional<Plan> plan = search.fewestStages(tensor, bare, pipelines);
            if (plan && (!best || plan->devices() <= best->devices()))
                best = std::move(plan);
        }
    return best;
}

} // namespace

std::optional<FittingChange> nearestFitting(const Scenario& scenario, FitEffort effort)
{
    const std::int64_t devices = scenario.cluster->devices();
    const std::vector<int> tensors = tensorChoices(*scenario.model);
    const std::vector<int> pipelines = pipelineChoices(static_cast<int>(std::min<std::int64_t>(scenario.model->layerCount(), devices)));
    if (effort == FitEffort::Batch) {
        for (const FitEffort formats : {FitEffort::Plan, FitEffort::SmallWeights}) {
            const Scenario next = changedFor(scenario, formats);
            if (std::optional<Scenario> found = FitSearch(next, devices).largestBatch(tensors, pipelines)) {
                leastMicrobatches(*found, std::min(scenario.plan.prefillMicrobatches(), found->workload.batch));
                return described(std::move(*found), scenario);
            }
        }
        return std::nullopt;
    }
    Scenario next = changedFor(scenario, effort);
    std::optional<Plan> plan = FitSearch(next, devices).firstPlan(tensors, pipelines);
    if (!plan)
        return std::nullopt;
    next.plan = std::move(*plan);
    leastMicrobatches(next, scenario.plan.prefillMicrobatches());
    return described(std::move(next), scenario);
}

std::optional<FittingChange> onMoreDevices(const Scenario& scenario)
{
    Scenario wide = scenario;
    wide.plan[PlanAxis::Data] = 1;
    Cluster cluster = *scenario.cluster;
    FabricLevel others;
    others.extents = {kMaxDevices / std::max(1, cluster.devices()) + 1};
    cluster.levels.push_back(others);
    wide.cluster = std::make_shared<const Cluster>(std::move(cluster)); // for the rules alone: memory knows no links
    std::optional<Plan> best = leastPlan(wide);
    if (!best) {
        wide = changedFor(wide, FitEffort::Microbatches);
        best = leastPlan(wide);
    }
    if (!best)
        return std::nullopt;
    FittingChange change;
    if (const std::optional<int> count = leastCount(*scenario.cluster, best->devices())) {
        wide.cluster = std::make_shared<const Cluster>(resized(*scenario.cluster, *count).value());
        change.devices = *count;
        const FitSearch search(wide, *count);
        change.grown = search.fits(*best);
        // As many devices are there anyway: of the plans on them the one that is tried first.
        const std::vector<int> pipelines = pipelineChoices(static_cast<int>(std::min(wide.model->layerCount(), *count)));
        if (std::optional<Plan> usual = search.firstPlan(tensorChoices(*wide.model), pipelines)) {
            best = std::move(usual);
            change.grown = true;
        }
    }
    if (!change.grown) {
        wide.cluster = scenario.cluster;
        change.devices = static_cast<int>(best->devices());
    }
    wide.plan = *best;
    leastMicrobatches(wide, scenario.plan.prefillMicrobatches());
    const Plan& plan = wide.plan;
    change.plural = change.devices > 1;
    change.map = "TP " + formatCount(plan.tensor());
    const auto add = [&](PlanAxis axis, std::string_view name) {
        if (plan[axis] > 1)
            change.map += " × " + std::string(name) + ' ' + formatCount(plan[axis]);
    };
    add(PlanAxis::Pipeline, "PP");
    add(PlanAxis::Sequence, "SP");
    add(PlanAxis::AttentionData, "attention DP");
    change.label = formatCount(change.devices) + ' ' + scenario.cluster->accelerator.noun + (change.plural ? "s" : "");
    change.label += plan.devices() < change.devices ? ", " + formatCount(plan.devices()) + " of them as " : " as ";
    change.label += change.map;
    if (plan.prefillMicrobatches() > scenario.plan.prefillMicrobatches())
        change.label += " with " + formatCount(plan.prefillMicrobatches()) + ' ' + std::string(shortNameOf(PlanAxis::PrefillMicrobatches));
    change.scenario = scenario;
    change.scenario.plan = plan;
    change.scenario.cluster = wide.cluster;
    return change;
}

std::string nothingFits(const Scenario& scenario)
{
    const std::string noun = scenario.cluster->accelerator.noun;
    const int devices = scenario.cluster->devices();
    std::string text =
        devices == 1 ? "Nothing fits on this one " + noun : "Nothing fits on these " + formatCount(devices) + ' ' + noun + 's';
    const std::optional<FittingChange> more = onMoreDevices(scenario);
    if (!more)
        return text + ", nor on any number of them: one alone would have to keep more than it has.";
    return text + "; this batch in these formats needs at least " + more->label
           + (more->grown ? "." : ", which this cluster cannot be grown to.");
}

} // namespace shardlens
