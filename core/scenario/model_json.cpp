// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/model_json.h"

#include "core/base/format.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace shardlens {

namespace {

using Limits = ModelLimits;
using OrderedJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kAttentionKinds{"grouped", "latent", "linear", "none"};
constexpr std::array<std::string_view, 3> kLinearKinds{"gated-delta", "kimi-delta", "mamba2"};
constexpr std::array<std::string_view, kNumberFormatCount> kFormatNames = [] {
    std::array<std::string_view, kNumberFormatCount> names{};
    for (std::size_t i = 0; i < names.size(); ++i)
        names[i] = nameOf(kNumberFormats[i]);
    return names;
}();
constexpr std::array<std::string_view, kWeightClassCount> kClassKeys{"attention", "mlp", "experts", "embedding"};
constexpr std::array<std::string_view, 3> kQueryKeyNorms{"none", "per-head", "full"};
constexpr std::array<std::string_view, 3> kNorms{"rms", "layer", "layer-no-bias"};

void readGrouped(JsonObject& object, Attention& a)
{
    a.kvHeads = object.requiredInt("kv_heads", 1, Limits::heads);
    a.headDim = object.requiredInt("head_dim", 1, Limits::headDim);
    a.valueHeadDim = object.optionalInt("value_head_dim", 0, Limits::headDim).value_or(0);
    a.outputGate = object.optionalBool("output_gate").value_or(false);
    a.keyIsValue = object.optionalBool("key_is_value").value_or(false);
    a.qkvBias = object.optionalBool("qkv_bias").value_or(false);
    a.queryKeyNorm = static_cast<QueryKeyNorm>(object.optionalChoice("query_key_norm", kQueryKeyNorms).value_or(0));
    if (a.keyIsValue && a.valueDim() != a.headDim)
        object.fail("value_head_dim", "the key head's size, " + std::to_string(a.headDim) + ", is needed where keys are values");
    if (a.queryHeads % a.kvHeads != 0)
        object.fail("kv_heads", "a divisor of the " + std::to_string(a.queryHeads) + " query heads is allowed");
}

void readLatent(JsonObject& object, Attention& a)
{
    a.kvHeads = a.queryHeads;
    a.queryLoraRank = object.requiredInt("query_lora_rank", 0, Limits::rank);
    a.kvLoraRank = object.requiredInt("kv_lora_rank", 1, Limits::rank);
    a.nopeHeadDim = object.requiredInt("nope_head_dim", 1, Limits::headDim);
    a.ropeHeadDim = object.requiredInt("rope_head_dim", 1, Limits::headDim);
    a.valueHeadDim = object.requiredInt("value_head_dim", 1, Limits::headDim);
}

LinearMixer readLinear(JsonObject& object)
{
    LinearMixer m;
    m.kind = static_cast<LinearKind>(object.requiredChoice("mixer", kLinearKinds));
    m.keyHeads = object.requiredInt("key_heads", 1, Limits::heads);
    m.keyDim = object.requiredInt("key_dim", 1, Limits::headDim);
    m.valueHeads = object.requiredInt("value_heads", 1, Limits::heads);
    m.valueDim = object.requiredInt("value_dim", 1, Limits::headDim);
    m.convKernel = object.requiredInt("conv_kernel", 1, Limits::convKernel);
    m.convBias = object.optionalBool("conv_bias").value_or(false);
    m.projectionBias = object.optionalBool("projection_bias").value_or(false);
    m.fullRankGate = object.optionalBool("full_rank_gate").value_or(false);
    if (m.valueHeads % m.keyHeads != 0)
        object.fail("key_heads", "a divisor of the " + std::to_string(m.valueHeads) + " value heads is allowed");
    if (m.fullRankGate && m.kind != LinearKind::KimiDelta)
        object.fail("full_rank_gate", "only kimi-delta has this gate");
    return m;
}

SparseIndex readIndex(JsonObject object)
{
    SparseIndex index;
    index.heads = object.requiredInt("heads", 1, Limits::heads);
    index.headDim = object.requiredInt("head_dim", 1, Limits::headDim);
    index.topK = object.requiredInt("top_k", 1, Limits::positions);
    index.shared = object.optionalBool("shared").value_or(false);
    object.finish();
    return index;
}

Attention readAttention(JsonObject object)
{
    Attention a;
    a.kind = static_cast<AttentionKind>(object.requiredChoice("kind", kAttentionKinds));
    if (a.kind == AttentionKind::Linear) {
        a.linear = readLinear(object);
    } else if (a.kind != AttentionKind::None) {
        a.queryHeads = object.requiredInt("query_heads", 1, Limits::heads);
        if (a.kind == AttentionKind::Latent)
            readLatent(object, a);
        else
            readGrouped(object, a);
        a.window = object.optionalInt("window", 0, Limits::positions).value_or(0);
        a.chunked = object.optionalBool("chunked").value_or(false);
        a.outputBias = object.optionalBool("output_bias").value_or(false);
        a.sinks = object.optionalBool("sinks").value_or(false);
        if (std::optional<JsonObject> index = object.optionalObject("index"))
            a.index = readIndex(*index);
        if (a.chunked && a.window == 0)
            object.fail("chunked", "a window is needed beside it");
    }
    object.finish();
    return a;
}

FeedForward readFeedForward(JsonObject object)
{
    FeedForward f;
    f.matrices = object.requiredInt("matrices", 2, 3);
    f.bias = object.optionalBool("bias").value_or(false);
    f.experts = object.optionalInt("experts", 0, Limits::experts).value_or(0);
    if (f.isMoe()) {
        f.intermediate = object.optionalInt("intermediate", 0, Limits::intermediate).value_or(0);
        f.topK = object.requiredInt("top_k", 1, f.experts);
        f.expertIntermediate = object.requiredInt("expert_intermediate", 1, Limits::expertIntermediate);
        f.sharedIntermediate = object.optionalInt("shared_intermediate", 0, Limits::intermediate).value_or(0);
        f.routerBias = object.optionalBool("router_bias").value_or(false);
        f.sharedExpertGate = object.optionalBool("shared_expert_gate").value_or(false);
        f.groups = object.optionalInt("groups", 1, f.experts).value_or(1);
        f.topGroups = object.optionalInt("top_groups", 1, f.groups).value_or(f.groups);
        f.expertHidden = object.optionalInt("expert_hidden", 0, Limits::hidden).value_or(0);
        if (f.experts % f.groups != 0)
            object.fail("groups", "a divisor of the " + std::to_string(f.experts) + " experts is allowed");
        else if (f.topK > f.experts / f.groups * f.topGroups)
            object.fail("top_groups", "groups enough for the " + std::to_string(f.topK) + " experts of a token are needed");
    } else {
        f.intermediate = object.requiredInt("intermediate", 0, Limits::intermediate);
    }
    object.finish();
    return f;
}

std::vector<LayerKind> readKinds(const JsonArray& array)
{
    std::vector<LayerKind> kinds;
    for (std::size_t i = 0; i < array.size(); ++i) {
        JsonObject object = array.at(i).asObject();
        LayerKind kind;
        kind.attention = readAttention(object.requiredObject("attention"));
        kind.feedForward = readFeedForward(object.requiredObject("feed_forward"));
        if (kind.attention.kind == AttentionKind::None && kind.feedForward.isNone())
            object.fail("feed_forward", "a layer with attention, a feed-forward part or both is expected");
        object.finish();
        kinds.push_back(kind);
    }
    return kinds;
}

std::vector<std::uint8_t> readLayers(const JsonArray& array, int kinds, JsonReader& reader)
{
    std::vector<std::uint8_t> layers;
    const int lastKind = std::max(0, kinds - 1);
    for (std::size_t i = 0; i < array.size() && !reader.failed(); ++i) {
        JsonObject run = array.at(i).asObject();
        std::vector<std::uint8_t> pattern;
        if (run.has("pattern")) {
            const JsonArray steps = run.requiredArray("pattern", 1, Limits::layers);
            for (std::size_t step = 0; step < steps.size(); ++step)
                pattern.push_back(static_cast<std::uint8_t>(steps.at(step).asInt(0, lastKind)));
        } else {
            pattern.push_back(static_cast<std::uint8_t>(run.requiredInt("kind", 0, lastKind)));
        }
        const int count = run.requiredInt("count", 1, Limits::layers);
        run.finish();
        for (int repeat = 0; repeat < count && layers.size() <= std::size_t{Limits::layers}; ++repeat)
            layers.insert(layers.end(), pattern.begin(), pattern.end());
    }
    if (layers.size() > std::size_t{Limits::layers})
        reader.fail(array.pointer(), "more layers", "at most " + formatCount(Limits::layers) + " layers are allowed");
    return layers;
}

Model::Prediction readPrediction(JsonObject object, int kinds)
{
    Model::Prediction prediction;
    prediction.layers = object.requiredInt("layers", 1, Limits::predictionLayers);
    prediction.kind = static_cast<std::uint8_t>(object.requiredInt("kind", 0, std::max(0, kinds - 1)));
    prediction.ownEmbedding = object.optionalBool("own_embedding").value_or(false);
    object.finish();
    return prediction;
}

StoredFormats readNativeFormats(JsonObject object)
{
    StoredFormats formats;
    formats.weights = kNumberFormats[object.requiredChoice("weights", kFormatNames)];
    for (std::size_t i = 0; i < kClassKeys.size(); ++i)
        if (const std::optional<std::size_t> choice = object.optionalChoice(kClassKeys[i], kFormatNames))
            formats.own[i] = kNumberFormats[*choice];
    if (const std::optional<std::size_t> choice = object.optionalChoice("kv", kFormatNames))
        formats.kv = kNumberFormats[*choice];
    object.finish();
    return formats;
}

OrderedJson linearToJson(const LinearMixer& m)
{
    OrderedJson json;
    json["kind"] = "linear";
    json["mixer"] = kLinearKinds[static_cast<std::size_t>(m.kind)];
    json["key_heads"] = m.keyHeads;
    json["key_dim"] = m.keyDim;
    json["value_heads"] = m.valueHeads;
    json["value_dim"] = m.valueDim;
    json["conv_kernel"] = m.convKernel;
    if (m.convBias)
        json["conv_bias"] = true;
    if (m.projectionBias)
        json["projection_bias"] = true;
    if (m.fullRankGate)
        json["full_rank_gate"] = true;
    return json;
}

OrderedJson attentionToJson(const Attention& a)
{
    if (a.kind == AttentionKind::Linear)
        return linearToJson(a.linear);
    OrderedJson json;
    json["kind"] = kAttentionKinds[static_cast<std::size_t>(a.kind)];
    if (a.kind == AttentionKind::None)
        return json;
    json["query_heads"] = a.queryHeads;
    if (a.kind == AttentionKind::Latent) {
        json["query_lora_rank"] = a.queryLoraRank;
        json["kv_lora_rank"] = a.kvLoraRank;
        json["nope_head_dim"] = a.nopeHeadDim;
        json["rope_head_dim"] = a.ropeHeadDim;
        json["value_head_dim"] = a.valueHeadDim;
    } else {
        json["kv_heads"] = a.kvHeads;
        json["head_dim"] = a.headDim;
        if (a.valueHeadDim > 0)
            json["value_head_dim"] = a.valueHeadDim;
    }
    if (a.window > 0)
        json["window"] = a.window;
    if (a.chunked)
        json["chunked"] = true;
    if (a.qkvBias)
        json["qkv_bias"] = true;
    if (a.outputBias)
        json["output_bias"] = true;
    if (a.sinks)
        json["sinks"] = true;
    if (a.queryKeyNorm != QueryKeyNorm::None)
        json["query_key_norm"] = kQueryKeyNorms[static_cast<std::size_t>(a.queryKeyNorm)];
    if (a.outputGate)
        json["output_gate"] = true;
    if (a.keyIsValue)
        json["key_is_value"] = true;
    if (a.index.heads > 0) {
        OrderedJson& index = json["index"];
        index["heads"] = a.index.heads;
        index["head_dim"] = a.index.headDim;
        index["top_k"] = a.index.topK;
        if (a.index.shared)
            index["shared"] = true;
    }
    return json;
}

OrderedJson feedForwardToJson(const FeedForward& f)
{
    OrderedJson json;
    json["matrices"] = f.matrices;
    if (f.intermediate > 0 || !f.isMoe())
        json["intermediate"] = f.intermediate;
    if (f.bias)
        json["bias"] = true;
    if (!f.isMoe())
        return json;
    json["experts"] = f.experts;
    json["top_k"] = f.topK;
    json["expert_intermediate"] = f.expertIntermediate;
    if (f.sharedIntermediate > 0)
        json["shared_intermediate"] = f.sharedIntermediate;
    if (f.routerBias)
        json["router_bias"] = true;
    if (f.sharedExpertGate)
        json["shared_expert_gate"] = true;
    if (f.groups > 1) {
        json["groups"] = f.groups;
        json["top_groups"] = f.topGroups;
    }
    if (f.expertHidden > 0)
        json["expert_hidden"] = f.expertHidden;
    return json;
}

/// Times that the `length` kinds at `start` stand there one after the other.
std::size_t repeats(const std::vector<std::uint8_t>& layers, std::size_t start, std::size_t length)
{
    std::size_t end = start + length;
    while (end < layers.size() && layers[end] == layers[end - length])
        ++end;
    return (end - start) / length;
}

OrderedJson layersToJson(const std::vector<std::uint8_t>& layers)
{
    constexpr std::size_t kLongestPattern = 16;
    OrderedJson runs = OrderedJson::array();
    std::size_t start = 0;
    while (start < layers.size()) {
        std::size_t length = 1;
        std::size_t count = repeats(layers, start, 1);
        for (std::size_t candidate = 2; candidate <= std::min(kLongestPattern, layers.size() - start); ++candidate) {
            const std::size_t times = repeats(layers, start, candidate);
            if (times > 1 && times * candidate > count * length) {
                length = candidate;
                count = times;
            }
        }
        OrderedJson run;
        if (length == 1)
            run["kind"] = layers[start];
        else
            run["pattern"] = std::vector<int>(layers.begin() + static_cast<std::ptrdiff_t>(start),
                                              layers.begin() + static_cast<std::ptrdiff_t>(start + length));
        run["count"] = count;
        runs.push_back(std::move(run));
        start += length * count;
    }
    return runs;
}

} // namespace

