// SPDX-License-Identifier: Apache-2.0
// `shardlens operators`: the operators of a scenario as the window's table shows them.
#pragma once

#include "app/cli/flags.h"
#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <string>

namespace shardlens::cli {

/// The table of a legal report, as text or as --csv, --markdown or --json asks.
[[nodiscard]] Result<std::string> operatorsAnswer(const Arguments& arguments, const Scenario& scenario, const Report& report);

} // namespace shardlens::cli
