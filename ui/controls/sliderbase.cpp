// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/sliderbase.h"

#include "ui/controls/platetip.h"

#include <QAccessibleWidget>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

int headerHeight()
{
    return scaledToText(22);
}
// "10,000,000"
int fieldWidth()
{
    return scaledToText(76);
}
constexpr double kInset = 10; // of the track: room for the focus ring
// y of the track
double trackTop()
{
    return scaledToText(32);
}
// y of the numbers
double labelsTop()
{
    return scaledToText(41);
}
int labelHeight()
{
    return scaledToText(14);
}
int fullHeight()
{
    return scaledToText(58);
}
int reasonHeight()
{
    return scaledToText(14);
}
constexpr int kWheelRest = 400; // ms without a notch that end a turn of the wheel

class SliderAccessible : public QAccessibleWidget, public QAccessibleValueInterface {
public:
    explicit SliderAccessible(SliderBase* slider) : QAccessibleWidget(slider, QAccessible::Slider) {}

    void* interface_cast(QAccessible::InterfaceType type) override
    {
        if (type == QAccessible::ValueInterface)
            return static_cast<QAccessibleValueInterface*>(this);
        return QAccessibleWidget::interface_cast(type);
    }
    QVariant currentValue() const override { return slider()->value(); }
    void setCurrentValue(const QVariant& value) override { slider()->take(value.toInt()); }
    QVariant minimumValue() const override { return slider()->leastValue(); }
    QVariant maximumValue() const override { return slider()->greatestValue(); }
    QVariant minimumStepSize() const override { return 1; }
    QString text(QAccessible::Text kind) const override
    {
        return kind == QAccessible::Value ? countText(slider()->value()) : QAccessibleWidget::text(kind);
    }

    static QAccessibleInterface* make(const QString&, QObject* object)
    {
        SliderBase* slider = qobject_cast<SliderBase*>(object);
        return slider ? new SliderAccessible(slider) : nullptr;
    }

private:
    SliderBase* slider() const { return static_cast<SliderBase*>(widget()); }
};

} // namespace

SliderBase::SliderBase(const QString& name, const QString& note, QWidget* parent)
    : QWidget(parent),
      m_theme(&Theme::of(ThemeId::Light)),
      m_field(new NumberField(this)),
      m_name(name),
      m_note(note)
{
    static const bool registered = [] {
        QAccessible::installFactory(&SliderAccessible::make);
        return true;
    }();
    Q_UNUSED(registered)
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);                                  // a tooltip goes when the pointer leaves its tick
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); // figures never widen the column
    setAccessibleName(note.isEmpty() ? name : QString(name % QLatin1Char(' ') % note));
    m_field->setAccessibleName(tr("%1 value").arg(accessibleName()));
    m_wheelRest.setSingleShot(true);
    m_wheelRest.setInterval(kWheelRest);
    connect(&m_wheelRest, &QTimer::timeout, this, &SliderBase::dragEnded);
    connect(m_field, &NumberField::typed, this, [this](int typed) { take(typed); });
    connect(m_field, &NumberField::stepped, this, [this](int steps) { step(steps, false); });
    followTextScale(this, [this] {
        placeField();
        updateGeometry();
        update();
    });
}

int SliderBase::rowHeight()
{
    return headerHeight();
}

void SliderBase::setTheme(const Theme& theme)
{
    m_theme = &theme;
    m_field->setTheme(theme);
    if (m_tip)
        m_tip->setTheme(theme);
    update();
}

void SliderBase::setNote(const QString& note)
{
    if (note == m_note)
        return;
    m_note = note;
    setAccessibleName(note.isEmpty() ? m_name : QString(m_name % QLatin1Char(' ') % note));
    m_field->setAccessibleName(tr("%1 value").arg(accessibleName()));
    update();
}

void SliderBase::setCompact(bool compact)
{
    if (compact == m_compact)
        return;
    m_compact = compact;
    setFocusPolicy(compact ? Qt::NoFocus : Qt::StrongFocus); // the field has the keyboard then
    updateGeometry();
    update();
}

void SliderBase::setReasonSpace(bool space)
{
    if (space == m_reasonSpace)
        return;
    m_reasonSpace = space;
    updateGeometry();
}

QSize SliderBase::sizeHint() const
{
    return {240, m_compact ? headerHeight() + 2 : fullHeight() + (m_reasonSpace ? reasonHeight() : 0)};
}

