// SPDX-License-Identifier: Apache-2.0
// Presses and drags of the timeline.
#include "ui/views/sceneview.h"
#include "ui/window/timelinehands.h"
#include "ui/window/timelinemarker.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kReach = 5; ///< px

std::size_t at(Phase phase)
{
    return static_cast<std::size_t>(phase);
}

} // namespace

double TimelineHands::snapped(const TimelineLayout& layout, const TimelinePanel& panel, QPointF position) const
{
    const double time = std::clamp(panel.timeAt(position.x()), panel.visible.begin, panel.visible.end);
    const double reach = kReach / panel.plot.width() * panel.visible.length();
    double best = time;
    double least = reach;
    const auto offer = [&](double edge) {
        if (std::abs(edge - time) < least && edge >= panel.visible.begin && edge <= panel.visible.end) {
            least = std::abs(edge - time);
            best = edge;
        }
    };
    offer(0);
    offer(panel.duration);
    const TimelineRow* under = layout.rowAt(position.y());
    std::vector<TimelinePiece> pieces;
    for (const TimelineRow& row : layout.rows) {
        if ((under != nullptr && !(row == *under)) || row.stages > 1)
            continue;
        collectPieces(phaseOf(panel.phase), panel.phase, row.stage, {time - reach, time + reach}, pieces);
        for (const TimelinePiece& piece : pieces) {
            offer(piece.start);
            offer(piece.end);
        }
    }
    return best;
}

int TimelineHands::edgeAt(const TimelineLayout& layout, QPointF position) const
{
    if (!m_options.range)
        return -1;
    const TimelinePanel& panel = layout.panels[at(m_options.range->phase)];
    if (!panel.plot.adjusted(-kReach, -8, kReach, 8).contains(position))
        return -1;
    const double left = std::abs(position.x() - panel.xOf(m_options.range->time.begin));
    const double right = std::abs(position.x() - panel.xOf(m_options.range->time.end));
    return std::min(left, right) > kReach ? -1 : left < right ? 0 : 1;
}

bool TimelineHands::press(const QMouseEvent& event)
{
    m_drag = Drag::None;
    m_moved = false;
    m_pointer = event.position();
    if (m_options.keys) {
        toggleKeys();
        return true;
    }
    if ((event.button() != Qt::LeftButton && event.button() != Qt::MiddleButton) || !m_document.report().legal)
        return false;
    const TimelineLayout current = layout();
    m_pressed = event.position();
    m_pressedStage = m_options.firstStage;
    if (const int edge = edgeAt(current, m_pressed); edge >= 0 && event.button() == Qt::LeftButton) {
        m_drag = Drag::Range;
        m_pressedPhase = m_options.range->phase;
        m_anchor = edge == 0 ? m_options.range->time.end : m_options.range->time.begin;
        return true;
    }
    if (const TimelinePanel* panel = current.panelAt(m_pressed)) {
        m_pressedPhase = panel->phase;
        m_pressedRange = panel->visible;
        m_drag = Drag::Pan;
        if (event.button() == Qt::LeftButton && (m_selecting || event.modifiers().testFlag(Qt::ShiftModifier))) {
            m_drag = Drag::Range;
            m_anchor = snapped(current, *panel, m_pressed);
        }
        return true;
    }
    if (current.labels.contains(m_pressed))
        m_drag = Drag::Rows;
    return m_drag != Drag::None;
}

bool TimelineHands::move(const QMouseEvent& event)
{
    m_pointer = event.position();
    if (m_drag == Drag::None) {
        if (event.buttons() == Qt::NoButton && m_options.range) {
            if (edgeAt(layout(), m_pointer) >= 0)
                m_view.setCursor(Qt::SplitHCursor);
            else
                m_view.unsetCursor();
        }
        return false;
    }
    if ((event.buttons() & (Qt::LeftButton | Qt::MiddleButton)) == 0) { // the button came up elsewhere
        m_drag = Drag::None;
        return false;
    }
    if (!m_moved && (m_pointer - m_pressed).manhattanLength() < QApplication::startDragDistance())
        return true;
    if (!m_moved && m_drag == Drag::Pan)
        remember(true);
    m_moved = true;
    const TimelineLayout current = layout();
    const TimelinePanel& panel = current.panels[at(m_pressedPhase)];
    if (m_drag == Drag::Range && panel.plot.width() > 0) {
        const double time = snapped(current, panel, m_pointer);
        setRange(TimelineRange{m_pressedPhase, {std::min(m_anchor, time), std::max(m_anchor, time)}});
        return true;
    }
    if (m_drag == Drag::Pan && panel.plot.width() > 0) {
        const double seconds = (m_pressed.x() - m_pointer.x()) / panel.plot.width() * m_pressedRange.length();
        show(m_pressedPhase, panRange(m_pressedRange, seconds, panel.duration));
    }
    dragRows(m_pressed.y() - m_pointer.y());
    return true;
}

