// SPDX-License-Identifier: Apache-2.0
// The readable summary of a report: one screen, aligned.
#include "core/base/format.h"
#include "core/plan/optionnames.h"
#include "core/plan/stages.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/explain.h"
#include "core/scenario/fitsearch.h"
#include "core/scenario/memorychange.h"
#include "core/scenario/report_json.h"
#include "core/scenario/report_parts.h"
#include "core/scenario/serve.h"
#include "core/scenario/targets.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {

namespace {

constexpr std::size_t kTopOperators = 4;
constexpr std::size_t kLabelWidth = 24;
constexpr std::size_t kValueWidth = 12;

constexpr std::array<std::string_view, kCauseCount> kCauseLabels{"Weights", "KV cache", "Compute", "Communication", "Bubble", "Overhead"};

/// Columns a text takes on a terminal: every byte that starts a character.
std::size_t widthOf(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string left(const std::string& text, std::size_t width)
{
    const std::size_t now = widthOf(text);
    return now < width ? text + std::string(width - now, ' ') : text;
}

std::string right(const std::string& text, std::size_t width)
{
    const std::size_t now = widthOf(text);
    return now < width ? std::string(width - now, ' ') + text : text;
}

std::string row(std::string_view label, const std::string& value, const std::string& note = {})
{
    return "  " + left(std::string(label), kLabelWidth) + right(value, kValueWidth) + (note.empty() ? "" : "  " + note) + '\n';
}

std::string planText(const Plan& plan)
{
    std::string text;
    for (const PlanAxis axis :
         {PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Expert, PlanAxis::Sequence, PlanAxis::AttentionData}) {
        const bool always = axis == PlanAxis::Tensor || axis == PlanAxis::Pipeline || axis == PlanAxis::Data;
        if (always || plan[axis] > 1)
            text += (text.empty() ? "" : ", ") + std::string(shortNameOf(axis)) + ' ' + formatCount(plan[axis]);
    }
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches, PlanAxis::Chunks})
        if (plan[axis] > 1)
            text += ", " + formatCount(plan[axis]) + ' ' + std::string(shortNameOf(axis));
    return text;
}

std::string headText(const Scenario& scenario)
{
    const Workload& workload = scenario.workload;
    const Formats& formats = scenario.formats;
    std::string text = scenario.model->name + " on " + scenario.cluster->name + '\n';
    text += row("Plan", planText(scenario.plan));
    if (const std::string options = describe(scenario.plan.options); !options.empty())
        text += row("Options", options);
    if (servedByPools(scenario))
        text += row("Devices", formatCount(scenario.plan.devices()) + " of the " + std::string(shownWorker(scenario))
                                   + " shown; memory and times by cause are its own");
    else
        text += row("Devices", formatCount(scenario.plan.devices()) + " of " + formatCount(scenario.cluster->devices()) + " used");
    text += row("Formats", describe(formats));
    text += row("Batch per replica",
                formatCount(workload.batch) + " x (" + formatCount(workload.input) + " in + " + formatCount(workload.output) + " out)");
    if (const std::string routing = describe(workload.routing); !routing.empty())
        text += row("Routing", routing);
    text += row("Mode", scenario.calibration ? provenanceOf(scenario) : std::string("roofline: efficiency 1, no fixed overheads"));
    for (const std::string& outside : outsideMeasured(scenario))
        text += row("Not measured", outside);
    return text;
}

std::string findingsText(std::string_view title, const std::vector<Finding>& findings, const Scenario& scenario)
{
    if (findings.empty())
        return {};
    std::string text = "\n" + std::string(title) + '\n';
    for (const Finding& finding : findings)
        text += "  " + sentence(finding, scenario.context(), scenario.plan) + '\n';
    return text;
}

std::string verdictText(const MemoryReport& memory)
{
    const DeviceMemory& fullest = memory.limiting();
    const std::string stage = "stage " + std::to_string(fullest.stage);
    if (memory.fits)
        return "\nFits: " + formatBytes(static_cast<double>(memory.free())) + " free on the fullest device (" + stage
               + "); largest batch per replica " + formatCount(memory.maxBatchPerReplica) + ".\n";
    std::string text =
        "\nDoes not fit: the fullest device (" + stage + ") lacks " + formatBytes(static_cast<double>(-memory.free())) + "; ";
    text += memory.maxBatchPerReplica > 0 ? "largest batch per replica " + formatCount(memory.maxBatchPerReplica) + ".\n"
                                          : "no batch of these lengths fits.\n";
    return text;
}

