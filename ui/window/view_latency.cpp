// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/curvetext.h"
#include "ui/scene/latencyscene.h"
#include "ui/views/curvechart.h"
#include "ui/window/latencybody.h"
#include "ui/window/viewparts.h"

#include <QActionGroup>
#include <QMenu>
#include <QToolButton>

namespace shardlens {
namespace {

/// The inputs of a menu in groups that a reader looks for them in.
struct InputGroup {
    const char* name;
    std::vector<CurveInput> inputs;
};

std::vector<InputGroup> inputGroups()
{
    using I = CurveInput;
    return {{QT_TRANSLATE_NOOP("Views", "Load"),
             {I::Batch, I::Concurrency, I::Rate, I::Input, I::Output, I::Context, I::PrefixHit, I::DraftTokens, I::Acceptance}},
            {QT_TRANSLATE_NOOP("Views", "Plan"),
             {I::Devices, I::Tensor, I::Pipeline, I::Data, I::Expert, I::Sequence, I::AttentionData, I::PrefillMicrobatches,
              I::DecodeMicrobatches, I::Chunks, I::Overlap, I::TokenBudget, I::MaxSequences}},
            {QT_TRANSLATE_NOOP("Views", "Hardware"), {I::HbmBandwidth, I::HbmCapacity, I::Flops, I::InnerLink, I::OuterLink, I::Price}}};
}

QString capitalized(QString text)
{
    if (!text.isEmpty())
        text[0] = text.at(0).toUpper();
    return text;
}

void addScale(QMenu* menu, const QString& name, AxisScale CurveChoice::*axis, CurveChart* chart)
{
    QMenu* scales = menu->addMenu(name);
    auto* group = new QActionGroup(scales);
    const QStringList names{viewText("Automatic"), viewText("Linear"), viewText("Logarithmic")};
    for (int i = 0; i < names.size(); ++i) {
        QAction* action = scales->addAction(names[i], chart, [chart, axis, i] {
            CurveChoice choice = chart->choice();
            choice.*axis = static_cast<AxisScale>(i);
            chart->setChoice(choice);
        });
        action->setCheckable(true);
        action->setChecked(static_cast<int>(chart->choice().*axis) == i);
        group->addAction(action);
    }
}

/// What the curve shows: figure, input, axes, target. Filled each time it opens, since inputs come and go with the scenario.
void fillCurveMenu(QMenu* menu, CurveChart* chart, Document* document)
{
    menu->clear();
    const Scenario& scenario = document->scenario();
    const CurveChoice now = chart->choice();
    const CurveInput shown = now.input && hasInput(scenario, *now.input) ? *now.input : loadInput(scenario);
    auto* figures = new QActionGroup(menu);
    for (std::size_t i = 0; i < kCurveFigureCount; ++i) {
        const auto figure = static_cast<CurveFigure>(i);
        QAction* action = menu->addAction(figureName(figure), chart, [chart, figure] {
            CurveChoice choice = chart->choice();
            choice.figure = figure;
            chart->setChoice(choice);
        });
        action->setCheckable(true);
        action->setChecked(figure == now.figure);
        figures->addAction(action);
    }
    menu->addSeparator();
    auto* inputs = new QActionGroup(menu);
    for (const InputGroup& group : inputGroups()) {
        QMenu* submenu = menu->addMenu(viewText("Over: %1").arg(viewText(group.name)));
        for (const CurveInput input : group.inputs) {
            if (!hasInput(scenario, input))
                continue;
            QAction* action = submenu->addAction(capitalized(inputName(input)), chart, [chart, input] {
                CurveChoice choice = chart->choice();
                choice.input = input;
                choice.x = AxisScale::Automatic; // what suits the new input
                chart->setChoice(choice);
            });
            action->setCheckable(true);
            action->setChecked(input == shown);
            inputs->addAction(action);
        }
    }
    menu->addSeparator();
    addScale(menu, viewText("Horizontal axis"), &CurveChoice::x, chart);
    addScale(menu, viewText("Vertical axis"), &CurveChoice::y, chart);
    menu->addSeparator();
    QAction* set = menu->addAction(viewText("Target…"), chart, [chart] { chart->editTarget(); });
    set->setEnabled(chart->takesTarget());
    QAction* remove = menu->addAction(viewText("No target"), chart, [chart] { chart->removeTarget(); });
    remove->setEnabled(chart->curve().target.has_value());
}

} // namespace

View makeLatencyView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Latency"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput& input, Scene& out) { buildLatency(input, {}, out); },
        viewOptions(false, "Latency", describeLatency, latencyTooltip), parent);
    auto* body = new LatencyBody(document, scene, parent);
    addMenuChoice(*title, viewText("Show"), {viewText("both"), viewText("bars"), viewText("curve")},
                  [body](int index) { body->setShow(static_cast<LatencyBody::Show>(index)); });
    QToolButton* curve = title->addChoice(viewText("Curve ▾"), viewText("What the curve shows"));
    auto* menu = new QMenu(curve);
    QObject::connect(menu, &QMenu::aboutToShow, menu, [menu, body, &document] { fillCurveMenu(menu, &body->curve(), &document); });
    fillCurveMenu(menu, &body->curve(), &document);
    curve->setMenu(menu);
    View view{title, body,
              [title, &document] {
                  showFitCondition(*title, document.report());
                  title->setSubtitle(viewText("by cause; a figure over any input"));
              },
              [title, body](const Theme& theme) {
                  title->setTheme(theme);
                  body->setTheme(theme);
              }};
    view.finish = [body] { body->finish(); };
    return view;
}

} // namespace shardlens
