// SPDX-License-Identifier: Apache-2.0
#include "core/serving/replicasimulation.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// splitmix64 (Steele, Lea and Flood, OOPSLA 2014): a draw depends on its number alone, on every platform.
std::uint64_t mix(std::uint64_t x)
{
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

enum Stream : int { kPrompt, kOutput, kGap, kSteps, kStreams };
/// Second draws of a request are those of a request that there never is.
constexpr int kSecond = 1 << 24;

std::size_t at(int index)
{
    return static_cast<std::size_t>(index);
}

} // namespace

double ReplicaSimulation::draw(int request, int stream) const
{
    const std::uint64_t number = static_cast<std::uint64_t>(request) * kStreams + static_cast<std::uint64_t>(stream);
    return static_cast<double>(mix(mix(m_load.seed) ^ (number * 0xd1342543de82ef95ULL)) >> 11U) * 0x1p-53;
}

ReplicaSimulation::ReplicaSimulation(const ServiceInput& input, StepTimes& times, const ReplicaLoad& load)
    : m_engine(input.engine),
      m_speculation(input.load.speculation),
      m_inputLengths(input.load.inputLengths),
      m_outputLengths(input.load.outputLengths),
      m_input(input.input),
      m_output(input.output),
      m_prefixHit(input.load.prefixHit),
      m_step(times),
      m_load(load),
      m_tokensPerStep(times.tokensPerStep()),
      m_period(std::clamp(static_cast<int>(std::lround(kBlock / times.tokensPerStep())), 1, kBlock)),
      m_blocksPerRank(input.kvTokens / times.attentionRanks() / kBlock),
      m_ranks(at(times.attentionRanks())),
      m_left(load.requests)
{
    const std::size_t expected = at(load.requests) + (load.steady ? 3 * at(load.clients) : 0);
    m_times.reserve(expected);
    m_requests.reserve(expected);
    if (load.clients == 0)
        drawOpenLoop();
    for (int i = 0; i < (load.steady ? load.clients : std::min(load.clients, load.requests)); ++i)
        send(i, 0);
}

void ReplicaSimulation::drawRequest(int request)
{
    RequestTimes& r = m_times.emplace_back();
    m_requests.emplace_back();
    r.prompt = lengthAt(m_inputLengths, m_input, draw(request, kPrompt));
    r.output = lengthAt(m_outputLengths, m_output, draw(request, kOutput));
    if (m_load.steady && request < m_load.clients) // the part of its first answer that a client has before it
        r.output = std::max(1, static_cast<int>(std::ceil((1 - draw(request + kSecond, kOutput)) * r.output)));
}

void ReplicaSimulation::drawOpenLoop()
{
    double time = 0;
    for (int i = 0; i < m_load.requests; ++i) {
        for (int turn = 0; turn < m_load.replicas; ++turn) // every n-th of a Poisson stream
            time -= std::log(1 - draw(i * m_load.replicas + turn, kGap)) / m_load.rate;
        send(i, time);
    }
}

void ReplicaSimulation::send(int request, double time)
{
    if (request == static_cast<int>(m_times.size()))
        drawRequest(request);
    m_times[at(request)].arrival = time;
    const std::pair<double, int> arrival{time + m_engine.requestOverhead, request};
    auto place = m_arriving.end();
    while (place != m_arriving.begin() && (place - 1)->first > arrival.first)
        --place;
    m_arriving.insert(place, arrival);
    m_sent = std::max(m_sent, request + 1);
}

int ReplicaSimulation::hitOf(int request) const
{
    const int prompt = m_times[at(request)].prompt;
    return std::min(static_cast<int>(std::floor(m_prefixHit * prompt)), prompt - 1);
}

int ReplicaSimulation::decoding() const
{
    int sum = 0;
    for (const Rank& rank : m_ranks)
        sum += rank.decoding;
    return sum;
}

double ReplicaSimulation::effectiveSequences() const
{
    if (m_ranks.size() == 1)
        return m_ranks.front().decoding;
    int sum = 0;
    int most = 0;
    for (const Rank& rank : m_ranks) {
        sum += rank.decoding;
        most = std::max(most, rank.decoding);
    }
    const auto ranks = static_cast<int>(m_ranks.size());
    return sum <= ranks && most <= 1 ? sum : static_cast<double>(most) * ranks; // the fullest rank sets the time
}

