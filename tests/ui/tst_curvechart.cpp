// SPDX-License-Identifier: Apache-2.0
// Curves: layout, the texts round them, gaps and limits, and what pointer and keys do to the document through the real widget.
#include "core/scenario/evaluate.h"
#include "tests/ui/scenechecks.h"
#include "ui/document/document.h"
#include "ui/scene/curvescene.h"
#include "ui/scene/curvetext.h"
#include "ui/scene/scenetext.h"
#include "ui/views/curvechart.h"

#include <QImage>
#include <QLineEdit>
#include <QPainter>
#include <QTest>
#include <QTranslator>
#include <QUndoStack>

#include <cmath>

using namespace shardlens;

namespace {

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

CurvePoint pointAt(double x, double y, bool fits)
{
    CurvePoint point;
    point.x = x;
    point.legal = true;
    point.fits = fits;
    point.y.fill(y);
    return point;
}

CurveData curve(int batch, std::int64_t limit, double scale = 1)
{
    const auto tpot = [scale](double n) { return scale * (0.012 + n * 2e-5); };
    CurveData data;
    data.legal = true;
    data.own = pointAt(batch, tpot(batch), batch <= limit);
    const auto most = static_cast<double>(std::max<std::int64_t>({16, 2 * batch, limit + limit / 2}));
    for (double at = 1; at <= most; at = std::max(at + 1, std::floor(at * 1.2)))
        data.points.push_back(pointAt(at, tpot(at), at <= static_cast<double>(limit)));
    data.nothingFits = limit == 0;
    if (limit > 0 && static_cast<double>(limit) < data.points.back().x)
        data.limit = static_cast<double>(limit);
    return data;
}

Scene groundOf(const CurveData& data, QSizeF size)
{
    Scene scene;
    buildCurveGround(data, size, light(), scene);
    return scene;
}

Scene marksOf(const CurveData& data, QSizeF size)
{
    Scene scene;
    buildCurveMarks(data, size, light(), scene);
    return scene;
}

/// Every text of a picture and where two would lie on each other.
QString trouble(const CurveData& data, QSizeF size)
{
    const QString ground = check::textTrouble(groundOf(data, size));
    return ground.isEmpty() ? check::textTrouble(marksOf(data, size)) : ground;
}

Scenario caseStudy()
{
    return caseStudyScenario(builtinCatalog());
}

/// A chart on screen that follows a document.
struct Shown {
    Document document{builtinCatalog()};
    CurveChart chart;
    explicit Shown(const CurveChoice& choice = {})
    {
        chart.resize(500, 300);
        chart.setChoice(choice);
        chart.follow(document);
        chart.show();
        if (!QTest::qWaitForWindowExposed(&chart))
            qFatal("the chart is not shown");
        chart.finish();
    }
    [[nodiscard]] CurveLayout layout() const { return curveLayout(chart.curve(), chart.viewport()->size()); }
    [[nodiscard]] QPoint at(double x, double y) const { return QPointF(layout().xOf(x), layout().yOf(y)).toPoint(); }
};

} // namespace

