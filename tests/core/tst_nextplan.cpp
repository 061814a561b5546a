// SPDX-License-Identifier: Apache-2.0
// The next plan somebody tries, by a control or by advice: its microbatches suit its stages, what is advised makes nothing worse, and what
// stands idle is paid for.
#include "core/base/format.h"
#include "core/scenario/curve.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/explain.h"
#include "core/scenario/planneighbours.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace shardlens;

namespace {

Scenario llama(int tensor, int pipeline, int prefill, int decode)
{
    Scenario s = test::scenarioOf("llama-3-70b", "p5.48xlarge");
    s.plan[PlanAxis::Tensor] = tensor;
    s.plan[PlanAxis::Pipeline] = pipeline;
    s.plan[PlanAxis::PrefillMicrobatches] = prefill;
    s.plan[PlanAxis::DecodeMicrobatches] = decode;
    s.workload = {32, 2048, 256};
    return s;
}

Plan followed(Plan plan, int stages, int batch)
{
    const int before = plan.pipeline();
    plan[PlanAxis::Pipeline] = stages;
    followStages(plan, before, batch);
    return plan;
}

} // namespace

class TestNextPlan : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void microbatchesFollowTheStages()
    {
        const Plan plan = llama(4, 2, 8, 2).plan; // prefill by hand, decode one per stage
        QCOMPARE(followed(plan, 1, 32).prefillMicrobatches(), 1);
        QCOMPARE(followed(plan, 1, 32).decodeMicrobatches(), 1);
        QCOMPARE(followed(plan, 4, 32).prefillMicrobatches(), 8);
        QCOMPARE(followed(plan, 4, 32).decodeMicrobatches(), 4);
        QCOMPARE(followed(plan, 10, 32).prefillMicrobatches(), 10);
        QCOMPARE(followed(plan, 10, 6).decodeMicrobatches(), 6);
        QCOMPARE(followed(plan, 2, 32), plan);
        // From one stage, which has no microbatches, to several and back.
        QCOMPARE(followed(followed(llama(8, 1, 1, 1).plan, 4, 32), 1, 32), llama(8, 1, 1, 1).plan);
        QCOMPARE(followed(llama(8, 1, 1, 1).plan, 4, 32).decodeMicrobatches(), 4);
        // Chosen for memory or against a bubble: kept.
        QCOMPARE(followed(llama(2, 4, 4, 1).plan, 2, 32).decodeMicrobatches(), 2);
        QCOMPARE(followed(llama(2, 4, 4, 16).plan, 2, 32).decodeMicrobatches(), 16);
        Plan interleaved = llama(2, 4, 6, 4).plan;
        interleaved.options.virtualStages = 2;
        QCOMPARE(followed(interleaved, 5, 32).prefillMicrobatches(), 10);
        QCOMPARE(followed(interleaved, 5, 9).prefillMicrobatches(), 5);
    }

    /// The step that a slider takes and the plan written down from nothing are one plan: at TP 8 on one stage the weights are read once.
    void aStepOfTheControlIsThePlanItself()
    {
        const Scenario before = llama(4, 2, 8, 2);
        const std::vector<AxisChoice> choices =
            axisChoices(before.context(), before.plan, {PlanAxis::Tensor, true, partnerOf(PlanAxis::Tensor)});
        const auto eight = std::find_if(choices.begin(), choices.end(), [](const AxisChoice& choice) { return choice.value == 8; });
        QVERIFY(eight != choices.end() && eight->legal);
        QCOMPARE(eight->plan, llama(8, 1, 1, 1).plan);
        const auto four = std::find_if(choices.begin(), choices.end(), [](const AxisChoice& choice) { return choice.value == 4; });
        QCOMPARE(four->plan, before.plan); // back where the drag began
    }

    void aCurveOverStagesTakesTheSamePlans()
    {
        Scenario s = llama(1, 2, 2, 2);
        s.formats.weights = NumberFormat::Int4;
        for (const int stages : {1, 4, 8}) {
            const CurveEdit edit = withValue(s, CurveInput::Pipeline, stages);
            QVERIFY(edit.problem.empty());
            QCOMPARE(edit.scenario.plan.decodeMicrobatches(), stages);
        }
    }

    /// Every choice of every control stays legal with the microbatches that it brings, or says why it is not.
    void choicesStayLegal()
    {
        test::Random random(20261123);
        for (int i = 0; i < 300; ++i) {
            const Scenario s = random.scenario();
            for (const PlanAxis axis : {PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data})
                for (const bool locked : {false, true})
                    for (const AxisChoice& choice : axisChoices(s.context(), s.plan, {axis, locked, partnerOf(axis)})) {
                        if (!choice.legal) // perhaps for the lock alone
                            continue;
                        QVERIFY(isLegal(s.context(), choice.plan));
                        if (choice.plan.pipeline() == s.plan.pipeline())
                            QCOMPARE(choice.plan.decodeMicrobatches(), s.plan.decodeMicrobatches());
                        else
                            QVERIFY(choice.plan.decodeMicrobatches() >= std::min(choice.plan.pipeline(), s.workload.batch));
                    }
        }
    }

    void moreDecodeMicrobatchesThanStagesAreFlagged()
    {
        const auto flagged = [](const Scenario& s) {
            const Report report = evaluate(s);
            return std::any_of(report.warnings.begin(), report.warnings.end(),
                               [](const Finding& finding) { return finding.rule == Rule::ManyMicrobatches; });
        };
        QVERIFY(!flagged(llama(8, 1, 8, 1)));
        QVERIFY(!flagged(llama(4, 2, 8, 2)));
        QVERIFY(flagged(llama(8, 1, 1, 2)));
        const Scenario s = llama(8, 1, 1, 8);
        QVERIFY(flagged(s));
        const Advice advice = advise(s, evaluate(s));
        QVERIFY2(advice.sentence.starts_with("1 decode microbatch: "), advice.sentence.c_str());
    }

    /// The case study's first question: TP over the whole switch beats two stages, at 1 % of TTFT. Asked before anything that costs latency.
    void aBetterPlanIsAdvisedBeforeALargerBatch()
    {
        const Scenario s = llama(4, 2, 8, 2);
        const Advice advice = advise(s, evaluate(s));
        QVERIFY2(advice.sentence.starts_with("TP 8 and PP 1: +"), advice.sentence.c_str());
        const Report then = evaluate(llama(8, 1, 1, 1));
        QVERIFY(advice.sentence.find("TPOT " + formatSeconds(then.serving.tpot) + ',') != std::string::npos);
        const Advice next = advise(llama(8, 1, 1, 1), then);
        QVERIFY2(next.sentence.starts_with("batch 64: "), next.sentence.c_str());
    }

    void neighboursAreLegalAndUseNoMoreThanThereIs()
    {
        test::Random random(7);
        int found = 0;
        for (int i = 0; i < 300; ++i) {
            const Scenario s = random.scenario();
            for (const PlanNeighbour& next : planNeighbours(s)) {
                QVERIFY(isLegal(s.context(), next.plan));
                QVERIFY(next.plan != s.plan);
                QVERIFY(!next.label.empty());
                const bool more = next.plan.devices() == 2 * s.plan.devices() && next.plan.devices() <= s.cluster->devices();
                QVERIFY(more || next.plan.devices() == s.plan.devices());
                ++found;
            }
        }
        QVERIFY(found > 300);
    }

    /// What is advised among plans makes neither time longer by more than 5 %, whatever the scenario.
    void advisedPlansMakeNothingMuchWorse()
    {
        test::Random random(31);
        int advised = 0;
        for (int i = 0; i < 400; ++i) {
            const Scenario s = random.scenario();
            const Report now = evaluate(s);
            if (!now.memory.fits)
                continue;
            const std::string sentence = advise(s, now).sentence;
            for (const PlanNeighbour& next : planNeighbours(s)) {
                if (!sentence.starts_with(next.label + ": "))
                    continue;
                Scenario then = s;
                then.plan = next.plan;
                const Report report = evaluate(then);
                QVERIFY(report.memory.fits);
                QVERIFY(report.serving.tpot <= now.serving.tpot * 1.0501);
                QVERIFY(report.serving.ttft <= now.serving.ttft * 1.0501);
                QVERIFY(report.serving.outputTokensPerSecond > now.serving.outputTokensPerSecond * 1.05);
                ++advised;
                break;
            }
        }
        QVERIFY2(advised > 20, qPrintable(QString::number(advised)));
    }

    /// Four of eight devices cost what eight cost; a second replica on the idle ones halves the price of a token.
    void idleDevicesArePaidFor()
    {
        Scenario s = llama(4, 1, 1, 1);
        s.formats.weights = NumberFormat::Fp8;
        const Report half = evaluate(s);
        QCOMPARE(half.serving.devices, 4.0);
        QCOMPARE(half.serving.paidDevices, 8.0);
        const double price = s.cluster->pricePerDeviceHour;
        QVERIFY(price > 0);
        const double expected = 8 * price / 3600 / half.serving.outputTokensPerSecond * 1e6;
        QVERIFY(std::abs(half.serving.costPerMillionTokens / expected - 1) < 1e-12);
        const Advice advice = advise(s, half);
        QVERIFY2(advice.sentence.starts_with("DP 2: +100 % tokens/s in all"), advice.sentence.c_str());
        s.plan[PlanAxis::Data] = 2;
        const Report both = evaluate(s);
        QVERIFY(std::abs(both.serving.costPerMillionTokens * 2 / half.serving.costPerMillionTokens - 1) < 1e-9);
    }

    /// A model published quantized is served so unless somebody says otherwise; formats that were chosen stay.
    void weightsComeAsPublished()
    {
        const auto model = [](std::string_view id) { return test::scenarioOf(id, "hgx-h200").model; };
        const std::shared_ptr<const Model> llama = model("llama-3-70b");
        const std::shared_ptr<const Model> deepSeek = model("deepseek-v3");
        const std::shared_ptr<const Model> gptOss = model("gpt-oss-120b");
        const Formats plain;
        QCOMPARE(formatsForModel(plain, *llama, *model("llama-3.1-8b")), plain);
        const Formats blocks = formatsForModel(plain, *llama, *deepSeek);
        QCOMPARE(blocks.weights, deepSeek->nativeFormats->weights);
        QCOMPARE(blocks.weights, NumberFormat::Fp8Block);
        QCOMPARE(blocks.kv, plain.kv);
        QCOMPARE(formatsForModel(blocks, *deepSeek, *llama), plain);
        const Formats experts = formatsForModel(blocks, *deepSeek, *gptOss);
        QCOMPARE(experts.of(WeightClass::Experts), NumberFormat::Mxfp4);
        QCOMPARE(experts.of(WeightClass::Attention), NumberFormat::Bf16);
        Formats chosen = plain;
        chosen.weights = NumberFormat::Int4;
        QCOMPARE(formatsForModel(chosen, *llama, *deepSeek), chosen);
    }
};

QTEST_APPLESS_MAIN(TestNextPlan)
#include "tst_nextplan.moc"
