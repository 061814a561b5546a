// SPDX-License-Identifier: Apache-2.0
// A collective played on the mesh: the links of a step lit, packets on their way, and the same as a strip of frames for paper.
#pragma once

#include "core/scenario/plancollectives.h"
#include "ui/scene/meshscene.h"

#include <QStringList>

#include <memory>

namespace shardlens {

/// One collective in one group at one moment.
struct CollectivePicture {
    std::shared_ptr<const Hops> hops; ///< null: nothing to show, see `why`
    PlanCollective collective;
    QString why;
    int device = 0;       ///< whose group it is
    bool isStill = false; ///< on paper: packets halfway, with their bytes where these fit
    double position = 0;  ///< 0: nothing sent; s + f: step s is f done; steps(): all done
    /// The step at hand, and how much of it is done.
    [[nodiscard]] int step() const;
    [[nodiscard]] double fraction() const { return hops ? std::clamp(position - step(), 0.0, 1.0) : 0; }
};

/// Most transfers of a step that are drawn one by one; of more, those that the device itself sends and receives.
inline constexpr int kMostDrawnTransfers = 512;

[[nodiscard]] CollectivePicture collectivePicture(const Scenario& scenario, const PlanCollective& collective, int device);
/// The device whose group is shown for a selection: its own, the first of its stage, or device 0.
[[nodiscard]] int collectiveDevice(const Scenario& scenario, const Subject& hover, const Subject& pin);

/// Over a mesh that was drawn by `layout`: an overlay of MeshOptions.
void drawCollective(const ViewInput& input, const MeshLayout& layout, const CollectivePicture& picture, Scene& scene);

/// "Step 3 of 14", "64 KiB per link", "128 KiB sent of 448 KiB", "12.3 µs of 31 µs", "GPU 0 and its peers", most important first.
[[nodiscard]] QStringList collectiveParts(const Scenario& scenario, const CollectivePicture& picture);
/// "64 KiB per link", what the fullest one carries one way; through a switch that adds up, where the two ways carry different bytes, "64 KiB up, 256 KiB down".
[[nodiscard]] QString stepBytes(const HopStep& step);
/// The time takes it that the sum already goes down while the rest still goes up.
[[nodiscard]] bool stepsOverlap(const Hops& hops);
/// What the step does: "adds up", "gathers", "hands out the sum", "hands over".
[[nodiscard]] QString stepVerb(const HopStep& step);
/// One sentence for a screen reader.
[[nodiscard]] QString describeCollective(const Scenario& scenario, const CollectivePicture& picture);

/// The strip under the mesh: three buttons, a track of steps and words.
struct PlayStripLayout {
    QRectF back;
    QRectF play;
    QRectF forward;
    QRectF track; ///< where the knob runs; empty when there is no room
    QRectF words; ///< right of the track, or below it
    [[nodiscard]] double positionAt(double x, int steps) const;
    [[nodiscard]] double knobAt(double position, int steps) const;
};
[[nodiscard]] PlayStripLayout layoutPlayStrip(QSizeF size);
/// Height that the strip asks for at a width.
[[nodiscard]] double playStripHeight(double width);
void buildPlayStrip(const ViewInput& input, const CollectivePicture& picture, bool playing, Scene& scene);

/// Steps that a strip of at most `most` frames shows: the first, the last, the turn from adding to gathering, and evenly between.
[[nodiscard]] std::vector<int> framedSteps(const Hops& hops, int most);
/// Small meshes side by side, one for each of the chosen steps, with captions; the scene's whole area.
void buildCollectiveFrames(const ViewInput& input, const MeshOptions& options, const CollectivePicture& picture, Scene& scene);

} // namespace shardlens
