// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshscene.h"
#include "ui/window/viewparts.h"

namespace shardlens {

View makeMeshView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Device mesh"), parent);
    const auto builder = [](MeshColour colour) -> SceneView::Builder {
        return [options = MeshOptions{.colour = colour}](const ViewInput& input, Scene& scene) { buildMesh(input, options, scene); };
    };
    auto* scene =
        new SceneView(document, builder(MeshColour::StageRank), viewOptions(true, "Device mesh", describeMesh, meshTooltip), parent);
    constexpr std::array kColours{MeshColour::StageRank, MeshColour::Replica, MeshColour::ExpertRank, MeshColour::KvHead};
    QStringList names;
    for (const MeshColour colour : kColours)
        names << nameOf(colour);
    addMenuChoice(*title, viewText("Colour"), names,
                  [scene, builder, kColours](int index) { scene->setBuilder(builder(kColours[static_cast<std::size_t>(index)])); });
    return sceneOnly(title, scene, [title, &document] { title->setSubtitle(meshSubtitle(document.scenario())); });
}

} // namespace shardlens
