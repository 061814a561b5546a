// SPDX-License-Identifier: Apache-2.0
// A model as JSON: the same object in catalog files (one per file) and inside scenario files.
//
//   id, name              texts; id is short, lower case and stable
//   hugging_face_id       text, optional
//   former_hugging_face_ids    list of texts, optional: names that this repository had before
//   source                text: where the figures come from
//   hidden, vocabulary    whole numbers H, V
//   max_positions         optional; 0 or absent: not stated
//   learned_positions     optional: rows of a learned position table
//   tied_embedding        true or false
//   head_bias, embedding_norm, parallel_block    optional, false when absent
//   norm                  "rms", "layer" (weights and biases) or "layer-no-bias"
//   norms_per_layer       whole number
//   kinds                 1 to 16 objects {"attention": {...}, "feed_forward": {...}}
//     attention           {"kind": "grouped", query_heads, kv_heads, head_dim}, optional value_head_dim (0 or absent: head_dim), qkv_bias,
//                         query_key_norm ("none", "per-head", "full"), output_gate, key_is_value;
//                         {"kind": "latent", query_heads, query_lora_rank (0: none), kv_lora_rank, nope_head_dim, rope_head_dim,
//                          value_head_dim};
//                         optional in both: window, chunked, output_bias, sinks, index {heads, head_dim, top_k, shared};
//                         {"kind": "linear", mixer ("gated-delta", "kimi-delta", "mamba2"), key_heads, key_dim, value_heads, value_dim,
//                          conv_kernel}, optional conv_bias, projection_bias, full_rank_gate;
//                         {"kind": "none"}: the layer mixes no tokens
//     feed_forward        matrices (2 or 3), intermediate (absent in a layer of experts only; 0: the layer has no feed-forward part), bias;
//                         with experts also experts, top_k, expert_intermediate, and optional shared_intermediate, router_bias,
//                         shared_expert_gate, groups and top_groups (device-limited routing), expert_hidden (width the experts work in)
//   layers                runs in order: {"kind": 0, "count": 80}, or {"pattern": [0, 1], "count": 12} for 24 alternating layers
//   prediction            optional: {layers, kind, own_embedding}: multi-token prediction
//   native_formats        optional: {weights, and where they differ attention, mlp, experts, embedding, kv}: what the file is stored in
//   published_parameters  optional: parameters in the published weights
//   published_extras      optional: what that count holds beyond this model
#pragma once

#include "core/base/result.h"
#include "core/model/architecture.h"
#include "core/scenario/json_reader.h"

#include <string>
#include <string_view>

namespace shardlens {

/// Limits of what is read, wide of any model yet seen and narrow enough that no 64-bit count of parameters or bits overflows.
struct ModelLimits {
    static constexpr int hidden = 65'536;
    static constexpr int vocabulary = 4'194'304;
    static constexpr int positions = 1'000'000'000;
    static constexpr int layers = 1'024;
    static constexpr int kinds = 16;
    static constexpr int heads = 1'024;
    static constexpr int headDim = 1'024;
    static constexpr int rank = 65'536;
    static constexpr int intermediate = 1'048'576;
    static constexpr int experts = 2'048;
    static constexpr int expertIntermediate = 131'072;
    static constexpr int normsPerLayer = 8;
    static constexpr int convKernel = 64;
    static constexpr int predictionLayers = 64;
    static constexpr std::size_t formerIds = 16;
};

/// Reads and finishes `object`. Errors go to its reader; what is returned then must not be used.
[[nodiscard]] Model readModel(JsonObject object);
/// A file of the catalog: unknown keys are refused.
[[nodiscard]] Result<Model> parseModel(std::string_view json, const std::string& fileName);
/// The object readModel() reads; optional keys only where they say something.
[[nodiscard]] nlohmann::ordered_json modelToJson(const Model& model);
/// modelToJson() as the text of a catalog file.
[[nodiscard]] std::string printModel(const Model& model);

} // namespace shardlens
