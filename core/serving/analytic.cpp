// SPDX-License-Identifier: Apache-2.0
#include "core/serving/analytic_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

using namespace analytic;

/// The steady state of a closed loop with `clients`: decoding sequences, step time, prompt time, requests/s.
struct Closed {
    double resident = 0; ///< admitted
    double decoding = 0;
    double step = 0;    ///< s of a decode step with what prefill adds on average
    double bare = 0;    ///< without
    double prefill = 0; ///< s that a prompt takes
    double queue = 0;   ///< prompts that wait for prefill
    double rate = 0;
};

Closed closedLoop(StepTimes& times, const Frame& f, double clients)
{
    Closed c;
    c.resident = std::min(clients, f.admitted);
    c.decoding = c.resident;
    double perStep = 0;                         // prompts
    const double serve = f.computed / f.budget; // steps that a prompt fills
    for (int i = 0; i < 4; ++i) {
        // Prefill as a queue of its own beside decode, in steps: mean-value analysis of a closed loop with one queue and one delay
        // (Reiser and Lavenberg, J. ACM 27, 1980), waits halved for deterministic service.
        double wait = 0;
        for (int j = 0; j < 3; ++j) {
            const double queued = c.resident * (serve + wait) / (f.steps + serve + wait + 1e-12);
            wait = std::min(serve * 0.5 * queued * std::max(0.0, c.resident - 1) / c.resident, std::max(0.0, c.resident - 1) * serve);
        }
        c.queue = serve > 0 ? wait / serve : 0;
        perStep = c.resident / (f.steps + std::max(1.0, serve) + wait);
        const double inPrefill = perStep * (std::max(1.0, stepsOfPrompt(f)) + wait) * (f.chunked ? 1 : 0);
        c.decoding = std::max(1.0, c.resident - std::min(inPrefill, c.resident - 1));
        c.bare = times.decode(c.decoding, f.context);
        c.prefill = prefillCost(times, f, c.decoding, perStep);
    }
    if (f.steps <= 0) { // prefill alone
        c.step = c.bare;
        c.rate = 1 / prefillCost(times, f, 0, std::min(c.resident, f.budget / f.computed));
        return c;
    }
    c.step = c.bare + std::max(0.0, c.resident - 1) / f.steps * c.prefill;
    const double steady = c.resident / (f.steps * c.step + (f.chunked ? c.bare : 0) + c.prefill);
    c.rate = steady;
    return c;
}

/// The waves of requests of a closed loop: an opening burst, then waves that lose their rhythm as lengths differ. In the steady state
/// (ServingLoad::warmup) one wave as long as a request stands for all.
class Waves {
public:
    Waves(const ServiceInput& input, StepTimes& times, const Frame& frame, const Closed& closed, double clients)
        : m_engine(input.engine),
          m_times(times),
          m_f(frame),
          m_c(closed),
          m_clients(clients)
    {
        const int requests = input.load.requests > 0 ? input.load.requests : kRequestsPerClient * input.load.concurrency;
        m_waves = std::max(1.0, static_cast<double>(requests) / input.load.concurrency);
        m_kinds = static_cast<int>(std::min(m_waves, 64.0));
        m_warm = input.load.warmup >= input.load.concurrency;
        m_steady = input.load.steady();
        if (m_steady) {
            m_waves = m_kinds = 2;
            m_warm = true;
        }
    }

