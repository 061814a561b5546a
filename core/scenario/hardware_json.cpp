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
constexpr double kMaxOversubscription = 1000;
constexpr int kMaxParallelLinks = 64;

constexpr std::array<Topology, kTopologyCount> kTopologies{Topology::Switch,   Topology::Ring,     Topology::Torus,
                                                           Topology::FullMesh, Topology::CubeMesh, Topology::PcieTree};
constexpr std::array<std::string_view, kTopologyCount> kTopologyKeys{"switch",           "ring",     "torus", "full_mesh",
                                                                     "hybrid_cube_mesh", "pcie_tree"};
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

bool isTorusLike(Topology topology)
{
    return topology == Topology::Ring || topology == Topology::Torus;
}

/// Wrap-around links of a ring or torus.
void readWrap(JsonObject& object, FabricLevel& level)
{
    const JsonArray wraps = object.requiredArray("wrap", level.extents.size(), level.extents.size());
    for (std::size_t i = 0; i < wraps.size(); ++i) {
        JsonValue wrap = wraps.at(i);
        level.wrap.push_back(wrap.asBool());
        if (level.wrap.back() && i < level.extents.size() && level.extents[i] < 3)
            wrap.fail("false, since an axis of fewer than 3 units has no wrap-around link of its own");
    }
    if (level.topology != Topology::Torus)
        return;
    level.wrapUnit = object.optionalInt("wrap_unit", 1, kMaxDevices).value_or(0);
    const bool wrapped = std::find(level.wrap.begin(), level.wrap.end(), true) != level.wrap.end();
    const bool multiples = level.wrapUnit == 0 || std::all_of(level.extents.begin(), level.extents.end(), [&level](int extent) {
                               return extent % level.wrapUnit == 0;
                           });
    if (wrapped && !multiples)
        object.fail("wrap", "no wrap-around where an extent is not a multiple of wrap_unit");
}

/// Pairs of a hybrid cube mesh: [first unit, second unit, links].
void readLinks(JsonObject& object, FabricLevel& level)
{
    const int units = level.units();
    std::array<int, kMaxCubeMesh> links{};
    const JsonArray pairs = object.requiredArray("links", 1, kMaxCubeMesh * (kMaxCubeMesh - 1) / 2);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const JsonArray pair = pairs.at(i).asArray(3, 3);
        if (pair.size() != 3)
            return;
        DirectLink link;
        link.a = pair.at(0).asInt(0, units - 1);
        link.b = pair.at(1).asInt(0, units - 1);
        link.count = pair.at(2).asInt(1, kMaxParallelLinks);
        if (link.a >= link.b || level.linksBetween(link.a, link.b) > 0) {
            pairs.at(i).fail("[smaller unit, larger unit, links], each pair once");
            return;
        }
        level.links.push_back(link);
        links[static_cast<std::size_t>(link.a)] += link.count;
        links[static_cast<std::size_t>(link.b)] += link.count;
    }
    if (std::any_of(links.begin(), links.begin() + units, [](int count) { return count == 0; }))
        object.fail("links", "at least one link at every unit");
    level.hostBandwidth = object.requiredDouble("host_bandwidth_bytes_per_s", kMinBandwidth, kMaxBandwidth);
}

/// What only some topologies have; a key of another topology is refused as unknown by finish().
void readTopology(JsonObject& object, FabricLevel& level)
{
    switch (level.topology) {
    case Topology::Switch:
        level.inNetworkReduction = object.optionalBool("in_network_reduction").value_or(false);
        level.oversubscription = object.optionalDouble("oversubscription", 1, kMaxOversubscription).value_or(1);
        level.leafUnits = object.optionalInt("leaf_units", 1, kMaxDevices).value_or(0);
        if (level.leafUnits > 0 && level.oversubscription <= 1)
            object.fail("leaf_units", "leaf_units only beside an oversubscription of more than 1");
        break;
    case Topology::Ring:
    case Topology::Torus: readWrap(object, level); break;
    case Topology::FullMesh:
        if (level.units() < 2)
            object.fail("extents", "a full mesh of 2 units or more");
        break;
    case Topology::CubeMesh:
        if (level.units() < 2 || level.units() > kMaxCubeMesh)
            object.fail("extents", "a hybrid cube mesh of 2 to " + std::to_string(kMaxCubeMesh) + " units");
        else
            readLinks(object, level);
        break;
    case Topology::PcieTree: break;
    }
}

