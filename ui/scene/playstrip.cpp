// SPDX-License-Identifier: Apache-2.0
// The strip under a mesh that plays a collective.
#include "ui/scene/collectivescene.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kButton = 24;
constexpr double kRoomForWords = 620; // beside the track; narrower strips have the words below
constexpr int kMostTicks = 64;

double rowHeight()
{
    return std::max(kButton + 6, lineHeight(TextRole::Note) + 8);
}

QPainterPath triangle(const QRectF& box, bool left)
{
    QPainterPath path;
    const double x0 = left ? box.right() : box.left();
    const double x1 = left ? box.left() : box.right();
    path.moveTo(x0, box.top());
    path.lineTo(x1, box.center().y());
    path.lineTo(x0, box.bottom());
    path.closeSubpath();
    return path;
}

/// As many parts as fit, most important first.
QString fitting(const QStringList& parts, double width)
{
    QString words;
    for (const QString& part : parts) {
        const QString longer = words.isEmpty() ? part : words + QStringLiteral(" · ") + part;
        if (textWidth(longer, TextRole::Note) > width)
            break;
        words = longer;
    }
    return words.isEmpty() ? parts.value(0) : words;
}

} // namespace

double PlayStripLayout::positionAt(double x, int steps) const
{
    return track.width() <= 0 ? 0 : std::clamp((x - track.left()) / track.width(), 0.0, 1.0) * steps;
}

double PlayStripLayout::knobAt(double position, int steps) const
{
    return track.left() + (steps > 0 ? std::clamp(position / steps, 0.0, 1.0) : 0) * track.width();
}

double playStripHeight(double width)
{
    return rowHeight() + (width < kRoomForWords ? lineHeight(TextRole::Note) + 4 : 0);
}

PlayStripLayout layoutPlayStrip(QSizeF size)
{
    PlayStripLayout layout;
    const double row = std::min(rowHeight(), size.height());
    const double top = (row - kButton) / 2;
    double x = space::kInset - 6;
    for (QRectF* button : {&layout.back, &layout.play, &layout.forward}) {
        *button = QRectF(x, top, kButton, kButton);
        x += kButton + 2;
    }
    const bool beside = size.width() >= kRoomForWords;
    const double right = size.width() - space::kInset;
    const double left = x + 12;
    const double end = beside ? left + std::max(120.0, (right - left) * 0.24) : right - 4;
    if (end - left >= 40)
        layout.track = QRectF(left, row / 2 - 2, end - left, 4);
    layout.words = beside ? QRectF(end + 16, 0, right - end - 16, row)
                          : QRectF(space::kInset, row, right - space::kInset, std::max(0.0, size.height() - row - 2));
    return layout;
}

void buildPlayStrip(const ViewInput& input, const CollectivePicture& picture, bool playing, Scene& scene)
{
    scene.clear(input.size);
    const Theme& theme = input.theme;
    const PlayStripLayout layout = layoutPlayStrip(input.size);
    scene.line({0, 0.5}, {input.size.width(), 0.5}, theme.color(Ink::Line));
    const int steps = picture.hops ? picture.hops->steps() : 0;
    const QColor ink = theme.color(steps > 0 ? Ink::Text : Ink::Disabled);
    const auto glyph = [](const QRectF& button, double w, double h) {
        return QRectF(button.center().x() - w / 2, button.center().y() - h / 2, w, h);
    };
    if (playing) {
        const QRectF box = glyph(layout.play, 9, 11);
        scene.fill(QRectF(box.left(), box.top(), 3, box.height()), ink);
        scene.fill(QRectF(box.right() - 3, box.top(), 3, box.height()), ink);
    } else {
        scene.path(triangle(glyph(layout.play, 9, 12), false), ink);
    }
    const QRectF back = glyph(layout.back, 10, 10);
    scene.path(triangle(back.adjusted(3, 0, 0, 0), true), ink);
    scene.fill(QRectF(back.left(), back.top(), 2, back.height()), ink);
    const QRectF forward = glyph(layout.forward, 10, 10);
    scene.path(triangle(forward.adjusted(0, 0, -3, 0), false), ink);
    scene.fill(QRectF(forward.right() - 2, forward.top(), 2, forward.height()), ink);
    if (steps > 0 && !layout.track.isEmpty()) {
        const double knob = layout.knobAt(picture.position, steps);
        scene.fill(layout.track, theme.color(Ink::Sunken), theme.color(Ink::Line));
        scene.fill(QRectF(layout.track.left(), layout.track.top(), knob - layout.track.left(), layout.track.height()),
                   theme.color(Ink::Accent));
        if (steps <= kMostTicks)
            for (int s = 1; s < steps; ++s) {
                const double x = std::round(layout.knobAt(s, steps)) + 0.5;
                scene.line({x, layout.track.bottom() + 2}, {x, layout.track.bottom() + 5}, theme.color(Ink::Text3));
            }
        scene.roundedRect(QRectF(knob - 5, layout.track.center().y() - 5, 10, 10), 5, theme.color(Ink::Accent), theme.color(Ink::Surface));
    }
    if (layout.words.height() >= lineHeight(TextRole::Note) - 1) {
        const QStringList parts = collectiveParts(input.scenario, picture);
        scene.text(layout.words, fitting(parts, layout.words.width()), TextRole::Note, theme.color(Ink::Text2),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
    }
}

} // namespace shardlens
