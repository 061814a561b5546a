// SPDX-License-Identifier: Apache-2.0
// Small fabrics simulated link by link: who holds what after each step, what each link carries. The times must be those of the formulas.
#include "core/collective/collective.h"
#include "core/collective/grouplayout.h"
#include "core/scenario/catalog.h"

#include <QtTest>

#include <functional>
#include <map>
#include <numeric>
#include <set>

using namespace shardlens;

namespace {

Cluster fabric(Topology topology, std::vector<int> extents, std::vector<bool> wrap, double bandwidth, std::vector<double> axes = {})
{
    FabricLevel level;
    level.name = "level";
    level.topology = topology;
    level.extents = std::move(extents);
    level.wrap = std::move(wrap);
    level.bandwidth = bandwidth;
    level.axisBandwidth = std::move(axes);
    Cluster cluster;
    cluster.levels = {std::move(level)};
    return cluster;
}

bool near(double a, double b)
{
    return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

double secondsOf(const Cluster& cluster, const DeviceGroup& group, Collective kind, CollectiveAlgorithm algorithm)
{
    const GroupSpan span(cluster, group);
    for (const CollectiveLine& line : span.lines(kind).all())
        if (line.algorithm == algorithm)
            return line.secondsPerByte;
    return -1;
}

using Link = std::pair<int, int>; // from a device to a neighbour
using Loads = std::map<Link, double>;

double fullest(const Loads& loads, const std::function<double(Link)>& bandwidth)
{
    double longest = 0;
    for (const auto& [link, load] : loads)
        longest = std::max(longest, load / bandwidth(link));
    return longest;
}

/// AllGather along a chain of devices, both ways, one block a step: what each device got last from one side goes on to the other.
/// `held`: sets of block numbers per member. Adds what each link carries in each step, in blocks of `bytes`.
void gatherAlong(const std::vector<int>& chain, bool wrapped, double bytes, std::map<int, std::set<int>>& held, std::vector<Loads>& steps)
{
    const std::size_t k = chain.size();
    struct Parcel {
        std::size_t at;
        int direction;
        std::set<int> blocks;
    };
    std::vector<Parcel> moving;
    for (std::size_t i = 0; i < k; ++i)
        for (const int direction : {1, -1})
            moving.push_back({i, direction, held.at(chain[i])});
    const std::size_t rounds = wrapped ? k / 2 : k - 1;
    for (std::size_t round = 0; round < rounds; ++round) {
        if (steps.size() <= round)
            steps.resize(round + 1);
        std::vector<Parcel> next;
        for (const Parcel& parcel : moving) {
            const bool atEnd = parcel.direction > 0 ? parcel.at + 1 == k : parcel.at == 0;
            if (atEnd && !wrapped)
                continue;
            const std::size_t to = (parcel.at + (parcel.direction > 0 ? 1 : k - 1)) % k;
            steps[round][{chain[parcel.at], chain[to]}] += bytes;
            held[chain[to]].insert(parcel.blocks.begin(), parcel.blocks.end());
            next.push_back({to, parcel.direction, parcel.blocks});
        }
        moving = next;
    }
}

} // namespace

class TestCollectiveLinks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void gatherOnRingsAndLines()
    {
        for (const bool wrapped : {true, false}) {
            for (int k = wrapped ? 3 : 2; k <= 9; ++k) {
                const Cluster cluster = fabric(Topology::Ring, {k}, {wrapped}, 200);
                std::vector<int> chain(static_cast<std::size_t>(k));
                std::iota(chain.begin(), chain.end(), 0);
                std::map<int, std::set<int>> held;
                for (const int device : chain)
                    held[device] = {device};
                std::vector<Loads> steps;
                gatherAlong(chain, wrapped, 1.0 / k, held, steps);
                double seconds = 0;
                for (const Loads& loads : steps)
                    seconds += fullest(loads, [](Link) { return 100.0; });
                for (const int device : chain)
                    QCOMPARE(static_cast<int>(held[device].size()), k);
                const CollectiveAlgorithm algorithm = wrapped ? CollectiveAlgorithm::BidirectionalRing : CollectiveAlgorithm::Line;
                QVERIFY2(near(seconds, secondsOf(cluster, {1, k}, Collective::AllGather, algorithm)), std::to_string(k).c_str());
                QVERIFY(near(2 * seconds, secondsOf(cluster, {1, k}, Collective::AllReduce, algorithm)));
            }
        }
    }

