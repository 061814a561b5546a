// SPDX-License-Identifier: Apache-2.0
// Zoom and pan of the mesh by wheel, drag, keys and double click, as the user does it.
#include "core/hardware/resize.h"
#include "core/scenario/scenario_file.h"
#include "ui/views/sceneview.h"
#include "ui/window/appearance.h"
#include "ui/window/meshzoom.h"
#include "ui/window/render.h"

#include <QImage>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

using namespace shardlens;

namespace {

struct Fixture {
    Document document{builtinCatalog()};
    SceneView view{document, {}, {}};
    MeshZoomer zoomer{document, view};
    Fixture()
    {
        Scenario scenario = document.scenario();
        scenario.cluster = std::make_shared<const Cluster>(resized(*builtinCatalog().cluster("p5.48xlarge"), 256).value());
        scenario.plan[PlanAxis::Tensor] = 8;
        scenario.plan[PlanAxis::Pipeline] = 4;
        scenario.plan[PlanAxis::Data] = 8;
        document.edit(scenario, {});
        view.resize(700, 460);
        view.show();
        QCoreApplication::processEvents();
    }
    void wheel(QPointF at, int notches)
    {
        QWheelEvent event(at, view.mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&view, &event);
        QCoreApplication::processEvents();
    }
    [[nodiscard]] double scale() const { return zoomer.options().zoom.scale; }
    [[nodiscard]] QPointF centreOf(int device) const { return zoomer.layout().placeOf(device).rect.center(); }
};

} // namespace

