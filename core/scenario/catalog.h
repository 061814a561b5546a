// SPDX-License-Identifier: Apache-2.0
// The shipped models, accelerators and clusters: JSON files with sources, read once and passed in.
#pragma once

#include "core/base/result.h"
#include "core/hardware/cluster.h"
#include "core/model/architecture.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace shardlens {

struct Catalog {
    std::vector<std::shared_ptr<const Model>> models; ///< sorted for a menu: family, then size
    std::vector<Accelerator> accelerators;
    std::vector<std::shared_ptr<const Cluster>> clusters;

    /// By id or Hugging Face id, case-insensitive; null when absent.
    [[nodiscard]] std::shared_ptr<const Model> model(std::string_view idOrHuggingFaceId) const;
    [[nodiscard]] std::shared_ptr<const Cluster> cluster(std::string_view id) const;
    [[nodiscard]] const Accelerator* accelerator(std::string_view id) const;
    /// Up to three ids close to what was typed, for error sentences.
    [[nodiscard]] std::vector<std::string> similarModels(std::string_view text) const;
    [[nodiscard]] std::vector<std::string> similarClusters(std::string_view text) const;
};

/// Reads DIR/{models,accelerators,clusters}/*.json. The first bad file is the error.
[[nodiscard]] Result<Catalog> loadCatalog(const std::filesystem::path& directory);
/// The catalog compiled into the program (same files); loaded once, thread-safe.
[[nodiscard]] const Catalog& builtinCatalog();

} // namespace shardlens
