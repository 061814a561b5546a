// SPDX-License-Identifier: Apache-2.0
// Racks of racks: pods of an oversubscribed fabric as a level of the device mesh.
#include "meshpictures.h"

#include "core/hardware/resize.h"
#include "longstrings.h"
#include "ui/scene/meshlayout.h"

using namespace shardlens;
using namespace shardlens::pictures;

namespace {

/// Llama 3.1 405B on servers of 8 H100; `pod`: servers of one, 0 as built.
Scenario onPods(int devices, int pod, int tensor, int pipeline, int data)
{
    Scenario scenario;
    scenario.model = builtinCatalog().model("llama-3.1-405b");
    Cluster cluster = resized(*builtinCatalog().cluster("meta-24k-h100"), devices).value();
    if (pod > 0)
        cluster.levels[1].leafUnits = pod;
    scenario.cluster = std::make_shared<const Cluster>(cluster);
    scenario.plan[PlanAxis::Tensor] = tensor;
    scenario.plan[PlanAxis::Pipeline] = pipeline;
    scenario.plan[PlanAxis::Data] = data;
    scenario.plan[PlanAxis::DecodeMicrobatches] = pipeline;
    scenario.plan[PlanAxis::PrefillMicrobatches] = pipeline;
    scenario.workload.batch = 32;
    return scenario;
}

MeshLayout layoutOf(const Scenario& scenario, const Report& report, QSizeF size, const MeshOptions& options = {})
{
    return meshLayoutOf({scenario, report, size, Theme::of(ThemeId::Light)}, options);
}

bool hasColour(const Scene& scene, const QRectF& bar, const QColor& colour)
{
    return std::any_of(scene.items.begin(), scene.items.end(),
                       [&](const SceneItem& item) { return item.rect == bar && (item.pen == colour || item.fill == colour); });
}

const MeshSwitch& barOf(const MeshLayout& layout, int tier)
{
    return *std::find_if(layout.switches.begin(), layout.switches.end(),
                         [tier](const MeshSwitch& bar) { return bar.level == 1 && bar.tier == tier; });
}

} // namespace

