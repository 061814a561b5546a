// SPDX-License-Identifier: Apache-2.0
#include "ui/views/curvechart.h"

#include "core/base/format.h"
#include "core/scenario/evaluate.h"

#include <QChart>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QGraphicsLayout>
#include <QGraphicsScene>
#include <QLineSeries>
#include <QPainter>
#include <QTimerEvent>
#include <QValueAxis>

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardlens {
namespace {

struct CurveText {
    Q_DECLARE_TR_FUNCTIONS(CurveChart)
};

constexpr double kFirstSeconds = 0.7e-3; ///< of evaluation within the frame of a drag
constexpr double kSliceSeconds = 5e-3;   ///< and of each event once the hand rests
constexpr int kRestMs = 60;

} // namespace

/// The Qt Charts part: line series on bare axes, one for each stretch of the curve.
class CurvePlot {
public:
    CurvePlot() : m_chart(new QChart), m_x(new QValueAxis), m_y(new QValueAxis)
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
        m_x->setRange(0, 1);
        m_y->setRange(0, 1);
        series(m_fits, 0);
        series(m_beyond, 0);
    }

    [[nodiscard]] QChart* chart() const { return m_chart; }

    void setTheme(const Theme& theme)
    {
        m_fitsPen = QPen(theme.color(Ink::Text), 2);
        m_beyondPen = QPen(theme.color(Ink::Text2), 1.25);
        m_beyondPen.setDashPattern({4, 3});
        for (QLineSeries* each : m_fits)
            each->setPen(m_fitsPen);
        for (QLineSeries* each : m_beyond)
            each->setPen(m_beyondPen);
    }

    /// Points go in as fractions of the plot: the axes stay 0 to 1 and are never laid out again.
    void setCurve(const CurveData& data, const CurveLayout& layout)
    {
        std::size_t fits = 0;
        std::size_t beyond = 0;
        for (const CurveRun& run : curveRuns(data, layout)) {
            if (run.points.size() < 2)
                continue;
            (run.fits ? series(m_fits, fits++) : series(m_beyond, beyond++))->replace(run.points);
        }
        const auto clear = [](std::vector<QLineSeries*>& all, std::size_t from) {
            for (std::size_t i = from; i < all.size(); ++i)
                if (all[i]->count() > 0)
                    all[i]->clear();
        };
        clear(m_fits, fits);
        clear(m_beyond, beyond);
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
    QLineSeries* series(std::vector<QLineSeries*>& all, std::size_t index)
    {
        while (all.size() <= index) {
            auto* made = new QLineSeries;
            m_chart->addSeries(made);
            made->attachAxis(m_x);
            made->attachAxis(m_y);
            made->setPen(&all == &m_fits ? m_fitsPen : m_beyondPen);
            all.push_back(made);
        }
        return all[index];
    }

    QChart* m_chart; ///< owned by the view or scene that shows it
    QValueAxis* m_x;
    QValueAxis* m_y;
    std::vector<QLineSeries*> m_fits;
    std::vector<QLineSeries*> m_beyond;
    QPen m_fitsPen;
    QPen m_beyondPen;
    QRectF m_placed;
};

void paintCurve(QPainter& painter, const QRectF& area, const CurveData& data, const Theme& theme)
{
    Scene layer;
    painter.save();
    painter.translate(area.topLeft());
    buildCurveGround(data, area.size(), theme, layer);
    paint(painter, layer, theme);
    if (isDrawable(data, area.size())) {
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
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(curveTitle(m_data));
    m_plot->setTheme(*m_theme);
    setBackgroundBrush(m_theme->color(Ink::Surface));
    followTextScale(this, [this] { place(); });
}

CurveChart::~CurveChart() = default;

void CurveChart::follow(Document& document)
{
    m_document = &document;
    connect(&document, &Document::reportChanged, this, &CurveChart::documentChanged);
    documentChanged();
}

void CurveChart::documentChanged()
{
    // What is not seen costs nothing; a dock behind another one is visible, but nothing of it is to be seen.
    if (!isVisible() || viewport()->visibleRegion().isEmpty()) {
        m_stale = true;
        m_rest.stop();
        return;
    }
    refresh();
}

void CurveChart::refresh()
{
    m_stale = false;
    if (m_document == nullptr)
        return;
    ++m_refreshes;
    const Scenario& scenario = m_document->scenario();
    std::vector<double> values;
    CurveData next = curveGround(scenario, m_document->report(), m_choice, values);
    const bool steps = next.legal && next.input == CurveInput::Batch && next.figure == CurveFigure::Tpot;
    m_data = std::move(next);
    m_wanted.clear();
    if (steps) {
        // The commonest curve is cheap: the model of a step is compiled once for all batches. Its other figures come with other choices.
        static thread_local std::vector<BatchPoint> batches;
        batchCurve(scenario, static_cast<int>(values.empty() ? m_data.own.x : std::max(values.back(), m_data.own.x)), batches);
        for (const BatchPoint& batch : batches) {
            if (batch.batch == static_cast<int>(m_data.own.x) && !m_data.simulated)
                continue;
            if (!batch.legal) {
                insertPoint(curvePoint(scenario, CurveInput::Batch, batch.batch)); // for its reason
                continue;
            }
            CurvePoint point;
            point.x = batch.batch;
            point.legal = true;
            point.fits = batch.fits;
            point.y.fill(std::nan(""));
            point.y[static_cast<std::size_t>(CurveFigure::Tpot)] = batch.tpot;
            insertPoint(std::move(point));
        }
    } else {
        for (const std::size_t index : coarseToFine(values.size()))
            m_wanted.push_back(values[index]);
        std::reverse(m_wanted.begin(), m_wanted.end());
        work(kFirstSeconds);
    }
    m_data.complete = m_wanted.empty();
    findLimit(m_data, scenario, m_data.complete);
    addMeasured();
    if (m_data.complete)
        m_rest.stop();
    else
        m_rest.start(kRestMs, this);
    m_ruler = -1;
    setAccessibleName(curveTitle(m_data));
    setAccessibleDescription(describeCurve(m_data));
    place();
}

void CurveChart::insertPoint(CurvePoint point)
{
    const auto after =
        std::upper_bound(m_data.points.begin(), m_data.points.end(), point.x, [](double x, const CurvePoint& each) { return x < each.x; });
    m_data.points.insert(after, std::move(point));
}

void CurveChart::work(double seconds)
{
    QElapsedTimer clock;
    clock.start();
    const auto limit = static_cast<qint64>(seconds * 1e9);
    while (!m_wanted.empty()) {
        insertPoint(curvePoint(m_document->scenario(), m_data.input, m_wanted.back()));
        m_wanted.pop_back();
        if (clock.nsecsElapsed() >= limit)
            break;
    }
}

void CurveChart::timerEvent(QTimerEvent* event)
{
    if (event->timerId() != m_rest.timerId()) {
        QChartView::timerEvent(event);
        return;
    }
    if (m_document == nullptr || m_stale || viewport()->visibleRegion().isEmpty()) {
        m_rest.stop();
        m_stale = m_document != nullptr;
        return;
    }
    work(kSliceSeconds);
    m_data.complete = m_wanted.empty();
    findLimit(m_data, m_document->scenario(), m_data.complete);
    if (m_data.complete)
        m_rest.stop();
    else
        m_rest.start(0, this);
    m_ruler = -1;
    place();
}

void CurveChart::finish()
{
    if (m_document == nullptr)
        return;
    refresh();
    while (!m_wanted.empty())
        work(1);
    m_rest.stop();
    m_data.complete = true;
    findLimit(m_data, m_document->scenario(), true);
    place();
}

void CurveChart::addMeasured()
{
    m_data.measured.clear();
    m_data.measuredNote.clear();
    if (m_document == nullptr || !m_samples || !m_data.legal)
        return;
    m_data.measured = measuredAlong(m_document->scenario(), *m_samples, m_data.input, m_data.figure);
    m_data.measuredNote = measuredNoteOf(m_document->scenario(), m_data.figure, m_data.measured.size());
}

void CurveChart::setSamples(std::shared_ptr<const std::vector<MeasuredSample>> samples)
{
    m_samples = std::move(samples);
    addMeasured();
    place();
}

void CurveChart::setCurve(const CurveData& next)
{
    m_data = next;
    m_ruler = -1;
    setAccessibleName(curveTitle(m_data));
    setAccessibleDescription(describeCurve(m_data));
    place();
}

void CurveChart::setChoice(const CurveChoice& choice)
{
    if (choice == m_choice)
        return;
    m_choice = choice;
    documentChanged();
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
    const bool shown = isDrawable(m_data, size);
    m_plot->chart()->setVisible(shown);
    if (shown) {
        const CurveLayout layout = curveLayout(m_data, size);
        m_plot->place(size, layout);
        m_plot->setCurve(m_data, layout);
    }
    buildCurveGround(m_data, size, *m_theme, m_ground);
    buildCurveMarks(m_data, size, *m_theme, m_marks);
    setRuler(m_ruler);
    viewport()->update();
}

void CurveChart::setRuler(int point)
{
    m_ruler = point;
    if (point >= 0)
        buildCurveRuler(m_data, viewport()->size(), *m_theme, static_cast<std::size_t>(point), m_rulerScene);
    else
        m_rulerScene.clear(viewport()->size());
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
    if (m_ruler >= 0)
        paint(*painter, m_rulerScene, *m_theme);
}

void CurveChart::paintEvent(QPaintEvent* event)
{
    if (m_stale)
        refresh();
    QChartView::paintEvent(event);
}

void CurveChart::resizeEvent(QResizeEvent* event)
{
    QChartView::resizeEvent(event);
    place();
}

} // namespace shardlens
