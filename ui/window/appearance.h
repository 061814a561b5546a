// SPDX-License-Identifier: Apache-2.0
// A theme as Qt wants it: palette, fonts and the style sheet of the frame (menus, docks, scroll bars, status bar).
#pragma once

#include "ui/theme/theme.h"
#include "ui/window/settings.h"

#include <QPalette>

class QWidget;

namespace shardlens {

/// Fusion, the bundled fonts; once, before the first window.
void prepareAppearance();
/// Light or dark for a choice; System looks at the lightness of the desktop's own palette.
[[nodiscard]] ThemeId themeOf(ThemeChoice choice);
[[nodiscard]] QPalette paletteOf(const Theme& theme);
[[nodiscard]] QString frameStyleSheet(const Theme& theme);
/// Palette of the application and style sheet of the window.
void applyAppearance(QWidget& window, const Theme& theme);

} // namespace shardlens
