// SPDX-License-Identifier: Apache-2.0
#include "core/serving/analytic_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens::analytic {

double varianceOf(const LengthSpread& spread, const LengthRange& range, int nominal)
{
    if (spread.kind == LengthSpread::Kind::Fixed)
        return 0;
    if (spread.kind == LengthSpread::Kind::Uniform)
        return std::pow(static_cast<double>(range.most) - range.least, 2) / 12;
    constexpr int kPoints = 32;
    double sum = 0;
    for (int i = 0; i < kPoints; ++i)
        sum += std::pow(lengthAt(spread, nominal, (i + 0.5) / kPoints) - range.mean, 2);
    return sum / kPoints;
}

Frame frameOf(const ServiceInput& input, const StepTimes& times)
{
    Frame f;
    const LengthRange prompts = rangeOf(input.load.inputLengths, input.input);
    const LengthRange outputs = rangeOf(input.load.outputLengths, input.output);
    f.computed = times.meanComputed();
    f.prompt = prompts.mean;
    f.output = outputs.mean;
    f.steps = std::max(0.0, outputs.mean - 1) / times.tokensPerStep();
    f.outputVariance = varianceOf(input.load.outputLengths, outputs, input.output) / std::pow(times.tokensPerStep(), 2);
    f.ranks = times.attentionRanks();
    f.admitted = mostAdmitted(input);
    f.context = times.meanContext();
    f.chunked = input.engine.policy == PrefillPolicy::Chunked;
    f.budget = static_cast<double>(input.engine.tokenBudget);
    if (f.chunked && input.load.kind == LoadKind::ClosedLoop) { // decode goes first
        const double clients = std::min(f.admitted, static_cast<double>(input.load.concurrency) / input.step.plan().data());
        f.budget = std::max(1.0, f.budget - std::ceil(clients / f.ranks) * (1 + input.load.speculation.draftTokens));
    }
    if (!input.engine.cutPrompts) // whole prompts only; one that is longer goes alone
        f.budget = std::max(1.0, std::floor(f.budget / f.computed)) * f.computed;
    // A whole prompt joins decode only where it leaves room for a token of each sequence.
    if (!input.engine.cutPrompts && f.chunked)
        f.admitted = std::clamp(f.admitted, 1.0, std::max(1.0, (input.engine.tokenBudget - f.computed) * f.ranks));
    f.budget *= f.ranks;
    return f;
}

PrefillWork workOf(const StepTimes& times, const Frame& f, double prompts)
{
    PrefillWork work;
    const double tokens = std::min(prompts * f.computed, f.budget);
    const double hit = f.prompt - f.computed;
    work.activeRanks = std::clamp(tokens / f.computed, 1.0, static_cast<double>(f.ranks));
    work.tokens = tokens / work.activeRanks;
    const double share = work.tokens / f.computed;
    // Pairs of a whole prompt, in the share of it that the step computes: over all its steps they add up.
    work.pairs = share * times.pairsOf(f.computed, hit);
    work.prompts = static_cast<int>(std::max(1.0, tokens / f.computed));
    return work;
}

double prefillEach(StepTimes& times, const Frame& f, double n, double together)
{
    const double inStep = std::min(std::max(1.0, together), std::max(f.budget / f.computed, 1e-9));
    return times.prefill(f.chunked ? n : 0, workOf(times, f, inStep)) / std::min(inStep, std::max(together, 1.0));
}

double stepsOfPrompt(const Frame& f)
{
    return std::max(1.0, f.computed * f.ranks / f.budget);
}

double prefillCost(StepTimes& times, const Frame& f, double n, double together)
{
    const double pieces = stepsOfPrompt(f);
    return pieces > 1 ? pieces * times.prefill(f.chunked ? n : 0, workOf(times, f, 1.0 / pieces)) : prefillEach(times, f, n, together);
}

Percentiles percentilesOf(std::vector<Point>& points)
{
    Percentiles p;
    double total = 0;
    for (const Point& point : points) {
        p.mean += point.value * point.weight;
        total += point.weight;
    }
    p.mean /= total;
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
    double below = 0;
    double* const wanted[] = {&p.p50, &p.p90, &p.p99};
    constexpr double kShares[] = {0.5, 0.9, 0.99};
    std::size_t next = 0;
    for (const Point& point : points) {
        below += point.weight;
        while (next < 3 && below >= kShares[next] * total * (1 - 1e-12))
            *wanted[next++] = point.value;
    }
    return p;
}

