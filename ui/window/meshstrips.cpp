// SPDX-License-Identifier: Apache-2.0
#include "ui/window/meshstrips.h"

#include "ui/window/viewdock.h"

#include <QKeyEvent>
#include <QToolButton>
#include <QVBoxLayout>

namespace shardlens {

MeshStrips::MeshStrips(Document& document, ViewTitle& title, QWidget* mesh, CollectivePlay* play, QWidget* parent)
    : QWidget(parent),
      m_play(play),
      m_axes(new AxisOrderStrip(document, this))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(mesh, 1);
    column->addWidget(m_play);
    column->addWidget(m_axes);
    m_play->addChoice(title);
    QToolButton* axes = title.addChoice(tr("Axes"), tr("Order of the axes on the fabric"));
    axes->setCheckable(true);
    connect(axes, &QToolButton::toggled, m_axes, &QWidget::setVisible);
    mesh->installEventFilter(this);
}

void MeshStrips::setTheme(const Theme& theme)
{
    m_play->setTheme(theme);
    m_axes->setTheme(theme);
}

bool MeshStrips::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress && m_play->key(static_cast<QKeyEvent*>(event)->key()))
        return true;
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
