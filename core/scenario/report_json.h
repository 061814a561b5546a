// SPDX-License-Identifier: Apache-2.0
// A report as the JSON object that `shardlens evaluate --json` prints; the schema is a contract (resources/schema/report.json).
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <string>

namespace shardlens {

inline constexpr std::string_view kReportSchema = "shardlens.report/1";

[[nodiscard]] std::string printReportJson(const Scenario& scenario, const Report& report);
/// The readable summary of `shardlens evaluate`.
[[nodiscard]] std::string printReportText(const Scenario& scenario, const Report& report);
/// What `shardlens evaluate --details` adds: links of each axis, layers of each stage, critical paths, every operator with its sharding and the algorithms considered. Empty
/// for a plan that is not legal.
[[nodiscard]] std::string printReportDetails(const Scenario& scenario, const Report& report);

} // namespace shardlens
