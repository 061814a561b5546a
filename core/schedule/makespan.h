// SPDX-License-Identifier: Apache-2.0
// How long a pipeline takes, from what each visit of a piece to a stage costs. No allocation: callers hand in arrays. The scalar type is a
// parameter as in core/cost/terms.h: double, or one that holds several cases and brings its own maxOf.
//
// The pipeline as a network of resources passed in order: stage 0, link 0, stage 1, link 1, ... A stage works on one piece at a time and a
// link carries one; both serve in the order of arrival. Overlapped sends: the sender goes on while its link carries the piece. Synchronous
// sends: the sender waits, so stage and link are one resource that takes the sum of both.
//
// Closed forms are longest paths through the grid of (piece, resource). One path of equal pieces crosses every resource once and dwells
// n - 1 pieces long on one of them; the longest dwells on the slowest:
//     prefill of n equal pieces = sum over resources of c + (n - 1) max c
// A decode round is a cycle of that grid closed to a torus. A cycle that goes a times round the m microbatches and b times round the
// resources takes a + b rounds and weighs at most a m max c + b sum c, so no cycle is slower per round than the slower of the two pure ones:
//     decode round of m equal microbatches = max(m max c, sum c)
// With pieces or visits of unequal cost other paths can be longest; the recurrences find them.
#pragma once

#include "core/cost/terms.h"
#include "core/plan/plan.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace shardlens {

/// Durations in seconds by (stage, visit, piece class): entry (stage x visits + visit) x classes + class.
template <class T>
struct PipelineTimes {
    const T* busy = nullptr; ///< work of the stage on the piece
    const T* send = nullptr; ///< to the next stage; from the last stage to stage 0 for the next visit, in decode also for the next token
    int stages = 1;
    int visits = 1;
    int classes = 1;
    SendMode sends = SendMode::Overlapped;
    [[nodiscard]] std::size_t index(int stage, int visit, int costClass) const
    {
        const std::size_t block = static_cast<std::size_t>(stage) * static_cast<std::size_t>(visits) + static_cast<std::size_t>(visit);
        return block * static_cast<std::size_t>(classes) + static_cast<std::size_t>(costClass);
    }
};

namespace makespan {

/// Calls resource(cost) for each resource that a piece of `costClass` passes, in order; `home`: the link from the last stage back too.
template <class T, class Resource>
inline void eachResource(const PipelineTimes<T>& times, int costClass, bool home, Resource&& resource)
{
    for (int stage = 0; stage < times.stages; ++stage) {
        const std::size_t i = times.index(stage, 0, costClass);
        const bool sends = times.stages > 1 && (home || stage + 1 < times.stages);
        if (!sends) {
            resource(times.busy[i]);
        } else if (times.sends == SendMode::Synchronous) {
            resource(times.busy[i] + times.send[i]);
        } else {
            resource(times.busy[i]);
            resource(times.send[i]);
        }
    }
}

} // namespace makespan

/// Prefill of `pieces` equal pieces of class `costClass`, one visit each.
template <class T>
[[nodiscard]] inline T prefillEqual(const PipelineTimes<T>& times, T pieces, int costClass = 0)
{
    T sum{};
    T slowest{};
    makespan::eachResource(times, costClass, false, [&](const T& cost) {
        sum = sum + cost;
        slowest = maxOf(slowest, cost);
    });
    return sum + (pieces - 1.0) * slowest;
}

/// Prefill of `first` pieces of class 0 and then `second` of class 1 (at least one each), one visit each: the longest path dwells once in
/// each run, and changes over from one to the other at some resource.
template <class T>
[[nodiscard]] inline T prefillTwoRuns(const PipelineTimes<T>& times, T first, T second, int classOfFirst = 0, int classOfSecond = 1)
{
    T moving{};  // in the first run, not dwelt yet
    T dwelt{};   // in the first run, dwelt
    T changed{}; // in the second run, not dwelt there yet
    T last{};
    const T more = first - 1.0;
    const T moreOfSecond = second - 1.0;
    const auto pass = [&](const T& c1, const T& c2) {
        moving = moving + c1;
        dwelt = maxOf(moving + more * c1, dwelt + c1);
        changed = maxOf(dwelt, changed) + c2;
        last = maxOf(changed + moreOfSecond * c2, last + c2);
    };
    for (int stage = 0; stage < times.stages; ++stage) {
        const std::size_t i = times.index(stage, 0, classOfFirst);
        const std::size_t j = times.index(stage, 0, classOfSecond);
        if (stage + 1 == times.stages) {
            pass(times.busy[i], times.busy[j]);
        } else if (times.sends == SendMode::Synchronous) {
            pass(times.busy[i] + times.send[i], times.busy[j] + times.send[j]);
        } else {
            pass(times.busy[i], times.busy[j]);
            pass(times.send[i], times.send[j]);
        }
    }
    return last;
}

