// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/targetadvice.h"

#include "core/base/format.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/planneighbours.h"
#include "core/scenario/serve.h"
#include "core/scenario/targets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace shardlens {

namespace {

struct Candidate {
    std::string label;
    Scenario scenario;
    bool lossy = false; ///< other number formats: the answers change
};

/// The figure that misses its target most, over that target; 1 or less when all are met.
double worstOf(const Scenario& scenario, const Report& report)
{
    double worst = 0;
    for (const TargetCheck& check : checkTargets(scenario, report))
        worst = std::max(worst, check.value / check.target);
    return worst;
}

/// Fewer requests at once shorten every step.
void addSmallerLoads(const Scenario& scenario, std::vector<Candidate>& out)
{
    const LoadKind load = scenario.serving.load.kind;
    if (load == LoadKind::OpenLoop)
        return; // what arrives is given
    const bool closed = load == LoadKind::ClosedLoop;
    for (int count = (closed ? scenario.serving.load.concurrency : scenario.workload.batch) / 2; count >= 1; count /= 2) {
        Candidate& next = out.emplace_back(Candidate{{}, scenario});
        if (closed) {
            next.scenario.serving.load.concurrency = count;
            next.label = formatCount(count) + (count == 1 ? " request in flight" : " requests in flight");
            continue;
        }
        next.scenario.workload.batch = count;
        next.scenario.plan = planAtBatch(scenario.plan, count);
        next.label = "batch " + formatCount(count);
    }
}

/// What is no longer the model's own arithmetic.
void addFormats(const Scenario& scenario, std::vector<Candidate>& out)
{
    if (scenario.formats.compute == ComputeFormat::Bf16 && scenario.cluster->accelerator.peakOf(ComputeFormat::Fp8) > 0) {
        Candidate& next = out.emplace_back(Candidate{"fp8 weights and math", scenario, true});
        next.scenario.formats.compute = ComputeFormat::Fp8;
        if (bitsOf(scenario.formats.weights) > 8)
            next.scenario.formats.weights = NumberFormat::Fp8;
    }
    if (bitsOf(scenario.formats.kv) > 8) {
        Candidate& next = out.emplace_back(Candidate{"fp8 KV cache", scenario, true});
        next.scenario.formats.kv = NumberFormat::Fp8;
    }
}

/// One worker more in a pool. Only with figures of pools.
void addWorkers(const Scenario& scenario, const DisaggregatedFigures& now, std::vector<Candidate>& out)
{
    Candidate prefill{formatCount(now.prefillWorkers + 1) + " prefill workers", scenario};
    prefill.scenario.serving.pools->prefill.workers = now.prefillWorkers + 1;
    prefill.scenario.serving.pools->decode.workers = now.decodeWorkers;
    Candidate decode{formatCount(now.decodeWorkers + 1) + " decode workers", scenario};
    decode.scenario.serving.pools->prefill.workers = now.prefillWorkers;
    decode.scenario.serving.pools->decode.workers = now.decodeWorkers + 1;
    out.push_back(std::move(prefill));
    out.push_back(std::move(decode));
}

std::string figures(const Report& report)
{
    return "TTFT " + formatSeconds(report.serving.ttft) + ", TPOT " + formatSeconds(report.serving.tpot);
}

} // namespace

TargetAdvice adviceForTargets(const Scenario& scenario, const Report& report)
{
    if (!report.memory.fits || worstOf(scenario, report) <= 1)
        return {};
    Report trial;
    double rate = report.serving.outputTokensPerSecondPerDevice;
    double least = worstOf(scenario, report);
    if (report.serving.service.simulated) { // trials are analytic: like is compared with like
        evaluate(scenario, trial);
        rate = trial.serving.outputTokensPerSecondPerDevice;
        least = worstOf(scenario, trial);
    }
    std::vector<Candidate> candidates;
    candidates.reserve(40);
    addSmallerLoads(scenario, candidates);
    if (servedByPools(scenario) && report.serving.pools)
        addWorkers(scenario, *report.serving.pools, candidates);
    for (PlanNeighbour& neighbour : planNeighbours(scenario))
        candidates.emplace_back(Candidate{std::move(neighbour.label), scenario}).scenario.plan = std::move(neighbour.plan);
    addFormats(scenario, candidates); // last: only where nothing else meets the targets

    const std::string target = scenario.targets.ttft && scenario.targets.tpot ? "both targets" : "the target";
    TargetAdvice advice;
    double mostRate = 0;
    least *= 0.95; // what gains less is no advice
    for (const Candidate& candidate : candidates) {
        if (candidate.lossy && advice.meets)
            break;
        evaluate(candidate.scenario, trial);
        const double worst =
            trial.legal && trial.memory.fits ? worstOf(candidate.scenario, trial) : std::numeric_limits<double>::infinity();
        const double reached = trial.serving.outputTokensPerSecondPerDevice;
        if (worst <= 1 && reached > mostRate) {
            mostRate = reached;
            const double change = rate > 0 ? std::round((reached / rate - 1) * 100) : 0;
            const std::string percent = change == 0 ? "as many" : (change > 0 ? "+" : "\u2212") + formatNumber(std::abs(change)) + " %";
            advice.sentence = candidate.label + ": " + figures(trial) + ", within " + target + "; " + percent + " tokens/s per device.";
            advice.scenario = candidate.scenario;
            advice.meets = true;
        } else if (worst < least && !advice.meets) {
            least = worst;
            advice.sentence =
                candidate.label + ": " + figures(trial) + ", nearer to " + target + " but still " + formatPercent(worst - 1, 2) + " over.";
            advice.scenario = candidate.scenario;
        }
    }
    if (!advice.scenario)
        advice.sentence = "a larger change: no single step of batch, format or plan comes nearer to " + target + '.';
    return advice;
}

} // namespace shardlens
