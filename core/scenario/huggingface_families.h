// SPDX-License-Identifier: Apache-2.0
// What a config.json leaves unsaid, by model_type: which parts a family has, and what its class in transformers takes for an absent
// field. Data only; the layers are built from it in huggingface_layers.cpp.
#pragma once

#include "core/model/architecture.h"

#include <optional>
#include <string>
#include <string_view>

namespace shardlens::huggingface {

/// Where n_KV comes from.
enum class KvHeads : std::uint8_t {
    Required, ///< num_key_value_heads; the class has a default that no published model means
    OrAll,    ///< num_key_value_heads, or n_Q when absent
    All,      ///< always n_Q
    Falcon,   ///< num_kv_heads, multi_query and new_decoder_architecture together
    Nested,   ///< attn_config.kv_n_heads
};

/// Which layers see only a window, unless layer_types says it.
enum class Windows : std::uint8_t {
    None,
    All,    ///< sliding_window on every layer
    Upper,  ///< use_sliding_window: layers from max_window_layers on
    Period, ///< all but every windowPeriod-th layer
    Chunks, ///< attention_chunk_size, but for the layers that no_rope_layers marks with 0 (every 4th when absent)
    Listed, ///< hybrid_layer_pattern: 1 where a layer has the window (MiMo-V2)
};

/// How the layers of a model differ in the way they mix tokens, beyond windows.
enum class Mixing : std::uint8_t {
    Same,         ///< every layer alike
    GatedDelta,   ///< linear layers between full attention: layer_types, or full_attention_interval (Qwen3-Next, Qwen3.5)
    KimiDelta,    ///< linear_attn_config lists both sorts of layer (Kimi Linear)
    Sparse,       ///< every layer has an index (DeepSeek-V3.2), shared between layers where indexer_types says so (GLM-5.2)
    WindowHeads,  ///< layers with a window have heads of their own: swa_num_attention_heads and others (MiMo-V2)
    GlobalHeads,  ///< layers without a window have heads of their own: global_head_dim and others (Gemma 4)
    OnePart,      ///< each layer is a mixer, attention, an MLP or experts: hybrid_override_pattern (Nemotron-H)
    BlockConfigs, ///< block_configs describes layer after layer (DeciLM, Nemotron NAS)
};

/// What is known of the multi-token prediction layers that a config declares.
enum class Predicting : std::uint8_t {
    NotStored, ///< the published weights hold none, or their tensors are not known
    LastLayer, ///< each is like the last layer
};

/// Which layers hold experts, and where their sizes stand.
enum class Experts : std::uint8_t {
    None,
    All,         ///< every layer; intermediate_size is one expert's
    Strided,     ///< decoder_sparse_step and mlp_only_layers; moe_intermediate_size
    AfterFirst,  ///< first_k_dense_replace and moe_layer_freq; moe_intermediate_size
    Interleaved, ///< interleave_moe_layer_step or moe_layers; intermediate_size, and intermediate_size_mlp for dense layers
    Nested,      ///< ffn_config
    Listed,      ///< moe_layer_freq lists 0 or 1 for each layer; moe_intermediate_size
    Beside,      ///< in every layer beside the dense MLP, where enable_moe_block says so (Gemma 4)
};

enum class RouterBias : std::uint8_t {
    Never,
    Always,
    Method, ///< topk_method "noaux_tc" has one
    Flag,   ///< use_routing_bias
};

/// A bias that is there always, never, or as a field says. `key` empty: always `fallback`.
struct BiasRule {
    std::string_view key = {};
    bool fallback = false;
};

struct Family {
    std::string_view modelType = {};
    std::string_view architecture = {}; ///< names the family where model_type is missing; else empty
    AttentionKind attention = AttentionKind::Grouped;
    KvHeads kvHeads = KvHeads::OrAll;
    bool headDimDerives = true; ///< absent head_dim is H / n_Q; otherwise it must be given
    BiasRule attentionBias = {};
    bool biasOnOutput = true; ///< the attention bias is on the output projection too
    bool sinks = false;
    BiasRule outputGate = {};
    QueryKeyNorm queryKeyNorm = QueryKeyNorm::None;
    BiasRule queryKeyNormRule{"", true}; ///< whether `queryKeyNorm` is there
    Windows windows = Windows::None;
    int windowPeriod = 0;
    int windowFallback = 0; ///< sliding_window of the class when the field is absent (not when it is null)
    Experts experts = Experts::None;
    RouterBias routerBias = RouterBias::Never;
    bool routerBiasFallback = false; ///< Method and Flag, field absent
    bool sharedExpert = false;       ///< a shared expert in each layer of experts
    bool sharedExpertGate = false;
    int matrices = 3;
    bool intermediateDerives = false; ///< absent: 4 H
    BiasRule mlpBias = {};
    NormKind norm = NormKind::Rms;
    int normsPerLayer = 2;
    bool parallelBlock = false;
    bool tied = false;         ///< tie_word_embeddings absent
    int learnedPositions = -1; ///< rows beyond max_position_embeddings of a learned table; -1: none
    bool embeddingNorm = false;
    Mixing mixing = Mixing::Same;
    Predicting predicting = Predicting::LastLayer;
    int predictionFallback = 0;       ///< layers of prediction where the config does not say
    bool predictionEmbedding = false; ///< the published weights hold copies of embedding and head for them
};

/// Null when no family has this model_type (or, where it is empty, this architecture).
[[nodiscard]] const Family* familyOf(std::string_view modelType, std::string_view architecture);
/// All model types, for an error sentence.
[[nodiscard]] std::string knownModelTypes();

} // namespace shardlens::huggingface
