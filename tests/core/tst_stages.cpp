// SPDX-License-Identifier: Apache-2.0
// Which layers a stage runs: every layer once and in order, the rules' promises, and the balanced cut against brute force.
#include "scenarios.h"

#include "core/plan/stages.h"

#include <QTest>

#include <numeric>
#include <random>

using namespace shardlens;
using shardlens::test::scenarioOf;

namespace {

Plan pipelinePlan(int stages, int visits = 1, LayerSplit split = LayerSplit::Even)
{
    Plan plan;
    plan[PlanAxis::Pipeline] = stages;
    plan.options.virtualStages = visits;
    plan.options.layerSplit = split;
    return plan;
}

/// What each block weighs, embedding and head included.
std::vector<std::int64_t> blockWeights(const Model& model, const StageLayout& layout)
{
    std::vector<std::int64_t> weights;
    for (int block = 0; block < layout.blocks(); ++block) {
        const int stage = block % layout.stages();
        const int visit = block / layout.stages();
        std::int64_t sum = 0;
        for (std::size_t kind = 0; kind < model.kinds.size(); ++kind)
            sum += layout.kindCounts(stage, visit)[kind] * splitWeight(model, model.kinds[kind]);
        if (layout.holdsEmbedding(stage, visit))
            sum += splitWeightOfEmbedding(model);
        if (layout.holdsHead(stage, visit))
            sum += splitWeightOfHead(model);
        weights.push_back(sum);
    }
    return weights;
}

std::int64_t heaviest(const Model& model, const StageLayout& layout)
{
    const std::vector<std::int64_t> weights = blockWeights(model, layout);
    return *std::max_element(weights.begin(), weights.end());
}

/// The lightest heaviest block over all cuts, by dynamic programming over (layers, blocks).
std::int64_t bestHeaviest(const Model& model, int blocks)
{
    const int layers = model.layerCount();
    std::vector<std::int64_t> sums{0};
    for (const std::uint8_t kind : model.layers)
        sums.push_back(sums.back() + splitWeight(model, model.kinds[kind]));
    const auto weight = [&](int begin, int end) {
        return sums[static_cast<std::size_t>(end)] - sums[static_cast<std::size_t>(begin)]
               + (begin == 0 ? splitWeightOfEmbedding(model) : 0) + (end == layers ? splitWeightOfHead(model) : 0);
    };
    constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> best(static_cast<std::size_t>(layers) + 1, never);
    best[0] = 0;
    for (int block = 0; block < blocks; ++block) {
        std::vector<std::int64_t> next(best.size(), never);
        for (int end = 1; end <= layers; ++end)
            for (int begin = 0; begin < end; ++begin)
                if (best[static_cast<std::size_t>(begin)] != never)
                    next[static_cast<std::size_t>(end)] =
                        std::min(next[static_cast<std::size_t>(end)], std::max(best[static_cast<std::size_t>(begin)], weight(begin, end)));
        best = std::move(next);
    }
    return best.back();
}

} // namespace

