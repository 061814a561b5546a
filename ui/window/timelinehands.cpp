// SPDX-License-Identifier: Apache-2.0
#include "ui/window/timelinehands.h"

#include "ui/views/sceneview.h"
#include "ui/window/timelinemarker.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kSecondsForAPhase = 8; ///< of playing
constexpr qint64 kOneGesture = 500;     ///< ms
constexpr std::size_t kMostRemembered = 100;
/// From so many cells on the sums that columns are drawn from are kept between frames.
constexpr std::size_t kWorthAnIndex = 4096;
constexpr double kLead = 0.1;    ///< of a sight: where the clock stands when the picture follows it
constexpr double kMargin = 0.05; ///< of a piece that is fitted, on both sides

std::size_t at(Phase phase)
{
    return static_cast<std::size_t>(phase);
}

} // namespace

TimelineHands::TimelineHands(Document& document, SceneView& view)
    : QObject(&view),
      m_document(document),
      m_view(view),
      m_marker(new TimelineMarker(&view))
{
    view.installEventFilter(this);
    view.setRefine([this](const Subject& coarse, QPointF point) {
        if (coarse.kind != Subject::Kind::Stage || m_options.keys)
            return coarse;
        const Subject piece = timelinePieceAt(m_document.report(), layout(), point);
        return piece.kind == Subject::Kind::None ? coarse : piece;
    });
    m_player.setLength(2, kSecondsForAPhase); // prefill, decode
    m_player.seek(2);
    connect(&m_player, &Player::moved, this, &TimelineHands::setCursor);
    connect(&document, &Document::reportChanged, this, &TimelineHands::follow);
    connect(&document.selection(), &Selection::changed, this, &TimelineHands::selectionChanged);
    m_lastChange.start();
    follow();
}

const PhaseReport& TimelineHands::phaseOf(Phase phase) const
{
    return phase == Phase::Prefill ? m_document.report().prefill : m_document.report().decode;
}

void TimelineHands::redraw()
{
    m_view.setBuilder([this](const ViewInput& input, Scene& scene) { buildTimeline(input, prepared(), scene); });
}

const TimelineOptions& TimelineHands::prepared()
{
    m_prepared = m_options;
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const PhaseReport& report = phaseOf(phase);
        std::unique_ptr<TimelineIndex>& index = m_indexes[at(phase)];
        if (!index && report.timeline.cells.size() >= kWorthAnIndex)
            index = std::make_unique<TimelineIndex>(report, phase);
        m_prepared.indexes[at(phase)] = index.get();
    }
    if (m_options.range && !m_sums)
        m_sums = sumTimeline(m_document.scenario(), m_document.report(), *m_options.range);
    if (!m_options.range && !m_options.chosen.empty() && !m_sums)
        m_sums = sumPieces(m_document.scenario(), m_document.report(), m_options.chosen);
    m_prepared.sums = m_options.range || !m_options.chosen.empty() ? &*m_sums : nullptr;
    return m_prepared;
}

TimelineLayout TimelineHands::layout()
{
    // The theme changes no geometry.
    return timelineLayout({m_document.scenario(), m_document.report(), m_view.size(), Theme::of(ThemeId::Light)}, prepared());
}

void TimelineHands::follow()
{
    m_indexes = {};
    m_sums.reset();
    const int stages = phaseOf(Phase::Prefill).timeline.stages;
    bool changed = false;
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const Timeline& timeline = phaseOf(phase).timeline;
        const Shape now{timeline.stages, timeline.duration};
        if (now == m_shapes[at(phase)])
            continue;
        if (now.stages != m_shapes[at(phase)].stages) {
            m_options.firstStage = 0;
            m_options.shownStages = 0;
        }
        m_shapes[at(phase)] = now;
        m_options.visible[at(phase)] = {};
        if (m_options.range && m_options.range->phase == phase)
            m_options.range.reset();
        m_options.chosen.clear();
        std::erase_if(m_options.marks, [phase](const TimelineInstant& mark) { return mark.phase == phase; });
        changed = true;
    }
    if (changed) {
        m_before.clear();
        m_after.clear();
        std::erase_if(m_options.pinnedStages, [stages](int stage) { return stage >= stages; });
        m_player.pause();
        m_player.seek(m_player.length());
        m_options.cursor.reset();
        m_drag = Drag::None;
    }
    redraw();
    if (m_marker->isVisible())
        followPointer();
}

