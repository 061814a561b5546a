// SPDX-License-Identifier: Apache-2.0
// Who holds the tensors of a stage, as the captions of the plate say it: every device of the stage holds one tile of each.
#pragma once

#include "core/cost/tensorplate.h"
#include "core/scenario/scenario.h"

#include <QString>

#include <vector>

namespace shardlens {

/// The devices of a stage, longest name first, the last one empty: "GPU 0–3, 8–11", "0–3, 8–11", "8 GPUs", "".
[[nodiscard]] std::vector<QString> plateOwners(const Scenario& scenario, int stage);
/// "GPU 0–7: 1/8 each", "8 GPUs: whole".
[[nodiscard]] QString plateCaption(const QString& owners, const PlateTensor& tensor);

/// A number on an axis of tiles: which tile's, and where its middle stands.
struct TileNumber {
    std::size_t index = 0;
    double at = 0;
};
/// Of numbers that would stand at `centres` along a side of `length`: the first, the last and every n-th between, n a power of two, no two
/// nearer than `room`, all inside. Empty when not even two have room.
[[nodiscard]] std::vector<TileNumber> everyNth(const std::vector<double>& centres, double room, double length);

} // namespace shardlens
