// SPDX-License-Identifier: Apache-2.0
#include "core/schedule/pieces.h"
#include "core/serving/queueing.h"
#include "core/serving/replicasimulation.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// Replicas that are asked for the same: one of them is simulated.
struct Group {
    int replicas = 1;
    ReplicaLoad load;
};

int requestsOf(const ServingLoad& load)
{
    if (load.requests > 0)
        return load.requests;
    return load.kind == LoadKind::ClosedLoop ? kRequestsPerClient * load.concurrency : kOpenLoopRequests;
}

std::vector<Group> groupsOf(const ServingLoad& load, int replicas)
{
    std::vector<Group> groups;
    if (load.kind == LoadKind::OpenLoop) {
        Group group;
        group.replicas = replicas;
        group.load.rate = load.rate;
        group.load.replicas = replicas;
        group.load.requests = std::max(1, requestsOf(load) / (load.requests > 0 ? replicas : 1));
        group.load.seed = load.seed;
        groups.push_back(group);
        return groups;
    }
    // Clients are dealt to replicas once: at most two sizes.
    const int total = std::max(requestsOf(load), load.concurrency);
    for (const int size : {static_cast<int>(ceilDiv(load.concurrency, replicas)), load.concurrency / replicas}) {
        if (size == 0 || (!groups.empty() && groups.front().load.clients == size))
            continue;
        Group group;
        group.replicas = groups.empty() ? (load.concurrency % replicas == 0 ? replicas : load.concurrency % replicas)
                                        : replicas - load.concurrency % replicas;
        group.load.clients = size;
        group.load.steady = load.steady();
        group.load.requests = std::max(size, static_cast<int>(std::int64_t{total} * size / load.concurrency));
        group.load.seed = load.seed;
        groups.push_back(group);
    }
    return groups;
}

/// Value at or below which a share `q` of the values lies (nearest rank); `from`: first index that is not yet known to be smaller.
double quantile(std::vector<double>& values, double q, std::size_t& from)
{
    const auto rank = static_cast<std::size_t>(std::max(0.0, std::ceil(q * static_cast<double>(values.size())) - 1));
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin() + static_cast<std::ptrdiff_t>(from), place, values.end());
    from = rank;
    return *place;
}

Percentiles percentilesOf(std::vector<double>& values)
{
    Percentiles p;
    if (values.empty())
        return p;
    double sum = 0;
    for (const double value : values)
        sum += value;
    p.mean = sum / static_cast<double>(values.size());
    std::size_t from = 0;
    p.p50 = quantile(values, 0.5, from);
    p.p90 = quantile(values, 0.9, from);
    p.p99 = quantile(values, 0.99, from);
    return p;
}

/// Figures of all groups, added up.
class Collector {
public:
    explicit Collector(const ServingLoad& load) : m_load(load) {}

    void add(const Group& group, const ReplicaSimulation& simulation)
    {
        const ReplicaTotals& t = simulation.totals();
        const std::vector<RequestTimes>& requests = simulation.requests();
        const int all = group.load.requests;
        const int first = firstOf(simulation, all);
        const int measured = m_load.steady() ? all : all - first;
        double latency = 0;
        // A group of more replicas counts as often: its requests are repeated, so that percentiles are those of all of them.
        for (int i = first; i < first + measured; ++i) {
            const RequestTimes& r = requests[static_cast<std::size_t>(i)];
            latency += r.end - r.arrival;
            for (int copy = 0; copy < copies(group, all); ++copy) {
                m_ttft.push_back(r.first - r.arrival);
                m_endToEnd.push_back(r.end - r.arrival);
                if (r.output > 1)
                    m_tpot.push_back((r.end - r.first) / (r.output - 1));
            }
            m_prompts += r.prompt * static_cast<double>(copies(group, all));
            m_outputs += r.output * static_cast<double>(copies(group, all));
        }
        const double rate =
            m_load.kind == LoadKind::ClosedLoop ? group.load.clients * static_cast<double>(measured) / latency : all / t.duration;
        m_figures.requestsPerSecond += rate * group.replicas;
        const double weight = group.replicas;
        m_weight += weight;
        m_figures.meanRunning += weight * t.running / t.duration;
        m_figures.meanWaiting += weight * t.waiting / t.duration;
        m_figures.utilisation += weight * t.busy / t.duration;
        m_figures.meanKvTokens += weight * t.kvTokens / t.duration;
        m_figures.peakKvTokens = std::max(m_figures.peakKvTokens, t.peakKvTokens);
        m_figures.meanBatch += weight * (t.decodeSteps > 0 ? t.decodeRows / t.decodeSteps : 0);
        m_figures.stepsPerSecond += weight * t.decodeSteps / t.duration;
        m_figures.preemptions += t.preemptions * group.replicas;
        m_figures.requests += std::int64_t{measured} * group.replicas;
        m_figures.discarded += std::int64_t{first} * group.replicas;
        m_figures.warmup = std::max(m_figures.warmup, t.warmup);
        m_figures.duration = std::max(m_figures.duration, t.duration);
        if (m_load.kind == LoadKind::OpenLoop && t.waitingAtLastArrival > std::max(20, all / 10))
            m_figures.status = ServiceStatus::Saturated;
    }

