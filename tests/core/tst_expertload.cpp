// SPDX-License-Identifier: Apache-2.0
// The table of expert load: sums over ranks and experts, what it shares with the routing that times are made of, known small cases.
#include "core/cost/expertload.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/expertfacts.h"
#include "tests/core/scenarios.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace shardlens;
using Places = ExpertLoadTable::Places;

namespace {

FeedForward mixture(int experts, int topK)
{
    FeedForward f;
    f.experts = experts;
    f.topK = topK;
    f.expertIntermediate = 1024;
    return f;
}

struct Case {
    int experts, topK, ranks, redundant;
    double powerLaw, capacity;
    bool drop, example;
    double tokens;
};

std::vector<Case> cases()
{
    std::vector<Case> all;
    for (const auto& [experts, topK, ranks] : {std::array{8, 2, 1}, std::array{8, 2, 8}, std::array{8, 2, 4}, std::array{60, 4, 8},
                                               std::array{128, 8, 16}, std::array{256, 8, 64}, std::array{512, 10, 512}})
        for (const double powerLaw : {0.0, 0.4, 1.2})
            for (const double capacity : {0.0, 1.25})
                for (const int redundant : {0, 8})
                    for (const bool example : {false, true})
                        if (redundant == 0 || (ranks > 1 && redundant <= experts * (ranks - 1)))
                            all.push_back({experts, topK, ranks, redundant, powerLaw, capacity, !example, example, 96});
    return all;
}

ExpertLoadTable tableOf(const Case& c)
{
    return {mixture(c.experts, c.topK), c.ranks, c.redundant, {c.powerLaw, c.capacity, c.drop}, c.tokens, c.example};
}

bool near(double a, double b, double relative = 1e-9)
{
    return std::abs(a - b) <= relative * std::max(1.0, std::abs(b));
}

} // namespace

class ExpertLoadTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sumsAreTokensTimesTopK()
    {
        for (const Case& c : cases()) {
            const ExpertLoadTable table = tableOf(c);
            double ranks = 0;
            for (int rank = 0; rank < table.ranks(); ++rank)
                ranks += table.ofRank(rank);
            QVERIFY2(near(ranks, c.tokens * c.topK), qPrintable(QString::number(ranks)));
            double experts = 0;
            for (int expert = 0; expert < table.experts(); ++expert)
                experts += table.ofExpert(expert);
            QVERIFY(near(experts, c.tokens * c.topK));
            QVERIFY(table.factor() >= 1 - 1e-9);
        }
    }

    void rowsAndColumnsAddUp()
    {
        for (const Case& c : cases()) {
            if (c.ranks * c.experts > 20'000)
                continue;
            const ExpertLoadTable table = tableOf(c);
            std::vector<double> columns(static_cast<std::size_t>(c.ranks), 0);
            for (int expert = 0; expert < c.experts; ++expert) {
                double row = 0;
                for (int rank = 0; rank < c.ranks; ++rank) {
                    const double cell = table.at(expert, rank);
                    QVERIFY(cell >= 0);
                    row += cell;
                    columns[static_cast<std::size_t>(rank)] += cell;
                }
                QVERIFY2(near(row, table.ofExpert(expert)), qPrintable(QStringLiteral("%1 %2").arg(row).arg(table.ofExpert(expert))));
            }
            for (int rank = 0; rank < c.ranks; ++rank)
                QVERIFY2(near(columns[static_cast<std::size_t>(rank)], table.ofRank(rank)),
                         qPrintable(QStringLiteral("%1 experts on %2, rank %3: %4, %5")
                                        .arg(c.experts)
                                        .arg(c.ranks)
                                        .arg(rank)
                                        .arg(columns[static_cast<std::size_t>(rank)])
                                        .arg(table.ofRank(rank))));
        }
    }

    void agreesWithTheRoutingOfTheTimes()
    {
        for (const Case& c : cases()) {
            const ExpertLoadTable table = tableOf(c);
            const ExpertRouting routing(mixture(c.experts, c.topK), c.ranks, c.redundant, {c.powerLaw, c.capacity, c.drop});
            const ExpertLoad load = routing.at(c.tokens);
            QCOMPARE(table.load().pairs, load.pairs);
            QCOMPARE(table.dropped(), load.dropped);
            if (table.places() != Places::Example) {
                QVERIFY(near(table.factor(), routing.imbalance()));
                QCOMPARE(table.hottest(), routing.hottest().rank);
            }
            if (c.capacity > 0 && c.drop) // what lies beyond the limits is what is dropped
                QVERIFY2(near(table.excess() / table.pairs(), load.dropped, 1e-9), qPrintable(QString::number(table.excess())));
            if (c.capacity > 0 && !c.drop)
                QVERIFY(table.excess() / table.pairs() >= load.dropped - 1e-9);
            if (c.capacity == 0) {
                QCOMPARE(table.limit(), 0.0);
                QCOMPARE(table.excess(), 0.0);
            }
        }
    }

    /// The hottest rank of a drawn order is the one that serves most within the limit, also where more is sent to another.
    void hottestIsAfterTheLimit()
    {
        int moved = 0;
        for (const int ranks : {4, 8, 16, 32})
            for (const double capacity : {1.0, 1.25, 2.0})
                for (const bool drop : {false, true}) {
                    const ExpertLoadTable table(mixture(256, 8), ranks, 0, {0.9, capacity, drop}, 2048, true);
                    QCOMPARE(table.places(), Places::Example);
                    int sent = 0;
                    for (int rank = 0; rank < ranks; ++rank) {
                        QVERIFY(table.servedOfRank(rank) <= table.servedOfRank(table.hottest()));
                        sent = table.ofRank(rank) > table.ofRank(sent) ? rank : sent;
                    }
                    moved += sent != table.hottest() ? 1 : 0;
                }
        QVERIFY(moved > 0);
    }

    /// What each rank does is what the table shows of it; the hottest one's is what the times are made of.
    void ranksOfTheTimesAreThoseOfTheTable()
    {
        for (const Case& c : cases()) {
            if (c.example)
                continue;
            const ExpertLoadTable table = tableOf(c);
            const ExpertRouting routing(mixture(c.experts, c.topK), c.ranks, c.redundant, {c.powerLaw, c.capacity, c.drop});
            const std::vector<ExpertLoad> loads = routing.ofRanks(c.tokens);
            QCOMPARE(static_cast<int>(loads.size()), c.ranks);
            const auto hottest = static_cast<std::size_t>(table.hottest());
            QCOMPARE(loads[hottest].computed, routing.at(c.tokens).computed);
            QCOMPARE(loads[hottest].touched, routing.at(c.tokens).touched);
            double pairs = 0;
            double touched = 0;
            for (int rank = 0; rank < c.ranks; ++rank) {
                const ExpertLoad& load = loads[static_cast<std::size_t>(rank)];
                QVERIFY2(near(load.pairs, table.servedOfRank(rank)),
                         qPrintable(QStringLiteral("rank %1: %2, %3").arg(rank).arg(load.pairs).arg(table.servedOfRank(rank))));
                QVERIFY(load.pairs <= load.computed + 1e-9);
                QVERIFY(c.capacity > 0 || load.pairs <= loads[hottest].pairs * (1 + 1e-9)); // the hottest one before any limit
                QCOMPARE(load.dropped, table.dropped());
                pairs += load.pairs;
                touched += load.touched;
            }
            QVERIFY(near(pairs, table.pairs() * (1 - table.dropped())));
            if (c.redundant == 0 && (c.capacity == 0 || (c.drop && c.experts % c.ranks == 0)))
                QVERIFY2(near(touched, table.read()), qPrintable(QStringLiteral("%1 %2").arg(touched).arg(table.read())));
        }
    }

    /// The hottest rank is busy for as long as its stage's step takes, no other longer; uniform routing has no hottest one.
    void busyShareOfEachRank()
    {
        int uneven = 0;
        for (const double powerLaw : {0.0, 0.5, 1.0})
            for (const int redundant : {0, 32})
                for (const int batch : {8, 250, 4096})
                    for (const auto& [tensor, stages] : {std::pair{16, 1}, std::pair{8, 2}}) {
                        Scenario s = test::scenarioOf("deepseek-v3", "gb200-nvl72");
                        s.plan[PlanAxis::Tensor] = tensor;
                        s.plan[PlanAxis::Expert] = tensor;
                        s.plan[PlanAxis::Pipeline] = stages;
                        s.plan[PlanAxis::DecodeMicrobatches] = stages;
                        s.plan.options.redundantExperts = redundant;
                        s.workload.batch = batch;
                        s.workload.input = 64;
                        s.workload.output = 16;
                        s.workload.routing.powerLaw = powerLaw;
                        const Report report = evaluate(s);
                        QVERIFY(report.legal);
                        const PhaseReport& decode = report.decode;
                        const std::optional<ExpertLoadTable> table = expertTableOf(s, report, Phase::Decode);
                        QVERIFY(table);
                        QCOMPARE(decode.isMeanOfOrders, table->places() == Places::Orders);
                        if (powerLaw == 0 && redundant == 0)
                            QVERIFY(decode.expertWaits.empty());
                        for (int stage = 0; stage < stages; ++stage) {
                            double most = 0;
                            for (int rank = 0; rank < table->ranks(); ++rank) {
                                const double busy = decode.busyShare(stage, rank);
                                QVERIFY(busy > 0 && busy <= decode.busyShare(stage));
                                most = std::max(most, busy);
                                uneven += busy < 0.99 * decode.busyShare(stage) ? 1 : 0;
                            }
                            QCOMPARE(decode.busyShare(stage, table->hottest()), decode.busyShare(stage));
                            QCOMPARE(most, decode.busyShare(stage));
                        }
                    }
        QVERIFY(uneven > 100);
    }

    /// A rank's time is that of a plan whose hottest rank had its load: where copies level all loads, nobody waits longer than before.
    void whatARankWaitsIsWhatLevellingWouldSave()
    {
        Scenario s = test::scenarioOf("deepseek-v3", "gb200-nvl72");
        s.plan[PlanAxis::Tensor] = 16;
        s.plan[PlanAxis::Expert] = 16;
        s.workload.batch = 16384; // every expert is read everywhere: what differs is arithmetic alone
        s.workload.input = 64;
        s.workload.output = 16;
        s.workload.routing.powerLaw = 0.6;
        const Report skewed = evaluate(s);
        const std::optional<ExpertLoadTable> table = expertTableOf(s, skewed, Phase::Decode);
        double up = 0;
        for (const OperatorCost& op : skewed.decode.operators)
            if (op.op == Op::ExpertUp || op.op == Op::ExpertDown) {
                QVERIFY(op.computeTime > op.memoryTime);
                up += op.computeTime * op.stageLayers;
            }
        for (int rank = 0; rank < table->ranks(); ++rank) {
            const double wait = up * (1 - table->ofRank(rank) / table->ofRank(table->hottest()));
            const double found = (skewed.decode.busyShare(0) - skewed.decode.busyShare(0, rank)) * skewed.decode.time;
            QVERIFY2(near(found / up, wait / up, 1e-9), qPrintable(QStringLiteral("%1 %2").arg(found).arg(wait)));
        }
    }

    /// What is processed and what is over, by expert, slot and rank, are the sums the times are made of.
    void servedAddsUpToWhatIsNotDropped()
    {
        int limited = 0;
        for (const Case& c : cases()) {
            const ExpertLoadTable table = tableOf(c);
            double ranks = 0;
            double over = 0;
            for (int rank = 0; rank < table.ranks(); ++rank) {
                ranks += table.servedOfRank(rank);
                over += table.excessOfRank(rank);
                for (const ExpertLoadTable::Slot& slot : table.slotsOf(rank))
                    QVERIFY(c.capacity > 0 ? slot.served <= table.limit() + 1e-9 : slot.served == slot.pairs);
            }
            double experts = 0;
            for (int expert = 0; expert < table.experts(); ++expert)
                experts += table.servedOf(expert);
            const double left = table.pairs() * (1 - table.dropped());
            QVERIFY2(near(ranks, left, 1e-8) && near(experts, left, 1e-8), qPrintable(QString::number(ranks - left)));
            QVERIFY(near(over, table.excess(), 1e-8));
            QVERIFY(near(table.servedMean() * table.ranks(), left));
            QCOMPARE(table.isPadded(), c.capacity > 0 && c.drop);
            if (c.capacity == 0) {
                QCOMPARE(table.read(), table.visited());
                continue;
            }
            ++limited;
            if (table.places() != Places::Example)
                QVERIFY2(near(table.servedOfRank(table.hottest()), table.load().pairs, 1e-8),
                         qPrintable(QStringLiteral("%1 %2").arg(table.servedOfRank(table.hottest())).arg(table.load().pairs)));
            if (c.drop && c.experts % c.ranks == 0 && c.redundant == 0)
                QVERIFY(near(table.read(), table.load().touched * c.ranks));
            else
                QVERIFY(table.read() >= table.visited() - 1e-9 && table.read() <= table.slots() + 1e-9);
        }
        QVERIFY(limited > 20);
    }

    void placesAreWhatIsKnown()
    {
        const auto of = [](double powerLaw, int ranks, int redundant, bool example) {
            return ExpertLoadTable(mixture(16, 2), ranks, redundant, {powerLaw, 0, true}, 64, example).places();
        };
        QCOMPARE(of(0, 4, 0, false), Places::Numbered);
        QCOMPARE(of(0, 4, 0, true), Places::Numbered);
        QCOMPARE(of(1, 1, 0, false), Places::Numbered);
        QCOMPARE(of(1, 4, 0, false), Places::Orders);
        QCOMPARE(of(1, 4, 0, true), Places::Example);
        QCOMPARE(of(1, 4, 4, true), Places::Balanced);
    }

    void everyExpertLiesOnceAndCopiesElsewhere()
    {
        const ExpertLoadTable numbered(mixture(60, 4), 8, 0, {0, 0, true}, 32);
        QCOMPARE(numbered.mostSlots(), 8);
        std::set<int> seen;
        for (int rank = 0; rank < 8; ++rank)
            for (const ExpertLoadTable::Slot& slot : numbered.slotsOf(rank))
                QVERIFY(seen.insert(slot.expert).second);
        QCOMPARE(seen.size(), std::size_t{60});

        const ExpertLoadTable balanced(mixture(64, 6), 8, 8, {1.0, 0, true}, 128);
        QCOMPARE(balanced.places(), Places::Balanced);
        int copies = 0;
        int slots = 0;
        for (int rank = 0; rank < 8; ++rank)
            for (const ExpertLoadTable::Slot& slot : balanced.slotsOf(rank)) {
                ++slots;
                copies += slot.copy > 0 ? 1 : 0;
            }
        QCOMPARE(slots, 72);
        QCOMPARE(copies, 8);
        const ExpertLoadTable without(mixture(64, 6), 8, 0, {1.0, 0, true}, 128);
        QVERIFY(balanced.factor() < without.factor());
    }

    /// DeepSeek's numbers of experts, the expected distinct ones of 32 and of 128 tokens by hand: 256 (1 - (1 - 8/256)^T).
    void visitedByHand()
    {
        QVERIFY(std::abs(ExpertLoadTable(mixture(256, 8), 64, 0, {}, 32).visited() - 256 * (1 - std::pow(1 - 8.0 / 256, 32))) < 1e-9);
        QCOMPARE(std::lround(ExpertLoadTable(mixture(256, 8), 64, 0, {}, 32).visited()), 163L);
        QCOMPARE(std::lround(ExpertLoadTable(mixture(256, 8), 64, 0, {}, 128).visited()), 252L);
    }

    /// Two experts of one token each on two ranks, weights 1 and 1/2: the hottest rank holds the busiest one, 2/3 of the load.
    void twoExpertsByHand()
    {
        const ExpertLoadTable table(mixture(2, 1), 2, 0, {1.0, 0, true}, 30);
        QVERIFY(std::abs(table.ofExpert(0) - 20) < 1e-9);
        QVERIFY(std::abs(table.ofRank(0) - 20) < 1e-9);
        QVERIFY(std::abs(table.ofRank(1) - 10) < 1e-9);
        QVERIFY(std::abs(table.factor() - 4.0 / 3) < 1e-9);
        QVERIFY(std::abs(table.at(1, 1) - 10) < 1e-9);
        QCOMPARE(table.at(1, 0), 0.0);
    }

    /// The step's operators are made of the same load.
    void equalsTheOperatorsOfAReport()
    {
        Scenario s = test::scenarioOf("deepseek-v3", "gb200-nvl72");
        s.plan[PlanAxis::AttentionData] = 64;
        s.plan[PlanAxis::Expert] = 64;
        s.formats.weights = NumberFormat::Fp8;
        s.workload.batch = 512;
        s.workload.routing = {0.6, 1.5, true};
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        const FeedForward* f = nullptr;
        for (const LayerKind& kind : s.model->kinds)
            if (kind.feedForward.isMoe())
                f = &kind.feedForward;
        QVERIFY(f);
        const ExpertLoadTable table(*f, 64, 0, s.workload.routing, 512);
        bool found = false;
        for (const OperatorCost& op : report.decode.operators)
            if (op.op == Op::ExpertUp) {
                found = true;
                QCOMPARE(op.dropped, table.dropped());
            }
        QVERIFY(found);
        QCOMPARE(report.decode.droppedPairs, table.dropped());
    }
};

QTEST_GUILESS_MAIN(ExpertLoadTest)
#include "tst_expertload.moc"
