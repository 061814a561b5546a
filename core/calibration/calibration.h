// SPDX-License-Identifier: Apache-2.0
// What is known of accelerators and engines: each accelerator's own constants from measured kernels, each engine's factors on them, and
// what the two do together, from measured serving points. Constants belong to (accelerator, class of kernels, number format) and to
// engines, never to a model.
#pragma once

#include "core/calibration/constants.h"
#include "core/calibration/prediction.h"
#include "core/serving/load.h"

#include <memory>
#include <string>
#include <vector>

namespace shardlens {

/// Where a constant is from.
enum class ConstantOrigin : std::uint8_t {
    Measured, ///< fitted to measured kernels of this accelerator
    Fitted,   ///< and moved by measured serving points on it
    Borrowed, ///< of a relative, scaled with the data sheets' peaks and bandwidths: shares and seconds are kept
    Assumed,  ///< no measurement: a middle value of the others
};
[[nodiscard]] std::string_view keyOf(ConstantOrigin origin); ///< "measured", "fitted", "borrowed", "assumed"

/// Evidence of a group of constants: a class of kernels in a format, or the links.
struct ConstantEvidence {
    ConstantOrigin origin = ConstantOrigin::Assumed;
    int samples = 0;        ///< kernel calls
    double medianError = 0; ///< of the kernel fit
    double p90Error = 0;
    std::string source; ///< file of the samples, or the relative
    friend bool operator==(const ConstantEvidence&, const ConstantEvidence&) = default;
};
inline constexpr std::size_t kEvidenceCount = kKernelClassCount * kKernelFormatCount + 1; ///< the last: links of a node
[[nodiscard]] constexpr std::size_t evidenceOf(KernelClass kernel, KernelFormat format)
{
    return static_cast<std::size_t>(kernel) * kKernelFormatCount + static_cast<std::size_t>(format);
}

/// An engine on one accelerator: factors beside the engine's own.
struct PairCalibration {
    FactorLogs factors{};
    int points = 0;                  ///< serving points behind them; 0: none, all factors are 1
    std::vector<std::string> models; ///< catalog ids of the models measured: intervals are narrower for them
    friend bool operator==(const PairCalibration&, const PairCalibration&) = default;
};

/// AcceleratorCalibration::relative where nothing lends.
inline constexpr const char* kNoRelative = "none";

struct AcceleratorCalibration {
    std::string accelerator; ///< catalog id
    std::string relative;    ///< id of the accelerator whose constants these are; empty: its own
    ConstantLogs logs{};
    std::array<ConstantEvidence, kEvidenceCount> evidence{};
    std::array<PairCalibration, kEngineCount> engines{};
    friend bool operator==(const AcceleratorCalibration&, const AcceleratorCalibration&) = default;
};

struct EngineCalibration {
    Engine engine = Engine::Generic;
    FactorLogs factors{};
    int points = 0;
    std::string source;
    friend bool operator==(const EngineCalibration&, const EngineCalibration&) = default;
};

/// How near the measured points are.
enum class Nearness : std::uint8_t {
    Model,       ///< this model was measured with this engine on this accelerator
    Pair,        ///< another model was
    Accelerator, ///< the accelerator was, with another engine; or only its kernels
    Relative,    ///< a relative of the accelerator was, or nothing
};
inline constexpr std::size_t kNearnessCount = 4;
[[nodiscard]] std::string_view keyOf(Nearness nearness); ///< "model", "pair", "accelerator", "relative"

/// 80 % intervals by nearness, of cross-validation: predicted x low ... predicted x high.
struct Intervals {
    Spread ttft;
    Spread tpot;
    Spread outputPerDevice;
    int points = 0; ///< residuals behind them
    friend bool operator==(const Intervals&, const Intervals&) = default;
};

/// Ranges that the serving points cover; outside of them results say so.
struct MeasuredRange {
    double least = 0;
    double most = 0;
    [[nodiscard]] bool holds(double value) const { return value >= least && value <= most; }
    friend bool operator==(const MeasuredRange&, const MeasuredRange&) = default;
};
struct MeasuredRanges {
    MeasuredRange input;       ///< prompt tokens
    MeasuredRange output;      ///< generated tokens
    MeasuredRange concurrency; ///< of a replica
    MeasuredRange devices;     ///< of a replica
    friend bool operator==(const MeasuredRanges&, const MeasuredRanges&) = default;
};

struct CalibrationSet {
    std::vector<std::shared_ptr<const AcceleratorCalibration>> accelerators;
    std::array<EngineCalibration, kEngineCount> engines{};
    std::array<Intervals, kNearnessCount> intervals{};
    MeasuredRanges ranges;
    std::string source; ///< of the serving points, with the day of the fit's newest point

    [[nodiscard]] const AcceleratorCalibration* accelerator(std::string_view id) const;
};

/// The constants of an engine on an accelerator, ready for use, and where they are from.
struct Calibration {
    std::string accelerator;
    Engine engine = Engine::Generic;
    Constants constants;
    std::shared_ptr<const AcceleratorCalibration> base; ///< of the accelerator or its relative
    int points = 0;                                     ///< serving points of the engine on the accelerator
    std::array<Intervals, kNearnessCount> intervals{};
    MeasuredRanges ranges;
    std::string source;
    /// How near the points are for a model.
    [[nodiscard]] Nearness nearness(std::string_view modelId) const;
    /// Intervals for a model: never narrower than those of nearer cases, except of the very model. What is assumed altogether, and each of
    /// `unmeasured` circumstances that no point shows, widens them by half in logarithms: a judgement, not a measurement.
    [[nodiscard]] Intervals intervalsOf(std::string_view modelId, int unmeasured = 0) const;
    friend bool operator==(const Calibration& a, const Calibration& b)
    {
        return a.accelerator == b.accelerator && a.engine == b.engine && a.constants == b.constants;
    }
};

/// Logarithms of the constants before any measurement, and of those that no kernel table gives: the host's and the engine's.
[[nodiscard]] const ConstantLogs& assumedConstants();
/// base + engine + pair.
[[nodiscard]] ConstantLogs combined(const AcceleratorCalibration& base, const EngineCalibration& engine);
/// Constants for an accelerator that need not be in the set: its own entry, or the assumed ones.
[[nodiscard]] std::shared_ptr<const Calibration> calibrationOf(const CalibrationSet& set, std::string_view accelerator, Engine engine);
/// Constants and intervals for a point.
[[nodiscard]] PointConstants pointConstants(const CalibrationSet& set, const ResolvedPoint& point);

} // namespace shardlens
