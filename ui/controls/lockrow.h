// SPDX-License-Identifier: Apache-2.0
// The switch that keeps the device count: a lock, what is locked, and which axis moves in return.
#pragma once

#include "ui/theme/theme.h"

#include <QAbstractButton>

namespace shardlens {

class LockRow : public QAbstractButton {
    Q_OBJECT
public:
    explicit LockRow(QWidget* parent);
    void setTheme(const Theme& theme);
    void setTexts(const QString& state, const QString& partner);
    void setLocked(bool locked); ///< emits nothing
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    const Theme* m_theme;
    QString m_partner;
};

} // namespace shardlens
