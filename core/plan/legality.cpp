// SPDX-License-Identifier: Apache-2.0
#include "core/plan/legality.h"

#include "core/collective/grouplayout.h"

#include <algorithm>
#include <limits>
#include <span>

namespace shardlens {

namespace {

struct RuleText {
    Rule rule;
    std::string_view id;
    bool violation;
};

constexpr std::array<RuleText, kRuleCount> kRules{{
    {Rule::Range, "range", true},
    {Rule::TensorHeads, "tensor_heads", true},
    {Rule::TensorKvHeads, "tensor_kv_heads", true},
    {Rule::TensorLinearHeads, "tensor_linear_heads", true},
    {Rule::PipelineLayers, "pipeline_layers", true},
    {Rule::VirtualStages, "virtual_stages", true},
    {Rule::VirtualMicrobatches, "virtual_microbatches", true},
    {Rule::StageLayers, "stage_layers", true},
    {Rule::ExpertDense, "expert_dense", true},
    {Rule::ExpertGroup, "expert_group", true},
    {Rule::ExpertCount, "expert_count", true},
    {Rule::RedundantExperts, "redundant_experts", true},
    {Rule::RoutingRange, "routing_range", true},
    {Rule::OverlapRange, "overlap_range", true},
    {Rule::OrderOfAxes, "axis_order", true},
    {Rule::SequenceLength, "sequence_length", true},
    {Rule::MicrobatchBatch, "microbatch_batch", true},
    {Rule::AttentionDataBatch, "attention_data_batch", true},
    {Rule::Devices, "devices", true},
    {Rule::ComputeFormat, "compute_format", true},
    {Rule::LockedDevices, "locked_devices", true},
    {Rule::KvReplication, "kv_replication", false},
    {Rule::KeyReplication, "key_replication", false},
    {Rule::LatentReplication, "latent_replication", false},
    {Rule::UnevenLayers, "uneven_layers", false},
    {Rule::UnevenExperts, "uneven_experts", false},
    {Rule::UnevenMicrobatches, "uneven_microbatches", false},
    {Rule::UnevenAttentionData, "uneven_attention_data", false},
    {Rule::WeightCopies, "weight_copies", false},
    {Rule::UnevenShards, "uneven_shards", false},
    {Rule::UnevenNorms, "uneven_norms", false},
    {Rule::FewMicrobatches, "few_microbatches", false},
    {Rule::ManyMicrobatches, "many_microbatches", false},
    {Rule::IdleDevices, "idle_devices", false},
    {Rule::StraddledDomain, "straddled_domain", false},
    {Rule::DroppedTokens, "dropped_tokens", false},
    {Rule::LongContext, "long_context", false},
    {Rule::ReserveTooSmall, "reserve_too_small", false},
}};

constexpr int kMostOfAxis = 65536;   // devices, and sequences of a batch
constexpr double kMostPowerLaw = 10; // the busiest expert then takes all but a thousandth
constexpr double kMostCapacity = 65536;
// Visits of pieces to stages in a phase: the events of its timeline. 1,024 stages and 10,000 microbatches are within it; without it a plan
// could ask for hours and gigabytes.
constexpr std::int64_t kMostEvents = std::int64_t{1} << 24;

int mostExperts(const Model& model)
{
    int experts = 0;
    for (const LayerKind& kind : model.kinds)
        experts = std::max(experts, kind.feedForward.experts);
    return experts;
}

/// The axis a user would turn to use fewer devices.
PlanAxis deviceAxis(const Plan& plan)
{
    if (plan.data() > 1)
        return PlanAxis::Data;
    if (plan.pipeline() > 1)
        return PlanAxis::Pipeline;
    if (plan.sequence() > 1)
        return PlanAxis::Sequence;
    if (plan.attentionData() > 1)
        return PlanAxis::AttentionData;
    return PlanAxis::Tensor;
}

// The rules, in groups. Each group calls found(finding) for each broken rule; found returns false to stop, and so then does the group.

template <class Found>
bool checkRange(const Plan& plan, std::span<const PlanAxis> axes, Found&& found)
{
    for (const PlanAxis axis : axes)
        if (plan[axis] < 1 || plan[axis] > kMostOfAxis) {
            // Nothing else can be said of a plan with such a value.
            found(Finding{Rule::Range, axis, plan[axis], kMostOfAxis, 0});
            return false;
        }
    return true;
}

constexpr std::span kAllAxes(kPlanAxes);
constexpr std::span kMapAxes = kAllAxes.first(6);
constexpr std::span kCutAxes = kAllAxes.subspan(6);
static_assert(kCutAxes.front() == PlanAxis::PrefillMicrobatches);

template <class Found>
bool checkPieces(const Plan& plan, Found&& found)
{
    for (const PlanAxis microbatches : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches}) {
        const std::int64_t chunks = microbatches == PlanAxis::PrefillMicrobatches ? plan.chunks() : 1;
        const std::int64_t stages = std::int64_t{plan.pipeline()} * std::clamp(plan.virtualStages(), 1, kMostOfAxis);
        // Each factor is at most 65,536, so that any two of them can be multiplied and a third held against the quotient.
        if (chunks * plan[microbatches] <= kMostEvents / stages)
            continue;
        const PlanAxis axis = chunks > plan[microbatches] ? PlanAxis::Chunks : microbatches;
        const std::int64_t others = stages * (axis == PlanAxis::Chunks ? plan[microbatches] : chunks);
        if (!found(Finding{Rule::Range, axis, plan[axis], std::max<std::int64_t>(1, kMostEvents / others), 0}))
            return false;
    }
    return true;
}

template <class Found>
bool checkModel(const Model& model, const Plan& plan, Found&& found)
{
    for (const LayerKind& kind : model.kinds) {
        const int queryHeads = kind.attention.queryHeads;
        const int kvHeads = kind.attention.kvHeads;
        if (queryHeads % plan.tensor() != 0) {
            if (!found(Finding{Rule::TensorHeads, PlanAxis::Tensor, plan.tensor(), queryHeads, 0}))
                return false;
            break;
        }
        if (kind.attention.kind == AttentionKind::Grouped && kvHeads % plan.tensor() != 0 && plan.tensor() % kvHeads != 0) {
            if (!found(Finding{Rule::TensorKvHeads, PlanAxis::Tensor, plan.tensor(), kvHeads, 0}))
                return false;
            break;
        }
    }
    // Linear layers: heads of state are split, and each takes its queries and keys from one key head.
    for (const LayerKind& kind : model.kinds) {
        if (kind.attention.kind != AttentionKind::Linear)
            continue;
        const LinearMixer& mixer = kind.attention.linear;
        const bool values = mixer.valueHeads % plan.tensor() != 0;
        const bool keys = mixer.keyHeads % plan.tensor() != 0 && plan.tensor() % std::max(1, mixer.keyHeads) != 0;
        if (!values && !keys)
            continue;
        if (!found(Finding{Rule::TensorLinearHeads, PlanAxis::Tensor, plan.tensor(), values ? mixer.valueHeads : mixer.keyHeads, values}))
            return false;
        break;
    }
    if (plan.pipeline() > model.layerCount()
        && !found(Finding{Rule::PipelineLayers, PlanAxis::Pipeline, plan.pipeline(), model.layerCount(), 0}))
        return false;
    const int experts = mostExperts(model);
    if (plan.expert() > 1 && experts == 0)
        return found(Finding{Rule::ExpertDense, PlanAxis::Expert, plan.expert(), 1, 0});
    if (plan.stageDevices() % plan.expert() != 0)
        return found(Finding{Rule::ExpertGroup, PlanAxis::Expert, plan.expert(), plan.stageDevices(), 0});
    const int copies = std::max(0, plan.redundantExperts());
    if (experts > 0 && plan.expert() > std::int64_t{experts} + copies)
        return found(Finding{Rule::ExpertCount, PlanAxis::Expert, plan.expert(), experts, copies});
    return true;
}

/// How the layers are cut onto the stages.
template <class Found>
bool checkStages(const Model& model, const Plan& plan, Found&& found)
{
    const int visits = plan.options.virtualStages;
    if (visits < 1)
        return found(Finding{Rule::VirtualStages, PlanAxis::Pipeline, visits, 1, 0});
    if (plan.pipeline() == 1)
        return true; // one stage takes all layers, however they would be cut
    const std::int64_t blocks = std::int64_t{plan.pipeline()} * visits;
    if (visits > 1 && blocks > model.layerCount() && plan.pipeline() <= model.layerCount()
        && !found(Finding{Rule::VirtualStages, PlanAxis::Pipeline, visits, model.layerCount(), blocks}))
        return false;
    if (plan.options.layerSplit != LayerSplit::Manual)
        return true;
    const std::vector<int>& layers = plan.options.stageLayers;
    if (static_cast<std::int64_t>(layers.size()) != blocks)
        return found(Finding{Rule::StageLayers, PlanAxis::Pipeline, static_cast<std::int64_t>(layers.size()), blocks, 0});
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (layers[i] < 1)
            return found(Finding{Rule::StageLayers, PlanAxis::Pipeline, layers[i], static_cast<std::int64_t>(i), 1});
        sum += layers[i];
    }
    return sum == model.layerCount() || found(Finding{Rule::StageLayers, PlanAxis::Pipeline, sum, model.layerCount(), 2});
}

