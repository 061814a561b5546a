// SPDX-License-Identifier: Apache-2.0
// What is said of options, routing and formats: nothing when they are as usual, each difference once.
#include "core/plan/optionnames.h"
#include "core/scenario/catalog.h"

#include <QtTest>

using namespace shardlens;

class TestOptionNames : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void usualIsSilent()
    {
        QCOMPARE(describe(PlanOptions{}), std::string());
        QCOMPARE(describe(Routing{}), std::string());
        QCOMPARE(describe(Formats{}), std::string("weights bf16, KV bf16, compute bf16"));
    }

    void everyDifferenceIsSaid()
    {
        PlanOptions options;
        options.fusedAttention = false;
        options.sequenceExchange = SequenceExchange::Ring;
        options.shardedNorms = true;
        options.expertExchange = ExpertExchange::AllToAll;
        options.sharedExperts = SharedExpertPlace::Replicated;
        options.redundantExperts = 1;
        options.sends = SendMode::Synchronous;
        options.overlap = 0.25;
        options.virtualStages = 2;
        options.layerSplit = LayerSplit::Manual;
        options.stageLayers = {10, 12, 10};
        std::swap(options.order[0], options.order[3]);
        QCOMPARE(describe(options),
                 std::string("unfused attention, ring attention, norms sharded over TP, experts by all-to-all, shared experts on every "
                             "device, 1 redundant expert, synchronous sends, 25 % of collectives hidden, 2 virtual stages, layers "
                             "10+12+10, axes, innermost first, PP SP attention DP TP DP"));
        options = {};
        options.layerSplit = LayerSplit::Manual;
        options.stageLayers.assign(1000, 1);
        QCOMPARE(describe(options), std::string("layers 1+1+1+1+1+1+1+1+... (1,000 stages)"));
        Routing routing;
        routing.powerLaw = 0.5;
        routing.capacityFactor = 1.25;
        QCOMPARE(describe(routing), std::string("power law 0.5, capacity factor 1.25, dropped beyond it"));
        routing.dropOverflow = false;
        QCOMPARE(describe(routing), std::string("power law 0.5, capacity factor 1.25, moved on beyond it"));
        Formats formats;
        formats.own[static_cast<std::size_t>(WeightClass::Experts)] = NumberFormat::Mxfp4;
        formats.own[static_cast<std::size_t>(WeightClass::Embedding)] = NumberFormat::Fp16;
        QCOMPARE(describe(formats), std::string("weights bf16 (experts mxfp4, embedding fp16), KV bf16, compute bf16"));
    }

    void useAndEffect()
    {
        const Model& dense = *builtinCatalog().model("llama-3-70b");
        const Model& mixture = *builtinCatalog().model("mixtral-8x7b");
        const Model& shared = *builtinCatalog().model("deepseek-v3");
        for (const PlanOption option : {PlanOption::ExpertExchange, PlanOption::RedundantExperts, PlanOption::PowerLaw,
                                        PlanOption::Capacity, PlanOption::ExpertFormat}) {
            QCOMPARE(whyNoUse(option, dense), std::string("Llama-3-70B has no experts."));
            QCOMPARE(whyNoUse(option, mixture), std::string());
        }
        QCOMPARE(whyNoUse(PlanOption::SharedExperts, mixture), mixture.name + " has no shared experts.");
        QCOMPARE(whyNoUse(PlanOption::SharedExperts, shared), std::string());
        QCOMPARE(whyNoUse(PlanOption::Prediction, dense), std::string("Llama-3-70B has no layers of multi-token prediction."));
        QCOMPARE(whyNoUse(PlanOption::MlpFormat, mixture), mixture.name + " has neither dense MLPs nor shared experts.");
        QCOMPARE(whyNoUse(PlanOption::MlpFormat, shared), std::string());
        for (std::size_t i = 0; i < kPlanOptionCount; ++i)
            QCOMPARE(whyNoUse(static_cast<PlanOption>(i), shared), std::string());
        Plan plan;
        QCOMPARE(whyNoEffect(PlanOption::Sends, plan), std::string("No effect while PP is 1."));
        QCOMPARE(whyNoEffect(PlanOption::Attention, plan), std::string());
        for (const PlanAxis axis : {PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Sequence, PlanAxis::Expert})
            plan[axis] = 2;
        for (std::size_t i = 0; i < kPlanOptionCount; ++i)
            QCOMPARE(whyNoEffect(static_cast<PlanOption>(i), plan), std::string());
    }

    void axesHaveWords()
    {
        for (const MeshAxis axis : kDefaultOrder)
            QVERIFY(!wordOf(kMeshAxisWords, axis).empty());
        QCOMPARE(planAxisOf(MeshAxis::AttentionData), PlanAxis::AttentionData);
        QCOMPARE(planAxisOf(MeshAxis::Data), PlanAxis::Data);
    }
};

QTEST_APPLESS_MAIN(TestOptionNames)
#include "tst_optionnames.moc"
