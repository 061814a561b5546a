// SPDX-License-Identifier: Apache-2.0
// The operators of a decoder step on one device: shapes, FLOP, bytes and time (roofline: the longer of compute and HBM).
#pragma once

#include "core/cost/stepconstants.h"
#include "core/cost/terms.h"
#include "core/model/parameters.h"
#include "core/plan/legality.h"

#include <optional>
#include <string>
#include <vector>

namespace shardlens {

/// One operator, once: one layer (or once per step), one microbatch, one device - the busiest device of its group.
struct OperatorCost {
    Op op = Op::Embedding;
    std::int8_t kind = -1; ///< index into model.kinds; -1: outside the layers
    Sharding sharding = Sharding::Replicated;
    Collective collective = Collective::None;
    Bound bound = Bound::Nothing;
    CollectiveAlgorithm algorithm = CollectiveAlgorithm::None;
    LevelAlgorithms levelAlgorithms{}; ///< of a hierarchical one
    std::int16_t networkLevel = -1;    ///< outermost fabric level the collective uses
    std::int16_t stage = 0;            ///< the stage this row describes: embedding 0, head the last, layers the busiest
    std::int16_t stageLayers = 0;      ///< times it runs on the busiest stage for each microbatch
    OperatorShape global;              ///< unsharded
    OperatorShape local;               ///< on this device
    double flop = 0;
    double weightBytes = 0;
    double activationBytes = 0;
    double kvBytes = 0;
    double payloadBytes = 0;       ///< of the collective, as collective.h defines it
    double communicationBytes = 0; ///< bytes this device sends
    double dropped = 0;            ///< experts: fraction of all token-expert pairs that no expert serves
    ComputeFormat arithmetic = ComputeFormat::Bf16;
    double computeTime = 0;       ///< flop / (peak of its arithmetic x share reached)
    double memoryTime = 0;        ///< bytes / (bandwidth x share reached)
    double overheadTime = 0;      ///< launches and host work; 0 in roofline mode
    double communicationTime = 0; ///< of the collective, hidden or not
    double time = 0;              ///< max(compute, memory) + spill + overhead + exposed communication
    Breakdown breakdown;
    /// What of its communication nothing hides.
    [[nodiscard]] double exposedTime() const { return breakdown[Cause::Communication]; }
};

/// What one microbatch asks of a stage.
struct StepTokens {
    std::int64_t sequences = 0; ///< sequences of the microbatch
    std::int64_t newTokens = 0; ///< tokens of each that are computed now (prompt piece, or 1)
    std::int64_t past = 0;      ///< tokens of each already in the cache (decode: including the new one's context)
    bool decode = false;
    bool lastPiece = true; ///< prefill: the prompt ends here, so the head runs
    /// Decode: how many contexts that follow each other the step stands for, as their mean; `past` is the one in the middle, of an even
    /// number the later of the two. Windows, chunks and sparse choices count their mean keys exactly. 1: the step at this very context.
    std::int64_t contexts = 1;
    [[nodiscard]] PieceTokens<double> scalars() const
    {
        return {static_cast<double>(sequences), static_cast<double>(newTokens), static_cast<double>(past), static_cast<double>(contexts)};
    }
};

/// What a query of this attention may attend to.
[[nodiscard]] inline Reach reachOf(const Attention& a)
{
    if (a.index.heads > 0)
        return a.index.topK;
    return a.chunked ? -a.window : a.window;
}

/// FLOP that a model itself asks for, on however many devices: 2 per active matrix element and token, plus causal attention, index scores
/// and state updates. Replication, padding and recomputation are not useful and not counted; the basis of MFU.
class UsefulFlop {
public:
    explicit UsefulFlop(const Model& model);
    [[nodiscard]] double operator()(const StepTokens& tokens) const;
    /// FLOP of the routed experts of one kind of layer, all its layers, for each token: what dropped tokens do not need.
    struct Routed {
        std::size_t kind = 0;
        double perRow = 0;
    };
    [[nodiscard]] const std::vector<Routed>& routed() const { return m_routed; }

private:
    struct Pairs {
        Reach reach = 0;
        double each = 0; ///< FLOP of all layers of this reach for each query-key pair
    };
    void addPairs(Reach reach, double each);

    double m_perRow = 0;      ///< FLOP of all matrices and states that a token visits
    double m_perSequence = 0; ///< the head, once per sequence
    std::vector<Pairs> m_pairs;
    std::vector<Routed> m_routed;
};
[[nodiscard]] double usefulFlop(const Model& model, const StepTokens& tokens);

/// Time of a piece: of one layer of each kind, of the embedding and of the head.
struct PieceTimes {
    std::vector<double> quantities; ///< kept for its capacity
    std::vector<double> layers;     ///< by kind
    double embedding = 0;
    double head = 0; ///< 0 where the head does not run
};

/// What a compiled step is asked for.
enum class StepDetail : std::uint8_t {
    Rows, ///< operators with their shapes
    Times ///< times alone: rows would have shapes of zeros
};

/// Everything about (model, cluster, formats, plan) that does not change with the tokens. Keeps references to model and cluster.
class StepModel {
public:
    StepModel(const Model& model, const Cluster& cluster, const Formats& formats, const Plan& plan, const Routing& routing,
              StepDetail detail = StepDetail::Rows, const StepConstants& constants = rooflineConstants());

