// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/calibrate.h"

#include "core/base/format.h"
#include "core/scenario/catalog.h"
#include "core/scenario/serve.h"

#include <cmath>

namespace shardlens {

namespace {

void set(std::shared_ptr<const Calibration>& calibration, const CalibrationSet& constants, const Accelerator& accelerator, Engine engine)
{
    if (!calibration || calibration->accelerator != accelerator.id || calibration->engine != engine)
        calibration = calibrationOf(constants, accelerator.id, engine);
}

} // namespace

void calibrate(Scenario& scenario, const CalibrationSet& given)
{
    if (scenario.mode == Mode::Roofline) {
        scenario.calibration.reset();
        scenario.poolCalibrations = {};
        return;
    }
    const CalibrationSet& constants = given.accelerators.empty() ? builtinCatalog().calibration : given;
    const Engine engine = scenario.serving.engine.engine;
    set(scenario.calibration, constants, scenario.cluster->accelerator, engine);
    if (!scenario.serving.pools) {
        scenario.poolCalibrations = {};
        return;
    }
    set(scenario.poolCalibrations[0], constants, clusterOf(scenario, scenario.serving.pools->prefill).accelerator, engine);
    set(scenario.poolCalibrations[1], constants, clusterOf(scenario, scenario.serving.pools->decode).accelerator, engine);
}

std::vector<std::string> outsideMeasured(const Scenario& scenario)
{
    std::vector<std::string> out;
    if (!scenario.calibration)
        return out;
    const MeasuredRanges& ranges = scenario.calibration->ranges;
    const auto look = [&out](const MeasuredRange& range, double value, const std::string& what) {
        if (range.most > 0 && !range.holds(value))
            out.push_back(what + " " + formatCount(std::llround(value)) + "; measured were " + formatCount(std::llround(range.least))
                          + " to " + formatCount(std::llround(range.most)));
    };
    const ServingLoad& load = scenario.serving.load;
    look(ranges.input, rangeOf(load.inputLengths, scenario.workload.input).mean, "prompt tokens");
    look(ranges.output, rangeOf(load.outputLengths, scenario.workload.output).mean, "output tokens");
    const int replicas = std::max(1, scenario.plan.data());
    if (load.kind == LoadKind::ClosedLoop)
        look(ranges.concurrency, static_cast<double>(load.concurrency) / replicas, "requests in flight per replica");
    if (load.kind == LoadKind::StaticBatch)
        look(ranges.concurrency, scenario.workload.batch, "requests in flight per replica");
    look(ranges.devices, static_cast<double>(scenario.plan.stageDevices()), "devices of a stage");
    if (scenario.serving.pools)
        out.emplace_back("separate pools; the constants are of servers that do both");
    else if (scenario.plan.pipeline() > 1)
        out.emplace_back("pipeline stages; all points measured had one");
    if (load.kind == LoadKind::OpenLoop)
        out.emplace_back("arrivals at a rate; all points measured had a fixed number of requests in flight");
    if (load.speculation.on())
        out.emplace_back("speculative decoding");
    if (load.prefixHit > 0)
        out.emplace_back("prefix cache hits");
    if (!scenario.calibration->base || scenario.calibration->base->relative == kNoRelative)
        out.emplace_back("anything on " + scenario.cluster->accelerator.name);
    return out;
}

int unmeasured(const Scenario& scenario)
{
    const ServingLoad& load = scenario.serving.load;
    const bool pipeline = !scenario.serving.pools && scenario.plan.pipeline() > 1;
    return (scenario.serving.pools ? 2 : 0) + (pipeline ? 1 : 0) + (load.kind == LoadKind::OpenLoop ? 1 : 0)
           + (load.speculation.on() ? 1 : 0) + (load.prefixHit > 0 ? 1 : 0);
}

namespace {

/// What the constants of one server are from.
std::string evidenceOf(const Scenario& scenario, const Calibration& c, const std::string& accelerator)
{
    const std::string pair = std::string(nameOf(c.engine)) + " on " + accelerator;
    switch (c.nearness(scenario.model->id)) {
    case Nearness::Model: return pair + ", " + formatCount(c.points) + " serving points, this model among them";
    case Nearness::Pair: return pair + ", " + formatCount(c.points) + " serving points of other models";
    case Nearness::Accelerator: return pair + "; kernels of this accelerator measured, this engine on others";
    case Nearness::Relative: break;
    }
    if (!c.base || c.base->relative == kNoRelative)
        return pair + "; nothing measured on this accelerator, middle values of others assumed";
    return pair + "; nothing measured on this accelerator, constants of " + c.base->relative + " borrowed";
}

} // namespace

std::string provenanceOf(const Scenario& scenario)
{
    if (!scenario.calibration)
        return "roofline: ideal efficiency, no engine overhead; a bound, so no interval";
    if (!scenario.serving.pools || !scenario.poolCalibrations[0] || !scenario.poolCalibrations[1])
        return "calibrated: " + evidenceOf(scenario, *scenario.calibration, scenario.cluster->accelerator.name);
    const ServingSettings::Pools& pools = *scenario.serving.pools;
    const std::string prefill = evidenceOf(scenario, *scenario.poolCalibrations[0], clusterOf(scenario, pools.prefill).accelerator.name);
    const std::string decode = evidenceOf(scenario, *scenario.poolCalibrations[1], clusterOf(scenario, pools.decode).accelerator.name);
    return "calibrated: " + prefill + (decode == prefill ? std::string() : "; decode pool: " + decode);
}

} // namespace shardlens
