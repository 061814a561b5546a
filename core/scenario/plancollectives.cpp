// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/plancollectives.h"

#include "core/base/format.h"
#include "core/scenario/report_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// Groups in the order of StepModel::span().
DeviceGroup groupOf(const Placement& placement, std::int8_t span)
{
    switch (span) {
    case 0: return placement.group(MeshAxis::Tensor);
    case 1: return placement.group(MeshAxis::Sequence);
    case 2: return placement.stageGroup();
    default: return placement.group({MeshAxis::Tensor, MeshAxis::Sequence});
    }
}

std::optional<MeshAxis> axisOf(const Placement& placement, const DeviceGroup& group)
{
    for (const MeshAxis axis : {MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData})
        if (placement.group(axis) == group)
            return axis;
    return std::nullopt;
}

/// The cost as the report has it: the choice of the same algorithm and time.
CollectiveCost chosenCost(const StepModel& step, bool decode, const OperatorCost& op)
{
    for (const CollectiveCost& choice : collectiveChoices(step, decode, op))
        if (choice.algorithm == op.algorithm && choice.levels == op.levelAlgorithms
            && std::abs(choice.time - op.communicationTime) <= 1e-9 * op.communicationTime)
            return choice;
    CollectiveCost cost;
    cost.time = op.communicationTime;
    cost.transferTime = op.communicationTime;
    cost.sentBytes = op.communicationBytes;
    cost.outerLevel = op.networkLevel;
    cost.algorithm = op.algorithm;
    cost.levels = op.levelAlgorithms;
    return cost;
}

/// The hand-over that the report shows, the slowest between two stages, with its latency told from its transfer.
CollectiveCost chosenSend(const StepModel& step, const OperatorCost& op)
{
    const Placement& placement = step.placement();
    const int stages = placement.size(MeshAxis::Pipeline);
    CollectiveCost closest;
    for (int stage = 0; stage < stages; ++stage) {
        const CollectiveCost cost =
            sendCost(step.cluster(), placement.firstDevice(stage, 0), placement.firstDevice((stage + 1) % stages, 0), op.payloadBytes);
        if (stage == 0 || std::abs(cost.time - op.communicationTime) < std::abs(closest.time - op.communicationTime))
            closest = cost;
    }
    return closest;
}

void addPhase(const Report& report, Phase phase, const StepModel& step, std::vector<PlanCollective>& out)
{
    const std::vector<OperatorCost>& operators = (phase == Phase::Decode ? report.decode : report.prefill).operators;
    for (std::size_t i = 0; i < operators.size(); ++i)
        if (std::optional<PlanCollective> found = planCollective(step, phase, operators[i], static_cast<int>(i)))
            out.push_back(*std::move(found));
}

} // namespace

std::optional<PlanCollective> planCollective(const StepModel& step, Phase phase, const OperatorCost& op, int index)
{
    if (op.collective == Collective::None || op.payloadBytes <= 0 || op.communicationTime <= 0)
        return std::nullopt;
    const bool decode = phase == Phase::Decode;
    const Placement& placement = step.placement();
    PlanCollective found;
    found.phase = phase;
    found.op = index;
    found.layerKind = op.kind < 0 ? -1 : static_cast<unsigned char>(op.kind);
    found.kind = op.collective;
    found.payload = op.payloadBytes;
    found.stage = op.stage;
    found.times = std::max<int>(op.stageLayers, 1);
    const std::string name(nameOf(op.op));
    if (op.collective == Collective::Send) {
        found.group = placement.group(MeshAxis::Pipeline);
        found.axis = MeshAxis::Pipeline;
        found.cost = chosenSend(step, op);
        found.title = "Send to the next stage, ";
    } else {
        const std::vector<OperatorFacts>& facts = step.table(decode).facts;
        const auto same = std::find_if(facts.begin(), facts.end(), [&op](const OperatorFacts& f) {
            return f.op == op.op && f.kind == op.kind && f.collective == op.collective;
        });
        if (same == facts.end() || same->span < 0)
            return std::nullopt;
        found.group = groupOf(placement, same->span);
        found.amongExperts = op.op == Op::Dispatch || op.op == Op::Combine;
        if (!found.amongExperts)
            found.axis = axisOf(placement, found.group);
        found.cost = chosenCost(step, decode, op);
        found.title = std::string(nameOf(op.collective)) + " after " + name + ", ";
    }
    found.title += nameOf(phase);
    found.id = std::string(nameOf(phase)) + "/" + name;
    if (op.kind >= 0 && step.model().kinds.size() > 1) {
        found.id += "/" + std::to_string(op.kind);
        found.title += ", " + kindLayer(step.model(), op.kind, "layers");
    }
    return found;
}

std::vector<PlanCollective> planCollectives(const Scenario& scenario, const Report& report)
{
    std::vector<PlanCollective> result;
    if (!report.legal)
        return result;
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                         scenario.constants());
    addPhase(report, Phase::Decode, step, result);
    addPhase(report, Phase::Prefill, step, result);
    // Decode before prefill where both are as dear: a generation has one prefill and many decode steps.
    std::stable_sort(result.begin(), result.end(), [](const PlanCollective& a, const PlanCollective& b) {
        if (a.phase != b.phase)
            return a.phase == Phase::Decode;
        return a.totalTime() > b.totalTime();
    });
    return result;
}

StageCollectives onOneStage(const std::vector<const PlanCollective*>& own, Phase phase)
{
    StageCollectives out;
    const auto first = [&](bool layers) {
        return std::find_if(own.begin(), own.end(), [&](const PlanCollective* c) {
            return c->phase == phase && c->kind != Collective::Send && (!layers || c->layerKind >= 0);
        });
    };
    // Those of layers are costed on the busiest stage, what stands outside them where it is.
    auto costed = first(true);
    if (costed == own.end())
        costed = first(false);
    if (costed != own.end())
        out.stage = (*costed)->stage;
    for (const PlanCollective* c : own)
        if (c->phase == phase && (c->kind == Collective::Send || c->stage == out.stage)) {
            out.counted.push_back(c);
            out.total += c->totalTime();
        }
    return out;
}

const PlanCollective* findCollective(const std::vector<PlanCollective>& collectives, std::string_view id)
{
    const auto found = std::find_if(collectives.begin(), collectives.end(), [id](const PlanCollective& c) { return c.id == id; });
    return found == collectives.end() ? nullptr : &*found;
}

Result<Hops> hopsOf(const Scenario& scenario, const PlanCollective& collective, int device)
{
    const Placement placement(scenario.plan.meshSizes());
    const int member = std::clamp(device, 0, placement.devices() - 1);
    if (collective.kind != Collective::Send)
        return Hops::of(*scenario.cluster, collective.group, member, collective.kind, collective.payload, collective.cost,
                        placement.devices());
    const int stride = placement.stride(MeshAxis::Pipeline);
    const bool last = placement.coordinate(member, MeshAxis::Pipeline) + 1 == placement.size(MeshAxis::Pipeline);
    const int from = last ? member - stride : member;
    return Hops::ofSend(*scenario.cluster, from, from + stride, collective.payload,
                        sendCost(*scenario.cluster, from, from + stride, collective.payload));
}

std::string groupText(const PlanCollective& collective)
{
    if (collective.kind == Collective::Send)
        return "next stage";
    const std::string of = " group of " + formatCount(collective.group.size());
    return (collective.amongExperts ? std::string("experts'")
            : collective.axis       ? std::string(nameOf(*collective.axis))
                                    : std::string("stage"))
           + of;
}

} // namespace shardlens
