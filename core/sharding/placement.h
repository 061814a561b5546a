// SPDX-License-Identifier: Apache-2.0
// Which device sits where: device indices to coordinates on the plan's axes, and the peers of a device on each axis.
// Devices are numbered along the fabric (innermost level first); axes are laid innermost first: TP, SP, attention DP, PP, DP.
#pragma once

#include "core/base/units.h"

#include <array>
#include <vector>

namespace shardlens {

enum class MeshAxis : std::uint8_t { Tensor, Sequence, AttentionData, Pipeline, Data };
inline constexpr std::size_t kMeshAxisCount = 5;
inline constexpr std::array<MeshAxis, kMeshAxisCount> kDefaultOrder{MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData,
                                                                    MeshAxis::Pipeline, MeshAxis::Data};

/// A communication group: `size` devices at distance `stride` from each other.
struct DeviceGroup {
    int stride = 1;
    int size = 1;
    friend bool operator==(const DeviceGroup&, const DeviceGroup&) = default;
};

/// Extent of each axis; EP divides tensor x sequence x attentionData.
struct MeshSizes {
    int tensor = 1;
    int sequence = 1;
    int attentionData = 1;
    int pipeline = 1;
    int data = 1;
    int expert = 1;
    std::array<MeshAxis, kMeshAxisCount> order = kDefaultOrder; ///< a permutation, innermost first
};

class Placement {
public:
    explicit Placement(const MeshSizes& sizes);

    [[nodiscard]] int devices() const { return m_devices; }
    [[nodiscard]] DeviceGroup group(MeshAxis axis) const { return m_groups[static_cast<std::size_t>(axis)]; }
    /// All devices of one stage of one replica (attention TP x SP x attention DP): the experts' group.
    [[nodiscard]] DeviceGroup stageGroup() const;
    /// The EP group inside the stage group (expert TP inner, EP outer) and the expert-TP group.
    [[nodiscard]] DeviceGroup expertGroup() const { return m_expert; }
    [[nodiscard]] DeviceGroup expertTensorGroup() const { return m_expertTensor; }
    [[nodiscard]] int coordinate(int device, MeshAxis axis) const;
    [[nodiscard]] int expertRank(int device) const;
    /// Devices of `group` that contains `device`, ascending.
    [[nodiscard]] std::vector<int> peers(int device, DeviceGroup group) const;
    [[nodiscard]] int firstDevice(int stage, int replica) const;

private:
    std::array<DeviceGroup, kMeshAxisCount> m_groups{};
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
