// SPDX-License-Identifier: Apache-2.0
// Other names of models and systems, as tables of measurements have them.
#pragma once

#include "core/base/result.h"
#include "core/model/numberformat.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

/// Names by what is compared: nameKey(). Each leads to the id of a catalog entry.
struct Aliases {
    std::map<std::string, std::string, std::less<>> models;
    std::map<std::string, std::string, std::less<>> systems; ///< to clusters
    /// How the published fp8 file of a model is scaled where its own native format does not say it; by model id.
    std::map<std::string, NumberFormat, std::less<>> fp8Checkpoints;
    friend bool operator==(const Aliases&, const Aliases&) = default;
};

/// What of a name is compared: its letters and digits, lower case, without an organisation before a slash. "nvidia/Llama-3_1 70B" and
/// "llama-3.1-70b" are one.
[[nodiscard]] std::string nameKey(std::string_view name);
/// The keys to look a name up by, the most specific one first: all of it, then without trailing words that name a format, a revision or a
/// way of tuning ("-Instruct", "-FP8", "-0528"; of systems "-sxm", "-nv", "8x").
[[nodiscard]] std::vector<std::string> nameKeys(std::string_view name);

/// Reads aliases.json; later names take the place of earlier ones in `aliases`.
[[nodiscard]] Result<Aliases> readAliases(std::string_view text, const std::string& fileName, const Aliases& earlier = {});

} // namespace shardlens
