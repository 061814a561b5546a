// SPDX-License-Identifier: Apache-2.0
// Which experts the tokens visit, on which expert-parallel rank these lie, and what the hottest rank has to do.
//
// Load. Each of T tokens picks k distinct experts of E, independently of the other tokens. Expert i is among them with probability p_i; the
// p_i sum to k and none exceeds 1. Uniform routing: p_i = k / E. Power law: p_i = min(1, c i^-a), with c such that they sum to k - inclusion
// probabilities proportional to size, where what would exceed 1 is always taken (Saerndal, Swensson, Wretman: Model Assisted Survey
// Sampling, 1992, section 3.6.2). The k are drawn together by the design of most entropy with these probabilities, conditional Poisson
// sampling (Chen, Dempster, Liu: Biometrika 81, 1994); for uniform routing that is the hypergeometric draw. Device-limited routing
// (DeepSeek-V2, arXiv:2405.04434, section 2.2.2) first chooses topGroups of the groups, then k experts within them: loads stay
// what they are; where copies of skewed experts lie on chosen ranks, the joint draw keeps the odds of the draw without groups.
//
// Place. Ranks hold ranges of expert numbers, as engines place them, and a number says nothing about load: figures are means over all
// orders of the experts. The hottest rank is the true one of each order: exact for uniform routing, for small numbers of experts and for
// one expert a rank, otherwise sampled with a standard error of 0.2 % at most where 16,384 orders suffice (see hottestrank.h; the error
// is kept). Exact by their placement: redundant experts. With redundant experts, copies and places are those of DeepSeek's load balancer
// (github.com/deepseek-ai/EPLB): one more copy, each time, of the expert with most load per copy; then, by falling load, onto the rank with
// least load that has a free slot. Copies share their expert's tokens evenly.
//
// Limit. With a capacity factor f a slot takes at most C = ceil(f T k / slots) tokens; its tokens before the limit are binomial (T, p).
// Dropping is that of static shapes (GShard, arXiv:2006.16668; Switch, arXiv:2101.03961): every slot computes C rows, padding included,
// and reads its weights. Otherwise the overflow goes to the slots with room, in proportion to it, and only what finds none is dropped.
#pragma once

#include "core/model/architecture.h"
#include "core/plan/legality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

namespace shardlens {

/// The rank with most token-expert pairs before any limit; rank 0 stands for it where each order of the experts has another.
struct RankLoad {
    int rank = 0;
    int slots = 0;                 ///< experts it holds, copies counted; of the fullest where it is another one with each order
    double pairsPerToken = 0;      ///< expected token-expert pairs on it, for each token of the EP group
    double arrival = 0;            ///< probability that a token has any of its experts there
    double standardError = 0;      ///< of pairsPerToken, relative, where orders of the experts are sampled; 0: exact
    double logMiss = 0;            ///< ln(1 - p) of each slot, where all are alike
    std::vector<double> logMisses; ///< where they differ: of each slot, or of every expert by falling load
    std::vector<double> held;      ///< by expert: the probability that it lies on this rank; empty: each slot does

    /// Distinct experts of this rank that at least one of `tokens` tokens visits: the sum of 1 - (1 - p)^tokens.
    [[nodiscard]] double touched(double tokens) const
    {
        if (logMisses.empty())
            return -slots * std::expm1(tokens * logMiss);
        double sum = 0;
        for (std::size_t i = 0; i < logMisses.size(); ++i)
            sum -= (held.empty() ? 1 : held[i]) * std::expm1(tokens * logMisses[i]);
        return sum;
    }
};

/// What the hottest rank does for the tokens of one piece.
struct ExpertLoad {
    double pairs = 0;    ///< token-expert pairs it serves
    double computed = 0; ///< rows it computes: the pairs, or all of its slots' capacity, padding included
    double touched = 0;  ///< experts whose weights it reads
    double dropped = 0;  ///< fraction of all T k pairs, over the whole group, that no expert serves
};

/// The routing of one kind of layer under one plan. Compile once per plan; at() allocates nothing.
class ExpertRouting {
public:
    /// One copy of an expert on a rank.
    struct Slot {
        int expert = 0; ///< by falling load, from 0
        int rank = 0;
        double probability = 0; ///< that a token visits this copy
    };

    /// @param feedForward a mixture of experts (isMoe())
    ExpertRouting(const FeedForward& feedForward, int expertParallel, int redundantExperts, const Routing& routing);

