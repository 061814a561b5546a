// SPDX-License-Identifier: Apache-2.0
#include "core/cost/routing.h"

#include "core/cost/binomial.h"
#include "core/cost/hottestrank.h"

#include <algorithm>

namespace shardlens {

namespace {

constexpr double kCertain = 1 - 1e-9; ///< above this a token always visits the expert
// Beyond these a token's experts count as drawn independently of one another: no model comes near, and a file that asks for it must not hang.
constexpr int kMostDrawn = 64;
constexpr std::int64_t kMostWork = std::int64_t{1} << 24; // experts x k x ranks

/// p_i = min(1, c w_i) that sum to `total`, for falling weights: the busiest are certain as long as they must be.
std::vector<double> inclusionOf(const std::vector<double>& weights, int total)
{
    std::vector<double> p(weights.size(), 1);
    std::vector<double> tail(weights.size() + 1, 0); // sums from the small end: a steep power law loses nothing
    for (std::size_t i = weights.size(); i-- > 0;)
        tail[i] = tail[i + 1] + weights[i];
    std::size_t certain = 0;
    while (certain < static_cast<std::size_t>(total) && weights[certain] * (total - static_cast<double>(certain)) >= tail[certain])
        ++certain;
    for (std::size_t i = certain; i < weights.size(); ++i)
        p[i] = weights[i] * (total - static_cast<double>(certain)) / tail[certain];
    return p;
}

std::vector<double> powerLaw(int count, double exponent)
{
    std::vector<double> weights(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] = std::pow(static_cast<double>(i + 1), -exponent);
    return weights;
}

struct Key {
    int experts, topK, ranks, redundant, groups, topGroups;
    double powerLaw;
    friend bool operator==(const Key&, const Key&) = default;
};

} // namespace

struct ExpertRouting::Layout {
    Key key;
    std::vector<double> probability; // by expert, falling
    std::vector<double> odds;        // certain experts: 1, unless groups
    std::vector<Slot> slots;         // by rank
    std::vector<double> loads;       // by rank
    std::vector<double> misses;      // by rank: probability that a token has no expert there
    double drawn = 0;                // weight of all draws
    int certain = 0;
    bool exact = true;

    explicit Layout(const Key& k) : key(k), probability(inclusionOf(powerLaw(key.experts, key.powerLaw), key.topK))
    {
        if (key.redundant > 0)
            pack();
        else
            number();
        exact = key.topK <= kMostDrawn && std::int64_t{key.experts} * key.topK * key.ranks <= kMostWork;
        if (exact) {
            findOdds();
            drawn = key.groups > 1 ? ways(odds) : symmetric(odds);
        }
        for (int rank = 0; rank < key.ranks; ++rank)
            misses.push_back(avoids(rank, rank + 1));
    }

    [[nodiscard]] std::size_t hottest() const
    {
        return static_cast<std::size_t>(std::max_element(loads.begin(), loads.end()) - loads.begin());
    }

    [[nodiscard]] double avoids(int first, int last) const
    {
        if (last == first + 1 && static_cast<std::size_t>(first) < misses.size())
            return misses[static_cast<std::size_t>(first)];
        // The share of each expert's copies that lies on these ranks. A token avoids them with probability e_k(odds x (1 - share)) / e_k(odds).
        std::vector<double> share(probability.size(), 0);
        for (const Slot& slot : slots)
            if (slot.rank >= first && slot.rank < last)
                share[static_cast<std::size_t>(slot.expert)] += slot.probability / probability[static_cast<std::size_t>(slot.expert)];
        double sure = 1; // of certain experts, which stand apart unless there are groups
        if (!exact) {
            for (std::size_t i = 0; i < share.size(); ++i)
                sure *= std::max(0.0, 1 - share[i] * probability[i]);
            return sure;
        }
        std::vector<double> odd = odds;
        for (std::size_t i = 0; i < share.size(); ++i)
            odd[i] *= std::max(0.0, 1 - share[i]);
        if (key.groups > 1)
            return ways(odd) / drawn;
        for (std::size_t i = 0; i < static_cast<std::size_t>(certain); ++i)
            sure *= odd[i];
        return sure * symmetric(odd) / drawn;
    }

private:
    /// Contiguous: the first ranks hold the odd ones.
    void number()
    {
        loads.assign(static_cast<std::size_t>(key.ranks), 0);
        for (int rank = 0, expert = 0; rank < key.ranks; ++rank)
            for (int left = heldBy(rank, key.experts, key.ranks); left > 0; --left, ++expert) {
                slots.push_back({expert, rank, probability[static_cast<std::size_t>(expert)]});
                loads[static_cast<std::size_t>(rank)] += slots.back().probability;
            }
    }

