// SPDX-License-Identifier: Apache-2.0
// The memory and latency views in the real window: choices of their titles, the target's line, the dashed bar, and that what is hidden rests.
#include "ui/scene/curvescene.h"
#include "ui/views/curvechart.h"
#include "ui/views/sceneview.h"
#include "ui/window/latencybody.h"
#include "ui/window/memorybody.h"
#include "windowfixture.h"

#include <QMenu>
#include <QToolButton>
#include <QUndoStack>

#include <cmath>

using namespace shardlens;

namespace {

QAction* actionOf(QMenu* menu, const QString& text)
{
    for (QAction* action : menu->actions()) {
        if (action->text() == text)
            return action;
        if (action->menu() != nullptr)
            if (QAction* found = actionOf(action->menu(), text))
                return found;
    }
    return nullptr;
}

/// The entry of a menu of the title's choices, as it is when the menu has been opened.
QAction* choiceOf(WindowFixture& fixture, const QString& button, const QString& entry)
{
    for (QToolButton* each : fixture.window.findChildren<QToolButton*>(QStringLiteral("viewChoice"))) {
        if (each->accessibleName() != button || each->menu() == nullptr)
            continue;
        Q_EMIT each->menu()->aboutToShow();
        if (QAction* action = actionOf(each->menu(), entry))
            return action;
    }
    return nullptr;
}

void moveTo(QWidget* widget, QPoint at, QEvent::Type type)
{
    const bool move = type == QEvent::MouseMove;
    QMouseEvent event(type, QPointF(at), widget->mapToGlobal(QPointF(at)), move ? Qt::NoButton : Qt::LeftButton,
                      type == QEvent::MouseButtonRelease ? Qt::NoButton : Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(widget, &event);
}

} // namespace

class TestMemoryLatency : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void defaultDocksShowBarsAndCurve()
    {
        for (const QSize size : {QSize(1024, 700), QSize(1280, 800), QSize(1920, 1080)}) {
            WindowFixture fixture(size);
            auto* body = fixture.window.findChild<LatencyBody*>();
            QVERIFY(body != nullptr);
            QTRY_VERIFY(body->curve().isVisible());
            auto* bars = body->findChild<SceneView*>();
            bars->grab();
            const std::vector<QString>& texts = bars->scene().texts;
            QCOMPARE(std::count(texts.begin(), texts.end(), QStringLiteral("0")), 2); // an axis under both bars
            QVERIFY(isDrawable(body->curve().curve(), body->curve().viewport()->size()));
        }
    }

    void theTargetIsDraggedInTheWindow()
    {
        WindowFixture fixture;
        CurveChart& chart = fixture.window.findChild<LatencyBody*>()->curve();
        Scenario next = fixture.document.scenario();
        next.targets.tpot = fixture.document.report().serving.tpot * 1.5;
        fixture.document.edit(next, QStringLiteral("Target"));
        fixture.document.endMerge();
        QCoreApplication::processEvents();
        const int steps = fixture.document.undoStack().count();
        const CurveLayout layout = curveLayout(chart.curve(), chart.viewport()->size());
        const QPoint from = targetHandle(chart.curve(), layout).center().toPoint();
        moveTo(chart.viewport(), from, QEvent::MouseButtonPress);
        for (int i = 1; i <= 8; ++i) {
            moveTo(chart.viewport(), from + QPoint(0, i), QEvent::MouseMove);
            QCoreApplication::processEvents();
        }
        moveTo(chart.viewport(), from + QPoint(0, 8), QEvent::MouseButtonRelease);
        QCOMPARE(fixture.document.undoStack().count(), steps + 1);
        QVERIFY(*fixture.document.scenario().targets.tpot < *next.targets.tpot);
        fixture.document.undoStack().undo();
        QCOMPARE(*fixture.document.scenario().targets.tpot, *next.targets.tpot);
    }

    void anInputIsChosen()
    {
        WindowFixture fixture;
        CurveChart& chart = fixture.window.findChild<LatencyBody*>()->curve();
        QCOMPARE(chart.curve().input, CurveInput::Batch);
        const QString what = QStringLiteral("What the curve shows");
        QVERIFY(choiceOf(fixture, what, QStringLiteral("Concurrency")) == nullptr); // a static batch has no clients
        QAction* bandwidth = choiceOf(fixture, what, QStringLiteral("HBM bandwidth"));
        QVERIFY(bandwidth != nullptr);
        bandwidth->trigger();
        QCOMPARE(chart.curve().input, CurveInput::HbmBandwidth);
        QVERIFY(!chart.curve().logX);
        choiceOf(fixture, what, QStringLiteral("TTFT"))->trigger();
        QCOMPARE(chart.curve().figure, CurveFigure::Ttft);
        QCOMPARE(chart.accessibleName(), QStringLiteral("TTFT over HBM bandwidth"));
        // Under a load the curve is over the clients, until it is told otherwise.
        choiceOf(fixture, what, QStringLiteral("Batch"))->trigger();
        Scenario closed = fixture.document.scenario();
        closed.serving.load.kind = LoadKind::ClosedLoop;
        fixture.document.edit(closed, QStringLiteral("Closed loop"));
        QCOMPARE(chart.curve().input, CurveInput::Concurrency);
        QVERIFY(choiceOf(fixture, what, QStringLiteral("Batch")) == nullptr);
        QVERIFY(choiceOf(fixture, what, QStringLiteral("Concurrency"))->isChecked());
    }

