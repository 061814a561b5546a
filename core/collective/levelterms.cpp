// SPDX-License-Identifier: Apache-2.0
#include "core/collective/levelterms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace shardlens {

namespace {

/// Small enough that no other axis or group becomes the slowest unless they are as slow already, large enough that differences keep eleven
/// figures.
constexpr double kSlower = 1.0 / 65536;

/// The line that `line` has become where links are a little slower. Of algorithms that take as long only one may be left; it will do.
std::optional<CollectiveLine> successor(const std::vector<CollectiveLine>& lines, const CollectiveLine& line)
{
    const auto distance = [](double a, double b) { return b > 0 ? std::abs(a / b - 1) : a > 0 ? 1.0 : 0.0; };
    std::optional<CollectiveLine> nearest;
    for (const bool same : {true, false}) {
        double least = 3 * kSlower;
        for (const CollectiveLine& each : lines) {
            if (same && (each.algorithm != line.algorithm || each.levels != line.levels || each.outerLevel != line.outerLevel))
                continue;
            const double off = std::max(distance(each.latency, line.latency), distance(each.secondsPerByte, line.secondsPerByte));
            if (off < least) {
                least = off;
                nearest = each;
            }
        }
        if (nearest)
            return nearest;
    }
    return nearest;
}

double wholeIfNear(double steps)
{
    const double whole = std::round(steps);
    return std::abs(steps - whole) < 1e-4 * std::max(1.0, whole) ? whole : steps;
}

/// Bytes/s of a device on a level, over all links of its axes; between the leaves of an oversubscribed switch, or inside them.
double bandwidthOf(const FabricLevel& level, const std::vector<AxisLink>& links, int index, bool betweenLeaves)
{
    double sum = 0;
    for (const AxisLink& link : links)
        if (link.level == index && (link.leaves > 0) == betweenLeaves)
            sum += link.bandwidth;
    return sum > 0 ? sum : betweenLeaves ? level.bandwidth / level.oversubscription : level.bandwidth;
}

/// Makes the levels slower one after the other and notes by how much the line grows each time.
class Path {
public:
    Path(const Cluster& cluster, const LinesOn& linesOn, const CollectiveLine& line) : m_cluster(cluster), m_linesOn(linesOn), m_line(line)
    {}
    [[nodiscard]] bool isLost() const { return m_lost; }
    /// What the line's latency grows by, undivided by the factor.
    template <class Slow>
    double latencyOf(const Slow& slow)
    {
        const double before = m_line.latency;
        step(slow);
        return (m_line.latency - before) / kSlower;
    }
    template <class Slow>
    double secondsOf(const Slow& slow)
    {
        const double before = m_line.secondsPerByte;
        step(slow);
        return (m_line.secondsPerByte - before) / kSlower;
    }

private:
    template <class Slow>
    void step(const Slow& slow)
    {
        slow(m_cluster.levels);
        const std::optional<CollectiveLine> next = m_lost ? std::nullopt : successor(m_linesOn(m_cluster), m_line);
        m_lost = !next;
        if (next)
            m_line = *next;
    }

    Cluster m_cluster;
    const LinesOn& m_linesOn;
    CollectiveLine m_line;
    bool m_lost = false;
};

void slowDown(FabricLevel& level)
{
    const double factor = 1 / (1 + kSlower);
    level.bandwidth *= factor;
    level.hostBandwidth *= factor;
    for (double& axis : level.axisBandwidth)
        axis *= factor;
}

/// What rounding has left out goes to the largest, so that the sum is the line's.
void settle(std::vector<LevelTerm>& terms, double transfer)
{
    double rest = transfer;
    for (const LevelTerm& term : terms)
        rest -= term.transferTime();
    const auto largest = std::max_element(terms.begin(), terms.end(),
                                          [](const LevelTerm& a, const LevelTerm& b) { return a.transferTime() < b.transferTime(); });
    if (largest != terms.end() && largest->bytes > 0)
        largest->bytes += rest * largest->bandwidth;
}

std::vector<int> levelsOf(const Cluster& cluster, const std::vector<AxisLink>& links, const CollectiveLine& line)
{
    std::vector<int> levels;
    for (const AxisLink& link : links)
        if (link.level <= line.outerLevel && (levels.empty() || levels.back() != link.level))
            levels.push_back(link.level);
    if (levels.empty() && line.outerLevel >= 0 && line.outerLevel < static_cast<int>(cluster.levels.size()))
        levels.push_back(line.outerLevel);
    return levels;
}

} // namespace

