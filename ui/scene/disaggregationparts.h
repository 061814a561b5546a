// SPDX-License-Identifier: Apache-2.0
// What stands under the pools: the way of a mean request through them to scale, and the figures against one system of as many devices.
#pragma once

#include "ui/scene/disaggregationscene.h"

namespace shardlens {

/// Colour of a pool: 0 prefill, 1 decode.
[[nodiscard]] QColor poolColour(const Theme& theme, int pool);

/// The parts of a mean request's time to its first token, in order; they sum to ServingReport::ttft.
struct RequestPath {
    double wait = 0;     ///< host work, and waiting for a prefill worker
    double prefill = 0;  ///< alone on a worker
    double transfer = 0; ///< of its KV cache
    double decode = 0;   ///< after the first token
    [[nodiscard]] double ttft() const { return wait + prefill + transfer; }
    [[nodiscard]] double total() const { return ttft() + decode; }
};
/// Nothing where requests wait without end or nothing is served.
[[nodiscard]] std::optional<RequestPath> requestPath(const Report& report);

/// Bars of a request in pools and in one system, from sending it to its last token, on one axis of time.
/// `bar`: px of each at least.
[[nodiscard]] double requestPathHeight(double bar);
void drawRequestPath(Scene& scene, const Theme& theme, const QRectF& area, double bar, const Scenario& scenario, const Report& pools,
                     const Report* joined);

/// A line each for pools, one system and the change. `name`: what the one system is.
[[nodiscard]] double comparisonHeight(bool joined);
void drawPoolComparison(Scene& scene, const Theme& theme, const QRectF& area, const Scenario& scenario, const Report& pools,
                        const DisaggregationOptions& options);
/// The same in one line, longest first: how far the pools are from the one system, or why there is none to hold them against.
[[nodiscard]] QStringList poolComparisonWords(const Scenario& scenario, const Report& pools, const DisaggregationOptions& options);

} // namespace shardlens
