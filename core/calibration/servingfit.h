// SPDX-License-Identifier: Apache-2.0
// Factors of engines, and of engines on accelerators, from measured serving points. All factors are estimated together, as corrections of
// the constants that kernels gave, each with a prior of 1 and a spread by how much it may differ: so points of one pair inform others only
// through what they share, and what no point shows stays as the kernels say.
#pragma once

#include "core/calibration/calibration.h"
#include "core/calibration/points.h"

#include <map>
#include <span>
#include <vector>

namespace shardlens {

/// A point that was measured and can be predicted.
struct FitPoint {
    ResolvedPoint point;
    double ttft = 0; ///< s; 0: not measured, or not to be used
    double tpot = 0; ///< s; 0: not measured
    double weight = 1;
    double output = 0; ///< output tokens/s per device; 0: not measured
};

struct ServingFit {
    CalibrationSet set;
    int iterations = 0;
    bool converged = false;
    int points = 0;
    int parameters = 0;
    double cost = 0;
    /// Logarithms of what was estimated, by group and factor: where another fit may start.
    std::map<std::pair<int, std::size_t>, double> estimates;
};

/// @param kernels accelerators with their own constants; their engines' factors are not looked at
/// @param used by point: false leaves it out (cross-validation); empty: all
/// @param start a fit to go on from; null: priors
/// @param fidelity of the predictions that are fitted: the simulation's, or for a first approach those of the closed forms
[[nodiscard]] ServingFit fitServing(const std::vector<std::shared_ptr<const AcceleratorCalibration>>& kernels,
                                    std::span<const FitPoint> points, const std::vector<bool>& used, const ServingFit* start,
                                    int mostIterations, Fidelity fidelity = Fidelity::Simulated);

} // namespace shardlens
