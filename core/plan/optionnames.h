// SPDX-License-Identifier: Apache-2.0
// The words and limits of a plan's options, of routing and of formats per class, the same in scenario files, on the command line and in the
// controls. Words stand in the order of their enumeration.
#pragma once

#include "core/plan/legality.h"

#include <array>
#include <string>
#include <string_view>

namespace shardlens {

inline constexpr std::array<std::string_view, 2> kAttentionWords{"fused", "unfused"}; ///< PlanOptions::fusedAttention: true, false
inline constexpr std::array<std::string_view, 2> kNormWords{"replicated", "sharded"}; ///< PlanOptions::shardedNorms: false, true
inline constexpr std::array<std::string_view, 2> kOverflowWords{"drop", "overflow"};  ///< Routing::dropOverflow: true, false
inline constexpr std::array<std::string_view, 2> kSequenceExchangeWords{"all-gather", "ring"};
inline constexpr std::array<std::string_view, 3> kExpertExchangeWords{"auto", "reduce", "all-to-all"};
inline constexpr std::array<std::string_view, 2> kSharedExpertWords{"tensor", "replicated"};
inline constexpr std::array<std::string_view, 2> kSendWords{"overlapped", "synchronous"};
inline constexpr std::array<std::string_view, 2> kPredictionWords{"off", "load"};
inline constexpr std::array<std::string_view, 3> kLayerSplitWords{"even", "balanced", "manual"};
inline constexpr std::array<std::string_view, kMeshAxisCount> kMeshAxisWords{"tp", "sp", "attention-dp", "pp", "dp"};
inline constexpr std::array<std::string_view, kWeightClassCount> kWeightClassWords{"attention", "mlp", "experts", "embedding"};

template <std::size_t N, class Enum>
[[nodiscard]] constexpr std::string_view wordOf(const std::array<std::string_view, N>& words, Enum value)
{
    return words[static_cast<std::size_t>(value)];
}

/// The axis of a plan whose extent a mesh axis has.
[[nodiscard]] constexpr PlanAxis planAxisOf(MeshAxis axis)
{
    constexpr std::array kAxes{PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData, PlanAxis::Pipeline, PlanAxis::Data};
    return kAxes[static_cast<std::size_t>(axis)];
}

// What is beyond these makes sense for no model; what suits the model at hand is for the legality rules.
inline constexpr int kMaxRedundantExperts = 65536;
inline constexpr int kMaxVirtualStages = 1024;
inline constexpr int kMaxStageLayers = 4096;   ///< layers of one stage
inline constexpr int kMaxStageEntries = 65536; ///< stages listed by hand
inline constexpr double kMaxPowerLaw = 10;     ///< Routing::powerLaw; at 10 the busiest expert takes all but a thousandth
inline constexpr double kMaxCapacityFactor = 65536;

/// What can be chosen beside the sizes of a plan.
enum class PlanOption : std::uint8_t {
    Attention,
    SequenceExchange,
    Norms,
    ExpertExchange,
    SharedExperts,
    RedundantExperts,
    Sends,
    Overlap,
    VirtualStages,
    LayerSplit,
    Prediction,
    OrderOfAxes,
    PowerLaw,
    Capacity,
    AttentionFormat,
    MlpFormat,
    ExpertFormat,
    EmbeddingFormat,
};
inline constexpr std::size_t kPlanOptionCount = static_cast<std::size_t>(PlanOption::EmbeddingFormat) + 1;

/// Why this model has no use for an option, as a sentence: "Llama-3-70B has no experts." Empty when it has.
[[nodiscard]] std::string whyNoUse(PlanOption option, const Model& model);
/// Why an option that the model has a use for changes nothing at these sizes: "No effect while PP is 1." Empty when it can.
[[nodiscard]] std::string whyNoEffect(PlanOption option, const Plan& plan);

/// What differs from the default, as a reader says it: "ring attention", "2 virtual stages", "axes tp, pp, sp, attention-dp, dp".
/// Empty when everything is as usual.
[[nodiscard]] std::string describe(const PlanOptions& options);
/// "", "power law 0.5, capacity factor 1.25, dropped beyond it".
[[nodiscard]] std::string describe(const Routing& routing);
/// "weights mxfp4 (attention bf16), KV bf16, compute bf16".
[[nodiscard]] std::string describe(const Formats& formats);

} // namespace shardlens
