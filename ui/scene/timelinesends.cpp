// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerowpainter.h"

#include <QCoreApplication>

namespace shardlens {
namespace {

struct TimelineRows {
    Q_DECLARE_TR_FUNCTIONS(TimelineRows)
};

} // namespace

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
        if (m_panel.xOf(piece.end) - m_panel.xOf(piece.start) < 12)
            continue;
        // A blocking send is the end of the piece itself.
        const double arrival = std::min(piece.end + (cost.sendBlocks ? 0 : cost.send), m_nextPieces[i].start);
        drawArrow(piece, arrival, piece.critical && m_nextPieces[i].critical, stage, row, lowered(next, m_nextPieces[i]));
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
