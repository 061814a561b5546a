// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/serve.h"

#include "core/base/format.h"
#include "core/scenario/calibrate.h"
#include "core/schedule/pieces.h"
#include "core/serving/kvtransfer.h"
#include "core/serving/queueing.h"
#include "core/serving/steptimes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace shardlens {

namespace {

/// Of the fastest arithmetic that the steps use.
double peakOf(const Accelerator& accelerator, const Scenario& scenario, const Report& report)
{
    double peak = accelerator.peakOf(scenario.formats.compute);
    for (const PhaseReport* phase : {&report.prefill, &report.decode})
        for (const OperatorCost& op : phase->operators)
            if (op.flop > 0)
                peak = std::max(peak, accelerator.peakOf(op.arithmetic));
    return peak;
}

double peakOf(const Scenario& scenario, const Report& report)
{
    return peakOf(scenario.cluster->accelerator, scenario, report);
}

/// Useful FLOP of one request: its prompt beyond what the prefix cache holds, and its further tokens at the mean context.
double usefulFlopOfRequest(const Scenario& scenario, const StepModel& prefill, const StepModel& decode)
{
    const ServingLoad& load = scenario.serving.load;
    const double prompt = rangeOf(load.inputLengths, scenario.workload.input).mean;
    const double output = rangeOf(load.outputLengths, scenario.workload.output).mean;
    const auto hit = std::min(std::llround(std::floor(load.prefixHit * prompt)), std::llround(prompt) - 1);
    const auto context = std::max<std::int64_t>(1, std::llround(prompt + 0.5 * output));
    return prefill.usefulFlop({1, std::llround(prompt) - hit, hit, false, true})
           + (output - 1) * decode.usefulFlop({1, 1, context, true, true});
}

/// Weights and KV that one device of a stage reads for a microbatch, the most of any stage.
double microbatchBytes(const StepModel& step, const StageLayout& layout, const StepTokens& tokens)
{
    static thread_local std::vector<OperatorCost> rows;
    const auto sum = [](const std::vector<OperatorCost>& operators) {
        double bytes = 0;
        for (const OperatorCost& op : operators)
            bytes += op.weightBytes + op.kvBytes;
        return bytes;
    };
    std::vector<double> kinds;
    for (std::size_t kind = 0; kind < step.model().kinds.size(); ++kind) {
        rows.clear();
        step.layerOperators(static_cast<int>(kind), tokens, rows);
        kinds.push_back(sum(rows));
    }
    rows.clear();
    step.headOperators(tokens, rows);
    const double head = sum(rows);
    double most = 0;
    for (int stage = 0; stage < layout.stages(); ++stage) {
        double bytes = layout.holdsHead(stage) ? head : 0;
        for (std::size_t kind = 0; kind < kinds.size(); ++kind)
            bytes += layout.kindCount(stage, kind) * kinds[kind];
        most = std::max(most, bytes);
    }
    return most;
}

/// The same for a decode step of `sequences` per replica, all its microbatches.
double decodeBytes(const StepModel& step, const StageLayout& layout, double sequences, double context)
{
    const auto batch = static_cast<int>(std::clamp<std::int64_t>(std::llround(sequences), 1, std::int64_t{1} << 26));
    const BatchCut cut = cutOf(batch, step.plan().decodeMicrobatches(), 1);
    const std::int64_t past = std::max<std::int64_t>(1, std::llround(context));
    double bytes = cut.larger * microbatchBytes(step, layout, {sequencesOf(batch, cut, false), 1, past, true, true});
    if (cut.larger < cut.microbatches)
        bytes += (cut.microbatches - cut.larger) * microbatchBytes(step, layout, {sequencesOf(batch, cut, true), 1, past, true, true});
    return bytes;
}

/// The engine as it is run for the load, with what was measured of it.
EngineSettings engineOf(const Scenario& scenario)
{
    EngineSettings engine = withRoomForPrompts(scenario.serving.engine, scenario.serving.load, scenario.workload.input);
    if (scenario.calibration)
        engine.requestOverhead += scenario.calibration->constants.requestOverhead;
    return engine;
}

ServiceInput inputOf(const Scenario& scenario, const StepModel& step, std::int64_t kvTokens)
{
    return {step, scenario.workload.input, scenario.workload.output, kvTokens, scenario.serving.load, engineOf(scenario)};
}

/// What follows from rates: per device, per user, money and energy.
void fillRates(const Scenario& scenario, ServingReport& serving)
{
    const auto finite = [](double value) { return std::isfinite(value) ? value : 0; };
    serving.outputTokensPerSecondPerDevice = serving.outputTokensPerSecond / serving.devices;
    serving.tokensPerSecondPerUser = serving.tpot > 0 ? 1 / serving.tpot : 0;
    // A machine is rented whole: what the plan leaves idle is paid for like the rest.
    serving.paidDevices = serving.pools ? serving.devices : scenario.cluster->devices();
    double perHour = pricePerDeviceHour(scenario, *scenario.cluster) * serving.paidDevices;
    double watts = scenario.cluster->accelerator.powerWatts * serving.devices;
    if (serving.pools && scenario.serving.pools) {
        const Cluster& prefill = clusterOf(scenario, scenario.serving.pools->prefill);
        const Cluster& decode = clusterOf(scenario, scenario.serving.pools->decode);
        const auto prefillDevices = static_cast<double>(serving.pools->prefillDevices);
        const auto decodeDevices = static_cast<double>(serving.pools->decodeDevices);
        const double prices[] = {pricePerDeviceHour(scenario, prefill), pricePerDeviceHour(scenario, decode)};
        perHour = prices[0] > 0 && prices[1] > 0 ? prices[0] * prefillDevices + prices[1] * decodeDevices : 0;
        const bool powersKnown = prefill.accelerator.powerWatts > 0 && decode.accelerator.powerWatts > 0;
        watts = powersKnown ? prefill.accelerator.powerWatts * prefillDevices + decode.accelerator.powerWatts * decodeDevices : 0;
    }
    serving.costPerMillionTokens = finite(perHour / 3600 / serving.outputTokensPerSecond * 1e6);
    serving.joulesPerToken = finite(watts / serving.outputTokensPerSecond);
}

void serveStatic(const Scenario& scenario, Report& report)
{
    const Workload& work = scenario.workload;
    ServingReport& serving = report.serving;
    const double devices = static_cast<double>(scenario.plan.devices());
    serving.devices = devices;
    serving.ttft = report.prefill.time;
    serving.tpot = report.decode.time;
    serving.endToEnd = endToEndTime(work, serving.ttft, serving.tpot);
    serving.outputTokensPerSecond = outputTokensPerSecond(work, scenario.plan.data(), serving.endToEnd);
    serving.decodeTokensPerSecond = static_cast<double>(scenario.plan.data()) * work.batch / serving.tpot;
    fillRates(scenario, serving);

    ServiceFigures& service = serving.service;
    service.ttft = {serving.ttft, serving.ttft, serving.ttft, serving.ttft};
    service.tpot = {serving.tpot, serving.tpot, serving.tpot, serving.tpot};
    service.endToEnd = {serving.endToEnd, serving.endToEnd, serving.endToEnd, serving.endToEnd};
    service.requestsPerSecond = serving.outputTokensPerSecond / work.output;
    service.outputTokensPerSecond = serving.outputTokensPerSecond;
    service.totalTokensPerSecond = service.requestsPerSecond * static_cast<double>(work.fullContext());
    service.meanRunning = service.meanBatch = work.batch;
    service.utilisation = 1;
    service.stepsPerSecond = 1 / serving.tpot;
    const double decodes = work.output - 1;
    const double replica = devices / scenario.plan.data();
    serving.mfu = (report.prefill.flop + decodes * report.decode.flop) / (serving.endToEnd * peakOf(scenario, report) * replica);
    double bytes = 0;
    for (const OperatorCost& op : report.decode.operators)
        if (op.stage == report.decode.busiestStage)
            bytes += op.stageLayers * (op.weightBytes + op.kvBytes);
    const std::int64_t microbatches = std::min(scenario.plan.decodeMicrobatches(), work.batch);
    serving.mbu = bytes * static_cast<double>(microbatches) / (serving.tpot * scenario.cluster->accelerator.memoryBandwidth);
}

/// Means, rates and use of the hardware out of service.
void fillFromService(const Scenario& scenario, const StepModel* step, Report& report)
{
    ServingReport& serving = report.serving;
    const ServiceFigures& service = serving.service;
    serving.ttft = service.ttft.mean;
    serving.tpot = service.tpot.mean;
    serving.endToEnd = service.endToEnd.mean;
    serving.outputTokensPerSecond = service.outputTokensPerSecond;
    fillRates(scenario, serving);
    serving.decodeTokensPerSecond = serving.tpot > 0 ? service.meanBatch * scenario.plan.data() / serving.tpot : 0;
    if (!step || service.status == ServiceStatus::DoesNotFit)
        return;
    const ServingLoad& load = scenario.serving.load;
    const double prompt = rangeOf(load.inputLengths, scenario.workload.input).mean;
    const double output = rangeOf(load.outputLengths, scenario.workload.output).mean;
    const auto context = std::max<std::int64_t>(1, std::llround(prompt + 0.5 * output));
    serving.mfu = service.requestsPerSecond * usefulFlopOfRequest(scenario, *step, *step) / (peakOf(scenario, report) * serving.devices);
    serving.mbu = decodeBytes(*step, report.layout, service.meanBatch, static_cast<double>(context)) * service.stepsPerSecond
                  / scenario.cluster->accelerator.memoryBandwidth;
}

PlanContext poolContext(const Scenario& scenario, const PoolSettings& pool)
{
    return {*scenario.model, clusterOf(scenario, pool), scenario.workload, scenario.formats};
}

/// Of the prefill (0) or the decode (1) pool.
const StepConstants& constantsOf(const Scenario& scenario, std::size_t pool)
{
    const std::shared_ptr<const Calibration>& own = scenario.poolCalibrations[pool];
    return own ? own->constants.step : scenario.constants();
}

void servePools(const Scenario& scenario, Report& report)
{
    const ServingSettings::Pools& pools = *scenario.serving.pools;
    ServingReport& serving = report.serving;
    if (!isLegalMap(poolContext(scenario, pools.prefill), pools.prefill.plan)
        || !isLegalMap(poolContext(scenario, pools.decode), pools.decode.plan)) {
        serving.service.status = ServiceStatus::IllegalPools;
        return;
    }
    const StepModel prefill(*scenario.model, clusterOf(scenario, pools.prefill), scenario.formats, pools.prefill.plan,
                            scenario.workload.routing, StepDetail::Times, constantsOf(scenario, 0));
    const StepModel decode(*scenario.model, clusterOf(scenario, pools.decode), scenario.formats, pools.decode.plan,
                           scenario.workload.routing, StepDetail::Times, constantsOf(scenario, 1));
    const auto capacity = [&](const PoolSettings& pool) {
        const MemoryTerms memory(poolContext(scenario, pool), pool.plan, scenario.reserve);
        return kvCapacity(memory, pool.plan, engineOf(scenario), scenario.workload.input, scenario.workload.output);
    };
    const double prompt = rangeOf(scenario.serving.load.inputLengths, scenario.workload.input).mean;
    const KvTransfer transfer = kvTransferOf(prefill, decode, static_cast<int>(std::lround(prompt)));
    DisaggregatedInput input{{prefill, capacity(pools.prefill), engineOf(scenario), pools.prefill.workers},
                             {decode, capacity(pools.decode), engineOf(scenario), pools.decode.workers},
                             scenario.workload.input,
                             scenario.workload.output,
                             scenario.serving.load,
                             transfer.bandwidth(),
                             transfer.latency,
                             transfer.bytes};
    serving.pools = serveDisaggregated(input);
    serving.service = serving.pools->service;
    serving.devices = static_cast<double>(serving.pools->devices());
    fillFromService(scenario, nullptr, report);
    serving.decodeTokensPerSecond = serving.outputTokensPerSecond;
    const double peak =
        peakOf(clusterOf(scenario, pools.prefill).accelerator, scenario, report) * static_cast<double>(serving.pools->prefillDevices)
        + peakOf(clusterOf(scenario, pools.decode).accelerator, scenario, report) * static_cast<double>(serving.pools->decodeDevices);
    if (peak > 0)
        serving.mfu = serving.service.requestsPerSecond * usefulFlopOfRequest(scenario, prefill, decode) / peak;
    if (serving.service.status == ServiceStatus::DoesNotFit)
        return;
    // Bytes of a step over its time: how long the pool idles between requests is in its utilisation, not here.
    const ServiceInput alone{
        decode, scenario.workload.input, scenario.workload.output, input.decode.kvTokens, scenario.serving.load, input.decode.engine};
    StepTimes times(alone);
    const double sequences = std::max(1.0, std::round(serving.service.meanBatch));
    const double step = times.decode(sequences, times.meanContext());
    const double bandwidth = clusterOf(scenario, pools.decode).accelerator.memoryBandwidth;
    if (step > 0 && bandwidth > 0)
        serving.mbu =
            decodeBytes(decode, stageLayout(*scenario.model, pools.decode.plan), sequences, times.meanContext()) / (step * bandwidth);
}

} // namespace

