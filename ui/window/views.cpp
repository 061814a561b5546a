// SPDX-License-Identifier: Apache-2.0
#include "ui/window/views.h"

#include "ui/scene/latencyscene.h"
#include "ui/scene/memoryscene.h"
#include "ui/scene/meshscene.h"
#include "ui/scene/timelinescene.h"
#include "ui/scene/verdictscene.h"
#include "ui/views/sceneview.h"
#include "ui/window/latencybody.h"
#include "ui/window/timelinezoom.h"
#include "ui/window/trustbody.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QMenu>
#include <QToolButton>

namespace shardlens {
namespace {

QString translated(const char* text)
{
    return QCoreApplication::translate("Views", text);
}

SceneView::Options optionsOf(bool rebuildOnHover, const char* name, QString (*description)(const Scenario&, const Report&),
                             QString (*tooltip)(const Scenario&, const Report&, const Subject&))
{
    SceneView::Options options;
    options.rebuildOnHover = rebuildOnHover;
    options.accessibleName = translated(name);
    options.description = description;
    options.tooltip = tooltip;
    return options;
}

/// "Colour: stage × TP rank ▾" and its menu; `chosen` gets the index.
void addMenuChoice(ViewTitle& title, const QString& what, const QStringList& names, const std::function<void(int)>& chosen)
{
    const auto caption = [what](const QString& name) -> QString { return what % QStringLiteral(": ") % name % QStringLiteral(" ▾"); };
    QToolButton* button = title.addChoice(caption(names.front()), what);
    auto* menu = new QMenu(button);
    auto* group = new QActionGroup(menu);
    for (int i = 0; i < names.size(); ++i) {
        const QString& name = names[i];
        QAction* action = menu->addAction(name, button, [button, caption, name, chosen, i] {
            button->setText(caption(name));
            chosen(i);
        });
        action->setCheckable(true);
        action->setChecked(i == 0);
        group->addAction(action);
    }
    button->setMenu(menu);
}

/// What every view that is one scene shares.
View sceneOnly(ViewTitle* title, SceneView* scene, std::function<void()> refresh)
{
    return {title, scene, std::move(refresh), [title, scene](const Theme& theme) {
                title->setTheme(theme);
                scene->setTheme(theme);
            }};
}

View makeMesh(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(translated("Device mesh"), parent);
    const auto builder = [](MeshColour colour) -> SceneView::Builder {
        return [options = MeshOptions{colour}](const ViewInput& input, Scene& scene) { buildMesh(input, options, scene); };
    };
    auto* scene =
        new SceneView(document, builder(MeshColour::StageRank), optionsOf(true, "Device mesh", describeMesh, meshTooltip), parent);
    constexpr std::array kColours{MeshColour::StageRank, MeshColour::Replica, MeshColour::ExpertRank, MeshColour::KvHead};
    QStringList names;
    for (const MeshColour colour : kColours)
        names << nameOf(colour);
    addMenuChoice(*title, translated("Colour"), names,
                  [scene, builder, kColours](int index) { scene->setBuilder(builder(kColours[static_cast<std::size_t>(index)])); });
    return sceneOnly(title, scene, [title, &document] { title->setSubtitle(meshSubtitle(document.scenario())); });
}

View makeMemory(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(translated("Memory"), parent);
    const auto builder = [](bool perStage) -> SceneView::Builder {
        return [options = MemoryOptions{perStage}](const ViewInput& input, Scene& scene) { buildMemory(input, options, scene); };
    };
    auto* scene = new SceneView(document, builder(false), optionsOf(false, "Memory", describeMemory, memoryTooltip), parent);
    addMenuChoice(*title, translated("Bars"), {translated("per device"), translated("per stage")},
                  [scene, builder](int index) { scene->setBuilder(builder(index == 1)); });
    return sceneOnly(title, scene, [title] { title->setSubtitle(translated("GiB of each device")); });
}

View makeTimeline(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(translated("Pipeline timeline"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput& input, Scene& out) { buildTimeline(input, {}, out); },
        optionsOf(false, "Pipeline timeline", describeTimeline, timelineTooltip), parent);
    auto* zoom = new TimelineZoom(document, *scene);
    QToolButton* fit = title->addChoice(translated("Fit"), translated("Show the whole timeline"));
    fit->setToolTip(translated("Wheel zooms, dragging moves"));
    QObject::connect(fit, &QToolButton::clicked, zoom, &TimelineZoom::fit);
    View view =
        sceneOnly(title, scene, [title, &document] { title->setSubtitle(timelineSubtitle(document.scenario(), document.report())); });
    return view;
}

View makeLatency(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(translated("Latency"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput& input, Scene& out) { buildLatency(input, {}, out); },
        optionsOf(false, "Latency", describeLatency, latencyTooltip), parent);
    auto* body = new LatencyBody(document, scene, parent);
    return {title, body, [title] { title->setSubtitle(translated("by cause; TPOT over the batch")); },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

View makeTrust(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(translated("Trust"), parent);
    auto* body = new TrustBody(document, builtinPoints(), parent);
    addMenuChoice(*title, translated("Figure"),
                  {nameOf(PointFigure::Tpot), nameOf(PointFigure::Ttft), nameOf(PointFigure::OutputPerDevice)},
                  [body](int index) { body->setFigure(static_cast<PointFigure>(index)); });
    addMenuChoice(*title, translated("Marks"), {translated("engine"), translated("GPU"), translated("model")},
                  [body](int index) { body->setColour(static_cast<TrustColour>(index)); });
    addMenuChoice(*title, translated("Table"), {translated("nearest points"), translated("constants")},
                  [body](int index) { body->setTable(static_cast<TrustTable>(index)); });
    QToolButton* load = title->addChoice(translated("Compare…"), translated("Compare measured points of a CSV file"));
    load->setToolTip(translated("Or drop a CSV file on the window"));
    QObject::connect(load, &QToolButton::clicked, body, [body] { body->openByDialog({}); });
    return {title, body, [title] { title->setSubtitle(translated("predicted against measured")); },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace

QString nameOf(ViewKind kind)
{
    switch (kind) {
    case ViewKind::Mesh: return QStringLiteral("mesh");
    case ViewKind::Memory: return QStringLiteral("memory");
    case ViewKind::Timeline: return QStringLiteral("timeline");
    case ViewKind::Latency: return QStringLiteral("latency");
    case ViewKind::Trust: return QStringLiteral("trust");
    }
    return {};
}

View makeView(ViewKind kind, Document& document, QWidget* parent)
{
    switch (kind) {
    case ViewKind::Mesh: return makeMesh(document, parent);
    case ViewKind::Memory: return makeMemory(document, parent);
    case ViewKind::Timeline: return makeTimeline(document, parent);
    case ViewKind::Latency: return makeLatency(document, parent);
    case ViewKind::Trust: return makeTrust(document, parent);
    }
    return {};
}

SceneView* makeVerdictView(Document& document, QWidget* parent)
{
    return new SceneView(
        document, [](const ViewInput& input, Scene& scene) { buildVerdict(input, {}, scene); },
        optionsOf(false, "Verdict", describeVerdict, verdictTooltip), parent);
}

} // namespace shardlens
