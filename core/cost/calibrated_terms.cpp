// SPDX-License-Identifier: Apache-2.0
// What a StepTable owes to the constants of an engine and an accelerator, and steps that decode and prefill at once.
#include "core/cost/termbuilder.h"

#include <optional>

namespace shardlens {

namespace {

/// The kernel that an operator runs as, and the weights it multiplies.
struct Kernel {
    KernelClass kernel = KernelClass::Matrix;
    std::optional<WeightClass> weights; ///< unset: 16-bit operands, or the cache
};

std::optional<Kernel> classOf(Op op, const Attention* attention, bool decode)
{
    switch (op) {
    case Op::QkvProjection:
    case Op::LatentDown:
    case Op::QueryUp:
    case Op::KvUp:
    case Op::LinearInput:
    case Op::LinearGate:
    case Op::IndexQuery:
    case Op::IndexKey:
    case Op::AbsorbQuery:
    case Op::ExpandValues:
    case Op::OutputProjection: return Kernel{KernelClass::Matrix, WeightClass::Attention};
    case Op::ExpertsIn:
    case Op::ExpertsOut:
    case Op::SharedUp:
    case Op::SharedDown:
    case Op::MlpUp:
    case Op::MlpDown: return Kernel{KernelClass::Matrix, WeightClass::Mlp};
    case Op::LmHead: return Kernel{KernelClass::Matrix, WeightClass::Embedding};
    case Op::PredictionProjection:
    case Op::Router: return Kernel{KernelClass::Matrix, std::nullopt};
    case Op::ExpertUp:
    case Op::ExpertDown: return Kernel{KernelClass::Experts, WeightClass::Experts};
    case Op::AttentionScores:
    case Op::AttentionSoftmax:
    case Op::AttentionValues:
        if (!decode)
            return Kernel{KernelClass::PrefillAttention, std::nullopt};
        return Kernel{attention && attention->kind == AttentionKind::Latent ? KernelClass::LatentDecode : KernelClass::DecodeAttention,
                      std::nullopt};
    case Op::Convolution:
    case Op::StateUpdate: return Kernel{KernelClass::LinearState, std::nullopt};
    case Op::IndexScores:
    case Op::IndexTopK: return Kernel{KernelClass::SparseIndex, std::nullopt};
    default: return std::nullopt;
    }
}

/// Operators that see the rows of decoding and of prefilled sequences together; the others are attention of one kind.
bool isJoint(Op op)
{
    switch (op) {
    case Op::KvUp:
    case Op::AbsorbQuery:
    case Op::ExpandValues:
    case Op::IndexScores:
    case Op::IndexTopK:
    case Op::Convolution:
    case Op::StateUpdate:
    case Op::StateExchange:
    case Op::SequenceGather:
    case Op::AttentionScores:
    case Op::AttentionSoftmax:
    case Op::AttentionValues:
    case Op::RingExchange:
    case Op::SequenceCombine: return false;
    default: return true;
    }
}

bool asksRouting(Quantity quantity)
{
    return quantity == Quantity::ExpertsTouched || quantity == Quantity::ExpertPairs || quantity == Quantity::ExchangedRows;
}

/// Sums of what decoding and prefilled sequences ask of the prefill table's quantities. Experts are asked once, for all tokens.
void jointQuantities(const StepTable& prefillTable, const StepTable& decodeTable, const StepTokens& decode,
                     std::span<const StepTokens> prefill, bool endingOnly, std::vector<double>& out)
{
    std::int64_t tokens = decode.sequences;
    for (const StepTokens& piece : prefill)
        tokens += piece.sequences * piece.newTokens;
    out.resize(prefillTable.quantities.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        const QuantityRecipe& recipe = prefillTable.quantities[i];
        if (recipe.quantity == Quantity::One) {
            out[i] = 1;
        } else if (asksRouting(recipe.quantity)) {
            out[i] = quantityOf(decodeTable, recipe, PieceTokens<double>{static_cast<double>(tokens), 1, 1});
        } else {
            out[i] = decode.sequences > 0 ? quantityOf(decodeTable, recipe, decode.scalars()) : 0;
            for (const StepTokens& piece : prefill)
                if (!endingOnly || piece.lastPiece)
                    out[i] += quantityOf(prefillTable, recipe, piece.scalars());
        }
    }
}

/// Times of those operators of a range that `wanted` accepts.
template <class Wanted>
double sumWhere(const StepTable& table, TermRange range, const double* x, const Wanted& wanted)
{
    double sum = 0;
    double last = 0;
    double before = 0;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        if (!wanted(table.facts[i].op))
            continue;
        const OperatorTimes<double> t = operatorTime(table, table.terms[i], x, before);
        before = last + t.local;
        last = t.local;
        sum += t.time;
    }
    return sum;
}

} // namespace

