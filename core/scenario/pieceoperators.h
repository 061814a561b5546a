// SPDX-License-Identifier: Apache-2.0
// The work inside one piece of a timeline, operator by operator: what its busy time is the sum of.
#pragma once

#include "core/scenario/explain.h"

#include <vector>

namespace shardlens {

/// What a class of pieces asks of a stage, and what each rank hands on after a visit.
struct PieceFacts {
    StepTokens tokens;
    double activationBytes = 0;   ///< to the next stage: StepModel::sendBytes(), of one device
    double sampledTokenBytes = 0; ///< decode, from the last stage back to the first: kTokenBytes for each sequence
};
/// By piece class: the entries of PhaseReport::pieces, in order. Empty for a plan that is not legal.
[[nodiscard]] std::vector<PieceFacts> pieceFacts(const Scenario& scenario, const Report& report, Phase phase);
/// Bytes that one device hands on after a visit to `stage`; 0 when nothing is sent.
[[nodiscard]] double handedBytes(const PhaseReport& report, Phase phase, const PieceFacts& facts, int stage, int visit);

/// The class of PhaseReport::operators: the larger microbatch, its last chunk.
[[nodiscard]] int shownPieceClass(const PhaseReport& report);
/// The rows of a piece of `pieceClass`, in the order of PhaseReport::operators, so that an index names the same operator in both. Of the
/// class that the report shows they are the report's own; of another one they are compiled anew. Without the send.
[[nodiscard]] std::vector<OperatorCost> pieceOperators(const Scenario& scenario, const Report& report, Phase phase, int pieceClass);

/// One operator where it runs inside a piece.
struct PieceWork {
    int op = 0;       ///< index into the operators
    int layer = 0;    ///< of the model; -1: embedding, -2: final norm and head
    double begin = 0; ///< seconds from the piece's start
    double end = 0;
};
/// All operators that a visit of a stage runs, in order: the embedding, its layers, the head. The last end is the piece's busy time,
/// without a send that the stage waits for, but for the rounding of the sums.
[[nodiscard]] std::vector<PieceWork> workInside(const Scenario& scenario, const Report& report, const std::vector<OperatorCost>& operators,
                                                int stage, int visit);

} // namespace shardlens
