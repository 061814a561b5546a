// SPDX-License-Identifier: Apache-2.0
// What is not seen costs nothing: docks behind others build no scene, begin no curve and predict no points, whatever changes; in front
// they show what is.
#include "tests/ui/windowfixture.h"
#include "ui/views/curvechart.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/trustbody.h"

using namespace shardlens;

namespace {

void settle()
{
    for (int i = 0; i < 4; ++i)
        QCoreApplication::processEvents();
}

/// Scenes built and curves begun in a dock.
int work(const QWidget& dock)
{
    int sum = 0;
    for (const SceneView* view : dock.findChildren<SceneView*>())
        sum += view->builds();
    for (const CurveChart* chart : dock.findChildren<CurveChart*>())
        sum += chart->refreshes();
    return sum;
}

std::array<int, kViewCount> workOfAll(MainWindow& window)
{
    std::array<int, kViewCount> all{};
    for (std::size_t i = 0; i < kViewCount; ++i)
        all[i] = work(*window.docks().dock(static_cast<ViewKind>(i)));
    return all;
}

void changeEverything(WindowFixture& fixture)
{
    Document& document = fixture.document;
    for (int i = 0; i < 4; ++i) {
        Scenario next = document.scenario();
        next.workload.batch = 16 + 16 * i;
        next.mode = i % 2 == 0 ? Mode::Calibrated : Mode::Roofline;
        document.edit(next, {});
        settle();
        document.selection().setHover({.kind = Subject::Kind::Device, .device = i});
        document.selection().setPin({.kind = Subject::Kind::Stage, .stage = i % 2});
        settle();
    }
    document.selection().clear();
    fixture.window.setTheme(ThemeId::Dark);
    settle();
    fixture.window.setTheme(ThemeId::Light);
    settle();
}

} // namespace

class HiddenViewsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void docksBehindOthersDoNoWork()
    {
        WindowFixture fixture;
        settle();
        DockArea& docks = fixture.window.docks();
        for (int round = 0; round < 2; ++round) {
            if (round == 1) // the usual front goes behind
                for (const ViewKind kind : {ViewKind::Experts, ViewKind::Roofline, ViewKind::Disaggregation, ViewKind::Operators})
                    docks.present(kind);
            settle();
            const std::array<int, kViewCount> before = workOfAll(fixture.window);
            changeEverything(fixture);
            const std::array<int, kViewCount> after = workOfAll(fixture.window);
            for (std::size_t i = 0; i < kViewCount; ++i) {
                const auto kind = static_cast<ViewKind>(i);
                if (docks.isInFront(kind))
                    QVERIFY2(after[i] > before[i], qPrintable(nameOf(kind)));
                else
                    QVERIFY2(after[i] == before[i],
                             qPrintable(QStringLiteral("%1 was built %2 times").arg(nameOf(kind)).arg(after[i] - before[i])));
            }
        }
        QVERIFY2(fixture.window.trust().measurements().shipped(Mode::Roofline) == nullptr
                     && fixture.window.trust().measurements().progress() < 0,
                 "nobody has asked for predictions");
    }

    void inFrontTheyShowWhatIs()
    {
        WindowFixture fixture;
        settle();
        changeEverything(fixture);
        for (std::size_t i = 0; i < kViewCount; ++i) {
            const auto kind = static_cast<ViewKind>(i);
            ViewDock* dock = fixture.window.docks().dock(kind);
            fixture.window.docks().present(kind);
            settle();
            QVERIFY2(work(*dock) > 0, qPrintable(nameOf(kind)));
            const int shown = work(*dock);
            Scenario next = fixture.document.scenario();
            next.workload.batch += 8;
            fixture.document.edit(next, {});
            settle();
            QVERIFY2(work(*dock) > shown, qPrintable(nameOf(kind)));
        }
    }

    /// Coming to the front is not being shown: a dock that was behind must read and predict then.
    void whatIsReadLateIsReadInFront()
    {
        WindowFixture fixture;
        fixture.window.docks().present(ViewKind::Operators); // latency goes behind before it has read its points
        QTest::qWait(600);
        fixture.window.docks().present(ViewKind::Latency);
        const CurveChart* chart = fixture.window.docks().dock(ViewKind::Latency)->findChild<CurveChart*>();
        QVERIFY(chart != nullptr);
        QTRY_VERIFY(chart->hasSamples());
        fixture.window.docks().present(ViewKind::Trust);
        QTRY_VERIFY(fixture.window.trust().measurements().progress() >= 0
                    || fixture.window.trust().measurements().shipped(fixture.document.scenario().mode) != nullptr);
        fixture.window.trust().finish();
    }
};

QTEST_MAIN(HiddenViewsTest)
#include "tst_hiddenviews.moc"
