// SPDX-License-Identifier: Apache-2.0
#include "core/hardware/resize.h"

#include "core/base/format.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace shardlens {

namespace {

std::int64_t unitsOf(const std::vector<int>& extents)
{
    std::int64_t product = 1;
    for (const int extent : extents)
        product *= extent;
    return product;
}

const std::vector<int>& wholeExtentsOf(const FabricLevel& level)
{
    return level.wholeExtents.empty() ? level.extents : level.wholeExtents;
}

bool scalesOut(const Cluster& cluster)
{
    return !cluster.levels.empty() && cluster.levels.back().scalesOut;
}

/// Levels whose size is fixed by the machine: all but an outermost one that scales out.
std::size_t fixedLevels(const Cluster& cluster)
{
    return scalesOut(cluster) ? cluster.levels.size() - 1 : cluster.levels.size();
}

/// Devices of everything that does not scale out, whole.
std::int64_t domainOf(const Cluster& cluster)
{
    std::int64_t product = 1;
    for (std::size_t i = 0; i < fixedLevels(cluster); ++i)
        product *= unitsOf(wholeExtentsOf(cluster.levels[i]));
    return product;
}

/// Appends to `best` the sides of the sub-box of `units` units, from `axis` on: fewest neighbours cut, that is the smallest sum of sides,
/// then the longest first side. Sides divide those of the whole box, as machines are sold (a 4 x 2 slice has no 3 x 2 part).
void findBox(const std::vector<int>& whole, std::int64_t units, std::vector<int>& current, std::vector<int>& best)
{
    const std::size_t axis = current.size();
    if (axis == whole.size()) {
        if (units != 1)
            return;
        const auto sum = [](const std::vector<int>& sides) {
            std::int64_t total = 0;
            for (const int side : sides)
                total += side;
            return total;
        };
        if (best.empty() || sum(current) < sum(best) || (sum(current) == sum(best) && current > best))
            best = current;
        return;
    }
    for (int side = 1; side <= whole[axis] && side <= units; ++side) {
        if (whole[axis] % side != 0 || units % side != 0)
            continue;
        current.push_back(side);
        findBox(whole, units / side, current, best);
        current.pop_back();
    }
}

/// A host tree fills one switch before the next: any number under the first, then whole switches of each tier.
std::optional<std::vector<int>> cutTree(const std::vector<int>& whole, std::int64_t units)
{
    std::vector<int> extents(whole.size(), 1);
    for (std::size_t tier = 0; tier < whole.size(); ++tier) {
        if (units <= whole[tier]) {
            extents[tier] = static_cast<int>(units);
            return extents;
        }
        if (units % whole[tier] != 0)
            return std::nullopt;
        extents[tier] = whole[tier];
        units /= whole[tier];
    }
    return std::nullopt;
}

/// Extents of `level` cut to `units`; nothing when it cannot be.
std::optional<std::vector<int>> cutExtents(const FabricLevel& level, std::int64_t units)
{
    const std::vector<int>& whole = wholeExtentsOf(level);
    if (units < 1 || units > unitsOf(whole))
        return std::nullopt;
    if (level.topology == Topology::Switch || level.topology == Topology::FullMesh)
        return std::vector<int>{static_cast<int>(units)};
    if (level.topology == Topology::PcieTree)
        return cutTree(whole, units);
    if (unitsOf(whole) % units != 0) // sides that divide the whole ones have such a product; keeps long searches short
        return std::nullopt;
    std::vector<int> current;
    std::vector<int> best;
    findBox(whole, units, current, best);
    if (best.empty())
        return std::nullopt;
    return best;
}

/// Units of each level for `devices`, outermost first decided; empty when the count is not possible.
std::vector<std::vector<int>> extentsFor(const Cluster& cluster, std::int64_t devices)
{
    std::vector<std::vector<int>> result(cluster.levels.size());
    const std::int64_t domain = domainOf(cluster);
    std::int64_t rest = devices; // devices that the levels still to be decided must hold
    if (scalesOut(cluster)) {
        if (devices > domain && devices % domain != 0)
            return {};
        const std::int64_t nodes = std::max<std::int64_t>(1, devices / domain);
        result.back() = {static_cast<int>(nodes)};
        rest = devices / nodes;
    }
    std::int64_t below = domain; // devices of the level at hand, whole
    for (std::size_t i = fixedLevels(cluster); i-- > 0;) {
        const FabricLevel& level = cluster.levels[i];
        below /= unitsOf(wholeExtentsOf(level));
        if (rest > below && rest % below != 0)
            return {};
        const std::int64_t units = std::max<std::int64_t>(1, rest / below);
        const auto extents = cutExtents(level, units);
        if (!extents)
            return {};
        result[i] = *extents;
        rest /= units;
    }
    return rest == 1 ? result : std::vector<std::vector<int>>{};
}

bool isPossible(const Cluster& cluster, std::int64_t devices)
{
    return devices >= 1 && devices <= kMaxDevices && !extentsFor(cluster, devices).empty();
}

std::string nearestPossible(const Cluster& cluster, std::int64_t devices)
{
    std::int64_t below = std::min<std::int64_t>(devices - 1, kMaxDevices);
    while (below >= 1 && !isPossible(cluster, below))
        --below;
    const std::int64_t most = scalesOut(cluster) ? kMaxDevices : domainOf(cluster);
    std::int64_t above = std::max<std::int64_t>(devices + 1, 1);
    while (above <= most && !isPossible(cluster, above))
        ++above;
    if (below < 1)
        return formatCount(above);
    if (above > most)
        return formatCount(below) + " at most";
    return formatCount(below) + " or " + formatCount(above);
}

void restore(FabricLevel& level)
{
    if (level.wholeExtents.empty())
        return;
    level.extents = std::exchange(level.wholeExtents, {});
    level.wrap = std::exchange(level.wholeWrap, {});
}

/// Gives a whole level the extents it is cut to.
void cut(FabricLevel& level, std::vector<int> extents)
{
    if (extents == level.extents)
        return;
    std::vector<bool> wrap = level.wrap;
    const bool wholeCubes =
        level.wrapUnit > 0 && std::all_of(extents.begin(), extents.end(), [&level](int extent) { return extent % level.wrapUnit == 0; });
    for (std::size_t axis = 0; axis < wrap.size() && axis < extents.size(); ++axis) {
        const bool intact = level.wrapUnit > 0 ? wholeCubes : extents[axis] == level.extents[axis];
        wrap[axis] = wrap[axis] && intact;
    }
    level.wholeExtents = std::exchange(level.extents, std::move(extents));
    level.wholeWrap = std::exchange(level.wrap, std::move(wrap));
}

} // namespace