    /// Decode steps over which the requests of a wave arrive.
    [[nodiscard]] double width(int wave) const
    {
        if (m_steady)
            return m_f.steps;
        const double burst = m_f.chunked ? m_c.resident * m_f.computed / m_f.budget : 0;
        return std::min(m_f.steps, std::sqrt(burst * burst + 12 * wave * m_f.outputVariance));
    }
    /// Prompts that are prefilled together with one of that wave, itself included.
    [[nodiscard]] double together(int wave) const
    {
        if (wave == 0)
            return m_c.resident;
        const double perLook = m_c.resident / std::max(width(wave), 1.0) * std::max(1, m_engine.pollInterval);
        if (m_f.outputVariance <= 0
            && !m_steady) // as they ended, one after the other; seen a step later, those of the next step are there too
            return std::clamp(perLook * (m_engine.overlap && m_f.chunked ? 2 : 1), 1.0, m_c.resident);
        return std::min(m_c.resident, 1 + std::min(perLook, m_c.resident - 1) * (m_c.resident - 1) / m_c.resident + m_c.queue);
    }
    /// Seconds that prefill adds to a decode step: each request sees half of the prompts of its own wave after its own, and half of those
    /// of the next one before it ends - unless all end at once, or none follow.
    [[nodiscard]] double addedPerStep()
    {
        if (m_f.steps <= 0)
            return 0;
        double sum = 0;
        double count = 0;
        for (int wave = m_steady ? 1 : 0; wave < m_kinds; ++wave) {
            const double each = prefillCost(m_times, m_f, wave == 0 ? 0.5 * m_c.decoding : m_c.decoding, together(wave));
            const double spread = m_f.chunked ? 1 : width(wave) / (width(wave) + std::max(1, m_engine.pollInterval));
            const double weight = wave == 0 ? 1 : (m_waves - 1) / (m_kinds - 1);
            sum += weight * each * (wave == 0 ? 0.5 : 0.5 + 0.5 * spread);
            count += weight;
        }
        return std::max(0.0, m_c.resident - 1) / m_f.steps * sum / count;
    }
    void ttft(std::vector<Point>& points)
    {
        if (m_f.steps <= 0) {
            prefillOnly(points);
            return;
        }
        const double slotWait = m_clients > m_c.resident ? (m_clients - m_c.resident) / m_c.rate : 0;
        constexpr int kPoints = 8;
        if (!m_warm || m_kinds < 2) {
            const double beside = m_f.chunked && m_c.resident * m_f.computed > m_f.budget ? 0.5 * m_c.resident : 0;
            const double queued = slotWait * std::max(0.0, 1 - m_c.resident / m_clients);
            for (int i = 0; i < kPoints; ++i)
                points.push_back({batch(m_c.resident, beside, (i + 0.5) / kPoints) + m_engine.requestOverhead + queued, 1.0 / kPoints});
        }
        for (int wave = 1; wave < m_kinds; ++wave) {
            const double count = together(wave);
            const double beside = m_f.chunked ? std::max(0.0, m_c.decoding - count + 1) : 0;
            const double wait = slotWait + m_engine.requestOverhead + (m_engine.overlap ? m_c.bare : 0);
            for (int i = 0; i < 4; ++i) {
                const double share = (i + 0.5) / 4;
                points.push_back({batch(count, beside, share) + share * (m_engine.pollInterval - 1) * m_c.bare + wait,
                                  (m_waves - 1) / (m_kinds - 1) / 4});
            }
        }
    }

private:
    /// Requests of one token: a client sends the next prompt as its last ends, behind those of all others, so that a prompt waits for one
    /// round of all clients; those of the opening burst for their place in it.
    void prefillOnly(std::vector<Point>& points)
    {
        constexpr int kPoints = 8;
        const double overhead = m_engine.requestOverhead;
        const double room = std::max(1.0, m_f.budget / m_f.computed);
        const double step = std::min(m_clients, room) / m_c.rate;
        const double round = std::max(m_clients / m_c.rate, step + overhead) + m_times.fill(workOf(m_times, m_f, 1.0));
        const double opening = m_warm ? 0 : 1 / m_waves;
        if (opening > 0)
            for (int i = 0; i < kPoints; ++i) {
                const double turn = std::ceil((i + 0.5) / kPoints * m_clients / room - 1e-9);
                points.push_back({std::min(round, turn * step + overhead), opening / kPoints});
            }
        if (opening < 1)
            points.push_back({round, 1 - opening});
    }
    /// Seconds until the prompt at `share` of a batch of `count` is done.
    [[nodiscard]] double batch(double count, double beside, double share)
    {
        const double tokens = count * m_f.computed;
        const double steps = std::ceil(tokens / m_f.budget - 1e-9);
        const double done = steps <= 1 ? 1 : std::max({1.0, stepsOfPrompt(m_f), std::ceil(share * tokens / m_f.budget)});
        const double full = m_times.prefill(beside, workOf(m_times, m_f, count)) + (beside >= 1 ? m_times.decode(beside, m_f.context) : 0);
        return done * full + m_times.fill(workOf(m_times, m_f, std::min(count, 1.0)));
    }

