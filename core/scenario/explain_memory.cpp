// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/explain_parts.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

int stageOf(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const int stages = static_cast<int>(report.memory.stages.size());
    if (subject.stage >= 0 && subject.stage < stages)
        return subject.stage;
    if (subject.device >= 0 && subject.device < scenario.plan.devices())
        return Placement(scenario.plan.meshSizes()).coordinate(subject.device, MeshAxis::Pipeline);
    return report.memory.fullest;
}

void weightRows(const Scenario& scenario, const DeviceMemory& memory, Explanation& out)
{
    const auto add = [&out](const char* name, Bytes bytes) {
        if (bytes > 0)
            out.alternatives.push_back({name, formatBytes(static_cast<double>(bytes), 4), static_cast<double>(bytes), Cause::Weights});
    };
    out.alternativesTitle = "Weights by class";
    add("Attention", memory.attentionWeights);
    add("MLP", memory.mlpWeights);
    add("Experts", memory.expertWeights);
    add("Embedding", memory.embeddingWeights);
    add("Head", memory.headWeights);
    add("Norms, biases, routers", memory.normWeights);
    out.formula = {{"weights", "Σ matrices × " + formatNumber(bitsOf(scenario.formats.weights) / 8.0) + " B + norms × 2 B", "", false},
                   {"", exactBytes(static_cast<double>(memory.weights())), "", true}};
    out.inputs.push_back(
        {"format", std::string(nameOf(scenario.formats.weights)), "every matrix; norms, biases and routers bf16", Provenance::Exact});
    out.inputs.push_back(
        {"TP", std::to_string(scenario.plan.tensor()), "matrices split by heads, columns and vocabulary", Provenance::Exact});
    if (scenario.plan.pipeline() > 1)
        out.inputs.push_back({"layers",
                              std::to_string(layersOfStage(scenario.model->layerCount(), scenario.plan.pipeline(), memory.stage).count()),
                              "of " + std::to_string(scenario.model->layerCount()) + " on this stage", Provenance::Exact});
}

void cacheRows(const Scenario& scenario, const Report& report, const DeviceMemory& memory, Explanation& out)
{
    const Workload& work = scenario.workload;
    const std::int64_t sequences = ceilDiv(work.batch, scenario.plan.attentionData());
    out.formula = {
        {"KV", "sequences × bytes of one at full context", "", false},
        {"", formatCount(sequences) + " × " + exactBytes(static_cast<double>(memory.kv) / static_cast<double>(sequences)), "", false},
        {"", exactBytes(static_cast<double>(memory.kv)), "", true}};
    out.inputs.push_back({"B", formatCount(work.batch), "sequences per replica", Provenance::Exact});
    out.inputs.push_back(
        {"context", formatCount(work.fullContext()) + " tokens", "input + output: the cache at its fullest", Provenance::Exact});
    out.inputs.push_back({"per token", exactBytes(static_cast<double>(report.memory.kvPerTokenPerDevice)),
                          "this device's layers and KV heads, " + std::string(nameOf(scenario.formats.kv)), Provenance::Exact});
    if (memory.kvReplicas > 0)
        out.notes.push_back(formatBytes(static_cast<double>(memory.kvReplicas)) + " of it exist only because TP "
                            + std::to_string(scenario.plan.tensor()) + " stores each KV value " + formatNumber(report.memory.kvReplication)
                            + " times.");
    out.notes.push_back("With pipeline stages each one keeps the cache of all resident microbatches for its own layers.");
}

void classRows(const Scenario& scenario, const Report& report, const DeviceMemory& memory, MemoryClass memoryClass, Explanation& out)
{
    switch (memoryClass) {
    case MemoryClass::Weights: weightRows(scenario, memory, out); break;
    case MemoryClass::Kv: cacheRows(scenario, report, memory, out); break;
    case MemoryClass::Activations:
        out.formula = {{"act", "tokens × (2 H + widest pair) × 2 B", "", false},
                       {"", exactBytes(static_cast<double>(memory.activations)), "", true}};
        out.inputs.push_back({"tokens", "of one prefill piece", "batch / microbatches × input / (chunks × SP)", Provenance::Exact});
        out.notes.push_back(
            "Residual stream, its normed copy and the widest neighbouring activations of a prefill piece in bf16; on the last stage also "
            "fp32 logits of its sequences.");
        break;
    case MemoryClass::Buffers:
        out.formula = {{"buf", "payloads × tokens × H × 2 B", "", false}, {"", exactBytes(static_cast<double>(memory.buffers)), "", true}};
        out.notes.push_back("One payload for reductions over TP, two for sends between stages, two for expert dispatch and combine.");
        break;
    case MemoryClass::Reserve:
        out.inputs.push_back({"reserve", formatBytes(static_cast<double>(memory.reserve)),
                              scenario.reserve ? "as it was set" : "driver context, libraries, captured graphs", Provenance::Default});
        out.notes.push_back("Serving engines keep between 2 GiB and a tenth of the device for themselves; set your own with --reserve.");
        break;
    }
}

} // namespace