Model readModel(JsonObject object)
{
    Model model;
    model.id = object.requiredString("id", 100);
    model.name = object.requiredString("name", 200);
    model.huggingFaceId = object.optionalString("hugging_face_id", 200).value_or("");
    if (const std::optional<JsonArray> former = object.optionalArray("former_hugging_face_ids", 1, Limits::formerIds))
        for (std::size_t i = 0; i < former->size(); ++i)
            model.formerHuggingFaceIds.push_back(former->at(i).asString(200));
    model.source.text = object.requiredString("source");
    for (const auto& [key, text] : {std::pair{"id", &model.id}, std::pair{"name", &model.name}, std::pair{"source", &model.source.text}})
        if (text->empty())
            object.fail(key, "a text that is not empty is expected");
    model.hidden = object.requiredInt("hidden", 1, Limits::hidden);
    model.vocabulary = object.requiredInt("vocabulary", 1, Limits::vocabulary);
    model.maxPositions = object.optionalInt("max_positions", 0, Limits::positions).value_or(0);
    model.learnedPositions = object.optionalInt("learned_positions", 0, Limits::positions).value_or(0);
    model.tiedEmbedding = object.requiredBool("tied_embedding");
    model.headBias = object.optionalBool("head_bias").value_or(false);
    model.embeddingNorm = object.optionalBool("embedding_norm").value_or(false);
    model.norm = static_cast<NormKind>(object.requiredChoice("norm", kNorms));
    model.normsPerLayer = object.requiredInt("norms_per_layer", 0, Limits::normsPerLayer);
    model.parallelBlock = object.optionalBool("parallel_block").value_or(false);
    model.kinds = readKinds(object.requiredArray("kinds", 1, Limits::kinds));
    model.layers = readLayers(object.requiredArray("layers", 1, Limits::layers), static_cast<int>(model.kinds.size()), object.reader());
    if (std::optional<JsonObject> prediction = object.optionalObject("prediction"))
        model.prediction = readPrediction(*prediction, static_cast<int>(model.kinds.size()));
    if (std::optional<JsonObject> formats = object.optionalObject("native_formats"))
        model.nativeFormats = readNativeFormats(*formats);
    model.publishedParameters = object.optionalInt64("published_parameters", 0, std::int64_t{1} << 60).value_or(0);
    model.publishedExtras = object.optionalString("published_extras").value_or("");
    object.finish();
    return model;
}

