// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/timeline.h"

#include <algorithm>
#include <limits>

namespace shardlens {

namespace {

std::size_t sized(std::int64_t value)
{
    return static_cast<std::size_t>(value);
}

/// Where a visit of a piece comes in the order of its stage. Prefill with several visits goes in groups of as many pieces as stages.
struct ServiceOrder {
    std::int64_t pieces = 1; ///< of a round
    int group = 1;           ///< pieces that make all their visits before the next ones
    int visits = 1;

    [[nodiscard]] std::int64_t ops() const { return pieces * visits; }
    [[nodiscard]] std::int64_t sizeOf(std::int64_t groupBegin) const { return std::min<std::int64_t>(group, pieces - groupBegin); }
    [[nodiscard]] std::int64_t position(std::int64_t piece, int visit) const
    {
        if (visits == 1)
            return piece;
        const std::int64_t begin = piece / group * group;
        return begin * visits + visit * sizeOf(begin) + (piece - begin);
    }
    struct Op {
        std::int64_t piece;
        int visit;
    };
    [[nodiscard]] Op at(std::int64_t position) const
    {
        const std::int64_t begin = position / (std::int64_t{group} * visits) * group;
        const std::int64_t inGroup = position - begin * visits;
        const std::int64_t size = sizeOf(begin);
        return {begin + inGroup % size, static_cast<int>(inGroup / size)};
    }
};

/// Keeps cells and what each start waited for, then walks the critical path back. Positions count through all rounds drawn.
class Recorder {
public:
    Recorder(const PipelineInput& input, Timeline& timeline, const ServiceOrder& order, int rounds, bool decode, std::size_t mostCells)
        : m_input(input),
          m_times(input.times()),
          m_timeline(timeline),
          m_order(order),
          m_decode(decode),
          m_ops(order.ops() * rounds)
    {
        const auto stages = sized(input.stages);
        m_kept = std::min(m_ops, std::max<std::int64_t>(1, static_cast<std::int64_t>(mostCells / stages)));
        timeline.complete = m_kept == m_ops;
        timeline.cells.resize(sized(m_kept) * stages);
        m_starts.assign(sized(m_ops) * stages, 0);
    }

    void record(int round, int stage, int visit, std::int64_t piece, double start, double end, VisitStart how)
    {
        const std::int64_t position = round * m_order.ops() + m_order.position(piece, visit);
        m_starts[at(stage, position)] = static_cast<std::uint8_t>((how.waited ? kWaited : 0) | (how.sendQueued ? kQueued : 0));
        if (end > m_lastEnd) {
            m_lastEnd = end;
            m_lastStage = stage;
            m_lastPosition = position;
        }
        if (position >= m_kept)
            return;
        TimelineCell& cell = m_timeline.cells[sized(stage * m_kept + position)];
        const BatchCut& cut = m_input.cut;
        cell.start = start;
        cell.end = end;
        cell.stage = stage;
        cell.microbatch = static_cast<std::int32_t>(piece / cut.chunks);
        cell.step = m_decode ? round : static_cast<std::int32_t>(piece % cut.chunks);
        cell.costClass = visit * m_times.classes + cut.classOf(piece);
        cell.visit = visit;
    }

    /// Walks back from the last end. In decode the path leaves the drawing where it came from an earlier round.
    void walkBack()
    {
        CriticalPath& path = m_timeline.critical;
        path = {};
        path.busy.assign(sized(m_input.stages), 0);
        int stage = m_lastStage;
        std::int64_t position = m_lastPosition;
        while (position >= 0) {
            const ServiceOrder::Op op = m_order.at(position % m_order.ops());
            const std::size_t cost = m_times.index(stage, op.visit, m_input.cut.classOf(op.piece));
            path.busy[sized(stage)] += m_times.busy[cost];
            if (m_times.sends == SendMode::Synchronous && sendsOn(stage, op.visit))
                path.send += m_times.send[cost];
            if (position < m_kept)
                m_timeline.cells[sized(stage * m_kept + position)].critical = true;
            if ((m_starts[at(stage, position)] & kWaited) == 0)
                --position; // the stage's piece before it; before the first one the path begins
            else if (!arriveFrom(stage, position, op))
                break;
        }
        path.length = path.send;
        for (const double seconds : path.busy)
            path.length += seconds;
    }

private:
    static constexpr std::uint8_t kWaited = 1;
    static constexpr std::uint8_t kQueued = 2;

    [[nodiscard]] std::size_t at(int stage, std::int64_t position) const { return sized(position * m_input.stages + stage); }
    [[nodiscard]] bool sendsOn(int stage, int visit) const
    {
        return m_input.stages > 1 && (m_decode || stage + 1 < m_input.stages || visit + 1 < m_input.visits);
    }

    /// Moves to the visit whose end set the arrival of `op` on `stage`, over the transfers that its own one queued behind. False: it came
    /// from before the drawing.
    bool arriveFrom(int& stage, std::int64_t& position, ServiceOrder::Op op)
    {
        std::int64_t round = position / m_order.ops();
        int sender = stage - 1;
        if (stage == 0) {
            sender = m_input.stages - 1;
            if (--op.visit < 0) {
                op.visit = m_input.visits - 1;
                --round;
            }
        }
        if (round < 0)
            return false;
        std::int64_t sent = round * m_order.ops() + m_order.position(op.piece, op.visit);
        if (m_input.stages > 1 && m_times.sends == SendMode::Overlapped)
            for (;;) {
                const ServiceOrder::Op transfer = m_order.at(sent % m_order.ops());
                m_timeline.critical.send += m_times.send[m_times.index(sender, transfer.visit, m_input.cut.classOf(transfer.piece))];
                if ((m_starts[at(sender, sent)] & kQueued) == 0)
                    break;
                do
                    --sent;
                while (sent >= 0 && !sendsOn(sender, m_order.at(sent % m_order.ops()).visit));
                if (sent < 0)
                    return false;
            }
        stage = sender;
        position = sent;
        return true;
    }

