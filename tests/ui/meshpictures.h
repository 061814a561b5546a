// SPDX-License-Identifier: Apache-2.0
// The device mesh as a scene, and what its tests read out of it.
#pragma once

#include "picturecases.h"
#include "subjects.h"

#include "ui/scene/meshscene.h"

#include <QHash>

namespace shardlens::pictures {

using subjects::device;

inline Scene meshOf(const Scenario& scenario, const Report& report, QSizeF size, const Subject& hover = {}, const MeshOptions& options = {})
{
    Scene scene;
    buildMesh({scenario, report, size, Theme::of(ThemeId::Light), hover, {}}, options, scene);
    return scene;
}

inline QHash<int, QRectF> tilesOf(const Scene& scene)
{
    QHash<int, QRectF> tiles;
    for (const HitRegion& region : scene.hits) {
        if (region.subject.kind == Subject::Kind::Device)
            tiles.insert(region.subject.device, region.rect);
    }
    return tiles;
}

/// Ground colour of the tile at `rect`: the first fill, round rectangle or hatch with exactly this box.
inline QColor groundAt(const Scene& scene, const QRectF& rect)
{
    for (const SceneItem& item : scene.items) {
        if (item.rect == rect && item.fill.isValid() && item.kind != SceneItem::Kind::Text)
            return item.fill;
    }
    return {};
}

inline int countLines(const Scene& scene, const QColor& colour)
{
    return static_cast<int>(std::count_if(scene.items.begin(), scene.items.end(), [&colour](const SceneItem& item) {
        return (item.kind == SceneItem::Kind::Line || item.kind == SceneItem::Kind::Polyline || item.kind == SceneItem::Kind::Path)
               && item.pen == colour;
    }));
}

/// Rows of every case at every size, as "index" and "size".
inline void everyCaseAtEverySize()
{
    QTest::addColumn<int>("index");
    QTest::addColumn<QSizeF>("size");
    for (std::size_t i = 0; i < cases().size(); ++i) {
        for (const QSizeF& size : sizes())
            QTest::addRow("%s, %d", cases()[i].name, static_cast<int>(size.width())) << static_cast<int>(i) << size;
    }
}

} // namespace shardlens::pictures