class TestStages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void evenSplitDealsTheRemainderToTheFirst()
    {
        const Model& model = *builtinCatalog().model("llama-3-70b");
        const StageLayout three = stageLayout(model, pipelinePlan(3));
        QCOMPARE(three.layers(0, 0), (IndexRange{0, 27}));
        QCOMPARE(three.layers(1, 0), (IndexRange{27, 54}));
        QCOMPARE(three.layers(2, 0), (IndexRange{54, 80}));
        QVERIFY(!three.even());
        QVERIFY(stageLayout(model, pipelinePlan(4)).even());
    }

    void interleavedVisitsTakeEveryPpthBlock()
    {
        // Megatron-LM, arXiv:2104.04473, section 2.2: 16 layers on 4 devices with 2 chunks each: device 1 has layers 1, 2 and 9, 10.
        Model model = *builtinCatalog().model("llama-3-8b");
        model.layers.resize(16);
        const StageLayout layout = stageLayout(model, pipelinePlan(4, 2));
        QCOMPARE(layout.layers(0, 0), (IndexRange{0, 2}));
        QCOMPARE(layout.layers(0, 1), (IndexRange{8, 10}));
        QCOMPARE(layout.layers(3, 1), (IndexRange{14, 16}));
        QCOMPARE(layout.layerCount(2), 4);
        QCOMPARE(layout.stageOf(0), 0);
        QCOMPARE(layout.stageOf(9), 0);
        QCOMPARE(layout.stageOf(11), 1);
        QVERIFY(layout.holdsEmbedding(0, 0) && !layout.holdsEmbedding(0, 1));
        QVERIFY(layout.holdsHead(3, 1) && !layout.holdsHead(3, 0));
        QVERIFY(layout.even());
    }

    void manualSplitIsTakenBlockByBlock()
    {
        const Model& model = *builtinCatalog().model("llama-3-70b");
        Plan plan = pipelinePlan(2, 2, LayerSplit::Manual);
        plan.options.stageLayers = {10, 20, 30, 20};
        const StageLayout layout = stageLayout(model, plan);
        QCOMPARE(layout.layers(0, 0), (IndexRange{0, 10}));
        QCOMPARE(layout.layers(1, 0), (IndexRange{10, 30}));
        QCOMPARE(layout.layers(0, 1), (IndexRange{30, 60}));
        QCOMPARE(layout.layers(1, 1), (IndexRange{60, 80}));
    }

    void balancedSplitCountsTheHead()
    {
        // Llama-3-70B: a layer weighs 855,654,400 elements, the head 1,050,681,344, so 1.23 layers. Four even stages would put 21.23 layers'
        // worth on the last; 20, 20, 21 and 19 layers make 21 the most.
        const Model& model = *builtinCatalog().model("llama-3-70b");
        QCOMPARE(splitWeight(model, model.kinds.front()), std::int64_t{855'654'400});
        QCOMPARE(splitWeightOfHead(model), std::int64_t{1'050'681'344});
        const StageLayout layout = stageLayout(model, pipelinePlan(4, 1, LayerSplit::Balanced));
        QCOMPARE(layout.layerCount(0), 20);
        QCOMPARE(layout.layerCount(1), 20);
        QCOMPARE(layout.layerCount(2), 21);
        QCOMPARE(layout.layerCount(3), 19);
    }

    void everyLayerOnceAndTheBalancedCutIsBest()
    {
        std::mt19937 random(11);
        const std::vector<std::string_view> models{"llama-3-8b", "deepseek-v3", "gpt-oss-20b", "llama-4-maverick", "gemma-2-27b"};
        int better = 0;
        for (int round = 0; round < 400; ++round) {
            Model model = *builtinCatalog().model(models[random() % models.size()]);
            model.vocabulary = 1 + static_cast<int>(random() % 400'000);
            for (std::uint8_t& kind : model.layers)
                kind = static_cast<std::uint8_t>(random() % model.kinds.size());
            const int visits = 1 + static_cast<int>(random() % 3);
            const int stages = 1 + static_cast<int>(random() % static_cast<unsigned>(model.layerCount() / visits));
            for (const LayerSplit split : {LayerSplit::Even, LayerSplit::Balanced}) {
                const StageLayout layout = stageLayout(model, pipelinePlan(stages, visits, split));
                int next = 0;
                for (int visit = 0; visit < layout.visits(); ++visit)
                    for (int stage = 0; stage < stages; ++stage) {
                        const IndexRange range = layout.layers(stage, visit);
                        QCOMPARE(range.begin, next);
                        QVERIFY(range.count() >= 1);
                        for (int layer = range.begin; layer < range.end; ++layer)
                            QCOMPARE(layout.stageOf(layer), stage);
                        const auto counts = layout.kindCounts(stage, visit);
                        QCOMPARE(std::accumulate(counts.begin(), counts.end(), 0), range.count());
                        next = range.end;
                    }
                QCOMPARE(next, model.layerCount());
            }
            const StageLayout balanced = stageLayout(model, pipelinePlan(stages, visits, LayerSplit::Balanced));
            QCOMPARE(heaviest(model, balanced), bestHeaviest(model, balanced.blocks()));
            better += heaviest(model, balanced) < heaviest(model, stageLayout(model, pipelinePlan(stages, visits))) ? 1 : 0;
        }
        QVERIFY(better > 100);
    }
};

QTEST_APPLESS_MAIN(TestStages)
#include "tst_stages.moc"
