// SPDX-License-Identifier: Apache-2.0
// `shardlens validate`: measured points predicted, row by row, and how far off the predictions are.
#pragma once

#include "app/cli/command_line.h"
#include "app/cli/flags.h"
#include "core/scenario/catalog.h"

#include <iosfwd>

namespace shardlens::cli {

/// FILE, or `input` when it is "-". Rows that cannot be predicted are counted by their reason on standard error; rows that cannot be read
/// make the status kBadInput, and the others are predicted all the same.
[[nodiscard]] Answer validateAnswer(const Arguments& arguments, const Catalog& catalog, std::istream& input);

} // namespace shardlens::cli
