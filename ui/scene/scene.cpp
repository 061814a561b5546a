// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/scene.h"

#include "ui/scene/textlayout.h"

#include <QLineF>

#include <algorithm>

namespace shardlens {
namespace {

/// Adds `value` to a pool and returns its index.
template <class T>
int pooled(std::vector<T>& pool, const T& value)
{
    pool.push_back(value);
    return static_cast<int>(pool.size()) - 1;
}

} // namespace

void Scene::clear(QSizeF newSize)
{
    size = newSize;
    items.clear();
    texts.clear();
    polylines.clear();
    paths.clear();
    hits.clear();
    tips.clear();
}

void Scene::fill(const QRectF& rect, const QColor& color, const QColor& edge)
{
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::Fill;
    item.rect = rect;
    item.fill = color;
    item.pen = edge;
}

void Scene::roundedRect(const QRectF& rect, double radius, const QColor& fill, const QColor& pen, double width, bool dashed)
{
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::RoundedRect;
    item.rect = rect;
    item.radius = static_cast<float>(radius);
    item.fill = fill;
    item.pen = pen;
    item.width = static_cast<float>(width);
    item.dashed = dashed;
}

void Scene::hatch(const QRectF& rect, Hatch hatch, const QColor& color, const QColor& frame)
{
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::Hatch;
    item.rect = rect;
    item.hatch = hatch;
    item.fill = color;
    item.pen = frame;
}

void Scene::line(QPointF a, QPointF b, const QColor& color, double width, bool dashed)
{
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::Line;
    item.rect = QRectF(a, b);
    item.pen = color;
    item.width = static_cast<float>(width);
    item.dashed = dashed;
}

void Scene::polyline(const QPolygonF& points, const QColor& color, double width, bool dashed)
{
    if (points.size() < 2)
        return;
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::Polyline;
    item.pen = color;
    item.width = static_cast<float>(width);
    item.dashed = dashed;
    item.extra = pooled(polylines, points);
}

void Scene::path(const QPainterPath& path, const QColor& fill, const QColor& pen, double width, bool dashed)
{
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::Path;
    item.fill = fill;
    item.pen = pen;
    item.width = static_cast<float>(width);
    item.dashed = dashed;
    item.extra = pooled(paths, path);
}

void Scene::arrow(QPointF from, QPointF to, const QColor& color, double width, bool dashed, double head)
{
    const QLineF shaft(from, to);
    const double length = shaft.length();
    if (!(length > 0))
        return;
    const QPointF along = (to - from) / length;
    const QPointF across(-along.y(), along.x());
    const double point = std::min(head, length);
    const QPointF base = to - along * point;
    if (length > point)
        line(from, base, color, width, dashed);
    QPainterPath triangle(to);
    triangle.lineTo(base + across * (point * 0.45));
    triangle.lineTo(base - across * (point * 0.45));
    triangle.closeSubpath();
    path(triangle, color);
}

void Scene::text(const QRectF& box, const QString& text, TextRole role, const QColor& color, Qt::Alignment alignment, bool elide)
{
    if (text.isEmpty())
        return;
    SceneItem& item = items.emplace_back();
    item.kind = SceneItem::Kind::Text;
    item.rect = box;
    item.role = role;
    item.pen = color;
    item.alignment = alignment;
    item.extra = pooled(texts, elide ? elidedText(text, role, box.width()) : text);
}

void Scene::hit(const QRectF& rect, const Subject& subject)
{
    if (subject.kind != Subject::Kind::None)
        hits.push_back({rect, subject});
}

void Scene::tip(const QRectF& rect, const QString& text)
{
    if (!text.isEmpty())
        tips.push_back({rect, text});
}

QString Scene::tipAt(QPointF point) const
{
    for (auto tip = tips.rbegin(); tip != tips.rend(); ++tip)
        if (tip->rect.contains(point))
            return tip->text;
    return {};
}

Subject Scene::subjectAt(QPointF point) const
{
    for (auto region = hits.rbegin(); region != hits.rend(); ++region) {
        if (region->rect.contains(point))
            return region->subject;
    }
    return {};
}

QRectF Scene::textBounds(const SceneItem& item) const
{
    if (item.kind != SceneItem::Kind::Text || item.extra < 0)
        return {};
    const QRectF flat = textRect(item, textWidth(texts[static_cast<std::size_t>(item.extra)], item.role));
    if (item.rotation == 0)
        return flat;
    const QPointF center = item.rect.center();
    QTransform turn;
    turn.translate(center.x(), center.y());
    turn.rotate(static_cast<double>(item.rotation));
    turn.translate(-center.x(), -center.y());
    return turn.mapRect(flat);
}

} // namespace shardlens
