// SPDX-License-Identifier: Apache-2.0
#include "ui/window/expertsbody.h"
#include "ui/window/viewparts.h"

namespace shardlens {

View makeExpertsView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Experts"), parent);
    auto* body = new ExpertsBody(document, parent);
    addMenuChoice(*title, viewText("Step"), {viewText("decode"), viewText("prefill")},
                  [body](int index) { body->setPhase(index == 1 ? Phase::Prefill : Phase::Decode); });
    addMenuChoice(*title, viewText("Places"), {viewText("one order"), viewText("mean of all orders")},
                  [body](int index) { body->setExample(index == 0); });
    return {title, body,
            [title, body, &document] {
                title->setSubtitle(expertsSubtitle(document.scenario(), document.report(), body->options()));
                showFitCondition(*title, document.report());
            },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace shardlens