    [[nodiscard]] ServiceFigures finish()
    {
        ServiceFigures& f = m_figures;
        const auto count = static_cast<double>(std::max<std::size_t>(1, m_ttft.size()));
        f.outputTokensPerSecond = f.requestsPerSecond * m_outputs / count;
        f.totalTokensPerSecond = f.requestsPerSecond * (m_outputs + m_prompts) / count;
        for (double* mean : {&f.meanRunning, &f.meanWaiting, &f.utilisation, &f.meanKvTokens, &f.meanBatch, &f.stepsPerSecond})
            *mean /= m_weight;
        f.ttft = percentilesOf(m_ttft);
        f.tpot = percentilesOf(m_tpot);
        f.endToEnd = percentilesOf(m_endToEnd);
        f.simulated = true;
        return f;
    }
    /// Of a group's requests in the percentiles, when there are two groups.
    int groups = 1;

private:
    [[nodiscard]] int firstOf(const ReplicaSimulation& simulation, int all) const
    {
        if (m_load.steady())
            return simulation.firstMeasured();
        const int share =
            m_load.warmup >= 0 ? static_cast<int>(std::int64_t{m_load.warmup} * all / std::max(1, requestsOf(m_load))) : all / 5;
        return std::min(share, all - 1);
    }
    [[nodiscard]] int copies(const Group& group, int requests) const
    {
        constexpr int kMostValues = 1'000'000;
        return groups == 1 ? 1 : std::clamp(kMostValues / requests, 1, group.replicas);
    }

    const ServingLoad& m_load;
    ServiceFigures m_figures;
    std::vector<double> m_ttft;
    std::vector<double> m_tpot;
    std::vector<double> m_endToEnd;
    double m_prompts = 0;
    double m_outputs = 0;
    double m_weight = 0;
};

} // namespace

std::string_view keyOf(ServiceStatus status)
{
    switch (status) {
    case ServiceStatus::Served: break;
    case ServiceStatus::Saturated: return "saturated";
    case ServiceStatus::DoesNotFit: return "does_not_fit";
    case ServiceStatus::IllegalPools: return "illegal_pools";
    case ServiceStatus::Cancelled: return "cancelled";
    }
    return "served";
}

bool longestFits(const ServiceInput& input)
{
    const LengthRange prompts = rangeOf(input.load.inputLengths, input.input);
    const LengthRange outputs = rangeOf(input.load.outputLengths, input.output);
    const std::int64_t blocks = input.kvTokens / input.step.plan().attentionData() / ReplicaSimulation::kBlock;
    return ceilDiv(std::int64_t{prompts.most} + outputs.most, ReplicaSimulation::kBlock) <= blocks;
}

ServiceFigures serveSimulated(const ServiceInput& input, const SimulationControl& control)
{
    ServiceFigures figures;
    figures.simulated = true;
    if (!longestFits(input)) {
        figures.status = ServiceStatus::DoesNotFit;
        return figures;
    }
    StepTimes times(input);
    const std::vector<Group> groups = groupsOf(input.load, input.step.plan().data());
    Collector collector(input.load);
    collector.groups = static_cast<int>(groups.size());
    const auto count = static_cast<double>(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
        ReplicaSimulation simulation(input, times, groups[i].load);
        simulation.run(control, static_cast<double>(i) / count, static_cast<double>(i + 1) / count);
        if (simulation.totals().cancelled) {
            figures.status = ServiceStatus::Cancelled;
            return figures;
        }
        collector.add(groups[i], simulation);
    }
    figures = collector.finish();
    figures.saturationRate = saturationRate(input, times);
    if (input.load.kind == LoadKind::OpenLoop && input.load.rate > figures.saturationRate)
        figures.status = ServiceStatus::Saturated;
    figures.saturationRate = std::max(figures.saturationRate, figures.requestsPerSecond); // what was served can be served
    return figures;
}

std::int64_t kvCapacity(const MemoryTerms& memory, const Plan& plan, const EngineSettings& engine, int input, int output)
{
    const std::int64_t context = std::int64_t{input} + output;
    std::int64_t tokens = kUnlimitedTokens;
    for (int stage = 0; stage < memory.stages(); ++stage) {
        // Activations and buffers of one step of the engine: its token budget, or a whole prompt where that is longer and is not cut.
        const std::int64_t step = engine.cutPrompts ? engine.tokenBudget : std::max(engine.tokenBudget, input);
        const DeviceMemory one = memory.at(stage, 1, step);
        const Bytes room = memory.capacity() - (one.total() - one.kv);
        const Bytes each = memory.cacheOf(stage, context).bytes;
        if (room <= 0)
            return 0;
        if (each > 0)
            tokens = std::min(
                tokens, static_cast<std::int64_t>(static_cast<double>(room) / static_cast<double>(each) * static_cast<double>(context)));
    }
    return tokens >= kUnlimitedTokens ? kUnlimitedTokens : tokens * plan.attentionData();
}

} // namespace shardlens
