// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/hatches.h"

#include <QImage>
#include <QPainter>
#include <QPen>

#include <algorithm>
#include <cmath>
#include <vector>

namespace shardlens {

HatchStyle hatchStyle(Hatch hatch, const QColor& color, const Theme& theme)
{
    // Periods are the pitch times sqrt(2), rounded: 6, 4 and 5 px apart.
    HatchStyle style;
    switch (hatch) {
    case Hatch::Idle:
    case Hatch::IdleSwatch:
        style.line = color.isValid() ? color : theme.color(Ink::Text3);
        style.ground = theme.color(Ink::Sunken);
        style.frame = theme.color(Ink::Strong);
        style.period = hatch == Hatch::Idle ? 8 : 6;
        break;
    case Hatch::Replica:
        style.line = QColor::fromRgbF(color.redF() * 0.88F, color.greenF() * 0.88F, color.blueF() * 0.88F);
        style.ground = theme.faded(color, 0.72);
        style.frame = theme.edgeOf(color);
        style.width = 2;
        style.period = 7;
        style.falling = true;
        break;
    case Hatch::OverCapacity:
        style.line = color.isValid() ? color : theme.color(Ink::Violation);
        style.line.setAlphaF(0.55F);
        style.period = 7;
        break;
    }
    return style;
}

QList<QLineF> clippedHatch(const QRectF& rect, const HatchStyle& style)
{
    QList<QLineF> lines;
    const QRectF r = rect.normalized();
    if (r.isEmpty())
        return lines;
    // Rising lines are x + y = c, falling ones x - y = c; c runs over multiples of the period.
    const double sign = style.falling ? -1 : 1;
    const double low = r.left() + (style.falling ? -r.bottom() : r.top());
    const double high = r.right() + (style.falling ? -r.top() : r.bottom());
    for (double c = std::ceil(low / style.period) * style.period; c < high; c += style.period) {
        // y = sign (c - x); keep the part of x where y is inside.
        const double xa = c - sign * r.top();
        const double xb = c - sign * r.bottom();
        const double x0 = std::max(r.left(), std::min(xa, xb));
        const double x1 = std::min(r.right(), std::max(xa, xb));
        if (x1 > x0)
            lines.push_back(QLineF(x0, sign * (c - x0), x1, sign * (c - x1)));
    }
    return lines;
}

namespace {

struct Tile {
    QRgb line = 0;
    QRgb ground = 0;
    double width = 0;
    double scale = 0;
    int period = 0;
    bool falling = false;
    QImage image;
};

QImage makeTile(const HatchStyle& style, double scale, int pixels)
{
    QImage image(pixels, pixels, QImage::Format_ARGB32_Premultiplied);
    image.fill(style.ground.isValid() ? style.ground : QColor(Qt::transparent));
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.scale(scale, scale);
    QPen pen(style.line, style.width);
    pen.setCapStyle(Qt::FlatCap);
    painter.setPen(pen);
    // A period beyond the tile on all sides: strokes of neighbouring periods reach into it, and line ends stay outside.
    const double side = pixels / scale;
    painter.drawLines(clippedHatch(QRectF(-style.period, -style.period, side + 2 * style.period, side + 2 * style.period), style));
    return image;
}

const QImage& tileOf(const HatchStyle& style, double scale, int pixels)
{
    static std::vector<Tile> tiles;
    const QRgb line = style.line.rgba();
    const QRgb ground = style.ground.isValid() ? style.ground.rgba() : 0;
    const auto found = std::find_if(tiles.begin(), tiles.end(), [&](const Tile& tile) {
        return tile.line == line && tile.ground == ground && tile.width == style.width && tile.scale == scale && tile.period == style.period
               && tile.falling == style.falling;
    });
    if (found != tiles.end())
        return found->image;
    if (tiles.size() >= 24)
        tiles.clear();
    tiles.push_back({line, ground, style.width, scale, style.period, style.falling, makeTile(style, scale, pixels)});
    return tiles.back().image;
}

} // namespace

bool fillWithHatchTile(QPainter& painter, const QRectF& rect, const HatchStyle& style, double scale)
{
    // Fractional scales take several periods to reach a whole pixel; 1.25 and 1.5 do within four.
    int periods = 1;
    while (periods <= 4 && std::abs(style.period * periods * scale - std::round(style.period * periods * scale)) > 1e-6)
        ++periods;
    if (periods > 4)
        return false;
    // Large tiles: an image is copied by rows, a texture brush by periods, which is ten times slower.
    periods *= std::max(1, 128 / (style.period * periods));
    const double side = style.period * periods;
    const QImage& tile = tileOf(style, scale, static_cast<int>(std::lround(side * scale)));
    for (double y = std::floor(rect.top() / side) * side; y < rect.bottom(); y += side) {
        for (double x = std::floor(rect.left() / side) * side; x < rect.right(); x += side) {
            const QRectF part = QRectF(x, y, side, side) & rect;
            if (!part.isEmpty())
                painter.drawImage(part, tile,
                                  QRectF((part.left() - x) * scale, (part.top() - y) * scale, part.width() * scale, part.height() * scale));
        }
    }
    return true;
}

} // namespace shardlens
