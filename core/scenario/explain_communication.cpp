// SPDX-License-Identifier: Apache-2.0
// The communication of a stage: every collective that a piece makes there, by steps and bytes, and how often.
#include "core/scenario/collectivearithmetic.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/plancollectives.h"
#include "core/scenario/report_parts.h"
#include "core/scenario/stagecollectives.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace shardlens {

namespace {

/// The collective of an operator on the stage.
struct StageTerm {
    int index = 0; ///< of the operator
    int runs = 0;
    double exposed = 0; ///< s of each run
    std::string name;   ///< in the formula
    [[nodiscard]] double total() const { return runs * exposed; }
};

/// Costliest first.
std::vector<StageTerm> termsOn(const Scenario& scenario, const Report& report, const PhaseReport& phase, int stage)
{
    std::vector<StageTerm> terms;
    for (std::size_t i = 0; i < phase.operators.size(); ++i) {
        const OperatorCost& op = phase.operators[i];
        const int runs = op.collective == Collective::None ? 0 : runsOn(report, op, stage);
        if (runs == 0)
            continue;
        StageTerm term{static_cast<int>(i), runs, op.exposedTime(), std::string(nameOf(op.op))};
        const auto same = [&op](const OperatorCost& other) { return other.op == op.op && other.collective != Collective::None; };
        if (op.kind >= 0 && std::count_if(phase.operators.begin(), phase.operators.end(), same) > 1)
            term.name += ", " + kindLayer(*scenario.model, op.kind, "layers");
        terms.push_back(std::move(term));
    }
    std::stable_sort(terms.begin(), terms.end(), [](const StageTerm& a, const StageTerm& b) { return a.total() > b.total(); });
    return terms;
}

std::string indexed(const std::string& symbol, const std::string& index)
{
    return symbol + "_{" + index + "}";
}

/// Steps and bytes are the collective's own; latencies and rates are the links', said once.
void addInputs(const Scenario& scenario, const PlanCollective& collective, const CollectiveArithmetic& arithmetic, const std::string& name,
               Explanation& out)
{
    Explanation own;
    addCollectiveInputs(scenario, collective, arithmetic, own);
    for (Explanation::Input& input : own.inputs) {
        const std::string base = input.symbol.substr(0, input.symbol.find('_'));
        if (base == "sent in all" || (base == "sent" && input.symbol == "sent" && arithmetic.terms.size() != 1))
            continue; // not in the formula
        if (base == "steps" || base == "sent") {
            const std::string level = input.symbol == base ? std::string() : ", " + input.symbol.substr(base.size() + 1);
            input.symbol = indexed(base, name + level);
        }
        const bool known = std::any_of(out.inputs.begin(), out.inputs.end(), [&input](const Explanation::Input& other) {
            return other.symbol == input.symbol && other.value == input.value && other.note == input.note;
        });
        if (!known)
            out.inputs.push_back(std::move(input));
    }
    for (std::string& note : own.notes)
        if (std::find(out.notes.begin(), out.notes.end(), note) == out.notes.end())
            out.notes.push_back(std::move(note));
}

/// A collective by its steps and bytes; `shown` has what stands in the formula already, by its numbers.
void addTerm(const Scenario& scenario, const StepModel& step, const PhaseReport& phase, Phase which, const StageTerm& term,
             std::vector<std::pair<std::string, std::string>>& shown, Explanation& out)
{
    const OperatorCost& op = phase.operators[static_cast<std::size_t>(term.index)];
    const std::string left = indexed("t", term.name);
    const std::optional<PlanCollective> collective = planCollective(step, which, op, term.index);
    if (!collective) {
        out.formula.push_back({left, formatSeconds(term.exposed, 4), "", false});
        return;
    }
    const CollectiveArithmetic arithmetic = arithmeticOf(step, *collective);
    const double hides = std::max(0.0, op.communicationTime - op.exposedTime());
    const double hidden = hides > 1e-9 * op.communicationTime ? hides : 0;
    const std::string put = collectivePut(arithmetic, hidden);
    const auto same = std::find_if(shown.begin(), shown.end(), [&put](const auto& other) { return !put.empty() && other.first == put; });
    if (same != shown.end()) { // the same bytes in the same group
        out.formula.push_back({left, same->second, "", false});
        return;
    }
    if (shown.empty() || put.empty())
        addCollectiveFormula(*collective, arithmetic, left, hidden, out);
    else
        out.formula.push_back({left, put, "", false});
    out.formula.push_back({"", formatSeconds(term.exposed, 4), "", false});
    shown.emplace_back(put, left);
    addInputs(scenario, *collective, arithmetic, term.name, out);
    if (hidden > 0)
        out.inputs.push_back(
            {indexed("t_hidden", term.name), formatSeconds(hidden, 4), "behind the operator's own work", Provenance::Exact});
}

/// "40 x 2.728 us of output_proj + ...", and their sum.
void addPiece(const std::vector<StageTerm>& terms, double piece, Explanation& out)
{
    out.formula.push_back({"t_piece", "Σ_{collectives} runs × t", "", false});
    std::string put;
    double rest = piece;
    for (std::size_t i = 0; i < std::min(terms.size(), kTermsPut); ++i) {
        put += (i == 0 ? "" : " + ") + indexed(timesText(terms[i].exposed, terms[i].runs, 4), terms[i].name);
        rest -= terms[i].total();
    }
    if (terms.size() > kTermsPut)
        put += " + " + indexed(formatSeconds(rest, 4), std::to_string(terms.size() - kTermsPut) + " others");
    out.formula.push_back({"", put, "", false});
    if (terms.size() > 1 || terms.front().runs > 1)
        out.formula.push_back({"", formatSeconds(piece, 4), "", false});
}

/// Every piece, and what the stage waits for sends.
void addSum(const Scenario& scenario, const PhaseReport& phase, Phase which, int stage, double piece, double seconds, Explanation& out)
{
    const int pieces = piecesOf(phase, which);
    double sends = stage == phase.busiestStage ? phase.exposedSend() : 0;
    for (int c = 0; stage != phase.busiestStage && c < phase.costClasses; ++c) {
        const StageCost& cost = phase.costOf(stage, c);
        sends += cost.sendBlocks ? cost.send * static_cast<double>(phase.piecesOf(c)) : 0;
    }
    const double work = seconds - sends;
    const bool even = std::abs(work - pieces * piece) <= 1e-6 * std::max(work, 1e-12);
    std::string symbols = even ? "m × t_piece" : "Σ_{pieces}^{m} t";
    std::string numbers = even ? timesText(piece, pieces, 4) : formatSeconds(work, 4);
    if (sends > 0) {
        symbols += " + t_send";
        numbers += " + " + formatSeconds(sends, 4);
        out.alternatives.push_back({"waits for sends", formatSeconds(sends / pieces), sends / pieces, Cause::Communication});
    }
    if (piece > 0 || sends > 0) {
        out.formula.push_back({"t", symbols, "", false});
        if (numbers != formatSeconds(seconds, 4)) // which is the last line
            out.formula.push_back({"", numbers, "", false});
        out.inputs.push_back({"m", std::to_string(pieces),
                              which == Phase::Prefill ? "pieces: microbatches × chunks" : "decode microbatches per round",
                              Provenance::Exact});
        if (!even)
            out.notes.push_back("The pieces are uneven: t_piece is of the heaviest.");
    }
    out.formula.push_back({"", formatSeconds(seconds, 4), "", true});
    if (scenario.plan.pipeline() > 1 && sends <= 0)
        out.notes.push_back("Sends to the next stage run beside its work and are not in this time.");
}

} // namespace

