// SPDX-License-Identifier: Apache-2.0
#include "core/cost/expertload.h"

#include "core/cost/binomial.h"
#include "core/cost/hottestrank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shardlens {
namespace {

/// The same order on every machine: Fisher-Yates over a linear congruential generator (Knuth's MMIX constants), high bits only.
std::vector<int> exampleOrder(int count)
{
    std::vector<int> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    std::uint64_t state = 0x5EED;
    for (std::size_t i = order.size(); i > 1; --i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        std::swap(order[i - 1], order[static_cast<std::size_t>(state >> 33U) % i]);
    }
    return order;
}

} // namespace

ExpertLoadTable::ExpertLoadTable(const FeedForward& feedForward, int ranks, int redundantExperts, const Routing& routing, double tokens,
                                 bool example)
    : m_topK(feedForward.topK),
      m_tokens(tokens),
      m_skewed(routing.powerLaw > 0)
{
    const ExpertRouting compiled(feedForward, ranks, redundantExperts, routing);
    const std::vector<double> probability = compiled.inclusion();
    const std::vector<ExpertRouting::Slot> placement = compiled.placement();
    m_copiesIdle = redundantExperts > 0 && placement.empty();
    m_load = compiled.at(tokens);
    m_limit = compiled.isLimited() ? compiled.limit(tokens) : 0;
    for (const double p : probability) {
        m_experts.push_back(tokens * p);
        m_visited += p >= 1 ? 1 : -std::expm1(tokens * std::log1p(-p));
    }
    m_most = *std::max_element(m_experts.begin(), m_experts.end());
    m_slots.resize(static_cast<std::size_t>(ranks));
    for (const double perToken : compiled.rankLoads())
        m_ranks.push_back(tokens * perToken);
    m_hottest = compiled.hottest().rank;
    m_standardError = compiled.hottest().standardError;

    if (!placement.empty()) {
        m_places = Places::Balanced;
        balance(placement);
    } else if (!m_skewed || ranks == 1) {
        std::vector<int> order(probability.size());
        std::iota(order.begin(), order.end(), 0);
        number(order);
    } else if (example) {
        m_places = Places::Example;
        number(exampleOrder(static_cast<int>(probability.size())));
        for (std::size_t rank = 0; rank < m_slots.size(); ++rank) {
            m_ranks[rank] = 0;
            for (const Slot& slot : m_slots[rank])
                m_ranks[rank] += slot.pairs;
        }
        m_hottest = static_cast<int>(std::max_element(m_ranks.begin(), m_ranks.end()) - m_ranks.begin());
        m_standardError = 0;
    } else {
        m_places = Places::Orders;
        m_held = compiled.hottest().held;
        for (int rank = 0; rank < ranks; ++rank)
            m_count.push_back(heldBy(rank, experts(), ranks));
    }

    if (m_limit <= 0)
        return;
    const ExpectedExcess excessOf(tokens, m_limit);
    m_excess.assign(probability.size(), 0);
    if (m_places == Places::Balanced) {
        for (const ExpertRouting::Slot& slot : placement)
            m_excess[static_cast<std::size_t>(slot.expert)] += excessOf(slot.probability);
    } else {
        for (std::size_t i = 0; i < probability.size(); ++i)
            m_excess[i] = excessOf(probability[i]);
    }
}

/// Ranges of `order` on the ranks: the first ones hold the odd experts.
void ExpertLoadTable::number(const std::vector<int>& order)
{
    std::size_t next = 0;
    for (int rank = 0; rank < ranks(); ++rank)
        for (int left = heldBy(rank, experts(), ranks()); left > 0; --left, ++next)
            m_slots[static_cast<std::size_t>(rank)].push_back({order[next], 0, ofExpert(order[next])});
}

void ExpertLoadTable::balance(const std::vector<ExpertRouting::Slot>& placement)
{
    std::vector<int> copies(m_experts.size(), 0);
    for (const ExpertRouting::Slot& slot : placement)
        m_slots[static_cast<std::size_t>(slot.rank)].push_back(
            {slot.expert, copies[static_cast<std::size_t>(slot.expert)]++, m_tokens * slot.probability});
}

double ExpertLoadTable::at(int expert, int rank) const
{
    if (m_places != Places::Orders) {
        double sum = 0;
        for (const Slot& slot : slotsOf(rank))
            sum += slot.expert == expert ? slot.pairs : 0;
        return sum;
    }
    const auto e = static_cast<std::size_t>(expert);
    if (rank == m_hottest)
        return m_experts[e] * m_held[e];
    // What does not lie on the hottest rank lies on any other place with equal probability.
    return m_experts[e] * (1 - m_held[e]) * m_count[static_cast<std::size_t>(rank)] / (experts() - m_count.front());
}

int ExpertLoadTable::mostSlots() const
{
    std::size_t most = 0;
    for (const std::vector<Slot>& slots : m_slots)
        most = std::max(most, slots.size());
    return static_cast<int>(most);
}

double ExpertLoadTable::excess() const
{
    return std::accumulate(m_excess.begin(), m_excess.end(), 0.0);
}

} // namespace shardlens
