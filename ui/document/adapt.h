// SPDX-License-Identifier: Apache-2.0
// After a change of model or cluster: the legal plan and formats nearest to what was set.
#pragma once

#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens {

/// Moves as little as possible until the plan is legal: first the arithmetic format, then groups of requests, then the axes that use
/// devices, by the least sum of |log2(after / before)|, preferring more devices and more TP among equals.
/// Returns what moved ("TP 8 -> 4"), in the order of the controls; empty when nothing had to.
[[nodiscard]] std::vector<std::string> makeLegal(Scenario& scenario);

} // namespace shardlens
