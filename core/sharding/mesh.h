// SPDX-License-Identifier: Apache-2.0
// A mesh of devices with named axes. Devices are numbered along the axes, the first named axis innermost: device = sum of
// coordinate x stride, as placement.h numbers them along the fabric.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

struct NamedAxis {
    std::string name; ///< a letter, then letters and digits: "X", "TP"
    std::int64_t size = 1;
    friend bool operator==(const NamedAxis&, const NamedAxis&) = default;
};

/// Limits of what is accepted; they bound the work of every function of the algebra.
inline constexpr std::size_t kMostMeshAxes = 12;
inline constexpr std::int64_t kMostMeshDevices = std::int64_t{1} << 20;
inline constexpr std::size_t kMostNameLength = 32;

/// A letter of A to Z or a to z, then letters, digits and primes ('), at most kMostNameLength.
[[nodiscard]] bool isShardingName(std::string_view name);

class Mesh {
public:
    /// One device, no axes.
    Mesh() = default;
    /// Axes in order, innermost first. Errors: a name that is none or given twice, a size below 1, too many axes or devices.
    [[nodiscard]] static Result<Mesh> make(const std::vector<NamedAxis>& axes);

    [[nodiscard]] const std::vector<NamedAxis>& axes() const { return m_axes; }
    [[nodiscard]] int axisCount() const { return static_cast<int>(m_axes.size()); }
    [[nodiscard]] std::int64_t size(int axis) const { return m_axes[static_cast<std::size_t>(axis)].size; }
    [[nodiscard]] const std::string& name(int axis) const { return m_axes[static_cast<std::size_t>(axis)].name; }
    /// Index of the axis of this name; -1 when there is none.
    [[nodiscard]] int find(std::string_view name) const;
    [[nodiscard]] std::int64_t devices() const { return m_devices; }
    /// Devices of the group that the listed axes span.
    [[nodiscard]] std::int64_t devicesAlong(const std::vector<int>& axes) const;
    /// Distance of neighbours along the axis in device numbers.
    [[nodiscard]] std::int64_t stride(int axis) const;
    [[nodiscard]] std::int64_t coordinate(std::int64_t device, int axis) const { return device / stride(axis) % size(axis); }
    friend bool operator==(const Mesh&, const Mesh&) = default;

private:
    std::vector<NamedAxis> m_axes;
    std::int64_t m_devices = 1;
};

} // namespace shardlens
