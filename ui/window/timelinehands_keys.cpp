// SPDX-License-Identifier: Apache-2.0
// Keys and wheel of the timeline.
#include "ui/views/sceneview.h"
#include "ui/views/wheelfocus.h"
#include "ui/window/timelinehands.h"

#include <QKeyEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kKeyZoom = 1.5;
constexpr double kKeyPan = 0.1;
constexpr double kWheelNotch = 120;
constexpr double kReach = 5; ///< px

} // namespace

bool TimelineHands::wheel(QWheelEvent& event)
{
    if (!m_document.report().legal)
        return false;
    focusByWheel(m_view);
    const TimelineLayout current = layout();
    const QPointF position = event.position();
    const QPoint turn = event.angleDelta();
    const bool sideways = std::abs(turn.x()) > std::abs(turn.y());
    if (current.labels.contains(position)) {
        wheelOnRows(current, position, turn.y(), event.modifiers().testFlag(Qt::ControlModifier));
        event.accept();
        return true;
    }
    const TimelinePanel* panel = current.panelAt(position);
    if (panel == nullptr || !(panel->duration > 0))
        return false;
    remember(false);
    if (sideways || event.modifiers().testFlag(Qt::ShiftModifier)) {
        const double notches = (sideways ? turn.x() : turn.y()) / kWheelNotch;
        show(panel->phase, panRange(panel->visible, -notches * kKeyPan * panel->visible.length(), panel->duration));
    } else {
        show(panel->phase,
             zoomRange(panel->visible, panel->timeAt(position.x()), std::pow(kKeyZoom, -turn.y() / kWheelNotch), panel->duration));
    }
    event.accept();
    return true;
}

void TimelineHands::wheelOnRows(const TimelineLayout& layout, QPointF position, int turn, bool zooms)
{
    const int stages = phaseOf(Phase::Prefill).timeline.stages;
    const int shown = m_options.shownStages <= 0 ? stages : m_options.shownStages;
    if (!zooms) {
        if (m_options.shownStages > 0)
            scrollTo(m_options.firstStage - static_cast<int>(std::lround(turn / kWheelNotch * std::max(1, shown / 8))));
        return;
    }
    const double factor = std::pow(kKeyZoom, -turn / kWheelNotch);
    const int wanted = turn > 0 ? std::max(1, static_cast<int>(std::floor(shown * factor)))
                                : std::min(stages, static_cast<int>(std::ceil(shown * factor)));
    // The stage under the pointer stays about where it is.
    const TimelineRow* row = layout.rowAt(position.y());
    const int held = row != nullptr ? row->stage : m_options.firstStage + shown / 2;
    const double share = static_cast<double>(held - m_options.firstStage) / shown;
    m_options.shownStages = wanted >= stages ? 0 : wanted;
    m_options.firstStage =
        m_options.shownStages == 0 ? 0 : std::clamp(held - static_cast<int>(std::lround(share * wanted)), 0, stages - wanted);
    redraw();
}

bool TimelineHands::key(const QKeyEvent& event)
{
    if (event.key() == Qt::Key_Escape)
        return escape();
    if ((event.modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) != 0)
        return false; // the window's
    if (event.text() == QLatin1String("?")) {
        toggleKeys();
        return true;
    }
    if (!m_document.report().legal)
        return false;
    return zoomKey(event.key()) || rangeKey(event.key()) || walkKey(event.text(), event.key());
}

bool TimelineHands::escape()
{
    if (m_options.keys) {
        toggleKeys();
        return true;
    }
    if (m_options.cursor) {
        m_player.pause();
        m_player.seek(m_player.length());
        return true;
    }
    if (!m_options.chosen.empty()) {
        m_options.chosen.clear();
        m_sums.reset();
        redraw();
        return true;
    }
    if (m_options.range) {
        setRange({});
        m_view.unsetCursor();
        return true;
    }
    return false;
}

bool TimelineHands::zoomKey(int key)
{
    const bool zooms = key == Qt::Key_Plus || key == Qt::Key_Equal || key == Qt::Key_Minus || key == Qt::Key_W || key == Qt::Key_S;
    const bool pans = key == Qt::Key_A || key == Qt::Key_D;
    if (!zooms && !pans)
        return false;
    remember(false);
    const bool in = key == Qt::Key_Plus || key == Qt::Key_Equal || key == Qt::Key_W;
    const TimelineLayout current = layout();
    const TimelinePanel* under = current.panelAt(m_pointer);
    // Without a pointer both phases follow: whoever zooms by key then looks at the shape, not at one piece.
    for (const TimelinePanel& panel : current.panels) {
        if (!(panel.duration > 0) || (under != nullptr && under->phase != panel.phase))
            continue;
        const TimeRange range = panel.visible;
        const double anchor = under != nullptr ? panel.timeAt(m_pointer.x()) : range.begin + range.length() / 2;
        show(panel.phase, zooms ? zoomRange(range, anchor, in ? 1 / kKeyZoom : kKeyZoom, panel.duration)
                                : panRange(range, (key == Qt::Key_D ? kKeyPan : -kKeyPan) * range.length(), panel.duration));
    }
    return true;
}

bool TimelineHands::rangeKey(int key)
{
    switch (key) {
    case Qt::Key_0: fit(); return true;
    case Qt::Key_F: fitSelection(); return true;
    case Qt::Key_R:
        if (const TimelineRange piece = pinnedPiece(); piece.time.length() > 0)
            setRange(piece);
        return true;
    case Qt::Key_BracketLeft: goBack(true); return true;
    case Qt::Key_BracketRight: goBack(false); return true;
    case Qt::Key_P: pinRow(); return true;
    case Qt::Key_M: mark(); return true;
    default: return false;
    }
}

