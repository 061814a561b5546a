// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/placement.h"

#include <algorithm>

namespace shardlens {

Placement::Placement(const MeshSizes& sizes)
{
    const std::array<int, kMeshAxisCount> extents{sizes.tensor, sizes.sequence, sizes.attentionData, sizes.pipeline, sizes.data};
    int stride = 1;
    for (std::size_t axis = 0; axis < kMeshAxisCount; ++axis) {
        m_groups[axis] = {stride, extents[axis]};
        stride *= extents[axis];
    }
    m_devices = stride;
    const int stageDevices = sizes.tensor * sizes.sequence * sizes.attentionData;
    m_expertTensor = {1, stageDevices / sizes.expert};
    m_expert = {m_expertTensor.size, sizes.expert};
}

DeviceGroup Placement::stageGroup() const
{
    return {1, group(MeshAxis::Pipeline).stride};
}

int Placement::coordinate(int device, MeshAxis axis) const
{
    const DeviceGroup axisGroup = group(axis);
    return device / axisGroup.stride % axisGroup.size;
}

int Placement::expertRank(int device) const
{
    return device / m_expert.stride % m_expert.size;
}

std::vector<int> Placement::peers(int device, DeviceGroup group) const
{
    const int rank = device / group.stride % group.size;
    const int first = device - rank * group.stride;
    std::vector<int> result(static_cast<std::size_t>(group.size));
    for (int i = 0; i < group.size; ++i)
        result[static_cast<std::size_t>(i)] = first + i * group.stride;
    return result;
}

int Placement::firstDevice(int stage, int replica) const
{
    return stage * group(MeshAxis::Pipeline).stride + replica * group(MeshAxis::Data).stride;
}

IndexRange layersOfStage(int layers, int stages, int stage)
{
    const int base = layers / stages;
    const int extra = layers % stages;
    const int begin = stage * base + std::min(stage, extra);
    return {begin, begin + base + (stage < extra ? 1 : 0)};
}

IndexRange queryHeadsOf(int queryHeads, int tensor, int rank)
{
    const int each = queryHeads / tensor;
    return {rank * each, (rank + 1) * each};
}

IndexRange kvHeadsOf(int kvHeads, int tensor, int rank)
{
    if (tensor >= kvHeads) {
        const int head = rank / kvReplication(kvHeads, tensor);
        return {head, head + 1};
    }
    const int each = kvHeads / tensor;
    return {rank * each, (rank + 1) * each};
}

int kvReplication(int kvHeads, int tensor)
{
    return std::max(1, tensor / std::max(1, kvHeads));
}

} // namespace shardlens
