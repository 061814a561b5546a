// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string_view>

namespace shardlens {

namespace {

constexpr std::string_view kMinus = "\u2212";

/// Inserts thousands commas into the digits before a decimal point.
std::string grouped(std::string_view digits)
{
    const std::size_t whole = std::min(digits.find('.'), digits.size());
    std::string text;
    for (std::size_t i = 0; i < whole; ++i) {
        if (i > 0 && (whole - i) % 3 == 0)
            text += ',';
        text += digits[i];
    }
    text += digits.substr(whole);
    return text;
}

std::string withoutTrailingZeros(std::string text)
{
    if (text.find('.') == std::string::npos)
        return text;
    while (text.back() == '0')
        text.pop_back();
    if (text.back() == '.')
        text.pop_back();
    return text;
}

std::string digitsOf(double value, std::chars_format format, int decimals)
{
    // Fixed notation is used below 10^15 and with at most 20 decimals, scientific always fits.
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, decimals);
    return end.ec == std::errc{} ? std::string(buffer.data(), end.ptr) : std::string();
}

double valueOf(std::string_view digits)
{
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// The text of a finite value >= 0. "40" for exactly 40, "40.0" for what only rounds to it.
std::string magnitude(double value, int significant)
{
    if (value == 0)
        return "0";
    const auto trimmedIfExact = [value](const std::string& number, const std::string& shown) {
        return std::abs(valueOf(number) - value) <= 1e-12 * value ? withoutTrailingZeros(shown) : shown;
    };
    const std::string scientific = digitsOf(value, std::chars_format::scientific, significant - 1);
    const std::size_t e = scientific.find('e');
    int exponent = 0;
    const std::size_t exponentStart = e + (scientific[e + 1] == '+' ? 2 : 1);
    std::from_chars(scientific.data() + exponentStart, scientific.data() + scientific.size(), exponent);
    if (exponent < -4 || exponent >= 15) {
        const std::string mantissa = trimmedIfExact(scientific, scientific.substr(0, e));
        return mantissa + "e" + (exponent < 0 ? std::string(kMinus) : std::string()) + std::to_string(std::abs(exponent));
    }
    const std::string fixed = digitsOf(value, std::chars_format::fixed, std::max(0, significant - 1 - exponent));
    return grouped(trimmedIfExact(fixed, fixed));
}

struct Unit {
    double size;
    std::string_view name;
};

/// `value` rounded as formatNumber() shows it.
double rounded(double value, int significant)
{
    const std::string scientific = digitsOf(value, std::chars_format::scientific, significant - 1);
    const double shown = valueOf(scientific);
    return shown >= 1000 ? std::round(value) : shown;
}

/// Value in the largest unit of which it is at least one as shown (1,023.9 KiB is 1.00 MiB), or in the smallest.
std::string inUnit(double value, std::span<const Unit> smallestFirst, int significant)
{
    if (!std::isfinite(value))
        return formatNumber(value, significant);
    const double size = std::abs(value);
    std::size_t i = 0;
    while (i + 1 < smallestFirst.size()) {
        const double next = smallestFirst[i + 1].size;
        if (size < next && rounded(size / smallestFirst[i].size, significant) < next / smallestFirst[i].size)
            break;
        ++i;
    }
    // Dividing by 10^-6 is not exact; multiplying by 10^6 keeps 6 us a plain 6.
    const double unit = smallestFirst[i].size;
    const double shown = unit < 1 ? value * std::round(1 / unit) : value / unit;
    return formatNumber(shown, significant) + " " + std::string(smallestFirst[i].name);
}

constexpr std::array kByteUnits{Unit{1, "B"},      Unit{kKiB, "KiB"},        Unit{kMiB, "MiB"},
                                Unit{kGiB, "GiB"}, Unit{kGiB * kKiB, "TiB"}, Unit{kGiB * kMiB, "PiB"}};
constexpr std::array kSecondUnits{Unit{1e-9, "ns"}, Unit{1e-6, "\u00b5s"}, Unit{1e-3, "ms"}, Unit{1, "s"}};
constexpr std::array kFlopUnits{Unit{1, "FLOP"},     Unit{1e3, "kFLOP"},  Unit{1e6, "MFLOP"}, Unit{1e9, "GFLOP"},
                                Unit{1e12, "TFLOP"}, Unit{1e15, "PFLOP"}, Unit{1e18, "EFLOP"}};
constexpr std::array kRateUnits{Unit{1, "FLOP/s"},     Unit{1e3, "kFLOP/s"},  Unit{1e6, "MFLOP/s"}, Unit{1e9, "GFLOP/s"},
                                Unit{1e12, "TFLOP/s"}, Unit{1e15, "PFLOP/s"}, Unit{1e18, "EFLOP/s"}};
constexpr std::size_t kRateUnitsToTera = 5;

} // namespace

std::string formatCount(std::int64_t value)
{
    // Through unsigned, so that the smallest value has a magnitude too.
    const std::uint64_t size = value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    return (value < 0 ? std::string(kMinus) : std::string()) + grouped(std::to_string(size));
}

std::string formatNumber(double value, int significant)
{
    if (std::isnan(value))
        return "undefined";
    if (std::isinf(value))
        return value < 0 ? std::string(kMinus) + "infinite" : "infinite";
    const std::string text = magnitude(std::abs(value), std::clamp(significant, 1, 17));
    return value < 0 ? std::string(kMinus) + text : text;
}

std::string formatBytes(double bytes, int significant)
{
    return inUnit(bytes, kByteUnits, significant);
}

std::string formatSeconds(double seconds, int significant)
{
    return seconds == 0 ? "0 s" : inUnit(seconds, kSecondUnits, significant);
}

std::string formatBandwidth(double bytesPerSecond, int significant)
{
    return std::isfinite(bytesPerSecond) ? formatNumber(bytesPerSecond / kGB, significant) + " GB/s"
                                         : formatNumber(bytesPerSecond, significant);
}

std::string formatFlopRate(double flopPerSecond, int significant)
{
    // Peaks of single devices are quoted in TFLOP/s up to thousands of them; only a cluster's sum is in PFLOP/s.
    const std::span<const Unit> units(kRateUnits);
    return inUnit(flopPerSecond, std::abs(flopPerSecond) < 1e16 ? units.first(kRateUnitsToTera) : units, significant);
}

std::string formatFlop(double flop, int significant)
{
    return inUnit(flop, kFlopUnits, significant);
}

std::string formatPercent(double fraction, int significant)
{
    return std::isfinite(fraction) ? formatNumber(fraction * 100, significant) + " %" : formatNumber(fraction, significant);
}

} // namespace shardlens
