// SPDX-License-Identifier: Apache-2.0
// Pieces that the explanations of times, operators and memory share. Internal to core/scenario.
#pragma once

#include "core/base/format.h"
#include "core/scenario/explain.h"

namespace shardlens {

/// Splits "15.3 ms" into figure and unit.
void setFigure(Explanation& out, const std::string& figureWithUnit);
[[nodiscard]] std::string exactBytes(double bytes);
[[nodiscard]] const PhaseReport& phaseOf(const Report& report, Phase phase);
/// "TTFT" or "TPOT".
[[nodiscard]] std::string_view figureNameOf(Phase phase);
[[nodiscard]] Explanation::Input bandwidthInput(const Scenario& scenario);
[[nodiscard]] Explanation::Input peakInput(const Scenario& scenario);
/// The breakdown as bars, largest causes first left out when zero.
/// Time that HBM binds without a KV cache: "Weight reads", and in calibrated mode, where norms and other elementwise work take a time of
/// their own, "Weights, activations".
[[nodiscard]] std::string_view readsNameOf(const Scenario& scenario);
void addCauses(const Scenario& scenario, Explanation& out, const Breakdown& breakdown);
[[nodiscard]] Subject operatorSubject(Phase phase, int index);
/// Pieces that pass a stage in one prefill or one decode round.
[[nodiscard]] int piecesOf(const PhaseReport& phase, Phase which);
/// The terms of a sum that stand in its formula with their numbers; what remains is one more.
inline constexpr std::size_t kTermsPut = 4;
/// "40 × 70.28 µs", "165 µs" of one run.
[[nodiscard]] std::string timesText(double seconds, int runs, int digits = 3);

/// "stage 1 of 4", or "every device" without a pipeline.
[[nodiscard]] std::string stageWords(const Report& report, int stage);

[[nodiscard]] Explanation explainTime(const Scenario& scenario, const Report& report, Phase phase);
[[nodiscard]] Explanation explainCause(const Scenario& scenario, const Report& report, const Subject& subject);
/// `out` has title, figure and share already; `seconds`: of `stage` over the phase.
void addCommunication(const Scenario& scenario, const Report& report, Phase which, int stage, double seconds, Explanation& out);
[[nodiscard]] Explanation explainOperator(const Scenario& scenario, const Report& report, const Subject& subject);
[[nodiscard]] Explanation explainMemory(const Scenario& scenario, const Report& report, const Subject& subject);
[[nodiscard]] Explanation explainTensor(const Scenario& scenario, const Report& report, const Subject& subject);
[[nodiscard]] Explanation explainExpert(const Scenario& scenario, const Report& report, const Subject& subject);
[[nodiscard]] Explanation explainPool(const Scenario& scenario, const Report& report, const Subject& subject);
[[nodiscard]] Explanation explainFit(const Scenario& scenario, const Report& report);
/// A stretch of the timeline: what its stages do in it, and how long they idle.
[[nodiscard]] Explanation explainRange(const Scenario& scenario, const Report& report, const Subject& subject);
/// The groups of an axis of the plan, or that of a device.
[[nodiscard]] Explanation explainAxis(const Scenario& scenario, const Report& report, const Subject& subject);

} // namespace shardlens
