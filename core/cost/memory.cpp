// SPDX-License-Identifier: Apache-2.0
#include "core/cost/memory.h"

#include "core/cost/operators.h"
#include "core/model/parameters.h"

#include <algorithm>

namespace shardlens {

namespace {

constexpr std::int64_t kActivationBytes = 2; // bf16
constexpr std::int64_t kLogitBytes = 4;      // fp32, as samplers want them

/// Elements that one device holds of one layer, and what a sequence caches there.
struct LayerShare {
    std::int64_t attention = 0; // at the weight format
    std::int64_t mlp = 0;
    std::int64_t experts = 0;
    std::int64_t norms = 0;         // bf16: norms, biases, routers, sinks
    std::int64_t cacheElements = 0; // per token, this device
    double cacheCopies = 1;         // times the TP group stores each value
    int window = 0;
    std::int64_t widest = 0; // elements per token of the widest pair of neighbouring activations
};

LayerShare shareOf(const Model& model, const LayerKind& kind, const Plan& plan)
{
    LayerShare share;
    const Attention& a = kind.attention;
    const FeedForward& f = kind.feedForward;
    const std::int64_t hidden = model.hidden;
    const std::int64_t tp = plan.tensor();
    const LayerParameters whole = layerParameters(model, kind);
    const std::int64_t heads = a.queryHeads / tp;
    share.window = a.window;
    if (a.kind == AttentionKind::Latent) {
        const std::int64_t queryWidth = std::int64_t{a.nopeHeadDim} + a.ropeHeadDim;
        const std::int64_t rank = a.queryLoraRank;
        const std::int64_t latent = std::int64_t{a.kvLoraRank} + a.ropeHeadDim;
        // The down-projections have no heads to split: every rank holds them whole.
        const std::int64_t query = rank > 0 ? hidden * rank + rank * heads * queryWidth : hidden * heads * queryWidth;
        const std::int64_t kv = hidden * latent + std::int64_t{a.kvLoraRank} * heads * (a.nopeHeadDim + a.valueHeadDim);
        share.attention = query + kv + heads * a.valueHeadDim * hidden;
        share.norms += rank + a.kvLoraRank;
        share.cacheElements = latent;
        share.cacheCopies = static_cast<double>(tp);
        share.widest = heads * (queryWidth + a.nopeHeadDim + a.valueHeadDim) + rank + latent;
    } else {
        const std::int64_t kvHeads = kvHeadsOf(a.kvHeads, static_cast<int>(tp), 0).count();
        share.attention = hidden * heads * a.headDim * 2 + 2 * hidden * kvHeads * a.headDim;
        share.cacheElements = 2 * kvHeads * a.headDim;
        share.cacheCopies = kvReplication(a.kvHeads, static_cast<int>(tp));
        share.widest = (2 * heads + 2 * kvHeads) * a.headDim;
        if (a.qkvBias)
            share.norms += (heads + 2 * kvHeads) * a.headDim;
        if (a.queryKeyNorm == QueryKeyNorm::PerHead)
            share.norms += 2 * std::int64_t{a.headDim};
        else if (a.queryKeyNorm == QueryKeyNorm::Full)
            share.norms += (heads + kvHeads) * a.headDim;
    }
    share.norms += (a.outputBias ? hidden : 0) + (a.sinks ? heads : 0) + whole.norms + whole.router + (f.sharedExpertGate ? hidden : 0);
    const std::int64_t width = ceilDiv(f.intermediate, tp);
    const std::int64_t sharedWidth = ceilDiv(f.sharedIntermediate, tp);
    share.mlp = f.matrices * hidden * (width + sharedWidth);
    if (f.bias && f.intermediate > 0)
        share.norms += (f.matrices - 1) * width + hidden;
    share.widest = std::max(share.widest, f.matrices * std::max(width, sharedWidth));
    if (f.isMoe()) {
        const std::int64_t local = ceilDiv(f.experts, plan.expert());
        const std::int64_t expertWidth = ceilDiv(f.expertIntermediate, plan.expertTensor());
        share.experts = local * f.matrices * hidden * expertWidth;
        if (f.bias)
            share.norms += local * ((f.matrices - 1) * expertWidth + hidden);
        // Each token visits k experts; a rank sees its part of all tokens of the group, so k in the mean of them.
        share.widest = std::max(share.widest, f.topK * (hidden + f.matrices * expertWidth));
    }
    return share;
}

/// What does not depend on the batch, per stage.
struct StageStatic {
    DeviceMemory weights;
    std::int64_t cachePerToken = 0;    // bytes, this device, all its layers at full length
    std::int64_t cachePerSequence = 0; // bytes of one finished sequence, after SP has split its positions
    double replicaShare = 0;           // of the cache
};

class Sizer {
public:
    Sizer(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve) : m_context(context), m_plan(plan), m_reserve(reserve)
    {
        for (const LayerKind& kind : context.model.kinds)
            m_shares.push_back(shareOf(context.model, kind, plan));
        for (const LayerShare& share : m_shares)
            m_widest = std::max(m_widest, share.widest);
        for (int stage = 0; stage < plan.pipeline(); ++stage)
            m_stages.push_back(staticOf(stage));
    }

