// SPDX-License-Identifier: Apache-2.0
#include "core/collective/grouplayout.h"

#include "core/collective/unevengroup.h"

#include <algorithm>
#include <numeric>

namespace shardlens {

namespace {

/// A dimension of a group inside one level, in units of the level.
struct Part {
    std::int64_t stride = 1;
    std::int64_t size = 1;
};

/// Dimensions of the group that fall into each level.
struct Parts {
    InlineList<Part, kMeshAxisCount> of;
    std::int64_t size = 1;

    void add(Part part)
    {
        of.add(part);
        size *= part.size;
    }
};

/// Units of all levels further out than `index`, multiplied.
std::int64_t unitsOutside(const Cluster& cluster, std::size_t index)
{
    std::int64_t product = 1;
    for (std::size_t i = index + 1; i < cluster.levels.size(); ++i)
        product *= cluster.levels[i].units();
    return product;
}

/// Walks the levels outwards. At each, the dimension takes as many units as it still needs; a count that does not divide evenly means
/// that some group of this kind crosses the boundary, and the busiest such group sets the time.
void spread(const Cluster& cluster, const GroupAxis& axis, std::array<Parts, kMaxLevels>& parts, bool& straddles)
{
    std::int64_t inner = 1; // devices in one unit of this level
    std::int64_t remaining = axis.size;
    std::int64_t stride = axis.stride;
    for (std::size_t index = 0; index < std::min(cluster.levels.size(), kMaxLevels) && remaining > 1; ++index) {
        const std::int64_t units = cluster.levels[index].units();
        const std::int64_t unitStride = std::max<std::int64_t>(1, stride / inner);
        const std::int64_t slots = units / unitStride;
        if (stride < inner * units && (stride % std::min(stride, inner) != 0 || units % unitStride != 0))
            straddles = true; // a stride that fits no whole number of times
        std::int64_t here = 1;
        if (slots > 1) {
            here = remaining <= slots && slots % remaining == 0 ? remaining : std::gcd(remaining, slots);
            if (unitsOutside(cluster, index) == 1)
                here = remaining; // nowhere further out: all that is left is here (at most the level's units in a legal plan)
            else if (here < std::min(remaining, slots))
                straddles = true;
        }
        if (here > 1)
            parts[index].add({unitStride, here});
        remaining = ceilDiv(remaining, here);
        stride = std::max(stride, inner * units);
        inner *= units;
    }
}

/// Row-major along the extents: an axis is used from the stride's position on, whole before the next begins. Returns true when all groups
/// lie alike: each dimension fills whole axes, or divides one. `outermost`: no units beyond these, so that no group can cross their end.
bool layAxes(const Parts& parts, std::span<const int> extents, bool outermost, std::array<AxisUse, kMaxAxes>& axes)
{
    bool regular = true;
    std::array<std::int64_t, kMaxAxes> covered{}; // from the first to beyond the last member, stride included
    for (std::size_t p = 0; p < parts.of.size(); ++p) {
        std::int64_t skip = parts.of[p].stride;
        std::int64_t left = parts.of[p].size;
        for (std::size_t a = 0; a < extents.size() && left > 1; ++a) {
            const std::int64_t extent = extents[a];
            if (skip >= extent) {
                regular = regular && skip % extent == 0;
                skip /= extent;
                continue;
            }
            const std::int64_t slots = extent / skip;
            const std::int64_t used = std::min(left, slots);
            const bool ends = outermost
                              && std::all_of(extents.begin() + static_cast<std::ptrdiff_t>(a) + 1, extents.end(),
                                             [](int further) { return further == 1; });
            regular = regular && extent % skip == 0 && left % used == 0 && (slots % used == 0 || ends);
            axes[a].size *= static_cast<int>(used);
            covered[a] = std::max(covered[a], skip * used);
            left = ceilDiv(left, used);
            skip = 1;
        }
        regular = regular && left <= 1;
    }
    for (std::size_t a = 0; a < extents.size(); ++a) {
        axes[a].share = static_cast<int>(std::max<std::int64_t>(1, covered[a] / axes[a].size));
        axes[a].wrapped = covered[a] == extents[a]; // whether there is a link is the caller's to know
    }
    return regular;
}

bool useTorus(const FabricLevel& level, const Parts& parts, bool outermost, LevelUse& use)
{
    std::array<AxisUse, kMaxAxes> axes{};
    const std::size_t count = std::min(level.extents.size(), kMaxAxes);
    const bool regular = layAxes(parts, {level.extents.data(), count}, outermost, axes);
    for (std::size_t a = 0; a < count; ++a) {
        if (axes[a].size < 2)
            continue;
        AxisUse axis = axes[a];
        axis.index = static_cast<int>(a);
        axis.wrapped = axis.wrapped && a < level.wrap.size() && level.wrap[a];
        axis.linkBandwidth = level.linkBandwidth(a) / axis.share;
        use.axes[use.axisCount++] = axis;
    }
    return regular;
}

/// Tier by tier: the link of a unit of tier i is shared by all groups that have members below it.
bool useTree(const FabricLevel& level, const Parts& parts, bool outermost, LevelUse& use)
{
    const std::size_t count = std::min(level.extents.size(), kMaxAxes);
    const bool regular = layAxes(parts, {level.extents.data(), count}, outermost, use.axes);
    use.axisCount = count;
    std::int64_t units = 1;
    std::int64_t members = 1;
    for (std::size_t a = 0; a < count; ++a) {
        AxisUse& tier = use.axes[a];
        tier.wrapped = false;
        tier.share = static_cast<int>(std::max<std::int64_t>(1, units / members));
        tier.linkBandwidth = level.linkBandwidth(a) / tier.share;
        units *= level.extents[a];
        members *= tier.size;
    }
    return regular;
}

/// The rings and pairs of the group that the wiring treats worst.
bool useCubeMesh(const FabricLevel& level, const Parts& parts, LevelUse& use)
{
    const int units = std::min(level.units(), kMaxCubeMesh);
    const double link = level.linkBandwidth();
    const double host = level.hostBandwidth > 0 ? level.hostBandwidth : link;
    const auto isFirst = [&parts](int unit) {
        for (std::size_t p = 0; p < parts.of.size(); ++p)
            if (unit / parts.of[p].stride % parts.of[p].size != 0)
                return false;
        return true;
    };
    bool first = true;
    for (int base = 0; base < units; ++base) {
        if (!isFirst(base))
            continue;
        unsigned members = 0;
        for (std::int64_t rank = 0; rank < parts.size; ++rank) {
            std::int64_t unit = base;
            std::int64_t rest = rank;
            for (std::size_t p = 0; p < parts.of.size(); ++p) {
                unit += rest % parts.of[p].size * parts.of[p].stride;
                rest /= parts.of[p].size;
            }
            if (unit < units)
                members |= 1U << static_cast<unsigned>(unit);
        }
        const int rings = packRings(level, members);
        const double ring = rings == 0 ? host : (use.size == 2 ? 1.0 : 2.0) * rings * link;
        double direct = 0;
        for (int a = 0; a < units; ++a) {
            int strangers = 0;
            for (int b = 0; b < units; ++b) {
                if (a == b || (members >> a & members >> b & 1U) == 0)
                    continue;
                const int links = level.linksBetween(a, b);
                strangers += links == 0 ? 1 : 0;
                direct = std::max(direct, links == 0 ? strangers / host : 1 / (links * link));
            }
        }
        if (first || ring < use.ringBandwidth) {
            use.ringBandwidth = ring;
            use.rings = rings;
        }
        use.directSeconds = std::max(use.directSeconds, direct);
        first = false;
    }
    for (std::size_t p = 0; p < parts.of.size(); ++p)
        if (units % (parts.of[p].stride * parts.of[p].size) != 0)
            return false;
    return true;
}

/// The exact costs, and for tables what the group with most members on each level uses.
void layUneven(const Cluster& cluster, const DeviceGroup& group, int devices, GroupLayout& layout)
{
    layout.uneven = unevenGroup(cluster, group, devices);
    if (!layout.uneven)
        return; // too many pairs to trace: the roundest fit stays
    layout.participants = layout.uneven->participants;
    layout.straddles = layout.straddles && !layout.uneven->isEven;
    layout.levels = layout.uneven->levels;
    for (LevelUse& use : layout.levels)
        use.level = &cluster.levels[static_cast<std::size_t>(use.index)];
}

} // namespace

GroupLayout layoutGroup(const Cluster& cluster, const DeviceGroup& group, int devices)
{
    GroupLayout layout;
    layout.participants.fill(1);
    std::array<Parts, kMaxLevels> parts{};
    bool regular = true;
    for (const GroupAxis& axis : group.axes())
        spread(cluster, axis, parts, layout.straddles);
    for (std::size_t index = 0; index < std::min(cluster.levels.size(), kMaxLevels); ++index) {
        if (parts[index].size < 2)
            continue;
        const FabricLevel& level = cluster.levels[index];
        layout.participants[index] = static_cast<int>(parts[index].size);
        LevelUse use;
        use.level = &level;
        use.index = static_cast<int>(index);
        use.size = layout.participants[index];
        use.bandwidth = level.bandwidth;
        const auto outermost = [&] { return unitsOutside(cluster, index) == 1; };
        switch (level.topology) {
        case Topology::Switch: {
            if (level.oversubscription <= 1)
                break;
            const int leaf = std::clamp(level.leafUnits, 1, level.units());
            const std::array<int, 2> tiers{leaf, static_cast<int>(ceilDiv(level.units(), leaf))};
            std::array<AxisUse, kMaxAxes> axes{};
            regular = layAxes(parts[index], tiers, outermost(), axes) && regular;
            if (axes[0].size > 1) {
                LevelUse under = use;
                under.size = axes[0].size;
                under.leafUnits = leaf;
                layout.levels.add(under);
            }
            use.size = axes[1].size;
            use.leaves = tiers[1];
            use.bandwidth = level.bandwidth / level.oversubscription;
            break;
        }
        case Topology::Ring:
        case Topology::Torus: regular = useTorus(level, parts[index], outermost(), use) && regular; break;
        case Topology::PcieTree: regular = useTree(level, parts[index], outermost(), use) && regular; break;
        case Topology::CubeMesh: regular = useCubeMesh(level, parts[index], use) && regular; break;
        case Topology::FullMesh: break;
        }
        if (use.size > 1)
            layout.levels.add(use);
    }
    if (layout.straddles || !regular)
        layUneven(cluster, group, devices > 0 ? devices : cluster.devices(), layout);
    return layout;
}

} // namespace shardlens
