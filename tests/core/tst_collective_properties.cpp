// SPDX-License-Identifier: Apache-2.0
// What holds for every collective on every fabric, over random fabrics, orders of the axes and groups.
#include "core/collective/axistable.h"
#include "core/collective/collective.h"
#include "core/collective/grouplayout.h"
#include "core/collective/levelterms.h"
#include "core/scenario/catalog.h"

#include <QtTest>

#include <numeric>
#include <random>
#include <set>

using namespace shardlens;

namespace {

constexpr std::array kKinds{Collective::AllReduce, Collective::ReduceScatter, Collective::AllGather, Collective::AllToAll};

class Dice {
public:
    explicit Dice(unsigned seed) : m_random(seed) {}
    int upTo(int most) { return std::uniform_int_distribution<int>(1, most)(m_random); }
    bool coin() { return upTo(2) == 1; }
    double magnitude(double least, double most)
    {
        return std::exp(std::uniform_real_distribution<double>(std::log(least), std::log(most))(m_random));
    }
    template <class T>
    const T& of(const std::vector<T>& items)
    {
        return items[static_cast<std::size_t>(upTo(static_cast<int>(items.size())) - 1)];
    }
    std::mt19937& engine() { return m_random; }

private:
    std::mt19937 m_random;
};

FabricLevel randomLevel(Dice& dice, bool inner)
{
    FabricLevel level;
    level.name = "level";
    level.topology = static_cast<Topology>(dice.upTo(static_cast<int>(kTopologyCount)) - 1);
    level.bandwidth = dice.magnitude(1e9, 1e12);
    level.latency = dice.upTo(4) == 1 ? 0 : dice.magnitude(1e-7, 1e-4);
    const std::vector<int> sides{1, 2, 3, 4, 6, 8};
    switch (level.topology) {
    case Topology::Switch:
        level.extents = {inner ? dice.of(std::vector<int>{2, 3, 4, 6, 8, 16, 72}) : dice.upTo(8)};
        level.inNetworkReduction = dice.coin();
        if (dice.upTo(3) == 1) {
            level.oversubscription = dice.magnitude(1.1, 8);
            level.leafUnits = dice.coin() ? 0 : dice.upTo(level.extents[0]);
        }
        break;
    case Topology::Ring: level.extents = {dice.of(std::vector<int>{2, 4, 8, 12})}; break;
    case Topology::Torus:
        level.extents = {dice.of(sides), dice.of(sides)};
        if (dice.coin())
            level.extents.push_back(dice.upTo(4));
        if (dice.coin()) {
            level.bandwidth = 0;
            for (std::size_t i = 0; i < level.extents.size(); ++i) {
                level.axisBandwidth.push_back(dice.magnitude(1e9, 1e12));
                level.bandwidth += 2 * level.axisBandwidth.back();
            }
        }
        break;
    case Topology::FullMesh: level.extents = {1 + dice.upTo(15)}; break;
    case Topology::CubeMesh: level = builtinCatalog().cluster("dgx-1-v100")->levels.front(); break;
    case Topology::PcieTree:
        level.extents = {dice.upTo(4), dice.upTo(4)};
        level.axisBandwidth = {level.bandwidth, dice.magnitude(1e9, 1e12)};
        break;
    }
    if (level.topology == Topology::Ring || level.topology == Topology::Torus)
        for (const int extent : level.extents)
            level.wrap.push_back(extent > 2 && dice.coin());
    return level;
}

Cluster randomCluster(Dice& dice)
{
    Cluster cluster;
    const int levels = dice.upTo(3);
    for (int i = 0; i < levels; ++i)
        cluster.levels.push_back(randomLevel(dice, i == 0));
    return cluster;
}

int randomDivisor(Dice& dice, int value)
{
    std::vector<int> divisors;
    for (int d = 1; d <= value; ++d)
        if (value % d == 0)
            divisors.push_back(d);
    return dice.of(divisors);
}

MeshSizes randomSizes(Dice& dice, int devices)
{
    MeshSizes sizes;
    for (int* size : {&sizes.tensor, &sizes.sequence, &sizes.attentionData, &sizes.pipeline}) {
        *size = randomDivisor(dice, devices);
        devices /= *size;
    }
    sizes.data = devices;
    sizes.expert = randomDivisor(dice, sizes.tensor * sizes.sequence * sizes.attentionData);
    std::shuffle(sizes.order.begin(), sizes.order.end(), dice.engine());
    return sizes;
}

std::vector<DeviceGroup> groupsOf(const Placement& placement)
{
    std::vector<DeviceGroup> groups{placement.stageGroup(), placement.expertGroup(), placement.expertTensorGroup(),
                                    placement.group({MeshAxis::Tensor, MeshAxis::Sequence})};
    for (const MeshAxis axis : kDefaultOrder)
        groups.push_back(placement.group(axis));
    return groups;
}

/// bytes/s that reach a device over all links that the group uses.
double reach(const Cluster& cluster, const DeviceGroup& group)
{
    double sum = 0;
    for (const AxisLink& link : axisRow(cluster, group, "").links) {
        const FabricLevel& level = cluster.levels[static_cast<std::size_t>(link.level)];
        sum += level.topology == Topology::CubeMesh ? level.bandwidth + level.hostBandwidth : link.bandwidth;
    }
    return sum;
}

/// True when each dimension of the group fills whole units of the fabric or lies inside one, with a stride that fits.
bool isAligned(const Cluster& cluster, const DeviceGroup& group)
{
    std::vector<int> boundaries;
    int inner = 1;
    for (const FabricLevel& level : cluster.levels) {
        if (level.oversubscription > 1 && level.leafUnits > 0 && level.units() % level.leafUnits != 0)
            return false; // the last leaf is not full
        if (level.oversubscription > 1 && level.leafUnits > 0)
            boundaries.push_back(inner * level.leafUnits);
        for (const int extent : level.extents)
            boundaries.push_back(inner *= extent);
    }
    const auto fits = [](int a, int b) { return a % b == 0 || b % a == 0; };
    for (const GroupAxis& axis : group.axes())
        for (const int boundary : boundaries)
            if (!fits(axis.stride, boundary) || (boundary % axis.stride == 0 && !fits(boundary / axis.stride, axis.size)))
                return false;
    return true;
}

Cluster scaled(Cluster cluster, double bandwidth, double latency)
{
    for (FabricLevel& level : cluster.levels) {
        level.bandwidth *= bandwidth;
        level.hostBandwidth *= bandwidth;
        for (double& axis : level.axisBandwidth)
            axis *= bandwidth;
        level.latency *= latency;
    }
    return cluster;
}

} // namespace