    [[nodiscard]] const std::vector<StageStatic>& stages() const { return m_stages; }

    [[nodiscard]] std::int64_t sequencesPerDevice(std::int64_t batch) const { return ceilDiv(batch, m_plan.attentionData()); }

    /// Peak activations: residual stream, its normed copy and the widest pair of neighbours; on the last stage logits of its sequences too.
    [[nodiscard]] Bytes activations(std::int64_t batch, bool last) const
    {
        const Model& model = m_context.model;
        const std::int64_t tokens = pieceTokens(batch);
        const Bytes stream = boundedProduct(tokens, (2 * std::int64_t{model.hidden} + m_widest) * kActivationBytes);
        const std::int64_t inFlight =
            std::max(pieceSequences(batch, m_plan.prefillMicrobatches()), pieceSequences(batch, m_plan.decodeMicrobatches()));
        return stream + (last ? boundedProduct(inFlight, model.vocabulary * kLogitBytes) : 0);
    }

    /// Collective buffers: one payload for reductions over TP, two for sends in flight, one each way for expert dispatch and combine.
    [[nodiscard]] Bytes buffers(std::int64_t batch) const
    {
        const Bytes payload = boundedProduct(pieceTokens(batch), m_context.model.hidden * kActivationBytes);
        Bytes total = 0;
        if (m_plan.tensor() > 1)
            total += payload;
        if (m_plan.pipeline() > 1)
            total += 2 * payload;
        if (m_plan.attentionData() * m_plan.sequence() > 1 && m_context.model.hasExperts())
            total += 2 * payload;
        return total;
    }

    [[nodiscard]] DeviceMemory at(int stage, std::int64_t batch) const
    {
        const StageStatic& fixed = m_stages[static_cast<std::size_t>(stage)];
        DeviceMemory memory = fixed.weights;
        memory.kv = boundedProduct(sequencesPerDevice(batch), fixed.cachePerSequence);
        memory.kvReplicas = static_cast<Bytes>(static_cast<double>(memory.kv) * fixed.replicaShare);
        const Bytes needed = activations(batch, stage + 1 == m_plan.pipeline());
        const Bytes moved = buffers(batch);
        if (m_reserve && *m_reserve == 0)
            return memory; // weights and cache alone, as the case study counts
        memory.activations = needed;
        memory.buffers = moved;
        memory.reserve = m_reserve.value_or(kRuntimeReserve);
        return memory;
    }

    [[nodiscard]] bool fits(std::int64_t batch, Bytes capacity) const
    {
        for (int stage = 0; stage < m_plan.pipeline(); ++stage)
            if (at(stage, batch).total() > capacity)
                return false;
        return true;
    }

private:
    [[nodiscard]] std::int64_t pieceSequences(std::int64_t batch, int microbatches) const
    {
        return ceilDiv(ceilDiv(batch, std::min<std::int64_t>(batch, microbatches)), m_plan.attentionData());
    }
    [[nodiscard]] std::int64_t pieceTokens(std::int64_t batch) const
    {
        return boundedProduct(pieceSequences(batch, m_plan.prefillMicrobatches()),
                              ceilDiv(m_context.workload.input, std::int64_t{m_plan.chunks()} * m_plan.sequence()));
    }

    [[nodiscard]] StageStatic staticOf(int stage) const
    {
        const Model& model = m_context.model;
        const NumberFormat weightFormat = m_context.formats.weights;
        const NumberFormat cacheFormat = m_context.formats.kv;
        StageStatic result;
        DeviceMemory& memory = result.weights;
        memory.stage = stage;
        const auto stageDevices = static_cast<int>(m_plan.stageDevices());
        memory.firstDevice = stage * stageDevices;
        memory.count = stageDevices * m_plan.data();
        std::int64_t attention = 0;
        std::int64_t mlp = 0;
        std::int64_t experts = 0;
        std::int64_t small = 0;
        double copies = 0;
        const IndexRange range = layersOfStage(model.layerCount(), m_plan.pipeline(), stage);
        for (int layer = range.begin; layer < range.end; ++layer) {
            const LayerShare& share = m_shares[model.layers[static_cast<std::size_t>(layer)]];
            attention += share.attention;
            mlp += share.mlp;
            experts += share.experts;
            small += share.norms;
            const Bytes perToken = bytesOf(cacheFormat, share.cacheElements);
            const std::int64_t context = m_context.workload.fullContext();
            const std::int64_t kept = share.window > 0 ? std::min<std::int64_t>(context, share.window) : context;
            const Bytes perSequence = ceilDiv(kept, m_plan.sequence()) * perToken;
            result.cachePerToken += perToken;
            result.cachePerSequence += perSequence;
            copies += static_cast<double>(perSequence) * (1 - 1 / share.cacheCopies);
        }
        result.replicaShare = result.cachePerSequence > 0 ? copies / static_cast<double>(result.cachePerSequence) : 0;
        const std::int64_t normSize = model.norm == NormKind::Layer ? 2 * std::int64_t{model.hidden} : model.hidden;
        const std::int64_t table = ceilDiv(model.vocabulary, m_plan.tensor()) * model.hidden;
        const bool first = stage == 0;
        const bool last = stage + 1 == m_plan.pipeline();
        if (first) {
            memory.embeddingWeights = bytesOf(weightFormat, table + std::int64_t{model.learnedPositions} * model.hidden);
            small += model.embeddingNorm ? normSize : 0;
        }
        if (last) {
            // A tied head needs its own copy where the embedding is on another stage.
            if (!model.tiedEmbedding || !first)
                memory.headWeights = bytesOf(weightFormat, table);
            small += normSize + (model.headBias ? ceilDiv(model.vocabulary, m_plan.tensor()) : 0);
        }
        memory.attentionWeights = bytesOf(weightFormat, attention);
        memory.mlpWeights = bytesOf(weightFormat, mlp);
        memory.expertWeights = bytesOf(weightFormat, experts);
        memory.normWeights = small * kActivationBytes;
        return result;
    }

