// SPDX-License-Identifier: Apache-2.0
#include "ui/window/axisorderstrip.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace shardlens {

AxisOrderStrip::AxisOrderStrip(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_theme(&Theme::of(ThemeId::Light))
{
    setObjectName(QStringLiteral("axisOrder"));
    setAttribute(Qt::WA_OpaquePaintEvent);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Order of the plan's axes on the fabric"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    hide();
    connect(&document, &Document::reportChanged, this, [this] {
        m_effects.clear();
        m_options.collectives.reset();
        updateGeometry(); // with EP there is a line more
        letGo();
    });
    followTextScale(this, [this] { updateGeometry(); });
}

void AxisOrderStrip::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

QSize AxisOrderStrip::sizeHint() const
{
    return {200, static_cast<int>(std::ceil(axisOrderHeight(m_document.scenario().plan)))};
}

ViewInput AxisOrderStrip::input() const
{
    return {m_document.scenario(), m_document.report(), QSizeF(size()), *m_theme};
}

AxisOrderLayout AxisOrderStrip::layoutNow() const
{
    return layoutAxisOrder(input());
}

const OrderEffect& AxisOrderStrip::effectOf(const AxisOrder& order)
{
    const auto [found, added] = m_effects.try_emplace(order);
    if (added) {
        Scenario moved = m_document.scenario();
        moved.plan.options.order = order;
        const Report report = evaluate(moved);
        OrderEffect& effect = found->second;
        effect.legal = report.legal;
        effect.ttft = report.serving.ttft;
        effect.tpot = report.serving.tpot;
        if (!report.violations.empty())
            effect.reason = qs(sentence(report.violations.front(), moved.context(), moved.plan));
    }
    return found->second;
}

void AxisOrderStrip::paintEvent(QPaintEvent*)
{
    if (!m_options.collectives)
        m_options.collectives =
            std::make_shared<const std::vector<PlanCollective>>(planCollectives(m_document.scenario(), m_document.report()));
    Scene scene;
    buildAxisOrder(input(), m_options, scene);
    QPainter painter(this);
    painter.fillRect(rect(), m_theme->color(Ink::Surface));
    paint(painter, scene, *m_theme);
    if (m_dragging && m_options.dragged >= 0) {
        // The chip under the pointer, over everything else.
        const AxisOrderLayout layout = layoutNow();
        const AxisChip& chip = layout.chips[static_cast<std::size_t>(m_options.dragged)];
        Scene ghost;
        ghost.clear(QSizeF(size()));
        QRectF box = chip.rect;
        box.moveCenter({m_options.pointer, box.center().y() + 2});
        ghost.roundedRect(box, 4, m_theme->color(Ink::HoverRow), m_theme->color(Ink::Accent), 2);
        ghost.text(box.adjusted(4, 0, -4, 0), chip.name, TextRole::BodyMedium, m_theme->color(Ink::Text),
                   Qt::AlignHCenter | Qt::AlignVCenter, true);
        painter.setOpacity(0.9);
        paint(painter, ghost, *m_theme);
    }
    if (hasFocus()) {
        painter.setOpacity(1);
        painter.setPen(m_theme->color(Ink::Accent));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void AxisOrderStrip::mousePressEvent(QMouseEvent* event)
{
    const AxisOrderLayout layout = layoutNow();
    const int chip = layout.chipAt(event->position());
    m_options.selected = chip;
    m_options.dragged = -1;
    m_pressedAt = event->position().x();
    m_dragging = chip >= 0 && !layout.isExperts(chip) && event->button() == Qt::LeftButton;
    update();
}

void AxisOrderStrip::mouseMoveEvent(QMouseEvent* event)
{
    if (m_dragging && (event->buttons() & Qt::LeftButton)) {
        if (m_options.dragged >= 0 || std::abs(event->position().x() - m_pressedAt) >= QApplication::startDragDistance())
            dragTo(event->position().x());
        return;
    }
    const AxisOrderLayout layout = layoutNow();
    const int chip = layout.chipAt(event->position());
    if (chip >= 0 && chip != m_options.selected) {
        m_options.selected = chip;
        update();
    }
    setCursor(chip >= 0 && !layout.isExperts(chip) ? Qt::OpenHandCursor : Qt::ArrowCursor);
    m_document.selection().setHover(subjectOf(layout, chip));
}

void AxisOrderStrip::leaveEvent(QEvent*)
{
    m_document.selection().setHover({});
}

Subject AxisOrderStrip::subjectOf(const AxisOrderLayout& layout, int chip) const
{
    if (chip < 0 || chip >= static_cast<int>(layout.chips.size()))
        return {};
    Subject subject{Subject::Kind::Axis};
    subject.axis = static_cast<int>(layout.chips[static_cast<std::size_t>(chip)].axis);
    return subject;
}

void AxisOrderStrip::dragTo(double x)
{
    m_options.dragged = m_options.selected;
    m_options.pointer = x;
    const int place = layoutNow().placeAt(x, m_options.dragged);
    if (place != m_options.place || !m_options.then) {
        m_options.place = place;
        m_options.then = effectOf(movedAxis(m_document.scenario().plan, m_options.dragged, place));
    }
    update();
}

void AxisOrderStrip::mouseReleaseEvent(QMouseEvent*)
{
    const int from = m_options.dragged;
    const int place = m_options.place;
    const bool clicked = m_dragging && from < 0;
    letGo();
    if (from >= 0)
        drop(from, place);
    else if (clicked)
        m_document.selection().setPin(subjectOf(layoutNow(), m_options.selected));
}

void AxisOrderStrip::letGo()
{
    m_dragging = false;
    m_options.dragged = -1;
    m_options.place = -1;
    m_options.then.reset();
    update();
}

void AxisOrderStrip::drop(int from, int place)
{
    Scenario next = m_document.scenario();
    next.plan.options.order = movedAxis(next.plan, from, place);
    if (next.plan == m_document.scenario().plan || !effectOf(next.plan.options.order).legal)
        return;
    m_options.selected = place;
    m_document.edit(next, tr("Axes in the order %1").arg(orderText(next.plan)));
}

void AxisOrderStrip::keyPressEvent(QKeyEvent* event)
{
    const AxisOrderLayout layout = layoutNow();
    const int chips = static_cast<int>(layout.chips.size());
    const int stops = chips + (layout.experts.empty() ? 0 : 1); // EP is looked at, not moved
    if (chips == 0) {
        QWidget::keyPressEvent(event);
        return;
    }
    const int selected = std::clamp(m_options.selected, 0, stops - 1);
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right: {
        const int place = selected + (event->key() == Qt::Key_Left ? -1 : 1);
        if (selected < chips && place >= 0 && place < chips)
            drop(selected, place);
        break;
    }
    case Qt::Key_Up: m_options.selected = (selected + stops - 1) % stops; break;
    case Qt::Key_Down: m_options.selected = m_options.selected < 0 ? 0 : (selected + 1) % stops; break;
    case Qt::Key_Escape:
        if (m_options.dragged < 0) {
            QWidget::keyPressEvent(event);
            return;
        }
        letGo();
        break;
    default: QWidget::keyPressEvent(event); return;
    }
    describe();
    update();
}

void AxisOrderStrip::describe()
{
    const AxisOrderLayout layout = layoutNow();
    const int chip = m_options.selected;
    if (!m_options.collectives || chip < 0)
        return;
    if (layout.isExperts(chip))
        setAccessibleDescription(expertsText(m_document.scenario(), *m_options.collectives));
    else if (chip < static_cast<int>(layout.chips.size()))
        setAccessibleDescription(
            axisText(m_document.scenario(), *m_options.collectives, layout.chips[static_cast<std::size_t>(chip)].axis));
}

void AxisOrderStrip::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    letGo();
}

} // namespace shardlens
