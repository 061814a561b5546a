// SPDX-License-Identifier: Apache-2.0
// The shard plate: the tensors of one pipeline stage as matrices, tiled by the devices that hold them. Colours are the places of the mesh;
// the first copy of a tile is solid, further ones are a hatched sheet behind it.
#pragma once

#include "ui/scene/platelayout.h"

namespace shardlens {

struct PlateOptions {
    int stage = 0;       ///< shown unless a device or stage is pinned; beyond the last: the last
    int firstTensor = 0; ///< scrolled: those before it are left out
    bool followsPin = true;
};

void buildPlate(const ViewInput& input, const PlateOptions& options, Scene& scene);
/// The stage that is drawn.
[[nodiscard]] int plateStage(const Scenario& scenario, const Report& report, const Subject& pin, const PlateOptions& options);
/// Tensors with a shape on the stage: what can be scrolled over.
[[nodiscard]] int plateTensorCount(const Scenario& scenario, const Report& report, int stage);

/// "stage 1 of 4, layers 20–39".
[[nodiscard]] QString plateSubtitle(const Scenario& scenario, const Report& report, int stage);
[[nodiscard]] QString describePlate(const Scenario& scenario, const Report& report);
/// Name and tile, index ranges, bytes, devices; empty for what is no tensor.
[[nodiscard]] QString plateTooltip(const Scenario& scenario, const Report& report, const Subject& subject);

/// "GPU 0, 4, 8 and 12 more": the holders of a tile, at most `most` by number.
[[nodiscard]] QString plateHolders(const Scenario& scenario, const PlateTensor& tensor, int stage, std::int64_t tile, int most);

} // namespace shardlens
