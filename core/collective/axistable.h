// SPDX-License-Identifier: Apache-2.0
// Which links each axis of a plan uses: for the report, the inspector and the command line.
#pragma once

#include "core/hardware/cluster.h"
#include "core/sharding/placement.h"

#include <string_view>
#include <vector>

namespace shardlens {

/// One level of the fabric - on a torus, one of its axes; of an oversubscribed switch, its leaves or what joins them - as one group uses it.
struct AxisLink {
    int level = 0;            ///< index into Cluster::levels
    int torusAxis = -1;       ///< of a ring or torus
    int leafUnits = 0;        ///< oversubscribed switch, between units of one leaf: how many units a leaf joins
    int leaves = 0;           ///< oversubscribed switch, between leaves: how many there are
    int participants = 1;     ///< members of a group that meet here
    int links = 1;            ///< in use at each device
    double linkBandwidth = 0; ///< bytes/s of one of them, one direction: the group's share while all groups of its kind work at once
    double bandwidth = 0;     ///< bytes/s that a device sends over those links together, one direction
    double latency = 0;       ///< seconds of one step, from one member to its neighbour
    friend bool operator==(const AxisLink&, const AxisLink&) = default;
};

struct AxisRow {
    std::string_view name; ///< "TP", "SP", "attention DP", "PP", "DP", "expert TP", "EP"
    DeviceGroup group;
    bool straddles = false;      ///< some groups cross a boundary of the fabric although they would fit inside it
    std::vector<AxisLink> links; ///< innermost first; empty for a size of one
    [[nodiscard]] int size() const { return group.size(); }
};

/// One row for each of the plan's five axes in the placement's order, innermost first, then expert TP and EP.
[[nodiscard]] std::vector<AxisRow> axisTable(const Cluster& cluster, const Placement& placement);
/// The row of one group. Where groups do not lie alike: of the one with most members on each level, a torus' links as whole.
/// @param devices that the plan uses; 0: all of the cluster
[[nodiscard]] AxisRow axisRow(const Cluster& cluster, const DeviceGroup& group, std::string_view name, int devices = 0);

} // namespace shardlens
