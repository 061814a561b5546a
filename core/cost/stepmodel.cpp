// SPDX-License-Identifier: Apache-2.0
#include "core/cost/termbuilder.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

StepModel::StepModel(const Model& model, const Cluster& cluster, const Formats& formats, const Plan& plan, const Routing& routing,
                     StepDetail detail, const StepConstants& constants)
    : m_model(model),
      m_cluster(cluster),
      m_detail(detail),
      m_constants(constants),
      m_formats(formats),
      m_plan(plan),
      m_routing(routing),
      m_placement(plan.meshSizes()),
      m_tensor(cluster, m_placement.group(MeshAxis::Tensor), m_placement.devices()),
      m_sequence(cluster, m_placement.group(MeshAxis::Sequence), m_placement.devices()),
      m_stage(m_placement.stageGroup() == m_placement.group(MeshAxis::Tensor)
                  ? m_tensor // a span takes longer to make than to copy, and most plans leave some axes at 1
                  : GroupSpan(cluster, m_placement.stageGroup(), m_placement.devices())),
      m_copies(m_placement.size(MeshAxis::AttentionData) == 1 ? m_stage
               : m_placement.size(MeshAxis::Sequence) == 1
                   ? m_tensor
                   : GroupSpan(cluster, m_placement.group({MeshAxis::Tensor, MeshAxis::Sequence}), m_placement.devices())),
      m_useful(model)
{
    compileRoutings();
    compile();
}

void StepModel::compile()
{
    TermBuilder(*this, m_prefill, false).compile();
    TermBuilder(*this, m_decode, true).compile();
}

void StepModel::reformat(const Formats& formats)
{
    m_formats = formats;
    m_prefill.clear();
    m_decode.clear();
    compile();
}

void StepModel::compileRoutings()
{
    m_routingOf.assign(m_model.kinds.size(), -1);
    if (!m_model.hasExperts())
        return;
    auto routings = std::make_shared<std::vector<ExpertRouting>>();
    for (std::size_t i = 0; i < m_model.kinds.size(); ++i) {
        const FeedForward& f = m_model.kinds[i].feedForward;
        if (!f.isMoe())
            continue;
        for (std::size_t other = 0; other < i; ++other)
            if (m_model.kinds[other].feedForward == f)
                m_routingOf[i] = m_routingOf[other];
        if (m_routingOf[i] >= 0)
            continue;
        m_routingOf[i] = static_cast<int>(routings->size());
        routings->emplace_back(f, m_plan.expert(), m_plan.redundantExperts(), m_routing);
    }
    m_routings = std::move(routings);
}

double StepModel::sendBytes(const StepTokens& tokens) const
{
    const double sequences = static_cast<double>(ceilDiv(tokens.sequences, m_plan.attentionData()));
    const double perSequence = tokens.decode ? 1 : static_cast<double>(ceilDiv(tokens.newTokens, m_plan.sequence()));
    double rows = sequences * perSequence;
    if (m_plan.options.shardedNorms) // between layers every TP rank has its share of the rows
        rows = std::ceil(rows / m_plan.tensor());
    return rows * m_model.hidden * kActivationBytes;
}

CollectiveCost StepModel::sendCost(const StepTokens& tokens, int fromStage, int toStage) const
{
    const int from = m_placement.firstDevice(fromStage, 0);
    return shardlens::sendCost(m_cluster, from, m_placement.firstDevice(toStage, 0), sendBytes(tokens));
}

double StepModel::usefulFlop(const StepTokens& tokens) const
{
    double total = m_useful(tokens);
    const double rows = static_cast<double>(tokens.sequences) * (tokens.decode ? 1 : static_cast<double>(tokens.newTokens));
    for (const UsefulFlop::Routed& routed : m_useful.routed()) {
        const ExpertRouting& routing = routingOf(static_cast<int>(routed.kind));
        if (routing.isLimited())
            total -= routed.perRow * rows * routing.at(rows).dropped;
    }
    return total;
}

