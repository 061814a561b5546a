// SPDX-License-Identifier: Apache-2.0
// The operators of a decoder step on one device: shapes, FLOP, bytes and time (roofline: the longer of compute and HBM).
#pragma once

#include "core/collective/collective.h"
#include "core/model/parameters.h"
#include "core/plan/legality.h"

#include <string_view>
#include <vector>

namespace shardlens {

enum class Op : std::uint8_t {
    Embedding,
    AttentionNorm,
    QkvProjection,
    LatentDown,      ///< MLA: hidden to query and KV latents
    QueryUp,         ///< MLA: query latent to heads
    KvUp,            ///< MLA, expanded (prefill): latent to per-head keys and values
    AbsorbQuery,     ///< MLA, absorbed (decode): queries into latent space
    SequenceGather,  ///< SP prefill: keys and values of the other ranks
    AttentionScores, ///< Q K^T
    AttentionValues, ///< softmax(QK) V; fused with the scores: nothing of size S x S is written
    SequenceCombine, ///< SP decode: partial outputs and their log-sum-exp
    ExpandValues,    ///< MLA, absorbed: latent outputs to heads
    OutputProjection,
    MlpNorm,
    Router,
    Dispatch,
    ExpertUp, ///< up (and gate) projections of the routed experts
    ExpertDown,
    SharedUp,
    SharedDown,
    Combine,
    CombineGather, ///< tokens whole again on every rank that holds them
    MlpUp,         ///< up (and gate) projections
    MlpDown,
    FinalNorm,
    LmHead,
    Sampling,
    SendActivations, ///< to the next stage
};
inline constexpr std::size_t kOpCount = static_cast<std::size_t>(Op::SendActivations) + 1;

/// Name in reports: "QKV_proj", "attention_QK", "up/gate_proj", ...
[[nodiscard]] std::string_view nameOf(Op op);

enum class Bound : std::uint8_t { Nothing, Compute, Memory, Network };
[[nodiscard]] std::string_view nameOf(Bound bound);

/// Where time goes. Fixed order of all bars and legends.
enum class Cause : std::uint8_t { Weights, Kv, Compute, Communication, Bubble, Overhead };
inline constexpr std::size_t kCauseCount = 6;
[[nodiscard]] std::string_view nameOf(Cause cause);

/// Seconds by cause; sums to the time it explains.
struct Breakdown {
    std::array<double, kCauseCount> seconds{};
    [[nodiscard]] double operator[](Cause cause) const { return seconds[static_cast<std::size_t>(cause)]; }
    [[nodiscard]] double& operator[](Cause cause) { return seconds[static_cast<std::size_t>(cause)]; }
    [[nodiscard]] double total() const
    {
        double sum = 0;
        for (const double s : seconds)
            sum += s;
        return sum;
    }
    Breakdown& operator+=(const Breakdown& other)
    {
        for (std::size_t i = 0; i < kCauseCount; ++i)
            seconds[i] += other.seconds[i];
        return *this;
    }
    [[nodiscard]] Breakdown scaled(double factor) const
    {
        Breakdown result = *this;
        for (double& s : result.seconds)
            s *= factor;
        return result;
    }
};

/// A matmul A[m, k] . B[k, n], `repeat` times (heads, experts); for an elementwise operator m x n with k = 0.
struct OperatorShape {
    std::int64_t m = 0;
    std::int64_t k = 0;
    std::int64_t n = 0;
    std::int64_t repeat = 1;
};

/// How the plan splits an operator; printed in subscript notation.
enum class Sharding : std::uint8_t {
    Replicated,      ///< every device of the stage does all of it
    Tokens,          ///< tokens split, weights replicated
    Column,          ///< output dimension split over TP: no communication
    Row,             ///< contracted dimension split over TP: partial sums
    Heads,           ///< heads split over TP
    HeadsReplicated, ///< TP > n_KV: KV heads replicated
    Vocabulary,      ///< vocabulary split over TP
    Experts,         ///< experts split over EP, their columns or rows over expert TP
};

/// One operator, once: one layer (or once per step), one microbatch, one device - the busiest device of its group.
struct OperatorCost {
    Op op = Op::Embedding;
    std::int8_t kind = -1; ///< index into model.kinds; -1: outside the layers
    Sharding sharding = Sharding::Replicated;
    Collective collective = Collective::None;
    Bound bound = Bound::Nothing;
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
    std::int16_t networkLevel = -1; ///< outermost fabric level the collective uses
    std::int16_t stage = 0;         ///< the stage this row describes: embedding 0, head the last, layers the busiest
    std::int16_t stageLayers = 0;   ///< times it runs on the busiest stage for each microbatch
    OperatorShape global;           ///< unsharded
    OperatorShape local;            ///< on this device
    double flop = 0;
    double weightBytes = 0;
    double activationBytes = 0;
    double kvBytes = 0;
    double payloadBytes = 0;       ///< of the collective, as collective.h defines it
    double communicationBytes = 0; ///< bytes this device sends
    double computeTime = 0;        ///< flop / peak
    double memoryTime = 0;         ///< bytes / bandwidth
    double communicationTime = 0;
    double time = 0; ///< max(compute, memory) + communication
    Breakdown breakdown;
};

/// What one microbatch asks of a stage.
struct StepTokens {
    std::int64_t sequences = 0; ///< sequences of the microbatch
    std::int64_t newTokens = 0; ///< tokens of each that are computed now (prompt piece, or 1)
    std::int64_t past = 0;      ///< tokens of each already in the cache (decode: including the new one's context)
    bool decode = false;
    bool lastPiece = true; ///< prefill: the prompt ends here, so the head runs
};

/// Everything about (model, cluster, formats, plan) that does not change with the tokens.
class StepModel {
public:
    StepModel(const Model& model, const Cluster& cluster, const Formats& formats, const Plan& plan);

    /// Appends the operators of one layer of `kind`, then of what stands outside the layers (kind -1).
    void layerOperators(int kind, const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    void embeddingOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    void headOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    /// Seconds to hand one microbatch's activations from a stage to another; every rank sends its own copy to its successor.
    [[nodiscard]] CollectiveCost sendCost(const StepTokens& tokens, int fromStage, int toStage) const;

    [[nodiscard]] const Placement& placement() const { return m_placement; }
    [[nodiscard]] const GroupSpan& tensorSpan() const { return m_tensor; }
    [[nodiscard]] const Model& model() const { return m_model; }
    [[nodiscard]] const Plan& plan() const { return m_plan; }
    [[nodiscard]] const Formats& formats() const { return m_formats; }
    [[nodiscard]] const Cluster& cluster() const { return m_cluster; }

private:
    friend struct StepBuilder;
    const Model& m_model;
    const Cluster& m_cluster;
    Formats m_formats;
    Plan m_plan;
    Placement m_placement;
    GroupSpan m_tensor;
    GroupSpan m_sequence;
    GroupSpan m_stage;
    GroupSpan m_copies; ///< TP x SP: in decode they hold the same tokens
};

/// FLOP that the model itself asks for, on however many devices: 2 per active matrix element and token, plus causal attention.
/// Replication and padding are not useful and not counted; the basis of MFU.
[[nodiscard]] double usefulFlop(const Model& model, const StepTokens& tokens);

/// The sharding in subscript notation with the plan's sizes, e.g. "x[T, H] . W[H, I_TP8] -> y[T, I_TP8]".
[[nodiscard]] std::string notation(const OperatorCost& op, const Plan& plan);

} // namespace shardlens
