// SPDX-License-Identifier: Apache-2.0
// What explanations have in common, and those of a piece on a stage and of an illegal plan.
#include "core/scenario/explain.h"

#include "core/scenario/explain_parts.h"
#include "core/scenario/pieceoperators.h"

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
    case Provenance::Measured: return "measured";
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
    return {"BW", formatBandwidth(a.memoryBandwidth), a.name + ", HBM, peak", Provenance::DataSheet, a.source.text};
}

Explanation::Input peakInput(const Scenario& scenario)
{
    const Accelerator& a = scenario.cluster->accelerator;
    return {"F", formatFlopRate(a.peakOf(scenario.formats.compute)), a.name + ", dense " + std::string(nameOf(scenario.formats.compute)),
            Provenance::DataSheet, a.source.text};
}

std::string_view readsNameOf(const Scenario& scenario)
{
    return scenario.calibration ? "Weights, activations" : "Weight reads";
}

void addCauses(const Scenario& scenario, Explanation& out, const Breakdown& breakdown)
{
    const std::array<std::string_view, kCauseCount> names{readsNameOf(scenario), "KV reads", "Compute",
                                                          "Communication",       "Bubble",   "Overhead"};
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const double seconds = breakdown.seconds[i];
        if (seconds > 0)
            out.alternatives.push_back({std::string(names[i]), formatSeconds(seconds), seconds, static_cast<Cause>(i)});
    }
}

Subject operatorSubject(Phase phase, int index)
{
    Subject subject{Subject::Kind::Operator};
    subject.phase = phase;
    subject.op = index;
    return subject;
}

int piecesOf(const PhaseReport& phase, Phase which)
{
    return phase.timeline.microbatches * (which == Phase::Prefill ? phase.timeline.steps : 1);
}

std::string timesText(double seconds, int runs, int digits)
{
    return runs == 1 ? formatSeconds(seconds, digits) : std::to_string(runs) + " × " + formatSeconds(seconds, digits);
}

std::string stageWords(const Report& report, int stage)
{
    const auto stages = report.memory.stages.size();
    return stages > 1 ? "stage " + std::to_string(stage) + " of " + std::to_string(stages) : std::string("every device");
}

namespace {

Explanation explainPiece(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const TimelineCell* found = nullptr;
    for (const TimelineCell& cell : phase.timeline.cells)
        if (cell.stage == subject.stage && cell.microbatch == subject.microbatch && (subject.step < 0 || cell.step == subject.step)
            && (subject.visit < 0 || cell.visit == subject.visit)) {
            found = &cell;
            break;
        }
    Explanation out;
    out.formulaId = "timeline.piece";
    // As the timeline names them: groups of decode have letters while there are enough.
    const bool lettered = subject.phase == Phase::Decode && subject.microbatch >= 0 && subject.microbatch < 26;
    out.title =
        "Microbatch " + (lettered ? std::string(1, static_cast<char>('A' + subject.microbatch)) : std::to_string(subject.microbatch));
    out.subtitle = std::string(nameOf(subject.phase)) + ", " + stageWords(report, subject.stage);
    if (!found)
        return out;
    if (subject.phase == Phase::Prefill && phase.timeline.steps > 1)
        out.title += ", chunk " + std::to_string(found->step);
    if (phase.timeline.visits > 1)
        out.title += ", visit " + std::to_string(found->visit + 1) + " of " + std::to_string(phase.timeline.visits);
    const StageCost& cost = phase.costOf(found->stage, found->costClass);
    setFigure(out, formatSeconds(cost.busy()));
    out.shareFraction = phase.time > 0 ? cost.busy() / phase.time : 0;
    out.share = formatPercent(out.shareFraction) + " of " + std::string(figureNameOf(subject.phase));
    out.formula = {{"t_start", "max(stage free, piece arrived)", "", false},
                   {"", formatSeconds(found->start, 4), "", false},
                   {"t_end", "t_start + t_work", "", false},
                   {"", formatSeconds(found->start, 4) + " + " + formatSeconds(cost.busy(), 4), "", false},
                   {"", formatSeconds(found->end, 4), "", true}};
    if (cost.send > 0) {
        const std::vector<PieceFacts> facts = pieceFacts(scenario, report, subject.phase);
        const double bytes =
            handedBytes(phase, subject.phase, facts[static_cast<std::size_t>(found->costClass) % facts.size()], found->stage, found->visit);
        out.inputs.push_back({"send", formatBytes(bytes) + " in " + formatSeconds(cost.send),
                              cost.sendBlocks ? "to the next stage, which this stage waits for: in its communication"
                                              : "to the next stage, beside this stage's next piece",
                              Provenance::Exact});
    }
    if (found->critical && phase.timeline.stages > 1)
        out.notes.push_back("On the critical path: what follows waits for this piece.");
    out.alternativesTitle = "Where it goes";
    addCauses(scenario, out, cost.breakdown);
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
    case Subject::Kind::Piece: return explainPiece(scenario, report, subject);
    case Subject::Kind::Device:
    case Subject::Kind::Stage:
    case Subject::Kind::MemoryClass: return explainMemory(scenario, report, subject);
    case Subject::Kind::Axis: return explainAxis(scenario, report, subject);
    case Subject::Kind::Fit: return explainFit(scenario, report);
    case Subject::Kind::Tensor: return explainTensor(scenario, report, subject);
    case Subject::Kind::Time: return explainTime(scenario, report, subject.phase);
    case Subject::Kind::Expert: return explainExpert(scenario, report, subject);
    case Subject::Kind::Pool: return explainPool(scenario, report, subject);
    case Subject::Kind::Range: return explainRange(scenario, report, subject);
    case Subject::Kind::Point: { // a report knows no measured points; who does asks explainPoint()
        Explanation out;
        out.formulaId = "point.unknown";
        out.title = "Measured point";
        out.subtitle = "predicted against measured in the trust view";
        return out;
    }
    case Subject::Kind::None: break;
    }
    return explainTime(scenario, report, Phase::Decode);
}

} // namespace shardlens
