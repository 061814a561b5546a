// SPDX-License-Identifier: Apache-2.0
// From a scenario's step times to service figures: its load, engine and pools handed to core/serving, with price, energy and use of the
// hardware around the answer.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <functional>
#include <string>
#include <string_view>

namespace shardlens {

/// Fills report.serving; everything else of a legal plan's report is there. `step` is the scenario's.
void serve(const Scenario& scenario, const StepModel& step, Report& report);

/// The same load on the simulated scheduler: for another thread, since it takes milliseconds to seconds. Only for a legal plan without
/// pools, in a closed or open loop.
[[nodiscard]] ServiceFigures simulate(const Scenario& scenario, const SimulationControl& control = {});
/// Of which requests the figures of a load are: "steady state: 240 requests measured, the 31 sent before them (1.2 s) left out".
[[nodiscard]] std::string measuredText(const Scenario& scenario, const ServiceFigures& figures);
/// Puts simulated figures in place of the analytic ones, with what follows from them.
void adopt(const Scenario& scenario, const ServiceFigures& figures, Report& report);

/// What a request would take if it met no other's prompt, by the step times that the load is served with: the rest of TTFT and TPOT is what
/// requests do to each other.
struct Undisturbed {
    double prompt = 0;    ///< s: a mean prompt alone on a replica, in pieces of the engine's token budget
    double token = 0;     ///< s: a step of `sequences` without prompts, over its tokens for each sequence
    double sequences = 0; ///< ServiceFigures::meanBatch, one or more
};
/// Only for a legal plan under a load that is served, without pools.
[[nodiscard]] Undisturbed undisturbedOf(const Scenario& scenario, const Report& report);

/// Cached tokens that fit per replica while the scenario's engine runs.
[[nodiscard]] std::int64_t kvCapacity(const Scenario& scenario);
/// USD per hour of one device of `cluster` as the scenario prices it; 0: not known.
[[nodiscard]] double pricePerDeviceHour(const Scenario& scenario, const Cluster& cluster);
/// Whose price that is, and of when; empty when there is none.
[[nodiscard]] std::string priceSource(const Scenario& scenario);
/// Whether prefill and decode run in pools of their own: pools are set and a load is served.
[[nodiscard]] bool servedByPools(const Scenario& scenario);
/// Which pool's worker the scenario's plan is, where pools serve: "decode worker", "prefill worker", or "plan" when it is neither's.
[[nodiscard]] std::string_view shownWorker(const Scenario& scenario);
/// The cluster of a pool.
[[nodiscard]] const Cluster& clusterOf(const Scenario& scenario, const PoolSettings& pool);
/// What is wrong with the pools' plans or clusters, one sentence each; empty when nothing is.
[[nodiscard]] std::vector<std::string> poolProblems(const Scenario& scenario);

} // namespace shardlens
