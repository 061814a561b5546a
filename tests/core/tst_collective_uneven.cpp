// SPDX-License-Identifier: Apache-2.0
// Groups that do not fill whole units of the fabric: by hand, by tracing routes in another way, and against the closed forms where both
// know the answer.
#include "core/collective/axistable.h"
#include "core/collective/unevengroup.h"
#include "core/collective/wiring.h"
#include "core/scenario/catalog.h"

#include <QtTest>

#include <map>
#include <random>

using namespace shardlens;

namespace {

constexpr std::array kKinds{Collective::AllReduce, Collective::ReduceScatter, Collective::AllGather, Collective::AllToAll};

bool near(double value, double wanted, double tolerance = 1e-12)
{
    return std::abs(value - wanted) <= tolerance * std::abs(wanted);
}

QByteArray text(double value)
{
    return QByteArray::number(value, 'g', 12);
}

FabricLevel level(Topology topology, std::vector<int> extents, double bandwidth, double latency, std::vector<bool> wrap = {})
{
    FabricLevel result;
    result.name = "level";
    result.topology = topology;
    result.extents = std::move(extents);
    result.bandwidth = bandwidth;
    result.latency = latency;
    result.wrap = std::move(wrap);
    return result;
}

Cluster clusterOf(std::vector<FabricLevel> levels)
{
    Cluster cluster;
    cluster.levels = std::move(levels);
    return cluster;
}

double secondsOf(const GroupSpan& span, Collective kind, CollectiveAlgorithm algorithm)
{
    for (const CollectiveLine& line : span.lines(kind).all())
        if (line.algorithm == algorithm)
            return line.secondsPerByte;
    return -1;
}

double latencyOf(const GroupSpan& span, Collective kind, CollectiveAlgorithm algorithm)
{
    for (const CollectiveLine& line : span.lines(kind).all())
        if (line.algorithm == algorithm)
            return line.latency;
    return -1;
}

struct Dice {
    std::mt19937 engine;
    int upTo(int most) { return std::uniform_int_distribution<int>(1, most)(engine); }
    template <class T>
    T of(const std::vector<T>& items)
    {
        return items[static_cast<std::size_t>(upTo(static_cast<int>(items.size())) - 1)];
    }
    double magnitude(double least, double most)
    {
        return std::exp(std::uniform_real_distribution<double>(std::log(least), std::log(most))(engine));
    }
};

} // namespace

