// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/curve.h"

#include "core/hardware/resize.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/serve.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace shardlens {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostValues = 96;

constexpr std::array<CurveInputInfo, kCurveInputCount> kInputs{{
    {"batch", "batch", "sequences per replica"},
    {"concurrency", "concurrency", "clients"},
    {"rate", "arrival rate", "requests/s", 1, false},
    {"input", "input length", "tokens"},
    {"output", "output length", "tokens"},
    {"context", "context", "tokens"},
    {"devices", "devices", "replicas follow"},
    {"tp", "TP", ""},
    {"pp", "PP", ""},
    {"dp", "DP", "replicas"},
    {"ep", "EP", ""},
    {"sp", "SP", ""},
    {"attention-dp", "attention DP", ""},
    {"prefill-microbatches", "prefill microbatches", ""},
    {"decode-microbatches", "decode microbatches", ""},
    {"chunks", "chunks", "of each prompt"},
    {"token-budget", "token budget", "tokens of a step"},
    {"max-sequences", "most sequences", "at once"},
    {"prefix-hit", "prefix cache hits", "% of each prompt", 100, false, false},
    {"draft-tokens", "draft tokens", "for each step", 1, true, false},
    {"acceptance", "acceptance", "% of drafts", 100, false, false},
    {"overlap", "overlap", "% of each collective", 100, false, false},
    {"hbm-bandwidth", "HBM bandwidth", "GB/s", 1e-9, false, false},
    {"hbm-capacity", "HBM capacity", "GiB", 1.0 / (1 << 30), false, false},
    {"flops", "peak compute", "TFLOP/s", 1e-12, false, false},
    {"inner-link", "inner link bandwidth", "GB/s", 1e-9, false, false},
    {"outer-link", "outer link bandwidth", "GB/s", 1e-9, false, false},
    {"price", "price", "USD per device-hour", 1, false, false},
}};

constexpr std::array<CurveFigureInfo, kCurveFigureCount> kFigures{{
    {"tpot", "TPOT"},
    {"ttft", "TTFT"},
    {"end-to-end", "End to end"},
    {"output-per-device", "Tokens/s per device"},
    {"output-per-user", "Tokens/s per user"},
    {"cost", "USD per Mtok"},
    {"free-memory", "Free memory"},
}};

/// The axis of the plan that an input is.
std::optional<PlanAxis> axisOf(CurveInput input)
{
    switch (input) {
    case CurveInput::Tensor: return PlanAxis::Tensor;
    case CurveInput::Pipeline: return PlanAxis::Pipeline;
    case CurveInput::Data: return PlanAxis::Data;
    case CurveInput::Expert: return PlanAxis::Expert;
    case CurveInput::Sequence: return PlanAxis::Sequence;
    case CurveInput::AttentionData: return PlanAxis::AttentionData;
    case CurveInput::PrefillMicrobatches: return PlanAxis::PrefillMicrobatches;
    case CurveInput::DecodeMicrobatches: return PlanAxis::DecodeMicrobatches;
    case CurveInput::Chunks: return PlanAxis::Chunks;
    default: return std::nullopt;
    }
}

ComputeFormat arithmeticOf(const Scenario& scenario)
{
    return scenario.cluster->accelerator.nearestArithmetic(scenario.formats.compute);
}

void scaleLevel(FabricLevel& level, double bandwidth)
{
    const double factor = bandwidth / level.bandwidth;
    level.bandwidth = bandwidth;
    level.hostBandwidth *= factor;
    for (double& axis : level.axisBandwidth)
        axis *= factor;
}

/// Edits a copy of the cluster, which is then no longer the catalog's: its name says so.
template <class Change>
void changeCluster(Scenario& scenario, const Change& change)
{
    constexpr std::string_view kChanged = ", changed";
    auto cluster = std::make_shared<Cluster>(*scenario.cluster);
    change(*cluster);
    if (*cluster == *scenario.cluster)
        return;
    if (!cluster->name.ends_with(kChanged))
        cluster->name += kChanged;
    scenario.cluster = std::move(cluster);
}

void setHardware(Scenario& scenario, CurveInput input, double value)
{
    changeCluster(scenario, [&](Cluster& cluster) {
        Accelerator& accelerator = cluster.accelerator;
        switch (input) {
        case CurveInput::HbmBandwidth: accelerator.memoryBandwidth = value; break;
        case CurveInput::HbmCapacity: accelerator.memoryBytes = static_cast<Bytes>(value); break;
        case CurveInput::Flops: {
            const double factor = value / accelerator.peakOf(arithmeticOf(scenario));
            for (double& peak : accelerator.peak)
                peak *= factor;
            break;
        }
        case CurveInput::InnerLink: scaleLevel(cluster.levels.front(), value); break;
        default: scaleLevel(cluster.levels.back(), value); break;
        }
    });
}

