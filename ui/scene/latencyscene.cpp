// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/latencyscene.h"

#include "core/base/format.h"
#include "ui/scene/latencyload.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardlens {
namespace {

struct LatencyScene {
    Q_DECLARE_TR_FUNCTIONS(LatencyScene)
};

/// `low` where height is scarce: the axis comes before the size of the bar.
double barHeight(bool low)
{
    return std::ceil(lineHeight(TextRole::BodyMedium)) + (low ? 4 : 10);
}

double headerHeight()
{
    return std::ceil(lineHeight(TextRole::BodyStrong)) + 6;
}

/// Of ticks and their labels at the size of text that is set.
double axisHeight()
{
    return std::max(kTimeAxisHeight, std::ceil(lineHeight(TextRole::Note)) + 7);
}

double operatorRow()
{
    return std::ceil(lineHeight(TextRole::Note)) + 4;
}

constexpr double kNothing = 1e-9; ///< share of the whole below which a cause is rounding
constexpr double kUnitRoom = 16;
constexpr double kRowGap = 2;
constexpr double kOperatorBar = 8;
constexpr double kTallestOperator = 2.2; // rows of text

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

QString causeName(const Scenario& scenario, Cause cause)
{
    switch (cause) {
    case Cause::Weights: // calibrated, norms and other elementwise work take a time of their own
        return scenario.calibration ? LatencyScene::tr("Weights, activations") : LatencyScene::tr("Weight reads");
    case Cause::Kv: return LatencyScene::tr("KV reads");
    case Cause::Compute: return LatencyScene::tr("Compute");
    case Cause::Communication: return LatencyScene::tr("Communication");
    case Cause::Bubble: return LatencyScene::tr("Bubble");
    case Cause::Overhead: break;
    }
    return LatencyScene::tr("Overhead");
}

/// Where a legend has no room for the whole names.
QString shortCauseName(const Scenario& scenario, Cause cause)
{
    switch (cause) {
    case Cause::Weights: return LatencyScene::tr("Weights");
    case Cause::Kv: return LatencyScene::tr("KV");
    case Cause::Communication: return LatencyScene::tr("Network");
    default: return causeName(scenario, cause);
    }
}

/// "Weight reads" -> "weight reads", "KV reads" as it is.
QString inSentence(QString name)
{
    if (name.size() > 1 && name.at(1).isLower())
        name[0] = name.at(0).toLower();
    return name;
}

Subject causeSubject(Phase phase, Cause cause)
{
    Subject subject;
    subject.kind = Subject::Kind::CauseOfTime;
    subject.phase = phase;
    subject.cause = static_cast<int>(cause);
    return subject;
}

std::vector<LegendEntry> legendOf(const ViewInput& input, Phase phase)
{
    const Theme& theme = input.theme;
    const PhaseReport& report = phaseOf(input.report, phase);
    std::vector<LegendEntry> entries;
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const auto cause = static_cast<Cause>(i);
        if (report.breakdown[cause] > report.breakdown.total() * kNothing)
            entries.push_back({causeName(input.scenario, cause), secondsFigure(report.breakdown[cause]).joined(), theme.color(cause),
                               cause == Cause::Bubble, causeSubject(phase, cause)});
    }
    return entries;
}

/// A legend as high as it gets while values change: every cause of either phase, with the widest value.
double reservedLegend(const ViewInput& input, double width, Phase phase)
{
    static const QString kWidest = QStringLiteral("888.8 ms");
    std::vector<LegendEntry> entries;
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const auto cause = static_cast<Cause>(i);
        if (input.report.prefill.breakdown[cause] > 0 || input.report.decode.breakdown[cause] > 0)
            entries.push_back({causeName(input.scenario, cause), kWidest, {}, false, {}});
    }
    return std::max(legendHeight(width, entries), legendHeight(width, legendOf(input, phase)));
}

