// SPDX-License-Identifier: Apache-2.0
#include "ui/window/dockarea.h"

#include "ui/window/viewdock.h"

#include <QEvent>
#include <QPainter>

#include <algorithm>

namespace shardlens {
namespace {

/// Raised when docks come or go: an older state would leave them in a corner.
constexpr int kLayoutVersion = 3;

/// Views that share a place, the one in front first.
constexpr std::array kMeshPlace{ViewKind::Mesh, ViewKind::Plate, ViewKind::Experts};
constexpr std::array kMemoryPlace{ViewKind::Memory, ViewKind::Roofline};
constexpr std::array kTimelinePlace{ViewKind::Timeline, ViewKind::Disaggregation};
constexpr std::array kLatencyPlace{ViewKind::Latency, ViewKind::Operators, ViewKind::Trust};

constexpr bool isUsuallyInFront(ViewKind kind)
{
    return kind == ViewKind::Mesh || kind == ViewKind::Memory || kind == ViewKind::Timeline || kind == ViewKind::Latency;
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

void DockArea::add(ViewKind kind, ViewDock* dock)
{
    m_docks[static_cast<std::size_t>(kind)] = dock;
    addDockWidget(Qt::TopDockWidgetArea, dock);
    // A dock that was moved, floated or closed by hand is a layout of the user's own.
    connect(dock, &QDockWidget::topLevelChanged, this, [this] { m_default = false; });
    connect(dock, &QDockWidget::dockLocationChanged, this, [this] {
        m_default = false;
        showTabsSoon();
    });
    connect(dock, &QDockWidget::visibilityChanged, this, &DockArea::showTabsSoon);
    connect(dock->title(), &ViewTitle::tabChosen, this, [this](int chosen) { present(static_cast<ViewKind>(chosen)); });
}

void DockArea::present(ViewKind kind)
{
    ViewDock* shown = dock(kind);
    shown->show();
    shown->raise();
    showTabs();
}

bool DockArea::isInFront(ViewKind kind) const
{
    const ViewDock* asked = dock(kind);
    return asked->isVisible() && (asked->isFloating() || rect().intersects(asked->geometry()));
}

void DockArea::restoreDefaultLayout()
{
    for (ViewDock* dock : m_docks) {
        dock->setFloating(false);
        removeDockWidget(dock);
    }
    ViewDock* mesh = dock(ViewKind::Mesh);
    ViewDock* timeline = dock(ViewKind::Timeline);
    addDockWidget(Qt::TopDockWidgetArea, mesh);
    splitDockWidget(mesh, timeline, Qt::Vertical);
    splitDockWidget(timeline, dock(ViewKind::Latency), Qt::Vertical);
    splitDockWidget(mesh, dock(ViewKind::Memory), Qt::Horizontal);
    const auto share = [this](const auto& place) {
        for (std::size_t i = 1; i < place.size(); ++i)
            tabifyDockWidget(dock(place[i - 1]), dock(place[i]));
        for (const ViewKind kind : place)
            dock(kind)->show();
        dock(place.front())->raise();
    };
    share(kMeshPlace);
    share(kMemoryPlace);
    share(kTimelinePlace);
    share(kLatencyPlace);
    m_default = true;
    applyProportions();
    showTabs();
}

void DockArea::showTabsSoon()
{
    // Docks report each step of a change; the titles wait for its end.
    if (m_tabsStale)
        return;
    m_tabsStale = true;
    QMetaObject::invokeMethod(this, &DockArea::showTabs, Qt::QueuedConnection);
}

void DockArea::showTabs()
{
    m_tabsStale = false;
    for (std::size_t i = 0; i < kViewCount; ++i) {
        ViewDock* shown = m_docks[i];
        if (shown == nullptr)
            return; // the window is still being built
        const QList<QDockWidget*> others = shown->isFloating() ? QList<QDockWidget*>() : tabifiedDockWidgets(shown);
        std::vector<ViewTitle::Tab> tabs;
        for (std::size_t k = 0; k < kViewCount; ++k)
            if (k == i || (others.contains(m_docks[k]) && !m_docks[k]->isHidden()))
                tabs.push_back({static_cast<int>(k), m_docks[k]->windowTitle()});
        shown->title()->setTabs(tabs, static_cast<int>(i));
    }
}

QByteArray DockArea::layoutState() const
{
    return m_default && allAsUsual() ? QByteArray() : saveState(kLayoutVersion);
}

bool DockArea::allAsUsual() const
{
    for (std::size_t i = 0; i < kViewCount; ++i) {
        const auto kind = static_cast<ViewKind>(i);
        if (m_docks[i]->isHidden() || (isVisible() && isInFront(kind) != isUsuallyInFront(kind)))
            return false;
    }
    return true;
}

bool DockArea::restoreLayoutState(const QByteArray& state)
{
    if (state.isEmpty() || !restoreState(state, kLayoutVersion))
        return false;
    m_default = false;
    showTabs();
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
    showTabs();
}

bool DockArea::event(QEvent* event)
{
    const bool handled = QMainWindow::event(event);
    // Only separators are bare: a press that the base class took for itself drags one.
    if (event->type() == QEvent::MouseButtonPress && handled && event->isAccepted())
        m_default = false;
    return handled;
}

void DockArea::paintEvent(QPaintEvent* event)
{
    QMainWindow::paintEvent(event);
    const bool empty =
        std::all_of(m_docks.begin(), m_docks.end(), [](const ViewDock* dock) { return dock->isHidden() || dock->isFloating(); });
    if (!empty)
        return;
    QPainter painter(this);
    painter.setFont(fontOf(TextRole::Body));
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(rect().adjusted(space::kLarge, 0, -space::kLarge, 0), Qt::AlignCenter | Qt::TextWordWrap,
                     tr("Every view is put away. Alt+1 to Alt+9 and Alt+0 bring one back; View, Restore default layout brings all."));
}

void DockArea::applyProportions()
{
    // The timeline needs few pixels and gains little from more; mesh and memory grow with what is left.
    const int h = height();
    const int timeline = qBound(168, h * 28 / 100, 260);
    const int latency = qBound(180, h * 30 / 100, 420);
    const int top = qMax(180, h - timeline - latency - 6);
    resizeShown({{ViewKind::Mesh, top}, {ViewKind::Timeline, timeline}, {ViewKind::Latency, latency}}, Qt::Vertical);
    resizeShown({{ViewKind::Mesh, width() * 51 / 100}, {ViewKind::Memory, width() * 49 / 100}}, Qt::Horizontal);
}

void DockArea::resizeShown(std::initializer_list<std::pair<ViewKind, int>> sizes, Qt::Orientation orientation)
{
    QList<QDockWidget*> docks;
    QList<int> lengths;
    for (const auto& [kind, length] : sizes) {
        if (dock(kind)->isHidden())
            continue;
        docks << dock(kind);
        lengths << length;
    }
    if (!docks.isEmpty())
        resizeDocks(docks, lengths, orientation);
}

} // namespace shardlens
