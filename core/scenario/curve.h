// SPDX-License-Identifier: Apache-2.0
// Any figure of a scenario over any one of its numeric inputs: which inputs there are, how each edits a scenario, which values a curve
// goes through, and the figures at one of them. Every figure is evaluate()'s.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

enum class CurveInput : std::uint8_t {
    Batch,       ///< sequences of a replica that arrive together; microbatches follow (planAtBatch)
    Concurrency, ///< clients of a closed loop
    Rate,        ///< requests/s of an open loop
    Input,
    Output,
    Context, ///< input and output together; the output stays
    Devices, ///< of the cluster, resized; replicas follow
    Tensor,
    Pipeline,
    Data,
    Expert,
    Sequence,
    AttentionData,
    PrefillMicrobatches,
    DecodeMicrobatches,
    Chunks,
    TokenBudget,
    MaxSequences,
    PrefixHit,
    DraftTokens,
    Acceptance,
    Overlap,
    HbmBandwidth,
    HbmCapacity,
    Flops,     ///< of the arithmetic in use; all formats scale with it
    InnerLink, ///< bandwidth of the innermost fabric level
    OuterLink, ///< and of the outermost
    Price,
};
inline constexpr std::size_t kCurveInputCount = static_cast<std::size_t>(CurveInput::Price) + 1;

struct CurveInputInfo {
    std::string_view key;  ///< "batch", "hbm-bandwidth"
    std::string_view name; ///< within a sentence: "batch", "HBM bandwidth"
    std::string_view unit; ///< of what is shown; may be empty
    double shown = 1;      ///< what one of base units (bytes/s, FLOP/s, share) is shown as
    bool integer = true;
    bool logarithmic = true; ///< the axis that suits it
};
[[nodiscard]] const CurveInputInfo& infoOf(CurveInput input);

enum class CurveFigure : std::uint8_t { Tpot, Ttft, EndToEnd, OutputPerDevice, OutputPerUser, Cost, FreeMemory };
inline constexpr std::size_t kCurveFigureCount = 7;
struct CurveFigureInfo {
    std::string_view key;
    std::string_view name; ///< "TPOT", "Tokens/s per device"
};
[[nodiscard]] const CurveFigureInfo& infoOf(CurveFigure figure);

/// Whether the scenario has this input at all: no EP without experts, no arrival rate without an open loop, no plan axes with pools.
[[nodiscard]] bool hasInput(const Scenario& scenario, CurveInput input);
/// The input that says how many requests there are: the one a first look is about.
[[nodiscard]] CurveInput loadInput(const Scenario& scenario);
[[nodiscard]] double valueOf(const Scenario& scenario, CurveInput input);

struct CurveEdit {
    Scenario scenario;   ///< with the value; as it was where there is a problem
    std::string problem; ///< one sentence: no such scenario can be made; empty otherwise. Its plan may still be illegal
};
[[nodiscard]] CurveEdit withValue(const Scenario& scenario, CurveInput input, double value);

/// Values of a curve, ascending, the scenario's own among them: four for each doubling of a count, the steps of a slider for axes of the
/// plan, even steps of shares. At most 96.
[[nodiscard]] std::vector<double> curveValues(const Scenario& scenario, const Report& report, CurveInput input);
/// Every index below `count` once, coarse to fine: both ends, then the middle of the widest gap that is left.
[[nodiscard]] std::vector<std::size_t> coarseToFine(std::size_t count);

struct CurvePoint {
    double x = 0;
    bool legal = false;
    bool fits = false;                         ///< in memory
    std::array<double, kCurveFigureCount> y{}; ///< SI units, USD, bytes; NaN where there is none
    std::string reason;                        ///< why some figures are missing; empty otherwise
    [[nodiscard]] double of(CurveFigure figure) const { return y[static_cast<std::size_t>(figure)]; }
    [[nodiscard]] bool has(CurveFigure figure) const { return legal && std::isfinite(of(figure)); }
};
/// Of a report that is there already.
[[nodiscard]] CurvePoint curvePoint(const Scenario& scenario, const Report& report, double x);
[[nodiscard]] CurvePoint curvePoint(const Scenario& scenario, CurveInput input, double x);

/// Between a value that fits in memory and one that does not: the last that does (a whole number for counts, else to 1 part in 1,000).
[[nodiscard]] double lastThatFits(const Scenario& scenario, CurveInput input, double fits, double misfits);

} // namespace shardlens