double ReplicaSimulation::meanContext() const
{
    double sum = 0;
    for (const Rank& rank : m_ranks)
        sum += rank.contexts;
    return sum / std::max(1, decoding());
}

void ReplicaSimulation::poll()
{
    if (m_idle || m_afterPrefill)
        m_sincePoll = 0;
    if (m_sincePoll % std::max(1, m_engine.pollInterval) != 0)
        return;
    const double seen = m_engine.overlap && !m_idle ? m_lastStart : m_now;
    while (!m_arriving.empty() && m_arriving.front().first <= seen) {
        const int request = m_arriving.front().second;
        m_arriving.pop_front();
        m_totals.waiting += m_now - m_times[at(request)].arrival;
        const int rank = m_nextRank;
        m_nextRank = (m_nextRank + 1) % static_cast<int>(m_ranks.size());
        m_requests[at(request)].rank = rank;
        m_ranks[at(rank)].waiting.push_back(request);
        ++m_waiting;
    }
    if (m_arriving.empty() && m_load.clients == 0 && m_totals.waitingAtLastArrival < 0)
        m_totals.waitingAtLastArrival = m_waiting;
}

std::int64_t ReplicaSimulation::blocksNow(const Request& r) const
{
    // Steps from joining on whose phase is the request's.
    const std::int64_t steps = m_stepIndex - r.joined;
    const std::int64_t wait = ((1 - r.key - r.joined) % m_period + m_period) % m_period;
    return r.blocks + (steps > wait ? (steps - 1 - wait) / m_period + 1 : 0);
}

int ReplicaSimulation::phaseAt(std::int64_t step) const
{
    return static_cast<int>(((1 - step) % m_period + m_period) % m_period);
}

std::int64_t ReplicaSimulation::blocksNeeded(const Rank& rank, std::int64_t steps) const
{
    std::int64_t blocks = steps / m_period * rank.decoding;
    for (std::int64_t i = 0; i < steps % m_period; ++i)
        blocks += rank.phases[at(phaseAt(m_stepIndex + i))];
    return blocks;
}

bool ReplicaSimulation::admit(Rank& rank, int request)
{
    if (rank.running >= m_engine.maxSequences)
        return false;
    Request& r = m_requests[at(request)];
    const std::int64_t blocks = ceilDiv(promptOf(request), kBlock);
    if (m_engine.admission == KvAdmission::Guaranteed) {
        const std::int64_t whole = ceilDiv(std::int64_t{m_times[at(request)].prompt} + m_times[at(request)].output, kBlock);
        if (rank.reserved + whole > m_blocksPerRank)
            return false;
        r.reserved = whole;
        rank.reserved += whole;
    } else if (rank.blocks + blocksNeeded(rank, 1) + blocks > m_blocksPerRank) { // beside what decode takes in this step
        return false;
    }
    rank.waiting.pop_front();
    --m_waiting;
    rank.blocks += blocks;
    r.blocks = blocks;
    r.admitted = true;
    rank.admitted.push_back(request);
    ++rank.running;
    return true;
}

bool ReplicaSimulation::takePiece(Rank& rank, int request, int& room, double& tokens, double& pairs)
{
    const int done = std::max(rank.partialDone, hitOf(request));
    const int left = promptOf(request) - done;
    const int taken = m_engine.cutPrompts ? std::min(left, room) : left;
    m_pieces.push_back({request, taken, done, taken == left});
    tokens += taken;
    pairs += m_step.pairsOf(taken, done);
    room -= taken;
    const bool ends = taken == left;
    rank.partial = ends ? -1 : request;
    rank.partialDone = ends ? 0 : done + taken;
    return ends;
}

void ReplicaSimulation::buildPrefill(Rank& rank, int room, double& most, double& all)
{
    double tokens = 0;
    double pairs = 0;
    if (rank.partial >= 0 && room > 0)
        (void)takePiece(rank, rank.partial, room, tokens, pairs);
    while (rank.partial < 0 && !rank.waiting.empty() && !m_preempted) {
        const int request = rank.waiting.front();
        const int computed = promptOf(request) - hitOf(request);
        // A prompt longer than the budget that may not be cut is prefilled alone.
        const bool fits = m_engine.cutPrompts ? room > 0 : computed <= room || (tokens <= 0 && computed > m_engine.tokenBudget);
        if (!fits || !admit(rank, request))
            break;
        (void)takePiece(rank, request, room, tokens, pairs);
    }
    all += tokens;
    if (tokens > most) {
        most = tokens;
        m_work.pairs = pairs;
    }
}