class TestCurveChart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void textsStayInsideAndApart_data()
    {
        QTest::addColumn<int>("batch");
        QTest::addColumn<qint64>("limit");
        QTest::addColumn<double>("scale");
        for (const int batch : {1, 32, 700, 65536})
            for (const qint64 limit : {0, 1, 5, 546, 60000})
                for (const double scale : {1e-6, 1.0, 1e6})
                    QTest::addRow("%d %lld %g", batch, limit, scale) << batch << limit << scale;
    }

    void textsStayInsideAndApart()
    {
        QFETCH(int, batch);
        QFETCH(qint64, limit);
        QFETCH(double, scale);
        CurveData data = curve(batch, limit, scale);
        for (const bool logX : {true, false})
            for (const bool logY : {false, true})
                for (const double target : {0.0, 0.5, 1.0, 1.7, 40.0})
                    for (const QSizeF size : {QSizeF(150, 96), QSizeF(260, 150), QSizeF(400, 220), QSizeF(900, 420)}) {
                        data.logX = logX;
                        data.logY = logY;
                        data.target.reset();
                        if (target > 0)
                            data.target = target * data.own.of(CurveFigure::Tpot);
                        data.band = target > 1 ? std::optional(Spread{0.85, 1.2}) : std::nullopt;
                        QCOMPARE(trouble(data, size), QString());
                        const CurveLayout layout = curveLayout(data, size);
                        QVERIFY(layout.yTicks.size() >= 2 && layout.yTicks.size() <= 10);
                        QVERIFY(layout.xTicks.size() >= 2 && layout.xTicks.size() <= 10);
                        const double own = layout.yOf(data.own.of(CurveFigure::Tpot));
                        QVERIFY(own >= layout.plot.top() - 1e-6 && own <= layout.plot.bottom() + 1e-6);
                        QVERIFY(layout.xOf(batch) >= layout.plot.left() - 1e-9 && layout.xOf(batch) <= layout.plot.right() + 1e-9);
                        for (const double y : {layout.plot.top() + 3, layout.plot.center().y(), layout.plot.bottom() - 3})
                            QVERIFY(std::abs(layout.yOf(layout.figureAt(y)) - y) < 1e-6);
                    }
    }

    void theTargetsLabelLeavesTheCurve()
    {
        CurveData data = curve(32, 519, 1);
        const QSizeF size(400, 420);
        int placed = 0;
        for (const double share : {0.75, 0.82, 0.9, 0.95}) {
            data.target = share * data.points.front().of(data.figure);
            Scene scene;
            buildCurveMarks(data, size, Theme::of(ThemeId::Light), scene);
            const CurveLayout layout = curveLayout(data, size);
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Text
                    && scene.texts[static_cast<std::size_t>(item.extra)].startsWith(QStringLiteral("target"))) {
                    ++placed;
                    for (const CurvePoint& point : data.points)
                        if (point.has(data.figure))
                            QVERIFY(!item.rect.contains(layout.xOf(point.x), layout.yOf(point.of(data.figure))));
                }
        }
        QCOMPARE(placed, 4);
    }

    /// Every input and figure of real scenarios: ticks, texts, the own value, an increasing order of points.
    void everyInputAndFigure()
    {
        Scenario open = caseStudy();
        open.serving.load.kind = LoadKind::OpenLoop;
        open.serving.load.speculation.draftTokens = 2;
        Scenario closed = caseStudy();
        closed.serving.load.kind = LoadKind::ClosedLoop;
        for (const Scenario& scenario : {caseStudy(), closed, open}) {
            const Report report = evaluate(scenario);
            for (std::size_t i = 0; i < kCurveInputCount; ++i) {
                if (!hasInput(scenario, static_cast<CurveInput>(i)))
                    continue;
                CurveChoice choice;
                choice.input = static_cast<CurveInput>(i);
                CurveData data = curveOf(scenario, report, choice);
                for (std::size_t f = 0; f < kCurveFigureCount; ++f) {
                    data.figure = static_cast<CurveFigure>(f);
                    for (const QSizeF size : {QSizeF(250, 160), QSizeF(500, 260)}) {
                        const QByteArray where =
                            QByteArray(infoOf(data.input).key.data()) + ' ' + QByteArray(infoOf(data.figure).key.data()) + ' ';
                        QVERIFY2(trouble(data, size).isEmpty(), qPrintable(QString::fromLatin1(where) + trouble(data, size)));
                        if (!isDrawable(data, size))
                            continue;
                        const CurveLayout layout = curveLayout(data, size);
                        QVERIFY2(layout.yTicks.size() >= 2 && layout.yTicks.size() <= 10, where.constData());
                        QVERIFY2(layout.xTicks.size() >= 2 && layout.xTicks.size() <= 10, where.constData());
                        for (const CurveRun& run : curveRuns(data, layout))
                            for (const QPointF& at : run.points)
                                QVERIFY2(at.x() > -1e-9 && at.x() < 1 + 1e-9 && at.y() > -1e-9 && at.y() < 1 + 1e-9, where.constData());
                        Scene ruler;
                        for (std::size_t p = 0; p < data.points.size(); ++p) {
                            buildCurveRuler(data, size, light(), p, ruler);
                            QVERIFY2(check::textTrouble(ruler).isEmpty(),
                                     qPrintable(QString::fromLatin1(where) + check::textTrouble(ruler)));
                        }
                    }
                }
            }
        }
    }

    /// What a reader sees of the core's names is in the catalog of translations.
    void namesAreTranslated()
    {
        class Marked : public QTranslator {
        public:
            [[nodiscard]] bool isEmpty() const override { return false; }
            [[nodiscard]] QString translate(const char* context, const char* source, const char*, int) const override
            {
                return QByteArray(context) == "CurveNames" ? QStringLiteral("<%1>").arg(QString::fromUtf8(source)) : QString();
            }
        } translator;
        QCoreApplication::installTranslator(&translator);
        for (std::size_t i = 0; i < kCurveInputCount; ++i) {
            const auto input = static_cast<CurveInput>(i);
            QCOMPARE(inputName(input), QStringLiteral("<%1>").arg(qs(infoOf(input).name)));
            QVERIFY2(infoOf(input).unit.empty() || inputUnit(input).startsWith(QLatin1Char('<')), infoOf(input).unit.data());
            QVERIFY(inputPhrase(input, 4).contains(inputName(input)));
        }
        for (std::size_t i = 0; i < kCurveFigureCount; ++i)
            QVERIFY(figureName(static_cast<CurveFigure>(i)).startsWith(QLatin1Char('<')));
        QCoreApplication::removeTranslator(&translator);
    }

    /// A higher plot has more grid lines, never closer than two lines of text.
    /// Measured runs begin with all requests at once; a curve of the steady state says so where it matters.
    void measuredBurstIsSaid()
    {
        Scenario scenario = caseStudyScenario(builtinCatalog());
        QVERIFY(measuredNoteOf(scenario, CurveFigure::Ttft, 0).isEmpty());
        QVERIFY(!measuredNoteOf(scenario, CurveFigure::Ttft, 5).contains(QStringLiteral("burst")));
        scenario.serving.load.kind = LoadKind::ClosedLoop;
        QVERIFY(measuredNoteOf(scenario, CurveFigure::Ttft, 5).contains(QStringLiteral("burst")));
        QVERIFY(!measuredNoteOf(scenario, CurveFigure::Tpot, 5).contains(QStringLiteral("burst")));
        scenario.serving.load.warmup = 0;
        QVERIFY(!measuredNoteOf(scenario, CurveFigure::EndToEnd, 5).contains(QStringLiteral("burst")));
    }

    void theGridGrowsWithThePlot()
    {
        std::size_t before = 0;
        for (const double height : {140.0, 260.0, 600.0, 1200.0}) {
            const CurveLayout layout = curveLayout(curve(32, 546), {500, height});
            QVERIFY(layout.yTicks.size() >= before);
            const double pitch = layout.plot.height() / static_cast<double>(layout.yTicks.size() - 1);
            QVERIFY2(pitch >= 1.5 * lineHeight(TextRole::Note), qPrintable(QString::number(pitch)));
            before = layout.yTicks.size();
        }
        QVERIFY2(before > curveLayout(curve(32, 546), {500, 140}).yTicks.size(), "1,200 px are not the grid of 140 px");
    }

    void octavesAreEquallyWide()
    {
        const CurveLayout layout = curveLayout(curve(32, 546), {400, 220});
        const double octave = layout.xOf(2) - layout.xOf(1);
        QVERIFY(octave > 0);
        for (const int batch : {2, 16, 256})
            QVERIFY(std::abs(layout.xOf(2 * batch) - layout.xOf(batch) - octave) < 1e-9);
        QCOMPARE(layout.yOf(0), layout.plot.bottom());
    }

    void limitIsSaidAndHatched()
    {
        const CurveData data = curve(32, 546);
        const QSizeF size(400, 220);
        const Scene marks = marksOf(data, size);
        QVERIFY(check::says(marks, QStringLiteral("full at 546")));
        QVERIFY(check::says(marks, QStringLiteral("at batch 32")));
        const double limit = curveLayout(data, size).xOf(546);
        const Scene ground = groundOf(data, size);
        const auto hatches = std::count_if(ground.items.begin(), ground.items.end(), [limit](const SceneItem& item) {
            return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::OverCapacity && std::abs(item.rect.left() - limit) < 1e-9;
        });
        QCOMPARE(hatches, 1);
        QVERIFY(check::says(marksOf(curve(700, 546), size), QStringLiteral("does not fit")));
        QVERIFY(check::says(groundOf(curve(32, 0), size), QStringLiteral("nothing fits")));
    }

    /// TP 3, 5, 6, 7 are no values of the case study: gaps in the line, crosses on the axis, the reason under the ruler.
    void illegalValuesAreGaps()
    {
        const Scenario scenario = caseStudy();
        CurveChoice choice;
        choice.input = CurveInput::Tensor;
        const CurveData data = curveOf(scenario, evaluate(scenario), choice);
        const QSizeF size(500, 260);
        const CurveLayout layout = curveLayout(data, size);
        std::size_t gaps = 0;
        for (std::size_t i = 0; i < data.points.size(); ++i) {
            if (data.points[i].legal)
                continue;
            ++gaps;
            const double share = CurveLayout::shareOf(data.points[i].x, layout.leastX, layout.mostX, layout.logX);
            for (const CurveRun& run : curveRuns(data, layout))
                QVERIFY(run.points.front().x() > share || run.points.back().x() < share);
            Scene ruler;
            buildCurveRuler(data, size, light(), i, ruler);
            QVERIFY(ruler.texts.size() >= 2);
        }
        QVERIFY(gaps >= 3);
        Scene ruler;
        const auto six = std::find_if(data.points.begin(), data.points.end(), [](const CurvePoint& point) { return point.x == 6; });
        QVERIFY(six != data.points.end());
        buildCurveRuler(data, size, light(), static_cast<std::size_t>(six - data.points.begin()), ruler);
        QVERIFY(check::says(ruler, QStringLiteral("does not divide")));
    }

    /// Between TP 2 and 4 there is nothing: dots and a thin line, dashed to what does not fit alone; hatch and crosses have words.
    void valuesOfAPlanAreDots()
    {
        const Scenario scenario = caseStudy();
        CurveChoice choice;
        choice.input = CurveInput::Tensor;
        const CurveData data = curveOf(scenario, evaluate(scenario), choice);
        const QSizeF size(640, 300);
        QVERIFY(hasSingleValues(data));
        QVERIFY(curveRuns(data, curveLayout(data, size)).empty());
        std::size_t known = 0;
        std::size_t dashed = 0; // ways to or from what does not fit
        const CurvePoint* before = nullptr;
        for (const CurvePoint& point : data.points) {
            if (!point.has(data.figure))
                continue;
            ++known;
            dashed += before != nullptr && (!before->fits || !point.fits) ? 1 : 0;
            before = &point;
        }
        QVERIFY(known >= 3 && dashed >= 1);
        const Scene ground = groundOf(data, size);
        QCOMPARE(std::count_if(ground.items.begin(), ground.items.end(), [](const SceneItem& item) { return item.dashed; }),
                 static_cast<std::ptrdiff_t>(dashed));
        QVERIFY(check::says(ground, QStringLiteral("\u00D7 not legal")));
        QVERIFY(check::says(marksOf(data, size), QStringLiteral("does not fit")));
        QVERIFY(!hasSingleValues(curve(32, 546)));
    }

    /// Where a linear axis would press the target to the ground it is logarithmic by itself; rates stay linear, so does what was chosen.
    void theAxisSuitsTheTarget()
    {
        const QSizeF size(500, 300);
        CurveData data = curve(32, 546);
        data.autoY = true;
        QVERIFY(!curveLayout(data, size).logY);
        data.points.push_back(pointAt(900, 0.2, true));
        data.target = 0.015;
        const CurveLayout layout = curveLayout(data, size);
        QVERIFY(layout.logY);
        QVERIFY(layout.yOf(*data.target) < layout.plot.bottom() - 0.015 / 0.2 * layout.plot.height());
        data.autoY = false;
        QVERIFY(!curveLayout(data, size).logY);

        const Scenario scenario = caseStudy();
        const Report report = evaluate(scenario);
        std::vector<double> wanted;
        QVERIFY(curveGround(scenario, report, {}, wanted).autoY);
        QVERIFY(!curveGround(scenario, report, {.figure = CurveFigure::OutputPerDevice}, wanted).autoY);
        QVERIFY(!curveGround(scenario, report, {.y = AxisScale::Linear}, wanted).autoY);
    }

    /// The last batch that meets the target, exactly, is said at the target's line.
    void whereTheTargetIsLost()
    {
        Scenario scenario = caseStudy();
        const CurveData whole = curveOf(scenario, evaluate(scenario));
        QVERIFY(!whole.metUpTo);
        scenario.targets.tpot = 1.3 * whole.points.front().of(CurveFigure::Tpot);
        const CurveData data = curveOf(scenario, evaluate(scenario));
        QVERIFY(data.metUpTo.has_value());
        QVERIFY(curvePoint(scenario, data.input, *data.metUpTo).of(data.figure) <= *data.target);
        QVERIFY(curvePoint(scenario, data.input, *data.metUpTo + 1).of(data.figure) > *data.target);
        QVERIFY(check::says(marksOf(data, {640, 300}), QStringLiteral("met up to batch ") + inputText(data.input, *data.metUpTo)));
        const Scene marks = marksOf(data, {640, 300}); // dashes are what does not fit
        QVERIFY(std::none_of(marks.items.begin(), marks.items.end(), [](const SceneItem& item) { return item.dashed; }));
        for (const QSizeF size : {QSizeF(150, 96), QSizeF(330, 150), QSizeF(1920, 600)})
            QCOMPARE(trouble(data, size), QString());
    }

    void runsMeetAtTheLimit()
    {
        const CurveData data = curve(32, 546);
        const CurveLayout layout = curveLayout(data, {400, 220});
        const std::vector<CurveRun> runs = curveRuns(data, layout);
        QCOMPARE(runs.size(), std::size_t{2});
        QVERIFY(runs[0].fits && !runs[1].fits);
        QCOMPARE(runs[0].points.back(), runs[1].points.front());
        QVERIFY(std::abs(layout.plot.left() + runs[0].points.back().x() * layout.plot.width() - layout.xOf(546)) < 1e-6);
    }

    void theIntervalIsFilled()
    {
        CurveData data = curve(32, 546);
        const std::size_t without = groundOf(data, {700, 220}).paths.size();
        data.band = Spread{0.9, 1.1};
        const Scene ground = groundOf(data, {700, 220});
        QCOMPARE(ground.paths.size(), without + 1);
        QVERIFY(check::says(ground, QStringLiteral("band 80 %")));
        const CurveLayout layout = curveLayout(data, {700, 220});
        const QRectF band = ground.paths.front().boundingRect();
        QVERIFY(std::abs(band.bottom() - layout.yOf(data.points.front().of(CurveFigure::Tpot) * 0.9)) < 0.5);
    }

    void measuredPointsAreDiamonds()
    {
        CurveData data = curve(32, 546);
        const std::size_t without = marksOf(data, {400, 220}).paths.size();
        data.measured = {{16, 0.0125, "InferenceX, vLLM, 0.11.0, 2025-10-01", false}, {64, 0.0135, "InferenceX, vLLM", true}};
        data.measuredNote = QStringLiteral("2 measured");
        const Scene marks = marksOf(data, {400, 220});
        QCOMPARE(marks.paths.size(), without + 2);
        const auto filled = std::count_if(marks.items.begin(), marks.items.end(), [](const SceneItem& item) {
            return item.kind == SceneItem::Kind::Path && item.fill == light().color(Ink::Text);
        });
        QCOMPARE(filled, 1);
        QVERIFY(check::says(groundOf(data, {700, 220}), QStringLiteral("2 measured")));
    }

    void curveIsPaintedWhereTheLayoutSays()
    {
        const CurveData data = curve(32, 546);
        const QSize size(400, 220);
        QImage image(size, QImage::Format_ARGB32_Premultiplied);
        image.fill(light().color(Ink::Surface));
        QPainter painter(&image);
        paintCurve(painter, QRectF(QPointF(0, 0), size), data, light());
        const CurveLayout layout = curveLayout(data, size);
        for (const CurvePoint& point : data.points) {
            if (!point.fits || std::abs(layout.xOf(point.x) - layout.xOf(32)) < 12)
                continue;
            const QPoint at = QPointF(layout.xOf(point.x), layout.yOf(point.of(CurveFigure::Tpot))).toPoint();
            int darkest = 255;
            for (int dy = -2; dy <= 2; ++dy)
                darkest = std::min(darkest, qGray(image.pixel(std::clamp(at.x(), 0, size.width() - 1), at.y() + dy)));
            QVERIFY2(darkest < 128, qPrintable(QStringLiteral("no ink at batch %1").arg(point.x)));
        }
    }

    void illegalPlanShowsNoCurve()
    {
        const CurveData data;
        QVERIFY(check::says(groundOf(data, {400, 220}), QStringLiteral("not legal")));
        QVERIFY(marksOf(data, {400, 220}).items.empty());
    }

    void chartFollowsTheDocument()
    {
        Shown shown;
        QCOMPARE(shown.chart.accessibleName(), QStringLiteral("TPOT over batch"));
        const Report& report = shown.document.report();
        QCOMPARE(shown.chart.curve().own.of(CurveFigure::Tpot), report.serving.tpot);
        QCOMPARE(*shown.chart.curve().limit, static_cast<double>(report.memory.maxBatchPerReplica));
        const QImage before = shown.chart.grab().toImage();
        Scenario next = shown.document.scenario();
        next.workload.batch = 100;
        shown.document.edit(next, QStringLiteral("Batch 100"));
        QCOMPARE(shown.chart.curve().own.x, 100.0);
        QVERIFY(shown.chart.grab().toImage() != before);
        shown.chart.setTheme(Theme::of(ThemeId::Dark));
        QCOMPARE(shown.chart.grab().toImage().pixelColor(2, 2), Theme::of(ThemeId::Dark).color(Ink::Surface));
    }

    /// A few points at once, all of them when the hand rests, none while nothing is visible.
    void evaluatesWhatIsSeen()
    {
        Shown shown({CurveInput::Input, CurveFigure::Ttft});
        const std::size_t all = shown.chart.curve().points.size();
        QVERIFY(all > 20);
        shown.chart.hide();
        Scenario next = shown.document.scenario();
        next.workload.input = 5000;
        shown.document.edit(next, QStringLiteral("Input"));
        QVERIFY(shown.chart.curve().own.x != 5000); // not looked at: not evaluated
        shown.chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&shown.chart));
        QTRY_COMPARE(shown.chart.curve().own.x, 5000.0);
        QTRY_VERIFY(shown.chart.curve().complete);
        QVERIFY(shown.chart.curve().points.size() + 2 >= all);
        for (const CurvePoint& point : shown.chart.curve().points)
            QCOMPARE(point.of(CurveFigure::Ttft), curvePoint(shown.document.scenario(), CurveInput::Input, point.x).of(CurveFigure::Ttft));
    }

    void aClickLoadsAValue()
    {
        Shown shown;
        const int before = shown.document.undoStack().count();
        const auto wanted = std::find_if(shown.chart.curve().points.begin(), shown.chart.curve().points.end(),
                                         [](const CurvePoint& point) { return point.x == 128; });
        QVERIFY(wanted != shown.chart.curve().points.end());
        const double tpot = wanted->of(CurveFigure::Tpot);
        QTest::mouseClick(shown.chart.viewport(), Qt::LeftButton, {}, shown.at(128, tpot));
        QCOMPARE(shown.document.scenario().workload.batch, 128);
        QCOMPARE(shown.document.report().serving.tpot, tpot);
        QCOMPARE(shown.document.undoStack().count(), before + 1);
        QCOMPARE(shown.document.undoStack().undoText(), QStringLiteral("Batch 128"));
        shown.document.undoStack().undo();
        QCOMPARE(shown.document.scenario().workload.batch, 32);
        // By keys: one step to the right of the own value, then load.
        shown.chart.setFocus();
        QTest::keyClick(&shown.chart, Qt::Key_Right);
        QTest::keyClick(&shown.chart, Qt::Key_Return);
        QCOMPARE(shown.document.scenario().workload.batch, 40);
    }

    void anIllegalValueIsNotLoaded()
    {
        Shown shown({CurveInput::Tensor});
        const Scenario before = shown.document.scenario();
        QTest::mouseClick(shown.chart.viewport(), Qt::LeftButton, {},
                          QPoint(static_cast<int>(shown.layout().xOf(6)), static_cast<int>(shown.layout().plot.center().y())));
        QVERIFY(shown.document.scenario() == before);
    }

    void theTargetIsDragged()
    {
        Shown shown;
        Scenario next = shown.document.scenario();
        next.targets.tpot = 0.02;
        shown.document.edit(next, QStringLiteral("Target"));
        shown.document.endMerge();
        QVERIFY(check::says(marksOf(shown.chart.curve(), shown.chart.viewport()->size()), QStringLiteral("target 20")));
        const int before = shown.document.undoStack().count();
        const CurveLayout layout = shown.layout();
        const QPoint handle = targetHandle(shown.chart.curve(), layout).center().toPoint();
        QWidget* port = shown.chart.viewport();
        QTest::mousePress(port, Qt::LeftButton, {}, handle);
        for (int step = 1; step <= 12; ++step)
            QTest::mouseMove(port, handle + QPoint(0, step * 2));
        QTest::mouseRelease(port, Qt::LeftButton, {}, handle + QPoint(0, 24));
        const double expected = layout.figureAt(handle.y() + 24);
        QVERIFY(shown.document.scenario().targets.tpot);
        QVERIFY2(std::abs(*shown.document.scenario().targets.tpot / expected - 1) < 0.02,
                 qPrintable(QString::number(*shown.document.scenario().targets.tpot)));
        QCOMPARE(shown.document.undoStack().count(), before + 1); // one step for the whole drag
        QCOMPARE(shown.document.scenario().workload.batch, 32);   // and no value was loaded
        shown.document.undoStack().undo();
        QCOMPARE(*shown.document.scenario().targets.tpot, 0.02);
    }

    void theTargetIsTyped()
    {
        Shown shown({std::nullopt, CurveFigure::Ttft});
        QTest::keyClick(&shown.chart, Qt::Key_T);
        auto* editor = shown.chart.findChild<QLineEdit*>(QStringLiteral("targetEditor"));
        QVERIFY(editor != nullptr && editor->isVisible());
        const auto type = [editor](const QString& text) {
            editor->selectAll();
            QTest::keyClicks(editor, text);
            QTest::keyClick(editor, Qt::Key_Return);
        };
        type(QStringLiteral("soon"));
        QVERIFY(editor->isVisible() && !shown.document.scenario().targets.ttft);
        type(QStringLiteral("900 ms"));
        QVERIFY(!editor->isVisible());
        QCOMPARE(*shown.document.scenario().targets.ttft, 0.9);
        QVERIFY(!shown.document.scenario().targets.tpot);
        // Double click on the handle opens it again; Escape changes nothing; emptied, the target goes.
        QTest::mouseDClick(shown.chart.viewport(), Qt::LeftButton, {},
                           targetHandle(shown.chart.curve(), shown.layout()).center().toPoint());
        QVERIFY(editor->isVisible());
        QTest::keyClick(editor, Qt::Key_Escape);
        QVERIFY(!editor->isVisible());
        QCOMPARE(*shown.document.scenario().targets.ttft, 0.9);
        shown.chart.editTarget();
        type(QString(QLatin1Char(' ')));
        QVERIFY(!shown.document.scenario().targets.ttft);
    }
};

QTEST_MAIN(TestCurveChart)
#include "tst_curvechart.moc"
