// SPDX-License-Identifier: Apache-2.0
// Ctrl+K: everything that can be done, found by typing a few letters of its name.
#pragma once

#include "ui/theme/theme.h"

#include <QFrame>
#include <QPointer>

#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace shardlens {

struct PaletteEntry {
    QString title;
    QString group;    ///< "File", "Model", "Plan", ...; matched too
    QString shortcut; ///< as text; may be empty
    std::function<void()> run;
    bool enabled = true;
};

class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QWidget* parent);

    void setTheme(const Theme& theme);
    /// Shows the entries over the top of the parent and takes the focus; gives it back when closed.
    void open(std::vector<PaletteEntry> entries);
    void dismiss();
    /// Titles in the order shown (for tests and screen readers).
    [[nodiscard]] QStringList shownTitles() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& pattern);
    void runCurrent();
    void place();

    QLineEdit* m_edit;
    QListWidget* m_list;
    std::vector<PaletteEntry> m_entries;
    QPointer<QWidget> m_focusBefore;
};

} // namespace shardlens
