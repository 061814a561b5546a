// SPDX-License-Identifier: Apache-2.0
// The strip under the mesh on which the plan's axes are put in order: chips are dragged, or moved with the arrow keys.
#pragma once

#include "ui/document/document.h"
#include "ui/scene/axisorderscene.h"

#include <QWidget>

#include <map>

namespace shardlens {

class AxisOrderStrip : public QWidget {
    Q_OBJECT
public:
    explicit AxisOrderStrip(Document& document, QWidget* parent);
    void setTheme(const Theme& theme);
    [[nodiscard]] const AxisOrderOptions& options() const { return m_options; }
    [[nodiscard]] AxisOrderLayout layoutNow() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    void focusOutEvent(QFocusEvent*) override;
    void leaveEvent(QEvent*) override;

private:
    [[nodiscard]] ViewInput input() const;
    const OrderEffect& effectOf(const AxisOrder& order); ///< evaluated once for each order of this scenario
    void dragTo(double x);
    void drop(int from, int place);
    void letGo();
    void describe(); ///< the chip at hand, to a screen reader
    /// What a chip stands for in the other views: an axis; nothing beside the chips.
    [[nodiscard]] Subject subjectOf(const AxisOrderLayout& layout, int chip) const;

    Document& m_document;
    const Theme* m_theme;
    AxisOrderOptions m_options;
    std::map<AxisOrder, OrderEffect> m_effects;
    double m_pressedAt = 0;
    bool m_dragging = false;
};

} // namespace shardlens
