// SPDX-License-Identifier: Apache-2.0
// What the colour of a device means in a mesh picture: its place on one of the plan's axes, or how much of it is used.
#pragma once

#include "ui/scene/meshfacts.h"
#include "ui/scene/meshscene.h"

#include <QHash>

#include <array>
#include <vector>

namespace shardlens {

class MeshPalette {
public:
    MeshPalette(const ViewInput& input, MeshColour colour, const MeshFacts& facts);

    [[nodiscard]] QColor colourOf(const DeviceFacts& device) const { return colourOf(device, Shade::Plain); }
    enum class Shade : std::uint8_t { Plain, Faded /* steps back */, Flat /* a copy too small for a hatch */, FadedFlat };
    [[nodiscard]] QColor colourOf(const DeviceFacts& device, Shade shade) const;
    /// Theme::textOn() of a tile's ground: thousands share a few.
    [[nodiscard]] QColor textOn(const QColor& ground) const;
    /// A further copy of what the colour stands for; the first one is solid.
    [[nodiscard]] bool isCopy(const DeviceFacts& device) const;
    /// Modes in which the second copy of what a device holds is drawn as one.
    [[nodiscard]] bool marksCopies() const;
    [[nodiscard]] bool isScale() const { return m_colour == MeshColour::Load || m_colour == MeshColour::Memory; }
    [[nodiscard]] bool isMemory() const { return m_colour == MeshColour::Memory; }
    /// Where a device lies on a scale from nothing to all: of the phase's time or of its memory; above 1: more than there is.
    [[nodiscard]] double shareOf(const DeviceFacts& device) const { return m_shares[placeOf(device)]; }
    /// Devices of one stage differ by their EP rank: the experts of one have less to do than those of another.
    [[nodiscard]] bool differsByRank() const { return m_ranks > 1; }
    /// "1.42 × mean": token-expert pairs of a device's EP rank over those of the mean rank, where ranks differ.
    [[nodiscard]] QString loadText(int expertRank) const;
    [[nodiscard]] QString longestLoadText() const;
    /// Kinds have an order, and their colours with them: any few of them stand for all.
    [[nodiscard]] bool isOrdered() const { return isScale() || m_isRamp; }
    /// What the legend tells apart: devices of one kind differ at most by a step of one hue.
    [[nodiscard]] int kindOf(const DeviceFacts& device) const { return m_colour == MeshColour::StageRank ? device.stage : keyOf(device); }
    /// Whether the kinds of one replica are those of all.
    [[nodiscard]] bool repeatsWithReplicas() const { return m_colour != MeshColour::Replica; }
    [[nodiscard]] bool isOver(const DeviceFacts& device) const { return isMemory() && shareOf(device) > 1; }
    [[nodiscard]] QColor scaleColour(double share) const;
    /// What the scale measures, with its unit: "busy share of a decode step, %".
    [[nodiscard]] QString scaleName() const;
    /// Entries that name colours, each selecting what it names; in a scale, of stages that differ.
    [[nodiscard]] const std::vector<LegendEntry>& legend() const { return m_legend; }

private:
    void addRanks(const QString& name, int count, const Subject& subject);
    void addShares();
    void addStages();
    void addHotAndCold();
    /// Index into m_shares.
    [[nodiscard]] std::size_t placeOf(const DeviceFacts& device) const
    {
        return static_cast<std::size_t>(device.stage) * m_ranks + (m_ranks > 1 ? static_cast<std::size_t>(device.expertRank) : 0);
    }
    [[nodiscard]] QColor ranked(int rank) const;
    /// Of more stages than there are hues: on one ramp, from the first to the last.
    [[nodiscard]] QColor onRamp(int stage, bool isCopy) const;
    /// Devices of one key have one colour.
    [[nodiscard]] int keyOf(const DeviceFacts& device) const;
    [[nodiscard]] QColor plainColour(const DeviceFacts& device) const;

    const ViewInput& m_input;
    MeshColour m_colour;
    const MeshFacts& m_facts;
    std::vector<double> m_shares; ///< by stage; where EP ranks differ, for each of them
    std::size_t m_ranks = 1;      ///< in m_shares, of each stage
    bool m_isRamp = false;        ///< see onRamp()
    std::vector<double> m_loads;  ///< by EP rank, over the mean
    std::vector<LegendEntry> m_legend;
    mutable std::array<std::vector<QColor>, 4> m_colours; ///< by shade and key: mixing thousands would take most of a frame
    mutable QHash<QRgb, QColor> m_textOn;
};

/// Height of the legend for a width, scale and entries.
[[nodiscard]] double meshLegendHeight(const MeshPalette& palette, double width);
void drawMeshLegend(const ViewInput& input, const MeshPalette& palette, const QRectF& area, Scene& scene);

} // namespace shardlens
