// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/latencyload.h"

#include "core/scenario/serve.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"

#include <QCoreApplication>
#include <QStringBuilder>

#include <algorithm>
#include <cmath>

namespace shardlens {

namespace {

struct LatencyLoad {
    Q_DECLARE_TR_FUNCTIONS(LatencyLoad)
};

constexpr double kPadding = 5;

Subject timeOf(Phase phase)
{
    Subject subject;
    subject.kind = Subject::Kind::Time;
    subject.phase = phase;
    return subject;
}

QString figureOf(Phase phase)
{
    return phase == Phase::Prefill ? LatencyLoad::tr("TTFT") : LatencyLoad::tr("TPOT");
}

/// Words on a plate that keeps the hatch off the letters; false when there is no room.
bool onPlate(Scene& scene, const Theme& theme, const QRectF& box, const QStringList& forms)
{
    const QString label = firstFitting(forms, TextRole::Note, box.width() - 2 * kPadding - 8);
    if (label.isEmpty())
        return false;
    const double height = lineHeight(TextRole::Note);
    const QRectF plate(box.left() + kPadding, box.center().y() - height / 2, textWidth(label, TextRole::Note) + 8, height);
    scene.fill(plate, theme.color(Ink::Sunken));
    scene.text(plate, label, TextRole::Note, theme.color(Ink::Text2), Qt::AlignCenter);
    return true;
}

} // namespace

LoadTimes requestTimes(const Scenario& scenario, const Report& report)
{
    LoadTimes times;
    const ServiceFigures& service = report.serving.service;
    if (!report.legal || !underLoad(scenario) || servedByPools(scenario) || service.status != ServiceStatus::Served
        || !(service.ttft.mean > 0) || !std::isfinite(service.ttft.mean))
        return times;
    const Undisturbed alone = undisturbedOf(scenario, report);
    const auto parts = [](double mean, double own) { return RequestTime{std::min(own, mean), std::max(0.0, mean - own)}; };
    times[0] = parts(service.ttft.mean, alone.prompt);
    if (service.tpot.mean > 0)
        times[1] = parts(service.tpot.mean, alone.token);
    return times;
}

double requestRowHeight()
{
    return std::ceil(lineHeight(TextRole::Note)) + 4;
}

void drawRequestRow(Scene& scene, const Theme& theme, const QRectF& track, double axisEnd, Phase phase, const RequestTime& time)
{
    const auto xOf = [&](double seconds) { return track.left() + std::min(1.0, seconds / axisEnd) * track.width(); };
    const double middle = xOf(time.alone);
    const double end = xOf(time.total());
    const bool cut = time.total() > axisEnd * (1 + 1e-9);
    const QColor fill = theme.color(Ink::Strong);
    const QRectF alone(track.left(), track.top(), middle - track.left(), track.height());
    const QRectF others(middle, track.top(), end - middle, track.height());
    const QString own = secondsFigure(time.alone).joined();
    const QString added = secondsFigure(time.others).joined();
    scene.fill(alone, fill, alone.width() >= 3 ? theme.edgeOf(fill) : QColor());
    const QString inside = firstFitting({LatencyLoad::tr("a request alone %1").arg(own), LatencyLoad::tr("alone %1").arg(own), own},
                                        TextRole::Note, alone.width() - 2 * kPadding);
    scene.text(alone.adjusted(kPadding, 0, -kPadding, 0), inside, TextRole::Note, Theme::textOn(fill), Qt::AlignLeft | Qt::AlignVCenter);
    bool named = !(time.others > 0);
    if (others.width() > 0.5) {
        scene.hatch(others, Hatch::Idle, {}, theme.color(Ink::Strong));
        const QString beyond = cut ? LatencyLoad::tr(", beyond the axis") : QString();
        named = onPlate(scene, theme, others,
                        {LatencyLoad::tr("others add %1").arg(added) % beyond, QString(LatencyLoad::tr("others %1").arg(added) % beyond),
                         LatencyLoad::tr("others %1").arg(added)});
    }
    // What had no room inside is named after the end of the row.
    if (!named || inside.isEmpty()) {
        const QString whole = secondsFigure(time.total()).joined();
        const QString after =
            firstFitting({LatencyLoad::tr("%1 under load %2: alone %3, others %4").arg(figureOf(phase), whole, own, added),
                          LatencyLoad::tr("alone %1, others %2").arg(own, added), LatencyLoad::tr("under load %1").arg(whole)},
                         TextRole::Note, track.right() - end - kPadding);
        scene.text({end + kPadding, track.top(), track.right() - end - kPadding, track.height()}, after, TextRole::Note,
                   theme.color(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter);
    }
    scene.hit({track.left(), track.top(), std::max(3.0, end - track.left()), track.height()}, timeOf(phase));
}

QString requestLines(const Scenario& scenario, const Report& report, Phase phase)
{
    const std::optional<RequestTime> time = requestTimes(scenario, report)[static_cast<std::size_t>(phase)];
    if (!time)
        return {};
    const QString how = report.serving.service.simulated ? LatencyLoad::tr("simulated") : LatencyLoad::tr("analytic");
    return LatencyLoad::tr("%1 under the load %2, mean (%3)\nalone %4: %5\nothers %6: %7")
        .arg(figureOf(phase), secondsFigure(time->total()).joined(), how, secondsFigure(time->alone).joined(),
             phase == Phase::Prefill ? LatencyLoad::tr("a mean prompt alone on a replica")
                                     : LatencyLoad::tr("a step of the load's sequences without prompts"),
             secondsFigure(time->others).joined(),
             phase == Phase::Prefill ? LatencyLoad::tr("waits, prompts and decode steps of other requests")
                                     : LatencyLoad::tr("their prompts in the same steps or between them"));
}

} // namespace shardlens
