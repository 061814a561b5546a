// SPDX-License-Identifier: Apache-2.0
#include "ui/window/rooflinebody.h"

#include "ui/views/sceneview.h"
#include "ui/views/wheelfocus.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <cmath>

namespace shardlens {
namespace {

constexpr double kZoom = 1.35;
constexpr double kWheelNotch = 120;
constexpr double kKeyPan = 0.1;

} // namespace

RooflineBody::RooflineBody(Document& document, QWidget* parent) : QWidget(parent), m_document(document)
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    SceneView::Options options;
    options.accessibleName = tr("Roofline");
    options.description = [this](const Scenario& scenario, const Report& report) {
        return describeRoofline(scenario, report, m_options.side);
    };
    options.tooltip = [this](const Scenario& scenario, const Report& report, const Subject& subject) {
        return rooflineTooltip(scenario, report, subject, m_options.side);
    };
    m_view = new SceneView(document, {}, options, this);
    m_view->installEventFilter(this);
    setFocusProxy(m_view);
    redraw();
}

void RooflineBody::setTheme(const Theme& theme)
{
    m_view->setTheme(theme);
}

void RooflineBody::setSide(RooflineSide side)
{
    if (side == m_options.side)
        return;
    m_options.side = side;
    m_options.visible = {}; // the axis means other bytes now
    redraw();
}

void RooflineBody::setPhases(RooflinePhases phases)
{
    m_options.phases = phases;
    redraw();
}

void RooflineBody::fit()
{
    showRange({});
}

void RooflineBody::redraw()
{
    m_view->setBuilder([options = m_options](const ViewInput& input, Scene& scene) { buildRoofline(input, options, scene); });
}

void RooflineBody::showRange(const RooflineRange& range)
{
    if (m_options.visible == range)
        return;
    m_options.visible = range;
    redraw();
}

RooflineLayout RooflineBody::layout() const
{
    // The theme changes no geometry.
    return rooflineLayout({m_document.scenario(), m_document.report(), m_view->size(), Theme::of(ThemeId::Light)}, m_options);
}

bool RooflineBody::wheel(QWheelEvent& event)
{
    const RooflineLayout current = layout();
    if (current.plot.isEmpty() || !current.plot.contains(event.position()))
        return false;
    focusByWheel(*m_view);
    const QPoint turn = event.angleDelta();
    if (std::abs(turn.x()) > std::abs(turn.y()))
        showRange(moved(current.visible, {-turn.x() / kWheelNotch * kKeyPan * current.visible.width(), 0}, current.whole));
    else
        showRange(zoomed(current.visible, current.powersAt(event.position()), std::pow(kZoom, -turn.y() / kWheelNotch), current.whole));
    event.accept();
    return true;
}

bool RooflineBody::key(int key)
{
    if (key == Qt::Key_0 || key == Qt::Key_F) {
        fit();
        return true;
    }
    const RooflineLayout current = layout();
    if (current.plot.isEmpty())
        return false;
    const RooflineRange& v = current.visible;
    const auto pan = [&](double x, double y) { showRange(moved(v, {x * kKeyPan * v.width(), y * kKeyPan * v.height()}, current.whole)); };
    switch (key) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: showRange(zoomed(v, {(v.left + v.right) / 2, (v.bottom + v.top) / 2}, 1 / kZoom, current.whole)); return true;
    case Qt::Key_Minus: showRange(zoomed(v, {(v.left + v.right) / 2, (v.bottom + v.top) / 2}, kZoom, current.whole)); return true;
    case Qt::Key_A: pan(-1, 0); return true;
    case Qt::Key_D: pan(1, 0); return true;
    case Qt::Key_W: pan(0, 1); return true;
    case Qt::Key_S: pan(0, -1); return true;
    default: return false;
    }
}

bool RooflineBody::drag(QPointF to)
{
    m_moving = m_moving || (to - m_pressed).manhattanLength() >= QApplication::startDragDistance();
    if (!m_moving)
        return false;
    const RooflineLayout current = layout();
    if (current.plot.isEmpty())
        return false;
    const QPointF way = m_pressed - to;
    showRange(moved(m_pressedRange,
                    {way.x() / current.plot.width() * m_pressedRange.width(), -way.y() / current.plot.height() * m_pressedRange.height()},
                    current.whole));
    return true;
}

bool RooflineBody::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != m_view)
        return QWidget::eventFilter(watched, event);
    switch (event->type()) {
    case QEvent::Wheel: return wheel(*static_cast<QWheelEvent*>(event));
    case QEvent::KeyPress: {
        const auto* press = static_cast<QKeyEvent*>(event);
        return (press->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier)) == 0 && key(press->key());
    }
    case QEvent::MouseButtonPress: {
        const auto* press = static_cast<QMouseEvent*>(event);
        const RooflineLayout current = layout();
        m_moving = false;
        m_pressed = press->position();
        m_pressedRange = current.plot.contains(press->position()) ? current.visible : RooflineRange{};
        break; // the press also pins what is under it
    }
    case QEvent::MouseMove: {
        const auto* move = static_cast<QMouseEvent*>(event);
        if ((move->buttons() & Qt::LeftButton) != 0 && !m_pressedRange.empty())
            return drag(move->position());
        break;
    }
    default: break;
    }
    return QWidget::eventFilter(watched, event);
}

void RooflineBody::resizeEvent(QResizeEvent*)
{
    m_view->setGeometry(rect());
}

} // namespace shardlens
