// SPDX-License-Identifier: Apache-2.0
// What to change so that a plan needs less memory: edits of the scenario, each with its exact effect by memoryOf().
#pragma once

#include "core/cost/memory.h"
#include "core/scenario/scenario.h"

#include <string>
#include <vector>

namespace shardlens {

struct MemoryChange {
    Scenario scenario;  ///< with the change made; its plan is legal
    std::string label;  ///< "fp8 KV cache", "TP 16 in place of DP 2"
    std::string effect; ///< "38 GiB", "7.9 GiB but stores each KV value twice; 1.2 GiB are then missing"
    Bytes freed = 0;    ///< on the fullest device
    bool fits = false;
    bool plural = false; ///< the label is: "int8 weights free ..."
    /// "fp8 KV cache frees 38 GiB."
    [[nodiscard]] std::string sentence() const { return label + (plural ? " free " : " frees ") + effect + '.'; }
};

/// Changes that free memory on the fullest device: those with which the scenario fits first, and of these the ones that keep the requests
/// as they are before a smaller batch or a shorter context; then by what they free. At most `most`, none that frees less than 0.5 % of the
/// device. Where no single edit fits, the nearest combination that does is among them (fitsearch.h); none fits when the first one does not.
/// Only for a legal plan.
[[nodiscard]] std::vector<MemoryChange> memoryChanges(const Scenario& scenario, const MemoryReport& memory, std::size_t most = 5);

} // namespace shardlens
