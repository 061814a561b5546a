// SPDX-License-Identifier: Apache-2.0
// Accelerators, fabrics and clusters as data. Peaks are dense; link bandwidths are one direction, per device, summed over the device's
// links of that level; base units (bytes, bytes/s, FLOP/s, seconds).
#pragma once

#include "core/model/architecture.h"
#include "core/model/numberformat.h"

#include <array>
#include <string>
#include <vector>

namespace shardlens {

struct Accelerator {
    std::string id;   ///< "h100-sxm"
    std::string name; ///< "H100 SXM5 80GB"
    std::string vendor;
    std::string noun = "GPU"; ///< what one device is called in pictures: "GPU", "chip", "core"
    Source source;
    char confidence = 'C';                         ///< A: vendor document or driver log; B: two secondary sources; C: weaker
    Bytes memoryBytes = 0;                         ///< what the driver shows
    double memoryBandwidth = 0;                    ///< bytes/s
    std::array<double, kComputeFormatCount> peak{}; ///< dense FLOP/s by arithmetic format; 0 = not supported
    double powerWatts = 0;                         ///< 0 = unknown

    [[nodiscard]] double peakOf(ComputeFormat format) const { return peak[static_cast<std::size_t>(format)]; }
    /// FLOP per HBM byte at which the two roofs meet.
    [[nodiscard]] double criticalIntensity(ComputeFormat format) const { return peakOf(format) / memoryBandwidth; }
    friend bool operator==(const Accelerator&, const Accelerator&) = default;
};

enum class Topology : std::uint8_t {
    Switch, ///< any pair at full bandwidth
    Ring,   ///< two neighbours; extent is one number
    Torus,  ///< extents X x Y (x Z), each wrapped or not
};

/// One level of a nested fabric, from the innermost out. Its units are the whole of the level below (level 0: single devices).
struct FabricLevel {
    std::string name; ///< "NVSwitch", "ICI", "EFA"
    Topology topology = Topology::Switch;
    std::vector<int> extents; ///< units along each axis, innermost-varying first; {8} for a switch of eight
    std::vector<bool> wrap;   ///< per axis: wrap-around link present; empty for Switch
    double bandwidth = 0;     ///< bytes/s, one direction, per device, all its links of this level together, when every device is
                              ///< sending; a ring or torus has two equal links per axis, counted also where an end is not wired
    double latency = 0;       ///< seconds per hop (Ring, Torus) or per transfer through the switch
    bool scalesOut = false;   ///< the outermost level, a Switch, may be given any extent ("--devices 256")
    /// 0: an axis has its wrap-around link only while it is whole. Otherwise every axis is wrapped while all extents are multiples of this
    /// number, and none is when one is not (TPU v4, v5p and TPU7x build slices from cubes of 4 x 4 x 4).
    int wrapUnit = 0;
    /// Extents and wraps of the whole level while resized() has cut it; empty otherwise. What was cut can be grown back.
    std::vector<int> wholeExtents;
    std::vector<bool> wholeWrap;
    Source source;

    [[nodiscard]] int units() const
    {
        int product = 1;
        for (const int extent : extents)
            product *= extent;
        return product;
    }
    friend bool operator==(const FabricLevel&, const FabricLevel&) = default;
};

struct Cluster {
    std::string id;   ///< "p5.48xlarge"
    std::string name; ///< as shown
    Source source;
    Accelerator accelerator;
    std::vector<FabricLevel> levels; ///< innermost first, at least one
    double pricePerDeviceHour = 0;   ///< USD; 0 = not known
    std::string priceSource;         ///< with its date

    [[nodiscard]] int devices() const
    {
        int product = 1;
        for (const FabricLevel& level : levels)
            product *= level.units();
        return product;
    }
    friend bool operator==(const Cluster&, const Cluster&) = default;
};

} // namespace shardlens
