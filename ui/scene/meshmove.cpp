// SPDX-License-Identifier: Apache-2.0
// Zooming and moving a mesh picture: from what is seen to what is seen next.
#include "ui/scene/meshlayout.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kLargestTile = 280; // px a side
constexpr double kLeastMost = 4;     // any picture may be magnified so much
constexpr double kFilled = 0.9;      // of the area, by what is zoomed to

MeshZoom bounded(MeshZoom zoom, double most)
{
    zoom.scale = std::clamp(zoom.scale, 1.0, most);
    const double half = 0.5 / zoom.scale;
    zoom.centre = {std::clamp(zoom.centre.x(), half, 1 - half), std::clamp(zoom.centre.y(), half, 1 - half)};
    return zoom;
}

/// The point of the whole picture, as fractions of the area, that is seen at `at`.
QPointF fractionAt(const MeshLayout& layout, const QPointF& at)
{
    const QPointF way = (at - layout.area.center()) / std::max(layout.zoom.scale, 1.0);
    return layout.zoom.centre + QPointF(way.x() / layout.area.width(), way.y() / layout.area.height());
}

} // namespace

double MeshLayout::mostScale() const
{
    if (tiles.empty())
        return kLeastMost;
    const MeshTile& tile = tiles.front();
    const double side = std::sqrt(tile.rect.width() * tile.rect.height() / tile.count) / std::max(zoom.scale, 1.0);
    return std::max(kLeastMost, kLargestTile / std::max(side, 0.01));
}

MeshZoom zoomedAt(const MeshLayout& layout, const QPointF& at, double factor)
{
    if (layout.area.isEmpty())
        return layout.zoom;
    const double most = std::max(layout.mostScale(), layout.zoom.scale); // tiles cut by the edge may say less
    const double scale = std::clamp(std::max(layout.zoom.scale, 1.0) * factor, 1.0, most);
    const QPointF held = fractionAt(layout, at);
    const QPointF way = (at - layout.area.center()) / scale;
    return bounded({scale, held - QPointF(way.x() / layout.area.width(), way.y() / layout.area.height())}, most);
}

MeshZoom panned(const MeshLayout& layout, const QPointF& way)
{
    if (layout.area.isEmpty() || layout.zoom.isFitted())
        return layout.zoom;
    return bounded({layout.zoom.scale, fractionAt(layout, layout.area.center() - way)}, layout.zoom.scale);
}

MeshZoom zoomedTo(const MeshLayout& layout, const QRectF& rect)
{
    if (layout.area.isEmpty() || rect.isEmpty())
        return layout.zoom;
    const double grow = kFilled * std::min(layout.area.width() / rect.width(), layout.area.height() / rect.height());
    const double most = std::max(layout.mostScale(), layout.zoom.scale);
    return bounded({std::max(layout.zoom.scale, 1.0) * grow, fractionAt(layout, rect.center())}, most);
}

QRectF zoomTarget(const MeshLayout& layout, const QPointF& at)
{
    const auto isLarge = [&layout](const QRectF& rect) {
        return rect.width() > 0.75 * layout.area.width() || rect.height() > 0.75 * layout.area.height();
    };
    for (const MeshFrame& frame : layout.frames) { // outer before inner
        if (frame.rect.contains(at) && !isLarge(frame.rect))
            return frame.rect;
    }
    for (const MeshTile& tile : layout.tiles) {
        if (tile.rect.contains(at) && !isLarge(tile.rect))
            return tile.rect;
    }
    return {};
}

} // namespace shardlens
