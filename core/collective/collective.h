// SPDX-License-Identifier: Apache-2.0
// Collectives on nested fabrics: time = sum of steps x latency + bytes / bandwidth (a sum, never a maximum).
// Payload V by kind: AllReduce, the tensor's bytes on each device; AllGather, the gathered bytes; ReduceScatter, the bytes before scattering;
// AllToAll, the bytes each device holds for all peers, itself included; Send, the bytes sent.
// Sources: ring algorithms, Patarasuk & Yuan 2009; torus and bidirectional-ring costs, "How to Scale Your Model" (JAX scaling book), chapter Sharding.
#pragma once

#include "core/hardware/cluster.h"
#include "core/sharding/placement.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace shardlens {

enum class Collective : std::uint8_t { None, AllReduce, ReduceScatter, AllGather, AllToAll, Send };

enum class CollectiveAlgorithm : std::uint8_t {
    None,
    Ring,              ///< switch: one-directional ring, n - 1 steps
    Direct,            ///< switch: every pair at once, one step per phase
    BidirectionalRing, ///< wrapped axis: both ways round, ceil((n-1)/2) steps
    Line,              ///< axis without wrap: n - 1 steps, both directions
    TorusAxes,         ///< several axes at once, data split between the orders
    Hierarchical,      ///< one of the above per fabric level
    PointToPoint,
};

[[nodiscard]] std::string_view nameOf(Collective kind);
[[nodiscard]] std::string_view nameOf(CollectiveAlgorithm algorithm);

struct CollectiveCost {
    double time = 0;        ///< seconds; latencyTime + transferTime
    double latencyTime = 0; ///< steps x latency
    double transferTime = 0;
    double sentBytes = 0; ///< bytes each device puts on links, all levels
    int outerLevel = -1;  ///< index of the outermost fabric level used; -1: none
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
};

/// How a group lies on the fabric: participants per level (product >= group.size), precomputed per plan.
class GroupSpan {
public:
    GroupSpan() = default;
    GroupSpan(const Cluster& cluster, DeviceGroup group);
    [[nodiscard]] int size() const { return m_size; }
    [[nodiscard]] const std::vector<int>& participants() const { return m_participants; }
    /// True when the group uses an outer level although it would fit inside an inner one.
    [[nodiscard]] bool straddles() const { return m_straddles; }
    /// Cheapest algorithm's cost for payload V (bytes) in this group; zero for a group of one or V = 0.
    [[nodiscard]] CollectiveCost cost(Collective kind, double payload) const;
    /// Every algorithm considered, cheapest first.
    [[nodiscard]] std::vector<CollectiveCost> alternatives(Collective kind, double payload) const;

private:
    struct Axis {
        int size = 1;             ///< participants along it
        bool wrapped = false;     ///< the whole axis is covered and has its wrap-around link
        double linkBandwidth = 0; ///< bytes/s, one direction, one link
    };
    struct Level {
        Topology topology = Topology::Switch;
        int size = 1;
        double bandwidth = 0; ///< per device, all links
        double latency = 0;
        std::vector<Axis> axes;
    };
    int m_size = 1;
    bool m_straddles = false;
    std::vector<int> m_participants;
    std::vector<Level> m_levels; ///< only those with size > 1, innermost first
    std::vector<int> m_levelIndex;

    friend struct CollectiveCalculator;
};

/// Point-to-point transfer of `bytes` between two devices: over the innermost level that joins them; a ring or torus by the shortest
/// dimension-ordered route on one link.
[[nodiscard]] CollectiveCost sendCost(const Cluster& cluster, int from, int to, double bytes);

} // namespace shardlens
