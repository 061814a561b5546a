// SPDX-License-Identifier: Apache-2.0
// Layout, state and events; mainwindow_commands.cpp holds what the commands do.
#include "ui/window/mainwindow.h"

#include "core/base/format.h"
#include "ui/controls/controlpanel.h"
#include "ui/document/refiner.h"
#include "ui/scene/caption.h"
#include "ui/scene/servicetext.h"
#include "ui/views/sceneview.h"
#include "ui/window/appearance.h"
#include "ui/window/commandpalette.h"
#include "ui/window/dockarea.h"
#include "ui/window/dropoverlay.h"
#include "ui/window/filecontroller.h"
#include "ui/window/helppanel.h"
#include "ui/window/inspectorpanel.h"
#include "ui/window/messagebar.h"
#include "ui/window/trustbody.h"
#include "ui/window/workarea.h"

#include <QApplication>
#include <QCloseEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QPainter>
#include <QPointer>
#include <QPushButton>
#include <QScrollArea>
#include <QStatusBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr QSize kFirstSize{1440, 900};
constexpr QSize kLeastSize{1000, 640};
int menuRow()
{
    return scaledToText(32);
}
constexpr int kVerdictHeight = space::kVerdictValues + space::kVerdictAdvice;
int statusLabelWidth()
{
    return scaledToText(110);
}
int cancelWidth()
{
    return scaledToText(60);
}

/// Before the first widget is made: children inherit the font of the window, which no change reaches before the events run.
QWidget* withTextSize(const Settings& settings, QWidget* parent)
{
    setTextScale(settings.textSize() / 100.0);
    if (QApplication::font() != fontOf(TextRole::Body))
        QApplication::setFont(fontOf(TextRole::Body));
    return parent;
}

} // namespace

MainWindow::MainWindow(Document& document, Settings& settings, QWidget* parent)
    : QMainWindow(withTextSize(settings, parent)),
      m_document(document),
      m_settings(settings),
      m_commands(new Commands(this))
{
    setObjectName(QStringLiteral("mainWindow"));
    setAcceptDrops(true);
    setMinimumSize(kLeastSize);
    m_refiner = new Refiner(document, this);
    buildCentre();
    buildTop();
    buildStatus();
    m_files = new FileController(document, settings, *m_messages, this);
    connectCommands();
    connectViewCommands();
    connectDocument();
    restoreState();
    refreshTitle();
    refreshStatus();
}

MainWindow::~MainWindow() = default;

void MainWindow::buildTop()
{
    auto* top = new QWidget(this);
    top->setObjectName(QStringLiteral("topRow"));
    top->setAttribute(Qt::WA_StyledBackground);
    auto* bar = new QMenuBar(top);
    bar->setNativeMenuBar(false);
    followTextScale(bar, [bar] { bar->setFixedHeight(menuRow()); });
    QMenu* file = nullptr;
    for (const CommandMenu which : {CommandMenu::File, CommandMenu::Edit, CommandMenu::View, CommandMenu::Plan, CommandMenu::Help}) {
        QMenu* menu = bar->addMenu(titleOf(which));
        m_commands->fill(*menu, which);
        if (which == CommandMenu::File) {
            file = menu;
            QMenu* recent = new QMenu(tr("Open &recent"), menu);
            connect(recent, &QMenu::aboutToShow, this, [this, recent] { m_files->fillRecentMenu(*recent); });
            menu->insertMenu(m_commands->action(CommandId::ImportModel), recent);
        } else if (which == CommandMenu::View) {
            QMenu* themes = menu->addMenu(titleOf(CommandMenu::Theme));
            m_commands->fill(*themes, CommandMenu::Theme);
            QMenu* sizes = menu->addMenu(titleOf(CommandMenu::TextSize));
            m_commands->fill(*sizes, CommandMenu::TextSize);
        } else if (which == CommandMenu::Plan) {
            QMenu* presets = menu->addMenu(tr("&Use plan"));
            connect(presets, &QMenu::aboutToShow, this, [this, presets] { fillPresetMenu(*presets); });
        }
    }
    QMenu* copy = new QMenu(titleOf(CommandMenu::CopyPicture), file);
    m_commands->fill(*copy, CommandMenu::CopyPicture);
    if (file) // made in the loop above
        file->insertMenu(m_commands->action(CommandId::Quit), copy);

    auto* find = new QPushButton(tr("Find a command") % QStringLiteral("      ")
                                     % m_commands->action(CommandId::FindCommand)->shortcut().toString(QKeySequence::NativeText),
                                 top);
    find->setObjectName(QStringLiteral("findCommand"));
    find->setAccessibleName(tr("Find a command"));
    followTextScale(find, [find] { find->setFixedSize(scaledToText(240), scaledToText(24)); });
    connect(find, &QPushButton::clicked, m_commands->action(CommandId::FindCommand), &QAction::trigger);

    m_verdict = makeVerdictView(m_document, top);
    followTextScale(m_verdict, [this] { m_verdict->setFixedHeight(scaledToText(kVerdictHeight)); });
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, space::kInset, 0);
    row->addWidget(bar, 1);
    row->addWidget(find);
    auto* column = new QVBoxLayout(top);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(m_verdict);
    setMenuWidget(top);
}

