// SPDX-License-Identifier: Apache-2.0
// The timeline in the real window, by mouse, wheel and keys: what is shown, ranged, pinned, played and put on top.
#include "core/base/format.h"
#include "tests/ui/windowfixture.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/timelinehands.h"
#include "ui/window/timelinemarker.h"

#include <QApplication>
#include <QLineEdit>
#include <QMouseEvent>
#include <QToolButton>
#include <QWheelEvent>

#include <cmath>

using namespace shardlens;
using Kind = Subject::Kind;

namespace {

bool near(double a, double b, double scale)
{
    return std::abs(a - b) <= 1e-9 * scale;
}

} // namespace

class TestTimelineView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        failOnUnexpectedMessages();
        m_fixture = std::make_unique<WindowFixture>(QSize(1440, 900));
        Scenario scenario = m_fixture->document.scenario();
        scenario.plan[PlanAxis::Tensor] = 2;
        scenario.plan[PlanAxis::Pipeline] = 4;
        scenario.plan[PlanAxis::PrefillMicrobatches] = 8;
        scenario.plan[PlanAxis::DecodeMicrobatches] = 4;
        m_fixture->document.edit(scenario, {});
        ViewDock* dock = m_fixture->window.docks().dock(ViewKind::Timeline);
        m_hands = dock->findChild<TimelineHands*>();
        QVERIFY(m_hands != nullptr);
        m_view = qobject_cast<SceneView*>(m_hands->parent());
        QVERIFY(m_view != nullptr && m_view->isVisible());
        m_view->setFocus();
        settle();
        QVERIFY(m_fixture->document.report().legal);
    }
    void cleanup() { m_fixture.reset(); }

    void wheelZoomsAtThePointer()
    {
        for (const Phase phase : {Phase::Prefill, Phase::Decode})
            for (const auto modifier : {Qt::NoModifier, Qt::ControlModifier}) {
                const TimelinePanel before = panel(phase);
                const QPointF at(before.plot.left() + before.plot.width() * 0.3, before.plot.center().y());
                const double held = before.timeAt(at.x());
                wheel(at, {0, 240}, modifier);
                const TimelinePanel after = panel(phase);
                QVERIFY(near(after.visible.length(), before.visible.length() / 2.25, before.duration));
                QVERIFY2(near(after.timeAt(at.x()), held, before.duration), "what is under the pointer stays there");
                QCOMPARE(panel(phase == Phase::Prefill ? Phase::Decode : Phase::Prefill).visible,
                         panel(phase == Phase::Prefill ? Phase::Decode : Phase::Prefill).visible);
            }
        QTest::keyClick(m_view, Qt::Key_0);
        QVERIFY(isWhole(Phase::Prefill) && isWhole(Phase::Decode));
    }

    void dragAndShiftWheelMove()
    {
        const QPointF at = panel(Phase::Prefill).plot.center();
        wheel(at, {0, 480});
        const TimelinePanel before = panel(Phase::Prefill);
        drag(at, at + QPointF(-60, 0));
        const TimelinePanel after = panel(Phase::Prefill);
        QVERIFY2(near(after.visible.begin - before.visible.begin, 60 / before.plot.width() * before.visible.length(), before.duration),
                 "the picture follows the pointer to the pixel");
        QVERIFY2(m_fixture->document.selection().pin().kind == Kind::None, "a drag chooses nothing");
        wheel(at, {0, -120}, Qt::ShiftModifier);
        QVERIFY(near(panel(Phase::Prefill).visible.begin - after.visible.begin, 0.1 * after.visible.length(), after.duration));
        QVERIFY(near(panel(Phase::Prefill).visible.length(), after.visible.length(), after.duration));
        // Never beyond the ends.
        for (int i = 0; i < 60; ++i)
            wheel(at, {0, -1200}, Qt::ShiftModifier);
        QVERIFY(near(panel(Phase::Prefill).visible.end, after.duration, after.duration));
    }

    void keysZoomMoveAndRemember()
    {
        leave();
        QTest::keyClick(m_view, Qt::Key_W);
        const TimeRange closer = panel(Phase::Prefill).visible;
        QVERIFY(near(closer.length(), panel(Phase::Prefill).duration / 1.5, panel(Phase::Prefill).duration));
        QVERIFY2(!isWhole(Phase::Decode), "without a pointer both phases follow");
        QTest::qWait(520); // another gesture
        QTest::keyClick(m_view, Qt::Key_D);
        QVERIFY(panel(Phase::Prefill).visible.begin > closer.begin);
        QTest::keyClick(m_view, Qt::Key_BracketLeft);
        QCOMPARE(panel(Phase::Prefill).visible, closer);
        QTest::keyClick(m_view, Qt::Key_BracketLeft);
        QVERIFY(isWhole(Phase::Prefill));
        QTest::keyClick(m_view, Qt::Key_BracketRight);
        QCOMPARE(panel(Phase::Prefill).visible, closer);
        QTest::keyClick(m_view, Qt::Key_S);
        QTest::keyClick(m_view, Qt::Key_S);
        QVERIFY(isWhole(Phase::Prefill));
        // With the pointer over a phase the keys are that phase's.
        moveTo(panel(Phase::Decode).plot.center());
        QTest::keyClick(m_view, Qt::Key_W);
        QVERIFY(isWhole(Phase::Prefill) && !isWhole(Phase::Decode));
    }

    void shiftDragMarksARangeThatSnapsAndSums()
    {
        const TimelinePanel of = panel(Phase::Prefill);
        const auto cells = cellsOfStage(report().prefill.timeline, 1);
        // From just beside the second piece's start to just beside its end.
        const double y = layout().rowRect(of, 1).center().y();
        const QPointF from(of.xOf(cells[1].start) + 2, y);
        const QPointF to(of.xOf(cells[1].end) - 2, y);
        drag(from, to, Qt::ShiftModifier);
        QVERIFY(m_hands->options().range.has_value());
        const TimelineRange range = *m_hands->options().range;
        QVERIFY(near(range.time.begin, cells[1].start, of.duration) && near(range.time.end, cells[1].end, of.duration));
        const TimelineSums sums = sumTimeline(scenario(), report(), range);
        QVERIFY(near(sums.busy[1], cells[1].end - cells[1].start, of.duration));
        QVERIFY(near(sums.causes.total() + sums.idle, sums.length * 4, sums.length * 4));
        QVERIFY2(says(QStringLiteral("%1 pieces").arg(sums.pieces)), "the sums stand below the plot");
        // An edge is taken hold of without a modifier and may pass the other one.
        settle();
        const TimelinePanel now = panel(Phase::Prefill);
        QCOMPARE(now.plot, of.plot); // what is measured does not move under the pointer
        drag({now.xOf(range.time.end), y}, {now.xOf(cells[3].end) - 1, y});
        QVERIFY(near(m_hands->options().range->time.end, cells[3].end, of.duration));
        QVERIFY(near(m_hands->options().range->time.begin, cells[1].start, of.duration));
        drag({now.xOf(cells[3].end), y}, {now.xOf(cells[0].start) + 1, y});
        QVERIFY(near(m_hands->options().range->time.begin, cells[0].start, of.duration));
        QVERIFY(near(m_hands->options().range->time.end, cells[1].start, of.duration));
        QTest::keyClick(m_view, Qt::Key_F);
        QVERIFY(panel(Phase::Prefill).visible.begin <= cells[0].start && panel(Phase::Prefill).visible.length() < of.duration / 4);
        QTest::keyClick(m_view, Qt::Key_F);
        QVERIFY2(isWhole(Phase::Prefill), "fitting twice shows everything");
        QTest::keyClick(m_view, Qt::Key_Escape);
        QVERIFY(!m_hands->options().range);
        QVERIFY(!says(QStringLiteral("pieces,")));
    }

    /// A range is the selection of all views: the inspector adds it up, Escape and other choices treat it as any other.
    void aRangeIsWhatIsPinned()
    {
        Selection& selection = m_fixture->document.selection();
        const TimelinePanel of = panel(Phase::Prefill);
        drag({of.xOf(of.duration * 0.2), of.plot.center().y()}, {of.xOf(of.duration * 0.6), of.plot.center().y()}, Qt::ShiftModifier);
        QCOMPARE(selection.pin().kind, Kind::Range);
        QCOMPARE(selection.pin().phase, Phase::Prefill);
        QCOMPARE(selection.pin().begin, m_hands->options().range->time.begin);
        QCOMPARE(selection.pin().end, m_hands->options().range->time.end);
        QCOMPARE(explain(scenario(), report(), selection.pin()).formulaId, std::string("timeline.range"));
        settle();
        QVERIFY2(std::any_of(m_view->scene().hits.begin(), m_view->scene().hits.end(),
                             [&](const HitRegion& hit) { return hit.subject == selection.pin(); }),
                 "the sums are where it is marked");
        // Something else is pinned: the range stays to be compared with.
        selection.setPin({.kind = Kind::Device, .device = 1});
        QVERIFY(m_hands->options().range);
        // Chosen in another view it is marked here, and cleared there it is gone here.
        Subject other{.kind = Kind::Range, .phase = Phase::Decode, .begin = 0, .end = report().decode.timeline.duration / 2};
        selection.setPin(other);
        QVERIFY(m_hands->options().range && m_hands->options().range->phase == Phase::Decode);
        selection.clear();
        QVERIFY(!m_hands->options().range);
        // Another plan is another drawing: its seconds are other work.
        selection.setPin(other);
        Scenario next = scenario();
        next.workload.batch *= 2;
        m_fixture->document.edit(next, {});
        QCOMPARE(selection.pin().kind, Kind::None);
        QVERIFY(!m_hands->options().range);
    }

    void theTimeUnderThePointerIsShown()
    {
        const TimelineMarker& marker = m_hands->marker();
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const TimelinePanel of = panel(phase);
            moveTo({of.plot.left() + of.plot.width() * 0.25, of.plot.center().y()});
            QVERIFY(marker.isVisible());
            QCOMPARE(marker.text(), qs(formatSeconds(of.duration * 0.25, 3)));
            const QRect place = marker.geometry();
            QVERIFY(place.left() <= of.plot.left() + of.plot.width() * 0.25 && place.right() >= of.plot.left() + of.plot.width() * 0.25);
            QVERIFY(m_view->rect().contains(place));
        }
        const int builds = m_view->builds();
        moveTo(panel(Phase::Prefill).plot.center() + QPointF(3, 0));
        settle();
        QCOMPARE(m_view->builds(), builds); // the picture is not drawn anew for it
        // Closer: more figures, the time stays that of the pointer.
        const QPointF at(panel(Phase::Prefill).plot.left() + 40, panel(Phase::Prefill).plot.center().y());
        wheel(at, {0, 1200});
        moveTo(at);
        const TimelinePanel closer = panel(Phase::Prefill);
        QVERIFY(closer.visible.length() < closer.duration / 50);
        QVERIFY2(marker.text().size() > 6, qPrintable(marker.text()));
        moveTo({m_view->width() - 2.0, m_view->height() - 2.0});
        QVERIFY(!marker.isVisible());
        moveTo(closer.plot.center());
        leave();
        QVERIFY(!marker.isVisible());
    }

    /// Where rows show columns instead of pieces, the pointer still finds the piece that runs there.
    void piecesInsideColumnsAreFound()
    {
        Scenario many = scenario();
        many.workload.batch = 2048;
        many.plan[PlanAxis::PrefillMicrobatches] = 2048;
        m_fixture->document.edit(many, {});
        settle();
        const TimelinePanel of = panel(Phase::Prefill);
        const auto cells = cellsOfStage(report().prefill.timeline, 2);
        QVERIFY(static_cast<double>(cells.size()) > of.plot.width());
        for (const HitRegion& hit : m_view->scene().hits)
            QVERIFY(hit.subject.kind != Kind::Piece || hit.subject.phase != Phase::Prefill);
        const double y = layout().rowRect(of, 2).center().y();
        for (const double share : {0.1, 0.5, 0.9}) {
            const TimelineCell& cell = cells[static_cast<std::size_t>(share * static_cast<double>(cells.size()))];
            const QPointF at(of.xOf((cell.start + cell.end) / 2), y);
            moveTo(at);
            const Subject found = m_fixture->document.selection().hover();
            QCOMPARE(found.kind, Kind::Piece);
            QCOMPARE(found.microbatch, cell.microbatch);
            QCOMPARE(found.stage, 2);
        }
        const TimelineCell& cell = cells[cells.size() / 2];
        const QPointF at(of.xOf((cell.start + cell.end) / 2), y);
        send(QEvent::MouseButtonPress, at, Qt::LeftButton, Qt::LeftButton, Qt::NoModifier);
        send(QEvent::MouseButtonRelease, at, Qt::LeftButton, Qt::NoButton, Qt::NoModifier);
        QCOMPARE(m_fixture->document.selection().pin().microbatch, cell.microbatch);
        settle();
        QVERIFY2(std::any_of(m_view->scene().hits.begin(), m_view->scene().hits.end(),
                             [&](const HitRegion& hit) { return hit.subject == m_fixture->document.selection().pin(); }),
                 "it is marked in its row");
        QTest::keyClick(m_view, Qt::Key_F);
        QVERIFY(panel(Phase::Prefill).visible.length() < 2 * (cell.end - cell.start));
    }

    void arrowsGoFromAPinnedPieceToItsNeighbours()
    {
        Selection& selection = m_fixture->document.selection();
        selection.setPin({.kind = Kind::Piece, .phase = Phase::Prefill, .stage = 1, .microbatch = 2, .step = 0});
        QTest::keyClick(m_view, Qt::Key_Right);
        QCOMPARE(selection.pin().microbatch, 3);
        QTest::keyClick(m_view, Qt::Key_Down);
        QCOMPARE(selection.pin().stage, 2);
        QCOMPARE(selection.pin().microbatch, 3);
        for (int i = 0; i < 5; ++i)
            QTest::keyClick(m_view, Qt::Key_Up);
        QCOMPARE(selection.pin().stage, 0);
        QTest::keyClick(m_view, Qt::Key_Left);
        QCOMPARE(selection.pin().microbatch, 2);
        QTest::keyClick(m_view, Qt::Key_Escape);
        QCOMPARE(selection.pin().kind, Kind::None);
    }

    void theTitleSwitchesToRanges()
    {
        QToolButton* button = choice(QStringLiteral("Select range"));
        QVERIFY(button != nullptr);
        QTest::mouseClick(button, Qt::LeftButton);
        const TimelinePanel of = panel(Phase::Decode);
        drag(of.plot.center(), of.plot.center() + QPointF(80, 0));
        QVERIFY(m_hands->options().range && m_hands->options().range->phase == Phase::Decode);
        QVERIFY(isWhole(Phase::Decode));
        QTest::mouseClick(button, Qt::LeftButton);
        QTest::keyClick(m_view, Qt::Key_Escape);
        drag(of.plot.center(), of.plot.center() + QPointF(80, 0));
        QVERIFY(!m_hands->options().range);
    }

    void clickPinsAndKeysGoFromPieceToPiece()
    {
        const TimelinePanel of = panel(Phase::Prefill);
        const auto cells = cellsOfStage(report().prefill.timeline, 2);
        const QPointF first(of.xOf(cells[0].start) + (of.xOf(cells[0].end) - of.xOf(cells[0].start)) * 0.3,
                            layout().rowRect(of, 2).center().y());
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::NoModifier, first.toPoint());
        Selection& selection = m_fixture->document.selection();
        QCOMPARE(selection.pin().kind, Kind::Piece);
        QCOMPARE(selection.pin().stage, 2);
        QCOMPARE(selection.pin().microbatch, 0);
        QTest::keyClick(m_view, Qt::Key_Period);
        QCOMPARE(selection.pin().microbatch, 1);
        QTest::keyClick(m_view, Qt::Key_R);
        QVERIFY(near(m_hands->options().range->time.begin, cells[1].start, of.duration));
        QTest::keyClick(m_view, Qt::Key_F); // closer: the next one lies outside
        for (int i = 2; i < 8; ++i) {
            QTest::keyClick(m_view, Qt::Key_Period);
            QCOMPARE(selection.pin().microbatch, i);
            const TimeRange visible = panel(Phase::Prefill).visible;
            const TimelineCell& cell = cells[static_cast<std::size_t>(i)];
            QVERIFY2(visible.begin <= cell.start + 1e-9 && visible.end >= cell.end - 1e-9, "the view follows");
        }
        QTest::keyClick(m_view, Qt::Key_Period); // the last one: stays
        QCOMPARE(selection.pin().microbatch, 7);
        QTest::keyClick(m_view, Qt::Key_Comma);
        QCOMPARE(selection.pin().microbatch, 6);
    }

    void ctrlClickAddsPiecesToASum()
    {
        const TimelinePanel of = panel(Phase::Prefill);
        const auto at = [&](int stage, int piece) {
            const TimelineCell& cell = cellsOfStage(report().prefill.timeline, stage)[static_cast<std::size_t>(piece)];
            return QPointF(of.xOf(cell.start + (cell.end - cell.start) * 0.3),
                           layout().rowRect(of, static_cast<std::size_t>(stage)).center().y())
                .toPoint();
        };
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::ControlModifier, at(0, 1));
        settle();
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::ControlModifier, at(2, 3));
        QCOMPARE(m_hands->options().chosen.size(), std::size_t{2});
        QCOMPARE(m_fixture->document.selection().pin().kind, Kind::None);
        const TimelineSums sums = sumPieces(scenario(), report(), m_hands->options().chosen);
        const double busy = report().prefill.costOf(0, 0).busy() + report().prefill.costOf(2, 0).busy();
        QVERIFY(near(sums.causes.total(), busy, busy) && sums.bytes > 0);
        QVERIFY(says(QStringLiteral("2 pieces: ")));
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::ControlModifier, at(0, 1));
        QCOMPARE(m_hands->options().chosen.size(), std::size_t{1});
        QTest::keyClick(m_view, Qt::Key_Escape);
        QVERIFY(m_hands->options().chosen.empty());
    }

    void doubleClickFitsAPieceAndTheClockIsFollowed()
    {
        const TimelinePanel of = panel(Phase::Prefill);
        const TimelineCell& cell = cellsOfStage(report().prefill.timeline, 1)[2];
        const QPointF at(of.xOf(cell.start + (cell.end - cell.start) * 0.3), layout().rowRect(of, 1).center().y());
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::NoModifier, at.toPoint());
        QTest::mouseDClick(m_view, Qt::LeftButton, Qt::NoModifier, at.toPoint());
        const TimeRange visible = panel(Phase::Prefill).visible;
        QVERIFY(visible.begin < cell.start && visible.end > cell.end && visible.length() < 1.2 * (cell.end - cell.start));
        QCOMPARE(m_fixture->document.selection().pin().microbatch, 2);
        settle();
        bool operators = false;
        for (const HitRegion& hit : m_view->scene().hits)
            operators = operators || (hit.subject.kind == Kind::Operator && hit.subject.stage == 1);
        QVERIFY2(operators, "a piece that fills the view shows its operators");
        m_hands->player().seek(0.9);
        const TimeRange followed = panel(Phase::Prefill).visible;
        QVERIFY(followed.begin <= 0.9 * of.duration && followed.end >= 0.9 * of.duration);
        QVERIFY(near(followed.length(), visible.length(), of.duration));
    }

    void playingAndStepping()
    {
        const Timeline& timeline = report().prefill.timeline;
        QVERIFY(!m_hands->options().cursor);
        QTest::mouseClick(choice(QStringLiteral("Step")), Qt::LeftButton);
        QVERIFY(m_hands->options().cursor);
        QVERIFY2(near(m_hands->options().cursor->time, timeline.cells.front().end, timeline.duration), "the first event is the first end");
        std::vector<double> events;
        for (const TimelineCell& cell : timeline.cells)
            for (const double time : {cell.start, cell.end})
                if (time > timeline.duration * 1e-9 && time < timeline.duration * (1 - 1e-9))
                    events.push_back(time);
        std::sort(events.begin(), events.end());
        events.erase(std::unique(events.begin(), events.end(), [&](double a, double b) { return near(a, b, timeline.duration); }),
                     events.end());
        for (std::size_t i = 1; i < std::min<std::size_t>(events.size(), 30); ++i) {
            QTest::keyClicks(m_view, QStringLiteral(">"));
            QVERIFY2(near(m_hands->options().cursor->time, events[i], timeline.duration), qPrintable(QString::number(i)));
        }
        QTest::keyClicks(m_view, QStringLiteral("<"));
        QVERIFY(near(m_hands->options().cursor->time, events[28], timeline.duration));
        QTest::keyClick(m_view, Qt::Key_Space);
        QVERIFY(m_hands->player().isPlaying());
        const double before = m_hands->player().position();
        QTRY_VERIFY(m_hands->player().position() > before);
        QTest::keyClick(m_view, Qt::Key_Space);
        QVERIFY(!m_hands->player().isPlaying());
        m_hands->player().seek(m_hands->player().length());
        QVERIFY2(!m_hands->options().cursor, "the end is the whole picture");
        QTest::keyClick(m_view, Qt::Key_Space);
        m_view->hide();
        QVERIFY2(!m_hands->player().isPlaying(), "nobody watches");
        m_view->show();
        QTest::keyClick(m_view, Qt::Key_Escape);
        QVERIFY(!m_hands->options().cursor);
    }

    void rowsStayOnTopAndScroll()
    {
        TimelineLayout now = layout();
        moveTo(now.rowRect(panel(Phase::Prefill), 3).center());
        QTest::keyClick(m_view, Qt::Key_P);
        now = layout();
        QCOMPARE(now.rows.size(), std::size_t{5});
        QVERIFY(now.rows.front().pinned && now.rows.front().stage == 3);
        moveTo(now.rowRect(panel(Phase::Prefill), 0).center());
        QTest::keyClick(m_view, Qt::Key_P);
        QCOMPARE(layout().rows.size(), std::size_t{4});
        // Fewer rows, then scrolling through them.
        wheel(layout().labels.center(), {0, 120}, Qt::ControlModifier);
        const auto fewer = layout().rows.size();
        QVERIFY(fewer < 4);
        for (int i = 0; i < 10; ++i)
            wheel(layout().labels.center(), {0, -120});
        QCOMPARE(layout().rows.back().stage, 3);
        for (int i = 0; i < 10; ++i)
            wheel(layout().labels.center(), {0, 120});
        QCOMPARE(layout().rows.front().stage, 0);
        QTest::keyClick(m_view, Qt::Key_0);
        QCOMPARE(layout().rows.size(), std::size_t{4});
    }

    void rowsGoToTheTopByMouse()
    {
        const auto nameOf = [this](std::size_t row) {
            const TimelineLayout now = layout();
            return QPointF(now.labels.center().x(), now.rows[row].top + now.rowHeight / 2).toPoint();
        };
        QTest::mouseDClick(m_view, Qt::LeftButton, Qt::NoModifier, nameOf(2));
        QCOMPARE(layout().rows.size(), std::size_t{5});
        QVERIFY(layout().rows.front().pinned && layout().rows.front().stage == 2);
        // It stays there while the others scroll.
        for (int i = 0; i < 4; ++i)
            wheel(layout().labels.center(), {0, 120}, Qt::ControlModifier);
        for (int i = 0; i < 10; ++i)
            wheel(layout().labels.center(), {0, -120});
        QVERIFY(layout().rows.front().pinned && layout().rows.front().stage == 2);
        QCOMPARE(layout().rows.back().stage, 3);
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::ControlModifier, nameOf(0));
        QVERIFY(!layout().rows.front().pinned);
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::ControlModifier, nameOf(0));
        QVERIFY(layout().rows.front().pinned && layout().rows.front().stage == 3);
    }

    /// The inspector stays with the pinned piece; the one under the pointer is named at the pointer.
    void whatIsUnderThePointerIsNamedWhateverIsPinned()
    {
        const Report& report = m_fixture->document.report();
        const auto cells = cellsOfStage(report.prefill.timeline, 1);
        const TimelinePanel of = panel(Phase::Prefill);
        const auto centre = [&](const TimelineCell& cell) {
            return QPointF(of.xOf((cell.start + cell.end) / 2), layout().rowRect(of, 1).center().y());
        };
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::NoModifier, centre(cells.front()).toPoint());
        QVERIFY(m_fixture->document.selection().pin().kind != Kind::None);
        moveTo(centre(cells.back()));
        QVERIFY2(m_hands->marker().text().endsWith(QStringLiteral("m%1, stage 1: %2")
                                                       .arg(cells.back().microbatch)
                                                       .arg(qs(formatSeconds(cells.back().end - cells.back().start)))),
                 qPrintable(m_hands->marker().text()));
        QVERIFY(m_view->rect().contains(m_hands->marker().geometry()));
        moveTo({of.plot.left() + 1, layout().rowRect(of, 3).center().y()}); // idle
        QVERIFY(!m_hands->marker().text().contains(QStringLiteral("stage")));
    }

    /// Zoomed to its operators, the one under the pointer is named and not the piece around it.
    void anOperatorUnderThePointerIsNamed()
    {
        const TimelineCell& cell = cellsOfStage(report().prefill.timeline, 1).front();
        const double y = layout().rowRect(panel(Phase::Prefill), 1).bottom() - 3;
        const auto middle = [&] { return QPointF(panel(Phase::Prefill).xOf((cell.start + cell.end) / 2), y); };
        const auto here = [&] { return m_view->subjectAt(middle()); };
        for (int i = 0; i < 40 && here().kind != Kind::Operator; ++i) {
            wheel(middle(), {0, 120});
            settle();
        }
        QCOMPARE(here().kind, Kind::Operator);
        moveTo(middle());
        const OperatorCost& op = report().prefill.operators[static_cast<std::size_t>(here().op)];
        QVERIFY2(m_hands->marker().text().contains(qs(nameOf(op.op)) + QLatin1Char(' ') + qs(formatSeconds(op.time))),
                 qPrintable(m_hands->marker().text()));
    }

    /// The wheel brings the keys along, from everything but a text that is being written.
    void theWheelBringsTheKeysAlong()
    {
        QLineEdit field(&m_fixture->window);
        field.show();
        field.setFocus();
        settle();
        for (const bool written : {true, false}) {
            moveTo(panel(Phase::Prefill).plot.center());
            QCOMPARE(QApplication::focusWidget(), &field); // the pointer alone takes nothing
            field.setModified(written);
            wheel(panel(Phase::Prefill).plot.center(), {0, 120});
            QCOMPARE(QApplication::focusWidget() == m_view, !written);
        }
    }

    void marksAndTheSheetOfKeys()
    {
        const TimelinePanel of = panel(Phase::Prefill);
        moveTo(of.plot.center());
        QTest::keyClick(m_view, Qt::Key_M);
        QCOMPARE(m_hands->options().marks.size(), std::size_t{1});
        QTest::keyClick(m_view, Qt::Key_M);
        QVERIFY(m_hands->options().marks.empty());
        QTest::keyClicks(m_view, QStringLiteral("?"));
        settle();
        QVERIFY(says(QStringLiteral("mark a time")));
        QTest::mouseClick(m_view, Qt::LeftButton, Qt::NoModifier, of.plot.center().toPoint());
        settle();
        QVERIFY2(!says(QStringLiteral("mark a time")), "a click anywhere puts it away");
        QCOMPARE(m_fixture->document.selection().pin().kind, Kind::None);
    }

    void aNewPlanShowsEverythingAgain()
    {
        wheel(panel(Phase::Prefill).plot.center(), {0, 480});
        QTest::mouseClick(choice(QStringLiteral("Step")), Qt::LeftButton);
        drag(panel(Phase::Decode).plot.center(), panel(Phase::Decode).plot.center() + QPointF(40, 0), Qt::ShiftModifier);
        Scenario other = scenario();
        other.plan[PlanAxis::Pipeline] = 2;
        m_fixture->document.edit(other, {});
        settle();
        QVERIFY(isWhole(Phase::Prefill) && isWhole(Phase::Decode));
        QVERIFY(!m_hands->options().range && !m_hands->options().cursor);
        // Not legal: hands do nothing, and nothing breaks.
        other.plan[PlanAxis::Tensor] = 3;
        m_fixture->document.edit(other, {});
        settle();
        QVERIFY(!report().legal);
        for (const QChar c : QStringLiteral("wasdrfpm[].,> <0"))
            QTest::keyClicks(m_view, QString(c));
        wheel(QPointF(m_view->rect().center()), {0, 120});
        drag(QPointF(m_view->rect().center()), QPointF(m_view->rect().center()) + QPointF(50, 10), Qt::ShiftModifier);
        settle();
    }

