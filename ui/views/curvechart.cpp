// SPDX-License-Identifier: Apache-2.0
#include "ui/views/curvechart.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"

#include <QChart>
#include <QCoreApplication>
#include <QGraphicsLayout>
#include <QGraphicsScene>
#include <QLineSeries>
#include <QPainter>
#include <QValueAxis>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace shardlens {

/// The Qt Charts part: two line series on bare axes.
class CurvePlot {
public:
    CurvePlot() : m_chart(new QChart), m_fits(new QLineSeries), m_beyond(new QLineSeries), m_x(new QValueAxis), m_y(new QValueAxis)
    {
        m_chart->legend()->hide();
        m_chart->setBackgroundVisible(false);
        m_chart->setAnimationOptions(QChart::NoAnimation);
        m_chart->setMargins({});
        m_chart->layout()->setContentsMargins(0, 0, 0, 0);
        for (QValueAxis* axis : {m_x, m_y}) {
            axis->setLabelsVisible(false);
            axis->setGridLineVisible(false);
            axis->setLineVisible(false);
            m_chart->addAxis(axis, axis == m_x ? Qt::AlignBottom : Qt::AlignLeft);
        }
        for (QLineSeries* series : {m_fits, m_beyond}) {
            m_chart->addSeries(series);
            series->attachAxis(m_x);
            series->attachAxis(m_y);
        }
        m_x->setRange(0, 1);
        m_y->setRange(0, 1);
    }

    [[nodiscard]] QChart* chart() const { return m_chart; }

    void setTheme(const Theme& theme)
    {
        m_fits->setPen(QPen(theme.color(Ink::Text), 2));
        QPen dashed(theme.color(Ink::Text2), 1.25);
        dashed.setDashPattern({4, 3});
        m_beyond->setPen(dashed);
    }

    /// Points go in as fractions of the plot: the axes stay 0 to 1 and are never laid out again.
    void setCurve(const CurveData& data, const CurveLayout& layout)
    {
        QList<QPointF> fits;
        QList<QPointF> beyond;
        QPointF before;
        for (const BatchPoint& point : data.points) {
            if (!point.legal || point.batch < 1)
                continue;
            const QPointF at(std::log2(point.batch) / layout.mostBatchLog, point.tpot / layout.mostSeconds);
            if (point.fits) {
                fits.append(at);
            } else {
                if (beyond.isEmpty() && !fits.isEmpty()) {
                    // The change happens at the limit itself, between two points of the curve.
                    const double x = std::log2(static_cast<double>(std::max<std::int64_t>(data.limit, 1))) / layout.mostBatchLog;
                    const double along = at.x() > before.x() ? std::clamp((x - before.x()) / (at.x() - before.x()), 0.0, 1.0) : 0.0;
                    const QPointF edge = before + (at - before) * along;
                    fits.append(edge);
                    beyond.append(edge);
                }
                beyond.append(at);
            }
            before = at;
        }
        m_fits->replace(fits);
        m_beyond->replace(beyond);
    }

    void place(QSizeF size, const CurveLayout& layout)
    {
        if (m_chart->size() != size)
            m_chart->resize(size);
        if (m_placed != layout.plot) {
            m_placed = layout.plot;
            m_chart->setPlotArea(layout.plot);
        }
    }

private:
    QChart* m_chart; ///< owned by the view or scene that shows it
    QLineSeries* m_fits;
    QLineSeries* m_beyond;
    QValueAxis* m_x;
    QValueAxis* m_y;
    QRectF m_placed;
};

