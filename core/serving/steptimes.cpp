// SPDX-License-Identifier: Apache-2.0
#include "core/serving/steptimes.h"

#include "core/schedule/pieces.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

constexpr double kNotYet = -1;
/// More than any server runs at once.
constexpr double kMostSequences = 1 << 26;

/// unit x (1, 2, 3, 4, 6, 8, 12, ...) up to the first that is at least `most`.
std::vector<double> countNodes(double unit, double most)
{
    std::vector<double> nodes;
    for (double power = 1;; power *= 2)
        for (const double factor : {1.0, 1.5}) {
            if (power < 2 && factor > 1)
                continue;
            nodes.push_back(unit * power * factor);
            if (nodes.back() >= most)
                return nodes;
        }
}

void insertNode(std::vector<double>& nodes, double node)
{
    const auto at = std::lower_bound(nodes.begin(), nodes.end(), node);
    if (at == nodes.end() || *at != node)
        nodes.insert(at, node);
}

std::int64_t whole(double value)
{
    return std::max<std::int64_t>(1, std::llround(value));
}

/// Attention work of a kind of layer for each pair, relative; layers without attention have none.
double pairWeight(const Attention& attention)
{
    return attention.kind == AttentionKind::Linear ? 0.0 : 1.0;
}

} // namespace

StepTimes::StepTimes(const ServiceInput& input)
    : m_step(input.step),
      m_layout(stageLayout(input.step.model(), input.step.plan())),
      m_speculation(input.load.speculation),
      m_ranks(input.step.plan().attentionData()),
      m_tokensPerStep(input.load.speculation.on() ? input.load.speculation.tokensPerStep() : 1.0)
{
    const LengthRange prompts = rangeOf(input.load.inputLengths, input.input);
    const LengthRange outputs = rangeOf(input.load.outputLengths, input.output);
    m_meanHit = std::min(std::floor(input.load.prefixHit * prompts.mean), prompts.mean - 1);
    m_meanComputed = std::max(1.0, std::round(prompts.mean - m_meanHit));
    m_meanContext = prompts.mean + 0.5 * outputs.mean;
    m_contextSpread = whole(outputs.mean);

    const Model& model = m_step.model();
    double weights = 0;
    for (const std::uint8_t kind : model.layers) {
        const Attention& attention = model.kinds[kind].attention;
        const double weight = pairWeight(attention);
        if (weight <= 0)
            continue;
        const Reach reach = reachOf(attention);
        auto at = std::find_if(m_reaches.begin(), m_reaches.end(), [reach](const PairShare& s) { return s.reach == reach; });
        if (at == m_reaches.end())
            at = m_reaches.insert(at, {reach, 0});
        at->share += weight;
        weights += weight;
    }
    for (PairShare& share : m_reaches)
        share.share /= weights;

    const double mostSequences = std::min(static_cast<double>(input.engine.maxSequences) * m_ranks, kMostSequences);
    m_decode.kind = Table::Kind::Decode;
    m_decode.rows = countNodes(m_ranks, std::max(mostSequences, static_cast<double>(m_ranks)));
    insertNode(m_decode.rows, 1);
    const double shortest = std::max(1, prompts.least);
    const double longest = static_cast<double>(prompts.most) + outputs.most + 1;
    for (double context = shortest;; context *= 2) {
        m_decode.columns.push_back(context);
        if (context >= longest)
            break;
    }
    if (m_decode.columns.size() == 1)
        m_decode.columns.push_back(2 * shortest);
    for (const PairShare& share : m_reaches)
        if (const double kink = std::abs(share.reach); kink > shortest && kink < longest)
            insertNode(m_decode.columns, kink);

    const double mostTokens = std::max(static_cast<double>(input.engine.tokenBudget), static_cast<double>(prompts.most));
    std::vector<double> tokens = countNodes(8, mostTokens);
    insertNode(tokens, 1);
    insertNode(tokens, m_meanComputed);
    for (Table* table : {&m_prefill, &m_prefillAllRanks}) {
        table->kind = table == &m_prefill ? Table::Kind::Prefill : Table::Kind::PrefillAllRanks;
        table->rows = {0};
        for (double n = m_ranks; n < 4 * mostSequences; n *= 4)
            table->rows.push_back(n);
        table->columns = tokens;
    }
    m_fill.kind = Table::Kind::Fill;
    m_fill.rows = {0, 1};
    m_fill.columns = tokens;
    for (Table* table : {&m_decode, &m_prefill, &m_prefillAllRanks, &m_fill})
        table->values.assign(table->rows.size() * table->columns.size(), kNotYet);
}

