// SPDX-License-Identifier: Apache-2.0
#include "ui/window/dockarea.h"

#include "ui/window/viewdock.h"

#include <QEvent>

#include <algorithm>

namespace shardlens {
namespace {

/// Raised when docks come or go: an older state would leave them in a corner.
constexpr int kLayoutVersion = 2;

/// Shown until somebody says otherwise.
bool isUsual(DockArea::Place place)
{
    return place != DockArea::Place::Trust;
}

} // namespace

DockArea::DockArea(QWidget* parent) : QMainWindow(parent)
{
    setObjectName(QStringLiteral("dockArea"));
    setWindowFlags(Qt::Widget);
    setDockNestingEnabled(true);
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setContextMenuPolicy(Qt::NoContextMenu);
}

void DockArea::add(Place place, ViewDock* dock)
{
    m_docks[static_cast<std::size_t>(place)] = dock;
    addDockWidget(Qt::TopDockWidgetArea, dock);
    // A dock that was moved, floated or closed by hand is a layout of the user's own.
    connect(dock, &QDockWidget::topLevelChanged, this, [this] { m_default = false; });
    connect(dock, &QDockWidget::dockLocationChanged, this, [this] { m_default = false; });
}

void DockArea::restoreDefaultLayout()
{
    for (ViewDock* dock : m_docks) {
        dock->setFloating(false);
        removeDockWidget(dock);
    }
    ViewDock* mesh = dock(Place::Mesh);
    ViewDock* timeline = dock(Place::Timeline);
    addDockWidget(Qt::TopDockWidgetArea, mesh);
    splitDockWidget(mesh, timeline, Qt::Vertical);
    splitDockWidget(timeline, dock(Place::Latency), Qt::Vertical);
    splitDockWidget(mesh, dock(Place::Memory), Qt::Horizontal);
    tabifyDockWidget(dock(Place::Latency), dock(Place::Trust));
    for (std::size_t i = 0; i < kPlaces; ++i)
        m_docks[i]->setVisible(isUsual(static_cast<Place>(i)));
    m_default = true;
    applyProportions();
}

QByteArray DockArea::layoutState() const
{
    return m_default && allAsUsual() ? QByteArray() : saveState(kLayoutVersion);
}

bool DockArea::allAsUsual() const
{
    for (std::size_t i = 0; i < kPlaces; ++i)
        if (m_docks[i]->isHidden() == isUsual(static_cast<Place>(i)))
            return false;
    return true;
}

bool DockArea::restoreLayoutState(const QByteArray& state)
{
    if (state.isEmpty() || !restoreState(state, kLayoutVersion))
        return false;
    m_default = false;
    return true;
}

void DockArea::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    if (m_default)
        applyProportions();
}

void DockArea::showEvent(QShowEvent* event)
{
    QMainWindow::showEvent(event);
    if (m_default)
        applyProportions();
}

bool DockArea::event(QEvent* event)
{
    const bool handled = QMainWindow::event(event);
    // Only separators are bare: a press that the base class took for itself drags one.
    if (event->type() == QEvent::MouseButtonPress && handled && event->isAccepted())
        m_default = false;
    return handled;
}

void DockArea::applyProportions()
{
    // The timeline needs few pixels and gains little from more; mesh and memory grow with what is left.
    const int h = height();
    const int timeline = qBound(168, h * 28 / 100, 260);
    const int latency = qBound(180, h * 30 / 100, 420);
    const int top = qMax(180, h - timeline - latency - 6);
    resizeShown({{Place::Mesh, top}, {Place::Timeline, timeline}, {Place::Latency, latency}}, Qt::Vertical);
    resizeShown({{Place::Mesh, width() * 51 / 100}, {Place::Memory, width() * 49 / 100}}, Qt::Horizontal);
}

void DockArea::resizeShown(std::initializer_list<std::pair<Place, int>> sizes, Qt::Orientation orientation)
{
    QList<QDockWidget*> docks;
    QList<int> lengths;
    for (const auto& [place, length] : sizes) {
        if (dock(place)->isHidden())
            continue;
        docks << dock(place);
        lengths << length;
    }
    if (!docks.isEmpty())
        resizeDocks(docks, lengths, orientation);
}

} // namespace shardlens
