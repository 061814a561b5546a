// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/disaggregationparts.h"

#include "core/base/format.h"
#include "core/scenario/serve.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/tabletext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct PoolsText {
    Q_DECLARE_TR_FUNCTIONS(PoolsText)
};

double barRow(double bar)
{
    return std::max(bar, lineHeight(TextRole::Note)) + 3;
}

QString seconds(double s)
{
    return std::isfinite(s) ? qs(formatSeconds(s)) : PoolsText::tr("without end");
}

/// One part of a bar: a share of the request's time.
struct Part {
    double length = 0; ///< s
    QColor colour;     ///< invalid: idle
    QStringList words; ///< longest first
};

void drawParts(Scene& scene, const Theme& theme, const QRectF& bar, double scale, const std::vector<Part>& parts)
{
    double x = bar.left();
    for (const Part& part : parts) {
        const QRectF box(x, bar.top(), part.length * scale, bar.height());
        x = box.right();
        if (box.width() < 0.05)
            continue;
        if (part.colour.isValid())
            scene.fill(box, part.colour, box.width() >= 3 ? theme.edgeOf(part.colour) : QColor());
        else
            scene.hatch(box, Hatch::IdleSwatch);
        for (const QString& words : part.words)
            if (part.colour.isValid() && textWidth(words, TextRole::Note) <= box.width() - 6
                && lineHeight(TextRole::Note) <= box.height() + 4) {
                scene.text(box, words, TextRole::Note, Theme::textOn(part.colour), Qt::AlignCenter);
                break;
            }
    }
}

QString changeText(double now, double before)
{
    const double change = now / before - 1;
    return std::isfinite(change) ? QString((change > 0 ? QStringLiteral("+") : QString()) % qs(formatPercent(change))) : QString();
}

/// The aggregated system runs on the scenario's cluster; where a pool does not, that must be said.
bool otherHardware(const Scenario& scenario)
{
    const ServingSettings::Pools& pools = *scenario.serving.pools;
    const std::string& own = scenario.cluster->accelerator.name;
    return clusterOf(scenario, pools.prefill).accelerator.name != own || clusterOf(scenario, pools.decode).accelerator.name != own;
}

/// Whether the clients of a closed loop all begin at once within what is measured, as in a benchmark's run: their first wait is then part of
/// the mean.
bool burstIncluded(const Scenario& scenario)
{
    const ServingLoad& load = scenario.serving.load;
    return load.kind == LoadKind::ClosedLoop && !load.steady() && load.concurrency > 1 && load.warmup < load.concurrency;
}

QString acceleratorText(const Scenario& scenario)
{
    return qs(scenario.cluster->accelerator.name);
}

} // namespace

QColor poolColour(const Theme& theme, int pool)
{
    return theme.place(pool, 1, 4);
}

std::optional<RequestPath> requestPath(const Report& report)
{
    const ServingReport& s = report.serving;
    if (!s.pools || !std::isfinite(s.ttft) || !std::isfinite(s.endToEnd) || !(s.ttft > 0))
        return std::nullopt;
    RequestPath path;
    path.prefill = s.pools->prefillTime;
    path.transfer = s.pools->transferTime;
    path.wait = std::max(0.0, s.ttft - path.prefill - path.transfer);
    path.decode = std::max(0.0, s.endToEnd - s.ttft);
    return path;
}

double requestPathHeight(double bar)
{
    return lineHeight(TextRole::Note) + 3 + 2 * barRow(bar) + kTimeAxisHeight + 2;
}