void addCommunication(const Scenario& scenario, const Report& report, Phase which, int stage, double seconds, Explanation& out)
{
    const PhaseReport& phase = phaseOf(report, which);
    const std::vector<StageTerm> terms = termsOn(scenario, report, phase, stage);
    double piece = 0;
    for (const StageTerm& term : terms)
        piece += term.total();
    const CollectiveRange range = collectiveRange(report, which);
    if (!terms.empty()) {
        const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing,
                             StepDetail::Rows, scenario.constants());
        std::vector<std::pair<std::string, std::string>> shown;
        for (std::size_t i = 0; i < std::min(terms.size(), kTermsPut); ++i) {
            addTerm(scenario, step, phase, which, terms[i], shown, out);
            out.links.push_back({terms[i].name, operatorSubject(which, terms[i].index)});
        }
        addPiece(terms, piece, out);
        for (const StageTerm& term : terms) {
            const OperatorCost& op = phase.operators[static_cast<std::size_t>(term.index)];
            out.alternatives.push_back({term.name + ": " + std::string(nameOf(op.collective)), timesText(op.communicationTime, term.runs),
                                        op.communicationTime * term.runs, Cause::Communication, -1, operatorSubject(which, term.index)});
        }
        out.alternativesTitle = "Collectives of one piece: " + collectivesText(report, which, stage);
        out.notes.push_back("Collectives of a piece: " + collectiveRangeText(range) + ".");
    }
    addSum(scenario, phase, which, stage, piece, seconds, out);
    out.notes.push_back(
        scenario.plan.options.overlap > 0
            ? "Up to " + formatPercent(scenario.plan.options.overlap)
                  + " of each collective hides behind its operator's own work; the rows are whole, the figure above is what is "
                    "exposed."
            : "Nothing is overlapped: every collective is exposed.");
}

} // namespace shardlens
