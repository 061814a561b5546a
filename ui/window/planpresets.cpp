// SPDX-License-Identifier: Apache-2.0
#include "ui/window/planpresets.h"

#include "ui/scene/scene.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace shardlens {
namespace {

constexpr std::size_t kMostPresets = 24;
constexpr std::array kDeviceAxes{PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data,
                                 PlanAxis::Expert, PlanAxis::Sequence, PlanAxis::AttentionData};

/// A plan of three axes; the groups of requests follow its stages.
Plan presetPlan(const Scenario& scenario, int tensor, int pipeline, int data)
{
    Plan plan;
    plan[PlanAxis::Tensor] = tensor;
    plan[PlanAxis::Pipeline] = pipeline;
    plan[PlanAxis::Data] = data;
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches})
        plan[axis] = std::clamp(scenario.plan[axis], 1, scenario.workload.batch);
    followStages(plan, scenario.plan.pipeline(), scenario.workload.batch);
    return plan;
}

} // namespace

QString presetName(const Plan& plan)
{
    QStringList parts;
    for (const PlanAxis axis : kDeviceAxes)
        if (plan[axis] > 1)
            parts << qs(shortNameOf(axis)) % QLatin1Char(' ') % QString::number(plan[axis]);
    return parts.isEmpty() ? QCoreApplication::translate("PlanPresets", "1 device") : parts.join(QStringLiteral(" × "));
}

std::vector<PlanPreset> planPresets(const Scenario& scenario)
{
    const int devices = scenario.cluster->devices();
    std::vector<PlanPreset> presets;
    const auto offer = [&](const Plan& plan) {
        if (presets.size() < kMostPresets && plan.devices() == devices && isLegal(scenario.context(), plan))
            presets.push_back({presetName(plan), plan});
    };
    for (int pipeline = 1; pipeline <= devices; pipeline *= 2) {
        for (int data = 1; pipeline * data <= devices; data *= 2) {
            if (devices % (pipeline * data) != 0)
                continue;
            Plan plan = presetPlan(scenario, devices / (pipeline * data), pipeline, data);
            offer(plan);
            plan[PlanAxis::Expert] = static_cast<int>(plan.stageDevices());
            if (scenario.model->hasExperts() && plan.expert() > 1)
                offer(plan);
        }
    }
    return presets;
}

} // namespace shardlens
