// SPDX-License-Identifier: Apache-2.0
#include "ui/window/memorybody.h"

#include "core/base/format.h"
#include "ui/views/sceneview.h"
#include "ui/window/viewparts.h"

#include <QActionGroup>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>

namespace shardlens {
namespace {

constexpr std::size_t kMenuChanges = 12;

} // namespace

MemoryBody::MemoryBody(Document& document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_view(new SceneView(document, {}, viewOptions(false, "Memory", describeMemory, memoryTooltip), this))
{
    setObjectName(QStringLiteral("dockBody"));
    setAttribute(Qt::WA_StyledBackground);
    m_view->installEventFilter(this);
    redraw();
}

void MemoryBody::redraw()
{
    m_view->setBuilder([options = m_options](const ViewInput& input, Scene& scene) { buildMemory(input, options, scene); });
}

void MemoryBody::setTheme(const Theme& theme)
{
    m_view->setTheme(theme);
}

void MemoryBody::setBars(MemoryBars bars)
{
    m_options.bars = bars;
    redraw();
}

void MemoryBody::setAxis(MemoryAxis axis)
{
    m_options.axis = axis;
    redraw();
}

void MemoryBody::setGhost(const std::string& label, bool shown)
{
    m_options.ghost = label;
    m_options.ghosts = shown;
    redraw();
}

void MemoryBody::fillGhostMenu(QMenu& menu)
{
    menu.clear();
    auto* group = new QActionGroup(&menu);
    const auto add = [&](const QString& text, const std::string& label, bool shown) {
        QAction* action = menu.addAction(text, this, [this, label, shown] { setGhost(label, shown); });
        action->setCheckable(true);
        action->setChecked(m_options.ghosts == shown && (!shown || m_options.ghost == label));
        group->addAction(action);
    };
    add(tr("Automatic: when it does not fit"), {}, true);
    add(tr("Never"), {}, false);
    menu.addSeparator();
    const Report& report = m_document.report();
    if (!report.legal)
        return;
    for (const MemoryChange& change : memoryChanges(m_document.scenario(), report.memory, kMenuChanges))
        add(tr("%1: frees %2").arg(qs(change.label), qs(change.effect)), change.label, true);
}

void MemoryBody::applyGhost()
{
    const std::optional<MemoryGhost> ghost = memoryGhost(m_document.scenario(), m_document.report(), m_options);
    if (!ghost)
        return;
    m_options.ghost.clear(); // it is no longer a change
    redraw();
    m_document.edit(ghost->change.scenario, qs(ghost->change.label));
    m_document.endMerge();
}

void MemoryBody::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_view->setGeometry(rect());
}

bool MemoryBody::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != m_view)
        return QWidget::eventFilter(watched, event);
    if (event->type() == QEvent::MouseButtonPress) {
        const auto* press = static_cast<QMouseEvent*>(event);
        if (press->button() == Qt::LeftButton && m_view->scene().subjectAt(press->position()) == ghostSubject()) {
            applyGhost();
            return true;
        }
    } else if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if ((key == Qt::Key_Return || key == Qt::Key_Enter) && m_document.selection().hover() == ghostSubject()) {
            applyGhost();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace shardlens