bool servedByPools(const Scenario& scenario)
{
    return scenario.serving.pools && scenario.serving.load.kind != LoadKind::StaticBatch;
}

std::string_view shownWorker(const Scenario& scenario)
{
    constexpr std::array kAxes{PlanAxis::Tensor,   PlanAxis::Pipeline, PlanAxis::Data,
                               PlanAxis::Sequence, PlanAxis::Expert,   PlanAxis::AttentionData};
    const auto same = [&](const PoolSettings& pool) {
        return clusterOf(scenario, pool).id == scenario.cluster->id
               && std::all_of(kAxes.begin(), kAxes.end(), [&](PlanAxis axis) { return pool.plan[axis] == scenario.plan[axis]; });
    };
    if (same(scenario.serving.pools->decode))
        return "decode worker";
    return same(scenario.serving.pools->prefill) ? "prefill worker" : "plan";
}

const Cluster& clusterOf(const Scenario& scenario, const PoolSettings& pool)
{
    return pool.cluster ? *pool.cluster : *scenario.cluster;
}

std::int64_t kvCapacity(const Scenario& scenario)
{
    const MemoryTerms memory(scenario.context(), scenario.plan, scenario.reserve);
    return kvCapacity(memory, scenario.plan, engineOf(scenario), scenario.workload.input, scenario.workload.output);
}

