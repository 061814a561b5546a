// SPDX-License-Identifier: Apache-2.0
// The sentences of the rules, with the numbers in them and what would mend the plan.
#include "core/base/format.h"
#include "core/plan/legality.h"

#include <cstdio>

namespace shardlens {

namespace {

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

std::string mostVirtualStages(std::int64_t most)
{
    return number(most) + (most == 1 ? " virtual stage works." : " virtual stages work.");
}

std::string decimal(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string axisNames(const AxisOrder& order)
{
    std::string text;
    for (const MeshAxis axis : order)
        text += (text.empty() ? "" : ", ")
                + (static_cast<std::size_t>(axis) < kMeshAxisCount ? std::string(nameOf(axis)) : std::string("none"));
    return text;
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
    case Rule::TensorLinearHeads:
        return "TP " + value
               + (f.other != 0 ? " does not divide " + limit + " value heads"
                               : " neither divides " + limit + " key heads nor is a multiple of them")
               + " of the linear layers" + mend(nearest, " does", " do");
    case Rule::VirtualStages:
        if (f.other == 0)
            return "Virtual stages are " + value + "; at least 1 is allowed.";
        return "PP " + std::to_string(plan.pipeline()) + " and " + value + " virtual stages cut the model into " + number(f.other)
               + " blocks, but it has only " + limit + " layers; at most " + mostVirtualStages(f.limit / plan.pipeline());
    case Rule::VirtualMicrobatches:
        return "Virtual stages take the pieces of a prefill in groups of PP " + limit + ", which does not divide " + value
               + (f.other > 1    ? " pieces of " + number(f.other) + " chunks"
                  : f.value == 1 ? " microbatch"
                                 : " microbatches")
               + (nearest.empty() ? "." : "; " + orList(nearest) + " prefill microbatches" + (nearest.size() == 1 ? " works." : " work."));
    case Rule::StageLayers:
        if (f.other == 0)
            return "The layers by hand are " + value + (f.value == 1 ? " number" : " numbers") + ", but PP "
                   + std::to_string(plan.pipeline())
                   + (plan.virtualStages() > 1 ? " x " + std::to_string(plan.virtualStages()) + " virtual stages" : "") + " needs " + limit
                   + ".";
        if (f.other == 1)
            return "Stage " + std::to_string(f.limit % plan.pipeline()) + " is given " + value + " layers by hand; at least 1 is allowed.";
        return "The layers by hand add up to " + value + ", but the model has " + limit + ".";
    case Rule::RedundantExperts:
        if (f.value < 0)
            return "Redundant experts are " + value + "; 0 to " + limit + " is allowed.";
        return value + (f.value == 1 ? " redundant expert is" : " redundant experts are") + " more than EP " + std::to_string(plan.expert())
               + " can hold beside the " + number(f.other) + " experts, at most one copy per rank: " + limit
               + (nearest.empty() ? "." : "; EP " + orList(nearest) + (nearest.size() == 1 ? " works." : " work."));
    case Rule::RoutingRange:
        return (f.other == 0 ? "The power law's exponent is " + decimal(context.workload.routing.powerLaw)
                             : "The capacity factor is " + decimal(context.workload.routing.capacityFactor))
               + "; 0 to " + limit + " is allowed.";
    case Rule::OverlapRange: return "The overlap is " + decimal(plan.options.overlap) + "; 0 to 1 is allowed.";
    case Rule::OrderOfAxes: return "The order of axes names " + axisNames(plan.options.order) + "; each axis is to occur once.";
    case Rule::PipelineLayers:
        return "PP " + value + " is more stages than the model's " + limit + " layers" + mend(nearest, " works", " work");
    case Rule::ExpertDense: return "EP " + value + " needs a mixture of experts, and " + context.model.name + " is dense; EP 1 is allowed.";
    case Rule::ExpertGroup:
        return "EP " + value + " does not divide the " + limit + (f.limit == 1 ? " device" : " devices")
               + " of a stage (TP x SP x attention DP)" + mend(nearest, " does", " do")
               + (f.value > f.limit ? " Attention DP, which is DP inside a replica, is how EP spans more devices." : "");
    case Rule::ExpertCount:
        return "EP " + value + " is more than the " + limit + " experts"
               + (f.other > 0 ? " and " + number(f.other) + (f.other == 1 ? " copy" : " copies") : std::string())
               + mend(nearest, " works", " work");
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
            if (context.cluster.accelerator.peakOf(format) > 0)
                names += (names.empty() ? "" : ", ") + std::string(nameOf(format));
        return context.cluster.accelerator.name + " has no " + std::string(nameOf(context.formats.compute)) + " arithmetic; it has " + names
               + ". Choose one with --compute or Precision > Math.";
    }
    case Rule::LockedDevices:
        return axis + " " + value + " cannot keep the locked " + limit
               + " devices: no other axis makes up for it. Unlock the count to use it.";
    default: return {};
    }
}

std::string warningSentence(const Finding& f, const PlanContext& context, const Plan& plan)
{
    const std::string value = number(f.value);
    const std::string limit = number(f.limit);
    const std::string other = number(f.other);
    switch (f.rule) {
    case Rule::KvReplication:
        return "TP " + value + " exceeds " + limit + " KV heads: each is stored " + other + " times, weights and cache alike.";
    case Rule::LatentReplication: return "The latent KV cache has no heads to split: each of the " + value + " TP ranks stores all of it.";
    case Rule::KeyReplication:
        return "TP " + value + " exceeds " + limit + " key heads of the linear layers: each is stored " + other + " times.";
    case Rule::UnevenLayers:
        if (plan.virtualStages() > 1)
            return "PP " + value + " x " + std::to_string(plan.virtualStages()) + " virtual stages do not divide " + limit
                   + " layers: some visits run " + number(f.other + 1) + ", others " + other + ".";
        return "PP " + value + " does not divide " + limit + " layers: some stages hold " + number(f.other + 1) + ", others " + other + ".";
    case Rule::UnevenExperts:
        return "EP " + value + " does not divide " + limit + (plan.redundantExperts() > 0 ? " experts and copies" : " experts")
               + ": the fullest rank holds " + other + ".";
    case Rule::UnevenMicrobatches:
        return value + (f.axis == PlanAxis::PrefillMicrobatches ? " prefill" : " decode") + " microbatches do not divide the batch of "
               + limit + ": their sizes differ by one sequence.";
    case Rule::UnevenAttentionData:
        if (f.limit < f.value) {
            const int prefill = plan.prefillMicrobatches();
            const int decode = plan.decodeMicrobatches();
            return std::string("A ")
                   + (prefill > decode   ? "prefill "
                      : decode > prefill ? "decode "
                                         : "")
                   + "microbatch of " + limit + (f.limit == 1 ? " sequence leaves " : " sequences leaves ") + number(f.value - f.limit)
                   + " of " + value + " attention-DP ranks idle.";
        }
        return "Attention DP " + value + " does not divide the " + limit + (f.limit == 1 ? " sequence" : " sequences")
               + " of a microbatch: the fullest rank has " + other + ", others wait for it.";
    case Rule::WeightCopies:
        return (f.limit > 1 ? "SP " + limit : std::string()) + (f.limit > 1 && f.other > 1 ? " and " : "")
               + (f.other > 1 ? (f.limit > 1 ? "attention DP " : "Attention DP ") + other : std::string())
               + (f.limit > 1 && f.other > 1 ? " keep " : " keeps ") + value + " copies of all weights but routed experts"
               + (f.limit > 1 ? ", and in decode every SP rank repeats the projections." : ".");
    case Rule::UnevenShards:
        return "TP " + value + " does not divide " + (f.other == 1 ? "the vocabulary of " : "the MLP width of ") + limit
               + ": the last shard is padded.";
    case Rule::UnevenNorms:
        return "TP " + value + " does not divide the " + limit + (f.other == 1 ? " decode tokens" : " prompt tokens")
               + " of a piece whose norms it shares out: the last share is padded.";
    case Rule::DroppedTokens:
        return "The capacity factor drops " + formatPercent(static_cast<double>(f.value) / 1e6) + " of the token-expert pairs in "
               + (f.other == 1 ? "decode" : "prefill") + ": those tokens go without some of their experts.";
    case Rule::FewMicrobatches:
        if (f.axis == PlanAxis::PrefillMicrobatches)
            return "Prefill has " + value + (f.value == 1 ? " microbatch" : " microbatches")
                   + (f.other > 1 ? " of " + other + " chunks" : std::string()) + " for " + limit + " stages: most of them wait.";
        return "Decode has " + value + (f.value == 1 ? " microbatch" : " microbatches") + " for " + limit + " stages: they idle "
               + number(100 - 100 * f.value / f.limit) + " % of the time.";
    case Rule::ManyMicrobatches:
        return "Decode has " + value + " microbatches for " + limit + (f.limit == 1 ? " stage" : " stages") + ": a step reads the weights "
               + value + " times where " + limit + (f.limit == 1 ? " time does." : " times do.");
    case Rule::IdleDevices: return "The plan uses " + value + " of " + limit + " devices; the others are paid for too.";
    case Rule::StraddledDomain:
        return std::string(shortNameOf(f.axis)) + " " + value + " does not fit evenly into domains of " + limit
               + " devices: some groups cross " + context.cluster.levels.back().name + ".";
    case Rule::LongContext: return value + " tokens of context exceed the " + limit + " the model was made for.";
    case Rule::ReserveTooSmall:
        return "Activations and collective buffers need " + number(f.value / (1 << 20))
               + " MiB that a reserve of 0 leaves out of the account.";
    default: return {};
    }
}

} // namespace

std::string sentence(const Finding& finding, const PlanContext& context, const Plan& plan)
{
    return isViolation(finding.rule) ? violationSentence(finding, context, plan) : warningSentence(finding, context, plan);
}

} // namespace shardlens
