// SPDX-License-Identifier: Apache-2.0
// All maps of a model onto devices that the rules of plans allow.
#pragma once

#include "core/plan/legality.h"

#include <functional>

namespace shardlens {

enum class DeviceUse : std::uint8_t {
    All,    ///< plans that use exactly that many devices
    AtMost, ///< and those that leave some idle
};

/// Prefill microbatches of whole prompts that a plan cannot do with less of: one, or PP where stages are interleaved.
[[nodiscard]] int fewestMicrobatches(const Plan& plan);

/// Calls visit(plan) for each plan with these options, fewestMicrobatches() and one chunk that isLegal() accepts for this context, on all
/// of `devices` devices or on at most as many. Ascending by TP, then by SP, attention DP, EP, PP and DP.
void forEachPlan(const PlanContext& context, int devices, DeviceUse use, const PlanOptions& options,
                 const std::function<void(const Plan&)>& visit);

} // namespace shardlens
