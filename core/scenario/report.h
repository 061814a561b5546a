// SPDX-License-Identifier: Apache-2.0
// Everything that is known about a Scenario, as one plain value. Views draw it, exporters write it; nobody recomputes it.
#pragma once

#include "core/cost/memory.h"
#include "core/cost/operators.h"
#include "core/plan/stages.h"
#include "core/schedule/timeline.h"
#include "core/serving/disaggregation.h"

#include <optional>
#include <vector>

namespace shardlens {

/// What one visit of one piece costs on one stage.
struct StageCost {
    Breakdown breakdown;     ///< no bubble; a send that blocks is in its communication
    double send = 0;         ///< seconds to the next stage
    bool sendBlocks = false; ///< synchronous: the stage waits for the send; otherwise its next piece runs beside it
    [[nodiscard]] double busy() const { return breakdown.total(); }
};

/// What an operator's collective takes of a phase on the busiest stage: every layer and piece, exposed time alone.
struct CollectiveShare {
    Op op = Op::Embedding;
    Collective collective = Collective::None;
    double seconds = 0;
    friend bool operator==(const CollectiveShare&, const CollectiveShare&) = default;
};

struct PhaseReport {
    double time = 0;     ///< prefill: until the last first token of the batch. Decode: one token for every sequence, steady state
    Breakdown breakdown; ///< of the busiest stage over `time`: its work, and a bubble for the rest; sums to time
    /// Of breakdown[Communication], costliest first; with what the stage waits for sends (Op::SendActivations) they sum to it.
    std::vector<CollectiveShare> collectives = {};
    std::vector<OperatorCost> operators; ///< of the heaviest piece; layer kinds in order, then embedding, head
    std::vector<StageCost> stageCosts;   ///< stages x costClasses, stage outer
    /// One draft step of the same sequences on the last stage (prefill: its cache filled with the piece), where prediction layers are loaded.
    /// In no time of the phase: who drafts adds predictionTime.
    std::vector<OperatorCost> predictionOperators;
    double predictionTime = 0;
    int costClasses = 1;              ///< visits x piece classes, visit outer
    std::vector<std::int64_t> pieces; ///< pieces of each piece class in one prefill or decode round
    int busiestStage = 0;
    Timeline timeline;
    double flop = 0;         ///< all devices of one replica, one phase execution
    double droppedPairs = 0; ///< share of all token-expert pairs that a capacity factor drops; 0 without one
    double mfu = 0;          ///< useful FLOP / (time x peak x devices)
    /// Decode, stages x EP ranks, stage outer: seconds of `time` in which a rank waits because its own experts have less to do than those of
    /// the hottest rank, which set the step's time. A rank with fewer pairs that reads more experts counts as waiting for nothing. Empty:
    /// all ranks are alike.
    std::vector<double> expertWaits = {};
    int expertRanks = 1;
    bool isMeanOfOrders = false; ///< the waits are means over all orders of the experts: EP rank 0 stands for the hottest of each
    /// Pieces that visit a stage in one prefill or decode round with this cost class.
    [[nodiscard]] std::int64_t piecesOf(int costClass) const
    {
        return pieces.empty() ? 0 : pieces[static_cast<std::size_t>(costClass) % pieces.size()];
    }
    [[nodiscard]] const StageCost& costOf(int stage, int costClass) const
    {
        return stageCosts[static_cast<std::size_t>(stage) * static_cast<std::size_t>(costClasses) + static_cast<std::size_t>(costClass)];
    }
    /// Times an operator runs for one piece on the busiest stage; 0 for one of other stages, and for sends, which run beside the work.
    [[nodiscard]] int runsOnBusiest(const OperatorCost& op) const
    {
        return op.stage == busiestStage && op.collective != Collective::Send ? op.stageLayers : 0;
    }
    /// Seconds of `time` that the busiest stage waits for sends.
    [[nodiscard]] double exposedSend() const
    {
        double seconds = 0;
        for (const CollectiveShare& share : collectives)
            seconds += share.collective == Collective::Send ? share.seconds : 0;
        return seconds;
    }
    /// Share of `time` in which the devices of a stage work on pieces, their collectives included, sends that they wait for not: the sum
    /// over a round's pieces of what each takes there, over `time`. What is missing to 1 is the stage's bubble.
    [[nodiscard]] double busyShare(int stage) const
    {
        double busy = 0;
        for (int c = 0; c < costClasses; ++c) {
            const StageCost& cost = costOf(stage, c);
            busy += (cost.busy() - (cost.sendBlocks ? cost.send : 0)) * static_cast<double>(piecesOf(c));
        }
        return time > 0 ? busy / time : 0;
    }
    /// The same of the devices of one EP rank: less what it waits for the hottest rank's experts.
    [[nodiscard]] double busyShare(int stage, int expertRank) const
    {
        const double share = busyShare(stage);
        if (expertWaits.empty())
            return share;
        const auto place = static_cast<std::size_t>(stage) * static_cast<std::size_t>(expertRanks) + static_cast<std::size_t>(expertRank);
        return time > 0 ? std::max(0.0, share - expertWaits[place] / time) : 0;
    }
};

/// An interval that should hold eight of ten measurements.
struct Interval80 {
    double low = 0;
    double high = 0;
    friend bool operator==(const Interval80&, const Interval80&) = default;
};
struct ServingIntervals {
    Interval80 ttft;
    Interval80 tpot;
    Interval80 outputTokensPerSecond;
    Interval80 outputTokensPerSecondPerDevice;
    Interval80 costPerMillionTokens; ///< zeros where there is no price
    friend bool operator==(const ServingIntervals&, const ServingIntervals&) = default;
};

/// Service figures: of one static batch (all requests arrive together, are prefilled, then decoded to the end), or under the scenario's
/// load, then analytic unless simulated. Times of the first four are means over requests.
struct ServingReport {
    double ttft = 0;                  ///< seconds until the first token; static: until the whole batch has it
    double tpot = 0;                  ///< seconds per further token of each sequence
    double endToEnd = 0;              ///< ttft + (output - 1) tpot
    double outputTokensPerSecond = 0; ///< all replicas; static: batch x output / endToEnd
    double outputTokensPerSecondPerDevice = 0;
    double decodeTokensPerSecond = 0;          ///< all replicas: sequences that decode / tpot
    double tokensPerSecondPerUser = 0;         ///< 1 / tpot
    std::optional<ServingIntervals> intervals; ///< calibrated mode only
    double costPerMillionTokens = 0;           ///< of output, USD: price x paidDevices / output tokens/s; 0 when there is no price
    ServiceFigures service = {};               ///< distributions, occupation; of a static batch each percentile is its one value
    std::optional<DisaggregatedFigures> pools = {};
    double devices = 0;     ///< that serve: the plan's, or both pools'
    double paidDevices = 0; ///< that are rented: all of the cluster, idle ones too; both pools' workers
    double mfu = 0;         ///< useful FLOP of the tokens served / (peak x devices x time)
    double mbu =
        0; ///< weights and KV that decode steps read / (HBM bandwidth x time), of one device; pools: of the decode pool while it decodes
    double joulesPerToken = 0; ///< of output: power limit x devices / output tokens/s, an upper bound; 0 when the power is unknown
};

struct Report {
    bool legal = false;
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    // All below is filled only for a legal plan.
    StageLayout layout; ///< which layers each stage runs
    MeshSizes mesh;     ///< where the plan's devices sit
    MemoryReport memory;
    PhaseReport prefill;
    PhaseReport decode;
    ServingReport serving;
};

} // namespace shardlens
