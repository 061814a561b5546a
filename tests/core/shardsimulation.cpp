// SPDX-License-Identifier: Apache-2.0
#include "tests/core/shardsimulation.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace shardlens {

namespace {

using Index = std::vector<std::int64_t>;

std::int64_t count(const Index& shape)
{
    std::int64_t product = 1;
    for (const std::int64_t n : shape)
        product *= n;
    return product;
}

std::size_t offset(const Index& shape, const Index& at)
{
    std::int64_t position = 0;
    for (std::size_t i = 0; i < shape.size(); ++i)
        position = position * shape[i] + at[i];
    return static_cast<std::size_t>(position);
}

template <class Visit>
void forEach(const Index& shape, Visit&& visit)
{
    Index at(shape.size(), 0);
    for (std::int64_t left = count(shape); left > 0; --left) {
        visit(at);
        for (std::size_t i = shape.size(); i-- > 0;) {
            if (++at[i] < shape[i])
                break;
            at[i] = 0;
        }
    }
}

/// Which global positions a device stores along a dimension; -1 is padding. Written as cutting a list of positions, axis by axis.
Index positions(const Mesh& mesh, const ShardedDim& dim, std::int64_t device)
{
    Index list;
    for (std::int64_t i = 0; i < dim.size; ++i)
        list.push_back(i);
    for (const int axis : dim.axes) {
        const auto length = static_cast<std::int64_t>(list.size());
        const std::int64_t each = (length + mesh.size(axis) - 1) / mesh.size(axis);
        Index piece;
        for (std::int64_t i = 0; i < each; ++i) {
            const std::int64_t from = mesh.coordinate(device, axis) * each + i;
            piece.push_back(from < length ? list[static_cast<std::size_t>(from)] : -1);
        }
        list = piece;
    }
    return list;
}

/// The device at the same place but for its coordinate on `axis`.
std::int64_t moved(const Mesh& mesh, std::int64_t device, int axis, std::int64_t coordinate)
{
    return device + (coordinate - mesh.coordinate(device, axis)) * mesh.stride(axis);
}

/// `length` entries from `begin` along a dimension; beyond the end there are zeros.
Dense cut(const Dense& block, std::size_t dim, std::int64_t begin, std::int64_t length)
{
    Index shape = block.shape;
    shape[dim] = length;
    Dense result = Dense::zeros(shape);
    forEach(shape, [&](const Index& at) {
        Index from = at;
        from[dim] += begin;
        if (from[dim] < block.shape[dim])
            result.values[offset(shape, at)] = block.values[offset(block.shape, from)];
    });
    return result;
}

Dense joined(const std::vector<Dense>& parts, std::size_t dim)
{
    Index shape = parts.front().shape;
    const std::int64_t each = shape[dim];
    shape[dim] *= static_cast<std::int64_t>(parts.size());
    Dense result = Dense::zeros(shape);
    forEach(shape, [&](const Index& at) {
        Index from = at;
        from[dim] %= each;
        const Dense& part = parts[static_cast<std::size_t>(at[dim] / each)];
        result.values[offset(shape, at)] = part.values[offset(part.shape, from)];
    });
    return result;
}

std::int64_t lengthAfter(const Mesh& mesh, std::int64_t size, const std::vector<int>& axes, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i)
        size = (size + mesh.size(axes[i]) - 1) / mesh.size(axes[i]);
    return size;
}

/// A device's part along `dim` over `axes`, outermost first.
Dense cutOver(const Mesh& mesh, Dense block, std::size_t dim, const std::vector<int>& axes, std::int64_t device)
{
    for (const int axis : axes) {
        const std::int64_t length = (block.shape[dim] + mesh.size(axis) - 1) / mesh.size(axis);
        block = cut(block, dim, mesh.coordinate(device, axis) * length, length);
    }
    return block;
}

using Held = std::function<Dense(std::int64_t device)>;

