// SPDX-License-Identifier: Apache-2.0
#include "core/collective/algorithms.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace shardlens {

namespace {

CollectiveLine line(const LevelUse& use, double steps, double secondsPerByte, double sentPerByte, CollectiveAlgorithm algorithm)
{
    return {steps * use.level->latency, secondsPerByte, sentPerByte, algorithm, static_cast<std::int16_t>(use.index)};
}

int log2Ceil(int n)
{
    return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1)));
}

bool isPowerOfTwo(int n)
{
    return std::has_single_bit(static_cast<unsigned>(n));
}

/// Host tree: seconds per byte of V over the fullest link while each unit's members send `leaving(members below, all)` x V in total.
template <class Leaving>
double treeSeconds(const LevelUse& use, Leaving&& leaving)
{
    double longest = 0;
    int below = 1;
    for (std::size_t tier = 0; tier < use.axisCount; ++tier) {
        if (below < use.size)
            longest = std::max(longest, leaving(below, use.size) / use.axes[tier].linkBandwidth);
        below *= use.axes[tier].size;
    }
    return longest;
}

/// Every member sends V/n to every member that is not under the same unit.
double treeDirectSeconds(const LevelUse& use)
{
    return treeSeconds(use, [](int below, int all) { return static_cast<double>(below) * (all - below) / all; });
}

/// Every member sends V/n to every other at once: its piece of a gather, or the other's part of an exchange.
CollectiveLine directLine(const LevelUse& use)
{
    const double n = use.size;
    const double rest = (n - 1) / n;
    double seconds = rest / use.bandwidth;
    if (use.level->topology == Topology::FullMesh)
        seconds = 1 / n / use.level->linkBandwidth();
    else if (use.level->topology == Topology::CubeMesh)
        seconds = use.directSeconds / n;
    else if (use.level->topology == Topology::PcieTree)
        seconds = treeDirectSeconds(use);
    return line(use, 1, seconds, rest, CollectiveAlgorithm::Direct);
}

/// Torus: axes one phase after the other, the data split among `orders` rotations of `axes` so that as many of them work at once; each
/// phase lasts as long as its slowest axis.
struct AxesCost {
    double steps = 0;
    double seconds = 0;
    double sent = 0;
    double size = 1;
};

AxesCost gatherAxes(std::span<const AxisUse> axes, std::size_t orders, double share)
{
    AxesCost cost;
    for (const AxisUse& axis : axes)
        cost.size *= axis.size;
    std::array<double, kMaxAxes> gathered{};
    gathered.fill(1);
    for (std::size_t phase = 0; phase < axes.size(); ++phase) {
        double longest = 0;
        double phaseSteps = 0;
        for (std::size_t order = 0; order < orders; ++order) {
            const AxisUse& axis = axes[(order + phase) % axes.size()];
            const double block = share / static_cast<double>(orders) * gathered[order] / cost.size;
            longest = std::max(longest, hopsAlong(axis) * block / axis.linkBandwidth);
            phaseSteps = std::max<double>(phaseSteps, hopsAlong(axis) * axis.share);
            cost.sent += (axis.size - 1) * block;
            gathered[order] *= axis.size;
        }
        cost.seconds += longest;
        cost.steps += phaseSteps;
    }
    return cost;
}

