// SPDX-License-Identifier: Apache-2.0
// A Hugging Face config.json as a model: find the language model in it, its family, and a name. No network is ever used.
#include "core/base/format.h"
#include "core/model/parameters.h"
#include "core/scenario/huggingface_formats.h"
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
// Fields that give away a kind of layer which no known family expresses.
constexpr Part kUnsupported[] = {
    {"compress_ratios", "compressed attention"},
    {"sparse_attention_config", "block-sparse attention with an index of its own"},
    {"blocksparse_block_size", "block-sparse attention"},
    {"attn_res_block_size", "residuals across blocks of layers"},
    {"linear_attn_config", "linear attention"},
    {"linear_num_value_heads", "linear attention"},
    {"ssm_state_size", "state-space layers"},
    {"mamba_num_heads", "state-space layers"},
    {"index_topk", "a sparse-attention index"},
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

/// The formats of the file: of the quantization beside the language model, or of the whole file's.
void readFormats(JsonObject& root, JsonObject& part, ImportedModel& imported)
{
    std::string dtype;
    for (JsonObject* object : {&part, &root})
        for (const std::string_view key : {"dtype", "torch_dtype"})
            if (dtype.empty())
                dtype = textOf(*object, key);
    bool inPart = false;
    for (const std::string_view key : {"quantization_config", "quantization", "compression_config"})
        inPart = inPart || part.hasValue(key);
    if (root.reader().failed())
        return;
    imported.model.nativeFormats = readStoredFormats(inPart ? part : root, dtype, imported.model, imported);
}

/// JSON has no infinity, Python writes one all the same: outside texts it becomes null, which counts as "not set".
std::string withoutInfinities(std::string_view text, bool& found)
{
    std::string result;
    result.reserve(text.size());
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\' && i + 1 < text.size()) {
            result += text[i++];
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            std::size_t length = 0;
            for (const std::string_view word : {"-Infinity", "Infinity", "NaN"})
                if (length == 0 && text.substr(i, word.size()) == word)
                    length = word.size();
            if (length > 0) {
                result += "null";
                i += length - 1;
                found = true;
                continue;
            }
        }
        result += text[i];
    }
    return result;
}

/// "deepseek-ai/DeepSeek-V3" of ".../deepseek-ai__DeepSeek-V3.json" or ".../deepseek-ai/DeepSeek-V3/config.json"; else what the config
/// calls itself.
std::string huggingFaceIdOf(const std::string& fileName, const std::string& ownName)
{
    const std::filesystem::path path(fileName);
    const std::string stem = path.stem().string();
    if (const std::size_t place = stem.find("__"); place != std::string::npos)
        return stem.substr(0, place) + "/" + stem.substr(place + 2);
    const std::string name = path.parent_path().filename().string();
    const std::string owner = path.parent_path().parent_path().filename().string();
    if (stem == "config" && builtinCatalog().model(owner + "/" + name))
        return owner + "/" + name;
    return ownName;
}

/// The parameter count, beside the published one where the catalog has the model under the name this file gives it.
void reportCounts(const std::string& huggingFaceId, ImportedModel& imported)
{
    Model& model = imported.model;
    const ParameterCount count = countParameters(model);
    imported.derived.push_back("parameters = " + formatCount(count.total) + ", of which a token visits " + formatCount(count.active));
    const std::shared_ptr<const Model> known = huggingFaceId.empty() ? nullptr : builtinCatalog().model(huggingFaceId);
    if (!known)
        return;
    const std::int64_t total = countParameters(*known).total;
    if (total != count.total) {
        imported.derived.push_back("the catalog's " + known->id + " has " + formatCount(total)
                                   + " parameters: this config describes another model");
        return;
    }
    model.huggingFaceId = known->huggingFaceId;
    model.publishedParameters = known->publishedParameters;
    model.publishedExtras = known->publishedExtras;
    if (known->publishedParameters == 0)
        return;
    std::string text = "published weights of " + known->huggingFaceId + ": " + formatCount(known->publishedParameters) + " parameters";
    std::int64_t rest = known->publishedParameters - total;
    for (const PublishedExtra& extra : publishedExtras(*known)) {
        text += "; " + extra.name + " " + formatCount(extra.parameters);
        rest -= extra.parameters;
    }
    if (rest == 0)
        text += rest == known->publishedParameters - total ? ", the same" : "; nothing remains";
    else
        text += "; " + formatCount(rest) + " remain: " + known->publishedExtras;
    imported.derived.push_back(text);
}

} // namespace

Result<ImportedModel> parseHuggingFaceConfig(std::string_view json, const std::string& fileName)
{
    bool infinities = false;
    const std::string text = json.size() <= kConfigBytes ? withoutInfinities(json, infinities) : std::string();
    const Result<JsonDocument> document =
        JsonDocument::parse(json.size() <= kConfigBytes ? std::string_view(text) : json, fileName, {.bytes = kConfigBytes});
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Collect);
    JsonObject root = reader.root();
    ImportedModel imported;
    if (infinities)
        imported.derived.push_back("Infinity and NaN are no JSON: fields that hold them count as not set");
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
    if (reader.failed())
        return reader.error();
    readFormats(root, config.config(), imported);
    const std::string ownName = textOf(root, "_name_or_path");
    for (const std::string_view known : {"_name_or_path", "architectures", "quantization_config", "quantization", "compression_config"})
        (void)config.config().optional(known);
    checkLeftovers(config, family->modelType);
    if (reader.failed())
        return reader.error();

    model.name = displayName(fileName, ownName, family->modelType);
    model.id = slug(model.name);
    reportCounts(huggingFaceIdOf(fileName, ownName), imported);
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
