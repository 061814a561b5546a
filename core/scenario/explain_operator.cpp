// SPDX-License-Identifier: Apache-2.0
#include "core/cost/operatorsharding.h"
#include "core/scenario/collectivearithmetic.h"
#include "core/scenario/constantrows.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/operatorindex.h"
#include "core/scenario/plancollectives.h"
#include "core/scenario/report_parts.h"
#include "core/scenario/roofline.h"

#include <algorithm>

namespace shardlens {

namespace {

std::string shapeText(const OperatorShape& shape)
{
    std::string text = shape.repeat > 1 ? formatCount(shape.repeat) + " × " : std::string();
    text += "[" + formatCount(shape.m);
    if (shape.k > 0)
        text += ", " + formatCount(shape.k) + "] · [" + formatCount(shape.k);
    return text + ", " + formatCount(shape.n) + "]";
}

constexpr double kNothing = 1e-11; ///< s: constants are kept as logarithms, of which none is of zero

/// A whole number with thousands commas, another with four figures.
std::string amount(double value)
{
    return std::abs(value - std::round(value)) < 1e-6 * std::max(1.0, std::abs(value)) ? formatCount(std::llround(value))
                                                                                       : formatNumber(value, 4);
}

/// The operator as it was compiled: what each of its figures is proportional to.
class CompiledOperator {
public:
    CompiledOperator(const Scenario& scenario, bool decode, const OperatorCost& op)
        : m_step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                 scenario.constants()),
          m_table(m_step.table(decode))
    {
        for (std::size_t i = 0; i < m_table.facts.size() && !m_terms; ++i)
            if (m_table.facts[i].op == op.op && m_table.facts[i].kind == op.kind)
                m_terms = &m_table.terms[i];
    }
    [[nodiscard]] const StepModel& step() const { return m_step; }
    [[nodiscard]] const OperatorTerms* terms() const { return m_terms; }
    /// "1,152 B x 4,096 cached tokens read"; empty for a form of two quantities or of none.
    [[nodiscard]] std::string product(Linear2 OperatorTerms::*form, double value, const char* unit) const
    {
        if (!m_terms || (m_terms->*form).c0 == 0 || (m_terms->*form).c1 != 0)
            return {};
        const Linear2& f = m_terms->*form;
        const Quantity quantity = m_table.quantities[f.q0].quantity;
        if (quantity == Quantity::One)
            return {};
        return amount(f.c0) + " " + unit + " × " + amount(value / f.c0) + " " + std::string(nameOf(quantity));
    }

private:
    const StepModel m_step;
    const StepTable& m_table;
    const OperatorTerms* m_terms = nullptr;
};

/// The collective of an operator with its levels, and what of it hides.
struct OperatorCollective {
    PlanCollective collective;
    CollectiveArithmetic arithmetic;
    double hidden = 0; ///< s
};

void addCollective(const Scenario& scenario, bool decode, const OperatorCost& op, const CompiledOperator& compiled,
                   const OperatorCollective& net, Explanation& out)
{
    const std::string name(nameOf(op.collective));
    const std::string product = compiled.product(&OperatorTerms::payload, op.payloadBytes, "B");
    out.inputs.push_back(
        {"V", exactBytes(op.payloadBytes), name + " payload" + (product.empty() ? "" : ": " + product), Provenance::Exact});
    addCollectiveInputs(scenario, net.collective, net.arithmetic, out);
    if (net.hidden > 0)
        out.inputs.push_back(
            {"t_hidden", formatSeconds(net.hidden, 4),
             "of the " + name + ", behind "
                 + (op.op == Op::RingExchange ? "the attention to the blocks at hand" : "the operator's own compute or HBM time"),
             Provenance::Exact});
    const std::vector<CollectiveCost> all = collectiveChoices(compiled.step(), decode, op);
    if (op.weightBytes + op.activationBytes + op.kvBytes <= 0) {
        out.alternativesTitle = all.size() > 1 ? name + " by algorithm: the fastest is taken" : "What it takes";
        for (const CollectiveCost& each : all)
            out.alternatives.push_back({nameOf(op.collective, each), formatSeconds(each.time), each.time, Cause::Communication});
        return;
    }
    std::string others;
    for (std::size_t i = 1; i < all.size(); ++i)
        others += (others.empty() ? "" : ", ") + nameOf(op.collective, all[i]) + " " + formatSeconds(all[i].time);
    if (!others.empty())
        out.notes.push_back("Also considered for the " + name + ": " + others + ".");
}

/// "2 x 16 x 8,192 x 1,280", or what one unit of work costs times the units.
std::string flopText(const OperatorCost& op, const CompiledOperator& compiled)
{
    const OperatorShape& s = op.local;
    const double product =
        2.0 * static_cast<double>(s.m) * static_cast<double>(s.k) * static_cast<double>(s.n) * static_cast<double>(s.repeat);
    if (s.k > 0 && std::abs(product - op.flop) <= 1e-9 * op.flop)
        return "2 m k n = 2 × " + (s.repeat > 1 ? formatCount(s.repeat) + " × " : std::string()) + formatCount(s.m) + " × "
               + formatCount(s.k) + " × " + formatCount(s.n);
    return compiled.product(&OperatorTerms::flop, op.flop, "FLOP");
}

bool isNorm(Op op)
{
    return op == Op::AttentionNorm || op == Op::MlpNorm || op == Op::FinalNorm || op == Op::PredictionNorm;
}

void addBytes(const Scenario& scenario, const OperatorCost& op, const CompiledOperator& compiled, Explanation& out)
{
    const auto add = [&](const char* symbol, double bytes, Linear2 OperatorTerms::*form, const char* what) {
        if (bytes <= 0)
            return;
        const std::string product = compiled.product(form, bytes, "B");
        out.inputs.push_back({symbol, exactBytes(bytes), product.empty() ? what : product, Provenance::Exact});
    };
    add("weights", op.weightBytes, &OperatorTerms::weightBytes, "read once, scales included");
    add("KV", op.kvBytes, &OperatorTerms::kvBytes, "cache or state, read and written");
    if (scenario.calibration && isNorm(op.op) && op.activationBytes > 0) {
        const std::string product = compiled.product(&OperatorTerms::activationBytes, op.activationBytes, "B");
        out.inputs.push_back({"activations", exactBytes(op.activationBytes),
                              product + "; the hidden state is moved " + formatNumber(scenario.constants().elementwisePasses)
                                  + " times around each norm, which is fitted: " + servedText(*scenario.calibration),
                              servedOrigin(*scenario.calibration)});
        return;
    }
    add("activations", op.activationBytes, &OperatorTerms::activationBytes, "in and out, bf16");
}

/// Which keys a query sees, where it is not all of them.
void addReach(const Workload& work, bool decode, const Attention& a, Explanation& out)
{
    const bool chunked = a.chunked && a.window > 0 && a.index.heads == 0;
    std::string text;
    if (chunked)
        text = "Chunks of " + formatCount(a.window) + " tokens: the token at position p of its chunk sees p + 1 keys";
    // A window that every context fills, or none does, needs no mean.
    const Reach reach = reachOf(a);
    if (decode && work.output > 2 && (chunked || (reach > work.input + 1 && reach < static_cast<double>(work.fullContext() - 1))))
        text += (text.empty() ? "Keys" : "; keys") + std::string(" read are the mean over the contexts ")
                + formatCount(std::int64_t{work.input} + 1) + " to " + formatCount(work.fullContext() - 1)
                + " of the decode steps, not those at their mean";
    if (!text.empty())
        out.notes.push_back(text + ".");
}

/// What is assumed where the model and the plan do not say.
void addAssumptions(const Scenario& scenario, bool decode, const OperatorCost& op, const CompiledOperator& compiled, Explanation& out)
{
    const PlanOptions& options = scenario.plan.options;
    const LayerKind* kind = op.kind >= 0 ? &scenario.model->kinds[static_cast<std::size_t>(op.kind)] : nullptr;
    const auto note = [&out](std::string text) { out.notes.push_back(std::move(text)); };
    if (op.arithmetic != scenario.formats.compute)
        note("Multiplied in " + std::string(nameOf(op.arithmetic)) + ", not in " + std::string(nameOf(scenario.formats.compute))
             + (op.op == Op::Router  ? ": routers stay in 16 bits."
                : op.weightBytes > 0 ? ": its weights are stored in a wider format of their own."
                                     : ": scores and states are, unless arithmetic and cache are both fp8."));
    switch (op.op) {
    case Op::AttentionScores:
    case Op::AttentionValues:
        if (kind)
            addReach(scenario.workload, decode, kind->attention, out);
        if (kind && kind->attention.index.heads > 0)
            note("Each query reads its own choice of at most " + formatCount(kind->attention.index.topK)
                 + " tokens; a cached token is read from HBM once, as if all queries that chose it met it on the chip.");
        else if (!decode && options.fusedAttention)
            note("Fused: the causal mask halves the work and nothing of size S × S is moved.");
        if (!decode && scenario.plan.sequence() > 1)
            note("Positions are dealt to the SP ranks so that each has as many pairs (zigzag).");
        break;
    case Op::AttentionSoftmax: note("Scores and probabilities are each written to and read from HBM in bf16; masked pairs too."); break;
    case Op::IndexScores: note("Keys of the index are cached in fp8 with one fp32 scale per 128 values; scores are fp32."); break;
    case Op::StateUpdate:
        note(decode ? "The fp32 state of each sequence is read and written once; it does not grow with the context."
                    : "Prefill works in chunks of " + std::string(kind && kind->attention.linear.kind == LinearKind::Mamba2 ? "256" : "64")
                          + " tokens; the last one is padded. The fp32 state stays on the chip within a piece.");
        break;
    case Op::RingExchange:
        note("Each of " + std::to_string(scenario.plan.sequence() - 1) + " transfers runs beside the attention to one of "
             + std::to_string(scenario.plan.sequence()) + " equal blocks (zigzag).");
        break;
    case Op::ExpertUp:
    case Op::ExpertDown: {
        const double imbalance = compiled.step().routingOf(op.kind).imbalance();
        if (imbalance > 1 + 1e-9)
            note("The hottest EP rank has " + formatNumber(imbalance) + " times the mean load; the others wait for it.");
        if (op.dropped > 0)
            note(formatPercent(op.dropped) + " of all token-expert pairs are dropped at the capacity limit.");
        break;
    }
    case Op::Dispatch:
    case Op::Combine:
        if (op.collective == Collective::AllToAll)
            note("A token goes once to each rank that has any of its experts: "
                 + formatNumber(compiled.step().routingOf(op.kind).destinations()) + " of " + std::to_string(scenario.plan.expert())
                 + " in the mean; bf16 both ways.");
        break;
    case Op::AttentionNorm:
    case Op::MlpNorm:
    case Op::PredictionNorm:
    case Op::FinalNorm:
        if (options.shardedNorms && scenario.plan.tensor() > 1)
            note("Sharded norms: each TP rank works on its share of the rows; an AllGather makes them whole.");
        break;
    default: break;
    }
}

} // namespace

