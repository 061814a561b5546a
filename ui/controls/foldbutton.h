// SPDX-License-Identifier: Apache-2.0
// The button above a part of the column that folds: an arrow, what is below or what it stands at, and the ring of the other controls.
#pragma once

#include "ui/theme/theme.h"

#include <QToolButton>

namespace shardlens {

class FoldButton : public QToolButton {
    Q_OBJECT
public:
    explicit FoldButton(const QString& name, QWidget* parent);
    void setTheme(const Theme& theme);
    void setUnfolded(bool unfolded);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme* m_theme;
};

} // namespace shardlens
