// SPDX-License-Identifier: Apache-2.0
// The load of every expert and of every expert-parallel rank in one step, as a picture needs it: all figures are those of ExpertRouting
// (core/cost/routing.h, with the sources of its formulas), spread over experts and ranks.
//
// What is known of a place differs. Uniform routing: all experts are alike, ranges of numbers lie on the ranks. Skewed: a number says
// nothing about load, so the figures are means over all orders; the hottest rank of each order then stands in place 0, and the others, of
// which nothing sets them apart, share the rest. With redundant experts the load balancer's placement is known. One order drawn at random
// can be shown as an example; its figures are its own and enter no time.
#pragma once

#include "core/cost/routing.h"

#include <cstdint>
#include <vector>

namespace shardlens {

class ExpertLoadTable {
public:
    enum class Places : std::uint8_t {
        Numbered, ///< uniform routing, or one rank: ranges of numbers
        Orders,   ///< mean over all orders of the experts; rank 0 is the hottest of each
        Example,  ///< one order out of all, drawn by a fixed generator
        Balanced, ///< by the load balancer, copies and all
    };
    struct Slot {
        int expert = 0;
        int copy = 0; ///< of this expert, from 0
        double pairs = 0;
        double excess = 0; ///< of its pairs, what its limit does not hold
        double served = 0; ///< what it processes: pairs less excess, and what others pass on to it
    };

    /// @param tokens of the whole EP group in one microbatch, at least 1
    /// @param example one order instead of the mean of all, where the places are not known
    ExpertLoadTable(const FeedForward& feedForward, int ranks, int redundantExperts, const Routing& routing, double tokens,
                    bool example = false);

    [[nodiscard]] Places places() const { return m_places; }
    [[nodiscard]] int experts() const { return static_cast<int>(m_experts.size()); }
    [[nodiscard]] int ranks() const { return static_cast<int>(m_ranks.size()); }
    [[nodiscard]] int topK() const { return m_topK; }
    [[nodiscard]] double tokens() const { return m_tokens; }
    [[nodiscard]] double pairs() const { return m_tokens * m_topK; } ///< token-expert pairs of a step, over all ranks
    [[nodiscard]] bool isSkewed() const { return m_skewed; }
    /// Expected token-expert pairs of an expert, before any limit; with skew experts are counted by falling load.
    [[nodiscard]] double ofExpert(int expert) const { return m_experts[static_cast<std::size_t>(expert)]; }
    /// The same of a rank: its experts' added up. The sum over ranks is pairs().
    [[nodiscard]] double ofRank(int rank) const { return m_ranks[static_cast<std::size_t>(rank)]; }
    /// The same of one expert on one rank. Rows add up to ofExpert(), columns to ofRank().
    [[nodiscard]] double at(int expert, int rank) const;
    /// What lies on a rank where places are known; empty in the mean of all orders.
    [[nodiscard]] const std::vector<Slot>& slotsOf(int rank) const { return m_slots[static_cast<std::size_t>(rank)]; }
    [[nodiscard]] int mostSlots() const; ///< of the fullest rank
    [[nodiscard]] double mostOfExpert() const { return m_most; }

    [[nodiscard]] double mean() const { return pairs() / ranks(); }
    [[nodiscard]] int hottest() const { return m_hottest; }
    /// The hottest rank's load over the mean of all ranks.
    [[nodiscard]] double factor() const { return ofRank(m_hottest) / mean(); }
    /// Of the factor, relative, where orders are sampled; 0: exact.
    [[nodiscard]] double standardError() const { return m_standardError; }
    /// Copies that were asked for but would make the hottest rank hotter: they stay idle.
    [[nodiscard]] bool copiesIdle() const { return m_copiesIdle; }

    /// Tokens one slot may take; 0: no limit.
    [[nodiscard]] double limit() const { return m_limit; }
    /// Expected pairs of an expert beyond its slots' limits: E[max(0, X - C)], X binomial.
    [[nodiscard]] double excessOf(int expert) const { return m_excess.empty() ? 0 : m_excess[static_cast<std::size_t>(expert)]; }
    [[nodiscard]] double excess() const; ///< of all experts
    /// The same of what a rank holds. Summed over ranks: excess().
    [[nodiscard]] double excessOfRank(int rank) const { return m_excess.empty() ? 0 : m_excessOfRank[static_cast<std::size_t>(rank)]; }
    /// Pairs that are processed under the limit (ExpertRouting::at): those below it, and where overflow moves on, what finds room here, in
    /// proportion to it. Without a limit all pairs. Sums over experts and over ranks are pairs() (1 - dropped()).
    [[nodiscard]] double servedOf(int expert) const { return m_limit > 0 ? m_served[static_cast<std::size_t>(expert)] : ofExpert(expert); }
    [[nodiscard]] double servedOfRank(int rank) const
    {
        return m_limit > 0 ? m_servedOfRank[static_cast<std::size_t>(rank)] : ofRank(rank);
    }
    [[nodiscard]] double servedAt(int expert, int rank) const;
    [[nodiscard]] double servedMean() const; ///< of a rank
    /// Each slot computes all it may take, padding included, and reads its weights: static shapes under a limit that drops.
    [[nodiscard]] bool isPadded() const { return m_padded; }
    [[nodiscard]] int slots() const { return m_slotCount; } ///< experts and the copies in use
    /// Expected slots whose weights are read: all where they are padded; otherwise those visited, and those that overflow finds.
    [[nodiscard]] double read() const { return m_read; }
    /// Of all pairs, the share that no expert serves: ExpertLoad::dropped.
    [[nodiscard]] double dropped() const { return m_load.dropped; }
    /// What the hottest rank does, as the step's time takes it (of the mean of all orders also where an example is shown).
    [[nodiscard]] const ExpertLoad& load() const { return m_load; }
    /// Expected experts of the whole group that at least one token visits: the sum of 1 - (1 - p)^T.
    [[nodiscard]] double visited() const { return m_visited; }

private:
    void number(const std::vector<int>& order);
    void balance(const std::vector<ExpertRouting::Slot>& placement);
    void limitTo(const std::vector<ExpertRouting::Slot>& placement, bool drops);
    /// Of the pairs of an expert, the share that lies on a rank, in the mean over all orders.
    [[nodiscard]] double shareOnRank(int expert, int rank) const;

    Places m_places = Places::Numbered;
    int m_topK = 1;
    double m_tokens = 1;
    bool m_skewed = false;
    bool m_copiesIdle = false;
    std::vector<double> m_experts;
    std::vector<double> m_excess;
    std::vector<double> m_excessOfRank;
    std::vector<double> m_served;
    std::vector<double> m_servedOfRank;
    std::vector<double> m_ranks;
    std::vector<double> m_held; ///< Orders: probability that an expert lies on the hottest rank
    std::vector<std::vector<Slot>> m_slots;
    std::vector<int> m_count; ///< Orders: experts a rank holds
    double m_most = 0;
    double m_limit = 0;
    int m_hottest = 0;
    double m_standardError = 0;
    ExpertLoad m_load;
    double m_visited = 0;
    bool m_padded = false;
    int m_slotCount = 0;
    double m_read = 0;
};

} // namespace shardlens
