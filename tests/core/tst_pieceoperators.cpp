// SPDX-License-Identifier: Apache-2.0
// The operators inside a piece add up to its time, on every stage, visit and class of pieces; rows of the class that the report shows are
// the report's own; what is handed on is what the report sends.
#include "scenarios.h"

#include "core/scenario/evaluate.h"
#include "core/scenario/pieceoperators.h"

#include <QTest>

#include <cmath>

using namespace shardlens;
using shardlens::test::scenarioOf;

namespace {

struct Case {
    const char* model;
    int tensor;
    int pipeline;
    int microbatches;
    int chunks;
    int visits;
    int batch;
    SendMode sends;
    double overlap;
};

} // namespace

class TestPieceOperators : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void piecesAreTheSumOfTheirOperators_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(cases().size()); ++i)
            QTest::addRow("%d: %s", i, cases()[static_cast<std::size_t>(i)].model) << i;
    }

    void piecesAreTheSumOfTheirOperators()
    {
        QFETCH(int, index);
        const Case& given = cases()[static_cast<std::size_t>(index)];
        const Scenario scenario = made(given);
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const PhaseReport& of = phase == Phase::Prefill ? report.prefill : report.decode;
            const int classes = static_cast<int>(of.pieces.size());
            QVERIFY(shownPieceClass(of) < classes);
            for (int c = 0; c < of.costClasses; ++c) {
                const int visit = c / classes;
                const std::vector<OperatorCost> rows = pieceOperators(scenario, report, phase, c % classes);
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    QVERIFY2(rows[i].op == of.operators[i].op && rows[i].kind == of.operators[i].kind, "an index names one operator");
                    if (c % classes == shownPieceClass(of))
                        QCOMPARE(rows[i].time, of.operators[i].time);
                }
                for (int stage = 0; stage < of.timeline.stages; ++stage) {
                    const std::vector<PieceWork> work = workInside(scenario, report, rows, stage, visit);
                    QVERIFY(!work.empty());
                    const StageCost& cost = of.costOf(stage, c);
                    const double expected = cost.busy() - (cost.sendBlocks ? cost.send : 0);
                    QVERIFY2(std::abs(work.back().end - expected) < 1e-9 * expected,
                             qPrintable(QStringLiteral("%1 against %2").arg(work.back().end, 0, 'g', 17).arg(expected, 0, 'g', 17)));
                    for (std::size_t i = 1; i < work.size(); ++i)
                        QVERIFY(work[i].begin == work[i - 1].end && work[i].end > work[i].begin);
                }
            }
        }
    }

    void whatIsHandedOnIsWhatTheReportSends()
    {
        const Scenario scenario = made({"llama-3-70b", 2, 4, 8, 1, 1, 32, SendMode::Overlapped, 0});
        const Report report = evaluate(scenario);
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const PhaseReport& of = phase == Phase::Prefill ? report.prefill : report.decode;
            const std::vector<PieceFacts> facts = pieceFacts(scenario, report, phase);
            QCOMPARE(facts.size(), of.pieces.size());
            QCOMPARE(of.operators.back().op, Op::SendActivations);
            // Both ends of a stage's boundary: activations onward, and in decode four bytes for each sequence back to the first stage.
            QCOMPARE(handedBytes(of, phase, facts.front(), 0, 0), of.operators.back().communicationBytes);
            QCOMPARE(handedBytes(of, phase, facts.front(), 3, 0),
                     phase == Phase::Prefill ? 0.0 : 4.0 * static_cast<double>(facts.front().tokens.sequences));
        }
    }

    void nothingFollowsFromAnIllegalPlan()
    {
        const Scenario scenario = made({"llama-3-70b", 6, 1, 1, 1, 1, 32, SendMode::Overlapped, 0});
        const Report report = evaluate(scenario);
        QVERIFY(!report.legal);
        QVERIFY(pieceFacts(scenario, report, Phase::Prefill).empty());
        QVERIFY(workInside(scenario, report, {}, 3, 0).empty());
    }

private:
    static const std::vector<Case>& cases()
    {
        static const std::vector<Case> all{
            {"llama-3-70b", 8, 1, 1, 1, 1, 32, SendMode::Overlapped, 0},    {"llama-3-70b", 4, 2, 8, 1, 1, 32, SendMode::Overlapped, 0.5},
            {"llama-3-70b", 1, 8, 5, 1, 1, 32, SendMode::Synchronous, 0},   {"llama-3-70b", 2, 4, 8, 4, 1, 32, SendMode::Synchronous, 0},
            {"llama-3-70b", 2, 4, 8, 1, 5, 32, SendMode::Overlapped, 0},    {"llama-3-70b", 2, 3, 5, 3, 1, 33, SendMode::Overlapped, 0.9},
            {"mixtral-8x7b", 2, 4, 4, 2, 1, 30, SendMode::Overlapped, 0.3},
        };
        return all;
    }

    static Scenario made(const Case& given)
    {
        Scenario scenario = scenarioOf(given.model, "p5.48xlarge");
        Plan& plan = scenario.plan;
        plan = Plan();
        plan[PlanAxis::Tensor] = given.tensor;
        plan[PlanAxis::Pipeline] = given.pipeline;
        plan[PlanAxis::PrefillMicrobatches] = given.microbatches;
        plan[PlanAxis::DecodeMicrobatches] = given.microbatches;
        plan[PlanAxis::Chunks] = given.chunks;
        plan.options.virtualStages = given.visits;
        plan.options.sends = given.sends;
        plan.options.overlap = given.overlap;
        scenario.workload.batch = given.batch;
        return scenario;
    }
};

QTEST_APPLESS_MAIN(TestPieceOperators)
#include "tst_pieceoperators.moc"
