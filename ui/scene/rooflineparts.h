// SPDX-License-Identifier: Apache-2.0
// Pieces of the roofline picture. Internal to ui/scene.
#pragma once

#include "ui/scene/rooflinescene.h"

#include <optional>
#include <utility>
#include <vector>

namespace shardlens {

/// Room round the plot for axes, legend and sentences.
struct RooflineMargins {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
    double axis = 0;     ///< of `bottom`: tick labels and title
    double legend = 0;   ///< height of the legend; 0: none
    double sentence = 0; ///< of what is said below; 0: nothing
};
[[nodiscard]] RooflineMargins marginsOf(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline,
                                        const RooflineRange& visible);

/// Greatest share first.
[[nodiscard]] std::vector<const RooflinePoint*> pointsShown(const Roofline& roofline, RooflinePhases phases);
/// What is said under the plot.
[[nodiscard]] QString rooflineSentence(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline);
/// Draws signs of phases and colours; returns the height. With a null scene it only measures.
double drawRooflineLegend(Scene* scene, const ViewInput& input, const RooflineOptions& options, const Roofline& roofline,
                          const QRectF& area);
/// Names beside the bubbles, where they find room. `taken` grows; its first `bubbles` are bubbles, over which a leader may run.
void drawRooflineNames(Scene& scene, const ViewInput& input, const RooflineLayout& layout, const Roofline& roofline,
                       const std::vector<const RooflinePoint*>& points, std::vector<QRectF>& taken, std::size_t bubbles);
[[nodiscard]] double bubbleRadius(const RooflineLayout& layout, double share);
[[nodiscard]] QColor bubbleColour(const Theme& theme, const RooflinePoint& point);
/// Prefill: a ring with a pale inside; decode: filled.
void drawBubble(Scene& scene, const Theme& theme, QPointF at, double radius, const QColor& colour, Phase phase, const QRectF& clip);
/// Nearer to each other two rates are one, to the eye.
inline constexpr double kJoined = 0.995;
/// Below a bubble: what is left of its rate with its collective, where that takes time of its own.
[[nodiscard]] std::optional<QPointF> markInAll(const RooflineLayout& layout, const RooflinePoint& point);
/// From each bubble up to the roof it could reach, and down to its mark.
[[nodiscard]] std::vector<std::pair<QPointF, QPointF>> joinsOf(const RooflineLayout& layout,
                                                               const std::vector<const RooflinePoint*>& points);
inline constexpr double kMarkRadius = 3;
void drawMark(Scene& scene, const Theme& theme, QPointF at);
/// The part of a line inside `box`; false when there is none.
[[nodiscard]] bool clipLine(const QRectF& box, QPointF& a, QPointF& b);

} // namespace shardlens
