// SPDX-License-Identifier: Apache-2.0
#include "ui/window/rooflinebody.h"
#include "ui/window/viewparts.h"

#include <QToolButton>

namespace shardlens {

View makeRooflineView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Roofline"), parent);
    auto* body = new RooflineBody(document, parent);
    const auto refresh = [title, body, &document] {
        showFitCondition(*title, document.report());
        title->setSubtitle(rooflineSubtitle(document.scenario(), document.report(), body->options().side));
    };
    addMenuChoice(*title, viewText("Bytes"), {viewText("HBM"), viewText("link")}, [body, refresh](int index) {
        body->setSide(static_cast<RooflineSide>(index));
        refresh();
    });
    addMenuChoice(*title, viewText("Phase"), {viewText("both"), viewText("prefill"), viewText("decode")},
                  [body](int index) { body->setPhases(static_cast<RooflinePhases>(index)); });
    QToolButton* fit = title->addChoice(viewText("Fit"), viewText("Show the whole roofline"));
    fit->setToolTip(viewText("Wheel zooms, dragging moves"));
    QObject::connect(fit, &QToolButton::clicked, body, &RooflineBody::fit);
    return {title, body, refresh, [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace shardlens
