// SPDX-License-Identifier: Apache-2.0
#include "ui/window/timelinezoom.h"

#include "ui/views/sceneview.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <cmath>

namespace shardlens {
namespace {

constexpr double kKeyZoom = 1.5;
constexpr double kKeyPan = 0.1;
constexpr double kWheelNotch = 120;

} // namespace

TimelineZoom::TimelineZoom(Document& document, SceneView& view) : QObject(&view), m_document(document), m_view(view)
{
    view.installEventFilter(this);
    connect(&document, &Document::reportChanged, this, &TimelineZoom::follow);
    follow();
}

void TimelineZoom::follow()
{
    const Report& report = m_document.report();
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const Timeline& timeline = (phase == Phase::Prefill ? report.prefill : report.decode).timeline;
        Shape& known = m_shapes[static_cast<std::size_t>(phase)];
        const Shape now{timeline.stages, timeline.duration};
        if (now == known)
            continue;
        known = now;
        show(phase, {});
    }
}

TimelineLayout TimelineZoom::layout() const
{
    // The theme changes no geometry.
    return timelineLayout({m_document.scenario(), m_document.report(), m_view.size(), Theme::of(ThemeId::Light)}, m_options);
}

void TimelineZoom::fit()
{
    m_options = {};
    m_view.setBuilder([](const ViewInput& input, Scene& scene) { buildTimeline(input, {}, scene); });
}

void TimelineZoom::show(Phase phase, TimeRange range)
{
    TimeRange& visible = m_options.visible[static_cast<std::size_t>(phase)];
    if (visible == range)
        return;
    visible = range;
    m_view.setBuilder([options = m_options](const ViewInput& input, Scene& scene) { buildTimeline(input, options, scene); });
}

bool TimelineZoom::wheel(QWheelEvent& event)
{
    const TimelineLayout current = layout();
    const TimelinePanel* panel = current.panelAt(event.position());
    if (panel == nullptr || !(panel->duration > 0))
        return false;
    const QPoint turn = event.angleDelta();
    if (std::abs(turn.x()) > std::abs(turn.y()))
        show(panel->phase, panRange(panel->visible, -turn.x() / kWheelNotch * kKeyPan * panel->visible.length(), panel->duration));
    else
        show(panel->phase,
             zoomRange(panel->visible, panel->timeAt(event.position().x()), std::pow(kKeyZoom, -turn.y() / kWheelNotch), panel->duration));
    event.accept();
    return true;
}

bool TimelineZoom::key(int key)
{
    if (key == Qt::Key_0) {
        fit();
        return true;
    }
    const bool zooms = key == Qt::Key_Plus || key == Qt::Key_Minus || key == Qt::Key_W || key == Qt::Key_S;
    const bool pans = key == Qt::Key_A || key == Qt::Key_D;
    if (!zooms && !pans)
        return false;
    const bool in = key == Qt::Key_Plus || key == Qt::Key_W;
    // Without a pointer both phases follow: whoever zooms by key looks at the shape, not at one piece.
    for (const TimelinePanel& panel : layout().panels) {
        if (!(panel.duration > 0))
            continue;
        const TimeRange range = panel.visible;
        const double middle = range.begin + range.length() / 2;
        show(panel.phase, zooms ? zoomRange(range, middle, in ? 1 / kKeyZoom : kKeyZoom, panel.duration)
                                : panRange(range, (key == Qt::Key_D ? kKeyPan : -kKeyPan) * range.length(), panel.duration));
    }
    return true;
}

void TimelineZoom::drag(QPointF to)
{
    const TimelineLayout current = layout();
    const TimelinePanel& panel = current.panels[static_cast<std::size_t>(m_pressedPhase)];
    if (!(panel.plot.width() > 0))
        return;
    const double seconds = (m_pressed.x() - to.x()) / panel.plot.width() * m_pressedRange.length();
    show(m_pressedPhase, panRange(m_pressedRange, seconds, panel.duration));
}

bool TimelineZoom::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::Wheel: return wheel(*static_cast<QWheelEvent*>(event));
    case QEvent::KeyPress: return key(static_cast<QKeyEvent*>(event)->key());
    case QEvent::MouseButtonPress: {
        const auto* press = static_cast<QMouseEvent*>(event);
        const TimelineLayout current = layout();
        const TimelinePanel* panel = current.panelAt(press->position());
        m_moving = false;
        m_pressed = press->position();
        m_pressedRange = panel == nullptr ? TimeRange{} : panel->visible;
        m_pressedPhase = panel == nullptr ? Phase::Prefill : panel->phase;
        break; // the press also pins what is under it
    }
    case QEvent::MouseMove: {
        const auto* move = static_cast<QMouseEvent*>(event);
        if ((move->buttons() & Qt::LeftButton) == 0 || !(m_pressedRange.length() > 0))
            break;
        m_moving = m_moving || std::abs(move->position().x() - m_pressed.x()) >= QApplication::startDragDistance();
        if (m_moving)
            drag(move->position());
        return m_moving;
    }
    default: break;
    }
    return QObject::eventFilter(watched, event);
}

} // namespace shardlens
