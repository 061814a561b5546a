// SPDX-License-Identifier: Apache-2.0
// Numbers that published arithmetic and hand calculation fix: the Llama-3-70B case study and worked problems of the JAX scaling book
// ("How to Scale Your Model", chapters "All About Rooflines", "Sharded Matrices", "Transformer Inference", "Serving LLaMA 3-70B").
#include "core/collective/collective.h"
#include "core/model/parameters.h"
#include "scenarios.h"

#include <QTest>

using namespace shardlens;
using shardlens::test::caseStudy;
using shardlens::test::scenarioOf;

namespace {

constexpr Bytes kGiBytes = Bytes{1} << 30;

bool near(double value, double wanted, double tolerance)
{
    return std::abs(value - wanted) <= tolerance * std::abs(wanted);
}

} // namespace

class TestCaseStudy : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parameters()
    {
        const auto model = builtinCatalog().model("llama-3-70b");
        QVERIFY(model);
        QCOMPARE(countParameters(*model).total, std::int64_t{70'553'706'496});
        Scenario s = caseStudy("p5.48xlarge", 1, 1, 160 * kGiBytes);
        QCOMPARE(evaluate(s).memory.limiting().weights(), Bytes{141'107'412'992});
    }

    void capacity_data()
    {
        QTest::addColumn<QString>("cluster");
        QTest::addColumn<int>("tensor");
        QTest::addColumn<int>("data");
        QTest::addColumn<qint64>("gib");
        QTest::addColumn<double>("weightsGiB");
        QTest::addColumn<qint64>("kvPerToken");
        QTest::addColumn<qint64>("tokens");
        QTest::addColumn<qint64>("batch");
        QTest::newRow("H100 TP8") << "p5.48xlarge" << 8 << 1 << qint64{80} << 16.429 << qint64{40'960} << qint64{1'666'470} << qint64{666};
        QTest::newRow("H100 TP4 DP2") << "p5.48xlarge" << 4 << 2 << qint64{80} << 32.856 << qint64{81'920} << qint64{617'926}
                                      << qint64{247};
        QTest::newRow("trn2 TP64") << "trn2.48xlarge" << 64 << 1 << qint64{24} << 2.329 << qint64{40'960} << qint64{568'086} << qint64{227};
        QTest::newRow("trn2 TP8 DP8") << "trn2.48xlarge" << 8 << 8 << qint64{24} << 16.429 << qint64{40'960} << qint64{198'463}
                                      << qint64{79};
    }
    void capacity()
    {
        QFETCH(QString, cluster);
        QFETCH(int, tensor);
        QFETCH(int, data);
        QFETCH(qint64, gib);
        QFETCH(double, weightsGiB);
        QFETCH(qint64, kvPerToken);
        QFETCH(qint64, tokens);
        QFETCH(qint64, batch);
        Scenario s = caseStudy(cluster.toStdString(), tensor, data, gib * kGiBytes);
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        QVERIFY2(std::abs(static_cast<double>(report.memory.limiting().weights()) / kGiB - weightsGiB) < 0.0005,
                 qPrintable(QString::number(static_cast<double>(report.memory.limiting().weights()) / kGiB)));
        QCOMPARE(report.memory.kvPerTokenPerDevice, Bytes{kvPerToken});
        QCOMPARE(report.memory.maxTokensPerReplica, std::int64_t{tokens});
        QCOMPARE(report.memory.maxBatchPerReplica, std::int64_t{batch});
        QCOMPARE(report.memory.kvReplication, tensor > 8 ? tensor / 8.0 : 1.0);
        // The largest batch fits and one more does not.
        s.workload.batch = static_cast<int>(batch);
        QVERIFY(evaluate(s).memory.fits);
        s.workload.batch += 1;
        QVERIFY(!evaluate(s).memory.fits);
    }

    void driverVisibleCapacity()
    {
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        s.plan[PlanAxis::Tensor] = 8;
        s.reserve = 0;
        const Report report = evaluate(s);
        QCOMPARE(report.memory.capacity, Bytes{81'559} * 1024 * 1024);
        QCOMPARE(report.memory.maxTokensPerReplica, std::int64_t{1'657'228});
        QCOMPARE(report.memory.maxBatchPerReplica, std::int64_t{662});
    }

    void kvPerToken()
    {
        Scenario s = caseStudy("p5.48xlarge", 1, 1, 160 * kGiBytes);
        QCOMPARE(evaluate(s).memory.kvPerTokenPerDevice, Bytes{327'680});
        s.formats.kv = NumberFormat::Int8;
        QCOMPARE(evaluate(s).memory.kvPerTokenPerDevice, Bytes{163'840});
    }

    void textbookStepTime()
    {
        // "How to Scale Your Model" (JAX scaling book, 2025), chapter 8 "Serving LLaMA 3-70B on TPUs", "Thinking about throughput"
        // (jax-ml.github.io/scaling-book/applied-inference). Rounded inputs of the book: 70e9 parameters int8, 160e3 B of
        // KV per token, 8 chips of 8.1e11 B/s, 32 sequences at 8,192.
        const double kv = 160e3 * 32 * 8192;
        const double step = (kv + 70e9) / (8 * 8.1e11);
        QVERIFY(near(kv + 70e9, 112e9, 0.005));
        QVERIFY(near(step, 17.3e-3, 0.005));
        QVERIFY(near(32 / step, 1850, 0.005));
        // The exact model: true parameter and cache sizes. The formula has no network term; compare what it covers.
        Scenario s = scenarioOf("llama-3-70b", "tpu-v5e-4x2");
        s.plan[PlanAxis::Tensor] = 8;
        s.formats = {NumberFormat::Int8, NumberFormat::Int8, ComputeFormat::Bf16};
        s.workload = {32, 8192, 1};
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        const double local = report.decode.time - report.decode.breakdown[Cause::Communication];
        QVERIFY2(near(local, step, 0.05), qPrintable(QString::number(local * 1e3)));
    }

    void textbookBatches_data()
    {
        QTest::addColumn<int>("batch");
        QTest::addColumn<double>("milliseconds");
        QTest::newRow("1") << 1 << 4.17;
        QTest::newRow("8") << 8 << 5.60;
        QTest::newRow("16") << 16 << 7.23;
        QTest::newRow("32") << 32 << 10.50;
        QTest::newRow("64") << 64 << 17.04;
        QTest::newRow("240") << 240 << 52.99;
    }
    void textbookBatches()
    {
        // Scaling book, chapter 7 "All About Transformer Inference", the table of batch sizes in "What about attention?" and "Theoretical
        // estimates for LLM latency and throughput" (jax-ml.github.io/scaling-book/inference): LLaMA 2-13B with 8 KV heads on 8 TPU v5e.
        // 13e9 bf16 parameters, 40 layers with 8 KV heads of 128, 8,192 context, 8 chips of 8.2e11 B/s and 1.97e14 FLOP/s.
        QFETCH(int, batch);
        QFETCH(double, milliseconds);
        const double kv = 8192.0 * batch * 2 * 8 * 128 * 40 * 2;
        const double formula = kv / (8 * 8.2e11) + std::max(2.0 * batch * 13e9 / (8 * 1.97e14), 26e9 / (8 * 8.2e11));
        QVERIFY2(near(formula * 1e3, milliseconds, 0.005), qPrintable(QString::number(formula * 1e3)));
        // A model built to those figures goes through the whole core: 13e9 parameters of which the head is a part.
        Model model = *builtinCatalog().model("llama-2-13b");
        model.kinds[0].attention.kvHeads = 8;
        Cluster cluster = *builtinCatalog().cluster("tpu-v5e-4x2");
        cluster.accelerator.memoryBandwidth = 8.2e11;
        cluster.accelerator.peak[static_cast<std::size_t>(ComputeFormat::Bf16)] = 1.97e14;
        cluster.accelerator.memoryBytes = Bytes{1} << 40;
        Scenario s;
        s.model = std::make_shared<Model>(model);
        s.cluster = std::make_shared<Cluster>(cluster);
        s.plan[PlanAxis::Tensor] = 8;
        s.workload = {batch, 8192, 1};
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        const double matrices = static_cast<double>(countParameters(model).total - countParameters(model).embedding);
        const double exact = kv / (8 * 8.2e11) + std::max(2.0 * batch * matrices / (8 * 1.97e14), 2 * matrices / (8 * 8.2e11));
        const double local = report.decode.time - report.decode.breakdown[Cause::Communication];
        QVERIFY2(near(local, exact, 0.05), qPrintable(QStringLiteral("%1 %2").arg(local * 1e3).arg(exact * 1e3)));
    }

    void textbookPrefill()
    {
        // Scaling book, chapter 8, "What about prefill?": 8,192 tokens on 16 v5e at 40 % of peak.
        const double formula = 2 * 70e9 * 8192 / (16 * 1.97e14 * 0.4);
        QVERIFY(near(formula, 0.91, 0.005));
        Scenario s = scenarioOf("llama-3-70b", "tpu-v5e-4x4");
        s.plan[PlanAxis::Tensor] = 16;
        s.workload = {1, 8192, 1};
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        // The book's 40 % MFU stands for all inefficiency: compare the compute term alone.
        QVERIFY2(near(report.prefill.breakdown[Cause::Compute] / 0.4, formula, 0.10),
                 qPrintable(QString::number(report.prefill.breakdown[Cause::Compute] / 0.4)));
    }

    void criticalBatch()
    {
        // Scaling book, chapter 7, "Linear operations: what bottlenecks us?": the critical batch is FLOP/s over bandwidth.
        const Accelerator& v5e = *builtinCatalog().accelerator("tpu-v5e");
        QVERIFY(near(v5e.criticalIntensity(ComputeFormat::Bf16), 240, 0.01));
        QVERIFY(near(v5e.criticalIntensity(ComputeFormat::Bf16) / 2, 120, 0.01)); // int8 weights: half the bytes for the same math
        const Accelerator& h100 = *builtinCatalog().accelerator("h100-sxm");
        QVERIFY(near(h100.criticalIntensity(ComputeFormat::Bf16), 295, 0.005));
    }

    void gatherOnARing()
    {
        // Scaling book, chapter 3 "Sharded Matrices and How to Multiply Them", "Pop Quiz 2" of the AllGather section
        // (jax-ml.github.io/scaling-book/sharding): bf16[2048, 8192] over an axis of 4 of TPU v5e; AllReduce and AllToAll from the same
        // chapter's "Our remaining communication primitives".
        Cluster cluster;
        FabricLevel ring;
        ring.topology = Topology::Ring;
        ring.extents = {4};
        ring.wrap = {true};
        ring.bandwidth = 9e10; // both directions of the book's 9e10 bidirectional: one way over two links
        cluster.levels = {ring};
        const GroupSpan span(cluster, {1, 4});
        const double gather = span.cost(Collective::AllGather, 34e6).time;
        QVERIFY2(near(gather, 377e-6, 0.005), qPrintable(QString::number(gather * 1e6)));
        QCOMPARE(span.cost(Collective::AllReduce, 34e6).time, 2 * gather);
        QVERIFY(near(span.cost(Collective::AllToAll, 34e6 / 4).time, gather / 4, 1e-12));
    }

    void bubbles()
    {
        const auto percent = [](int p, int m) { return 100 * prefillBubble(p, m); };
        QVERIFY(near(percent(4, 4), 42.9, 0.002));
        QVERIFY(near(percent(4, 8), 27.3, 0.002));
        QVERIFY(near(percent(8, 8), 46.7, 0.002));
        QVERIFY(near(percent(8, 32), 17.9, 0.003));
    }

    void expertsTouched()
    {
        // 256 experts, 8 per token: 163 distinct for 32 tokens, 252 for 128.
        for (const auto& [tokens, wanted] : {std::pair{32, 163.0}, std::pair{128, 252.0}}) {
            Scenario s = scenarioOf("deepseek-v3", "p5.48xlarge");
            s.workload = {tokens, 1000, 2};
            const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing);
            std::vector<OperatorCost> operators;
            for (std::size_t kind = 0; kind < s.model->kinds.size(); ++kind)
                step.layerOperators(static_cast<int>(kind), {tokens, 1, 1000, true, true}, operators);
            const auto up = std::find_if(operators.begin(), operators.end(), [](const OperatorCost& op) { return op.op == Op::ExpertUp; });
            QVERIFY(up != operators.end());
            QVERIFY2(std::abs(static_cast<double>(up->local.repeat) - wanted) <= 1, qPrintable(QString::number(up->local.repeat)));
        }
    }
};

QTEST_APPLESS_MAIN(TestCaseStudy)
#include "tst_casestudy.moc"
