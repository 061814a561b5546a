// SPDX-License-Identifier: Apache-2.0
// Selections by name: every listed name selects something that is explained as itself, and what is unknown is refused with what is allowed.
#include "core/base/format.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/explain_point.h"
#include "core/scenario/subjectname.h"
#include "core/scenario/timelinesums.h"
#include "tests/core/scenarios.h"

#include <QtTest>

#include <cmath>
#include <set>

using namespace shardlens;
using Kind = Subject::Kind;

namespace {

Scenario pipelined()
{
    Scenario s = test::scenarioOf("llama-3-70b", "p5.48xlarge");
    s.plan[PlanAxis::Tensor] = 2;
    s.plan[PlanAxis::Pipeline] = 4;
    s.plan[PlanAxis::PrefillMicrobatches] = 8;
    s.plan[PlanAxis::DecodeMicrobatches] = 4;
    s.workload.batch = 32;
    return s;
}

Scenario sparse()
{
    Scenario s = test::scenarioOf("deepseek-v3", "gb200-nvl72");
    s.plan[PlanAxis::Tensor] = 8;
    s.plan[PlanAxis::Expert] = 8;
    s.plan[PlanAxis::Data] = 4;
    return s;
}

std::string refusal(const Scenario& scenario, const std::string& name)
{
    const Result<Subject> result = subjectNamed(name, scenario, evaluate(scenario));
    return result.ok() ? std::string() : result.error().sentence();
}

} // namespace

class SubjectNameTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyNameIsExplained_data()
    {
        QTest::addColumn<bool>("experts");
        QTest::newRow("pipeline") << false;
        QTest::newRow("experts") << true;
    }
    void everyNameIsExplained()
    {
        QFETCH(bool, experts);
        const Scenario scenario = experts ? sparse() : pipelined();
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const std::string tpot = explain(scenario, report, {.kind = Kind::Time, .phase = Phase::Decode}).title;
        std::set<Kind> kinds;
        for (std::string name : subjectNames(scenario, report)) {
            if (const auto to = name.find(" to "); to != std::string::npos && name.find("range:") == std::string::npos)
                name = name.substr(to + 4); // the last of a range of numbers
            if (const auto piece = name.find("piece:"); piece != std::string::npos)
                name = name.substr(0, piece) + "piece:0,0";
            if (const auto range = name.find("range:"); range != std::string::npos)
                name = name.substr(0, range) + "range:0.001,0.002";
            const Result<Subject> subject = subjectNamed(name, scenario, report);
            QVERIFY2(subject.ok(), name.c_str());
            kinds.insert(subject.value().kind);
            const Explanation what = explain(scenario, report, subject.value());
            QVERIFY2(name == "tpot" || what.title != tpot, name.c_str());
            QVERIFY2(!what.title.empty() && !what.formulaId.empty(), name.c_str());
            QVERIFY2(!what.formula.empty() || !what.inputs.empty() || !what.notes.empty(), name.c_str());
        }
        QVERIFY(kinds.count(Kind::Expert) == (experts ? 1U : 0U));
        for (const Kind kind : {Kind::Time, Kind::Fit, Kind::Device, Kind::Stage, Kind::MemoryClass, Kind::Axis, Kind::Tensor,
                                Kind::Operator, Kind::CauseOfTime, Kind::Piece, Kind::Range})
            QVERIFY2(kinds.count(kind) == 1, qPrintable(QString::number(static_cast<int>(kind))));
    }

    void namesSelectWhatTheySay()
    {
        const Scenario scenario = pipelined();
        const Report report = evaluate(scenario);
        const auto of = [&](const char* name) { return subjectNamed(name, scenario, report).value(); };
        QCOMPARE(of("device:3").device, 3);
        QCOMPARE(of("stage:1").stage, 1);
        QCOMPARE(of("TTFT").phase, Phase::Prefill);
        QCOMPARE(of("memory:KV").cause, static_cast<int>(MemoryClass::Kv));
        QCOMPARE(of("axis:pp").axis, static_cast<int>(MeshAxis::Pipeline));
        const Subject op = of("decode/qkv_proj");
        QVERIFY(op.kind == Kind::Operator && report.decode.operators[static_cast<std::size_t>(op.op)].op == Op::QkvProjection);
        const Subject piece = of("prefill/piece:1,3");
        QVERIFY(piece.kind == Kind::Piece && piece.stage == 1 && piece.microbatch == 3);
        const Subject range = of("prefill/range:0.01,0.4");
        QVERIFY(range.kind == Kind::Range && range.begin == 0.01 && range.end == 0.4 && range.phase == Phase::Prefill);
        QCOMPARE(explain(scenario, report, piece).title, std::string("Microbatch 3"));
        QCOMPARE(explain(scenario, report, of("decode/piece:1,3")).title, std::string("Microbatch D")); // as the timeline names it
        QCOMPARE(of("tensor:w_q").kind, Kind::Tensor);
        const Scenario moe = sparse();
        const Report moeReport = evaluate(moe);
        QCOMPARE(subjectNamed("rank:3", moe, moeReport).value().rank, 3);
        QCOMPARE(subjectNamed("expert:255", moe, moeReport).value().expert, 255);
    }

    void theUnknownIsRefusedWithWhatIsAllowed()
    {
        const Scenario scenario = pipelined();
        for (const auto& [name, part] : {std::pair{"planet", "allowed is one of tpot, ttft, fit, device:N"},
                                         {"device:8", "allowed is device:0 to device:7"},
                                         {"device:-1", "allowed is device:0 to device:7"},
                                         {"device:", "allowed is device:0 to device:7"},
                                         {"stage:9", "allowed is stage:0 to stage:3"},
                                         {"memory:disk", "allowed is one of memory:weights, memory:kv"},
                                         {"axis:q", "allowed is one of axis:tp, axis:sp"},
                                         {"tensor:W_Z", "tensor:W_Q"},
                                         {"expert:0", "has no routed experts"},
                                         {"pool:prefill", "--prefill-plan"},
                                         {"decode/warp", "decode/compute"},
                                         {"prefill/piece:9,0", "prefill/piece:STAGE,MICROBATCH"},
                                         {"prefill/range:3,1", "prefill/range:FROM,TO"},
                                         {"prefill/range:0,1e9", "prefill/range:FROM,TO"}}) {
            const std::string sentence = refusal(scenario, name);
            QVERIFY2(sentence.find("--select: found " + std::string(name)) != std::string::npos, sentence.c_str());
            QVERIFY2(sentence.find(part) != std::string::npos, sentence.c_str());
        }
        QVERIFY2(refusal(sparse(), "expert:256").find("expert:0 to expert:255") != std::string::npos,
                 refusal(sparse(), "expert:256").c_str());
    }

    /// The sums of a range are those of its stages: causes and idle time fill it.
    void aRangeAddsUp()
    {
        const Scenario scenario = pipelined();
        const Report report = evaluate(scenario);
        const double duration = report.prefill.timeline.duration;
        for (const auto& [begin, end] : {std::pair{0.0, duration}, {duration * 0.1, duration * 0.35}, {duration * 0.9, duration}}) {
            const Subject range{.kind = Kind::Range, .phase = Phase::Prefill, .begin = begin, .end = end};
            const Explanation what = explain(scenario, report, range);
            QCOMPARE(what.formulaId, std::string("timeline.range"));
            double sum = 0;
            for (const Explanation::Alternative& each : what.alternatives)
                sum += each.amount;
            QVERIFY2(std::abs(sum - 4 * (end - begin)) < 1e-9 * duration, what.subtitle.c_str());
            QCOMPARE(what.formula.back().numerator, formatSeconds(sumTimeline(scenario, report, {Phase::Prefill, {begin, end}}).idle, 4));
        }
        const Explanation whole = explain(scenario, report, {.kind = Kind::Range, .phase = Phase::Prefill, .end = duration});
        QVERIFY(std::abs(whole.shareFraction - report.prefill.timeline.idleFraction) < 1e-9);
    }

    void aPointIsExplainedByItsError()
    {
        ComparedPoint point;
        point.modelName = "A model";
        point.acceleratorName = "A chip";
        point.inputs.input = 1000;
        point.inputs.devices = 8;
        point.measured = {0.02, 0, 0};
        point.predicted[0] = {.value = 0.025, .low = 0.021, .high = 0.03};
        const Explanation what = explainPoint(point, PointFigure::Tpot, point.inputs);
        QCOMPARE(what.value + " " + what.unit, std::string("20 ms"));
        QCOMPARE(what.formula.back().numerator, std::string("+25 %"));
        QVERIFY(what.inputs.front().note == "does not hold the measured figure");
        QVERIFY(what.inputs.back().value == "0");
        QVERIFY(explainPoint(point, PointFigure::Ttft, point.inputs).formula.empty());
    }
};

QTEST_GUILESS_MAIN(SubjectNameTest)
#include "tst_subjectname.moc"
