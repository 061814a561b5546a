// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/placement.h"

#include <algorithm>
#include <numeric>

namespace shardlens {

std::string_view nameOf(MeshAxis axis)
{
    switch (axis) {
    case MeshAxis::Tensor: return "TP";
    case MeshAxis::Sequence: return "SP";
    case MeshAxis::AttentionData: return "attention DP";
    case MeshAxis::Pipeline: return "PP";
    case MeshAxis::Data: return "DP";
    }
    return "TP";
}

bool isPermutation(const AxisOrder& order)
{
    return std::is_permutation(order.begin(), order.end(), kDefaultOrder.begin());
}

int DeviceGroup::rankOf(int device) const
{
    int rank = 0;
    int below = 1;
    for (const GroupAxis& axis : axes()) {
        rank += device / axis.stride % axis.size * below;
        below *= axis.size;
    }
    return rank;
}

int DeviceGroup::offsetOf(int rank) const
{
    int offset = 0;
    for (const GroupAxis& axis : axes()) {
        offset += rank % axis.size * axis.stride;
        rank /= axis.size;
    }
    return offset;
}

Placement::Placement(const MeshSizes& sizes) : m_order(sizes.order)
{
    const std::array<int, kMeshAxisCount> extents{sizes.tensor, sizes.sequence, sizes.attentionData, sizes.pipeline, sizes.data};
    int stride = 1;
    for (const MeshAxis axis : m_order) {
        const auto index = static_cast<std::size_t>(axis);
        m_axes[index] = {stride, extents[index]};
        stride *= extents[index];
    }
    m_devices = stride;
    // The inner expertTensor ranks of the stage group and what is left of each dimension: a box each, since the greatest common divisor
    // with a dimension leaves a number that divides the product of the further ones.
    const DeviceGroup stage = stageGroup();
    int left = stage.size() / sizes.expert;
    for (const GroupAxis& axis : stage.axes()) {
        const int inner = std::gcd(left, axis.size);
        m_expertTensor.add({axis.stride, inner});
        m_expert.add({axis.stride * inner, axis.size / inner});
        left /= inner;
    }
}

DeviceGroup Placement::group(std::initializer_list<MeshAxis> axes) const
{
    DeviceGroup result;
    for (const MeshAxis axis : m_order)
        if (std::find(axes.begin(), axes.end(), axis) != axes.end())
            result.add(m_axes[static_cast<std::size_t>(axis)]);
    return result;
}

DeviceGroup Placement::stageGroup() const
{
    return group({MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData});
}

std::vector<int> Placement::peers(int device, const DeviceGroup& group) const
{
    const int first = device - group.offsetOf(group.rankOf(device));
    std::vector<int> result(static_cast<std::size_t>(group.size()));
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = first + group.offsetOf(static_cast<int>(i)); // ascending: dimensions are in the order of their strides
    return result;
}

int Placement::firstDevice(int stage, int replica) const
{
    return stage * stride(MeshAxis::Pipeline) + replica * stride(MeshAxis::Data);
}

int Placement::inReplica(int device, int replica) const
{
    return device + (replica - coordinate(device, MeshAxis::Data)) * stride(MeshAxis::Data);
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
