// SPDX-License-Identifier: Apache-2.0
// A measured point with its names resolved: everything that is needed to predict it, and nothing that was measured.
#pragma once

#include "core/calibration/points.h"
#include "core/hardware/cluster.h"
#include "core/model/architecture.h"
#include "core/plan/legality.h"
#include "core/plan/plan.h"
#include "core/serving/load.h"

#include <memory>
#include <string>
#include <vector>

namespace shardlens {

/// `workers` equal servers of one plan each.
struct ResolvedPool {
    std::shared_ptr<const Cluster> cluster; ///< of one worker
    Plan plan;                              ///< of one worker
    int workers = 1;
};

struct ResolvedPoint {
    std::shared_ptr<const Model> model;
    std::string system; ///< id of the catalog's cluster
    Formats formats;
    ResolvedPool server;  ///< aggregated: workers are replicas
    ResolvedPool prefill; ///< disaggregated
    ResolvedPool decode;  ///< disaggregated
    bool disaggregated = false;
    PointLoad load = PointLoad::ClosedLoop;
    double concurrency = 0;     ///< of all workers together; 0: not stated (OpenLoop, Saturated)
    double rate = 0;            ///< OpenLoop: requests/s of all workers together
    int input = 0;              ///< nominal prompt tokens, around which `inputLengths` spread
    int output = 0;             ///< likewise
    LengthSpread inputLengths;  ///< uniform in [2 mean / nominal - 1, 1] where the mean is below the nominal length
    LengthSpread outputLengths; ///< likewise
    double meanInput = 0;
    double meanOutput = 0;
    EngineSettings engine; ///< the engine's defaults with what the point says
    Warmup warmup = Warmup::Unknown;
    std::string version;
    std::string date;               ///< ISO 8601 day; empty: not stated
    int devices = 1;                ///< that throughput is divided by
    std::vector<std::string> notes; ///< what was assumed because the point does not say it

    [[nodiscard]] const Accelerator& accelerator() const { return (disaggregated ? decode : server).cluster->accelerator; }
    /// Requests in flight on one replica of an aggregated server, whole and at least one.
    [[nodiscard]] int concurrencyPerReplica() const;
};

} // namespace shardlens
