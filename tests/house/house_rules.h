// SPDX-License-Identifier: Apache-2.0
// The rules that keep the house in order, read off the sources: who may include whom, where Qt may be, how files look.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace shardlens::house {

struct SourceFile {
    std::string path; ///< from the root, with slashes: "core/base/units.h"
    std::vector<std::string> lines;
};

struct Include {
    std::string target;
    bool quoted = false;
};

/// What the rules need to know from outside the tree.
struct Knowledge {
    std::set<std::string> widgetHeaders; ///< "QWidget", "QLabel", ...
    std::set<std::string> chartHeaders;  ///< "QChart", ...
};

/// Longest source file that is accepted, in lines.
inline constexpr std::size_t kMostLines = 600;

/// Sources (.h, .cpp) under app, core, ui and tests, sorted by path.
[[nodiscard]] std::vector<SourceFile> readSources(const std::filesystem::path& root);
/// The include of a line, or an empty target.
[[nodiscard]] Include includeOf(const std::string& line);
/// Folders in the order of add_subdirectory() in DIR/CMakeLists.txt.
[[nodiscard]] std::vector<std::string> folderOrder(const std::filesystem::path& directory);
/// Names of the headers of `module` ("QtCharts"), found in the one of the directories (separated by colons) that is called so.
[[nodiscard]] std::set<std::string> headerNames(const std::string& directories, const std::string& module);

// Each returns one sentence per broken rule, naming file and line.
[[nodiscard]] std::vector<std::string> checkIncludeOrder(const std::filesystem::path& root);
[[nodiscard]] std::vector<std::string> checkQtPlaces(const std::filesystem::path& root, const Knowledge& knowledge);
[[nodiscard]] std::vector<std::string> checkJsonPlaces(const std::filesystem::path& root);
[[nodiscard]] std::vector<std::string> checkErrorClasses(const std::filesystem::path& root);
[[nodiscard]] std::vector<std::string> checkFiles(const std::filesystem::path& root);
[[nodiscard]] std::vector<std::string> checkArchitecture(const std::filesystem::path& root);

} // namespace shardlens::house
