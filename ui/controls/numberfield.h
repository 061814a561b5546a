// SPDX-License-Identifier: Apache-2.0
// A field for one whole number, typed the way people write it.
#pragma once

#include "core/base/result.h"
#include "ui/controls/wheelnotches.h"
#include "ui/theme/theme.h"

#include <QLineEdit>

namespace shardlens {

class PlateTip;

/// "2048", "2,048", "2 048", "2k" (2,048), "1.5k", "1m" (1,048,576). The error says what was found and the range.
[[nodiscard]] Result<int> parseCount(const QString& text, int least, int most);
/// 2048 -> "2,048".
[[nodiscard]] QString countText(int value);
/// 2048 -> "2k" where that is exact; otherwise as countText().
[[nodiscard]] QString shortCountText(int value);
/// "1.25" -> 125: hundredths, rounded to the nearest.
[[nodiscard]] Result<int> parseHundredths(const QString& text, int least, int most);
/// 125 -> "1.25", 100 -> "1".
[[nodiscard]] QString hundredthsText(int value);

class NumberField : public QLineEdit {
    Q_OBJECT
public:
    explicit NumberField(QWidget* parent = nullptr);

    void setTheme(const Theme& theme);
    void setRange(int least, int most);
    /// Values are hundredths: 125 is shown and typed as 1.25.
    void setHundredths(bool hundredths);
    void setValue(int value); ///< shown at once, unless the user is typing
    [[nodiscard]] int value() const { return m_value; }
    [[nodiscard]] QString textOf(int value) const;
    /// Shows why a value was not taken, on a plate under the field, and restores the text.
    void reject(const QString& sentence);
    [[nodiscard]] QString complaint() const { return m_complaint; } ///< the last sentence; empty after a good value

Q_SIGNALS:
    void typed(int value);   ///< a readable number inside the range was entered
    void stepped(int steps); ///< Up, Down, or the wheel over the focused field
    void complained(const QString& sentence);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void commit();
    void restore();

    const Theme* m_theme;
    PlateTip* m_tip = nullptr;
    QString m_complaint;
    int m_value = 0;
    int m_least = 1;
    int m_most = 1;
    WheelNotches m_wheel;
    bool m_typing = false;
    bool m_hundredths = false;
};

} // namespace shardlens
