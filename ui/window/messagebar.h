// SPDX-License-Identifier: Apache-2.0
// Says what happened without stopping anybody: a plate over the lower edge of the views, dismissed by a click or by itself.
#pragma once

#include <QFrame>
#include <QStringList>

#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;
class QTextBrowser;
class QTimer;
class QToolButton;

namespace shardlens {

class MessageBar : public QFrame {
    Q_OBJECT
public:
    struct Action {
        QString text;
        std::function<void()> run; ///< after the bar has closed; may be null
    };
    explicit MessageBar(QWidget* parent);

    /// Goes away by itself. Several in one turn of the event loop are shown together.
    void note(const QString& sentence);
    /// Stays until it is dismissed or replaced.
    void error(const QString& sentence);
    /// Of an edit that was not made: stays until then, or until another edit is.
    void refusal(const QString& sentence);
    void dismissRefusal(); ///< leaves every other message
    void ask(const QString& sentence, std::vector<Action> actions);
    /// A sentence with a list under it (Markdown), which scrolls when it is long.
    void report(const QString& sentence, const QString& markdown);
    void dismiss();
    [[nodiscard]] QString text() const;
    [[nodiscard]] QString details() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void present(const QString& sentence, const char* severity, const QString& markdown = {});
    void place();

    QLabel* m_text;
    QTextBrowser* m_details;
    QHBoxLayout* m_buttons;
    QToolButton* m_close;
    QTimer* m_fade;
    bool m_refusal = false;
    bool m_fresh = false; ///< shown in this turn of the event loop
};

} // namespace shardlens
