// SPDX-License-Identifier: Apache-2.0
#include "core/cost/weightshards.h"
#include "core/model/headattention.h"
#include "core/scenario/expertfacts.h"
#include "core/scenario/explain_parts.h"
#include "core/scenario/memorychange.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

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

std::string formatText(NumberFormat format)
{
    const BlockScale scale = scaleOf(format);
    std::string text = formatNumber(bitsOf(format) / 8.0) + " B";
    if (scale.bytes > 0)
        text += " + " + std::to_string(scale.bytes) + " B per " + std::to_string(scale.rows)
                + (scale.columns > 1 ? " × " + std::to_string(scale.columns) : std::string());
    return text;
}

std::string rangeOf(IndexRange range)
{
    return range.count() == 1 ? std::to_string(range.begin) : std::to_string(range.begin) + "–" + std::to_string(range.end - 1);
}

std::string dimensions(std::int64_t repeat, std::int64_t rows, std::int64_t columns)
{
    return (repeat > 1 ? formatCount(repeat) + " × " : std::string()) + formatCount(rows) + " × " + formatCount(columns);
}

/// One matrix over all layers of a stage that hold an equal one.
struct MatrixRow {
    MatrixShard shard;
    std::int64_t layers = 0;
};

std::vector<MatrixRow> matricesOf(const Scenario& scenario, const MemoryTerms& terms, int stage)
{
    std::vector<MatrixRow> rows;
    for (std::size_t i = 0; i < scenario.model->kinds.size(); ++i) {
        const int layers = terms.layout().kindCount(stage, i);
        if (layers == 0)
            continue;
        const LayerShards shards(*scenario.model, scenario.model->kinds[i], scenario.plan);
        for (const MatrixShard& shard : shards.matrices()) {
            const auto same = std::find_if(rows.begin(), rows.end(), [&shard](const MatrixRow& row) {
                return row.shard.name == shard.name && row.shard.rows == shard.rows && row.shard.columns == shard.columns
                       && row.shard.repeat == shard.repeat;
            });
            if (same != rows.end())
                same->layers += layers;
            else
                rows.push_back({shard, layers});
        }
    }
    return rows;
}

void matrixInput(const Scenario& scenario, const MatrixRow& row, Explanation& out)
{
    const MatrixShard& shard = row.shard;
    const NumberFormat format = scenario.formats.of(shard.weightClass);
    const double bytes = static_cast<double>(boundedProduct(shard.bytes(format), row.layers));
    std::string note = (row.layers > 1 ? formatCount(row.layers) + " layers × " : std::string())
                       + dimensions(shard.repeat, shard.rows, shard.columns) + ", " + std::string(nameOf(format)) + " "
                       + formatText(format);
    if (shard.elements() != shard.wholeElements())
        note += "; whole " + dimensions(shard.wholeRepeat, shard.wholeRows, shard.wholeColumns) + " over " + formatCount(shard.group)
                + " devices";
    if (shard.copies > 1 && shard.group > 1)
        note += shard.copies == shard.group ? std::string(", replicated") : ", stored " + formatCount(shard.copies) + " times";
    out.inputs.push_back({std::string(shard.name), formatBytes(bytes, 4), note, Provenance::Exact});
}

/// Layers of multi-token prediction, loaded or not.
void predictionRows(const Scenario& scenario, const Report& report, const DeviceMemory& memory, const MemoryTerms& terms, Explanation& out)
{
    if (report.memory.predictionWeights == 0 || memory.stage + 1 != terms.stages())
        return;
    const Model& model = *scenario.model;
    if (memory.predictionWeights == 0) {
        out.notes.push_back("Multi-token prediction is not loaded: it would add "
                            + formatBytes(static_cast<double>(report.memory.predictionWeights)) + " to each device of the last stage.");
        return;
    }
    const int layers = model.prediction.layers;
    const bool table = scenario.plan.pipeline() > 1 && !model.tiedEmbedding;
    out.inputs.push_back({"prediction", formatBytes(static_cast<double>(memory.predictionWeights), 4),
                          formatCount(layers) + (layers == 1 ? " layer" : " layers") + " of kind " + std::to_string(model.prediction.kind)
                              + ", projection " + dimensions(layers, 2 * std::int64_t{model.hidden}, model.hidden)
                              + " in bf16 and norms, whole on each device" + (table ? ", and the embedding, which is on stage 0" : ""),
                          Provenance::Exact});
}

