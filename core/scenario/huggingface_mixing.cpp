// SPDX-License-Identifier: Apache-2.0
// Layers that mix tokens in different ways: linear attention between full attention, sparse indexes, heads that differ by window, and
// layers of one part each.
#include "core/scenario/huggingface_layers.h"
#include "core/scenario/model_json.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens::huggingface {

namespace {

using Limits = ModelLimits;

/// Qwen3-Next and Qwen3.5 (arXiv:2412.06464).
LinearMixer readGatedDelta(ConfigReader& reader)
{
    LinearMixer m;
    m.kind = LinearKind::GatedDelta;
    m.keyHeads = reader.required("linear_num_key_heads", 1, Limits::heads);
    m.keyDim = reader.required("linear_key_head_dim", 1, Limits::headDim);
    m.valueHeads = reader.required("linear_num_value_heads", 1, Limits::heads);
    m.valueDim = reader.required("linear_value_head_dim", 1, Limits::headDim);
    m.convKernel = reader.required("linear_conv_kernel_dim", 1, Limits::convKernel);
    if (m.valueHeads % m.keyHeads != 0)
        reader.refuse("linear_num_key_heads", "a divisor of the " + std::to_string(m.valueHeads) + " value heads is expected");
    return m;
}

std::vector<bool> linearByInterval(ConfigReader& reader, int layers)
{
    static constexpr std::string_view kTypes[] = {"full_attention", "linear_attention"};
    const auto count = static_cast<std::size_t>(layers);
    std::vector<bool> linear(count, false);
    const int interval = reader.orElse("full_attention_interval", 4, 1, Limits::layers);
    if (const std::optional<JsonArray> types = reader.maybeArray("layer_types", count)) {
        for (std::size_t i = 0; i < count && !reader.failed(); ++i)
            linear[i] = types->at(i).asChoice(kTypes) == 1;
        return linear;
    }
    for (std::size_t i = 0; i < count; ++i)
        linear[i] = (i + 1) % static_cast<std::size_t>(interval) != 0;
    reader.derived("every layer but each " + std::to_string(interval) + "th is linear attention");
    return linear;
}

/// Kimi Linear (arXiv:2510.26692): both lists count layers from 1.
LinearMixer readKimiDelta(ConfigReader& reader, int layers, std::vector<bool>& linear)
{
    ConfigReader nested(reader.config().requiredObject("linear_attn_config"), reader.report());
    LinearMixer m;
    m.kind = LinearKind::KimiDelta;
    m.keyHeads = m.valueHeads = nested.required("num_heads", 1, Limits::heads);
    m.keyDim = m.valueDim = nested.required("head_dim", 1, Limits::headDim);
    m.convKernel = nested.required("short_conv_kernel_size", 1, Limits::convKernel);
    m.fullRankGate = nested.maybeFlag("use_full_rank_gate").value_or(false);
    nested.ignore("gate_lower_bound", "no effect on shapes and counts");
    linear.assign(static_cast<std::size_t>(layers), false);
    std::vector<bool> listed(linear.size(), false);
    for (const std::string_view name : {"kda_layers", "full_attn_layers"}) {
        const JsonArray list = nested.config().requiredArray(name, 0, linear.size());
        for (std::size_t i = 0; i < list.size() && !reader.failed(); ++i) {
            JsonValue value = list.at(i);
            const auto layer = static_cast<std::size_t>(value.asInt(1, layers) - 1);
            if (listed[layer])
                value.fail("a layer that is listed once is expected");
            listed[layer] = true;
            linear[layer] = name == "kda_layers";
        }
    }
    if (std::find(listed.begin(), listed.end(), false) != listed.end())
        reader.refuse("linear_attn_config", "every layer is expected in kda_layers or full_attn_layers, counted from 1");
    reader.derived("which layers are linear attention, from linear_attn_config");
    checkLeftovers(nested, "linear_attn_config");
    return m;
}

std::vector<Attention> readSparse(ConfigReader& reader, Attention attention, int layers)
{
    static constexpr std::string_view kTypes[] = {"full", "shared"};
    static constexpr std::string_view kLayerTypes[] = {"deepseek_sparse_attention"};
    const auto count = static_cast<std::size_t>(layers);
    attention.index.heads = reader.required("index_n_heads", 1, Limits::heads);
    attention.index.headDim = reader.required("index_head_dim", 1, Limits::headDim);
    attention.index.topK = reader.required("index_topk", 1, Limits::positions);
    reader.ignore("indexer_rope_interleave", "no effect on shapes and counts");
    if (const std::optional<JsonArray> types = reader.maybeArray("layer_types", count))
        for (std::size_t i = 0; i < count && !reader.failed(); ++i)
            (void)types->at(i).asChoice(kLayerTypes);
    std::vector<Attention> result(count, attention);
    const std::optional<JsonArray> types = reader.maybeArray("indexer_types", count);
    for (std::size_t i = 0; types && i < count && !reader.failed(); ++i) {
        JsonValue type = types->at(i);
        result[i].index.shared = type.asChoice(kTypes) == 1;
        if (i == 0 && result[i].index.shared)
            type.fail("full is expected, since no layer comes before it");
    }
    if (types)
        for (const std::string_view name : {"index_topk_freq", "index_skip_topk_offset", "index_topk_pattern"})
            reader.ignore(name, "indexer_types says which layers have an index of their own");
    return result;
}

/// MiMo-V2: the window's layers have sizes of their own.
std::vector<Attention> readWindowHeads(ConfigReader& reader, const Family& family, Attention full, int layers)
{
    const auto withValueDim = [&reader](std::string_view name, Attention& a) {
        const int size = reader.orElse(name, a.headDim, 1, Limits::headDim);
        a.valueHeadDim = size == a.headDim ? 0 : size;
    };
    withValueDim("v_head_dim", full);
    Attention windowed = full;
    windowed.queryHeads = reader.required("swa_num_attention_heads", 1, Limits::heads);
    windowed.kvHeads = reader.required("swa_num_key_value_heads", 1, Limits::heads);
    windowed.headDim = reader.required("swa_head_dim", 1, Limits::headDim);
    withValueDim("swa_v_head_dim", windowed);
    if (windowed.queryHeads % windowed.kvHeads != 0)
        reader.refuse("swa_num_key_value_heads", "a divisor of the " + std::to_string(windowed.queryHeads) + " query heads is expected");
    full.sinks = reader.flag("add_full_attention_sink_bias", false, "the default of this model_type");
    windowed.sinks = reader.flag("add_swa_attention_sink_bias", false, "the default of this model_type");
    std::vector<Attention> result;
    const std::vector<Window> windows = readWindows(reader, family, layers);
    const std::optional<int> chunk = reader.maybe("attention_chunk_size", 1, Limits::positions);
    for (const Window& window : windows) {
        result.push_back(window.size > 0 ? windowed : full);
        result.back().window = window.size;
        if (window.size > 0 && chunk && *chunk != window.size)
            reader.refuse("attention_chunk_size", "only the size of the window, " + std::to_string(window.size) + ", is understood");
    }
    return result;
}

/// Gemma 4: layers without a window have larger heads, fewer of keys, and one projection for keys and values.
std::vector<Attention> readGlobalHeads(ConfigReader& reader, const Family& family, const Attention& windowed, int layers)
{
    Attention full = windowed;
    full.headDim = reader.orElse("global_head_dim", windowed.headDim, 1, Limits::headDim);
    full.keyIsValue = reader.flag("attention_k_eq_v", false, "the default of this model_type");
    if (full.keyIsValue)
        full.kvHeads = reader.orElse("num_global_key_value_heads", windowed.kvHeads, 1, Limits::heads);
    else
        reader.ignore("num_global_key_value_heads", "attention_k_eq_v is false");
    if (full.queryHeads % full.kvHeads != 0)
        reader.refuse("num_global_key_value_heads", "a divisor of the " + std::to_string(full.queryHeads) + " query heads is expected");
    reader.ignore("use_bidirectional_attention", "only the tokens of pictures see each other both ways");
    if (!reader.hasValue("hidden_size_per_layer_input")
        || reader.config().optionalInt("hidden_size_per_layer_input", 0, Limits::hidden).value_or(0) == 0)
        reader.ignore("vocab_size_per_layer_input", "hidden_size_per_layer_input is 0: there are no embeddings per layer");
    else
        reader.refuse("hidden_size_per_layer_input", "only 0 is understood: embeddings per layer are not");
    std::vector<Attention> result;
    for (const Window& window : readWindows(reader, family, layers)) {
        result.push_back(window.size > 0 ? windowed : full);
        result.back().window = window.size;
    }
    return result;
}

std::vector<Attention> readLinearBetween(ConfigReader& reader, const Family& family, const Attention& full, int layers)
{
    std::vector<bool> isLinear;
    Attention linear;
    linear.kind = AttentionKind::Linear;
    if (family.mixing == Mixing::KimiDelta) {
        linear.linear = readKimiDelta(reader, layers, isLinear);
    } else {
        linear.linear = readGatedDelta(reader);
        isLinear = linearByInterval(reader, layers);
        reader.ignore("output_gate_type", "no effect on shapes and counts");
        reader.ignore("mamba_ssm_dtype", "the state's format is the program's to choose");
    }
    std::vector<Attention> result;
    result.reserve(isLinear.size());
    for (const bool each : isLinear)
        result.push_back(each ? linear : full);
    return result;
}

/// Mamba-2 as Nemotron-H has it (arXiv:2405.21060).
LinearMixer readMamba(ConfigReader& reader)
{
    LinearMixer m;
    m.kind = LinearKind::Mamba2;
    m.valueHeads = reader.required("mamba_num_heads", 1, Limits::heads);
    m.valueDim = reader.required("mamba_head_dim", 1, Limits::headDim);
    m.keyHeads = reader.required("n_groups", 1, Limits::heads);
    m.keyDim = reader.required("ssm_state_size", 1, Limits::headDim);
    m.convKernel = reader.required("conv_kernel", 1, Limits::convKernel);
    m.convBias = reader.flag("use_conv_bias", true, "the default of this model_type");
    m.projectionBias = reader.flag("mamba_proj_bias", false, "the default of this model_type");
    if (m.valueHeads % m.keyHeads != 0)
        reader.refuse("n_groups", "a divisor of the " + std::to_string(m.valueHeads) + " heads is expected");
    for (const std::string_view name : {"chunk_size", "expand", "time_step_floor", "time_step_limit", "time_step_max", "time_step_min",
                                        "time_step_rank", "mamba_ssm_cache_dtype", "use_mamba_kernels", "rescale_prenorm_residual",
                                        "num_logits_to_keep", "moe_shared_expert_overlap", "mamba_hidden_act", "mlp_hidden_act"})
        reader.ignore(name, "no effect on shapes and counts");
    return m;
}

enum class Part : std::uint8_t { Mamba, Attention, Mlp, Experts };

/// "M*-E" or ["mamba", "attention", "mlp", "moe"].
std::vector<Part> readParts(ConfigReader& reader, std::string_view pattern, std::string_view list)
{
    static constexpr std::string_view kNames[] = {"mamba", "attention", "mlp", "moe"};
    constexpr std::string_view kLetters = "M*-E";
    std::vector<Part> parts;
    if (reader.hasValue(list)) {
        const JsonArray array = reader.config().requiredArray(list, 1, Limits::layers);
        for (std::size_t i = 0; i < array.size() && !reader.failed(); ++i)
            parts.push_back(static_cast<Part>(array.at(i).asChoice(kNames)));
        reader.ignore(pattern, std::string(list) + " lists the layers");
    } else if (const std::optional<std::string> letters = reader.maybeText(pattern)) {
        for (const char letter : *letters) {
            const std::size_t place = kLetters.find(letter);
            if (place == std::string_view::npos || parts.size() == std::size_t{Limits::layers}) {
                reader.refuse(pattern, "at most 1,024 letters M (state space), * (attention), - (MLP) and E (experts) are understood");
                break;
            }
            parts.push_back(static_cast<Part>(place));
        }
    }
    return parts;
}

/// Layers of Nemotron-H by part; only parts that appear are read.
class OnePart {
public:
    OnePart(ConfigReader& reader, const Family& family, int hidden) : m_reader(reader), m_family(family), m_hidden(hidden) {}

