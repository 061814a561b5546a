// SPDX-License-Identifier: Apache-2.0
// Sources: quantization_config of transformers (fp8, mxfp4, awq, gptq), compressed-tensors and NVIDIA Model Optimizer, as the published
// configs write them. Exceptions are lists of module names, regular expressions or globs; they are told apart by the words they hold.
#include "core/scenario/huggingface_formats.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace shardlens::huggingface {

namespace {

using nlohmann::json;

constexpr std::size_t kEmbedding = static_cast<std::size_t>(WeightClass::Embedding);
constexpr std::array<std::string_view, kWeightClassCount> kClassNames{"attention", "dense and shared MLP", "routed experts",
                                                                      "embedding and head"};

std::string textOf(const json& object, const char* key)
{
    const auto place = object.find(key);
    return place != object.end() && place->is_string() ? place->get<std::string>() : std::string();
}

std::optional<int> wholeOf(const json& object, const char* key)
{
    const auto place = object.find(key);
    if (place == object.end() || !place->is_number_integer())
        return std::nullopt;
    const auto value = place->get<std::int64_t>();
    return value >= 0 && value <= 1'000'000 ? std::optional(static_cast<int>(value)) : std::nullopt;
}

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// The class of matrices that a module name, glob or expression is about; nothing for norms, routers, other towers and the like.
std::optional<WeightClass> classOf(std::string_view name)
{
    for (const std::string_view other : {"norm", "router", "vision", "visual", "audio", "projector", "mm_proj", "mtp", "eh_proj", "e_score",
                                         "indexers_proj", "patch_merge", "shared_expert_gate"})
        if (contains(name, other))
            return std::nullopt;
    if (name.ends_with("mlp.gate") || name.ends_with("moe.gate") || name == "gate" || name.ends_with(".gate"))
        return std::nullopt;
    if (contains(name, "lm_head") || contains(name, "embed") || name == "head")
        return WeightClass::Embedding;
    if (contains(name, "attn") || contains(name, "attention") || contains(name, "in_proj") || contains(name, "out_proj"))
        return WeightClass::Attention;
    if (contains(name, "shared_expert"))
        return WeightClass::Mlp;
    if (contains(name, "experts"))
        return WeightClass::Experts;
    if (contains(name, "mlp"))
        return WeightClass::Mlp;
    return std::nullopt;
}

/// First whole number between dots: the layer of "model.layers.12.self_attn"; -1 for a name that covers all layers.
int layerOf(std::string_view name)
{
    const std::size_t place = name.find("layers.");
    if (place == std::string_view::npos)
        return -1;
    int layer = -1;
    for (std::size_t i = place + std::string_view("layers.").size(); i < name.size() && name[i] >= '0' && name[i] <= '9' && layer < 100'000;
         ++i)
        layer = std::max(layer, 0) * 10 + (name[i] - '0');
    return layer;
}

/// Which classes a list of names covers in most layers that have them.
class Coverage {
public:
    explicit Coverage(int layers) : m_layers(layers) {}
    void add(std::string_view name)
    {
        const std::optional<WeightClass> weightClass = classOf(name);
        if (!weightClass)
            return;
        const auto index = static_cast<std::size_t>(*weightClass);
        if (const int layer = layerOf(name); layer >= 0)
            m_seen[index].insert(layer);
        else
            m_all[index] = true;
    }
    void addList(const json& object, const char* key)
    {
        const auto list = object.find(key);
        if (list != object.end() && list->is_array())
            for (const json& name : *list)
                if (name.is_string())
                    add(name.get_ref<const std::string&>());
    }
    /// Hybrid models have attention in every fourth layer only: a fifth of the layers is taken for all that have the class.
    [[nodiscard]] bool covers(std::size_t weightClass) const
    {
        return m_all[weightClass] || static_cast<int>(m_seen[weightClass].size()) * 5 >= m_layers;
    }

private:
    int m_layers;
    std::array<bool, kWeightClassCount> m_all{};
    std::array<std::set<int>, kWeightClassCount> m_seen;
};

/// Bits, type and group of one entry of config_groups.
std::optional<NumberFormat> formatOfWeights(const json& weights)
{
    const int bits = wholeOf(weights, "num_bits").value_or(0);
    const int group = wholeOf(weights, "group_size").value_or(0);
    const bool floating = textOf(weights, "type") == "float";
    if (bits == 8 && floating)
        return textOf(weights, "strategy") == "block" ? NumberFormat::Fp8Block : NumberFormat::Fp8;
    if (bits == 8)
        return NumberFormat::Int8;
    if (bits == 4 && floating)
        return group == 16 ? std::optional(NumberFormat::Nvfp4) : group == 32 ? std::optional(NumberFormat::Mxfp4) : std::nullopt;
    if (bits == 4)
        return group == 128 ? std::optional(NumberFormat::Int4) : group == 32 ? std::optional(NumberFormat::Int4Group32) : std::nullopt;
    return std::nullopt;
}

std::optional<NumberFormat> formatNamedBy(std::string_view algorithm)
{
    if (algorithm == "FP8")
        return NumberFormat::Fp8;
    if (algorithm.ends_with("NVFP4"))
        return NumberFormat::Nvfp4;
    if (algorithm.ends_with("MXFP4"))
        return NumberFormat::Mxfp4;
    return std::nullopt;
}

/// The one format of a config without lists of its own.
std::optional<NumberFormat> wholeFormat(const json& q)
{
    const std::string method = textOf(q, "quant_method");
    if (method == "fp8") {
        const auto block = q.find("weight_block_size");
        if (block == q.end() || block->is_null())
            return NumberFormat::Fp8;
        return *block == json::array({128, 128}) ? std::optional(NumberFormat::Fp8Block) : std::nullopt;
    }
    if (method == "mxfp4")
        return NumberFormat::Mxfp4;
    if (method == "awq" || method == "gptq")
        return wholeOf(q, "bits") == 4 && wholeOf(q, "group_size") == 128 ? std::optional(NumberFormat::Int4) : std::nullopt;
    return std::nullopt;
}

using ClassFormats = std::array<std::optional<NumberFormat>, kWeightClassCount>;

/// NVIDIA Model Optimizer's MIXED_PRECISION: a format for each module. False when one is not known.
bool readLayerFormats(const json& modules, int layers, ClassFormats& formats, std::string& unknown)
{
    std::map<std::string, Coverage> byAlgorithm;
    for (const auto& [name, value] : modules.items())
        if (value.is_object())
            byAlgorithm.try_emplace(textOf(value, "quant_algo"), layers).first->second.add(name);
    for (const auto& [algorithm, coverage] : byAlgorithm)
        for (std::size_t i = 0; i < formats.size(); ++i) {
            if (!coverage.covers(i) || i == kEmbedding)
                continue;
            formats[i] = formatNamedBy(algorithm);
            if (!formats[i])
                unknown = algorithm;
        }
    return unknown.empty();
}

std::optional<NumberFormat> cacheFormat(const json& q)
{
    const auto scheme = q.find("kv_cache_scheme");
    const bool object = scheme != q.end() && scheme->is_object();
    if ((object && wholeOf(*scheme, "num_bits") == 8 && textOf(*scheme, "type") == "float") || textOf(q, "kv_cache_scheme") == "FP8"
        || textOf(q, "kv_cache_quant_algo") == "FP8")
        return NumberFormat::Fp8;
    return std::nullopt;
}

std::optional<NumberFormat> formatOfDtype(std::string_view dtype)
{
    if (dtype == "bfloat16")
        return NumberFormat::Bf16;
    if (dtype == "float16")
        return NumberFormat::Fp16;
    return dtype == "float32" ? std::optional(NumberFormat::Fp32) : std::nullopt;
}

bool hasClass(const Model& model, WeightClass weightClass)
{
    return weightClass != WeightClass::Experts || model.hasExperts();
}

/// Formats by class as StoredFormats: `weights` is what most classes have; the others are exceptions.
StoredFormats normalized(const ClassFormats& formats, NumberFormat base, const Model& model)
{
    StoredFormats stored;
    stored.weights = base;
    int most = 0;
    for (std::size_t i = 0; i < kEmbedding; ++i) {
        const auto count = static_cast<int>(std::count(formats.begin(), formats.begin() + kEmbedding, formats[i]));
        if (formats[i] && hasClass(model, static_cast<WeightClass>(i)) && count > std::max(most, 1)) {
            most = count;
            stored.weights = *formats[i];
        }
    }
    for (std::size_t i = 0; i < formats.size(); ++i)
        if (formats[i] && *formats[i] != stored.weights && hasClass(model, static_cast<WeightClass>(i)))
            stored.own[i] = formats[i];
    return stored;
}

/// Formats by class from a quantization object; empty where it names a format that is not known, with the reason in `why`.
std::optional<ClassFormats> classFormats(const json& q, NumberFormat base, int layers, std::string& why)
{
    ClassFormats formats;
    formats.fill(base);
    const auto modules = q.find("quantized_layers");
    if (modules != q.end() && modules->is_object())
        return readLayerFormats(*modules, layers, formats, why) ? std::optional(formats) : std::nullopt;
    std::optional<NumberFormat> format;
    const auto groups = q.find("config_groups");
    if (groups != q.end() && groups->is_object()) {
        for (const auto& [name, group] : groups->items())
            if (const auto weights = group.is_object() ? group.find("weights") : group.end();
                weights != group.end() && weights->is_object())
                format = formatOfWeights(*weights);
    } else {
        format = wholeFormat(q);
    }
    if (!format) {
        why = "its number format is none of those known here";
        return std::nullopt;
    }
    Coverage exempt(layers);
    for (const char* key : {"ignore", "modules_to_not_convert", "exclude_modules"})
        exempt.addList(q, key);
    for (std::size_t i = 0; i < kEmbedding; ++i)
        if (!exempt.covers(i))
            formats[i] = format;
    // MXFP4 of gpt-oss is of its experts alone, whatever else is listed.
    if (*format == NumberFormat::Mxfp4 && textOf(q, "quant_method") == "mxfp4")
        formats[static_cast<std::size_t>(WeightClass::Attention)] = formats[static_cast<std::size_t>(WeightClass::Mlp)] = base;
    return formats;
}

} // namespace

