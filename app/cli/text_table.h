// SPDX-License-Identifier: Apache-2.0
// Columns of text, aligned by what is seen (UTF-8 characters, not bytes).
#pragma once

#include <string>
#include <vector>

namespace shardlens::cli {

enum class Align : unsigned char { Left, Right };

struct TextTable {
    std::vector<Align> columns;
    std::vector<std::vector<std::string>> rows; ///< the first one is the header

    /// One line per row, two spaces between columns, none at the ends.
    [[nodiscard]] std::string print() const;
};

} // namespace shardlens::cli
