// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/constantrows.h"

#include "core/base/format.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {

namespace {

std::string kernelValue(const KernelConstants& c)
{
    std::string text = formatPercent(c.compute, 2) + " of peak, " + formatPercent(c.memory, 2) + " of HBM";
    if (c.launch > 0)
        text += ", " + formatSeconds(c.launch, 2);
    return text;
}

/// What only serving points tell: the host's share of a step.
ConstantRow servingRow(std::string name, std::string value, const Calibration& calibration)
{
    ConstantRow row;
    row.name = std::move(name);
    row.value = std::move(value);
    row.samples = calibration.points;
    row.origin = calibration.points > 0 ? ConstantOrigin::Fitted : ConstantOrigin::Assumed;
    row.source = calibration.points > 0 ? calibration.source : std::string("middle of the engines and accelerators measured");
    row.used = true;
    return row;
}

void addUsed(const Scenario& scenario, const Report& report, std::vector<KernelUse>& used)
{
    for (const PhaseReport* phase : {&report.decode, &report.prefill})
        for (const OperatorCost& op : phase->operators)
            if (const std::optional<KernelUse> use = kernelOf(scenario, op, phase == &report.decode))
                if (std::find(used.begin(), used.end(), *use) == used.end())
                    used.push_back(*use);
}

} // namespace

std::string_view nameOf(KernelClass kernel)
{
    static constexpr std::array<std::string_view, kKernelClassCount> kNames{
        "Matrix products", "Expert products", "Prefill attention", "Decode attention", "MLA decode", "Linear state", "Sparse index"};
    return kNames[static_cast<std::size_t>(kernel)];
}

std::string_view nameOf(KernelFormat format)
{
    static constexpr std::array<std::string_view, kKernelFormatCount> kNames{"16-bit", "weight-only", "fp8", "fp8 by blocks",
                                                                             "W4A8",   "fp4",         "int8"};
    return kNames[static_cast<std::size_t>(format)];
}

Provenance provenanceOf(ConstantOrigin origin)
{
    switch (origin) {
    case ConstantOrigin::Measured: return Provenance::Measured;
    case ConstantOrigin::Fitted: return Provenance::Fitted;
    case ConstantOrigin::Borrowed: return Provenance::Borrowed;
    case ConstantOrigin::Assumed: break;
    }
    return Provenance::Default;
}

std::optional<KernelUse> kernelOf(const Scenario& scenario, const OperatorCost& op, bool decode)
{
    OperatorFacts facts;
    facts.op = op.op;
    facts.kind = op.kind;
    facts.arithmetic = op.arithmetic;
    return kernelOf(facts, *scenario.model, scenario.formats, decode);
}

KernelConstants kernelsAlone(const Calibration& calibration, KernelUse kernel)
{
    const ConstantLogs& logs = calibration.base ? calibration.base->logs : assumedConstants();
    return constantsOf(logs).step.of(kernel.kernel, kernel.format);
}

std::string aloneText(const Calibration& calibration, KernelUse kernel)
{
    const double alone = kernelsAlone(calibration, kernel).compute;
    return isFarFrom(calibration.constants.step.of(kernel.kernel, kernel.format).compute, alone)
               ? "; the kernels alone " + formatPercent(alone, 2) + " of peak"
               : std::string();
}

ConstantEvidence evidenceOf(const Calibration& calibration, KernelUse kernel)
{
    ConstantEvidence evidence;
    if (calibration.base)
        evidence = calibration.base->evidence[evidenceOf(kernel.kernel, kernel.format)];
    if (evidence.origin != ConstantOrigin::Measured)
        return evidence;
    constexpr double kMoved = 0.01; // less is within any kernel fit
    const KernelConstants alone = kernelsAlone(calibration, kernel);
    const KernelConstants& served = calibration.constants.step.of(kernel.kernel, kernel.format);
    const bool moved = std::abs(served.compute / alone.compute - 1) > kMoved || std::abs(served.memory / alone.memory - 1) > kMoved;
    if (calibration.points > 0 || moved)
        evidence.origin = ConstantOrigin::Fitted;
    return evidence;
}

