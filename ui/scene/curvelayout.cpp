// SPDX-License-Identifier: Apache-2.0
// Where the parts of a curve are.
#include "core/base/format.h"
#include "ui/scene/curvescene.h"
#include "ui/scene/curvetext.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardlens {
namespace {

constexpr int kMostTicks = 10;

/// Ticks at 1, 2 and 5 times powers of ten, thinned to powers of ten where there are many decades.
std::vector<double> logTicks(double least, double most, int atMost)
{
    std::vector<double> all;
    std::vector<double> decades;
    const int first = static_cast<int>(std::floor(std::log10(least) + 1e-9));
    const int last = static_cast<int>(std::ceil(std::log10(most) - 1e-9));
    for (int power = first; power <= last; ++power)
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double tick = factor * std::pow(10.0, power);
            if (tick < least * (1 - 1e-9) || tick > most * (1 + 1e-9))
                continue;
            all.push_back(tick);
            if (factor == 1)
                decades.push_back(tick);
        }
    if (static_cast<int>(all.size()) <= atMost && all.size() >= 2)
        return all;
    if (decades.size() >= 2) {
        const auto step = static_cast<std::size_t>(std::ceil(static_cast<double>(decades.size()) / std::max(atMost, 2)));
        std::vector<double> thinned;
        for (std::size_t i = 0; i < decades.size(); i += step)
            thinned.push_back(decades[i]);
        if (thinned.size() >= 2)
            return thinned;
    }
    if (all.size() >= 2)
        return {all.front(), all.back()};
    return rangeTicks(least, most, std::max(5, atMost));
}

/// Powers of two, as many as have room.
std::vector<double> octaveTicks(double least, double most, int atMost)
{
    std::vector<double> all;
    for (double tick = 1; tick <= most * (1 + 1e-9); tick *= 2)
        if (tick >= least * (1 - 1e-9))
            all.push_back(tick);
    if (all.size() < 2)
        return {least, most};
    const auto step = static_cast<std::size_t>(std::ceil(static_cast<double>(all.size()) / std::max(atMost, 2)));
    std::vector<double> thinned;
    for (std::size_t i = 0; i < all.size(); i += step)
        thinned.push_back(all[i]);
    if (thinned.size() < 2)
        thinned.push_back(all.back());
    return thinned;
}

/// Points that have a figure and at most two neighbours without one at either end: long rows of illegal values say nothing.
std::pair<std::size_t, std::size_t> shownPoints(const CurveData& data)
{
    constexpr std::size_t kBeside = 2;
    std::size_t first = data.points.size();
    std::size_t end = 0;
    for (std::size_t i = 0; i < data.points.size(); ++i)
        if (data.points[i].has(data.figure)) {
            first = std::min(first, i);
            end = i + 1;
        }
    if (end == 0)
        return {0, data.points.size()};
    return {first - std::min(first, kBeside), std::min(end + kBeside, data.points.size())};
}

/// Whether a linear axis from 0 to `mostY` would press most values, the scenario's own or the target to its ground.
bool suitsLogarithm(const CurveData& data, double leastY, double mostY)
{
    constexpr double kSpan = 20;  // 1.3 decades
    constexpr double kLow = 0.1;  // of the height
    constexpr double kBeside = 4; // a target farther below the values is not on a logarithmic axis either
    if (!data.autoY || !(leastY > 0))
        return false;
    const double low = kLow * mostY;
    return mostY > kSpan * leastY || (data.own.has(data.figure) && data.own.of(data.figure) < low)
           || (data.target && *data.target < low && *data.target >= leastY / kBeside);
}

