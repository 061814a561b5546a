// SPDX-License-Identifier: Apache-2.0
// The report of memory, made of MemoryTerms.
#include "core/cost/memory.h"

namespace shardlens {

namespace {

/// Cached tokens per replica that fit on one stage: its room beside weights and reserve, over what a token of a full-length sequence costs.
std::int64_t tokensThatFit(const MemoryTerms& terms, const DeviceMemory& beside, std::int64_t context)
{
    const Bytes room = std::max<Bytes>(0, terms.capacity() - (beside.total() - beside.kv));
    const Bytes perToken = terms.bytesPerToken(beside.stage);
    const MemoryTerms::Cache cache = terms.cacheOf(beside.stage, context);
    if (cache.bytes == 0)
        return kMostContext;                                  // nothing is cached here
    if (cache.bytes - cache.rounding == context * perToken) { // no window closes, no state, no SP
        const std::int64_t block = terms.cacheBlock();
        return room / boundedProduct(perToken, block) * block;
    }
    return static_cast<std::int64_t>(static_cast<double>(room) / static_cast<double>(cache.bytes) * static_cast<double>(context));
}

} // namespace

std::string_view nameOf(MemoryClass memoryClass)
{
    switch (memoryClass) {
    case MemoryClass::Weights: return "Weights";
    case MemoryClass::Kv: return "KV cache";
    case MemoryClass::Activations: return "Activations";
    case MemoryClass::Buffers: return "Comm. buffers";
    case MemoryClass::Reserve: return "Runtime reserve";
    }
    return "";
}

Bytes bytesOf(const DeviceMemory& memory, MemoryClass memoryClass)
{
    switch (memoryClass) {
    case MemoryClass::Weights: return memory.weights();
    case MemoryClass::Kv: return memory.kv;
    case MemoryClass::Activations: return memory.activations;
    case MemoryClass::Buffers: return memory.buffers;
    case MemoryClass::Reserve: return memory.reserve;
    }
    return 0;
}

MemoryReport memoryOf(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
{
    const MemoryTerms terms(context, plan, reserve);
    const std::int64_t batch = context.workload.batch;
    const std::int64_t input = context.workload.input;
    const std::int64_t fullContext = context.workload.fullContext();
    MemoryReport report;
    report.capacity = terms.capacity();
    report.cacheBlock = terms.cacheBlock();
    report.fits = terms.fits(batch, input);
    report.maxBatchPerReplica = terms.largestBatch(input);
    report.maxConcurrency = report.maxBatchPerReplica * plan.data();
    const std::int64_t longest = terms.largestInput(batch);
    report.maxContext = longest > 0 ? longest + context.workload.output : 0;
    report.modelContext = context.model.maxPositions;
    report.predictionWeights = terms.predictionWeights();
    report.stages.reserve(static_cast<std::size_t>(terms.stages()));
    for (int stage = 0; stage < terms.stages(); ++stage) {
        report.stages.push_back(terms.at(stage, batch, input));
        const DeviceMemory& memory = report.stages.back();
        report.groups.push_back(memory);
        if (terms.hasFewerExperts())
            report.groups.push_back(terms.at(stage, batch, input, true));
        if (memory.total() > report.limiting().total())
            report.fullest = stage;
        // Beside the activations of this batch: of the largest that fits, tokens could fall where memory grows.
        const std::int64_t tokens = boundedProduct(tokensThatFit(terms, memory, fullContext), plan.attentionData());
        report.maxTokensPerReplica = stage == 0 ? tokens : std::min(report.maxTokensPerReplica, tokens);
        report.kvPerTokenPerDevice = std::max(report.kvPerTokenPerDevice, ceilDiv(terms.bytesPerToken(stage), plan.sequence()));
    }
    for (std::size_t i = 1; i < kMemoryClassCount; ++i)
        if (const auto each = static_cast<MemoryClass>(i);
            bytesOf(report.limiting(), each) > bytesOf(report.limiting(), report.limitingClass))
            report.limitingClass = each;
    for (const MemoryTerms::Kind& kind : terms.kinds())
        report.kvReplication = std::max(report.kvReplication, static_cast<double>(kind.cacheCopies));
    return report;
}

bool fitsMemory(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve)
{
    return MemoryTerms(context, plan, reserve).fits(context.workload.batch);
}

Bytes reserveNeeded(const PlanContext& context, const Plan& plan)
{
    const MemoryTerms terms(context, plan, std::nullopt);
    const Workload& work = context.workload;
    Bytes most = 0;
    for (int each = 0; each < terms.stageClasses(); ++each) {
        const int stage = terms.stageOfClass(each);
        most = std::max(most, terms.activations(stage, work.batch, work.input) + terms.buffers(stage, work.batch, work.input));
    }
    return most;
}

} // namespace shardlens
