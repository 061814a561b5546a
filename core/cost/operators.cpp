// SPDX-License-Identifier: Apache-2.0
#include "core/cost/operators.h"

#include "core/cost/operatorsharding.h"

#include <array>

namespace shardlens {

std::string_view nameOf(Op op)
{
    static constexpr std::array<std::string_view, kOpCount> names{"embedding",
                                                                  "attention_norm",
                                                                  "QKV_proj",
                                                                  "latent_down",
                                                                  "query_up",
                                                                  "KV_up",
                                                                  "absorb_query",
                                                                  "index_query",
                                                                  "index_key",
                                                                  "index_scores",
                                                                  "index_topk",
                                                                  "linear_in_proj",
                                                                  "linear_gate_proj",
                                                                  "conv1d",
                                                                  "state_update",
                                                                  "state_exchange",
                                                                  "sequence_gather",
                                                                  "attention_QK",
                                                                  "attention_softmax",
                                                                  "attention_(QK)V",
                                                                  "ring_exchange",
                                                                  "sequence_combine",
                                                                  "expand_values",
                                                                  "output_proj",
                                                                  "MLP_norm",
                                                                  "router",
                                                                  "to_experts_proj",
                                                                  "dispatch",
                                                                  "expert_up/gate_proj",
                                                                  "expert_down_proj",
                                                                  "shared_up/gate_proj",
                                                                  "shared_down_proj",
                                                                  "combine",
                                                                  "from_experts_proj",
                                                                  "combine_gather",
                                                                  "up/gate_proj",
                                                                  "down_proj",
                                                                  "mtp_norm",
                                                                  "mtp_proj",
                                                                  "final_norm",
                                                                  "lm_head",
                                                                  "sampling",
                                                                  "send"};
    return names[static_cast<std::size_t>(op)];
}

std::string_view nameOf(Bound bound)
{
    switch (bound) {
    case Bound::Nothing: return "nothing";
    case Bound::Compute: return "compute";
    case Bound::Memory: return "memory";
    case Bound::Network: return "network";
    }
    return "nothing";
}

std::string_view nameOf(Cause cause)
{
    switch (cause) {
    case Cause::Weights: return "weights";
    case Cause::Kv: return "kv";
    case Cause::Compute: return "compute";
    case Cause::Communication: return "communication";
    case Cause::Bubble: return "bubble";
    case Cause::Overhead: return "overhead";
    }
    return "";
}

std::string notation(const OperatorCost& op, const Plan& plan)
{
    return print(shardingOf(op, plan));
}

} // namespace shardlens
