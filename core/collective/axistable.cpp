// SPDX-License-Identifier: Apache-2.0
#include "core/collective/axistable.h"

#include "core/collective/grouplayout.h"

#include <algorithm>

namespace shardlens {

namespace {

void addLinks(const LevelUse& use, std::vector<AxisLink>& links)
{
    const FabricLevel& level = *use.level;
    AxisLink link;
    link.level = use.index;
    link.participants = use.size;
    link.latency = level.latency;
    link.leafUnits = use.leafUnits;
    link.leaves = use.leaves;
    switch (level.topology) {
    case Topology::Switch:
        link.linkBandwidth = use.bandwidth;
        link.bandwidth = use.bandwidth;
        break;
    case Topology::FullMesh:
        link.links = use.size - 1;
        link.linkBandwidth = level.linkBandwidth();
        link.bandwidth = link.links * link.linkBandwidth;
        break;
    case Topology::CubeMesh:
        link.links = use.rings == 0 ? 1 : (use.size == 2 ? 1 : 2) * use.rings;
        link.bandwidth = use.ringBandwidth;
        link.linkBandwidth = link.bandwidth / link.links;
        break;
    case Topology::PcieTree: {
        link.linkBandwidth = use.axes[0].linkBandwidth;
        int below = 1;
        for (std::size_t tier = 0; tier < use.axisCount && below < use.size; ++tier) {
            link.linkBandwidth = std::min(link.linkBandwidth, use.axes[tier].linkBandwidth);
            below *= use.axes[tier].size;
        }
        link.bandwidth = link.linkBandwidth;
        break;
    }
    case Topology::Ring:
    case Topology::Torus:
        for (std::size_t a = 0; a < use.axisCount; ++a) {
            const AxisUse& axis = use.axes[a];
            link.torusAxis = axis.index;
            link.participants = axis.size;
            link.links = axis.size == 2 && !axis.wrapped ? 1 : 2;
            link.linkBandwidth = axis.linkBandwidth;
            link.bandwidth = link.links * axis.linkBandwidth;
            link.latency = axis.share * level.latency;
            links.push_back(link);
        }
        return;
    }
    links.push_back(link);
}

} // namespace

AxisRow axisRow(const Cluster& cluster, const DeviceGroup& group, std::string_view name, int devices)
{
    AxisRow row;
    row.name = name;
    row.group = group;
    const GroupLayout layout = layoutGroup(cluster, group, devices);
    row.straddles = layout.straddles;
    for (const LevelUse& use : layout.levels)
        addLinks(use, row.links);
    return row;
}

std::vector<AxisRow> axisTable(const Cluster& cluster, const Placement& placement)
{
    std::vector<AxisRow> rows;
    rows.reserve(kMeshAxisCount + 2);
    for (const MeshAxis axis : placement.order())
        rows.push_back(axisRow(cluster, placement.group(axis), nameOf(axis), placement.devices()));
    rows.push_back(axisRow(cluster, placement.expertTensorGroup(), "expert TP", placement.devices()));
    rows.push_back(axisRow(cluster, placement.expertGroup(), "EP", placement.devices()));
    return rows;
}

} // namespace shardlens
