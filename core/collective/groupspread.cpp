// SPDX-License-Identifier: Apache-2.0
#include "core/collective/groupspread.h"

#include <algorithm>

namespace shardlens {

namespace {

/// Which unit of a tier a device is in, and which of its domains.
struct Address {
    std::int64_t unit = 0;
    std::int64_t domain = 0;
    int position = 0;
};

enum class Part : std::uint8_t { Whole, Leaves, Spine };

struct TierAddress {
    FabricTier tier;
    Part part = Part::Whole;
    std::int64_t inner = 1; ///< devices in a unit of the level
    std::int64_t units = 1; ///< of the level
    std::int64_t leaf = 1;  ///< units on one leaf switch

    [[nodiscard]] Address of(std::int64_t device) const
    {
        const std::int64_t unit = device / inner;
        const std::int64_t within = unit % units;
        const std::int64_t whole = unit / units;
        const std::int64_t leafDomain = whole * ceilDiv(units, leaf) + within / leaf;
        switch (part) {
        case Part::Whole: break;
        case Part::Leaves: return {unit, leafDomain, static_cast<int>(within % leaf)};
        case Part::Spine: return {leafDomain, whole, static_cast<int>(within / leaf)};
        }
        return {unit, whole, static_cast<int>(within)};
    }
};

std::vector<TierAddress> tiersOf(const Cluster& cluster)
{
    std::vector<TierAddress> tiers;
    std::int64_t inner = 1;
    for (std::size_t index = 0; index < std::min(cluster.levels.size(), kMaxLevels); ++index) {
        const FabricLevel& level = cluster.levels[index];
        const std::int64_t units = level.units();
        const FabricTier tier{&level, static_cast<int>(index), level.bandwidth, static_cast<int>(units), inner};
        if (level.topology == Topology::Switch && level.oversubscription > 1) {
            const std::int64_t leaf = std::clamp<std::int64_t>(level.leafUnits, 1, units);
            tiers.push_back({tier, Part::Leaves, inner, units, leaf});
            tiers.back().tier.units = static_cast<int>(leaf);
            tiers.back().tier.leafUnits = static_cast<int>(leaf);
            tiers.push_back({tier, Part::Spine, inner, units, leaf});
            tiers.back().tier.units = static_cast<int>(ceilDiv(units, leaf));
            tiers.back().tier.leaves = tiers.back().tier.units;
            tiers.back().tier.below = inner * leaf;
            tiers.back().tier.bandwidth = level.bandwidth / level.oversubscription;
        } else {
            tiers.push_back({tier, Part::Whole, inner, units, 1});
        }
        inner *= units;
    }
    return tiers;
}

/// Pieces and meetings of one group: its members come in the order of the devices, so that a unit's follow one another.
void meet(const TierAddress& at, int group, int first, const std::vector<int>& offsets, TierSpread& spread)
{
    Meeting meeting{group, 0, spread.pieces.size(), 0, 0};
    std::int64_t unit = -1;
    int units = 0;
    const auto close = [&] {
        meeting.last = spread.pieces.size();
        if (meeting.units() > 1)
            spread.meetings.push_back(meeting);
        else
            spread.pieces.resize(meeting.first);
    };
    for (std::size_t rank = 0; rank < offsets.size(); ++rank) {
        const Address address = at.of(first + offsets[rank]);
        if (unit >= 0 && address.domain != meeting.domain) {
            close();
            meeting.first = spread.pieces.size();
            meeting.members = 0;
        }
        meeting.domain = address.domain;
        if (address.unit != unit) {
            spread.pieces.push_back({address.position, 0, static_cast<int>(rank)});
            unit = address.unit;
            ++units;
        }
        ++spread.pieces.back().count;
        ++meeting.members;
    }
    close();
    spread.unitsOf.push_back(units);
}

} // namespace

int TierSpread::mostUnits() const
{
    int most = 1;
    for (const Meeting& meeting : meetings)
        most = std::max(most, meeting.units());
    return most;
}

bool GroupSpread::isEven() const
{
    for (const TierSpread& spread : tiers) {
        for (const int units : spread.unitsOf)
            if (units != spread.unitsOf.front())
                return false;
        for (const Meeting& meeting : spread.meetings) {
            if (meeting.units() != spread.meetings.front().units())
                return false;
            for (std::size_t i = meeting.first; i < meeting.last; ++i)
                if (spread.pieces[i].count != spread.pieces.front().count)
                    return false;
        }
    }
    return true;
}

std::int64_t GroupSpread::tracedPairs() const
{
    std::int64_t pairs = 0;
    for (const TierSpread& spread : tiers)
        if (spread.tier.level->topology != Topology::Switch)
            for (const Meeting& meeting : spread.meetings)
                pairs += std::int64_t{meeting.units()} * meeting.units();
    return pairs;
}

GroupSpread spreadGroups(const Cluster& cluster, const DeviceGroup& group, int devices)
{
    GroupSpread result;
    result.size = group.size();
    std::vector<int> offsets(static_cast<std::size_t>(result.size));
    for (std::size_t rank = 0; rank < offsets.size(); ++rank)
        offsets[rank] = group.offsetOf(static_cast<int>(rank));
    std::vector<int> firsts;
    for (int device = 0; device + offsets.back() < devices; ++device)
        if (group.rankOf(device) == 0)
            firsts.push_back(device);
    result.groups = static_cast<int>(firsts.size());
    for (const TierAddress& at : tiersOf(cluster)) {
        TierSpread spread;
        spread.tier = at.tier;
        for (std::size_t g = 0; g < firsts.size(); ++g)
            meet(at, static_cast<int>(g), firsts[g], offsets, spread);
        if (!spread.meetings.empty())
            result.tiers.push_back(std::move(spread));
    }
    return result;
}

} // namespace shardlens
