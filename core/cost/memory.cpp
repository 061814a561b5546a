// SPDX-License-Identifier: Apache-2.0
#include "core/cost/memory.h"

#include "core/cost/weightshards.h"
#include "core/sharding/placement.h"

namespace shardlens {

namespace {

constexpr std::int64_t kStateSize = 4;       // fp32
constexpr std::int64_t kConvolutionSize = 2; // bf16
constexpr std::int64_t kScoreSize = 4;       // fp32 scores of an index
constexpr std::int64_t kIndexBlock = 128;    // fp8 values that share a fp32 scale

Bytes bounded(Bytes sum)
{
    return std::min(sum, kMostBytes);
}

Bytes product(Bytes a, Bytes b, Bytes c)
{
    return boundedProduct(boundedProduct(a, b), c);
}

std::int64_t roundedUp(double value)
{
    return static_cast<std::int64_t>(std::min(std::ceil(value), static_cast<double>(kMostBytes)));
}

/// Weights of one layer by class.
struct LayerBytes {
    Bytes attention = 0;
    Bytes mlp = 0;
    Bytes experts = 0;
    Bytes small = 0;
    Bytes redundant = 0;
    WeightReplicas replicas;
};

/// Of what `holders` devices hold each, a device's part that is copies.
Bytes copiesOf(Bytes held, std::int64_t holders)
{
    return held - held / holders;
}

/// Devices of a stage of one replica that hold the same of what TP splits: the ranks of attention DP and SP.
std::int64_t holdersOf(const Plan& plan)
{
    return std::int64_t{plan.attentionData()} * plan.sequence();
}

LayerBytes layerBytes(const Model& model, const LayerKind& kind, const Formats& formats, const Plan& plan, int slots)
{
    const LayerShards shards(model, kind, plan, slots);
    LayerBytes bytes;
    bytes.attention = shards.bytes(WeightClass::Attention, formats.of(WeightClass::Attention));
    bytes.mlp = shards.bytes(WeightClass::Mlp, formats.of(WeightClass::Mlp));
    bytes.experts = shards.bytes(WeightClass::Experts, formats.of(WeightClass::Experts));
    bytes.small = shards.small() * kActivationSize;
    bytes.replicas.norms = copiesOf(bytes.small, holdersOf(plan));
    for (const MatrixShard& shard : shards.matrices()) {
        if (shard.weightClass == WeightClass::Experts)
            continue;
        const bool attention = shard.weightClass == WeightClass::Attention;
        const Bytes held = shard.bytes(formats.of(shard.weightClass));
        (attention ? bytes.replicas.attention : bytes.replicas.mlp) += copiesOf(held, shard.copies * holdersOf(plan));
        if (attention && kind.attention.kind == AttentionKind::Grouped && shard.columns < shard.wholeColumns)
            bytes.replicas.keyValue += copiesOf(held, shard.copies);
    }
    const FeedForward& f = kind.feedForward;
    if (f.isMoe() && plan.redundantExperts() > 0) {
        const std::int64_t held = slots > 0 ? slots : ceilDiv(std::int64_t{f.experts} + plan.redundantExperts(), plan.expert());
        const std::int64_t plain = ceilDiv(f.experts, plan.expert());
        bytes.redundant = held > plain ? bytes.experts / held * (held - plain) : 0;
    }
    return bytes;
}

/// Layers of multi-token prediction as a device of the last stage holds them: each a layer of its kind, its projection 2H x H, three norms;
/// and the embedding of the tokens they draft from, where the stage has no table of its own.
struct PredictionBytes {
    Bytes bytes = 0;
    Bytes replicas = 0; ///< of them
};

PredictionBytes predictionBytes(const PlanContext& context, const Plan& plan, int slots)
{
    const Model& model = context.model;
    if (model.prediction.layers == 0)
        return {};
    const LayerBytes layer = layerBytes(model, model.kinds[model.prediction.kind], context.formats, plan, slots);
    const std::int64_t hidden = model.hidden;
    const std::int64_t norms = 3 * hidden * (model.norm == NormKind::Layer ? 2 : 1);
    const Bytes whole = (2 * hidden * hidden + norms) * kActivationSize; // on each TP rank
    const Bytes each = layer.attention + layer.mlp + layer.experts + layer.small + whole;
    const Bytes copies = layer.replicas.sum() + copiesOf(whole, holdersOf(plan) * plan.tensor());
    const bool needsTable = plan.pipeline() > 1 && !model.tiedEmbedding;
    const Bytes table = needsTable ? vocabularyShard(model, plan, "").bytes(context.formats.of(WeightClass::Embedding)) : 0;
    return {bounded(boundedProduct(each, model.prediction.layers) + table),
            bounded(boundedProduct(copies, model.prediction.layers) + copiesOf(table, holdersOf(plan)))};
}

} // namespace

MemoryTerms::MemoryTerms(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
    : m_layout(stageLayout(context.model, plan)),
      m_reserve(reserve),
      m_capacity(context.cluster.accelerator.memoryBytes),
      m_input(context.workload.input),
      m_output(context.workload.output),
      m_attentionData(plan.attentionData()),
      m_sequence(plan.sequence()),
      m_chunks(plan.chunks()),
      m_prefillMicrobatches(plan.prefillMicrobatches()),
      m_decodeMicrobatches(plan.decodeMicrobatches()),
      m_distinct(std::int64_t{plan.attentionData()} * plan.sequence()),
      m_ring(plan.options.sequenceExchange == SequenceExchange::Ring)
{
    const Model& model = context.model;
    const std::int64_t hidden = model.hidden;
    // Sharded norms keep 1 / TP of the stream and of its normed copy, and gather the latter whole before each matmul.
    m_streamRow = (plan.options.shardedNorms ? 2 * ceilDiv(hidden, plan.tensor()) + hidden : 2 * hidden) * kActivationSize;
    m_payloadRow = hidden * kActivationSize;
    m_logits = model.vocabulary * kLogitSize;
    m_payloads = plan.tensor() > 1 ? 1 : 0;
    if (plan.pipeline() > 1)
        m_payloads += plan.options.sends == SendMode::Synchronous ? 1 : 2; // one leaves while the next is made
    m_kinds.resize(model.kinds.size());
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        attentionTerms(model.kinds[i].attention, plan, context.formats.kv, m_kinds[i]);
        feedForwardTerms(model, model.kinds[i].feedForward, plan, context.workload.routing, m_kinds[i]);
    }
    countLayers(context, plan);
    weighStages(context, plan);
    m_cache.resize(static_cast<std::size_t>(stages()));
    for (int stage = 0; stage < stages(); ++stage)
        m_cache[static_cast<std::size_t>(stage)] = cacheOf(stage, m_input + m_output).bytes;
}

void MemoryTerms::countLayers(const PlanContext& context, const Plan& plan)
{
    const Model::Prediction& prediction = context.model.prediction;
    const bool loads = prediction.layers > 0 && plan.options.prediction == PredictionUse::Load;
    const int last = stages() - 1;
    m_layers.reserve(static_cast<std::size_t>(stages()) * m_kinds.size());
    for (int stage = 0; stage < stages(); ++stage)
        for (std::size_t kind = 0; kind < m_kinds.size(); ++kind)
            m_layers.push_back(m_layout.kindCount(stage, kind)
                               + (loads && stage == last && kind == prediction.kind ? prediction.layers : 0));
    if (loads) // both normed inputs side by side, and what the projection makes of them
        m_predictionRow = 3 * std::int64_t{context.model.hidden} * kActivationSize;
    const auto alike = [this](int a, int b) {
        for (std::size_t kind = 0; kind < m_kinds.size(); ++kind)
            if ((layersOf(a, kind) > 0) != (layersOf(b, kind) > 0))
                return false;
        return true;
    };
    for (int stage = 0; stage < stages(); ++stage) {
        auto known = std::find_if(m_stageOfClass.begin(), m_stageOfClass.end(), [&](int other) { return alike(stage, other); });
        if (stage == last)
            known = m_stageOfClass.end();
        m_classOf.push_back(static_cast<int>(known - m_stageOfClass.begin()));
        if (known == m_stageOfClass.end())
            m_stageOfClass.push_back(stage);
    }
    m_stageClasses = static_cast<int>(m_stageOfClass.size());
}

void MemoryTerms::attentionTerms(const Attention& a, const Plan& plan, NumberFormat cache, Kind& terms) const
{
    const std::int64_t tp = plan.tensor();
    if (a.kind == AttentionKind::None)
        return;
    if (a.kind == AttentionKind::Linear) {
        const LinearMixer local = localMixer(a.linear, tp);
        terms.state =
            local.stateElements() * kStateSize + std::max<std::int64_t>(0, local.convKernel - 1) * local.convChannels() * kConvolutionSize;
        terms.attentionRow = (local.inputColumns() + local.valueWidth()) * kActivationSize;
        return;
    }
    const std::int64_t heads = a.queryHeads / tp;
    terms.window = a.window;
    terms.topK = a.index.heads > 0 ? a.index.topK : 0;
    if (a.kind == AttentionKind::Latent) {
        const std::int64_t queryWidth = std::int64_t{a.nopeHeadDim} + a.ropeHeadDim;
        const std::int64_t latent = std::int64_t{a.kvLoraRank} + a.ropeHeadDim;
        terms.cachePerToken = cacheBytesOf(cache, 1, latent);
        terms.cacheCopies = tp;
        terms.attentionRow = (heads * (queryWidth + a.valueHeadDim) + a.queryLoraRank + latent) * kActivationSize;
        terms.attentionKey = heads * (std::int64_t{a.nopeHeadDim} + a.valueHeadDim) * kActivationSize;
    } else {
        const std::int64_t kvHeads = kvHeadsOf(a.kvHeads, static_cast<int>(tp), 0).count();
        const std::int64_t kvWidth = kvHeads * (std::int64_t{a.headDim} + a.valueDim());
        terms.cachePerToken = cacheBytesOf(cache, kvHeads, a.headDim) + cacheBytesOf(cache, kvHeads, a.valueDim());
        terms.cacheCopies = kvReplication(a.kvHeads, static_cast<int>(tp));
        terms.attentionRow = (heads * ((a.outputGate ? 2 : 1) * std::int64_t{a.headDim} + a.valueDim()) + kvWidth) * kActivationSize;
    }
    if (!plan.options.fusedAttention)
        terms.attentionPair = 2 * heads * kActivationSize; // scores and probabilities
    if (a.index.heads > 0 && !a.index.shared) {
        terms.indexPerToken = a.index.headDim + ceilDiv(a.index.headDim, kIndexBlock) * 4;
        terms.indexCopies = tp;
        terms.attentionRow += std::int64_t{a.index.heads} * a.index.headDim * kActivationSize;
        terms.scorePair = kScoreSize;
    }
}

void MemoryTerms::feedForwardTerms(const Model& model, const FeedForward& f, const Plan& plan, const Routing& routing, Kind& terms) const
{
    const bool sharedWhole = plan.options.sharedExperts == SharedExpertPlace::Replicated;
    const std::int64_t shared = sharedWhole ? f.sharedIntermediate : ceilDiv(f.sharedIntermediate, plan.tensor());
    terms.mlpRow = f.matrices * std::max(ceilDiv(f.intermediate, plan.tensor()), shared) * kActivationSize;
    if (!f.isMoe())
        return;
    terms.routing.emplace(f, plan.expert(), plan.redundantExperts(), routing);
    const std::int64_t expertHidden = f.expertHidden > 0 ? f.expertHidden : model.hidden;
    terms.expertRow = (expertHidden + f.matrices * ceilDiv(f.expertIntermediate, plan.expertTensor())) * kActivationSize;
    const bool allToAll = plan.expert() > 1
                          && (plan.options.expertExchange == ExpertExchange::AllToAll
                              || (plan.options.expertExchange == ExpertExchange::Automatic && m_distinct > 1));
    if (!allToAll && m_distinct == 1)
        return; // every rank has the tokens and reduces in place
    terms.exchangeRow = 2 * expertHidden * kActivationSize;
    terms.copiesPerToken = allToAll ? terms.routing->hottest().arrival : 1;
}

void MemoryTerms::weighStages(const PlanContext& context, const Plan& plan)
{
    const Model& model = context.model;
    const std::int64_t ranks = plan.expert();
    m_fullRanks = plan.expert();
    bool uneven = false;
    std::vector<int> most(m_kinds.size(), 0);
    int slots = -1; // of all kinds with experts, 0 when they differ
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        if (!m_kinds[i].routing)
            continue;
        most[i] = m_kinds[i].routing->mostSlots();
        slots = slots < 0 || slots == most[i] ? most[i] : 0;
        const auto more = static_cast<int>(m_kinds[i].routing->slots() % ranks);
        if (more > 0) {
            m_fullRanks = uneven ? std::max(m_fullRanks, more) : more;
            uneven = true;
        }
    }
    const Placement placement(plan.meshSizes());
    const auto count = static_cast<int>(stages());
    m_weights.resize(static_cast<std::size_t>(uneven ? 2 * count : count));
    for (int part = 0; part < (uneven ? 2 : 1); ++part) {
        std::vector<LayerBytes> layers;
        const auto slotsOf = [&](std::size_t i) {
            const bool fewer = part == 1 && m_kinds[i].routing && m_kinds[i].routing->slots() % ranks > 0;
            return most[i] - (fewer ? 1 : 0);
        };
        for (std::size_t i = 0; i < m_kinds.size(); ++i)
            layers.push_back(layerBytes(model, model.kinds[i], context.formats, plan, slotsOf(i)));
        const PredictionBytes prediction = predictionBytes(context, plan, slotsOf(model.prediction.kind));
        if (part == 0)
            m_prediction = prediction.bytes;
        for (int stage = 0; stage < count; ++stage) {
            DeviceMemory& memory =
                m_weights[static_cast<std::size_t>(part) * static_cast<std::size_t>(count) + static_cast<std::size_t>(stage)];
            memory.stage = stage;
            const std::int64_t expertRanks = part == 0 ? m_fullRanks : ranks - m_fullRanks;
            memory.count = static_cast<int>(expertRanks * plan.expertTensor()) * plan.data();
            memory.firstDevice = placement.firstDevice(stage, 0);
            if (part == 1)
                memory.firstDevice += placement.stageGroup().offsetOf(static_cast<int>(m_fullRanks * plan.expertTensor()));
            memory.expertSlots = std::max(0, slots - (part == 1 && slots > 0 ? 1 : 0));
            for (std::size_t i = 0; i < layers.size(); ++i) {
                const std::int64_t times = m_layout.kindCount(stage, i);
                memory.attentionWeights = bounded(memory.attentionWeights + boundedProduct(layers[i].attention, times));
                memory.mlpWeights = bounded(memory.mlpWeights + boundedProduct(layers[i].mlp, times));
                memory.expertWeights = bounded(memory.expertWeights + boundedProduct(layers[i].experts, times));
                memory.normWeights = bounded(memory.normWeights + boundedProduct(layers[i].small, times));
                const WeightReplicas& copies = layers[i].replicas;
                memory.weightReplicas.attention = bounded(memory.weightReplicas.attention + boundedProduct(copies.attention, times));
                memory.weightReplicas.mlp = bounded(memory.weightReplicas.mlp + boundedProduct(copies.mlp, times));
                memory.weightReplicas.norms = bounded(memory.weightReplicas.norms + boundedProduct(copies.norms, times));
                memory.weightReplicas.keyValue = bounded(memory.weightReplicas.keyValue + boundedProduct(copies.keyValue, times));
                memory.redundantExperts = bounded(memory.redundantExperts + boundedProduct(layers[i].redundant, times));
            }
            addEnds(context, plan, memory);
            if (m_layout.holdsHead(stage) && plan.options.prediction == PredictionUse::Load) {
                memory.predictionWeights = prediction.bytes;
                memory.weightReplicas.prediction = prediction.replicas;
            }
        }
    }
}

