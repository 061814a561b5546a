// SPDX-License-Identifier: Apache-2.0
// What a curve shows: its points and words, without any place on a screen.
#include "core/base/format.h"
#include "core/scenario/evaluate.h"
#include "ui/scene/curvescene.h"
#include "ui/scene/curvetext.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct CurveText {
    Q_DECLARE_TR_FUNCTIONS(CurveChart)
};

std::optional<Spread> bandOf(const ServingReport& serving, CurveFigure figure)
{
    if (!serving.intervals)
        return std::nullopt;
    const auto factors = [](const Interval80& interval, double value) -> std::optional<Spread> {
        if (!(value > 0) || !std::isfinite(value) || !(interval.high > 0))
            return std::nullopt;
        return Spread{interval.low / value, interval.high / value};
    };
    switch (figure) {
    case CurveFigure::Tpot: return factors(serving.intervals->tpot, serving.tpot);
    case CurveFigure::Ttft: return factors(serving.intervals->ttft, serving.ttft);
    case CurveFigure::OutputPerDevice:
        return factors(serving.intervals->outputTokensPerSecondPerDevice, serving.outputTokensPerSecondPerDevice);
    case CurveFigure::Cost: return factors(serving.intervals->costPerMillionTokens, serving.costPerMillionTokens);
    case CurveFigure::EndToEnd:
    case CurveFigure::OutputPerUser:
    case CurveFigure::FreeMemory: break;
    }
    return std::nullopt;
}

bool logOf(AxisScale scale, bool automatic)
{
    return scale == AxisScale::Automatic ? automatic : scale == AxisScale::Logarithmic;
}

/// Rates are read for where they level off, which a logarithmic axis hides.
bool measuresTimeOrCost(CurveFigure figure)
{
    return figure == CurveFigure::Tpot || figure == CurveFigure::Ttft || figure == CurveFigure::EndToEnd || figure == CurveFigure::Cost;
}

/// The last value that meets the target where every larger one that fits misses it; none where all do, or the curve comes back.
std::optional<double> lastThatMeets(const CurveData& data, const Scenario& scenario, bool exact)
{
    if (!data.target || data.simulated)
        return std::nullopt;
    const auto meets = [&](const CurvePoint& point) {
        return point.fits && point.has(data.figure) && point.of(data.figure) <= *data.target;
    };
    const CurvePoint* met = nullptr;
    const CurvePoint* missed = nullptr;
    for (const CurvePoint& point : data.points) {
        if (!point.has(data.figure) || !point.fits)
            continue;
        if (meets(point)) {
            if (missed != nullptr)
                return std::nullopt;
            met = &point;
        } else if (missed == nullptr) {
            missed = &point;
        }
    }
    if (met == nullptr || missed == nullptr)
        return std::nullopt;
    double good = met->x;
    double bad = missed->x;
    const bool whole = infoOf(data.input).integer;
    constexpr int kMostSteps = 12;
    for (int i = 0; exact && i < kMostSteps && bad - good > (whole ? 1 : 1e-2 * good); ++i) {
        const double middle = whole ? std::floor((good + bad) / 2) : (good + bad) / 2;
        (meets(curvePoint(scenario, data.input, middle)) ? good : bad) = middle;
    }
    return good;
}

} // namespace

CurveData curveGround(const Scenario& scenario, const Report& report, const CurveChoice& choice, std::vector<double>& wanted)
{
    CurveData data;
    data.input = choice.input && hasInput(scenario, *choice.input) ? *choice.input : loadInput(scenario);
    data.figure = choice.figure;
    data.logX = logOf(choice.x, infoOf(data.input).logarithmic);
    data.logY = choice.y == AxisScale::Logarithmic && choice.figure != CurveFigure::FreeMemory;
    data.autoY = choice.y == AxisScale::Automatic && measuresTimeOrCost(choice.figure);
    data.legal = report.legal;
    data.own = curvePoint(scenario, report, valueOf(scenario, data.input));
    if (data.figure == CurveFigure::Tpot)
        data.target = scenario.targets.tpot;
    else if (data.figure == CurveFigure::Ttft)
        data.target = scenario.targets.ttft;
    wanted.clear();
    if (!report.legal)
        return data;
    data.band = bandOf(report.serving, data.figure);
    wanted = curveValues(scenario, report, data.input);
    // A simulated figure stands for itself; the curve is analytic at every value.
    data.simulated = report.serving.service.simulated;
    if (data.simulated)
        return data;
    std::erase(wanted, data.own.x);
    data.points.push_back(data.own);
    return data;
}

