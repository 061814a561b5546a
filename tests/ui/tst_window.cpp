// SPDX-License-Identifier: Apache-2.0
// The real window, driven as a user drives it: mouse, keys, drops, files.
#include "tests/ui/windowfixture.h"
#include "ui/controls/axispanel.h"
#include "ui/controls/controlpanel.h"
#include "ui/controls/legalslider.h"
#include "ui/controls/picker.h"
#include "ui/controls/segmented.h"
#include "ui/controls/valueslider.h"
#include "ui/views/sceneview.h"
#include "ui/window/commandpalette.h"
#include "ui/window/dockarea.h"
#include "ui/window/fuzzymatch.h"
#include "ui/window/inspectorpanel.h"
#include "ui/window/messagebar.h"
#include "ui/window/platebody.h"
#include "ui/window/playgroundbody.h"

#include <QAccessible>
#include <QLineEdit>
#include <QScrollArea>
#include <QSet>

using namespace shardlens;

namespace {

/// Presses the handle, moves over the track in steps and lets go over `at` (0..1).
void dragTo(SliderBase& slider, double from, double at)
{
    const auto point = [&slider](double where) { return slider.trackPoint(where).toPoint(); };
    QTest::mousePress(&slider, Qt::LeftButton, {}, point(from));
    for (int step = 1; step <= 5; ++step)
        QTest::mouseMove(&slider, point(from + (at - from) * step / 5));
    QTest::mouseRelease(&slider, Qt::LeftButton, {}, point(at));
}

double atOf(const LegalSlider& slider, int index)
{
    return slider.choices().size() < 2 ? 0 : static_cast<double>(index) / static_cast<double>(slider.choices().size() - 1);
}

/// The legal choice farthest from the current one, so that a drag passes others.
int farthestLegal(const LegalSlider& slider)
{
    int best = slider.index();
    for (int i = 0; i < static_cast<int>(slider.choices().size()); ++i)
        if (slider.choices()[static_cast<std::size_t>(i)].legal && std::abs(i - slider.index()) > std::abs(best - slider.index()))
            best = i;
    return best;
}

void show(WindowFixture& fixture, QWidget& control)
{
    for (QWidget* parent = control.parentWidget(); parent != nullptr; parent = parent->parentWidget())
        if (auto* area = qobject_cast<QScrollArea*>(parent))
            area->ensureWidgetVisible(&control);
    Q_UNUSED(fixture)
    QCoreApplication::processEvents();
}

/// "DockArea dockArea > SceneView" up to the window, to find a widget that fails.
QString placeOf(const QWidget& widget)
{
    QString place;
    for (const QWidget* at = &widget; at != nullptr; at = at->parentWidget())
        place.prepend(QStringLiteral(" > ") % QLatin1String(at->metaObject()->className()) % QLatin1Char(' ') % at->objectName());
    return place;
}

std::vector<QWidget*> focusable(const MainWindow& window)
{
    std::vector<QWidget*> widgets;
    for (QWidget* widget : window.findChildren<QWidget*>())
        // A widget with a proxy (the viewport of a chart) never has the focus itself.
        if ((widget->focusPolicy() & Qt::TabFocus) != 0 && widget->focusProxy() == nullptr && widget->isEnabled() && widget->isVisible())
            widgets.push_back(widget);
    return widgets;
}

} // namespace

class WindowTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    // --- commands ---

    void everyCommandHasOneHandlerAndNoTwoShareAKey()
    {
        WindowFixture fixture;
        QSet<QString> ids;
        QSet<QString> keys;
        for (const CommandSpec& spec : commandTable()) {
            QVERIFY2(fixture.window.commands().isHandled(spec.command), spec.id);
            QVERIFY2(!ids.contains(QLatin1String(spec.id)), spec.id);
            ids.insert(QLatin1String(spec.id));
            for (const QKeySequence& key : fixture.window.commands().action(spec.command)->shortcuts()) {
                QVERIFY2(!keys.contains(key.toString()), qPrintable(key.toString()));
                keys.insert(key.toString());
            }
        }
        QCOMPARE(static_cast<std::size_t>(ids.size()), kCommandCount);
        for (const char* wanted : {"Ctrl+K", "Ctrl+Q", "F1", "Ctrl+S", "Ctrl+O", "Ctrl+Z"})
            QVERIFY2(keys.contains(QLatin1String(wanted)), wanted);
    }

    void paletteRunsWhatIsTyped()
    {
        WindowFixture fixture;
        // From inside a line edit, which has its own idea of Ctrl+K.
        auto* field = fixture.window.controls().findChild<NumberField*>(QStringLiteral("devices"));
        field->setFocus();
        QTest::keyClick(field, Qt::Key_K, Qt::ControlModifier);
        CommandPalette& palette = fixture.window.palettePopup();
        QVERIFY(palette.isVisible());
        auto* edit = palette.findChild<QLineEdit*>();
        QVERIFY(edit->hasFocus());
        QTest::keyClicks(edit, QStringLiteral("plan tp 8"));
        QVERIFY(!palette.shownTitles().isEmpty());
        QCOMPARE(palette.shownTitles().front(), QStringLiteral("TP 8"));
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(!palette.isVisible());
        QCOMPARE(fixture.document.scenario().plan.tensor(), 8);
        QCOMPARE(fixture.document.scenario().plan.pipeline(), 1);
        QVERIFY(field->hasFocus());
    }

    /// The largest machine's count is read whole, with its separator.
    void largestCountOfDevicesIsReadWhole()
    {
        WindowFixture fixture;
        auto* field = fixture.window.controls().findChild<NumberField*>(QStringLiteral("devices"));
        QVERIFY(fixture.document.setDevices(65536).ok());
        QCOMPARE(field->text(), QStringLiteral("65,536"));
        const QMargins margins = field->textMargins();
        QVERIFY(field->width() - margins.left() - margins.right() - 5 >= textWidth(field->text(), TextRole::BodyMedium));
    }

    /// What the menus of a view's title choose is found, too, also where a narrow dock has put them away.
    void paletteFindsTheChoicesOfViews()
    {
        WindowFixture fixture;
        fixture.window.commands().action(CommandId::FindCommand)->trigger();
        CommandPalette& palette = fixture.window.palettePopup();
        auto* edit = palette.findChild<QLineEdit*>();
        QTest::keyClicks(edit, QStringLiteral("playground"));
        QCOMPARE(palette.shownTitles().value(0), QStringLiteral("Shard plate, Show: playground"));
        QTest::keyClick(edit, Qt::Key_Return);
        QVERIFY(!palette.isVisible());
        auto* plate = fixture.window.findChild<PlateBody*>();
        QVERIFY(plate != nullptr);
        QCOMPARE(plate->mode(), PlateMode::Playground);
        QVERIFY(plate->playground().isVisible());
    }

    void paletteListsModelsAndClosesOnEscape()
    {
        WindowFixture fixture;
        fixture.window.commands().action(CommandId::FindCommand)->trigger();
        CommandPalette& palette = fixture.window.palettePopup();
        auto* edit = palette.findChild<QLineEdit*>();
        QTest::keyClicks(edit, QStringLiteral("llama318b"));
        QVERIFY(palette.shownTitles().front().contains(QStringLiteral("8B")));
        const QString second = palette.shownTitles().value(1);
        QTest::keyClick(edit, Qt::Key_Escape);
        QVERIFY(!palette.isVisible());
        QCOMPARE(fixture.document.undoStack().count(), 0);
        QTest::keyClicks(edit, QString());
    }

    void fuzzyMatching()
    {
        QCOMPARE(fuzzyScore(QString(), QStringLiteral("anything")), 0);
        QVERIFY(fuzzyScore(QStringLiteral("xyz"), QStringLiteral("Save as")) < 0);
        QVERIFY(fuzzyScore(QStringLiteral("sa"), QStringLiteral("Save as"))
                > fuzzyScore(QStringLiteral("sa"), QStringLiteral("Display area")));
        QVERIFY(fuzzyScore(QStringLiteral("dm"), QStringLiteral("Device mesh"))
                > fuzzyScore(QStringLiteral("dm"), QStringLiteral("Admire")));
        QVERIFY(fuzzyScore(QStringLiteral("mesh device"), QStringLiteral("Device mesh")) > 0);
    }

    // --- controls ---

    void dragMovesTheAxisMeant_data()
    {
        QTest::addColumn<int>("axis");
        QTest::addColumn<bool>("locked");
        for (const PlanAxis axis : {PlanAxis::Tensor, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Sequence})
            for (const bool locked : {true, false})
                QTest::addRow("%s%s", std::string(keyOf(axis)).c_str(), locked ? ", devices locked" : "")
                    << static_cast<int>(axis) << locked;
        for (const PlanAxis axis : {PlanAxis::AttentionData, PlanAxis::PrefillMicrobatches, PlanAxis::DecodeMicrobatches, PlanAxis::Chunks})
            QTest::addRow("%s", std::string(keyOf(axis)).c_str()) << static_cast<int>(axis) << false;
    }
    void dragMovesTheAxisMeant()
    {
        QFETCH(int, axis);
        QFETCH(bool, locked);
        const auto which = static_cast<PlanAxis>(axis);
        WindowFixture fixture({1440, 1400});
        // A plan from which every axis has somewhere to go: half of the devices in use.
        Scenario start = fixture.document.scenario();
        start.plan = Plan{};
        start.plan[PlanAxis::Tensor] = 2;
        start.plan[PlanAxis::Pipeline] = 2;
        fixture.document.edit(start, QStringLiteral("start"));
        fixture.document.undoStack().clear();
        ControlPanel& controls = fixture.window.controls();
        controls.setDevicesLocked(locked);
        controls.setMoreShown(true);
        QCoreApplication::processEvents();
        LegalSlider& slider = *controls.axes().slider(which);
        show(fixture, slider);
        const int target = farthestLegal(slider);
        QVERIFY2(target != slider.index(), "this axis has nowhere to go");
        const AxisChoice choice = slider.choices()[static_cast<std::size_t>(target)];
        dragTo(slider, atOf(slider, slider.index()), atOf(slider, target));

        const Plan& plan = fixture.document.scenario().plan;
        QCOMPARE(plan[which], choice.value);
        QVERIFY(plan == choice.plan);
        Plan expected = start.plan;
        expected[which] = choice.value;
        followStages(expected, start.plan.pipeline(), start.workload.batch);
        if (!locked)
            QCOMPARE(plan, expected); // nothing but the axis, and with PP the microbatches
        if (locked)
            QCOMPARE(plan.devices(), start.plan.devices());
        QCOMPARE(fixture.document.undoStack().count(), 1);
        QVERIFY(fixture.document.report().legal);
        fixture.window.commands().action(CommandId::Undo)->trigger();
        QVERIFY(fixture.document.scenario() == start);
        QCOMPARE(slider.value(), start.plan[which]);
        fixture.window.commands().action(CommandId::Redo)->trigger();
        QCOMPARE(fixture.document.scenario().plan[which], choice.value);
    }

    void dragChangesTheLengthMeant_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("batch") << 0;
        QTest::newRow("input") << 1;
        QTest::newRow("output") << 2;
    }
    void dragChangesTheLengthMeant()
    {
        QFETCH(int, which);
        WindowFixture fixture;
        const Workload start = fixture.document.scenario().workload;
        const QList<ValueSlider*> sliders = fixture.window.controls().findChildren<ValueSlider*>(QString(), Qt::FindDirectChildrenOnly);
        QCOMPARE(sliders.size(), 3);
        ValueSlider& slider = *sliders[which];
        show(fixture, slider);
        const auto lengths = [](const Workload& workload) { return std::array{workload.batch, workload.input, workload.output}; };
        dragTo(slider, 0.5, 0.9);
        const std::array after = lengths(fixture.document.scenario().workload);
        const std::array before = lengths(start);
        for (std::size_t i = 0; i < 3; ++i)
            QCOMPARE(after[i] > before[i], i == static_cast<std::size_t>(which));
        QCOMPARE(fixture.document.undoStack().count(), 1);
        fixture.window.commands().action(CommandId::Undo)->trigger();
        QVERIFY(fixture.document.scenario().workload == start);
    }

    void aDragThereAndBackLeavesNothing()
    {
        WindowFixture fixture;
        const Scenario start = fixture.document.scenario();
        // Down to one sequence there is no room for eight microbatches; back at 32 they must be there again.
        ValueSlider& slider = *fixture.window.controls().findChildren<ValueSlider*>(QString(), Qt::FindDirectChildrenOnly).front();
        show(fixture, slider);
        QTest::mousePress(&slider, Qt::LeftButton, {}, slider.trackPoint(0.5).toPoint());
        QTest::mouseMove(&slider, slider.trackPoint(0).toPoint());
        QCOMPARE(fixture.document.scenario().workload.batch, 1);
        QVERIFY(fixture.document.report().legal);
        QTest::mouseMove(&slider, slider.trackPoint(0.5).toPoint());
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, slider.trackPoint(0.5).toPoint());
        QCOMPARE(fixture.document.scenario().workload.batch, start.workload.batch);
        QVERIFY(fixture.document.scenario() == start);
        QCOMPARE(fixture.document.undoStack().count(), 0);
    }

    void typedValues()
    {
        WindowFixture fixture;
        LegalSlider& slider = *fixture.window.controls().axes().slider(PlanAxis::Tensor);
        NumberField& field = slider.field();
        field.setFocus();
        field.selectAll();
        QTest::keyClicks(&field, QStringLiteral("8"));
        QTest::keyClick(&field, Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().plan.tensor(), 8);
        field.selectAll();
        QTest::keyClicks(&field, QStringLiteral("6"));
        QTest::keyClick(&field, Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().plan.tensor(), 8);
        QVERIFY2(field.complaint().contains(QStringLiteral("64")), qPrintable(field.complaint()));
        QCOMPARE(fixture.document.undoStack().count(), 1);
    }

    void keysStepThroughLegalValues()
    {
        WindowFixture fixture;
        LegalSlider& slider = *fixture.window.controls().axes().slider(PlanAxis::Tensor);
        slider.setFocus();
        QCOMPARE(fixture.document.scenario().plan.tensor(), 4);
        QTest::keyClick(&slider, Qt::Key_Right);
        QCOMPARE(fixture.document.scenario().plan.tensor(), 8);
        QCOMPARE(fixture.document.scenario().plan.pipeline(), 1);
        QTest::keyClick(&slider, Qt::Key_Left);
        QTest::keyClick(&slider, Qt::Key_Left);
        QCOMPARE(fixture.document.scenario().plan.tensor(), 2);
        QTest::keyClick(&slider, Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(fixture.document.scenario().plan.tensor(), 4);
    }

    void deviceCountIsTypedAndStepped()
    {
        WindowFixture fixture;
        auto* field = fixture.window.controls().findChild<NumberField*>(QStringLiteral("devices"));
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, QStringLiteral("16"));
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().cluster->devices(), 16);
        QCOMPARE(fixture.document.scenario().plan.devices(), 16);
        QTest::keyClick(field, Qt::Key_Down);
        QCOMPARE(fixture.document.scenario().cluster->devices(), 8);
        field->selectAll();
        QTest::keyClicks(field, QStringLiteral("13"));
        QTest::keyClick(field, Qt::Key_Return);
        if (fixture.document.scenario().cluster->devices() != 13)
            QVERIFY(!field->complaint().isEmpty());
        QVERIFY(fixture.document.report().legal);
    }

    void expertsAreOffForADenseModel()
    {
        WindowFixture fixture;
        LegalSlider& slider = *fixture.window.controls().axes().slider(PlanAxis::Expert);
        QVERIFY(!slider.isEnabled());
        fixture.document.setModel(builtinCatalog().model("mixtral-8x7b"));
        QVERIFY(slider.isEnabled());
        QVERIFY(slider.choices().size() > 1);
        show(fixture, slider);
        const int target = farthestLegal(slider);
        const int value = slider.choices()[static_cast<std::size_t>(target)].value;
        dragTo(slider, atOf(slider, slider.index()), atOf(slider, target));
        QCOMPARE(fixture.document.scenario().plan.expert(), value);
        QVERIFY(value > 1);
    }

    void anotherModelSaysWhatMoved()
    {
        WindowFixture fixture;
        Scenario scenario = fixture.document.scenario();
        scenario.plan[PlanAxis::Tensor] = 8;
        scenario.plan[PlanAxis::Pipeline] = 1;
        fixture.document.edit(scenario, QStringLiteral("TP 8"));
        // A model whose query heads 8 does not divide.
        const auto& models = builtinCatalog().models;
        const auto odd = std::find_if(models.begin(), models.end(),
                                      [](const auto& model) { return model->kinds.front().attention.queryHeads % 8 != 0; });
        QVERIFY(odd != models.end());
        fixture.document.setModel(*odd);
        QVERIFY(fixture.document.report().legal);
        QVERIFY(fixture.window.messages().isVisible());
        QVERIFY2(fixture.window.messages().text().contains(QStringLiteral("TP 8")), qPrintable(fixture.window.messages().text()));
    }

    void formatsAreSegments()
    {
        WindowFixture fixture;
        const QList<Segmented*> formats = fixture.window.controls().findChildren<Segmented*>(QString(), Qt::FindDirectChildrenOnly);
        QCOMPARE(formats.size(), 3);
        Segmented& weights = *formats[0];
        show(fixture, weights);
        QTest::mouseClick(&weights, Qt::LeftButton, {}, weights.itemRect(1).center().toPoint());
        QVERIFY(fixture.document.scenario().formats.weights == NumberFormat::Fp8);
        QVERIFY(fixture.document.scenario().formats.kv == NumberFormat::Bf16);
        fixture.document.setCluster(builtinCatalog().cluster("dgx-a100"));
        QVERIFY(!formats[2]->items()[1].enabled); // no fp8 arithmetic on an A100
        QVERIFY(!formats[2]->items()[1].reason.isEmpty());
    }

    void nothingMovesWhileDragging()
    {
        WindowFixture fixture;
        std::vector<QRect> before;
        const QList<QWidget*> widgets = fixture.window.findChildren<QWidget*>();
        const auto* inspector = fixture.window.findChild<QWidget*>(QStringLiteral("inspectorBody")); // scrolls what it explains
        for (QWidget* widget : widgets)
            before.push_back(widget->geometry());
        ValueSlider& slider = *fixture.window.controls().findChildren<ValueSlider*>(QString(), Qt::FindDirectChildrenOnly)[1];
        show(fixture, slider);
        QTest::mousePress(&slider, Qt::LeftButton, {}, slider.trackPoint(0.4).toPoint());
        for (const double at : {0.1, 0.5, 0.99}) {
            QTest::mouseMove(&slider, slider.trackPoint(at).toPoint());
            QCoreApplication::processEvents();
            for (qsizetype i = 0; i < widgets.size(); ++i)
                if (widgets[i]->isVisible() && !fixture.window.messages().isAncestorOf(widgets[i]) && !inspector->isAncestorOf(widgets[i]))
                    QVERIFY2(widgets[i]->geometry() == before[static_cast<std::size_t>(i)], widgets[i]->metaObject()->className());
        }
        QTest::mouseRelease(&slider, Qt::LeftButton, {}, slider.trackPoint(0.99).toPoint());
    }

    // --- selection ---

    void aClickPinsAndEscapeClears()
    {
        WindowFixture fixture;
        auto* mesh = fixture.window.docks().dock(ViewKind::Mesh)->findChild<SceneView*>();
        mesh->rebuild();
        QVERIFY(!mesh->scene().hits.empty());
        const auto device = std::find_if(mesh->scene().hits.begin(), mesh->scene().hits.end(),
                                         [](const HitRegion& hit) { return hit.subject.kind == Subject::Kind::Device; });
        QVERIFY(device != mesh->scene().hits.end());
        const Subject subject = device->subject;
        QTest::mouseClick(mesh, Qt::LeftButton, {}, device->rect.center().toPoint());
        QVERIFY(fixture.document.selection().pin().kind == Subject::Kind::Device);
        QCOMPARE(fixture.document.selection().pin().device, subject.device);
        QTest::keyClick(&fixture.window, Qt::Key_Escape);
        QVERIFY(fixture.document.selection().pin().kind == Subject::Kind::None);
    }

    /// A row of the inspector lights up its operator elsewhere, without going from under the pointer; a click opens it.
    void rowsOfTheInspectorOpen()
    {
        WindowFixture fixture;
        auto* inspector = fixture.window.findChild<InspectorPanel*>();
        SceneView& view = *inspector->view();
        view.rebuild();
        QVERIFY(!view.scene().hits.empty());
        const HitRegion row = view.scene().hits.back();
        QCOMPARE(row.subject.kind, Subject::Kind::Operator);
        const QString before = inspector->text();
        const QPointF at = row.rect.center(); // wherever the panel is scrolled to
        QMouseEvent move(QEvent::MouseMove, at, view.mapToGlobal(at), Qt::NoButton, Qt::NoButton, {});
        QCoreApplication::sendEvent(&view, &move);
        QCOMPARE(fixture.document.selection().hover(), row.subject);
        view.rebuild();
        QCOMPARE(view.scene().hits.back().subject, row.subject);
        QTest::mouseClick(&view, Qt::LeftButton, {}, row.rect.center().toPoint());
        QCOMPARE(fixture.document.selection().pin(), row.subject);
        QVERIFY(inspector->text() != before);
    }

    void aNarrowWindowLaysTheInspectorOver()
    {
        WindowFixture fixture({1024, 700});
        auto* inspector = fixture.window.findChild<QWidget*>(QStringLiteral("inspectorBody"));
        QVERIFY(!inspector->isVisible());
        const int docks = fixture.window.docks().width();
        fixture.document.selection().setPin({.kind = Subject::Kind::Stage, .stage = 0});
        QVERIFY(inspector->isVisible());
        QCOMPARE(fixture.window.docks().width(), docks);
        fixture.document.selection().clear();
        QVERIFY(!inspector->isVisible());
        fixture.window.resize(1440, 900);
        QCoreApplication::processEvents();
        QVERIFY(inspector->isVisible());
        QVERIFY(fixture.window.docks().geometry().right() < inspector->geometry().left());
    }

    // --- accessibility ---

    void everyFocusableControlHasAName()
    {
        WindowFixture fixture;
        fixture.window.controls().setMoreShown(true);
        QCoreApplication::processEvents();
        const std::vector<QWidget*> widgets = focusable(fixture.window);
        QVERIFY(widgets.size() > 20);
        for (const QWidget* widget : widgets) {
            QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
            QVERIFY(accessible != nullptr);
            const QString name = accessible->text(QAccessible::Name);
            QVERIFY2(!name.isEmpty(), qPrintable(placeOf(*widget)));
        }
    }

    void tabReachesEveryControl()
    {
        WindowFixture fixture;
        QSet<QWidget*> reached;
        QTest::keyClick(&fixture.window, Qt::Key_Tab);
        for (int i = 0; i < 200 && QApplication::focusWidget() != nullptr; ++i) {
            reached.insert(QApplication::focusWidget());
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        }
        for (QWidget* widget : focusable(fixture.window))
            QVERIFY2(reached.contains(widget), qPrintable(placeOf(*widget)));
    }
};

QTEST_MAIN(WindowTest)
#include "tst_window.moc"
