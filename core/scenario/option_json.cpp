// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/option_json.h"

#include "core/hardware/resize.h"
#include "core/scenario/hardware_json.h"
#include "core/scenario/scenario.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace shardlens {

namespace {

using Json = nlohmann::ordered_json;

/// The one 4-bit floating-point format of earlier versions. They counted no scales; the two that exist have some.
constexpr std::string_view kFormerFp4 = "fp4";

template <std::size_t N>
bool isSecond(JsonObject& object, std::string_view key, const std::array<std::string_view, N>& words, bool usual)
{
    static_assert(N == 2);
    const std::optional<std::size_t> choice = object.optionalChoice(key, words);
    return choice ? *choice == 1 : usual;
}

template <class Enum, std::size_t N>
Enum enumOf(JsonObject& object, std::string_view key, const std::array<std::string_view, N>& words)
{
    return static_cast<Enum>(object.optionalChoice(key, words).value_or(0));
}

std::vector<int> readStageLayers(JsonObject& object)
{
    std::vector<int> layers;
    if (const std::optional<JsonArray> list = object.optionalArray("stage_layers", 1, kMaxStageEntries))
        for (std::size_t i = 0; i < list->size(); ++i)
            layers.push_back(list->at(i).asInt(1, kMaxStageLayers));
    return layers;
}

std::array<MeshAxis, kMeshAxisCount> readOrder(JsonObject& object)
{
    std::array<MeshAxis, kMeshAxisCount> order = kDefaultOrder;
    std::optional<JsonValue> value = object.optional("axis_order");
    if (!value)
        return order;
    const JsonArray list = value->asArray(kMeshAxisCount, kMeshAxisCount);
    std::array<bool, kMeshAxisCount> seen{};
    for (std::size_t i = 0; i < list.size() && i < kMeshAxisCount; ++i) {
        JsonValue word = list.at(i);
        const std::size_t axis = word.asChoice(kMeshAxisWords);
        if (seen[axis])
            word.fail("each of " + listOf(kMeshAxisWords) + " once");
        seen[axis] = true;
        order[i] = static_cast<MeshAxis>(axis);
    }
    return order;
}

std::array<std::string_view, kNumberFormatCount> formatNames()
{
    std::array<std::string_view, kNumberFormatCount> names;
    std::transform(kNumberFormats.begin(), kNumberFormats.end(), names.begin(), [](NumberFormat format) { return nameOf(format); });
    return names;
}

NumberFormat readFormat(JsonValue value, std::vector<std::string>& notices)
{
    if (value.isString() && value.asString() == kFormerFp4) {
        notices.push_back(value.pointer()
                          + ": fp4 of an earlier version is read as mxfp4 (32 values to a scale); nvfp4 (16 to a scale) is the other.");
        return NumberFormat::Mxfp4;
    }
    return kNumberFormats[value.asChoice(formatNames())];
}

ComputeFormat readComputeFormat(JsonObject& object)
{
    std::array<std::string_view, kComputeFormatCount> names;
    std::transform(kComputeFormats.begin(), kComputeFormats.end(), names.begin(), [](ComputeFormat format) { return nameOf(format); });
    return kComputeFormats[object.requiredChoice("compute", names)];
}

Routing readRouting(JsonObject object)
{
    Routing routing;
    routing.powerLaw = object.optionalDouble("power_law", 0, kMaxPowerLaw).value_or(0);
    routing.capacityFactor = object.optionalDouble("capacity_factor", 0, kMaxCapacityFactor).value_or(0);
    routing.dropOverflow = !isSecond(object, "beyond_capacity", kOverflowWords, false);
    object.finish();
    return routing;
}

/// Largest value of a plan's axis that makes sense anywhere; whether it suits the model is for the legality rules.
int limitOf(PlanAxis axis)
{
    switch (axis) {
    case PlanAxis::PrefillMicrobatches:
    case PlanAxis::DecodeMicrobatches: return kMaxBatch;
    default: return kMaxDevices;
    }
}

} // namespace

PlanOptions readPlanOptions(JsonObject object)
{
    PlanOptions options;
    options.fusedAttention = !isSecond(object, "attention", kAttentionWords, false);
    options.sequenceExchange = enumOf<SequenceExchange>(object, "sequence_exchange", kSequenceExchangeWords);
    options.shardedNorms = isSecond(object, "norms", kNormWords, false);
    options.expertExchange = enumOf<ExpertExchange>(object, "expert_exchange", kExpertExchangeWords);
    options.sharedExperts = enumOf<SharedExpertPlace>(object, "shared_experts", kSharedExpertWords);
    options.redundantExperts = object.optionalInt("redundant_experts", 0, kMaxRedundantExperts).value_or(0);
    options.prediction = enumOf<PredictionUse>(object, "mtp", kPredictionWords);
    options.sends = enumOf<SendMode>(object, "sends", kSendWords);
    options.overlap = object.optionalDouble("overlap", 0, 1).value_or(0);
    options.virtualStages = object.optionalInt("virtual_stages", 1, kMaxVirtualStages).value_or(1);
    options.layerSplit = enumOf<LayerSplit>(object, "layer_split", kLayerSplitWords);
    options.stageLayers = readStageLayers(object);
    if (options.layerSplit == LayerSplit::Manual && options.stageLayers.empty())
        object.fail("stage_layers", "a manual split lists the layers of each stage here");
    options.order = readOrder(object);
    object.finish();
    return options;
}

