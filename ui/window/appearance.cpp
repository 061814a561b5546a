// SPDX-License-Identifier: Apache-2.0
#include "ui/window/appearance.h"

#include <QApplication>
#include <QStyleFactory>
#include <QToolTip>
#include <QWidget>

namespace shardlens {
namespace {

/// Replaces "@name" by the colour of that name.
QString filledIn(QString sheet, const Theme& theme)
{
    struct Name {
        const char* name;
        Ink ink;
    };
    // Longer names first: "@text2" must not be read as "@text".
    static constexpr std::array kNames{
        Name{"@window", Ink::Window},       Name{"@surface", Ink::Surface}, Name{"@sunken", Ink::Sunken}, Name{"@hover", Ink::HoverRow},
        Name{"@line", Ink::Line},           Name{"@strong", Ink::Strong},   Name{"@text3", Ink::Text3},   Name{"@text2", Ink::Text2},
        Name{"@tiptext", Ink::TooltipText}, Name{"@tip", Ink::Tooltip},     Name{"@text", Ink::Text},     Name{"@disabled", Ink::Disabled},
        Name{"@accent", Ink::Accent},
    };
    for (const Name& entry : kNames)
        sheet.replace(QLatin1String(entry.name), theme.color(entry.ink).name());
    sheet.replace(QStringLiteral("@note"), QStringLiteral("%1px").arg(fontOf(TextRole::Note).pixelSize()));
    sheet.replace(QStringLiteral("@body"), QStringLiteral("%1px").arg(fontOf(TextRole::Body).pixelSize()));
    return sheet;
}

} // namespace

void prepareAppearance()
{
    loadFonts();
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setFont(fontOf(TextRole::Body));
}

ThemeId themeOf(ThemeChoice choice)
{
    if (choice != ThemeChoice::System)
        return choice == ThemeChoice::Dark ? ThemeId::Dark : choice == ThemeChoice::Contrast ? ThemeId::Contrast : ThemeId::Light;
    // Qt 6.4 cannot say whether the desktop is dark, but its palette can. Ours hides the desktop's, so it steps aside for a moment.
    const QPalette ours = QApplication::palette();
    QApplication::setPalette(QPalette());
    const QPalette desktop = QApplication::palette();
    QApplication::setPalette(ours);
    return desktop.color(QPalette::WindowText).lightness() > desktop.color(QPalette::Window).lightness() ? ThemeId::Dark : ThemeId::Light;
}

QPalette paletteOf(const Theme& theme)
{
    QPalette palette;
    const auto set = [&](QPalette::ColorRole role, Ink ink) { palette.setColor(role, theme.color(ink)); };
    set(QPalette::Window, Ink::Surface);
    set(QPalette::WindowText, Ink::Text);
    set(QPalette::Base, Ink::Surface);
    set(QPalette::AlternateBase, Ink::Sunken);
    set(QPalette::Text, Ink::Text);
    set(QPalette::PlaceholderText, Ink::Text3);
    set(QPalette::Button, Ink::Surface);
    set(QPalette::ButtonText, Ink::Text);
    set(QPalette::ToolTipBase, Ink::Tooltip);
    set(QPalette::ToolTipText, Ink::TooltipText);
    set(QPalette::Highlight, Ink::Accent);
    palette.setColor(QPalette::HighlightedText, Theme::textOn(theme.color(Ink::Accent)));
    set(QPalette::Link, Ink::Accent);
    set(QPalette::LinkVisited, Ink::Accent);
    set(QPalette::Light, Ink::Surface);
    set(QPalette::Midlight, Ink::Line);
    set(QPalette::Mid, Ink::Line);
    set(QPalette::Dark, Ink::Strong);
    set(QPalette::Shadow, Ink::Strong);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, theme.color(Ink::Disabled));
    return palette;
}

QString frameStyleSheet(const Theme& theme)
{
    static const QString kSheet = QStringLiteral(R"(
#frame, #topRow, QMainWindow, QStatusBar { background: @window; }
QMainWindow::separator { background: @window; width: 3px; height: 3px; }
QMainWindow::separator:hover { background: @strong; }
QMenuBar { background: @window; color: @text; padding: 0 6px; }
QMenuBar::item { padding: 8px 8px 7px 8px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: @surface; }
QMenu { background: @surface; color: @text; border: 1px solid @strong; padding: 4px 0; }
QMenu::item { padding: 5px 28px 5px 28px; }
QMenu::item:selected { background: @hover; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @line; margin: 4px 0; }
QMenu::indicator { width: 12px; height: 12px; left: 8px; }
QStatusBar { color: @text2; font-size: @note; border: none; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: @text2; font-size: @note; padding: 0 8px; }
#dockTitle, #dockBody, #column, #columnBody, #inspectorBody { background: @surface; }
#viewTitle { color: @text; }
#viewSubtitle { color: @text3; }
#columnTitle { background: @surface; border-bottom: 1px solid @line; }
shardlens--DockArea > QTabBar { max-height: 0px; }
shardlens--DockArea > QTabBar::tab { height: 0px; min-height: 0px; margin: 0; padding: 0; border: none; }
QToolButton#viewTab { color: @text3; background: transparent; border: 1px solid transparent; padding: 2px 0; font-size: @body; }
QToolButton#viewTab:hover { color: @text; }
QToolButton#viewTab:focus { border: 1px solid @accent; }
QToolButton#viewChoice { color: @text2; background: transparent; border: 1px solid transparent; padding: 2px 4px; font-size: @note; }
QToolButton#viewChoice:hover { color: @text; }
QToolButton#viewChoice:focus { border: 1px solid @accent; }
QToolButton#viewChoice::menu-indicator { image: none; width: 0; }
QPushButton { color: @text; outline: none; background: @surface; border: 1px solid @strong; border-radius: 3px; padding: 4px 12px; }
QPushButton:hover { background: @hover; }
QPushButton:disabled { color: @disabled; border-color: @line; }
QPushButton:focus { border: 2px solid @accent; padding: 3px 11px; }
#findCommand { color: @text3; outline: none; background: @surface; border: 1px solid @strong; border-radius: 3px; padding: 2px 8px; text-align: left; }
#findCommand:focus { border: 2px solid @accent; padding: 1px 7px; }
#operatorFilter { color: @text; background: @surface; border: 1px solid @strong; border-radius: 3px; padding: 1px 6px; }
#operatorFilter:focus { border: 2px solid @accent; padding: 0px 5px; }
#palette, #messageBar, #sidePanel { background: @surface; border: 1px solid @strong; border-radius: 3px; }
#palette QLineEdit { color: @text; background: @surface; border: 2px solid @accent; border-radius: 3px; padding: 4px 6px; }
#palette QListWidget { background: @surface; border: none; outline: none; }
#sidePanel QTextBrowser { background: @surface; color: @text; border: none; }
#messageBar[severity="error"] { border: 1px solid @text; }
#messageBar QTextBrowser { background: @sunken; border: none; color: @text2; }
QScrollArea { border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @line; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: @strong; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QToolTip { background: @tip; color: @tiptext; border: none; padding: 6px 8px; }
)");
    return filledIn(kSheet, theme);
}

void applyAppearance(QWidget& window, const Theme& theme)
{
    const QPalette palette = paletteOf(theme);
    QApplication::setPalette(palette);
    if (QApplication::font() != fontOf(TextRole::Body)) // each call is told to every widget
        QApplication::setFont(fontOf(TextRole::Body));
    QToolTip::setPalette(palette);
    QToolTip::setFont(fontOf(TextRole::Note));
    window.setStyleSheet(frameStyleSheet(theme));
}

} // namespace shardlens
