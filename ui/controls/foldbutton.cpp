// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/foldbutton.h"

#include <QPainter>

namespace shardlens {

FoldButton::FoldButton(const QString& name, QWidget* parent) : QToolButton(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setObjectName(name);
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setAutoRaise(true);
    followTextScale(this, [this] { setFont(fontOf(TextRole::Note)); });
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); // its figures must not widen the column
    setCheckable(true);
}

void FoldButton::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

void FoldButton::setUnfolded(bool unfolded)
{
    setChecked(unfolded);
    setArrowType(unfolded ? Qt::DownArrow : Qt::RightArrow);
}

void FoldButton::paintEvent(QPaintEvent* event)
{
    QToolButton::paintEvent(event);
    if (!hasFocus())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_theme->color(Ink::Accent), 2));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
}

} // namespace shardlens