void setRanges(const CurveData& data, CurveLayout& layout)
{
    double leastX = data.own.x;
    double mostX = data.own.x;
    double leastY = HUGE_VAL;
    double mostY = -HUGE_VAL;
    double positive = HUGE_VAL;
    const auto [first, last] = shownPoints(data);
    for (std::size_t i = first; i < last; ++i) {
        const CurvePoint& point = data.points[i];
        leastX = std::min(leastX, point.x);
        mostX = std::max(mostX, point.x);
        if (point.x > 0)
            positive = std::min(positive, point.x);
        if (!point.has(data.figure))
            continue;
        leastY = std::min(leastY, point.of(data.figure));
        // The band belongs to what fits; beyond, the curve alone decides.
        mostY = std::max(mostY, point.of(data.figure) * (data.band && point.fits && point.of(data.figure) > 0 ? data.band->high : 1.0));
    }
    if (data.own.has(data.figure)) {
        leastY = std::min(leastY, data.own.of(data.figure));
        mostY = std::max(mostY, data.own.of(data.figure));
    }
    for (const CurveMark& mark : data.measured) {
        if (mark.x < leastX || mark.x > mostX)
            continue;
        leastY = std::min(leastY, mark.y);
        mostY = std::max(mostY, mark.y);
    }
    if (!(mostY >= leastY)) {
        leastY = 0;
        mostY = 1;
    }
    // A target far above would press the curve to the ground: its handle then stands at the edge.
    if (data.target && *data.target <= 2 * mostY)
        mostY = std::max(mostY, *data.target);
    const bool logY = data.logY || suitsLogarithm(data, leastY, mostY);
    if (data.target && logY && *data.target >= leastY / 4)
        leastY = std::min(leastY, *data.target);
    layout.logX = data.logX && positive < HUGE_VAL;
    layout.logY = logY && leastY > 0;
    layout.leastX = layout.logX ? std::max(leastX, positive) : leastX;
    layout.mostX = mostX > layout.leastX ? mostX : layout.leastX * 2 + (layout.leastX > 0 ? 0 : 1);
    layout.leastY = leastY;
    layout.mostY = mostY;
}

void setYTicks(const CurveData& data, CurveLayout& layout, double height)
{
    // Lines as far apart as suits the size of text, more of them in a higher plot.
    const int most = std::clamp(static_cast<int>(height / (2.5 * lineHeight(TextRole::Note))), 3, 8);
    // Ticks are round in the unit that is shown.
    const double unit = axisUnitOf(data.figure, std::max(std::abs(layout.leastY), layout.mostY)).size;
    if (layout.logY) {
        layout.leastY /= unit;
        layout.mostY = std::max(layout.mostY / unit, layout.leastY * 1.05);
        layout.leastY *= 0.95;
        layout.mostY *= 1.05;
        layout.yTicks = logTicks(layout.leastY, layout.mostY, most);
    } else if (layout.leastY < 0) {
        const double span = std::max(layout.mostY, 0.0) - layout.leastY;
        layout.leastY = (layout.leastY - 0.04 * span) / unit;
        layout.mostY = std::max(layout.mostY + 0.04 * span, 0.0) / unit;
        layout.yTicks = rangeTicks(layout.leastY, layout.mostY, std::max(most, 5));
    } else {
        layout.yTicks = niceTicks(layout.mostY / unit, most);
        layout.leastY = 0;
        layout.mostY = layout.yTicks.back();
    }
    layout.leastY *= unit;
    layout.mostY *= unit;
    for (double& tick : layout.yTicks)
        tick *= unit;
}

void setXTicks(const CurveData& data, CurveLayout& layout)
{
    const CurveInputInfo& info = infoOf(data.input);
    const double widest = std::max(textWidth(inputText(data.input, layout.mostX), TextRole::Note), 12.0) + 16;
    const int room = std::clamp(static_cast<int>(layout.plot.width() / widest), 2, kMostTicks - 1);
    if (layout.logX) {
        layout.xTicks = info.integer ? octaveTicks(layout.leastX, layout.mostX, room)
                                     : logTicks(layout.leastX * info.shown, layout.mostX * info.shown, room);
    } else {
        layout.xTicks = rangeTicks(layout.leastX * info.shown, layout.mostX * info.shown, std::max(5, room));
        if (info.integer) // between whole numbers there is nothing
            std::erase_if(layout.xTicks, [](double tick) { return tick != std::round(tick); });
        while (static_cast<int>(layout.xTicks.size()) > room && layout.xTicks.size() > 2) {
            std::vector<double> thinned;
            for (std::size_t i = 0; i < layout.xTicks.size(); i += 2)
                thinned.push_back(layout.xTicks[i]);
            layout.xTicks = thinned;
        }
    }
    if (layout.xTicks.size() < 2)
        layout.xTicks = {layout.leastX * info.shown, layout.mostX * info.shown};
    if (!info.integer)
        for (double& tick : layout.xTicks)
            tick /= info.shown;
}

} // namespace

