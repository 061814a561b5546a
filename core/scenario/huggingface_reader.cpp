// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/huggingface_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace shardlens::huggingface {

namespace {

// Fields whose names sound like the architecture and that change no shape and no count: positions, numerics, routing scores, training,
// generation and token numbers.
// clang-format off
constexpr std::string_view kHarmless[] = {
    "_attn_implementation", "_attn_implementation_autoset", "activation_dropout", "activation_situ_beta",
    "activation_situ_linear_beta", "attention_dropout", "attention_dropout_prob",
    "attention_multiplier", "attention_probs_dropout_prob", "attention_sink_size", "attention_softmax_in_fp32", "attn_logit_softcapping",
    "attn_output_multiplier", "attn_pdrop", "attn_scale", "attn_temperature_tuning", "attention_value_scale", "boi_token_index", "chunk_size_feed_forward",
    "embd_pdrop", "embedding_multiplier", "embedding_multiplier_scale", "eoi_token_index", "ep_size",
    "ffn_act_fn", "final_logit_softcapping", "for_llm_compressor", "hidden_act", "hidden_activation", "hidden_dropout",
    "image_token_index", "language_model_only", "layer_norm_eps", "layer_norm_epsilon", "layernorm_epsilon", "layerdrop", "masked_softmax_fusion", "max_attn_value", "n_ctx",
    "mla_use_nope", "moe_renormalize", "moe_router_activation_func", "moe_router_dtype", "moe_router_scaling_factor", "no_repeat_ngram_size", "norm_eps", "norm_topk_prob", "num_beam_groups", "num_beams", "num_labels", "num_return_sequences",
    "original_max_position_embeddings", "output_attentions", "output_hidden_states", "output_router_logits", "partial_rotary_factor",
    "query_pre_attn_scalar", "reorder_and_upcast_attn", "rms_norm_eps", "rope_interleave", "rotary_dim", "routed_scaling_factor",
    "router_aux_loss_coef", "router_jitter_noise", "scale_attn_by_inverse_layer_idx", "scale_attn_weights", "summary_proj_to_labels",
    "summary_use_proj", "top_k", "topk_method", "use_cache", "use_grouped_topk",
};

// A field whose name holds one of these may change what is stored or computed.
constexpr std::string_view kStructural[] = {
    "adapter", "attention", "attn", "bias", "block", "chunk", "compress", "conv", "cross", "depth", "dim", "embed", "expert", "ff_",
    "ffn", "gate", "head", "hidden", "hybrid", "index", "intermediate", "interval", "kv", "layer", "linear", "lora", "mamba", "memory",
    "mlp", "moe", "mtp", "norm", "pattern", "per_tok", "proj", "rank", "recurrent", "rout", "shared", "size", "sparse", "ssm", "state",
    "step", "topk", "vocab", "width", "window",
};
// clang-format on

template <std::size_t N>
bool holds(const std::string_view (&names)[N], std::string_view name)
{
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool soundsStructural(std::string_view name)
{
    if (holds(kHarmless, name) || name.ends_with("_token_id") || name.ends_with("_token_index"))
        return false;
    return name.starts_with("n_") || name.starts_with("num_")
           || std::any_of(std::begin(kStructural), std::end(kStructural),
                          [name](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

/// null, false, 0, and empty texts and containers say that something is not there.
bool saysNothing(const nlohmann::json& value)
{
    switch (value.type()) {
    case nlohmann::json::value_t::null: return true;
    case nlohmann::json::value_t::boolean: return !value.get<bool>();
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned:
    case nlohmann::json::value_t::number_float: return value.get<double>() == 0;
    case nlohmann::json::value_t::string: return value.get_ref<const std::string&>().empty();
    case nlohmann::json::value_t::array:
    case nlohmann::json::value_t::object: return value.empty();
    default: return false;
    }
}

} // namespace

void ConfigReader::wasRead(const JsonValue& value, std::string_view name)
{
    m_report.read.push_back(std::string(name) + " = " + value.text());
}

std::optional<int> ConfigReader::maybe(Names names, int minimum, int maximum)
{
    std::optional<int> found;
    std::string_view foundName;
    for (const std::string_view name : names) {
        std::optional<JsonValue> value = m_config.optional(name);
        if (!value || value->isNull())
            continue;
        const int number = value->asInt(minimum, maximum);
        if (found && *found != number)
            value->fail("the same as " + std::string(foundName) + ", " + std::to_string(*found) + ", is expected");
        if (!found)
            foundName = name;
        found = number;
        wasRead(*value, name);
    }
    return found;
}

std::optional<int> ConfigReader::maybe(std::string_view name, int minimum, int maximum)
{
    const std::array<std::string_view, 1> names{name};
    return maybe(names, minimum, maximum);
}

int ConfigReader::required(Names names, int minimum, int maximum)
{
    if (const std::optional<int> value = maybe(names, minimum, maximum))
        return *value;
    const std::string others = names.size() > 1 ? " (also known as " + listOf(names.subspan(1)) + ")" : std::string();
    m_config.reader().fail(m_config.pointerTo(names.front()), {}, "this field is needed and missing" + others);
    return minimum;
}

int ConfigReader::required(std::string_view name, int minimum, int maximum)
{
    const std::array<std::string_view, 1> names{name};
    return required(names, minimum, maximum);
}

std::optional<bool> ConfigReader::maybeFlag(std::string_view name)
{
    std::optional<JsonValue> value = m_config.optional(name);
    if (!value || value->isNull())
        return std::nullopt;
    wasRead(*value, name);
    return value->asBool();
}

int ConfigReader::orElse(std::string_view name, int fallback, int minimum, int maximum)
{
    if (const std::optional<int> value = maybe(name, minimum, maximum))
        return *value;
    defaulted(std::string(name) + " absent: " + std::to_string(fallback));
    return fallback;
}

bool ConfigReader::flag(std::string_view name, bool fallback, std::string_view because)
{
    if (const std::optional<bool> value = maybeFlag(name))
        return *value;
    defaulted(std::string(name) + " absent: " + (fallback ? "true" : "false") + ", " + std::string(because));
    return fallback;
}

std::optional<std::string> ConfigReader::maybeText(std::string_view name)
{
    std::optional<JsonValue> value = m_config.optional(name);
    if (!value || value->isNull())
        return std::nullopt;
    wasRead(*value, name);
    return value->asString();
}

std::optional<JsonArray> ConfigReader::maybeArray(std::string_view name, std::size_t size)
{
    std::optional<JsonValue> value = m_config.optional(name);
    if (!value || value->isNull())
        return std::nullopt;
    wasRead(*value, name);
    return value->asArray(size, size);
}

std::vector<int> ConfigReader::layerNumbers(std::string_view name, int layers)
{
    std::vector<int> numbers;
    std::optional<JsonValue> value = m_config.optional(name);
    if (!value || value->isNull())
        return numbers;
    wasRead(*value, name);
    const JsonArray array = value->asArray(0, static_cast<std::size_t>(layers));
    for (std::size_t i = 0; i < array.size(); ++i)
        numbers.push_back(array.at(i).asInt(0, layers - 1));
    return numbers;
}

void ConfigReader::ignore(std::string_view name, std::string_view because)
{
    const std::optional<JsonValue> value = m_config.optional(name);
    if (value && !saysNothing(value->json()))
        m_report.ignored.push_back(std::string(name) + " = " + value->text() + ": " + std::string(because));
}

void checkLeftovers(ConfigReader& reader, std::string_view modelType)
{
    for (const std::string& name : reader.config().unknownKeys()) {
        const std::optional<JsonValue> value = reader.config().optional(name);
        if (value && !saysNothing(value->json()) && soundsStructural(name)) {
            reader.refuse(name, "this field is not understood for " + std::string(modelType) + " and may change the architecture");
            return;
        }
        reader.ignore(name, "no effect on shapes and counts");
    }
}

} // namespace shardlens::huggingface
