// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/theme.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct Tokens {
    std::array<QRgb, kInkCount> inks;
    /// First and last colour of each place ramp; outer groups past the last repeat.
    std::array<std::array<QRgb, 2>, 8> places;
};

// Order of Ink: frame (window ... accent), tooltip, signs, data.
constexpr Tokens kLight{{0xFFE9EBEE, 0xFFFFFFFF, 0xFFF4F5F7, 0xFFEDEFF3, 0xFFD6D9DF, 0xFFE8EAEE, 0xFF868C98, 0xFF1A1D23, 0xFF4C525E,
                         0xFF5F6572, 0xFF878D99, 0xFF6B35D9, 0xFF22262E, 0xFFF4F5F7, 0xFFB9BFCA, 0xFF17703F, 0xFF8A5200, 0xFFB3201B,
                         0xFF1F4E9E, 0xFF459B95, 0xFFEBC043, 0xFF94D7F6, 0xFFF09080, 0xFFC93F12, 0xFF6F0F2A, 0xFFBC5BC4, 0xFF52545E},
                        // OKLCH hues 262 110 165 20 230 75 300 140, lightness 0.87 to 0.70: dull, so that a place is never read as a cost.
                        {{{0xFFC9D2E3, 0xFF8B9DBF},
                          {0xFFDBDCBB, 0xFFABAF70},
                          {0xFFC4DAD0, 0xFF7BAB95},
                          {0xFFE6CDCD, 0xFFC1908F},
                          {0xFFC2D8E3, 0xFF78A6BD},
                          {0xFFDFD2C0, 0xFFB59A75},
                          {0xFFD7D0E4, 0xFFA496BF},
                          {0xFFCBD9C8, 0xFF8BA885}}}};

constexpr Tokens kDark{{0xFF101216, 0xFF1B1E24, 0xFF15181D, 0xFF262A32, 0xFF31353F, 0xFF262A32, 0xFF6E7584, 0xFFECEEF2, 0xFFB3B9C5,
                        0xFF9097A5, 0xFF6B7280, 0xFFB497FF, 0xFFE9EBEF, 0xFF15181D, 0xFF4C525E, 0xFF63C98F, 0xFFE7B04B, 0xFFFF8A80,
                        0xFF3F68B4, 0xFF4DB5A6, 0xFFFBCF4B, 0xFFB4E4FB, 0xFFF7A083, 0xFFDE5314, 0xFFA32A45, 0xFFC478CB, 0xFF62656F},
                       // Stage 1 is bronze (hue 75) here: olive this dark turns to mud. Hue 110 takes bronze's place in the row.
                       {{{0xFF34405A, 0xFF576A8E},
                         {0xFF4E3E27, 0xFF816742},
                         {0xFF2B483B, 0xFF487763},
                         {0xFF553838, 0xFF8C5D5D},
                         {0xFF284553, 0xFF447389},
                         {0xFF424329, 0xFF6E6F44},
                         {0xFF443C54, 0xFF71648B},
                         {0xFF354731, 0xFF597552}}}};

constexpr Tokens printTokens()
{
    Tokens tokens = kLight; // every meaning keeps its colour on paper; only the greys of the frame go
    constexpr std::array<QRgb, 12> frame{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFB9BDC6, 0xFFDDDFE3,
                                         0xFF7A808C, 0xFF000000, 0xFF33373F, 0xFF52575F, 0xFF878D99, 0xFF000000};
    for (std::size_t i = 0; i < frame.size(); ++i)
        tokens.inks[i] = frame[i];
    return tokens;
}
constexpr Tokens kPrint = printTokens();

/// For eyes that need it: black on white, borders of full strength, data colours as they are with black edges.
constexpr Tokens contrastTokens()
{
    Tokens tokens = kLight;
    constexpr std::array<QRgb, 18> frame{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFE6E6E6, 0xFF000000, 0xFF9A9A9A,
                                         0xFF000000, 0xFF000000, 0xFF000000, 0xFF1F1F1F, 0xFF595959, 0xFF4A00C8,
                                         0xFF000000, 0xFFFFFFFF, 0xFFFFFFFF, 0xFF004D1F, 0xFF5C3300, 0xFF8F0000};
    for (std::size_t i = 0; i < frame.size(); ++i)
        tokens.inks[i] = frame[i];
    return tokens;
}
constexpr Tokens kContrast = contrastTokens();

