// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/segmented.h"

#include "ui/controls/platetip.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

int rowHeight()
{
    return scaledToText(24);
}
constexpr int kPadding = 10;
constexpr int kLeastPadding = 4;
constexpr qint64 kTypingMilliseconds = 1000;

} // namespace

Segmented::Segmented(const QString& name, QWidget* parent) : QWidget(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true); // a tooltip goes when the pointer leaves its item
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(name);
    followTextScale(this, [this] {
        updateGeometry();
        update();
    });
}

void Segmented::setTheme(const Theme& theme)
{
    m_theme = &theme;
    if (m_tip)
        m_tip->setTheme(theme);
    update();
}

void Segmented::setItems(const std::vector<Item>& items)
{
    if (items == m_items)
        return;
    m_items = items;
    m_current = std::clamp(m_current, 0, std::max(0, static_cast<int>(items.size()) - 1));
    describe();
    updateGeometry();
    update();
}

void Segmented::setCurrent(int index)
{
    if (index == m_current || index < 0 || static_cast<std::size_t>(index) >= m_items.size())
        return;
    m_current = index;
    describe();
    update();
}

void Segmented::describe()
{
    setAccessibleDescription(m_items.empty() ? QString() : m_items[static_cast<std::size_t>(m_current)].text);
}

double Segmented::edge(int index) const
{
    const auto count = static_cast<double>(std::max<std::size_t>(1, m_items.size()));
    double widest = 0;
    double all = 0;
    double before = 0;
    for (int i = 0; i < static_cast<int>(m_items.size()); ++i) {
        const double wide = textWidth(m_items[static_cast<std::size_t>(i)].text, TextRole::BodyStrong) + 2 * kLeastPadding;
        widest = std::max(widest, wide);
        all += wide;
        if (i < index)
            before += wide;
    }
    // Equal shares, unless one would cut its word: then each has what it needs and the rest is shared.
    if (widest <= width() / count || all <= 0)
        return std::round(index * width() / count);
    return all >= width() ? std::round(before / all * width()) : std::round(before + index * (width() - all) / count);
}

QRectF Segmented::itemRect(int index) const
{
    return {edge(index), 0, edge(index + 1) - edge(index), static_cast<double>(rowHeight())};
}

int Segmented::itemAt(QPointF point) const
{
    for (int i = 0; i < static_cast<int>(m_items.size()); ++i) {
        if (itemRect(i).contains(point))
            return i;
    }
    return -1;
}

QSize Segmented::sizeHint() const
{
    double widest = 0;
    for (const Item& item : m_items)
        widest = std::max(widest, textWidth(item.text, TextRole::BodyStrong));
    return {static_cast<int>(std::ceil(widest) + 2 * kPadding) * static_cast<int>(m_items.size()), rowHeight()};
}

QSize Segmented::minimumSizeHint() const
{
    return {static_cast<int>(m_items.size()) * 30, rowHeight()};
}

void Segmented::choose(int index)
{
    if (index < 0 || index == m_current || !m_items[static_cast<std::size_t>(index)].enabled)
        return;
    m_current = index;
    describe();
    update();
    Q_EMIT chosen(index);
}

void Segmented::step(int direction)
{
    for (int i = m_current + direction; i >= 0 && i < static_cast<int>(m_items.size()); i += direction) {
        if (m_items[static_cast<std::size_t>(i)].enabled) {
            choose(i);
            return;
        }
    }
}

bool Segmented::event(QEvent* event)
{
    if (event->type() == QEvent::MouseMove && m_tip && m_tip->isVisible()) {
        const int under = itemAt(static_cast<QMouseEvent*>(event)->position());
        if (under < 0 || m_items[static_cast<std::size_t>(under)].reason != m_tip->text())
            m_tip->hide();
    }
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int index = itemAt(QPointF(help->pos()));
    const bool disabled = index >= 0 && !m_items[static_cast<std::size_t>(index)].enabled;
    if (!disabled && !m_tip)
        return true;
    if (!m_tip)
        m_tip = new PlateTip(this);
    m_tip->showText(help->globalPos(), disabled ? m_items[static_cast<std::size_t>(index)].reason : QString(), *m_theme);
    return true;
}

void Segmented::paintEvent(QPaintEvent*)
{
    m_scene.clear(size());
    const QRectF all(0, 0, width(), rowHeight());
    m_scene.roundedRect(all, 3, m_theme->color(Ink::Sunken), m_theme->color(Ink::Line));
    for (int i = 0; i < static_cast<int>(m_items.size()); ++i) {
        const Item& item = m_items[static_cast<std::size_t>(i)];
        const bool current = i == m_current;
        if (i > 0 && !current && i != m_current + 1)
            m_scene.line({itemRect(i).left(), 5}, {itemRect(i).left(), rowHeight() - 5.0}, m_theme->color(Ink::Line));
        const bool enabled = item.enabled && isEnabled();
        if (current)
            m_scene.roundedRect(itemRect(i), 3, m_theme->color(Ink::Surface), m_theme->color(enabled ? Ink::Text : Ink::Disabled), 1.5);
        m_scene.text(itemRect(i), item.text, current ? TextRole::BodyStrong : TextRole::Body,
                     m_theme->color(!enabled  ? Ink::Disabled
                                    : current ? Ink::Text
                                              : Ink::Text2),
                     Qt::AlignCenter, true);
    }
    if (hasFocus())
        m_scene.roundedRect(all, 3, QColor(), m_theme->color(Ink::Accent), 2);
    QPainter painter(this);
    paint(painter, m_scene, *m_theme);
}

void Segmented::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        choose(itemAt(event->position()));
}

void Segmented::wheelEvent(QWheelEvent* event)
{
    if (!hasFocus()) { // unfocused, the wheel scrolls the column
        event->ignore();
        return;
    }
    const int steps = m_wheel.take(event->angleDelta().y());
    for (int i = 0; i < std::abs(steps); ++i)
        step(steps > 0 ? -1 : 1);
    event->accept();
}

void Segmented::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Up: step(-1); return;
    case Qt::Key_Right:
    case Qt::Key_Down: step(1); return;
    case Qt::Key_Home:
    case Qt::Key_End: {
        const bool last = event->key() == Qt::Key_End;
        const int count = static_cast<int>(m_items.size());
        for (int i = 0; i < count; ++i) {
            const int index = last ? count - 1 - i : i;
            if (m_items[static_cast<std::size_t>(index)].enabled) {
                choose(index);
                break;
            }
        }
        return;
    }
    default: break;
    }
    const QString text = event->text();
    if (text.isEmpty() || !text[0].isLetterOrNumber() || (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
        QWidget::keyPressEvent(event);
        return;
    }
    if (!m_sinceTyped.isValid() || m_sinceTyped.elapsed() > kTypingMilliseconds)
        m_typed.clear();
    m_sinceTyped.start();
    m_typed += text;
    for (int i = 0; i < static_cast<int>(m_items.size()); ++i) {
        if (m_items[static_cast<std::size_t>(i)].enabled
            && m_items[static_cast<std::size_t>(i)].text.startsWith(m_typed, Qt::CaseInsensitive)) {
            choose(i);
            return;
        }
    }
}

} // namespace shardlens
