// SPDX-License-Identifier: Apache-2.0
// What a service is to reach, held against what it reaches.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

#include <string>
#include <string_view>
#include <vector>

namespace shardlens {

struct TargetCheck {
    std::string_view key;  ///< in JSON: "ttft_s", "tpot_s"
    std::string_view name; ///< "TTFT", "TPOT"
    double target = 0;     ///< seconds, at most
    double value = 0;      ///< the service's mean; not finite where it has none
    bool meets = false;    ///< false too where the load is not served
};

/// Every target that is set. The figures are ServingReport::ttft and tpot; a service that is saturated or does not fit reaches none.
[[nodiscard]] std::vector<TargetCheck> checkTargets(const Scenario& scenario, const Report& report);

/// Seconds from "0.02", "20ms", "500 us" or "2s"; an error says what is allowed.
[[nodiscard]] Result<double> parseTarget(std::string_view text);

} // namespace shardlens