void MemoryTerms::addEnds(const PlanContext& context, const Plan& plan, DeviceMemory& memory) const
{
    const Model& model = context.model;
    const bool first = m_layout.holdsEmbedding(memory.stage);
    const bool last = m_layout.holdsHead(memory.stage);
    const NumberFormat format = context.formats.of(WeightClass::Embedding);
    const Bytes table = vocabularyShard(model, plan, "").bytes(format);
    const std::int64_t norm = model.norm == NormKind::Layer ? 2 * std::int64_t{model.hidden} : model.hidden;
    std::int64_t small = 0;
    if (first) {
        memory.embeddingWeights = table + (model.learnedPositions > 0 ? bytesOf(format, model.hidden, model.learnedPositions) : 0);
        small += model.embeddingNorm ? norm : 0;
    }
    if (last) {
        // A tied head needs its own copy where the embedding is on another stage.
        if (!model.tiedEmbedding || !first)
            memory.headWeights = table;
        small += norm + (model.headBias ? ceilDiv(model.vocabulary, plan.tensor()) : 0);
    }
    memory.normWeights = bounded(memory.normWeights + small * kActivationSize);
    WeightReplicas& copies = memory.weightReplicas;
    copies.embedding = copiesOf(memory.embeddingWeights, holdersOf(plan));
    copies.head = copiesOf(memory.headWeights, holdersOf(plan));
    copies.norms = bounded(copies.norms + copiesOf(small * kActivationSize, holdersOf(plan)));
}

