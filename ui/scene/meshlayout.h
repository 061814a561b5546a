// SPDX-License-Identifier: Apache-2.0
// Where the devices of a cluster, their frames, switches and links are drawn: geometry only, no plan, no colours.
// Units of a level sit inside the unit of the level above, as they do in the machine. Identical siblings beyond what a picture can
// show are cut away (shown < devices) or merged (merge > 1).
#pragma once

#include "core/hardware/cluster.h"

#include <QPainterPath>
#include <QPolygonF>
#include <QRectF>

#include <vector>

namespace shardlens {

/// A device, or `count` neighbours too small to tell apart.
struct MeshTile {
    QRectF rect;
    int device = 0;
    int count = 1;
};

/// The frame round one whole domain of a level (a chip of cores, a node, a rack, a slice) that sits inside another.
struct MeshFrame {
    QRectF rect;
    QRectF title;  ///< empty when there is no room for text
    int level = 0; ///< index into Cluster::levels of the domain inside
    int first = 0; ///< its first device
    int count = 0; ///< devices of one such domain
    int tier = -1; ///< one switch of a host tree: its tier inside the level; -1: a whole domain
};

/// A switch with its units in rows above and below.
struct MeshSwitch {
    QRectF bar; ///< empty: too small to draw, or the exchange is inside a chip
    bool labelled = false;
    int level = 0;
    int first = 0;
    int unitDevices = 1;
    std::vector<QRectF> units;
    int tier = -1; ///< of a host tree; -1: a switch
};

/// Units with links of their own between pairs, set in a circle so that no link hides another: a full mesh or a hybrid cube mesh.
struct MeshWeb {
    int level = 0;
    int first = 0;
    int unitDevices = 1;
    std::vector<QRectF> units;
    std::vector<DirectLink> links; ///< between units of this picture
    QRectF title;                  ///< the level's name and the rate of a link; empty when there is no room
};

/// Units joined one after the other: a ring, or one row, column or depth line of a torus.
struct MeshRail {
    int level = 0;
    int axis = 0;
    int unitDevices = 1;
    std::vector<QPointF> stops;
    std::vector<int> units; ///< first device of each stop
    QPainterPath wrap;      ///< round from the last stop to the first; empty without wrap-around link
    bool onlyLit = false;   ///< depth lines of a 3D torus would hide the planes: drawn only when used
};

/// Name over one plane of a 3D torus.
struct MeshCaption {
    QRectF rect;
    int index = 0;
};

/// One level as drawn, after cutting and merging.
struct MeshLevel {
    int index = 0; ///< into Cluster::levels
    Topology topology = Topology::Switch;
    std::vector<int> extents;
    std::vector<bool> wrap;
    int tier = -1; ///< of a host tree, which is shown as one level for each tier
    [[nodiscard]] int units() const;
};

struct MeshLayoutInput {
    const Cluster& cluster;
    QRectF area;
    int replicaDevices = 0;   ///< devices of one replica; 0 when there is no legal plan
    int stageDevices = 0;     ///< devices of one stage of one replica; 0 when there is no legal plan
    bool wantsLabels = false; ///< rows of one stage each get a label column when the machine is a single switch domain
};

struct MeshLayout {
    std::vector<MeshLevel> levels; ///< innermost first, those with more than one unit (at least one)
    std::vector<MeshTile> tiles;   ///< ascending devices
    std::vector<MeshFrame> frames; ///< outer before inner
    std::vector<MeshSwitch> switches;
    std::vector<MeshRail> rails;
    std::vector<MeshWeb> webs;
    std::vector<MeshCaption> captions;
    QRectF content;     ///< what the machine covers
    QRectF labelColumn; ///< left of the rows; empty when rows are not stages
    int columns = 1;    ///< of the innermost switch
    int shown = 0;      ///< devices [0, shown) are drawn
    int merge = 1;      ///< devices per tile
    [[nodiscard]] bool isCut(const Cluster& cluster) const { return shown < cluster.devices(); }
    /// Tile that shows `device`; null when it is cut away.
    [[nodiscard]] const MeshTile* tileOf(int device) const;
};

/// Most units of a mesh whose links are drawn one by one; more stand in rows round a bar that names it.
inline constexpr int kMostWebUnits = 12;

/// Most tiles in one picture.
inline constexpr int kMostTiles = 2048;

/// First step of layoutMesh(): levels, shown and merge for the area and the plan.
void chooseMeshLevels(const MeshLayoutInput& input, MeshLayout& layout);
[[nodiscard]] MeshLayout layoutMesh(const MeshLayoutInput& input);

/// True for the innermost level of accelerators whose devices are cores of a chip.
[[nodiscard]] bool isOnChip(const Cluster& cluster, int level);
/// Network colour of a level: 0 on chip, 1 switch domain or torus, 2 between nodes.
[[nodiscard]] int networkTier(const Cluster& cluster, int level);

} // namespace shardlens