namespace {

struct CurveText {
    Q_DECLARE_TR_FUNCTIONS(CurveChart)
};

constexpr double kHeader = 22;
constexpr double kUnderTitle = 10; ///< 6 px between the title and the label of the highest tick
constexpr double kAxis = 20;

struct YUnit {
    double seconds;
    QString name;
};

YUnit yUnitOf(double most)
{
    if (most >= 1)
        return {1, QStringLiteral("s")};
    if (most >= 1e-3)
        return {1e-3, QStringLiteral("ms")};
    return most >= 1e-6 ? YUnit{1e-6, QStringLiteral("\u00B5s")} : YUnit{1e-9, QStringLiteral("ns")};
}

QString yLabel(double seconds, const YUnit& unit)
{
    return rateFigure(seconds / unit.seconds).joined();
}

/// Where the value of the current batch stands: at the foot of its mark, or where it covers least of curve and `avoid`.
QRectF placePlate(const CurveData& data, const CurveLayout& layout, const QString& text, const QRectF& avoid)
{
    const QRectF& plot = layout.plot;
    const QPointF point(layout.xOf(data.batch), layout.yOf(data.tpot));
    const double width = textWidth(text, TextRole::BodyMedium) + 12;
    const double height = lineHeight(TextRole::BodyMedium) + 6;
    const double foot = plot.bottom() - height - 4;
    const double head = plot.top() + 2;
    const double level = std::clamp(point.y() - height / 2, head, std::max(head, foot));
    const double before = point.x() - width - 16;
    const double after = point.x() + 16;
    const double middle = point.x() - width / 2;
    const std::array<QPointF, 10> places{QPointF(middle, foot),
                                         QPointF(middle, point.y() - height - 18),
                                         QPointF(middle, plot.center().y() - height / 2),
                                         QPointF(middle, head),
                                         QPointF(before, level),
                                         QPointF(after, level),
                                         QPointF(before, foot),
                                         QPointF(after, foot),
                                         QPointF(before, head),
                                         QPointF(after, head)};
    // What a plate there would cover: the label of the limit and the mark count for more than the curve.
    const auto covered = [&](const QRectF& plate) {
        int count = 0;
        if (plate.intersects(avoid))
            count += 1000;
        if (plate.adjusted(-9, -9, 9, 9).contains(point))
            count += 1000;
        if (plate.top() < plot.top() || plate.bottom() > plot.bottom())
            count += 1000;
        for (const BatchPoint& each : data.points)
            count += each.legal && plate.contains(QPointF(layout.xOf(each.batch), layout.yOf(each.tpot))) ? 1 : 0;
        return count;
    };
    QRectF plate;
    int least = std::numeric_limits<int>::max();
    for (const QPointF& place : places) {
        const double left = std::clamp(place.x(), plot.left() + 2, std::max(plot.left() + 2, plot.right() - width - 2));
        const QRectF candidate(left, place.y(), width, height);
        const int count = covered(candidate);
        if (count < least) {
            least = count;
            plate = candidate;
        }
    }
    return plate;
}

void drawPlate(Scene& scene, const Theme& theme, QPointF point, const QRectF& plate, const QString& text)
{
    if (text.isEmpty())
        return;
    const QPointF nearest(std::clamp(point.x(), plate.left(), plate.right()), std::clamp(point.y(), plate.top(), plate.bottom()));
    scene.line(point, nearest, theme.color(Ink::Text));
    scene.roundedRect(plate, 2, theme.color(Ink::Surface), theme.color(Ink::Strong));
    scene.text(plate, text, TextRole::BodyMedium, theme.color(Ink::Text), Qt::AlignCenter);
}

bool drawable(const CurveData& data, QSizeF size)
{
    const auto legal = std::count_if(data.points.begin(), data.points.end(), [](const BatchPoint& point) { return point.legal; });
    return data.legal && legal >= 2 && size.width() >= 140 && size.height() >= 90;
}

} // namespace

double CurveLayout::xOf(double batch) const
{
    return plot.left() + std::log2(std::max(batch, 1.0)) / mostBatchLog * plot.width();
}

CurveData curveOf(const Scenario& scenario, const Report& report)
{
    CurveData data;
    data.legal = report.legal;
    data.batch = scenario.workload.batch;
    if (!report.legal)
        return data;
    data.tpot = report.decode.time; // of the static batch that the curve is of, whatever the load
    data.limit = report.memory.maxBatchPerReplica;
    const std::int64_t wanted = std::max<std::int64_t>({16, std::int64_t{data.batch} * 2, data.limit + data.limit / 2});
    batchCurve(scenario, static_cast<int>(std::min<std::int64_t>(wanted, kMaxBatch)), data.points);
    if (report.serving.intervals && report.serving.tpot > 0)
        data.band =
            Spread{report.serving.intervals->tpot.low / report.serving.tpot, report.serving.intervals->tpot.high / report.serving.tpot};
    return data;
}

