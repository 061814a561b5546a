// SPDX-License-Identifier: Apache-2.0
// The texts of --help and --version, made from the table of flags.
#pragma once

#include "app/cli/flags.h"

#include <string>

namespace shardlens::cli {

[[nodiscard]] std::string helpText(Command command);
[[nodiscard]] std::string versionText();

} // namespace shardlens::cli
