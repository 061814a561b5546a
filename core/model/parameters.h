// SPDX-License-Identifier: Apache-2.0
// Parameter counts, exact to the unit. Formulas: each tensor's shape in the published weights (Hugging Face safetensors).
#pragma once

#include "core/model/architecture.h"

#include <string>
#include <vector>

namespace shardlens {

/// Elements of one layer's tensors, by class. All unsharded.
struct LayerParameters {
    std::int64_t query = 0;            ///< Grouped: H n_Q d, twice with an output gate. Latent: the whole query path (down, norm, up)
    std::int64_t keyValue = 0;         ///< Grouped: H n_KV (d + v), or H n_KV d when keys are values. Latent: down, norm and up
    std::int64_t output = 0;           ///< n_Q v H
    std::int64_t attentionSmall = 0;   ///< biases, query-key norms, sinks
    std::int64_t index = 0;            ///< scorer of sparse attention: projections and the norm of its keys
    std::int64_t linearInput = 0;      ///< Linear: matrices that read the layer's input, and the second steps of low-rank gates
    std::int64_t linearOutput = 0;     ///< Linear: n_V d_v H
    std::int64_t linearSmall = 0;      ///< Linear: convolution, decay, time step, norm, biases
    std::int64_t dense = 0;            ///< dense MLP matrices
    std::int64_t routed = 0;           ///< all E routed experts, with their biases
    std::int64_t shared = 0;           ///< shared experts
    std::int64_t router = 0;           ///< H E (+ E)
    std::int64_t expertProjection = 0; ///< down to the width of the routed experts and up again: 2 H times that width
    std::int64_t feedForwardSmall = 0; ///< biases of the dense MLP, gate of the shared experts
    std::int64_t norms = 0;
    [[nodiscard]] std::int64_t total() const
    {
        return query + keyValue + output + attentionSmall + index + linearInput + linearOutput + linearSmall + dense + routed + shared
               + router + expertProjection + feedForwardSmall + norms;
    }
};

struct ParameterCount {
    std::int64_t embedding = 0; ///< V H, plus learned positions and embedding norm
    std::int64_t head = 0;      ///< V H unless tied, plus bias
    std::int64_t finalNorm = 0;
    std::int64_t layers = 0;
    std::int64_t total = 0;
    std::int64_t active = 0; ///< total less the routed experts a token does not visit; includes embedding and head
    /// Multi-token prediction, not in `total`: each of its layers has the parameters of predictionLayer(). Copies of embedding and head
    /// that the published file holds for it are not in it.
    std::int64_t prediction = 0;
};

/// A named part of a published count beyond `total`, e.g. "1 multi-token prediction layer".
struct PublishedExtra {
    std::string name;
    std::int64_t parameters = 0;
};

[[nodiscard]] LayerParameters layerParameters(const Model& model, const LayerKind& kind);
[[nodiscard]] ParameterCount countParameters(const Model& model);
/// One layer of multi-token prediction: a layer of its kind, the projection 2H x H and three norms (DeepSeek-V3, arXiv:2412.19437, section
/// 2.2: eh_proj, enorm, hnorm and the norm before the head). 0 when the model has none.
[[nodiscard]] std::int64_t predictionLayer(const Model& model);
/// What the structure of a model and the formats of its file explain of the published count: prediction layers, copies of embedding and
/// head, scales that are stored as parameters. Sources: the safetensors metadata of the published files, reconciled model by model.
[[nodiscard]] std::vector<PublishedExtra> publishedExtras(const Model& model);

} // namespace shardlens
