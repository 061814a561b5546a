// SPDX-License-Identifier: Apache-2.0
// A measured point beside its prediction. Not part of explain(): a report knows no measured points.
#pragma once

#include "core/scenario/comparedpoints.h"
#include "core/scenario/explain.h"

namespace shardlens {

/// How far one figure of a point is off, and what sets the point apart from `scenario` (pointInputs()).
[[nodiscard]] Explanation explainPoint(const ComparedPoint& point, PointFigure figure, const PointInputs& scenario);

} // namespace shardlens
