// SPDX-License-Identifier: Apache-2.0
// Medians and percentiles of repeated work, as lines that tests/bench/run prints.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace shardlens::bench {

struct Times {
    double median = 0; ///< seconds
    double p95 = 0;
    double least = 0;
    double cpu = 0; ///< median of the processor time, where measureCpu() was asked; what others do on the machine is not in it
};

[[nodiscard]] inline Times summarize(std::vector<double> seconds)
{
    std::sort(seconds.begin(), seconds.end());
    const auto at = [&seconds](double fraction) {
        return seconds[std::min(seconds.size() - 1, static_cast<std::size_t>(fraction * static_cast<double>(seconds.size())))];
    };
    return {at(0.5), at(0.95), seconds.front(), 0};
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

/// As measure() of one run each, and the processor time of the process beside the wall's.
template <class Work>
[[nodiscard]] Times measureCpu(int samples, Work work)
{
    std::vector<double> processor;
    const Times wall = measure(samples, 1, [&] {
        const std::clock_t start = std::clock();
        work();
        processor.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    });
    Times times = wall;
    times.cpu = summarize(std::move(processor)).median;
    return times;
}

inline void print(const std::string& what, const Times& times, double scale, const char* unit, const std::string& goal)
{
    std::printf("%-46s median %8.2f %s   p95 %8.2f %s   least %8.2f %s   goal %s", what.c_str(), times.median * scale, unit,
                times.p95 * scale, unit, times.least * scale, unit, goal.c_str());
    if (times.cpu > 0)
        std::printf("   processor %.2f %s", times.cpu * scale, unit);
    std::printf("\n");
    std::fflush(stdout);
}

} // namespace shardlens::bench
