// SPDX-License-Identifier: Apache-2.0
// What the commands of the window do, and what the palette offers.
#include "ui/controls/controlpanel.h"
#include "ui/document/refiner.h"
#include "ui/scene/scene.h"
#include "ui/views/sceneview.h"
#include "ui/window/aboutdialog.h"
#include "ui/window/appearance.h"
#include "ui/window/commandpalette.h"
#include "ui/window/dockarea.h"
#include "ui/window/filecontroller.h"
#include "ui/window/helppanel.h"
#include "ui/window/mainwindow.h"
#include "ui/window/messagebar.h"
#include "ui/window/planpresets.h"
#include "ui/window/render.h"
#include "ui/window/trustbody.h"
#include "ui/window/viewchoices.h"
#include "ui/window/workarea.h"

#include <QActionGroup>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QImage>
#include <QMenu>

namespace shardlens {
namespace {

/// A key that names a view brings it to the front; only the menu, where the mark can be seen, puts it away.
class ByKeys : public QObject {
public:
    ByKeys(std::function<void()> run, QAction* action) : QObject(action), m_run(std::move(run)) {}

protected:
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        if (event->type() != QEvent::Shortcut)
            return QObject::eventFilter(watched, event);
        m_run();
        return true;
    }

private:
    std::function<void()> m_run;
};

constexpr double kPictureScale = 2;

QString plain(QString text)
{
    return text.remove(QLatin1Char('&')).remove(QStringLiteral("…"));
}

} // namespace

