// SPDX-License-Identifier: Apache-2.0
#include "core/collective/collective.h"

#include <algorithm>
#include <cstdlib>

namespace shardlens {

namespace {

/// Hops and bytes/s of a route between two units of one level.
struct Route {
    double hops = 1;
    double bandwidth = 0;
};

Route alongAxes(const FabricLevel& level, std::int64_t a, std::int64_t b)
{
    Route route{0, 0};
    for (std::size_t axis = 0; axis < level.extents.size(); ++axis) {
        const std::int64_t extent = level.extents[axis];
        std::int64_t distance = std::abs(a % extent - b % extent);
        if (axis < level.wrap.size() && level.wrap[axis])
            distance = std::min(distance, extent - distance);
        if (distance > 0) {
            const double link = level.linkBandwidth(axis);
            route.bandwidth = route.hops > 0 ? std::min(route.bandwidth, link) : link;
        }
        route.hops += static_cast<double>(distance);
        a /= extent;
        b /= extent;
    }
    return route;
}

/// Up to the tier that joins the two: each link passed is shared by every device below it.
Route throughTree(const FabricLevel& level, std::int64_t a, std::int64_t b)
{
    Route route{1, level.linkBandwidth(0)};
    std::int64_t below = 1;
    for (std::size_t tier = 0; tier < level.extents.size() && a / below != b / below; ++tier) {
        route.bandwidth = std::min(route.bandwidth, level.linkBandwidth(tier) / static_cast<double>(below));
        below *= level.extents[tier];
    }
    return route;
}

Route routeOn(const FabricLevel& level, std::int64_t a, std::int64_t b)
{
    switch (level.topology) {
    case Topology::Switch: {
        const std::int64_t leaf = std::max(1, level.leafUnits);
        return {1, a / leaf == b / leaf ? level.bandwidth : level.bandwidth / std::max(1.0, level.oversubscription)};
    }
    case Topology::FullMesh: return {1, level.linkBandwidth()};
    case Topology::CubeMesh: {
        const int links = level.linksBetween(static_cast<int>(a), static_cast<int>(b));
        return {1, links > 0 ? links * level.linkBandwidth() : level.hostBandwidth};
    }
    case Topology::PcieTree: return throughTree(level, a, b);
    case Topology::Ring:
    case Topology::Torus: return alongAxes(level, a, b);
    }
    return {1, level.bandwidth};
}

} // namespace

CollectiveLine sendLine(const Cluster& cluster, int from, int to)
{
    if (from == to)
        return {};
    std::int64_t inner = 1;
    for (std::size_t index = 0; index < cluster.levels.size(); ++index) {
        const FabricLevel& level = cluster.levels[index];
        const std::int64_t units = level.units();
        const std::int64_t domain = inner * units;
        if (from / domain != to / domain && index + 1 < cluster.levels.size()) {
            inner = domain;
            continue;
        }
        const Route route = routeOn(level, from / inner % units, to / inner % units);
        return {route.hops * level.latency, 1 / route.bandwidth, 1, CollectiveAlgorithm::PointToPoint, static_cast<std::int16_t>(index)};
    }
    return {};
}

CollectiveCost sendCost(const Cluster& cluster, int from, int to, double bytes)
{
    if (from == to || bytes <= 0)
        return {};
    return costOf(sendLine(cluster, from, to), bytes);
}

} // namespace shardlens