class TestCollectiveProperties : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// On every fabric the levels' own steps and bytes add up to what the chosen algorithm takes; where one level is used they are its line.
    void theLevelsTermsAddUp()
    {
        Dice dice(23);
        int nested = 0;
        for (int round = 0; round < 600; ++round) {
            const Cluster cluster = randomCluster(dice);
            const Placement placement(randomSizes(dice, cluster.devices()));
            for (const DeviceGroup& group : groupsOf(placement)) {
                if (group.size() == 1 || (!isAligned(cluster, group) && cluster.devices() > 512))
                    continue;
                const GroupSpan span(cluster, group, cluster.devices());
                for (const Collective kind : kKinds) {
                    const double payload = dice.magnitude(1e2, 1e9);
                    const CollectiveCost cost = span.cost(kind, payload);
                    const std::vector<LevelTerm> terms = levelTerms(cluster, group, cluster.devices(), kind, cost, payload);
                    QVERIFY2(!terms.empty(), qPrintable(QStringLiteral("round %1, %2").arg(round).arg(static_cast<int>(cost.algorithm))));
                    double latency = 0;
                    double transfer = 0;
                    for (const LevelTerm& term : terms) {
                        QVERIFY(term.steps >= 0 && term.bytes >= 0 && term.bandwidth > 0);
                        QVERIFY2(term.steps == std::round(term.steps), qPrintable(QString::number(term.steps, 'g', 17)));
                        QCOMPARE(term.time(), term.steps * term.latency + term.bytes / term.bandwidth);
                        latency += term.latencyTime();
                        transfer += term.transferTime();
                    }
                    QVERIFY(std::abs(latency - cost.latencyTime) <= 1e-9 * cost.latencyTime);
                    QVERIFY(std::abs(transfer - cost.transferTime) <= 1e-9 * cost.transferTime);
                    nested += terms.size() > 1 ? 1 : 0;
                }
            }
        }
        QVERIFY(nested > 1000);
    }

    /// The bytes that a device must receive need at least as long as all its links take; every step costs a latency.
    void nothingBeatsTheLinks()
    {
        Dice dice(7);
        int checked = 0;
        for (int round = 0; round < 3000; ++round) {
            const Cluster cluster = randomCluster(dice);
            const Placement placement(randomSizes(dice, cluster.devices()));
            double leastLatency = 1;
            for (const FabricLevel& level : cluster.levels)
                leastLatency = std::min(leastLatency, level.latency);
            for (const DeviceGroup& group : groupsOf(placement)) {
                const GroupSpan span(cluster, group);
                if (!isAligned(cluster, group))
                    continue; // see tst_collective_uneven
                QVERIFY(!layoutGroup(cluster, group).uneven);
                const double n = group.size();
                for (const Collective kind : kKinds) {
                    for (const CollectiveLine& line : span.lines(kind).all()) {
                        double received = (n - 1) / n;
                        if (kind == Collective::AllReduce && line.algorithm == CollectiveAlgorithm::InNetwork)
                            received = 1;
                        else if (kind == Collective::AllReduce
                                 && !cluster.levels[static_cast<std::size_t>(line.outerLevel)].inNetworkReduction)
                            received = 2 * (n - 1) / n;
                        const double least = received / reach(cluster, group);
                        QVERIFY2(
                            line.secondsPerByte >= least * (1 - 1e-9),
                            qPrintable(QStringLiteral("%1 by %2, %3 members: %4 s/B under %5")
                                           .arg(QString::fromUtf8(nameOf(kind).data()), QString::fromUtf8(nameOf(line.algorithm).data()))
                                           .arg(group.size())
                                           .arg(line.secondsPerByte)
                                           .arg(least)));
                        QVERIFY(line.latency >= leastLatency * (1 - 1e-12));
                        QVERIFY2(line.sentPerByte >= (n - 1) / n * (1 - 1e-9),
                                 qPrintable(QString::fromUtf8(nameOf(kind).data()) + QString::fromUtf8(nameOf(line.algorithm).data())
                                            + QStringLiteral(" %1 %2 %3")
                                                  .arg(group.size())
                                                  .arg(line.sentPerByte)
                                                  .arg(static_cast<int>(cluster.levels[0].topology))));
                        ++checked;
                    }
                }
            }
        }
        QVERIFY2(checked > 50'000, std::to_string(checked).c_str());
    }

    void costIsTheCheapestLine()
    {
        Dice dice(11);
        for (int round = 0; round < 2000; ++round) {
            const Cluster cluster = randomCluster(dice);
            const Placement placement(randomSizes(dice, cluster.devices()));
            for (const DeviceGroup& group : groupsOf(placement)) {
                const GroupSpan span(cluster, group);
                for (const Collective kind : kKinds) {
                    const CollectiveLines& lines = span.lines(kind);
                    QCOMPARE(lines.count == 0, group.size() == 1);
                    QCOMPARE(lines.useful == 0, group.size() == 1);
                    if (group.size() == 1) {
                        QCOMPARE(span.cost(kind, 1e6).time, 0.0);
                        continue;
                    }
                    for (const double payload : {1.0, dice.magnitude(1, 1e12), 1e15}) {
                        const CollectiveCost cost = span.cost(kind, payload);
                        double least = evaluateLine(lines.lines[0], payload);
                        for (const CollectiveLine& line : lines.cheapest())
                            least = std::min(least, evaluateLine(line, payload));
                        QCOMPARE(cost.time, least); // to the bit
                        for (const CollectiveLine& line : lines.all())
                            QVERIFY(evaluateLine(line, payload) >= least * (1 - 1e-12));
                        QCOMPARE(span.alternatives(kind, payload).size(), std::size_t{lines.count});
                        QVERIFY(span.alternatives(kind, payload).front().time >= least * (1 - 1e-12));
                        QVERIFY(std::abs(cost.time - (cost.latencyTime + cost.transferTime)) <= 1e-15 * cost.time);
                    }
                    // Each kept line is the cheapest for some payload: halfway between its two crossings, or outside them.
                    const auto kept = lines.cheapest();
                    for (std::size_t i = 0; i < kept.size(); ++i) {
                        const auto crossing = [&](std::size_t a, std::size_t b) {
                            return (kept[b].latency - kept[a].latency) / (kept[a].secondsPerByte - kept[b].secondsPerByte);
                        };
                        const double from = i == 0 ? 0 : crossing(i - 1, i);
                        const double to = i + 1 == kept.size() ? 2 * from + 1 : crossing(i, i + 1);
                        QVERIFY(from < to);
                        QVERIFY(evaluateLine(kept[i], (from + to) / 2) <= span.cost(kind, (from + to) / 2).time * (1 + 1e-9));
                    }
                    QCOMPARE(span.cost(kind, 0).time, 0.0);
                }
            }
        }
    }

    void fasterFabricsAreNeverSlower()
    {
        Dice dice(13);
        for (int round = 0; round < 2000; ++round) {
            const Cluster cluster = randomCluster(dice);
            const DeviceGroup group = dice.of(groupsOf(Placement(randomSizes(dice, cluster.devices()))));
            const GroupSpan span(cluster, group);
            const GroupSpan wide(scaled(cluster, 1.7, 1), group);
            const GroupSpan quick(scaled(cluster, 1, 0.6), group);
            Cluster single = cluster; // one level faster by itself
            FabricLevel& level = single.levels[static_cast<std::size_t>(dice.upTo(static_cast<int>(single.levels.size())) - 1)];
            Cluster alone;
            alone.levels = {level};
            level = scaled(alone, 2, 1).levels.front();
            const GroupSpan partly(single, group);
            Cluster reducing = cluster;
            for (FabricLevel& l : reducing.levels)
                l.inNetworkReduction = l.topology == Topology::Switch;
            const GroupSpan reduced(reducing, group);
            for (const Collective kind : kKinds) {
                const double payload = dice.magnitude(1, 1e10);
                const double most = span.cost(kind, payload).time * (1 + 1e-12);
                QVERIFY(wide.cost(kind, payload).time <= most);
                QVERIFY(quick.cost(kind, payload).time <= most);
                QVERIFY(partly.cost(kind, payload).time <= most);
                QVERIFY(reduced.cost(kind, payload).time <= most);
                QVERIFY(span.cost(kind, payload / 2).time <= most);
            }
        }
    }

    void ringsReduceInTwoHalves()
    {
        Dice dice(17);
        int checked = 0;
        while (checked < 300) {
            Cluster cluster;
            cluster.levels = {randomLevel(dice, true)};
            const Topology topology = cluster.levels[0].topology;
            if ((topology != Topology::Ring && topology != Topology::Torus) || cluster.devices() < 2)
                continue;
            const GroupSpan span(cluster, {1, cluster.devices()});
            const double payload = dice.magnitude(1, 1e10);
            const double halves = span.cost(Collective::ReduceScatter, payload).time + span.cost(Collective::AllGather, payload).time;
            QVERIFY(std::abs(span.cost(Collective::AllReduce, payload).time - halves) <= 1e-12 * halves);
            ++checked;
        }
    }

    /// The numbers of the JAX scaling book, chapter Sharding: 34 MB over a ring of four at 9e10 B/s both ways together.
    void scalingBookRing()
    {
        FabricLevel level;
        level.topology = Topology::Ring;
        level.extents = {4};
        level.wrap = {true};
        level.bandwidth = 9e10;
        Cluster cluster;
        cluster.levels = {level};
        const GroupSpan span(cluster, {1, 4});
        const double gather = span.cost(Collective::AllGather, 34e6).time;
        QVERIFY(std::abs(gather - 377.8e-6) < 0.1e-6);
        QVERIFY(std::abs(span.cost(Collective::AllReduce, 34e6).time - 2 * gather) < 1e-15);
        // The book's AllToAll moves the same array, of which each device holds a quarter.
        QVERIFY(std::abs(span.cost(Collective::AllToAll, 34e6 / 4).time - gather / 4) < 1e-15);
    }

    /// Whatever the order: every group is a class of a partition, ranks and devices translate into each other, experts fill the stage.
    void placements()
    {
        Dice dice(19);
        for (int round = 0; round < 2000; ++round) {
            const int devices = dice.of(std::vector<int>{1, 8, 12, 64, 72, 96});
            const MeshSizes sizes = randomSizes(dice, devices);
            QVERIFY(isPermutation(sizes.order));
            const Placement placement(sizes);
            QCOMPARE(placement.devices(), devices);
            QCOMPARE(placement.stageGroup().size(), sizes.tensor * sizes.sequence * sizes.attentionData);
            QCOMPARE(placement.expertGroup().size(), sizes.expert);
            QCOMPARE(placement.expertGroup().size() * placement.expertTensorGroup().size(), placement.stageGroup().size());
            for (const DeviceGroup& group : groupsOf(placement)) {
                std::set<int> seen;
                for (int device = 0; device < devices; ++device) {
                    const std::vector<int> peers = placement.peers(device, group);
                    QCOMPARE(static_cast<int>(peers.size()), group.size());
                    QVERIFY(std::is_sorted(peers.begin(), peers.end()));
                    QCOMPARE(peers[static_cast<std::size_t>(group.rankOf(device))], device);
                    if (seen.insert(peers.front()).second)
                        for (const int peer : peers)
                            QVERIFY(placement.peers(peer, group) == peers);
                }
                QCOMPARE(static_cast<int>(seen.size()) * group.size(), devices);
            }
            const int device = dice.upTo(devices) - 1;
            int rebuilt = 0;
            for (const MeshAxis axis : kDefaultOrder)
                rebuilt += placement.coordinate(device, axis) * placement.stride(axis);
            QCOMPARE(rebuilt, device);
            const int first =
                placement.firstDevice(placement.coordinate(device, MeshAxis::Pipeline), placement.coordinate(device, MeshAxis::Data));
            const int rank = placement.stageGroup().rankOf(device);
            QCOMPARE(first + placement.stageGroup().offsetOf(rank), device);
            // The experts' group meets each expert-TP group in one device.
            std::set<int> stage;
            for (const int expert : placement.peers(device, placement.expertGroup()))
                for (const int part : placement.peers(expert, placement.expertTensorGroup()))
                    stage.insert(part);
            const std::vector<int> whole = placement.peers(device, placement.stageGroup());
            QVERIFY(std::equal(stage.begin(), stage.end(), whole.begin(), whole.end()));
        }
    }

    void orderDecidesTheLevel()
    {
        const Cluster& p5 = *builtinCatalog().cluster("p5.48xlarge");
        Cluster two = p5;
        two.levels.back().extents = {2};
        MeshSizes sizes;
        sizes.tensor = 8;
        sizes.data = 2;
        QCOMPARE(axisTable(two, Placement(sizes)).front().links.front().level, 0);
        sizes.order = {MeshAxis::Data, MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Pipeline};
        const std::vector<AxisRow> rows = axisTable(two, Placement(sizes));
        QCOMPARE(rows[0].name, std::string_view("DP"));
        QCOMPARE(rows[1].name, std::string_view("TP"));
        QCOMPARE(rows[1].links.size(), std::size_t{2}); // TP now spans both nodes
        QCOMPARE(rows[1].links[0].participants, 4);
        QCOMPARE(rows[1].links[1].participants, 2);
        QCOMPARE(rows[1].links[1].bandwidth, 50e9);
        QVERIFY(!rows[1].straddles);
    }
};

QTEST_GUILESS_MAIN(TestCollectiveProperties)
#include "tst_collective_properties.moc"
