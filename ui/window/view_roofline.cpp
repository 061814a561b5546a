// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewparts.h"

namespace shardlens {

View makeRooflineView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Roofline"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput&, Scene&) {}, viewOptions(false, "Roofline", nullptr, nullptr), parent);
    return sceneOnly(title, scene, [] {});
}

} // namespace shardlens
