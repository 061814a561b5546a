// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewdock.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>

namespace shardlens {

QuietLabel::QuietLabel(TextRole role, Ink ink, QWidget* parent)
    : QWidget(parent),
      m_role(role),
      m_ink(ink),
      m_theme(&Theme::of(ThemeId::Light))
{
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
}

void QuietLabel::setText(const QString& text)
{
    if (text == m_text)
        return;
    m_text = text;
    setToolTip(text);
    update();
}

void QuietLabel::setTheme(const Theme& theme)
{
    m_theme = &theme;
    update();
}

QSize QuietLabel::sizeHint() const
{
    const QFontMetrics metrics(fontOf(m_role));
    return {metrics.horizontalAdvance(m_text), metrics.height()};
}

void QuietLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setFont(fontOf(m_role));
    painter.setPen(m_theme->color(m_ink));
    painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, painter.fontMetrics().elidedText(m_text, Qt::ElideRight, width()));
}

ViewTitle::ViewTitle(const QString& title, QWidget* parent)
    : QWidget(parent),
      m_title(new QLabel(title, this)),
      m_before(new QHBoxLayout),
      m_after(new QHBoxLayout),
      m_subtitle(new QuietLabel(TextRole::Note, Ink::Text3, this)),
      m_choices(new QHBoxLayout)
{
    setObjectName(QStringLiteral("dockTitle"));
    setAttribute(Qt::WA_StyledBackground);
    setFixedHeight(space::kDockTitle);
    m_title->setObjectName(QStringLiteral("viewTitle"));
    m_title->setFont(fontOf(TextRole::Title));
    m_title->setMinimumWidth(0);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(space::kInset, 2, space::kSmall, 0);
    row->setSpacing(space::kInset);
    m_before->setSpacing(space::kInset);
    m_after->setSpacing(space::kInset);
    row->addLayout(m_before);
    row->addWidget(m_title);
    row->addLayout(m_after);
    row->addWidget(m_subtitle, 1);
    m_choices->setSpacing(space::kTight);
    row->addLayout(m_choices);
}

void ViewTitle::setTabs(const std::vector<Tab>& tabs, int current)
{
    if (tabs == m_tabs)
        return;
    m_tabs = tabs;
    for (QHBoxLayout* side : {m_before, m_after})
        while (QLayoutItem* item = side->takeAt(0)) {
            item->widget()->deleteLater(); // it may be the one that is being clicked
            item->widget()->hide();
            delete item;
        }
    bool before = true;
    for (const Tab& tab : tabs) {
        if (tab.id == current) {
            before = false;
            continue;
        }
        auto* button = new QToolButton(this);
        button->setObjectName(QStringLiteral("viewTab"));
        button->setText(tab.name);
        button->setAccessibleName(tr("Show %1").arg(tab.name));
        button->setFocusPolicy(Qt::TabFocus);
        connect(button, &QToolButton::clicked, this, [this, id = tab.id] { Q_EMIT tabChosen(id); });
        (before ? m_before : m_after)->addWidget(button);
        button->show();
    }
}

void ViewTitle::setSubtitle(const QString& subtitle)
{
    m_subtitle->setText(subtitle);
}

void ViewTitle::setTheme(const Theme& theme)
{
    m_subtitle->setTheme(theme);
}

QToolButton* ViewTitle::addChoice(const QString& text, const QString& accessibleName)
{
    auto* button = new QToolButton(this);
    button->setObjectName(QStringLiteral("viewChoice"));
    button->setText(text);
    button->setAccessibleName(accessibleName);
    button->setFocusPolicy(Qt::TabFocus);
    button->setPopupMode(QToolButton::InstantPopup);
    m_choices->addWidget(button);
    return button;
}

ViewDock::ViewDock(const QString& id, ViewTitle* title, QWidget* body, QWidget* parent) : QDockWidget(parent), m_title(title)
{
    setObjectName(id);
    setWindowTitle(title->findChild<QLabel*>()->text());
    setFeatures(DockWidgetClosable | DockWidgetMovable | DockWidgetFloatable);
    setTitleBarWidget(title);
    setWidget(body);
    title->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(title, &QWidget::customContextMenuRequested, this, &ViewDock::showTitleMenu);
}

void ViewDock::showTitleMenu(const QPoint& position)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(isFloating() ? tr("Dock again") : tr("Float"), this, [this] { setFloating(!isFloating()); });
    menu->addAction(tr("Hide"), this, &QWidget::close);
    menu->popup(m_title->mapToGlobal(position));
}

} // namespace shardlens
