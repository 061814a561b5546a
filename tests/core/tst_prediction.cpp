// SPDX-License-Identifier: Apache-2.0
// Layers of multi-token prediction: what they hold on the last stage once loaded, and what a draft step takes.
#include "core/cost/operators.h"
#include "core/model/parameters.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/report_json.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

using namespace shardlens;

namespace {

/// Hidden 1,024; eight query heads, two KV heads of 64; gated MLP of 4,096. Two layers and one of prediction.
Model small()
{
    Model m;
    m.id = "small";
    m.name = "Small";
    m.hidden = 1024;
    m.vocabulary = 32'000;
    LayerKind kind;
    kind.attention.queryHeads = 8;
    kind.attention.kvHeads = 2;
    kind.attention.headDim = 64;
    kind.feedForward.intermediate = 4096;
    m.kinds = {kind};
    m.layers = {0, 0};
    m.prediction = {1, 0, false};
    return m;
}

Plan loading()
{
    Plan plan;
    plan.options.prediction = PredictionUse::Load;
    return plan;
}

StepModel stepOf(const Model& model, const Plan& plan)
{
    static const Cluster cluster = *builtinCatalog().cluster("p5.48xlarge");
    return StepModel(model, cluster, {}, plan, {});
}

std::vector<OperatorCost> draft(const StepModel& step, const StepTokens& tokens)
{
    std::vector<OperatorCost> rows;
    step.predictionOperators(tokens, rows);
    return rows;
}

double timeOf(const std::vector<OperatorCost>& rows)
{
    double sum = 0;
    for (const OperatorCost& row : rows)
        sum += row.time;
    return sum;
}

Scenario deepSeek()
{
    Scenario s = test::scenarioOf("deepseek-v3", "p5.48xlarge");
    s.formats.weights = NumberFormat::Fp8;
    s.plan[PlanAxis::Tensor] = 8;
    s.reserve = Bytes{0};
    return s;
}

MemoryReport memoryOf(const Scenario& s)
{
    return shardlens::memoryOf(s.context(), s.plan, s.reserve);
}

} // namespace

