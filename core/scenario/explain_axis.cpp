// SPDX-License-Identifier: Apache-2.0
// An axis of the plan: its groups, their links, and what their collectives take. A collective's time is steps x latency + bytes / rate;
// core/collective/collective.h names the source of each algorithm.
#include "core/scenario/collectivearithmetic.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/plancollectives.h"
#include "core/scenario/report_parts.h"
#include "core/scenario/subjectname.h"

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

std::string timesOf(const PlanCollective& c)
{
    return c.times == 1 ? formatSeconds(c.cost.time, 4) : formatCount(c.times) + " × " + formatSeconds(c.cost.time, 4);
}

/// The costliest collective of the stage by its steps and bytes, then the sum of all of them.
void addCost(const Scenario& scenario, const StepModel& step, const std::vector<const PlanCollective*>& counted, double total,
             Explanation& out)
{
    constexpr std::size_t kMostTerms = 4;
    const PlanCollective& c = *counted.front();
    const CollectiveArithmetic arithmetic = arithmeticOf(step, c);
    addCollectiveFormula(c, arithmetic, "t", 0, out);
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
            sum += " + " + formatSeconds(rest, 4) + "_{others}";
        out.formula.push_back({"all", sum, "", false});
        out.formula.push_back({"", formatSeconds(total, 4), "", true});
    }
    const std::string each = (c.times == 1 ? "once" : formatCount(c.times) + " times") + std::string(" for a microbatch");
    out.inputs.push_back({"t", c.title, each + (c.kind == Collective::Send ? "" : " on stage " + formatCount(c.stage)), Provenance::Exact});
    out.inputs.push_back({"V", exactBytes(c.payload), "its payload", Provenance::Exact});
    addCollectiveInputs(scenario, c, arithmetic, out);
}

/// An axis of the mesh, or EP, which lies across several.
struct NamedAxis {
    bool experts = false;
    MeshAxis axis = MeshAxis::Tensor;
    DeviceGroup group;
    [[nodiscard]] std::string_view name() const { return experts ? std::string_view("EP") : nameOf(axis); }
    [[nodiscard]] bool has(const PlanCollective& c) const { return experts ? c.amongExperts : c.axis == axis; }
};

NamedAxis axisOf(const Subject& subject, const Placement& placement)
{
    if (subject.axis == kExpertAxis)
        return {true, MeshAxis::Tensor, placement.expertGroup()};
    const auto axis = static_cast<MeshAxis>(std::clamp(subject.axis, 0, static_cast<int>(kMeshAxisCount) - 1));
    return {false, axis, placement.group(axis)};
}

int strideOf(const DeviceGroup& group)
{
    return group.axes().empty() ? 1 : group.axes().front().stride;
}

/// Links that nothing of the plan uses.
void addLinks(const Scenario& scenario, const AxisRow& row, Explanation& out)
{
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
}

/// What each rank holds, which axes the ranks lie across, and other ways for the tokens to go.
void addExperts(const Scenario& scenario, const StepModel& step, const std::vector<const PlanCollective*>& counted, const Report& report,
                double total, Explanation& out)
{
    const Plan& plan = scenario.plan;
    for (const RoutingFacts& facts : routingFacts(scenario)) {
        out.inputs.push_back({"experts", formatCount(facts.slots / plan.expert()),
                              "on each rank, of " + formatCount(facts.experts)
                                  + (facts.slots > facts.experts ? " and " + formatCount(facts.slots - facts.experts) + " copies" : "")
                                  + " of a layer; " + formatCount(facts.layers) + " layers",
                              Provenance::Exact});
        out.inputs.push_back({"ranks", formatNumber(facts.ranksPerToken),
                              "of " + formatCount(plan.expert()) + " hold the " + formatCount(facts.topK)
                                  + " experts of a token, in the mean: as many copies of it are sent",
                              Provenance::Exact});
    }
    if (plan.expertTensor() > 1)
        out.notes.push_back("Each expert is split over " + formatCount(plan.expertTensor()) + " devices (expert TP).");
    out.notes.push_back("EP lies across TP " + formatCount(plan.tensor()) + " × SP " + formatCount(plan.sequence()) + " × attention DP "
                        + formatCount(plan.attentionData()) + ", the devices of a stage.");
    if (counted.empty())
        return;
    const PhaseReport& phase = phaseOf(report, counted.front()->phase);
    const int pieces = phase.timeline.microbatches * (counted.front()->phase == Phase::Prefill ? phase.timeline.steps : 1);
    if (phase.time > 0) {
        out.shareFraction = total * pieces / phase.time;
        out.share = formatPercent(out.shareFraction) + " of " + std::string(figureNameOf(counted.front()->phase))
                    + (plan.options.overlap > 0 ? ", hidden or not" : "");
    }
    const PlanCollective& c = *counted.front();
    const OperatorCost& op = phase.operators[static_cast<std::size_t>(c.op)];
    std::string others;
    for (const CollectiveCost& choice : collectiveChoices(step, c.phase == Phase::Decode, op))
        if (choice.algorithm != c.cost.algorithm || choice.levels != c.cost.levels)
            others += (others.empty() ? "" : ", ") + nameOf(c.kind, choice) + " " + formatSeconds(choice.time);
    if (!others.empty())
        out.notes.push_back("Also considered for the " + c.title + ": " + others + ".");
}

} // namespace

