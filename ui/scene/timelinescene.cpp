// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinescene.h"

#include "core/base/format.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerows.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineScene {
    Q_DECLARE_TR_FUNCTIONS(TimelineScene)
};

constexpr double kHeader = 20;
constexpr double kTextLine = 18;
constexpr double kTallestRow = 44;
constexpr double kPanelGap = 28;

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

QString devicesOf(const Scenario& scenario, int stage)
{
    const Placement placement(scenario.plan.meshSizes());
    const auto count = static_cast<int>(scenario.plan.stageDevices());
    const QString noun = qs(scenario.cluster->accelerator.noun);
    if (placement.stageGroup() != DeviceGroup(1, count)) // they do not follow one another
        return counted(count, noun);
    const int first = placement.firstDevice(stage, 0);
    return noun + QLatin1Char(' ') + rangeText({first, first + count});
}

/// The closed form when it is what the events gave, else what they gave with the closed form beside it; longest first.
std::array<QString, 4> bubbleTexts(const PhaseReport& report, Phase phase)
{
    const Timeline& timeline = report.timeline;
    const int p = timeline.stages;
    const QString idle = qs(formatPercent(timeline.idleFraction));
    if (p == 1)
        return {TimelineScene::tr("none: one stage has nobody to wait for"),
                TimelineScene::tr("none: one stage"),
                TimelineScene::tr("none"),
                {}};
    const bool prefill = phase == Phase::Prefill;
    const int m = prefill ? timeline.microbatches * timeline.steps : timeline.microbatches;
    const int v = timeline.visits;
    const double closed = prefill ? prefillBubble(p, m, v) : decodeIdle(p, m);
    const QString percent = qs(formatPercent(closed));
    const QString formula = !prefill ? QStringLiteral("max(0, 1 \u2212 m/p)")
                            : v > 1  ? QStringLiteral("(p \u2212 1)/(v m + p \u2212 1)")
                                     : QStringLiteral("(p \u2212 1)/(m + p \u2212 1)");
    QString numbers = prefill ? QStringLiteral("%1/%2").arg(p - 1).arg(std::int64_t{v} * m + p - 1)
                              : (m < p ? QStringLiteral("1 \u2212 %1/%2").arg(m).arg(p) : QString());
    const QString chain =
        numbers.isEmpty() ? QStringLiteral("%1 = %2").arg(formula, percent) : QStringLiteral("%1 = %2 = %3").arg(formula, numbers, percent);
    if (std::abs(closed - timeline.idleFraction) < 0.0005)
        return {chain, numbers.isEmpty() ? percent : QStringLiteral("%1 = %2").arg(numbers, percent), percent, {}};
    return {TimelineScene::tr("%1 idle; equal stages and free sends: %2").arg(idle, chain),
            TimelineScene::tr("%1 idle; equal stages: %2").arg(idle, chain),
            TimelineScene::tr("%1 idle; equal stages: %2").arg(idle, percent), idle};
}

int collectiveCount(const PhaseReport& report)
{
    int count = 0;
    for (const OperatorCost& op : report.operators)
        if (op.collective != Collective::None && op.collective != Collective::Send)
            count += std::max(int{op.stageLayers}, 0);
    return count;
}

std::vector<LegendEntry> legendOf(const ViewInput& input)
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
    };
    add(Cause::Weights, TimelineScene::tr("Weight reads"));
    add(Cause::Kv, TimelineScene::tr("KV reads"));
    add(Cause::Compute, TimelineScene::tr("Compute"));
    const int collectives = collectiveCount(input.report.decode);
    add(Cause::Communication, collectives == 0   ? TimelineScene::tr("Communication")
                              : collectives == 1 ? TimelineScene::tr("Communication (1 collective)")
                                                 : TimelineScene::tr("Communication (%1 collectives)").arg(collectives));
    add(Cause::Overhead, TimelineScene::tr("Overhead"));
    if (input.report.decode.timeline.stages > 1)
        entries.push_back({TimelineScene::tr("Send"), {}, theme.color(Ink::Send), false, {}});
    const auto marked = [](const Timeline& timeline) { return timeline.stages > 1 && timeline.critical.length > 0; };
    if (marked(input.report.prefill.timeline) || marked(input.report.decode.timeline))
        entries.push_back({TimelineScene::tr("Critical path"), {}, theme.color(Ink::Text), false, {}});
    if (input.report.prefill.timeline.idleFraction > 0 || input.report.decode.timeline.idleFraction > 0)
        entries.push_back({TimelineScene::tr("Idle"), {}, theme.color(Ink::Text3), true, {}});
    return entries;
}

