// SPDX-License-Identifier: Apache-2.0
// What must hold for any model, cluster, workload and plan: checked on random ones from the catalog, seeded.
#include "core/scenario/explain.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

using namespace shardlens;

namespace {

bool notWorse(double better, double worse)
{
    return better <= worse * (1 + 1e-9);
}

std::shared_ptr<const Cluster> changed(const Scenario& s, double bandwidth, double links, double peak)
{
    Cluster c = *s.cluster;
    c.accelerator.memoryBandwidth *= bandwidth;
    for (double& p : c.accelerator.peak)
        p *= peak;
    for (FabricLevel& level : c.levels)
        level.bandwidth *= links;
    return std::make_shared<Cluster>(std::move(c));
}

} // namespace

class TestProperties : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void reportsAreConsistent()
    {
        test::Random random(1);
        for (int round = 0; round < 4000; ++round) {
            const Scenario s = random.scenario();
            const Report r = evaluate(s);
            QVERIFY(r.legal);
            for (const PhaseReport* phase : {&r.prefill, &r.decode}) {
                QVERIFY(std::isfinite(phase->time) && phase->time > 0);
                QVERIFY(std::abs(phase->breakdown.total() - phase->time) <= 1e-9 * phase->time);
                QVERIFY2(phase->mfu > 0 && phase->mfu <= 1 + 1e-9,
                         qPrintable(QString::fromStdString(s.model->id) + QString::number(phase->mfu)));
                for (const OperatorCost& op : phase->operators) {
                    QVERIFY(op.time >= 0 && op.flop >= 0 && op.weightBytes >= 0 && op.kvBytes >= 0 && op.activationBytes >= 0);
                    QVERIFY(std::abs(op.breakdown.total() - op.time) <= 1e-9 * op.time + 1e-18);
                }
                // Busy time of the timeline is what the stages cost.
                double busy = 0;
                for (const TimelineCell& cell : phase->timeline.cells)
                    busy += cell.end - cell.start;
                double costs = 0;
                for (const TimelineCell& cell : phase->timeline.cells)
                    costs += phase->costOf(cell.stage, cell.costClass).busy();
                QVERIFY(std::abs(busy - costs) <= 1e-9 * costs);
            }
            QVERIFY(r.memory.limiting().total() >= r.memory.stages.front().total());
            QCOMPARE(r.memory.fits, r.memory.free() >= 0);
            QVERIFY(r.memory.fits == (r.memory.maxBatchPerReplica >= s.workload.batch));
        }
    }

    void oneDeviceDoesNotCommunicate()
    {
        test::Random random(2);
        for (int round = 0; round < 1000; ++round) {
            Scenario s = random.scenario();
            const Plan plan = s.plan;
            s.plan = {};
            s.plan[PlanAxis::Chunks] = plan.chunks();
            if (!isLegal(s.context(), s.plan))
                continue;
            const Report r = evaluate(s);
            for (const PhaseReport* phase : {&r.prefill, &r.decode}) {
                QCOMPARE(phase->breakdown[Cause::Communication], 0.0);
                QVERIFY(phase->breakdown[Cause::Bubble] <= 1e-9 * phase->time);
                for (const OperatorCost& op : phase->operators)
                    QCOMPARE(op.communicationBytes, 0.0);
            }
        }
    }

    void betterHardwareIsNeverWorse()
    {
        test::Random random(3);
        for (int round = 0; round < 2000; ++round) {
            Scenario s = random.scenario();
            const Report before = evaluate(s);
            const std::shared_ptr<const Cluster> original = s.cluster;
            for (const auto& cluster : {changed(s, 1.5, 1, 1), changed(s, 1, 1.5, 1), changed(s, 1, 1, 1.5)}) {
                s.cluster = cluster;
                const Report after = evaluate(s);
                QVERIFY(notWorse(after.prefill.time, before.prefill.time));
                QVERIFY(notWorse(after.decode.time, before.decode.time));
                s.cluster = original;
            }
            Cluster larger = *original;
            larger.accelerator.memoryBytes *= 2;
            s.cluster = std::make_shared<Cluster>(larger);
            const Report roomy = evaluate(s);
            QVERIFY(roomy.memory.fits || !before.memory.fits);
            QVERIFY2(roomy.memory.maxTokensPerReplica >= before.memory.maxTokensPerReplica,
                     qPrintable(QStringLiteral("%1 on %2: %3 tokens, %4 with twice the memory; batches %5 and %6")
                                    .arg(QString::fromStdString(s.model->id), QString::fromStdString(s.cluster->id))
                                    .arg(before.memory.maxTokensPerReplica)
                                    .arg(roomy.memory.maxTokensPerReplica)
                                    .arg(before.memory.maxBatchPerReplica)
                                    .arg(roomy.memory.maxBatchPerReplica)));
            QVERIFY(roomy.memory.maxBatchPerReplica >= before.memory.maxBatchPerReplica);
        }
    }

    void replicasScaleThroughputExactly()
    {
        test::Random random(4);
        int checked = 0;
        for (int round = 0; round < 1500; ++round) {
            Scenario s = random.scenario();
            s.plan.options.order = kDefaultOrder; // replicas outermost: a second one moves nothing of the first
            s.plan[PlanAxis::Data] = 1;
            const Report one = evaluate(s);
            s.plan[PlanAxis::Data] = 2;
            if (!isLegal(s.context(), s.plan))
                continue;
            const Report two = evaluate(s);
            QCOMPARE(two.decode.time, one.decode.time);
            QCOMPARE(two.serving.outputTokensPerSecond, 2 * one.serving.outputTokensPerSecond);
            QCOMPARE(two.memory.limiting().total(), one.memory.limiting().total());
            ++checked;
        }
        QVERIFY(checked > 300);
    }

    void flopAreConservedByTensorParallelism()
    {
        test::Random random(5);
        int checked = 0;
        for (int round = 0; round < 1500; ++round) {
            Scenario s = random.scenario();
            s.plan = {};
            const double alone = evaluate(s).decode.flop;
            for (const int tensor : {2, 4, 8}) {
                s.plan[PlanAxis::Tensor] = tensor;
                if (!isLegal(s.context(), s.plan))
                    continue;
                const Report r = evaluate(s);
                // Useful work does not change; what devices execute is that and stated replication, never less.
                QCOMPARE(r.decode.flop, alone);
                double executed = 0;
                for (const OperatorCost& op : r.decode.operators) {
                    double times = 1;
                    if (op.kind >= 0)
                        times = static_cast<double>(
                            std::count(s.model->layers.begin(), s.model->layers.end(), static_cast<std::uint8_t>(op.kind)));
                    executed += op.flop * times * tensor;
                }
                QVERIFY2(executed >= alone * (1 - 1e-9), qPrintable(QString::fromStdString(s.model->id)));
                ++checked;
            }
        }
        QVERIFY(checked > 1000);
    }

    void shardsAddUpToTheModel()
    {
        test::Random random(6);
        int exact = 0;
        for (int round = 0; round < 2000; ++round) {
            const Scenario s = random.scenario();
            const Report r = evaluate(s);
            // Over one replica, weights are at least the model once (a tied head is stored twice only on two stages).
            double sum = 0;
            double smallest = 1e300;
            for (const DeviceMemory& stage : r.memory.stages) {
                sum += static_cast<double>(stage.weights()) * static_cast<double>(s.plan.stageDevices());
                smallest = std::min(smallest, static_cast<double>(stage.weights()));
            }
            Scenario alone = s;
            alone.plan = {};
            alone.plan.options.prediction = s.plan.options.prediction;
            if (!isLegal(alone.context(), alone.plan))
                continue;
            const double whole = static_cast<double>(evaluate(alone).memory.limiting().weights());
            QVERIFY2(sum >= whole * (1 - 1e-6), qPrintable(QString::fromStdString(s.model->id)));
            // Loaded prediction layers need an embedding on the last stage too.
            const bool copies = s.plan.pipeline() > 1 && r.memory.stages.back().predictionWeights > 0;
            if (s.plan.stageDevices() == 1 && !s.model->tiedEmbedding && s.plan.options.redundantExperts == 0 && !copies) {
                QVERIFY2(std::abs(sum - whole) <= 64.0 * s.plan.pipeline(), // whole bytes per class
                         qPrintable(QStringLiteral("%1: %2 on its stages, %3 whole; own %4 %5 %6 %7")
                                        .arg(QString::fromStdString(s.model->id))
                                        .arg(sum, 0, 'f', 0)
                                        .arg(whole, 0, 'f', 0)
                                        .arg(s.formats.own[0].has_value())
                                        .arg(s.plan.pipeline())
                                        .arg(s.plan.options.redundantExperts)
                                        .arg(int(s.formats.weights))));
                ++exact;
            }
            QVERIFY(smallest > 0);
        }
        QVERIFY(exact > 20);
    }

    void curveIsTheReport()
    {
        test::Random random(7);
        std::vector<BatchPoint> points;
        for (int round = 0; round < 200; ++round) {
            Scenario s = random.scenario();
            batchCurve(s, 256, points);
            int last = 0;
            for (const BatchPoint& point : points) {
                QVERIFY(point.batch > last);
                last = point.batch;
                Scenario at = s;
                at.workload.batch = point.batch;
                at.plan = planAtBatch(s.plan, point.batch);
                const Report r = evaluate(at);
                QCOMPARE(point.legal, r.legal);
                if (r.legal) {
                    QCOMPARE(point.tpot, r.decode.time);
                    QCOMPARE(point.fits, r.memory.fits);
                }
            }
        }
    }

    void reusingAReportChangesNothing()
    {
        test::Random random(8);
        Report reused;
        for (int round = 0; round < 500; ++round) {
            const Scenario s = random.scenario();
            evaluate(s, reused);
            const Report fresh = evaluate(s);
            QCOMPARE(reused.decode.time, fresh.decode.time);
            QCOMPARE(reused.prefill.time, fresh.prefill.time);
            QCOMPARE(reused.prefill.timeline.cells.size(), fresh.prefill.timeline.cells.size());
            QCOMPARE(reused.memory.maxBatchPerReplica, fresh.memory.maxBatchPerReplica);
            QCOMPARE(reused.decode.operators.size(), fresh.decode.operators.size());
        }
    }

    void everythingCanBeExplained()
    {
        test::Random random(9);
        for (int round = 0; round < 300; ++round) {
            const Scenario s = random.scenario();
            const Report r = evaluate(s);
            const auto check = [&](const Subject& subject) {
                const Explanation e = explain(s, r, subject);
                QVERIFY(!e.formulaId.empty());
                QVERIFY(!e.title.empty());
                QVERIFY(!e.value.empty());
                for (const std::string* text : {&e.title, &e.value, &e.unit, &e.share})
                    QVERIFY(text->find("nan") == std::string::npos && text->find("undefined") == std::string::npos);
            };
            for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
                const PhaseReport& report = phase == Phase::Prefill ? r.prefill : r.decode;
                for (int op = 0; op < static_cast<int>(report.operators.size()); ++op)
                    check({Subject::Kind::Operator, phase, -1, -1, -1, -1, op, -1});
                for (int cause = 0; cause < static_cast<int>(kCauseCount); ++cause)
                    check({Subject::Kind::CauseOfTime, phase, -1, -1, -1, -1, -1, cause});
                check({Subject::Kind::Time, phase});
                check({Subject::Kind::Piece, phase, -1, s.plan.pipeline() - 1, 0, -1, -1, -1});
            }
            for (int memoryClass = 0; memoryClass < static_cast<int>(kMemoryClassCount); ++memoryClass)
                check({Subject::Kind::MemoryClass, Phase::Decode, -1, 0, -1, -1, -1, memoryClass});
            check({Subject::Kind::Device, Phase::Decode, static_cast<int>(s.plan.devices()) - 1, -1, -1, -1, -1, -1});
            check({Subject::Kind::Fit});
            const Advice advice = advise(s, r);
            QVERIFY(!advice.sentence.empty());
            QVERIFY(advice.share > 0 && advice.share <= 1 + 1e-9);
        }
    }
};

QTEST_APPLESS_MAIN(TestProperties)
#include "tst_properties.moc"
