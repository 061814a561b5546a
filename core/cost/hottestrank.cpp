// SPDX-License-Identifier: Apache-2.0
#include "core/cost/hottestrank.h"

#include "core/base/units.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace shardlens {

namespace {

constexpr double kCertain = 1 - 1e-9;        ///< above this a token always visits the expert
constexpr int kMostDrawn = 64;               ///< beyond, a token's experts count as drawn independently of one another
constexpr double kMostWork = 1 << 16;        ///< multiplications for one order, likewise
constexpr double kMostArrivalWork = 1 << 25; ///< ... for all orders; later ones count for loads alone

/// Inclusion probabilities of conditional Poisson sampling of `n` units with the given odds, by products from both ends.
void inclusionOfOdds(const std::vector<double>& odds, std::size_t n, std::vector<double>& out)
{
    const std::size_t count = odds.size();
    std::vector<double> before((count + 1) * n, 0); // before[i][j]: e_j of the first i odds, j < n
    std::vector<double> polynomial(n, 0);
    polynomial[0] = 1;
    for (std::size_t i = 0; i < count; ++i) {
        std::copy(polynomial.begin(), polynomial.end(), before.begin() + static_cast<std::ptrdiff_t>(i * n));
        if (n > 1)
            multiply(polynomial, odds[i]);
    }
    std::vector<double> after(n, 0);
    after[0] = 1;
    double total = 0;
    for (std::size_t i = count; i-- > 0;) {
        double others = 0; // e_{n-1} of all odds but this one
        for (std::size_t j = 0; j < n; ++j)
            others += before[i * n + j] * after[n - 1 - j];
        out[i] = odds[i] * others;
        total += out[i];
        if (n > 1)
            multiply(after, odds[i]);
    }
    for (double& each : out)
        each *= static_cast<double>(n) / total; // the sum over units of w_i e_{n-1}(others) is n e_n
}

/// What one order of the experts contributes.
class Tally {
public:
    Tally(const std::vector<double>& probability, const JointDraw& draw, int ranks)
        : m_probability(probability),
          m_draw(draw),
          m_heldHottest(probability.size(), 0),
          m_heldBusiest(probability.size(), 0)
    {
        const auto experts = static_cast<int>(probability.size());
        m_ends.push_back(0);
        for (int rank = 0; rank < ranks; ++rank)
            m_ends.push_back(m_ends.back() + heldBy(rank, experts, ranks));
        // The rank of the busiest expert, in the mean: it is any place of any rank, and the others lie there as they come.
        const double count = experts;
        for (int rank = 0; rank < ranks; ++rank) {
            const int slots = heldBy(rank, experts, ranks);
            const double share = slots / count;
            m_others += share * (slots - 1) / (count - 1);
            m_missed += share * hypergeometricMiss(experts - 1, slots - 1, draw.drawn());
        }
    }