/// One legend for both bars, without values; where `room` is too low for all entries they get short names, and last the smallest go.
std::vector<LegendEntry> sharedLegend(const ViewInput& input, double width, double room)
{
    std::vector<LegendEntry> entries = legendOf(input, Phase::Decode);
    for (const LegendEntry& entry : legendOf(input, Phase::Prefill))
        if (std::none_of(entries.begin(), entries.end(),
                         [&](const LegendEntry& other) { return other.subject.cause == entry.subject.cause; }))
            entries.push_back(entry);
    std::sort(entries.begin(), entries.end(), [](const LegendEntry& a, const LegendEntry& b) { return a.subject.cause < b.subject.cause; });
    for (LegendEntry& entry : entries)
        entry.value.clear();
    const auto share = [&](const LegendEntry& entry) {
        const auto cause = static_cast<Cause>(entry.subject.cause);
        const auto of = [cause](const Breakdown& parts) { return parts.total() > 0 ? parts[cause] / parts.total() : 0; };
        return std::max(of(input.report.prefill.breakdown), of(input.report.decode.breakdown));
    };
    if (legendHeight(width, entries) > room)
        for (LegendEntry& entry : entries)
            entry.name = shortCauseName(input.scenario, static_cast<Cause>(entry.subject.cause));
    while (!entries.empty() && legendHeight(width, entries) > room)
        entries.erase(std::min_element(entries.begin(), entries.end(),
                                       [&](const LegendEntry& a, const LegendEntry& b) { return share(a) < share(b); }));
    return entries;
}

/// What the time is and its interval; under load the figure's distribution, which is not that of one phase alone.
QString headerNote(const ViewInput& input, bool prefill, double room)
{
    const PointFigure figure = prefill ? PointFigure::Ttft : PointFigure::Tpot;
    const QString name = prefill ? LatencyScene::tr("TTFT") : LatencyScene::tr("TPOT");
    const std::optional<Spread> band = bandOf(input.report, figure);
    const QString range = band ? LatencyScene::tr("80 %: %1").arg(rangeText(figure, *band)) : QString();
    if (underLoad(input.scenario)) {
        const ServingReport& serving = input.report.serving;
        const double mean = prefill ? serving.ttft : serving.tpot;
        if (!std::isfinite(mean))
            return firstFitting(
                {LatencyScene::tr("one static batch; %1 under load grows without end").arg(name), LatencyScene::tr("static batch")},
                TextRole::Note, room);
        const Percentiles& percentiles = prefill ? serving.service.ttft : serving.service.tpot;
        const QString head = LatencyScene::tr("%1 under load %2").arg(name, secondsFigure(mean).joined());
        const QString how = serving.service.simulated ? LatencyScene::tr("simulated") : LatencyScene::tr("analytic");
        const QString spread = percentileText(percentiles, false);
        const QString brief = percentileText(percentiles, true);
        const QString ranged = range.isEmpty() ? head : head % QStringLiteral("; ") % range;
        // The bar is another thing than the figure: of a batch that starts together and meets no other.
        const QString worker = workerText(input.scenario);
        const QString bar = worker.isEmpty() ? LatencyScene::tr("one static batch, not under load")
                                             : LatencyScene::tr("one static batch on a %1, not under load").arg(worker);
        return firstFitting(
            {LatencyScene::tr("%1; %2; %3 (%4)").arg(bar, ranged, spread, how), LatencyScene::tr("%1; %2; %3").arg(bar, head, spread),
             LatencyScene::tr("%1; %2; %3").arg(bar, head, brief), LatencyScene::tr("%1; %2").arg(bar, head),
             LatencyScene::tr("%1; %2").arg(LatencyScene::tr("static batch"), head),
             LatencyScene::tr("static; under load %1").arg(secondsFigure(mean).joined()), bar, LatencyScene::tr("static batch")},
            TextRole::Note, room);
    }
    if (const std::optional<TargetText> target = targetText(input.scenario, input.report, prefill ? Phase::Prefill : Phase::Decode)) {
        QStringList forms;
        for (const QString& form : target->forms)
            forms << QStringLiteral("%1: %2").arg(name, form);
        if (!range.isEmpty())
            forms.prepend(forms.front() % QStringLiteral("; ") % range);
        return firstFitting(forms, TextRole::Note, room);
    }
    const QString whole = prefill ? LatencyScene::tr("TTFT: until every sequence of the batch has its first token")
                                  : LatencyScene::tr("TPOT: one more token for every sequence");
    const QString shorter = prefill ? LatencyScene::tr("TTFT, whole batch") : LatencyScene::tr("TPOT, every sequence");
    if (range.isEmpty())
        return firstFitting({whole, shorter, name}, TextRole::Note, room);
    return firstFitting({range % QStringLiteral("; ") % whole, range % QStringLiteral("; ") % shorter, range, name}, TextRole::Note, room);
}