void ReplicaSimulation::buildPrefill()
{
    m_pieces.clear();
    m_work = {};
    double most = 0;
    double all = 0;
    for (Rank& rank : m_ranks) {
        const int decodeTokens = m_engine.policy == PrefillPolicy::Chunked ? rank.decoding * (1 + m_speculation.draftTokens) : 0;
        if (rank.partial >= 0 || !rank.waiting.empty())
            buildPrefill(rank, m_engine.tokenBudget - decodeTokens, most, all);
    }
    m_work.tokens = most;
    m_work.activeRanks = most > 0 ? all / most : 1;
    for (const Piece& piece : m_pieces)
        m_work.prompts += piece.ends ? 1 : 0;
}

void ReplicaSimulation::advance(double seconds, std::int64_t decodeSteps, double lastStep)
{
    std::int64_t before = 0;
    std::int64_t after = 0;
    int running = 0;
    for (Rank& rank : m_ranks) {
        before += rank.blocks;
        running += rank.running;
        if (decodeSteps > 0) {
            rank.blocks += blocksNeeded(rank, decodeSteps);
            rank.contexts += static_cast<double>(decodeSteps) * rank.decoding * m_tokensPerStep;
        }
        after += rank.blocks;
    }
    m_totals.running += running * seconds;
    m_totals.waiting += static_cast<double>(m_waiting) * seconds;
    m_totals.busy += seconds;
    m_totals.kvTokens += 0.5 * kBlock * static_cast<double>(before + after) * seconds;
    m_totals.peakKvTokens = std::max(m_totals.peakKvTokens, static_cast<double>(kBlock * after));
    m_totals.decodeSteps += static_cast<double>(decodeSteps);
    m_totals.decodeRows += static_cast<double>(decodeSteps) * decoding();
    m_now += seconds;
    m_lastStart = m_now - lastStep;
    m_stepIndex += decodeSteps;
    m_sincePoll = static_cast<int>(std::min<std::int64_t>(m_sincePoll + decodeSteps, 1'000'000'000));
}

std::int64_t ReplicaSimulation::jump(double context, double sequences)
{
    std::int64_t steps = m_finishes.top().step - m_stepIndex;
    const double bend = std::ceil(m_step.contextUntilBend(context) / m_tokensPerStep);
    if (bend < static_cast<double>(steps))
        steps = std::max<std::int64_t>(1, static_cast<std::int64_t>(bend));
    for (const Rank& rank : m_ranks) {
        const std::int64_t room = m_blocksPerRank - rank.blocks;
        if (room >= rank.decoding * (steps / m_period + 1))
            continue;
        std::int64_t low = 1; // makeRoom() saw to it
        std::int64_t high = steps;
        while (low < high) {
            const std::int64_t middle = (low + high + 1) / 2;
            if (blocksNeeded(rank, middle) <= room)
                low = middle;
            else
                high = middle - 1;
        }
        steps = low;
    }
    if (m_arriving.empty() || steps <= 1)
        return std::max<std::int64_t>(steps, 1);
    // The first step that ends (an overlapping scheduler: begins) after the next request is there, at a step that looks.
    std::int64_t until = 0;
    const double wait = m_arriving.front().first - m_now;
    if (wait > 0) {
        const double first = m_step.decode(sequences, context);
        const double span = static_cast<double>(steps - 1) * m_tokensPerStep;
        const double slope = (m_step.decode(sequences, context + span) - first) / static_cast<double>(steps - 1);
        const double linear = first - 0.5 * slope; // j first + slope j (j - 1) / 2 = wait
        const double root =
            slope > 0 ? 2 * wait / (linear + std::sqrt(linear * linear + 2 * slope * wait)) : wait / std::max(first, 1e-300);
        until = root < static_cast<double>(steps) ? static_cast<std::int64_t>(std::ceil(root)) : steps;
    }
    if (m_engine.overlap)
        until += wait > 0 || m_arriving.front().first > m_lastStart ? 1 : 0;
    until = std::max<std::int64_t>(until, 1);
    const int interval = std::max(1, m_engine.pollInterval);
    const std::int64_t phase = m_sincePoll % interval;
    until = ceilDiv(phase + until, interval) * interval - phase;
    return std::clamp<std::int64_t>(until, 1, steps);
}

void ReplicaSimulation::decodeOnly()
{
    const double sequences = effectiveSequences();
    const double context = meanContext();
    const std::int64_t steps = jump(context, sequences);
    const double last = static_cast<double>(steps - 1) * m_tokensPerStep;
    // Linear in the context until the bend: the middle step is the mean.
    const double each = m_step.decode(sequences, context + 0.5 * last);
    const double lastStep = steps == 1 ? each : m_step.decode(sequences, context + last);
    advance(each * static_cast<double>(steps), steps, lastStep);
    m_afterPrefill = false;
    finishDue();
}

void ReplicaSimulation::mixed()
{
    const double sequences = m_engine.policy == PrefillPolicy::Chunked ? effectiveSequences() : 0;
    double seconds = m_step.prefill(sequences, m_work);
    if (sequences > 0)
        seconds += m_step.decode(sequences, meanContext());
    advance(seconds, sequences > 0 ? 1 : 0, seconds);
    m_afterPrefill = true;
    if (sequences > 0)
        finishDue();
    endPrompts(m_step.fill(m_work));
}

void ReplicaSimulation::endPrompts(double fill)
{
    for (const Piece& piece : m_pieces) {
        if (!piece.ends)
            continue;
        RequestTimes& times = m_times[at(piece.request)];
        Request& r = m_requests[at(piece.request)];
        if (r.made == 0)
            times.first = m_now + fill;
        ++r.made;
        if (r.made >= times.output) {
            m_totals.running += fill;
            leave(m_ranks[at(r.rank)], piece.request);
            complete(piece.request, m_now + fill);
        } else {
            join(piece.request);
        }
    }
}

void ReplicaSimulation::join(int request)
{
    Request& r = m_requests[at(request)];
    Rank& rank = m_ranks[at(r.rank)];
    const int left = m_times[at(request)].output - r.made;
    std::int64_t steps = left;
    if (m_speculation.on()) {
        // Steps until `left` tokens are made: mean and variance of a renewal count (Cox, Renewal Theory, 1962, section 3.4), normal.
        const double a = m_speculation.acceptance;
        const int k = m_speculation.draftTokens;
        double second = 0; // of tokens in a step: 1 + accepted
        double power = 1;
        for (int i = 0; i <= k; ++i, power *= a)
            second += power * (2 * i + 1);
        const double mean = m_tokensPerStep;
        const double variance = std::max(0.0, second - mean * mean);
        const double u = draw(request, kSteps);
        const double v = draw(request + kSecond, kSteps);
        const double z = std::sqrt(-2 * std::log(1 - u)) * std::cos(6.283185307179586 * v);
        const double drawn = left / mean + z * std::sqrt(left * variance / (mean * mean * mean));
        steps = std::clamp<std::int64_t>(std::llround(drawn), ceilDiv(left, k + 1), left);
    }
    r.decoding = true;
    r.joined = m_stepIndex;
    r.contextAtJoin = promptOf(request); // the prompt and the tokens made, the newest of which the next step computes
    const auto filled = static_cast<int>((static_cast<std::int64_t>(r.contextAtJoin) - 1) % kBlock);
    const int wait = filled == 0 ? 0 : std::min(m_period - 1, static_cast<int>(std::lround((kBlock - filled) / m_tokensPerStep)));
    r.key = phaseAt(m_stepIndex + wait);
    ++rank.phases[at(r.key)];
    ++rank.decoding;
    rank.contexts += r.contextAtJoin;
    ++r.stamp;
    m_finishes.push({m_stepIndex + steps, request, r.stamp});
}

void ReplicaSimulation::leave(Rank& rank, int request)
{
    Request& r = m_requests[at(request)];
    rank.reserved -= r.reserved;
    r.reserved = 0;
    r.admitted = false;
    --rank.running;
    while (!rank.admitted.empty() && !m_requests[at(rank.admitted.back())].admitted)
        rank.admitted.pop_back();
    if (rank.running == 0)
        rank.admitted.clear();
    if (!r.decoding) {
        rank.blocks -= r.blocks;
        return;
    }
    r.decoding = false;
    rank.blocks -= blocksNow(r);
    --rank.phases[at(r.key)];
    --rank.decoding;
    rank.contexts -= r.contextAtJoin + static_cast<double>(m_stepIndex - r.joined) * m_tokensPerStep;
    if (rank.decoding == 0)
        rank.contexts = 0;
}

void ReplicaSimulation::complete(int request, double time)
{
    m_times[at(request)].end = time;
    ++m_finished;
    m_totals.duration = std::max(m_totals.duration, time); // from the start: see countSteady()
    if (m_load.steady)
        countSteady(request, time);
    if (m_load.clients > 0 && (m_load.steady || m_sent < m_load.requests))
        send(m_sent, time);
}

void ReplicaSimulation::countSteady(int request, double time)
{
    if (request < m_load.clients && ++m_answered == m_load.clients) {
        m_firstMeasured = m_sent;
        m_totals = {};
        m_totals.warmup = time;
    } else if (m_answered == m_load.clients && request >= m_firstMeasured && request < m_firstMeasured + m_load.requests) {
        --m_left;
    }
    m_totals.duration = time - m_totals.warmup;
}

void ReplicaSimulation::finishDue()
{
    while (!m_finishes.empty()) {
        const Finish due = m_finishes.top();
        Request& r = m_requests[at(due.request)];
        if (due.stamp != r.stamp) {
            m_finishes.pop();
            continue;
        }
        if (due.step > m_stepIndex)
            return;
        m_finishes.pop();
        leave(m_ranks[at(r.rank)], due.request);
        ++r.stamp;
        complete(due.request, m_now);
    }
}

void ReplicaSimulation::preempt(Rank& rank)
{
    while (!m_requests[at(rank.admitted.back())].admitted)
        rank.admitted.pop_back();
    const int request = rank.admitted.back();
    Request& r = m_requests[at(request)];
    const bool inPrefill = !r.decoding;
    leave(rank, request);
    if (inPrefill) {
        rank.partial = -1;
        rank.partialDone = 0;
    } else {
        const RequestTimes& times = m_times[at(request)];
        const auto made = static_cast<int>(std::lround(static_cast<double>(m_stepIndex - r.joined) * m_tokensPerStep));
        r.made = std::min(times.output - 1, r.made + made);
        ++r.stamp;
    }
    rank.waiting.push_front(request);
    ++m_waiting;
    ++m_totals.preemptions;
    m_preempted = true;
}

void ReplicaSimulation::makeRoom()
{
    m_preempted = false;
    for (Rank& rank : m_ranks)
        while (rank.decoding > 0 && rank.running > 1 && rank.blocks + blocksNeeded(rank, 1) > m_blocksPerRank)
            preempt(rank);
}

void ReplicaSimulation::step()
{
    poll();
    m_idle = false;
    makeRoom();
    buildPrefill();
    if (!m_pieces.empty()) {
        mixed();
    } else if (decoding() > 0) {
        while (m_finishes.top().stamp != m_requests[at(m_finishes.top().request)].stamp)
            m_finishes.pop();
        decodeOnly();
    } else {
        m_idle = true;
        if (!m_arriving.empty() && m_arriving.front().first > m_now) {
            m_totals.waiting += static_cast<double>(m_waiting) * (m_arriving.front().first - m_now);
            m_now = m_arriving.front().first;
        }
    }
}

void ReplicaSimulation::run(const SimulationControl& control, double progressFrom, double progressTo)
{
    constexpr int kLook = 256;
    const int expected = m_load.requests + (m_load.steady ? 2 * m_load.clients : 0);
    for (int count = 1; !finished(); ++count) {
        step();
        if (m_idle && m_arriving.empty())
            return; // nothing runs and nothing comes
        if (count % kLook != 0)
            continue;
        if (control.stop && control.stop->load(std::memory_order_relaxed)) {
            m_totals.cancelled = true;
            return;
        }
        if (control.progress)
            control.progress(progressFrom + (progressTo - progressFrom) * std::min(m_finished, expected) / expected);
    }
}

} // namespace shardlens