    /// @param order the expert at each number
    void add(const std::vector<int>& order)
    {
        std::size_t hottest = 0;
        std::size_t busiest = 0;
        double most = -1;
        double ofBusiest = 0;
        for (std::size_t rank = 0; rank + 1 < m_ends.size(); ++rank) {
            double load = 0;
            bool here = false;
            for (int i = m_ends[rank]; i < m_ends[rank + 1]; ++i) {
                load += m_probability[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
                here = here || order[static_cast<std::size_t>(i)] == 0;
            }
            if (load > most) {
                most = load;
                hottest = rank;
            }
            if (here) {
                busiest = rank;
                ofBusiest = load;
            }
        }
        if (hottest != busiest && most <= ofBusiest * (1 + 1e-12))
            hottest = busiest; // equal but for rounding
        m_count += 1;
        m_plain.add(most);
        m_difference.add(most - ofBusiest);
        for (int i = m_ends[hottest]; i < m_ends[hottest + 1]; ++i)
            m_heldHottest[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] += 1;
        for (int i = m_ends[busiest]; i < m_ends[busiest + 1]; ++i)
            m_heldBusiest[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] += 1;
        if (m_arrivals * m_draw.work() >= kMostArrivalWork)
            return;
        m_arrivals += 1;
        const double missed = miss(order, hottest);
        m_missHottest += missed;
        m_missBusiest += hottest == busiest ? missed : miss(order, busiest);
    }

    [[nodiscard]] HottestRank result(bool exact) const
    {
        HottestRank result;
        const bool controlled = isControlled();
        for (std::size_t i = 0; i < m_probability.size(); ++i) {
            const double known = i == 0 ? 1 : m_others;
            const double other = controlled ? known - m_heldBusiest[i] / m_count : 0;
            result.held.push_back(std::clamp(m_heldHottest[i] / m_count + other, 0.0, 1.0));
            result.pairsPerToken += result.held[i] * m_probability[i];
        }
        // Which experts share a group depends on the order: nothing is known of the rank of the busiest one then.
        const double known = (1 - m_probability.front()) * m_missed;
        const double other = controlled && !m_draw.grouped() ? known - m_missBusiest / m_arrivals : 0;
        result.arrival = std::clamp(1 - m_missHottest / m_arrivals - other, 0.0, 1.0);
        result.standardError = exact ? 0 : error() / result.pairsPerToken;
        return result;
    }

    [[nodiscard]] bool isSettled() const { return error() <= kHottestError * m_plain.sum / m_count; }

private:
    struct Moments {
        double sum = 0;
        double squares = 0;
        void add(double x)
        {
            sum += x;
            squares += x * x;
        }
        [[nodiscard]] double variance(double count) const { return std::max(0.0, squares / count - sum / count * (sum / count)); }
    };
    /// The difference to the rank of the busiest expert varies less than the load itself; not so while all experts are nearly alike.
    [[nodiscard]] bool isControlled() const { return m_difference.variance(m_count) < m_plain.variance(m_count); }
    [[nodiscard]] double error() const { return std::sqrt(std::min(m_difference.variance(m_count), m_plain.variance(m_count)) / m_count); }
    [[nodiscard]] double miss(const std::vector<int>& order, std::size_t rank) const
    {
        return m_draw.misses(order, m_ends[rank], m_ends[rank + 1]);
    }

    const std::vector<double>& m_probability;
    const JointDraw& m_draw;
    std::vector<int> m_ends;
    std::vector<double> m_heldHottest; // times
    std::vector<double> m_heldBusiest;
    double m_others = 0;
    double m_missed = 0;  // by the experts beside the busiest
    Moments m_plain;      // load of the hottest rank
    Moments m_difference; // less that of the rank of the busiest expert
    double m_missHottest = 0;
    double m_missBusiest = 0;
    double m_arrivals = 0; // orders of which these are known
    double m_count = 0;
};

/// Ways to deal the experts onto the ranks, or more than `most`.
double distributions(int experts, int ranks, double most)
{
    double ways = 1;
    int left = experts;
    for (int rank = 0; rank < ranks && ways <= most; ++rank)
        for (int i = heldBy(rank, experts, ranks); i > 0; --i, --left)
            ways *= static_cast<double>(left) / i; // a binomial coefficient for each rank
    return ways;
}

/// All distributions: each expert's rank, in the order of permutations; then the experts by rank.
void addAll(int experts, int ranks, Tally& tally)
{
    std::vector<int> rankOf;
    for (int rank = 0; rank < ranks; ++rank)
        rankOf.insert(rankOf.end(), static_cast<std::size_t>(heldBy(rank, experts, ranks)), rank);
    std::vector<int> order(rankOf.size());
    do {
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(),
                         [&](int a, int b) { return rankOf[static_cast<std::size_t>(a)] < rankOf[static_cast<std::size_t>(b)]; });
        tally.add(order);
    } while (std::next_permutation(rankOf.begin(), rankOf.end()));
}

void addSamples(int experts, Tally& tally)
{
    constexpr int kBatch = 512;
    std::vector<int> order(static_cast<std::size_t>(experts));
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(20'240'501);
    for (int drawn = 0; drawn < kMostSamples; drawn += kBatch) {
        for (int i = 0; i < kBatch; ++i) {
            for (std::size_t last = order.size() - 1; last > 0; --last) // Fisher and Yates; the library's shuffle differs by library
                std::swap(order[last], order[static_cast<std::size_t>(random() % (last + 1))]);
            tally.add(order);
        }
        if (drawn >= kBatch && tally.isSettled())
            break;
    }
}

} // namespace

void multiply(std::vector<double>& polynomial, double w)
{
    for (std::size_t j = polynomial.size() - 1; j > 0; --j)
        polynomial[j] += w * polynomial[j - 1];
}

std::vector<double> oddsOf(const std::vector<double>& p, int n)
{
    if (n <= 0)
        return std::vector<double>(p.size(), 0);
    if (n == 1)
        return p; // proportional
    std::vector<double> odds(p.size());
    for (std::size_t i = 0; i < p.size(); ++i)
        odds[i] = p[i] / (1 - p[i]);
    std::vector<double> made(p.size());
    for (int round = 0; round < 200; ++round) {
        inclusionOfOdds(odds, static_cast<std::size_t>(n), made);
        double worst = 0;
        for (std::size_t i = 0; i < p.size(); ++i) {
            worst = std::max(worst, std::abs(made[i] - p[i]) / p[i]);
            odds[i] *= p[i] * (1 - made[i]) / (made[i] * (1 - p[i]));
        }
        if (worst < 1e-12)
            break;
    }
    return odds;
}

