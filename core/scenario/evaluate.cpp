// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/evaluate.h"

#include "core/model/parameters.h"

#include <algorithm>
#include <array>

namespace shardlens {

namespace {

/// One class of pieces: microbatches of one size, at one chunk.
struct PieceClass {
    StepTokens tokens;
    std::int64_t count = 0; // pieces of this class in the phase
};

/// Cost of one piece on every stage, out of per-layer costs.
struct PieceCost {
    std::vector<Breakdown> layer; // by kind
    Breakdown embedding;
    Breakdown head;
};

/// Buffers that a phase needs; kept between evaluations by the caller's thread.
struct Scratch {
    std::vector<OperatorCost> operators;
    std::vector<PieceClass> classes;
    PieceCost cost;
    PipelineInput pipeline;
    std::vector<int> layersOf; // stages x kinds
};

Scratch& scratch()
{
    static thread_local Scratch buffers;
    return buffers;
}

Breakdown sumOf(const std::vector<OperatorCost>& operators, std::size_t from)
{
    Breakdown sum;
    for (std::size_t i = from; i < operators.size(); ++i)
        sum += operators[i].breakdown;
    return sum;
}

/// Counts layers of each kind on each stage.
void countLayers(const Model& model, int stages, std::vector<int>& layersOf)
{
    const std::size_t kinds = model.kinds.size();
    layersOf.assign(static_cast<std::size_t>(stages) * kinds, 0);
    for (int stage = 0; stage < stages; ++stage) {
        const IndexRange range = layersOfStage(model.layerCount(), stages, stage);
        for (int layer = range.begin; layer < range.end; ++layer)
            ++layersOf[static_cast<std::size_t>(stage) * kinds + model.layers[static_cast<std::size_t>(layer)]];
    }
}

/// Costs one class of pieces; appends its operators to `operators` and leaves its per-layer sums in `cost`.
void costPiece(const StepModel& step, const StepTokens& tokens, std::vector<OperatorCost>& operators, PieceCost& cost)
{
    operators.clear();
    cost.layer.assign(step.model().kinds.size(), {});
    std::size_t from = operators.size();
    step.embeddingOperators(tokens, operators);
    cost.embedding = sumOf(operators, from);
    for (std::size_t kind = 0; kind < cost.layer.size(); ++kind) {
        from = operators.size();
        step.layerOperators(static_cast<int>(kind), tokens, operators);
        cost.layer[kind] = sumOf(operators, from);
    }
    from = operators.size();
    step.headOperators(tokens, operators);
    cost.head = sumOf(operators, from);
}

/// Splits `total` into `parts` that differ by at most one, the larger first: size of part `index`.
std::int64_t partOf(std::int64_t total, std::int64_t parts, std::int64_t index)
{
    return total / parts + (index < total % parts ? 1 : 0);
}

/// Classes of pieces, and the class of each (microbatch, chunk). Microbatches come in at most two sizes, the larger ones first.
void classify(const Scenario& scenario, bool decode, Scratch& s)
{
    const Plan& plan = scenario.plan;
    const Workload& work = scenario.workload;
    const int microbatches = std::min(decode ? plan.decodeMicrobatches() : plan.prefillMicrobatches(), work.batch);
    const int chunks = decode ? 1 : plan.chunks();
    const int sizes = work.batch % microbatches == 0 ? 1 : 2;
    s.classes.clear();
    for (int size = 0; size < sizes; ++size) {
        const std::int64_t sequences = partOf(work.batch, microbatches, size == 0 ? 0 : microbatches - 1);
        const std::int64_t many = sizes == 1  ? microbatches
                                  : size == 0 ? work.batch % microbatches
                                              : microbatches - work.batch % microbatches;
        std::int64_t past = 0;
        for (int chunk = 0; chunk < chunks; ++chunk) {
            const std::int64_t tokens = decode ? 1 : partOf(work.input, chunks, chunk);
            s.classes.push_back({{sequences, tokens, decode ? work.meanContext() : past, decode, chunk + 1 == chunks}, many});
            past += tokens;
        }
    }
    PipelineInput& pipeline = s.pipeline;
    pipeline.stages = plan.pipeline();
    pipeline.microbatches = microbatches;
    pipeline.chunks = chunks;
    pipeline.classes = static_cast<int>(s.classes.size());
    pipeline.classOf.resize(static_cast<std::size_t>(microbatches) * static_cast<std::size_t>(chunks));
    for (int j = 0; j < microbatches; ++j)
        for (int c = 0; c < chunks; ++c) {
            const int size = sizes == 2 && j >= work.batch % microbatches ? 1 : 0;
            pipeline.classOf[static_cast<std::size_t>(j) * static_cast<std::size_t>(chunks) + static_cast<std::size_t>(c)] =
                size * chunks + c;
        }
}

/// How often an operator runs on `stage` for one piece.
std::int16_t timesOn(const OperatorCost& op, const Scratch& s, std::size_t kinds, int stage)
{
    if (op.kind < 0)
        return 1;
    return static_cast<std::int16_t>(s.layersOf[static_cast<std::size_t>(stage) * kinds + static_cast<std::size_t>(op.kind)]);
}

/// The hand-over to the next stage as a row of its own. It runs beside the stage's next piece: its time is in no piece's busy time.
OperatorCost sendOperator(const StepModel& step, const StepTokens& tokens)
{
    CollectiveCost slowest;
    for (int stage = 0; stage + 1 < step.plan().pipeline(); ++stage) {
        const CollectiveCost cost = step.sendCost(tokens, stage, stage + 1);
        if (cost.time > slowest.time)
            slowest = cost;
    }
    OperatorCost op;
    op.op = Op::SendActivations;
    op.collective = Collective::Send;
    op.algorithm = slowest.algorithm;
    op.bound = Bound::Network;
    op.networkLevel = static_cast<std::int16_t>(slowest.outerLevel);
    op.global = {tokens.sequences * tokens.newTokens, 0, step.model().hidden, 1};
    op.local = {static_cast<std::int64_t>(slowest.sentBytes / 2 / step.model().hidden), 0, step.model().hidden, 1};
    op.payloadBytes = slowest.sentBytes;
    op.communicationBytes = slowest.sentBytes;
    op.communicationTime = slowest.time;
    op.time = slowest.time;
    op.breakdown[Cause::Communication] = slowest.time;
    return op;
}

void evaluatePhase(const Scenario& scenario, const StepModel& step, bool decode, Scratch& s, PhaseReport& phase)
{
    classify(scenario, decode, s);
    PipelineInput& pipeline = s.pipeline;
    const int stages = pipeline.stages;
    const int classes = pipeline.classes;
    const std::size_t kinds = step.model().kinds.size();
    const std::size_t cells = static_cast<std::size_t>(stages) * static_cast<std::size_t>(classes);
    pipeline.busy.assign(cells, 0);
    pipeline.send.assign(cells, 0);
    phase.stageCosts.assign(cells, {});
    phase.costClasses = classes;
    phase.flop = 0;

    // The piece shown operator by operator: the larger microbatch, its last chunk (which sees the longest context and runs the head).
    const int shown = pipeline.chunks - 1;
    for (int c = 0; c < classes; ++c) {
        const PieceClass& piece = s.classes[static_cast<std::size_t>(c)];
        costPiece(step, piece.tokens, s.operators, s.cost);
        if (c == shown) {
            phase.operators.assign(s.operators.begin(), s.operators.end());
            if (stages > 1)
                phase.operators.push_back(sendOperator(step, piece.tokens));
        }
        phase.flop += static_cast<double>(piece.count) * usefulFlop(step.model(), piece.tokens);
        for (int stage = 0; stage < stages; ++stage) {
            const std::size_t index = static_cast<std::size_t>(stage) * static_cast<std::size_t>(classes) + static_cast<std::size_t>(c);
            StageCost& cost = phase.stageCosts[index];
            for (std::size_t kind = 0; kind < kinds; ++kind)
                cost.breakdown += s.cost.layer[kind].scaled(s.layersOf[static_cast<std::size_t>(stage) * kinds + kind]);
            if (stage == 0)
                cost.breakdown += s.cost.embedding;
            if (stage + 1 == stages)
                cost.breakdown += s.cost.head;
            if (stages > 1) {
                // After the last stage only the sampled tokens go back (decode): a few bytes, all of it latency.
                StepTokens sent = piece.tokens;
                cost.send = stage + 1 < stages ? step.sendCost(sent, stage, stage + 1).time
                            : decode           ? sendCost(*scenario.cluster, step.placement().firstDevice(stage, 0), 0,
                                                          4.0 * static_cast<double>(sent.sequences))
                                           .time
                                     : 0;
            }
            pipeline.busy[index] = cost.busy();
            pipeline.send[index] = cost.send;
        }
    }
    phase.timeline = decode ? decodeTimeline(pipeline) : prefillTimeline(pipeline);
    phase.time = phase.timeline.period;

    // Explain the time by the busiest stage: all its pieces, and the bubble in which it waits.
    Breakdown busiest;
    phase.busiestStage = 0;
    for (int stage = 0; stage < stages; ++stage) {
        Breakdown sum;
        for (int c = 0; c < classes; ++c)
            sum += phase.costOf(stage, c).breakdown.scaled(static_cast<double>(s.classes[static_cast<std::size_t>(c)].count));
        if (stage == 0 || sum.total() > busiest.total()) {
            busiest = sum;
            phase.busiestStage = stage;
        }
    }
    // Waiting for sends is communication; what would remain with free sends is the bubble.
    double freeSends = phase.time;
    if (stages > 1) {
        std::fill(pipeline.send.begin(), pipeline.send.end(), 0.0);
        freeSends = std::clamp((decode ? decodeTimeline(pipeline, 1) : prefillTimeline(pipeline)).period, busiest.total(), phase.time);
    }
    busiest[Cause::Communication] += phase.time - freeSends;
    busiest[Cause::Bubble] = std::max(0.0, phase.time - busiest.total());
    phase.breakdown = busiest;
    for (OperatorCost& op : phase.operators) {
        op.stage = static_cast<std::int16_t>(op.op == Op::Embedding                                                   ? 0
                                             : op.op == Op::FinalNorm || op.op == Op::LmHead || op.op == Op::Sampling ? stages - 1
                                                                                                                      : phase.busiestStage);
        op.stageLayers = timesOn(op, s, kinds, op.stage);
    }
    const double peak = scenario.cluster->accelerator.peakOf(scenario.formats.compute);
    const double devices = static_cast<double>(scenario.plan.stageDevices()) * stages;
    phase.mfu = phase.time > 0 ? phase.flop / (phase.time * peak * devices) : 0;
}

void serve(const Scenario& scenario, Report& report)
{
    const Workload& work = scenario.workload;
    ServingReport& serving = report.serving;
    serving = {};
    const double replicas = scenario.plan.data();
    const double devices = static_cast<double>(scenario.plan.devices());
    serving.ttft = report.prefill.time;
    serving.tpot = report.decode.time;
    serving.endToEnd = serving.ttft + (work.output - 1) * serving.tpot;
    serving.outputTokensPerSecond = replicas * work.batch * work.output / serving.endToEnd;
    serving.outputTokensPerSecondPerDevice = serving.outputTokensPerSecond / devices;
    serving.decodeTokensPerSecond = replicas * work.batch / serving.tpot;
    serving.tokensPerSecondPerUser = 1 / serving.tpot;
    const double perHour = scenario.cluster->pricePerDeviceHour * devices;
    serving.costPerMillionTokens = perHour / 3600 / serving.outputTokensPerSecond * 1e6;
}

} // namespace

Report evaluate(const Scenario& scenario)
{
    Report report;
    evaluate(scenario, report);
    return report;
}

void evaluate(const Scenario& scenario, Report& report)
{
    report.violations.clear();
    report.warnings.clear();
    const PlanContext context = scenario.context();
    checkPlan(context, scenario.plan, report.violations, report.warnings);
    report.legal = report.violations.empty();
    if (!report.legal) {
        report.memory = {};
        report.prefill = {};
        report.decode = {};
        report.serving = {};
        return;
    }
    report.memory = memoryOf(context, scenario.plan, scenario.reserve);
    if (scenario.reserve && *scenario.reserve == 0)
        report.warnings.push_back({Rule::ReserveTooSmall, PlanAxis::Tensor, reserveNeeded(context, scenario.plan), 0, 0});
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan);
    Scratch& s = scratch();
    countLayers(*scenario.model, scenario.plan.pipeline(), s.layersOf);
    evaluatePhase(scenario, step, false, s, report.prefill);
    evaluatePhase(scenario, step, true, s, report.decode);
    serve(scenario, report);
}