    /// Torus of X x Y: the data in two halves, one gathered along X then Y, the other along Y then X, at the same time.
    void gatherOnATorus_data()
    {
        QTest::addColumn<int>("x");
        QTest::addColumn<int>("y");
        QTest::addColumn<bool>("wrapped");
        QTest::addColumn<double>("linkX");
        QTest::addColumn<double>("linkY");
        QTest::newRow("4x4 wrapped") << 4 << 4 << true << 100.0 << 100.0;
        QTest::newRow("4x4 mesh") << 4 << 4 << false << 100.0 << 100.0;
        QTest::newRow("8x4 wrapped") << 8 << 4 << true << 100.0 << 100.0;
        QTest::newRow("3x5 wrapped") << 3 << 5 << true << 100.0 << 100.0;
        QTest::newRow("4x2 mesh") << 4 << 2 << false << 100.0 << 100.0;
        QTest::newRow("4x4 unequal") << 4 << 4 << true << 100.0 << 40.0;
    }
    void gatherOnATorus()
    {
        QFETCH(int, x);
        QFETCH(int, y);
        QFETCH(bool, wrapped);
        QFETCH(double, linkX);
        QFETCH(double, linkY);
        const Cluster cluster = fabric(Topology::Torus, {x, y}, {wrapped, wrapped}, 2 * (linkX + linkY), {linkX, linkY});
        const auto bandwidth = [&](Link link) { return link.first / x == link.second / x ? linkX : linkY; };
        std::array<std::map<int, std::set<int>>, 2> held;
        for (int device = 0; device < x * y; ++device)
            held[0][device] = held[1][device] = {device};
        double seconds = 0;
        for (int phase = 0; phase < 2; ++phase) {
            double longest = 0;
            for (int half = 0; half < 2; ++half) {
                const int axis = (half + phase) % 2;
                const double block = 0.5 / (x * y) * (phase == 0 ? 1 : (axis == 0 ? y : x)); // what the phase before gathered, as one
                std::vector<Loads> steps;
                for (int line = 0; line < (axis == 0 ? y : x); ++line) {
                    std::vector<int> chain;
                    for (int i = 0; i < (axis == 0 ? x : y); ++i)
                        chain.push_back(axis == 0 ? line * x + i : i * x + line);
                    gatherAlong(chain, wrapped, block, held[static_cast<std::size_t>(half)], steps);
                }
                double sum = 0;
                for (const Loads& loads : steps)
                    sum += fullest(loads, bandwidth);
                longest = std::max(longest, sum);
            }
            seconds += longest;
        }
        for (const auto& half : held)
            for (const auto& [device, blocks] : half)
                QCOMPARE(static_cast<int>(blocks.size()), x * y);
        QVERIFY(near(seconds, secondsOf(cluster, {1, x * y}, Collective::AllGather, CollectiveAlgorithm::TorusAxes)));
        // Slow axis first, alone, then the fast one on all of it.
        if (linkX != linkY) {
            const double slow = y / 2 * (1.0 / (x * y)) / linkY + x / 2 * (1.0 / x) / linkX;
            QVERIFY(near(slow, secondsOf(cluster, {1, x * y}, Collective::AllGather, CollectiveAlgorithm::EqualAxes)));
        }
    }

