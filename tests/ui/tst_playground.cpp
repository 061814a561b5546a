// SPDX-License-Identifier: Apache-2.0
// The playground of products: blocks cover their arrays, what moves is what the algebra says, words stand apart in every step of every way,
// and the widget reads, plays, steps and chooses.
#include "longstrings.h"
#include "picturecases.h"
#include "scenechecks.h"
#include "ui/scene/playgroundscene.h"
#include "ui/views/sceneview.h"
#include "ui/window/dockarea.h"
#include "ui/window/platebody.h"
#include "ui/window/playgroundbody.h"
#include "ui/window/viewdock.h"
#include "windowfixture.h"

#include <QLineEdit>
#include <QScopeGuard>
#include <QTest>
#include <QWheelEvent>

#include <cmath>
#include <set>

using namespace shardlens;

namespace {

PlaygroundPicture pictureOf(const ProductText& text, const Cluster* cluster = nullptr)
{
    PlaygroundPicture picture;
    Result<PlayedProduct> played = playedProduct(text, cluster);
    if (played.ok())
        picture.played = std::move(played).value();
    else
        picture.error = qs(played.error().sentence());
    return picture;
}

ProductText textOf(const PlaygroundExample& example)
{
    return {example.product, example.mesh, example.shape};
}

std::vector<ProductText> products()
{
    std::vector<ProductText> all;
    for (const PlaygroundExample& example : playgroundExamples())
        all.push_back(textOf(example));
    all.push_back({"A[I_X, J] . B[J, K_Y] -> C[I, K]", "X=4,Y=2", "I=8,J=8,K=8"});
    all.push_back({"x[B_X, N_Y, H] . W[N_Y, H, D_X]", "X=8,Y=8", "B=64,N=16,H=128,D=4096"});
    all.push_back({"A[I_X, J_Y] . B[J_Y, K]", "X=64,Y=64", "I=4096,J=4096,K=4096"});
    all.push_back({"A[I, J_X] . B[J_X, K]", "X=3", "I=5,J=7,K=2"}); // nothing divides
    all.push_back({"A[I, J] . B[J, K]", "X=1", "I=16,J=16,K=16"});
    return all;
}

} // namespace

