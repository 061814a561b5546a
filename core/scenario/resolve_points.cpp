// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/resolve_points.h"

#include "core/base/format.h"
#include "core/hardware/resize.h"
#include "core/scenario/resolve_points_formats.h"
#include "core/scenario/similar.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shardlens {

/// What was looked up before. Names are kept as texts: points look at a file that may go away.
struct PointResolver::Memory {
    std::map<std::string, std::shared_ptr<const Model>, std::less<>> models; ///< null: looked for in vain
    std::map<std::string, std::shared_ptr<const Cluster>, std::less<>> systems;
    std::map<std::pair<const Cluster*, std::int64_t>, std::shared_ptr<const Cluster>> sized;
};

namespace {

constexpr int kMostTries = 1024;

Error reason(std::string text)
{
    return Error{{}, {}, {}, std::move(text)};
}

std::string quoted(std::string_view text)
{
    std::string result = "'";
    for (const char c : text.substr(0, 80))
        result += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
    return result + "'";
}

/// The smallest cluster of this kind with at least `devices`.
std::shared_ptr<const Cluster> sizedFor(const Cluster& cluster, std::int64_t devices)
{
    for (std::int64_t count = devices; count <= std::min<std::int64_t>(kMaxDevices, devices + kMostTries); ++count)
        if (Result<Cluster> sized = resized(cluster, static_cast<int>(count)); sized.ok())
            return std::make_shared<const Cluster>(std::move(sized).value());
    return nullptr;
}

int mostExperts(const Model& model)
{
    int experts = 0;
    for (const LayerKind& kind : model.kinds)
        experts = std::max(experts, kind.feedForward.experts);
    return experts;
}

/// Smallest expert width of a model; 0 without experts.
int expertWidth(const Model& model)
{
    int width = 0;
    for (const LayerKind& kind : model.kinds)
        if (kind.feedForward.isMoe() && (width == 0 || kind.feedForward.expertIntermediate < width))
            width = kind.feedForward.expertIntermediate;
    return width;
}

/// What a point says of one server's shape.
struct Shape {
    std::int64_t tensor = 1;
    std::int64_t attentionData = 1;
    std::int64_t expert = 1;
};

/// EP as it can be: with experts, dividing the devices, and no more than there are.
int expertParallel(const Model& model, const Shape& shape, std::vector<std::string>& notes)
{
    const int experts = mostExperts(model);
    if (experts == 0)
        return 1;
    const std::int64_t devices = shape.tensor * shape.attentionData;
    std::int64_t expert = std::clamp<std::int64_t>(shape.expert, 1, std::min<std::int64_t>(devices, experts));
    while (devices % expert != 0)
        --expert;
    if (expert != shape.expert)
        notes.push_back("EP " + std::to_string(shape.expert) + " on " + std::to_string(devices) + " devices: EP " + std::to_string(expert));
    // Expert shards narrower than a scale block exist in no kernel: such a table has lost its EP (attention DP of 16 or 32 with EP 1).
    constexpr int kNarrowestShard = 128;
    if (expert == 1 && shape.attentionData > 1 && expertWidth(model) / devices < kNarrowestShard && devices <= experts) {
        expert = devices;
        notes.push_back("EP 1 would leave expert shards below " + std::to_string(kNarrowestShard) + " columns: EP "
                        + std::to_string(devices));
    }
    return static_cast<int>(expert);
}

LengthSpread spreadOf(double nominal, double mean)
{
    LengthSpread spread;
    if (mean < nominal * (1 - 1e-9)) {
        spread.kind = LengthSpread::Kind::Uniform;
        spread.low = 2 * mean / nominal - 1;
        spread.high = 1;
    }
    return spread;
}

Shape serverShape(const MeasuredPoint& point, std::int64_t& replicas, std::vector<std::string>& notes)
{
    Shape shape;
    const std::int64_t devices = point.devices;
    shape.attentionData = std::max(1, point.attentionData);
    shape.tensor = point.attentionTensor > 0 ? point.attentionTensor : std::max<std::int64_t>(1, devices / shape.attentionData);
    const std::int64_t grouped = std::int64_t{point.expertTensor} * point.expert;
    if (point.attentionData == 0 && devices > shape.tensor && devices % shape.tensor == 0 && grouped == devices) {
        shape.attentionData = devices / shape.tensor;
        notes.push_back("no attention DP is said: " + std::to_string(shape.attentionData) + ", as many as the experts' group has devices");
    }
    shape.expert = std::max(1, point.expert);
    const std::int64_t each = shape.tensor * shape.attentionData;
    replicas = devices > each ? devices / each : 1;
    // Some tables give the batch of one of several replicas behind one front end.
    if (replicas == 1 && point.batchPerRank > 0) {
        const double copies = point.concurrency / (point.batchPerRank * static_cast<double>(shape.attentionData));
        if (copies >= 1.5 && std::abs(copies - std::round(copies)) < 0.01) {
            replicas = static_cast<std::int64_t>(std::llround(copies));
            notes.push_back("concurrency is " + std::to_string(replicas) + " times the batch: as many replicas");
        }
    }
    return shape;
}

void setEngine(const MeasuredPoint& point, ResolvedPoint& resolved)
{
    Engine engine = Engine::Generic;
    if (const std::optional<Engine> known = engineNamed(point.backend.empty() ? point.origin : point.backend))
        engine = *known; // of published figures the source names the engine
    else if (!point.backend.empty())
        resolved.notes.push_back("engine " + quoted(point.backend) + " is not known: a generic one");
    resolved.engine = defaultsOf(engine);
    if (point.maxBatchedTokens > 0)
        resolved.engine.tokenBudget = std::min(point.maxBatchedTokens, kMaxTokenBudget);
    if (!resolved.engine.cutPrompts && point.maxBatchedTokens == 0) {
        // Beside decoding sequences a whole prompt must fit: TensorRT-LLM's benchmarks set max_num_tokens to prompt + batch + 64.
        const double needed = point.input + std::min(point.concurrency > 0 ? point.concurrency : 2048.0, 2048.0) + 64;
        resolved.engine.tokenBudget = std::clamp(static_cast<int>(needed), resolved.engine.tokenBudget, kMaxTokenBudget);
    } else if (!resolved.engine.cutPrompts && point.input > resolved.engine.tokenBudget) {
        // Without it such a server refuses every prompt.
        resolved.engine.cutPrompts = true;
        resolved.notes.emplace_back("prompts are longer than a step's tokens: chunked prefill");
    }
    if (point.maxSequences > 0)
        resolved.engine.maxSequences = point.maxSequences;
    if (point.receiveInterval > 0)
        resolved.engine.pollInterval = std::min(point.receiveInterval, kMaxPollInterval);
}

void setLoad(const MeasuredPoint& point, ResolvedPoint& resolved)
{
    resolved.load = point.load;
    resolved.concurrency = point.concurrency;
    resolved.rate = point.rate;
    resolved.input = static_cast<int>(point.input);
    resolved.output = static_cast<int>(point.output);
    resolved.meanInput = point.meanInput;
    resolved.meanOutput = point.meanOutput;
    resolved.inputLengths = spreadOf(point.input, point.meanInput);
    resolved.outputLengths = spreadOf(point.output, point.meanOutput);
    resolved.warmup = point.warmup;
    resolved.version = std::string(point.version);
    resolved.date = std::string(point.date);
}

/// What a table leaves open of how a closed loop was run.
void assumeUnstated(const MeasuredPoint& point, ResolvedPoint& resolved)
{
    const bool stated = point.maxSequences > 0 || point.maxBatchedTokens > 0;
    if (stated || point.load != PointLoad::ClosedLoop || resolved.outputLengths.kind != LengthSpread::Kind::Fixed)
        return;
    // Requests of exactly one length stay in step from the opening burst to the end, so every wave would be a burst. SGLang's benchmark
    // shows that; TTFT measured with vLLM and TensorRT-LLM is that of requests out of step.
    if (resolved.engine.engine != Engine::Sglang) {
        resolved.inputLengths = {LengthSpread::Kind::Uniform, 0.8, 1.2, 0, 0, 0};
        resolved.outputLengths = resolved.inputLengths;
        resolved.notes.emplace_back("lengths taken as spread by 20 % about the stated ones: equal ones would keep all requests in step");
    }
    // Such runs of TensorRT-LLM with 16-bit weights show a TTFT of a prefill and 1 / (concurrency - 1) of a whole answer, as when one request
    // always waits for a slot; those with fp8 weights do not. Why is not known: an assumption about how they were configured.
    const bool wide = bitsOf(resolved.formats.weights) >= 16;
    if (resolved.engine.engine == Engine::TrtLlm && wide && resolved.server.plan.attentionData() == 1
        && resolved.concurrencyPerReplica() > 1) {
        resolved.engine.maxSequences = resolved.concurrencyPerReplica() - 1;
        resolved.notes.emplace_back("slots taken as one fewer than requests in flight");
    }
}

/// TensorRT-LLM with attention DP holds new requests back until every rank has one, at most so many steps (AttentionDpConfig::timeout_iters,
/// 50 by default, with enable_balance on in its benchmarks).
constexpr int kBalanceSteps = 50;

/// The sentence of the first rule that a pool's plan breaks; empty when it is legal.
std::string brokenRule(const ResolvedPoint& resolved, const ResolvedPool& pool)
{
    Workload work;
    work.input = resolved.input;
    work.output = resolved.output;
    work.batch = std::max(pool.plan.attentionData(), 1); // an engine runs ranks without a request idle, so no batch is too small
    const PlanContext context{*resolved.model, *pool.cluster, work, resolved.formats};
    std::vector<Finding> violations;
    std::vector<Finding> warnings;
    checkPlan(context, pool.plan, violations, warnings);
    return violations.empty() ? std::string() : sentence(violations.front(), context, pool.plan);
}

} // namespace

