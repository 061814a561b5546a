// SPDX-License-Identifier: Apache-2.0
// Numbers as text, the same in sentences, inspector and command line. Independent of the locale.
// Three significant figures unless the name says exact; a space before the unit; thousands commas; U+2212 for minus.
#pragma once

#include "core/base/units.h"

#include <string>

namespace shardlens {

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string formatCount(std::int64_t value);
/// Three significant figures without exponent where that stays readable: 0.0123, 4.56, 123, 12,345; "infinite" and "undefined" for
/// values that are not finite.
[[nodiscard]] std::string formatNumber(double value, int significant = 3);
/// "16.4 GiB", "40 KiB", "0 B"; binary units.
[[nodiscard]] std::string formatBytes(double bytes, int significant = 3);
/// "2.42 s", "15.3 ms", "6 us" (written with the micro sign), "0 s".
[[nodiscard]] std::string formatSeconds(double seconds, int significant = 3);
/// "3,350 GB/s"; decimal units.
[[nodiscard]] std::string formatBandwidth(double bytesPerSecond, int significant = 4);
/// "989 TFLOP/s".
[[nodiscard]] std::string formatFlopRate(double flopPerSecond, int significant = 3);
/// "1.37 TFLOP".
[[nodiscard]] std::string formatFlop(double flop, int significant = 3);
/// 0.429 -> "42.9 %".
[[nodiscard]] std::string formatPercent(double fraction, int significant = 3);

} // namespace shardlens
