// SPDX-License-Identifier: Apache-2.0
#include "core/calibration/statistics.h"

#include <algorithm>
#include <cmath>

namespace shardlens {

ErrorStatistics statisticsOf(const std::vector<PredictedPair>& pairs)
{
    ErrorStatistics result;
    result.count = pairs.size();
    if (pairs.empty())
        return result;
    std::vector<double> errors;
    errors.reserve(pairs.size());
    for (const PredictedPair& pair : pairs) {
        const double error = pair.predicted / pair.measured - 1;
        result.bias += error;
        result.meanError += std::abs(error);
        errors.push_back(std::abs(error));
        if (pair.high > 0) {
            ++result.intervals;
            result.covered += pair.low <= pair.measured && pair.measured <= pair.high ? 1 : 0;
        }
    }
    const double count = static_cast<double>(pairs.size());
    result.bias /= count;
    result.meanError /= count;
    std::sort(errors.begin(), errors.end());
    const std::size_t half = errors.size() / 2;
    result.medianError = errors.size() % 2 == 1 ? errors[half] : 0.5 * (errors[half - 1] + errors[half]);
    const auto rank = static_cast<std::size_t>(std::ceil(0.9 * count));
    result.p90Error = errors[std::max<std::size_t>(rank, 1) - 1];
    return result;
}

} // namespace shardlens
