// SPDX-License-Identifier: Apache-2.0
// The views as the window docks them and as pictures show them: a title and a body each.
#pragma once

#include "ui/document/document.h"
#include "ui/window/viewdock.h"

#include <functional>

namespace shardlens {

class SceneView;

enum class ViewKind : std::uint8_t { Mesh, Memory, Timeline, Latency, Trust };
inline constexpr std::size_t kViewCount = 5;
/// "mesh", "memory", "timeline", "latency", "trust": names on the command line and in the stored layout.
[[nodiscard]] QString nameOf(ViewKind kind);

/// Widgets belong to their parents; the functions live as long as they do.
struct View {
    ViewTitle* title = nullptr;
    QWidget* body = nullptr;
    std::function<void()> refresh; ///< the title follows the report; the body follows by itself
    std::function<void(const Theme&)> applyTheme;
};

[[nodiscard]] View makeView(ViewKind kind, Document& document, QWidget* parent);
[[nodiscard]] SceneView* makeVerdictView(Document& document, QWidget* parent);

} // namespace shardlens