std::string changesText(const Scenario& scenario, const MemoryReport& memory)
{
    if (memory.fits)
        return {};
    std::string text;
    const std::vector<MemoryChange> changes = memoryChanges(scenario, memory);
    for (const MemoryChange& change : changes)
        text += "  " + change.sentence() + '\n';
    std::string nothing;
    if (changes.empty() || !changes.front().fits)
        nothing = '\n' + nothingFits(scenario) + '\n';
    return nothing + (text.empty() ? text : "\nWhat would free memory\n" + text);
}

std::string memoryText(const MemoryReport& memory)
{
    const DeviceMemory& fullest = memory.limiting();
    const auto capacity = static_cast<double>(memory.capacity);
    std::string text =
        "\nMemory of the fullest device (stage " + std::to_string(fullest.stage) + ", " + formatCount(fullest.count) + " alike)\n";
    const auto add = [&text, capacity](std::string_view label, Bytes bytes) {
        const auto amount = static_cast<double>(bytes);
        text += row(label, formatBytes(amount), capacity > 0 ? right(formatPercent(amount / capacity), 7) : "");
    };
    add("Weights", fullest.weights());
    add("KV cache", fullest.kv);
    add("Activations", fullest.activations);
    add("Collective buffers", fullest.buffers);
    add("Reserve", fullest.reserve);
    add("Total", fullest.total());
    text += row("Capacity", formatBytes(capacity));
    if (memory.maxBatchPerReplica > 0)
        text += row("Most sequences", formatCount(memory.maxConcurrency),
                    "over all replicas; longest context at this batch " + formatCount(memory.usableContext())
                        + (memory.modelLimitsContext() ? ", by the model; memory holds " + formatCount(memory.maxContext) : ""));
    return text;
}

/// What rounding leaves of a difference is not a share of the time.
double withoutDust(double seconds, double total)
{
    constexpr double kDust = 1e-12;
    return seconds < kDust * total ? 0 : seconds;
}

std::string timeText(const Report& report)
{
    constexpr std::size_t kShareWidth = 12; // "0.000666 %" with room before it
    const auto cell = [](double seconds, double total) {
        const std::string share = total > 0 ? formatPercent(seconds / total) : "";
        return right(formatSeconds(seconds), kValueWidth) + right(share, kShareWidth);
    };
    const double prefill = report.prefill.time;
    const double decode = report.decode.time;
    std::string text = "\n" + left("Time by cause", kLabelWidth + 2) + right("prefill", kValueWidth) + std::string(kShareWidth, ' ')
                       + right("decode step", kValueWidth) + '\n';
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const Cause cause{static_cast<std::uint8_t>(i)};
        const double p = withoutDust(report.prefill.breakdown[cause], prefill);
        const double d = withoutDust(report.decode.breakdown[cause], decode);
        if (p > 0 || d > 0)
            text += "  " + left(std::string(kCauseLabels[i]), kLabelWidth) + cell(p, prefill) + cell(d, decode) + '\n';
    }
    text += "  " + left("Total", kLabelWidth) + right(formatSeconds(prefill), kValueWidth) + std::string(kShareWidth, ' ')
            + right(formatSeconds(decode), kValueWidth) + '\n';
    return text;
}