    [[nodiscard]] const RankLoad& hottest() const { return m_hottest; }
    /// The hottest rank's pairs over the mean of all ranks: 1 when balanced.
    [[nodiscard]] double imbalance() const { return m_hottest.pairsPerToken * m_ranks / m_topK; }
    /// Slots over the whole group: E plus the redundant copies.
    [[nodiscard]] int slots() const { return m_slots; }
    /// Slots of the fullest rank, the memory's limit; the hottest rank may hold fewer.
    [[nodiscard]] int mostSlots() const { return static_cast<int>(ceilDiv(m_slots, m_ranks)); }
    /// True when a capacity factor limits what experts take.
    [[nodiscard]] bool isLimited() const { return m_capacityFactor > 0; }
    /// Tokens that a slot may take of `tokens` tokens of the group.
    [[nodiscard]] double limit(double tokens) const;
    /// @param tokens of the whole EP group, at least 1
    [[nodiscard]] ExpertLoad at(double tokens) const
    {
        if (m_capacityFactor > 0)
            return limited(tokens);
        const double pairs = tokens * m_hottest.pairsPerToken;
        return {pairs, pairs, m_hottest.touched(tokens), 0};
    }
    /// Rows that the busiest rank sends or receives when tokens are dispatched under a limit: a token goes to each of `destinations` ranks,
    /// fewer where experts drop it, and what arrives on the hottest rank is at most what it serves.
    [[nodiscard]] double exchanged(double tokens, double destinations) const
    {
        const ExpertLoad load = at(tokens);
        const double sent = std::min(destinations, m_topK * (1 - load.dropped)) * tokens / m_ranks;
        return std::max(sent, std::min(m_hottest.arrival * tokens, load.pairs));
    }
    /// Most rows the hottest rank computes at once for `tokens` tokens of the group: what memory is set aside for.
    [[nodiscard]] double mostRows(double tokens) const
    {
        const double pairs = tokens * m_hottest.pairsPerToken;
        if (m_capacityFactor <= 0)
            return pairs;
        const double rows = limit(tokens) * m_hottest.slots;
        return m_drop ? rows : std::min(rows, pairs);
    }
    /// Expected number of distinct blocks of `ranksPerBlock` consecutive ranks that hold a token's experts: with 1, the ranks it is sent to;
    /// with the ranks of a node, the nodes. Not for hot loops.
    [[nodiscard]] double destinations(int ranksPerBlock = 1) const;
    /// Expected pairs per token on each rank, without a limit.
    [[nodiscard]] std::vector<double> rankLoads() const;
    /// What each rank does for `tokens` tokens of the group: of the hottest at(); of the others, where each order of the experts has another
    /// hottest rank, the mean over all orders. Not for hot loops.
    [[nodiscard]] std::vector<ExpertLoad> ofRanks(double tokens) const;
    /// True when figures are means over all orders of the experts: rank 0 stands for the hottest of each.
    [[nodiscard]] bool isMeanOfOrders() const { return !m_balanced && !m_probabilities.empty() && m_ranks > 1; }
    /// Slots that each rank holds.
    [[nodiscard]] int slotsOf(int rank) const;
    /// Every copy and its rank as the load balancer places them; empty without redundant experts.
    [[nodiscard]] std::vector<Slot> placement() const;
    /// Probability that a token visits each expert, by falling load.
    [[nodiscard]] std::vector<double> inclusion() const;

    struct Layout; ///< what copies or groups need; shared between plans of one thread

private:
    [[nodiscard]] ExpertLoad limited(double tokens) const;
    [[nodiscard]] ExpertLoad computeLimited(double tokens) const;
    /// Of a rank that is not the hottest. `excess`: of all slots together, where there is a limit.
    [[nodiscard]] ExpertLoad ofColderRank(int rank, double tokens, double excess) const;
    /// Calls `use(count, probability)` for what a rank that is not the hottest holds.
    template <class Use>
    void eachHeld(int rank, Use&& use) const;
    [[nodiscard]] double computeDestinations(int ranksPerBlock) const;
    void skew(double powerLaw, int groups, int topGroups);
    /// Probability that none of a token's experts lies on ranks [first, last).
    [[nodiscard]] double avoids(int first, int last) const;

    int m_experts = 0;
    int m_topK = 0;
    int m_ranks = 1;
    int m_slots = 0;
    double m_capacityFactor = 0;
    bool m_drop = true;
    bool m_balanced = false;             ///< copies are placed by load
    std::vector<double> m_probabilities; ///< by expert, falling; empty: all k / E
    RankLoad m_hottest;
    std::shared_ptr<const Layout> m_layout; ///< null: neither copies nor groups

    struct Known {
        double tokens = -1;
        ExpertLoad load;
    };
    mutable std::array<Known, 8> m_known{}; ///< latest answers of limited(): an object is for one thread at a time
    mutable std::size_t m_oldest = 0;
    mutable std::array<std::pair<int, double>, 4> m_destinations{}; ///< latest answers of destinations(), by block
    mutable std::size_t m_oldestBlock = 0;
};

} // namespace shardlens