std::optional<KernelUse> kernelOf(const OperatorFacts& facts, const Model& model, const Formats& formats, bool decode)
{
    const Attention* const attention = facts.kind >= 0 ? &model.kinds[static_cast<std::size_t>(facts.kind)].attention : nullptr;
    const std::optional<Kernel> kernel = classOf(facts.op, attention, decode);
    if (!kernel)
        return std::nullopt;
    if (kernel->kernel != KernelClass::Matrix && kernel->kernel != KernelClass::Experts)
        return KernelUse{kernel->kernel, attentionFormatOf(formats.kv, facts.arithmetic)};
    return KernelUse{kernel->kernel,
                     kernel->weights ? kernelFormatOf(formats.of(*kernel->weights), facts.arithmetic) : KernelFormat::Bits16};
}

CollectiveLine StepModel::calibrated(CollectiveLine line) const
{
    const auto level = static_cast<std::size_t>(line.outerLevel < 0 ? 0 : line.outerLevel);
    const bool network = level > 0 && level < m_cluster.levels.size() && m_cluster.levels[level].scalesOut;
    const CollectiveConstants& c =
        m_constants.collectives[static_cast<std::size_t>(network ? CollectiveReach::Network : CollectiveReach::Node)];
    line.latency += c.latency;
    line.secondsPerByte /= c.bandwidth;
    return line;
}

void TermBuilder::calibrate()
{
    const StepConstants& constants = step.m_constants;
    const bool fused = plan.options.fusedAttention;
    for (std::size_t i = 0; i < table.terms.size(); ++i) {
        OperatorTerms& terms = table.terms[i];
        const OperatorFacts& facts = table.facts[i];
        if (const std::optional<KernelUse> kernel = kernelOf(facts, model, formats, table.decode)) {
            const KernelConstants& c = constants.of(kernel->kernel, kernel->format);
            terms.inversePeak /= c.compute;
            terms.inverseBandwidth /= c.memory;
            terms.spill = c.spill;
            // Fused attention is one kernel, of which the values are the second half.
            if (facts.op != Op::AttentionValues || !fused)
                terms.overhead = times(Quantity::One, c.launch);
        } else if (facts.op == Op::AttentionNorm || facts.op == Op::MlpNorm || facts.op == Op::FinalNorm
                   || facts.op == Op::PredictionNorm) {
            terms.overhead = times(Quantity::One, constants.elementwise);
        } else if (facts.op == Op::Embedding && i < table.embedding.end) { // a draft step is part of its engine step
            terms.overhead = {quantity(Quantity::One), quantity(Quantity::Rows), constants.step, constants.perToken};
        } else if (facts.op == Op::Sampling) {
            terms.overhead = times(Quantity::Sequences, constants.perSequence); // each attention-DP rank has a scheduler of its own
        }
    }
    for (CollectiveLine& line : table.lines)
        line = step.calibrated(line);
}

void StepModel::mixedTimes(const StepTokens& decode, std::span<const StepTokens> prefill, PieceTimes& out) const
{
    static thread_local std::vector<double> joint;
    static thread_local std::vector<double> ending;
    static thread_local std::vector<double> prefilled;
    static thread_local std::vector<double> decoded;
    const StepTable& p = m_prefill;
    const StepTable& d = m_decode;
    jointQuantities(p, d, decode, prefill, false, joint);
    jointQuantities(p, d, decode, prefill, true, ending);
    jointQuantities(p, d, {}, prefill, false, prefilled);
    decoded.resize(d.quantities.size());
    quantities(d, decode.scalars(), decoded.data());
    const bool hasPrefill = !prefill.empty();
    const auto isShared = [](Op op) { return isJoint(op); };
    const auto isApart = [](Op op) { return !isJoint(op); };
    out.embedding = sumWhere(p, p.embedding, joint.data(), isShared);
    out.layers.resize(p.layers.size());
    for (std::size_t kind = 0; kind < p.layers.size(); ++kind) {
        double time = sumWhere(p, p.layers[kind], joint.data(), isShared);
        if (hasPrefill)
            time += sumWhere(p, p.layers[kind], prefilled.data(), isApart);
        if (decode.sequences > 0)
            time += sumWhere(d, d.layers[kind], decoded.data(), isApart);
        out.layers[kind] = time;
    }
    bool ends = decode.sequences > 0;
    for (const StepTokens& piece : prefill)
        ends = ends || piece.lastPiece;
    out.head = ends ? sumWhere(p, p.head, ending.data(), isShared) : 0;
}

} // namespace shardlens