QString describeCurve(const CurveData& data)
{
    if (!data.legal)
        return CurveText::tr("The plan is not legal, so there is no curve.");
    const QString now = CurveText::tr("TPOT is %1 at batch %2").arg(qs(formatSeconds(data.tpot)), qs(formatCount(data.batch)));
    return data.limit > 0 ? CurveText::tr("%1; at most %2 sequences fit.").arg(now, qs(formatCount(data.limit)))
                          : CurveText::tr("%1; no batch fits.").arg(now);
}

CurveLayout curveLayout(const CurveData& data, QSizeF size)
{
    CurveLayout layout;
    double most = 0;
    int mostBatch = 2;
    for (const BatchPoint& point : data.points) {
        if (!point.legal)
            continue;
        most = std::max(most, point.tpot);
        mostBatch = std::max(mostBatch, point.batch);
    }
    most = std::max(most, data.tpot);
    mostBatch = std::max(mostBatch, data.batch);
    const double inset = space::kInset;
    const double height = std::max(size.height() - kHeader - kUnderTitle - kAxis - space::kTight * 2, 10.0);
    layout.yTicks = niceTicks(most, height < 110 ? 3 : 5);
    layout.mostSeconds = layout.yTicks.back();
    layout.mostBatchLog = std::log2(mostBatch);
    const YUnit unit = yUnitOf(layout.mostSeconds);
    double labels = 0;
    for (const double tick : layout.yTicks)
        labels = std::max(labels, textWidth(yLabel(tick, unit), TextRole::Note));
    const double left = inset + labels + 8;
    layout.plot = {left, space::kTight + kHeader + kUnderTitle, std::max(size.width() - left - inset - 6, 10.0), height};
    // As many powers of two as leave room for their labels.
    const double widest = textWidth(qs(formatCount(mostBatch)), TextRole::Note) + 16;
    const double octave = layout.plot.width() / layout.mostBatchLog;
    const int step = std::max({1, static_cast<int>(std::ceil(widest / octave)), static_cast<int>(std::ceil(layout.mostBatchLog / 9))});
    for (int power = 0; power <= static_cast<int>(layout.mostBatchLog + 1e-9); power += step)
        layout.xTicks.push_back(1 << power);
    return layout;
}

namespace {

/// One edge of the 80 % interval, where it lies inside the plot.
void drawBandEdge(const CurveData& data, const CurveLayout& layout, double factor, const Theme& theme, Scene& scene)
{
    QPolygonF line;
    for (const BatchPoint& point : data.points) {
        const double y = layout.yOf(point.tpot * factor);
        if (!point.legal || y < layout.plot.top() || layout.xOf(point.batch) > layout.plot.right())
            continue;
        line << QPointF(layout.xOf(point.batch), y);
    }
    if (line.size() > 1)
        scene.polyline(line, theme.color(Ink::Text3), 1, true);
}

} // namespace