std::vector<Point> condensed(std::vector<Point> points)
{
    constexpr int kBins = 24;
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
    double total = 0;
    for (const Point& point : points)
        total += point.weight;
    std::vector<Point> bins(kBins);
    double below = 0;
    for (const Point& point : points) {
        const auto bin = std::min<std::size_t>(kBins - 1, static_cast<std::size_t>(below / total * kBins));
        bins[bin].value += point.value * point.weight;
        bins[bin].weight += point.weight;
        below += point.weight;
    }
    for (Point& bin : bins)
        bin.value = bin.weight > 0 ? bin.value / bin.weight : 0;
    return bins;
}

double promptCost(StepTimes& times, const Frame& f, const EngineSettings& engine, double n, double computed, double hit)
{
    const double budget = engine.cutPrompts ? std::max(1.0, f.budget / f.ranks) : computed;
    const double beside = f.chunked ? n : 0;
    double seconds = 0;
    for (double done = 0; done < computed; done += budget) {
        PrefillWork work;
        work.tokens = std::min(budget, computed - done);
        work.pairs = times.pairsOf(work.tokens, hit + done);
        work.prompts = done + budget >= computed ? 1 : 0;
        seconds += times.prefill(beside, work) + (done > 0 && beside >= 1 ? times.decode(beside, f.context) : 0);
    }
    return seconds;
}

void spreadPrompts(const ServiceInput& input, StepTimes& times, const Frame& f, double n, double rate, std::vector<Point>& points)
{
    if (input.load.inputLengths.kind != LengthSpread::Kind::Percentiles)
        return;
    std::vector<Point> costs;
    const auto add = [&](double from, double to, int count) {
        for (int i = 0; i < count; ++i) {
            const int prompt = lengthAt(input.load.inputLengths, input.input, from + (to - from) * (i + 0.5) / count);
            const int hit = std::min(static_cast<int>(std::floor(input.load.prefixHit * prompt)), prompt - 1);
            costs.push_back({promptCost(times, f, input.engine, n, prompt - hit, hit), (to - from) / count});
        }
    };
    add(0, 0.9, 12);
    add(0.9, 0.99, 12);
    add(0.99, 0.999, 8);
    add(0.999, 1, 6);
    const double mean = promptCost(times, f, input.engine, n, f.computed, f.prompt - f.computed);
    double busy = 0;
    for (const Point& cost : costs)
        busy += rate * cost.weight * cost.value;
    const double free = std::max(0.05, 1 - busy);
    std::vector<Point> residuals{{0, 0}};
    double found = 0;
    for (const Point& cost : costs)
        if (cost.value > mean) {
            residuals.push_back({0.5 * cost.value, rate * cost.weight * (cost.value - mean) / free});
            found += residuals.back().weight;
        }
    if (found > 1)
        for (Point& residual : residuals)
            residual.weight /= found;
    residuals.front().weight = std::max(0.0, 1 - found);
    const std::vector<Point> base = condensed(std::move(points));
    points.clear();
    for (const Point& point : base)
        for (const Point& cost : costs)
            for (const Point& residual : residuals)
                points.push_back({std::max(0.5 * cost.value, point.value + cost.value - mean) + residual.value,
                                  point.weight * cost.weight * residual.weight});
}

Percentiles around(double mean, double deviation)
{
    return {mean, mean, mean + kZ90 * deviation, mean + kZ99 * deviation};
}

Percentiles endToEnd(const Frame& f, const Percentiles& ttft, const Percentiles& tpot, double outputDeviation)
{
    const double tokens = std::max(0.0, f.output - 1);
    const auto at = [&](double first, double each, double z) {
        const double a = first - ttft.mean;
        const double b = (each - tpot.mean) * tokens;
        const double c = z * outputDeviation * tpot.mean;
        return ttft.mean + tpot.mean * tokens + std::sqrt(std::max(0.0, a * std::abs(a) + b * std::abs(b) + c * c));
    };
    return {ttft.mean + tpot.mean * tokens, std::max(0.0, ttft.p50 + tpot.p50 * tokens), at(ttft.p90, tpot.p90, kZ90),
            at(ttft.p99, tpot.p99, kZ99)};
}

void fillCommon(const Frame& f, double perReplica, int replicas, ServiceFigures& figures)
{
    figures.requestsPerSecond = perReplica * replicas;
    figures.outputTokensPerSecond = figures.requestsPerSecond * f.output;
    figures.totalTokensPerSecond = figures.requestsPerSecond * (f.output + f.prompt);
    figures.meanKvTokens = figures.meanRunning * (f.context + 0.5 * (ReplicaSimulation::kBlock - 1));
    figures.peakKvTokens = figures.meanKvTokens;
}

double decodeStepsOf(const Frame& f, double perReplica, double batch)
{
    return batch > 0 ? perReplica * f.steps / batch : 0;
}

} // namespace shardlens::analytic