void addTorusGathers(const LevelUse& use, LevelLines& lines)
{
    const std::span<const AxisUse> given{use.axes.data(), use.axisCount};
    if (given.size() == 1) {
        const AxisUse& axis = given.front();
        const double n = axis.size;
        const AxesCost both = gatherAxes(given, 1, 1);
        lines.add(line(use, both.steps, both.seconds, both.sent,
                       axis.wrapped ? CollectiveAlgorithm::BidirectionalRing : CollectiveAlgorithm::Line));
        if (axis.wrapped)
            lines.add(line(use, (n - 1) * axis.share, (n - 1) / n / axis.linkBandwidth, (n - 1) / n, CollectiveAlgorithm::Ring));
        return;
    }
    const AxesCost together = gatherAxes(given, given.size(), 1);
    lines.add(line(use, together.steps, together.seconds, together.sent, CollectiveAlgorithm::TorusAxes));
    // A gather crosses slow links first, while the pieces are small.
    std::array<AxisUse, kMaxAxes> sorted = use.axes;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(given.size());
    std::stable_sort(sorted.begin(), end, [](const AxisUse& a, const AxisUse& b) { return a.linkBandwidth < b.linkBandwidth; });
    const std::span<const AxisUse> slowFirst{sorted.data(), given.size()};
    if (slowFirst.front().linkBandwidth < slowFirst.back().linkBandwidth) {
        AxesCost sum;
        double share = 1; // of V that the axes at hand gather, the fastest last and thus first here
        for (std::size_t last = slowFirst.size(); last > 0;) {
            std::size_t first = last - 1;
            while (first > 0 && slowFirst[first - 1].linkBandwidth == slowFirst[last - 1].linkBandwidth)
                --first;
            const AxesCost part = gatherAxes(slowFirst.subspan(first, last - first), last - first, share);
            sum.steps += part.steps;
            sum.seconds += part.seconds;
            sum.sent += part.sent;
            share /= part.size;
            last = first;
        }
        lines.add(line(use, sum.steps, sum.seconds, sum.sent, CollectiveAlgorithm::EqualAxes));
    }
    const AxesCost single = gatherAxes(slowFirst, 1, 1);
    lines.add(line(use, single.steps, single.seconds, single.sent, CollectiveAlgorithm::AxisByAxis));
}

} // namespace

int hopsAlong(const AxisUse& axis)
{
    return axis.wrapped ? axis.size / 2 : axis.size - 1;
}

LevelLines gatherLines(const LevelUse& use)
{
    LevelLines lines;
    const double n = use.size;
    const double rest = (n - 1) / n;
    switch (use.level->topology) {
    case Topology::Switch:
        lines.add(directLine(use));
        if (use.size > 2 && isPowerOfTwo(use.size))
            lines.add(line(use, log2Ceil(use.size), rest / use.bandwidth, rest, CollectiveAlgorithm::RecursiveDoubling));
        if (use.size > 2)
            lines.add(line(use, n - 1, rest / use.bandwidth, rest, CollectiveAlgorithm::Ring));
        break;
    case Topology::FullMesh: {
        const double link = use.level->linkBandwidth();
        lines.add(directLine(use));
        if (use.size > 2 && isPowerOfTwo(use.size)) // one link at a time
            lines.add(line(use, log2Ceil(use.size), rest / link, rest, CollectiveAlgorithm::RecursiveDoubling));
        if (use.size > 2) // two of the links, half of the data each way round
            lines.add(line(use, n - 1, rest / (2 * link), rest, CollectiveAlgorithm::Ring));
        break;
    }
    case Topology::CubeMesh:
        if (use.size > 2)
            lines.add(line(use, n - 1, rest / use.ringBandwidth, rest, CollectiveAlgorithm::RingPacking));
        lines.add(directLine(use));
        break;
    case Topology::PcieTree:
        lines.add(directLine(use));
        if (use.size > 2) // neighbours in tree order: each link carries the ring once in each direction
            lines.add(line(use, n - 1, treeSeconds(use, [rest](int, int) { return rest; }), rest, CollectiveAlgorithm::Ring));
        break;
    case Topology::Ring:
    case Topology::Torus: addTorusGathers(use, lines); break;
    }
    return lines;
}

