// SPDX-License-Identifier: Apache-2.0
// The memory bars read as a scene: proportions, the capacity line, words, without pixels.
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/report_json.h"
#include "picturecases.h"
#include "samplereport.h"

#include "core/base/format.h"
#include "ui/scene/memoryscene.h"
#include "ui/scene/meshfacts.h"

#include <cmath>

using namespace shardlens;
using namespace shardlens::pictures;

namespace {

Scene memoryOf(const Scenario& scenario, const Report& report, QSizeF size, const Subject& hover = {}, const MemoryOptions& options = {})
{
    Scene scene;
    buildMemory({scenario, report, size, Theme::of(ThemeId::Light), hover, {}}, options, scene);
    return scene;
}

/// x of the capacity lines: vertical, 2 px, in text ink, taller than a tick.
QList<double> capacityLines(const Scene& scene)
{
    QList<double> found;
    for (const SceneItem& item : scene.items) {
        if (item.kind == SceneItem::Kind::Line && item.width == 2 && item.rect.width() == 0 && item.rect.height() > 10
            && item.pen == Theme::of(ThemeId::Light).color(Ink::Text))
            found += item.rect.left();
    }
    return found;
}

bool isSegment(const HitRegion& region, int device, int stage)
{
    return region.subject.kind == Subject::Kind::MemoryClass && region.subject.device == device && region.subject.stage == stage;
}

} // namespace

