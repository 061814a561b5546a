// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/roofline.h"

#include "core/base/format.h"
#include "core/schedule/pieces.h"

#include <cmath>

namespace shardlens {

namespace {

double hbmBytes(const OperatorCost& op)
{
    return op.weightBytes + op.kvBytes + op.activationBytes;
}

Cause mainCause(const Breakdown& parts)
{
    return static_cast<Cause>(std::max_element(parts.seconds.begin(), parts.seconds.end()) - parts.seconds.begin());
}

bool isHead(Op op)
{
    return op == Op::FinalNorm || op == Op::LmHead || op == Op::Sampling;
}

bool usesSeveralLevels(const OperatorCost& op)
{
    const CollectiveAlgorithm a = op.algorithm;
    return op.networkLevel > 0
           && (a == CollectiveAlgorithm::Hierarchical || a == CollectiveAlgorithm::OncePerNode || a == CollectiveAlgorithm::NestedRing);
}

/// "AllToAll, NVSwitch + InfiniBand".
std::string severalName(const Cluster& cluster, const OperatorCost& op)
{
    std::string name(nameOf(op.collective));
    for (std::size_t level = 0; level <= static_cast<std::size_t>(op.networkLevel); ++level)
        name += (level == 0 ? ", " : " + ") + cluster.levels[level].name;
    return name;
}

/// The path of a collective's bytes. One level is that level's links. Over several, its own bytes over their time without latencies, which
/// no level alone gives: the inner links wait while the outer ones send.
class LinkPaths {
public:
    LinkPaths(const Scenario& scenario, std::vector<ByteRoof>& paths) : m_scenario(scenario), m_paths(paths) {}

    double use(const OperatorCost& op, bool decode)
    {
        if (usesSeveralLevels(op))
            if (const double bandwidth = together(op, decode); bandwidth > 0)
                return useSeveral(op, bandwidth);
        for (ByteRoof& path : m_paths)
            if (path.level == op.networkLevel && !path.several) {
                path.used = true;
                return path.bandwidth;
            }
        return 0;
    }

private:
    /// Of the ideal machine in either mode; the fastest of equal choices.
    double together(const OperatorCost& op, bool decode)
    {
        if (!m_step)
            m_step.emplace(*m_scenario.model, *m_scenario.cluster, m_scenario.formats, m_scenario.plan, m_scenario.workload.routing,
                           StepDetail::Times);
        double bandwidth = 0;
        for (const CollectiveCost& choice : collectiveChoices(*m_step, decode, op))
            if (choice.algorithm == op.algorithm && choice.levels == op.levelAlgorithms && choice.outerLevel == op.networkLevel
                && choice.transferTime > 0)
                bandwidth = std::max(bandwidth, op.communicationBytes / choice.transferTime);
        return bandwidth;
    }

    double useSeveral(const OperatorCost& op, double bandwidth)
    {
        constexpr double kAlike = 1e-6; // of the larger: one roof
        const std::string name = severalName(*m_scenario.cluster, op);
        for (ByteRoof& path : m_paths)
            if (path.several && path.name == name && std::abs(path.bandwidth - bandwidth) <= kAlike * bandwidth)
                return path.bandwidth = std::max(path.bandwidth, bandwidth);
        m_paths.push_back({RooflineSide::Link, op.networkLevel, name, bandwidth, true, true});
        return bandwidth;
    }

