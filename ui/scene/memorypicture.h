// SPDX-License-Identifier: Apache-2.0
// The memory picture while it is drawn: its layout, and the parts that are drawn into it. Of the scene's own files only.
#pragma once

#include "ui/scene/memoryrows.h"
#include "ui/scene/memoryscene.h"
#include "ui/scene/meshfacts.h"

#include <QCoreApplication>

#include <utility>

namespace shardlens {

struct MemoryText {
    Q_DECLARE_TR_FUNCTIONS(MemoryScene)
};

class MemoryPicture {
public:
    MemoryPicture(const ViewInput& input, const MemoryOptions& options, Scene& scene);
    void draw();

private:
    [[nodiscard]] QColor ink(Ink ink) const { return m_input.theme.color(ink); }
    [[nodiscard]] const DeviceMemory& of(const MemoryRow& row) const;
    /// Along the part of the axis that is to scale.
    [[nodiscard]] double xOf(Bytes bytes) const { return m_plot.left() + static_cast<double>(bytes) * m_scale; }
    [[nodiscard]] bool fits() const { return m_memory.free() >= 0; }
    [[nodiscard]] double rowTop(std::size_t row) const { return m_plot.top() + static_cast<double>(row) * m_pitch; }
    [[nodiscard]] int stageOf(int device) const;
    [[nodiscard]] int ticksAtMost() const;
    /// Right end of the axis that is to scale.
    [[nodiscard]] double scaleEnd() const { return m_broken ? m_break - 5 : m_plot.right(); }

    // layout
    [[nodiscard]] std::vector<LegendEntry> legendEntries() const;
    void arrange(double room);
    void layOut(double forRows);
    void layOut(double forRows, bool withBand);
    void setScale();
    /// The longest run of rows that print no value of their own: first row and count.
    [[nodiscard]] std::pair<std::size_t, std::size_t> emptyRun() const;
    [[nodiscard]] double bandHeight() const;

    // bars
    void drawZone();
    void drawRow(std::size_t index);
    void drawSegments(const MemoryRow& row, const QRectF& bar);
    void drawTotal(const MemoryRow& row, const QRectF& bar);
    [[nodiscard]] QString ghostNote() const;
    [[nodiscard]] QString totalText(const MemoryRow& row) const;
    [[nodiscard]] double totalLeft(const MemoryRow& row, double width) const;
    [[nodiscard]] bool totalInside(const MemoryRow& row) const;

    // words
    [[nodiscard]] QString requestsText() const;
    [[nodiscard]] QString tokensText() const;
    [[nodiscard]] QString headlineText(double room) const;
    [[nodiscard]] QString limitingName() const;
    [[nodiscard]] QString cureText(double room) const;
    [[nodiscard]] double freeWidth() const;
    [[nodiscard]] double freeTextWidth() const;
    void drawAnnotation();
    void drawNeed();
    void drawAxis();
    void drawBreak();
    void drawDetail(double top);

    const ViewInput& m_input;
    Scene& m_scene;
    const MemoryReport& m_memory;
    MeshFacts m_facts;
    const MemoryOptions& m_options;
    std::optional<MemoryGhost> m_ghost;
    std::vector<MemoryRow> m_rows;
    QRectF m_area;
    QRectF m_plot; ///< of the bars
    double m_body = 0;
    double m_note = 0; ///< line heights
    double m_label = 0;
    double m_pitch = 0;
    double m_bar = 16;
    double m_scale = 0; ///< px per byte
    double m_capacityX = 0;
    double m_break = 0; ///< x of the break of the axis
    double m_bottom = 0;
    double m_axisY = 0;
    bool m_broken = false;
    bool m_words = true; ///< there is room to say what is free or missing
    bool m_brief = false;
    bool m_band = false;
    bool m_compact = false; ///< what is missing in two lines, so that the dashed bar has room
    bool m_detail = false;
    bool m_twoLines = false;
};

} // namespace shardlens
