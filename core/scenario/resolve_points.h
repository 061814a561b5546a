// SPDX-License-Identifier: Apache-2.0
// From the names in a table of measurements to what ShardLens knows.
#pragma once

#include "core/calibration/resolvedpoint.h"
#include "core/scenario/catalog.h"

#include <map>
#include <memory>
#include <string>

namespace shardlens {

/// Resolves points against a catalog, remembering names and clusters; one thread at a time.
class PointResolver {
public:
    explicit PointResolver(const Catalog& catalog);
    ~PointResolver();
    PointResolver(const PointResolver&) = delete;
    PointResolver& operator=(const PointResolver&) = delete;

    /// The point with its names resolved and its plan legal, or one sentence that begins with the reason: "unknown model ...",
    /// "unknown system ...", "plan illegal: ...". EP that does not divide the devices, or exceeds the experts, is lowered to the next that
    /// does, and noted.
    [[nodiscard]] Result<ResolvedPoint> resolve(const MeasuredPoint& point, PointKind kind);

private:
    struct Memory;
    const Catalog& m_catalog;
    std::unique_ptr<Memory> m_memory;
};

/// The engine that a name in a table stands for: "trt", "TensorRT-LLM", "dynamo-sglang"; unset when it is none that is known.
[[nodiscard]] std::optional<Engine> engineNamed(std::string_view name);

} // namespace shardlens
