// SPDX-License-Identifier: Apache-2.0
#include "ui/window/latencybody.h"

#include "ui/views/curvechart.h"
#include "ui/views/sceneview.h"

namespace shardlens {
namespace {

constexpr int kLeastBars = 400;
constexpr int kLeastCurve = 250;

} // namespace

LatencyBody::LatencyBody(Document& document, SceneView* bars, QWidget* parent)
    : QWidget(parent),
      m_bars(bars),
      m_curve(new CurveChart(this))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    bars->setParent(this);
    m_curve->follow(document);
}

void LatencyBody::setTheme(const Theme& theme)
{
    m_bars->setTheme(theme);
    m_curve->setTheme(theme);
}

void LatencyBody::resizeEvent(QResizeEvent*)
{
    const bool both = width() >= kLeastBars + kLeastCurve;
    const int curve = both ? qMax(kLeastCurve, width() * 38 / 100) : 0;
    m_bars->setGeometry(0, 0, width() - curve, height());
    m_curve->setVisible(both);
    if (both)
        m_curve->setGeometry(width() - curve, 0, curve, height());
}

} // namespace shardlens
