// SPDX-License-Identifier: Apache-2.0
#include "ui/window/messagebar.h"

#include "ui/theme/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QTextBrowser>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace shardlens {
namespace {

constexpr int kNoteMilliseconds = 12'000;
constexpr int kMostWidth = 640;
constexpr int kDetailsHeight = 200;

} // namespace

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent),
      m_text(new QLabel(this)),
      m_details(new QTextBrowser(this)),
      m_buttons(new QHBoxLayout),
      m_close(new QToolButton(this)),
      m_fade(new QTimer(this))
{
    setObjectName(QStringLiteral("messageBar"));
    setAutoFillBackground(true);
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText); // sentences quote what was found in a file
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_details->setAccessibleName(tr("Details of the message"));
    m_details->setFixedHeight(kDetailsHeight);
    m_close->setObjectName(QStringLiteral("viewChoice"));
    m_close->setText(tr("Dismiss"));
    m_close->setAccessibleName(tr("Dismiss the message"));
    auto* row = new QHBoxLayout;
    row->setSpacing(space::kSmall);
    row->addWidget(m_text, 1);
    row->addLayout(m_buttons);
    row->addWidget(m_close, 0, Qt::AlignTop);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::kInset, space::kSmall, space::kSmall, space::kSmall);
    column->addLayout(row);
    column->addWidget(m_details);
    m_fade->setSingleShot(true);
    connect(m_fade, &QTimer::timeout, this, &MessageBar::dismiss);
    connect(m_close, &QToolButton::clicked, this, &MessageBar::dismiss);
    parent->installEventFilter(this);
    hide();
}

void MessageBar::note(const QString& sentence)
{
    present(m_fresh && isVisible() ? text() % QLatin1Char(' ') % sentence : sentence, "note");
    m_fade->start(kNoteMilliseconds);
}

void MessageBar::error(const QString& sentence)
{
    present(sentence, "error");
}

void MessageBar::refusal(const QString& sentence)
{
    present(sentence, "error");
    m_refusal = true;
}

void MessageBar::dismissRefusal()
{
    if (m_refusal)
        dismiss();
}

void MessageBar::ask(const QString& sentence, std::vector<Action> actions)
{
    present(sentence, "error");
    for (Action& action : actions) {
        auto* button = new QPushButton(action.text, this);
        connect(button, &QPushButton::clicked, this, [this, run = std::move(action.run)] {
            const std::function<void()> then = run; // dismissing deletes the button and with it this closure
            dismiss();
            if (then)
                then();
        });
        m_buttons->addWidget(button, 0, Qt::AlignTop);
    }
    place();
    if (QLayoutItem* first = m_buttons->itemAt(0))
        first->widget()->setFocus(Qt::OtherFocusReason);
}

void MessageBar::report(const QString& sentence, const QString& markdown)
{
    present(sentence, "note", markdown);
}

void MessageBar::dismiss()
{
    m_fade->stop();
    m_refusal = false;
    hide();
}

QString MessageBar::text() const
{
    return m_text->text();
}

QString MessageBar::details() const
{
    return m_details->toPlainText();
}

bool MessageBar::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == parentWidget() && event->type() == QEvent::Resize && !isHidden()) // also before the window is shown
        place();
    return QFrame::eventFilter(watched, event);
}

void MessageBar::present(const QString& sentence, const char* severity, const QString& markdown)
{
    m_fade->stop();
    m_refusal = false;
    while (QLayoutItem* item = m_buttons->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    m_text->setText(sentence);
    setAccessibleName(sentence);
    m_details->setMarkdown(markdown);
    m_details->setVisible(!markdown.isEmpty());
    setProperty("severity", QLatin1String(severity));
    style()->unpolish(this);
    style()->polish(this);
    show();
    raise();
    place();
    m_fresh = true;
    QTimer::singleShot(0, this, [this] { m_fresh = false; });
}

void MessageBar::place()
{
    const QWidget* host = parentWidget();
    const int width = std::min(kMostWidth, host->width() - 2 * space::kLarge);
    resize(width, height());
    layout()->activate();
    const int wanted = layout()->hasHeightForWidth() ? layout()->totalHeightForWidth(width) : layout()->totalSizeHint().height();
    setGeometry((host->width() - width) / 2, host->height() - wanted - space::kLarge, width, wanted);
}

} // namespace shardlens
