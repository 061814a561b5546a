// SPDX-License-Identifier: Apache-2.0
// The list of a picker: a search field, and the items that contain every word of it.
#pragma once

#include "ui/controls/picker.h"
#include "ui/controls/wheelnotches.h"

#include <QFrame>
#include <QLineEdit>

namespace shardlens {

/// The rows, painted; the search field above keeps the keyboard.
class PickerList : public QWidget {
    Q_OBJECT
public:
    explicit PickerList(QWidget* parent);

    void setTheme(const Theme& theme);
    void setRows(const std::vector<PickerItem>& items, std::vector<int> rows);
    void setMarked(int position); ///< among the rows shown; scrolls to it
    [[nodiscard]] int marked() const { return m_marked; }
    [[nodiscard]] const std::vector<int>& rows() const { return m_rows; } ///< indices of the items shown
    [[nodiscard]] int rowsInView() const;
    [[nodiscard]] QRectF rowRect(int position) const;

Q_SIGNALS:
    void clicked(int position);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    [[nodiscard]] int positionAt(QPointF point) const;

    const Theme* m_theme;
    const std::vector<PickerItem>* m_items = nullptr;
    std::vector<int> m_rows;
    Scene m_scene;
    int m_marked = -1;
    int m_first = 0; ///< position of the topmost row in view
    WheelNotches m_wheel;
};

class PickerPopup : public QFrame {
    Q_OBJECT
public:
    PickerPopup(const QString& name, QWidget* parent);

    void setTheme(const Theme& theme);
    void setItems(const std::vector<PickerItem>& items);
    /// Under `box` (global), or above it when there is more room.
    void openUnder(const QRect& box, int current, const QString& typed);
    [[nodiscard]] QLineEdit& search() { return *m_search; }
    [[nodiscard]] PickerList& list() { return *m_list; }

Q_SIGNALS:
    void chosen(int index);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void hideEvent(QHideEvent* event) override; ///< gives the keyboard back

private:
    void filter(int marked);
    void accept(int position);

    const Theme* m_theme;
    std::vector<PickerItem> m_items;
    QLineEdit* m_search;
    PickerList* m_list;
};

/// Indices of the items whose title, note or keywords contain every word of `typed`, in order; those whose title begins with it first.
[[nodiscard]] std::vector<int> matchingItems(const std::vector<PickerItem>& items, const QString& typed);

} // namespace shardlens
