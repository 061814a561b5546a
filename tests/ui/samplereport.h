// SPDX-License-Identifier: Apache-2.0
// Scenarios and reports made by hand, so that a picture can be tested on figures that no real machine would give.
#pragma once

#include "core/scenario/explain.h"
#include "core/scenario/scenario.h"

#include <algorithm>
#include <memory>

namespace shardlens::sample {

inline Breakdown breakdown(double weights, double kv, double compute, double communication, double overhead = 0)
{
    Breakdown result;
    result[Cause::Weights] = weights;
    result[Cause::Kv] = kv;
    result[Cause::Compute] = compute;
    result[Cause::Communication] = communication;
    result[Cause::Overhead] = overhead;
    return result;
}

/// Pieces through equal stages, first in first out. Decode: `rounds` steady rounds in which stage s follows stage s - 1 by one piece.
inline PhaseReport phase(Phase kind, int stages, int microbatches, int steps, const Breakdown& piece, double send = 0)
{
    PhaseReport report;
    const double busy = piece.total();
    report.costClasses = 1;
    report.pieces = {kind == Phase::Decode ? microbatches : microbatches * steps};
    for (int s = 0; s < stages; ++s)
        report.stageCosts.push_back({piece, s + 1 < stages ? send : 0});
    Timeline& timeline = report.timeline;
    timeline.stages = stages;
    timeline.microbatches = microbatches;
    timeline.steps = steps;
    const bool decode = kind == Phase::Decode;
    timeline.period = decode ? std::max(microbatches * busy, stages * (busy + send)) : 0;
    for (int s = 0; s < stages; ++s)
        for (int i = 0; i < microbatches * steps; ++i) {
            const int outer = decode ? i / microbatches : i / steps;
            const int inner = decode ? i % microbatches : i % steps;
            const double start = decode ? outer * timeline.period + inner * busy + s * (busy + send) : i * busy + s * (busy + send);
            timeline.cells.push_back({start, start + busy, s, decode ? inner : outer, decode ? outer : inner, 0});
        }
    timeline.duration =
        decode ? steps * timeline.period + (stages - 1) * (busy + send) : microbatches * steps * busy + (stages - 1) * (busy + send);
    if (!decode)
        timeline.period = timeline.duration;
    timeline.idleFraction = 1 - (decode ? microbatches * busy / timeline.period : microbatches * steps * busy / timeline.duration);
    if (timeline.idleFraction < 1e-12)
        timeline.idleFraction = 0;
    report.time = timeline.period;
    report.breakdown = piece.scaled(decode ? microbatches : microbatches * steps);
    report.breakdown[Cause::Bubble] = std::max(0.0, report.time - report.breakdown.total());
    report.mfu = 0.478;
    const auto op = [&](Op name, Cause cause, double seconds, Collective collective) {
        OperatorCost cost;
        cost.op = name;
        cost.kind = 0;
        cost.stageLayers = 40;
        cost.collective = collective;
        cost.time = seconds / 40;
        cost.breakdown[cause] = cost.time;
        report.operators.push_back(cost);
    };
    op(Op::QkvProjection, Cause::Compute, piece[Cause::Compute] * 0.2, Collective::None);
    op(Op::AttentionScores, Cause::Kv, piece[Cause::Kv], Collective::None);
    op(Op::OutputProjection, Cause::Communication, piece[Cause::Communication] * 0.5, Collective::AllReduce);
    op(Op::MlpUp, Cause::Weights, piece[Cause::Weights], Collective::None);
    op(Op::MlpDown, Cause::Communication, piece[Cause::Communication] * 0.5, Collective::AllReduce);
    op(Op::LmHead, Cause::Compute, piece[Cause::Compute] * 0.8, Collective::None);
    return report;
}

inline Scenario scenario(int tensor, int pipeline, int data = 1)
{
    auto model = std::make_shared<Model>();
    model->id = "sample";
    model->name = "Sample-70B";
    model->hidden = 8192;
    model->vocabulary = 128256;
    LayerKind kind;
    kind.attention.queryHeads = 64;
    kind.attention.kvHeads = 8;
    kind.attention.headDim = 128;
    kind.feedForward.intermediate = 28672;
    model->kinds = {kind};
    model->layers.assign(80, 0);
    auto cluster = std::make_shared<Cluster>();
    cluster->id = "sample";
    cluster->name = "Sample";
    cluster->accelerator.memoryBytes = Bytes{80} << 30;
    cluster->accelerator.memoryBandwidth = 3.35e12;
    cluster->accelerator.peak.fill(989e12);
    cluster->pricePerDeviceHour = 6.88;
    FabricLevel level;
    level.name = "NVSwitch";
    level.extents = {tensor * pipeline * data};
    level.bandwidth = 450e9;
    cluster->levels = {level};
    Scenario result;
    result.model = model;
    result.cluster = cluster;
    result.plan[PlanAxis::Tensor] = tensor;
    result.plan[PlanAxis::Pipeline] = pipeline;
    result.plan[PlanAxis::Data] = data;
    result.plan[PlanAxis::PrefillMicrobatches] = 8;
    result.plan[PlanAxis::DecodeMicrobatches] = 2;
    return result;
}

inline void setService(Report& report, double ttft, double tpot, const Scenario& scenario)
{
    ServingReport& serving = report.serving;
    serving.ttft = ttft;
    serving.tpot = tpot;
    serving.endToEnd = ttft + (scenario.workload.output - 1) * tpot;
    const double replicas = scenario.plan.data();
    serving.outputTokensPerSecond = replicas * scenario.workload.batch * scenario.workload.output / serving.endToEnd;
    serving.outputTokensPerSecondPerDevice = serving.outputTokensPerSecond / static_cast<double>(scenario.plan.devices());
    serving.decodeTokensPerSecond = replicas * scenario.workload.batch / tpot;
    serving.tokensPerSecondPerUser = 1 / tpot;
    serving.costPerMillionTokens = scenario.cluster->pricePerDeviceHour / 3600 / serving.outputTokensPerSecondPerDevice * 1e6;
}

/// Two stages of four devices, eight prefill microbatches, decode in A and B; `time` stretches every duration.
inline Report report(const Scenario& scenario, double time = 1)
{
    const Plan& plan = scenario.plan;
    Report result;
    result.legal = true;
    result.layout = stageLayout(*scenario.model, plan);
    result.prefill = phase(Phase::Prefill, plan.pipeline(), plan.prefillMicrobatches(), plan.chunks(),
                           breakdown(0.004, 0.001, 0.21, 0.042, 0.003).scaled(time), 0.0004 * time);
    result.decode = phase(Phase::Decode, plan.pipeline(), plan.decodeMicrobatches(), 3,
                          breakdown(6.27e-3, 0.51e-3, 0.2e-3, 0.57e-3, 0.3e-3).scaled(time));
    for (int s = 0; s < plan.pipeline(); ++s) {
        DeviceMemory memory;
        memory.stage = s;
        memory.firstDevice = s * static_cast<int>(plan.stageDevices());
        memory.count = static_cast<int>(plan.stageDevices()) * plan.data();
        memory.attentionWeights = Bytes{4} << 30;
        memory.mlpWeights = Bytes{12} << 30;
        memory.kv = Bytes{3} << 30;
        memory.activations = Bytes{700} << 20;
        memory.buffers = Bytes{700} << 20;
        memory.reserve = Bytes{2} << 30;
        result.memory.stages.push_back(memory);
    }
    result.memory.capacity = scenario.cluster->accelerator.memoryBytes;
    result.memory.fits = true;
    result.memory.maxBatchPerReplica = 646;
    result.memory.maxTokensPerReplica = 1'600'000;
    setService(result, result.prefill.time, result.decode.time, scenario);
    return result;
}

} // namespace shardlens::sample