const Tokens& tokensOf(ThemeId id)
{
    switch (id) {
    case ThemeId::Light: return kLight;
    case ThemeId::Dark: return kDark;
    case ThemeId::Contrast: return kContrast;
    case ThemeId::Print: break;
    }
    return kPrint;
}

QColor mix(const QColor& from, const QColor& to, double fraction)
{
    const double f = std::clamp(fraction, 0.0, 1.0);
    const auto channel = [f](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * f)); };
    return QColor(channel(from.red(), to.red()), channel(from.green(), to.green()), channel(from.blue(), to.blue()), from.alpha());
}

/// WCAG 2.1 relative luminance.
double luminance(const QColor& color)
{
    const auto linear = [](int value) {
        const double c = value / 255.0;
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.red()) + 0.7152 * linear(color.green()) + 0.0722 * linear(color.blue());
}

} // namespace

QString nameOf(ThemeId id)
{
    switch (id) {
    case ThemeId::Light: return QStringLiteral("light");
    case ThemeId::Dark: return QStringLiteral("dark");
    case ThemeId::Print: return QStringLiteral("print");
    case ThemeId::Contrast: break;
    }
    return QStringLiteral("contrast");
}

Theme::Theme(ThemeId id) : m_id(id)
{
    const Tokens& tokens = tokensOf(id);
    for (std::size_t i = 0; i < kInkCount; ++i)
        m_colors[i] = QColor::fromRgb(tokens.inks[i]);
}

const Theme& Theme::of(ThemeId id)
{
    static const Theme light(ThemeId::Light);
    static const Theme dark(ThemeId::Dark);
    static const Theme print(ThemeId::Print);
    static const Theme contrast(ThemeId::Contrast);
    switch (id) {
    case ThemeId::Light: return light;
    case ThemeId::Dark: return dark;
    case ThemeId::Contrast: return contrast;
    case ThemeId::Print: break;
    }
    return print;
}

QColor Theme::color(Cause cause) const
{
    switch (cause) {
    case Cause::Weights: return color(Ink::Weights);
    case Cause::Kv: return color(Ink::Kv);
    case Cause::Compute: return color(Ink::Compute);
    case Cause::Communication: return color(Ink::Network1);
    case Cause::Bubble: return color(Ink::Text3);
    case Cause::Overhead: break;
    }
    return color(Ink::Overhead);
}

QColor Theme::color(MemoryClass memoryClass) const
{
    switch (memoryClass) {
    case MemoryClass::Weights: return color(Ink::Weights);
    case MemoryClass::Kv: return color(Ink::Kv);
    case MemoryClass::Activations: return color(Ink::Activations);
    case MemoryClass::Buffers: return color(Ink::Network1);
    case MemoryClass::Reserve: break;
    }
    return color(Ink::Overhead);
}

QColor Theme::network(int level) const
{
    return color(level <= 0 ? Ink::Network0 : level == 1 ? Ink::Network1 : Ink::Network2);
}

QColor Theme::place(int stage, int rank, int ranks) const
{
    const Tokens& tokens = tokensOf(m_id);
    const auto group = static_cast<std::size_t>(std::max(stage, 0)) % tokens.places.size();
    // Neighbouring ranks of small groups stay a quarter of the ramp apart; large groups share it out.
    const int steps = std::max(ranks - 1, 3);
    const double along = static_cast<double>(std::clamp(rank, 0, steps)) / steps;
    return mix(QColor::fromRgb(tokens.places[group][0]), QColor::fromRgb(tokens.places[group][1]), along);
}

QColor Theme::edgeOf(const QColor& fill) const
{
    if (m_id == ThemeId::Contrast)
        return Qt::black;
    return m_id == ThemeId::Dark ? mix(fill, Qt::white, 0.25) : mix(fill, Qt::black, 0.28);
}

QColor Theme::textOn(const QColor& fill)
{
    const QColor dark = QColor::fromRgb(0xFF14161A);
    const QColor light(Qt::white);
    return contrastRatio(light, fill) >= contrastRatio(dark, fill) ? light : dark;
}

QColor Theme::faded(const QColor& color, double fraction) const
{
    return mix(color, this->color(Ink::Surface), fraction);
}

double contrastRatio(const QColor& a, const QColor& b)
{
    const double la = luminance(a);
    const double lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

} // namespace shardlens
