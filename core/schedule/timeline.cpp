// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/timeline.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace shardlens {

namespace {

std::size_t index(int row, int column, int columns)
{
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column);
}

} // namespace

Timeline prefillTimeline(const PipelineInput& input)
{
    Timeline timeline;
    timeline.stages = input.stages;
    timeline.microbatches = input.microbatches;
    timeline.steps = input.chunks;
    const int pieces = input.microbatches * input.chunks;
    timeline.cells.resize(static_cast<std::size_t>(input.stages) * static_cast<std::size_t>(pieces));
    double busySum = 0;
    for (int stage = 0; stage < input.stages; ++stage) {
        double free = 0; // when the stage has finished its previous piece
        double link = 0; // when the link from the previous stage is free again
        for (int piece = 0; piece < pieces; ++piece) {
            const std::int32_t costClass = input.classOf[static_cast<std::size_t>(piece)];
            double arrival = 0;
            if (stage > 0) {
                const double sent = timeline.cells[index(stage - 1, piece, pieces)].end;
                link = std::max(link, sent) + input.send[index(stage - 1, costClass, input.classes)];
                arrival = link;
            }
            TimelineCell& cell = timeline.cells[index(stage, piece, pieces)];
            cell.start = std::max(free, arrival);
            const double busy = input.busy[index(stage, costClass, input.classes)];
            cell.end = cell.start + busy;
            busySum += busy;
            cell.stage = stage;
            cell.microbatch = piece / input.chunks;
            cell.step = piece % input.chunks;
            cell.costClass = costClass;
            free = cell.end;
        }
    }
    timeline.duration = timeline.cells.empty() ? 0 : timeline.cells.back().end;
    timeline.period = timeline.duration;
    timeline.idleFraction = timeline.duration > 0 ? std::max(0.0, 1 - busySum / (timeline.duration * input.stages)) : 0;
    return timeline;
}

Timeline decodeTimeline(const PipelineInput& input, int drawnRounds)
{
    Timeline timeline;
    timeline.stages = input.stages;
    timeline.microbatches = input.microbatches;
    timeline.steps = drawnRounds;
    const int m = input.microbatches;
    const int p = input.stages;
    const auto classOf = [&](int microbatch) { return input.classOf[static_cast<std::size_t>(microbatch)]; };
    std::vector<double> free(static_cast<std::size_t>(p), 0.0);
    std::vector<double> ready(static_cast<std::size_t>(m), 0.0); // when microbatch j may enter stage 0 again
    double busySum = 0;
    for (int j = 0; j < m; ++j)
        for (int s = 0; s < p; ++s)
            busySum += input.busy[index(s, classOf(j), input.classes)];

    // One round: every microbatch passes every stage once, in order. `record` stores the cells.
    const auto round = [&](int step, bool record) {
        for (int j = 0; j < m; ++j) {
            const std::int32_t costClass = classOf(j);
            double arrival = ready[static_cast<std::size_t>(j)];
            for (int s = 0; s < p; ++s) {
                double& stageFree = free[static_cast<std::size_t>(s)];
                const double start = std::max(stageFree, arrival);
                const double end = start + input.busy[index(s, costClass, input.classes)];
                if (record)
                    timeline.cells.push_back({start, end, s, j, step, costClass});
                stageFree = end;
                arrival = end + input.send[index(s, costClass, input.classes)];
            }
            ready[static_cast<std::size_t>(j)] = arrival;
        }
        return ready[static_cast<std::size_t>(m - 1)];
    };

    // The round time of such a cyclic schedule settles: when every microbatch comes back just one round later than it did, all further
    // rounds repeat, and their time is the period. Schedules that take very long to settle are cut at a bound.
    double previous = 0;
    double period = 0;
    constexpr int mostRounds = 256;
    std::vector<double> before;
    for (int r = 0; r < mostRounds; ++r) {
        before = ready;
        const double end = round(0, false);
        period = end - previous;
        previous = end;
        bool steady = r > 0;
        for (int j = 0; j < m && steady; ++j)
            steady = std::abs(ready[static_cast<std::size_t>(j)] - before[static_cast<std::size_t>(j)] - period) <= 1e-12 * period;
        if (steady)
            break;
    }
    timeline.period = period;
    timeline.cells.reserve(static_cast<std::size_t>(p) * static_cast<std::size_t>(m) * static_cast<std::size_t>(drawnRounds));
    for (int r = 0; r < drawnRounds; ++r)
        round(r, true);
    double origin = timeline.cells.empty() ? 0 : timeline.cells.front().start;
    for (TimelineCell& cell : timeline.cells) {
        cell.start -= origin;
        cell.end -= origin;
        timeline.duration = std::max(timeline.duration, cell.end);
    }
    if (p > 1)
        std::stable_sort(timeline.cells.begin(), timeline.cells.end(),
                         [](const TimelineCell& a, const TimelineCell& b) { return a.stage < b.stage; });
    timeline.idleFraction = period > 0 ? std::max(0.0, 1 - busySum / (period * p)) : 0;
    return timeline;
}

double prefillBubble(int stages, int microbatches)
{
    return (stages - 1.0) / (microbatches + stages - 1.0);
}

double decodeIdle(int stages, int microbatches)
{
    return std::max(0.0, 1 - static_cast<double>(microbatches) / stages);
}

} // namespace shardlens
