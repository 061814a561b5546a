// SPDX-License-Identifier: Apache-2.0
#include "ui/window/meshzoom.h"

#include "ui/views/sceneview.h"
#include "ui/views/wheelfocus.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <cmath>

namespace shardlens {
namespace {

constexpr double kKeyZoom = 1.5;
constexpr double kWheelZoom = 1.35;
constexpr double kKeyPan = 0.12; // of the view
constexpr double kWheelNotch = 120;

} // namespace

MeshZoomer::MeshZoomer(Document& document, SceneView& view) : QObject(&view), m_document(document), m_view(view)
{
    view.installEventFilter(this);
    connect(&document, &Document::reportChanged, this, &MeshZoomer::follow);
    redraw();
}

MeshLayout MeshZoomer::layout() const
{
    // The theme changes no geometry.
    return meshLayoutOf({m_document.scenario(), m_document.report(), QSizeF(m_view.size()), Theme::of(ThemeId::Light)}, m_options);
}

MeshZoomer::Machine MeshZoomer::machine() const
{
    const Scenario& scenario = m_document.scenario();
    return {scenario.cluster->id, scenario.cluster->devices(), layout().shown};
}

void MeshZoomer::follow()
{
    if (m_options.zoom.isFitted())
        return; // nothing to lose, and nothing to lay out for
    const Machine now = machine();
    if (now == m_machine)
        return;
    fit();
}

void MeshZoomer::fit()
{
    show({});
}

void MeshZoomer::setColour(MeshColour colour)
{
    m_options.colour = colour;
    redraw();
}

void MeshZoomer::setEveryCopy(bool every)
{
    m_options.everyCopy = every;
    m_options.zoom = {};
    redraw();
}

void MeshZoomer::setPainter(std::function<void(const ViewInput&, const MeshOptions&, Scene&)> painter)
{
    m_painter = std::move(painter);
    redraw();
}

void MeshZoomer::setOverlay(std::function<void(const ViewInput&, const MeshLayout&, Scene&)> overlay)
{
    m_options.overlay = std::move(overlay);
    redraw();
}

void MeshZoomer::show(const MeshZoom& zoom)
{
    if (m_options.zoom == zoom)
        return;
    if (m_options.zoom.isFitted())
        m_machine = machine();
    m_options.zoom = zoom;
    if (zoom.isFitted())
        m_options.zoom = {};
    redraw();
    Q_EMIT zoomChanged();
}

void MeshZoomer::redraw()
{
    m_view.setBuilder([options = m_options, painter = m_painter](const ViewInput& input, Scene& scene) { painter(input, options, scene); });
}

bool MeshZoomer::wheel(QWheelEvent& event)
{
    focusByWheel(m_view);
    const MeshLayout current = layout();
    const QPointF turn = QPointF(event.angleDelta()) / kWheelNotch;
    if ((event.modifiers() & Qt::ShiftModifier) != 0 || std::abs(turn.x()) > std::abs(turn.y())) {
        const double notches = std::abs(turn.x()) > std::abs(turn.y()) ? turn.x() : turn.y();
        show(panned(current, QPointF(notches * kKeyPan * current.area.width(), 0)));
    } else {
        show(zoomedAt(current, event.position(), std::pow(kWheelZoom, turn.y())));
    }
    event.accept();
    return true;
}

bool MeshZoomer::key(int key, Qt::KeyboardModifiers modifiers)
{
    const MeshLayout current = layout();
    const QPointF step(kKeyPan * current.area.width(), kKeyPan * current.area.height());
    const bool shifted = (modifiers & Qt::ShiftModifier) != 0;
    if ((modifiers & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) != 0)
        return false;
    // Without a pointer it is the middle of the picture, or the device at hand, that stays where it is.
    QPointF middle = current.area.center();
    const Subject& pin = m_document.selection().pin();
    if (const MeshTile* tile = pin.kind == Subject::Kind::Device ? current.tileOf(pin.device) : nullptr)
        middle = tile->rect.center();
    switch (key) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: show(zoomedAt(current, middle, kKeyZoom)); return true;
    case Qt::Key_Minus: show(zoomedAt(current, middle, 1 / kKeyZoom)); return true;
    case Qt::Key_0:
    case Qt::Key_F: fit(); return true;
    case Qt::Key_A: show(panned(current, {step.x(), 0})); return true;
    case Qt::Key_D: show(panned(current, {-step.x(), 0})); return true;
    case Qt::Key_W: show(panned(current, {0, step.y()})); return true;
    case Qt::Key_S: show(panned(current, {0, -step.y()})); return true;
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down: {
        if (!shifted)
            return false; // walks the devices
        const double x = key == Qt::Key_Left ? step.x() : (key == Qt::Key_Right ? -step.x() : 0);
        const double y = key == Qt::Key_Up ? step.y() : (key == Qt::Key_Down ? -step.y() : 0);
        show(panned(current, {x, y}));
        return true;
    }
    default: return false;
    }
}

bool MeshZoomer::press(QEvent& event)
{
    const auto& mouse = static_cast<const QMouseEvent&>(event);
    if (mouse.button() != Qt::LeftButton)
        return false;
    m_pressed = mouse.position();
    m_moving = false;
    m_down = !m_options.zoom.isFitted();
    if (m_down)
        m_pressedLayout = layout();
    return false; // the press also pins what is under it
}

bool MeshZoomer::move(QEvent& event)
{
    const auto& mouse = static_cast<const QMouseEvent&>(event);
    if (!m_down || (mouse.buttons() & Qt::LeftButton) == 0)
        return false;
    const QPointF way = mouse.position() - m_pressed;
    m_moving = m_moving || way.manhattanLength() >= QApplication::startDragDistance();
    if (m_moving)
        show(panned(m_pressedLayout, way));
    return m_moving;
}

bool MeshZoomer::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::Wheel: return wheel(*static_cast<QWheelEvent*>(event));
    case QEvent::KeyPress: {
        const auto* pressed = static_cast<QKeyEvent*>(event);
        return key(pressed->key(), pressed->modifiers());
    }
    case QEvent::MouseButtonPress: return press(*event);
    case QEvent::MouseMove: return move(*event);
    case QEvent::MouseButtonRelease: {
        m_down = false;
        m_pressedLayout = {};
        break;
    }
    case QEvent::MouseButtonDblClick: {
        const MeshLayout current = layout();
        const QRectF target = zoomTarget(current, static_cast<QMouseEvent*>(event)->position());
        if (target.isEmpty())
            fit(); // what fills the picture, or nothing: back to the whole
        else
            show(zoomedTo(current, target));
        return true;
    }
    default: break;
    }
    return QObject::eventFilter(watched, event);
}

} // namespace shardlens