class TestMeshZoom : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        prepareAppearance();
        QVERIFY(loadFonts());
    }

    void theWheelZoomsAtThePointer()
    {
        Fixture f;
        QVERIFY(f.document.report().legal);
        const QPointF at = f.centreOf(100);
        f.wheel(at, 4);
        QVERIFY(f.scale() > 2);
        QVERIFY(f.view.scene().subjectAt(at).device == 100);
        f.wheel(at, -20);
        QCOMPARE(f.scale(), 1.0);
    }

    void draggingMovesThePicture()
    {
        Fixture f;
        const int device = 100;
        f.wheel(f.centreOf(device), 5);
        const QPointF before = f.centreOf(device);
        const QPoint from = before.toPoint();
        QTest::mousePress(&f.view, Qt::LeftButton, {}, from);
        const QPointF to = from + QPointF(-40, 20);
        QMouseEvent move(QEvent::MouseMove, to, f.view.mapToGlobal(to), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(&f.view, &move);
        QTest::mouseRelease(&f.view, Qt::LeftButton, {}, to.toPoint());
        const QPointF way = f.centreOf(device) - before;
        QVERIFY2(std::abs(way.x() + 40) < 0.5 && std::abs(way.y() - 20) < 0.5,
                 qPrintable(QStringLiteral("%1, %2").arg(way.x()).arg(way.y())));
        QCOMPARE(f.document.selection().pin().device, device); // the press pinned what was under it
        // A move without a button points, and moves nothing.
        const MeshZoom zoom = f.zoomer.options().zoom;
        QTest::mouseMove(&f.view, {200, 150});
        QCOMPARE(f.zoomer.options().zoom, zoom);
    }

    void keysZoomMoveAndFit()
    {
        Fixture f;
        QTest::keyClick(&f.view, Qt::Key_Plus);
        QTest::keyClick(&f.view, Qt::Key_Plus);
        QCOMPARE(f.scale(), 2.25);
        const QPointF before = f.centreOf(0);
        QTest::keyClick(&f.view, Qt::Key_D);
        QVERIFY(f.centreOf(0).x() < before.x());
        QTest::keyClick(&f.view, Qt::Key_A);
        QTest::keyClick(&f.view, Qt::Key_W);
        QVERIFY(f.centreOf(0).y() > before.y());
        QTest::keyClick(&f.view, Qt::Key_S);
        QTest::keyClick(&f.view, Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(f.centreOf(0).x() < before.x());
        QTest::keyClick(&f.view, Qt::Key_Minus);
        QCOMPARE(f.scale(), 1.5);
        for (const Qt::Key key : {Qt::Key_0, Qt::Key_F}) {
            QTest::keyClick(&f.view, Qt::Key_Plus);
            QTest::keyClick(&f.view, key);
            QCOMPARE(f.scale(), 1.0);
        }
        // Plain arrows walk the devices, zoomed or not.
        QTest::keyClick(&f.view, Qt::Key_Right);
        QVERIFY(f.document.selection().hover().kind != Subject::Kind::None);
    }

    void aDoubleClickZoomsToTheNode()
    {
        Fixture f;
        const QPointF at = f.centreOf(100);
        QTest::mouseDClick(&f.view, Qt::LeftButton, {}, at.toPoint());
        QVERIFY(f.scale() > 2);
        const MeshLayout close = f.zoomer.layout();
        QVERIFY(close.area.adjusted(-1, -1, 1, 1).contains(close.placeOf(100).rect));
        QCOMPARE(close.tileOf(100)->count, 1);
    }

    void aZoomLastsWhileTheMachineDoes()
    {
        Fixture f;
        f.wheel({350, 200}, 4);
        const MeshZoom zoom = f.zoomer.options().zoom;
        Scenario scenario = f.document.scenario();
        scenario.workload.batch *= 2;
        f.document.edit(scenario, {});
        QCOMPARE(f.zoomer.options().zoom, zoom);
        scenario.cluster = builtinCatalog().cluster("trn2.48xlarge");
        scenario.plan = {};
        scenario.plan[PlanAxis::Tensor] = 16;
        f.document.edit(scenario, {});
        QVERIFY(f.zoomer.options().zoom.isFitted());
        QCoreApplication::processEvents();
        f.view.rebuild();
        QVERIFY(!f.view.scene().hits.empty());
    }

    void choicesRedraw()
    {
        Fixture f;
        f.zoomer.setColour(MeshColour::Load);
        f.view.rebuild();
        QVERIFY(f.view.scene().texts.size() > 10);
        QVERIFY(std::find(f.view.scene().texts.begin(), f.view.scene().texts.end(), QStringLiteral("busy share of a decode step"))
                != f.view.scene().texts.end());
        int drawn = 0;
        f.zoomer.setOverlay([&drawn](const ViewInput&, const MeshLayout& layout, Scene&) { drawn = layout.shown; });
        f.view.rebuild();
        QCOMPARE(drawn, 256);
    }

    /// A picture has "All copies" where the picture, not some window, leaves copies out; elsewhere the choice is refused by name.
    void allCopiesInAPicture()
    {
        QTemporaryDir directory;
        Scenario scenario = caseStudyScenario(builtinCatalog());
        scenario.cluster = std::make_shared<const Cluster>(resized(*builtinCatalog().cluster("p5.48xlarge"), 1024).value());
        scenario.plan[PlanAxis::Tensor] = 8;
        scenario.plan[PlanAxis::Data] = 128;
        const auto drawn = [&](const char* name, QSize size, const std::vector<std::string>& shown) {
            PictureDetail detail;
            detail.shown = shown;
            const QString file = directory.filePath(QLatin1String(name));
            const Result<bool> made = renderPicture(scenario, "mesh", file, size, 1, ThemeId::Light, detail);
            return std::pair{made, QImage(file)};
        };
        const auto one = drawn("one.png", {330, 150}, {});
        const auto every = drawn("every.png", {330, 150}, {"all-copies"});
        QVERIFY(one.first.ok());
        QVERIFY2(every.first.ok(), every.first.ok() ? "" : every.first.error().sentence().c_str());
        QVERIFY(one.second != every.second);
        const auto whole = drawn("whole.png", {1400, 900}, {"all-copies"});
        QVERIFY(!whole.first.ok());
        QVERIFY(QString::fromStdString(whole.first.error().allowed).startsWith(QStringLiteral("allowed is one of")));
    }
};

QTEST_MAIN(TestMeshZoom)
#include "tst_meshzoom.moc"
