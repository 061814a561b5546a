// SPDX-License-Identifier: Apache-2.0
// Matching of what a user types in the palette against titles.
#pragma once

#include <QString>

namespace shardlens {

/// Each word of the pattern must occur in the text as a subsequence, whatever the case. Higher is better: starts of words and unbroken
/// runs count more, long texts a little less. Negative: no match. An empty pattern matches everything equally.
[[nodiscard]] int fuzzyScore(const QString& pattern, const QString& text);

} // namespace shardlens
