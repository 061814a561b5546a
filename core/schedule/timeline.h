// SPDX-License-Identifier: Apache-2.0
// The pipeline as events: which stage works on which piece when, and which of them the end waits for. The order of work and the meaning of
// sends are those of makespan.h, whose functions give the same times without events.
#pragma once

#include "core/schedule/makespan.h"

#include <cstdint>
#include <vector>

namespace shardlens {

/// One piece of work on one stage.
struct TimelineCell {
    double start = 0; ///< seconds from the start of the drawing
    double end = 0;   ///< a synchronous send included
    std::int32_t stage = 0;
    std::int32_t microbatch = 0;
    std::int32_t step = 0;      ///< prefill: chunk; decode: token counted from the first round drawn
    std::int32_t costClass = 0; ///< index into PhaseReport::stageCosts of this stage's cost for this piece and visit
    std::int32_t visit = 0;     ///< virtual stages: how often the piece has been on this stage before
    bool critical = false;      ///< on the critical path
};

/// The longest chain of dependences: from the last end back through whichever predecessor each start waited for - the stage's piece before,
/// or this piece's arrival, and with it the link's transfer before where it queued. Without a gap, so that its parts sum to its length.
struct CriticalPath {
    std::vector<double> busy; ///< seconds of work by stage
    double send = 0;          ///< seconds on links
    double length = 0;        ///< prefill: the makespan. Decode: from the drawing's first round on the path to the last end
    [[nodiscard]] double work() const
    {
        double sum = 0;
        for (const double seconds : busy)
            sum += seconds;
        return sum;
    }
};

/// Cells beyond this many are not kept: of each stage the first ones are. Times, idle share and critical path count all of them.
inline constexpr std::size_t kMostTimelineCells = std::size_t{1} << 20;

struct Timeline {
    std::vector<TimelineCell> cells; ///< ordered by stage, then by time; none overlap on a stage
    bool complete = true;            ///< all cells of the drawing are kept
    int stages = 1;
    int visits = 1; ///< virtual stages of each stage
    int microbatches = 1;
    int steps = 1;           ///< chunks, or decode rounds drawn
    double duration = 0;     ///< prefill: makespan. Decode: end of the last drawn round
    double period = 0;       ///< decode: time of one steady round (every sequence gains one token); prefill: the makespan
    double idleFraction = 0; ///< idle share of all stages over the makespan (prefill) or over a steady round (decode)
    CriticalPath critical;
};

/// Durations of pieces: what each visit to a stage takes, and the send after it.
struct PipelineInput {
    int stages = 1;
    int visits = 1;
    SendMode sends = SendMode::Overlapped;
    BatchCut cut;
    std::vector<double> busy; ///< seconds by (stage, visit, piece class), as PipelineTimes says; classes: cut.classes()
    std::vector<double> send;
    [[nodiscard]] PipelineTimes<double> times() const { return {busy.data(), send.data(), stages, visits, cut.classes(), sends}; }
};

/// All pieces once. O(pieces x stages x visits).
[[nodiscard]] Timeline prefillTimeline(const PipelineInput& input, std::size_t mostCells = kMostTimelineCells);
/// Autoregressive rounds: microbatch j's next token waits until its last one has left the last stage and come back.
/// Runs until the rounds repeat; draws the last `drawnRounds` of them (fewer, at least one, beyond `mostCells`), shifted to start at 0.
[[nodiscard]] Timeline decodeTimeline(const PipelineInput& input, int drawnRounds = 3, std::size_t mostCells = kMostTimelineCells);

/// Closed form for p equal stages and m microbatches with free sends, v visits each: (p-1)/(v m+p-1). Megatron-LM, arXiv:2104.04473,
/// section 2.2, whose bubble is (p-1)/(v m) of the time without it.
[[nodiscard]] double prefillBubble(int stages, int microbatches, int visits = 1);
/// Closed form for decode: max(0, 1 - m/p).
[[nodiscard]] double decodeIdle(int stages, int microbatches);

} // namespace shardlens
