// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewparts.h"

namespace shardlens {

View makePlateView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Shard plate"), parent);
    auto* scene = new SceneView(
        document, [](const ViewInput&, Scene&) {}, viewOptions(false, "Shard plate", nullptr, nullptr), parent);
    return sceneOnly(title, scene, [] {});
}

} // namespace shardlens