    void pack()
    {
        std::vector<int> copies(probability.size(), 1);
        for (int extra = 0; extra < key.redundant; ++extra) {
            std::size_t most = 0;
            for (std::size_t i = 1; i < copies.size(); ++i)
                if (probability[i] * copies[most] > probability[most] * copies[i])
                    most = i;
            ++copies[most];
        }
        slots.clear();
        for (std::size_t i = 0; i < copies.size(); ++i)
            for (int copy = 0; copy < copies[i]; ++copy)
                slots.push_back({static_cast<int>(i), 0, probability[i] / copies[i]});
        std::stable_sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.probability > b.probability; });
        loads.assign(static_cast<std::size_t>(key.ranks), 0);
        std::vector<int> held(static_cast<std::size_t>(key.ranks), 0);
        const auto room = static_cast<int>(ceilDiv(static_cast<std::int64_t>(slots.size()), key.ranks));
        for (Slot& slot : slots) {
            std::size_t best = loads.size();
            for (std::size_t rank = 0; rank < loads.size(); ++rank)
                if (held[rank] < room && (best == loads.size() || loads[rank] < loads[best]))
                    best = rank;
            slot.rank = static_cast<int>(best);
            loads[best] += slot.probability;
            ++held[best];
        }
        std::stable_sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.rank < b.rank; });
    }

    /// Groups are ranges of expert numbers; by load the experts are dealt to them in turn.
    [[nodiscard]] std::size_t groupOf(std::size_t expert) const
    {
        const auto groups = static_cast<std::size_t>(key.groups);
        return key.redundant > 0 ? expert % groups : expert * groups / probability.size();
    }

    void findOdds()
    {
        while (certain < key.experts && probability[static_cast<std::size_t>(certain)] > kCertain)
            ++certain;
        const std::vector<double> rest(probability.begin() + certain, probability.end());
        const std::vector<double> restOdds = oddsOf(rest, key.topK - certain);
        // Certain experts stand apart (odds 1, never counted); with groups they can be missed after all: their group may not be chosen.
        const double most = restOdds.empty() ? 1 : *std::max_element(restOdds.begin(), restOdds.end());
        odds.assign(static_cast<std::size_t>(certain), key.groups > 1 ? std::max(1.0, most) * 1e6 : 1.0);
        odds.insert(odds.end(), restOdds.begin(), restOdds.end());
    }

    /// e_n of the odds of the experts that are not certain.
    [[nodiscard]] double symmetric(const std::vector<double>& odd) const
    {
        std::vector<double> polynomial(static_cast<std::size_t>(key.topK - certain) + 1, 0);
        polynomial[0] = 1;
        if (polynomial.size() > 1)
            for (std::size_t i = static_cast<std::size_t>(certain); i < odd.size(); ++i)
                multiply(polynomial, odd[i]);
        return polynomial.back();
    }

    /// Weight of all ways to choose topGroups groups and k experts in them: the coefficient of y^topGroups x^k in the product over groups of
    /// 1 + y prod (1 + w x).
    [[nodiscard]] double ways(const std::vector<double>& odd) const
    {
        const std::size_t width = static_cast<std::size_t>(key.topK) + 1;
        const std::size_t chosen = static_cast<std::size_t>(key.topGroups);
        std::vector<double> group(width * static_cast<std::size_t>(key.groups), 0);
        for (int g = 0; g < key.groups; ++g)
            group[static_cast<std::size_t>(g) * width] = 1;
        for (std::size_t i = 0; i < odd.size(); ++i) {
            double* const polynomial = group.data() + groupOf(i) * width;
            for (std::size_t j = width - 1; j > 0; --j)
                polynomial[j] += odd[i] * polynomial[j - 1];
        }
        std::vector<double> table((chosen + 1) * width, 0);
        table[0] = 1;
        for (std::size_t g = 0; g < static_cast<std::size_t>(key.groups); ++g)
            for (std::size_t m = chosen; m > 0; --m)
                for (std::size_t j = width; j-- > 0;)
                    for (std::size_t i = 0; i <= j; ++i)
                        table[m * width + j] += group[g * width + i] * table[(m - 1) * width + j - i];
        return table.back();
    }
};