std::string setDevices(Scenario& scenario, int devices)
{
    Result<Cluster> sized = resized(*scenario.cluster, devices);
    if (!sized.ok())
        return sized.error().sentence();
    const std::int64_t each = scenario.plan.devices() / scenario.plan.data();
    if (devices % each != 0)
        return std::to_string(devices) + " devices are no whole number of replicas of " + std::to_string(each) + '.';
    scenario.plan[PlanAxis::Data] = static_cast<int>(devices / each);
    scenario.cluster = std::make_shared<const Cluster>(std::move(sized).value());
    return {};
}

/// Counts from `first` to `last`, `perOctave` for each doubling.
std::vector<double> octaves(double first, double last, int perOctave = 4)
{
    std::vector<double> values;
    for (double octave = 1; octave <= last && values.size() < kMostValues; octave *= 2)
        for (int step = 0; step < perOctave; ++step) {
            const double value = octave + std::floor(octave * step / perOctave);
            if (value >= first && value <= last && (values.empty() || value > values.back()))
                values.push_back(value);
        }
    return values;
}

std::vector<double> evenly(double first, double last, int steps)
{
    std::vector<double> values;
    for (int i = 0; i <= steps; ++i)
        values.push_back(first + (last - first) * i / steps);
    return values;
}

/// Batches up to half as much again as fits, and at least twice the one at hand.
double mostBatch(const Scenario& scenario, const Report& report)
{
    const std::int64_t limit = report.memory.maxBatchPerReplica;
    return static_cast<double>(
        std::min<std::int64_t>(kMaxBatch, std::max<std::int64_t>({16, std::int64_t{scenario.workload.batch} * 2, limit + limit / 2})));
}

double mostTokens(const Scenario& scenario, const Report& report, double now)
{
    const double model = static_cast<double>(report.memory.modelContext > 0 ? report.memory.modelContext : 131072);
    return std::min<double>(kMaxTokens, std::max(model, 2 * now)) - (scenario.workload.output < model ? scenario.workload.output : 0);
}

std::vector<double> rates(const Scenario& scenario, const Report& report)
{
    const double saturation = report.serving.service.saturationRate;
    const double most = saturation > 0 ? std::max(1.15 * saturation, 1.2 * scenario.serving.load.rate) : 4 * scenario.serving.load.rate;
    std::vector<double> values;
    for (int i = 0; i <= 40; ++i)
        values.push_back(most / 64 * std::pow(64.0, i / 40.0));
    // Close below saturation the queue grows without end: where the curve needs its points.
    for (const double share : {0.9, 0.95, 0.98, 0.99, 0.999})
        if (saturation > 0)
            values.push_back(share * saturation);
    return values;
}

} // namespace

const CurveInputInfo& infoOf(CurveInput input)
{
    return kInputs[static_cast<std::size_t>(input)];
}

const CurveFigureInfo& infoOf(CurveFigure figure)
{
    return kFigures[static_cast<std::size_t>(figure)];
}

bool hasInput(const Scenario& scenario, CurveInput input)
{
    const LoadKind load = scenario.serving.load.kind;
    const bool pools = scenario.serving.pools.has_value();
    switch (input) {
    case CurveInput::Batch: return load == LoadKind::StaticBatch;
    case CurveInput::Concurrency: return load == LoadKind::ClosedLoop;
    case CurveInput::Rate: return load == LoadKind::OpenLoop;
    case CurveInput::TokenBudget:
    case CurveInput::MaxSequences:
    case CurveInput::PrefixHit:
    case CurveInput::DraftTokens: return load != LoadKind::StaticBatch;
    case CurveInput::Acceptance: return load != LoadKind::StaticBatch && scenario.serving.load.speculation.on();
    case CurveInput::Expert: return scenario.model->hasExperts() && !pools;
    case CurveInput::OuterLink: return scenario.cluster->levels.size() > 1;
    case CurveInput::Price: return pricePerDeviceHour(scenario, *scenario.cluster) > 0;
    case CurveInput::Overlap:
    case CurveInput::Devices: return !pools;
    default: return !pools || !axisOf(input);
    }
}

CurveInput loadInput(const Scenario& scenario)
{
    switch (scenario.serving.load.kind) {
    case LoadKind::StaticBatch: return CurveInput::Batch;
    case LoadKind::ClosedLoop: return CurveInput::Concurrency;
    case LoadKind::OpenLoop: break;
    }
    return CurveInput::Rate;
}

