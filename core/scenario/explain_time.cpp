// SPDX-License-Identifier: Apache-2.0
// The arithmetic of TTFT, TPOT and of each cause of time: down to the operators that make them up.
#include "core/scenario/constantrows.h"

#include "core/scenario/catalog.h"
#include "core/scenario/comparedpoints.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/serve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace shardlens {

namespace {

constexpr std::size_t kShownOperators = 9;

Cause largestCause(const Breakdown& breakdown)
{
    const auto largest = std::max_element(breakdown.seconds.begin(), breakdown.seconds.end());
    return static_cast<Cause>(largest - breakdown.seconds.begin());
}

/// The largest bars, the rest as one.
void keepLargest(Explanation& out)
{
    std::stable_sort(out.alternatives.begin(), out.alternatives.end(),
                     [](const Explanation::Alternative& a, const Explanation::Alternative& b) { return a.amount > b.amount; });
    if (out.alternatives.size() <= kShownOperators)
        return;
    double rest = 0;
    const std::size_t others = out.alternatives.size() - (kShownOperators - 1);
    for (std::size_t i = kShownOperators - 1; i < out.alternatives.size(); ++i)
        rest += out.alternatives[i].amount;
    out.alternatives.resize(kShownOperators - 1);
    out.alternatives.push_back({std::to_string(others) + " smaller operators", formatSeconds(rest), rest, Cause::Compute});
}

/// An operator of the heaviest piece on the busiest stage; kinds of layer that run the same operator share one.
struct Bar {
    Op op = Op::Embedding;
    int index = 0; ///< of the first kind's
    int runs = 0;
    double each = 0;
    bool alike = true; ///< every run takes `each`
    double sum = 0;
    Breakdown breakdown;
    [[nodiscard]] std::string value(int digits) const { return alike ? timesText(each, runs, digits) : formatSeconds(sum, digits); }
};

template <class Seconds>
std::vector<Bar> barsOf(const PhaseReport& phase, const Seconds& secondsOf)
{
    std::vector<Bar> bars;
    for (std::size_t i = 0; i < phase.operators.size(); ++i) {
        const OperatorCost& op = phase.operators[i];
        const int runs = phase.runsOnBusiest(op);
        const double seconds = secondsOf(op);
        if (runs == 0 || seconds <= 0)
            continue;
        auto bar = std::find_if(bars.begin(), bars.end(), [&op](const Bar& each) { return each.op == op.op; });
        if (bar == bars.end())
            bar = bars.insert(bars.end(), {op.op, static_cast<int>(i), 0, seconds, true, 0, {}});
        bar->alike = bar->alike && std::abs(bar->each - seconds) <= 1e-9 * seconds;
        bar->runs += runs;
        bar->sum += seconds * runs;
        bar->breakdown += op.breakdown.scaled(runs);
    }
    std::stable_sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) { return a.sum > b.sum; });
    return bars;
}

void addBars(Explanation& out, Phase which, const std::vector<Bar>& bars)
{
    for (const Bar& bar : bars)
        out.alternatives.push_back(
            {std::string(nameOf(bar.op)), bar.value(3), bar.sum, largestCause(bar.breakdown), -1, operatorSubject(which, bar.index)});
    keepLargest(out);
}

/// "t_op = max(FLOP/F, bytes/BW) + t_net", as far as the operators of the phase have these.
void addOperatorLine(const Scenario& scenario, const PhaseReport& phase, Explanation& out)
{
    const bool sends = std::any_of(phase.operators.begin(), phase.operators.end(),
                                   [&phase](const OperatorCost& op) { return phase.runsOnBusiest(op) > 0 && op.exposedTime() > 0; });
    out.formula.push_back(
        {"t_op",
         std::string(scenario.calibration ? "max(FLOP/(F η), bytes/(BW η)) + t_spill + t_overhead" : "max(FLOP/F, bytes/BW)")
             + (sends ? " + t_net" : ""),
         "", false});
}

