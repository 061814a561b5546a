// SPDX-License-Identifier: Apache-2.0
// What all sliders share: a row with name, note and field, a track with ticks, and how pointer, wheel and keys move the handle.
// Nothing in it changes size when figures do.
#pragma once

#include "ui/controls/numberfield.h"
#include "ui/controls/wheelnotches.h"
#include "ui/scene/scene.h"

#include <QTimer>
#include <QWidget>

namespace shardlens {

class SliderBase : public QWidget {
    Q_OBJECT
public:
    /// `name`: "TP"; `note`: "tensor", dim, may be empty.
    SliderBase(const QString& name, const QString& note, QWidget* parent);

    virtual void setTheme(const Theme& theme);
    void setNote(const QString& note);
    /// Only the row with name and field: for axes with one choice.
    void setCompact(bool compact);
    [[nodiscard]] bool isCompact() const { return m_compact; }
    /// Keeps a line free under the numbers, for the reason of the nearest illegal tick.
    void setReasonSpace(bool space);
    [[nodiscard]] NumberField& field() { return *m_field; }
    /// Of the row with name and field: fields beside the slider stand in line with its own.
    [[nodiscard]] static int rowHeight();
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

    struct Tick {
        double at = 0; ///< 0..1 along the track
        QString label; ///< may be empty
        bool legal = true;
    };
    [[nodiscard]] const std::vector<Tick>& ticks() const { return m_ticks; }
    /// Widget coordinates of a place on the track.
    [[nodiscard]] QPointF trackPoint(double at) const;
    /// For a screen reader: current, least and greatest value.
    [[nodiscard]] virtual int value() const = 0;
    [[nodiscard]] virtual int leastValue() const = 0;
    [[nodiscard]] virtual int greatestValue() const = 0;
    /// A number from outside (typed, or a screen reader's).
    virtual void take(int value) = 0;

Q_SIGNALS:
    void dragEnded(); ///< the handle was let go, or the wheel came to rest: one undo step ends

protected:
    [[nodiscard]] virtual double position() const = 0; ///< of the handle, 0..1
    [[nodiscard]] virtual bool positionLegal() const { return true; }
    virtual void moveTo(double at, bool dragging) = 0;
    virtual void step(int steps, bool dragging) = 0;
    virtual void page(int pages) = 0;
    virtual void toEnd(bool last) = 0;
    [[nodiscard]] virtual QString reason() const { return {}; } ///< the line under the focused slider
    [[nodiscard]] virtual QString tipAt(int tick) const;        ///< tooltip of a tick; -1: of the rest
    void setTicks(std::vector<Tick> ticks);
    void valueShown(); ///< position or value have changed: repaint, field, screen reader

    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void placeField();
    void drawTicks();
    void drawLabels();
    void endDrag();
    [[nodiscard]] double atOf(double x) const;
    [[nodiscard]] int tickAt(const QPoint& position) const;

    const Theme* m_theme;
    NumberField* m_field;
    PlateTip* m_tip = nullptr;
    QString m_name;
    QString m_note;
    std::vector<Tick> m_ticks;
    Scene m_scene;
    QTimer m_wheelRest;
    WheelNotches m_wheel;
    bool m_dragging = false;
    bool m_compact = false;
    bool m_reasonSpace = false;
    /// What the last value that was shown looked like: on a step of one slider most others stay as they are.
    struct Shown {
        double position = -1;
        bool legal = true;
        friend bool operator==(const Shown&, const Shown&) = default;
    };
    Shown m_shown;
};

} // namespace shardlens
