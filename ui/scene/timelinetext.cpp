// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinetext.h"

#include "core/base/format.h"
#include "core/scenario/pieceoperators.h"
#include "core/scenario/stagecollectives.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerows.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineText {
    Q_DECLARE_TR_FUNCTIONS(TimelineText)
};

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

/// Scores, softmax and values of a prefill piece.
double attentionTime(const Scenario& scenario, const Report& report, const TimelineCell& cell)
{
    const auto classes = static_cast<int>(std::max<std::size_t>(report.prefill.pieces.size(), 1));
    const std::vector<OperatorCost> operators = pieceOperators(scenario, report, Phase::Prefill, cell.costClass % classes);
    double seconds = 0;
    for (const PieceWork& work : workInside(scenario, report, operators, cell.stage, cell.visit)) {
        const Op op = operators[static_cast<std::size_t>(work.op)].op;
        if (op == Op::AttentionScores || op == Op::AttentionSoftmax || op == Op::AttentionValues)
            seconds += work.end - work.begin;
    }
    return seconds;
}

/// Why stages idle more than equal ones with free sends would.
QString excessReason(const PhaseReport& report)
{
    bool sends = false;
    bool unequal = false;
    for (int stage = 0; stage < report.timeline.stages; ++stage)
        for (int c = 0; c < report.costClasses; ++c) {
            sends = sends || (report.costOf(stage, c).send > 0 && !report.costOf(stage, c).sendBlocks);
            unequal = unequal || std::abs(report.costOf(stage, c).busy() / report.costOf(0, c).busy() - 1) > 0.001;
        }
    return sends && unequal ? TimelineText::tr("waiting for sends and longer stages")
           : sends          ? TimelineText::tr("waiting for sends")
           : unequal        ? TimelineText::tr("waiting for longer stages")
                            : TimelineText::tr("in the order of pieces");
}

} // namespace

QString timelineDevices(const Scenario& scenario, int stage)
{
    const Placement placement(scenario.plan.meshSizes());
    const auto count = static_cast<int>(scenario.plan.stageDevices());
    const QString noun = qs(scenario.cluster->accelerator.noun);
    if (placement.stageGroup() != DeviceGroup(1, count)) // they do not follow one another
        return counted(count, noun);
    const int first = placement.firstDevice(stage, 0);
    return noun + QLatin1Char(' ') + rangeText({first, first + count});
}

QString timelineShares(const Breakdown& parts)
{
    double work = 0;
    for (const Cause cause : kPieceCauses)
        work += parts[cause];
    QStringList shares;
    for (const Cause cause : kPieceCauses) {
        if (!(work > 0) || parts[cause] < 0.001 * work)
            continue;
        const QString name = cause == Cause::Weights         ? TimelineText::tr("weights")
                             : cause == Cause::Kv            ? TimelineText::tr("KV")
                             : cause == Cause::Compute       ? TimelineText::tr("compute")
                             : cause == Cause::Communication ? TimelineText::tr("communication")
                                                             : TimelineText::tr("overhead");
        shares << QStringLiteral("%1 %2").arg(qs(formatPercent(parts[cause] / work, 2)), name);
    }
    return shares.join(QStringLiteral(", "));
}

