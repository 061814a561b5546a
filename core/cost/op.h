// SPDX-License-Identifier: Apache-2.0
// Vocabulary of a decoder step: its operators, what bounds them, where their time goes, how a plan splits them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shardlens {

enum class Op : std::uint8_t {
    Embedding,
    AttentionNorm,
    QkvProjection,
    LatentDown,       ///< MLA: hidden to query and KV latents
    QueryUp,          ///< MLA: query latent to heads
    KvUp,             ///< MLA, expanded (prefill): latent to per-head keys and values
    AbsorbQuery,      ///< MLA, absorbed (decode): queries into latent space
    IndexQuery,       ///< sparse index: queries of the scorer
    IndexKey,         ///< sparse index: keys of the scorer and the weights of its heads
    IndexScores,      ///< sparse index: every query against every cached key
    IndexTopK,        ///< sparse index: the choice
    LinearInput,      ///< linear layer: queries, keys, values, gates and decays
    LinearGate,       ///< Kimi Delta Attention: second steps of the low-rank decay and gate
    Convolution,      ///< linear layer: short convolution over queries, keys and values
    StateUpdate,      ///< linear layer: recurrence (decode) or its chunked form (prefill)
    StateExchange,    ///< SP prefill: states of the other ranks' tokens
    SequenceGather,   ///< SP prefill: keys and values of the other ranks
    AttentionScores,  ///< Q K^T
    AttentionSoftmax, ///< unfused: a kernel of its own
    AttentionValues,  ///< softmax(QK) V; fused with the scores: nothing of size S x S is written
    RingExchange,     ///< SP prefill, ring attention: what its transfers last longer than the attention they run beside
    SequenceCombine,  ///< SP decode: partial outputs and their log-sum-exp
    ExpandValues,     ///< MLA, absorbed: latent outputs to heads
    OutputProjection,
    MlpNorm,
    Router,
    ExpertsIn, ///< to the narrower width that the experts work in
    Dispatch,
    ExpertUp, ///< up (and gate) projections of the routed experts
    ExpertDown,
    SharedUp,
    SharedDown,
    Combine,
    ExpertsOut,    ///< and back
    CombineGather, ///< tokens whole again on every rank that holds them
    MlpUp,         ///< up (and gate) projections
    MlpDown,
    PredictionNorm,       ///< of a drafted token's embedding and of the hidden state
    PredictionProjection, ///< both side by side, back to the width of one
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

} // namespace shardlens
