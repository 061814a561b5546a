// SPDX-License-Identifier: Apache-2.0
// Stages x time for prefill and decode, side by side with an axis each: seconds of prefill and milliseconds of decode never share one.
#pragma once

#include "ui/scene/scene.h"

#include <array>

namespace shardlens {

struct TimeRange {
    double begin = 0; ///< seconds
    double end = 0;   ///< not above begin: everything
    [[nodiscard]] double length() const { return end - begin; }
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// `wanted` moved and cut to lie inside [0, duration], at most kDeepestZoom times shorter than it; an empty range means everything.
[[nodiscard]] TimeRange clampRange(TimeRange wanted, double duration);
/// The range `factor` times as long with the instant `anchor` staying where it is on screen, clamped.
[[nodiscard]] TimeRange zoomRange(TimeRange range, double anchor, double factor, double duration);
/// The range moved by `seconds`, clamped.
[[nodiscard]] TimeRange panRange(TimeRange range, double seconds, double duration);
inline constexpr double kDeepestZoom = 1e5;

struct TimelineOptions {
    std::array<TimeRange, 2> visible{}; ///< by Phase
};

/// One phase's plot: its rectangle covers the rows, without axis and labels.
struct TimelinePanel {
    Phase phase = Phase::Prefill;
    QRectF plot;
    TimeRange visible;
    double duration = 0; ///< of the phase's drawing
    [[nodiscard]] double xOf(double seconds) const { return plot.left() + (seconds - visible.begin) / visible.length() * plot.width(); }
    [[nodiscard]] double timeAt(double x) const { return visible.begin + (x - plot.left()) / plot.width() * visible.length(); }
};

struct TimelineLayout {
    std::array<TimelinePanel, 2> panels; ///< by Phase
    QRectF labels;                       ///< stage names, left of the rows
    int rows = 0;
    int stagesPerRow = 1; ///< above 1 only the first stage of each row's group is drawn: more stages than there are pixels
    double rowHeight = 0;
    double rowPitch = 0;
    bool legend = false;
    bool bubble = false;
    [[nodiscard]] QRectF rowRect(const TimelinePanel& panel, int row) const
    {
        return {panel.plot.left(), panel.plot.top() + row * rowPitch, panel.plot.width(), rowHeight};
    }
    /// The panel under a point, null outside: what wheel and drag act on.
    [[nodiscard]] const TimelinePanel* panelAt(QPointF point) const;
};

[[nodiscard]] TimelineLayout timelineLayout(const ViewInput& input, const TimelineOptions& options);
void buildTimeline(const ViewInput& input, const TimelineOptions& options, Scene& scene);

/// "prefill 8 x 4 sequences, then decode 2 x 16": goes beside the title.
[[nodiscard]] QString timelineSubtitle(const Scenario& scenario, const Report& report);
[[nodiscard]] QString timelineTooltip(const Scenario& scenario, const Report& report, const Subject& subject);
/// One sentence for a screen reader.
[[nodiscard]] QString describeTimeline(const Scenario& scenario, const Report& report);

} // namespace shardlens
