// SPDX-License-Identifier: Apache-2.0
#include "core/plan/legality.h"

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
    {Rule::PipelineLayers, "pipeline_layers", true},
    {Rule::ExpertDense, "expert_dense", true},
    {Rule::ExpertGroup, "expert_group", true},
    {Rule::ExpertCount, "expert_count", true},
    {Rule::SequenceLength, "sequence_length", true},
    {Rule::MicrobatchBatch, "microbatch_batch", true},
    {Rule::AttentionDataBatch, "attention_data_batch", true},
    {Rule::Devices, "devices", true},
    {Rule::ComputeFormat, "compute_format", true},
    {Rule::LockedDevices, "locked_devices", true},
    {Rule::KvReplication, "kv_replication", false},
    {Rule::LatentReplication, "latent_replication", false},
    {Rule::UnevenLayers, "uneven_layers", false},
    {Rule::UnevenExperts, "uneven_experts", false},
    {Rule::UnevenMicrobatches, "uneven_microbatches", false},
    {Rule::UnevenAttentionData, "uneven_attention_data", false},
    {Rule::WeightCopies, "weight_copies", false},
    {Rule::UnevenShards, "uneven_shards", false},
    {Rule::FewMicrobatches, "few_microbatches", false},
    {Rule::IdleDevices, "idle_devices", false},
    {Rule::StraddledDomain, "straddled_domain", false},
    {Rule::LongContext, "long_context", false},
    {Rule::ReserveTooSmall, "reserve_too_small", false},
}};

constexpr int kMostOfAxis = 65536; // devices, and sequences of a batch
// Pieces x stages of a phase: what a timeline holds as events. Far beyond any schedule in use; without it a plan could ask for gigabytes.
constexpr std::int64_t kMostPieces = std::int64_t{1} << 18;

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
        const std::int64_t stages = plan.pipeline();
        if (chunks * plan[microbatches] * stages <= kMostPieces)
            continue;
        const PlanAxis axis = chunks > plan[microbatches] ? PlanAxis::Chunks : microbatches;
        const std::int64_t others = stages * (axis == PlanAxis::Chunks ? plan[microbatches] : chunks);
        if (!found(Finding{Rule::Range, axis, plan[axis], std::max<std::int64_t>(1, kMostPieces / others), 0}))
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
    if (plan.pipeline() > model.layerCount()
        && !found(Finding{Rule::PipelineLayers, PlanAxis::Pipeline, plan.pipeline(), model.layerCount(), 0}))
        return false;
    const int experts = mostExperts(model);
    if (plan.expert() > 1 && experts == 0)
        return found(Finding{Rule::ExpertDense, PlanAxis::Expert, plan.expert(), 1, 0});
    if (plan.stageDevices() % plan.expert() != 0)
        return found(Finding{Rule::ExpertGroup, PlanAxis::Expert, plan.expert(), plan.stageDevices(), 0});
    if (experts > 0 && plan.expert() > experts)
        return found(Finding{Rule::ExpertCount, PlanAxis::Expert, plan.expert(), experts, 0});
    return true;
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
           && checkBatch(context.workload, plan, found) && checkCluster(context, plan, found);
}

constexpr auto kStop = [](const Finding&) { return false; };

