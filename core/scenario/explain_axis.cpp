// SPDX-License-Identifier: Apache-2.0
// An axis of the plan: its groups, their links, and what their collectives take. A collective's time is steps x latency + bytes / rate;
// core/collective/collective.h names the source of each algorithm.
#include "core/scenario/explain_parts.h"
#include "core/scenario/plancollectives.h"
#include "core/scenario/report_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

constexpr std::size_t kMostMembersNamed = 8;

/// "0–7", "0, 8, 16, 24", or the first ones of many.
std::string membersText(const std::vector<int>& members)
{
    const bool run = members.back() - members.front() + 1 == static_cast<int>(members.size());
    if (run && members.size() > 1)
        return formatCount(members.front()) + "–" + formatCount(members.back());
    std::string text;
    for (std::size_t i = 0; i < std::min(members.size(), kMostMembersNamed); ++i)
        text += (i == 0 ? "" : ", ") + formatCount(members[i]);
    return text + (members.size() > kMostMembersNamed ? ", … " + formatCount(members.back()) : "");
}

std::string counted(std::int64_t count, const std::string& noun)
{
    return formatCount(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string_view purposeOf(MeshAxis axis)
{
    switch (axis) {
    case MeshAxis::Tensor: return "heads and MLP columns of each layer are split";
    case MeshAxis::Sequence: return "the positions of each sequence are split";
    case MeshAxis::AttentionData: return "the requests of one replica are split for attention";
    case MeshAxis::Pipeline: return "layers are split into stages";
    case MeshAxis::Data: return "whole replicas, which exchange nothing while serving";
    }
    return "";
}

/// What the steps of a collective on one level of the fabric take by the level's own figures.
struct LevelTerm {
    int level = 0;
    int steps = 0;
    double bytes = 0;    ///< that the busiest device sends
    bool uneven = false; ///< as long as so many bytes take at the rate of all links
    AxisLink link;
    [[nodiscard]] double latency() const { return steps * link.latency; }
    [[nodiscard]] double transfer() const { return bytes / link.bandwidth; }
};

/// A term for each level in use; nothing where they are not what was costed: links that a fit changed, or several axes of a torus at once.
std::vector<LevelTerm> levelTerms(const Hops& hops, const AxisRow& row, const CollectiveCost& cost)
{
    std::vector<LevelTerm> terms;
    for (int i = 0; i < hops.steps(); ++i) {
        const HopStep& step = hops.step(i);
        auto term = std::find_if(terms.begin(), terms.end(), [&step](const LevelTerm& each) { return each.level == step.level; });
        if (term == terms.end()) {
            const auto of = [&step](const AxisLink& each) { return each.level == step.level; };
            const auto link = std::find_if(row.links.begin(), row.links.end(), of);
            if (std::count_if(row.links.begin(), row.links.end(), of) != 1 || !(link->bandwidth > 0))
                return {};
            term = terms.insert(terms.end(), {step.level, 0, 0, false, *link});
        }
        ++term->steps;
        term->bytes += step.busiestBytes;
    }
    double latency = 0;
    double transfer = 0;
    for (const LevelTerm& term : terms) {
        latency += term.latency();
        transfer += term.transfer();
    }
    const double tolerance = 1e-6 * cost.time;
    if (terms.empty() || std::abs(latency - cost.latencyTime) > tolerance || transfer > cost.transferTime + tolerance)
        return {};
    // A ring may fill its links unevenly: its outermost level takes what the others leave.
    if (cost.transferTime - transfer > tolerance) {
        LevelTerm& outer =
            *std::max_element(terms.begin(), terms.end(), [](const LevelTerm& a, const LevelTerm& b) { return a.level < b.level; });
        outer.bytes += (cost.transferTime - transfer) * outer.link.bandwidth;
        outer.uneven = true;
    }
    return terms;
}

std::string timesOf(const PlanCollective& c)
{
    return c.times == 1 ? formatSeconds(c.cost.time, 4) : formatCount(c.times) + " × " + formatSeconds(c.cost.time, 4);
}

/// The costliest collective of the stage by its steps and bytes, then the sum of all of them.
void addCost(const Scenario& scenario, const AxisRow& row, const std::vector<const PlanCollective*>& counted, double total,
             Explanation& out)
{
    constexpr std::size_t kMostTerms = 4;
    const PlanCollective& c = *counted.front();
    const Result<Hops> hops = hopsOf(scenario, c, 0);
    const std::vector<LevelTerm> terms = hops.ok() ? levelTerms(hops.value(), row, c.cost) : std::vector<LevelTerm>{};
    const bool several = terms.size() > 1;
    out.formula.push_back({"t", several ? "Σ_{levels} (steps × α + sent / β)" : "steps × α + sent / β", "", false});
    std::string put;
    for (const LevelTerm& term : terms)
        put += (put.empty() ? "" : " + ") + formatCount(term.steps) + " × " + formatSeconds(term.link.latency) + " + "
               + exactBytes(term.bytes) + " / " + formatBandwidth(term.link.bandwidth);
    if (!put.empty())
        out.formula.push_back({"", put, "", false});
    out.formula.push_back({"", formatSeconds(c.cost.latencyTime, 4) + " + " + formatSeconds(c.cost.transferTime, 4), "", false});
    const bool alone = counted.size() == 1 && c.times == 1;
    out.formula.push_back({"", formatSeconds(c.cost.time, 4), "", alone});
    if (!alone) {
        std::string sum;
        for (std::size_t i = 0; i < std::min(counted.size(), kMostTerms); ++i)
            sum += (i == 0 ? "" : " + ") + timesOf(*counted[i]);
        double rest = 0;
        for (std::size_t i = kMostTerms; i < counted.size(); ++i)
            rest += counted[i]->totalTime();
        if (rest > 0)
            sum += " + " + formatSeconds(rest, 4);
        out.formula.push_back({"all", sum, "", false});
        out.formula.push_back({"", formatSeconds(total, 4), "", true});
    }
    const std::string each = (c.times == 1 ? "once" : formatCount(c.times) + " times") + std::string(" for a microbatch");
    out.inputs.push_back({"t", c.title, each + (c.kind == Collective::Send ? "" : " on stage " + formatCount(c.stage)), Provenance::Exact});
    out.inputs.push_back({"V", exactBytes(c.payload), "its payload", Provenance::Exact});
    out.inputs.push_back({"sent", exactBytes(c.cost.sentBytes), "by each device, " + nameOf(c.kind, c.cost), Provenance::Exact});
    if (hops.ok())
        out.inputs.push_back(
            {"steps", formatCount(hops.value().latencySteps()), nameOf(c.kind, c.cost) + ", one latency each", Provenance::Exact});
    for (const LevelTerm& term : terms)
        if (term.uneven)
            out.notes.push_back("On " + scenario.cluster->levels[static_cast<std::size_t>(term.level)].name
                                + " it does not fill all links evenly: it takes as long as " + exactBytes(term.bytes)
                                + " at the rate of all of them.");
    if (scenario.calibration)
        out.notes.push_back("Latency and share of the links that is reached are those fitted to the engine, not the data sheet's.");
}

} // namespace

Explanation explainAxis(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const auto axis = static_cast<MeshAxis>(std::clamp(subject.axis, 0, static_cast<int>(kMeshAxisCount) - 1));
    const Placement placement(scenario.plan.meshSizes());
    const DeviceGroup group = placement.group(axis);
    const AxisRow row = axisRow(*scenario.cluster, group, nameOf(axis), placement.devices());
    const int member = subject.device >= 0 && subject.device < placement.devices() ? subject.device : 0;
    const std::string& noun = scenario.cluster->accelerator.noun;

    Explanation out;
    out.formulaId = "axis.collectives";
    out.cause = Cause::Communication;
    out.title = std::string(nameOf(axis)) + " " + formatCount(group.size());
    out.subtitle = purposeOf(axis);
    out.inputs.push_back({"groups", formatCount(placement.devices() / group.size()),
                          "of " + formatCount(group.size()) + ", members " + formatCount(placement.stride(axis)) + " apart",
                          Provenance::Exact});
    if (group.size() > 1)
        out.inputs.push_back({"members", noun + " " + membersText(placement.peers(member, group)),
                              "the group of " + noun + " " + formatCount(member), Provenance::Exact});
    if (subject.rank >= 0 && subject.rank < group.size())
        out.inputs.push_back({"rank", formatCount(subject.rank),
                              "of 0 to " + formatCount(group.size() - 1) + ", on " + counted(placement.devices() / group.size(), noun),
                              Provenance::Exact});
    else if (subject.rank >= 0)
        out.notes.push_back(
            "This plan has no " + std::string(nameOf(axis)) + " rank " + formatCount(subject.rank) + ": "
            + (group.size() > 1 ? "its ranks are 0 to " + formatCount(group.size() - 1) + "." : std::string("the axis has one rank, 0.")));
    for (const AxisLink& link : row.links) {
        const FabricLevel& level = scenario.cluster->levels[static_cast<std::size_t>(link.level)];
        const std::string name =
            level.name + (link.torusAxis >= 0 && level.extents.size() > 1 ? " axis " + std::to_string(link.torusAxis) : "");
        out.inputs.push_back({"β", formatBandwidth(link.bandwidth),
                              name + ", " + formatCount(link.participants) + " members"
                                  + (link.links > 1 ? ", " + formatCount(link.links) + " links" : "")
                                  + ", one way, per device while all groups work at once",
                              Provenance::DataSheet});
        out.inputs.push_back({"α", formatSeconds(link.latency), name + ", each step", Provenance::Default});
    }
    std::vector<PlanCollective> own;
    for (PlanCollective& c : planCollectives(scenario, report))
        if (c.axis == axis)
            own.push_back(std::move(c));
    // One stage's, the busiest where it has any: no device takes those of every stage. A hand-over is between two.
    const auto phaseShown = own.empty() ? Phase::Decode : own.front().phase;
    const int busiest = phaseOf(report, phaseShown).busiestStage;
    const bool has =
        std::any_of(own.begin(), own.end(), [&](const PlanCollective& c) { return c.phase == phaseShown && c.stage == busiest; });
    const int stage = has || own.empty() ? busiest : own.front().stage;
    std::vector<const PlanCollective*> counted;
    double total = 0;
    for (const PlanCollective& c : own)
        if (c.phase == phaseShown && (c.kind == Collective::Send || c.stage == stage)) {
            counted.push_back(&c);
            total += c.totalTime();
        }
    setFigure(out, formatSeconds(total));
    out.share = "of collectives in " + std::string(phaseShown == Phase::Decode ? "a decode step" : "prefill") + ", for each microbatch on "
                + (axis == MeshAxis::Pipeline ? std::string("its way on") : stageWords(report, stage));
    if (!counted.empty())
        addCost(scenario, row, counted, total, out);
    out.alternativesTitle = "Its collectives, for each microbatch on a stage";
    for (const PlanCollective& c : own)
        out.alternatives.push_back(
            {c.kind == Collective::Send || c.stage == stage ? c.title : c.title + ", on stage " + formatCount(c.stage),
             formatSeconds(c.totalTime()), c.totalTime(), Cause::Communication});
    if (own.empty())
        out.notes.push_back(group.size() <= 1 ? "One device: there is nobody to exchange anything with."
                                              : "No operator of this plan exchanges anything along this axis alone.");
    if (row.straddles)
        out.notes.push_back("Some of its groups cross a boundary of the fabric although they would fit inside it.");
    std::string order;
    for (const MeshAxis each : placement.order())
        if (placement.size(each) > 1)
            order += (order.empty() ? "" : ", ") + std::string(nameOf(each));
    if (!order.empty())
        out.notes.push_back("Axes onto devices, innermost first: " + order + ".");
    return out;
}

} // namespace shardlens
