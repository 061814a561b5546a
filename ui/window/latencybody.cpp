// SPDX-License-Identifier: Apache-2.0
#include "ui/window/latencybody.h"

#include "core/scenario/comparedpoints.h"
#include "ui/views/curvechart.h"
#include "ui/views/sceneview.h"

#include <QTimer>

namespace shardlens {
namespace {

constexpr int kLeastBars = 370;
constexpr int kLeastCurve = 230;
constexpr int kReadAfterMs = 400; ///< when the window has long been painted

} // namespace

LatencyBody::LatencyBody(Document& document, SceneView* bars, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_bars(bars),
      m_curve(new CurveChart(this))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    bars->setParent(this);
    m_curve->follow(document);
    m_curve->viewport()->installEventFilter(this);
}

void LatencyBody::setTheme(const Theme& theme)
{
    m_bars->setTheme(theme);
    m_curve->setTheme(theme);
}

void LatencyBody::setShow(Show show)
{
    m_show = show;
    arrange();
}

void LatencyBody::finish()
{
    readSamples();
    if (m_curve->isVisibleTo(this))
        m_curve->finish();
}

void LatencyBody::readSamples()
{
    if (m_read)
        return;
    m_read = true;
    const Result<MeasuredPoints> points = readPoints(std::string(builtinPoints()), "points.csv");
    if (points.ok())
        m_curve->setSamples(std::make_shared<const std::vector<MeasuredSample>>(measuredSamples(points.value(), m_document.catalog())));
}

bool LatencyBody::eventFilter(QObject* watched, QEvent* event)
{
    // Painted: somebody looks. A dock behind another one is visible, but never painted, and coming to the front it is not shown anew.
    if (watched == m_curve->viewport() && event->type() == QEvent::Paint && !m_read && !m_waits) {
        m_waits = true;
        QTimer::singleShot(kReadAfterMs, this, [this] {
            m_waits = false;
            if (!m_curve->viewport()->visibleRegion().isEmpty())
                readSamples();
        });
    }
    return QWidget::eventFilter(watched, event);
}

void LatencyBody::resizeEvent(QResizeEvent*)
{
    arrange();
}

void LatencyBody::arrange()
{
    const bool room = width() >= kLeastBars + kLeastCurve;
    int curve = 0;
    if (m_show == Show::Curve)
        curve = width();
    else if (m_show == Show::Both && room)
        curve = qMax(kLeastCurve, width() * 38 / 100);
    m_bars->setVisible(curve < width());
    m_bars->setGeometry(0, 0, width() - curve, height());
    m_curve->setVisible(curve > 0);
    if (curve > 0)
        m_curve->setGeometry(width() - curve, 0, curve, height());
}

} // namespace shardlens
