// SPDX-License-Identifier: Apache-2.0
// Measures and shapes from which a mesh picture is laid out.
#pragma once

#include <QPainterPath>
#include <QRectF>

namespace shardlens::meshshapes {

inline constexpr double kTileAspect = 1.15; // width over height at which a tile's lines sit best
inline constexpr double kFrameAspect = 1.6; // of a domain of several tiles
inline constexpr double kMostTileWidth = 260;
inline constexpr double kMostTileHeight = 196;
inline constexpr double kLeastOpen = 24;      // px of width of a device whose link is not to run behind another
inline constexpr double kMostOpenAir = 110;   // px that links of a switch are long at most
inline constexpr double kRoomForTraffic = 40; // px of width above which units of a full mesh make room for what travels between them
inline constexpr double kOpenWeb = 0.75;      // of their size
inline constexpr double kReadableUnit = 80;   // px a side of what opens, in the coordinates it is laid out in

/// Height of a line of small text with its air; smaller ones than leastTitle() are not placed.
[[nodiscard]] double titleLine();
[[nodiscard]] double leastTitle();

struct Grid {
    int columns = 1;
    int rows = 1;
};

/// Columns and rows for `units` boxes in an area so that boxes of the wanted aspect become as large as possible. `run`: units that
/// belong together (a stage); rows made of whole or equal parts of a run are preferred.
[[nodiscard]] Grid chooseGrid(int units, double width, double height, double aspect, int run);
[[nodiscard]] double gapFor(double side);
[[nodiscard]] QRectF centred(const QRectF& area, double width, double height);
/// A line from `from` out of the row, round it and back in at `to`, with round corners. `out` points away from the first unit.
[[nodiscard]] QPainterPath loop(QPointF from, QPointF to, QPointF side, double reach);
/// A path through the points with round corners.
[[nodiscard]] QPainterPath rounded(const QPolygonF& points, double radius);

} // namespace shardlens::meshshapes
