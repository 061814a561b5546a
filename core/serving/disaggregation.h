// SPDX-License-Identifier: Apache-2.0
// Prefill and decode in pools of their own: each with its plan, its cluster and its engine, sized so that neither waits for the other.
#pragma once

#include "core/serving/service.h"

namespace shardlens {

/// One pool: workers that are replicas of one plan. `step` is that of one worker (its plan's DP is 1).
struct PoolInput {
    const StepModel& step;
    std::int64_t kvTokens = kUnlimitedTokens; ///< of one worker
    EngineSettings engine;
    int workers = 0; ///< given; 0: as many as the load needs
};

struct DisaggregatedInput {
    PoolInput prefill;
    PoolInput decode;
    int input = 2048;
    int output = 256;
    ServingLoad load;
    double transferBandwidth = 0; ///< bytes/s of all that crosses between one prefill and one decode worker: KvTransfer::bandwidth()
    double transferLatency = 0;   ///< s
    double transferBytes = 0;     ///< of the cache of a mean prompt, copies included: KvTransfer::bytes
};

struct DisaggregatedFigures {
    ServiceStatus status = ServiceStatus::Served;
    ServiceFigures service; ///< of both pools together
    /// DoesNotFit: the first pool that holds no request, and whether its weights and activations alone are too much.
    enum class Lacking : std::uint8_t { None, Prefill, Decode } lacking = Lacking::None;
    bool weightsDoNotFit = false;
    int prefillWorkers = 0;
    int decodeWorkers = 0;
    std::int64_t prefillDevices = 0;
    std::int64_t decodeDevices = 0;
    double prefillRate = 0;   ///< requests/s that one prefill worker can make
    double decodeRate = 0;    ///< requests/s that one decode worker finishes at the load's concurrency or its memory's limit
    double prefillTime = 0;   ///< s for a mean prompt, alone on a worker
    double transferBytes = 0; ///< of a mean prompt, copies included
    double transferTime = 0;  ///< s of it
    double prefillUtilisation = 0;
    double decodeUtilisation = 0; ///< of the rate at which it would be full
    [[nodiscard]] std::int64_t devices() const { return prefillDevices + decodeDevices; }
    friend bool operator==(const DisaggregatedFigures&, const DisaggregatedFigures&) = default;
};

/// Analytic. TTFT = wait for a prefill worker + prefill + transfer of its cache; TPOT is the decode pool's, undisturbed by prompts.
/// A closed loop is in its steady state unless its load has a benchmark's opening burst (ServingLoad::warmup).
/// Workers that are not given: decode workers that hold the load at kPlannedUtilisation of what they can (a closed loop: all clients'
/// caches), and prefill workers that feed them at kPlannedUtilisation: no pool can be smaller, so these are the fewest devices.
[[nodiscard]] DisaggregatedFigures serveDisaggregated(const DisaggregatedInput& input);

/// Most of its rate at which a pool is planned to run: beyond it waits grow without bound.
inline constexpr double kPlannedUtilisation = 0.9;

} // namespace shardlens
