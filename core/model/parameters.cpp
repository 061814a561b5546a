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
    const Count values = a.keyIsValue ? 0 : Count{a.kvHeads} * a.valueDim();
    const Count queryColumns = a.outputGate ? 2 * queries : queries;
    p.query = hidden * queryColumns;
    p.keyValue = hidden * (keys + values);
    p.output = Count{a.queryHeads} * a.valueDim() * hidden;
    if (a.qkvBias)
        p.attentionSmall += queryColumns + keys + values;
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

/// DeepSeek-V3.2 (inference/model.py, class Indexer): wq_b from the query latent (from the input where there is none), wk, k_norm with
/// weight and bias, weights_proj.
void countIndex(const Attention& a, Count hidden, LayerParameters& p)
{
    const SparseIndex& index = a.index;
    if (index.heads == 0 || index.shared)
        return;
    const Count source = a.kind == AttentionKind::Latent && a.queryLoraRank > 0 ? Count{a.queryLoraRank} : hidden;
    p.index = source * index.heads * index.headDim + hidden * index.headDim + 2 * Count{index.headDim} + hidden * index.heads;
}

/// GatedDelta: in_proj_qkvz, in_proj_ba, conv1d, A_log, dt_bias, norm, out_proj (transformers, modeling_qwen3_next.py).
/// KimiDelta: q, k, v, f_a, f_b, b, g (or g_a, g_b) and o projections, three convolutions, A_log, dt_bias, o_norm (modeling_kimi.py).
/// Mamba2: in_proj, conv1d, A_log, D, dt_bias, norm, out_proj (modeling_nemotron_h.py).
void countLinear(const LinearMixer& m, Count hidden, LayerParameters& p)
{
    const Count heads = m.valueHeads;
    p.linearInput = hidden * m.inputColumns() + m.gateWeights();
    p.linearOutput = m.valueWidth() * hidden;
    p.linearSmall = m.convChannels() * m.convKernel + (m.convBias ? m.convChannels() : 0);
    if (m.projectionBias)
        p.linearSmall += m.inputColumns() + hidden;
    switch (m.kind) {
    case LinearKind::GatedDelta: p.linearSmall += 2 * heads + m.valueDim; break;
    case LinearKind::KimiDelta: p.linearSmall += heads + heads * m.keyDim + m.valueDim; break;
    case LinearKind::Mamba2: p.linearSmall += 3 * heads + m.valueWidth(); break;
    }
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
    const Count expertWidth = f.expertHidden > 0 ? Count{f.expertHidden} : hidden;
    p.routed = f.experts * (f.matrices * expertWidth * f.expertIntermediate + mlpBiases(f, expertWidth, f.expertIntermediate));
    p.expertProjection = f.expertHidden > 0 ? 2 * hidden * f.expertHidden : 0;
    p.router = hidden * f.experts + (f.routerBias ? f.experts : 0);
    if (f.sharedIntermediate > 0)
        p.shared = f.matrices * hidden * f.sharedIntermediate;
    if (f.sharedExpertGate)
        p.feedForwardSmall += hidden;
}

/// Counts the scales of one matrix of `rows` x `columns`, `copies` times, in the format of its class.
class ScaleCounter {
public:
    ScaleCounter(const StoredFormats& formats, std::array<Count, kNumberFormatCount>& scales) : m_formats(formats), m_scales(scales) {}
    void add(WeightClass weightClass, Count rows, Count columns, Count copies = 1)
    {
        const NumberFormat format = m_formats.own[static_cast<std::size_t>(weightClass)].value_or(m_formats.weights);
        const BlockScale scale = scaleOf(format);
        if (scale.bytes > 0)
            m_scales[static_cast<std::size_t>(format)] += copies * ceilDiv(rows, scale.rows) * ceilDiv(columns, scale.columns);
    }

private:
    const StoredFormats& m_formats;
    std::array<Count, kNumberFormatCount>& m_scales;
};