void weightRows(const Scenario& scenario, const Report& report, const DeviceMemory& memory, const MemoryTerms& terms, Explanation& out)
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
    add("Prediction layers", memory.predictionWeights);
    out.formula = {{"weights", "Σ_{matrices} layers × (rows × columns × bytes + scales) + norms × 2 B", "", false},
                   {"", exactBytes(static_cast<double>(memory.weights())), "", true}};
    for (const MatrixRow& row : matricesOf(scenario, terms, memory.stage))
        matrixInput(scenario, row, out);
    for (const auto& [name, bytes] : {std::pair{"embedding", memory.embeddingWeights}, std::pair{"head", memory.headWeights}})
        if (bytes > 0)
            matrixInput(scenario, {vocabularyShard(*scenario.model, scenario.plan, name), 1}, out);
    out.inputs.push_back({"norms", formatBytes(static_cast<double>(memory.normWeights), 4), "norms, biases, routers, convolutions; bf16",
                          Provenance::Exact});
    if (scenario.plan.pipeline() > 1)
        out.inputs.push_back({"layers", std::to_string(terms.layout().layerCount(memory.stage)),
                              "of " + std::to_string(scenario.model->layerCount()) + " on this stage", Provenance::Exact});
    const std::int64_t ranks = std::int64_t{scenario.plan.attentionData()} * scenario.plan.sequence();
    if (memory.weightReplicas.sum() > memory.weightReplicas.keyValue)
        out.notes.push_back(formatBytes(static_cast<double>(memory.weightReplicas.sum())) + " are copies"
                            + (ranks > 1 ? ": all but routed experts is on each of " + formatCount(ranks) + " ranks of attention DP and SP."
                                         : ", which other devices of the replica hold too."));
    if (memory.weightReplicas.keyValue > 0)
        out.notes.push_back(formatBytes(static_cast<double>(memory.weightReplicas.keyValue)) + " are copies of K and V: TP "
                            + std::to_string(scenario.plan.tensor()) + " exceeds the KV heads.");
    if (memory.redundantExperts > 0)
        out.notes.push_back(formatBytes(static_cast<double>(memory.redundantExperts))
                            + " are redundant experts: " + formatCount(scenario.plan.redundantExperts()) + " copies per layer over EP "
                            + std::to_string(scenario.plan.expert()) + ", this device holds " + formatCount(memory.expertSlots)
                            + " experts of a layer.");
    for (const DeviceMemory& group : report.memory.groups)
        if (group.stage == memory.stage && group.expertWeights < memory.expertWeights)
            out.notes.push_back(formatCount(group.count) + " devices of this stage hold one expert of a layer less: "
                                + formatBytes(static_cast<double>(group.weights()), 4) + " of weights.");
    predictionRows(scenario, report, memory, terms, out);
}

