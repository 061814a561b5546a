// SPDX-License-Identifier: Apache-2.0
// The constants of a calibration as one list of logarithms, so that an accelerator's own figures, an engine's factors and the factors of
// the two together add up, and a fit can move any of them.
#pragma once

#include "core/cost/stepconstants.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace shardlens {

enum class KernelField : std::uint8_t { Compute, Memory, Spill, Launch };
inline constexpr std::size_t kKernelFieldCount = 4;

/// What is not a kernel's.
enum class StepField : std::uint8_t {
    NodeLatency,
    NodeBandwidth,
    NetworkLatency,
    NetworkBandwidth,
    ElementwisePasses,
    Elementwise,
    Step,
    PerSequence,
    PerToken,
    RequestOverhead, ///< s before a request reaches the scheduler: HTTP, tokenizer (EngineSettings::requestOverhead)
};
inline constexpr std::size_t kStepFieldCount = 10;
inline constexpr std::size_t kKernelConstants = kKernelClassCount * kKernelFormatCount * kKernelFieldCount;
inline constexpr std::size_t kConstantCount = kKernelConstants + kStepFieldCount;

[[nodiscard]] constexpr std::size_t constantOf(KernelClass kernel, KernelFormat format, KernelField field)
{
    return (static_cast<std::size_t>(kernel) * kKernelFormatCount + static_cast<std::size_t>(format)) * kKernelFieldCount
           + static_cast<std::size_t>(field);
}
[[nodiscard]] constexpr std::size_t constantOf(StepField field)
{
    return kKernelConstants + static_cast<std::size_t>(field);
}

/// Shares of a peak or bandwidth are kept as log odds, log(share / (1 - share)): a factor on the odds never leads beyond 1.
[[nodiscard]] bool isShare(std::size_t constant);
/// The natural logarithm of a constant in SI units, or of its odds; shares are cut at 0.995 and spills at 1e-3.
[[nodiscard]] double logOf(std::size_t constant, double value);
[[nodiscard]] double valueOf(std::size_t constant, double log);

/// By constant: logOf().
using ConstantLogs = std::array<double, kConstantCount>;

/// Constants as the core takes them.
struct Constants {
    StepConstants step;
    double requestOverhead = 0; ///< s
    friend bool operator==(const Constants&, const Constants&) = default;
};
[[nodiscard]] Constants constantsOf(const ConstantLogs& logs);

/// What an engine, or an engine on one accelerator, does to an accelerator's own constants. Some factors move several: the launches of a
/// class share one, since the engine's way of launching (graphs, fusion) is the same for every format; spill is the hardware's alone.
inline constexpr std::size_t kFactorCount = kKernelClassCount * (2 * kKernelFormatCount + 1) + kStepFieldCount;
using FactorLogs = std::array<double, kFactorCount>;
/// The factor that moves a constant; none for spill.
[[nodiscard]] std::optional<std::size_t> factorOf(std::size_t constant);
[[nodiscard]] constexpr std::size_t factorOf(KernelClass kernel, KernelFormat format, KernelField field) // Compute or Memory
{
    return static_cast<std::size_t>(kernel) * (2 * kKernelFormatCount + 1) + static_cast<std::size_t>(format) * 2
           + static_cast<std::size_t>(field);
}
[[nodiscard]] constexpr std::size_t launchFactorOf(KernelClass kernel)
{
    return static_cast<std::size_t>(kernel) * (2 * kKernelFormatCount + 1) + 2 * kKernelFormatCount;
}
[[nodiscard]] constexpr std::size_t factorOf(StepField field)
{
    return kKernelClassCount * (2 * kKernelFormatCount + 1) + static_cast<std::size_t>(field);
}

/// "matrix.fp8.compute", "decode_attention.launch", "step": keys of calibration files and reports.
[[nodiscard]] std::string constantName(std::size_t constant);
[[nodiscard]] std::string factorName(std::size_t factor);
[[nodiscard]] std::string_view keyOf(KernelField field);
[[nodiscard]] std::string_view keyOf(StepField field);

} // namespace shardlens
