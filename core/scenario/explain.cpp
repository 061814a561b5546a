// SPDX-License-Identifier: Apache-2.0
// Explanations of times: TTFT and TPOT, a cause, a piece on a stage.
#include "core/scenario/explain.h"

#include "core/scenario/explain_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

std::string_view nameOf(Phase phase)
{
    return phase == Phase::Prefill ? "prefill" : "decode";
}

std::string_view nameOf(Provenance provenance)
{
    switch (provenance) {
    case Provenance::Exact: return "exact";
    case Provenance::DataSheet: return "data sheet";
    case Provenance::Fitted: return "fitted";
    case Provenance::Borrowed: return "borrowed";
    case Provenance::Default: return "default";
    }
    return "";
}

void setFigure(Explanation& out, const std::string& figureWithUnit)
{
    const std::size_t space = figureWithUnit.find(' ');
    out.value = figureWithUnit.substr(0, space);
    out.unit = space == std::string::npos ? std::string() : figureWithUnit.substr(space + 1);
}

std::string exactBytes(double bytes)
{
    return formatCount(std::llround(bytes)) + " B";
}

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

std::string_view figureNameOf(Phase phase)
{
    return phase == Phase::Prefill ? "TTFT" : "TPOT";
}

Explanation::Input bandwidthInput(const Scenario& scenario)
{
    const Accelerator& a = scenario.cluster->accelerator;
    return {"BW", formatBandwidth(a.memoryBandwidth), a.name + ", HBM, peak", Provenance::DataSheet};
}

Explanation::Input peakInput(const Scenario& scenario)
{
    const Accelerator& a = scenario.cluster->accelerator;
    return {"F", formatFlopRate(a.peakOf(scenario.formats.compute)), a.name + ", dense " + std::string(nameOf(scenario.formats.compute)),
            Provenance::DataSheet};
}

void addCauses(Explanation& out, const Breakdown& breakdown)
{
    static constexpr std::array names{"Weight reads", "KV reads", "Compute", "Communication", "Bubble", "Overhead"};
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const double seconds = breakdown.seconds[i];
        if (seconds > 0)
            out.alternatives.push_back({names[i], formatSeconds(seconds), seconds, static_cast<Cause>(i)});
    }
}

namespace {

std::string stageWords(const Report& report, int stage)
{
    const auto stages = report.memory.stages.size();
    return stages > 1 ? "stage " + std::to_string(stage) + " of " + std::to_string(stages) : std::string("every device");
}

/// Pieces that pass a stage in one prefill or one decode round.
int piecesOf(const PhaseReport& phase, Phase which)
{
    return phase.timeline.microbatches * (which == Phase::Prefill ? phase.timeline.steps : 1);
}

Explanation explainTime(const Scenario& scenario, const Report& report, Phase which)
{
    const PhaseReport& phase = phaseOf(report, which);
    const bool prefill = which == Phase::Prefill;
    Explanation out;
    out.formulaId = prefill ? "time.ttft" : "time.tpot";
    out.title = prefill ? "Time to first token" : "Time per output token";
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
    const double work1 = phase.breakdown.total() - phase.breakdown[Cause::Bubble];
    const std::string name(figureNameOf(which));
    if (stages == 1) {
        out.formula.push_back({name, "m × (Σ layers × t_op + t_head)", "", false});
        out.formula.push_back({"", std::to_string(pieces) + " × " + formatSeconds(work1 / pieces, 4), "", false});
    } else {
        out.formula.push_back({name, "Σ pieces t_stage + t_bubble", "", false});
        out.formula.push_back({"", formatSeconds(work1, 4) + " + " + formatSeconds(phase.breakdown[Cause::Bubble], 4), "", false});
    }
    out.formula.push_back({"", formatSeconds(phase.time, 4), "", true});
    out.inputs.push_back(
        {"m", std::to_string(pieces), prefill ? "pieces: microbatches × chunks" : "decode microbatches per round", Provenance::Exact});
    if (stages > 1)
        out.inputs.push_back(
            {"p", std::to_string(stages), "stages; the busiest is stage " + std::to_string(phase.busiestStage), Provenance::Exact});
    out.inputs.push_back(bandwidthInput(scenario));
    out.inputs.push_back(peakInput(scenario));
    out.inputs.push_back({"η", "1", "roofline mode: peaks are reached, nothing is launched", Provenance::Default});
    out.alternativesTitle = "Where it goes, busiest stage";
    addCauses(out, phase.breakdown);
    if (stages > 1)
        out.notes.push_back(prefill ? "Stages idle " + formatPercent(phase.timeline.idleFraction)
                                          + " of the prefill; for equal stages and free sends (p − 1)/(m + p − 1) = "
                                          + formatPercent(prefillBubble(stages, pieces)) + "."
                                    : "Stages idle " + formatPercent(phase.timeline.idleFraction)
                                          + " of a round; for equal stages and free sends max(0, 1 − m/p) = "
                                          + formatPercent(decodeIdle(stages, pieces)) + ".");
    if (prefill)
        out.notes.push_back("A batch that arrives together: the last sequence's first token.");
    else
        out.notes.push_back("Steady state of a static batch. Schedulers, prefill in between and sampling on the host are not counted.");
    return out;
}

Explanation explainCause(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const auto cause = static_cast<Cause>(std::clamp(subject.cause, 0, static_cast<int>(kCauseCount) - 1));
    const int stage = subject.stage >= 0 && subject.stage < phase.timeline.stages ? subject.stage : phase.busiestStage;
    static constexpr std::array titles{"Weight reads", "KV cache reads", "Compute", "Communication", "Bubble", "Overhead"};
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
    case Cause::Communication: {
        out.formula = {{"t", "Σ (steps × α + bytes / β)", "", false}, {"", formatSeconds(seconds, 4), "", true}};
        for (const OperatorCost& op : phase.operators)
            if (op.communicationTime > 0)
                out.alternatives.push_back({std::string(nameOf(op.op)) + ": " + std::string(nameOf(op.collective)),
                                            formatSeconds(op.communicationTime) + " × " + std::to_string(op.stageLayers),
                                            op.communicationTime * op.stageLayers, Cause::Communication});
        out.alternativesTitle = "Collectives of one piece";
        for (const FabricLevel& level : scenario.cluster->levels)
            if (level.units() > 1) {
                out.inputs.push_back({"β", formatBandwidth(level.bandwidth), level.name + ", one way, per device", Provenance::DataSheet});
                out.inputs.push_back({"α", formatSeconds(level.latency), level.name + ", each step", Provenance::Default});
            }
        out.notes.push_back("Nothing is overlapped: every collective is exposed.");
        return out;
    }
    case Cause::Bubble:
        out.formula = {{"t", "T − Σ pieces t_stage", "", false},
                       {"", formatSeconds(phase.time, 4) + " − " + formatSeconds(phase.time - seconds, 4), "", false},
                       {"", formatSeconds(seconds, 4), "", true}};
        out.notes.push_back("The busiest stage waits for its first piece, for tokens to come back, and after its last piece.");
        break;
    case Cause::Overhead: out.notes.push_back("Roofline mode has no overheads."); break;
    }
    out.alternativesTitle = "Beside it";
    addCauses(out, phase.breakdown);
    return out;
}