const DeviceMemory& MemoryTerms::weightsOf(int stage, bool fewest) const
{
    const std::size_t offset = fewest && hasFewerExperts() ? static_cast<std::size_t>(stages()) : 0;
    return m_weights[offset + static_cast<std::size_t>(stage)];
}

MemoryTerms::Cache MemoryTerms::cacheOf(int stage, std::int64_t context) const
{
    Cache cache;
    const std::int64_t block = cacheBlock();
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        const std::int64_t times = layersOf(stage, i);
        if (times == 0)
            continue;
        const Kind& kind = m_kinds[i];
        const std::int64_t kept = ceilDiv(kind.window > 0 ? std::min(context, kind.window) : context, m_sequence);
        const std::int64_t paged = ceilDiv(kept, block) * block;
        const std::int64_t indexed = ceilDiv(context, m_sequence);
        const std::int64_t indexPaged = ceilDiv(indexed, block) * block;
        const Bytes keys = boundedProduct(paged, kind.cachePerToken);
        const Bytes index = boundedProduct(indexPaged, kind.indexPerToken);
        const Bytes copies = keys - ceilDiv(keys, kind.cacheCopies) + index - ceilDiv(index, kind.indexCopies);
        cache.bytes = bounded(cache.bytes + boundedProduct(bounded(keys + index + kind.state), times));
        cache.replicas = bounded(cache.replicas + boundedProduct(bounded(copies), times));
        cache.states = bounded(cache.states + boundedProduct(kind.state, times));
        cache.index = bounded(cache.index + boundedProduct(index, times));
        const Bytes empty = boundedProduct(paged - kept, kind.cachePerToken) + boundedProduct(indexPaged - indexed, kind.indexPerToken);
        cache.rounding = bounded(cache.rounding + boundedProduct(empty, times));
    }
    return cache;
}

