// SPDX-License-Identifier: Apache-2.0
#include "ui/window/viewchoices.h"

#include "ui/window/viewdock.h"

#include <QMenu>
#include <QPointer>
#include <QToolButton>

#include <algorithm>

namespace shardlens {
namespace {

/// "Axis to the capacity" -> "axis-to-the-capacity", "Bars ▾" -> "bars", "A batch of 1,024: frees 2 GiB" -> "a-batch-of-1024".
std::string wordOf(QString text)
{
    if (const qsizetype colon = text.indexOf(QLatin1String(": ")); colon > 0)
        text.truncate(colon);
    QString word;
    const QString lower = text.toLower();
    for (const QChar letter : lower) {
        if (letter == QLatin1Char('&') || letter == QLatin1Char(','))
            continue;
        const bool kept = (letter.unicode() < 128 && letter.isLetterOrNumber()) || letter == QLatin1Char('/') || letter == QLatin1Char('.');
        if (kept)
            word += letter;
        else if (!word.isEmpty() && !word.endsWith(QLatin1Char('-')))
            word += QLatin1Char('-');
    }
    while (word.endsWith(QLatin1Char('-')))
        word.chop(1);
    return word.toStdString();
}

/// "Show: tensors ▾" -> "Show", "&Bars" -> "Bars".
QString headOf(QString text)
{
    text.remove(QLatin1Char('&'));
    text.remove(QChar(0x25BE));
    if (const qsizetype colon = text.indexOf(QLatin1String(": ")); colon > 0)
        text.truncate(colon);
    return text.trimmed();
}

void addMenu(QMenu& menu, const QString& head, std::vector<ViewChoice>& out)
{
    const std::string what = wordOf(head);
    Q_EMIT menu.aboutToShow(); // some are filled when they open
    for (QAction* action : menu.actions()) {
        if (QMenu* inner = action->menu())
            addMenu(*inner, headOf(action->text()), out);
        else if (action->isCheckable() && action->isEnabled())
            out.push_back({what, wordOf(action->text()), head + QStringLiteral(": ") + QString(action->text()).remove(QLatin1Char('&')),
                           [guard = QPointer<QAction>(action)] { // a menu that is filled when it opens lets its actions go
                               if (guard && !guard->isChecked())
                                   guard->trigger();
                           }});
    }
}

} // namespace

std::vector<ViewChoice> viewChoices(const ViewTitle& title)
{
    std::vector<ViewChoice> out;
    for (QToolButton* button : title.findChildren<QToolButton*>(QStringLiteral("viewChoice"), Qt::FindDirectChildrenOnly)) {
        if (button->isHidden())
            continue;
        const std::string what = wordOf(button->text());
        if (what.empty())
            continue; // the menu of what has no room, which is here by itself
        if (button->menu() != nullptr)
            addMenu(*button->menu(), headOf(button->text()), out);
        else if (button->isCheckable())
            out.push_back({what, what, headOf(button->text()), [button] { button->setChecked(true); }});
    }
    return out;
}

std::vector<ViewChoice> menuChoices(const ViewTitle& title)
{
    std::vector<ViewChoice> out;
    for (QToolButton* button : title.findChildren<QToolButton*>(QStringLiteral("viewChoice"), Qt::FindDirectChildrenOnly))
        if (button->menu() != nullptr && !wordOf(button->text()).empty())
            addMenu(*button->menu(), headOf(button->text()), out);
    return out;
}

Result<bool> chooseInView(const ViewTitle& title, const std::string& wanted)
{
    const std::vector<ViewChoice> all = viewChoices(title);
    std::vector<const ViewChoice*> found;
    std::string names;
    for (const ViewChoice& each : all) {
        if (each.name == wanted || each.what + ":" + each.name == wanted)
            found.push_back(&each);
        names += (names.empty() ? "" : ", ") + (each.what == each.name ? each.name : each.what + ":" + each.name);
    }
    if (found.size() == 1) {
        found.front()->choose();
        return true;
    }
    Error error{.file = {}, .path = "--show", .found = wanted, .allowed = {}};
    if (found.size() > 1) {
        for (const ViewChoice* each : found)
            error.allowed += (error.allowed.empty() ? "that is one of " : ", ") + each->what + ":" + each->name;
        return error;
    }
    error.allowed = names.empty() ? "this picture has no choices" : "allowed is one of " + names;
    return error;
}

} // namespace shardlens