    const EngineSettings& m_engine;
    StepTimes& m_times;
    const Frame& m_f;
    const Closed& m_c;
    double m_clients;
    double m_waves = 1;
    int m_kinds = 1;
    bool m_warm = false;
    bool m_steady = false;
};

ServiceFigures closedFigures(const ServiceInput& input, StepTimes& times)
{
    ServiceFigures figures;
    const Frame f = frameOf(input, times);
    const int replicas = input.step.plan().data();
    const double clients = std::max(1.0, static_cast<double>(input.load.concurrency) / replicas);
    const Closed c = closedLoop(times, f, clients);
    Waves waves(input, times, f, c, clients);
    std::vector<Point> points;
    waves.ttft(points);
    spreadPrompts(input, times, f, c.decoding, c.rate, points);
    figures.ttft = percentilesOf(points);
    if (f.output > 1) {
        const double tpot = (c.bare + waves.addedPerStep()) / times.tokensPerStep();
        const double others = std::sqrt(std::max(0.0, c.resident - 1));
        figures.tpot = around(tpot, f.steps > 0 ? others * c.prefill / f.steps / times.tokensPerStep() : 0);
    }
    figures.endToEnd = endToEnd(f, figures.ttft, figures.tpot, std::sqrt(f.outputVariance) * times.tokensPerStep());
    const double perReplica = clients / figures.endToEnd.mean;
    const double inPrefill = std::min(c.resident, std::max(1.0, f.budget / f.computed));
    figures.meanRunning = f.steps > 0 ? c.resident : inPrefill; // without decode a request leaves as its prompt ends
    figures.meanBatch = f.steps > 0 ? c.decoding : 0;
    figures.meanWaiting = clients - figures.meanRunning;
    figures.utilisation = 1;
    figures.stepsPerSecond = decodeStepsOf(f, perReplica, figures.meanBatch);
    fillCommon(f, perReplica, static_cast<int>(std::min<std::int64_t>(replicas, input.load.concurrency)), figures);
    return figures;
}

/// A step of an open loop beside n decoding sequences: the prompts that arrive during a step are prefilled together in the next.
struct OpenStep {
    double bare = 0;     ///< s without prefill
    double each = 0;     ///< s that a prompt adds
    double together = 1; ///< prompts of a step that prefills
    double free = 1;     ///< share of the time that prefill leaves
};

OpenStep openStep(StepTimes& times, const Frame& f, double rate, double n)
{
    OpenStep s;
    s.bare = times.decode(std::max(1.0, n), f.context);
    // The shortest step in which as many prompts are prefilled as arrive in it.
    const auto suffices = [&](double step) {
        const double arriving = rate * step;
        // Poisson arrivals of a step, given that there is one.
        s.together = arriving > 1e-6 ? std::clamp(arriving / -std::expm1(-arriving), 1.0, std::max(1.0, f.admitted)) : 1;
        s.each = prefillCost(times, f, n, s.together);
        return s.bare + arriving * s.each <= step;
    };
    double low = s.bare;
    double high = s.bare;
    for (int i = 0; i < 10 && !suffices(high); ++i) {
        low = high;
        high *= 2;
    }
    for (int i = 0; i < 10; ++i) {
        const double middle = 0.5 * (low + high);
        (suffices(middle) ? high : low) = middle;
    }
    (void)suffices(high);
    s.free = std::max(1e-3, 1 - rate * s.each);
    return s;
}

/// Open loop: the number of decoding sequences at which as many leave as arrive; sets saturated when there is none.
double openDecoding(StepTimes& times, const Frame& f, double rate, bool& saturated)
{
    const auto surplus = [&](double n) { // of the time that n sequences need over what prefill leaves
        const OpenStep s = openStep(times, f, rate, n);
        return n * (1 - rate * s.each) - rate * f.steps * s.bare;
    };
    saturated = surplus(f.admitted) <= 0;
    if (saturated)
        return f.admitted;
    double low = 0;
    double high = f.admitted;
    for (int i = 0; i < 12; ++i) {
        const double middle = 0.5 * (low + high);
        (surplus(middle) < 0 ? low : high) = middle;
    }
    return high;
}