Bytes MemoryTerms::bytesPerToken(int stage) const
{
    Bytes sum = 0;
    for (std::size_t i = 0; i < m_kinds.size(); ++i)
        sum = bounded(sum + boundedProduct(m_kinds[i].cachePerToken + m_kinds[i].indexPerToken, layersOf(stage, i)));
    return sum;
}

MemoryTerms::Peak MemoryTerms::peakOf(int stage, const Piece& piece) const
{
    Peak peak;
    const std::int64_t tokens = tokensOf(piece);
    const double group = static_cast<double>(tokens) * static_cast<double>(m_distinct);
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        if (layersOf(stage, i) == 0)
            continue;
        const Kind& kind = m_kinds[i];
        const std::int64_t keys = keysOf(kind, piece);
        const std::int64_t attended = kind.topK > 0 ? std::min(keys, kind.topK) : keys;
        const Bytes rows = bounded(boundedProduct(tokens, kind.attentionRow) + product(piece.sequences, keys, kind.attentionKey));
        const Bytes pairs = bounded(product(tokens, attended, kind.attentionPair) + product(tokens, keys, kind.scorePair));
        peak.attention = std::max(peak.attention, bounded(rows + pairs));
        peak.feedForward = std::max(peak.feedForward, boundedProduct(tokens, kind.mlpRow));
        if (kind.routing)
            peak.feedForward = std::max(peak.feedForward, boundedProduct(roundedUp(kind.routing->mostRows(group)), kind.expertRow));
    }
    if (m_layout.holdsHead(stage))
        peak.feedForward = std::max(peak.feedForward, boundedProduct(tokens, m_predictionRow));
    peak.tokens = tokens;
    peak.stream = boundedProduct(tokens, m_streamRow);
    return peak;
}

