// SPDX-License-Identifier: Apache-2.0
// Cutting and growing clusters to a device count.
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"

#include <QtTest>

#include <numeric>
#include <random>

using namespace shardlens;

namespace {

Cluster shipped(const char* id)
{
    const auto cluster = builtinCatalog().cluster(id);
    if (!cluster)
        qFatal("no cluster %s", id);
    return *cluster;
}

QString textOf(const Cluster& cluster)
{
    QStringList levels;
    for (const FabricLevel& level : cluster.levels) {
        QStringList axes;
        for (std::size_t i = 0; i < level.extents.size(); ++i) {
            const bool wrapped = i < level.wrap.size() && level.wrap[i];
            axes << QString::number(level.extents[i]) + (wrapped ? QStringLiteral("~") : QString());
        }
        levels << axes.join(QLatin1Char('x'));
    }
    return levels.join(QStringLiteral(" | "));
}

} // namespace

class TestHardware : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shapes_data()
    {
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<int>("devices");
        QTest::addColumn<QString>("shape"); // extents of each level, innermost first; ~ marks a wrap-around
        const auto row = [](const char* id, int devices, const char* shape) {
            QTest::addRow("%s at %d", id, devices) << QByteArray(id) << devices << QString::fromLatin1(shape);
        };
        row("p5.48xlarge", 8, "8 | 1");
        row("p5.48xlarge", 4, "4 | 1");
        row("p5.48xlarge", 5, "5 | 1");
        row("p5.48xlarge", 1, "1 | 1");
        row("p5.48xlarge", 16, "8 | 2");
        row("p5.48xlarge", 65536, "8 | 8192");
        row("gb200-nvl72", 36, "36 | 1");
        row("gb200-nvl72", 72, "72 | 1");
        row("gb200-nvl72", 144, "72 | 2");
        row("trn2.48xlarge", 64, "4 | 4~x4~ | 1");
        row("trn2.48xlarge", 4, "4 | 1x1 | 1");
        row("trn2.48xlarge", 2, "2 | 1x1 | 1");
        row("trn2.48xlarge", 16, "4 | 2x2 | 1");
        row("trn2.48xlarge", 32, "4 | 4~x2 | 1");
        row("trn2.48xlarge", 128, "4 | 4~x4~ | 2");
        row("trn2-ultraserver", 256, "4 | 4~x4~x4~ | 1");
        row("trn2-ultraserver", 128, "4 | 4~x4~x2 | 1"); // two of the four hosts
        row("mi300x-platform", 3, "3 | 1");
        row("mi300x-platform", 16, "8 | 2");
        row("p3.16xlarge", 4, "4 | 1");
        row("g6e.48xlarge", 8, "4x2 | 1");
        row("g6e.48xlarge", 3, "3x1 | 1");
        row("g6e.48xlarge", 4, "4x1 | 1"); // one PCIe switch, not half of each
        row("tpu-v5e-4x2", 8, "4x2 | 1");
        row("tpu-v5e-4x2", 4, "2x2 | 1");
        row("tpu-v5e-4x2", 16, "4x2 | 2");
        row("tpu-v5e-16x16", 256, "16~x16~ | 1");
        row("tpu-v5e-16x16", 128, "16~x8 | 1"); // wraps only on a full axis of 16
        row("tpu-v5e-16x16", 16, "4x4 | 1");
        row("tpu-v5p-4x4x4", 64, "4~x4~x4~ | 1");
        row("tpu-v5p-4x4x4", 32, "4x4x2 | 1");     // less than a whole cube has no wrap on any axis
        row("tpu-v5p-8x8x8", 256, "8~x8~x4~ | 1"); // whole cubes keep theirs
        row("inf2.48xlarge", 12, "12~ | 1");
        row("inf2.48xlarge", 6, "6 | 1");
        row("gh200", 3, "3");
    }
    void shapes()
    {
        QFETCH(QByteArray, id);
        QFETCH(int, devices);
        QFETCH(QString, shape);
        const Result<Cluster> cluster = resized(shipped(id.constData()), devices);
        QVERIFY2(cluster.ok(), cluster.ok() ? "" : cluster.error().sentence().c_str());
        QCOMPARE(cluster.value().devices(), devices);
        QCOMPARE(textOf(cluster.value()), shape);
    }

    void refusals_data()
    {
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<int>("devices");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* id, int devices, const char* sentence) {
            QTest::addRow("%s at %d", id, devices) << QByteArray(id) << devices << QString::fromLatin1(sentence);
        };
        row("p5.48xlarge", 0, "devices: found 0; a cluster has 1 to 65,536 devices");
        row("p5.48xlarge", -1, "devices: found -1; a cluster has 1 to 65,536 devices");
        row("p5.48xlarge", 65537, "devices: found 65537; a cluster has 1 to 65,536 devices");
        row("p5.48xlarge", 12, "devices: found 12; p5.48xlarge can have 8 or 16");
        row("tpu-v5e-4x2", 6, "devices: found 6; tpu-v5e-4x2 can have 4 or 8");
        row("trn2.48xlarge", 6, "devices: found 6; trn2.48xlarge can have 4 or 8");
        row("p3.16xlarge", 3, "devices: found 3; p3.16xlarge can have 2 or 4");
        row("g6e.48xlarge", 6, "devices: found 6; g6e.48xlarge can have 4 or 8");
        row("gb200-nvl72", 100, "devices: found 100; gb200-nvl72 can have 72 or 144");
        row("gb200-nvl72", 65535, "devices: found 65535; gb200-nvl72 can have 65,520 at most");
    }
    void refusals()
    {
        QFETCH(QByteArray, id);
        QFETCH(int, devices);
        QFETCH(QString, sentence);
        const Result<Cluster> cluster = resized(shipped(id.constData()), devices);
        QVERIFY(!cluster.ok());
        QCOMPARE(QString::fromStdString(cluster.error().sentence()), sentence);
    }

    void withoutScaleOutGrowsNoFurther()
    {
        Cluster cluster = shipped("dgx-a100");
        cluster.levels.pop_back();
        QVERIFY(resized(cluster, 8).ok());
        const Result<Cluster> more = resized(cluster, 16);
        QVERIFY(!more.ok());
        QCOMPARE(more.error().allowed, std::string("dgx-a100 can have 8 at most"));
        QCOMPARE(deviceChoices(cluster), (std::vector<int>{1, 2, 4, 8}));
    }

    /// The search for nearest counts stays short where almost nothing is possible.
    void awkwardMachines()
    {
        Cluster cluster = shipped("inf2.48xlarge");
        cluster.levels.pop_back();
        cluster.levels.front().extents = {65521}; // a prime
        const Result<Cluster> refused = resized(cluster, 30000);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().allowed, std::string("inf2.48xlarge can have 1 or 65,521"));
        QCOMPARE(deviceChoices(cluster), (std::vector<int>{1, 65521}));
    }

    void theWholeMachineIsUnchanged()
    {
        for (const auto& cluster : builtinCatalog().clusters) {
            const Result<Cluster> same = resized(*cluster, cluster->devices());
            QVERIFY2(same.ok() && same.value() == *cluster, cluster->id.c_str());
        }
    }

    /// What a control offers works, in order and within the limit, and the way to a count does not matter.
    void choices()
    {
        for (const auto& cluster : builtinCatalog().clusters) {
            const std::vector<int> counts = deviceChoices(*cluster, 4096);
            QVERIFY2(std::is_sorted(counts.begin(), counts.end()), cluster->id.c_str());
            QVERIFY2(std::adjacent_find(counts.begin(), counts.end()) == counts.end(), cluster->id.c_str());
            QVERIFY2(std::find(counts.begin(), counts.end(), cluster->devices()) != counts.end(), cluster->id.c_str());
            QVERIFY(counts.front() == 1 && counts.back() <= 4096);
            Cluster moved = *cluster;
            for (const int count : counts) {
                const Result<Cluster> direct = resized(*cluster, count);
                QVERIFY2(direct.ok(), cluster->id.c_str());
                QCOMPARE(direct.value().devices(), count);
                const Result<Cluster> again = resized(moved, count);
                QVERIFY2(again.ok() && again.value() == direct.value(), cluster->id.c_str());
                moved = again.value();
            }
            QVERIFY2(deviceChoices(moved, 4096) == counts, cluster->id.c_str());
        }
        QCOMPARE(deviceChoices(shipped("p5.48xlarge"), 32), (std::vector<int>{1, 2, 4, 8, 16, 32}));
        QCOMPARE(deviceChoices(shipped("gb200-nvl72"), 300), (std::vector<int>{1, 2, 4, 8, 16, 32, 64, 72, 144, 288}));
        QCOMPARE(deviceChoices(shipped("p5.48xlarge")).back(), kMaxDevices);
        QVERIFY(deviceChoices(shipped("p5.48xlarge"), 0).empty());
    }

    /// Any path of counts ends where the direct way ends, cut wraps included, and uncut() finds the machine again.
    void pathsDoNotMatter()
    {
        std::mt19937 random(1);
        for (const auto& cluster : builtinCatalog().clusters) {
            Cluster walked = *cluster;
            for (int step = 0; step < 60; ++step) {
                const int count = std::uniform_int_distribution<int>(1, 3 * cluster->devices())(random);
                const Result<Cluster> direct = resized(*cluster, count);
                const Result<Cluster> next = resized(walked, count);
                QCOMPARE(next.ok(), direct.ok());
                if (!next.ok()) {
                    QCOMPARE(next.error(), direct.error());
                    continue;
                }
                QVERIFY2(next.value() == direct.value(), cluster->id.c_str());
                QCOMPARE(next.value().devices(), count);
                walked = next.value();
            }
            const Result<Cluster> back = resized(walked, cluster->devices());
            QVERIFY2(back.ok() && back.value() == *cluster, cluster->id.c_str());
            const Result<Cluster> least = resized(walked, 1);
            QVERIFY(least.ok());
            QVERIFY2(uncut(least.value()) == *cluster, cluster->id.c_str());
        }
    }

    /// Cutting never makes a link faster, adds a wrap or leaves the machine's limits.
    void cutsOnlyTakeAway()
    {
        for (const auto& cluster : builtinCatalog().clusters) {
            for (const int count : deviceChoices(*cluster, cluster->devices())) {
                const Result<Cluster> cut = resized(*cluster, count);
                QVERIFY(cut.ok());
                for (std::size_t i = 0; i < cluster->levels.size(); ++i) {
                    const FabricLevel& whole = cluster->levels[i];
                    const FabricLevel& part = cut.value().levels[i];
                    QCOMPARE(part.bandwidth, whole.bandwidth);
                    QCOMPARE(part.latency, whole.latency);
                    QCOMPARE(part.extents.size(), whole.extents.size());
                    for (std::size_t axis = 0; axis < whole.extents.size(); ++axis) {
                        QVERIFY(part.extents[axis] >= 1 && part.extents[axis] <= whole.extents[axis]);
                        if (axis < whole.wrap.size())
                            QVERIFY(whole.wrap[axis] || !part.wrap[axis]);
                    }
                }
            }
        }
    }

    /// A cut mesh keeps the links it had: two of eight MI300X have one link, not all seven.
    void cutMeshesKeepTheirLinks()
    {
        for (const int devices : {2, 4, 8}) {
            const Result<Cluster> cut = resized(shipped("mi300x-platform"), devices);
            QVERIFY(cut.ok());
            QCOMPARE(cut.value().levels[0].linkBandwidth(), 64e9);
            QCOMPARE(cut.value().levels[0].wholeUnits(), 8);
        }
        const Result<Cluster> quad = resized(shipped("p3.16xlarge"), 4);
        QVERIFY(quad.ok());
        QCOMPARE(quad.value().levels[0].linkBandwidth(), 25e9);
    }

    void criticalIntensity()
    {
        // 989.4e12 / 3350e9 and 197e12 / 819e9
        QCOMPARE(qRound(shipped("p5.48xlarge").accelerator.criticalIntensity(ComputeFormat::Bf16)), 295);
        QCOMPARE(qRound(shipped("tpu-v5e-4x2").accelerator.criticalIntensity(ComputeFormat::Bf16)), 241);
    }
};

QTEST_GUILESS_MAIN(TestHardware)
#include "tst_hardware.moc"