void drawHeader(Scene& scene, const ViewInput& input, const QRectF& area, Phase phase)
{
    const Theme& theme = input.theme;
    const bool prefill = phase == Phase::Prefill;
    const QString value = secondsFigure(phaseOf(input.report, phase).time).joined();
    const double besideValue = area.width() - space::kSmall - textWidth(value, TextRole::BodyStrong);
    QString name = prefill ? LatencyScene::tr("Prefill") : LatencyScene::tr("Decode step");
    if (!prefill && textWidth(name, TextRole::BodyStrong) > besideValue)
        name = LatencyScene::tr("Decode");
    double x = area.left();
    scene.text(area, name, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    x += textWidth(name, TextRole::BodyStrong) + space::kSmall;
    if (x + textWidth(value, TextRole::BodyStrong) > area.right())
        return;
    scene.text({x, area.top(), area.right() - x, area.height()}, value, TextRole::BodyStrong, theme.color(Ink::Text));
    x += textWidth(value, TextRole::BodyStrong) + space::kSmall;
    const QString meaning = headerNote(input, prefill, area.right() - x);
    scene.text({x, area.top(), area.right() - x, area.height()}, meaning, TextRole::Note, theme.color(Ink::Text3));
    Subject time;
    time.kind = Subject::Kind::Time;
    time.phase = phase;
    scene.hit({area.left(), area.top(), x - space::kSmall - area.left(), area.height()}, time);
}

/// "AllReduce of down_proj"; waiting for sends has no operator of its own.
QString collectiveName(const CollectiveShare& share)
{
    const QString name = qs(nameOf(share.collective));
    return share.op == Op::SendActivations ? name : LatencyScene::tr("%1 of %2").arg(name, qs(nameOf(share.op)));
}

/// The communication of a bar cut into its collectives, each with its name where there is room.
void drawCollectives(Scene& scene, const ViewInput& input, const QRectF& rect, Phase phase)
{
    const PhaseReport& report = phaseOf(input.report, phase);
    const QColor fill = input.theme.color(Cause::Communication);
    const double all = report.breakdown[Cause::Communication];
    double x = rect.left();
    for (const CollectiveShare& share : report.collectives) {
        const QRectF part(x, rect.top(), share.seconds / all * rect.width(), rect.height());
        x = part.right();
        if (part.width() < 3)
            break; // the rest is one piece
        if (part.right() < rect.right() - 1)
            scene.line({part.right(), rect.top()}, {part.right(), rect.bottom()}, Theme::textOn(fill));
        const QString value = secondsFigure(share.seconds).joined();
        const QString name = collectiveName(share);
        const QString kind = qs(nameOf(share.collective));
        const QString label =
            firstFitting({QString(name + QLatin1Char(' ') + value), name, QString(kind + QLatin1Char(' ') + value), kind, value},
                         TextRole::BodyMedium, part.width() - 10);
        scene.text(part.adjusted(5, 0, -5, 0), label, TextRole::BodyMedium, Theme::textOn(fill), Qt::AlignLeft | Qt::AlignVCenter);
    }
}

void drawBarLabel(Scene& scene, const QRectF& rect, const QString& name, double seconds, const QColor& ink)
{
    const QString value = secondsFigure(seconds).joined();
    const QString label = firstFitting({name + QChar(u' ') + value, value}, TextRole::BodyMedium, rect.width() - 10);
    scene.text(rect.adjusted(5, 0, -5, 0), label, TextRole::BodyMedium, ink, Qt::AlignLeft | Qt::AlignVCenter);
}

void drawBar(Scene& scene, const ViewInput& input, const QRectF& track, double axisEnd, Phase phase)
{
    const Theme& theme = input.theme;
    const Breakdown& parts = phaseOf(input.report, phase).breakdown;
    double sum = 0;
    double x = track.left();
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const auto cause = static_cast<Cause>(i);
        if (!(parts[cause] > parts.total() * kNothing))
            continue;
        sum += parts[cause];
        const double end = track.left() + std::min(sum / axisEnd, 1.0) * track.width();
        const QRectF rect(x, track.top(), end - x, track.height());
        x = end;
        if (cause == Cause::Bubble) {
            scene.hatch(rect, Hatch::Idle, {}, theme.color(Ink::Strong));
            const QString label = firstFitting({causeName(input.scenario, cause) + QChar(u' ') + secondsFigure(parts[cause]).joined(),
                                                secondsFigure(parts[cause]).joined()},
                                               TextRole::BodyMedium, rect.width() - 18);
            if (!label.isEmpty()) {
                const double height = lineHeight(TextRole::BodyMedium);
                const QRectF plate(rect.left() + 5, rect.center().y() - height / 2, textWidth(label, TextRole::BodyMedium) + 8, height);
                scene.fill(plate, theme.color(Ink::Sunken)); // the hatch would cross the letters
                scene.text(plate, label, TextRole::BodyMedium, theme.color(Ink::Text2), Qt::AlignCenter);
            }
        } else {
            const QColor fill = theme.color(cause);
            scene.fill(rect, fill, rect.width() >= 3 ? theme.edgeOf(fill) : QColor());
            // Cut into collectives where the costliest has room for its kind, else one piece with the sum.
            const std::vector<CollectiveShare>& collectives = phaseOf(input.report, phase).collectives;
            const bool cut = cause == Cause::Communication && collectives.size() > 1
                             && textWidth(qs(nameOf(collectives.front().collective)), TextRole::BodyMedium) + 10
                                    <= collectives.front().seconds / parts[cause] * rect.width();
            if (cut)
                drawCollectives(scene, input, rect, phase);
            else
                drawBarLabel(scene, rect, causeName(input.scenario, cause), parts[cause], Theme::textOn(fill));
        }
        scene.hit(rect, causeSubject(phase, cause));
    }
}

