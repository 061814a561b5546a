// SPDX-License-Identifier: Apache-2.0
// Serving through the real window: load, engine, mode and price with undo; a simulation that refines, is cancelled, is overtaken; points of
// a user's own, good and bad.
#include "core/base/format.h"
#include "core/scenario/serve.h"
#include "tests/ui/windowfixture.h"
#include "ui/controls/controlpanel.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/optionpanel.h"
#include "ui/controls/picker.h"
#include "ui/controls/segmented.h"
#include "ui/controls/servingpanel.h"
#include "ui/controls/valueslider.h"
#include "ui/document/refiner.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/inspectorpanel.h"
#include "ui/window/messagebar.h"
#include "ui/window/trustbody.h"

#include <QDropEvent>
#include <QFile>
#include <QMimeData>
#include <QSemaphore>
#include <QUrl>

#include <thread>

using namespace shardlens;

namespace {

void closeLoop(WindowFixture& fixture, int concurrency = 16)
{
    Scenario next = fixture.document.scenario();
    next.serving.load.kind = LoadKind::ClosedLoop;
    next.serving.load.concurrency = concurrency;
    fixture.document.edit(next, QStringLiteral("load"));
    fixture.document.endMerge();
}

void drop(MainWindow& window, const QString& fileName)
{
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(fileName)});
    QDragEnterEvent enter(QPoint(100, 100), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter); // Qt drops nothing that was not carried in
    QDropEvent event(QPointF(100, 100), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &event);
}

QString write(const WindowFixture& fixture, const QString& name, const QByteArray& text)
{
    const QString path = fixture.directory.filePath(name);
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        qFatal("cannot write %s", qPrintable(path));
    return path;
}

} // namespace

class ServingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void controlsEditOneStepEach()
    {
        WindowFixture fixture;
        ServingPanel& panel = fixture.window.controls().serving();
        QUndoStack& undo = fixture.document.undoStack();
        const Scenario before = fixture.document.scenario();
        Q_EMIT panel.load().chosen(1);
        QCOMPARE(fixture.document.scenario().serving.load.kind, LoadKind::ClosedLoop);
        QVERIFY(panel.concurrency().isVisible() && !panel.rate().isVisible());
        Q_EMIT panel.engine().chosen(2);
        QCOMPARE(fixture.document.scenario().serving.engine, defaultsOf(Engine::Sglang));
        Q_EMIT panel.mode().chosen(1);
        QCOMPARE(fixture.document.scenario().mode, Mode::Calibrated);
        QVERIFY(fixture.document.scenario().calibration != nullptr);
        QCOMPARE(fixture.document.scenario().calibration->engine, Engine::Sglang);
        Q_EMIT panel.outputs().chosen(1);
        QCOMPARE(fixture.document.scenario().serving.load.outputLengths.kind, LengthSpread::Kind::Uniform);
        Q_EMIT panel.load().chosen(2);
        QVERIFY(!panel.concurrency().isVisible() && panel.rate().isVisible());
        QCOMPARE(undo.count(), 5);
        while (undo.canUndo())
            undo.undo();
        QVERIFY(fixture.document.scenario() == before);
        while (undo.canRedo())
            undo.redo();
        QCOMPARE(fixture.document.scenario().serving.load.kind, LoadKind::OpenLoop);
    }

    void dragOfConcurrencyIsOneStep()
    {
        WindowFixture fixture;
        closeLoop(fixture);
        ValueSlider& slider = fixture.window.controls().serving().concurrency();
        const int steps = fixture.document.undoStack().count();
        const auto at = [&slider](double where) { return slider.trackPoint(where).toPoint(); };
        QTest::mousePress(&slider, Qt::LeftButton, {}, at(0.2));
        for (const double where : {0.4, 0.5, 0.7})
            QTest::mouseMove(&slider, at(where));
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, at(0.7));
        QCOMPARE(fixture.document.undoStack().count(), steps + 1);
        QVERIFY(fixture.document.scenario().serving.load.concurrency > 64);
        QTest::keyClick(&slider, Qt::Key_Right);
        QCOMPARE(fixture.document.undoStack().count(), steps + 2);
        slider.field().setFocus();
        slider.field().selectAll();
        QTest::keyClicks(&slider.field(), QStringLiteral("48"));
        QTest::keyClick(&slider.field(), Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().serving.load.concurrency, 48);
        fixture.document.undoStack().undo();
        fixture.document.undoStack().undo();
        fixture.document.undoStack().undo();
        QCOMPARE(fixture.document.scenario().serving.load.concurrency, 16);
    }

    void rateAndPriceTakeFractions()
    {
        WindowFixture fixture;
        ServingPanel& panel = fixture.window.controls().serving();
        Q_EMIT panel.load().chosen(2);
        panel.rate().take(125);
        QCOMPARE(fixture.document.scenario().serving.load.rate, 1.25);
        QCOMPARE(panel.rate().field().text(), QStringLiteral("1.25"));
        const double list = fixture.document.scenario().cluster->pricePerDeviceHour;
        QVERIFY(list > 0);
        panel.price().setFocus();
        panel.price().selectAll();
        QTest::keyClicks(&panel.price(), QStringLiteral("2.5"));
        QTest::keyClick(&panel.price(), Qt::Key_Return);
        QVERIFY(fixture.document.scenario().serving.price.has_value());
        QCOMPARE(fixture.document.scenario().serving.price->usdPerHour, 2.5);
        QVERIFY(fixture.document.scenario().serving.price->source.find("20") != std::string::npos);
        panel.price().selectAll();
        QTest::keyClicks(&panel.price(), QStringLiteral("0"));
        QTest::keyClick(&panel.price(), Qt::Key_Return);
        QVERIFY(!fixture.document.scenario().serving.price.has_value());
    }

    void advancedSettingsReachTheEngine()
    {
        WindowFixture fixture;
        OptionPanel& options = fixture.window.controls().options();
        options.setShown(true);
        auto* budget = qobject_cast<NumberField*>(options.control(QStringLiteral("Token budget")));
        auto* hit = qobject_cast<NumberField*>(options.control(QStringLiteral("Prefix hit, %")));
        QVERIFY(budget && hit);
        Q_EMIT budget->typed(2048);
        Q_EMIT hit->typed(40);
        QCOMPARE(fixture.document.scenario().serving.engine.tokenBudget, 2048);
        QCOMPARE(fixture.document.scenario().serving.load.prefixHit, 0.4);
        fixture.document.undoStack().undo();
        QCOMPARE(fixture.document.scenario().serving.load.prefixHit, 0.0);
    }

    void filesKeepHowItIsServed()
    {
        WindowFixture fixture;
        closeLoop(fixture, 24);
        Q_EMIT fixture.window.controls().serving().mode().chosen(1);
        const Scenario saved = fixture.document.scenario();
        const QString path = fixture.directory.filePath(QStringLiteral("load.shardlens"));
        QVERIFY(fixture.document.save(path).ok());
        fixture.document.reset();
        QVERIFY(fixture.document.open(path).ok());
        QCOMPARE(fixture.document.scenario().serving.load.concurrency, 24);
        QCOMPARE(fixture.document.scenario().mode, Mode::Calibrated);
        QVERIFY(fixture.document.scenario() == saved);
        QVERIFY(!fixture.document.isModified());
    }

    void simulationRefinesTheAnswer()
    {
        WindowFixture fixture;
        Refiner& refiner = fixture.window.refiner();
        QCOMPARE(refiner.state(), Refiner::State::Idle);
        closeLoop(fixture);
        QVERIFY(!fixture.document.report().serving.service.simulated);
        QCOMPARE(refiner.state(), Refiner::State::Waiting);
        QTRY_COMPARE_WITH_TIMEOUT(refiner.state(), Refiner::State::Done, 20000);
        QTRY_VERIFY(fixture.document.report().serving.service.simulated);
        QCOMPARE(fixture.document.report().serving.service, simulate(fixture.document.scenario()));
        const int steps = fixture.document.undoStack().count();
        QCOMPARE(steps, 1); // refining is no edit
        fixture.document.undoStack().undo();
        QCOMPARE(refiner.state(), Refiner::State::Idle);
        QVERIFY(!fixture.document.report().serving.service.simulated);
    }

    void slowSimulationIsOvertakenAndCancelled()
    {
        WindowFixture fixture;
        Refiner& refiner = fixture.window.refiner();
        QSemaphore started;
        std::atomic<int> stopped{0};
        refiner.setSimulator([&](const Scenario& scenario, const SimulationControl& control) {
            ServiceFigures figures;
            figures.simulated = true;
            figures.ttft.mean = scenario.serving.load.concurrency;
            figures.tpot.mean = 1;
            started.release();
            if (scenario.serving.load.concurrency == 7) // never ends by itself
                while (!control.stop->load()) {
                    control.progress(0.5);
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
            if (control.stop->load()) {
                ++stopped;
                figures.status = ServiceStatus::Cancelled;
            }
            return figures;
        });
        closeLoop(fixture, 7);
        QTRY_COMPARE_WITH_TIMEOUT(refiner.state(), Refiner::State::Running, 5000);
        QVERIFY(started.tryAcquire(1, 5000));
        QTRY_COMPARE(refiner.progress(), 0.5);
        closeLoop(fixture, 9); // overtakes
        QTRY_COMPARE_WITH_TIMEOUT(refiner.state(), Refiner::State::Done, 5000);
        QTRY_COMPARE(fixture.document.report().serving.ttft, 9.0);
        QCOMPARE(stopped.load(), 1);
        closeLoop(fixture, 7);
        QTRY_COMPARE_WITH_TIMEOUT(refiner.state(), Refiner::State::Running, 5000);
        fixture.window.commands().action(CommandId::CancelSimulation)->trigger();
        QCOMPARE(refiner.state(), Refiner::State::Cancelled);
        QTRY_COMPARE(stopped.load(), 2);
        QTest::qWait(50);
        QVERIFY(!fixture.document.report().serving.service.simulated);
        QVERIFY(fixture.document.report().serving.ttft != 7.0);
    }

    void hiddenTrustCostsNothing()
    {
        WindowFixture fixture;
        TrustBody& trust = fixture.window.trust();
        QVERIFY2(trust.view().visibleRegion().isEmpty(), "behind another dock");
        QVERIFY(trust.measurements().progress() < 0);
        QVERIFY(trust.view().scene().items.empty());
        fixture.window.commands().action(CommandId::ShowTrust)->trigger();
        QTRY_VERIFY(!trust.view().visibleRegion().isEmpty());
        QTRY_VERIFY2(trust.measurements().progress() >= 0 || trust.measurements().shipped(Mode::Roofline) != nullptr, "seen: it predicts");
        trust.finish();
        QCoreApplication::processEvents();
        QVERIFY(!trust.view().scene().items.empty());
    }

    /// What is pinned is what the inspector explains, a measured point too: never the TPOT of the scenario.
    void aPinnedPointIsExplained()
    {
        WindowFixture fixture;
        fixture.window.commands().action(CommandId::ShowTrust)->trigger();
        TrustBody& trust = fixture.window.trust();
        trust.finish();
        QCoreApplication::processEvents();
        QVERIFY(trust.picture().shipped != nullptr && !trust.picture().shipped->points.empty());
        const InspectorPanel* inspector = fixture.window.findChild<InspectorPanel*>();
        QVERIFY(inspector != nullptr);
        const QString tpot = inspector->text();
        fixture.document.selection().setPin({.kind = Subject::Kind::Point, .point = 0});
        QCoreApplication::processEvents();
        const ComparedPoint& point = trust.picture().shipped->points.front();
        const QString text = inspector->text();
        QVERIFY2(text.startsWith(QStringLiteral("Measured point")), qPrintable(text));
        QVERIFY2(text.contains(qs(point.modelName)) && text.contains(qs(formatSeconds(point.measured[0]))), qPrintable(text));
        QVERIFY(text != tpot);
        const auto& drawn = inspector->view()->scene().texts;
        QVERIFY(std::any_of(drawn.begin(), drawn.end(), [](const QString& each) { return each == QStringLiteral("Measured point"); }));
        // A point that is not shown any more is said to be one all the same.
        fixture.document.selection().setPin({.kind = Subject::Kind::Point, .point = 1'000'000});
        QVERIFY(inspector->text().startsWith(QStringLiteral("Measured point")));
    }

    void droppedPointsAreCompared()
    {
        WindowFixture fixture;
        const QString good = write(fixture, QStringLiteral("mine.csv"),
                                   "model,system,backend,isl,osl,concurrency,gpus,attn_tp,tpot_ms,ttft_ms\n"
                                   "meta-llama/Llama-3.1-70B-Instruct,h100_sxm,vllm,1024,1024,8,8,8,12.5,100\n");
        drop(fixture.window, good);
        TrustBody& trust = fixture.window.trust();
        QTRY_VERIFY(trust.isVisible());
        trust.finish();
        const auto own = trust.measurements().own(fixture.document.scenario().mode);
        QVERIFY2(own != nullptr, qPrintable(fixture.window.messages().text()));
        QVERIFY2(own->points.size() == 1, own->refusals.empty() ? "" : own->refusals.front().c_str());
        QCOMPARE(own->points[0].measured[0], 12.5e-3);
        QVERIFY(own->points[0].predicted[0].value > 0);

        const QString bad = write(fixture, QStringLiteral("bad.csv"), "model;tpot\nx;1\n");
        drop(fixture.window, bad);
        trust.measurements().finish();
        QVERIFY2(fixture.window.messages().text().contains(QStringLiteral("bad.csv")), qPrintable(fixture.window.messages().text()));
        QVERIFY(trust.measurements().own(fixture.document.scenario().mode) == own); // the earlier table stays
        drop(fixture.window, fixture.directory.filePath(QStringLiteral("gone.csv")));
        trust.measurements().finish();
        QVERIFY(fixture.window.messages().text().contains(QStringLiteral("gone.csv")));
    }
};

QTEST_MAIN(ServingTest)
#include "tst_servingpanel.moc"
