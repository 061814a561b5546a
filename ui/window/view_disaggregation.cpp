// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewparts.h"

namespace shardlens {

View makeDisaggregationView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Disaggregation"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput&, Scene&) {}, viewOptions(false, "Disaggregation", nullptr, nullptr), parent);
    return sceneOnly(title, scene, [] {});
}

} // namespace shardlens
