// SPDX-License-Identifier: Apache-2.0
// Who turns the wheel over a view means that view with the keys that follow.
#pragma once

class QWidget;

namespace shardlens {

/// Gives `view` the keyboard, unless a text field is in the middle of being edited.
void focusByWheel(QWidget& view);

} // namespace shardlens
