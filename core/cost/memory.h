// SPDX-License-Identifier: Apache-2.0
// Memory per device.
//
// Policy. Capacity = weights + KV cache + peak activations + collective buffers + runtime reserve.
// - Weights: every matrix in the format of its class with its scales, rounded up per matrix and device; norms, biases, routers,
//   convolutions and sinks in bf16. Layers of multi-token prediction only where the plan loads them: on the last stage,
//   split as a layer of their kind, with the projection 2H x H whole and in bf16 on every device (vLLM, deepseek_mtp.py, eh_proj; no
//   published file scales it), three norms, and a copy of the embedding where that is on another stage and not the head as well.
// - KV cache: every resident sequence at its full context (input + output), on every stage for its own layers (loaded prediction layers
//   among them), all microbatches at once.
//   A window keeps its last tokens only; chunks at most one, at whose end a sequence is fullest (vLLM frees the blocks before the chunk at
//   hand, ChunkedLocalAttentionManager). Paged in blocks of kCacheBlock tokens (vLLM, arXiv:2309.06180, section 4.1), the last one whole.
//   A linear layer keeps a state of fp32 and convKernel - 1 columns of bf16 per sequence, whole on every SP rank. A sparse index keeps one
//   fp8 key per token with a fp32 scale per 128 values (DeepSeek-V3.2, inference/kernel.py), on every TP rank.
// - Activations: of the prefill piece at hand in bf16, the residual stream and its normed copy, and the widest moment of the stage's own
//   layers: attention
//   (queries, keys, values, outputs; MLA's keys and values of all tokens so far; unfused, scores and probabilities; scores of a sparse index
//   in fp32) or feed-forward (on the rank that the router loads most). On the last stage also the logits of one position per sequence.
// - Buffers: one payload for reductions over TP; one per send in flight; dispatched and returned tokens, or the group's gathered tokens and
//   partial sums, for experts; the keys and values that SP ranks gather, or two blocks of them that go round.
// - Reserve: kRuntimeReserve unless given in bytes. A reserve of exactly 0 leaves activations, buffers and block rounding out as well, as
//   published capacity tables do (the Llama-3-70B case study among them), and is flagged.
#pragma once

#include "core/cost/routing.h"
#include "core/plan/legality.h"
#include "core/plan/stages.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace shardlens {

/// Driver context, library workspaces, captured graphs: what serving engines keep besides tensors. Provenance: default (aiconfigurator
/// reserves 3.5 GiB + NCCL; vLLM keeps 10 % of the device); shown and editable.
inline constexpr Bytes kRuntimeReserve = Bytes{2} << 30;
/// Tokens of a cache block: vLLM's default.
inline constexpr std::int64_t kCacheBlock = 16;
/// Bytes of an activation, and of a logit where it is gathered and where it is kept: bf16.
inline constexpr std::int64_t kActivationSize = 2;
inline constexpr std::int64_t kLogitSize = 2;
/// Longest context that is looked for; what no model and no cache reaches.
inline constexpr std::int64_t kMostContext = std::int64_t{1} << 40;

/// Parts of a device's memory, in stacking order.
enum class MemoryClass : std::uint8_t { Weights, Kv, Activations, Buffers, Reserve };
inline constexpr std::size_t kMemoryClassCount = 5;

/// Of a device's weights what other devices of its replica hold too: of n equal holders each has (n - 1) / n of it as copies, so the
/// copies of all of them are what a replica holds more than once. Counted are matrices that TP does not split or splits less than TP, and
/// everything but routed experts over the ranks of SP and attention DP, which share no weights (vLLM, data_parallel_deployment). Not
/// counted: other replicas (DP), which serve other requests, and small vectors and routers over TP.
struct WeightReplicas {
    Bytes attention = 0;
    Bytes mlp = 0;
    Bytes embedding = 0;
    Bytes head = 0;
    Bytes norms = 0;
    Bytes prediction = 0;
    Bytes keyValue = 0; ///< of `attention`: K and V because TP exceeds the KV heads
    [[nodiscard]] Bytes sum() const { return attention + mlp + embedding + head + norms + prediction; }
};

