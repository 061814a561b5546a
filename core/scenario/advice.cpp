// SPDX-License-Identifier: Apache-2.0
// What binds, and the most useful single change: each candidate is evaluated like any other scenario.
#include "core/base/format.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/explain.h"
#include "core/scenario/fitsearch.h"
#include "core/scenario/memorychange.h"
#include "core/scenario/planneighbours.h"
#include "core/scenario/targetadvice.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardlens {

namespace {

std::string signedPercent(double ratio)
{
    const double change = (ratio - 1) * 100;
    const double rounded = std::round(change);
    if (rounded == 0)
        return "no change in";
    return (rounded > 0 ? "+" : "\u2212") + formatNumber(std::abs(rounded)) + " %";
}

/// The change that gives up least among those with which it fits, or how many devices it takes.
std::string mendFit(const Scenario& scenario, const Report& report)
{
    const std::vector<MemoryChange> changes = memoryChanges(scenario, report.memory, 1);
    if (!changes.empty() && changes.front().fits)
        return changes.front().label + ": frees " + changes.front().effect + ".";
    std::string nothing = nothingFits(scenario);
    nothing.front() = 'n';
    return "more devices: " + nothing;
}

struct Figures {
    double rate = 0; ///< output tokens/s of all devices
    double ttft = 0;
    double tpot = 0;
};

Figures figuresOf(const Report& report)
{
    return {report.serving.outputTokensPerSecond, report.serving.ttft, report.serving.tpot};
}

/// `devices`: as many as serve now; a plan that puts idle ones to work is not to be judged by the rate of each.
std::string outcomeOf(const std::string& name, const ServingReport& then, const Figures& now, double devices)
{
    return name + ": " + signedPercent(then.outputTokensPerSecond / now.rate)
           + (then.devices == devices ? " tokens/s per device, TPOT " : " tokens/s in all, TPOT ") + formatSeconds(then.tpot) + ", TTFT "
           + formatSeconds(then.ttft) + ".";
}

/// The plan beside this one that serves most, among those that fit and lengthen neither time by more than 5 %: before
/// anything that costs latency or accuracy.
/// Empty when none gains 5 %. `trial` is used for evaluations.
std::string betterPlan(const Scenario& scenario, const Figures& now, double devices, Report& trial)
{
    constexpr double kAbout = 1.05;
    double most = 1.05;
    std::string sentence;
    Scenario next = scenario;
    for (PlanNeighbour& neighbour : planNeighbours(scenario)) {
        next.plan = std::move(neighbour.plan);
        evaluate(next, trial);
        if (!trial.legal || !trial.memory.fits)
            continue;
        const Figures then = figuresOf(trial);
        // What arrives is given in an open loop: a better plan answers it faster.
        const double gain = scenario.serving.load.kind == LoadKind::OpenLoop ? now.tpot / then.tpot : then.rate / now.rate;
        if (then.ttft <= now.ttft * kAbout && then.tpot <= now.tpot * kAbout && gain > most) {
            most = gain;
            sentence = outcomeOf(neighbour.label, trial.serving, now, devices);
        }
    }
    return sentence;
}

} // namespace

Advice advise(const Scenario& scenario, const Report& report)
{
    Advice advice;
    if (!report.legal)
        return advice;
    const Breakdown& breakdown = report.decode.breakdown;
    for (std::size_t i = 0; i < kCauseCount; ++i)
        if (breakdown.seconds[i] > breakdown[advice.cause])
            advice.cause = static_cast<Cause>(i);
    advice.share = report.decode.time > 0 ? breakdown[advice.cause] / report.decode.time : 0;
    switch (advice.cause) {
    case Cause::Weights: advice.label = "HBM: weights"; break;
    case Cause::Kv: advice.label = "HBM: KV cache"; break;
    case Cause::Compute: advice.label = "Compute"; break;
    case Cause::Bubble: advice.label = "Pipeline bubble"; break;
    case Cause::Overhead: advice.label = "Overhead"; break;
    case Cause::Communication: {
        int level = 0;
        double most = 0;
        for (const OperatorCost& op : report.decode.operators)
            if (op.communicationTime * op.stageLayers > most) {
                most = op.communicationTime * op.stageLayers;
                level = op.networkLevel;
            }
        advice.label =
            scenario.cluster->levels[static_cast<std::size_t>(std::clamp(level, 0, static_cast<int>(scenario.cluster->levels.size()) - 1))]
                .name;
        break;
    }
    }
    if (!report.memory.fits) {
        advice.sentence = mendFit(scenario, report);
        return advice;
    }
    advice.sentence = adviceForTargets(scenario, report).sentence;
    if (!advice.sentence.empty())
        return advice;

    Report trial;
    Figures now = figuresOf(report);
    const LoadKind load = scenario.serving.load.kind;
    if (report.serving.service.simulated) { // trials are analytic: like is compared with like
        evaluate(scenario, trial);
        now = figuresOf(trial);
    }
    const double rate = now.rate;
    const auto outcome = [&](const std::string& name) { return outcomeOf(name, trial.serving, now, report.serving.devices); };
    advice.sentence = betterPlan(scenario, now, report.serving.devices, trial);
    if (!advice.sentence.empty())
        return advice;
    // Weight reads are shared by the whole batch: double it while it fits.
    if (load != LoadKind::OpenLoop
        && (advice.cause == Cause::Weights || advice.cause == Cause::Communication || advice.cause == Cause::Bubble)) {
        Scenario next = scenario;
        const bool closed = load == LoadKind::ClosedLoop;
        if (closed)
            next.serving.load.concurrency = std::min(2 * scenario.serving.load.concurrency, kMaxConcurrency);
        else
            next.workload.batch = std::min(2 * scenario.workload.batch, kMaxBatch);
        evaluate(next, trial);
        if (trial.legal && trial.memory.fits && trial.serving.outputTokensPerSecond > 1.05 * rate) {
            advice.sentence = outcome(closed ? formatCount(next.serving.load.concurrency) + " requests in flight"
                                             : "batch " + formatCount(next.workload.batch));
            return advice;
        }
    }
    if (scenario.formats.kv == NumberFormat::Bf16 && breakdown[Cause::Kv] > 0.2 * report.decode.time) {
        Scenario next = scenario;
        next.formats.kv = NumberFormat::Fp8;
        evaluate(next, trial);
        if (trial.serving.outputTokensPerSecond > 1.03 * rate) {
            advice.sentence = outcome("fp8 KV cache");
            return advice;
        }
    }
    if (scenario.formats.compute == ComputeFormat::Bf16 && scenario.cluster->accelerator.peakOf(ComputeFormat::Fp8) > 0) {
        Scenario next = scenario;
        next.formats.compute = ComputeFormat::Fp8;
        next.formats.weights = bitsOf(scenario.formats.weights) > 8 ? NumberFormat::Fp8 : scenario.formats.weights;
        evaluate(next, trial);
        if (trial.serving.outputTokensPerSecond > 1.03 * rate) {
            advice.sentence = outcome("fp8 weights and math");
            return advice;
        }
    }
    advice.sentence = "a larger output or another plan: no single step of batch or format gains more than 5 %.";
    return advice;
}

} // namespace shardlens
