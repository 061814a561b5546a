// SPDX-License-Identifier: Apache-2.0
// What a plan breaks (violations: no numbers follow) and what merely costs (warnings: costed and flagged).
// Checking allocates nothing and formats nothing; sentences are made on demand.
#pragma once

#include "core/hardware/cluster.h"
#include "core/model/architecture.h"
#include "core/model/numberformat.h"
#include "core/plan/plan.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace shardlens {

/// How unevenly the router loads the experts. Uniform routing: both zero.
struct Routing {
    /// Load of the i-th busiest expert is proportional to i^-exponent; 0 = uniform.
    double powerLaw = 0;
    /// An expert takes at most capacityFactor x (tokens x k / E) tokens; 0 = no limit.
    double capacityFactor = 0;
    bool dropOverflow = true; ///< tokens beyond the limit are dropped (and padding computed); false: they overflow to the experts with room
    friend bool operator==(const Routing&, const Routing&) = default;
};

/// A workload of identical requests.
struct Workload {
    int batch = 32;   ///< sequences per replica, in flight together
    int input = 2048; ///< prompt tokens of each
    int output = 256; ///< tokens generated for each, the first one by prefill
    Routing routing = {};
    /// Tokens in a sequence's cache when it is finished.
    [[nodiscard]] std::int64_t fullContext() const { return std::int64_t{input} + output; }
    /// Mean context of a decode step: the prompt and half the output.
    [[nodiscard]] std::int64_t meanContext() const { return std::int64_t{input} + output / 2; }
    friend bool operator==(const Workload&, const Workload&) = default;
};

struct Formats {
    NumberFormat weights = NumberFormat::Bf16;   ///< every matrix without a format of its own; norms, biases and routers stay bf16
    NumberFormat kv = NumberFormat::Bf16;        ///< KV cache
    ComputeFormat compute = ComputeFormat::Bf16; ///< arithmetic; activations are moved in bf16
    std::array<std::optional<NumberFormat>, kWeightClassCount> own{}; ///< by WeightClass; unset: `weights`
    [[nodiscard]] NumberFormat of(WeightClass weightClass) const { return own[static_cast<std::size_t>(weightClass)].value_or(weights); }
    friend bool operator==(const Formats&, const Formats&) = default;
};

enum class Rule : std::uint8_t {
    // violations
    Range,             ///< an axis outside 1..its limit
    TensorHeads,       ///< TP does not divide n_Q
    TensorKvHeads,     ///< TP neither divides n_KV nor is a multiple of it
    TensorLinearHeads, ///< TP does not divide the value heads of a linear layer, or neither divides its key heads nor is a multiple of them
    PipelineLayers,    ///< PP > L
    VirtualStages,     ///< virtual stages below 1, without a pipeline, or more blocks of layers than layers
    VirtualMicrobatches, ///< interleaving: PP does not divide the pieces of a prefill (arXiv:2104.04473, section 2.2)
    StageLayers,         ///< layers by hand: wrong number of entries, an empty one, or a sum other than L
    ExpertDense,         ///< EP > 1 without experts
    ExpertGroup,         ///< EP does not divide TP x SP x attention DP
    ExpertCount,         ///< EP > E and its redundant copies
    RedundantExperts,    ///< fewer than none, or more copies than the other ranks can hold: E (EP - 1)
    RoutingRange,        ///< power law or capacity factor out of range
    OverlapRange,        ///< overlap outside 0..1
    OrderOfAxes,         ///< not each axis once
    SequenceLength,      ///< SP x chunks > prompt tokens
    MicrobatchBatch,     ///< more microbatches than sequences
    AttentionDataBatch,  ///< attention DP > sequences of a microbatch
    Devices,             ///< the plan needs more devices than there are
    ComputeFormat,       ///< the accelerator has no arithmetic in this format
    LockedDevices,       ///< a control's step that cannot keep the locked device count (never of a plan by itself)
    // warnings
    KvReplication,       ///< TP > n_KV: each KV head stored TP/n_KV times
    KeyReplication,      ///< TP > key heads of a linear layer: each stored TP / heads times
    LatentReplication,   ///< MLA: the latent cache is stored TP times
    UnevenLayers,        ///< even split: the blocks of layers do not come out equal
    UnevenExperts,       ///< experts and their copies do not divide by EP
    UnevenMicrobatches,  ///< batch mod microbatches != 0
    UnevenAttentionData, ///< attention DP does not divide the sequences of a microbatch: the fullest rank sets the time
    WeightCopies,        ///< SP and attention DP keep copies of all weights but the experts
    UnevenShards,        ///< TP (or expert TP) does not divide I or V: the last shard is padded
    UnevenNorms,         ///< sharded norms: TP does not divide the tokens of a piece, whose last share is padded
    FewMicrobatches,     ///< microbatches < PP
    ManyMicrobatches,    ///< decode microbatches > PP: the weights are read more often than stages need
    IdleDevices,         ///< the plan uses fewer devices than there are
    StraddledDomain,     ///< groups of an axis cross a fabric boundary they could avoid
    DroppedTokens,       ///< a capacity factor drops token-expert pairs
    LongContext,         ///< input + output > the longest context the model was made for
    ReserveTooSmall,     ///< activations and buffers exceed the reserve that was asked for
};
inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(Rule::ReserveTooSmall) + 1;

