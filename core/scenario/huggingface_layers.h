// SPDX-License-Identifier: Apache-2.0
// The layers of a config.json, composed from its family's parts.
#pragma once

#include "core/scenario/huggingface_families.h"
#include "core/scenario/huggingface_reader.h"

namespace shardlens::huggingface {

/// Everything of the model but its names. `tiedOutside`: tie_word_embeddings of the file's top level, when the model is nested in it.
void readArchitecture(ConfigReader& reader, const Family& family, std::optional<bool> tiedOutside, Model& model);

/// Attention of the layers without a window.
[[nodiscard]] Attention readAttention(ConfigReader& reader, const Family& family, int hidden);
[[nodiscard]] bool readBias(ConfigReader& reader, const BiasRule& rule);

struct Window {
    int size = 0;
    bool chunked = false;
};
/// One entry per layer; size 0 where a layer sees everything.
[[nodiscard]] std::vector<Window> readWindows(ConfigReader& reader, const Family& family, int layers);
/// The way each layer mixes tokens: `attention` with its window, or what Mixing says of the layer.
[[nodiscard]] std::vector<Attention> readMixing(ConfigReader& reader, const Family& family, const Attention& attention, int layers);

struct FeedForwards {
    FeedForward dense;
    FeedForward sparse;
    std::vector<bool> isSparse; ///< one entry per layer
};
[[nodiscard]] FeedForwards readFeedForwards(ConfigReader& reader, const Family& family, int hidden, int layers);
/// Numbers of experts, of those a token visits, and of the groups they are in.
void readExpertCounts(ConfigReader& reader, FeedForward& sparse);

/// Mixing::OnePart: the layers in order. `prediction` is the kind of the prediction layers, when the config names their parts.
[[nodiscard]] std::vector<LayerKind> readOnePartLayers(ConfigReader& reader, const Family& family, int hidden,
                                                       std::optional<LayerKind>& prediction);
/// Mixing::BlockConfigs: the layers in order.
[[nodiscard]] std::vector<LayerKind> readBlockConfigs(ConfigReader& reader, const Family& family, int hidden, int layers);

} // namespace shardlens::huggingface