void MainWindow::buildCentre()
{
    m_work = new WorkArea(this);
    auto* column = new QScrollArea(m_work);
    column->setObjectName(QStringLiteral("column"));
    column->setWidgetResizable(true);
    column->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    column->setFocusPolicy(Qt::NoFocus);
    m_controls = new ControlPanel(m_document, column);
    m_controls->setObjectName(QStringLiteral("columnBody"));
    // Opaque: what changes in it does not paint scroll area, frame and window below it first.
    m_controls->setAutoFillBackground(true);
    column->setWidget(m_controls);

    m_docks = new DockArea(m_work);
    for (std::size_t i = 0; i < kViewCount; ++i) {
        const auto kind = static_cast<ViewKind>(i);
        m_views[i] = makeView(kind, m_document, m_docks);
        auto* dock = new ViewDock(nameOf(kind), m_views[i].title, m_views[i].body, m_docks);
        m_docks->add(kind, dock);
        connect(dock, &QDockWidget::visibilityChanged, this, [this, i](bool visible) {
            if (visible)
                m_views[i].refresh();
        });
    }
    m_inspector = new InspectorPanel(m_document, m_work);
    m_work->setParts(column, m_docks, m_inspector);
    setCentralWidget(m_work);

    m_messages = new MessageBar(m_work);
    m_help = new HelpPanel(m_work);
    m_palette = new CommandPalette(this);
    m_drop = new DropOverlay(this);
}

void MainWindow::buildStatus()
{
    QStatusBar* bar = statusBar();
    followTextScale(bar, [bar] { bar->setFixedHeight(scaledToText(24)); });
    bar->setSizeGripEnabled(false);
    bar->setContentsMargins(space::kInset, 0, 0, 0);
    m_cancel = new QToolButton(bar);
    m_cancel->setObjectName(QStringLiteral("cancelSimulation"));
    m_cancel->setAccessibleName(tr("Cancel the simulation"));
    m_cancel->setFocusPolicy(Qt::NoFocus); // the command has the keyboard
    m_cancel->setText(tr("Cancel"));
    followTextScale(m_cancel, [this] { m_cancel->setFixedSize(cancelWidth(), scaledToText(20)); });
    QSizePolicy keeps = m_cancel->sizePolicy();
    keeps.setRetainSizeWhenHidden(true); // what stands beside it stays where it is
    m_cancel->setSizePolicy(keeps);
    connect(m_cancel, &QToolButton::clicked, m_refiner, &Refiner::cancel);
    // Of widths that no text changes, and painted by themselves: what is new on every drag step must not lay the window out again.
    m_mode = new QuietLabel(TextRole::Note, Ink::Text2, bar);
    m_mode->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    bar->addPermanentWidget(m_mode, 1);
    bar->addPermanentWidget(m_cancel);
    for (QuietLabel** label : {&m_evaluation, &m_saved}) {
        *label = new QuietLabel(TextRole::Note, Ink::Text2, bar);
        (*label)->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
        followTextScale(*label, [shown = *label] { shown->setFixedWidth(statusLabelWidth()); });
        bar->addPermanentWidget(*label);
    }
}

void MainWindow::connectDocument()
{
    connect(&m_document, &Document::reportChanged, this, [this] {
        for (const View& view : m_views)
            if (!view.title->visibleRegion().isEmpty()) // others are refreshed when they come to the front
                view.refresh();
        refreshStatus();
    });
    connect(&m_document, &Document::fileChanged, this, [this] {
        refreshTitle();
        refreshStatus();
    });
    connect(&m_document, &Document::notice, m_messages, &MessageBar::note);
    connect(m_controls, &ControlPanel::message, m_messages, &MessageBar::refusal);
    connect(&m_document, &Document::reportChanged, m_messages, &MessageBar::dismissRefusal);
    connect(m_refiner, &Refiner::changed, this, &MainWindow::refreshStatus);
    m_inspector->setExplain([this](const Subject& subject) { return trust().explanationOf(subject); });
    connect(&trust().measurements(), &Measurements::failed, m_messages, &MessageBar::error);
    connect(&trust().measurements(), &Measurements::loaded, m_messages, &MessageBar::note);
    connect(&m_document.selection(), &Selection::changed, this,
            [this] { m_work->setPinned(m_document.selection().pin().kind != Subject::Kind::None); });
    QAction* undo = m_commands->action(CommandId::Undo);
    QAction* redo = m_commands->action(CommandId::Redo);
    const auto showSteps = [this, undo, redo] {
        const QUndoStack& stack = m_document.undoStack();
        undo->setEnabled(stack.canUndo());
        redo->setEnabled(stack.canRedo());
        undo->setText(stack.canUndo() ? tr("&Undo: %1").arg(stack.undoText()) : tr("&Undo"));
        redo->setText(stack.canRedo() ? tr("&Redo: %1").arg(stack.redoText()) : tr("&Redo"));
    };
    connect(&m_document.undoStack(), &QUndoStack::indexChanged, this, showSteps);
    showSteps();
    for (const View& view : m_views)
        view.refresh();
}

