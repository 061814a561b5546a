// SPDX-License-Identifier: Apache-2.0
// The verdict: fits or by how much not, the headline figures, what binds, and one sentence on what to try. Columns have reserved widths, so
// nothing moves when digits change; where the window is narrow, lesser columns drop.
#pragma once

#include "ui/scene/scene.h"

#include <optional>

namespace shardlens {

inline constexpr double kVerdictHeight = space::kVerdictValues + space::kVerdictAdvice;

struct VerdictOptions {
    std::optional<Advice> advice; ///< unset: advise() is asked
};

void buildVerdict(const ViewInput& input, const VerdictOptions& options, Scene& scene);
[[nodiscard]] QString verdictTooltip(const Scenario& scenario, const Report& report, const Subject& subject);
/// One sentence for a screen reader.
[[nodiscard]] QString describeVerdict(const Scenario& scenario, const Report& report);

} // namespace shardlens
