// SPDX-License-Identifier: Apache-2.0
// A dock with a flat title: name, what is shown in a lower voice, and the view's own choices as plain text at the right.
#pragma once

#include "ui/theme/theme.h"

#include <QDockWidget>

#include <vector>

class QHBoxLayout;
class QLabel;
class QMenu;
class QToolButton;

namespace shardlens {

/// Text on one line that gives way: cut with an ellipsis, never widening its window.
class QuietLabel : public QWidget {
    Q_OBJECT
public:
    QuietLabel(TextRole role, Ink ink, QWidget* parent);
    void setText(const QString& text);
    [[nodiscard]] QString text() const { return m_text; }
    void setTheme(const Theme& theme);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    TextRole m_role;
    Ink m_ink;
    const Theme* m_theme;
    QString m_text;
};

/// The heading of a view, in a dock and in a picture.
class ViewTitle : public QWidget {
    Q_OBJECT
public:
    ViewTitle(const QString& title, QWidget* parent);
    void setSubtitle(const QString& subtitle);
    void setTheme(const Theme& theme);
    /// A choice that runs at once, or that opens a menu.
    QToolButton* addChoice(const QString& text, const QString& accessibleName);
    /// The views that share the place, by name; the others are quiet and ask for themselves. One: no tabs, the title alone.
    struct Tab {
        int id = 0;
        QString name;
        friend bool operator==(const Tab&, const Tab&) = default;
    };
    void setTabs(const std::vector<Tab>& tabs, int current);
    [[nodiscard]] QSize sizeHint() const override { return {200, space::kDockTitle}; }

Q_SIGNALS:
    void tabChosen(int id);

private:
    QLabel* m_title;
    QHBoxLayout* m_before; ///< tabs left and right of the title
    QHBoxLayout* m_after;
    std::vector<Tab> m_tabs;
    QuietLabel* m_subtitle;
    QHBoxLayout* m_choices;
};

class ViewDock : public QDockWidget {
    Q_OBJECT
public:
    /// `body` with its margin under a title. `id` is the object name that the stored layout knows.
    ViewDock(const QString& id, ViewTitle* title, QWidget* body, QWidget* parent);
    [[nodiscard]] ViewTitle* title() const { return m_title; }

private:
    void showTitleMenu(const QPoint& position);

    ViewTitle* m_title;
};

} // namespace shardlens
