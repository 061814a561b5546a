// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/memoryscene.h"
#include "ui/window/viewparts.h"

namespace shardlens {

View makeMemoryView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Memory"), parent);
    const auto builder = [](bool perStage) -> SceneView::Builder {
        return [options = MemoryOptions{perStage}](const ViewInput& input, Scene& scene) { buildMemory(input, options, scene); };
    };
    auto* scene = new SceneView(document, builder(false), viewOptions(false, "Memory", describeMemory, memoryTooltip), parent);
    addMenuChoice(*title, viewText("Bars"), {viewText("per device"), viewText("per stage")},
                  [scene, builder](int index) { scene->setBuilder(builder(index == 1)); });
    return sceneOnly(title, scene, [title] { title->setSubtitle(viewText("GiB of each device")); });
}

} // namespace shardlens
