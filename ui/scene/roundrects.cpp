// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/roundrects.h"

#include <QImage>
#include <QPainter>
#include <QPen>

#include <algorithm>
#include <cmath>
#include <vector>

namespace shardlens {
namespace {

struct Corners {
    QRgb fill = 0;
    QRgb pen = 0;
    double radius = 0;
    double penWidth = 0;
    double scale = 0;
    int pixels = 0; ///< side of one corner
    QImage image;   ///< two by two corners
};

bool opaque(const QColor& color)
{
    return !color.isValid() || color.alpha() == 255;
}

const Corners& cornersOf(const RoundStyle& style, double scale)
{
    static std::vector<Corners> all;
    const QRgb fill = style.fill.isValid() ? style.fill.rgba() : 0;
    const QRgb pen = style.pen.isValid() ? style.pen.rgba() : 0;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Corners& entry) {
        return entry.fill == fill && entry.pen == pen && entry.radius == style.radius && entry.penWidth == style.penWidth
               && entry.scale == scale;
    });
    if (found != all.end())
        return *found;
    if (all.size() >= 256)
        all.clear();
    const int pixels = static_cast<int>(std::ceil((style.radius + style.penWidth) * scale));
    QImage image(2 * pixels, 2 * pixels, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.scale(scale, scale);
    painter.setBrush(style.fill.isValid() ? QBrush(style.fill) : QBrush(Qt::NoBrush));
    painter.setPen(style.pen.isValid() ? QPen(style.pen, style.penWidth) : QPen(Qt::NoPen));
    const double inset = style.pen.isValid() ? style.penWidth / 2 : 0;
    const double side = 2 * pixels / scale;
    painter.drawRoundedRect(QRectF(inset, inset, side - 2 * inset, side - 2 * inset), style.radius, style.radius);
    painter.end();
    all.push_back({fill, pen, style.radius, style.penWidth, scale, pixels, image});
    return all.back();
}

} // namespace

bool drawRoundedFromCorners(QPainter& painter, const QRectF& rect, const RoundStyle& style, double scale)
{
    if (!opaque(style.fill) || !opaque(style.pen))
        return false;
    const Corners& corners = cornersOf(style, scale);
    const double c = corners.pixels / scale;
    if (rect.width() < 2 * c || rect.height() < 2 * c)
        return false;

    const int n = corners.pixels;
    const double right = rect.right() - c;
    const double bottom = rect.bottom() - c;
    painter.drawImage(QRectF(rect.left(), rect.top(), c, c), corners.image, QRectF(0, 0, n, n));
    painter.drawImage(QRectF(right, rect.top(), c, c), corners.image, QRectF(n, 0, n, n));
    painter.drawImage(QRectF(rect.left(), bottom, c, c), corners.image, QRectF(0, n, n, n));
    painter.drawImage(QRectF(right, bottom, c, c), corners.image, QRectF(n, n, n, n));

    const double pen = style.pen.isValid() ? style.penWidth : 0;
    const double wide = rect.width() - 2 * c;
    const double high = rect.height() - 2 * c;
    const double left = rect.left() + c;
    const double top = rect.top() + c;
    if (style.fill.isValid()) {
        painter.fillRect(QRectF(left, rect.top() + pen, wide, rect.height() - 2 * pen), style.fill);
        painter.fillRect(QRectF(rect.left() + pen, top, c - pen, high), style.fill);
        painter.fillRect(QRectF(right, top, c - pen, high), style.fill);
    }
    if (style.pen.isValid()) {
        painter.fillRect(QRectF(left, rect.top(), wide, pen), style.pen);
        painter.fillRect(QRectF(left, rect.bottom() - pen, wide, pen), style.pen);
        painter.fillRect(QRectF(rect.left(), top, pen, high), style.pen);
        painter.fillRect(QRectF(rect.right() - pen, top, pen, high), style.pen);
    }
    return true;
}

} // namespace shardlens