/// "18 layers, window 128": what one sequence caches there.
void cacheInput(const Scenario& scenario, const MemoryTerms& terms, int stage, std::size_t index, Explanation& out)
{
    const MemoryTerms::Kind& kind = terms.kinds()[index];
    const std::vector<LayerKind>& kinds = scenario.model->kinds;
    const Attention& a = kinds[index].attention;
    std::int64_t layers = 0; // of all kinds with this attention, told once
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i].attention == a && i < index)
            return;
        layers += kinds[i].attention == a ? terms.layersOf(stage, i) : 0;
    }
    if (layers == 0 || a.kind == AttentionKind::None)
        return;
    const std::string times = formatCount(layers) + (layers == 1 ? " layer × " : " layers × ");
    if (kind.state > 0) {
        const LinearMixer m = localMixer(a.linear, scenario.plan.tensor());
        out.inputs.push_back({"state", formatBytes(static_cast<double>(boundedProduct(kind.state, layers)), 4),
                              times + "(" + formatCount(m.valueHeads) + " heads × " + formatCount(m.keyDim) + " × "
                                  + formatCount(m.valueDim) + " × 4 B fp32 + " + formatCount(std::max(0, m.convKernel - 1)) + " columns of "
                                  + formatCount(m.convChannels()) + " × 2 B), at any context",
                              Provenance::Exact});
        return;
    }
    const std::int64_t context = scenario.workload.fullContext();
    const std::int64_t sp = scenario.plan.sequence();
    const auto paged = [&](std::int64_t tokens) { return ceilDiv(ceilDiv(tokens, sp), terms.cacheBlock()) * terms.cacheBlock(); };
    const std::int64_t tokens = paged(kind.window > 0 ? std::min(context, kind.window) : context);
    const std::string of = kind.window > 0 && kind.window < context
                               ? (a.chunked ? " tokens of a chunk, " : " tokens of a window of ") + formatCount(kind.window)
                               : " tokens";
    const BlockScale scale = scaleOf(scenario.formats.kv);
    const std::string format = std::string(nameOf(scenario.formats.kv))
                               + (scale.bytes > 0 ? ", " + std::to_string(scale.bytes) + " B of scale per " + formatCount(scale.rows) : "");
    const int kvHeads = a.kind == AttentionKind::Latent ? 0 : kvHeadsOf(a.kvHeads, scenario.plan.tensor(), 0).count();
    const std::string width = a.kind == AttentionKind::Latent
                                  ? "(latent " + formatCount(a.kvLoraRank) + " + rotary key " + formatCount(a.ropeHeadDim) + ") " + format
                                  : formatCount(kvHeads) + (kvHeads == 1 ? " KV head × (" : " KV heads × (") + formatCount(a.headDim)
                                        + " + " + formatCount(a.valueDim()) + ") " + format;
    out.inputs.push_back({kind.window == 0 ? "cache"
                          : a.chunked      ? "chunk"
                                           : "window",
                          formatBytes(static_cast<double>(boundedProduct(boundedProduct(tokens, kind.cachePerToken), layers)), 4),
                          times + formatCount(tokens) + of + " × " + exactBytes(static_cast<double>(kind.cachePerToken)) + ": " + width,
                          Provenance::Exact});
    if (kind.indexPerToken > 0)
        out.inputs.push_back(
            {"index", formatBytes(static_cast<double>(boundedProduct(boundedProduct(paged(context), kind.indexPerToken), layers)), 4),
             times + formatCount(paged(context)) + " tokens × " + exactBytes(static_cast<double>(kind.indexPerToken)) + ": key of "
                 + formatCount(a.index.headDim) + " in fp8, a fp32 scale per 128",
             Provenance::Exact});
}

