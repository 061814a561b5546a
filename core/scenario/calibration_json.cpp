// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/calibration_json.h"

#include "core/scenario/json_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shardlens {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kLeastFactor = 1e-4;
constexpr double kMostFactor = 1e4;
constexpr int kMostSamples = 100'000'000;
constexpr std::array<std::string_view, 4> kOrigins{"measured", "fitted", "borrowed", "assumed"};

/// Six significant figures.
double rounded(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return std::strtod(text, nullptr);
}

/// Unit of a field in files: value = seconds x scale.
struct FieldKey {
    StepField field;
    std::string_view key;
    double scale;
    double most; ///< in the file's unit
};
constexpr std::array kLinkKeys{
    FieldKey{StepField::NodeLatency, "latency_us", 1e6, 1e4}, FieldKey{StepField::NodeBandwidth, "bandwidth", 1, 1},
    FieldKey{StepField::NetworkLatency, "network_latency_us", 1e6, 1e5}, FieldKey{StepField::NetworkBandwidth, "network_bandwidth", 1, 1}};
constexpr std::array kHostKeys{FieldKey{StepField::ElementwisePasses, "elementwise_passes", 1, 100},
                               FieldKey{StepField::Elementwise, "elementwise_us", 1e6, 1e4},
                               FieldKey{StepField::Step, "step_us", 1e6, 1e6},
                               FieldKey{StepField::PerSequence, "per_sequence_us", 1e6, 1e5},
                               FieldKey{StepField::PerToken, "per_token_ns", 1e9, 1e6},
                               FieldKey{StepField::RequestOverhead, "request_overhead_ms", 1e3, 1e5}};
struct KernelKey {
    KernelField field;
    std::string_view key;
    double scale;
    double most;
};
constexpr std::array kKernelKeys{KernelKey{KernelField::Compute, "compute", 1, 1}, KernelKey{KernelField::Memory, "memory", 1, 1},
                                 KernelKey{KernelField::Spill, "spill", 1, 1}, KernelKey{KernelField::Launch, "launch_us", 1e6, 1e5}};

// Writing ------------------------------------------------------------------------------------------------------------------------------

/// A constant in the file's unit.
double written(const ConstantLogs& logs, std::size_t constant, double scale)
{
    return rounded(valueOf(constant, logs[constant]) * scale);
}

void writeEvidence(const ConstantEvidence& evidence, Json& json)
{
    json["origin"] = keyOf(evidence.origin);
    if (evidence.samples > 0) {
        json["samples"] = evidence.samples;
        json["median_error"] = rounded(evidence.medianError);
        json["p90_error"] = rounded(evidence.p90Error);
    }
    if (!evidence.source.empty())
        json["source"] = evidence.source;
}

Json factorsJson(const FactorLogs& factors)
{
    Json json = Json::object();
    for (std::size_t f = 0; f < kFactorCount; ++f)
        if (const double value = rounded(std::exp(factors[f])); value != 1)
            json[factorName(f)] = value;
    return json;
}

Json acceleratorJson(const AcceleratorCalibration& a)
{
    Json json;
    json["accelerator"] = a.accelerator;
    if (!a.relative.empty()) {
        json["relative"] = a.relative;
        return json;
    }
    for (std::size_t k = 0; k < kKernelClassCount; ++k)
        for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
            const auto kernel = static_cast<KernelClass>(k);
            const auto format = static_cast<KernelFormat>(f);
            Json& entry = json["kernels"][std::string(keyOf(kernel))][std::string(keyOf(format))];
            for (const KernelKey& key : kKernelKeys)
                entry[std::string(key.key)] = written(a.logs, constantOf(kernel, format, key.field), key.scale);
            writeEvidence(a.evidence[evidenceOf(kernel, format)], entry);
        }
    for (const FieldKey& key : kLinkKeys)
        json["links"][std::string(key.key)] = written(a.logs, constantOf(key.field), key.scale);
    writeEvidence(a.evidence.back(), json["links"]);
    for (const FieldKey& key : kHostKeys)
        json["host"][std::string(key.key)] = written(a.logs, constantOf(key.field), key.scale);
    for (std::size_t e = 0; e < kEngineCount; ++e) {
        const PairCalibration& pair = a.engines[e];
        if (pair.points == 0)
            continue;
        Json& entry = json["engines"][std::string(kEngineWords[e])];
        entry["points"] = pair.points;
        entry["models"] = pair.models;
        entry["factors"] = factorsJson(pair.factors);
    }
    return json;
}

