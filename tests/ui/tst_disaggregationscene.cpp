// SPDX-License-Identifier: Apache-2.0
// The pools' picture without pixels: areas to scale, figures of the report, every state; and splitting and joining through the real window.
#include "core/scenario/poolsplit.h"
#include "core/scenario/serve.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/scenechecks.h"
#include "tests/ui/windowfixture.h"
#include "ui/scene/disaggregationparts.h"
#include "ui/views/sceneview.h"
#include "ui/window/disaggregationbody.h"
#include "ui/window/dockarea.h"

#include "core/base/format.h"

#include <QToolButton>

#include <QScopeGuard>

#include <cmath>

using namespace shardlens;

namespace {

Scenario pooled(int concurrency, int prefillTensor = 4, int decodeTensor = 8)
{
    Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
    scenario.serving.load.kind = LoadKind::ClosedLoop;
    scenario.serving.load.concurrency = concurrency;
    Scenario out = splitIntoPools(scenario);
    out.serving.pools->prefill.plan[PlanAxis::Tensor] = prefillTensor;
    out.serving.pools->decode.plan[PlanAxis::Tensor] = decodeTensor;
    return out;
}

Scene drawn(const Scenario& scenario, const Report& report, QSizeF size)
{
    Scene scene;
    scene.clear(size);
    DisaggregationOptions options;
    Scenario split;
    Report splitReport;
    const bool pools = scenario.serving.pools && scenario.serving.load.kind != LoadKind::StaticBatch;
    if (!pools) {
        split = splitIntoPools(scenario);
        splitReport = evaluate(split);
        options.split = &split;
        options.splitReport = &splitReport;
    }
    std::optional<Report> joined;
    const Report& shown = pools ? report : splitReport;
    if (shown.serving.devices > 0)
        if (const std::optional<Scenario> other = joinedPools(pools ? scenario : split, std::llround(shown.serving.devices))) {
            joined = evaluate(*other);
            options.joined = &*joined;
            options.joinedDevices = other->plan.devices();
        }
    buildDisaggregation({scenario, report, size, Theme::of(ThemeId::Light)}, options, scene);
    return scene;
}

std::vector<Scenario> states()
{
    std::vector<Scenario> all{pooled(64), pooled(1), pooled(4096), pooled(65536), pooled(64, 1, 8), pooled(64, 8, 1), pooled(64, 6, 8)};
    Scenario saturated = pooled(64);
    saturated.serving.load.kind = LoadKind::OpenLoop;
    saturated.serving.load.rate = 1000;
    saturated.serving.pools->prefill.workers = 1;
    saturated.serving.pools->decode.workers = 1;
    all.push_back(saturated);
    Scenario other = pooled(256);
    other.serving.pools->decode.cluster = builtinCatalog().cluster("gb200-nvl72");
    all.push_back(other);
    Scenario single = pooled(64); // the first token is the last: nothing is decoded
    single.workload.output = 1;
    all.push_back(single);
    all.push_back(pictures::scenarioOf(pictures::cases().front()));                                   // aggregated
    all.push_back(pictures::scenarioOf(pictures::caseNamed("8 H100, TP 6: not legal")));              // no figures
    all.push_back(pictures::scenarioOf(pictures::caseNamed("8 H100, TP 2, six idle, does not fit"))); // neither way
    return all;
}

DisaggregationBody& bodyOf(WindowFixture& fixture)
{
    return raisedBody<DisaggregationBody>(fixture, ViewKind::Disaggregation);
}

} // namespace

class DisaggregationSceneTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        failOnUnexpectedMessages();
        prepareAppearance();
    }

    void textsKeepTheirPlaces_data()
    {
        QTest::addColumn<double>("scale");
        QTest::newRow("text as it is") << 1.0;
        QTest::newRow("large text") << 1.5;
    }
    void textsKeepTheirPlaces()
    {
        QFETCH(double, scale);
        setTextScale(scale);
        const auto restore = qScopeGuard([] { setTextScale(1); });
        int number = 0;
        for (const Scenario& scenario : states()) {
            const Report report = evaluate(scenario);
            for (const QSizeF size : {QSizeF{330, 122}, QSizeF{330, 150}, QSizeF{420, 300}, QSizeF{600, 330}, QSizeF{826, 150},
                                      QSizeF{826, 190}, QSizeF{1200, 170}, QSizeF{900, 600}, QSizeF{1600, 900}}) {
                const Scene scene = drawn(scenario, report, size);
                QString trouble = check::textTrouble(scene);
                if (trouble.isEmpty())
                    trouble = check::regionTrouble(scene);
                QVERIFY2(trouble.isEmpty(),
                         qPrintable(QStringLiteral("state %1 at %2 x %3: ").arg(number).arg(size.width()).arg(size.height()) + trouble));
                QVERIFY(!scene.items.empty());
            }
            ++number;
        }
    }

    /// A device has one size in both pools, every device its tile, and none leaves its area.
    void tilesAreToScale()
    {
        for (const auto& [workers, devices] : {std::pair{std::array<std::int64_t, 2>{1, 1}, std::array<std::int64_t, 2>{8, 8}},
                                               std::pair{std::array<std::int64_t, 2>{5, 2}, std::array<std::int64_t, 2>{4, 64}},
                                               std::pair{std::array<std::int64_t, 2>{300, 3}, std::array<std::int64_t, 2>{1, 7}}}) {
            const std::array<QRectF, 2> areas{QRectF(10, 50, 300, 200), QRectF(500, 50, 300, 200)};
            const std::array<PoolTiles, 2> tiles = poolTiles(areas, workers, devices);
            QCOMPARE(tiles[0].tile, tiles[1].tile);
            QVERIFY(tiles[0].tile > 0);
            for (std::size_t i = 0; i < 2; ++i)
                for (std::int64_t worker = 0; worker < workers[i]; ++worker) {
                    const QRectF block = tiles[i].worker(worker);
                    QVERIFY(areas[i].adjusted(-0.01, -0.01, 0.01, 0.01).contains(block));
                    for (std::int64_t device = 0; device < devices[i]; ++device)
                        QVERIFY(block.adjusted(-0.01, -0.01, 0.01, 0.01).contains(tiles[i].device(worker, device)));
                }
        }
    }

    void figuresAreTheReports()
    {
        const Scenario scenario = pooled(64);
        const Report report = evaluate(scenario);
        QVERIFY(report.serving.pools);
        const DisaggregatedFigures& f = *report.serving.pools;
        const Scene scene = drawn(scenario, report, {1200, 700});
        QVERIFY(check::says(scene, qs(formatSeconds(f.transferTime))));
        QVERIFY(check::says(scene, qs(formatBytes(f.transferBytes))));
        QVERIFY(check::says(scene, qs(formatPercent(f.transferTime / report.serving.ttft))));
        QVERIFY(check::says(scene, qs(formatPercent(f.prefillUtilisation))));
        QVERIFY(check::says(scene, qs(formatPercent(f.decodeUtilisation))));
        const KvTransfer link = poolTransfer(scenario);
        QVERIFY(std::abs(link.latency + f.transferBytes / link.bandwidth() - f.transferTime) < 1e-12);
        int tiles = 0;
        for (const SceneItem& item : scene.items)
            tiles +=
                item.kind == SceneItem::Kind::Fill && std::abs(item.rect.width() - item.rect.height()) < 0.01
                        && (item.fill == Theme::of(ThemeId::Light).place(0, 1, 4) || item.fill == Theme::of(ThemeId::Light).place(1, 1, 4))
                    ? 1
                    : 0;
        QCOMPARE(tiles, static_cast<int>(f.devices()));
    }

    /// The way of a request adds up to the report's figures, and its bars are to one scale.
    void aRequestsWayAddsUp()
    {
        Scenario open = pooled(64);
        open.serving.load.kind = LoadKind::OpenLoop;
        open.serving.load.rate = 4;
        for (const Scenario& scenario : {pooled(64), pooled(1), open}) {
            const Report report = evaluate(scenario);
            const std::optional<RequestPath> path = requestPath(report);
            QVERIFY(path);
            QVERIFY(std::abs(path->ttft() / report.serving.ttft - 1) < 1e-9);
            QVERIFY(std::abs(path->total() / report.serving.endToEnd - 1) < 1e-9);
            const Scene scene = drawn(scenario, report, {1440, 800});
            const Theme& theme = Theme::of(ThemeId::Light);
            const auto lengthOf = [&](const QColor& colour) {
                double length = 0; // of a bar: wide and low, unlike a tile
                for (const SceneItem& item : scene.items)
                    if (item.kind == SceneItem::Kind::Fill && item.fill == colour && item.rect.width() > 1.5 * item.rect.height()
                        && item.rect.height() > 10)
                        length += item.rect.width();
                return length;
            };
            const double decode = lengthOf(poolColour(theme, 1));
            QVERIFY(decode > 50);
            if (const double prefill = lengthOf(poolColour(theme, 0)); prefill > 0)
                QVERIFY(std::abs(prefill / decode / (path->prefill / path->decode) - 1) < 1e-6);
        }
        QVERIFY(!requestPath(evaluate(pooled(64, 1, 8)))); // does not fit
    }

    /// Pools, arrow and figures take the picture: nothing huddles in a corner of a large one, and the scale grows with it.
    void picturesAreFilled()
    {
        const Scenario scenario = pooled(64);
        const Report report = evaluate(scenario);
        double before = 0;
        for (const QSizeF size : {QSizeF{620, 310}, QSizeF{1440, 800}}) {
            const Scene scene = drawn(scenario, report, size);
            QRectF pools;
            for (const HitRegion& hit : scene.hits)
                pools = pools.united(hit.rect);
            QVERIFY2(pools.width() > 0.75 * size.width(), qPrintable(QString::number(pools.width())));
            QVERIFY(std::abs(pools.center().x() / size.width() - 0.5) < 0.06);
            double tile = 0;
            double lowest = 0;
            for (const SceneItem& item : scene.items) {
                if (item.kind == SceneItem::Kind::Fill && item.fill == poolColour(Theme::of(ThemeId::Light), 1)
                    && std::abs(item.rect.width() - item.rect.height()) < 0.01)
                    tile = item.rect.width();
                if (item.kind == SceneItem::Kind::Text)
                    lowest = std::max(lowest, item.rect.bottom());
            }
            QVERIFY2(tile > 1.5 * before && tile > 0.07 * size.height(), qPrintable(QString::number(tile)));
            QVERIFY(lowest > 0.9 * size.height());
            before = tile;
        }
        // A low and wide one: the words stand beside the devices.
        Scenario two = scenario; // one worker each
        two.serving.load.kind = LoadKind::OpenLoop;
        two.serving.load.rate = 4;
        const Scene low = drawn(two, evaluate(two), {1200, 170});
        double tile = 0;
        for (const SceneItem& item : low.items)
            if (item.kind == SceneItem::Kind::Fill && item.fill == poolColour(Theme::of(ThemeId::Light), 1))
                tile = std::max(tile, std::min(item.rect.width(), item.rect.height()));
        QVERIFY2(tile > 45, qPrintable(QString::number(tile)));
    }

    /// What limits, at how many requests/s, and when it would be full.
    void theBottleneckIsSaid()
    {
        Scenario scenario = pooled(64);
        scenario.serving.load.kind = LoadKind::OpenLoop;
        scenario.serving.load.rate = 4;
        const Report report = evaluate(scenario);
        const DisaggregatedFigures& f = *report.serving.pools;
        QVERIFY(f.prefillUtilisation > f.decodeUtilisation);
        const Scene scene = drawn(scenario, report, {1200, 700});
        QVERIFY(check::says(scene, QStringLiteral("Prefill would fill first, at %2 requests/s: %1 busy at 4.")
                                       .arg(qs(formatPercent(f.prefillUtilisation)), qs(formatNumber(f.prefillRate * f.prefillWorkers)))));
        QVERIFY(!check::says(scene, QStringLiteral("limits")));
        QVERIFY(!check::says(scene, QStringLiteral("burst")));
        // 64 clients leave the pools room; four thousand fill one of them.
        Scenario few = pooled(64);
        QVERIFY(!check::says(drawn(few, evaluate(few), {1200, 700}), QStringLiteral("limits")));
        QVERIFY(!check::says(drawn(few, evaluate(few), {1200, 700}), QStringLiteral("burst")));
        const double steady = evaluate(few).serving.ttft;
        few.serving.load.warmup = 0; // a benchmark's run
        QVERIFY(evaluate(few).serving.ttft > steady);
        QVERIFY(check::says(drawn(few, evaluate(few), {1200, 700}), QStringLiteral("(opening burst included)")));
        Scenario many = pooled(4096);
        many.serving.pools->prefill.workers = 1;
        QVERIFY(check::says(drawn(many, evaluate(many), {1200, 700}), QStringLiteral("Prefill limits")));
        scenario.serving.load.rate = 1000;
        scenario.serving.pools->prefill.workers = 1;
        const Report saturated = evaluate(scenario);
        QVERIFY(check::says(
            drawn(scenario, saturated, {1200, 700}),
            QStringLiteral("1,000 requests/s arrive, %1 can be served").arg(qs(formatNumber(saturated.serving.service.saturationRate)))));
    }

    /// A pool that does not fit: by how much, and what lacks nothing beside it.
    void whatIsMissingIsSaid()
    {
        const Scenario scenario = pooled(64, 1, 8);
        QVERIFY(poolShortage(scenario, 0) > 0);
        QVERIFY(poolShortage(scenario, 1) <= 0);
        QVERIFY(check::says(
            drawn(scenario, evaluate(scenario), {1200, 700}),
            QStringLiteral("For one request each device lacks %1.").arg(qs(formatBytes(static_cast<double>(poolShortage(scenario, 0)))))));
    }

    /// Whatever the size, the picture says what the pools are against one: in the table, or in one line.
    void theComparisonIsAlwaysThere()
    {
        const Scenario scenario = pooled(64);
        const Report report = evaluate(scenario);
        const std::optional<Scenario> other = joinedPools(scenario, std::llround(report.serving.devices));
        QVERIFY(other);
        const Report joined = evaluate(*other);
        const auto change = [](double now, double before) {
            return QString((now > before ? QStringLiteral("+") : QString()) + qs(formatPercent(now / before - 1)));
        };
        for (const double scale : {1.0, 1.5}) {
            setTextScale(scale);
            const auto restore = qScopeGuard([] { setTextScale(1); });
            for (const QSizeF size : {QSizeF{330, 150}, QSizeF{620, 380}, QSizeF{860, 172}, QSizeF{860, 200}, QSizeF{1920, 1052}}) {
                const Scene scene = drawn(scenario, report, size);
                const QString at = QStringLiteral("%1 x %2, text %3").arg(size.width()).arg(size.height()).arg(scale);
                if (size.width() > 330 || scale < 1.5) // large text in the smallest dock keeps one figure
                    QVERIFY2(check::says(scene, change(report.serving.ttft, joined.serving.ttft)), qPrintable(at));
                QVERIFY2(check::says(scene, change(report.serving.tpot, joined.serving.tpot)), qPrintable(at));
            }
        }
        const Scene low = drawn(scenario, report, {860, 172});
        QVERIFY(check::says(low, QStringLiteral("Against one pool of %1 NVIDIA H100 SXM5 80GB: TTFT").arg(other->plan.devices())));
        QVERIFY(check::says(low, change(report.serving.outputTokensPerSecondPerDevice, joined.serving.outputTokensPerSecondPerDevice)));
    }

    /// Pools of other hardware than the aggregated system: it says what it stands on.
    void mixedHardwareIsNamed()
    {
        Scenario mixed = pooled(256);
        mixed.serving.pools->decode.cluster = builtinCatalog().cluster("gb200-nvl72");
        const Report report = evaluate(mixed);
        QVERIFY(report.serving.pools);
        QVERIFY(check::says(drawn(mixed, report, {1200, 700}), QStringLiteral("aggregated, NVIDIA H100")));
        QVERIFY(!check::says(drawn(pooled(64), evaluate(pooled(64)), {1200, 700}), QStringLiteral("aggregated, NVIDIA H100")));
        QVERIFY(check::says(drawn(mixed, report, {330, 150}), QStringLiteral("H100")));
    }

    void poolsReactAndAreExplained()
    {
        const Scenario scenario = pooled(64);
        const Report report = evaluate(scenario);
        const Scene scene = drawn(scenario, report, {1200, 700});
        std::array<bool, 3> found{};
        for (const HitRegion& hit : scene.hits)
            if (hit.subject.kind == Subject::Kind::Pool) {
                found[static_cast<std::size_t>(hit.subject.pool)] = true;
                QCOMPARE(scene.subjectAt(hit.rect.center()).pool, hit.subject.pool);
                QVERIFY(!disaggregationTooltip(scenario, report, hit.subject).isEmpty());
                const Explanation e = explain(scenario, report, hit.subject);
                QVERIFY(!e.formula.empty() && !e.value.empty());
                QVERIFY(e.formulaId.rfind("pool.", 0) == 0);
            }
        QVERIFY(found[0] && found[1] && found[2]);
    }

    void statesAreSaid()
    {
        const auto says = [](const Scenario& scenario, const char* text) {
            return check::says(drawn(scenario, evaluate(scenario), {900, 600}), QString::fromUtf8(text));
        };
        QVERIFY(says(pooled(64, 1, 8), "prefill pool does not fit"));
        QVERIFY(says(pooled(64, 8, 1), "decode pool does not fit"));
        QVERIFY(says(pooled(64, 6, 8), "TP 6"));
        QVERIFY(says(pictures::scenarioOf(pictures::cases().front()), "Aggregated"));
        Scenario idle = pooled(64);
        idle.serving.load.kind = LoadKind::StaticBatch;
        QVERIFY(says(idle, "pools are idle"));
        QVERIFY(splitIntoPools(idle).serving.pools == idle.serving.pools);
    }

    /// The default split keeps the load and a replica's plan; joining gives whole replicas on no more devices.
    void splitAndJoin()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 2 x PP 2 x DP 2"));
        const Scenario split = splitIntoPools(scenario);
        QCOMPARE(split.serving.load.kind, LoadKind::ClosedLoop);
        QCOMPARE(split.serving.load.concurrency, scenario.workload.batch * 2);
        QCOMPARE(split.serving.pools->decode.plan.devices(), std::int64_t{4});
        QCOMPARE(split.serving.pools->prefill.workers, 0);
        const std::optional<Scenario> joined = joinedPools(split, 23);
        QVERIFY(joined && !joined->serving.pools);
        QCOMPARE(joined->plan.devices(), std::int64_t{20});
        QVERIFY(joined->cluster->devices() >= 20);
        QVERIFY(evaluate(*joined).legal);
        QVERIFY(!joinedPools(split, 3));
    }

    void buttonSplitsInOneStep()
    {
        WindowFixture fixture;
        DisaggregationBody& body = bodyOf(fixture);
        QToolButton* button = nullptr;
        for (QToolButton* choice : fixture.window.findChildren<QToolButton*>(QStringLiteral("viewChoice")))
            if (choice->text() == QStringLiteral("Split into pools"))
                button = choice;
        QVERIFY(button);
        const Scenario before = fixture.document.scenario();
        const int steps = fixture.document.undoStack().count();
        button->click();
        QVERIFY(fixture.document.scenario().serving.pools.has_value());
        QVERIFY(fixture.document.report().serving.pools.has_value());
        QCOMPARE(fixture.document.undoStack().count(), steps + 1);
        body.view().rebuild();
        QVERIFY(check::says(body.view().scene(), QStringLiteral("Decode pool")));
        const QString file = fixture.directory.filePath(QStringLiteral("pools.shardlens"));
        QVERIFY(fixture.document.save(file).ok());
        const Scenario saved = fixture.document.scenario();
        button->click();
        QVERIFY(!fixture.document.scenario().serving.pools);
        fixture.document.undoStack().undo();
        fixture.document.undoStack().undo();
        QVERIFY(fixture.document.scenario() == before);
        QVERIFY(fixture.document.open(file).ok());
        QVERIFY(fixture.document.scenario() == saved);
    }
};

QTEST_MAIN(DisaggregationSceneTest)
#include "tst_disaggregationscene.moc"
