// SPDX-License-Identifier: Apache-2.0
// Memory of each device as a bar against its capacity: weights, KV cache, activations, buffers, reserve.
#pragma once

#include "ui/scene/scene.h"

namespace shardlens {

struct MemoryOptions {
    bool perStage = false; ///< one bar for each stage even when a bar for each device would fit
};

void buildMemory(const ViewInput& input, const MemoryOptions& options, Scene& scene);

/// One sentence for a screen reader: "Stage 0 is 29 % full, 56.8 GiB free on the fullest device."
[[nodiscard]] QString describeMemory(const Scenario& scenario, const Report& report);
/// Name, then facts, one line each; empty for what is not a device, a stage or a class of memory.
[[nodiscard]] QString memoryTooltip(const Scenario& scenario, const Report& report, const Subject& subject);

} // namespace shardlens
