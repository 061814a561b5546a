// SPDX-License-Identifier: Apache-2.0
// Operators of linear attention and state-space layers: a state of constant size per sequence, split over TP by heads.
#include "core/cost/termbuilder.h"
#include "core/cost/weightshards.h"

namespace shardlens {

namespace {

constexpr double kStateBytes = 4;       // fp32
constexpr double kConvolutionBytes = 2; // bf16

/// Tokens that the chunked form takes at once: 64 for the delta rules (transformers, modeling_qwen3_next.py,
/// torch_chunk_gated_delta_rule), 256 for Mamba2 (its configuration's chunk_size; arXiv:2405.21060, section 6).
double chunkOf(LinearKind kind)
{
    return kind == LinearKind::Mamba2 ? 256 : 64;
}

} // namespace

/// FLOP of the mixing itself, by head with a state d_k x d_v.
/// Decode, delta rules (torch_recurrent_gated_delta_rule): decay 1, S k 2, outer product 2, S q 2: 7 d_k d_v a token.
/// Decode, Mamba2 (selective_state_update): decay 1, outer product 2, S C 2: 5 d_k d_v.
/// Prefill in chunks of C tokens, delta rules, each token's share of torch_chunk_gated_delta_rule: K K^T, Q K^T and the decayed keys 2 C d_k
/// each, the pseudo-values and their weighted sum 2 C d_v each, the inverse of the unit triangle C^2 / 3 (LAPACK trtri), and three products
/// with the state 2 d_k d_v each.
/// Prefill, Mamba2 (arXiv:2405.21060, section 6.2): C B^T 2 C d_k by group; by head the masked product 2 C d_v, and 4 d_k d_v into and out of
/// the state.
/// The state is read and written once for each sequence and piece; within a piece it stays on the chip.
void TermBuilder::stateUpdate(const LinearMixer& local, const LinearMixer& whole)
{
    const double heads = local.valueHeads;
    const double dk = local.keyDim;
    const double dv = local.valueDim;
    const bool mamba = local.kind == LinearKind::Mamba2;
    Row r = row(Op::StateUpdate, Sharding::Heads, attentionFormat);
    r.facts.global = {dim(Quantity::Queries), fixed(whole.keyDim), fixed(whole.valueDim), dim(Quantity::GlobalSequences, whole.valueHeads)};
    r.facts.local = {dim(Quantity::LocalQueries), fixed(local.keyDim), fixed(local.valueDim), dim(Quantity::Sequences, heads)};
    if (table.decode) {
        r.terms.flop = times(Quantity::Rows, heads * dk * dv * (mamba ? 5 : 7));
    } else {
        const double c = chunkOf(local.kind);
        const double each = mamba ? local.keyHeads * 2 * c * dk + heads * (2 * c * dv + 4 * dk * dv)
                                  : heads * (2 * c * (3 * dk + 2 * dv) + c * c / 3 + 6 * dk * dv);
        r.terms.flop = times(Quantity::ChunkRows, each, c);
    }
    r.terms.activationBytes = times(Quantity::Rows, static_cast<double>(local.convChannels() + local.valueWidth()) * kActivationBytes);
    r.terms.kvBytes = times(Quantity::Sequences, 2 * static_cast<double>(local.stateElements()) * kStateBytes);
    if (table.decode || plan.sequence() <= 1)
        return;
    // Ranks gather each other's states and fold those of earlier positions into theirs (LASP-2, arXiv:2502.07746); a delta rule also needs
    // what a rank's tokens do to a state that comes in, d_k x d_k a head.
    Row exchange = row(Op::StateExchange, Sharding::Heads, attentionFormat);
    exchange.facts.global = exchange.facts.local = {fixed(local.keyDim), fixed(0), fixed(local.valueDim), dim(Quantity::Sequences, heads)};
    const double each = static_cast<double>(local.stateElements()) + (mamba ? 0 : heads * dk * dk);
    communicate(exchange, step.m_sequence, Collective::AllGather, times(Quantity::Sequences, plan.sequence() * each * kStateBytes));
}

void TermBuilder::linearAttention(const LinearMixer& whole)
{
    const LinearMixer local = localMixer(whole, tp);
    matmul(Op::LinearInput, Sharding::Column, {hidden, whole.inputColumns()}, {hidden, local.inputColumns()}, WeightClass::Attention);
    if (local.gateWeights() > 0) {
        const std::int64_t rank = local.keyDim;
        const std::int64_t heads = local.valueHeads;
        double bytes = matrixBytes(WeightClass::Attention, rank, heads * rank);
        if (!local.fullRankGate)
            bytes += matrixBytes(WeightClass::Attention, local.valueDim, local.valueWidth());
        Row gate = matmulOf(Op::LinearGate, Sharding::Column, {rank, whole.gateWeights() / rank}, {rank, local.gateWeights() / rank}, bytes,
                            matrixArithmetic(formats, WeightClass::Attention, step.m_cluster.accelerator));
        gate.terms.flop = times(Quantity::Rows, 2 * static_cast<double>(local.gateWeights()));
    }
    if (local.convKernel > 1) {
        const double channels = static_cast<double>(local.convChannels());
        Row conv = elementwise(Op::Convolution, {}, local.convChannels(), 2, 2.0 * local.convKernel);
        conv.facts.sharding = Sharding::Heads;
        conv.facts.global.n = fixed(whole.convChannels());
        conv.terms.weightBytes = times(Quantity::One, channels * (local.convKernel + (local.convBias ? 1 : 0)) * kActivationBytes);
        // The columns before these, read and written.
        conv.terms.kvBytes = times(Quantity::Sequences, 2 * channels * (local.convKernel - 1) * kConvolutionBytes);
    }
    stateUpdate(local, whole);
    outputProjection(whole.valueWidth(), local.valueWidth());
}

} // namespace shardlens
