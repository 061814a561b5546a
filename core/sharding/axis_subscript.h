// SPDX-License-Identifier: Apache-2.0
// What the letters after an underscore can mean on a mesh.
#pragma once

#include "core/sharding/mesh.h"

namespace shardlens {

/// Every way to read `text` as names of mesh axes in a row, each optionally followed by its size in the mesh; at most two are returned,
/// since two are already too many. Empty: there is none. An axis may be named twice: the caller refuses that.
[[nodiscard]] std::vector<std::vector<int>> readSubscript(std::string_view text, const Mesh& mesh);

} // namespace shardlens
