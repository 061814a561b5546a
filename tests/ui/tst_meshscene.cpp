// SPDX-License-Identifier: Apache-2.0
// The device mesh read as a scene: texts, hit regions, links and colours, without pixels.
#include "meshpictures.h"

#include "core/base/format.h"
#include "core/hardware/resize.h"
#include "core/scenario/explain.h"
#include "ui/scene/meshdrawing.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/meshlayout.h"

#include <QSet>

using namespace shardlens;
using namespace shardlens::pictures;

class TestMeshScene : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void everyMachineAtEverySize_data() { everyCaseAtEverySize(); }

    void everyMachineAtEverySize()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        const int used = report.legal ? static_cast<int>(scenario.plan.devices()) : 0;
        const int all = scenario.cluster->devices();
        for (const Subject& hover :
             {Subject{}, device(0), device(std::max(0, used - 1)), device(all - 1), Subject{.kind = Subject::Kind::Stage, .stage = 0}}) {
            for (const MeshColour colour : {MeshColour::StageRank, MeshColour::KvHead}) {
                const Scene scene = meshOf(scenario, report, size, hover, {.colour = colour});
                QCOMPARE(textFault(scene), QString());
                QVERIFY2(scene.items.size() <= 3 * kMostTiles, qPrintable(QString::number(scene.items.size())));
                QVERIFY2(scene.hits.size() <= kMostTiles + 100, qPrintable(QString::number(scene.hits.size())));
                const QRectF whole(QPointF(0, 0), size);
                QSet<int> seen;
                for (const HitRegion& region : scene.hits) {
                    QVERIFY(whole.contains(region.rect));
                    QCOMPARE(scene.subjectAt(region.rect.center()), region.subject);
                    if (region.subject.kind != Subject::Kind::Device)
                        continue;
                    QVERIFY(!seen.contains(region.subject.device));
                    seen.insert(region.subject.device);
                    QVERIFY(region.rect.width() >= 2 && region.rect.height() >= 2);
                    if (used > 0 && region.subject.device < used)
                        QCOMPARE(region.subject.stage, MeshFacts(scenario, report).of(region.subject.device).stage);
                }
                QVERIFY(seen.contains(0));
                if (all <= 384)
                    QCOMPARE(seen.size(), all);
            }
        }
    }

    /// The strip at the foot of a tile has the colours that the memory view explains, in its order.
    void memoryStripsHaveTheColoursOfTheirParts()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const Scene scene = meshOf(scenario, report, {1600, 900});
        const QRectF tile = tilesOf(scene).value(0);
        const Theme& theme = Theme::of(ThemeId::Light);
        const DeviceMemory& memory = report.memory.stages.front();
        QRectF strip;
        for (const SceneItem& item : scene.items)
            if (tile.contains(item.rect) && item.fill == theme.color(Ink::Sunken) && item.rect.height() == 5)
                strip = item.rect;
        QVERIFY(!strip.isEmpty());
        const double scale = strip.width() / static_cast<double>(report.memory.capacity);
        double x = strip.left();
        int seen = 0;
        for (const auto& [bytes, what] :
             {std::pair{memory.weights(), MemoryClass::Weights}, std::pair{memory.kv, MemoryClass::Kv},
              std::pair{memory.activations, MemoryClass::Activations}, std::pair{memory.buffers, MemoryClass::Buffers},
              std::pair{memory.reserve, MemoryClass::Reserve}}) {
            const double width = static_cast<double>(bytes) * scale;
            const bool drawn = std::any_of(scene.items.begin(), scene.items.end(), [&, colour = theme.color(what)](const SceneItem& item) {
                return item.fill == colour && std::abs(item.rect.left() - x) < 0.01 && std::abs(item.rect.width() - width) < 0.01
                       && item.rect.top() == strip.top();
            });
            QCOMPARE(drawn, width >= 0.5);
            seen += drawn ? 1 : 0;
            x += width;
        }
        QVERIFY(seen >= 4);
    }

    void everyColourAndEveryZoom_data() { everyMachineAtEverySize_data(); }
    void everyColourAndEveryZoom()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        for (std::size_t colour = 0; colour < kMeshColourCount; ++colour) {
            for (const MeshZoom& zoom : {MeshZoom{}, MeshZoom{2.5, {0.3, 0.7}}, MeshZoom{30, {0.41, 0.37}}}) {
                for (const bool every : {false, true}) {
                    MeshOptions options;
                    options.colour = static_cast<MeshColour>(colour);
                    options.zoom = zoom;
                    options.everyCopy = every;
                    const Subject hover = colour % 3 == 0 ? device(3) : Subject{};
                    const Scene scene = meshOf(scenario, report, size, hover, options);
                    QCOMPARE(textFault(scene), QString());
                    const QRectF whole(QPointF(0, 0), size);
                    int devices = 0;
                    for (const HitRegion& region : scene.hits) {
                        QVERIFY(whole.contains(region.rect));
                        QCOMPARE(scene.subjectAt(region.rect.center()), region.subject);
                        devices += region.subject.kind == Subject::Kind::Device ? 1 : 0;
                    }
                    QVERIFY(devices > 0 || !zoom.isFitted()); // between two far tiles there may be none
                    QVERIFY(devices <= 2 * kMostTiles);
                }
            }
        }
    }

    /// What is drawn larger is drawn at the same place: a tile at any zoom is the tile at fit, scaled about the point that is held.
    void zoomingScalesAndNothingElse()
    {
        for (const char* name : {"8 H100, TP 4 x PP 2", "trn2, TP 64", "v4 8x8x8, TP 16 x PP 4 x DP 8", "four host trees, TP 8 x DP 4"}) {
            const Scenario scenario = scenarioOf(caseNamed(name));
            const Report report = evaluate(scenario);
            const ViewInput input{scenario, report, {900, 600}, Theme::of(ThemeId::Light)};
            const MeshLayout whole = meshLayoutOf(input, {});
            const QPointF held = whole.tiles[whole.tiles.size() / 3].rect.center();
            MeshOptions options;
            options.zoom = zoomedAt(whole, held, 2);
            QCOMPARE(options.zoom.scale, 2.0);
            const MeshLayout large = meshLayoutOf(input, options);
            for (const MeshTile& tile : large.tiles) {
                const MeshTile* same = whole.tileOf(tile.device);
                QVERIFY(same && same->count >= tile.count);
                if (same->count == tile.count)
                    QVERIFY(std::abs(tile.rect.width() - 2 * same->rect.width()) < 1e-6);
            }
            // The point under the pointer stays, unless the edge of the picture does.
            const QRectF before = whole.placeOf(whole.tiles[whole.tiles.size() / 3].device).rect;
            const QRectF after = large.placeOf(whole.tiles[whole.tiles.size() / 3].device).rect;
            const QPointF shift = after.center() - before.center();
            const bool free = options.zoom.centre.x() > 0.25 && options.zoom.centre.x() < 0.75 && options.zoom.centre.y() > 0.25
                              && options.zoom.centre.y() < 0.75;
            QVERIFY(!free || std::hypot(shift.x(), shift.y()) < 1e-6);
            // Out again is where it began.
            QVERIFY(zoomedAt(large, held, 0.1).isFitted());
            const MeshZoom moved = panned(large, {-31, -17});
            options.zoom = moved;
            const QPointF by = meshLayoutOf(input, options).placeOf(0).rect.center() - large.placeOf(0).rect.center();
            QVERIFY(by.x() <= 0 && by.x() >= -31 - 1e-6 && by.y() <= 0 && by.y() >= -17 - 1e-6);
        }
    }

    /// 65,536 devices, all drawn: merged at fit, each a tile with its name at the largest zoom, and the same ones under the pointer.
    void detailAppearsAsOneZoomsIn()
    {
        const Scenario scenario = scenarioOf(caseNamed("65,536 H100, TP 64 x PP 64 x DP 16"));
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const ViewInput input{scenario, report, {900, 600}, Theme::of(ThemeId::Light)};
        MeshOptions options;
        options.everyCopy = true;
        MeshLayout layout = meshLayoutOf(input, options);
        QCOMPARE(layout.shown, 65536);
        QVERIFY(layout.merge >= 8 && layout.tiles.size() <= static_cast<std::size_t>(kMostTiles));
        const int device = layout.tiles[layout.tiles.size() * 2 / 5].device + 3;
        int least = layout.merge;
        for (int i = 0; i < 40; ++i) {
            const QPointF at = layout.placeOf(device).rect.center();
            options.zoom = zoomedAt(layout, at, 1.35);
            layout = meshLayoutOf(input, options);
            QVERIFY(!layout.tiles.empty());
            QVERIFY(layout.tiles.size() <= 2 * static_cast<std::size_t>(kMostTiles));
            QVERIFY2(layout.merge <= least, "detail was lost by zooming in");
            least = layout.merge;
        }
        QCOMPARE(layout.merge, 1);
        Scene scene;
        buildMesh(input, options, scene);
        QVERIFY(hasText(scene, QStringLiteral("GPU %1").arg(device)));
        QVERIFY(hasText(scene, QStringLiteral("0 fits")));
        QCOMPARE(scene.subjectAt(layout.placeOf(device).rect.center()).device, device);
        // What fills the picture is no target of a double click; a node seen from afar is.
        options.zoom = {20, {0.4, 0.4}};
        layout = meshLayoutOf(input, options);
        QVERIFY(!layout.frames.empty());
        QVERIFY(!zoomTarget(layout, layout.tiles[layout.tiles.size() / 2].rect.center()).isEmpty());
    }

    /// Equal devices, and equal frames, are all named or none is, whatever the width: the widest name decides.
    void namesAreEven_data()
    {
        QTest::addColumn<QString>("cluster");
        QTest::addColumn<int>("devices");
        QTest::addColumn<int>("tensor");
        QTest::newRow("cores") << QStringLiteral("trn2.48xlarge") << 0 << 4;
        QTest::newRow("nodes") << QStringLiteral("p5.48xlarge") << 256 << 8;
        QTest::newRow("rack") << QStringLiteral("gb200-nvl72") << 0 << 8;
        QTest::newRow("planes") << QStringLiteral("tpu-v4-8x8x8") << 0 << 16;
        QTest::newRow("torus") << QStringLiteral("tpu-v5e-16x16") << 0 << 16;
    }
    void namesAreEven()
    {
        QFETCH(QString, cluster);
        QFETCH(int, devices);
        QFETCH(int, tensor);
        Scenario scenario = scenarioOf(caseNamed("8 H100, TP 4 x PP 2"));
        scenario.cluster = builtinCatalog().cluster(cluster.toStdString());
        QVERIFY(scenario.cluster);
        if (devices > 0)
            scenario.cluster = std::make_shared<const Cluster>(resized(*scenario.cluster, devices).value());
        scenario.plan = {};
        scenario.plan[PlanAxis::Tensor] = tensor;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        int pictures = 0;
        for (const double scale : {1.0, 1.5}) {
            setTextScale(scale);
            for (double width = 330; width < 1920; width *= 1.07) {
                const ViewInput input{scenario, report, {width, width * 0.6}, Theme::of(ThemeId::Light)};
                const MeshLayout layout = meshLayoutOf(input, {});
                if (layout.merge > 1)
                    continue;
                Scene scene;
                buildMesh(input, {}, scene);
                int named = 0;
                int titled = 0;
                for (const SceneItem& item : scene.items) {
                    if (item.kind != SceneItem::Kind::Text)
                        continue;
                    const QString& text = scene.texts[static_cast<std::size_t>(item.extra)];
                    const QString last = text.section(QLatin1Char(' '), -1);
                    const MeshTile* tile = layout.tileOf(last.toInt());
                    named +=
                        tile && tile->device >= tensor && tile->rect.contains(scene.textBounds(item).center()) && last.toInt() >= tensor
                            ? 1
                            : 0;
                    titled += std::any_of(layout.frames.begin(), layout.frames.end(), [&](const MeshFrame& frame) {
                        return frame.title == item.rect && frame.first / frame.count == last.toInt();
                    });
                }
                QVERIFY2(named == 0 || named == layout.shown - tensor, qPrintable(QStringLiteral("%1 at %2").arg(named).arg(width)));
                QVERIFY2(titled == 0 || titled == static_cast<int>(layout.frames.size()), qPrintable(QString::number(titled)));
                ++pictures;
            }
        }
        setTextScale(1);
        QVERIFY(pictures > 5);
    }

    void scalesSayTheirNumbers()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        MeshOptions load;
        load.colour = MeshColour::Load;
        const Scene busy = meshOf(scenario, report, {900, 600}, {}, load);
        for (int stage = 0; stage < 2; ++stage) {
            QVERIFY(report.decode.busyShare(stage) > 0.3 && report.decode.busyShare(stage) <= 1 + 1e-9);
            QVERIFY(hasText(busy, qs(formatPercent(report.decode.busyShare(stage)))));
        }
        QVERIFY(hasText(busy, QStringLiteral("busy share of a decode step")));
        for (const char* end : {"0", "100 %"}) // of the ramp
            QVERIFY(std::find(busy.texts.begin(), busy.texts.end(), QString::fromLatin1(end)) != busy.texts.end());
        // The busiest stage has what is no bubble.
        const double bubble = report.decode.breakdown[Cause::Bubble];
        const double sends = report.decode.time - bubble;
        QVERIFY(report.decode.busyShare(report.decode.busiestStage) * report.decode.time <= sends * (1 + 1e-9));
        MeshOptions memory;
        memory.colour = MeshColour::Memory;
        const Scenario full = scenarioOf(caseNamed("8 H100, batch 4,000 does not fit"));
        const Scene over = meshOf(full, evaluate(full), {900, 600}, {}, memory);
        QVERIFY(hasText(over, QStringLiteral("over capacity")));
        QVERIFY(
            std::count_if(over.items.begin(), over.items.end(),
                          [](const SceneItem& item) { return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::OverCapacity; })
            >= 8 + 1);
    }

    void legendsSelectWhatTheyName()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 2 x PP 2 x DP 2"));
        const Report report = evaluate(scenario);
        MeshOptions options;
        options.colour = MeshColour::Tensor;
        const Subject second{.kind = Subject::Kind::Axis, .rank = 1, .axis = static_cast<int>(MeshAxis::Tensor)};
        const Scene calm = meshOf(scenario, report, {900, 600}, {}, options);
        QVERIFY(std::any_of(calm.hits.begin(), calm.hits.end(), [&](const HitRegion& region) { return region.subject == second; }));
        const Scene chosen = meshOf(scenario, report, {900, 600}, second, options);
        const QHash<int, QRectF> tiles = tilesOf(calm);
        for (int i = 0; i < 8; ++i)
            QCOMPARE(groundAt(chosen, tiles[i]) == groundAt(calm, tiles[i]), i % 2 == 1);
        QVERIFY(hasText(chosen, QStringLiteral("TP rank 1 on 4 GPUs")));
    }

    void everyGroupIsNamedAndMarked()
    {
        const Scenario scenario = scenarioOf(caseNamed("NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"));
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const Scene scene = meshOf(scenario, report, {1600, 900}, device(1));
        QVERIFY(hasText(scene, QStringLiteral("sent per step")));
        QVERIFY(hasText(scene, QStringLiteral("GB/s on")));
        QVERIFY(hasText(scene, QStringLiteral("DP: copies of it on GPU 9, 17, 25")));
        const QString tip = meshTooltip(scenario, report, device(1));
        QVERIFY(tip.contains(QStringLiteral("DP: copies of it on")));
        QVERIFY(tip.contains(QStringLiteral("sent per step")));
    }

    /// What is not drawn is said in whole words, in the smallest dock as well.
    void captionsAreNotCutOff()
    {
        for (const char* name : {"65,536 H100, TP 8 x DP 8,192", "65,536 H100, TP 64 x PP 64 x DP 16"}) {
            const Scenario scenario = scenarioOf(caseNamed(name));
            const Report report = evaluate(scenario);
            for (const double width : {330.0, 420.0, 900.0}) {
                const Scene scene = meshOf(scenario, report, {width, 150});
                bool said = false;
                for (const SceneItem& item : scene.items) {
                    const QString text = item.kind == SceneItem::Kind::Text ? scene.texts[static_cast<std::size_t>(item.extra)] : QString();
                    if (!text.contains(QStringLiteral(" replicas")))
                        continue;
                    said = true;
                    QVERIFY2(textWidth(text, item.role) <= item.rect.width(), qPrintable(text));
                }
                QVERIFY(said);
            }
        }
    }

    /// What the lines under the mesh say no plate says again; what they have no room for it does, and nothing is lost.
    void tooltipsSayWhatIsMissing()
    {
        for (const char* name : {"8 H100, TP 4 x PP 2", "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4", "trn2, TP 64"}) {
            const Scenario scenario = scenarioOf(caseNamed(name));
            const Report report = evaluate(scenario);
            QVERIFY(meshTooltipIn({1920, 1080}, scenario, report, device(1)).isEmpty());
            QCOMPARE(meshTooltipIn({330, 90}, scenario, report, device(1)), meshTooltip(scenario, report, device(1)));
            for (const QSizeF& size : {QSizeF(330, 150), QSizeF(620, 380), QSizeF(900, 600), QSizeF(1920, 1080)}) {
                const Scene scene = meshOf(scenario, report, size, device(1));
                QStringList shown;
                for (const SceneItem& item : scene.items) // what is elided is not said
                    if (item.kind == SceneItem::Kind::Text) {
                        const QString& text = scene.texts[static_cast<std::size_t>(item.extra)];
                        if (textWidth(text, item.role) <= item.rect.width() + 1)
                            shown += text.toLower();
                    }
                const QString said = shown.join(QLatin1Char('\n'));
                const QString tip = meshTooltipIn(size, scenario, report, device(1)).toLower();
                for (const QString& line : meshTooltip(scenario, report, device(1)).toLower().split(QLatin1Char('\n')))
                    QVERIFY2(said.contains(line) != tip.contains(line) || line == QLatin1String("gpu 1") || line == QLatin1String("core 1"),
                             qPrintable(line + QStringLiteral(" | ") + tip));
            }
        }
    }

    void tilesDoNotOverlap_data() { everyMachineAtEverySize_data(); }
    void tilesDoNotOverlap()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        const Scene scene = meshOf(scenario, report, size);
        std::vector<QRectF> tiles;
        for (const QRectF& rect : tilesOf(scene))
            tiles.push_back(rect.adjusted(0.01, 0.01, -0.01, -0.01));
        std::sort(tiles.begin(), tiles.end(), [](const QRectF& a, const QRectF& b) { return a.top() < b.top(); });
        for (std::size_t i = 0; i < tiles.size(); ++i) {
            for (std::size_t j = i + 1; j < tiles.size() && tiles[j].top() < tiles[i].bottom(); ++j)
                QVERIFY(!tiles[i].intersects(tiles[j]));
        }
    }

    void switchDomainHasRowsOfStagesRoundItsBar()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const Scene scene = meshOf(scenario, report, {430, 300});
        QVERIFY(hasText(scene, QStringLiteral("NVSwitch")));
        QVERIFY(hasText(scene, QStringLiteral("450 GB/s per GPU, one way")));
        QVERIFY(hasText(scene, QStringLiteral("+ embed")));
        QVERIFY(hasText(scene, QStringLiteral("+ head")));
        const QHash<int, QRectF> tiles = tilesOf(scene);
        for (int i = 1; i < 4; ++i) {
            QCOMPARE(tiles[i].top(), tiles[0].top());
            QCOMPARE(tiles[4 + i].top(), tiles[4].top());
            QVERIFY(tiles[i].left() > tiles[i - 1].right());
        }
        double bar = -1;
        for (const SceneItem& item : scene.items) {
            if (item.kind == SceneItem::Kind::Text && scene.texts[static_cast<std::size_t>(item.extra)] == QStringLiteral("NVSwitch"))
                bar = scene.textBounds(item).center().y();
        }
        QVERIFY(bar > tiles[0].bottom() && bar < tiles[4].top());
        int stages = 0;
        for (const HitRegion& region : scene.hits)
            stages += region.subject.kind == Subject::Kind::Stage ? 1 : 0;
        QCOMPARE(stages, 2);
    }

    void readoutStaysWhereItIs()
    {
        const Scenario scenario = scenarioOf(caseNamed("trn2, TP 64"));
        const Report report = evaluate(scenario);
        const auto lines = [](const Scene& scene) {
            QList<double> tops;
            for (const SceneItem& item : scene.items) {
                if (item.kind == SceneItem::Kind::Text && item.rect.top() > scene.size.height() - 66 && item.rect.left() < 34)
                    tops += item.rect.top();
            }
            return tops;
        };
        const QList<double> calm = lines(meshOf(scenario, report, {900, 600}));
        QCOMPARE(calm.size(), 3);
        const Scene hovered = meshOf(scenario, report, {900, 600}, device(17));
        QCOMPARE(lines(hovered).value(0), calm[0]);
        QVERIFY(hasText(hovered, QStringLiteral("KV head 2 (copy 2 of 8)")));
    }

    void idleDevicesAreDashed()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 2, six idle, does not fit"));
        const Scene scene = meshOf(scenario, evaluate(scenario), {600, 330});
        const auto dashed = std::count_if(scene.items.begin(), scene.items.end(),
                                          [](const SceneItem& item) { return item.kind == SceneItem::Kind::RoundedRect && item.dashed; });
        QCOMPARE(dashed, 6);
    }

    void hybridsShowTheHeadsOfTheirAttention()
    {
        // Their first layers have a linear mixer. Qwen3-Next: 16 query heads on 2 KV heads; Nemotron-H-56B: 64 on 8.
        const auto headsOf = [](const Scenario& scenario, const Report& report) {
            QStringList rows;
            for (const Explanation::Input& input : explain(scenario, report, device(1)).inputs) {
                if (input.symbol == "Q heads" || input.symbol == "KV heads")
                    rows += qs(input.symbol) + QLatin1Char(' ') + qs(input.value);
            }
            return rows;
        };
        const Scenario qwen = scenarioOf({"Qwen3-Next", "p5.48xlarge", 0, "qwen3-next-80b-a3b", 8});
        const Report report = evaluate(qwen);
        QVERIFY(report.legal);
        const DeviceFacts held = MeshFacts(qwen, report).of(5);
        QVERIFY(held.queryHeads == (IndexRange{10, 12}) && held.kvHeads == (IndexRange{1, 2}));
        QCOMPARE(held.kvCopies, 4);
        QCOMPARE(held.kvCopy, 1);
        const Scene copied = meshOf(qwen, report, {900, 600});
        QVERIFY(hasText(copied, QString::fromUtf8("Q 2–3")));
        QVERIFY(hasText(copied, QStringLiteral("each head is stored 4 times")));
        QCOMPARE(headsOf(qwen, report), QStringList({QString::fromUtf8("Q heads 2–3"), QStringLiteral("KV heads 0")}));

        const Scenario nemotron = scenarioOf({"Nemotron-H", "p5.48xlarge", 0, "nemotron-h-56b", 4});
        const Report split = evaluate(nemotron);
        QVERIFY(split.legal);
        QCOMPARE(MeshFacts(nemotron, split).of(1).kvCopies, 1);
        const Scene scene = meshOf(nemotron, split, {900, 600});
        QVERIFY(hasText(scene, QString::fromUtf8("KV 0–1")) && hasText(scene, QString::fromUtf8("KV 2–3")));
        QVERIFY(!hasText(scene, QStringLiteral("stored")));
        QCOMPARE(headsOf(nemotron, split), QStringList({QString::fromUtf8("Q heads 16–31"), QString::fromUtf8("KV heads 2–3")}));

        // No softmax attention at all: no heads, in no colouring.
        Scenario headless = qwen;
        auto model = std::make_shared<Model>(*qwen.model);
        for (LayerKind& kind : model->kinds)
            kind.attention = model->kinds[model->layers.front()].attention;
        headless.model = model;
        const Report without = evaluate(headless);
        QVERIFY(without.legal);
        MeshOptions byHead;
        byHead.colour = MeshColour::KvHead;
        for (const MeshOptions& options : {MeshOptions(), byHead}) {
            const Scene bare = meshOf(headless, without, {900, 600}, device(1), options);
            for (const QString& text : bare.texts)
                QVERIFY2(text == QStringLiteral("KV cache")
                             || !(text.contains(QStringLiteral("Q ")) || text.contains(QStringLiteral("KV "))
                                  || text.contains(QStringLiteral("none"))),
                         qPrintable(text));
        }
        QCOMPARE(headsOf(headless, without), QStringList());
    }

    void identicalReplicasCollapse()
    {
        const Scenario scenario = scenarioOf(caseNamed("65,536 H100, TP 8 x DP 8,192"));
        const Scene scene = meshOf(scenario, evaluate(scenario), {600, 330});
        QCOMPARE(tilesOf(scene).size(), 8);
        QVERIFY(hasText(scene, QStringLiteral("8,192 replicas of 8 GPUs, one drawn")));
        // A device that is cut away lights the same place of the replica that is drawn, and both are named; its peers are its own.
        const Report report = evaluate(scenario);
        for (const QSizeF& size : {QSizeF(420, 300), QSizeF(600, 330), QSizeF(1920, 1080)}) {
            const Scene chosen = meshOf(scenario, report, size, device(8 * 5000 + 3));
            QCOMPARE(textFault(chosen), QString());
            QVERIFY(hasText(chosen, QStringLiteral("GPU 40003 (replica 5000), drawn as GPU 3")));
            QVERIFY(!hasText(chosen, QStringLiteral("replica 0")));
            if (size.width() > 600)
                QVERIFY(hasText(chosen, QString::fromUtf8("GPU 40000–40002, 40004–40007")));
            const Scene drawn = meshOf(scenario, report, size, device(3));
            QVERIFY(hasText(drawn, QStringLiteral("GPU 3")) && !hasText(drawn, QStringLiteral("drawn as")));
            QCOMPARE(groundAt(chosen, tilesOf(chosen)[3]), groundAt(drawn, tilesOf(drawn)[3]));
        }
    }

    void illegalPlanShowsItsReason()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 6: not legal"));
        const Report report = evaluate(scenario);
        QVERIFY(!report.legal);
        const Scene scene = meshOf(scenario, report, {900, 600});
        QVERIFY(hasText(scene, qs(sentence(report.violations.front(), scenario.context(), scenario.plan)).left(30)));
        QCOMPARE(tilesOf(scene).size(), 8);
        const QColor place = Theme::of(ThemeId::Light).place(0, 0, 6);
        QVERIFY(std::none_of(scene.items.begin(), scene.items.end(), [&place](const SceneItem& item) { return item.fill == place; }));
    }

    void textsOfTheMachine()
    {
        QCOMPARE(meshSubtitle(scenarioOf(caseNamed("8 H100, TP 8"))), QStringLiteral("p5.48xlarge, one NVSwitch domain"));
        QCOMPARE(meshSubtitle(scenarioOf(caseNamed("32 nodes of 8, TP 8 x PP 4 x DP 8"))),
                 QStringLiteral("p5.48xlarge, 32 nodes of 8 GPUs"));
        QCOMPARE(meshSubtitle(scenarioOf(caseNamed("trn2, TP 64"))),
                 QString(QStringLiteral("trn2.48xlarge: 16 chips in a 4 %1 4 torus, 4 cores each").arg(QChar(0xD7))));
        QCOMPARE(meshSubtitle(scenarioOf(caseNamed("one H100"))), QStringLiteral("p5.48xlarge, one GPU"));
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const QString tip = meshTooltip(scenario, report, device(1));
        QVERIFY(tip.startsWith(QStringLiteral("GPU 1\n")));
        QVERIFY(tip.contains(QString(QStringLiteral("query heads 16%1").arg(QChar(0x2013)) + QStringLiteral("31"))));
        QVERIFY(describeMesh(scenario, report).contains(QStringLiteral("2 stages of 4")));
        QVERIFY(meshTooltip(scenario, report, {}).isEmpty());
    }

    void tinyViewsDrawNothingWrong()
    {
        for (const Case& given : cases()) { // levels cut to one unit included
            const Scenario scenario = scenarioOf(given);
            const Report report = evaluate(scenario);
            for (const QSizeF& size : {QSizeF(0, 0), QSizeF(10, 10), QSizeF(60, 40), QSizeF(200, 100), QSizeF(1600, 60), QSizeF(80, 900)}) {
                for (const Subject& hover : {Subject{}, device(9), device(-1), device(1 << 30)})
                    QCOMPARE(textFault(meshOf(scenario, report, size, hover)), QString());
            }
        }
    }
};

QTEST_MAIN(TestMeshScene)
#include "tst_meshscene.moc"