struct DeviceMemory {
    int stage = 0;
    int firstDevice = 0; ///< first device of this stage in replica 0
    int count = 0;       ///< devices that hold the same, over all replicas
    int expertSlots = 0; ///< experts of each layer it holds, copies included; 0: none, or their number differs between kinds of layer
    Bytes attentionWeights = 0;
    Bytes mlpWeights = 0; ///< dense and shared
    Bytes expertWeights = 0;
    Bytes embeddingWeights = 0;
    Bytes headWeights = 0;
    Bytes normWeights = 0;
    Bytes predictionWeights = 0; ///< layers of multi-token prediction with all that is theirs, where they are loaded
    Bytes kv = 0;
    Bytes activations = 0;
    Bytes buffers = 0;
    Bytes reserve = 0; ///< of the runtime
    /// Of `kv`, what exists only because heads (or the MLA latent) are replicated over TP.
    Bytes kvReplicas = 0;
    Bytes kvStates = 0;   ///< of `kv`: constant states of linear layers
    Bytes kvIndex = 0;    ///< of `kv`: keys of sparse indexes
    Bytes kvRounding = 0; ///< of `kv`: what the last block of each sequence leaves empty
    WeightReplicas weightReplicas;
    Bytes redundantExperts = 0; ///< of `expertWeights`: copies for balance
    [[nodiscard]] Bytes weights() const
    {
        return attentionWeights + mlpWeights + expertWeights + embeddingWeights + headWeights + normWeights + predictionWeights;
    }
    [[nodiscard]] Bytes total() const { return weights() + kv + activations + buffers + reserve; }
};

[[nodiscard]] std::string_view nameOf(MemoryClass memoryClass);
[[nodiscard]] Bytes bytesOf(const DeviceMemory& memory, MemoryClass memoryClass);

struct MemoryReport {
    bool fits = false;
    Bytes capacity = 0;               ///< per device
    std::vector<DeviceMemory> stages; ///< one entry per stage: its fullest devices
    std::vector<DeviceMemory> groups; ///< every group of equal devices: stages, and in them ranks with more and fewer experts
    int fullest = 0;                  ///< index of the fullest stage
    MemoryClass limitingClass = MemoryClass::Weights; ///< the largest part of the fullest devices
    Bytes kvPerTokenPerDevice = 0; ///< all layers of the stage that caches most, a token within every window; mean over SP ranks
    double kvReplication = 1;      ///< times each KV value is stored in a TP group
    std::int64_t cacheBlock = 1;   ///< tokens that the cache rounds to
    std::int64_t maxTokensPerReplica =
        0; ///< cached tokens that fit beside weights, reserve and the activations of this batch; 0 when those do not fit
    std::int64_t maxBatchPerReplica = 0; ///< largest batch at this input + output that fits
    std::int64_t maxConcurrency = 0;     ///< the same over all replicas
    std::int64_t maxContext = 0;         ///< longest context at this batch that fits, its output as it is; 0: none. Of memory alone:
                                         ///< it may be longer than modelContext
    std::int64_t modelContext = 0;       ///< longest context the model was made for; 0: not stated
    Bytes predictionWeights = 0;         ///< what the model's prediction layers add to each device of the last stage, loaded or not
    /// True when memory has room for longer contexts than the model was made for.
    [[nodiscard]] bool modelLimitsContext() const { return modelContext > 0 && maxContext > modelContext; }
    /// Longest context at this batch that fits and that the model was made for.
    [[nodiscard]] std::int64_t usableContext() const { return modelLimitsContext() ? modelContext : maxContext; }
    [[nodiscard]] const DeviceMemory& limiting() const { return stages[static_cast<std::size_t>(fullest)]; }
    [[nodiscard]] Bytes free() const { return capacity - limiting().total(); } ///< negative when it does not fit
};

/// What of a plan's memory depends neither on the batch nor on the context, compiled once. Its functions allocate nothing; memoryOf() is
/// made of them, so a search that calls fits() sees what a report shows.
class MemoryTerms {
public:
    MemoryTerms(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);

    [[nodiscard]] int stages() const { return m_layout.stages(); }
    [[nodiscard]] const StageLayout& layout() const { return m_layout; }
    [[nodiscard]] Bytes capacity() const { return m_capacity; }
    [[nodiscard]] std::int64_t cacheBlock() const { return m_reserve && *m_reserve == 0 ? 1 : kCacheBlock; }
    /// Sequences of a replica's batch on its fullest attention-DP rank.
    [[nodiscard]] std::int64_t sequencesOf(std::int64_t batch) const { return ceilDiv(batch, m_attentionData); }
    /// The fullest devices of a stage with `batch` sequences per replica of `input` + the workload's output tokens.
    /// `fewest`: of its devices those with fewest experts, where ranks hold different numbers.
    [[nodiscard]] DeviceMemory at(int stage, std::int64_t batch, std::int64_t input, bool fewest = false) const;
    /// Capacity less the fullest device's bytes; negative when it does not fit.
    [[nodiscard]] Bytes room(std::int64_t batch, std::int64_t input) const;
    [[nodiscard]] bool fits(std::int64_t batch, std::int64_t input) const { return room(batch, input) >= 0; }
    [[nodiscard]] bool fits(std::int64_t batch) const { return fits(batch, m_input); }
    /// Largest batch that fits at this input, 0 when not even one does; fits() falls with batch and input, so bisection finds it.
    [[nodiscard]] std::int64_t largestBatch(std::int64_t input) const;
    [[nodiscard]] std::int64_t largestBatch() const { return largestBatch(m_input); }
    /// Largest input that fits at this batch, 0 when not even one token does.
    [[nodiscard]] std::int64_t largestInput(std::int64_t batch) const;

