// SPDX-License-Identifier: Apache-2.0
// Operators of softmax attention.
#include "core/cost/termbuilder.h"

namespace shardlens {

namespace {

constexpr double kScoreBytes = 2; // unfused: scores and probabilities in bf16 (transformers, modeling_llama.py, eager_attention_forward)
constexpr double kIndexScoreBytes = 4;    // fp32 logits of the index (github.com/deepseek-ai/DeepGEMM, fp8_mqa_logits)
constexpr std::int64_t kIndexBlock = 128; // fp8 values of an index key that share a fp32 scale

} // namespace

/// Fused (FlashAttention, arXiv:2205.14135): queries and outputs are moved once, the cache once, nothing of size S x S; masked blocks are
/// skipped, which halves causal attention. Unfused: three kernels; all keys of every query, masked ones too, and scores and probabilities
/// each written to and read from HBM in bf16.
void TermBuilder::attentionCore(const Core& core)
{
    const bool fused = plan.options.fusedAttention || core.gathered;
    const Quantity pairs = fused ? Quantity::Pairs : Quantity::Rectangle;
    const double scores = static_cast<double>(core.heads * core.scoreWidth);
    const double values = static_cast<double>(core.heads * core.valueWidth);
    const ShapeTerm globalHeads = dim(Quantity::GlobalSequences, static_cast<double>(core.globalHeads));
    const ShapeTerm localHeads = dim(Quantity::Sequences, static_cast<double>(core.heads));
    const ShapeTerm localKeys = dim(Quantity::LocalKeys, 1, core.reach);
    const std::uint16_t rows = quantity(Quantity::Rows);
    const std::uint16_t keys = quantity(core.gathered ? Quantity::KeysGathered : Quantity::KeysRead, core.reach);
    // Fused, both halves run at once on what is read once: the bytes are shared out as the FLOP are.
    const double share = scores / (scores + values);
    const double cache = core.keyBytes + core.valueBytes;

    Row qk = row(Op::AttentionScores, core.sharding, attentionFormat);
    qk.facts.global = {dim(Quantity::Queries), fixed(core.scoreWidth), dim(Quantity::Keys), globalHeads};
    qk.facts.local = {dim(Quantity::LocalQueries), fixed(core.scoreWidth), localKeys, localHeads};
    qk.terms.flop = times(pairs, 2 * scores, core.reach);
    qk.terms.kvBytes = {keys, 0, fused ? cache * share : core.keyBytes, 0};
    qk.terms.activationBytes = {rows, keys, scores * kActivationBytes, core.activationPerKey * share};

    if (!fused) {
        // Three kernels: scores are written; read and written again as probabilities; read. Keys and values that were expanded for them
        // count as cache here: an operator's activations have room for two quantities.
        const auto heads = static_cast<double>(core.heads);
        qk.terms.kvBytes.c0 += core.activationPerKey * share;
        qk.terms.activationBytes = {rows, quantity(pairs, core.reach), scores * kActivationBytes, kScoreBytes * heads};
        // Maximum, difference, exponential, sum, quotient.
        Row softmax = row(Op::AttentionSoftmax, core.sharding, attentionFormat);
        softmax.facts.global = {dim(Quantity::Queries), fixed(0), dim(Quantity::Keys), globalHeads};
        softmax.facts.local = {dim(Quantity::LocalQueries), fixed(0), localKeys, localHeads};
        softmax.terms.flop = times(pairs, 5 * heads, core.reach);
        softmax.terms.activationBytes = times(pairs, 2 * kScoreBytes * heads, core.reach);
    }

    Row av = row(Op::AttentionValues, core.sharding, attentionFormat);
    av.facts.global = {dim(Quantity::Queries), dim(Quantity::Keys), fixed(core.valueWidth), globalHeads};
    av.facts.local = {dim(Quantity::LocalQueries), localKeys, fixed(core.valueWidth), localHeads};
    av.terms.flop = times(pairs, 2 * values, core.reach);
    av.terms.kvBytes = {keys, 0, fused ? cache * (1 - share) : core.valueBytes, 0};
    if (fused) {
        av.terms.activationBytes = {rows, keys, values * kActivationBytes, core.activationPerKey * (1 - share)};
    } else {
        av.terms.kvBytes.c0 += core.activationPerKey * (1 - share);
        av.terms.activationBytes = {rows, quantity(pairs, core.reach), values * kActivationBytes,
                                    kScoreBytes * static_cast<double>(core.heads)};
    }
    if (plan.sequence() > 1 && table.decode) {
        // Every rank has attended to its slice: add the partial outputs, each scaled by its log-sum-exp.
        Row combined = elementwise(Op::SequenceCombine, {}, core.heads * core.valueWidth, 2, 2);
        communicate(combined, step.m_sequence, Collective::AllReduce,
                    times(Quantity::Rows, static_cast<double>(core.heads * (core.valueWidth + 1)) * kActivationBytes));
    }
}

/// SP prefill, all-gather: each rank gathers the cache entries that its queries see, those of earlier pieces of the prompt included, before
/// it attends (Llama 3, arXiv:2407.21783, section 3.3.2). Positions are dealt out so that every rank has as many pairs (zigzag).
void TermBuilder::sequenceGather(double bytesPerToken, Reach reach)
{
    if (plan.sequence() <= 1 || table.decode || plan.options.sequenceExchange != SequenceExchange::AllGather)
        return;
    Row gather = row(Op::SequenceGather, Sharding::Heads, attentionFormat);
    const ShapeTerm width = fixed(static_cast<std::int64_t>(bytesPerToken));
    gather.facts.global = {dim(Quantity::Queries), fixed(0), width, dim(Quantity::GlobalSequences)};
    gather.facts.local = {dim(Quantity::LocalQueries), fixed(0), width, dim(Quantity::Sequences)};
    communicate(gather, step.m_sequence, Collective::AllGather, times(Quantity::KeysRead, bytesPerToken, reach));
}

/// SP prefill, ring attention (arXiv:2310.01889): SP - 1 times a rank passes the block at hand to its neighbour while it attends to it.
/// With blocks of equal work (zigzag) each transfer hides behind 1/SP of the attention: exposed is max(0, SP - 1 transfers - (SP - 1)/SP of
/// the attention before this row).
void TermBuilder::ringExchange(double bytesPerToken, Reach reach)
{
    if (plan.sequence() <= 1 || table.decode || plan.options.sequenceExchange != SequenceExchange::Ring)
        return;
    Row ring = row(Op::RingExchange, Sharding::Heads, attentionFormat);
    const ShapeTerm width = fixed(static_cast<std::int64_t>(bytesPerToken));
    ring.facts.global = {dim(Quantity::Queries), fixed(0), width, dim(Quantity::GlobalSequences)};
    ring.facts.local = {dim(Quantity::LocalQueries), fixed(0), width, dim(Quantity::Sequences)};
    communicate(ring, step.m_sequence, Collective::AllGather, times(Quantity::KeysRead, bytesPerToken, reach));
    // Neighbour to neighbour: of the gather's algorithms a ring, where the fabric has one.
    for (const CollectiveLine& line : step.m_sequence.lines(Collective::AllGather).all()) {
        const CollectiveAlgorithm a = line.algorithm;
        if (a == CollectiveAlgorithm::Ring || a == CollectiveAlgorithm::BidirectionalRing || a == CollectiveAlgorithm::Line
            || a == CollectiveAlgorithm::NestedRing) {
            table.lines.resize(ring.terms.firstLine);
            table.lines.push_back(line);
            ring.terms.lineCount = 1;
            break;
        }
    }
    const double ranks = plan.sequence();
    ring.terms.hidden = 1;
    ring.terms.ownCredit = 0;
    ring.terms.previousCredit = (ranks - 1) / ranks;
    ring.facts.hidden = true;
}

double TermBuilder::indexBytes(const Attention& a) const
{
    if (a.index.heads == 0 || a.index.shared)
        return 0;
    return static_cast<double>(a.index.headDim + ceilDiv(a.index.headDim, kIndexBlock) * 4);
}

/// DeepSeek Sparse Attention (DeepSeek-V3.2 report, arXiv:2512.02556, section 2.1; inference/model.py, class Indexer): queries from the
/// query latent, keys and head weights from the input, I = sum over heads of w relu(q k) against every cached key, then the topK largest.
/// Whole on every TP rank: the choice is that of all heads. Keys are cached in fp8 with one fp32 scale per 128 values.
void TermBuilder::sparseIndex(const Attention& a)
{
    const SparseIndex& index = a.index;
    if (index.heads == 0 || index.shared)
        return;
    const std::int64_t source = a.kind == AttentionKind::Latent && a.queryLoraRank > 0 ? a.queryLoraRank : hidden;
    const std::int64_t width = std::int64_t{index.heads} * index.headDim;
    const std::int64_t keyWidth = std::int64_t{index.headDim} + index.heads;
    matmul(Op::IndexQuery, Sharding::Replicated, {source, width}, {source, width}, WeightClass::Attention);
    Row key =
        matmulOf(Op::IndexKey, Sharding::Replicated, {hidden, keyWidth}, {hidden, keyWidth},
                 matrixBytes(WeightClass::Attention, hidden, index.headDim) + matrixBytes(WeightClass::Attention, hidden, index.heads),
                 matrixArithmetic(formats, WeightClass::Attention, step.m_cluster.accelerator));
    key.terms.activationBytes = times(Quantity::Rows, static_cast<double>(hidden + index.heads) * kActivationBytes);
    key.terms.kvBytes = times(Quantity::Rows, indexBytes(a));

    const std::uint16_t rows = quantity(Quantity::Rows);
    const std::uint16_t pairs = quantity(Quantity::Pairs);
    const ComputeFormat arithmetic = formats.compute == ComputeFormat::Fp8 ? ComputeFormat::Fp8 : attentionFormat;
    Row scores = row(Op::IndexScores, Sharding::Replicated, arithmetic);
    scores.facts.global = {dim(Quantity::Queries), fixed(index.headDim), dim(Quantity::Keys), dim(Quantity::GlobalSequences, index.heads)};
    scores.facts.local = {dim(Quantity::LocalQueries), fixed(index.headDim), dim(Quantity::LocalKeys),
                          dim(Quantity::Sequences, index.heads)};
    scores.terms.flop = {pairs, 0, 2.0 * index.heads * (index.headDim + 1.0), 0};
    scores.terms.activationBytes = {rows, pairs, static_cast<double>(width), kIndexScoreBytes}; // fp8 queries in, fp32 scores out
    scores.terms.kvBytes = times(Quantity::KeysRead, indexBytes(a));

    Row choice = row(Op::IndexTopK, Sharding::Replicated, attentionFormat);
    choice.facts.global = {dim(Quantity::Queries), fixed(0), dim(Quantity::Keys), dim(Quantity::GlobalSequences)};
    choice.facts.local = {dim(Quantity::LocalQueries), fixed(0), dim(Quantity::LocalKeys), dim(Quantity::Sequences)};
    choice.terms.flop = {pairs, 0, 1, 0};
    choice.terms.activationBytes = {rows, pairs, 4.0 * index.topK, kIndexScoreBytes}; // fp32 scores in, 32-bit positions out
    if (table.decode && plan.sequence() > 1) // every rank has chosen from its slice: choose again from all choices
        communicate(choice, step.m_sequence, Collective::AllGather, times(Quantity::Rows, 8.0 * index.topK * plan.sequence()));
}

void TermBuilder::groupedAttention(const Attention& a)
{
    const std::int64_t heads = a.queryHeads / tp;
    const std::int64_t kvHeads = kvHeadsOf(a.kvHeads, static_cast<int>(tp), 0).count();
    const std::int64_t d = a.headDim;
    const std::int64_t v = a.valueDim();
    const std::int64_t projected = a.keyIsValue ? 0 : v;
    const std::int64_t perQuery = a.outputGate ? 2 * d : d;
    const bool replicated = tp > a.kvHeads;
    const auto columns = [&](std::int64_t queries, std::int64_t keys) { return queries * perQuery + keys * (d + projected); };
    // Three matrices, each with scales of its own.
    const double bytes = matrixBytes(WeightClass::Attention, hidden, heads * perQuery)
                         + matrixBytes(WeightClass::Attention, hidden, kvHeads * d)
                         + matrixBytes(WeightClass::Attention, hidden, kvHeads * projected);
    Row qkv =
        matmulOf(Op::QkvProjection, replicated ? Sharding::HeadsReplicated : Sharding::Column, {hidden, columns(a.queryHeads, a.kvHeads)},
                 {hidden, columns(heads, kvHeads)}, bytes, matrixArithmetic(formats, WeightClass::Attention, step.m_cluster.accelerator));
    // Keys and values go straight into the cache, in its format.
    const double keyBytes = static_cast<double>(kvHeads * d) * kvElement;
    const double valueBytes = static_cast<double>(kvHeads * v) * kvElement;
    const double cache = keyBytes + valueBytes;
    qkv.terms.activationBytes = times(Quantity::Rows, static_cast<double>(hidden + heads * perQuery) * kActivationBytes);
    qkv.terms.kvBytes = times(Quantity::Rows, cache);
    sparseIndex(a);
    const bool sparse = a.index.heads > 0;
    const Reach seen = sparse ? 0 : reachOf(a);
    sequenceGather(cache + indexBytes(a), seen);
    attentionCore({.globalHeads = a.queryHeads,
                   .heads = heads,
                   .scoreWidth = d,
                   .valueWidth = v,
                   .keyBytes = keyBytes,
                   .valueBytes = valueBytes,
                   .reach = reachOf(a),
                   .gathered = sparse,
                   .sharding = replicated ? Sharding::HeadsReplicated : Sharding::Heads});
    ringExchange(cache + indexBytes(a), seen);
    outputProjection(a.queryHeads * v, heads * v, a.outputGate ? static_cast<double>(heads * d) : 0);
}

/// @param gateWidth values of an output gate that are read beside the outputs
void TermBuilder::outputProjection(std::int64_t globalWidth, std::int64_t width, double gateWidth)
{
    Row o = matmul(Op::OutputProjection, Sharding::Row, {globalWidth, hidden}, {width, hidden}, WeightClass::Attention);
    o.terms.activationBytes = times(Quantity::Rows, (static_cast<double>(width + hidden) + gateWidth) * kActivationBytes);
    // A parallel block adds attention and MLP before one reduction, which the MLP's last matmul (or the sum of the experts) carries.
    const FeedForward& f = current->feedForward;
    if (model.parallelBlock && !f.isNone()) {
        const Exchange exchange = exchangeOf(f);
        if (f.intermediate > 0 || (!exchange.dispatch && exchange.distinct == 1))
            return;
    }
    reduce(o, scattersAttention(*current));
}

/// MLA (DeepSeek-V2, arXiv:2405.04434, section 2.1): expanded to heads in prefill, absorbed into latent space in decode. With a sparse index
/// absorbed in both, since every query has keys of its own choice (arXiv:2512.02556, section 2.1: the MQA mode of MLA).
void TermBuilder::latentAttention(const Attention& a)
{
    const std::int64_t heads = a.queryHeads / tp;
    const std::int64_t queryWidth = std::int64_t{a.nopeHeadDim} + a.ropeHeadDim;
    const std::int64_t latent = std::int64_t{a.kvLoraRank} + a.ropeHeadDim;
    const std::int64_t downWidth = a.queryLoraRank + latent;
    const bool sparse = a.index.heads > 0;
    const auto attention = WeightClass::Attention;
    const double cache = static_cast<double>(latent) * kvElement;
    Row down = matmulOf(Op::LatentDown, Sharding::Replicated, {hidden, downWidth}, {hidden, downWidth},
                        matrixBytes(attention, hidden, a.queryLoraRank) + matrixBytes(attention, hidden, latent),
                        matrixArithmetic(formats, attention, step.m_cluster.accelerator));
    down.terms.activationBytes = times(Quantity::Rows, static_cast<double>(hidden + a.queryLoraRank) * kActivationBytes);
    down.terms.kvBytes = times(Quantity::Rows, cache);
    const std::int64_t queryInput = a.queryLoraRank > 0 ? a.queryLoraRank : hidden;
    matmul(Op::QueryUp, Sharding::Column, {queryInput, a.queryHeads * queryWidth}, {queryInput, heads * queryWidth}, attention);
    sparseIndex(a);
    sequenceGather(cache + indexBytes(a), 0);
    if (table.decode || sparse) {
        matmul(Op::AbsorbQuery, Sharding::Heads, {a.nopeHeadDim, a.kvLoraRank, a.queryHeads}, {a.nopeHeadDim, a.kvLoraRank, heads},
               attention);
        // One latent serves as key and as value; unfused it is read again for the values.
        const bool fused = plan.options.fusedAttention || sparse;
        attentionCore({.globalHeads = a.queryHeads,
                       .heads = heads,
                       .scoreWidth = latent,
                       .valueWidth = a.kvLoraRank,
                       .keyBytes = cache,
                       .valueBytes = fused ? 0 : static_cast<double>(a.kvLoraRank) * kvElement,
                       .reach = sparse ? reachOf(a) : 0,
                       .gathered = sparse});
        ringExchange(cache + indexBytes(a), 0);
        matmul(Op::ExpandValues, Sharding::Heads, {a.kvLoraRank, a.valueHeadDim, a.queryHeads}, {a.kvLoraRank, a.valueHeadDim, heads},
               attention);
    } else {
        const std::int64_t width = std::int64_t{a.nopeHeadDim} + a.valueHeadDim;
        Row up = matmul(Op::KvUp, Sharding::Column, {a.kvLoraRank, a.queryHeads * width}, {a.kvLoraRank, heads * width}, attention,
                        {Quantity::KeysPresent, 0, Quantity::GlobalKeysPresent});
        up.terms.activationBytes = times(Quantity::KeysPresent, static_cast<double>(heads * width) * kActivationBytes);
        up.terms.kvBytes = times(Quantity::KeysPresent, cache);
        attentionCore({.globalHeads = a.queryHeads,
                       .heads = heads,
                       .scoreWidth = queryWidth,
                       .valueWidth = a.valueHeadDim,
                       .activationPerKey = static_cast<double>(heads * width + a.ropeHeadDim) * kActivationBytes});
        ringExchange(cache, 0);
    }
    outputProjection(std::int64_t{a.queryHeads} * a.valueHeadDim, heads * a.valueHeadDim);
}

} // namespace shardlens
