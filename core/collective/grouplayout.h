// SPDX-License-Identifier: Apache-2.0
// Where the members of a group sit on each level of the fabric, and which share of which links is theirs while every group of the same
// kind works at once. Groups of one kind partition the devices, so a link that several of them use is divided evenly.
#pragma once

#include "core/collective/inlinelist.h"
#include "core/hardware/cluster.h"
#include "core/sharding/placement.h"

#include <memory>
#include <vector>

namespace shardlens {

struct UnevenGroup;

/// One axis of a ring or torus, one tier of a host tree, or the two tiers of an oversubscribed switch.
struct AxisUse {
    int index = 0;            ///< into FabricLevel::extents
    int size = 1;             ///< members along it
    int share = 1;            ///< groups on the same links; on a ring or line also the hops between neighbours
    bool wrapped = false;     ///< the whole axis is covered and has its wrap-around link
    double linkBandwidth = 0; ///< bytes/s that are this group's, one direction, one link
};

/// The part of a group on one level; an oversubscribed switch becomes two, its leaves and what joins them.
struct LevelUse {
    const FabricLevel* level = nullptr;
    int index = 0;        ///< into Cluster::levels
    int size = 1;         ///< members
    double bandwidth = 0; ///< switch: bytes/s per device
    int leafUnits = 0;    ///< oversubscribed switch, its leaves: units that a leaf joins
    int leaves = 0;       ///< oversubscribed switch, what joins its leaves: their number
    std::array<AxisUse, kMaxAxes> axes{};
    std::size_t axisCount = 0; ///< axes or tiers in use; host tree: all tiers
    double ringBandwidth = 0;  ///< cube mesh: bytes/s per device over all rings, both ways; of the group worst off
    double directSeconds = 0;  ///< cube mesh: seconds per byte that each device has for each of its peers, all pairs at once
    int rings = 0;
};

/// Groups that fill whole units of the fabric all lie alike. Where they do not, `uneven` holds what each of them takes, and the levels
/// describe the group with most members on each, for tables.
struct GroupLayout {
    InlineList<LevelUse, 2 * kMaxLevels> levels; ///< only those with more than one member, innermost first
    std::array<int, kMaxLevels> participants{};
    bool straddles = false;
    std::shared_ptr<const UnevenGroup> uneven;
};

/// @param devices that the plan uses, from the first: groups beyond do not exist; 0: all of the cluster
[[nodiscard]] GroupLayout layoutGroup(const Cluster& cluster, const DeviceGroup& group, int devices = 0);

/// Most rings through all `members` (bits) of a cube mesh that share no link, each link counted once and used both ways. Two members:
/// their links. Exact for the wirings that exist; a search over thousands of rings stops early with what it has.
[[nodiscard]] int packRings(const FabricLevel& level, unsigned members);
/// The same rings, each the units in its order; two members: one ring for each of their links.
[[nodiscard]] std::vector<std::vector<int>> packedRings(const FabricLevel& level, unsigned members);

} // namespace shardlens
