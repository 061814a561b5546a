// SPDX-License-Identifier: Apache-2.0
// Shapes as core/model/parameters.cpp counts them, divided over devices.
#include "core/cost/weightshards.h"

#include "core/model/parameters.h"

#include <algorithm>

namespace shardlens {

LinearMixer localMixer(const LinearMixer& whole, std::int64_t tensor)
{
    LinearMixer local = whole;
    local.keyHeads = static_cast<int>(ceilDiv(whole.keyHeads, tensor));
    local.valueHeads = static_cast<int>(ceilDiv(whole.valueHeads, tensor));
    return local;
}

LayerShards::LayerShards(const Model& model, const LayerKind& kind, const Plan& plan, int expertSlots)
    : m_hidden(model.hidden),
      m_tensor(plan.tensor()),
      m_stageDevices(plan.stageDevices()),
      m_expertTensor(plan.expertTensor()),
      m_expert(plan.expert()),
      m_redundant(plan.redundantExperts()),
      m_shared(plan.options.sharedExperts)
{
    const Attention& a = kind.attention;
    switch (a.kind) {
    case AttentionKind::Grouped: grouped(a); break;
    case AttentionKind::Latent: latent(a); break;
    case AttentionKind::Linear: linear(a.linear); break;
    case AttentionKind::None: break;
    }
    if (a.kind == AttentionKind::Grouped || a.kind == AttentionKind::Latent) {
        m_small += (a.outputBias ? m_hidden : 0) + (a.sinks ? a.queryHeads / m_tensor : 0);
        index(a);
    }
    if (!kind.feedForward.isNone())
        feedForward(kind.feedForward, expertSlots);
    m_small += layerParameters(model, kind).norms;
}

Bytes LayerShards::bytes(WeightClass weightClass, NumberFormat format) const
{
    Bytes sum = 0;
    for (const MatrixShard& shard : matrices())
        if (shard.weightClass == weightClass)
            sum = std::min(sum + shard.bytes(format), kMostBytes);
    return sum;
}

MatrixShard LayerShards::replicated(std::string_view name, WeightClass weightClass, std::int64_t rows, std::int64_t columns) const
{
    return {name, weightClass, rows, columns, 1, rows, columns, 1, m_tensor, m_tensor};
}

void LayerShards::grouped(const Attention& a)
{
    const std::int64_t heads = a.queryHeads / m_tensor;
    const std::int64_t kvHeads = kvHeadsOf(a.kvHeads, static_cast<int>(m_tensor), 0).count();
    const std::int64_t copies = kvReplication(a.kvHeads, static_cast<int>(m_tensor));
    const std::int64_t d = a.headDim;
    const std::int64_t v = a.keyIsValue ? 0 : a.valueDim();
    const std::int64_t perQuery = a.outputGate ? 2 * d : d;
    const auto attention = WeightClass::Attention;
    add({a.outputGate ? "Q, gate" : "Q", attention, m_hidden, heads * perQuery, 1, m_hidden, a.queryHeads * perQuery, 1, m_tensor, 1});
    add({a.keyIsValue ? "K = V" : "K", attention, m_hidden, kvHeads * d, 1, m_hidden, a.kvHeads * d, 1, m_tensor, copies});
    add({"V", attention, m_hidden, kvHeads * v, 1, m_hidden, a.kvHeads * v, 1, m_tensor, copies});
    add({"O", attention, heads * a.valueDim(), m_hidden, 1, std::int64_t{a.queryHeads} * a.valueDim(), m_hidden, 1, m_tensor, 1});
    if (a.qkvBias)
        m_small += heads * perQuery + kvHeads * (d + v);
    if (a.queryKeyNorm == QueryKeyNorm::PerHead)
        m_small += 2 * d;
    else if (a.queryKeyNorm == QueryKeyNorm::Full)
        m_small += (heads + kvHeads) * d;
}

void LayerShards::latent(const Attention& a)
{
    const std::int64_t heads = a.queryHeads / m_tensor;
    const std::int64_t width = std::int64_t{a.nopeHeadDim} + a.ropeHeadDim;
    const std::int64_t rank = a.queryLoraRank;
    const std::int64_t up = std::int64_t{a.nopeHeadDim} + a.valueHeadDim;
    const auto attention = WeightClass::Attention;
    // The down-projections have no heads to split: every rank holds them whole.
    if (rank > 0)
        add(replicated("Q down", attention, m_hidden, rank));
    const std::int64_t queryInput = rank > 0 ? rank : m_hidden;
    add({rank > 0 ? "Q up" : "Q", attention, queryInput, heads * width, 1, queryInput, a.queryHeads * width, 1, m_tensor, 1});
    add(replicated("KV down", attention, m_hidden, std::int64_t{a.kvLoraRank} + a.ropeHeadDim));
    add({"KV up", attention, a.kvLoraRank, heads * up, 1, a.kvLoraRank, a.queryHeads * up, 1, m_tensor, 1});
    add({"O", attention, heads * a.valueHeadDim, m_hidden, 1, std::int64_t{a.queryHeads} * a.valueHeadDim, m_hidden, 1, m_tensor, 1});
    m_small += rank + a.kvLoraRank;
}

void LayerShards::index(const Attention& a)
{
    const SparseIndex& index = a.index;
    if (index.heads == 0 || index.shared)
        return;
    // Replicated, as DeepSeek-V3.2's inference code does: its scores choose the tokens of all heads.
    const std::int64_t source = a.kind == AttentionKind::Latent && a.queryLoraRank > 0 ? a.queryLoraRank : m_hidden;
    const auto attention = WeightClass::Attention;
    add(replicated("index Q", attention, source, std::int64_t{index.heads} * index.headDim));
    add(replicated("index K", attention, m_hidden, index.headDim));
    add(replicated("index head weights", attention, m_hidden, index.heads));
    m_small += 2 * std::int64_t{index.headDim};
}

void LayerShards::linear(const LinearMixer& whole)
{
    const LinearMixer local = localMixer(whole, m_tensor);
    const auto attention = WeightClass::Attention;
    add({"mixer in", attention, m_hidden, local.inputColumns(), 1, m_hidden, whole.inputColumns(), 1, m_tensor, 1});
    if (whole.kind == LinearKind::KimiDelta) {
        const std::int64_t heads = local.valueHeads;
        add({"decay up", attention, whole.keyDim, heads * whole.keyDim, 1, whole.keyDim, std::int64_t{whole.valueHeads} * whole.keyDim, 1,
             m_tensor, 1});
        if (!whole.fullRankGate)
            add({"gate up", attention, whole.valueDim, local.valueWidth(), 1, whole.valueDim, whole.valueWidth(), 1, m_tensor, 1});
    }
    add({"mixer out", attention, local.valueWidth(), m_hidden, 1, whole.valueWidth(), m_hidden, 1, m_tensor, 1});
    m_small += local.convChannels() * (whole.convKernel + (whole.convBias ? 1 : 0));
    if (whole.projectionBias)
        m_small += local.inputColumns() + m_hidden;
    const std::int64_t heads = local.valueHeads;
    switch (whole.kind) {
    case LinearKind::GatedDelta: m_small += 2 * heads + whole.valueDim; break;
    case LinearKind::KimiDelta: m_small += heads + heads * whole.keyDim + whole.valueDim; break;
    case LinearKind::Mamba2: m_small += 3 * heads + local.valueWidth(); break;
    }
}

void LayerShards::feedForward(const FeedForward& f, int expertSlots)
{
    const auto mlp = WeightClass::Mlp;
    const std::int64_t ups = f.matrices - 1;
    const std::string_view upName = f.matrices == 3 ? "up, gate" : "up";
    if (f.intermediate > 0) {
        const std::int64_t width = ceilDiv(f.intermediate, m_tensor);
        add({upName, mlp, m_hidden, width, ups, m_hidden, f.intermediate, ups, m_tensor, 1});
        add({"down", mlp, width, m_hidden, 1, f.intermediate, m_hidden, 1, m_tensor, 1});
        if (f.bias)
            m_small += ups * width + m_hidden;
    }
    if (!f.isMoe())
        return;
    m_small += m_hidden * f.experts + (f.routerBias ? f.experts : 0) + (f.sharedExpertGate ? m_hidden : 0);
    const std::int64_t slots = expertSlots > 0 ? expertSlots : ceilDiv(std::int64_t{f.experts} + m_redundant, m_expert);
    const std::int64_t expertHidden = f.expertHidden > 0 ? f.expertHidden : m_hidden;
    const std::int64_t width = ceilDiv(f.expertIntermediate, m_expertTensor);
    const auto experts = WeightClass::Experts;
    add({f.matrices == 3 ? "experts up, gate" : "experts up", experts, expertHidden, width, slots * ups, expertHidden, f.expertIntermediate,
         f.experts * ups, m_stageDevices, 1});
    add({"experts down", experts, width, expertHidden, slots, f.expertIntermediate, expertHidden, f.experts, m_stageDevices, 1});
    if (f.bias)
        m_small += slots * (ups * width + expertHidden);
    if (f.expertHidden > 0) {
        add(replicated("to experts", mlp, m_hidden, expertHidden));
        add(replicated("from experts", mlp, expertHidden, m_hidden));
    }
    if (f.sharedIntermediate > 0) {
        const bool whole = m_shared == SharedExpertPlace::Replicated;
        const std::int64_t sharedWidth = whole ? f.sharedIntermediate : ceilDiv(f.sharedIntermediate, m_tensor);
        const std::int64_t copies = whole ? m_tensor : 1;
        add({f.matrices == 3 ? "shared up, gate" : "shared up", mlp, m_hidden, sharedWidth, ups, m_hidden, f.sharedIntermediate, ups,
             m_tensor, copies});
        add({"shared down", mlp, sharedWidth, m_hidden, 1, f.sharedIntermediate, m_hidden, 1, m_tensor, copies});
    }
}

MatrixShard vocabularyShard(const Model& model, const Plan& plan, std::string_view name)
{
    return {name,
            WeightClass::Embedding,
            model.hidden,
            ceilDiv(model.vocabulary, plan.tensor()),
            1,
            model.hidden,
            model.vocabulary,
            1,
            plan.tensor(),
            1};
}

} // namespace shardlens
