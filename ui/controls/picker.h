// SPDX-License-Identifier: Apache-2.0
// A box that names one of many things (models, clusters) and opens a list that is searched by typing.
#pragma once

#include "ui/controls/wheelnotches.h"
#include "ui/scene/scene.h"

#include <QWidget>

namespace shardlens {

class PickerPopup;

struct PickerItem {
    QString title;
    QString note;     ///< dim, at the right of the list's row: "70.55 B", "8 × H100"
    QString keywords; ///< found by typing, not shown: id, maker
    QString group;    ///< heading above the first item of a group; may be empty
    friend bool operator==(const PickerItem&, const PickerItem&) = default;
};

class Picker : public QWidget {
    Q_OBJECT
public:
    /// `name` for screen readers: "Model".
    explicit Picker(const QString& name, QWidget* parent = nullptr);

    enum class Shape : std::uint8_t {
        Box,   ///< a line for the name and one for the subtitle
        Small, ///< as high as a switch, without subtitle
        Arrow, ///< only the arrow, beside a control that shows the choice
    };
    void setShape(Shape shape);
    void setTheme(const Theme& theme);
    void setItems(const std::vector<PickerItem>& items);
    /// -1: none of the items, `otherTitle` is shown (a model that was read from a file).
    void setCurrent(int index, const QString& otherTitle = {});
    /// One dim line under the box; empty keeps its place.
    void setSubtitle(const QString& subtitle);
    [[nodiscard]] int current() const { return m_current; }
    [[nodiscard]] const std::vector<PickerItem>& items() const { return m_items; }
    [[nodiscard]] const Theme& theme() const { return *m_theme; }
    [[nodiscard]] bool isOpen() const;
    /// Opens the list with `typed` already in its search field.
    void openList(const QString& typed = {});
    [[nodiscard]] PickerPopup* popup() const { return m_popup; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(int index);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void choose(int index);
    void step(int direction);

    [[nodiscard]] int boxHeight() const;

    const Theme* m_theme;
    Shape m_shape = Shape::Box;
    std::vector<PickerItem> m_items;
    Scene m_scene;
    PickerPopup* m_popup = nullptr; ///< made when first opened
    QString m_otherTitle;
    QString m_subtitle;
    int m_current = -1;
    WheelNotches m_wheel;
};

} // namespace shardlens