    LayerKind layer(Part part)
    {
        std::optional<LayerKind>& known = m_kinds[static_cast<std::size_t>(part)];
        if (!known)
            known = read(part);
        return *known;
    }

private:
    LayerKind read(Part part)
    {
        LayerKind kind;
        kind.attention.kind = AttentionKind::None;
        kind.feedForward.matrices = m_family.matrices;
        switch (part) {
        case Part::Mamba:
            kind.attention.kind = AttentionKind::Linear;
            kind.attention.linear = readMamba(m_reader);
            break;
        case Part::Attention: kind.attention = readAttention(m_reader, m_family, m_hidden); break;
        case Part::Mlp:
            kind.feedForward.intermediate = m_reader.required("intermediate_size", 1, Limits::intermediate);
            kind.feedForward.bias = readBias(m_reader, m_family.mlpBias);
            break;
        case Part::Experts: readExperts(kind.feedForward); break;
        }
        return kind;
    }

    void readExperts(FeedForward& f)
    {
        readExpertCounts(m_reader, f);
        f.bias = readBias(m_reader, m_family.mlpBias);
        f.expertIntermediate = m_reader.required("moe_intermediate_size", 1, Limits::expertIntermediate);
        f.expertHidden = m_reader.maybe("moe_latent_size", 1, Limits::hidden).value_or(0);
        f.routerBias = true;
        m_reader.derived("the router has a correction bias, as this model_type");
        const int shared = m_reader.orElse("n_shared_experts", 0, 0, 1);
        if (shared > 0)
            f.sharedIntermediate = m_reader.required("moe_shared_expert_intermediate_size", 1, Limits::intermediate);
        else
            m_reader.ignore("moe_shared_expert_intermediate_size", "there is no shared expert");
    }

