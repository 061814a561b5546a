// SPDX-License-Identifier: Apache-2.0
// Rows with more pieces than pixels: how busy the stages of a row are in each column of pixels, exactly. What is drawn of a bubble
// narrower than a pixel is its share of the pixel, never nothing.
#pragma once

#include "core/scenario/timelinesums.h"

#include <cstdint>
#include <vector>

namespace shardlens {

/// Busy seconds of a phase before each of its cells: an interval's busy time by two searches.
class TimelineIndex {
public:
    TimelineIndex(const PhaseReport& report, Phase phase);

    /// Goes through a stage in ascending time.
    class Walk {
    public:
        Walk(const TimelineIndex& index, int stage);
        /// Seconds that the stage worked before `time`, counted from a fixed instant; times must not fall.
        [[nodiscard]] double busyUntil(double time);
        /// Class of costs of the piece that ran last before the time last asked.
        [[nodiscard]] std::int32_t costClass() const;

    private:
        [[nodiscard]] double within(double time);
        const TimelineIndex& m_index;
        std::size_t m_first = 0;
        std::size_t m_last = 0;
        std::size_t m_at = 0; ///< cells that start at or before the time last asked
        double m_origin = 0;  ///< start of the first cell
        double m_period = 0;  ///< 0: nothing repeats
        double m_each = 0;    ///< busy in one period
    };

private:
    const Timeline* m_timeline;
    bool m_repeats = false;
    /// What a search touches, side by side.
    struct Entry {
        double start = 0;
        double end = 0;
        double before = 0; ///< seconds of the stage's earlier cells
    };
    std::vector<Entry> m_entries;
    std::vector<std::size_t> m_firsts; ///< by stage, and one more
};

struct TimelineColumn {
    float least = 1; ///< busy share of the least busy stage
    float most = 0;
    float mean = 0;
    std::int32_t stage = 0;
    std::int32_t costClass = 0; ///< of a piece of `stage` in it: what its causes are drawn from
    friend bool operator==(const TimelineColumn&, const TimelineColumn&) = default;
};

/// Equal parts of `visible` for the stages [stage, stage + stages).
void collectColumns(const TimelineIndex& index, int stage, int stages, const TimeRange& visible, std::size_t columns,
                    std::vector<TimelineColumn>& out);
/// Each two columns become one.
void halveColumns(std::vector<TimelineColumn>& columns);

} // namespace shardlens