    /// Cache of one sequence of `context` tokens on a device of `stage`.
    struct Cache {
        Bytes bytes = 0;
        Bytes replicas = 0;
        Bytes states = 0;
        Bytes index = 0;
        Bytes rounding = 0;
    };
    [[nodiscard]] Cache cacheOf(int stage, std::int64_t context) const;
    [[nodiscard]] Bytes activations(int stage, std::int64_t batch, std::int64_t input) const;
    [[nodiscard]] Bytes buffers(int stage, std::int64_t batch, std::int64_t input) const { return buffersOf(stage, pieceOf(batch, input)); }
    /// Layers of a kind on a stage, all visits together, loaded prediction layers among them.
    [[nodiscard]] int layersOf(int stage, std::size_t kind) const
    {
        return m_layers[static_cast<std::size_t>(stage) * m_kinds.size() + kind];
    }
    /// Stages in classes: those of one have layers of the same kinds, so the same activations and buffers. The last stage, which has the
    /// logits too, is alone in the last class.
    [[nodiscard]] int stageClasses() const { return m_stageClasses; }
    [[nodiscard]] int classOf(int stage) const { return m_classOf[static_cast<std::size_t>(stage)]; }
    /// The first stage of a class.
    [[nodiscard]] int stageOfClass(int stageClass) const { return m_stageOfClass[static_cast<std::size_t>(stageClass)]; }

    // The same in parts that depend on few things each, for those who ask for many batches and cuts of one plan.
    /// A prefill piece: the sequences of one attention-DP rank in its microbatch, their whole prompt and the chunks it comes in.
    struct Piece {
        std::int64_t sequences = 1;
        std::int64_t input = 1;
        std::int64_t chunks = 1;
    };
    [[nodiscard]] Piece pieceOf(std::int64_t batch, std::int64_t input) const
    {
        return {pieceSequences(batch, m_prefillMicrobatches), input, m_chunks};
    }
    /// Peak activations of a stage without the head, in parts: the stream, and the wider of attention and feed-forward.
    struct Peak {
        std::int64_t tokens = 0; ///< of the piece, on one device
        Bytes stream = 0;
        Bytes attention = 0;   ///< of the layer where it is widest
        Bytes feedForward = 0; ///< likewise
        [[nodiscard]] Bytes total() const { return std::min(stream + std::max(attention, feedForward), kMostBytes); }
    };
    [[nodiscard]] Peak peakOf(int stage, const Piece& piece) const;
    /// activations() without logits.
    [[nodiscard]] Bytes activationsOf(int stage, const Piece& piece) const { return peakOf(stage, piece).total(); }
    /// Collective buffers in parts.
    struct Buffers {
        Bytes payload = 0;         ///< of one reduction or send
        std::int64_t payloads = 0; ///< of reductions and sends
        Bytes exchange = 0;        ///< of tokens and experts
        Bytes gathered = 0;        ///< keys and values of other SP ranks
        [[nodiscard]] Bytes total() const { return std::min(boundedProduct(payload, payloads) + exchange + gathered, kMostBytes); }
    };
    [[nodiscard]] Buffers bufferPartsOf(int stage, const Piece& piece) const;
    [[nodiscard]] Bytes buffersOf(int stage, const Piece& piece) const { return bufferPartsOf(stage, piece).total(); }
    /// activations() of the last stage, when the fullest microbatch of prefill or decode has this many sequences on a rank.
    [[nodiscard]] Bytes withLogits(Bytes activations, std::int64_t sequences) const;
    /// Weights and cache of the fullest devices of a stage.
    [[nodiscard]] Bytes stored(int stage, std::int64_t batch, std::int64_t input) const
    {
        const Bytes cache = input == m_input ? m_cache[static_cast<std::size_t>(stage)] : cacheOf(stage, input + m_output).bytes;
        return weightsOf(stage).weights() + boundedProduct(sequencesOf(batch), cache);
    }
    /// False with a reserve of exactly 0: weights and cache alone are counted.
    [[nodiscard]] bool countsActivations() const { return !m_reserve || *m_reserve != 0; }
    [[nodiscard]] Bytes reserve() const { return m_reserve.value_or(kRuntimeReserve); }
    /// Weights of the devices of a stage that hold most experts, or (`fewest`) fewest.
    [[nodiscard]] const DeviceMemory& weightsOf(int stage, bool fewest = false) const;
    [[nodiscard]] bool hasFewerExperts() const { return m_weights.size() > static_cast<std::size_t>(stages()); }
    /// What prediction layers add to a device of the last stage that holds most experts, loaded or not; 0 without any.
    [[nodiscard]] Bytes predictionWeights() const { return m_prediction; }
    /// Cache of one more token, within every window, over all SP ranks together.
    [[nodiscard]] Bytes bytesPerToken(int stage) const;

