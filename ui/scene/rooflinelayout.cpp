// SPDX-License-Identifier: Apache-2.0
// Where things stand in the roofline: axes, ranges, zoom.
#include "ui/scene/rooflinescene.h"

#include "core/base/format.h"
#include "ui/scene/rooflineparts.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kLeastDecades = 0.1;
constexpr double kMostDecades = 40; ///< what no figure of a machine needs
constexpr double kLeastPlot = 40;

bool shown(const RooflinePoint& point, RooflinePhases phases)
{
    return phases == RooflinePhases::Both || (phases == RooflinePhases::Prefill) == (point.phase == Phase::Prefill);
}

/// All used roofs, where they meet, and all points of both phases: switching a phase off does not move the other.
RooflineRange wholeRange(const Roofline& roofline)
{
    RooflineRange r{1e9, -1e9, 1e9, -1e9};
    const auto include = [&r](double x, double y) {
        if (!(x > 0 && y > 0) || !std::isfinite(x) || !std::isfinite(y))
            return;
        r.left = std::min(r.left, std::log10(x));
        r.right = std::max(r.right, std::log10(x));
        r.bottom = std::min(r.bottom, std::log10(y));
        r.top = std::max(r.top, std::log10(y));
    };
    for (const ByteRoof& path : roofline.paths)
        for (const ComputeRoof& roof : roofline.formats)
            if ((path.used && roof.used) || roofline.points.empty())
                include(path.criticalIntensity(roof), roof.peak);
    for (const RooflinePoint& point : roofline.points) {
        include(point.intensity(), point.achieved());
        include(point.intensity(), point.achievedInAll());
        include(point.intensity(), point.roof());
    }
    for (const ComputeRoof& roof : roofline.formats)
        r.top = std::max(r.top, std::log10(roof.peak));
    if (!(r.left <= r.right))
        return {0, 3, 12, 15};
    r.left = std::floor((r.left - 0.3) * 4) / 4;
    r.right = std::ceil((r.right + 0.9) * 4) / 4; // names of level roofs stand right of the bubbles
    r.bottom = std::floor((r.bottom - 0.3) * 4) / 4;
    r.top = std::ceil((r.top + 0.25) * 4) / 4;
    // A few points alone would be drawn as if they were far apart.
    const auto widen = [](double& low, double& high) {
        if (high - low < 2)
            low = high - 2;
        if (high - low > kMostDecades)
            low = high - kMostDecades;
    };
    widen(r.left, r.right);
    widen(r.bottom, r.top);
    return r;
}

double keptIn(double low, double length, double least, double most)
{
    return std::clamp(low, least, std::max(least, most - length));
}

} // namespace

double RooflineLayout::x(double intensity) const
{
    return plot.left() + (std::log10(intensity) - visible.left) / visible.width() * plot.width();
}

double RooflineLayout::y(double rate) const
{
    return plot.bottom() - (std::log10(rate) - visible.bottom) / visible.height() * plot.height();
}

QPointF RooflineLayout::powersAt(QPointF place) const
{
    return {visible.left + (place.x() - plot.left()) / plot.width() * visible.width(),
            visible.bottom + (plot.bottom() - place.y()) / plot.height() * visible.height()};
}

RooflineRange moved(const RooflineRange& range, QPointF by, const RooflineRange& whole)
{
    RooflineRange out = range;
    out.left = keptIn(range.left + by.x(), range.width(), whole.left, whole.right);
    out.right = out.left + range.width();
    out.bottom = keptIn(range.bottom + by.y(), range.height(), whole.bottom, whole.top);
    out.top = out.bottom + range.height();
    return out;
}

RooflineRange zoomed(const RooflineRange& range, QPointF centre, double factor, const RooflineRange& whole)
{
    const double across = std::clamp(range.width() * factor, std::min(kLeastDecades, whole.width()), whole.width()) / range.width();
    const double up = std::clamp(range.height() * factor, std::min(kLeastDecades, whole.height()), whole.height()) / range.height();
    RooflineRange out;
    out.left = centre.x() + (range.left - centre.x()) * across;
    out.right = out.left + range.width() * across;
    out.bottom = centre.y() + (range.bottom - centre.y()) * up;
    out.top = out.bottom + range.height() * up;
    return moved(out, {0, 0}, whole);
}

std::vector<double> logTicks(double begin, double end, int most)
{
    most = std::max(most, 2);
    std::vector<double> ticks;
    if (!(end > begin) || end - begin > 600)
        return ticks;
    const auto collect = [&](std::initializer_list<double> steps, int every) {
        ticks.clear();
        for (int power = static_cast<int>(std::floor(begin)); power <= static_cast<int>(std::ceil(end)); ++power)
            for (const double step : steps) {
                const double at = power + std::log10(step);
                if (((power % every) + every) % every == 0 && at >= begin - 1e-9 && at <= end + 1e-9)
                    ticks.push_back(step * std::pow(10.0, power));
            }
        return static_cast<int>(ticks.size()) <= most;
    };
    if (end - begin < 0.7) {
        ticks = rangeTicks(std::pow(10.0, begin), std::pow(10.0, end), std::max(most, 5));
        while (static_cast<int>(ticks.size()) > most)
            for (std::size_t i = 1; i < ticks.size(); ++i)
                ticks.erase(ticks.begin() + static_cast<std::ptrdiff_t>(i));
        if (ticks.size() >= 2)
            return ticks;
    }
    if (end - begin < 2 && collect({1.0, 2.0, 5.0}, 1) && ticks.size() >= 2)
        return ticks;
    for (int every = 1; every < 600; ++every)
        if (collect({1.0}, every)) {
            if (ticks.size() >= 2)
                return ticks;
            break;
        }
    // Two decades in which one power of ten stands: its neighbours by 1-2-5, thinned.
    (void)collect({1.0, 2.0, 5.0}, 1);
    while (static_cast<int>(ticks.size()) > most)
        for (std::size_t i = 1; i < ticks.size(); ++i)
            ticks.erase(ticks.begin() + static_cast<std::ptrdiff_t>(i));
    return ticks;
}

RooflineLayout rooflineLayout(const ViewInput& input, const RooflineOptions& options)
{
    return rooflineLayout(input, options, rooflineOf(input.scenario, input.report, options.side));
}

RooflineLayout rooflineLayout(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline)
{
    RooflineLayout out;
    out.whole = wholeRange(roofline);
    out.visible = options.visible.empty() ? out.whole : options.visible;
    const RooflineMargins margins = marginsOf(input, options, roofline, out.visible);
    const QRectF plot(margins.left, margins.top, input.size.width() - margins.left - margins.right,
                      input.size.height() - margins.top - margins.bottom);
    if (plot.width() >= kLeastPlot && plot.height() >= kLeastPlot && input.report.legal)
        out.plot = plot;
    return out;
}

std::vector<const RooflinePoint*> pointsShown(const Roofline& roofline, RooflinePhases phases)
{
    std::vector<const RooflinePoint*> points;
    for (const RooflinePoint& point : roofline.points)
        if (shown(point, phases))
            points.push_back(&point);
    // Great ones first: small ones must not lie under them.
    std::stable_sort(points.begin(), points.end(), [](const RooflinePoint* a, const RooflinePoint* b) { return a->share > b->share; });
    return points;
}

} // namespace shardlens
