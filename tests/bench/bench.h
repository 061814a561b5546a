// SPDX-License-Identifier: Apache-2.0
// Medians and percentiles of repeated work, as lines that tests/bench/run prints.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace shardlens::bench {

struct Times {
    double median = 0; ///< seconds
    double p95 = 0;
    double least = 0;
};

[[nodiscard]] inline Times summarize(std::vector<double> seconds)
{
    std::sort(seconds.begin(), seconds.end());
    const auto at = [&seconds](double fraction) {
        return seconds[std::min(seconds.size() - 1, static_cast<std::size_t>(fraction * static_cast<double>(seconds.size())))];
    };
    return {at(0.5), at(0.95), seconds.front()};
}

/// Times `samples` runs of `work`, each of which repeats it `inner` times (for work shorter than a clock tick).
template <class Work>
[[nodiscard]] Times measure(int samples, int inner, Work work)
{
    using Clock = std::chrono::steady_clock;
    std::vector<double> seconds;
    for (int i = 0; i < std::max(samples, 1); ++i) {
        const Clock::time_point start = Clock::now();
        for (int j = 0; j < inner; ++j)
            work();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count() / inner);
    }
    return summarize(std::move(seconds));
}

inline void print(const std::string& what, const Times& times, double scale, const char* unit, const std::string& goal)
{
    std::printf("%-46s median %8.2f %s   p95 %8.2f %s   least %8.2f %s   goal %s\n", what.c_str(), times.median * scale, unit,
                times.p95 * scale, unit, times.least * scale, unit, goal.c_str());
    std::fflush(stdout);
}

} // namespace shardlens::bench