double StepTimes::node(Table& table, std::size_t row, std::size_t column)
{
    double& value = table.values[row * table.columns.size() + column];
    if (value < 0) {
        switch (table.kind) {
        case Table::Kind::Decode: value = decodeNode(table.rows[row], table.columns[column]); break;
        case Table::Kind::Prefill: value = prefillNode(table.rows[row], table.columns[column], false); break;
        case Table::Kind::PrefillAllRanks: value = prefillNode(table.rows[row], table.columns[column], true); break;
        case Table::Kind::Fill: value = fillNode(table.columns[column]); break;
        }
    }
    return value;
}

double StepTimes::lookUp(Table& table, double row, double column)
{
    const auto below = [](const std::vector<double>& nodes, double value) {
        const auto above = std::upper_bound(nodes.begin() + 1, nodes.end() - 1, value);
        return static_cast<std::size_t>(above - nodes.begin()) - 1;
    };
    const std::size_t j = below(table.columns, column);
    const double span = table.columns[j + 1] - table.columns[j];
    const double across = (column - table.columns[j]) / span; // beyond the last node the last slope goes on
    const auto along = [&](std::size_t i) {
        const double first = node(table, i, j);
        return across == 0 ? first : first + across * (node(table, i, j + 1) - first);
    };
    if (table.rows.size() == 1)
        return along(0);
    const std::size_t i = below(table.rows, row);
    const double up = (row - table.rows[i]) / (table.rows[i + 1] - table.rows[i]);
    if (up == 0)
        return along(i);
    if (up == 1)
        return along(i + 1);
    const double low = along(i);
    return low + up * (along(i + 1) - low);
}

double StepTimes::contextUntilBend(double context) const
{
    const std::vector<double>& nodes = m_decode.columns;
    const auto above = std::upper_bound(nodes.begin(), nodes.end(), context);
    return above == nodes.end() ? 1e18 : *above - context;
}

StepTokens StepTimes::decodeTokens(std::int64_t sequences, double context) const
{
    const std::int64_t past = whole(context);
    // Sequences are spread over their outputs; windows count their mean keys over that range.
    return {sequences, 1, past, true, true, std::min(m_contextSpread, 2 * past - 1)};
}

double StepTimes::onStage(int stage) const
{
    double time = 0;
    for (int visit = 0; visit < m_layout.visits(); ++visit)
        time += pieceTime(m_times, m_layout.kindCounts(stage, visit).data(), m_layout.holdsEmbedding(stage, visit),
                          m_layout.holdsHead(stage, visit));
    return time;
}

double StepTimes::wholeStep() const
{
    double time = 0;
    for (int stage = 0; stage < m_layout.stages(); ++stage)
        time += onStage(stage);
    return time;
}

