// SPDX-License-Identifier: Apache-2.0
// Under the bars of a static batch: what a request takes under the load, alone and with what others add. Internal to the latency view.
#pragma once

#include "ui/scene/scene.h"

#include <array>
#include <optional>

namespace shardlens {

/// The mean TTFT or TPOT under the load and its parts, as the inspector has them (undisturbedOf()).
struct RequestTime {
    double alone = 0;  ///< s
    double others = 0; ///< s that other requests add; 0 or more
    [[nodiscard]] double total() const { return alone + others; }
};
/// By phase; none without a load, where it is not served, or by pools, whose plan is not the bars'.
using LoadTimes = std::array<std::optional<RequestTime>, 2>;
[[nodiscard]] LoadTimes requestTimes(const Scenario& scenario, const Report& report);

[[nodiscard]] double requestRowHeight();
/// A bar on the scale of `axisEnd` seconds; what is longer ends at the track's end and says so.
void drawRequestRow(Scene& scene, const Theme& theme, const QRectF& track, double axisEnd, Phase phase, const RequestTime& time);
/// Its arithmetic in lines, for a tooltip; empty when there is none.
[[nodiscard]] QString requestLines(const Scenario& scenario, const Report& report, Phase phase);

} // namespace shardlens
