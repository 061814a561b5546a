// SPDX-License-Identifier: Apache-2.0
// The steps of collectives, run on real blocks: every device ends with the right sums or pieces, having sent what the cost model counts,
// in as many steps as it charges latencies for.
#include "core/collective/hops.h"

#include "core/scenario/catalog.h"

#include <QTest>

#include <array>
#include <map>
#include <set>

using namespace shardlens;

namespace {

FabricLevel level(Topology topology, std::vector<int> extents, std::vector<bool> wrap = {}, double bandwidth = 100e9)
{
    FabricLevel l;
    l.name = "level";
    l.topology = topology;
    l.extents = std::move(extents);
    l.wrap = std::move(wrap);
    l.bandwidth = bandwidth;
    l.latency = 1e-6;
    return l;
}

Cluster clusterOf(std::vector<FabricLevel> levels)
{
    Cluster c;
    c.levels = std::move(levels);
    return c;
}

FabricLevel slowAxis()
{
    FabricLevel l = level(Topology::Torus, {4, 4}, {true, true});
    l.axisBandwidth = {40e9, 10e9};
    return l;
}

FabricLevel reducing(int units)
{
    FabricLevel l = level(Topology::Switch, {units});
    l.inNetworkReduction = true;
    return l;
}

/// The hybrid cube mesh of eight V100.
FabricLevel cubeMesh()
{
    FabricLevel l = level(Topology::CubeMesh, {8});
    l.links = {{0, 1, 1}, {0, 2, 1}, {0, 3, 2}, {0, 4, 2}, {1, 2, 2}, {1, 3, 1}, {1, 5, 2}, {2, 3, 2},
               {2, 6, 1}, {3, 7, 1}, {4, 5, 1}, {4, 6, 1}, {4, 7, 2}, {5, 6, 2}, {5, 7, 1}, {6, 7, 2}};
    l.hostBandwidth = 10e9;
    return l;
}

/// Numbers that no two different sets of contributions share by accident.
std::uint64_t contribution(int rank, std::int64_t block)
{
    std::uint64_t x = static_cast<std::uint64_t>(rank) * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(block) * 0xBF58476D1CE4E5B9ULL;
    x ^= x >> 31;
    return x * 0x94D049BB133111EBULL;
}

/// Bytes/s of the link that a transfer takes, one way, where whole units of the fabric form the group.
double linkRate(const Cluster& cluster, const Transfer& t)
{
    int below = 1;
    for (int inner = 0; inner < t.level; ++inner)
        below *= static_cast<int>(cluster.levels[static_cast<std::size_t>(inner)].units());
    const FabricLevel& level = cluster.levels[static_cast<std::size_t>(t.level)];
    if (level.topology == Topology::Switch)
        return level.bandwidth;
    int a = t.from / below;
    int b = t.to / below;
    for (std::size_t axis = 0; axis < level.extents.size(); ++axis) {
        if (a % level.extents[axis] != b % level.extents[axis])
            return level.linkBandwidth(axis);
        a /= level.extents[axis];
        b /= level.extents[axis];
    }
    return level.bandwidth;
}

using Store = std::map<std::int64_t, std::uint64_t>;

/// Runs the steps; returns what is wrong, or nothing.
QString simulate(const Hops& hops)
{
    const int n = hops.size();
    const bool exchange = hops.kind() == Collective::AllToAll;
    const int slots = hops.slots();
    std::vector<Store> stores(static_cast<std::size_t>(n));
    for (int rank = 0; rank < n; ++rank)
        for (int block = 0; block < n; ++block)
            for (int slot = 0; slot < slots; ++slot) {
                const std::int64_t id = (exchange ? std::int64_t{rank} * n + block : block) * slots + slot;
                if (hops.kind() != Collective::AllGather || block == rank)
                    stores[static_cast<std::size_t>(rank)][id] = contribution(rank, id);
            }
    std::vector<double> sent(static_cast<std::size_t>(n), 0);
    const double unit = hops.payload() / n / slots;
    for (int s = 0; s < hops.steps(); ++s) {
        const std::vector<Store> before = stores;
        std::map<int, Store> switches;
        std::set<std::int64_t> dealtWith;
        for (const Transfer& t : hops.transfers(s)) {
            const std::vector<std::int64_t> ids = hops.blocksOf(t);
            if (std::abs(t.bytes - unit * static_cast<double>(ids.size())) > 1e-6 * t.bytes)
                return QStringLiteral("step %1: %2 B for %3 pieces of %4 B").arg(s).arg(t.bytes).arg(ids.size()).arg(unit);
            if (t.from >= 0)
                sent[static_cast<std::size_t>(t.from)] += t.bytes;
            for (const std::int64_t id : ids) {
                std::uint64_t value = 0;
                if (t.from < 0) {
                    value = switches[t.from].at(id);
                } else {
                    const Store& from = before[static_cast<std::size_t>(t.from)];
                    const auto found = from.find(id);
                    if (found == from.end())
                        return QStringLiteral("step %1: rank %2 sends %3, which it has not").arg(s).arg(t.from).arg(id);
                    value = found->second;
                }
                Store& to = t.to < 0 ? switches[t.to] : stores[static_cast<std::size_t>(t.to)];
                if (t.adds)
                    to[id] += value;
                else
                    to[id] = value;
            }
        }
    }
    double most = 0;
    double all = 0;
    for (const double each : sent) {
        most = std::max(most, each);
        all += each;
    }
    bool tree = hops.cost().algorithm == CollectiveAlgorithm::Tree;
    for (int l = 0; l < hops.cost().levels.count(); ++l)
        tree = tree || hops.cost().levels.at(l) == CollectiveAlgorithm::Tree;
    const double counted = tree ? most : all / n; // a tree's busiest device is charged, of others the mean
    if (tree ? counted > hops.cost().sentBytes * (1 + 1e-9) : std::abs(counted - hops.cost().sentBytes) > 1e-9 * hops.cost().sentBytes)
        return QStringLiteral("%1 B sent, %2 B costed").arg(counted).arg(hops.cost().sentBytes);
    for (int rank = 0; rank < n; ++rank)
        for (int block = 0; block < n; ++block)
            for (int slot = 0; slot < slots; ++slot) {
                if (hops.kind() == Collective::ReduceScatter && block != rank)
                    continue;
                const std::int64_t id = (exchange ? std::int64_t{block} * n + rank : block) * slots + slot;
                std::uint64_t expected = 0;
                if (exchange || hops.kind() == Collective::AllGather)
                    expected = contribution(block, id);
                else
                    for (int other = 0; other < n; ++other)
                        expected += contribution(other, id);
                const Store& store = stores[static_cast<std::size_t>(rank)];
                const auto found = store.find(id);
                if (found == store.end() || found->second != expected)
                    return QStringLiteral("rank %1 ends with the wrong piece %2").arg(rank).arg(id);
            }
    return {};
}

} // namespace

