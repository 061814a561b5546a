// SPDX-License-Identifier: Apache-2.0
// What must hold of memory for any model and plan, and what is proposed when it does not suffice.
#include "core/base/format.h"
#include "core/cost/weightshards.h"
#include "core/hardware/resize.h"
#include "core/model/parameters.h"
#include "core/scenario/fitsearch.h"
#include "core/scenario/memorychange.h"
#include "memoryscenarios.h"
#include "randomscenario.h"

#include <QTest>

#include <random>

using namespace shardlens;
using shardlens::test::alone;
using shardlens::test::change;
using shardlens::test::kGiBytes;
using shardlens::test::memoryOf;
using shardlens::test::scenarioOf;

namespace {

/// The number of devices is one that the cluster can have, the plan fits there, and on the next smaller number that it can have no TP x PP
/// of one replica does.
void leastIsLeast(const Scenario& s, const FittingChange& more)
{
    if (!more.grown) {
        QVERIFY2(!leastCount(*s.cluster, more.devices) || !isLegal(more.scenario.context(), more.scenario.plan), more.label.c_str());
        return;
    }
    QCOMPARE(more.scenario.cluster->devices(), more.devices);
    QVERIFY2(resized(*s.cluster, more.devices).ok(), more.label.c_str());
    QVERIFY2(more.label.starts_with(formatCount(more.devices) + ' '), more.label.c_str());
    const Report report = evaluate(more.scenario);
    QVERIFY2(report.legal && report.memory.fits, more.label.c_str());
    int smaller = more.devices - 1;
    while (smaller > 0 && !resized(*s.cluster, smaller).ok())
        --smaller;
    if (smaller < 1 || smaller > 4096)
        return;
    Scenario other = s;
    other.cluster = std::make_shared<const Cluster>(resized(*s.cluster, smaller).value());
    for (const PlanAxis axis : {PlanAxis::Data, PlanAxis::Expert, PlanAxis::Sequence, PlanAxis::AttentionData})
        other.plan[axis] = 1;
    other.plan.options.layerSplit = LayerSplit::Even;
    other.plan.options.virtualStages = 1;
    for (int tensor = 1; tensor <= smaller; ++tensor)
        for (int pipeline = 1; pipeline <= s.model->layerCount() && tensor * pipeline <= smaller; ++pipeline) {
            other.plan[PlanAxis::Tensor] = tensor;
            other.plan[PlanAxis::Pipeline] = pipeline;
            if (isLegal(other.context(), other.plan))
                QVERIFY2(!memoryOf(other).fits,
                         qPrintable(QStringLiteral("%1: TP %2 PP %3").arg(QString::fromStdString(more.label)).arg(tensor).arg(pipeline)));
        }
}

} // namespace

