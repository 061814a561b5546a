// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/scenario_file.h"

#include "core/hardware/resize.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/hardware_json.h"
#include "core/scenario/json_reader.h"
#include "core/scenario/model_json.h"
#include "core/scenario/option_json.h"
#include "core/scenario/serve.h"
#include "core/scenario/serving_json.h"
#include "core/scenario/similar.h"

#include <nlohmann/json.hpp>

#include <array>

namespace shardlens {

namespace {

constexpr std::size_t kMaxFile = std::size_t{4} << 20;
constexpr Bytes kMaxReserve = Bytes{1} << 50;
constexpr int kMaxVersion = 1'000'000;
constexpr std::array<std::string_view, 2> kModes{"roofline", "calibrated"};

std::shared_ptr<const Model> readScenarioModel(JsonObject& root, const Catalog& catalog)
{
    JsonValue value = root.required("model");
    if (value.isObject())
        return std::make_shared<const Model>(readModel(value.asObject()));
    const std::string id = value.asString();
    if (auto model = catalog.model(id))
        return model;
    value.fail("the id of a model in the catalog or an object that describes one" + proposal(catalog.similarModels(id)));
    return nullptr;
}

std::shared_ptr<const Cluster> readScenarioCluster(JsonValue value, const Catalog& catalog)
{
    if (value.isObject())
        return std::make_shared<const Cluster>(readCluster(value.asObject(), catalog.accelerators));
    const std::string id = value.asString();
    if (auto cluster = catalog.cluster(id))
        return cluster;
    value.fail("the id of a cluster in the catalog or an object that describes one" + proposal(catalog.similarClusters(id)));
    return nullptr;
}

/// The fields nobody knew, as {"/pointer": value, ...}; empty text when there are none.
nlohmann::ordered_json unknownJson(const JsonReader& reader, const JsonDocument& document)
{
    nlohmann::ordered_json unknown = nlohmann::ordered_json::object();
    for (const std::string& pointer : reader.unknown())
        unknown[pointer] = document.json().at(nlohmann::json::json_pointer(pointer));
    return unknown;
}

std::string listOfPointers(const std::vector<std::string>& pointers)
{
    constexpr std::size_t kShown = 5;
    std::string text;
    for (std::size_t i = 0; i < pointers.size() && i < kShown; ++i)
        text += (i == 0 ? "" : ", ") + pointers[i];
    if (pointers.size() > kShown)
        text += " and " + std::to_string(pointers.size() - kShown) + " more";
    return text;
}

void noteUnknown(const JsonReader& reader, const JsonDocument& document, int version, ScenarioFile& file)
{
    nlohmann::ordered_json unknown = unknownJson(reader, document);
    if (version > kScenarioVersion) {
        // The fields that are kept belong to that version, so the file goes on saying so.
        unknown["/version"] = version;
        file.notices.push_back("The file has version " + std::to_string(version) + ", this program writes version "
                               + std::to_string(kScenarioVersion) + ": what it knows was read and the rest is kept.");
    }
    if (!reader.unknown().empty())
        file.notices.push_back("Unknown fields are kept and not used: " + listOfPointers(reader.unknown()) + ".");
    if (!unknown.empty())
        file.unknownFields = unknown.dump();
}

/// Puts back what an earlier reading did not know, each field at its pointer; those whose object is gone are left out.
void restoreUnknown(const std::string& unknownFields, nlohmann::ordered_json& json)
{
    const nlohmann::ordered_json unknown = nlohmann::ordered_json::parse(unknownFields, nullptr, false);
    if (!unknown.is_object())
        return;
    for (const auto& [pointer, value] : unknown.items()) {
        if (pointer == "/version") {
            json["version"] = value;
            continue;
        }
        try {
            const nlohmann::ordered_json::json_pointer place(pointer);
            if (place.empty())
                continue;
            // Objects that are written only when something in them differs.
            if (const std::string parent = place.parent_pointer().to_string();
                parent == "/plan/options" || parent == "/targets" || parent == "/workload/routing" || parent.starts_with("/serving"))
                if (nlohmann::ordered_json& made = json[place.parent_pointer()]; made.is_null())
                    made = nlohmann::ordered_json::object();
            if (!json.contains(place.parent_pointer()))
                continue;
            nlohmann::ordered_json& parent = json[place.parent_pointer()];
            if (parent.is_object() && !parent.contains(place.back()))
                parent[place.back()] = value;
        } catch (const nlohmann::ordered_json::exception&) {
            continue; // not a pointer: nothing that parseScenario() wrote
        }
    }
}

/// The id when the catalog holds this very model, otherwise all of it.
nlohmann::ordered_json scenarioModelJson(const Model& model, const Catalog& catalog)
{
    const auto known = catalog.model(model.id);
    return known && *known == model ? nlohmann::ordered_json(model.id) : modelToJson(model);
}

nlohmann::ordered_json scenarioClusterJson(const Cluster& cluster, const Catalog& catalog)
{
    if (const auto known = catalog.cluster(cluster.id)) {
        const Result<Cluster> sized = resized(*known, cluster.devices());
        if (sized.ok() && sized.value() == cluster)
            return cluster.id;
    }
    return clusterJson(cluster);
}

} // namespace

Result<ScenarioFile> parseScenario(std::string_view json, const std::string& fileName, const Catalog& catalog)
{
    Result<JsonDocument> document = JsonDocument::parse(json, fileName, JsonLimits{kMaxFile, 64});
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Collect);
    JsonObject root = reader.root();
    const std::string format = root.requiredString("format");
    if (format != kScenarioFormat)
        root.fail("format", '"' + std::string(kScenarioFormat) + "\", which marks a scenario file");
    const int version = root.requiredInt("version", 1, kMaxVersion);

