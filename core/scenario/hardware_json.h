// SPDX-License-Identifier: Apache-2.0
// Accelerators and clusters as JSON, the same in the catalog's files and inside scenario files. Base units; peaks are dense.
#pragma once

#include "core/hardware/cluster.h"
#include "core/scenario/json_reader.h"

#include <nlohmann/json_fwd.hpp>

#include <span>

namespace shardlens {

/// Reads an accelerator; what is wrong is recorded in the object's reader, and the value is then meaningless.
[[nodiscard]] Accelerator readAccelerator(JsonObject object);
/// Reads a cluster whose "accelerator" is an id out of `accelerators` or an object of its own.
[[nodiscard]] Cluster readCluster(JsonObject object, std::span<const Accelerator> accelerators);

[[nodiscard]] nlohmann::ordered_json acceleratorJson(const Accelerator& accelerator);
/// The cluster uncut and with its accelerator in full, so that it stands alone.
[[nodiscard]] nlohmann::ordered_json clusterJson(const Cluster& cluster);

/// A double as JSON: without a fraction when it is a whole number that a double holds exactly.
[[nodiscard]] nlohmann::ordered_json numberJson(double value);

} // namespace shardlens