class TestMemoryProperties : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Shards times devices are the tensor, copies counted; padding only where the split leaves a rest.
    void shardsMakeTheTensor()
    {
        std::mt19937 engine(11);
        const auto below = [&engine](int n) { return static_cast<int>(engine() % static_cast<unsigned>(n)); };
        int exact = 0;
        for (int round = 0; round < 4000; ++round) {
            const auto& models = builtinCatalog().models;
            const Model& model = *models[static_cast<std::size_t>(below(static_cast<int>(models.size())))];
            Plan plan;
            plan[PlanAxis::Tensor] = 1 << below(5);
            plan[PlanAxis::Sequence] = 1 << below(2);
            plan[PlanAxis::AttentionData] = 1 << below(3);
            plan[PlanAxis::Expert] = model.hasExperts() ? 1 << below(4) : 1;
            if (plan.stageDevices() % plan.expert() != 0)
                continue;
            bool legal = true;
            for (const LayerKind& kind : model.kinds)
                legal = legal
                        && kind.attention.queryHeads % plan.tensor() == 0
                        // A mixer's input matrix has parts by heads and by groups: only where both are split is it in equal shares.
                        && (kind.attention.kind != AttentionKind::Linear || kind.attention.linear.keyHeads % plan.tensor() == 0)
                        && (kind.attention.kind != AttentionKind::Grouped || kind.attention.kvHeads % plan.tensor() == 0
                            || plan.tensor() % kind.attention.kvHeads == 0);
            if (!legal)
                continue;
            for (const LayerKind& kind : model.kinds) {
                const LayerShards shards(model, kind, plan);
                std::int64_t whole = 0;
                for (const MatrixShard& shard : shards.matrices()) {
                    whole += shard.wholeElements();
                    const std::int64_t held = shard.elements() * shard.group;
                    const std::int64_t wanted = shard.wholeElements() * shard.copies;
                    QVERIFY(held >= wanted);
                    const bool divides = shard.rows * shard.columns * shard.repeat * shard.group
                                         == shard.wholeRows * shard.wholeColumns * shard.wholeRepeat * shard.copies;
                    exact += divides ? 1 : 0;
                    // At most one more row, column and expert than an equal share.
                    const std::int64_t fewer = std::max<std::int64_t>(0, shard.rows - (shard.rows < shard.wholeRows))
                                               * std::max<std::int64_t>(0, shard.columns - (shard.columns < shard.wholeColumns))
                                               * std::max<std::int64_t>(0, shard.repeat - (shard.repeat < shard.wholeRepeat ? 2 : 0));
                    QVERIFY2(fewer * shard.group <= wanted, shard.name.data());
                }
                const LayerParameters p = layerParameters(model, kind);
                const std::int64_t small = LayerShards(model, kind, Plan{}).small();
                QCOMPARE(whole + small, p.total());
            }
        }
        QVERIFY(exact > 10'000);
    }

    void whatToChange()
    {
        // Llama-3-70B on 8 H100, TP 8, batch 640 of 2,500: 62.5 GB of cache beside 17.6 GB of weights do not fit.
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        s.plan[PlanAxis::Tensor] = 8;
        s.workload.batch = 800;
        s.plan[PlanAxis::PrefillMicrobatches] = 100;
        const MemoryReport report = memoryOf(s);
        QVERIFY(!report.fits);
        const std::vector<MemoryChange> changes = memoryChanges(s, report);
        QVERIFY(!changes.empty() && changes.size() <= 5);
        QCOMPARE(changes.front().label, std::string("fp8 KV cache"));
        QVERIFY(changes.front().fits);
        QCOMPARE(changes.front().freed, Bytes{800} * 2512 * 20'480); // half of 40,960 B a token, in blocks of 16
        QVERIFY(changes.front().sentence().starts_with("fp8 KV cache frees 38 GiB; it then fits with "));
        QCOMPARE(advise(s, evaluate(s)).sentence, "fp8 KV cache: frees " + changes.front().effect + '.');
        bool batch = false;
        for (const MemoryChange& change : changes) {
            const MemoryReport after = memoryOf(change.scenario);
            QCOMPARE(after.fits, change.fits);
            QCOMPARE(report.limiting().total() - after.limiting().total(), change.freed);
            QVERIFY(isLegal(change.scenario.context(), change.scenario.plan));
            batch = batch || change.label == "A batch of " + formatCount(report.maxBatchPerReplica);
        }
        QVERIFY(batch);
        // Beyond the KV heads: the heads are stored twice, and it says so.
        s = scenarioOf("llama-3-70b", "trn2.48xlarge");
        s.plan[PlanAxis::Tensor] = 8;
        s.plan[PlanAxis::Data] = 8;
        const std::vector<MemoryChange> wide = memoryChanges(s, memoryOf(s), 20);
        const auto tensor = std::find_if(wide.begin(), wide.end(), [](const MemoryChange& c) { return c.label == "TP 16 × DP 4"; });
        QVERIFY(tensor != wide.end());
        QVERIFY2(tensor->effect.find("but stores each KV value twice") != std::string::npos, tensor->effect.c_str());
        QCOMPARE(tensor->scenario.plan.devices(), s.plan.devices());
        // Weights alone too large, nothing legal helps but formats: no change makes a fit, and none pretends to.
        s = scenarioOf("llama-3.1-405b", "p5.48xlarge");
        for (const MemoryChange& change : memoryChanges(s, memoryOf(s), 50))
            QCOMPARE(change.fits, memoryOf(change.scenario).fits);
    }

    /// What is said to fit does when it is evaluated, whatever the scenario; where nothing is said to fit, no TP x PP of one replica does.
    void advicesFit()
    {
        test::Random random(17);
        int combined = 0;
        int nothing = 0;
        for (int round = 0; round < 4'000; ++round) {
            const Scenario s = random.scenario();
            if (!isLegal(s.context(), s.plan))
                continue;
            const MemoryReport memory = memoryOf(s);
            if (memory.fits)
                continue;
            const std::vector<MemoryChange> changes = memoryChanges(s, memory);
            for (const MemoryChange& change : changes)
                QCOMPARE(evaluate(change.scenario).memory.fits, change.fits);
            for (int effort = 0; effort <= static_cast<int>(kMostFitEffort); ++effort)
                if (const auto found = nearestFitting(s, static_cast<FitEffort>(effort))) {
                    const Report report = evaluate(found->scenario);
                    QVERIFY2(report.legal && report.memory.fits, found->label.c_str());
                    QVERIFY(!found->label.empty());
                    ++combined;
                }
            if (!changes.empty() && changes.front().fits)
                continue;
            ++nothing;
            QVERIFY(nothingFits(s).starts_with("Nothing fits on "));
            for (int tensor = 1; tensor <= s.cluster->devices(); ++tensor)
                for (int pipeline = 1; pipeline <= s.model->layerCount() && tensor * pipeline <= s.cluster->devices(); ++pipeline) {
                    Scenario other = s;
                    for (const PlanAxis axis : {PlanAxis::Data, PlanAxis::Expert, PlanAxis::Sequence, PlanAxis::AttentionData})
                        other.plan[axis] = 1;
                    other.plan.options.layerSplit = LayerSplit::Even;
                    other.plan.options.virtualStages = 1;
                    other.plan[PlanAxis::Tensor] = tensor;
                    other.plan[PlanAxis::Pipeline] = pipeline;
                    if (isLegal(other.context(), other.plan))
                        QVERIFY2(!memoryOf(other).fits,
                                 qPrintable(QStringLiteral("TP %1 PP %2 of %3").arg(tensor).arg(pipeline).arg(s.model->layerCount())));
                }
            if (const auto more = onMoreDevices(s)) {
                QVERIFY2(more->scenario.plan.devices() > s.cluster->devices(), more->label.c_str());
                QVERIFY2(shardlens::memoryOf(more->scenario.context(), more->scenario.plan, s.reserve).fits, more->label.c_str());
                leastIsLeast(s, *more);
            }
        }
        QVERIFY2(combined > 100 && nothing > 10, qPrintable(QStringLiteral("%1 %2").arg(combined).arg(nothing)));
    }

    /// A decode step whose tokens touch every expert reads every weight of a stage once, but for the rows of the embedding.
    void stepsReadWhatIsStored()
    {
        for (const auto& model : builtinCatalog().models)
            for (const int tensor : {1, 4, 16})
                for (const NumberFormat format : {NumberFormat::Bf16, NumberFormat::Fp8Block, NumberFormat::Mxfp4}) {
                    Scenario s = alone("llama-3-8b");
                    s.cluster = builtinCatalog().cluster("trn2.48xlarge");
                    s.model = model;
                    s.workload = {8192, 16, 4};
                    s.plan[PlanAxis::Tensor] = tensor;
                    s.formats.weights = format;
                    if (!isLegal(s.context(), s.plan))
                        continue;
                    const Report report = evaluate(s);
                    const DeviceMemory& held = report.memory.limiting();
                    double read = 0;
                    for (const OperatorCost& op : report.decode.operators)
                        if (op.op != Op::Embedding)
                            read += op.weightBytes * op.stageLayers;
                    // A tied head reads the embedding's table. Matrices agree to the byte; norms are read,
                    // biases, sinks and convolutions are not charged.
                    const Bytes head = vocabularyShard(*model, s.plan, "head").bytes(format);
                    const double stored = static_cast<double>(held.weights() - held.embeddingWeights - held.headWeights + head);
                    const double matrices = stored - static_cast<double>(held.normWeights);
                    QVERIFY2(read >= matrices * (1 - 1e-6) && read <= stored * (1 + 1e-6),
                             qPrintable(QString::fromStdString(model->id)
                                        + QStringLiteral(" TP %1: %2 of %3").arg(tensor).arg(read).arg(stored)));
                }
    }

    /// A search's fits() is the report's, and the largest batch, context and concurrency are the largest.
    void limits()
    {
        std::mt19937 engine(5);
        const auto below = [&engine](int n) { return static_cast<int>(engine() % static_cast<unsigned>(n)); };
        const Catalog& catalog = builtinCatalog();
        int found = 0;
        for (int round = 0; round < 3000; ++round) {
            Scenario s;
            s.model = catalog.models[static_cast<std::size_t>(below(static_cast<int>(catalog.models.size())))];
            s.cluster = catalog.clusters[static_cast<std::size_t>(below(static_cast<int>(catalog.clusters.size())))];
            s.workload = {1 + below(200), 1 + below(9000), 1 + below(900)};
            s.workload.routing = {below(2) * 0.1 * below(15), below(3) == 0 ? 1 + 0.25 * below(4) : 0, below(2) == 0};
            s.formats.weights = kNumberFormats[static_cast<std::size_t>(below(static_cast<int>(kNumberFormatCount)))];
            s.formats.kv = below(2) ? NumberFormat::Bf16 : NumberFormat::Fp8;
            s.plan[PlanAxis::Tensor] = 1 << below(5);
            s.plan[PlanAxis::Pipeline] = 1 + below(4);
            s.plan[PlanAxis::Data] = 1 + below(2);
            s.plan[PlanAxis::Sequence] = 1 + below(3);
            s.plan[PlanAxis::AttentionData] = 1 + below(3);
            s.plan[PlanAxis::Expert] = s.model->hasExperts() ? 1 << below(4) : 1;
            s.plan[PlanAxis::Chunks] = 1 + below(3);
            s.plan[PlanAxis::PrefillMicrobatches] = 1 + below(8);
            s.plan[PlanAxis::DecodeMicrobatches] = 1 + below(8);
            s.plan.options.fusedAttention = below(2) == 0;
            s.plan.options.shardedNorms = below(2) == 0;
            s.plan.options.redundantExperts = below(3) == 0 ? below(40) : 0;
            s.plan.options.expertExchange = static_cast<ExpertExchange>(below(3));
            if (below(3) == 0)
                s.reserve = below(2) ? Bytes{0} : kGiBytes;
            if (!isLegal(s.context(), s.plan))
                continue;
            ++found;
            const MemoryTerms terms(s.context(), s.plan, s.reserve);
            const MemoryReport report = memoryOf(s);
            QCOMPARE(report.fits, report.free() >= 0);
            QCOMPARE(fitsMemory(s.context(), s.plan, s.reserve), report.fits);
            const std::int64_t batch = report.maxBatchPerReplica;
            QCOMPARE(batch >= s.workload.batch, report.fits);
            QCOMPARE(report.maxConcurrency, batch * s.plan.data());
            if (batch > 0)
                QVERIFY(terms.fits(batch));
            QVERIFY(!terms.fits(batch + 1));
            for (const std::int64_t other : {batch / 2, batch, batch + 1}) {
                if (other < 1 || other > kMaxBatch)
                    continue;
                Scenario next = s;
                next.workload.batch = static_cast<int>(other);
                QCOMPARE(memoryOf(next).fits, terms.fits(other));
            }
            QCOMPARE(report.maxContext >= s.workload.fullContext(), report.fits);
            if (report.maxContext > 0 && report.maxContext < kMostContext) {
                const std::int64_t input = report.maxContext - s.workload.output;
                QVERIFY(terms.fits(s.workload.batch, input));
                QVERIFY(!terms.fits(s.workload.batch, input + 1));
            }
            int devices = 0;
            for (const DeviceMemory& group : report.groups) {
                devices += group.count;
                const DeviceMemory& stage = report.stages[static_cast<std::size_t>(group.stage)];
                QVERIFY(group.total() <= stage.total() && stage.total() <= report.limiting().total());
                QVERIFY(group.kvReplicas <= group.kv && group.kvStates + group.kvIndex + group.kvRounding <= group.kv);
                QVERIFY(group.redundantExperts <= group.expertWeights && group.weightReplicas.keyValue <= group.weightReplicas.attention);
                QVERIFY(group.weightReplicas.attention <= group.attentionWeights && group.weightReplicas.mlp <= group.mlpWeights);
                QVERIFY(group.weightReplicas.norms <= group.normWeights && group.weightReplicas.prediction <= group.predictionWeights);
                QVERIFY(bytesOf(report.limiting(), report.limitingClass) * static_cast<Bytes>(kMemoryClassCount)
                        >= report.limiting().total());
            }
            QCOMPARE(devices, static_cast<int>(s.plan.devices()));
        }
        QVERIFY(found > 300);
    }
};

QTEST_APPLESS_MAIN(TestMemoryProperties)
#include "tst_memory_properties.moc"
