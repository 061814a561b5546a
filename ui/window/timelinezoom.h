// SPDX-License-Identifier: Apache-2.0
// Zoom and pan of the timeline: the wheel zooms at the pointer, dragging moves, + - 0 and A D from the keyboard.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/timelinescene.h"

#include <QObject>

class QWheelEvent;

namespace shardlens {

class SceneView;

class TimelineZoom : public QObject {
    Q_OBJECT
public:
    /// Lives with the view.
    TimelineZoom(Document& document, SceneView& view);
    void fit();
    [[nodiscard]] const TimelineOptions& options() const { return m_options; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// What a zoom is good for: with another pipeline or duration it would show an arbitrary piece.
    struct Shape {
        int stages = 0;
        double duration = 0;
        friend bool operator==(const Shape&, const Shape&) = default;
    };
    void follow(); ///< fits the phases whose shape has changed
    [[nodiscard]] TimelineLayout layout() const;
    bool wheel(QWheelEvent& event);
    bool key(int key);
    void show(Phase phase, TimeRange range);
    void drag(QPointF to);

    Document& m_document;
    SceneView& m_view;
    TimelineOptions m_options;
    std::array<Shape, 2> m_shapes{}; ///< by Phase
    QPointF m_pressed;
    TimeRange m_pressedRange; ///< visible when the button went down; empty: nothing to move
    Phase m_pressedPhase = Phase::Prefill;
    bool m_moving = false;
};

} // namespace shardlens
