// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/operatorfit.h"

#include "core/calibration/leastsquares.h"
#include "core/collective/collective.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// Median and 90th percentile of |exp(residual) - 1|.
std::pair<double, double> errorsOf(const std::vector<ResidualRow>& rows)
{
    std::vector<double> errors;
    errors.reserve(rows.size());
    for (const ResidualRow& row : rows)
        errors.push_back(std::abs(std::exp(row.residual) - 1));
    std::sort(errors.begin(), errors.end());
    if (errors.empty())
        return {0, 0};
    return {errors[errors.size() / 2], errors[errors.size() * 9 / 10]};
}

double kernelTime(const KernelSample& s, const KernelConstants& c)
{
    const double compute = s.compute / c.compute;
    const double memory = s.memory / c.memory;
    return std::max(compute, memory) + c.spill * std::min(compute, memory) + s.launches * c.launch;
}

KernelConstants kernelAt(const std::vector<double>& x)
{
    return {std::min(1.0, std::exp(x[0])), std::min(1.0, std::exp(x[1])), std::min(1.0, std::exp(x[2])), std::exp(x[3])};
}

/// Rows log(predicted / measured) with gradients by differences.
template <class Predict>
void logResiduals(std::size_t count, const std::vector<double>& x, bool gradients, const Predict& predict, std::vector<ResidualRow>& rows)
{
    constexpr double kStep = 1e-5;
    rows.resize(count);
    std::vector<double> moved = x;
    for (std::size_t i = 0; i < count; ++i) {
        rows[i].residual = predict(i, x);
        rows[i].sigma = 0.1;
        rows[i].gradient.clear();
        if (!gradients)
            continue;
        for (std::size_t j = 0; j < x.size(); ++j) {
            moved[j] = x[j] + kStep;
            rows[i].gradient.emplace_back(j, (predict(i, moved) - rows[i].residual) / kStep);
            moved[j] = x[j];
        }
    }
}

} // namespace

std::vector<FittedKernel> fitKernels(std::span<const KernelSample> samples)
{
    std::vector<FittedKernel> fitted;
    for (std::size_t k = 0; k < kKernelClassCount; ++k)
        for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
            std::vector<KernelSample> own;
            for (const KernelSample& s : samples)
                if (static_cast<std::size_t>(s.kernel) == k && static_cast<std::size_t>(s.format) == f)
                    own.push_back(s);
            if (static_cast<int>(own.size()) < kLeastSamples)
                continue;
            const Residuals residuals = [&own](const std::vector<double>& x, bool gradients, std::vector<ResidualRow>& rows) {
                const auto predict = [&own](std::size_t i, const std::vector<double>& at) {
                    return std::log(kernelTime(own[i], kernelAt(at)) / own[i].seconds);
                };
                logResiduals(own.size(), x, gradients, predict, rows);
            };
            const std::vector<Parameter> priors{{std::log(0.6), 0.5}, {std::log(0.75), 0.3}, {std::log(0.4), 0.5}, {std::log(8e-6), 1.0}};
            const LeastSquares best = leastSquares(priors, residuals, 60);
            std::vector<ResidualRow> rows;
            residuals(best.x, false, rows);
            const auto [median, p90] = errorsOf(rows);
            fitted.push_back(
                {static_cast<KernelClass>(k), static_cast<KernelFormat>(f), kernelAt(best.x), static_cast<int>(own.size()), median, p90});
        }
    return fitted;
}

