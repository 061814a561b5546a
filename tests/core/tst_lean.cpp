// SPDX-License-Identifier: Apache-2.0
// The lean evaluation equals evaluate() to the last bit on random models, clusters, plans, options, batches and cuts.
#include "randomscenario.h"

#include "core/scenario/evaluate.h"
#include "core/search/leanplan.h"

#include <QTest>

#include <atomic>
#include <bit>
#include <cstdlib>
#include <new>

using namespace shardlens;

namespace {

std::atomic<long> g_allocations{0};

void* counted(std::size_t bytes)
{
    ++g_allocations;
    void* const memory = std::malloc(bytes > 0 ? bytes : 1);
    if (memory == nullptr)
        std::abort();
    return memory;
}

} // namespace

// Counts what the program allocates by new, as the containers do.
void* operator new(std::size_t bytes)
{
    return counted(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept
{
    return counted(bytes);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept
{
    std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
}
void operator delete(void* memory) noexcept
{
    std::free(memory); // NOLINT(cppcoreguidelines-no-malloc): the counterpart of counted()
}
void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
}

namespace {

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr int kPoints = 100'000;
#else
constexpr int kPoints = 10'000; // each takes ten times as long
#endif

/// Points around the scenario's own, most of them legal.
std::vector<LeanPoint> pointsAround(test::Random& random, const Scenario& s)
{
    std::vector<LeanPoint> points;
    const int count = random.between(1, 12);
    for (int i = 0; i < count; ++i) {
        LeanPoint point{s.workload.batch, s.plan.prefillMicrobatches(), s.plan.decodeMicrobatches(), s.plan.chunks()};
        if (random.chance(70))
            point.batch = random.chance(60) ? 1 << random.below(9) : random.between(1, 200);
        if (random.chance(60))
            point.prefillMicrobatches = random.chance(60) ? 1 << random.below(5) : random.between(0, 20);
        if (random.chance(60))
            point.decodeMicrobatches = random.chance(60) ? 1 << random.below(5) : random.between(0, 20);
        if (random.chance(40))
            point.chunks = random.between(1, 6);
        points.push_back(point);
    }
    return points;
}

void moveTo(const LeanPoint& point, Scenario& s)
{
    s.workload.batch = point.batch;
    s.plan[PlanAxis::PrefillMicrobatches] = point.prefillMicrobatches;
    s.plan[PlanAxis::DecodeMicrobatches] = point.decodeMicrobatches;
    s.plan[PlanAxis::Chunks] = point.chunks;
}

bool sameBits(double a, double b)
{
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// What differs, or nothing.
QString difference(const LeanResult& lean, const Report& report)
{
    if (lean.legal != report.legal)
        return QStringLiteral("legal: %1, evaluate() %2").arg(lean.legal).arg(report.legal);
    const Bytes free = report.legal ? report.memory.free() : 0;
    if (lean.fits != report.memory.fits || lean.free != free)
        return QStringLiteral("free: %1, evaluate() %2").arg(lean.free).arg(free);
    const struct {
        const char* name;
        double lean;
        double full;
    } figures[] = {{"TTFT", lean.ttft, report.serving.ttft},
                   {"TPOT", lean.tpot, report.serving.tpot},
                   {"tokens/s", lean.outputTokensPerSecond, report.serving.outputTokensPerSecond}};
    for (const auto& figure : figures)
        if (!sameBits(figure.lean, figure.full))
            return QStringLiteral("%1: %2, evaluate() %3")
                .arg(QString::fromLatin1(figure.name))
                .arg(figure.lean, 0, 'g', 17)
                .arg(figure.full, 0, 'g', 17);
    return {};
}

QString described(const Scenario& s)
{
    QString text = QStringLiteral("%1 on %2, input %3, batch %4, plan")
                       .arg(QString::fromStdString(s.model->name), QString::fromStdString(s.cluster->name))
                       .arg(s.workload.input)
                       .arg(s.workload.batch);
    for (const PlanAxis axis : kPlanAxes)
        text += QStringLiteral(" %1").arg(s.plan[axis]);
    return text + QStringLiteral(", %1 virtual stages").arg(s.plan.options.virtualStages);
}

/// One result per point in `seed`'s order: how many were legal, fitted, were unequally cut.
struct Counts {
    int points = 0;
    int legal = 0;
    int fitting = 0;
    int unequal = 0;
    int chunked = 0;
    int pipelined = 0;
    int reaching = 0; ///< in chunks
    int predicting = 0;

    /// What the draw is for has been drawn, of `rounds` points at least.
    [[nodiscard]] bool cover(int rounds) const
    {
        return legal > rounds / 2 && legal < points && fitting > rounds / 10 && fitting < legal && unequal > rounds / 20
               && chunked > rounds / 20 && pipelined > rounds / 10 && reaching > rounds / 50 && predicting > rounds / 50;
    }
};

} // namespace

class TestLean : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsEvaluate_data()
    {
        QTest::addColumn<bool>("wide");
        QTest::newRow("portable") << false;
        if (lean::wideKernel() != nullptr)
            QTest::newRow("wide") << true;
    }
    /// Half of the points for each kernel; together kPoints at least.
    void equalsEvaluate()
    {
        QFETCH(bool, wide);
        test::Random random(wide ? 20261123 : 20261124);
        LeanPlan lean(wide ? *lean::wideKernel() : lean::portableKernel());
        std::vector<LeanResult> results;
        Report report;
        Counts counts;
        const int rounds = lean::wideKernel() != nullptr ? kPoints / 2 : kPoints;
        // Short draws (sanitizers) go on until they have met the rarer mechanisms too.
        while (counts.points < rounds || (!counts.cover(rounds) && counts.points < 8 * rounds)) {
            Scenario s = random.chance(90) ? random.scenario() : random.unchecked();
            if (random.chance(50))
                s.reserve = random.chance(50) ? Bytes{0} : Bytes{random.between(1, 1 << 30)};
            if (random.chance(75))
                s.workload.routing.capacityFactor = 0; // limits are dear to compute: one in four of those drawn will do
            // Several formats of one map, one after the other, as a search does; and other points for it.
            LeanPoints points(pointsAround(random, s));
            const int formats = random.between(1, 3);
            for (int set = 0; set < formats; ++set) {
                if (set == 0)
                    lean.compile(s.context(), s.plan, s.reserve);
                else
                    lean.reformat(s.formats);
                results.assign(points.size(), {});
                lean.evaluate(points, results);
                for (std::size_t i = 0; i < points.size(); ++i) {
                    moveTo(points.entries()[i].point, s);
                    evaluate(s, report);
                    const QString wrong = difference(results[i], report);
                    QVERIFY2(wrong.isEmpty(), qPrintable(described(s) + QStringLiteral(": ") + wrong));
                    ++counts.points;
                    counts.legal += report.legal;
                    counts.fitting += report.memory.fits;
                    const LeanPoint& point = points.entries()[i].point;
                    counts.unequal +=
                        report.legal && (point.batch % point.prefillMicrobatches != 0 || point.batch % point.decodeMicrobatches != 0);
                    counts.chunked += report.legal && point.chunks > 1;
                    counts.pipelined += report.legal && s.plan.pipeline() > 1;
                    counts.reaching += report.legal && std::any_of(s.model->kinds.begin(), s.model->kinds.end(), [](const LayerKind& kind) {
                                           return kind.attention.chunked;
                                       });
                    counts.predicting += report.legal && !report.decode.predictionOperators.empty();
                }
                s.formats = random.scenario().formats;
                if (random.chance(30))
                    points = LeanPoints(pointsAround(random, s));
            }
        }
        QVERIFY(counts.cover(rounds));
    }

    void kernelsAgree()
    {
        if (lean::wideKernel() == nullptr)
            QSKIP("this build or this processor has one kernel only");
        test::Random random(7);
        LeanPlan narrow(lean::portableKernel());
        LeanPlan wide(*lean::wideKernel());
        for (int round = 0; round < kPoints / 50; ++round) {
            const Scenario s = random.scenario();
            const LeanPoints points(pointsAround(random, s));
            std::vector<LeanResult> a(points.size());
            std::vector<LeanResult> b(points.size());
            narrow.compile(s.context(), s.plan, s.reserve);
            wide.compile(s.context(), s.plan, s.reserve);
            narrow.evaluate(points, a);
            wide.evaluate(points, b);
            QVERIFY(a == b);
        }
    }

    void allocatesNothingOnceWarm()
    {
        test::Random random(3);
        LeanPlan lean;
        for (int round = 0; round < 200; ++round) {
            Scenario s = random.scenario();
            const LeanPoints points(pointsAround(random, s));
            std::vector<LeanResult> results(points.size());
            lean.compile(s.context(), s.plan, s.reserve);
            lean.evaluate(points, results);
            const std::vector<LeanResult> first = results;
            const long before = g_allocations;
            lean.evaluate(points, results);
            QCOMPARE(g_allocations - before, 0L);
            QVERIFY(results == first);
            if (round == 0) {
                // The count counts.
                const auto one = std::make_unique<LeanResult>();
                QVERIFY(one && g_allocations > before);
            }
        }
    }

    void fittingScopeLeavesOutTimesOfPlansThatDoNotFit()
    {
        test::Random random(5);
        LeanPlan lean;
        int left = 0;
        int kept = 0;
        for (int round = 0; round < 500; ++round) {
            const Scenario s = random.scenario();
            const LeanPoints points(pointsAround(random, s));
            std::vector<LeanResult> all(points.size());
            std::vector<LeanResult> fitting(points.size());
            lean.compile(s.context(), s.plan, s.reserve);
            lean.evaluate(points, all);
            lean.evaluate(points, fitting, LeanScope::Fitting);
            const bool any = std::any_of(all.begin(), all.end(), [](const LeanResult& result) { return result.fits; });
            (any ? kept : left) += 1;
            for (std::size_t i = 0; i < all.size(); ++i) {
                LeanResult expected = all[i];
                if (!any)
                    expected.ttft = expected.tpot = expected.outputTokensPerSecond = 0;
                QVERIFY(fitting[i] == expected);
            }
        }
        QVERIFY(left > 10 && kept > 10);
    }

    /// A cut that needs more events than any plan may have is legal on one stage and not on several.
    void cutsTooFineForAPlanCostNothing()
    {
        test::Random random(13);
        Scenario s = random.scenario();
        s.model = builtinCatalog().model("llama-3-70b");
        s.cluster = builtinCatalog().cluster("p5.48xlarge");
        QVERIFY(s.model && s.cluster);
        s.formats = {};
        s.workload = {64, 300'000, 16, {}};
        s.plan = {};
        const std::vector<LeanPoint> point{{64, 64, 1, 1 << 16}, {64, 64, 1, 2}};
        const LeanPoints points(point);
        std::vector<LeanResult> results(2);
        LeanPlan lean;
        for (const int stages : {1, 8}) {
            s.plan[PlanAxis::Pipeline] = stages;
            lean.compile(s.context(), s.plan, s.reserve);
            lean.evaluate(points, results);
            for (std::size_t i = 0; i < 2; ++i) {
                moveTo(point[i], s);
                const QString wrong = difference(results[i], evaluate(s));
                QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
            }
            QCOMPARE(results[0].legal, stages == 1);
        }
    }

    /// Formats that the accelerator cannot compute in make every point illegal; others after them make it legal again.
    void reformatsIntoAndOutOfLegality()
    {
        test::Random random(17);
        Scenario s = random.scenario();
        s.model = builtinCatalog().model("llama-3-70b");
        s.cluster = builtinCatalog().cluster("p5.48xlarge");
        QVERIFY(s.model && s.cluster);
        s.formats = {};
        s.formats.compute = ComputeFormat::Fp4; // not of an H100
        s.plan = {};
        s.plan[PlanAxis::Tensor] = 8;
        const std::vector<LeanPoint> point{{16, 1, 1, 1}};
        const LeanPoints points(point);
        std::vector<LeanResult> results(1);
        LeanPlan lean;
        lean.reformat({});
        QVERIFY(!lean.legal()); // nothing to reformat yet
        lean.compile(s.context(), s.plan, s.reserve);
        for (const ComputeFormat compute : {ComputeFormat::Fp4, ComputeFormat::Bf16, ComputeFormat::Fp4, ComputeFormat::Fp8}) {
            s.formats.compute = compute;
            lean.reformat(s.formats);
            QCOMPARE(lean.legal(), compute != ComputeFormat::Fp4);
            lean.evaluate(points, results);
            moveTo(point[0], s);
            const QString wrong = difference(results[0], evaluate(s));
            QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
        }
    }

    void illegalPlansGiveNothing()
    {
        test::Random random(11);
        Scenario s = random.scenario();
        s.plan[PlanAxis::Data] = s.cluster->devices() + 1;
        LeanPlan lean;
        lean.compile(s.context(), s.plan, s.reserve);
        QVERIFY(!lean.legal());
        const std::vector<LeanPoint> point{{32, 1, 1, 1}};
        std::vector<LeanResult> results(1, LeanResult{true, true, 1, 1, 1, 1});
        lean.evaluate(LeanPoints(point), results);
        QVERIFY(results[0] == LeanResult{});
    }
};

QTEST_GUILESS_MAIN(TestLean)
#include "tst_lean.moc"
