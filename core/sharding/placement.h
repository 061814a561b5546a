// SPDX-License-Identifier: Apache-2.0
// Which device sits where: device indices to coordinates on the plan's axes, and the peers of a device on each axis.
// Devices are numbered along the fabric (innermost level first). The plan's axes are laid onto that numbering in any order, innermost
// first; unless a plan says otherwise: TP, SP, attention DP, PP, DP.
#pragma once

#include "core/base/units.h"

#include <array>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace shardlens {

enum class MeshAxis : std::uint8_t { Tensor, Sequence, AttentionData, Pipeline, Data };
inline constexpr std::size_t kMeshAxisCount = 5;

using AxisOrder = std::array<MeshAxis, kMeshAxisCount>;
inline constexpr AxisOrder kDefaultOrder{MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Pipeline, MeshAxis::Data};

/// "TP", "SP", "attention DP", "PP", "DP".
[[nodiscard]] std::string_view nameOf(MeshAxis axis);
/// True when each axis occurs exactly once.
[[nodiscard]] bool isPermutation(const AxisOrder& order);

/// `size` devices at distance `stride` from each other: one dimension of a group.
struct GroupAxis {
    int stride = 1;
    int size = 1;
    friend bool operator==(const GroupAxis&, const GroupAxis&) = default;
};

/// A communication group as a box of devices: dimensions innermost first, each of more than one device, neighbours that continue one
/// another joined. Ranks count through the first dimension fastest.
class DeviceGroup {
public:
    constexpr DeviceGroup() = default;
    constexpr DeviceGroup(int stride, int size) { add({stride, size}); }

    /// Adds the next dimension outwards; nothing for a size of one.
    constexpr void add(GroupAxis axis)
    {
        if (axis.size <= 1)
            return;
        if (m_count > 0 && m_axes[m_count - 1].stride * m_axes[m_count - 1].size == axis.stride)
            m_axes[m_count - 1].size *= axis.size;
        else if (m_count < kMeshAxisCount)
            m_axes[m_count++] = axis;
    }
    [[nodiscard]] constexpr int size() const
    {
        int product = 1;
        for (std::size_t i = 0; i < m_count; ++i)
            product *= m_axes[i].size;
        return product;
    }
    [[nodiscard]] constexpr std::span<const GroupAxis> axes() const { return {m_axes.data(), m_count}; }
    /// Rank of `device` in its group of this kind.
    [[nodiscard]] int rankOf(int device) const;
    /// Distance from rank 0 to rank `rank`.
    [[nodiscard]] int offsetOf(int rank) const;
    friend constexpr bool operator==(const DeviceGroup&, const DeviceGroup&) = default;

private:
    std::array<GroupAxis, kMeshAxisCount> m_axes{};
    std::size_t m_count = 0;
};

/// Extent of each axis; EP divides tensor x sequence x attentionData.
struct MeshSizes {
    int tensor = 1;
    int sequence = 1;
    int attentionData = 1;
    int pipeline = 1;
    int data = 1;
    int expert = 1;
    AxisOrder order = kDefaultOrder; ///< innermost first; each axis once
};

class Placement {
public:
    explicit Placement(const MeshSizes& sizes);

    [[nodiscard]] int devices() const { return m_devices; }
    [[nodiscard]] const AxisOrder& order() const { return m_order; }
    [[nodiscard]] int size(MeshAxis axis) const { return m_axes[static_cast<std::size_t>(axis)].size; }
    /// Distance between neighbours on an axis.
    [[nodiscard]] int stride(MeshAxis axis) const { return m_axes[static_cast<std::size_t>(axis)].stride; }
    [[nodiscard]] DeviceGroup group(MeshAxis axis) const { return {stride(axis), size(axis)}; }
    /// Devices that differ on any of these axes, ranked in the placement's order.
    [[nodiscard]] DeviceGroup group(std::initializer_list<MeshAxis> axes) const;
    /// All devices of one stage of one replica (attention TP x SP x attention DP): the experts' group.
    [[nodiscard]] DeviceGroup stageGroup() const;
    /// The stage group's ranks in its order, expert TP inner and EP outer: the EP group and the expert-TP group.
    [[nodiscard]] const DeviceGroup& expertGroup() const { return m_expert; }
    [[nodiscard]] const DeviceGroup& expertTensorGroup() const { return m_expertTensor; }
    [[nodiscard]] int coordinate(int device, MeshAxis axis) const { return device / stride(axis) % size(axis); }
    [[nodiscard]] int expertRank(int device) const { return m_expert.rankOf(device); }
    /// Devices of `group` that contains `device`, ascending.
    [[nodiscard]] std::vector<int> peers(int device, const DeviceGroup& group) const;
    /// First device of a stage of a replica: the others of the stage follow by the stage group's offsets.
    [[nodiscard]] int firstDevice(int stage, int replica) const;
    /// The device at the same place of replica `replica`.
    [[nodiscard]] int inReplica(int device, int replica) const;

private:
    std::array<GroupAxis, kMeshAxisCount> m_axes{};
    AxisOrder m_order = kDefaultOrder;
    DeviceGroup m_expert;
    DeviceGroup m_expertTensor;
    int m_devices = 1;
};

/// Half-open range of heads, layers, experts or positions.
struct IndexRange {
    int begin = 0;
    int end = 0;
    [[nodiscard]] int count() const { return end - begin; }
    friend bool operator==(const IndexRange&, const IndexRange&) = default;
};

/// Layers of stage `stage` of `stages` when `layers` are dealt as evenly as possible, the remainder to the earliest stages.
[[nodiscard]] IndexRange layersOfStage(int layers, int stages, int stage);
/// Query heads of TP rank `rank` (TP divides n_Q in a legal plan).
[[nodiscard]] IndexRange queryHeadsOf(int queryHeads, int tensor, int rank);
/// KV heads of TP rank `rank`: n_KV/TP of them, or one shared with TP/n_KV - 1 other ranks when TP > n_KV. Never zero.
[[nodiscard]] IndexRange kvHeadsOf(int kvHeads, int tensor, int rank);
/// Times each KV head is stored in one TP group: max(1, TP / n_KV).
[[nodiscard]] int kvReplication(int kvHeads, int tensor);

} // namespace shardlens
