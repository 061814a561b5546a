// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerowpainter.h"

#include <QCoreApplication>

#include <utility>

namespace shardlens {
namespace {

struct TimelineRows {
    Q_DECLARE_TR_FUNCTIONS(TimelineRows)
};

constexpr std::size_t kMostSampled = 800; ///< marks of one phase
constexpr double kLeastMark = 5;          ///< px from row to row
constexpr double kLineSpacing = 24;       ///< px between marks that lie on the rows

/// Cells of a stage by their order, from before the first to after the last one where a decode round repeats.
class RoundCells {
public:
    RoundCells(const Timeline& timeline, int stage, bool repeats) : m_cells(cellsOfStage(timeline, stage))
    {
        if (!repeats || m_cells.empty())
            return;
        m_period = timeline.period;
        const double next = m_cells.front().start + m_period * (1 - 1e-9);
        m_each = std::partition_point(m_cells.begin(), m_cells.end(), [next](const TimelineCell& cell) { return cell.start < next; })
                 - m_cells.begin();
        m_more = timeline.complete;
    }
    struct Found {
        const TimelineCell* cell = nullptr; ///< null: there is none
        double shift = 0;
    };
    [[nodiscard]] Found at(std::ptrdiff_t index) const
    {
        const auto size = static_cast<std::ptrdiff_t>(m_cells.size());
        const double shift = index < 0 ? -m_period : index >= size ? m_period : 0;
        const std::ptrdiff_t cell = index < 0 ? index + m_each : index >= size ? index - m_each : index;
        if (cell < 0 || cell >= size || (index >= size && !m_more))
            return {};
        return {&m_cells[static_cast<std::size_t>(cell)], shift};
    }
    /// [first, last) of what is in sight.
    [[nodiscard]] std::pair<std::ptrdiff_t, std::ptrdiff_t> within(const TimeRange& visible) const
    {
        if (m_cells.empty())
            return {0, 0};
        const auto first =
            std::partition_point(m_cells.begin(), m_cells.end(), [&](const TimelineCell& cell) { return cell.end <= visible.begin; });
        const auto last = std::partition_point(first, m_cells.end(), [&](const TimelineCell& cell) { return cell.start < visible.end; });
        return {visible.begin < m_cells.front().start ? -m_each : first - m_cells.begin(),
                last - m_cells.begin() + (last == m_cells.end() ? m_each : 0)};
    }

private:
    decltype(cellsOfStage(std::declval<const Timeline&>(), 0)) m_cells;
    double m_period = 0;
    std::ptrdiff_t m_each = 0; ///< cells of a round
    bool m_more = false;
};

} // namespace

void RowPainter::drawSampledSends(std::size_t most)
{
    const bool arrows = m_layout.rowGap >= kLeastArrowGap;
    const double spacing = arrows ? kLeastArrowPitch : kLineSpacing;
    const std::vector<TimelineRow>& rows = m_layout.rows;
    // Pieces are as far apart as they are long where they follow each other; lines closer than that would bury them.
    const double pitch = pieceWidth(rows.front().stage);
    // By powers of two: who zooms in sees further ones appear between those that are there. Each round of decode keeps one.
    std::size_t limit = most;
    if (m_panel.phase == Phase::Decode)
        limit = std::min(limit, static_cast<std::size_t>(std::max(m_input.scenario.plan.decodeMicrobatches(), 1)));
    std::size_t every = 1;
    while ((every < limit && pitch * static_cast<double>(every) < spacing) || (every < most && most / every * rows.size() > kMostSampled))
        every *= 2;
    // From row to row; over several where they are a few pixels apart.
    const auto step = static_cast<std::size_t>(std::max(1.0, std::ceil(kLeastMark / (m_layout.rowHeight + m_layout.rowGap))));
    for (std::size_t i = 0; i + 1 < rows.size(); i += rows[i].pinned ? 1 : step) {
        const std::size_t next = rows[i].pinned ? i + 1 : std::min(i + step, rows.size() - 1);
        if (rows[i].pinned ? rows[next].stage == rows[i].stage + 1 : !rows[next].pinned)
            drawSampledSends(rows[i], m_layout.rowRect(m_panel, i), rows[next], m_layout.rowRect(m_panel, next),
                             static_cast<std::ptrdiff_t>(every));
    }
}

void RowPainter::drawSampledSends(const TimelineRow& from, const QRectF& row, const TimelineRow& to, const QRectF& next,
                                  std::ptrdiff_t every)
{
    const bool repeats = m_panel.phase == Phase::Decode && m_phase.timeline.period > 0;
    const int stage = from.stage + from.stages - 1;
    const RoundCells senders(m_phase.timeline, stage, repeats);
    const RoundCells receivers(m_phase.timeline, to.stage, repeats);
    const auto [first, last] = senders.within(m_panel.visible);
    const std::ptrdiff_t begin = first < 0 ? first / every * every : (first + every - 1) / every * every;
    for (std::ptrdiff_t i = begin; i < last; i += every) {
        // Pieces pass every stage in the same order.
        const RoundCells::Found sent = senders.at(i);
        const RoundCells::Found received = receivers.at(i);
        if (sent.cell == nullptr || received.cell == nullptr || sent.cell->microbatch != received.cell->microbatch
            || sent.cell->visit != received.cell->visit)
            continue;
        const StageCost& cost = m_phase.costOf(stage, sent.cell->costClass);
        const double end = sent.cell->end + sent.shift;
        const double start = received.cell->start + received.shift;
        const double left = m_panel.xOf(end);
        const double right =
            std::max(m_panel.xOf(to.stage == stage + 1 ? std::min(end + (cost.sendBlocks ? 0 : cost.send), start) : start), left + 0.5);
        if (start < end - m_panel.duration * 1e-9 || left < m_panel.plot.left() || right > m_panel.plot.right())
            continue;
        // Rows without room between them: from the middle of one to the middle of the next.
        if (m_layout.rowGap >= kLeastArrowGap)
            m_scene.arrow({left, row.bottom() - 1}, {right, lowered(next, received.cell->visit).top() + 1}, m_theme.color(Ink::Send), 1.5,
                          false, 4);
        else
            m_scene.line({left, row.center().y()}, {right, next.center().y()}, m_theme.color(Ink::Send), 1.5);
    }
}

void RowPainter::drawArrow(const TimelinePiece& piece, double arrival, bool critical, int stage, const QRectF& row, const QRectF& next)
{
    const double from = m_panel.xOf(piece.end);
    const double to = std::max(m_panel.xOf(arrival), from + 0.5);
    if (from < m_panel.plot.left() || to > m_panel.plot.right())
        return;
    m_scene.arrow({from, row.bottom() - 1}, {to, next.top() + 1}, m_theme.color(Ink::Send), critical ? 2.5 : 1.5, false, 5);
    const double line = lineHeight(TextRole::Note);
    const double gap = next.top() - row.bottom();
    if (gap < line || m_facts.empty())
        return;
    const auto pieceClass = static_cast<std::size_t>(piece.costClass) % m_facts.size();
    const double bytes = handedBytes(m_phase, m_panel.phase, m_facts[pieceClass], stage, piece.visit);
    const QString size = qs(formatBytes(bytes));
    const QString time = qs(formatSeconds(m_phase.costOf(stage, piece.costClass).send));
    const double left = to + 5;
    if (left < m_labelEnd)
        return;
    const double pitch = m_panel.xOf(piece.end) - m_panel.xOf(piece.start);
    const QString label = firstFitting({TimelineRows::tr("%1 in %2").arg(size, time), size}, TextRole::Note,
                                       std::min(pitch - 10, m_panel.plot.right() - left - 2));
    if (label.isEmpty() || bytes <= 0)
        return;
    const double width = textWidth(label, TextRole::Note);
    m_scene.text({left, row.bottom() + (gap - line) / 2, width, line}, label, TextRole::Note, m_theme.color(Ink::Text3));
    m_labelEnd = left + width + 4;
}

void RowPainter::drawSends(int stage, const QRectF& row, const QRectF& next)
{
    collectPieces(m_phase, m_panel.phase, stage, m_panel.visible, m_pieces);
    collectPieces(m_phase, m_panel.phase, stage + 1, m_panel.visible, m_nextPieces);
    std::size_t search = 0;
    m_labelEnd = m_panel.plot.left();
    for (const TimelinePiece& piece : m_pieces) {
        // Pieces pass every stage in the same order: the receiver's piece lies at or after the last one found.
        std::size_t i = search;
        while (i < m_nextPieces.size()
               && (m_nextPieces[i].microbatch != piece.microbatch || m_nextPieces[i].visit != piece.visit
                   || m_nextPieces[i].start < piece.end - m_panel.duration * 1e-9))
            ++i;
        if (i == m_nextPieces.size())
            continue;
        search = i;
        const StageCost& cost = m_phase.costOf(stage, piece.costClass);
        if (m_panel.xOf(piece.end) - m_panel.xOf(piece.start) < kLeastArrowPitch)
            continue;
        // A blocking send is the end of the piece itself.
        const double arrival = std::min(piece.end + (cost.sendBlocks ? 0 : cost.send), m_nextPieces[i].start);
        drawArrow(piece, arrival, piece.critical && m_nextPieces[i].critical, stage, row, lowered(next, m_nextPieces[i].visit));
    }
}

void RowPainter::drawReturns(int stage, const QRectF& row)
{
    // Back to stage 0, for the next visit or with the sampled tokens: an arrow across all rows would bury them; a stub says that it leaves.
    collectPieces(m_phase, m_panel.phase, stage, m_panel.visible, m_pieces);
    for (const TimelinePiece& piece : m_pieces) {
        const StageCost& cost = m_phase.costOf(stage, piece.costClass);
        const double x = m_panel.xOf(piece.end);
        const double width = x - m_panel.xOf(piece.start);
        if (!(cost.send > 0) || width < 12 || x < m_panel.plot.left() || x > m_panel.plot.right())
            continue;
        m_scene.line({x, row.bottom()}, {x, row.bottom() + 3}, m_theme.color(Ink::Send), 1.5);
        m_scene.line({x - 3, row.bottom() + 3}, {x + 1, row.bottom() + 3}, m_theme.color(Ink::Send), 1.5);
    }
}

} // namespace shardlens
