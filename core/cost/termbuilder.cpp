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

/// The arithmetic of 16 bits that the accelerator has; `format` where it has none.
ComputeFormat sixteenBit(ComputeFormat format, const Accelerator& accelerator)
{
    for (const ComputeFormat wide : {ComputeFormat::Bf16, ComputeFormat::Fp16})
        if (accelerator.peakOf(wide) > 0)
            return wide;
    return format;
}

/// Bytes of one cached value such that those of a token add up to what is stored of it, scales included.
double cachedValueBytes(const Attention& a, NumberFormat cache)
{
    if (a.kind == AttentionKind::None || a.kind == AttentionKind::Linear)
        return 0;
    const bool latent = a.kind == AttentionKind::Latent;
    const std::int64_t width = latent ? std::int64_t{a.kvLoraRank} + a.ropeHeadDim : std::int64_t{a.headDim} + a.valueDim();
    const Bytes bytes = latent ? cacheBytesOf(cache, 1, width) : cacheBytesOf(cache, 1, a.headDim) + cacheBytesOf(cache, 1, a.valueDim());
    return static_cast<double>(bytes) / static_cast<double>(width);
}

} // namespace

ComputeFormat matrixArithmetic(const Formats& formats, WeightClass weightClass, const Accelerator& accelerator)
{
    const std::optional<NumberFormat>& own = formats.own[static_cast<std::size_t>(weightClass)];
    const bool wider = own && bitsOf(*own) > bitsOf(formats.compute);
    return wider ? sixteenBit(formats.compute, accelerator) : formats.compute;
}

ComputeFormat attentionArithmetic(const Formats& formats, const Accelerator& accelerator)
{
    if (bitsOf(formats.compute) >= 16)
        return formats.compute;
    if (formats.compute == ComputeFormat::Fp8 && bitsOf(formats.kv) <= 8)
        return ComputeFormat::Fp8;
    return sixteenBit(formats.compute, accelerator);
}

TermBuilder::TermBuilder(const StepModel& s, StepTable& t, bool decode)
    : step(s),
      table(t),
      model(s.m_model),
      plan(s.m_plan),
      formats(s.m_formats),
      tp(s.m_plan.tensor()),
      hidden(s.m_model.hidden),
      attentionFormat(attentionArithmetic(s.m_formats, s.m_cluster.accelerator)),
      shardedNorms(s.m_plan.options.shardedNorms && s.m_plan.tensor() > 1)
{
    table.decode = decode;
    table.attentionData = plan.attentionData();
    table.sequence = plan.sequence();
    table.overheads = s.m_constants != rooflineConstants();
    table.routings = s.m_routings;
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
        kvElement = cachedValueBytes(model.kinds[i].attention, formats.kv);
        layer(model.kinds[i]);
        table.layers.push_back({begin, end()});
    }
    kind = -1;
    const std::uint16_t begin = end();
    head();
    table.head = {begin, end()};
    if (step.loadsPrediction()) {
        prediction();
        table.prediction = {table.head.end, end()};
    }
    if (table.overheads)
        calibrate();
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
    if (step.m_detail == StepDetail::Times)
        return {};
    return {indexIn(table.shapeQuantities, {of, parameter}), factor};
}

TermBuilder::Row TermBuilder::row(Op op, Sharding sharding, ComputeFormat arithmetic)
{
    OperatorTerms& terms = table.terms.emplace_back();
    terms.inversePeak = 1 / step.m_cluster.accelerator.peakOf(arithmetic);
    terms.inverseBandwidth = 1 / step.m_cluster.accelerator.memoryBandwidth;
    OperatorFacts& facts = table.facts.emplace_back();
    facts.op = op;
    facts.kind = static_cast<std::int8_t>(kind);
    facts.sharding = sharding;
    facts.arithmetic = arithmetic;
    return {terms, facts};
}

TermBuilder::Row TermBuilder::matmul(Op op, Sharding sharding, const Matrix& global, const Matrix& local, WeightClass weightClass,
                                     const Rows& rows)
{
    return matmulOf(op, sharding, global, local, static_cast<double>(local.repeat) * matrixBytes(weightClass, local.k, local.n),
                    matrixArithmetic(formats, weightClass, step.m_cluster.accelerator), rows);
}

