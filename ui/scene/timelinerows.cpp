// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinerows.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineRows {
    Q_DECLARE_TR_FUNCTIONS(TimelineRows)
};

/// Work of a piece in drawing order; a bubble is not work.
constexpr std::array kWork{Cause::Weights, Cause::Kv, Cause::Compute, Cause::Communication, Cause::Overhead};
constexpr double kThinnest = 3; ///< px: narrower pieces merge into runs
constexpr double kSmallestGap = 1.5;
constexpr double kLeastGap = 1;     ///< px: what is drawn ends where the next begins
constexpr double kCriticalMark = 2; ///< px
constexpr double kLowestMarkedRow = 12;
constexpr double kHatchedGap = 5; ///< px: narrower gaps have a flat tint, a hatch would be one stroke
constexpr double kIdleTint = 0.6; ///< of the way to the ground: about what the hatch has on average
constexpr double kLowestBandedRow = 8;
constexpr double kNarrowestSliced = 4; ///< px

enum class Detail : std::uint8_t {
    Slices, ///< every piece cut by cause
    Bands,  ///< every piece a block of its own, banded by cause
    Runs,   ///< pieces without a visible gap between them become one block, banded by cause
};

class RowPainter {
public:
    RowPainter(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel)
        : m_scene(scene),
          m_theme(input.theme),
          m_layout(layout),
          m_panel(panel),
          m_phase(panel.phase == Phase::Prefill ? input.report.prefill : input.report.decode)
    {
        for (std::size_t i = 0; i < kCauseCount; ++i) {
            m_fills[i] = m_theme.color(static_cast<Cause>(i));
            m_edges[i] = m_theme.edgeOf(m_fills[i]);
        }
        m_collectives = collectivesOf(m_phase);
    }

    void draw();

private:
    [[nodiscard]] std::size_t visibleCells() const;
    void drawRow(int stage, const QRectF& row);
    void drawIdle(double from, double to, const QRectF& row, int stage);
    void drawPiece(const TimelinePiece& piece, double right, const QRectF& row, int stage);
    void drawSlice(const QRectF& rect, Cause cause, int stage, bool widest);
    void drawCommunicationMark(const QRectF& rect, bool labelled);
    void drawLabel(const QRectF& rect, Cause cause, const TimelinePiece& piece);
    void drawCriticalMark(const QRectF& rect, const TimelinePiece& piece);
    void drawRun(std::size_t first, std::size_t last, double end, const QRectF& row, int stage);
    /// All of `parts` in one block, banded by cause; where the largest cause lies in it.
    QRectF drawBands(const QRectF& rect, const Breakdown& parts);
    void drawSends(int stage, const QRectF& row, const QRectF& next);
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

    Scene& m_scene;
    const Theme& m_theme;
    const TimelineLayout& m_layout;
    const TimelinePanel& m_panel;
    const PhaseReport& m_phase;
    std::array<QColor, kCauseCount> m_fills;
    std::array<QColor, kCauseCount> m_edges;
    QString m_collectives;
    Detail m_detail = Detail::Slices;
    double m_runThreshold = kThinnest;
    std::vector<TimelinePiece> m_pieces;
    std::vector<TimelinePiece> m_nextPieces;
};

void RowPainter::draw()
{
    // Detail follows from what there is to draw, so that the number of items is bounded by pixels and not by cells.
    const std::size_t cells = visibleCells();
    const auto rows = static_cast<std::size_t>(m_layout.rows);
    m_detail = cells * kWork.size() <= kMostPieceItems ? Detail::Slices : cells <= kMostPieceItems ? Detail::Bands : Detail::Runs;
    const double runsPerRow = static_cast<double>(kMostPieceItems) / static_cast<double>(kWork.size() * std::max<std::size_t>(rows, 1));
    m_runThreshold = m_detail == Detail::Runs ? std::max(kThinnest, m_panel.plot.width() / std::max(runsPerRow, 1.0)) : kThinnest;
    for (int row = 0; row < m_layout.rows; ++row)
        drawRow(row * m_layout.stagesPerRow, m_layout.rowRect(m_panel, row));
    if (m_detail == Detail::Slices && m_layout.stagesPerRow == 1 && m_layout.rowPitch - m_layout.rowHeight >= 6 && cells <= 240)
        for (int row = 0; row + 1 < m_layout.rows; ++row)
            drawSends(row, m_layout.rowRect(m_panel, row), m_layout.rowRect(m_panel, row + 1));
}