Json spreadJson(const Spread& spread)
{
    return Json::array({rounded(spread.low), rounded(spread.high)});
}

// Reading ------------------------------------------------------------------------------------------------------------------------------

void readFactors(JsonObject object, FactorLogs& factors)
{
    for (std::size_t f = 0; f < kFactorCount; ++f)
        if (const std::optional<double> value = object.optionalDouble(factorName(f), kLeastFactor, kMostFactor))
            factors[f] = std::log(*value);
    object.finish();
}

ConstantEvidence readEvidence(JsonObject& object)
{
    ConstantEvidence out;
    out.origin = static_cast<ConstantOrigin>(object.requiredChoice("origin", kOrigins));
    out.samples = object.optionalInt("samples", 0, kMostSamples).value_or(0);
    out.medianError = object.optionalDouble("median_error", 0, kMostFactor).value_or(0);
    out.p90Error = object.optionalDouble("p90_error", 0, kMostFactor).value_or(0);
    out.source = object.optionalString("source").value_or("");
    return out;
}

/// A positive value in the file's unit.
double readLog(JsonObject& object, std::size_t constant, std::string_view key, double scale, double most)
{
    return logOf(constant, object.requiredDouble(key, 1e-9, most) / scale);
}

void readPairs(JsonObject engines, AcceleratorCalibration& out)
{
    for (std::size_t e = 0; e < kEngineCount; ++e) {
        std::optional<JsonObject> entry = engines.optionalObject(kEngineWords[e]);
        if (!entry)
            continue;
        PairCalibration& pair = out.engines[e];
        pair.points = entry->requiredInt("points", 1, kMostSamples);
        const JsonArray models = entry->requiredArray("models");
        for (std::size_t i = 0; i < models.size(); ++i)
            pair.models.push_back(models.at(i).asString());
        readFactors(entry->requiredObject("factors"), pair.factors);
        entry->finish();
    }
    engines.finish();
}

AcceleratorCalibration readAccelerator(JsonObject object)
{
    AcceleratorCalibration out;
    out.accelerator = object.requiredString("accelerator");
    out.relative = object.optionalString("relative").value_or("");
    if (!out.relative.empty()) {
        object.finish();
        return out;
    }
    JsonObject kernels = object.requiredObject("kernels");
    for (std::size_t k = 0; k < kKernelClassCount; ++k) {
        const auto kernel = static_cast<KernelClass>(k);
        JsonObject formats = kernels.requiredObject(keyOf(kernel));
        for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
            const auto format = static_cast<KernelFormat>(f);
            JsonObject entry = formats.requiredObject(keyOf(format));
            for (const KernelKey& key : kKernelKeys)
                out.logs[constantOf(kernel, format, key.field)] =
                    readLog(entry, constantOf(kernel, format, key.field), key.key, key.scale, key.most);
            out.evidence[evidenceOf(kernel, format)] = readEvidence(entry);
            entry.finish();
        }
        formats.finish();
    }
    kernels.finish();
    JsonObject links = object.requiredObject("links");
    for (const FieldKey& key : kLinkKeys)
        out.logs[constantOf(key.field)] = readLog(links, constantOf(key.field), key.key, key.scale, key.most);
    out.evidence.back() = readEvidence(links);
    links.finish();
    JsonObject host = object.requiredObject("host");
    for (const FieldKey& key : kHostKeys)
        out.logs[constantOf(key.field)] = readLog(host, constantOf(key.field), key.key, key.scale, key.most);
    host.finish();
    if (std::optional<JsonObject> engines = object.optionalObject("engines"))
        readPairs(std::move(*engines), out);
    object.finish();
    return out;
}

Spread readSpread(JsonObject& object, std::string_view key)
{
    const JsonArray pair = object.requiredArray(key, 2, 2);
    if (pair.size() != 2)
        return {};
    Spread out;
    out.low = pair.at(0).asDouble(kLeastFactor, 1);
    out.high = pair.at(1).asDouble(1, kMostFactor);
    return out;
}