double valueOf(const Scenario& scenario, CurveInput input)
{
    if (const std::optional<PlanAxis> axis = axisOf(input))
        return scenario.plan[*axis];
    const Cluster& cluster = *scenario.cluster;
    const ServingLoad& load = scenario.serving.load;
    switch (input) {
    case CurveInput::Batch: return scenario.workload.batch;
    case CurveInput::Concurrency: return load.concurrency;
    case CurveInput::Rate: return load.rate;
    case CurveInput::Input: return scenario.workload.input;
    case CurveInput::Output: return scenario.workload.output;
    case CurveInput::Context: return static_cast<double>(scenario.workload.fullContext());
    case CurveInput::Devices: return cluster.devices();
    case CurveInput::TokenBudget: return scenario.serving.engine.tokenBudget;
    case CurveInput::MaxSequences: return scenario.serving.engine.maxSequences;
    case CurveInput::PrefixHit: return load.prefixHit;
    case CurveInput::DraftTokens: return load.speculation.draftTokens;
    case CurveInput::Acceptance: return load.speculation.acceptance;
    case CurveInput::Overlap: return scenario.plan.options.overlap;
    case CurveInput::HbmBandwidth: return cluster.accelerator.memoryBandwidth;
    case CurveInput::HbmCapacity: return static_cast<double>(cluster.accelerator.memoryBytes);
    case CurveInput::Flops: return cluster.accelerator.peakOf(arithmeticOf(scenario));
    case CurveInput::InnerLink: return cluster.levels.front().bandwidth;
    case CurveInput::OuterLink: return cluster.levels.back().bandwidth;
    case CurveInput::Price: return pricePerDeviceHour(scenario, cluster);
    default: return 0;
    }
}

CurveEdit withValue(const Scenario& scenario, CurveInput input, double value)
{
    CurveEdit edit{scenario, {}};
    Scenario& next = edit.scenario;
    const int count = static_cast<int>(std::clamp(std::round(value), 0.0, 1e9));
    ServingLoad& load = next.serving.load;
    if (const std::optional<PlanAxis> axis = axisOf(input)) {
        next.plan[*axis] = count;
        followStages(next.plan, scenario.plan.pipeline(), scenario.workload.batch);
        return edit;
    }
    switch (input) {
    case CurveInput::Batch:
        next.workload.batch = std::clamp(count, 1, kMaxBatch);
        next.plan = planAtBatch(scenario.plan, next.workload.batch);
        break;
    case CurveInput::Concurrency: load.concurrency = std::clamp(count, 1, kMaxConcurrency); break;
    case CurveInput::Rate: load.rate = value; break;
    case CurveInput::Input: next.workload.input = count; break;
    case CurveInput::Output: next.workload.output = count; break;
    case CurveInput::Context:
        if (count <= scenario.workload.output)
            return {scenario, "A context of " + std::to_string(count) + " tokens leaves no prompt beside an output of "
                                  + std::to_string(scenario.workload.output) + '.'};
        next.workload.input = count - scenario.workload.output;
        break;
    case CurveInput::Devices:
        edit.problem = count == scenario.cluster->devices() ? std::string() : setDevices(next, count);
        if (!edit.problem.empty())
            next = scenario;
        break;
    case CurveInput::TokenBudget: next.serving.engine.tokenBudget = count; break;
    case CurveInput::MaxSequences: next.serving.engine.maxSequences = count; break;
    case CurveInput::PrefixHit: load.prefixHit = value; break;
    case CurveInput::DraftTokens: load.speculation.draftTokens = count; break;
    case CurveInput::Acceptance: load.speculation.acceptance = value; break;
    case CurveInput::Overlap: next.plan.options.overlap = value; break;
    case CurveInput::Price: next.serving.price = DevicePrice{value, "chosen on a curve"}; break;
    default: setHardware(next, input, value); break;
    }
    return edit;
}

std::vector<double> curveValues(const Scenario& scenario, const Report& report, CurveInput input)
{
    const double now = valueOf(scenario, input);
    std::vector<double> values;
    if (const std::optional<PlanAxis> axis = axisOf(input)) {
        for (const AxisChoice& choice : axisChoices(scenario.context(), scenario.plan, {*axis}))
            values.push_back(choice.value);
    } else {
        switch (input) {
        case CurveInput::Batch: values = octaves(1, mostBatch(scenario, report)); break;
        case CurveInput::Concurrency:
            values = octaves(
                1, std::min<double>(kMaxConcurrency, std::max({64.0, 4 * now, 1.5 * static_cast<double>(report.memory.maxConcurrency)})));
            break;
        case CurveInput::Rate: values = rates(scenario, report); break;
        case CurveInput::Input: values = octaves(16, mostTokens(scenario, report, now), 3); break;
        case CurveInput::Output: values = octaves(1, std::max(4096.0, 4 * now), 3); break;
        case CurveInput::Context:
            values = octaves(scenario.workload.output + 16, mostTokens(scenario, report, now) + scenario.workload.output, 3);
            break;
        case CurveInput::Devices:
            for (const int devices : deviceChoices(*scenario.cluster, std::min(kMaxDevices, std::max(64, 8 * static_cast<int>(now)))))
                values.push_back(devices);
            break;
        case CurveInput::TokenBudget: values = octaves(128, std::min<double>(kMaxTokenBudget, std::max(32768.0, 2 * now)), 3); break;
        case CurveInput::MaxSequences: values = octaves(1, std::max(1024.0, 2 * now), 3); break;
        case CurveInput::PrefixHit: values = evenly(0, 0.95, 19); break;
        case CurveInput::DraftTokens: values = evenly(0, std::max(8.0, now), std::max(8, static_cast<int>(now))); break;
        case CurveInput::Acceptance:
        case CurveInput::Overlap: values = evenly(0, 1, 20); break;
        default: values = evenly(now / 4, now * 3, 33); break;
        }
    }
    values.push_back(now);
    std::sort(values.begin(), values.end());
    // The value at hand stays exactly what it is; neighbours that differ by rounding go.
    std::vector<double> apart;
    for (const double value : values) {
        if (!apart.empty() && value - apart.back() <= 1e-9 * std::abs(value)) {
            if (value == now)
                apart.back() = now;
            continue;
        }
        apart.push_back(value);
    }
    return apart;
}