void drawRequestPath(Scene& scene, const Theme& theme, const QRectF& area, double bar, const Scenario& scenario, const Report& pools,
                     const Report* joined)
{
    const std::optional<RequestPath> path = requestPath(pools);
    const double line = lineHeight(TextRole::Note);
    if (!path || area.height() < line)
        return;
    // The sum in words says what the bar is too short for.
    const QString wait = burstIncluded(scenario) ? PoolsText::tr("wait %1 (opening burst included)").arg(seconds(path->wait))
                                                 : PoolsText::tr("wait %1").arg(seconds(path->wait));
    const QString brief = burstIncluded(scenario) ? PoolsText::tr("Wait %1 with the opening burst").arg(seconds(path->wait))
                                                  : PoolsText::tr("Wait %1").arg(seconds(path->wait));
    const QString sum =
        firstFitting({PoolsText::tr("A mean request: %1 + prefill %2 + KV transfer %3 = TTFT %4, then decode %5")
                          .arg(wait, seconds(path->prefill), seconds(path->transfer), seconds(pools.serving.ttft), seconds(path->decode)),
                      PoolsText::tr("%1 + prefill %2 + KV %3 = TTFT %4")
                          .arg(brief, seconds(path->prefill), seconds(path->transfer), seconds(pools.serving.ttft)),
                      PoolsText::tr("A mean request")},
                     TextRole::Note, area.width());
    scene.text({area.left(), area.top(), area.width(), line}, sum, TextRole::Note, theme.color(Ink::Text2));
    const bool both = joined && std::isfinite(joined->serving.endToEnd) && joined->serving.ttft > 0;
    const double most = both ? std::max(path->total(), joined->serving.endToEnd) : path->total();
    const double names =
        std::max(textWidth(PoolsText::tr("pools"), TextRole::Note), textWidth(PoolsText::tr("aggregated"), TextRole::Note)) + 8;
    const QRectF plot(area.left() + names, area.top() + line + 3, area.width() - names - 8, (both ? 2 : 1) * barRow(bar));
    if (plot.width() < 80 || area.height() < requestPathHeight(bar) - 0.5 || !(most > 0))
        return;
    const double scale = plot.width() / most;
    const QColor prefill = poolColour(theme, 0);
    const QColor decode = poolColour(theme, 1);
    const auto row = [&](int index, const QString& name, const std::vector<Part>& parts) {
        const double top = plot.top() + index * barRow(bar);
        scene.text({area.left(), top, names - 8, barRow(bar) - 3}, name, TextRole::Note, theme.color(Ink::Text2),
                   Qt::AlignRight | Qt::AlignVCenter);
        drawParts(scene, theme, {plot.left(), top, plot.width(), barRow(bar) - 3}, scale, parts);
    };
    const auto named = [](const QString& name, double length) { return QStringList{name % QChar(u' ') % seconds(length), name}; };
    row(0, PoolsText::tr("pools"),
        {{path->wait, {}, {}},
         {path->prefill, prefill, named(PoolsText::tr("prefill"), path->prefill)},
         {path->transfer, theme.color(Ink::Send), named(PoolsText::tr("KV"), path->transfer)},
         {path->decode, decode, named(PoolsText::tr("decode"), path->decode)}});
    if (both)
        row(1, PoolsText::tr("aggregated"),
            {{joined->serving.ttft, theme.color(Ink::Strong), named(PoolsText::tr("TTFT"), joined->serving.ttft)},
             {joined->serving.endToEnd - joined->serving.ttft, theme.faded(theme.color(Ink::Strong), 0.5),
              named(PoolsText::tr("decode"), joined->serving.endToEnd - joined->serving.ttft)}});
    scene.line(plot.bottomLeft(), plot.bottomRight(), theme.color(Ink::Strong));
    drawTimeAxis(scene, theme, plot, 0, most, area.right());
}

double comparisonHeight(bool joined)
{
    return (joined ? 4 : 2) * tableRowHeight() + 10;
}

