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

    m_slotCount = placement.empty() ? experts() : static_cast<int>(placement.size());
    m_read = m_visited;
    if (m_limit > 0)
        limitTo(placement, routing.dropOverflow);
}

/// What the limit leaves of the loads: the same sums as ExpertRouting::at, kept apart by expert, slot and rank.
void ExpertLoadTable::limitTo(const std::vector<ExpertRouting::Slot>& placement, bool drops)
{
    const ExpectedExcess excessOf(m_tokens, m_limit);
    m_excess.assign(m_experts.size(), 0);
    double visited = placement.empty() ? m_visited : 0; // slots
    for (const ExpertRouting::Slot& slot : placement) {
        m_excess[static_cast<std::size_t>(slot.expert)] += excessOf(slot.probability);
        visited += slot.probability >= 1 ? 1 : -std::expm1(m_tokens * std::log1p(-slot.probability));
    }
    for (std::size_t i = 0; i < m_experts.size() && placement.empty(); ++i)
        m_excess[i] = excessOf(m_experts[i] / m_tokens);

    const double moved = drops ? 0 : std::max(0.0, excess() - m_load.dropped * pairs());
    const double room = m_limit * m_slotCount - (pairs() - excess());
    const double share = room > 0 ? moved / room : 0; // of each slot's room
    const auto serve = [this, share](Slot& slot, double beyond) {
        slot.excess = beyond;
        slot.served = slot.pairs - beyond + share * (m_limit - (slot.pairs - beyond));
    };
    m_padded = drops;
    m_read = drops ? m_slotCount : visited - (m_slotCount - visited) * std::expm1(-moved / m_slotCount);
    m_served.assign(m_experts.size(), 0);
    m_excessOfRank.assign(m_ranks.size(), 0);
    m_servedOfRank.assign(m_ranks.size(), 0);
    for (std::size_t i = 0; i < m_experts.size() && m_places == Places::Orders; ++i) {
        Slot slot{static_cast<int>(i), 0, m_experts[i]};
        serve(slot, m_excess[i]);
        m_served[i] = slot.served;
        for (int rank = 0; rank < ranks(); ++rank) {
            const double here = shareOnRank(slot.expert, rank);
            m_excessOfRank[static_cast<std::size_t>(rank)] += slot.excess * here;
            m_servedOfRank[static_cast<std::size_t>(rank)] += slot.served * here;
        }
    }
    for (std::size_t rank = 0; rank < m_slots.size(); ++rank)
        for (Slot& slot : m_slots[rank]) {
            const auto expert = static_cast<std::size_t>(slot.expert);
            serve(slot, placement.empty() ? m_excess[expert] : excessOf(slot.pairs / m_tokens));
            m_served[expert] += slot.served;
            m_excessOfRank[rank] += slot.excess;
            m_servedOfRank[rank] += slot.served;
        }
    // Of one order the rank that others wait for is the one that serves most, which need not be the one that most is sent to.
    if (m_places == Places::Example)
        m_hottest = static_cast<int>(std::max_element(m_servedOfRank.begin(), m_servedOfRank.end()) - m_servedOfRank.begin());
}

/// Ranges of `order` on the ranks: the first ones hold the odd experts.
void ExpertLoadTable::number(const std::vector<int>& order)
{
    std::size_t next = 0;
    for (int rank = 0; rank < ranks(); ++rank)
        for (int left = heldBy(rank, experts(), ranks()); left > 0; --left, ++next)
            m_slots[static_cast<std::size_t>(rank)].push_back({order[next], 0, ofExpert(order[next]), 0, ofExpert(order[next])});
}

void ExpertLoadTable::balance(const std::vector<ExpertRouting::Slot>& placement)
{
    std::vector<int> copies(m_experts.size(), 0);
    for (const ExpertRouting::Slot& slot : placement)
        m_slots[static_cast<std::size_t>(slot.rank)].push_back(
            {slot.expert, copies[static_cast<std::size_t>(slot.expert)]++, m_tokens * slot.probability, 0, m_tokens * slot.probability});
}

double ExpertLoadTable::at(int expert, int rank) const
{
    if (m_places != Places::Orders) {
        double sum = 0;
        for (const Slot& slot : slotsOf(rank))
            sum += slot.expert == expert ? slot.pairs : 0;
        return sum;
    }
    return ofExpert(expert) * shareOnRank(expert, rank);
}

double ExpertLoadTable::servedAt(int expert, int rank) const
{
    if (m_limit <= 0)
        return at(expert, rank);
    if (m_places == Places::Orders)
        return servedOf(expert) * shareOnRank(expert, rank);
    double sum = 0;
    for (const Slot& slot : slotsOf(rank))
        sum += slot.expert == expert ? slot.served : 0;
    return sum;
}

double ExpertLoadTable::servedMean() const
{
    return pairs() * (1 - m_load.dropped) / ranks();
}

double ExpertLoadTable::shareOnRank(int expert, int rank) const
{
    const double held = m_held[static_cast<std::size_t>(expert)];
    if (rank == m_hottest)
        return held;
    // What does not lie on the hottest rank lies on any other place with equal probability.
    return (1 - held) * m_count[static_cast<std::size_t>(rank)] / (experts() - m_count.front());
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
