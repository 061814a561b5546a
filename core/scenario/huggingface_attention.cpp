// SPDX-License-Identifier: Apache-2.0
// Heads, latents and windows of a config.json.
#include "core/scenario/huggingface_layers.h"

#include "core/scenario/model_json.h"

#include <array>

namespace shardlens::huggingface {

namespace {

using Limits = ModelLimits;

constexpr std::array<std::string_view, 3> kHeads{"num_attention_heads", "n_head", "n_heads"};
constexpr std::array<std::string_view, 2> kFalconKvHeads{"num_kv_heads", "n_head_kv"};
constexpr std::array<std::string_view, 2> kSlidingWindow{"sliding_window", "sliding_window_size"};
constexpr std::array<std::string_view, 2> kHeadDim{"head_dim", "attention_head_dim"};
constexpr std::array<std::string_view, 2> kPeriod{"sliding_window_pattern", "_sliding_window_pattern"};

int readFalconKvHeads(ConfigReader& reader, int heads)
{
    const bool newDecoder = reader.flag("new_decoder_architecture", false, "the Falcon default");
    bool shared = false;
    if (newDecoder)
        reader.ignore("multi_query", "new_decoder_architecture sets the KV heads");
    else
        shared = reader.flag("multi_query", true, "the Falcon default");
    const std::optional<int> given = reader.maybe(kFalconKvHeads, 1, Limits::heads);
    if (shared) {
        reader.derived("KV heads = 1, from multi_query");
        return 1;
    }
    if (!given)
        reader.derived("KV heads = num_attention_heads = " + std::to_string(heads));
    return given.value_or(heads);
}

int readNestedKvHeads(ConfigReader& reader)
{
    ConfigReader nested(reader.config().requiredObject("attn_config"), reader.report());
    nested.ignore("clip_qkv", "no effect on shapes and counts");
    return nested.required("kv_n_heads", 1, Limits::heads);
}

int readKvHeads(ConfigReader& reader, const Family& family, int heads)
{
    switch (family.kvHeads) {
    case KvHeads::Required: return reader.required("num_key_value_heads", 1, Limits::heads);
    case KvHeads::Falcon: return readFalconKvHeads(reader, heads);
    case KvHeads::Nested: return readNestedKvHeads(reader);
    case KvHeads::OrAll:
        if (const std::optional<int> given = reader.maybe("num_key_value_heads", 1, Limits::heads))
            return *given;
        break;
    case KvHeads::All: break;
    }
    reader.derived("KV heads = query heads = " + std::to_string(heads));
    return heads;
}

void readGrouped(ConfigReader& reader, const Family& family, int hidden, Attention& a)
{
    a.kvHeads = readKvHeads(reader, family, a.queryHeads);
    if (a.queryHeads % a.kvHeads != 0)
        reader.refuse("num_key_value_heads", "a divisor of the " + std::to_string(a.queryHeads) + " query heads is expected");
    if (const std::optional<int> given = reader.maybe(kHeadDim, 1, Limits::headDim)) {
        a.headDim = *given;
    } else if (!family.headDimDerives) {
        a.headDim = reader.required(kHeadDim, 1, Limits::headDim);
    } else if (hidden % a.queryHeads != 0 || hidden / a.queryHeads > Limits::headDim) {
        reader.refuse("head_dim", "this field is needed: hidden size " + std::to_string(hidden) + " / " + std::to_string(a.queryHeads)
                                      + " query heads is no head size");
    } else {
        a.headDim = hidden / a.queryHeads;
        reader.derived("head_dim = hidden size / query heads = " + std::to_string(a.headDim));
    }
}

void readLatent(ConfigReader& reader, Attention& a)
{
    a.kind = AttentionKind::Latent;
    a.kvHeads = a.queryHeads;
    reader.ignore("num_key_value_heads", "latent attention caches one latent and one rotary key per token");
    for (const std::string_view name : {"head_dim", "qk_head_dim"})
        reader.ignore(name, "latent attention has its own head sizes");
    a.kvLoraRank = reader.required("kv_lora_rank", 1, Limits::rank);
    a.nopeHeadDim = reader.required("qk_nope_head_dim", 1, Limits::headDim);
    a.ropeHeadDim = reader.required("qk_rope_head_dim", 1, Limits::headDim);
    a.valueHeadDim = reader.required("v_head_dim", 1, Limits::headDim);
    // Null says that queries are projected directly; an absent field says nothing.
    if (!reader.config().has("q_lora_rank"))
        a.queryLoraRank = reader.required("q_lora_rank", 1, Limits::rank);
    else
        a.queryLoraRank = reader.maybe("q_lora_rank", 1, Limits::rank).value_or(0);
    if (a.queryLoraRank == 0)
        reader.derived("q_lora_rank null: queries are projected directly");
}

QueryKeyNorm readQueryKeyNorm(ConfigReader& reader, const Family& family)
{
    if (family.queryKeyNorm == QueryKeyNorm::None || !readBias(reader, family.queryKeyNormRule))
        return QueryKeyNorm::None;
    if (family.queryKeyNorm == QueryKeyNorm::Full) {
        const std::optional<std::string> type = reader.maybeText("qk_norm_type");
        if (type && *type != "per_layer")
            reader.refuse("qk_norm_type", "only per_layer is understood");
    }
    return family.queryKeyNorm;
}

std::optional<int> readWindowSize(ConfigReader& reader, const Family& family)
{
    switch (family.windows) {
    case Windows::None: return std::nullopt;
    case Windows::Upper:
        if (!reader.flag("use_sliding_window", false, "the default of this model_type")) {
            for (const std::string_view name : {"sliding_window", "max_window_layers"})
                reader.ignore(name, "use_sliding_window is false");
            return std::nullopt;
        }
        return reader.required(kSlidingWindow, 1, Limits::positions);
    case Windows::Chunks: return reader.maybe("attention_chunk_size", 1, Limits::positions);
    case Windows::All:
    case Windows::Listed:
    case Windows::Period: break;
    }
    if (const std::optional<int> given = reader.maybe(kSlidingWindow, 1, Limits::positions))
        return given;
    if (family.windows == Windows::Period && !reader.config().has("sliding_window"))
        return reader.required(kSlidingWindow, 1, Limits::positions);
    if (family.windowFallback > 0 && !reader.config().has("sliding_window")) {
        reader.defaulted("sliding_window absent: " + std::to_string(family.windowFallback) + ", the default of this model_type");
        return family.windowFallback;
    }
    return std::nullopt;
}

/// Layers that see only a window, by the family's rule.
std::vector<bool> windowedByRule(ConfigReader& reader, const Family& family, int layers)
{
    std::vector<bool> windowed(static_cast<std::size_t>(layers), family.windows == Windows::All);
    if (family.windows == Windows::Upper) {
        const int first = reader.required("max_window_layers", 0, Limits::layers);
        for (std::size_t i = 0; i < windowed.size(); ++i)
            windowed[i] = static_cast<int>(i) >= first;
    } else if (family.windows == Windows::Period) {
        const auto period = static_cast<std::size_t>(reader.maybe(kPeriod, 1, Limits::layers).value_or(family.windowPeriod));
        for (std::size_t i = 0; i < windowed.size(); ++i)
            windowed[i] = (i + 1) % period != 0;
        reader.derived("every layer but each " + std::to_string(period) + "th has the window");
    } else if (family.windows == Windows::Listed) {
        const std::optional<JsonArray> list = reader.maybeArray("hybrid_layer_pattern", static_cast<std::size_t>(layers));
        if (!list)
            reader.refuse("hybrid_layer_pattern", "this field is needed: 1 for each layer with the window, 0 for the others");
        for (std::size_t i = 0; list && i < windowed.size() && !reader.failed(); ++i)
            windowed[i] = list->at(i).asInt(0, 1) != 0;
    } else if (family.windows == Windows::Chunks) {
        // An empty list says as little as none.
        const bool listed = reader.hasValue("no_rope_layers") && reader.config().requiredArray("no_rope_layers").size() > 0;
        const std::optional<JsonArray> list = listed ? reader.maybeArray("no_rope_layers", static_cast<std::size_t>(layers)) : std::nullopt;
        const auto interval = static_cast<std::size_t>(list ? 1 : reader.orElse("no_rope_layer_interval", 4, 1, Limits::layers));
        for (std::size_t i = 0; i < windowed.size(); ++i)
            windowed[i] = list ? list->at(i).asInt(0, 1) != 0 : (i + 1) % interval != 0;
        if (list)
            reader.ignore("no_rope_layer_interval", "no_rope_layers lists the layers");
        else
            reader.derived("every layer but each " + std::to_string(interval) + "th attends in chunks");
    }
    return windowed;
}

std::vector<bool> windowedByTypes(ConfigReader& reader, const JsonArray& types, bool hasWindow)
{
    static constexpr std::string_view kTypes[] = {"full_attention", "sliding_attention", "chunked_attention"};
    std::vector<bool> windowed;
    for (std::size_t i = 0; i < types.size() && !reader.failed(); ++i) {
        JsonValue type = types.at(i);
        windowed.push_back(type.asChoice(kTypes) != 0);
        if (windowed.back() && !hasWindow)
            type.fail("full_attention is expected, since no window is given");
    }
    return windowed;
}

} // namespace

bool readBias(ConfigReader& reader, const BiasRule& rule)
{
    return rule.key.empty() ? rule.fallback : reader.flag(rule.key, rule.fallback, "the default of this model_type");
}

Attention readAttention(ConfigReader& reader, const Family& family, int hidden)
{
    Attention a;
    a.queryHeads = reader.required(kHeads, 1, Limits::heads);
    if (family.attention == AttentionKind::Latent) {
        readLatent(reader, a);
        return a;
    }
    readGrouped(reader, family, hidden, a);
    a.qkvBias = readBias(reader, family.attentionBias);
    a.outputBias = a.qkvBias && family.biasOnOutput;
    a.sinks = family.sinks;
    a.outputGate = readBias(reader, family.outputGate);
    a.queryKeyNorm = readQueryKeyNorm(reader, family);
    return a;
}

std::vector<Window> readWindows(ConfigReader& reader, const Family& family, int layers)
{
    const std::optional<int> size = readWindowSize(reader, family);
    std::vector<bool> windowed(static_cast<std::size_t>(layers), false);
    if (const std::optional<JsonArray> types = reader.maybeArray("layer_types", static_cast<std::size_t>(layers))) {
        windowed = windowedByTypes(reader, *types, size.has_value());
        for (const std::string_view name : {"max_window_layers", "sliding_window_pattern", "_sliding_window_pattern", "no_rope_layers"})
            reader.ignore(name, "layer_types says which layers have the window");
    } else if (size) {
        windowed = windowedByRule(reader, family, layers);
    }
    std::vector<Window> windows(static_cast<std::size_t>(layers));
    for (std::size_t i = 0; i < windows.size() && i < windowed.size(); ++i)
        if (windowed[i])
            windows[i] = {size.value_or(0), family.windows == Windows::Chunks};
    return windows;
}

} // namespace shardlens::huggingface