std::size_t RowPainter::visibleCells() const
{
    std::size_t count = 0;
    for (int row = 0; row < m_layout.rows; ++row) {
        const auto cells = cellsOfStage(m_phase.timeline, row * m_layout.stagesPerRow);
        const auto first = std::partition_point(cells.begin(), cells.end(),
                                                [this](const TimelineCell& cell) { return cell.end <= m_panel.visible.begin; });
        const auto last =
            std::partition_point(first, cells.end(), [this](const TimelineCell& cell) { return cell.start < m_panel.visible.end; });
        count += static_cast<std::size_t>(last - first);
    }
    return count;
}

void RowPainter::drawRow(int stage, const QRectF& row)
{
    collectPieces(m_phase, m_panel.phase, stage, m_panel.visible, m_pieces);
    m_scene.fill(row, m_theme.color(Ink::Sunken));
    m_scene.hit(row, subject(Subject::Kind::Stage, stage));
    double previousEnd = std::max(0.0, m_panel.visible.begin);
    const double limit = std::min(m_panel.duration, m_panel.visible.end);
    for (std::size_t i = 0; i < m_pieces.size();) {
        drawIdle(previousEnd, m_pieces[i].start, row, stage);
        // A run: narrow pieces that follow each other without a gap one could see.
        std::size_t end = i + 1;
        const auto narrow = [&](std::size_t k) {
            return m_detail == Detail::Runs || clampedX(m_pieces[k].end) - clampedX(m_pieces[k].start) < kThinnest;
        };
        if (narrow(i))
            while (end < m_pieces.size() && narrow(end)
                   && (clampedX(m_pieces[end].start) - clampedX(m_pieces[end - 1].end) < kSmallestGap
                       || clampedX(m_pieces[end].end) - clampedX(m_pieces[i].start) < m_runThreshold))
                ++end;
        // Up to the next one when the gap is less than a pixel: a fraction of a pixel of ground would look like a line.
        double right = clampedX(m_pieces[end - 1].end);
        if (end < m_pieces.size() && clampedX(m_pieces[end].start) - right < kLeastGap)
            right = clampedX(m_pieces[end].start);
        if (end - i > 1 || narrow(i))
            drawRun(i, end, right, row, stage);
        else
            drawPiece(m_pieces[i], right, row, stage);
        previousEnd = m_pieces[end - 1].end;
        i = end;
    }
    drawIdle(previousEnd, limit, row, stage);
}

void RowPainter::drawIdle(double from, double to, const QRectF& row, int stage)
{
    const double left = clampedX(from);
    const double right = clampedX(to);
    if (right - left < kLeastGap)
        return;
    const QRectF gap(left, row.top(), right - left, row.height());
    if (right - left < kHatchedGap || row.height() < 4) {
        m_scene.fill(gap, m_theme.faded(m_theme.color(Ink::Text3), kIdleTint));
        return;
    }
    m_scene.hatch(gap, Hatch::Idle, {}, row.height() >= 10 ? m_theme.color(Ink::Strong) : QColor()); // frames would be all one sees
    Subject cause = subject(Subject::Kind::CauseOfTime, stage);
    cause.cause = static_cast<int>(Cause::Bubble);
    m_scene.hit(gap, cause);
    const QString label = TimelineRows::tr("idle");
    const double width = textWidth(label, TextRole::Note) + 8;
    const double height = lineHeight(TextRole::Note);
    if (gap.width() >= width + 8 && gap.height() >= height + 4) {
        const QRectF box(gap.center().x() - width / 2, gap.center().y() - height / 2, width, height);
        m_scene.fill(box, m_theme.color(Ink::Sunken)); // the hatch would cross the letters
        m_scene.text(box, label, TextRole::Note, m_theme.color(Ink::Text2), Qt::AlignCenter);
    }
}

