// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/prediction.h"

#include "core/base/format.h"
#include "core/cost/memory.h"
#include "core/cost/operators.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

PredictedFigure withSpread(double value, const Spread& spread)
{
    return {value, value * spread.low, value * spread.high};
}

Workload workOf(const ResolvedPoint& point, int batch)
{
    Workload work;
    work.batch = batch;
    work.input = point.input;
    work.output = point.output;
    return work;
}

Error doesNotFit(const ResolvedPoint& point, const ResolvedPool& pool, const char* which)
{
    const int ranks = pool.plan.attentionData();
    const PlanContext context{*point.model, *pool.cluster, workOf(point, ranks), point.formats};
    const MemoryReport memory = memoryOf(context, pool.plan, std::nullopt);
    return Error{{},
                 {},
                 {},
                 std::string("does not fit: ") + which + "one request of each rank needs "
                     + formatBytes(static_cast<double>(memory.limiting().total())) + " on each device, which has "
                     + formatBytes(static_cast<double>(memory.capacity))};
}

/// Step times of one pool's server, all layers on one stage.
class PoolSteps {
public:
    PoolSteps(const ResolvedPoint& point, const ResolvedPool& pool, const StepConstants& constants)
        : m_step(*point.model, *pool.cluster, point.formats, pool.plan, {}, StepDetail::Times, constants),
          m_layersOf(point.model->kinds.size(), 0),
          m_ranks(pool.plan.attentionData())
    {
        for (const std::uint8_t kind : point.model->layers)
            ++m_layersOf[kind];
    }
    /// One token for each of `batch` sequences of the server.
    [[nodiscard]] double decode(double batch, double context)
    {
        StepTokens tokens;
        tokens.sequences = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(batch / m_ranks)));
        tokens.newTokens = 1;
        tokens.past = static_cast<std::int64_t>(context);
        tokens.decode = true;
        return timeOf(tokens);
    }
    /// One prompt on each rank.
    [[nodiscard]] double prefill(double input)
    {
        StepTokens tokens;
        tokens.sequences = 1;
        tokens.newTokens = static_cast<std::int64_t>(input);
        return timeOf(tokens);
    }
    [[nodiscard]] int ranks() const { return m_ranks; }

private:
    double timeOf(const StepTokens& tokens)
    {
        m_step.pieceTimes(tokens, m_times);
        return pieceTime(m_times, m_layersOf.data(), true, true) + m_step.constants().step;
    }

    StepModel m_step;
    std::vector<int> m_layersOf;
    PieceTimes m_times;
    int m_ranks;
};

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
    const ResolvedPool& decodePool = point.disaggregated ? point.decode : point.server;
    const ResolvedPool& prefillPool = point.disaggregated ? point.prefill : point.server;
    for (const ResolvedPool* pool : {&prefillPool, &decodePool}) {
        const int ranks = pool->plan.attentionData();
        const PlanContext context{*point.model, *pool->cluster, workOf(point, ranks), point.formats};
        if (!MemoryTerms(context, pool->plan, std::nullopt).fits(ranks))
            return doesNotFit(point, *pool, !point.disaggregated ? "" : pool == &prefillPool ? "prefill: " : "decode: ");
    }
    const PlanContext context{*point.model, *decodePool.cluster, workOf(point, decodePool.plan.attentionData()), point.formats};
    const auto most = static_cast<double>(MemoryTerms(context, decodePool.plan, std::nullopt).largestBatch());
    const double wanted = point.load == PointLoad::Saturated ? most : std::max(1.0, point.concurrency / decodePool.workers);
    const double batch = std::min(wanted, most);
    const double concurrency = point.load == PointLoad::Saturated ? batch * decodePool.workers : point.concurrency;

    PoolSteps decodeSteps(point, decodePool, constants.step);
    PoolSteps prefillSteps(point, prefillPool, point.disaggregated ? constants.prefillStep : constants.step);
    const double onePrefill = prefillSteps.prefill(point.meanInput) / prefillSteps.ranks();
    // First order of a closed loop: each of the others is prefilled once while a request makes its output.
    const double share = point.disaggregated ? 0.0 : (batch - 1) / point.meanOutput * onePrefill;
    const double tpot = decodeSteps.decode(batch, point.meanInput + 0.5 * point.meanOutput) + share;
    const double burst = onePrefill * 0.5 * (concurrency / prefillPool.workers + 1);
    double ttft = onePrefill + burst / kRequestsPerClient + 0.5 * tpot + constants.requestOverhead;
    if (wanted > batch) // waiting for a slot: Little's law with as many in flight as there is room for
        ttft += (wanted / batch - 1) * tpot * point.meanOutput;
    PointPrediction prediction;
    prediction.ttft = withSpread(ttft, constants.ttft);
    prediction.tpot = withSpread(tpot, constants.tpot);
    prediction.outputPerDevice =
        withSpread(closedLoopOutput(concurrency, point.meanOutput, ttft, tpot, point.devices), constants.outputPerDevice);
    return prediction;
}

} // namespace shardlens
