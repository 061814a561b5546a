// SPDX-License-Identifier: Apache-2.0
// The window: puts the parts together and wires commands to them. What the parts do is theirs.
#pragma once

#include "ui/document/document.h"
#include "ui/theme/theme.h"
#include "ui/window/commandtable.h"
#include "ui/window/settings.h"
#include "ui/window/views.h"

#include <QMainWindow>

#include <array>

class QMenu;
class QToolButton;

namespace shardlens {

class CommandPalette;
class ControlPanel;
class DockArea;
class DropOverlay;
class FileController;
class HelpPanel;
class InspectorPanel;
class MessageBar;
class Refiner;
class TrustBody;
class WorkArea;
struct PaletteEntry;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// `settings` outlives the window.
    MainWindow(Document& document, Settings& settings, QWidget* parent = nullptr);
    ~MainWindow() override;

    [[nodiscard]] Document& document() const { return m_document; }
    [[nodiscard]] Commands& commands() const { return *m_commands; }
    [[nodiscard]] ControlPanel& controls() const { return *m_controls; }
    [[nodiscard]] DockArea& docks() const { return *m_docks; }
    [[nodiscard]] MessageBar& messages() const { return *m_messages; }
    [[nodiscard]] FileController& files() const { return *m_files; }
    [[nodiscard]] CommandPalette& palettePopup() const { return *m_palette; }
    [[nodiscard]] Refiner& refiner() const { return *m_refiner; }
    [[nodiscard]] TrustBody& trust() const;
    /// Shows the measured points of a table beside their predictions.
    void comparePoints(const QString& fileName);
    [[nodiscard]] ThemeId theme() const { return m_theme; }
    /// Independent of what the settings say; pictures are made so.
    void setTheme(ThemeId theme);
    /// What a view works out on other threads is there when it returns.
    void finish(ViewKind kind);
    /// The inspector alone, without what it says to a hand; as high as its text when `size` has no height.
    [[nodiscard]] QImage inspectorPicture(QSize size, double scale);
    /// The window, or one view with its title, at `scale` pixels per unit; `captioned`: with the assumptions under it.
    [[nodiscard]] QImage pictureOf(QWidget& widget, double scale, bool captioned = false);
    /// Of the caption under a picture of one view.
    [[nodiscard]] int captionHeight(const QWidget& widget, int width) const;

protected:
    void closeEvent(QCloseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    /// What the picture of a view, or of all, rests on.
    [[nodiscard]] QString assumptionsOf(const QWidget& widget) const;
    void buildTop();
    void buildCentre();
    void buildStatus();
    void connectDocument();
    void connectCommands();
    void connectViewCommands();
    /// In front of what it shares its place with, and the keyboard in it.
    void bringToFront(ViewKind kind);
    void restoreState();
    void chooseTheme(ThemeChoice choice);
    void chooseTextSize(int percent);
    void refreshTitle();
    void refreshStatus();
    void fillPresetMenu(QMenu& menu);
    void usePlan(const Plan& plan, const QString& name);
    void openPalette();
    void exportPicture();
    void copyPicture(QWidget& widget, const QString& what);
    [[nodiscard]] std::vector<PaletteEntry> paletteEntries();

    Document& m_document;
    Settings& m_settings;
    ThemeId m_theme = ThemeId::Light;
    bool m_closing = false; ///< the question about unsaved changes has been answered
    Commands* m_commands = nullptr;
    WorkArea* m_work = nullptr;
    ControlPanel* m_controls = nullptr;
    DockArea* m_docks = nullptr;
    InspectorPanel* m_inspector = nullptr;
    SceneView* m_verdict = nullptr;
    MessageBar* m_messages = nullptr;
    FileController* m_files = nullptr;
    CommandPalette* m_palette = nullptr;
    Refiner* m_refiner = nullptr;
    DropOverlay* m_drop = nullptr;
    HelpPanel* m_help = nullptr;
    std::array<View, kViewCount> m_views;
    QToolButton* m_cancel = nullptr; ///< of a running simulation
    QuietLabel* m_mode = nullptr;
    QuietLabel* m_evaluation = nullptr;
    QuietLabel* m_saved = nullptr;
};

} // namespace shardlens