class TestCollectiveUneven : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Groups of six on nodes of eight lie 6, 2 + 4, 4 + 2, 6. NVLink 900 inside + 50 between; V = 1,200.
    void sixOnNodesOfEight()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, 900, 0), level(Topology::Switch, {3}, 50, 0)});
        const GroupSpan span(cluster, {1, 6});
        QVERIFY(span.straddles());
        QCOMPARE(span.participants()[0], 6);
        QCOMPARE(span.participants()[1], 2);
        // The node of two receives the four others' 4/6 V over two links, then both gather: 800 / (2 x 50) + 1200 x 3/4 / 900 of the four.
        const CollectiveCost gather = span.cost(Collective::AllGather, 1200);
        QVERIFY2(near(gather.time, 8 + 1), text(gather.time));
        QCOMPARE(gather.algorithm, CollectiveAlgorithm::Hierarchical);
        QCOMPARE(gather.outerLevel, 1);
        QVERIFY(near(gather.sentBytes, 1200 * (1.0 / 6 + 3.0 / 4))); // 200 a member to the other node, 900 within the node of four
        QVERIFY(near(span.cost(Collective::ReduceScatter, 1200).time, gather.time));
        // A ring through all six: 5/6 V over the two links.
        QVERIFY(near(secondsOf(span, Collective::AllGather, CollectiveAlgorithm::NestedRing) * 1200, 10));
        // AllReduce: halves between the two nodes, V/2 each way over two links, twice; inside twice 3/4 V.
        const CollectiveCost reduce = span.cost(Collective::AllReduce, 1200);
        QVERIFY2(near(reduce.time, 2 * 1 + 2 * 600.0 / 100), text(reduce.time));
        // AllToAll: each of the two sends 4/6 of V out and 1/6 to its one neighbour.
        QVERIFY(near(span.cost(Collective::AllToAll, 1200).time, 800.0 / 50 + 200.0 / 900));
        // One-shot: each of the two sends V to four others outside, 4 x 1200 / 2 / 50 more than ... a link each.
        QVERIFY(near(secondsOf(span, Collective::AllReduce, CollectiveAlgorithm::OneShot) * 1200, 3 * 1200.0 / 900 + 4 * 1200.0 / 2 / 50));
        // Twelve: 8 + 4, 4 + 8. The node of four receives 8/12 V over four links.
        const GroupSpan twelve(cluster, {1, 12});
        QVERIFY(near(twelve.cost(Collective::AllGather, 1200).time, 800.0 / 4 / 50 + 1050.0 / 900));
    }

    void stepsOfTheSlowestGroup()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, 900, 3), level(Topology::Switch, {3}, 50, 70)});
        const GroupSpan span(cluster, {1, 6});
        QVERIFY(near(span.cost(Collective::AllGather, 1e-9).latencyTime, 3 + 70));
        // 2 + 4: five steps, of which one crosses (two nodes are joined twice round, once in n - 1 steps).
        QVERIFY(near(latencyOf(span, Collective::AllGather, CollectiveAlgorithm::NestedRing), 4 * 3 + 70));
        // One partner at a time: a member of the two meets one inside and four outside.
        QVERIFY(near(latencyOf(span, Collective::AllToAll, CollectiveAlgorithm::Pairwise), 3 + 4 * 70));
    }

    /// Only groups that exist count: six devices of sixteen lie in one node.
    void groupsThatExist()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, 900, 1), level(Topology::Switch, {2}, 50, 5)});
        const GroupSpan alone(cluster, {1, 6}, 6);
        QVERIFY(!alone.straddles());
        QCOMPARE(alone.participants()[1], 1);
        QVERIFY(near(alone.cost(Collective::AllGather, 1200).time, 1 + 1000.0 / 900));
        QVERIFY(GroupSpan(cluster, {1, 6}, 12).straddles());
        // Two of three: 2, 1 + 1, 2 - even shares, and yet one group crosses.
        const Cluster threes = clusterOf({level(Topology::Switch, {3}, 900, 1), level(Topology::Switch, {2}, 50, 5)});
        const GroupSpan pairs(threes, {1, 2});
        QVERIFY(pairs.straddles());
        QVERIFY(near(pairs.cost(Collective::AllGather, 1200).time, 5 + 600.0 / 50));
        QVERIFY(near(GroupSpan(threes, {1, 2}, 2).cost(Collective::AllGather, 1200).time, 1 + 600.0 / 900));
    }

    void inNetworkAcrossNodes()
    {
        Cluster cluster = clusterOf({level(Topology::Switch, {8}, 900, 0), level(Topology::Switch, {3}, 50, 0)});
        cluster.levels[1].inNetworkReduction = true;
        // The two links of the smaller node carry V (2 + 1)/2 together, more than the V of two halves; with three nodes less.
        const GroupSpan two(cluster, {1, 6});
        QVERIFY(near(two.cost(Collective::AllReduce, 1200).time, 2 + 1200.0 / 100));
        cluster.levels[1].extents = {5};
        const GroupSpan three(cluster, {1, 18}); // 8 + 8 + 2, 6 + 8 + 4
        const double inside = 2 * 1200.0 * 7 / 8 / 900;
        QVERIFY2(near(three.cost(Collective::AllReduce, 1200).time, inside + 1200.0 * 4 / 3 / 2 / 50, 1e-9),
                 text(three.cost(Collective::AllReduce, 1200).time));
    }

    /// Three under switches of four on a host tree: 0-2, and 3 | 4 5, whose traffic alone passes the uplinks.
    void hostTree()
    {
        Cluster cluster = clusterOf({level(Topology::PcieTree, {4, 2}, 100, 0)});
        cluster.levels[0].axisBandwidth = {100, 40};
        const GroupSpan span(cluster, {1, 3});
        QVERIFY(near(secondsOf(span, Collective::AllGather, CollectiveAlgorithm::Ring), 2.0 / 3 / 40));
        QVERIFY(near(secondsOf(span, Collective::AllToAll, CollectiveAlgorithm::Direct), 2.0 / 3 / 40));
    }

    /// Every pair at once on tori: routes walked hop by hop, by coordinates, all groups together.
    void tracedOnTori()
    {
        int checked = 0;
        for (const std::array<int, 2> extents : {std::array{4, 4}, {4, 3}, {8, 2}, {5, 5}})
            for (const bool wrapped : {false, true})
                for (const int size : {2, 3, 5, 6, 7, 10}) {
                    const Cluster cluster = clusterOf({level(Topology::Torus, {extents[0], extents[1]}, 400, 1, {wrapped, wrapped})});
                    const GroupLayout layout = layoutGroup(cluster, {1, size});
                    if (!layout.uneven)
                        continue;
                    std::map<std::array<int, 4>, double> loads; // x, y, axis, direction
                    int farthest = 0;
                    const int groups = cluster.devices() / size;
                    for (int pair = 0; pair < groups * size * size; ++pair) {
                        const int from = pair / size / size * size + pair / size % size;
                        const int to = pair / size / size * size + pair % size;
                        std::array<int, 2> at{from % extents[0], from / extents[0]};
                        const std::array<int, 2> end{to % extents[0], to / extents[0]};
                        int hops = 0;
                        for (std::size_t axis = 0; axis < 2; ++axis) {
                            const int extent = extents[axis];
                            const int up = (end[axis] - at[axis] + extent) % extent;
                            const bool tie = wrapped && 2 * up == extent;
                            const bool rising = wrapped ? 2 * up <= extent : end[axis] > at[axis];
                            const std::array<int, 2> start = at;
                            for (const bool upwards : {true, false}) {
                                if (!tie && upwards != rising)
                                    continue;
                                at = start;
                                int walked = 0;
                                for (; at[axis] != end[axis]; ++walked) {
                                    loads[{at[0], at[1], static_cast<int>(axis), upwards}] += tie ? 0.5 : 1;
                                    at[axis] = (at[axis] + (upwards ? 1 : extent - 1)) % extent;
                                }
                                hops += upwards || !tie ? walked : 0;
                            }
                        }
                        farthest = std::max(farthest, hops);
                    }
                    double most = 0;
                    for (const auto& [link, load] : loads)
                        most = std::max(most, load);
                    const GroupSpan span(cluster, {1, size});
                    QVERIFY2(near(secondsOf(span, Collective::AllToAll, CollectiveAlgorithm::Direct), most / size / 100),
                             qPrintable(QStringLiteral("%1 x %2, %3, wrap %4").arg(extents[0]).arg(extents[1]).arg(size).arg(wrapped)));
                    QVERIFY(near(latencyOf(span, Collective::AllToAll, CollectiveAlgorithm::Direct), farthest));
                    ++checked;
                }
        QVERIFY2(checked > 20, QByteArray::number(checked));
    }

    /// Six of 4 x 2 without wraps: a row of four, and two above its first.
    void ringOnTorus()
    {
        const Cluster cluster = clusterOf({level(Topology::Torus, {4, 2}, 400, 1, {false, false})});
        const GroupSpan span(cluster, {1, 6}, 6);
        // Both ways round, three blocks of the others on one side and two on the other. By rank 3 -> 4 takes three hops back and one up: four
        // hops in each of three steps; 0 -> 1 carries 3/6 V and, for 0 -> 5, 2/6 V. Back and forth 3 -> 5 takes three hops; 3 -> 2 carries
        // 3/6 V, and 2/6 V for itself.
        std::vector<double> latencies;
        for (const CollectiveLine& line : span.lines(Collective::AllGather).all()) {
            if (line.algorithm != CollectiveAlgorithm::BidirectionalRing)
                continue;
            latencies.push_back(line.latency);
            QVERIFY2(near(line.secondsPerByte, 5.0 / 6 / 100), text(line.secondsPerByte));
        }
        QCOMPARE(latencies, (std::vector<double>{9, 12}));
    }

    /// Where groups do lie alike the traced programs cost what the closed forms do.
    void evenGroupsCostTheSame()
    {
        Dice dice{std::mt19937(5)};
        int checked = 0;
        for (int round = 0; round < 1500; ++round) {
            Cluster cluster;
            const int levels = dice.upTo(3);
            for (int i = 0; i < levels; ++i) {
                cluster.levels.push_back(
                    level(Topology::Switch, {dice.of<int>({2, 4, 8})}, dice.magnitude(1, 1000), dice.magnitude(0.01, 100)));
                cluster.levels.back().inNetworkReduction = dice.upTo(2) == 1;
                if (dice.upTo(3) == 1) {
                    cluster.levels.back().oversubscription = dice.magnitude(1.1, 4);
                    cluster.levels.back().leafUnits = dice.of<int>({0, 2, 4});
                }
            }
            int size = 1 << dice.upTo(9);
            const int stride = 1 << (dice.upTo(4) - 1);
            while (size * stride > cluster.devices())
                size /= 2;
            if (size < 2)
                continue;
            const DeviceGroup group(stride, size);
            const GroupLayout layout = layoutGroup(cluster, group);
            QVERIFY(!layout.uneven && !layout.straddles);
            const GroupSpan closed(cluster, group);
            const auto traced = unevenGroup(spreadGroups(cluster, group, cluster.devices()));
            QVERIFY(traced && traced->isEven);
            for (const auto& [kind, lines] : {std::pair{Collective::AllGather, &traced->gather},
                                              {Collective::AllReduce, &traced->reduce},
                                              {Collective::AllToAll, &traced->exchange}})
                for (const double payload : {1e-3, 1.0, 1e2, 1e4, 1e9}) {
                    double least = evaluateLine(lines->lines[0], payload);
                    for (const CollectiveLine& line : lines->cheapest())
                        least = std::min(least, evaluateLine(line, payload));
                    const CollectiveCost cost = closed.cost(kind, payload);
                    QVERIFY2(near(least, cost.time, 1e-9), qPrintable(QStringLiteral("%1 of %2 at stride %3, %4 B: %5, closed %6")
                                                                          .arg(QString::fromUtf8(nameOf(kind).data()))
                                                                          .arg(size)
                                                                          .arg(stride)
                                                                          .arg(payload)
                                                                          .arg(least)
                                                                          .arg(cost.time)));
                    ++checked;
                }
            for (std::size_t l = 0; l < cluster.levels.size(); ++l)
                QCOMPARE(traced->participants[l], closed.participants()[l]);
        }
        QVERIFY(checked > 5000);
        for (const bool wrapped : {false, true}) {
            const Cluster ring = clusterOf({level(Topology::Ring, {8}, 200, 3, {wrapped})});
            const auto traced = unevenGroup(spreadGroups(ring, {1, 8}, 8));
            const GroupSpan closed(ring, {1, 8});
            QVERIFY(near(evaluateLine(traced->exchange.lines[0], 800), closed.cost(Collective::AllToAll, 800).time));
            double least = 1e9;
            for (const CollectiveLine& line : traced->gather.cheapest())
                least = std::min(least, evaluateLine(line, 800));
            QVERIFY(near(least, closed.cost(Collective::AllGather, 800).time));
        }
    }

    /// What a unit must receive passes its members' links behind a switch, or the unit's where units are wired.
    void nothingBeatsTheLinks()
    {
        Dice dice{std::mt19937(9)};
        int checked = 0;
        for (int round = 0; round < 1200; ++round) {
            Cluster cluster;
            const int levels = 1 + dice.upTo(2);
            for (int i = 0; i < levels; ++i) {
                const Topology topology =
                    dice.of<Topology>({Topology::Switch, Topology::Switch, Topology::Torus, Topology::FullMesh, Topology::PcieTree});
                const bool twoAxes = topology == Topology::Torus || topology == Topology::PcieTree;
                cluster.levels.push_back(level(topology,
                                               twoAxes ? std::vector<int>{dice.upTo(4), dice.upTo(4)} : std::vector<int>{dice.upTo(8)},
                                               dice.magnitude(1, 1000), dice.magnitude(0.01, 100), {dice.upTo(2) == 1, dice.upTo(2) == 1}));
                if (topology == Topology::PcieTree)
                    cluster.levels.back().axisBandwidth = {cluster.levels.back().bandwidth, dice.magnitude(1, 1000)};
                if (topology == Topology::Torus)
                    for (std::size_t a = 0; a < 2; ++a)
                        cluster.levels.back().wrap[a] = cluster.levels.back().wrap[a] && cluster.levels.back().extents[a] > 2;
            }
            const int devices = cluster.devices();
            const int size = dice.upTo(std::min(20, devices));
            const DeviceGroup group(dice.upTo(3), size);
            if (size < 2 || group.offsetOf(size - 1) >= devices || !layoutGroup(cluster, group).uneven)
                continue;
            const GroupSpan span(cluster, group);
            std::vector<double> beyond(cluster.levels.size() + 1, 0); // bytes/s of a device on this level and further out
            double least = 0;
            double leastReduce = 0;
            for (int first = 0; first + group.offsetOf(size - 1) < devices; ++first) {
                if (group.rankOf(first) != 0)
                    continue;
                int inner = 1;
                for (std::size_t l = 0; l < cluster.levels.size(); ++l) {
                    for (int rank = 0; rank < size; ++rank) { // the unit of this member
                        const int unit = (first + group.offsetOf(rank)) / inner;
                        int here = 0;
                        for (int other = 0; other < size; ++other)
                            here += (first + group.offsetOf(other)) / inner == unit ? 1 : 0;
                        if (here == size)
                            continue;
                        double links = 0;
                        for (std::size_t further = l; further < cluster.levels.size(); ++further) {
                            const FabricLevel& f = cluster.levels[further];
                            links += f.bandwidth * (f.topology == Topology::Switch ? here : inner);
                        }
                        least = std::max(least, (1 - static_cast<double>(here) / size) / links);
                        leastReduce = std::max(leastReduce, 1 / links);
                    }
                    inner *= cluster.levels[l].units();
                }
            }
            for (const Collective kind : kKinds)
                for (const CollectiveLine& line : span.lines(kind).all()) {
                    const double bound = kind == Collective::AllReduce ? leastReduce : least;
                    QVERIFY2(line.secondsPerByte >= bound * (1 - 1e-9),
                             qPrintable(QString::fromStdString(nameOf(kind, line.algorithm, line.levels))
                                        + QStringLiteral(" %1 < %2").arg(line.secondsPerByte).arg(bound)));
                    ++checked;
                }
            // Remembered: the same to the bit, also after other fabrics.
            const GroupSpan again(cluster, group);
            for (const Collective kind : kKinds)
                QCOMPARE(again.cost(kind, 1e3).time, span.cost(kind, 1e3).time);
        }
        QVERIFY2(checked > 3000, QByteArray::number(checked));
    }

    void tablesShowTheGroupWithMost()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, 900, 0), level(Topology::Switch, {3}, 50, 0)});
        const AxisRow row = axisRow(cluster, {1, 6}, "TP");
        QVERIFY(row.straddles);
        QCOMPARE(row.links.size(), std::size_t{2});
        QCOMPARE(row.links[0].participants, 6);
        QCOMPARE(row.links[1].participants, 2);
        QCOMPARE(row.links[1].bandwidth, 50.0);
    }

    /// Pods of 384 servers with all of the bandwidth inside and a seventh between them.
    void shippedOversubscription()
    {
        Cluster cluster = *builtinCatalog().cluster("meta-24k-h100");
        cluster.levels.back().extents = {768};
        const AxisRow across = axisRow(cluster, {8, 768}, "DP");
        QCOMPARE(across.links.size(), std::size_t{2});
        QCOMPARE(across.links[0].leafUnits, 384);
        QCOMPARE(across.links[0].participants, 384);
        QCOMPARE(across.links[0].bandwidth, 50e9);
        QCOMPARE(across.links[1].leaves, 2);
        QCOMPARE(across.links[1].bandwidth, 50e9 / 7);
        const AxisRow inside = axisRow(cluster, {8, 384}, "DP");
        QCOMPARE(inside.links.size(), std::size_t{1});
        QCOMPARE(inside.links[0].leaves, 0);
        // Threes on leaves of four lie 3, 1 + 2, 2 + 1, 3: a server alone on its leaf receives two thirds at a seventh of its bandwidth.
        cluster.levels.back().leafUnits = 4;
        cluster.levels.back().extents = {12};
        const GroupSpan threes(cluster, {8, 3});
        QVERIFY(near(secondsOf(threes, Collective::AllGather, CollectiveAlgorithm::NestedRing), 2.0 / 3 / (50e9 / 7)));
        QVERIFY(near(threes.cost(Collective::AllToAll, 3e12).transferTime, 2e12 / (50e9 / 7)));
        const AxisRow row = axisRow(cluster, {8, 3}, "TP");
        QCOMPARE(row.links.size(), std::size_t{2});
        QCOMPARE(row.links[0].leafUnits, 4);
        QCOMPARE(row.links[1].leaves, 3);
    }

    void namesSayEachLevel()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}, 900, 1), level(Topology::Switch, {4}, 50, 5)});
        const auto namesOf = [&](const DeviceGroup& group, Collective kind) {
            std::vector<std::string> names;
            const GroupSpan span(cluster, group);
            for (const CollectiveCost& cost : span.alternatives(kind, 1e6))
                names.push_back(nameOf(kind, cost));
            return names;
        };
        const auto has = [](const std::vector<std::string>& names, const char* name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        for (const int size : {32, 12}) { // aligned or not
            const auto gathers = namesOf({1, size}, Collective::AllGather);
            QVERIFY(has(gathers, "hierarchical (direct inside + direct outside)"));
            QVERIFY(has(gathers, "hierarchical (ring inside + ring outside)") || size == 12);
            QVERIFY(has(namesOf({1, size}, Collective::AllReduce), "hierarchical (two-shot inside + two-shot outside)"));
            for (const std::string& name : gathers)
                QVERIFY(name != "hierarchical");
        }
        QVERIFY(has(namesOf({1, 8}, Collective::AllReduce), "recursive halving and doubling"));
        QVERIFY(has(namesOf({1, 8}, Collective::AllGather), "recursive doubling"));
        QVERIFY(has(namesOf({1, 8}, Collective::ReduceScatter), "recursive halving"));
    }
};

QTEST_GUILESS_MAIN(TestCollectiveUneven)
#include "tst_collective_uneven.moc"
