// SPDX-License-Identifier: Apache-2.0
// The latency bars and the operators under them, read as a scene.
#include "core/scenario/calibrate.h"
#include "core/scenario/serve.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/samplereport.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/latencyscene.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"

#include <QScopeGuard>
#include <QTest>

#include <cmath>

using namespace shardlens;

namespace {

/// Height of an entry of a legend.
double legendLine()
{
    static const double line = [] {
        Scene scene;
        Subject subject;
        subject.kind = Subject::Kind::CauseOfTime;
        drawLegend(scene, Theme::of(ThemeId::Light), {0, 0, 400, 0}, {{QStringLiteral("X"), {}, Qt::red, false, subject}});
        return scene.hits.front().rect.height();
    }();
    return line;
}

} // namespace

class TestLatencyScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<double>("time");
        QTest::addColumn<QSizeF>("size");
        for (const double time : {1e-9, 1e-6, 1e-3, 1.0, 1e3, 1e6})
            for (const QSizeF size :
                 {QSizeF(120, 60), QSizeF(240, 130), QSizeF(330, 180), QSizeF(440, 236), QSizeF(440, 500), QSizeF(1200, 360)})
                QTest::addRow("%g x, %g wide", time, size.width() + size.height() / 1000) << time << size;
    }

    void textsStayInsideAndApart()
    {
        QFETCH(double, time);
        QFETCH(QSizeF, size);
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario, time);
        Scene scene;
        buildLatency({scenario, report, size, Theme::of(ThemeId::Dark)}, {}, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        QCOMPARE(check::regionTrouble(scene), QString());
    }

    void slicesAreProportionalAndInOrder()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        const Theme& theme = Theme::of(ThemeId::Light);
        Scene scene;
        buildLatency({scenario, report, {600, 240}, theme}, {false}, scene);
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const Breakdown& parts = (phase == Phase::Prefill ? report.prefill : report.decode).breakdown;
            double scale = 0;
            double right = -1;
            int slices = 0;
            int last = -1;
            for (const HitRegion& hit : scene.hits) {
                if (hit.subject.kind != Subject::Kind::CauseOfTime || hit.subject.phase != phase || hit.rect.height() < 20
                    || hit.rect.height() == legendLine())
                    continue;
                QVERIFY2(hit.subject.cause > last, "slices keep the order of all bars");
                last = hit.subject.cause;
                QVERIFY2(right < 0 || std::abs(hit.rect.left() - right) < 1e-9, "each slice starts where the one before ends");
                right = hit.rect.right();
                const double perSecond = hit.rect.width() / parts[static_cast<Cause>(hit.subject.cause)];
                QVERIFY(scale == 0 || std::abs(perSecond / scale - 1) < 1e-9);
                scale = perSecond;
                QCOMPARE(scene.subjectAt(hit.rect.center()), hit.subject);
                ++slices;
            }
            int causes = 0;
            for (const double seconds : parts.seconds)
                causes += seconds > 0;
            QCOMPARE(slices, causes);
        }
        QVERIFY(check::says(scene, QStringLiteral("TTFT")));
        QVERIFY(check::says(scene, QStringLiteral("TPOT")));
    }

    void bubbleIsHatched()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        QVERIFY(report.prefill.breakdown[Cause::Bubble] > 0);
        Scene scene;
        buildLatency({scenario, report, {600, 240}, Theme::of(ThemeId::Light)}, {}, scene);
        int hatched = 0;
        for (const SceneItem& item : scene.items)
            hatched += item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Idle;
        QCOMPARE(hatched, report.decode.breakdown[Cause::Bubble] > 1e-9 * report.decode.time ? 2 : 1);
    }

    void lowViewsKeepALegend()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        for (double height = 124; height <= 400; height += 1) {
            Scene scene;
            buildLatency({scenario, report, {640, height}, Theme::of(ThemeId::Light)}, {}, scene);
            const auto entries = std::count_if(scene.hits.begin(), scene.hits.end(), [](const HitRegion& hit) {
                return hit.subject.kind == Subject::Kind::CauseOfTime && hit.rect.height() == legendLine();
            });
            QVERIFY2(entries >= 1, qPrintable(QString::number(height)));
            QCOMPARE(check::textTrouble(scene), QString());
        }
    }

    /// In the smallest default docks both bars have their axis, and the colours a legend.
    void defaultDocksHaveAnAxis()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        for (const QSizeF size : {QSizeF(430, 163), QSizeF(330, 168), QSizeF(640, 163), QSizeF(480, 300)}) {
            Scene scene;
            buildLatency({scenario, report, size, Theme::of(ThemeId::Light)}, {}, scene);
            const auto zeros = std::count(scene.texts.begin(), scene.texts.end(), QStringLiteral("0"));
            QVERIFY2(zeros == 2, qPrintable(QString::number(size.width())));
            QCOMPARE(check::textTrouble(scene), QString());
        }
    }

    void collectivesAreNamed()
    {
        const Scenario scenario = sample::scenario(4, 2);
        Report report = sample::report(scenario);
        report.prefill.breakdown[Cause::Communication] = report.prefill.breakdown[Cause::Compute];
        report.prefill.time = report.prefill.breakdown.total();
        const double all = report.prefill.breakdown[Cause::Communication];
        report.prefill.collectives = {{Op::MlpDown, Collective::AllReduce, 0.6 * all},
                                      {Op::OutputProjection, Collective::AllReduce, 0.4 * all}};
        Scene scene;
        buildLatency({scenario, report, {900, 600}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("+ AllReduce")));
        // Parts in the bar where they have room, none where they have not.
        buildLatency({scenario, report, {3600, 400}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("AllReduce of down_proj")));
        QCOMPARE(check::textTrouble(scene), QString());
        buildLatency({scenario, report, {400, 300}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(!check::says(scene, QStringLiteral("AllReduce of down_proj")));
        Subject cause;
        cause.kind = Subject::Kind::CauseOfTime;
        cause.phase = Phase::Prefill;
        cause.cause = static_cast<int>(Cause::Communication);
        const QString tip = latencyTooltip(scenario, report, cause);
        QCOMPARE(tip.count(QStringLiteral("AllReduce of ")), 2);
    }

    void operatorsOfSeveralKindsAddUp()
    {
        PhaseReport report;
        for (const double time : {1.0, 3.0, 0.0}) {
            OperatorCost op;
            op.op = Op::MlpUp;
            op.stageLayers = 10;
            op.time = time;
            op.breakdown[Cause::Weights] = time;
            report.operators.push_back(op);
        }
        OperatorCost head;
        head.op = Op::LmHead;
        head.stageLayers = 1;
        head.time = 50;
        head.breakdown[Cause::Compute] = 50;
        report.operators.push_back(head);
        const std::vector<OperatorShare> shares = operatorShares(report);
        QCOMPARE(shares.size(), std::size_t{2});
        QCOMPARE(shares[0].op, Op::LmHead);
        QCOMPARE(shares[1].seconds, 40.0);
        QCOMPARE(shares[1].index, 1);
        QCOMPARE(shares[1].breakdown[Cause::Weights], 40.0);
    }

    void operatorsAppearWhenThereIsHeight()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        const auto operators = [&](double height, bool wanted) {
            Scene scene;
            buildLatency({scenario, report, {440, height}, Theme::of(ThemeId::Light)}, {wanted}, scene);
            return std::count_if(scene.hits.begin(), scene.hits.end(),
                                 [](const HitRegion& hit) { return hit.subject.kind == Subject::Kind::Operator; });
        };
        QCOMPARE(operators(240, true), 0);
        QVERIFY(operators(400, true) >= 6);
        QCOMPARE(operators(400, false), 0);
    }

    /// Rows of operators grow with a tall picture, and a send is named once.
    void operatorsUseTheHeight()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        const auto pitchAt = [&](QSizeF size) {
            Scene scene;
            buildLatency({scenario, report, size, Theme::of(ThemeId::Light)}, {true}, scene);
            double pitch = 0;
            for (const HitRegion& hit : scene.hits)
                if (hit.subject.kind == Subject::Kind::Operator)
                    pitch = hit.rect.height();
            for (const QString& text : scene.texts)
                if (text.startsWith(QStringLiteral("send")))
                    [&] { QVERIFY(!text.contains(QStringLiteral("+ Send"))); }();
            return pitch;
        };
        const double tall = pitchAt({1920, 1052});
        QVERIFY2(tall > 2 * lineHeight(TextRole::Note), qPrintable(QString::number(tall)));
    }

    void roundNumbersEndTheAxis()
    {
        for (double value = 1e-9; value < 1e9; value *= 1.37) {
            QVERIFY(roundUp(value) >= value * (1 - 1e-12));
            QVERIFY(roundUp(value) <= value * 1.34);
        }
        QCOMPARE(roundUp(0), 1.0);
    }

    void illegalPlanSaysWhy()
    {
        const Scenario scenario = sample::scenario(6, 2);
        Report report;
        checkPlan(scenario.context(), scenario.plan, report.violations, report.warnings);
        Scene scene;
        buildLatency({scenario, report, {440, 200}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("not legal")));
        QCOMPARE(check::textTrouble(scene), QString());
        QVERIFY(describeLatency(scenario, report).contains(QStringLiteral("not legal")));
    }

    /// A target is a line through its bar at its place on the axis, also beyond the bar's end; under load the bar is not its figure.
    void targetsAreLinesOnTheirBars()
    {
        Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        const auto lines = [&] {
            Scene scene;
            buildLatency({scenario, report, {700, 300}, Theme::of(ThemeId::Light)}, {}, scene);
            [&] { QCOMPARE(check::textTrouble(scene), QString()); }();
            std::vector<double> at;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Line && item.width == 4)
                    at.push_back(item.rect.left());
            return at;
        };
        QVERIFY(lines().empty());
        scenario.targets.ttft = report.prefill.time / 2;
        const std::vector<double> half = lines();
        QCOMPARE(half.size(), std::size_t{1});
        scenario.targets.ttft = report.prefill.time * 1.5;
        const std::vector<double> beyond = lines();
        QCOMPARE(beyond.size(), std::size_t{1});
        QVERIFY(beyond.front() > half.front());
        scenario.targets.ttft = report.prefill.time * 50; // no bar is made a sliver for it
        QVERIFY(lines().empty());
        scenario.targets.ttft = report.prefill.time / 2;
        scenario.serving.load.kind = LoadKind::ClosedLoop;
        QVERIFY(lines().empty());
    }

    /// Where there is no height for one above the other they stand side by side: neither phase is ever left out.
    void bothPhasesAreDrawnAtEveryHeight()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        for (const double scale : {1.0, 1.5}) {
            setTextScale(scale);
            const auto restore = qScopeGuard([] { setTextScale(1); });
            for (const double width : {330.0, 420.0, 700.0, 1200.0})
                for (double height = 60 * scale; height < 400; height += 7) {
                    Scene scene;
                    buildLatency({scenario, report, {width, height}, Theme::of(ThemeId::Light)}, {}, scene);
                    QCOMPARE(check::textTrouble(scene), QString());
                    QVERIFY2(check::says(scene, QStringLiteral("Prefill")) && check::says(scene, QStringLiteral("Decode")),
                             qPrintable(QStringLiteral("%1 x %2").arg(width).arg(height)));
                }
        }
    }

    /// Calibrated, norms take time of their own at HBM: it is not called the weights'.
    void calibratedReadsAreNotOfWeightsAlone()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        for (const bool calibrated : {false, true}) {
            scenario.mode = calibrated ? Mode::Calibrated : Mode::Roofline;
            calibrate(scenario, builtinCatalog().calibration);
            Scene scene;
            buildLatency({scenario, evaluate(scenario), {1400, 400}, Theme::of(ThemeId::Light)}, {}, scene);
            QCOMPARE(check::says(scene, QStringLiteral("Weights, activations")), calibrated);
            QCOMPARE(check::says(scene, QStringLiteral("Weight reads")), !calibrated);
            QCOMPARE(check::textTrouble(scene), QString());
        }
    }

    /// No segment that is drawn lacks its colour's name: names are shortened before one goes.
    void theSharedLegendNamesEverySegment()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        for (double width = 330; width < 700; width += 10) {
            Scene scene;
            buildLatency({scenario, report, {width, 170}, Theme::of(ThemeId::Light)}, {}, scene);
            QCOMPARE(check::textTrouble(scene), QString());
            for (std::size_t i = 0; i < kCauseCount; ++i) {
                const auto cause = static_cast<Cause>(i);
                const double share = report.decode.breakdown[cause] / report.decode.breakdown.total();
                if (cause == Cause::Bubble || !(share > 0.01))
                    continue;
                const QColor colour = Theme::of(ThemeId::Light).color(cause);
                const auto swatches = std::count_if(scene.items.begin(), scene.items.end(), [&](const SceneItem& item) {
                    return item.fill == colour && item.rect.width() < 14 && item.rect.width() == item.rect.height();
                });
                QVERIFY2(swatches >= 1, qPrintable(QStringLiteral("cause %1 at %2").arg(i).arg(width)));
            }
        }
    }

    void underLoadTheBarsAreAStaticBatch()
    {
        Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        Scene scene;
        buildLatency({scenario, report, {1400, 300}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(!check::says(scene, QStringLiteral("static batch")));
        scenario.serving.load.kind = LoadKind::OpenLoop;
        scenario.serving.load.rate = 3;
        for (const double width : {420.0, 1400.0}) {
            buildLatency({scenario, report, {width, 300}, Theme::of(ThemeId::Light)}, {}, scene);
            QVERIFY(check::says(scene, QStringLiteral("one static batch, not under load")));
            QCOMPARE(check::textTrouble(scene), QString());
        }
    }

    /// Under a load a row below each bar is a request's time on the bar's scale: alone and what others add, the inspector's figures.
    void aRequestUnderLoadIsARow()
    {
        for (const int clients : {1, 24, 200})
            for (const bool simulated : {false, true}) {
                Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
                scenario.serving.load.kind = LoadKind::ClosedLoop;
                scenario.serving.load.concurrency = clients;
                Report report = evaluate(scenario);
                if (simulated)
                    adopt(scenario, simulate(scenario), report);
                const Undisturbed alone = undisturbedOf(scenario, report);
                for (const QSizeF size : {QSizeF(1400, 400), QSizeF(640, 420)}) {
                    Scene scene;
                    buildLatency({scenario, report, size, Theme::of(ThemeId::Light)}, {}, scene);
                    QCOMPARE(check::textTrouble(scene), QString());
                    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
                        const double own = phase == Phase::Prefill ? alone.prompt : alone.token;
                        const double mean = phase == Phase::Prefill ? report.serving.ttft : report.serving.tpot;
                        const Breakdown& batch = (phase == Phase::Prefill ? report.prefill : report.decode).breakdown;
                        double perSecond = 0;
                        double row = 0;
                        for (const HitRegion& hit : scene.hits) {
                            if (hit.subject.phase != phase)
                                continue;
                            if (hit.subject.kind == Subject::Kind::CauseOfTime && hit.rect.height() > legendLine() + 2)
                                perSecond = hit.rect.width() / batch[static_cast<Cause>(hit.subject.cause)];
                            if (hit.subject.kind == Subject::Kind::Time)
                                row = hit.rect.width(); // the last one; the header's is before it
                        }
                        QVERIFY(perSecond > 0 && row > 0);
                        if (mean < 4 * batch.total())
                            QVERIFY2(std::abs(row / perSecond / mean - 1) < 1e-6, qPrintable(QString::number(row / perSecond / mean)));
                        const QString added = secondsFigure(mean - own).joined();
                        const bool said = check::says(scene, QStringLiteral("others add %1").arg(added))
                                          || check::says(scene, QStringLiteral("others %1").arg(added)) || mean - own < 0.1 * mean;
                        QVERIFY2(said, qPrintable(QStringLiteral("%1 clients, others %2").arg(clients).arg(added)));
                        Subject time;
                        time.kind = Subject::Kind::Time;
                        time.phase = phase;
                        const QString tip = latencyTooltip(scenario, report, time);
                        QVERIFY2(tip.contains(simulated ? QStringLiteral("(simulated)") : QStringLiteral("(analytic)")), qPrintable(tip));
                        QVERIFY(tip.contains(secondsFigure(mean).joined()));
                    }
                }
            }
    }

    /// Far longer than the batch the row ends with the axis and says so; too low a view has the row's figures in its headers.
    void aLongRequestEndsWithTheAxis()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        scenario.serving.load.kind = LoadKind::ClosedLoop;
        scenario.serving.load.concurrency = 300;
        scenario.serving.engine.maxSequences = 4;
        const Report report = evaluate(scenario);
        QVERIFY(report.serving.ttft > 20 * report.prefill.time);
        Scene scene;
        buildLatency({scenario, report, {1400, 400}, Theme::of(ThemeId::Light)}, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("beyond the axis")));
        QCOMPARE(check::regionTrouble(scene), QString());
        for (double height = 120; height < 420; height += 5)
            for (const double width : {330.0, 640.0, 1000.0}) {
                buildLatency({scenario, report, {width, height}, Theme::of(ThemeId::Light)}, {}, scene);
                QCOMPARE(check::textTrouble(scene), QString());
                QCOMPARE(check::regionTrouble(scene), QString());
            }
    }

    void describesInOneSentence()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        const QString text = describeLatency(scenario, report);
        QVERIFY2(text.contains(QStringLiteral("most of it compute")) && text.contains(QStringLiteral("most of it weight reads")),
                 qPrintable(text));
        Subject cause;
        cause.kind = Subject::Kind::CauseOfTime;
        cause.phase = Phase::Decode;
        cause.cause = static_cast<int>(Cause::Weights);
        QVERIFY(latencyTooltip(scenario, report, cause).contains(QStringLiteral("12.5 ms")));
    }
};

QTEST_MAIN(TestLatencyScene)
#include "tst_latencyscene.moc"
