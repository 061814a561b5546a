// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/prediction.h"

#include "core/base/format.h"
#include "core/cost/memory.h"
#include "core/cost/operators.h"
#include "core/serving/disaggregation.h"
#include "core/serving/kvtransfer.h"
#include "core/serving/service.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

/// Waves of requests that stand for a server kept full.
constexpr int kSaturatedWaves = 4;

PredictedFigure withSpread(double value, const Spread& spread)
{
    return {value, value * spread.low, value * spread.high};
}

/// One worker of a pool: its steps, and the cache it has room for.
class Worker {
public:
    Worker(const ResolvedPoint& point, const ResolvedPool& pool, const PointConstants& constants, const StepConstants& step)
        : m_step(*point.model, *pool.cluster, point.formats, pool.plan, {}, StepDetail::Times, step),
          m_engine(point.engine)
    {
        m_engine.requestOverhead += constants.requestOverhead;
        Workload work;
        work.batch = pool.plan.attentionData(); // one request of each rank: the rest is the cache's room
        work.input = point.input;
        work.output = point.output;
        const PlanContext context{*point.model, *pool.cluster, work, point.formats};
        m_kvTokens = kvCapacity(MemoryTerms(context, pool.plan, std::nullopt), pool.plan, m_engine, point.input, point.output);
    }
    [[nodiscard]] const StepModel& step() const { return m_step; }
    [[nodiscard]] const EngineSettings& engine() const { return m_engine; }
    [[nodiscard]] std::int64_t kvTokens() const { return m_kvTokens; }
    /// Requests that are worked on at once at most.
    [[nodiscard]] int slots(const ResolvedPoint& point) const
    {
        const double each = point.meanInput + 0.5 * point.meanOutput;
        const double cached = std::floor(static_cast<double>(m_kvTokens) / each);
        const double admitted = static_cast<double>(m_engine.maxSequences) * m_step.plan().attentionData();
        return static_cast<int>(std::clamp(std::min(cached, admitted), 1.0, static_cast<double>(kMaxConcurrency)));
    }

private:
    StepModel m_step;
    EngineSettings m_engine;
    std::int64_t m_kvTokens = 0;
};

/// Weights leave no room for the cache of one request.
Error doesNotFit(const ResolvedPoint& point, const ResolvedPool& pool, const char* which)
{
    Workload work;
    work.batch = pool.plan.attentionData();
    work.input = point.input;
    work.output = point.output;
    const PlanContext context{*point.model, *pool.cluster, work, point.formats};
    const MemoryReport memory = memoryOf(context, pool.plan, std::nullopt);
    return Error{{},
                 {},
                 {},
                 std::string("does not fit: ") + which + "one request of each rank needs "
                     + formatBytes(static_cast<double>(memory.limiting().total())) + " on each device, which has "
                     + formatBytes(static_cast<double>(memory.capacity))};
}

Error noFigures(std::string sentence)
{
    return Error{{}, {}, {}, std::move(sentence)};
}

/// The load of one replica, or (disaggregated) of all.
ServingLoad loadOf(const ResolvedPoint& point, double replicas, int slots)
{
    ServingLoad load;
    load.inputLengths = point.inputLengths;
    load.outputLengths = point.outputLengths;
    load.kind = point.load == PointLoad::OpenLoop ? LoadKind::OpenLoop : LoadKind::ClosedLoop;
    if (load.kind == LoadKind::ClosedLoop)
        load.warmup = 0; // benchmarks begin with all requests at once, and their figures are those of the whole run
    load.rate = std::clamp(point.rate / replicas, 1e-6, kMaxRate);
    const double clients = point.load == PointLoad::Saturated ? slots : point.concurrency / replicas;
    load.concurrency = static_cast<int>(std::clamp(std::round(clients), 1.0, static_cast<double>(kMaxConcurrency)));
    if (point.load == PointLoad::StaticBatch)
        load.requests = load.concurrency; // nobody sends a second request
    if (point.load == PointLoad::Saturated)
        load.requests = std::min(kSaturatedWaves * load.concurrency, kMaxSimulatedRequests);
    return load;
}

PointPrediction figuresOf(const ResolvedPoint& point, const ServiceFigures& service, double replicas, const PointConstants& constants)
{
    // A closed loop's throughput follows from its latencies; tables derive it so.
    const double output = point.load == PointLoad::ClosedLoop
                              ? closedLoopOutput(point.concurrency, point.meanOutput, service.ttft.mean, service.tpot.mean, point.devices)
                              : service.outputTokensPerSecond * replicas / point.devices;
    return {withSpread(service.ttft.mean, constants.ttft), withSpread(service.tpot.mean, constants.tpot),
            withSpread(output, constants.outputPerDevice)};
}

Result<PointPrediction> predictServer(const ResolvedPoint& point, const PointConstants& constants)
{
    const Worker worker(point, point.server, constants, constants.step);
    if (worker.kvTokens() <= 0)
        return doesNotFit(point, point.server, "");
    const double replicas = point.server.workers;
    const ServiceInput input{worker.step(),  point.input, point.output, worker.kvTokens(), loadOf(point, replicas, worker.slots(point)),
                             worker.engine()};
    const ServiceFigures service = constants.fidelity == Fidelity::Simulated ? serveSimulated(input) : serveAnalytic(input);
    if (service.status == ServiceStatus::DoesNotFit)
        return doesNotFit(point, point.server, "");
    if (service.status == ServiceStatus::Saturated && constants.fidelity == Fidelity::Analytic)
        return noFigures("saturated: more requests arrive than can be served, and the queue grows without end");
    return figuresOf(point, service, replicas, constants);
}

Result<PointPrediction> predictPools(const ResolvedPoint& point, const PointConstants& constants)
{
    const Worker prefill(point, point.prefill, constants, constants.prefillStep);
    const Worker decode(point, point.decode, constants, constants.step);
    if (prefill.kvTokens() <= 0)
        return doesNotFit(point, point.prefill, "prefill: ");
    if (decode.kvTokens() <= 0)
        return doesNotFit(point, point.decode, "decode: ");
    DisaggregatedInput input{{prefill.step(), prefill.kvTokens(), prefill.engine(), point.prefill.workers},
                             {decode.step(), decode.kvTokens(), decode.engine(), point.decode.workers},
                             point.input,
                             point.output,
                             loadOf(point, 1, decode.slots(point) * point.decode.workers)};
    const KvTransfer transfer = kvTransferOf(prefill.step(), decode.step(), static_cast<int>(point.meanInput));
    input.transferBandwidth = transfer.bandwidth();
    input.transferLatency = transfer.latency;
    input.transferBytes = transfer.bytes;
    const DisaggregatedFigures figures = serveDisaggregated(input);
    if (figures.status == ServiceStatus::DoesNotFit)
        return doesNotFit(point, point.decode, "decode: ");
    if (figures.status == ServiceStatus::Saturated)
        return noFigures("saturated: more requests arrive than can be served, and the queue grows without end");
    return figuresOf(point, figures.service, 1, constants);
}

} // namespace

int ResolvedPoint::concurrencyPerReplica() const
{
    return std::max(1, static_cast<int>(std::lround(concurrency / server.workers)));
}

double closedLoopOutput(double concurrency, double meanOutput, double ttft, double tpot, int devices)
{
    return concurrency * meanOutput / (ttft + tpot * (meanOutput - 1)) / devices;
}

Result<PointPrediction> predictPoint(const ResolvedPoint& point, const PointConstants& constants)
{
    return point.disaggregated ? predictPools(point, constants) : predictServer(point, constants);
}

} // namespace shardlens