/// @param kinds kinds of layer that the model has
std::string operatorsText(std::string_view title, const PhaseReport& phase, std::size_t kinds)
{
    std::vector<const OperatorCost*> order;
    order.reserve(phase.operators.size());
    const auto spent = [&phase](const OperatorCost& op) { return op.time * phase.runsOnBusiest(op); };
    double sum = 0;
    for (const OperatorCost& op : phase.operators) {
        if (phase.runsOnBusiest(op) == 0)
            continue;
        order.push_back(&op);
        sum += spent(op);
    }
    std::stable_sort(order.begin(), order.end(), [&spent](const auto* a, const auto* b) { return spent(*a) > spent(*b); });
    const bool pipelined = phase.stageCosts.size() > static_cast<std::size_t>(phase.costClasses);
    std::string text = "\n" + std::string(title) + (pipelined ? ", stage " + std::to_string(phase.busiestStage) : "") + '\n';
    for (std::size_t i = 0; i < order.size() && i < kTopOperators; ++i) {
        const OperatorCost& op = *order[i];
        if (sum <= 0 || spent(op) <= 0)
            break;
        std::string note = right(formatPercent(spent(op) / sum), 7) + "  " + formatCount(op.stageLayers) + " x " + formatSeconds(op.time)
                           + ", bound by " + std::string(nameOf(op.bound));
        if (op.kind >= 0 && kinds > 1)
            note += ", layer kind " + std::to_string(op.kind);
        if (op.collective != Collective::None)
            note += ", " + std::string(nameOf(op.collective)) + ", " + nameOf(op.collective, op.algorithm, op.levelAlgorithms) + ", "
                    + formatSeconds(op.communicationTime);
        text += row(nameOf(op.op), formatSeconds(spent(op)), note);
    }
    return text;
}

std::string percentilesText(const Percentiles& p)
{
    return "p50 " + formatSeconds(p.p50) + ", p90 " + formatSeconds(p.p90) + ", p99 " + formatSeconds(p.p99);
}

std::string loadText(const ServingSettings& serving)
{
    const ServingLoad& load = serving.load;
    if (load.kind == LoadKind::StaticBatch)
        return "one static batch";
    return (load.kind == LoadKind::ClosedLoop ? formatCount(load.concurrency) + " clients" : formatNumber(load.rate) + " requests/s")
           + " on " + std::string(nameOf(serving.engine.engine));
}

std::string poolsText(const DisaggregatedFigures& pools)
{
    const auto pool = [](std::string_view label, int workers, std::int64_t devices, double rate, double utilisation) {
        return row(label, formatCount(workers) + (workers == 1 ? " worker" : " workers"),
                   formatCount(devices) + " devices, " + formatNumber(rate) + " requests/s each, " + formatPercent(utilisation) + " used");
    };
    return pool("Prefill pool", pools.prefillWorkers, pools.prefillDevices, pools.prefillRate, pools.prefillUtilisation)
           + pool("Decode pool", pools.decodeWorkers, pools.decodeDevices, pools.decodeRate, pools.decodeUtilisation)
           + row("Prefill, transfer", formatSeconds(pools.prefillTime),
                 "and " + formatSeconds(pools.transferTime) + " for " + formatBytes(pools.transferBytes) + " of KV cache, copies included");
}

std::string paidText(const ServingReport& serving)
{
    const double idle = serving.paidDevices - serving.devices;
    return idle > 0 ? formatNumber(idle) + " of " + formatNumber(serving.paidDevices) + " devices idle, all paid for; " : std::string();
}

