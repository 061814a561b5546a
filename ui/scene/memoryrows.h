// SPDX-License-Identifier: Apache-2.0
// Which bars the memory picture shows: one for each device while they fit, else one for each stage, else one for each run of equal stages.
#pragma once

#include "ui/scene/memoryscene.h"

#include <vector>

namespace shardlens {

struct MemoryRow {
    QString label;           ///< "GPU 3", "Stage 1", "Stages 2-5"
    QString note;            ///< "GPU 4-7, x 8 replicas"; may be empty
    int stage = 0;           ///< whose memory it shows; -1 for the line that counts what is left out
    int device = -1;         ///< -1: several devices
    bool ghost = false;      ///< of a change of the scenario, not of the scenario
    bool printsValue = true; ///< equal neighbours print theirs once
    Subject subject;
};

/// At most `most` rows (at least one), the fullest stage among them.
[[nodiscard]] std::vector<MemoryRow> memoryRows(const Scenario& scenario, const Report& report, int most, MemoryBars bars);

} // namespace shardlens
