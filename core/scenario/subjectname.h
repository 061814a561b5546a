// SPDX-License-Identifier: Apache-2.0
// What can be selected, by name: tpot, ttft, fit, device:3, stage:1, memory:kv, axis:tp, axis:ep, tensor:w_q, expert:12, rank:3, pool:prefill,
// decode/qkv_proj, prefill/compute, prefill/piece:1,3 (stage, microbatch), prefill/range:0.1,0.4 (seconds).
#pragma once

#include "core/base/result.h"
#include "core/scenario/explain.h"

#include <string>
#include <vector>

namespace shardlens {

/// Subject::axis of EP, which is no axis of the mesh but lies across TP, SP and attention DP.
inline constexpr int kExpertAxis = static_cast<int>(kMeshAxisCount);

/// Every name that means something in this report; what is numbered as ranges ("device:0 to device:7").
[[nodiscard]] std::vector<std::string> subjectNames(const Scenario& scenario, const Report& report);
/// The selection of a name; capitals do not matter. An operator of a layer kind that several kinds have: its first. What is not known is
/// refused with what is allowed in its place: of a known kind its members, else the kinds.
[[nodiscard]] Result<Subject> subjectNamed(const std::string& name, const Scenario& scenario, const Report& report);

} // namespace shardlens
