// SPDX-License-Identifier: Apache-2.0
#include "ui/window/memorybody.h"
#include "ui/window/viewparts.h"

#include <QActionGroup>
#include <QMenu>
#include <QToolButton>

namespace shardlens {
namespace {

/// Entries of which one is chosen, the first at the start.
void addGroup(QMenu& menu, QObject* context, const QStringList& names, const std::function<void(int)>& chosen)
{
    auto* group = new QActionGroup(&menu);
    for (int i = 0; i < names.size(); ++i) {
        QAction* action = menu.addAction(names[i], context, [chosen, i] { chosen(i); });
        action->setCheckable(true);
        action->setChecked(i == 0);
        group->addAction(action);
    }
}

} // namespace

View makeMemoryView(Document& document, QWidget* parent)
{
    auto* title = new ViewTitle(viewText("Memory"), parent);
    auto* body = new MemoryBody(document, parent);
    // One menu for both choices: three would not fit a narrow dock's title.
    QToolButton* bars = title->addChoice(viewText("Bars ▾"), viewText("Bars and axis"));
    auto* shown = new QMenu(bars);
    addGroup(*shown, body, {viewText("Per device"), viewText("Per stage"), viewText("Grouped")},
             [body](int index) { body->setBars(static_cast<MemoryBars>(index)); });
    shown->addSeparator();
    addGroup(*shown, body, {viewText("Axis as suits"), viewText("Axis to the capacity"), viewText("Axis of what is used")},
             [body](int index) { body->setAxis(static_cast<MemoryAxis>(index)); });
    bars->setMenu(shown);
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
