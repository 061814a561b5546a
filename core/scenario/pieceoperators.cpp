// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/pieceoperators.h"

#include "core/schedule/pieces.h"

namespace shardlens {
namespace {

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

StepModel stepOf(const Scenario& scenario)
{
    return {*scenario.model,           *scenario.cluster, scenario.formats,    scenario.plan,
            scenario.workload.routing, StepDetail::Rows,  scenario.constants()};
}

BatchCut cutOfPhase(const Scenario& scenario, Phase phase)
{
    const Plan& plan = scenario.plan;
    const bool decode = phase == Phase::Decode;
    return cutOf(scenario.workload.batch, decode ? plan.decodeMicrobatches() : plan.prefillMicrobatches(), decode ? 1 : plan.chunks());
}

StepTokens tokensOf(const Scenario& scenario, const BatchCut& cut, Phase phase, int pieceClass)
{
    const std::int64_t sequences = sequencesOf(scenario.workload.batch, cut, pieceClass >= cut.chunks);
    return phase == Phase::Decode ? decodePiece(scenario.workload, sequences)
                                  : prefillPiece(scenario.workload, sequences, cut.chunks, pieceClass % cut.chunks);
}

} // namespace

std::vector<PieceFacts> pieceFacts(const Scenario& scenario, const Report& report, Phase phase)
{
    std::vector<PieceFacts> facts;
    if (!report.legal)
        return facts;
    const StepModel step = stepOf(scenario);
    const BatchCut cut = cutOfPhase(scenario, phase);
    for (int c = 0; c < cut.classes(); ++c) {
        PieceFacts& piece = facts.emplace_back();
        piece.tokens = tokensOf(scenario, cut, phase, c);
        piece.activationBytes = handOverBytes(HandOver::Payload::Activations, step, piece.tokens);
        piece.sampledTokenBytes = handOverBytes(HandOver::Payload::SampledTokens, step, piece.tokens);
    }
    return facts;
}

double handedBytes(const PhaseReport& report, Phase phase, const PieceFacts& facts, int stage, int visit)
{
    const Timeline& timeline = report.timeline;
    switch (handOverOf(stage, timeline.stages, visit + 1 == timeline.visits, phase == Phase::Decode).payload) {
    case HandOver::Payload::Nothing: return 0;
    case HandOver::Payload::Activations: return facts.activationBytes;
    case HandOver::Payload::SampledTokens: return facts.sampledTokenBytes;
    }
    return 0;
}

int shownPieceClass(const PhaseReport& report)
{
    // Classes: the chunks of the larger microbatches, then those of the smaller ones. Decode has one chunk in each round.
    const int classes = static_cast<int>(report.pieces.size());
    const int chunks = report.timeline.steps;
    return classes == chunks || classes == 2 * chunks ? chunks - 1 : 0;
}

std::vector<OperatorCost> pieceOperators(const Scenario& scenario, const Report& report, Phase phase, int pieceClass)
{
    const PhaseReport& of = phaseOf(report, phase);
    std::vector<OperatorCost> rows;
    const int shown = phase == Phase::Decode ? 0 : shownPieceClass(of);
    if (pieceClass == shown) {
        for (const OperatorCost& op : of.operators)
            if (op.op != Op::SendActivations)
                rows.push_back(op);
        return rows;
    }
    const StepModel step = stepOf(scenario);
    const StepTokens tokens = tokensOf(scenario, cutOfPhase(scenario, phase), phase, pieceClass);
    step.embeddingOperators(tokens, rows);
    for (std::size_t kind = 0; kind < scenario.model->kinds.size(); ++kind)
        step.layerOperators(static_cast<int>(kind), tokens, rows);
    step.headOperators(tokens, rows);
    return rows;
}

std::vector<PieceWork> workInside(const Scenario& scenario, const Report& report, const std::vector<OperatorCost>& operators, int stage,
                                  int visit)
{
    std::vector<PieceWork> work;
    const StageLayout& layout = report.layout;
    if (stage < 0 || visit < 0 || stage >= layout.stages() || visit >= layout.visits())
        return work;
    double at = 0;
    const auto run = [&](int layer, auto&& belongs) {
        for (std::size_t i = 0; i < operators.size(); ++i) {
            const OperatorCost& op = operators[i];
            if (!belongs(op) || !(op.time > 0))
                continue;
            work.push_back({static_cast<int>(i), layer, at, at + op.time});
            at += op.time;
        }
    };
    const auto isHead = [](const OperatorCost& op) { return op.op == Op::FinalNorm || op.op == Op::LmHead || op.op == Op::Sampling; };
    if (layout.holdsEmbedding(stage, visit))
        run(-1, [&](const OperatorCost& op) { return op.kind < 0 && !isHead(op); });
    const IndexRange layers = layout.layers(stage, visit);
    for (int layer = layers.begin; layer < layers.end; ++layer) {
        const int kind = scenario.model->layers[static_cast<std::size_t>(layer)];
        run(layer, [kind](const OperatorCost& op) { return op.kind == kind; });
    }
    if (layout.holdsHead(stage, visit))
        run(-2, [&](const OperatorCost& op) { return op.kind < 0 && isHead(op); });
    return work;
}

} // namespace shardlens
