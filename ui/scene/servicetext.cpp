// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/servicetext.h"

#include "core/base/format.h"
#include "core/scenario/serve.h"
#include "core/scenario/targets.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct ServiceText {
    Q_DECLARE_TR_FUNCTIONS(ServiceText)
};

/// The maker stands in front of many names already: "NVIDIA H100 SXM5 80GB" -> "H100 SXM5 80GB".
QString shortName(const Accelerator& accelerator)
{
    const QString name = qs(accelerator.name);
    const QString vendor = qs(accelerator.vendor) % QLatin1Char(' ');
    return name.startsWith(vendor) ? name.mid(vendor.size()) : name;
}

QString joinedRange(const Figure& low, const Figure& high)
{
    const QString dash = QStringLiteral("–");
    return low.unit == high.unit ? Figure{low.number % dash % high.number, high.unit}.joined() : low.joined() % dash % high.joined();
}

} // namespace

std::optional<Spread> bandOf(const Report& report, PointFigure figure)
{
    if (!report.legal || !report.serving.intervals)
        return std::nullopt;
    const ServingIntervals& intervals = *report.serving.intervals;
    const Interval80& interval = figure == PointFigure::Ttft   ? intervals.ttft
                                 : figure == PointFigure::Tpot ? intervals.tpot
                                                               : intervals.outputTokensPerSecondPerDevice;
    // What is given, such as a rate that is served, has no interval.
    if (!(interval.low > 0) || !(interval.high > interval.low) || !std::isfinite(interval.high))
        return std::nullopt;
    return Spread{interval.low, interval.high};
}

QString rangeText(PointFigure figure, const Spread& band)
{
    return figure == PointFigure::OutputPerDevice ? joinedRange(rateFigure(band.low), rateFigure(band.high))
                                                  : joinedRange(secondsFigure(band.low), secondsFigure(band.high));
}

void drawBandMark(Scene& scene, const Theme& theme, QPointF left, double width, double value, const Spread& band)
{
    const QColor ink = theme.color(Ink::Text2);
    const double span = std::log(band.high / std::max(band.low, 1e-300));
    const double at = span > 0 ? std::clamp(std::log(value / band.low) / span, 0.0, 1.0) : 0.5;
    const QPointF right = left + QPointF(width, 0);
    scene.line(left, right, ink);
    scene.line(left + QPointF(0, -2), left + QPointF(0, 3), ink);
    scene.line(right + QPointF(0, -2), right + QPointF(0, 3), ink);
    const double x = std::round(left.x() + at * width);
    scene.fill({x - 1, left.y() - 4, 2, 8}, theme.color(Ink::Text));
}

bool underLoad(const Scenario& scenario)
{
    return scenario.serving.load.kind != LoadKind::StaticBatch;
}

QString percentileText(const Percentiles& percentiles, bool brief)
{
    const Figure p50 = secondsFigure(percentiles.p50);
    const Figure p90 = secondsFigure(percentiles.p90);
    const Figure p99 = secondsFigure(percentiles.p99);
    const auto written = [&p99](const Figure& figure) { return figure.unit == p99.unit ? figure.number : figure.joined(); };
    return brief ? ServiceText::tr("P50 %1, P99 %2").arg(written(p50), p99.joined())
                 : ServiceText::tr("P50 %1, P90 %2, P99 %3").arg(written(p50), written(p90), p99.joined());
}

