// SPDX-License-Identifier: Apache-2.0
// Checks JSON against the published schemas of resources/schema: the part of JSON Schema 2020-12 that they use.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace shardlens {

/// What `json` breaks of resources/schema/NAME, one line each with its JSON pointer; empty when it is valid. A keyword that this check does
/// not know is reported too, so that no schema can say more than is checked.
[[nodiscard]] std::vector<std::string> schemaProblems(const std::string& name, const nlohmann::json& json);
/// The same for a text, joined by line ends.
[[nodiscard]] std::string schemaProblemsOfText(const std::string& name, const std::string& text);

} // namespace shardlens