namespace {

/// Why served steps reach another share of the peak than kernels called one after the other, and where that was seen.
std::string farShareNote(const Calibration& calibration, KernelClass kernel, bool less)
{
    std::string text = "This share of the peak is what the TTFT and TPOT of serving points ask for, " + std::string(less ? "less" : "more")
                       + " than the kernels reach alone. ";
    if (less && kernel == KernelClass::Experts)
        text += "It pays for what grows with the tokens and has no operator of its own: sorting and gathering them by expert, quantising "
                "them, experts that are busier than the mean, tiles that few rows do not fill. ";
    const MeasuredRange& input = calibration.ranges.input;
    return text + "The points have prompts of " + formatCount(std::llround(input.least)) + " to " + formatCount(std::llround(input.most))
           + " tokens; how it rises in larger steps was not measured.";
}

/// Seconds of the shorter side that do not hide behind the longer, as the cost model adds them (core/cost/stepconstants.h). Worked out
/// anew: what is left of the time without the other parts is a residue of rounding where nothing spills.
double spillOf(const Scenario& scenario, const OperatorCost& op, bool decode)
{
    const std::optional<KernelUse> use = kernelOf(scenario, op, decode);
    return scenario.calibration && use ? std::min(op.computeTime, op.memoryTime) * scenario.constants().of(use->kernel, use->format).spill
                                       : 0;
}

/// A part of what an operator launches: "launch", or "T × token" with its numbers.
struct OverheadPart {
    std::string symbols;
    std::string numbers;
};

/// Kernels that calibrated mode counts: norms, and what the host does for a step, have constants of their own.
std::vector<OverheadPart> overheadParts(const Scenario& scenario, const OperatorCost& op)
{
    if (!(op.overheadTime > kNothing))
        return {};
    const StepConstants& c = scenario.constants();
    const auto times = [](double count, double each) { return formatNumber(count, 6) + " × " + formatSeconds(each, 4); };
    if (op.op == Op::Embedding) {
        std::vector<OverheadPart> parts;
        if (c.step > kNothing)
            parts.push_back({"step", formatSeconds(c.step, 4)});
        if (c.perToken > kNothing)
            parts.push_back({"T × token", times((op.overheadTime - c.step) / c.perToken, c.perToken)});
        return parts;
    }
    if (op.op == Op::Sampling)
        return {{"b × sequence", times(op.overheadTime / c.perSequence, c.perSequence)}};
    return {{isNorm(op.op) ? "small" : "launch", formatSeconds(op.overheadTime, 4)}};
}

/// The constants of the engine that the formula puts in, each with its evidence.
void addConstants(const Scenario& scenario, const OperatorCost& op, bool decode, Explanation& out)
{
    if (!scenario.calibration)
        return;
    const Calibration& calibration = *scenario.calibration;
    const std::optional<KernelUse> use = kernelOf(scenario, op, decode);
    const Provenance served = servedOrigin(calibration);
    const std::string from = servedText(calibration);
    if (use) {
        const KernelConstants& c = scenario.constants().of(use->kernel, use->format);
        const ConstantEvidence evidence = evidenceOf(calibration, *use);
        const Provenance origin = provenanceOf(evidence.origin);
        const std::string kernel = std::string(nameOf(use->kernel)) + ", " + std::string(nameOf(use->format));
        if (op.computeTime > 0) {
            const double alone = kernelsAlone(calibration, *use).compute;
            const bool far = isFarFrom(c.compute, alone);
            out.inputs.push_back({"η_F", formatPercent(c.compute, 4),
                                  "of the peak" + (far ? " in served steps; the kernels alone " + formatPercent(alone) : std::string())
                                      + "; " + kernel + ": " + evidenceText(evidence),
                                  origin});
            if (far)
                out.notes.push_back(farShareNote(calibration, use->kernel, c.compute < alone));
        }
        const std::string same = op.computeTime > 0 ? "from the same samples as η_F" : kernel + ": " + evidenceText(evidence);
        if (op.memoryTime > 0)
            out.inputs.push_back({"η_BW", formatPercent(c.memory, 4), "of the bandwidth is reached; " + same, origin});
        if (spillOf(scenario, op, decode) > kNothing)
            out.inputs.push_back(
                {"spill", formatPercent(c.spill, 4), "of the shorter side does not hide behind the longer; " + same, origin});
        if (op.overheadTime > kNothing)
            out.inputs.push_back({"launch", formatSeconds(op.overheadTime, 4), "of each kernel; " + from, served});
        return;
    }
    const StepConstants& c = scenario.constants();
    if (!(op.overheadTime > kNothing))
        return;
    if (isNorm(op.op))
        out.inputs.push_back({"small", formatSeconds(op.overheadTime, 4), "small kernels around each norm; " + from, served});
    if (op.op == Op::Embedding) {
        if (c.step > kNothing)
            out.inputs.push_back(
                {"step", formatSeconds(c.step, 4), "each engine step on the host: schedule, launch, sample; " + from, served});
        if (c.perToken > kNothing) {
            out.inputs.push_back(
                {"T", formatNumber((op.overheadTime - c.step) / c.perToken, 6), "tokens of the step on one device", Provenance::Exact});
            out.inputs.push_back({"token", formatSeconds(c.perToken, 4), "on the host, each token that a step works on; " + from, served});
        }
    }
    if (op.op == Op::Sampling) {
        out.inputs.push_back(
            {"b", formatNumber(op.overheadTime / c.perSequence, 6), "sequences of the step on one attention-DP rank", Provenance::Exact});
        out.inputs.push_back({"sequence", formatSeconds(c.perSequence, 4), "on the host, each sequence of a step; " + from, served});
    }
}

/// Where the operator stands under the roofs of HBM and of its links.
void addRoofs(const Scenario& scenario, const Report& report, const Subject& subject, Explanation& out)
{
    for (const RooflineSide side : {RooflineSide::Hbm, RooflineSide::Link}) {
        const Roofline roofline = rooflineOf(scenario, report, side);
        const auto found = std::find_if(roofline.points.begin(), roofline.points.end(),
                                        [&](const RooflinePoint& point) { return point.phase == subject.phase && point.op == subject.op; });
        if (found == roofline.points.end())
            continue;
        const bool hbm = side == RooflineSide::Hbm;
        const double critical = found->peak / found->bandwidth;
        const double distance = found->intensity() / critical;
        std::string text = std::string(hbm ? "Intensity " : "To its links: ") + formatNumber(found->intensity())
                           + (hbm ? " FLOP per byte of HBM" : " FLOP per byte sent") + "; the " + std::string(nameOf(found->format))
                           + " roof begins at " + formatNumber(critical) + ", "
                           + (distance < 1 ? formatNumber(1 / distance) + " times more" : formatNumber(distance) + " times less") + ".";
        const double reached = found->fraction();
        if (reached < 1 - kRoofTolerance)
            text += " It reaches " + formatFlopRate(found->achieved()) + ", " + formatPercent(reached) + " of its roof of "
                    + formatFlopRate(found->roof()) + (hbm ? "." : ", latencies and the operator's own time included.");
        else if (hbm && !aboveRoof(*found))
            text += " It lies on its roof, " + formatFlopRate(found->roof()) + ".";
        out.notes.push_back(text);
        if (aboveRoof(*found))
            out.notes.push_back("This is above the roof, which nothing can be: an error of this program or of the figures it was given.");
    }
}

/// The share of peak and bandwidth that the operator's kernel reaches, as factors of a formula; roofline mode reaches both, and so do
/// kernels without constants of their own.
struct Reached {
    bool counts = false;
    std::string compute;
    std::string memory;
};

Reached reachedBy(const Scenario& scenario, const OperatorCost& op, bool decode)
{
    const std::optional<KernelUse> use = kernelOf(scenario, op, decode);
    if (!scenario.calibration || !use)
        return {};
    const KernelConstants& c = scenario.constants().of(use->kernel, use->format);
    return {true, " × " + formatPercent(c.compute, 4), " × " + formatPercent(c.memory, 4)};
}

/// The two sides of the roofline, a star before the longer; one where the other is nothing.
struct Sides {
    std::string symbols;
    std::string numbers;
    std::string seconds;
    bool both = false;
};

Sides sidesOf(const Scenario& scenario, const OperatorCost& op, bool decode, double peak)
{
    const double bytes = op.weightBytes + op.activationBytes + op.kvBytes;
    const Reached reached = reachedBy(scenario, op, decode);
    const auto over = [](const std::string& amount, const std::string& rate, const std::string& share) {
        return amount + " / " + (share.empty() ? rate : "(" + rate + share + ")");
    };
    const std::string compute = over(formatFlop(op.flop, 4), formatFlopRate(peak), reached.compute);
    const std::string memory = over(exactBytes(bytes), formatBandwidth(scenario.cluster->accelerator.memoryBandwidth), reached.memory);
    const char* const flopSymbols = reached.counts ? "FLOP/(F η_F)" : "FLOP/F";
    const char* const byteSymbols = reached.counts ? "bytes/(BW η_BW)" : "bytes/BW";
    if (!(op.computeTime > 0))
        return {byteSymbols, memory, formatSeconds(op.memoryTime, 4), false};
    if (!(op.memoryTime > 0))
        return {flopSymbols, compute, formatSeconds(op.computeTime, 4), false};
    const bool longer = op.computeTime >= op.memoryTime;
    const auto branches = [longer](const std::string& flop, const std::string& hbm) {
        return "max(" + std::string(longer ? "*" : "") + flop + ", " + (longer ? "" : "*") + hbm + ")";
    };
    return {branches(flopSymbols, byteSymbols), branches(compute, memory),
            branches(formatSeconds(op.computeTime, 4), formatSeconds(op.memoryTime, 4)), true};
}

/// Symbols, then the same with numbers: the collective, the roofline with a star before the longer side, what adds to it.
void addFormula(const Scenario& scenario, const OperatorCost& op, const std::optional<OperatorCollective>& net, bool decode, double peak,
                Explanation& out)
{
    const bool alone = op.weightBytes + op.activationBytes + op.kvBytes <= 0 && op.flop <= 0;
    if (alone && net) {
        addCollectiveFormula(net->collective, net->arithmetic, "t", net->hidden, out);
        return;
    }
    if (alone)
        return;
    std::string symbols;
    std::string numbers;
    const auto add = [&](const std::string& symbol, const std::string& number) {
        symbols += " + " + symbol;
        numbers += " + " + number;
    };
    if (net) {
        addCollectiveFormula(net->collective, net->arithmetic, "t_net", net->hidden, out);
        out.formula.push_back({"", formatSeconds(op.exposedTime(), 4), "", false});
    }
    const Sides sides = sidesOf(scenario, op, decode, peak);
    if (spillOf(scenario, op, decode) > kNothing)
        add("spill × t_short", formatPercent(spillOf(scenario, op, decode) / std::min(op.computeTime, op.memoryTime), 4) + " × "
                                   + formatSeconds(std::min(op.computeTime, op.memoryTime), 4));
    for (const OverheadPart& part : overheadParts(scenario, op))
        add(part.symbols, part.numbers);
    if (net)
        add("t_net", formatSeconds(op.exposedTime(), 4));
    if (scenario.calibration)
        out.formulaId = "operator.calibrated";
    if (spillOf(scenario, op, decode) <= kNothing) { // one sum says it all
        out.formula.push_back({"t", sides.symbols + symbols, "", false});
        out.formula.push_back({"", sides.numbers + numbers, "", false});
        if (sides.both || !numbers.empty())
            out.formula.push_back({"", sides.seconds + numbers, "", false});
        return;
    }
    out.formula.push_back({"t_long", sides.symbols, "", false});
    out.formula.push_back({"", sides.numbers, "", false});
    out.formula.push_back({"", sides.seconds, "", false});
    out.formula.push_back({"t", "t_long" + symbols, "", false});
    out.formula.push_back({"", formatSeconds(std::max(op.computeTime, op.memoryTime), 4) + numbers, "", false});
}

/// Bars of what is compared, and of what is added.
void addSides(const Scenario& scenario, const OperatorCost& op, bool decode, Explanation& out)
{
    const bool compared = op.computeTime > 0 && op.memoryTime > 0;
    const bool added = op.communicationTime > 0 || op.overheadTime > kNothing;
    out.alternativesTitle = !compared ? std::string("What adds up")
                            : added   ? std::string("The longer of compute and HBM counts; the others are added")
                                      : std::string("The longer side sets the time");
    if (op.computeTime > 0)
        out.alternatives.push_back({"Compute side", formatSeconds(op.computeTime), op.computeTime, Cause::Compute});
    if (op.memoryTime > 0)
        out.alternatives.push_back(
            {"HBM side", formatSeconds(op.memoryTime), op.memoryTime, op.kvBytes > op.weightBytes ? Cause::Kv : Cause::Weights});
    if (spillOf(scenario, op, decode) > kNothing)
        out.alternatives.push_back(
            {"Spill of the shorter, added", formatSeconds(spillOf(scenario, op, decode)), spillOf(scenario, op, decode), Cause::Compute});
    if (op.communicationTime > 0)
        out.alternatives.push_back(
            {std::string(nameOf(op.collective)) + ", added", formatSeconds(op.exposedTime()), op.exposedTime(), Cause::Communication});
    if (op.overheadTime > kNothing)
        out.alternatives.push_back({"Launch and host, added", formatSeconds(op.overheadTime), op.overheadTime, Cause::Overhead});
}

} // namespace