class TestPrediction : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void draftStepByHand()
    {
        const Model model = small();
        const StepModel step = stepOf(model, loading());
        const StepTokens tokens{4, 1, 100, true, true};
        const std::vector<OperatorCost> rows = draft(step, tokens);
        std::vector<OperatorCost> layer;
        step.layerOperators(0, tokens, layer);
        std::vector<OperatorCost> head;
        step.headOperators(tokens, head);
        QCOMPARE(rows.size(), 3 + layer.size() + head.size());
        QCOMPARE(rows[0].op, Op::Embedding);
        QCOMPARE(rows[1].op, Op::PredictionNorm);
        QCOMPARE(rows[1].weightBytes, 2.0 * 1024 * 2);
        // Four rows of 2 x 1,024 times 2,048 x 1,024 in bf16.
        const OperatorCost& projection = rows[2];
        QCOMPARE(projection.op, Op::PredictionProjection);
        QCOMPARE(projection.flop, 2.0 * 4 * 2048 * 1024);
        QCOMPARE(projection.weightBytes, 2.0 * 2048 * 1024);
        QCOMPARE(projection.activationBytes, 2.0 * 4 * (2048 + 1024));
        const double bandwidth = step.cluster().accelerator.memoryBandwidth;
        QVERIFY(std::abs(projection.time * bandwidth - (2.0 * 2048 * 1024 + 2.0 * 4 * 3072)) < 1e-6);
        for (std::size_t i = 0; i < layer.size(); ++i)
            QVERIFY(rows[3 + i].op == layer[i].op && rows[3 + i].time == layer[i].time && rows[3 + i].kind == 0);
        for (std::size_t i = 0; i < head.size(); ++i)
            QVERIFY(rows[3 + layer.size() + i].op == head[i].op && rows[3 + layer.size() + i].time == head[i].time);
        QVERIFY(std::abs(step.predictionTime(tokens) - timeOf(rows)) <= 1e-12 * timeOf(rows));
        QCOMPARE(notation(projection, step.plan()), std::string("x[T, D'] . WP[D', D] -> y[T, D]"));
    }

    void nothingUnlessLoaded()
    {
        const Model model = small();
        const StepTokens tokens{4, 1, 100, true, true};
        QVERIFY(draft(stepOf(model, {}), tokens).empty());
        QCOMPARE(stepOf(model, {}).predictionTime(tokens), 0.0);
        Model without = small();
        without.prediction = {};
        QVERIFY(draft(stepOf(without, loading()), tokens).empty());
        QCOMPARE(stepOf(without, loading()).predictionTime(tokens), 0.0);
    }

    void promptsFillItsCacheWithoutTheHead()
    {
        const Model model = small();
        const StepModel step = stepOf(model, loading());
        const auto has = [](const std::vector<OperatorCost>& rows, Op op) {
            return std::any_of(rows.begin(), rows.end(), [op](const OperatorCost& row) { return row.op == op; });
        };
        const StepTokens first{2, 500, 0, false, false};
        const StepTokens last{2, 500, 500, false, true};
        QVERIFY(!has(draft(step, first), Op::LmHead) && has(draft(step, last), Op::LmHead));
        QCOMPARE(draft(step, first)[2].flop, 2.0 * 1000 * 2048 * 1024);
        QVERIFY(std::abs(step.predictionTime(first) - timeOf(draft(step, first))) <= 1e-12 * timeOf(draft(step, first)));
    }

    /// A draft runs inside an engine step, whose time on the host it does not take again; its kernels are launched like others.
    void draftsAreLaunched()
    {
        const Model model = small();
        const StepTokens tokens{4, 1, 100, true, true};
        StepConstants constants;
        constants.step = 1e-3;
        constants.elementwise = 2e-6;
        constants.of(KernelClass::Matrix, KernelFormat::Bits16).launch = 3e-6;
        const Cluster cluster = *builtinCatalog().cluster("p5.48xlarge");
        const StepModel ideal(model, cluster, {}, loading(), {});
        const StepModel real(model, cluster, {}, loading(), {}, StepDetail::Rows, constants);
        // Norms: two before the layer (one row), two in it, one before the head. Matrices: projection, QKV, O, two of the MLP, head.
        const double expected = ideal.predictionTime(tokens) + 4 * 2e-6 + 6 * 3e-6;
        QVERIFY(std::abs(real.predictionTime(tokens) - expected) < 1e-12);
    }

    void shardedNormsProjectTheirShare()
    {
        const Model model = small();
        Plan plan = loading();
        plan[PlanAxis::Tensor] = 2;
        const StepTokens tokens{4, 1, 100, true, true};
        QCOMPARE(draft(stepOf(model, plan), tokens)[2].local.m, std::int64_t{4});
        plan.options.shardedNorms = true;
        const OperatorCost projection = draft(stepOf(model, plan), tokens)[2];
        QCOMPARE(projection.local.m, std::int64_t{2});
        QCOMPARE(projection.weightBytes, 2.0 * 2048 * 1024); // whole all the same
    }

    /// The time is that of the rows, for every plan.
    void timeIsThatOfItsRows()
    {
        test::Random random(31);
        int loaded = 0;
        for (int round = 0; round < 1000; ++round) {
            const Scenario s = random.scenario();
            const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing);
            const bool decode = random.chance(50);
            const StepTokens tokens{random.between(1, 64), decode ? 1 : random.between(1, 900), random.between(1, 900), decode,
                                    random.chance(50)};
            const std::vector<OperatorCost> rows = draft(step, tokens);
            QCOMPARE(rows.empty(), !step.loadsPrediction());
            loaded += rows.empty() ? 0 : 1;
            QVERIFY(std::abs(step.predictionTime(tokens) - timeOf(rows)) <= 1e-12 * timeOf(rows));
        }
        QVERIFY(loaded > 50);
    }

    void memoryOfDeepSeek()
    {
        Scenario s = deepSeek();
        s.formats.weights = NumberFormat::Bf16;
        s.plan = {};
        const DeviceMemory before = memoryOf(s).limiting();
        s.plan.options.prediction = PredictionUse::Load;
        const DeviceMemory after = memoryOf(s).limiting();
        // On one device in bf16: every parameter of the layer, 2 bytes each. The embedding is there already.
        QCOMPARE(after.weights() - before.weights(), 2 * predictionLayer(*s.model));
        QCOMPARE(after.predictionWeights, memoryOf(s).predictionWeights);
        // Its cache: a 62nd layer of 512 + 64 values.
        QCOMPARE(after.kv * 61, before.kv * 62);
        QCOMPARE(after.kv - before.kv, Bytes{2500} * 576 * 2);
    }

    void onTheLastStageOnly()
    {
        Scenario s = deepSeek();
        s.plan[PlanAxis::Pipeline] = 4;
        const MemoryReport off = memoryOf(s);
        s.plan.options.prediction = PredictionUse::Load;
        const MemoryReport on = memoryOf(s);
        for (std::size_t stage = 0; stage < 3; ++stage) {
            QCOMPARE(on.stages[stage].total(), off.stages[stage].total());
            QCOMPARE(on.stages[stage].predictionWeights, Bytes{0});
        }
        QCOMPARE(on.stages[3].weights() - off.stages[3].weights(), on.predictionWeights);
        QCOMPARE(on.predictionWeights, off.predictionWeights);
        // With the embedding on another stage, its table is among it: an eighth of 129,280 rows in fp8.
        Model tied = *s.model;
        tied.tiedEmbedding = true; // the head's table serves
        s.model = std::make_shared<Model>(tied);
        QCOMPARE(on.predictionWeights - memoryOf(s).predictionWeights, Bytes{129'280} / 8 * 7168);
    }

    void projectionWidensThePeak()
    {
        // A narrow layer: 2 x 1,024 values side by side and the projection's 1,024 are its widest moment.
        Scenario s = test::scenarioOf("llama-3-8b", "p5.48xlarge");
        Model model = small();
        model.kinds[0].feedForward.intermediate = 64;
        s.model = std::make_shared<Model>(model);
        s.workload = {1, 1000, 2};
        const Bytes attention = Bytes{1000} * (2 * 8 + 2 * 2) * 64 * 2;
        const Bytes projection = Bytes{1000} * 3 * 1024 * 2;
        QVERIFY(projection > attention);
        const Bytes before = memoryOf(s).limiting().activations;
        s.plan.options.prediction = PredictionUse::Load;
        QCOMPARE(memoryOf(s).limiting().activations - before, projection - attention);
    }

    void reported()
    {
        Scenario s = deepSeek();
        QVERIFY(evaluate(s).decode.predictionOperators.empty());
        QVERIFY(printReportDetails(s, evaluate(s)).find("mtp_proj") == std::string::npos);
        s.plan.options.prediction = PredictionUse::Load;
        const Report report = evaluate(s);
        const Report without = evaluate(deepSeek());
        QCOMPARE(report.serving.tpot, without.serving.tpot); // nobody drafts
        QCOMPARE(report.serving.ttft, without.serving.ttft);
        QVERIFY(report.decode.predictionTime > 0 && report.decode.predictionTime < report.decode.time / 10);
        const std::string text = printReportDetails(s, report);
        QVERIFY(text.find("Prediction layer, one draft step: ") != std::string::npos);
        QVERIFY(text.find("mtp_norm") != std::string::npos && text.find("mtp_proj") != std::string::npos);
        // Operators of both kinds of layer have the same names: their kind is said.
        QVERIFY(text.find("Layers of kind 0 (3 of 61 layers: latent attention; MLP of 18,432)") != std::string::npos);
        QVERIFY(text.find("Layers of kind 1 (58 of 61 layers: latent attention; 256 experts)") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestPrediction)
#include "tst_prediction.moc"
