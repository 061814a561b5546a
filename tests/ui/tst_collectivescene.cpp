// SPDX-License-Identifier: Apache-2.0
// Collectives on the mesh and the order of the axes: scenes without pixels, and the strips in the real window.
#include "core/base/format.h"
#include "longstrings.h"
#include "picturecases.h"
#include "ui/scene/axisorderscene.h"
#include "ui/scene/collectivelines.h"
#include "ui/scene/collectivescene.h"
#include "ui/window/dockarea.h"
#include "ui/window/meshstrips.h"
#include "windowfixture.h"

#include <QScopeGuard>

using namespace shardlens;

class TestCollectiveScene : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        prepareAppearance();
        failOnUnexpectedMessages();
    }

    void framesAndStripsHaveNoFault_data()
    {
        QTest::addColumn<double>("scale");
        QTest::addColumn<bool>("longer");
        QTest::newRow("text as it is") << 1.0 << false;
        QTest::newRow("large text") << 1.5 << false;
        QTest::newRow("long words") << 1.0 << true;
        QTest::newRow("long words in large text") << 1.5 << true;
    }
    void framesAndStripsHaveNoFault()
    {
        QFETCH(double, scale);
        QFETCH(bool, longer);
        const pictures::WithLongStrings strings(longer);
        setTextScale(scale);
        const auto reset = qScopeGuard([] { setTextScale(1); });
        int drawn = 0;
        for (const pictures::Case& given : pictures::cases()) {
            const Scenario scenario = pictures::scenarioOf(given);
            const Report report = evaluate(scenario);
            const std::vector<PlanCollective> all = planCollectives(scenario, report);
            if (all.empty())
                continue;
            for (const QSizeF size : {QSizeF(330, 150), QSizeF(600, 330), QSizeF(1600, 900)}) {
                CollectivePicture picture = collectivePicture(scenario, all.front(), 0);
                picture.position = 0.5;
                Scene scene;
                buildCollectiveFrames({scenario, report, size, Theme::of(ThemeId::Print)}, {}, picture, scene);
                const QString where = QStringLiteral("%1 at %2 x %3: ").arg(QLatin1String(given.name)).arg(size.width()).arg(size.height());
                const QString fault = pictures::textFault(scene);
                QVERIFY2(fault.isEmpty(), qPrintable(where + fault));
                for (const HitRegion& hit : scene.hits)
                    QVERIFY2(QRectF(QPointF(), size).adjusted(-1, -1, 1, 1).contains(hit.rect), qPrintable(where));
                const QSizeF strip(size.width(), playStripHeight(size.width()));
                buildPlayStrip({scenario, report, strip, Theme::of(ThemeId::Dark)}, picture, false, scene);
                QVERIFY2(pictures::textFault(scene).isEmpty(), qPrintable(where + pictures::textFault(scene)));
                QVERIFY(scene.texts.size() == 1);
                const QSizeF axes(size.width(), axisOrderHeight(scenario.plan));
                const ViewInput input{scenario, report, axes, Theme::of(ThemeId::Light)};
                buildAxisOrder(input, {}, scene);
                QVERIFY2(pictures::textFault(scene).isEmpty(), qPrintable(where + pictures::textFault(scene)));
                const AxisOrderLayout layout = layoutAxisOrder(input);
                for (std::size_t i = 0; i < layout.chips.size(); ++i) {
                    QVERIFY(QRectF(QPointF(), axes).contains(layout.chips[i].rect));
                    QCOMPARE(layout.chipAt(layout.chips[i].rect.center()), static_cast<int>(i));
                    QCOMPARE(scene.subjectAt(layout.chips[i].rect.center()).axis, static_cast<int>(layout.chips[i].axis));
                }
                ++drawn;
            }
        }
        QVERIFY(drawn > 60);
    }

    /// What an arrow to a switch carries is all that the device sends through it, not the message to one of its peers.
    void captionsCountBytesOfTheDrawnLink()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const DeviceGroup group(1, 8);
        for (const CollectiveCost& cost : GroupSpan(*scenario.cluster, group).alternatives(Collective::AllGather, 512 * 1024)) {
            const Result<Hops> hops = Hops::of(*scenario.cluster, group, 0, Collective::AllGather, 512 * 1024, cost);
            QVERIFY(hops.ok());
            const bool direct = cost.algorithm == CollectiveAlgorithm::Direct;
            if (direct || cost.algorithm == CollectiveAlgorithm::Ring)
                QCOMPARE(stepBytes(hops.value().step(0)), direct ? QStringLiteral("448 KiB per link") : QStringLiteral("64 KiB per link"));
        }
    }

    /// On paper a group of the first stage has the chips of that stage, with or without further replicas.
    void framesLeaveOtherStagesOut()
    {
        for (const auto& [pipeline, data] : {std::pair{8, 1}, std::pair{1, 8}}) {
            const Scenario scenario = pictures::scenarioOf({"torus", "tpu-v4-4x4x4", 0, "llama-3-8b", 8, pipeline, data});
            const Report report = evaluate(scenario);
            QVERIFY(report.legal);
            const CollectivePicture picture = collectivePicture(scenario, planCollectives(scenario, report).front(), 0);
            QVERIFY(picture.hops);
            Scene scene;
            buildCollectiveFrames({scenario, report, {1280, 720}, Theme::of(ThemeId::Print)}, {}, picture, scene);
            QSet<int> seen;
            for (const HitRegion& hit : scene.hits)
                if (hit.subject.kind == Subject::Kind::Device)
                    seen.insert(hit.subject.device);
            QCOMPARE(seen.size(), 8);
            QVERIFY(pictures::textFault(scene).isEmpty());
        }
    }

    /// The frames of a group in a later stage are of that stage alone, with the numbers it has.
    void framesAreOfTheStageOfTheGroup_data()
    {
        QTest::addColumn<QString>("cluster");
        QTest::addColumn<int>("tensor");
        QTest::addColumn<int>("pipeline");
        QTest::addColumn<QString>("says");
        QTest::newRow("switch") << QStringLiteral("gb200-nvl72") << 8 << 8 << QStringLiteral("40");
        QTest::newRow("full mesh") << QStringLiteral("mi300x-platform") << 4 << 2 << QStringLiteral("4");
        QTest::newRow("plane") << QStringLiteral("tpu-v5e-8x8") << 8 << 8 << QStringLiteral("40");
        QTest::newRow("rows of a torus") << QStringLiteral("tpu-v5p-4x4x4") << 8 << 8 << QStringLiteral("40");
        QTest::newRow("planes of a torus") << QStringLiteral("tpu-v5p-4x4x4") << 32 << 2 << QStringLiteral("z = 2");
    }
    void framesAreOfTheStageOfTheGroup()
    {
        QFETCH(QString, cluster);
        QFETCH(int, tensor);
        QFETCH(int, pipeline);
        QFETCH(QString, says);
        const std::string name = cluster.toStdString();
        const Scenario scenario = pictures::scenarioOf({"frames", name.c_str(), 0, "llama-3-70b", tensor, pipeline, 1});
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        for (const int stage : {0, std::min(pipeline - 1, 5)}) {
            const CollectivePicture picture = collectivePicture(scenario, planCollectives(scenario, report).front(), stage * tensor);
            QVERIFY(picture.hops);
            for (const QSizeF size : {QSizeF(330, 150), QSizeF(1280, 720), QSizeF(1920, 1080)}) {
                Scene scene;
                buildCollectiveFrames({scenario, report, size, Theme::of(ThemeId::Print)}, {}, picture, scene);
                QVERIFY(pictures::textFault(scene).isEmpty());
                QSet<int> seen;
                for (const HitRegion& hit : scene.hits)
                    if (hit.subject.kind == Subject::Kind::Device)
                        seen.insert(hit.subject.device);
                if (size.width() > 400) {
                    QCOMPARE(seen.size(), tensor);
                    QCOMPARE(std::any_of(scene.texts.begin(), scene.texts.end(),
                                         [&says](const QString& t) {
                                             return t == says || t == QStringLiteral("GPU ") + says || t == QStringLiteral("Chip ") + says;
                                         }),
                             stage > 0);
                }
                for (const int device : seen)
                    QCOMPARE(device / tensor, stage);
            }
        }
    }

    /// What two devices hand each other over a link of their own is one line with two heads, and there is no other line.
    void aFullMeshShowsEachLinkOnce()
    {
        const Scenario scenario = pictures::scenarioOf({"mesh", "mi300x-platform", 0, "llama-3-70b", 8, 1, 1});
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const CollectivePicture picture = collectivePicture(scenario, planCollectives(scenario, report).front(), 0);
        QVERIFY(picture.hops && picture.hops->steps() == 2);
        const Theme& theme = Theme::of(ThemeId::Print);
        Scene scene;
        buildCollectiveFrames({scenario, report, {1280, 720}, theme}, {}, picture, scene);
        int halves = 0;
        for (const SceneItem& item : scene.items) {
            QVERIFY(item.kind != SceneItem::Kind::Line || item.pen != theme.color(Ink::Strong));
            halves += item.kind == SceneItem::Kind::Polyline && item.pen == theme.network(1) ? 1 : 0;
        }
        QCOMPARE(halves, 2 * 2 * 28);
        QVERIFY(!pictures::hasText(scene, QStringLiteral("unused links")));
    }

    void packetsFollowThePosition()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const std::vector<PlanCollective> all = planCollectives(scenario, report);
        CollectivePicture picture = collectivePicture(scenario, all.front(), 0);
        QVERIFY(picture.hops);
        const ViewInput input{scenario, report, {900, 600}, Theme::of(ThemeId::Light)};
        const MeshLayout layout = meshLayoutOf(input, {});
        const auto items = [&](double position) {
            Scene scene;
            scene.clear(input.size);
            picture.position = position;
            drawCollective(input, layout, picture, scene);
            return scene.items.size();
        };
        QVERIFY(items(0.5) > items(picture.hops->steps())); // all done: members ringed, nothing under way
        picture.position = 0.5;
        const QStringList half = collectiveParts(scenario, picture);
        QVERIFY(half.front().startsWith(QStringLiteral("Step 1 of")) || half.front() == QStringLiteral("One step"));
        picture.position = picture.hops->steps();
        const QString sent = qs(formatBytes(picture.hops->sentInAll()));
        QVERIFY(collectiveParts(scenario, picture).contains(sent + QStringLiteral(" sent of ") + sent));
    }

    /// On paper: one row of devices on each side of their switch, so that no link runs behind another; what goes there and what comes back
    /// side by side, each with a head, and its bytes.
    void framesShowDirectionAndSize_data()
    {
        QTest::addColumn<QString>("cluster");
        QTest::addColumn<QStringList>("bytes");
        QTest::newRow("adds up") << QStringLiteral("p5.48xlarge") << QStringList{QStringLiteral("512 KiB"), QStringLiteral("64 KiB")};
        QTest::newRow("two-shot") << QStringLiteral("dgx-a100") << QStringList{QStringLiteral("7 × 64 KiB")};
        QTest::newRow("rack") << QStringLiteral("gb200-nvl72") << QStringList{QStringLiteral("512 KiB")};
    }
    void framesShowDirectionAndSize()
    {
        QFETCH(QString, cluster);
        QFETCH(QStringList, bytes);
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        scenario.cluster = builtinCatalog().cluster(cluster.toStdString());
        QVERIFY(scenario.cluster);
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        CollectivePicture picture = collectivePicture(scenario, planCollectives(scenario, report).front(), 0);
        QVERIFY(picture.hops);
        MeshOptions options;
        options.bare = true;
        options.openLinks = true;
        const ViewInput input{scenario, report, {530, 560}, Theme::of(ThemeId::Light)};
        const MeshLayout layout = meshLayoutOf(input, options);
        QCOMPARE(layout.shown, 8); // those that take part
        const MeshSwitch& plate = layout.switches.front();
        for (std::size_t i = 0; i < plate.units.size(); ++i) {
            const QRectF& unit = plate.units[i];
            const QRectF link(unit.center().x() - 8, std::min(unit.center().y(), plate.bar.top()), 16,
                              std::abs(unit.center().y() - plate.bar.center().y()));
            for (std::size_t other = 0; other < plate.units.size(); ++other)
                QVERIFY2(other == i || !link.intersects(plate.units[other]), "a link runs behind another device");
        }
        Scene scene;
        scene.clear(input.size);
        picture.isStill = true;
        picture.position = 0.5;
        drawCollective(input, layout, picture, scene);
        QCOMPARE(pictures::textFault(scene), QString());
        int heads = 0;
        for (const SceneItem& item : scene.items)
            heads += item.kind == SceneItem::Kind::Path && item.fill.isValid() ? 1 : 0;
        QVERIFY2(heads >= 16, qPrintable(QString::number(heads))); // up and down, of eight
        for (const QString& words : bytes)
            QCOMPARE(std::count(scene.texts.begin(), scene.texts.end(), words), 8);
        // None of the two lines of a device hides the other.
        std::vector<double> places;
        for (const QPolygonF& line : scene.polylines)
            if (std::abs(line.front().x() - plate.units[0].center().x()) < 10 && line.front().y() < plate.bar.bottom())
                places.push_back(line.front().x());
        std::sort(places.begin(), places.end());
        QVERIFY(places.size() >= 2 && places.back() - places.front() >= 6);
    }

    /// Between nodes a way runs beside the devices of its node, not over them, to the plate that joins the nodes.
    void waysLeaveTheirNode()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("32 nodes of 8, TP 16 across two nodes"));
        const Report report = evaluate(scenario);
        const MeshLayout layout = meshLayoutOf({scenario, report, {1100, 700}, Theme::of(ThemeId::Light)}, {});
        QVERIFY(layout.frames.size() == 32); // in several rows
        for (const int from : {0, 3, 5}) {
            const MeshRoute route = layout.routeBetween(*scenario.cluster, from, from + 8);
            QVERIFY(route.isNarrow);
            for (const QPolygonF& leg : route.legs)
                for (qsizetype i = 1; i < leg.size(); ++i) {
                    QVERIFY(std::abs(leg[i].x() - leg[i - 1].x()) < 0.01 || std::abs(leg[i].y() - leg[i - 1].y()) < 0.01);
                    for (const MeshTile& tile : layout.tiles) {
                        if (tile.device == from || tile.device == from + 8)
                            continue;
                        const auto [first, last] = insideOf(tile.rect.adjusted(0.1, 0.1, -0.1, -0.1), leg[i - 1], leg[i]);
                        QVERIFY2(last <= first, qPrintable(QString::number(tile.device)));
                    }
                }
        }
    }

    void aSwitchAddsUpAndThenHandsOut()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        for (const PlanCollective& c : planCollectives(scenario, report)) {
            if (c.cost.algorithm != CollectiveAlgorithm::InNetwork)
                continue;
            CollectivePicture picture = collectivePicture(scenario, c, 0);
            QVERIFY(picture.hops && picture.hops->steps() == 2);
            QCOMPARE(stepVerb(picture.hops->step(0)), QStringLiteral("adds up"));
            QCOMPARE(stepVerb(picture.hops->step(1)), QStringLiteral("hands out the sum"));
            return;
        }
        QFAIL("no in-network reduction");
    }

    /// Frame by frame the same scene as the whole thing built anew, and the mesh in it is built once.
    void aPlayedMeshIsKept()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("32 nodes of 8, TP 8 x PP 4 x DP 8"));
        const Report report = evaluate(scenario);
        CollectivePicture picture = collectivePicture(scenario, planCollectives(scenario, report).front(), 3);
        QVERIFY(picture.hops);
        PlayedMesh played;
        const auto same = [](const Scene& a, const Scene& b) {
            if (a.items.size() != b.items.size() || a.hits.size() != b.hits.size())
                return false;
            for (std::size_t i = 0; i < a.items.size(); ++i) {
                const SceneItem& x = a.items[i];
                const SceneItem& y = b.items[i];
                if (x.kind != y.kind || x.rect != y.rect || x.fill != y.fill || x.pen != y.pen)
                    return false;
                const auto at = [](const auto& of, const SceneItem& item) { return of[static_cast<std::size_t>(item.extra)]; };
                if (x.kind == SceneItem::Kind::Text && at(a.texts, x) != at(b.texts, y))
                    return false;
                if (x.kind == SceneItem::Kind::Polyline && at(a.polylines, x) != at(b.polylines, y))
                    return false;
                if (x.kind == SceneItem::Kind::Path && at(a.paths, x) != at(b.paths, y))
                    return false;
            }
            return true;
        };
        const auto check = [&](const ViewInput& input, const MeshOptions& options, int built) {
            for (const double position : {0.0, 0.4, 1.7, static_cast<double>(picture.hops->steps())}) {
                picture.position = std::min(position, static_cast<double>(picture.hops->steps()));
                Scene kept;
                played.draw(input, options, picture, kept);
                MeshOptions whole = options;
                whole.overlay = [&picture](const ViewInput& in, const MeshLayout& layout, Scene& over) {
                    drawCollective(in, layout, picture, over);
                };
                Scene anew;
                buildMesh(input, whole, anew);
                QVERIFY(same(kept, anew));
            }
            QCOMPARE(played.built(), built);
        };
        const Theme& light = Theme::of(ThemeId::Light);
        check({scenario, report, {900, 600}, light}, {}, 1);
        check({scenario, report, {900, 500}, light}, {}, 2); // another size
        Subject device{Subject::Kind::Device};
        device.device = 3;
        check({scenario, report, {900, 500}, light, device}, {}, 3); // another hover
        check({scenario, report, {900, 500}, Theme::of(ThemeId::Dark), device}, {}, 4);
        MeshOptions options;
        options.zoom = {4, {0.3, 0.3}};
        check({scenario, report, {900, 500}, light}, options, 5);
        options.colour = MeshColour::Load;
        check({scenario, report, {900, 500}, light}, options, 6);
        setTextScale(1.3);
        check({scenario, report, {900, 500}, light}, options, 7);
        setTextScale(1);
        check({scenario, report, {900, 500}, light}, options, 8);
        played.forget(); // another report
        check({scenario, report, {900, 500}, light}, options, 9);
        check({scenario, report, {20, 20}, light}, options, 10); // no room for a mesh
    }

    /// What an axis takes, and what moving it would do, is said in as many words as there is room for: never cut off.
    void theEditorsSentenceFits()
    {
        for (const double scale : {1.0, 1.5}) {
            setTextScale(scale);
            const auto back = qScopeGuard([] { setTextScale(1); });
            for (const pictures::Case& given : pictures::cases()) {
                const Scenario scenario = pictures::scenarioOf(given);
                const Report report = evaluate(scenario);
                if (!report.legal)
                    continue;
                for (const double width : {330.0, 500.0, 620.0, 1280.0}) {
                    const ViewInput input{scenario, report, QSizeF(width, axisOrderHeight(scenario.plan)), Theme::of(ThemeId::Light)};
                    const AxisOrderLayout layout = layoutAxisOrder(input);
                    for (int chip = 0; chip < static_cast<int>(layout.chips.size()); ++chip)
                        for (const bool dragged : {false, true}) {
                            AxisOrderOptions options;
                            options.selected = chip;
                            if (dragged) {
                                options.dragged = chip;
                                options.place = 0;
                                options.then = OrderEffect{true, report.serving.ttft * 1.234, report.serving.tpot * 1.567, {}};
                            }
                            Scene scene;
                            buildAxisOrder(input, options, scene);
                            const SceneItem& words = scene.items.back();
                            QVERIFY(words.kind == SceneItem::Kind::Text);
                            const QString& text = scene.texts[static_cast<std::size_t>(words.extra)];
                            QVERIFY2(textWidth(text, words.role) <= layout.words.width(), qPrintable(text));
                            const QString& name = layout.chips[static_cast<std::size_t>(chip)].name;
                            QVERIFY(dragged || text.startsWith(name.section(QLatin1Char(' '), 0, -2)));
                        }
                }
            }
        }
    }

    /// EP lies on the chips of the stage: inner ones for the experts' own TP, the rest for EP.
    void expertsLieOnTheAxes()
    {
        Scenario scenario = pictures::scenarioOf(pictures::caseNamed("NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"));
        for (const int expert : {1, 4, 8}) {
            scenario.plan[PlanAxis::Expert] = expert;
            const Report report = evaluate(scenario);
            QVERIFY(report.legal);
            const ViewInput input{scenario, report, QSizeF(600, axisOrderHeight(scenario.plan)), Theme::of(ThemeId::Light)};
            const AxisOrderLayout layout = layoutAxisOrder(input);
            AxisOrderOptions options;
            options.selected = static_cast<int>(layout.chips.size());
            Scene scene;
            buildAxisOrder(input, options, scene);
            QCOMPARE(pictures::textFault(scene), QString());
            QCOMPARE(layout.experts.size(), std::size_t{expert > 1 ? 1U : 0U});
            QCOMPARE(layout.isExperts(options.selected), expert > 1);
            QCOMPARE(pictures::hasText(scene, QStringLiteral("EP %1").arg(expert)), expert > 1);
            if (expert == 1)
                continue;
            const QRectF& band = layout.experts.front();
            QCOMPARE(layout.chipAt(band.center()), options.selected);
            QVERIFY(band.top() >= layout.chips.front().rect.bottom() && band.bottom() <= layout.brackets.front().rect.top() + 0.5);
            const QRectF& tensor = layout.chips.front().rect; // TP 8 is innermost
            QVERIFY(std::abs(band.right() - tensor.right()) < 1);
            const double share = expert == 8 ? 1 : 2.0 / 3; // of three doublings
            QVERIFY2(std::abs(band.width() / tensor.width() - share) < 0.06, qPrintable(QString::number(band.width() / tensor.width())));
            QVERIFY(pictures::hasText(scene, QStringLiteral("EP on ")));
        }
    }

    void framesAreChosen()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("trn2, TP 64"));
        const Report report = evaluate(scenario);
        const Result<Hops> hops = hopsOf(scenario, planCollectives(scenario, report).front(), 0);
        QVERIFY(hops.ok());
        const int steps = hops.value().steps();
        QCOMPARE(static_cast<int>(framedSteps(hops.value(), 100).size()), steps);
        const std::vector<int> few = framedSteps(hops.value(), 4);
        QCOMPARE(few.size(), std::size_t{4});
        QCOMPARE(few.front(), 0);
        QCOMPARE(few.back(), steps - 1);
    }

    void playsInTheWindow()
    {
        WindowFixture f;
        auto* play = f.window.findChild<CollectivePlay*>();
        QVERIFY(play);
        QVERIFY(!play->isVisible());
        QVERIFY(!play->choose("decode/nothing"));
        QVERIFY(play->choose({}));
        QCoreApplication::processEvents();
        QVERIFY(play->isVisible());
        QVERIFY(play->height() < 70);
        const int steps = play->picture().hops->steps();
        play->setFocus();
        QTest::keyClick(play, Qt::Key_Period);
        QCOMPARE(play->player().position(), 1.0);
        QTest::keyClick(play, Qt::Key_End);
        QCOMPARE(play->player().position(), static_cast<double>(steps));
        QTest::keyClick(play, Qt::Key_Comma);
        QCOMPARE(play->player().position(), steps - 1.0);
        QTest::keyClick(play, Qt::Key_Space);
        QVERIFY(play->player().isPlaying());
        QTest::keyClick(play, Qt::Key_Space);
        QVERIFY(!play->player().isPlaying());
        // Steps draw over a mesh that is kept.
        f.window.docks().present(ViewKind::Mesh);
        QCoreApplication::processEvents();
        const int built = play->mesh().built();
        QVERIFY(built > 0);
        for (const int step : {0, 1}) {
            play->player().seek(step);
            QVERIFY(!f.window.grab().isNull());
        }
        QCOMPARE(play->mesh().built(), built);
        const PlayStripLayout layout = layoutPlayStrip(QSizeF(play->size()));
        QTest::mouseClick(play, Qt::LeftButton, {}, QPointF(layout.track.left(), layout.track.center().y()).toPoint());
        QVERIFY(play->player().position() < 0.1);
        // The plan changes below it: still a collective of the plan as it is.
        Scenario other = f.document.scenario();
        other.plan[PlanAxis::Tensor] = 1;
        other.plan[PlanAxis::Pipeline] = 8;
        f.document.edit(other, {});
        QVERIFY(!play->picture().hops || play->picture().collective.kind == Collective::Send);
        play->stop();
        QVERIFY(!play->isVisible());
    }

    void aDraggedAxisIsOneUndoStep()
    {
        WindowFixture f;
        Scenario start = f.document.scenario();
        start.plan = Plan{};
        start.plan[PlanAxis::Tensor] = 4;
        start.plan[PlanAxis::Pipeline] = 2;
        f.document.edit(start, {});
        auto* strip = f.window.findChild<AxisOrderStrip*>();
        QVERIFY(strip);
        strip->show();
        QCoreApplication::processEvents();
        const AxisOrderLayout layout = strip->layoutNow();
        QCOMPARE(layout.chips.size(), std::size_t{2});
        // A chip is the axis in every view: pointed at, and clicked without dragging it.
        const QPoint pipeline = layout.chips[1].rect.center().toPoint();
        QMouseEvent over(QEvent::MouseMove, QPointF(pipeline), strip->mapToGlobal(QPointF(pipeline)), Qt::NoButton, Qt::NoButton, {});
        QApplication::sendEvent(strip, &over);
        QCOMPARE(f.document.selection().hover().kind, Subject::Kind::Axis);
        QCOMPARE(f.document.selection().hover().axis, static_cast<int>(MeshAxis::Pipeline));
        QEvent left(QEvent::Leave);
        QApplication::sendEvent(strip, &left);
        QCOMPARE(f.document.selection().hover().kind, Subject::Kind::None);
        QTest::mouseClick(strip, Qt::LeftButton, {}, pipeline);
        QCOMPARE(f.document.selection().pin().kind, Subject::Kind::Axis);
        QVERIFY(f.document.scenario().plan == start.plan);
        f.document.selection().clear();
        // What the words count is worked out once for a report, not at each paint.
        QVERIFY(!strip->grab().isNull());
        const auto* costs = strip->options().collectives.get();
        QVERIFY(costs && !costs->empty());
        QVERIFY(!strip->grab().isNull());
        QCOMPARE(strip->options().collectives.get(), costs);
        const QPoint from = layout.chips[0].rect.center().toPoint();
        const QPoint to(static_cast<int>(layout.chips[1].rect.right()) - 2, from.y());
        const int undo = f.document.undoStack().count();
        QTest::mousePress(strip, Qt::LeftButton, {}, from);
        for (const QPoint at : {(from + to) / 2, to}) {
            QMouseEvent move(QEvent::MouseMove, QPointF(at), strip->mapToGlobal(QPointF(at)), Qt::NoButton, Qt::LeftButton, {});
            QApplication::sendEvent(strip, &move);
        }
        QVERIFY(strip->options().then);
        Scenario moved = f.document.scenario();
        moved.plan.options.order = movedAxis(moved.plan, 0, 1);
        QCOMPARE(strip->options().then->tpot, evaluate(moved).serving.tpot); // what the ghost says is what evaluate() says
        const Report& now = f.document.report();
        const QString tpot = qs(formatSeconds(now.serving.tpot));
        QVERIFY(
            effectText(now, {true, now.serving.ttft, now.serving.tpot, {}})
                .startsWith(QString(QStringLiteral("TPOT ") + tpot + QStringLiteral(" → ") + tpot + QStringLiteral(", unchanged; TTFT "))));
        QVERIFY(effectText(now, {true, now.serving.ttft, 1.5 * now.serving.tpot, {}}).contains(QStringLiteral(", +50")));
        QTest::mouseRelease(strip, Qt::LeftButton, {}, to);
        QCOMPARE(f.document.undoStack().count(), undo + 1);
        QVERIFY(f.document.scenario().plan.options.order == moved.plan.options.order);
        QVERIFY(!strip->options().collectives);
        QCOMPARE(orderText(f.document.scenario().plan), QStringLiteral("PP, TP"));
        f.document.undoStack().undo();
        QVERIFY(f.document.scenario().plan == start.plan);
        strip->setFocus();
        QTest::keyClick(strip, Qt::Key_Down);
        QVERIFY(!strip->grab().isNull());
        QTest::keyClick(strip, Qt::Key_Down);
        QVERIFY2(strip->accessibleDescription().contains(QStringLiteral(" on NVSwitch")), qPrintable(strip->accessibleDescription()));
        QTest::keyClick(strip, Qt::Key_Left); // whichever is chosen, one of the two moves changes the order
        QTest::keyClick(strip, Qt::Key_Right);
        QVERIFY(f.document.undoStack().count() > undo);
    }
};

QTEST_MAIN(TestCollectiveScene)
#include "tst_collectivescene.moc"