PointResolver::PointResolver(const Catalog& catalog) : m_catalog(catalog), m_memory(std::make_unique<Memory>()) {}

PointResolver::~PointResolver() = default;

Result<ResolvedPoint> PointResolver::resolve(const MeasuredPoint& point, PointKind kind)
{
    const auto looked = [](auto& known, std::string_view name, auto&& find) {
        const auto place = known.find(name);
        return place != known.end() ? place->second : known.emplace(std::string(name), find(name)).first->second;
    };
    ResolvedPoint resolved;
    resolved.model = looked(m_memory->models, point.model, [this](std::string_view name) { return m_catalog.modelNamed(name); });
    if (!resolved.model)
        return reason("unknown model " + quoted(point.model) + proposal(m_catalog.similarModels(point.model)));
    const std::shared_ptr<const Cluster> cluster =
        looked(m_memory->systems, point.system, [this](std::string_view name) { return m_catalog.systemNamed(name); });
    if (!cluster)
        return reason("unknown system " + quoted(point.system) + proposal(m_catalog.similarClusters(point.system)));
    resolved.system = cluster->id;
    setEngine(point, resolved);
    setLoad(point, resolved);

    const auto fp8 = m_catalog.aliases.fp8Checkpoints.find(resolved.model->id);
    const Result<Formats> formats =
        resolveFormats({point.weights, point.precision, point.kvFormat, resolved.model.get(), &cluster->accelerator, resolved.engine.engine,
                        fp8 == m_catalog.aliases.fp8Checkpoints.end() ? std::nullopt : std::optional(fp8->second)},
                       resolved.notes);
    if (!formats.ok())
        return reason("unknown format: " + formats.error().sentence());
    resolved.formats = formats.value();

    const auto build = [&](ResolvedPool& pool, const Shape& shape, std::int64_t workers) -> std::string {
        pool.workers = static_cast<int>(workers);
        const std::int64_t devices = shape.tensor * shape.attentionData;
        if (devices > kMaxDevices)
            return formatCount(devices) + " devices; at most " + formatCount(kMaxDevices) + " are allowed";
        pool.plan[PlanAxis::Tensor] = static_cast<int>(shape.tensor);
        pool.plan[PlanAxis::AttentionData] = static_cast<int>(shape.attentionData);
        pool.plan[PlanAxis::Expert] = expertParallel(*resolved.model, shape, resolved.notes);
        std::shared_ptr<const Cluster>& sized = m_memory->sized[{cluster.get(), devices}];
        if (!sized)
            sized = sizedFor(*cluster, devices);
        if (!sized)
            return "no cluster of " + cluster->name + " has " + formatCount(devices) + " devices";
        pool.cluster = sized;
        return brokenRule(resolved, pool);
    };
    std::string broken;
    if (kind == PointKind::Disaggregated) {
        resolved.disaggregated = true;
        const auto shapeOf = [](const PointPool& pool) {
            const std::int64_t ranks = std::max(1, pool.attentionData);
            return Shape{std::max<std::int64_t>(1, pool.devicesPerWorker / ranks), ranks, std::max(1, pool.expert)};
        };
        broken = build(resolved.prefill, shapeOf(point.prefill), point.prefill.workers);
        if (broken.empty())
            broken = build(resolved.decode, shapeOf(point.decode), point.decode.workers);
        const std::int64_t all = std::int64_t{point.prefill.workers} * point.prefill.devicesPerWorker
                                 + std::int64_t{point.decode.workers} * point.decode.devicesPerWorker;
        resolved.devices = point.devices > 0 ? point.devices : static_cast<int>(std::min<std::int64_t>(all, kMaxDevices));
    } else {
        std::int64_t replicas = 1;
        const Shape shape = serverShape(point, replicas, resolved.notes);
        broken = build(resolved.server, shape, replicas);
        resolved.devices = point.devices > 0 ? point.devices : static_cast<int>(shape.tensor * shape.attentionData);
    }
    if (!broken.empty())
        return reason("plan illegal: " + broken);
    if (kind == PointKind::Aggregated) {
        assumeUnstated(point, resolved);
        if (resolved.engine.engine == Engine::TrtLlm && resolved.server.plan.attentionData() > 1 && point.receiveInterval == 0)
            resolved.engine.pollInterval = kBalanceSteps;
    }
    return resolved;
}

std::optional<Engine> engineNamed(std::string_view name)
{
    std::string key;
    for (char c : name) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
        if (c >= 'a' && c <= 'z')
            key += c;
    }
    const auto has = [&key](std::string_view word) { return key.find(word) != std::string::npos; };
    if (has("vllm"))
        return Engine::Vllm;
    if (has("sglang"))
        return Engine::Sglang;
    if (has("trt") || has("tensorrt"))
        return Engine::TrtLlm;
    if (key == "generic")
        return Engine::Generic;
    return std::nullopt;
}

} // namespace shardlens