    const PlanContext& m_context;
    const Plan& m_plan;
    std::optional<Bytes> m_reserve;
    std::vector<LayerShare> m_shares;
    std::vector<StageStatic> m_stages;
    std::int64_t m_widest = 0;
};

/// Largest batch whose stages all fit; fits() falls with the batch, so bisection finds it.
std::int64_t largestBatch(const Sizer& sizer, Bytes capacity)
{
    if (!sizer.fits(1, capacity))
        return 0;
    std::int64_t low = 1;
    std::int64_t high = 2;
    constexpr std::int64_t most = std::int64_t{1} << 40;
    while (high < most && sizer.fits(high, capacity)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        (sizer.fits(middle, capacity) ? low : high) = middle;
    }
    return low;
}

} // namespace

MemoryReport memoryOf(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
{
    MemoryReport report;
    report.capacity = context.cluster.accelerator.memoryBytes;
    const Sizer sizer(context, plan, reserve);
    const std::int64_t batch = context.workload.batch;
    report.fits = true;
    for (int stage = 0; stage < plan.pipeline(); ++stage) {
        report.stages.push_back(sizer.at(stage, batch));
        const DeviceMemory& memory = report.stages.back();
        report.fits = report.fits && memory.total() <= report.capacity;
        if (memory.total() > report.stages[static_cast<std::size_t>(report.fullest)].total())
            report.fullest = stage;
    }
    for (const LayerKind& kind : context.model.kinds) {
        const bool latent = kind.attention.kind == AttentionKind::Latent;
        report.kvReplication =
            std::max<double>(report.kvReplication, latent ? plan.tensor() : kvReplication(kind.attention.kvHeads, plan.tensor()));
    }

    report.maxBatchPerReplica = largestBatch(sizer, report.capacity);
    // Tokens that fit: each stage's room beside weights and reserve, over what a token of a full-length sequence costs there.
    const std::int64_t contextLength = context.workload.fullContext();
    bool firstStage = true;
    for (std::size_t stage = 0; stage < report.stages.size(); ++stage) {
        const StageStatic& fixed = sizer.stages()[stage];
        // Beside the activations of the largest batch that fits, so that tokens and batch tell one story.
        const DeviceMemory memory = sizer.at(static_cast<int>(stage), std::max<std::int64_t>(1, report.maxBatchPerReplica));
        const Bytes room = std::max<Bytes>(0, report.capacity - (memory.total() - memory.kv));
        const bool linear = fixed.cachePerSequence == contextLength * fixed.cachePerToken;
        const std::int64_t perRank = linear
                                         ? room / std::max<Bytes>(1, fixed.cachePerToken)
                                         : static_cast<std::int64_t>(static_cast<double>(room) / static_cast<double>(fixed.cachePerSequence)
                                                                     * static_cast<double>(contextLength));
        const std::int64_t tokens = boundedProduct(perRank, plan.attentionData());
        report.maxTokensPerReplica = firstStage ? tokens : std::min(report.maxTokensPerReplica, tokens);
        report.kvPerTokenPerDevice = std::max(report.kvPerTokenPerDevice, ceilDiv(fixed.cachePerToken, plan.sequence()));
        firstStage = false;
    }
    return report;
}

bool fitsMemory(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
{
    return Sizer(context, plan, reserve).fits(context.workload.batch, context.cluster.accelerator.memoryBytes);
}

Bytes reserveNeeded(const PlanContext& context, const Plan& plan)
{
    const Sizer sizer(context, plan, std::nullopt);
    return sizer.activations(context.workload.batch, true) + sizer.buffers(context.workload.batch);
}

} // namespace shardlens
