// SPDX-License-Identifier: Apache-2.0
// The attention whose heads a model is spoken of by.
#pragma once

#include "core/model/architecture.h"

namespace shardlens {

/// Of the first layer with softmax attention: a hybrid model may start with a layer that has another mixer, or none, and no such heads.
/// Null where no layer has any.
[[nodiscard]] inline const Attention* headAttention(const Model& model)
{
    for (const std::uint8_t layer : model.layers) {
        const Attention& attention = model.kinds[layer].attention;
        if (attention.kind == AttentionKind::Grouped || attention.kind == AttentionKind::Latent)
            return &attention;
    }
    return nullptr;
}

} // namespace shardlens