/// One broken or flagged rule with the numbers its sentence needs.
struct Finding {
    Rule rule = Rule::Range;
    PlanAxis axis = PlanAxis::Tensor; ///< the axis to change
    std::int64_t value = 0;           ///< what the plan says
    std::int64_t limit = 0;           ///< what it was held against (heads, layers, experts, devices, ...)
    std::int64_t other = 0;           ///< a second figure of the sentence, per rule
    friend bool operator==(const Finding&, const Finding&) = default;
};

struct StepConstants;

struct PlanContext {
    const Model& model;
    const Cluster& cluster;
    Workload workload;
    Formats formats;
    const StepConstants* constants = nullptr; ///< of the step times (core/cost/stepconstants.h); null: the roofline's
};

/// Identifier in JSON: "tensor_heads", "devices", ...
[[nodiscard]] std::string_view idOf(Rule rule);
[[nodiscard]] bool isViolation(Rule rule);
/// Appends what `plan` breaks and what it flags. Reuses the vectors' capacity.
void checkPlan(const PlanContext& context, const Plan& plan, std::vector<Finding>& violations, std::vector<Finding>& warnings);
/// True when checkPlan() would find no violation; cheaper.
[[nodiscard]] bool isLegal(const PlanContext& context, const Plan& plan);
/// The rules of isLegal() apart, for those who ask for millions of plans: what holds for every way to cut every batch, and what depends on
/// the batch, the microbatches or the chunks. A plan is legal when both hold.
[[nodiscard]] bool isLegalMap(const PlanContext& context, const Plan& plan);
[[nodiscard]] bool isLegalCut(const Workload& workload, const Plan& plan);
/// "TP 6 does not divide 64 query heads; 4 or 8 do." One sentence with the numbers in it.
[[nodiscard]] std::string sentence(const Finding& finding, const PlanContext& context, const Plan& plan);
/// The nearest legal values of finding.axis with everything else unchanged, at most one below and one above, ascending.
/// Where no value of that axis alone makes the plan legal: those that mend this rule and break no other. May be empty.
[[nodiscard]] std::vector<int> nearestLegal(const Finding& finding, const PlanContext& context, const Plan& plan);

/// One step of a control.
struct AxisChoice {
    int value = 1;
    bool legal = true;
    Finding reason; ///< the first violation when not legal
    Plan plan;      ///< the whole plan this choice leads to (with the device count locked, a partner axis has moved)
    friend bool operator==(const AxisChoice&, const AxisChoice&) = default;
};

/// How a control moves an axis.
struct AxisMove {
    PlanAxis axis = PlanAxis::Tensor;
    bool devicesLocked = false;            ///< keep plan.devices() by moving `partner`
    PlanAxis partner = PlanAxis::Pipeline; ///< TP, SP and attention DP move PP first, then DP; PP moves TP; DP moves TP; see legality.cpp
};

/// The steps a slider of this axis offers, ascending: divisors that matter and the illegal values between them that a user would try
/// (at most 24 in all). When an axis has a long range (microbatches) they are the powers of two and the divisors of the batch.
[[nodiscard]] std::vector<AxisChoice> axisChoices(const PlanContext& context, const Plan& plan, const AxisMove& move);
/// The partner that moves with `axis` when the device count is locked.
[[nodiscard]] PlanAxis partnerOf(PlanAxis axis);

} // namespace shardlens
