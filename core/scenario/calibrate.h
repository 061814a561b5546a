// SPDX-License-Identifier: Apache-2.0
// Calibrated mode of a scenario: which constants it runs on, and how far its figures can be trusted.
#pragma once

#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens {

/// Sets Scenario::calibration (and that of the pools) to what mode, engine and accelerators ask for; clears it in roofline mode. To be
/// called after any of them changes; cheap when nothing does. An empty set stands for the shipped one.
void calibrate(Scenario& scenario, const CalibrationSet& set);

/// Figures that a scenario has beyond what was measured: "prompts of 100,000 tokens; 128 to 15,000 were measured". Empty in roofline mode.
[[nodiscard]] std::vector<std::string> outsideMeasured(const Scenario& scenario);
/// How many circumstances of the scenario no measured point shows, for Calibration::intervalsOf(); pools count twice.
[[nodiscard]] int unmeasured(const Scenario& scenario);
/// "calibrated: vLLM on H100 SXM, 107 serving points, this model among them", or what roofline mode is. One line.
[[nodiscard]] std::string provenanceOf(const Scenario& scenario);

} // namespace shardlens
