// SPDX-License-Identifier: Apache-2.0
// A decoder-only transformer as data: attention and feed-forward kinds, composed layer by layer. No model has code of its own.
// Letters follow the field: H hidden, I intermediate, n_Q / n_KV heads, d head size, V vocabulary, E experts, k experts per token.
#pragma once

#include "core/base/units.h"
#include "core/model/numberformat.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardlens {

enum class AttentionKind : std::uint8_t {
    Grouped, ///< MHA (n_KV = n_Q), GQA, MQA (n_KV = 1): caches n_KV heads of K and of V
    Latent,  ///< MLA: caches one latent of kvLoraRank plus one rotary key of ropeHeadDim per token, shared by all heads
    Linear,  ///< linear attention or state space: a state of constant size per sequence instead of a cache; see LinearMixer
    None,    ///< the layer mixes no tokens (Nemotron-H: attention, state space and MLP are layers of their own)
};

/// Which tensors a linear layer has beside its state.
enum class LinearKind : std::uint8_t {
    GatedDelta, ///< Gated DeltaNet (Qwen3-Next, Qwen3.5; arXiv:2412.06464)
    KimiDelta,  ///< Kimi Delta Attention (arXiv:2510.26692)
    Mamba2,     ///< state-space duality (arXiv:2405.21060): keyHeads are its groups, keyDim its state size
};

/// A layer with a recurrent state of valueHeads x keyDim x valueDim values and a short convolution over q, k and v.
struct LinearMixer {
    LinearKind kind = LinearKind::GatedDelta;
    int keyHeads = 0;   ///< heads of q and of k; Mamba2: groups of B and of C
    int keyDim = 0;     ///< d_k; Mamba2: state size
    int valueHeads = 0; ///< Mamba2: heads
    int valueDim = 0;   ///< d_v; Mamba2: head size
    int convKernel = 0; ///< taps; the state keeps convKernel - 1 columns of convChannels()
    bool convBias = false;
    bool projectionBias = false;
    bool fullRankGate = false; ///< KimiDelta: the output gate is one matrix H x n_V d_v instead of two of rank d_v
    [[nodiscard]] std::int64_t keyWidth() const { return std::int64_t{keyHeads} * keyDim; }
    [[nodiscard]] std::int64_t valueWidth() const { return std::int64_t{valueHeads} * valueDim; }
    [[nodiscard]] std::int64_t convChannels() const { return 2 * keyWidth() + valueWidth(); }
    /// Outputs of all projections that read the layer's input: the matrix is H x inputColumns(). KimiDelta's decay is made in two steps
    /// of rank d_k (and its output gate of rank d_v), of which the first reads the input; see parameters.cpp for every tensor.
    [[nodiscard]] std::int64_t inputColumns() const
    {
        switch (kind) {
        case LinearKind::GatedDelta: return 2 * keyWidth() + 2 * valueWidth() + 2 * std::int64_t{valueHeads}; // q, k, v, gate; b, a
        case LinearKind::KimiDelta: return convChannels() + valueHeads + keyDim + (fullRankGate ? valueWidth() : valueDim); // + b, f_a, g
        case LinearKind::Mamba2: return 2 * keyWidth() + 2 * valueWidth() + valueHeads; // z, x, B, C, dt
        }
        return 0;
    }
    /// Weights of the second steps of KimiDelta's decay and gate; 0 for the others.
    [[nodiscard]] std::int64_t gateWeights() const
    {
        if (kind != LinearKind::KimiDelta)
            return 0;
        return std::int64_t{keyDim} * valueHeads * keyDim + (fullRankGate ? 0 : std::int64_t{valueDim} * valueWidth());
    }
    [[nodiscard]] std::int64_t stateElements() const { return std::int64_t{valueHeads} * keyDim * valueDim; }
    friend bool operator==(const LinearMixer&, const LinearMixer&) = default;
};

/// Sparse attention with an index (DeepSeek Sparse Attention, DeepSeek-V3.2 report, arXiv:2512.02556, section 2.1): a small scorer picks the topK
/// cached tokens that a query attends to. It caches one key of headDim per token, shared by its heads.
struct SparseIndex {
    int heads = 0; ///< 0: no index, every token is attended to
    int headDim = 0;
    int topK = 0;
    bool shared = false; ///< uses the choice of an earlier layer: no scorer and no index cache of its own
    friend bool operator==(const SparseIndex&, const SparseIndex&) = default;
};

enum class QueryKeyNorm : std::uint8_t { None, PerHead /* 2 d */, Full /* (n_Q + n_KV) d */ };

struct Attention {
    AttentionKind kind = AttentionKind::Grouped;
    int queryHeads = 0; ///< n_Q
    int kvHeads = 0;    ///< n_KV; for Latent equal to n_Q (what a config says), not what is cached
    int headDim = 0;    ///< d of Grouped; never assumed to be H / n_Q
    int window = 0;     ///< sliding window in tokens; 0 = full attention
    bool chunked =
        false; ///< the window is a fixed chunk (Llama 4): a token sees back to its chunk's start, so at position p of it p + 1 keys
    bool qkvBias = false;
    bool outputBias = false;
    bool sinks = false; ///< one learned logit per query head (gpt-oss)
    QueryKeyNorm queryKeyNorm = QueryKeyNorm::None;
    bool outputGate = false; ///< the query projection also yields a gate of n_Q d values (Qwen3-Next)
    bool keyIsValue = false; ///< Grouped: one projection yields keys and values (Gemma 4, full-attention layers); both are cached
    SparseIndex index;
    LinearMixer linear; ///< Linear only
    // Latent only, but for valueHeadDim
    int queryLoraRank = 0; ///< 0: queries are projected directly
    int kvLoraRank = 0;
    int nopeHeadDim = 0;
    int ropeHeadDim = 0;
    int valueHeadDim = 0; ///< Grouped: 0 means headDim
    /// Grouped: size of a value head.
    [[nodiscard]] int valueDim() const { return valueHeadDim > 0 ? valueHeadDim : headDim; }
    friend bool operator==(const Attention&, const Attention&) = default;
};

