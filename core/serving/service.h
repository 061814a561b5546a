// SPDX-License-Identifier: Apache-2.0
// Service figures of one server: a fast analytic answer and an event simulation of its scheduler, both out of the same step times.
#pragma once

#include "core/cost/memory.h"
#include "core/cost/operators.h"
#include "core/serving/load.h"

#include <atomic>
#include <functional>
#include <limits>

namespace shardlens {

/// No limit by the KV cache.
inline constexpr std::int64_t kUnlimitedTokens = std::numeric_limits<std::int64_t>::max() / 4;

/// One server: `step` has the model, the cluster and the plan. `load` is that of all the plan's replicas together.
struct ServiceInput {
    const StepModel& step;
    int input = 2048; ///< nominal prompt and output tokens; the load's spreads say what requests have
    int output = 256;
    std::int64_t kvTokens = kUnlimitedTokens; ///< cached tokens that fit per replica: kvCapacity()
    ServingLoad load;
    EngineSettings engine;
};

/// Over requests. Of a distribution that is one value all are equal.
struct Percentiles {
    double mean = 0;
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    friend bool operator==(const Percentiles&, const Percentiles&) = default;
};

enum class ServiceStatus : std::uint8_t {
    Served,
    Saturated,    ///< open loop: more arrives than can be served; the queue and TTFT grow without end
    DoesNotFit,   ///< not even one request has room in the KV cache: no figures
    IllegalPools, ///< a pool's plan is not legal on its cluster: no figures
    Cancelled,    ///< the simulation was told to stop: no figures
};
[[nodiscard]] std::string_view keyOf(ServiceStatus status); ///< "served", "saturated", "does_not_fit", "illegal_pools", "cancelled"

struct ServiceFigures {
    ServiceStatus status = ServiceStatus::Served;
    bool simulated = false;
    Percentiles ttft;     ///< s
    Percentiles tpot;     ///< s; per request (end to end - TTFT) / (output - 1); of requests with one token: none
    Percentiles endToEnd; ///< s
    // Of all replicas together
    double requestsPerSecond = 0;
    double outputTokensPerSecond = 0;
    double totalTokensPerSecond = 0; ///< with prompts
    double saturationRate = 0;       ///< requests/s that can be served at most (analytic)
    // Of one replica, means over all of the time
    double meanRunning = 0;    ///< requests admitted
    double meanBatch = 0;      ///< sequences of a decode step
    double meanWaiting = 0;    ///< requests that wait for admission
    double utilisation = 0;    ///< share of the time in which a step runs
    double meanKvTokens = 0;   ///< cached tokens in whole blocks; 0: not known
    double peakKvTokens = 0;   ///< likewise
    double stepsPerSecond = 0; ///< steps that decode
    // Counts of the simulation
    std::int64_t requests = 0;  ///< measured
    std::int64_t discarded = 0; ///< sent before them and left out: ServingLoad::warmup
    std::int64_t preemptions = 0;
    double warmup = 0;   ///< s of simulated time left out of all figures, of a steady closed loop
    double duration = 0; ///< s of simulated time after it
    friend bool operator==(const ServiceFigures&, const ServiceFigures&) = default;
};

/// Control of a simulation from another thread.
struct SimulationControl {
    const std::atomic<bool>* stop = nullptr;      ///< looked at every few hundred steps
    std::function<void(double share)> progress{}; ///< now and then, from the simulating thread, 0..1
};

/// Fast: some ten step times and closed forms. Only for ClosedLoop and OpenLoop.
[[nodiscard]] ServiceFigures serveAnalytic(const ServiceInput& input);
/// Event simulation of the engine's scheduler. Deterministic: the same input gives the same figures. Only for ClosedLoop and OpenLoop.
[[nodiscard]] ServiceFigures serveSimulated(const ServiceInput& input, const SimulationControl& control = {});

/// Cached tokens that fit per replica beside weights, reserve, and the activations of a step of the engine's token budget; of sequences
/// that become `fullContext` tokens long (windows and constant states make long ones cheaper per token). 0: not one fits.
[[nodiscard]] std::int64_t kvCapacity(const MemoryTerms& memory, const Plan& plan, const EngineSettings& engine, int input, int output);

} // namespace shardlens
