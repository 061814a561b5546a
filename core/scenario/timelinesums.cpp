// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/timelinesums.h"

#include "core/scenario/pieceoperators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace shardlens {

std::span<const TimelineCell> cellsOfStage(const Timeline& timeline, int stage)
{
    const auto& cells = timeline.cells;
    if (stage < 0 || stage >= timeline.stages)
        return {};
    // All stages have as many cells, if nobody took some out.
    const std::size_t each = cells.size() / static_cast<std::size_t>(timeline.stages);
    const std::size_t guess = static_cast<std::size_t>(stage) * each;
    if (each > 0 && each * static_cast<std::size_t>(timeline.stages) == cells.size() && cells[guess].stage == stage
        && cells[guess + each - 1].stage == stage && (guess == 0 || cells[guess - 1].stage < stage)
        && (guess + each == cells.size() || cells[guess + each].stage > stage))
        return {cells.begin() + static_cast<std::ptrdiff_t>(guess), each};
    const auto first = std::partition_point(cells.begin(), cells.end(), [stage](const TimelineCell& cell) { return cell.stage < stage; });
    const auto last = std::partition_point(first, cells.end(), [stage](const TimelineCell& cell) { return cell.stage <= stage; });
    return {first, last};
}

double knownUntil(const Timeline& timeline, int stage)
{
    if (timeline.complete)
        return timeline.duration;
    const auto cells = cellsOfStage(timeline, stage);
    return cells.empty() ? 0 : std::min(cells.back().end, timeline.duration);
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
    // A round that was cut for want of room repeats nothing.
    if (repeats && timeline.complete && visible.end > last)
        for (const TimelineCell& cell : cells) {
            const double start = cell.start + timeline.period;
            if (start >= last - timeline.duration * 1e-9 && start < timeline.duration * (1 - 1e-9))
                append(cell, timeline.period, -1);
        }
}

const TimelineCell* cellOf(const Report& report, const Subject& piece)
{
    if (piece.kind != Subject::Kind::Piece || !report.legal)
        return nullptr;
    const PhaseReport& phase = piece.phase == Phase::Prefill ? report.prefill : report.decode;
    for (const TimelineCell& cell : cellsOfStage(phase.timeline, piece.stage))
        if (cell.microbatch == piece.microbatch && (piece.step < 0 || cell.step == piece.step)
            && (piece.visit < 0 || cell.visit == piece.visit))
            return &cell;
    return nullptr;
}

TimelineSums sumPieces(const Scenario& scenario, const Report& report, const std::vector<Subject>& pieces)
{
    TimelineSums sums;
    if (pieces.empty())
        return sums;
    const Phase which = pieces.front().phase;
    const PhaseReport& phase = which == Phase::Prefill ? report.prefill : report.decode;
    const std::vector<PieceFacts> facts = pieceFacts(scenario, report, which);
    sums.busy.assign(static_cast<std::size_t>(std::max(phase.timeline.stages, 0)), 0);
    for (const Subject& piece : pieces) {
        const TimelineCell* const cell = cellOf(report, piece);
        if (cell == nullptr || piece.phase != which)
            continue;
        sums.busy[static_cast<std::size_t>(cell->stage)] += cell->end - cell->start;
        sums.causes += phase.costOf(cell->stage, cell->costClass).breakdown;
        ++sums.pieces;
        if (!facts.empty())
            sums.bytes +=
                handedBytes(phase, which, facts[static_cast<std::size_t>(cell->costClass) % facts.size()], cell->stage, cell->visit);
    }
    return sums;
}

namespace {

/// What pieces do between two instants, operator by operator.
class CutPieces {
public:
    CutPieces(const Scenario& scenario, const Report& report, Phase phase, std::size_t classes)
        : m_scenario(scenario),
          m_report(report),
          m_phase(phase),
          m_classes(static_cast<int>(std::max<std::size_t>(classes, 1)))
    {}

