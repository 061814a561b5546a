// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/textlayout.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QHash>

#include <array>
#include <cmath>
#include <optional>

namespace shardlens {
namespace {

/// Labels with figures in them come and go while dragging: forget all rather than grow without end.
constexpr qsizetype kMostCached = 8192;

struct Elided {
    double width = 0;
    QString text;
};

struct RoleMetrics {
    explicit RoleMetrics(TextRole role)
        : metrics(fontOf(role)),
          ascent(metrics.ascent()),
          height(metrics.ascent() + metrics.descent()),
          generation(textGeneration())
    {}
    QFontMetricsF metrics;
    double ascent;
    double height;
    int generation; ///< of the text scale
    QHash<QString, double> widths;
    QHash<QString, Elided> elided;
};

RoleMetrics& metricsOf(TextRole role)
{
    static std::array<std::optional<RoleMetrics>, kTextRoleCount> all;
    static const bool registered = [] {
        qAddPostRoutine([] { all = {}; }); // metrics hold font engines, which must not outlive the font database
        return true;
    }();
    Q_UNUSED(registered)
    std::optional<RoleMetrics>& entry = all[static_cast<std::size_t>(role)];
    if (!entry || entry->generation != textGeneration())
        entry.emplace(role);
    return *entry;
}

} // namespace

double textWidth(const QString& text, TextRole role)
{
    RoleMetrics& cached = metricsOf(role);
    const auto found = cached.widths.constFind(text);
    if (found != cached.widths.constEnd())
        return *found;
    if (cached.widths.size() >= kMostCached)
        cached.widths.clear();
    const double width = cached.metrics.horizontalAdvance(text);
    cached.widths.insert(text, width);
    return width;
}

double lineHeight(TextRole role)
{
    return metricsOf(role).height;
}

double ascentOf(TextRole role)
{
    return metricsOf(role).ascent;
}

QString elidedText(const QString& text, TextRole role, double width)
{
    if (textWidth(text, role) <= width)
        return text;
    RoleMetrics& cached = metricsOf(role);
    const auto found = cached.elided.constFind(text);
    if (found != cached.elided.constEnd() && found->width == width)
        return found->text;
    if (cached.elided.size() >= kMostCached)
        cached.elided.clear();
    QString shortened = cached.metrics.elidedText(text, Qt::ElideRight, std::max(0.0, width));
    cached.elided.insert(text, {width, shortened});
    return shortened;
}

QRectF textRect(const SceneItem& item, double width)
{
    QRectF box = item.rect;
    const bool upright = std::abs(std::abs(item.rotation) - 90.0F) < 45.0F;
    if (upright) {
        const QPointF center = box.center();
        box = QRectF(center.x() - box.height() / 2, center.y() - box.width() / 2, box.height(), box.width());
    }
    const double height = lineHeight(item.role);
    double x = box.left();
    if (item.alignment & Qt::AlignRight)
        x = box.right() - width;
    else if (item.alignment & Qt::AlignHCenter)
        x = box.center().x() - width / 2;
    double y = box.center().y() - height / 2;
    if (item.alignment & Qt::AlignTop)
        y = box.top();
    else if (item.alignment & Qt::AlignBottom)
        y = box.bottom() - height;
    const double ascent = ascentOf(item.role);
    y = std::floor(y + ascent + 0.5) - ascent; // stems end sharp, neighbours stand on one line
    return {x, y, width, height};
}

} // namespace shardlens