    /// AllToAll: every pair's parcel by the shortest way, ties halved; half of the data x first, half y first.
    void exchangeOnRingsLinesAndTori()
    {
        struct Case {
            int x;
            int y;
            bool wrapped;
        };
        for (const Case& c : {Case{4, 1, true}, Case{5, 1, true}, Case{8, 1, true}, Case{7, 1, false}, Case{8, 1, false}, Case{4, 4, true},
                              Case{4, 4, false}, Case{8, 4, true}, Case{3, 5, true}}) {
            const bool flat = c.y == 1;
            const Cluster cluster =
                flat ? fabric(Topology::Ring, {c.x}, {c.wrapped}, 200) : fabric(Topology::Torus, {c.x, c.y}, {c.wrapped, c.wrapped}, 400);
            const int n = c.x * c.y;
            Loads loads;
            const auto move = [&](int device, int axis, int to, double bytes) {
                const int extent = axis == 0 ? c.x : c.y;
                const int stride = axis == 0 ? 1 : c.x;
                const int from = device / stride % extent;
                const int ahead = (to - from + extent) % extent;
                const int back = extent - ahead;
                for (const int direction : {1, -1}) {
                    int hops = direction > 0 ? ahead : back % extent;
                    double part = bytes;
                    if (c.wrapped) {
                        if (ahead != 0 && ahead == back)
                            part /= 2;
                        else if ((direction > 0) != (ahead <= back))
                            continue;
                    } else {
                        if ((direction > 0) != (to > from))
                            continue;
                        hops = std::abs(to - from);
                    }
                    int at = device;
                    for (int hop = 0; hop < hops; ++hop) {
                        const int place = at / stride % extent;
                        const int next = at + ((place + direction + extent) % extent - place) * stride;
                        loads[{at, next}] += part;
                        at = next;
                    }
                }
                return device + (to - from) * stride;
            };
            for (int a = 0; a < n; ++a) {
                for (int b = 0; b < n; ++b) {
                    if (a == b)
                        continue;
                    const double bytes = 1.0 / n / (flat ? 1 : 2);
                    move(move(a, 0, b % c.x, bytes), 1, b / c.x, bytes);
                    if (!flat)
                        move(move(a, 1, b / c.x, bytes), 0, b % c.x, bytes);
                }
            }
            const double seconds = fullest(loads, [](Link) { return 100.0; });
            const CollectiveAlgorithm algorithm = !flat       ? CollectiveAlgorithm::TorusAxes
                                                  : c.wrapped ? CollectiveAlgorithm::BidirectionalRing
                                                              : CollectiveAlgorithm::Line;
            const double formula = secondsOf(cluster, {1, n}, Collective::AllToAll, algorithm);
            QVERIFY2(near(seconds, formula),
                     qPrintable(QStringLiteral("%1x%2: %3, formula %4").arg(c.x).arg(c.y).arg(seconds).arg(formula)));
        }
    }

    /// Every second member of a ring: each of the two groups passes over the other's members, so each link carries both.
    void stridedGroupsShareTheirLinks()
    {
        for (const int stride : {2, 4}) {
            const int extent = 8;
            const int k = extent / stride;
            const Cluster cluster = fabric(Topology::Ring, {extent}, {true}, 200);
            Loads loads; // of one step, all groups at once: V/k to each neighbour both ways, over `stride` links
            for (int device = 0; device < extent; ++device)
                for (const int direction : {1, -1})
                    for (int hop = 0; hop < stride; ++hop) {
                        const int at = (device + direction * hop + 2 * extent) % extent;
                        loads[{at, (at + direction + extent) % extent}] += 1.0 / k;
                    }
            const double seconds = (k / 2) * fullest(loads, [](Link) { return 100.0; });
            QVERIFY(near(seconds, secondsOf(cluster, {stride, k}, Collective::AllGather, CollectiveAlgorithm::BidirectionalRing)));
        }
    }