void cacheRows(const Scenario& scenario, const Report& report, const DeviceMemory& memory, const MemoryTerms& terms, Explanation& out)
{
    const Workload& work = scenario.workload;
    const std::int64_t sequences = terms.sequencesOf(work.batch);
    out.formula = {
        {"KV", "sequences × bytes_{full context}", "", false},
        {"", formatCount(sequences) + " × " + exactBytes(static_cast<double>(memory.kv) / static_cast<double>(sequences)), "", false},
        {"", exactBytes(static_cast<double>(memory.kv)), "", true}};
    out.inputs.push_back({"B", formatCount(work.batch),
                          scenario.plan.attentionData() > 1 ? "sequences per replica, " + formatCount(sequences) + " on each of "
                                                                  + std::to_string(scenario.plan.attentionData()) + " attention-DP ranks"
                                                            : std::string("sequences per replica"),
                          Provenance::Exact});
    out.inputs.push_back({"context", formatCount(work.fullContext()) + " tokens",
                          scenario.plan.sequence() > 1 ? "input + output, cut over SP " + std::to_string(scenario.plan.sequence())
                                                       : "input + output: the cache at its fullest",
                          Provenance::Exact});
    for (std::size_t i = 0; i < terms.kinds().size(); ++i)
        cacheInput(scenario, terms, memory.stage, i, out);
    if (memory.kvReplicas > 0)
        out.notes.push_back(formatBytes(static_cast<double>(memory.kvReplicas)) + " of it exist only because TP "
                            + std::to_string(scenario.plan.tensor()) + " stores each KV value " + formatNumber(report.memory.kvReplication)
                            + " times.");
    if (memory.kvRounding > 0)
        out.notes.push_back(formatBytes(static_cast<double>(memory.kvRounding)) + " are empty places in the last block of "
                            + std::to_string(terms.cacheBlock()) + " tokens of each sequence.");
    out.notes.push_back("With pipeline stages each one keeps the cache of all resident microbatches for its own layers.");
}

void activationRows(const Scenario& scenario, const DeviceMemory& memory, const MemoryTerms& terms, Explanation& out)
{
    const Workload& work = scenario.workload;
    const MemoryTerms::Peak peak = terms.peakOf(memory.stage, terms.pieceOf(work.batch, work.input));
    const bool last = terms.layout().holdsHead(memory.stage);
    const Bytes logits = last ? terms.activations(memory.stage, work.batch, work.input) - peak.total() : 0;
    const bool wide = peak.attention >= peak.feedForward;
    const auto exact = [](Bytes count) { return exactBytes(static_cast<double>(count)); };
    out.formula = {{"act", std::string("stream + max(") + (wide ? "*attention, MLP" : "attention, *MLP") + ") + logits", "", false},
                   {"",
                    exact(peak.stream) + " + max(" + (wide ? "*" : "") + exact(peak.attention) + ", " + (wide ? "" : "*")
                        + exact(peak.feedForward) + ") + " + exact(logits),
                    "", false},
                   {"", exact(memory.activations), "", true}};
    const auto add = [&out](const char* symbol, Bytes bytes, std::string note) {
        if (bytes > 0)
            out.inputs.push_back({symbol, formatBytes(static_cast<double>(bytes), 4), std::move(note), Provenance::Exact});
    };
    out.inputs.push_back({"tokens", formatCount(peak.tokens),
                          "of a prefill piece on one device: batch / (microbatches × attention DP) × input / (chunks × SP)",
                          Provenance::Exact});
    add("stream", peak.stream,
        scenario.plan.options.shardedNorms ? "tokens × (2 H / TP + H gathered) × 2 B"
                                           : "tokens × 2 H × 2 B: residual stream and its normed copy");
    add("attention", peak.attention,
        scenario.plan.options.fusedAttention ? "queries, keys, values, outputs of the stage's widest layer; fused: no scores"
                                             : "queries, keys, values, outputs, scores and probabilities of the stage's widest layer");
    add("MLP", peak.feedForward,
        "inputs, gate, up and their product of the stage's widest layer; experts as the router loads the hottest rank");
    add("logits", logits, "one position per sequence × V × 2 B, whole on each device");
    out.notes.push_back("The larger of attention and feed-forward counts: they do not live at once.");
}

