// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/report_parts.h"

#include "core/base/format.h"

#include <algorithm>

namespace shardlens {

std::vector<RoutingFacts> routingFacts(const Scenario& scenario)
{
    const Model& model = *scenario.model;
    const Workload& workload = scenario.workload;
    const Plan& plan = scenario.plan;
    const std::int64_t promptPiece = ceilDiv(workload.input, plan.chunks());
    std::vector<RoutingFacts> all;
    for (std::size_t kind = 0; kind < model.kinds.size(); ++kind) {
        const FeedForward& f = model.kinds[kind].feedForward;
        if (!f.isMoe())
            continue;
        const ExpertRouting routing(f, plan.expert(), plan.options.redundantExperts, workload.routing);
        RoutingFacts facts;
        facts.kind = static_cast<int>(kind);
        facts.layers = static_cast<int>(std::count(model.layers.begin(), model.layers.end(), static_cast<std::uint8_t>(kind)));
        facts.experts = f.experts;
        facts.topK = f.topK;
        facts.slots = routing.slots();
        facts.imbalance = routing.imbalance();
        facts.hottestRank = routing.hottest().rank;
        facts.ranksPerToken = routing.destinations();
        facts.prefill.tokens = ceilDiv(workload.batch, plan.prefillMicrobatches()) * promptPiece;
        facts.decode.tokens = ceilDiv(workload.batch, plan.decodeMicrobatches());
        facts.prefill.load = routing.at(static_cast<double>(facts.prefill.tokens));
        facts.decode.load = routing.at(static_cast<double>(facts.decode.tokens));
        all.push_back(facts);
    }
    return all;
}

namespace {

std::string_view kindWord(const LayerKind& kind)
{
    return kind.feedForward.isMoe() ? "MoE" : kind.feedForward.isNone() ? "no-MLP" : "dense";
}

bool isAlone(const Model& model, int index)
{
    const std::string_view own = kindWord(model.kinds[static_cast<std::size_t>(index)]);
    return std::count_if(model.kinds.begin(), model.kinds.end(), [own](const LayerKind& kind) { return kindWord(kind) == own; }) == 1;
}

} // namespace

std::string kindName(const Model& model, int index)
{
    const std::string own(kindWord(model.kinds[static_cast<std::size_t>(index)]));
    return isAlone(model, index) ? own : own + " " + std::to_string(index);
}

std::string kindLayer(const Model& model, int index, const char* noun)
{
    const std::string own = std::string(kindWord(model.kinds[static_cast<std::size_t>(index)])) + " " + noun;
    return isAlone(model, index) ? own : own + " of kind " + std::to_string(index);
}

std::string kindText(const Model& model, int index)
{
    const LayerKind& kind = model.kinds[static_cast<std::size_t>(index)];
    const Attention& a = kind.attention;
    const FeedForward& f = kind.feedForward;
    std::string parts;
    const auto add = [&parts](const std::string& part) { parts += (parts.empty() ? "" : "; ") + part; };
    switch (a.kind) {
    case AttentionKind::Grouped:
        add(a.window == 0 ? "full attention"
                          : (a.chunked ? "attention in chunks of " : "attention in a window of ") + formatCount(a.window));
        break;
    case AttentionKind::Latent: add("latent attention"); break;
    case AttentionKind::Linear: add("linear attention"); break;
    case AttentionKind::None: break;
    }
    if (a.index.heads > 0)
        add("top " + formatCount(a.index.topK) + (a.index.shared ? " of an earlier layer's index" : " by an index"));
    if (f.intermediate > 0)
        add("MLP of " + formatCount(f.intermediate));
    if (f.isMoe())
        add(formatCount(f.experts) + " experts");
    const auto layers = std::count(model.layers.begin(), model.layers.end(), static_cast<std::uint8_t>(index));
    const std::string count = layers > 0 ? formatCount(layers) + " of " + formatCount(model.layerCount()) + " layers" : "prediction only";
    return "Layers of kind " + std::to_string(index) + " (" + count + ": " + parts + ")";
}

namespace {

/// EP and expert TP regroup the devices of a stage for the experts alone.
bool isExpertAxis(const AxisRow& row)
{
    return row.name == "EP" || row.name == "expert TP";
}

} // namespace

std::vector<AxisRow> usedAxes(const Scenario& scenario)
{
    std::vector<AxisRow> rows = axisTable(*scenario.cluster, Placement(scenario.plan.meshSizes()));
    const bool experts = scenario.model->hasExperts();
    std::erase_if(rows, [experts](const AxisRow& row) { return row.size() <= 1 || (!experts && isExpertAxis(row)); });
    return rows;
}

std::string linksText(const Scenario& scenario, const AxisRow& row)
{
    std::string text;
    for (const AxisLink& link : row.links) {
        const FabricLevel& level = scenario.cluster->levels[static_cast<std::size_t>(link.level)];
        text += (text.empty() ? "" : "; then ") + level.name;
        if (link.torusAxis >= 0 && level.extents.size() > 1)
            text += " axis " + std::to_string(link.torusAxis);
        if (link.leafUnits > 0)
            text += " leaf of " + formatCount(link.leafUnits);
        if (link.leaves > 0)
            text += " between " + formatCount(link.leaves) + (link.leaves == 1 ? " leaf" : " leaves") + ", "
                    + formatNumber(level.oversubscription) + ":1";
        text += ", " + formatCount(link.participants) + " members";
        text += ", " + (link.links > 1 ? formatCount(link.links) + " x " : std::string()) + formatBandwidth(link.linkBandwidth);
    }
    return text;
}

} // namespace shardlens
