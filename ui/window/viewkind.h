// SPDX-License-Identifier: Apache-2.0
// The views by name, and what the window's parts agree on about them.
#pragma once

#include <QString>

#include <cstdint>

namespace shardlens {

enum class ViewKind : std::uint8_t {
    Mesh,
    Plate,
    Timeline,
    Memory,
    Latency,
    Roofline,
    Operators,
    Experts,
    Disaggregation,
    Trust,
};
inline constexpr std::size_t kViewCount = static_cast<std::size_t>(ViewKind::Trust) + 1;
/// "mesh", "plate" ...: names on the command line and in the stored layout.
[[nodiscard]] QString nameOf(ViewKind kind);

} // namespace shardlens
