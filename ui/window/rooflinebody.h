// SPDX-License-Identifier: Apache-2.0
// The roofline with its side, its phases and its zoom: the wheel zooms at the pointer, dragging moves, + - and 0 or F from the keyboard.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/rooflinescene.h"

#include <QWidget>

class QWheelEvent;

namespace shardlens {

class SceneView;

class RooflineBody : public QWidget {
    Q_OBJECT
public:
    RooflineBody(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    void setSide(RooflineSide side);
    void setPhases(RooflinePhases phases);
    void fit();
    [[nodiscard]] const RooflineOptions& options() const { return m_options; }
    [[nodiscard]] SceneView& view() const { return *m_view; }

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    [[nodiscard]] RooflineLayout layout() const;
    void showRange(const RooflineRange& range);
    void redraw();
    bool wheel(QWheelEvent& event);
    bool key(int key);
    bool drag(QPointF to);

    Document& m_document;
    SceneView* m_view;
    RooflineOptions m_options;
    QPointF m_pressed;
    RooflineRange m_pressedRange; ///< visible when the button went down; empty: nothing to move
    bool m_moving = false;
};

} // namespace shardlens
