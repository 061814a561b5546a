// SPDX-License-Identifier: Apache-2.0
// What a measured point is predicted to show.
#pragma once

#include "core/base/result.h"
#include "core/calibration/resolvedpoint.h"
#include "core/cost/stepconstants.h"

#include <functional>

namespace shardlens {

/// A figure and the interval that should hold eight of ten measurements of it.
struct PredictedFigure {
    double value = 0;
    double low = 0;
    double high = 0; ///< 0: there is no interval
    [[nodiscard]] bool hasInterval() const { return high > 0; }
    friend bool operator==(const PredictedFigure&, const PredictedFigure&) = default;
};

struct PointPrediction {
    PredictedFigure ttft;            ///< seconds, mean over requests
    PredictedFigure tpot;            ///< seconds, mean over requests
    PredictedFigure outputPerDevice; ///< output tokens/s per device
    friend bool operator==(const PointPrediction&, const PointPrediction&) = default;
};

/// An 80 % interval around a figure x: [x low, x high]; both 0: none.
struct Spread {
    double low = 0;
    double high = 0;
    friend bool operator==(const Spread&, const Spread&) = default;
};

/// How a closed or open loop is worked out.
enum class Fidelity : std::uint8_t {
    Analytic,  ///< closed forms: tens of microseconds
    Simulated, ///< the scheduler's events: about a millisecond
};

/// What is known of the machine and engine that a point ran on. The default is the roofline, which has no intervals.
struct PointConstants {
    StepConstants step;         ///< of the only pool, or of decode
    StepConstants prefillStep;  ///< disaggregated: of the prefill pool
    double requestOverhead = 0; ///< seconds before a request reaches the scheduler
    Fidelity fidelity = Fidelity::Simulated;
    Spread ttft;
    Spread tpot;
    Spread outputPerDevice;
    friend bool operator==(const PointConstants&, const PointConstants&) = default;
};
/// Constants for a point, by what it ran on and never by what was measured.
using ConstantsSource = std::function<PointConstants(const ResolvedPoint&)>;

/// Output tokens/s per device of a closed loop: concurrency x output / (TTFT + TPOT (output - 1)) / devices (Little's law).
[[nodiscard]] double closedLoopOutput(double concurrency, double meanOutput, double ttft, double tpot, int devices);

/// Predicts one point, or says in a sentence why it cannot run: "does not fit: ...". Deterministic; safe to call from any thread.
[[nodiscard]] Result<PointPrediction> predictPoint(const ResolvedPoint& point, const PointConstants& constants = {});

} // namespace shardlens
