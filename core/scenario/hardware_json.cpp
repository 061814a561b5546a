// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/hardware_json.h"

#include "core/base/format.h"
#include "core/hardware/resize.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {

namespace {

// Limits that any accelerator or link for the next decades keeps; beyond them a figure has the wrong unit.
constexpr Bytes kMaxMemory = Bytes{1} << 50;
constexpr double kMaxBandwidth = 1e17;
constexpr double kMinBandwidth = 1e6;
constexpr double kMaxPeak = 1e20;
constexpr double kMinPeak = 1e9;
constexpr double kMaxLatency = 1;
constexpr double kMaxPower = 1e7;
constexpr double kMaxPrice = 1e6;
constexpr std::size_t kMaxLevels = 8;
constexpr std::size_t kMaxAxes = 6;

constexpr std::array<std::string_view, 3> kTopologies{"switch", "ring", "torus"};
constexpr std::array<std::string_view, 3> kConfidences{"A", "B", "C"};

std::string nonEmpty(JsonObject& object, std::string_view key)
{
    std::string text = object.requiredString(key);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        object.fail(key, "a text that is not empty");
    return text;
}

void readPeaks(JsonObject peaks, Accelerator& accelerator)
{
    bool any = false;
    for (const ComputeFormat format : kComputeFormats) {
        const std::optional<double> peak = peaks.optionalDouble(nameOf(format), kMinPeak, kMaxPeak);
        accelerator.peak[static_cast<std::size_t>(format)] = peak.value_or(0);
        any = any || peak.has_value();
    }
    peaks.finish();
    if (!any)
        peaks.reader().fail(peaks.pointer(), "", "at least one dense peak in FLOP/s, such as \"bf16\"");
    // Halving the bits at most doubles a dense rate on every tensor unit built so far, four times where fp8 has an array of its own
    // (Trainium3). Beyond that the figure is the one with sparsity, or in another unit.
    const double bf16 = accelerator.peakOf(ComputeFormat::Bf16);
    for (const ComputeFormat format : {ComputeFormat::Fp8, ComputeFormat::Int8, ComputeFormat::Int4, ComputeFormat::Fp4}) {
        const double most = (bitsOf(format) == 8 ? 4.5 : 9.0) * bf16;
        if (bf16 > 0 && accelerator.peakOf(format) > most)
            peaks.fail(nameOf(format), "a dense peak, at most " + std::string(bitsOf(format) == 8 ? "4.5" : "9") + " times that of bf16");
    }
}

/// Extents and wraps of a level, checked against its topology.
void readShape(JsonObject& object, FabricLevel& level)
{
    const bool torus = level.topology == Topology::Torus;
    const JsonArray extents = object.requiredArray("extents", 1, torus ? kMaxAxes : 1);
    for (std::size_t i = 0; i < extents.size(); ++i)
        level.extents.push_back(extents.at(i).asInt(1, kMaxDevices));
    if (level.topology == Topology::Switch)
        return;
    const JsonArray wraps = object.requiredArray("wrap", extents.size(), extents.size());
    for (std::size_t i = 0; i < wraps.size(); ++i) {
        JsonValue wrap = wraps.at(i);
        level.wrap.push_back(wrap.asBool());
        if (level.wrap.back() && i < level.extents.size() && level.extents[i] < 3)
            wrap.fail("false, since an axis of fewer than 3 units has no wrap-around link of its own");
    }
    if (!torus)
        return;
    level.wrapUnit = object.optionalInt("wrap_unit", 1, kMaxDevices).value_or(0);
    const bool wrapped = std::find(level.wrap.begin(), level.wrap.end(), true) != level.wrap.end();
    const bool multiples = level.wrapUnit == 0 || std::all_of(level.extents.begin(), level.extents.end(), [&level](int extent) {
                               return extent % level.wrapUnit == 0;
                           });
    if (wrapped && !multiples)
        object.fail("wrap", "no wrap-around where an extent is not a multiple of wrap_unit");
}

FabricLevel readLevel(JsonObject object, bool outermost)
{
    FabricLevel level;
    level.name = nonEmpty(object, "name");
    level.topology = static_cast<Topology>(object.requiredChoice("topology", kTopologies));
    readShape(object, level);
    level.bandwidth = object.requiredDouble("bandwidth_bytes_per_s", kMinBandwidth, kMaxBandwidth);
    level.latency = object.requiredDouble("latency_s", 0, kMaxLatency);
    level.scalesOut = object.optionalBool("scales_out").value_or(false);
    if (level.scalesOut && !outermost)
        object.fail("scales_out", "only the last level may scale out");
    if (level.scalesOut && level.topology != Topology::Switch)
        object.fail("scales_out", "only a level whose topology is switch may scale out");
    level.source.text = nonEmpty(object, "source");
    object.finish();
    return level;
}

Accelerator readClusterAccelerator(JsonObject& object, std::span<const Accelerator> accelerators)
{
    JsonValue value = object.required("accelerator");
    if (value.isObject())
        return readAccelerator(value.asObject());
    const std::string id = value.asString();
    const auto found = std::find_if(accelerators.begin(), accelerators.end(), [&id](const Accelerator& a) { return a.id == id; });
    if (found != accelerators.end())
        return *found;
    value.fail("the id of an accelerator in the catalog, or an object that describes one");
    return {};
}

} // namespace