/// Choices beside the sizes of the axes.
template <class Found>
bool checkOptions(const PlanContext& context, const Plan& plan, Found&& found)
{
    const PlanOptions& options = plan.options;
    if (const int experts = mostExperts(context.model); experts > 0) {
        const std::int64_t most = std::int64_t{experts} * (plan.expert() - 1);
        if ((options.redundantExperts < 0 || plan.redundantExperts() > most)
            && !found(Finding{Rule::RedundantExperts, PlanAxis::Expert, options.redundantExperts, most, experts}))
            return false;
    }
    const Routing& routing = context.workload.routing;
    if (!(routing.powerLaw >= 0 && routing.powerLaw <= kMostPowerLaw)
        && !found(Finding{Rule::RoutingRange, PlanAxis::Expert, 0, static_cast<std::int64_t>(kMostPowerLaw), 0}))
        return false;
    if (!(routing.capacityFactor >= 0 && routing.capacityFactor <= kMostCapacity)
        && !found(Finding{Rule::RoutingRange, PlanAxis::Expert, 0, static_cast<std::int64_t>(kMostCapacity), 1}))
        return false;
    if (!(options.overlap >= 0 && options.overlap <= 1) && !found(Finding{Rule::OverlapRange, PlanAxis::Tensor, 0, 1, 0}))
        return false;
    return isPermutation(options.order) || found(Finding{Rule::OrderOfAxes, PlanAxis::Tensor, 0, 0, 0});
}