std::vector<LevelTerm> levelTerms(const Cluster& cluster, const std::vector<AxisLink>& links, const LinesOn& linesOn,
                                  const CollectiveLine& line, double payload)
{
    const std::vector<int> used = levelsOf(cluster, links, line);
    std::vector<LevelTerm> terms;
    Path latencies(cluster, linesOn, line);
    Path transfers(cluster, linesOn, line);
    const bool alone = used.size() == 1;
    for (const int index : used) {
        const auto at = static_cast<std::size_t>(index);
        const FabricLevel& level = cluster.levels[at];
        LevelTerm term{index, false, 0, level.latency, 0, bandwidthOf(level, links, index, false)};
        if (level.latency > 0)
            term.steps = wholeIfNear(
                (alone ? line.latency : latencies.latencyOf([at](std::vector<FabricLevel>& levels) { levels[at].latency *= 1 + kSlower; }))
                / level.latency);
        double beyond = 0;
        const bool leaves = level.topology == Topology::Switch && level.oversubscription > 1;
        if (leaves)
            beyond = transfers.secondsOf([at](std::vector<FabricLevel>& levels) { levels[at].oversubscription *= 1 + kSlower; });
        double seconds = line.secondsPerByte - beyond;
        if (!alone)
            seconds = transfers.secondsOf([at, original = level](std::vector<FabricLevel>& levels) {
                levels[at].oversubscription = original.oversubscription;
                slowDown(levels[at]);
            });
        const auto bytes = [payload](double each, double bandwidth) { return std::max(0.0, each * payload * bandwidth); };
        term.bytes = bytes(seconds, term.bandwidth);
        if (std::abs(seconds) < 1e-9 * line.secondsPerByte)
            term.bytes = 0;
        if (term.steps > 0 || term.bytes > 0)
            terms.push_back(term);
        if (beyond > 1e-9 * line.secondsPerByte) {
            LevelTerm between{index, true, 0, level.latency, 0, bandwidthOf(level, links, index, true)};
            between.bytes = bytes(beyond, between.bandwidth);
            terms.push_back(between);
        }
    }
    if (latencies.isLost() || transfers.isLost())
        return {};
    settle(terms, payload * line.secondsPerByte);
    return terms;
}

std::vector<LevelTerm> levelTerms(const Cluster& cluster, const DeviceGroup& group, int devices, Collective kind,
                                  const CollectiveCost& cost, double payload)
{
    const LinesOn linesOn = [&](const Cluster& slower) {
        const GroupSpan span(slower, group, devices);
        const std::span<const CollectiveLine> all = span.lines(kind).all(); // looks into it
        return std::vector<CollectiveLine>(all.begin(), all.end());
    };
    for (const CollectiveLine& line : linesOn(cluster))
        if (line.algorithm == cost.algorithm && line.levels == cost.levels && line.latency == cost.latencyTime
            && payload * line.secondsPerByte == cost.transferTime)
            return levelTerms(cluster, axisRow(cluster, group, {}, devices).links, linesOn, line, payload);
    return {};
}

std::vector<LevelTerm> sendTerms(const Cluster& cluster, const CollectiveCost& cost, double payload)
{
    if (cost.outerLevel < 0 || !(cost.transferTime > 0))
        return {};
    const double latency = cluster.levels[static_cast<std::size_t>(cost.outerLevel)].latency;
    return {
        {cost.outerLevel, false, latency > 0 ? wholeIfNear(cost.latencyTime / latency) : 0, latency, payload, payload / cost.transferTime}};
}

} // namespace shardlens
