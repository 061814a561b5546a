// SPDX-License-Identifier: Apache-2.0
#include "ui/window/dropoverlay.h"

#include <QFileInfo>
#include <QMimeData>
#include <QPainter>
#include <QUrl>

namespace shardlens {

DropOverlay::DropOverlay(QWidget* parent) : QWidget(parent), m_theme(&Theme::of(ThemeId::Light))
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

void DropOverlay::present(const QString& fileName)
{
    const QString name = QFileInfo(fileName).fileName();
    m_text = looksLikePoints(fileName)        ? tr("Drop to compare the points in %1").arg(name)
             : looksLikeModelConfig(fileName) ? tr("Drop to import the model in %1").arg(name)
                                              : tr("Drop to open %1").arg(name);
    setGeometry(parentWidget()->rect());
    show();
    raise();
    update();
}

void DropOverlay::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    QColor veil = m_theme->color(Ink::Surface);
    veil.setAlphaF(0.86F);
    painter.fillRect(rect(), veil);
    painter.setPen(QPen(m_theme->color(Ink::Accent), 2, Qt::DashLine));
    painter.drawRect(rect().adjusted(space::kLarge, space::kLarge, -space::kLarge, -space::kLarge));
    painter.setPen(m_theme->color(Ink::Text));
    painter.setFont(fontOf(TextRole::Verdict));
    painter.drawText(rect().adjusted(space::kWide, 0, -space::kWide, 0), Qt::AlignCenter | Qt::TextWordWrap, m_text);
}

QString droppedFile(const QMimeData& data)
{
    const QList<QUrl> urls = data.urls();
    return urls.size() == 1 && urls.front().isLocalFile() ? urls.front().toLocalFile() : QString();
}

bool looksLikePoints(const QString& fileName)
{
    return QFileInfo(fileName).suffix().compare(QStringLiteral("csv"), Qt::CaseInsensitive) == 0;
}

bool looksLikeModelConfig(const QString& fileName)
{
    return QFileInfo(fileName).suffix().compare(QStringLiteral("json"), Qt::CaseInsensitive) == 0;
}

} // namespace shardlens