void MainWindow::connectCommands()
{
    Commands& commands = *m_commands;
    commands.handle(CommandId::New, [this] { m_files->newScenario(); });
    commands.handle(CommandId::Open, [this] { m_files->openByDialog(); });
    commands.handle(CommandId::ImportModel, [this] { m_files->importByDialog(); });
    commands.handle(CommandId::ComparePoints, [this] { trust().openByDialog(m_settings.directory()); });
    commands.handle(CommandId::CancelSimulation, [this] { m_refiner->cancel(); });
    commands.handle(CommandId::Save, [this] { m_files->save(); });
    commands.handle(CommandId::SaveAs, [this] { m_files->saveByDialog(); });
    commands.handle(CommandId::ExportPicture, [this] { exportPicture(); });
    commands.handle(CommandId::Quit, [this] { close(); });
    commands.handle(CommandId::Undo, [this] {
        m_document.endMerge();
        m_document.undoStack().undo();
    });
    commands.handle(CommandId::Redo, [this] {
        m_document.endMerge();
        m_document.undoStack().redo();
    });
    commands.handle(CommandId::ClearSelection, [this] { m_document.selection().clear(); });
    commands.handle(CommandId::ResetScenario, [this] {
        m_document.endMerge();
        m_document.edit(caseStudyScenario(m_document.catalog()), tr("Case study"));
    });
    commands.handleToggle(CommandId::LockDevices, [this](bool locked) { m_controls->setDevicesLocked(locked); });
    connect(m_controls, &ControlPanel::devicesLockedChanged, commands.action(CommandId::LockDevices), &QAction::setChecked);
    commands.handle(CommandId::Help, [this] { m_help->present(); });
    commands.handle(CommandId::About, [this] {
        auto* dialog = new AboutDialog(this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
    });
    commands.handle(CommandId::FindCommand, [this] { openPalette(); });
}

void MainWindow::bringToFront(ViewKind kind)
{
    m_docks->present(kind);
    m_commands->action(showCommand(kind))->setChecked(true);
    QWidget* body = m_views[static_cast<std::size_t>(kind)].body;
    QWidget* target = body->focusPolicy() != Qt::NoFocus || body->focusProxy() != nullptr ? body : body->findChild<SceneView*>();
    if (target != nullptr)
        target->setFocus(Qt::ShortcutFocusReason);
}

void MainWindow::connectViewCommands()
{
    Commands& commands = *m_commands;
    for (std::size_t i = 0; i < kViewCount; ++i) {
        const auto kind = static_cast<ViewKind>(i);
        ViewDock* dock = m_docks->dock(kind);
        QAction* show = commands.action(showCommand(kind));
        commands.handleToggle(showCommand(kind), [this, kind, dock, show](bool shown) {
            // What stands behind another one comes to the front; only what is in sight can be put away.
            if (!shown && m_docks->isInFront(kind)) {
                dock->hide();
                return;
            }
            m_docks->present(kind);
            show->setChecked(true);
        });
        show->installEventFilter(new ByKeys([this, kind] { bringToFront(kind); }, show));
        connect(dock->toggleViewAction(), &QAction::toggled, show, &QAction::setChecked);
        show->setChecked(!dock->isHidden());
        commands.handle(copyCommand(kind), [this, dock] { copyPicture(*dock, dock->windowTitle()); });
    }
    commands.handle(CommandId::CopyWindow, [this] { copyPicture(*this, tr("Window")); });
    commands.handleToggle(CommandId::ShowInspector, [this](bool shown) { m_work->setInspectorWanted(shown); });
    commands.handle(CommandId::RestoreLayout, [this] {
        m_docks->restoreDefaultLayout();
        m_commands->action(CommandId::ShowInspector)->setChecked(true);
        m_work->setInspectorWanted(true);
    });
    commands.handleToggle(CommandId::FullScreen, [this](bool full) { setWindowState(windowState().setFlag(Qt::WindowFullScreen, full)); });

    auto* group = new QActionGroup(this);
    const auto theme = [&](CommandId id, ThemeChoice choice) {
        group->addAction(commands.action(id));
        commands.action(id)->setChecked(m_settings.theme() == choice);
        commands.handle(id, [this, choice] { chooseTheme(choice); });
    };
    theme(CommandId::ThemeLight, ThemeChoice::Light);
    theme(CommandId::ThemeDark, ThemeChoice::Dark);
    theme(CommandId::ThemeContrast, ThemeChoice::Contrast);
    theme(CommandId::ThemeSystem, ThemeChoice::System);
    auto* sizes = new QActionGroup(this);
    for (std::size_t i = 0; i < kTextSizes.size(); ++i) {
        const auto id = static_cast<CommandId>(static_cast<std::size_t>(CommandId::TextSize100) + i);
        sizes->addAction(commands.action(id));
        commands.action(id)->setChecked(m_settings.textSize() == kTextSizes[i]);
        commands.handle(id, [this, percent = kTextSizes[i]] { chooseTextSize(percent); });
    }
}

void MainWindow::chooseTheme(ThemeChoice choice)
{
    m_settings.setTheme(choice);
    setTheme(themeOf(choice));
}

void MainWindow::chooseTextSize(int percent)
{
    m_settings.setTextSize(percent);
    setTextScale(percent / 100.0);
    setTheme(m_theme); // the style sheet and the application's font know sizes too
}

void MainWindow::usePlan(const Plan& plan, const QString& name)
{
    Scenario next = m_document.scenario();
    next.plan = plan;
    m_document.endMerge();
    m_document.edit(next, tr("Plan %1").arg(name));
}

void MainWindow::fillPresetMenu(QMenu& menu)
{
    menu.clear();
    for (const PlanPreset& preset : planPresets(m_document.scenario())) {
        QAction* action = menu.addAction(preset.name, this, [this, preset] { usePlan(preset.plan, preset.name); });
        action->setCheckable(true);
        action->setChecked(presetName(m_document.scenario().plan) == preset.name);
    }
}

std::vector<PaletteEntry> MainWindow::paletteEntries()
{
    std::vector<PaletteEntry> entries;
    const auto viewOf = [](CommandId command) -> std::optional<ViewKind> {
        for (std::size_t i = 0; i < kViewCount; ++i)
            if (showCommand(static_cast<ViewKind>(i)) == command)
                return static_cast<ViewKind>(i);
        return {};
    };
    for (const CommandSpec& spec : commandTable()) {
        QAction* action = m_commands->action(spec.command);
        if (const std::optional<ViewKind> view = viewOf(spec.command)) { // who looks for a view does not want it to go
            entries.push_back({plain(action->text()), plain(titleOf(spec.menu)), action->shortcut().toString(QKeySequence::NativeText),
                               [this, view] { bringToFront(*view); }, action->isEnabled()});
            continue;
        }
        if (spec.command != CommandId::FindCommand)
            entries.push_back({plain(action->text()), plain(titleOf(spec.menu)), action->shortcut().toString(QKeySequence::NativeText),
                               [action] { action->trigger(); }, action->isEnabled()});
    }
    for (const PlanPreset& preset : planPresets(m_document.scenario()))
        entries.push_back({preset.name, tr("Plan"), {}, [this, preset] { usePlan(preset.plan, preset.name); }});
    for (const std::shared_ptr<const Model>& model : m_document.catalog().models)
        entries.push_back({qs(model->name), tr("Model"), {}, [this, model] { m_document.setModel(model); }});
    for (const std::shared_ptr<const Cluster>& cluster : m_document.catalog().clusters)
        entries.push_back({qs(cluster->name), tr("Cluster"), {}, [this, cluster] { m_document.setCluster(cluster); }});
    for (std::size_t i = 0; i < kViewCount; ++i) {
        const auto kind = static_cast<ViewKind>(i);
        if (m_views[i].title == nullptr)
            continue;
        for (const ViewChoice& choice : menuChoices(*m_views[i].title))
            entries.push_back(
                {m_views[i].title->title() % QStringLiteral(", ") % choice.title, tr("View"), {}, [this, kind, choose = choice.choose] {
                     bringToFront(kind);
                     choose();
                 }});
    }
    return entries;
}

void MainWindow::openPalette()
{
    m_palette->open(paletteEntries());
}

void MainWindow::exportPicture()
{
    // Taken now: the dialog would be part of it later.
    const QImage image = pictureOf(*this, kPictureScale);
    auto* dialog = new QFileDialog(this, tr("Export a picture"), m_settings.directory());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters({tr("PNG pictures (*.png)")});
    dialog->setDefaultSuffix(QStringLiteral("png"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, image](const QString& fileName) {
        const Result<bool> saved = savePicture(image, fileName);
        if (saved.ok())
            m_messages->note(tr("Picture saved as %1.").arg(fileName));
        else
            m_messages->error(QString::fromStdString(saved.error().sentence()));
    });
    dialog->open();
}

void MainWindow::copyPicture(QWidget& widget, const QString& what)
{
    if (widget.visibleRegion().isEmpty()) {
        m_messages->error(tr("%1 is hidden: show it first, then copy its picture.").arg(what));
        return;
    }
    QGuiApplication::clipboard()->setImage(pictureOf(widget, kPictureScale, &widget != this));
    m_messages->note(tr("%1: picture copied.").arg(what));
}

} // namespace shardlens