std::optional<StoredFormats> readStoredFormats(JsonObject& object, const std::string& dtype, const Model& model, ImportedModel& report)
{
    const std::optional<NumberFormat> base = formatOfDtype(dtype);
    const json* quantization = nullptr;
    std::string name;
    for (const std::string_view key : {"quantization_config", "quantization", "compression_config"})
        if (!quantization && object.hasValue(key) && object.json().at(std::string(key)).is_object()) {
            quantization = &object.json().at(std::string(key));
            name = key;
        }
    if (!quantization) {
        if (!base)
            return std::nullopt;
        report.derived.push_back("stored as " + std::string(nameOf(*base))
                                 + ", by its type; a quantization that is described in another file, "
                                   "as hf_quant_config.json, is not seen");
        return StoredFormats{.weights = *base, .own = {}, .kv = {}};
    }
    std::string method = textOf(*quantization, "quant_method");
    for (const char* key : {"quant_algo", "format"})
        if (const std::string more = textOf(*quantization, key); !more.empty())
            method += (method.empty() ? "" : ", ") + more;
    name += method.empty() ? std::string() : " (" + method.substr(0, 60) + ")";
    std::string why;
    const std::optional<ClassFormats> formats = classFormats(*quantization, base.value_or(NumberFormat::Bf16), model.layerCount(), why);
    if (!formats) {
        report.ignored.push_back(name + ": the model is the same; choose the weight format in the scenario, since "
                                 + (contains(why, " ") ? why : why + " is none of the formats known here"));
        return std::nullopt;
    }
    report.read.push_back(name + ": the model is the same; the formats are a proposal for the scenario");
    StoredFormats stored = normalized(*formats, base.value_or(NumberFormat::Bf16), model);
    stored.kv = cacheFormat(*quantization);
    std::string text = "stored as " + std::string(nameOf(stored.weights));
    for (std::size_t i = 0; i < stored.own.size(); ++i)
        if (stored.own[i])
            text += ", " + std::string(kClassNames[i]) + " " + std::string(nameOf(*stored.own[i]));
    if (stored.kv)
        text += ", KV cache " + std::string(nameOf(*stored.kv));
    report.derived.push_back(text);
    return stored;
}

} // namespace shardlens::huggingface
