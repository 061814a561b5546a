// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/calibration.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

std::string_view keyOf(ConstantOrigin origin)
{
    static constexpr std::array<std::string_view, 4> keys{"measured", "fitted", "borrowed", "assumed"};
    return keys[static_cast<std::size_t>(origin)];
}

std::string_view keyOf(Nearness nearness)
{
    static constexpr std::array<std::string_view, kNearnessCount> keys{"model", "pair", "accelerator", "relative"};
    return keys[static_cast<std::size_t>(nearness)];
}

const AcceleratorCalibration* CalibrationSet::accelerator(std::string_view id) const
{
    for (const auto& a : accelerators)
        if (a->accelerator == id)
            return a.get();
    return nullptr;
}

const ConstantLogs& assumedConstants()
{
    static const ConstantLogs logs = [] {
        ConstantLogs out{};
        const auto put = [&out](std::size_t constant, double value) { out[constant] = logOf(constant, value); };
        const auto set = [&put](KernelClass kernel, double compute, double memory, double spill, double launch) {
            for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
                const auto format = static_cast<KernelFormat>(f);
                put(constantOf(kernel, format, KernelField::Compute), compute);
                put(constantOf(kernel, format, KernelField::Memory), memory);
                put(constantOf(kernel, format, KernelField::Spill), spill);
                put(constantOf(kernel, format, KernelField::Launch), launch);
            }
        };
        set(KernelClass::Matrix, 0.65, 0.78, 0.4, 5e-6);
        set(KernelClass::Experts, 0.5, 0.7, 0.6, 15e-6);
        set(KernelClass::PrefillAttention, 0.45, 0.3, 0.5, 14e-6);
        set(KernelClass::DecodeAttention, 0.6, 0.7, 0.35, 9e-6);
        set(KernelClass::LatentDecode, 0.6, 0.7, 0.25, 12e-6);
        set(KernelClass::LinearState, 0.2, 0.6, 0.5, 8e-6);
        set(KernelClass::SparseIndex, 0.3, 0.6, 0.5, 8e-6);
        const auto field = [&put](StepField of, double value) { put(constantOf(of), value); };
        field(StepField::NodeLatency, 4e-6);
        field(StepField::NodeBandwidth, 0.65);
        field(StepField::NetworkLatency, 10e-6);
        field(StepField::NetworkBandwidth, 0.8);
        field(StepField::ElementwisePasses, 3);
        field(StepField::Elementwise, 3e-6);
        field(StepField::Step, 500e-6);
        field(StepField::PerSequence, 4e-6);
        field(StepField::PerToken, 50e-9);
        field(StepField::RequestOverhead, 15e-3);
        return out;
    }();
    return logs;
}

ConstantLogs combined(const AcceleratorCalibration& base, const EngineCalibration& engine)
{
    ConstantLogs logs = base.logs;
    const FactorLogs& pair = base.engines[static_cast<std::size_t>(engine.engine)].factors;
    for (std::size_t i = 0; i < kConstantCount; ++i)
        if (const std::optional<std::size_t> factor = factorOf(i))
            logs[i] += engine.factors[*factor] + pair[*factor];
    return logs;
}

Nearness Calibration::nearness(std::string_view modelId) const
{
    if (!base || base->accelerator != accelerator || !base->relative.empty())
        return Nearness::Relative;
    const PairCalibration& pair = base->engines[static_cast<std::size_t>(engine)];
    if (pair.points == 0)
        return Nearness::Accelerator;
    return std::find(pair.models.begin(), pair.models.end(), modelId) != pair.models.end() ? Nearness::Model : Nearness::Pair;
}

namespace {

Spread envelope(const Spread& a, const Spread& b)
{
    return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

Spread widened(const Spread& spread, double power)
{
    return {std::pow(spread.low, power), std::pow(spread.high, power)};
}

} // namespace

Intervals Calibration::intervalsOf(std::string_view modelId, int unmeasured) const
{
    const Nearness near = nearness(modelId);
    Intervals out = intervals[static_cast<std::size_t>(near)];
    for (auto n = static_cast<std::size_t>(Nearness::Pair); n < static_cast<std::size_t>(near); ++n) {
        out.ttft = envelope(out.ttft, intervals[n].ttft);
        out.tpot = envelope(out.tpot, intervals[n].tpot);
        out.outputPerDevice = envelope(out.outputPerDevice, intervals[n].outputPerDevice);
    }
    const bool assumed = !base || base->relative == kNoRelative;
    if (const double power = 1 + 0.5 * (unmeasured + (assumed ? 1 : 0)); power > 1) {
        out.ttft = widened(out.ttft, power);
        out.tpot = widened(out.tpot, power);
        out.outputPerDevice = widened(out.outputPerDevice, power);
    }
    return out;
}

std::shared_ptr<const Calibration> calibrationOf(const CalibrationSet& set, std::string_view accelerator, Engine engine)
{
    auto out = std::make_shared<Calibration>();
    out->accelerator = std::string(accelerator);
    out->engine = engine;
    for (const auto& a : set.accelerators)
        if (a->accelerator == accelerator)
            out->base = a;
    if (!out->base) {
        auto assumed = std::make_shared<AcceleratorCalibration>();
        assumed->accelerator = std::string(accelerator);
        assumed->relative = kNoRelative;
        assumed->logs = assumedConstants();
        out->base = std::move(assumed);
    }
    out->constants = constantsOf(combined(*out->base, set.engines[static_cast<std::size_t>(engine)]));
    out->points = out->base->relative.empty() ? out->base->engines[static_cast<std::size_t>(engine)].points : 0;
    out->intervals = set.intervals;
    out->ranges = set.ranges;
    out->source = set.source;
    return out;
}

PointConstants pointConstants(const CalibrationSet& set, const ResolvedPoint& point)
{
    const std::shared_ptr<const Calibration> own = calibrationOf(set, point.accelerator().id, point.engine.engine);
    PointConstants out;
    out.step = own->constants.step;
    out.requestOverhead = own->constants.requestOverhead;
    const Intervals intervals = own->intervalsOf(point.model->id, point.disaggregated ? 2 : 0);
    out.ttft = intervals.ttft;
    out.tpot = intervals.tpot;
    out.outputPerDevice = intervals.outputPerDevice;
    if (point.disaggregated)
        out.prefillStep = calibrationOf(set, point.prefill.cluster->accelerator.id, point.engine.engine)->constants.step;
    return out;
}

} // namespace shardlens
