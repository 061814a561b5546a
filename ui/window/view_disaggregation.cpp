// SPDX-License-Identifier: Apache-2.0
#include "ui/window/disaggregationbody.h"
#include "ui/window/viewparts.h"

#include <QToolButton>

namespace shardlens {

View makeDisaggregationView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Disaggregation"), parent);
    auto* body = new DisaggregationBody(document, parent);
    QToolButton* toggle = title->addChoice(viewText("Split into pools"), viewText("Split into pools"));
    QObject::connect(toggle, &QToolButton::clicked, body, &DisaggregationBody::toggle);
    return {title, body,
            [title, toggle, &document] {
                title->setSubtitle(disaggregationSubtitle(document.scenario(), document.report()));
                const QString text = document.scenario().serving.pools ? viewText("Join the pools") : viewText("Split into pools");
                if (toggle->text() != text) {
                    toggle->setText(text);
                    toggle->setAccessibleName(text);
                }
            },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace shardlens