QStringList poolComparisonWords(const Scenario& scenario, const Report& report, const DisaggregationOptions& options)
{
    const ServingReport& pools = report.serving;
    if (!options.joined || !options.joined->legal)
        return {PoolsText::tr("Nothing to compare with: %1 do not hold one replica of the aggregated plan")
                    .arg(counted(static_cast<int>(std::llround(pools.devices)), qs(scenario.cluster->accelerator.noun))),
                PoolsText::tr("Too few devices for the aggregated plan"), PoolsText::tr("aggregated: too few devices")};
    const ServingReport& joined = options.joined->serving;
    const QString system = PoolsText::tr("one pool of %1 %2").arg(qs(formatCount(options.joinedDevices)), acceleratorText(scenario));
    const QString brief = otherHardware(scenario) ? PoolsText::tr("one %1 pool").arg(acceleratorText(scenario)) : PoolsText::tr("one pool");
    const auto both = [&](const QString& sentence) { return QStringList{sentence.arg(system), sentence.arg(brief)}; };
    if (joined.service.status == ServiceStatus::DoesNotFit)
        return both(PoolsText::tr("Against %1: that would not fit"));
    if (joined.service.status == ServiceStatus::Saturated && pools.service.status != ServiceStatus::Saturated)
        return both(PoolsText::tr("Against %1: that would be saturated"));
    const auto change = [](const QString& name, double now, double before) {
        const QString text = changeText(now, before);
        return text.isEmpty() ? QStringList() : QStringList{name % QChar(u' ') % text};
    };
    const QStringList waits =
        change(QStringLiteral("TTFT"), pools.ttft, joined.ttft) + change(QStringLiteral("TPOT"), pools.tpot, joined.tpot);
    const auto rate = [&](const QString& name) {
        return waits + change(name, pools.outputTokensPerSecondPerDevice, joined.outputTokensPerSecondPerDevice);
    };
    const QString comma = QStringLiteral(", ");
    const QString all = rate(PoolsText::tr("tokens/s/device")).join(comma);
    if (all.isEmpty())
        return {};
    const QString against = PoolsText::tr("Against %1: %2");
    QStringList words;
    if (burstIncluded(scenario)) // TTFT depends on how long a run is measured
        words << PoolsText::tr("%1; the opening burst included").arg(against.arg(system, all))
              << PoolsText::tr("%1; the opening burst included").arg(against.arg(brief, all));
    words << against.arg(system, all) << against.arg(brief, all) << against.arg(brief, rate(PoolsText::tr("tok/s/dev")).join(comma));
    if (!waits.isEmpty())
        words << against.arg(brief, waits.join(comma)) << PoolsText::tr("vs %1: %2").arg(brief, waits.join(comma))
              << PoolsText::tr("vs %1: %2").arg(brief, waits.constLast());
    return words;
}

void drawPoolComparison(Scene& scene, const Theme& theme, const QRectF& area, const Scenario& scenario, const Report& report,
                        const DisaggregationOptions& options)
{
    const ServingReport& pools = report.serving;
    const ServingReport* joined = options.joined && options.joined->legal ? &options.joined->serving : nullptr;
    TableText table;
    table.columns = {{{}, false, 0, joined != nullptr && otherHardware(scenario)}};
    table.rows.resize(joined ? 3 : 1);
    table.rows[0].cells = {PoolsText::tr("pools")};
    if (joined) {
        table.rows[1].cells = {otherHardware(scenario) ? PoolsText::tr("aggregated, %1").arg(acceleratorText(scenario))
                                                       : PoolsText::tr("aggregated")};
        table.rows[2].cells = {PoolsText::tr("change")};
    }
    const auto column = [&](const QString& title, int rank, double now, double before, const auto& text) {
        table.columns.push_back({title, true, rank, true});
        table.rows[0].cells.push_back(text(now));
        if (!joined)
            return;
        table.rows[1].cells.push_back(text(before));
        table.rows[2].cells.push_back(changeText(now, before));
    };
    const auto number = [](double value) { return qs(formatNumber(value)); };
    column(QStringLiteral("TTFT"), 0, pools.ttft, joined ? joined->ttft : 0, seconds);
    column(QStringLiteral("TPOT"), 0, pools.tpot, joined ? joined->tpot : 0, seconds);
    column(PoolsText::tr("end to end"), 3, pools.endToEnd, joined ? joined->endToEnd : 0, seconds);
    column(PoolsText::tr("tokens/s/device"), 1, pools.outputTokensPerSecondPerDevice, joined ? joined->outputTokensPerSecondPerDevice : 0,
           number);
    if (pools.costPerMillionTokens > 0)
        column(PoolsText::tr("USD/Mtok"), 2, pools.costPerMillionTokens, joined ? joined->costPerMillionTokens : 0, number);
    column(PoolsText::tr("devices"), 1, pools.devices, joined ? static_cast<double>(options.joinedDevices) : 0,
           [](double value) { return qs(formatCount(std::llround(value))); });
    drawTable(scene, theme, QRectF(area.left(), area.top(), std::min(area.width(), 560.0), area.height()), table, 0);
}

} // namespace shardlens