void MainWindow::restoreState()
{
    if (!restoreGeometry(m_settings.windowGeometry()))
        resize(kFirstSize);
    m_docks->restoreDefaultLayout();
    m_docks->restoreLayoutState(m_settings.docks());
    for (std::size_t i = 0; i < kViewCount; ++i) { // docks report what they do only once they are on screen
        const auto kind = static_cast<ViewKind>(i);
        m_commands->action(showCommand(kind))->setChecked(!m_docks->dock(kind)->isHidden());
    }
    m_controls->setDevicesLocked(m_settings.devicesLocked());
    m_commands->action(CommandId::LockDevices)->setChecked(m_settings.devicesLocked());
    m_controls->setMoreShown(m_settings.moreShown());
    m_controls->setAdvancedShown(m_settings.advancedShown());
    m_commands->action(CommandId::ShowInspector)->setChecked(m_settings.inspectorShown());
    m_work->setInspectorWanted(m_settings.inspectorShown());
    setTheme(themeOf(m_settings.theme()));
}

void MainWindow::setTheme(ThemeId id)
{
    m_theme = id;
    const Theme& theme = Theme::of(id);
    applyAppearance(*this, theme);
    m_controls->setTheme(theme);
    m_inspector->setTheme(theme);
    m_verdict->setTheme(theme);
    m_palette->setTheme(theme);
    m_drop->setTheme(theme);
    for (const View& view : m_views)
        view.applyTheme(theme);
    for (QuietLabel* label : {m_mode, m_evaluation, m_saved})
        label->setTheme(theme);
}

void MainWindow::refreshTitle()
{
    const QString file = m_document.fileName();
    setWindowTitle(tr("%1[*] – ShardLens").arg(file.isEmpty() ? tr("Untitled") : QFileInfo(file).fileName()));
    setWindowFilePath(file);
    setWindowModified(m_document.isModified());
}

void MainWindow::refreshStatus()
{
    const Scenario& scenario = m_document.scenario();
    QString mode = modeText(scenario, m_document.report(), false);
    const bool running = m_refiner->state() == Refiner::State::Running;
    if (running)
        mode += tr(", simulating %1 %").arg(qRound(m_refiner->progress() * 100));
    m_mode->setText(mode);
    const bool cancels = running || m_refiner->state() == Refiner::State::Waiting;
    m_commands->action(CommandId::CancelSimulation)->setEnabled(cancels);
    m_cancel->setVisible(running);
    m_evaluation->setText(tr("Evaluated in %1").arg(qs(formatSeconds(m_document.evaluationSeconds(), 2))));
    m_saved->setText(m_document.isModified() ? tr("Unsaved changes") : m_document.fileName().isEmpty() ? tr("Not saved yet") : tr("Saved"));
}

void MainWindow::finish(ViewKind kind)
{
    const View& view = m_views[static_cast<std::size_t>(kind)];
    view.refresh();
    if (view.finish)
        view.finish();
}

QImage MainWindow::inspectorPicture(QSize size, double scale)
{
    m_inspector->setParent(nullptr);
    m_inspector->setAttribute(Qt::WA_DontShowOnScreen);
    m_inspector->setAttribute(Qt::WA_DeleteOnClose, false);
    m_inspector->setHints(false);
    m_inspector->setStyleSheet(styleSheet()); // it stands outside of the window now
    m_inspector->resize(size.width(), std::max(size.height(), 1));
    m_inspector->show();
    m_inspector->settle();
    if (size.height() <= 0) {
        // Measured beside a scroll bar, its lines were shorter and more than without it.
        for (int pass = 0; pass < 2; ++pass) {
            m_inspector->resize(size.width(), m_inspector->naturalHeight());
            m_inspector->settle();
        }
    }
    QImage image = pictureOf(*m_inspector, scale);
    m_inspector->setHints(true);
    m_inspector->setStyleSheet(QString());
    m_inspector->setParent(m_work);
    return image;
}

