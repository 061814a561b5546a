// SPDX-License-Identifier: Apache-2.0
#include "core/serving/disaggregation.h"

#include "core/serving/queueing.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

constexpr double kZ90 = 1.2816;
constexpr double kZ99 = 2.3263;
/// Pieces of a prompt that are costed one by one.
constexpr std::int64_t kMostPieces = 64;

/// What a pool of decode workers does with `n` sequences on each.
class DecodePool {
public:
    explicit DecodePool(const ServiceInput& input)
        : m_times(input),
          m_admitted(mostAdmitted(input)),
          m_output(rangeOf(input.load.outputLengths, input.output).mean),
          m_steps(std::max(0.0, m_output - 1) / m_times.tokensPerStep())
    {}
    [[nodiscard]] double admitted() const { return m_admitted; }
    [[nodiscard]] double output() const { return m_output; }
    [[nodiscard]] double residence(double n) { return m_steps * m_times.decode(std::clamp(n, 1.0, m_admitted), m_times.meanContext()); }
    [[nodiscard]] double tpot(double n) { return m_steps > 0 ? residence(n) / (m_output - 1) : 0; }
    /// Requests/s that one worker finishes with n sequences.
    [[nodiscard]] double rate(double n) { return m_steps > 0 ? n / residence(n) : std::numeric_limits<double>::infinity(); }
    /// Sequences of a worker that finishes `wanted` requests/s; more than admitted() when it cannot.
    [[nodiscard]] double sequencesAt(double wanted)
    {
        if (m_steps <= 0)
            return 0;
        if (rate(m_admitted) < wanted)
            return 2 * m_admitted;
        double low = 0;
        double high = m_admitted;
        for (int i = 0; i < 40; ++i) {
            const double middle = 0.5 * (low + high);
            (middle / residence(middle) < wanted ? low : high) = middle;
        }
        return high;
    }

private:
    StepTimes m_times;
    double m_admitted = 1;
    double m_output = 1;
    double m_steps = 0;
};

ServiceInput prefillInput(const DisaggregatedInput& input)
{
    ServiceInput pool{input.prefill.step, input.input, 1, input.prefill.kvTokens, input.load, input.prefill.engine};
    pool.load.outputLengths = {};
    pool.load.speculation = {};
    return pool;
}

ServiceInput decodeInput(const DisaggregatedInput& input)
{
    return {input.decode.step, input.input, input.output, input.decode.kvTokens, input.load, input.decode.engine};
}

/// Weighted points of a distribution of waits: a share of none, the rest exponential around the mean.
Percentiles waitAround(double base, double wait, double waiting)
{
    const auto at = [&](double q) { return base + (q > 1 - waiting && wait > 0 ? wait / waiting * std::log(waiting / (1 - q)) : 0); };
    return {base + wait, at(0.5), at(0.9), at(0.99)};
}

/// An opening burst of which a share of the requests is part, and the others.
Percentiles withBurst(const Percentiles& steady, double base, double longest, double share)
{
    if (share <= 0)
        return steady;
    const auto below = [&](double x) { // share of requests with at most x
        const double burst = std::clamp((x - base) / std::max(longest, 1e-12), 0.0, 1.0);
        const double scale = std::max(1e-12, (steady.p99 - base) / std::log(100.0));
        return share * burst + (1 - share) * (x < base ? 0 : 1 - std::exp(-(x - base) / scale));
    };
    const auto at = [&](double q) {
        double low = base;
        double high = base + longest + steady.p99;
        for (int i = 0; i < 50; ++i) {
            const double middle = 0.5 * (low + high);
            (below(middle) < q ? low : high) = middle;
        }
        return high;
    };
    return {share * (base + 0.5 * longest) + (1 - share) * steady.mean, at(0.5), at(0.9), at(0.99)};
}

} // namespace

double promptTime(const ServiceInput& input)
{
    StepTimes times(input);
    const double computed = times.meanComputed();
    const double hit = rangeOf(input.load.inputLengths, input.input).mean - computed;
    const double budget = input.engine.cutPrompts ? std::min<double>(input.engine.tokenBudget, computed) : computed;
    // Pieces grow dearer with what is before them, evenly: of very many, some stand for their neighbours.
    const auto pieces = static_cast<std::int64_t>(std::ceil(computed / budget));
    const std::int64_t shown = std::min<std::int64_t>(pieces, kMostPieces);
    double seconds = 0;
    for (std::int64_t i = 0; i < shown; ++i) {
        const std::int64_t begin = pieces * i / shown; // whole pieces
        const std::int64_t end = pieces * (i + 1) / shown;
        const auto from = static_cast<double>(begin);
        const auto next = static_cast<double>(end);
        const double done = budget * std::floor(0.5 * (from + next - 1));
        PrefillWork work;
        work.tokens = std::min(budget, computed - done);
        work.pairs = times.pairsOf(work.tokens, hit + done);
        if (i + 1 < shown) {
            seconds += (next - from) * times.prefill(0, work);
            continue;
        }
        if (next - from > 1) // only the last of them makes a token
            seconds += (next - from - 1) * times.prefill(0, work);
        work.prompts = 1;
        seconds += times.prefill(0, work) + times.fill(work);
    }
    return seconds;
}