    const Scenario& m_scenario;
    std::vector<ByteRoof>& m_paths;
    std::optional<StepModel> m_step;
};

std::vector<ComputeRoof> formatsOf(const Accelerator& accelerator)
{
    std::vector<ComputeRoof> roofs;
    for (const ComputeFormat format : kComputeFormats)
        if (accelerator.peakOf(format) > 0)
            roofs.push_back({format, accelerator.peakOf(format), false});
    std::stable_sort(roofs.begin(), roofs.end(), [](const ComputeRoof& a, const ComputeRoof& b) { return a.peak > b.peak; });
    return roofs;
}

std::vector<ByteRoof> pathsOf(const Cluster& cluster, RooflineSide side)
{
    if (side == RooflineSide::Hbm)
        return {{side, -1, "HBM", cluster.accelerator.memoryBandwidth, true, false}};
    std::vector<ByteRoof> roofs;
    for (std::size_t i = 0; i < cluster.levels.size(); ++i)
        if (cluster.levels[i].bandwidth > 0)
            roofs.push_back({side, static_cast<int>(i), cluster.levels[i].name, cluster.levels[i].bandwidth, false, false});
    return roofs;
}

/// Elementwise, and what it works on stays on the chip: neither matrix nor activation bytes.
bool isFusedAway(const OperatorCost& op)
{
    return op.flop > 0 && op.local.k == 0 && !(op.activationBytes > 0) && !(op.kvBytes > 0);
}

/// Bytes and seconds of one operator on a side; false where it has no place there.
bool place(const Cluster& cluster, const OperatorCost& op, LinkPaths& links, RooflinePoint& point)
{
    if (point.side == RooflineSide::Hbm) {
        if (isFusedAway(op))
            return false;
        point.bytes = hbmBytes(op);
        point.time = op.time - op.exposedTime();
        point.whole = op.time;
        point.bandwidth = cluster.accelerator.memoryBandwidth;
    } else {
        if (op.networkLevel < 0)
            return false;
        point.bytes = op.communicationBytes;
        point.time = point.whole = std::max(op.time, op.communicationTime);
        if (!(point.flop > 0 && point.bytes > 0 && point.time > 0))
            return false;
        point.bandwidth = links.use(op, point.phase == Phase::Decode);
    }
    return point.flop > 0 && point.bytes > 0 && point.time > 0 && point.peak > 0 && point.bandwidth > 0;
}

void addPhase(const Scenario& scenario, const PhaseReport& phase, Phase which, Roofline& out)
{
    const Cluster& cluster = *scenario.cluster;
    LinkPaths links(scenario, out.paths);
    for (std::size_t i = 0; i < phase.operators.size(); ++i) {
        const OperatorCost& op = phase.operators[i];
        RooflinePoint point;
        point.side = out.side;
        point.phase = which;
        point.op = static_cast<int>(i);
        point.name = op.op;
        point.kind = op.kind;
        point.bound = op.bound;
        point.cause = mainCause(op.breakdown);
        point.format = op.arithmetic;
        point.flop = op.flop;
        point.peak = cluster.accelerator.peakOf(op.arithmetic);
        point.share = shareOf(phase, which, op);
        if (!place(cluster, op, links, point)) {
            if (phase.runsOnBusiest(op) == 0)
                continue; // in no sum of this stage: another one's, or a send beside the work
            out.unplaced += op.time > 0 ? 1 : 0;
            out.unplacedShare[static_cast<std::size_t>(which)] += point.share;
            if (out.side == RooflineSide::Hbm && isFusedAway(op))
                out.fusedShare[static_cast<std::size_t>(which)] += point.share;
            continue;
        }
        for (ComputeRoof& roof : out.formats)
            roof.used = roof.used || roof.format == point.format;
        out.points.push_back(point);
    }
}

} // namespace

Roofline rooflineOf(const Scenario& scenario, const Report& report, RooflineSide side)
{
    Roofline out;
    out.side = side;
    out.formats = formatsOf(scenario.cluster->accelerator);
    out.paths = pathsOf(*scenario.cluster, side);
    if (!report.legal)
        return out;
    out.points.reserve(report.prefill.operators.size() + report.decode.operators.size());
    addPhase(scenario, report.prefill, Phase::Prefill, out);
    addPhase(scenario, report.decode, Phase::Decode, out);
    return out;
}

double runsOf(const PhaseReport& phase, Phase which, const OperatorCost& op)
{
    // The head runs for the last piece of a prompt only.
    const double pieces = static_cast<double>(phase.timeline.microbatches)
                          * (which == Phase::Prefill && !isHead(op.op) ? static_cast<double>(phase.timeline.steps) : 1.0);
    return op.stageLayers * pieces;
}

double shareOf(const PhaseReport& phase, Phase which, const OperatorCost& op)
{
    return phase.time > 0 ? std::min(1.0, op.time * runsOf(phase, which, op) / phase.time) : 0;
}

std::string BatchToCompute::sentence() const
{
    const std::string name(nameOf(op));
    const std::string roof = std::string(nameOf(format)) + " roof";
    if (batchNeeded == 0)
        return name + " stays under the HBM roof at any batch: its activations alone keep it from the " + roof + ".";
    const std::string rows = formatCount(std::llround(std::ceil(rowsNeeded)));
    if (batchNeeded <= batchNow)
        return name + " is under the " + roof + " from a batch of " + formatCount(batchNeeded) + " sequences on; there are "
               + formatCount(batchNow) + ".";
    if (expert)
        return name + " needs " + rows + " rows for each expert to reach the " + roof + ", and has " + formatNumber(rowsNow)
               + ": a batch of about " + formatCount(batchNeeded) + " sequences instead of " + formatCount(batchNow) + ".";
    return name + " needs " + rows + " rows at once to reach the " + roof + ": a batch of " + formatCount(batchNeeded)
           + " sequences instead of " + formatCount(batchNow) + ".";
}

namespace {

/// One matrix of a decode step at any number of sequences, by the step's own cost model without an engine's constants.
class MatrixOfStep {
public:
    MatrixOfStep(const Scenario& scenario, const OperatorCost& op)
        : m_scenario(scenario),
          m_op(op.op),
          m_kind(op.kind),
          m_inner(op.local.k),
          m_width(op.local.n),
          m_step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows)
    {}

