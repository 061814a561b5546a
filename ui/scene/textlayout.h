// SPDX-License-Identifier: Apache-2.0
// Where the text of a scene stands. Metrics are cached by role and text: views ask for the same labels on every step of a drag.
#pragma once

#include "ui/scene/scene.h"

namespace shardlens {

/// `text`, or its beginning and an ellipsis, so that it fits `width`.
[[nodiscard]] QString elidedText(const QString& text, TextRole role, double width);
[[nodiscard]] double ascentOf(TextRole role);
/// Box of the glyphs' line (`width` from textWidth() x line height) before rotation; its baseline is on a whole pixel.
/// A rotated text is laid out in the box turned back, about the same centre.
[[nodiscard]] QRectF textRect(const SceneItem& item, double width);

} // namespace shardlens
