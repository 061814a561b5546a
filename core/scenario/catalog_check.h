// SPDX-License-Identifier: Apache-2.0
// Verifies catalog files beyond what a reader must refuse: sources, published counts, ranges that a real device or model keeps.
#pragma once

#include "core/scenario/catalog.h"

#include <filesystem>
#include <string>
#include <vector>

namespace shardlens {

struct CatalogCheck {
    std::vector<std::string> problems; ///< one sentence each: file, place, what was found, what is allowed
    std::size_t models = 0;            ///< entries that could be read, good or bad
    std::size_t accelerators = 0;
    std::size_t clusters = 0;
    std::size_t unreadable = 0; ///< files that hold no entry: not to be read, no JSON, or refused
};

/// The files of DIR/{models,accelerators,clusters}; accelerators of `shipped` may be named by its clusters. A folder that is not there
/// holds nothing; a directory with none of the three is a problem.
[[nodiscard]] CatalogCheck checkCatalog(const std::filesystem::path& directory, const Catalog& shipped);
/// The files compiled into the program.
[[nodiscard]] CatalogCheck checkBuiltinCatalog();

/// What is wrong with one entry that could be read; sentences without the file.
[[nodiscard]] std::vector<std::string> problemsOf(const Model& model);
[[nodiscard]] std::vector<std::string> problemsOf(const Accelerator& accelerator);
[[nodiscard]] std::vector<std::string> problemsOf(const Cluster& cluster);

} // namespace shardlens
