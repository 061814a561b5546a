// SPDX-License-Identifier: Apache-2.0
// The time under the pointer: a line over the rows of a phase and its time on the axis. A child over the picture, so that following the
// pointer never draws the picture anew.
#pragma once

#include "ui/scene/timelinescene.h"

#include <QWidget>

namespace shardlens {

class SceneView;

class TimelineMarker : public QWidget {
    Q_OBJECT
public:
    explicit TimelineMarker(SceneView* view);
    /// Where the pointer is, and what lies under it; hides outside of the plots.
    void follow(const TimelineLayout& layout, QPointF pointer, const QString& piece);
    [[nodiscard]] const QString& text() const { return m_text; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    SceneView* m_view;
    Scene m_scene;
    QString m_text;
    double m_line = 0; ///< x
    QRectF m_label;
    double m_bottom = 0; ///< of the line
};

} // namespace shardlens
