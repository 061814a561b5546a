// SPDX-License-Identifier: Apache-2.0
#include "ui/window/helppanel.h"

#include "ui/theme/theme.h"

#include <QDesktopServices>
#include <QFile>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

// Outside of the namespace, as Q_INIT_RESOURCE asks; a static library's resources are dropped by the linker otherwise.
static void initHelpResource()
{
    Q_INIT_RESOURCE(shardlens_help);
}

namespace shardlens {
namespace {

constexpr int kHelpWidth = 460;

} // namespace

HelpPanel::HelpPanel(QWidget* parent) : QFrame(parent), m_browser(new QTextBrowser(this))
{
    initHelpResource();
    setObjectName(QStringLiteral("sidePanel"));
    setAccessibleName(tr("Help"));
    setAutoFillBackground(true);
    auto* title = new QLabel(tr("What is computed"), this);
    followTextScale(title, [title] { title->setFont(fontOf(TextRole::Title)); });
    auto* contents = new QToolButton(this);
    contents->setText(tr("Contents"));
    auto* close = new QToolButton(this);
    close->setText(tr("Close"));
    for (QToolButton* button : {contents, close}) {
        button->setObjectName(QStringLiteral("viewChoice"));
        button->setAccessibleName(button->text() % QLatin1Char(' ') % tr("help"));
        button->setFocusPolicy(Qt::TabFocus);
    }
    auto* row = new QHBoxLayout;
    row->addWidget(title, 1);
    row->addWidget(contents);
    row->addWidget(close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(space::kLarge, space::kSmall, space::kSmall, space::kSmall);
    column->addLayout(row);
    column->addWidget(m_browser);
    m_browser->setAccessibleName(tr("Help page"));
    m_browser->setOpenLinks(false);
    connect(m_browser, &QTextBrowser::anchorClicked, this, [this](const QUrl& url) {
        if (url.isRelative())
            showPage(url.path().section(QLatin1Char('.'), 0, 0));
        else
            QDesktopServices::openUrl(url);
    });
    connect(contents, &QToolButton::clicked, this, [this] { showPage(QStringLiteral("index")); });
    connect(close, &QToolButton::clicked, this, &HelpPanel::dismiss);
    parent->installEventFilter(this);
    showPage(QStringLiteral("index"));
    hide();
}

void HelpPanel::present()
{
    showPage(m_page); // links take the colour that the palette has when a page is read
    place();
    show();
    raise();
    m_browser->setFocus(Qt::ShortcutFocusReason);
}

void HelpPanel::dismiss()
{
    hide();
}

void HelpPanel::showPage(const QString& name)
{
    m_page = name;
    QFile file(QStringLiteral(":/help/") % name % QStringLiteral(".md"));
    if (file.open(QIODevice::ReadOnly))
        m_browser->setMarkdown(QString::fromUtf8(file.readAll()));
    else
        m_browser->setMarkdown(tr("There is no page named %1.").arg(name));
}

QString HelpPanel::text() const
{
    return m_browser->toPlainText();
}

void HelpPanel::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        dismiss();
    else
        QFrame::keyPressEvent(event);
}

bool HelpPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible())
        place();
    return QFrame::eventFilter(watched, event);
}

void HelpPanel::place()
{
    const QWidget* host = parentWidget();
    const int width = std::min(kHelpWidth, host->width() - 2 * space::kLarge);
    setGeometry(host->width() - width - space::kSmall, space::kSmall, width, host->height() - 2 * space::kSmall);
}

} // namespace shardlens