/// Every operator, and their sum as lines of the formula; returns it.
double addOperators(const Scenario& scenario, const PhaseReport& phase, Phase which, Explanation& out)
{
    const std::vector<Bar> bars = barsOf(phase, [](const OperatorCost& op) { return op.time; });
    out.alternativesTitle = "Its heaviest piece, operator by operator";
    addBars(out, which, bars);
    addOperatorLine(scenario, phase, out);
    out.formula.push_back({"t_stage", "Σ_{operators} layers × t_op", "", false});
    double sum = 0;
    for (const Bar& bar : bars)
        sum += bar.sum;
    std::string put; // the largest with their numbers
    double rest = sum;
    for (std::size_t i = 0; i < std::min(bars.size(), kTermsPut); ++i) {
        const std::string name(nameOf(bars[i].op));
        put += (i == 0 ? "" : " + ") + bars[i].value(4) + "_{" + name + "}";
        out.links.push_back({name, operatorSubject(which, bars[i].index)});
        rest -= bars[i].sum;
    }
    if (bars.size() > kTermsPut)
        put += " + " + formatSeconds(rest, 4) + "_{" + std::to_string(bars.size() - kTermsPut) + " others}";
    if (!put.empty())
        out.formula.push_back({"", put, "", false});
    out.formula.push_back({"", formatSeconds(sum, 4), "", false});
    return sum;
}

/// Pieces, what the stage waits for sends, and its bubble, up to the phase's time.
void addPieces(const PhaseReport& phase, Phase which, const std::string& left, int pieces, double stage, Explanation& out)
{
    const double sends = phase.exposedSend();
    const double bubble = phase.breakdown[Cause::Bubble];
    const double work = phase.breakdown.total() - bubble - sends;
    // Pieces may be uneven, of which the stage's time is the heaviest one's.
    const bool even = std::abs(work - pieces * stage) <= 1e-6 * work;
    std::string symbols = even ? "m × t_stage" : "Σ_{pieces}^{m} t_piece";
    std::string numbers = even ? timesText(stage, pieces, 4) : formatSeconds(work, 4);
    const auto add = [&](const char* symbol, double seconds) {
        symbols += std::string(" + ") + symbol;
        numbers += " + " + formatSeconds(seconds, 4);
    };
    if (sends > 0)
        add("t_send", sends);
    if (phase.timeline.stages > 1)
        add("t_bubble", bubble);
    out.formula.push_back({left, symbols, "", false});
    if (numbers != formatSeconds(phase.time, 4)) // which is the last line
        out.formula.push_back({"", numbers, "", false});
    out.inputs.push_back({"m", std::to_string(pieces),
                          which == Phase::Prefill ? "pieces: microbatches × chunks" : "decode microbatches per round", Provenance::Exact});
    if (!even)
        out.notes.push_back("Its pieces are uneven: t_stage is of the heaviest, and a piece takes " + formatSeconds(work / pieces, 4)
                            + " in the mean.");
}

/// What each operator of that piece adds to one cause.
void addOperatorsOf(Explanation& out, const PhaseReport& phase, Phase which, Cause cause)
{
    addBars(out, which, barsOf(phase, [cause](const OperatorCost& op) { return op.breakdown[cause]; }));
    for (Explanation::Alternative& bar : out.alternatives)
        bar.cause = cause;
    out.alternativesTitle = "Of the heaviest piece on the busiest stage";
}

/// What each kernel reaches, and what it costs beside its work: with evidence, by operator of the busiest stage.
void addKernels(const Scenario& scenario, const PhaseReport& phase, Phase which, Cause cause, Explanation& out)
{
    std::vector<KernelUse> shown;
    for (const OperatorCost& op : phase.operators) {
        const std::optional<KernelUse> kernel = kernelOf(scenario, op, which == Phase::Decode);
        if (!kernel || op.breakdown[cause] <= 0 || std::find(shown.begin(), shown.end(), *kernel) != shown.end())
            continue;
        shown.push_back(*kernel);
        const KernelConstants& c = scenario.constants().of(kernel->kernel, kernel->format);
        const ConstantEvidence evidence = evidenceOf(*scenario.calibration, *kernel);
        const std::string name = std::string(nameOf(kernel->kernel)) + ", " + std::string(nameOf(kernel->format));
        const std::string value = cause == Cause::Overhead  ? "launch " + formatSeconds(c.launch)
                                  : cause == Cause::Compute ? formatPercent(c.compute) + " of peak"
                                                            : formatPercent(c.memory) + " of HBM";
        out.inputs.push_back(
            {"η" + std::to_string(shown.size()), value,
             name + ": " + evidenceText(evidence) + (cause == Cause::Compute ? aloneText(*scenario.calibration, *kernel) : std::string()),
             provenanceOf(evidence.origin)});
    }
}

