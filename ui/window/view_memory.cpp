// SPDX-License-Identifier: Apache-2.0
#include "ui/window/memorybody.h"
#include "ui/window/viewparts.h"

#include <QMenu>
#include <QToolButton>

namespace shardlens {

View makeMemoryView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Memory"), parent);
    auto* body = new MemoryBody(document, parent);
    addMenuChoice(*title, viewText("Bars"), {viewText("per device"), viewText("per stage"), viewText("grouped")},
                  [body](int index) { body->setBars(static_cast<MemoryBars>(index)); });
    addMenuChoice(*title, viewText("Axis"), {viewText("auto"), viewText("capacity"), viewText("used")},
                  [body](int index) { body->setAxis(static_cast<MemoryAxis>(index)); });
    QToolButton* ghost = title->addChoice(viewText("Would fit ▾"), viewText("Show what a change would free"));
    auto* menu = new QMenu(ghost);
    QObject::connect(menu, &QMenu::aboutToShow, body, [menu, body] { body->fillGhostMenu(*menu); });
    body->fillGhostMenu(*menu);
    ghost->setMenu(menu);
    return {title, body, [title] { title->setSubtitle(viewText("GiB of each device")); },
            [title, body](const Theme& theme) {
                title->setTheme(theme);
                body->setTheme(theme);
            }};
}

} // namespace shardlens