std::string servingText(const Scenario& scenario, const ServingReport& serving)
{
    const ServiceFigures& service = serving.service;
    const bool isStatic = scenario.serving.load.kind == LoadKind::StaticBatch;
    std::string text = "\nService of " + loadText(scenario.serving) + (isStatic ? "" : service.simulated ? ", simulated" : ", analytic");
    const std::string measured = isStatic ? std::string() : measuredText(scenario, service);
    text += (measured.empty() ? "" : "; " + measured) + '\n';
    switch (service.status) {
    case ServiceStatus::Served:
    case ServiceStatus::Cancelled: break;
    case ServiceStatus::Saturated:
        text += row("Saturated", formatNumber(service.saturationRate) + " requests/s",
                    "is the most that can be served: the queue grows without end");
        break;
    case ServiceStatus::DoesNotFit: return text + row("Does not fit", "", "the longest request has no room in the KV cache");
    case ServiceStatus::IllegalPools: return text + row("Not legal", "", "a pool's plan cannot run on its cluster");
    }
    text += row("TTFT", formatSeconds(serving.ttft), isStatic ? "until every sequence has its first token" : percentilesText(service.ttft));
    text +=
        row("TPOT", formatSeconds(serving.tpot),
            formatNumber(serving.tokensPerSecondPerUser) + " tokens/s per user" + (isStatic ? "" : "; " + percentilesText(service.tpot)));
    text += row("End to end", formatSeconds(serving.endToEnd), isStatic ? "" : percentilesText(service.endToEnd));
    text += row("Output tokens/s", formatNumber(serving.outputTokensPerSecond),
                formatNumber(serving.outputTokensPerSecondPerDevice) + " per device");
    if (!isStatic) {
        if (serving.pools)
            text += poolsText(*serving.pools);
        std::string running = formatNumber(service.meanWaiting) + " waiting, " + formatNumber(service.meanBatch) + " in a decode step";
        if (service.simulated && service.preemptions > 0)
            running += ", " + formatCount(service.preemptions) + " preemptions";
        text += row("Running per replica", formatNumber(service.meanRunning), running);
        if (service.saturationRate > 0 && service.status == ServiceStatus::Served)
            text += row("Saturates at", formatNumber(service.saturationRate), "requests/s");
    }
    if (serving.mfu > 0)
        text +=
            row("MFU, MBU", formatPercent(serving.mfu),
                formatPercent(serving.mbu) + " of the HBM bandwidth, by " + (serving.pools ? "the decode pool's steps" : "decode steps"));
    if (serving.costPerMillionTokens > 0)
        text += row("USD per million tokens", formatNumber(serving.costPerMillionTokens), paidText(serving) + priceSource(scenario));
    if (serving.joulesPerToken > 0)
        text +=
            row("Energy per token", formatNumber(serving.joulesPerToken) + " J", "at most: every device at its power limit all the time");
    return text;
}

std::string axesText(const Scenario& scenario)
{
    std::string text;
    for (const AxisRow& axis : usedAxes(scenario))
        text += row(axis.name, formatCount(axis.size()), linksText(scenario, axis) + (axis.straddles ? "; crosses a boundary" : ""));
    return text.empty() ? text : "\nLinks of each axis (per device, one way)\n" + text;
}

std::string routingText(const Scenario& scenario)
{
    std::string text;
    const std::vector<RoutingFacts> all = routingFacts(scenario);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const RoutingFacts& facts = all[i];
        const auto alike = [&facts](const RoutingFacts& other) { return other.experts == facts.experts && other.topK == facts.topK; };
        if (std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), alike))
            continue; // the same experts in a layer with other attention
        const auto add = [&text, &facts](std::string_view label, const RoutingFacts::Step& step, int slots) {
            text += row(label, formatNumber(step.load.pairs),
                        "of " + formatCount(step.tokens * facts.topK) + " pairs (" + formatCount(step.tokens) + " tokens x "
                            + formatCount(facts.topK) + "); reads " + formatNumber(step.load.touched) + " of " + formatCount(slots)
                            + " experts" + (step.load.dropped > 0 ? "; dropped " + formatPercent(step.load.dropped) : ""));
        };
        const int slots = static_cast<int>(ceilDiv(facts.slots, scenario.plan.expert()));
        add("Prefill", facts.prefill, slots);
        add("Decode", facts.decode, slots);
        text += row("Over the mean", formatNumber(facts.imbalance) + " x");
    }
    return text.empty() ? text : "\nToken-expert pairs of the hottest expert rank, per layer and piece\n" + text;
}

std::string stagesText(const Scenario& scenario)
{
    const StageLayout layout = stageLayout(*scenario.model, scenario.plan);
    std::string text = "\nLayers of each stage\n";
    for (int stage = 0; stage < layout.stages(); ++stage) {
        std::string ranges;
        for (int visit = 0; visit < layout.visits(); ++visit) {
            const IndexRange layers = layout.layers(stage, visit);
            if (layers.count() > 0)
                ranges += (ranges.empty() ? "" : ", ") + formatCount(layers.begin)
                          + (layers.count() > 1 ? "\u2013" + formatCount(layers.end - 1) : "");
        }
        if (layout.holdsEmbedding(stage))
            ranges += ", embedding";
        if (layout.holdsHead(stage))
            ranges += ", head";
        text += row("Stage " + std::to_string(stage), formatCount(layout.layerCount(stage)), ranges);
    }
    return text;
}

