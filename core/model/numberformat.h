// SPDX-License-Identifier: Apache-2.0
// Number formats of weights, KV cache and arithmetic.
#pragma once

#include "core/base/units.h"

#include <array>
#include <optional>
#include <string_view>

namespace shardlens {

enum class NumberFormat : std::uint8_t { Fp32, Bf16, Fp8, Int8, Int4, Fp4 };
inline constexpr std::array kNumberFormats{NumberFormat::Fp32, NumberFormat::Bf16, NumberFormat::Fp8,
                                           NumberFormat::Int8, NumberFormat::Int4, NumberFormat::Fp4};
inline constexpr std::size_t kNumberFormatCount = kNumberFormats.size();

/// Bits of one element, without scales.
[[nodiscard]] constexpr int bitsOf(NumberFormat format)
{
    switch (format) {
    case NumberFormat::Fp32: return 32;
    case NumberFormat::Bf16: return 16;
    case NumberFormat::Fp8:
    case NumberFormat::Int8: return 8;
    case NumberFormat::Int4:
    case NumberFormat::Fp4: return 4;
    }
    return 16;
}

/// Bytes of `elements` values, rounded up to whole bytes.
[[nodiscard]] constexpr Bytes bytesOf(NumberFormat format, std::int64_t elements)
{
    return ceilDiv(elements * bitsOf(format), 8);
}

[[nodiscard]] constexpr std::string_view nameOf(NumberFormat format)
{
    switch (format) {
    case NumberFormat::Fp32: return "fp32";
    case NumberFormat::Bf16: return "bf16";
    case NumberFormat::Fp8: return "fp8";
    case NumberFormat::Int8: return "int8";
    case NumberFormat::Int4: return "int4";
    case NumberFormat::Fp4: return "fp4";
    }
    return "bf16";
}

[[nodiscard]] constexpr std::optional<NumberFormat> numberFormatNamed(std::string_view name)
{
    for (const NumberFormat format : kNumberFormats)
        if (nameOf(format) == name)
            return format;
    return std::nullopt;
}

} // namespace shardlens