Explanation explainMemory(const Scenario& scenario, const Report& report, const Subject& subject)
{
    const int stage = stageOf(scenario, report, subject);
    const DeviceMemory& memory = report.memory.stages[static_cast<std::size_t>(stage)];
    const double capacity = static_cast<double>(report.memory.capacity);
    const std::string noun = scenario.cluster->accelerator.noun;
    Explanation out;
    const std::string where = report.memory.stages.size() > 1
                                  ? "stage " + std::to_string(stage) + ", each of " + std::to_string(memory.count) + " devices"
                                  : "each of " + std::to_string(memory.count) + " devices";
    if (subject.kind == Subject::Kind::MemoryClass) {
        const auto memoryClass = static_cast<MemoryClass>(std::clamp(subject.cause, 0, static_cast<int>(kMemoryClassCount) - 1));
        const double bytes = static_cast<double>(bytesOf(memory, memoryClass));
        out.formulaId = "memory.class";
        out.title = std::string(nameOf(memoryClass));
        out.subtitle = where;
        setFigure(out, formatBytes(bytes));
        out.shareFraction = bytes / capacity;
        out.share = formatPercent(out.shareFraction) + " of " + formatBytes(capacity);
        out.cause = memoryClass == MemoryClass::Kv ? Cause::Kv : memoryClass == MemoryClass::Weights ? Cause::Weights : Cause::Overhead;
        out.memoryClass = static_cast<int>(memoryClass);
        classRows(scenario, report, memory, memoryClass, out);
        return out;
    }
    const double total = static_cast<double>(memory.total());
    out.formulaId = "memory.total";
    out.title = subject.kind == Subject::Kind::Device && subject.device >= 0 ? noun + " " + std::to_string(subject.device)
                                                                             : "Stage " + std::to_string(stage);
    const IndexRange layers = layersOfStage(scenario.model->layerCount(), scenario.plan.pipeline(), stage);
    out.subtitle = "layers " + std::to_string(layers.begin) + "–" + std::to_string(layers.end - 1);
    setFigure(out, formatBytes(total));
    out.shareFraction = total / capacity;
    out.share = formatPercent(out.shareFraction) + " of " + formatBytes(capacity);
    out.cause = Cause::Weights;
    out.formula = {{"used", "weights + KV + act + buf + reserve", "", false}, {"", exactBytes(total), "", true}};
    out.alternativesTitle = "What it holds";
    for (std::size_t i = 0; i < kMemoryClassCount; ++i) {
        const auto memoryClass = static_cast<MemoryClass>(i);
        const double bytes = static_cast<double>(bytesOf(memory, memoryClass));
        if (bytes > 0)
            out.alternatives.push_back({std::string(nameOf(memoryClass)), formatBytes(bytes), bytes, Cause::Overhead, static_cast<int>(i)});
    }
    out.inputs.push_back(
        {"capacity", exactBytes(capacity), scenario.cluster->accelerator.name + ", as the driver shows it", Provenance::DataSheet});
    if (subject.kind == Subject::Kind::Device && subject.device >= 0 && subject.device < scenario.plan.devices()) {
        const Placement placement(scenario.plan.meshSizes());
        const int rank = placement.coordinate(subject.device, MeshAxis::Tensor);
        const Attention& attention = scenario.model->kinds.front().attention;
        const IndexRange queries = queryHeadsOf(attention.queryHeads, scenario.plan.tensor(), rank);
        out.inputs.push_back({"Q heads", std::to_string(queries.begin) + "–" + std::to_string(queries.end - 1),
                              "TP rank " + std::to_string(rank) + " of " + std::to_string(scenario.plan.tensor()), Provenance::Exact});
        if (attention.kind == AttentionKind::Grouped) {
            const IndexRange kv = kvHeadsOf(attention.kvHeads, scenario.plan.tensor(), rank);
            out.inputs.push_back({"KV heads",
                                  kv.count() == 1 ? std::to_string(kv.begin) : std::to_string(kv.begin) + "–" + std::to_string(kv.end - 1),
                                  "of " + std::to_string(attention.kvHeads), Provenance::Exact});
        }
    }
    return out;
}

Explanation explainFit(const Scenario& scenario, const Report& report)
{
    const MemoryReport& memory = report.memory;
    const DeviceMemory& limiting = memory.limiting();
    Explanation out;
    out.formulaId = "memory.fit";
    out.title = memory.fits ? "It fits" : "It does not fit";
    out.subtitle = "the fullest devices, stage " + std::to_string(limiting.stage);
    setFigure(out, formatBytes(std::abs(static_cast<double>(memory.free()))));
    out.unit += memory.fits ? " free" : " too much";
    out.cause = Cause::Kv;
    out.formula = {
        {"free", "capacity − used", "", false},
        {"", exactBytes(static_cast<double>(memory.capacity)) + " − " + exactBytes(static_cast<double>(limiting.total())), "", false},
        {"", formatBytes(static_cast<double>(memory.free()), 4), "", true}};
    out.inputs.push_back({"tokens", formatCount(memory.maxTokensPerReplica), "fit in the cache of one replica", Provenance::Exact});
    out.inputs.push_back({"batch", formatCount(memory.maxBatchPerReplica),
                          "largest per replica at " + formatCount(scenario.workload.fullContext()) + " tokens each", Provenance::Exact});
    out.inputs.push_back(
        {"per token", exactBytes(static_cast<double>(memory.kvPerTokenPerDevice)), "KV cache, each device", Provenance::Exact});
    for (const Finding& warning : report.warnings)
        out.notes.push_back(sentence(warning, scenario.context(), scenario.plan));
    out.notes.push_back(
        "Used is weights, the cache of every sequence at its full context, activations, collective buffers and a reserve for the runtime.");
    return out;
}

} // namespace shardlens
