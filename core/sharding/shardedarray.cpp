// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/shardedarray.h"

#include "core/base/format.h"

#include <algorithm>

namespace shardlens {

int ShardedArray::find(std::string_view dimension) const
{
    for (std::size_t i = 0; i < dims.size(); ++i)
        if (dims[i].name == dimension)
            return static_cast<int>(i);
    return -1;
}

bool ShardedArray::isUnreduced(int axis) const
{
    return std::find(unreduced.begin(), unreduced.end(), axis) != unreduced.end();
}

int ShardedArray::dimOn(int axis) const
{
    for (std::size_t i = 0; i < dims.size(); ++i)
        if (std::find(dims[i].axes.begin(), dims[i].axes.end(), axis) != dims[i].axes.end())
            return static_cast<int>(i);
    return -1;
}

std::optional<Error> problemOf(const Mesh& mesh, const ShardedArray& array)
{
    const auto problem = [&array](std::string found, std::string allowed) {
        return Error{.file = {}, .path = array.name, .found = std::move(found), .allowed = std::move(allowed)};
    };
    if (array.dims.size() > kMostDims)
        return problem(formatCount(static_cast<std::int64_t>(array.dims.size())) + " dimensions",
                       "allowed is at most " + formatCount(static_cast<std::int64_t>(kMostDims)));
    std::vector<std::string> user(static_cast<std::size_t>(mesh.axisCount())); // what takes each axis
    const auto take = [&](int axis, const std::string& by) -> std::optional<Error> {
        if (axis < 0 || axis >= mesh.axisCount())
            return problem("axis " + std::to_string(axis), "the mesh has no such axis");
        std::string& taken = user[static_cast<std::size_t>(axis)];
        if (!taken.empty())
            return problem(mesh.name(axis) + " on " + taken + " and on " + by, "an array uses each mesh axis at most once");
        taken = by;
        return std::nullopt;
    };
    std::int64_t elements = 1;
    for (std::size_t i = 0; i < array.dims.size(); ++i) {
        const ShardedDim& dim = array.dims[i];
        if (!isShardingName(dim.name))
            return problem(dim.name.substr(0, kMostNameLength), "allowed is a dimension name: a letter, then letters and digits");
        if (array.find(dim.name) != static_cast<int>(i))
            return problem(dim.name + " twice", "name each dimension of an array once");
        if (dim.size < 1 || dim.size > kMostDimSize)
            return problem(dim.name + "=" + std::to_string(dim.size), "allowed is a size from 1 to " + formatCount(kMostDimSize));
        for (const int axis : dim.axes)
            if (std::optional<Error> error = take(axis, dim.name))
                return error;
        const std::int64_t padded = localSize(mesh, dim) * mesh.devicesAlong(dim.axes);
        if (padded > kMostElements / elements)
            return problem("more than " + formatCount(kMostElements) + " elements", "choose smaller sizes");
        elements *= padded;
    }
    for (const int axis : array.unreduced)
        if (std::optional<Error> error = take(axis, "the unreduced axes"))
            return error;
    return std::nullopt;
}

bool sameSharding(const ShardedArray& a, const ShardedArray& b)
{
    return a.dims == b.dims && a.unreduced == b.unreduced;
}

std::int64_t localSize(const Mesh& mesh, const ShardedDim& dim)
{
    return ceilDiv(dim.size, mesh.devicesAlong(dim.axes));
}

std::vector<std::int64_t> localShape(const Mesh& mesh, const ShardedArray& array)
{
    std::vector<std::int64_t> shape;
    shape.reserve(array.dims.size());
    for (const ShardedDim& dim : array.dims)
        shape.push_back(localSize(mesh, dim));
    return shape;
}

std::int64_t globalElements(const ShardedArray& array)
{
    std::int64_t product = 1;
    for (const ShardedDim& dim : array.dims)
        product = boundedProduct(product, dim.size);
    return product;
}

std::int64_t localElements(const Mesh& mesh, const ShardedArray& array)
{
    std::int64_t product = 1;
    for (const ShardedDim& dim : array.dims)
        product = boundedProduct(product, localSize(mesh, dim));
    return product;
}

double paddingFactor(const Mesh& mesh, const ShardedArray& array)
{
    double factor = 1;
    for (const ShardedDim& dim : array.dims)
        factor *= static_cast<double>(localSize(mesh, dim) * mesh.devicesAlong(dim.axes)) / static_cast<double>(dim.size);
    return factor;
}

std::int64_t copies(const Mesh& mesh, const ShardedArray& array)
{
    std::int64_t product = 1;
    for (int axis = 0; axis < mesh.axisCount(); ++axis)
        if (array.dimOn(axis) < 0 && !array.isUnreduced(axis))
            product *= mesh.size(axis);
    return product;
}

Bytes bytesPerDevice(const Mesh& mesh, const ShardedArray& array, NumberFormat format)
{
    return bytesOf(format, localElements(mesh, array));
}

DimPiece pieceOf(const Mesh& mesh, const ShardedDim& dim, std::int64_t device)
{
    std::int64_t begin = 0;
    std::int64_t end = dim.size;
    std::int64_t length = dim.size;
    for (const int axis : dim.axes) {
        length = ceilDiv(length, mesh.size(axis));
        begin = std::min(end, begin + mesh.coordinate(device, axis) * length);
        end = std::min(end, begin + length);
    }
    return {begin, end - begin};
}

} // namespace shardlens