class TestMemoryScene : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void everyMachineAtEverySize_data()
    {
        QTest::addColumn<int>("index");
        QTest::addColumn<QSizeF>("size");
        for (std::size_t i = 0; i < cases().size(); ++i) {
            for (const QSizeF& size : sizes())
                QTest::addRow("%s, %d", cases()[i].name, static_cast<int>(size.width())) << static_cast<int>(i) << size;
        }
    }

    void everyMachineAtEverySize()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        for (const MemoryOptions& options : {MemoryOptions{}, MemoryOptions{MemoryBars::Stages, MemoryAxis::Capacity},
                                             MemoryOptions{MemoryBars::Groups, MemoryAxis::Broken}}) {
            const Scene scene = memoryOf(scenario, report, size, {}, options);
            QCOMPARE(textFault(scene), QString());
            QVERIFY2(scene.items.size() <= 1200, qPrintable(QString::number(scene.items.size())));
            for (const HitRegion& region : scene.hits) {
                const Subject found = scene.subjectAt(region.rect.center());
                // A bar's middle is covered by one of its own segments.
                QVERIFY(found == region.subject || (found.kind == Subject::Kind::MemoryClass && found.stage == region.subject.stage));
            }
            if (!report.legal) {
                QVERIFY(hasText(scene, QStringLiteral("not legal")));
                continue;
            }
            QCOMPARE(capacityLines(scene).size(), 1);
            QVERIFY(hasText(scene, report.memory.fits ? QStringLiteral("GiB free") : QStringLiteral("needs ")));
            // The excess is hatched beyond the line, and only then do bars reach it.
            double right = 0;
            for (const HitRegion& region : scene.hits) {
                if (region.subject.kind == Subject::Kind::Device || region.subject.kind == Subject::Kind::Stage)
                    right = std::max(right, region.rect.right() - 4);
            }
            QCOMPARE(right > capacityLines(scene).front() + 1, !report.memory.fits);
        }
    }

    void segmentsAddUpToTheTotal_data() { everyMachineAtEverySize_data(); }
    void segmentsAddUpToTheTotal()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        if (!report.legal)
            return;
        const Scene scene = memoryOf(scenario, report, size, {}, {MemoryBars::Automatic, MemoryAxis::Capacity});
        int bars = 0;
        for (const HitRegion& row : scene.hits) {
            const bool ofDevice = row.subject.kind == Subject::Kind::Device;
            if (!ofDevice && row.subject.kind != Subject::Kind::Stage)
                continue;
            ++bars;
            double left = 1e9;
            double right = 0;
            double sum = 0;
            for (const HitRegion& region : scene.hits) {
                const bool inRow = region.rect.top() >= row.rect.top() && region.rect.bottom() <= row.rect.bottom();
                if (!inRow || !isSegment(region, ofDevice ? row.subject.device : -1, row.subject.stage))
                    continue;
                left = std::min(left, region.rect.left());
                right = std::max(right, region.rect.right());
                sum += region.rect.width();
            }
            const DeviceMemory& memory = report.memory.stages[static_cast<std::size_t>(row.subject.stage)];
            const double scale = (capacityLines(scene).front() - left) / static_cast<double>(report.memory.capacity);
            const double expected = static_cast<double>(memory.total()) * scale;
            // The line stands on a whole pixel, up to one left of the exact place.
            const double tolerance = 1 + expected / std::max(1.0, capacityLines(scene).front() - left) * 1.5;
            QVERIFY2(std::abs(sum - expected) <= tolerance, qPrintable(QStringLiteral("%1 px for %2").arg(sum).arg(expected)));
            QVERIFY(std::abs(sum - (right - left)) < 1e-6); // no gaps, no overlaps
        }
        QVERIFY(bars > 0);
    }

    void equalNeighboursPrintTheirValueOnce()
    {
        const Scenario scenario = sample::scenario(8, 1);
        Report report = sample::report(scenario);
        const Scene scene = memoryOf(scenario, report, {420, 300}, {}, {MemoryBars::Automatic, MemoryAxis::Capacity});
        QCOMPARE(std::count(scene.texts.begin(), scene.texts.end(), QStringLiteral("22.4")), 1);
        QVERIFY(hasText(scene, QStringLiteral("GPU 7")));
        QVERIFY(hasText(scene, QStringLiteral("57.6 GiB free")));
        QVERIFY(hasText(scene, QStringLiteral("614 more requests of 2,304 tokens")));
        QCOMPARE(describeMemory(scenario, report), QStringLiteral("Each device is 28 % full, 57.6 GiB free on the fullest device."));
    }

    void doesNotFitIsSaidInWordsAndHatch()
    {
        const Scenario scenario = sample::scenario(4, 2);
        Report report = sample::report(scenario);
        report.memory.stages[1].kv = Bytes{70} << 30;
        report.memory.fullest = 1;
        report.memory.fits = false;
        report.memory.maxBatchPerReplica = 20;
        for (const QSizeF& size : sizes()) {
            const Scene scene = memoryOf(scenario, report, size);
            QCOMPARE(textFault(scene), QString());
            QVERIFY(hasText(scene, QStringLiteral("needs 9.37 GiB more")));
            QVERIFY(hasText(scene, QStringLiteral("batch 20 would fit")));
            const double line = capacityLines(scene).value(0);
            const auto beyond = std::count_if(scene.items.begin(), scene.items.end(), [line](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::OverCapacity && item.rect.left() >= line;
            });
            const auto fullRows = std::count_if(scene.hits.begin(), scene.hits.end(), [](const HitRegion& region) {
                const bool row = region.subject.kind == Subject::Kind::Device || region.subject.kind == Subject::Kind::Stage;
                return row && region.subject.stage == 1;
            });
            QVERIFY(fullRows >= 1);
            QCOMPARE(beyond, 1 + fullRows); // the zone, and the excess of the devices of stage 1
        }
        QVERIFY(describeMemory(scenario, report).contains(QStringLiteral("needs 9.37 GiB more")));
    }

    void copiesOfKvAreHatchedInTheirSegment()
    {
        const Scenario scenario = sample::scenario(8, 1);
        Report report = sample::report(scenario);
        const auto copies = [&report, &scenario] {
            const Scene scene = memoryOf(scenario, report, {900, 600}, {}, {MemoryBars::Automatic, MemoryAxis::Capacity});
            double width = 0;
            double whole = 0;
            for (const SceneItem& item : scene.items) {
                if (item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Replica && width == 0)
                    width = item.rect.width();
            }
            for (const HitRegion& region : scene.hits) {
                if (isSegment(region, 0, 0) && region.subject.cause == static_cast<int>(MemoryClass::Kv))
                    whole = region.rect.width();
            }
            return width / whole;
        };
        QCOMPARE(copies(), 0.0);
        report.memory.stages[0].kvReplicas = report.memory.stages[0].kv * 7 / 8;
        QVERIFY(std::abs(copies() - 0.875) < 1e-6);
    }

    /// What is stored once and its copies say each its own bytes; so does a bar that would fit, whose copies are hatched, too.
    void copiesSayTheirBytes()
    {
        const Scenario scenario = sample::scenario(8, 1);
        Report report = sample::report(scenario);
        DeviceMemory& memory = report.memory.stages[0];
        memory.kv = Bytes{24} << 30;
        memory.kvReplicas = Bytes{18} << 30;
        const Scene scene = memoryOf(scenario, report, {1200, 600}, {}, {MemoryBars::Automatic, MemoryAxis::Capacity});
        QStringList texts;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Text)
                texts << scene.texts[static_cast<std::size_t>(item.extra)];
        QVERIFY(texts.contains(gibText(std::ldexp(6, 30))));
        QVERIFY(texts.contains(gibText(std::ldexp(18, 30))));
    }

    /// A total that has no room before the capacity stands beyond it, not in the bar's last part.
    void totalsStandBesideTheirBars()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, batch 4,000 does not fit"));
        const Report report = evaluate(scenario);
        QVERIFY(report.legal && !report.memory.fits);
        for (const QSizeF& size : {QSizeF(860, 300), QSizeF(900, 600), QSizeF(1920, 1080)}) {
            const Scene scene = memoryOf(scenario, report, size);
            const std::optional<MemoryGhost> ghost = memoryGhost(scenario, report, {});
            QVERIFY(ghost);
            const QString total = qs(formatNumber(static_cast<double>(ghost->after.limiting().total()) / 1073741824.0));
            const double capacity = capacityLines(scene).front();
            int found = 0;
            for (const SceneItem& item : scene.items) {
                if (item.kind != SceneItem::Kind::Text || scene.texts[static_cast<std::size_t>(item.extra)] != total)
                    continue;
                ++found;
                QVERIFY2(item.rect.left() > capacity, qPrintable(QString::number(size.width())));
            }
            QVERIFY(found > 0);
        }
    }

    void groupsByStageWhenDevicesDoNotFit()
    {
        const Scenario scenario = scenarioOf(caseNamed("32 nodes of 8, TP 8 x PP 4 x DP 8"));
        const Report report = evaluate(scenario);
        const Scene scene = memoryOf(scenario, report, {900, 600});
        const auto rows = std::count_if(scene.hits.begin(), scene.hits.end(),
                                        [](const HitRegion& region) { return region.subject.kind == Subject::Kind::Stage; });
        QCOMPARE(rows, 4);
        QVERIFY(hasText(scene, QStringLiteral("8 replicas")));
        QVERIFY(hasText(scene, QString(QStringLiteral("GPU 8%1").arg(QChar(0x2013)) + QStringLiteral("15"))));
    }

    /// Little used: the axis is broken before the capacity, says so, and the bars keep their proportions.
    void mostlyEmptyDevicesBreakTheAxis()
    {
        const Scenario scenario = sample::scenario(8, 1);
        const Report report = sample::report(scenario);
        const auto used = [&](MemoryAxis axis) {
            const Scene scene = memoryOf(scenario, report, {480, 330}, {}, {MemoryBars::Automatic, axis});
            double right = 0;
            for (const HitRegion& region : scene.hits)
                if (isSegment(region, 0, 0))
                    right = std::max(right, region.rect.right());
            return std::pair(right, hasText(scene, QStringLiteral("broken")));
        };
        const auto [whole, saysBroken] = used(MemoryAxis::Capacity);
        QVERIFY(!saysBroken);
        QVERIFY(used(MemoryAxis::Automatic).second);
        QVERIFY(used(MemoryAxis::Automatic).first > 1.4 * whole);
        QCOMPARE(used(MemoryAxis::Broken), used(MemoryAxis::Automatic));
        const Scene scene = memoryOf(scenario, report, {900, 600});
        std::array<double, kMemoryClassCount> widths{};
        for (const HitRegion& region : scene.hits)
            if (isSegment(region, 0, 0))
                widths[static_cast<std::size_t>(region.subject.cause)] = region.rect.width();
        const DeviceMemory& memory = report.memory.stages.front();
        const double scale = widths[0] / static_cast<double>(memory.weights());
        for (std::size_t i = 0; i < kMemoryClassCount; ++i)
            QVERIFY(std::abs(widths[i] - scale * static_cast<double>(bytesOf(memory, static_cast<MemoryClass>(i)))) < 1e-6);
        // A device that is nearly full keeps the axis whole, whatever is asked for.
        Report full = report;
        full.memory.stages[0].kv = Bytes{50} << 30;
        QVERIFY(!hasText(memoryOf(scenario, full, {480, 330}, {}, {MemoryBars::Automatic, MemoryAxis::Broken}), QStringLiteral("broken")));
    }

    void threeReadoutsOfWhatIsFree()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const Scene scene = memoryOf(scenario, report, {900, 600});
        QVERIFY(hasText(scene, QStringLiteral("GiB free on each device")));
        QVERIFY(hasText(scene, QStringLiteral("more requests of ")));
        QVERIFY(hasText(scene, QStringLiteral("cache alone: ")));
        const Scenario stages = scenarioOf(caseNamed("8 H100, PP 8"));
        const Report uneven = evaluate(stages);
        QVERIFY(
            hasText(memoryOf(stages, uneven, {1600, 900}), QStringLiteral("on the fullest, stage %1").arg(uneven.memory.limiting().stage)));
    }

    /// The dashed bar is the memory of the changed scenario, and stands for the change.
    void ghostsAreEvaluated()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 2, six idle, does not fit"));
        const Report report = evaluate(scenario);
        QVERIFY(!report.memory.fits);
        const std::vector<MemoryChange> changes = memoryChanges(scenario, report.memory, 12);
        QVERIFY(changes.size() >= 3 && changes.front().fits);
        const std::optional<MemoryGhost> automatic = memoryGhost(scenario, report, {});
        QVERIFY(automatic && automatic->change.label == changes.front().label);
        for (const MemoryChange& change : changes) {
            const std::optional<MemoryGhost> ghost = memoryGhost(scenario, report, {.ghost = change.label});
            QVERIFY(ghost);
            const Report after = evaluate(ghost->change.scenario);
            QCOMPARE(ghost->after.limiting().total(), after.memory.limiting().total());
            QCOMPARE(ghost->after.fits, change.fits);
            const Scene scene = memoryOf(scenario, report, {600, 330}, {}, {.ghost = change.label});
            QCOMPARE(textFault(scene), QString());
            const auto region =
                std::find_if(scene.hits.begin(), scene.hits.end(), [](const HitRegion& each) { return each.subject == ghostSubject(); });
            QVERIFY(region != scene.hits.end());
            QCOMPARE(scene.subjectAt(region->rect.center()), ghostSubject());
        }
        QVERIFY(!memoryGhost(scenario, report, {.ghosts = false}));
        QVERIFY(!memoryGhost(scenario, report, {.ghost = "no such change"}));
        const Scenario fitting = scenarioOf(caseNamed("8 H100, TP 8"));
        QVERIFY(!memoryGhost(fitting, evaluate(fitting), {}));
    }

    /// Whatever does not fit has a dashed bar of what would: weights alone too large, and a cluster on which nothing fits.
    void everyPlanThatDoesNotFitHasAGhost()
    {
        const auto check = [](const char* cluster, const char* model, int devices, int tensor, const QString& wanted) {
            Scenario scenario;
            scenario.model = builtinCatalog().model(model);
            scenario.cluster = builtinCatalog().cluster(cluster);
            if (devices > 0)
                scenario.cluster = std::make_shared<const Cluster>(resized(*scenario.cluster, devices).value());
            scenario.plan[PlanAxis::Tensor] = tensor;
            scenario.workload.batch = 64;
            const Report report = evaluate(scenario);
            QVERIFY(report.legal && !report.memory.fits && report.memory.limiting().weights() > report.memory.capacity);
            const std::optional<MemoryGhost> ghost = memoryGhost(scenario, report, {});
            QVERIFY(ghost && ghost->applies && ghost->after.fits);
            QVERIFY(evaluate(ghost->change.scenario).memory.fits);
            for (const QSizeF size : {QSizeF(330, 200), QSizeF(620, 330), QSizeF(1920, 1080)}) {
                const Scene scene = memoryOf(scenario, report, size);
                QCOMPARE(textFault(scene), QString());
                QVERIFY2(hasText(scene, wanted), qPrintable(wanted));
                QVERIFY(std::any_of(scene.hits.begin(), scene.hits.end(),
                                    [](const HitRegion& each) { return each.subject == ghostSubject(); }));
            }
            const QString advice = QString::fromStdString(advise(scenario, report).sentence);
            QVERIFY2(advice.contains(wanted), qPrintable(advice));
            QVERIFY(QString::fromStdString(printReportText(scenario, report)).contains(wanted));
        };
        check("trn2.48xlarge", "llama-3-70b", 0, 4, QStringLiteral("TP 16"));
        check("p5.48xlarge", "llama-3.1-405b", 1, 1, QStringLiteral("16 GPUs as TP 8 × PP 2"));
    }

    /// In the smallest dock too a bar that does not fit has the dashed one of its change under it, as high and as far apart as others, and
    /// what is missing in words; how many devices it takes is said.
    void theSmallestDockHasTheGhost()
    {
        struct Shape {
            const char* model;
            int devices, tensor, pipeline, batch;
        };
        for (const Shape& plan : {Shape{"llama-3.1-405b", 8, 8, 1, 32}, Shape{"llama-3-70b", 8, 2, 1, 32}, Shape{"deepseek-v3", 1, 1, 1, 1},
                                  Shape{"llama-3-70b", 8, 4, 2, 400}}) {
            Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
            scenario.model = builtinCatalog().model(plan.model);
            scenario.cluster = std::make_shared<const Cluster>(resized(*scenario.cluster, plan.devices).value());
            scenario.plan[PlanAxis::Tensor] = plan.tensor;
            scenario.plan[PlanAxis::Pipeline] = plan.pipeline;
            scenario.workload.batch = plan.batch;
            const Report report = evaluate(scenario);
            QVERIFY(report.legal && !report.memory.fits);
            const std::optional<MemoryGhost> ghost = memoryGhost(scenario, report, {});
            QVERIFY(ghost && ghost->after.fits);
            for (const double height : {116.0, 130.0, 150.0, 200.0}) {
                const Scene scene = memoryOf(scenario, report, {330, height});
                QCOMPARE(textFault(scene), QString());
                QVERIFY(hasText(scene, QStringLiteral("needs ")));
                const auto dashed = std::find_if(scene.items.begin(), scene.items.end(), [](const SceneItem& item) {
                    return item.kind == SceneItem::Kind::RoundedRect && item.dashed;
                });
                QVERIFY2(dashed != scene.items.end(), qPrintable(QStringLiteral("%1 at %2").arg(plan.devices).arg(height)));
                const auto bar = std::find_if(scene.hits.begin(), scene.hits.end(),
                                              [](const HitRegion& hit) { return hit.subject.kind == Subject::Kind::MemoryClass; });
                QVERIFY(bar != scene.hits.end() && bar->rect.height() == dashed->rect.height());
                QVERIFY(bar->rect.bottom() < dashed->rect.top());
                if (ghost->moreDevices())
                    QVERIFY(hasText(scene, QString::fromStdString(ghost->change.label).section(QLatin1Char(' '), 0, 1)));
            }
        }
    }

    void wasteIsNamed()
    {
        const Scenario scenario = sample::scenario(8, 1);
        Report report = sample::report(scenario);
        DeviceMemory& memory = report.memory.stages[0];
        memory.kvReplicas = memory.kv / 2;
        memory.weightReplicas.attention = memory.attentionWeights / 4;
        memory.redundantExperts = Bytes{1} << 30;
        memory.expertWeights = Bytes{4} << 30;
        const std::vector<MemoryWaste> waste = wasteOf(memory);
        QCOMPARE(std::count_if(waste.begin(), waste.end(), [](const MemoryWaste& each) { return each.drawn; }), 3);
        const Scene scene = memoryOf(scenario, report, {900, 600});
        QVERIFY(hasText(scene, QStringLiteral("redundant experts 1.00")));
        const QString tip = memoryTooltip(scenario, report, Subject{.kind = Subject::Kind::MemoryClass, .stage = 0, .cause = 0});
        QVERIFY2(tip.contains(QStringLiteral("1 GiB of it: redundant experts"))
                     || tip.contains(QStringLiteral("1.00 GiB of it: redundant experts")),
                 qPrintable(tip));
    }

    /// Weights that ranks of attention DP hold each are hatched but for one share, as copies of the cache are; replicas (DP) are none.
    void replicatedWeightsAreHatched()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        scenario.formats.weights = NumberFormat::Fp8;
        scenario.plan[PlanAxis::Tensor] = 1;
        const auto hatched = [&](PlanAxis axis) {
            Scenario each = scenario;
            each.plan[axis] = 8;
            each.workload.batch = 8;
            const Report report = evaluate(each);
            const Scene scene = memoryOf(each, report, {1200, 700});
            const QString copies = QStringLiteral("copies ");
            return std::pair(std::any_of(scene.items.begin(), scene.items.end(),
                                         [](const SceneItem& item) {
                                             return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Replica
                                                    && item.rect.width() > 100;
                                         }),
                             hasText(scene, copies));
        };
        QCOMPARE(hatched(PlanAxis::AttentionData), std::pair(true, true));
        QCOMPARE(hatched(PlanAxis::Data), std::pair(false, false));
    }

    void tooltips()
    {
        const Scenario scenario = sample::scenario(4, 2);
        const Report report = sample::report(scenario);
        QVERIFY(memoryTooltip(scenario, report, Subject{.kind = Subject::Kind::Device, .device = 5, .stage = 1})
                    .startsWith(QStringLiteral("GPU 5\n22.4 GiB of 80")));
        QVERIFY(memoryTooltip(scenario, report, Subject{.kind = Subject::Kind::MemoryClass, .stage = 1, .cause = 0})
                    .contains(QStringLiteral("16")));
        QVERIFY(memoryTooltip(scenario, report, {}).isEmpty());
        QVERIFY(memoryTooltip(scenario, report, Subject{.kind = Subject::Kind::Device, .device = 99999}).isEmpty());
    }

    void tinyViewsDrawNothingWrong()
    {
        for (const Case& given : cases()) {
            const Scenario scenario = scenarioOf(given);
            const Report report = evaluate(scenario);
            for (const QSizeF& size : {QSizeF(0, 0), QSizeF(10, 10), QSizeF(150, 650), QSizeF(160, 90), QSizeF(200, 140), QSizeF(1600, 80)})
                QCOMPARE(textFault(memoryOf(scenario, report, size)), QString());
        }
    }
};

QTEST_MAIN(TestMemoryScene)
#include "tst_memoryscene.moc"
