// SPDX-License-Identifier: Apache-2.0
// Measured points that belong on a curve: the same model, accelerator, number formats, engine and plan, different in the curve's input alone.
#pragma once

#include "core/calibration/points.h"
#include "core/calibration/resolvedpoint.h"
#include "core/scenario/catalog.h"
#include "core/scenario/curve.h"

#include <string>
#include <vector>

namespace shardlens {

struct MeasuredSample {
    ResolvedPoint point;
    MeasuredOutcome outcome;
    std::string source; ///< origin, version, date
};

/// Points of one server with a closed loop or a static batch whose names are known; the others are left out.
[[nodiscard]] std::vector<MeasuredSample> measuredSamples(const MeasuredPoints& points, const Catalog& catalog);

struct CurveMark {
    double x = 0;
    double y = 0; ///< SI units
    std::string source;
    bool nearest = false; ///< to the scenario's own value
};

/// Lengths and requests may differ from the scenario's by an eighth, all else but the format of embedding and head not at all; a scenario of the generic engine takes points of
/// any. A static batch takes the TPOT of closed loops with as many requests in flight, and nothing else of them. Ascending.
[[nodiscard]] std::vector<CurveMark> measuredAlong(const Scenario& scenario, const std::vector<MeasuredSample>& samples, CurveInput input,
                                                   CurveFigure figure);

} // namespace shardlens
