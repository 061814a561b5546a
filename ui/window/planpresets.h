// SPDX-License-Identifier: Apache-2.0
// Plans worth one click: the legal ways to use all devices.
#pragma once

#include "core/scenario/scenario.h"

#include <QString>

#include <vector>

namespace shardlens {

struct PlanPreset {
    QString name; ///< "TP 4 x PP 2"
    Plan plan;    ///< legal for the scenario it was made from
};

/// TP x PP x DP in powers of two that use every device, with EP over the whole stage for models with experts; most TP first.
[[nodiscard]] std::vector<PlanPreset> planPresets(const Scenario& scenario);
/// "TP 4 x PP 2": the axes above 1, "1 device" when there are none.
[[nodiscard]] QString presetName(const Plan& plan);

} // namespace shardlens
