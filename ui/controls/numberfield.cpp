// SPDX-License-Identifier: Apache-2.0
#include "ui/controls/numberfield.h"

#include "core/base/format.h"
#include "ui/controls/platetip.h"
#include "ui/scene/scene.h"

#include <QFocusEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QTimer>
#include <QWheelEvent>

#include <cmath>

namespace shardlens {
namespace {

constexpr int kComplaintMilliseconds = 6000;
constexpr double kHundred = 100;

Error notANumber(const QString& text, int least, int most)
{
    Error error;
    error.found = '"' + text.left(40).toStdString() + '"';
    error.allowed = "a whole number from " + formatCount(least) + " to " + formatCount(most);
    // How large ones may be written; of a short range the ends say enough.
    if (least <= 2048 && most >= 2048)
        error.allowed += ", such as 2048, 2,048 or 2k";
    return error;
}

} // namespace

Result<int> parseCount(const QString& text, int least, int most)
{
    QString digits = text.trimmed().toLower();
    for (const QChar separator : {QChar(u','), QChar(u' '), QChar(u'\''), QChar(u'_'), QChar(0x202F), QChar(0x2009), QChar(0x00A0)})
        digits.remove(separator);
    double unit = 1;
    if (digits.endsWith(QLatin1Char('k')))
        unit = 1024;
    else if (digits.endsWith(QLatin1Char('m')))
        unit = 1024.0 * 1024.0;
    if (unit > 1)
        digits.chop(1);
    const auto plain = [](QChar c) { return (c >= QLatin1Char('0') && c <= QLatin1Char('9')) || c == QLatin1Char('.'); };
    bool ok = !digits.isEmpty() && digits.size() <= 30 && std::all_of(digits.cbegin(), digits.cend(), plain);
    const double value = ok ? digits.toDouble(&ok) * unit : 0; // QString::toDouble reads the C locale
    if (!ok || value != std::floor(value) || value < least || value > most)
        return notANumber(text, least, most);
    return static_cast<int>(value);
}

QString countText(int value)
{
    return qs(formatCount(value));
}

QString shortCountText(int value)
{
    constexpr int kKilo = 1024;
    constexpr int kMega = kKilo * kKilo;
    if (value >= kMega && value % kMega == 0)
        return QString::number(value / kMega) % QLatin1Char('M');
    if (value >= kKilo && value % kKilo == 0)
        return QString::number(value / kKilo) % QLatin1Char('k');
    return countText(value);
}

Result<int> parseHundredths(const QString& text, int least, int most)
{
    const QString digits = text.trimmed().replace(QLatin1Char(','), QLatin1Char('.'));
    const auto plain = [](QChar c) { return (c >= QLatin1Char('0') && c <= QLatin1Char('9')) || c == QLatin1Char('.'); };
    bool ok = !digits.isEmpty() && digits.size() <= 30 && std::all_of(digits.cbegin(), digits.cend(), plain);
    const double value = ok ? std::round(digits.toDouble(&ok) * kHundred) : 0; // QString::toDouble reads the C locale
    if (!ok || value < least || value > most) {
        Error error;
        error.found = '"' + text.left(40).toStdString() + '"';
        error.allowed = "a number from " + hundredthsText(least).toStdString() + " to " + hundredthsText(most).toStdString();
        return error;
    }
    return static_cast<int>(value);
}

QString hundredthsText(int value)
{
    QString text = QString::number(value / kHundred, 'f', 2);
    while (text.endsWith(QLatin1Char('0')))
        text.chop(1);
    if (text.endsWith(QLatin1Char('.')))
        text.chop(1);
    return text;
}

NumberField::NumberField(QWidget* parent) : QLineEdit(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setFrame(false);
    setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    setTextMargins(4, 0, 5, 0);
    setMaxLength(40);
    followTextScale(this, [this] { setFont(fontOf(TextRole::BodyMedium)); });
    setContextMenuPolicy(Qt::NoContextMenu);
    setTheme(*m_theme);
    connect(this, &QLineEdit::textEdited, this, [this] { m_typing = true; });
    connect(this, &QLineEdit::returnPressed, this, &NumberField::commit);
}

void NumberField::setTheme(const Theme& theme)
{
    m_theme = &theme;
    QPalette colors = palette();
    colors.setColor(QPalette::Base, theme.color(Ink::Surface));
    colors.setColor(QPalette::Disabled, QPalette::Base, theme.color(Ink::Sunken));
    colors.setColor(QPalette::Text, theme.color(Ink::Text));
    colors.setColor(QPalette::Disabled, QPalette::Text, theme.color(Ink::Disabled));
    colors.setColor(QPalette::Highlight, theme.color(Ink::Line));
    colors.setColor(QPalette::HighlightedText, theme.color(Ink::Text));
    setPalette(colors);
    if (m_tip)
        m_tip->setTheme(theme);
    update();
}

void NumberField::setRange(int least, int most)
{
    m_least = least;
    m_most = std::max(least, most);
}

void NumberField::setHundredths(bool hundredths)
{
    m_hundredths = hundredths;
    restore();
}

QString NumberField::textOf(int value) const
{
    return m_hundredths ? hundredthsText(value) : countText(value);
}

void NumberField::setValue(int value)
{
    m_value = value;
    if (!m_typing && text() != textOf(value))
        restore();
}

void NumberField::restore()
{
    m_typing = false;
    const bool selected = hasSelectedText();
    setText(textOf(m_value));
    if (selected)
        selectAll();
}

void NumberField::reject(const QString& sentence)
{
    restore();
    m_complaint = sentence;
    Q_EMIT complained(sentence);
    if (!isVisible())
        return;
    if (!m_tip) {
        m_tip = new PlateTip(this);
        m_tip->setStaysOnLeave(true); // it belongs to what was typed, not to the pointer
    }
    m_tip->showText(mapToGlobal(QPoint(0, height() - 8)), sentence, *m_theme);
    m_tip->hideAfter(kComplaintMilliseconds);
}

void NumberField::commit()
{
    if (!m_typing)
        return;
    const Result<int> read = m_hundredths ? parseHundredths(text(), m_least, m_most) : parseCount(text(), m_least, m_most);
    if (!read.ok()) {
        reject(qs(read.error().sentence()));
        return;
    }
    m_complaint.clear();
    if (m_tip)
        m_tip->hide();
    m_typing = false;
    if (read.value() != m_value)
        Q_EMIT typed(read.value()); // the owner answers with setValue() or reject()
    if (!m_typing && text() != textOf(m_value))
        restore();
}

bool NumberField::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride && !m_typing) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
            event->ignore(); // nothing typed to take back: the window's undo runs
            return true;
        }
    }
    return QLineEdit::event(event);
}

