// SPDX-License-Identifier: Apache-2.0
// What lies at a point of the timeline where the picture merges pieces into runs and columns.
#include "ui/scene/timelineoverlays.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

Subject timelinePieceAt(const Report& report, const TimelineLayout& layout, QPointF point)
{
    if (!report.legal)
        return {};
    const auto panel =
        std::find_if(layout.panels.begin(), layout.panels.end(), [point](const TimelinePanel& each) { return each.plot.contains(point); });
    const TimelineRow* row = layout.rowAt(point.y());
    if (panel == layout.panels.end() || row == nullptr || row->stages > 1)
        return {}; // a row of several stages says nothing about one of them
    const PhaseReport& phase = panel->phase == Phase::Prefill ? report.prefill : report.decode;
    const double time = panel->timeAt(point.x());
    std::vector<TimelinePiece> pieces;
    collectPieces(phase, panel->phase, row->stage, {time, std::nextafter(time, phase.timeline.duration)}, pieces);
    if (pieces.empty())
        return {};
    const TimelinePiece& piece = pieces.front();
    Subject found;
    found.kind = Subject::Kind::Piece;
    found.phase = panel->phase;
    found.stage = row->stage;
    found.microbatch = piece.microbatch;
    found.step = piece.step;
    found.visit = phase.timeline.visits > 1 ? piece.visit : -1;
    return found;
}

void addPinnedPiece(Scene& scene, const ViewInput& input, const TimelineLayout& layout)
{
    const TimelineCell* cell = cellOf(input.report, input.pin);
    if (cell == nullptr
        || std::any_of(scene.hits.begin(), scene.hits.end(), [&](const HitRegion& hit) { return hit.subject == input.pin; }))
        return;
    const TimelinePanel& panel = layout.panels[static_cast<std::size_t>(input.pin.phase)];
    const double left = std::max(panel.xOf(cell->start), panel.plot.left());
    const double right = std::min(std::max(panel.xOf(cell->end), left + 2), panel.plot.right());
    for (std::size_t row = 0; row < layout.rows.size() && right > left; ++row)
        if (layout.rows[row].stage == cell->stage && layout.rows[row].stages == 1)
            scene.hit({left, layout.rows[row].top, right - left, layout.rowHeight}, input.pin);
}

} // namespace shardlens
