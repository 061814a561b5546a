// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshshapes.h"

#include "ui/theme/theme.h"

#include <algorithm>
#include <cmath>

namespace shardlens::meshshapes {

double titleLine()
{
    return scaledToText(15);
}

double leastTitle()
{
    return scaledToText(14);
}

Grid chooseGrid(int units, double width, double height, double aspect, int run)
{
    Grid best;
    double bestScore = -1;
    for (int columns = 1; columns <= units; ++columns) {
        const int rows = (units + columns - 1) / columns;
        const double w = width / columns;
        const double h = height / rows;
        double score = std::min(w, h * aspect) * std::sqrt(std::max(w, 1.0) * std::max(h, 1.0));
        const double filled = static_cast<double>(units) / (static_cast<double>(columns) * rows);
        score *= filled * filled;
        if (rows > 1 && rows % 2 != 0)
            score *= 0.9; // as many above the switch as below
        if (run > 1 && run < units && (run == columns || (run % columns == 0 && columns * 2 >= run)))
            score *= 2.2;
        else if (run > 1 && columns > run && columns % run == 0)
            score *= 1.3; // several whole runs in each row
        if (columns == 1 && units > 2)
            score *= 0.5;
        if (score > bestScore) {
            bestScore = score;
            best = {columns, rows};
        }
    }
    return best;
}

double gapFor(double side)
{
    return side < 6 ? 1.0 : std::clamp(std::floor(side * 0.09), 1.0, 7.0);
}

QRectF centred(const QRectF& area, double width, double height)
{
    return {std::floor(area.left() + (area.width() - width) / 2), std::floor(area.top() + (area.height() - height) / 2), width, height};
}

QPainterPath loop(QPointF from, QPointF to, QPointF side, double reach)
{
    const QPointF along = to - from;
    const double length = std::hypot(along.x(), along.y());
    const QPointF unit = length > 0 ? along / length : QPointF(1, 0);
    const QPointF a = from - unit * reach;
    const QPointF b = to + unit * reach;
    const double depth = std::hypot(side.x(), side.y());
    const double radius = std::min({6.0, reach, depth / 2});
    const QPointF down = depth > 0 ? side / depth : QPointF(0, 1);
    QPainterPath path(from);
    path.lineTo(a + unit * radius);
    path.quadTo(a, a + down * radius);
    path.lineTo(a + side - down * radius);
    path.quadTo(a + side, a + side + unit * radius);
    path.lineTo(b + side - unit * radius);
    path.quadTo(b + side, b + side - down * radius);
    path.lineTo(b + down * radius);
    path.quadTo(b, b - unit * radius);
    path.lineTo(to);
    return path;
}

QPainterPath rounded(const QPolygonF& points, double radius)
{
    QPainterPath path;
    if (points.isEmpty())
        return path;
    path.moveTo(points.front());
    for (qsizetype i = 1; i + 1 < points.size(); ++i) {
        const QPointF in = points[i] - points[i - 1];
        const QPointF out = points[i + 1] - points[i];
        const double before = std::hypot(in.x(), in.y());
        const double after = std::hypot(out.x(), out.y());
        if (before <= 0 || after <= 0)
            continue;
        const double r = std::min({radius, before / 2, after / 2});
        path.lineTo(points[i] - in / before * r);
        path.quadTo(points[i], points[i] + out / after * r);
    }
    path.lineTo(points.back());
    return path;
}

} // namespace shardlens::meshshapes