DisaggregatedFigures serveDisaggregated(const DisaggregatedInput& input)
{
    DisaggregatedFigures f;
    const ServiceInput prefill = prefillInput(input);
    const ServiceInput decode = decodeInput(input);
    if (!longestFits(prefill) || !longestFits(decode)) {
        f.status = f.service.status = ServiceStatus::DoesNotFit;
        using Lacking = DisaggregatedFigures::Lacking;
        f.lacking = longestFits(prefill) ? Lacking::Decode : Lacking::Prefill;
        f.weightsDoNotFit = (f.lacking == Lacking::Prefill ? prefill : decode).kvTokens <= 0;
        return f;
    }
    {
        StepTimes times(prefill);
        f.prefillRate = saturationRate(prefill, times);
    }
    DecodePool pool(decode);
    f.prefillTime = promptTime(prefill);
    f.transferBytes = input.transferBytes;
    f.transferTime = input.transferBandwidth > 0 ? input.transferLatency + input.transferBytes / input.transferBandwidth : 0;
    const double base = input.prefill.engine.requestOverhead + f.prefillTime + f.transferTime;
    const int replicas = input.decode.step.plan().data(); // of one worker
    const bool closed = input.load.kind != LoadKind::OpenLoop;
    const double clients = input.load.concurrency;

    // Decode workers: as many as hold the load; prefill workers: as many as feed them.
    double rate = input.load.rate;
    f.decodeWorkers = input.decode.workers;
    if (f.decodeWorkers == 0) {
        const double needed =
            closed ? clients / (pool.admitted() * replicas) : rate / (kPlannedUtilisation * pool.rate(pool.admitted()) * replicas);
        f.decodeWorkers = std::max(1, static_cast<int>(std::ceil(std::min(needed, 1e6) - 1e-9)));
    }
    const double decoders = static_cast<double>(f.decodeWorkers) * replicas;
    if (closed)
        rate = clients / (base + pool.residence(clients / decoders));
    f.prefillWorkers = input.prefill.workers;
    if (f.prefillWorkers == 0)
        f.prefillWorkers = std::max(1, static_cast<int>(std::ceil(std::min(rate / (kPlannedUtilisation * f.prefillRate), 1e6) - 1e-9)));
    const double servers = static_cast<double>(f.prefillWorkers) * input.prefill.step.plan().data();
    const double mostPrefill = f.prefillWorkers * f.prefillRate;

    double sequences = 0;
    double wait = 0;
    const double service = servers / mostPrefill;
    if (closed) {
        for (int i = 0; i < 20; ++i) {
            rate = std::min(rate, 0.98 * mostPrefill);
            wait = std::min(queueWait(rate, service, servers, 0), clients / mostPrefill);
            sequences = std::max(0.0, clients - rate * (base + wait)) / decoders;
            const double held = std::min(sequences, pool.admitted());
            rate = 0.5 * (rate + std::min(mostPrefill, clients / (base + wait + pool.residence(held) * std::max(1.0, sequences / held))));
        }
        // What the decode pool cannot hold waits, and what prefill cannot feed waits there.
        const double cycle = clients / rate;
        wait = std::max(wait, cycle - base - pool.residence(sequences));
    } else {
        const double most = std::min(mostPrefill, decoders * pool.rate(pool.admitted()));
        f.service.saturationRate = most;
        if (rate >= most) {
            f.status = f.service.status = ServiceStatus::Saturated;
            rate = most;
            wait = std::numeric_limits<double>::infinity();
            sequences = std::min(pool.sequencesAt(most / decoders), pool.admitted()); // full only where decode is what limits
        } else {
            wait = queueWait(rate, service, servers, 0);
            sequences = pool.sequencesAt(rate / decoders);
        }
    }

    ServiceFigures& s = f.service;
    f.decodeRate = replicas * pool.rate(closed ? std::clamp(sequences, 1.0, pool.admitted()) : pool.admitted());
    f.prefillDevices = f.prefillWorkers * input.prefill.step.plan().devices();
    f.decodeDevices = f.decodeWorkers * input.decode.step.plan().devices();
    f.prefillUtilisation = rate / mostPrefill;
    f.decodeUtilisation = std::min(1.0, rate / (decoders * pool.rate(pool.admitted())));
    s.ttft = waitAround(base, wait, std::clamp(f.prefillUtilisation, 0.02, 1.0));
    if (closed && !input.load.steady()) {
        const int requests = input.load.requests > 0 ? input.load.requests : kRequestsPerClient * input.load.concurrency;
        s.ttft = withBurst(s.ttft, base, clients / mostPrefill, input.load.warmup >= clients ? 0 : std::min(1.0, clients / requests));
    }
    const double seen = closed ? sequences : sequences + 1;
    const double tpot = pool.tpot(seen);
    const double spread = closed ? 0 : pool.tpot(seen + 0.7 * std::sqrt(sequences)) - tpot;
    s.tpot = {tpot, tpot, tpot + kZ90 * spread, tpot + kZ99 * spread};
    const double tokens = std::max(0.0, pool.output() - 1);
    s.endToEnd = {s.ttft.mean + tokens * s.tpot.mean, s.ttft.p50 + tokens * s.tpot.p50, s.ttft.p90 + tokens * s.tpot.p90,
                  s.ttft.p99 + tokens * s.tpot.p99};
    s.requestsPerSecond = closed ? clients / s.endToEnd.mean : rate;
    s.outputTokensPerSecond = s.requestsPerSecond * pool.output();
    s.totalTokensPerSecond = s.requestsPerSecond * (pool.output() + rangeOf(input.load.inputLengths, input.input).mean);
    s.meanBatch = s.meanRunning = std::max(0.0, sequences);
    s.meanWaiting = rate * wait;
    s.utilisation = f.decodeUtilisation;
    return f;
}

} // namespace shardlens
