// SPDX-License-Identifier: Apache-2.0
// Colours by meaning, fonts by role, sizes by name. One meaning has one colour in every view; hue appears only where it names a
// cause, a place or a state.
#pragma once

#include "core/cost/operators.h"
#include "core/scenario/explain.h"

#include <QColor>
#include <QFont>
#include <QString>

#include <array>
#include <functional>

class QObject;

namespace shardlens {

enum class Ink : std::uint8_t {
    Window,
    Surface,
    Sunken,
    HoverRow,
    Line,
    Grid,
    Strong,
    Text,
    Text2,
    Text3,
    Disabled,
    Accent,
    Tooltip,
    TooltipText,
    TooltipDim,
    Good,
    Warning,
    Violation,
    Compute,
    Weights,
    Kv,
    Activations,
    Network0 /* on chip */,
    Network1 /* switch domain, torus */,
    Network2 /* between nodes */,
    Send,
    Overhead,
};
inline constexpr std::size_t kInkCount = static_cast<std::size_t>(Ink::Overhead) + 1;

enum class ThemeId : std::uint8_t { Light, Dark, Print, Contrast };
inline constexpr std::size_t kThemeCount = 4;
/// "light", "dark", "print", "contrast": names on the command line and in the settings.
[[nodiscard]] QString nameOf(ThemeId id);

enum class TextRole : std::uint8_t {
    Verdict /* 22, 600 */,
    Result /* 28, 600 */,
    Title /* 13, 600 */,
    Body /* 12, 400 */,
    BodyMedium /* 12, 500 */,
    BodyStrong /* 12, 600 */,
    Note /* 11, 400 */,
    NoteStrong /* 11, 600 */,
    Formula /* mono 12 */,
    FormulaResult /* mono 12, 700 */,
};
inline constexpr std::size_t kTextRoleCount = static_cast<std::size_t>(TextRole::FormulaResult) + 1;

class Theme {
public:
    [[nodiscard]] static const Theme& of(ThemeId id);
    [[nodiscard]] ThemeId id() const { return m_id; }
    [[nodiscard]] QColor color(Ink ink) const { return m_colors[static_cast<std::size_t>(ink)]; }
    [[nodiscard]] QColor color(Cause cause) const; ///< Bubble is Text3 (drawn as a hatch)
    [[nodiscard]] QColor color(MemoryClass memoryClass) const;
    /// Network colour of a fabric level: 0 on chip, 1 switch domain or torus, 2 between nodes.
    [[nodiscard]] QColor network(int level) const;
    /// Place colour: hue by stage (or other outer axis), lightness by rank among `ranks`.
    [[nodiscard]] QColor place(int stage, int rank, int ranks) const;
    /// The 1 px inner edge of a fill: 28 % towards black (dark: 25 % towards white).
    [[nodiscard]] QColor edgeOf(const QColor& fill) const;
    /// White or near-black, whichever contrasts more with the fill.
    [[nodiscard]] static QColor textOn(const QColor& fill);
    /// `fraction` of the way from `color` to the surface.
    [[nodiscard]] QColor faded(const QColor& color, double fraction) const;

private:
    explicit Theme(ThemeId id);

    ThemeId m_id = ThemeId::Light;
    std::array<QColor, kInkCount> m_colors;
};

/// WCAG 2 contrast ratio, 1..21.
[[nodiscard]] double contrastRatio(const QColor& a, const QColor& b);

/// Registers the bundled fonts (once); call after the QGuiApplication exists and before any text is laid out.
/// Digits of the interface font are tabular. False when a font is missing from the program.
bool loadFonts();
/// The font of a role; pixel sizes times the text scale times `scale` (1; presentation 2).
[[nodiscard]] QFont fontOf(TextRole role, double scale = 1);

/// How large all text is, on top of the roles' sizes: 1 to 1.5. What has been laid out before is laid out again (followTextScale).
inline constexpr std::array<int, 4> kTextSizes{100, 115, 130, 150}; ///< percent, as offered
[[nodiscard]] double textScale();
void setTextScale(double scale); ///< held between 1 and 1.5
/// Rises with each change of the scale: caches of what was measured compare it.
[[nodiscard]] int textGeneration();
/// A length that holds text (a row, a title, a field), at the text scale. Whole pixels.
[[nodiscard]] int scaledToText(double pixels);
/// Calls `apply` now and after each change of the text scale, for as long as `context` lives.
void followTextScale(QObject* context, const std::function<void()>& apply);

/// Spacing of the 4 px grid.
namespace space {
inline constexpr int kTight = 4;
inline constexpr int kSmall = 8;
inline constexpr int kInset = 12;
inline constexpr int kLarge = 16;
inline constexpr int kWide = 24;
inline constexpr int kControlColumn = 268;
inline constexpr int kInspector = 300;
inline constexpr int kVerdictValues = 72;
inline constexpr int kVerdictAdvice = 28;
inline constexpr int kDockTitle = 28;
} // namespace space

} // namespace shardlens
