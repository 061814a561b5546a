// SPDX-License-Identifier: Apache-2.0
// The pieces that meshscene.cpp puts together: tiles, links and texts of one mesh picture.
#pragma once

#include "ui/scene/meshfacts.h"
#include "ui/scene/meshlayout.h"
#include "ui/scene/meshscene.h"

#include <QStringList>

#include <vector>

namespace shardlens {

/// Whom the picture is about: a device with its groups, a stage, or nobody.
struct MeshFocus {
    int device = -1;
    int stage = -1;
    std::vector<int> peers;   ///< group that lights up, ascending, the device among them
    QString groupName;        ///< "TP", "SP", "EP", ...
    CollectiveUse collective; ///< what that group exchanges; Collective::None when nothing is known
    int next = -1;            ///< same place in the next stage
    int previous = -1;        ///< ... in the stage before
    int level = -1;           ///< outermost fabric level that the group uses, -1: none
    [[nodiscard]] bool isPeer(int candidate) const;
};

struct MeshDrawing {
    const ViewInput& input;
    const MeshOptions& options;
    const MeshLayout& layout;
    const MeshFacts* facts = nullptr; ///< null: no legal plan
    MeshFocus focus;
    Scene& scene;
    [[nodiscard]] QColor ink(Ink ink) const { return input.theme.color(ink); }
};

[[nodiscard]] MeshFocus meshFocus(const Scenario& scenario, const Report& report, const MeshFacts& facts, const Subject& subject,
                                  int shown);

void drawMeshTiles(const MeshDrawing& drawing);
/// Links, switches and frames; behind the tiles.
void drawMeshFabric(const MeshDrawing& drawing);
/// What the focused device sends and receives, and the words on the switches it may cross.
void drawMeshSends(const MeshDrawing& drawing);

/// "EFA" and "50 GB/s per GPU, one way".
struct LinkText {
    QString name;
    QString rate;
};
/// `tier`: of a host tree, whose further tiers have other links.
[[nodiscard]] LinkText linkText(const Cluster& cluster, int level, int tier = -1);
/// "Chip", "Node", "Rack", "Slice" or "Pod": one whole domain of a level.
[[nodiscard]] QString domainNoun(const Cluster& cluster, int level);

/// Facts that follow the device's name in the readout. `brief` says the same in fewer letters.
[[nodiscard]] QStringList deviceParts(const Scenario& scenario, const Report& report, const MeshFacts& facts, int device,
                                      bool brief = false);
/// "AllReduce with GPU 0, 2, 3: 80 x 256 KiB per step".
[[nodiscard]] QString collectiveText(const Scenario& scenario, const MeshFocus& focus);
/// Calm words for a mesh that nobody points at: a name and facts for each of the two lines.
struct MeshSummary {
    QString name;
    QStringList facts;
    QString second;
};
[[nodiscard]] MeshSummary meshSummary(const Scenario& scenario, const Report& report, const MeshFacts& facts);
[[nodiscard]] QString planName(const Plan& plan);

} // namespace shardlens
