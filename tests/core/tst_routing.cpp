// SPDX-License-Identifier: Apache-2.0
// Expert routing against closed forms, against brute force on small numbers of experts, and against seeded random draws.
#include "core/cost/binomial.h"
#include "core/cost/routing.h"

#include <QTest>

#include <algorithm>
#include <numeric>
#include <random>
#include <tuple>

using namespace shardlens;

namespace {

FeedForward moe(int experts, int topK, int groups = 1, int topGroups = 1)
{
    FeedForward f;
    f.experts = experts;
    f.topK = topK;
    f.groups = groups;
    f.topGroups = topGroups;
    return f;
}

bool near(double value, double wanted, double tolerance)
{
    return std::abs(value - wanted) <= tolerance * std::max(std::abs(wanted), 1e-300);
}

double sumOf(const std::vector<double>& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0);
}

const char* text(double value)
{
    static thread_local QByteArray held;
    held = QByteArray::number(value, 'g', 12);
    return held.constData();
}

/// Draws k distinct experts with the given inclusion probabilities: conditional Poisson sampling by rejection.
struct Sampler {
    std::mt19937_64 engine{7};
    std::vector<double> working; // Poisson probabilities; conditioned on k draws they give the inclusion probabilities
    std::size_t k;

    /// Solves for the working probabilities by enumeration of all subsets: a way of its own, for small E only.
    Sampler(const std::vector<double>& inclusion, std::size_t topK) : working(inclusion), k(topK)
    {
        const std::size_t n = inclusion.size();
        for (int round = 0; round < 3000; ++round) {
            std::vector<double> made(n, 0);
            double total = 0;
            for (unsigned set = 0; set < 1u << n; ++set) {
                if (static_cast<std::size_t>(__builtin_popcount(set)) != k)
                    continue;
                double weight = 1;
                for (std::size_t i = 0; i < n; ++i)
                    weight *= set >> i & 1 ? working[i] : 1 - working[i];
                total += weight;
                for (std::size_t i = 0; i < n; ++i)
                    made[i] += set >> i & 1 ? weight : 0;
            }
            for (std::size_t i = 0; i < n; ++i)
                working[i] = std::clamp(working[i] + (inclusion[i] - made[i] / total) * 0.5, 0.0, 1.0);
        }
    }

    std::vector<int> draw()
    {
        std::uniform_real_distribution<double> unit(0, 1);
        std::vector<int> chosen;
        do {
            chosen.clear();
            for (std::size_t i = 0; i < working.size(); ++i)
                if (unit(engine) < working[i])
                    chosen.push_back(static_cast<int>(i));
        } while (chosen.size() != k);
        return chosen;
    }
};

} // namespace

