// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinescene.h"

#include "core/base/format.h"
#include "core/scenario/stagecollectives.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"
#include "ui/scene/timelineinside.h"
#include "ui/scene/timelinekeys.h"
#include "ui/scene/timelineoverlays.h"
#include "ui/scene/timelinerows.h"
#include "ui/scene/timelinetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineScene {
    Q_DECLARE_TR_FUNCTIONS(TimelineScene)
};

/// Of texts at the size that is set.
double headerHeight()
{
    return lineHeight(TextRole::BodyStrong) + 5;
}
double textLine()
{
    return lineHeight(TextRole::Note) + 4;
}
double axisHeight()
{
    return std::max(kTimeAxisHeight, lineHeight(TextRole::Note) + 7);
}

constexpr double kTallestRow = 44;
constexpr double kGrownRow = 84;
constexpr double kPanelGap = 28;
/// Rows of a tall picture have a line for operators of their own.
double tallestRow(double height)
{
    return std::clamp(height / 7, 84.0, 150.0);
}

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

/// What the colour of low rows is mixed of.
LegendEntry mixEntry(const ViewInput& input, Phase phase)
{
    const Breakdown pieces = piecesOfAllStages(phaseOf(input.report, phase));
    const QString shares = timelineShares(pieces);
    const QString text =
        phase == Phase::Prefill ? TimelineScene::tr("Prefill: %1").arg(shares) : TimelineScene::tr("Decode: %1").arg(shares);
    return {text, {}, mixedColor(input.theme, pieces), false, {}};
}

/// Counts are of a stage: no device makes those of all stages.
QString communicationName(const CollectiveRange& range)
{
    if (range.most == 0)
        return TimelineScene::tr("Communication");
    if (range.least != range.most)
        return TimelineScene::tr("Communication (%1 to %2 collectives by stage)").arg(range.least).arg(range.most);
    if (range.most == 1)
        return range.stages > 1 ? TimelineScene::tr("Communication (1 collective on each stage)")
                                : TimelineScene::tr("Communication (1 collective)");
    return range.stages > 1 ? TimelineScene::tr("Communication (%1 collectives on each stage)").arg(range.most)
                            : TimelineScene::tr("Communication (%1 collectives)").arg(range.most);
}

/// `mixed`: rows are too low for bands by cause and have one colour of all, which then says what it is made of.
std::vector<LegendEntry> legendOf(const ViewInput& input, const TimelineSums* sums, bool mixed, bool paler, bool brief = false)
{
    const Theme& theme = input.theme;
    std::vector<LegendEntry> entries;
    const auto seconds = [&](Cause cause) { return std::max(input.report.prefill.breakdown[cause], input.report.decode.breakdown[cause]); };
    const auto add = [&](Cause cause, const QString& name) {
        if (!(seconds(cause) > 0))
            return;
        LegendEntry& entry = entries.emplace_back();
        entry.name = name;
        entry.color = theme.color(cause);
        entry.subject.kind = Subject::Kind::CauseOfTime;
        entry.subject.phase = input.report.decode.breakdown[cause] > 0 ? Phase::Decode : Phase::Prefill;
        entry.subject.cause = static_cast<int>(cause);
        entry.idle = cause == Cause::Bubble;
        if (sums)
            entry.value = qs(formatSeconds(sums->causes[cause]));
    };
    add(Cause::Weights, brief                        ? TimelineScene::tr("Weights")
                        : input.scenario.calibration ? TimelineScene::tr("Weights, activations")
                                                     : TimelineScene::tr("Weight reads"));
    add(Cause::Kv, brief ? TimelineScene::tr("KV") : TimelineScene::tr("KV reads"));
    add(Cause::Compute, TimelineScene::tr("Compute"));
    add(Cause::Communication, brief ? TimelineScene::tr("Communication") : communicationName(collectiveRange(input.report, Phase::Decode)));
    add(Cause::Overhead, TimelineScene::tr("Overhead"));
    const auto hides = [](const PhaseReport& report) {
        return std::any_of(report.operators.begin(), report.operators.end(), [](const OperatorCost& op) {
            return op.op != Op::SendActivations && op.collective != Collective::None
                   && op.communicationTime > op.exposedTime() * (1 + 1e-9);
        });
    };
    if (!brief && (hides(input.report.prefill) || hides(input.report.decode)))
        entries.push_back({TimelineScene::tr("Hidden communication"), {}, theme.faded(theme.color(Cause::Communication), 0.5), false, {}});
    if (input.report.decode.timeline.stages > 1)
        entries.push_back({TimelineScene::tr("Send"),
                           sums && sums->bytes > 0 ? qs(formatBytes(sums->bytes)) : QString(),
                           theme.color(Ink::Send),
                           false,
                           {}});
    const auto marked = [](const Timeline& timeline) { return timeline.stages > 1 && timeline.critical.length > 0; };
    if (!brief && (marked(input.report.prefill.timeline) || marked(input.report.decode.timeline)))
        entries.push_back({TimelineScene::tr("Critical path"), {}, theme.color(Ink::Text), false, {}});
    if (input.report.prefill.timeline.idleFraction > 0 || input.report.decode.timeline.idleFraction > 0)
        entries.push_back({TimelineScene::tr("Idle"), sums ? qs(formatSeconds(sums->idle)) : QString(), theme.color(Ink::Text3), true, {}});
    if (mixed) {
        entries.push_back(mixEntry(input, Phase::Prefill));
        entries.push_back(mixEntry(input, Phase::Decode));
    }
    if (paler)
        entries.push_back({TimelineScene::tr("Paler: idle in part"),
                           {},
                           theme.faded(mixedColor(theme, piecesOfAllStages(input.report.decode)), 0.5),
                           false,
                           {}});
    return entries;
}

