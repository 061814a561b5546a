// SPDX-License-Identifier: Apache-2.0
// `shardlens render`: draws without a display and writes a PNG.
#pragma once

#include "app/cli/command_line.h"
#include "core/base/result.h"

namespace shardlens {

/// Makes the application object it needs, always on the offscreen platform.
[[nodiscard]] Result<bool> drawPicture(const cli::RenderRequest& request, int& argc, char** argv);

} // namespace shardlens
