// SPDX-License-Identifier: Apache-2.0
// The rows of the timeline: pieces with their causes, idle gaps, sends; drawn in as much detail as there are pixels for.
#pragma once

#include "ui/scene/timelinescene.h"

namespace shardlens {

/// "m3", "A": how a microbatch is called in pictures.
[[nodiscard]] QString microbatchName(Phase phase, int microbatch);
/// The colours of the causes of work mixed by their shares: what bands too low to be seen would look like from afar.
[[nodiscard]] QColor mixedColor(const Theme& theme, const Breakdown& parts);
/// Lower rows have no bands by cause, px.
inline constexpr double kLowestBandedRow = 8;
/// Still lower ones have the mean colour of their causes.
inline constexpr double kLowestShares = 3;
/// One piece of every stage.
[[nodiscard]] Breakdown piecesOfAllStages(const PhaseReport& report);
/// Work of a piece in drawing order; a bubble is not work.
inline constexpr std::array kPieceCauses{Cause::Weights, Cause::Kv, Cause::Compute, Cause::Communication, Cause::Overhead};

/// At most this many rectangles for the pieces of one panel, whatever the number of cells.
inline constexpr std::size_t kMostPieceItems = 2400;
/// Layers wider than this show their operators, px: zoomed in, and where the whole phase is in sight.
inline constexpr double kLeastLayerWidth = 14;
inline constexpr double kLeastCalmLayerWidth = 20;
/// Rows further apart have arrows between them, px.
inline constexpr double kLeastArrowGap = 5;
/// Sends of pieces further apart are arrows each, px.
inline constexpr double kLeastArrowPitch = 12;

bool drawTimelineRows(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
                      const TimelinePanel& panel);

} // namespace shardlens
