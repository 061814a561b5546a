// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewparts.h"

namespace shardlens {

View makeOperatorsView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Operators"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput&, Scene&) {}, viewOptions(false, "Operators", nullptr, nullptr), parent);
    return sceneOnly(title, scene, [] {});
}

} // namespace shardlens
