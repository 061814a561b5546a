// SPDX-License-Identifier: Apache-2.0
// The mistakes that published calculators of this kind have made, each as a test that fails when it is made here. The figures are worked
// by hand beside them.
#include "core/scenario/scenario_file.h"
#include "scenarios.h"

#include <QTest>

#include <algorithm>
#include <numeric>

using namespace shardlens;
using shardlens::test::scenarioOf;

namespace {

bool near(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

const OperatorCost& find(const PhaseReport& phase, Op op)
{
    const auto it = std::find_if(phase.operators.begin(), phase.operators.end(), [op](const OperatorCost& cost) { return cost.op == op; });
    static const OperatorCost none;
    return it == phase.operators.end() ? none : *it;
}

/// Llama-3-70B in bf16 on Trainium2: 64 cores, eight KV heads.
Scenario llama(int tensor, int batch = 16)
{
    Scenario s = scenarioOf("llama-3-70b", "trn2.48xlarge");
    s.plan[PlanAxis::Tensor] = tensor;
    s.workload = {batch, 1000, 200};
    return s;
}

GroupSpan switchOf(int devices, double bandwidth, double latency)
{
    Cluster cluster;
    FabricLevel level;
    level.extents = {devices};
    level.bandwidth = bandwidth;
    level.latency = latency;
    cluster.levels = {level};
    return {cluster, {1, devices}};
}

} // namespace

class TestTraps : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void kvHeadsFlooredToZero()
    {
        // 8 KV heads over TP 64: one head on each device, eight copies; never 8 / 64 = 0 bytes.
        const Report r = evaluate(llama(64));
        QCOMPARE(r.memory.kvPerTokenPerDevice, Bytes{2 * 80 * 128 * 2});
        QCOMPARE(r.memory.kvReplication, 8.0);
    }

    void pipelineDividesALatency()
    {
        Scenario s = llama(8, 1);
        double prefill = 0;
        double decode = 0;
        for (const int stages : {1, 2, 4, 8}) {
            s.plan[PlanAxis::Pipeline] = stages;
            const Report r = evaluate(s);
            QVERIFY(r.legal);
            QVERIFY2(r.prefill.time >= prefill * (1 - 1e-12) && r.decode.time >= decode * (1 - 1e-12), qPrintable(QString::number(stages)));
            prefill = r.prefill.time;
            decode = r.decode.time;
        }
    }

    void pipelineThroughputWithoutBubble()
    {
        // One microbatch on four stages: three of four stages idle, so four times the devices serve no faster than one stage group.
        Scenario s = llama(8, 64);
        const Report one = evaluate(s);
        s.plan[PlanAxis::Pipeline] = 4;
        const Report four = evaluate(s);
        QVERIFY(four.serving.decodeTokensPerSecond <= one.serving.decodeTokensPerSecond * (1 + 1e-9));
        QVERIFY(near(four.decode.timeline.idleFraction, 0.75, 0.02));
    }

    void bubbleOrMicrobatchDividedTwice()
    {
        // p = 4 and m = 4: seven slots of one stage with a quarter of the batch, no more and no fewer.
        Scenario s = llama(8, 64);
        s.plan[PlanAxis::Pipeline] = 4;
        s.plan[PlanAxis::PrefillMicrobatches] = 4;
        const Report r = evaluate(s);
        double least = 1e300;
        double most = 0;
        for (int stage = 0; stage < 4; ++stage) {
            const StageCost& cost = r.prefill.costOf(stage, 0);
            least = std::min(least, cost.busy());
            most = std::max(most, cost.busy() + cost.send);
        }
        QVERIFY(r.prefill.time >= 7 * least * (1 - 1e-9) && r.prefill.time <= 7 * most * (1 + 1e-9));
        // A stage's piece is a quarter of the batch: a quarter of what it takes for all of it, or more where weights bound it.
        s.plan[PlanAxis::PrefillMicrobatches] = 1;
        QVERIFY(evaluate(s).prefill.costOf(1, 0).busy() <= 4 * r.prefill.costOf(1, 0).busy() * (1 + 1e-9));
        QVERIFY(evaluate(s).prefill.costOf(1, 0).busy() >= 3 * r.prefill.costOf(1, 0).busy());
    }

