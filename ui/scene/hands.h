// SPDX-License-Identifier: Apache-2.0
// Whether what is drawn can be pointed at: words that invite a hand ("click to apply") are left out of pictures of a view.
#pragma once

namespace shardlens {

[[nodiscard]] bool drawnForHands();
void setDrawnForHands(bool forHands);

} // namespace shardlens
