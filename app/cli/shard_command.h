// SPDX-License-Identifier: Apache-2.0
// `shardlens shard`: a product or a resharding of sharded arrays, every way with its steps, shapes, bytes and times.
#pragma once

#include "app/cli/flags.h"
#include "core/scenario/catalog.h"

#include <string>

namespace shardlens::cli {

/// What is printed, as text or (with --json) as one JSON object after resources/schema/shard.json.
[[nodiscard]] Result<std::string> shardAnswer(const Arguments& arguments, const Catalog& catalog);

} // namespace shardlens::cli
