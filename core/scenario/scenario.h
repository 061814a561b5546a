// SPDX-License-Identifier: Apache-2.0
// What a user asks, as one plain value: copy it, compare it, save it.
#pragma once

#include "core/calibration/calibration.h"
#include "core/hardware/cluster.h"
#include "core/model/architecture.h"
#include "core/plan/legality.h"

#include <memory>
#include <optional>

namespace shardlens {

enum class Mode : std::uint8_t {
    Roofline,   ///< efficiency 1, no overheads: lower bounds
    Calibrated, ///< constants of the engine on the accelerator, fitted to measurements
};

struct Scenario {
    std::shared_ptr<const Model> model;     ///< never null
    std::shared_ptr<const Cluster> cluster; ///< never null; already resized to the devices at hand
    Formats formats;
    Workload workload;
    Plan plan;
    Mode mode = Mode::Roofline;
    /// Calibrated: constants of the engine on the cluster's accelerator; null in roofline mode. Follows from the other fields: see calibrate().
    std::shared_ptr<const Calibration> calibration;
    std::optional<Bytes> reserve; ///< bytes per device; unset: see memory.h

    [[nodiscard]] const StepConstants& constants() const { return calibration ? calibration->constants.step : rooflineConstants(); }
    [[nodiscard]] PlanContext context() const
    {
        return {*model, *cluster, workload, formats, calibration ? &calibration->constants.step : nullptr};
    }
    /// Compares what is pointed to.
    friend bool operator==(const Scenario& a, const Scenario& b);
};

/// Limits of every input, for readers and controls alike.
inline constexpr int kMaxBatch = 65536;
inline constexpr int kMaxTokens = 10'000'000;

} // namespace shardlens
