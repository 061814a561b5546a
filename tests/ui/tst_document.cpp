// SPDX-License-Identifier: Apache-2.0
// The document: undo to the start, one step per drag, files that fail and lose nothing, changes that keep the plan legal.
#include "ui/document/adapt.h"
#include "ui/document/document.h"

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <sys/resource.h>

using namespace shardlens;

namespace {

Scenario withTensor(Scenario scenario, int tensor, int pipeline)
{
    scenario.plan[PlanAxis::Tensor] = tensor;
    scenario.plan[PlanAxis::Pipeline] = pipeline;
    return scenario;
}

QByteArray contents(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& name, const QByteArray& bytes)
{
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
}

} // namespace

class DocumentTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void startsWithTheCaseStudy()
    {
        Document document(builtinCatalog());
        QVERIFY(document.scenario() == caseStudyScenario(builtinCatalog()));
        QVERIFY(document.report().legal);
        QVERIFY(!document.isModified());
        QVERIFY(document.fileName().isEmpty());
    }

    void aDragIsOneStep()
    {
        Document document(builtinCatalog());
        const Scenario start = document.scenario();
        QSignalSpy reports(&document, &Document::reportChanged);
        for (const int tensor : {8, 4, 2, 1})
            document.edit(withTensor(start, tensor, 8 / tensor), QStringLiteral("TP"), QStringLiteral("tp"));
        QCOMPARE(document.undoStack().count(), 1);
        QCOMPARE(reports.count(), 4);
        document.endMerge();
        document.edit(withTensor(start, 8, 1), QStringLiteral("TP"), QStringLiteral("tp"));
        QCOMPARE(document.undoStack().count(), 2);
        document.undoStack().undo();
        QCOMPARE(document.scenario().plan.tensor(), 1);
        document.undoStack().undo();
        QVERIFY(document.scenario() == start);
        QVERIFY(!document.isModified());
        document.undoStack().redo();
        QCOMPARE(document.scenario().plan.tensor(), 1);
        QCOMPARE(document.report().memory.stages.size(), std::size_t{8});
    }

    void editsWithoutKeyDoNotMerge()
    {
        Document document(builtinCatalog());
        const Scenario start = document.scenario();
        document.edit(withTensor(start, 8, 1), QStringLiteral("a"));
        document.edit(withTensor(start, 2, 4), QStringLiteral("b"));
        QCOMPARE(document.undoStack().count(), 2);
        document.edit(withTensor(start, 4, 2), QStringLiteral("c"), QStringLiteral("x"));
        document.edit(withTensor(start, 8, 1), QStringLiteral("d"), QStringLiteral("y"));
        QCOMPARE(document.undoStack().count(), 4);
    }

    void whatChangesNothingLeavesNoStep()
    {
        Document document(builtinCatalog());
        const Scenario start = document.scenario();
        document.edit(start, QStringLiteral("nothing"));
        QCOMPARE(document.undoStack().count(), 0);
        // There and back in one drag.
        document.edit(withTensor(start, 8, 1), QStringLiteral("TP"), QStringLiteral("tp"));
        document.edit(start, QStringLiteral("TP"), QStringLiteral("tp"));
        QCOMPARE(document.undoStack().count(), 0);
        QVERIFY(!document.isModified());
        QVERIFY(document.scenario() == start);
    }

    void savesAndOpens()
    {
        QTemporaryDir directory;
        const QString name = directory.filePath(QStringLiteral("a plan ü.shardlens"));
        Document document(builtinCatalog());
        document.edit(withTensor(document.scenario(), 8, 1), QStringLiteral("TP 8"));
        QVERIFY(document.isModified());
        QVERIFY(document.save(name).ok());
        QVERIFY(!document.isModified());
        QCOMPARE(document.fileName(), name);
        Document other(builtinCatalog());
        QVERIFY(other.open(name).ok());
        QVERIFY(other.scenario() == document.scenario());
        QVERIFY(!other.isModified());
        QCOMPARE(other.undoStack().count(), 0);
        other.reset();
        QVERIFY(other.fileName().isEmpty());
        QVERIFY(other.scenario() == caseStudyScenario(builtinCatalog()));
    }

    void undoPastASaveIsAChange()
    {
        QTemporaryDir directory;
        Document document(builtinCatalog());
        document.edit(withTensor(document.scenario(), 8, 1), QStringLiteral("TP 8"), QStringLiteral("tp"));
        QVERIFY(document.save(directory.filePath(QStringLiteral("a.shardlens"))).ok());
        // The next step of the same drag must not be merged into what was saved.
        document.edit(withTensor(document.scenario(), 2, 4), QStringLiteral("TP 2"), QStringLiteral("tp"));
        QVERIFY(document.isModified());
        document.undoStack().undo();
        QVERIFY(!document.isModified());
        document.undoStack().undo();
        QVERIFY(document.isModified());
    }

    void unreadableFilesChangeNothing_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("binary") << QByteArray("\x00\xff\x7f"
                                              "ELF\x00\x01",
                                              8);
        QTest::newRow("truncated") << QByteArray("{\"format\": \"shardlens.scenario\", \"vers");
        QTest::newRow("array") << QByteArray("[1, 2, 3]");
        QTest::newRow("deep") << QByteArray(100'000, '[');
        QTest::newRow("other version") << QByteArray("{\"format\": \"shardlens.scenario\", \"version\": \"two\"}");
    }
    void unreadableFilesChangeNothing()
    {
        QFETCH(QByteArray, bytes);
        QTemporaryDir directory;
        const QString name = directory.filePath(QStringLiteral("broken.shardlens"));
        write(name, bytes);
        Document document(builtinCatalog());
        document.edit(withTensor(document.scenario(), 8, 1), QStringLiteral("TP 8"));
        const Scenario before = document.scenario();
        const Result<bool> result = document.open(name);
        QVERIFY(!result.ok());
        const QString sentence = QString::fromStdString(result.error().sentence());
        QVERIFY2(sentence.contains(QStringLiteral("broken.shardlens")), qPrintable(sentence));
        QVERIFY(!sentence.contains(QLatin1Char('\n')));
        QVERIFY(document.scenario() == before);
        QCOMPARE(document.undoStack().count(), 1);
        QVERIFY(document.isModified());
    }

    void directoriesAndMissingFilesAreSentences()
    {
        QTemporaryDir directory;
        Document document(builtinCatalog());
        for (const QString& name :
             {directory.path(), directory.filePath(QStringLiteral("missing.shardlens")), QStringLiteral("/dev/zero")}) {
            const Result<bool> result = document.open(name);
            QVERIFY2(!result.ok(), qPrintable(name));
            QVERIFY(!result.error().sentence().empty());
        }
        QVERIFY(document.scenario() == caseStudyScenario(builtinCatalog()));
    }

    void aFullDiskLosesNothing()
    {
        QTemporaryDir directory;
        const QString name = directory.filePath(QStringLiteral("plan.shardlens"));
        Document document(builtinCatalog());
        QVERIFY(document.save(name).ok());
        const QByteArray old = contents(name);
        QVERIFY(old.size() > 64);
        document.edit(withTensor(document.scenario(), 8, 1), QStringLiteral("TP 8"));

        // No file may grow past 64 bytes: what a write sees on a full disk, without needing one.
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        QCOMPARE(getrlimit(RLIMIT_FSIZE, &before), 0);
        const rlimit small{64, before.rlim_max};
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
        const Result<bool> result = document.save(name);
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &before), 0);

        QVERIFY(!result.ok());
        QVERIFY(QString::fromStdString(result.error().sentence()).contains(QStringLiteral("plan.shardlens")));
        QCOMPARE(contents(name), old);
        QVERIFY(document.isModified());
        QCOMPARE(document.scenario().plan.tensor(), 8);
        QVERIFY(document.save(name).ok());
        QVERIFY(contents(name) != old);
    }

    void placesThatCannotBeWrittenAreSentences()
    {
        Document document(builtinCatalog());
        for (const QString& name :
             {QStringLiteral("/proc/plan.shardlens"), QStringLiteral("/nowhere/plan.shardlens"), QStringLiteral("/tmp")}) {
            const Result<bool> result = document.save(name);
            QVERIFY2(!result.ok(), qPrintable(name));
            QVERIFY(QString::fromStdString(result.error().sentence()).contains(name));
        }
        QVERIFY(document.fileName().isEmpty());
    }

    void everyModelAndClusterKeepsThePlanLegal()
    {
        Document document(builtinCatalog());
        const Scenario start = document.scenario();
        int steps = 0;
        for (const std::shared_ptr<const Model>& model : builtinCatalog().models) {
            document.setModel(model);
            QVERIFY2(document.report().legal, model->id.c_str());
            for (const std::shared_ptr<const Cluster>& cluster : builtinCatalog().clusters) {
                document.setCluster(cluster);
                QVERIFY2(document.report().legal, (model->id + " on " + cluster->id).c_str());
            }
            ++steps;
        }
        QVERIFY(steps > 10);
        while (document.undoStack().canUndo())
            document.undoStack().undo();
        QVERIFY(document.scenario() == start);
    }

    void whatMovesIsSaid()
    {
        Document document(builtinCatalog());
        QSignalSpy notices(&document, &Document::notice);
        QVERIFY(document.setDevices(4).ok());
        QCOMPARE(document.scenario().cluster->devices(), 4);
        QVERIFY(document.report().legal);
        QVERIFY(document.scenario().plan.devices() <= 4);
        QCOMPARE(notices.count(), 1);
        document.undoStack().undo();
        QVERIFY(document.scenario() == caseStudyScenario(builtinCatalog()));
    }

    void fewerDevicesKeepThePipeline()
    {
        Document document(builtinCatalog());
        Scenario scenario = document.scenario();
        scenario.plan[PlanAxis::Tensor] = 1;
        scenario.plan[PlanAxis::Pipeline] = 8;
        document.edit(scenario, QStringLiteral("PP 8"));
        QVERIFY(document.setDevices(7).ok());
        QVERIFY(document.report().legal);
        QCOMPARE(document.scenario().plan.pipeline(), 7);
        QCOMPARE(document.scenario().plan.devices(), 7);
    }

    void moreDevicesMakeReplicas()
    {
        Document document(builtinCatalog());
        QSignalSpy notices(&document, &Document::notice);
        QVERIFY(document.setDevices(32).ok());
        QCOMPARE(document.scenario().plan.data(), 4);
        QCOMPARE(document.scenario().plan.tensor(), 4);
        QCOMPARE(document.scenario().plan.pipeline(), 2);
        QCOMPARE(notices.count(), 1);
        QCOMPARE(document.undoStack().count(), 1);
        QVERIFY(!document.setDevices(0).ok());
        QCOMPARE(document.scenario().plan.data(), 4);
    }

    void makeLegalMovesAsLittleAsPossible()
    {
        Scenario scenario = caseStudyScenario(builtinCatalog());
        QVERIFY(makeLegal(scenario).empty());
        scenario.plan[PlanAxis::Tensor] = 6; // 64 heads: 4 and 8 are nearest, only 4 leaves room for PP 2
        const std::vector<std::string> changes = makeLegal(scenario);
        QCOMPARE(scenario.plan.tensor(), 4);
        QCOMPARE(scenario.plan.pipeline(), 2);
        QCOMPARE(changes.size(), std::size_t{1});
        QCOMPARE(changes.front(), std::string("TP 6 \u2192 4"));
    }

    void selectionsSurviveOrVanish()
    {
        Document document(builtinCatalog());
        const Subject stage{.kind = Subject::Kind::Stage, .stage = 1};
        document.selection().setPin(stage);
        document.selection().setHover({.kind = Subject::Kind::Device, .device = 3});
        document.edit(withTensor(document.scenario(), 2, 4), QStringLiteral("TP 2"));
        QVERIFY(document.selection().pin() == stage);
        document.edit(withTensor(document.scenario(), 8, 1), QStringLiteral("TP 8")); // no stage 1 any more
        QVERIFY(document.selection().pin() == Subject{});
        QCOMPARE(document.selection().hover().device, 3);
        document.selection().setPin(stage);
        document.selection().setPin(stage);
        QVERIFY(document.selection().pin() == Subject{});
    }
};

QTEST_GUILESS_MAIN(DocumentTest)
#include "tst_document.moc"