void findWarnings(const PlanContext& context, const Plan& plan, std::vector<Finding>& out)
{
    const Model& model = context.model;
    const Workload& work = context.workload;
    const auto flag = [&out](Rule rule, PlanAxis axis, std::int64_t value, std::int64_t limit, std::int64_t other = 0) {
        out.push_back({rule, axis, value, limit, other});
    };
    int kvHeads = std::numeric_limits<int>::max();
    bool latent = false;
    int intermediate = 0;
    for (const LayerKind& kind : model.kinds) {
        if (kind.attention.kind == AttentionKind::Latent)
            latent = true;
        else
            kvHeads = std::min(kvHeads, kind.attention.kvHeads);
        if (kind.feedForward.intermediate % plan.tensor() != 0)
            intermediate = kind.feedForward.intermediate;
    }
    if (plan.tensor() > kvHeads)
        flag(Rule::KvReplication, PlanAxis::Tensor, plan.tensor(), kvHeads, plan.tensor() / kvHeads);
    if (latent && plan.tensor() > 1)
        flag(Rule::LatentReplication, PlanAxis::Tensor, plan.tensor(), 1);
    if (model.layerCount() % plan.pipeline() != 0)
        flag(Rule::UnevenLayers, PlanAxis::Pipeline, plan.pipeline(), model.layerCount(), model.layerCount() / plan.pipeline());
    const int experts = mostExperts(model);
    if (experts > 0 && experts % plan.expert() != 0)
        flag(Rule::UnevenExperts, PlanAxis::Expert, plan.expert(), experts, ceilDiv(experts, plan.expert()));
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
    if (intermediate > 0)
        flag(Rule::UnevenShards, PlanAxis::Tensor, plan.tensor(), intermediate, 0);
    else if (model.vocabulary % plan.tensor() != 0)
        flag(Rule::UnevenShards, PlanAxis::Tensor, plan.tensor(), model.vocabulary, 1);
    if (plan.prefillMicrobatches() * plan.chunks() < plan.pipeline())
        flag(Rule::FewMicrobatches, PlanAxis::PrefillMicrobatches, plan.prefillMicrobatches(), plan.pipeline(), plan.chunks());
    if (plan.decodeMicrobatches() < plan.pipeline())
        flag(Rule::FewMicrobatches, PlanAxis::DecodeMicrobatches, plan.decodeMicrobatches(), plan.pipeline(), 1);
    if (plan.devices() < context.cluster.devices())
        flag(Rule::IdleDevices, deviceAxis(plan), plan.devices(), context.cluster.devices());
    const int domain = context.cluster.levels.front().units();
    if (plan.devices() > domain) {
        const int tensor = plan.tensor();
        if (tensor <= domain ? domain % tensor != 0 : tensor % domain != 0)
            flag(Rule::StraddledDomain, PlanAxis::Tensor, tensor, domain);
    }
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

std::string orList(const std::vector<int>& values)
{
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0)
            text += " or ";
        text += std::to_string(values[i]);
    }
    return text;
}

std::string number(std::int64_t value)
{
    std::string text = std::to_string(value);
    for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > (value < 0 ? 1 : 0); i -= 3)
        text.insert(static_cast<std::size_t>(i), ",");
    return text;
}

/// "; 4 or 8 do" where some value of the axis mends the plan.
std::string mend(const std::vector<int>& nearest, const char* one, const char* several)
{
    if (nearest.empty())
        return ".";
    return "; " + orList(nearest) + (nearest.size() == 1 ? one : several) + ".";
}

std::string violationSentence(const Finding& f, const PlanContext& context, const Plan& plan)
{
    const std::string axis(shortNameOf(f.axis));
    const std::string value = number(f.value);
    const std::string limit = number(f.limit);
    const std::vector<int> nearest = nearestLegal(f, context, plan);
    switch (f.rule) {
    case Rule::Range: return axis + " is " + value + "; 1 to " + limit + " is allowed.";
    case Rule::TensorHeads: return "TP " + value + " does not divide " + limit + " query heads" + mend(nearest, " does", " do");
    case Rule::TensorKvHeads:
        return "TP " + value + " neither divides " + limit + " KV heads nor is a multiple of them" + mend(nearest, " works", " work");
    case Rule::PipelineLayers:
        return "PP " + value + " is more stages than the model's " + limit + " layers" + mend(nearest, " works", " work");
    case Rule::ExpertDense: return "EP " + value + " needs a mixture of experts, and " + context.model.name + " is dense; EP 1 is allowed.";
    case Rule::ExpertGroup:
        return "EP " + value + " does not divide the " + limit + (f.limit == 1 ? " device" : " devices")
               + " of a stage (TP x SP x attention DP)" + mend(nearest, " does", " do");
    case Rule::ExpertCount: return "EP " + value + " is more than the " + limit + " experts" + mend(nearest, " works", " work");
    case Rule::SequenceLength:
        return "SP x chunks cuts the prompt into " + value + " pieces, but it has only " + limit + " tokens"
               + (nearest.empty() ? "." : "; " + axis + " " + orList(nearest) + " works.");
    case Rule::MicrobatchBatch: {
        const std::string phase = f.axis == PlanAxis::PrefillMicrobatches ? "prefill" : "decode";
        return value + " " + phase + " microbatches are more than the " + limit + (f.limit == 1 ? " sequence" : " sequences")
               + " of the batch; at most " + limit + " is allowed.";
    }
    case Rule::AttentionDataBatch:
        return "Attention DP " + value + " is more than the " + limit + (f.limit == 1 ? " sequence" : " sequences") + " of the batch"
               + mend(nearest, " works", " work");
    case Rule::Devices:
        return "The plan needs " + value + " devices, but " + context.cluster.name + " has " + limit
               + (nearest.empty() ? "." : "; " + axis + " " + orList(nearest) + (nearest.size() == 1 ? " fits." : " fit."));
    case Rule::ComputeFormat: {
        std::string names;
        for (const ComputeFormat format : kComputeFormats)
            if (context.cluster.accelerator.peakOf(format) > 0 && bitsOf(format) < 32)
                names += (names.empty() ? "" : ", ") + std::string(nameOf(format));
        return context.cluster.accelerator.name + " has no " + std::string(nameOf(context.formats.compute)) + " arithmetic; it has " + names
               + ".";
    }
    case Rule::LockedDevices:
        return axis + " " + value + " cannot keep the locked " + limit
               + " devices: no other axis makes up for it. Unlock the count to use it.";
    default: return {};
    }
}