void drawStageLabels(Scene& scene, const ViewInput& input, const TimelineLayout& layout)
{
    const Theme& theme = input.theme;
    const double strong = lineHeight(TextRole::BodyStrong);
    const double note = lineHeight(TextRole::Note);
    const bool twoLines = layout.rowHeight >= strong + note - 2;
    // Rows lower than a line of text: only every n-th is named.
    const int every = std::max(1, static_cast<int>(std::ceil((note - 1) / layout.rowPitch)));
    for (int row = 0; row < layout.rows; ++row) {
        const int stage = row * layout.stagesPerRow;
        const QRectF area(layout.labels.left(), layout.rowRect(layout.panels[0], row).top(), layout.labels.width(), layout.rowHeight);
        Subject subject;
        subject.kind = Subject::Kind::Stage;
        subject.stage = stage;
        scene.hit(area, subject);
        if (row % every != 0)
            continue;
        const QString name = TimelineScene::tr("Stage %1").arg(stage);
        if (twoLines) {
            const double top = area.center().y() - (strong + note) / 2;
            scene.text({area.left(), top, area.width(), strong}, name, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft, true);
            scene.text({area.left(), top + strong, area.width(), note}, devicesOf(input.scenario, stage), TextRole::Note,
                       theme.color(Ink::Text3), Qt::AlignLeft, true);
        } else {
            scene.text({area.left(), area.center().y() - note / 2, area.width(), note}, name, TextRole::Note, theme.color(Ink::Text2),
                       Qt::AlignLeft | Qt::AlignVCenter, true);
        }
    }
}

