// SPDX-License-Identifier: Apache-2.0
// The pipeline as events: which stage works on which piece when. Sends overlap with the sender's next piece and delay the receiver's.
#pragma once

#include <cstdint>
#include <vector>

namespace shardlens {

/// One piece of work on one stage.
struct TimelineCell {
    double start = 0; ///< seconds from the start of the drawing
    double end = 0;
    std::int32_t stage = 0;
    std::int32_t microbatch = 0;
    std::int32_t step = 0;      ///< prefill: chunk; decode: token counted from the first round drawn
    std::int32_t costClass = 0; ///< index into PhaseReport::stageCosts of this stage's cost for this piece
};

struct Timeline {
    std::vector<TimelineCell> cells; ///< ordered by stage, then by time; none overlap on a stage
    int stages = 1;
    int microbatches = 1;
    int steps = 1;           ///< chunks, or decode rounds drawn
    double duration = 0;     ///< prefill: makespan. Decode: end of the last drawn round
    double period = 0;       ///< decode: time of one steady round (every sequence gains one token); prefill: the makespan
    double idleFraction = 0; ///< idle share of all stages over the makespan (prefill) or over a steady round (decode)
};

/// Durations of pieces: busy(stage, piece class) and the send after it.
struct PipelineInput {
    int stages = 1;
    int microbatches = 1;
    int chunks = 1; ///< pieces per microbatch (prefill); 1 for decode
    /// Cost class of (microbatch, chunk).
    std::vector<std::int32_t> classOf; ///< microbatches x chunks
    int classes = 1;
    std::vector<double> busy; ///< stages x classes, seconds
    std::vector<double> send; ///< stages x classes: seconds from this stage to the next (decode: from the last back to stage 0)
};

/// All pieces once, in order (microbatch outer, chunk inner), first in first out on every stage.
[[nodiscard]] Timeline prefillTimeline(const PipelineInput& input);
/// Autoregressive rounds: microbatch j's next token waits until its last one has left the last stage and come back.
/// Runs until the round time repeats; draws the last `drawnRounds` of them, shifted to start at 0.
[[nodiscard]] Timeline decodeTimeline(const PipelineInput& input, int drawnRounds = 3);

/// Closed form for p equal stages and m microbatches with free sends: (p-1)/(m+p-1).
[[nodiscard]] double prefillBubble(int stages, int microbatches);
/// Closed form for decode: max(0, 1 - m/p).
[[nodiscard]] double decodeIdle(int stages, int microbatches);

} // namespace shardlens
