// SPDX-License-Identifier: Apache-2.0
// Prefill and decode pools, their devices to one scale, the KV cache on the arrow between, and how they compare with one system of as many
// devices. Without pools: what they would be.
#pragma once

#include "ui/scene/scene.h"

#include <array>
#include <optional>

namespace shardlens {

/// What the picture is held against, evaluated beforehand.
struct DisaggregationOptions {
    const Scenario* split = nullptr; ///< without pools: the scenario split into pools, and its report
    const Report* splitReport = nullptr;
    const Report* joined = nullptr; ///< one system of as many devices under the same load; null: there is none
    std::int64_t joinedDevices = 0;
};

/// The devices of a pool as tiles of one size: workers in columns, the devices of each in columns.
struct PoolTiles {
    QRectF area;
    std::int64_t workers = 0;
    std::int64_t devices = 0; ///< of one worker
    int workerColumns = 1;
    int deviceColumns = 1;
    double tile = 0; ///< px of a device with its gap
    double gap = 0;  ///< px between workers
    [[nodiscard]] QRectF worker(std::int64_t index) const;
    [[nodiscard]] QRectF device(std::int64_t worker, std::int64_t index) const;
    [[nodiscard]] QSizeF size() const; ///< of all workers together
};
/// Both pools at the largest scale at which each fits its area.
[[nodiscard]] std::array<PoolTiles, 2> poolTiles(const std::array<QRectF, 2>& areas, const std::array<std::int64_t, 2>& workers,
                                                 const std::array<std::int64_t, 2>& devices);

/// The two pools side by side with room for the arrow, the wider part to the pool that needs it, all in the middle of `area`.
struct PoolPlaces {
    std::array<QRectF, 2> areas;
    std::array<PoolTiles, 2> tiles;
    QRectF arrow;
};
[[nodiscard]] PoolPlaces poolPlaces(const QRectF& area, double between, double leastWidth, const std::array<std::int64_t, 2>& workers,
                                    const std::array<std::int64_t, 2>& devices);

void buildDisaggregation(const ViewInput& input, const DisaggregationOptions& options, Scene& scene);
[[nodiscard]] QString disaggregationSubtitle(const Scenario& scenario, const Report& report);
[[nodiscard]] QString describeDisaggregation(const Scenario& scenario, const Report& report);
[[nodiscard]] QString disaggregationTooltip(const Scenario& scenario, const Report& report, const Subject& subject);

} // namespace shardlens
