// SPDX-License-Identifier: Apache-2.0
#include "app/cli/catalog_list.h"

#include "app/cli/text_table.h"
#include "core/base/format.h"
#include "core/model/parameters.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace shardlens::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string_view nameOf(const Attention& attention)
{
    switch (attention.kind) {
    case AttentionKind::Grouped: return "grouped";
    case AttentionKind::Latent: return "MLA";
    case AttentionKind::Linear: return "linear";
    case AttentionKind::None: return "none";
    }
    return "grouped";
}

/// "MLA", "MHA", "MQA", "GQA 8", "linear"; "+ index" where an index picks what is attended to; empty where a layer mixes no tokens.
std::string attentionOf(const Attention& attention)
{
    if (attention.kind == AttentionKind::None)
        return {};
    if (attention.kind == AttentionKind::Linear)
        return "linear";
    std::string text = "MLA";
    if (attention.kind == AttentionKind::Grouped)
        text = attention.kvHeads == attention.queryHeads ? "MHA" : attention.kvHeads == 1 ? "MQA" : "GQA " + formatCount(attention.kvHeads);
    return attention.index.heads > 0 ? text + " + index" : text;
}

/// The one way all layers mix tokens, or each with its number of layers: "36 x linear, 12 x GQA 2".
std::string attentionOf(const Model& model)
{
    std::vector<std::pair<std::string, int>> ways;
    for (const std::uint8_t kind : model.layers) {
        const std::string way = attentionOf(model.kinds[kind].attention);
        if (way.empty())
            continue;
        const auto place = std::find_if(ways.begin(), ways.end(), [&way](const auto& known) { return known.first == way; });
        if (place == ways.end())
            ways.emplace_back(way, 1);
        else
            ++place->second;
    }
    if (ways.size() == 1 && ways.front().second == model.layerCount())
        return ways.front().first;
    std::string text;
    for (const auto& [way, count] : ways)
        text += (text.empty() ? "" : ", ") + formatCount(count) + " x " + way;
    return text;
}

std::string billions(std::int64_t parameters)
{
    return formatNumber(static_cast<double>(parameters) / 1e9) + " B";
}

/// "70.6 TFLOP/s" of a peak, or a dash when there is none.
std::string peakText(const Accelerator& accelerator, ComputeFormat format)
{
    const double peak = accelerator.peakOf(format);
    return peak > 0 ? formatFlopRate(peak) : "-";
}

TextTable modelTable(const Catalog& catalog)
{
    TextTable table{
        {Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left, Align::Right, Align::Left},
        {{"id", "name", "parameters", "active", "layers", "hidden", "attention", "context", "source"}}};
    for (const std::shared_ptr<const Model>& model : catalog.models) {
        const ParameterCount count = countParameters(*model);
        table.rows.push_back({model->id, model->name, billions(count.total), billions(count.active), formatCount(model->layerCount()),
                              formatCount(model->hidden), attentionOf(*model),
                              model->maxPositions > 0 ? formatCount(model->maxPositions) : "-", model->source.text});
    }
    return table;
}

TextTable acceleratorTable(const Catalog& catalog)
{
    TextTable table{{Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left, Align::Left},
                    {{"id", "name", "memory", "bandwidth", "bf16", "fp8", "confidence", "source"}}};
    for (const Accelerator& accelerator : catalog.accelerators)
        table.rows.push_back({accelerator.id, accelerator.name, formatBytes(static_cast<double>(accelerator.memoryBytes)),
                              formatBandwidth(accelerator.memoryBandwidth), peakText(accelerator, ComputeFormat::Bf16),
                              peakText(accelerator, ComputeFormat::Fp8), std::string(1, accelerator.confidence), accelerator.source.text});
    return table;
}

TextTable clusterTable(const Catalog& catalog)
{
    TextTable table{{Align::Left, Align::Left, Align::Right, Align::Left, Align::Left, Align::Left},
                    {{"id", "name", "devices", "accelerator", "fabric, innermost first", "source"}}};
    for (const std::shared_ptr<const Cluster>& cluster : catalog.clusters) {
        std::string fabric;
        for (const FabricLevel& level : cluster->levels)
            fabric += (fabric.empty() ? "" : "; ") + level.name + " " + std::string(nameOf(level.topology)) + " "
                      + formatBandwidth(level.bandwidth);
        table.rows.push_back(
            {cluster->id, cluster->name, formatCount(cluster->devices()), cluster->accelerator.id, fabric, cluster->source.text});
    }
    return table;
}