/// What a piece's visit to a stage waited for; see visitRun().
struct VisitStart {
    bool waited = false;     ///< for its own arrival; otherwise for the stage
    bool sendQueued = false; ///< the transfer after it waited for the link
};

/// Ignores what a recurrence tells; recorders of events have the same shape.
struct NoRecord {
    template <class T>
    void operator()(int /*stage*/, int /*visit*/, std::int64_t /*piece*/, const T& /*start*/, const T& /*end*/, VisitStart /*how*/) const
    {}
};

namespace makespan {

/// One visit of one piece to all stages in turn, from `arrival` on; returns when it is ready for its next visit. `last`: nothing is sent
/// after the last stage. free[s]: when stage s is; link[s]: when the link behind it is.
template <class T, class Record>
inline T visitRun(const PipelineTimes<T>& times, int visit, std::int64_t piece, int costClass, T arrival, bool last, T* free, T* link,
                  const Record& record)
{
    for (int stage = 0; stage < times.stages; ++stage) {
        const std::size_t i = times.index(stage, visit, costClass);
        const T start = maxOf(free[stage], arrival);
        T end = start + times.busy[i];
        VisitStart how;
        if constexpr (!std::is_same_v<Record, NoRecord>)
            how.waited = arrival > free[stage];
        const bool sends = times.stages > 1 && !(last && stage + 1 == times.stages);
        if (sends && times.sends == SendMode::Synchronous)
            end = end + times.send[i];
        free[stage] = end;
        arrival = end;
        if (sends && times.sends == SendMode::Overlapped) {
            if constexpr (!std::is_same_v<Record, NoRecord>)
                how.sendQueued = link[stage] > end;
            arrival = maxOf(link[stage], end) + times.send[i];
        }
        link[stage] = arrival;
        record(stage, visit, piece, start, end, how);
    }
    return arrival;
}

} // namespace makespan

/// Prefill of any pieces, in order on every stage. With several visits pieces go in groups of as many as there are stages, each group
/// through all its visits before the next (Megatron-LM's interleaved order, arXiv:2104.04473, section 2.2). classOf(piece) is a piece's
/// class. scratch: 3 x stages. Time: pieces x stages x visits.
template <class T, class ClassOf, class Record = NoRecord>
inline T prefillRecurrence(const PipelineTimes<T>& times, std::int64_t pieces, ClassOf&& classOf, T* scratch, const Record& record = {})
{
    T* const free = scratch;
    T* const link = scratch + times.stages;
    T* const ready = scratch + 2 * times.stages;
    for (int i = 0; i < 3 * times.stages; ++i)
        scratch[i] = T{};
    T done{};
    for (std::int64_t group = 0; group < pieces; group += times.stages)
        for (int visit = 0; visit < times.visits; ++visit)
            for (int i = 0; i < times.stages && group + i < pieces; ++i) {
                const bool last = visit + 1 == times.visits;
                const T arrival = visit == 0 ? T{} : ready[i];
                ready[i] = makespan::visitRun(times, visit, group + i, classOf(group + i), arrival, last, free, link, record);
                if (last)
                    done = maxOf(done, ready[i]);
            }
    return done;
}

/// One token of every sequence in steady state, `microbatches` equal ones of class `costClass`, one visit each.
template <class T>
[[nodiscard]] inline T decodeEqual(const PipelineTimes<T>& times, T microbatches, int costClass = 0)
{
    T sum{};
    T slowest{};
    makespan::eachResource(times, costClass, true, [&](const T& cost) {
        sum = sum + cost;
        slowest = maxOf(slowest, cost);
    });
    return maxOf(sum, microbatches * slowest);
}

