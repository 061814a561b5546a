// SPDX-License-Identifier: Apache-2.0
// The pieces that meshscene.cpp puts together: tiles, links and texts of one mesh picture.
#pragma once

#include "ui/scene/meshcolours.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/meshlayout.h"
#include "ui/scene/meshscene.h"

#include <QStringList>

#include <vector>

namespace shardlens {

/// How a member of a group is marked on its tile and in the words below.
enum class PeerMark : std::uint8_t { Outline, Brackets, Corners, TopBar, BottomBar, Square, Dashed };

/// A group of the device that the picture is about.
struct MeshGroup {
    QString name; ///< "TP", "SP", "EP", "attention DP", "DP"
    PeerMark mark = PeerMark::Outline;
    std::vector<int> peers; ///< ascending, the device among them
    DeviceGroup group;
    std::vector<CollectiveUse> uses; ///< what it exchanges in a decode step, most bytes first; may be empty
    int level = -1;                  ///< outermost fabric level that its members need, -1: none
    [[nodiscard]] bool contains(int device) const;
};

/// Whom the picture is about: a device with its groups, a stage, what another view selected, or nobody.
struct MeshFocus {
    int device = -1;
    int asked = -1; ///< the device that `device` stands for, where that one is cut away
    int stage = -1;
    Subject chosen;                                 ///< a tensor, an expert, an axis, a pool ...: its devices stand out
    bool isElsewhere = false;                       ///< what is chosen is a pool whose workers are not what is drawn
    std::vector<MeshGroup> groups;                  ///< the first one is that which exchanges most
    int next = -1;                                  ///< same place in the next stage
    int previous = -1;                              ///< ... in the stage before
    [[nodiscard]] bool isPeer(int candidate) const; ///< in any of the groups
};

struct MeshDrawing {
    const ViewInput& input;
    const MeshOptions& options;
    const MeshLayout& layout;
    const MeshFacts* facts = nullptr;     ///< null: no legal plan
    const MeshPalette* palette = nullptr; ///< null with them
    MeshFocus focus;
    Scene& scene;
    QRectF sight = {};   ///< of a zoomed picture; words stay inside
    QRectF keepOut = {}; ///< no words here
    [[nodiscard]] QColor ink(Ink ink) const { return input.theme.color(ink); }
    /// As the scene's, but in a zoomed picture only what is wholly in sight.
    void text(const QRectF& box, const QString& text, TextRole role, const QColor& color,
              Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter, bool elide = false) const;
    void hit(const QRectF& rect, const Subject& subject) const;
    /// What the pointer hears on a part of the machine that is no device, where that is in sight.
    void tip(const QRectF& rect, const QString& text) const;
    /// Whether a device steps back because the picture is about others.
    [[nodiscard]] bool isFaded(const DeviceFacts& device) const;
};

/// `shown`: devices that are drawn; of others the same place in the replica that is drawn is meant.
[[nodiscard]] MeshFocus meshFocus(const Scenario& scenario, const Report& report, const MeshFacts& facts, const Subject& subject,
                                  int shown);
/// Prefill (0) or decode (1); null: none of them, or there are no pools.
[[nodiscard]] const PoolSettings* poolOf(const Scenario& scenario, int pool);
void drawPeerMark(const MeshDrawing& drawing, const QRectF& rect, PeerMark mark, const QColor& colour, double radius);
[[nodiscard]] QColor groupColour(const MeshDrawing& drawing, const MeshGroup& group);

/// Two lines or, where there is room, more: name and facts, bytes by class, and each group with its mark and what it exchanges.
[[nodiscard]] int readoutLines(const ViewInput& input, const MeshFacts* facts);
/// From line to line of the readout, at the text scale.
[[nodiscard]] double readoutLineHeight();
void drawMeshReadout(const MeshDrawing& drawing, const QRectF& area);

/// Side of a tile from which a copy is hatched; smaller ones are paler than what they are copies of, px.
inline constexpr double kLeastHatched = 14;
void drawMeshTiles(const MeshDrawing& drawing);
/// Links, switches and frames; behind the tiles.
void drawMeshFabric(const MeshDrawing& drawing);
inline constexpr double kIdleLink = 1.5;
inline constexpr double kLitLink = 3;
/// Groups whose links light up: the one that exchanges most, and all others that exchange something.
[[nodiscard]] bool isLit(const MeshDrawing& drawing, const MeshGroup& group);
/// `full` between units of a side that can be read, thinner between smaller ones.
[[nodiscard]] double linkWidth(double side, double full);
[[nodiscard]] QColor wrapColour(const MeshDrawing& drawing);
/// Frames, titles and idle lines of a 3D torus; then what of them is lit.
void drawMeshPlanes(const MeshDrawing& drawing, const MeshDepth& depth);
void drawLitPlanes(const MeshDrawing& drawing, const MeshDepth& depth);
/// What the focused device sends and receives, and the words on the switches it may cross.
void drawMeshSends(const MeshDrawing& drawing);

/// "EFA" and "50 GB/s per GPU, one way".
struct LinkText {
    QString name;
    QString rate;
};
/// `tier`: of a host tree, whose further tiers have other links.
[[nodiscard]] LinkText linkText(const Cluster& cluster, int level, int tier = -1);
/// Where the words of a switch's bar stand; the rate's box is empty where only the name has room.
struct BarWords {
    QRectF name;
    QRectF rate;
};
[[nodiscard]] BarWords barWordsOf(const Cluster& cluster, const MeshSwitch& domain);
/// "Chip", "Node", "Rack", "Slice" or "Pod": one whole domain of a level; in a sentence with a small letter.
[[nodiscard]] QString domainNoun(const Cluster& cluster, int level, bool inSentence = false);

/// The leaves of an oversubscribed switch.
struct MeshPods {
    int level = -1;  ///< index into Cluster::levels; -1: there are none
    int devices = 0; ///< of a full one
    int count = 0;
    int units = 0; ///< of a full one: nodes
};
[[nodiscard]] MeshPods podsOf(const Cluster& cluster);
/// "1:7".
[[nodiscard]] QString ratioText(const FabricLevel& level);
/// "Pod 0 of 3,072 GPUs · 50 GB/s each inside, 7.14 GB/s between pods", then ever shorter.
[[nodiscard]] QStringList podTitles(const Cluster& cluster, const MeshPods& pods, int pod);
/// What the pointer hears on a pod or, with -1, on what joins them.
[[nodiscard]] QString podTip(const Cluster& cluster, const MeshPods& pods, int pod);

/// Facts that follow the device's name in the readout. `brief` says the same in fewer letters.
[[nodiscard]] QStringList deviceParts(const Scenario& scenario, const Report& report, const MeshFacts& facts, int device,
                                      bool brief = false);
/// What of a decode step a device works: "62.1 % busy", and where EP ranks differ "EP rank 3: 0.71 × the mean load, 62.1 % busy".
[[nodiscard]] QString busyText(const Scenario& scenario, const Report& report, const DeviceFacts& device);
/// "AllReduce with GPU 0, 2, 3: 80 x 256 KiB per step", and with `links` "; 35 MiB sent per step at 210 of 450 GB/s on NVSwitch".
[[nodiscard]] QString groupText(const Scenario& scenario, int device, const MeshGroup& group, bool links);
/// Calm words for a mesh that nobody points at: a name and facts for each of the two lines.
struct MeshSummary {
    QString name;
    QStringList facts;
    QString second;
};
[[nodiscard]] MeshSummary meshSummary(const Scenario& scenario, const Report& report, const MeshFacts& facts);
[[nodiscard]] QString planName(const Plan& plan);

} // namespace shardlens
