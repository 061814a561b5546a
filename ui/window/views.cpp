// SPDX-License-Identifier: Apache-2.0
#include "ui/window/views.h"

#include "ui/scene/verdictscene.h"
#include "ui/window/viewparts.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QMenu>
#include <QToolButton>

namespace shardlens {

QString viewText(const char* text)
{
    return QCoreApplication::translate("Views", text);
}

void showFitCondition(ViewTitle& title, const Report& report)
{
    title.setCondition(viewText("if it fitted"), report.legal && !report.memory.fits);
}

SceneView::Options viewOptions(bool rebuildOnHover, const char* name, QString (*description)(const Scenario&, const Report&),
                               QString (*tooltip)(const Scenario&, const Report&, const Subject&))
{
    SceneView::Options options;
    options.rebuildOnHover = rebuildOnHover;
    options.accessibleName = viewText(name);
    options.description = description;
    options.tooltip = tooltip;
    return options;
}

QToolButton* addMenuChoice(ViewTitle& title, const QString& what, const QStringList& names, const std::function<void(int)>& chosen)
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
    return button;
}

View sceneOnly(ViewTitle* title, SceneView* scene, std::function<void()> refresh)
{
    return {title, scene, std::move(refresh), [title, scene](const Theme& theme) {
                title->setTheme(theme);
                scene->setTheme(theme);
            }};
}

QString nameOf(ViewKind kind)
{
    switch (kind) {
    case ViewKind::Mesh: return QStringLiteral("mesh");
    case ViewKind::Plate: return QStringLiteral("plate");
    case ViewKind::Timeline: return QStringLiteral("timeline");
    case ViewKind::Memory: return QStringLiteral("memory");
    case ViewKind::Latency: return QStringLiteral("latency");
    case ViewKind::Roofline: return QStringLiteral("roofline");
    case ViewKind::Operators: return QStringLiteral("operators");
    case ViewKind::Experts: return QStringLiteral("experts");
    case ViewKind::Disaggregation: return QStringLiteral("disaggregation");
    case ViewKind::Trust: return QStringLiteral("trust");
    }
    return {};
}

View makeView(ViewKind kind, Document& document, QWidget* parent)
{
    switch (kind) {
    case ViewKind::Mesh: return makeMeshView(document, parent);
    case ViewKind::Plate: return makePlateView(document, parent);
    case ViewKind::Timeline: return makeTimelineView(document, parent);
    case ViewKind::Memory: return makeMemoryView(document, parent);
    case ViewKind::Latency: return makeLatencyView(document, parent);
    case ViewKind::Roofline: return makeRooflineView(document, parent);
    case ViewKind::Operators: return makeOperatorsView(document, parent);
    case ViewKind::Experts: return makeExpertsView(document, parent);
    case ViewKind::Disaggregation: return makeDisaggregationView(document, parent);
    case ViewKind::Trust: return makeTrustView(document, parent);
    }
    return {};
}

SceneView* makeVerdictView(Document& document, QWidget* parent)
{
    return new SceneView(
        document, [](const ViewInput& input, Scene& scene) { buildVerdict(input, {}, scene); },
        viewOptions(false, "Verdict", describeVerdict, verdictTooltip), parent);
}

} // namespace shardlens