template <class Found>
bool checkBatch(const Workload& work, const Plan& plan, Found&& found)
{
    const std::int64_t pieces = std::int64_t{plan.sequence()} * plan.chunks();
    if (pieces > work.input) {
        const PlanAxis axis = plan.chunks() > 1 ? PlanAxis::Chunks : PlanAxis::Sequence;
        if (!found(Finding{Rule::SequenceLength, axis, pieces, work.input, 0}))
            return false;
    }
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches})
        if (plan[axis] > work.batch && !found(Finding{Rule::MicrobatchBatch, axis, plan[axis], work.batch, 0}))
            return false;
    // Interleaved stages take pieces in groups of PP. Decode has no such groups: all microbatches make one visit after another.
    const std::int64_t all = std::int64_t{plan.prefillMicrobatches()} * plan.chunks();
    if (plan.virtualStages() > 1 && all % plan.pipeline() != 0
        && !found(Finding{Rule::VirtualMicrobatches, PlanAxis::PrefillMicrobatches, all, plan.pipeline(), plan.chunks()}))
        return false;
    return plan.attentionData() <= work.batch
           || found(Finding{Rule::AttentionDataBatch, PlanAxis::AttentionData, plan.attentionData(), work.batch, 0});
}

template <class Found>
bool checkCluster(const PlanContext& context, const Plan& plan, Found&& found)
{
    if (plan.devices() > context.cluster.devices()
        && !found(Finding{Rule::Devices, deviceAxis(plan), plan.devices(), context.cluster.devices(), 0}))
        return false;
    return context.cluster.accelerator.peakOf(context.formats.compute) > 0
           || found(Finding{Rule::ComputeFormat, PlanAxis::Tensor, bitsOf(context.formats.compute), 0, 0});
}

