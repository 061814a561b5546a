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
constexpr std::array<std::string_view, 3> kTopK{"num_experts_per_tok", "experts_per_token", "num_experts_per_token"};

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
    case RouterBias::Flag: return reader.flag("use_routing_bias", family.routerBiasFallback, "the default of this model_type");
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

void readExpertCounts(ConfigReader& reader, FeedForward& sparse)
{
    sparse.experts = reader.required(kExperts, 1, Limits::experts);
    sparse.topK = reader.required(kTopK, 1, sparse.experts);
}

/// DeepSeek and GLM: n_shared_experts of the routed experts' size.
int readSharedExperts(ConfigReader& reader, int expertIntermediate)
{
    constexpr int kMostShared = 64;
    const int count = reader.orElse("n_shared_experts", 0, 0, kMostShared);
    const std::int64_t width = std::int64_t{count} * expertIntermediate;
    if (width > Limits::intermediate) {
        reader.refuse("n_shared_experts", "shared experts of at most " + std::to_string(Limits::intermediate) + " in all are allowed");
        return 0;
    }
    if (count > 1)
        reader.derived("shared experts: " + std::to_string(count) + " x " + std::to_string(expertIntermediate) + " = "
                       + std::to_string(width));
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
    }
    if (family.experts != Experts::None)
        f.sparse.routerBias = readRouterBias(reader, family);
    const bool anyDense = std::find(f.isSparse.begin(), f.isSparse.end(), false) != f.isSparse.end();
    const bool unused = family.experts == Experts::Strided || family.experts == Experts::AfterFirst;
    if (!anyDense && unused)
        reader.ignore("intermediate_size", "no layer has a dense MLP");
    else if (anyDense && f.dense.intermediate == 0)
        f.dense.intermediate = readIntermediate(reader, family, hidden);
    return f;
}

void readArchitecture(ConfigReader& reader, const Family& family, std::optional<bool> tiedOutside, Model& model)
{
    model.hidden = reader.required(kHidden, 1, Limits::hidden);
    model.vocabulary = reader.required("vocab_size", 1, Limits::vocabulary);
    const int layers = reader.required(kLayers, 1, Limits::layers);
    const Attention attention = readAttention(reader, family, model.hidden);
    const std::vector<Window> windows = readWindows(reader, family, layers);
    const FeedForwards feedForwards = readFeedForwards(reader, family, model.hidden, layers);
    readNorms(reader, family, model);
    readPositions(reader, family, model);
    model.tiedEmbedding = readTied(reader, family, tiedOutside);
    model.embeddingNorm = family.embeddingNorm;
    checkLayout(reader, model.hidden);

    for (std::size_t i = 0; i < windows.size(); ++i) {
        LayerKind kind{attention, feedForwards.isSparse[i] ? feedForwards.sparse : feedForwards.dense};
        kind.attention.window = windows[i].size;
        kind.attention.chunked = windows[i].chunked;
        const auto place = std::find(model.kinds.begin(), model.kinds.end(), kind);
        model.layers.push_back(static_cast<std::uint8_t>(place - model.kinds.begin()));
        if (place == model.kinds.end())
            model.kinds.push_back(kind);
    }
}

} // namespace shardlens::huggingface
