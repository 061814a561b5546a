// SPDX-License-Identifier: Apache-2.0
// Where the planes of a 3D torus stand, and the lines along its third axis: from frame to frame as in a folded ring, so that neighbours
// stay neighbours, and round the outside where the last plane is linked with the first.
#include "ui/scene/meshlayout.h"
#include "ui/scene/meshshapes.h"
#include "ui/theme/theme.h"

#include <QTransform>

#include <algorithm>
#include <cmath>

namespace shardlens {

using namespace meshshapes;

namespace {

constexpr double kLane = 8;         // px of height for a line along the frame's upper edge
constexpr double kRoomForLane = 64; // px of a plane's height
constexpr double kMostStep = 5;     // px from a unit to the line that goes down beside it

QPointF edgeOf(const QRectF& frame, double y, bool right)
{
    return {right ? frame.right() : frame.left(), y};
}

} // namespace

DepthGrid depthGrid(const QRectF& area, int planes, double aspect, bool wrapped)
{
    DepthGrid grid;
    const Grid chosen = chooseGrid(planes, area.width(), area.height(), aspect, 0);
    grid.columns = chosen.columns;
    grid.rows = (planes + chosen.columns - 1) / chosen.columns;
    const double side = std::min(area.width() / grid.columns, area.height() / grid.rows);
    const double gap = side < 20 ? side * 0.15 : std::clamp(std::floor(side * 0.1), 3.0, 22.0);
    grid.reach = gap < 3 ? gap / 2 : std::max(1.5, std::floor(gap * 0.45));
    // Turns run on the right and on the left by turns; the way round runs outside of them, and below where it ends on the right.
    const bool endsRight = grid.rows % 2 != 0;
    const double right = grid.rows > 1 || (wrapped && endsRight) ? grid.reach + 1 : 0;
    const double left = (grid.rows > 2 ? grid.reach : 0) + (wrapped ? grid.reach : 0) + 2; // what is centred may move by a pixel
    const double below = wrapped && endsRight ? grid.reach + 1 : 0;
    const QRectF inside = area.adjusted(left, 0, -right, -below);
    const double w = (inside.width() - gap * (grid.columns - 1)) / grid.columns;
    const double h = (inside.height() - gap * (grid.rows - 1)) / grid.rows;
    grid.title = h >= scaledToText(70) && w >= 60 ? titleLine() : 0;
    grid.lane = h >= kRoomForLane ? kLane : 0;
    grid.pad = gap < 3 ? gap * 0.2 : std::clamp(std::floor(gap * 0.4), 1.0, 9.0);
    for (int plane = 0; plane < planes; ++plane) {
        const int row = plane / grid.columns;
        const int along = plane % grid.columns;
        const int column = row % 2 == 0 ? along : grid.columns - 1 - along;
        grid.cells.emplace_back(inside.left() + column * (w + gap), inside.top() + row * (h + gap), w, h);
    }
    return grid;
}

void joinPlanes(const DepthGrid& grid, bool wrapped, MeshDepth& depth)
{
    const std::vector<QRectF>& planes = depth.planes;
    const auto count = static_cast<int>(planes.size());
    QRectF whole;
    for (const QRectF& plane : planes) {
        depth.lanes.push_back(grid.lane > 0 ? plane.top() + grid.title + 1 + grid.lane / 2 : plane.center().y());
        whole = whole.united(plane);
    }
    for (int plane = 0; plane + 1 < count; ++plane) {
        const auto here = static_cast<std::size_t>(plane);
        const bool right = plane / grid.columns % 2 == 0;
        const bool turns = plane / grid.columns != (plane + 1) / grid.columns;
        const QPointF from = edgeOf(planes[here], depth.lanes[here], right);
        const QPointF to = edgeOf(planes[here + 1], depth.lanes[here + 1], turns == right);
        QPolygonF link{from, to};
        if (turns) {
            const double x = (right ? std::max(from.x(), to.x()) : std::min(from.x(), to.x())) + (right ? grid.reach : -grid.reach);
            link = QPolygonF{from, {x, from.y()}, {x, to.y()}, to};
        }
        depth.links.push_back(link);
    }
    if (!wrapped)
        return;
    const bool endsRight = grid.rows % 2 != 0;
    const QPointF from = edgeOf(planes.back(), depth.lanes.back(), endsRight);
    const QPointF to = edgeOf(planes.front(), depth.lanes.front(), false);
    const double left = whole.left() - grid.reach * (grid.rows > 2 ? 2 : 1);
    if (endsRight) {
        const double right = from.x() + grid.reach;
        const double below = whole.bottom() + grid.reach;
        depth.wrap = QPolygonF{from, {right, from.y()}, {right, below}, {left, below}, {left, to.y()}, to};
    } else {
        depth.wrap = QPolygonF{from, {left, from.y()}, {left, to.y()}, to};
    }
}

QPolygonF MeshDepth::wayTo(const QRectF& unit, int plane) const
{
    const double lane = lanes[static_cast<std::size_t>(plane)];
    if (!hasLanes)
        return {unit.center()};
    const double y = unit.top() + std::min(unit.height() * 0.25, 7.0);
    const double x = unit.right() + step;
    return QPolygonF{{unit.right(), y}, {x, y}, {x, lane}};
}

QPolygonF MeshDepth::linkBetween(int from, int to) const
{
    QPolygonF line;
    if (std::abs(from - to) == 1)
        line = links[static_cast<std::size_t>(std::min(from, to))];
    else
        line = wrap;
    const bool backwards = std::abs(from - to) == 1 ? to < from : to > from;
    if (backwards)
        std::reverse(line.begin(), line.end());
    return line;
}

void MeshDepth::moveTo(double scale, QPointF shift, double gap)
{
    const QTransform move(scale, 0, 0, scale, shift.x(), shift.y());
    for (QRectF& plane : planes)
        plane = move.mapRect(plane);
    for (QRectF& title : titles)
        title = move.mapRect(title);
    for (double& lane : lanes)
        lane = lane * scale + shift.y();
    for (QPolygonF& link : links)
        link = move.map(link);
    wrap = move.map(wrap);
    step = std::min(gap * 0.4, kMostStep) * scale;
}

} // namespace shardlens