std::vector<std::size_t> coarseToFine(std::size_t count)
{
    std::vector<std::size_t> order;
    order.reserve(count);
    if (count == 0)
        return order;
    std::size_t step = 1;
    while (step < count)
        step *= 2;
    std::vector<bool> taken(count, false);
    const auto take = [&](std::size_t index) {
        if (!taken[index])
            order.push_back(index);
        taken[index] = true;
    };
    take(0);
    take(count - 1);
    for (; step > 0; step /= 2)
        for (std::size_t index = step; index < count; index += step)
            take(index);
    return order;
}

CurvePoint curvePoint(const Scenario& scenario, const Report& report, double x)
{
    CurvePoint point;
    point.x = x;
    point.y.fill(kNone);
    point.legal = report.legal;
    if (!report.legal) {
        point.reason = report.violations.empty() ? std::string("The plan is not legal.")
                                                 : sentence(report.violations.front(), scenario.context(), scenario.plan);
        return point;
    }
    point.fits = report.memory.fits;
    const auto set = [&point](CurveFigure figure, double value) { point.y[static_cast<std::size_t>(figure)] = value; };
    set(CurveFigure::FreeMemory, static_cast<double>(report.memory.free()));
    const ServingReport& serving = report.serving;
    switch (serving.service.status) {
    case ServiceStatus::Served:
    case ServiceStatus::Cancelled: break;
    case ServiceStatus::Saturated: point.reason = "Saturated: the queue grows without end."; return point;
    case ServiceStatus::DoesNotFit: point.reason = "The longest request has no room in the KV cache."; return point;
    case ServiceStatus::IllegalPools: point.reason = "A pool's plan cannot run on its cluster."; return point;
    }
    const auto known = [](double value) { return value > 0 ? value : kNone; };
    set(CurveFigure::Tpot, known(serving.tpot));
    set(CurveFigure::Ttft, known(serving.ttft));
    set(CurveFigure::EndToEnd, known(serving.endToEnd));
    set(CurveFigure::OutputPerDevice, known(serving.outputTokensPerSecondPerDevice));
    set(CurveFigure::OutputPerUser, known(serving.tokensPerSecondPerUser));
    set(CurveFigure::Cost, known(serving.costPerMillionTokens));
    return point;
}

CurvePoint curvePoint(const Scenario& scenario, CurveInput input, double x)
{
    const CurveEdit edit = withValue(scenario, input, x);
    if (!edit.problem.empty()) {
        CurvePoint point;
        point.x = x;
        point.y.fill(kNone);
        point.reason = edit.problem;
        return point;
    }
    static thread_local Report report;
    evaluate(edit.scenario, report);
    return curvePoint(edit.scenario, report, x);
}

double lastThatFits(const Scenario& scenario, CurveInput input, double fits, double misfits)
{
    const bool whole = infoOf(input).integer;
    for (int i = 0; i < 40; ++i) {
        if (whole ? std::abs(misfits - fits) <= 1 : std::abs(misfits - fits) <= 1e-3 * std::abs(fits))
            break;
        const double middle = whole ? std::floor((fits + misfits) / 2) : (fits + misfits) / 2;
        if (middle == fits || middle == misfits)
            break;
        const CurveEdit edit = withValue(scenario, input, middle);
        const bool good = edit.problem.empty() && isLegal(edit.scenario.context(), edit.scenario.plan)
                          && fitsMemory(edit.scenario.context(), edit.scenario.plan, edit.scenario.reserve);
        (good ? fits : misfits) = middle;
    }
    return fits;
}

} // namespace shardlens
