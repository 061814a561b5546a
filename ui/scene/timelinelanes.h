// SPDX-License-Identifier: Apache-2.0
// One layer, a line for each of its operators by section, its collectives in lines of their own, and how busy arithmetic, HBM and links
// are meanwhile: what a bar of the layer is too narrow to name.
#pragma once

#include "core/cost/section.h"
#include "core/scenario/pieceoperators.h"
#include "ui/scene/scene.h"

#include <span>

namespace shardlens {

/// One line: what runs in it, and where.
struct LayerLane {
    Section section = Section::Attention;
    Collective collective = Collective::None; ///< of these alone; None: work of one operator, without its collective
    std::vector<std::size_t> work;            ///< indices into LayerLanes::work
    double seconds = 0;                       ///< what nothing hides of a collective; of an operator all of it
};

class LayerLanes {
public:
    LayerLanes(const std::vector<OperatorCost>& operators, std::span<const PieceWork> work);
    [[nodiscard]] const std::vector<LayerLane>& lanes() const { return m_lanes; }
    /// Seconds of the layer, and of a section of it; they add up to the layer's.
    [[nodiscard]] double seconds() const { return m_seconds; }
    [[nodiscard]] double secondsOf(Section section) const { return m_sections[static_cast<std::size_t>(section)]; }

    /// How busy something is while the layer runs: the share of the time it is at work.
    enum class Unit : std::uint8_t { Arithmetic, Memory, Links };
    struct Busy {
        double begin = 0; ///< seconds from the layer's start
        double end = 0;
        double share = 0;
    };
    [[nodiscard]] std::vector<Busy> busy(Unit unit) const;

    /// `loose`: how much higher lines are than their text needs; 1 is the least.
    [[nodiscard]] double lanesHeight(double loose = 1) const;
    [[nodiscard]] static double busyHeight(double loose = 1);
    /// Into `area`, whose height is ignored. `equal`: layers of the piece that are like this one.
    void drawLanes(Scene& scene, const ViewInput& input, Phase phase, int stage, const QRectF& area, int equal, double loose) const;
    void drawBusy(Scene& scene, const ViewInput& input, const QRectF& area, double loose) const;
    static constexpr double kLoosest = 1.5;

private:
    [[nodiscard]] QString titleOf(Section section) const;
    [[nodiscard]] const OperatorCost& costOf(std::size_t work) const { return m_operators[static_cast<std::size_t>(m_work[work].op)]; }
    void drawLane(Scene& scene, const ViewInput& input, const Subject& subject, const LayerLane& lane, const QRectF& line, int equal) const;
    const std::vector<OperatorCost>& m_operators;
    std::span<const PieceWork> m_work;
    std::vector<LayerLane> m_lanes;
    std::array<double, kSectionCount> m_sections{};
    double m_seconds = 0;
};

} // namespace shardlens