Json modelJson(const Model& model)
{
    const ParameterCount count = countParameters(model);
    Json kinds = Json::array();
    for (const LayerKind& kind : model.kinds) {
        Json json{{"attention", nameOf(kind.attention)}, {"query_heads", kind.attention.queryHeads},
                  {"kv_heads", kind.attention.kvHeads},  {"head_dim", kind.attention.headDim},
                  {"window", kind.attention.window},     {"intermediate", kind.feedForward.intermediate}};
        if (kind.feedForward.isMoe()) {
            json["experts"] = kind.feedForward.experts;
            json["experts_per_token"] = kind.feedForward.topK;
            json["expert_intermediate"] = kind.feedForward.expertIntermediate;
            json["shared_intermediate"] = kind.feedForward.sharedIntermediate;
        }
        if (const LinearMixer& m = kind.attention.linear; kind.attention.kind == AttentionKind::Linear)
            json["state"] = Json{{"value_heads", m.valueHeads}, {"key_dim", m.keyDim}, {"value_dim", m.valueDim}};
        if (const SparseIndex& index = kind.attention.index; index.heads > 0)
            json["index"] = Json{{"heads", index.heads}, {"head_dim", index.headDim}, {"top_k", index.topK}};
        kinds.push_back(std::move(json));
    }
    return {{"id", model.id},
            {"name", model.name},
            {"hugging_face_id", model.huggingFaceId},
            {"parameters", count.total},
            {"active_parameters", count.active},
            {"prediction_parameters", count.prediction},
            {"layers", model.layerCount()},
            {"hidden", model.hidden},
            {"vocabulary", model.vocabulary},
            {"max_positions", model.maxPositions},
            {"layer_kinds", std::move(kinds)},
            {"source", model.source.text}};
}

Json acceleratorJson(const Accelerator& accelerator)
{
    Json peaks = Json::object();
    for (const ComputeFormat format : kComputeFormats)
        if (accelerator.peakOf(format) > 0)
            peaks[std::string(shardlens::nameOf(format))] = accelerator.peakOf(format);
    return {{"id", accelerator.id},
            {"name", accelerator.name},
            {"vendor", accelerator.vendor},
            {"memory_bytes", accelerator.memoryBytes},
            {"memory_bandwidth_bytes_per_s", accelerator.memoryBandwidth},
            {"peak_flop_per_s", std::move(peaks)},
            {"sram_bytes", accelerator.sramBytes > 0 ? Json(accelerator.sramBytes) : Json()},
            {"sram_kind", accelerator.sramBytes > 0 ? Json(accelerator.sramKind) : Json()},
            {"power_watts", accelerator.powerWatts > 0 ? Json(accelerator.powerWatts) : Json()},
            {"units", accelerator.units},
            {"confidence", std::string(1, accelerator.confidence)},
            {"source", accelerator.source.text}};
}

Json clusterJson(const Cluster& cluster)
{
    Json levels = Json::array();
    for (const FabricLevel& level : cluster.levels)
        levels.push_back({{"name", level.name},
                          {"topology", keyOf(level.topology)},
                          {"extents", level.extents},
                          {"wrap", level.wrap},
                          {"bandwidth_bytes_per_s", level.bandwidth},
                          {"link_bandwidth_bytes_per_s", level.linkBandwidth()},
                          {"in_network_reduction", level.inNetworkReduction},
                          {"oversubscription", level.oversubscription},
                          {"latency_s", level.latency},
                          {"scales_out", level.scalesOut},
                          {"source", level.source.text}});
    return {{"id", cluster.id},
            {"name", cluster.name},
            {"devices", cluster.devices()},
            {"accelerator", cluster.accelerator.id},
            {"levels", std::move(levels)},
            {"price_usd_per_device_hour", cluster.pricePerDeviceHour > 0 ? Json(cluster.pricePerDeviceHour) : Json()},
            {"price_source", cluster.priceSource},
            {"units", cluster.units},
            {"source", cluster.source.text}};
}

Error unknownKind(const std::string& kind)
{
    return {.file = {}, .path = "shardlens catalog", .found = kind, .allowed = "allowed is models, accelerators or clusters"};
}

} // namespace

Result<std::string> catalogText(const Catalog& catalog, const std::string& kind)
{
    if (kind == "models")
        return modelTable(catalog).print();
    if (kind == "accelerators")
        return acceleratorTable(catalog).print();
    if (kind == "clusters")
        return clusterTable(catalog).print();
    return unknownKind(kind);
}

Result<std::string> catalogJson(const Catalog& catalog, const std::string& kind)
{
    Json list = Json::array();
    if (kind == "models") {
        for (const std::shared_ptr<const Model>& model : catalog.models)
            list.push_back(modelJson(*model));
    } else if (kind == "accelerators") {
        for (const Accelerator& accelerator : catalog.accelerators)
            list.push_back(acceleratorJson(accelerator));
    } else if (kind == "clusters") {
        for (const std::shared_ptr<const Cluster>& cluster : catalog.clusters)
            list.push_back(clusterJson(*cluster));
    } else {
        return unknownKind(kind);
    }
    return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace shardlens::cli
