// SPDX-License-Identifier: Apache-2.0
// Parameter counts, exact to the unit. Formulas: each tensor's shape in the published weights (Hugging Face safetensors).
#pragma once

#include "core/model/architecture.h"

namespace shardlens {

/// Elements of one layer's tensors, by class. All unsharded.
struct LayerParameters {
    std::int64_t query = 0;            ///< Grouped: H n_Q d. Latent: the whole query path (down, norm, up)
    std::int64_t keyValue = 0;         ///< Grouped: 2 H n_KV d. Latent: down-projection, norm and up-projection
    std::int64_t output = 0;           ///< Grouped: n_Q d H. Latent: n_Q v H
    std::int64_t attentionSmall = 0;   ///< biases, query-key norms, sinks
    std::int64_t dense = 0;            ///< dense MLP matrices
    std::int64_t routed = 0;           ///< all E routed experts, with their biases
    std::int64_t shared = 0;           ///< shared experts
    std::int64_t router = 0;           ///< H E (+ E)
    std::int64_t feedForwardSmall = 0; ///< biases of the dense MLP, gate of the shared experts
    std::int64_t norms = 0;
    [[nodiscard]] std::int64_t total() const
    {
        return query + keyValue + output + attentionSmall + dense + routed + shared + router + feedForwardSmall + norms;
    }
};

struct ParameterCount {
    std::int64_t embedding = 0; ///< V H, plus learned positions and embedding norm
    std::int64_t head = 0;      ///< V H unless tied, plus bias
    std::int64_t finalNorm = 0;
    std::int64_t layers = 0;
    std::int64_t total = 0;
    std::int64_t active = 0; ///< total less the routed experts a token does not visit; includes embedding and head
};

[[nodiscard]] LayerParameters layerParameters(const Model& model, const LayerKind& kind);
[[nodiscard]] ParameterCount countParameters(const Model& model);

} // namespace shardlens
