// SPDX-License-Identifier: Apache-2.0
// Which levels of a cluster a mesh picture shows, and how much of them: identical siblings are cut away, then neighbours merged.
#include "ui/scene/meshlayout.h"

#include <algorithm>

namespace shardlens {
namespace {

std::int64_t product(const std::vector<MeshLevel>& levels, std::size_t from = 0)
{
    std::int64_t result = 1;
    for (std::size_t i = from; i < levels.size(); ++i)
        result *= levels[i].units();
    return result;
}

/// Keeps only as many outer units as `target` devices need, from the outermost axis inwards, until at most `most` are left.
void cutSiblings(std::vector<MeshLevel>& levels, std::int64_t target, std::int64_t most)
{
    bool isPodCut = false; // one replica stands for a whole pod as well
    for (std::size_t l = levels.size(); l-- > 0;) {
        MeshLevel& level = levels[l];
        for (std::size_t axis = level.extents.size(); axis-- > 0;) {
            const std::int64_t total = product(levels);
            if (total <= most && !isPodCut)
                return;
            std::int64_t inner = 1;
            for (std::size_t i = 0; i < l; ++i)
                inner *= levels[i].units();
            for (std::size_t i = 0; i < axis; ++i)
                inner *= level.extents[i];
            const auto keep = static_cast<int>(std::clamp<std::int64_t>(ceilDiv(target, inner), 1, level.extents[axis]));
            if (keep < level.extents[axis] && axis < level.wrap.size())
                level.wrap[axis] = false;
            isPodCut = keep < level.extents[axis] && level.topology == Topology::Switch && level.tier > 0;
            level.extents[axis] = keep;
            if (keep > 1)
                return;
        }
    }
}

/// Merges neighbours until at most `most` tiles are left; returns how many inner levels are closed.
int mergeNeighbours(std::vector<MeshLevel>& levels, std::int64_t most)
{
    // Closed as a whole unless hardly anything were left to see: a slice of thousands of chips is merged by rows instead.
    constexpr std::int64_t kMuchLess = 64;
    std::size_t closed = 0;
    while (product(levels, closed) > most && closed + 1 < levels.size() && product(levels, closed + 1) * kMuchLess >= most)
        ++closed;
    if (product(levels, closed) > most) {
        MeshLevel part = levels[closed];
        part.part = true;
        part.wrap.assign(part.extents.size(), false);
        std::vector<int>& extents = levels[closed].extents;
        for (std::size_t axis = 0; axis < extents.size(); ++axis) {
            const auto wanted = static_cast<int>(ceilDiv(product(levels, closed), most));
            int factor = std::min(wanted, extents[axis]);
            while (factor < extents[axis] && extents[axis] % factor != 0)
                ++factor; // only whole tiles, so that a tile's devices stay consecutive
            extents[axis] /= factor;
            part.extents[axis] = factor;
            if (product(levels, closed) > most)
                continue;
            std::fill(part.extents.begin() + static_cast<std::ptrdiff_t>(axis) + 1, part.extents.end(), 1);
            break;
        }
        levels.insert(levels.begin() + static_cast<std::ptrdiff_t>(closed), part);
        ++closed;
    }
    while (closed + 1 < levels.size() && levels[closed].units() == 1)
        ++closed;
    return static_cast<int>(closed);
}

} // namespace

int MeshLevel::units() const
{
    int count = 1;
    for (const int extent : extents)
        count *= extent;
    return count;
}

void chooseMeshLevels(const MeshLayoutInput& input, MeshLayout& layout)
{
    auto& levels = layout.levels;
    for (std::size_t i = 0; i < input.cluster.levels.size(); ++i) {
        const FabricLevel& level = input.cluster.levels[i];
        if (level.units() > 1 && level.topology == Topology::PcieTree) {
            for (std::size_t tier = 0; tier < level.extents.size(); ++tier)
                if (level.extents[tier] > 1)
                    levels.push_back({static_cast<int>(i), level.topology, {level.extents[tier]}, {}, static_cast<int>(tier)});
        } else if (const int pod = podUnits(level); pod > 0) {
            levels.push_back({static_cast<int>(i), level.topology, {pod}, {}, 0});
            levels.push_back({static_cast<int>(i), level.topology, {static_cast<int>(ceilDiv(level.units(), pod))}, {}, 1});
        } else if (level.units() > 1) {
            levels.push_back({static_cast<int>(i), level.topology, level.extents, level.wrap});
        }
    }
    if (levels.empty())
        levels.push_back({0, Topology::Switch, {1}, {}});
    const auto most = static_cast<std::int64_t>(
        std::clamp(input.area.width() * input.area.height() / kPixelsPerTile, 16.0, static_cast<double>(kMostTiles)));
    const bool isAlone = input.openLinks && input.replicaDevices > 0; // what takes part, and nobody in the way
    const std::int64_t target = input.replicaDevices > 0 ? input.replicaDevices : std::min<std::int64_t>(most, 64);
    if (!input.everyCopy)
        cutSiblings(levels, target, isAlone ? std::min(most, target) : most);
    const std::int64_t places = product(levels);
    layout.shown = static_cast<int>(std::min<std::int64_t>(places, input.cluster.devices())); // the last pod may not be full
    layout.closed = mergeNeighbours(levels, most);
    layout.replica = input.replicaDevices;
    layout.merge = static_cast<int>(places) / static_cast<int>(product(levels, static_cast<std::size_t>(layout.closed)));
}

bool isAlikeFrom(const Cluster& cluster, int first, int devices)
{
    if (devices < 1 || first % devices != 0 || first + devices > cluster.devices())
        return false;
    std::int64_t inside = 1; // devices of a domain, or of a row or plane of one
    for (const FabricLevel& level : cluster.levels) {
        const std::int64_t whole = inside * level.units();
        const bool isCut = devices < whole && devices > inside;
        if (isCut && (level.topology == Topology::CubeMesh || (podUnits(level) > 0 && inside * podUnits(level) % devices != 0)))
            return false; // not every part of it has the same links
        for (const int extent : level.extents) {
            inside *= extent;
            if (inside % devices != 0 && devices % inside != 0)
                return false;
        }
    }
    return true;
}

bool isOnChip(const Cluster& cluster, int level)
{
    return level == 0 && cluster.accelerator.noun == "core" && cluster.levels.size() > 1;
}

int networkTier(const Cluster& cluster, int level)
{
    if (isOnChip(cluster, level))
        return 0;
    const int firstBoard = isOnChip(cluster, 0) ? 1 : 0;
    const bool scalesOut =
        level >= 0 && level < static_cast<int>(cluster.levels.size()) && cluster.levels[static_cast<std::size_t>(level)].scalesOut;
    return level > firstBoard || scalesOut ? 2 : 1;
}

} // namespace shardlens
