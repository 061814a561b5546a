// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/lockrow.h"

#include <QPainter>
#include <QPainterPath>
#include <QSignalBlocker>

namespace shardlens {
namespace {

int rowHeight()
{
    return scaledToText(26);
}

/// 12 x 12 around `centre`: a body and a shackle, open at the right when unlocked.
void drawLock(QPainter& painter, QPointF centre, bool locked, const QColor& ink)
{
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF body(centre.x() - 5, centre.y() - 1, 10, 7);
    QPainterPath shackle;
    const double left = centre.x() - 3 + (locked ? 0 : 4);
    shackle.moveTo(left, body.top());
    shackle.lineTo(left, body.top() - 2);
    shackle.arcTo(QRectF(left, body.top() - 5, 6, 6), 180, -180);
    if (locked)
        shackle.lineTo(left + 6, body.top());
    painter.setPen(QPen(ink, 1.6));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(shackle);
    painter.setPen(Qt::NoPen);
    painter.setBrush(ink);
    painter.drawRoundedRect(body, 1, 1);
    painter.setRenderHint(QPainter::Antialiasing, false);
}

} // namespace

LockRow::LockRow(QWidget* parent) : QAbstractButton(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setObjectName(QStringLiteral("lockDevices"));
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    setToolTip(tr("Locked: moving one axis moves its partner, so that the plan keeps its devices."));
    followTextScale(this, [this] { updateGeometry(); });
}

void LockRow::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

void LockRow::setTexts(const QString& state, const QString& partner)
{
    if (state == text() && partner == m_partner)
        return;
    setText(state);
    m_partner = partner;
    setAccessibleName(partner.isEmpty() ? state : state % QStringLiteral(", ") % partner);
    update();
}

void LockRow::setLocked(bool locked)
{
    const QSignalBlocker quiet(this);
    setChecked(locked);
    update();
}

QSize LockRow::sizeHint() const
{
    return {120, rowHeight()};
}

void LockRow::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const QRectF plate = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(hasFocus() ? QPen(m_theme->color(Ink::Accent), 2) : QPen(m_theme->color(Ink::Line), 1));
    painter.setBrush(m_theme->color(underMouse() ? Ink::HoverRow : Ink::Sunken));
    painter.drawRoundedRect(hasFocus() ? plate.adjusted(0.5, 0.5, -0.5, -0.5) : plate, 3, 3);
    drawLock(painter, QPointF(space::kSmall + 6, height() / 2.0), isChecked(), m_theme->color(Ink::Text));
    const QRect row = rect().adjusted(space::kSmall + 18, 0, -space::kSmall, 0);
    painter.setFont(fontOf(TextRole::BodyMedium));
    painter.setPen(m_theme->color(Ink::Text));
    const QString state = painter.fontMetrics().elidedText(text(), Qt::ElideRight, row.width());
    const int taken = painter.fontMetrics().horizontalAdvance(state) + space::kSmall;
    painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, state);
    painter.setFont(fontOf(TextRole::Note));
    painter.setPen(m_theme->color(Ink::Text2));
    painter.drawText(row.adjusted(taken, 0, 0, 0), Qt::AlignRight | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(m_partner, Qt::ElideRight, std::max(0, row.width() - taken)));
}

} // namespace shardlens
