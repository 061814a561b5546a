// SPDX-License-Identifier: Apache-2.0
// How the members of every group of one kind really lie on the fabric, where they do not fill whole units: six devices on nodes of eight
// lie 6, 2 + 4, 4 + 2, 6.
#pragma once

#include "core/hardware/cluster.h"
#include "core/sharding/placement.h"

#include <cstdint>
#include <vector>

namespace shardlens {

/// One level of the fabric; an oversubscribed switch has two tiers, its leaves and what joins them.
struct FabricTier {
    const FabricLevel* level = nullptr;
    int index = 0;          ///< into Cluster::levels
    double bandwidth = 0;   ///< switch: bytes/s per device
    int units = 1;          ///< that it joins
    std::int64_t below = 1; ///< devices in one of them
    int leafUnits = 0;      ///< the leaves of an oversubscribed switch: units of one
    int leaves = 0;         ///< what joins them: their number
};

/// Members of one group in one unit.
struct Piece {
    int position = 0; ///< of the unit, among those the tier joins
    int count = 0;
    int firstRank = 0; ///< members follow one another by rank
};

/// Where units that hold members of one group meet: more than one of them.
struct Meeting {
    int group = 0;
    std::int64_t domain = 0; ///< which instance of the tier
    std::size_t first = 0;   ///< pieces [first, last)
    std::size_t last = 0;
    int members = 0;
    [[nodiscard]] int units() const { return static_cast<int>(last - first); }
};

struct TierSpread {
    FabricTier tier;
    std::vector<Piece> pieces;
    std::vector<Meeting> meetings; ///< by group, then domain
    std::vector<int> unitsOf;      ///< by group: units of this tier that hold its members
    [[nodiscard]] int mostUnits() const;
};

struct GroupSpread {
    int size = 1;                  ///< members of a group
    int groups = 0;                ///< those that lie wholly on the devices
    std::vector<TierSpread> tiers; ///< only where some group has a meeting, innermost first
    /// True when each tier's meetings have equally many units and members everywhere.
    [[nodiscard]] bool isEven() const;
    /// Pairs of units that meet where links are shared: what tracing their routes costs.
    [[nodiscard]] std::int64_t tracedPairs() const;
};

/// @param devices that the plan uses, from the first; groups that would reach beyond do not exist
[[nodiscard]] GroupSpread spreadGroups(const Cluster& cluster, const DeviceGroup& group, int devices);

} // namespace shardlens