/// One decode round: every microbatch makes all its visits once. Nobody overtakes on a ring of queues, so each stage serves all microbatches
/// in order, visit by visit. state: free (stages), link (stages), ready (microbatches).
template <class T, class ClassOf, class Record = NoRecord>
inline void decodeRound(const PipelineTimes<T>& times, int microbatches, ClassOf&& classOf, T* state, const Record& record = {})
{
    T* const free = state;
    T* const link = state + times.stages;
    T* const ready = state + 2 * times.stages;
    for (int visit = 0; visit < times.visits; ++visit)
        for (int j = 0; j < microbatches; ++j)
            ready[j] = makespan::visitRun(times, visit, j, classOf(j), ready[j], false, free, link, record);
}

/// How a batch is cut: `larger` microbatches of one size, then the others of a size one smaller; each prompt in `chunks` pieces.
/// Piece class: chunk, plus `chunks` for the smaller size.
struct BatchCut {
    int microbatches = 1;
    int larger = 1; ///< 1..microbatches
    int chunks = 1; ///< 1 in decode
    [[nodiscard]] std::int64_t pieces() const { return std::int64_t{microbatches} * chunks; }
    [[nodiscard]] int classes() const { return larger < microbatches ? 2 * chunks : chunks; }
    [[nodiscard]] int classOf(std::int64_t piece) const
    {
        return static_cast<int>(piece % chunks) + (piece / chunks < larger ? 0 : chunks);
    }
    /// Pieces of a class.
    [[nodiscard]] int count(int costClass) const { return costClass < chunks ? larger : microbatches - larger; }
    friend bool operator==(const BatchCut&, const BatchCut&) = default;
};

/// Length of the state of decodeRound().
[[nodiscard]] inline std::size_t decodeStateSize(int stages, int microbatches)
{
    return 2 * static_cast<std::size_t>(stages) + static_cast<std::size_t>(microbatches);
}

/// Fills the state from which decode rounds settle soonest: only one place holds work at time 0, all else follows from it. A round later
/// than that by one period is what every place on the slowest loop of dependences comes to, so the place is put on the slowest loop that
/// stays on one resource or with one microbatch. Where that is the slowest of all, rounds settle within as many as a path has turns;
/// started from all microbatches at once they could take any number, while a queue moves from one stage to one that is hardly slower.
inline void decodeStart(const PipelineTimes<double>& times, const BatchCut& cut, double* state)
{
    const std::size_t size = decodeStateSize(times.stages, cut.microbatches);
    for (std::size_t i = 0; i < size; ++i)
        state[i] = -std::numeric_limits<double>::infinity();
    std::size_t start = 0;
    double slowest = -1;
    const auto offer = [&](std::size_t place, double seconds) {
        if (seconds > slowest) {
            slowest = seconds;
            start = place;
        }
    };
    const bool blocks = times.sends == SendMode::Synchronous;
    const int classes = times.classes;
    double longest = 0; // way of the slowest microbatch
    int slowestClass = 0;
    for (int c = 0; c < classes; ++c) {
        double way = 0;
        for (std::size_t i = static_cast<std::size_t>(c); i < times.index(times.stages, 0, 0); i += static_cast<std::size_t>(classes))
            way += times.busy[i] + (times.stages > 1 ? times.send[i] : 0);
        if (way > longest) {
            longest = way;
            slowestClass = c;
        }
    }
    offer(2 * static_cast<std::size_t>(times.stages) + static_cast<std::size_t>(slowestClass == 0 ? 0 : cut.larger), longest);
    for (int stage = 0; stage < times.stages; ++stage) {
        double busy = 0;
        double send = 0;
        for (int visit = 0; visit < times.visits; ++visit)
            for (int c = 0; c < classes; ++c) {
                const std::size_t i = times.index(stage, visit, c);
                busy += cut.count(c) * times.busy[i];
                send += times.stages > 1 ? cut.count(c) * times.send[i] : 0;
            }
        offer(static_cast<std::size_t>(stage), blocks ? busy + send : busy);
        if (!blocks)
            offer(static_cast<std::size_t>(times.stages) + static_cast<std::size_t>(stage), send);
    }
    state[start] = 0;
}

