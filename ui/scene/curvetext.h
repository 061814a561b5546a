// SPDX-License-Identifier: Apache-2.0
// The unit of a curve's figure axis and its labels; names of inputs and figures.
#pragma once

#include "core/scenario/curve.h"
#include "ui/scene/scene.h"

namespace shardlens {

struct AxisUnit {
    double size = 1; ///< in the figure's base unit
    QString name;    ///< "ms"; empty: the figure's name says it
};
/// For an axis that ends at `most`.
[[nodiscard]] AxisUnit axisUnitOf(CurveFigure figure, double most);
[[nodiscard]] QString axisLabel(double value, const AxisUnit& unit);
/// As a reader sees them, translated: "batch", "sequences per replica", "TPOT".
[[nodiscard]] QString inputName(CurveInput input);
[[nodiscard]] QString inputUnit(CurveInput input);
[[nodiscard]] QString figureName(CurveFigure figure);

} // namespace shardlens
