// SPDX-License-Identifier: Apache-2.0
#include "ui/window/platebody.h"
#include "ui/window/viewparts.h"

#include <QToolButton>

namespace shardlens {

View makePlateView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Shard plate"), parent);
    auto* body = new PlateBody(document, parent);
    QToolButton* before = title->addChoice(QStringLiteral("‹"), viewText("Stage before"));
    QToolButton* after = title->addChoice(QStringLiteral("›"), viewText("Next stage"));
    QObject::connect(before, &QToolButton::clicked, body, [body] { body->stepStage(-1); });
    QObject::connect(after, &QToolButton::clicked, body, [body] { body->stepStage(1); });
    const auto refresh = [title, body, before, after, &document] {
        const bool stages = body->mode() == PlateMode::Tensors && document.report().legal && document.scenario().plan.pipeline() > 1;
        before->setVisible(stages);
        after->setVisible(stages);
        title->setSubtitle(body->subtitle());
    };
    QObject::connect(body, &PlateBody::changed, title, refresh);
    addMenuChoice(*title, viewText("Show"), {viewText("tensors"), viewText("playground")},
                  [body](int index) { body->setMode(static_cast<PlateMode>(index)); });
    View view{title, body, refresh, [title, body](const Theme& theme) {
                  title->setTheme(theme);
                  body->setTheme(theme);
              }};
    view.assumptions = [body] { return body->assumptions(); };
    return view;
}

} // namespace shardlens
