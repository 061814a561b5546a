// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.h"

#include <algorithm>

namespace shardlens {

std::int64_t Plan::devices() const
{
    constexpr std::int64_t most = std::int64_t{1} << 40;
    std::int64_t product = 1;
    for (const PlanAxis axis : {PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData, PlanAxis::Pipeline, PlanAxis::Data}) {
        const std::int64_t value = std::max(1, (*this)[axis]);
        if (value > most / product)
            return most;
        product *= value;
    }
    return product;
}

void followStages(Plan& plan, int stages, int batch)
{
    if (plan.pipeline() == stages)
        return;
    const int most = std::max(1, batch);
    const int automatic = std::clamp(plan.pipeline(), 1, most);
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches}) {
        const bool follows = plan.pipeline() == 1 || plan[axis] == std::clamp(stages, 1, most);
        plan[axis] = follows ? automatic : std::clamp(plan[axis], automatic, most);
    }
    if (plan.virtualStages() == 1)
        return;
    const auto divided = [&plan](int count) { return std::int64_t{count} * plan.chunks() % plan.pipeline() == 0; };
    const int wanted = plan.prefillMicrobatches();
    int count = wanted;
    while (count < most && !divided(count))
        ++count;
    if (!divided(count))
        for (count = wanted; count > 1 && !divided(count);)
            --count;
    plan[PlanAxis::PrefillMicrobatches] = count;
}

std::string_view shortNameOf(PlanAxis axis)
{
    switch (axis) {
    case PlanAxis::Tensor: return "TP";
    case PlanAxis::Pipeline: return "PP";
    case PlanAxis::Data: return "DP";
    case PlanAxis::Expert: return "EP";
    case PlanAxis::Sequence: return "SP";
    case PlanAxis::AttentionData: return "attention DP";
    case PlanAxis::PrefillMicrobatches: return "prefill microbatches";
    case PlanAxis::DecodeMicrobatches: return "decode microbatches";
    case PlanAxis::Chunks: return "chunks";
    }
    return "";
}

std::string_view keyOf(PlanAxis axis)
{
    switch (axis) {
    case PlanAxis::Tensor: return "tensor";
    case PlanAxis::Pipeline: return "pipeline";
    case PlanAxis::Data: return "data";
    case PlanAxis::Expert: return "expert";
    case PlanAxis::Sequence: return "sequence";
    case PlanAxis::AttentionData: return "attention_data";
    case PlanAxis::PrefillMicrobatches: return "prefill_microbatches";
    case PlanAxis::DecodeMicrobatches: return "decode_microbatches";
    case PlanAxis::Chunks: return "chunks";
    }
    return "";
}

} // namespace shardlens
