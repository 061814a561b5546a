// SPDX-License-Identifier: Apache-2.0
// What a picture assumes, as a caption under it: a picture of one view is cut out of the window and goes where nobody can ask.
#pragma once

#include "ui/scene/scene.h"

namespace shardlens {

/// "Llama-3-70B on p5.48xlarge, 8 × H100 SXM5 80GB; TP 4 × PP 2; weights bf16, KV bf16, math bf16; batch 32 per replica, 2,048 tokens in,
/// 256 out; Roofline: at peak rates".
[[nodiscard]] QString assumptionsText(const Scenario& scenario, const Report& report);
/// Height of the caption in a picture of this width.
[[nodiscard]] double captionHeight(const QString& text, double width);
/// On `area`, which is captionHeight() high.
void drawCaption(Scene& scene, const Theme& theme, const QRectF& area, const QString& text);

} // namespace shardlens
