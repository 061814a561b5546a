// SPDX-License-Identifier: Apache-2.0
// What the colours of a mesh of very many devices, or stages, say.
#include "meshpictures.h"

#include "ui/scene/meshlayout.h"

#include <set>

using namespace shardlens;
using namespace shardlens::pictures;

class TestMeshColours : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

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