TermBuilder::Row TermBuilder::matmulOf(Op op, Sharding sharding, const Matrix& global, const Matrix& local, double bytes,
                                       ComputeFormat arithmetic, const Rows& rows)
{
    Row r = row(op, sharding, arithmetic);
    r.facts.global = {dim(rows.global), fixed(global.k), fixed(global.n), fixed(global.repeat)};
    r.facts.local = {dim(rows.quantity, 1, rows.parameter), fixed(local.k), fixed(local.n), fixed(local.repeat)};
    const double k = static_cast<double>(local.k);
    const double n = static_cast<double>(local.n);
    const double repeat = static_cast<double>(local.repeat);
    r.terms.flop = times(rows, 2 * k * n * repeat);
    r.terms.weightBytes = times(Quantity::One, bytes);
    r.terms.activationBytes = times(rows, (k + n) * repeat * kActivationBytes);
    return r;
}

TermBuilder::Row TermBuilder::elementwise(Op op, const Rows& rows, std::int64_t n, double passes, double flopEach)
{
    Row r = row(op, Sharding::Replicated, formats.compute);
    r.facts.global = {dim(rows.global), fixed(0), fixed(n), fixed(1)};
    r.facts.local = {dim(rows.quantity, 1, rows.parameter), fixed(0), fixed(n), fixed(1)};
    r.terms.activationBytes = times(rows, static_cast<double>(n) * passes * kActivationBytes);
    r.terms.flop = times(rows, static_cast<double>(n) * flopEach);
    return r;
}

TermBuilder::Row TermBuilder::transfer(Op op, Sharding sharding, std::int64_t width, const Rows& rows)
{
    Row r = row(op, sharding, formats.compute);
    r.facts.global = r.facts.local = {dim(rows.quantity, 1, rows.parameter), fixed(0), fixed(width), fixed(1)};
    return r;
}

TermBuilder::Row TermBuilder::norm(Op op, const Rows& rows, int count)
{
    Row r = elementwise(op, rows, hidden, 0, 4.0 * count);
    r.terms.weightBytes =
        times(Quantity::One, kActivationBytes * count * static_cast<double>(hidden) * (model.norm == NormKind::Layer ? 2 : 1));
    if (table.overheads)
        r.terms.activationBytes = times(rows, static_cast<double>(hidden) * step.m_constants.elementwisePasses * count * kActivationBytes);
    return r;
}

void TermBuilder::communicate(Row& r, const GroupSpan& span, Collective collective, const Linear2& payload)
{
    if (span.size() <= 1)
        return;
    r.facts.collective = collective;
    r.facts.span = step.indexOf(span);
    r.terms.payload = payload;
    r.terms.firstLine = static_cast<std::uint16_t>(table.lines.size());
    const std::span<const CollectiveLine> cheapest = span.lines(collective).cheapest();
    table.lines.insert(table.lines.end(), cheapest.begin(), cheapest.end());
    r.terms.lineCount = static_cast<std::uint16_t>(cheapest.size());
    r.terms.hidden = plan.options.overlap;
    r.terms.ownCredit = 1;
    r.facts.hidden = r.terms.hidden > 0;
}

void TermBuilder::reduce(Row& r, bool scatter, const Rows& rows)
{
    communicate(r, step.m_tensor, scatter ? Collective::ReduceScatter : Collective::AllReduce, rowBytes(rows));
}

