// SPDX-License-Identifier: Apache-2.0
// The widget of a scene: when it builds, what pointer and keys select, what hover costs, what a screen reader hears.
#include "core/scenario/catalog.h"
#include "subjects.h"
#include "ui/controls/platetip.h"
#include "ui/views/sceneview.h"

#include <QAccessible>
#include <QApplication>
#include <QHelpEvent>
#include <QSignalSpy>
#include <QTest>

using namespace shardlens;
using Kind = Subject::Kind;
using subjects::device;

namespace {

constexpr double kTile = 40;
constexpr QRect kLegend(135, 105, 120, 20); // below and right of tile 6

} // namespace

class TestSceneView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void init()
    {
        m_builds = 0;
        m_document = std::make_unique<Document>(builtinCatalog());
        SceneView::Options options;
        options.accessibleName = QStringLiteral("Tiles");
        options.description = [](const Scenario&, const Report& report) {
            return QStringLiteral("%1 stages").arg(report.memory.stages.size());
        };
        options.tooltip = [](const Scenario&, const Report&, const Subject& subject) {
            return QStringLiteral("GPU %1").arg(subject.device);
        };
        m_view = make(options);
    }
    void cleanup()
    {
        m_view.reset();
        m_document.reset();
    }

    void buildsOnlyWhenVisibleAndStale()
    {
        edit();
        QCOMPARE(m_builds, 0); // hidden: nothing
        show();
        QCOMPARE(m_builds, 1);
        m_view->update();
        QApplication::processEvents();
        QCOMPARE(m_builds, 1);
        edit();
        edit(); // two edits within one turn of the loop: one build
        QApplication::processEvents();
        QCOMPARE(m_builds, 2);
        m_view->resize(500, 300);
        QApplication::processEvents();
        QCOMPARE(m_builds, 3);
        m_view->setTheme(Theme::of(ThemeId::Dark));
        QApplication::processEvents();
        QCOMPARE(m_builds, 4);
        m_view->hide();
        edit();
        QApplication::processEvents();
        QCOMPARE(m_builds, 4);
        m_view->show();
        QApplication::processEvents();
        QCOMPARE(m_builds, 5);
    }

    void hoverIsAPreviewAndDoesNotBuild()
    {
        show();
        QSignalSpy changed(&m_document->selection(), &Selection::changed);
        QTest::mouseMove(m_view.get(), tile(2));
        QCOMPARE(m_document->selection().hover(), device(2));
        QTest::mouseMove(m_view.get(), tile(2) + QPoint(3, 3));
        QCOMPARE(changed.count(), 1);
        QApplication::processEvents();
        QCOMPARE(m_builds, 1);
        QEvent leave(QEvent::Leave);
        QApplication::sendEvent(m_view.get(), &leave);
        QCOMPARE(m_document->selection().hover().kind, Kind::None);
    }

    void clickPinsAgainUnpinsEscapeClears()
    {
        show();
        QTest::mouseClick(m_view.get(), Qt::LeftButton, Qt::NoModifier, tile(1));
        QCOMPARE(m_document->selection().pin(), device(1));
        QTest::mouseClick(m_view.get(), Qt::LeftButton, Qt::NoModifier, QPoint(350, 250)); // beside everything
        QCOMPARE(m_document->selection().pin(), device(1));
        QTest::mouseClick(m_view.get(), Qt::LeftButton, Qt::NoModifier, tile(1));
        QCOMPARE(m_document->selection().pin().kind, Kind::None);
        QTest::mouseClick(m_view.get(), Qt::LeftButton, Qt::NoModifier, tile(3));
        QTest::keyClick(m_view.get(), Qt::Key_Escape);
        QCOMPARE(m_document->selection().pin().kind, Kind::None);
        QCOMPARE(m_document->selection().hover().kind, Kind::None);
    }

    void arrowsWalkTheRegions()
    {
        show(); // tiles 0 1 2 3 over 4 5 6 7
        m_view->setFocus();
        const auto press = [this](Qt::Key key) {
            QTest::keyClick(m_view.get(), key);
            return m_document->selection().hover().device;
        };
        QCOMPARE(press(Qt::Key_Right), 0);
        QCOMPARE(press(Qt::Key_Right), 1);
        QCOMPARE(press(Qt::Key_Down), 5);
        QCOMPARE(press(Qt::Key_Left), 4);
        QCOMPARE(press(Qt::Key_Left), 4); // at the edge
        QCOMPARE(press(Qt::Key_Up), 0);
        QCOMPARE(press(Qt::Key_End), 6); // the legend
        QCOMPARE(press(Qt::Key_Home), 0);
        press(Qt::Key_Right);
        QTest::keyClick(m_view.get(), Qt::Key_Return);
        QCOMPARE(m_document->selection().pin(), device(1));
        edit(); // the walk goes on from the same thing in the new scene
        QApplication::processEvents();
        QCOMPARE(press(Qt::Key_Right), 2);
    }

    void hoverBlitsWhatABuildPainted()
    {
        show();
        const QImage built = m_view->grab().toImage(); // grab paints again: from the picture
        QTest::mouseMove(m_view.get(), tile(2));
        const QImage hovered = m_view->grab().toImage();
        QVERIFY(built != hovered); // the ring
        QTest::mouseMove(m_view.get(), QPoint(350, 250));
        QCOMPARE(m_view->grab().toImage(), built);
        m_view->rebuild();
        QCOMPARE(m_view->grab().toImage(), built); // painted anew, the same
    }

    void tooltipsAreMadeOnDemand()
    {
        show();
        QVERIFY(!m_view->findChild<PlateTip*>());
        help(tile(6));
        PlateTip* tip = m_view->findChild<PlateTip*>();
        QVERIFY(tip && tip->isVisible());
        QCOMPARE(tip->text(), QStringLiteral("GPU 6"));
        const QRect plate(m_view->mapFromGlobal(tip->pos()), tip->size());
        QVERIFY(!plate.intersects(kLegend)); // the same device in the legend stays in sight
        QVERIFY((plate.center() - tile(6)).manhattanLength() < 120);
        QTest::mouseMove(m_view.get(), tile(1));
        QVERIFY(!tip->isVisible());
        help(QPoint(350, 250));
        QCOMPARE(tip->text(), QStringLiteral("%1 stages").arg(m_document->report().memory.stages.size()));
    }

    void aViewThatDependsOnHoverRebuilds()
    {
        SceneView::Options options;
        options.accessibleName = QStringLiteral("Links");
        options.rebuildOnHover = true;
        m_view = make(options);
        show();
        QCOMPARE(m_builds, 1);
        QTest::mouseMove(m_view.get(), tile(2));
        QApplication::processEvents();
        QCOMPARE(m_builds, 2);
        QCOMPARE(m_seenHover, device(2));
    }

    void screenReadersHearWhatItShows()
    {
        QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(m_view.get());
        QVERIFY(interface);
        QCOMPARE(interface->text(QAccessible::Name), QStringLiteral("Tiles"));
        QCOMPARE(interface->text(QAccessible::Description), QStringLiteral("%1 stages").arg(m_document->report().memory.stages.size()));
        edit();
        QCOMPARE(interface->text(QAccessible::Description), QStringLiteral("%1 stages").arg(m_document->report().memory.stages.size()));
        QCOMPARE(m_builds, 0); // asking draws nothing
    }