void drawStageLabels(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelineSums* sums)
{
    const Theme& theme = input.theme;
    const double strong = lineHeight(TextRole::BodyStrong);
    const double note = lineHeight(TextRole::Note);
    const bool twoLines = layout.rowHeight >= strong + note - 2;
    // Rows lower than a line of text: only every n-th is named.
    const double pitch = layout.rowHeight + layout.rowGap;
    const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil((note - 1) / pitch)));
    for (std::size_t row = 0; row < layout.rows.size(); ++row) {
        const TimelineRow& of = layout.rows[row];
        const QRectF area(layout.labels.left(), of.top, layout.labels.width(), layout.rowHeight);
        Subject subject;
        subject.kind = Subject::Kind::Stage;
        subject.stage = of.stage;
        scene.hit(area, subject);
        if (row % every != 0)
            continue;
        QString name = of.stages > 1 ? TimelineScene::tr("%1\u2013%2").arg(of.stage).arg(of.stage + of.stages - 1)
                                     : TimelineScene::tr("Stage %1").arg(of.stage);
        if (of.pinned) // on top of the others, by choice: the mark says so
            scene.fill({area.left() - 6, area.top(), 2, area.height()}, theme.color(Ink::Text2));
        QString second = of.stages == 1 ? timelineDevices(input.scenario, of.stage) : QString();
        if (sums && of.stages == 1 && static_cast<std::size_t>(of.stage) < sums->busy.size() && sums->length > 0) {
            const QString share = qs(formatPercent(sums->busy[static_cast<std::size_t>(of.stage)] / sums->length));
            second = firstFitting({TimelineScene::tr("%1 busy").arg(share), share}, TextRole::Note, area.width());
        }
        if (of.pinned && row + 1 < layout.rows.size() && !layout.rows[row + 1].pinned && layout.rowGap >= 4) {
            const double y = area.bottom() + layout.rowGap / 2;
            scene.line({area.left() - 6, y}, {input.size.width() - space::kInset, y}, theme.color(Ink::Strong));
        }
        if (twoLines && !second.isEmpty()) {
            const double top = area.center().y() - (strong + note) / 2;
            scene.text({area.left(), top, area.width(), strong}, name, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft, true);
            scene.text({area.left(), top + strong, area.width(), note}, second, TextRole::Note, theme.color(Ink::Text3), Qt::AlignLeft,
                       true);
        } else {
            scene.text({area.left(), area.center().y() - note / 2, area.width(), note}, name, TextRole::Note, theme.color(Ink::Text2),
                       Qt::AlignLeft | Qt::AlignVCenter, true);
        }
    }
}