/// Megatron sequence parallelism (arXiv:2205.05198): between blocks every TP rank has its share of the rows; norms work on that, and what
/// they yield is gathered where the next matrices need all rows. A ReduceScatter and an AllGather take an AllReduce's place.
void TermBuilder::layer(const LayerKind& layerKind)
{
    current = &layerKind;
    const FeedForward& f = layerKind.feedForward;
    const bool mixes = layerKind.attention.kind != AttentionKind::None;
    const int norms = model.normsPerLayer;
    if (mixes) {
        Row r = norm(Op::AttentionNorm, shardedNorms ? dealt(tp) : Rows{}, (norms + 1) / 2);
        if (shardedNorms)
            communicate(r, step.m_tensor, Collective::AllGather, rowBytes());
    }
    switch (layerKind.attention.kind) {
    case AttentionKind::Grouped: groupedAttention(layerKind.attention); break;
    case AttentionKind::Latent: latentAttention(layerKind.attention); break;
    case AttentionKind::Linear: linearAttention(layerKind.attention.linear); break;
    case AttentionKind::None: break;
    }
    if (f.isNone())
        return;
    // A layer that is all feed-forward has the norms that a half of a whole layer has.
    const int count = mixes ? norms / 2 : (norms + 1) / 2;
    if (count > 0) {
        const bool isDealt = f.isMoe() && exchangeOf(f).dealt;
        Row r = norm(Op::MlpNorm, shardedNorms || isDealt ? dealt(tp) : Rows{}, count);
        const bool sharesWhole = f.sharedIntermediate > 0 && plan.options.sharedExperts == SharedExpertPlace::Tensor;
        const bool needsAll = !isDealt || f.intermediate > 0 || sharesWhole;
        // Dealt out after a ReduceScatter that took an AllReduce's place, or of whole tokens that the layer before has left everywhere.
        const bool scattered = shardedNorms || (isDealt && mixes);
        if (scattered && needsAll)
            communicate(r, step.m_tensor, Collective::AllGather, rowBytes());
    }
    if (f.intermediate > 0) {
        Row down = mlp(f, f.intermediate, Op::MlpUp, Op::MlpDown, false, {});
        reduce(down, shardedNorms);
    }
    if (f.isMoe())
        experts(f);
}

/// What feeds a prediction layer (DeepSeek-V3, arXiv:2412.19437, section 2.2): the embedding of the tokens it continues, norms of the embedding and of the hidden state, and the
/// projection of both, whole and in bf16 on every device. With sharded norms each TP rank projects its share of the rows.
void TermBuilder::prediction()
{
    embedding();
    const Rows rows = shardedNorms ? dealt(tp) : Rows{};
    norm(Op::PredictionNorm, rows, 2);
    const Matrix matrix{2 * hidden, hidden};
    matmulOf(Op::PredictionProjection, shardedNorms ? Sharding::Tokens : Sharding::Replicated, matrix, matrix,
             static_cast<double>(2 * hidden * hidden) * kActivationBytes, attentionFormat, rows);
}

void TermBuilder::embedding()
{
    const ComputeFormat arithmetic = formats.compute;
    Row r = row(Op::Embedding, Sharding::Vocabulary, arithmetic);
    r.facts.global = {dim(Quantity::GlobalRows), fixed(0), fixed(hidden), fixed(1)};
    r.facts.local = {dim(Quantity::Rows), fixed(0), fixed(hidden), fixed(1)};
    // Rows looked up here.
    r.terms.weightBytes =
        times(Quantity::Rows, static_cast<double>(hidden) * bytesPerElement(formats.of(WeightClass::Embedding)) / static_cast<double>(tp));
    r.terms.activationBytes = rowBytes();
    reduce(r, shardedNorms);
}

void TermBuilder::head()
{
    // The last position of each sequence only.
    const Rows rows{Quantity::Sequences, 0, Quantity::GlobalSequences};
    const Rows share{Quantity::SequenceShare, static_cast<double>(tp), Quantity::GlobalSequences};
    Row last = norm(Op::FinalNorm, shardedNorms ? share : rows, 1);
    if (shardedNorms)
        communicate(last, step.m_tensor, Collective::AllGather, rowBytes(rows));
    const std::int64_t vocabulary = model.vocabulary;
    Row r = matmul(Op::LmHead, Sharding::Vocabulary, {hidden, vocabulary}, {hidden, ceilDiv(vocabulary, tp)}, WeightClass::Embedding, rows);
    communicate(r, step.m_tensor, Collective::AllGather, times(rows, static_cast<double>(vocabulary) * kActivationBytes));
    elementwise(Op::Sampling, rows, vocabulary, 1, 1);
}

} // namespace shardlens
