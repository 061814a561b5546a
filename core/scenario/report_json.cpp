// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/report_json.h"

#include "core/plan/stages.h"
#include "core/scenario/hardware_json.h"
#include "core/scenario/memorychange.h"
#include "core/scenario/option_json.h"
#include "core/scenario/report_parts.h"
#include "core/scenario/serving_json.h"
#include "core/scenario/targets.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>

namespace shardlens {

namespace {

using Json = nlohmann::ordered_json;

// Keys are a contract with those who read the output; the names that people see may change without them.
constexpr std::array<std::string_view, kCauseCount> kCauseKeys{"weights", "kv", "compute", "communication", "bubble", "overhead"};
constexpr std::array<std::string_view, kMemoryClassCount> kMemoryClassKeys{"weights", "kv", "activations", "buffers", "reserve"};
constexpr std::array<std::string_view, 4> kBoundKeys{"nothing", "compute", "memory", "network"};
constexpr std::array<std::string_view, 8> kShardingKeys{"replicated", "tokens",           "column",     "row",
                                                        "heads",      "heads_replicated", "vocabulary", "experts"};
/// A plan of thousands of microbatches would print tens of megabytes of pieces; the counts are always there.
constexpr std::size_t kMostCells = 10'000;

template <std::size_t N, class Enum>
Json keyOfEnum(const std::array<std::string_view, N>& keys, Enum value)
{
    return keys[static_cast<std::size_t>(value)];
}

Json findingsJson(const std::vector<Finding>& findings, const Scenario& scenario, bool withNearest)
{
    const PlanContext context = scenario.context();
    Json list = Json::array();
    for (const Finding& finding : findings) {
        Json entry;
        entry["rule"] = idOf(finding.rule);
        entry["message"] = sentence(finding, context, scenario.plan);
        if (withNearest) {
            entry["axis"] = keyOf(finding.axis);
            entry["nearest"] = nearestLegal(finding, context, scenario.plan);
        }
        list.push_back(std::move(entry));
    }
    return list;
}

Json reportedPlan(const Plan& plan)
{
    Json json;
    for (const PlanAxis axis : kPlanAxes)
        json[std::string(keyOf(axis))] = plan[axis];
    json["devices"] = plan.devices();
    if (Json options = planOptionsJson(plan.options); !options.empty())
        json["options"] = std::move(options);
    return json;
}

Json axesJson(const Scenario& scenario)
{
    Json axes = Json::array();
    for (const AxisRow& row : usedAxes(scenario)) {
        Json links = Json::array();
        for (const AxisLink& link : row.links)
            links.push_back({{"level", scenario.cluster->levels[static_cast<std::size_t>(link.level)].name},
                             {"torus_axis", link.torusAxis >= 0 ? Json(link.torusAxis) : Json(nullptr)},
                             {"leaf_units", link.leafUnits > 0 ? Json(link.leafUnits) : Json(nullptr)},
                             {"leaves", link.leaves > 0 ? Json(link.leaves) : Json(nullptr)},
                             {"participants", link.participants},
                             {"links", link.links},
                             {"link_bytes_per_s", numberJson(link.linkBandwidth)},
                             {"bytes_per_s", numberJson(link.bandwidth)},
                             {"latency_s", numberJson(link.latency)}});
        Json members = Json::array(); // the group of device 0
        for (int rank = 0; rank < row.size(); ++rank)
            members.push_back(row.group.offsetOf(rank));
        axes.push_back({{"name", row.name},
                        {"size", row.size()},
                        {"straddles", row.straddles},
                        {"first_group", std::move(members)},
                        {"links", std::move(links)}});
    }
    return axes;
}

Json stagesJson(const Scenario& scenario)
{
    const StageLayout layout = stageLayout(*scenario.model, scenario.plan);
    Json stages = Json::array();
    for (int stage = 0; stage < layout.stages(); ++stage) {
        Json visits = Json::array();
        for (int visit = 0; visit < layout.visits(); ++visit) {
            const IndexRange layers = layout.layers(stage, visit);
            visits.push_back({{"first_layer", layers.begin}, {"layers", layers.count()}});
        }
        Json byKind = Json::array();
        for (std::size_t kind = 0; kind < scenario.model->kinds.size(); ++kind)
            byKind.push_back(layout.kindCount(stage, kind));
        stages.push_back({{"stage", stage},
                          {"layers", layout.layerCount(stage)},
                          {"layers_by_kind", std::move(byKind)},
                          {"visits", std::move(visits)},
                          {"embedding", layout.holdsEmbedding(stage)},
                          {"head", layout.holdsHead(stage)}});
    }
    return stages;
}

Json routingStepJson(const RoutingFacts::Step& step)
{
    return {{"tokens", step.tokens},
            {"hottest_rank_pairs", numberJson(step.load.pairs)},
            {"hottest_rank_rows", numberJson(step.load.computed)},
            {"experts_touched", numberJson(step.load.touched)},
            {"dropped_fraction", numberJson(step.load.dropped)}};
}

Json routingJson(const Scenario& scenario)
{
    Json list = Json::array();
    for (const RoutingFacts& facts : routingFacts(scenario))
        list.push_back({{"layer_kind", facts.kind},
                        {"layers", facts.layers},
                        {"experts", facts.experts},
                        {"experts_per_token", facts.topK},
                        {"slots", facts.slots},
                        {"hottest_rank", facts.hottestRank},
                        {"imbalance", numberJson(facts.imbalance)},
                        {"ranks_per_token", numberJson(facts.ranksPerToken)},
                        {"prefill", routingStepJson(facts.prefill)},
                        {"decode", routingStepJson(facts.decode)}});
    return list;
}

Json deviceMemoryJson(const DeviceMemory& memory)
{
    Json json;
    json["device"] = memory.firstDevice;
    json["stage"] = memory.stage;
    json["count"] = memory.count;
    json["weights_bytes"] = memory.weights();
    json["kv_bytes"] = memory.kv;
    json["activation_bytes"] = memory.activations;
    json["buffer_bytes"] = memory.buffers;
    json["reserve_bytes"] = memory.reserve;
    json["total_bytes"] = memory.total();
    json["kv_replica_bytes"] = memory.kvReplicas;
    json["kv_state_bytes"] = memory.kvStates;
    json["kv_index_bytes"] = memory.kvIndex;
    json["kv_rounding_bytes"] = memory.kvRounding;
    json["weight_replica_bytes"] = memory.weightReplicas.sum();
    json["kv_weight_replica_bytes"] = memory.weightReplicas.keyValue;
    json["redundant_expert_bytes"] = memory.redundantExperts;
    json["expert_slots"] = memory.expertSlots;
    json["weights_by_class_bytes"] = {
        {"attention", memory.attentionWeights},  {"mlp", memory.mlpWeights},   {"experts", memory.expertWeights},
        {"embedding", memory.embeddingWeights},  {"head", memory.headWeights}, {"norms", memory.normWeights},
        {"prediction", memory.predictionWeights}};
    return json;
}

Json changesJson(const Scenario& scenario, const MemoryReport& memory)
{
    Json list = Json::array();
    for (const MemoryChange& change : memoryChanges(scenario, memory))
        list.push_back({{"message", change.sentence()}, {"freed_bytes", change.freed}, {"fits", change.fits}});
    return list;
}

Json memoryJson(const Scenario& scenario, const MemoryReport& memory)
{
    Json devices = Json::array();
    for (const DeviceMemory& stage : memory.stages)
        devices.push_back(deviceMemoryJson(stage));
    Json json;
    json["fits"] = memory.fits;
    json["capacity_bytes"] = memory.capacity;
    json["free_bytes"] = memory.free();
    json["fullest_stage"] = memory.fullest;
    json["devices"] = std::move(devices);
    json["kv_bytes_per_token_per_device"] = memory.kvPerTokenPerDevice;
    json["kv_replication"] = numberJson(memory.kvReplication);
    json["max_tokens_per_replica"] = memory.maxTokensPerReplica;
    json["max_batch_per_replica"] = memory.maxBatchPerReplica;
    json["max_concurrency"] = memory.maxConcurrency;
    json["max_context"] = memory.maxContext;
    json["model_context"] = memory.modelContext > 0 ? Json(memory.modelContext) : Json(nullptr);
    json["limiting_device"] = memory.limiting().firstDevice;
    json["limiting_class"] = kMemoryClassKeys[static_cast<std::size_t>(memory.limitingClass)];
    json["cache_block_tokens"] = memory.cacheBlock;
    json["prediction_weights_bytes"] = memory.predictionWeights;
    Json groups = Json::array();
    for (const DeviceMemory& group : memory.groups)
        groups.push_back(deviceMemoryJson(group));
    json["groups"] = std::move(groups);
    json["changes"] = changesJson(scenario, memory);
    return json;
}

Json breakdownJson(const Breakdown& breakdown)
{
    Json json;
    for (std::size_t i = 0; i < kCauseCount; ++i)
        json[std::string(kCauseKeys[i])] = numberJson(breakdown.seconds[i]);
    return json;
}

Json shapeJson(const OperatorShape& shape)
{
    return {{"m", shape.m}, {"k", shape.k}, {"n", shape.n}, {"repeat", shape.repeat}};
}

/// Every algorithm for the operator's collective, cheapest first: the first is the one that was taken.
Json choicesJson(const StepModel& step, bool decode, const OperatorCost& op)
{
    Json list = Json::array();
    for (const CollectiveCost& choice : collectiveChoices(step, decode, op))
        list.push_back({{"algorithm", nameOf(op.collective, choice)},
                        {"time_s", numberJson(choice.time)},
                        {"latency_s", numberJson(choice.latencyTime)},
                        {"sent_bytes", numberJson(choice.sentBytes)}});
    return list;
}

Json operatorJson(const OperatorCost& op, const StepModel& step, bool decode)
{
    const Plan& plan = step.plan();
    Json json;
    json["name"] = nameOf(op.op);
    json["layer_kind"] = op.kind >= 0 ? Json(op.kind) : Json(nullptr);
    json["stage"] = op.stage;
    json["stage_layers"] = op.stageLayers;
    json["shape"] = {{"global", shapeJson(op.global)}, {"local", shapeJson(op.local)}};
    json["sharding"] = keyOfEnum(kShardingKeys, op.sharding);
    json["notation"] = notation(op, plan);
    json["flop"] = numberJson(op.flop);
    json["weight_bytes"] = numberJson(op.weightBytes);
    json["activation_bytes"] = numberJson(op.activationBytes);
    json["kv_bytes"] = numberJson(op.kvBytes);
    const bool communicates = op.collective != Collective::None;
    json["collective"] = communicates ? Json(nameOf(op.collective)) : Json(nullptr);
    json["algorithm"] = communicates ? Json(nameOf(op.collective, op.algorithm, op.levelAlgorithms)) : Json(nullptr);
    json["collective_alternatives"] = choicesJson(step, decode, op);
    json["network_level"] =
        communicates && op.networkLevel >= 0 ? Json(step.cluster().levels[static_cast<std::size_t>(op.networkLevel)].name) : Json(nullptr);
    json["payload_bytes"] = numberJson(op.payloadBytes);
    json["communication_bytes"] = numberJson(op.communicationBytes);
    json["compute_time_s"] = numberJson(op.computeTime);
    json["memory_time_s"] = numberJson(op.memoryTime);
    json["communication_time_s"] = numberJson(op.communicationTime);
    json["time_s"] = numberJson(op.time);
    json["bound"] = keyOfEnum(kBoundKeys, op.bound);
    return json;
}

Json phaseJson(const PhaseReport& phase, const StepModel& step, bool decode)
{
    Json operators = Json::array();
    for (const OperatorCost& op : phase.operators)
        operators.push_back(operatorJson(op, step, decode));
    Json json;
    json["time_s"] = numberJson(phase.time);
    json["breakdown_s"] = breakdownJson(phase.breakdown);
    json["busiest_stage"] = phase.busiestStage;
    json["flop"] = numberJson(phase.flop);
    json["dropped_pairs_fraction"] = numberJson(phase.droppedPairs);
    json["mfu"] = numberJson(phase.mfu);
    json["operators"] = std::move(operators);
    if (!phase.predictionOperators.empty()) {
        Json rows = Json::array();
        for (const OperatorCost& op : phase.predictionOperators)
            rows.push_back(operatorJson(op, step, decode));
        json["prediction_step"] = {{"time_s", numberJson(phase.predictionTime)}, {"operators", std::move(rows)}};
    }
    return json;
}

Json cellsJson(const Timeline& timeline, std::string_view stepKey)
{
    if (timeline.cells.size() > kMostCells || !timeline.complete)
        return nullptr;
    Json cells = Json::array();
    for (const TimelineCell& cell : timeline.cells) {
        Json json;
        json["stage"] = cell.stage;
        json["microbatch"] = cell.microbatch;
        json[std::string(stepKey)] = cell.step;
        json["visit"] = cell.visit;
        json["start_s"] = numberJson(cell.start);
        json["end_s"] = numberJson(cell.end);
        json["critical"] = cell.critical;
        cells.push_back(std::move(json));
    }
    return cells;
}

Json criticalPathJson(const CriticalPath& path)
{
    Json stages = Json::array();
    for (const double seconds : path.busy)
        stages.push_back(numberJson(seconds));
    return {{"work_s", numberJson(path.work())}, {"send_s", numberJson(path.send)}, {"work_by_stage_s", std::move(stages)}};
}

Json timelineJson(const Report& report)
{
    const Timeline& prefill = report.prefill.timeline;
    const Timeline& decode = report.decode.timeline;
    Json json;
    json["bubble_fraction"] = numberJson(prefill.idleFraction);
    json["decode_idle_fraction"] = numberJson(decode.idleFraction);
    json["stages"] = prefill.stages;
    json["visits"] = prefill.visits;
    json["prefill_microbatches"] = prefill.microbatches;
    json["prefill_chunks"] = prefill.steps;
    json["prefill_makespan_s"] = numberJson(prefill.duration);
    json["prefill_critical_path"] = criticalPathJson(prefill.critical);
    json["decode_microbatches"] = decode.microbatches;
    json["decode_period_s"] = numberJson(decode.period);
    json["decode_critical_path"] = criticalPathJson(decode.critical);
    json["prefill_cell_count"] = prefill.cells.size();
    json["prefill_cells"] = cellsJson(prefill, "chunk");
    json["decode_cell_count"] = decode.cells.size();
    json["decode_cells"] = cellsJson(decode, "round");
    return json;
}

} // namespace

std::string printReportJson(const Scenario& scenario, const Report& report)
{
    Json json;
    json["schema"] = kReportSchema;
    json["mode"] = scenario.mode == Mode::Calibrated ? "calibrated" : "roofline";
    json["model"] = scenario.model->id;
    json["cluster"] = scenario.cluster->id;
    json["accelerator"] = scenario.cluster->accelerator.id;
    json["devices"] = scenario.cluster->devices();
    json["formats"] = formatsJson(scenario.formats);
    json["workload"] = workloadJson(scenario.workload);
    json["plan"] = reportedPlan(scenario.plan);
    json["legal"] = report.legal;
    json["violations"] = findingsJson(report.violations, scenario, true);
    json["warnings"] = findingsJson(report.warnings, scenario, false);
    // An illegal plan has no numbers; null says so where a zero would look like an answer.
    json["memory"] = report.legal ? memoryJson(scenario, report.memory) : Json(nullptr);
    json["prefill"] = nullptr;
    json["decode"] = nullptr;
    if (report.legal) {
        const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing,
                             StepDetail::Rows, scenario.constants());
        json["prefill"] = phaseJson(report.prefill, step, false);
        json["decode"] = phaseJson(report.decode, step, true);
    }
    json["timeline"] = report.legal ? timelineJson(report) : Json(nullptr);
    json["serving"] = report.legal ? servingReportJson(scenario, report.serving) : Json(nullptr);
    json["targets"] = Json::object();
    for (const TargetCheck& check : checkTargets(scenario, report)) {
        Json& target = json["targets"][std::string(check.key)];
        target["target"] = check.target;
        target["value"] = std::isfinite(check.value) ? Json(check.value) : Json(nullptr);
        target["meets"] = report.legal ? Json(check.meets) : Json(nullptr);
    }
    json["axes"] = report.legal ? axesJson(scenario) : Json(nullptr);
    json["stages"] = report.legal ? stagesJson(scenario) : Json(nullptr);
    json["routing"] = report.legal && scenario.model->hasExperts() ? routingJson(scenario) : Json(nullptr);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

} // namespace shardlens
