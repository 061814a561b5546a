// SPDX-License-Identifier: Apache-2.0
// The roofline of a report as plain values: roofs of the accelerator and of its links, a point for each operator with FLOP.
// FLOP/s reached <= min(peak, FLOP per byte x bytes/s): Williams, Waterman & Patterson, "Roofline", CACM 52 (2009). The roof of a link is the
// same law on the bytes a device sends: "How to Scale Your Model" (JAX scaling book), chapter Roofline Analysis, network roofline.
#pragma once

#include "core/scenario/explain.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace shardlens {

/// Which bytes an intensity is per; the two are never on one axis.
enum class RooflineSide : std::uint8_t {
    Hbm, ///< bytes of weights, KV cache and activations that the device reads and writes
    Link ///< bytes that the device sends for the operator's collective
};

/// A level roof: what the device's arithmetic gives.
struct ComputeRoof {
    ComputeFormat format = ComputeFormat::Bf16;
    double peak = 0;   ///< dense FLOP/s
    bool used = false; ///< an operator of the report multiplies in it
    friend bool operator==(const ComputeRoof&, const ComputeRoof&) = default;
};

/// A sloped roof: what a path for bytes gives.
struct ByteRoof {
    RooflineSide side = RooflineSide::Hbm;
    int level = -1;       ///< of the fabric, the outermost of several; -1: HBM
    std::string name;     ///< "HBM", "NVSwitch", "AllToAll, NVSwitch + InfiniBand"
    double bandwidth = 0; ///< bytes/s of one device; a link: one direction, all its links of the level
    bool used = false;
    /// Of a collective that sends over several levels one after the other: all its bytes over the time that they take, without latencies.
    bool several = false;
    /// FLOP per byte where it meets a level roof.
    [[nodiscard]] double criticalIntensity(const ComputeRoof& roof) const { return roof.peak / bandwidth; }
    friend bool operator==(const ByteRoof&, const ByteRoof&) = default;
};

/// One operator under its roof.
struct RooflinePoint {
    RooflineSide side = RooflineSide::Hbm;
    Phase phase = Phase::Decode;
    int op = -1; ///< index into PhaseReport::operators
    Op name = Op::Embedding;
    std::int8_t kind = -1;
    Bound bound = Bound::Nothing;
    Cause cause = Cause::Compute; ///< most of its time
    ComputeFormat format = ComputeFormat::Bf16;
    double flop = 0;  ///< once, on one device
    double bytes = 0; ///< of the side
    double time = 0;  ///< seconds that the rate is over. HBM: without its collective. Link: with it, or its collective's where that hides
    double whole = 0; ///< seconds with what its collective adds that nothing hides; at least `time`
    double peak = 0;  ///< FLOP/s of its format
    double bandwidth = 0; ///< bytes/s of its path: one of Roofline::paths
    double share = 0;     ///< of the time of its phase, all layers and pieces
    [[nodiscard]] double intensity() const { return flop / bytes; }
    [[nodiscard]] double achieved() const { return flop / time; }
    [[nodiscard]] double achievedInAll() const { return flop / whole; }
    [[nodiscard]] double roof() const { return std::min(peak, intensity() * bandwidth); }
    /// Achieved of its roof: 1 on it.
    [[nodiscard]] double fraction() const { return achieved() / roof(); }
    friend bool operator==(const RooflinePoint&, const RooflinePoint&) = default;
};

struct Roofline {
    RooflineSide side = RooflineSide::Hbm;
    std::vector<ComputeRoof> formats;  ///< those the accelerator has, highest peak first
    std::vector<ByteRoof> paths;       ///< HBM, or the fabric's levels from the inside out, then what collectives make of several
    std::vector<RooflinePoint> points; ///< prefill, then decode, in program order
    /// By Phase: share of the busiest stage's operators that have no FLOP or no bytes on this side; with the points of that stage the sum that
    /// accountOf() has. Sends are in neither: they run beside the work.
    std::array<double, 2> unplacedShare{};
    int unplaced = 0; ///< such operators that take time
    /// Of unplacedShare: elementwise operators fused into their neighbours. Their few bytes are not what their FLOP work on, so that their
    /// intensity says nothing.
    std::array<double, 2> fusedShare{};
};

/// How far a rounding may lift a point over its roof.
inline constexpr double kRoofTolerance = 1e-9;
/// A point that no hardware of these figures can reach: an error of units or of the model.
[[nodiscard]] inline bool aboveRoof(const RooflinePoint& point)
{
    return !(point.achieved() <= point.roof() * (1 + kRoofTolerance));
}

/// Empty for a report that is not legal but for the roofs.
[[nodiscard]] Roofline rooflineOf(const Scenario& scenario, const Report& report, RooflineSide side);

/// Times an operator runs in a phase on its stage: its layers times the pieces. What a pipeline runs of other stages beside it is not in it.
[[nodiscard]] double runsOf(const PhaseReport& phase, Phase which, const OperatorCost& op);
/// Its time in all over the time of the phase.
[[nodiscard]] double shareOf(const PhaseReport& phase, Phase which, const OperatorCost& op);

/// The batch from which a matrix of a decode step is bound by arithmetic. A matmul of r rows takes f r FLOP and W + a r bytes: it is under
/// the level roof from r = W C / (f - a C) on, C the critical intensity. Found by the step's own cost model rather than by that law: rows are
/// whole, experts are those of the hottest rank, of which more are read the larger the batch.
struct BatchToCompute {
    Op op = Op::MlpUp;
    int index = -1; ///< in the decode operators
    ComputeFormat format = ComputeFormat::Bf16;
    double rowsNeeded = 0; ///< at once on one device; of an expert: its own. 0: no batch reaches it
    double rowsNow = 0;
    std::int64_t batchNow = 0;    ///< sequences per replica
    std::int64_t batchNeeded = 0; ///< 0: no batch reaches it
    bool expert = false;          ///< of the hottest rank, each of its experts with the mean of their rows
    [[nodiscard]] std::string sentence() const;
};
/// Of the matrix that reads most weights in a decode step; nothing for a report that is not legal.
[[nodiscard]] std::optional<BatchToCompute> batchToCompute(const Scenario& scenario, const Report& report);

} // namespace shardlens
