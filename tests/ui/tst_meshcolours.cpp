// SPDX-License-Identifier: Apache-2.0
// What the colours and hatches of a mesh say: of its devices, their copies, and very many of them.
#include "meshpictures.h"

#include "core/base/format.h"
#include "core/scenario/expertfacts.h"
#include "core/scenario/explain.h"
#include "ui/scene/meshdrawing.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/meshlayout.h"

#include <optional>
#include <set>

using namespace shardlens;
using namespace shardlens::pictures;

class TestMeshColours : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    /// With skewed experts a device is as busy as its own EP rank; uniform routing leaves all alike.
    void loadIsThatOfEachExpertRank()
    {
        for (const int redundant : {0, 8})
            for (const double powerLaw : {0.0, 1.0}) {
                Scenario scenario = scenarioOf({"experts", "p5.48xlarge", 0, "mixtral-8x7b", 1, 1, 1, 8, 1, 8, 4096});
                scenario.plan.options.redundantExperts = redundant;
                scenario.workload.input = 64;
                scenario.workload.output = 16;
                scenario.workload.routing.powerLaw = powerLaw;
                const Report report = evaluate(scenario);
                QVERIFY(report.legal);
                const bool differs = powerLaw > 0;
                QCOMPARE(!report.decode.expertWaits.empty(), differs);
                const std::optional<ExpertLoadTable> table = expertTableOf(scenario, report, Phase::Decode);
                const MeshOptions options{.colour = MeshColour::Load};
                const Scene scene = meshOf(scenario, report, {1280, 720}, {}, options);
                const QHash<int, QRectF> tiles = tilesOf(scene);
                std::set<QRgb> grounds;
                const MeshFacts facts(scenario, report);
                for (int i = 0; i < 8; ++i) {
                    const int rank = facts.of(i).expertRank;
                    const QString busy = qs(formatPercent(report.decode.busyShare(0, rank)));
                    bool said = false;
                    for (const SceneItem& item : scene.items)
                        said = said
                               || (item.kind == SceneItem::Kind::Text && tiles[i].contains(item.rect.center())
                                   && scene.texts[static_cast<std::size_t>(item.extra)] == busy + QStringLiteral(" busy"));
                    QVERIFY2(said, qPrintable(busy));
                    grounds.insert(groundAt(scene, tiles[i]).rgb());
                    // The device under the pointer and its explanation say the same.
                    const Scene pointed = meshOf(scenario, report, {1280, 720}, device(i), options);
                    const QString times = qs(formatNumber(table->ofRank(rank) / table->mean())) + QChar(0x20) + QChar(0xD7);
                    QVERIFY(hasText(pointed, busy + QStringLiteral(" busy")));
                    QCOMPARE(hasText(pointed, times + QStringLiteral(" the mean load")), differs);
                    QCOMPARE(meshTooltip(scenario, report, device(i)).contains(busy + QStringLiteral(" busy")), differs);
                    const Explanation explained = explain(scenario, report, device(i));
                    QVERIFY(std::any_of(explained.inputs.begin(), explained.inputs.end(), [&](const Explanation::Input& input) {
                        return input.symbol == "busy" && qs(input.value) == busy;
                    }));
                }
                QCOMPARE(grounds.size() > 1, differs);
                QCOMPARE(hasText(scene, QStringLiteral("by EP rank")), differs);
                QCOMPARE(hasText(scene, QString(QChar(0xD7)) + QStringLiteral(" mean")), differs);
                QCOMPARE(hasText(scene, QStringLiteral("the hottest")), differs);
                QCOMPARE(hasText(scene, QStringLiteral("of each order")), differs && table->places() == ExpertLoadTable::Places::Orders);
                QCOMPARE(hasText(scene, QStringLiteral("Each in use")), !differs);
            }
    }

    /// Where copies are too small for a hatch they are a little paler, told from the ground and from each other, and the words say so.
    void smallCopiesKeepTheirColours()
    {
        const Scenario scenario = scenarioOf({"copies", "p5.48xlarge", 4096, "llama-3-70b", 8, 8, 64});
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const QSizeF& size : {QSizeF(1000, 600), QSizeF(1280, 720)})
            for (const ThemeId id : {ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast}) {
                const Theme& theme = Theme::of(id);
                Scene scene;
                MeshOptions options;
                options.everyCopy = true;
                buildMesh({scenario, report, size, theme, {}, {}}, options, scene);
                const QHash<int, QRectF> tiles = tilesOf(scene);
                const auto distance = [](const QColor& a, const QColor& b) {
                    return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue());
                };
                const QColor first = groundAt(scene, tiles[64]); // of stage 0 of replica 1
                const QColor next = groundAt(scene, tiles[72]);
                QVERIFY(first.isValid() && next.isValid());
                QVERIFY2(distance(first, theme.color(Ink::Surface)) >= 90, qPrintable(first.name()));
                QVERIFY2(distance(first, next) >= 45, qPrintable(first.name() + next.name()));
                QVERIFY(distance(first, groundAt(scene, tiles[0])) > 0);
                QCOMPARE(hasText(scene, QStringLiteral("paler: copies of replica 0")), tiles[64].height() < kLeastHatched);
                QVERIFY(tiles[64].height() < kLeastHatched);
            }
    }

    void copiesAreHatched()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 2 x PP 2 x DP 2"));
        const auto hatched = [](const Scene& scene, const QRectF& rect) {
            return std::any_of(scene.items.begin(), scene.items.end(), [&rect](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Replica && item.rect == rect;
            });
        };
        const Report report = evaluate(scenario);
        const Scene scene = meshOf(scenario, report, {600, 330});
        const QHash<int, QRectF> tiles = tilesOf(scene);
        for (int i = 0; i < 8; ++i)
            QCOMPARE(hatched(scene, tiles[i]), i >= 4);
        // Copies of KV heads inside one TP group: a hatched mark on all but the first of each eight cores.
        const Scenario replicated = scenarioOf(caseNamed("trn2, TP 64"));
        const Scene cores = meshOf(replicated, evaluate(replicated), {900, 600});
        const auto marks = std::count_if(cores.items.begin(), cores.items.end(), [](const SceneItem& item) {
            return item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Replica;
        });
        QCOMPARE(marks, 56);
    }

    /// A tile of devices of several stages shows all of them, at every size and in every theme, and a tile of more kinds than it has room
    /// for shows none.
    void mergedTilesShowAllTheyHold()
    {
        const Scenario scenario = scenarioOf({"slices", "tpu-v5e-16x16", 65536, "llama-3-70b", 8, 4, 2048});
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const ThemeId id : {ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast})
            for (const QSizeF& size : {QSizeF(330, 150), QSizeF(1000, 650), QSizeF(1920, 1080)})
                for (const MeshColour colour : {MeshColour::StageRank, MeshColour::Pipeline}) {
                    MeshOptions options{.colour = colour, .everyCopy = true};
                    Scene scene;
                    const ViewInput input{scenario, report, size, Theme::of(id), {}, {}};
                    buildMesh(input, options, scene);
                    QCOMPARE(textFault(scene), QString());
                    const MeshLayout layout = meshLayoutOf(input, options);
                    QVERIFY(layout.merge >= 32);
                    for (const MeshTile& tile : layout.tiles) {
                        std::set<QRgb> bands;
                        for (const SceneItem& item : scene.items)
                            if (item.kind != SceneItem::Kind::Text && item.fill.isValid() && item.rect != tile.rect
                                && tile.rect.adjusted(-0.01, -0.01, 0.01, 0.01).contains(item.rect))
                                bands.insert(item.fill.rgb());
                        if (tile.count >= 32 && tile.rect.width() >= 12)
                            QCOMPARE(bands.size(), std::size_t{4});
                        if (tile.device > 4096) // some thousand are enough
                            break;
                    }
                }
        // 32 replicas in a slice: none of their hues.
        const Scenario replicas = scenarioOf({"slices", "tpu-v5e-16x16", 65536, "llama-3-70b", 8, 1, 8192});
        const Report legal = evaluate(replicas);
        QVERIFY(legal.legal);
        const Scene mixed = meshOf(replicas, legal, {1000, 650}, {}, {.colour = MeshColour::Replica, .everyCopy = true});
        std::set<QRgb> grounds;
        for (const QRectF& rect : tilesOf(mixed))
            grounds.insert(groundAt(mixed, rect).rgb());
        QCOMPARE(grounds.size(), std::size_t{1});
        for (int hue = 0; hue < 8; ++hue)
            for (int step = 0; step < 4; ++step)
                QVERIFY(*grounds.begin() != Theme::of(ThemeId::Light).place(hue, step, 4).rgb());
        QVERIFY(hasText(mixed, QStringLiteral("a square is 256 chips")));
    }

    /// Above eight stages no hue comes twice: one ramp, in order by lightness alone, with both ends in the legend.
    void manyStagesAreOnARamp()
    {
        const Scenario scenario = scenarioOf({"stages", "p5.48xlarge", 64, "llama-3-70b", 1, 64});
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const ThemeId id : {ThemeId::Light, ThemeId::Dark, ThemeId::Print, ThemeId::Contrast})
            for (const MeshColour colour : {MeshColour::StageRank, MeshColour::Pipeline}) {
                const Theme& theme = Theme::of(id);
                Scene scene;
                buildMesh({scenario, report, {1280, 720}, theme, {}, {}}, {.colour = colour}, scene);
                QCOMPARE(textFault(scene), QString());
                const QHash<int, QRectF> tiles = tilesOf(scene);
                QCOMPARE(tiles.size(), 64);
                const QColor surface = theme.color(Ink::Surface);
                double before = 1;
                for (int stage = 0; stage < 64; ++stage) {
                    const QColor ground = groundAt(scene, tiles[stage]);
                    const double contrast = contrastRatio(ground, surface);
                    QVERIFY2(contrast > before, qPrintable(QStringLiteral("%1: %2").arg(stage).arg(ground.name())));
                    before = contrast;
                }
                QVERIFY2(contrastRatio(groundAt(scene, tiles[0]), groundAt(scene, tiles[63])) > 3, qPrintable(nameOf(id)));
                QVERIFY(hasText(scene, QStringLiteral("Stage 0")) && hasText(scene, QStringLiteral("Stage 63")));
                QVERIFY(!hasText(scene, QStringLiteral("repeat")));
                int named = 0;
                for (const HitRegion& region : scene.hits)
                    named += region.subject.kind == Subject::Kind::Stage ? 1 : 0;
                QCOMPARE(named, 8);
            }
    }
};

QTEST_MAIN(TestMeshColours)
#include "tst_meshcolours.moc"
