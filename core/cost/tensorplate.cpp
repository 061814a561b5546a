// SPDX-License-Identifier: Apache-2.0
#include "core/cost/tensorplate.h"

#include <algorithm>
#include <initializer_list>

namespace shardlens {

std::string_view nameOf(PlateAxis axis)
{
    switch (axis) {
    case PlateAxis::Tensor: return "TP";
    case PlateAxis::TensorHeads: return "TPk";
    case PlateAxis::TensorCopies: return "TPr";
    case PlateAxis::Sequence: return "SP";
    case PlateAxis::AttentionData: return "ADP";
    case PlateAxis::ExpertTensor: return "ETP";
    case PlateAxis::Expert: return "EP";
    }
    return "";
}

namespace {

bool among(TensorKind kind, std::initializer_list<TensorKind> kinds)
{
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

int coordinateOf(const Placement& placement, PlateAxis axis, int copies, int device)
{
    switch (axis) {
    case PlateAxis::Tensor: return placement.coordinate(device, MeshAxis::Tensor);
    case PlateAxis::TensorHeads: return placement.coordinate(device, MeshAxis::Tensor) / copies;
    case PlateAxis::TensorCopies: return placement.coordinate(device, MeshAxis::Tensor) % copies;
    case PlateAxis::Sequence: return placement.coordinate(device, MeshAxis::Sequence);
    case PlateAxis::AttentionData: return placement.coordinate(device, MeshAxis::AttentionData);
    case PlateAxis::ExpertTensor: return placement.expertTensorGroup().rankOf(device);
    case PlateAxis::Expert: return placement.expertRank(device);
    }
    return 0;
}

int offsetOf(const Placement& placement, PlateAxis axis, int copies, int coordinate)
{
    switch (axis) {
    case PlateAxis::Tensor:
    case PlateAxis::TensorCopies: return coordinate * placement.stride(MeshAxis::Tensor);
    case PlateAxis::TensorHeads: return coordinate * copies * placement.stride(MeshAxis::Tensor);
    case PlateAxis::Sequence: return coordinate * placement.stride(MeshAxis::Sequence);
    case PlateAxis::AttentionData: return coordinate * placement.stride(MeshAxis::AttentionData);
    case PlateAxis::ExpertTensor: return placement.expertTensorGroup().offsetOf(coordinate);
    case PlateAxis::Expert: return placement.expertGroup().offsetOf(coordinate);
    }
    return 0;
}

/// TPr of the tensor's mesh; 1 without.
int tensorCopiesOf(const PlateTensor& tensor)
{
    for (std::size_t i = 0; i < tensor.axes.size(); ++i)
        if (tensor.axes[i] == PlateAxis::TensorCopies)
            return static_cast<int>(tensor.mesh.size(static_cast<int>(i)));
    return 1;
}

} // namespace

MemoryClass memoryClassOf(TensorKind kind)
{
    if (among(kind, {TensorKind::KvCache, TensorKind::LatentCache, TensorKind::IndexCache, TensorKind::State}))
        return MemoryClass::Kv;
    if (among(kind, {TensorKind::Stream, TensorKind::DecodeStream}))
        return MemoryClass::Activations;
    return MemoryClass::Weights;
}

bool uses(Op op, TensorKind kind)
{
    using K = TensorKind;
    const auto is = [kind](std::initializer_list<K> kinds) { return among(kind, kinds); };
    switch (op) {
    case Op::Embedding: return is({K::Embedding, K::Positions});
    case Op::QkvProjection: return is({K::Query, K::Key, K::Value});
    case Op::LatentDown: return is({K::QueryDown, K::KvDown});
    case Op::QueryUp: return is({K::QueryUp, K::Query}); // without a latent of queries one projection
    case Op::KvUp:
    case Op::AbsorbQuery:
    case Op::ExpandValues: return is({K::KvUp});
    case Op::IndexQuery: return is({K::IndexQuery});
    case Op::IndexKey: return is({K::IndexKey, K::IndexHeads, K::IndexCache});
    case Op::IndexScores: return is({K::IndexCache});
    case Op::LinearInput: return is({K::MixerIn});
    case Op::LinearGate: return is({K::DecayUp, K::GateUp});
    case Op::Convolution:
    case Op::StateUpdate:
    case Op::StateExchange: return is({K::State});
    case Op::SequenceGather:
    case Op::AttentionScores:
    case Op::AttentionValues:
    case Op::RingExchange: return is({K::KvCache, K::LatentCache});
    case Op::OutputProjection: return is({K::Output, K::MixerOut});
    case Op::Router: return is({K::Router});
    case Op::ExpertsIn: return is({K::ToExperts});
    case Op::ExpertsOut: return is({K::FromExperts});
    case Op::ExpertUp: return is({K::ExpertsUp});
    case Op::ExpertDown: return is({K::ExpertsDown});
    case Op::SharedUp: return is({K::SharedUp});
    case Op::SharedDown: return is({K::SharedDown});
    case Op::MlpUp: return is({K::MlpUp});
    case Op::MlpDown: return is({K::MlpDown});
    case Op::PredictionProjection: return is({K::Prediction});
    case Op::AttentionNorm:
    case Op::MlpNorm:
    case Op::FinalNorm: return is({K::Small});
    case Op::LmHead: return is({K::Head});
    case Op::SendActivations: return is({K::Stream, K::DecodeStream});
    case Op::AttentionSoftmax:
    case Op::IndexTopK:
    case Op::SequenceCombine:
    case Op::Dispatch:
    case Op::Combine:
    case Op::CombineGather:
    case Op::PredictionNorm:
    case Op::Sampling: break;
    }
    return false;
}

bool PlateTensor::isSplit(std::size_t meshAxis) const
{
    return std::any_of(parts.begin(), parts.end(),
                       [&](const PlatePart& part) { return part.array.dimOn(static_cast<int>(meshAxis)) >= 0; });
}

std::int64_t PlateTensor::tileCount() const
{
    std::int64_t count = 1;
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
        if (isSplit(axis))
            count *= mesh.size(static_cast<int>(axis));
    return count;
}

std::int64_t PlateTensor::meshDeviceOf(std::int64_t tile) const
{
    std::int64_t device = 0;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        if (!isSplit(i))
            continue;
        const int axis = static_cast<int>(i);
        device += tile % mesh.size(axis) * mesh.stride(axis);
        tile /= mesh.size(axis);
    }
    return device;
}

std::string PlateTensor::notation(AxisSizes sizes) const
{
    std::string text;
    for (const PlatePart& part : parts)
        text += (text.empty() ? "" : " + ") + printArray(part.array, mesh, sizes);
    return text.empty() ? name : text;
}

DimPiece PlateTensor::piece(const PlatePart& part, std::size_t dim, std::int64_t tile) const
{
    const ShardedDim& split = part.array.dims[dim];
    const std::int64_t at = meshDeviceOf(tile);
    if (!part.dealt || dim > 0 || split.axes.empty())
        return pieceOf(mesh, split, at);
    const int axis = split.axes.front();
    const IndexRange range =
        layersOfStage(static_cast<int>(split.size), static_cast<int>(mesh.size(axis)), static_cast<int>(mesh.coordinate(at, axis)));
    return {range.begin, range.count()};
}

Bytes PlateTensor::tileBytes(std::int64_t tile) const
{
    if (parts.empty() || !parts.front().dealt || deviceBytes == fewestBytes)
        return deviceBytes;
    const ShardedDim& dim = parts.front().array.dims.front();
    const std::int64_t most = dim.axes.empty() ? dim.size : ceilDiv(dim.size, mesh.size(dim.axes.front()));
    return piece(parts.front(), 0, tile).count == most ? deviceBytes : fewestBytes;
}

int holderOf(const PlateTensor& tensor, const Placement& placement, int stage, std::int64_t tile, std::int64_t copy)
{
    const std::int64_t at = tensor.meshDeviceOf(tile);
    const int copies = tensorCopiesOf(tensor);
    int offset = 0;
    for (std::size_t i = 0; i < tensor.axes.size(); ++i) {
        const int axis = static_cast<int>(i);
        std::int64_t coordinate = tensor.mesh.coordinate(at, axis);
        if (!tensor.isSplit(i)) {
            coordinate = copy % tensor.mesh.size(axis);
            copy /= tensor.mesh.size(axis);
        }
        offset += offsetOf(placement, tensor.axes[i], copies, static_cast<int>(coordinate));
    }
    return placement.firstDevice(stage, static_cast<int>(copy)) + offset;
}

std::int64_t tileOf(const PlateTensor& tensor, const Placement& placement, int device)
{
    const int copies = tensorCopiesOf(tensor);
    std::int64_t tile = 0;
    std::int64_t below = 1;
    for (std::size_t i = 0; i < tensor.axes.size(); ++i) {
        if (!tensor.isSplit(i))
            continue;
        tile += coordinateOf(placement, tensor.axes[i], copies, device) * below;
        below *= tensor.mesh.size(static_cast<int>(i));
    }
    return tile;
}

int holdersCode(const PlateTensor& tensor)
{
    int code = 0;
    for (std::size_t i = 0; i < tensor.axes.size(); ++i)
        if (tensor.isSplit(i))
            code |= 1 << static_cast<int>(tensor.axes[i]);
    return code | tensorCopiesOf(tensor) << kPlateAxisCount;
}

bool holdSame(const MeshSizes& sizes, int holdersCode, int a, int b)
{
    const Placement placement(sizes);
    if (a < 0 || b < 0 || a >= placement.devices() || b >= placement.devices() || holdersCode < 0)
        return false;
    const int copies = std::max(1, holdersCode >> kPlateAxisCount);
    if (placement.coordinate(a, MeshAxis::Pipeline) != placement.coordinate(b, MeshAxis::Pipeline))
        return false;
    for (std::size_t i = 0; i < kPlateAxisCount; ++i) {
        const auto axis = static_cast<PlateAxis>(i);
        if ((holdersCode >> i & 1) != 0 && coordinateOf(placement, axis, copies, a) != coordinateOf(placement, axis, copies, b))
            return false;
    }
    return true;
}

} // namespace shardlens