double StepTimes::plainDecode(double sequences, double context)
{
    const Plan& plan = m_step.plan();
    const int batch = static_cast<int>(whole(std::min(sequences, kMostSequences)));
    const int stages = plan.pipeline();
    if (stages == 1) {
        m_step.pieceTimes(decodeTokens(batch, context), m_times);
        return wholeStep();
    }
    const BatchCut cut = cutOf(batch, plan.decodeMicrobatches(), 1);
    const int visits = m_layout.visits();
    const int classes = cut.classes();
    PipelineTimes<double> times{nullptr, nullptr, stages, visits, classes, plan.options.sends};
    const std::size_t count = times.index(stages, 0, 0);
    std::vector<double> busy(count);
    std::vector<double> send(count);
    for (int c = 0; c < classes; ++c) {
        const StepTokens tokens = decodeTokens(sequencesOf(batch, cut, c > 0), context);
        m_step.pieceTimes(tokens, m_times);
        for (int stage = 0; stage < stages; ++stage)
            for (int visit = 0; visit < visits; ++visit) {
                const std::size_t i = times.index(stage, visit, c);
                const HandOver next = handOverOf(stage, stages, visit + 1 == visits, true);
                const Placement& place = m_step.placement();
                busy[i] = pieceTime(m_times, m_layout.kindCounts(stage, visit).data(), m_layout.holdsEmbedding(stage, visit),
                                    m_layout.holdsHead(stage, visit));
                send[i] = sendCost(m_step.cluster(), place.firstDevice(stage, 0), place.firstDevice(next.stage, 0),
                                   handOverBytes(next.payload, m_step, tokens))
                              .time;
            }
    }
    times.busy = busy.data();
    times.send = send.data();
    m_schedule.resize(std::max(3 * static_cast<std::size_t>(stages), 2 * decodeStateSize(stages, cut.microbatches)));
    return decodePeriod(times, cut, m_schedule.data());
}

double StepTimes::verifyArithmetic(double sequences, double context)
{
    // k + 1 queries of a sequence share one reading of its cache, but each has its own arithmetic.
    const StepTable& table = m_step.table(true);
    std::vector<double> x(table.quantities.size());
    quantities(table, decodeTokens(whole(sequences), context).scalars(), x.data());
    double more = 0;
    for (const std::uint8_t kind : m_step.model().layers)
        for (std::size_t i = table.layers[kind].begin; i < table.layers[kind].end; ++i) {
            const Op op = table.facts[i].op;
            if (op != Op::AttentionScores && op != Op::AttentionValues && op != Op::IndexScores)
                continue;
            const OperatorTimes<double> t = operatorTime(table, table.terms[i], x.data(), 0.0);
            more += std::max((m_speculation.draftTokens + 1) * t.compute, t.memory) - std::max(t.compute, t.memory);
        }
    return more / m_layout.stages();
}

double StepTimes::draftTime(double sequences, double context)
{
    const Model& model = m_step.model();
    if (m_speculation.draft == Speculation::Draft::Relative || model.prediction.layers == 0)
        return m_speculation.draftTokens * m_speculation.relativeCost * plainDecode(sequences, context);
    m_step.pieceTimes(decodeTokens(whole(sequences), context), m_times);
    return m_speculation.draftTokens * (m_times.layers[model.prediction.kind] + m_times.embedding + m_times.head);
}

double StepTimes::decodeNode(double sequences, double context)
{
    const double plain = plainDecode(sequences, context);
    if (!m_speculation.on())
        return plain;
    // Matrices see k + 1 rows of each sequence; the cache is read once.
    const double rows = sequences * (m_speculation.draftTokens + 1);
    const double matrices = plainDecode(rows, 1) - plainDecode(sequences, 1);
    return plain + std::max(matrices, 0.0) + verifyArithmetic(sequences, context) + draftTime(sequences, context);
}

double StepTimes::pairsOf(double newTokens, double past) const
{
    double pairs = 0;
    for (const PairShare& share : m_reaches)
        pairs += share.share * causalPairs(past, newTokens, share.reach);
    return pairs;
}

double StepTimes::secondsPerPair()
{
    if (m_secondsPerPair >= 0)
        return m_secondsPerPair;
    const auto seconds = [this](std::int64_t past) {
        const StepTokens piece{1, whole(m_meanComputed), past, false, true};
        m_step.mixedTimes({}, {&piece, 1}, m_times);
        return wholeStep();
    };
    const std::int64_t past = whole(m_meanHit);
    const std::int64_t further = past + whole(m_meanComputed);
    const double pairs = pairsOf(m_meanComputed, static_cast<double>(further)) - pairsOf(m_meanComputed, static_cast<double>(past));
    m_secondsPerPair = pairs > 0 ? std::max(0.0, seconds(further) - seconds(past)) / pairs / m_layout.stages() : 0;
    return m_secondsPerPair;
}

