// SPDX-License-Identifier: Apache-2.0
// The index by which subjects and table rows name an operator of a phase: the phase's own, and after them those of a draft step.
#pragma once

#include "core/scenario/report.h"

namespace shardlens {

/// Null beyond the last.
[[nodiscard]] inline const OperatorCost* operatorAt(const PhaseReport& phase, int index)
{
    const auto at = static_cast<std::size_t>(index);
    if (index < 0 || at >= phase.operators.size() + phase.predictionOperators.size())
        return nullptr;
    return at < phase.operators.size() ? &phase.operators[at] : &phase.predictionOperators[at - phase.operators.size()];
}
[[nodiscard]] inline bool isDraftOperator(const PhaseReport& phase, int index)
{
    return index >= static_cast<int>(phase.operators.size());
}

} // namespace shardlens
