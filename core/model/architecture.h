// SPDX-License-Identifier: Apache-2.0
// A decoder-only transformer as data: attention and feed-forward kinds, composed layer by layer. No model has code of its own.
// Letters follow the field: H hidden, I intermediate, n_Q / n_KV heads, d head size, V vocabulary, E experts, k experts per token.
#pragma once

#include "core/base/units.h"

#include <cstdint>
#include <string>
#include <vector>

namespace shardlens {

enum class AttentionKind : std::uint8_t {
    Grouped, ///< MHA (n_KV = n_Q), GQA, MQA (n_KV = 1): caches n_KV heads of K and of V
    Latent,  ///< MLA: caches one latent of kvLoraRank plus one rotary key of ropeHeadDim per token, shared by all heads
};

enum class QueryKeyNorm : std::uint8_t { None, PerHead /* 2 d */, Full /* (n_Q + n_KV) d */ };

struct Attention {
    AttentionKind kind = AttentionKind::Grouped;
    int queryHeads = 0; ///< n_Q
    int kvHeads = 0;    ///< n_KV; for Latent equal to n_Q (what a config says), not what is cached
    int headDim = 0;    ///< d of Grouped; never assumed to be H / n_Q
    int window = 0;     ///< sliding window in tokens; 0 = full attention
    bool chunked =
        false; ///< the window is a fixed chunk (Llama 4): a token sees back to its chunk's start. Costed as a sliding window, its upper bound
    bool qkvBias = false;
    bool outputBias = false;
    bool sinks = false; ///< one learned logit per query head (gpt-oss)
    QueryKeyNorm queryKeyNorm = QueryKeyNorm::None;
    // Latent only
    int queryLoraRank = 0; ///< 0: queries are projected directly
    int kvLoraRank = 0;
    int nopeHeadDim = 0;
    int ropeHeadDim = 0;
    int valueHeadDim = 0;
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

struct Model {
    std::string id;            ///< short and stable: "llama-3-70b"
    std::string name;          ///< as shown: "Llama-3-70B"
    std::string huggingFaceId; ///< "meta-llama/Meta-Llama-3-70B"; may be empty
    Source source;
    int hidden = 0;             ///< H
    int vocabulary = 0;         ///< V
    int maxPositions = 0;       ///< longest context the model was made for; 0 = not stated
    int learnedPositions = 0;   ///< rows of a learned position table (GPT-2, OPT); 0 = rotary or ALiBi
    bool tiedEmbedding = false; ///< head shares the embedding's weights
    bool headBias = false;      ///< lm_head has a bias of V values
    bool embeddingNorm = false; ///< a norm right after the embedding (BLOOM)
    NormKind norm = NormKind::Rms;
    int normsPerLayer = 2;
    bool parallelBlock = false;           ///< attention and MLP read the same input and are summed once (Falcon, PaLM, Command R)
    std::vector<LayerKind> kinds;         ///< distinct kinds of layer, at least one
    std::vector<std::uint8_t> layers;     ///< kind index of each of the L layers, in order
    std::int64_t publishedParameters = 0; ///< count of the published weights file; 0 = unknown
    std::string publishedExtras;          ///< what the published count holds beyond ours; empty when it matches to the unit

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
