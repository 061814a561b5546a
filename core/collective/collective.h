// SPDX-License-Identifier: Apache-2.0
// Collectives on nested fabrics: time = sum of steps x latency + bytes / bandwidth (a sum, never a maximum).
// Payload V by kind: AllReduce, the tensor's bytes on each device; AllGather, the gathered bytes; ReduceScatter, the bytes before scattering;
// AllToAll, the bytes each device holds for all peers, itself included; Send, the bytes sent.
// For a given group every algorithm is a line: latency + V x secondsPerByte. A collective takes the cheapest line.
// Sources of the lines:
//   alpha-beta model, recursive halving and doubling, pairwise exchange: Thakur, Rabenseifner & Gropp, IJHPCA 19 (2005).
//   ring: Patarasuk & Yuan, JPDC 69 (2009). Double binary tree: Sanders, Speck & Traeff, Parallel Computing 35 (2009).
//   bidirectional ring, line and torus axes: "How to Scale Your Model" (JAX scaling book), chapter Sharding.
//   one-shot and two-shot: NVIDIA TensorRT-LLM, custom AllReduce kernels (each device reads all of its peers' data once, or scatters and
//   gathers). In-network reduction on a switch of n: each device sends V (n+1)/n instead of 2 V (n-1)/n: Ishii & Wells, "The NVLink-Network
//   Switch", Hot Chips 34 (2022). Hierarchical AllReduce (scatter inside, reduce outside on 1/n, gather inside): Cho et al., BlueConnect,
//   MLSys 2019. Rings through nested switches and their latency: NCCL, src/graph/tuning.cc. Hierarchical AllToAll: NCCL 2.12, PXN.
#pragma once

#include "core/hardware/cluster.h"
#include "core/sharding/placement.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

enum class Collective : std::uint8_t { None, AllReduce, ReduceScatter, AllGather, AllToAll, Send };

enum class CollectiveAlgorithm : std::uint8_t {
    None,
    Ring,              ///< one way round, n - 1 steps
    Direct,            ///< every pair at once, one step
    BidirectionalRing, ///< wrapped axis: both ways round, n/2 steps
    Line,              ///< axis without wrap: n - 1 steps, both directions
    TorusAxes,         ///< several axes at once, data split between the orders
    AxisByAxis,        ///< torus: one axis after the other, slow ones on the smallest pieces
    EqualAxes,         ///< torus of unequal links: axes of one speed at once, slower ones before
    RecursiveDoubling, ///< AllGather: partners at distance 1, 2, 4, ...: log2 n steps; ReduceScatter: recursive halving
    HalvingDoubling,   ///< AllReduce: recursive halving, then recursive doubling: 2 log2 n steps
    Tree,              ///< AllReduce up and down two binary trees at once
    OneShot,           ///< AllReduce: every device reads everything, one step
    TwoShot,           ///< AllReduce: direct ReduceScatter, then direct AllGather
    InNetwork,         ///< AllReduce: the switch adds up and multicasts
    RingPacking,       ///< hybrid cube mesh: all rings that the wiring holds, each both ways
    NestedRing,        ///< one ring through nested switches, as many rotated ones as a node has devices
    Pairwise,          ///< AllToAll: one partner at a time, n - 1 steps
    Hierarchical,      ///< an algorithm per fabric level
    OncePerNode,       ///< AllToAll of a mixture of experts: a token crosses to a node once, and there to its ranks
    PointToPoint,
};

[[nodiscard]] std::string_view nameOf(Collective kind);
[[nodiscard]] std::string_view nameOf(CollectiveAlgorithm algorithm);

/// What a hierarchical algorithm does on each fabric level in use, innermost first; an AllReduce's halves by the name of its gather. Beyond
/// four levels the last place is the outermost's.
struct LevelAlgorithms {
    std::uint32_t packed = 0; ///< a byte for each level, the innermost's lowest
    static constexpr int kMost = 4;

    [[nodiscard]] constexpr CollectiveAlgorithm at(int level) const
    {
        return level < kMost ? static_cast<CollectiveAlgorithm>(packed >> (8 * level) & 0xFFU) : CollectiveAlgorithm::None;
    }
    [[nodiscard]] constexpr int count() const { return (std::bit_width(packed) + 7) / 8; }
    /// Adds that of the next level outwards.
    constexpr void add(CollectiveAlgorithm algorithm)
    {
        const int shift = 8 * std::min(count(), kMost - 1);
        packed = (packed & ~(0xFFU << shift)) | static_cast<std::uint32_t>(algorithm) << shift;
    }
    friend bool operator==(const LevelAlgorithms&, const LevelAlgorithms&) = default;
};
/// The algorithm's name for this kind of collective, a hierarchical one with what it does on each level: "hierarchical (two-shot inside +
/// ring outside)".
[[nodiscard]] std::string nameOf(Collective kind, CollectiveAlgorithm algorithm, const LevelAlgorithms& levels);

