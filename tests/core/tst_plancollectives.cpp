// SPDX-License-Identifier: Apache-2.0
// The collectives of a plan: those that the report costed, with the same bytes, algorithm and time; their steps; an axis explained by them.
#include "core/base/format.h"
#include "core/scenario/plancollectives.h"
#include "scenarios.h"

#include <QTest>

#include <set>

using namespace shardlens;
using namespace shardlens::test;

namespace {

Scenario planned(std::string_view model, std::string_view cluster, int tensor, int pipeline, int data, int expert = 1,
                 int attentionData = 1)
{
    Scenario s = scenarioOf(model, cluster);
    s.workload = {16, 512, 64};
    s.plan[PlanAxis::Tensor] = tensor;
    s.plan[PlanAxis::Pipeline] = pipeline;
    s.plan[PlanAxis::Data] = data;
    s.plan[PlanAxis::Expert] = expert;
    s.plan[PlanAxis::AttentionData] = attentionData;
    return s;
}

} // namespace

class TestPlanCollectives : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void followTheReport_data()
    {
        QTest::addColumn<Scenario>("scenario");
        QTest::newRow("TP on a switch") << planned("llama-3-70b", "p5.48xlarge", 8, 1, 1);
        QTest::newRow("TP and PP") << planned("llama-3-70b", "p5.48xlarge", 4, 2, 1);
        QTest::newRow("cores of a torus") << planned("llama-3-70b", "trn2.48xlarge", 64, 1, 1);
        QTest::newRow("torus") << planned("llama-3-70b", "tpu-v5e-4x2", 8, 1, 1);
        QTest::newRow("experts") << planned("mixtral-8x7b", "p5.48xlarge", 1, 1, 1, 8, 8);
    }

    void followTheReport()
    {
        QFETCH(Scenario, scenario);
        QVERIFY(scenario.model && scenario.cluster);
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const std::vector<PlanCollective> all = planCollectives(scenario, report);
        QVERIFY(!all.empty());
        std::set<std::string> ids;
        for (const PlanCollective& c : all) {
            QVERIFY2(ids.insert(c.id).second, c.id.c_str());
            QCOMPARE(findCollective(all, c.id), &c);
            const PhaseReport& phase = c.phase == Phase::Decode ? report.decode : report.prefill;
            const OperatorCost& op = phase.operators[static_cast<std::size_t>(c.op)];
            QCOMPARE(c.payload, op.payloadBytes);
            QVERIFY(std::abs(c.cost.time - op.communicationTime) <= 1e-9 * op.communicationTime);
            const Result<Hops> hops = hopsOf(scenario, c, 0);
            QVERIFY2(hops.ok(), (c.id + (hops.ok() ? "" : ": " + hops.error().sentence())).c_str());
            const HopStep& last = hops.value().step(hops.value().steps() - 1);
            if (c.kind != Collective::Send)
                QVERIFY(std::abs(last.start + last.seconds - op.communicationTime) <= 1e-9 * op.communicationTime);
            QVERIFY(std::abs(hops.value().sentInAll() - op.communicationBytes) <= 1e-6 * op.communicationBytes);
        }
        // Every operator that communicates is there.
        for (const OperatorCost& op : report.decode.operators)
            if (op.collective != Collective::None && op.payloadBytes > 0 && op.communicationTime > 0)
                QVERIFY(std::any_of(all.begin(), all.end(), [&](const PlanCollective& c) {
                    return c.phase == Phase::Decode && &report.decode.operators[static_cast<std::size_t>(c.op)] == &op;
                }));
    }

    void anIllegalPlanHasNone()
    {
        const Scenario scenario = planned("llama-3-70b", "p5.48xlarge", 3, 1, 1);
        QVERIFY(planCollectives(scenario, evaluate(scenario)).empty());
    }

    void anAxisIsExplained()
    {
        const Scenario scenario = planned("llama-3-70b", "p5.48xlarge", 4, 2, 1);
        const Report report = evaluate(scenario);
        Subject subject{Subject::Kind::Axis};
        subject.axis = static_cast<int>(MeshAxis::Tensor);
        subject.device = 5;
        const Explanation tensor = explain(scenario, report, subject);
        QCOMPARE(tensor.formulaId, std::string("axis.collectives"));
        QCOMPARE(tensor.title, std::string("TP 4"));
        QVERIFY(std::any_of(tensor.inputs.begin(), tensor.inputs.end(),
                            [](const Explanation::Input& i) { return i.symbol == "members" && i.value.ends_with("4–7"); }));
        // What one stage takes: no device runs both the embedding's and the head's.
        double decode = 0;
        for (const OperatorCost& op : report.decode.operators)
            if (op.collective != Collective::None && op.collective != Collective::Send && op.stage == report.decode.busiestStage)
                decode += op.communicationTime * std::max<int>(op.stageLayers, 1);
        QCOMPARE(tensor.value + " " + tensor.unit, formatSeconds(decode));
        QVERIFY(!tensor.formula.empty() && tensor.formula.back().result);
        QCOMPARE(tensor.formula.back().numerator, formatSeconds(decode, 4)); // the proof ends at the headline
        QVERIFY(std::any_of(tensor.inputs.begin(), tensor.inputs.end(),
                            [](const Explanation::Input& i) { return i.symbol == "t" && i.value.starts_with("AllReduce after "); }));
        subject.axis = static_cast<int>(MeshAxis::Pipeline);
        QVERIFY(explain(scenario, report, subject).alternatives.size() >= 2); // sends of both phases
        subject.axis = static_cast<int>(MeshAxis::Data);
        const Explanation data = explain(scenario, report, subject);
        QVERIFY(data.alternatives.empty());
        QVERIFY(!data.notes.empty());
    }

    /// Latency is told from transfer, and each level of the fabric has a term that can be worked out from the figures beside it.
    void anAxisPutsItsNumbersIn()
    {
        const auto has = [](const Explanation& what, const std::string& text) {
            return std::any_of(what.formula.begin(), what.formula.end(),
                               [&](const Explanation::Line& line) { return line.numerator.find(text) != std::string::npos; });
        };
        Scenario scenario = planned("llama-3-70b", "p5.48xlarge", 4, 2, 1);
        Subject subject{Subject::Kind::Axis};
        subject.axis = static_cast<int>(MeshAxis::Pipeline);
        const Explanation send = explain(scenario, evaluate(scenario), subject);
        QVERIFY(has(send, "1 × 1 µs + 262,144 B / 450 GB/s"));
        QVERIFY(has(send, "1 µs + 582.5 ns"));
        subject.axis = static_cast<int>(MeshAxis::Tensor);
        const Explanation tensor = explain(scenario, evaluate(scenario), subject);
        QVERIFY(has(tensor, "2 × 1 µs + 327,680 B / 450 GB/s")); // what is sent, not V
        QVERIFY(has(tensor, "2 µs + 728.2 ns"));
        scenario = planned("llama-3-70b", "trn2.48xlarge", 16, 1, 1);
        const Explanation levels = explain(scenario, evaluate(scenario), subject);
        QVERIFY(has(levels, "Σ_{levels}"));
        QVERIFY(has(levels, "2 × 1 µs + 393,216 B / 725 GB/s + 4 × 1 µs + 131,072 B / 64 GB/s"));
        QVERIFY(has(levels, "2.542 µs + 6.048 µs")); // the levels one after the other
    }

    void sumsAndExchangesPutTheirNumbersIn()
    {
        Scenario scenario = planned("mixtral-8x7b", "p5.48xlarge", 1, 1, 1, 8, 8);
        const Report report = evaluate(scenario);
        Subject subject{Subject::Kind::Operator};
        int exchanges = 0;
        for (const PlanCollective& c : planCollectives(scenario, report)) {
            subject.phase = c.phase;
            subject.op = c.op;
            if (!c.id.ends_with("/dispatch")) // what combines works on bytes of its own too
                continue;
            const std::string put = formatSeconds(c.cost.latencyTime, 4) + " + " + formatSeconds(c.cost.transferTime, 4);
            const Explanation what = explain(scenario, report, subject);
            QVERIFY2(std::any_of(what.formula.begin(), what.formula.end(),
                                 [&](const Explanation::Line& line) { return line.numerator.starts_with(put); }),
                     put.c_str());
            ++exchanges;
        }
        QVERIFY(exchanges > 0);
        scenario = planned("llama-3-70b", "p5.48xlarge", 4, 2, 1);
        const Report two = evaluate(scenario);
        Subject cause{Subject::Kind::CauseOfTime};
        cause.cause = static_cast<int>(Cause::Communication);
        const Explanation sum = explain(scenario, two, cause);
        QVERIFY(sum.formula.size() >= 3);
        QCOMPARE(sum.formula[0].numerator, std::string("steps × α + sent / β"));
        QVERIFY(std::any_of(sum.formula.begin(), sum.formula.end(), [](const Explanation::Line& line) {
            return line.numerator.starts_with("40 × ") && line.numerator.find("_{down_proj}") != std::string::npos;
        }));
        const Explanation tpot = explain(scenario, two, Subject{Subject::Kind::Time});
        const auto stage =
            std::find_if(tpot.formula.begin(), tpot.formula.end(), [](const Explanation::Line& line) { return line.left == "t_stage"; });
        QVERIFY(stage != tpot.formula.end());
        QVERIFY((stage + 1)->numerator.find("_{" + tpot.alternatives.front().name + "} + ") != std::string::npos);
    }

    /// Under load the arithmetic is of a batch alone, which is not the service's figure.
    void underLoadTheStepHasItsOwnName()
    {
        Scenario scenario = planned("llama-3-70b", "p5.48xlarge", 8, 1, 1);
        const Explanation alone = explain(scenario, evaluate(scenario), Subject{Subject::Kind::Time});
        QCOMPARE(alone.title, std::string("Time per output token"));
        scenario.serving.load.kind = LoadKind::OpenLoop;
        scenario.serving.load.rate = 1;
        const Explanation loaded = explain(scenario, evaluate(scenario), Subject{Subject::Kind::Time});
        QCOMPARE(loaded.title, std::string("Decode step of one static batch"));
        for (const Explanation::Line& line : loaded.formula)
            QVERIFY(line.left != "TPOT");
        QVERIFY(std::any_of(loaded.notes.begin(), loaded.notes.end(),
                            [](const std::string& note) { return note.find("it adds prompts") != std::string::npos; }));
    }

    void aRankIsExplainedOrRefused()
    {
        const Scenario scenario = planned("llama-3-70b", "p5.48xlarge", 4, 2, 1);
        const Report report = evaluate(scenario);
        Subject subject{Subject::Kind::Axis};
        subject.axis = static_cast<int>(MeshAxis::Tensor);
        const auto row = [&](int rank) {
            subject.rank = rank;
            for (const Explanation::Input& input : explain(scenario, report, subject).inputs)
                if (input.symbol == "rank")
                    return input.value + " " + input.note;
            return std::string();
        };
        const auto refused = [&](int rank) {
            subject.rank = rank;
            const Explanation out = explain(scenario, report, subject);
            return std::any_of(out.notes.begin(), out.notes.end(),
                               [](const std::string& note) { return note.find("has no") != note.npos; });
        };
        QCOMPARE(row(3), std::string("3 of 0 to 3, on 2 GPUs"));
        QVERIFY(!refused(3) && !refused(-1));
        for (const int none : {4, 1 << 30}) {
            QCOMPARE(row(none), std::string());
            QVERIFY(refused(none));
        }
        subject.rank = 1 << 30;
        const std::vector<std::string> notes = explain(scenario, report, subject).notes;
        QVERIFY(std::find(notes.begin(), notes.end(), "This plan has no TP rank 1,073,741,824: its ranks are 0 to 3.") != notes.end());
    }

    /// What goes to the experts and back is EP's, also where their group is the TP group.
    void expertsExchangesAreNotTensorParallelisms()
    {
        Scenario scenario = planned("deepseek-v3", "gb200-nvl72", 8, 1, 1);
        scenario.plan[PlanAxis::Expert] = 8;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        int experts = 0;
        for (const PlanCollective& c : planCollectives(scenario, report)) {
            const Op op = (c.phase == Phase::Decode ? report.decode : report.prefill).operators[static_cast<std::size_t>(c.op)].op;
            QCOMPARE(c.amongExperts, op == Op::Dispatch || op == Op::Combine);
            if (!c.amongExperts)
                continue;
            QVERIFY(!c.axis);
            QCOMPARE(groupText(c), std::string("experts' group of 8"));
            ++experts;
        }
        QVERIFY(experts >= 1);
    }
};

QTEST_GUILESS_MAIN(TestPlanCollectives)
#include "tst_plancollectives.moc"