ServiceFigures openFigures(const ServiceInput& input, StepTimes& times)
{
    ServiceFigures figures;
    const Frame f = frameOf(input, times);
    const EngineSettings& e = input.engine;
    const int replicas = input.step.plan().data();
    figures.saturationRate = saturationRate(input, times);
    // Beyond saturation the figures are those just below it, and the status says that they do not hold.
    const bool beyond = input.load.rate >= figures.saturationRate;
    const double rate = (beyond ? 0.995 * figures.saturationRate : input.load.rate) / replicas;
    if (beyond)
        figures.status = ServiceStatus::Saturated;
    bool saturated = false;
    const double n = openDecoding(times, f, rate, saturated);
    const double seen = std::clamp(1 + n * (f.admitted - 1) / f.admitted, 1.0, f.admitted); // by one of them: itself and the others
    const OpenStep at = openStep(times, f, rate, seen);
    const double bare = at.bare;
    const double each = f.chunked && f.admitted > 1 ? at.each : prefillCost(times, f, 0, f.admitted > 1 ? at.together : 1);
    const double whole = each * (f.admitted > 1 ? std::min(at.together, std::max(1.0, f.budget / f.computed)) : 1);
    const double free = std::max(1e-3, 1 - rate * each);
    const double others = f.admitted > 1 ? 1 : 0; // alone on the server nobody else's prompt interrupts
    const double step = bare / (others > 0 ? free : 1);
    const double service = f.steps * step + each;

    // Until admission: as many servers as can be admitted.
    const double variation = f.output > 1 ? f.outputVariance / std::max(1.0, f.steps * f.steps) : 0;
    const double slots = queueWait(rate, service, f.admitted, variation);
    if (saturated || !std::isfinite(slots)) // all slots are taken for longer than requests stay away
        figures.status = ServiceStatus::Saturated;
    const double busy = others > 0 ? 1 - std::exp(-n) : 0;
    // The step at hand: one that prefills (and decodes) or one that only decodes; those before this prompt; the steps until one that looks.
    const double prefilling = others > 0 ? std::min(1.0, rate * each * (1 + (f.chunked ? bare / whole : 0))) : 0;
    const double queue = others > 0 ? 0.5 * rate * each * each / free * rate * each : 0;
    const double own = whole
                       + (f.chunked && n >= 1 ? bare * stepsOfPrompt(f)
                          : f.chunked         ? n * bare * stepsOfPrompt(f)
                                              : 0)
                       + times.fill(workOf(times, f, 1.0)) + e.requestOverhead + (e.overlap ? busy * step : 0);
    constexpr int kPoints = 12;
    std::vector<Point> points;
    points.reserve(3 * kPoints * kPoints);
    // A wait for a slot is zero for those who find room; the others' is exponential (Kingman's heavy-traffic law).
    const double waits = queue + slots;
    const double waiting = waits > 0 ? std::clamp(rate * service / f.admitted + rate * each, 0.05, 1.0) : 0;
    const auto add = [&](double residual, double weight) {
        for (int i = 0; i < kPoints; ++i)
            for (int j = 0; j < kPoints; ++j) {
                const double u = (j + 0.5) / kPoints;
                const double tail = waits > 0 && u > 1 - waiting ? -std::log((1 - u) / waiting) : 0;
                const double look = busy * (e.pollInterval - 1) * step;
                points.push_back({own + (i + 0.5) / kPoints * (residual + look) + (waits > 0 ? waits / waiting * tail : 0), weight});
            }
    };
    add(whole + (f.chunked ? bare : 0), prefilling);
    add(bare, std::max(0.0, busy - prefilling));
    add(0, std::max(0.0, 1 - std::max(busy, prefilling)));
    const double mean = percentilesOf(points).mean;
    spreadPrompts(input, times, f, seen, rate, points);
    figures.ttft = percentilesOf(points);
    if (std::isfinite(waits)) // the tail's points are not its mean
        figures.ttft.mean += -mean + own + 0.5 * busy * (e.pollInterval - 1) * step + waits
                             + 0.5 * (prefilling * (whole + (f.chunked ? bare : 0)) + std::max(0.0, busy - prefilling) * bare);
    const double deviation = 0.7 * std::sqrt(std::max(0.0, n)); // of the batch, averaged over a request's life
    if (f.output > 1) {
        const double fuller = times.decode(std::min(f.admitted, seen + deviation), f.context);
        const double spread = std::hypot((fuller - bare) / free, f.steps > 0 ? std::sqrt(rate * f.steps * step) * each / f.steps : 0);
        figures.tpot = around(step / times.tokensPerStep(), others * spread / times.tokensPerStep());
    }
    figures.endToEnd = endToEnd(f, figures.ttft, figures.tpot, std::sqrt(f.outputVariance) * times.tokensPerStep());
    figures.meanBatch = f.steps > 0 ? std::max(1.0, n) : 0;
    figures.meanRunning = std::min(f.admitted, rate * (figures.endToEnd.mean - slots));
    figures.meanWaiting = rate * slots;
    figures.utilisation = others > 0 ? std::max(busy, rate * each) : std::min(1.0, rate * service);
    figures.stepsPerSecond = decodeStepsOf(f, rate, figures.meanBatch);
    fillCommon(f, rate, replicas, figures);
    if (figures.status == ServiceStatus::Saturated) {
        constexpr double kEndless = std::numeric_limits<double>::infinity();
        figures.ttft = {kEndless, kEndless, kEndless, kEndless};
        figures.endToEnd = figures.ttft;
        figures.meanWaiting = kEndless;
        figures.meanRunning = f.admitted;
        figures.utilisation = 1;
    }
    return figures;
}

} // namespace