class TestMeshPods : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }
    void cleanup() { setTextScale(1); }

    void podsAreALevel()
    {
        const Scenario scenario = onPods(8192, 0, 8, 16, 64);
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const MeshLayout layout = layoutOf(scenario, report, {900, 560});
        QCOMPARE(layout.shown, 128); // one replica of one pod stands for all
        QCOMPARE(std::count_if(layout.frames.begin(), layout.frames.end(), [](const MeshFrame& frame) { return frame.level == 1; }), 1);
        const Scene calm = meshOf(scenario, report, {900, 560});
        for (const char* words :
             {"Pod 0 of 3,072 GPUs · 50 GB/s each inside, 7.14 GB/s between pods", "RoCE in the pod", "RoCE between pods",
              "50 GB/s per GPU, one way", "7.14 GB/s per GPU, one way, oversubscribed 1:7", "7.14 GB/s per GPU between 3 pods"})
            QVERIFY2(hasText(calm, QString::fromUtf8(words)), words);
        const QString between = calm.tipAt(barOf(layout, 1).bar.center());
        QVERIFY2(between.contains(QStringLiteral("A pod is 384 nodes of 8 GPUs: 3,072 GPUs")), qPrintable(between));
        QVERIFY(between.contains(QStringLiteral("7.14 GB/s per GPU between pods while all send: oversubscribed 1:7")));
        QVERIFY(calm.tipAt(barOf(layout, 0).bar.center()).startsWith(QStringLiteral("Pod 0 of 3")));
        QVERIFY(meshSubtitle(scenario).endsWith(QStringLiteral("1,024 nodes of 8 GPUs in 3 pods")));
        // In a small dock the bars have no words; what they are is still heard.
        const MeshLayout small = layoutOf(scenario, report, {330, 150});
        QVERIFY(meshOf(scenario, report, {330, 150}).tipAt(barOf(small, 1).bar.center()).contains(QStringLiteral("7.14 GB/s")));
        // A machine of one pod has no such level.
        QVERIFY(podUnits(resized(*scenario.cluster, 3072).value().levels[1]) == 0);
    }

    void trafficLightsWhatItCrosses()
    {
        const QColor lit = Theme::of(ThemeId::Light).network(2);
        const auto check = [&](int tensor, bool inPod, bool between) {
            const Scenario scenario = onPods(256, 4, tensor, 1, 256 / tensor);
            const Report report = evaluate(scenario);
            QVERIFY(report.legal);
            const Scene scene = meshOf(scenario, report, {1200, 800}, device(3));
            const MeshLayout layout = layoutOf(scenario, report, {1200, 800});
            QCOMPARE(hasColour(scene, barOf(layout, 0).bar, lit), inPod);
            QCOMPARE(hasColour(scene, barOf(layout, 1).bar, lit), between);
            QCOMPARE(hasText(scene, QStringLiteral("over RoCE between pods at 7.14 GB/s")), between);
        };
        check(8, false, false);
        check(32, true, false);
        check(64, true, true);
    }

    /// 1,024 nodes are two pods and two thirds: every device has one place, and nothing is drawn for those that are not there.
    void theLastPodMayNotBeFull_data()
    {
        QTest::addColumn<QSizeF>("size");
        for (const QSizeF& size : {QSizeF(330, 150), QSizeF(620, 380), QSizeF(1920, 1080)})
            QTest::addRow("%d", static_cast<int>(size.width())) << size;
    }
    void theLastPodMayNotBeFull()
    {
        QFETCH(QSizeF, size);
        const Scenario scenario = onPods(8192, 0, 8, 16, 64);
        const Report report = evaluate(scenario);
        for (const MeshZoom& zoom : {MeshZoom{}, MeshZoom{9, {0.8, 0.4}}}) {
            const MeshOptions options{.zoom = zoom, .everyCopy = true};
            const MeshLayout layout = layoutOf(scenario, report, size, options);
            QCOMPARE(layout.shown, 8192);
            int next = 0;
            for (const MeshTile& tile : layout.tiles) {
                QVERIFY(tile.device >= next && tile.count > 0 && tile.device + tile.count <= 8192);
                next = tile.device + tile.count;
            }
            QVERIFY(!zoom.isFitted() || next == 8192);
            for (const MeshSwitch& bar : layout.switches)
                QVERIFY(bar.first + (static_cast<int>(bar.units.size()) - 1) * bar.unitDevices < 8192);
            QVERIFY(!layout.placeOf(8191).rect.isNull());
            const MeshRoute route = layout.routeBetween(*scenario.cluster, 0, 8191);
            QVERIFY(!route.legs.empty());
            for (const double scale : {1.0, 1.5}) {
                setTextScale(scale);
                QCOMPARE(textFault(meshOf(scenario, report, size, device(8191), options)), QString());
                QCOMPARE(textFault(meshOf(scenario, report, size, device(8), {})), QString());
            }
            setTextScale(1);
        }
    }

    /// Pods, planes and their words at every size, in large text and in longer words.
    void wordsStayApart_data()
    {
        QTest::addColumn<QSizeF>("size");
        for (const QSizeF& size : {QSizeF(330, 150), QSizeF(430, 300), QSizeF(620, 380), QSizeF(900, 560), QSizeF(1920, 1080)})
            QTest::addRow("%d", static_cast<int>(size.width())) << size;
    }
    void wordsStayApart()
    {
        QFETCH(QSizeF, size);
        Scenario torus = scenarioOf(caseNamed("8 H100, TP 8"));
        torus.cluster = builtinCatalog().cluster("tpu-v4-4x4x4");
        torus.plan[PlanAxis::Tensor] = 64;
        Scenario slices = torus;
        slices.cluster = std::make_shared<const Cluster>(resized(*torus.cluster, 256).value());
        slices.plan[PlanAxis::Data] = 4;
        for (const bool longer : {false, true}) {
            const WithLongStrings strings(longer);
            for (const double scale : {1.0, 1.5}) {
                setTextScale(scale);
                for (const Scenario& scenario : {onPods(256, 4, 64, 1, 4), onPods(8192, 0, 8, 16, 64), torus, slices}) {
                    const Report report = evaluate(scenario);
                    QVERIFY(report.legal);
                    for (const Subject& hover : {Subject{}, device(9)})
                        for (const MeshZoom& zoom : {MeshZoom{}, MeshZoom{3, {0.3, 0.4}}})
                            for (const bool every : {false, true}) {
                                const Scene scene = meshOf(scenario, report, size, hover, {.zoom = zoom, .everyCopy = every});
                                QCOMPARE(textFault(scene), QString());
                                for (const SceneTip& tip : scene.tips)
                                    QVERIFY(QRectF(QPointF(0, 0), size).contains(tip.rect));
                            }
                }
            }
        }
    }

    /// What goes from pod to pod passes what joins them.
    void waysGoOverTheSpine()
    {
        const Scenario scenario = onPods(256, 4, 64, 1, 4);
        const Report report = evaluate(scenario);
        const MeshLayout layout = layoutOf(scenario, report, {1200, 800});
        const auto passes = [&](int to) {
            const MeshRoute route = layout.routeBetween(*scenario.cluster, 0, to);
            const QRectF bar = barOf(layout, 1).bar;
            return std::any_of(route.legs.front().begin(), route.legs.front().end(), [&bar](const QPointF& p) { return bar.contains(p); });
        };
        QVERIFY(passes(32));
        QVERIFY(!passes(31));
        const QString sends = meshTooltip(scenario, report, device(0));
        QVERIFY2(sends.contains(QStringLiteral("pod 0")), qPrintable(sends));
    }
};

QTEST_MAIN(TestMeshPods)
#include "tst_meshpods.moc"