/// What the end of each phase waits for, by stage and on links.
std::string pathText(const Report& report)
{
    const auto line = [](std::string_view label, const CriticalPath& path) {
        std::string stages;
        for (std::size_t i = 0; i < path.busy.size(); ++i)
            if (path.busy[i] > 0)
                stages += (stages.empty() ? "stage " : ", stage ") + std::to_string(i) + ' ' + formatSeconds(path.busy[i]);
        return row(label, formatSeconds(path.length), stages + (path.send > 0 ? ", sends " + formatSeconds(path.send) : ""));
    };
    return "\nCritical path\n" + line("Prefill", report.prefill.timeline.critical)
           + line("Decode, as drawn", report.decode.timeline.critical);
}

/// Every operator with its sharding, its work and what was considered for its collective.
std::string allOperatorsText(const std::string& title, const std::vector<OperatorCost>& operators, const StepModel& step, bool decode)
{
    if (operators.empty())
        return {};
    std::string text = "\n" + title + '\n';
    std::int8_t kind = -2; // of no operator
    for (const OperatorCost& op : operators) {
        if (op.kind != kind && step.model().kinds.size() > 1)
            text += "  " + (op.kind < 0 ? std::string("Outside the layers") : kindText(step.model(), op.kind)) + '\n';
        kind = op.kind;
        text += row(nameOf(op.op), formatSeconds(op.time), formatCount(op.stageLayers) + " times; " + notation(op, step.plan()));
        std::string work = formatFlop(op.flop) + "; weights " + formatBytes(op.weightBytes) + ", activations "
                           + formatBytes(op.activationBytes) + ", KV " + formatBytes(op.kvBytes);
        text += row("", "", work);
        std::string choices;
        for (const CollectiveCost& choice : collectiveChoices(step, decode, op))
            choices += (choices.empty() ? "" : ", ") + nameOf(op.collective, choice) + ' ' + formatSeconds(choice.time);
        if (!choices.empty())
            text += row("", "", std::string(nameOf(op.collective)) + " of " + formatBytes(op.payloadBytes) + ": " + choices);
    }
    return text;
}

} // namespace

std::string printReportDetails(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return {};
    const auto drafts = [](const char* title, const PhaseReport& phase) {
        return title + formatSeconds(phase.predictionTime) + " on the last stage, in no time above";
    };
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                         scenario.constants());
    return axesText(scenario) + stagesText(scenario) + pathText(report)
           + allOperatorsText("Operators of a prefill piece, one layer each", report.prefill.operators, step, false)
           + allOperatorsText(drafts("Prediction layer, prefill piece into its cache: ", report.prefill),
                              report.prefill.predictionOperators, step, false)
           + allOperatorsText("Operators of a decode piece, one layer each", report.decode.operators, step, true)
           + allOperatorsText(drafts("Prediction layer, one draft step: ", report.decode), report.decode.predictionOperators, step, true);
}

std::string printReportText(const Scenario& scenario, const Report& report)
{
    std::string text = headText(scenario);
    if (!report.legal)
        return text + findingsText("This plan is not legal:", report.violations, scenario)
               + findingsText("Warnings", report.warnings, scenario);
    text += verdictText(report.memory);
    text += memoryText(report.memory);
    text += changesText(scenario, report.memory);
    text += timeText(report);
    text += operatorsText("Largest operators of a prefill piece on the busiest stage", report.prefill, scenario.model->kinds.size());
    text += operatorsText("Largest operators of a decode piece on the busiest stage", report.decode, scenario.model->kinds.size());
    text += routingText(scenario);
    text += servingText(scenario, report.serving);
    for (const TargetCheck& check : checkTargets(scenario, report)) {
        const double off = check.value / check.target - 1;
        text += row(std::string(check.name) + " target", formatSeconds(check.target),
                    !std::isfinite(check.value) ? "missed: the load is not served"
                    : check.meets               ? "met, " + formatPercent(-off, 2) + " below"
                                                : "missed by " + formatPercent(off, 2));
    }
    text += findingsText("Warnings", report.warnings, scenario);
    return text;
}

} // namespace shardlens
