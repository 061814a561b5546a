// SPDX-License-Identifier: Apache-2.0
// Roofs and points: figures by hand, and that no operator of any scenario lies above its roof, in either mode.
#include "core/hardware/resize.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/operatortable.h"
#include "core/scenario/roofline.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

#include <set>

using namespace shardlens;

namespace {

const RooflinePoint* pointOf(const Roofline& roofline, Phase phase, Op op)
{
    for (const RooflinePoint& point : roofline.points)
        if (point.phase == phase && point.name == op)
            return &point;
    return nullptr;
}

QString described(const Scenario& s, const RooflinePoint& p)
{
    return QString::fromStdString(s.model->id + " on " + s.cluster->id + ": " + std::string(nameOf(p.name)) + ", "
                                  + std::string(nameOf(p.phase)) + " reaches ")
           + QString::number(p.fraction(), 'g', 12);
}

} // namespace

class TestRoofline : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void roofsAreTheAccelerators()
    {
        const Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        const Roofline r = rooflineOf(s, evaluate(s), RooflineSide::Hbm);
        QCOMPARE(r.paths.size(), std::size_t{1});
        QCOMPARE(r.paths[0].bandwidth, s.cluster->accelerator.memoryBandwidth);
        // NVIDIA H100 data sheet: 989 TFLOP/s dense bf16, 3.35 TB/s: the roofs meet at 295 FLOP per byte.
        int used = 0;
        for (const ComputeRoof& roof : r.formats) {
            QCOMPARE(roof.peak, s.cluster->accelerator.peakOf(roof.format));
            used += roof.used;
            if (roof.format == ComputeFormat::Bf16) {
                QVERIFY(roof.used);
                QVERIFY(std::abs(r.paths[0].criticalIntensity(roof) / (989.4e12 / 3.35e12) - 1) < 2e-3);
            }
        }
        QCOMPARE(used, 1);
        for (std::size_t i = 1; i < r.formats.size(); ++i)
            QVERIFY(r.formats[i - 1].peak >= r.formats[i].peak);
    }

    void aMatrixByHand()
    {
        Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        s.workload.batch = 16;
        const Roofline r = rooflineOf(s, evaluate(s), RooflineSide::Hbm);
        const RooflinePoint* up = pointOf(r, Phase::Decode, Op::MlpUp);
        QVERIFY(up);
        // [16, 8192] . [8192, 2 x 28672 / 8] in bf16: weights, input and output once.
        const double columns = 2.0 * 28672 / 8;
        QCOMPARE(up->flop, 2.0 * 16 * 8192 * columns);
        QVERIFY(up->bytes >= 2.0 * 8192 * columns && up->bytes < 2.02 * 8192 * columns);
        QVERIFY(std::abs(up->fraction() - 1) < 1e-12);
        QVERIFY(std::abs(up->achieved() / (up->intensity() * 3.35e12) - 1) < 1e-12);
        QVERIFY(up->share > 0.2 && up->share < 1);
    }

    /// With its AllReduce an output projection is slower than its roof allows; norms that are fused have no place.
    void collectivesAndFusedNorms()
    {
        const Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        const Report report = evaluate(s);
        const Roofline r = rooflineOf(s, report, RooflineSide::Hbm);
        const RooflinePoint* out = pointOf(r, Phase::Prefill, Op::OutputProjection);
        QVERIFY(out);
        const OperatorCost& op = report.prefill.operators[static_cast<std::size_t>(out->op)];
        QVERIFY(op.exposedTime() > 0);
        QCOMPARE(out->achievedInAll(), op.flop / op.time);
        QVERIFY(out->achievedInAll() < 0.8 * out->achieved());
        const RooflinePoint* qkv = pointOf(r, Phase::Prefill, Op::QkvProjection);
        QVERIFY(qkv && qkv->achievedInAll() == qkv->achieved());
        double norms = 0;
        for (const OperatorCost& each : report.prefill.operators)
            if (each.op == Op::AttentionNorm || each.op == Op::MlpNorm || each.op == Op::FinalNorm) {
                QVERIFY(!pointOf(r, Phase::Prefill, each.op));
                norms += shareOf(report.prefill, Phase::Prefill, each);
            }
        QVERIFY(norms > 0 && std::abs(r.fusedShare[0] / norms - 1) < 1e-12);
        QVERIFY(r.fusedShare[0] <= r.unplacedShare[0]);
    }

    void linkSideCountsWhatIsSent()
    {
        Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        const Report report = evaluate(s);
        const Roofline r = rooflineOf(s, report, RooflineSide::Link);
        QCOMPARE(r.paths.size(), s.cluster->levels.size());
        QVERIFY(r.paths[0].used);
        for (const RooflinePoint& point : r.points) {
            const OperatorCost& op =
                (point.phase == Phase::Prefill ? report.prefill : report.decode).operators[static_cast<std::size_t>(point.op)];
            QCOMPARE(point.bytes, op.communicationBytes);
            QVERIFY(op.collective != Collective::None);
        }
        QVERIFY(pointOf(r, Phase::Decode, Op::OutputProjection) && pointOf(r, Phase::Prefill, Op::MlpDown));
        QVERIFY(!pointOf(r, Phase::Decode, Op::QkvProjection));
        s.plan[PlanAxis::Tensor] = 1;
        s.plan[PlanAxis::Pipeline] = 8;
        QVERIFY(rooflineOf(s, evaluate(s), RooflineSide::Link).points.empty());
    }

    /// Without latencies a collective over two levels takes exactly its bytes over its roof, in either mode: no slower level is forgotten, and
    /// the roof is neither level's alone.
    void severalLevelsHaveOneRoof()
    {
        Scenario s = test::scenarioOf("deepseek-v3", "hgx-h200");
        Cluster cluster = resized(*s.cluster, 16).value();
        for (FabricLevel& level : cluster.levels)
            level.latency = 0;
        s.cluster = std::make_shared<const Cluster>(cluster);
        s.plan = {};
        s.plan[PlanAxis::AttentionData] = 16;
        s.plan[PlanAxis::Expert] = 16;
        s.workload.batch = 256;
        const Report report = evaluate(s);
        QVERIFY(report.legal);
        const Roofline r = rooflineOf(s, report, RooflineSide::Link);
        int several = 0;
        for (const RooflinePoint& point : r.points) {
            const OperatorCost& op =
                (point.phase == Phase::Prefill ? report.prefill : report.decode).operators[static_cast<std::size_t>(point.op)];
            QVERIFY(std::abs(op.communicationTime * point.bandwidth / op.communicationBytes - 1) < 1e-5);
            const auto path = std::find_if(r.paths.begin(), r.paths.end(),
                                           [&](const ByteRoof& p) { return p.used && std::abs(p.bandwidth / point.bandwidth - 1) < 1e-5; });
            QVERIFY(path != r.paths.end());
            if (!path->several)
                continue;
            ++several;
            QVERIFY(path->bandwidth > cluster.levels[1].bandwidth && path->bandwidth < cluster.levels[0].bandwidth);
            QVERIFY(path->name.find(cluster.levels[0].name) != std::string::npos);
        }
        QVERIFY(several > 0);
        s.mode = Mode::Calibrated;
        calibrate(s, builtinCatalog().calibration);
        for (const RooflinePoint& point : rooflineOf(s, evaluate(s), RooflineSide::Link).points)
            QVERIFY(!aboveRoof(point));
    }

    void everyOperatorIsPlacedOrCounted()
    {
        test::Random random(7);
        for (int round = 0; round < 300; ++round) {
            const Scenario s = random.scenario();
            const Report report = evaluate(s);
            for (const RooflineSide side : {RooflineSide::Hbm, RooflineSide::Link}) {
                const Roofline r = rooflineOf(s, report, side);
                int timed = 0;
                double shares = 0;
                for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
                    const PhaseReport& p = phase == Phase::Prefill ? report.prefill : report.decode;
                    double stage = 0; // of the operators of the busiest stage alone, as the table of operators sums them
                    for (const OperatorCost& op : p.operators) {
                        timed += op.time > 0 && p.runsOnBusiest(op) > 0;
                        stage += p.runsOnBusiest(op) > 0 ? shareOf(p, phase, op) : 0;
                    }
                    const PhaseAccount account = accountOf(p, phase);
                    if (account.operators < account.time)
                        QVERIFY(std::abs(stage - account.operators / account.time) <= 1e-9);
                    shares += stage;
                }
                double placed = r.unplacedShare[0] + r.unplacedShare[1];
                int drawn = 0;
                for (const RooflinePoint& point : r.points) {
                    const PhaseReport& p = point.phase == Phase::Prefill ? report.prefill : report.decode;
                    if (p.runsOnBusiest(p.operators[static_cast<std::size_t>(point.op)]) == 0)
                        continue;
                    placed += point.share;
                    ++drawn;
                }
                QCOMPARE(drawn + r.unplaced, timed);
                QVERIFY(std::abs(placed - shares) <= 1e-9 * shares);
            }
        }
    }

    void noPointIsAboveItsRoof_data()
    {
        QTest::addColumn<bool>("calibrated");
        QTest::newRow("roofline") << false;
        QTest::newRow("calibrated") << true;
    }

    void noPointIsAboveItsRoof()
    {
        QFETCH(const bool, calibrated);
        test::Random random(calibrated ? 12 : 11);
        int points = 0;
        int below = 0;
        std::set<Op> seen;
        for (int round = 0; round < 3000; ++round) {
            Scenario s = random.scenario();
            if (calibrated) {
                s.mode = Mode::Calibrated;
                s.serving.engine.engine = random.pick(std::array{Engine::Vllm, Engine::Sglang, Engine::TrtLlm});
                calibrate(s, builtinCatalog().calibration);
            }
            const Report report = evaluate(s);
            for (const RooflineSide side : {RooflineSide::Hbm, RooflineSide::Link})
                for (const RooflinePoint& point : rooflineOf(s, report, side).points) {
                    QVERIFY2(!aboveRoof(point), qPrintable(described(s, point)));
                    if (!calibrated && side == RooflineSide::Hbm)
                        QVERIFY2(std::abs(point.fraction() - 1) < kRoofTolerance, qPrintable(described(s, point)));
                    below += point.fraction() < 0.99;
                    seen.insert(point.name);
                    ++points;
                }
        }
        QVERIFY(points > 50'000 && seen.size() > 20);
        QVERIFY(below > (calibrated ? points / 2 : 0));
    }

    void aPointAboveItsRoofIsFound()
    {
        const Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        Roofline r = rooflineOf(s, evaluate(s), RooflineSide::Hbm);
        RooflinePoint& point = r.points.front();
        QVERIFY(!aboveRoof(point));
        point.time *= 1 - 1e-8;
        QVERIFY(aboveRoof(point));
        point.time = 0;
        QVERIFY(aboveRoof(point));
    }

    void theBatchItNamesReachesTheRoof_data()
    {
        QTest::addColumn<QByteArray>("weights");
        QTest::addColumn<int>("microbatches");
        QTest::newRow("bf16") << QByteArray("bf16") << 1;
        QTest::newRow("fp8 weights") << QByteArray("fp8") << 1;
        QTest::newRow("two microbatches") << QByteArray("bf16") << 2;
    }

    void theBatchItNamesReachesTheRoof()
    {
        QFETCH(const QByteArray, weights);
        QFETCH(const int, microbatches);
        Scenario s = test::caseStudy("p5.48xlarge", 8, 1, Bytes{80} << 30);
        s.formats.weights = *numberFormatNamed(weights.toStdString());
        s.workload.batch = 8;
        s.plan[PlanAxis::DecodeMicrobatches] = microbatches;
        const auto needed = batchToCompute(s, evaluate(s));
        QVERIFY(needed && needed->batchNeeded > 8);
        const auto boundAt = [&](std::int64_t batch) {
            s.workload.batch = static_cast<int>(batch);
            const Report report = evaluate(s);
            const OperatorCost& op = report.decode.operators[static_cast<std::size_t>(needed->index)];
            return op.computeTime >= op.memoryTime;
        };
        QVERIFY(boundAt(needed->batchNeeded));
        QVERIFY(!boundAt(needed->batchNeeded - 1));
        QVERIFY(needed->sentence().find(std::to_string(needed->batchNeeded)) != std::string::npos);
    }

    void smallMatricesMayNeverReachIt()
    {
        Scenario s = test::scenarioOf("llama-3-70b", "p5.48xlarge");
        auto cluster = std::make_shared<Cluster>(*s.cluster);
        cluster->accelerator.memoryBandwidth /= 1e3;
        s.cluster = cluster;
        s.plan[PlanAxis::Tensor] = 8;
        const auto needed = batchToCompute(s, evaluate(s));
        QVERIFY(needed);
        QCOMPARE(needed->batchNeeded, std::int64_t{0});
        QVERIFY(needed->sentence().find("any batch") != std::string::npos);
    }

    void expertsNeedMoreThanDenseLayers()
    {
        Scenario s = test::scenarioOf("deepseek-v3", "gb200-nvl72");
        s.plan[PlanAxis::Tensor] = 8;
        s.plan[PlanAxis::Expert] = 8;
        s.workload.batch = 8;
        const auto needed = batchToCompute(s, evaluate(s));
        QVERIFY(needed && needed->expert);
        QVERIFY(needed->batchNeeded > 256 / 8 * 100);
    }

    /// Rows of an expert are no whole numbers and the hottest rank has more than the mean: the step itself says where the roof is.
    void expertsReachTheRoofThere_data()
    {
        QTest::addColumn<double>("skew");
        QTest::addColumn<int>("microbatches");
        QTest::addColumn<int>("least");
        QTest::addColumn<int>("most");
        QTest::newRow("uniform") << 0.0 << 1 << 4900 << 5200;
        QTest::newRow("skewed") << 0.5 << 1 << 3200 << 3600;
        QTest::newRow("two microbatches") << 0.0 << 2 << 9800 << 10400;
    }

    void expertsReachTheRoofThere()
    {
        QFETCH(const double, skew);
        QFETCH(const int, microbatches);
        QFETCH(const int, least);
        QFETCH(const int, most);
        Scenario s = test::scenarioOf("deepseek-v3", "hgx-b200");
        s.cluster = std::make_shared<const Cluster>(resized(*s.cluster, 16).value());
        s.formats.weights = NumberFormat::Fp8;
        s.plan[PlanAxis::Tensor] = s.plan[PlanAxis::Expert] = 16;
        s.plan[PlanAxis::DecodeMicrobatches] = microbatches;
        s.workload.batch = 64;
        s.workload.routing.powerLaw = skew;
        const Report before = evaluate(s);
        QVERIFY(before.legal);
        const auto needed = batchToCompute(s, before);
        QVERIFY(needed && needed->expert);
        QVERIFY2(needed->batchNeeded >= least && needed->batchNeeded <= most, qPrintable(QString::number(needed->batchNeeded)));
        const auto boundAt = [&](std::int64_t batch) {
            s.workload.batch = static_cast<int>(batch);
            const Report report = evaluate(s);
            const OperatorCost& op = report.decode.operators[static_cast<std::size_t>(needed->index)];
            return op.computeTime >= op.memoryTime;
        };
        QVERIFY(boundAt(needed->batchNeeded));
        QVERIFY(!boundAt(needed->batchNeeded - 1));
        // Wherever it is asked from, the answer is the same.
        s.workload.batch = 16384;
        const auto later = batchToCompute(s, evaluate(s));
        QCOMPARE(later->batchNeeded, needed->batchNeeded);
        QVERIFY(later->sentence().find("from a batch of") != std::string::npos);
    }
};

QTEST_MAIN(TestRoofline)
#include "tst_roofline.moc"