void StepModel::pieceTimes(const StepTokens& tokens, PieceTimes& out) const
{
    const StepTable& t = table(tokens.decode);
    out.quantities.resize(t.quantities.size());
    quantities(t, tokens.scalars(), out.quantities.data());
    const double* x = out.quantities.data();
    out.embedding = sumOfTimes(t, t.embedding, x);
    out.layers.resize(t.layers.size());
    for (std::size_t kind = 0; kind < t.layers.size(); ++kind)
        out.layers[kind] = sumOfTimes(t, t.layers[kind], x);
    out.head = tokens.decode || tokens.lastPiece ? sumOfTimes(t, t.head, x) : 0;
}

namespace {

/// Makes rows of terms.
class RowWriter {
public:
    RowWriter(const StepTable& table, const StepTokens& tokens) : m_table(table)
    {
        static thread_local std::vector<double> buffer;
        const std::size_t terms = table.quantities.size();
        buffer.resize(terms + table.shapeQuantities.size());
        const PieceTokens<double> scalars = tokens.scalars();
        quantities(table, scalars, buffer.data());
        for (std::size_t i = 0; i < table.shapeQuantities.size(); ++i)
            buffer[terms + i] = quantityOf(table, table.shapeQuantities[i], scalars);
        m_x = buffer.data();
        m_shape = buffer.data() + terms;
    }

    void append(TermRange range, std::vector<OperatorCost>& out) const
    {
        double last = 0;
        double before = 0;
        for (std::size_t i = range.begin; i < range.end; ++i) {
            const double local = write(m_table.terms[i], m_table.facts[i], before, out.emplace_back());
            before = last + local;
            last = local;
        }
    }

private:
    [[nodiscard]] std::int64_t dimension(const ShapeTerm& term) const
    {
        return static_cast<std::int64_t>(std::llround(m_shape[term.quantity] * term.factor));
    }
    [[nodiscard]] OperatorShape shape(const ShapeTerms& s) const
    {
        return {dimension(s.m), dimension(s.k), dimension(s.n), dimension(s.repeat)};
    }

    /// Books a memory-bound operator's time on what it reads from HBM (weights, KV cache; its activations ride along); one that reads
    /// neither is booked on compute.
    static void explain(double local, OperatorCost& cost)
    {
        const double stored = cost.weightBytes + cost.kvBytes;
        const double work = local - cost.overheadTime;
        cost.breakdown[Cause::Overhead] = cost.overheadTime;
        if (cost.computeTime >= cost.memoryTime || stored <= 0) {
            cost.breakdown[Cause::Compute] = work;
        } else {
            cost.breakdown[Cause::Weights] = work * cost.weightBytes / stored;
            cost.breakdown[Cause::Kv] = work * cost.kvBytes / stored;
        }
        const double exposed = cost.time - local;
        cost.breakdown[Cause::Communication] = exposed;
        if (exposed > local)
            cost.bound = Bound::Network;
        else if (local > 0)
            cost.bound = cost.computeTime >= cost.memoryTime ? Bound::Compute : Bound::Memory;
    }

    /// Returns the operator's local time.
    double write(const OperatorTerms& terms, const OperatorFacts& facts, double before, OperatorCost& cost) const
    {
        cost.op = facts.op;
        cost.kind = facts.kind;
        cost.sharding = facts.sharding;
        cost.global = shape(facts.global);
        cost.local = shape(facts.local);
        cost.flop = valueOf(terms.flop, m_x);
        cost.weightBytes = valueOf(terms.weightBytes, m_x);
        cost.activationBytes = valueOf(terms.activationBytes, m_x);
        cost.kvBytes = valueOf(terms.kvBytes, m_x);
        const OperatorTimes<double> t = operatorTime(m_table, terms, m_x, before);
        cost.arithmetic = facts.arithmetic;
        if (facts.dropped.factor > 0)
            cost.dropped = m_shape[facts.dropped.quantity] * facts.dropped.factor;
        cost.computeTime = t.compute;
        cost.memoryTime = t.memory;
        if (m_table.overheads)
            cost.overheadTime = valueOf(terms.overhead, m_x);
        cost.communicationTime = t.communication;
        cost.time = t.time;
        if (terms.lineCount > 0) {
            cost.collective = facts.collective;
            cost.payloadBytes = valueOf(terms.payload, m_x);
            const CollectiveLine& line = cheapest(terms, cost.payloadBytes);
            cost.algorithm = line.algorithm;
            cost.levelAlgorithms = line.levels;
            cost.communicationBytes = cost.payloadBytes * line.sentPerByte;
            cost.networkLevel = line.outerLevel;
        }
        explain(t.local, cost);
        return t.local;
    }

