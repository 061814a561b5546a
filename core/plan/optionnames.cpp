// SPDX-License-Identifier: Apache-2.0
#include "core/plan/optionnames.h"

#include "core/base/format.h"

#include <algorithm>

namespace shardlens {

namespace {

class Clauses {
public:
    void add(bool differs, const std::string& clause)
    {
        if (differs)
            m_text += (m_text.empty() ? "" : ", ") + clause;
    }
    [[nodiscard]] std::string text() const { return m_text; }

private:
    std::string m_text;
};

std::string layersText(const std::vector<int>& layers)
{
    constexpr std::size_t kShown = 8;
    std::string text;
    for (std::size_t i = 0; i < layers.size() && i < kShown; ++i)
        text += (i == 0 ? "" : "+") + std::to_string(layers[i]);
    return layers.size() > kShown ? text + "+... (" + formatCount(static_cast<std::int64_t>(layers.size())) + " stages)" : text;
}

bool anyKind(const Model& model, bool (*holds)(const LayerKind&))
{
    return std::any_of(model.kinds.begin(), model.kinds.end(), holds);
}

bool cachesKeys(const LayerKind& kind)
{
    return kind.attention.kind == AttentionKind::Grouped || kind.attention.kind == AttentionKind::Latent;
}

bool hasSharedExperts(const LayerKind& kind)
{
    return kind.feedForward.isMoe() && kind.feedForward.sharedIntermediate > 0;
}

bool hasDenseMlp(const LayerKind& kind)
{
    return kind.feedForward.intermediate > 0 || hasSharedExperts(kind);
}

std::string orderText(const std::array<MeshAxis, kMeshAxisCount>& order)
{
    std::string text;
    for (const MeshAxis axis : order)
        text += (text.empty() ? "" : " ") + std::string(shortNameOf(planAxisOf(axis)));
    return text;
}

} // namespace

std::string whyNoUse(PlanOption option, const Model& model)
{
    const auto unless = [&model](bool used, const char* reason) { return used ? std::string() : model.name + reason; };
    switch (option) {
    case PlanOption::ExpertExchange:
    case PlanOption::RedundantExperts:
    case PlanOption::PowerLaw:
    case PlanOption::Capacity:
    case PlanOption::ExpertFormat: return unless(model.hasExperts(), " has no experts.");
    case PlanOption::SharedExperts: return unless(anyKind(model, hasSharedExperts), " has no shared experts.");
    case PlanOption::MlpFormat: return unless(anyKind(model, hasDenseMlp), " has neither dense MLPs nor shared experts.");
    case PlanOption::Prediction: return unless(model.prediction.layers > 0, " has no layers of multi-token prediction.");
    case PlanOption::Attention:
    case PlanOption::SequenceExchange: return unless(anyKind(model, cachesKeys), " has no attention over cached keys.");
    default: return {};
    }
}

std::string whyNoEffect(PlanOption option, const Plan& plan)
{
    const auto whileOne = [&plan](PlanAxis axis) {
        return plan[axis] > 1 ? std::string() : "No effect while " + std::string(shortNameOf(axis)) + " is 1.";
    };
    switch (option) {
    case PlanOption::SequenceExchange: return whileOne(PlanAxis::Sequence);
    case PlanOption::Norms: return whileOne(PlanAxis::Tensor);
    case PlanOption::ExpertExchange:
    case PlanOption::RedundantExperts: return whileOne(PlanAxis::Expert);
    case PlanOption::Sends:
    case PlanOption::VirtualStages:
    case PlanOption::LayerSplit: return whileOne(PlanAxis::Pipeline);
    case PlanOption::SharedExperts: return plan.stageDevices() > 1 ? "" : "No effect on a stage of one device.";
    case PlanOption::Overlap: return plan.stageDevices() > 1 ? "" : "No effect on a stage of one device, which has no collectives.";
    case PlanOption::OrderOfAxes: {
        const auto above =
            std::count_if(kDefaultOrder.begin(), kDefaultOrder.end(), [&](MeshAxis axis) { return plan[planAxisOf(axis)] > 1; });
        return above > 1 ? "" : "No effect while fewer than two axes are above 1.";
    }
    default: return {};
    }
}

std::string describe(const PlanOptions& options)
{
    const PlanOptions usual;
    Clauses clauses;
    clauses.add(!options.fusedAttention, "unfused attention");
    clauses.add(options.sequenceExchange == SequenceExchange::Ring, "ring attention");
    clauses.add(options.shardedNorms, "norms sharded over TP");
    clauses.add(options.expertExchange == ExpertExchange::Reduce, "experts by reduce");
    clauses.add(options.expertExchange == ExpertExchange::AllToAll, "experts by all-to-all");
    clauses.add(options.sharedExperts == SharedExpertPlace::Replicated, "shared experts on every device");
    clauses.add(options.redundantExperts > 0,
                formatCount(options.redundantExperts) + (options.redundantExperts == 1 ? " redundant expert" : " redundant experts"));
    clauses.add(options.prediction == PredictionUse::Load, "prediction layers loaded");
    clauses.add(options.sends == SendMode::Synchronous, "synchronous sends");
    clauses.add(options.overlap > 0, formatPercent(options.overlap) + " of collectives hidden");
    clauses.add(options.virtualStages > 1, formatCount(options.virtualStages) + " virtual stages");
    clauses.add(options.layerSplit == LayerSplit::Balanced, "layers balanced with embedding and head");
    clauses.add(options.layerSplit == LayerSplit::Manual, "layers " + layersText(options.stageLayers));
    clauses.add(options.order != usual.order, "axes, innermost first, " + orderText(options.order));
    return clauses.text();
}

std::string describe(const Routing& routing)
{
    Clauses clauses;
    clauses.add(routing.powerLaw > 0, "power law " + formatNumber(routing.powerLaw));
    clauses.add(routing.capacityFactor > 0, "capacity factor " + formatNumber(routing.capacityFactor)
                                                + (routing.dropOverflow ? ", dropped beyond it" : ", moved on beyond it"));
    return clauses.text();
}

std::string describe(const Formats& formats)
{
    const auto name = [](auto format) { return std::string(nameOf(format)); };
    Clauses own;
    for (std::size_t i = 0; i < kWeightClassCount; ++i)
        if (formats.own[i])
            own.add(true, std::string(kWeightClassWords[i]) + ' ' + name(*formats.own[i]));
    return "weights " + name(formats.weights) + (own.text().empty() ? "" : " (" + own.text() + ")") + ", KV " + name(formats.kv)
           + ", compute " + name(formats.compute);
}

} // namespace shardlens
