// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewparts.h"

namespace shardlens {

View makeExpertsView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Experts"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput&, Scene&) {}, viewOptions(false, "Experts", nullptr, nullptr), parent);
    return sceneOnly(title, scene, [] {});
}

} // namespace shardlens
