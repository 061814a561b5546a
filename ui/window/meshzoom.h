// SPDX-License-Identifier: Apache-2.0
// Zoom, pan and choices of the device mesh: the wheel zooms at the pointer, dragging moves, a double click zooms to the unit under it;
// + - 0 F and W A S D from the keyboard (arrows walk the devices, with Shift they move the picture).
#pragma once

#include "ui/document/document.h"
#include "ui/scene/meshscene.h"

#include <QObject>

class QWheelEvent;

namespace shardlens {

class SceneView;

class MeshZoomer : public QObject {
    Q_OBJECT
public:
    /// Lives with the view.
    MeshZoomer(Document& document, SceneView& view);
    void fit();
    void setColour(MeshColour colour);
    void setEveryCopy(bool every);
    /// What draws the mesh in place of buildMesh(): something that puts more on it.
    void setPainter(std::function<void(const ViewInput&, const MeshOptions&, Scene&)> painter);
    /// What is drawn over the mesh; see MeshOptions.
    void setOverlay(std::function<void(const ViewInput&, const MeshLayout&, Scene&)> overlay);
    [[nodiscard]] const MeshOptions& options() const { return m_options; }
    /// As drawn.
    [[nodiscard]] MeshLayout layout() const;

Q_SIGNALS:
    void zoomChanged();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// What a zoom is good for: on another machine, or another cut of it, it would show an arbitrary piece.
    struct Machine {
        std::string cluster;
        int devices = 0;
        int shown = 0;
        friend bool operator==(const Machine&, const Machine&) = default;
    };
    void follow(); ///< fits when the machine has changed
    [[nodiscard]] Machine machine() const;
    void show(const MeshZoom& zoom);
    void redraw();
    bool wheel(QWheelEvent& event);
    bool key(int key, Qt::KeyboardModifiers modifiers);
    bool press(QEvent& event);
    bool move(QEvent& event);

    Document& m_document;
    SceneView& m_view;
    MeshOptions m_options;
    std::function<void(const ViewInput&, const MeshOptions&, Scene&)> m_painter = buildMesh;
    Machine m_machine;
    QPointF m_pressed;
    MeshLayout m_pressedLayout;
    bool m_down = false;
    bool m_moving = false;
};

} // namespace shardlens