class TestRouting : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void distinctExperts()
    {
        // E 256, k 8: 163 of 256 for 32 tokens, 252 for 128.
        const ExpertRouting all(moe(256, 8), 1, 0, {});
        QCOMPARE(std::lround(all.at(32).touched), 163L);
        QCOMPARE(std::lround(all.at(128).touched), 252L);
        QVERIFY(near(all.at(32).touched, 256 * (1 - std::pow(1 - 8.0 / 256, 32)), 1e-14));
        QVERIFY(near(all.at(1).touched, 8, 1e-14));
        QCOMPARE(all.at(32).pairs, 256.0);
        // Over 8 ranks each touches an eighth.
        const ExpertRouting eighth(moe(256, 8), 8, 0, {});
        QVERIFY(near(eighth.at(32).touched * 8, all.at(32).touched, 1e-14));
        QCOMPARE(eighth.imbalance(), 1.0);
        // Every token visits every expert.
        const ExpertRouting full(moe(4, 4), 2, 0, {});
        QCOMPARE(full.at(1).touched, 2.0);
        QCOMPARE(full.hottest().touched(0), 0.0);
        QCOMPARE(full.destinations(), 2.0);
    }

    void unevenRanks()
    {
        // 10 experts on 4 ranks: 3, 3, 2, 2.
        const ExpertRouting routing(moe(10, 2), 4, 0, {});
        QCOMPARE(routing.mostSlots(), 3);
        QCOMPARE(routing.slotsOf(1), 3);
        QCOMPARE(routing.slotsOf(2), 2);
        QVERIFY(near(routing.hottest().pairsPerToken, 0.6, 1e-14));
        QVERIFY(near(sumOf(routing.rankLoads()), 2, 1e-14));
        // Hypergeometric by hand: a rank of 3 is missed with 7 x 6 / (10 x 9), one of 2 with 8 x 7 / (10 x 9).
        QVERIFY(near(routing.destinations(), 2 * (1 - 42.0 / 90) + 2 * (1 - 56.0 / 90), 1e-14));
        QVERIFY(near(routing.destinations(2), (1 - 4.0 * 3 / 90) + (1 - 6.0 * 5 / 90), 1e-14));
        QCOMPARE(routing.destinations(4), 1.0);
        QVERIFY(near(routing.hottest().arrival, 1 - 42.0 / 90, 1e-14));
    }

    void deviceLimited()
    {
        // DeepSeek-V3: 8 groups of 32, 4 of them, 8 experts. On 8 ranks a rank is a group: chosen with 1/2, then missed with C(96,8)/C(128,8).
        double missed = 1;
        for (int j = 0; j < 8; ++j)
            missed *= (96.0 - j) / (128.0 - j);
        const ExpertRouting limited(moe(256, 8, 8, 4), 8, 0, {});
        QVERIFY2(near(limited.destinations(), 8 * 0.5 * (1 - missed), 1e-12), text(limited.destinations()));
        QVERIFY(limited.destinations() < 4);
        const ExpertRouting free(moe(256, 8), 8, 0, {});
        QVERIFY2(near(free.destinations(), 5.294652000382479, 1e-12), text(free.destinations()));
        // The load is the same.
        QCOMPARE(limited.hottest().pairsPerToken, free.hottest().pairsPerToken);
        QCOMPARE(limited.at(32).touched, free.at(32).touched);
        // Finer ranks than groups: 16 experts each. Reached when its group is among the 4 and one of 8 of 128 falls on its 16.
        missed = 1;
        for (int j = 0; j < 8; ++j)
            missed *= (112.0 - j) / (128.0 - j);
        QVERIFY(near(ExpertRouting(moe(256, 8, 8, 4), 16, 0, {}).destinations(), 16 * 0.5 * (1 - missed), 1e-12));
        // Pairs of such ranks are groups again.
        QVERIFY(near(ExpertRouting(moe(256, 8, 8, 4), 16, 0, {}).destinations(2), limited.destinations(), 1e-12));
        // All groups allowed: no limit.
        QVERIFY(near(ExpertRouting(moe(256, 8, 8, 8), 8, 0, {}).destinations(), free.destinations(), 1e-12));
    }

    void powerLaw()
    {
        // 4 experts, k 2, exponent 1: weights 1, 1/2, 1/3, 1/4 of 25/12; 2 x 12/25 = 0.96, 0.48, 0.32, 0.24.
        const ExpertRouting mild(moe(4, 2), 2, 0, {1, 0, true});
        const std::vector<double> p = mild.inclusion();
        QVERIFY(near(p[0], 0.96, 1e-14) && near(p[1], 0.48, 1e-14) && near(p[2], 0.32, 1e-14) && near(p[3], 0.24, 1e-14));
        // The busiest expert and, in the mean over all orders, a third of the others' 1.04.
        QVERIFY(near(mild.hottest().pairsPerToken, 0.96 + 1.04 / 3, 1e-14));
        QVERIFY(near(mild.imbalance(), 0.96 + 1.04 / 3, 1e-14));
        const double others = 3 - std::pow(0.52, 3) - std::pow(0.68, 3) - std::pow(0.76, 3);
        QVERIFY(near(mild.at(3).touched, 1 - std::pow(0.04, 3) + others / 3, 1e-13));
        QVERIFY(near(mild.hottest().arrival, 1 - 0.04 * (2.0 / 3) * (1.0 / 2), 1e-13));
        // Exponent 2: 2 x 1 / (1 + 1/4 + 1/9 + 1/16) = 1.40 > 1, so the first is certain and the rest share 1: 36, 16, 9 of 61.
        const std::vector<double> q = ExpertRouting(moe(4, 2), 2, 0, {2, 0, true}).inclusion();
        QCOMPARE(q[0], 1.0);
        QVERIFY(near(q[1], 36.0 / 61, 1e-14) && near(q[2], 16.0 / 61, 1e-14) && near(q[3], 9.0 / 61, 1e-14));
        // So steep that rounding would eat the rest: still k experts.
        const std::vector<double> steep = ExpertRouting(moe(64, 6), 8, 0, {40, 0, true}).inclusion();
        QVERIFY(near(sumOf(steep), 6, 1e-12));
        QVERIFY(steep[5] > 0.99 && steep[6] > 0);
    }

    void moreSkewIsHotter()
    {
        for (const int experts : {8, 60, 128, 256})
            for (const int topK : {1, 2, 6, 8})
                for (const int ranks : {1, 2, 4, 7, 8})
                    for (double last = 0, a = 0; a <= 3; a += 0.125) {
                        const ExpertRouting routing(moe(experts, topK), ranks, 0, {a, 0, true});
                        const double hot = routing.hottest().pairsPerToken;
                        QVERIFY2(hot >= last - 1e-12, text(hot));
                        QVERIFY(near(sumOf(routing.rankLoads()), topK, 1e-12));
                        const std::vector<double> loads = routing.rankLoads();
                        QVERIFY(near(*std::max_element(loads.begin(), loads.end()), hot, 1e-12));
                        last = hot;
                    }
        // Skew 0 with the machinery of skew: the closed forms.
        const ExpertRouting closed(moe(60, 4), 7, 0, {});
        const ExpertRouting nearly(moe(60, 4), 7, 0, {1e-12, 0, true});
        QVERIFY(near(nearly.hottest().pairsPerToken, closed.hottest().pairsPerToken, 1e-9));
        QVERIFY(near(nearly.at(17).touched, closed.at(17).touched, 1e-9));
        QVERIFY(near(nearly.destinations(), closed.destinations(), 1e-9));
        QVERIFY(near(nearly.hottest().arrival, closed.hottest().arrival, 1e-9));
    }

    /// The hottest of all ranks, not that of the busiest expert, which is cooler: by 3 % with mild skew on many ranks.
    void hottestOfRandomOrders()
    {
        for (const auto& [experts, topK, ranks, exponent] :
             {std::tuple{256, 8, 8, 1.0}, {256, 8, 32, 0.5}, {256, 8, 64, 1.0}, {128, 8, 16, 0.3}, {60, 4, 7, 0.8}, {384, 8, 16, 1.5}}) {
            const ExpertRouting routing(moe(experts, topK), ranks, 0, {exponent, 0, true});
            std::vector<double> p = routing.inclusion();
            const double busiest = p.front();
            std::mt19937 engine(3);
            double sum = 0;
            double squares = 0;
            constexpr int kRounds = 20'000;
            for (int round = 0; round < kRounds; ++round) {
                std::shuffle(p.begin(), p.end(), engine);
                double most = 0;
                auto slot = p.begin();
                for (int rank = 0; rank < ranks; ++rank) {
                    const auto end = slot + routing.slotsOf(rank);
                    const double load = std::accumulate(slot, end, 0.0);
                    most = std::max(most, load);
                    slot = end;
                }
                sum += most;
                squares += most * most;
            }
            const double mean = sum / kRounds;
            const double own = std::sqrt((squares / kRounds - mean * mean) / kRounds) / mean;
            const RankLoad& hottest = routing.hottest();
            QVERIFY2(hottest.standardError > 0 && hottest.standardError <= 0.002, text(hottest.standardError));
            QVERIFY2(std::abs(hottest.pairsPerToken / mean - 1) < 4 * std::hypot(own, hottest.standardError),
                     text(hottest.pairsPerToken / mean));
            // What the rank of the busiest expert has in the mean: that expert and its share of the others.
            const double ofBusiest = busiest + (experts / ranks - 1.0) / (experts - 1) * (topK - busiest);
            QVERIFY2(hottest.pairsPerToken > ofBusiest, text(hottest.pairsPerToken / ofBusiest));
            if (exponent < 0.5)
                QVERIFY2(hottest.pairsPerToken > 1.025 * ofBusiest, text(hottest.pairsPerToken / ofBusiest));
            // The same again, on any thread and machine: nothing random is left.
            QCOMPARE(ExpertRouting(moe(experts, topK), ranks, 0, {exponent, 0, true}).hottest().pairsPerToken, hottest.pairsPerToken);
        }
        const ExpertRouting example(moe(256, 8), 8, 0, {1, 0, true});
        QVERIFY2(example.imbalance() > 1.88 && example.imbalance() < 1.91, text(example.imbalance()));
    }

    /// Small numbers go through every order, one by one.
    void hottestOfAllOrders()
    {
        for (const auto& [experts, topK, ranks] : {std::tuple{6, 2, 2}, {6, 2, 3}, {7, 3, 3}, {8, 2, 4}, {5, 1, 4}, {4, 2, 4}, {3, 2, 5}})
            for (const double exponent : {0.3, 1.0, 2.0}) {
                const ExpertRouting routing(moe(experts, topK), ranks, 0, {exponent, 0, true});
                const std::vector<double> p = routing.inclusion();
                std::vector<int> order(p.size());
                std::iota(order.begin(), order.end(), 0);
                double load = 0;
                double touched = 0;
                double orders = 0;
                do {
                    double most = -1;
                    double read = 0;
                    std::size_t next = 0;
                    for (int rank = 0; rank < ranks; ++rank) {
                        double sum = 0;
                        double visited = 0;
                        for (int left = routing.slotsOf(rank); left > 0; --left, ++next) {
                            const double each = p[static_cast<std::size_t>(order[next])];
                            sum += each;
                            visited += 1 - std::pow(1 - each, 5);
                        }
                        if (sum > most * (1 + 1e-12) || most < 0) {
                            most = sum;
                            read = visited;
                        }
                    }
                    load += most;
                    touched += read;
                    orders += 1;
                } while (std::next_permutation(order.begin(), order.end()));
                QCOMPARE(routing.hottest().standardError, 0.0);
                QVERIFY2(near(routing.hottest().pairsPerToken, load / orders, 1e-12), text(load / orders));
                QVERIFY2(near(routing.at(5).touched, touched / orders, 1e-9), text(touched / orders));
            }
    }

    void redundantExperts()
    {
        for (const double a : {0.0, 0.3, 0.7, 1.0, 1.5, 2.5})
            for (const int ranks : {2, 4, 8, 16})
                for (const int copies : {1, 2, 3, 4, 8, 16, 32, 64}) {
                    const ExpertRouting plain(moe(64, 6), ranks, 0, {a, 0, true});
                    const ExpertRouting balanced(moe(64, 6), ranks, copies, {a, 0, true});
                    QVERIFY(balanced.hottest().pairsPerToken <= plain.hottest().pairsPerToken + 1e-12);
                    QVERIFY(near(sumOf(balanced.rankLoads()), 6, 1e-12));
                    QCOMPARE(balanced.slots(), 64 + copies);
                    QCOMPARE(balanced.mostSlots(), (64 + copies + ranks - 1) / ranks);
                    QVERIFY(balanced.slotsOf(0) <= balanced.mostSlots());
                    QVERIFY(balanced.destinations() >= 1 && balanced.destinations() <= std::min(6, ranks) + 1e-9);
                }
        // DeepSeek-V3's prefill unit: 32 ranks, 32 copies (arXiv:2412.19437, section 3.4.1). Exponent 0.5: 1.9 times the mean without copies,
        // a few percent with them.
        const ExpertRouting plain(moe(256, 8), 32, 0, {0.5, 0, true});
        const ExpertRouting balanced(moe(256, 8), 32, 32, {0.5, 0, true});
        QVERIFY2(plain.imbalance() > 1.5, text(plain.imbalance()));
        QVERIFY2(balanced.imbalance() < 1.15, text(balanced.imbalance()));
    }

    void packingByHand()
    {
        // Exponent 1, 4 experts, k 1: 12, 6, 4, 3 of 25. Two copies: of the first (6, 6), then of the first again? 6 = 6: the first of the
        // equals, expert 0, has load 6 a copy like expert 1; the balancer takes the first it meets, expert 0: 4, 4, 4.
        // Sorted: 6 (e1), 4 4 4 (e0), 4 (e2), 3 (e3); two ranks of three slots: 6 | 4; then 4 -> rank 1 (4+4=8); 4 -> rank 0 (10);
        // 4 (e2) -> rank 1 (12, full); 3 -> rank 0 (13).
        const ExpertRouting routing(moe(4, 1), 2, 2, {1, 0, true});
        const std::vector<double> loads = routing.rankLoads();
        QVERIFY2(near(loads[0], 13.0 / 25, 1e-12), text(loads[0] * 25));
        QVERIFY2(near(loads[1], 12.0 / 25, 1e-12), text(loads[1] * 25));
        QCOMPARE(routing.hottest().rank, 0);
        QCOMPARE(routing.hottest().slots, 3);
        // k = 1: a token goes to exactly one rank.
        QVERIFY(near(routing.destinations(), 1, 1e-12));
        QVERIFY(near(routing.hottest().arrival, 13.0 / 25, 1e-12));
    }

    void hugeAndSteep()
    {
        // What a file may ask for at most answers at once and within bounds.
        for (const int groups : {1, 64})
            for (const double a : {0.0, 10.0}) {
                const ExpertRouting routing(moe(2048, 1024, groups, std::max(1, groups / 2)), 512, 100, {a, 1.5, false});
                QVERIFY(routing.destinations() >= 1 && routing.destinations() <= 512);
                QVERIFY(routing.hottest().arrival > 0 && routing.hottest().arrival <= 1);
                const ExpertLoad load = routing.at(65536);
                QVERIFY(load.pairs > 0 && load.touched > 0 && load.dropped >= 0 && load.dropped < 1);
            }
        // Every expert for every token, under a power law too.
        for (const double a : {0.0, 0.5, 10.0}) {
            const ExpertRouting all(moe(8, 8), 3, 0, {a, 0, true});
            QCOMPARE(all.hottest().arrival, 1.0);
            QCOMPARE(all.destinations(), 3.0);
            QCOMPARE(all.at(5).touched, 3.0);
        }
        // Independent draws are near the exact ones where both are known: k 64 of 1024 over 8, where all ranks are nearly sure.
        QVERIFY(
            near(ExpertRouting(moe(1024, 65), 128, 8, {}).destinations(), ExpertRouting(moe(1024, 64), 128, 8, {}).destinations(), 0.05));
    }

    void excessByEnumeration()
    {
        for (const int tokens : {1, 2, 5, 17, 64})
            for (const double p : {0.01, 0.2, 0.5, 0.97})
                for (int limit = 0; limit <= tokens; ++limit) {
                    double wanted = 0;
                    double mass = std::pow(1 - p, tokens);
                    for (int x = 0; x <= tokens; ++x) {
                        wanted += mass * std::max(0, x - limit);
                        mass *= p / (1 - p) * (tokens - x) / (x + 1);
                    }
                    const double found = ExpectedExcess(tokens, limit)(p);
                    QVERIFY2(std::abs(found - wanted) < 1e-11 * (1 + wanted), text(found - wanted));
                }
        // Large numbers, against the normal law: T 65,536, p 1/32, limit one deviation above the mean: sd x 0.08332.
        const double mean = 2048;
        const double deviation = std::sqrt(mean * 31 / 32);
        QVERIFY(near(ExpectedExcess(65536, std::round(mean + deviation))(1.0 / 32), 0.0833 * deviation, 0.02));
    }

    void capacity_data()
    {
        QTest::addColumn<double>("exponent");
        QTest::addColumn<int>("redundant");
        QTest::newRow("uniform") << 0.0 << 0;
        QTest::newRow("skewed") << 0.8 << 0;
        QTest::newRow("skewed, copies") << 0.8 << 8;
    }
    void capacity()
    {
        QFETCH(double, exponent);
        QFETCH(int, redundant);
        for (const double tokens : {1.0, 16.0, 100.0, 4096.0}) {
            const ExpertRouting open(moe(32, 4), 4, redundant, {exponent, 0, true});
            double dropped = 1;
            double kept = 0;
            double served = 0;
            for (const double factor : {0.5, 1.0, 1.25, 1.5, 2.0, 4.0, 8.0}) {
                const ExpertRouting drop(moe(32, 4), 4, redundant, {exponent, factor, true});
                const ExpertRouting over(moe(32, 4), 4, redundant, {exponent, factor, false});
                const ExpertLoad a = drop.at(tokens);
                const ExpertLoad b = over.at(tokens);
                QVERIFY(a.dropped <= dropped + 1e-12 && a.dropped >= 0);
                QVERIFY(a.pairs >= kept - 1e-9);
                QVERIFY(a.pairs <= a.computed + 1e-9);
                QCOMPARE(a.computed, drop.hottest().slots * std::min(tokens, std::ceil(factor * tokens * 4 / (32 + redundant))));
                QCOMPARE(a.touched, static_cast<double>(drop.hottest().slots));
                // Overflow: what finds no place is dropped, which with a factor of 1 or more is nothing; no slot holds more than its limit.
                QVERIFY(b.dropped <= a.dropped + 1e-12);
                if (factor >= 1)
                    QVERIFY2(b.dropped < 1e-12, text(b.dropped));
                QVERIFY(b.computed <= a.computed + 1e-9);
                QVERIFY(b.pairs >= a.pairs - 1e-9 && b.pairs <= std::max(open.at(tokens).pairs, a.computed) + 1e-9);
                QVERIFY(b.touched >= over.hottest().touched(tokens) - 1e-9 && b.touched <= over.hottest().slots + 1e-9);
                dropped = a.dropped;
                kept = a.pairs;
                served = b.pairs;
            }
            // A limit no expert reaches changes nothing but the padding.
            QVERIFY(dropped < 0.02);
            QVERIFY(near(served, open.at(tokens).pairs, 0.02));
        }
    }

    void brute_data()
    {
        QTest::addColumn<int>("experts");
        QTest::addColumn<int>("topK");
        QTest::addColumn<int>("ranks");
        QTest::addColumn<int>("redundant");
        QTest::addColumn<double>("exponent");
        QTest::addColumn<int>("tokens");
        QTest::addColumn<double>("factor");
        QTest::newRow("uniform") << 8 << 2 << 4 << 0 << 0.0 << 6 << 0.0;
        QTest::newRow("uniform, uneven") << 10 << 3 << 4 << 0 << 0.0 << 9 << 1.0;
        QTest::newRow("skewed") << 8 << 2 << 4 << 0 << 0.8 << 5 << 1.25;
        QTest::newRow("skewed, k 4") << 12 << 4 << 3 << 0 << 1.0 << 8 << 1.5;
        QTest::newRow("certain") << 6 << 2 << 3 << 0 << 2.0 << 4 << 1.0;
        QTest::newRow("copies") << 8 << 2 << 4 << 4 << 1.0 << 10 << 1.25;
    }
    /// Tokens routed one by one at random, 40,000 times; means within five standard errors.
    void brute()
    {
        QFETCH(int, experts);
        QFETCH(int, topK);
        QFETCH(int, ranks);
        QFETCH(int, redundant);
        QFETCH(double, exponent);
        QFETCH(int, tokens);
        QFETCH(double, factor);
        const ExpertRouting open(moe(experts, topK), ranks, redundant, {exponent, 0, true});
        const ExpertRouting drop(moe(experts, topK), ranks, redundant, {exponent, factor, true});
        std::vector<ExpertRouting::Slot> slots = open.placement();
        QCOMPARE(slots.size(), static_cast<std::size_t>(redundant > 0 ? experts + redundant : 0));
        const bool shuffled = slots.empty(); // each round another order of the experts
        for (int rank = 0; shuffled && rank < ranks; ++rank)
            for (int left = open.slotsOf(rank); left > 0; --left)
                slots.push_back({static_cast<int>(slots.size()), rank, 0});
        std::vector<std::vector<std::size_t>> copies(static_cast<std::size_t>(experts));
        for (std::size_t i = 0; i < slots.size(); ++i)
            copies[static_cast<std::size_t>(slots[i].expert)].push_back(i);
        Sampler sampler(open.inclusion(), static_cast<std::size_t>(topK));
        struct Mean {
            double sum = 0, squares = 0;
            int count = 0;
            void add(double x)
            {
                sum += x;
                squares += x * x;
                ++count;
            }
            bool agrees(double wanted) const
            {
                const double mean = sum / count;
                const double error = std::sqrt(std::max(0.0, squares / count - mean * mean) / count);
                return std::abs(mean - wanted) <= 5 * error + 1e-9;
            }
        } pairs, touched, destinations, arrival, dropped, kept;
        int hot = open.hottest().rank;
        const std::vector<double> inclusion = open.inclusion();
        for (int round = 0; round < 40000; ++round) {
            std::vector<int> load(slots.size(), 0);
            if (shuffled) {
                std::shuffle(copies.begin(), copies.end(), sampler.engine);
                std::vector<double> loads(static_cast<std::size_t>(ranks), 0);
                for (std::size_t i = 0; i < copies.size(); ++i)
                    loads[static_cast<std::size_t>(slots[copies[i].front()].rank)] += inclusion[i];
                hot = 0;
                for (std::size_t rank = 1; rank < loads.size(); ++rank)
                    if (loads[rank] > loads[static_cast<std::size_t>(hot)] * (1 + 1e-12))
                        hot = static_cast<int>(rank);
            }
            for (int token = 0; token < tokens; ++token) {
                std::vector<bool> reached(static_cast<std::size_t>(ranks), false);
                for (const int expert : sampler.draw()) {
                    const auto& where = copies[static_cast<std::size_t>(expert)];
                    const std::size_t slot = where[sampler.engine() % where.size()];
                    ++load[slot];
                    reached[static_cast<std::size_t>(slots[slot].rank)] = true;
                }
                destinations.add(static_cast<double>(std::count(reached.begin(), reached.end(), true)));
                arrival.add(reached[static_cast<std::size_t>(hot)] ? 1 : 0);
            }
            int onHot = 0;
            int distinct = 0;
            int lost = 0;
            int served = 0;
            const auto most = static_cast<int>(drop.limit(tokens));
            for (std::size_t i = 0; i < slots.size(); ++i) {
                lost += std::max(0, load[i] - most);
                if (slots[i].rank != hot)
                    continue;
                onHot += load[i];
                distinct += load[i] > 0 ? 1 : 0;
                served += std::min(load[i], most);
            }
            pairs.add(onHot);
            touched.add(distinct);
            dropped.add(static_cast<double>(lost) / (tokens * topK));
            kept.add(served);
        }
        QVERIFY2(pairs.agrees(open.at(tokens).pairs), text(pairs.sum / pairs.count));
        QVERIFY2(touched.agrees(open.at(tokens).touched), text(touched.sum / touched.count));
        QVERIFY2(destinations.agrees(open.destinations()), text(destinations.sum / destinations.count));
        QVERIFY2(arrival.agrees(open.hottest().arrival), text(arrival.sum / arrival.count));
        if (factor > 0) {
            QVERIFY2(dropped.agrees(drop.at(tokens).dropped), text(dropped.sum / dropped.count));
            QVERIFY2(kept.agrees(drop.at(tokens).pairs), text(kept.sum / kept.count));
        }
    }
};

QTEST_APPLESS_MAIN(TestRouting)
#include "tst_routing.moc"
