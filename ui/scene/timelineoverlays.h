// SPDX-License-Identifier: Apache-2.0
// What a reader puts over the rows: the clock of playing, marks, chosen pieces and a range with its edges.
#pragma once

#include "ui/scene/timelinescene.h"

namespace shardlens {

void drawTimelineOverlays(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
                          const TimelinePanel& panel);

} // namespace shardlens
