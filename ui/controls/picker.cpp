// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/picker.h"

#include "ui/controls/pickerpopup.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>

namespace shardlens {
namespace {

int largeBox()
{
    return scaledToText(28);
}
int smallBox()
{
    return scaledToText(24);
}
constexpr int kArrowWidth = 22;
int subtitleHeight()
{
    return scaledToText(20);
}
constexpr int kInside = 10;
constexpr int kSmallInside = 8;

} // namespace

Picker::Picker(const QString& name, QWidget* parent) : QWidget(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    setAccessibleName(name);
    followTextScale(this, [this] {
        updateGeometry();
        update();
    });
}

void Picker::setShape(Shape shape)
{
    m_shape = shape;
    setSizePolicy(shape == Shape::Box ? QSizePolicy::Ignored : QSizePolicy::Fixed, QSizePolicy::Fixed);
    updateGeometry();
    update();
}

int Picker::boxHeight() const
{
    return m_shape == Shape::Box ? largeBox() : smallBox();
}

void Picker::setTheme(const Theme& theme)
{
    m_theme = &theme;
    if (m_popup)
        m_popup->setTheme(theme);
    update();
}

void Picker::setItems(const std::vector<PickerItem>& items)
{
    if (items == m_items)
        return;
    m_items = items;
    if (m_popup)
        m_popup->setItems(m_items);
    if (m_current >= static_cast<int>(m_items.size()))
        m_current = -1;
    update();
}

void Picker::setCurrent(int index, const QString& otherTitle)
{
    m_current = index >= 0 && static_cast<std::size_t>(index) < m_items.size() ? index : -1;
    m_otherTitle = otherTitle;
    setAccessibleDescription(m_current >= 0 ? m_items[static_cast<std::size_t>(m_current)].title : m_otherTitle);
    update();
}

void Picker::setSubtitle(const QString& subtitle)
{
    if (subtitle == m_subtitle)
        return;
    m_subtitle = subtitle;
    update();
}

bool Picker::isOpen() const
{
    return m_popup && m_popup->isVisible();
}

QSize Picker::sizeHint() const
{
    return {m_shape == Shape::Arrow ? kArrowWidth : 240, boxHeight() + (m_shape == Shape::Box ? subtitleHeight() : 0)};
}

QSize Picker::minimumSizeHint() const
{
    return {m_shape == Shape::Arrow ? kArrowWidth : m_shape == Shape::Small ? 60 : 120, sizeHint().height()};
}

void Picker::openList(const QString& typed)
{
    if (!isEnabled())
        return;
    if (!m_popup) {
        m_popup = new PickerPopup(accessibleName(), this);
        m_popup->setTheme(*m_theme);
        m_popup->setItems(m_items);
        connect(m_popup, &PickerPopup::chosen, this, &Picker::choose);
    }
    m_popup->openUnder(QRect(mapToGlobal(QPoint(0, 0)), QSize(width(), boxHeight())), m_current, typed);
    update();
}

void Picker::choose(int index)
{
    if (index < 0 || index == m_current)
        return;
    setCurrent(index);
    Q_EMIT chosen(index);
}

void Picker::step(int direction)
{
    if (m_items.empty())
        return;
    choose(std::clamp(m_current + direction, 0, static_cast<int>(m_items.size()) - 1));
}

void Picker::paintEvent(QPaintEvent*)
{
    m_scene.clear(size());
    const QRectF box(0, 0, width(), boxHeight());
    const Ink ink = isEnabled() ? Ink::Text : Ink::Disabled;
    const Ink border = hasFocus() ? Ink::Accent : isEnabled() ? Ink::Strong : Ink::Line;
    m_scene.roundedRect(box, 3, m_theme->color(isEnabled() ? Ink::Surface : Ink::Sunken), m_theme->color(border), hasFocus() ? 2 : 1);
    const QString title = m_current >= 0 ? m_items[static_cast<std::size_t>(m_current)].title : m_otherTitle;
    const bool named = m_shape != Shape::Arrow;
    const int inside = m_shape == Shape::Box ? kInside : kSmallInside;
    if (named)
        m_scene.text(box.adjusted(inside, 0, -inside - 16, 0), title, m_shape == Shape::Box ? TextRole::BodyMedium : TextRole::Body,
                     m_theme->color(ink), Qt::AlignLeft | Qt::AlignVCenter, true);
    QPainterPath triangle;
    const QPointF tip(named ? box.right() - inside - 4 : box.center().x(), box.center().y() + 2.5);
    triangle.moveTo(tip);
    triangle.lineTo(tip + QPointF(-4, -5));
    triangle.lineTo(tip + QPointF(4, -5));
    triangle.closeSubpath();
    m_scene.path(triangle, m_theme->color(ink));
    if (m_shape == Shape::Box)
        m_scene.text(QRectF(0, largeBox(), width(), subtitleHeight()), m_subtitle, TextRole::Note, m_theme->color(Ink::Text3),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
    QPainter painter(this);
    paint(painter, m_scene, *m_theme);
}

void Picker::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && event->position().y() < boxHeight())
        openList();
}

void Picker::wheelEvent(QWheelEvent* event)
{
    if (!hasFocus()) { // unfocused, the wheel scrolls the column
        event->ignore();
        return;
    }
    const int steps = m_wheel.take(event->angleDelta().y());
    if (steps != 0)
        step(-steps);
    event->accept();
}

void Picker::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Up: step(-1); return;
    case Qt::Key_Down:
        if (event->modifiers() & Qt::AltModifier)
            openList();
        else
            step(1);
        return;
    case Qt::Key_Home: choose(m_items.empty() ? -1 : 0); return;
    case Qt::Key_End: choose(static_cast<int>(m_items.size()) - 1); return;
    case Qt::Key_PageUp: step(-10); return;
    case Qt::Key_PageDown: step(10); return;
    case Qt::Key_Space:
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_F4: openList(); return;
    default: break;
    }
    const QString text = event->text();
    if (!text.isEmpty() && text[0].isPrint() && !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
        openList(text);
        return;
    }
    QWidget::keyPressEvent(event);
}

} // namespace shardlens