bool TimelineHands::walkKey(const QString& text, int key)
{
    if (key == Qt::Key_Space) {
        m_player.toggle();
        return true;
    }
    if (text == QLatin1String(">") || text == QLatin1String("<")) {
        stepEvent(text == QLatin1String(">"));
        return true;
    }
    if (key == Qt::Key_Period || key == Qt::Key_Comma) {
        nextPiece(key == Qt::Key_Period);
        return true;
    }
    // From a pinned piece arrows go to its neighbours; else they walk through all that can be selected.
    if (m_document.selection().pin().kind != Subject::Kind::Piece)
        return false;
    switch (key) {
    case Qt::Key_Left:
    case Qt::Key_Right: nextPiece(key == Qt::Key_Right); return true;
    case Qt::Key_Up:
    case Qt::Key_Down: neighbourStage(key == Qt::Key_Down); return true;
    default: return false;
    }
}

void TimelineHands::neighbourStage(bool below)
{
    Subject next = m_document.selection().pin();
    next.stage += below ? 1 : -1;
    if (next.stage < 0 || next.stage >= phaseOf(next.phase).timeline.stages)
        return;
    const TimelineCell* cell = cellOf(m_document.report(), next);
    if (cell == nullptr)
        return; // not kept
    m_document.selection().setPin(next);
    const double duration = phaseOf(next.phase).timeline.duration;
    const TimeRange visible = clampRange(m_options.visible[static_cast<std::size_t>(next.phase)], duration);
    if (cell->start < visible.begin || cell->end > visible.end) {
        remember(false);
        show(next.phase, panRange(visible, (cell->start + cell->end - visible.begin - visible.end) / 2, duration));
    }
    if (m_options.shownStages > 0 && (next.stage < m_options.firstStage || next.stage >= m_options.firstStage + m_options.shownStages))
        scrollTo(below ? next.stage - m_options.shownStages + 1 : next.stage);
}

void TimelineHands::nextPiece(bool forward)
{
    const Subject pinned = m_document.selection().pin();
    const Subject pin = pinned.kind == Subject::Kind::Range && cellOf(m_document.report(), m_piece) != nullptr ? m_piece : pinned;
    const bool known = pin.kind == Subject::Kind::Piece;
    const Phase phase = known ? pin.phase : Phase::Prefill;
    const Timeline& timeline = phaseOf(phase).timeline;
    const int stage = known || pin.kind == Subject::Kind::Stage ? std::max(pin.stage, 0) : m_options.firstStage;
    const auto cells = cellsOfStage(timeline, stage);
    if (cells.empty())
        return;
    const TimelineCell* const held = cellOf(m_document.report(), pin);
    const TimeRange now = held != nullptr ? TimeRange{held->start, held->end} : TimeRange{};
    auto cell = std::partition_point(cells.begin(), cells.end(), [&](const TimelineCell& each) { return each.start < now.begin; });
    if (known && now.length() > 0) {
        if (forward ? cell + 1 == cells.end() : cell == cells.begin())
            return;
        cell += forward ? 1 : -1;
    } else {
        // Nothing chosen yet: the first one in sight.
        const double from = m_options.visible[static_cast<std::size_t>(phase)].begin;
        cell = std::partition_point(cells.begin(), cells.end(), [&](const TimelineCell& each) { return each.end <= from; });
        if (cell == cells.end())
            cell = cells.begin();
    }
    Subject next;
    next.kind = Subject::Kind::Piece;
    next.phase = phase;
    next.stage = stage;
    next.microbatch = cell->microbatch;
    next.step = cell->step;
    next.visit = timeline.visits > 1 ? cell->visit : -1;
    if (next != pinned)
        m_document.selection().setPin(next);
    // The view follows: no further than needed.
    const TimeRange visible = clampRange(m_options.visible[static_cast<std::size_t>(phase)], timeline.duration);
    const double late = cell->end - visible.end;
    const double early = visible.begin - cell->start;
    if (late > 0 || early > 0) {
        remember(false);
        const double shift = cell->end - cell->start > visible.length() || early > 0 ? -early : late;
        show(phase, panRange(visible, shift, timeline.duration));
    }
}

void TimelineHands::pinRow()
{
    const TimelineLayout current = layout();
    const TimelineRow* row = current.rowAt(m_pointer.y());
    int stage = row != nullptr && row->stages == 1 ? row->stage : -1;
    if (stage < 0)
        stage = m_document.selection().shown().stage;
    if (stage < 0 || stage >= phaseOf(Phase::Prefill).timeline.stages)
        return;
    auto& pinned = m_options.pinnedStages;
    if (const auto known = std::find(pinned.begin(), pinned.end(), stage); known != pinned.end())
        pinned.erase(known);
    else
        pinned.push_back(stage);
    redraw();
}

void TimelineHands::mark()
{
    const TimelineLayout current = layout();
    const TimelinePanel* panel = current.panelAt(m_pointer);
    TimelineInstant instant;
    double reach = 0;
    if (panel != nullptr) {
        instant = {panel->phase, snapped(current, *panel, m_pointer)};
        reach = kReach / panel->plot.width() * panel->visible.length();
    } else if (m_options.cursor) {
        instant = *m_options.cursor;
    } else {
        return;
    }
    const std::size_t before = m_options.marks.size();
    std::erase_if(m_options.marks,
                  [&](const TimelineInstant& each) { return each.phase == instant.phase && std::abs(each.time - instant.time) <= reach; });
    if (m_options.marks.size() == before)
        m_options.marks.push_back(instant);
    redraw();
}

} // namespace shardlens