double pricePerDeviceHour(const Scenario& scenario, const Cluster& cluster)
{
    return scenario.serving.price ? scenario.serving.price->usdPerHour : cluster.pricePerDeviceHour;
}

std::string priceSource(const Scenario& scenario)
{
    return scenario.serving.price ? scenario.serving.price->source : scenario.cluster->priceSource;
}

std::vector<std::string> poolProblems(const Scenario& scenario)
{
    std::vector<std::string> problems;
    if (!scenario.serving.pools)
        return problems;
    const ServingSettings::Pools& pools = *scenario.serving.pools;
    const auto look = [&](std::string_view name, const PoolSettings& pool) {
        const PlanContext context = poolContext(scenario, pool);
        std::vector<Finding> violations;
        std::vector<Finding> warnings;
        checkPlan(context, pool.plan, violations, warnings);
        for (const Finding& finding : violations)
            // A pool's step is not the workload's batch.
            if (finding.rule != Rule::MicrobatchBatch && finding.rule != Rule::AttentionDataBatch
                && finding.rule != Rule::VirtualMicrobatches)
                problems.push_back(std::string(name) + " pool: " + sentence(finding, context, pool.plan));
    };
    look("prefill", pools.prefill);
    look("decode", pools.decode);
    return problems;
}

namespace {

/// The interval about a figure.
Interval80 around(double value, const Spread& spread)
{
    return {value * spread.low, value * spread.high};
}

void fillIntervals(const Scenario& scenario, ServingReport& serving)
{
    serving.intervals.reset();
    if (!scenario.calibration || serving.service.status == ServiceStatus::DoesNotFit)
        return;
    const int circumstances = unmeasured(scenario);
    Intervals spreads = scenario.calibration->intervalsOf(scenario.model->id, circumstances);
    for (const std::shared_ptr<const Calibration>& pool : scenario.poolCalibrations)
        if (pool && scenario.serving.pools) {
            const Intervals own = pool->intervalsOf(scenario.model->id, circumstances);
            for (Spread Intervals::*figure : {&Intervals::ttft, &Intervals::tpot, &Intervals::outputPerDevice})
                spreads
                    .*figure = {std::min((spreads.*figure).low, (own.*figure).low), std::max((spreads.*figure).high, (own.*figure).high)};
        }
    // What arrives is what is served: a rate has no interval.
    if (scenario.serving.load.kind == LoadKind::OpenLoop && serving.service.status == ServiceStatus::Served)
        spreads.outputPerDevice = {1, 1};
    ServingIntervals out;
    out.ttft = around(serving.ttft, spreads.ttft);
    out.tpot = around(serving.tpot, spreads.tpot);
    out.outputTokensPerSecond = around(serving.outputTokensPerSecond, spreads.outputPerDevice);
    out.outputTokensPerSecondPerDevice = around(serving.outputTokensPerSecondPerDevice, spreads.outputPerDevice);
    // Costs fall as throughput rises.
    if (serving.costPerMillionTokens > 0)
        out.costPerMillionTokens = {serving.costPerMillionTokens / spreads.outputPerDevice.high,
                                    serving.costPerMillionTokens / spreads.outputPerDevice.low};
    serving.intervals = out;
}

void serveLoad(const Scenario& scenario, const StepModel& step, Report& report)
{
    ServingReport& serving = report.serving;
    serving = {};
    serving.devices = static_cast<double>(scenario.plan.devices());
    if (scenario.serving.load.kind == LoadKind::StaticBatch) {
        serveStatic(scenario, report);
        return;
    }
    if (servedByPools(scenario)) {
        servePools(scenario, report);
        return;
    }
    serving.service = serveAnalytic(inputOf(scenario, step, kvCapacity(scenario)));
    fillFromService(scenario, &step, report);
}

} // namespace

