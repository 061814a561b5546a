// SPDX-License-Identifier: Apache-2.0
#include "ui/window/commandtable.h"

#include <QCoreApplication>
#include <QMenu>
#include <QWidget>

namespace shardlens {
namespace {

using Id = CommandId;
using Menu = CommandMenu;
using Key = QKeySequence;

// clang-format off
constexpr std::array<CommandSpec, kCommandCount> kTable{{
    {Id::New, "file.new", Menu::File, QT_TRANSLATE_NOOP("Commands", "&New"), QT_TRANSLATE_NOOP("Commands", "Start again from the case study, untitled"), Key::New},
    {Id::Open, "file.open", Menu::File, QT_TRANSLATE_NOOP("Commands", "&Open…"), QT_TRANSLATE_NOOP("Commands", "Open a scenario file"), Key::Open},
    {Id::ImportModel, "file.import-model", Menu::File, QT_TRANSLATE_NOOP("Commands", "&Import model…"), QT_TRANSLATE_NOOP("Commands", "Read a model from a Hugging Face config.json"), Key::UnknownKey, "Ctrl+I"},
    {Id::ComparePoints, "file.compare-points", Menu::File, QT_TRANSLATE_NOOP("Commands", "&Compare measured points…"), QT_TRANSLATE_NOOP("Commands", "Predictions of the points in a CSV file, beside what was measured"), Key::UnknownKey, "Ctrl+M"},
    {Id::Save, "file.save", Menu::File, QT_TRANSLATE_NOOP("Commands", "&Save"), QT_TRANSLATE_NOOP("Commands", "Save the scenario"), Key::Save, nullptr, false, true},
    {Id::SaveAs, "file.save-as", Menu::File, QT_TRANSLATE_NOOP("Commands", "Save &as…"), QT_TRANSLATE_NOOP("Commands", "Save the scenario under another name"), Key::UnknownKey, "Ctrl+Shift+S"},
    {Id::ExportPicture, "file.export-picture", Menu::File, QT_TRANSLATE_NOOP("Commands", "&Export picture…"), QT_TRANSLATE_NOOP("Commands", "Save a picture of the window as PNG, at twice the resolution"), Key::UnknownKey, "Ctrl+E", false, true},
    {Id::CopyWindow, "copy.window", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Window"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the whole window to the clipboard"), Key::UnknownKey, "Ctrl+Shift+C"},
    {Id::CopyMesh, "copy.mesh", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Device mesh"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the device mesh to the clipboard")},
    {Id::CopyPlate, "copy.plate", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "Shard &plate"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the shard plate to the clipboard")},
    {Id::CopyTimeline, "copy.timeline", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "Pipeline &timeline"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the timeline to the clipboard")},
    {Id::CopyMemory, "copy.memory", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Memory"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the memory bars to the clipboard")},
    {Id::CopyLatency, "copy.latency", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Latency"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the latency bars and curves to the clipboard")},
    {Id::CopyRoofline, "copy.roofline", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Roofline"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the roofline to the clipboard")},
    {Id::CopyOperators, "copy.operators", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Operators"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the table of operators to the clipboard")},
    {Id::CopyExperts, "copy.experts", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "&Experts"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the load of the experts to the clipboard")},
    {Id::CopyDisaggregation, "copy.disaggregation", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "Disa&ggregation"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of the pools to the clipboard")},
    {Id::CopyTrust, "copy.trust", Menu::CopyPicture, QT_TRANSLATE_NOOP("Commands", "Tr&ust"), QT_TRANSLATE_NOOP("Commands", "Copy a picture of predicted against measured to the clipboard")},
    {Id::Quit, "file.quit", Menu::File, QT_TRANSLATE_NOOP("Commands", "&Quit"), nullptr, Key::Quit, "Ctrl+Q", false, true},
    {Id::Undo, "edit.undo", Menu::Edit, QT_TRANSLATE_NOOP("Commands", "&Undo"), nullptr, Key::Undo},
    {Id::Redo, "edit.redo", Menu::Edit, QT_TRANSLATE_NOOP("Commands", "&Redo"), nullptr, Key::Redo},
    {Id::ClearSelection, "edit.clear-selection", Menu::Edit, QT_TRANSLATE_NOOP("Commands", "&Clear selection"), QT_TRANSLATE_NOOP("Commands", "Nothing is pinned any more; Escape does the same"), Key::UnknownKey, nullptr, false, true},
    {Id::ShowMesh, "view.mesh", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Device mesh"), nullptr, Key::UnknownKey, "Alt+1", true},
    {Id::ShowPlate, "view.plate", Menu::View, QT_TRANSLATE_NOOP("Commands", "Shard &plate"), QT_TRANSLATE_NOOP("Commands", "Who holds which part of each tensor; a free product A · B"), Key::UnknownKey, "Alt+2", true},
    {Id::ShowTimeline, "view.timeline", Menu::View, QT_TRANSLATE_NOOP("Commands", "Pipeline &timeline"), nullptr, Key::UnknownKey, "Alt+3", true},
    {Id::ShowMemory, "view.memory", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Memory"), nullptr, Key::UnknownKey, "Alt+4", true},
    {Id::ShowLatency, "view.latency", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Latency"), nullptr, Key::UnknownKey, "Alt+5", true},
    {Id::ShowRoofline, "view.roofline", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Roofline"), QT_TRANSLATE_NOOP("Commands", "FLOP/s over intensity, operator by operator"), Key::UnknownKey, "Alt+6", true},
    {Id::ShowOperators, "view.operators", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Operators"), QT_TRANSLATE_NOOP("Commands", "Every operator with its shapes, costs and bound, sorted and filtered"), Key::UnknownKey, "Alt+7", true},
    {Id::ShowExperts, "view.experts", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Experts"), QT_TRANSLATE_NOOP("Commands", "Load of experts and EP ranks, with skew"), Key::UnknownKey, "Alt+8", true},
    {Id::ShowDisaggregation, "view.disaggregation", Menu::View, QT_TRANSLATE_NOOP("Commands", "Disa&ggregation"), QT_TRANSLATE_NOOP("Commands", "Prefill and decode pools, and the KV cache between them"), Key::UnknownKey, "Alt+9", true},
    {Id::ShowTrust, "view.trust", Menu::View, QT_TRANSLATE_NOOP("Commands", "Tr&ust"), QT_TRANSLATE_NOOP("Commands", "Predicted against measured, the nearest measured points, where constants are from"), Key::UnknownKey, "Alt+0", true},
    {Id::ShowInspector, "view.inspector", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Inspector"), QT_TRANSLATE_NOOP("Commands", "The arithmetic of what is selected"), Key::UnknownKey, "Ctrl+Shift+I", true},
    {Id::RestoreLayout, "view.restore-layout", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Restore default layout"), QT_TRANSLATE_NOOP("Commands", "All views back to their places"), Key::UnknownKey, nullptr, false, true},
    {Id::ThemeLight, "theme.light", Menu::Theme, QT_TRANSLATE_NOOP("Commands", "&Light theme"), nullptr, Key::UnknownKey, nullptr, true},
    {Id::ThemeDark, "theme.dark", Menu::Theme, QT_TRANSLATE_NOOP("Commands", "&Dark theme"), nullptr, Key::UnknownKey, nullptr, true},
    {Id::ThemeContrast, "theme.contrast", Menu::Theme, QT_TRANSLATE_NOOP("Commands", "High &contrast theme"), QT_TRANSLATE_NOOP("Commands", "Black on white, borders of full strength"), Key::UnknownKey, nullptr, true},
    {Id::ThemeSystem, "theme.system", Menu::Theme, QT_TRANSLATE_NOOP("Commands", "&System theme"), QT_TRANSLATE_NOOP("Commands", "Light or dark as the desktop is"), Key::UnknownKey, nullptr, true},
    {Id::TextSize100, "text-size.100", Menu::TextSize, QT_TRANSLATE_NOOP("Commands", "Text &100 %"), QT_TRANSLATE_NOOP("Commands", "Text as designed"), Key::UnknownKey, "Ctrl+0", true},
    {Id::TextSize115, "text-size.115", Menu::TextSize, QT_TRANSLATE_NOOP("Commands", "Text 11&5 %"), nullptr, Key::UnknownKey, nullptr, true},
    {Id::TextSize130, "text-size.130", Menu::TextSize, QT_TRANSLATE_NOOP("Commands", "Text 1&30 %"), nullptr, Key::UnknownKey, nullptr, true},
    {Id::TextSize150, "text-size.150", Menu::TextSize, QT_TRANSLATE_NOOP("Commands", "Text 150 &%"), QT_TRANSLATE_NOOP("Commands", "Everything written half as large again"), Key::UnknownKey, nullptr, true},
    {Id::FullScreen, "view.full-screen", Menu::View, QT_TRANSLATE_NOOP("Commands", "&Full screen"), nullptr, Key::UnknownKey, "F11", true, true},
    {Id::FindCommand, "view.find-command", Menu::View, QT_TRANSLATE_NOOP("Commands", "Find a &command…"), QT_TRANSLATE_NOOP("Commands", "Commands, models, clusters and plans by name"), Key::UnknownKey, "Ctrl+K"},
    {Id::LockDevices, "plan.lock-devices", Menu::Plan, QT_TRANSLATE_NOOP("Commands", "&Lock device count"), QT_TRANSLATE_NOOP("Commands", "Moving one axis moves its partner, so that the plan keeps its devices"), Key::UnknownKey, "Ctrl+L", true},
    {Id::CancelSimulation, "plan.cancel-simulation", Menu::Plan, QT_TRANSLATE_NOOP("Commands", "&Cancel the simulation"), QT_TRANSLATE_NOOP("Commands", "Keep the analytic figures of the load until the next edit")},
    {Id::ResetScenario, "plan.reset", Menu::Plan, QT_TRANSLATE_NOOP("Commands", "&Reset to the case study"), QT_TRANSLATE_NOOP("Commands", "Llama-3-70B on 8 H100; can be undone")},
    {Id::Help, "help.contents", Menu::Help, QT_TRANSLATE_NOOP("Commands", "&What is computed"), QT_TRANSLATE_NOOP("Commands", "The model explained, and how far to trust it"), Key::HelpContents, "F1"},
    {Id::About, "help.about", Menu::Help, QT_TRANSLATE_NOOP("Commands", "&About ShardLens"), nullptr},
}};
// clang-format on

QString translated(const char* text)
{
    return text == nullptr ? QString() : QCoreApplication::translate("Commands", text);
}

} // namespace

std::span<const CommandSpec> commandTable()
{
    return kTable;
}

QString titleOf(CommandMenu menu)
{
    switch (menu) {
    case CommandMenu::File: return QCoreApplication::translate("Commands", "&File");
    case CommandMenu::CopyPicture: return QCoreApplication::translate("Commands", "&Copy picture of");
    case CommandMenu::Edit: return QCoreApplication::translate("Commands", "&Edit");
    case CommandMenu::View: return QCoreApplication::translate("Commands", "&View");
    case CommandMenu::Theme: return QCoreApplication::translate("Commands", "&Theme");
    case CommandMenu::TextSize: return QCoreApplication::translate("Commands", "Te&xt size");
    case CommandMenu::Plan: return QCoreApplication::translate("Commands", "&Plan");
    case CommandMenu::Help: return QCoreApplication::translate("Commands", "&Help");
    }
    return {};
}

Commands::Commands(QWidget* window) : QObject(window)
{
    for (const CommandSpec& spec : kTable) {
        auto* action = new QAction(translated(spec.text), this);
        action->setObjectName(QLatin1String(spec.id));
        action->setCheckable(spec.checkable);
        action->setStatusTip(translated(spec.tip));
        // The desktop's key first, ours where it has none: under a bare X server Quit and Help have none.
        QList<QKeySequence> keys =
            spec.standardKey == QKeySequence::UnknownKey ? QList<QKeySequence>() : QKeySequence::keyBindings(spec.standardKey);
        if (spec.shortcut != nullptr && keys.isEmpty())
            keys << QKeySequence(QLatin1String(spec.shortcut));
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WindowShortcut);
        window->addAction(action);
        m_actions[static_cast<std::size_t>(spec.command)] = action;
    }
    action(CommandId::Quit)->setMenuRole(QAction::QuitRole);
    action(CommandId::About)->setMenuRole(QAction::AboutRole);
}

void Commands::handle(CommandId command, std::function<void()> handler)
{
    connect(action(command), &QAction::triggered, this, [handler = std::move(handler)] { handler(); });
    m_handled[static_cast<std::size_t>(command)] = true;
}

void Commands::handleToggle(CommandId command, std::function<void(bool)> handler)
{
    connect(action(command), &QAction::triggered, this, std::move(handler));
    m_handled[static_cast<std::size_t>(command)] = true;
}

void Commands::fill(QMenu& menu, CommandMenu which) const
{
    for (const CommandSpec& spec : kTable) {
        if (spec.menu != which)
            continue;
        if (spec.separatorBefore && !menu.isEmpty())
            menu.addSeparator();
        menu.addAction(action(spec.command));
    }
}

} // namespace shardlens