void RowPainter::drawPiece(const TimelinePiece& piece, double right, const QRectF& row, int stage)
{
    const Breakdown& parts = m_phase.costOf(stage, piece.costClass).breakdown;
    double work = 0;
    for (const Cause cause : kWork)
        work += parts[cause];
    const double left = clampedX(piece.start);
    if (right <= left)
        return;
    Subject whole = subject(Subject::Kind::Piece, stage);
    whole.microbatch = piece.microbatch;
    whole.step = piece.step;
    whole.visit = m_phase.timeline.visits > 1 ? piece.visit : -1;
    m_scene.hit({left, row.top(), right - left, row.height()}, whole);
    Cause largest = Cause::Compute;
    for (const Cause cause : kWork)
        if (parts[cause] > parts[largest])
            largest = cause;
    if (!(work > 0) || m_detail != Detail::Slices) {
        const QRectF rect(left, row.top(), right - left, row.height());
        const QRectF widest = drawBands(rect, parts);
        if (rect.width() >= 5 && row.height() >= 5)
            m_scene.fill({right - 1, row.top(), 1, row.height()}, edgeOf(largest)); // pieces without a gap stay apart
        drawLabel(widest, largest, piece);
        drawCriticalMark(rect, piece);
        return;
    }
    const double perSecond = (piece.end - piece.start) / work;
    double x = left;
    double sum = 0;
    QRectF labelled;
    for (const Cause cause : kWork) {
        sum += parts[cause];
        const double at = piece.start + sum * perSecond;
        // The last slice ends where the piece ends, whatever rounding did to the sum.
        const double next = sum >= work * (1 - 1e-12) ? right : clampedX(at);
        if (next > x) {
            const QRectF rect(x, row.top(), next - x, row.height());
            drawSlice(rect, cause, stage, cause == largest);
            if (cause == largest)
                labelled = rect;
            x = next;
        }
        if (x >= right)
            break;
    }
    if (!labelled.isEmpty())
        drawLabel(labelled, largest, piece);
    drawCriticalMark({left, row.top(), right - left, row.height()}, piece);
}

void RowPainter::drawCriticalMark(const QRectF& rect, const TimelinePiece& piece)
{
    // On one stage everything is on the path, which then says nothing.
    if (!piece.critical || m_phase.timeline.stages == 1 || rect.height() < kLowestMarkedRow)
        return;
    m_scene.fill({rect.left(), rect.top(), rect.width(), kCriticalMark}, m_theme.color(Ink::Text));
}

void RowPainter::drawSlice(const QRectF& rect, Cause cause, int stage, bool widest)
{
    m_scene.fill(rect, fillOf(cause), rect.width() >= 5 && rect.height() >= 5 ? edgeOf(cause) : QColor());
    if (cause == Cause::Communication)
        drawCommunicationMark(rect, !widest);
    // The widest slice carries the piece's label and stays the piece's; the others are their cause's.
    if (widest || rect.width() < 4)
        return;
    Subject part = subject(Subject::Kind::CauseOfTime, stage);
    part.cause = static_cast<int>(cause);
    m_scene.hit(rect, part);
}

void RowPainter::drawCommunicationMark(const QRectF& rect, bool labelled)
{
    // One slice stands for many collectives spread over the piece: ticks say "many", the label says how many when there is room.
    if (rect.width() < 12 || rect.height() < 8 || m_collectives.isEmpty())
        return;
    const QColor ink = Theme::textOn(fillOf(Cause::Communication));
    QString label = m_collectives;
    if (textWidth(label, TextRole::Note) + 12 > rect.width())
        label = label.left(label.indexOf(u' ')) + QChar(u'\u00D7');
    const double tick = std::min(5.0, rect.height() / 5);
    const auto marks = static_cast<int>(std::clamp(std::floor((rect.width() - 3) / 4), 1.0, 24.0));
    const double pitch = rect.width() / (marks + 1);
    for (int i = 1; i <= marks; ++i) {
        const double x = std::round(rect.left() + i * pitch);
        m_scene.fill({x, rect.bottom() - 1 - tick, 1, tick}, ink);
    }
    const double height = lineHeight(TextRole::Note);
    if (labelled && textWidth(label, TextRole::Note) + 10 <= rect.width() && rect.height() >= height + tick + 2)
        m_scene.text({rect.left(), rect.top(), rect.width(), rect.height() - tick}, label, TextRole::Note, ink, Qt::AlignCenter);
}

