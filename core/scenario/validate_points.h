// SPDX-License-Identifier: Apache-2.0
// Predictions of measured points, side by side with what was measured.
#pragma once

#include "core/calibration/prediction.h"
#include "core/calibration/statistics.h"
#include "core/scenario/catalog.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace shardlens {

/// One row of a table.
struct ValidatedRow {
    std::string status; ///< "ok", or one sentence that says why there is no prediction
    PointPrediction prediction;
    std::string model;  ///< id in the catalog; the table's name where it is unknown
    std::string system; ///< likewise
    std::string engine; ///< "vllm", ...
    [[nodiscard]] bool ok() const { return status == "ok"; }
};

/// What rows can be grouped by.
enum class GroupKey : std::uint8_t { Model, System, Engine, Precision, Origin, Lengths, Concurrency, Devices, Version };
inline constexpr std::array<std::string_view, 9> kGroupKeyWords{"model",   "system",      "engine", "precision", "origin",
                                                                "lengths", "concurrency", "gpus",   "version"};

/// Errors of one group of rows.
struct ValidationGroup {
    std::vector<std::string> values; ///< by key; empty for all rows together
    std::size_t rows = 0;
    std::size_t predicted = 0;
    ErrorStatistics ttft; ///< rows whose TTFT is to be scored
    ErrorStatistics tpot;
    ErrorStatistics outputPerDevice;
};

/// Predicts every point; rows that are equal but for their names are predicted once. The answer does not depend on `threads` (0: one for
/// each core).
[[nodiscard]] std::vector<ValidatedRow> predictPoints(const MeasuredPoints& points, const Catalog& catalog,
                                                      const ConstantsSource& constants, unsigned threads = 0);

/// Errors of all rows.
[[nodiscard]] ValidationGroup summaryOf(const MeasuredPoints& points, std::span<const ValidatedRow> rows);
/// Errors of each combination of the keys' values that occurs, in natural order of the values.
[[nodiscard]] std::vector<ValidationGroup> groupsOf(const MeasuredPoints& points, std::span<const ValidatedRow> rows,
                                                    std::span<const GroupKey> by);

} // namespace shardlens