int heldBy(int rank, int count, int ranks)
{
    return count / ranks + (rank < count % ranks ? 1 : 0);
}

double hypergeometricMiss(int count, int held, int k)
{
    if (k > count - held)
        return 0;
    double probability = 1;
    for (int j = 0; j < k; ++j)
        probability *= static_cast<double>(count - held - j) / (count - j);
    return probability;
}

JointDraw::JointDraw(const std::vector<double>& probability, int topK, int groups, int topGroups)
    : m_probability(probability),
      m_topK(topK),
      m_groups(groups),
      m_topGroups(topGroups),
      m_work(static_cast<double>(probability.size()) * topK + (groups > 1 ? 0.5 * groups * topGroups * (topK + 1) * (topK + 1) : 0)),
      m_exact(topK <= kMostDrawn && m_work <= kMostWork)
{
    if (!m_exact)
        return;
    const auto experts = static_cast<int>(probability.size());
    while (m_certain < experts && probability[static_cast<std::size_t>(m_certain)] > kCertain)
        ++m_certain;
    const std::vector<double> rest = oddsOf({probability.begin() + m_certain, probability.end()}, topK - m_certain);
    // Certain experts stand apart; with groups they can be missed after all: their group may not be chosen.
    const double most = rest.empty() ? 1 : *std::max_element(rest.begin(), rest.end());
    m_odds.assign(static_cast<std::size_t>(m_certain), std::max(1.0, most) * 1e6);
    m_odds.insert(m_odds.end(), rest.begin(), rest.end());
}

double JointDraw::misses(const std::vector<int>& order, int first, int last) const
{
    if (!m_exact) {
        double none = 1;
        for (int i = first; i < last; ++i)
            none *= 1 - m_probability[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
        return none;
    }
    if (m_groups <= 1)
        for (int i = first; i < last; ++i)
            if (order[static_cast<std::size_t>(i)] < m_certain)
                return 0;
    const double all = weight(order, 0, 0);
    return all > 0 ? weight(order, first, last) / all : 0;
}

/// Weight of all draws without the experts at [first, last). With groups: the coefficient of y^topGroups x^k in the product over groups of
/// 1 + y prod (1 + w x); a group is a range of numbers.
double JointDraw::weight(const std::vector<int>& order, int first, int last) const
{
    const auto experts = static_cast<int>(order.size());
    const auto oddsAt = [&](int i) { return m_odds[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]; };
    if (m_groups <= 1) {
        std::vector<double> polynomial(static_cast<std::size_t>(m_topK - m_certain) + 1, 0);
        polynomial[0] = 1;
        if (polynomial.size() > 1)
            for (int i = 0; i < experts; ++i)
                if ((i < first || i >= last) && order[static_cast<std::size_t>(i)] >= m_certain)
                    multiply(polynomial, oddsAt(i));
        return polynomial.back();
    }
    const std::size_t width = static_cast<std::size_t>(m_topK) + 1;
    const auto chosen = static_cast<std::size_t>(m_topGroups);
    std::vector<double> table((chosen + 1) * width, 0);
    table[0] = 1;
    std::vector<double> group(width);
    for (int g = 0, i = 0; g < m_groups; ++g) {
        std::fill(group.begin(), group.end(), 0);
        group[0] = 1;
        for (; i < experts && static_cast<std::int64_t>(i) * m_groups / experts == g; ++i)
            if (i < first || i >= last)
                multiply(group, oddsAt(i));
        for (std::size_t m = chosen; m > 0; --m)
            for (std::size_t j = width; j-- > 0;)
                for (std::size_t a = 0; a <= j; ++a)
                    table[m * width + j] += group[a] * table[(m - 1) * width + j - a];
    }
    return table.back();
}

HottestRank hottestRank(const std::vector<double>& probability, int topK, int ranks, int groups, int topGroups)
{
    const auto experts = static_cast<int>(probability.size());
    HottestRank result;
    if (ranks >= experts) { // the busiest expert's, which has it alone
        result.held.assign(probability.size(), 0);
        result.held.front() = 1;
        result.pairsPerToken = result.arrival = probability.front();
        return result;
    }
    const JointDraw draw(probability, topK, groups, topGroups);
    Tally tally(probability, draw, ranks);
    const bool exact = distributions(experts, ranks, kMostDistributions) <= kMostDistributions && !draw.grouped();
    if (exact)
        addAll(experts, ranks, tally);
    else
        addSamples(experts, tally);
    return tally.result(exact);
}

} // namespace shardlens