    /// One kind of layer on one device; sizes in bytes.
    struct Kind {
        Bytes cachePerToken = 0;
        Bytes indexPerToken = 0;
        Bytes state = 0; ///< per sequence
        std::int64_t cacheCopies = 1;
        std::int64_t indexCopies = 1;
        std::int64_t window = 0;
        std::int64_t topK = 0;     ///< keys a query attends to; 0: all it sees
        Bytes attentionRow = 0;    ///< of each token of the piece, while attention runs
        Bytes attentionKey = 0;    ///< of each key so far
        Bytes attentionPair = 0;   ///< of each query with each key it attends to, unfused
        Bytes scorePair = 0;       ///< of each query with each key, scored by an index
        Bytes mlpRow = 0;          ///< of each token, while a dense or shared MLP runs
        Bytes expertRow = 0;       ///< of each token-expert pair on the hottest rank
        Bytes exchangeRow = 0;     ///< of each token that the hottest rank receives for its experts, and of what it returns
        double copiesPerToken = 0; ///< tokens it receives, for each token of the group
        std::optional<ExpertRouting> routing;
    };
    [[nodiscard]] const std::vector<Kind>& kinds() const { return m_kinds; }

private:
    void attentionTerms(const Attention& a, const Plan& plan, NumberFormat cache, Kind& terms) const;
    void feedForwardTerms(const Model& model, const FeedForward& f, const Plan& plan, const Routing& routing, Kind& terms) const;
    void weighStages(const PlanContext& context, const Plan& plan);
    void addEnds(const PlanContext& context, const Plan& plan, DeviceMemory& memory) const;
    void countLayers(const PlanContext& context, const Plan& plan);
    [[nodiscard]] static std::int64_t keysOf(const Kind& kind, const Piece& piece)
    {
        return kind.window > 0 ? std::min(piece.input, kind.window + ceilDiv(piece.input, piece.chunks)) : piece.input;
    }
    [[nodiscard]] std::int64_t pieceSequences(std::int64_t batch, std::int64_t microbatches) const
    {
        return ceilDiv(ceilDiv(batch, std::min(batch, microbatches)), m_attentionData);
    }
    /// Tokens of a piece on one SP rank.
    [[nodiscard]] std::int64_t tokensOf(const Piece& piece) const
    {
        return boundedProduct(piece.sequences, ceilDiv(piece.input, piece.chunks * m_sequence));
    }

    StageLayout m_layout;
    std::vector<Kind> m_kinds;
    std::vector<int> m_layers;       ///< by (stage, kind)
    std::vector<int> m_classOf;      ///< by stage
    std::vector<int> m_stageOfClass; ///< by class
    int m_stageClasses = 1;
    Bytes m_prediction = 0;
    std::vector<DeviceMemory> m_weights; ///< by stage; then, when ranks differ, those with fewest experts
    std::optional<Bytes> m_reserve;
    Bytes m_capacity = 0;
    std::int64_t m_input = 0;
    std::int64_t m_output = 0;
    std::int64_t m_attentionData = 1;
    std::int64_t m_sequence = 1;
    std::int64_t m_chunks = 1;
    std::int64_t m_prefillMicrobatches = 1;
    std::int64_t m_decodeMicrobatches = 1;
    std::int64_t m_distinct = 1; ///< sets of different tokens in a stage, in prefill
    Bytes m_streamRow = 0;
    Bytes m_predictionRow = 0; ///< of each token while it is projected for the prediction layers
    Bytes m_payloadRow = 0;
    Bytes m_logits = 0;          ///< of one sequence
    std::int64_t m_payloads = 0; ///< of reductions and sends
    std::vector<Bytes> m_cache;  ///< of one sequence at the workload's context, by stage
    bool m_ring = false;
    int m_fullRanks = 0;
};

/// Activations and collective buffers of the busiest stage, bytes: what an explicit reserve should at least hold.
[[nodiscard]] Bytes reserveNeeded(const PlanContext& context, const Plan& plan);

[[nodiscard]] MemoryReport memoryOf(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);

/// memoryOf(...).fits without the rest.
[[nodiscard]] bool fitsMemory(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);

} // namespace shardlens
