// SPDX-License-Identifier: Apache-2.0
// Service figures in words: intervals, percentiles, what a server under load runs into, and what the figures rest on.
#pragma once

#include "core/scenario/comparedpoints.h"
#include "ui/scene/scene.h"

#include <QStringList>

#include <optional>

namespace shardlens {

/// The 80 % interval of a figure of the report, in SI units; none in roofline mode or where it has no figure.
[[nodiscard]] std::optional<Spread> bandOf(const Report& report, PointFigure figure);
/// "2.16–2.71 s"; one unit for both ends where it is the same.
[[nodiscard]] QString rangeText(PointFigure figure, const Spread& band);
/// A line from the interval's low to its high end with a tick at the value, `width` long.
void drawBandMark(Scene& scene, const Theme& theme, QPointF left, double width, double value, const Spread& band);

/// Whether requests come while others are served, so that figures are distributions.
[[nodiscard]] bool underLoad(const Scenario& scenario);
/// Where pools serve: whose plan the pictures show, "decode worker"; empty otherwise.
[[nodiscard]] QString workerText(const Scenario& scenario);
/// "P50 1.2, P90 2.4, P99 3.1 s"; `brief`: "P50 1.2, P99 3.1 s".
[[nodiscard]] QString percentileText(const Percentiles& percentiles, bool brief);
/// Saturation, waiting, preemption or no room at all, in one sentence; empty when there is nothing to say.
[[nodiscard]] QString serviceSentence(const Scenario& scenario, const Report& report);

/// A target of TTFT (prefill) or TPOT (decode) held against the service's figure, as the program's checkTargets() does.
struct TargetText {
    double seconds = 0; ///< the target
    bool met = false;
    QStringList forms; ///< "target 1 s missed by 57 %" and shorter ones
};
/// None when no target is set or the plan is not legal.
[[nodiscard]] std::optional<TargetText> targetText(const Scenario& scenario, const Report& report, Phase phase);

/// Mode and engine: "Calibrated: vLLM on H100 SXM5 80GB, 107 points"; `brief`: "Calibrated: vLLM". Under load with how it was worked out.
[[nodiscard]] QString modeText(const Scenario& scenario, const Report& report, bool brief);
} // namespace shardlens
