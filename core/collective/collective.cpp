// SPDX-License-Identifier: Apache-2.0
#include "core/collective/collective.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

namespace shardlens {

std::string_view nameOf(Collective kind)
{
    switch (kind) {
    case Collective::None: return "none";
    case Collective::AllReduce: return "AllReduce";
    case Collective::ReduceScatter: return "ReduceScatter";
    case Collective::AllGather: return "AllGather";
    case Collective::AllToAll: return "AllToAll";
    case Collective::Send: return "Send";
    }
    return "none";
}

std::string_view nameOf(CollectiveAlgorithm algorithm)
{
    switch (algorithm) {
    case CollectiveAlgorithm::None: return "none";
    case CollectiveAlgorithm::Ring: return "ring";
    case CollectiveAlgorithm::Direct: return "direct";
    case CollectiveAlgorithm::BidirectionalRing: return "bidirectional ring";
    case CollectiveAlgorithm::Line: return "line";
    case CollectiveAlgorithm::TorusAxes: return "torus, all axes at once";
    case CollectiveAlgorithm::Hierarchical: return "hierarchical";
    case CollectiveAlgorithm::PointToPoint: return "point to point";
    }
    return "none";
}

namespace {

/// Units of all levels further out than `index`, multiplied.
std::int64_t unitsOutside(const Cluster& cluster, std::size_t index)
{
    std::int64_t product = 1;
    for (std::size_t i = index + 1; i < cluster.levels.size(); ++i)
        product *= cluster.levels[i].units();
    return product;
}

} // namespace

GroupSpan::GroupSpan(const Cluster& cluster, DeviceGroup group) : m_size(group.size)
{
    // Walk the levels outwards. At each, the group takes as many units as it still needs; a count that does not divide evenly means that
    // some group of this kind crosses the boundary, and the busiest such group sets the time.
    m_participants.assign(cluster.levels.size(), 1);
    std::int64_t inner = 1; // devices in one unit of this level
    std::int64_t remaining = group.size;
    std::int64_t stride = group.stride;
    for (std::size_t index = 0; index < cluster.levels.size() && remaining > 1; ++index) {
        const FabricLevel& level = cluster.levels[index];
        const std::int64_t units = level.units();
        const std::int64_t unitStride = std::max<std::int64_t>(1, stride / inner); // in units of this level
        const std::int64_t slots = units / unitStride;
        std::int64_t here = 1;
        if (slots > 1) {
            here = remaining <= slots && slots % remaining == 0 ? remaining : std::gcd(remaining, slots);
            if (unitsOutside(cluster, index) == 1)
                here = remaining; // nowhere further out: all that is left is here (at most the level's units in a legal plan)
            else if (here < std::min(remaining, slots))
                m_straddles = true;
        }
        if (here > 1) {
            Level placed;
            placed.topology = level.topology;
            placed.size = static_cast<int>(here);
            placed.bandwidth = level.bandwidth;
            placed.latency = level.latency;
            if (level.topology != Topology::Switch) {
                // Row-major along the extents: an axis is used from the stride's position on, whole before the next begins.
                const double link = level.bandwidth / (2.0 * static_cast<double>(level.extents.size()));
                std::int64_t skip = unitStride;
                std::int64_t left = here;
                for (std::size_t a = 0; a < level.extents.size() && left > 1; ++a) {
                    const std::int64_t extent = level.extents[a];
                    if (skip >= extent) {
                        skip /= extent;
                        continue;
                    }
                    const std::int64_t along = extent / skip;
                    const std::int64_t used = std::min(left, along);
                    if (used > 1) {
                        Axis axis;
                        axis.size = static_cast<int>(used);
                        axis.wrapped = used == extent && a < level.wrap.size() && level.wrap[a];
                        // Strided members of a line share its links with the groups between them.
                        axis.linkBandwidth = link / static_cast<double>(skip);
                        placed.axes.push_back(axis);
                    }
                    left = ceilDiv(left, used);
                    skip = 1;
                }
            }
            m_participants[index] = placed.size;
            m_levels.push_back(std::move(placed));
            m_levelIndex.push_back(static_cast<int>(index));
        }
        remaining = ceilDiv(remaining, here);
        stride = std::max(stride, inner * units);
        inner *= units;
    }
}

/// Cost of one collective; the formulas are those of the header's sources.
struct CollectiveCalculator {
    using Level = GroupSpan::Level;
    using Axis = GroupSpan::Axis;

    static CollectiveCost make(double steps, double latency, double transfer, double sent, CollectiveAlgorithm algorithm)
    {
        CollectiveCost cost;
        cost.latencyTime = steps * latency;
        cost.transferTime = transfer;
        cost.time = cost.latencyTime + transfer;
        cost.sentBytes = sent;
        cost.algorithm = algorithm;
        return cost;
    }

