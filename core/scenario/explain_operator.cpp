// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/explain_parts.h"

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

void addCollective(const Scenario& scenario, bool decode, const OperatorCost& op, Explanation& out)
{
    const auto level = static_cast<std::size_t>(std::clamp<int>(op.networkLevel, 0, static_cast<int>(scenario.cluster->levels.size()) - 1));
    const FabricLevel& fabric = scenario.cluster->levels[level];
    const std::string name(nameOf(op.collective));
    out.inputs.push_back({"V", exactBytes(op.payloadBytes), name + " payload", Provenance::Exact});
    out.inputs.push_back(
        {"sent", exactBytes(op.communicationBytes), "by each device, " + std::string(nameOf(op.algorithm)), Provenance::Exact});
    out.inputs.push_back({"β", formatBandwidth(fabric.bandwidth), fabric.name + ", one way, per device", Provenance::DataSheet});
    out.inputs.push_back({"α", formatSeconds(fabric.latency), fabric.name + ", each step", Provenance::Default});
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing);
    const std::vector<CollectiveCost> all = collectiveChoices(step, decode, op);
    std::string others;
    for (std::size_t i = 1; i < all.size(); ++i)
        others += (others.empty() ? "" : ", ") + std::string(nameOf(all[i].algorithm)) + " " + formatSeconds(all[i].time);
    if (!others.empty())
        out.notes.push_back("Also considered for the " + name + ": " + others + ".");
}

} // namespace

Explanation explainOperator(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const PhaseReport& phase = phaseOf(report, subject.phase);
    Explanation out;
    out.formulaId = "operator.roofline";
    if (subject.op < 0 || static_cast<std::size_t>(subject.op) >= phase.operators.size()) {
        out.title = "Operator";
        return out;
    }
    const OperatorCost& op = phase.operators[static_cast<std::size_t>(subject.op)];
    const Accelerator& a = scenario.cluster->accelerator;
    const double peak = a.peakOf(scenario.formats.compute);
    const double bytes = op.weightBytes + op.activationBytes + op.kvBytes;
    out.title = std::string(nameOf(op.op));
    out.subtitle = std::string(nameOf(subject.phase)) + ", one microbatch, one device" + (op.kind >= 0 ? ", one layer" : "");
    setFigure(out, formatSeconds(op.time));
    out.unit += op.stageLayers > 1 ? " × " + std::to_string(op.stageLayers) + " layers" : "";
    const double pieces = phase.timeline.microbatches * (subject.phase == Phase::Prefill ? phase.timeline.steps : 1.0);
    const double whole = op.time * op.stageLayers * pieces;
    out.shareFraction = phase.time > 0 ? std::min(1.0, whole / phase.time) : 0;
    out.share = formatPercent(out.shareFraction) + " of " + std::string(figureNameOf(subject.phase));
    out.cause = op.bound == Bound::Network    ? Cause::Communication
                : op.bound == Bound::Compute  ? Cause::Compute
                : op.kvBytes > op.weightBytes ? Cause::Kv
                                              : Cause::Weights;
    if (bytes > 0) {
        const bool compute = op.computeTime >= op.memoryTime;
        out.formula.push_back({"t", "max(FLOP/F, bytes/BW)" + std::string(op.communicationTime > 0 ? " + t_net" : ""), "", false});
        if (compute)
            out.formula.push_back({"", formatFlop(op.flop, 4), formatFlopRate(peak), false});
        else
            out.formula.push_back({"", exactBytes(bytes), formatBandwidth(a.memoryBandwidth), false});
        if (op.communicationTime > 0)
            out.formula.push_back(
                {"", formatSeconds(std::max(op.computeTime, op.memoryTime), 4) + " + " + formatSeconds(op.communicationTime, 4), "",
                 false});
    } else {
        out.formula.push_back({"t", "steps × α + bytes / β", "", false});
    }
    out.formula.push_back({"", formatSeconds(op.time, 4), "", true});
    if (bytes > 0) {
        out.inputs.push_back({"shape", shapeText(op.local), "on this device; whole: " + shapeText(op.global), Provenance::Exact});
        out.inputs.push_back({"FLOP", formatFlop(op.flop, 4), "2 m k n", Provenance::Exact});
        std::string what = "weights " + formatBytes(op.weightBytes) + ", activations " + formatBytes(op.activationBytes);
        if (op.kvBytes > 0)
            what += ", KV " + formatBytes(op.kvBytes);
        out.inputs.push_back({"bytes", exactBytes(bytes), what, Provenance::Exact});
        out.inputs.push_back(peakInput(scenario));
        out.inputs.push_back(bandwidthInput(scenario));
    }
    if (op.communicationTime > 0)
        addCollective(scenario, subject.phase == Phase::Decode, op, out);
    out.alternativesTitle = "The longer side sets the time";
    if (op.computeTime > 0)
        out.alternatives.push_back({"Compute side", formatSeconds(op.computeTime), op.computeTime, Cause::Compute});
    if (op.memoryTime > 0)
        out.alternatives.push_back(
            {"HBM side", formatSeconds(op.memoryTime), op.memoryTime, op.kvBytes > op.weightBytes ? Cause::Kv : Cause::Weights});
    if (op.communicationTime > 0)
        out.alternatives.push_back({std::string(nameOf(op.collective)) + ", after it", formatSeconds(op.communicationTime),
                                    op.communicationTime, Cause::Communication});
    out.notes.push_back(notation(op, scenario.plan));
    if (bytes > 0 && op.flop > 0)
        out.notes.push_back("Intensity " + formatNumber(op.flop / bytes) + " FLOP per byte; the roofs meet at "
                            + formatNumber(peak / a.memoryBandwidth) + ".");
    return out;
}

} // namespace shardlens
