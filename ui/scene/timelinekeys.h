// SPDX-License-Identifier: Apache-2.0
// The sheet that names the timeline's keys.
#pragma once

#include "ui/scene/scene.h"

namespace shardlens {

/// Over the middle of the scene; takes all pointing while it is there.
void drawTimelineKeys(Scene& scene, const Theme& theme);

} // namespace shardlens
