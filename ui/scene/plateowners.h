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

} // namespace shardlens
