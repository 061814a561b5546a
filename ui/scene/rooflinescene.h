// SPDX-License-Identifier: Apache-2.0
// The roofline on log-log axes: roofs of the formats and of HBM (or of the links), operators as bubbles whose area is their share of the time,
// each joined to the roof it could reach.
#pragma once

#include "core/scenario/roofline.h"
#include "ui/scene/scene.h"

namespace shardlens {

/// What is visible, in powers of ten.
struct RooflineRange {
    double left = 0; ///< log10 of FLOP per byte
    double right = 0;
    double bottom = 0; ///< log10 of FLOP/s
    double top = 0;
    [[nodiscard]] double width() const { return right - left; }
    [[nodiscard]] double height() const { return top - bottom; }
    [[nodiscard]] bool empty() const { return !(width() > 0 && height() > 0); }
    friend bool operator==(const RooflineRange&, const RooflineRange&) = default;
};

enum class RooflinePhases : std::uint8_t { Both, Prefill, Decode };

struct RooflineOptions {
    RooflineSide side = RooflineSide::Hbm;
    RooflinePhases phases = RooflinePhases::Both;
    RooflineRange visible; ///< empty: all of it
};

struct RooflineLayout {
    QRectF plot;         ///< empty: too small for a picture
    RooflineRange whole; ///< all roofs and points with room
    RooflineRange visible;
    [[nodiscard]] double x(double intensity) const;
    [[nodiscard]] double y(double rate) const;
    [[nodiscard]] QPointF at(const RooflinePoint& point) const { return {x(point.intensity()), y(point.achieved())}; }
    /// log10 of the axes' values under a place.
    [[nodiscard]] QPointF powersAt(QPointF place) const;
};
[[nodiscard]] RooflineLayout rooflineLayout(const ViewInput& input, const RooflineOptions& options);
[[nodiscard]] RooflineLayout rooflineLayout(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline);

/// `range` about `centre` (powers of ten), `factor` < 1 closer; never wider than `whole` nor narrower than a tenth of a decade, and inside it.
[[nodiscard]] RooflineRange zoomed(const RooflineRange& range, QPointF centre, double factor, const RooflineRange& whole);
/// Moved by powers of ten, kept inside `whole`.
[[nodiscard]] RooflineRange moved(const RooflineRange& range, QPointF by, const RooflineRange& whole);

/// Ticks of a log axis from 10^begin to 10^end: 1-2-5 steps, decades or several decades, plain steps on less than a decade. 2 to `most`.
[[nodiscard]] std::vector<double> logTicks(double begin, double end, int most);

void buildRoofline(const ViewInput& input, const RooflineOptions& options, Scene& scene);
[[nodiscard]] QString rooflineTooltip(const Scenario& scenario, const Report& report, const Subject& subject, RooflineSide side);
/// One sentence for a screen reader.
[[nodiscard]] QString describeRoofline(const Scenario& scenario, const Report& report, RooflineSide side);
[[nodiscard]] QString rooflineSubtitle(const Scenario& scenario, const Report& report, RooflineSide side);

} // namespace shardlens