bool drawPanel(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
               const TimelinePanel& panel, const TimelineSums* sums)
{
    const Theme& theme = input.theme;
    const PhaseReport& report = phaseOf(input.report, panel.phase);
    const bool prefill = panel.phase == Phase::Prefill;
    const QRectF header(panel.plot.left(), panel.plot.top() - headerHeight(), panel.plot.width(), headerHeight() - 2);
    const QString title = prefill ? TimelineScene::tr("Prefill") : TimelineScene::tr("Decode");
    scene.text(header, title, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    const double after = textWidth(title, TextRole::BodyStrong) + space::kSmall;
    // Under a load TTFT and TPOT are not those of the one batch that is drawn.
    const bool loaded = input.scenario.serving.load.kind != LoadKind::StaticBatch;
    const QString duration = secondsFigure(prefill ? input.report.prefill.time : input.report.decode.time).joined();
    const QString worker = workerText(input.scenario);
    const QString figure = !worker.isEmpty() ? TimelineScene::tr("one batch on a %1, %2").arg(worker, duration)
                           : loaded          ? TimelineScene::tr("one batch, %1").arg(duration)
                           : prefill         ? TimelineScene::tr("TTFT %1").arg(duration)
                                             : TimelineScene::tr("TPOT %1").arg(duration);
    const bool zoomed = panel.visible.length() < panel.duration * (1 - 1e-9);
    QString remark;
    if (options.cursor && options.cursor->phase == panel.phase)
        remark = TimelineScene::tr("at %1").arg(qs(formatSeconds(options.cursor->time)));
    else if (zoomed)
        remark = TimelineScene::tr("%1 shown").arg(qs(formatSeconds(panel.visible.length())));
    else if (layout.stagesPerRow > 1)
        remark = TimelineScene::tr("%1 stages in each row").arg(layout.stagesPerRow);
    else if (!prefill)
        remark = TimelineScene::tr("steady state");
    const QString both = remark.isEmpty() ? figure : TimelineScene::tr("%1, %2").arg(figure, remark);
    const QString shown = firstFitting({both, figure}, TextRole::Note, header.width() - after);
    scene.text(header.adjusted(after, 0, 0, 0), shown, TextRole::Note, theme.color(Ink::Text2));
    Subject time;
    time.kind = Subject::Kind::Time;
    time.phase = panel.phase;
    scene.hit({header.left(), header.top(), std::min(after + textWidth(shown, TextRole::Note), header.width()), header.height()}, time);
    const bool columns = drawTimelineRows(scene, input, options, layout, panel);
    drawTimelineOverlays(scene, input, options, layout, panel);
    drawTimeAxis(scene, theme, panel.plot, panel.visible.begin, panel.visible.end, panel.plot.right() + 10);
    if (prefill && report.time >= panel.visible.begin && report.time <= panel.visible.end * (1 + 1e-12)) {
        const double x = std::min(panel.xOf(report.time), panel.plot.right()); // the instant the last first token is there
        scene.line({x, panel.plot.top() - 4}, {x, panel.plot.bottom() + 4}, theme.color(Ink::Text), 2);
    }
    drawInside(scene, input, layout, panel);
    if (!layout.bubble)
        return columns;
    const QRectF line(panel.plot.left(), layout.below, panel.plot.width(), textLine());
    const bool ranged = sums && options.range && options.range->phase == panel.phase;
    const bool chosen = sums && !options.range && !options.chosen.empty() && options.chosen.front().phase == panel.phase;
    const QString name = ranged   ? TimelineScene::tr("Range")
                         : chosen ? TimelineScene::tr("Chosen")
                                  : TimelineScene::tr("Idle"); // "bubble" is what the busiest stage loses
    const double used = textWidth(name, TextRole::NoteStrong) + 6;
    const auto texts = ranged   ? timelineSumTexts(*options.range, *sums)
                       : chosen ? timelineChoiceTexts(*sums)
                                : timelineIdleTexts(report, panel.phase);
    const QString text = firstFitting({texts[0], texts[1], texts[2], texts[3]}, TextRole::Note, line.width() - used);
    if (text.isEmpty())
        return columns;
    scene.text(line, name, TextRole::NoteStrong, theme.color(Ink::Text));
    scene.text(line.adjusted(used, 0, 0, 0), text, TextRole::Note, theme.color(Ink::Text2));
    Subject summed;
    summed.kind = ranged ? Subject::Kind::Range : Subject::Kind::CauseOfTime;
    summed.phase = panel.phase;
    if (ranged) {
        summed.begin = options.range->time.begin;
        summed.end = options.range->time.end;
    } else {
        summed.cause = static_cast<int>(Cause::Bubble);
    }
    if (!chosen) // pieces added up are no single thing
        scene.hit({line.left(), line.top(), used + textWidth(text, TextRole::Note), line.height()}, summed);
    return columns;
}

} // namespace

TimeRange clampRange(TimeRange wanted, double duration)
{
    if (!(duration > 0) || !std::isfinite(duration))
        return {0, 1}; // an empty drawing still has a scale
    if (!(wanted.length() > 0) || !std::isfinite(wanted.length()))
        return {0, duration};
    const double length = std::clamp(wanted.length(), duration / kDeepestZoom, duration);
    const double begin = std::clamp(wanted.begin, 0.0, duration - length);
    return {begin, begin + length};
}

