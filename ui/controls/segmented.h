// SPDX-License-Identifier: Apache-2.0
// A switch between a few named choices that are all visible: number formats.
#pragma once

#include "ui/controls/wheelnotches.h"
#include "ui/scene/scene.h"

#include <QElapsedTimer>
#include <QWidget>

namespace shardlens {

class PlateTip;

class Segmented : public QWidget {
    Q_OBJECT
public:
    struct Item {
        QString text;
        bool enabled = true;
        QString reason; ///< why it is disabled; its tooltip
        friend bool operator==(const Item&, const Item&) = default;
    };
    /// `name` for screen readers.
    explicit Segmented(const QString& name, QWidget* parent = nullptr);

    void setTheme(const Theme& theme);
    void setItems(const std::vector<Item>& items);
    void setCurrent(int index); ///< emits nothing
    [[nodiscard]] int current() const { return m_current; }
    [[nodiscard]] const std::vector<Item>& items() const { return m_items; }
    [[nodiscard]] QRectF itemRect(int index) const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(int index);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void choose(int index);
    void step(int direction);
    [[nodiscard]] int itemAt(QPointF point) const;
    [[nodiscard]] double edge(int index) const; ///< left of an item; its right is the next one's
    void describe();

    const Theme* m_theme;
    std::vector<Item> m_items;
    Scene m_scene;
    PlateTip* m_tip = nullptr;
    QString m_typed; ///< beginning of a name typed within a second
    QElapsedTimer m_sinceTyped;
    int m_current = 0;
    WheelNotches m_wheel;
};

} // namespace shardlens
