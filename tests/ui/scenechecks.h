// SPDX-License-Identifier: Apache-2.0
// What every picture must keep, read from its scene: texts inside it and apart from each other, regions inside it.
#pragma once

#include "ui/scene/scene.h"

#include <algorithm>
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
        QRectF box;
        QString text;
    };
    std::vector<Placed> all;
    const QRectF whole = QRectF(QPointF(0, 0), scene.size).adjusted(-0.5, -0.5, 0.5, 0.5);
    for (const SceneItem& item : scene.items) {
        if (item.kind != SceneItem::Kind::Text)
            continue;
        const QRectF box = scene.textBounds(item);
        if (!whole.contains(box))
            return QStringLiteral("\"%1\" leaves the scene: %2").arg(textOf(scene, item), named(box));
        all.push_back({box.adjusted(0.5, 1, -0.5, -1), textOf(scene, item)}); // line boxes may touch; letters are a pixel shorter
    }
    std::sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) { return a.box.top() < b.box.top(); });
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = i + 1; j < all.size() && all[j].box.top() < all[i].box.bottom(); ++j)
            if (all[i].box.intersects(all[j].box))
                return QStringLiteral("\"%1\" (%2) lies on \"%3\" (%4)")
                    .arg(all[j].text, named(all[j].box), all[i].text, named(all[i].box));
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
