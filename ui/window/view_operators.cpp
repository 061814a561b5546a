// SPDX-License-Identifier: Apache-2.0
#include "ui/window/operatorsbody.h"
#include "ui/window/viewparts.h"

#include <QMenu>
#include <QToolButton>

namespace shardlens {

View makeOperatorsView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Operators"), parent);
    auto* body = new OperatorsBody(document, parent);
    const auto refresh = [title, body, &document] {
        showFitCondition(*title, document.report());
        title->setSubtitle(operatorsSubtitle(document.scenario(), document.report(), body->options(), body->hiddenColumns()));
    };
    addMenuChoice(*title, viewText("Phase"), {viewText("both"), viewText("prefill"), viewText("decode")},
                  [body](int index) { body->setPhases(static_cast<PhaseChoice>(index)); });
    addMenuChoice(*title, viewText("Amounts"), {viewText("one run"), viewText("all runs")},
                  [body](int index) { body->setAmount(static_cast<OperatorAmount>(index)); });
    addMenuChoice(*title, viewText("Rows"), {viewText("in order"), viewText("grouped")},
                  [body](int index) { body->setGrouped(index == 1); });
    addMenuChoice(*title, viewText("Columns"), {viewText("fitting"), viewText("all")},
                  [body](int index) { body->setAllColumns(index == 1); });
    QToolButton* copy = title->addChoice(viewText("Copy ▾"), viewText("Copy the table as shown"));
    auto* menu = new QMenu(copy);
    menu->addAction(viewText("As Markdown"), body, &OperatorsBody::copyMarkdown);
    menu->addAction(viewText("As CSV"), body, &OperatorsBody::copyCsv);
    copy->setMenu(menu);
    QObject::connect(body, &OperatorsBody::optionsChanged, title, [title, refresh] {
        if (title->isVisible())
            refresh();
    });
    return {title, body, refresh, [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace shardlens