/// Calls found(finding) for each broken rule; found returns false to stop.
template <class Found>
bool findViolations(const PlanContext& context, const Plan& plan, Found&& found)
{
    return checkRange(plan, kAllAxes, found) && checkPieces(plan, found) && checkModel(context.model, plan, found)
           && checkStages(context.model, plan, found) && checkOptions(context, plan, found) && checkBatch(context.workload, plan, found)
           && checkCluster(context, plan, found);
}

constexpr auto kStop = [](const Finding&) { return false; };

template <class Flag>
void warnOfReplicas(const Model& model, const Plan& plan, Flag&& flag)
{
    int kvHeads = std::numeric_limits<int>::max();
    int keyHeads = std::numeric_limits<int>::max();
    bool latent = false;
    for (const LayerKind& kind : model.kinds)
        switch (kind.attention.kind) {
        case AttentionKind::Grouped: kvHeads = std::min(kvHeads, kind.attention.kvHeads); break;
        case AttentionKind::Latent: latent = true; break;
        case AttentionKind::Linear: keyHeads = std::min(keyHeads, kind.attention.linear.keyHeads); break;
        case AttentionKind::None: break;
        }
    if (plan.tensor() > kvHeads)
        flag(Rule::KvReplication, PlanAxis::Tensor, plan.tensor(), kvHeads, plan.tensor() / kvHeads);
    if (plan.tensor() > keyHeads)
        flag(Rule::KeyReplication, PlanAxis::Tensor, plan.tensor(), keyHeads, plan.tensor() / keyHeads);
    if (latent && plan.tensor() > 1)
        flag(Rule::LatentReplication, PlanAxis::Tensor, plan.tensor(), 1, 0);
}

/// A split by weight or by hand is uneven on purpose.
template <class Flag>
void warnOfLayers(const Model& model, const Plan& plan, Flag&& flag)
{
    const int blocks = plan.pipeline() * plan.virtualStages();
    if (plan.options.layerSplit == LayerSplit::Even && model.layerCount() % blocks != 0)
        flag(Rule::UnevenLayers, PlanAxis::Pipeline, plan.pipeline(), model.layerCount(), model.layerCount() / blocks);
}

template <class Flag>
void warnOfPadding(const Model& model, const Workload& work, const Plan& plan, Flag&& flag)
{
    const int tensor = plan.tensor();
    int intermediate = 0;
    for (const LayerKind& kind : model.kinds)
        if (kind.feedForward.intermediate % tensor != 0)
            intermediate = kind.feedForward.intermediate;
    if (intermediate > 0)
        flag(Rule::UnevenShards, PlanAxis::Tensor, tensor, intermediate, 0);
    else if (model.vocabulary % tensor != 0)
        flag(Rule::UnevenShards, PlanAxis::Tensor, tensor, model.vocabulary, 1);
    if (!plan.options.shardedNorms)
        return;
    const auto sequences = [&](int microbatches) {
        return ceilDiv(ceilDiv(work.batch, std::min(microbatches, work.batch)), plan.attentionData());
    };
    const std::int64_t decodeRows = sequences(plan.decodeMicrobatches());
    const std::int64_t prefillRows = sequences(plan.prefillMicrobatches()) * ceilDiv(ceilDiv(work.input, plan.chunks()), plan.sequence());
    if (decodeRows % tensor != 0)
        flag(Rule::UnevenNorms, PlanAxis::Tensor, tensor, decodeRows, 1);
    else if (prefillRows % tensor != 0)
        flag(Rule::UnevenNorms, PlanAxis::Tensor, tensor, prefillRows, 0);
}