void bufferRows(const Scenario& scenario, const DeviceMemory& memory, const MemoryTerms& terms, Explanation& out)
{
    const MemoryTerms::Buffers buffers = terms.bufferPartsOf(memory.stage, terms.pieceOf(scenario.workload.batch, scenario.workload.input));
    out.formula = {{"buf", "payloads × tokens × H × 2 B + experts + SP", "", false},
                   {"",
                    formatCount(buffers.payloads) + " × " + exactBytes(static_cast<double>(buffers.payload)) + " + "
                        + exactBytes(static_cast<double>(buffers.exchange)) + " + " + exactBytes(static_cast<double>(buffers.gathered)),
                    "", false},
                   {"", exactBytes(static_cast<double>(memory.buffers)), "", true}};
    const auto add = [&out](const char* symbol, Bytes bytes, const char* note) {
        if (bytes > 0)
            out.inputs.push_back({symbol, formatBytes(static_cast<double>(bytes), 4), note, Provenance::Exact});
    };
    add("payload", buffers.payloads > 0 ? buffers.payload : 0, "one for reductions over TP, one for each send in flight");
    add("experts", buffers.exchange, "tokens that the hottest rank receives, and what it returns");
    add("SP", buffers.gathered,
        scenario.plan.options.sequenceExchange == SequenceExchange::Ring ? "two blocks of keys and values of one layer that go round"
                                                                         : "keys and values of one layer, gathered from all SP ranks");
}

void classRows(const Scenario& scenario, const Report& report, const DeviceMemory& memory, MemoryClass memoryClass, Explanation& out)
{
    const MemoryTerms terms(scenario.context(), scenario.plan, scenario.reserve);
    const bool left = scenario.reserve && *scenario.reserve == 0;
    switch (memoryClass) {
    case MemoryClass::Weights: weightRows(scenario, report, memory, terms, out); break;
    case MemoryClass::Kv: cacheRows(scenario, report, memory, terms, out); break;
    case MemoryClass::Activations: activationRows(scenario, memory, terms, out); break;
    case MemoryClass::Buffers: bufferRows(scenario, memory, terms, out); break;
    case MemoryClass::Reserve:
        out.inputs.push_back({"reserve", formatBytes(static_cast<double>(memory.reserve)),
                              scenario.reserve ? "as it was set" : "driver context, libraries, captured graphs", Provenance::Default});
        out.notes.push_back("Serving engines keep between 2 GiB and a tenth of the device for themselves; set your own with --reserve.");
        break;
    }
    if (left && (memoryClass == MemoryClass::Activations || memoryClass == MemoryClass::Buffers))
        out.notes.push_back("A reserve of 0 leaves them out of the account.");
}

/// Changes that free memory, as bars of what they free.
void changeRows(const Scenario& scenario, const Report& report, Explanation& out)
{
    const std::vector<MemoryChange> changes = memoryChanges(scenario, report.memory);
    if (changes.empty())
        return;
    out.alternativesTitle = report.memory.fits ? "What would free memory" : "What to change";
    for (const MemoryChange& change : changes) {
        Explanation::Alternative row;
        row.name = change.label;
        row.value = formatBytes(static_cast<double>(change.freed)) + (report.memory.fits ? "" : change.fits ? ", fits" : ", not enough");
        row.amount = static_cast<double>(change.freed);
        row.cause = Cause::Kv;
        out.alternatives.push_back(std::move(row));
        if (change.effect.find(" but ") != std::string::npos)
            out.notes.push_back(change.sentence());
    }
}

