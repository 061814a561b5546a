// SPDX-License-Identifier: Apache-2.0
// Every command of the window in one table: menus, shortcuts and the palette are made from it.
#pragma once

#include "ui/window/viewkind.h"

#include <QAction>
#include <QKeySequence>
#include <QObject>

#include <array>
#include <functional>
#include <span>

class QMenu;

namespace shardlens {

enum class CommandId : std::uint8_t {
    New,
    Open,
    ImportModel,
    ComparePoints,
    Save,
    SaveAs,
    ExportPicture,
    CopyWindow,
    CopyMesh, // in the order of ViewKind
    CopyPlate,
    CopyTimeline,
    CopyMemory,
    CopyLatency,
    CopyRoofline,
    CopyOperators,
    CopyExperts,
    CopyDisaggregation,
    CopyTrust,
    Quit,
    Undo,
    Redo,
    ClearSelection,
    ShowMesh, // in the order of ViewKind
    ShowPlate,
    ShowTimeline,
    ShowMemory,
    ShowLatency,
    ShowRoofline,
    ShowOperators,
    ShowExperts,
    ShowDisaggregation,
    ShowTrust,
    ShowInspector,
    RestoreLayout,
    ThemeLight,
    ThemeDark,
    ThemeContrast,
    ThemeSystem,
    TextSize100, // in the order of kTextSizes
    TextSize115,
    TextSize130,
    TextSize150,
    FullScreen,
    FindCommand,
    LockDevices,
    CancelSimulation,
    ResetScenario,
    Help,
    About,
};
inline constexpr std::size_t kCommandCount = static_cast<std::size_t>(CommandId::About) + 1;

[[nodiscard]] constexpr CommandId showCommand(ViewKind kind)
{
    return static_cast<CommandId>(static_cast<std::size_t>(CommandId::ShowMesh) + static_cast<std::size_t>(kind));
}
[[nodiscard]] constexpr CommandId copyCommand(ViewKind kind)
{
    return static_cast<CommandId>(static_cast<std::size_t>(CommandId::CopyMesh) + static_cast<std::size_t>(kind));
}
static_assert(showCommand(ViewKind::Trust) == CommandId::ShowTrust && copyCommand(ViewKind::Trust) == CommandId::CopyTrust);

enum class CommandMenu : std::uint8_t { File, CopyPicture, Edit, View, Theme, TextSize, Plan, Help };
inline constexpr std::size_t kCommandMenuCount = static_cast<std::size_t>(CommandMenu::Help) + 1;

struct CommandSpec {
    CommandId command;
    const char* id; ///< stable; the object name of the action
    CommandMenu menu;
    const char* text; ///< English with mnemonic; translated in the context "Commands"
    const char* tip;  ///< for the status bar and the palette; may be null
    QKeySequence::StandardKey standardKey = QKeySequence::UnknownKey;
    const char* shortcut = nullptr; ///< where no standard key exists
    bool checkable = false;
    bool separatorBefore = false;
};

/// In the order of the menus.
[[nodiscard]] std::span<const CommandSpec> commandTable();
[[nodiscard]] QString titleOf(CommandMenu menu);

/// The actions of one window, made from the table.
class Commands : public QObject {
    Q_OBJECT
public:
    explicit Commands(QWidget* window);

    [[nodiscard]] QAction* action(CommandId command) const { return m_actions[static_cast<std::size_t>(command)]; }
    /// What the command does; every command gets exactly one handler.
    void handle(CommandId command, std::function<void()> handler);
    void handleToggle(CommandId command, std::function<void(bool)> handler);
    [[nodiscard]] bool isHandled(CommandId command) const { return m_handled[static_cast<std::size_t>(command)]; }
    /// Appends the actions of `menu` in table order.
    void fill(QMenu& menu, CommandMenu which) const;

private:
    std::array<QAction*, kCommandCount> m_actions{};
    std::array<bool, kCommandCount> m_handled{};
};

} // namespace shardlens
