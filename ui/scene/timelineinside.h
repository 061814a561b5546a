// SPDX-License-Identifier: Apache-2.0
// What is inside a piece: its layers and operators with their true durations, in the piece itself where it is wide enough, and one layer
// magnified below the rows.
#pragma once

#include "core/scenario/pieceoperators.h"
#include "ui/scene/timelinescene.h"

#include <map>

namespace shardlens {

/// Operators of a phase's pieces, compiled when asked for.
class PieceInterior {
public:
    PieceInterior(const ViewInput& input, Phase phase); ///< `input` outlives this
    PieceInterior(const ViewInput&& input, Phase phase) = delete;
    [[nodiscard]] const std::vector<OperatorCost>& operators(int costClass);
    [[nodiscard]] std::vector<PieceWork> work(int stage, int visit, int costClass);
    /// Layers of a visit, embedding and head counted as one each.
    [[nodiscard]] int parts(int stage, int visit) const;
    /// Collective seconds of a piece that run beside other work.
    [[nodiscard]] double hiddenTime(int stage, int visit, int costClass);

private:
    const ViewInput& m_input;
    Phase m_phase;
    int m_classes;
    std::map<int, std::vector<OperatorCost>> m_operators; ///< by piece class
    std::map<int, double> m_hidden;                       ///< by stage, visit and cost class
};

/// Draws pieces of work between two instants of time on a linear scale.
struct WorkPainter {
    Scene& scene;
    const ViewInput& input;
    Phase phase;
    int stage;
    /// `left`, `right`: the operator's edges, uncut; drawn is what lies inside `clip`. `runs`: how many of it they are.
    void draw(const OperatorCost& op, int index, double left, double right, const QRectF& clip, bool large, double runs = 1) const;
};

/// What TimelinePanel::inside can use of `room`: a bar for each kind of layer, and one for the head, of the pieces that are shown; beyond
/// that the lines of one layer.
[[nodiscard]] double insideHeight(const ViewInput& input, double room);
/// The magnified layers of TimelinePanel::inside.
void drawInside(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel);

} // namespace shardlens
