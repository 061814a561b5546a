// SPDX-License-Identifier: Apache-2.0
// The views as the window docks them and as pictures show them: a title and a body each.
#pragma once

#include "ui/document/document.h"
#include "ui/window/viewdock.h"
#include "ui/window/viewkind.h"

#include <functional>

namespace shardlens {

class SceneView;

/// Widgets belong to their parents; the functions live as long as they do.
struct View {
    ViewTitle* title = nullptr;
    QWidget* body = nullptr;
    std::function<void()> refresh; ///< the title follows the report; the body follows by itself. Asked only while the title is visible
    std::function<void(const Theme&)> applyTheme;
    std::function<void()> finish = {}; ///< what runs on other threads is there when it returns, for pictures; may be empty
    /// What its picture rests on, where that is not the scenario; empty, or an empty text: the scenario.
    std::function<QString()> assumptions = {};
};

[[nodiscard]] View makeView(ViewKind kind, Document& document, QWidget* parent);
[[nodiscard]] SceneView* makeVerdictView(Document& document, QWidget* parent);

} // namespace shardlens
