// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/verdictscene.h"

#include "core/base/format.h"
#include "core/scenario/calibrate.h"
#include "core/scenario/comparedpoints.h"
#include "core/scenario/serve.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"
#include "ui/scene/verdictcolumns.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kInset = space::kLarge;
constexpr double kLabelTop = 10;
constexpr double kValueTop = 27;
constexpr double kGauge = 8;
constexpr double kFitMost = 330;
constexpr double kDoubtGap = space::kLarge; ///< between a warning and the advice after it
constexpr double kLeastAdvice = 200;        ///< less of a sentence says nothing

/// The strip grows with its text, and so does every place in it.
double grown(double pixels)
{
    return pixels * textScale();
}

double valuesHeight()
{
    return scaledToText(space::kVerdictValues);
}

/// Where the capacity line stands, and the parts of the fullest device from the left.
void drawGauge(Scene& scene, const ViewInput& input, const QRectF& track)
{
    const Theme& theme = input.theme;
    const MemoryReport& memory = input.report.memory;
    const DeviceMemory& fullest = memory.limiting();
    const double end = static_cast<double>(std::max({memory.capacity, fullest.total(), Bytes{1}}));
    const double capacity = track.left() + static_cast<double>(memory.capacity) / end * track.width();
    scene.fill({track.left(), track.top(), capacity - track.left(), track.height()}, theme.color(Ink::Sunken), theme.color(Ink::Line));
    double x = track.left();
    double sum = 0;
    for (std::size_t i = 0; i < kMemoryClassCount; ++i) {
        const auto part = static_cast<MemoryClass>(i);
        const auto bytes = static_cast<double>(bytesOf(fullest, part));
        if (!(bytes > 0))
            continue;
        sum += bytes;
        const double next = track.left() + sum / end * track.width();
        const QColor fill = theme.color(part);
        scene.fill({x, track.top(), next - x, track.height()}, fill, next - x >= 4 ? theme.edgeOf(fill) : QColor());
        x = next;
    }
    if (x > capacity + 1)
        scene.hatch({capacity, track.top() - 1, x - capacity, track.height() + 2}, Hatch::OverCapacity);
    scene.line({capacity, track.top() - 3}, {capacity, track.bottom() + 3}, theme.color(Ink::Text), 2);
}

/// The gravest warning that questions the figures of a plan that fits; null without one. Others say what could be better.
const Finding* doubtOf(const Report& report)
{
    if (!report.legal || !report.memory.fits)
        return nullptr;
    for (const Rule rule : {Rule::LongContext, Rule::ReserveTooSmall, Rule::DroppedTokens})
        for (const Finding& finding : report.warnings)
            if (finding.rule == rule)
                return &finding;
    return nullptr;
}

/// Beside the word "Fits", in ever fewer words.
QStringList doubtNames(const Finding& doubt)
{
    switch (doubt.rule) {
    case Rule::LongContext:
        return {VerdictScene::tr("beyond the model's context"), VerdictScene::tr("beyond its context"), VerdictScene::tr("beyond context")};
    case Rule::ReserveTooSmall:
        return {VerdictScene::tr("with less than it needs reserved"), VerdictScene::tr("reserve too small"),
                VerdictScene::tr("no reserve")};
    default: return {VerdictScene::tr("but drops tokens"), VerdictScene::tr("drops tokens")};
    }
}

