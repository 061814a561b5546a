// SPDX-License-Identifier: Apache-2.0
// Tokens to experts once per node (DeepSeek-V3, arXiv:2412.19437, section 3.2.2; DeepEP): a token crosses the outermost fabric level once
// for each node that has any of its experts, from a device to the one at its place there, which hands it on to the ranks inside; back the
// same way, added up inside the node first. Costed as two AllToAlls, one after the other, of which the outer carries destinations by node
// instead of by rank.
#pragma once

#include "core/collective/collective.h"
#include "core/cost/routing.h"

#include <algorithm>

namespace shardlens {

/// Calls `add` with each line. `stage`: the span of `group`, the devices of a stage.
template <class Add>
void eachOncePerNode(const Cluster& cluster, const DeviceGroup& group, const GroupSpan& stage, int expert, int expertTensor,
                     const ExpertRouting& routing, const Add& add)
{
    int nodes = 1;
    for (const int here : stage.participants())
        nodes = here > 1 ? here : nodes;
    const int inside = group.size() / nodes;
    // Only where the group's devices lie side by side, so that a node holds whole expert ranks.
    if (group.axes().size() != 1 || inside <= 1 || inside * nodes != group.size() || inside % expertTensor != 0 || stage.straddles())
        return;
    const GroupAxis axis = group.axes().front();
    const GroupSpan inner(cluster, DeviceGroup(axis.stride, inside));
    const GroupSpan outer(cluster, DeviceGroup(axis.stride * inside, nodes));
    // The payload is the busiest rank's; what crosses is every token to its nodes, spread over a node's links whichever rank it is for.
    const double busiest = std::max(routing.destinations(), routing.hottest().arrival * expert);
    const double share = routing.destinations(inside / expertTensor) / (busiest * expertTensor);
    for (const CollectiveLine& across : outer.lines(Collective::AllToAll).cheapest())
        for (const CollectiveLine& within : inner.lines(Collective::AllToAll).cheapest())
            add(CollectiveLine{across.latency + within.latency, across.secondsPerByte * share + within.secondsPerByte,
                               across.sentPerByte * share + within.sentPerByte, CollectiveAlgorithm::OncePerNode, across.outerLevel});
}

} // namespace shardlens
