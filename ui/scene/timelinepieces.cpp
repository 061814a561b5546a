// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "core/scenario/stagecollectives.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerowpainter.h"

#include <QCoreApplication>

#include <array>
#include <limits>

namespace shardlens {
namespace {

struct TimelineRows {
    Q_DECLARE_TR_FUNCTIONS(TimelineRows)
};

constexpr double kCriticalMark = 2; ///< px
constexpr double kLowestMarkedRow = 12;
constexpr double kHiddenStrip = 4;          ///< px
constexpr double kLowestOperatorRow = 5;    ///< lines of text
constexpr double kLeastOperatorPiece = 200; ///< px
constexpr double kLeastSlicedPiece = 10;    ///< px
constexpr double kLeastOperatorWidth = 4;   ///< px
constexpr double kCauseShare = 0.56;        ///< of a row that has a line for operators

/// How the layers of a piece are numbered: all alike, each one or every n-th.
struct LayerNumbers {
    int every = 1;
    [[nodiscard]] QString textOf(int layer, const QString& who, double room) const
    {
        if (every > 1)
            return {};
        const QString number = TimelineRows::tr("layer %1").arg(layer);
        return firstFitting({QStringLiteral("%1, %2").arg(who, number), number, QString::number(layer)}, TextRole::Note, room);
    }
};

LayerNumbers numbersOf(const std::vector<PieceWork>& work, double perSecond)
{
    LayerNumbers numbers;
    double narrowest = std::numeric_limits<double>::infinity();
    double widest = 0;
    for (std::size_t i = 0; i < work.size();) {
        std::size_t end = i;
        while (end < work.size() && work[end].layer == work[i].layer)
            ++end;
        if (work[i].layer >= 0) {
            narrowest = std::min(narrowest, (work[end - 1].end - work[i].begin) * perSecond);
            widest = std::max(widest, textWidth(QString::number(work[i].layer), TextRole::Note));
        }
        i = end;
    }
    constexpr std::array kSteps{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    for (const int step : kSteps) {
        numbers.every = step;
        if (step * narrowest >= widest + 6)
            break;
    }
    return numbers;
}

} // namespace

void RowPainter::drawPiece(const TimelinePiece& piece, double right, const QRectF& row, int stage)
{
    const StageCost& cost = m_phase.costOf(stage, piece.costClass);
    const Breakdown& parts = cost.breakdown;
    double work = 0;
    for (const Cause cause : kPieceCauses)
        work += parts[cause];
    const double left = clampedX(piece.start);
    if (right <= left)
        return;
    const QRectF rect(left, row.top(), right - left, row.height());
    Subject whole = subject(Subject::Kind::Piece, stage);
    whole.microbatch = piece.microbatch;
    whole.step = piece.step;
    whole.visit = m_phase.timeline.visits > 1 ? piece.visit : -1;
    m_scene.hit(rect, whole);
    Cause largest = Cause::Compute;
    for (const Cause cause : kPieceCauses)
        if (parts[cause] > parts[largest])
            largest = cause;
    // Slices of less than a pixel would be there on some pieces and not on others: shares of the height are on all alike.
    const bool narrow = (piece.end - piece.start) / m_panel.visible.length() * m_panel.plot.width() < kLeastSlicedPiece;
    if (!(work > 0) || m_detail != Detail::Slices || narrow) {
        const QRectF widest = drawBands(rect, parts);
        if (rect.width() >= 5 && row.height() >= 5)
            m_scene.fill({right - 1, row.top(), 1, row.height()}, edgeOf(largest)); // pieces without a gap stay apart
        drawLabel(widest, largest, piece);
        drawCriticalMark(rect, piece);
        return;
    }
    if (drawOperators(piece, rect, stage)) {
        drawCriticalMark(rect, piece);
        return;
    }
    // A tall row says the same time twice: by cause, and below by operator.
    QRectF causes = rect;
    if (rect.height() >= kLowestOperatorRow * lineHeight(TextRole::Note) && rect.width() >= kLeastOperatorPiece) {
        causes.setHeight(std::round(rect.height() * kCauseShare));
        drawOperatorSums(piece, {rect.left(), causes.bottom() + 1, rect.width(), rect.bottom() - causes.bottom() - 1}, stage);
    }
    const double perSecond = (piece.end - piece.start) / work;
    double x = left;
    double sum = 0;
    QRectF labelled;
    const auto slice = [&](double seconds, bool last) {
        sum += seconds;
        // The last slice ends where the piece ends, whatever rounding did to the sum.
        const double next = last || sum >= work * (1 - 1e-12) ? right : clampedX(piece.start + sum * perSecond);
        if (!(next > x) || !(seconds > 0))
            return QRectF();
        const QRectF drawn(x, causes.top(), next - x, causes.height());
        x = next;
        return drawn;
    };
    const double blocked = cost.sendBlocks ? std::min(cost.send, parts[Cause::Communication]) : 0;
    double exposedAt = right;
    for (const Cause cause : kPieceCauses) {
        const double seconds = parts[cause] - (cause == Cause::Communication ? blocked : 0);
        const double from = x;
        const QRectF drawn = slice(seconds, false);
        if (drawn.isEmpty())
            continue;
        drawSlice(drawn, cause, stage, cause == largest);
        drawPinnedOperator(piece, drawn, cause, seconds, stage);
        if (cause == Cause::Communication)
            exposedAt = from;
        if (cause == largest)
            labelled = drawn;
    }
    // A send that the stage waits for comes last, in its own colour.
    if (const QRectF drawn = slice(blocked, true); !drawn.isEmpty()) {
        const QColor color = m_theme.color(Ink::Send);
        m_scene.fill(drawn, color, drawn.width() >= 5 && drawn.height() >= 5 ? m_theme.edgeOf(color) : QColor());
        if (drawn.width() >= 4) {
            Subject part = subject(Subject::Kind::CauseOfTime, stage);
            part.cause = static_cast<int>(Cause::Communication);
            m_scene.hit(drawn, part);
        }
    }
    drawHidden(piece, causes, stage, exposedAt);
    if (!labelled.isEmpty())
        drawLabel(labelled, largest, piece);
    drawCriticalMark(rect, piece);
}

bool RowPainter::drawOperators(const TimelinePiece& piece, const QRectF& rect, int stage)
{
    const int parts = m_interior.parts(stage, piece.visit);
    const double left = m_panel.xOf(piece.start);
    const double whole = m_panel.xOf(piece.end) - left;
    // Who zooms in wants to see the layers; else the sums say more than layers of a few pixels.
    const bool zoomed = m_panel.visible.length() < m_panel.duration * (1 - 1e-9);
    if (parts == 0 || rect.height() < 10 || whole / parts < (zoomed ? kLeastLayerWidth : kLeastCalmLayerWidth))
        return false;
    const std::vector<PieceWork> work = m_interior.work(stage, piece.visit, piece.costClass);
    if (work.empty())
        return false;
    const std::vector<OperatorCost>& operators = m_interior.operators(piece.costClass);
    const double perSecond = whole / (piece.end - piece.start);
    const double line = lineHeight(TextRole::Note);
    const bool named = rect.height() >= 2 * line; // the layers' names in a line of their own
    const QRectF lane = named ? rect.adjusted(0, line - 1, 0, 0) : rect;
    m_scene.fill(rect, m_theme.color(Ink::Surface));
    const WorkPainter painter{m_scene, m_input, m_panel.phase, stage};
    const QString who = microbatchName(m_panel.phase, piece.microbatch);
    const LayerNumbers numbers = numbersOf(work, perSecond);
    for (std::size_t i = 0; i < work.size();) {
        std::size_t end = i;
        while (end < work.size() && work[end].layer == work[i].layer)
            ++end;
        const double from = left + work[i].begin * perSecond;
        const double to = left + work[end - 1].end * perSecond;
        if (to > rect.left() && from < rect.right()) {
            // Narrow ones in a row are one block: shares of time as shares of its height, alike for equal layers wherever they begin between
            // two pixels.
            Breakdown sum;
            double merged = from;
            const auto flush = [&](double until) {
                const QRectF block = QRectF(merged, lane.top(), until - merged, lane.height()) & lane;
                if (sum.total() > 0 && block.width() > 0)
                    drawBands(block, sum);
                sum = {};
            };
            for (std::size_t k = i; k < end; ++k) {
                const OperatorCost& op = operators[static_cast<std::size_t>(work[k].op)];
                const double begin = left + work[k].begin * perSecond;
                const double until = left + work[k].end * perSecond;
                if (until - begin < kLeastOperatorWidth) {
                    sum += op.breakdown;
                    continue;
                }
                flush(begin);
                painter.draw(op, work[k].op, begin, until, lane & rect, false);
                merged = until;
            }
            flush(to);
            const QRectF name(std::max(from, rect.left()), rect.top(), std::min(to, rect.right()) - std::max(from, rect.left()), line - 1);
            const int layer = work[i].layer;
            const QString text = layer >= 0    ? numbers.textOf(layer, who, name.width() - 6)
                                 : layer == -1 ? firstFitting({TimelineRows::tr("embedding")}, TextRole::Note, name.width() - 6)
                                               : firstFitting({TimelineRows::tr("head")}, TextRole::Note, name.width() - 6);
            if (named && layer >= 0 && numbers.every > 1 && layer % numbers.every == 0) {
                const QString number = QString::number(layer); // like those of a ruler: at the layer's begin
                const double width = textWidth(number, TextRole::Note);
                if (from >= rect.left() && from + 3 + width <= rect.right())
                    m_scene.text({from + 3, rect.top(), width, line - 1}, number, TextRole::Note, m_theme.color(Ink::Text2));
            }
            if (named && !text.isEmpty())
                m_scene.text(name, text, TextRole::Note, m_theme.color(Ink::Text2), Qt::AlignCenter);
            if (from > rect.left() && to - from >= 12)
                m_scene.fill({from, rect.top(), 1, rect.height()}, m_theme.color(Ink::Strong));
        }
        i = end;
    }
    // A send that the stage waits for is the rest of the piece.
    const double done = left + work.back().end * perSecond;
    if (m_phase.costOf(stage, piece.costClass).sendBlocks && rect.right() - done >= 1)
        m_scene.fill({std::max(done, rect.left()), lane.top(), rect.right() - std::max(done, rect.left()), lane.height()},
                     m_theme.color(Ink::Send));
    return true;
}

void RowPainter::drawOperatorSums(const TimelinePiece& piece, const QRectF& lane, int stage)
{
    const std::vector<OperatorCost>& operators = m_interior.operators(piece.costClass);
    std::vector<double> seconds(operators.size(), 0);
    for (const PieceWork& work : m_interior.work(stage, piece.visit, piece.costClass))
        seconds[static_cast<std::size_t>(work.op)] += work.end - work.begin;
    const WorkPainter painter{m_scene, m_input, m_panel.phase, stage};
    double done = 0;
    const auto at = [&](double time) { return m_panel.xOf(std::min(piece.start + time, piece.end)); };
    for (std::size_t i = 0; i < operators.size(); ++i) {
        painter.draw(operators[i], static_cast<int>(i), at(done), at(done + seconds[i]), lane, true,
                     operators[i].time > 0 ? seconds[i] / operators[i].time : 1);
        done += seconds[i];
    }
    // A send that the stage waits for is the rest of the piece.
    if (const double from = std::max(at(done), lane.left()); m_phase.costOf(stage, piece.costClass).sendBlocks && lane.right() - from >= 1)
        m_scene.fill({from, lane.top(), lane.right() - from, lane.height()}, m_theme.color(Ink::Send));
}

void RowPainter::drawHidden(const TimelinePiece& piece, const QRectF& rect, int stage, double exposedAt)
{
    if (rect.height() < 12 || rect.width() < 4)
        return;
    const double hidden = m_interior.hiddenTime(stage, piece.visit, piece.costClass);
    const double width = hidden / m_panel.visible.length() * m_panel.plot.width();
    const double left = std::max(exposedAt - width, rect.left());
    if (exposedAt - left < 1)
        return;
    m_scene.hatch({left, rect.bottom() - kHiddenStrip, exposedAt - left, kHiddenStrip}, Hatch::Replica, fillOf(Cause::Communication));
}

void RowPainter::drawPinnedOperator(const TimelinePiece& piece, const QRectF& slice, Cause cause, double seconds, int stage)
{
    if (m_pinnedOp < 0 || !(seconds > 0))
        return;
    const std::vector<OperatorCost>& operators = m_interior.operators(piece.costClass);
    const StageLayout& layout = m_input.report.layout;
    if (static_cast<std::size_t>(m_pinnedOp) >= operators.size() || stage >= layout.stages() || piece.visit >= layout.visits())
        return;
    const OperatorCost& op = operators[static_cast<std::size_t>(m_pinnedOp)];
    const bool runs =
        op.kind >= 0 || (op.op == Op::Embedding ? layout.holdsEmbedding(stage, piece.visit) : layout.holdsHead(stage, piece.visit));
    const int times = op.kind >= 0 ? layout.kindCounts(stage, piece.visit)[static_cast<std::size_t>(op.kind)] : 1;
    const double share = runs ? std::min(op.breakdown[cause] * times / seconds, 1.0) : 0;
    if (share * slice.width() >= 0.5)
        m_scene.fill({slice.left(), slice.bottom() - 3, share * slice.width(), 3}, m_theme.color(Ink::Accent));
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
        drawCommunicationMark(rect, stage, !widest);
    // The widest slice carries the piece's label and stays the piece's; the others are their cause's.
    if (widest || rect.width() < 4)
        return;
    Subject part = subject(Subject::Kind::CauseOfTime, stage);
    part.cause = static_cast<int>(cause);
    m_scene.hit(rect, part);
}

void RowPainter::drawCommunicationMark(const QRectF& rect, int stage, bool labelled)
{
    // One slice stands for many collectives spread over the piece: ticks say "many", the label says how many when there is room.
    if (rect.width() < 12 || rect.height() < 8)
        return;
    if (stage != m_collectivesStage) {
        m_collectivesStage = stage;
        m_collectives = qs(collectivesText(m_input.report, m_panel.phase, stage));
        m_collectiveCount = collectiveCountOn(m_input.report, m_panel.phase, stage);
    }
    if (m_collectiveCount == 0)
        return;
    const QColor ink = Theme::textOn(fillOf(Cause::Communication));
    QString label = m_collectives;
    if (textWidth(label, TextRole::Note) + 12 > rect.width())
        label = QString::number(m_collectiveCount) + QChar(u'\u00D7');
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
    const auto prefer = [&](const QString& longest, const QString& shorter) {
        const QString fits = firstFitting({longest, shorter}, TextRole::BodyMedium, rect.width() - 10);
        if (!fits.isEmpty())
            label = fits;
    };
    const QString number = QString::number(piece.step + 1);
    const bool chunked = piece.step >= 0 && m_phase.timeline.steps > 1 && m_panel.phase == Phase::Prefill;
    if (m_phase.timeline.visits > 1)
        prefer(TimelineRows::tr("%1, visit %2").arg(label).arg(piece.visit + 1),
               TimelineRows::tr("%1 v%2").arg(label).arg(piece.visit + 1));
    else if (chunked)
        prefer(TimelineRows::tr("%1, chunk %2").arg(label, number), TimelineRows::tr("%1 c%2").arg(label, number));
    else if (piece.step >= 0 && m_phase.timeline.steps > 1)
        prefer(TimelineRows::tr("%1, token %2").arg(label, number), label);
    const QColor ink = Theme::textOn(fillOf(cause));
    const double line = lineHeight(TextRole::Note);
    const bool visits = m_phase.timeline.visits > 1;
    const QString half = visits ? TimelineRows::tr("v%1").arg(piece.visit + 1) : TimelineRows::tr("c%1").arg(number);
    const QString name = microbatchName(m_panel.phase, piece.microbatch);
    // Of virtual stages the visit, of cut prompts the chunk is the half of a name: under the other half where there is no room beside it.
    if ((visits || chunked) && label == name && rect.height() >= 2 * line
        && std::max(textWidth(name, TextRole::Note), textWidth(half, TextRole::Note)) + 2 <= rect.width()) {
        const double top = rect.center().y() - line;
        m_scene.text({rect.left(), top, rect.width(), line}, name, TextRole::Note, ink, Qt::AlignCenter);
        m_scene.text({rect.left(), top + line, rect.width(), line}, half, TextRole::Note, ink, Qt::AlignCenter);
    } else if (textWidth(label, TextRole::BodyMedium) + 4 <= rect.width()) {
        m_scene.text(rect, label, TextRole::BodyMedium, ink, Qt::AlignCenter);
    } else if (textWidth(label, TextRole::Note) + 2 <= rect.width()) {
        m_scene.text(rect, label, TextRole::Note, ink, Qt::AlignCenter);
    }
}

} // namespace shardlens
