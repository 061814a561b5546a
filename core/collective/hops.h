// SPDX-License-Identifier: Apache-2.0
// A collective as what its devices really do: steps, and in each step who hands which bytes to whom. The steps are those of the algorithm
// that the cost model chose (collective.h names the sources of each), so that a picture of them shows what was costed.
//   A gather moves pieces outwards from their owners; a scatter is the same gather run backwards, each receiver adding up.
//   AllReduce is a scatter and a gather, innermost level first and last, or one of the algorithms of its own on the outermost level.
//   A tree's edges carry their whole half of V in one step; in a program they are cut into pieces that follow each other, which is why its
//   cost counts 2 V once and not for each tier.
// A step takes the alpha-beta time of its own level (Thakur, Rabenseifner & Gropp, IJHPCA 19, 2005); where several orders work at once,
// one of fewer steps is cut into as many parts, or goes on while the others take theirs, and a phase takes as long as its fullest link. Along
// lines an exchange hands pieces on without waiting for the fuller links in the middle.
// Steps are made when asked for: a ring of thousands has thousands of steps.
#pragma once

#include "core/base/result.h"
#include "core/collective/collective.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shardlens {

struct HopProgram;
struct LevelTerm;

/// One device hands bytes to another, or to and from a switch that adds up.
struct Transfer {
    int from = 0;      ///< rank in the group; negative: a switch, -1 for the one of the first members
    int to = 0;        ///< likewise
    double bytes = 0;  ///< all pieces that go together
    int level = 0;     ///< index into Cluster::levels
    bool adds = false; ///< the receiver adds to what it has; otherwise it takes the place of it
    // Which pieces: see Hops::blocksOf().
    std::uint16_t leg = 0;
    int source = 0;
    int first = 0;
    int count = 0;
};

/// What one step is like, for captions.
struct HopStep {
    double start = 0;        ///< seconds from the beginning of the collective
    double seconds = 0;      ///< its level's latency, for each hop to a neighbour, and its fullest link's bytes over that link's rate
    double latency = 0;      ///< of these seconds
    double sentBefore = 0;   ///< bytes that the busiest device has sent before this step
    double busiestBytes = 0; ///< bytes that the busiest device sends in it
    double messageBytes = 0; ///< bytes of its largest transfer
    double linkBytes = 0;    ///< on the fullest link, one way; on a switch all that a device sends to it or receives from it
    double upBytes = 0;      ///< of the largest transfer to a switch that adds up; 0 without one
    double downBytes = 0;    ///< and from one; a step takes the time of what is sent, so where this is more the steps overlap
    int level = -1;          ///< outermost fabric level in use
    bool adds = false;       ///< part of a reduction
    bool gathers = false;    ///< part of a gather
    bool spreads = false;    ///< a sum that is complete goes to the others; none of the three: an exchange or a send
};

/// Groups up to this size are drawn whole; of larger ones the transfers of one device.
inline constexpr int kMostWholeGroup = 256;
/// Most steps whose times are tabled; a collective of more is refused in words.
inline constexpr int kMostHopSteps = 20'000;

class Hops {
public:
    /// @param member any device of the group: the group that holds it is meant
    /// @param cost the algorithm that was chosen, with its time
    /// @param devices that the plan uses; 0: all of the cluster
    /// Error: why there are no steps to show (a group of one, nothing to send, groups that lie unevenly on several levels).
    [[nodiscard]] static Result<Hops> of(const Cluster& cluster, const DeviceGroup& group, int member, Collective kind, double payload,
                                         const CollectiveCost& cost, int devices = 0);
    /// Hand-over from one device to another, in one step.
    [[nodiscard]] static Result<Hops> ofSend(const Cluster& cluster, int from, int to, double payload, const CollectiveCost& cost);

    [[nodiscard]] int steps() const { return static_cast<int>(m_table.size()); }
    [[nodiscard]] const HopStep& step(int index) const { return m_table[static_cast<std::size_t>(index)]; }
    [[nodiscard]] int size() const { return static_cast<int>(m_members.size()); }
    /// Devices of the group by rank.
    [[nodiscard]] const std::vector<int>& members() const { return m_members; }
    [[nodiscard]] Collective kind() const { return m_kind; }
    [[nodiscard]] double payload() const { return m_payload; }
    [[nodiscard]] const CollectiveCost& cost() const { return m_cost; }
    /// Bytes that each device puts on links, on average.
    [[nodiscard]] double sentInAll() const { return m_cost.sentBytes; }
    /// All transfers of a step, or those from and to one rank.
    [[nodiscard]] std::vector<Transfer> transfers(int step, int rank = -1) const;
    /// Latencies that the algorithm takes one after another, a hop past a device in between counted as one.
    [[nodiscard]] int latencySteps() const;
    /// Pieces that V is cut into beyond the blocks of the ranks: rings and orders that work at once.
    [[nodiscard]] int slots() const;
    /// The pieces that a transfer moves: block x slots() + slot. Blocks are ranks (whose part of V), in an AllToAll from x size() + to.
    [[nodiscard]] std::vector<std::int64_t> blocksOf(const Transfer& transfer) const;
    /// Pieces are moved one by one; false where tokens for several ranks of a node cross once, which pieces cannot tell.
    [[nodiscard]] bool movesBlocks() const;

private:
    struct StepShare;
    void tabulate(const Cluster& cluster, const std::vector<LevelTerm>& terms);
    /// What it does and where; `latency`: of its slowest hop.
    void describeStep(const Cluster& cluster, int index, double& latency);
    /// The sum over the steps of a level is what the cost has for it. Unchanged but for pieces that follow each other (trees), tracks that
    /// do not wait, and links through other units.
    void settle(std::vector<StepShare>& shares, const std::vector<LevelTerm>& terms) const;

    std::shared_ptr<const HopProgram> m_program;
    std::vector<int> m_members;
    std::vector<HopStep> m_table;
    Collective m_kind = Collective::None;
    CollectiveCost m_cost;
    double m_payload = 0;
};

} // namespace shardlens
