// SPDX-License-Identifier: Apache-2.0
// The scatter of the trust view: both axes logarithmic and alike, the diagonal, and lines at 20 % above and below. Internal to the scene.
#pragma once

#include "ui/scene/trustscene.h"

namespace shardlens {

/// Points of the picture are numbered through: shipped ones, then the user's.
[[nodiscard]] const ComparedPoint* pointOf(const TrustPicture& picture, int number);
/// "12.3 ms", "1,234".
[[nodiscard]] QString pointValue(PointFigure figure, double value);

/// `near` are marked. False, and nothing drawn, where there is no room.
bool drawTrustPlot(Scene& scene, const ViewInput& input, const TrustPicture& picture, const std::vector<NearPoint>& near,
                   const QRectF& area);

} // namespace shardlens