void batchCurve(const Scenario& scenario, int most, std::vector<BatchPoint>& out)
{
    out.clear();
    static thread_local PhaseReport phase;
    Scratch& s = scratch();
    Scenario trial = scenario;
    for (int step = 0, last = 0;; ++step) {
        // Four steps per doubling: 1 2 3 4 5 6 7 8 10 12 14 16 ...
        const int octave = step / 4;
        const std::int64_t batch = (std::int64_t{1} << octave) + (std::int64_t{step % 4} << octave) / 4;
        if (batch > most)
            break;
        if (batch == last)
            continue;
        last = static_cast<int>(batch);
        BatchPoint point;
        point.batch = last;
        trial.workload.batch = last;
        for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches})
            trial.plan[axis] = std::min(scenario.plan[axis], last);
        const PlanContext context = trial.context();
        point.legal = isLegal(context, trial.plan);
        if (point.legal) {
            const StepModel model(*trial.model, *trial.cluster, trial.formats, trial.plan);
            countLayers(*trial.model, trial.plan.pipeline(), s.layersOf);
            evaluatePhase(trial, model, true, s, phase);
            point.tpot = phase.time;
            point.fits = fitsMemory(context, trial.plan, trial.reserve);
        }
        out.push_back(point);
    }
}

} // namespace shardlens
