// SPDX-License-Identifier: Apache-2.0
// An axis of the plan: its groups, their links, and what their collectives take. A collective's time is steps x latency + bytes / rate;
// core/collective/collective.h names the source of each algorithm.
#include "core/scenario/explain_parts.h"
#include "core/scenario/plancollectives.h"
#include "core/scenario/report_parts.h"

#include <algorithm>

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

void addCost(const Scenario& scenario, const PlanCollective& c, Explanation& out)
{
    out.formula = {{"t", "α × steps + V / β", "", false},
                   {"", formatSeconds(c.cost.latencyTime, 4) + " + " + formatSeconds(c.cost.transferTime, 4), "", false},
                   {"", formatSeconds(c.cost.time, 4), "", false},
                   {"all", formatCount(c.times) + " × " + formatSeconds(c.cost.time, 4), "", false},
                   {"", formatSeconds(c.totalTime(), 4), "", true}};
    out.inputs.push_back({"V", exactBytes(c.payload), c.title, Provenance::Exact});
    out.inputs.push_back({"sent", exactBytes(c.cost.sentBytes), "by each device, " + nameOf(c.kind, c.cost), Provenance::Exact});
    const Result<Hops> hops = hopsOf(scenario, c, 0);
    if (hops.ok())
        out.inputs.push_back(
            {"steps", formatCount(hops.value().latencySteps()), nameOf(c.kind, c.cost) + ", one latency each", Provenance::Exact});
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
    double decode = 0;
    for (const PlanCollective& c : own)
        decode += c.phase == Phase::Decode ? c.totalTime() : 0;
    setFigure(out, formatSeconds(decode));
    out.share = "of collectives in a decode step, for each microbatch on its stage";
    if (!own.empty())
        addCost(scenario, own.front(), out);
    out.alternativesTitle = "Its collectives, for each microbatch on a stage";
    for (const PlanCollective& c : own)
        out.alternatives.push_back({c.title, formatSeconds(c.totalTime()), c.totalTime(), Cause::Communication});
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
