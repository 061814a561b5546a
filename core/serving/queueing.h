// SPDX-License-Identifier: Apache-2.0
// Shared by the analytic answer and the simulation: what limits a server.
#pragma once

#include "core/serving/steptimes.h"

namespace shardlens {

/// True when the longest request of the load has room in the KV cache of an attention-DP rank.
[[nodiscard]] bool longestFits(const ServiceInput& input);
/// Requests of one replica that can be admitted at once: by the engine's limit and by the KV cache at the load's mean lengths.
[[nodiscard]] double mostAdmitted(const ServiceInput& input);
/// Requests/s of all replicas at most: with as many admitted as can be.
[[nodiscard]] double saturationRate(const ServiceInput& input, StepTimes& times);
/// A mean prompt alone on a server, s: whole, or in pieces of the token budget where the engine cuts prompts. Of more than 64 pieces some
/// stand for their neighbours.
[[nodiscard]] double promptTime(const ServiceInput& input);
/// Mean wait in a queue with `servers` servers of deterministic service, s: Erlang's C formula for M/M/c, halved as in M/D/c (Cosmetatos,
/// Operations Research 24, 1976; exact for one server); `variation`: squared coefficient of variation of the service.
[[nodiscard]] double queueWait(double rate, double service, double servers, double variation);

} // namespace shardlens
