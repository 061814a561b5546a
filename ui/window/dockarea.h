// SPDX-License-Identifier: Apache-2.0
// Where the views dock: a window inside the window, so that the controls and the inspector never leave their columns.
#pragma once

#include <QMainWindow>

#include <array>

namespace shardlens {

class ViewDock;

class DockArea : public QMainWindow {
    Q_OBJECT
public:
    enum class Place : std::uint8_t { Mesh, Memory, Timeline, Latency, Trust };
    static constexpr std::size_t kPlaces = 5;
    explicit DockArea(QWidget* parent);

    void add(Place place, ViewDock* dock);
    [[nodiscard]] ViewDock* dock(Place place) const { return m_docks[static_cast<std::size_t>(place)]; }
    /// Mesh and memory above, timeline under them, latency at the bottom with trust behind it until it is asked for, in proportions that follow the size of the window until
    /// somebody drags a separator or a dock.
    void restoreDefaultLayout();
    /// Empty while the default layout holds.
    [[nodiscard]] QByteArray layoutState() const;
    /// False when the state is not understood; the default layout stays.
    bool restoreLayoutState(const QByteArray& state);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    bool event(QEvent* event) override;

private:
    void applyProportions();
    [[nodiscard]] bool allAsUsual() const; ///< what is shown is what the default layout shows
    void resizeShown(std::initializer_list<std::pair<Place, int>> sizes, Qt::Orientation orientation);

    std::array<ViewDock*, kPlaces> m_docks{};
    bool m_default = true;
};

} // namespace shardlens