/// A cause of time under an engine's constants: its sum, and what every kernel in it reaches.
void explainCalibratedCause(const Scenario& scenario, const PhaseReport& phase, Phase which, Cause cause, double seconds, Explanation& out)
{
    const Calibration& calibration = *scenario.calibration;
    const bool overhead = cause == Cause::Overhead;
    const bool compute = cause == Cause::Compute;
    out.formula = {{"t",
                    overhead  ? "Σ_{kernels} launches + host"
                    : compute ? "Σ_{kernels} FLOP / (F × η)"
                              : "Σ_{kernels} bytes / (BW × η)",
                    "", false},
                   {"", formatSeconds(seconds, 4), "", true}};
    if (!overhead) {
        out.inputs.push_back(compute ? peakInput(scenario) : bandwidthInput(scenario));
        out.notes.push_back("With what spills: the share of the shorter side that does not hide behind the longer.");
    } else {
        const StepConstants& c = calibration.constants.step;
        const Provenance origin = calibration.points > 0 ? Provenance::Fitted : Provenance::Default;
        const std::string from = calibration.points > 0
                                     ? std::string(nameOf(calibration.engine)) + ", " + formatCount(calibration.points) + " serving points"
                                     : "no serving point of this engine here: assumed";
        out.inputs.push_back({"step", formatSeconds(c.step), "each engine step on the host: schedule, launch, sample; " + from, origin});
        out.inputs.push_back({"sequence", formatSeconds(c.perSequence), "each sequence of a step; " + from, origin});
        out.inputs.push_back({"token", formatSeconds(c.perToken), "each token that a step works on; " + from, origin});
        out.inputs.push_back({"small", formatSeconds(c.elementwise), "small kernels around each norm; " + from, origin});
    }
    addKernels(scenario, phase, which, cause, out);
}

} // namespace

namespace {

/// The shipped measured points; what is predicted for them does not matter here, so the fast way.
const ComparedPoints& shippedPoints()
{
    static const ComparedPoints points = [] {
        const Result<MeasuredPoints> read = readPoints(std::string(builtinPoints()), "points.csv");
        const Catalog& catalog = builtinCatalog();
        return comparePoints(read.ok() ? read.value() : MeasuredPoints{}, catalog, [&catalog](const ResolvedPoint& point) {
            PointConstants constants = pointConstants(catalog.calibration, point);
            constants.fidelity = Fidelity::Analytic;
            return constants;
        });
    }();
    return points;
}

/// What was measured nearest to the scenario, with how far that is in its inputs.
void addNearest(const Scenario& scenario, const Report& report, PointFigure figure, Explanation& out)
{
    constexpr std::size_t kShown = 3;
    if (!scenario.calibration)
        return;
    const std::vector<ComparedPoint>& points = shippedPoints().points;
    const std::vector<NearPoint> nearest = nearestPoints(pointInputs(scenario, report), points, figure, kShown);
    for (const NearPoint& near : nearest) {
        const ComparedPoint& p = points[near.index];
        out.notes.push_back((near.isFar() ? "Measured nearest, but far: " : "Measured near: ") + p.modelName + " with "
                            + std::string(nameOf(p.inputs.engine)) + " on " + formatCount(p.inputs.devices) + " " + p.acceleratorName + ", "
                            + formatCount(std::llround(p.inputs.input)) + " in, " + formatCount(std::llround(p.inputs.output)) + " out, "
                            + formatCount(std::llround(p.inputs.concurrency)) + " in flight, " + formatNumber(p.inputs.weightBits, 2)
                            + "-bit weights: " + formatSeconds(p.measured[static_cast<std::size_t>(figure)]) + "; distance "
                            + formatNumber(near.distance, 2) + " (doublings of inputs; 4 for another accelerator, 2 engine, 1 model).");
    }
}

} // namespace