QString MainWindow::assumptionsOf(const QWidget& widget) const
{
    for (std::size_t i = 0; i < kViewCount; ++i)
        if (&widget == m_docks->dock(static_cast<ViewKind>(i)) && m_views[i].assumptions)
            if (QString own = m_views[i].assumptions(); !own.isEmpty())
                return own;
    return assumptionsText(m_document.scenario(), m_document.report());
}

int MainWindow::captionHeight(const QWidget& widget, int width) const
{
    return static_cast<int>(std::ceil(shardlens::captionHeight(assumptionsOf(widget), width)));
}

QImage MainWindow::pictureOf(QWidget& widget, double scale, bool captioned)
{
    // Choices are for the hand: a picture of one view goes without them.
    QList<QWidget*> choices;
    if (&widget != this)
        for (const QString& name : {QStringLiteral("viewChoice"), QStringLiteral("viewTab")})
            choices += widget.findChildren<QWidget*>(name);
    for (QLineEdit* field : widget.findChildren<QLineEdit*>(QStringLiteral("operatorFilter")))
        if (&widget != this && field->text().isEmpty()) // nothing is filtered: only an invitation to
            choices << field;
    choices.removeIf([](const QWidget* choice) { return choice->isHidden(); });
    for (QWidget* choice : choices)
        choice->setVisible(false);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest); // what is left takes their room
    QPointer<QWidget> focus = QApplication::focusWidget();              // its ring is for the hand too
    if (focus != nullptr)
        focus->clearFocus();
    const Theme& theme = Theme::of(m_theme);
    const int caption = captioned ? captionHeight(widget, widget.width()) : 0;
    QImage image((widget.size() + QSize(0, caption)) * scale, QImage::Format_RGB32);
    image.setDevicePixelRatio(scale);
    image.fill(theme.color(&widget == this ? Ink::Window : Ink::Surface));
    widget.render(&image);
    for (QWidget* choice : choices)
        choice->setVisible(true);
    if (focus != nullptr)
        focus->setFocus(Qt::OtherFocusReason);
    if (captioned) {
        Scene scene;
        scene.clear(QSizeF(widget.width(), widget.height() + caption));
        drawCaption(scene, theme, QRectF(0, widget.height(), widget.width(), caption), assumptionsOf(widget));
        QPainter painter(&image);
        paint(painter, scene, theme);
    }
    return image;
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (!m_closing && m_document.isModified()) {
        event->ignore();
        m_files->afterSaving(tr("Save the changes before closing?"), [this] {
            m_closing = true;
            close();
        });
        return;
    }
    m_settings.setWindowGeometry(saveGeometry());
    m_settings.setDocks(m_docks->layoutState());
    m_settings.setDevicesLocked(m_controls->devicesLocked());
    m_settings.setMoreShown(m_controls->moreShown());
    m_settings.setAdvancedShown(m_controls->advancedShown());
    m_settings.setInspectorShown(m_commands->action(CommandId::ShowInspector)->isChecked());
    QMainWindow::closeEvent(event);
}

void MainWindow::keyPressEvent(QKeyEvent* event)
{
    // What nobody nearer to the focus wanted: Escape closes what lies on top, then clears the selection.
    if (event->key() != Qt::Key_Escape)
        QMainWindow::keyPressEvent(event);
    else if (m_help->isVisible())
        m_help->dismiss();
    else if (m_document.selection().pin().kind != Subject::Kind::None)
        m_document.selection().clear();
    else
        m_messages->dismiss();
}

void MainWindow::changeEvent(QEvent* event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::ThemeChange && m_settings.theme() == ThemeChoice::System)
        setTheme(themeOf(ThemeChoice::System));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const QString file = droppedFile(*event->mimeData());
    if (file.isEmpty())
        return;
    m_drop->present(file);
    event->acceptProposedAction();
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*)
{
    m_drop->hide();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    m_drop->hide();
    const QString file = droppedFile(*event->mimeData());
    if (file.isEmpty())
        return;
    event->acceptProposedAction();
    if (looksLikePoints(file))
        comparePoints(file);
    else
        m_files->openAny(file);
}

TrustBody& MainWindow::trust() const
{
    return *static_cast<TrustBody*>(m_views[static_cast<std::size_t>(ViewKind::Trust)].body);
}

void MainWindow::comparePoints(const QString& fileName)
{
    m_docks->present(ViewKind::Trust);
    trust().measurements().load(fileName);
}

} // namespace shardlens