    /// k of n units of a full mesh: each pair's own link carries a k-th of the payload, the others carry nothing.
    void fullMeshUsesPairLinksOnly()
    {
        const int n = 8;
        const Cluster cluster = fabric(Topology::FullMesh, {n}, {}, 448);
        for (int k = 2; k <= n; k *= 2) {
            Loads loads;
            for (int first = 0; first < n; first += k) // all groups at once
                for (int a = first; a < first + k; ++a)
                    for (int b = first; b < first + k; ++b)
                        if (a != b)
                            loads[{a, b}] += 1.0 / k;
            const double seconds = fullest(loads, [](Link) { return 448.0 / 7; });
            QCOMPARE(static_cast<int>(loads.size()), n * (k - 1));
            QVERIFY(near(seconds, secondsOf(cluster, {1, k}, Collective::AllGather, CollectiveAlgorithm::Direct)));
            QVERIFY(near(seconds, secondsOf(cluster, {1, k}, Collective::AllToAll, CollectiveAlgorithm::Direct)));
            QVERIFY(near(2 * seconds, secondsOf(cluster, {1, k}, Collective::AllReduce, CollectiveAlgorithm::TwoShot)));
            QVERIFY(near(k * seconds, secondsOf(cluster, {1, k}, Collective::AllReduce, CollectiveAlgorithm::OneShot)));
        }
    }

    /// Host tree of 2 devices x 2 switches x 2 roots: every pair's parcel climbs to where the two meet; all groups of a kind at once.
    void hostTreeUplinks_data()
    {
        QTest::addColumn<int>("stride");
        QTest::addColumn<int>("size");
        QTest::newRow("pairs under a switch") << 1 << 2;
        QTest::newRow("under a root") << 1 << 4;
        QTest::newRow("all") << 1 << 8;
        QTest::newRow("one of each switch") << 2 << 4;
        QTest::newRow("one of each root") << 4 << 2;
        QTest::newRow("one of each switch of a root") << 2 << 2;
    }
    void hostTreeUplinks()
    {
        QFETCH(int, stride);
        QFETCH(int, size);
        const std::vector<double> links{32, 20, 10};
        const Cluster cluster = fabric(Topology::PcieTree, {2, 2, 2}, {}, 32, links);
        const DeviceGroup group(stride, size);
        using Port = std::tuple<int, int, bool>; // tier, unit, upwards
        const auto climb = [](std::map<Port, double>& loads, int a, int b, double bytes) {
            for (int tier = 0, below = 1; tier < 3 && a / below != b / below; ++tier, below *= 2) {
                loads[{tier, a / below, true}] += bytes;
                loads[{tier, b / below, false}] += bytes;
            }
        };
        const auto slowest = [&links](const std::map<Port, double>& loads) {
            double longest = 0;
            for (const auto& [port, load] : loads)
                longest = std::max(longest, load / links[static_cast<std::size_t>(std::get<0>(port))]);
            return longest;
        };
        std::map<Port, double> direct;
        std::map<Port, double> ring;
        for (int device = 0; device < 8; ++device) {
            const int rank = group.rankOf(device);
            const int first = device - group.offsetOf(rank);
            for (int peer = 0; peer < size; ++peer)
                if (peer != rank)
                    climb(direct, device, first + group.offsetOf(peer), 1.0 / size);
            climb(ring, device, first + group.offsetOf((rank + 1) % size), (size - 1.0) / size);
        }
        QVERIFY(near(slowest(direct), secondsOf(cluster, group, Collective::AllGather, CollectiveAlgorithm::Direct)));
        QVERIFY(near(slowest(direct), secondsOf(cluster, group, Collective::AllToAll, CollectiveAlgorithm::Direct)));
        if (size > 2)
            QVERIFY(near(slowest(ring), secondsOf(cluster, group, Collective::AllGather, CollectiveAlgorithm::Ring)));
    }

