// SPDX-License-Identifier: Apache-2.0
// Which of many affine costs are ever the cheapest.
#pragma once

#include "core/collective/collective.h"
#include "core/collective/inlinelist.h"

#include <algorithm>

namespace shardlens {

/// True when another line is nowhere dearer and somewhere cheaper.
[[nodiscard]] inline bool isBeaten(const CollectiveLine& line, const CollectiveLine& by)
{
    return by.latency <= line.latency && by.secondsPerByte <= line.secondsPerByte
           && (by.latency < line.latency || by.secondsPerByte < line.secondsPerByte);
}

/// The lower envelope of the lines comes first, by rising latency; where lines meet, the one of lower latency is taken. Of the others as
/// many as fit follow in the order given.
template <std::size_t N>
CollectiveLines arranged(const InlineList<CollectiveLine, N>& candidates)
{
    std::array<std::size_t, N> order{};
    for (std::size_t i = 0; i < candidates.size(); ++i)
        order[i] = i;
    std::stable_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(candidates.size()), [&](std::size_t a, std::size_t b) {
        const CollectiveLine& x = candidates[a];
        const CollectiveLine& y = candidates[b];
        return x.latency < y.latency || (x.latency == y.latency && x.secondsPerByte < y.secondsPerByte);
    });
    InlineList<std::size_t, N> hull;
    std::size_t kept = 0; // of hull; a list that shrinks by counting down
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const CollectiveLine& line = candidates[order[i]];
        if (kept > 0 && line.secondsPerByte >= candidates[hull[kept - 1]].secondsPerByte)
            continue;
        while (kept > 1) {
            // The last line of the hull is never needed when the new one beats it from where the one before stops being cheapest.
            const CollectiveLine& last = candidates[hull[kept - 1]];
            const CollectiveLine& before = candidates[hull[kept - 2]];
            const double lastFrom = (last.latency - before.latency) / (before.secondsPerByte - last.secondsPerByte);
            const double lineFrom = (line.latency - before.latency) / (before.secondsPerByte - line.secondsPerByte);
            if (lineFrom > lastFrom)
                break;
            --kept;
        }
        if (kept < hull.size())
            hull[kept] = order[i];
        else
            hull.add(order[i]);
        ++kept;
    }
    CollectiveLines result;
    std::array<bool, N> taken{};
    for (std::size_t i = 0; i < std::min(kept, CollectiveLines::kMost); ++i) {
        result.lines[result.count++] = candidates[hull[i]];
        taken[hull[i]] = true;
    }
    result.useful = result.count;
    for (std::size_t i = 0; i < candidates.size() && result.count < CollectiveLines::kMost; ++i)
        if (!taken[i])
            result.lines[result.count++] = candidates[i];
    return result;
}

} // namespace shardlens