Bytes MemoryTerms::withLogits(Bytes activations, std::int64_t sequences) const
{
    return bounded(activations + boundedProduct(sequences, m_logits));
}

Bytes MemoryTerms::activations(int stage, std::int64_t batch, std::int64_t input) const
{
    const std::int64_t sequences = pieceSequences(batch, m_prefillMicrobatches);
    const Bytes body = activationsOf(stage, pieceOf(batch, input));
    return m_layout.holdsHead(stage) ? withLogits(body, std::max(sequences, pieceSequences(batch, m_decodeMicrobatches))) : body;
}

MemoryTerms::Buffers MemoryTerms::bufferPartsOf(int stage, const Piece& piece) const
{
    Buffers buffers;
    const std::int64_t tokens = tokensOf(piece);
    for (std::size_t i = 0; i < m_kinds.size(); ++i) {
        if (layersOf(stage, i) == 0)
            continue;
        const Kind& kind = m_kinds[i];
        const double received = static_cast<double>(tokens) * static_cast<double>(m_distinct) * kind.copiesPerToken;
        buffers.exchange = std::max(buffers.exchange, boundedProduct(roundedUp(received), kind.exchangeRow));
        if (m_sequence > 1) {
            const std::int64_t keys = keysOf(kind, piece);
            const Bytes held = kind.cachePerToken + kind.indexPerToken;
            buffers.gathered = std::max(buffers.gathered, product(piece.sequences, m_ring ? 2 * ceilDiv(keys, m_sequence) : keys, held));
        }
    }
    buffers.payload = boundedProduct(tokens, m_payloadRow);
    buffers.payloads = m_payloads;
    return buffers;
}

