// SPDX-License-Identifier: Apache-2.0
// The curve over the batch: its layout, the texts round it, and that a chart on screen follows its data.
#include "tests/ui/scenechecks.h"
#include "ui/scene/scenetext.h"
#include "ui/views/curvechart.h"

#include <QImage>
#include <QPainter>
#include <QTest>

#include <cmath>

using namespace shardlens;

namespace {

CurveData curve(int batch, std::int64_t limit, double scale = 1)
{
    const auto tpot = [scale](double n) { return scale * (0.012 + n * 2e-5); };
    CurveData data;
    data.legal = true;
    data.batch = batch;
    data.limit = limit;
    data.tpot = tpot(batch);
    const auto most = static_cast<double>(std::max<std::int64_t>({16, 2 * batch, limit + limit / 2}));
    for (double at = 1; at <= most; at = std::max(at + 1, std::floor(at * 1.2)))
        data.points.push_back({static_cast<int>(at), tpot(at), true, at <= static_cast<double>(limit)});
    return data;
}

QImage picture(const CurveData& data, QSize size)
{
    QImage image(size, QImage::Format_ARGB32_Premultiplied);
    image.fill(Theme::of(ThemeId::Light).color(Ink::Surface));
    QPainter painter(&image);
    paintCurve(painter, QRectF(QPointF(0, 0), size), data, Theme::of(ThemeId::Light));
    return image;
}

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
        const CurveData data = curve(batch, limit, scale);
        for (const QSizeF size : {QSizeF(150, 96), QSizeF(260, 150), QSizeF(400, 220), QSizeF(900, 420)}) {
            Scene ground;
            Scene marks;
            buildCurveGround(data, size, Theme::of(ThemeId::Light), ground);
            buildCurveMarks(data, size, Theme::of(ThemeId::Light), marks);
            QCOMPARE(check::textTrouble(ground), QString());
            QCOMPARE(check::textTrouble(marks), QString());
            const CurveLayout layout = curveLayout(data, size);
            QVERIFY(layout.yTicks.size() >= 2 && layout.yTicks.size() <= 10);
            QVERIFY(layout.xTicks.size() <= 10 && !layout.xTicks.empty());
            QVERIFY(layout.yTicks.back() >= data.tpot * (1 - 1e-9));
            QVERIFY(layout.xOf(batch) >= layout.plot.left() - 1e-9 && layout.xOf(batch) <= layout.plot.right() + 1e-9);
        }
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
        Scene ground;
        Scene marks;
        const CurveData data = curve(32, 546);
        const QSizeF size(400, 220);
        buildCurveGround(data, size, Theme::of(ThemeId::Light), ground);
        buildCurveMarks(data, size, Theme::of(ThemeId::Light), marks);
        QVERIFY(check::says(marks, QStringLiteral("full at 546")));
        QVERIFY(check::says(marks, QStringLiteral("at batch 32")));
        const double limit = curveLayout(data, size).xOf(546);
        bool hatched = false;
        for (const SceneItem& item : ground.items)
            hatched =
                hatched
                || (item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::OverCapacity && std::abs(item.rect.left() - limit) < 1e-9);
        QVERIFY(hatched);
        buildCurveMarks(curve(700, 546), size, Theme::of(ThemeId::Light), marks);
        QVERIFY(check::says(marks, QStringLiteral("does not fit")));
        buildCurveGround(curve(32, 0), size, Theme::of(ThemeId::Light), ground);
        QVERIFY(check::says(ground, QStringLiteral("no batch fits")));
    }

    void theIntervalIsDashed()
    {
        const auto dashes = [](const CurveData& data) {
            Scene ground;
            buildCurveGround(data, {400, 220}, Theme::of(ThemeId::Light), ground);
            return ground.polylines.size();
        };
        CurveData data = curve(32, 546);
        const std::size_t without = dashes(data);
        data.band = Spread{0.9, 1.1};
        QCOMPARE(dashes(data), without + 2);
        Scene ground;
        buildCurveGround(data, {700, 220}, Theme::of(ThemeId::Light), ground);
        QVERIFY(check::says(ground, QStringLiteral("dashed: 80 %")));
    }

    void curveIsPaintedWhereTheLayoutSays()
    {
        const CurveData data = curve(32, 546);
        const QSize size(400, 220);
        const QImage image = picture(data, size);
        const CurveLayout layout = curveLayout(data, size);
        for (const BatchPoint& point : data.points) {
            if (!point.fits || std::abs(layout.xOf(point.batch) - layout.xOf(32)) < 12)
                continue;
            const QPoint at(static_cast<int>(layout.xOf(point.batch)), static_cast<int>(layout.yOf(point.tpot)));
            int darkest = 255;
            for (int dy = -2; dy <= 2; ++dy)
                darkest = std::min(darkest, qGray(image.pixel(std::clamp(at.x(), 0, size.width() - 1), at.y() + dy)));
            QVERIFY2(darkest < 128, qPrintable(QStringLiteral("no ink at batch %1").arg(point.batch)));
        }
    }

    void illegalPlanShowsNoCurve()
    {
        CurveData data;
        Scene ground;
        buildCurveGround(data, {400, 220}, Theme::of(ThemeId::Light), ground);
        QVERIFY(check::says(ground, QStringLiteral("not legal")));
        Scene marks;
        buildCurveMarks(data, {400, 220}, Theme::of(ThemeId::Light), marks);
        QVERIFY(marks.items.empty());
        picture(data, {200, 120});
    }

    void chartFollowsItsData()
    {
        CurveChart chart;
        chart.resize(400, 220);
        chart.setCurve(curve(32, 546));
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        QCOMPARE(chart.accessibleName(), QStringLiteral("TPOT over batch"));
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral("at most 546")));
        const QImage before = chart.grab().toImage();
        chart.setCurve(curve(64, 200));
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral("at most 200")));
        QVERIFY(chart.grab().toImage() != before);
        chart.setTheme(Theme::of(ThemeId::Dark));
        QCOMPARE(chart.grab().toImage().pixelColor(2, 2), Theme::of(ThemeId::Dark).color(Ink::Surface));
    }
};

QTEST_MAIN(TestCurveChart)
#include "tst_curvechart.moc"
