// SPDX-License-Identifier: Apache-2.0
// Pieces of the playground's picture. Internal to ui/scene.
#pragma once

#include "ui/scene/playgroundscene.h"

namespace shardlens {

/// The ways, cheapest first, at the left of `area`, which loses what they take.
void drawPlaygroundWays(Scene& scene, const ViewInput& input, const PlayedProduct& played, std::size_t chosenWay, QRectF& area,
                        PlaygroundRegions* regions);

} // namespace shardlens