std::string evidenceText(const ConstantEvidence& evidence)
{
    if (evidence.origin == ConstantOrigin::Assumed)
        return "no measurement: a middle value of the kernels measured";
    std::string text = evidence.origin == ConstantOrigin::Borrowed ? "of a relative, scaled with peak and bandwidth" : "";
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (evidence.samples > 0)
        add(formatCount(evidence.samples) + " kernel calls");
    if (evidence.medianError > 0)
        add("median error " + formatPercent(evidence.medianError));
    if (evidence.p90Error > 0)
        add("nine of ten within " + formatPercent(evidence.p90Error));
    if (!evidence.source.empty())
        add(evidence.source);
    return text;
}

std::string servedText(const Calibration& calibration)
{
    if (calibration.points <= 0)
        return "no serving point of this engine here: the middle of the engines and accelerators measured";
    const auto range = [](const MeasuredRange& r, const char* of) {
        return formatCount(std::llround(r.least)) + " to " + formatCount(std::llround(r.most)) + " " + of;
    };
    return std::string(nameOf(calibration.engine)) + ", " + formatCount(calibration.points) + " serving points; all points span "
           + range(calibration.ranges.input, "prompt tokens") + " and " + range(calibration.ranges.concurrency, "in flight");
}

Provenance servedOrigin(const Calibration& calibration)
{
    return calibration.points > 0 ? Provenance::Fitted : Provenance::Default;
}

std::vector<ConstantRow> constantRows(const Scenario& scenario, const Report& report, const Calibration& calibration)
{
    std::vector<KernelUse> kernels;
    addUsed(scenario, report, kernels);
    const std::size_t used = kernels.size();
    for (std::size_t k = 0; k < kKernelClassCount; ++k)
        for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
            const KernelUse use{static_cast<KernelClass>(k), static_cast<KernelFormat>(f)};
            if (evidenceOf(calibration, use).origin != ConstantOrigin::Assumed
                && std::find(kernels.begin(), kernels.end(), use) == kernels.end())
                kernels.push_back(use);
        }
    const StepConstants& step = calibration.constants.step;
    const auto kernelRow = [&](std::size_t i) {
        const ConstantEvidence evidence = evidenceOf(calibration, kernels[i]);
        return ConstantRow{std::string(nameOf(kernels[i].kernel)) + ", " + std::string(nameOf(kernels[i].format)),
                           kernelValue(step.of(kernels[i].kernel, kernels[i].format)),
                           evidence.origin,
                           evidence.samples,
                           evidence.medianError,
                           evidence.source + aloneText(calibration, kernels[i]),
                           i < used};
    };
    std::vector<ConstantRow> rows;
    for (std::size_t i = 0; i < used; ++i)
        rows.push_back(kernelRow(i));
    const auto collective = [&](CollectiveReach reach) {
        const CollectiveConstants& c = step.collectives[static_cast<std::size_t>(reach)];
        return formatPercent(c.bandwidth) + " of the links, " + formatSeconds(c.latency, 2) + " more";
    };
    const ConstantEvidence links = calibration.base ? calibration.base->evidence.back() : ConstantEvidence{};
    rows.push_back({"Collectives in a node", collective(CollectiveReach::Node), links.origin, links.samples, links.medianError,
                    links.source, scenario.plan.devices() > 1});
    rows.push_back(servingRow("Each step on the host", formatSeconds(step.step, 2), calibration));
    rows.push_back(servingRow("Each sequence of a step", formatSeconds(step.perSequence, 2), calibration));
    rows.push_back(servingRow("Each token of a step", formatSeconds(step.perToken, 2), calibration));
    rows.push_back(servingRow("Small kernels around a norm", formatSeconds(step.elementwise, 2), calibration));
    rows.push_back(servingRow("A request before scheduling", formatSeconds(calibration.constants.requestOverhead, 2), calibration));
    rows.push_back(servingRow("Collectives between nodes", collective(CollectiveReach::Network), calibration));
    for (std::size_t i = used; i < kernels.size(); ++i)
        rows.push_back(kernelRow(i));
    return rows;
}

} // namespace shardlens
