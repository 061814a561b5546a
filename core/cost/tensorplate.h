// SPDX-License-Identifier: Apache-2.0
// The tensors of a model under a plan, each as a sharded array of the algebra: shape, format, bytes, notation, and which devices hold
// which tile. Shapes and splits are those that memory counts (weightshards.h, memory.h), so bytes add up to the report's.
//
// Inside a stage a tensor is split over some of the stage's axes and copied over the others; every replica (DP) holds it all again. Axes:
//   TP, SP, ADP   tensor, sequence and attention-data parallelism
//   TPk, TPr      TP as (heads that are told apart) x (copies of each), where TP exceeds the KV heads: TP = TPk x TPr, TPr inner
//   ETP, EP       the same devices as the routed experts see them
// Letters of dimensions: D hidden, N query heads, K KV heads, G key heads of a linear layer, H head size, F intermediate, E experts and
// their redundant copies, V vocabulary, C and Q the latents of MLA, B sequences, S tokens kept, T tokens.
#pragma once

#include "core/cost/memory.h"
#include "core/cost/op.h"
#include "core/sharding/notation.h"

#include <array>
#include <string>
#include <vector>

namespace shardlens {

enum class TensorKind : std::uint8_t {
    Query,
    Key,
    Value,
    QueryDown,
    QueryUp,
    KvDown,
    KvUp,
    IndexQuery,
    IndexKey,
    IndexHeads,
    MixerIn,
    DecayUp,
    GateUp,
    KvCache,
    LatentCache,
    IndexCache,
    State, ///< of linear layers: the recurrent state and the columns of the convolution
    MixerOut,
    Output,
    MlpUp,
    MlpDown,
    Router,
    ToExperts,
    ExpertsUp,
    ExpertsDown,
    FromExperts,
    SharedUp,
    SharedDown,
    Embedding,
    Positions,
    Head,
    Stream,       ///< the residual stream of a prefill piece
    DecodeStream, ///< and of a decode step
    Small,        ///< norms, biases, sinks, convolutions, decays: bytes alone
    Prediction,   ///< loaded layers of multi-token prediction: bytes alone
};
inline constexpr std::size_t kTensorKindCount = static_cast<std::size_t>(TensorKind::Prediction) + 1;
/// Whether the operator reads, writes or multiplies with a tensor of this kind.
[[nodiscard]] bool uses(Op op, TensorKind kind);
/// The part of memory a tensor of this kind is counted in.
[[nodiscard]] MemoryClass memoryClassOf(TensorKind kind);

/// Parts of a matrix that are split each in its own way; most tensors have one.
struct PlatePart {
    ShardedArray array;
    /// Dimensions of `array` that are the rows of its picture, the others being columns.
    std::size_t rowDims = 1;
    bool dealt = false; ///< the first dimension is dealt as evenly as possible (experts onto EP ranks) instead of in full pieces
};

/// Axes of a stage that may split a tensor, in the order of bits of Holders.
enum class PlateAxis : std::uint8_t { Tensor, TensorHeads, TensorCopies, Sequence, AttentionData, ExpertTensor, Expert };
inline constexpr std::size_t kPlateAxisCount = 7;
[[nodiscard]] std::string_view nameOf(PlateAxis axis); ///< "TP", "TPk", ...

struct PlateTensor {
    TensorKind kind = TensorKind::Query;
    std::string name; ///< "W_Q", "KV cache"
    std::string note; ///< what is not plain from the shape: "keys and values", "32 experts + 4 copies"; may be empty
    NumberFormat format = NumberFormat::Bf16;
    std::string formatText;      ///< "bf16"; of states "fp32 + bf16"
    Mesh mesh;                   ///< the stage's axes as this tensor sees them
    std::vector<PlateAxis> axes; ///< of mesh
    std::vector<PlatePart> parts;
    std::int64_t copies = 1;          ///< times each element is stored in one stage of one replica
    std::int64_t replicas = 1;        ///< DP
    Bytes wholeBytes = 0;             ///< of one layer, unsharded, every element once; 0 where only bytes per device are known
    Bytes deviceBytes = 0;            ///< of one layer on the fullest devices
    Bytes fewestBytes = 0;            ///< of one layer on the devices with fewest experts
    std::vector<std::int64_t> layers; ///< by stage: layers that have an equal one

    [[nodiscard]] std::int64_t layersOn(int stage) const { return layers[static_cast<std::size_t>(stage)]; }
    [[nodiscard]] std::int64_t tileCount() const;
    /// "W_K[D, K_TPk8, H]", parts joined by " + ".
    [[nodiscard]] std::string notation(AxisSizes sizes = AxisSizes::Shown) const;
    /// Coordinates of a tile on `mesh`, those of axes that do not split it zero. Tiles count through the splitting axes in mesh order.
    [[nodiscard]] std::int64_t meshDeviceOf(std::int64_t tile) const;
    /// Index range of one dimension of one part in a tile.
    [[nodiscard]] DimPiece piece(const PlatePart& part, std::size_t dim, std::int64_t tile) const;
    /// Bytes of one layer of a tile as its devices store it.
    [[nodiscard]] Bytes tileBytes(std::int64_t tile) const;
    /// Copies of each tile over the whole plan.
    [[nodiscard]] std::int64_t holderCount() const { return copies * replicas; }
    /// True when some axis of the mesh splits it.
    [[nodiscard]] bool isSplit(std::size_t meshAxis) const;
};

/// All tensors of all stages; their order is that of a layer's work, then embedding, head, activations. Equal matrices of different kinds of
/// layer are one tensor.
struct TensorPlate {
    std::vector<PlateTensor> tensors;
    int stages = 1;
};
/// Only for a legal plan.
[[nodiscard]] TensorPlate tensorPlate(const PlanContext& context, const Plan& plan, std::optional<Bytes> reserve);

/// The device that holds copy `copy` of a tile on a stage: copies count through the axes that do not split the tensor, then DP.
[[nodiscard]] int holderOf(const PlateTensor& tensor, const Placement& placement, int stage, std::int64_t tile, std::int64_t copy);
/// The tile that a device of the stage holds.
[[nodiscard]] std::int64_t tileOf(const PlateTensor& tensor, const Placement& placement, int device);

/// Which devices hold the same tile, as a number that fits a selection: they agree on these axes.
[[nodiscard]] int holdersCode(const PlateTensor& tensor);
/// Whether two devices hold the same tile of a tensor with this code: same stage, equal on its axes.
[[nodiscard]] bool holdSame(const MeshSizes& sizes, int holdersCode, int a, int b);

} // namespace shardlens