void NumberField::paintEvent(QPaintEvent* event)
{
    // The frame comes last: a style (or a window's style sheet) may fill the whole field.
    QLineEdit::paintEvent(event);
    Scene scene;
    scene.clear(size());
    const QColor border = hasFocus() ? m_theme->color(Ink::Accent) : m_theme->color(isEnabled() ? Ink::Strong : Ink::Line);
    scene.roundedRect(QRectF(rect()), 3, QColor(), border, hasFocus() ? 2 : 1);
    QPainter painter(this);
    paint(painter, scene, *m_theme);
}

void NumberField::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Up: Q_EMIT stepped(1); return;
    case Qt::Key_Down: Q_EMIT stepped(-1); return;
    case Qt::Key_Escape:
        if (m_typing) {
            restore();
            return;
        }
        break;
    default: break;
    }
    QLineEdit::keyPressEvent(event);
}

void NumberField::wheelEvent(QWheelEvent* event)
{
    if (!hasFocus()) {
        event->ignore();
        return;
    }
    const int steps = m_wheel.take(event->angleDelta().y());
    if (steps != 0)
        Q_EMIT stepped(steps);
    event->accept();
}

void NumberField::focusInEvent(QFocusEvent* event)
{
    QLineEdit::focusInEvent(event);
    if (event->reason() != Qt::PopupFocusReason)
        QTimer::singleShot(0, this, &QLineEdit::selectAll); // after the click has set its cursor
}

void NumberField::focusOutEvent(QFocusEvent* event)
{
    commit();
    deselect();
    QLineEdit::focusOutEvent(event);
}

} // namespace shardlens
