// SPDX-License-Identifier: Apache-2.0
// How a scenario is served and what comes of it as JSON. In scenario files only what differs from the defaults is written, of the engine
// what differs from that engine's own.
#pragma once

#include "core/scenario/json_reader.h"
#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>

namespace shardlens {

/// `cluster` reads a cluster's id or description.
[[nodiscard]] ServingSettings readServing(JsonObject object, const Model& model,
                                          const std::function<std::shared_ptr<const Cluster>(JsonValue)>& cluster);
/// Empty when nothing differs.
[[nodiscard]] nlohmann::ordered_json servingJson(const ServingSettings& serving,
                                                 const std::function<nlohmann::ordered_json(const Cluster&)>& cluster);
/// `serving` of a report. Times that grow without end are null.
[[nodiscard]] nlohmann::ordered_json servingReportJson(const Scenario& scenario, const ServingReport& serving);

} // namespace shardlens
