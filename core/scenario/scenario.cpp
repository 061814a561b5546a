// SPDX-License-Identifier: Apache-2.0
#include "core/scenario/scenario.h"

namespace shardlens {

namespace {

template <class T>
bool equalValues(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b)
{
    return a == b || (a && b && *a == *b);
}

} // namespace

bool operator==(const PoolSettings& a, const PoolSettings& b)
{
    return a.plan == b.plan && a.workers == b.workers && equalValues(a.cluster, b.cluster);
}

bool operator==(const Scenario& a, const Scenario& b)
{
    return a.formats == b.formats && a.workload == b.workload && a.plan == b.plan && a.mode == b.mode && a.reserve == b.reserve
           && a.serving == b.serving && a.targets == b.targets && equalValues(a.model, b.model) && equalValues(a.cluster, b.cluster);
}

} // namespace shardlens
