// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/huggingface_layers.h"

#include "core/scenario/model_json.h"

#include <algorithm>
#include <array>

namespace shardlens::huggingface {

namespace {

using Limits = ModelLimits;

constexpr std::array<std::string_view, 4> kHidden{"hidden_size", "n_embd", "n_embed", "d_model"};
constexpr std::array<std::string_view, 3> kLayers{"num_hidden_layers", "n_layer", "n_layers"};
constexpr std::array<std::string_view, 4> kPositions{"max_position_embeddings", "n_positions", "max_seq_len", "seq_length"};
constexpr std::array<std::string_view, 4> kIntermediate{"intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"};
constexpr std::array<std::string_view, 3> kExperts{"num_local_experts", "num_experts", "n_routed_experts"};
constexpr std::array<std::string_view, 4> kTopK{"num_experts_per_tok", "experts_per_token", "num_experts_per_token", "top_k_experts"};
constexpr std::array<std::string_view, 2> kGroups{"n_group", "num_expert_group"};
constexpr std::array<std::string_view, 2> kSharedCount{"n_shared_experts", "num_shared_experts"};
constexpr std::array<std::string_view, 2> kSharedWidth{"share_expert_dim", "shared_intermediate_size"};

int readIntermediate(ConfigReader& reader, const Family& family, int hidden)
{
    if (const std::optional<int> given = reader.maybe(kIntermediate, 1, Limits::intermediate))
        return *given;
    if (!family.intermediateDerives)
        return reader.required(kIntermediate, 1, Limits::intermediate);
    reader.derived("intermediate size = 4 x hidden size = " + std::to_string(4 * hidden));
    return 4 * hidden;
}

bool readRouterBias(ConfigReader& reader, const Family& family)
{
    switch (family.routerBias) {
    case RouterBias::Never: return false;
    case RouterBias::Always: return true;
    case RouterBias::Flag:
        if (const std::optional<bool> bias = reader.maybeFlag("use_moe_router_bias"))
            return *bias;
        return reader.flag("use_routing_bias", family.routerBiasFallback, "the default of this model_type");
    case RouterBias::Method: break;
    }
    const std::optional<std::string> method = reader.maybeText("topk_method");
    if (!method) {
        reader.defaulted(std::string("topk_method absent: the router has ") + (family.routerBiasFallback ? "a" : "no")
                         + " correction bias, as this model_type");
        return family.routerBiasFallback;
    }
    if (*method != "noaux_tc" && *method != "greedy" && *method != "group_limited_greedy")
        reader.refuse("topk_method", "noaux_tc, greedy or group_limited_greedy is understood");
    return *method == "noaux_tc";
}

/// DeepSeek and GLM: n_shared_experts of the routed experts' size, or of one that is given.
int readSharedExperts(ConfigReader& reader, int expertIntermediate)
{
    constexpr int kMostShared = 64;
    const std::optional<int> given = reader.maybe(kSharedCount, 0, kMostShared);
    if (!given)
        reader.defaulted("n_shared_experts absent: 0");
    const int count = given.value_or(0);
    const int own = reader.maybe(kSharedWidth, 1, Limits::intermediate).value_or(expertIntermediate);
    const std::int64_t width = std::int64_t{count} * own;
    if (width > Limits::intermediate) {
        reader.refuse("n_shared_experts", "shared experts of at most " + std::to_string(Limits::intermediate) + " in all are allowed");
        return 0;
    }
    if (count > 1)
        reader.derived("shared experts: " + std::to_string(count) + " x " + std::to_string(own) + " = " + std::to_string(width));
    return static_cast<int>(width);
}

void readStrided(ConfigReader& reader, const Family& family, FeedForwards& f)
{
    const int layers = static_cast<int>(f.isSparse.size());
    const int step = reader.orElse("decoder_sparse_step", 1, 1, Limits::layers);
    const std::vector<int> denseOnly = reader.layerNumbers("mlp_only_layers", layers);
    for (int i = 0; i < layers; ++i)
        f.isSparse[static_cast<std::size_t>(i)] =
            (i + 1) % step == 0 && std::find(denseOnly.begin(), denseOnly.end(), i) == denseOnly.end();
    readExpertCounts(reader, f.sparse);
    f.sparse.expertIntermediate = reader.required("moe_intermediate_size", 1, Limits::expertIntermediate);
    if (family.sharedExpert)
        f.sparse.sharedIntermediate = reader.required("shared_expert_intermediate_size", 1, Limits::intermediate);
}

/// mlp_layer_types repeats what first_k_dense_replace says.
void checkMlpTypes(ConfigReader& reader, const std::vector<bool>& isSparse)
{
    static constexpr std::string_view kTypes[] = {"dense", "sparse"};
    const std::optional<JsonArray> types = reader.maybeArray("mlp_layer_types", isSparse.size());
    for (std::size_t i = 0; types && i < isSparse.size() && !reader.failed(); ++i) {
        JsonValue type = types->at(i);
        if ((type.asChoice(kTypes) == 1) != isSparse[i])
            type.fail(std::string(kTypes[isSparse[i] ? 1 : 0]) + " is expected, as first_k_dense_replace says");
    }
}

void readAfterFirst(ConfigReader& reader, FeedForwards& f)
{
    const int layers = static_cast<int>(f.isSparse.size());
    const int first = reader.required("first_k_dense_replace", 0, layers);
    const int every = reader.orElse("moe_layer_freq", 1, 1, Limits::layers);
    for (int i = 0; i < layers; ++i)
        f.isSparse[static_cast<std::size_t>(i)] = i >= first && i % every == 0;
    readExpertCounts(reader, f.sparse);
    f.sparse.expertIntermediate = reader.required("moe_intermediate_size", 1, Limits::expertIntermediate);
    f.sparse.sharedIntermediate = readSharedExperts(reader, f.sparse.expertIntermediate);
    checkMlpTypes(reader, f.isSparse);
}

/// MiMo-V2: 1 for each layer of experts.
void readListed(ConfigReader& reader, FeedForwards& f)
{
    const std::optional<JsonArray> list = reader.maybeArray("moe_layer_freq", f.isSparse.size());
    if (!list)
        reader.refuse("moe_layer_freq", "this field is needed: 1 for each layer of experts, 0 for the others");
    for (std::size_t i = 0; list && i < f.isSparse.size() && !reader.failed(); ++i)
        f.isSparse[i] = list->at(i).asInt(0, 1) != 0;
    readExpertCounts(reader, f.sparse);
    f.sparse.expertIntermediate = reader.required("moe_intermediate_size", 1, Limits::expertIntermediate);
    f.sparse.sharedIntermediate = readSharedExperts(reader, f.sparse.expertIntermediate);
}

/// Gemma 4: experts beside the dense MLP of every layer.
void readBeside(ConfigReader& reader, const Family& family, int hidden, FeedForwards& f)
{
    if (!reader.flag("enable_moe_block", false, "the default of this model_type")) {
        for (const std::string_view name : {"num_experts", "moe_intermediate_size", "expert_intermediate_size", "top_k_experts"})
            reader.ignore(name, "enable_moe_block is false");
        return;
    }
    f.isSparse.assign(f.isSparse.size(), true);
    readExpertCounts(reader, f.sparse);
    f.sparse.expertIntermediate = reader.required("moe_intermediate_size", 1, Limits::expertIntermediate);
    f.sparse.intermediate = readIntermediate(reader, family, hidden);
    reader.defaulted("router: one scale per expert is counted; its input scale of " + std::to_string(hidden) + " values is not");
}

/// Llama 4: intermediate_size is one expert's, routed or shared.
void readInterleaved(ConfigReader& reader, FeedForwards& f)
{
    const int layers = static_cast<int>(f.isSparse.size());
    if (reader.hasValue("moe_layers")) {
        for (const int layer : reader.layerNumbers("moe_layers", layers))
            f.isSparse[static_cast<std::size_t>(layer)] = true;
        reader.ignore("interleave_moe_layer_step", "moe_layers lists the layers");
    } else {
        const int step = reader.required("interleave_moe_layer_step", 1, Limits::layers);
        for (int i = 0; i < layers; ++i)
            f.isSparse[static_cast<std::size_t>(i)] = (i + 1) % step == 0;
    }
    readExpertCounts(reader, f.sparse);
    f.sparse.expertIntermediate = reader.required("intermediate_size", 1, Limits::expertIntermediate);
    f.sparse.sharedIntermediate = f.sparse.expertIntermediate;
    f.dense.intermediate = reader.required("intermediate_size_mlp", 1, Limits::intermediate);
    reader.ignore("use_qk_norm", "these norms have no weights");
}

void readNestedExperts(ConfigReader& reader, FeedForwards& f)
{
    ConfigReader nested(reader.config().requiredObject("ffn_config"), reader.report());
    f.sparse.experts = nested.required("moe_num_experts", 1, Limits::experts);
    f.sparse.topK = nested.required("moe_top_k", 1, f.sparse.experts);
    f.sparse.expertIntermediate = nested.required("ffn_hidden_size", 1, Limits::expertIntermediate);
    f.isSparse.assign(f.isSparse.size(), true);
}

void readNorms(ConfigReader& reader, const Family& family, Model& model)
{
    model.norm = family.norm;
    model.normsPerLayer = family.normsPerLayer;
    model.parallelBlock = family.parallelBlock;
    if (family.kvHeads != KvHeads::Falcon)
        return;
    // Falcon: the new decoder norms attention and MLP apart unless told otherwise; the old one has a single norm where both run in parallel.
    const bool newDecoder = reader.config().optionalBool("new_decoder_architecture").value_or(false);
    const bool parallel = reader.flag("parallel_attn", true, "the Falcon default");
    model.parallelBlock = newDecoder || parallel;
    if (newDecoder)
        model.normsPerLayer = reader.orElse("num_ln_in_parallel_attn", 2, 1, 2);
    else
        model.normsPerLayer = parallel ? 1 : 2;
    reader.derived("norms per layer = " + std::to_string(model.normsPerLayer));
}

void readPositions(ConfigReader& reader, const Family& family, Model& model)
{
    const std::optional<int> positions = family.learnedPositions >= 0 ? std::optional(reader.required(kPositions, 1, Limits::positions - 2))
                                                                      : reader.maybe(kPositions, 1, Limits::positions);
    model.maxPositions = positions.value_or(0);
    if (!positions)
        reader.defaulted("max_position_embeddings absent: the longest context is not stated");
    if (family.learnedPositions < 0)
        return;
    model.learnedPositions = model.maxPositions + family.learnedPositions;
    reader.derived("learned positions = " + std::to_string(model.learnedPositions));
}

bool readTied(ConfigReader& reader, const Family& family, std::optional<bool> outside)
{
    const std::optional<bool> inside = reader.maybeFlag("tie_word_embeddings");
    if (outside) {
        // transformers ties by the top level; an inner value that differs is the default of the nested class.
        if (inside && *inside != *outside)
            reader.derived(std::string("tie_word_embeddings = ") + (*outside ? "true" : "false") + ", as the top level says");
        return *outside;
    }
    if (inside)
        return *inside;
    reader.defaulted(std::string("tie_word_embeddings absent: ") + (family.tied ? "true" : "false")
                     + ", as the published weights of this model_type");
    return family.tied;
}

/// Variants of OPT's layout that no other rule here expresses.
void checkLayout(ConfigReader& reader, int hidden)
{
    for (const std::string_view name : {"do_layer_norm_before", "layer_norm_elementwise_affine"})
        if (!reader.maybeFlag(name).value_or(true))
            reader.refuse(name, "only true is understood");
    const std::optional<int> projected = reader.maybe("word_embed_proj_dim", 1, Limits::hidden);
    if (projected && *projected != hidden)
        reader.refuse("word_embed_proj_dim", "only the hidden size, " + std::to_string(hidden) + ", is understood");
    // MiniMax lists a kind of attention per layer; 1 is full attention.
    if (!reader.hasValue("attn_type_list"))
        return;
    const JsonArray types = reader.config().requiredArray("attn_type_list");
    for (std::size_t i = 0; i < types.size(); ++i) {
        JsonValue type = types.at(i);
        if (!type.isNumber() || type.asInt(0, 1) != 1)
            type.fail("only 1, full attention, is understood");
    }
}

} // namespace

void readExpertCounts(ConfigReader& reader, FeedForward& sparse)
{
    sparse.experts = reader.required(kExperts, 1, Limits::experts);
    sparse.topK = reader.required(kTopK, 1, sparse.experts);
    sparse.groups = reader.maybe(kGroups, 1, sparse.experts).value_or(1);
    sparse.topGroups = reader.maybe("topk_group", 1, sparse.groups).value_or(sparse.groups);
    if (sparse.experts % sparse.groups != 0)
        reader.refuse(kGroups.front(), "a divisor of the " + std::to_string(sparse.experts) + " experts is expected");
    else if (sparse.topK > sparse.experts / sparse.groups * sparse.topGroups)
        reader.refuse("topk_group", "groups enough for the " + std::to_string(sparse.topK) + " experts of a token are expected");
}

FeedForwards readFeedForwards(ConfigReader& reader, const Family& family, int hidden, int layers)
{
    FeedForwards f;
    f.isSparse.assign(static_cast<std::size_t>(layers), family.experts == Experts::All);
    f.dense.matrices = family.matrices;
    f.dense.bias = family.mlpBias.key.empty() ? family.mlpBias.fallback
                                              : reader.flag(family.mlpBias.key, family.mlpBias.fallback, "the default of this model_type");
    f.sparse = f.dense;
    f.sparse.sharedExpertGate = family.sharedExpertGate;
    switch (family.experts) {
    case Experts::None: break;
    case Experts::All:
        readExpertCounts(reader, f.sparse);
        f.sparse.expertIntermediate = reader.required("intermediate_size", 1, Limits::expertIntermediate);
        break;
    case Experts::Strided: readStrided(reader, family, f); break;
    case Experts::AfterFirst: readAfterFirst(reader, f); break;
    case Experts::Interleaved: readInterleaved(reader, f); break;
    case Experts::Nested: readNestedExperts(reader, f); break;
    case Experts::Listed: readListed(reader, f); break;
    case Experts::Beside: readBeside(reader, family, hidden, f); break;
    }
    if (f.sparse.isMoe())
        f.sparse.routerBias = readRouterBias(reader, family);
    const bool anyDense = std::find(f.isSparse.begin(), f.isSparse.end(), false) != f.isSparse.end();
    const bool unused = family.experts == Experts::Strided || family.experts == Experts::AfterFirst;
    if (!anyDense && unused)
        reader.ignore("intermediate_size", "no layer has a dense MLP");
    else if (anyDense && f.dense.intermediate == 0)
        f.dense.intermediate = readIntermediate(reader, family, hidden);
    return f;
}

namespace {

/// Layers that share a kind, in the order of their first appearance.
void addLayers(ConfigReader& reader, const std::vector<LayerKind>& layers, Model& model)
{
    for (const LayerKind& kind : layers) {
        const auto place = std::find(model.kinds.begin(), model.kinds.end(), kind);
        if (place == model.kinds.end() && model.kinds.size() == static_cast<std::size_t>(Limits::kinds)) {
            reader.refuse("num_hidden_layers", "more kinds of layer than " + std::to_string(Limits::kinds) + " are not understood");
            return;
        }
        model.layers.push_back(static_cast<std::uint8_t>(place - model.kinds.begin()));
        if (place == model.kinds.end())
            model.kinds.push_back(kind);
    }
}

/// Number of `kind` among the kinds of the model, which it joins if it is new.
std::uint8_t kindIndex(Model& model, const LayerKind& kind)
{
    const auto place = std::find(model.kinds.begin(), model.kinds.end(), kind);
    const auto index = static_cast<std::uint8_t>(place - model.kinds.begin());
    if (place == model.kinds.end())
        model.kinds.push_back(kind);
    return index;
}

void readPrediction(ConfigReader& reader, const Family& family, const std::optional<LayerKind>& ownKind, Model& model)
{
    static constexpr std::array<std::string_view, 4> kCounts{"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules",
                                                             "mtp_transformer_layers"};
    if (family.predicting == Predicting::NotStored || model.layers.empty()) {
        for (const std::string_view name : kCounts)
            reader.ignore(name, "the published weights hold no prediction layers, or their tensors are not known: none are counted");
        reader.ignore("use_mtp", "as above");
        return;
    }
    const std::optional<int> stated = reader.maybe(std::span(kCounts).first(2), 0, Limits::predictionLayers);
    const int layers = stated.value_or(family.predictionFallback);
    if (!stated && layers > 0)
        reader.defaulted("num_nextn_predict_layers absent: " + std::to_string(layers) + ", as the published weights of this model_type");
    reader.ignore("index_share_for_mtp_iteration", "no effect on shapes and counts");
    const bool dedicated = reader.maybeFlag("mtp_use_dedicated_embeddings").value_or(family.predictionEmbedding);
    if (layers == 0 || model.kinds.size() >= static_cast<std::size_t>(Limits::kinds))
        return;
    LayerKind kind = ownKind.value_or(model.kinds[model.layers.back()]);
    kind.attention.index.shared = false;
    model.prediction = {layers, kindIndex(model, kind), dedicated};
    reader.derived(std::to_string(layers) + (layers == 1 ? " prediction layer" : " prediction layers")
                   + (ownKind ? ", of the parts the config lists" : ", like the last layer") + "; counted apart from the model");
}

std::vector<LayerKind> composeLayers(ConfigReader& reader, const Family& family, int hidden, int layers)
{
    const Attention attention = readAttention(reader, family, hidden);
    const std::vector<Attention> mixing = readMixing(reader, family, attention, layers);
    const FeedForwards feedForwards = readFeedForwards(reader, family, hidden, layers);
    std::vector<LayerKind> kinds;
    for (std::size_t i = 0; i < mixing.size(); ++i)
        kinds.push_back({mixing[i], feedForwards.isSparse[i] ? feedForwards.sparse : feedForwards.dense});
    return kinds;
}

} // namespace

void readArchitecture(ConfigReader& reader, const Family& family, std::optional<bool> tiedOutside, Model& model)
{
    model.hidden = reader.required(kHidden, 1, Limits::hidden);
    model.vocabulary = reader.required("vocab_size", 1, Limits::vocabulary);
    std::optional<LayerKind> prediction;
    std::vector<LayerKind> layers;
    if (family.mixing == Mixing::OnePart) {
        layers = readOnePartLayers(reader, family, model.hidden, prediction);
    } else {
        const int count = reader.required(kLayers, 1, Limits::layers);
        layers = family.mixing == Mixing::BlockConfigs ? readBlockConfigs(reader, family, model.hidden, count)
                                                       : composeLayers(reader, family, model.hidden, count);
    }
    readNorms(reader, family, model);
    readPositions(reader, family, model);
    model.tiedEmbedding = readTied(reader, family, tiedOutside);
    model.embeddingNorm = family.embeddingNorm;
    checkLayout(reader, model.hidden);
    if (reader.failed())
        return;
    addLayers(reader, layers, model);
    readPrediction(reader, family, prediction, model);
    if (family.experts == Experts::Beside && model.hasExperts()) {
        constexpr int kNormsBeside = 3;
        model.normsPerLayer += kNormsBeside;
        reader.defaulted("norms per layer: " + std::to_string(model.normsPerLayer)
                         + ", of which 3 are of the experts beside the dense MLP");
    }
}

} // namespace shardlens::huggingface