/// Links per axis or tier: an option of a torus, needed by a host tree.
void readAxisBandwidth(JsonObject& object, FabricLevel& level)
{
    const bool tree = level.topology == Topology::PcieTree;
    if (!tree && (level.topology != Topology::Torus || !object.has("axis_bandwidth_bytes_per_s")))
        return;
    const JsonArray links = object.requiredArray("axis_bandwidth_bytes_per_s", level.extents.size(), level.extents.size());
    double both = 0;
    for (std::size_t i = 0; i < links.size(); ++i) {
        level.axisBandwidth.push_back(links.at(i).asDouble(kMinBandwidth, kMaxBandwidth));
        both += 2 * level.axisBandwidth.back();
    }
    if (level.axisBandwidth.size() != level.extents.size())
        return;
    if (tree && level.axisBandwidth.front() != level.bandwidth)
        object.fail("axis_bandwidth_bytes_per_s", "first the device's own link, equal to bandwidth_bytes_per_s");
    if (!tree && std::abs(both - level.bandwidth) > 1e-9 * level.bandwidth)
        object.fail("axis_bandwidth_bytes_per_s", "links whose sum, two for each axis, is bandwidth_bytes_per_s");
}

FabricLevel readLevel(JsonObject object, bool outermost)
{
    FabricLevel level;
    level.name = nonEmpty(object, "name");
    level.topology = kTopologies[object.requiredChoice("topology", kTopologyKeys)];
    const bool manyAxes = level.topology == Topology::Torus || level.topology == Topology::PcieTree;
    const JsonArray extents = object.requiredArray("extents", 1, manyAxes ? kMaxAxes : 1);
    for (std::size_t i = 0; i < extents.size(); ++i)
        level.extents.push_back(extents.at(i).asInt(1, kMaxDevices));
    readTopology(object, level);
    level.bandwidth = object.requiredDouble("bandwidth_bytes_per_s", kMinBandwidth, kMaxBandwidth);
    readAxisBandwidth(object, level);
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
    accelerator.sramBytes = object.optionalInt64("sram_bytes", 1, kMaxMemory).value_or(0);
    if (accelerator.sramBytes > 0)
        accelerator.sramKind = nonEmpty(object, "sram_kind");
    accelerator.powerWatts = object.optionalDouble("power_w", 0, kMaxPower).value_or(0);
    accelerator.units = object.optionalString("units").value_or("");
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
    cluster.units = object.optionalString("units").value_or("");
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
    if (accelerator.sramBytes > 0) {
        json["sram_bytes"] = accelerator.sramBytes;
        json["sram_kind"] = accelerator.sramKind;
    }
    if (accelerator.powerWatts > 0)
        json["power_w"] = numberJson(accelerator.powerWatts);
    if (!accelerator.units.empty())
        json["units"] = accelerator.units;
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
        json["topology"] = keyOf(level.topology);
        json["extents"] = level.extents;
        if (isTorusLike(level.topology))
            json["wrap"] = level.wrap;
        if (level.wrapUnit > 0)
            json["wrap_unit"] = level.wrapUnit;
        for (const DirectLink& link : level.links)
            json["links"].push_back({link.a, link.b, link.count});
        json["bandwidth_bytes_per_s"] = numberJson(level.bandwidth);
        for (const double link : level.axisBandwidth)
            json["axis_bandwidth_bytes_per_s"].push_back(numberJson(link));
        if (level.hostBandwidth > 0)
            json["host_bandwidth_bytes_per_s"] = numberJson(level.hostBandwidth);
        if (level.inNetworkReduction)
            json["in_network_reduction"] = true;
        if (level.oversubscription > 1)
            json["oversubscription"] = numberJson(level.oversubscription);
        if (level.leafUnits > 0)
            json["leaf_units"] = level.leafUnits;
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
    if (!whole.units.empty())
        json["units"] = whole.units;
    json["source"] = whole.source.text;
    return json;
}

} // namespace shardlens
