// SPDX-License-Identifier: Apache-2.0
// Scenario in, Report out. Pure; safe to call from any thread.
#pragma once

#include "core/scenario/report.h"
#include "core/scenario/scenario.h"

namespace shardlens {

[[nodiscard]] Report evaluate(const Scenario& scenario);
/// The same into an existing report, reusing its memory: what a dragged slider calls.
void evaluate(const Scenario& scenario, Report& report);

/// One point of a curve over the batch: decode time and fit, by the same functions as evaluate().
struct BatchPoint {
    int batch = 0;
    double tpot = 0;
    bool legal = false;
    bool fits = false;
};
/// The plan for another batch: no more microbatches than sequences, and with interleaved stages a count that PP divides (times chunks),
/// where there is one at or below the plan's.
[[nodiscard]] Plan planAtBatch(const Plan& plan, int batch);
/// Evaluates `scenario` at each batch (powers of two and steps between, ascending, up to `most`); with planAtBatch().
void batchCurve(const Scenario& scenario, int most, std::vector<BatchPoint>& out);

} // namespace shardlens
