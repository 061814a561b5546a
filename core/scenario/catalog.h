// SPDX-License-Identifier: Apache-2.0
// The shipped models, accelerators and clusters: JSON files with sources, read once and passed in.
#pragma once

#include "core/base/result.h"
#include "core/calibration/calibration.h"
#include "core/hardware/cluster.h"
#include "core/model/architecture.h"
#include "core/scenario/aliases.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

struct Catalog {
    std::vector<std::shared_ptr<const Model>> models; ///< sorted for a menu: family, then size
    std::vector<Accelerator> accelerators;
    std::vector<std::shared_ptr<const Cluster>> clusters;
    Aliases aliases;
    CalibrationSet calibration; ///< shipped constants of engines and accelerators; empty in a catalog read from a folder

    /// By id or Hugging Face id, case-insensitive; null when absent.
    [[nodiscard]] std::shared_ptr<const Model> model(std::string_view idOrHuggingFaceId) const;
    [[nodiscard]] std::shared_ptr<const Cluster> cluster(std::string_view id) const;
    [[nodiscard]] const Accelerator* accelerator(std::string_view id) const;
    /// By any name that tables of measurements use (see aliases.h); null when nothing is known by it.
    [[nodiscard]] std::shared_ptr<const Model> modelNamed(std::string_view name) const;
    [[nodiscard]] std::shared_ptr<const Cluster> systemNamed(std::string_view name) const;
    /// Up to three ids close to what was typed, for error sentences.
    [[nodiscard]] std::vector<std::string> similarModels(std::string_view text) const;
    [[nodiscard]] std::vector<std::string> similarClusters(std::string_view text) const;
};

/// Reads DIR/{models,accelerators,clusters}/*.json and, where it is there, DIR/aliases.json. The first bad file is the error.
[[nodiscard]] Result<Catalog> loadCatalog(const std::filesystem::path& directory);
/// The catalog compiled into the program (same files); loaded once, thread-safe.
[[nodiscard]] const Catalog& builtinCatalog();

/// Where a user keeps entries of his own: $XDG_DATA_HOME/shardlens/catalog, or ~/.local/share/shardlens/catalog (on other systems the
/// data folder they have). Empty when the environment names none.
[[nodiscard]] std::filesystem::path userCatalogDirectory();

/// A catalog with a user's entries, and what is to be said about them.
struct UsersCatalog {
    Catalog catalog;
    std::vector<std::string> notices; ///< sentences: entries that take the place of shipped ones, files that cannot be used
};
/// `shipped` with the entries of DIR/{models,accelerators,clusters}/*.json and the names of DIR/aliases.json. An entry with the id of a shipped one takes its place; a bad
/// file is left out. A folder that is not there holds nothing.
[[nodiscard]] UsersCatalog withUserEntries(const Catalog& shipped, const std::filesystem::path& directory);
/// Puts a calibration that `shardlens fit` wrote in the shipped one's place, with a notice; a bad file leaves the shipped one, with another.
/// A folder that is not there changes nothing.
void useCalibration(const std::filesystem::path& directory, UsersCatalog& catalog);
/// builtinCatalog() with the entries of userCatalogDirectory(), read anew, and the calibration of the folder "calibration" beside it.
[[nodiscard]] UsersCatalog usersCatalog();

} // namespace shardlens