namespace {

/// The experts of a power law, and the hottest of the ranks that hold them.
struct Skew {
    Key key;
    std::vector<double> probabilities;
    std::vector<double> logMisses;
    HottestRank hottest;
};

/// This thread's latest: making one takes long, and a user dragging a slider, or a search, asks for the same again and again.
template <class T, class Same, class Make>
std::shared_ptr<const T> remembered(Same&& same, Make&& make)
{
    constexpr std::size_t most = 64;
    static thread_local std::vector<std::shared_ptr<const T>> known;
    for (const auto& each : known)
        if (same(*each))
            return each;
    if (known.size() == most)
        known.erase(known.begin());
    known.push_back(make());
    return known.back();
}

std::shared_ptr<const ExpertRouting::Layout> layoutFor(const Key& key)
{
    return remembered<ExpertRouting::Layout>([&key](const ExpertRouting::Layout& layout) { return layout.key == key; },
                                             [&key] { return std::make_shared<const ExpertRouting::Layout>(key); });
}

double logMissOf(double probability)
{
    // ln 0 would turn 0 tokens into 0 x infinity.
    return probability >= 1 ? -1e30 : std::log1p(-probability);
}

std::shared_ptr<const Skew> skewFor(const Key& key)
{
    return remembered<Skew>([&key](const Skew& skew) { return skew.key == key; },
                            [&key] {
                                auto skew = std::make_shared<Skew>();
                                skew->key = key;
                                skew->probabilities = inclusionOf(powerLaw(key.experts, key.powerLaw), key.topK);
                                for (const double each : skew->probabilities)
                                    skew->logMisses.push_back(logMissOf(each));
                                skew->hottest = hottestRank(skew->probabilities, key.topK, key.ranks, key.groups, key.topGroups);
                                return skew;
                            });
}

} // namespace

ExpertRouting::ExpertRouting(const FeedForward& feedForward, int expertParallel, int redundantExperts, const Routing& routing)
    : m_experts(feedForward.experts),
      m_topK(feedForward.topK),
      m_ranks(expertParallel),
      m_slots(feedForward.experts + redundantExperts),
      m_capacityFactor(routing.capacityFactor),
      m_drop(routing.dropOverflow)
{
    const bool grouped = feedForward.groups > 1 && feedForward.topGroups < feedForward.groups
                         && feedForward.experts / feedForward.groups * feedForward.topGroups >= feedForward.topK;
    if (redundantExperts > 0 || grouped)
        m_layout = layoutFor({m_experts, m_topK, m_ranks, redundantExperts, grouped ? feedForward.groups : 1,
                              grouped ? feedForward.topGroups : 1, redundantExperts > 0 ? routing.powerLaw : 0});
    const double uniform = static_cast<double>(m_topK) / m_experts;
    m_hottest.slots = heldBy(0, m_experts, m_ranks);
    m_hottest.pairsPerToken = m_hottest.slots * uniform;
    m_hottest.logMiss = logMissOf(uniform);
    if (routing.powerLaw > 0)
        skew(routing.powerLaw, grouped ? feedForward.groups : 1, grouped ? feedForward.topGroups : 1);
    // Copies that would make the hottest rank hotter stay idle.
    m_balanced = redundantExperts > 0 && m_layout->loads[m_layout->hottest()] <= m_hottest.pairsPerToken * (1 + 1e-12);
    if (m_balanced) {
        m_hottest = {};
        m_hottest.rank = static_cast<int>(m_layout->hottest());
        m_hottest.pairsPerToken = m_layout->loads[m_layout->hottest()];
        for (const Slot& slot : m_layout->slots)
            if (slot.rank == m_hottest.rank)
                m_hottest.logMisses.push_back(logMissOf(slot.probability));
        m_hottest.slots = static_cast<int>(m_hottest.logMisses.size());
    }
    if (routing.powerLaw <= 0 || m_balanced)
        m_hottest.arrival = 1 - avoids(m_hottest.rank, m_hottest.rank + 1);
}

void ExpertRouting::skew(double exponent, int groups, int topGroups)
{
    const std::shared_ptr<const Skew> known = skewFor({m_experts, m_topK, m_ranks, 0, groups, topGroups, exponent});
    m_probabilities = known->probabilities;
    m_hottest.pairsPerToken = known->hottest.pairsPerToken;
    m_hottest.arrival = known->hottest.arrival;
    m_hottest.held = known->hottest.held;
    m_hottest.logMisses = known->logMisses;
    m_hottest.standardError = known->hottest.standardError;
}

