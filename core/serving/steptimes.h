// SPDX-License-Identifier: Apache-2.0
// Times of engine steps, tabulated while they are asked for: exact operator costs at the nodes of (sequences, context) and of (sequences,
// prompt tokens), linear between them. A roofline step is piecewise linear in the context and nearly so in the tokens, so few nodes do.
// With a pipeline a "step" is a round in which every sequence gains one token: its time is the schedule's period.
#pragma once

#include "core/plan/stages.h"
#include "core/serving/service.h"

#include <vector>

namespace shardlens {

/// What a step prefills.
struct PrefillWork {
    double tokens = 0;      ///< prompt tokens of the fullest attention-DP rank
    double activeRanks = 1; ///< tokens of all ranks / tokens of the fullest
    double pairs = 0;       ///< StepTimes::pairsOf() of the fullest rank's pieces, added
    int prompts = 0;        ///< that end, all ranks
};

class StepTimes {
public:
    explicit StepTimes(const ServiceInput& input);

    /// One step in which `sequences` (of the replica, >= 1; more than a node apart only on average) each make a token, drafts included.
    [[nodiscard]] double decode(double sequences, double context) { return lookUp(m_decode, sequences, context); }
    /// Seconds that prefill adds to a step of so many decoding sequences; of 0 sequences: all of the step.
    [[nodiscard]] double prefill(double sequences, const PrefillWork& work);
    /// Seconds after the step's period until a prompt has left the last stage.
    [[nodiscard]] double fill(const PrefillWork& work);
    /// Query-key pairs of a prompt's piece, weighted over the kinds of attention, on one device.
    [[nodiscard]] double pairsOf(double newTokens, double past) const;
    /// Seconds for each pair.
    [[nodiscard]] double secondsPerPair();
    /// Whole steps from this context on before linear interpolation bends.
    [[nodiscard]] double contextUntilBend(double context) const;
    [[nodiscard]] double tokensPerStep() const { return m_tokensPerStep; }
    [[nodiscard]] int attentionRanks() const { return m_ranks; }
    /// Mean prompt tokens that are computed, and that the prefix cache holds.
    [[nodiscard]] double meanComputed() const { return m_meanComputed; }
    [[nodiscard]] double meanContext() const { return m_meanContext; }

private:
    /// Nodes along two axes and the values computed so far.
    struct Table {
        std::vector<double> rows;
        std::vector<double> columns;
        std::vector<double> values; ///< rows x columns; negative: not yet
        enum class Kind : std::uint8_t { Decode, Prefill, PrefillAllRanks, Fill } kind = Kind::Decode;
    };
    [[nodiscard]] double lookUp(Table& table, double row, double column);
    [[nodiscard]] double node(Table& table, std::size_t row, std::size_t column);
    [[nodiscard]] double decodeNode(double sequences, double context);
    [[nodiscard]] double plainDecode(double sequences, double context);
    [[nodiscard]] double verifyArithmetic(double sequences, double context);
    [[nodiscard]] double draftTime(double sequences, double context);
    [[nodiscard]] double prefillNode(double sequences, double tokens, bool allRanks);
    [[nodiscard]] double fillNode(double tokens);
    /// Pieces that stand for so many tokens of one rank.
    void referencePieces(double tokens, bool allRanks);
    [[nodiscard]] double referencePairs(double tokens) const;
    [[nodiscard]] StepTokens decodeTokens(std::int64_t sequences, double context) const;
    /// Seconds of one piece on a stage, all visits, out of m_times.
    [[nodiscard]] double onStage(int stage) const;
    [[nodiscard]] double wholeStep() const;

    const StepModel& m_step;
    StageLayout m_layout;
    Speculation m_speculation;
    int m_ranks = 1;
    double m_tokensPerStep = 1;
    double m_meanComputed = 1;
    double m_meanHit = 0;
    double m_meanContext = 1;
    std::int64_t m_contextSpread = 1;
    struct PairShare {
        Reach reach = 0;
        double share = 0;
    };
    std::vector<PairShare> m_reaches;
    double m_secondsPerPair = -1;
    Table m_decode;
    Table m_prefill;
    Table m_prefillAllRanks;
    Table m_fill;
    PieceTimes m_times;
    std::vector<StepTokens> m_pieces;
    std::vector<double> m_schedule;
};

} // namespace shardlens
