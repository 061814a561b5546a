// SPDX-License-Identifier: Apache-2.0
// A Hugging Face config.json as a model: find the language model in it, its family, and a name. No network is ever used.
#include "core/scenario/huggingface_layers.h"
#include "core/scenario/scenario_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardlens {

namespace {

using namespace huggingface;

// Quantised checkpoints list every layer they leave alone: configs of 3 MB exist.
constexpr std::size_t kConfigBytes = std::size_t{8} << 20;
struct Part {
    std::string_view field;
    std::string_view what;
};
// Fields that give away a kind of layer which cannot be expressed yet.
constexpr Part kUnsupported[] = {
    {"linear_attn_config", "linear attention"},
    {"linear_num_value_heads", "linear attention"},
    {"ssm_state_size", "state-space layers"},
    {"mamba_num_heads", "state-space layers"},
    {"index_topk", "a sparse-attention index"},
    {"sparse_attention_config", "sparse attention"},
    {"blocksparse_block_size", "block-sparse attention"},
    {"compress_ratios", "compressed attention"},
    {"block_configs", "blocks that differ layer by layer"},
    {"swa_num_attention_heads", "window layers with heads of their own"},
    {"global_head_dim", "full-attention layers with heads of their own"},
};

constexpr std::string_view kNestedModels[] = {"text_config", "llm_config", "language_config"};

/// The object that describes the language model: the whole file, or the part of a multimodal one.
JsonObject languageModel(JsonObject& root, ImportedModel& report)
{
    for (const std::string_view name : kNestedModels) {
        if (!root.hasValue(name))
            continue;
        report.derived.push_back("the language model is read from " + std::string(name));
        for (const std::string_view part : {"vision_config", "audio_config"})
            if (root.hasValue(part))
                report.ignored.push_back(std::string(part) + ": only the language model is read");
        return root.requiredObject(name);
    }
    return root;
}

std::string textOf(JsonObject& object, std::string_view name)
{
    std::optional<JsonValue> value = object.optional(name);
    return value && !value->isNull() ? value->asString() : std::string();
}

std::string firstArchitecture(JsonObject& object)
{
    if (!object.hasValue("architectures"))
        return {};
    const JsonArray list = object.requiredArray("architectures");
    return list.size() > 0 ? list.at(0).asString() : std::string();
}

/// Name for a model: the file's own name, its directory's when the file is just config.json, else what the config calls itself.
std::string displayName(const std::string& fileName, const std::string& ownName, std::string_view modelType)
{
    const std::filesystem::path path(fileName);
    std::string name = path.stem().string();
    if (name == "config" || name.empty())
        name = path.parent_path().filename().string();
    if (name.empty() || name == "." || name == "..")
        name = ownName.substr(ownName.find_last_of('/') + 1);
    if (name.empty())
        name = modelType;
    constexpr std::size_t kLongest = 100;
    return name.substr(0, kLongest);
}

/// Lower case letters, digits, dots and single dashes.
std::string slug(std::string_view name)
{
    std::string id;
    for (const char c : name) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.')
            id += c;
        else if (c >= 'A' && c <= 'Z')
            id += static_cast<char>(c - 'A' + 'a');
        else if (!id.empty() && id.back() != '-')
            id += '-';
    }
    while (!id.empty() && id.back() == '-')
        id.pop_back();
    return id.empty() ? "imported" : id;
}

void refuseFamily(ConfigReader& config, const std::string& modelType)
{
    std::string because;
    for (const Part& part : kUnsupported)
        if (because.empty() && config.hasValue(part.field))
            because = ": it has " + std::string(part.what) + " (" + std::string(part.field) + ")";
    const std::string what = modelType.empty() ? "this field is needed and missing" : "this architecture is not understood";
    config.refuse("model_type", what + because + "; understood are " + knownModelTypes());
}

void noteQuantization(JsonObject& object, ImportedModel& report)
{
    for (const std::string_view name : {"quantization_config", "quantization", "compression_config"}) {
        if (!object.hasValue(name))
            continue;
        JsonValue value = object.required(name);
        const nlohmann::json& json = value.json();
        std::string method;
        if (json.is_object())
            for (const char* key : {"quant_method", "quant_algo"})
                if (method.empty() && json.contains(key) && json[key].is_string())
                    method = " (" + json[key].get<std::string>().substr(0, 40) + ")";
        report.read.push_back(std::string(name) + method + ": the model is the same; choose the weight format in the scenario");
    }
}

} // namespace

Result<ImportedModel> parseHuggingFaceConfig(std::string_view json, const std::string& fileName)
{
    const Result<JsonDocument> document = JsonDocument::parse(json, fileName, {.bytes = kConfigBytes});
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Collect);
    JsonObject root = reader.root();
    ImportedModel imported;
    ConfigReader config(languageModel(root, imported), imported);
    const bool nested = !config.config().pointer().empty();

    const std::string modelType = textOf(config.config(), "model_type");
    const std::string architecture = firstArchitecture(nested ? config.config() : root);
    if (reader.failed())
        return reader.error();
    const Family* family = familyOf(modelType, architecture);
    if (!family) {
        refuseFamily(config, modelType);
        return reader.error();
    }
    if (!modelType.empty())
        imported.read.push_back("model_type = " + modelType);
    else
        imported.derived.push_back("model_type absent: " + std::string(family->modelType) + ", from architectures");

    Model& model = imported.model;
    const std::optional<bool> tiedOutside =
        nested && root.hasValue("tie_word_embeddings") ? std::optional(root.requiredBool("tie_word_embeddings")) : std::nullopt;
    readArchitecture(config, *family, tiedOutside, model);
    noteQuantization(root, imported);
    if (nested)
        noteQuantization(config.config(), imported);
    const std::string ownName = textOf(root, "_name_or_path");
    for (const std::string_view known : {"_name_or_path", "architectures", "quantization_config", "quantization", "compression_config"})
        (void)config.config().optional(known);
    checkLeftovers(config, family->modelType);
    if (reader.failed())
        return reader.error();

    model.name = displayName(fileName, ownName, family->modelType);
    model.id = slug(model.name);
    model.source.text = "Imported from " + (fileName.empty() ? std::string("a Hugging Face config") : fileName) + ", model_type "
                        + std::string(family->modelType);
    return imported;
}

Result<ImportedModel> readHuggingFaceConfig(const std::filesystem::path& file)
{
    const Result<std::string> text = readTextFile(file, kConfigBytes);
    if (!text.ok())
        return text.error();
    return parseHuggingFaceConfig(text.value(), file.string());
}

} // namespace shardlens
