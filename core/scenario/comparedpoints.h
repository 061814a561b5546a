// SPDX-License-Identifier: Apache-2.0
// Measured points beside what is predicted for them, with what a reader compares them by; and how far they are from a scenario.
#pragma once

#include "core/calibration/statistics.h"
#include "core/scenario/report.h"
#include "core/scenario/scenario.h"
#include "core/scenario/validate_points.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shardlens {

/// What is measured and predicted.
enum class PointFigure : std::uint8_t { Tpot, Ttft, OutputPerDevice };
inline constexpr std::size_t kPointFigureCount = 3;

/// What makes two runs alike. Lengths and requests of one replica.
struct PointInputs {
    std::string model;       ///< id
    std::string accelerator; ///< id
    Engine engine = Engine::Generic;
    double activeParameters = 0;
    double input = 0;  ///< mean prompt tokens
    double output = 0; ///< mean generated tokens
    double concurrency = 0;
    int devices = 1; ///< of a replica
    int tensor = 1;
    int expert = 1;
    double weightBits = 16; ///< of the matrices that hold most parameters: the experts', or the MLPs'
    double kvBits = 16;
    friend bool operator==(const PointInputs&, const PointInputs&) = default;
};

struct ComparedPoint {
    PointInputs inputs;
    std::string modelName;
    std::string acceleratorName;
    std::string source;                                       ///< of the measurement: origin, version, date
    std::array<double, kPointFigureCount> measured{};         ///< SI units; 0: not measured, or not to be compared
    std::array<PredictedFigure, kPointFigureCount> predicted; ///< likewise
    [[nodiscard]] bool has(PointFigure figure) const
    {
        const auto i = static_cast<std::size_t>(figure);
        return measured[i] > 0 && predicted[i].value > 0;
    }
};

struct ComparedPoints {
    std::vector<ComparedPoint> points; ///< those that could be predicted
    std::size_t rows = 0;
    std::vector<std::string> refusals; ///< one sentence for each kind of reason why a row is not among them, the most frequent first
};

/// The measured points that come with the program, as a table for readPoints().
[[nodiscard]] std::string_view builtinPoints();

/// Resolves and predicts every point on the calling thread; takes about a millisecond each. `stop` ends it early, `progress` is told shares.
[[nodiscard]] ComparedPoints comparePoints(const MeasuredPoints& points, const Catalog& catalog, const ConstantsSource& constants,
                                           const std::atomic<bool>* stop = nullptr, const std::function<void(double)>& progress = {});

/// Those of a scenario. The load of all replicas is split evenly; an open loop has the requests that its service runs in the mean.
[[nodiscard]] PointInputs pointInputs(const Scenario& scenario, const Report& report);

/// Doublings between the inputs, added up: prompt, output, requests in flight and devices of a replica, active parameters, bits of weights and
/// of the KV cache; and 4 for another accelerator, 2 for another engine, 1 for another model.
[[nodiscard]] double pointDistance(const PointInputs& a, const PointInputs& b);

/// What is farther away says little of a scenario. The 80 % intervals of a model that was not measured are errors of the shipped points, each
/// predicted by a fit to the other models alone (resources/calibration/intervals.json, "pair"): four out of five of these points had
/// another model with their engine on their accelerator within 6, so beyond it the intervals have hardly been tried.
inline constexpr double kFarPoint = 6;

/// Measured TPOT over the roofline's: four out of five of the shipped points, all of served models, are between. Recomputed by
/// tests/core/tst_curve.
inline constexpr double kLeastOverRoofline = 1.5;
inline constexpr double kMostOverRoofline = 4.7;

struct NearPoint {
    std::size_t index = 0;
    double distance = 0;
    [[nodiscard]] bool isFar() const { return distance > kFarPoint; }
};
/// The `most` nearest of `points` that `has` the figure, nearest first; equal ones in their order.
[[nodiscard]] std::vector<NearPoint> nearestPoints(const PointInputs& inputs, std::span<const ComparedPoint> points, PointFigure figure,
                                                   std::size_t most);

} // namespace shardlens