/// Axes whose groups talk within a step. Replicas do not.
template <class Flag>
void warnOfStraddling(const Cluster& cluster, const Plan& plan, Flag&& flag)
{
    const int domain = cluster.levels.front().units();
    if (cluster.levels.size() < 2 || plan.devices() <= domain)
        return;
    const Placement placement(plan.meshSizes());
    const auto check = [&](PlanAxis axis, const DeviceGroup& group) {
        if (group.size() > 1 && layoutGroup(cluster, group, placement.devices()).straddles)
            flag(Rule::StraddledDomain, axis, plan[axis], domain, 0);
    };
    check(PlanAxis::Tensor, placement.group(MeshAxis::Tensor));
    check(PlanAxis::Sequence, placement.group(MeshAxis::Sequence));
    check(PlanAxis::AttentionData, placement.group(MeshAxis::AttentionData));
    if (plan.expert() > 1)
        check(PlanAxis::Expert, placement.expertGroup());
    check(PlanAxis::Pipeline, placement.group(MeshAxis::Pipeline));
}

void findWarnings(const PlanContext& context, const Plan& plan, std::vector<Finding>& out)
{
    const Model& model = context.model;
    const Workload& work = context.workload;
    const auto flag = [&out](Rule rule, PlanAxis axis, std::int64_t value, std::int64_t limit, std::int64_t other = 0) {
        out.push_back({rule, axis, value, limit, other});
    };
    warnOfReplicas(model, plan, flag);
    warnOfLayers(model, plan, flag);
    const int experts = mostExperts(model);
    const int slots = experts + (experts > 0 ? plan.redundantExperts() : 0);
    if (experts > 0 && slots % plan.expert() != 0)
        flag(Rule::UnevenExperts, PlanAxis::Expert, plan.expert(), slots, ceilDiv(slots, plan.expert()));
    if (work.batch % plan.prefillMicrobatches() != 0)
        flag(Rule::UnevenMicrobatches, PlanAxis::PrefillMicrobatches, plan.prefillMicrobatches(), work.batch);
    if (work.batch % plan.decodeMicrobatches() != 0)
        flag(Rule::UnevenMicrobatches, PlanAxis::DecodeMicrobatches, plan.decodeMicrobatches(), work.batch);
    const int pieces = std::max(plan.prefillMicrobatches(), plan.decodeMicrobatches());
    if (plan.attentionData() > 1 && (work.batch % pieces != 0 || work.batch / pieces % plan.attentionData() != 0))
        flag(Rule::UnevenAttentionData, PlanAxis::AttentionData, plan.attentionData(), ceilDiv(work.batch, pieces),
             ceilDiv(ceilDiv(work.batch, pieces), plan.attentionData()));
    if (plan.sequence() * plan.attentionData() > 1)
        flag(Rule::WeightCopies, plan.sequence() > 1 ? PlanAxis::Sequence : PlanAxis::AttentionData,
             std::int64_t{plan.sequence()} * plan.attentionData(), plan.sequence(), plan.attentionData());
    warnOfPadding(model, work, plan, flag);
    if (plan.prefillMicrobatches() * plan.chunks() < plan.pipeline())
        flag(Rule::FewMicrobatches, PlanAxis::PrefillMicrobatches, plan.prefillMicrobatches(), plan.pipeline(), plan.chunks());
    if (plan.decodeMicrobatches() < plan.pipeline())
        flag(Rule::FewMicrobatches, PlanAxis::DecodeMicrobatches, plan.decodeMicrobatches(), plan.pipeline(), 1);
    if (plan.decodeMicrobatches() > plan.pipeline())
        flag(Rule::ManyMicrobatches, PlanAxis::DecodeMicrobatches, plan.decodeMicrobatches(), plan.pipeline());
    if (plan.devices() < context.cluster.devices())
        flag(Rule::IdleDevices, deviceAxis(plan), plan.devices(), context.cluster.devices());
    warnOfStraddling(context.cluster, plan, flag);
    if (model.maxPositions > 0 && work.fullContext() > model.maxPositions)
        flag(Rule::LongContext, PlanAxis::Sequence, work.fullContext(), model.maxPositions);
}