void TimelineHands::selectionChanged()
{
    const Subject& pin = m_document.selection().pin();
    if (pin == m_pin)
        return;
    const auto drawn = [](const Subject& subject) {
        return subject.kind == Subject::Kind::Operator || subject.kind == Subject::Kind::Piece;
    };
    const bool changes = drawn(pin) || drawn(m_pin);
    const bool wasRange = m_pin.kind == Subject::Kind::Range;
    m_pin = pin;
    if (pin.kind == Subject::Kind::Piece)
        m_piece = pin;
    // A marked range is what is pinned; it stays, to be compared with, when something else is pinned, and goes when nothing is.
    if (pin.kind == Subject::Kind::Range)
        setRange(TimelineRange{pin.phase, {pin.begin, pin.end}});
    else if (wasRange && pin.kind == Subject::Kind::None)
        setRange({});
    if (changes) // the magnified layer and the pinned operator's share are part of the scene
        redraw();
}

void TimelineHands::remember(bool once)
{
    const bool gesture = !once && m_lastChange.elapsed() < kOneGesture && !m_before.empty();
    m_lastChange.restart();
    m_after.clear();
    if (gesture)
        return;
    m_before.push_back(m_options.visible);
    if (m_before.size() > kMostRemembered)
        m_before.erase(m_before.begin());
}

void TimelineHands::goBack(bool back)
{
    auto& from = back ? m_before : m_after;
    auto& to = back ? m_after : m_before;
    while (!from.empty() && from.back() == m_options.visible)
        from.pop_back();
    if (from.empty())
        return;
    to.push_back(m_options.visible);
    m_options.visible = from.back();
    from.pop_back();
    m_lastChange.invalidate(); // the next turn of the wheel is a gesture of its own
    m_lastChange.start();
    redraw();
}

void TimelineHands::show(Phase phase, TimeRange range)
{
    TimeRange& visible = m_options.visible[at(phase)];
    if (visible == range)
        return;
    visible = range;
    redraw();
}

void TimelineHands::fit()
{
    remember(true);
    m_options.visible = {};
    m_options.firstStage = 0;
    m_options.shownStages = 0;
    redraw();
}

TimelineRange TimelineHands::pinnedPiece() const
{
    const Subject& pin = m_document.selection().pin();
    const TimelineCell* const cell = cellOf(m_document.report(), pin);
    return cell != nullptr ? TimelineRange{pin.phase, {cell->start, cell->end}} : TimelineRange{};
}

void TimelineHands::fitSelection()
{
    const TimelineRange chosen = m_options.range ? *m_options.range : pinnedPiece();
    if (!(chosen.time.length() > 0)) {
        fit();
        return;
    }
    const double margin = kMargin * chosen.time.length();
    const double duration = phaseOf(chosen.phase).timeline.duration;
    const TimeRange wanted = clampRange({chosen.time.begin - margin, chosen.time.end + margin}, duration);
    if (m_options.visible[at(chosen.phase)] == wanted) {
        fit();
        return;
    }
    remember(true);
    show(chosen.phase, wanted);
}

void TimelineHands::setRange(std::optional<TimelineRange> range)
{
    if (range && !(range->time.length() > 0))
        range.reset();
    if (range == m_options.range)
        return;
    m_options.range = range;
    m_options.chosen.clear();
    m_sums.reset();
    redraw();
    Selection& selection = m_document.selection();
    Subject pin;
    if (range) {
        pin.kind = Subject::Kind::Range;
        pin.phase = range->phase;
        pin.begin = range->time.begin;
        pin.end = range->time.end;
    }
    if (pin != selection.pin() && (range || selection.pin().kind == Subject::Kind::Range))
        selection.setPin(pin);
}

QString TimelineHands::wordsAt(const TimelineLayout& layout) const
{
    const Report& report = m_document.report();
    const Subject piece = timelinePieceAt(report, layout, m_pointer);
    const TimelinePanel* panel = layout.panelAt(m_pointer);
    const std::vector<HitRegion>& hits = m_view.scene().hits;
    const auto hit = std::find_if(hits.rbegin(), hits.rend(), [this](const HitRegion& region) { return region.rect.contains(m_pointer); });
    if (panel != nullptr && hit != hits.rend() && hit->subject.kind == Subject::Kind::Operator) {
        const double shown = hit->rect.width() / panel->plot.width() * panel->visible.length();
        if (QString words = timelineOperatorWords(m_document.scenario(), report, piece, hit->subject, shown); !words.isEmpty())
            return words;
    }
    return timelinePieceWords(report, piece);
}