/// One algorithm for one group: affine in the payload.
struct CollectiveLine {
    double latency = 0;        ///< seconds: steps x latency
    double secondsPerByte = 0; ///< of payload
    double sentPerByte = 0;    ///< bytes each device puts on links, all levels, per byte of payload
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
    std::int16_t outerLevel = -1; ///< index of the outermost fabric level used; -1: none
    LevelAlgorithms levels{};     ///< of a hierarchical algorithm
};

/// Seconds that a line takes. The one formula of every collective's time, here and in the lean evaluation for search.
[[nodiscard]] constexpr double evaluateLine(const CollectiveLine& line, double payload)
{
    return line.latency + payload * line.secondsPerByte;
}

struct CollectiveCost {
    double time = 0;        ///< seconds; latencyTime + transferTime
    double latencyTime = 0; ///< steps x latency
    double transferTime = 0;
    double sentBytes = 0; ///< bytes each device puts on links, all levels
    int outerLevel = -1;  ///< index of the outermost fabric level used; -1: none
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
    LevelAlgorithms levels{}; ///< of a hierarchical algorithm
};
/// The name with what it does on each level.
[[nodiscard]] inline std::string nameOf(Collective kind, const CollectiveCost& cost)
{
    return nameOf(kind, cost.algorithm, cost.levels);
}

/// What a line costs for a payload.
[[nodiscard]] CollectiveCost costOf(const CollectiveLine& line, double payload);

/// Lines of one kind of collective: first those that are cheapest for some payload, by rising latency; then the others.
struct CollectiveLines {
    static constexpr std::size_t kMost = 12;
    std::array<CollectiveLine, kMost> lines{};
    std::uint8_t count = 0;
    std::uint8_t useful = 0; ///< lines[0 .. useful) are cheapest somewhere

    [[nodiscard]] std::span<const CollectiveLine> all() const { return {lines.data(), count}; }
    [[nodiscard]] std::span<const CollectiveLine> cheapest() const { return {lines.data(), useful}; }
};

/// How a group lies on the fabric, and what collectives cost in it; built once per plan, without allocation while groups fill whole units
/// of the fabric. Others (six devices on nodes of eight) are costed by where the members of every group really are, see unevengroup.h, and
/// remembered by thread.
class GroupSpan {
public:
    GroupSpan() = default;
    /// @param devices that the plan uses, from the first: groups beyond do not exist; 0: all of the cluster
    GroupSpan(const Cluster& cluster, const DeviceGroup& group, int devices = 0);
    [[nodiscard]] int size() const { return m_size; }
    /// Members per fabric level of the cluster, innermost first (product >= size).
    [[nodiscard]] std::span<const int> participants() const { return {m_participants.data(), m_levels}; }
    /// True when the group uses an outer level although it would fit inside an inner one, or lies across boundaries at an odd stride.
    [[nodiscard]] bool straddles() const { return m_straddles; }
    /// Cheapest algorithm's cost for payload V (bytes) in this group; zero for a group of one or V = 0. The time is the minimum of
    /// evaluateLine() over lines(kind).cheapest(), the first of equals.
    [[nodiscard]] CollectiveCost cost(Collective kind, double payload) const;
    /// Every algorithm considered, cheapest first.
    [[nodiscard]] std::vector<CollectiveCost> alternatives(Collective kind, double payload) const;
    /// None for a group of one, and for None and Send.
    [[nodiscard]] const CollectiveLines& lines(Collective kind) const;

private:
    int m_size = 1;
    bool m_straddles = false;
    std::size_t m_levels = 0;
    std::array<int, kMaxLevels> m_participants{};
    CollectiveLines m_reduce;
    CollectiveLines m_gather; ///< AllGather and ReduceScatter: the same steps in opposite order
    CollectiveLines m_exchange;
};

/// Point-to-point transfer between two devices: over the innermost level that joins them; a ring or torus by the shortest
/// dimension-ordered route on one link; a pair of a mesh on its own links; a host tree on its share of each link passed while every
/// device below sends; a cube mesh's pair without a link through the host. A line of zeros for from == to.
[[nodiscard]] CollectiveLine sendLine(const Cluster& cluster, int from, int to);
[[nodiscard]] CollectiveCost sendCost(const Cluster& cluster, int from, int to, double bytes);

} // namespace shardlens
