// SPDX-License-Identifier: Apache-2.0
// What a reader puts over the rows: the clock of playing, marks, chosen pieces and a range with its edges.
#pragma once

#include "ui/scene/timelinescene.h"

namespace shardlens {

void drawTimelineOverlays(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
                          const TimelinePanel& panel);
/// A place for the pinned piece where the picture merges it with others, so that it is marked there too.
void addPinnedPiece(Scene& scene, const ViewInput& input, const TimelineLayout& layout);

} // namespace shardlens
