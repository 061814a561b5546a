// SPDX-License-Identifier: Apache-2.0
// From one system to prefill and decode pools and back: what is compared with what, and what lies between the pools.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"
#include "core/serving/kvtransfer.h"

#include <optional>

namespace shardlens {

/// The scenario served by pools: each worker is one replica of its plan, on its cluster, as many as the load needs (workers 0: rate matched by
/// serveDisaggregated). Pools have no static batch: its requests become as many clients. Pools that are there already stay.
[[nodiscard]] Scenario splitIntoPools(const Scenario& scenario);
/// The scenario without pools: its own plan serves the same load, with as many replicas as the `devices` of the pools give whole ones of.
/// Nothing when not one replica fits, or the cluster cannot have that many devices.
[[nodiscard]] std::optional<Scenario> joinedPools(const Scenario& scenario, std::int64_t devices);

/// What carries the cache of a mean prompt between a prefill and a decode worker. Only for legal pools.
[[nodiscard]] KvTransfer poolTransfer(const Scenario& scenario);
/// Bytes that the fullest device of the prefill (0) or decode (1) pool lacks for weights, a step of the engine and the longest request; 0 or
/// less: it has room. Only for legal pools.
[[nodiscard]] Bytes poolShortage(const Scenario& scenario, int pool);

} // namespace shardlens
