// SPDX-License-Identifier: Apache-2.0
// Accelerators, fabrics and clusters as data. Peaks are dense; link bandwidths are one direction, per device, summed over the device's
// links of that level; base units (bytes, bytes/s, FLOP/s, seconds).
#pragma once

#include "core/model/architecture.h"
#include "core/model/numberformat.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

struct Accelerator {
    std::string id;   ///< "h100-sxm"
    std::string name; ///< "H100 SXM5 80GB"
    std::string vendor;
    std::string noun = "GPU"; ///< what one device is called in pictures: "GPU", "chip", "core"
    Source source;
    char confidence = 'C';                          ///< A: vendor document or driver log; B: two secondary sources; C: weaker
    Bytes memoryBytes = 0;                          ///< what the driver shows
    double memoryBandwidth = 0;                     ///< bytes/s
    std::array<double, kComputeFormatCount> peak{}; ///< dense FLOP/s by arithmetic format; 0 = not supported
    Bytes sramBytes = 0;   ///< on-chip memory: L2 or infinity cache of a GPU, VMEM or SBUF of a TPU or Trainium; 0 = unknown
    std::string sramKind;  ///< "L2", "VMEM"
    std::string units;     ///< what the figures mean: "dense, fp32 accumulation, per GPU"
    double powerWatts = 0; ///< 0 = unknown

    [[nodiscard]] double peakOf(ComputeFormat format) const { return peak[static_cast<std::size_t>(format)]; }
    /// `wanted` where it has that arithmetic, else the nearest that it has: V100, say, has fp16 but no bf16.
    [[nodiscard]] ComputeFormat nearestArithmetic(ComputeFormat wanted) const
    {
        for (const ComputeFormat format :
             {wanted, ComputeFormat::Bf16, ComputeFormat::Fp16, ComputeFormat::Fp8, ComputeFormat::Int8, ComputeFormat::Fp32})
            if (peakOf(format) > 0)
                return format;
        return wanted;
    }
    /// FLOP per HBM byte at which the two roofs meet.
    [[nodiscard]] double criticalIntensity(ComputeFormat format) const { return peakOf(format) / memoryBandwidth; }
    friend bool operator==(const Accelerator&, const Accelerator&) = default;
};

enum class Topology : std::uint8_t {
    Switch,   ///< any pair at full bandwidth
    Ring,     ///< two neighbours; extent is one number
    Torus,    ///< extents X x Y (x Z), each wrapped or not
    FullMesh, ///< a link of its own for each pair: k of n units use k - 1 links each
    CubeMesh, ///< hybrid cube mesh: some pairs have one link or more, the others none; the wiring is data (links)
    PcieTree, ///< host tree: extents are units under a switch, switches under a root, ...; a tier's uplink is shared by all below it
};
inline constexpr std::size_t kTopologyCount = 6;

/// Key in catalog files: "switch", "ring", "torus", "full_mesh", "hybrid_cube_mesh", "pcie_tree".
[[nodiscard]] std::string_view keyOf(Topology topology);
/// "switch", "ring", "torus", "full mesh", "hybrid cube mesh", "PCIe tree".
[[nodiscard]] std::string_view nameOf(Topology topology);

/// `count` parallel links between two units of a level.
struct DirectLink {
    int a = 0;
    int b = 0;
    int count = 1;
    friend bool operator==(const DirectLink&, const DirectLink&) = default;
};

/// Most units of a hybrid cube mesh; its rings are found by trying all.
inline constexpr int kMaxCubeMesh = 8;
/// Most nested levels of a cluster, and most axes or tiers of a level.
inline constexpr std::size_t kMaxLevels = 8;
inline constexpr std::size_t kMaxAxes = 6;

/// One level of a nested fabric, from the innermost out. Its units are the whole of the level below (level 0: single devices).
struct FabricLevel {
    std::string name; ///< "NVSwitch", "ICI", "EFA"
    Topology topology = Topology::Switch;
    std::vector<int> extents; ///< units along each axis or tier, innermost-varying first; {8} for a switch of eight
    std::vector<bool> wrap;   ///< ring and torus, per axis: wrap-around link present
    double bandwidth = 0;     ///< bytes/s, one direction, per device, all its links of this level together, when every device is
                              ///< sending; a ring or torus has two links per axis, counted also where an end is not wired
    double latency = 0;       ///< seconds per hop (ring, torus, mesh) or per transfer through switches
    bool scalesOut = false;   ///< the outermost level, a Switch, may be given any extent ("--devices 256")
    /// 0: an axis has its wrap-around link only while it is whole. Otherwise every axis is wrapped while all extents are multiples of this
    /// number, and none is when one is not (TPU v4, v5p and TPU7x build slices from cubes of 4 x 4 x 4).
    int wrapUnit = 0;
    /// Switch: it adds up what it is sent and multicasts the result (NVLink SHARP of NVSwitch generation 3 and later; SHARP trees).
    bool inNetworkReduction = false;
    /// Switch: `leafUnits` units hang on one leaf switch (0: each unit on one of its own). Between units of one leaf a device has all of
    /// `bandwidth`; between leaves, while every device of the leaf sends, bandwidth / oversubscription. 1: no such limit.
    double oversubscription = 1;
    int leafUnits = 0;
    /// Torus: bytes/s, one direction, of one link of each axis, for each device; empty: equal links. PCIe tree: of the one link of each
    /// unit of a tier, the whole unit's and not each device's (tier 0: the device's own link = bandwidth; tier 1: its switch's uplink).
    std::vector<double> axisBandwidth;
    /// CubeMesh: every pair that has links. Pairs without go through the host at `hostBandwidth`, bytes/s per device, one direction.
    std::vector<DirectLink> links;
    double hostBandwidth = 0;
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
    /// Units of the machine the level is cut from: links do not grow fatter when others are left out.
    [[nodiscard]] int wholeUnits() const;
    /// bytes/s of one link of a unit, one direction, each device's share of it: of axis or tier `axis`, of a pair of a full mesh, one of
    /// the links of a cube mesh; a switch has one link.
    [[nodiscard]] double linkBandwidth(std::size_t axis = 0) const;
    /// Cube mesh: links between two units; 0 when they have none.
    [[nodiscard]] int linksBetween(int a, int b) const;
    friend bool operator==(const FabricLevel&, const FabricLevel&) = default;
};

struct Cluster {
    std::string id;   ///< "p5.48xlarge"
    std::string name; ///< as shown
    Source source;
    Accelerator accelerator;
    std::vector<FabricLevel> levels; ///< innermost first, at least one
    std::string units;               ///< what bandwidths mean: "one direction, per GPU"
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