struct FeedForward {
    int matrices = 3;     ///< 3: gated (gate, up, down); 2: plain (up, down)
    int intermediate = 0; ///< I of the dense MLP; 0 for a layer of experts only
    bool bias = false;    ///< on every dense matrix, or on every expert matrix
    // Mixture of experts; experts == 0 means a dense layer
    int experts = 0; ///< E, routed
    int topK = 0;    ///< k, routed experts per token
    int expertIntermediate = 0;
    int sharedIntermediate = 0;    ///< sum over shared experts; 0 = none
    bool routerBias = false;       ///< E values (score correction or bias)
    bool sharedExpertGate = false; ///< H values (Qwen2-MoE style sigmoid gate)
    int groups = 1;                ///< expert groups of device-limited routing (DeepSeek n_group)
    int topGroups = 1;             ///< groups a token may reach (topk_group)
    int expertHidden = 0; ///< width the routed experts work in, with projections down and up around them; 0: H (Nemotron-3, Kimi-K3)
    [[nodiscard]] bool isNone() const { return experts == 0 && intermediate == 0; } ///< the layer has no feed-forward part
    [[nodiscard]] bool isMoe() const { return experts > 0; }
    friend bool operator==(const FeedForward&, const FeedForward&) = default;
};

struct LayerKind {
    Attention attention;
    FeedForward feedForward;
    friend bool operator==(const LayerKind&, const LayerKind&) = default;
};

enum class NormKind : std::uint8_t { Rms /* H weights */, Layer /* H weights + H biases */, LayerNoBias /* H weights */ };

/// Where an entry's figures come from, shown beside them.
struct Source {
    std::string text; ///< citation: document, page or repository, and date
    friend bool operator==(const Source&, const Source&) = default;
};

/// The formats a published weights file stores its classes of matrices in; what is unset is stored in `weights`.
struct StoredFormats {
    NumberFormat weights = NumberFormat::Bf16;
    std::array<std::optional<NumberFormat>, kWeightClassCount> own{}; ///< by WeightClass
    std::optional<NumberFormat> kv;                                   ///< format the file asks for its cache; unset: it says nothing
    friend bool operator==(const StoredFormats&, const StoredFormats&) = default;
};

struct Model {
    std::string id;                                ///< short and stable: "llama-3-70b"
    std::string name;                              ///< as shown: "Llama-3-70B"
    std::string huggingFaceId;                     ///< "meta-llama/Meta-Llama-3-70B"; may be empty
    std::vector<std::string> formerHuggingFaceIds; ///< names that this repository had before
    Source source;
    int hidden = 0;             ///< H
    int vocabulary = 0;         ///< V
    int maxPositions = 0;       ///< longest context the model was made for; 0 = not stated
    int learnedPositions = 0;   ///< rows of a learned position table (GPT-2, OPT); 0 = rotary or ALiBi
    bool tiedEmbedding = false; ///< head shares the embedding's weights
    bool headBias = false;      ///< lm_head has a bias of V values
    bool embeddingNorm = false; ///< a norm right after the embedding (BLOOM)
    NormKind norm = NormKind::Rms;
    int normsPerLayer = 2;      ///< of a layer with attention (or a mixer) and feed-forward; one that lacks either has half, rounded up
    bool parallelBlock = false; ///< attention and MLP read the same input and are summed once (Falcon, PaLM, Command R)
    /// Multi-token prediction: extra layers that draft tokens. Counted apart; held in memory where a plan loads them (PredictionUse).
    struct Prediction {
        int layers = 0;            ///< 0: none
        std::uint8_t kind = 0;     ///< their kind of layer; each has a projection 2H x H and three norms more
        bool ownEmbedding = false; ///< the published file holds copies of embedding and head
        friend bool operator==(const Prediction&, const Prediction&) = default;
    };
    Prediction prediction;
    std::vector<LayerKind> kinds;               ///< distinct kinds of layer, at least one
    std::vector<std::uint8_t> layers;           ///< kind index of each of the L layers, in order
    std::int64_t publishedParameters = 0;       ///< count of the published weights file; 0 = unknown
    std::string publishedExtras;                ///< what the published count holds beyond ours; empty when it matches to the unit
    std::optional<StoredFormats> nativeFormats; ///< what the published weights are stored in; unset: not stated

    [[nodiscard]] int layerCount() const { return static_cast<int>(layers.size()); }
    [[nodiscard]] bool hasExperts() const
    {
        for (const LayerKind& kind : kinds)
            if (kind.feedForward.isMoe())
                return true;
        return false;
    }
    friend bool operator==(const Model&, const Model&) = default;
};

} // namespace shardlens
