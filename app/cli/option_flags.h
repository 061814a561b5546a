// SPDX-License-Identifier: Apache-2.0
// The flags of a plan's options, of routing and of formats per class, applied to a scenario.
#pragma once

#include "app/cli/flags.h"
#include "core/scenario/scenario.h"

namespace shardlens::cli {

void applyOwnFormats(Formats& formats, const Arguments& arguments);
void applyRouting(Routing& routing, const Arguments& arguments);
void applyOptions(PlanOptions& options, const Arguments& arguments);
/// A sentence for each of these flags that changes nothing: nobody should compare two equal figures and wonder.
void noteIdleFlags(const Scenario& scenario, const Arguments& arguments, std::vector<std::string>& notices);

} // namespace shardlens::cli