Explanation explainAxis(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const Placement placement(scenario.plan.meshSizes());
    const NamedAxis axis = axisOf(subject, placement);
    const DeviceGroup& group = axis.group;
    const AxisRow row = axisRow(*scenario.cluster, group, axis.name(), placement.devices());
    const int member = subject.device >= 0 && subject.device < placement.devices() ? subject.device : 0;
    const std::string& noun = scenario.cluster->accelerator.noun;

    Explanation out;
    out.formulaId = "axis.collectives";
    out.cause = Cause::Communication;
    out.title = std::string(axis.name()) + " " + formatCount(group.size());
    out.subtitle = axis.experts ? "the routed experts of each layer are split" : std::string(purposeOf(axis.axis));
    out.inputs.push_back({"groups", formatCount(placement.devices() / group.size()),
                          "of " + formatCount(group.size()) + ", members " + formatCount(strideOf(group)) + " apart", Provenance::Exact});
    if (group.size() > 1)
        out.inputs.push_back({"members", noun + " " + membersText(placement.peers(member, group)),
                              "the group of " + noun + " " + formatCount(member), Provenance::Exact});
    if (subject.rank >= 0 && subject.rank < group.size())
        out.inputs.push_back({"rank", formatCount(subject.rank),
                              "of 0 to " + formatCount(group.size() - 1) + ", on " + counted(placement.devices() / group.size(), noun),
                              Provenance::Exact});
    else if (subject.rank >= 0)
        out.notes.push_back(
            "This plan has no " + std::string(axis.name()) + " rank " + formatCount(subject.rank) + ": "
            + (group.size() > 1 ? "its ranks are 0 to " + formatCount(group.size() - 1) + "." : std::string("the axis has one rank, 0.")));
    std::vector<PlanCollective> own;
    for (PlanCollective& c : planCollectives(scenario, report))
        if (axis.has(c))
            own.push_back(std::move(c));
    // One stage's: no device takes those of every stage. A hand-over is between two.
    const auto phaseShown = own.empty() ? Phase::Decode : own.front().phase;
    std::vector<const PlanCollective*> all;
    all.reserve(own.size());
    for (const PlanCollective& c : own)
        all.push_back(&c);
    const auto [stage, counted, total] = onOneStage(all, phaseShown);
    setFigure(out, formatSeconds(total));
    out.share = "of collectives in " + std::string(phaseShown == Phase::Decode ? "a decode step" : "prefill") + ", for each microbatch on "
                + (!axis.experts && axis.axis == MeshAxis::Pipeline ? std::string("its way on") : stageWords(report, stage));
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                         scenario.constants());
    if (!counted.empty())
        addCost(scenario, step, counted, total, out);
    else
        addLinks(scenario, row, out);
    if (axis.experts)
        addExperts(scenario, step, counted, report, total, out);
    const bool staged = scenario.plan.pipeline() > 1;
    out.alternativesTitle = "Its collectives, for each microbatch" + (staged ? " on stage " + formatCount(stage) : std::string());
    std::string elsewhere;
    for (const PlanCollective& c : own) {
        if (c.kind == Collective::Send || c.stage == stage)
            out.alternatives.push_back(
                {c.title, formatSeconds(c.totalTime()), c.totalTime(), Cause::Communication, -1, operatorSubject(c.phase, c.op)});
        else
            elsewhere +=
                (elsewhere.empty() ? "" : "; ") + c.title + ", " + formatSeconds(c.totalTime()) + " on stage " + formatCount(c.stage);
    }
    if (!elsewhere.empty())
        out.notes.push_back("Not on this stage: " + elsewhere + ".");
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
