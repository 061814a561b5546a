// SPDX-License-Identifier: Apache-2.0
// What the colour of a device means in a mesh picture: its place on one of the plan's axes, or how much of it is used.
#pragma once

#include "ui/scene/meshfacts.h"
#include "ui/scene/meshscene.h"

#include <QHash>

#include <array>
#include <vector>

namespace shardlens {

/// Where a device lies on a scale from nothing to all, with its words.
struct MeshShare {
    double share = 0; ///< of the phase's time, or of the device's memory; above 1: more than there is
    QString text;     ///< "87 %"
};

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
    /// Of the devices of a stage, in a scale.
    [[nodiscard]] const MeshShare& shareOf(int stage) const { return m_shares[static_cast<std::size_t>(stage)]; }
    [[nodiscard]] bool isOver(const DeviceFacts& device) const { return isMemory() && shareOf(device.stage).share > 1; }
    [[nodiscard]] QColor scaleColour(double share) const;
    /// What the scale measures, with its unit: "busy share of a decode step, %".
    [[nodiscard]] QString scaleName() const;
    /// Entries that name colours, each selecting what it names; in a scale, of stages that differ.
    [[nodiscard]] const std::vector<LegendEntry>& legend() const { return m_legend; }

private:
    void addRanks(const QString& name, int count, const Subject& subject);
    void addShares();
    /// Skewed experts: the step is that of the EP rank with most tokens, others wait for it.
    [[nodiscard]] bool isAtMost() const;
    [[nodiscard]] QColor ranked(int rank) const;
    /// Devices of one key have one colour.
    [[nodiscard]] int keyOf(const DeviceFacts& device) const;
    [[nodiscard]] QColor plainColour(const DeviceFacts& device) const;

    const ViewInput& m_input;
    MeshColour m_colour;
    const MeshFacts& m_facts;
    std::vector<MeshShare> m_shares; ///< by stage
    std::vector<LegendEntry> m_legend;
    mutable std::array<std::vector<QColor>, 4> m_colours; ///< by shade and key: mixing thousands would take most of a frame
    mutable QHash<QRgb, QColor> m_textOn;
};

/// Height of the legend for a width, scale and entries.
[[nodiscard]] double meshLegendHeight(const MeshPalette& palette, double width);
void drawMeshLegend(const ViewInput& input, const MeshPalette& palette, const QRectF& area, Scene& scene);

} // namespace shardlens
