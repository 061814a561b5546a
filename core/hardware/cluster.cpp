// SPDX-License-Identifier: Apache-2.0
#include "core/hardware/cluster.h"

#include <algorithm>

namespace shardlens {

std::string_view keyOf(Topology topology)
{
    switch (topology) {
    case Topology::Switch: return "switch";
    case Topology::Ring: return "ring";
    case Topology::Torus: return "torus";
    case Topology::FullMesh: return "full_mesh";
    case Topology::CubeMesh: return "hybrid_cube_mesh";
    case Topology::PcieTree: return "pcie_tree";
    }
    return "switch";
}

std::string_view nameOf(Topology topology)
{
    switch (topology) {
    case Topology::Switch: return "switch";
    case Topology::Ring: return "ring";
    case Topology::Torus: return "torus";
    case Topology::FullMesh: return "full mesh";
    case Topology::CubeMesh: return "hybrid cube mesh";
    case Topology::PcieTree: return "PCIe tree";
    }
    return "switch";
}

int FabricLevel::wholeUnits() const
{
    int product = 1;
    for (const int extent : wholeExtents.empty() ? extents : wholeExtents)
        product *= extent;
    return product;
}

double FabricLevel::linkBandwidth(std::size_t axis) const
{
    switch (topology) {
    case Topology::Switch: return bandwidth;
    case Topology::Ring:
    case Topology::Torus:
        return axis < axisBandwidth.size() ? axisBandwidth[axis]
                                           : bandwidth / (2.0 * static_cast<double>(std::max<std::size_t>(1, extents.size())));
    case Topology::FullMesh: return bandwidth / std::max(1, wholeUnits() - 1);
    case Topology::CubeMesh: {
        std::array<int, kMaxCubeMesh> degree{};
        for (const DirectLink& link : links) {
            degree[static_cast<std::size_t>(link.a) % kMaxCubeMesh] += link.count;
            degree[static_cast<std::size_t>(link.b) % kMaxCubeMesh] += link.count;
        }
        return bandwidth / std::max(1, *std::max_element(degree.begin(), degree.end()));
    }
    case Topology::PcieTree: return axis < axisBandwidth.size() ? axisBandwidth[axis] : bandwidth;
    }
    return bandwidth;
}

int FabricLevel::linksBetween(int a, int b) const
{
    for (const DirectLink& link : links)
        if ((link.a == a && link.b == b) || (link.a == b && link.b == a))
            return link.count;
    return 0;
}

} // namespace shardlens
