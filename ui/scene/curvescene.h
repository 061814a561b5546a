// SPDX-License-Identifier: Apache-2.0
// A figure over one input as a picture: where things are, and what lies under and over the curve itself, which the chart draws.
#pragma once

#include "core/calibration/prediction.h"
#include "core/scenario/curve.h"
#include "core/scenario/curve_points.h"
#include "ui/scene/scene.h"

#include <optional>
#include <utility>
#include <vector>

namespace shardlens {

enum class AxisScale : std::uint8_t { Automatic /* as suits input and values */, Linear, Logarithmic };

/// What a user chooses.
struct CurveChoice {
    std::optional<CurveInput> input = {}; ///< unset, or not of the scenario: the one that says how many requests there are
    CurveFigure figure = CurveFigure::Tpot;
    AxisScale x = AxisScale::Automatic;
    AxisScale y = AxisScale::Automatic;
    friend bool operator==(const CurveChoice&, const CurveChoice&) = default;
};

struct CurveData {
    CurveInput input = CurveInput::Batch;
    CurveFigure figure = CurveFigure::Tpot;
    bool logX = true;
    bool logY = false;
    bool autoY = false;             ///< logarithmic too where a linear axis would hide the values, their target or the scenario's own
    bool legal = false;             ///< the scenario's own plan
    bool complete = true;           ///< every point that is wanted is there
    std::vector<CurvePoint> points; ///< ascending
    CurvePoint own;                 ///< of the scenario
    std::optional<double> limit;    ///< last value that fits in memory, where one does not
    bool nothingFits = false;
    std::optional<double> metUpTo; ///< last value that meets the target, where larger ones that fit miss it
    bool simulated = false;        ///< the scenario's own figure is; the curve is analytic
    std::optional<Spread> band;    ///< calibrated: 80 % interval as factors of the figure
    std::optional<double> target;  ///< seconds, of TTFT and TPOT
    std::vector<CurveMark> measured;
    QString measuredNote; ///< how many; empty: none
};

/// The data without its points, but with the values that they are wanted at.
[[nodiscard]] CurveData curveGround(const Scenario& scenario, const Report& report, const CurveChoice& choice, std::vector<double>& wanted);
/// Fills `limit`, `nothingFits` and `metUpTo` from the points; with `exact` by looking for the last value between two points.
void findLimit(CurveData& data, const Scenario& scenario, bool exact);
/// All at once, for pictures.
[[nodiscard]] CurveData curveOf(const Scenario& scenario, const Report& report, const CurveChoice& choice = {});

/// What measured points are drawn as, and how many; a benchmark's run begins with all requests at once, which a curve of the steady state
/// does not, and it shows in the time to the first token.
[[nodiscard]] QString measuredNoteOf(const Scenario& scenario, CurveFigure figure, std::size_t count);
/// "TPOT over batch".
[[nodiscard]] QString curveTitle(const CurveData& data);
/// A value of the input or of the figure with its unit.
[[nodiscard]] QString inputText(CurveInput input, double value);
[[nodiscard]] QString figureText(CurveFigure figure, double value);
/// "batch 64".
[[nodiscard]] QString inputPhrase(CurveInput input, double value);
/// One sentence for a screen reader.
[[nodiscard]] QString describeCurve(const CurveData& data);

struct CurveLayout {
    QRectF plot;
    bool logX = false;
    bool logY = false;
    double leastX = 0;
    double mostX = 1;
    double leastY = 0;
    double mostY = 1;
    std::vector<double> xTicks; ///< values of the input
    std::vector<double> yTicks; ///< values of the figure
    [[nodiscard]] double xOf(double value) const { return plot.left() + shareOf(value, leastX, mostX, logX) * plot.width(); }
    [[nodiscard]] double yOf(double value) const { return plot.bottom() - shareOf(value, leastY, mostY, logY) * plot.height(); }
    [[nodiscard]] double figureAt(double y) const; ///< inverts yOf()
    [[nodiscard]] static double shareOf(double value, double least, double most, bool log);
};
[[nodiscard]] CurveLayout curveLayout(const CurveData& data, QSizeF size);
/// False: too small, or fewer than two points.
[[nodiscard]] bool isDrawable(const CurveData& data, QSizeF size);

/// A stretch of the curve in fractions of the plot, y upwards.
struct CurveRun {
    QPolygonF points;
    bool fits = true; ///< in memory
};
/// Whether there is nothing between the values: axes of the plan, devices, or many gaps. They are dots, joined by a thin line.
[[nodiscard]] bool hasSingleValues(const CurveData& data);
/// None of single values. Broken where a value is illegal or has no figure; each change between fitting and not is at the limit itself.
[[nodiscard]] std::vector<CurveRun> curveRuns(const CurveData& data, const CurveLayout& layout);

/// Title, grid, axes, band, the region that does not fit, marks of illegal values.
void buildCurveGround(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene);
/// Limit, target, measured points, mark and value of the scenario.
void buildCurveMarks(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene);
/// The ruler at a point: figures with the band, or why there are none.
void buildCurveRuler(const CurveData& data, QSizeF size, const Theme& theme, std::size_t point, Scene& scene);

/// The square at the end of the target's line.
[[nodiscard]] QRectF targetHandle(const CurveData& data, const CurveLayout& layout);
/// Index of the point nearest to an x of the picture.
[[nodiscard]] std::size_t nearestPoint(const CurveData& data, const CurveLayout& layout, double x);

} // namespace shardlens