/// What of a decode step a device works and, where EP ranks differ, why.
void addBusy(const Scenario& scenario, const Report& report, int stage, int expertRank, Explanation& out)
{
    const PhaseReport& decode = report.decode;
    std::string note = "of a decode step, collectives included";
    const std::optional<ExpertLoadTable> table = decode.expertWaits.empty() ? std::nullopt : expertTableOf(scenario, report, Phase::Decode);
    if (table) {
        const double load = table->ofRank(expertRank);
        const std::string rank = "EP rank " + std::to_string(expertRank);
        note += expertRank == table->hottest() ? "; " + rank + " is the hottest, for which all others wait"
                                               : "; the rest of the stage's share it waits for the hottest EP rank";
        if (decode.isMeanOfOrders)
            note += ", in the mean over all orders of the experts";
        out.inputs.push_back({"expert load", formatNumber(load / table->mean()) + " × mean",
                              rank + ": " + formatNumber(load) + " token-expert pairs of a decode microbatch", Provenance::Default});
    }
    out.inputs.push_back({"busy", formatPercent(decode.busyShare(stage, expertRank)), std::move(note), Provenance::Exact});
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
    const StageLayout layout = stageLayout(*scenario.model, scenario.plan);
    for (int visit = 0; visit < layout.visits(); ++visit) {
        const IndexRange layers = layout.layers(stage, visit);
        if (layers.count() > 0)
            out.subtitle += (out.subtitle.empty() ? "layers " : ", ") + std::to_string(layers.begin) + "–" + std::to_string(layers.end - 1);
    }
    setFigure(out, formatBytes(total));
    out.shareFraction = total / capacity;
    out.share = formatPercent(out.shareFraction) + " of " + formatBytes(capacity);
    out.cause = Cause::Weights;
    std::string numbers;
    for (std::size_t i = 0; i < kMemoryClassCount; ++i)
        numbers += (i > 0 ? " + " : "") + formatBytes(static_cast<double>(bytesOf(memory, static_cast<MemoryClass>(i))), 4);
    out.formula = {{"used", "weights + KV + act + buf + reserve", "", false}, {"", numbers, "", false}, {"", exactBytes(total), "", true}};
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
        addBusy(scenario, report, stage, placement.expertRank(subject.device), out);
        const int rank = placement.coordinate(subject.device, MeshAxis::Tensor);
        const auto add = [&out](const char* name, IndexRange heads, std::string note) {
            if (heads.count() > 0)
                out.inputs.push_back({name, rangeOf(heads), std::move(note), Provenance::Exact});
        };
        if (const Attention* attention = headAttention(*scenario.model)) {
            add("Q heads", queryHeadsOf(attention->queryHeads, scenario.plan.tensor(), rank),
                "TP rank " + std::to_string(rank) + " of " + std::to_string(scenario.plan.tensor()));
            if (attention->kind == AttentionKind::Grouped)
                add("KV heads", kvHeadsOf(attention->kvHeads, scenario.plan.tensor(), rank), "of " + std::to_string(attention->kvHeads));
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
    if (memory.maxContext > 0 && memory.maxContext < kMostContext)
        out.inputs.push_back(
            {"context", formatCount(memory.usableContext()),
             "longest in tokens at a batch of " + formatCount(scenario.workload.batch)
                 + (memory.modelLimitsContext() ? ": what the model was made for; memory holds " + formatCount(memory.maxContext)
                                                : std::string()),
             Provenance::Exact});
    if (scenario.plan.data() > 1)
        out.inputs.push_back({"in flight", formatCount(memory.maxConcurrency),
                              "requests at most over " + std::to_string(scenario.plan.data()) + " replicas", Provenance::Exact});
    out.inputs.push_back(
        {"per token", exactBytes(static_cast<double>(memory.kvPerTokenPerDevice)), "KV cache, each device", Provenance::Exact});
    out.inputs.push_back({"largest", std::string(nameOf(memory.limitingClass)),
                          formatBytes(static_cast<double>(bytesOf(limiting, memory.limitingClass)), 4) + " of what these devices hold",
                          Provenance::Exact});
    changeRows(scenario, report, out);
    const ServingReport& serving = report.serving; // what a narrow verdict has no room for
    out.notes.push_back((serving.costPerMillionTokens > 0 ? "$" + formatNumber(serving.costPerMillionTokens) + " per million output tokens"
                                                          : std::string("No list price"))
                        + "; MFU " + formatPercent(report.prefill.mfu) + " in prefill, " + formatPercent(report.decode.mfu) + " in decode"
                        + (memory.fits ? "." : ", if it fitted."));
    for (const Finding& warning : report.warnings)
        out.notes.push_back(sentence(warning, scenario.context(), scenario.plan));
    out.notes.push_back(
        "Used is weights, the cache of every sequence at its full context, activations, collective buffers and a reserve for the runtime.");
    return out;
}

} // namespace shardlens