/// What `device` has after joining the pieces of `dim` along the last `gathered` of its axes, from what its peers hold.
Dense gatherOver(const Mesh& mesh, const ShardedDim& dim, std::size_t d, std::size_t gathered, std::int64_t device, const Held& held)
{
    if (gathered == 0)
        return held(device);
    // The outermost of the gathered axes last; each joined piece is cut to the length it had before it was split, which drops padding.
    const std::size_t place = dim.axes.size() - gathered;
    const int axis = dim.axes[place];
    std::vector<Dense> parts;
    for (std::int64_t c = 0; c < mesh.size(axis); ++c)
        parts.push_back(gatherOver(mesh, dim, d, gathered - 1, moved(mesh, device, axis, c), held));
    return cut(joined(parts, d), d, 0, lengthAfter(mesh, dim.size, dim.axes, place));
}

Dense sumOver(const Mesh& mesh, const std::vector<int>& axes, std::size_t from, std::int64_t device, const Held& held)
{
    if (from == axes.size())
        return held(device);
    Dense sum;
    for (std::int64_t c = 0; c < mesh.size(axes[from]); ++c) {
        Dense part = sumOver(mesh, axes, from + 1, moved(mesh, device, axes[from], c), held);
        if (sum.shape.empty() && sum.values.empty())
            sum = std::move(part);
        else
            for (std::size_t i = 0; i < sum.values.size(); ++i)
                sum.values[i] += part.values[i];
    }
    return sum;
}

} // namespace

Dense Dense::zeros(std::vector<std::int64_t> shape)
{
    Dense result;
    result.values.assign(static_cast<std::size_t>(count(shape)), 0);
    result.shape = std::move(shape);
    return result;
}

Dense randomDense(const ShardedArray& array, std::mt19937_64& random)
{
    Index shape;
    for (const ShardedDim& dim : array.dims)
        shape.push_back(dim.size);
    Dense result = Dense::zeros(shape);
    for (double& value : result.values)
        value = static_cast<double>(static_cast<int>(random() % 19) - 9);
    return result;
}

OnDevices distribute(const Mesh& mesh, const ShardedArray& array, const Dense& global, std::mt19937_64& random)
{
    // One array of summands for every place along the unreduced axes; the last makes up the difference.
    const std::int64_t summands = mesh.devicesAlong(array.unreduced);
    std::vector<Dense> parts;
    Dense rest = global;
    for (std::int64_t i = 0; i + 1 < summands; ++i) {
        parts.push_back(randomDense(array, random));
        for (std::size_t v = 0; v < rest.values.size(); ++v)
            rest.values[v] -= parts.back().values[v];
    }
    parts.push_back(rest);
    OnDevices result{array, {}};
    for (std::int64_t device = 0; device < mesh.devices(); ++device) {
        std::size_t summand = 0;
        for (const int axis : array.unreduced)
            summand = summand * static_cast<std::size_t>(mesh.size(axis)) + static_cast<std::size_t>(mesh.coordinate(device, axis));
        std::vector<Index> held;
        Index shape;
        for (const ShardedDim& dim : array.dims) {
            held.push_back(positions(mesh, dim, device));
            shape.push_back(static_cast<std::int64_t>(held.back().size()));
        }
        Dense block = Dense::zeros(shape);
        forEach(shape, [&](const Index& at) {
            Index from = at;
            for (std::size_t d = 0; d < at.size(); ++d)
                from[d] = held[d][static_cast<std::size_t>(at[d])];
            if (std::find(from.begin(), from.end(), -1) == from.end())
                block.values[offset(shape, at)] = parts[summand].values[offset(global.shape, from)];
        });
        result.blocks.push_back(std::move(block));
    }
    return result;
}

OnDevices carryOut(const Mesh& mesh, const OnDevices& devices, const ShardStep& step)
{
    const Held held = [&](std::int64_t device) { return devices.blocks[static_cast<std::size_t>(device)]; };
    const auto from = static_cast<std::size_t>(std::max(step.fromDim, 0));
    const auto to = static_cast<std::size_t>(std::max(step.toDim, 0));
    OnDevices result{step.after, {}};
    for (std::int64_t device = 0; device < mesh.devices(); ++device) {
        Dense block;
        switch (step.kind) {
        case StepKind::Slice: block = cutOver(mesh, held(device), to, step.axes, device); break;
        case StepKind::AllGather: block = gatherOver(mesh, devices.array.dims[from], from, step.axes.size(), device, held); break;
        case StepKind::AllReduce: block = sumOver(mesh, step.axes, 0, device, held); break;
        case StepKind::ReduceScatter: block = cutOver(mesh, sumOver(mesh, step.axes, 0, device, held), to, step.axes, device); break;
        case StepKind::AllToAll:
            // Every peer sends the part of `to` that is this device's; the parts are joined along `from`.
            block = gatherOver(mesh, devices.array.dims[from], from, step.axes.size(), device,
                               [&](std::int64_t peer) { return cutOver(mesh, held(peer), to, step.axes, device); });
            break;
        case StepKind::Multiply: break;
        }
        result.blocks.push_back(std::move(block));
    }
    return result;
}

