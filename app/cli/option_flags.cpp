// SPDX-License-Identifier: Apache-2.0
#include "app/cli/option_flags.h"

#include "core/plan/optionnames.h"

#include <algorithm>

namespace shardlens::cli {

namespace {

int intOf(const FlagValue& value)
{
    return static_cast<int>(value.number); // the table of flags keeps it in range
}

/// The index of the flag's word; the table of flags knows no other words.
template <std::size_t N>
std::size_t wordIndex(const FlagValue& value, const std::array<std::string_view, N>& words)
{
    return static_cast<std::size_t>(std::find(words.begin(), words.end(), value.text) - words.begin());
}

void applyLayers(PlanOptions& options, const Arguments& arguments)
{
    if (arguments.has(Flag::LayersPerStage)) {
        options.layerSplit = LayerSplit::Manual;
        options.stageLayers = arguments[Flag::LayersPerStage].list;
    }
    if (arguments.has(Flag::LayerSplit)) {
        options.layerSplit = static_cast<LayerSplit>(wordIndex(arguments[Flag::LayerSplit], kLayerSplitWords));
        options.stageLayers.clear();
    }
    if (arguments.has(Flag::VirtualStages))
        options.virtualStages = intOf(arguments[Flag::VirtualStages]);
}

} // namespace

void applyOwnFormats(Formats& formats, const Arguments& arguments)
{
    constexpr std::array kFlags{Flag::AttentionFormat, Flag::MlpFormat, Flag::ExpertFormat, Flag::EmbeddingFormat};
    static_assert(kFlags.size() == kWeightClassCount);
    for (std::size_t i = 0; i < kFlags.size(); ++i)
        if (arguments.has(kFlags[i]))
            formats.own[i] = numberFormatNamed(arguments[kFlags[i]].text); // "as-weights" names none
}

void applyRouting(Routing& routing, const Arguments& arguments)
{
    if (arguments.has(Flag::RoutingSkew))
        routing.powerLaw = arguments[Flag::RoutingSkew].factor;
    if (arguments.has(Flag::CapacityFactor))
        routing.capacityFactor = arguments[Flag::CapacityFactor].factor;
    if (arguments.has(Flag::BeyondCapacity))
        routing.dropOverflow = wordIndex(arguments[Flag::BeyondCapacity], kOverflowWords) == 0;
}

void applyOptions(PlanOptions& options, const Arguments& arguments)
{
    const auto choose = [&arguments](Flag flag, auto& value, const auto& words) {
        if (arguments.has(flag))
            value = static_cast<std::remove_reference_t<decltype(value)>>(wordIndex(arguments[flag], words));
    };
    if (arguments.has(Flag::Attention))
        options.fusedAttention = wordIndex(arguments[Flag::Attention], kAttentionWords) == 0;
    choose(Flag::SequenceExchange, options.sequenceExchange, kSequenceExchangeWords);
    choose(Flag::Norms, options.shardedNorms, kNormWords);
    choose(Flag::ExpertExchange, options.expertExchange, kExpertExchangeWords);
    choose(Flag::SharedExperts, options.sharedExperts, kSharedExpertWords);
    choose(Flag::Prediction, options.prediction, kPredictionWords);
    choose(Flag::Sends, options.sends, kSendWords);
    if (arguments.has(Flag::RedundantExperts))
        options.redundantExperts = intOf(arguments[Flag::RedundantExperts]);
    if (arguments.has(Flag::Overlap))
        options.overlap = arguments[Flag::Overlap].factor;
    if (arguments.has(Flag::AxisOrder))
        for (std::size_t i = 0; i < kMeshAxisCount; ++i)
            options.order[i] = static_cast<MeshAxis>(arguments[Flag::AxisOrder].list[i]);
    applyLayers(options, arguments);
}

void noteIdleFlags(const Scenario& scenario, const Arguments& arguments, std::vector<std::string>& notices)
{
    struct OptionFlag {
        Flag flag;
        PlanOption option;
    };
    constexpr std::array kOptionFlags{
        OptionFlag{Flag::AttentionFormat, PlanOption::AttentionFormat},
        OptionFlag{Flag::MlpFormat, PlanOption::MlpFormat},
        OptionFlag{Flag::ExpertFormat, PlanOption::ExpertFormat},
        OptionFlag{Flag::EmbeddingFormat, PlanOption::EmbeddingFormat},
        OptionFlag{Flag::Attention, PlanOption::Attention},
        OptionFlag{Flag::SequenceExchange, PlanOption::SequenceExchange},
        OptionFlag{Flag::Norms, PlanOption::Norms},
        OptionFlag{Flag::ExpertExchange, PlanOption::ExpertExchange},
        OptionFlag{Flag::SharedExperts, PlanOption::SharedExperts},
        OptionFlag{Flag::RedundantExperts, PlanOption::RedundantExperts},
        OptionFlag{Flag::Prediction, PlanOption::Prediction},
        OptionFlag{Flag::RoutingSkew, PlanOption::PowerLaw},
        OptionFlag{Flag::CapacityFactor, PlanOption::Capacity},
        OptionFlag{Flag::BeyondCapacity, PlanOption::Capacity},
        OptionFlag{Flag::Sends, PlanOption::Sends},
        OptionFlag{Flag::Overlap, PlanOption::Overlap},
        OptionFlag{Flag::VirtualStages, PlanOption::VirtualStages},
        OptionFlag{Flag::LayerSplit, PlanOption::LayerSplit},
        OptionFlag{Flag::LayersPerStage, PlanOption::LayerSplit},
        OptionFlag{Flag::AxisOrder, PlanOption::OrderOfAxes},
    };
    for (const OptionFlag& each : kOptionFlags) {
        if (!arguments.has(each.flag))
            continue;
        std::string reason = whyNoUse(each.option, *scenario.model);
        if (!reason.empty())
            reason = "no effect: " + reason;
        else if (reason = whyNoEffect(each.option, scenario.plan); !reason.empty())
            reason.front() = 'n'; // "No effect while ..."
        if (!reason.empty())
            notices.push_back(std::string(specOf(each.flag).name) + ": " + reason);
    }
}

} // namespace shardlens::cli
