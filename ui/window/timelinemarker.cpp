// SPDX-License-Identifier: Apache-2.0
#include "ui/window/timelinemarker.h"

#include "core/base/format.h"
#include "ui/views/sceneview.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

/// As many figures as tell one pixel from the next.
QString timeText(double time, double perPixel)
{
    const double ratio = time > 0 && perPixel > 0 ? time / perPixel : 1;
    return qs(formatSeconds(std::max(time, 0.0), std::clamp(static_cast<int>(std::ceil(std::log10(std::max(ratio, 1.0)))), 3, 8)));
}

} // namespace

TimelineMarker::TimelineMarker(SceneView* view) : QWidget(view), m_view(view)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void TimelineMarker::follow(const TimelineLayout& layout, QPointF pointer, const QString& piece)
{
    const auto panel = std::find_if(layout.panels.begin(), layout.panels.end(),
                                    [pointer](const TimelinePanel& each) { return each.plot.contains(pointer); });
    if (panel == layout.panels.end() || !(panel->duration > 0)) {
        m_text.clear();
        hide();
        return;
    }
    m_text = timeText(panel->timeAt(pointer.x()), panel->visible.length() / panel->plot.width());
    if (const QString both = QStringLiteral("%1 \u00B7 %2").arg(m_text, piece);
        !piece.isEmpty() && textWidth(both, TextRole::Note) + 8 <= m_view->width())
        m_text = both;
    const double width = std::ceil(textWidth(m_text, TextRole::Note)) + 8;
    const double height = std::ceil(lineHeight(TextRole::Note)) + 2;
    const double left = std::clamp(std::round(pointer.x() - width / 2), 0.0, std::max(m_view->width() - width, 0.0));
    const QRectF& plot = panel->plot;
    const double top = std::floor(plot.top());
    setGeometry(static_cast<int>(left), static_cast<int>(top), static_cast<int>(width),
                static_cast<int>(std::ceil(plot.bottom() - top + 4 + height)));
    m_line = pointer.x() - left;
    m_bottom = plot.bottom() - top + 4;
    m_label = {0, m_bottom, width, height};
    show();
    update();
}

void TimelineMarker::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_view->theme();
    m_scene.clear(QSizeF(size()));
    m_scene.line({m_line, 0}, {m_line, m_bottom}, theme.color(Ink::Text));
    m_scene.roundedRect(m_label.adjusted(0.5, 0, -0.5, -0.5), 2, theme.color(Ink::Surface), theme.color(Ink::Strong));
    m_scene.text(m_label, m_text, TextRole::Note, theme.color(Ink::Text), Qt::AlignCenter);
    QPainter painter(this);
    paint(painter, m_scene, theme);
}

} // namespace shardlens
