// SPDX-License-Identifier: Apache-2.0
// The rows of the timeline: pieces with their causes, idle gaps, sends; drawn in as much detail as there are pixels for.
#pragma once

#include "ui/scene/timelinescene.h"

#include <span>

namespace shardlens {

/// A piece as drawn: a cell of the timeline, or in decode its repetition one round earlier or later where the drawing starts or ends
/// inside a round (a steady round repeats).
struct TimelinePiece {
    double start = 0;
    double end = 0;
    std::int32_t microbatch = 0;
    std::int32_t step = -1; ///< -1: a repetition outside the rounds drawn
    std::int32_t costClass = 0;
    std::int32_t visit = 0;
    bool critical = false;
};

/// The cells of one stage; cells are ordered by stage, then by time.
[[nodiscard]] std::span<const TimelineCell> cellsOfStage(const Timeline& timeline, int stage);
/// What a row shows, by time: clipped to [0, duration], never overlapping.
void collectPieces(const PhaseReport& report, Phase phase, int stage, const TimeRange& visible, std::vector<TimelinePiece>& out);
/// "m3", "A": how a microbatch is called in pictures.
[[nodiscard]] QString microbatchName(Phase phase, int microbatch);
/// "80 AllReduce", the collectives a piece makes; empty when there are none.
[[nodiscard]] QString collectivesOf(const PhaseReport& report);

/// At most this many rectangles for the pieces of one panel, whatever the number of cells.
inline constexpr std::size_t kMostPieceItems = 2400;

void drawTimelineRows(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel);

} // namespace shardlens