Explanation explainTime(const Scenario& scenario, const Report& report, Phase which)
{
    const PhaseReport& phase = phaseOf(report, which);
    const bool prefill = which == Phase::Prefill;
    Explanation out;
    out.formulaId = prefill ? "time.ttft" : "time.tpot";
    const bool loaded = scenario.serving.load.kind != LoadKind::StaticBatch; // the service's figure is another one
    out.title = loaded ? (prefill ? "Prefill of one static batch" : "Decode step of one static batch")
                       : (prefill ? "Time to first token" : "Time per output token");
    const Workload& work = scenario.workload;
    const int stages = phase.timeline.stages;
    const int pieces = piecesOf(phase, which);
    out.subtitle = prefill ? "the whole batch of " + formatCount(work.batch) + " prompts of " + formatCount(work.input) + " tokens"
                           : "batch " + formatCount(work.batch) + " per replica at a mean context of " + formatCount(work.meanContext());
    setFigure(out, formatSeconds(phase.time));
    out.cause = Cause::Compute;
    double busiest = 0;
    for (std::size_t i = 0; i < kCauseCount; ++i)
        if (phase.breakdown.seconds[i] > busiest) {
            busiest = phase.breakdown.seconds[i];
            out.cause = static_cast<Cause>(i);
        }
    const std::string name(figureNameOf(which));
    const std::string left = loaded ? "T" : name;
    const double stage = addOperators(scenario, phase, which, out);
    addPieces(phase, which, left, pieces, stage, out);
    out.formula.push_back({"", formatSeconds(phase.time, 4), "", true});
    if (stages > 1)
        out.inputs.push_back(
            {"p", std::to_string(stages), "stages; the busiest is stage " + std::to_string(phase.busiestStage), Provenance::Exact});
    out.inputs.push_back(bandwidthInput(scenario));
    out.inputs.push_back(peakInput(scenario));
    if (scenario.calibration)
        out.inputs.push_back({"η", "by kernel",
                              std::string(nameOf(scenario.calibration->engine)) + " on " + scenario.cluster->accelerator.name
                                  + ": shares of peak and bandwidth by kernel, overheads; click an operator",
                              scenario.calibration->points > 0 ? Provenance::Fitted : Provenance::Borrowed});
    else
        out.notes.push_back("Roofline mode: peaks are reached, nothing is launched.");
    if (stages > 1)
        out.notes.push_back(prefill ? "Stages idle " + formatPercent(phase.timeline.idleFraction)
                                          + " of the prefill; for equal stages and free sends "
                                          + (phase.timeline.visits > 1 ? "(p − 1)/(v m + p − 1) = " : "(p − 1)/(m + p − 1) = ")
                                          + formatPercent(prefillBubble(stages, pieces, phase.timeline.visits)) + "."
                                    : "Stages idle " + formatPercent(phase.timeline.idleFraction)
                                          + " of a round; for equal stages and free sends max(0, 1 − m/p) = "
                                          + formatPercent(decodeIdle(stages, pieces)) + ".");
    if (stages > 1 && phase.timeline.visits > 1)
        out.inputs.push_back(
            {"v", std::to_string(phase.timeline.visits), "visits of each piece to each stage (virtual stages)", Provenance::Exact});
    if (stages > 1 && phase.timeline.critical.length > 0)
        out.notes.push_back("Critical path: " + formatSeconds(phase.timeline.critical.work()) + " of work on stages and "
                            + formatSeconds(phase.timeline.critical.send) + " of sends follow each other without a gap.");
    if (loaded) {
        const ServiceFigures& service = report.serving.service;
        const Percentiles& p = prefill ? service.ttft : service.tpot;
        if (service.status == ServiceStatus::Served && !servedByPools(scenario)) {
            const Provenance origin = !scenario.calibration              ? Provenance::Exact
                                      : scenario.calibration->points > 0 ? Provenance::Fitted
                                                                         : Provenance::Borrowed;
            const Undisturbed alone = undisturbedOf(scenario, report);
            const double own = prefill ? alone.prompt : alone.token;
            out.inputs.push_back({name, formatSeconds(p.mean, 4),
                                  std::string("under the load, mean") + (service.simulated ? ", simulated" : ", analytic"), origin});
            out.inputs.push_back({"alone", formatSeconds(own, 4),
                                  prefill ? "of it: a mean prompt alone on a replica"
                                          : "of it: a step of the load's " + formatNumber(alone.sequences) + " sequences without prompts",
                                  origin});
            if (p.mean > own)
                out.inputs.push_back({"others", formatSeconds(p.mean - own, 4),
                                      prefill ? "of it: waiting for admission and the scheduler, prompts and decode steps of other requests"
                                              : "of it: prompts in the same steps or between them, waits between steps",
                                      origin});
        }
        const std::string measured = measuredText(scenario, service);
        if (service.status == ServiceStatus::Served)
            out.notes.push_back(
                "This is one batch alone, not under load. Under the load " + name + " is " + formatSeconds(p.mean) + " in the mean, P50 "
                + formatSeconds(p.p50) + ", P90 " + formatSeconds(p.p90) + ", P99 " + formatSeconds(p.p99)
                + (service.simulated ? " (simulated): " : " (analytic): ") + formatNumber(service.meanBatch) + " sequences decode at once, "
                + formatNumber(service.meanWaiting) + " wait. "
                + (prefill ? "It counts the wait for admission and the prompt of one request, beside others that decode."
                           : "To a step alone it adds prompts that are prefilled in the same steps or between them, and it has "
                             "the batches and contexts that the load makes.")
                + (measured.empty() ? "" : " Of which requests: " + measured + "."));
        else
            out.notes.push_back("This is one batch alone; what the load does is in the strip at the top.");
    }
    if (prefill)
        out.notes.push_back("A batch that arrives together: the last sequence's first token.");
    else
        out.notes.push_back(
            scenario.calibration
                ? "Steady state of a static batch, without prefill in between; the host's share of a step is counted."
                : "Steady state of a static batch. Schedulers, prefill in between and sampling on the host are not counted.");
    addNearest(scenario, report, prefill ? PointFigure::Ttft : PointFigure::Tpot, out);
    return out;
}