class TestHops : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyAlgorithmMovesTheRightPieces_data()
    {
        QTest::addColumn<Cluster>("cluster");
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("stride");
        const auto row = [](const char* name, std::vector<FabricLevel> levels, int size, int stride = 1) {
            QTest::newRow(name) << clusterOf(std::move(levels)) << size << stride;
        };
        row("switch of 8", {level(Topology::Switch, {8})}, 8);
        row("switch of 6", {level(Topology::Switch, {6})}, 6);
        row("switch of 7", {level(Topology::Switch, {7})}, 7);
        row("two of a switch", {level(Topology::Switch, {8})}, 2);
        row("every other of a switch", {level(Topology::Switch, {8})}, 4, 2);
        row("reducing switch", {reducing(8)}, 8);
        row("ring of 8", {level(Topology::Ring, {8}, {true})}, 8);
        row("ring of 5", {level(Topology::Ring, {5}, {true})}, 5);
        row("line of 4", {level(Topology::Ring, {4}, {false})}, 4);
        row("4 x 4 torus", {level(Topology::Torus, {4, 4}, {true, true})}, 16);
        row("4 x 2 torus, one wrap", {level(Topology::Torus, {4, 2}, {true, false})}, 8);
        row("2 x 3 x 4 torus", {level(Topology::Torus, {2, 3, 4}, {true, true, true})}, 24);
        row("torus of unequal axes", {slowAxis()}, 16);
        row("row of a torus", {level(Topology::Torus, {4, 4}, {true, true})}, 4);
        row("column of a torus", {level(Topology::Torus, {4, 4}, {true, true})}, 4, 4);
        row("full mesh of 8", {level(Topology::FullMesh, {8})}, 8);
        row("full mesh of 5", {level(Topology::FullMesh, {5})}, 5);
        row("cube mesh of 8", {cubeMesh()}, 8);
        row("cube mesh of 4", {cubeMesh()}, 4);
        row("nodes of 4", {level(Topology::Switch, {4}), level(Topology::Switch, {4}, {}, 10e9)}, 16);
        row("nodes of 8, reducing", {reducing(8), level(Topology::Switch, {3}, {}, 10e9)}, 24);
        row("reducing outside", {level(Topology::Switch, {4}), reducing(4)}, 16);
        row("one of each node", {level(Topology::Switch, {4}), level(Topology::Switch, {4}, {}, 10e9)}, 4, 4);
        row("racks of nodes", {level(Topology::Switch, {2}), level(Topology::Switch, {3}), level(Topology::Switch, {2}, {}, 10e9)}, 12);
        row("torus in nodes", {level(Topology::Torus, {2, 4}, {false, true}), level(Topology::Switch, {2}, {}, 10e9)}, 16);
        row("cores of chips in a torus", {level(Topology::Switch, {4}), level(Topology::Torus, {2, 3}, {true, true}, 10e9)}, 24);
        row("host tree", {level(Topology::PcieTree, {2, 2, 2})}, 8);
    }

    void everyAlgorithmMovesTheRightPieces()
    {
        QFETCH(Cluster, cluster);
        QFETCH(int, size);
        QFETCH(int, stride);
        if (!cluster.levels.empty() && cluster.levels.front().topology == Topology::PcieTree)
            cluster.levels.front().axisBandwidth = {100e9, 60e9, 40e9};
        const DeviceGroup group(stride, size);
        const GroupSpan span(cluster, group);
        int simulated = 0;
        for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter, Collective::AllToAll})
            for (const CollectiveCost& cost : span.alternatives(kind, 1 << 20)) {
                const std::string name = std::string(nameOf(kind)) + " " + nameOf(kind, cost);
                const Result<Hops> hops = Hops::of(cluster, group, stride * size - 1, kind, 1 << 20, cost);
                QVERIFY2(hops.ok(), (name + ": " + (hops.ok() ? "" : hops.error().sentence())).c_str());
                const Hops& h = hops.value();
                QCOMPARE(h.size(), size);
                if (!h.movesBlocks())
                    continue; // units trade between counterparts
                const QString wrong = simulate(h);
                QVERIFY2(wrong.isEmpty(), (name + ": " + wrong.toStdString()).c_str());
                ++simulated;
                // As many latencies as were costed: all levels here have 1 us.
                const double latencies = cost.latencyTime / 1e-6;
                QVERIFY2(std::abs(latencies - h.latencySteps()) < 1e-6 || cost.algorithm == CollectiveAlgorithm::NestedRing,
                         qPrintable(QString::fromStdString(name)
                                    + QStringLiteral(": %1 steps, costed %2").arg(h.latencySteps()).arg(latencies)));
                // Times of the steps add up to the cost.
                const HopStep& last = h.step(h.steps() - 1);
                QVERIFY(std::abs(last.start + last.seconds - cost.time) <= 1e-9 * cost.time);
            }
        QVERIFY(simulated >= 4);
    }

    void oneRankSeesWhatItTakesPartIn()
    {
        const Cluster cluster = clusterOf({reducing(4), level(Topology::Torus, {4, 2}, {true, true}, 10e9)});
        const DeviceGroup group(1, 32);
        const GroupSpan span(cluster, group);
        for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::AllToAll})
            for (const CollectiveCost& cost : span.alternatives(kind, 1 << 20)) {
                const Result<Hops> hops = Hops::of(cluster, group, 0, kind, 1 << 20, cost);
                QVERIFY(hops.ok());
                for (int s = 0; s < hops.value().steps(); ++s)
                    for (const int rank : {0, 13, 31}) {
                        double part = 0;
                        std::size_t count = 0;
                        for (const Transfer& t : hops.value().transfers(s))
                            if (t.from == rank || t.to == rank) {
                                part += t.bytes;
                                ++count;
                            }
                        double own = 0;
                        const std::vector<Transfer> mine = hops.value().transfers(s, rank);
                        for (const Transfer& t : mine)
                            own += t.bytes;
                        QCOMPARE(mine.size(), count);
                        QVERIFY(std::abs(own - part) <= 1e-9 * part);
                    }
            }
    }

    void noLinkCarriesMoreThanItsRate_data()
    {
        QTest::addColumn<Cluster>("cluster");
        QTest::addColumn<bool>("gathers");   // false: orders of unequal length, whose transfers go on in the next step
        QTest::addColumn<bool>("exchanges"); // likewise; along a line the middle has more to hand on than the ends
        const auto row = [](const char* name, std::vector<FabricLevel> levels, bool gathers = true, bool exchanges = true) {
            double latency = 1e-6;
            for (FabricLevel& l : levels) {
                l.latency = latency;
                latency *= 7;
            }
            QTest::newRow(name) << clusterOf(std::move(levels)) << gathers << exchanges;
        };
        row("switch of 8", {level(Topology::Switch, {8})});
        row("reducing switch", {reducing(8)});
        row("ring of 8", {level(Topology::Ring, {8}, {true})});
        row("ring of 5", {level(Topology::Ring, {5}, {true})});
        row("line of 4", {level(Topology::Ring, {4}, {false})}, true, false);
        row("4 x 4 torus", {level(Topology::Torus, {4, 4}, {true, true})});
        row("4 x 2 torus, one wrap", {level(Topology::Torus, {4, 2}, {true, false})}, true, false);
        row("torus of unequal axes", {slowAxis()});
        row("3 x 4 x 5 torus", {level(Topology::Torus, {3, 4, 5}, {true, true, true})}, true, false);
        row("ring by line", {level(Topology::Torus, {4, 4}, {true, false})}, false, false);
        row("nodes of 8", {level(Topology::Switch, {8}), level(Topology::Switch, {2}, {}, 10e9)});
        row("nodes of 4", {level(Topology::Switch, {4}), level(Topology::Switch, {4}, {}, 10e9)});
        row("nodes of 8, reducing", {reducing(8), level(Topology::Switch, {3}, {}, 10e9)});
        row("reducing outside", {level(Topology::Switch, {4}), reducing(4)});
        row("racks", {level(Topology::Switch, {2}), level(Topology::Switch, {3}), level(Topology::Switch, {2}, {}, 10e9)});
        row("torus in nodes", {level(Topology::Torus, {4, 4}, {true, true}), level(Topology::Switch, {2}, {}, 10e9)});
        row("cores of chips in a ring", {level(Topology::Switch, {4}), level(Topology::Ring, {5}, {true}, 10e9)});
    }

    /// Each step takes its own level's latency and at least what its fullest link takes for its bytes; the steps add up to the cost.
    void noLinkCarriesMoreThanItsRate()
    {
        QFETCH(Cluster, cluster);
        QFETCH(bool, gathers);
        QFETCH(bool, exchanges);
        const DeviceGroup group(1, cluster.devices());
        int seen = 0;
        for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter, Collective::AllToAll}) {
            const bool inStep = kind == Collective::AllToAll ? exchanges : gathers;
            for (const CollectiveCost& cost : GroupSpan(cluster, group).alternatives(kind, 1 << 24)) {
                const std::string name = std::string(nameOf(kind)) + " " + nameOf(kind, cost);
                if (name.find("tree") != std::string::npos || cost.algorithm == CollectiveAlgorithm::NestedRing)
                    continue; // pieces follow each other; one ring crosses several levels in each step
                const Result<Hops> hops = Hops::of(cluster, group, 0, kind, 1 << 24, cost);
                QVERIFY2(hops.ok(), name.c_str());
                const Hops& h = hops.value();
                std::map<std::array<int, 3>, double> inAll;
                double sum = 0;
                double latency = 0;
                for (int s = 0; s < h.steps(); ++s) {
                    const HopStep& step = h.step(s);
                    std::map<std::array<int, 3>, double> busy;
                    for (const Transfer& t : h.transfers(s)) {
                        if (t.from < 0)
                            continue; // the sum comes down while the rest goes up
                        const FabricLevel& l = cluster.levels[static_cast<std::size_t>(t.level)];
                        const bool routed = l.topology != Topology::Switch;
                        const double seconds = t.bytes / linkRate(cluster, t);
                        busy[{t.level, t.from, routed ? t.to : 0}] += seconds;
                        inAll[{t.level, t.from, routed ? t.to : 0}] += seconds;
                    }
                    for (const auto& [link, seconds] : busy)
                        QVERIFY2(!inStep || seconds <= (step.seconds - step.latency) * (1 + 1e-6),
                                 qPrintable(QString::fromStdString(name)
                                            + QStringLiteral(", step %1: %2 s of bytes in %3 s").arg(s).arg(seconds).arg(step.seconds)));
                    const double own = cluster.levels[static_cast<std::size_t>(step.level)].latency;
                    QVERIFY2(std::abs(step.latency - own) <= 1e-5 * own || !inStep, name.c_str());
                    sum += step.seconds;
                    latency += step.latency;
                }
                for (const auto& [link, seconds] : inAll)
                    QVERIFY2(seconds <= cost.transferTime * (1 + 1e-9), name.c_str());
                QVERIFY2(std::abs(sum - cost.time) <= 1e-9 * cost.time, name.c_str());
                QVERIFY2(std::abs(latency - cost.latencyTime) <= 1e-9 * cost.latencyTime, name.c_str());
                ++seen;
            }
        }
        QVERIFY(seen >= 4);
    }

    void ringOfTheBook()
    {
        // AllReduce of 512 KiB on a switch of 8 by ring: 14 steps of 64 KiB, 896 KiB sent by each.
        const Cluster cluster = clusterOf({level(Topology::Switch, {8})});
        const GroupSpan span(cluster, {1, 8});
        for (const CollectiveCost& cost : span.alternatives(Collective::AllReduce, 512 * 1024)) {
            if (cost.algorithm != CollectiveAlgorithm::Ring)
                continue;
            const Result<Hops> hops = Hops::of(cluster, {1, 8}, 3, Collective::AllReduce, 512 * 1024, cost);
            QVERIFY(hops.ok());
            QCOMPARE(hops.value().steps(), 14);
            QCOMPARE(hops.value().step(2).messageBytes, 64.0 * 1024);
            QCOMPARE(hops.value().step(2).linkBytes, 64.0 * 1024);
            QCOMPARE(hops.value().step(2).sentBefore, 128.0 * 1024);
            QCOMPARE(hops.value().sentInAll(), 896.0 * 1024);
            QVERIFY(hops.value().step(6).adds && !hops.value().step(6).gathers);
            QVERIFY(!hops.value().step(7).adds && hops.value().step(7).gathers);
            return;
        }
        QFAIL("no ring");
    }

    /// A switch adds up in the first of its two steps and hands out in the second; a tree adds up on the way to its root.
    void sumsAreHandedOutOnceTheyAreDone()
    {
        int seen = 0;
        const Cluster cluster = clusterOf({reducing(8)});
        for (const CollectiveCost& cost : GroupSpan(cluster, {1, 8}).alternatives(Collective::AllReduce, 1 << 20)) {
            if (cost.algorithm != CollectiveAlgorithm::InNetwork && cost.algorithm != CollectiveAlgorithm::Tree)
                continue;
            const Result<Hops> hops = Hops::of(cluster, {1, 8}, 0, Collective::AllReduce, 1 << 20, cost);
            QVERIFY(hops.ok());
            const int steps = hops.value().steps();
            QVERIFY(steps >= 2 && steps % 2 == 0);
            for (int s = 0; s < steps; ++s) {
                const HopStep& step = hops.value().step(s);
                const bool first = s < steps / 2;
                QCOMPARE(step.adds, first);
                QCOMPARE(step.spreads, !first);
                QVERIFY(!step.gathers);
                if (cost.algorithm == CollectiveAlgorithm::InNetwork) {
                    // Up go all but the own part, down comes one part of the sum; then one part goes up and all parts come down.
                    constexpr double kPart = (1 << 20) / 8.0;
                    QCOMPARE(std::min(step.upBytes, step.downBytes), kPart);
                    QCOMPARE(std::max(step.upBytes, step.downBytes), 8 * kPart);
                    QCOMPARE(step.upBytes > step.downBytes, first);
                } else {
                    QVERIFY(step.upBytes == 0 && step.downBytes == 0);
                }
                const std::vector<Transfer> transfers = hops.value().transfers(s);
                QCOMPARE(std::any_of(transfers.begin(), transfers.end(), [](const Transfer& t) { return t.adds; }), first);
            }
            ++seen;
        }
        QVERIFY(seen >= 1);
    }

    void whatIsNotShownSaysWhy()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}), level(Topology::Switch, {4}, {}, 10e9)});
        const DeviceGroup group(1, 12); // 8 + 4, 4 + 8
        const GroupSpan span(cluster, group, 24);
        const CollectiveCost cost = span.cost(Collective::AllReduce, 1 << 20);
        const Result<Hops> hops = Hops::of(cluster, group, 0, Collective::AllReduce, 1 << 20, cost, 24);
        QVERIFY(!hops.ok());
        QVERIFY(QString::fromStdString(hops.error().sentence()).contains(QLatin1String("do not fill whole units")));
        QVERIFY(!Hops::of(cluster, {1, 1}, 0, Collective::AllReduce, 8, {}).ok());
    }

    void sendIsOneStep()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}), level(Topology::Switch, {4}, {}, 10e9)});
        const Result<Hops> hops = Hops::ofSend(cluster, 3, 11, 4096, sendCost(cluster, 3, 11, 4096));
        QVERIFY(hops.ok());
        QCOMPARE(hops.value().steps(), 1);
        const std::vector<Transfer> all = hops.value().transfers(0);
        QCOMPARE(all.size(), std::size_t{1});
        QCOMPARE(all.front().level, 1);
        QCOMPARE(all.front().bytes, 4096.0);
        QCOMPARE(hops.value().members(), (std::vector<int>{3, 11}));
    }

    void largeGroupsStayCheap()
    {
        const Cluster cluster = clusterOf({level(Topology::Switch, {8}), level(Topology::Switch, {8192}, {}, 10e9)});
        const DeviceGroup group(1, 65536);
        const GroupSpan span(cluster, group);
        const CollectiveCost cost = span.cost(Collective::AllReduce, 1 << 30);
        const Result<Hops> hops = Hops::of(cluster, group, 4711, Collective::AllReduce, 1 << 30, cost);
        QVERIFY2(hops.ok(), hops.ok() ? "" : hops.error().sentence().c_str());
        for (int s = 0; s < hops.value().steps(); ++s)
            for (const Transfer& t : hops.value().transfers(s, 4711))
                QVERIFY(t.from == 4711 || t.to == 4711 || t.from < 0 || t.to < 0);
    }
};

QTEST_GUILESS_MAIN(TestHops)
#include "tst_hops.moc"
