// SPDX-License-Identifier: Apache-2.0
// The device mesh: the machine as it is built, each device coloured by its place in the plan, with what it holds; the groups and links of
// the device under the pointer lit.
#pragma once

#include "ui/scene/meshlayout.h"
#include "ui/scene/scene.h"

#include <functional>

namespace shardlens {

enum class MeshColour : std::uint8_t {
    StageRank,     ///< hue by stage, lightness by TP rank
    Replica,       ///< hue by replica, and so on for the axes below
    ExpertRank,    ///< EP rank
    KvHead,        ///< first KV head
    Tensor,        ///< TP rank
    Pipeline,      ///< stage
    Sequence,      ///< SP rank
    AttentionData, ///< attention DP rank
    Load,          ///< busy share of a decode step, on a scale
    Memory,        ///< share of capacity used, on a scale; over capacity hatched
};
inline constexpr std::size_t kMeshColourCount = static_cast<std::size_t>(MeshColour::Memory) + 1;
[[nodiscard]] QString nameOf(MeshColour colour);

struct MeshOptions {
    MeshColour colour = MeshColour::StageRank;
    MeshZoom zoom = {};
    bool everyCopy = false;  ///< draws replicas one by one where one would stand for all
    bool bare = false;       ///< the machine alone, without legend and readout: a frame among others
    bool openLinks = false;  ///< devices stand in one row on each side of their switch where they fit: no link runs behind another device
    int part = 0;            ///< devices that matter: the rest is cut away as copies are; 0: one replica
    int first = 0;           ///< where the part begins, if it is joined there as it is at 0 (isAlikeFrom())
    bool quietLinks = false; ///< links between pairs are pale: what travels on some of them is drawn over them
    /// Drawn over links and tiles, below the words: what travels on the links, say. May be empty.
    std::function<void(const ViewInput&, const MeshLayout&, Scene&)> overlay = {};
};

/// The geometry that buildMesh() draws for the same input and options: what hit-testing, zooming and overlays go by.
[[nodiscard]] MeshLayout meshLayoutOf(const ViewInput& input, const MeshOptions& options);

/// Lights up input.hover when it is a device or a stage, else input.pin.
void buildMesh(const ViewInput& input, const MeshOptions& options, Scene& scene);

/// What stands beside the view's title: "p5.48xlarge, one NVSwitch domain".
[[nodiscard]] QString meshSubtitle(const Scenario& scenario);
/// One sentence for a screen reader.
[[nodiscard]] QString describeMesh(const Scenario& scenario, const Report& report);
/// Name, then facts, one line each; empty for what is not a device or stage.
[[nodiscard]] QString meshTooltip(const Scenario& scenario, const Report& report, const Subject& subject);
/// The same without what the lines under a mesh of `size` say of it already; empty when they say all: a plate over the device's peers would
/// only hide what its hover shows.
[[nodiscard]] QString meshTooltipIn(QSizeF size, const Scenario& scenario, const Report& report, const Subject& subject);
/// Whether the lines under the mesh have room.
[[nodiscard]] bool hasMeshReadout(QSizeF size, int lines);

} // namespace shardlens