TimeRange zoomRange(TimeRange range, double anchor, double factor, double duration)
{
    const TimeRange from = clampRange(range, duration);
    if (!(factor > 0) || !std::isfinite(factor) || !(duration > 0))
        return from;
    const double length = std::clamp(from.length() * factor, duration / kDeepestZoom, duration);
    const double begin = anchor - (anchor - from.begin) * (length / from.length());
    return clampRange({begin, begin + length}, duration);
}

TimeRange panRange(TimeRange range, double seconds, double duration)
{
    const TimeRange from = clampRange(range, duration);
    if (!std::isfinite(seconds))
        return from;
    return clampRange({from.begin + seconds, from.end + seconds}, duration);
}

const TimelinePanel* TimelineLayout::panelAt(QPointF point) const
{
    for (const TimelinePanel& panel : panels)
        if (panel.plot.adjusted(0, -headerHeight(), 0, axisHeight()).contains(point))
            return &panel;
    return nullptr;
}

const TimelineRow* TimelineLayout::rowAt(double y) const
{
    for (const TimelineRow& row : rows)
        if (y >= row.top && y < row.top + rowHeight)
            return &row;
    return nullptr;
}

namespace {

/// Rows of the pinned stages, then of those that are scrolled to; several stages a row where there are more than pixels.
void layRows(const TimelineOptions& options, int stages, double top, double room, double tallest, TimelineLayout& layout)
{
    const int first = std::clamp(options.firstStage, 0, stages - 1);
    const int shown = options.shownStages <= 0 ? stages - first : std::min(options.shownStages, stages - first);
    std::vector<int> pinned;
    for (const int stage : options.pinnedStages)
        if (stage >= 0 && stage < stages && stages > 1)
            pinned.push_back(stage);
    if (static_cast<double>(pinned.size()) * 8 > room / 2)
        pinned.clear(); // no room to keep anything on top
    const auto kept = static_cast<int>(pinned.size());
    const double rest = room - kept * (kept > 0 ? std::min(room / (shown + kept), 24.0) : 0);
    layout.stagesPerRow = std::max(1, static_cast<int>(std::ceil(shown * 2.0 / std::max(rest, 2.0))));
    const int rows = kept + (shown + layout.stagesPerRow - 1) / layout.stagesPerRow;
    const double share = room / rows;
    layout.rowGap = rows == 1 ? 0 : share >= 16 ? std::clamp(share * 0.26, 5.0, 26.0) : share >= 4 ? 1 : 0;
    layout.rowHeight = std::min(share - layout.rowGap, tallest);
    const double pitch = layout.rowHeight + layout.rowGap;
    for (const int stage : pinned) {
        layout.rows.push_back({stage, 1, top, true});
        top += pitch;
    }
    for (int stage = first; stage < first + shown; stage += layout.stagesPerRow) {
        layout.rows.push_back({stage, std::min(layout.stagesPerRow, first + shown - stage), top, false});
        top += pitch;
    }
}

} // namespace

