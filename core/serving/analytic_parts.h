// SPDX-License-Identifier: Apache-2.0
// What the formulas of closed and open loops share: mean lengths and limits of a replica, the cost of a prompt, and distributions as weighted
// points. Internal to core/serving.
#pragma once

#include "core/serving/queueing.h"
#include "core/serving/replicasimulation.h"

#include <vector>

namespace shardlens::analytic {

inline constexpr double kZ90 = 1.2816; ///< quantiles of the normal distribution
inline constexpr double kZ99 = 2.3263;

/// Mean lengths and limits of one replica's load, in the terms of the formulas.
struct Frame {
    double computed = 1; ///< I: prompt tokens that are computed
    double prompt = 1;
    double output = 1;         ///< O
    double steps = 0;          ///< S: decode steps of a request
    double outputVariance = 0; ///< of S
    double budget = 1;         ///< prompt tokens of a step, all ranks
    double admitted = 1;       ///< at most
    double context = 1;
    int ranks = 1;
    bool chunked = true;
};

struct Point {
    double value = 0;
    double weight = 0;
};

double varianceOf(const LengthSpread& spread, const LengthRange& range, int nominal);
Frame frameOf(const ServiceInput& input, const StepTimes& times);
/// Work of `prompts` mean prompts in one step, at most a budget's worth.
PrefillWork workOf(const StepTimes& times, const Frame& f, double prompts);
/// Seconds that one prompt's prefill takes of everybody's time, beside n decoding sequences, when `together` come at once.
double prefillEach(StepTimes& times, const Frame& f, double n, double together);
/// Whole prompts that do not fit into one budget take several steps.
double stepsOfPrompt(const Frame& f);
double prefillCost(StepTimes& times, const Frame& f, double n, double together);
Percentiles percentilesOf(std::vector<Point>& points);
/// Points that stand for all of them: equal shares of the weight, each at its mean.
std::vector<Point> condensed(std::vector<Point> points);
/// Seconds until a prompt of which `computed` tokens are computed is done beside n decoding sequences.
double promptCost(StepTimes& times, const Frame& f, const EngineSettings& engine, double n, double computed, double hit);
/// TTFT out of that with mean prompts, for prompts given by percentiles: each has its own prefill, and waits for what is left of the long
/// ones of others, of which it finds those with a length in proportion to the length (the residual of M/G/1, Pollaczek and Khinchine).
void spreadPrompts(const ServiceInput& input, StepTimes& times, const Frame& f, double n, double rate, std::vector<Point>& points);
Percentiles around(double mean, double deviation);
/// End to end from its parts, whose deviations are independent.
Percentiles endToEnd(const Frame& f, const Percentiles& ttft, const Percentiles& tpot, double outputDeviation);
void fillCommon(const Frame& f, double perReplica, int replicas, ServiceFigures& figures);
/// Steps that decode, per second of a replica: every request is in S of them and each has `batch`.
double decodeStepsOf(const Frame& f, double perReplica, double batch);

} // namespace shardlens::analytic
