// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/evaluate.h"

#include "core/plan/stages.h"
#include "core/scenario/serve.h"
#include "core/schedule/pieces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

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

/// Exposed communication of an operator in one piece of a class: once for each layer of its kind, or (-1) once.
struct PieceCommunication {
    int pieceClass = 0;
    int kind = -1;
    CollectiveShare share;
};

/// Buffers that a phase needs; kept between evaluations by the caller's thread.
struct Scratch {
    std::vector<OperatorCost> operators;
    std::vector<PieceClass> classes;
    std::vector<PieceCommunication> communication; // of the phase at hand
    PieceCost cost;
    PieceTimes times;
    PipelineInput pipeline;
    StageLayout layout;
    std::vector<double> schedule; // room for the recurrences of makespan.h
    std::vector<double> freeSends;
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

/// How the phase cuts its batch, and its classes of pieces.
void classify(const Scenario& scenario, bool decode, Scratch& s)
{
    const Plan& plan = scenario.plan;
    const Workload& work = scenario.workload;
    const BatchCut cut = cutOf(work.batch, decode ? plan.decodeMicrobatches() : plan.prefillMicrobatches(), decode ? 1 : plan.chunks());
    s.classes.clear();
    for (int c = 0; c < cut.classes(); ++c) {
        const std::int64_t sequences = sequencesOf(work.batch, cut, c >= cut.chunks);
        s.classes.push_back(
            {decode ? decodePiece(work, sequences) : prefillPiece(work, sequences, cut.chunks, c % cut.chunks), cut.count(c)});
    }
    s.pipeline.stages = plan.pipeline();
    s.pipeline.visits = s.layout.visits();
    s.pipeline.sends = plan.options.sends;
    s.pipeline.cut = cut;
}

/// How often an operator runs on `stage` for one piece, all visits together.
std::int16_t timesOn(const OperatorCost& op, const StageLayout& layout, int stage)
{
    return static_cast<std::int16_t>(op.kind < 0 ? 1 : layout.kindCount(stage, static_cast<std::size_t>(op.kind)));
}

/// Seconds from a stage's visit to what follows it.
double sendTime(const StepModel& step, const StepTokens& tokens, int stage, bool lastVisit)
{
    const HandOver next = handOverOf(stage, step.plan().pipeline(), lastVisit, tokens.decode);
    const Placement& place = step.placement();
    return sendCost(step.cluster(), place.firstDevice(stage, 0), place.firstDevice(next.stage, 0),
                    handOverBytes(next.payload, step, tokens))
        .time;
}

/// The hand-over to the next stage as a row of its own. It runs beside the stage's next piece: its time is in no piece's busy time.
OperatorCost sendOperator(const StepModel& step, const StepTokens& tokens)
{
    CollectiveCost slowest;
    const int stages = step.plan().pipeline();
    const bool around = step.plan().virtualStages() > 1;
    for (int stage = 0; stage + (around ? 0 : 1) < stages; ++stage) {
        const CollectiveCost cost = step.sendCost(tokens, stage, (stage + 1) % stages);
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

/// Costs every class of pieces on every visit to every stage: fills the report's stage costs and operators, and the pipeline's times.
void costStages(const StepModel& step, Scratch& s, PhaseReport& phase)
{
    PipelineInput& pipeline = s.pipeline;
    const int stages = pipeline.stages;
    const int classes = pipeline.cut.classes();
    const std::size_t kinds = step.model().kinds.size();
    const std::size_t count = static_cast<std::size_t>(stages) * static_cast<std::size_t>(pipeline.visits * classes);
    pipeline.busy.assign(count, 0);
    pipeline.send.assign(count, 0);
    phase.stageCosts.assign(count, {});
    phase.costClasses = pipeline.visits * classes;
    phase.pieces.clear();
    s.communication.clear();
    phase.flop = 0;
    // The piece shown operator by operator: the larger microbatch, its last chunk (which sees the longest context and runs the head).
    const int shown = pipeline.cut.chunks - 1;
    for (int c = 0; c < classes; ++c) {
        const PieceClass& piece = s.classes[static_cast<std::size_t>(c)];
        phase.pieces.push_back(piece.count);
        costPiece(step, piece.tokens, s.operators, s.cost);
        step.pieceTimes(piece.tokens, s.times);
        for (const OperatorCost& op : s.operators)
            if (op.exposedTime() > 0)
                s.communication.push_back({c, op.kind, {op.op, op.collective, op.exposedTime()}});
        if (c == shown) {
            phase.operators.assign(s.operators.begin(), s.operators.end());
            if (stages > 1)
                phase.operators.push_back(sendOperator(step, piece.tokens));
            phase.predictionOperators.clear();
            step.predictionOperators(piece.tokens, phase.predictionOperators);
            phase.predictionTime = step.predictionTime(piece.tokens);
            for (OperatorCost& op : phase.predictionOperators) {
                op.stage = static_cast<std::int16_t>(stages - 1);
                op.stageLayers = 1;
            }
        }
        phase.flop += static_cast<double>(piece.count) * step.usefulFlop(piece.tokens);
        for (int stage = 0; stage < stages; ++stage)
            for (int visit = 0; visit < pipeline.visits; ++visit) {
                const std::size_t index = pipeline.times().index(stage, visit, c);
                StageCost& cost = phase.stageCosts[index];
                const std::span<const int> layers = s.layout.kindCounts(stage, visit);
                const bool embeds = s.layout.holdsEmbedding(stage, visit);
                const bool heads = s.layout.holdsHead(stage, visit);
                pipeline.busy[index] = pieceTime(s.times, layers.data(), embeds, heads);
                for (std::size_t kind = 0; kind < kinds; ++kind)
                    cost.breakdown += s.cost.layer[kind].scaled(layers[kind]);
                if (embeds)
                    cost.breakdown += s.cost.embedding;
                if (heads)
                    cost.breakdown += s.cost.head;
                cost.send = sendTime(step, piece.tokens, stage, visit + 1 == pipeline.visits);
                pipeline.send[index] = cost.send;
                cost.sendBlocks = pipeline.sends == SendMode::Synchronous && cost.send > 0;
                if (cost.sendBlocks)
                    cost.breakdown[Cause::Communication] += cost.send;
            }
    }
}

/// Share of all token-expert pairs of the phase that a capacity factor drops.
double droppedPairs(const StepModel& step, const Scratch& s, bool decode)
{
    double dropped = 0;
    double all = 0;
    for (std::size_t kind = 0; kind < step.model().kinds.size(); ++kind) {
        const ExpertRouting* const routing = step.routingOf(kind);
        if (!routing || !routing->isLimited())
            continue;
        const int topK = step.model().kinds[kind].feedForward.topK;
        const auto layers = std::count(step.model().layers.begin(), step.model().layers.end(), static_cast<std::uint8_t>(kind));
        for (const PieceClass& piece : s.classes) {
            const auto tokens = static_cast<double>(piece.tokens.sequences * (decode ? 1 : piece.tokens.newTokens));
            const double pairs = static_cast<double>(layers * piece.count) * tokens * topK;
            dropped += pairs * routing->at(tokens).dropped;
            all += pairs;
        }
    }
    return all > 0 ? dropped / all : 0;
}

/// Time of the phase by the functions that search uses too.
double phaseTime(const PipelineTimes<double>& times, const BatchCut& cut, bool decode, std::vector<double>& room)
{
    room.resize(std::max(3 * static_cast<std::size_t>(times.stages), 2 * decodeStateSize(times.stages, cut.microbatches)));
    return decode ? decodePeriod(times, cut, room.data()) : prefillMakespan(times, cut, room.data());
}

/// How often an operator of a kind runs on a stage for one piece: all visits together.
int timesFor(const PieceCommunication& each, const StageLayout& layout, int stage)
{
    if (each.kind >= 0)
        return layout.kindCount(stage, static_cast<std::size_t>(each.kind));
    return each.share.op == Op::Embedding ? layout.holdsEmbedding(stage) : layout.holdsHead(stage);
}

/// Which collectives the communication of the busiest stage is.
void nameCollectives(const Scratch& s, PhaseReport& phase)
{
    phase.collectives.clear();
    double sum = 0;
    for (const PieceCommunication& each : s.communication) {
        const double seconds =
            each.share.seconds * static_cast<double>(phase.piecesOf(each.pieceClass)) * timesFor(each, s.layout, phase.busiestStage);
        if (!(seconds > 0))
            continue;
        sum += seconds;
        const auto known = std::find_if(phase.collectives.begin(), phase.collectives.end(), [&each](const CollectiveShare& share) {
            return share.op == each.share.op && share.collective == each.share.collective;
        });
        if (known != phase.collectives.end())
            known->seconds += seconds;
        else
            phase.collectives.push_back({each.share.op, each.share.collective, seconds});
    }
    const double sends = phase.breakdown[Cause::Communication] - sum;
    if (sends > 1e-9 * phase.time)
        phase.collectives.push_back({Op::SendActivations, Collective::Send, sends});
    std::stable_sort(phase.collectives.begin(), phase.collectives.end(),
                     [](const CollectiveShare& a, const CollectiveShare& b) { return a.seconds > b.seconds; });
}

/// Explains the time by the stage with the most work: all its pieces, and the bubble in which it waits.
void explainTime(Scratch& s, bool decode, PhaseReport& phase)
{
    const PipelineInput& pipeline = s.pipeline;
    phase.busiestStage = 0;
    Breakdown busiest;
    for (int stage = 0; stage < pipeline.stages; ++stage) {
        Breakdown sum;
        for (int c = 0; c < phase.costClasses; ++c) {
            const StageCost& cost = phase.costOf(stage, c);
            Breakdown work = cost.breakdown;
            if (cost.sendBlocks)
                work[Cause::Communication] -= cost.send;
            sum += work.scaled(static_cast<double>(phase.piecesOf(c)));
        }
        if (stage == 0 || sum.total() > busiest.total()) {
            busiest = sum;
            phase.busiestStage = stage;
        }
    }
    // Waiting for sends is communication; what would remain with free sends is the bubble.
    double freeSends = phase.time;
    if (pipeline.stages > 1) {
        s.freeSends.assign(pipeline.send.size(), 0.0);
        PipelineTimes<double> times = pipeline.times();
        times.send = s.freeSends.data();
        freeSends = std::clamp(phaseTime(times, pipeline.cut, decode, s.schedule), std::min(busiest.total(), phase.time), phase.time);
    }
    busiest[Cause::Communication] += phase.time - freeSends;
    // Below the rounding of the sums there is no bubble.
    const double rest = phase.time - busiest.total();
    busiest[Cause::Bubble] = rest > 1e-12 * phase.time ? rest : 0;
    phase.breakdown = busiest;
}

/// Seconds less than on the hottest rank that a matrix of experts takes on a rank with `own` load. Launches are the same on both.
double lessThanHottest(const OperatorCost& op, const ExpertLoad& hottest, const ExpertLoad& own)
{
    const double rows = hottest.computed > 0 ? own.computed / hottest.computed : 1;
    const double read = hottest.touched > 0 ? own.touched / hottest.touched : 1;
    const double bytes = op.weightBytes + op.activationBytes;
    const double compute = op.computeTime * rows;
    const double memory = bytes > 0 ? op.memoryTime * (op.weightBytes * read + op.activationBytes * rows) / bytes : 0;
    const double longer = std::max(op.computeTime, op.memoryTime);
    const double shorter = std::min(op.computeTime, op.memoryTime);
    const double spill = shorter > 0 ? (op.time - op.exposedTime() - op.overheadTime - longer) / shorter : 0;
    return longer - std::max(compute, memory) + spill * (shorter - std::min(compute, memory));
}

/// What the ranks wait for the experts of the hottest one, on each stage.
void waitForExperts(const StepModel& step, Scratch& s, PhaseReport& phase)
{
    const auto ranks = static_cast<std::size_t>(step.plan().expert());
    const int stages = s.pipeline.stages;
    phase.expertWaits.assign(static_cast<std::size_t>(stages) * ranks, 0);
    phase.expertRanks = static_cast<int>(ranks);
    phase.isMeanOfOrders = false;
    for (const PieceClass& piece : s.classes)
        for (std::size_t kind = 0; kind < step.model().kinds.size(); ++kind) {
            const ExpertRouting* const routing = step.routingOf(kind);
            if (!routing || ranks < 2)
                continue;
            phase.isMeanOfOrders = routing->isMeanOfOrders();
            s.operators.clear();
            step.layerOperators(static_cast<int>(kind), piece.tokens, s.operators);
            const auto tokens = static_cast<double>(piece.tokens.sequences * piece.tokens.newTokens);
            const std::vector<ExpertLoad> loads = routing->ofRanks(tokens);
            const ExpertLoad& hottest = loads[static_cast<std::size_t>(routing->hottest().rank)];
            for (std::size_t rank = 0; rank < ranks; ++rank) {
                double less = 0;
                for (const OperatorCost& op : s.operators)
                    if (op.op == Op::ExpertUp || op.op == Op::ExpertDown)
                        less += lessThanHottest(op, hottest, loads[rank]);
                less = std::max(0.0, less) * static_cast<double>(piece.count);
                for (int stage = 0; stage < stages; ++stage)
                    phase.expertWaits[static_cast<std::size_t>(stage) * ranks + rank] += less * s.layout.kindCount(stage, kind);
            }
        }
    // Below the rounding of the sums all are alike.
    if (std::all_of(phase.expertWaits.begin(), phase.expertWaits.end(), [&phase](double wait) { return wait <= 1e-9 * phase.time; }))
        phase.expertWaits.clear();
}

/// `events`: with the timeline, and with the time explained.
void evaluatePhase(const Scenario& scenario, const StepModel& step, bool decode, bool events, Scratch& s, PhaseReport& phase)
{
    classify(scenario, decode, s);
    costStages(step, s, phase);
    const PipelineInput& pipeline = s.pipeline;
    phase.time = phaseTime(pipeline.times(), pipeline.cut, decode, s.schedule);
    if (!events)
        return;
    phase.timeline = decode ? decodeTimeline(pipeline) : prefillTimeline(pipeline);
    explainTime(s, decode, phase);
    nameCollectives(s, phase);
    phase.droppedPairs = droppedPairs(step, s, decode);
    if (decode)
        waitForExperts(step, s, phase);
    for (OperatorCost& op : phase.operators) {
        op.stage = static_cast<std::int16_t>(op.op == Op::Embedding                                                   ? 0
                                             : op.op == Op::FinalNorm || op.op == Op::LmHead || op.op == Op::Sampling ? pipeline.stages - 1
                                                                                                                      : phase.busiestStage);
        op.stageLayers = timesOn(op, s.layout, op.stage);
    }
    // Of the fastest arithmetic that the step uses: attention may run in a faster format than the matrices (int8 on Blackwell Ultra).
    double peak = scenario.cluster->accelerator.peakOf(scenario.formats.compute);
    for (const OperatorCost& op : phase.operators)
        if (op.flop > 0)
            peak = std::max(peak, scenario.cluster->accelerator.peakOf(op.arithmetic));
    const double devices = static_cast<double>(scenario.plan.stageDevices()) * pipeline.stages;
    phase.mfu = phase.time > 0 ? phase.flop / (phase.time * peak * devices) : 0;
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
    if (servedByPools(scenario)) // the plan is one worker's: the devices beside it are other workers'
        std::erase_if(report.warnings, [](const Finding& finding) { return finding.rule == Rule::IdleDevices; });
    report.legal = report.violations.empty();
    if (!report.legal) {
        report.layout = {};
        report.mesh = {};
        report.memory = {};
        report.prefill = {};
        report.decode = {};
        report.serving = {};
        return;
    }
    report.mesh = scenario.plan.meshSizes();
    report.memory = memoryOf(context, scenario.plan, scenario.reserve);
    if (scenario.reserve && *scenario.reserve == 0)
        report.warnings.push_back({Rule::ReserveTooSmall, PlanAxis::Tensor, reserveNeeded(context, scenario.plan), 0, 0});
    const StepModel step(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                         scenario.constants());
    Scratch& s = scratch();
    s.layout.assign(*scenario.model, scenario.plan);
    report.layout = s.layout;
    evaluatePhase(scenario, step, false, true, s, report.prefill);
    evaluatePhase(scenario, step, true, true, s, report.decode);
    for (const PhaseReport* phase : {&report.prefill, &report.decode})
        if (phase->droppedPairs > 0)
            report.warnings.push_back(
                {Rule::DroppedTokens, PlanAxis::Expert, std::llround(phase->droppedPairs * 1e6), 0, phase == &report.decode ? 1 : 0});
    serve(scenario, step, report);
}

Plan planAtBatch(const Plan& plan, int batch)
{
    Plan at = plan;
    for (const PlanAxis axis : {PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches})
        at[axis] = std::min(plan[axis], batch);
    if (at.virtualStages() > 1)
        while (at.prefillMicrobatches() > 1 && std::int64_t{at.prefillMicrobatches()} * at.chunks() % at.pipeline() != 0)
            --at[PlanAxis::PrefillMicrobatches];
    return at;
}

void batchCurve(const Scenario& scenario, int most, std::vector<BatchPoint>& out)
{
    out.clear();
    static thread_local PhaseReport phase;
    Scratch& s = scratch();
    Scenario trial = scenario;
    // What no batch changes is compiled once.
    std::optional<StepModel> model;
    if (isLegalMap(scenario.context(), scenario.plan)) {
        model.emplace(*scenario.model, *scenario.cluster, scenario.formats, scenario.plan, scenario.workload.routing, StepDetail::Rows,
                      scenario.constants());
        s.layout.assign(*scenario.model, scenario.plan);
    }
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
        trial.plan = planAtBatch(scenario.plan, last);
        const PlanContext context = trial.context();
        point.legal = model && isLegalCut(trial.workload, trial.plan);
        if (point.legal) {
            evaluatePhase(trial, *model, true, false, s, phase);
            point.tpot = phase.time;
            point.fits = fitsMemory(context, trial.plan, trial.reserve);
        }
        out.push_back(point);
    }
}

} // namespace shardlens
