// SPDX-License-Identifier: Apache-2.0
// The advanced options of the column: every control edits its option, is reachable and named, and says why it has no use.
#include "tests/ui/windowfixture.h"
#include "ui/controls/controlpanel.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/optionpanel.h"
#include "ui/controls/picker.h"
#include "ui/controls/pickerpopup.h"
#include "ui/controls/segmented.h"
#include "ui/document/adapt.h"
#include "ui/window/messagebar.h"

#include <QLabel>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

using namespace shardlens;

namespace {

constexpr int kWidth = 240;

struct Panel {
    Document document{builtinCatalog()};
    OptionPanel panel{document, kWidth, nullptr};
    Panel()
    {
        QObject::connect(&document, &Document::reportChanged, &panel, &OptionPanel::refresh);
        panel.resize(kWidth, 700);
        panel.show();
        panel.setShown(true);
    }
    void use(const char* model, const char* cluster)
    {
        document.setCluster(builtinCatalog().cluster(cluster));
        document.setModel(builtinCatalog().model(model));
    }
    template <class T>
    T& control(PlanOption option)
    {
        auto* control = qobject_cast<T*>(panel.control(option));
        if (!control)
            qFatal("no such control");
        return *control;
    }
    [[nodiscard]] const PlanOptions& options() const { return document.scenario().plan.options; }
};

void click(Segmented& control, int index)
{
    QTest::mouseClick(&control, Qt::LeftButton, Qt::NoModifier, control.itemRect(index).center().toPoint());
}

void type(NumberField& field, const char* text)
{
    field.setFocus();
    field.selectAll();
    QTest::keyClicks(&field, QString::fromLatin1(text));
    QTest::keyClick(&field, Qt::Key_Return);
}

} // namespace

class TestOptionPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void startsFoldedAndSaysWhatDiffers()
    {
        Panel p;
        p.panel.setShown(false);
        auto* button = p.panel.findChild<QToolButton*>(QStringLiteral("advanced"));
        QVERIFY(button);
        QCOMPARE(button->text(), QStringLiteral("Advanced"));
        QVERIFY(!p.panel.control(PlanOption::Sends)->isVisible());
        Scenario next = p.document.scenario();
        next.plan.options.sends = SendMode::Synchronous;
        next.formats.own[static_cast<std::size_t>(WeightClass::Mlp)] = NumberFormat::Fp8Block;
        p.document.edit(next, QStringLiteral("test"));
        QVERIFY(button->text().startsWith(QStringLiteral("Advanced: mlp fp8-block")));
        QCOMPARE(button->toolTip(), QStringLiteral("mlp fp8-block, synchronous sends"));
        QVERIFY(QFontMetrics(button->font()).horizontalAdvance(button->text()) <= kWidth);
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY(p.panel.shown() && p.panel.control(PlanOption::Sends)->isVisible());
        QCOMPARE(p.control<Segmented>(PlanOption::Sends).current(), 1);
    }

    void aRefusalGoesWithTheNextEdit()
    {
        WindowFixture fixture;
        MessageBar& bar = fixture.window.messages();
        auto& panel = *fixture.window.findChild<OptionPanel*>();
        panel.setShown(true);
        auto& field = *qobject_cast<NumberField*>(panel.control(PlanOption::VirtualStages));
        const auto refuse = [&] {
            type(field, "50");
            return bar.isVisible() && bar.text().contains(QStringLiteral("at most 40 virtual stages"));
        };
        QVERIFY2(refuse(), qPrintable(bar.text()));
        Scenario next = fixture.document.scenario();
        next.workload.batch += 1;
        fixture.document.edit(next, QStringLiteral("Batch"));
        QVERIFY(!bar.isVisible());
        QVERIFY(refuse());
        fixture.document.undoStack().undo();
        QVERIFY(!bar.isVisible());
        QVERIFY(refuse());
        bar.error(QStringLiteral("a.json: no such file"));
        fixture.document.undoStack().redo();
        QVERIFY(bar.isVisible()); // what is said of a file stays true
    }

    void switchesEdit()
    {
        Panel p;
        p.use("deepseek-v3", "gb200-nvl72");
        click(p.control<Segmented>(PlanOption::Attention), 1);
        QVERIFY(!p.options().fusedAttention);
        click(p.control<Segmented>(PlanOption::SequenceExchange), 1);
        QCOMPARE(p.options().sequenceExchange, SequenceExchange::Ring);
        click(p.control<Segmented>(PlanOption::Norms), 1);
        QVERIFY(p.options().shardedNorms);
        click(p.control<Segmented>(PlanOption::SharedExperts), 1);
        QCOMPARE(p.options().sharedExperts, SharedExpertPlace::Replicated);
        click(p.control<Segmented>(PlanOption::ExpertExchange), 1);
        QCOMPARE(p.options().expertExchange, ExpertExchange::Reduce);
        click(p.control<Segmented>(PlanOption::Sends), 1);
        QCOMPARE(p.options().sends, SendMode::Synchronous);
        click(p.control<Segmented>(PlanOption::LayerSplit), 1);
        QCOMPARE(p.options().layerSplit, LayerSplit::Balanced);
        QUndoStack& undo = p.document.undoStack();
        QCOMPARE(undo.undoText(), QStringLiteral("Layers balanced"));
        undo.undo();
        QCOMPARE(p.options().layerSplit, LayerSplit::Even);
        QCOMPARE(p.control<Segmented>(PlanOption::LayerSplit).current(), 0);
    }

    void numbersEdit()
    {
        Panel p;
        p.use("mixtral-8x7b", "p5.48xlarge");
        type(p.control<NumberField>(PlanOption::PowerLaw), "0.75");
        QCOMPARE(p.document.scenario().workload.routing.powerLaw, 0.75);
        type(p.control<NumberField>(PlanOption::Capacity), "1,25");
        QCOMPARE(p.document.scenario().workload.routing.capacityFactor, 1.25);
        type(p.control<NumberField>(PlanOption::Overlap), "40");
        QCOMPARE(p.options().overlap, 0.4);
        NumberField& skew = p.control<NumberField>(PlanOption::PowerLaw);
        QCOMPARE(skew.text(), QStringLiteral("0.75"));
        type(skew, "11");
        QCOMPARE(skew.complaint(), QStringLiteral("found \"11\"; a number from 0 to 10"));
        QCOMPARE(skew.text(), QStringLiteral("0.75"));
        QCOMPARE(p.document.scenario().workload.routing.powerLaw, 0.75);
        for (const char* wrong : {"x", "-1", "0.5.5", "inf", "1e1"}) {
            type(skew, wrong);
            QVERIFY2(!skew.complaint().isEmpty(), wrong);
            QTest::keyClick(&skew, Qt::Key_Escape);
        }
        QCOMPARE(p.document.scenario().workload.routing.powerLaw, 0.75);
    }

    /// Steps of one field are one undo step until the focus moves on.
    void stepsMerge()
    {
        Panel p;
        p.use("mixtral-8x7b", "p5.48xlarge");
        NumberField& overlap = p.control<NumberField>(PlanOption::Overlap);
        overlap.setFocus();
        const int before = p.document.undoStack().count();
        for (int i = 0; i < 4; ++i)
            QTest::keyClick(&overlap, Qt::Key_Up);
        QCOMPARE(p.options().overlap, 0.4);
        QTest::keyClick(&overlap, Qt::Key_Down);
        QCOMPARE(p.options().overlap, 0.3);
        QCOMPARE(p.document.undoStack().count(), before + 1);
        p.document.undoStack().undo();
        QCOMPARE(p.options().overlap, 0.0);
    }

    void formatsByClass()
    {
        Panel p;
        Picker& mlp = p.control<Picker>(PlanOption::MlpFormat);
        QCOMPARE(mlp.items().size(), kNumberFormatCount + 1);
        QCOMPARE(mlp.current(), 0);
        QCOMPARE(mlp.items()[0].title, QStringLiteral("as weights, bf16"));
        mlp.openList(QStringLiteral("mxfp4"));
        QTest::keyClick(&mlp.popup()->search(), Qt::Key_Return);
        QCOMPARE(p.document.scenario().formats.of(WeightClass::Mlp), NumberFormat::Mxfp4);
        QCOMPARE(p.document.scenario().formats.weights, NumberFormat::Bf16);
        mlp.setFocus();
        QTest::keyClick(&mlp, Qt::Key_Home);
        QVERIFY(!p.document.scenario().formats.own[static_cast<std::size_t>(WeightClass::Mlp)]);
        QCOMPARE(numberFormatItems()[static_cast<std::size_t>(NumberFormat::Mxfp4)].note, QStringLiteral("4.25 bits"));
    }

    void orderOfAxes()
    {
        Panel p; // TP 4, PP 2
        Picker& order = p.control<Picker>(PlanOption::OrderOfAxes);
        QCOMPARE(order.items().size(), std::size_t{2});
        QCOMPARE(order.items()[0].title, QStringLiteral("TP, PP"));
        order.setFocus();
        QTest::keyClick(&order, Qt::Key_Down);
        QCOMPARE(order.items()[1].title, QStringLiteral("PP, TP"));
        QCOMPARE(p.options().order.front(), MeshAxis::Pipeline);
        QVERIFY(isPermutation(p.options().order));
        QCOMPARE(order.current(), 1);
        QTest::keyClick(&order, Qt::Key_Up);
        QCOMPARE(p.options().order, kDefaultOrder);
    }

    void saysWhatHasNoUse()
    {
        Panel p; // Llama-3-70B: dense
        for (const PlanOption option : {PlanOption::ExpertExchange, PlanOption::SharedExperts, PlanOption::RedundantExperts,
                                        PlanOption::PowerLaw, PlanOption::Capacity, PlanOption::ExpertFormat}) {
            QVERIFY(!p.panel.control(option)->isEnabled());
            QVERIFY2(p.panel.control(option)->toolTip().startsWith(QStringLiteral("Llama-3-70B has no")),
                     qPrintable(p.panel.control(option)->toolTip()));
        }
        QVERIFY(p.panel.control(PlanOption::Attention)->isEnabled());
        QVERIFY(p.panel.control(PlanOption::SequenceExchange)->isEnabled());
        QVERIFY(p.panel.control(PlanOption::SequenceExchange)->toolTip().endsWith(QStringLiteral("No effect while SP is 1.")));
        p.use("mixtral-8x7b", "p5.48xlarge");
        QVERIFY(p.panel.control(PlanOption::ExpertExchange)->isEnabled());
        QVERIFY(!p.panel.control(PlanOption::SharedExperts)->isEnabled());
        QVERIFY(!p.panel.control(PlanOption::Prediction)->isEnabled());
        p.use("deepseek-v3", "p5.48xlarge");
        click(p.control<Segmented>(PlanOption::Prediction), 1);
        QCOMPARE(p.options().prediction, PredictionUse::Load);
        click(p.control<Segmented>(PlanOption::Prediction), 0);
        QCOMPARE(p.options().prediction, PredictionUse::Off);
    }

    /// A split by hand that comes from a file can be kept and left.
    void splitByHand()
    {
        Panel p;
        Scenario next = p.document.scenario();
        next.plan.options.layerSplit = LayerSplit::Manual;
        next.plan.options.stageLayers = {50, 30};
        p.document.edit(next, QStringLiteral("test"));
        Segmented& split = p.control<Segmented>(PlanOption::LayerSplit);
        QCOMPARE(split.items().size(), std::size_t{3});
        QCOMPARE(split.items()[2].text, QStringLiteral("by hand"));
        QCOMPARE(split.current(), 2);
        click(split, 0);
        QCOMPARE(p.options(), PlanOptions{});
        QCOMPARE(split.items().size(), std::size_t{2});
    }

    /// Whatever is set, another model or machine leaves a legal plan, and what did not have to go stays.
    void otherModelsStayLegal()
    {
        const Catalog& catalog = builtinCatalog();
        Scenario start = caseStudyScenario(catalog);
        start.plan.options.layerSplit = LayerSplit::Manual;
        start.plan.options.stageLayers = {25, 15, 25, 15};
        start.plan.options.virtualStages = 2;
        start.plan.options.fusedAttention = false;
        QVERIFY(isLegal(start.context(), start.plan));
        start.plan.options.sends = SendMode::Synchronous;
        start.plan.options.order = {MeshAxis::Pipeline, MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Data};
        for (const auto& model : catalog.models) {
            Scenario next = start;
            next.model = model;
            (void)makeLegal(next);
            QVERIFY2(isLegal(next.context(), next.plan), model->id.c_str());
            QVERIFY(!next.plan.options.fusedAttention && next.plan.options.sends == SendMode::Synchronous);
            QCOMPARE(next.plan.options.order, start.plan.options.order);
        }
        for (const auto& cluster : catalog.clusters) {
            Scenario next = start;
            next.cluster = cluster;
            (void)makeLegal(next);
            QVERIFY2(isLegal(next.context(), next.plan), cluster->id.c_str());
        }
    }

    void everyControlIsNamedAndReachable()
    {
        WindowFixture fixture;
        ControlPanel& controls = fixture.window.controls();
        controls.setAdvancedShown(true);
        for (std::size_t i = 0; i < kPlanOptionCount; ++i) {
            QWidget* control = controls.options().control(static_cast<PlanOption>(i));
            QVERIFY2(control, QByteArray::number(static_cast<int>(i)).constData());
            QVERIFY(!control->accessibleName().isEmpty());
            QVERIFY((control->focusPolicy() & Qt::TabFocus) != 0);
            QVERIFY(!control->toolTip().isEmpty());
            QVERIFY2(control->parentWidget()->rect().contains(control->geometry()), qPrintable(control->accessibleName()));
        }
        // No label is cut.
        for (const QLabel* label : controls.options().findChildren<QLabel*>())
            QVERIFY2(label->width() >= label->sizeHint().width(), qPrintable(label->text()));
    }

    void tabGoesDownTheColumn()
    {
        WindowFixture fixture;
        ControlPanel& controls = fixture.window.controls();
        controls.setMoreShown(true);
        controls.setAdvancedShown(true);
        QCoreApplication::processEvents();
        int before = -1;
        int visited = 0;
        QWidget* first = controls.findChild<Picker*>();
        for (QWidget* each = first; controls.isAncestorOf(each); each = each->nextInFocusChain()) {
            if ((each->focusPolicy() & Qt::TabFocus) == 0 || !each->isVisible() || qobject_cast<NumberField*>(each))
                continue;
            const int bottom = each->mapTo(&controls, QPoint(0, each->height())).y();
            QVERIFY2(bottom > before - 6, qPrintable(each->accessibleName()));
            before = bottom;
            ++visited;
        }
        QVERIFY2(visited > 30, QByteArray::number(visited).constData());
    }

    void unfoldingScrollsIntoSight()
    {
        WindowFixture fixture({1440, 900});
        ControlPanel& controls = fixture.window.controls();
        auto* button = controls.findChild<QToolButton*>(QStringLiteral("advanced"));
        QVERIFY(button);
        button->click();
        const auto inSight = [](const QWidget* widget) { return widget->visibleRegion().boundingRect().height() == widget->height(); };
        QVERIFY(inSight(button));
        QVERIFY(inSight(controls.options().control(PlanOption::ExpertFormat)));
    }

    void allFormatsBesideTheSwitch()
    {
        WindowFixture fixture;
        ControlPanel& controls = fixture.window.controls();
        QList<Picker*> arrows;
        for (Picker* picker : controls.findChildren<Picker*>())
            if (picker->accessibleName().startsWith(QStringLiteral("All formats")))
                arrows << picker;
        QCOMPARE(arrows.size(), 3);
        QCOMPARE(arrows[0]->items().size(), kNumberFormatCount);
        arrows[0]->openList(QStringLiteral("fp8-block"));
        QTest::keyClick(&arrows[0]->popup()->search(), Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().formats.weights, NumberFormat::Fp8Block);
        const Segmented* weights = nullptr;
        for (const Segmented* each : controls.findChildren<Segmented*>())
            if (each->accessibleName() == QStringLiteral("Weights"))
                weights = each;
        QVERIFY(weights);
        QCOMPARE(weights->accessibleDescription(), QStringLiteral("fp8-block"));
        for (int i = 0; i < static_cast<int>(weights->items().size()); ++i)
            QVERIFY(weights->itemRect(i).width()
                    >= textWidth(weights->items()[static_cast<std::size_t>(i)].text, TextRole::BodyStrong) + 2);
        // H100 has no int4 arithmetic: said, not taken.
        QSignalSpy messages(&controls, &ControlPanel::message);
        arrows[2]->openList(QStringLiteral("int4"));
        QTest::keyClick(&arrows[2]->popup()->search(), Qt::Key_Return);
        QCOMPARE(fixture.document.scenario().formats.compute, ComputeFormat::Bf16);
        QCOMPARE(messages.count(), 1);
        QCOMPARE(arrows[2]->current(), static_cast<int>(ComputeFormat::Bf16));
    }
};

QTEST_MAIN(TestOptionPanel)
#include "tst_optionpanel.moc"