    [[nodiscard]] const OperatorCost& at(std::int64_t sequences) const
    {
        const StepTokens tokens = decodePiece(m_scenario.workload, sequences);
        m_operators.clear();
        if (m_kind >= 0)
            m_step.layerOperators(m_kind, tokens, m_operators);
        else
            m_step.headOperators(tokens, m_operators);
        return *std::find_if(m_operators.begin(), m_operators.end(),
                             [this](const OperatorCost& op) { return op.op == m_op && op.local.k == m_inner && op.local.n == m_width; });
    }

    /// Sequences of a microbatch; 0: it stays under the slope. Its intensity rises with the rows, so bisection finds it.
    [[nodiscard]] std::int64_t fewestUnderLevelRoof() const
    {
        constexpr std::int64_t kMost = std::int64_t{1} << 40;
        std::int64_t high = 1;
        while (!isUnderLevelRoof(high)) {
            if (high >= kMost)
                return 0;
            high *= 4;
        }
        std::int64_t low = high / 4; // not yet, or none
        while (high - low > 1) {
            const std::int64_t middle = low + (high - low) / 2;
            (isUnderLevelRoof(middle) ? high : low) = middle;
        }
        return high;
    }

private:
    [[nodiscard]] bool isUnderLevelRoof(std::int64_t sequences) const
    {
        const OperatorCost& op = at(sequences);
        return op.computeTime >= op.memoryTime;
    }

    const Scenario& m_scenario;
    Op m_op;
    int m_kind;
    std::int64_t m_inner;
    std::int64_t m_width;
    StepModel m_step;
    mutable std::vector<OperatorCost> m_operators;
};

} // namespace

std::optional<BatchToCompute> batchToCompute(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return std::nullopt;
    const std::vector<OperatorCost>& all = report.decode.operators;
    const OperatorCost* most = nullptr;
    for (const OperatorCost& op : all)
        if (op.weightBytes > 0 && op.flop > 0 && op.local.m > 0 && op.local.k > 0 && op.op != Op::Embedding
            && op.sharding != Sharding::Tokens && (!most || op.weightBytes * op.stageLayers > most->weightBytes * most->stageLayers))
            most = &op;
    if (!most)
        return std::nullopt;
    const OperatorCost& op = *most;
    BatchToCompute out;
    out.op = op.op;
    out.index = static_cast<int>(most - all.data());
    out.format = op.arithmetic;
    out.expert = op.sharding == Sharding::Experts;
    out.batchNow = scenario.workload.batch;
    out.rowsNow = static_cast<double>(op.local.m);
    const MatrixOfStep matrix(scenario, op);
    const std::int64_t piece = matrix.fewestUnderLevelRoof();
    if (piece == 0)
        return out;
    out.rowsNeeded = static_cast<double>(matrix.at(piece).local.m);
    // The smallest batch whose larger microbatches have that many sequences.
    const std::int64_t microbatches = scenario.plan.decodeMicrobatches();
    out.batchNeeded = std::max({(piece - 1) * microbatches + 1, microbatches, std::int64_t{scenario.plan.attentionData()}});
    return out;
}

} // namespace shardlens