void readIntervals(JsonObject object, CalibrationSet& set)
{
    set.source = object.requiredString("source");
    JsonObject ranges = object.requiredObject("measured");
    const auto range = [&ranges](std::string_view key) {
        MeasuredRange out;
        const JsonArray pair = ranges.requiredArray(key, 2, 2);
        if (pair.size() == 2) {
            out.least = pair.at(0).asDouble(0, 1e12);
            out.most = pair.at(1).asDouble(0, 1e12);
        }
        return out;
    };
    set.ranges = {range("input"), range("output"), range("concurrency"), range("devices")};
    ranges.finish();
    JsonObject intervals = object.requiredObject("intervals");
    for (std::size_t n = 0; n < kNearnessCount; ++n) {
        JsonObject entry = intervals.requiredObject(keyOf(static_cast<Nearness>(n)));
        set.intervals[n].points = entry.requiredInt("points", 0, kMostSamples);
        set.intervals[n].ttft = readSpread(entry, "ttft");
        set.intervals[n].tpot = readSpread(entry, "tpot");
        set.intervals[n].outputPerDevice = readSpread(entry, "output_per_device");
        entry.finish();
    }
    intervals.finish();
    object.finish();
}

} // namespace

std::map<std::string, std::string> calibrationFiles(const CalibrationSet& set)
{
    std::map<std::string, std::string> files;
    for (const auto& a : set.accelerators)
        files["accelerators/" + a->accelerator + ".json"] = acceleratorJson(*a).dump(1, ' ') + "\n";
    for (std::size_t e = 0; e < kEngineCount; ++e) {
        Json json;
        json["engine"] = kEngineWords[e];
        json["points"] = set.engines[e].points;
        json["source"] = set.engines[e].source;
        json["factors"] = factorsJson(set.engines[e].factors);
        files["engines/" + std::string(kEngineWords[e]) + ".json"] = json.dump(1, ' ') + "\n";
    }
    Json json;
    json["source"] = set.source;
    const auto range = [&json](const char* key, const MeasuredRange& r) {
        json["measured"][key] = Json::array({rounded(r.least), rounded(r.most)});
    };
    range("input", set.ranges.input);
    range("output", set.ranges.output);
    range("concurrency", set.ranges.concurrency);
    range("devices", set.ranges.devices);
    for (std::size_t n = 0; n < kNearnessCount; ++n) {
        Json& entry = json["intervals"][std::string(keyOf(static_cast<Nearness>(n)))];
        entry["points"] = set.intervals[n].points;
        entry["ttft"] = spreadJson(set.intervals[n].ttft);
        entry["tpot"] = spreadJson(set.intervals[n].tpot);
        entry["output_per_device"] = spreadJson(set.intervals[n].outputPerDevice);
    }
    files["intervals.json"] = json.dump(1, ' ') + "\n";
    return files;
}

std::optional<Error> addCalibrationFile(CalibrationSet& set, std::string_view path, const std::string& fileName, std::string_view text)
{
    Result<JsonDocument> document = JsonDocument::parse(text, fileName);
    if (!document.ok())
        return document.error();
    JsonReader reader(document.value(), UnknownKeys::Refuse);
    JsonObject root = reader.root();
    if (path.starts_with("accelerators/")) {
        AcceleratorCalibration a = readAccelerator(std::move(root));
        if (!reader.failed())
            set.accelerators.push_back(std::make_shared<const AcceleratorCalibration>(std::move(a)));
    } else if (path.starts_with("engines/")) {
        const std::size_t engine = root.requiredChoice("engine", kEngineWords);
        EngineCalibration& out = set.engines[engine];
        out.engine = static_cast<Engine>(engine);
        out.points = root.requiredInt("points", 0, kMostSamples);
        out.source = root.requiredString("source");
        readFactors(root.requiredObject("factors"), out.factors);
        root.finish();
    } else {
        readIntervals(std::move(root), set);
    }
    return reader.failed() ? std::optional(reader.error()) : std::nullopt;
}

std::optional<Error> finishCalibration(CalibrationSet& set)
{
    for (auto& a : set.accelerators) {
        if (a->relative.empty())
            continue;
        const AcceleratorCalibration* relative = set.accelerator(a->relative);
        if (!relative || !relative->relative.empty())
            return Error{"accelerators/" + a->accelerator + ".json", "/relative", '"' + a->relative + '"',
                         "an accelerator with constants of its own"};
        auto complete = std::make_shared<AcceleratorCalibration>(*relative);
        complete->accelerator = a->accelerator;
        complete->relative = a->relative;
        for (ConstantEvidence& evidence : complete->evidence)
            evidence = {ConstantOrigin::Borrowed, 0, 0, 0, a->relative};
        a = std::move(complete);
    }
    return std::nullopt;
}

} // namespace shardlens