double ExpertRouting::limit(double tokens) const
{
    return std::min(tokens, std::ceil(m_capacityFactor * tokens * m_topK / (m_balanced ? m_slots : m_experts)));
}

ExpertLoad ExpertRouting::limited(double tokens) const
{
    // A step asks for the same few counts again and again: once for each figure of each operator.
    for (const Known& known : m_known)
        if (known.tokens == tokens)
            return known.load;
    const ExpertLoad load = computeLimited(tokens);
    m_known[m_oldest] = {tokens, load};
    m_oldest = (m_oldest + 1) % m_known.size();
    return load;
}

ExpertLoad ExpertRouting::computeLimited(double tokens) const
{
    constexpr double kRounding = 1e-12; // what the sums of a thousand experts leave behind
    const double most = limit(tokens);
    const ExpectedExcess excessOf(tokens, most);
    const double all = tokens * m_topK;
    const double uniform = static_cast<double>(m_topK) / m_experts;
    int slots = m_experts; // in use
    double excess = 0;     // of all slots
    double hot = 0;        // served by the hottest rank within the limit
    if (m_balanced) {
        slots = m_slots;
        double last = -1; // copies of one expert are alike
        double each = 0;
        for (const Slot& slot : m_layout->slots) {
            if (slot.probability != last) {
                last = slot.probability;
                each = excessOf(last);
            }
            excess += each;
            hot += slot.rank == m_hottest.rank ? tokens * last - each : 0;
        }
    } else if (m_probabilities.empty()) {
        const double each = excessOf(uniform);
        excess = each * m_experts;
        hot = (tokens * uniform - each) * m_hottest.slots;
    } else {
        for (std::size_t i = 0; i < m_probabilities.size(); ++i) {
            const double each = excessOf(m_probabilities[i]);
            excess += each;
            hot += m_hottest.held[i] * (tokens * m_probabilities[i] - each);
        }
    }
    const auto shareOf = [all](double pairs) { return pairs > kRounding * all ? pairs / all : 0; };
    if (m_drop)
        return {hot, most * m_hottest.slots, static_cast<double>(m_hottest.slots), shareOf(excess)};
    const double room = most * slots - (all - excess);
    const double moved = std::min(excess, std::max(0.0, room));
    const double share = room > 0 ? moved / room : 0; // of each slot's room
    const double pairs = hot + share * (most * m_hottest.slots - hot);
    // Experts read: those that their own tokens visit, and of the rest those that the overflow finds.
    const double own = m_hottest.touched(tokens);
    const double reached = pairs > hot ? (m_hottest.slots - own) * -std::expm1(-(pairs - hot) / m_hottest.slots) : 0;
    return {pairs, pairs, own + reached, shareOf(excess - moved)};
}

double ExpertRouting::avoids(int first, int last) const
{
    if (m_layout && (m_balanced || m_layout->key.redundant == 0))
        return m_layout->avoids(first, last);
    int held = 0;
    for (int rank = first; rank < last; ++rank)
        held += heldBy(rank, m_experts, m_ranks);
    return hypergeometricMiss(m_experts, held, m_topK); // in the mean over all orders a token's experts are any k
}

double ExpertRouting::destinations(int ranksPerBlock) const
{
    for (const auto& [block, known] : m_destinations)
        if (block == ranksPerBlock)
            return known;
    const double found = computeDestinations(ranksPerBlock);
    m_destinations[m_oldestBlock] = {ranksPerBlock, found};
    m_oldestBlock = (m_oldestBlock + 1) % m_destinations.size();
    return found;
}

double ExpertRouting::computeDestinations(int ranksPerBlock) const
{
    double sum = 0;
    if (!m_layout && ranksPerBlock == 1) { // two sizes of rank at most
        const int more = m_experts % m_ranks;
        sum += more > 0 ? more * (1 - avoids(0, 1)) : 0;
        return sum + (m_ranks - more) * (1 - avoids(m_ranks - 1, m_ranks));
    }
    for (int first = 0; first < m_ranks; first += ranksPerBlock)
        sum += 1 - avoids(first, std::min(first + ranksPerBlock, m_ranks));
    return sum;
}