Plan readPlan(JsonObject object)
{
    Plan plan;
    for (const PlanAxis axis : kPlanAxes) {
        const bool required = axis == PlanAxis::Tensor || axis == PlanAxis::Pipeline || axis == PlanAxis::Data;
        // The other axes are written only by plans that use them: absent means 1, that is not split (see resources/schema/scenario.json).
        plan[axis] =
            required ? object.requiredInt(keyOf(axis), 1, limitOf(axis)) : object.optionalInt(keyOf(axis), 1, limitOf(axis)).value_or(1);
    }
    if (const std::optional<JsonObject> options = object.optionalObject("options"))
        plan.options = readPlanOptions(*options);
    object.finish();
    return plan;
}

Formats readFormats(JsonObject object, std::vector<std::string>& notices)
{
    Formats formats;
    formats.weights = readFormat(object.required("weights"), notices);
    formats.kv = readFormat(object.required("kv"), notices);
    formats.compute = readComputeFormat(object);
    for (std::size_t i = 0; i < kWeightClassCount; ++i)
        if (const std::optional<JsonValue> value = object.optional(kWeightClassWords[i]))
            formats.own[i] = readFormat(*value, notices);
    object.finish();
    return formats;
}

Workload readWorkload(JsonObject object)
{
    Workload workload;
    workload.batch = object.requiredInt("batch", 1, kMaxBatch);
    workload.input = object.requiredInt("input", 1, kMaxTokens);
    workload.output = object.requiredInt("output", 1, kMaxTokens);
    if (const std::optional<JsonObject> routing = object.optionalObject("routing"))
        workload.routing = readRouting(*routing);
    object.finish();
    return workload;
}

Json planOptionsJson(const PlanOptions& options)
{
    const PlanOptions usual;
    Json json = Json::object();
    const auto put = [&json](std::string_view key, bool differs, const auto& value) {
        if (differs)
            json[std::string(key)] = value;
    };
    put("attention", options.fusedAttention != usual.fusedAttention, kAttentionWords[options.fusedAttention ? 0 : 1]);
    put("sequence_exchange", options.sequenceExchange != usual.sequenceExchange, wordOf(kSequenceExchangeWords, options.sequenceExchange));
    put("norms", options.shardedNorms != usual.shardedNorms, kNormWords[options.shardedNorms ? 1 : 0]);
    put("expert_exchange", options.expertExchange != usual.expertExchange, wordOf(kExpertExchangeWords, options.expertExchange));
    put("shared_experts", options.sharedExperts != usual.sharedExperts, wordOf(kSharedExpertWords, options.sharedExperts));
    put("redundant_experts", options.redundantExperts != usual.redundantExperts, options.redundantExperts);
    put("mtp", options.prediction != usual.prediction, wordOf(kPredictionWords, options.prediction));
    put("sends", options.sends != usual.sends, wordOf(kSendWords, options.sends));
    put("overlap", options.overlap != usual.overlap, numberJson(options.overlap));
    put("virtual_stages", options.virtualStages != usual.virtualStages, options.virtualStages);
    put("layer_split", options.layerSplit != usual.layerSplit, wordOf(kLayerSplitWords, options.layerSplit));
    put("stage_layers", options.stageLayers != usual.stageLayers, options.stageLayers);
    if (options.order != usual.order)
        for (const MeshAxis axis : options.order)
            json["axis_order"].push_back(wordOf(kMeshAxisWords, axis));
    return json;
}

Json planJson(const Plan& plan)
{
    Json json;
    for (const PlanAxis axis : kPlanAxes)
        json[std::string(keyOf(axis))] = plan[axis];
    if (Json options = planOptionsJson(plan.options); !options.empty())
        json["options"] = std::move(options);
    return json;
}

Json formatsJson(const Formats& formats)
{
    Json json = {{"weights", nameOf(formats.weights)}, {"kv", nameOf(formats.kv)}, {"compute", nameOf(formats.compute)}};
    for (std::size_t i = 0; i < kWeightClassCount; ++i)
        if (formats.own[i])
            json[std::string(kWeightClassWords[i])] = nameOf(*formats.own[i]);
    return json;
}

Json workloadJson(const Workload& workload)
{
    Json json = {{"batch", workload.batch}, {"input", workload.input}, {"output", workload.output}};
    const Routing& routing = workload.routing;
    if (routing.powerLaw != 0)
        json["routing"]["power_law"] = numberJson(routing.powerLaw);
    if (routing.capacityFactor != 0)
        json["routing"]["capacity_factor"] = numberJson(routing.capacityFactor);
    if (!routing.dropOverflow)
        json["routing"]["beyond_capacity"] = kOverflowWords[1];
    return json;
}

} // namespace shardlens