/// The nearest values of finding.axis below and above the plan's that satisfy `works`.
template <class Works>
std::vector<int> nearestValues(const Finding& finding, const PlanContext& context, const Plan& plan, Works&& works)
{
    std::vector<int> result;
    // Every rule bounds its axis by devices, heads, layers, experts, tokens or the batch; the search stays within what can be legal.
    const int most =
        std::clamp(std::max({context.cluster.devices(), context.workload.batch, context.workload.input, 1024}), 1, kMostOfAxis);
    const int start = std::clamp(plan[finding.axis], 0, most + 1);
    for (int value = start - 1; value >= 1; --value)
        if (works(value)) {
            result.push_back(value);
            break;
        }
    for (int value = start + 1; value <= std::min(most, start + 4096); ++value)
        if (works(value)) {
            result.push_back(value);
            break;
        }
    return result;
}

/// False for rules that no value of an axis mends.
bool hasAxis(const Finding& finding)
{
    switch (finding.rule) {
    case Rule::ComputeFormat:
    case Rule::LockedDevices:
    case Rule::RoutingRange:
    case Rule::OverlapRange:
    case Rule::OrderOfAxes: return false;
    case Rule::VirtualStages: return finding.other > 0;
    case Rule::StageLayers: return finding.other == 0;
    case Rule::RedundantExperts: return finding.value > 0;
    default: return true;
    }
}

} // namespace

std::string_view idOf(Rule rule)
{
    return kRules[static_cast<std::size_t>(rule)].id;
}

bool isViolation(Rule rule)
{
    return kRules[static_cast<std::size_t>(rule)].violation;
}

void checkPlan(const PlanContext& context, const Plan& plan, std::vector<Finding>& violations, std::vector<Finding>& warnings)
{
    const std::size_t before = violations.size();
    findViolations(context, plan, [&violations](const Finding& finding) {
        violations.push_back(finding);
        return true;
    });
    if (violations.size() == before)
        findWarnings(context, plan, warnings);
}

bool isLegal(const PlanContext& context, const Plan& plan)
{
    return findViolations(context, plan, kStop);
}

bool isLegalMap(const PlanContext& context, const Plan& plan)
{
    return checkRange(plan, kMapAxes, kStop) && checkModel(context.model, plan, kStop) && checkStages(context.model, plan, kStop)
           && checkOptions(context, plan, kStop) && checkCluster(context, plan, kStop);
}

bool isLegalCut(const Workload& workload, const Plan& plan)
{
    return checkRange(plan, kCutAxes, kStop) && checkPieces(plan, kStop) && checkBatch(workload, plan, kStop);
}

std::vector<int> nearestLegal(const Finding& finding, const PlanContext& context, const Plan& plan)
{
    if (!hasAxis(finding) || !isViolation(finding.rule))
        return {};
    // First values that make the whole plan legal. A plan that breaks rules on several axes has none; then values with which this rule is
    // silent and no rule speaks that was silent before.
    Plan trial = plan;
    std::vector<int> legal = nearestValues(finding, context, plan, [&](int value) {
        trial[finding.axis] = value;
        return isLegal(context, trial);
    });
    if (!legal.empty())
        return legal;
    std::vector<Finding> before;
    findViolations(context, plan, [&before](const Finding& each) {
        before.push_back(each);
        return true;
    });
    return nearestValues(finding, context, plan, [&](int value) {
        trial[finding.axis] = value;
        bool mends = true;
        findViolations(context, trial, [&](const Finding& each) {
            const auto same = [&each](const Finding& f) { return f.rule == each.rule && f.axis == each.axis; };
            mends = !same(finding) && std::any_of(before.begin(), before.end(), same);
            return mends;
        });
        return mends;
    });
}

} // namespace shardlens
