// SPDX-License-Identifier: Apache-2.0
#include "ui/window/trustbody.h"
#include "ui/window/viewparts.h"

#include <QToolButton>

namespace shardlens {

View makeTrustView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Trust"), parent);
    auto* body = new TrustBody(document, builtinPoints(), parent);
    addMenuChoice(*title, viewText("Figure"), {nameOf(PointFigure::Tpot), nameOf(PointFigure::Ttft), nameOf(PointFigure::OutputPerDevice)},
                  [body](int index) { body->setFigure(static_cast<PointFigure>(index)); });
    addMenuChoice(*title, viewText("Marks"), {viewText("engine"), viewText("GPU"), viewText("model")},
                  [body](int index) { body->setColour(static_cast<TrustColour>(index)); });
    addMenuChoice(*title, viewText("Table"), {viewText("nearest points"), viewText("constants")},
                  [body](int index) { body->setTable(static_cast<TrustTable>(index)); });
    QToolButton* load = title->addChoice(viewText("Compare…"), viewText("Compare measured points of a CSV file"));
    load->setToolTip(viewText("Or drop a CSV file on the window"));
    QObject::connect(load, &QToolButton::clicked, body, [body] { body->openByDialog({}); });
    return {title, body, [title] { title->setSubtitle(viewText("predicted against measured")); },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            },
            [body] { body->finish(); }};
}

} // namespace shardlens