QString serviceSentence(const Scenario& scenario, const Report& report)
{
    if (!report.legal || !underLoad(scenario))
        return {};
    const ServiceFigures& service = report.serving.service;
    switch (service.status) {
    case ServiceStatus::Saturated:
        return ServiceText::tr("Saturated: %1 requests/s arrive, at most %2 can be served; the queue and TTFT grow without end.")
            .arg(qs(formatNumber(scenario.serving.load.rate)), qs(formatNumber(service.saturationRate)));
    case ServiceStatus::DoesNotFit:
        return ServiceText::tr("Not one request of %1 tokens has room in the KV cache beside a step of the engine.")
            .arg(qs(formatCount(scenario.workload.fullContext())));
    case ServiceStatus::IllegalPools: return ServiceText::tr("The plan of a pool is not legal on its cluster.");
    case ServiceStatus::Cancelled:
    case ServiceStatus::Served: break;
    }
    if (service.preemptions > 0)
        return ServiceText::tr("The KV cache is full: %1 preemptions in %2 requests, and %3 wait for room in the mean.")
            .arg(qs(formatCount(service.preemptions)), qs(formatCount(service.requests)), qs(formatNumber(service.meanWaiting)));
    // Waiting for prefill is the burst's and the scheduler's; only a full cache or batch is a limit to speak of.
    const EngineSettings& engine = scenario.serving.engine;
    const double ranks = scenario.plan.attentionData();
    const bool batchFull = service.meanRunning >= 0.95 * engine.maxSequences * ranks;
    const bool waits = service.meanWaiting >= 0.5 && !scenario.serving.pools;
    if (waits && (batchFull || service.peakKvTokens >= 0.95 * static_cast<double>(kvCapacity(scenario))))
        return ServiceText::tr("%1 of a replica's requests run, %2 wait: the KV cache or the engine's limit of sequences is full.")
            .arg(qs(formatNumber(service.meanRunning)), qs(formatNumber(service.meanWaiting)));
    return {};
}

QString workerText(const Scenario& scenario)
{
    if (!servedByPools(scenario))
        return {};
    const std::string_view worker = shownWorker(scenario);
    return worker == "decode worker"    ? ServiceText::tr("decode worker")
           : worker == "prefill worker" ? ServiceText::tr("prefill worker")
                                        : ServiceText::tr("plan of no pool");
}

std::optional<TargetText> targetText(const Scenario& scenario, const Report& report, Phase phase)
{
    if (!report.legal)
        return std::nullopt;
    for (const TargetCheck& check : checkTargets(scenario, report)) {
        if ((check.key == "ttft_s") != (phase == Phase::Prefill))
            continue;
        TargetText text{check.target, check.meets, {}};
        const QString target = secondsFigure(check.target).joined();
        if (check.meets) {
            text.forms = {ServiceText::tr("target %1 met").arg(target), ServiceText::tr("target met"), ServiceText::tr("met")};
        } else if (!std::isfinite(check.value)) {
            text.forms = {ServiceText::tr("target %1 missed").arg(target), ServiceText::tr("target missed"), ServiceText::tr("missed")};
        } else {
            const QString over = qs(formatPercent(check.value / check.target - 1, 2));
            text.forms = {ServiceText::tr("target %1 missed by %2").arg(target, over),
                          ServiceText::tr("%1 over target %2").arg(over, target), ServiceText::tr("%1 over target").arg(over),
                          ServiceText::tr("missed")};
        }
        return text;
    }
    return std::nullopt;
}

QString modeText(const Scenario& scenario, const Report& report, bool brief)
{
    QString text;
    if (scenario.calibration) {
        const Calibration& calibration = *scenario.calibration;
        text = ServiceText::tr("Calibrated: %1").arg(qs(nameOf(calibration.engine)));
        if (!brief) {
            text += ServiceText::tr(" on %1, ").arg(shortName(scenario.cluster->accelerator));
            if (calibration.points > 0)
                text += ServiceText::tr("%1 points").arg(qs(formatCount(calibration.points)));
            else if (calibration.base && !calibration.base->relative.empty() && calibration.base->relative != "none")
                text += ServiceText::tr("borrowed from %1").arg(qs(calibration.base->relative));
            else
                text += ServiceText::tr("no points of it");
        }
    } else {
        text = brief ? ServiceText::tr("Roofline") : ServiceText::tr("Roofline: at peak rates");
    }
    if (!report.legal || !underLoad(scenario))
        return text;
    return text % (report.serving.service.simulated ? ServiceText::tr("; simulated") : ServiceText::tr("; analytic"));
}

} // namespace shardlens
