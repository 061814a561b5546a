// SPDX-License-Identifier: Apache-2.0
// Stages x time for prefill and decode, side by side with an axis each: seconds of prefill and milliseconds of decode never share one.
#pragma once

#include "core/scenario/timelinesums.h"
#include "ui/scene/scene.h"

#include <array>
#include <optional>

namespace shardlens {

class TimelineIndex;

/// `wanted` moved and cut to lie inside [0, duration], at most kDeepestZoom times shorter than it; an empty range means everything.
[[nodiscard]] TimeRange clampRange(TimeRange wanted, double duration);
/// The range `factor` times as long with the instant `anchor` staying where it is on screen, clamped.
[[nodiscard]] TimeRange zoomRange(TimeRange range, double anchor, double factor, double duration);
/// The range moved by `seconds`, clamped.
[[nodiscard]] TimeRange panRange(TimeRange range, double seconds, double duration);
inline constexpr double kDeepestZoom = 1e5;

/// An instant of one phase.
struct TimelineInstant {
    Phase phase = Phase::Prefill;
    double time = 0;
    friend bool operator==(const TimelineInstant&, const TimelineInstant&) = default;
};

/// What a reader does with the picture; the view's state.
struct TimelineOptions {
    std::array<TimeRange, 2> visible{}; ///< by Phase; empty: everything
    int firstStage = 0;
    int shownStages = 0;                   ///< from firstStage on; 0: all
    std::vector<int> pinnedStages;         ///< rows that stay on top, whatever is scrolled
    std::optional<TimelineInstant> cursor; ///< playing: what comes later is faded; decode follows prefill
    std::optional<TimelineRange> range;    ///< summed up in the lines below the plots
    std::vector<Subject> chosen;           ///< pieces of one phase that are summed up instead of a range
    std::vector<TimelineInstant> marks;
    bool keys = false;                             ///< the sheet of keys lies over the picture
    std::array<const TimelineIndex*, 2> indexes{}; ///< by Phase; null: made on the spot where it is needed
    const TimelineSums* sums = nullptr;            ///< of `range` or `chosen`; null: summed on the spot
};

/// One phase's plot: its rectangle covers the rows, without axis and labels.
struct TimelinePanel {
    Phase phase = Phase::Prefill;
    QRectF plot;
    TimeRange visible;
    double duration = 0; ///< of the phase's drawing
    QRectF inside;       ///< below the axis: what one layer of a piece does; empty: no room
    [[nodiscard]] double xOf(double seconds) const { return plot.left() + (seconds - visible.begin) / visible.length() * plot.width(); }
    [[nodiscard]] double timeAt(double x) const { return visible.begin + (x - plot.left()) / plot.width() * visible.length(); }
};

/// One row: a stage, or several that follow each other where there are more than pixels.
struct TimelineRow {
    int stage = 0;
    int stages = 1;
    double top = 0;
    bool pinned = false;
    friend bool operator==(const TimelineRow&, const TimelineRow&) = default;
};

struct TimelineLayout {
    std::array<TimelinePanel, 2> panels; ///< by Phase
    QRectF labels;                       ///< stage names, left of the rows
    std::vector<TimelineRow> rows;
    int stagesPerRow = 1; ///< of the rows that are not pinned
    double rowHeight = 0;
    double rowGap = 0;
    bool legend = false;
    bool mixed = false; ///< rows are too low for bands by cause
    bool bubble = false;
    double below = 0; ///< top of the lines under the axes
    [[nodiscard]] QRectF rowRect(const TimelinePanel& panel, std::size_t row) const
    {
        return {panel.plot.left(), rows[row].top, panel.plot.width(), rowHeight};
    }
    /// The panel under a point, null outside: what wheel and drag act on.
    [[nodiscard]] const TimelinePanel* panelAt(QPointF point) const;
    /// The row at a height, null between rows.
    [[nodiscard]] const TimelineRow* rowAt(double y) const;
};

[[nodiscard]] TimelineLayout timelineLayout(const ViewInput& input, const TimelineOptions& options);
/// The piece at a point, also where pieces are merged into runs and columns; Kind::None where the row's stage idles, beside the rows and
/// on rows of several stages.
[[nodiscard]] Subject timelinePieceAt(const Report& report, const TimelineLayout& layout, QPointF point);
void buildTimeline(const ViewInput& input, const TimelineOptions& options, Scene& scene);

/// "prefill 8 x 4 sequences, then decode 2 x 16": goes beside the title.
[[nodiscard]] QString timelineSubtitle(const Scenario& scenario, const Report& report);
/// "m3, stage 2: 4.1 ms": the name of a piece and how long it takes; empty for anything else.
[[nodiscard]] QString timelinePieceWords(const Report& report, const Subject& subject);
/// "down_proj 1.35 ms" for an operator drawn in a piece; where one block `shown` seconds wide stands for all of its runs, their number and sum.
[[nodiscard]] QString timelineOperatorWords(const Scenario& scenario, const Report& report, const Subject& piece, const Subject& subject,
                                            double shown);
[[nodiscard]] QString timelineTooltip(const Scenario& scenario, const Report& report, const Subject& subject);
/// One sentence for a screen reader.
[[nodiscard]] QString describeTimeline(const Scenario& scenario, const Report& report);

} // namespace shardlens
