// SPDX-License-Identifier: Apache-2.0
// Memory per device. Policy: capacity = weights + KV cache + peak activations + collective buffers + runtime reserve. The reserve is
// kRuntimeReserve unless given in bytes. A reserve of exactly 0 leaves activations and buffers out as well, as published capacity tables
// do (the Llama-3-70B case study among them), and is flagged. KV is charged for every resident sequence at its full context, on every stage.
#pragma once

#include "core/plan/legality.h"

#include <optional>
#include <vector>

namespace shardlens {

/// Driver context, library workspaces, captured graphs: what serving engines keep besides tensors. Provenance: default (aiconfigurator
/// reserves 3.5 GiB + NCCL; vLLM keeps 10 % of the device); shown and editable.
inline constexpr Bytes kRuntimeReserve = Bytes{2} << 30;

struct DeviceMemory {
    int stage = 0;
    int firstDevice = 0; ///< first device of this stage in replica 0
    int count = 0;       ///< devices that hold the same, over all replicas
    Bytes attentionWeights = 0;
    Bytes mlpWeights = 0; ///< dense and shared
    Bytes expertWeights = 0;
    Bytes embeddingWeights = 0;
    Bytes headWeights = 0;
    Bytes normWeights = 0;
    Bytes kv = 0;
    Bytes activations = 0;
    Bytes buffers = 0;
    Bytes reserve = 0; ///< of the runtime
    /// Of `kv`, what exists only because heads (or the MLA latent) are replicated over TP.
    Bytes kvReplicas = 0;
    [[nodiscard]] Bytes weights() const
    {
        return attentionWeights + mlpWeights + expertWeights + embeddingWeights + headWeights + normWeights;
    }
    [[nodiscard]] Bytes total() const { return weights() + kv + activations + buffers + reserve; }
};

struct MemoryReport {
    bool fits = false;
    Bytes capacity = 0;                   ///< per device
    std::vector<DeviceMemory> stages;     ///< one entry per stage: its devices are equal
    int fullest = 0;                      ///< index of the fullest stage
    Bytes kvPerTokenPerDevice = 0;        ///< all layers of the stage that caches most, a token within every window; mean over SP ranks
    double kvReplication = 1;             ///< times each KV value is stored in a TP group
    std::int64_t maxTokensPerReplica = 0; ///< cached tokens that fit beside weights and reserve; 0 when the weights do not fit
    std::int64_t maxBatchPerReplica = 0;  ///< largest batch at this input + output that fits
    [[nodiscard]] const DeviceMemory& limiting() const { return stages[static_cast<std::size_t>(fullest)]; }
    [[nodiscard]] Bytes free() const { return capacity - limiting().total(); } ///< negative when it does not fit
};

/// Activations and collective buffers of the busiest stage, bytes: what an explicit reserve should at least hold.
[[nodiscard]] Bytes reserveNeeded(const PlanContext& context, const Plan& plan);

[[nodiscard]] MemoryReport memoryOf(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);

/// memoryOf(...).fits without the rest.
[[nodiscard]] bool fitsMemory(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);

} // namespace shardlens