void addAttentionScales(const Attention& a, Count hidden, ScaleCounter& counter)
{
    const auto add = [&counter](Count rows, Count columns) { counter.add(WeightClass::Attention, rows, columns); };
    const Count heads = a.queryHeads;
    if (a.kind == AttentionKind::Grouped) {
        add(hidden, heads * a.headDim * (a.outputGate ? 2 : 1));
        add(hidden, Count{a.kvHeads} * a.headDim);
        if (!a.keyIsValue)
            add(hidden, Count{a.kvHeads} * a.valueDim());
        add(heads * a.valueDim(), hidden);
    } else if (a.kind == AttentionKind::Latent) {
        const Count queries = heads * (Count{a.nopeHeadDim} + a.ropeHeadDim);
        if (a.queryLoraRank > 0) {
            add(hidden, a.queryLoraRank);
            add(a.queryLoraRank, queries);
        } else {
            add(hidden, queries);
        }
        add(hidden, Count{a.kvLoraRank} + a.ropeHeadDim);
        add(a.kvLoraRank, heads * (Count{a.nopeHeadDim} + a.valueHeadDim));
        add(heads * a.valueHeadDim, hidden);
        if (a.index.heads > 0 && !a.index.shared) { // its weights_proj stays in bf16
            add(a.queryLoraRank > 0 ? Count{a.queryLoraRank} : hidden, Count{a.index.heads} * a.index.headDim);
            add(hidden, a.index.headDim);
        }
    }
}

/// Scales that a weights file holds for one layer's matrices. The two halves of a linear layer's projections are not told apart: none are
/// counted for it.
void addScales(const Model& model, const LayerKind& kind, std::array<Count, kNumberFormatCount>& scales)
{
    ScaleCounter counter(*model.nativeFormats, scales);
    const FeedForward& f = kind.feedForward;
    addAttentionScales(kind.attention, model.hidden, counter);
    const auto addMlp = [&](WeightClass weightClass, Count width, Count intermediate, Count copies) {
        counter.add(weightClass, width, intermediate, copies * (f.matrices - 1));
        counter.add(weightClass, intermediate, width, copies);
    };
    if (f.intermediate > 0)
        addMlp(WeightClass::Mlp, model.hidden, f.intermediate, 1);
    if (f.sharedIntermediate > 0)
        addMlp(WeightClass::Mlp, model.hidden, f.sharedIntermediate, 1);
    if (f.isMoe())
        addMlp(WeightClass::Experts, f.expertHidden > 0 ? f.expertHidden : model.hidden, f.expertIntermediate, f.experts);
}

} // namespace

LayerParameters layerParameters(const Model& model, const LayerKind& kind)
{
    LayerParameters p;
    const Attention& a = kind.attention;
    switch (a.kind) {
    case AttentionKind::Grouped: countGrouped(a, model.hidden, p); break;
    case AttentionKind::Latent: countLatent(a, model.hidden, p); break;
    case AttentionKind::Linear: countLinear(a.linear, model.hidden, p); break;
    case AttentionKind::None: break;
    }
    if (a.kind == AttentionKind::Grouped || a.kind == AttentionKind::Latent) {
        if (a.outputBias)
            p.attentionSmall += model.hidden;
        if (a.sinks)
            p.attentionSmall += a.queryHeads;
        countIndex(a, model.hidden, p);
    }
    if (!kind.feedForward.isNone())
        countFeedForward(kind.feedForward, model.hidden, p);
    const bool whole = a.kind != AttentionKind::None && !kind.feedForward.isNone();
    p.norms = (whole ? model.normsPerLayer : (model.normsPerLayer + 1) / 2) * normSize(model.norm, model.hidden);
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
    count.prediction = model.prediction.layers * predictionLayer(model);
    return count;
}

Count predictionLayer(const Model& model)
{
    if (model.prediction.layers == 0)
        return 0;
    const Count hidden = model.hidden;
    return layerParameters(model, model.kinds[model.prediction.kind]).total() + 2 * hidden * hidden + 3 * normSize(model.norm, hidden);
}

std::vector<PublishedExtra> publishedExtras(const Model& model)
{
    std::vector<PublishedExtra> extras;
    const int layers = model.prediction.layers;
    if (layers > 0) {
        extras.push_back({std::to_string(layers) + (layers == 1 ? " multi-token prediction layer" : " multi-token prediction layers"),
                          layers * predictionLayer(model)});
        if (model.prediction.ownEmbedding)
            extras.push_back({"copies of embedding and head for it", layers * 2 * Count{model.vocabulary} * model.hidden});
    }
    if (!model.nativeFormats)
        return extras;
    std::array<Count, kNumberFormatCount> scales{};
    for (const std::uint8_t kind : model.layers)
        addScales(model, model.kinds[kind], scales);
    for (int i = 0; i < layers; ++i)
        addScales(model, model.kinds[model.prediction.kind], scales);
    for (const NumberFormat format : kNumberFormats)
        if (const Count count = scales[static_cast<std::size_t>(format)]; count > 0)
            extras.push_back({"scales of " + std::string(nameOf(format)) + " weights", count});
    return extras;
}

} // namespace shardlens