void StepTimes::referencePieces(double tokens, bool allRanks)
{
    m_pieces.clear();
    const std::int64_t ranks = allRanks ? m_ranks : 1;
    const std::int64_t past = std::llround(m_meanHit);
    const std::int64_t total = whole(tokens);
    const std::int64_t each = whole(m_meanComputed);
    if (m_ranks > 1 && !allRanks) { // several prompts would be dealt to several ranks
        m_pieces.push_back({1, total, past, false, true});
        return;
    }
    if (total >= each)
        m_pieces.push_back({total / each * ranks, each, past, false, true});
    if (total % each > 0)
        m_pieces.push_back({ranks, total % each, past, false, true});
}

double StepTimes::referencePairs(double tokens) const
{
    const auto total = static_cast<double>(whole(tokens));
    const double count = std::floor(total / m_meanComputed);
    return count * pairsOf(m_meanComputed, m_meanHit) + pairsOf(total - count * m_meanComputed, m_meanHit);
}

double StepTimes::prefillNode(double sequences, double tokens, bool allRanks)
{
    const int stages = m_layout.stages();
    referencePieces(tokens, allRanks);
    double time = 0;
    if (stages == 1) {
        const StepTokens decoding = sequences > 0 ? decodeTokens(whole(sequences), m_meanContext) : StepTokens{0, 1, 1, true, true};
        m_step.mixedTimes(decoding, m_pieces, m_times);
        time = wholeStep();
        if (sequences > 0)
            time -= plainDecode(sequences, m_meanContext);
    } else {
        // A microbatch of its own: the round becomes longer by its time on the slowest stage.
        m_step.mixedTimes({0, 1, 1, true, true}, m_pieces, m_times);
        for (int stage = 0; stage < stages; ++stage)
            time = std::max(time, onStage(stage));
    }
    if (m_ranks > 1 && !allRanks) // brought to the reference that prefill() corrects from
        time += secondsPerPair() * (referencePairs(tokens) - pairsOf(static_cast<double>(whole(tokens)), m_meanHit));
    return std::max(time, 0.0);
}

double StepTimes::fillNode(double tokens)
{
    const int stages = m_layout.stages();
    if (stages == 1)
        return 0;
    referencePieces(tokens, false);
    m_step.mixedTimes({0, 1, 1, true, true}, m_pieces, m_times);
    double sum = 0;
    double slowest = 0;
    for (int stage = 0; stage < stages; ++stage) {
        const double busy = onStage(stage);
        sum += busy;
        slowest = std::max(slowest, busy);
        if (stage + 1 < stages)
            for (const StepTokens& piece : m_pieces)
                sum += m_step.sendCost(piece, stage, stage + 1).time;
    }
    return sum - slowest;
}

double StepTimes::prefill(double sequences, const PrefillWork& work)
{
    if (work.tokens <= 0)
        return 0;
    double time = lookUp(m_prefill, sequences, work.tokens);
    if (m_ranks > 1 && work.activeRanks > 1) {
        const double all = lookUp(m_prefillAllRanks, sequences, work.tokens);
        time += (all - time) * std::min(1.0, (work.activeRanks - 1) / (m_ranks - 1));
    }
    // The reference has prompts of the mean length; longer or later pieces attend to more. Between nodes the reference is linear too.
    const auto& nodes = m_prefill.columns;
    const auto above = std::upper_bound(nodes.begin() + 1, nodes.end() - 1, work.tokens);
    const double low = *(above - 1);
    const double share = (work.tokens - low) / (*above - low);
    const double reference = referencePairs(low) + (share == 0 ? 0 : share * (referencePairs(*above) - referencePairs(low)));
    const double corrected = time + secondsPerPair() * (work.pairs - reference)
                             + m_step.constants().perSequence * (work.prompts - std::max(1.0, std::floor(work.tokens / m_meanComputed)));
    return std::max(corrected, 0.0);
}

double StepTimes::fill(const PrefillWork& work)
{
    return m_layout.stages() == 1 || work.tokens <= 0 ? 0 : lookUp(m_fill, 0, work.tokens);
}

} // namespace shardlens
