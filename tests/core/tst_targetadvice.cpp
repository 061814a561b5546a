// SPDX-License-Identifier: Apache-2.0
// What is advised where a service misses its targets is a change that does what the sentence says.
#include "core/base/format.h"
#include "core/scenario/targetadvice.h"
#include "core/scenario/targets.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace shardlens;

namespace {

double worstOf(const Scenario& scenario, const Report& report)
{
    double worst = 0;
    for (const TargetCheck& check : checkTargets(scenario, report))
        worst = std::max(worst, check.value / check.target);
    return worst;
}

Scenario llama(int batch)
{
    Scenario s = test::scenarioOf("llama-3-70b", "p5.48xlarge");
    s.plan[PlanAxis::Tensor] = 4;
    s.plan[PlanAxis::Pipeline] = 2;
    s.workload = {batch, 2048, 256};
    s.plan[PlanAxis::DecodeMicrobatches] = std::min(2, batch);
    return s;
}

} // namespace

class TestTargetAdvice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingIsAdvisedWhereTargetsAreMet()
    {
        Scenario s = llama(32);
        Report report = evaluate(s);
        QVERIFY(adviceForTargets(s, report).sentence.empty()); // none is set
        s.targets.ttft = report.serving.ttft * 1.01;
        s.targets.tpot = report.serving.tpot * 1.01;
        QVERIFY(adviceForTargets(s, report).sentence.empty());
        s.targets.tpot = report.serving.tpot * 0.99;
        QVERIFY(!adviceForTargets(s, report).sentence.empty());
        s.workload.batch = 100'000;
        report = evaluate(s);
        QVERIFY(!report.memory.fits);
        QVERIFY(adviceForTargets(s, report).sentence.empty()); // what does not fit is mended first
    }

    /// Fewer sequences at once shorten TTFT in proportion; the largest batch that keeps the target has the most throughput.
    void aSmallerBatchMeetsTtft()
    {
        Scenario s = llama(32);
        s.formats.compute = ComputeFormat::Fp8; // so that formats have nothing left to gain
        s.formats.weights = NumberFormat::Fp8;
        s.formats.kv = NumberFormat::Fp8;
        const Report report = evaluate(s);
        s.targets.ttft = report.serving.ttft / 5;
        const TargetAdvice advice = adviceForTargets(s, report);
        QVERIFY2(advice.meets, advice.sentence.c_str());
        QVERIFY(advice.scenario);
        QVERIFY2(advice.scenario->workload.batch < 8 && advice.scenario->workload.batch >= 4, advice.sentence.c_str());
        const Report then = evaluate(*advice.scenario);
        QVERIFY(then.serving.ttft <= *s.targets.ttft);
        QVERIFY2(advice.sentence.find(formatSeconds(then.serving.ttft)) != std::string::npos, advice.sentence.c_str());
    }

    void whatCannotBeReachedSaysHowFarItIs()
    {
        Scenario s = llama(1);
        const Report report = evaluate(s);
        s.targets.tpot = 1e-6;
        const TargetAdvice advice = adviceForTargets(s, report);
        QVERIFY(!advice.meets);
        QVERIFY(!advice.sentence.empty());
        QVERIFY2(!advice.scenario || advice.sentence.find("still") != std::string::npos, advice.sentence.c_str());
    }

    void poolsGetWorkers()
    {
        Scenario s = llama(32);
        s.plan[PlanAxis::Pipeline] = 1;
        s.plan[PlanAxis::DecodeMicrobatches] = 1;
        s.serving.load.kind = LoadKind::OpenLoop;
        s.serving.load.rate = 5.5;
        ServingSettings::Pools pools;
        pools.prefill.plan = pools.decode.plan = s.plan;
        pools.prefill.workers = 1;
        pools.decode.workers = 1;
        pools.prefill.plan[PlanAxis::Tensor] = 2;
        s.serving.pools = pools;
        const Report report = evaluate(s);
        QVERIFY(report.serving.pools && report.serving.service.status == ServiceStatus::Served);
        s.targets.ttft = report.serving.pools->prefillTime * 1.5; // most of TTFT is the wait for the one worker
        QVERIFY(report.serving.ttft > *s.targets.ttft);
        const TargetAdvice advice = adviceForTargets(s, report);
        QVERIFY2(advice.meets && advice.scenario->serving.pools, advice.sentence.c_str());
        QVERIFY(worstOf(*advice.scenario, evaluate(*advice.scenario)) <= 1);
    }

    /// Whatever the scenario: a change that is said to meet the targets meets them, is legal, fits and takes no other devices; one that is
    /// said to come nearer does.
    void whatIsAdvisedHolds()
    {
        test::Random random(20);
        int met = 0;
        int nearer = 0;
        for (int i = 0; i < 400; ++i) {
            Scenario s = random.scenario();
            const Report report = evaluate(s);
            if (!report.memory.fits || !(report.serving.ttft > 0) || !(report.serving.tpot > 0))
                continue;
            if (random.chance(70))
                s.targets.ttft = std::clamp(report.serving.ttft * (0.2 + 1.2 * random.fraction()), kLeastTarget, kMostTarget);
            if (random.chance(70))
                s.targets.tpot = std::clamp(report.serving.tpot * (0.2 + 1.2 * random.fraction()), kLeastTarget, kMostTarget);
            const TargetAdvice advice = adviceForTargets(s, report);
            QCOMPARE(advice.sentence.empty(), worstOf(s, report) <= 1);
            if (!advice.scenario)
                continue;
            const Report then = evaluate(*advice.scenario);
            QVERIFY2(then.legal && then.memory.fits, advice.sentence.c_str());
            if (!s.serving.pools)
                QVERIFY(advice.scenario->plan.devices() == s.plan.devices()
                        || (advice.scenario->plan.devices() == 2 * s.plan.devices()
                            && advice.scenario->plan.devices() <= s.cluster->devices()));
            const double worst = worstOf(*advice.scenario, then);
            if (advice.meets)
                QVERIFY2(worst <= 1, advice.sentence.c_str());
            else
                QVERIFY2(worst < worstOf(s, report), advice.sentence.c_str());
            ++(advice.meets ? met : nearer);
        }
        QVERIFY(met > 30 && nearer > 10);
    }
};

QTEST_APPLESS_MAIN(TestTargetAdvice)
#include "tst_targetadvice.moc"