void TimelineHands::followPointer()
{
    const TimelineLayout current = layout();
    const bool told = m_document.report().legal && !m_options.keys;
    // The inspector stays with what is pinned: what lies under the pointer is named at the pointer.
    m_marker->follow(current, told ? m_pointer : QPointF(-1, -1), told ? wordsAt(current) : QString());
}

void TimelineHands::choose(QPointF position)
{
    if (!m_view.scene().size.isValid())
        return;
    const std::vector<HitRegion>& hits = m_view.scene().hits;
    const auto hit = std::find_if(hits.rbegin(), hits.rend(), [&](const HitRegion& region) {
        return region.subject.kind == Subject::Kind::Piece && region.subject.step >= 0 && region.rect.contains(position);
    });
    const Subject piece = hit != hits.rend() ? hit->subject : m_view.subjectAt(position);
    if (piece.kind != Subject::Kind::Piece || piece.step < 0)
        return;
    setRange({});
    std::vector<Subject>& chosen = m_options.chosen;
    if (!chosen.empty() && chosen.front().phase != piece.phase)
        chosen.clear(); // seconds and milliseconds do not add up to anything
    const auto known = std::find(chosen.begin(), chosen.end(), piece);
    if (known != chosen.end())
        chosen.erase(known);
    else
        chosen.push_back(piece);
    m_sums.reset();
    redraw();
}

void TimelineHands::setSelecting(bool selecting)
{
    if (selecting == m_selecting)
        return;
    m_selecting = selecting;
    Q_EMIT selectingChanged(selecting);
}

void TimelineHands::toggleKeys()
{
    m_options.keys = !m_options.keys;
    redraw();
}

void TimelineHands::setCursor()
{
    const double position = m_player.position();
    if (position >= m_player.length()) {
        m_options.cursor.reset(); // the end is the whole picture
    } else {
        const Phase phase = position < 1 ? Phase::Prefill : Phase::Decode;
        const double duration = phaseOf(phase).timeline.duration;
        const double time = (position - (phase == Phase::Decode ? 1 : 0)) * duration;
        m_options.cursor = TimelineInstant{phase, time};
        // What is zoomed follows the clock, a sight at a time.
        const TimeRange visible = clampRange(m_options.visible[at(phase)], duration);
        if (time < visible.begin || time > visible.end)
            m_options.visible[at(phase)] = panRange(visible, time - visible.begin - kLead * visible.length(), duration);
    }
    redraw();
}

void TimelineHands::stepEvent(bool forward)
{
    m_player.pause();
    if (!m_document.report().legal)
        return;
    // The first step goes to the first event after the begin, backwards from the whole picture to the last one before its end.
    const TimelineInstant now = m_options.cursor ? *m_options.cursor
                                : forward        ? TimelineInstant{Phase::Prefill, 0}
                                                 : TimelineInstant{Phase::Decode, phaseOf(Phase::Decode).timeline.duration};
    const Timeline& timeline = phaseOf(now.phase).timeline;
    const double tolerance = timeline.duration * 1e-12;
    std::optional<double> next;
    const auto offer = [&](double time) {
        const bool ahead = forward ? time > now.time + tolerance && time < timeline.duration : time < now.time - tolerance && time >= 0;
        if (ahead && (!next || (forward ? time < *next : time > *next)))
            next = time;
    };
    for (int stage = 0; stage < timeline.stages; ++stage) {
        const auto cells = cellsOfStage(timeline, stage);
        const auto cell = std::partition_point(cells.begin(), cells.end(), [&](const TimelineCell& each) {
            return each.end <= now.time + (forward ? tolerance : -tolerance);
        });
        for (auto near = cell - std::min<std::ptrdiff_t>(cell - cells.begin(), 1); near != cells.end() && near <= cell + 1; ++near) {
            offer(near->start);
            offer(near->end);
        }
    }
    const double before = now.phase == Phase::Decode ? 1 : 0;
    if (next)
        m_player.seek(before + *next / timeline.duration);
    else if (forward)
        m_player.seek(before + 1);
    else
        m_player.seek(before > 0 ? 1 - 1e-9 : 0);
}

} // namespace shardlens
