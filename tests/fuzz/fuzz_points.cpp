// SPDX-License-Identifier: Apache-2.0
// Tables of measured points: whatever the bytes, a sentence, or points whose every row has a prediction or a sentence.
#include "core/scenario/validate_points.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace shardlens;

namespace {

/// Rows that are predicted: beyond, a run would take long without showing more.
constexpr std::size_t kMostPredicted = 8;
/// Heavier loads are resolved but not simulated.
constexpr double kMostConcurrency = 256;
constexpr double kMostTokens = 20'000;

void require(bool condition, const char* what)
{
    if (condition)
        return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

void requireSentence(const std::string& sentence)
{
    require(!sentence.empty() && sentence.find('\n') == std::string::npos && sentence.size() < 20'000, "an error is one sentence");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Result<MeasuredPoints> read = readPoints(std::string(data, data + size), "fuzz");
    if (!read.ok()) {
        requireSentence(read.error().sentence());
        return 0;
    }
    MeasuredPoints& points = read.value();
    require(points.points.size() == points.outcomes.size(), "each point has its outcome");
    for (const PointProblem& problem : points.problems)
        requireSentence(problem.error.sentence());
    if (points.points.size() > kMostPredicted) {
        points.points.resize(kMostPredicted);
        points.outcomes.resize(kMostPredicted);
    }
    for (MeasuredPoint& point : points.points)
        if (point.concurrency > kMostConcurrency || point.input > kMostTokens || point.output > kMostTokens
            || point.load == PointLoad::Saturated)
            point.model = "none"; // still resolved
    const auto rows = predictPoints(
        points, builtinCatalog(), [](const ResolvedPoint&) { return PointConstants{}; }, 1);
    for (const ValidatedRow& row : rows) {
        requireSentence(row.status);
        if (row.ok())
            require(std::isfinite(row.prediction.ttft.value) && row.prediction.ttft.value > 0 && std::isfinite(row.prediction.tpot.value)
                        && row.prediction.tpot.value >= 0,
                    "a prediction is a time");
    }
    const ValidationGroup all = summaryOf(points, rows);
    require(all.rows == points.points.size() && all.predicted <= all.rows, "every row is counted once");
    return 0;
}