double CurveLayout::shareOf(double value, double least, double most, bool log)
{
    if (!log)
        return (value - least) / (most - least);
    return std::log(std::max(value, least * 1e-3) / least) / std::log(most / least);
}

double CurveLayout::figureAt(double y) const
{
    const double share = (plot.bottom() - y) / plot.height();
    return logY ? leastY * std::pow(mostY / leastY, share) : leastY + share * (mostY - leastY);
}

CurveLayout curveLayout(const CurveData& data, QSizeF size)
{
    CurveLayout layout;
    setRanges(data, layout);
    const double inset = space::kInset;
    const double top = space::kTight + lineHeight(TextRole::BodyStrong) + 4 + lineHeight(TextRole::Note) / 2;
    const double axis = lineHeight(TextRole::Note) + 7;
    const double height = std::max(size.height() - top - axis - space::kTight, 10.0);
    setYTicks(data, layout, height);
    const AxisUnit unit = axisUnitOf(data.figure, std::max(std::abs(layout.leastY), layout.mostY));
    double labels = 0;
    for (const double tick : layout.yTicks)
        labels = std::max(labels, textWidth(axisLabel(tick, unit), TextRole::Note));
    const double left = inset + labels + 8;
    layout.plot = {left, top, std::max(size.width() - left - inset - 6, 10.0), height};
    setXTicks(data, layout);
    return layout;
}

bool isDrawable(const CurveData& data, QSizeF size)
{
    const auto known =
        std::count_if(data.points.begin(), data.points.end(), [&](const CurvePoint& point) { return point.has(data.figure); });
    return data.legal && known >= 2 && size.width() >= 140 && size.height() >= 90;
}

bool hasSingleValues(const CurveData& data)
{
    if (data.input >= CurveInput::Devices && data.input <= CurveInput::Chunks)
        return true;
    const auto known =
        std::count_if(data.points.begin(), data.points.end(), [&](const CurvePoint& point) { return point.has(data.figure); });
    const auto gaps = static_cast<std::ptrdiff_t>(data.points.size()) - known;
    return gaps > 0 && 4 * gaps >= known;
}

std::vector<CurveRun> curveRuns(const CurveData& data, const CurveLayout& layout)
{
    std::vector<CurveRun> runs;
    if (hasSingleValues(data))
        return runs;
    const auto at = [&](const CurvePoint& point) {
        return QPointF(CurveLayout::shareOf(point.x, layout.leastX, layout.mostX, layout.logX),
                       CurveLayout::shareOf(point.of(data.figure), layout.leastY, layout.mostY, layout.logY));
    };
    const CurvePoint* before = nullptr;
    for (const CurvePoint& point : data.points) {
        if (!point.has(data.figure) || (layout.logX && !(point.x > 0))) {
            before = nullptr;
            continue;
        }
        if (before == nullptr) {
            runs.push_back({{}, point.fits});
        } else if (before->fits != point.fits) {
            // What lies between a value that does not fit and one that does is not known to fit.
            QPointF edge = before->fits ? at(*before) : at(point);
            if (data.limit && before->fits) {
                const double x = CurveLayout::shareOf(*data.limit, layout.leastX, layout.mostX, layout.logX);
                const QPointF way = at(point) - edge;
                edge += way * (way.x() > 0 ? std::clamp((x - edge.x()) / way.x(), 0.0, 1.0) : 0.0);
            }
            runs.back().points << edge;
            runs.push_back({QPolygonF{edge}, point.fits});
        }
        runs.back().points << at(point);
        before = &point;
    }
    return runs;
}

QRectF targetHandle(const CurveData& data, const CurveLayout& layout)
{
    constexpr double kSide = 9;
    if (!data.target)
        return {};
    const double y = std::clamp(layout.yOf(*data.target), layout.plot.top(), layout.plot.bottom());
    return {layout.plot.right() - kSide / 2, y - kSide / 2, kSide, kSide};
}

std::size_t nearestPoint(const CurveData& data, const CurveLayout& layout, double x)
{
    std::size_t nearest = 0;
    for (std::size_t i = 1; i < data.points.size(); ++i)
        if (std::abs(layout.xOf(data.points[i].x) - x) < std::abs(layout.xOf(data.points[nearest].x) - x))
            nearest = i;
    return nearest;
}

} // namespace shardlens
