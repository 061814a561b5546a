// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshscene.h"
#include "ui/window/meshstrips.h"
#include "ui/window/meshzoom.h"
#include "ui/window/viewparts.h"

#include <QPointer>
#include <QToolButton>

#include <memory>

namespace shardlens {
namespace {

constexpr std::array kColours{MeshColour::StageRank,  MeshColour::Tensor,   MeshColour::Pipeline,      MeshColour::Replica,
                              MeshColour::ExpertRank, MeshColour::Sequence, MeshColour::AttentionData, MeshColour::KvHead,
                              MeshColour::Load,       MeshColour::Memory};
static_assert(kColours.size() == kMeshColourCount);

} // namespace

View makeMeshView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Device mesh"), parent);
    SceneView::Options viewed = viewOptions(true, "Device mesh", describeMesh, nullptr);
    const auto view = std::make_shared<QPointer<SceneView>>(); // of the options, before there is one
    viewed.tooltip = [view](const Scenario& scenario, const Report& report, const Subject& subject) {
        return meshTooltipIn(*view ? QSizeF((*view)->size()) : QSizeF(), scenario, report, subject);
    };
    auto* scene = new SceneView(document, {}, viewed, parent);
    *view = scene;
    auto* zoomer = new MeshZoomer(document, *scene);
    auto* play = new CollectivePlay(document, parent);
    auto* strips = new MeshStrips(document, *title, scene, play, parent);
    zoomer->setPainter([play](const ViewInput& input, const MeshOptions& options, Scene& into) { play->draw(input, options, into); });
    QObject::connect(play, &CollectivePlay::changed, scene, &SceneView::markStale);
    QStringList names;
    for (const MeshColour colour : kColours)
        names << nameOf(colour);
    // Only where replicas or siblings are left out is there anything to choose.
    QToolButton* fit = title->addChoice(viewText("Fit"), viewText("Fit the mesh to its view"));
    fit->setToolTip(viewText("Back to the whole machine (F or 0)"));
    fit->hide();
    QObject::connect(fit, &QToolButton::clicked, zoomer, &MeshZoomer::fit);
    QObject::connect(zoomer, &MeshZoomer::zoomChanged, fit, [fit, zoomer] { fit->setVisible(!zoomer->options().zoom.isFitted()); });
    QToolButton* copies = title->addChoice(viewText("All copies"), viewText("Draw every copy"));
    copies->setCheckable(true);
    copies->setToolTip(viewText("Draw identical replicas one by one instead of one for all"));
    copies->hide();
    QObject::connect(copies, &QToolButton::toggled, zoomer, [zoomer, fit](bool every) {
        zoomer->setEveryCopy(every);
        fit->hide();
    });
    addMenuChoice(*title, viewText("Colour"), names, [zoomer](int index) { zoomer->setColour(kColours[static_cast<std::size_t>(index)]); });
    View made = sceneOnly(title, scene, [title, copies, zoomer, &document] {
        title->setSubtitle(meshSubtitle(document.scenario()));
        copies->setVisible(zoomer->options().everyCopy || zoomer->layout().isCut(*document.scenario().cluster));
    });
    made.body = strips;
    made.applyTheme = [title, scene, strips](const Theme& theme) {
        title->setTheme(theme);
        scene->setTheme(theme);
        strips->setTheme(theme);
    };
    return made;
}

} // namespace shardlens