void drawFit(Scene& scene, const ViewInput& input, const QRectF& area)
{
    const Theme& theme = input.theme;
    const MemoryReport& memory = input.report.memory;
    const double wordHeight = lineHeight(TextRole::Verdict);
    const Finding* const doubt = doubtOf(input.report);
    drawSign(scene, theme, {area.left() + 8, area.top() + grown(22)}, doubt ? Sign::Warning : memory.fits ? Sign::Good : Sign::Bad);
    const QString word = memory.fits ? VerdictScene::tr("Fits") : VerdictScene::tr("Does not fit");
    const double left = area.left() + 24;
    scene.text({left, area.top() + grown(22) - wordHeight / 2, area.right() - left, wordHeight}, word, TextRole::Verdict,
               theme.color(memory.fits ? Ink::Text : Ink::Violation));
    const double after = left + textWidth(word, TextRole::Verdict) + space::kSmall + 2;
    const QString bytes = qs(formatBytes(std::abs(static_cast<double>(memory.free()))));
    const QString margin = memory.fits ? VerdictScene::tr("%1 free").arg(bytes) : VerdictScene::tr("%1 over").arg(bytes);
    const double beside = area.right() - after;
    const QString named = doubt ? firstFitting(doubtNames(*doubt), TextRole::BodyMedium, beside) : QString();
    if (!named.isEmpty())
        scene.text({after, area.top() + grown(14), beside, grown(18)}, named, TextRole::BodyMedium, theme.color(Ink::Warning));
    else
        scene.text({after, area.top() + grown(14), beside, grown(18)}, firstFitting({margin, bytes}, TextRole::Body, beside),
                   TextRole::Body, theme.color(Ink::Text));
    if (!memory.stages.empty())
        drawGauge(scene, input, {area.left(), area.top() + grown(40), area.width() - 2, kGauge});
    const QString total = qs(formatNumber(static_cast<double>(memory.limiting().total()) / kGiB));
    const QString capacity = qs(formatBytes(static_cast<double>(memory.capacity)));
    QStringList notes{VerdictScene::tr("%1 of %2 on the fullest device").arg(total, capacity),
                      VerdictScene::tr("%1 of %2, fullest").arg(total, capacity), VerdictScene::tr("%1 of %2").arg(total, capacity)};
    if (!named.isEmpty()) // the doubt has the place of what is free
        notes = {VerdictScene::tr("%1 of %2 on the fullest device, %3").arg(total, capacity, margin),
                 VerdictScene::tr("%1 of %2, %3").arg(total, capacity, margin), margin};
    else if (const QString worker = workerText(input.scenario); !worker.isEmpty())
        notes = {VerdictScene::tr("%1 of %2 on the fullest device, %3").arg(total, capacity, worker),
                 VerdictScene::tr("%1 of %2, %3").arg(total, capacity, worker), notes.back()};
    const QString note = firstFitting(notes, TextRole::Note, area.width());
    scene.text({area.left(), area.top() + grown(52), area.width(), grown(16)}, note, TextRole::Note, theme.color(Ink::Text3));
    Subject fit;
    fit.kind = Subject::Kind::Fit;
    scene.hit(area.adjusted(0, 4, 0, -2), fit);
}

