// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelineoverlays.h"

#include <algorithm>

namespace shardlens {
namespace {

/// What is later than the clock of a picture that plays is faded; the line says where it stands.
void drawCursor(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelinePanel& panel)
{
    if (!options.cursor)
        return;
    const bool here = options.cursor->phase == panel.phase;
    if (!here && panel.phase == Phase::Prefill)
        return; // prefill is over
    const double x = here ? std::clamp(panel.xOf(options.cursor->time), panel.plot.left(), panel.plot.right()) : panel.plot.left();
    QColor veil = input.theme.color(Ink::Surface);
    veil.setAlphaF(0.72F);
    if (panel.plot.right() > x)
        scene.fill({x, panel.plot.top() - 1, panel.plot.right() - x, panel.plot.height() + 2}, veil);
    if (here)
        scene.line({x, panel.plot.top() - 3}, {x, panel.plot.bottom() + 4}, input.theme.color(Ink::Accent), 2);
}

void drawRange(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
               const TimelinePanel& panel)
{
    const Theme& theme = input.theme;
    for (const TimelineInstant& mark : options.marks) {
        if (mark.phase != panel.phase || mark.time < panel.visible.begin || mark.time > panel.visible.end)
            continue;
        const double x = panel.xOf(mark.time);
        scene.line({x, panel.plot.top() - 4}, {x, panel.plot.bottom() + 4}, theme.color(Ink::Accent), 1, true);
        QPainterPath flag(QPointF(x, panel.plot.top() - 5));
        flag.lineTo(x + 5, panel.plot.top() - 8);
        flag.lineTo(x, panel.plot.top() - 11);
        flag.closeSubpath();
        scene.path(flag, theme.color(Ink::Accent));
    }
    for (const Subject& piece : options.chosen) {
        const TimelineCell* const cell = piece.phase == panel.phase ? cellOf(input.report, piece) : nullptr;
        for (std::size_t row = 0; row < layout.rows.size() && cell != nullptr; ++row) {
            if (layout.rows[row].stage != cell->stage || layout.rows[row].stages > 1)
                continue;
            const double left = std::max(panel.xOf(cell->start), panel.plot.left());
            const double right = std::min(panel.xOf(cell->end), panel.plot.right());
            if (right > left)
                scene.roundedRect({left, layout.rows[row].top, right - left, layout.rowHeight}, 0, {}, theme.color(Ink::Accent), 2);
        }
    }
    if (!options.range || options.range->phase != panel.phase)
        return;
    const auto at = [&](double time) { return std::clamp(panel.xOf(time), panel.plot.left(), panel.plot.right()); };
    const double left = at(options.range->time.begin);
    const double right = at(options.range->time.end);
    QColor veil = theme.color(Ink::Surface);
    veil.setAlphaF(0.55F);
    const double top = panel.plot.top() - 3;
    const double height = panel.plot.height() + 6;
    if (left > panel.plot.left())
        scene.fill({panel.plot.left(), top, left - panel.plot.left(), height}, veil);
    if (right < panel.plot.right())
        scene.fill({right, top, panel.plot.right() - right, height}, veil);
    for (const double edge : {options.range->time.begin, options.range->time.end}) {
        if (edge < panel.visible.begin || edge > panel.visible.end)
            continue;
        const double x = panel.xOf(edge);
        scene.line({x, top}, {x, top + height}, theme.color(Ink::Accent), 1.5);
        scene.fill({x - 2, top - 3, 4, 6}, theme.color(Ink::Accent)); // what the pointer takes hold of
    }
}

} // namespace

void drawTimelineOverlays(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
                          const TimelinePanel& panel)
{
    drawCursor(scene, input, options, panel);
    drawRange(scene, input, options, layout, panel);
}

} // namespace shardlens
