// SPDX-License-Identifier: Apache-2.0
// The ways of a collective's messages as lines with heads: each keeps to its right, so that two that meet do not hide each other.
#pragma once

#include "ui/scene/meshlayout.h"
#include "ui/scene/scene.h"

#include <vector>

namespace shardlens {

/// The line moved to the right of its own direction.
[[nodiscard]] QPolygonF movedToTheRight(const QPolygonF& line, double by);

/// Where a segment is inside a rectangle, as fractions of it; empty when it is not.
[[nodiscard]] std::pair<double, double> insideOf(const QRectF& rect, QPointF a, QPointF b);

/// What of a route is seen between two fractions of its length: without what lies in the rectangles.
[[nodiscard]] std::vector<QPolygonF> visibleRuns(const MeshRoute& route, const std::vector<QRectF>& keepOut, double from, double upTo);

/// With a head at its end where it is long enough for one.
void drawRun(const QPolygonF& run, const QColor& colour, double width, bool hasHead, Scene& scene, bool dashed = false);

/// A tile that is as wide may have words in it, px.
inline constexpr double kWordedTile = 16;
/// The way between the edges of the two tiles, as fractions of the route: words inside them stay free.
[[nodiscard]] std::pair<double, double> betweenTiles(const MeshRoute& route, const QRectF& from, const QRectF& to);
/// Tiles large enough for words.
[[nodiscard]] std::vector<QRectF> wordedTiles(const MeshLayout& layout);

/// A point on a line, and which way the line goes there.
struct RunPoint {
    QPointF at;
    QPointF along; ///< of length 1
};
/// Where a message stands still on the longest run, of which there is one at least: halfway on an upright line, on any other nearer to its
/// source, since such lines cross in their middles.
[[nodiscard]] RunPoint restOf(const std::vector<QPolygonF>& runs);

/// Beside which line a text may stand: all of them or none, so that equal messages look equal.
struct RunLabel {
    RunPoint beside;
    QString text;
    int count = 1; ///< messages that stand there
};
/// One more message; at a place where equal ones stand already they are counted.
void addLabel(std::vector<RunLabel>& labels, const RunPoint& beside, const QString& text);
void drawRunLabels(const std::vector<RunLabel>& labels, const MeshLayout& layout, const Theme& theme, Scene& scene);

} // namespace shardlens