std::array<QString, 4> timelineIdleTexts(const PhaseReport& report, Phase phase)
{
    const Timeline& timeline = report.timeline;
    const int p = timeline.stages;
    const QString idle = qs(formatPercent(timeline.idleFraction));
    if (p == 1)
        return {
            TimelineText::tr("none: one stage has nobody to wait for"), TimelineText::tr("none: one stage"), TimelineText::tr("none"), {}};
    const bool prefill = phase == Phase::Prefill;
    const int m = prefill ? timeline.microbatches * timeline.steps : timeline.microbatches;
    const int v = timeline.visits;
    const double closed = prefill ? prefillBubble(p, m, v) : decodeIdle(p, m);
    const QString percent = qs(formatPercent(closed));
    const QString formula = !prefill ? QStringLiteral("max(0, 1 \u2212 m/p)")
                            : v > 1  ? QStringLiteral("(p \u2212 1)/(v m + p \u2212 1)")
                                     : QStringLiteral("(p \u2212 1)/(m + p \u2212 1)");
    QString numbers = prefill ? QStringLiteral("%1/%2").arg(qs(formatCount(p - 1)), qs(formatCount(std::int64_t{v} * m + p - 1)))
                              : (m < p ? QStringLiteral("1 \u2212 %1/%2").arg(qs(formatCount(m)), qs(formatCount(p))) : QString());
    const QString chain =
        numbers.isEmpty() ? QStringLiteral("%1 = %2").arg(formula, percent) : QStringLiteral("%1 = %2 = %3").arg(formula, numbers, percent);
    // Of p (v m + p - 1) slots as long as a piece, p (p - 1) are idle; of a decode round's v p max(p, m), v p (p - m).
    const std::int64_t all = prefill ? p * (std::int64_t{v} * m + p - 1) : std::int64_t{v} * p * std::max(p, m);
    const std::int64_t empty = prefill ? std::int64_t{p} * (p - 1) : std::int64_t{v} * p * std::max(p - m, 0);
    const QString slotsText = TimelineText::tr("%1 idle of %2 slots = %3").arg(qs(formatCount(empty)), qs(formatCount(all)), chain);
    if (std::abs(closed - timeline.idleFraction) < 0.0005)
        return {slotsText, chain, numbers.isEmpty() ? percent : QStringLiteral("%1 = %2").arg(numbers, percent), percent};
    if (closed < timeline.idleFraction) {
        const QString more = TimelineText::tr("%1 %2").arg(qs(formatPercent(timeline.idleFraction - closed)), excessReason(report));
        return {TimelineText::tr("%1: %2 even of equal stages and free sends, and %3").arg(idle, slotsText, more),
                TimelineText::tr("%1 = %2 of equal stages + %3").arg(idle, percent, more),
                TimelineText::tr("%1; equal stages: %2").arg(idle, percent), idle};
    }
    return {TimelineText::tr("%1 idle; equal stages and free sends: %2").arg(idle, slotsText),
            TimelineText::tr("%1 idle; equal stages: %2").arg(idle, chain),
            TimelineText::tr("%1 idle; equal stages: %2").arg(idle, percent), idle};
}

double stageIdleShare(const PhaseReport& report, int stage)
{
    double busy = 0;
    for (int c = 0; c < report.costClasses; ++c)
        busy += static_cast<double>(report.piecesOf(c)) * report.costOf(stage, c).busy();
    return report.timeline.period > 0 ? std::max(0.0, 1 - busy / report.timeline.period) : 0;
}

std::array<QString, 4> timelineChoiceTexts(const TimelineSums& sums)
{
    double busy = 0;
    for (const double seconds : sums.busy)
        busy += seconds;
    const QString pieces = sums.pieces == 1 ? TimelineText::tr("1 piece") : TimelineText::tr("%1 pieces").arg(qs(formatCount(sums.pieces)));
    const QString sent = sums.bytes > 0 ? TimelineText::tr(", %1 sent").arg(qs(formatBytes(sums.bytes))) : QString();
    const QString work = TimelineText::tr("%1 busy").arg(qs(formatSeconds(busy)));
    return {QStringLiteral("%1: %2%3").arg(pieces, work, sent), QStringLiteral("%1: %2").arg(pieces, work), work, pieces};
}

