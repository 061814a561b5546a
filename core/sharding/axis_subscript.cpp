// SPDX-License-Identifier: Apache-2.0
#include "core/sharding/axis_subscript.h"

namespace shardlens {

std::vector<std::vector<int>> readSubscript(std::string_view text, const Mesh& mesh)
{
    constexpr std::size_t kEnough = 2;
    // readings[i]: up to two ways to read the first i characters; the length is bounded by what a mesh can name.
    if (text.empty() || text.size() > kMostMeshAxes * (kMostNameLength + 8))
        return {};
    std::vector<std::vector<std::vector<int>>> readings(text.size() + 1);
    readings[0].emplace_back();
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int axis = 0; axis < mesh.axisCount(); ++axis) {
            const std::string& name = mesh.name(axis);
            for (const std::string& token : {name, name + std::to_string(mesh.size(axis))}) {
                if (text.substr(at, token.size()) != token)
                    continue;
                std::vector<std::vector<int>>& there = readings[at + token.size()];
                for (const std::vector<int>& reading : readings[at]) {
                    std::vector<int> longer = reading;
                    longer.push_back(axis);
                    if (there.size() < kEnough && longer.size() <= 2 * kMostMeshAxes)
                        there.push_back(std::move(longer));
                }
            }
        }
    }
    return readings.back();
}

} // namespace shardlens
