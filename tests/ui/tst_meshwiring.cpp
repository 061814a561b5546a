// SPDX-License-Identifier: Apache-2.0
// The wiring of the device mesh: toruses, full meshes, host trees and the ways of messages; and what a hover lights of it.
#include "meshpictures.h"

#include "ui/scene/meshfacts.h"
#include "ui/scene/meshlayout.h"

#include <QRegularExpression>
#include <QTranslator>

using namespace shardlens;
using namespace shardlens::pictures;

namespace {

/// Every translated word in capitals: what stays small was never offered to translators.
class Capitals : public QTranslator {
public:
    [[nodiscard]] bool isEmpty() const override { return false; }
    [[nodiscard]] QString translate(const char*, const char* source, const char*, int) const override
    {
        return QString::fromUtf8(source).toUpper();
    }
};

} // namespace

class TestMeshWiring : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }
    void cleanup() { setTextScale(1); }

    void largerTextStaysApart_data() { everyCaseAtEverySize(); }
    void largerTextStaysApart()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        for (const double scale : {1.15, 1.3, 1.5}) {
            setTextScale(scale);
            for (const Subject& hover : {Subject{}, device(0)}) {
                for (const MeshColour colour : {MeshColour::StageRank, MeshColour::KvHead, MeshColour::Memory}) {
                    for (const MeshZoom& zoom : {MeshZoom{}, MeshZoom{6, {0.41, 0.37}}}) {
                        const Scene scene = meshOf(scenario, report, size, hover, {.colour = colour, .zoom = zoom});
                        QCOMPARE(textFault(scene), QString());
                    }
                }
            }
        }
    }

    void allWordsCanBeTranslated_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"8 H100, TP 4 x PP 2", "trn2, TP 64", "8 H100, TP 2 x PP 2 x DP 2", "v4 8x8x8, TP 16 x PP 4 x DP 8", "host tree, TP 4 x PP 2",
              "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4", "8 H100, TP 2, six idle, does not fit", "65,536 H100, TP 8 x DP 8,192"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void allWordsCanBeTranslated()
    {
        QFETCH(QString, name);
        const Scenario scenario = scenarioOf(caseNamed(name.toUtf8().constData()));
        const Report report = evaluate(scenario);
        Capitals capitals;
        QCoreApplication::installTranslator(&capitals);
        QStringList texts;
        for (const Subject& hover : {Subject{}, device(0), device(7), Subject{.kind = Subject::Kind::Stage, .stage = 0}}) {
            for (std::size_t colour = 0; colour < kMeshColourCount; ++colour) {
                const Scene scene = meshOf(scenario, report, {1400, 900}, hover, {.colour = static_cast<MeshColour>(colour)});
                texts += QStringList(scene.texts.begin(), scene.texts.end());
            }
            texts += meshTooltip(scenario, report, hover);
        }
        texts += meshSubtitle(scenario).section(QString::fromStdString(scenario.cluster->id), 1);
        texts += describeMesh(scenario, report).section(QString::fromStdString(scenario.cluster->id), 1);
        QCoreApplication::removeTranslator(&capitals);
        // Names of the catalog and of the field, which the core spells.
        static const QRegularExpression kNames(QStringLiteral(
            "AllReduce|AllGather|AllToAll|ReduceScatter|Weights|KV cache|Activations|Comm\\. buffers|Runtime reserve|NVSwitch|NVLink|"
            "NeuronLink\\S*|[Cc]ores?|[Cc]hips?|GPUs|attention DP"));
        static const QRegularExpression kSmall(QStringLiteral("[a-z]{3,}"));
        QStringList found;
        for (QString text : texts) {
            for (const FabricLevel& level : scenario.cluster->levels)
                text.remove(QString::fromStdString(level.name));
            if (text.remove(kNames).contains(kSmall))
                found += text;
        }
        found.removeDuplicates();
        QVERIFY2(found.isEmpty(), qPrintable(found.join(QLatin1Char('|'))));
    }

    /// A pool that runs the plan that is drawn leaves the mesh as it is, the other one dims it; the words say which.
    void poolsLightOrDimTheMesh()
    {
        Scenario scenario = scenarioOf(caseNamed("8 H100, TP 4 x PP 2"));
        const auto pool = [](int which) { return Subject{.kind = Subject::Kind::Pool, .pool = which}; };
        const Report alone = evaluate(scenario);
        QVERIFY(!hasText(meshOf(scenario, alone, {900, 600}, pool(0)), QStringLiteral("pool")));
        ServingSettings::Pools pools{{scenario.plan, nullptr, 1}, {scenario.plan, nullptr, 1}};
        pools.decode.plan[PlanAxis::Data] = 1;
        pools.prefill.plan[PlanAxis::Tensor] = 8;
        pools.prefill.plan[PlanAxis::Pipeline] = 1;
        scenario.serving.pools = pools;
        const Report report = evaluate(scenario);
        const Scene calm = meshOf(scenario, report, {900, 600});
        const Scene decode = meshOf(scenario, report, {900, 600}, pool(1));
        const Scene prefill = meshOf(scenario, report, {900, 600}, pool(0));
        const QHash<int, QRectF> tiles = tilesOf(calm);
        QCOMPARE(tiles.size(), 8);
        for (int i = 0; i < 8; ++i) {
            QCOMPARE(groundAt(decode, tiles[i]), groundAt(calm, tiles[i]));
            QVERIFY(groundAt(prefill, tiles[i]) != groundAt(calm, tiles[i]));
        }
        QVERIFY(hasText(decode, QStringLiteral("Decode pool: each of its workers is a replica as it is drawn")));
        QVERIFY(hasText(prefill, QStringLiteral("Prefill pool: its workers run TP 8, which is not drawn here")));
        // The transfer between them is no place; a pinned pool counts as a hovered one does.
        QVERIFY(!hasText(meshOf(scenario, report, {900, 600}, pool(2)), QStringLiteral("pool")));
        Scene pinned;
        buildMesh({scenario, report, {900, 600}, Theme::of(ThemeId::Light), {}, pool(0)}, {}, pinned);
        QVERIFY(hasText(pinned, QStringLiteral("Prefill pool")));
    }
    void torusKeepsCoordinates()
    {
        const Scenario scenario = scenarioOf(caseNamed("v5e 4x2, TP 8"));
        const QHash<int, QRectF> tiles = tilesOf(meshOf(scenario, evaluate(scenario), {600, 330}));
        for (int y = 0; y < 2; ++y) {
            for (int x = 0; x < 4; ++x) {
                QCOMPARE(tiles[y * 4 + x].left(), tiles[x].left());
                QCOMPARE(tiles[y * 4 + x].top(), tiles[y * 4].top());
            }
        }
        QVERIFY(tiles[1].left() > tiles[0].right());
        QVERIFY(tiles[4].top() > tiles[0].bottom());
    }

    void wrapLinksOnlyWhereTheMachineHasThem()
    {
        const auto wraps = [](const char* cluster) {
            MeshLayout layout = layoutMesh({*builtinCatalog().cluster(cluster), QRectF(0, 0, 600, 400)});
            return std::count_if(layout.rails.begin(), layout.rails.end(), [](const MeshRail& rail) { return !rail.wrap.isEmpty(); });
        };
        QCOMPARE(wraps("tpu-v5e-4x2"), 0);
        QCOMPARE(wraps("trn2.48xlarge"), 8);
        QCOMPARE(wraps("tpu-v5e-16x16"), 32);
        QCOMPARE(wraps("inf2.48xlarge"), 1);
    }

    /// Each pair has its line, and no line passes behind a third unit.
    void meshesDrawTheirPairs()
    {
        for (const char* name : {"MI300X, TP 4 x DP 2", "cube mesh, TP 4 x PP 2"}) {
            const Scenario scenario = scenarioOf(caseNamed(name));
            const bool full = scenario.cluster->levels[0].topology == Topology::FullMesh;
            const MeshLayout layout = layoutMesh({*scenario.cluster, QRectF(0, 0, 700, 400), 8, 8});
            QVERIFY(layout.switches.empty() && layout.rails.empty());
            QCOMPARE(layout.webs.size(), std::size_t{1});
            const MeshWeb& web = layout.webs.front();
            QCOMPARE(web.units.size(), std::size_t{8});
            QCOMPARE(web.links.size(), std::size_t{full ? 28U : 16U});
            for (const DirectLink& link : web.links) {
                const QPointF from = web.units[static_cast<std::size_t>(link.a)].center();
                const QPointF along = web.units[static_cast<std::size_t>(link.b)].center() - from;
                for (std::size_t other = 0; other < web.units.size(); ++other) {
                    const QPointF to = web.units[other].center() - from;
                    const double across = std::abs(along.x() * to.y() - along.y() * to.x()) / std::hypot(along.x(), along.y());
                    const bool isEnd = static_cast<int>(other) == link.a || static_cast<int>(other) == link.b;
                    QVERIFY(isEnd || across > 4);
                }
            }
            const Report report = evaluate(scenario);
            QVERIFY(report.legal);
            const QColor lit = Theme::of(ThemeId::Light).network(1);
            const Scene calm = meshOf(scenario, report, {700, 460});
            QCOMPARE(countLines(calm, lit), 0);
            QVERIFY(hasText(calm, full ? QStringLiteral("64 GB/s per pair, one way") : QStringLiteral("25 GB/s per link, one way")));
            // The group of GPU 0 is GPUs 0 to 3: six pairs; in the cube mesh nine links. One more line is the swatch of the words below.
            QCOMPARE(countLines(meshOf(scenario, report, {700, 460}, device(0)), lit), (full ? 6 : 9) + 1);
        }
    }

    /// What a group can send is what its own links carry: three of seven in a full mesh, and the whole of a switch's.
    void ratesAreOfTheGroupsLinks()
    {
        const auto tip = [](const char* name) {
            const Scenario scenario = scenarioOf(caseNamed(name));
            const Report report = evaluate(scenario);
            return meshTooltip(scenario, report, device(0));
        };
        QVERIFY2(tip("MI300X, TP 4 x DP 2").contains(QStringLiteral(" of 192 GB/s on Infinity Fabric")),
                 qPrintable(tip("MI300X, TP 4 x DP 2")));
        QVERIFY(tip("8 H100, TP 4 x PP 2").contains(QStringLiteral(" of 450 GB/s on NVSwitch")));
        // No group sends faster than it can.
        for (const Case& given : cases()) {
            static const QRegularExpression kRate(QStringLiteral("at ([0-9.,]+) of ([0-9.,]+) ([GT])B/s"));
            QRegularExpressionMatchIterator found = kRate.globalMatch(tip(given.name));
            while (found.hasNext()) {
                const QRegularExpressionMatch match = found.next();
                const auto number = [&match](int part) { return match.captured(part).remove(QLatin1Char(',')).toDouble(); };
                const double most = number(2) * (match.captured(3) == QLatin1String("T") ? 1000 : 1);
                QVERIFY2(number(1) > 0 && number(1) <= most * 1.005, qPrintable(QString::fromUtf8(given.name) + match.captured(0)));
            }
        }
    }

    void hostTreesShowTheirSwitches()
    {
        const Scenario scenario = scenarioOf(caseNamed("host tree, TP 4 x PP 2"));
        const MeshLayout layout = layoutMesh({*scenario.cluster, QRectF(0, 0, 900, 560), 8, 4});
        QCOMPARE(layout.switches.size(), std::size_t{3});
        QCOMPARE(layout.frames.size(), std::size_t{2});
        for (const MeshFrame& frame : layout.frames)
            for (int i = 0; i < 4; ++i)
                QVERIFY(frame.rect.contains(layout.tileOf(frame.first + i)->rect));
        const Scene scene = meshOf(scenario, evaluate(scenario), {900, 600});
        for (const char* text :
             {"PCIe switch 0", "PCIe switch 1", "PCIe 4 root", "32 GB/s per switch, one way", "32 GB/s per GPU, one way"})
            QVERIFY2(hasText(scene, QString::fromLatin1(text)), text);
    }

    /// DP innermost: a TP group is every second device, and the same place in the other replica stays where it is.
    void otherOrdersLightTheirGroups()
    {
        Scenario scenario = scenarioOf(caseNamed("8 H100, TP 2 x PP 2 x DP 2"));
        scenario.plan.options.order = {MeshAxis::Data, MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Pipeline};
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const MeshFacts facts(scenario, report);
        QVERIFY(!facts.areBlocks());
        QCOMPARE(facts.of(1).replica, 1);
        QCOMPARE(facts.of(2).tensor, 1);
        const Scene scene = meshOf(scenario, report, {900, 600}, device(0));
        QVERIFY(hasText(scene, QStringLiteral("AllReduce with GPU 2")));
        QVERIFY(hasText(scene, QStringLiteral("sends to GPU 4")));
        QCOMPARE(textFault(scene), QString());
    }

    /// What stages hand over goes along the links of a torus, beside the devices on its way.
    void sendsFollowTheLinks_data()
    {
        QTest::addColumn<QString>("cluster");
        QTest::addColumn<QSizeF>("size");
        for (const QString& cluster : {QStringLiteral("tpu-v5p-4x4x4"), QStringLiteral("tpu-v5e-8x8"), QStringLiteral("tpu-v6e-4x4")})
            for (const QSizeF& size : {QSizeF(330, 150), QSizeF(900, 600), QSizeF(1920, 1080)})
                QTest::newRow(qPrintable(QStringLiteral("%1, %2").arg(cluster).arg(size.width()))) << cluster << size;
    }
    void sendsFollowTheLinks()
    {
        QFETCH(QString, cluster);
        QFETCH(QSizeF, size);
        const std::string name = cluster.toStdString();
        const Scenario scenario = scenarioOf({"sends", name.c_str(), 0, "llama-3-70b", 2, 8, 1});
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const int at : {2, 5, 7, 8, 13, 15}) {
            const Scene scene = meshOf(scenario, report, size, device(at));
            const QHash<int, QRectF> tiles = tilesOf(scene);
            int lines = 0;
            for (const SceneItem& item : scene.items) {
                const bool isLine = item.kind == SceneItem::Kind::Line;
                // Words may have a sample of the line beside them, below the machine.
                if ((!isLine && item.kind != SceneItem::Kind::Polyline) || item.pen != Theme::of(ThemeId::Light).color(Ink::Send))
                    continue;
                const QPolygonF points = isLine ? QPolygonF{item.rect.topLeft(), item.rect.bottomRight()}
                                                : scene.polylines[static_cast<std::size_t>(item.extra)];
                for (qsizetype i = 1; i < points.size(); ++i) {
                    const QPointF way = points[i] - points[i - 1];
                    QVERIFY2(std::abs(way.x()) < 0.01 || std::abs(way.y()) < 0.01, qPrintable(QString::number(at)));
                    const QRectF run = QRectF(points[i - 1], points[i]).normalized().adjusted(-0.1, -0.1, 0.1, 0.1);
                    for (const QRectF& tile : tiles)
                        QVERIFY(tile.width() < 20 || tile.height() < 20 || !run.intersects(tile.adjusted(1, 1, -1, -1)));
                    ++lines;
                }
            }
            QVERIFY(lines >= 1);
        }
    }

    /// The third axis of a torus is drawn from plane to plane, and round the end only where the machine has those links; no line runs
    /// behind a tile or a word, whatever the size, the rows of planes and how far neighbours are merged.
    void planesAreJoined_data()
    {
        QTest::addColumn<std::vector<int>>("extents");
        QTest::addColumn<bool>("wrapped");
        QTest::addColumn<int>("slices");
        QTest::addColumn<QSizeF>("size");
        for (const QSizeF& size : {QSizeF(330, 150), QSizeF(620, 380), QSizeF(900, 560), QSizeF(560, 900), QSizeF(1920, 1080)}) {
            const auto row = [&size](const char* name) -> QTestData& {
                return QTest::addRow("%s, %d", name, static_cast<int>(size.width()));
            };
            row("4x4x4") << std::vector{4, 4, 4} << true << 1 << size;
            row("4x4x2") << std::vector{4, 4, 2} << true << 1 << size; // of two planes the link is the same both ways
            row("4x4x4 cut") << std::vector{4, 4, 4} << false << 1 << size;
            row("2x2x3") << std::vector{2, 2, 3} << true << 1 << size;
            row("8x8x8") << std::vector{8, 8, 8} << true << 1 << size;
            row("4x4x12") << std::vector{4, 4, 12} << true << 1 << size;
            row("16x16x16") << std::vector{16, 16, 16} << true << 1 << size;
            row("32x32x32") << std::vector{32, 32, 32} << true << 1 << size;
            row("two of 32x32x32") << std::vector{32, 32, 32} << true << 2 << size;
        }
    }
    void planesAreJoined()
    {
        QFETCH(std::vector<int>, extents);
        QFETCH(bool, wrapped);
        QFETCH(int, slices);
        QFETCH(QSizeF, size);
        Cluster cluster = *builtinCatalog().cluster("tpu-v4-4x4x4");
        cluster.levels[0].extents = extents;
        cluster.levels[0].wrap.assign(3, wrapped);
        cluster.levels[1].extents = {slices};
        const MeshLayout layout = layoutMesh({cluster, QRectF(QPointF(0, 0), size), 0, 0, 0, true});
        QVERIFY(!layout.depths.empty());
        for (const MeshDepth& depth : layout.depths) {
            const auto planes = depth.planes.size();
            QVERIFY(planes > 1 && depth.links.size() + 1 == planes);
            QCOMPARE(!depth.wrap.isEmpty(), wrapped && extents[2] > 2);
            QVERIFY(depth.perPlane * depth.unitDevices * static_cast<int>(planes) == extents[0] * extents[1] * extents[2]);
            std::vector<QPolygonF> lines = depth.links;
            for (std::size_t i = 0; i < lines.size(); ++i) { // each begins and ends at its own frames
                const auto touches = [&](const QPointF& point, std::size_t plane) {
                    return depth.planes[plane].adjusted(-0.1, -0.1, 0.1, 0.1).contains(point);
                };
                QVERIFY(touches(lines[i].front(), i) && touches(lines[i].back(), i + 1));
            }
            if (!depth.wrap.isEmpty())
                lines.push_back(depth.wrap);
            for (const QPolygonF& line : lines)
                for (qsizetype i = 1; i < line.size(); ++i) {
                    const QRectF segment = QRectF(line[i - 1], line[i]).normalized().adjusted(-0.2, -0.2, 0.2, 0.2);
                    QVERIFY(QRectF(QPointF(0, 0), size).contains(segment));
                    for (const QRectF& plane : depth.planes)
                        QVERIFY2(!plane.adjusted(0.5, 0.5, -0.5, -0.5).intersects(segment), "a link runs through a plane");
                }
            for (const MeshTile& tile : layout.tiles)
                QVERIFY(tile.rect.width() > 0 && tile.rect.height() > 0);
            for (const MeshTile& tile : layout.tiles) // beside it a line goes down, inside the frame
                QVERIFY(std::any_of(depth.planes.begin(), depth.planes.end(),
                                    [&](const QRectF& plane) { return plane.contains(tile.rect.adjusted(0, 0, depth.step, 0)); })
                        || tile.device < depth.first || tile.device >= depth.first + extents[0] * extents[1] * extents[2]);
            for (std::size_t plane = 0; plane < planes && depth.hasLanes; ++plane) {
                const QRectF lane(depth.planes[plane].left(), depth.lanes[plane] - 1, depth.planes[plane].width(), 2);
                QVERIFY(depth.titles.empty() || !depth.titles[plane].adjusted(0, 0, 0, -1).intersects(lane));
                for (const MeshTile& tile : layout.tiles)
                    QVERIFY(!tile.rect.intersects(lane));
            }
        }
    }

    void planesSayWhatTheyAreLinkedWith()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("v4 8x8x8, TP 16 x PP 4 x DP 8"));
        scenario.cluster = builtinCatalog().cluster("tpu-v4-4x4x4");
        scenario.plan = {};
        scenario.plan[PlanAxis::Tensor] = 64;
        const Report report = evaluate(scenario);
        const QColor lit = Theme::of(ThemeId::Light).network(1);
        const Scene calm = meshOf(scenario, report, {900, 560});
        QCOMPARE(countLines(calm, lit), 0);
        for (const char* words : {"z = 0", "16 links to z = 1", "16 links to z = 3", "16 links round to z = 0"})
            QVERIFY2(hasText(calm, QString::fromLatin1(words)), words);
        const MeshLayout layout = meshLayoutOf({scenario, report, {900, 560}, Theme::of(ThemeId::Light)}, {});
        const MeshDepth& depth = layout.depths.front();
        const QPointF onLink = (depth.links[0].front() + depth.links[0].back()) / 2;
        QCOMPARE(calm.tipAt(onLink), QStringLiteral("z links\n16 between z = 0 and z = 1, one for each place of a plane\n"
                                                    "50 GB/s each, 800 GB/s together, one way"));
        QVERIFY(calm.tipAt((depth.wrap[1] + depth.wrap[2]) / 2)
                    .startsWith(QStringLiteral("z links, round the end\n16 between z = 0 and z = 3")));
        // The chip's own ring is lit from its tile over the lanes of all planes, and no lit line runs behind a tile that it does not join.
        const Scene scene = meshOf(scenario, report, {900, 560}, device(9));
        for (const int peer : {9, 25, 41, 57}) {
            const QRectF tile = layout.tileOf(peer)->rect;
            const bool joined = std::any_of(scene.items.begin(), scene.items.end(), [&](const SceneItem& item) {
                if (item.kind != SceneItem::Kind::Path || item.pen != lit)
                    return false;
                const QPainterPath& path = scene.paths[static_cast<std::size_t>(item.extra)];
                const QPointF from = path.pointAtPercent(0);
                const QPointF to = path.pointAtPercent(1);
                return std::abs(from.x() - tile.right()) < 0.01 && from.y() > tile.top() && from.y() < tile.bottom()
                       && std::abs(to.y() - depth.lanes[static_cast<std::size_t>(peer / 16)]) < 0.01;
            });
            QVERIFY2(joined, qPrintable(QString::number(peer)));
        }
        for (const SceneItem& item : scene.items) {
            if (item.kind != SceneItem::Kind::Path || item.pen != lit)
                continue;
            const QPainterPath& path = scene.paths[static_cast<std::size_t>(item.extra)];
            for (const MeshTile& tile : layout.tiles)
                for (int i = 0; i <= 100; ++i)
                    QVERIFY(!tile.rect.adjusted(1, 1, -1, -1).contains(path.pointAtPercent(i / 100.0)));
        }
        // A message to the next plane goes over that line too.
        const MeshRoute route = layout.routeBetween(*scenario.cluster, 9, 25);
        QVERIFY(route.legs.size() == 1 && route.legs.front().contains(depth.links[0].front()));
        QVERIFY(layout.routeBetween(*scenario.cluster, 9, 57).legs.front().contains(depth.wrap.front())); // round the end is shorter
    }

    /// Every device is somewhere, whether drawn, merged, cut away or out of sight; and ways begin and end there.
    void everyDeviceHasAPlaceAndAWay_data() { everyCaseAtEverySize(); }
    void everyDeviceHasAPlaceAndAWay()
    {
        QFETCH(int, index);
        QFETCH(QSizeF, size);
        const Scenario scenario = scenarioOf(cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        const int all = scenario.cluster->devices();
        for (const MeshZoom& zoom : {MeshZoom{}, MeshZoom{5, {0.3, 0.6}}}) {
            MeshOptions options;
            options.zoom = zoom;
            const MeshLayout layout = meshLayoutOf({scenario, report, size, Theme::of(ThemeId::Light)}, options);
            for (int i = 0; i < 40; ++i) {
                const int from = static_cast<int>(std::int64_t{i} * 7919 % all);
                const int to = static_cast<int>(std::int64_t{i} * 104729 % all);
                const MeshPlace place = layout.placeOf(from);
                QVERIFY(place.rect.width() > 0 && place.rect.height() > 0);
                QCOMPARE(place.isCopy, from >= layout.shown);
                if (!place.isCopy)
                    QVERIFY(from >= place.first && from < place.first + place.count);
                if (const MeshTile* tile = layout.tileOf(from))
                    QCOMPARE(tile->rect, place.rect);
                else
                    QVERIFY(place.isCopy || !zoom.isFitted());
                const MeshRoute route = layout.routeBetween(*scenario.cluster, from, to);
                const MeshPlace target = layout.placeOf(to);
                QCOMPARE(route.legs.empty(), target.first == place.first);
                if (route.legs.empty())
                    continue;
                QCOMPARE(route.legs.front().front(), place.rect.center());
                QCOMPARE(route.legs.back().back(), target.rect.center());
                QCOMPARE(route.at(0), place.rect.center());
                QVERIFY(QLineF(route.at(1), target.rect.center()).length() < 0.01);
                QVERIFY(route.level >= 0 && route.length() > 0);
            }
        }
    }

    void waysFollowTheWiring()
    {
        const auto layoutOf = [](const char* cluster) { return layoutMesh({*builtinCatalog().cluster(cluster), QRectF(0, 0, 900, 600)}); };
        // Over the NVSwitch plate.
        const MeshLayout domain = layoutOf("p5.48xlarge");
        const MeshRoute over = domain.routeBetween(*builtinCatalog().cluster("p5.48xlarge"), 0, 6);
        const QRectF bar = domain.switches.front().bar;
        QVERIFY(std::any_of(over.legs.front().begin(), over.legs.front().end(), [&bar](const QPointF& p) { return bar.contains(p); }));
        for (const double fraction : {over.ontoPlate, over.offPlate})
            QVERIFY(bar.contains(over.at(fraction)));
        QVERIFY(std::abs(over.at(over.ontoPlate).x() - domain.tileOf(0)->rect.center().x()) < 0.01); // straight to it, straight from it
        QVERIFY(std::abs(over.at(over.offPlate).x() - domain.tileOf(6)->rect.center().x()) < 0.01);
        // From the first chip of a row of four to the last: once round the edge, not past the two between.
        const MeshLayout torus = layoutOf("trn2.48xlarge");
        const Cluster& trn2 = *builtinCatalog().cluster("trn2.48xlarge");
        const MeshRoute round = torus.routeBetween(trn2, 0, 12);
        QVERIFY(std::none_of(round.legs.front().begin(), round.legs.front().end(), [&torus](const QPointF& p) {
            return torus.domains.back().units[1].contains(p) || torus.domains.back().units[2].contains(p);
        }));
        QVERIFY(round.length() > 300);
        // Two hops along, one down.
        const MeshRoute bent = torus.routeBetween(trn2, 0, 4 * 6);
        QVERIFY(bent.legs.size() == 1 && bent.legs.front().contains(torus.domains.back().units[2].center()));
        QVERIFY(!bent.throughHost);
        // A pair of the hybrid cube mesh without a link.
        const Cluster& cube = *builtinCatalog().cluster("dgx-1-v100");
        int without = 0;
        for (int b = 1; b < 8; ++b)
            without += layoutOf("dgx-1-v100").routeBetween(cube, 0, b).throughHost ? 1 : 0;
        QCOMPARE(without, 3);
    }

    void coresSitInsideTheirChips()
    {
        const Scenario scenario = scenarioOf(caseNamed("trn2, TP 64"));
        const MeshLayout layout = layoutMesh({*scenario.cluster, QRectF(0, 0, 900, 500), 64, 64});
        QCOMPARE(layout.frames.size(), std::size_t{16});
        QCOMPARE(layout.tiles.size(), std::size_t{64});
        for (const MeshFrame& frame : layout.frames) {
            for (int i = 0; i < 4; ++i)
                QVERIFY(frame.rect.contains(layout.tileOf(frame.first + i)->rect));
        }
    }

    void hoverLightsTheGroupAndFadesTheRest()
    {
        const Scenario scenario = scenarioOf(caseNamed("8 H100, TP 4 x PP 2"));
        const Report report = evaluate(scenario);
        const Theme& theme = Theme::of(ThemeId::Light);
        const Scene calm = meshOf(scenario, report, {430, 300});
        const Scene hovered = meshOf(scenario, report, {430, 300}, device(1));
        QCOMPARE(countLines(calm, theme.network(1)), 0);
        QVERIFY(countLines(hovered, theme.network(1)) >= 4);
        QVERIFY(countLines(hovered, theme.color(Ink::Send)) >= 1);
        const QHash<int, QRectF> tiles = tilesOf(calm);
        QCOMPARE(tilesOf(hovered), tiles); // nothing moves under the pointer
        for (const int same : {0, 1, 2, 3, 5})
            QCOMPARE(groundAt(hovered, tiles[same]), groundAt(calm, tiles[same]));
        for (const int faded : {4, 6, 7})
            QCOMPARE(groundAt(hovered, tiles[faded]), theme.faded(groundAt(calm, tiles[faded]), 0.55));
        // 40 layers of the stage, twice each; 16 sequences of a microbatch x 8,192 x 2 bytes.
        QVERIFY(hasText(hovered, QString(QStringLiteral("AllReduce with GPU 0, 2, 3: 80 %1 256 KiB per microbatch").arg(QChar(0xD7)))));
        // The network between nodes is lit when the group crosses them, and only then.
        const Scenario across = scenarioOf(caseNamed("32 nodes of 8, TP 16 across two nodes"));
        const Scene far = meshOf(across, evaluate(across), {900, 600}, device(3));
        QVERIFY(countLines(far, theme.network(2)) >= 2);
        QVERIFY(countLines(far, theme.network(1)) >= 2);
        const Scenario inside = scenarioOf(caseNamed("32 nodes of 8, TP 8 x PP 4 x DP 8"));
        QCOMPARE(countLines(meshOf(inside, evaluate(inside), {900, 600}, device(3)), theme.network(2)), 0);
    }
};

QTEST_MAIN(TestMeshWiring)
#include "tst_meshwiring.moc"
