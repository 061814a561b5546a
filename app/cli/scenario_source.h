// SPDX-License-Identifier: Apache-2.0
// The scenario that a command line describes: a file or the case study, overridden by flags.
#pragma once

#include "app/cli/flags.h"
#include "core/scenario/catalog.h"
#include "core/scenario/scenario_file.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace shardlens::cli {

struct ScenarioSource {
    Scenario scenario;
    std::vector<std::string> notices; ///< sentences: unknown fields, values that a configuration does not state
};

/// FILE, or `input` when it is "-". Errors name the file.
[[nodiscard]] Result<ScenarioFile> readScenarioArgument(const std::string& file, const Catalog& catalog, std::istream& input);
/// The scenario of `file` (empty: the case study) with the flags of `arguments` applied.
[[nodiscard]] Result<ScenarioSource> scenarioFrom(const Arguments& arguments, const std::string& file, const Catalog& catalog,
                                                  std::istream& input);

/// Devices reached without the level that joins nodes.
[[nodiscard]] int scaleUpDomain(const Cluster& cluster);

} // namespace shardlens::cli
