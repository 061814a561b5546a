// SPDX-License-Identifier: Apache-2.0
// The hatches: clipped lines in device-independent units, and on raster devices a tile of exactly these lines.
#pragma once

#include "ui/scene/scene.h"

#include <QLineF>
#include <QList>

namespace shardlens {

struct HatchStyle {
    QColor line;
    QColor ground; ///< invalid: none
    QColor frame;  ///< invalid: none
    double width = 1;
    int period = 8;       ///< px along x and along y; a whole number, so that tiles meet
    bool falling = false; ///< from top left to bottom right; otherwise rising
};

[[nodiscard]] HatchStyle hatchStyle(Hatch hatch, const QColor& color, const Theme& theme);
/// The lines of the hatch inside `rect`. They pass through multiples of the period from the scene's origin, so neighbours join.
[[nodiscard]] QList<QLineF> clippedHatch(const QRectF& rect, const HatchStyle& style);
/// Fills from a cached tile; false when the scale gives no whole tile (the caller draws lines then).
[[nodiscard]] bool fillWithHatchTile(QPainter& painter, const QRectF& rect, const HatchStyle& style, double scale);

} // namespace shardlens