Explanation explainOperator(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    Explanation out;
    out.formulaId = "operator.roofline";
    const OperatorCost* shown = operatorAt(phase, subject.op);
    if (!shown) {
        out.title = "Operator";
        return out;
    }
    const OperatorCost& op = *shown;
    const bool draft = isDraftOperator(phase, subject.op);
    const Accelerator& a = scenario.cluster->accelerator;
    const double peak = a.peakOf(op.arithmetic);
    const bool decode = subject.phase == Phase::Decode;
    const CompiledOperator compiled(scenario, decode, op);
    const double bytes = op.weightBytes + op.activationBytes + op.kvBytes;
    out.title = std::string(nameOf(op.op));
    out.subtitle = std::string(nameOf(subject.phase)) + (draft ? ", one draft step" : "") + ", one microbatch, one device"
                   + (op.kind < 0                        ? ""
                      : scenario.model->kinds.size() > 1 ? ", one " + kindLayer(*scenario.model, op.kind, "layer")
                                                         : ", one layer");
    setFigure(out, formatSeconds(op.time));
    out.unit += op.stageLayers > 1 ? " × " + std::to_string(op.stageLayers) + " layers" : "";
    out.shareFraction = draft ? op.time / phase.predictionTime : shareOf(phase, subject.phase, op);
    out.share =
        formatPercent(out.shareFraction) + " of " + (draft ? std::string("a draft step") : std::string(figureNameOf(subject.phase)));
    out.cause = op.bound == Bound::Network    ? Cause::Communication
                : op.bound == Bound::Compute  ? Cause::Compute
                : op.kvBytes > op.weightBytes ? Cause::Kv
                                              : Cause::Weights;
    std::optional<OperatorCollective> net;
    if (std::optional<PlanCollective> own = planCollective(compiled.step(), subject.phase, op, subject.op)) {
        net = OperatorCollective{*std::move(own), {}, std::max(0.0, op.communicationTime - op.exposedTime())};
        net->hidden = net->hidden > 1e-9 * op.communicationTime ? net->hidden : 0;
        net->arithmetic = arithmeticOf(compiled.step(), net->collective);
    }
    addFormula(scenario, op, net, decode, peak, out);
    out.formula.push_back({"", formatSeconds(op.time, 4), "", true});
    if (bytes > 0) {
        out.inputs.push_back({"shape", shapeText(op.local), "on this device; whole: " + shapeText(op.global), Provenance::Exact});
        const std::string work = flopText(op, compiled);
        if (op.flop > 0)
            out.inputs.push_back({"FLOP", formatFlop(op.flop, 4), work.empty() ? "on this device" : work, Provenance::Exact});
        out.inputs.push_back({"bytes", exactBytes(bytes), "weights, KV and activations", Provenance::Exact});
        addBytes(scenario, op, compiled, out);
        if (op.flop > 0)
            out.inputs.push_back({"F", formatFlopRate(peak), a.name + ", dense " + std::string(nameOf(op.arithmetic)),
                                  Provenance::DataSheet, a.source.text});
        out.inputs.push_back(bandwidthInput(scenario));
        addConstants(scenario, op, decode, out);
        addSides(scenario, op, decode, out);
    }
    if (net)
        addCollective(scenario, decode, op, compiled, *net, out);
    if (op.kind >= 0 && scenario.model->kinds.size() > 1)
        out.notes.push_back(kindText(*scenario.model, op.kind) + ".");
    addAssumptions(scenario, decode, op, compiled, out);
    const OperatorSharding sharding = shardingOf(op, scenario.plan);
    out.notes.push_back(print(sharding));
    out.notes.push_back(legend(sharding) + ".");
    addRoofs(scenario, report, subject, out);
    return out;
}

} // namespace shardlens