Explanation explainCause(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const auto cause = static_cast<Cause>(std::clamp(subject.cause, 0, static_cast<int>(kCauseCount) - 1));
    const int stage = subject.stage >= 0 && subject.stage < phase.timeline.stages ? subject.stage : phase.busiestStage;
    const std::array<std::string_view, kCauseCount> titles{readsNameOf(scenario), "KV cache reads", "Compute",
                                                           "Communication",       "Bubble",         "Overhead"};
    Explanation out;
    out.title = titles[static_cast<std::size_t>(cause)];
    out.cause = cause;
    out.formulaId = "time.cause." + std::string(nameOf(cause));
    out.subtitle = std::string(nameOf(subject.phase)) + ", " + stageWords(report, stage);
    double seconds = phase.breakdown[cause];
    if (stage != phase.busiestStage && cause != Cause::Bubble) {
        seconds = 0;
        for (int c = 0; c < phase.costClasses; ++c)
            seconds += static_cast<double>(phase.piecesOf(c)) * phase.costOf(stage, c).breakdown[cause];
    }
    setFigure(out, formatSeconds(seconds));
    out.unit += subject.phase == Phase::Prefill ? " per prefill" : " per step";
    out.shareFraction = phase.time > 0 ? seconds / phase.time : 0;
    out.share = formatPercent(out.shareFraction) + " of " + std::string(figureNameOf(subject.phase));
    const Accelerator& accelerator = scenario.cluster->accelerator;
    if (scenario.calibration && cause != Cause::Bubble && cause != Cause::Communication) {
        explainCalibratedCause(scenario, phase, subject.phase, cause, seconds, out);
        addOperatorsOf(out, phase, subject.phase, cause);
        return out;
    }
    switch (cause) {
    case Cause::Weights:
    case Cause::Kv:
        out.formula = {
            {"t", "bytes", "BW × η", false},
            {"", exactBytes(seconds * accelerator.memoryBandwidth), formatBandwidth(accelerator.memoryBandwidth) + " × 1", false},
            {"", formatSeconds(seconds, 4), "", true}};
        out.inputs.push_back({"bytes", formatBytes(seconds * accelerator.memoryBandwidth, 4),
                              cause == Cause::Weights
                                  ? "read by operators that HBM binds, their activations included"
                                  : "cache of " + formatCount(scenario.workload.batch) + " sequences, this device's heads and layers",
                              Provenance::Exact});
        out.inputs.push_back(bandwidthInput(scenario));
        break;
    case Cause::Compute:
        out.formula = {{"t", "FLOP", "F × η", false},
                       {"", formatFlop(seconds * accelerator.peakOf(scenario.formats.compute), 4),
                        formatFlopRate(accelerator.peakOf(scenario.formats.compute)) + " × 1", false},
                       {"", formatSeconds(seconds, 4), "", true}};
        out.inputs.push_back(peakInput(scenario));
        out.notes.push_back("Norms and other operators that move only activations are booked here; they are bound by HBM.");
        break;
    case Cause::Communication: addCommunication(scenario, report, subject.phase, stage, seconds, out); return out;
    case Cause::Bubble:
        out.formula = {{"t", "T − Σ_{pieces} t_stage", "", false},
                       {"", formatSeconds(phase.time, 4) + " − " + formatSeconds(phase.time - seconds, 4), "", false},
                       {"", formatSeconds(seconds, 4), "", true}};
        out.notes.push_back("The busiest stage waits for its first piece, for tokens to come back, and after its last piece.");
        break;
    case Cause::Overhead: out.notes.push_back("Roofline mode has no overheads: nothing is launched or scheduled."); break;
    }
    addOperatorsOf(out, phase, subject.phase, cause);
    if (out.alternatives.empty()) {
        out.alternativesTitle = "Beside it";
        addCauses(scenario, out, phase.breakdown);
    }
    return out;
}

} // namespace shardlens