void drawPanel(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel)
{
    const Theme& theme = input.theme;
    const PhaseReport& report = phaseOf(input.report, panel.phase);
    const bool prefill = panel.phase == Phase::Prefill;
    const QRectF header(panel.plot.left(), panel.plot.top() - kHeader, panel.plot.width(), kHeader - 2);
    const QString title = prefill ? TimelineScene::tr("Prefill") : TimelineScene::tr("Decode");
    scene.text(header, title, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    const double after = textWidth(title, TextRole::BodyStrong) + space::kSmall;
    // Under a load TTFT and TPOT are not those of the one batch that is drawn.
    const bool loaded = input.scenario.serving.load.kind != LoadKind::StaticBatch;
    const QString duration = secondsFigure(prefill ? input.report.prefill.time : input.report.decode.time).joined();
    const QString figure = loaded    ? TimelineScene::tr("one batch, %1").arg(duration)
                           : prefill ? TimelineScene::tr("TTFT %1").arg(duration)
                                     : TimelineScene::tr("TPOT %1").arg(duration);
    const bool zoomed = panel.visible.length() < panel.duration * (1 - 1e-9);
    QString remark;
    if (zoomed)
        remark = TimelineScene::tr("%1 shown").arg(qs(formatSeconds(panel.visible.length())));
    else if (layout.stagesPerRow > 1)
        remark = TimelineScene::tr("every %1th stage").arg(layout.stagesPerRow);
    else if (!prefill)
        remark = TimelineScene::tr("steady state");
    const QString both = remark.isEmpty() ? figure : TimelineScene::tr("%1, %2").arg(figure, remark);
    const QString shown = firstFitting({both, figure}, TextRole::Note, header.width() - after);
    scene.text(header.adjusted(after, 0, 0, 0), shown, TextRole::Note, theme.color(Ink::Text2));
    Subject time;
    time.kind = Subject::Kind::Time;
    time.phase = panel.phase;
    scene.hit({header.left(), header.top(), std::min(after + textWidth(shown, TextRole::Note), header.width()), header.height()}, time);
    drawTimelineRows(scene, input, layout, panel);
    drawTimeAxis(scene, theme, panel.plot, panel.visible.begin, panel.visible.end, panel.plot.right() + 10);
    if (prefill && report.time >= panel.visible.begin && report.time <= panel.visible.end * (1 + 1e-12)) {
        const double x = std::min(panel.xOf(report.time), panel.plot.right()); // the instant the last first token is there
        scene.line({x, panel.plot.top() - 4}, {x, panel.plot.bottom() + 4}, theme.color(Ink::Text), 2);
    }
    if (!layout.bubble)
        return;
    const QRectF line(panel.plot.left(), panel.plot.bottom() + kTimeAxisHeight + 2, panel.plot.width(), kTextLine);
    const QString name = prefill ? TimelineScene::tr("Bubble") : TimelineScene::tr("Idle");
    const double used = textWidth(name, TextRole::NoteStrong) + 6;
    const auto texts = bubbleTexts(report, panel.phase);
    const QString text = firstFitting({texts[0], texts[1], texts[2], texts[3]}, TextRole::Note, line.width() - used);
    if (text.isEmpty())
        return;
    scene.text(line, name, TextRole::NoteStrong, theme.color(Ink::Text));
    scene.text(line.adjusted(used, 0, 0, 0), text, TextRole::Note, theme.color(Ink::Text2));
    Subject idle;
    idle.kind = Subject::Kind::CauseOfTime;
    idle.phase = panel.phase;
    idle.cause = static_cast<int>(Cause::Bubble);
    scene.hit({line.left(), line.top(), used + textWidth(text, TextRole::Note), line.height()}, idle);
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
        if (panel.plot.adjusted(0, -kHeader, 0, kTimeAxisHeight).contains(point))
            return &panel;
    return nullptr;
}

TimelineLayout timelineLayout(const ViewInput& input, const TimelineOptions& options)
{
    TimelineLayout layout;
    const double width = input.size.width();
    const double height = input.size.height();
    const int stages = std::max(input.report.prefill.timeline.stages, 1);
    const double inset = space::kInset;
    const double legend = legendHeight(std::max(width - 2 * inset, 40.0), legendOf(input));
    double fixed = kHeader + kTimeAxisHeight + space::kTight * 2;
    const double least = std::min(stages * 6.0, 60.0); // the rows come first, then the arithmetic, then the legend
    layout.bubble = height - fixed - kTextLine >= least;
    if (layout.bubble)
        fixed += kTextLine;
    layout.legend = height - fixed - legend >= least;
    if (layout.legend)
        fixed += legend + 2;
    const double room = std::max(height - fixed, 4.0);
    layout.stagesPerRow = std::max(1, static_cast<int>(std::ceil(stages * 2.0 / room)));
    layout.rows = (stages + layout.stagesPerRow - 1) / layout.stagesPerRow;
    const double share = room / layout.rows;
    const double gap = layout.rows == 1 ? 0 : share >= 16 ? std::clamp(share * 0.26, 5.0, 18.0) : share >= 4 ? 1 : 0;
    layout.rowHeight = std::min(share - gap, kTallestRow);
    layout.rowPitch = layout.rowHeight + gap;
    const double rowsHeight = layout.rowPitch * layout.rows - gap;

    const QString widest = devicesOf(input.scenario, stages - 1);
    const double wanted =
        std::max(textWidth(TimelineScene::tr("Stage %1").arg(stages - 1), TextRole::BodyStrong), textWidth(widest, TextRole::Note))
        + space::kInset;
    const double labels = width < 320 ? 0 : std::min(wanted, width * 0.22);
    const double top = space::kTight + kHeader;
    layout.labels = {inset, top, labels > 0 ? labels - space::kSmall : 0, rowsHeight};
    const double plots = std::max(width - 2 * inset - labels - kPanelGap, 20.0);
    const double first = std::floor(plots * 0.57);
    const std::array<QRectF, 2> areas{QRectF(inset + labels, top, first, rowsHeight),
                                      QRectF(inset + labels + first + kPanelGap, top, plots - first, rowsHeight)};
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const auto index = static_cast<std::size_t>(phase);
        const double duration = phaseOf(input.report, phase).timeline.duration;
        layout.panels[index] = {phase, areas[index], clampRange(options.visible[index], duration), duration};
    }
    return layout;
}

void buildTimeline(const ViewInput& input, const TimelineOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    if (input.size.width() < 160 || input.size.height() < 60)
        return; // nothing would be readable
    const TimelineLayout layout = timelineLayout(input, options);
    if (layout.labels.width() > 0)
        drawStageLabels(scene, input, layout);
    for (const TimelinePanel& panel : layout.panels)
        drawPanel(scene, input, layout, panel);
    const QRectF& left = layout.panels[0].plot;
    const double middle = std::round((left.right() + layout.panels[1].plot.left()) / 2) + 2;
    scene.line({middle, left.top() - kHeader}, {middle, left.bottom() + kTimeAxisHeight}, input.theme.color(Ink::Line));
    if (!layout.legend)
        return;
    const double top = left.bottom() + kTimeAxisHeight + 4 + (layout.bubble ? kTextLine : 0);
    drawLegend(scene, input.theme, {double{space::kInset}, top, input.size.width() - 2 * space::kInset, 0}, legendOf(input));
}

