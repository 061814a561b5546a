// SPDX-License-Identifier: Apache-2.0
// A collective's time as a sum over the levels of the fabric: steps x latency + bytes / bandwidth on each.
// The latency of every line of collective.h is a sum of whole multiples of the levels' latencies, and its seconds per byte are sums of
// multiples of 1 / bandwidth, or the greatest of such sums (the slowest axis, the slowest group). Both are homogeneous of degree one, so by
// Euler's theorem a line is the sum over the levels of parameter x derivative. The derivatives are differences along a path on which one
// level after another becomes slower by the same small factor: the differences add up to the line whatever a maximum does on the way, and
// nothing here has to repeat what an algorithm does.
#pragma once

#include "core/collective/axistable.h"
#include "core/collective/collective.h"

#include <functional>
#include <vector>

namespace shardlens {

struct LevelTerm {
    int level = 0;              ///< index into Cluster::levels
    bool betweenLeaves = false; ///< of an oversubscribed switch; its steps count with those inside the leaves
    double steps = 0;
    double latency = 0;   ///< seconds of a step
    double bytes = 0;     ///< what the level takes as long as: what a device sends over it, where that fills its links evenly
    double bandwidth = 0; ///< bytes/s of a device over the links that the group uses on the level
    [[nodiscard]] double latencyTime() const { return steps * latency; }
    [[nodiscard]] double transferTime() const { return bandwidth > 0 ? bytes / bandwidth : 0; }
    [[nodiscard]] double time() const { return latencyTime() + transferTime(); }
};

/// Every line of a collective on a cluster that differs by the speed of its links alone.
using LinesOn = std::function<std::vector<CollectiveLine>(const Cluster&)>;

/// The terms of one line, innermost level first, levels that it does not use left out; they add up to its latency and its transfer of
/// `payload`. `links`: of the group, axisRow(). Empty where the line is none of `linesOn(cluster)`.
[[nodiscard]] std::vector<LevelTerm> levelTerms(const Cluster& cluster, const std::vector<AxisLink>& links, const LinesOn& linesOn,
                                                const CollectiveLine& line, double payload);
/// Of a collective in a group.
[[nodiscard]] std::vector<LevelTerm> levelTerms(const Cluster& cluster, const DeviceGroup& group, int devices, Collective kind,
                                                const CollectiveCost& cost, double payload);
/// The one term of a hand-over.
[[nodiscard]] std::vector<LevelTerm> sendTerms(const Cluster& cluster, const CollectiveCost& cost, double payload);

} // namespace shardlens
