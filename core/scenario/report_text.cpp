// SPDX-License-Identifier: Apache-2.0
// The readable summary of a report: one screen, aligned.
#include "core/base/format.h"
#include "core/scenario/explain.h"
#include "core/scenario/memorychange.h"
#include "core/scenario/report_json.h"

#include <algorithm>
#include <array>

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
    const auto name = [](auto format) { return std::string(nameOf(format)); };
    std::string text = scenario.model->name + " on " + scenario.cluster->name + '\n';
    text += row("Plan", planText(scenario.plan));
    text += row("Devices", formatCount(scenario.plan.devices()) + " of " + formatCount(scenario.cluster->devices()) + " used");
    text += row("Formats", "weights " + name(formats.weights) + ", KV " + name(formats.kv) + ", compute " + name(formats.compute));
    text += row("Batch per replica",
                formatCount(workload.batch) + " x (" + formatCount(workload.input) + " in + " + formatCount(workload.output) + " out)");
    text += row("Mode", "roofline: efficiency 1, no fixed overheads");
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
    for (const MemoryChange& change : memoryChanges(scenario, memory))
        text += "  " + change.sentence() + '\n';
    return text.empty() ? text : "\nWhat would free memory\n" + text;
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
    return text;
}

std::string timeText(const Report& report)
{
    const auto cell = [](double seconds, double total) {
        const std::string share = total > 0 ? formatPercent(seconds / total) : "";
        return right(formatSeconds(seconds), kValueWidth) + right(share, 10);
    };
    const double prefill = report.prefill.time;
    const double decode = report.decode.time;
    std::string text = "\n" + left("Time by cause", kLabelWidth + 2) + right("prefill", kValueWidth) + std::string(10, ' ')
                       + right("decode step", kValueWidth) + '\n';
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const Cause cause{static_cast<std::uint8_t>(i)};
        const double p = report.prefill.breakdown[cause];
        const double d = report.decode.breakdown[cause];
        if (p > 0 || d > 0)
            text += "  " + left(std::string(kCauseLabels[i]), kLabelWidth) + cell(p, prefill) + cell(d, decode) + '\n';
    }
    text += "  " + left("Total", kLabelWidth) + right(formatSeconds(prefill), kValueWidth) + std::string(10, ' ')
            + right(formatSeconds(decode), kValueWidth) + '\n';
    return text;
}

std::string operatorsText(std::string_view title, const PhaseReport& phase)
{
    std::vector<const OperatorCost*> order;
    const auto spent = [](const OperatorCost& op) { return op.time * op.stageLayers; };
    double sum = 0;
    for (const OperatorCost& op : phase.operators) {
        order.push_back(&op);
        sum += spent(op);
    }
    std::stable_sort(order.begin(), order.end(), [&spent](const auto* a, const auto* b) { return spent(*a) > spent(*b); });
    std::string text = "\n" + std::string(title) + '\n';
    for (std::size_t i = 0; i < order.size() && i < kTopOperators; ++i) {
        const OperatorCost& op = *order[i];
        if (sum <= 0 || spent(op) <= 0)
            break;
        std::string note = right(formatPercent(spent(op) / sum), 7) + "  " + formatCount(op.stageLayers) + " x " + formatSeconds(op.time)
                           + ", bound by " + std::string(nameOf(op.bound));
        if (op.collective != Collective::None)
            note += ", " + std::string(nameOf(op.collective)) + ' ' + formatSeconds(op.communicationTime);
        text += row(nameOf(op.op), formatSeconds(spent(op)), note);
    }
    return text;
}

std::string servingText(const Scenario& scenario, const ServingReport& serving)
{
    std::string text = "\nService of one static batch\n";
    text += row("TTFT", formatSeconds(serving.ttft), "until every sequence has its first token");
    text += row("TPOT", formatSeconds(serving.tpot), formatNumber(serving.tokensPerSecondPerUser) + " tokens/s per user");
    text += row("End to end", formatSeconds(serving.endToEnd));
    text += row("Output tokens/s", formatNumber(serving.outputTokensPerSecond),
                formatNumber(serving.outputTokensPerSecondPerDevice) + " per device");
    if (scenario.cluster->pricePerDeviceHour > 0)
        text += row("USD per million tokens", formatNumber(serving.costPerMillionTokens), scenario.cluster->priceSource);
    return text;
}

} // namespace

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
    text += operatorsText("Largest operators of a prefill piece on the busiest stage", report.prefill);
    text += operatorsText("Largest operators of a decode piece on the busiest stage", report.decode);
    text += servingText(scenario, report.serving);
    text += findingsText("Warnings", report.warnings, scenario);
    return text;
}

} // namespace shardlens
