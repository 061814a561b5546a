// SPDX-License-Identifier: Apache-2.0
// The roofline read as a scene: bubbles where their figures say, areas as shares, texts apart, ticks, zoom, and the error ring.
#include "core/scenario/calibrate.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/rooflinescene.h"

#include <cmath>

using namespace shardlens;

namespace {

Scene drawn(const Scenario& scenario, const Report& report, QSizeF size, const RooflineOptions& options = {},
            ThemeId theme = ThemeId::Light)
{
    Scene scene;
    scene.clear(size);
    buildRoofline({scenario, report, size, Theme::of(theme)}, options, scene);
    return scene;
}

const std::vector<QSizeF>& allSizes()
{
    static const std::vector<QSizeF> sizes{{330, 150}, {420, 300}, {600, 330}, {1600, 900}};
    return sizes;
}

} // namespace

class TestRooflineScene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<QString>("name");
        for (const pictures::Case& given : pictures::cases())
            QTest::newRow(given.name) << QString::fromUtf8(given.name);
    }

    void textsStayInsideAndApart()
    {
        QFETCH(const QString, name);
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed(name.toUtf8().constData()));
        for (const Mode mode : {Mode::Roofline, Mode::Calibrated}) {
            scenario.mode = mode;
            calibrate(scenario, builtinCatalog().calibration);
            const Report report = evaluate(scenario);
            for (const QSizeF size : allSizes())
                for (const RooflineSide side : {RooflineSide::Hbm, RooflineSide::Link}) {
                    const Scene scene = drawn(scenario, report, size, {side, RooflinePhases::Both, {}});
                    const QString fault = pictures::textFault(scene);
                    QVERIFY2(fault.isEmpty(), qPrintable(QStringLiteral("%1 x %2: %3").arg(size.width()).arg(size.height()).arg(fault)));
                    QCOMPARE(check::regionTrouble(scene), QString());
                    QVERIFY(!scene.texts.empty());
                }
        }
    }

    void everyPointIsDrawnWhereItsFiguresSay()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const QSizeF size(900, 600);
        for (const RooflineSide side : {RooflineSide::Hbm, RooflineSide::Link}) {
            const RooflineOptions options{side, RooflinePhases::Both, {}};
            const Roofline roofline = rooflineOf(scenario, report, side);
            const Scene scene = drawn(scenario, report, size, options);
            const RooflineLayout layout = rooflineLayout({scenario, report, size, Theme::of(ThemeId::Light)}, options);
            QCOMPARE(scene.hits.size(), roofline.points.size());
            for (const RooflinePoint& point : roofline.points) {
                const auto hit = std::find_if(scene.hits.begin(), scene.hits.end(), [&](const HitRegion& region) {
                    return region.subject.phase == point.phase && region.subject.op == point.op;
                });
                QVERIFY(hit != scene.hits.end());
                QVERIFY((hit->rect.center() - layout.at(point)).manhattanLength() < 1e-6);
                const QPointF powers = layout.powersAt(hit->rect.center());
                QVERIFY(std::abs(powers.x() - std::log10(point.intensity())) < 1e-9);
                QVERIFY(std::abs(powers.y() - std::log10(point.achieved())) < 1e-9);
            }
        }
    }

    /// A bubble on its roof is joined to a mark at FLOP over the whole time where its collective takes time.
    void collectivesHaveAMarkBelow()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const Scene scene = drawn(scenario, report, {1600, 900});
        const RooflineLayout layout = rooflineLayout({scenario, report, {1600, 900}, Theme::of(ThemeId::Light)}, {});
        int marks = 0;
        for (const RooflinePoint& point : rooflineOf(scenario, report, RooflineSide::Hbm).points) {
            if (point.achievedInAll() > 0.99 * point.achieved())
                continue;
            const QPointF at(layout.x(point.intensity()), layout.y(point.achievedInAll()));
            QVERIFY(layout.plot.contains(at));
            QVERIFY(std::any_of(scene.items.begin(), scene.items.end(), [&](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Path
                       && (scene.paths[static_cast<std::size_t>(item.extra)].boundingRect().center() - at).manhattanLength() < 0.01;
            }));
            ++marks;
        }
        QVERIFY(marks > 2);
        QVERIFY(check::says(scene, QStringLiteral("with its collective")));
        QVERIFY(check::says(scene, QStringLiteral("fused")));
    }

    /// Where the same operator stands twice, each of the two says its phase; where one phase is shown, none does.
    void anOperatorOfBothPhasesNamesItsPhase()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const Scene both = drawn(scenario, report, {1600, 900});
        QVERIFY(check::says(both, QStringLiteral("up/gate_proj, prefill")));
        QVERIFY(check::says(both, QStringLiteral("more, decode"))); // up/gate_proj among them
        RooflineOptions options;
        for (const RooflinePhases one : {RooflinePhases::Prefill, RooflinePhases::Decode}) {
            options.phases = one;
            const Scene scene = drawn(scenario, report, {1600, 900}, options);
            QVERIFY(check::says(scene, QStringLiteral("up/gate_proj")));
            for (const QString& text : scene.texts)
                QVERIFY2(!text.contains(QStringLiteral("proj, prefill")) && !text.contains(QStringLiteral("proj, decode")),
                         qPrintable(text));
        }
    }

    /// Bubbles that lie on one another share one name, which says how many they are or that both phases are there.
    void bubblesInOnePlaceShareAName()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2"));
        const Scene scene = drawn(scenario, evaluate(scenario), {1280, 640});
        QVERIFY(check::says(scene, QStringLiteral("up/gate_proj and 4 more")));
        QVERIFY(check::says(scene, QStringLiteral("sampling, prefill and decode")));
    }

    void areasAreShares()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const Scene scene = drawn(scenario, report, {1600, 900});
        double perShare = 0;
        int compared = 0;
        for (const RooflinePoint& point : rooflineOf(scenario, report, RooflineSide::Hbm).points) {
            if (point.share < 0.05)
                continue;
            for (const HitRegion& hit : scene.hits)
                if (hit.subject.phase == point.phase && hit.subject.op == point.op) {
                    const double radius = hit.rect.width() / 2 - 1;
                    const double ratio = radius * radius / point.share;
                    QVERIFY(perShare == 0 || std::abs(ratio / perShare - 1) < 1e-9);
                    perShare = ratio;
                    ++compared;
                }
        }
        QVERIFY(compared >= 5);
    }

    void phasesCanBeShownAlone()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const auto both = drawn(scenario, report, {900, 600}).hits.size();
        const Scene prefill = drawn(scenario, report, {900, 600}, {RooflineSide::Hbm, RooflinePhases::Prefill, {}});
        const Scene decode = drawn(scenario, report, {900, 600}, {RooflineSide::Hbm, RooflinePhases::Decode, {}});
        QCOMPARE(prefill.hits.size() + decode.hits.size(), both);
        for (const HitRegion& hit : prefill.hits)
            QCOMPARE(hit.subject.phase, Phase::Prefill);
        QVERIFY(!decode.hits.empty());
    }

    void criticalIntensityStandsOnTheAxis()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const Scene scene = drawn(scenario, report, {900, 600});
        QVERIFY(check::says(scene, QStringLiteral("295 FLOP/B")));
        QVERIFY(check::says(scene, QStringLiteral("989 TFLOP/s")));
        QVERIFY(check::says(scene, QStringLiteral("fp8, int8 1,979 TFLOP/s")));
        QVERIFY(check::says(scene, QStringLiteral("HBM 3,350 GB/s")));
        QVERIFY(check::says(scene, QStringLiteral("a batch of")));
    }

    /// The name of a level roof stands at it: nearer than to any other, struck by none; equal roofs share one.
    void namesOfRoofsStandAtTheirRoofs()
    {
        int names = 0;
        int left = 0;
        for (const char* which : {"8 H100, TP 4 x PP 2", "8 H100, TP 8", "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"})
            for (const QSizeF size : {QSizeF{752, 140}, QSizeF{480, 134}, QSizeF{752, 196}, QSizeF{860, 200}, QSizeF{480, 190},
                                      QSizeF{620, 300}, QSizeF{900, 600}, QSizeF{1600, 900}}) {
                const Scenario scenario = pictures::scenarioOf(pictures::caseNamed(which));
                const Report report = evaluate(scenario);
                const Roofline roofline = rooflineOf(scenario, report, RooflineSide::Hbm);
                const Scene scene = drawn(scenario, report, size);
                const RooflineLayout layout = rooflineLayout({scenario, report, size, Theme::of(ThemeId::Light)}, {});
                for (const ComputeRoof& roof : roofline.formats) {
                    const double own = layout.y(roof.peak);
                    bool named = false;
                    for (const SceneItem& item : scene.items) {
                        if (item.kind != SceneItem::Kind::Text || !layout.plot.contains(item.rect)
                            || !check::textOf(scene, item).contains(qs(nameOf(roof.format))))
                            continue;
                        ++names;
                        QVERIFY2(!named, "named once");
                        named = true;
                        const QRectF box = scene.textBounds(item);
                        const auto gap = [&](double y) { return std::max(y - box.bottom(), box.top() - y); };
                        for (const ComputeRoof& other : roofline.formats) {
                            const double y = layout.y(other.peak);
                            const double from = layout.x(other.peak / roofline.paths.front().bandwidth);
                            QVERIFY2(from > box.right() || gap(y) >= 0, qPrintable(check::textOf(scene, item)));
                            QVERIFY2(from > box.right() || gap(own) <= gap(y), qPrintable(check::textOf(scene, item)));
                        }
                    }
                    left += !named;
                    const QPointF end(layout.plot.right() - 2, own);
                    QVERIFY(scene.tipAt(end).contains(qs(nameOf(roof.format))) || scene.subjectAt(end).kind != Subject::Kind::None);
                }
            }
        QVERIFY(names > 20 && left > 0);
    }

    void factorsAreNamedWhereTheRoofIsNotReached()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        QVERIFY(!check::says(drawn(scenario, evaluate(scenario), {900, 600}), QStringLiteral(" × 0.")));
        scenario.mode = Mode::Calibrated;
        scenario.serving.engine.engine = Engine::Vllm;
        calibrate(scenario, builtinCatalog().calibration);
        QVERIFY(scenario.calibration);
        QVERIFY(check::says(drawn(scenario, evaluate(scenario), {900, 600}), QStringLiteral(" × 0.")));
    }

    void aPointAboveItsRoofGetsARingAndASentence()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        Report report = evaluate(scenario);
        const QColor violation = Theme::of(ThemeId::Light).color(Ink::Violation);
        const auto rings = [&] {
            const Scene scene = drawn(scenario, report, {900, 600});
            return std::count_if(scene.items.begin(), scene.items.end(),
                                 [&](const SceneItem& item) { return item.kind == SceneItem::Kind::Path && item.pen == violation; });
        };
        QCOMPARE(rings(), 0);
        const auto matrix = std::find_if(report.decode.operators.begin(), report.decode.operators.end(),
                                         [](const OperatorCost& op) { return op.op == Op::MlpUp; });
        matrix->time /= 2; // no hardware can
        QCOMPARE(rings(), 1);
        QVERIFY(check::says(drawn(scenario, report, {900, 600}), QStringLiteral("above its roof")));
        QVERIFY(rooflineSubtitle(scenario, report, RooflineSide::Hbm).contains(QStringLiteral("error")));
    }

    void ticksAreTwoToTen()
    {
        for (double begin = -3; begin < 16; begin += 0.37)
            for (const double length : {0.1, 0.15, 0.3, 0.5, 0.69, 0.71, 1.0, 1.3, 1.9, 2.1, 3.0, 5.5, 9.0, 17.0})
                for (const int most : {2, 3, 5, 8, 10}) {
                    const std::vector<double> ticks = logTicks(begin, begin + length, most);
                    QVERIFY2(ticks.size() >= 2 || length < 0.31,
                             qPrintable(QStringLiteral("%1 + %2, %3").arg(begin).arg(length).arg(most)));
                    QVERIFY2(static_cast<int>(ticks.size()) <= most,
                             qPrintable(QStringLiteral("%1 + %2, %3").arg(begin).arg(length).arg(most)));
                    for (std::size_t i = 0; i < ticks.size(); ++i) {
                        QVERIFY(std::log10(ticks[i]) >= begin - 1e-6 && std::log10(ticks[i]) <= begin + length + 1e-6);
                        QVERIFY(i == 0 || ticks[i] > ticks[i - 1]);
                    }
                }
    }

    void zoomStaysInsideAndComesBack()
    {
        const RooflineRange whole{-1, 4, 9, 15};
        RooflineRange range = whole;
        for (int i = 0; i < 40; ++i) {
            range = zoomed(range, {2, 12}, 0.7, whole);
            QVERIFY(range.left >= whole.left && range.right <= whole.right && range.bottom >= whole.bottom && range.top <= whole.top);
            QVERIFY(range.width() > 0.0999 && range.height() > 0.0999);
        }
        QVERIFY(range.left <= 2 && range.right >= 2);
        const RooflineRange aside = moved(range, {100, -100}, whole);
        QVERIFY(std::abs(aside.right - whole.right) < 1e-9 && std::abs(aside.bottom - whole.bottom) < 1e-9);
        QVERIFY(std::abs(aside.width() - range.width()) < 1e-9);
        for (int i = 0; i < 60; ++i)
            range = zoomed(range, {2, 12}, 1 / 0.7, whole);
        QVERIFY(std::abs(range.width() - whole.width()) < 1e-6);
    }

    void zoomedPicturesKeepTheirTextsApart()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"));
        const Report report = evaluate(scenario);
        const QSizeF size(900, 600);
        RooflineOptions options;
        const RooflineLayout whole = rooflineLayout({scenario, report, size, Theme::of(ThemeId::Light)}, options);
        for (double x = whole.whole.left; x < whole.whole.right; x += 0.6)
            for (const double factor : {0.5, 0.2, 0.03}) {
                options.visible = zoomed(whole.whole, {x, (whole.whole.bottom + whole.whole.top) / 2}, factor, whole.whole);
                const Scene scene = drawn(scenario, report, size, options);
                QCOMPARE(pictures::textFault(scene), QString());
                QCOMPARE(check::regionTrouble(scene), QString());
            }
    }

    void emptyAndIllegalStatesSaySo()
    {
        const Scenario one = pictures::scenarioOf(pictures::caseNamed("one H100"));
        const Report report = evaluate(one);
        const Scene links = drawn(one, report, {900, 600}, {RooflineSide::Link, RooflinePhases::Both, {}});
        QVERIFY(links.hits.empty());
        QVERIFY(check::says(links, QStringLiteral("No operator of this plan both computes and sends")));
        const Scenario illegal = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 6: not legal"));
        QVERIFY(check::says(drawn(illegal, evaluate(illegal), {900, 600}), QStringLiteral("not legal")));
    }

    void tooltipsHaveTheFigures()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        for (const RooflinePoint& point : rooflineOf(scenario, report, RooflineSide::Hbm).points) {
            Subject subject;
            subject.kind = Subject::Kind::Operator;
            subject.phase = point.phase;
            subject.op = point.op;
            const QString tip = rooflineTooltip(scenario, report, subject, RooflineSide::Hbm);
            QVERIFY2(tip.contains(qs(nameOf(point.name))) && tip.contains(QStringLiteral("FLOP per HBM byte")), qPrintable(tip));
        }
        QVERIFY(describeRoofline(scenario, report, RooflineSide::Hbm).contains(QStringLiteral("Decode")));
    }
};

QTEST_MAIN(TestRooflineScene)
#include "tst_rooflinescene.moc"