namespace {

Dense product(const ShardedArray& left, const Dense& a, const ShardedArray& right, const Dense& b, const ShardedArray& result)
{
    // Every dimension once: first those of the result, then those of the left operand that are summed.
    Index shape;
    std::vector<std::string> names;
    const auto sizeIn = [](const ShardedArray& array, const Dense& dense, const std::string& name) {
        const int at = array.find(name);
        return at < 0 ? std::int64_t{-1} : dense.shape[static_cast<std::size_t>(at)];
    };
    const auto add = [&](const std::string& name) {
        names.push_back(name);
        shape.push_back(std::max(sizeIn(left, a, name), sizeIn(right, b, name)));
    };
    for (const ShardedDim& dim : result.dims)
        add(dim.name);
    for (const ShardedDim& dim : left.dims)
        if (result.find(dim.name) < 0)
            add(dim.name);
    Index resultShape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(result.dims.size()));
    Dense sum = Dense::zeros(resultShape);
    // How far one step along each of these dimensions goes in an array's numbers.
    const auto stridesOf = [&](const std::vector<std::string>& dims, const Index& sizes) {
        Index strides(names.size(), 0);
        std::int64_t stride = 1;
        for (std::size_t i = dims.size(); i-- > 0;) {
            strides[static_cast<std::size_t>(std::find(names.begin(), names.end(), dims[i]) - names.begin())] = stride;
            stride *= sizes[i];
        }
        return strides;
    };
    const auto namesOf = [](const ShardedArray& array) {
        std::vector<std::string> list;
        for (const ShardedDim& dim : array.dims)
            list.push_back(dim.name);
        return list;
    };
    const Index inLeft = stridesOf(namesOf(left), a.shape);
    const Index inRight = stridesOf(namesOf(right), b.shape);
    const Index inSum = stridesOf(namesOf(result), resultShape);
    forEach(shape, [&](const Index& at) {
        const auto place = [&at](const Index& strides) {
            return static_cast<std::size_t>(std::inner_product(at.begin(), at.end(), strides.begin(), std::int64_t{0}));
        };
        sum.values[place(inSum)] += a.values[place(inLeft)] * b.values[place(inRight)];
    });
    return sum;
}

} // namespace

OnDevices multiplyLocally(const Mesh& mesh, const OnDevices& left, const OnDevices& right, const ShardedArray& result)
{
    OnDevices out{result, {}};
    for (std::size_t device = 0; device < static_cast<std::size_t>(mesh.devices()); ++device)
        out.blocks.push_back(product(left.array, left.blocks[device], right.array, right.blocks[device], result));
    return out;
}

Dense multiply(const ShardedArray& left, const Dense& a, const ShardedArray& right, const Dense& b, const ShardedArray& result)
{
    return product(left, a, right, b, result);
}

std::string difference(const Mesh& mesh, const OnDevices& devices, const Dense& global)
{
    std::vector<Dense> sums;
    for (std::int64_t device = 0; device < mesh.devices(); ++device)
        sums.push_back(sumOver(mesh, devices.array.unreduced, 0, device,
                               [&](std::int64_t peer) { return devices.blocks[static_cast<std::size_t>(peer)]; }));
    ShardedArray whole = devices.array;
    whole.unreduced.clear();
    std::mt19937_64 unused; // without partial sums nothing is drawn
    const OnDevices expected = distribute(mesh, whole, global, unused);
    for (std::size_t device = 0; device < sums.size(); ++device)
        if (sums[device] != expected.blocks[device])
            return "device " + std::to_string(device) + " holds other numbers or another shape than its part";
    return {};
}

} // namespace shardlens