QSize SliderBase::minimumSizeHint() const
{
    return {140, sizeHint().height()};
}

QString SliderBase::tipAt(int) const
{
    return {};
}

void SliderBase::setTicks(std::vector<Tick> ticks)
{
    m_ticks = std::move(ticks);
    update();
}

void SliderBase::valueShown()
{
    m_field->setRange(leastValue(), greatestValue());
    m_field->setValue(value()); // paints itself
    const Shown now{position(), positionLegal()};
    if (now != m_shown || m_reasonSpace)
        update();
    m_shown = now;
    if (QAccessible::isActive()) {
        QAccessibleValueChangeEvent changed(this, value());
        QAccessible::updateAccessibility(&changed);
    }
}

QPointF SliderBase::trackPoint(double at) const
{
    return {kInset + at * (width() - 2 * kInset), trackTop()};
}

double SliderBase::atOf(double x) const
{
    const double length = width() - 2 * kInset;
    return length > 0 ? std::clamp((x - kInset) / length, 0.0, 1.0) : 0;
}

int SliderBase::tickAt(const QPoint& position) const
{
    if (m_compact || position.y() < trackTop() - 10 || position.y() > labelsTop() + labelHeight())
        return -1;
    int best = -1;
    double least = 8;
    for (std::size_t i = 0; i < m_ticks.size(); ++i) {
        const double away = std::abs(trackPoint(m_ticks[i].at).x() - position.x());
        if (away < least) {
            least = away;
            best = static_cast<int>(i);
        }
    }
    return best;
}

bool SliderBase::event(QEvent* event)
{
    if (event->type() == QEvent::MouseMove && m_tip && m_tip->isVisible()
        && tipAt(tickAt(static_cast<QMouseEvent*>(event)->position().toPoint())) != m_tip->text())
        m_tip->hide();
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const QString text = tipAt(tickAt(help->pos()));
    if (text.isEmpty() && !m_tip)
        return true;
    if (!m_tip)
        m_tip = new PlateTip(this);
    m_tip->showText(help->globalPos(), text, *m_theme);
    return true;
}

void SliderBase::drawTicks()
{
    for (const Tick& tick : m_ticks) {
        const double x = std::floor(trackPoint(tick.at).x()) + 0.5;
        if (tick.legal) {
            m_scene.line({x, trackTop() + 5}, {x, trackTop() + 9}, m_theme->color(isEnabled() ? Ink::Text : Ink::Disabled));
        } else {
            m_scene.line({x - 2, trackTop() + 5}, {x + 2, trackTop() + 9}, m_theme->color(Ink::Disabled), 1);
            m_scene.line({x - 2, trackTop() + 9}, {x + 2, trackTop() + 5}, m_theme->color(Ink::Disabled), 1);
        }
    }
}

/// Numbers that would touch are dropped; the ends and the current one stay.
void SliderBase::drawLabels()
{
    struct Placed {
        double left;
        double right;
    };
    std::vector<Placed> placed;
    const double now = position();
    const auto draw = [&](const Tick& tick) {
        const double wide = textWidth(tick.label, TextRole::Note);
        double left = trackPoint(tick.at).x() - wide / 2;
        left = std::clamp(left, 0.0, std::max(0.0, width() - wide));
        const auto touches = [&](const Placed& other) { return left < other.right + 4 && left + wide > other.left - 4; };
        if (tick.label.isEmpty() || std::any_of(placed.begin(), placed.end(), touches))
            return;
        placed.push_back({left, left + wide});
        const bool grey = !tick.legal || !isEnabled();
        m_scene.text(QRectF(left, labelsTop(), wide, labelHeight()), tick.label, TextRole::Note,
                     m_theme->color(grey ? Ink::Disabled : Ink::Text2));
    };
    const auto current = [now](const Tick& tick) { return std::abs(tick.at - now) < 1e-9; };
    for (const Tick& tick : m_ticks) {
        if (current(tick))
            draw(tick);
    }
    if (!m_ticks.empty()) {
        draw(m_ticks.front());
        draw(m_ticks.back());
    }
    for (const bool legal : {true, false}) { // what can be chosen is named first
        for (std::size_t i = 1; i + 1 < m_ticks.size(); ++i) {
            if (m_ticks[i].legal == legal && !current(m_ticks[i]))
                draw(m_ticks[i]);
        }
    }
}

