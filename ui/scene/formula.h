// SPDX-License-Identifier: Apache-2.0
// A small typesetter for the arithmetic of the inspector. What it reads is the text of Explanation::Line:
//   a + b − c × d      operators, at which a line may break
//   a / b, (a)/(b c)   a fraction with a bar; "989 TFLOP/s", a number and its unit, is none
//   t_op, x_{i j}, x^2 subscripts and superscripts
//   Σ_{layers}^{n} t   a sum with limits under and over its sign
//   max(a, *b), min()  branches under each other; the one that holds begins with a star and is marked
// Text that is no formula comes out as words.
#pragma once

#include "ui/scene/scene.h"

#include <vector>

namespace shardlens {

/// What a formula became: everything placed from its left edge and its axis, the height of the minus sign.
struct FormulaBox {
    struct Piece {
        enum class Kind : std::uint8_t { Text, Rule, Parenthesis, Brace, Mark };
        Kind kind = Kind::Text;
        QRectF rect; ///< of a text: its line box; y counts from the axis
        QString text;
        TextRole role = TextRole::Formula;
        bool dim = false;    ///< a branch that does not hold
        bool closes = false; ///< the right one of a pair
    };
    double width = 0;
    double above = 0; ///< the axis
    double below = 0;
    std::vector<Piece> pieces;
    [[nodiscard]] double height() const { return above + below; }
};

/// Never wider than `width` (at least 40 px): breaks at operators, then inside fractions and branches, then inside words.
[[nodiscard]] FormulaBox layoutFormula(const QString& text, bool result, double width);
/// `numerator` over `denominator`; without one as above.
[[nodiscard]] FormulaBox layoutFormula(const QString& numerator, const QString& denominator, bool result, double width);
/// From the left edge and the y of the axis.
void drawFormula(Scene& scene, const Theme& theme, const FormulaBox& box, QPointF origin);
/// On one line of plain text: "max(FLOP/F, bytes/BW)", subscripts as t_op, without the star.
[[nodiscard]] QString plainFormula(const QString& text);

} // namespace shardlens