FittedLinks fitLinks(std::span<const AllReduceSample> samples, const Cluster& cluster)
{
    std::vector<AllReduceSample> own;
    std::vector<GroupSpan> groups;
    for (const AllReduceSample& s : samples)
        if (s.devices >= 2 && s.devices <= cluster.devices()) {
            own.push_back(s);
            groups.emplace_back(cluster, DeviceGroup(1, s.devices));
        }
    FittedLinks out;
    out.samples = static_cast<int>(own.size());
    if (out.samples < kLeastSamples)
        return out;
    const auto constantsAt = [](const std::vector<double>& x) {
        return CollectiveConstants{std::exp(x[0]), std::min(1.0, std::exp(x[1]))};
    };
    const Residuals residuals = [&](const std::vector<double>& x, bool gradients, std::vector<ResidualRow>& rows) {
        const auto predict = [&](std::size_t i, const std::vector<double>& at) {
            const CollectiveConstants c = constantsAt(at);
            double time = std::numeric_limits<double>::infinity();
            for (const CollectiveLine& line : groups[i].lines(Collective::AllReduce).all())
                time = std::min(time, line.latency + c.latency + own[i].bytes * line.secondsPerByte / c.bandwidth);
            return std::log(time / own[i].seconds);
        };
        logResiduals(own.size(), x, gradients, predict, rows);
    };
    const LeastSquares best = leastSquares({{std::log(3e-6), 1.0}, {std::log(0.6), 0.4}}, residuals, 60);
    std::vector<ResidualRow> rows;
    residuals(best.x, false, rows);
    out.constants = constantsAt(best.x);
    std::tie(out.medianError, out.p90Error) = errorsOf(rows);
    return out;
}

namespace {

/// Formats in the order in which they stand in for `format`.
std::array<KernelFormat, 3> standIns(KernelFormat format)
{
    switch (format) {
    case KernelFormat::WeightOnly: return {KernelFormat::Bits16, KernelFormat::Fp8, KernelFormat::Fp8Block};
    case KernelFormat::Fp8: return {KernelFormat::Int8, KernelFormat::Fp8Block, KernelFormat::Bits16};
    case KernelFormat::Fp8Block: return {KernelFormat::Fp8, KernelFormat::Int8, KernelFormat::Bits16};
    case KernelFormat::W4A8: return {KernelFormat::Fp8, KernelFormat::Fp8Block, KernelFormat::Bits16};
    case KernelFormat::Fp4: return {KernelFormat::W4A8, KernelFormat::Fp8, KernelFormat::Bits16};
    case KernelFormat::Int8: return {KernelFormat::Fp8, KernelFormat::Fp8Block, KernelFormat::Bits16};
    case KernelFormat::Bits16: break;
    }
    return {KernelFormat::Fp8, KernelFormat::Fp8Block, KernelFormat::Int8};
}

} // namespace

AcceleratorCalibration ownConstants(std::string accelerator, std::span<const FittedKernel> kernels, const FittedLinks& links,
                                    std::string source)
{
    AcceleratorCalibration out;
    out.accelerator = std::move(accelerator);
    out.logs = assumedConstants();
    const auto put = [&out](std::size_t constant, double value) { out.logs[constant] = logOf(constant, value); };
    const auto find = [&](KernelClass kernel, KernelFormat format) -> const FittedKernel* {
        for (const FittedKernel& f : kernels)
            if (f.kernel == kernel && f.format == format)
                return &f;
        return nullptr;
    };
    for (std::size_t k = 0; k < kKernelClassCount; ++k)
        for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
            const auto kernel = static_cast<KernelClass>(k);
            const auto format = static_cast<KernelFormat>(f);
            const FittedKernel* shares = find(kernel, format);
            ConstantEvidence& evidence = out.evidence[evidenceOf(kernel, format)];
            if (shares)
                evidence = {ConstantOrigin::Measured, shares->samples, shares->medianError, shares->p90Error, source};
            for (const KernelFormat other : standIns(format))
                if (!shares && (shares = find(kernel, other)))
                    evidence = {ConstantOrigin::Borrowed, 0, 0, 0, std::string(keyOf(other))};
            if (!shares)
                continue;
            const FittedKernel* launch = find(kernel, KernelFormat::Bits16);
            if (!launch)
                launch = shares;
            put(constantOf(kernel, format, KernelField::Compute), shares->constants.compute);
            put(constantOf(kernel, format, KernelField::Memory), shares->constants.memory);
            put(constantOf(kernel, format, KernelField::Spill), shares->constants.spill);
            put(constantOf(kernel, format, KernelField::Launch), launch->constants.launch);
        }
    if (links.samples >= kLeastSamples) {
        put(constantOf(StepField::NodeLatency), links.constants.latency);
        put(constantOf(StepField::NodeBandwidth), links.constants.bandwidth);
        out.evidence.back() = {ConstantOrigin::Measured, links.samples, links.medianError, links.p90Error, std::move(source)};
    }
    return out;
}

} // namespace shardlens
