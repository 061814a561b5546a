// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/latencyscene.h"
#include "ui/window/latencybody.h"
#include "ui/window/viewparts.h"

namespace shardlens {

View makeLatencyView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Latency"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput& input, Scene& out) { buildLatency(input, {}, out); },
        viewOptions(false, "Latency", describeLatency, latencyTooltip), parent);
    auto* body = new LatencyBody(document, scene, parent);
    return {title, body, [title] { title->setSubtitle(viewText("by cause; TPOT over the batch")); },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace shardlens