    ConfigReader& m_reader;
    const Family& m_family;
    int m_hidden;
    std::array<std::optional<LayerKind>, 4> m_kinds;
};

Attention readBlockAttention(ConfigReader& block, const Attention& base)
{
    Attention a = base;
    for (const std::string_view name :
         {"replace_with_linear", "sparsify", "num_sink_tokens", "window_length", "unshifted_sink", "use_prefill_window_in_sink_attention"})
        if (block.hasValue(name) && !(block.config().required(name).isBool() && !block.config().requiredBool(name)))
            block.refuse(name, "only null and false are understood");
    if (block.maybeFlag("no_op").value_or(false)) {
        a = {};
        a.kind = AttentionKind::None;
        return a;
    }
    const int group = block.required("n_heads_in_group", 1, a.queryHeads);
    if (a.queryHeads % group != 0)
        block.refuse("n_heads_in_group", "a divisor of the " + std::to_string(a.queryHeads) + " query heads is expected");
    a.kvHeads = a.queryHeads / group;
    return a;
}

/// DeciLM: 2/3 of ffn_mult times H, up to the next multiple of 256 (configuration_decilm.py and modeling_decilm.py beside the weights).
FeedForward readBlockFeedForward(ConfigReader& block, const FeedForward& base, int hidden)
{
    FeedForward f = base;
    for (const std::string_view name : {"replace_with_linear", "sparsify"})
        if (block.hasValue(name) && !(block.config().required(name).isBool() && !block.config().requiredBool(name)))
            block.refuse(name, "only null and false are understood");
    if (block.maybeFlag("no_op").value_or(false)) {
        f.intermediate = 0;
        return f;
    }
    constexpr double kWidest = 64;
    constexpr int kMultiple = 256;
    const double factor = block.config().requiredDouble("ffn_mult", 1e-3, kWidest);
    const int width = static_cast<int>(2 * factor * hidden / 3);
    f.intermediate = (width + kMultiple - 1) / kMultiple * kMultiple;
    return f;
}

} // namespace

