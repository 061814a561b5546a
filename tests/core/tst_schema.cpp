// SPDX-License-Identifier: Apache-2.0
// The published schemas hold for every file of the catalog, and the check that says so can say no.
#include "core/scenario/catalog.h"
#include "core/scenario/hardware_json.h"
#include "tests/core/schema.h"

#include <nlohmann/json.hpp>

#include <QtTest>

using namespace shardlens;

class TestSchema : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void catalog_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QByteArray>("schema");
        QTest::newRow("models") << QStringLiteral("models") << QByteArray("model.json");
        QTest::newRow("accelerators") << QStringLiteral("accelerators") << QByteArray("accelerator.json");
        QTest::newRow("clusters") << QStringLiteral("clusters") << QByteArray("cluster.json");
    }
    void catalog()
    {
        QFETCH(QString, folder);
        QFETCH(QByteArray, schema);
        const QDir directory(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/catalog/") + folder);
        const QStringList names = directory.entryList({QStringLiteral("*.json")}, QDir::Files);
        QVERIFY(names.size() >= 20);
        for (const QString& name : names) {
            QFile file(directory.filePath(name));
            QVERIFY(file.open(QIODevice::ReadOnly));
            const std::string problems = schemaProblemsOfText(schema.toStdString(), file.readAll().toStdString());
            QVERIFY2(problems.empty(), qPrintable(name + QLatin1Char(' ') + QString::fromStdString(problems)));
        }
    }

    void aliases()
    {
        QFile file(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/catalog/aliases.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const std::string problems = schemaProblemsOfText("aliases.json", file.readAll().toStdString());
        QVERIFY2(problems.empty(), problems.c_str());
        QVERIFY(!schemaProblemsOfText("aliases.json", R"({"source": "of a test", "models": {"x": [1]}})").empty());
        QVERIFY(!schemaProblemsOfText("aliases.json", R"({"source": "of a test", "names": {}})").empty());
    }

    /// Every kind of fabric, printed, fits the schema and is read back as it was.
    void fabricsSurvive()
    {
        const Catalog& known = builtinCatalog();
        Cluster cluster = *known.cluster("dgx-1-v100");
        FabricLevel pod = known.cluster("p5.48xlarge")->levels.back();
        pod.extents = {6};
        pod.scalesOut = false;
        pod.oversubscription = 2.5;
        pod.leafUnits = 3;
        pod.inNetworkReduction = true;
        cluster.levels.back() = pod;
        cluster.levels.push_back(known.cluster("trn2-ultraserver")->levels[1]);
        cluster.levels.back().bandwidth /= 3;
        for (double& link : cluster.levels.back().axisBandwidth)
            link /= 3;
        cluster.levels.push_back(known.cluster("g6e.48xlarge")->levels[0]);
        for (const auto& shipped : known.clusters)
            survives(*shipped);
        survives(cluster);
        cluster.levels = {known.cluster("mi300x-platform")->levels[0]};
        survives(cluster);
    }

    void saysNo_data()
    {
        QTest::addColumn<QByteArray>("pointer");
        QTest::addColumn<QByteArray>("value"); // JSON; empty removes the field
        QTest::addColumn<QByteArray>("problem");
        const auto row = [](const char* pointer, const char* value, const char* problem) {
            QTest::addRow("%s = %s", pointer, value) << QByteArray(pointer) << QByteArray(value) << QByteArray(problem);
        };
        row("/id", "1", "/id: 1 breaks type");
        row("/id", "\"\"", "breaks minLength");
        row("/source", "", ": lacks source");
        row("/sparse", "1", ": has the unknown sparse");
        row("/levels", "[]", "/levels: breaks minItems");
        row("/levels/0/topology", "\"cube\"", "/levels/0/topology: \"cube\" breaks enum");
        row("/levels/0/extents/0", "0", "/levels/0/extents/0: 0 breaks minimum");
        row("/levels/0/extents/0", "65537", "breaks maximum");
        row("/accelerator", "{}", "/accelerator: lacks id");
        row("/accelerator", "7", "/accelerator: fits no alternative");
    }
    void saysNo()
    {
        QFETCH(QByteArray, pointer);
        QFETCH(QByteArray, value);
        QFETCH(QByteArray, problem);
        QFile file(QStringLiteral(SHARDLENS_SOURCE_DIR "/resources/catalog/clusters/p5.48xlarge.json"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        nlohmann::json json = nlohmann::json::parse(file.readAll().toStdString());
        const nlohmann::json::json_pointer place(pointer.toStdString());
        if (value.isEmpty())
            json[place.parent_pointer()].erase(place.back());
        else
            json[place] = nlohmann::json::parse(value.toStdString());
        const std::string problems = schemaProblemsOfText("cluster.json", json.dump());
        QVERIFY2(problems.find(problem.toStdString()) != std::string::npos, problems.c_str());
    }

private:
    static void survives(const Cluster& cluster)
    {
        const std::string text = clusterJson(cluster).dump();
        const std::string problems = schemaProblemsOfText("cluster.json", text);
        QVERIFY2(problems.empty(), problems.c_str());
        const Result<JsonDocument> document = JsonDocument::parse(text, "cluster.json");
        QVERIFY(document.ok());
        JsonReader reader(document.value(), UnknownKeys::Refuse);
        const Cluster again = readCluster(reader.root(), {});
        QVERIFY2(!reader.failed(), reader.failed() ? reader.error().sentence().c_str() : "");
        QVERIFY2(again == cluster, cluster.id.c_str());
    }
};

QTEST_GUILESS_MAIN(TestSchema)
#include "tst_schema.moc"
