// SPDX-License-Identifier: Apache-2.0
// What every picture must keep, read from its scene: texts inside it and apart from each other, regions inside it.
#pragma once

#include "ui/scene/scene.h"

#include <vector>

namespace shardlens::check {

inline QString textOf(const Scene& scene, const SceneItem& item)
{
    return scene.texts.at(static_cast<std::size_t>(item.extra));
}

inline QString named(const QRectF& rect)
{
    return QStringLiteral("%1,%2 %3x%4").arg(rect.x()).arg(rect.y()).arg(rect.width()).arg(rect.height());
}

/// The first text that leaves the scene or lies on another one; empty when there is none.
inline QString textTrouble(const Scene& scene)
{
    struct Placed {
        QRectF bounds;
        QString text;
    };
    std::vector<Placed> placed;
    const QRectF whole = QRectF(QPointF(0, 0), scene.size).adjusted(-0.6, -0.6, 0.6, 0.6);
    for (const SceneItem& item : scene.items) {
        if (item.kind != SceneItem::Kind::Text)
            continue;
        const QRectF bounds = scene.textBounds(item);
        const QString text = textOf(scene, item);
        if (!whole.contains(bounds))
            return QStringLiteral("\"%1\" leaves the scene: %2").arg(text, named(bounds));
        // Line boxes hold room for accents and tails; what must not touch is the body of the letters.
        const QRectF body = bounds.adjusted(0.3, 2.5, -0.3, -2.5);
        for (const Placed& other : placed)
            if (other.bounds.intersects(body))
                return QStringLiteral("\"%1\" (%2) lies on \"%3\" (%4)").arg(text, named(body), other.text, named(other.bounds));
        placed.push_back({body, text});
    }
    return {};
}

inline QString regionTrouble(const Scene& scene)
{
    const QRectF whole = QRectF(QPointF(0, 0), scene.size).adjusted(-1, -1, 1, 1);
    for (const HitRegion& hit : scene.hits)
        if (!whole.contains(hit.rect) || !(hit.rect.width() > 0))
            return QStringLiteral("region %1 is empty or leaves the scene").arg(named(hit.rect));
    return {};
}

inline bool says(const Scene& scene, const QString& text)
{
    for (const QString& each : scene.texts)
        if (each.contains(text))
            return true;
    return false;
}

} // namespace shardlens::check