std::string warningSentence(const Finding& f, const PlanContext& context)
{
    const std::string value = number(f.value);
    const std::string limit = number(f.limit);
    const std::string other = number(f.other);
    switch (f.rule) {
    case Rule::KvReplication:
        return "TP " + value + " exceeds " + limit + " KV heads: each is stored " + other + " times, weights and cache alike.";
    case Rule::LatentReplication: return "The latent KV cache has no heads to split: each of the " + value + " TP ranks stores all of it.";
    case Rule::UnevenLayers:
        return "PP " + value + " does not divide " + limit + " layers: some stages hold " + number(f.other + 1) + ", others " + other + ".";
    case Rule::UnevenExperts: return "EP " + value + " does not divide " + limit + " experts: the fullest rank holds " + other + ".";
    case Rule::UnevenMicrobatches:
        return value + (f.axis == PlanAxis::PrefillMicrobatches ? " prefill" : " decode") + " microbatches do not divide the batch of "
               + limit + ": their sizes differ by one sequence.";
    case Rule::UnevenAttentionData:
        return "Attention DP " + value + " does not divide the " + limit + (f.limit == 1 ? " sequence" : " sequences")
               + " of a microbatch: the fullest rank has " + other + ", others wait for it.";
    case Rule::WeightCopies:
        return "SP " + limit + " and attention DP " + other + " keep " + value + " copies of all weights but routed experts"
               + (f.limit > 1 ? ", and in decode every SP rank repeats the projections." : ".");
    case Rule::UnevenShards:
        return "TP " + value + " does not divide " + (f.other == 1 ? "the vocabulary of " : "the MLP width of ") + limit
               + ": the last shard is padded.";
    case Rule::FewMicrobatches:
        if (f.axis == PlanAxis::PrefillMicrobatches)
            return "Prefill has " + value + (f.value == 1 ? " microbatch" : " microbatches")
                   + (f.other > 1 ? " of " + other + " chunks" : std::string()) + " for " + limit + " stages: most of them wait.";
        return "Decode has " + value + (f.value == 1 ? " microbatch" : " microbatches") + " for " + limit + " stages: they idle "
               + number(100 - 100 * f.value / f.limit) + " % of the time.";
    case Rule::IdleDevices: return "The plan uses " + value + " of " + limit + " devices.";
    case Rule::StraddledDomain:
        return "TP " + value + " does not fit evenly into domains of " + limit + " devices: some groups cross "
               + context.cluster.levels.back().name + ".";
    case Rule::LongContext: return value + " tokens of context exceed the " + limit + " the model was made for.";
    case Rule::ReserveTooSmall:
        return "Activations and collective buffers need " + number(f.value / (1 << 20))
               + " MiB that a reserve of 0 leaves out of the account.";
    default: return {};
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
    return checkRange(plan, kMapAxes, kStop) && checkModel(context.model, plan, kStop) && checkCluster(context, plan, kStop);
}

bool isLegalCut(const Workload& workload, const Plan& plan)
{
    return checkRange(plan, kCutAxes, kStop) && checkPieces(plan, kStop) && checkBatch(workload, plan, kStop);
}

std::string sentence(const Finding& finding, const PlanContext& context, const Plan& plan)
{
    return isViolation(finding.rule) ? violationSentence(finding, context, plan) : warningSentence(finding, context);
}

std::vector<int> nearestLegal(const Finding& finding, const PlanContext& context, const Plan& plan)
{
    if (finding.rule == Rule::ComputeFormat || finding.rule == Rule::LockedDevices || !isViolation(finding.rule))
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
