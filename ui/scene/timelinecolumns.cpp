// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinecolumns.h"

#include <algorithm>

namespace shardlens {

TimelineIndex::TimelineIndex(const PhaseReport& report, Phase phase)
    : m_timeline(&report.timeline),
      m_repeats(phase == Phase::Decode && report.timeline.period > 0)
{
    const std::vector<TimelineCell>& cells = m_timeline->cells;
    m_entries.resize(cells.size());
    m_firsts.assign(static_cast<std::size_t>(std::max(m_timeline->stages, 0)) + 1, cells.size());
    int stage = -1;
    double before = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const TimelineCell& cell = cells[i];
        while (stage < cell.stage) {
            m_firsts[static_cast<std::size_t>(++stage)] = i;
            before = 0;
        }
        m_entries[i] = {cell.start, cell.end, before};
        before += cell.end - cell.start;
    }
}

TimelineIndex::Walk::Walk(const TimelineIndex& index, int stage)
    : m_index(index),
      m_first(index.m_firsts[static_cast<std::size_t>(stage)]),
      m_last(index.m_firsts[static_cast<std::size_t>(stage) + 1]),
      m_at(m_first)
{
    if (m_first == m_last)
        return;
    m_origin = index.m_entries[m_first].start;
    if (!index.m_repeats)
        return;
    m_period = index.m_timeline->period;
    m_each = within(m_origin + m_period);
    m_at = m_first;
}

double TimelineIndex::Walk::within(double time)
{
    // Times ascend, mostly by little: gallop on from the last place.
    const std::vector<Entry>& entries = m_index.m_entries;
    if (m_at > m_first && entries[m_at - 1].start > time)
        m_at = m_first; // a period earlier
    std::size_t step = 1;
    while (m_at + step <= m_last && entries[m_at + step - 1].start <= time)
        step *= 2;
    const auto from = entries.begin() + static_cast<std::ptrdiff_t>(m_at + step / 2);
    const auto to = entries.begin() + static_cast<std::ptrdiff_t>(std::min(m_at + step, m_last));
    m_at = static_cast<std::size_t>(
        std::upper_bound(std::min(from, to), to, time, [](double t, const Entry& entry) { return t < entry.start; }) - entries.begin());
    if (m_at == m_first)
        return 0;
    const Entry& last = entries[m_at - 1];
    return last.before + std::min(time, last.end) - last.start;
}

double TimelineIndex::Walk::busyUntil(double time)
{
    if (m_first == m_last)
        return 0;
    if (m_period > 0 && time < m_origin)
        return within(time + m_period) - m_each;
    if (m_period > 0 && m_index.m_timeline->complete && time > m_index.m_entries[m_last - 1].end)
        return within(time - m_period) + m_each;
    return within(time);
}

std::int32_t TimelineIndex::Walk::costClass() const
{
    return m_at > m_first ? m_index.m_timeline->cells[m_at - 1].costClass : 0;
}

void collectColumns(const TimelineIndex& index, int stage, int stages, const TimeRange& visible, std::size_t columns,
                    std::vector<TimelineColumn>& out)
{
    out.assign(columns, {});
    const double each = visible.length() / static_cast<double>(std::max<std::size_t>(columns, 1));
    const double perSecond = each > 0 ? 1 / each : 0;
    const float part = 1 / static_cast<float>(std::max(stages, 1));
    const int middle = stage + stages / 2;
    for (int s = stage; s < stage + stages; ++s) {
        TimelineIndex::Walk walk(index, s);
        double before = walk.busyUntil(visible.begin);
        for (std::size_t i = 0; i < columns; ++i) {
            const double until = walk.busyUntil(visible.begin + static_cast<double>(i + 1) * each);
            // Differences of long sums: what is below their rounding is nothing or everything.
            const double exact = (until - before) * perSecond;
            const float share = exact < 1e-6 ? 0.0F : exact > 1 - 1e-6 ? 1.0F : static_cast<float>(exact);
            before = until;
            TimelineColumn& column = out[i];
            column.least = std::min(column.least, share);
            column.most = std::max(column.most, share);
            column.mean += share * part;
            if (s == middle) {
                column.stage = s;
                column.costClass = walk.costClass();
            }
        }
    }
}

void halveColumns(std::vector<TimelineColumn>& columns)
{
    const std::size_t half = (columns.size() + 1) / 2;
    for (std::size_t i = 0; i < half; ++i) {
        TimelineColumn joined = columns[2 * i];
        if (2 * i + 1 < columns.size()) {
            const TimelineColumn& other = columns[2 * i + 1];
            joined.least = std::min(joined.least, other.least);
            joined.most = std::max(joined.most, other.most);
            joined.mean = (joined.mean + other.mean) / 2;
        }
        columns[i] = joined;
    }
    columns.resize(half);
}

} // namespace shardlens
