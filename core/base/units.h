// SPDX-License-Identifier: Apache-2.0
// Units and integer helpers. Tensor sizes are exact 64-bit byte counts; times are seconds and work is FLOP, as doubles.
// Capacity is shown in GiB (2^30), bandwidth in GB/s (10^9): the two are never mixed in one formula.
#pragma once

#include <cstdint>

namespace shardlens {

using Bytes = std::int64_t;

inline constexpr double kKiB = 1024.0;
inline constexpr double kMiB = 1024.0 * 1024.0;
inline constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
inline constexpr double kGB = 1e9;
inline constexpr double kTera = 1e12;

/// Sizes that no device will ever hold stop here (256 PiB) instead of overflowing; a sum of thirty still fits 64 bits.
inline constexpr Bytes kMostBytes = Bytes{1} << 58;

/// a x b for a, b >= 0, or kMostBytes when that is less.
[[nodiscard]] constexpr std::int64_t boundedProduct(std::int64_t a, std::int64_t b)
{
    return b != 0 && a > kMostBytes / b ? kMostBytes : a * b;
}

/// Smallest integer >= a / b, for a >= 0 and b > 0.
[[nodiscard]] constexpr std::int64_t ceilDiv(std::int64_t a, std::int64_t b)
{
    return (a + b - 1) / b;
}

} // namespace shardlens
