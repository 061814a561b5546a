// SPDX-License-Identifier: Apache-2.0
#include "core/search/planspace.h"

namespace shardlens {

namespace {

class Walk {
public:
    Walk(const PlanContext& context, DeviceUse use, const PlanOptions& options, const std::function<void(const Plan&)>& visit)
        : m_context(context),
          m_use(use),
          m_visit(visit)
    {
        m_plan.options = options;
    }

    /// Tries the values of the axis at `level`; those before are set, those after are one. `room`: devices for each one so far.
    void step(std::size_t level, int room)
    {
        if (level == kOrder.size()) {
            m_visit(m_plan);
            return;
        }
        const PlanAxis axis = kOrder[level];
        // EP takes no devices of its own: it divides those of a stage.
        const bool divides = axis == PlanAxis::Expert;
        const std::int64_t of = divides ? m_plan.stageDevices() : room;
        const bool rest = m_use == DeviceUse::All && level + 1 == kOrder.size();
        for (int value = rest ? room : 1; value <= of; ++value) {
            if ((divides || m_use == DeviceUse::All) && of % value != 0)
                continue;
            m_plan[axis] = value;
            m_plan[PlanAxis::PrefillMicrobatches] = fewestMicrobatches(m_plan);
            // Whatever rule this breaks with the later axes at one is broken by all of their values.
            if (isLegal(m_context, m_plan))
                step(level + 1, divides ? room : room / value);
        }
        m_plan[axis] = 1;
        m_plan[PlanAxis::PrefillMicrobatches] = fewestMicrobatches(m_plan);
    }

private:
    static constexpr std::array kOrder{PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData,
                                       PlanAxis::Expert, PlanAxis::Pipeline, PlanAxis::Data};
    const PlanContext& m_context;
    DeviceUse m_use;
    const std::function<void(const Plan&)>& m_visit;
    Plan m_plan;
};

} // namespace

int fewestMicrobatches(const Plan& plan)
{
    return plan.virtualStages() > 1 ? plan.pipeline() : 1;
}

void forEachPlan(const PlanContext& context, int devices, DeviceUse use, const PlanOptions& options,
                 const std::function<void(const Plan&)>& visit)
{
    Walk(context, use, options, visit).step(0, devices);
}

} // namespace shardlens