private:
    [[nodiscard]] const Report& report() const { return m_fixture->document.report(); }
    [[nodiscard]] const Scenario& scenario() const { return m_fixture->document.scenario(); }
    [[nodiscard]] TimelineLayout layout() const
    {
        return timelineLayout({scenario(), report(), m_view->size(), Theme::of(ThemeId::Light)}, m_hands->options());
    }
    [[nodiscard]] TimelinePanel panel(Phase phase) const { return layout().panels[static_cast<std::size_t>(phase)]; }
    [[nodiscard]] bool isWhole(Phase phase) const
    {
        const TimelinePanel of = panel(phase);
        return near(of.visible.length(), of.duration, of.duration);
    }
    [[nodiscard]] bool says(const QString& part) const
    {
        settle();
        const auto& texts = m_view->scene().texts;
        return std::any_of(texts.begin(), texts.end(), [&](const QString& text) { return text.contains(part); });
    }
    static void settle()
    {
        for (int i = 0; i < 3; ++i)
            QCoreApplication::processEvents();
    }
    [[nodiscard]] QToolButton* choice(const QString& text) const
    {
        for (QToolButton* button : m_fixture->window.docks().dock(ViewKind::Timeline)->title()->findChildren<QToolButton*>())
            if (button->text() == text)
                return button;
        return nullptr;
    }
    void wheel(QPointF at, QPoint turn, Qt::KeyboardModifiers modifiers = Qt::NoModifier)
    {
        QWheelEvent event(at, m_view->mapToGlobal(at), {}, turn, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(m_view, &event);
    }
    void send(QEvent::Type type, QPointF at, Qt::MouseButton button, Qt::MouseButtons buttons, Qt::KeyboardModifiers modifiers)
    {
        QMouseEvent event(type, at, m_view->mapToGlobal(at), button, buttons, modifiers);
        QCoreApplication::sendEvent(m_view, &event);
    }
    void moveTo(QPointF at) { send(QEvent::MouseMove, at, Qt::NoButton, Qt::NoButton, Qt::NoModifier); }
    void leave()
    {
        QEvent event(QEvent::Leave);
        QCoreApplication::sendEvent(m_view, &event);
    }
    void drag(QPointF from, QPointF to, Qt::KeyboardModifiers modifiers = Qt::NoModifier)
    {
        send(QEvent::MouseButtonPress, from, Qt::LeftButton, Qt::LeftButton, modifiers);
        for (int i = 1; i <= 4; ++i)
            send(QEvent::MouseMove, from + (to - from) * i / 4, Qt::NoButton, Qt::LeftButton, modifiers);
        send(QEvent::MouseButtonRelease, to, Qt::LeftButton, Qt::NoButton, modifiers);
        moveTo(to);
    }

    std::unique_ptr<WindowFixture> m_fixture;
    TimelineHands* m_hands = nullptr;
    SceneView* m_view = nullptr;
};

QTEST_MAIN(TestTimelineView)
#include "tst_timelineview.moc"
