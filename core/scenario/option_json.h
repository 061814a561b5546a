// SPDX-License-Identifier: Apache-2.0
// A plan's options, formats and routing as JSON, the same in scenario files and in reports. What is as usual is not written, and what is
// absent is as usual, so files made before an option existed read as they did.
#pragma once

#include "core/plan/optionnames.h"
#include "core/scenario/json_reader.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace shardlens {

[[nodiscard]] PlanOptions readPlanOptions(JsonObject object);
[[nodiscard]] Plan readPlan(JsonObject object);
/// `notices` gets a sentence where a name of an earlier version is read as another.
[[nodiscard]] Formats readFormats(JsonObject object, std::vector<std::string>& notices);
[[nodiscard]] Workload readWorkload(JsonObject object);

/// Only what differs from the default; an empty object when nothing does.
[[nodiscard]] nlohmann::ordered_json planOptionsJson(const PlanOptions& options);
/// The plan as a scenario file holds it: every axis, and the options that differ.
[[nodiscard]] nlohmann::ordered_json planJson(const Plan& plan);
[[nodiscard]] nlohmann::ordered_json formatsJson(const Formats& formats);
[[nodiscard]] nlohmann::ordered_json workloadJson(const Workload& workload);

} // namespace shardlens
