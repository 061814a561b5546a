// SPDX-License-Identifier: Apache-2.0
// Curves: every input edits what it names and nothing else, every point is what evaluate() says, values are legal steps.
#include "core/base/format.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/comparedpoints.h"
#include "core/scenario/curve.h"
#include "core/scenario/curve_points.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/scenario_file.h"
#include "core/scenario/targets.h"

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace shardlens;

namespace {

Scenario caseStudy()
{
    return caseStudyScenario(builtinCatalog());
}

Scenario closedLoop(int concurrency)
{
    Scenario scenario = caseStudy();
    scenario.serving.load.kind = LoadKind::ClosedLoop;
    scenario.serving.load.concurrency = concurrency;
    return scenario;
}

std::vector<CurveInput> inputsOf(const Scenario& scenario)
{
    std::vector<CurveInput> inputs;
    for (std::size_t i = 0; i < kCurveInputCount; ++i)
        if (hasInput(scenario, static_cast<CurveInput>(i)))
            inputs.push_back(static_cast<CurveInput>(i));
    return inputs;
}

} // namespace

class TestCurve : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyInputIsReadBack()
    {
        Scenario open = closedLoop(16);
        open.serving.load.kind = LoadKind::OpenLoop;
        open.serving.load.speculation.draftTokens = 2;
        std::set<CurveInput> seen;
        for (const Scenario& scenario : {caseStudy(), closedLoop(16), open}) {
            const Report report = evaluate(scenario);
            for (const CurveInput input : inputsOf(scenario)) {
                seen.insert(input);
                const std::string key(infoOf(input).key);
                const double now = valueOf(scenario, input);
                const CurveEdit same = withValue(scenario, input, now);
                QVERIFY2(same.problem.empty(), key.c_str());
                if (input != CurveInput::Price) // whose price it is changes
                    QVERIFY2(same.scenario == scenario, key.c_str());
                const std::vector<double> values = curveValues(scenario, report, input);
                QVERIFY2(values.size() >= 2 && values.size() <= 96, key.c_str());
                QVERIFY2(std::is_sorted(values.begin(), values.end())
                             && std::set<double>(values.begin(), values.end()).size() == values.size(),
                         key.c_str());
                QVERIFY2(std::count(values.begin(), values.end(), now) == 1, key.c_str());
                for (const double value : values) {
                    const CurveEdit edit = withValue(scenario, input, value);
                    if (!edit.problem.empty())
                        continue;
                    QVERIFY2(std::abs(valueOf(edit.scenario, input) - value) <= 1e-9 * std::abs(value), key.c_str());
                    QCOMPARE(edit.scenario == scenario, value == now && input != CurveInput::Price);
                }
            }
        }
        // All but EP, which only a model with experts has.
        QCOMPARE(seen.size(), kCurveInputCount - 1);
    }

    void pointsAreEvaluations()
    {
        const Scenario scenario = closedLoop(32);
        for (const CurveInput input : {CurveInput::Concurrency, CurveInput::Input, CurveInput::Tensor, CurveInput::HbmBandwidth}) {
            const Report report = evaluate(scenario);
            for (const double x : curveValues(scenario, report, input)) {
                const CurvePoint point = curvePoint(scenario, input, x);
                const Report there = evaluate(withValue(scenario, input, x).scenario);
                QCOMPARE(point.legal, there.legal);
                if (!there.legal) {
                    QVERIFY(!point.reason.empty());
                    QVERIFY(!point.has(CurveFigure::Tpot));
                    continue;
                }
                QCOMPARE(point.fits, there.memory.fits);
                if (there.serving.service.status == ServiceStatus::Served) {
                    QCOMPARE(point.of(CurveFigure::Tpot), there.serving.tpot);
                    QCOMPARE(point.of(CurveFigure::Ttft), there.serving.ttft);
                    QCOMPARE(point.of(CurveFigure::Cost), there.serving.costPerMillionTokens);
                } else {
                    QVERIFY(!point.reason.empty());
                }
                QCOMPARE(point.of(CurveFigure::FreeMemory), static_cast<double>(there.memory.free()));
            }
        }
    }

    /// The cheap curve over the batch is the same as the dear one.
    void batchCurveAgrees()
    {
        const Scenario scenario = caseStudy();
        std::vector<BatchPoint> batches;
        batchCurve(scenario, 1500, batches);
        QVERIFY(batches.size() > 30);
        for (const BatchPoint& batch : batches) {
            const CurvePoint point = curvePoint(scenario, CurveInput::Batch, batch.batch);
            QCOMPARE(point.legal, batch.legal);
            QCOMPARE(point.fits, batch.fits);
            QCOMPARE(point.of(CurveFigure::Tpot), batch.tpot);
        }
    }

    void illegalValuesSayWhy()
    {
        const CurvePoint point = curvePoint(caseStudy(), CurveInput::Tensor, 6);
        QVERIFY(!point.legal);
        QVERIFY2(point.reason.find("64 query heads") != std::string::npos, point.reason.c_str());
        const CurvePoint context = curvePoint(caseStudy(), CurveInput::Context, 100);
        QVERIFY(!context.legal && context.reason.find("256") != std::string::npos);
        const CurvePoint devices = curvePoint(caseStudy(), CurveInput::Devices, 4);
        QVERIFY(!devices.legal && !devices.reason.empty());
        QVERIFY(curvePoint(caseStudy(), CurveInput::Devices, 16).legal);
        QCOMPARE(withValue(caseStudy(), CurveInput::Devices, 32).scenario.plan.data(), 4);
    }

    void hardwareScales()
    {
        const Scenario scenario = caseStudy();
        const double bandwidth = valueOf(scenario, CurveInput::HbmBandwidth);
        const double half = curvePoint(scenario, CurveInput::HbmBandwidth, bandwidth / 2).of(CurveFigure::Tpot);
        const double whole = curvePoint(scenario, CurveInput::HbmBandwidth, bandwidth).of(CurveFigure::Tpot);
        QVERIFY(half > 1.5 * whole && half < 2.001 * whole);
        const Scenario faster = withValue(scenario, CurveInput::HbmBandwidth, 2 * bandwidth).scenario;
        QVERIFY(QByteArray::fromStdString(faster.cluster->name).endsWith(", changed"));
        QCOMPARE(withValue(faster, CurveInput::HbmBandwidth, 3 * bandwidth).scenario.cluster->name, faster.cluster->name);
        // A changed machine is saved in full and comes back.
        const std::string text = printScenario({faster, {}, {}}, builtinCatalog());
        const Result<ScenarioFile> again = parseScenario(text, "x", builtinCatalog());
        QVERIFY(again.ok() && again.value().scenario == faster);
        const double flops = valueOf(scenario, CurveInput::Flops);
        QVERIFY(curvePoint(scenario, CurveInput::Flops, 2 * flops).of(CurveFigure::Ttft)
                < curvePoint(scenario, CurveInput::Flops, flops).of(CurveFigure::Ttft));
    }

    void coarseOrderIsAPermutation()
    {
        for (std::size_t count = 0; count < 100; ++count) {
            const std::vector<std::size_t> order = coarseToFine(count);
            QCOMPARE(order.size(), count);
            QCOMPARE(std::set<std::size_t>(order.begin(), order.end()).size(), count);
            if (count > 4) { // of five points none are neighbours while there is room
                std::vector<std::size_t> first(order.begin(), order.begin() + 3);
                std::sort(first.begin(), first.end());
                QCOMPARE(first.front(), std::size_t{0});
                QCOMPARE(first.back(), count - 1);
            }
        }
    }

    void theLimitIsTheLastThatFits()
    {
        const Scenario scenario = caseStudy();
        const Report report = evaluate(scenario);
        QCOMPARE(lastThatFits(scenario, CurveInput::Batch, 1, 60000), static_cast<double>(report.memory.maxBatchPerReplica));
        const double input = lastThatFits(scenario, CurveInput::Input, 16, 1e6);
        QVERIFY(evaluate(withValue(scenario, CurveInput::Input, input).scenario).memory.fits);
        QVERIFY(!evaluate(withValue(scenario, CurveInput::Input, input + 1).scenario).memory.fits);
    }

    void targetsAreReadAndHeld()
    {
        QCOMPARE(parseTarget("20 ms").value(), 0.02);
        QCOMPARE(parseTarget(" 0.02 ").value(), 0.02);
        QCOMPARE(parseTarget("500us").value(), 0.0005);
        for (const char* const bad : {"", "ms", "0", "20 min", "1e9", "inf"})
            QVERIFY2(!parseTarget(bad).ok(), bad);
        Scenario scenario = caseStudy();
        Report report = evaluate(scenario);
        QVERIFY(checkTargets(scenario, report).empty());
        scenario.targets.tpot = report.serving.tpot;
        QCOMPARE(checkTargets(scenario, report).size(), std::size_t{1});
        QVERIFY(checkTargets(scenario, report).front().meets);
        scenario.targets.tpot = std::nextafter(report.serving.tpot, 0.0);
        QVERIFY(!checkTargets(scenario, report).front().meets);
        report.serving.service.status = ServiceStatus::Saturated;
        scenario.targets.tpot = 1000;
        QVERIFY(!checkTargets(scenario, report).front().meets);
    }

    void targetsSurvive()
    {
        ScenarioFile file;
        file.scenario = caseStudyScenario(builtinCatalog());
        QVERIFY(printScenario(file, builtinCatalog()).find("targets") == std::string::npos);
        file.scenario.targets = {2.5, 0.0123};
        const std::string text = printScenario(file, builtinCatalog());
        const Result<ScenarioFile> again = parseScenario(text, "x.shardlens", builtinCatalog());
        QVERIFY(again.ok());
        QVERIFY(again.value().scenario == file.scenario);
        QVERIFY(again.value().notices.empty());
        QCOMPARE(printScenario(again.value(), builtinCatalog()), text);
        file.scenario.targets.ttft.reset();
        QVERIFY(parseScenario(printScenario(file, builtinCatalog()), "x.shardlens", builtinCatalog()).value().scenario == file.scenario);
        for (const char* const bad : {"0", "-1", "\"20ms\"", "1e7"}) {
            QByteArray wrong = QByteArray::fromStdString(text);
            wrong.replace("0.0123", bad);
            const Result<ScenarioFile> refused = parseScenario(wrong.toStdString(), "x.shardlens", builtinCatalog());
            QVERIFY2(!refused.ok() && refused.error().sentence().find("/targets/tpot_s") != std::string::npos, bad);
        }
    }

    /// The collectives of a phase sum to its communication, whatever the plan: chunks, uneven microbatches, visits, sends that block.
    void collectivesAddUp()
    {
        Scenario mixed = caseStudy();
        mixed.model = builtinCatalog().model("deepseek-v3");
        mixed.formats.weights = NumberFormat::Fp8;
        mixed.plan = {};
        mixed.plan[PlanAxis::Tensor] = 2;
        mixed.plan[PlanAxis::Expert] = 2;
        mixed.plan[PlanAxis::Pipeline] = 4;
        std::vector<Scenario> scenarios{caseStudy(), mixed};
        scenarios.push_back(caseStudy());
        scenarios.back().plan[PlanAxis::Chunks] = 3;
        scenarios.back().plan[PlanAxis::PrefillMicrobatches] = 5;
        scenarios.back().plan.options.sends = SendMode::Synchronous;
        scenarios.push_back(caseStudy());
        scenarios.back().plan.options.virtualStages = 2;
        scenarios.push_back(caseStudy());
        scenarios.back().plan[PlanAxis::Tensor] = 1;
        int named = 0;
        for (const Scenario& scenario : scenarios) {
            const Report report = evaluate(scenario);
            QVERIFY(report.legal);
            for (const PhaseReport* phase : {&report.prefill, &report.decode}) {
                double sum = 0;
                for (const CollectiveShare& share : phase->collectives) {
                    QVERIFY(share.seconds > 0 && share.collective != Collective::None);
                    sum += share.seconds;
                    named += share.op != Op::SendActivations;
                }
                QVERIFY2(std::abs(sum - phase->breakdown[Cause::Communication]) <= 2e-9 * phase->time, qPrintable(QString::number(sum)));
            }
        }
        QVERIFY(named >= 12);
    }

    /// What is said of roofline times beside every figure is what the shipped points say.
    void measuredTimesOverTheRoofline()
    {
        const Result<MeasuredPoints> points = readPoints(std::string(builtinPoints()), "points.csv");
        QVERIFY(points.ok());
        const ComparedPoints compared =
            comparePoints(points.value(), builtinCatalog(), [](const ResolvedPoint&) { return PointConstants{}; });
        std::vector<double> ratios;
        for (const ComparedPoint& point : compared.points)
            if (point.has(PointFigure::Tpot))
                ratios.push_back(point.measured[0] / point.predicted[0].value);
        QVERIFY(ratios.size() > 300);
        std::sort(ratios.begin(), ratios.end());
        QVERIFY2(std::abs(ratios[ratios.size() / 10] - kLeastOverRoofline) < 0.05, qPrintable(QString::number(ratios[ratios.size() / 10])));
        QVERIFY2(std::abs(ratios[ratios.size() * 9 / 10] - kMostOverRoofline) < 0.05,
                 qPrintable(QString::number(ratios[ratios.size() * 9 / 10])));
        QVERIFY(ratios.front() > 1); // a bound
    }

    /// Of the shipped points those that are shown agree with the scenario in all but the input.
    void measuredPointsBelong()
    {
        const Result<MeasuredPoints> points = readPoints(std::string(builtinPoints()), "points.csv");
        QVERIFY(points.ok());
        const std::vector<MeasuredSample> samples = measuredSamples(points.value(), builtinCatalog());
        QVERIFY(samples.size() > 20);
        std::size_t shown = 0;
        for (const MeasuredSample& sample : samples) {
            Scenario scenario;
            scenario.model = sample.point.model;
            scenario.cluster = sample.point.server.cluster;
            scenario.formats = sample.point.formats;
            scenario.plan = sample.point.server.plan;
            scenario.workload.input = static_cast<int>(sample.point.meanInput);
            scenario.workload.output = static_cast<int>(sample.point.meanOutput);
            scenario.serving.engine = sample.point.engine;
            scenario.serving.load.kind = LoadKind::ClosedLoop;
            scenario.serving.load.concurrency = sample.point.concurrencyPerReplica() * scenario.plan.data();
            const std::vector<CurveMark> marks = measuredAlong(scenario, samples, CurveInput::Concurrency, CurveFigure::Tpot);
            if (sample.point.load != PointLoad::ClosedLoop || !sample.outcome.tpotMs)
                continue;
            ++shown;
            // Its own point is there, at its own place, and is the nearest or as near.
            QVERIFY(std::any_of(marks.begin(), marks.end(), [&](const CurveMark& mark) {
                return mark.y == *sample.outcome.tpotMs / 1e3 && mark.x == valueOf(scenario, CurveInput::Concurrency);
            }));
            QCOMPARE(std::count_if(marks.begin(), marks.end(), [](const CurveMark& mark) { return mark.nearest; }), 1);
            QVERIFY(!marks.front().source.empty());
            // Another plan, another format, another length: none of it.
            Scenario other = scenario;
            other.plan[PlanAxis::Sequence] = 7;
            QVERIFY(measuredAlong(other, samples, CurveInput::Concurrency, CurveFigure::Tpot).empty());
            other = scenario;
            other.formats.kv = other.formats.kv == NumberFormat::Bf16 ? NumberFormat::Fp8 : NumberFormat::Bf16;
            for (const CurveMark& mark : measuredAlong(other, samples, CurveInput::Concurrency, CurveFigure::Tpot))
                QVERIFY(mark.y != *sample.outcome.tpotMs / 1e3);
            // No measurement tells the format of embedding and head.
            other = scenario;
            other.formats.own[static_cast<std::size_t>(WeightClass::Embedding)] = NumberFormat::Fp16;
            QCOMPARE(measuredAlong(other, samples, CurveInput::Concurrency, CurveFigure::Tpot).size(), marks.size());
            other = scenario;
            other.workload.input *= 3;
            for (const CurveMark& mark : measuredAlong(other, samples, CurveInput::Concurrency, CurveFigure::Tpot))
                QVERIFY(mark.y != *sample.outcome.tpotMs / 1e3 || marks.size() > 1);
            other = scenario;
            other.serving.load.kind = LoadKind::OpenLoop;
            QVERIFY(measuredAlong(other, samples, CurveInput::Input, CurveFigure::Tpot).empty());
        }
        QVERIFY(shown > 20);
    }
};

QTEST_GUILESS_MAIN(TestCurve)
#include "tst_curve.moc"
