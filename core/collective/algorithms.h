// SPDX-License-Identifier: Apache-2.0
// The algorithms that one level of a fabric offers, each affine in the payload of that level.
#pragma once

#include "core/collective/collective.h"
#include "core/collective/grouplayout.h"

namespace shardlens {

/// A list of at most N values without allocation; what does not fit is left out.
template <class T, std::size_t N>
class InlineList {
public:
    void add(const T& value)
    {
        if (m_count < N)
            m_items[m_count++] = value;
    }
    [[nodiscard]] std::size_t size() const { return m_count; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return m_items[i]; }
    [[nodiscard]] T& operator[](std::size_t i) { return m_items[i]; }
    [[nodiscard]] const T* begin() const { return m_items.data(); }
    [[nodiscard]] const T* end() const { return m_items.data() + m_count; }

private:
    std::array<T, N> m_items{};
    std::size_t m_count = 0;
};

using LevelLines = InlineList<CollectiveLine, 6>;

/// AllGather to V bytes within one level; ReduceScatter of V bytes is its mirror image.
[[nodiscard]] LevelLines gatherLines(const LevelUse& use);
/// AllReduce of V bytes within one level, apart from the two halves that gatherLines() gives.
[[nodiscard]] LevelLines reduceLines(const LevelUse& use);
/// AllToAll of V bytes per device within one level.
[[nodiscard]] LevelLines exchangeLines(const LevelUse& use);

/// Steps of a gather along one axis: both ways round a ring, or to the far end of a line.
[[nodiscard]] int hopsAlong(const AxisUse& axis);

} // namespace shardlens
