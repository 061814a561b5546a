// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/scene.h"

#include <algorithm>

namespace shardlens {
namespace {

constexpr double kSwatch = 10;
constexpr double kAfterSwatch = 6;
constexpr double kAfterName = 5;
constexpr double kAfterEntry = 14;

/// From line to line; follows the text size.
double legendLine()
{
    return std::max(18.0, lineHeight(TextRole::Note) + 4);
}

double entryWidth(const LegendEntry& entry)
{
    const double name = kSwatch + kAfterSwatch + textWidth(entry.name, TextRole::Note);
    return entry.value.isEmpty() ? name : name + kAfterName + textWidth(entry.value, TextRole::NoteStrong);
}

/// Calls place(entry, x, y, width) for each entry, wrapping at `width`; returns the height.
template <class Place>
double layOut(double width, const std::vector<LegendEntry>& entries, Place place)
{
    double x = 0;
    double y = 0;
    for (const LegendEntry& entry : entries) {
        const double wanted = std::min(entryWidth(entry), width);
        if (x > 0 && x + wanted > width) {
            x = 0;
            y += legendLine();
        }
        place(entry, x, y, wanted);
        x += wanted + kAfterEntry;
    }
    return entries.empty() ? 0 : y + legendLine();
}

} // namespace

double drawLegend(Scene& scene, const Theme& theme, const QRectF& area, const std::vector<LegendEntry>& entries)
{
    return layOut(area.width(), entries, [&](const LegendEntry& entry, double x, double y, double width) {
        const QRectF box(area.left() + x, area.top() + y, width, legendLine());
        const QRectF swatch(box.left(), box.top() + (legendLine() - kSwatch) / 2, kSwatch, kSwatch);
        if (entry.idle)
            scene.hatch(swatch, Hatch::IdleSwatch);
        else
            scene.fill(swatch, entry.color, theme.edgeOf(entry.color));
        double right = box.right();
        if (!entry.value.isEmpty()) {
            scene.text(box, entry.value, TextRole::NoteStrong, theme.color(Ink::Text), Qt::AlignRight | Qt::AlignVCenter);
            right -= textWidth(entry.value, TextRole::NoteStrong) + kAfterName;
        }
        const double left = swatch.right() + kAfterSwatch;
        // Half a pixel of slack: sums of fractional widths must not elide a name that fits.
        scene.text(QRectF(left, box.top(), right - left + 0.5, legendLine()), entry.name, TextRole::Note, theme.color(Ink::Text2),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
        scene.hit(box, entry.subject);
    });
}

double legendHeight(double width, const std::vector<LegendEntry>& entries)
{
    return layOut(width, entries, [](const LegendEntry&, double, double, double) {});
}

} // namespace shardlens
