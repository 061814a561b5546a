// SPDX-License-Identifier: Apache-2.0
// The load of an expert or of an EP rank: how often tokens visit it, what a capacity drops, and what the hottest rank reads.
#include "core/scenario/expertfacts.h"
#include "core/scenario/explain_parts.h"

#include <cmath>

namespace shardlens {
namespace {

void addCommon(Explanation& out, const Scenario& scenario, const ExpertLoadTable& table, Phase phase)
{
    const Routing& routing = scenario.workload.routing;
    out.inputs.push_back({"T", formatNumber(table.tokens()),
                          phase == Phase::Decode ? "tokens of a decode microbatch, whole EP group" : "tokens of the heaviest prefill piece",
                          Provenance::Exact});
    out.inputs.push_back({"k", std::to_string(table.topK()), "experts each token visits, " + scenario.model->name, Provenance::DataSheet});
    out.inputs.push_back(
        {"E", std::to_string(table.experts()), "routed experts of a layer, " + scenario.model->name, Provenance::DataSheet});
    out.inputs.push_back({"a", formatNumber(routing.powerLaw),
                          routing.powerLaw > 0 ? "exponent of the routing skew, assumed" : "uniform routing, assumed",
                          Provenance::Default});
    if (table.limit() > 0)
        out.inputs.push_back({"C", formatNumber(table.limit()),
                              "tokens a slot may take: capacity factor " + formatNumber(routing.capacityFactor) + " × T k / slots",
                              Provenance::Exact});
}

/// 1 - (1 - p)^tokens, never rounded up to what is certain.
std::string probabilityText(double tokens, double p)
{
    if (p >= 1)
        return formatPercent(1);
    const double missed = std::exp(tokens * std::log1p(-p));
    const double read = -std::expm1(tokens * std::log1p(-p));
    constexpr double kRounds = 5e-4; // of three figures
    constexpr double kLeast = 1e-12; // beyond, nines say nothing
    if (missed >= kRounds)
        return formatPercent(read);
    return missed < kLeast ? "more than 99.9999999999 %" : formatPercent(read, 2 + static_cast<int>(std::ceil(-std::log10(missed * 100))));
}

Explanation explainOneExpert(const Scenario& scenario, const ExpertLoadTable& table, const Subject& subject)
{
    Explanation out;
    const double load = table.ofExpert(subject.expert);
    const double p = load / table.tokens();
    out.formulaId = "expert.load";
    out.title = "Expert " + std::to_string(subject.expert);
    out.subtitle = table.isSkewed() ? "counted by falling load; its number says nothing about load" : "uniform routing: all alike";
    out.value = formatNumber(load);
    out.unit = "tokens per step";
    out.shareFraction = load / table.pairs();
    out.share = formatPercent(out.shareFraction) + " of all token-expert pairs";
    // p first, so that every number of the load is there when it is put in.
    if (table.isSkewed()) {
        const double a = scenario.workload.routing.powerLaw;
        const int i = subject.expert + 1;
        const std::string c = formatNumber(p * std::pow(i, a), 4);
        out.formula.push_back({"p", p >= 1 ? "1" : "c × i^{−a}", "", false});
        if (p < 1) {
            out.formula.push_back({"", c + " × " + formatCount(i) + "^{−" + formatNumber(a) + "}", "", false});
            out.formula.push_back({"", formatNumber(p, 4), "", false});
            out.inputs.push_back({"c", c, "so that p of all experts adds up to k, where none exceeds 1", Provenance::Exact});
        }
        out.inputs.push_back({"i", formatCount(i), "place of the expert by falling load, from 1", Provenance::Exact});
    } else {
        out.formula.push_back({"p", "k", "E", false});
        out.formula.push_back({"", std::to_string(table.topK()), std::to_string(table.experts()), false});
        out.formula.push_back({"", formatNumber(p, 4), "", false});
    }
    out.formula.push_back({"load", "T × p", "", false});
    out.formula.push_back({"", formatNumber(table.tokens(), 6) + " × " + formatNumber(p, 4), "", false});
    out.formula.push_back({"", formatNumber(load, 4) + " tokens", "", true});
    out.formula.push_back({"P(read)", "1 − (1 − p)^T", "", false});
    out.formula.push_back({"", "1 − (1 − " + formatNumber(p, 4) + ")^{" + formatNumber(table.tokens(), 6) + "}", "", false});
    out.formula.push_back({"", probabilityText(table.tokens(), p), "", false});
    addCommon(out, scenario, table, subject.phase);
    if (table.limit() > 0) {
        out.formula.push_back({"beyond C", "E[max(0, X − C)], X binomial (T, p)", "", false});
        out.formula.push_back({"", formatNumber(table.excessOf(subject.expert)) + " tokens", "", false});
    }
    if (subject.rank >= 0 && table.places() == ExpertLoadTable::Places::Orders)
        out.notes.push_back("On this place, in the mean over all orders of the experts: "
                            + formatNumber(table.at(subject.expert, subject.rank)) + " tokens. Place 0 is the hottest rank of each order.");
    out.notes.push_back(
        "Inclusion probabilities proportional to size: Särndal, Swensson, Wretman, Model Assisted Survey Sampling, 1992, 3.6.2.");
    return out;
}

Explanation explainRank(const Scenario& scenario, const ExpertLoadTable& table, const Subject& subject)
{
    Explanation out;
    const double load = table.ofRank(subject.rank);
    const bool orders = table.places() == ExpertLoadTable::Places::Orders;
    const bool example = table.places() == ExpertLoadTable::Places::Example;
    const bool hottest = subject.rank == table.hottest();
    out.formulaId = "expert.rank";
    out.title = orders && hottest ? "Hottest rank" : "EP rank " + std::to_string(subject.rank);
    out.subtitle = orders    ? (hottest ? "of each order of the experts, in the mean" : "any other rank, in the mean over all orders")
                   : example ? (hottest ? "the hottest in one order of the experts, an example" : "in one order of the experts, an example")
                             : "load of its experts";
    out.value = formatNumber(load);
    out.unit = "token-expert pairs per step";
    out.shareFraction = load / table.pairs();
    out.share = formatNumber(load / table.mean()) + " × the mean of all ranks";
    out.formula = {
        {"load", "T × sum of p over its experts", "", false},
        {"", formatNumber(load) + " pairs", "", true},
        {"mean", "T k", "ranks", false},
        {"", formatNumber(table.pairs()) + " / " + std::to_string(table.ranks()) + " = " + formatNumber(table.mean()), "", false}};
    addCommon(out, scenario, table, subject.phase);
    if (example) {
        if (table.limit() > 0) {
            out.formula.push_back({"processed", formatNumber(table.servedOfRank(subject.rank)) + " pairs", "", false});
        }
        out.notes.push_back("Which rank holds which expert is not known: this is one order out of all. Times take the hottest rank of each "
                            "order, in the mean "
                            + formatNumber(table.load().pairs) + " pairs.");
    } else if (hottest) {
        if (table.limit() > 0) {
            out.formula.push_back(
                {"processed", "load − beyond C" + std::string(table.isPadded() ? "" : " + what others pass on"), "", false});
            out.formula.push_back({"", formatNumber(table.load().pairs) + " pairs", "", false});
        }
        out.formula.push_back(
            {"experts read", table.isPadded() ? "all slots: each is padded to C rows" : "sum of 1 − (1 − p)^T", "", false});
        out.formula.push_back({"", formatNumber(table.load().touched), "", false});
        out.notes.push_back("The hottest rank sets the time of the experts: all others wait for it.");
        if (table.standardError() > 0)
            out.notes.push_back("Mean of sampled orders, standard error " + formatPercent(table.standardError()) + ".");
    }
    if (table.dropped() > 0)
        out.notes.push_back("The capacity drops " + formatPercent(table.dropped())
                            + " of all pairs: " + formatNumber(table.dropped() * table.pairs()) + " per step (GShard, arXiv:2006.16668).");
    if (table.places() == ExpertLoadTable::Places::Balanced)
        out.notes.push_back("Copies and places by DeepSeek's load balancer (github.com/deepseek-ai/EPLB).");
    if (table.copiesIdle())
        out.notes.push_back("The redundant copies would make the hottest rank hotter and stay idle.");
    return out;
}

} // namespace

Explanation explainExpert(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, subject.phase, subject.order >= 0);
    if (table && subject.expert >= 0 && subject.expert < table->experts() && subject.rank < table->ranks())
        return explainOneExpert(scenario, *table, subject);
    if (table && subject.expert < 0 && subject.rank >= 0 && subject.rank < table->ranks())
        return explainRank(scenario, *table, subject);
    Explanation out;
    out.formulaId = "expert.none";
    out.title = "No such expert";
    out.subtitle = scenario.model->name + (table ? " has fewer, or the plan has fewer ranks" : " has no routed experts");
    return out;
}

} // namespace shardlens
