// SPDX-License-Identifier: Apache-2.0
#include "core/cost/operators.h"

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

namespace {

std::string axis(const char* name, std::int64_t size)
{
    return size > 1 ? std::string("_") + name + std::to_string(size) : std::string();
}

} // namespace

std::string notation(const OperatorCost& op, const Plan& plan)
{
    const std::string tp = axis("TP", plan.tensor());
    const std::string ep = axis("EP", plan.expert());
    const std::string etp = axis("ETP", plan.expertTensor());
    const std::string unreduced = plan.tensor() > 1 ? " {U_TP}" : "";
    const std::string x = "x[T, H]";
    switch (op.op) {
    case Op::Embedding: return "W_E[V" + tp + ", H] -> x[T, H]" + unreduced;
    case Op::AttentionNorm:
    case Op::MlpNorm:
    case Op::FinalNorm: return "norm(x[T, H]) -> x[T, H]";
    case Op::QkvProjection: return x + " . W_QKV[H, N" + tp + "] -> qkv[T, N" + tp + "]";
    case Op::LatentDown: return x + " . W_DQKV[H, C] -> c[T, C]";
    case Op::QueryUp: return "c[T, C] . W_UQ[C, N" + tp + "] -> q[T, N" + tp + "]";
    case Op::KvUp: return "c[T, C] . W_UKV[C, N" + tp + "] -> kv[T, N" + tp + "]";
    case Op::AbsorbQuery: return "q[T, N" + tp + ", D] . W_UK[N" + tp + ", D, C] -> q[T, N" + tp + ", C]";
    case Op::IndexQuery: return "c[T, C] . W_IQ[C, J] -> i[T, J]";
    case Op::IndexKey: return x + " . W_IK[H, D] -> k[T, D]";
    case Op::IndexScores: return "i[T, J] . k[S, D] -> s[T, S]";
    case Op::IndexTopK: return "topk s[T, S]";
    case Op::LinearInput: return x + " . W_in[H, N" + tp + "] -> qkvz[T, N" + tp + "]";
    case Op::LinearGate: return "f[T, D] . W_f[D, N" + tp + "] -> g[T, N" + tp + "]";
    case Op::Convolution: return "conv(qkv[T, N" + tp + "]) -> qkv[T, N" + tp + "]";
    case Op::StateUpdate: return "q, k, v[T, N" + tp + ", D] . S[N" + tp + ", D, D] -> o[T, N" + tp + ", D]";
    case Op::StateExchange: return "S[N" + tp + ", D, D] of each SP rank -> all";
    case Op::RingExchange: return "kv[S" + axis("SP", plan.sequence()) + ", K" + tp + "] -> next rank";
    case Op::AttentionSoftmax: return "softmax p[N" + tp + ", T, S]";
    case Op::ExpertsIn: return x + " . W_in[H, C] -> x[T, C]";
    case Op::ExpertsOut: return "y[T, C] . W_out[C, H] -> y[T, H]";
    case Op::SequenceGather: return "kv[S" + axis("SP", plan.sequence()) + ", K" + tp + "] -> kv[S, K" + tp + "]";
    case Op::AttentionScores: return "q[T, N" + tp + ", D] . k[S, K" + tp + ", D] -> p[N" + tp + ", T, S]";
    case Op::AttentionValues: return "p[N" + tp + ", T, S] . v[S, K" + tp + ", D] -> o[T, N" + tp + ", D]";
    case Op::SequenceCombine: return "o[T, N" + tp + ", D] {U_SP} -> o[T, N" + tp + ", D]";
    case Op::ExpandValues: return "o[T, N" + tp + ", C] . W_UV[N" + tp + ", C, D] -> o[T, N" + tp + ", D]";
    case Op::OutputProjection: return "o[T, N" + tp + "] . W_O[N" + tp + ", H] -> y[T, H]" + unreduced;
    case Op::Router: return x + " . W_R[H, E] -> r[T, E]";
    case Op::Dispatch: return "x[T, H] -> x[E" + ep + ", T', H]";
    case Op::ExpertUp: return "x[E" + ep + ", T', H] . W[E" + ep + ", H, I" + etp + "] -> h[E" + ep + ", T', I" + etp + "]";
    case Op::ExpertDown:
        return "h[E" + ep + ", T', I" + etp + "] . W[E" + ep + ", I" + etp + ", H] -> y[E" + ep + ", T', H]"
               + (plan.expertTensor() > 1 ? " {U_ETP}" : "");
    case Op::Combine: return "y[E" + ep + ", T', H] -> y[T, H]";
    case Op::SharedUp:
    case Op::MlpUp: return x + " . W[H, I" + tp + "] -> h[T, I" + tp + "]";
    case Op::SharedDown:
    case Op::MlpDown: return "h[T, I" + tp + "] . W[I" + tp + ", H] -> y[T, H]" + unreduced;
    case Op::LmHead: return "x[B, H] . W_V[H, V" + tp + "] -> z[B, V" + tp + "]";
    case Op::CombineGather: return "y[T" + tp + ", H] -> y[T, H]";
    case Op::Sampling: return "argmax z[B, V]";
    case Op::SendActivations: return "x[T, H] -> next stage";
    }
    return {};
}

} // namespace shardlens
