// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/theme.h"

#include "ui/theme/textscale.h"

#include <QFontDatabase>

#include <algorithm>
#include <array>
#include <cmath>

// Outside of the namespace, as Q_INIT_RESOURCE asks; needed because a static library's resources are dropped by the linker otherwise.
static void initFontResource()
{
    Q_INIT_RESOURCE(shardlens_fonts);
}

namespace shardlens {
namespace {

struct RoleFont {
    bool mono = false;
    double pixels = 12;
    QFont::Weight weight = QFont::Normal;
};

RoleFont roleFont(TextRole role)
{
    switch (role) {
    case TextRole::Verdict: return {false, 22, QFont::DemiBold};
    case TextRole::Result: return {false, 28, QFont::DemiBold};
    case TextRole::Title: return {false, 13, QFont::DemiBold};
    case TextRole::Body: return {false, 12, QFont::Normal};
    case TextRole::BodyMedium: return {false, 12, QFont::Medium};
    case TextRole::BodyStrong: return {false, 12, QFont::DemiBold};
    case TextRole::Note: return {false, 11, QFont::Normal};
    case TextRole::NoteStrong: return {false, 11, QFont::DemiBold};
    case TextRole::Formula: return {true, 12, QFont::Normal};
    case TextRole::FormulaResult: return {true, 12, QFont::Bold};
    }
    return {};
}

QFont makeFont(TextRole role, double scale)
{
    const RoleFont wanted = roleFont(role);
    QFont font(wanted.mono ? QStringLiteral("ShardLens Mono") : QStringLiteral("ShardLens Sans"));
    font.setPixelSize(static_cast<int>(std::lround(wanted.pixels * scale)));
    font.setWeight(wanted.weight);
    // Inter is drawn for text sizes; its author's table asks for -1.9 % of the size from 22 px on. In whole 64ths, the unit of advances, so that
    // widths stay sums of digits.
    if (wanted.pixels > 20)
        font.setLetterSpacing(QFont::AbsoluteSpacing, -std::round(0.019 * wanted.pixels * scale * 64) / 64);
    // Desktop settings decide hinting and subpixel colours otherwise, and the same scenario would make different pictures.
    font.setHintingPreference(QFont::PreferVerticalHinting);
    font.setStyleStrategy(static_cast<QFont::StyleStrategy>(QFont::PreferAntialias | QFont::NoSubpixelAntialias));
    return font;
}

} // namespace

bool loadFonts()
{
    static const bool loaded = [] {
        initFontResource();
        bool all = true;
        for (const char* file : {"ShardLensSans-Regular.otf", "ShardLensSans-Medium.otf", "ShardLensSans-SemiBold.otf",
                                 "ShardLensMono-Regular.ttf", "ShardLensMono-Bold.ttf"})
            all = QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/") + QLatin1String(file)) >= 0 && all;
        return all;
    }();
    return loaded;
}

QFont fontOf(TextRole role, double scale)
{
    if (scale != 1)
        return makeFont(role, scale * textScale());
    // Shared copies: text layout compares fonts by pointer first.
    static std::array<QFont, kTextRoleCount> fonts;
    static int made = -1;
    if (made != textGeneration()) {
        for (std::size_t i = 0; i < kTextRoleCount; ++i)
            fonts[i] = makeFont(static_cast<TextRole>(i), textScale());
        made = textGeneration();
    }
    return fonts[static_cast<std::size_t>(role)];
}

namespace {

struct ScaleState {
    double scale = 1;
    int generation = 0;
};

ScaleState& scaleState()
{
    static ScaleState state;
    return state;
}

} // namespace

TextScaleSignal& TextScaleSignal::instance()
{
    static TextScaleSignal signal;
    return signal;
}

double textScale()
{
    return scaleState().scale;
}

int textGeneration()
{
    return scaleState().generation;
}

void setTextScale(double scale)
{
    constexpr double kLargest = 1.5;
    const double held = std::isfinite(scale) ? std::clamp(scale, 1.0, kLargest) : 1.0;
    if (held == scaleState().scale)
        return;
    scaleState().scale = held;
    ++scaleState().generation;
    Q_EMIT TextScaleSignal::instance().changed();
}

int scaledToText(double pixels)
{
    return static_cast<int>(std::lround(pixels * textScale()));
}

void followTextScale(QObject* context, const std::function<void()>& apply)
{
    apply();
    QObject::connect(&TextScaleSignal::instance(), &TextScaleSignal::changed, context, apply);
}

} // namespace shardlens
