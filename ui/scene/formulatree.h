// SPDX-License-Identifier: Apache-2.0
// The text of a formula as a tree; formula.h says what may be written.
#pragma once

#include <QString>

#include <cstdint>
#include <vector>

namespace shardlens::formula {

struct Node {
    enum class Kind : std::uint8_t { Text, Operator, Row, Fraction, Scripts, Sum, Parentheses, Branches };
    Kind kind = Kind::Text;
    QString text;  ///< Text, Operator; Branches: "max"
    QString lower; ///< Scripts, Sum
    QString upper;
    std::vector<Node> parts; ///< Fraction: two; Scripts, Parentheses: one
    int winner = -1;         ///< of Branches; negative: not said
};

/// Reads any text; what is no formula is words.
[[nodiscard]] Node parse(const QString& text);
/// Back to one line.
[[nodiscard]] QString plain(const Node& node);

} // namespace shardlens::formula
