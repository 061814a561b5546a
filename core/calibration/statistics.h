// SPDX-License-Identifier: Apache-2.0
// How far predictions are from measurements.
#pragma once

#include <cstddef>
#include <vector>

namespace shardlens {

/// One measured value and its prediction, both positive.
struct PredictedPair {
    double measured = 0;
    double predicted = 0;
    double low = 0; ///< of the 80 % interval; high 0: there is none
    double high = 0;
};

/// Errors are relative to the measured value: e = predicted / measured - 1.
struct ErrorStatistics {
    std::size_t count = 0;
    double meanError = 0;      ///< mean of |e|
    double medianError = 0;    ///< median of |e|; of an even count the mean of the middle two
    double p90Error = 0;       ///< 90th percentile of |e|, nearest rank
    double bias = 0;           ///< mean of e: above 0, predictions are too high
    std::size_t intervals = 0; ///< predictions that have one
    std::size_t covered = 0;   ///< of them, intervals that hold the measured value
    /// Share of intervals that hold the measurement; 0 without intervals.
    [[nodiscard]] double coverage() const { return intervals == 0 ? 0.0 : static_cast<double>(covered) / static_cast<double>(intervals); }
    friend bool operator==(const ErrorStatistics&, const ErrorStatistics&) = default;
};

/// Sums run over the pairs in their order, so the same pairs give the same bits.
[[nodiscard]] ErrorStatistics statisticsOf(const std::vector<PredictedPair>& pairs);

} // namespace shardlens