    const PipelineInput& m_input;
    PipelineTimes<double> m_times;
    Timeline& m_timeline;
    ServiceOrder m_order;
    bool m_decode;
    std::int64_t m_ops = 0;  ///< visits on each stage in the drawing
    std::int64_t m_kept = 0; ///< of them with cells
    std::vector<std::uint8_t> m_starts;
    double m_lastEnd = -std::numeric_limits<double>::infinity();
    int m_lastStage = 0;
    std::int64_t m_lastPosition = -1;
};

/// Seconds all stages are occupied while every piece makes its visits once, synchronous sends included.
double occupied(const PipelineInput& input, bool decode)
{
    const PipelineTimes<double> times = input.times();
    double sum = 0;
    for (int stage = 0; stage < input.stages; ++stage)
        for (int visit = 0; visit < input.visits; ++visit)
            for (int c = 0; c < times.classes; ++c) {
                const std::size_t i = times.index(stage, visit, c);
                const bool sends = input.stages > 1 && (decode || stage + 1 < input.stages || visit + 1 < input.visits);
                const double each = times.busy[i] + (sends && input.sends == SendMode::Synchronous ? times.send[i] : 0);
                sum += input.cut.count(c) * each;
            }
    return sum;
}

Timeline emptyTimeline(const PipelineInput& input)
{
    Timeline timeline;
    timeline.stages = input.stages;
    timeline.visits = input.visits;
    timeline.microbatches = input.cut.microbatches;
    return timeline;
}

} // namespace

Timeline prefillTimeline(const PipelineInput& input, std::size_t mostCells)
{
    Timeline timeline = emptyTimeline(input);
    timeline.steps = input.cut.chunks;
    const ServiceOrder order{input.cut.pieces(), input.visits == 1 ? 1 : input.stages, input.visits};
    Recorder recorder(input, timeline, order, 1, false, mostCells);
    std::vector<double> scratch(3 * sized(input.stages));
    const auto record = [&recorder](int stage, int visit, std::int64_t piece, double start, double end, VisitStart how) {
        recorder.record(0, stage, visit, piece, start, end, how);
    };
    timeline.duration = prefillRecurrence(
        input.times(), input.cut.pieces(), [&input](std::int64_t piece) { return input.cut.classOf(piece); }, scratch.data(), record);
    recorder.walkBack();
    timeline.period = timeline.duration;
    timeline.idleFraction = timeline.duration > 0 ? std::max(0.0, 1 - occupied(input, false) / (timeline.duration * input.stages)) : 0;
    return timeline;
}

Timeline decodeTimeline(const PipelineInput& input, int drawnRounds, std::size_t mostCells)
{
    Timeline timeline = emptyTimeline(input);
    const int m = input.cut.microbatches;
    const PipelineTimes<double> times = input.times();
    const auto classOf = [&input](std::int64_t j) { return input.cut.classOf(j); };
    const std::size_t size = decodeStateSize(input.stages, m);
    std::vector<double> state(2 * size);
    decodeStart(times, input.cut, state.data());
    SteadyRounds steady(state.data(), size, state.data() + size);
    const std::int64_t events = std::int64_t{m} * input.visits * input.stages;
    const int most = SteadyRounds::most(events);
    do
        decodeRound(times, m, classOf, state.data());
    while (!steady.settled() && steady.rounds() < most);
    timeline.period = steady.period();
    // The clock starts anew, so that what is drawn has all its digits.
    const double now = state[size - 1];
    for (std::size_t i = 0; i < size; ++i)
        state[i] -= now;

    timeline.steps = static_cast<int>(std::clamp<std::int64_t>(static_cast<std::int64_t>(mostCells) / events, 1, drawnRounds));
    const ServiceOrder order{m, m, input.visits};
    Recorder recorder(input, timeline, order, timeline.steps, true, mostCells);
    double origin = 0;
    double end = -std::numeric_limits<double>::infinity();
    for (int round = 0; round < timeline.steps; ++round)
        decodeRound(times, m, classOf, state.data(),
                    [&](int stage, int visit, std::int64_t piece, double start, double stop, VisitStart how) {
                        if (round == 0 && stage == 0 && visit == 0 && piece == 0)
                            origin = start;
                        end = std::max(end, stop);
                        recorder.record(round, stage, visit, piece, start, stop, how);
                    });
    recorder.walkBack();
    for (TimelineCell& cell : timeline.cells) {
        cell.start -= origin;
        cell.end -= origin;
    }
    timeline.duration = end - origin;
    timeline.idleFraction = timeline.period > 0 ? std::max(0.0, 1 - occupied(input, true) / (timeline.period * input.stages)) : 0;
    return timeline;
}

double prefillBubble(int stages, int microbatches, int visits)
{
    return (stages - 1.0) / (static_cast<double>(visits) * microbatches + stages - 1.0);
}

double decodeIdle(int stages, int microbatches)
{
    return std::max(0.0, 1 - static_cast<double>(microbatches) / stages);
}

} // namespace shardlens