void RowPainter::drawLabel(const QRectF& rect, Cause cause, const TimelinePiece& piece)
{
    if (rect.width() < 14 || rect.height() < lineHeight(TextRole::Body))
        return;
    QString label = microbatchName(m_panel.phase, piece.microbatch);
    if (m_phase.timeline.visits > 1) {
        const QString longer = TimelineRows::tr("%1, visit %2").arg(label).arg(piece.visit + 1);
        if (textWidth(longer, TextRole::BodyMedium) + 10 <= rect.width())
            label = longer;
    } else if (piece.step >= 0 && m_phase.timeline.steps > 1) {
        const QString longer = m_panel.phase == Phase::Decode ? TimelineRows::tr("%1, token %2").arg(label).arg(piece.step + 1)
                                                              : TimelineRows::tr("%1, chunk %2").arg(label).arg(piece.step + 1);
        if (textWidth(longer, TextRole::BodyMedium) + 10 <= rect.width())
            label = longer;
    }
    if (textWidth(label, TextRole::BodyMedium) + 4 <= rect.width())
        m_scene.text(rect, label, TextRole::BodyMedium, Theme::textOn(fillOf(cause)), Qt::AlignCenter);
}

void RowPainter::drawRun(std::size_t first, std::size_t last, double end, const QRectF& row, int stage)
{
    const double left = clampedX(m_pieces[first].start);
    const double right = std::max(end, std::min(left + 1, m_panel.plot.right()));
    if (right <= left)
        return;
    Breakdown parts;
    for (std::size_t i = first; i < last; ++i)
        parts += m_phase.costOf(stage, m_pieces[i].costClass).breakdown;
    const QRectF run(left, row.top(), right - left, row.height());
    drawBands(run, parts);
    m_scene.hit(run, subject(Subject::Kind::Stage, stage));
}

QRectF RowPainter::drawBands(const QRectF& rect, const Breakdown& parts)
{
    Cause largest = Cause::Compute;
    double work = 0;
    for (const Cause cause : kWork) {
        work += parts[cause];
        if (parts[cause] > parts[largest])
            largest = cause;
    }
    const bool low = rect.height() < kLowestBandedRow;
    if (!(work > 0) || (low && rect.width() < kNarrowestSliced)) {
        m_scene.fill(rect, fillOf(largest));
        return rect;
    }
    // The share that a slice has in time is here a share of the height; a row too low for bands has slices, as a piece does.
    const double length = low ? rect.width() : rect.height();
    QRectF widest;
    double from = 0;
    double sum = 0;
    for (const Cause cause : kWork) {
        sum += parts[cause];
        const double to = sum >= work * (1 - 1e-12) ? length : sum / work * length;
        if (!(to > from))
            continue;
        const QRectF band = low ? QRectF(rect.left() + from, rect.top(), to - from, rect.height())
                                : QRectF(rect.left(), rect.top() + from, rect.width(), to - from);
        m_scene.fill(band, fillOf(cause));
        if (cause == largest)
            widest = band;
        from = to;
    }
    return widest;
}