/// The target that a bar is held against, in seconds; none under load, where the figure is not the bar's.
std::optional<double> barTarget(const ViewInput& input, Phase phase)
{
    if (underLoad(input.scenario))
        return std::nullopt;
    return phase == Phase::Prefill ? input.scenario.targets.ttft : input.scenario.targets.tpot;
}

/// What there is height for besides header and bar.
struct Extras {
    bool axis = true;
    bool legend = true;
    bool lowBar = false;
    LoadTimes load; ///< rows of a request under the load
    [[nodiscard]] const std::optional<RequestTime>& loadOf(Phase phase) const { return load[static_cast<std::size_t>(phase)]; }
};

/// Bars longer than so many times that of the batch end with the axis.
constexpr double kMostOfBatch = 4;

/// A target that is not far beyond the bar is on its axis, and so is a request under the load.
double axisEndOf(const ViewInput& input, Phase phase, const Extras& extras)
{
    double total = phaseOf(input.report, phase).breakdown.total();
    if (const std::optional<RequestTime>& request = extras.loadOf(phase))
        total = std::clamp(request->total(), total, kMostOfBatch * total);
    const std::optional<double> target = barTarget(input, phase);
    return roundUp(target && *target < 2 * total ? std::max(total, *target) : total);
}

double phaseHeight(const ViewInput& input, double width, Phase phase, const Extras& extras)
{
    const double bar = headerHeight() + barHeight(extras.lowBar) + (extras.loadOf(phase) ? kRowGap + requestRowHeight() : 0)
                       + (extras.axis ? axisHeight() : 0);
    return extras.legend ? bar + space::kTight + reservedLegend(input, width, phase) : bar;
}

