// SPDX-License-Identifier: Apache-2.0
// What a collective of a plan takes, level by level, as a formula with numbers and as rows that say where each is from. Internal to
// core/scenario.
#pragma once

#include "core/collective/levelterms.h"
#include "core/cost/operators.h"
#include "core/scenario/explain.h"
#include "core/scenario/plancollectives.h"

#include <string>
#include <vector>

namespace shardlens {

/// seconds = added + sum of steps x latency + bytes / (bandwidth x share); roofline mode: added 0, share 1.
struct CollectiveArithmetic {
    std::vector<LevelTerm> terms; ///< empty where they are not known
    double added = 0;             ///< s on top of the latencies: fitted
    double share = 1;             ///< of the links' bandwidth that is reached: fitted
    bool betweenNodes = false;    ///< which of the fitted constants they are
    bool uneven = false;          ///< it takes longer than what is sent over all links evenly would
    [[nodiscard]] double time() const;
};
[[nodiscard]] CollectiveArithmetic arithmeticOf(const StepModel& step, const PlanCollective& collective);

/// "left = steps x alpha + sent / beta", the same with numbers, and its parts; not the result. `hidden`: seconds of it that hide.
void addCollectiveFormula(const PlanCollective& collective, const CollectiveArithmetic& arithmetic, const std::string& left, double hidden,
                          Explanation& out);
/// Its second line alone: "14 × 1 µs + 458,752 B / 450 GB/s"; empty where the levels are not known.
[[nodiscard]] std::string collectivePut(const CollectiveArithmetic& arithmetic, double hidden);
/// Steps, latency, bytes and bandwidth of each level, and what was fitted.
void addCollectiveInputs(const Scenario& scenario, const PlanCollective& collective, const CollectiveArithmetic& arithmetic,
                         Explanation& out);

} // namespace shardlens