    void decodeReadsOnlyTheTopExperts()
    {
        // Mixtral: 8 experts, 2 per token. One token reads 2; 256 tokens read 8 (1 - 0.75^256 is 1).
        Scenario s = scenarioOf("mixtral-8x7b", "p5.48xlarge");
        const double expert = 4096.0 * 2 * 14336 * 2; // gate and up, bf16
        s.workload = {1, 1000, 2};
        QVERIFY(near(find(evaluate(s).decode, Op::ExpertUp).weightBytes, 2 * expert));
        s.workload.batch = 256;
        QVERIFY(near(find(evaluate(s).decode, Op::ExpertUp).weightBytes, 8 * expert, 1e-9));
    }

    void kvReadTwiceInAStep()
    {
        const Scenario s = llama(1, 4);
        const Report r = evaluate(s);
        const double read = find(r.decode, Op::AttentionScores).kvBytes + find(r.decode, Op::AttentionValues).kvBytes;
        QVERIFY(near(80 * read, 4.0 * static_cast<double>(s.workload.meanContext()) * 327680));
    }

    void headWithoutItsFactorTwo() { QVERIFY(near(find(evaluate(llama(1, 3)).decode, Op::LmHead).flop, 2.0 * 3 * 8192 * 128256)); }

    void headForEveryPromptPosition() { QVERIFY(near(find(evaluate(llama(1, 3)).prefill, Op::LmHead).flop, 2.0 * 3 * 8192 * 128256)); }

    void queriesChargedAtKvHeads()
    {
        // 64 query heads against 1,100 keys, although there are 8 KV heads.
        QVERIFY(near(find(evaluate(llama(1, 3)).decode, Op::AttentionScores).flop, 2.0 * 3 * 64 * 128 * 1100));
    }

    void fusedAttentionWritesScores()
    {
        Scenario s = llama(1, 1);
        s.workload.input = 4096;
        const Report r = evaluate(s);
        // Q in and O out, and nothing that grows with the square of the prompt.
        const double moved = find(r.prefill, Op::AttentionScores).activationBytes + find(r.prefill, Op::AttentionValues).activationBytes;
        QVERIFY(near(moved, 2.0 * 4096 * 64 * 128 * 2));
    }

    void binaryUnitsInABandwidth()
    {
        // 8,192 x 10,240 bf16 weights over 3.35e12 B/s: a GiB per s would be 7.4 % off.
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        QCOMPARE(s.cluster->accelerator.memoryBandwidth, 3.35e12);
        const OperatorCost qkv = find(evaluate(s).decode, Op::QkvProjection);
        QVERIFY(near(qkv.memoryTime * 3.35e12, qkv.weightBytes + qkv.activationBytes + qkv.kvBytes));
        QVERIFY(near(qkv.weightBytes, 8192.0 * 10240 * 2));
    }

    void sparsePeaks()
    {
        // Data sheets print twice these for NVIDIA cards, "with sparsity".
        const auto bf16 = [](const char* id) { return builtinCatalog().accelerator(id)->peakOf(ComputeFormat::Bf16) / 1e12; };
        QVERIFY(near(bf16("h100-sxm"), 989.4, 1e-3));
        QVERIFY(near(bf16("h100-pcie"), 756, 2e-3));
        QVERIFY(near(bf16("h100-nvl"), 835, 2e-3));
        QVERIFY(near(bf16("l4"), 121, 1e-2));
        QVERIFY(near(bf16("b200-sxm"), 2250, 1e-2));
    }

    void teraAsAPowerOfTwo()
    {
        const double peak = builtinCatalog().accelerator("h100-sxm")->peakOf(ComputeFormat::Bf16);
        QVERIFY(near(peak, 989.4e12, 1e-3));
        QVERIFY(peak < 989.0 * (1LL << 40) * 0.95);
    }

    void nodeLinkUsedByEachDevice()
    {
        // p5.48xlarge: 3,200 Gb/s of EFA are shared by eight devices.
        const Cluster& p5 = *builtinCatalog().cluster("p5.48xlarge");
        QVERIFY(near(p5.levels.back().bandwidth, 3200e9 / 8 / 8));
    }