private:
    std::unique_ptr<SceneView> make(SceneView::Options options)
    {
        auto view = std::make_unique<SceneView>(
            *m_document,
            [this](const ViewInput& input, Scene& scene) {
                ++m_builds;
                m_seenHover = input.hover;
                for (int i = 0; i < 8; ++i) {
                    const QRectF rect(10 + 50 * (i % 4), 10 + 50 * (i / 4), kTile, kTile);
                    scene.fill(rect, input.theme.place(i / 4, i % 4, 4));
                    scene.hit(rect, device(i));
                }
                scene.hit(kLegend, device(6));
            },
            std::move(options));
        view->resize(400, 300);
        return view;
    }
    void show()
    {
        m_view->show();
        m_view->activateWindow();
        QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
        QApplication::processEvents();
    }
    void edit()
    {
        Scenario next = m_document->scenario();
        next.workload.batch = next.workload.batch == 32 ? 16 : 32;
        m_document->edit(next, QStringLiteral("Batch"));
    }
    void help(QPoint at)
    {
        QHelpEvent event(QEvent::ToolTip, at, m_view->mapToGlobal(at));
        QApplication::sendEvent(m_view.get(), &event);
    }
    static QPoint tile(int index) { return {30 + 50 * (index % 4), 30 + 50 * (index / 4)}; }

    std::unique_ptr<Document> m_document;
    std::unique_ptr<SceneView> m_view;
    Subject m_seenHover;
    int m_builds = 0;
};

QTEST_MAIN(TestSceneView)
#include "tst_sceneview.moc"