/// One phase from the top of `area`. Returns the height reserved for it.
double drawPhase(Scene& scene, const ViewInput& input, const QRectF& area, Phase phase, const Extras& extras)
{
    drawHeader(scene, input, {area.left(), area.top(), area.width(), headerHeight() - 2}, phase);
    // The unit of the last tick hangs to the right of its number.
    QRectF track(area.left(), area.top() + headerHeight(), area.width() - (extras.axis ? kUnitRoom : 0), barHeight(extras.lowBar));
    const double axisEnd = axisEndOf(input, phase, extras);
    drawBar(scene, input, track, axisEnd, phase);
    if (const std::optional<double> target = barTarget(input, phase); target && *target <= axisEnd) {
        const double x = track.left() + *target / axisEnd * track.width();
        scene.line({x, track.top() - 3}, {x, track.bottom() + 3}, input.theme.color(Ink::Surface), 4); // dark and light segments alike
        scene.line({x, track.top() - 3}, {x, track.bottom() + 3}, input.theme.color(Ink::Text), 2);
    }
    if (const std::optional<RequestTime>& request = extras.loadOf(phase)) {
        track = QRectF(track.left(), track.bottom() + kRowGap, track.width(), requestRowHeight());
        drawRequestRow(scene, input.theme, track, axisEnd, phase, *request);
    }
    double y = track.bottom();
    if (extras.axis) {
        drawTimeAxis(scene, input.theme, track, 0, axisEnd, track.right() + kUnitRoom + space::kInset - 2);
        y += axisHeight();
    }
    if (extras.legend)
        drawLegend(scene, input.theme, {area.left(), y + space::kTight, area.width(), 0}, legendOf(input, phase));
    return phaseHeight(input, area.width(), phase, extras);
}

void drawOperators(Scene& scene, const ViewInput& input, const QRectF& area, Phase phase)
{
    const Theme& theme = input.theme;
    const QString title =
        phase == Phase::Prefill ? LatencyScene::tr("Operators of a prefill piece") : LatencyScene::tr("Operators of a decode piece");
    const double line = lineHeight(TextRole::NoteStrong);
    scene.text({area.left(), area.top(), area.width(), line}, title, TextRole::NoteStrong, theme.color(Ink::Text2),
               Qt::AlignLeft | Qt::AlignVCenter, true);
    const std::vector<OperatorShare> shares = operatorShares(phaseOf(input.report, phase));
    const auto room = static_cast<std::size_t>(std::max(0.0, (area.height() - line - 4) / operatorRow()));
    // Rows of both phases grow with the room.
    const std::size_t most = std::max(operatorShares(input.report.prefill).size(), operatorShares(input.report.decode).size());
    const double pitch = std::clamp(std::floor((area.height() - line - 4) / static_cast<double>(std::max<std::size_t>(most, 1))),
                                    operatorRow(), kTallestOperator * operatorRow());
    const double bar = std::round(kOperatorBar * pitch / operatorRow());
    const std::size_t count = std::min(shares.size(), room);
    if (count == 0)
        return;
    const auto nameOfShare = [](const OperatorShare& share, bool whole) {
        const QString name = qs(nameOf(share.op));
        return !whole || share.collective == Collective::None || share.op == Op::SendActivations
                   ? name
                   : QString(name + QStringLiteral(" + ") + qs(nameOf(share.collective)));
    };
    const auto widestName = [&](bool whole) {
        double width = 0;
        for (std::size_t i = 0; i < count; ++i)
            width = std::max(width, textWidth(nameOfShare(shares[i], whole), TextRole::Note));
        return width;
    };
    const bool whole = widestName(true) <= area.width() * 0.5; // else the collective's colour in the bar says it
    double names = widestName(whole);
    double values = 0;
    for (std::size_t i = 0; i < count; ++i)
        values = std::max(values, textWidth(secondsFigure(shares[i].seconds).joined(), TextRole::Note));
    names = std::min(names, area.width() * 0.5);
    const double left = area.left() + names + space::kSmall;
    const double track = area.right() - values - space::kSmall - left;
    double y = area.top() + line + 4;
    for (std::size_t i = 0; i < count; ++i, y += pitch) {
        const OperatorShare& share = shares[i];
        scene.text({area.left(), y, names + 0.5, pitch}, nameOfShare(share, whole), TextRole::Note, theme.color(Ink::Text2),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
        scene.text({area.left(), y, area.width(), pitch}, secondsFigure(share.seconds).joined(), TextRole::Note, theme.color(Ink::Text),
                   Qt::AlignRight | Qt::AlignVCenter);
        double x = left;
        double sum = 0;
        for (std::size_t c = 0; c < kCauseCount && track > 8; ++c) {
            if (!(share.breakdown.seconds[c] > 0))
                continue;
            sum += share.breakdown.seconds[c];
            const double end = left + sum / shares.front().seconds * track;
            scene.fill({x, y + (pitch - bar) / 2, end - x, bar}, theme.color(static_cast<Cause>(c)));
            x = end;
        }
        Subject subject;
        subject.kind = Subject::Kind::Operator;
        subject.phase = phase;
        subject.op = share.index;
        scene.hit({area.left(), y, area.width(), pitch}, subject);
    }
}

/// "AllReduce of down_proj: 122 ms", a line each, costliest first.
QString collectiveLines(const PhaseReport& phase)
{
    constexpr std::size_t kMostLines = 8;
    QString lines;
    for (std::size_t i = 0; i < std::min(phase.collectives.size(), kMostLines); ++i)
        lines +=
            QLatin1Char('\n')
            + LatencyScene::tr("%1: %2").arg(collectiveName(phase.collectives[i]), secondsFigure(phase.collectives[i].seconds).joined());
    if (phase.collectives.size() > kMostLines)
        lines += QLatin1Char('\n') + LatencyScene::tr("and %1 more").arg(phase.collectives.size() - kMostLines);
    return lines;
}

} // namespace