std::vector<double> ExpertRouting::rankLoads() const
{
    if (m_balanced)
        return m_layout->loads;
    std::vector<double> loads;
    loads.reserve(static_cast<std::size_t>(m_ranks));
    const double rest = m_experts > m_hottest.slots ? (m_topK - m_hottest.pairsPerToken) / (m_experts - m_hottest.slots) : 0;
    for (int rank = 0; rank < m_ranks; ++rank)
        loads.push_back(rank == m_hottest.rank ? m_hottest.pairsPerToken : rest * heldBy(rank, m_experts, m_ranks));
    return loads;
}

template <class Use>
void ExpertRouting::eachHeld(int rank, Use&& use) const
{
    const int held = heldBy(rank, m_experts, m_ranks);
    if (m_balanced) {
        for (const Slot& slot : m_layout->slots)
            if (slot.rank == rank)
                use(1.0, slot.probability);
    } else if (m_probabilities.empty()) {
        use(static_cast<double>(held), static_cast<double>(m_topK) / m_experts);
    } else { // what does not lie on the hottest rank lies on any other place with equal probability
        const double share = static_cast<double>(held) / (m_experts - m_hottest.slots);
        for (std::size_t i = 0; i < m_probabilities.size(); ++i)
            use((1 - m_hottest.held[i]) * share, m_probabilities[i]);
    }
}

ExpertLoad ExpertRouting::ofColderRank(int rank, double tokens, double excess) const
{
    double pairs = 0;
    double touched = 0;
    double slots = 0;
    eachHeld(rank, [&](double count, double probability) {
        pairs += count * tokens * probability;
        touched -= count * std::expm1(tokens * logMissOf(probability));
        slots += count;
    });
    if (m_capacityFactor <= 0)
        return {pairs, pairs, touched, 0};
    // As computeLimited() has it for the hottest rank.
    const double most = limit(tokens);
    const ExpectedExcess excessOf(tokens, most);
    double kept = pairs;
    eachHeld(rank, [&](double count, double probability) { kept -= count * excessOf(probability); });
    const double dropped = at(tokens).dropped;
    if (m_drop)
        return {kept, most * slots, slots, dropped};
    const double room = most * (m_balanced ? m_slots : m_experts) - (tokens * m_topK - excess);
    const double share = room > 0 ? std::min(excess, room) / room : 0;
    const double served = kept + share * (most * slots - kept);
    const double reached = served > kept ? (slots - touched) * -std::expm1(-(served - kept) / slots) : 0;
    return {served, served, touched + reached, dropped};
}

std::vector<ExpertLoad> ExpertRouting::ofRanks(double tokens) const
{
    double excess = 0;
    if (m_capacityFactor > 0) {
        const ExpectedExcess excessOf(tokens, limit(tokens));
        if (m_balanced)
            for (const Slot& slot : m_layout->slots)
                excess += excessOf(slot.probability);
        else
            for (const double probability : inclusion())
                excess += excessOf(probability);
    }
    std::vector<ExpertLoad> loads;
    loads.reserve(static_cast<std::size_t>(m_ranks));
    int last = -1; // without the balancer, ranks that hold as many experts are alike
    for (int rank = 0; rank < m_ranks; ++rank) {
        if (rank == m_hottest.rank) {
            loads.push_back(at(tokens));
            continue;
        }
        const bool known = !m_balanced && last >= 0 && heldBy(rank, m_experts, m_ranks) == heldBy(last, m_experts, m_ranks);
        loads.push_back(known ? loads[static_cast<std::size_t>(last)] : ofColderRank(rank, tokens, excess));
        last = rank;
    }
    return loads;
}

int ExpertRouting::slotsOf(int rank) const
{
    if (!m_balanced)
        return heldBy(rank, m_slots, m_ranks);
    return static_cast<int>(
        std::count_if(m_layout->slots.begin(), m_layout->slots.end(), [rank](const Slot& slot) { return slot.rank == rank; }));
}

std::vector<ExpertRouting::Slot> ExpertRouting::placement() const
{
    return m_balanced ? m_layout->slots : std::vector<Slot>();
}

std::vector<double> ExpertRouting::inclusion() const
{
    return !m_probabilities.empty() ? m_probabilities
                                    : std::vector<double>(static_cast<std::size_t>(m_experts), static_cast<double>(m_topK) / m_experts);
}

} // namespace shardlens