QString timelineSubtitle(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return {};
    const auto groups = [&](PlanAxis axis) {
        const int m = std::max(scenario.plan[axis], 1);
        const int most = static_cast<int>(ceilDiv(scenario.workload.batch, m));
        return m == 1 ? TimelineScene::tr("all %1 sequences at once").arg(most) : QStringLiteral("%1 \u00D7 %2").arg(m).arg(most);
    };
    return TimelineScene::tr("prefill %1, then decode %2").arg(groups(PlanAxis::PrefillMicrobatches), groups(PlanAxis::DecodeMicrobatches));
}

QString timelineTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal)
        return {};
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const bool stageKnown = subject.stage >= 0 && subject.stage < phase.timeline.stages;
    const QString where =
        stageKnown ? TimelineScene::tr("Stage %1, %2").arg(subject.stage).arg(devicesOf(scenario, subject.stage)) : QString();
    switch (subject.kind) {
    case Subject::Kind::Piece: {
        if (!stageKnown)
            return {};
        QString text = subject.phase == Phase::Prefill
                           ? TimelineScene::tr("Prefill of microbatch %1").arg(microbatchName(subject.phase, subject.microbatch))
                           : TimelineScene::tr("Decode of group %1").arg(microbatchName(subject.phase, subject.microbatch));
        text += QChar(u'\n') + where;
        for (const TimelineCell& cell : cellsOfStage(phase.timeline, subject.stage)) {
            if (cell.microbatch != subject.microbatch || (subject.step >= 0 && cell.step != subject.step)
                || (subject.visit >= 0 && cell.visit != subject.visit))
                continue;
            const StageCost& cost = phase.costOf(cell.stage, cell.costClass);
            text += QChar(u'\n') + TimelineScene::tr("%1 busy").arg(qs(formatSeconds(cost.busy())));
            for (std::size_t i = 0; i < kCauseCount; ++i)
                if (cost.breakdown.seconds[i] > 0)
                    text += QStringLiteral("\n%1 %2").arg(qs(nameOf(static_cast<Cause>(i))), qs(formatSeconds(cost.breakdown.seconds[i])));
            if (cost.send > 0)
                text += QChar(u'\n')
                        + (cost.sendBlocks ? TimelineScene::tr("of it %1 sending to the next stage, which the stage waits for")
                                           : TimelineScene::tr("then %1 on the way to the next stage"))
                              .arg(qs(formatSeconds(cost.send)));
            if (phase.timeline.visits > 1)
                text += QChar(u'\n') + TimelineScene::tr("visit %1 of %2").arg(cell.visit + 1).arg(phase.timeline.visits);
            if (cell.critical && phase.timeline.stages > 1)
                text += QChar(u'\n') + TimelineScene::tr("on the critical path");
            break;
        }
        return text;
    }
    case Subject::Kind::CauseOfTime: {
        if (subject.cause < 0 || static_cast<std::size_t>(subject.cause) >= kCauseCount)
            return {};
        const auto cause = static_cast<Cause>(subject.cause);
        QString text = qs(nameOf(cause));
        if (cause == Cause::Bubble)
            return text + QChar(u'\n')
                   + TimelineScene::tr("%1 of the stages' time is idle").arg(qs(formatPercent(phase.timeline.idleFraction)));
        if (stageKnown && phase.costClasses > 0) {
            text += QStringLiteral("\n%1\n").arg(where)
                    + TimelineScene::tr("%1 of each piece").arg(qs(formatSeconds(phase.costOf(subject.stage, 0).breakdown[cause])));
        }
        const QString collectives = cause == Cause::Communication ? collectivesOf(phase) : QString();
        return collectives.isEmpty() ? text
                                     : text + QChar(u'\n') + TimelineScene::tr("%1, spread over the piece, drawn as one").arg(collectives);
    }
    case Subject::Kind::Stage: return stageKnown ? where : QString();
    default: return {};
    }
}

QString describeTimeline(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return TimelineScene::tr("The plan is not legal, so there is no timeline.");
    return TimelineScene::tr("Prefill passes %1 microbatches through %2 stages in %3, %4 idle; a decode round takes %5, %6 idle.")
        .arg(scenario.plan.prefillMicrobatches())
        .arg(report.prefill.timeline.stages)
        .arg(qs(formatSeconds(report.prefill.time)), qs(formatPercent(report.prefill.timeline.idleFraction)),
             qs(formatSeconds(report.decode.time)), qs(formatPercent(report.decode.timeline.idleFraction)));
}

} // namespace shardlens
