// SPDX-License-Identifier: Apache-2.0
// Memory of each device as a bar against its capacity: weights, KV cache, activations, buffers, reserve.
#pragma once

#include "core/scenario/memorychange.h"
#include "ui/scene/scene.h"

#include <optional>
#include <string>
#include <vector>

namespace shardlens {

enum class MemoryBars : std::uint8_t {
    Automatic, ///< one for each device while they have room, else for each stage, else for each run of equal stages
    Stages,
    Groups, ///< one for each run of equal stages
};

enum class MemoryAxis : std::uint8_t {
    Automatic, ///< broken before the capacity where little of it is used
    Capacity,  ///< to scale from 0 to the capacity
    Broken,
};

struct MemoryOptions {
    MemoryBars bars = MemoryBars::Automatic;
    MemoryAxis axis = MemoryAxis::Automatic;
    /// Label of the change whose bar is drawn dashed under the others (MemoryChange::label). Empty: none while the plan fits, else the first
    /// one that makes it fit, on this cluster or on more devices.
    std::string ghost = {};
    bool ghosts = true; ///< false: none at all
};

void buildMemory(const ViewInput& input, const MemoryOptions& options, Scene& scene);

/// A change of the scenario that a dashed bar stands for: where nothing on this cluster fits, the fewest devices that would hold it.
struct MemoryGhost {
    MemoryChange change;
    MemoryReport after;
    std::string map; ///< of the plan on more devices, "TP 4 × PP 7"; empty while it fits on this cluster
    [[nodiscard]] bool moreDevices() const { return !map.empty(); }
    bool applies = true; ///< a click can make it; false: the cluster cannot grow so far
};
[[nodiscard]] std::optional<MemoryGhost> memoryGhost(const Scenario& scenario, const Report& report, const MemoryOptions& options);
/// What the ghost's region stands for: a click on it makes the change.
[[nodiscard]] inline Subject ghostSubject()
{
    return Subject{.kind = Subject::Kind::Fit, .point = 0};
}

/// One sentence for a screen reader: "Stage 0 is 29 % full, 56.8 GiB free on the fullest device."
[[nodiscard]] QString describeMemory(const Scenario& scenario, const Report& report);
/// Name, then facts, one line each; empty for what is not a device, a stage or a class of memory.
[[nodiscard]] QString memoryTooltip(const Scenario& scenario, const Report& report, const Subject& subject);

/// Bytes of a class that hold nothing new, by what they are: "KV copies", "copies of K and V weights", "redundant experts".
struct MemoryWaste {
    QString name;
    Bytes bytes = 0;
    MemoryClass of = MemoryClass::Kv;
    bool drawn = true; ///< hatched at the end of its class; false: spread through it
};
[[nodiscard]] std::vector<MemoryWaste> wasteOf(const DeviceMemory& memory);

} // namespace shardlens