void findLimit(CurveData& data, const Scenario& scenario, bool exact)
{
    data.limit.reset();
    data.metUpTo = lastThatMeets(data, scenario, exact);
    const auto legal = [](const CurvePoint& point) { return point.legal; };
    data.nothingFits = std::any_of(data.points.begin(), data.points.end(), legal)
                       && std::none_of(data.points.begin(), data.points.end(), [](const CurvePoint& point) { return point.fits; });
    const CurvePoint* before = nullptr;
    for (const CurvePoint& point : data.points) {
        if (!point.legal)
            continue;
        if (before != nullptr && before->fits && !point.fits) {
            const bool known = data.input == CurveInput::Batch || exact;
            data.limit = known ? lastThatFits(scenario, data.input, before->x, point.x) : before->x;
            return;
        }
        before = &point;
    }
}

CurveData curveOf(const Scenario& scenario, const Report& report, const CurveChoice& choice)
{
    std::vector<double> wanted;
    CurveData data = curveGround(scenario, report, choice, wanted);
    for (const double x : wanted)
        data.points.push_back(curvePoint(scenario, data.input, x));
    std::sort(data.points.begin(), data.points.end(), [](const CurvePoint& a, const CurvePoint& b) { return a.x < b.x; });
    findLimit(data, scenario, true);
    return data;
}

QString inputText(CurveInput input, double value)
{
    const CurveInputInfo& info = infoOf(input);
    if (info.integer && std::abs(value) < 1e15)
        return qs(formatCount(std::llround(value)));
    return qs(formatNumber(value * info.shown));
}

QString figureText(CurveFigure figure, double value)
{
    switch (figure) {
    case CurveFigure::Tpot:
    case CurveFigure::Ttft:
    case CurveFigure::EndToEnd: return secondsFigure(value).joined();
    case CurveFigure::OutputPerDevice:
    case CurveFigure::OutputPerUser: return CurveText::tr("%1 tokens/s").arg(rateFigure(value).joined());
    case CurveFigure::Cost: return CurveText::tr("$%1 per Mtok").arg(rateFigure(value).joined());
    case CurveFigure::FreeMemory: break;
    }
    return value < 0 ? CurveText::tr("%1 too much").arg(qs(formatBytes(-value))) : CurveText::tr("%1 free").arg(qs(formatBytes(value)));
}

QString inputPhrase(CurveInput input, double value)
{
    const CurveInputInfo& info = infoOf(input);
    const QString text = inputText(input, value);
    const QString name = inputName(input);
    // Shares and hardware carry their unit; counts are named by the input.
    if (info.shown == 100)
        return CurveText::tr("%1 %2 %").arg(name, text);
    if (!info.integer)
        return CurveText::tr("%1 %2 %3").arg(name, text, inputUnit(input));
    return CurveText::tr("%1 %2").arg(name, text);
}

QString curveTitle(const CurveData& data)
{
    return CurveText::tr("%1 over %2").arg(figureName(data.figure), inputName(data.input));
}

QString describeCurve(const CurveData& data)
{
    if (!data.legal)
        return CurveText::tr("The plan is not legal, so there is no curve.");
    QString now = figureName(data.figure);
    if (data.own.has(data.figure))
        now = CurveText::tr("%1 is %2 at %3")
                  .arg(now, figureText(data.figure, data.own.of(data.figure)), inputPhrase(data.input, data.own.x));
    else
        now = CurveText::tr("%1 has no value at %2").arg(now, inputPhrase(data.input, data.own.x));
    if (data.nothingFits)
        return CurveText::tr("%1; no value fits.").arg(now);
    return data.limit ? CurveText::tr("%1; at most %2 fits.").arg(now, inputPhrase(data.input, *data.limit)) : now + QLatin1Char('.');
}

QString measuredNoteOf(const Scenario& scenario, CurveFigure figure, std::size_t count)
{
    if (count == 0)
        return {};
    const bool waits = figure == CurveFigure::Ttft || figure == CurveFigure::EndToEnd;
    return waits && scenario.serving.load.steady()
               ? CurveText::tr("diamonds: %n measured, with the opening burst", nullptr, static_cast<int>(count))
               : CurveText::tr("diamonds: %n measured", nullptr, static_cast<int>(count));
}

} // namespace shardlens