Explanation explainPiece(const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const TimelineCell* found = nullptr;
    for (const TimelineCell& cell : phase.timeline.cells)
        if (cell.stage == subject.stage && cell.microbatch == subject.microbatch && (subject.step < 0 || cell.step == subject.step)) {
            found = &cell;
            break;
        }
    Explanation out;
    out.formulaId = "timeline.piece";
    out.title = "Microbatch " + std::to_string(subject.microbatch);
    out.subtitle = std::string(nameOf(subject.phase)) + ", " + stageWords(report, subject.stage);
    if (!found)
        return out;
    if (subject.phase == Phase::Prefill && phase.timeline.steps > 1)
        out.title += ", chunk " + std::to_string(found->step);
    const StageCost& cost = phase.costOf(found->stage, found->costClass);
    setFigure(out, formatSeconds(cost.busy()));
    out.shareFraction = phase.time > 0 ? cost.busy() / phase.time : 0;
    out.share = formatPercent(out.shareFraction) + " of " + std::string(figureNameOf(subject.phase));
    out.formula = {{"start", "max(stage free, piece arrived)", "", false},
                   {"", formatSeconds(found->start, 4), "", false},
                   {"end", formatSeconds(found->start, 4) + " + " + formatSeconds(cost.busy(), 4), "", false},
                   {"", formatSeconds(found->end, 4), "", true}};
    if (cost.send > 0)
        out.inputs.push_back({"send", formatSeconds(cost.send), "to the next stage, beside this stage's next piece", Provenance::Exact});
    out.alternativesTitle = "Where it goes";
    addCauses(out, cost.breakdown);
    return out;
}

Explanation explainIllegal(const Scenario& scenario, const Report& report)
{
    Explanation out;
    out.formulaId = "plan.illegal";
    out.title = "The plan is not legal";
    out.subtitle = "no figures follow from it";
    const PlanContext context = scenario.context();
    for (const Finding& finding : report.violations)
        out.notes.push_back(sentence(finding, context, scenario.plan));
    return out;
}

} // namespace

Explanation explain(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal)
        return explainIllegal(scenario, report);
    switch (subject.kind) {
    case Subject::Kind::Operator: return explainOperator(scenario, report, subject);
    case Subject::Kind::CauseOfTime: return explainCause(scenario, report, subject);
    case Subject::Kind::Piece: return explainPiece(report, subject);
    case Subject::Kind::Device:
    case Subject::Kind::Stage:
    case Subject::Kind::MemoryClass: return explainMemory(scenario, report, subject);
    case Subject::Kind::Fit: return explainFit(scenario, report);
    case Subject::Kind::Time: return explainTime(scenario, report, subject.phase);
    case Subject::Kind::None: break;
    }
    return explainTime(scenario, report, Phase::Decode);
}

} // namespace shardlens