void RowPainter::drawSends(int stage, const QRectF& row, const QRectF& next)
{
    collectPieces(m_phase, m_panel.phase, stage, m_panel.visible, m_pieces);
    collectPieces(m_phase, m_panel.phase, stage + 1, m_panel.visible, m_nextPieces);
    const QColor color = m_theme.color(Ink::Send);
    std::size_t search = 0;
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
        // A blocking send is the end of the piece itself.
        const double arrival = std::min(piece.end + (cost.sendBlocks ? 0 : cost.send), m_nextPieces[i].start);
        const double from = m_panel.xOf(piece.end);
        const double to = m_panel.xOf(arrival);
        const double width = m_panel.xOf(piece.end) - m_panel.xOf(piece.start);
        if (width < 12 || from < m_panel.plot.left() || to > m_panel.plot.right())
            continue;
        m_scene.arrow({from, row.bottom() - 1}, {std::max(to, from + 0.5), next.top() + 1}, color, 1.5, false, 5);
    }
}

} // namespace

std::span<const TimelineCell> cellsOfStage(const Timeline& timeline, int stage)
{
    const auto& cells = timeline.cells;
    const auto first = std::partition_point(cells.begin(), cells.end(), [stage](const TimelineCell& cell) { return cell.stage < stage; });
    const auto last = std::partition_point(first, cells.end(), [stage](const TimelineCell& cell) { return cell.stage <= stage; });
    return {first, last};
}

void collectPieces(const PhaseReport& report, Phase phase, int stage, const TimeRange& visible, std::vector<TimelinePiece>& out)
{
    out.clear();
    const Timeline& timeline = report.timeline;
    const auto cells = cellsOfStage(timeline, stage);
    if (cells.empty())
        return;
    const auto append = [&](const TimelineCell& cell, double shift, int step) {
        const double start = std::max({cell.start + shift, 0.0, out.empty() ? 0.0 : out.back().end});
        const double end = std::min(cell.end + shift, timeline.duration);
        if (end > start && end > visible.begin && start < visible.end)
            out.push_back({start, end, cell.microbatch, step, cell.costClass, cell.visit, cell.critical && step >= 0});
    };
    const bool repeats = phase == Phase::Decode && timeline.period > 0;
    if (repeats && visible.begin < cells.front().start)
        for (const TimelineCell& cell : cells) {
            if (cell.start - timeline.period >= cells.front().start)
                break;
            TimelineCell earlier = cell;
            earlier.end = std::min(earlier.end, cells.front().start + timeline.period);
            if (earlier.end - timeline.period > timeline.duration * 1e-9)
                append(earlier, -timeline.period, -1);
        }
    auto first = std::partition_point(cells.begin(), cells.end(), [&](const TimelineCell& cell) { return cell.end <= visible.begin; });
    for (; first != cells.end() && first->start < visible.end; ++first)
        append(*first, 0, first->step);
    const double last = cells.back().end;
    if (repeats && visible.end > last)
        for (const TimelineCell& cell : cells) {
            const double start = cell.start + timeline.period;
            if (start >= last - timeline.duration * 1e-9 && start < timeline.duration * (1 - 1e-9))
                append(cell, timeline.period, -1);
        }
}

QString microbatchName(Phase phase, int microbatch)
{
    if (phase == Phase::Decode && microbatch < 26)
        return QString(QChar(u'A' + microbatch));
    return QStringLiteral("m%1").arg(microbatch);
}

QString collectivesOf(const PhaseReport& report)
{
    struct Count {
        Collective kind;
        int times;
    };
    std::vector<Count> counts;
    for (const OperatorCost& op : report.operators) {
        if (op.collective == Collective::None || op.collective == Collective::Send || op.stageLayers <= 0)
            continue;
        const auto known = std::find_if(counts.begin(), counts.end(), [&](const Count& count) { return count.kind == op.collective; });
        if (known == counts.end())
            counts.push_back({op.collective, op.stageLayers});
        else
            known->times += op.stageLayers;
    }
    std::sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) { return a.times > b.times; });
    QString result;
    for (const Count& count : counts) {
        if (!result.isEmpty())
            result += QStringLiteral(", ");
        result += QStringLiteral("%1 %2 %3").arg(QString::number(count.times), QString(QChar(u'\u00D7')), qs(nameOf(count.kind)));
    }
    return result;
}

void drawTimelineRows(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel)
{
    RowPainter(scene, input, layout, panel).draw();
}

} // namespace shardlens
