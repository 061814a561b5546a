// SPDX-License-Identifier: Apache-2.0
// What to change so that a service reaches its targets.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <optional>
#include <string>

namespace shardlens {

struct TargetAdvice {
    std::string sentence;             ///< empty when every target is met or the plan does not fit
    std::optional<Scenario> scenario; ///< with the change made; none when no single change comes nearer
    bool meets = false;               ///< every target, with that change
};

/// The single change of batch, plan or pool with which every target is met at the most tokens/s per device: "batch 16: TTFT 786 ms,
/// TPOT 9.1 ms, within the target; −21 % tokens/s per device." Other formats, which change the answers, only where no such change does. Where none meets them, the one that comes nearest and what is then still
/// missed. Each candidate is evaluated like any other scenario; a load that was simulated is held against analytic trials. Only for a legal plan.
[[nodiscard]] TargetAdvice adviceForTargets(const Scenario& scenario, const Report& report);

} // namespace shardlens
