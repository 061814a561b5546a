// SPDX-License-Identifier: Apache-2.0
// Where the views dock: a window inside the window, so that the controls and the inspector never leave their columns.
#pragma once

#include "ui/window/viewkind.h"

#include <QMainWindow>

#include <array>

namespace shardlens {

class ViewDock;

class DockArea : public QMainWindow {
    Q_OBJECT
public:
    explicit DockArea(QWidget* parent);

    void add(ViewKind kind, ViewDock* dock);
    [[nodiscard]] ViewDock* dock(ViewKind kind) const { return m_docks[static_cast<std::size_t>(kind)]; }
    /// Shows it in front of what it shares its place with.
    void present(ViewKind kind);
    /// On screen, not behind another one.
    [[nodiscard]] bool isInFront(ViewKind kind) const;
    /// Four places, each with the views that answer one kind of question, whose names stand in its title: who holds what (mesh in front) and
    /// what fits (memory) above, what happens when (timeline) under them, what it costs (latency) at the bottom. Proportions follow the size
    /// of the window until somebody drags a separator or a dock.
    void restoreDefaultLayout();
    /// Empty while the default layout holds.
    [[nodiscard]] QByteArray layoutState() const;
    /// False when the state is not understood; the default layout stays.
    bool restoreLayoutState(const QByteArray& state);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override; ///< says what to do when every view is put away

private:
    void applyProportions();
    [[nodiscard]] bool allAsUsual() const; ///< what is shown and in front is what the default layout shows
    void showTabs();                       ///< each title names the views that share its place
    void showTabsSoon();
    void resizeShown(std::initializer_list<std::pair<ViewKind, int>> sizes, Qt::Orientation orientation);

    std::array<ViewDock*, kViewCount> m_docks{};
    bool m_tabsStale = false;
    bool m_default = true;
};

} // namespace shardlens
