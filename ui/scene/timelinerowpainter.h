// SPDX-License-Identifier: Apache-2.0
// Draws the rows of one phase; split over timelinerows.cpp (what a row shows), timelinepieces.cpp (a piece) and timelinesends.cpp (between
// pieces).
#pragma once

#include "ui/scene/timelinecolumns.h"
#include "ui/scene/timelineinside.h"
#include "ui/scene/timelinerows.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace shardlens {

class RowPainter {
public:
    RowPainter(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
               const TimelinePanel& panel)
        : m_scene(scene),
          m_input(input),
          m_theme(input.theme),
          m_layout(layout),
          m_panel(panel),
          m_phase(panel.phase == Phase::Prefill ? input.report.prefill : input.report.decode),
          m_index(options.indexes[static_cast<std::size_t>(panel.phase)]),
          m_interior(input, panel.phase)
    {
        for (std::size_t i = 0; i < kCauseCount; ++i) {
            m_fills[i] = m_theme.color(static_cast<Cause>(i));
            m_edges[i] = m_theme.edgeOf(m_fills[i]);
        }
        if (input.pin.kind == Subject::Kind::Operator && input.pin.phase == panel.phase)
            m_pinnedOp = input.pin.op;
    }

    /// Whether rows are drawn in columns, which are paler where less runs.
    bool draw();

private:
    enum class Detail : std::uint8_t {
        Slices, ///< every piece cut by cause
        Bands,  ///< every piece a block of its own, banded by cause
        Runs,   ///< busy shares by columns
    };
    /// Of the row's height: how much lower the last visit of virtual stages begins than the first.
    static constexpr double kVisitSteps = 0.36;

    [[nodiscard]] std::size_t cellsIn(const TimelineRow& row) const;
    /// Of a piece of the stage, about, px.
    [[nodiscard]] double pieceWidth(int stage) const;
    void drawRow(const TimelineRow& row, const QRectF& rect);
    void drawColumns(const TimelineRow& row, const QRectF& rect);
    void drawColumnRun(const TimelineColumn& column, const QRectF& rect);
    void drawUnknown(double from, const QRectF& row);
    void drawIdle(double from, double to, const QRectF& row, int stage);
    void drawPiece(const TimelinePiece& piece, double right, const QRectF& row, int stage);
    bool drawOperators(const TimelinePiece& piece, const QRectF& rect, int stage);
    /// All runs of each operator added up, as wide as they take together.
    void drawOperatorSums(const TimelinePiece& piece, const QRectF& lane, int stage);
    void drawSlice(const QRectF& rect, Cause cause, int stage, bool widest);
    void drawHidden(const TimelinePiece& piece, const QRectF& rect, int stage, double exposedAt);
    void drawPinnedOperator(const TimelinePiece& piece, const QRectF& slice, Cause cause, double seconds, int stage);
    void drawCommunicationMark(const QRectF& rect, int stage, bool labelled);
    void drawLabel(const QRectF& rect, Cause cause, const TimelinePiece& piece);
    void drawCriticalMark(const QRectF& rect, const TimelinePiece& piece);
    void drawRun(std::size_t first, std::size_t last, double end, const QRectF& row, int stage);
    /// All of `parts` in one block, banded by cause; where the largest cause lies in it.
    QRectF drawBands(const QRectF& rect, const Breakdown& parts);
    void drawSends(int stage, const QRectF& row, const QRectF& next);
    /// Where there are too many for an arrow each: those of every n-th piece, on all rows the same pieces. `most`: pieces of the fullest row.
    void drawSampledSends(std::size_t most);
    void drawSampledSends(const TimelineRow& from, const QRectF& row, const TimelineRow& to, const QRectF& next, std::ptrdiff_t every);
    void drawReturns(int stage, const QRectF& row);
    void drawArrow(const TimelinePiece& piece, double arrival, bool critical, int stage, const QRectF& row, const QRectF& next);
    [[nodiscard]] double clampedX(double seconds) const
    {
        return std::clamp(m_panel.xOf(seconds), m_panel.plot.left(), m_panel.plot.right());
    }
    [[nodiscard]] QColor fillOf(Cause cause) const { return m_fills[static_cast<std::size_t>(cause)]; }
    [[nodiscard]] QColor edgeOf(Cause cause) const { return m_edges[static_cast<std::size_t>(cause)]; }
    [[nodiscard]] Subject subject(Subject::Kind kind, int stage) const
    {
        Subject result;
        result.kind = kind;
        result.phase = m_panel.phase;
        result.stage = stage;
        return result;
    }
    /// Later visits of virtual stages begin lower, so that they are told apart at any width.
    [[nodiscard]] QRectF lowered(const QRectF& row, int visit) const
    {
        const int visits = m_phase.timeline.visits;
        const double down = visits > 1 ? std::round(row.height() * kVisitSteps * visit / (visits - 1)) : 0;
        return row.adjusted(0, down, 0, 0);
    }

    Scene& m_scene;
    const ViewInput& m_input;
    const Theme& m_theme;
    const TimelineLayout& m_layout;
    const TimelinePanel& m_panel;
    const PhaseReport& m_phase;
    const TimelineIndex* m_index;
    std::unique_ptr<TimelineIndex> m_ownIndex;
    PieceInterior m_interior;
    std::array<QColor, kCauseCount> m_fills;
    std::array<QColor, kCauseCount> m_edges;
    QString m_collectives; ///< of m_collectivesStage: rows are drawn one after the other
    int m_collectiveCount = 0;
    int m_collectivesStage = -1;
    int m_pinnedOp = -1;
    Detail m_detail = Detail::Slices;
    double m_labelEnd = 0; ///< right end of the last label of an arrow in this gap
    std::vector<PieceFacts> m_facts;
    std::vector<TimelinePiece> m_pieces;
    std::vector<TimelinePiece> m_nextPieces;
    std::vector<TimelineColumn> m_columns;
};

} // namespace shardlens
