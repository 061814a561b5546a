// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/constants.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

constexpr std::size_t kFactorsOfClass = 2 * kKernelFormatCount + 1;

} // namespace

bool isShare(std::size_t constant)
{
    if (constant < kKernelConstants)
        return constant % kKernelFieldCount <= static_cast<std::size_t>(KernelField::Memory);
    return constant == constantOf(StepField::NodeBandwidth) || constant == constantOf(StepField::NetworkBandwidth);
}

double logOf(std::size_t constant, double value)
{
    constexpr double kMostShare = 0.995;
    constexpr double kLeast = 1e-12;
    if (!isShare(constant))
        return std::log(std::max(value, constant < kKernelConstants && constant % kKernelFieldCount == 2 ? 1e-3 : kLeast));
    const double share = std::clamp(value, 1e-3, kMostShare);
    return std::log(share / (1 - share));
}

double valueOf(std::size_t constant, double log)
{
    return isShare(constant) ? 1 / (1 + std::exp(-log)) : std::exp(log);
}

Constants constantsOf(const ConstantLogs& logs)
{
    Constants out;
    const auto value = [&](std::size_t constant) { return valueOf(constant, logs[constant]); };
    for (std::size_t k = 0; k < kKernelClassCount; ++k)
        for (std::size_t f = 0; f < kKernelFormatCount; ++f) {
            const auto kernel = static_cast<KernelClass>(k);
            const auto format = static_cast<KernelFormat>(f);
            out.step.of(kernel, format) = {value(constantOf(kernel, format, KernelField::Compute)),
                                           value(constantOf(kernel, format, KernelField::Memory)),
                                           std::min(1.0, value(constantOf(kernel, format, KernelField::Spill))),
                                           value(constantOf(kernel, format, KernelField::Launch))};
        }
    const auto of = [&](StepField field) { return value(constantOf(field)); };
    out.step.collectives = {
        CollectiveConstants{of(StepField::NodeLatency), of(StepField::NodeBandwidth)},
        CollectiveConstants{of(StepField::NetworkLatency), of(StepField::NetworkBandwidth)},
    };
    out.step.elementwisePasses = of(StepField::ElementwisePasses);
    out.step.elementwise = of(StepField::Elementwise);
    out.step.step = of(StepField::Step);
    out.step.perSequence = of(StepField::PerSequence);
    out.step.perToken = of(StepField::PerToken);
    out.requestOverhead = of(StepField::RequestOverhead);
    return out;
}

std::optional<std::size_t> factorOf(std::size_t constant)
{
    if (constant >= kKernelConstants)
        return kKernelClassCount * kFactorsOfClass + (constant - kKernelConstants);
    const std::size_t kernel = constant / (kKernelFormatCount * kKernelFieldCount);
    const std::size_t format = constant / kKernelFieldCount % kKernelFormatCount;
    switch (static_cast<KernelField>(constant % kKernelFieldCount)) {
    case KernelField::Compute: return kernel * kFactorsOfClass + format * 2;
    case KernelField::Memory: return kernel * kFactorsOfClass + format * 2 + 1;
    case KernelField::Launch: return kernel * kFactorsOfClass + 2 * kKernelFormatCount;
    case KernelField::Spill: break;
    }
    return std::nullopt;
}

std::string constantName(std::size_t constant)
{
    if (constant >= kKernelConstants)
        return std::string(keyOf(static_cast<StepField>(constant - kKernelConstants)));
    return std::string(keyOf(static_cast<KernelClass>(constant / (kKernelFormatCount * kKernelFieldCount)))) + "."
           + std::string(keyOf(static_cast<KernelFormat>(constant / kKernelFieldCount % kKernelFormatCount))) + "."
           + std::string(keyOf(static_cast<KernelField>(constant % kKernelFieldCount)));
}

std::string factorName(std::size_t factor)
{
    if (factor >= kKernelClassCount * kFactorsOfClass)
        return std::string(keyOf(static_cast<StepField>(factor - kKernelClassCount * kFactorsOfClass)));
    const std::string kernel(keyOf(static_cast<KernelClass>(factor / kFactorsOfClass)));
    const std::size_t place = factor % kFactorsOfClass;
    if (place == 2 * kKernelFormatCount)
        return kernel + ".launch";
    return kernel + "." + std::string(keyOf(static_cast<KernelFormat>(place / 2))) + "."
           + std::string(keyOf(static_cast<KernelField>(place % 2)));
}

std::string_view keyOf(KernelField field)
{
    static constexpr std::array<std::string_view, kKernelFieldCount> keys{"compute", "memory", "spill", "launch"};
    return keys[static_cast<std::size_t>(field)];
}

std::string_view keyOf(StepField field)
{
    static constexpr std::array<std::string_view, kStepFieldCount> keys{
        "node_latency", "node_bandwidth", "network_latency", "network_bandwidth", "elementwise_passes",
        "elementwise",  "step",           "per_sequence",    "per_token",         "request_overhead"};
    return keys[static_cast<std::size_t>(field)];
}

} // namespace shardlens
