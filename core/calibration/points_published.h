// SPDX-License-Identifier: Apache-2.0
// Published figures: load, metric and unit in words.
#pragma once

#include "core/calibration/points.h"

namespace shardlens {

/// The columns of a published figure that no other kind has.
struct PublishedRow {
    std::string_view load;   ///< "batch 64", "concurrency 1", "saturated ...", "open loop 4 req/s ..."
    std::string_view metric; ///< "output throughput per GPU", "mean TTFT", ...
    std::string_view unit;   ///< "tok/s/GPU", "tok/s", "ms", "tok/s/user"
    std::optional<double> value;
    std::string_view badColumn; ///< set with a reason
    std::string_view badText;
};

/// A length as people write it: "2048", "1k", "~1024".
[[nodiscard]] bool readPublishedLength(std::string_view text, double& tokens);
/// Turns the words into load, parallelism and outcome; the reason why not, or nothing.
[[nodiscard]] std::string finishPublished(PublishedRow& row, MeasuredPoint& point, MeasuredOutcome& outcome);

} // namespace shardlens
