// SPDX-License-Identifier: Apache-2.0
// Operators of attention.
#include "core/cost/termbuilder.h"

namespace shardlens {

void TermBuilder::attentionCore(const Attention& a, std::int64_t heads, std::int64_t scoreWidth, std::int64_t valueWidth, double cacheBytes,
                                double activationPerKey)
{
    const double window = a.window;
    const double scores = static_cast<double>(heads * scoreWidth);
    const double values = static_cast<double>(heads * valueWidth);
    const Sharding sharding = a.kind == AttentionKind::Grouped && tp > a.kvHeads ? Sharding::HeadsReplicated : Sharding::Heads;
    const ShapeTerm globalHeads = dim(Quantity::GlobalSequences, a.queryHeads);
    const ShapeTerm localHeads = dim(Quantity::Sequences, static_cast<double>(heads));
    const ShapeTerm localKeys = dim(Quantity::LocalKeys, 1, window);

    Row qk = row(Op::AttentionScores, sharding);
    qk.facts.global = {dim(Quantity::Queries), fixed(scoreWidth), dim(Quantity::Keys), globalHeads};
    qk.facts.local = {dim(Quantity::LocalQueries), fixed(scoreWidth), localKeys, localHeads};
    qk.terms.flop = times(Quantity::Pairs, 2 * scores, window);
    // Fused: both halves run at once on what is read once, so the bytes are shared out as the FLOP are.
    const double share = scores / (scores + values);
    const std::uint16_t rows = quantity(Quantity::Rows);
    const std::uint16_t keys = quantity(Quantity::KeysRead, window);
    qk.terms.kvBytes = {keys, 0, cacheBytes * share, 0};
    qk.terms.activationBytes = {rows, keys, scores * kActivationBytes, activationPerKey * share};

    Row av = row(Op::AttentionValues, sharding);
    av.facts.global = {dim(Quantity::Queries), dim(Quantity::Keys), fixed(valueWidth), globalHeads};
    av.facts.local = {dim(Quantity::LocalQueries), localKeys, fixed(valueWidth), localHeads};
    av.terms.flop = times(Quantity::Pairs, 2 * values, window);
    av.terms.kvBytes = {keys, 0, cacheBytes * (1 - share), 0};
    av.terms.activationBytes = {rows, keys, values * kActivationBytes, activationPerKey * (1 - share)};
    if (plan.sequence() > 1 && table.decode) {
        // Every rank has attended to its slice: add the partial outputs, each scaled by its log-sum-exp.
        Row combine = elementwise(Op::SequenceCombine, Quantity::Rows, Quantity::GlobalRows, heads * valueWidth, 2, 2);
        communicate(combine, step.m_sequence, Collective::AllReduce,
                    times(Quantity::Rows, static_cast<double>(heads * (valueWidth + 1)) * kActivationBytes));
    }
}

/// SP prefill: each rank gathers the cache entries of the others before it attends.
void TermBuilder::sequenceGather(double bytesPerToken)
{
    if (plan.sequence() <= 1 || table.decode)
        return;
    Row gather = row(Op::SequenceGather, Sharding::Heads);
    const ShapeTerm width = fixed(static_cast<std::int64_t>(bytesPerToken));
    gather.facts.global = {dim(Quantity::Queries), fixed(0), width, dim(Quantity::GlobalSequences)};
    gather.facts.local = {dim(Quantity::LocalQueries), fixed(0), width, dim(Quantity::Sequences)};
    communicate(gather, step.m_sequence, Collective::AllGather, times(Quantity::NewTokens, bytesPerToken));
}

void TermBuilder::groupedAttention(const Attention& a)
{
    const std::int64_t heads = a.queryHeads / tp;
    const std::int64_t kvHeads = kvHeadsOf(a.kvHeads, static_cast<int>(tp), 0).count();
    const std::int64_t d = a.headDim;
    const Sharding sharding = tp > a.kvHeads ? Sharding::HeadsReplicated : Sharding::Column;
    Row qkv = matmul(Op::QkvProjection, sharding, {hidden, (a.queryHeads + 2 * std::int64_t{a.kvHeads}) * d},
                     {hidden, (heads + 2 * kvHeads) * d}, weightBytes);
    // Keys and values go straight into the cache, in its format.
    const double cache = static_cast<double>(2 * kvHeads * d) * kvBytes;
    qkv.terms.activationBytes = times(Quantity::Rows, static_cast<double>(hidden + heads * d) * kActivationBytes);
    qkv.terms.kvBytes = times(Quantity::Rows, cache);
    sequenceGather(cache);
    attentionCore(a, heads, d, d, cache, 0);
    outputProjection(a.queryHeads * d, heads * d);
}

void TermBuilder::outputProjection(std::int64_t globalWidth, std::int64_t width)
{
    Row o = matmul(Op::OutputProjection, Sharding::Row, {globalWidth, hidden}, {width, hidden}, weightBytes);
    // A parallel block adds attention and MLP before one reduction, which the MLP's last matmul carries.
    if (!model.parallelBlock)
        communicate(o, step.m_tensor, Collective::AllReduce, rowBytes());
}

/// MLA (DeepSeek-V2, arXiv:2405.04434): expanded to heads in prefill, absorbed into latent space in decode.
void TermBuilder::latentAttention(const Attention& a)
{
    const std::int64_t heads = a.queryHeads / tp;
    const std::int64_t queryWidth = std::int64_t{a.nopeHeadDim} + a.ropeHeadDim;
    const std::int64_t latent = std::int64_t{a.kvLoraRank} + a.ropeHeadDim;
    const std::int64_t downWidth = a.queryLoraRank + latent;
    const double cache = static_cast<double>(latent) * kvBytes;
    Row down = matmul(Op::LatentDown, Sharding::Replicated, {hidden, downWidth}, {hidden, downWidth}, weightBytes);
    down.terms.activationBytes = times(Quantity::Rows, static_cast<double>(hidden + a.queryLoraRank) * kActivationBytes);
    down.terms.kvBytes = times(Quantity::Rows, cache);
    const std::int64_t queryInput = a.queryLoraRank > 0 ? a.queryLoraRank : hidden;
    matmul(Op::QueryUp, Sharding::Column, {queryInput, a.queryHeads * queryWidth}, {queryInput, heads * queryWidth}, weightBytes);
    if (table.decode) {
        matmul(Op::AbsorbQuery, Sharding::Heads, {a.nopeHeadDim, a.kvLoraRank, a.queryHeads}, {a.nopeHeadDim, a.kvLoraRank, heads},
               weightBytes);
        attentionCore(a, heads, latent, a.kvLoraRank, cache, 0);
        matmul(Op::ExpandValues, Sharding::Heads, {a.kvLoraRank, a.valueHeadDim, a.queryHeads}, {a.kvLoraRank, a.valueHeadDim, heads},
               weightBytes);
    } else {
        sequenceGather(cache);
        const std::int64_t width = std::int64_t{a.nopeHeadDim} + a.valueHeadDim;
        Row up = matmul(Op::KvUp, Sharding::Column, {a.kvLoraRank, a.queryHeads * width}, {a.kvLoraRank, heads * width}, weightBytes,
                        Quantity::KeysPresent, Quantity::GlobalKeysPresent);
        up.terms.activationBytes = times(Quantity::KeysPresent, static_cast<double>(heads * width) * kActivationBytes);
        up.terms.kvBytes = times(Quantity::KeysPresent, cache);
        attentionCore(a, heads, queryWidth, a.valueHeadDim, 0, static_cast<double>(heads * width + a.ropeHeadDim) * kActivationBytes);
    }
    outputProjection(std::int64_t{a.queryHeads} * a.valueHeadDim, heads * a.valueHeadDim);
}

} // namespace shardlens