    [[nodiscard]] const CollectiveLine& cheapest(const OperatorTerms& terms, double payload) const
    {
        const CollectiveLine* best = &m_table.lines[terms.firstLine];
        for (std::size_t i = 1; i < terms.lineCount; ++i) {
            const CollectiveLine* line = &m_table.lines[terms.firstLine + i];
            if (payload * line->secondsPerByte + line->latency < payload * best->secondsPerByte + best->latency)
                best = line;
        }
        return *best;
    }

    const StepTable& m_table;
    const double* m_x = nullptr;
    const double* m_shape = nullptr;
};

} // namespace

void StepModel::layerOperators(int kind, const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    const StepTable& t = table(tokens.decode);
    RowWriter(t, tokens).append(t.layers[static_cast<std::size_t>(kind)], out);
}

void StepModel::embeddingOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    const StepTable& t = table(tokens.decode);
    RowWriter(t, tokens).append(t.embedding, out);
}

void StepModel::headOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    const StepTable& t = table(tokens.decode);
    if (tokens.decode || tokens.lastPiece)
        RowWriter(t, tokens).append(t.head, out);
}

void StepModel::predictionOperators(const StepTokens& tokens, std::vector<OperatorCost>& out) const
{
    if (!loadsPrediction())
        return;
    const StepTable& t = table(tokens.decode);
    const RowWriter writer(t, tokens);
    writer.append(t.prediction, out);
    writer.append(t.layers[m_model.prediction.kind], out);
    if (tokens.decode || tokens.lastPiece)
        writer.append(t.head, out);
}

double StepModel::predictionTime(const StepTokens& tokens) const
{
    if (!loadsPrediction())
        return 0;
    static thread_local std::vector<double> buffer;
    const StepTable& t = table(tokens.decode);
    buffer.resize(t.quantities.size());
    quantities(t, tokens.scalars(), buffer.data());
    const double* x = buffer.data();
    const double body = sumOfTimes(t, t.prediction, x) + sumOfTimes(t, t.layers[m_model.prediction.kind], x);
    return tokens.decode || tokens.lastPiece ? body + sumOfTimes(t, t.head, x) : body;
}

std::vector<CollectiveCost> collectiveChoices(const StepModel& step, bool decode, const OperatorCost& op)
{
    std::vector<CollectiveCost> choices;
    if (op.payloadBytes <= 0)
        return choices;
    for (const OperatorFacts& facts : step.table(decode).facts) {
        if (facts.op != op.op || facts.kind != op.kind || facts.collective != op.collective || facts.collective == Collective::None)
            continue;
        for (const CollectiveLine& line : step.span(facts.span).lines(facts.collective).all())
            choices.push_back(costOf(step.calibrated(line), op.payloadBytes));
        const OperatorTerms& terms = step.table(decode).terms[static_cast<std::size_t>(&facts - step.table(decode).facts.data())];
        for (std::size_t i = terms.firstLine; i < std::size_t{terms.firstLine} + terms.lineCount; ++i)
            if (const CollectiveLine& line = step.table(decode).lines[i]; line.algorithm == CollectiveAlgorithm::OncePerNode)
                choices.push_back(costOf(line, op.payloadBytes));
        break;
    }
    std::stable_sort(choices.begin(), choices.end(), [](const CollectiveCost& a, const CollectiveCost& b) { return a.time < b.time; });
    return choices;
}

} // namespace shardlens
