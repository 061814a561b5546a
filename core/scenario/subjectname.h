// SPDX-License-Identifier: Apache-2.0
// What can be selected, by name: tpot, ttft, fit, device:3, stage:1, memory:kv, decode/qkv_proj, prefill/compute.
#pragma once

#include "core/base/result.h"
#include "core/scenario/explain.h"

#include <string>
#include <vector>

namespace shardlens {

/// Every name that means something in this report; devices and stages as ranges ("device:0 to device:7").
[[nodiscard]] std::vector<std::string> subjectNames(const Scenario& scenario, const Report& report);
/// The selection of a name. An operator of a layer kind that several kinds have: its first.
[[nodiscard]] Result<Subject> subjectNamed(const std::string& name, const Scenario& scenario, const Report& report);

} // namespace shardlens
