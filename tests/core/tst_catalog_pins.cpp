// SPDX-License-Identifier: Apache-2.0
// Figures of the shipped hardware recomputed from what vendors and drivers print: pair bandwidths of meshes, capacities in bytes, the
// intensities at which the roofs meet, and which switches reduce.
#include "core/collective/axistable.h"
#include "core/collective/collective.h"
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"

#include <QtTest>

using namespace shardlens;

namespace {

const Cluster& shipped(const char* id)
{
    const auto cluster = builtinCatalog().cluster(id);
    if (!cluster)
        qFatal("no cluster %s", id);
    return *cluster;
}

const Accelerator& device(const char* id)
{
    const Accelerator* accelerator = builtinCatalog().accelerator(id);
    if (!accelerator)
        qFatal("no accelerator %s", id);
    return *accelerator;
}

AxisRow tensorRow(const Cluster& cluster, int tensor)
{
    MeshSizes sizes;
    sizes.tensor = tensor;
    sizes.data = cluster.devices() / tensor;
    return axisTable(cluster, Placement(sizes)).front();
}

} // namespace

class TestCatalogPins : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// TP over k devices has what those k have between them, not the data sheet's sum over all links.
    void bandwidthOfPartsOfAHost_data()
    {
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<int>("tensor");
        QTest::addColumn<int>("links");
        QTest::addColumn<double>("bandwidth");
        const auto row = [](const char* id, int tensor, int links, double bandwidth) {
            QTest::addRow("%s TP%d", id, tensor) << QByteArray(id) << tensor << links << bandwidth;
        };
        row("mi300x-platform", 2, 1, 64e9);
        row("mi300x-platform", 4, 3, 192e9);
        row("mi300x-platform", 8, 7, 448e9);
        row("mi325x-platform", 2, 1, 64e9);
        row("mi355x-platform", 2, 1, 76.8e9);
        row("mi355x-platform", 8, 7, 537.6e9);
        row("gaudi2-hls", 2, 1, 37.5e9);
        row("gaudi2-hls", 8, 7, 262.5e9);
        row("gaudi3-hls", 2, 1, 75e9);
        row("gaudi3-hls", 4, 3, 225e9);
        row("p5.48xlarge", 2, 1, 450e9); // a switch: any subset has everything
        row("p5.48xlarge", 8, 1, 450e9);
        row("gb200-nvl72", 72, 1, 900e9);
        row("p3.16xlarge", 2, 1, 25e9);  // GPUs 0 and 1 have one link
        row("p3.16xlarge", 4, 4, 100e9); // two rings both ways
        row("p3.16xlarge", 8, 6, 150e9); // three
        row("g6e.48xlarge", 4, 1, 32e9);
        row("g6e.48xlarge", 8, 1, 32e9); // a ring passes each uplink once in each direction
        row("tpu-v5e-16x16", 16, 2, 100e9);
        row("tpu-v5e-4x2", 4, 2, 100e9);
    }
    void bandwidthOfPartsOfAHost()
    {
        QFETCH(QByteArray, id);
        QFETCH(int, tensor);
        QFETCH(int, links);
        QFETCH(double, bandwidth);
        const AxisRow row = tensorRow(shipped(id.constData()), tensor);
        QCOMPARE(row.size(), tensor);
        QCOMPARE(row.links.size(), std::size_t{1});
        QCOMPARE(row.links[0].links, links);
        QCOMPARE(row.links[0].participants, tensor);
        QVERIFY2(std::abs(row.links[0].bandwidth / bandwidth - 1) < 1e-12, std::to_string(row.links[0].bandwidth).c_str());
    }

    void axesOfUnequalLinks()
    {
        // Trn2 UltraServer: a core has a quarter of its chip's links, 128 GB/s along x and y and 64 GB/s along z.
        const Cluster& ultra = shipped("trn2-ultraserver");
        const AxisRow row = tensorRow(ultra, 256);
        QCOMPARE(row.links.size(), std::size_t{4});
        QCOMPARE(row.links[1].linkBandwidth, 32e9);
        QCOMPARE(row.links[2].linkBandwidth, 32e9);
        QCOMPARE(row.links[3].linkBandwidth, 16e9);
        QCOMPARE(row.links[3].torusAxis, 2);
        QCOMPARE(ultra.levels[1].bandwidth, 160e9);
    }

    void capacities_data()
    {
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<qlonglong>("bytes");
        const auto mebibytes = [](const char* id, qlonglong count) { QTest::newRow(id) << QByteArray(id) << count * 1024 * 1024; };
        mebibytes("h100-sxm", 81559);
        mebibytes("a100-sxm-80", 81920);
        mebibytes("h200-sxm", 143771);
        mebibytes("h20-sxm", 97871);
        mebibytes("gh200-96", 97871);
        mebibytes("h100-nvl", 95830);
        mebibytes("b200-sxm", 183359);
        mebibytes("gb200", 189471);
        mebibytes("b300-sxm", 275040); // sold as 288 GB: decimal on this part
        mebibytes("gb300", 284208);
        mebibytes("l4", 23034);
        mebibytes("a10g", 23028);
        mebibytes("l40s", 46068);
        mebibytes("rtx4090", 24564);
        mebibytes("rtx5090", 32607);
        mebibytes("rtx-pro-6000", 97887);
        mebibytes("gaudi2", 98304);
        mebibytes("trn2", 96 * 1024);
        mebibytes("trn2-core", 24 * 1024);
        mebibytes("trn2-physical-core", 12 * 1024);
        QTest::newRow("mi300x") << QByteArray("mi300x") << qlonglong{206141652992};
        QTest::newRow("mi355x") << QByteArray("mi355x") << qlonglong{309220868096};
        QTest::newRow("tpu-v5e") << QByteArray("tpu-v5e") << qlonglong{16911433728}; // 15.75 GiB
        QTest::newRow("tpu-v6e") << QByteArray("tpu-v6e") << qlonglong{33554432000}; // 31.25 GiB
    }
    void capacities()
    {
        QFETCH(QByteArray, id);
        QFETCH(qlonglong, bytes);
        QCOMPARE(static_cast<qlonglong>(device(id.constData()).memoryBytes), bytes);
    }

    void criticalIntensities()
    {
        const auto intensity = [](const char* id, ComputeFormat format) { return qRound(device(id).criticalIntensity(format)); };
        QCOMPARE(intensity("h100-sxm", ComputeFormat::Bf16), 295);     // 989.4e12 / 3.35e12
        QCOMPARE(intensity("h100-sxm", ComputeFormat::Fp8), 591);      // 1,978.9e12 / 3.35e12
        QCOMPARE(intensity("mi300x", ComputeFormat::Bf16), 247);       // 1,307.4e12 / 5.3e12
        QCOMPARE(intensity("tpu-v5e", ComputeFormat::Bf16), 241);      // 197e12 / 819e9
        QCOMPARE(intensity("tpu-v5e", ComputeFormat::Int8), 480);      // 393e12 / 819e9
        QCOMPARE(intensity("b200-sxm", ComputeFormat::Fp4), 1125);     // 9e15 / 8e12
        QCOMPARE(intensity("v100-sxm2-32", ComputeFormat::Fp16), 139); // 125e12 / 900e9
    }

    /// Traps of data sheets: sparse figures, int8 that is not fp8, formats that run at another's rate.
    void peaks()
    {
        QCOMPARE(device("b300-sxm").peakOf(ComputeFormat::Int8), 153.5e12); // a thirtieth of fp8
        QCOMPARE(device("b300-sxm").peakOf(ComputeFormat::Fp8), 4500e12);
        QCOMPARE(device("gb300").peakOf(ComputeFormat::Int8), 165e12);
        QCOMPARE(device("v100-sxm2-32").peakOf(ComputeFormat::Bf16), 0.0);
        QCOMPARE(device("a100-sxm-80").peakOf(ComputeFormat::Fp8), 0.0);
        QCOMPARE(device("gaudi3").peakOf(ComputeFormat::Fp8), device("gaudi3").peakOf(ComputeFormat::Bf16));
        QCOMPARE(device("trn2").peakOf(ComputeFormat::Int8), 0.0);
        QCOMPARE(device("h100-sxm").peakOf(ComputeFormat::Tf32), 494.7e12);
        QCOMPARE(device("mi355x").peakOf(ComputeFormat::Tf32), 0.0); // dropped in CDNA 4
        QCOMPARE(device("mi250x").peakOf(ComputeFormat::Int8), 383e12);
        QCOMPARE(device("h100-sxm").sramBytes, Bytes{50} << 20);
        QCOMPARE(device("tpu-v4").sramBytes, Bytes{160} << 20);
    }

    /// NVSwitch adds up from generation 3 on: with H100 and later, not with A100.
    void whatReducesInTheNetwork()
    {
        for (const auto& cluster : builtinCatalog().clusters) {
            const FabricLevel& inner = cluster->levels.front();
            const bool expected = inner.name == "NVSwitch" && cluster->accelerator.id.rfind("a100", 0) != 0;
            QVERIFY2(inner.inNetworkReduction == expected, cluster->id.c_str());
            for (std::size_t i = 1; i < cluster->levels.size(); ++i)
                QVERIFY2(!cluster->levels[i].inNetworkReduction, cluster->id.c_str());
        }
        // 64 MiB over eight H100: two steps of 1 us and 9/8 of it at 450 GB/s.
        const CollectiveCost h100 = GroupSpan(shipped("p5.48xlarge"), {1, 8}).cost(Collective::AllReduce, 67108864);
        QCOMPARE(h100.algorithm, CollectiveAlgorithm::InNetwork);
        QVERIFY(std::abs(h100.time - (2e-6 + 67108864 * 9.0 / 8 / 450e9)) < 1e-15);
        const CollectiveCost a100 = GroupSpan(shipped("dgx-a100"), {1, 8}).cost(Collective::AllReduce, 67108864);
        QCOMPARE(a100.algorithm, CollectiveAlgorithm::TwoShot);
    }

    /// The hosts and slices that every list of serving hardware has.
    void hostsAreThere()
    {
        for (const char* id :
             {"p3.16xlarge",      "dgx-1-v100",     "g5.48xlarge",   "p4d.24xlarge",     "p4de.24xlarge",   "dgx-a100",
              "g6.48xlarge",      "g6e.48xlarge",   "g7e.48xlarge",  "p5.48xlarge",      "nd96isr-h100-v5", "p5en.48xlarge",
              "p6-b200.48xlarge", "hgx-b300",       "gb200-tray",    "gb300-tray",       "mi300x-platform", "mi355x-platform",
              "tpu-v4-2x2x1",     "tpu-v5e-4x2",    "tpu-v5p-2x2x1", "tpu-v6e-4x2",      "tpu7x-2x2x1",     "inf2.48xlarge",
              "trn1.32xlarge",    "trn1n.32xlarge", "trn2.48xlarge", "trn2-ultraserver", "gaudi2-hls",      "gaudi3-hls",
              "cloudmatrix384",   "gb200-nvl72",    "gb300-nvl72"})
            QVERIFY2(builtinCatalog().cluster(id), id);
        QVERIFY(builtinCatalog().accelerators.size() >= 41);
    }
};

QTEST_GUILESS_MAIN(TestCatalogPins)
#include "tst_catalog_pins.moc"
