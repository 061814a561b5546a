// SPDX-License-Identifier: Apache-2.0
// A parallel plan: how many ways each axis splits the model and its requests.
#pragma once

#include "core/sharding/placement.h"

#include <array>
#include <cstdint>
#include <string_view>

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

struct Plan {
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
    /// Saturates instead of overflowing: any value over 2^40 reads as 2^40.
    [[nodiscard]] std::int64_t devices() const;
    /// Extents for Placement; only for a legal plan.
    [[nodiscard]] MeshSizes meshSizes() const { return {tensor(), sequence(), attentionData(), pipeline(), data(), expert()}; }
    friend bool operator==(const Plan&, const Plan&) = default;
};

/// "TP", "PP", "DP", "EP", "SP", "attention DP", "prefill microbatches", ...
[[nodiscard]] std::string_view shortNameOf(PlanAxis axis);
/// Key in scenario files: "tensor", "pipeline", "data", "expert", "sequence", "attention_data", "prefill_microbatches", ...
[[nodiscard]] std::string_view keyOf(PlanAxis axis);

} // namespace shardlens
