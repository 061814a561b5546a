// SPDX-License-Identifier: Apache-2.0
// Collectives against hand-worked costs: ring, switch, line, torus, nested levels.
#include "core/collective/collective.h"

#include <QTest>

using namespace shardlens;

namespace {

FabricLevel level(Topology topology, std::vector<int> extents, std::vector<bool> wrap, double bandwidth, double latency,
                  bool scalesOut = false)
{
    FabricLevel l;
    l.name = "level";
    l.topology = topology;
    l.extents = std::move(extents);
    l.wrap = std::move(wrap);
    l.bandwidth = bandwidth;
    l.latency = latency;
    l.scalesOut = scalesOut;
    return l;
}

Cluster clusterOf(std::vector<FabricLevel> levels)
{
    Cluster c;
    c.levels = std::move(levels);
    return c;
}

bool near(double a, double b)
{
    return std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b));
}

std::vector<int> participantsOf(const GroupSpan& span)
{
    return {span.participants().begin(), span.participants().end()};
}

} // namespace

class TestCollective : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void groupOfOneIsFree()
    {
        const GroupSpan span(clusterOf({level(Topology::Switch, {8}, {}, 100, 1)}), {1, 1});
        for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter, Collective::AllToAll})
            QCOMPARE(span.cost(kind, 1e9).time, 0.0);
    }

    void switchDirect()
    {
        const GroupSpan span(clusterOf({level(Topology::Switch, {8}, {}, 100, 3)}), {1, 8});
        // AllReduce = scatter + gather, each one latency and 7/8 of the payload: a sum of both terms, not the larger.
        const CollectiveCost cost = span.cost(Collective::AllReduce, 800);
        QVERIFY(near(cost.time, 2 * (3 + 700.0 / 100)));
        QVERIFY(near(cost.latencyTime, 6));
        QVERIFY(near(cost.transferTime, 14));
        QVERIFY(near(cost.sentBytes, 1400));
        QVERIFY(near(span.cost(Collective::AllGather, 800).time, 10));
        QVERIFY(near(span.cost(Collective::ReduceScatter, 800).time, 10));
        QVERIFY(near(span.cost(Collective::AllToAll, 800).sentBytes, 700)); // (n-1)/n stays home's share
        // The ring moves the same bytes in n - 1 steps: listed, dearer.
        const std::vector<CollectiveCost> all = span.alternatives(Collective::AllReduce, 800);
        const auto timeOf = [&all](CollectiveAlgorithm algorithm) {
            const auto found =
                std::find_if(all.begin(), all.end(), [algorithm](const CollectiveCost& c) { return c.algorithm == algorithm; });
            return found == all.end() ? -1.0 : found->time;
        };
        QCOMPARE(all.size(), std::size_t{5});
        QCOMPARE(all.front().algorithm, CollectiveAlgorithm::TwoShot);
        QVERIFY(near(timeOf(CollectiveAlgorithm::Ring), 2 * (7 * 3 + 7.0)));
        QVERIFY(near(timeOf(CollectiveAlgorithm::HalvingDoubling), 2 * (3 * 3 + 7.0)));
        QVERIFY(near(timeOf(CollectiveAlgorithm::Tree), 2 * 3 * 3 + 2 * 8.0)); // up and down log2 8 levels; twice the payload
        QVERIFY(near(timeOf(CollectiveAlgorithm::OneShot), 3 + 7 * 8.0));      // everything to each of the seven others
    }

    void lineTakesTwiceTheRing()
    {
        const GroupSpan ring(clusterOf({level(Topology::Ring, {8}, {true}, 200, 0)}), {1, 8});
        const GroupSpan line(clusterOf({level(Topology::Ring, {8}, {false}, 200, 0)}), {1, 8});
        QVERIFY(near(ring.cost(Collective::AllGather, 800).time, 4 * 100.0 / 100)); // 4 hops of an eighth over one link
        QVERIFY(near(line.cost(Collective::AllGather, 800).time, 7 * 100.0 / 100));
        // AllToAll: 64/8 = 8 pairs a direction on the ring, 16 across the middle of the line; 100 bytes a pair.
        QVERIFY(near(ring.cost(Collective::AllToAll, 800).time, 8 * 100.0 / 100));
        QVERIFY(near(line.cost(Collective::AllToAll, 800).time, 16 * 100.0 / 100));
    }

    void torusUsesAllAxes()
    {
        const Cluster cluster = clusterOf({level(Topology::Torus, {4, 4}, {true, true}, 400, 0)});
        const GroupSpan both(cluster, {1, 16});
        // Two halves in opposite axis orders: phases of 2 hops x V/2/16 and 2 hops x V/2/4 over one link of 100.
        QVERIFY(near(both.cost(Collective::AllGather, 1600).time, 2 * 50.0 / 100 + 2 * 200.0 / 100));
        QCOMPARE(both.cost(Collective::AllGather, 1600).algorithm, CollectiveAlgorithm::TorusAxes);
        const GroupSpan row(cluster, {1, 4});
        QVERIFY(near(row.cost(Collective::AllGather, 1600).time, 2 * 400.0 / 100));
        const GroupSpan column(cluster, {4, 4});
        QVERIFY(near(column.cost(Collective::AllGather, 1600).time, 2 * 400.0 / 100));
        // Half a row is a line: it has no way round.
        const GroupSpan pair(cluster, {1, 2});
        QVERIFY(near(pair.cost(Collective::AllGather, 1600).time, 800.0 / 100));
    }

    void nestedLevels()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, {}, 450, 0), level(Topology::Switch, {4}, {}, 50, 0, true)});
        const GroupSpan all(cluster, {1, 32});
        QCOMPARE(participantsOf(all), (std::vector<int>{8, 4}));
        // Inside: 7/8 V at 450; between nodes: 3/4 of V/8 at 50, one after the other. Rings through all 32, eight of them in rotation,
        // carry 31/32 V over each link inside at 450 and an eighth of that over each link outside: eight times 50.
        QVERIFY(near(all.alternatives(Collective::AllGather, 1600)[1].time, 1400.0 / 450 + 150.0 / 50));
        QCOMPARE(all.alternatives(Collective::AllGather, 1600)[1].algorithm, CollectiveAlgorithm::Hierarchical);
        QVERIFY(near(all.cost(Collective::AllGather, 1600).time, 1550.0 / 400));
        QCOMPARE(all.cost(Collective::AllGather, 1600).algorithm, CollectiveAlgorithm::NestedRing);
        // AllToAll: V/4 stays in the node (7/8 of it moves), 3/4 V crosses.
        QVERIFY(near(all.cost(Collective::AllToAll, 1600).time, 400 * 7.0 / 8 / 450 + 1200.0 / 50));
        const GroupSpan across(cluster, {8, 4});
        QCOMPARE(participantsOf(across), (std::vector<int>{1, 4}));
        QCOMPARE(across.cost(Collective::AllGather, 1600).outerLevel, 1);
        const GroupSpan strided(cluster, {4, 2});
        QCOMPARE(participantsOf(strided), (std::vector<int>{2, 1}));
        QVERIFY(!strided.straddles());
        // Groups of six cannot lie inside nodes of eight.
        QVERIFY(GroupSpan(cluster, {1, 6}).straddles());
        // One node only: nothing to straddle.
        const Cluster single = clusterOf({level(Topology::Switch, {8}, {}, 450, 0), level(Topology::Switch, {1}, {}, 50, 0, true)});
        QVERIFY(!GroupSpan(single, {1, 6}).straddles());
        QCOMPARE(GroupSpan(single, {1, 6}).participants().front(), 6);
    }

    void sendsTakeTheInnermostCommonLevel()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, {}, 450, 1), level(Topology::Switch, {4}, {}, 50, 5, true)});
        QVERIFY(near(sendCost(cluster, 0, 4, 900).time, 1 + 2));
        QVERIFY(near(sendCost(cluster, 7, 8, 900).time, 5 + 18));
        QCOMPARE(sendCost(cluster, 3, 3, 900).time, 0.0);
        const Cluster torus = clusterOf({level(Topology::Torus, {4, 4}, {true, true}, 400, 1)});
        QVERIFY(near(sendCost(torus, 0, 3, 100).time, 1 + 1));  // round the wrap-around link
        QVERIFY(near(sendCost(torus, 0, 10, 100).time, 4 + 1)); // two hops along each axis
    }

    void moreBandwidthNeverHurts()
    {
        for (const Topology topology : {Topology::Switch, Topology::Ring, Topology::Torus}) {
            const std::vector<int> extents = topology == Topology::Torus ? std::vector<int>{4, 2} : std::vector<int>{8};
            const GroupSpan slow(clusterOf({level(topology, extents, {true, false}, 100, 1)}), {1, 8});
            const GroupSpan fast(clusterOf({level(topology, extents, {true, false}, 200, 1)}), {1, 8});
            for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::AllToAll})
                QVERIFY(fast.cost(kind, 1e6).time < slow.cost(kind, 1e6).time);
        }
    }
};

QTEST_APPLESS_MAIN(TestCollective)
#include "tst_collective.moc"