    /// Oversubscription 4 with two units under each leaf: under the leaf all of the link, between leaves a quarter of it.
    void oversubscribedLeaves()
    {
        Cluster cluster = fabric(Topology::Switch, {8}, {}, 100);
        cluster.levels[0].oversubscription = 4;
        cluster.levels[0].leafUnits = 2;
        QVERIFY(near(GroupSpan(cluster, {1, 2}).cost(Collective::AllGather, 800).time, 4.0));
        QVERIFY(near(GroupSpan(cluster, {2, 4}).cost(Collective::AllGather, 800).time, 600.0 / 25));
        // All eight: each device sends to one peer under its leaf and to six beyond, or eight rings pass everything on.
        QVERIFY(near(GroupSpan(cluster, {1, 8}).cost(Collective::AllToAll, 800).time, 100.0 / 100 + 600.0 / 25));
        QVERIFY(near(GroupSpan(cluster, {1, 8}).alternatives(Collective::AllGather, 800).back().time, 400.0 / 100 + 300.0 / 25));
        QVERIFY(near(sendCost(cluster, 0, 1, 100).time, 1));
        QVERIFY(near(sendCost(cluster, 0, 2, 100).time, 4));
        cluster.levels[0].leafUnits = 0; // each unit has a leaf of its own
        QVERIFY(near(sendCost(cluster, 0, 1, 100).time, 4));
    }

    /// Packed rings of the DGX-1 wiring against a search of its own, for every part of the host.
    void ringsOfTheCubeMesh()
    {
        const auto host = builtinCatalog().cluster("dgx-1-v100");
        QVERIFY(host);
        const FabricLevel& level = host->levels.front();
        int links = 0;
        for (const DirectLink& link : level.links)
            links += link.count;
        QCOMPARE(links, 24); // 8 GPUs x 6 links / 2
        for (unsigned members = 1; members < 256; ++members) {
            std::vector<int> units;
            for (int unit = 0; unit < 8; ++unit)
                if (members >> static_cast<unsigned>(unit) & 1U)
                    units.push_back(unit);
            if (units.size() < 3)
                continue;
            std::map<Link, int> spare;
            for (const int a : units)
                for (const int b : units)
                    spare[{a, b}] = a == b ? 0 : level.linksBetween(a, b);
            QVERIFY2(packRings(level, members) == mostRings(units, spare), std::to_string(members).c_str());
        }
        QCOMPARE(packRings(level, 0xFF), 3);
        QCOMPARE(packRings(level, 0x0F), 2);
        QCOMPARE(packRings(level, 0x03), 1);
        QCOMPARE(packRings(level, 0x09), 2); // GPUs 0 and 3
        QCOMPARE(packRings(level, 0x21), 0); // GPUs 0 and 5: through the host
    }

private:
    /// By all orders of the units: the best number of rings when the first found one is taken out and the rest searched again.
    static int mostRings(const std::vector<int>& units, std::map<Link, int> spare)
    {
        int best = 0;
        std::vector<int> rest(units.begin() + 1, units.end());
        do {
            if (rest.front() > rest.back())
                continue; // the same ring the other way round
            std::vector<int> ring{units.front()};
            ring.insert(ring.end(), rest.begin(), rest.end());
            std::map<Link, int> left = spare;
            bool fits = true;
            for (std::size_t i = 0; i < ring.size() && fits; ++i) {
                const int a = ring[i];
                const int b = ring[(i + 1) % ring.size()];
                fits = left[{a, b}] > 0;
                --left[{a, b}];
                left[{b, a}] = left[{a, b}];
            }
            if (!fits)
                continue;
            // A packing may be listed from any of its rings: looking on from here with what is left finds it.
            best = std::max(best, 1 + mostRings(units, left));
            if (best >= 3)
                break; // six links at each unit hold no more
        } while (std::next_permutation(rest.begin(), rest.end()));
        return best;
    }
};

QTEST_GUILESS_MAIN(TestCollectiveLinks)
#include "tst_collective_links.moc"