void TimelineHands::dragRows(double dy)
{
    if (m_options.shownStages <= 0)
        return;
    const TimelineLayout current = layout();
    const double pitch = (current.rowHeight + current.rowGap) / current.stagesPerRow;
    scrollTo(m_pressedStage + static_cast<int>(std::lround(dy / std::max(pitch, 0.1))));
}

void TimelineHands::scrollTo(int stage)
{
    const int stages = phaseOf(Phase::Prefill).timeline.stages;
    const int first = std::clamp(stage, 0, std::max(stages - m_options.shownStages, 0));
    if (first == m_options.firstStage)
        return;
    m_options.firstStage = first;
    redraw();
}

bool TimelineHands::release(const QMouseEvent& event)
{
    if (m_drag == Drag::None)
        return false;
    const bool click = !m_moved && event.button() == Qt::LeftButton;
    m_drag = Drag::None;
    if (!click)
        return true;
    if (event.modifiers().testFlag(Qt::ControlModifier)) {
        if (layout().labels.contains(m_pressed))
            pinRow();
        else
            choose(m_pressed);
        return true;
    }
    // Pressing could have been the begin of a drag; now it is known to be a click, which pins.
    QMouseEvent pressed(QEvent::MouseButtonPress, m_pressed, m_view.mapToGlobal(m_pressed), Qt::LeftButton, Qt::LeftButton,
                        event.modifiers());
    m_forwarding = true;
    QCoreApplication::sendEvent(&m_view, &pressed);
    m_forwarding = false;
    return true;
}

bool TimelineHands::doubleClick(const QMouseEvent& event)
{
    if (!m_options.keys && m_document.report().legal && event.button() == Qt::LeftButton && layout().labels.contains(event.position())) {
        m_drag = Drag::None;
        m_pointer = event.position();
        pinRow();
        return true;
    }
    // The first click has pinned the piece, or let it go; either way it is what is meant.
    if (m_options.keys || !m_document.report().legal || event.button() != Qt::LeftButton || layout().panelAt(event.position()) == nullptr)
        return press(event);
    m_drag = Drag::None;
    const std::vector<HitRegion>& hits = m_view.scene().hits;
    const auto hit = std::find_if(hits.rbegin(), hits.rend(), [&](const HitRegion& region) {
        return region.subject.kind == Subject::Kind::Piece && region.rect.contains(event.position());
    });
    const Subject piece = hit != hits.rend() ? hit->subject : m_view.subjectAt(event.position());
    if (cellOf(m_document.report(), piece) == nullptr)
        return true;
    setRange({});
    if (piece != m_document.selection().pin())
        m_document.selection().setPin(piece);
    fitSelection();
    return true;
}

bool TimelineHands::eventFilter(QObject* watched, QEvent* event)
{
    if (m_forwarding)
        return false;
    bool done = false;
    switch (event->type()) {
    case QEvent::Wheel: done = wheel(*static_cast<QWheelEvent*>(event)); break;
    case QEvent::KeyPress: done = key(*static_cast<QKeyEvent*>(event)); break;
    case QEvent::MouseButtonPress: done = press(*static_cast<QMouseEvent*>(event)); break;
    case QEvent::MouseMove: done = move(*static_cast<QMouseEvent*>(event)); break;
    case QEvent::MouseButtonRelease: done = release(*static_cast<QMouseEvent*>(event)); break;
    case QEvent::MouseButtonDblClick: done = doubleClick(*static_cast<QMouseEvent*>(event)); break;
    case QEvent::Leave: m_pointer = {-1, -1}; break;
    case QEvent::Hide: m_player.pause(); break; // nobody watches
    default: return QObject::eventFilter(watched, event);
    }
    if (event->type() != QEvent::Hide)
        followPointer();
    return done || QObject::eventFilter(watched, event);
}

} // namespace shardlens
