// SPDX-License-Identifier: Apache-2.0
// Where the devices of a cluster, their frames, switches and links are drawn: geometry only, no plan, no colours.
// Units of a level sit inside the unit of the level above, as they do in the machine. Identical siblings beyond what a picture can
// show are cut away (shown < devices) or merged (merge > 1). Zooming scales the picture and nothing else: what is too small to draw opens
// as it grows, and only what is in sight is placed.
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
    int tier = -1; ///< one switch of a host tree, or a pod: its tier inside the level; -1: a whole domain
};

/// A switch with its units in rows above and below.
struct MeshSwitch {
    QRectF bar; ///< empty: too small to draw, or the exchange is inside a chip
    bool labelled = false;
    int level = 0;
    int first = 0;
    int unitDevices = 1;
    std::vector<QRectF> units;
    int tier = -1; ///< of a host tree or a switch with pods; -1: a switch
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

/// Units joined one after the other: a ring, or one row or column of a torus.
struct MeshRail {
    int level = 0;
    int axis = 0;
    int unitDevices = 1;
    std::vector<QPointF> stops;
    std::vector<int> units; ///< first device of each stop
    QPainterPath wrap;      ///< round from the last stop to the first; empty without wrap-around link
};

/// The units of one domain as placed, whatever joins them: what a device's place and the way to another are found in.
struct MeshDomain {
    int picture = 0; ///< index into MeshLayout::levels
    int first = 0;
    int unitDevices = 1;
    std::vector<QRectF> units; ///< all of them, those out of sight too; the last pod may have fewer
    QRectF bar;                ///< of a switch; empty: none is drawn
    double reach = 0;          ///< how far wrap-around links run outside a ring or torus
};

/// The planes of a 3D torus and the lines along its third axis. A line stands for the links between all equal places of two planes.
struct MeshDepth {
    int picture = 0; ///< index into MeshLayout::levels
    int first = 0;
    int perPlane = 1;             ///< units
    int unitDevices = 1;          ///< of each
    std::vector<QRectF> planes;   ///< the frame round each
    std::vector<QRectF> titles;   ///< of each frame; none when there is no room for text
    std::vector<double> lanes;    ///< y at which lines reach each frame and run through it
    std::vector<QPolygonF> links; ///< from each plane to the next
    QPolygonF wrap;               ///< from the last round to the first; empty without wrap-around links
    bool hasLanes = false;        ///< lines may run through the frames, over the units
    double step = 0;              ///< from a unit's right edge to the line that goes down to it
    /// From a unit's edge to the lane of its plane.
    [[nodiscard]] QPolygonF wayTo(const QRectF& unit, int plane) const;
    /// From frame to frame, of neighbours or round the end.
    [[nodiscard]] QPolygonF linkBetween(int from, int to) const;
    /// To the coordinates of the screen; `gap`: room beside the units of a plane, before.
    void moveTo(double scale, QPointF shift, double gap);
};

/// Where planes go before what is in them is known.
struct DepthGrid {
    int columns = 1;
    int rows = 1;
    std::vector<QRectF> cells; ///< row after row, to and fro
    double title = 0;
    double lane = 0;
    double pad = 0;
    double reach = 0; ///< of lines outside the frames
};
[[nodiscard]] DepthGrid depthGrid(const QRectF& area, int planes, double aspect, bool wrapped);
/// Lanes, links and the way round between `depth.planes`.
void joinPlanes(const DepthGrid& grid, bool wrapped, MeshDepth& depth);

/// One level as drawn, after cutting and merging.
struct MeshLevel {
    int index = 0; ///< into Cluster::levels
    Topology topology = Topology::Switch;
    std::vector<int> extents;
    std::vector<bool> wrap;
    int tier = -1;     ///< of a host tree, which is shown as one level for each tier; of a switch with pods: 0 inside, 1 between them
    bool part = false; ///< a run of neighbours of the level above, which is too wide to be drawn unit by unit
    [[nodiscard]] int units() const;
};

/// What is seen of the picture: the whole of it at scale 1.
struct MeshZoom {
    double scale = 1;
    QPointF centre{0.5, 0.5}; ///< of what is in sight, as fractions of the area
    [[nodiscard]] bool isFitted() const { return scale <= 1; }
    friend bool operator==(const MeshZoom&, const MeshZoom&) = default;
};

struct MeshLayoutInput {
    const Cluster& cluster;
    QRectF area;
    int replicaDevices = 0; ///< devices of one replica; 0 when there is no legal plan
    int stageDevices = 0;   ///< devices of one stage of one replica; 0 when there is no legal plan
    double labelWidth = 0;  ///< of the column that rows of one stage each get when the machine is a single switch domain; 0: none
    bool everyCopy = false; ///< replicas are drawn one by one, not one for all
    MeshZoom zoom = {};
    QRectF sight = {};      ///< what is placed when zoomed; empty: the area
    bool openLinks = false; ///< see MeshOptions
    int first = 0;          ///< likewise
};

/// The smallest thing in the picture that stands for a device.
struct MeshPlace {
    QRectF rect; ///< null: there is no such device
    int first = 0;
    int count = 1;       ///< devices it stands for; 1: a tile of its own
    bool isCopy = false; ///< the device itself is cut away: this is the same place in the replica that is drawn
};

/// The way of a message as drawn.
struct MeshRoute {
    /// From one tile to the other; a second leg starts where a wrap-around link, drawn as stubs, comes in again. Empty: both are in one tile.
    std::vector<QPolygonF> legs;
    int level = -1;           ///< index into Cluster::levels of what joins the two; -1: they are one
    bool throughHost = false; ///< the pair has no link of its own
    bool isNarrow = false;    ///< it runs between tiles: there is no room beside it
    /// Where on its way the message comes onto the plate of a switch, and where it leaves that; halfway without one.
    double ontoPlate = 0.5;
    double offPlate = 0.5;
    [[nodiscard]] double length() const;
    /// The point at `fraction` of the way.
    [[nodiscard]] QPointF at(double fraction) const;
};

struct MeshLayout {
    std::vector<MeshLevel> levels; ///< innermost first, those with more than one unit (at least one)
    std::vector<MeshTile> tiles;   ///< ascending devices; when zoomed, those in sight
    std::vector<MeshFrame> frames; ///< outer before inner
    std::vector<MeshSwitch> switches;
    std::vector<MeshRail> rails;
    std::vector<MeshWeb> webs;
    std::vector<MeshDepth> depths;
    std::vector<MeshDomain> domains; ///< by picture, then first
    QRectF content;                  ///< what the machine covers
    QRectF labelColumn;              ///< left of the rows; empty when rows are not stages
    int columns = 1;                 ///< of the innermost switch
    int start = 0;                   ///< device of the first tile
    int shown = 0;                   ///< devices [start, start + shown) are drawn
    int merge = 1;                   ///< devices per tile
    QRectF area;                     ///< what the whole picture fills at scale 1
    MeshZoom zoom;                   ///< as drawn
    int closed = 0;                  ///< levels [0, closed) are merged into tiles until one zooms in
    int replica = 0;                 ///< devices of one replica, as asked for
    [[nodiscard]] int last() const { return start + shown - 1; }
    [[nodiscard]] bool isCut(const Cluster& cluster) const { return shown < cluster.devices(); }
    /// Tile that shows `device`; null when it is cut away or out of sight.
    [[nodiscard]] const MeshTile* tileOf(int device) const;
    /// Where to look for a device: its tile, the tile it is merged into, or the unit out of sight that holds it.
    [[nodiscard]] MeshPlace placeOf(int device) const;
    /// How a message goes between two devices: over the switch plate, by the pair's own link, or along a ring or torus by the shortest
    /// dimension-ordered way, round the edge where that is shorter (as sendLine() costs it).
    [[nodiscard]] MeshRoute routeBetween(const Cluster& cluster, int from, int to) const;
    [[nodiscard]] const MeshDomain* domainOf(int picture, int first) const;
    /// Scale at which a single device fills a good part of the picture: no use in going beyond.
    [[nodiscard]] double mostScale() const;
};

/// Scaled by `factor`, the point `at` of the screen staying where it is; the picture always fills its area.
[[nodiscard]] MeshZoom zoomedAt(const MeshLayout& layout, const QPointF& at, double factor);
/// Moved with the pointer by `way` on the screen.
[[nodiscard]] MeshZoom panned(const MeshLayout& layout, const QPointF& way);
/// So that `rect` of the screen fills most of the area.
[[nodiscard]] MeshZoom zoomedTo(const MeshLayout& layout, const QRectF& rect);
/// The frame or, where that fills the picture already, the tile under a point: what a double click zooms to. Null: nothing is there.
[[nodiscard]] QRectF zoomTarget(const MeshLayout& layout, const QPointF& at);

/// Most units of a mesh whose links are drawn one by one; more stand in rows round a bar that names it.
inline constexpr int kMostWebUnits = 12;

/// Most tiles in one picture.
inline constexpr int kMostTiles = 4096;
/// Area below which tiles, gaps and frames can no longer be told apart, px.
inline constexpr double kPixelsPerTile = 45;

/// Whether [first, first + devices) is joined as [0, devices) is: the same picture with other numbers.
[[nodiscard]] bool isAlikeFrom(const Cluster& cluster, int first, int devices);

/// First step of layoutMesh(): levels, shown and merge for the area and the plan.
void chooseMeshLevels(const MeshLayoutInput& input, MeshLayout& layout);
[[nodiscard]] MeshLayout layoutMesh(const MeshLayoutInput& input);

/// Units that hang on one leaf of an oversubscribed switch with several: a level of the picture of their own. 0: there is none.
[[nodiscard]] int podUnits(const FabricLevel& level);
/// bytes/s of a device to another leaf while every device of its own sends (FabricLevel::oversubscription).
[[nodiscard]] double rateBetweenPods(const FabricLevel& level);

/// True for the innermost level of accelerators whose devices are cores of a chip.
[[nodiscard]] bool isOnChip(const Cluster& cluster, int level);
/// Network colour of a level: 0 on chip, 1 switch domain or torus, 2 between nodes.
[[nodiscard]] int networkTier(const Cluster& cluster, int level);

} // namespace shardlens