    /// Appends the operators of one layer of `kind`, then of what stands outside the layers (kind -1).
    void layerOperators(int kind, const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    void embeddingOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    void headOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    /// Times of the same operators, added up, without rows. Equal bit for bit to the sums of their `time` in order.
    void pieceTimes(const StepTokens& tokens, PieceTimes& out) const;
    /// Times of one engine step in which every sequence of `decode` makes a token while pieces of prompts are prefilled beside them:
    /// matrices and experts see the rows of both and read their weights once, attention of the two kinds runs apart, one kernel each. The
    /// head runs for the decoding sequences and for prompts that end. `decode.sequences` may be 0, `prefill` may be empty.
    void mixedTimes(const StepTokens& decode, std::span<const StepTokens> prefill, PieceTimes& out) const;
    /// True where the plan loads prediction layers and the model has some.
    [[nodiscard]] bool loadsPrediction() const { return m_plan.options.prediction == PredictionUse::Load && m_model.prediction.layers > 0; }
    /// One draft step of a microbatch on the last stage (DeepSeek-V3, arXiv:2412.19437, section 2.2): embedding, norms, projection, one
    /// prediction layer, the shared head. For a prefill piece: what filling that layer's cache takes, without the head while the prompt goes
    /// on. Several layers draft a token each, one after the other, at this cost each. Nothing where none is loaded.
    void predictionOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const;
    /// Its seconds: bit for bit the sum of their `time`, part by part.
    [[nodiscard]] double predictionTime(const StepTokens& tokens) const;
    /// Compiles the operators anew for other formats; what only hangs on model, cluster and plan is kept.
    void reformat(const Formats& formats);
    /// Bytes of one microbatch's activations that each rank of a stage hands to its successor: its own copy.
    [[nodiscard]] double sendBytes(const StepTokens& tokens) const;
    /// Seconds to hand them from a stage to another.
    [[nodiscard]] CollectiveCost sendCost(const StepTokens& tokens, int fromStage, int toStage) const;
    /// usefulFlop() less what dropped tokens do not need.
    [[nodiscard]] double usefulFlop(const StepTokens& tokens) const;

    /// The compiled operators: what a search evaluates.
    [[nodiscard]] const StepTable& table(bool decode) const { return decode ? m_decode : m_prefill; }
    /// Routing of a kind of layer; null for one without experts.
    [[nodiscard]] const ExpertRouting* routingOf(std::size_t kind) const
    {
        return m_routingOf[kind] < 0 ? nullptr : &(*m_routings)[static_cast<std::size_t>(m_routingOf[kind])];
    }
    [[nodiscard]] const Placement& placement() const { return m_placement; }
    [[nodiscard]] const GroupSpan& tensorSpan() const { return m_tensor; }
    /// The group of an operator's collective: OperatorFacts::span.
    [[nodiscard]] const GroupSpan& span(std::int8_t index) const
    {
        return index == 0 ? m_tensor : index == 1 ? m_sequence : index == 2 ? m_stage : m_copies;
    }
    [[nodiscard]] std::int8_t indexOf(const GroupSpan& span) const
    {
        return static_cast<std::int8_t>(&span == &m_tensor ? 0 : &span == &m_sequence ? 1 : &span == &m_stage ? 2 : 3);
    }
    [[nodiscard]] const Model& model() const { return m_model; }
    [[nodiscard]] const Plan& plan() const { return m_plan; }
    [[nodiscard]] const Formats& formats() const { return m_formats; }
    [[nodiscard]] const Cluster& cluster() const { return m_cluster; }
    [[nodiscard]] const StepConstants& constants() const { return m_constants; }
    /// A line of a collective as it is here: with the constants' latency and share of the links.
    [[nodiscard]] CollectiveLine calibrated(CollectiveLine line) const;
    /// Of a kind of layer that has experts.
    [[nodiscard]] const ExpertRouting& routingOf(int kind) const
    {
        return (*m_routings)[static_cast<std::size_t>(m_routingOf[static_cast<std::size_t>(kind)])];
    }

private:
    void compileRoutings();

    friend struct TermBuilder;
    void compile();
    const Model& m_model;
    const Cluster& m_cluster;
    StepDetail m_detail;
    StepConstants m_constants;
    Formats m_formats;
    Plan m_plan;
    Routing m_routing;
    Placement m_placement;
    GroupSpan m_tensor;
    GroupSpan m_sequence;
    GroupSpan m_stage;
    GroupSpan m_copies;                                           ///< TP x SP: in decode they hold the same tokens
    std::shared_ptr<const std::vector<ExpertRouting>> m_routings; ///< one for each distinct feed-forward with experts
    std::vector<int> m_routingOf;                                 ///< by kind of layer; -1: no experts
    StepTable m_prefill;
    StepTable m_decode;
    UsefulFlop m_useful;
};

/// Time of a piece on a stage that has `layersOf[kind]` layers of each kind; the one truth for busy times. Breakdowns explain it and add up
/// to it but for rounding.
[[nodiscard]] inline double pieceTime(const PieceTimes& times, const int* layersOf, bool hasEmbedding, bool hasHead)
{
    return stageTime<double>(times.layers, layersOf, hasEmbedding ? times.embedding : 0.0, hasHead ? times.head : 0.0);
}

/// The kernel that an operator runs as; none for norms, transfers and what the host does.
struct KernelUse {
    KernelClass kernel = KernelClass::Matrix;
    KernelFormat format = KernelFormat::Bits16;
    friend bool operator==(const KernelUse&, const KernelUse&) = default;
};
[[nodiscard]] std::optional<KernelUse> kernelOf(const OperatorFacts& facts, const Model& model, const Formats& formats, bool decode);

/// Every algorithm for the operator's collective with its cost, cheapest first; empty without one. `op` is a row of this step.
[[nodiscard]] std::vector<CollectiveCost> collectiveChoices(const StepModel& step, bool decode, const OperatorCost& op);

/// The sharding in subscript notation with the plan's sizes, e.g. "x[T, H] . W[H, I_TP8] -> y[T, I_TP8]".
[[nodiscard]] std::string notation(const OperatorCost& op, const Plan& plan);

} // namespace shardlens