void serve(const Scenario& scenario, const StepModel& step, Report& report)
{
    serveLoad(scenario, step, report);
    fillIntervals(scenario, report.serving);
}

ServiceFigures simulate(const Scenario& scenario, const SimulationControl& control)
{
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Times,
                         scenario.constants());
    ServiceFigures figures = serveSimulated(inputOf(scenario, step, kvCapacity(scenario)), control);
    if (figures.status
        == ServiceStatus::Saturated) { // what it waited says how long the run was; as in the analytic answer there is no mean
        constexpr double kEndless = std::numeric_limits<double>::infinity();
        figures.ttft = figures.endToEnd = {kEndless, kEndless, kEndless, kEndless};
        figures.meanWaiting = kEndless;
    }
    return figures;
}

std::string measuredText(const Scenario& scenario, const ServiceFigures& figures)
{
    const ServingLoad& load = scenario.serving.load;
    const bool closed = load.kind == LoadKind::ClosedLoop;
    std::string text = load.steady() ? "steady state" : closed ? "from a start of all clients at once" : "";
    if (!figures.simulated || figures.requests == 0)
        return text;
    text += (text.empty() ? "" : ": ") + formatCount(figures.requests) + " requests measured";
    if (load.steady())
        text += ", the " + formatCount(figures.discarded) + " sent before them (" + formatSeconds(figures.warmup) + ") left out";
    else if (figures.discarded > 0)
        text += ", the first " + formatCount(figures.discarded) + " left out";
    return text;
}

Undisturbed undisturbedOf(const Scenario& scenario, const Report& report)
{
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Times,
                         scenario.constants());
    const ServiceInput input = inputOf(scenario, step, kvCapacity(scenario));
    StepTimes times(input);
    Undisturbed alone;
    alone.sequences = std::max(1.0, report.serving.service.meanBatch);
    alone.token = times.decode(alone.sequences, times.meanContext()) / times.tokensPerStep();
    alone.prompt = promptTime(input);
    return alone;
}

void adopt(const Scenario& scenario, const ServiceFigures& figures, Report& report)
{
    if (figures.status == ServiceStatus::Cancelled)
        return;
    report.serving.service = figures;
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                         scenario.constants());
    fillFromService(scenario, &step, report);
    fillIntervals(scenario, report.serving);
}

} // namespace shardlens