Result<Model> parseModel(std::string_view json, const std::string& fileName)
{
    const Result<JsonDocument> document = JsonDocument::parse(json, fileName);
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Refuse);
    Model model = readModel(reader.root());
    if (reader.failed())
        return reader.error();
    return model;
}

OrderedJson modelToJson(const Model& model)
{
    OrderedJson json;
    json["id"] = model.id;
    json["name"] = model.name;
    if (!model.huggingFaceId.empty())
        json["hugging_face_id"] = model.huggingFaceId;
    if (!model.formerHuggingFaceIds.empty())
        json["former_hugging_face_ids"] = model.formerHuggingFaceIds;
    json["source"] = model.source.text;
    json["hidden"] = model.hidden;
    json["vocabulary"] = model.vocabulary;
    if (model.maxPositions > 0)
        json["max_positions"] = model.maxPositions;
    if (model.learnedPositions > 0)
        json["learned_positions"] = model.learnedPositions;
    json["tied_embedding"] = model.tiedEmbedding;
    if (model.headBias)
        json["head_bias"] = true;
    if (model.embeddingNorm)
        json["embedding_norm"] = true;
    json["norm"] = kNorms[static_cast<std::size_t>(model.norm)];
    json["norms_per_layer"] = model.normsPerLayer;
    if (model.parallelBlock)
        json["parallel_block"] = true;
    json["kinds"] = OrderedJson::array();
    for (const LayerKind& kind : model.kinds) {
        OrderedJson entry;
        entry["attention"] = attentionToJson(kind.attention);
        entry["feed_forward"] = feedForwardToJson(kind.feedForward);
        json["kinds"].push_back(std::move(entry));
    }
    json["layers"] = layersToJson(model.layers);
    if (model.prediction.layers > 0) {
        OrderedJson& prediction = json["prediction"];
        prediction["layers"] = model.prediction.layers;
        prediction["kind"] = model.prediction.kind;
        if (model.prediction.ownEmbedding)
            prediction["own_embedding"] = true;
    }
    if (model.nativeFormats) {
        OrderedJson& formats = json["native_formats"];
        formats["weights"] = nameOf(model.nativeFormats->weights);
        for (std::size_t i = 0; i < kClassKeys.size(); ++i)
            if (model.nativeFormats->own[i])
                formats[std::string(kClassKeys[i])] = nameOf(*model.nativeFormats->own[i]);
        if (model.nativeFormats->kv)
            formats["kv"] = nameOf(*model.nativeFormats->kv);
    }
    if (model.publishedParameters > 0)
        json["published_parameters"] = model.publishedParameters;
    if (!model.publishedExtras.empty())
        json["published_extras"] = model.publishedExtras;
    return json;
}

std::string printModel(const Model& model)
{
    return modelToJson(model).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace shardlens
