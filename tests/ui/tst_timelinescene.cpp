// SPDX-License-Identifier: Apache-2.0
// The timeline read as a scene: what is drawn where, for ordinary and absurd figures.
#include "tests/ui/samplereport.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerows.h"
#include "ui/scene/timelinescene.h"
#include "ui/scene/timelinetext.h"

#include <QTest>

#include <cmath>
#include <random>

using namespace shardlens;

namespace {

Scenario planned(int tensor, int pipeline, int prefill, int decode, int chunks = 1)
{
    Scenario scenario = sample::scenario(tensor, pipeline);
    scenario.plan[PlanAxis::PrefillMicrobatches] = prefill;
    scenario.plan[PlanAxis::DecodeMicrobatches] = decode;
    scenario.plan[PlanAxis::Chunks] = chunks;
    return scenario;
}

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

} // namespace

class TestTimelineScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<int>("stages");
        QTest::addColumn<int>("prefill");
        QTest::addColumn<int>("decode");
        QTest::addColumn<double>("time");
        QTest::addColumn<QSizeF>("size");
        int row = 0;
        for (const int stages : {1, 2, 8, 64, 126})
            for (const double time : {1e-9, 1e-6, 1.0, 1e6})
                for (const QSizeF size : {QSizeF(160, 60), QSizeF(420, 120), QSizeF(840, 180), QSizeF(1600, 420)})
                    QTest::addRow("%d: %d stages, %g x", row++, stages, time)
                        << stages << stages * 2 << std::max(stages / 2, 1) << time << size;
    }

    void textsStayInsideAndApart()
    {
        QFETCH(int, stages);
        QFETCH(int, prefill);
        QFETCH(int, decode);
        QFETCH(double, time);
        QFETCH(QSizeF, size);
        const Scenario scenario = planned(2, stages, prefill, decode);
        const Report report = sample::report(scenario, time);
        Scene scene;
        buildTimeline({scenario, report, size, light()}, {}, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        QCOMPARE(check::regionTrouble(scene), QString());
        QVERIFY(!scene.hits.empty());
    }

    void slicesFillTheirCells()
    {
        const Scenario scenario = planned(4, 2, 8, 2);
        const Report report = sample::report(scenario);
        Scene scene;
        buildTimeline({scenario, report, {900, 200}, light()}, {}, scene);
        int cells = 0;
        for (const HitRegion& hit : scene.hits) {
            if (hit.subject.kind != Subject::Kind::Piece)
                continue;
            double covered = 0;
            double communication = 0;
            for (const SceneItem& item : scene.items) {
                if (item.kind != SceneItem::Kind::Fill || item.rect.height() != hit.rect.height() || item.rect.top() != hit.rect.top())
                    continue;
                if (item.rect.left() < hit.rect.left() - 1e-9 || item.rect.right() > hit.rect.right() + 1e-9)
                    continue;
                covered += item.rect.width();
                if (item.fill == light().color(Cause::Communication))
                    communication += item.rect.width();
            }
            QVERIFY2(std::abs(covered - hit.rect.width()) < 1e-6, "the slices of a piece are as wide as the piece");
            if (hit.subject.phase == Phase::Prefill) {
                const Breakdown& parts = report.prefill.costOf(0, 0).breakdown;
                QVERIFY(std::abs(communication / covered - parts[Cause::Communication] / parts.total()) < 1e-6);
                ++cells;
            }
        }
        QCOMPARE(cells, 16);
    }

    void criticalPathIsMarked()
    {
        const Scenario scenario = planned(4, 4, 8, 4);
        Report report = sample::report(scenario);
        const auto marks = [&] {
            Scene scene;
            buildTimeline({scenario, report, {1200, 300}, light()}, {}, scene);
            return std::count_if(scene.items.begin(), scene.items.end(), [](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Fill && item.rect.height() == 2 && item.fill == light().color(Ink::Text);
            });
        };
        QCOMPARE(marks(), 0);
        Timeline& timeline = report.prefill.timeline;
        timeline.critical.length = timeline.duration;
        int critical = 0;
        for (TimelineCell& cell : timeline.cells)
            if (cell.stage == cell.microbatch || (cell.stage == 3 && cell.microbatch > 3)) {
                cell.critical = true;
                ++critical;
            }
        QCOMPARE(critical, 8);
        QCOMPARE(marks(), 8);
        Subject piece;
        piece.kind = Subject::Kind::Piece;
        piece.phase = Phase::Prefill;
        piece.stage = 2;
        piece.microbatch = 2;
        QVERIFY(timelineTooltip(scenario, report, piece).contains(QStringLiteral("on the critical path")));
        piece.microbatch = 3;
        QVERIFY(!timelineTooltip(scenario, report, piece).contains(QStringLiteral("on the critical path")));
    }

    void visitsAndBlockingSendsAreToldApart()
    {
        Scenario scenario = planned(1, 2, 2, 2);
        Report report = sample::report(scenario);
        PhaseReport& prefill = report.prefill;
        prefill.timeline.visits = 2;
        prefill.timeline.cells = {{0, 1, 0, 0, 0, 0, 0}, {1, 2, 0, 1, 0, 0, 0}, {2, 4, 0, 0, 0, 1, 1}, {4, 6, 0, 1, 0, 1, 1},
                                  {1, 2, 1, 0, 0, 0, 0}, {2, 3, 1, 1, 0, 0, 0}, {4, 6, 1, 0, 0, 1, 1}, {6, 8, 1, 1, 0, 1, 1}};
        prefill.timeline.duration = 8;
        prefill.costClasses = 2;
        const StageCost first{sample::breakdown(0, 0, 0.75, 0.25), 0.25, true};
        const StageCost second{sample::breakdown(0, 0, 1.5, 0.5), 0.5, true};
        prefill.stageCosts = {first, second, first, second};
        Subject piece;
        piece.kind = Subject::Kind::Piece;
        piece.phase = Phase::Prefill;
        piece.stage = 0;
        piece.microbatch = 1;
        piece.visit = 1;
        const QString tooltip = timelineTooltip(scenario, report, piece);
        QVERIFY2(tooltip.contains(QStringLiteral("visit 2 of 2")), qPrintable(tooltip));
        QVERIFY2(tooltip.contains(QStringLiteral("of it")) && tooltip.contains(QStringLiteral("which the stage waits for")),
                 qPrintable(tooltip));
        // Pointing at a drawn piece tells its visit.
        Scene scene;
        buildTimeline({scenario, report, {1200, 300}, light()}, {}, scene);
        int visits = 0;
        for (const HitRegion& hit : scene.hits)
            if (hit.subject.kind == Subject::Kind::Piece && hit.subject.phase == Phase::Prefill && hit.subject.visit == 1)
                ++visits;
        QCOMPARE(visits, 4);
    }

    void piecesNeverOverlap_data()
    {
        QTest::addColumn<int>("stages");
        QTest::addColumn<int>("groups");
        for (const int stages : {1, 2, 4, 7})
            for (const int groups : {1, 2, 4, 9})
                QTest::addRow("p%d m%d", stages, groups) << stages << groups;
    }

    void piecesNeverOverlap()
    {
        QFETCH(int, stages);
        QFETCH(int, groups);
        const Scenario scenario = planned(1, stages, groups, groups, 2);
        const Report report = sample::report(scenario);
        std::vector<TimelinePiece> pieces;
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const PhaseReport& of = phase == Phase::Prefill ? report.prefill : report.decode;
            double busy = 0;
            for (int stage = 0; stage < stages; ++stage) {
                collectPieces(of, phase, stage, {0, of.timeline.duration}, pieces);
                for (std::size_t i = 0; i < pieces.size(); ++i) {
                    QVERIFY(pieces[i].end > pieces[i].start);
                    QVERIFY(pieces[i].start >= 0 && pieces[i].end <= of.timeline.duration);
                    QVERIFY(i == 0 || pieces[i].start >= pieces[i - 1].end);
                    busy += pieces[i].end - pieces[i].start;
                }
            }
            // Steady decode repeats its rounds, so the drawing idles as much as a round does.
            const double idle = 1 - busy / (of.timeline.duration * stages);
            if (phase == Phase::Prefill)
                QVERIFY(std::abs(idle - of.timeline.idleFraction) < 1e-9);
            else if (groups >= stages)
                QVERIFY2(std::abs(idle) < 1e-9, "a full pipeline is drawn full, also where the drawing starts and ends inside a round");
        }
    }

    void pointingInvertsDrawing()
    {
        const Scenario scenario = planned(4, 4, 6, 4);
        const Report report = sample::report(scenario);
        const ViewInput input{scenario, report, {1000, 300}, light()};
        Scene scene;
        buildTimeline(input, {}, scene);
        const TimelineLayout layout = timelineLayout(input, {});
        int found = 0;
        for (const HitRegion& hit : scene.hits) {
            if (hit.subject.kind != Subject::Kind::Piece || hit.subject.step < 0)
                continue;
            const TimelinePanel& panel = layout.panels[static_cast<std::size_t>(hit.subject.phase)];
            const double time = panel.timeAt(hit.rect.center().x());
            const auto& timeline = hit.subject.phase == Phase::Prefill ? report.prefill.timeline : report.decode.timeline;
            bool inside = false;
            for (const TimelineCell& cell : cellsOfStage(timeline, hit.subject.stage))
                inside = inside
                         || (cell.microbatch == hit.subject.microbatch && cell.step == hit.subject.step && cell.start <= time
                             && time <= cell.end);
            QVERIFY2(inside, "the middle of a piece is a moment of that piece");
            const Subject under = scene.subjectAt({hit.rect.left() + hit.rect.width() * 0.3, hit.rect.center().y()});
            QVERIFY(under.kind == Subject::Kind::Piece || under.kind == Subject::Kind::CauseOfTime);
            QCOMPARE(under.stage, hit.subject.stage);
            ++found;
        }
        QVERIFY(found > 24);
        for (const TimelinePanel& panel : layout.panels)
            for (const double x : {panel.plot.left(), panel.plot.center().x(), panel.plot.right()})
                QVERIFY(std::abs(panel.xOf(panel.timeAt(x)) - x) < 1e-9);
    }

    void rangesZoomAndPanBackAgain()
    {
        const double duration = 2.5;
        const TimeRange range{0.5, 1.5};
        const TimeRange closer = zoomRange(range, 0.8, 0.25, duration);
        QVERIFY(std::abs(closer.length() - 0.25) < 1e-12);
        QVERIFY2(std::abs((0.8 - closer.begin) / closer.length() - 0.3) < 1e-12, "the anchor stays where it is");
        const TimeRange back = zoomRange(closer, 0.8, 4, duration);
        QVERIFY(std::abs(back.begin - range.begin) < 1e-12 && std::abs(back.end - range.end) < 1e-12);
        const TimeRange moved = panRange(panRange(range, 0.3, duration), -0.3, duration);
        QVERIFY(std::abs(moved.begin - range.begin) < 1e-12);
        QCOMPARE(panRange(range, 100, duration), (TimeRange{1.5, 2.5}));
        QCOMPARE(panRange(range, -100, duration), (TimeRange{0, 1}));
        QCOMPARE(clampRange({}, duration), (TimeRange{0, duration}));
        QCOMPARE(clampRange({-5, 50}, duration), (TimeRange{0, duration}));
        QCOMPARE(zoomRange(range, 0.8, 1e9, duration), (TimeRange{0, duration}));
        QVERIFY(zoomRange(range, 0.8, 1e-12, duration).length() >= duration / kDeepestZoom * (1 - 1e-12));
        QCOMPARE(clampRange({std::nan(""), 1}, duration), (TimeRange{0, duration}));
        QCOMPARE(clampRange({0, 1}, 0), (TimeRange{0, 1}));
    }

    void zoomedPictureKeepsTheRules()
    {
        const Scenario scenario = planned(4, 2, 8, 2);
        const Report report = sample::report(scenario);
        std::mt19937 random(7);
        for (int i = 0; i < 40; ++i) {
            TimelineOptions options;
            const double at = std::uniform_real_distribution<>(0, report.prefill.timeline.duration)(random);
            options.visible[0] =
                zoomRange({}, at, std::pow(10, -std::uniform_real_distribution<>(0, 5)(random)), report.prefill.timeline.duration);
            Scene scene;
            buildTimeline({scenario, report, {900, 200}, light()}, options, scene);
            QCOMPARE(check::textTrouble(scene), QString());
            QCOMPARE(check::regionTrouble(scene), QString());
        }
    }

    void axesHaveTwoToTenTicks()
    {
        std::mt19937 random(11);
        for (int i = 0; i < 2000; ++i) {
            const double begin = i % 2 == 0 ? 0 : std::uniform_real_distribution<>(0, 3)(random);
            const double length = std::pow(10, std::uniform_real_distribution<>(-4, 6)(random));
            const std::vector<double> ticks = rangeTicks(begin, begin + length, 5 + i % 2);
            QVERIFY(ticks.size() >= 2 && ticks.size() <= 6);
            QVERIFY(ticks.front() >= begin - length * 1e-6 && ticks.back() <= begin + length * (1 + 1e-6));
        }
        QVERIFY(rangeTicks(1, 1).empty());
    }

    void itemsAreBoundedByPixels()
    {
        const Scenario scenario = planned(1, 64, 512, 64);
        const Report report = sample::report(scenario);
        QVERIFY(report.prefill.timeline.cells.size() == 64 * 512);
        for (const QSizeF size : {QSizeF(500, 120), QSizeF(900, 300), QSizeF(2500, 1300)}) {
            Scene scene;
            buildTimeline({scenario, report, size, light()}, {}, scene);
            QVERIFY2(scene.items.size() < 3 * kMostPieceItems, qPrintable(QString::number(scene.items.size())));
            QVERIFY(scene.items.size() > 100);
        }
    }

    void manyPiecesKeepTheirShares()
    {
        // Too many for slices, few enough to keep each piece: the heights say what the widths of slices would.
        const Scenario scenario = planned(4, 8, 64, 8);
        const Report report = sample::report(scenario);
        const ViewInput input{scenario, report, {2400, 400}, light()};
        Scene scene;
        buildTimeline(input, {}, scene);
        const QRectF plot = timelineLayout(input, {}).panels[0].plot;
        const Breakdown& parts = report.prefill.costOf(0, 0).breakdown;
        double all = 0;
        double communication = 0;
        for (const SceneItem& item : scene.items) {
            if (item.kind != SceneItem::Kind::Fill || item.rect.width() < 5 || !plot.contains(item.rect.center()))
                continue;
            for (const Cause cause : {Cause::Weights, Cause::Kv, Cause::Compute, Cause::Communication, Cause::Overhead})
                if (item.fill == light().color(cause)) {
                    all += item.rect.width() * item.rect.height();
                    communication += cause == Cause::Communication ? item.rect.width() * item.rect.height() : 0;
                }
        }
        QVERIFY(all > 0);
        QVERIFY(std::abs(communication / all - parts[Cause::Communication] / parts.total()) < 0.01);
    }

    void idleIsAsWideAsTheBubble()
    {
        const Scenario scenario = planned(2, 4, 4, 4);
        Report report = sample::report(scenario);
        report.prefill = sample::phase(Phase::Prefill, 4, 4, 1, sample::breakdown(0, 0, 0.2, 0.05));
        const ViewInput input{scenario, report, {900, 260}, light()};
        Scene scene;
        buildTimeline(input, {}, scene);
        const QRectF plot = timelineLayout(input, {}).panels[0].plot;
        double idle = 0;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Idle && plot.contains(item.rect.center()))
                idle += item.rect.width();
        QVERIFY(std::abs(idle / (4 * plot.width()) - 3.0 / 7) < 1e-6);
        QVERIFY(check::says(scene, QStringLiteral("3/7 = 42.9 %")));
    }

    void lowRowsKeepTheirHatch()
    {
        const Scenario scenario = planned(1, 8, 8, 8);
        const Report report = sample::report(scenario);
        for (const double height : {120.0, 140.0, 180.0}) {
            const ViewInput input{scenario, report, {900, height}, light()};
            Scene scene;
            buildTimeline(input, {}, scene);
            const TimelineLayout layout = timelineLayout(input, {});
            if (layout.rowHeight < 4)
                continue;
            QVERIFY(std::any_of(scene.items.begin(), scene.items.end(), [&](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Idle
                       && layout.panels[0].plot.contains(item.rect.center());
            }));
        }
    }

    void stagesThatDifferShowMeasuredAndClosedForm()
    {
        const Scenario scenario = planned(2, 2, 8, 2);
        Report report = sample::report(scenario);
        report.prefill.timeline.idleFraction = 0.2;
        Scene scene;
        buildTimeline({scenario, report, {1400, 260}, light()}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("11.1 %")));
        // The closed form and what is beyond it, with its reason, sum to what is measured.
        const QString whole = timelineIdleTexts(report.prefill, Phase::Prefill)[1];
        QVERIFY2(whole.startsWith(QStringLiteral("20 % = 11.1 % of equal stages + 8.89 % ")), qPrintable(whole));
        QVERIFY2(!check::says(scene, QStringLiteral("Bubble")), "a bubble is what the busiest stage's time loses; this is of all stages");
    }

    void countsHaveCommasAndWhatDoesNotFitSaysSoFirst()
    {
        const Scenario scenario = planned(2, 2, 8, 2);
        Report report = sample::report(scenario);
        report.prefill.timeline.stages = 1024;
        report.prefill.timeline.microbatches = 1024;
        report.prefill.timeline.steps = 1;
        QVERIFY(timelineIdleTexts(report.prefill, Phase::Prefill)[1].contains(QStringLiteral("1,023/2,047")));
        QVERIFY(timelineSubtitle(scenario, report).startsWith(QStringLiteral("prefill")));
        Scenario single = scenario;
        single.workload.batch = 1;
        single.plan[PlanAxis::PrefillMicrobatches] = single.plan[PlanAxis::DecodeMicrobatches] = 1;
        QCOMPARE(timelineSubtitle(single, report).section(QLatin1Char(';'), 0, 0),
                 QStringLiteral("prefill of 1 sequence, then decode of 1 sequence"));
    }

    void illegalPlanSaysWhy()
    {
        const Scenario scenario = planned(6, 2, 8, 2);
        Report report;
        checkPlan(scenario.context(), scenario.plan, report.violations, report.warnings);
        QVERIFY(!report.violations.empty());
        Scene scene;
        buildTimeline({scenario, report, {700, 160}, light()}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("not legal")));
        QVERIFY(check::says(scene, QStringLiteral("64")));
        QVERIFY(scene.hits.empty());
        QCOMPARE(check::textTrouble(scene), QString());
        QVERIFY(describeTimeline(scenario, report).contains(QStringLiteral("not legal")));
    }

    void tooltipsNameWhatIsUnderThePointer()
    {
        const Scenario scenario = planned(4, 2, 8, 2);
        const Report report = sample::report(scenario);
        Subject piece;
        piece.kind = Subject::Kind::Piece;
        piece.phase = Phase::Prefill;
        piece.stage = 1;
        piece.microbatch = 3;
        piece.step = 0;
        const QString text = timelineTooltip(scenario, report, piece);
        QVERIFY(text.contains(QStringLiteral("m3")));
        QVERIFY(text.contains(QStringLiteral("GPU 4\u20137")));
        QVERIFY(text.contains(QStringLiteral("260 ms busy")));
        QVERIFY(describeTimeline(scenario, report).contains(QStringLiteral("2 stages")));
        // With PP innermost a stage has every other device: no range names them.
        Scenario woven = scenario;
        woven.plan.options.order = {MeshAxis::Pipeline, MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Data};
        const QString apart = timelineTooltip(woven, report, piece);
        QVERIFY2(apart.contains(QStringLiteral("Stage 1, 4 GPUs")), qPrintable(apart));
    }
};

QTEST_MAIN(TestTimelineScene)
#include "tst_timelinescene.moc"
