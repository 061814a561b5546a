// SPDX-License-Identifier: Apache-2.0
// What `shardlens catalog --check` finds.
#include "core/scenario/catalog.h"
#include "core/scenario/catalog_check.h"
#include "tests/core/catalogtexts.h"

#include <QtTest>

using namespace shardlens;
using namespace shardlens::test;

class TestCatalogCheck : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shippedEntriesPassTheCheck()
    {
        const CatalogCheck built = checkBuiltinCatalog();
        QVERIFY2(built.problems.empty(), built.problems.empty() ? "" : built.problems.front().c_str());
        const Catalog& catalog = builtinCatalog();
        QCOMPARE(built.models, catalog.models.size());
        QCOMPARE(built.accelerators, catalog.accelerators.size());
        QCOMPARE(built.clusters, catalog.clusters.size());
        QVERIFY(built.models >= 80);
        const CatalogCheck disk = checkCatalog(SHARDLENS_SOURCE_DIR "/resources/catalog", Catalog{});
        QVERIFY2(disk.problems.empty(), disk.problems.empty() ? "" : disk.problems.front().c_str());
        QCOMPARE(disk.models, built.models);
    }

    void checkFindsProblems_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("mentions");
        const auto row = [](const char* name, const char* file, const QByteArray& text, const char* mentions) {
            QTest::newRow(name) << QString::fromLatin1(file) << text << QString::fromLatin1(mentions);
        };
        const QByteArray model = shippedText("models/llama-3-8b.json");
        const QByteArray deepSeek = shippedText("models/glm-5.2.json");
        const char* llama = "models/llama-3-8b.json";
        row("unreadable", llama, "{", "llama-3-8b.json");
        row("name and id", "models/other.json", model, "/id: found \"llama-3-8b\"; the file's own name, \"other\"");
        row("a schema's limit", llama, changed(model, "\"hidden\": 4096", "\"hidden\": 0"), "/hidden: found 0");
        row("count", llama, changed(model, "8030261248", "8030261249"), "published_extras is needed to say what the other 1 are");
        row("count too small", llama, changed(model, "8030261248", "8030261247"), "the layers do not give the published count");
        row("a tenth more", llama, changed(model, "8030261248", "9030261248"), "the layers do not give the published count");
        row("nothing to explain", llama, changed(model, "8030261248", "8030261248, \"published_extras\": \"x\""), "nothing remains");
        QByteArray twice = model;
        const QByteArray kinds = "\"kinds\": [";
        twice.insert(twice.indexOf(kinds) + kinds.size(), QByteArray(kindOf(model)).append(','));
        row("a kind that is there twice", llama, twice, "/kinds/1: the same as kind 0");
        row("a window longer than the context", llama, changed(model, "\"head_dim\": 128", "\"head_dim\": 128, \"window\": 100000"),
            "/kinds/0/attention/window: found 100,000; at most max_positions");
        row("source", llama, changed(model, "\"source\": \"", "\"source\": \"?\", \"x\": \""), "/x: found an unknown key");
        row("an index shared with nobody", "models/glm-5.2.json",
            changed(deepSeek, "\"top_k\": 2048\n", "\"top_k\": 2048, \"shared\": true\n"), "shares the index of an earlier layer");
        row("units", "accelerators/a1.json", kAccelerator, "/units: this key is missing");
        row("a rate in another unit", "accelerators/a1.json", changed(kAccelerator, "312e12, \"int8\": 624e12", "1e17"), "a unit is wrong");
        row("faster outside than inside", "clusters/c1.json", changed(changed(kCluster, "\"a1\"", "\"h100-sxm\""), "5e10", "9e11"),
            "at most that of the level inside it");
        row("an accelerator nobody has", "clusters/c1.json", kCluster, "/accelerator: found \"a1\"");
    }
    void checkFindsProblems()
    {
        QFETCH(QString, file);
        QFETCH(QByteArray, text);
        QFETCH(QString, mentions);
        QTemporaryDir home;
        QDir().mkpath(QFileInfo(home.filePath(file)).path());
        QFile out(home.filePath(file));
        QVERIFY(out.open(QIODevice::WriteOnly) && out.write(text) == text.size());
        out.close();
        const CatalogCheck check = checkCatalog(home.path().toStdString(), builtinCatalog());
        QString all;
        for (const std::string& problem : check.problems)
            all += QString::fromStdString(problem) + QLatin1Char('\n');
        QVERIFY2(all.contains(mentions), qPrintable(all));
        QVERIFY(all.startsWith(home.path()));
    }
    void checkCountsEntriesNotFiles()
    {
        QTemporaryDir home;
        const auto write = [&home](const char* name, const QByteArray& text) {
            const QString path = home.filePath(QString::fromLatin1(name));
            QDir().mkpath(QFileInfo(path).path());
            QFile out(path);
            QVERIFY(out.open(QIODevice::WriteOnly) && out.write(text) == text.size());
        };
        write("models/llama-3-8b.json", shippedText("models/llama-3-8b.json"));
        write("models/broken.json", "{");
        write("models/refused.json", "{\"id\": 3}");
        write("clusters/c1.json", kCluster); // its accelerator is unknown
        const CatalogCheck check = checkCatalog(home.path().toStdString(), builtinCatalog());
        QCOMPARE(check.models, std::size_t{1});
        QCOMPARE(check.clusters, std::size_t{0});
        QCOMPARE(check.unreadable, std::size_t{3});
        QCOMPARE(check.problems.size(), std::size_t{3});
    }
    void checkWantsACatalog()
    {
        QTemporaryDir home;
        const CatalogCheck check = checkCatalog(home.path().toStdString(), builtinCatalog());
        QCOMPARE(check.problems.size(), std::size_t{1});
        QVERIFY(check.problems.front().find("folders models, accelerators or clusters") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestCatalogCheck)
#include "tst_catalog_check.moc"