LevelLines reduceLines(const LevelUse& use)
{
    LevelLines lines;
    const double n = use.size;
    switch (use.level->topology) {
    case Topology::Switch:
        if (use.level->inNetworkReduction)
            lines.add(line(use, 2, (n + 1) / n / use.bandwidth, (n + 1) / n, CollectiveAlgorithm::InNetwork));
        if (use.size > 2) // a group of two: TwoShot moves half as much
            lines.add(line(use, 2.0 * log2Ceil(use.size), 2 / use.bandwidth, 2, CollectiveAlgorithm::Tree));
        lines.add(line(use, 1, (n - 1) / use.bandwidth, n - 1, CollectiveAlgorithm::OneShot));
        break;
    case Topology::FullMesh: lines.add(line(use, 1, 1 / use.level->linkBandwidth(), n - 1, CollectiveAlgorithm::OneShot)); break;
    case Topology::CubeMesh: lines.add(line(use, 1, use.directSeconds, n - 1, CollectiveAlgorithm::OneShot)); break;
    case Topology::PcieTree: lines.add(line(use, 1, n * treeDirectSeconds(use), n - 1, CollectiveAlgorithm::OneShot)); break;
    case Topology::Ring:
    case Topology::Torus: break; // neighbours only: both halves run along the axes
    }
    return lines;
}

LevelLines exchangeLines(const LevelUse& use)
{
    LevelLines lines;
    const double n = use.size;
    const double rest = (n - 1) / n;
    switch (use.level->topology) {
    case Topology::Switch:
        lines.add(directLine(use));
        if (use.size > 2)
            lines.add(line(use, n - 1, rest / use.bandwidth, rest, CollectiveAlgorithm::Pairwise));
        break;
    case Topology::FullMesh: {
        const double link = use.level->linkBandwidth();
        lines.add(directLine(use));
        if (use.size > 2)
            lines.add(line(use, n - 1, rest / link, rest, CollectiveAlgorithm::Pairwise));
        break;
    }
    case Topology::CubeMesh: {
        lines.add(directLine(use));
        if (use.size > 2 && use.rings > 0) {
            // Data passes on average n/4 hops round each ring, the shorter way.
            const int half = use.size / 2;
            const double pairs = 0.5 * half * (use.size - half);
            const double oneWay = use.ringBandwidth / 2; // of all rings in one direction
            lines.add(line(use, half, pairs / n / oneWay, 2 * pairs / n, CollectiveAlgorithm::RingPacking));
        }
        break;
    }
    case Topology::PcieTree: {
        lines.add(directLine(use));
        if (use.size > 2) {
            // n - 1 rounds in which everybody crosses the same tier at worst.
            const double round =
                treeSeconds(use, [](int below, int all) { return static_cast<double>(std::min(below, all - below)) / all; });
            lines.add(line(use, n - 1, (n - 1) * round, rest, CollectiveAlgorithm::Pairwise));
        }
        break;
    }
    case Topology::Ring:
    case Topology::Torus: {
        // The busiest link carries, per pair V/n^2 each: k^2/8 pairs per direction on a wrapped ring of k, k^2/4 across the middle of a
        // line. Dimension by dimension, the data split among rotated orders so that every axis is busy: the slowest sets the time.
        double seconds = 0;
        double steps = 0;
        double sent = 0;
        for (std::size_t a = 0; a < use.axisCount; ++a) {
            const AxisUse& axis = use.axes[a];
            const int half = axis.size / 2;
            const double pairs = half * (axis.size - half) * (axis.wrapped ? 0.5 : 1.0);
            seconds = std::max(seconds, pairs / axis.size / axis.linkBandwidth);
            steps += hopsAlong(axis) * axis.share;
            const double k = axis.size; // hops from one device to all others, over k destinations
            sent += axis.wrapped ? 2 * pairs / k : (k * k - 1) / (3 * k);
        }
        const CollectiveAlgorithm algorithm = use.axisCount > 1     ? CollectiveAlgorithm::TorusAxes
                                              : use.axes[0].wrapped ? CollectiveAlgorithm::BidirectionalRing
                                                                    : CollectiveAlgorithm::Line;
        lines.add(line(use, steps, seconds, sent, algorithm));
        break;
    }
    }
    return lines;
}

} // namespace shardlens
