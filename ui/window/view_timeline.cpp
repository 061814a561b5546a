// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinescene.h"
#include "ui/window/timelinezoom.h"
#include "ui/window/viewparts.h"

#include <QToolButton>

namespace shardlens {

View makeTimelineView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Pipeline timeline"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput& input, Scene& out) { buildTimeline(input, {}, out); },
        viewOptions(false, "Pipeline timeline", describeTimeline, timelineTooltip), parent);
    auto* zoom = new TimelineZoom(document, *scene);
    QToolButton* fit = title->addChoice(viewText("Fit"), viewText("Show the whole timeline"));
    fit->setToolTip(viewText("Wheel zooms, dragging moves"));
    QObject::connect(fit, &QToolButton::clicked, zoom, &TimelineZoom::fit);
    View view =
        sceneOnly(title, scene, [title, &document] { title->setSubtitle(timelineSubtitle(document.scenario(), document.report())); });
    return view;
}

} // namespace shardlens
