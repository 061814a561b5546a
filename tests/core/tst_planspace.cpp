// SPDX-License-Identifier: Apache-2.0
// The plans that a search walks through are those that evaluate() accepts: no more and no less, by trying every value of every axis.
#include "randomscenario.h"

#include "core/hardware/resize.h"
#include "core/scenario/evaluate.h"
#include "core/search/planspace.h"

#include <QTest>

using namespace shardlens;

namespace {

/// Every plan of a device count by brute force, in the order that forEachPlan() states.
std::vector<Plan> allByTrying(const Scenario& s, int devices, DeviceUse use)
{
    std::vector<Plan> plans;
    Scenario trial = s;
    Plan& plan = trial.plan;
    plan.values.fill(1);
    Report report;
    for (plan[PlanAxis::Tensor] = 1; plan.tensor() <= devices; ++plan[PlanAxis::Tensor])
        for (plan[PlanAxis::Sequence] = 1; plan.sequence() <= devices; ++plan[PlanAxis::Sequence])
            for (plan[PlanAxis::AttentionData] = 1; plan.attentionData() <= devices; ++plan[PlanAxis::AttentionData])
                for (plan[PlanAxis::Expert] = 1; plan.expert() <= devices; ++plan[PlanAxis::Expert])
                    for (plan[PlanAxis::Pipeline] = 1; plan.pipeline() <= devices; ++plan[PlanAxis::Pipeline])
                        for (plan[PlanAxis::Data] = 1; plan.data() <= devices; ++plan[PlanAxis::Data]) {
                            const std::int64_t used = plan.devices();
                            if (use == DeviceUse::All ? used != devices : used > devices)
                                continue;
                            plan[PlanAxis::PrefillMicrobatches] =
                                plan.options.virtualStages > 1 && plan.pipeline() > 1 ? plan.pipeline() : 1;
                            evaluate(trial, report);
                            if (report.legal)
                                plans.push_back(plan);
                        }
    return plans;
}

std::vector<Plan> allByWalking(const Scenario& s, int devices, DeviceUse use)
{
    std::vector<Plan> plans;
    forEachPlan(s.context(), devices, use, s.plan.options, [&plans](const Plan& plan) { plans.push_back(plan); });
    return plans;
}

} // namespace

class TestPlanSpace : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void containsWhatEvaluateAccepts_data()
    {
        QTest::addColumn<int>("devices");
        for (const int devices : {1, 2, 3, 4, 6, 8, 12})
            QTest::addRow("%d devices", devices) << devices;
    }
    void containsWhatEvaluateAccepts()
    {
        QFETCH(int, devices);
        test::Random random(static_cast<unsigned>(devices));
        int found = 0;
        for (int round = 0; round < 6; ++round) {
            Scenario s = random.scenario();
            for (const DeviceUse use : {DeviceUse::All, DeviceUse::AtMost}) {
                const std::vector<Plan> expected = allByTrying(s, devices, use);
                const std::vector<Plan> walked = allByWalking(s, devices, use);
                QCOMPARE(walked.size(), expected.size());
                QVERIFY(walked == expected);
                found += static_cast<int>(walked.size());
            }
        }
        QVERIFY(found >= 6);
    }

    /// Four stages by hand, and interleaved ones: the plans with the stages that such options suit.
    void optionsOfStages()
    {
        test::Random random(4);
        Scenario s = random.scenario();
        s.model = builtinCatalog().model("llama-3-70b");
        s.cluster = builtinCatalog().cluster("p5.48xlarge");
        QVERIFY(s.model && s.cluster);
        s.formats = {};
        s.workload = {64, 1024, 64, {}};
        s.plan.options = {};
        s.plan.options.layerSplit = LayerSplit::Manual;
        s.plan.options.stageLayers = {19, 20, 20, 21};
        const auto hasStages = [](const std::vector<Plan>& plans, int stages) {
            return std::any_of(plans.begin(), plans.end(), [stages](const Plan& plan) { return plan.pipeline() == stages; });
        };
        std::vector<Plan> plans = allByWalking(s, 8, DeviceUse::All);
        QVERIFY(plans == allByTrying(s, 8, DeviceUse::All));
        QVERIFY(hasStages(plans, 1) && !hasStages(plans, 2) && hasStages(plans, 4) && !hasStages(plans, 8));
        s.plan.options = {};
        s.plan.options.virtualStages = 2;
        plans = allByWalking(s, 8, DeviceUse::All);
        QVERIFY(plans == allByTrying(s, 8, DeviceUse::All));
        QVERIFY(hasStages(plans, 1) && hasStages(plans, 8));
    }

    void fewTokensAndSequencesLimitAxes()
    {
        test::Random random(1);
        Scenario s = random.scenario();
        s.model = builtinCatalog().model("deepseek-v3");
        s.cluster = builtinCatalog().cluster("p5.48xlarge");
        QVERIFY(s.model && s.cluster);
        s.formats = {};
        s.plan.options = {};
        s.workload.input = 2;
        s.workload.batch = 3;
        const std::vector<Plan> plans = allByWalking(s, 8, DeviceUse::AtMost);
        QVERIFY(plans == allByTrying(s, 8, DeviceUse::AtMost));
        for (const Plan& plan : plans) {
            QVERIFY(plan.sequence() <= 2);
            QVERIFY(plan.attentionData() <= 3);
        }
        QVERIFY(std::any_of(plans.begin(), plans.end(), [](const Plan& plan) { return plan.sequence() == 2; }));
        QVERIFY(std::any_of(plans.begin(), plans.end(), [](const Plan& plan) { return plan.attentionData() == 3; }));
    }

    void nothingOnMoreDevicesThanThereAre()
    {
        test::Random random(2);
        const Scenario s = random.scenario();
        QVERIFY(allByWalking(s, s.cluster->devices() + 1, DeviceUse::All).empty());
        QCOMPARE(allByWalking(s, s.cluster->devices() + 1, DeviceUse::AtMost).size(),
                 allByWalking(s, s.cluster->devices(), DeviceUse::AtMost).size());
    }
};

QTEST_GUILESS_MAIN(TestPlanSpace)
#include "tst_planspace.moc"
