// SPDX-License-Identifier: Apache-2.0
// How good the numbers are: predicted against measured, the measured points nearest to the scenario, and where each constant is from.
#pragma once

#include "core/scenario/comparedpoints.h"
#include "core/scenario/constantrows.h"
#include "ui/scene/scene.h"

#include <memory>

namespace shardlens {

enum class TrustColour : std::uint8_t { Engine, Accelerator, Model };
enum class TrustTable : std::uint8_t { Nearest, Constants };

/// Points of one model, engine or accelerator.
struct TrustGroup {
    QString name;
    std::vector<std::size_t> points; ///< indices into the shipped points
};

/// What is shown of the points. Made when they or the choices change, never while a control is dragged.
struct TrustPicture {
    std::shared_ptr<const ComparedPoints> shipped; ///< null: not there yet
    std::shared_ptr<const ComparedPoints> own;     ///< of a user's file; may be null
    QString ownName;
    PointFigure figure = PointFigure::Tpot;
    TrustColour colour = TrustColour::Engine;
    std::vector<TrustGroup> groups; ///< largest first; the last may be "others"
    ErrorStatistics statistics;     ///< of the shipped points shown
    ErrorStatistics ownStatistics;
    double least = 0; ///< of all values shown, in units of the figure; 0: no points
    double most = 0;
};
[[nodiscard]] TrustPicture trustPicture(std::shared_ptr<const ComparedPoints> shipped, std::shared_ptr<const ComparedPoints> own,
                                        PointFigure figure, TrustColour colour);

struct TrustOptions {
    const TrustPicture* picture = nullptr;
    std::shared_ptr<const Calibration> calibration; ///< of the scenario's engine and accelerator, in either mode; null: none
    TrustTable table = TrustTable::Nearest;
    int firstRow = 0;       ///< of the table
    double progress = -1;   ///< 0..1 while points are being predicted; negative: nothing runs
    bool calibrated = true; ///< what the points were predicted with
};

void buildTrust(const ViewInput& input, const TrustOptions& options, Scene& scene);
/// Rows that the table of constants or of nearest points has.
[[nodiscard]] int trustRows(const ViewInput& input, const TrustOptions& options);
/// Of Subject::Kind::Point: the point's inputs, measured, predicted and by how much they differ.
[[nodiscard]] QString trustTooltip(const TrustPicture& picture, const Subject& subject);
/// One sentence for a screen reader.
[[nodiscard]] QString describeTrust(const TrustPicture& picture);

[[nodiscard]] QString nameOf(PointFigure figure); ///< "TPOT", "TTFT", "Tokens/s per device"

} // namespace shardlens