    /// [from, to) in seconds from the piece's start; false where its operators are not known.
    bool add(int stage, const TimelinePiece& piece, const StageCost& cost, double from, double to, Breakdown& out)
    {
        const auto [entry, added] = m_operators.try_emplace(piece.costClass % m_classes);
        if (added)
            entry->second = pieceOperators(m_scenario, m_report, m_phase, entry->first);
        const std::vector<OperatorCost>& operators = entry->second;
        const std::vector<PieceWork> work = workInside(m_scenario, m_report, operators, stage, piece.visit);
        const double blocked = cost.sendBlocks ? cost.send : 0;
        if (work.empty() || std::abs(work.back().end + blocked - cost.busy()) > 1e-6 * cost.busy())
            return false;
        Breakdown inside;
        for (const PieceWork& each : work) {
            if (each.end <= from || each.begin >= to)
                continue;
            double at = each.begin;
            for (const Cause cause : kCausesInOrder) {
                const double seconds = operators[static_cast<std::size_t>(each.op)].breakdown[cause];
                inside[cause] += std::max(0.0, std::min(at + seconds, to) - std::max(at, from));
                at += seconds;
            }
        }
        // A send that the stage waits for comes last.
        inside[Cause::Communication] += std::max(0.0, std::min(work.back().end + blocked, to) - std::max(work.back().end, from));
        out += inside;
        return true;
    }

private:
    /// As an operator's causes are drawn.
    static constexpr std::array kCausesInOrder{Cause::Weights, Cause::Kv, Cause::Compute, Cause::Communication, Cause::Overhead};
    const Scenario& m_scenario;
    const Report& m_report;
    Phase m_phase;
    int m_classes;
    std::map<int, std::vector<OperatorCost>> m_operators; ///< by piece class
};

} // namespace

TimelineSums sumTimeline(const Scenario& scenario, const Report& report, const TimelineRange& range)
{
    const bool prefill = range.phase == Phase::Prefill;
    const PhaseReport& phase = prefill ? report.prefill : report.decode;
    const Timeline& timeline = phase.timeline;
    const std::vector<PieceFacts> facts = pieceFacts(scenario, report, range.phase);
    TimelineSums sums;
    const double begin = std::clamp(range.time.begin, 0.0, timeline.duration);
    const double end = std::clamp(range.time.end, begin, timeline.duration);
    sums.length = end - begin;
    sums.busy.assign(static_cast<std::size_t>(std::max(timeline.stages, 0)), 0);
    CutPieces pieceParts(scenario, report, range.phase, phase.pieces.size());
    std::vector<TimelinePiece> pieces;
    for (int stage = 0; stage < timeline.stages; ++stage) {
        sums.complete = sums.complete && end <= knownUntil(timeline, stage);
        collectPieces(phase, range.phase, stage, {begin, end}, pieces);
        for (const TimelinePiece& piece : pieces) {
            const double inside = std::min(piece.end, end) - std::max(piece.start, begin);
            if (!(inside > 0))
                continue;
            const StageCost& cost = phase.costOf(stage, piece.costClass);
            const double whole = cost.busy();
            sums.busy[static_cast<std::size_t>(stage)] += inside;
            const bool cut = inside < whole * (1 - 1e-9);
            // Of a piece that began before the drawing, the drawing has the end.
            const double start = piece.start > 0 ? piece.start : piece.end - whole;
            const double from = std::max(piece.start, begin) - start;
            if (whole > 0 && !(cut && pieceParts.add(stage, piece, cost, from, from + inside, sums.causes))) {
                sums.causes += cost.breakdown.scaled(inside / whole);
                sums.shared += cut ? 1 : 0;
            }
            ++sums.pieces;
            sums.cut += inside < (piece.end - piece.start) * (1 - 1e-9) ? 1 : 0;
            const auto pieceClass = facts.empty() ? std::size_t{0} : static_cast<std::size_t>(piece.costClass) % facts.size();
            if (!facts.empty() && piece.end <= end * (1 + 1e-12))
                sums.bytes += handedBytes(phase, range.phase, facts[pieceClass], stage, piece.visit);
        }
    }
    sums.idle = sums.length * timeline.stages;
    for (const double busy : sums.busy)
        sums.idle -= busy;
    if (sums.idle < 1e-12 * sums.length * timeline.stages)
        sums.idle = 0;
    return sums;
}

} // namespace shardlens
