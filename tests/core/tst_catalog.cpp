// SPDX-License-Identifier: Apache-2.0
// The shipped catalog, and what a bad catalog file is told.
#include "core/scenario/catalog.h"
#include "core/scenario/similar.h"
#include "tests/core/catalogtexts.h"

#include <QtTest>

#include <algorithm>
#include <set>

using namespace shardlens;
using namespace shardlens::test;

namespace {

/// A catalog of one accelerator and one cluster in a directory of its own.
class SmallCatalog {
public:
    SmallCatalog()
    {
        for (const char* folder : {"models", "accelerators", "clusters"})
            QDir(m_directory.path()).mkpath(QLatin1String(folder));
        write("accelerators/a1.json", kAccelerator);
        write("clusters/c1.json", kCluster);
    }
    void write(const char* name, const QByteArray& text) const
    {
        QFile file(m_directory.filePath(QLatin1String(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("cannot write %s", name);
    }
    [[nodiscard]] Result<Catalog> load() const { return loadCatalog(m_directory.path().toStdString()); }
    [[nodiscard]] QString sentence() const
    {
        const Result<Catalog> catalog = load();
        return catalog.ok() ? QString() : QString::fromStdString(catalog.error().sentence()).remove(m_directory.path() + QLatin1Char('/'));
    }
    [[nodiscard]] QString path() const { return m_directory.path(); }

private:
    QTemporaryDir m_directory;
};

} // namespace

class TestCatalog : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void holdsEnough()
    {
        const Catalog& catalog = builtinCatalog();
        const auto good = std::count_if(catalog.accelerators.begin(), catalog.accelerators.end(),
                                        [](const Accelerator& a) { return a.confidence == 'A' || a.confidence == 'B'; });
        QVERIFY(good >= 25);
        QVERIFY(catalog.clusters.size() >= 20);
        QVERIFY(catalog.models.size() >= 20);
        for (const char* id : {"p5.48xlarge",   "p5en.48xlarge",    "p4d.24xlarge", "p4de.24xlarge", "dgx-a100",    "hgx-h100",
                               "hgx-h200",      "hgx-b200",         "hgx-b300",     "gb200-nvl72",   "gb300-nvl72", "trn1.32xlarge",
                               "trn2.48xlarge", "trn2-ultraserver", "tpu-v4-4x4x4", "tpu-v5e-4x2",   "tpu-v5e-4x4", "tpu-v5e-16x16",
                               "tpu-v5p-4x4x4", "tpu-v6e-4x4",      "tpu7x-4x4x4",  "hgx-h20",       "hgx-h800"})
            QVERIFY2(catalog.cluster(id), id);
        for (const char* id : {"h100-sxm", "a100-sxm-80", "l40s", "l4", "mi300x", "mi355x", "gaudi3", "trn2", "tpu-v5e", "a10g"})
            QVERIFY2(catalog.accelerator(id), id);
        for (const char* id :
             {"llama-3-70b", "llama-3.1-8b", "llama-3.1-405b", "llama-2-13b", "mixtral-8x7b", "deepseek-v3", "gpt-oss-120b"})
            QVERIFY2(catalog.model(id), id);
    }

    void compiledInAndOnDiskAreTheSame()
    {
        QElapsedTimer timer;
        timer.start();
        const Result<Catalog> disk = loadCatalog(SHARDLENS_SOURCE_DIR "/resources/catalog");
        const qint64 taken = timer.nsecsElapsed();
        QVERIFY2(disk.ok(), disk.ok() ? "" : disk.error().sentence().c_str());
        qInfo("reading the whole catalog took %.2f ms", static_cast<double>(taken) / 1e6);
        QVERIFY(taken < 250'000'000); // a few milliseconds; the limit leaves room for sanitizers and a busy machine
        const Catalog& built = builtinCatalog();
        QVERIFY(disk.value().accelerators == built.accelerators);
        QCOMPARE(disk.value().clusters.size(), built.clusters.size());
        for (std::size_t i = 0; i < built.clusters.size(); ++i)
            QVERIFY2(*disk.value().clusters[i] == *built.clusters[i], built.clusters[i]->id.c_str());
        QCOMPARE(disk.value().models.size(), built.models.size());
        for (std::size_t i = 0; i < built.models.size(); ++i)
            QVERIFY2(*disk.value().models[i] == *built.models[i], built.models[i]->id.c_str());
    }

    void facts_data()
    {
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<int>("devices");
        QTest::addColumn<double>("bf16");
        QTest::addColumn<double>("memory");    // bytes
        QTest::addColumn<double>("bandwidth"); // of HBM
        QTest::addColumn<double>("inner");     // link bandwidth of level 0
        const auto row = [](const char* id, int devices, double bf16, double memory, double bandwidth, double inner) {
            QTest::newRow(id) << QByteArray(id) << devices << bf16 << memory << bandwidth << inner;
        };
        // memory as drivers report it (nvidia-smi MiB, XLA GiB); peaks dense; links one way per device
        row("p5.48xlarge", 8, 989.4e12, 81559.0 * 1048576, 3350e9, 450e9);
        row("p4d.24xlarge", 8, 312e12, 40.0 * 1073741824, 1555e9, 300e9);
        row("p4de.24xlarge", 8, 312e12, 81920.0 * 1048576, 2039e9, 300e9);
        row("hgx-h200", 8, 989.4e12, 143771.0 * 1048576, 4800e9, 450e9);
        row("hgx-b200", 8, 2250e12, 183359.0 * 1048576, 8000e9, 900e9);
        row("gb200-nvl72", 72, 2500e12, 189471.0 * 1048576, 8000e9, 900e9);
        row("hgx-h800", 8, 989.4e12, 81559.0 * 1048576, 3350e9, 200e9);
        row("trn2.48xlarge", 64, 166.75e12, 24.0 * 1073741824, 725e9, 725e9);
        row("trn1.32xlarge", 16, 190e12, 32.0 * 1073741824, 820e9, 192e9);
        row("tpu-v5e-4x2", 8, 197e12, 15.75 * 1073741824, 819e9, 200e9);
        row("tpu-v5p-4x4x4", 64, 459e12, 95.74 * 1073741824, 2765e9, 600e9);
    }
    void facts()
    {
        QFETCH(QByteArray, id);
        QFETCH(int, devices);
        QFETCH(double, bf16);
        QFETCH(double, memory);
        QFETCH(double, bandwidth);
        QFETCH(double, inner);
        const auto cluster = builtinCatalog().cluster(id.toStdString());
        QVERIFY(cluster);
        QCOMPARE(cluster->devices(), devices);
        QCOMPARE(cluster->accelerator.peakOf(ComputeFormat::Bf16), bf16);
        QVERIFY2(std::abs(static_cast<double>(cluster->accelerator.memoryBytes) / memory - 1) < 1e-10,
                 std::to_string(cluster->accelerator.memoryBytes).c_str());
        QCOMPARE(cluster->accelerator.memoryBandwidth, bandwidth);
        QCOMPARE(cluster->levels.front().bandwidth, inner);
    }

    void trainium2IsNested()
    {
        const auto cluster = builtinCatalog().cluster("trn2.48xlarge");
        QVERIFY(cluster);
        QCOMPARE(cluster->levels.size(), std::size_t{3});
        QCOMPARE(cluster->levels[0].extents, (std::vector<int>{4}));
        QCOMPARE(cluster->levels[1].topology, Topology::Torus);
        QCOMPARE(cluster->levels[1].extents, (std::vector<int>{4, 4}));
        QCOMPARE(cluster->levels[1].wrap, (std::vector<bool>{true, true}));
        QCOMPARE(cluster->levels[1].bandwidth, 128e9); // 512 GB/s of a chip over its four cores
        QCOMPARE(cluster->accelerator.noun, std::string("core"));
    }

    /// Rules that hold for every entry, and for wraps of TPU slices (Google Cloud TPU documentation).
    void everyEntryKeepsTheRules()
    {
        const Catalog& catalog = builtinCatalog();
        for (const Accelerator& a : catalog.accelerators) {
            QVERIFY2(a.source.text.size() > 20, a.id.c_str());
            QVERIFY2(a.memoryBytes > (Bytes{8} << 30) && a.memoryBandwidth >= 3e11, a.id.c_str());
            QVERIFY2(std::max(a.peakOf(ComputeFormat::Bf16), a.peakOf(ComputeFormat::Fp16)) > 0, a.id.c_str());
            QVERIFY2(a.units.find("dense") == 0 && a.units.find("per " + a.noun) != std::string::npos, a.id.c_str());
            QVERIFY2(a.sramBytes == 0 || !a.sramKind.empty(), a.id.c_str());
        }
        for (const auto& cluster : catalog.clusters) {
            const char* id = cluster->id.c_str();
            const auto known = catalog.accelerator(cluster->accelerator.id);
            QVERIFY2(known && *known == cluster->accelerator, id);
            QVERIFY2(cluster->levels.back().scalesOut && cluster->levels.back().units() == 1, id);
            QVERIFY2(cluster->units.find("one direction, per " + cluster->accelerator.noun) != std::string::npos, id);
            QVERIFY2(cluster->pricePerDeviceHour == 0 || cluster->priceSource.find("20") != std::string::npos, id);
            for (std::size_t i = 0; i < cluster->levels.size(); ++i) {
                const FabricLevel& level = cluster->levels[i];
                QVERIFY2(level.latency > 0 && level.source.text.find("atency") != std::string::npos, id);
                QVERIFY2(i == 0 || level.bandwidth < cluster->levels[i - 1].bandwidth, id);
                QVERIFY2(level.wholeExtents.empty() && level.wholeWrap.empty(), id);
            }
            const bool flat = cluster->id.rfind("tpu-v5e", 0) == 0 || cluster->id.rfind("tpu-v6e", 0) == 0;
            if (cluster->id.rfind("tpu", 0) != 0)
                continue;
            const FabricLevel& ici = cluster->levels.front();
            QCOMPARE(ici.extents.size(), std::size_t{flat ? 2U : 3U});
            const bool cubes = std::all_of(ici.extents.begin(), ici.extents.end(), [](int e) { return e % 4 == 0; });
            for (std::size_t axis = 0; axis < ici.extents.size(); ++axis)
                QVERIFY2(ici.wrap[axis] == (flat ? ici.extents[axis] == 16 : cubes), id);
        }
    }

    void lookups()
    {
        const Catalog& catalog = builtinCatalog();
        QCOMPARE(catalog.cluster("P5.48XLARGE"), catalog.cluster("p5.48xlarge"));
        QCOMPARE(catalog.accelerator("H100-SXM"), catalog.accelerator("h100-sxm"));
        QVERIFY(catalog.model("Llama-3-70B"));
        QCOMPARE(catalog.model("META-LLAMA/meta-llama-3-70b"), catalog.model("llama-3-70b"));
        QVERIFY(!catalog.cluster("") && !catalog.model("") && !catalog.accelerator(""));
        QVERIFY(!catalog.cluster("p5.48xlarg"));
    }

    void proposals()
    {
        const Catalog& catalog = builtinCatalog();
        QCOMPARE(first(catalog.similarClusters("p5.48xlarg")), std::string("p5.48xlarge"));
        QCOMPARE(first(catalog.similarClusters("p5")), std::string("p5.48xlarge"));
        QCOMPARE(first(catalog.similarClusters("gb200 nvl 72")), std::string("gb200-nvl72"));
        QCOMPARE(first(catalog.similarModels("lama-3-70b")), std::string("llama-3-70b"));
        QCOMPARE(first(catalog.similarModels("Llama 3 70B")), std::string("llama-3-70b"));
        QVERIFY(catalog.similarClusters("qqqqqqqqqq").empty());
        QVERIFY(catalog.similarClusters("").empty());
        QVERIFY(catalog.similarModels(std::string(100'000, 'l')).size() <= 3);
        QVERIFY(catalog.similarClusters("xlarge").size() == 3);
        const std::vector<std::string> ids{"a", "b", "c"};
        QCOMPARE(proposal(ids), std::string(", did you mean a, b or c?"));
        QCOMPARE(proposal({}), std::string());
    }

    void orders()
    {
        QVERIFY(naturallyLess("v5e 4x2", "v5e 4x4"));
        QVERIFY(naturallyLess("v5e 4x4", "v5e 16x16"));
        QVERIFY(!naturallyLess("v5e 16x16", "v5e 4x4"));
        QVERIFY(naturallyLess("A2", "a10"));
        QVERIFY(!naturallyLess("a", "A") && !naturallyLess("A", "a"));
        QVERIFY(naturallyLess("a", "a1") && !naturallyLess("a1", "a"));
        const std::vector<std::string> ids = idsOf(builtinCatalog().accelerators);
        QCOMPARE(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
    }

    void smallCatalogIsRead()
    {
        const SmallCatalog small;
        const Result<Catalog> catalog = small.load();
        QVERIFY2(catalog.ok(), catalog.ok() ? "" : catalog.error().sentence().c_str());
        const auto cluster = catalog.value().cluster("c1");
        QVERIFY(cluster);
        QCOMPARE(cluster->devices(), 16);
        QCOMPARE(cluster->accelerator.peakOf(ComputeFormat::Int8), 624e12);
        QCOMPARE(cluster->accelerator.peakOf(ComputeFormat::Fp8), 0.0);
        QCOMPARE(cluster->pricePerDeviceHour, 2.5);
    }

    void refusals_data()
    {
        QTest::addColumn<bool>("isCluster");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QStringList>("parts"); // of the sentence
        const auto accelerator = [](const char* name, const char* from, const char* to, const QStringList& parts) {
            QTest::newRow(name) << false << changed(kAccelerator, from, to) << parts;
        };
        const auto cluster = [](const char* name, const char* from, const char* to, const QStringList& parts) {
            QTest::newRow(name) << true << changed(kCluster, from, to) << parts;
        };
        const auto list = [](std::initializer_list<const char*> parts) {
            QStringList result;
            for (const char* part : parts)
                result << QString::fromLatin1(part);
            return result;
        };
        accelerator("unknown key", "\"vendor\"", "\"sparse_flop_per_s\": 1, \"vendor\"",
                    list({"accelerators/a1.json", "sparse_flop_per_s"}));
        accelerator("no source", ", \"source\": \"data sheet\"", "", list({"source"}));
        accelerator("empty source", "data sheet", " ", list({"/source", "not empty"}));
        accelerator("sparse int8", "624e12", "6240e12", list({"/dense_flop_per_s/int8", "dense", "4.5 times"}));
        accelerator("tera, not base", "\"bf16\": 312e12", "\"bf16\": 312", list({"/dense_flop_per_s/bf16", "312"}));
        accelerator("gigabytes, not bytes", "2039e9", "2039", list({"/memory_bandwidth_bytes_per_s", "2039"}));
        accelerator("no peak", "\"bf16\": 312e12, \"int8\": 624e12", "", list({"/dense_flop_per_s", "at least one"}));
        accelerator("peak of a format nobody has", "\"int8\"", "\"int7\"", list({"/dense_flop_per_s/int7"}));
        accelerator("negative memory", "85899345920", "-1", list({"/memory_bytes", "-1"}));
        accelerator("memory with a fraction", "85899345920", "1.5", list({"/memory_bytes", "1.5"}));
        accelerator("memory of 1e30", "85899345920", "1e30", list({"/memory_bytes"}));
        accelerator("memory as text", "85899345920", "\"80 GB\"", list({"/memory_bytes", "80 GB"}));
        accelerator("confidence", "\"confidence\": \"A\"", "\"confidence\": \"D\"", list({"/confidence", "A, B or C"}));
        accelerator("other id than its file", "\"a1\"", "\"a2\"", list({"/id", "a2", "a1"}));
        accelerator("not JSON", "{", "[", list({"a1.json"}));
        cluster("unknown accelerator", "\"accelerator\": \"a1\"", "\"accelerator\": \"a9\"", list({"/accelerator", "a9", "catalog"}));
        cluster("unknown key in a level", "\"name\": \"ICI\"", "\"mesh\": 1, \"name\": \"ICI\"", list({"/levels/0", "mesh"}));
        cluster("unknown topology", "torus", "hypercube", list({"/levels/0/topology", "hypercube", "switch, ring, torus, full_mesh"}));
        cluster("switch with two axes", "\"torus\"", "\"switch\"", list({"/levels/0/extents"}));
        cluster("wraps do not match", "[true, true]", "[true]", list({"/levels/0/wrap"}));
        cluster("wrap of a short axis", "[4, 4]", "[4, 2]", list({"/levels/0/wrap/1", "fewer than 3"}));
        cluster("wrap is a number", "[true, true]", "[true, 1]", list({"/levels/0/wrap/1"}));
        cluster("wrap against its unit", "[true, true]", "[true, true], \"wrap_unit\": 8", list({"/levels/0/wrap", "wrap_unit"}));
        const char* shape = "\"torus\", \"extents\": [4, 4], \"wrap\": [true, true]";
        const char* cube = R"("hybrid_cube_mesh", "extents": [3], "links": [[0, 1, 2], [1, 2, 1]], "host_bandwidth_bytes_per_s": 8e9)";
        const auto cubeMesh = [&](const char* name, const char* from, const char* to, const QStringList& parts) {
            QTest::newRow(name) << true << changed(changed(kCluster, shape, cube).constData(), from, to) << parts;
        };
        cluster("mesh of one", shape, "\"full_mesh\", \"extents\": [1]", list({"/levels/0/extents", "2 units or more"}));
        cluster("mesh with wrap", shape, "\"full_mesh\", \"extents\": [4], \"wrap\": [true]", list({"/levels/0", "wrap"}));
        cluster("tree without links", shape, "\"pcie_tree\", \"extents\": [4, 2]", list({"/levels/0", "axis_bandwidth_bytes_per_s"}));
        cluster("tree whose first link is another", shape,
                "\"pcie_tree\", \"extents\": [4, 2], \"axis_bandwidth_bytes_per_s\": [1e10, 1e10]",
                list({"/levels/0/axis_bandwidth_bytes_per_s", "device's own link"}));
        cluster("axes that do not add up", shape,
                "\"torus\", \"extents\": [4, 4], \"wrap\": [true, true], \"axis_bandwidth_bytes_per_s\": [5e10, 4e10]",
                list({"/levels/0/axis_bandwidth_bytes_per_s", "sum"}));
        cluster("oversubscription below one", shape, "\"switch\", \"extents\": [4], \"oversubscription\": 0.5",
                list({"/levels/0/oversubscription", "0.5"}));
        cluster("leaves of nothing", shape, "\"switch\", \"extents\": [4], \"leaf_units\": 2",
                list({"/levels/0/leaf_units", "oversubscription"}));
        cluster("torus that reduces", "\"latency_s\": 1e-6", "\"in_network_reduction\": true, \"latency_s\": 1e-6",
                list({"/levels/0", "in_network_reduction"}));
        cubeMesh("cube mesh of nine", "[3]", "[9]", list({"/levels/0/extents", "2 to 8"}));
        cubeMesh("cube mesh, link twice", "[1, 2, 1]", "[0, 1, 1]", list({"/levels/0/links/1", "each pair once"}));
        cubeMesh("cube mesh, link to itself", "[1, 2, 1]", "[2, 2, 1]", list({"/levels/0/links/1", "each pair once"}));
        cubeMesh("cube mesh, lone unit", "[0, 1, 2], ", "", list({"/levels/0/links", "every unit"}));
        cubeMesh("cube mesh, unknown unit", "[1, 2, 1]", "[1, 3, 1]", list({"/levels/0/links/1/1", "3"}));
        cubeMesh("cube mesh, pair of two numbers", "[1, 2, 1]", "[1, 2]", list({"/levels/0/links/1"}));
        cubeMesh("cube mesh without host", ", \"host_bandwidth_bytes_per_s\": 8e9", "", list({"host_bandwidth_bytes_per_s"}));
        cluster("extent 0", "[4, 4]", "[4, 0]", list({"/levels/0/extents/1", "0"}));
        cluster("too many devices", "[4, 4]", "[512, 512]", list({"/levels", "65,536"}));
        cluster("extents that overflow", "[4, 4]", "[65536, 65536, 65536]", list({"/levels/0/wrap"}));
        cluster("inner level scales out", "\"source\": \"s\"},\n", "\"scales_out\": true, \"source\": \"s\"},\n",
                list({"/levels/0/scales_out"}));
        cluster("latency in microseconds", "\"latency_s\": 1e-6", "\"latency_s\": 10", list({"/levels/0/latency_s", "10"}));
        cluster("negative bandwidth", "2e11", "-2e11", list({"/levels/0/bandwidth_bytes_per_s"}));
        cluster("level without source", "\"latency_s\": 1e-6, \"source\": \"s\"", "\"latency_s\": 1e-6", list({"/levels/0", "source"}));
        cluster("price without source", ", \"price_source\": \"list of 2026\"", "", list({"price_source"}));
        cluster("levels empty", "\"levels\": [", "\"levels\": [], \"old\": [", list({"/levels"}));
    }
    void refusals()
    {
        QFETCH(bool, isCluster);
        QFETCH(QByteArray, text);
        QFETCH(QStringList, parts);
        const SmallCatalog small;
        small.write(isCluster ? "clusters/c1.json" : "accelerators/a1.json", text);
        const QString sentence = small.sentence();
        QVERIFY(!sentence.isEmpty());
        QVERIFY2(!sentence.contains(QLatin1Char('\n')), qPrintable(sentence));
        for (const QString& part : parts)
            QVERIFY2(sentence.contains(part), qPrintable(sentence));
    }

    void refusesTwoOfAnId()
    {
        const SmallCatalog small;
        small.write("accelerators/A1.json", changed(kAccelerator, "\"a1\"", "\"A1\""));
        QVERIFY2(small.sentence().contains(QStringLiteral("an id that no other file has")), qPrintable(small.sentence()));
    }

    void refusesWhatIsNoDirectory()
    {
        const Result<Catalog> missing = loadCatalog("/no/such/directory");
        QVERIFY(!missing.ok());
        QVERIFY(missing.error().sentence().find("/no/such/directory/models: it cannot be listed") == 0);
        const SmallCatalog small;
        QDir(small.path()).mkpath(QStringLiteral("models/x.json"));
        QVERIFY2(small.sentence().contains(QStringLiteral("a directory; a regular file is needed")), qPrintable(small.sentence()));
    }

    /// Only where the table of collected hardware facts lies beside the sources: guards against slips in copying figures.
    void agreesWithTheCollectedTable()
    {
        QFile table(QStringLiteral(SHARDLENS_SOURCE_DIR "/../shared/data/hardware.csv"));
        if (!table.open(QIODevice::ReadOnly))
            QSKIP("there is no ../shared/data/hardware.csv beside the sources");
        const QHash<QString, QString> renamed{{QStringLiteral("gb200-nvl72"), QStringLiteral("gb200")},
                                              {QStringLiteral("gb300-nvl72"), QStringLiteral("gb300")},
                                              {QStringLiteral("rtxpro6000-bw"), QStringLiteral("rtx-pro-6000")},
                                              {QStringLiteral("tpu-v7x"), QStringLiteral("tpu7x")},
                                              {QStringLiteral("trainium1"), QStringLiteral("trn1")},
                                              {QStringLiteral("trainium2"), QStringLiteral("trn2")},
                                              {QStringLiteral("trainium2-lnc2"), QStringLiteral("trn2-core")},
                                              {QStringLiteral("trainium2-core"), QStringLiteral("trn2-physical-core")},
                                              {QStringLiteral("trainium3"), QStringLiteral("trn3")}};
        const QStringList names = fields(table.readLine());
        int compared = 0;
        while (!table.atEnd()) {
            const QStringList row = fields(table.readLine());
            const auto field = [&](const char* name) { return row.value(static_cast<int>(names.indexOf(QLatin1String(name)))); };
            const QString id = renamed.value(field("id"), field("id"));
            const Accelerator* known = builtinCatalog().accelerator(id.toStdString());
            if (!known)
                continue;
            ++compared;
            QVERIFY2(std::abs(known->memoryBandwidth - field("mem_bw_GBs").toDouble() * 1e9) < 1, qPrintable(id));
            if (!field("mem_visible_bytes").isEmpty())
                QVERIFY2(known->memoryBytes == field("mem_visible_bytes").toLongLong(), qPrintable(id));
            for (const ComputeFormat format : kComputeFormats) {
                const bool integer = format == ComputeFormat::Int8 || format == ComputeFormat::Int4;
                const std::string column = std::string(nameOf(format)) + (integer ? "_TOPS" : "_TF");
                QVERIFY2(std::abs(known->peakOf(format) - field(column.c_str()).toDouble() * 1e12) < 1e6, qPrintable(id));
            }
            QVERIFY2(known->powerWatts == 0 || known->powerWatts == field("tdp_W").toDouble(), qPrintable(id));
            // The table has megabytes, of 2^20 bytes for some and of 10^6 for others.
            const double sram = static_cast<double>(known->sramBytes) / 1e6 / field("sram_MB").toDouble();
            QVERIFY2(known->sramBytes == 0 || (sram > 0.998 && sram < 1.05), qPrintable(id));
        }
        // Beside the table: the V100 of 16 GB, which differs from that of 32 GB in memory only.
        QCOMPARE(static_cast<std::size_t>(compared), builtinCatalog().accelerators.size() - 1);
    }

    void usersEntriesShadow()
    {
        QTemporaryDir home;
        const auto write = [&home](const char* name, const QByteArray& text) {
            QDir().mkpath(QFileInfo(home.filePath(QLatin1String(name))).path());
            QFile file(home.filePath(QLatin1String(name)));
            QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
        };
        const Catalog& shipped = builtinCatalog();
        const std::filesystem::path directory = home.path().toStdString();
        // No folders: nothing happens.
        const UsersCatalog none = withUserEntries(shipped, directory);
        QVERIFY(none.notices.empty());
        QCOMPARE(none.catalog.models.size(), shipped.models.size());
        QVERIFY(withUserEntries(shipped, directory / "absent").notices.empty());
        QVERIFY(withUserEntries(shipped, {}).notices.empty());

        // A new accelerator with a cluster, a shipped accelerator replaced, a bad file, and one more.
        write("accelerators/a1.json", kAccelerator);
        write("clusters/c1.json", kCluster);
        write("accelerators/h100-sxm.json", changed(kAccelerator, "\"a1\"", "\"h100-sxm\""));
        write("models/bad.json", "{\"id\": \"bad\"}");
        write("clusters/c2.json", changed(changed(kCluster, "\"c1\"", "\"c2\""), "\"a1\"", "\"a9\""));
        const UsersCatalog users = withUserEntries(shipped, directory);
        QCOMPARE(users.notices.size(), std::size_t{3});
        const auto says = [&users](std::size_t i, const char* part) { return users.notices[i].find(part) != std::string::npos; };
        QVERIFY2(says(0, "h100-sxm.json: takes the place of the shipped accelerator h100-sxm"), users.notices[0].c_str());
        QVERIFY2(says(1, "models/bad.json: /name: this key is missing") && says(1, "this entry is left out"), users.notices[1].c_str());
        QVERIFY2(says(2, "clusters/c2.json: /accelerator: found \"a9\""), users.notices[2].c_str());
        QVERIFY(users.catalog.cluster("c1") && !users.catalog.cluster("c2") && !users.catalog.model("bad"));
        QCOMPARE(users.catalog.accelerators.size(), shipped.accelerators.size() + 1);
        QCOMPARE(users.catalog.clusters.size(), shipped.clusters.size() + 1);
        // Whoever names the accelerator has the user's; the shipped catalog is as it was.
        QCOMPARE(users.catalog.accelerator("h100-sxm")->memoryBandwidth, 2039e9);
        QCOMPARE(users.catalog.cluster("p5.48xlarge")->accelerator.memoryBandwidth, 2039e9);
        QVERIFY(shipped.cluster("p5.48xlarge")->accelerator.memoryBandwidth > 3e12);
        QCOMPARE(users.catalog.cluster("tpu-v5e-4x4"), shipped.cluster("tpu-v5e-4x4"));

        // The same id twice among the user's own: the second is left out.
        write("accelerators/H100-SXM.json", changed(kAccelerator, "\"a1\"", "\"H100-SXM\""));
        const UsersCatalog twice = withUserEntries(shipped, directory);
        QVERIFY(std::any_of(twice.notices.begin(), twice.notices.end(),
                            [](const std::string& notice) { return notice.find("an id that no other file has") != std::string::npos; }));
    }

    void userDirectoryFollowsXdg()
    {
#ifdef Q_OS_LINUX
        const QByteArray data = qgetenv("XDG_DATA_HOME");
        const QByteArray home = qgetenv("HOME");
        qputenv("HOME", "/home/somebody");
        qputenv("XDG_DATA_HOME", "/data");
        const std::filesystem::path given = userCatalogDirectory();
        qputenv("XDG_DATA_HOME", "relative/is/ignored");
        const std::filesystem::path relative = userCatalogDirectory();
        qunsetenv("XDG_DATA_HOME");
        const std::filesystem::path usual = userCatalogDirectory();
        qunsetenv("HOME");
        const std::filesystem::path nowhere = userCatalogDirectory();
        if (!data.isEmpty())
            qputenv("XDG_DATA_HOME", data);
        qputenv("HOME", home);
        QCOMPARE(given, std::filesystem::path("/data/shardlens/catalog"));
        QCOMPARE(relative, std::filesystem::path("/home/somebody/.local/share/shardlens/catalog"));
        QCOMPARE(usual, relative);
        QVERIFY(nowhere.empty());
#else
        QSKIP("the XDG data folder is of Linux");
#endif
    }

private:
    /// Fields of one CSV line; quotes may hold commas.
    static QStringList fields(const QByteArray& line)
    {
        QStringList result{QString()};
        bool quoted = false;
        for (const QChar c : QString::fromUtf8(line).trimmed()) {
            if (c == QLatin1Char('"'))
                quoted = !quoted;
            else if (c == QLatin1Char(',') && !quoted)
                result << QString();
            else
                result.last() += c;
        }
        return result;
    }
};

QTEST_GUILESS_MAIN(TestCatalog)
#include "tst_catalog.moc"