std::array<QString, 4> timelineSumTexts(const TimelineRange& range, const TimelineSums& sums)
{
    const double all = sums.length * static_cast<double>(sums.busy.size());
    const QString length = qs(formatSeconds(sums.length));
    const QString at = TimelineText::tr("%1 from %2").arg(length, qs(formatSeconds(range.time.begin)));
    const QString pieces = sums.pieces == 1 ? TimelineText::tr("1 piece") : TimelineText::tr("%1 pieces").arg(qs(formatCount(sums.pieces)));
    const QString idle = TimelineText::tr("%1 idle").arg(qs(formatPercent(all > 0 ? sums.idle / all : 0)));
    const QString stageSeconds =
        TimelineText::tr("%1 idle (%2 of the stages)").arg(qs(formatPercent(all > 0 ? sums.idle / all : 0)), qs(formatSeconds(sums.idle)));
    const QString sent = sums.bytes > 0 ? TimelineText::tr(", %1 sent").arg(qs(formatBytes(sums.bytes))) : QString();
    const QString cut = sums.complete ? QString() : TimelineText::tr(", of the pieces that are kept");
    if (sums.cut > 0) { // what is drawn under the range may be one colour, its sums are not
        const QString shares =
            sums.shared > 0 ? TimelineText::tr("; causes by share of the piece") : TimelineText::tr("; causes by operators inside");
        return {QStringLiteral("%1: %2, %3%4%5%6").arg(at, pieces, stageSeconds, sent, cut, shares),
                QStringLiteral("%1: %2, %3%4").arg(length, pieces, idle, shares), QStringLiteral("%1: %2, %3").arg(length, pieces, idle),
                length};
    }
    return {QStringLiteral("%1: %2, %3%4%5").arg(at, pieces, stageSeconds, sent, cut),
            QStringLiteral("%1: %2, %3%4").arg(length, pieces, idle, sent), QStringLiteral("%1: %2, %3").arg(length, pieces, idle), length};
}

QString timelineSubtitle(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return {};
    const auto groups = [&](PlanAxis axis) {
        const int m = std::max(scenario.plan[axis], 1);
        const int most = static_cast<int>(ceilDiv(scenario.workload.batch, m));
        return m == 1 && most == 1 ? TimelineText::tr("of 1 sequence")
               : m == 1            ? TimelineText::tr("all %1 sequences at once").arg(qs(formatCount(most)))
                                   : QStringLiteral("%1 \u00D7 %2").arg(qs(formatCount(m)), qs(formatCount(most)));
    };
    QString text =
        TimelineText::tr("prefill %1, then decode %2").arg(groups(PlanAxis::PrefillMicrobatches), groups(PlanAxis::DecodeMicrobatches));
    if (report.prefill.timeline.visits > 1)
        text += TimelineText::tr("; %1 visits to each stage, later ones lower").arg(report.prefill.timeline.visits);
    if (const auto idle = static_cast<int>(scenario.cluster->devices() - scenario.plan.devices()); idle > 0 && !report.serving.pools)
        text += TimelineText::tr("; %1 idle").arg(counted(idle, qs(scenario.cluster->accelerator.noun)));
    return text;
}

QString timelinePieceWords(const Report& report, const Subject& subject)
{
    const TimelineCell* const cell = cellOf(report, subject);
    if (cell == nullptr)
        return {};
    const Timeline& timeline = phaseOf(report, subject.phase).timeline;
    QString name = microbatchName(subject.phase, cell->microbatch);
    if (timeline.visits > 1)
        name += TimelineText::tr(", visit %1").arg(cell->visit + 1);
    if (timeline.steps > 1 && subject.step >= 0)
        name += (subject.phase == Phase::Prefill ? TimelineText::tr(", chunk %1") : TimelineText::tr(", token %1")).arg(cell->step + 1);
    if (timeline.stages > 1)
        name += TimelineText::tr(", stage %1").arg(cell->stage);
    return TimelineText::tr("%1: %2").arg(name, qs(formatSeconds(cell->end - cell->start)));
}

QString timelineOperatorWords(const Scenario& scenario, const Report& report, const Subject& piece, const Subject& subject, double shown)
{
    const TimelineCell* const cell = cellOf(report, piece);
    if (cell == nullptr || subject.kind != Subject::Kind::Operator)
        return {};
    const auto classes = static_cast<int>(std::max<std::size_t>(phaseOf(report, piece.phase).pieces.size(), 1));
    const std::vector<OperatorCost> operators = pieceOperators(scenario, report, piece.phase, cell->costClass % classes);
    if (subject.op < 0 || static_cast<std::size_t>(subject.op) >= operators.size())
        return {};
    const OperatorCost& op = operators[static_cast<std::size_t>(subject.op)];
    double all = 0;
    int runs = 0;
    for (const PieceWork& work : workInside(scenario, report, operators, cell->stage, cell->visit))
        if (work.op == subject.op) {
            all += work.end - work.begin;
            ++runs;
        }
    const QString name = qs(nameOf(op.op));
    if (runs > 1 && shown > 1.01 * op.time)
        return TimelineText::tr("%1, %2 runs: %3").arg(name, qs(formatCount(runs)), qs(formatSeconds(all)));
    return QStringLiteral("%1 %2").arg(name, qs(formatSeconds(op.time)));
}