void drawColumn(Scene& scene, const Theme& theme, const VerdictColumn& column, const QRectF& area, Ink ink)
{
    scene.text({area.left(), area.top() + grown(kLabelTop), area.width(), grown(14)}, column.label, TextRole::Note, theme.color(Ink::Text2),
               Qt::AlignLeft | Qt::AlignVCenter, true);
    const double height = lineHeight(TextRole::Verdict);
    const QRectF value(area.left(), area.top() + grown(kValueTop - 2), area.width(), height);
    if (!column.empty.isEmpty()) {
        scene.text({area.left(), value.top(), area.width(), height}, column.empty, TextRole::Body, theme.color(Ink::Text3),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
    } else {
        // Figures beyond any real machine are set smaller rather than cut.
        const double unit = textWidth(column.figure.unit, TextRole::Body);
        const bool large = textWidth(column.figure.number, TextRole::Verdict) + 4 + unit <= area.width();
        const TextRole role = large ? TextRole::Verdict : TextRole::Title;
        scene.text(value, column.figure.number, role, theme.color(ink));
        const double used = textWidth(column.figure.number, role) + 4;
        // Both stand on one base line: the unit's box ends higher by the difference of the descents.
        const double small = lineHeight(TextRole::Body);
        const double top = large ? value.bottom() - small - 3 : value.center().y() - small / 2;
        if (used + unit <= area.width())
            scene.text({area.left() + used, top, unit, small}, column.figure.unit, TextRole::Body, theme.color(Ink::Text2));
    }
    QString note = column.note;
    if (column.band && column.empty.isEmpty()) {
        const double label = textWidth(column.label, TextRole::Note) + space::kSmall;
        const double mark = std::min(34.0, area.width() - label - 2);
        if (mark >= 18)
            drawBandMark(scene, theme, {area.left() + label, area.top() + grown(kLabelTop + 7)}, mark, column.value, *column.band);
        const QString range = firstFitting(
            {VerdictScene::tr("%1; 80 %: %2").arg(note, column.range), VerdictScene::tr("80 %: %1").arg(column.range), column.range},
            TextRole::Note, area.width());
        note = range.isEmpty() ? note : range;
    }
    const bool missed = column.target && !column.target->met;
    if (column.target)
        note = firstFitting(column.target->forms, TextRole::Note, area.width());
    if (!note.isEmpty())
        scene.text({area.left(), area.top() + grown(52), area.width(), grown(16)}, note, TextRole::Note,
                   theme.color(missed ? Ink::Violation : Ink::Text3), Qt::AlignLeft | Qt::AlignVCenter, true);
    scene.hit(area.adjusted(-6, 6, 0, -2), column.subject);
}

void drawBound(Scene& scene, const ViewInput& input, const Advice& advice, const QRectF& area)
{
    const Theme& theme = input.theme;
    scene.text({area.left(), area.top() + grown(kLabelTop), area.width(), grown(14)}, VerdictScene::tr("Bound by"), TextRole::Note,
               theme.color(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
    const QRectF swatch(area.left(), area.top() + grown(32), 12, 12);
    if (advice.cause == Cause::Bubble)
        scene.hatch(swatch, Hatch::IdleSwatch);
    else
        scene.fill(swatch, theme.color(advice.cause), theme.edgeOf(theme.color(advice.cause)));
    const QString label = advice.label.empty() ? qs(nameOf(advice.cause)) : qs(advice.label);
    scene.text({area.left() + 18, area.top() + grown(29), area.width() - 18, grown(18)}, label, TextRole::Title, theme.color(Ink::Text),
               Qt::AlignLeft | Qt::AlignVCenter, true);
    scene.text({area.left(), area.top() + grown(52), area.width(), grown(16)},
               VerdictScene::tr("%1 of a decode step").arg(percentFigure(advice.share).joined()), TextRole::Note, theme.color(Ink::Text3),
               Qt::AlignLeft | Qt::AlignVCenter, true);
    Subject subject;
    subject.kind = Subject::Kind::CauseOfTime;
    subject.phase = Phase::Decode;
    subject.cause = static_cast<int>(advice.cause);
    scene.hit(area.adjusted(-6, 6, 0, -2), subject);
}

/// Figures without room: all of them in the tip, and in what a click or Enter opens.
void drawMore(Scene& scene, const ViewInput& input, const QStringList& hidden, const QRectF& area)
{
    scene.text({area.left(), area.top() + grown(kLabelTop), area.width(), grown(14)}, VerdictScene::tr("%1 more").arg(hidden.size()),
               TextRole::Note, input.theme.color(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
    scene.text({area.left(), area.top() + grown(kValueTop - 2), area.width(), lineHeight(TextRole::Verdict)}, QString(QChar(0x2026)),
               TextRole::Verdict, input.theme.color(Ink::Text));
    const QRectF region = area.adjusted(-6, 6, 0, -2);
    Subject fit;
    fit.kind = Subject::Kind::Fit;
    scene.hit(region, fit);
    scene.tip(region, hidden.join(QChar(u'\n')));
}

void drawValues(Scene& scene, const ViewInput& input, const Advice& advice)
{
    constexpr double kPadding = 26; ///< separator and air between two columns
    const double width = input.size.width();
    std::vector<VerdictColumn> columns = verdictColumns(input);
    const double boundReserved = 18 + textWidth(VerdictScene::tr("HBM reads: weights"), TextRole::Title) + 1;
    // A narrow strip says how much is free in the gauge's note only, and keeps the room for the two times.
    const double margin = width < grown(720) ? 0 : 10 + textWidth(QStringLiteral("888 GiB over"), TextRole::Body);
    const double fitReserved = 24 + textWidth(VerdictScene::tr("Does not fit"), TextRole::Verdict) + margin;
    bool bound = true;
    // Drop by rank; what binds goes after the cost and the tokens per user. Returns the width that is needed.
    const auto drop = [&](double reserve) {
        bound = true;
        double needed = 2 * kInset + fitReserved + boundReserved + kPadding + reserve;
        for (VerdictColumn& column : columns) {
            column.shown = true;
            needed += column.reserved + kPadding;
        }
        for (int rank = 5; rank >= 0 && needed > width; --rank) {
            if (rank == 2) {
                bound = false;
                needed -= boundReserved + kPadding;
            }
            for (VerdictColumn& column : columns)
                if (column.shown && column.rank == rank && needed > width) {
                    column.shown = false;
                    needed -= column.reserved + kPadding;
                }
        }
        return needed;
    };
    const auto dropped = [&columns](int least) {
        return std::count_if(columns.begin(), columns.end(),
                             [least](const VerdictColumn& column) { return !column.shown && column.rank >= least; });
    };
    // What has no room is behind an ellipsis, unless that would cost one of the two times its place.
    const double moreReserved = textWidth(VerdictScene::tr("%1 more").arg(88), TextRole::Note) + 1;
    double needed = drop(0);
    double more = 0;
    if (dropped(0) > 0) {
        const auto before = dropped(0) - dropped(1);
        needed = drop(moreReserved + kPadding);
        more = moreReserved;
        if (dropped(0) - dropped(1) > before) {
            needed = drop(0);
            more = 0;
        }
    }
    const auto shown = std::count_if(columns.begin(), columns.end(), [](const VerdictColumn& column) { return column.shown; });
    const double slack = std::max(0.0, width - needed);
    const double fit = std::min(fitReserved + slack * 0.2, std::min(grown(kFitMost), width - 2 * kInset));
    const double extra =
        shown + (bound ? 1 : 0) > 0 ? std::min((slack - (fit - fitReserved)) / static_cast<double>(shown + (bound ? 1 : 0)), 60.0) : 0;
    drawFit(scene, input, {kInset, 0, fit, valuesHeight()});
    double x = kInset + fit;
    const auto separate = [&] {
        scene.line({x + kPadding / 2, 12}, {x + kPadding / 2, valuesHeight() - 6.0}, input.theme.color(Ink::Line));
        x += kPadding;
    };
    for (const VerdictColumn& column : columns) {
        if (!column.shown)
            continue;
        separate();
        drawColumn(scene, input.theme, column, {x, 0, column.reserved + extra, valuesHeight()},
                   input.report.memory.fits ? Ink::Text : Ink::Text2); // figures of a plan that cannot run stand back
        x += column.reserved + extra;
    }
    const double end = width - kInset - (more > 0 ? more + kPadding : 0);
    if (bound) {
        separate();
        drawBound(scene, input, advice, {x, 0, end - x, valuesHeight()});
        x = end;
    }
    if (!(more > 0))
        return;
    separate();
    QStringList hidden;
    for (const VerdictColumn& column : columns)
        if (!column.shown)
            hidden += columnText(column);
    if (!bound)
        hidden += VerdictScene::tr("Bound by: %1").arg(advice.label.empty() ? qs(nameOf(advice.cause)) : qs(advice.label));
    drawMore(scene, input, hidden, {x, 0, more, valuesHeight()});
}

/// Mode and number of warnings at the right end, which leave `wanted` to the advice as far as they can. Returns the x at which they begin.
double drawMode(Scene& scene, const ViewInput& input, const QRectF& row, double wanted)
{
    const Theme& theme = input.theme;
    double right = row.right();
    const bool said = doubtOf(input.report) != nullptr; // one of them at the other end of the line
    const auto count = static_cast<int>(input.report.warnings.size()) - (said ? 1 : 0);
    if (count > 0) {
        const QString text = count == 1 ? (said ? VerdictScene::tr("1 more warning") : VerdictScene::tr("1 warning"))
                                        : (said ? VerdictScene::tr("%1 more warnings") : VerdictScene::tr("%1 warnings")).arg(count);
        right -= textWidth(text, TextRole::Note);
        scene.text({right, row.top(), row.right() - right, row.height()}, text, TextRole::Note, theme.color(Ink::Warning));
        right -= 12;
        drawSign(scene, theme, {right, row.center().y()}, Sign::Warning);
        Subject fit;
        fit.kind = Subject::Kind::Fit;
        scene.hit({right - 8, row.top() + 2, row.right() - right + 8, row.height() - 4}, fit);
        right -= 20;
    }
    const std::vector<std::string> outside = outsideMeasured(input.scenario);
    if (!outside.empty()) {
        const QStringList forms{VerdictScene::tr("outside the measured range: %1").arg(qs(outside.front())),
                                VerdictScene::tr("outside the measured range"), VerdictScene::tr("not measured")};
        const double mode = textWidth(modeText(input.scenario, input.report, true), TextRole::Note);
        const double most = std::min((right - row.left()) * 0.45, right - row.left() - wanted - mode - 52);
        const QString fitting = firstFitting(forms, TextRole::Note, most);
        const QString& text = fitting.isEmpty() ? forms.back() : fitting;
        right -= textWidth(text, TextRole::Note);
        scene.text({right, row.top(), textWidth(text, TextRole::Note) + 1, row.height()}, text, TextRole::Note, theme.color(Ink::Warning));
        right -= 12;
        drawSign(scene, theme, {right, row.center().y()}, Sign::Warning);
        Subject fit;
        fit.kind = Subject::Kind::Fit;
        scene.hit({right - 8, row.top() + 2, textWidth(text, TextRole::Note) + 20, row.height() - 4}, fit);
        right -= 20;
    }
    const double room = right - row.left();
    QStringList modes{modeText(input.scenario, input.report, false), modeText(input.scenario, input.report, true)};
    if (!input.scenario.calibration) // a reader of a picture is to know what its times leave out
        modes.prepend(VerdictScene::tr("%1; engines measured at %2\u2013%3 \u00d7 such a TPOT")
                          .arg(modes.first(), qs(formatNumber(kLeastOverRoofline)), qs(formatNumber(kMostOverRoofline))));
    const double most = std::max(room - wanted - space::kWide, std::min(room * 0.45, textWidth(modes.back(), TextRole::Note)));
    const QString mode = firstFitting(modes, TextRole::Note, std::min(most, room * 0.45));
    right -= textWidth(mode, TextRole::Note);
    scene.text({right, row.top(), textWidth(mode, TextRole::Note) + 1, row.height()}, mode, TextRole::Note, theme.color(Ink::Text3));
    return right;
}

void drawAdvice(Scene& scene, const ViewInput& input, const QString& sentence)
{
    const Theme& theme = input.theme;
    const double top = valuesHeight();
    const double width = input.size.width();
    scene.line({kInset, top}, {width - kInset, top}, theme.color(Ink::Line));
    const QRectF row(kInset, top, width - 2 * kInset, static_cast<double>(scaledToText(space::kVerdictAdvice)));
    const Finding* const doubt = doubtOf(input.report);
    const QString caution = doubt ? qs(shardlens::sentence(*doubt, input.scenario.context(), input.scenario.plan)) : QString();
    const double cautious = doubt ? textWidth(caution, TextRole::Body) + kDoubtGap : 0;
    const double end = drawMode(scene, input, row, cautious + textWidth(sentence, TextRole::Body) + space::kWide + 6) - space::kWide;
    double x = row.left();
    if (doubt && end - x > 40) { // what questions every figure is read before how to better them
        Subject fit;
        fit.kind = Subject::Kind::Fit;
        const double most = end - x;
        const QString whole = firstFitting({caution, doubtNames(*doubt).value(0)}, TextRole::Body, most);
        const QString& shown = whole.isEmpty() ? caution : whole;
        const double used = std::min(textWidth(shown, TextRole::Body) + 0.5, most);
        scene.text({x, row.top(), used, row.height()}, shown, TextRole::Body, theme.color(Ink::Warning), Qt::AlignLeft | Qt::AlignVCenter,
                   true);
        scene.hit({x, row.top() + 2, used, row.height() - 4}, fit);
        x += used + kDoubtGap;
        if (end - x < std::min(textWidth(sentence, TextRole::Body) + 6, kLeastAdvice))
            return;
    }
    // "Try" leads in bold.
    const QString lead = VerdictScene::tr("Try");
    QString rest = sentence;
    if (rest.startsWith(QStringLiteral("Try "))) {
        rest = rest.mid(4);
        scene.text({x, row.top(), end - x, row.height()}, lead, TextRole::BodyStrong, theme.color(Ink::Text));
        x += textWidth(lead, TextRole::BodyStrong) + 6;
    }
    if (end - x > 40)
        scene.text({x, row.top(), end - x, row.height()}, rest, TextRole::Body, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter,
                   true);
}

void drawIllegal(Scene& scene, const ViewInput& input)
{
    const Theme& theme = input.theme;
    const double width = input.size.width();
    drawSign(scene, theme, {kInset + 8, grown(22)}, Sign::Bad);
    const QString word = VerdictScene::tr("Not legal");
    const double height = lineHeight(TextRole::Verdict);
    const double left = kInset + 24;
    scene.text({left, grown(22) - height / 2, width - left - kInset, height}, word, TextRole::Verdict, theme.color(Ink::Violation),
               Qt::AlignLeft | Qt::AlignVCenter, true);
    const auto& violations = input.report.violations;
    if (violations.empty())
        return;
    if (violations.size() > 1)
        scene.text({kInset, grown(44), grown(160), grown(16)}, VerdictScene::tr("%1 rules are broken").arg(violations.size()),
                   TextRole::Note, theme.color(Ink::Text3), Qt::AlignLeft | Qt::AlignVCenter, true);
    const double beside = left + textWidth(word, TextRole::Verdict) + space::kWide;
    scene.line({beside - space::kInset, 12}, {beside - space::kInset, valuesHeight() - 6.0}, theme.color(Ink::Line));
    double y = 12;
    const double line = lineHeight(TextRole::Body);
    const int room = static_cast<int>((valuesHeight() - 12) / line);
    int used = 0;
    for (const Finding& finding : violations) {
        if (used >= room || width - beside - kInset < 80)
            break;
        const QString text = qs(sentence(finding, input.scenario.context(), input.scenario.plan));
        const double drawn =
            drawWrapped(scene, {beside, y, width - beside - kInset, 0}, text, TextRole::Body, theme.color(Ink::Text), room - used);
        y += drawn;
        used += static_cast<int>(std::lround(drawn / line));
    }
}

QString illegalAdvice(const ViewInput& input)
{
    const Finding& finding = input.report.violations.front();
    const std::vector<int> nearest = nearestLegal(finding, input.scenario.context(), input.scenario.plan);
    if (nearest.empty())
        return VerdictScene::tr("No time or price is shown until the plan is legal.");
    QString values = QString::number(nearest.front());
    if (nearest.size() > 1)
        values = VerdictScene::tr("%1 or %2").arg(values).arg(nearest.back());
    return VerdictScene::tr("Try %1 %2: the nearest legal choice with everything else unchanged.")
        .arg(qs(shortNameOf(finding.axis)), values);
}

/// Of which requests the figures of a load are, a line of its own.
QString measuredLine(const Scenario& scenario, const Report& report)
{
    const std::string measured = measuredText(scenario, report.serving.service);
    return measured.empty() ? QString() : QString(QChar(u'\n') % qs(measured));
}

} // namespace

void buildVerdict(const ViewInput& input, const VerdictOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (input.size.width() < 200)
        return; // nothing would be readable
    const bool advised = input.size.height() >= grown(kVerdictHeight) - 2;
    if (!input.report.legal) {
        drawIllegal(scene, input);
        if (advised && !input.report.violations.empty())
            drawAdvice(scene, input, illegalAdvice(input));
        return;
    }
    const Advice advice = options.advice ? *options.advice : advise(input.scenario, input.report);
    drawValues(scene, input, advice);
    const QString service = serviceSentence(input.scenario, input.report);
    if (advised && !service.isEmpty())
        drawAdvice(scene, input, service);
    else if (advised)
        drawAdvice(scene, input,
                   advice.sentence.empty() || advice.sentence.starts_with("Try ") ? qs(advice.sentence)
                                                                                  : QStringLiteral("Try ") + qs(advice.sentence));
}

QString verdictTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal)
        return {};
    if (subject.kind == Subject::Kind::Time) {
        const bool prefill = subject.phase == Phase::Prefill;
        QString text = prefill ? VerdictScene::tr("Time to first token") : VerdictScene::tr("Time per output token");
        if (underLoad(scenario))
            text += QChar(u'\n') % percentileText(prefill ? report.serving.service.ttft : report.serving.service.tpot, false) % QChar(u'\n')
                    % VerdictScene::tr("mean over requests, queueing included") % measuredLine(scenario, report);
        else
            text += QChar(u'\n')
                    % (prefill ? VerdictScene::tr("until the whole batch of %1 has its first token, all prompts arriving together")
                                     .arg(scenario.workload.batch)
                               : VerdictScene::tr("one more token for every sequence in flight"));
        if (const std::optional<TargetText> target = targetText(scenario, report, subject.phase))
            text += QChar(u'\n') % target->forms.front();
        const PointFigure figure = prefill ? PointFigure::Ttft : PointFigure::Tpot;
        if (const std::optional<Spread> band = bandOf(report, figure))
            text += QChar(u'\n') % VerdictScene::tr("80 % interval %1").arg(rangeText(figure, *band));
        return text;
    }
    if (subject.kind != Subject::Kind::Fit)
        return {};
    QString text = report.memory.fits ? VerdictScene::tr("The plan fits") : VerdictScene::tr("The plan does not fit");
    text += QChar(u'\n') + VerdictScene::tr("largest batch per replica %1").arg(qs(formatCount(report.memory.maxBatchPerReplica)));
    for (const std::string& outside : outsideMeasured(scenario))
        text += QChar(u'\n') + VerdictScene::tr("outside the measured range: %1").arg(qs(outside));
    for (const Finding& warning : report.warnings)
        text += QChar(u'\n') + qs(sentence(warning, scenario.context(), scenario.plan));
    return text;
}

QString describeVerdict(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return report.violations.empty() ? VerdictScene::tr("The plan is not legal.")
                                         : VerdictScene::tr("The plan is not legal: %1")
                                               .arg(qs(sentence(report.violations.front(), scenario.context(), scenario.plan)));
    const QString bytes = qs(formatBytes(std::abs(static_cast<double>(report.memory.free()))));
    const QString fit = report.memory.fits ? VerdictScene::tr("The plan fits with %1 free").arg(bytes)
                                           : VerdictScene::tr("The plan does not fit: %1 too much").arg(bytes);
    const Finding* const doubt = doubtOf(report);
    const QString figures = VerdictScene::tr("%1; TTFT %2, TPOT %3, %4 tokens per second and device.")
                                .arg(fit, secondsFigure(report.serving.ttft).joined(), secondsFigure(report.serving.tpot).joined(),
                                     rateFigure(report.serving.outputTokensPerSecondPerDevice).joined());
    return doubt ? QString(figures % QLatin1Char(' ') % qs(sentence(*doubt, scenario.context(), scenario.plan))) : figures;
}

} // namespace shardlens
