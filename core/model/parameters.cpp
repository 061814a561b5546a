// SPDX-License-Identifier: Apache-2.0
// Shapes as in the published weights (Hugging Face transformers, modeling_*.py of the families named in the comments).
#include "core/model/parameters.h"

namespace shardlens {

namespace {

using Count = std::int64_t;

/// Weights of one norm over `width` values.
Count normSize(NormKind norm, Count width)
{
    return norm == NormKind::Layer ? 2 * width : width;
}

void countGrouped(const Attention& a, Count hidden, LayerParameters& p)
{
    const Count queries = Count{a.queryHeads} * a.headDim;
    const Count keys = Count{a.kvHeads} * a.headDim;
    p.query = hidden * queries;
    p.keyValue = 2 * hidden * keys;
    p.output = queries * hidden;
    if (a.qkvBias)
        p.attentionSmall += queries + 2 * keys;
    if (a.queryKeyNorm == QueryKeyNorm::PerHead)
        p.attentionSmall += 2 * Count{a.headDim};
    else if (a.queryKeyNorm == QueryKeyNorm::Full)
        p.attentionSmall += queries + keys;
}

/// DeepSeek-V2 (arXiv:2405.04434), section 2.1: q_a_proj, q_a_layernorm, q_b_proj (or q_proj), kv_a_proj_with_mqa, kv_a_layernorm,
/// kv_b_proj, o_proj. The norms are RMS norms, one weight per latent value.
void countLatent(const Attention& a, Count hidden, LayerParameters& p)
{
    const Count queries = Count{a.queryHeads} * (Count{a.nopeHeadDim} + a.ropeHeadDim);
    const Count rank = a.queryLoraRank;
    p.query = rank > 0 ? hidden * rank + rank + rank * queries : hidden * queries;
    const Count latent = a.kvLoraRank;
    p.keyValue = hidden * (latent + a.ropeHeadDim) + latent + latent * a.queryHeads * (Count{a.nopeHeadDim} + a.valueHeadDim);
    p.output = Count{a.queryHeads} * a.valueHeadDim * hidden;
}

/// Biases of one MLP of width `intermediate`: one per output of each matrix.
Count mlpBiases(const FeedForward& f, Count hidden, Count intermediate)
{
    return f.bias ? (f.matrices - 1) * intermediate + hidden : 0;
}

void countFeedForward(const FeedForward& f, Count hidden, LayerParameters& p)
{
    p.dense = f.matrices * hidden * f.intermediate;
    if (f.intermediate > 0)
        p.feedForwardSmall += mlpBiases(f, hidden, f.intermediate);
    if (!f.isMoe())
        return;
    p.routed = f.experts * (f.matrices * hidden * f.expertIntermediate + mlpBiases(f, hidden, f.expertIntermediate));
    p.router = hidden * f.experts + (f.routerBias ? f.experts : 0);
    if (f.sharedIntermediate > 0)
        p.shared = f.matrices * hidden * f.sharedIntermediate;
    if (f.sharedExpertGate)
        p.feedForwardSmall += hidden;
}

} // namespace

LayerParameters layerParameters(const Model& model, const LayerKind& kind)
{
    LayerParameters p;
    const Attention& a = kind.attention;
    if (a.kind == AttentionKind::Latent)
        countLatent(a, model.hidden, p);
    else
        countGrouped(a, model.hidden, p);
    if (a.outputBias)
        p.attentionSmall += model.hidden;
    if (a.sinks)
        p.attentionSmall += a.queryHeads;
    countFeedForward(kind.feedForward, model.hidden, p);
    p.norms = model.normsPerLayer * normSize(model.norm, model.hidden);
    return p;
}

ParameterCount countParameters(const Model& model)
{
    ParameterCount count;
    const Count table = Count{model.vocabulary} * model.hidden;
    count.embedding = table + Count{model.learnedPositions} * model.hidden;
    if (model.embeddingNorm)
        count.embedding += normSize(model.norm, model.hidden);
    count.head = (model.tiedEmbedding ? 0 : table) + (model.headBias ? model.vocabulary : 0);
    count.finalNorm = normSize(model.norm, model.hidden);

    std::vector<Count> layersOfKind(model.kinds.size(), 0);
    for (const std::uint8_t kind : model.layers)
        ++layersOfKind[kind];
    Count idle = 0;
    for (std::size_t i = 0; i < model.kinds.size(); ++i) {
        const LayerParameters layer = layerParameters(model, model.kinds[i]);
        count.layers += layersOfKind[i] * layer.total();
        const FeedForward& f = model.kinds[i].feedForward;
        if (f.isMoe())
            idle += layersOfKind[i] * (layer.routed / f.experts * (f.experts - f.topK));
    }
    count.total = count.embedding + count.head + count.finalNorm + count.layers;
    count.active = count.total - idle;
    return count;
}

} // namespace shardlens
