// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/poolsplit.h"

#include "core/hardware/resize.h"
#include "core/scenario/serve.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

Scenario splitIntoPools(const Scenario& scenario)
{
    Scenario out = scenario;
    ServingLoad& load = out.serving.load;
    if (load.kind == LoadKind::StaticBatch) {
        load.kind = LoadKind::ClosedLoop;
        load.concurrency =
            static_cast<int>(std::clamp<std::int64_t>(std::int64_t{scenario.workload.batch} * scenario.plan.data(), 1, kMaxConcurrency));
    }
    if (out.serving.pools) // a static batch leaves them idle: only the load was missing
        return out;
    PoolSettings pool;
    pool.plan = scenario.plan;
    pool.plan[PlanAxis::Data] = 1;
    out.serving.pools = ServingSettings::Pools{pool, pool};
    return out;
}

std::optional<Scenario> joinedPools(const Scenario& scenario, std::int64_t devices)
{
    const std::int64_t replica = scenario.plan.devices() / scenario.plan.data();
    const std::int64_t replicas = devices / replica;
    if (replicas < 1 || replicas * replica > kMaxDevices)
        return std::nullopt;
    Scenario out = scenario;
    out.serving.pools.reset();
    out.plan[PlanAxis::Data] = static_cast<int>(replicas);
    // A cluster of as many devices, so that no pool pays for more than it has. Some machines come in whole domains only: the next count
    // that there is; what is beyond the plan stays idle.
    constexpr int kFurther = 256;
    const int wanted = static_cast<int>(out.plan.devices());
    const int now = scenario.cluster->devices();
    for (int count = wanted; count <= std::min(wanted + kFurther, kMaxDevices) && count != now; ++count)
        if (const Result<Cluster> other = resized(*scenario.cluster, count); other.ok()) {
            out.cluster = std::make_shared<const Cluster>(other.value());
            return out;
        }
    return now >= wanted ? std::optional(out) : std::nullopt;
}

KvTransfer poolTransfer(const Scenario& scenario)
{
    const ServingSettings::Pools& pools = *scenario.serving.pools;
    const auto stepOf = [&](const PoolSettings& pool) {
        return StepModel(*scenario.model, clusterOf(scenario, pool), scenario.formats, pool.plan, scenario.workload.routing,
                         StepDetail::Times);
    };
    const StepModel prefill = stepOf(pools.prefill);
    const StepModel decode = stepOf(pools.decode);
    const double prompt = rangeOf(scenario.serving.load.inputLengths, scenario.workload.input).mean;
    return kvTransferOf(prefill, decode, static_cast<int>(std::lround(prompt)));
}

Bytes poolShortage(const Scenario& scenario, int pool)
{
    const PoolSettings& settings = pool == 0 ? scenario.serving.pools->prefill : scenario.serving.pools->decode;
    const ServingLoad& load = scenario.serving.load;
    const Workload& work = scenario.workload;
    const EngineSettings engine = withRoomForPrompts(scenario.serving.engine, load, work.input);
    const MemoryTerms memory({*scenario.model, clusterOf(scenario, settings), work, scenario.formats}, settings.plan, scenario.reserve);
    const std::int64_t step = engine.cutPrompts ? engine.tokenBudget : std::max(engine.tokenBudget, work.input); // as in kvCapacity()
    const std::int64_t longest = std::int64_t{rangeOf(load.inputLengths, work.input).most} + rangeOf(load.outputLengths, work.output).most;
    Bytes lacks = 0;
    for (int stage = 0; stage < memory.stages(); ++stage) {
        const DeviceMemory one = memory.at(stage, 1, step);
        lacks = std::max(lacks, one.total() - one.kv + memory.cacheOf(stage, longest).bytes - memory.capacity());
    }
    return lacks;
}

} // namespace shardlens