std::vector<Attention> readMixing(ConfigReader& reader, const Family& family, const Attention& attention, int layers)
{
    switch (family.mixing) {
    case Mixing::GatedDelta:
    case Mixing::KimiDelta: return readLinearBetween(reader, family, attention, layers);
    case Mixing::Sparse: return readSparse(reader, attention, layers);
    case Mixing::WindowHeads: return readWindowHeads(reader, family, attention, layers);
    case Mixing::GlobalHeads: return readGlobalHeads(reader, family, attention, layers);
    case Mixing::Same:
    case Mixing::OnePart:
    case Mixing::BlockConfigs: break;
    }
    std::vector<Attention> result;
    for (const Window& window : readWindows(reader, family, layers)) {
        result.push_back(attention);
        result.back().window = window.size;
        result.back().chunked = window.chunked;
    }
    return result;
}

std::vector<LayerKind> readOnePartLayers(ConfigReader& reader, const Family& family, int hidden, std::optional<LayerKind>& prediction)
{
    const std::vector<Part> parts = readParts(reader, "hybrid_override_pattern", "layers_block_type");
    if (parts.empty())
        reader.refuse("hybrid_override_pattern", "this field or layers_block_type is needed");
    if (const std::optional<int> stated = reader.maybe("num_hidden_layers", 1, Limits::layers);
        stated && *stated != static_cast<int>(parts.size()))
        reader.refuse("num_hidden_layers", "the number of layers listed, " + std::to_string(parts.size()) + ", is expected");
    OnePart one(reader, family, hidden);
    std::vector<LayerKind> layers;
    layers.reserve(parts.size());
    for (const Part part : parts)
        layers.push_back(one.layer(part));
    const bool uses = std::find(parts.begin(), parts.end(), Part::Mlp) != parts.end();
    if (!uses)
        reader.ignore("intermediate_size", "no layer has a dense MLP");
    for (const std::string_view name : {"use_bias", "mlp_bias"})
        (void)reader.maybeFlag(name);
    const std::vector<Part> predicted = readParts(reader, "mtp_hybrid_override_pattern", "mtp_layers_block_type");
    if (predicted.empty())
        return layers;
    // One block per prediction: what mixes tokens, then what follows it.
    LayerKind kind;
    kind.attention.kind = AttentionKind::None;
    kind.feedForward.matrices = family.matrices;
    int mixers = 0;
    int followers = 0;
    for (const Part part : predicted) {
        const LayerKind layer = one.layer(part);
        if (part == Part::Mamba || part == Part::Attention) {
            kind.attention = layer.attention;
            ++mixers;
        } else {
            kind.feedForward = layer.feedForward;
            ++followers;
        }
    }
    if (mixers > 1 || followers > 1)
        reader.refuse(reader.hasValue("mtp_layers_block_type") ? "mtp_layers_block_type" : "mtp_hybrid_override_pattern",
                      "at most one mixer or attention and one MLP or layer of experts are understood");
    prediction = kind;
    return layers;
}