/// Finds the steady state of decode rounds: sooner or later each further `cycle` rounds repeat the last ones, shifted in time (a cycle of
/// several rounds where the slowest loop of dependences winds more than once; Baccelli et al., Synchronization and Linearity, 1992,
/// section 3.7). The state is compared with that after 1, 2, 4, 8, ... rounds.
class SteadyRounds {
public:
    /// `anchor`: room for a copy of the state.
    SteadyRounds(const double* state, std::size_t size, double* anchor) : m_state(state), m_anchor(anchor), m_size(size) {}
    /// Call after each round; true when the rounds repeat.
    [[nodiscard]] bool settled()
    {
        ++m_rounds;
        if (m_rounds > 1 && repeats())
            return true;
        if (m_rounds == m_next) {
            for (std::size_t i = 0; i < m_size; ++i)
                m_anchor[i] = m_state[i];
            m_at = m_rounds;
            m_next *= 2;
        }
        return false;
    }
    /// Time of one round: exact once settled, before that the mean since the anchor.
    [[nodiscard]] double period() const
    {
        return m_rounds > m_at ? (m_state[m_size - 1] - m_anchor[m_size - 1]) / static_cast<double>(m_rounds - m_at)
                               : m_state[m_size - 1] / static_cast<double>(m_rounds);
    }
    [[nodiscard]] int rounds() const { return m_rounds; }
    /// Rounds after which the schedule repeats, once settled.
    [[nodiscard]] int cycle() const { return m_rounds - m_at; }
    /// Rounds to try before the mean has to do: many where they are cheap.
    [[nodiscard]] static int most(std::int64_t eventsOfRound)
    {
        const std::int64_t budget = (std::int64_t{1} << 24) / (eventsOfRound > 0 ? eventsOfRound : 1);
        return static_cast<int>(budget < 16 ? 16 : budget > 4096 ? 4096 : budget);
    }

private:
    [[nodiscard]] bool repeats() const
    {
        const double shift = m_state[m_size - 1] - m_anchor[m_size - 1];
        const double tolerance = 1e-13 * std::abs(m_state[m_size - 1]);
        for (std::size_t i = 0; i < m_size; ++i)
            if (!(std::abs(m_state[i] - m_anchor[i] - shift) <= tolerance)) // not yet reached: -infinity
                return false;
        return true;
    }

    const double* m_state;
    double* m_anchor;
    std::size_t m_size;
    int m_rounds = 0;
    int m_at = 0;
    int m_next = 1;
};

/// The same for any microbatches and visits. scratch: 2 x decodeStateSize().
[[nodiscard]] inline double decodeRecurrence(const PipelineTimes<double>& times, const BatchCut& cut, double* scratch)
{
    const std::size_t size = decodeStateSize(times.stages, cut.microbatches);
    decodeStart(times, cut, scratch);
    SteadyRounds steady(scratch, size, scratch + size);
    const int most = SteadyRounds::most(std::int64_t{times.stages} * times.visits * cut.microbatches);
    do
        decodeRound(
            times, cut.microbatches, [&cut](std::int64_t j) { return cut.classOf(j); }, scratch);
    while (!steady.settled() && steady.rounds() < most);
    return steady.period();
}

/// Prefill of a batch: closed forms where pieces come in at most two sizes and make one visit, else the recurrence.
/// scratch: 3 x stages; not touched by the closed forms.
template <class T>
[[nodiscard]] inline T prefillMakespan(const PipelineTimes<T>& times, const BatchCut& cut, T* scratch)
{
    if (times.visits == 1 && cut.chunks == 1) {
        if (cut.larger == cut.microbatches)
            return prefillEqual(times, T{} + static_cast<double>(cut.microbatches));
        return prefillTwoRuns(times, T{} + static_cast<double>(cut.larger), T{} + static_cast<double>(cut.microbatches - cut.larger));
    }
    return prefillRecurrence(
        times, cut.pieces(), [&cut](std::int64_t piece) { return cut.classOf(piece); }, scratch);
}

/// True when decodePeriod() is decodeEqual(): one visit and microbatches of one size.
[[nodiscard]] inline bool decodeIsClosed(int visits, const BatchCut& cut)
{
    return visits == 1 && cut.larger == cut.microbatches;
}

/// One token of every sequence of the batch in steady state. scratch: 2 x decodeStateSize(); not touched by the closed form.
[[nodiscard]] inline double decodePeriod(const PipelineTimes<double>& times, const BatchCut& cut, double* scratch)
{
    if (decodeIsClosed(times.visits, cut))
        return decodeEqual(times, static_cast<double>(cut.microbatches));
    return decodeRecurrence(times, cut, scratch);
}

} // namespace shardlens
