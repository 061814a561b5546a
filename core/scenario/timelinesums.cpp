// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/timelinesums.h"

#include "core/scenario/pieceoperators.h"

#include <algorithm>

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
    std::vector<TimelinePiece> pieces;
    for (int stage = 0; stage < timeline.stages; ++stage) {
        sums.complete = sums.complete && end <= knownUntil(timeline, stage);
        collectPieces(phase, range.phase, stage, {begin, end}, pieces);
        for (const TimelinePiece& piece : pieces) {
            const double inside = std::min(piece.end, end) - std::max(piece.start, begin);
            if (!(inside > 0))
                continue;
            const Breakdown& parts = phase.costOf(stage, piece.costClass).breakdown;
            const double whole = parts.total();
            sums.busy[static_cast<std::size_t>(stage)] += inside;
            if (whole > 0)
                sums.causes += parts.scaled(inside / whole);
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
