// SPDX-License-Identifier: Apache-2.0
// Text and number helpers of the scenes: figures with their unit apart, wrapping, variants that fit, time axes, the signs of a state.
#pragma once

#include "ui/scene/scene.h"

#include <initializer_list>
#include <span>

namespace shardlens {

/// A number and its unit, set in different sizes. The number has at most nine characters for any input.
struct Figure {
    QString number;
    QString unit; ///< may be empty
    [[nodiscard]] QString joined() const { return unit.isEmpty() ? number : number + QChar(u' ') + unit; }
};
[[nodiscard]] Figure secondsFigure(double seconds); ///< from ns to days
[[nodiscard]] Figure rateFigure(double value);      ///< plain up to 99,999, then k, M, G, T, powers of ten
[[nodiscard]] Figure percentFigure(double fraction);

/// Words broken into lines of at most `width`; a single word that is wider is broken inside. `most` > 0 limits the lines and ends the last
/// one in an ellipsis.
[[nodiscard]] std::vector<QString> wrapText(const QString& text, TextRole role, double width, int most = 0);
/// Draws wrapped text from the top left of `area` (its height is ignored) and returns the height used.
double drawWrapped(Scene& scene, const QRectF& area, const QString& text, TextRole role, const QColor& color, int most = 0);
/// The first variant no wider than `width`; empty when none is.
[[nodiscard]] QString firstFitting(const QStringList& variants, TextRole role, double width);

/// Ticks at 1, 2 or 5 x 10^n inside [begin, end], never fewer than two nor more than `most` (most >= 5) for a range that is not empty.
[[nodiscard]] std::vector<double> rangeTicks(double begin, double end, int most = 6);
/// Smallest round number (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 x 10^n) not below `value`: the end of a bar's axis.
[[nodiscard]] double roundUp(double value);
/// Draws tick marks, labels and the unit of a time axis under `plot` (needs kTimeAxisHeight). Labels end at `right`.
void drawTimeAxis(Scene& scene, const Theme& theme, const QRectF& plot, double begin, double end, double right);
inline constexpr double kTimeAxisHeight = 20;

enum class Sign : std::uint8_t { Good, Bad, Warning };
/// A 14 px sign: form and colour both tell.
void drawSign(Scene& scene, const Theme& theme, QPointF center, Sign sign);
/// A 10 px provenance sign: filled square exact, open square data sheet, diamond fitted, open circle borrowed, dotted square default.
void drawProvenance(Scene& scene, const Theme& theme, QPointF center, Provenance provenance);
/// What a view of times says when the plan is not legal: the first broken rule, and how many more there are.
void drawNotLegal(Scene& scene, const ViewInput& input);

} // namespace shardlens
