// SPDX-License-Identifier: Apache-2.0
// Ids close to what was typed, and orders for people.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

struct Candidate {
    std::string_view id;   ///< what is proposed
    std::string_view text; ///< what is compared
};

/// Up to three ids, closest first: those that contain the text or are contained in it, and those a few typing errors away.
[[nodiscard]] std::vector<std::string> similarTo(std::string_view text, std::span<const Candidate> candidates);

/// ASCII letters compare without case.
[[nodiscard]] bool equalIgnoringCase(std::string_view a, std::string_view b);
/// Runs of digits compare as numbers: "v5e 4x2" before "v5e 16x16".
[[nodiscard]] bool naturallyLess(std::string_view a, std::string_view b);

/// ", did you mean a, b or c?" or nothing when `ids` is empty.
[[nodiscard]] std::string proposal(std::span<const std::string> ids);

} // namespace shardlens