void buildCurveGround(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene)
{
    scene.clear(size);
    const double inset = space::kInset;
    const QRectF header(inset, space::kTight, size.width() - 2 * inset, kHeader - 4);
    const QString title = CurveText::tr("TPOT over batch");
    if (header.width() < 20)
        return;
    scene.text(header, title, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    if (!drawable(data, size)) {
        if (size.height() >= kHeader + 24)
            scene.text({inset, kHeader + 4, header.width(), 18},
                       data.legal ? CurveText::tr("Too few batches are legal for a curve.") : CurveText::tr("The plan is not legal."),
                       TextRole::Note, theme.color(Ink::Text3), Qt::AlignLeft | Qt::AlignVCenter, true);
        return;
    }
    const CurveLayout layout = curveLayout(data, size);
    const YUnit unit = yUnitOf(layout.mostSeconds);
    const double used = textWidth(title, TextRole::BodyStrong) + space::kSmall;
    const QString what =
        data.limit > 0 ? CurveText::tr("%1, sequences per replica").arg(unit.name) : CurveText::tr("%1, no batch fits").arg(unit.name);
    const QString withBand = data.band ? CurveText::tr("%1; dashed: 80 %").arg(what) : what;
    const QString shortBand = data.band ? CurveText::tr("%1; dashed: 80 %").arg(unit.name) : what;
    const QString units = firstFitting({withBand, shortBand, what, unit.name}, TextRole::Note, header.width() - used);
    scene.text(header.adjusted(used, 0, 0, 0), units, TextRole::Note, theme.color(Ink::Text3));
    const double limit = data.limit > 0 ? layout.xOf(static_cast<double>(data.limit)) : layout.plot.left();
    if (limit < layout.plot.right() - 1)
        scene.hatch({limit, layout.plot.top(), layout.plot.right() - limit, layout.plot.height()}, Hatch::OverCapacity);
    const double line = lineHeight(TextRole::Note);
    for (const double tick : layout.yTicks) {
        const double y = layout.yOf(tick);
        scene.line({layout.plot.left(), y}, {layout.plot.right(), y}, theme.color(tick == 0 ? Ink::Strong : Ink::Grid));
        scene.text({inset, y - line / 2, layout.plot.left() - 6 - inset, line}, yLabel(tick, unit), TextRole::Note, theme.color(Ink::Text3),
                   Qt::AlignRight | Qt::AlignVCenter);
    }
    for (const int batch : layout.xTicks) {
        const double x = layout.xOf(batch);
        scene.line({x, layout.plot.bottom()}, {x, layout.plot.bottom() + 4}, theme.color(Ink::Strong));
        const QString label = qs(formatCount(batch));
        const double width = textWidth(label, TextRole::Note);
        const double left = std::min(x - width / 2, size.width() - 2 - width);
        scene.text({left, layout.plot.bottom() + 5, width, line}, label, TextRole::Note, theme.color(Ink::Text3));
    }
    if (data.band)
        for (const double factor : {data.band->low, data.band->high})
            drawBandEdge(data, layout, factor, theme, scene);
}

void buildCurveMarks(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene)
{
    scene.clear(size);
    if (!drawable(data, size))
        return;
    const CurveLayout layout = curveLayout(data, size);
    const QRectF& plot = layout.plot;
    const double line = lineHeight(TextRole::Note);
    const QPointF point(layout.xOf(data.batch), layout.yOf(data.tpot));
    const bool inside = data.limit >= data.batch;
    const QString value = CurveText::tr("%1 at batch %2").arg(qs(formatSeconds(data.tpot)), qs(formatCount(data.batch)));
    const QString text = firstFitting({inside ? value : CurveText::tr("%1, does not fit").arg(value), value, qs(formatSeconds(data.tpot))},
                                      TextRole::BodyMedium, plot.width() - 12);
    QRectF plate = placePlate(data, layout, text, {});
    const QRectF taken(point.x() - 9, point.y() - 9, 18, 18);
    if (data.limit > 0 && layout.xOf(static_cast<double>(data.limit)) <= plot.right() + 0.5) {
        const double x = layout.xOf(static_cast<double>(data.limit));
        scene.line({x, plot.top() - 2}, {x, plot.bottom()}, theme.color(Ink::Text), 2);
        const QString full = CurveText::tr("full at %1").arg(qs(formatCount(data.limit)));
        const double wide = textWidth(full, TextRole::Note);
        // Left of its line at the top, unless the mark is there.
        QRectF label(x - 6 - wide, plot.top(), wide, line);
        const auto bad = [&] { return label.left() < plot.left() || label.right() > size.width() - 2 || label.intersects(taken); };
        for (const QPointF at :
             {QPointF(x + 6, plot.top()), QPointF(x - 6 - wide, plot.bottom() - line - 2), QPointF(x + 6, plot.bottom() - line - 2)})
            if (bad())
                label.moveTopLeft(at);
        const QRectF avoid = label.adjusted(-4, -2, 4, 2);
        const QRectF beside = placePlate(data, layout, text, avoid);
        if (!bad() && (text.isEmpty() || !beside.intersects(avoid))) { // the value comes before the limit
            plate = beside;
            scene.fill(label.adjusted(-2, 0, 2, 0), theme.color(Ink::Surface));
            scene.text(label, full, TextRole::Note, theme.color(Ink::Text2));
        }
    }
    drawPlate(scene, theme, point, plate, text);
    QPainterPath ring;
    ring.addEllipse(point, 5, 5);
    scene.path(ring, theme.color(Ink::Surface), theme.color(Ink::Text), 2);
}

void paintCurve(QPainter& painter, const QRectF& area, const CurveData& data, const Theme& theme)
{
    Scene layer;
    painter.save();
    painter.translate(area.topLeft());
    buildCurveGround(data, area.size(), theme, layer);
    paint(painter, layer, theme);
    if (drawable(data, area.size())) {
        CurvePlot plot;
        QGraphicsScene graphics;
        graphics.addItem(plot.chart());
        plot.setTheme(theme);
        const CurveLayout layout = curveLayout(data, area.size());
        plot.place(area.size(), layout);
        plot.setCurve(data, layout);
        painter.setRenderHint(QPainter::Antialiasing);
        const QRectF whole(QPointF(0, 0), area.size());
        graphics.render(&painter, whole, whole);
        buildCurveMarks(data, area.size(), theme, layer);
        paint(painter, layer, theme);
    }
    painter.restore();
}

CurveChart::CurveChart(QWidget* parent) : QChartView(parent), m_plot(std::make_unique<CurvePlot>()), m_theme(&Theme::of(ThemeId::Light))
{
    const std::unique_ptr<QChart> replaced(chart()); // the view made one of its own and hands it back
    setChart(m_plot->chart());
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setViewportUpdateMode(QGraphicsView::FullViewportUpdate);
    setRenderHint(QPainter::Antialiasing);
    setInteractive(false);
    setAccessibleName(CurveText::tr("TPOT over batch"));
    m_plot->setTheme(*m_theme);
    setBackgroundBrush(m_theme->color(Ink::Surface));
}

CurveChart::~CurveChart() = default;

void CurveChart::follow(Document& document)
{
    m_document = &document;
    connect(&document, &Document::reportChanged, this, [this] { refresh(); });
    refresh();
}

void CurveChart::refresh()
{
    m_stale = !isVisible();
    if (m_document != nullptr && !m_stale)
        setCurve(curveOf(m_document->scenario(), m_document->report()));
}

void CurveChart::setCurve(const CurveData& next)
{
    m_data = next;
    setAccessibleDescription(describeCurve(m_data));
    place();
}

void CurveChart::setTheme(const Theme& theme)
{
    m_theme = &theme;
    setBackgroundBrush(theme.color(Ink::Surface));
    m_plot->setTheme(theme);
    place();
}

void CurveChart::place()
{
    const QSizeF size = viewport()->size();
    const bool shown = drawable(m_data, size);
    m_plot->chart()->setVisible(shown);
    if (shown) {
        const CurveLayout layout = curveLayout(m_data, size);
        m_plot->place(size, layout);
        m_plot->setCurve(m_data, layout);
    }
    buildCurveGround(m_data, size, *m_theme, m_ground);
    buildCurveMarks(m_data, size, *m_theme, m_marks);
    viewport()->update();
}

void CurveChart::drawBackground(QPainter* painter, const QRectF& rect)
{
    QGraphicsView::drawBackground(painter, rect);
    paint(*painter, m_ground, *m_theme);
}

void CurveChart::drawForeground(QPainter* painter, const QRectF&)
{
    paint(*painter, m_marks, *m_theme);
}

void CurveChart::resizeEvent(QResizeEvent* event)
{
    QChartView::resizeEvent(event);
    place();
}

void CurveChart::showEvent(QShowEvent* event)
{
    QChartView::showEvent(event);
    if (m_stale)
        refresh();
}

} // namespace shardlens
