// SPDX-License-Identifier: Apache-2.0
// `shardlens catalog`: what is shipped, as aligned tables or JSON.
#pragma once

#include "core/base/result.h"
#include "core/scenario/catalog.h"

#include <string>

namespace shardlens::cli {

/// `kind` is "models", "accelerators" or "clusters".
[[nodiscard]] Result<std::string> catalogText(const Catalog& catalog, const std::string& kind);
[[nodiscard]] Result<std::string> catalogJson(const Catalog& catalog, const std::string& kind);

} // namespace shardlens::cli
