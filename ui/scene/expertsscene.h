// SPDX-License-Identifier: Apache-2.0
// Load of the experts over the ranks that hold them: a heat map, a bar for each rank against the mean, a bar for each expert against its
// capacity. Where the places of skewed experts are not known the map is the mean over all orders, by falling load; otherwise it shows what
// each rank holds, copies hatched.
#pragma once

#include "core/scenario/expertfacts.h"
#include "ui/scene/scene.h"

#include <optional>

namespace shardlens {

struct ExpertsOptions {
    Phase phase = Phase::Decode;
    /// One order of the experts, drawn by a fixed generator; false: the mean of all, in which nothing sets any but the hottest rank apart.
    bool example = true;
    /// Time of the phase with uniform routing, all else equal; unset: not known.
    std::optional<double> balancedTime{};
    /// Time of the phase without a limit on what experts take, all else equal; unset: there is none, or not known.
    std::optional<double> unlimitedTime{};
    /// Load of the hottest rank over the mean, were there no redundant copies; unset: there are none, or not known.
    std::optional<double> factorWithoutCopies{};
};

/// Where the parts of the picture lie; empty rectangles: no room for that part.
struct ExpertsLayout {
    bool matrix = false; ///< rows are experts by falling load; otherwise the slots of each rank
    int columns = 1;     ///< ranks
    int rows = 1;
    int columnBins = 1; ///< of columns and rows that are drawn as one where they are narrower than a pixel or two
    int rowBins = 1;
    QRectF facts;
    QRectF bars;
    QRectF grid;
    QRectF profile;
    QRectF axis;
    QRectF legend;
    [[nodiscard]] QRectF cell(int columnBin, int rowBin) const;
    /// First column of a bin; of the bin behind the last one: the number of columns.
    [[nodiscard]] int firstColumn(int bin) const { return static_cast<int>(std::int64_t{columns} * bin / columnBins); }
    [[nodiscard]] int firstRow(int bin) const { return static_cast<int>(std::int64_t{rows} * bin / rowBins); }
};
[[nodiscard]] ExpertsLayout expertsLayout(const ExpertLoadTable& table, QSizeF size, int factLines);

void buildExperts(const ViewInput& input, const ExpertsOptions& options, Scene& scene);
[[nodiscard]] QString expertsSubtitle(const Scenario& scenario, const Report& report, const ExpertsOptions& options);
[[nodiscard]] QString describeExperts(const Scenario& scenario, const Report& report);
[[nodiscard]] QString expertsTooltip(const Scenario& scenario, const Report& report, const Subject& subject);

/// Colour of a load of `share` (0..1) of the scale's end: one hue that grows darker (brighter in the dark), so that it survives greyscale and
/// any colour blindness.
[[nodiscard]] QColor loadColor(const Theme& theme, double share);

} // namespace shardlens
