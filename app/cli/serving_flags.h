// SPDX-License-Identifier: Apache-2.0
// Flags of the load, the engine and disaggregated pools.
#pragma once

#include "app/cli/flags.h"
#include "core/scenario/catalog.h"
#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens::cli {

/// Applies them to a scenario that has its machine, workload and plan.
[[nodiscard]] Result<bool> applyServing(Scenario& scenario, const Arguments& arguments, const Catalog& catalog,
                                        std::vector<std::string>& notices);

} // namespace shardlens::cli