Cluster uncut(const Cluster& cluster)
{
    Cluster result = cluster;
    for (FabricLevel& level : result.levels)
        restore(level);
    return result;
}

Result<Cluster> resized(const Cluster& cluster, int devices)
{
    if (devices < 1 || devices > kMaxDevices)
        return Error{"", "devices", std::to_string(devices), "a cluster has 1 to " + formatCount(kMaxDevices) + " devices"};
    std::vector<std::vector<int>> extents = extentsFor(cluster, devices);
    if (extents.empty())
        return Error{"", "devices", std::to_string(devices), cluster.id + " can have " + nearestPossible(cluster, devices)};
    Cluster result = uncut(cluster);
    for (std::size_t i = 0; i < result.levels.size(); ++i) {
        if (i >= fixedLevels(cluster))
            result.levels[i].extents = std::move(extents[i]);
        else
            cut(result.levels[i], std::move(extents[i]));
    }
    return result;
}

std::optional<int> leastCount(const Cluster& cluster, std::int64_t devices)
{
    const std::int64_t domain = domainOf(cluster);
    std::int64_t count = std::max<std::int64_t>(1, devices);
    if (count > domain) { // whole domains; without a level that scales out there is only one
        count = (count + domain - 1) / domain * domain;
        return isPossible(cluster, count) ? std::optional(static_cast<int>(count)) : std::nullopt;
    }
    while (count < domain && !isPossible(cluster, count))
        ++count;
    return isPossible(cluster, count) ? std::optional(static_cast<int>(count)) : std::nullopt;
}

std::vector<int> deviceChoices(const Cluster& cluster, int most)
{
    most = std::min(most, kMaxDevices);
    std::vector<int> choices;
    const auto addDoublings = [&](std::int64_t first) {
        for (std::int64_t count = first; count >= 1 && count <= most; count *= 2)
            if (isPossible(cluster, count))
                choices.push_back(static_cast<int>(count));
    };
    addDoublings(1);
    std::int64_t whole = 1;
    for (std::size_t i = 0; i < fixedLevels(cluster); ++i) {
        whole *= unitsOf(wholeExtentsOf(cluster.levels[i]));
        addDoublings(whole);
    }
    std::sort(choices.begin(), choices.end());
    choices.erase(std::unique(choices.begin(), choices.end()), choices.end());
    return choices;
}

} // namespace shardlens
