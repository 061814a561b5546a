// SPDX-License-Identifier: Apache-2.0
// The hottest of the ranks that hold ranges of expert numbers, when a number says nothing about load: the mean, over all orders of the
// experts, of what the rank with most load of each order has.
//
// Exact: one rank; at most one expert a rank; and small numbers of experts, all of whose distributions over the ranks are gone through (up
// to kMostDistributions). Sampled otherwise: orders drawn by a fixed generator and seed, the same on every machine, until the standard
// error of the load is at most kHottestError of it, or kMostSamples are drawn. What is averaged is, where it varies less, the difference to
// the rank of the busiest expert, whose mean is known exactly - the two are the same rank in most orders (control variates: Ross,
// Simulation, chapter 9). A token's experts count as drawn independently where the joint draw would take too long.
#pragma once

#include <vector>

namespace shardlens {

inline constexpr double kHottestError = 0.002;
inline constexpr int kMostDistributions = 40'000;
inline constexpr int kMostSamples = 16'384;

struct HottestRank {
    double pairsPerToken = 0; ///< the sum of held x probability
    std::vector<double> held; ///< by expert, by falling load: the probability that it lies on the hottest rank
    double arrival = 0;       ///< probability that a token has any of its experts there
    double standardError = 0; ///< of pairsPerToken, relative; 0: exact
};

/// How a token's experts are drawn together; see routing.h.
class JointDraw {
public:
    /// @param probability by expert, falling
    JointDraw(const std::vector<double>& probability, int topK, int groups, int topGroups);
    /// Probability that a token has no expert on the positions [first, last) of `order`, an expert for each number.
    [[nodiscard]] double misses(const std::vector<int>& order, int first, int last) const;
    [[nodiscard]] bool grouped() const { return m_groups > 1; }
    [[nodiscard]] int drawn() const { return m_topK; }
    /// Multiplications that one answer takes.
    [[nodiscard]] double work() const { return m_work; }

private:
    [[nodiscard]] double weight(const std::vector<int>& order, int first, int last) const;

    const std::vector<double>& m_probability;
    std::vector<double> m_odds;
    int m_topK = 0;
    int m_groups = 1;
    int m_topGroups = 1;
    double m_work = 0;
    int m_certain = 0;
    bool m_exact = true;
};

/// Odds of conditional Poisson sampling with these inclusion probabilities, each below 1 and of sum n; see routing.h.
[[nodiscard]] std::vector<double> oddsOf(const std::vector<double>& p, int n);
/// Multiplies a polynomial in x, kept up to its length, by (1 + w x).
void multiply(std::vector<double>& polynomial, double w);
/// Of `count` experts in ranges on `ranks` ranks, those on one; the first ranks hold the odd ones.
[[nodiscard]] int heldBy(int rank, int count, int ranks);
/// Probability that k of `count`, drawn without replacement, all miss `held` of them.
[[nodiscard]] double hypergeometricMiss(int count, int held, int k);

/// @param probability that a token visits each expert, by falling load
[[nodiscard]] HottestRank hottestRank(const std::vector<double>& probability, int topK, int ranks, int groups, int topGroups);

} // namespace shardlens