    static CollectiveCost cheaper(const CollectiveCost& a, const CollectiveCost& b) { return b.time < a.time ? b : a; }

    static CollectiveCost twice(CollectiveCost cost)
    {
        cost.time *= 2;
        cost.latencyTime *= 2;
        cost.transferTime *= 2;
        cost.sentBytes *= 2;
        return cost;
    }

    /// AllGather to V bytes on a switch of n: everyone sends V/n to n - 1 others.
    static CollectiveCost gatherDirect(const Level& level, double payload)
    {
        const double n = level.size;
        const double sent = payload * (n - 1) / n;
        return make(1, level.latency, sent / level.bandwidth, sent, CollectiveAlgorithm::Direct);
    }
    static CollectiveCost gatherRing(const Level& level, double payload)
    {
        CollectiveCost cost = gatherDirect(level, payload);
        cost.latencyTime = (level.size - 1) * level.latency;
        cost.time = cost.latencyTime + cost.transferTime;
        cost.algorithm = CollectiveAlgorithm::Ring;
        return cost;
    }

    /// Steps of a gather along one axis: both ways round a ring, or to the far end of a line.
    static int hops(const Axis& axis) { return axis.wrapped ? axis.size / 2 : axis.size - 1; }

    /// AllGather on a torus: along the axes one after the other, the data split among as many rotated orders as there are axes so that
    /// all of them work at once; each phase lasts as long as its slowest axis.
    static CollectiveCost gatherAxes(const Level& level, double payload, std::size_t orders)
    {
        const std::size_t count = level.axes.size();
        double n = 1;
        for (const Axis& axis : level.axes)
            n *= axis.size;
        std::array<double, 8> gathered{};
        gathered.fill(1);
        double transfer = 0;
        double steps = 0;
        double sent = 0;
        for (std::size_t phase = 0; phase < count; ++phase) {
            double longest = 0;
            double phaseSteps = 0;
            for (std::size_t order = 0; order < orders; ++order) {
                const Axis& axis = level.axes[(order + phase) % count];
                const double block = payload / static_cast<double>(orders) * gathered[order] / n;
                longest = std::max(longest, hops(axis) * block / axis.linkBandwidth);
                phaseSteps = std::max<double>(phaseSteps, hops(axis));
                sent += (axis.size - 1) * block;
                gathered[order] *= axis.size;
            }
            transfer += longest;
            steps += phaseSteps;
        }
        const CollectiveAlgorithm algorithm = count > 1                    ? CollectiveAlgorithm::TorusAxes
                                              : level.axes.front().wrapped ? CollectiveAlgorithm::BidirectionalRing
                                                                           : CollectiveAlgorithm::Line;
        return make(steps, level.latency, transfer, sent, algorithm);
    }

    static CollectiveCost gather(const Level& level, double payload)
    {
        if (level.topology == Topology::Switch || level.axes.empty())
            return gatherDirect(level, payload);
        const CollectiveCost one = gatherAxes(level, payload, 1);
        return level.axes.size() > 1 ? cheaper(one, gatherAxes(level, payload, level.axes.size())) : one;
    }

    /// AllToAll of V bytes per device. Switch: V (n-1)/n out of every device. Ring or line: the busiest link carries, per device, the mean
    /// distance; summed over pairs V/n^2 each: k^2/8 per direction on an even wrapped ring of k, k^2/4 across the middle of a line.
    static CollectiveCost exchange(const Level& level, double payload)
    {
        const double n = level.size;
        const double sent = payload * (n - 1) / n;
        if (level.topology == Topology::Switch || level.axes.empty())
            return make(1, level.latency, sent / level.bandwidth, sent, CollectiveAlgorithm::Direct);
        // Dimension by dimension, the data split among rotated orders so that every axis is always busy: the slowest axis sets the time.
        double transfer = 0;
        double steps = 0;
        for (const Axis& axis : level.axes) {
            const int half = axis.size / 2;
            const double pairs = half * (axis.size - half) * (axis.wrapped ? 0.5 : 1.0);
            transfer = std::max(transfer, payload / axis.size * pairs / axis.linkBandwidth);
            steps += hops(axis);
        }
        const CollectiveAlgorithm algorithm = level.axes.size() > 1        ? CollectiveAlgorithm::TorusAxes
                                              : level.axes.front().wrapped ? CollectiveAlgorithm::BidirectionalRing
                                                                           : CollectiveAlgorithm::Line;
        return make(steps, level.latency, transfer, sent, algorithm);
    }

    static void accumulate(CollectiveCost& sum, const CollectiveCost& part)
    {
        sum.time += part.time;
        sum.latencyTime += part.latencyTime;
        sum.transferTime += part.transferTime;
        sum.sentBytes += part.sentBytes;
        sum.algorithm = sum.algorithm == CollectiveAlgorithm::None ? part.algorithm : CollectiveAlgorithm::Hierarchical;
    }

