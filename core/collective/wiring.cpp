// SPDX-License-Identifier: Apache-2.0
#include "core/collective/wiring.h"

#include <algorithm>

namespace shardlens {

Wiring::Wiring(const FabricTier& tier) : m_level(tier.level), m_units(tier.units), m_devices(static_cast<double>(tier.below))
{
    const auto units = static_cast<std::size_t>(m_units);
    switch (m_level->topology) {
    case Topology::Switch: break;
    case Topology::FullMesh: m_links = units * units; break;
    case Topology::CubeMesh: m_links = units * (units + 2); break; // the pairs, and to the host and from it
    case Topology::PcieTree:
    case Topology::Ring:
    case Topology::Torus: m_links = 2 * m_level->extents.size() * units; break; // two ways along each axis or tier
    }
}

double Wiring::capacity(std::size_t link) const
{
    const auto units = static_cast<std::size_t>(m_units);
    const std::size_t plane = link / units;
    switch (m_level->topology) {
    case Topology::Switch: break;
    case Topology::FullMesh: return m_devices * m_level->linkBandwidth();
    case Topology::CubeMesh: {
        if (plane >= units)
            return m_devices * (m_level->hostBandwidth > 0 ? m_level->hostBandwidth : m_level->linkBandwidth());
        return m_devices * m_level->linksBetween(static_cast<int>(plane), static_cast<int>(link % units)) * m_level->linkBandwidth();
    }
    case Topology::PcieTree:
    case Topology::Ring:
    case Topology::Torus: return m_devices * m_level->linkBandwidth(plane / 2);
    }
    return m_devices * m_level->bandwidth;
}

int Wiring::alongAxes(int from, int to, std::vector<Passage>& passages) const
{
    int hops = 0;
    int at = from;
    int inner = 1; // units along the axes before
    for (std::size_t axis = 0; axis < m_level->extents.size(); ++axis) {
        const int extent = m_level->extents[axis];
        const int a = at / inner % extent;
        const int b = to / inner % extent;
        const bool wrapped = axis < m_level->wrap.size() && m_level->wrap[axis];
        const int up = b >= a ? b - a : b - a + extent;
        const int down = extent - up;
        const int base = at - a * inner;
        const auto walk = [&](int steps, bool upwards, double part) {
            for (int i = 0, c = a; i < steps; ++i) {
                passages.push_back({linkAt(2 * axis + (upwards ? 0 : 1), base + c * inner), part});
                c = (c + (upwards ? 1 : extent - 1)) % extent;
            }
        };
        if (a != b) {
            const bool onlyUp = wrapped ? up < down : b > a;
            const bool both = wrapped && up == down;
            if (onlyUp || both)
                walk(up, true, both ? 0.5 : 1);
            if (!onlyUp)
                walk(down, false, both ? 0.5 : 1);
            hops += onlyUp ? up : down;
        }
        at = base + b * inner;
        inner *= extent;
    }
    return hops;
}

int Wiring::throughTree(int from, int to, std::vector<Passage>& passages) const
{
    int below = 1;
    for (std::size_t tier = 0; tier < m_level->extents.size() && from / below != to / below; ++tier) {
        passages.push_back({linkAt(2 * tier, from / below), 1});
        passages.push_back({linkAt(2 * tier + 1, to / below), 1});
        below *= m_level->extents[tier];
    }
    return 1;
}

int Wiring::route(int from, int to, std::vector<Passage>& passages) const
{
    passages.clear();
    if (from == to)
        return 0;
    const auto a = static_cast<std::size_t>(from);
    switch (m_level->topology) {
    case Topology::Switch: break;
    case Topology::CubeMesh:
        if (m_level->linksBetween(from, to) == 0) {
            passages.push_back({linkAt(static_cast<std::size_t>(m_units), from), 1});
            passages.push_back({linkAt(static_cast<std::size_t>(m_units) + 1, to), 1});
            break;
        }
        [[fallthrough]];
    case Topology::FullMesh: passages.push_back({linkAt(a, to), 1}); break;
    case Topology::PcieTree: return throughTree(from, to, passages);
    case Topology::Ring:
    case Topology::Torus: return alongAxes(from, to, passages);
    }
    return 1;
}

} // namespace shardlens
