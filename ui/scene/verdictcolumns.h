// SPDX-License-Identifier: Apache-2.0
// The figures of the verdict strip. Internal to ui/scene.
#pragma once

#include "ui/scene/scene.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/servicetext.h"

#include <QCoreApplication>

#include <optional>
#include <vector>

namespace shardlens {

struct VerdictScene {
    Q_DECLARE_TR_FUNCTIONS(VerdictScene)
};

/// One figure of the strip.
struct VerdictColumn {
    QString label;
    Figure figure;
    QString empty;              ///< shown instead of a figure
    QString note;               ///< third line
    std::optional<Spread> band; ///< 80 % interval of `value`
    double value = 0;
    QString range;                    ///< the interval in words; in the third line where there is room for it
    std::optional<TargetText> target; ///< what is asked for has the third line before all else
    Subject subject;
    int rank = 0; ///< the highest rank drops first
    double reserved = 0;
    bool shown = true;
};

[[nodiscard]] std::vector<VerdictColumn> verdictColumns(const ViewInput& input);
/// "Cost, output: $8.59/Mtok, $6.88 per device hour".
[[nodiscard]] QString columnText(const VerdictColumn& column);

} // namespace shardlens