    void barsAndCurveAreSwitched()
    {
        WindowFixture fixture;
        auto* body = fixture.window.findChild<LatencyBody*>();
        auto* bars = body->findChild<SceneView*>();
        QVERIFY(bars->isVisible() && body->curve().isVisible());
        choiceOf(fixture, QStringLiteral("Show"), QStringLiteral("curve"))->trigger();
        QVERIFY(!bars->isVisible() && body->curve().isVisible());
        QCOMPARE(body->curve().width(), body->width());
        choiceOf(fixture, QStringLiteral("Show"), QStringLiteral("bars"))->trigger();
        QVERIFY(bars->isVisible() && !body->curve().isVisible());
        // What is not shown is not evaluated.
        Scenario next = fixture.document.scenario();
        next.workload.batch = 48;
        fixture.document.edit(next, QStringLiteral("Batch 48"));
        QVERIFY(body->curve().curve().own.x != 48);
        choiceOf(fixture, QStringLiteral("Show"), QStringLiteral("both"))->trigger();
        body->curve().grab();
        QCOMPARE(body->curve().curve().own.x, 48.0);
    }

    void theDashedBarMakesItsChange()
    {
        WindowFixture fixture;
        auto* memory = fixture.window.findChild<MemoryBody*>();
        QVERIFY(memory != nullptr);
        Scenario next = fixture.document.scenario();
        next.plan[PlanAxis::Tensor] = 2;
        next.plan[PlanAxis::Pipeline] = 1;
        next.plan[PlanAxis::PrefillMicrobatches] = 1;
        next.plan[PlanAxis::DecodeMicrobatches] = 1;
        next.workload.batch = 64;
        fixture.document.edit(next, QStringLiteral("Too much"));
        fixture.document.endMerge();
        QVERIFY(fixture.document.report().legal && !fixture.document.report().memory.fits);
        memory->view().grab();
        const auto ghost = [&] {
            for (const HitRegion& region : memory->view().scene().hits)
                if (region.subject == ghostSubject())
                    return region.rect;
            return QRectF();
        };
        QVERIFY(!ghost().isEmpty()); // of itself, since it does not fit
        const std::vector<MemoryChange> changes = memoryChanges(next, fixture.document.report().memory, 12);
        QVERIFY(changes.size() >= 2);
        const MemoryChange& wanted = changes[1];
        const QString entry = QStringLiteral("%1: frees %2").arg(qs(wanted.label), qs(wanted.effect));
        QAction* action = choiceOf(fixture, QStringLiteral("Show what a change would free"), entry);
        QVERIFY(action != nullptr);
        action->trigger();
        memory->view().grab();
        const int steps = fixture.document.undoStack().count();
        moveTo(&memory->view(), ghost().center().toPoint(), QEvent::MouseButtonPress);
        QVERIFY(fixture.document.scenario() == wanted.scenario);
        QCOMPARE(fixture.document.undoStack().count(), steps + 1);
        QCOMPARE(fixture.document.undoStack().undoText(), qs(wanted.label));
        fixture.document.undoStack().undo();
        QVERIFY(fixture.document.scenario() == next);
    }

    void memoryChoices()
    {
        WindowFixture fixture({1920, 1080});
        auto* memory = fixture.window.findChild<MemoryBody*>();
        memory->view().grab();
        const auto says = [&](const QString& text) {
            memory->view().grab();
            const std::vector<QString>& texts = memory->view().scene().texts;
            return std::any_of(texts.begin(), texts.end(), [&](const QString& each) { return each.contains(text); });
        };
        QVERIFY(says(QStringLiteral("GPU 7")));
        choiceOf(fixture, QStringLiteral("Bars and axis"), QStringLiteral("Per stage"))->trigger();
        QVERIFY(says(QStringLiteral("Stage 1")) && says(QStringLiteral("4 equal")));
        choiceOf(fixture, QStringLiteral("Bars and axis"), QStringLiteral("Axis to the capacity"))->trigger();
        QVERIFY(!says(QStringLiteral("broken")));
        QCOMPARE(memory->options().axis, MemoryAxis::Capacity);
    }
};

QTEST_MAIN(TestMemoryLatency)
#include "tst_memorylatency.moc"