class TestPlayground : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(loadFonts());
        failOnUnexpectedMessages();
    }

    /// The stamp under a picture of it names the product and not the scenario of the window, and its height is that of its own words.
    void theStampIsOfTheProduct()
    {
        WindowFixture fixture;
        PlateBody& plate = *fixture.window.findChild<PlateBody*>();
        QVERIFY(plate.assumptions().isEmpty());
        ViewDock& dock = *fixture.window.docks().dock(ViewKind::Plate);
        const int ofScenario = fixture.window.captionHeight(dock, 300);
        plate.setMode(PlateMode::Playground);
        plate.playground().setText({"A[I_X, J] . B[J, K_Y]", "X=4,Y=2", "I=1024,J=8192,K=8192"});
        const QString stamp = plate.assumptions();
        const Cluster& cluster = *fixture.document.scenario().cluster;
        for (const QString& words : {QStringLiteral("A[I_X, J] . B[J, K_Y]"), QStringLiteral("X 4 × Y 2"),
                                     QStringLiteral("I 1,024, J 8,192, K"), QStringLiteral("bf16"), qs(cluster.name)})
            QVERIFY2(stamp.contains(words), qPrintable(stamp));
        QVERIFY(!stamp.contains(qs(fixture.document.scenario().model->name)));
        QVERIFY(fixture.window.captionHeight(dock, 300) != ofScenario);
        plate.playground().setText({"A[I_X, J] . B[J, K_Y]", "X=512,Y=512", "I=1024,J=8192,K=8192"});
        QVERIFY(!plate.assumptions().contains(qs(cluster.name))); // no cluster of that size
        plate.playground().setText({"A[", "X=4", ""});
        QCOMPARE(plate.assumptions(), QStringLiteral("A["));
        plate.setMode(PlateMode::Tensors);
        QCOMPARE(fixture.window.captionHeight(dock, 300), ofScenario);
    }

    void wordsStandApartInEveryStep_data()
    {
        QTest::addColumn<double>("scale");
        QTest::addColumn<bool>("longer");
        QTest::newRow("text as it is") << 1.0 << false;
        QTest::newRow("large text") << 1.5 << false;
        QTest::newRow("long words") << 1.0 << true;
        QTest::newRow("long words in large text") << 1.5 << true;
    }
    void wordsStandApartInEveryStep()
    {
        QFETCH(double, scale);
        QFETCH(bool, longer);
        const pictures::WithLongStrings strings(longer);
        setTextScale(scale);
        const auto reset = qScopeGuard([] { setTextScale(1); });
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        int drawn = 0;
        for (const ProductText& text : products()) {
            for (const Cluster* cluster : {static_cast<const Cluster*>(nullptr), scenario.cluster.get()}) {
                PlaygroundPicture picture = pictureOf(text, cluster);
                QVERIFY2(picture.played, qPrintable(picture.error));
                for (const QSizeF& size : {QSizeF(330, 30), QSizeF(330, 64), QSizeF(330, 98), QSizeF(330, 120), QSizeF(420, 300),
                                           QSizeF(1200, 560), QSizeF(2400, 1400)}) {
                    const std::size_t ways = std::min<std::size_t>(picture.played->costs.ways.size(), 3);
                    for (picture.way = 0; picture.way < ways; ++picture.way) {
                        const std::size_t steps = picture.played->costs.ways[picture.way].way.steps.size();
                        for (std::size_t half = 0; half <= 2 * steps; ++half) {
                            picture.position = static_cast<double>(half) / 2;
                            Scene scene;
                            PlaygroundRegions regions;
                            buildPlayground({scenario, report, size, Theme::of(ThemeId::Light)}, picture, scene, &regions);
                            const QString fault = pictures::textFault(scene);
                            QVERIFY2(fault.isEmpty(), qPrintable(QStringLiteral("%1 at %2 in %3 x %4: %5")
                                                                     .arg(qs(text.product))
                                                                     .arg(picture.position)
                                                                     .arg(size.width())
                                                                     .arg(size.height())
                                                                     .arg(fault)));
                            QCOMPARE(regions.steps.size(), steps);
                            ++drawn;
                        }
                    }
                }
            }
        }
        QVERIFY(drawn > 300);
    }

    /// Devices of one copy of every array hold all of it once; each step's blocks from peers, with its own, make what a device then has.
    /// A way that leaves partial sums is not the product that was asked for: it comes after all that are summed, however cheap it is.
    void theFirstWayIsTheWholeProduct()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        int partial = 0;
        for (const ProductText& text : products())
            for (const Cluster* cluster : {static_cast<const Cluster*>(nullptr), scenario.cluster.get()}) {
                const PlaygroundPicture picture = pictureOf(text, cluster);
                QVERIFY2(picture.played, qPrintable(picture.error));
                const auto& ways = picture.played->costs.ways;
                QVERIFY(ways.front().way.result.unreduced.empty());
                QVERIFY(std::is_partitioned(ways.begin(), ways.end(),
                                            [](const MatmulWayCost& way) { return way.way.result.unreduced.empty(); }));
                partial += ways.back().way.result.unreduced.empty() ? 0 : 1;
            }
        QVERIFY(partial > 2);
        // Asked for, they are the product.
        const PlaygroundPicture asked = pictureOf({"A[I, J_X] . B[J_X, K] -> C[I, K] {U_X}", "X=4", "I=64,J=64,K=64"});
        QVERIFY2(asked.played, qPrintable(asked.error));
        QVERIFY(!asked.played->costs.ways.front().way.result.unreduced.empty());
    }

    /// Blocks of C pass behind A and B: nothing that moves is drawn after them.
    void whatMovesCoversNoOtherArray()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        PlaygroundPicture picture = pictureOf(textOf(playgroundExamples()[2]));
        QVERIFY(picture.played);
        const Theme& theme = Theme::of(ThemeId::Light);
        int moved = 0;
        const auto& steps = picture.played->costs.ways.front().way.steps;
        for (std::size_t step = 0; step < steps.size(); ++step) {
            if (!communicates(steps[step].kind))
                continue;
            picture.position = static_cast<double>(step) + 0.4;
            Scene scene;
            buildPlayground({scenario, report, {1200, 700}, theme}, picture, scene);
            const auto moving = [&](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Fill && item.pen == theme.color(Ink::Text2);
            };
            const auto last = std::find_if(scene.items.rbegin(), scene.items.rend(), moving);
            QVERIFY(last != scene.items.rend());
            // The frames of the two other arrays of every device.
            const auto frames = std::count_if(scene.items.rbegin(), last, [&](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Fill && item.fill == theme.color(Ink::Surface);
            });
            QCOMPARE(frames, static_cast<std::ptrdiff_t>(2 * picture.played->mesh.devices()));
            ++moved;
        }
        QVERIFY(moved > 0);
    }

    /// In the place that a window gives it blocks are seen to move; words about the steps give way first.
    void smallPlacesShowTheDevices()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        PlaygroundPicture picture = pictureOf(textOf(playgroundExamples()[2]));
        picture.position = 0.5;
        for (const QSizeF& size : {QSizeF(430, 236), QSizeF(470, 260), QSizeF(640, 300)}) {
            Scene scene;
            buildPlayground({scenario, report, size, Theme::of(ThemeId::Light)}, picture, scene);
            const auto cards = std::count_if(scene.items.begin(), scene.items.end(), [](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Fill && item.fill == Theme::of(ThemeId::Light).color(Ink::Sunken)
                       && item.rect.height() > 24; // higher than a step
            });
            QVERIFY2(cards >= picture.played->mesh.devices(), qPrintable(QString::number(size.height())));
            QCOMPARE(pictures::textFault(scene), QString());
        }
    }

    /// What a device keeps of a sum that is scattered stays; the rest of its layer goes as the others take it.
    void scatteredSumsShrinkToTheirParts()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        int seen = 0;
        for (const PlaygroundExample& example : playgroundExamples()) {
            PlaygroundPicture picture = pictureOf(textOf(example));
            for (picture.way = 0; picture.way < picture.played->costs.ways.size(); ++picture.way) {
                const auto& steps = picture.played->costs.ways[picture.way].way.steps;
                for (std::size_t step = 0; step < steps.size(); ++step) {
                    if (steps[step].kind != StepKind::ReduceScatter)
                        continue;
                    const auto fills = [&](double part) {
                        picture.position = static_cast<double>(step) + part;
                        Scene scene;
                        buildPlayground({scenario, report, {1200, 700}, Theme::of(ThemeId::Light)}, picture, scene);
                        std::set<QRgb> colours;
                        for (const SceneItem& item : scene.items)
                            if (item.kind == SceneItem::Kind::Fill)
                                colours.insert(item.fill.rgb());
                        return colours;
                    };
                    QVERIFY(fills(0.3) != fills(0.8));
                    ++seen;
                }
            }
        }
        QVERIFY(seen > 0);
    }

    void blocksAreThoseOfTheAlgebra()
    {
        int checked = 0;
        for (const ProductText& text : products()) {
            const PlaygroundPicture picture = pictureOf(text);
            const PlayedProduct& played = *picture.played;
            const std::int64_t devices = std::min<std::int64_t>(played.mesh.devices(), 128);
            for (const MatmulWayCost& way : played.costs.ways) {
                for (std::size_t i = 0; i < way.way.steps.size(); ++i) {
                    const ShardStep& step = way.way.steps[i];
                    if (!communicates(step.kind))
                        continue;
                    const HeldArrays held = heldBefore(played, way.way, i);
                    QVERIFY(held[static_cast<std::size_t>(arrayOf(step))].has_value());
                    QVERIFY(sameSharding(*held[static_cast<std::size_t>(arrayOf(step))], step.before));
                    for (std::int64_t device = 0; device < devices; ++device) {
                        const QRectF wanted = playgroundBlock(played.mesh, step.after, device);
                        const std::vector<std::int64_t> group = stepGroup(played.mesh, step, device);
                        QCOMPARE(static_cast<std::int64_t>(group.size()), played.mesh.devicesAlong(step.axes));
                        double area = 0;
                        for (const std::int64_t peer : group) {
                            const PlaygroundMove move = playgroundMove(played.mesh, step, peer, device);
                            if (move.to.isEmpty())
                                continue;
                            // Inside what the peer has and what the device will have.
                            const QRectF source = playgroundBlock(played.mesh, step.before, peer).adjusted(-1e-9, -1e-9, 1e-9, 1e-9);
                            QVERIFY(source.contains(move.from));
                            QVERIFY(wanted.adjusted(-1e-9, -1e-9, 1e-9, 1e-9).contains(move.to));
                            // A part is as large before as after, in shares of the array.
                            QVERIFY(std::abs(move.from.width() * move.from.height() - move.to.width() * move.to.height()) < 1e-9);
                            area += move.to.width() * move.to.height();
                        }
                        const bool sums = step.kind == StepKind::AllReduce || step.kind == StepKind::ReduceScatter;
                        const double times = sums ? static_cast<double>(group.size()) : 1;
                        QVERIFY(std::abs(area - times * wanted.width() * wanted.height()) < 1e-9);
                        ++checked;
                    }
                }
                const HeldArrays end = heldBefore(played, way.way, way.way.steps.size());
                QVERIFY(sameSharding(*end[2], way.way.result));
            }
        }
        QVERIFY(checked > 1000);
    }

    /// Blocks on their way never cover which device a card is.
    void cardsKeepTheirNames()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        PlaygroundPicture picture = pictureOf({"A[I_X, J_Y] . B[J, K_Y]", "X=4,Y=4", "I=1024,J=4096,K=8192"});
        QVERIFY(picture.played);
        for (const double position : {0.2, 0.4, 0.6, 0.8}) {
            picture.position = position;
            Scene scene;
            buildPlayground({scenario, report, {1280, 700}, Theme::of(ThemeId::Light)}, picture, scene);
            int names = 0;
            for (std::size_t i = 0; i < scene.items.size(); ++i) {
                const SceneItem& item = scene.items[i];
                if (item.kind != SceneItem::Kind::Text
                    || !scene.texts[static_cast<std::size_t>(item.extra)].contains(QStringLiteral(" · X")))
                    continue;
                ++names;
                const QRectF name = scene.textBounds(item);
                for (std::size_t later = i + 1; later < scene.items.size(); ++later)
                    QVERIFY(scene.items[later].kind != SceneItem::Kind::Fill || !scene.items[later].rect.intersects(name));
            }
            QCOMPARE(names, 16);
        }
    }

    void errorsAreSentences_data()
    {
        QTest::addColumn<QString>("product");
        QTest::addColumn<QString>("mesh");
        QTest::addColumn<QString>("shape");
        QTest::addColumn<QString>("field");
        const auto row = [](const char* name, const char* product, const char* mesh, const char* shape, const char* field) {
            QTest::newRow(name) << product << mesh << shape << field;
        };
        row("axis", "A[I_Z, J] . B[J, K]", "X=4", "I=8,J=8,K=8", "product");
        row("one array", "A[I_X, J]", "X=4", "I=8,J=8", "product");
        row("empty", "", "X=4", "I=8", "product");
        row("mesh", "A[I, J] . B[J, K]", "X=", "I=8,J=8,K=8", "mesh");
        row("mesh too large", "A[I, J] . B[J, K]", "X=99999999", "I=8,J=8,K=8", "mesh");
        row("no size", "A[I, J] . B[J, K]", "X=4", "I=8,J=8", "shape");
        row("size of nothing", "A[I, J] . B[J, K]", "X=4", "I=8,J=8,K=8,L=8", "shape");
        row("used twice", "A[I_X, J_X] . B[J, K]", "X=4", "I=8,J=8,K=8", "product");
    }
    void errorsAreSentences()
    {
        QFETCH(QString, product);
        QFETCH(QString, mesh);
        QFETCH(QString, shape);
        QFETCH(QString, field);
        const auto played = playedProduct({product.toStdString(), mesh.toStdString(), shape.toStdString()}, nullptr);
        QVERIFY(!played.ok());
        QCOMPARE(QString::fromStdString(played.error().path), field);
        PlaygroundPicture picture;
        picture.error = qs(played.error().sentence());
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("one H100"));
        const Report report = evaluate(scenario);
        Scene scene;
        buildPlayground({scenario, report, {600, 300}, Theme::of(ThemeId::Light)}, picture, scene);
        QCOMPARE(pictures::textFault(scene), QString());
        QVERIFY(!scene.texts.empty());
    }

    /// More devices than the cluster has: the ways go by bytes, and the reason is said.
    void withoutTimesItSaysWhy()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const ProductText text{"A[I, J_X] . B[J_X, K]", "X=16", "I=1024,J=1024,K=1024"};
        const PlaygroundPicture picture = pictureOf(text, scenario.cluster.get());
        QVERIFY(picture.played);
        QVERIFY(!picture.played->setting.cluster);
        QVERIFY(!picture.played->note.empty());
        const PlaygroundPicture timed = pictureOf({text.product, "X=8", text.shape}, scenario.cluster.get());
        QVERIFY(timed.played->setting.cluster);
        for (std::size_t i = 1; i < timed.played->costs.ways.size(); ++i) {
            const MatmulWayCost& before = timed.played->costs.ways[i - 1];
            const MatmulWayCost& after = timed.played->costs.ways[i];
            if (before.way.result.unreduced.empty() == after.way.result.unreduced.empty())
                QVERIFY(before.time <= after.time);
        }
    }

    void theWidgetReadsAndPlays()
    {
        Document document(builtinCatalog());
        PlateBody body(document, nullptr);
        body.resize(900, 600);
        body.show();
        QVERIFY(QTest::qWaitForWindowExposed(&body));
        body.setMode(PlateMode::Playground);
        PlaygroundBody& play = body.playground();
        QVERIFY(play.isVisible());
        QVERIFY(!body.tensors().isVisible());
        QVERIFY(play.picture().played);
        // Typing reads at once; a mistake is said, a correction draws again.
        auto* product = play.findChildren<QLineEdit*>().front();
        product->selectAll();
        QTest::keyClicks(product, QStringLiteral("A[I_X, J"));
        QVERIFY(!play.picture().played);
        QVERIFY(!play.picture().error.isEmpty());
        QTest::keyClicks(product, QStringLiteral("] . B[J, K]"));
        QVERIFY(play.picture().played);
        play.setText({"A[I, J_X] . B[J_X, K]", "X=4", "I=1024,J=4096,K=8192"});
        for (const QLineEdit* edit : play.findChildren<QLineEdit*>())
            QCOMPARE(edit->cursorPosition(), 0); // where one is cut its beginning is seen
        const double length = play.player().length();
        QVERIFY(length >= 1);
        QCoreApplication::processEvents();
        QTest::keyClick(&play.view(), Qt::Key_Right);
        QCOMPARE(play.picture().position, 1.0);
        QTest::keyClick(&play.view(), Qt::Key_Left);
        QCOMPARE(play.picture().position, 0.0);
        QTest::keyClick(&play.view(), Qt::Key_Space);
        QVERIFY(play.player().isPlaying());
        QTRY_VERIFY(play.picture().position > 0);
        QTest::keyClick(&play.view(), Qt::Key_Space);
        QVERIFY(!play.player().isPlaying());
        QTest::keyClick(&play.view(), Qt::Key_Down);
        QCOMPARE(play.picture().way, std::size_t{1});
        QCOMPARE(play.picture().position, 0.0);
        // A click on the first way chooses it; on a step, goes there.
        play.view().rebuild();
        PlaygroundRegions regions;
        Scene scene;
        buildPlayground({document.scenario(), document.report(), QSizeF(play.view().size()), Theme::of(ThemeId::Light)}, play.picture(),
                        scene, &regions);
        QVERIFY(!regions.ways.empty() && !regions.ways.front().isEmpty());
        QTest::mouseClick(&play.view(), Qt::LeftButton, {}, regions.ways.front().center().toPoint());
        QCOMPARE(play.picture().way, std::size_t{0});
        body.setMode(PlateMode::Tensors);
        QVERIFY(!play.isVisible());
        QVERIFY(body.tensors().isVisible());
    }

    /// The tensors as a widget: a click pins the tile with its device, the wheel scrolls, stages step and let a pin go.
    void thePlateIsAWidget()
    {
        Document document(builtinCatalog());
        document.edit(pictures::scenarioOf(pictures::caseNamed("8 H100, TP 4 x PP 2")), {});
        PlateBody body(document, nullptr);
        body.resize(900, 600);
        body.show();
        QVERIFY(QTest::qWaitForWindowExposed(&body));
        body.tensors().rebuild();
        const std::vector<HitRegion> hits = body.tensors().scene().hits;
        const auto tile = std::find_if(hits.begin(), hits.end(), [](const HitRegion& hit) { return hit.subject.device == 2; });
        QVERIFY(tile != hits.end());
        QTest::mouseClick(&body.tensors(), Qt::LeftButton, {}, tile->rect.center().toPoint());
        const Subject pinned = document.selection().pin();
        QVERIFY(pinned.kind == Subject::Kind::Tensor);
        QCOMPARE(pinned.device, 2);
        QVERIFY(belongs({.kind = Subject::Kind::Device, .device = 2}, pinned, document.report()));
        QVERIFY(!belongs({.kind = Subject::Kind::Device, .device = 3}, pinned, document.report()));
        // A pinned device of the second stage shows that stage; stepping lets it go.
        document.selection().setPin({.kind = Subject::Kind::Device, .device = 6});
        QCOMPARE(body.stage(), 1);
        QVERIFY(body.subtitle().contains(QStringLiteral("40–79")));
        body.stepStage(1);
        QCOMPARE(body.stage(), 0);
        QVERIFY(document.selection().pin().kind == Subject::Kind::None);
        const auto wheel = [&body](int angle) {
            QWheelEvent event(QPointF(50, 50), body.tensors().mapToGlobal(QPointF(50, 50)), {}, {0, angle}, Qt::NoButton, Qt::NoModifier,
                              Qt::NoScrollPhase, false);
            QApplication::sendEvent(&body.tensors(), &event);
            body.tensors().rebuild();
        };
        QVERIFY(check::says(body.tensors().scene(), QStringLiteral("W_Q")));
        wheel(-120);
        QVERIFY(!check::says(body.tensors().scene(), QStringLiteral("W_Q")));
        wheel(120);
        QVERIFY(check::says(body.tensors().scene(), QStringLiteral("W_Q")));
    }

    /// The smallest dock shows the step at hand and the arrays it is of; the rest of the fields come back with the room.
    void theSmallestPlaceShowsOneStep()
    {
        Document document(builtinCatalog());
        PlaygroundBody play(document, nullptr);
        play.resize(330, 118);
        play.show();
        QVERIFY(QTest::qWaitForWindowExposed(&play));
        play.view().repaint();
        const auto visibleFields = [&play] {
            const auto fields = play.findChildren<QLineEdit*>();
            return std::count_if(fields.begin(), fields.end(), [](const QLineEdit* field) { return field->isVisible(); });
        };
        QCOMPARE(visibleFields(), 1);
        QVERIFY2(play.view().height() >= 60, qPrintable(QString::number(play.view().height())));
        QVERIFY(check::says(play.view().scene(), QStringLiteral("Step 1 of 2: Multiply")));
        const auto tiles = [&play] {
            const auto& items = play.view().scene().items;
            return std::count_if(items.begin(), items.end(), [](const SceneItem& item) {
                return item.kind == SceneItem::Kind::Fill && item.rect.width() > 4 && item.rect.height() > 4;
            });
        };
        QVERIFY(tiles() >= 8);
        QTest::keyClick(&play.view(), Qt::Key_Right);
        play.view().repaint();
        QVERIFY(check::says(play.view().scene(), QStringLiteral("Step 2 of 2")));
        play.resize(330, 300);
        QCOMPARE(visibleFields(), 3);
    }

    /// Another cluster changes the times; a hidden playground waits until it is seen.
    void itFollowsTheCluster()
    {
        Document document(builtinCatalog());
        PlaygroundBody play(document, nullptr);
        play.resize(800, 500);
        play.show();
        QVERIFY(QTest::qWaitForWindowExposed(&play));
        const double before = play.picture().played->costs.ways.front().time;
        Scenario other = document.scenario();
        other.cluster = builtinCatalog().cluster(other.cluster->id == "p5.48xlarge" ? "mi300x-platform" : "p5.48xlarge");
        QVERIFY(other.cluster);
        document.edit(other, {});
        QVERIFY(play.picture().played->costs.ways.front().time != before);
    }
};

QTEST_MAIN(TestPlayground)
#include "tst_playground.moc"