std::vector<OperatorShare> operatorShares(const PhaseReport& report)
{
    std::vector<OperatorShare> shares;
    std::vector<double> largest;
    for (std::size_t i = 0; i < report.operators.size(); ++i) {
        const OperatorCost& op = report.operators[i];
        const double seconds = op.time * op.stageLayers;
        if (!(seconds > 0))
            continue;
        const auto known = std::find_if(shares.begin(), shares.end(), [&](const OperatorShare& share) { return share.op == op.op; });
        if (known == shares.end()) {
            shares.push_back({op.op, static_cast<int>(i), seconds, op.breakdown.scaled(op.stageLayers), Collective::None});
            if (op.breakdown[Cause::Communication] > 0)
                shares.back().collective = op.collective;
            largest.push_back(seconds);
            continue;
        }
        double& before = largest[static_cast<std::size_t>(known - shares.begin())];
        if (seconds > before) {
            before = seconds;
            known->index = static_cast<int>(i);
        }
        if (op.breakdown[Cause::Communication] > 0)
            known->collective = op.collective;
        known->seconds += seconds;
        known->breakdown += op.breakdown.scaled(op.stageLayers);
    }
    std::stable_sort(shares.begin(), shares.end(), [](const OperatorShare& a, const OperatorShare& b) { return a.seconds > b.seconds; });
    return shares;
}

void buildLatency(const ViewInput& input, const LatencyOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    const double inset = space::kInset;
    const double width = input.size.width() - 2 * inset;
    const double height = input.size.height() - space::kTight;
    if (width < 120 || height < headerHeight() + barHeight(true))
        return; // nothing would be readable
    // Very wide views put the phases side by side; bars as long as a screen are hard to compare with their legends. So do those that are too
    // low for one above the other.
    const bool wide = width >= 900;
    const bool low = width >= 240 && space::kTight + 2 * (headerHeight() + barHeight(true)) > height;
    const bool beside = wide || low;
    const double gutter = wide ? 2 * space::kWide : 2 * space::kLarge;
    const double column = beside ? (width - gutter) / 2 : width;
    double between = space::kSmall;
    const auto total = [&](const Extras& extras) {
        const double first = phaseHeight(input, column, Phase::Prefill, extras);
        const double second = phaseHeight(input, column, Phase::Decode, extras);
        return beside ? std::max(first, second) : first + between + second;
    };
    // The bars come first, then an axis for each, then a legend with values for each, else one for both, for which the bars get lower.
    Extras extras;
    extras.load = requestTimes(input.scenario, input.report);
    std::vector<LegendEntry> shared;
    extras.legend = total(extras) <= height;
    if (!extras.legend) {
        // The rows of a request under the load, which the headers have in words, stand back before the bars lose a name.
        const double whole = legendHeight(width, sharedLegend(input, width, std::numeric_limits<double>::infinity()));
        if (total(extras) + whole > height) {
            extras.load = {};
            extras.legend = true;
            extras.legend = total(extras) <= height;
        }
    }
    if (!extras.legend) {
        between = space::kTight;
        const auto fitsBeside = [&](double legend) { return total(extras) + legend <= height; };
        // One line of a legend, without which no colour has a name.
        const double line = legendHeight(width, {{QStringLiteral("X"), {}, {}, false, {}}});
        const double whole = legendHeight(width, sharedLegend(input, width, std::numeric_limits<double>::infinity()));
        if (!fitsBeside(whole)) {
            extras.lowBar = true; // all of the legend rather than high bars
            extras.lowBar = fitsBeside(whole);
        }
        if (!fitsBeside(line)) {
            extras.lowBar = true;
            extras.axis = fitsBeside(line);
            extras.lowBar = extras.axis || !fitsBeside(line) || total({false, false, false, {}}) + line > height;
        }
        shared = sharedLegend(input, width, height - total(extras));
    }
    double y = space::kTight;
    double bottom = y + drawPhase(scene, input, {inset, y, column, 0}, Phase::Prefill, extras);
    if (beside) {
        const double left = inset + column + gutter;
        bottom = std::max(bottom, y + drawPhase(scene, input, {left, y, column, 0}, Phase::Decode, extras));
    } else if (bottom + between + phaseHeight(input, column, Phase::Decode, extras) <= input.size.height()) {
        y = bottom + between;
        bottom = y + drawPhase(scene, input, {inset, y, column, 0}, Phase::Decode, extras);
    }
    bottom += drawLegend(scene, input.theme, {inset, bottom, width, 0}, shared);
    const double rest = input.size.height() - bottom - space::kInset - space::kTight;
    if (!options.operators || rest < lineHeight(TextRole::NoteStrong) + 4 + 3 * operatorRow() || width < 300)
        return;
    y = bottom + space::kInset;
    scene.line({inset, y - space::kTight}, {inset + width, y - space::kTight}, input.theme.color(Ink::Grid));
    const double gap = beside ? gutter : space::kWide;
    const double half = (width - gap) / 2;
    drawOperators(scene, input, {inset, y, half, rest}, Phase::Prefill);
    drawOperators(scene, input, {inset + half + gap, y, half, rest}, Phase::Decode);
}

