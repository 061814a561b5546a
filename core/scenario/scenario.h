// SPDX-License-Identifier: Apache-2.0
// What a user asks, as one plain value: copy it, compare it, save it.
#pragma once

#include "core/calibration/calibration.h"
#include "core/hardware/cluster.h"
#include "core/model/architecture.h"
#include "core/plan/legality.h"
#include "core/serving/load.h"

#include <memory>
#include <optional>
#include <string>

namespace shardlens {

enum class Mode : std::uint8_t {
    Roofline,   ///< efficiency 1, no overheads; collectives exposed unless an overlap is set
    Calibrated, ///< constants of the engine on the accelerator, fitted to measurements
};

/// One pool of disaggregated serving: workers that each run `plan` on devices of `cluster`.
struct PoolSettings {
    Plan plan;
    std::shared_ptr<const Cluster> cluster; ///< null: the scenario's
    int workers = 0;                        ///< 0: as many as the load needs
    friend bool operator==(const PoolSettings& a, const PoolSettings& b);
};

/// What one's own devices cost.
struct DevicePrice {
    double usdPerHour = 0; ///< of one device
    std::string source;    ///< whose price, and of which day
    friend bool operator==(const DevicePrice&, const DevicePrice&) = default;
};

/// How the scenario is served. The default, a static batch, is Workload::batch requests that arrive together.
struct ServingSettings {
    /// Prefill and decode in pools of their own; Scenario::plan is then not what serves.
    struct Pools {
        PoolSettings prefill;
        PoolSettings decode;
        friend bool operator==(const Pools&, const Pools&) = default;
    };
    ServingLoad load;
    EngineSettings engine;
    std::optional<DevicePrice> price; ///< unset: the cluster's
    std::optional<Pools> pools;
    friend bool operator==(const ServingSettings&, const ServingSettings&) = default;
};
/// What the service is to reach, in seconds; drawn as lines, and held against the figures. They change no figure.
struct Targets {
    std::optional<double> ttft; ///< at most
    std::optional<double> tpot; ///< at most
    friend bool operator==(const Targets&, const Targets&) = default;
};
inline constexpr double kLeastTarget = 1e-6;
inline constexpr double kMostTarget = 1e6;
inline constexpr double kMaxPrice = 1e6;
inline constexpr int kMaxWorkers = 65536;

struct Scenario {
    std::shared_ptr<const Model> model;     ///< never null
    std::shared_ptr<const Cluster> cluster; ///< never null; already resized to the devices at hand
    Formats formats;
    Workload workload;
    Plan plan;
    Mode mode = Mode::Roofline;
    /// Calibrated: constants of the engine on the cluster's accelerator; null in roofline mode. Follows from the other fields: see calibrate().
    std::shared_ptr<const Calibration> calibration;
    std::array<std::shared_ptr<const Calibration>, 2> poolCalibrations; ///< likewise of the prefill and the decode pool's accelerator
    std::optional<Bytes> reserve;                                       ///< bytes per device; unset: see memory.h
    ServingSettings serving;
    Targets targets;

    [[nodiscard]] const StepConstants& constants() const { return calibration ? calibration->constants.step : rooflineConstants(); }
    [[nodiscard]] PlanContext context() const
    {
        return {*model, *cluster, workload, formats, calibration ? &calibration->constants.step : nullptr};
    }
    /// Compares what is pointed to.
    friend bool operator==(const Scenario& a, const Scenario& b);
};

/// The formats when `from` is exchanged for `to`. Weights in the formats in which `from` is published (bf16 where those are not quantized)
/// came with it: they become those of `to`. Any others were chosen and stay.
[[nodiscard]] Formats formatsForModel(const Formats& formats, const Model& from, const Model& to);

/// Limits of every input, for readers and controls alike.
inline constexpr int kMaxBatch = 65536;
inline constexpr int kMaxTokens = 10'000'000;

} // namespace shardlens
