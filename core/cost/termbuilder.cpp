// SPDX-License-Identifier: Apache-2.0
// FLOP and bytes of each operator on the busiest device of its group. A matmul A[m, k] . B[k, n] costs 2 m k n FLOP and moves its weights
// once, its input once and its output once; elementwise work, norms included, is fused into its neighbours, whose inputs and outputs are
// counted: the ideal that roofline mode stands for. Attention is fused: Q, O and the cache are moved, nothing of size S x S. Activations
// are bf16.
#include "core/cost/termbuilder.h"

namespace shardlens {

namespace {

/// Index of `recipe` in `list`, appended when it is new.
std::uint16_t indexIn(std::vector<QuantityRecipe>& list, const QuantityRecipe& recipe)
{
    for (std::size_t i = 0; i < list.size(); ++i)
        if (list[i] == recipe)
            return static_cast<std::uint16_t>(i);
    list.push_back(recipe);
    return static_cast<std::uint16_t>(list.size() - 1);
}

} // namespace

TermBuilder::TermBuilder(const StepModel& s, StepTable& t, bool decode)
    : step(s),
      table(t),
      model(s.m_model),
      plan(s.m_plan),
      tp(s.m_plan.tensor()),
      hidden(s.m_model.hidden),
      inversePeak(1 / s.m_cluster.accelerator.peakOf(s.m_formats.compute)),
      kvBytes(bitsOf(s.m_formats.kv) / 8.0),
      weightBytes(bitsOf(s.m_formats.weights) / 8.0)
{
    table.decode = decode;
    table.attentionData = plan.attentionData();
    table.sequence = plan.sequence();
    table.inverseBandwidth = 1 / s.m_cluster.accelerator.memoryBandwidth;
    // Enough for three kinds of layer.
    table.quantities.reserve(24);
    table.shapeQuantities.reserve(24);
    table.terms.reserve(64);
    table.facts.reserve(64);
    table.lines.reserve(64);
    table.quantities.push_back({});
}

void TermBuilder::compile()
{
    const auto end = [this] { return static_cast<std::uint16_t>(table.terms.size()); };
    embedding();
    table.embedding = {0, end()};
    for (std::size_t i = 0; i < model.kinds.size(); ++i) {
        const std::uint16_t begin = end();
        kind = static_cast<int>(i);
        layer(model.kinds[i]);
        table.layers.push_back({begin, end()});
    }
    kind = -1;
    const std::uint16_t begin = end();
    head();
    table.head = {begin, end()};
}

std::uint16_t TermBuilder::quantity(Quantity of, double parameter)
{
    return indexIn(table.quantities, {of, parameter});
}

Linear2 TermBuilder::times(Quantity of, double factor, double parameter)
{
    return {quantity(of, parameter), 0, factor, 0};
}

ShapeTerm TermBuilder::dim(Quantity of, double factor, double parameter)
{
    return {indexIn(table.shapeQuantities, {of, parameter}), factor};
}

TermBuilder::Row TermBuilder::row(Op op, Sharding sharding)
{
    OperatorTerms& terms = table.terms.emplace_back();
    terms.inversePeak = inversePeak;
    OperatorFacts& facts = table.facts.emplace_back();
    facts.op = op;
    facts.kind = static_cast<std::int8_t>(kind);
    facts.sharding = sharding;
    return {terms, facts};
}

TermBuilder::Row TermBuilder::matmul(Op op, Sharding sharding, const Matrix& global, const Matrix& local, double elementBytes,
                                     Quantity rows, Quantity globalRows)
{
    Row r = row(op, sharding);
    r.facts.global = {dim(globalRows), fixed(global.k), fixed(global.n), fixed(global.repeat)};
    r.facts.local = {dim(rows), fixed(local.k), fixed(local.n), fixed(local.repeat)};
    const double k = static_cast<double>(local.k);
    const double n = static_cast<double>(local.n);
    const double repeat = static_cast<double>(local.repeat);
    r.terms.flop = times(rows, 2 * k * n * repeat);
    r.terms.weightBytes = times(Quantity::One, k * n * repeat * elementBytes);
    r.terms.activationBytes = times(rows, (k + n) * repeat * kActivationBytes);
    return r;
}

TermBuilder::Row TermBuilder::elementwise(Op op, Quantity rows, Quantity globalRows, std::int64_t n, double passes, double flopEach)
{
    Row r = row(op, Sharding::Replicated);
    r.facts.global = {dim(globalRows), fixed(0), fixed(n), fixed(1)};
    r.facts.local = {dim(rows), fixed(0), fixed(n), fixed(1)};
    r.terms.activationBytes = times(rows, static_cast<double>(n) * passes * kActivationBytes);
    r.terms.flop = times(rows, static_cast<double>(n) * flopEach);
    return r;
}

TermBuilder::Row TermBuilder::norm(Op op, Quantity rows, Quantity globalRows, int count)
{
    Row r = elementwise(op, rows, globalRows, hidden, 0, 4.0 * count);
    r.terms.weightBytes =
        times(Quantity::One, kActivationBytes * count * static_cast<double>(hidden) * (model.norm == NormKind::Layer ? 2 : 1));
    return r;
}

void TermBuilder::communicate(Row& r, const GroupSpan& span, Collective collective, const Linear2& payload)
{
    if (span.size() <= 1)
        return;
    r.facts.collective = collective;
    r.facts.considered = span.lines(collective);
    r.terms.payload = payload;
    r.terms.firstLine = static_cast<std::uint16_t>(table.lines.size());
    const std::span<const CollectiveLine> cheapest = span.lines(collective).cheapest();
    table.lines.insert(table.lines.end(), cheapest.begin(), cheapest.end());
    r.terms.lineCount = static_cast<std::uint16_t>(cheapest.size());
}

void TermBuilder::layer(const LayerKind& layerKind)
{
    const int norms = model.normsPerLayer;
    norm(Op::AttentionNorm, Quantity::Rows, Quantity::GlobalRows, (norms + 1) / 2);
    if (layerKind.attention.kind == AttentionKind::Latent)
        latentAttention(layerKind.attention);
    else
        groupedAttention(layerKind.attention);
    if (norms > 1)
        norm(Op::MlpNorm, Quantity::Rows, Quantity::GlobalRows, norms / 2);
    const FeedForward& f = layerKind.feedForward;
    if (f.intermediate > 0)
        mlp(f, f.intermediate, Op::MlpUp, Op::MlpDown, true);
    if (f.isMoe())
        experts(f);
}

void TermBuilder::embedding()
{
    Row r = row(Op::Embedding, Sharding::Vocabulary);
    r.facts.global = {dim(Quantity::GlobalRows), fixed(0), fixed(hidden), fixed(1)};
    r.facts.local = {dim(Quantity::Rows), fixed(0), fixed(hidden), fixed(1)};
    // Rows looked up here.
    r.terms.weightBytes = times(Quantity::Rows, static_cast<double>(hidden) * weightBytes / static_cast<double>(tp));
    r.terms.activationBytes = rowBytes();
    communicate(r, step.m_tensor, Collective::AllReduce, rowBytes());
}

void TermBuilder::head()
{
    // The last position of each sequence only.
    norm(Op::FinalNorm, Quantity::Sequences, Quantity::GlobalSequences, 1);
    const std::int64_t vocabulary = model.vocabulary;
    Row r = matmul(Op::LmHead, Sharding::Vocabulary, {hidden, vocabulary}, {hidden, ceilDiv(vocabulary, tp)}, weightBytes,
                   Quantity::Sequences, Quantity::GlobalSequences);
    communicate(r, step.m_tensor, Collective::AllGather, times(Quantity::Sequences, static_cast<double>(vocabulary) * kActivationBytes));
    elementwise(Op::Sampling, Quantity::Sequences, Quantity::GlobalSequences, vocabulary, 1, 1);
}

} // namespace shardlens