std::vector<LayerKind> readBlockConfigs(ConfigReader& reader, const Family& family, int hidden, int layers)
{
    const Attention attention = readAttention(reader, family, hidden);
    FeedForward feedForward;
    feedForward.matrices = family.matrices;
    feedForward.bias = readBias(reader, family.mlpBias);
    std::vector<LayerKind> kinds;
    const std::optional<JsonArray> blocks = reader.maybeArray("block_configs", static_cast<std::size_t>(layers));
    if (!blocks)
        reader.refuse("block_configs", "this field is needed: one object per layer");
    for (std::size_t i = 0; blocks && i < blocks->size() && !reader.failed(); ++i) {
        JsonObject block = blocks->at(i).asObject();
        ImportedModel unreported; // 80 times the same few fields would bury the rest of the report
        ConfigReader mixer(block.requiredObject("attention"), unreported);
        ConfigReader mlp(block.requiredObject("ffn"), unreported);
        kinds.push_back({readBlockAttention(mixer, attention), readBlockFeedForward(mlp, feedForward, hidden)});
        if (kinds.back().attention.kind == AttentionKind::None && kinds.back().feedForward.isNone())
            block.fail("ffn", "a layer with attention, an MLP or both is understood");
        checkLeftovers(mixer, family.modelType);
        checkLeftovers(mlp, family.modelType);
    }
    reader.derived("KV heads and MLP widths layer by layer, from block_configs");
    return kinds;
}

} // namespace shardlens::huggingface
