// SPDX-License-Identifier: Apache-2.0
// The same kind of cluster with another number of devices.
#pragma once

#include "core/base/result.h"
#include "core/hardware/cluster.h"

#include <cstdint>
#include <optional>

namespace shardlens {

/// Largest device count that any cluster may be given.
inline constexpr int kMaxDevices = 65536;

/// The cluster cut or grown to `devices`: fewer than one inner domain cuts that domain (a switch or full mesh to any size, the mesh's links
/// staying what they are; a ring or torus to the most compact sub-box whose sides divide the whole ones, without wrap on the axes it cuts;
/// a hybrid cube mesh to its first units, as many as divide the whole; a host tree one switch after the other), more multiplies the
/// outermost level that scales out.
/// The path does not matter: resized(resized(c, a), b) == resized(c, b). Error names the nearest counts that work.
[[nodiscard]] Result<Cluster> resized(const Cluster& cluster, int devices);

/// The smallest count of at least `devices` that resized() accepts; none where the cluster ends below it.
[[nodiscard]] std::optional<int> leastCount(const Cluster& cluster, std::int64_t devices);

/// The cluster with every cut level whole again; the level that scales out keeps its extent.
[[nodiscard]] Cluster uncut(const Cluster& cluster);

/// Counts offered by a control, ascending: powers of two and whole domains up to `most`, each accepted by resized().
[[nodiscard]] std::vector<int> deviceChoices(const Cluster& cluster, int most = kMaxDevices);

} // namespace shardlens
