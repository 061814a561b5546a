// SPDX-License-Identifier: Apache-2.0
// A dock with a flat title: name, what is shown in a lower voice, and the view's own choices as plain text at the right.
#pragma once

#include "ui/theme/theme.h"

#include <QDockWidget>
#include <QToolButton>

#include <vector>

namespace shardlens {

/// Text on one line that gives way: cut with an ellipsis, never widening its window.
class QuietLabel : public QWidget {
    Q_OBJECT
public:
    QuietLabel(TextRole role, Ink ink, QWidget* parent);
    void setText(const QString& text);
    [[nodiscard]] QString text() const { return m_text; }
    /// Words before the text, in stronger letters, that stay where the text has no room. Empty: none.
    void setLead(const QString& lead);
    [[nodiscard]] QString lead() const { return m_lead; }
    void setWhole(bool whole) { m_whole = whole; } ///< drawn only where at least four fifths of it have room: half of it says nothing
    [[nodiscard]] static int leadWidth(const QString& lead);
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
    QString m_lead;
    bool m_whole = false;
};

/// A button of text that gives way: what does not fit ends in an ellipsis, and the tooltip has the rest.
class QuietButton : public QToolButton {
    Q_OBJECT
public:
    using QToolButton::QToolButton;
    /// Of the text to be shown, uncut.
    [[nodiscard]] int wantedWidth() const;
    /// Of a choice "Colour: stage ▾", "Colour ▾" is enough where room is short.
    void setBrief(bool brief);
    /// Enough for a few letters and the ellipsis.
    [[nodiscard]] int leastWidth() const;

protected:
    bool event(QEvent* event) override; ///< the tooltip of a text that is cut
    void paintEvent(QPaintEvent*) override;

private:
    [[nodiscard]] QString wantedText() const;
    [[nodiscard]] QString shownText() const;

    bool m_brief = false;
};

/// The heading of a view, in a dock and in a picture. In a narrow dock the subtitle gives way first, then the values of
/// choices, then choices go into one menu and the names of the
/// other views with them, and the view's own name shrinks last.
class ViewTitle : public QWidget {
    Q_OBJECT
public:
    ViewTitle(const QString& title, QWidget* parent);
    void setSubtitle(const QString& subtitle);
    /// What everything in the view depends on while it `holds`, in two or three words: choices and tabs go into a menu before it goes. Its
    /// room is kept when it does not hold, so that nothing moves.
    void setCondition(const QString& condition, bool holds);
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
    [[nodiscard]] QString title() const { return m_title->text(); }
    [[nodiscard]] QSize sizeHint() const override { return {200, height()}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {80, height()}; }

Q_SIGNALS:
    void tabChosen(int id);

protected:
    bool event(QEvent* event) override;
    void resizeEvent(QResizeEvent*) override { arrange(); }
    bool eventFilter(QObject* watched, QEvent* event) override; ///< choices come and go

private:
    void arrange();
    /// How many choices, from the first, go into one menu so that `excess` pixels become free.
    [[nodiscard]] std::size_t gather(const std::vector<QuietButton*>& choices, int excess);
    void setGathered(const std::vector<QuietButton*>& choices, bool tabs);
    void makeMore();
    void fillMore();

    QuietLabel* m_title;
    QuietLabel* m_subtitle;
    QString m_condition;
    std::vector<Tab> m_tabs;
    std::vector<QuietButton*> m_before; ///< tabs left and right of the title
    std::vector<QuietButton*> m_after;
    std::vector<QuietButton*> m_choices;
    std::vector<QuietButton*> m_gathered; ///< choices in the menu of m_more
    QuietButton* m_more = nullptr;
    bool m_tabsGathered = false; ///< the other views are in the menu, too
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