void SliderBase::paintEvent(QPaintEvent*)
{
    m_scene.clear(size());
    const QRectF header(0, 0, width(), headerHeight());
    const double nameWidth = textWidth(m_name, TextRole::BodyMedium);
    m_scene.text(header, m_name, TextRole::BodyMedium, m_theme->color(isEnabled() ? Ink::Text : Ink::Disabled));
    m_scene.text(header.adjusted(nameWidth + 8, 0, -fieldWidth() - 8, 0), m_note, TextRole::Note,
                 m_theme->color(isEnabled() ? Ink::Text2 : Ink::Disabled), Qt::AlignLeft | Qt::AlignVCenter, true);
    if (!m_compact) {
        const QPointF handle = trackPoint(position());
        m_scene.line(trackPoint(0), trackPoint(1), m_theme->color(isEnabled() ? Ink::Strong : Ink::Line), 2);
        if (isEnabled())
            m_scene.line(trackPoint(0), handle, m_theme->color(Ink::Text), 3);
        drawTicks();
        drawLabels();
        const auto circle = [this, handle](double radius, const QColor& fill, const QColor& pen) {
            QPainterPath path;
            path.addEllipse(handle, radius, radius);
            m_scene.path(path, fill, pen, 2);
        };
        const Ink ink = !isEnabled() ? Ink::Disabled : positionLegal() ? Ink::Text : Ink::Violation;
        circle(6, m_theme->color(Ink::Surface), m_theme->color(ink));
        if (hasFocus())
            circle(9.5, QColor(), m_theme->color(Ink::Accent));
        if (m_reasonSpace && (hasFocus() || m_field->hasFocus() || !positionLegal()))
            m_scene.text(QRectF(0, fullHeight() - 2, width(), reasonHeight()), reason(), TextRole::Note,
                         m_theme->color(positionLegal() ? Ink::Text2 : Ink::Violation), Qt::AlignLeft | Qt::AlignVCenter, true);
    }
    QPainter painter(this);
    paint(painter, m_scene, *m_theme);
}

void SliderBase::placeField()
{
    m_field->setGeometry(width() - fieldWidth(), 0, fieldWidth(), headerHeight());
}

void SliderBase::resizeEvent(QResizeEvent*)
{
    placeField();
}

void SliderBase::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_compact || event->position().y() < trackTop() - 10) {
        event->ignore();
        return;
    }
    m_wheelRest.stop();
    m_dragging = true;
    moveTo(atOf(event->position().x()), true);
}

void SliderBase::mouseMoveEvent(QMouseEvent* event)
{
    if (m_dragging)
        moveTo(atOf(event->position().x()), true);
}

void SliderBase::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        endDrag();
}

void SliderBase::endDrag()
{
    if (!m_dragging)
        return;
    m_dragging = false;
    Q_EMIT dragEnded();
}

void SliderBase::wheelEvent(QWheelEvent* event)
{
    // Without the focus the wheel scrolls the column: a track that slides under the pointer must not change.
    if (!isEnabled() || m_compact || !hasFocus()) {
        event->ignore();
        return;
    }
    const int steps = m_wheel.take(event->angleDelta().y());
    if (steps != 0) {
        m_wheelRest.start();
        step(steps, true);
    }
    event->accept();
}

void SliderBase::keyPressEvent(QKeyEvent* event)
{
    if (m_compact) {
        QWidget::keyPressEvent(event);
        return;
    }
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down: step(-1, false); return;
    case Qt::Key_Right:
    case Qt::Key_Up: step(1, false); return;
    case Qt::Key_PageDown: page(-1); return;
    case Qt::Key_PageUp: page(1); return;
    case Qt::Key_Home: toEnd(false); return;
    case Qt::Key_End: toEnd(true); return;
    default: break;
    }
    const QString typed = event->text();
    if (!typed.isEmpty() && typed[0].isDigit() && !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
        m_field->setFocus(Qt::OtherFocusReason); // a digit starts a typed value
        m_field->selectAll();
        m_field->insert(typed);
        Q_EMIT m_field->textEdited(m_field->text());
        return;
    }
    QWidget::keyPressEvent(event);
}

void SliderBase::focusOutEvent(QFocusEvent* event)
{
    endDrag();
    if (m_wheelRest.isActive()) {
        m_wheelRest.stop();
        Q_EMIT dragEnded();
    }
    QWidget::focusOutEvent(event);
}

void SliderBase::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::EnabledChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace shardlens
