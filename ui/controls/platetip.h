// SPDX-License-Identifier: Apache-2.0
// The tooltip: an inverted plate that keeps clear of what it must not hide.
#pragma once

#include "ui/theme/theme.h"

#include <QStringList>
#include <QTimer>
#include <QWidget>

#include <functional>

namespace shardlens {

class PlateTip : public QWidget {
    Q_OBJECT
public:
    /// A child window of `owner`: gone with it.
    explicit PlateTip(QWidget* owner);

    /// `text`: the name on the first line, facts on the next ones; what follows an empty line is a dim hint. Long lines wrap.
    /// Stands 12 px from `pointer` (global), in the first corner where `inTheWay` (global rectangle) is false, else in the first that is on screen.
    void showText(QPoint pointer, const QString& text, const Theme& theme, const std::function<bool(const QRect&)>& inTheWay = {});
    void setTheme(const Theme& theme);
    void hideAfter(int milliseconds); ///< counted anew by every call; showText() forgets it
    /// It hides when the owner is pressed, turned, hidden or loses the focus, and, unless it stays, when the pointer leaves the owner.
    void setStaysOnLeave(bool stays) { m_staysOnLeave = stays; }
    [[nodiscard]] QString text() const { return m_text; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    struct Line {
        QString text;
        TextRole role;
        bool dim;
    };
    void layOut();

    QString m_text;
    int m_generation = 0; ///< of the text scale that m_lines are laid out for
    const Theme* m_theme;
    std::vector<Line> m_lines;
    QTimer m_fade;
    bool m_staysOnLeave = false;
};

} // namespace shardlens
