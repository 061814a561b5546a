// SPDX-License-Identifier: Apache-2.0
// The playground of products: A . B on a mesh, one way of working it out at one moment. The three arrays tiled by device, every device with
// what it holds of them, the blocks that a collective moves on their way, the local product block by block, partial sums as stacked layers.
#pragma once

#include "core/collective/playedproduct.h"
#include "ui/scene/scene.h"

#include <array>
#include <optional>
#include <vector>

namespace shardlens {

/// Devices drawn one by one; of larger meshes the first so many, since the others do the same.
inline constexpr std::int64_t kMostDevicesDrawn = 64;

struct PlaygroundPicture {
    std::optional<PlayedProduct> played;
    QString error; ///< a sentence, where there is no product
    std::size_t way = 0;
    double position = 0; ///< in steps of the way, 0 to their number
};

/// What can be clicked.
struct PlaygroundRegions {
    std::vector<QRectF> ways;  ///< by index; those with room
    std::vector<QRectF> steps; ///< of the way
};

void buildPlayground(const ViewInput& input, const PlaygroundPicture& picture, Scene& scene, PlaygroundRegions* regions = nullptr);

/// Sides of the pictures of A, B and C, the longest one 1: sizes to the power 0.4, so that small dimensions stay visible, and no side below
/// a third. Rows are all dimensions but the last, so the dimension that two arrays share is as long in both.
[[nodiscard]] std::array<QSizeF, 3> playgroundSides(const ShardedArray& a, const ShardedArray& b, const ShardedArray& c);
/// The block a device holds of an array, as shares of its picture; rows are all dimensions but the last.
[[nodiscard]] QRectF playgroundBlock(const Mesh& mesh, const ShardedArray& array, std::int64_t device);

/// What a device gets of a peer's block in a collective: where it lies before the step and after it; empty where it gets nothing.
struct PlaygroundMove {
    QRectF from;
    QRectF to;
};
[[nodiscard]] PlaygroundMove playgroundMove(const Mesh& mesh, const ShardStep& step, std::int64_t peer, std::int64_t device);

/// "12.3 µs" on a cluster, "64 MiB" without.
[[nodiscard]] QString playgroundCost(const PlayedProduct& played, const MatmulWayCost& way);
/// What a way costs on each device, as much of it as fits in `room`, the time last to go.
[[nodiscard]] QString playgroundTotals(const PlayedProduct& played, const MatmulWayCost& way, double room);
[[nodiscard]] QString describePlayground(const PlaygroundPicture& picture);
/// What a picture of it rests on: product, mesh, sizes, format, and the devices that the times are of.
[[nodiscard]] QString playgroundAssumptions(const ProductText& text, const PlaygroundPicture& picture);

/// The four cases of the algebra.
struct PlaygroundExample {
    const char* name;
    const char* product;
    const char* mesh;
    const char* shape;
};
[[nodiscard]] const std::vector<PlaygroundExample>& playgroundExamples();

} // namespace shardlens