    void latencyOrTransferInsteadOfTheirSum()
    {
        const GroupSpan span = switchOf(8, 1e9, 1e-3);
        for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter, Collective::AllToAll}) {
            const CollectiveCost cost = span.cost(kind, 1e6);
            QVERIFY(cost.latencyTime >= 1e-3 * (1 - 1e-12) && cost.transferTime > 0);
            QVERIFY(near(cost.time, cost.latencyTime + cost.transferTime));
        }
    }

    void exchangeWithItself()
    {
        // A device keeps its own eighth: 7/8 of 8 MB leave over 1 GB/s.
        QVERIFY(near(switchOf(8, 1e9, 0).cost(Collective::AllToAll, 8e6).time, 7e-3));
    }

    void fullClustersSkipped()
    {
        Scenario s = llama(64);
        QCOMPARE(s.plan.devices(), std::int64_t{s.cluster->devices()});
        QVERIFY(isLegal(s.context(), s.plan));
        const Report r = evaluate(s);
        QVERIFY(std::none_of(r.warnings.begin(), r.warnings.end(), [](const Finding& f) { return f.rule == Rule::IdleDevices; }));
    }

    void windowChargedAtFullLength()
    {
        // Mistral-7B v0.1 keeps 4,096 of 20,001 tokens in every layer.
        Scenario s = scenarioOf("mistral-7b-v0.1", "p5.48xlarge");
        s.workload = {1, 20'000, 1};
        s.reserve = 0;
        const Report r = evaluate(s);
        QVERIFY(r.legal);
        QCOMPARE(r.memory.limiting().kv, Bytes{32} * 2 * 8 * 128 * 2 * 4096);
        const double read = find(r.decode, Op::AttentionScores).kvBytes + find(r.decode, Op::AttentionValues).kvBytes;
        QVERIFY(near(read, 4096.0 * 2 * 8 * 128 * 2));
    }

    void embeddingAndHeadLeftOut()
    {
        Scenario s = llama(1);
        s.reserve = 0;
        const DeviceMemory memory = evaluate(s).memory.limiting();
        QCOMPARE(memory.embeddingWeights, Bytes{128256} * 8192 * 2);
        QCOMPARE(memory.headWeights, Bytes{128256} * 8192 * 2);
        QCOMPARE(memory.weights(), Bytes{70'553'706'496} * 2);
    }

    void headSizeAssumed()
    {
        // Qwen3-0.6B: 16 heads of 128 on a hidden size of 1,024, not 64 each.
        const Report r = evaluate(scenarioOf("qwen3-0.6b", "p5.48xlarge"));
        QCOMPARE(find(r.decode, Op::QkvProjection).global.n, std::int64_t{(16 + 2 * 8) * 128});
    }

    void missingFieldDefaulted_data()
    {
        QTest::addColumn<QByteArray>("field");
        for (const char* field : {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"})
            QTest::newRow(field) << QByteArray(field);
    }
    void missingFieldDefaulted()
    {
        QFETCH(QByteArray, field);
        const QByteArray whole = R"({"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
            "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "tie_word_embeddings": false})";
        QVERIFY(parseHuggingFaceConfig(whole.toStdString(), "config.json").ok());
        QByteArray without = whole;
        without.replace(QByteArray('"' + field + '"'), "\"unrelated_note\"");
        const auto imported = parseHuggingFaceConfig(without.toStdString(), "config.json");
        QVERIFY(!imported.ok());
        QVERIFY2(imported.error().sentence().find(field.toStdString()) != std::string::npos, imported.error().sentence().c_str());
    }

    void infeasiblePlanAnswered()
    {
        // Illegal: sentences and no figure. Too large: figures with the verdict that it does not fit.
        const Report illegal = evaluate(llama(6));
        QVERIFY(!illegal.legal && !illegal.violations.empty());
        QCOMPARE(illegal.serving.tpot, 0.0);
        QVERIFY(illegal.decode.operators.empty());
        const Report full = evaluate(llama(1));
        QVERIFY(full.legal && !full.memory.fits && full.memory.free() < 0);
    }
};

QTEST_APPLESS_MAIN(TestTraps)
#include "tst_traps.moc"