QString timelineTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal)
        return {};
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const bool stageKnown = subject.stage >= 0 && subject.stage < phase.timeline.stages;
    const QString where =
        stageKnown ? TimelineText::tr("Stage %1, %2").arg(subject.stage).arg(timelineDevices(scenario, subject.stage)) : QString();
    switch (subject.kind) {
    case Subject::Kind::Piece: {
        if (!stageKnown)
            return {};
        QString text = subject.phase == Phase::Prefill
                           ? TimelineText::tr("Prefill of microbatch %1").arg(microbatchName(subject.phase, subject.microbatch))
                           : TimelineText::tr("Decode of group %1").arg(microbatchName(subject.phase, subject.microbatch));
        text += QChar(u'\n') + where;
        for (const TimelineCell& cell : cellsOfStage(phase.timeline, subject.stage)) {
            if (cell.microbatch != subject.microbatch || (subject.step >= 0 && cell.step != subject.step)
                || (subject.visit >= 0 && cell.visit != subject.visit))
                continue;
            const StageCost& cost = phase.costOf(cell.stage, cell.costClass);
            if (phase.timeline.steps > 1)
                text += QChar(u'\n')
                        + (subject.phase == Phase::Prefill ? TimelineText::tr("chunk %1 of %2") : TimelineText::tr("token %1 of %2 drawn"))
                              .arg(cell.step + 1)
                              .arg(phase.timeline.steps);
            text += QChar(u'\n') + TimelineText::tr("%1 to %2").arg(qs(formatSeconds(cell.start, 4)), qs(formatSeconds(cell.end, 4)));
            text += QChar(u'\n') + TimelineText::tr("%1 busy").arg(qs(formatSeconds(cost.busy())));
            for (std::size_t i = 0; i < kCauseCount; ++i)
                if (cost.breakdown.seconds[i] > 0)
                    text += QStringLiteral("\n%1 %2").arg(qs(nameOf(static_cast<Cause>(i))), qs(formatSeconds(cost.breakdown.seconds[i])));
            // What grows along the sequence, where a prompt goes in chunks.
            if (subject.phase == Phase::Prefill && phase.timeline.steps > 1)
                text += QChar(u'\n') + TimelineText::tr("%1 of it attention").arg(qs(formatSeconds(attentionTime(scenario, report, cell))));
            if (cost.send > 0) {
                const std::vector<PieceFacts> facts = pieceFacts(scenario, report, subject.phase);
                const auto pieceClass = facts.empty() ? std::size_t{0} : static_cast<std::size_t>(cell.costClass) % facts.size();
                const double bytes = facts.empty() ? 0 : handedBytes(phase, subject.phase, facts[pieceClass], cell.stage, cell.visit);
                text += QChar(u'\n')
                        + (cost.sendBlocks ? TimelineText::tr("of it %1 sending %2 on, which the stage waits for")
                                           : TimelineText::tr("then %1 for %2 on the way on"))
                              .arg(qs(formatSeconds(cost.send)), qs(formatBytes(bytes)));
            }
            if (phase.timeline.visits > 1)
                text += QChar(u'\n') + TimelineText::tr("visit %1 of %2").arg(cell.visit + 1).arg(phase.timeline.visits);
            if (cell.critical && phase.timeline.stages > 1)
                text += QChar(u'\n') + TimelineText::tr("on the critical path");
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
                   + TimelineText::tr("%1 of the stages' time is idle").arg(qs(formatPercent(phase.timeline.idleFraction)));
        if (stageKnown && phase.costClasses > 0) {
            text += QStringLiteral("\n%1\n").arg(where)
                    + TimelineText::tr("%1 of each piece").arg(qs(formatSeconds(phase.costOf(subject.stage, 0).breakdown[cause])));
        }
        const CollectiveRange range = cause == Cause::Communication ? collectiveRange(report, subject.phase) : CollectiveRange{};
        if (range.most == 0)
            return text;
        if (!stageKnown)
            return text + QChar(u'\n') + TimelineText::tr("collectives of each piece: %1").arg(qs(collectiveRangeText(range)));
        const QString collectives = qs(collectivesText(report, subject.phase, subject.stage));
        return collectives.isEmpty() ? text
                                     : text + QChar(u'\n') + TimelineText::tr("%1, spread over the piece, drawn as one").arg(collectives);
    }
    case Subject::Kind::Operator: {
        const auto index = static_cast<std::size_t>(subject.op);
        if (subject.op < 0 || index >= phase.operators.size())
            return {};
        const OperatorCost& op = phase.operators[index];
        QString text = qs(nameOf(op.op));
        if (op.collective != Collective::None)
            text += TimelineText::tr(" and its %1").arg(qs(nameOf(op.collective)));
        text += QChar(u'\n') + TimelineText::tr("%1 in the heaviest piece").arg(qs(formatSeconds(op.time)));
        for (const Cause cause : kPieceCauses)
            if (op.breakdown[cause] > 0)
                text += QStringLiteral("\n%1 %2").arg(qs(nameOf(cause)), qs(formatSeconds(op.breakdown[cause])));
        if (const double hidden = op.communicationTime - op.exposedTime(); op.collective != Collective::None && hidden > 1e-3 * op.time)
            text += QChar(u'\n') + TimelineText::tr("%1 of its collective runs beside work").arg(qs(formatSeconds(hidden)));
        return text;
    }
    case Subject::Kind::Stage: {
        if (!stageKnown)
            return {};
        QString text = where;
        // By share too: what a low row has no pixel for is said here.
        for (const Phase of : {Phase::Prefill, Phase::Decode})
            if (const PhaseReport& each = phaseOf(report, of); each.costClasses > 0)
                text += QChar(u'\n')
                        + (of == Phase::Prefill ? TimelineText::tr("prefill: %1") : TimelineText::tr("decode: %1"))
                              .arg(timelineShares(each.costOf(subject.stage, 0).breakdown));
        if (report.prefill.timeline.stages > 1 && report.prefill.costClasses > 0 && report.decode.costClasses > 0)
            text += QChar(u'\n')
                    + TimelineText::tr("idle %1 of prefill, %2 of a decode round")
                          .arg(qs(formatPercent(stageIdleShare(report.prefill, subject.stage))),
                               qs(formatPercent(stageIdleShare(report.decode, subject.stage))));
        if (report.prefill.timeline.stages > 1)
            text += QChar(u'\n') + TimelineText::tr("P or a double click on its name keeps the row on top, or lets it go");
        return text;
    }
    case Subject::Kind::Range: {
        const TimelineRange range{subject.phase, {subject.begin, subject.end}};
        return TimelineText::tr("Range of %1").arg(qs(nameOf(subject.phase))) + QChar(u'\n')
               + timelineSumTexts(range, sumTimeline(scenario, report, range))[0];
    }
    default: return {};
    }
}

QString describeTimeline(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return TimelineText::tr("The plan is not legal, so there is no timeline.");
    return TimelineText::tr("Prefill passes %1 microbatches through %2 stages in %3, %4 idle; a decode round takes %5, %6 idle.")
        .arg(scenario.plan.prefillMicrobatches())
        .arg(report.prefill.timeline.stages)
        .arg(qs(formatSeconds(report.prefill.time)), qs(formatPercent(report.prefill.timeline.idleFraction)),
             qs(formatSeconds(report.decode.time)), qs(formatPercent(report.decode.timeline.idleFraction)));
}

} // namespace shardlens
