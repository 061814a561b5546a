// SPDX-License-Identifier: Apache-2.0
// Rounded rectangles on raster devices from cached corners: antialiasing a whole tile costs ten times the tile.
#pragma once

#include <QColor>
#include <QRectF>

class QPainter;

namespace shardlens {

struct RoundStyle {
    double radius = 3;
    double penWidth = 1; ///< whole device pixels; ignored without a pen
    QColor fill;         ///< opaque or invalid
    QColor pen;          ///< opaque or invalid
};

/// Draws into `rect`, whose edges lie on whole device pixels. False when the style or size has no such short cut.
/// Antialiasing must be off.
[[nodiscard]] bool drawRoundedFromCorners(QPainter& painter, const QRectF& rect, const RoundStyle& style, double scale);

} // namespace shardlens
