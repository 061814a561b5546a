// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/mesh.h"

#include "core/base/format.h"

#include <algorithm>

namespace shardlens {

bool isShardingName(std::string_view name)
{
    const auto isLetter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const auto isRest = [&](char c) { return isLetter(c) || (c >= '0' && c <= '9') || c == '\''; };
    return !name.empty() && name.size() <= kMostNameLength && isLetter(name.front()) && std::all_of(name.begin(), name.end(), isRest);
}

Result<Mesh> Mesh::make(const std::vector<NamedAxis>& axes)
{
    const auto refuse = [](std::string found, std::string allowed) {
        return Error{.file = {}, .path = "mesh", .found = std::move(found), .allowed = std::move(allowed)};
    };
    if (axes.size() > kMostMeshAxes)
        return refuse(formatCount(static_cast<std::int64_t>(axes.size())) + " axes",
                      "allowed is at most " + formatCount(static_cast<std::int64_t>(kMostMeshAxes)));
    Mesh mesh;
    for (const NamedAxis& axis : axes) {
        if (!isShardingName(axis.name))
            return refuse(axis.name.substr(0, kMostNameLength), "allowed is an axis name: a letter, then letters and digits");
        if (mesh.find(axis.name) >= 0)
            return refuse(axis.name + " twice", "name each axis once");
        if (axis.size < 1 || axis.size > kMostMeshDevices / mesh.m_devices)
            return refuse(axis.name + "=" + std::to_string(axis.size),
                          "allowed are sizes from 1 that multiply to at most " + formatCount(kMostMeshDevices) + " devices");
        mesh.m_devices *= axis.size;
        mesh.m_axes.push_back(axis);
    }
    return mesh;
}

int Mesh::find(std::string_view name) const
{
    for (std::size_t i = 0; i < m_axes.size(); ++i)
        if (m_axes[i].name == name)
            return static_cast<int>(i);
    return -1;
}

std::int64_t Mesh::devicesAlong(const std::vector<int>& axes) const
{
    std::int64_t product = 1;
    for (const int axis : axes)
        product *= size(axis);
    return product;
}

std::int64_t Mesh::stride(int axis) const
{
    std::int64_t product = 1;
    for (int i = 0; i < axis; ++i)
        product *= size(i);
    return product;
}

} // namespace shardlens