Accelerator readAccelerator(JsonObject object)
{
    Accelerator accelerator;
    accelerator.id = nonEmpty(object, "id");
    accelerator.name = nonEmpty(object, "name");
    accelerator.vendor = nonEmpty(object, "vendor");
    accelerator.noun = nonEmpty(object, "noun");
    accelerator.confidence = kConfidences[object.requiredChoice("confidence", kConfidences)].front();
    accelerator.memoryBytes = object.requiredInt64("memory_bytes", 1, kMaxMemory);
    accelerator.memoryBandwidth = object.requiredDouble("memory_bandwidth_bytes_per_s", kMinBandwidth, kMaxBandwidth);
    readPeaks(object.requiredObject("dense_flop_per_s"), accelerator);
    accelerator.powerWatts = object.optionalDouble("power_w", 0, kMaxPower).value_or(0);
    accelerator.source.text = nonEmpty(object, "source");
    object.finish();
    return accelerator;
}

Cluster readCluster(JsonObject object, std::span<const Accelerator> accelerators)
{
    Cluster cluster;
    cluster.id = nonEmpty(object, "id");
    cluster.name = nonEmpty(object, "name");
    cluster.accelerator = readClusterAccelerator(object, accelerators);
    const JsonArray levels = object.requiredArray("levels", 1, kMaxLevels);
    std::int64_t devices = 1;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        cluster.levels.push_back(readLevel(levels.at(i).asObject(), i + 1 == levels.size()));
        for (const int extent : cluster.levels.back().extents)
            devices = std::min<std::int64_t>(devices * extent, std::int64_t{kMaxDevices} + 1);
    }
    if (devices > kMaxDevices)
        object.fail("levels", "extents whose product is at most " + formatCount(kMaxDevices) + " devices");
    cluster.pricePerDeviceHour = object.optionalDouble("price_usd_per_device_hour", 0, kMaxPrice).value_or(0);
    if (cluster.pricePerDeviceHour > 0)
        cluster.priceSource = nonEmpty(object, "price_source");
    else if (const auto source = object.optionalString("price_source"))
        cluster.priceSource = *source;
    cluster.source.text = nonEmpty(object, "source");
    object.finish();
    return cluster;
}

nlohmann::ordered_json numberJson(double value)
{
    constexpr double kExactIntegers = 9007199254740992.0; // 2^53
    if (std::abs(value) < kExactIntegers && std::trunc(value) == value && !(value == 0 && std::signbit(value)))
        return static_cast<std::int64_t>(value);
    return value;
}

nlohmann::ordered_json acceleratorJson(const Accelerator& accelerator)
{
    nlohmann::ordered_json peaks = nlohmann::ordered_json::object();
    for (const ComputeFormat format : kComputeFormats)
        if (accelerator.peakOf(format) > 0)
            peaks[std::string(nameOf(format))] = numberJson(accelerator.peakOf(format));
    nlohmann::ordered_json json;
    json["id"] = accelerator.id;
    json["name"] = accelerator.name;
    json["vendor"] = accelerator.vendor;
    json["noun"] = accelerator.noun;
    json["confidence"] = std::string(1, accelerator.confidence);
    json["memory_bytes"] = accelerator.memoryBytes;
    json["memory_bandwidth_bytes_per_s"] = numberJson(accelerator.memoryBandwidth);
    json["dense_flop_per_s"] = std::move(peaks);
    if (accelerator.powerWatts > 0)
        json["power_w"] = numberJson(accelerator.powerWatts);
    json["source"] = accelerator.source.text;
    return json;
}

nlohmann::ordered_json clusterJson(const Cluster& cluster)
{
    const Cluster whole = uncut(cluster);
    nlohmann::ordered_json levels = nlohmann::ordered_json::array();
    for (const FabricLevel& level : whole.levels) {
        nlohmann::ordered_json json;
        json["name"] = level.name;
        json["topology"] = kTopologies[static_cast<std::size_t>(level.topology)];
        json["extents"] = level.extents;
        if (level.topology != Topology::Switch)
            json["wrap"] = level.wrap;
        if (level.wrapUnit > 0)
            json["wrap_unit"] = level.wrapUnit;
        json["bandwidth_bytes_per_s"] = numberJson(level.bandwidth);
        json["latency_s"] = numberJson(level.latency);
        if (level.scalesOut)
            json["scales_out"] = true;
        json["source"] = level.source.text;
        levels.push_back(std::move(json));
    }
    nlohmann::ordered_json json;
    json["id"] = whole.id;
    json["name"] = whole.name;
    json["accelerator"] = acceleratorJson(whole.accelerator);
    json["levels"] = std::move(levels);
    if (whole.pricePerDeviceHour > 0)
        json["price_usd_per_device_hour"] = numberJson(whole.pricePerDeviceHour);
    if (!whole.priceSource.empty())
        json["price_source"] = whole.priceSource;
    json["source"] = whole.source.text;
    return json;
}

} // namespace shardlens