double mostAdmitted(const ServiceInput& input)
{
    const LengthRange prompts = rangeOf(input.load.inputLengths, input.input);
    const LengthRange outputs = rangeOf(input.load.outputLengths, input.output);
    const int ranks = input.step.plan().attentionData();
    const double kept = input.engine.admission == KvAdmission::Guaranteed ? prompts.mean + outputs.mean : prompts.mean + 0.5 * outputs.mean;
    const double cached = static_cast<double>(input.kvTokens) / (kept + 0.5 * (ReplicaSimulation::kBlock - 1));
    return std::max(1.0, std::min(static_cast<double>(input.engine.maxSequences) * ranks, std::floor(cached)));
}

double saturationRate(const ServiceInput& input, StepTimes& times)
{
    const Frame f = frameOf(input, times);
    if (f.steps <= 0)
        return input.step.plan().data() / prefillCost(times, f, 0, f.budget / f.computed);
    // Each of the n requests takes S steps, and a prompt of each is prefilled meanwhile.
    const double n = f.admitted;
    const double bare = times.decode(n, f.context);
    double rate = 0;
    double together = 1;
    for (int i = 0; i < 3; ++i) {
        const double each = prefillCost(times, f, n, together);
        rate = n / (f.steps * bare + n * each);
        together = std::max(1.0, n / f.steps);
    }
    return rate * input.step.plan().data();
}

double queueWait(double rate, double service, double servers, double variation)
{
    const double load = rate * service;
    if (load >= servers)
        return std::numeric_limits<double>::infinity();
    if (servers > 64 && load < 0.5 * servers)
        return 0; // below 1e-9 of the service time
    constexpr double kMostServers = 4096;
    if (servers > kMostServers) { // pooled: waits fall at least in proportion
        const double share = kMostServers / servers;
        return share * queueWait(rate * share, service, kMostServers, variation);
    }
    // Erlang's B by its recurrence, then C.
    double blocking = 1;
    const auto count = static_cast<std::int64_t>(servers);
    for (std::int64_t k = 1; k <= count; ++k)
        blocking = load * blocking / (static_cast<double>(k) + load * blocking);
    const double waiting = blocking / (1 - load / servers * (1 - blocking));
    return waiting * service / (servers - load) * 0.5 * (1 + variation);
}

ServiceFigures serveAnalytic(const ServiceInput& input)
{
    ServiceFigures figures;
    if (!longestFits(input)) {
        figures.status = ServiceStatus::DoesNotFit;
        return figures;
    }
    StepTimes times(input);
    if (input.load.kind == LoadKind::OpenLoop)
        return openFigures(input, times);
    figures = closedFigures(input, times);
    // In waves prompts are prefilled together, more than arrivals at any rate would be: what is served can be served.
    figures.saturationRate = std::max(saturationRate(input, times), figures.requestsPerSecond);
    return figures;
}

} // namespace shardlens
