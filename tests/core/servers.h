// SPDX-License-Identifier: Apache-2.0
// Servers for tests of serving: a model on a cluster under a plan, with all that a ServiceInput refers to.
#pragma once

#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/serving/service.h"

#include <memory>

namespace shardlens::testing {

struct Server {
    Server(const char* modelId, int devices, const Plan& plan, Engine engine = Engine::Generic)
        : m_model(builtinCatalog().model(modelId)),
          m_cluster(std::make_shared<const Cluster>(resized(*builtinCatalog().cluster("p5.48xlarge"), devices).value())),
          m_plan(plan),
          m_step(std::make_unique<StepModel>(*m_model, *m_cluster, formats(), plan, Routing{}, StepDetail::Times)),
          m_engine(defaultsOf(engine))
    {}
    [[nodiscard]] static Formats formats()
    {
        Formats f;
        f.weights = NumberFormat::Fp8;
        f.kv = NumberFormat::Fp8;
        f.compute = ComputeFormat::Fp8;
        return f;
    }
    [[nodiscard]] ServiceInput input(int prompt, int output) const
    {
        ServiceInput in{*m_step, prompt, output, kUnlimitedTokens, {}, m_engine};
        return in;
    }
    [[nodiscard]] ServiceInput closed(int prompt, int output, int clients, double low = 1) const
    {
        ServiceInput in = input(prompt, output);
        in.load.kind = LoadKind::ClosedLoop;
        in.load.concurrency = clients;
        if (low < 1)
            in.load.inputLengths = in.load.outputLengths = {LengthSpread::Kind::Uniform, low, 1, 0, 0, 0};
        return in;
    }
    [[nodiscard]] ServiceInput open(int prompt, int output, double rate) const
    {
        ServiceInput in = input(prompt, output);
        in.load.kind = LoadKind::OpenLoop;
        in.load.rate = rate;
        return in;
    }
    [[nodiscard]] const StepModel& step() const { return *m_step; }

private:
    std::shared_ptr<const Model> m_model;
    std::shared_ptr<const Cluster> m_cluster;
    Plan m_plan;
    std::unique_ptr<StepModel> m_step;
    EngineSettings m_engine;
};

[[nodiscard]] inline Plan planOf(int tensor, int pipeline = 1, int data = 1, int expert = 1, int attentionData = 1)
{
    Plan plan;
    plan[PlanAxis::Tensor] = tensor;
    plan[PlanAxis::Pipeline] = pipeline;
    plan[PlanAxis::Data] = data;
    plan[PlanAxis::Expert] = expert;
    plan[PlanAxis::AttentionData] = attentionData;
    plan[PlanAxis::DecodeMicrobatches] = pipeline;
    return plan;
}

} // namespace shardlens::testing