TimelineLayout timelineLayout(const ViewInput& input, const TimelineOptions& options)
{
    TimelineLayout layout;
    const double width = input.size.width();
    const double height = input.size.height();
    const int stages = std::max(input.report.prefill.timeline.stages, 1);
    const double inset = space::kInset;
    double fixed = headerHeight() + axisHeight() + space::kTight * 2;
    const int shown = options.shownStages <= 0 ? stages : std::min(stages, options.shownStages);
    layout.mixed = height - fixed - 3 * textLine() < shown * kLowestBandedRow;
    const double legend = legendHeight(std::max(width - 2 * inset, 40.0), legendOf(input, nullptr, layout.mixed, layout.mixed));
    const double least = std::min(stages * 14.0, 84.0); // the rows come first, then the arithmetic, then the legend
    layout.bubble = height - fixed - textLine() >= least;
    if (layout.bubble)
        fixed += textLine();
    layout.legend = height - fixed - legend >= least;
    if (layout.legend)
        fixed += legend + 2;
    double room = std::max(height - fixed, 4.0);
    // Room that the rows do not need shows what one layer does. One stage has little to say in a row of its own.
    const double line = lineHeight(TextRole::Note);
    const double smallest = 10 + line + 2 + line + 4;
    const double wanted = stages == 1 ? std::min(room * 0.42, kTallestRow) : shown * (kTallestRow + 18.0) - 18;
    // Several stages grow too before what is below them says more than one bar of each kind.
    const double grown = stages == 1 ? wanted : shown * (kGrownRow + 26.0) - 26;
    double inside = 0;
    if (width >= 320 && room - wanted >= smallest)
        inside = std::max(std::min(room - wanted, insideHeight(input, 0)), std::min(room - grown, insideHeight(input, room - grown)));
    if (inside > 0)
        room -= inside;
    const double top = space::kTight + headerHeight();
    const double tallest =
        stages == 1 ? std::max({kTallestRow, 3 * textLine(), tallestRow(height) * std::min(1.0, height / 600)}) : tallestRow(height);
    layRows(options, stages, top, room, tallest, layout);
    const double bottom = layout.rows.back().top + layout.rowHeight;
    const double rowsHeight = bottom - top;

    const QString widest = timelineDevices(input.scenario, stages - 1);
    const double wantedLabels =
        std::max(textWidth(TimelineScene::tr("Stage %1").arg(stages - 1), TextRole::BodyStrong), textWidth(widest, TextRole::Note))
        + space::kInset;
    const double labels = width < 320 ? 0 : std::min(wantedLabels, width * 0.22);
    layout.labels = {inset, top, labels > 0 ? labels - space::kSmall : 0, rowsHeight};
    const double plots = std::max(width - 2 * inset - labels - kPanelGap, 20.0);
    const double first = std::floor(plots * 0.57);
    const std::array<QRectF, 2> areas{QRectF(inset + labels, top, first, rowsHeight),
                                      QRectF(inset + labels + first + kPanelGap, top, plots - first, rowsHeight)};
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const auto index = static_cast<std::size_t>(phase);
        const double duration = phaseOf(input.report, phase).timeline.duration;
        const QRectF below(areas[index].left(), bottom + axisHeight() + 2, areas[index].width(), std::max(inside - 8, 0.0));
        layout.panels[index] = {phase, areas[index], clampRange(options.visible[index], duration), duration, inside > 0 ? below : QRectF()};
    }
    layout.below = bottom + axisHeight() + 2 + inside;
    return layout;
}

void buildTimeline(const ViewInput& input, const TimelineOptions& given, Scene& scene)
{
    scene.clear(input.size);
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    if (input.size.width() < 160 || input.size.height() < 60)
        return; // nothing would be readable
    TimelineOptions options = given;
    TimelineSums own;
    if (options.range && options.sums == nullptr) {
        own = sumTimeline(input.scenario, input.report, *options.range);
        options.sums = &own;
    }
    if (!options.range && !options.chosen.empty() && options.sums == nullptr) {
        own = sumPieces(input.scenario, input.report, options.chosen);
        options.sums = &own;
    }
    if (!options.range && options.chosen.empty())
        options.sums = nullptr;
    const TimelineLayout layout = timelineLayout(input, options);
    if (layout.labels.width() > 0)
        drawStageLabels(scene, input, layout, options.sums);
    bool columns = false;
    for (const TimelinePanel& panel : layout.panels)
        columns = drawPanel(scene, input, options, layout, panel, options.sums) || columns;
    addPinnedPiece(scene, input, layout);
    const QRectF& left = layout.panels[0].plot;
    const double middle = std::round((left.right() + layout.panels[1].plot.left()) / 2) + 2;
    scene.line({middle, left.top() - headerHeight()}, {middle, layout.below - 4}, input.theme.color(Ink::Line));
    if (layout.legend) {
        const double top = layout.below + 2 + (layout.bubble ? textLine() : 0);
        const double width = input.size.width() - 2 * space::kInset;
        const bool mixed = layout.mixed && (columns || layout.rowHeight < kLowestShares);
        std::vector<LegendEntry> legend = legendOf(input, nullptr, mixed, false);
        // Values of a range only where they need no more lines: rows that move under the pointer cannot be measured.
        const double height = std::max(legendHeight(width, legend), input.size.height() - top);
        const auto prefer = [&](std::vector<LegendEntry> longer) {
            if (legendHeight(width, longer) <= height)
                legend = std::move(longer);
        };
        prefer(legendOf(input, nullptr, mixed, columns));
        if (options.sums)
            for (const bool brief : {true, false})
                prefer(legendOf(input, options.sums, mixed, columns, brief));
        drawLegend(scene, input.theme, {double{space::kInset}, top, width, 0}, legend);
    }
    if (options.keys)
        drawTimelineKeys(scene, input.theme);
}

} // namespace shardlens