QString latencyTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal)
        return {};
    const PhaseReport& phase = phaseOf(report, subject.phase);
    const QString of = subject.phase == Phase::Prefill ? LatencyScene::tr("of TTFT") : LatencyScene::tr("of TPOT");
    switch (subject.kind) {
    case Subject::Kind::Time: return requestLines(scenario, report, subject.phase);
    case Subject::Kind::CauseOfTime: {
        if (subject.cause < 0 || static_cast<std::size_t>(subject.cause) >= kCauseCount)
            return {};
        const auto cause = static_cast<Cause>(subject.cause);
        const double seconds = phase.breakdown[cause];
        return QStringLiteral("%1\n%2, %3 %4\n")
                   .arg(causeName(scenario, cause), secondsFigure(seconds).joined(),
                        qs(formatPercent(phase.time > 0 ? seconds / phase.time : 0)), of)
               + LatencyScene::tr("on stage %1, the busiest").arg(phase.busiestStage)
               + (cause == Cause::Communication ? collectiveLines(phase) : QString());
    }
    case Subject::Kind::Operator: {
        if (subject.op < 0 || static_cast<std::size_t>(subject.op) >= phase.operators.size())
            return {};
        const OperatorCost& op = phase.operators[static_cast<std::size_t>(subject.op)];
        return QStringLiteral("%1\n").arg(qs(nameOf(op.op)))
               + LatencyScene::tr("%1 each, %2 times in a piece").arg(secondsFigure(op.time).joined()).arg(int{op.stageLayers});
    }
    default: return {};
    }
}

QString describeLatency(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return LatencyScene::tr("The plan is not legal, so there are no times.");
    const auto largest = [](const Breakdown& parts) {
        const auto most = std::max_element(parts.seconds.begin(), parts.seconds.end());
        return static_cast<Cause>(most - parts.seconds.begin());
    };
    const Cause prefill = largest(report.prefill.breakdown);
    const Cause decode = largest(report.decode.breakdown);
    return LatencyScene::tr("Prefill takes %1, most of it %2 (%3); a decode step takes %4, most of it %5 (%6).")
        .arg(secondsFigure(report.prefill.time).joined(), inSentence(causeName(scenario, prefill)),
             secondsFigure(report.prefill.breakdown[prefill]).joined(), secondsFigure(report.decode.time).joined(),
             inSentence(causeName(scenario, decode)), secondsFigure(report.decode.breakdown[decode]).joined());
}

} // namespace shardlens
