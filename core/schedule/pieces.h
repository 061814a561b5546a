// SPDX-License-Identifier: Apache-2.0
// How a batch becomes pieces of work, what a stage hands on after each, and what a served batch yields: the few formulas between a step's
// costs and a phase's time, shared by evaluate() and by searches. Inline and without allocation.
#pragma once

#include "core/cost/operators.h"
#include "core/schedule/makespan.h"

#include <algorithm>

namespace shardlens {

/// Splits `total` into `parts` that differ by at most one, the larger first: size of part `index`.
[[nodiscard]] constexpr std::int64_t partOf(std::int64_t total, std::int64_t parts, std::int64_t index)
{
    return total / parts + (index < total % parts ? 1 : 0);
}

/// Microbatches come in at most two sizes, the larger ones first. `microbatches` beyond the batch are left out.
[[nodiscard]] inline BatchCut cutOf(int batch, int microbatches, int chunks)
{
    const int count = std::min(microbatches, batch);
    return {count, batch % count == 0 ? count : batch % count, chunks};
}

/// Sequences of the larger, or of the smaller microbatches of a cut.
[[nodiscard]] inline std::int64_t sequencesOf(int batch, const BatchCut& cut, bool smaller)
{
    return partOf(batch, cut.microbatches, smaller ? cut.larger : 0);
}

/// One chunk of the prompts of a microbatch of `sequences`.
[[nodiscard]] inline StepTokens prefillPiece(const Workload& work, std::int64_t sequences, int chunks, int chunk)
{
    const std::int64_t past = work.input / chunks * chunk + std::min(chunk, work.input % chunks);
    return {sequences, partOf(work.input, chunks, chunk), past, false, chunk + 1 == chunks};
}

/// The mean decode step of a microbatch of `sequences`: contexts input + 1 ... input + output - 1, since prefill makes the first token.
[[nodiscard]] inline StepTokens decodePiece(const Workload& work, std::int64_t sequences)
{
    return {sequences, 1, work.meanContext(), true, true, std::max(1, work.output - 1)};
}

/// What follows a visit of a piece to a stage.
struct HandOver {
    enum class Payload : std::uint8_t {
        Nothing,
        Activations,  ///< StepModel::sendBytes()
        SampledTokens ///< kTokenBytes for each sequence of the microbatch: all of it latency
    };
    Payload payload = Payload::Nothing;
    int stage = 0; ///< that receives it
};
/// Bytes of a sampled token's number.
inline constexpr double kTokenBytes = 4;

/// Activations go to the next stage, or to stage 0 for the next visit. After the last visit decode's tokens go back to stage 0.
[[nodiscard]] constexpr HandOver handOverOf(int stage, int stages, bool lastVisit, bool decode)
{
    if (stages == 1)
        return {};
    if (stage + 1 < stages)
        return {HandOver::Payload::Activations, stage + 1};
    if (!lastVisit)
        return {HandOver::Payload::Activations, 0};
    return {decode ? HandOver::Payload::SampledTokens : HandOver::Payload::Nothing, 0};
}

/// Bytes of it for one piece.
[[nodiscard]] inline double handOverBytes(HandOver::Payload payload, const StepModel& step, const StepTokens& tokens)
{
    switch (payload) {
    case HandOver::Payload::Nothing: return 0;
    case HandOver::Payload::Activations: return step.sendBytes(tokens);
    case HandOver::Payload::SampledTokens: return kTokenBytes * static_cast<double>(tokens.sequences);
    }
    return 0;
}

/// Seconds until a batch whose requests arrive together is done: the first token by prefill, each further one by a decode round.
[[nodiscard]] constexpr double endToEndTime(const Workload& work, double ttft, double tpot)
{
    return ttft + (work.output - 1) * tpot;
}

/// Output tokens per second of all replicas, serving batches one after the other.
[[nodiscard]] constexpr double outputTokensPerSecond(const Workload& work, int replicas, double endToEnd)
{
    return static_cast<double>(replicas) * work.batch * work.output / endToEnd;
}

} // namespace shardlens
