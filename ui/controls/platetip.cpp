// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/platetip.h"

#include "ui/scene/scene.h"

#include <QEvent>
#include <QPainter>
#include <QScreen>

#include <array>
#include <cmath>

namespace shardlens {
namespace {

constexpr int kAway = 12; // from the pointer
constexpr int kPadX = 12;
constexpr int kPadY = 8;
int mostWidth()
{
    return scaledToText(340);
}
int lineStep()
{
    return scaledToText(16);
}

/// Breaks at spaces so that no line is wider than mostWidth(); a single longer word stays whole.
QStringList wrapped(const QString& line, TextRole role)
{
    if (textWidth(line, role) <= mostWidth())
        return {line};
    QStringList result;
    QString current;
    for (const QString& word : line.split(QLatin1Char(' '))) {
        const QString longer = current.isEmpty() ? word : QString(current % QLatin1Char(' ') % word);
        if (!current.isEmpty() && textWidth(longer, role) > mostWidth()) {
            result << current;
            current = word;
        } else {
            current = longer;
        }
    }
    return result << current;
}

} // namespace

PlateTip::PlateTip(QWidget* owner)
    : QWidget(owner, Qt::ToolTip | Qt::FramelessWindowHint | Qt::WindowTransparentForInput),
      m_theme(&Theme::of(ThemeId::Light))
{
    setAttribute(Qt::WA_ShowWithoutActivating);
    setAttribute(Qt::WA_TranslucentBackground); // the corners
    setFocusPolicy(Qt::NoFocus);
    m_fade.setSingleShot(true);
    connect(&m_fade, &QTimer::timeout, this, &QWidget::hide);
    if (owner)
        owner->installEventFilter(this);
}

void PlateTip::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

void PlateTip::hideAfter(int milliseconds)
{
    m_fade.start(milliseconds);
}

bool PlateTip::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::Leave:
        if (!m_staysOnLeave)
            hide();
        break;
    case QEvent::Wheel:
    case QEvent::MouseButtonPress:
    case QEvent::Hide:
    case QEvent::FocusOut: hide(); break;
    default: break;
    }
    return QWidget::eventFilter(watched, event);
}

void PlateTip::showText(QPoint pointer, const QString& text, const Theme& theme, const std::function<bool(const QRect&)>& inTheWay)
{
    m_fade.stop();
    if (text.isEmpty()) {
        hide();
        return;
    }
    m_theme = &theme;
    if (text != m_text || m_generation != textGeneration()) {
        m_text = text;
        m_generation = textGeneration();
        layOut();
    }
    const QScreen* where = parentWidget() ? parentWidget()->screen() : screen();
    const QRect available = where ? where->availableGeometry() : QRect(0, 0, 1 << 14, 1 << 14);
    const std::array<QPoint, 4> corners{pointer + QPoint(kAway, kAway), pointer + QPoint(-kAway - width(), kAway),
                                        pointer + QPoint(kAway, -kAway - height()), pointer + QPoint(-kAway - width(), -kAway - height())};
    QPoint best(qBound(available.left(), corners[0].x(), std::max(available.left(), available.right() - width())),
                qBound(available.top(), corners[0].y(), std::max(available.top(), available.bottom() - height())));
    bool onScreen = false;
    for (const QPoint corner : corners) {
        const QRect place(corner, size());
        if (!available.contains(place))
            continue;
        if (!onScreen) {
            best = corner;
            onScreen = true;
        }
        if (!inTheWay || !inTheWay(place)) {
            best = corner;
            break;
        }
    }
    move(best);
    show();
    update();
}

void PlateTip::layOut()
{
    m_lines.clear();
    double widest = 0;
    bool hint = false;
    bool first = true;
    for (const QString& paragraph : m_text.split(QLatin1Char('\n'))) {
        if (paragraph.isEmpty()) {
            hint = true;
            continue;
        }
        const TextRole role = first ? TextRole::BodyStrong : TextRole::Note;
        for (const QString& line : wrapped(paragraph, role)) {
            m_lines.push_back({line, role, hint});
            widest = std::max(widest, textWidth(line, role));
        }
        first = false;
    }
    resize(static_cast<int>(std::ceil(widest)) + 2 * kPadX, static_cast<int>(lineStep() * static_cast<double>(m_lines.size())) + 2 * kPadY);
}

void PlateTip::paintEvent(QPaintEvent*)
{
    Scene scene;
    scene.clear(size());
    scene.roundedRect(QRectF(rect()), 3, m_theme->color(Ink::Tooltip));
    double y = kPadY;
    for (const Line& line : m_lines) {
        scene.text(QRectF(kPadX, y, width() - 2 * kPadX, lineStep()), line.text, line.role,
                   m_theme->color(line.dim ? Ink::TooltipDim : Ink::TooltipText));
        y += lineStep();
    }
    QPainter painter(this);
    paint(painter, scene, *m_theme);
}

} // namespace shardlens