    ScenarioFile file;
    Scenario& scenario = file.scenario;
    scenario.model = readScenarioModel(root, catalog);
    const std::shared_ptr<const Cluster> cluster = readScenarioCluster(root.required("cluster"), catalog);
    const int devices = root.requiredInt("devices", 1, kMaxDevices);
    scenario.formats = readFormats(root.requiredObject("formats"), file.notices);
    scenario.workload = readWorkload(root.requiredObject("workload"));
    scenario.plan = readPlan(root.requiredObject("plan"));
    scenario.mode = static_cast<Mode>(root.requiredChoice("mode", kModes));
    scenario.reserve = root.optionalInt64("reserve_bytes", 0, kMaxReserve);
    if (const std::optional<JsonObject> serving = root.optionalObject("serving"))
        scenario.serving =
            readServing(*serving, *scenario.model, [&catalog](JsonValue value) { return readScenarioCluster(std::move(value), catalog); });
    if (std::optional<JsonObject> targets = root.optionalObject("targets")) {
        scenario.targets.ttft = targets->optionalDouble("ttft_s", kLeastTarget, kMostTarget);
        scenario.targets.tpot = targets->optionalDouble("tpot_s", kLeastTarget, kMostTarget);
        targets->finish();
    }
    root.finish();
    if (reader.failed())
        return reader.error();

    Result<Cluster> sized = resized(*cluster, devices);
    if (!sized.ok())
        return Error{fileName, "/devices", sized.error().found, sized.error().allowed};
    scenario.cluster = sized.value() == *cluster ? cluster : std::make_shared<const Cluster>(std::move(sized).value());
    if (const std::vector<std::string> problems = poolProblems(scenario); !problems.empty())
        return Error{fileName, "/serving/pools", {}, problems.front()};
    calibrate(scenario, catalog.calibration);
    noteUnknown(reader, document.value(), version, file);
    return file;
}

Result<ScenarioFile> readScenario(const std::filesystem::path& file, const Catalog& catalog)
{
    Result<std::string> text = readTextFile(file, kMaxFile);
    if (!text.ok())
        return text.error();
    return parseScenario(text.value(), file.string(), catalog);
}

std::string printScenario(const ScenarioFile& file, const Catalog& catalog)
{
    const Scenario& scenario = file.scenario;
    nlohmann::ordered_json json;
    json["format"] = kScenarioFormat;
    json["version"] = kScenarioVersion;
    json["model"] = scenarioModelJson(*scenario.model, catalog);
    json["cluster"] = scenarioClusterJson(*scenario.cluster, catalog);
    json["devices"] = scenario.cluster->devices();
    json["formats"] = formatsJson(scenario.formats);
    json["workload"] = workloadJson(scenario.workload);
    json["plan"] = planJson(scenario.plan);
    json["mode"] = kModes[static_cast<std::size_t>(scenario.mode)];
    if (scenario.reserve)
        json["reserve_bytes"] = *scenario.reserve;
    const auto cluster = [&catalog](const Cluster& pool) { return scenarioClusterJson(pool, catalog); };
    if (nlohmann::ordered_json serving = servingJson(scenario.serving, cluster); !serving.empty())
        json["serving"] = std::move(serving);
    if (scenario.targets.ttft)
        json["targets"]["ttft_s"] = numberJson(*scenario.targets.ttft);
    if (scenario.targets.tpot)
        json["targets"]["tpot_s"] = numberJson(*scenario.targets.tpot);
    restoreUnknown(file.unknownFields, json);
    // Names from hostile files may hold bytes that are not UTF-8 only if a caller made them; replaced rather than thrown on.
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

Scenario caseStudyScenario(const Catalog& catalog)
{
    const auto orBuiltin = [](auto mine, auto shipped) { return mine ? mine : shipped; };
    Scenario scenario;
    scenario.model = orBuiltin(catalog.model("llama-3-70b"), builtinCatalog().model("llama-3-70b"));
    scenario.cluster = orBuiltin(catalog.cluster("p5.48xlarge"), builtinCatalog().cluster("p5.48xlarge"));
    scenario.workload = {.batch = 32, .input = 2048, .output = 256};
    scenario.plan[PlanAxis::Tensor] = 4;
    scenario.plan[PlanAxis::Pipeline] = 2;
    scenario.plan[PlanAxis::PrefillMicrobatches] = 8;
    scenario.plan[PlanAxis::DecodeMicrobatches] = 2;
    return scenario;
}

} // namespace shardlens