    /// AllGather or ReduceScatter over all levels: the inner level works on V, the next on V over the inner size, and so on (a gather runs
    /// outermost first, a scatter innermost first; the sums are equal).
    template <class Gather>
    static CollectiveCost nestedGather(const GroupSpan& span, double payload, Gather&& gatherOn)
    {
        CollectiveCost sum;
        double share = payload;
        for (const Level& level : span.m_levels) {
            accumulate(sum, gatherOn(level, share));
            share /= level.size;
        }
        return sum;
    }

    /// AllToAll over all levels: within a level a device exchanges what is for peers it reaches there and no nearer.
    static CollectiveCost nestedExchange(const GroupSpan& span, double payload)
    {
        CollectiveCost sum;
        double outside = 1;
        for (const Level& level : span.m_levels)
            outside *= level.size;
        // Of V, the part for peers that share all levels further out than this one is 1/outside.
        for (const Level& level : span.m_levels) {
            outside /= level.size;
            accumulate(sum, exchange(level, payload / outside));
        }
        return sum;
    }
};

CollectiveCost GroupSpan::cost(Collective kind, double payload) const
{
    if (m_levels.empty() || payload <= 0 || kind == Collective::None)
        return {};
    using C = CollectiveCalculator;
    CollectiveCost result;
    switch (kind) {
    case Collective::AllReduce: result = C::twice(C::nestedGather(*this, payload, C::gather)); break;
    case Collective::AllGather:
    case Collective::ReduceScatter: result = C::nestedGather(*this, payload, C::gather); break;
    case Collective::AllToAll: result = C::nestedExchange(*this, payload); break;
    case Collective::Send:
    case Collective::None: return {};
    }
    result.outerLevel = m_levelIndex.back();
    return result;
}

std::vector<CollectiveCost> GroupSpan::alternatives(Collective kind, double payload) const
{
    std::vector<CollectiveCost> result;
    if (m_levels.empty() || payload <= 0 || kind == Collective::None)
        return result;
    result.push_back(cost(kind, payload));
    const bool gathers = kind == Collective::AllReduce || kind == Collective::AllGather || kind == Collective::ReduceScatter;
    if (gathers) {
        using C = CollectiveCalculator;
        const auto add = [&](auto&& gatherOn) {
            CollectiveCost other = C::nestedGather(*this, payload, gatherOn);
            if (kind == Collective::AllReduce)
                other = C::twice(other);
            other.outerLevel = m_levelIndex.back();
            result.push_back(other);
        };
        const Level& outer = m_levels.back();
        if (outer.topology == Topology::Switch)
            add([](const Level& level, double v) {
                return level.topology == Topology::Switch ? C::gatherRing(level, v) : C::gather(level, v);
            });
        else if (outer.axes.size() > 1)
            add([](const Level& level, double v) { return level.axes.size() > 1 ? C::gatherAxes(level, v, 1) : C::gather(level, v); });
    }
    std::stable_sort(result.begin(), result.end(), [](const CollectiveCost& a, const CollectiveCost& b) { return a.time < b.time; });
    return result;
}

CollectiveCost sendCost(const Cluster& cluster, int from, int to, double bytes)
{
    if (from == to || bytes <= 0)
        return {};
    std::int64_t inner = 1;
    for (std::size_t index = 0; index < cluster.levels.size(); ++index) {
        const FabricLevel& level = cluster.levels[index];
        const std::int64_t domain = inner * level.units();
        if (from / domain != to / domain && index + 1 < cluster.levels.size()) {
            inner = domain;
            continue;
        }
        double hops = 1;
        double bandwidth = level.bandwidth;
        if (level.topology != Topology::Switch) {
            // Dimension-ordered route over one link at a time.
            bandwidth /= 2.0 * static_cast<double>(level.extents.size());
            hops = 0;
            std::int64_t a = from / inner % level.units();
            std::int64_t b = to / inner % level.units();
            for (std::size_t axis = 0; axis < level.extents.size(); ++axis) {
                const std::int64_t extent = level.extents[axis];
                std::int64_t distance = std::abs(a % extent - b % extent);
                if (axis < level.wrap.size() && level.wrap[axis])
                    distance = std::min(distance, extent - distance);
                hops += static_cast<double>(distance);
                a /= extent;
                b /= extent;
            }
        }
        CollectiveCost cost = CollectiveCalculator::make(hops, level.latency, bytes / bandwidth, bytes, CollectiveAlgorithm::PointToPoint);
        cost.outerLevel = static_cast<int>(index);
        return cost;
    }
    return {};
}

} // namespace shardlens
