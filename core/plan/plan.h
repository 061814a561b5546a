// SPDX-License-Identifier: Apache-2.0
// A parallel plan: how many ways each axis splits the model and its requests.
#pragma once

#include "core/sharding/placement.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace shardlens {

/// Axes a user sets. The order is that of the controls.
enum class PlanAxis : std::uint8_t {
    Tensor,              ///< TP: heads and MLP columns
    Pipeline,            ///< PP: layers
    Data,                ///< DP: replicas
    Expert,              ///< EP: routed experts
    Sequence,            ///< SP: positions of one sequence
    AttentionData,       ///< attention DP: requests inside one replica
    PrefillMicrobatches, ///< groups a replica's batch is cut into for prefill
    DecodeMicrobatches,  ///< ... and for decode
    Chunks,              ///< SPP: pieces of each prompt that follow each other through the pipeline
};
inline constexpr std::array kPlanAxes{PlanAxis::Tensor,
                                      PlanAxis::Pipeline,
                                      PlanAxis::Data,
                                      PlanAxis::Expert,
                                      PlanAxis::Sequence,
                                      PlanAxis::AttentionData,
                                      PlanAxis::PrefillMicrobatches,
                                      PlanAxis::DecodeMicrobatches,
                                      PlanAxis::Chunks};
inline constexpr std::size_t kPlanAxisCount = kPlanAxes.size();

/// How SP exchanges keys and values in prefill.
enum class SequenceExchange : std::uint8_t {
    AllGather, ///< every rank gathers all keys and values before it attends
    Ring,      ///< ring attention (arXiv:2310.01889): blocks go round while the ones at hand are attended to
};
/// How tokens meet their experts.
enum class ExpertExchange : std::uint8_t {
    Automatic, ///< all-to-all where ranks hold different tokens, reduce where they hold the same
    Reduce,    ///< every rank has (or gathers) the group's tokens, runs its own experts, and partial sums are reduced
    AllToAll,  ///< tokens are dispatched to the ranks of their experts and combined
};
/// Where the shared experts' weights lie.
enum class SharedExpertPlace : std::uint8_t { Tensor /* split over TP */, Replicated /* whole on every device, tokens split */ };
enum class SendMode : std::uint8_t { Overlapped /* beside the sender's next piece */, Synchronous /* the sender waits */ };
/// What becomes of a model's layers of multi-token prediction.
enum class PredictionUse : std::uint8_t { Off /* left out */, Load /* held on the last stage with a cache of their own, ready to draft */ };
enum class LayerSplit : std::uint8_t {
    Even,     ///< as many layers each, the remainder to the earliest stages
    Balanced, ///< embedding and head counted as the layers they weigh
    Manual,   ///< PlanOptions::stageLayers
};

/// What a plan chooses beside its sizes. The defaults are what serving engines do.
struct PlanOptions {
    bool fusedAttention = true; ///< false: scores and probabilities are written to and read from HBM
    SequenceExchange sequenceExchange = SequenceExchange::AllGather;
    bool shardedNorms =
        false; ///< Megatron sequence parallelism (arXiv:2205.05198): AllReduce becomes ReduceScatter and AllGather, norms work on 1/TP
    ExpertExchange expertExchange = ExpertExchange::Automatic;
    SharedExpertPlace sharedExperts = SharedExpertPlace::Tensor;
    int redundantExperts = 0; ///< extra copies of the busiest experts per layer, over the whole EP group
    SendMode sends = SendMode::Overlapped;
    double overlap = 0; ///< 0..1: share of each collective that may hide behind its own operator's compute or HBM time
    PredictionUse prediction = PredictionUse::Off;
    int virtualStages = 1; ///< interleaved: chunks of layers per stage
    LayerSplit layerSplit = LayerSplit::Even;
    std::vector<int> stageLayers;                               ///< Manual: layers of each stage, in order (virtual stages: of each visit)
    std::array<MeshAxis, kMeshAxisCount> order = kDefaultOrder; ///< axes onto devices, innermost first
    friend bool operator==(const PlanOptions&, const PlanOptions&) = default;
};

struct Plan {
    PlanOptions options;
    std::array<int, kPlanAxisCount> values{1, 1, 1, 1, 1, 1, 1, 1, 1};

    [[nodiscard]] int operator[](PlanAxis axis) const { return values[static_cast<std::size_t>(axis)]; }
    [[nodiscard]] int& operator[](PlanAxis axis) { return values[static_cast<std::size_t>(axis)]; }
    [[nodiscard]] int tensor() const { return (*this)[PlanAxis::Tensor]; }
    [[nodiscard]] int pipeline() const { return (*this)[PlanAxis::Pipeline]; }
    [[nodiscard]] int data() const { return (*this)[PlanAxis::Data]; }
    [[nodiscard]] int expert() const { return (*this)[PlanAxis::Expert]; }
    [[nodiscard]] int sequence() const { return (*this)[PlanAxis::Sequence]; }
    [[nodiscard]] int attentionData() const { return (*this)[PlanAxis::AttentionData]; }
    [[nodiscard]] int prefillMicrobatches() const { return (*this)[PlanAxis::PrefillMicrobatches]; }
    [[nodiscard]] int decodeMicrobatches() const { return (*this)[PlanAxis::DecodeMicrobatches]; }
    [[nodiscard]] int chunks() const { return (*this)[PlanAxis::Chunks]; }
    /// Devices of one stage of one replica: TP x SP x attention DP = expert TP x EP.
    [[nodiscard]] std::int64_t stageDevices() const { return std::int64_t{tensor()} * sequence() * attentionData(); }
    /// stageDevices / EP; EP divides it in a legal plan.
    [[nodiscard]] std::int64_t expertTensor() const { return stageDevices() / expert(); }
    /// Virtual stages in effect: one stage has nothing to interleave.
    [[nodiscard]] int virtualStages() const { return pipeline() > 1 ? options.virtualStages : 1; }
    /// Redundant experts in effect: without EP there is no other rank to hold a copy.
    [[nodiscard]] int redundantExperts() const { return expert() > 1 ? options.redundantExperts : 0; }
    /// Saturates instead of overflowing: any value over 2^40 reads as 2^40.
    [[nodiscard]] std::int64_t devices() const;
    /// Extents for Placement; only for a legal plan.
    [[nodiscard]] MeshSizes meshSizes() const
    {
        return {tensor(), sequence(), attentionData(), pipeline(), data(), expert(), options.order};
    }
    friend bool operator==(const Plan&, const Plan&) = default;
};

/// The groups of requests for a plan whose PP was `stages` before. A count that was as many as there were stages, or as the batch allowed,
/// stays so; any other stays as it is, but not below PP. One stage has nothing to overlap and takes the batch whole, since every
/// microbatch more reads the weights once more. With interleaved stages prefill's count is one that PP divides, where there is one.
void followStages(Plan& plan, int stages, int batch);

/// "TP", "PP", "DP", "EP", "SP", "attention DP", "prefill microbatches", ...
[[nodiscard]] std::string_view shortNameOf(PlanAxis axis);
/// Key in scenario files: "tensor", "pipeline", "data", "expert", "sequence", "attention_data", "prefill_microbatches", ...
[[nodiscard]] std::string_view keyOf(PlanAxis axis);

} // namespace shardlens
