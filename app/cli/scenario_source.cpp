// SPDX-License-Identifier: Apache-2.0
#include "app/cli/scenario_source.h"

#include "core/scenario/calibrate.h"

#include "app/cli/option_flags.h"
#include "app/cli/serving_flags.h"
#include "core/base/format.h"
#include "core/hardware/resize.h"

#include <algorithm>
#include <istream>
#include <utility>

namespace shardlens::cli {

namespace {

constexpr std::size_t kMostScenarioBytes = std::size_t{4} << 20;
constexpr std::string_view kStandardInput = "standard input";
constexpr std::string_view kNativeWord = "native";

struct AxisFlag {
    Flag flag;
    PlanAxis axis;
};
/// Axes that use devices: giving one of them is giving a plan.
constexpr std::array kDeviceAxes{
    AxisFlag{Flag::Tensor, PlanAxis::Tensor},     AxisFlag{Flag::Pipeline, PlanAxis::Pipeline},
    AxisFlag{Flag::Data, PlanAxis::Data},         AxisFlag{Flag::Expert, PlanAxis::Expert},
    AxisFlag{Flag::Sequence, PlanAxis::Sequence}, AxisFlag{Flag::AttentionData, PlanAxis::AttentionData},
};
constexpr std::array kMicrobatchAxes{PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches};

int intOf(const FlagValue& value)
{
    return static_cast<int>(value.number); // the table of flags keeps it in range
}

std::string didYouMean(const std::vector<std::string>& similar, const std::string& where)
{
    if (similar.empty())
        return "; see " + where;
    std::string text = "; did you mean ";
    for (std::size_t i = 0; i < similar.size(); ++i)
        text += (i == 0 ? "" : i + 1 == similar.size() ? " or " : ", ") + similar[i];
    return text + "? See " + where;
}

Result<std::string> readStream(std::istream& input, std::size_t limit)
{
    std::string text(limit + 1, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (input.bad())
        return Error{.file = std::string(kStandardInput), .path = {}, .found = {}, .allowed = "cannot be read"};
    if (text.size() > limit)
        return Error{
            .file = std::string(kStandardInput), .path = {}, .found = "more than 4 MiB", .allowed = "a scenario has at most 4 MiB"};
    return text;
}

Result<std::shared_ptr<const Model>> modelNamed(const std::string& name, const Catalog& catalog, std::vector<std::string>& notices)
{
    if (std::shared_ptr<const Model> model = catalog.model(name))
        return model;
    std::error_code ignored;
    if (!std::filesystem::exists(name, ignored) && !name.ends_with(".json"))
        return Error{.file = {},
                     .path = "--model",
                     .found = name,
                     .allowed = "allowed is a model of the catalog, by id or Hugging Face id, or the path of a config.json"
                                + didYouMean(catalog.similarModels(name), "shardlens catalog models")};
    Result<ImportedModel> imported = readHuggingFaceConfig(name);
    if (!imported.ok())
        return imported.error();
    // Nothing of an import is silent: what was worked out, what was assumed, and what was left aside.
    for (const auto* lines : {&imported.value().derived, &imported.value().defaulted, &imported.value().ignored})
        for (const std::string& line : *lines)
            notices.push_back(name + ": " + line);
    return std::make_shared<const Model>(std::move(imported).value().model);
}

Result<std::shared_ptr<const Cluster>> clusterNamed(const std::string& name, const Catalog& catalog)
{
    if (std::shared_ptr<const Cluster> cluster = catalog.cluster(name))
        return cluster;
    return Error{.file = {},
                 .path = "--cluster",
                 .found = name,
                 .allowed =
                     "allowed is a cluster of the catalog" + didYouMean(catalog.similarClusters(name), "shardlens catalog clusters")};
}

Result<bool> applyMachine(Scenario& scenario, const Arguments& arguments, const Catalog& catalog, std::vector<std::string>& notices)
{
    if (arguments.has(Flag::Model)) {
        Result<std::shared_ptr<const Model>> model = modelNamed(arguments[Flag::Model].text, catalog, notices);
        if (!model.ok())
            return model.error();
        if (!arguments.has(Flag::Weights))
            scenario.formats = formatsForModel(scenario.formats, *scenario.model, *model.value());
        scenario.model = std::move(model).value();
    }
    if (arguments.has(Flag::Cluster)) {
        Result<std::shared_ptr<const Cluster>> cluster = clusterNamed(arguments[Flag::Cluster].text, catalog);
        if (!cluster.ok())
            return cluster.error();
        scenario.cluster = std::move(cluster).value();
    }
    if (arguments.has(Flag::Devices)) {
        Result<Cluster> cluster = resized(*scenario.cluster, intOf(arguments[Flag::Devices]));
        if (!cluster.ok()) {
            Error error = cluster.error();
            error.path = "--devices";
            return error;
        }
        scenario.cluster = std::make_shared<const Cluster>(std::move(cluster).value());
    }
    return true;
}

void applyWorkload(Scenario& scenario, const Arguments& arguments)
{
    const auto setCount = [&arguments](Flag flag, int& value) {
        if (arguments.has(flag))
            value = intOf(arguments[flag]);
    };
    setCount(Flag::Batch, scenario.workload.batch);
    setCount(Flag::Input, scenario.workload.input);
    setCount(Flag::Output, scenario.workload.output);
    const auto setFormat = [&arguments](Flag flag, NumberFormat& format) {
        if (arguments.has(flag))
            format = numberFormatNamed(arguments[flag].text).value_or(format); // the table of flags knows only such names
    };
    if (arguments.has(Flag::Weights) && arguments[Flag::Weights].text == kNativeWord) {
        scenario.formats.weights = scenario.model->nativeFormats->weights; // scenarioFrom() has refused models that state none
        scenario.formats.own = scenario.model->nativeFormats->own;
    }
    setFormat(Flag::Weights, scenario.formats.weights);
    setFormat(Flag::Kv, scenario.formats.kv);
    applyOwnFormats(scenario.formats, arguments);
    applyRouting(scenario.workload.routing, arguments);
    if (arguments.has(Flag::Compute))
        scenario.formats.compute = computeFormatNamed(arguments[Flag::Compute].text).value_or(scenario.formats.compute);
    if (arguments.has(Flag::Reserve))
        scenario.reserve = arguments[Flag::Reserve].number;
}

/// A cluster chosen without --compute runs in what it has, as in the window.
void supportArithmetic(Scenario& scenario, const Arguments& arguments, std::vector<std::string>& notices)
{
    if (arguments.has(Flag::Compute) || !arguments.has(Flag::Cluster))
        return;
    const Accelerator& accelerator = scenario.cluster->accelerator;
    const ComputeFormat wanted = std::exchange(scenario.formats.compute, accelerator.nearestArithmetic(scenario.formats.compute));
    if (wanted != scenario.formats.compute)
        notices.push_back(accelerator.name + " has no " + std::string(nameOf(wanted)) + " arithmetic: evaluated with --compute "
                          + std::string(nameOf(scenario.formats.compute)));
}

/// TP as large as is legal inside the scale-up domain, everything else 1.
Plan widestTensorPlan(const Scenario& scenario)
{
    Plan plan;
    for (int tensor = std::min(scaleUpDomain(*scenario.cluster), scenario.cluster->devices()); tensor > 1; --tensor) {
        plan[PlanAxis::Tensor] = tensor;
        if (isLegal(scenario.context(), plan))
            return plan;
    }
    return Plan{};
}

void applyPlan(Scenario& scenario, const Arguments& arguments, bool fromFile)
{
    const bool planGiven =
        std::any_of(kDeviceAxes.begin(), kDeviceAxes.end(), [&](const AxisFlag& axis) { return arguments.has(axis.flag); });
    const bool machineGiven = arguments.has(Flag::Model) || arguments.has(Flag::Cluster) || arguments.has(Flag::Devices);
    const bool planIsOurs = !fromFile && (planGiven || machineGiven);
    if (planIsOurs)
        scenario.plan = planGiven ? Plan{} : widestTensorPlan(scenario);
    applyOptions(scenario.plan.options, arguments);
    const int stages = scenario.plan.pipeline();
    for (const AxisFlag& axis : kDeviceAxes)
        if (arguments.has(axis.flag))
            scenario.plan[axis.axis] = intOf(arguments[axis.flag]);
    if (arguments.has(Flag::Chunks))
        scenario.plan[PlanAxis::Chunks] = intOf(arguments[Flag::Chunks]);
    if (fromFile)
        followStages(scenario.plan, stages, scenario.workload.batch);
    for (const PlanAxis axis : kMicrobatchAxes) {
        if (arguments.has(Flag::Microbatches))
            scenario.plan[axis] = intOf(arguments[Flag::Microbatches]);
        else if (planIsOurs)
            scenario.plan[axis] = std::min(scenario.plan.pipeline(), scenario.workload.batch);
        else if (!fromFile) // the case study's, at another batch
            scenario.plan[axis] = std::min(scenario.plan[axis], scenario.workload.batch);
    }
}

} // namespace

int scaleUpDomain(const Cluster& cluster)
{
    int devices = 1;
    for (const FabricLevel& level : cluster.levels)
        if (!level.scalesOut)
            devices *= level.units();
    return devices;
}

Result<ScenarioFile> readScenarioArgument(const std::string& file, const Catalog& catalog, std::istream& input)
{
    if (file != "-")
        return readScenario(file, catalog);
    Result<std::string> text = readStream(input, kMostScenarioBytes);
    if (!text.ok())
        return text.error();
    return parseScenario(text.value(), std::string(kStandardInput), catalog);
}

Result<ScenarioSource> scenarioFrom(const Arguments& arguments, const std::string& file, const Catalog& catalog, std::istream& input)
{
    if (arguments.has(Flag::LayerSplit) && arguments.has(Flag::LayersPerStage))
        return Error{.file = {},
                     .path = "--layers-per-stage",
                     .found = "--layer-split as well",
                     .allowed = "give one of the two: layers by hand, or by rule"};
    ScenarioSource source;
    if (file.empty()) {
        source.scenario = caseStudyScenario(catalog);
    } else {
        Result<ScenarioFile> read = readScenarioArgument(file, catalog, input);
        if (!read.ok())
            return read.error();
        source.scenario = std::move(read.value().scenario);
        source.notices = std::move(read.value().notices);
    }
    if (const Result<bool> machine = applyMachine(source.scenario, arguments, catalog, source.notices); !machine.ok())
        return machine.error();
    if (arguments.has(Flag::Weights) && arguments[Flag::Weights].text == kNativeWord && !source.scenario.model->nativeFormats)
        return Error{.file = {},
                     .path = "--weights",
                     .found = std::string(kNativeWord),
                     .allowed = source.scenario.model->name + " states no formats of its file; name one, e.g. bf16"};
    applyWorkload(source.scenario, arguments);
    supportArithmetic(source.scenario, arguments, source.notices);
    applyPlan(source.scenario, arguments, !file.empty());
    if (const Result<bool> serving = applyServing(source.scenario, arguments, catalog, source.notices); !serving.ok())
        return serving.error();
    if (arguments.has(Flag::Mode))
        source.scenario.mode = arguments[Flag::Mode].text == "calibrated" ? Mode::Calibrated : Mode::Roofline;
    calibrate(source.scenario, catalog.calibration);
    noteIdleFlags(source.scenario, arguments, source.notices);
    return source;
}

} // namespace shardlens::cli