DeviceMemory MemoryTerms::at(int stage, std::int64_t batch, std::int64_t input, bool fewest) const
{
    DeviceMemory memory = weightsOf(stage, fewest);
    const Cache cache = cacheOf(stage, input + m_output);
    const std::int64_t sequences = sequencesOf(batch);
    memory.kv = boundedProduct(sequences, cache.bytes);
    memory.kvReplicas = boundedProduct(sequences, cache.replicas);
    memory.kvStates = boundedProduct(sequences, cache.states);
    memory.kvIndex = boundedProduct(sequences, cache.index);
    memory.kvRounding = boundedProduct(sequences, cache.rounding);
    if (m_reserve && *m_reserve == 0)
        return memory; // weights and cache alone
    memory.activations = activations(stage, batch, input);
    memory.buffers = buffers(stage, batch, input);
    memory.reserve = m_reserve.value_or(kRuntimeReserve);
    return memory;
}

Bytes MemoryTerms::room(std::int64_t batch, std::int64_t input) const
{
    Bytes most = 0;
    for (int each = 0; each < m_stageClasses; ++each) {
        Bytes held = 0;
        for (int stage = stageOfClass(each); stage < stages(); ++stage)
            if (classOf(stage) == each)
                held = std::max(held, stored(stage, batch, input));
        if (countsActivations())
            held += activations(stageOfClass(each), batch, input) + buffers(stageOfClass(each), batch, input) + reserve();
        most = std::max(most, held);
    }
    return m_capacity - most;
}

namespace {

/// Largest value of 1..most with room(value) >= 0, for a room that never grows; 0: none. The room is nearly a line, so the point where it
/// would end is tried first; halving in between bounds the work.
template <class Room>
std::int64_t largest(std::int64_t most, Room&& room)
{
    std::int64_t low = 1;
    Bytes atLow = room(low);
    if (atLow < 0)
        return 0;
    std::int64_t high = 2;
    Bytes atHigh = room(high);
    while (high < most && atHigh >= 0) {
        const double slope = static_cast<double>(atLow - atHigh) / static_cast<double>(high - low);
        const double end = slope > 0 ? static_cast<double>(high) + static_cast<double>(atHigh) / slope + 1 : 0;
        low = high;
        atLow = atHigh;
        high = std::min(most, std::max(2 * high, end < static_cast<double>(most) ? static_cast<std::int64_t>(end) : most));
        atHigh = room(high);
    }
    if (atHigh >= 0)
        return high;
    for (bool halve = false; high - low > 1; halve = !halve) {
        const double share = static_cast<double>(atLow) / (static_cast<double>(atLow) - static_cast<double>(atHigh));
        const auto along = static_cast<std::int64_t>(share * static_cast<double>(high - low));
        // On a line the answer is `along`: trying it, then the value after it, ends the search.
        const std::int64_t value = halve ? low + (high - low) / 2 : std::clamp(low + along, low + 1, high - 1);
        const Bytes at = room(value);
        (at >= 0 ? low : high) = value;
        (at >= 0 ? atLow : atHigh) = at;
        if (at >= 0 && !halve && high - low > 1) {
            const Bytes next = room(low + 1);
            if (next < 0)
                return low;
            ++low;
            atLow = next;
        }
    }
    return low;
}

} // namespace

std::int64_t MemoryTerms::largestBatch(std::int64_t input) const
{
    return largest(kMostContext, [&](std::int64_t batch) { return room(batch, input); });
}

std::int64_t MemoryTerms::largestInput(std::int64_t batch) const
{
    return largest(kMostContext, [&](std::int64_t input) { return room(batch, input); });
}

} // namespace shardlens
