// SPDX-License-Identifier: Apache-2.0
// Scenarios that several tests start from.
#pragma once

#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"

#include <string_view>

namespace shardlens::test {

/// A catalog model on a catalog cluster, bf16, one device, batch 1.
inline Scenario scenarioOf(std::string_view model, std::string_view cluster)
{
    Scenario s;
    s.model = builtinCatalog().model(model);
    s.cluster = builtinCatalog().cluster(cluster);
    s.workload = {1, 2000, 500};
    return s;
}

inline Scenario caseStudy(std::string_view cluster, int tensor, int data, Bytes capacity)
{
    Scenario s = scenarioOf("llama-3-70b", cluster);
    Cluster exact = *s.cluster;
    exact.accelerator.memoryBytes = capacity;
    s.cluster = std::make_shared<Cluster>(exact);
    s.plan[PlanAxis::Tensor] = tensor;
    s.plan[PlanAxis::Data] = data;
    s.reserve = 0;
    return s;
}

} // namespace shardlens::test
