// SPDX-License-Identifier: Apache-2.0
// Sentences and labels of the timeline.
#pragma once

#include "ui/scene/timelinescene.h"

namespace shardlens {

/// "GPU 0-3", or how many there are where they do not follow one another.
[[nodiscard]] QString timelineDevices(const Scenario& scenario, int stage);
/// "63 % compute, 35 % communication": of the work alone, without a bubble.
[[nodiscard]] QString timelineShares(const Breakdown& parts);
/// The closed form when it is what the events gave, else what they gave with the closed form beside it; longest first.
[[nodiscard]] std::array<QString, 4> timelineIdleTexts(const PhaseReport& report, Phase phase);
/// Idle share of a stage over the phase: prefill over its makespan, decode over a steady round.
[[nodiscard]] double stageIdleShare(const PhaseReport& report, int stage);
/// What a range or the chosen pieces hold, longest first; the first says what it is a range of.
[[nodiscard]] std::array<QString, 4> timelineChoiceTexts(const TimelineSums& sums);
[[nodiscard]] std::array<QString, 4> timelineSumTexts(const TimelineRange& range, const TimelineSums& sums);

} // namespace shardlens
