// SPDX-License-Identifier: Apache-2.0
// The steps of a collective as legs along one dimension of its group each. Internal to hops.
#pragma once

#include "core/collective/grouplayout.h"
#include "core/collective/hops.h"

#include <vector>

namespace shardlens {

/// One level that the group uses, or one axis of a torus; innermost first. Ranks count through the first fastest.
struct HopDim {
    int level = 0;
    int size = 1;
    int stride = 1; ///< of ranks
    int share = 1;  ///< hops between neighbours
    bool wrapped = false;
    double bandwidth = 0;
};

enum class Move : std::uint8_t {
    Gather,   ///< pieces outwards from their owners
    Sum,      ///< an AllReduce of its own
    Exchange, ///< pieces to their digit of this dimension
    Everyone, ///< AllToAll, each pair that meets on this level at once
    Pairwise, ///< ... one partner at a time
    Send,
};

/// What an exchange does with a dimension that it does not move along.
enum class Other : std::uint8_t {
    Todo,     ///< pieces of the device's own, for every digit
    Done,     ///< pieces of every digit, for the device's own
    Confined, ///< of its own for its own: other pieces go another way
};

struct HopLeg {
    Move move = Move::Gather;
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
    int dim = 0;             ///< into HopProgram::dims
    int lastDim = 0;         ///< Everyone, Pairwise: the level's last axis
    bool reversed = false;   ///< a gather run backwards, adding up
    std::uint32_t whole = 0; ///< bits of dims gathered before
    int piece = 0;           ///< of `pieces` that V is cut into
    int pieces = 1;
    int steps = 0;
    bool backward = false; ///< round the ring the other way
    bool far = false;      ///< exchange on a ring: the piece for the opposite goes backwards
    int rotation = 0;      ///< nested rings: where each unit of `rotated` ranks begins
    int rotated = 0;
    double scale = 1;          ///< of bytes: tokens that cross a node once
    std::vector<int> ring;     ///< order of the digits; empty: as they count
    std::vector<Other> others; ///< exchange: by dim
    std::vector<int> parent;   ///< tree
    std::vector<int> height;   ///< longest way down to a leaf
    std::vector<int> depth;
};

/// Legs one after the other, without waiting for other tracks.
using HopTrack = std::vector<int>;
/// Tracks at once; the next phase waits for all.
struct HopPhase {
    std::vector<HopTrack> tracks;
    int first = 0; ///< step
    int steps = 0;
};

struct HopProgram {
    std::vector<HopDim> dims; ///< the last one is all ranks as one
    std::vector<HopLeg> legs;
    std::vector<HopPhase> phases;
    int size = 1;
    int slots = 1;
    int latencySteps = 0;
    bool exchange = false;
    bool blocks = true;
    double payload = 0;

    [[nodiscard]] int flat() const { return static_cast<int>(dims.size()) - 1; }
    [[nodiscard]] int digit(int rank, int dim) const
    {
        const HopDim& d = dims[static_cast<std::size_t>(dim)];
        return rank / d.stride % d.size;
    }
    [[nodiscard]] int withDigit(int rank, int dim, int digit) const
    {
        return rank + (digit - this->digit(rank, dim)) * dims[static_cast<std::size_t>(dim)].stride;
    }
    /// Bytes of one piece of a leg that one digit stands for.
    [[nodiscard]] double chunkBytes(const HopLeg& leg) const;
};

/// Null, and `why` a sentence, where the steps are not known.
[[nodiscard]] std::shared_ptr<const HopProgram> hopProgram(const Cluster& cluster, const DeviceGroup& group, int first, Collective kind,
                                                           double payload, const CollectiveCost& cost, int devices, std::string& why);
/// Parents, heights and depths of the tree among n digits that carries the leg's piece.
void growTree(HopLeg& leg, int n);
/// Transfers of one leg in its own step, of all ranks or of one.
void legTransfers(const HopProgram& program, int leg, int step, int rank, std::vector<Transfer>& out);

} // namespace shardlens
