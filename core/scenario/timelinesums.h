// SPDX-License-Identifier: Apache-2.0
// What lies in a range of the timeline, added up: time by cause and by stage, idle time, pieces, bytes sent.
#pragma once

#include "core/scenario/explain.h"

#include <span>
#include <vector>

namespace shardlens {

struct TimeRange {
    double begin = 0; ///< seconds
    double end = 0;   ///< not above begin: everything
    [[nodiscard]] double length() const { return end - begin; }
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// A range that somebody marked.
struct TimelineRange {
    Phase phase = Phase::Prefill;
    TimeRange time;
    friend bool operator==(const TimelineRange&, const TimelineRange&) = default;
};

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
/// From here on nothing is known of a stage: its later cells are not kept. The drawing's end where all are.
[[nodiscard]] double knownUntil(const Timeline& timeline, int stage);

/// Seconds are of stages: two stages that work for a second make two. A piece that the range cuts counts by what its operators do inside, in
/// the order in which they run.
struct TimelineSums {
    Breakdown causes;         ///< no bubble
    std::vector<double> busy; ///< by stage
    double idle = 0;          ///< of all stages
    std::int64_t pieces = 0;  ///< that lie at least partly in it
    std::int64_t cut = 0;     ///< of them, those that lie in it only partly
    std::int64_t shared = 0;  ///< of those, pieces whose operators are not known: of each cause they count by their share inside
    double bytes = 0;         ///< handed on by one device of each stage, of the pieces that end in it
    double length = 0;        ///< of the range; times the stages it is causes and idle together
    bool complete = true;     ///< all of it was kept
};
/// Of single pieces, all of one phase; `length` is 0, nothing idles.
[[nodiscard]] TimelineSums sumPieces(const Scenario& scenario, const Report& report, const std::vector<Subject>& pieces);
/// The cell that a piece's subject names; null when there is none.
[[nodiscard]] const TimelineCell* cellOf(const Report& report, const Subject& piece);
[[nodiscard]] TimelineSums sumTimeline(const Scenario& scenario, const Report& report, const TimelineRange& range);

} // namespace shardlens
