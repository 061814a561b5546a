// SPDX-License-Identifier: Apache-2.0
#include "core/collective/unevengroup.h"

#include "core/collective/algorithms.h"
#include "core/collective/arranged.h"
#include "core/collective/stagecost.h"

#include <algorithm>

namespace shardlens {

namespace {

using Lines = std::vector<CollectiveLine>;

/// An algorithm on a tier, once or - for an AllReduce, there and back - twice.
struct Step {
    const StageWay* way = nullptr;
    double times = 1;
};

bool beats(const StageWay& a, const StageWay& b)
{
    bool strictly = false;
    for (std::size_t g = 0; g < a.byGroup.size(); ++g) {
        const StageCost& x = a.byGroup[g];
        const StageCost& y = b.byGroup[g];
        if (x.latency > y.latency || x.seconds > y.seconds)
            return false;
        strictly = strictly || x.latency < y.latency || x.seconds < y.seconds;
    }
    return strictly;
}

/// Ways of one tier that none of its others beats for every group, and the rest.
struct TierWays {
    std::vector<StageWay> good;
    std::vector<StageWay> rest;

    explicit TierWays(std::vector<StageWay> ways)
    {
        std::vector<bool> beaten;
        beaten.reserve(ways.size());
        for (const StageWay& way : ways)
            beaten.push_back(std::any_of(ways.begin(), ways.end(), [&](const StageWay& other) { return beats(other, way); }));
        for (std::size_t i = 0; i < ways.size(); ++i)
            (beaten[i] ? rest : good).push_back(std::move(ways[i]));
    }
};

class Compiler {
public:
    explicit Compiler(const GroupSpread& spread) : m_spread(spread)
    {
        for (const TierSpread& tier : spread.tiers)
            m_ways.emplace_back(gatherWays(tier, spread.groups, Holding::ByMembers));
        for (const TierSpread& tier : spread.tiers) {
            const Topology topology = tier.tier.level->topology;
            m_switches = m_switches && topology == Topology::Switch;
            m_neighbours = m_neighbours || topology == Topology::Ring || topology == Topology::Torus;
        }
    }

    [[nodiscard]] Lines gathers() const
    {
        Lines lines = eachWithEach(m_ways.size(), 1, {});
        if (m_ways.size() > 1 && m_switches)
            lines.push_back(nestedRing());
        for (std::size_t i = 0; i < 2; ++i)
            addOther(i, lines);
        return lines;
    }

    /// ReduceScatter over the inner tiers, the outermost's own AllReduce, AllGather over the inner tiers.
    [[nodiscard]] Lines reduces(const Lines& gathers) const
    {
        const TierSpread& outermost = m_spread.tiers.back();
        const TierWays halves(gatherWays(outermost, m_spread.groups, Holding::Even));
        const std::vector<StageWay> wholes = reduceWays(outermost, m_spread.groups);
        std::vector<Step> outer;
        for (const StageWay& half : halves.good)
            outer.push_back({&half, 2});
        for (const StageWay& whole : wholes)
            outer.push_back({&whole, 1});
        Lines lines = eachWithEach(m_ways.size() - 1, 2, outer);
        if (m_ways.size() > 1 && !m_neighbours)
            lines.push_back(flood());
        for (CollectiveLine line : gathers) {
            line.latency *= 2;
            line.secondsPerByte *= 2;
            line.sentPerByte *= 2;
            line.algorithm = asAllReduce(line.algorithm);
            lines.push_back(line);
        }
        return lines;
    }

    [[nodiscard]] Lines exchanges() const
    {
        // A member's own bytes on its own tiers, one after the other; the busiest member decides.
        const auto members = static_cast<std::size_t>(m_spread.groups) * static_cast<std::size_t>(m_spread.size);
        std::vector<double> seconds(members, 0);
        std::vector<double> rounds(members, 0);
        std::vector<StageWay> direct;
        std::vector<StageWay> staged;
        std::vector<double> byPiece;
        for (const TierSpread& tier : m_spread.tiers) {
            direct.push_back(directWay(tier, m_spread.groups, Traffic::Exchange, Holding::ByMembers, m_spread.size, &byPiece));
            staged.push_back(directWay(tier, m_spread.groups, Traffic::Redistribute, Holding::ByMembers, m_spread.size));
            for (const Meeting& meeting : tier.meetings)
                for (std::size_t i = meeting.first; i < meeting.last; ++i) {
                    const Piece& piece = tier.pieces[i];
                    const auto first = static_cast<std::size_t>(meeting.group) * static_cast<std::size_t>(m_spread.size)
                                       + static_cast<std::size_t>(piece.firstRank);
                    for (std::size_t m = first; m < first + static_cast<std::size_t>(piece.count); ++m) {
                        seconds[m] += byPiece[i];
                        rounds[m] += (meeting.members - piece.count) * tier.tier.level->latency;
                    }
                }
        }
        CollectiveLine line = lineOf(stepsOf(direct), CollectiveAlgorithm::Direct);
        line.secondsPerByte = *std::max_element(seconds.begin(), seconds.end());
        Lines lines{line};
        if (m_switches && m_spread.size > 2) {
            line.algorithm = CollectiveAlgorithm::Pairwise;
            line.latency = *std::max_element(rounds.begin(), rounds.end());
            lines.push_back(line);
        }
        if (m_ways.size() > 1)
            lines.push_back(lineOf(stepsOf(staged), CollectiveAlgorithm::Hierarchical));
        return lines;
    }

private:
    static std::vector<Step> stepsOf(const std::vector<StageWay>& ways)
    {
        std::vector<Step> steps;
        steps.reserve(ways.size());
        for (const StageWay& way : ways)
            steps.push_back({&way, 1});
        return steps;
    }

    [[nodiscard]] CollectiveLine lineOf(const std::vector<Step>& steps, CollectiveAlgorithm algorithm) const
    {
        CollectiveLine line;
        line.algorithm = algorithm;
        line.outerLevel = static_cast<std::int16_t>(m_spread.tiers.back().tier.index);
        for (std::size_t g = 0; g < static_cast<std::size_t>(m_spread.groups); ++g) {
            StageCost sum;
            for (const Step& step : steps) {
                const StageCost& stage = step.way->byGroup[g];
                sum.latency += step.times * stage.latency;
                sum.seconds += step.times * stage.seconds;
                sum.sent += step.times * stage.sent;
            }
            line.latency = std::max(line.latency, sum.latency);
            line.secondsPerByte = std::max(line.secondsPerByte, sum.seconds);
            line.sentPerByte = std::max(line.sentPerByte, sum.sent);
        }
        for (const Step& step : steps)
            line.levels.add(step.way->algorithm);
        return line;
    }

    /// Named after its one tier's algorithm, or as hierarchical.
    [[nodiscard]] CollectiveLine programOf(const std::vector<Step>& steps) const
    {
        CollectiveLine line = lineOf(steps, CollectiveAlgorithm::Hierarchical);
        if (steps.size() == 1)
            line.algorithm = steps.front().times > 1 ? asAllReduce(steps.front().way->algorithm) : steps.front().way->algorithm;
        return line;
    }

    /// Each choice of good ways of the inner `tiers`, taken `times` times, with each of `outer`.
    [[nodiscard]] Lines eachWithEach(std::size_t tiers, double times, const std::vector<Step>& outer) const
    {
        std::vector<std::vector<Step>> programs{{}};
        const auto extend = [&programs](const std::vector<Step>& steps) {
            std::vector<std::vector<Step>> longer;
            for (const std::vector<Step>& program : programs)
                for (const Step& step : steps) {
                    longer.push_back(program);
                    longer.back().push_back(step);
                }
            programs = std::move(longer);
        };
        for (std::size_t t = 0; t < tiers; ++t) {
            std::vector<Step> steps;
            for (const StageWay& way : m_ways[t].good)
                steps.push_back({&way, times});
            extend(steps);
        }
        if (!outer.empty())
            extend(outer);
        Lines lines;
        for (const std::vector<Step>& program : programs)
            lines.push_back(programOf(program));
        return lines;
    }

    /// What the tiers do not choose: the i-th of the rest of each, or its first good one where there are no more.
    void addOther(std::size_t i, Lines& lines) const
    {
        std::vector<Step> steps;
        bool other = false;
        for (const TierWays& ways : m_ways) {
            other = other || i < ways.rest.size();
            steps.push_back({i < ways.rest.size() ? &ways.rest[i] : &ways.good.front(), 1});
        }
        if (other)
            lines.push_back(programOf(steps));
    }

    /// One ring through nested switches, rotated so that the links of the members of a node share what leaves it.
    [[nodiscard]] CollectiveLine nestedRing() const
    {
        CollectiveLine line;
        const double rest = (m_spread.size - 1.0) / m_spread.size;
        std::vector<double> latency(static_cast<std::size_t>(m_spread.groups), 0);
        double slowest = 0;
        for (std::size_t t = 0; t < m_spread.tiers.size(); ++t) {
            const TierSpread& tier = m_spread.tiers[t];
            for (std::size_t g = 0; g < latency.size(); ++g) {
                const int further = t + 1 < m_spread.tiers.size() ? m_spread.tiers[t + 1].unitsOf[g] : 1;
                latency[g] += (tier.unitsOf[g] - further) * tier.tier.level->latency;
            }
            for (const Meeting& meeting : tier.meetings)
                for (std::size_t i = meeting.first; i < meeting.last; ++i)
                    slowest = std::max(slowest, 1 / (tier.pieces[i].count * tier.tier.bandwidth));
        }
        line.latency = *std::max_element(latency.begin(), latency.end());
        line.secondsPerByte = rest * slowest;
        line.sentPerByte = rest;
        line.algorithm = CollectiveAlgorithm::NestedRing;
        line.outerLevel = static_cast<std::int16_t>(m_spread.tiers.back().tier.index);
        return line;
    }

    /// Everything to everybody on each tier: fewest steps, for small payloads.
    [[nodiscard]] CollectiveLine flood() const
    {
        std::vector<StageWay> ways;
        for (const TierSpread& tier : m_spread.tiers)
            ways.push_back(directWay(tier, m_spread.groups, Traffic::WholeEach, Holding::Even, m_spread.size));
        return lineOf(stepsOf(ways), CollectiveAlgorithm::OneShot);
    }

    const GroupSpread& m_spread;
    std::vector<TierWays> m_ways;
    bool m_switches = true;
    bool m_neighbours = false;
};

/// The best of many lines first, so that nothing that matters is left out.
CollectiveLines bestOf(const Lines& lines)
{
    InlineList<CollectiveLine, 128> kept;
    for (const bool wantsBeaten : {false, true})
        for (const CollectiveLine& line : lines) {
            const bool beaten = std::any_of(lines.begin(), lines.end(), [&](const CollectiveLine& by) { return isBeaten(line, by); });
            const bool known = std::any_of(kept.begin(), kept.end(), [&](const CollectiveLine& other) {
                return other.algorithm == line.algorithm && other.latency == line.latency && other.secondsPerByte == line.secondsPerByte;
            });
            if (beaten == wantsBeaten && !known)
                kept.add(line);
        }
    return arranged(kept);
}

/// Distinct coordinates along an axis, of the meeting with most.
int mostAlong(const TierSpread& spread, int inner, int extent)
{
    std::size_t most = 1;
    for (const Meeting& meeting : spread.meetings) {
        std::vector<bool> used(static_cast<std::size_t>(extent), false);
        for (std::size_t i = meeting.first; i < meeting.last; ++i)
            used[static_cast<std::size_t>(spread.pieces[i].position / inner % extent)] = true;
        most = std::max(most, static_cast<std::size_t>(std::count(used.begin(), used.end(), true)));
    }
    return static_cast<int>(most);
}

LevelUse useOf(const TierSpread& spread)
{
    const FabricLevel& level = *spread.tier.level;
    LevelUse use;
    use.index = spread.tier.index;
    use.size = spread.mostUnits();
    use.bandwidth = spread.tier.bandwidth;
    use.leafUnits = spread.tier.leafUnits;
    use.leaves = spread.tier.leaves;
    const bool tree = level.topology == Topology::PcieTree;
    if (tree || level.topology == Topology::Ring || level.topology == Topology::Torus) {
        int inner = 1;
        int members = 1;
        for (std::size_t a = 0; a < std::min(level.extents.size(), kMaxAxes); ++a) {
            AxisUse axis;
            axis.index = static_cast<int>(a);
            axis.size = mostAlong(spread, inner, level.extents[a]);
            axis.share = tree ? std::max(1, inner / members) : 1;
            axis.wrapped = !tree && axis.size == level.extents[a] && a < level.wrap.size() && level.wrap[a];
            axis.linkBandwidth = level.linkBandwidth(a) / axis.share;
            if (tree || axis.size > 1)
                use.axes[use.axisCount++] = axis;
            inner *= level.extents[a];
            members *= axis.size;
        }
    }
    if (level.topology == Topology::CubeMesh) {
        bool first = true;
        for (const Meeting& meeting : spread.meetings) {
            const CubeRings cube = cubeRings(spread, meeting);
            if (first || cube.bandwidth < use.ringBandwidth) {
                use.ringBandwidth = cube.bandwidth;
                use.rings = cube.rings;
            }
            first = false;
        }
    }
    return use;
}

struct Known {
    std::vector<FabricLevel> levels;
    DeviceGroup group;
    int devices = 0;
    std::shared_ptr<const UnevenGroup> answer;
};

} // namespace

std::shared_ptr<const UnevenGroup> unevenGroup(const GroupSpread& spread)
{
    if (spread.groups == 0 || spread.tiers.empty() || spread.tracedPairs() > kMostTracedPairs)
        return nullptr;
    const Compiler compiler(spread);
    auto result = std::make_shared<UnevenGroup>();
    const Lines gathers = compiler.gathers();
    result->gather = bestOf(gathers);
    result->reduce = bestOf(compiler.reduces(gathers));
    result->exchange = bestOf(compiler.exchanges());
    result->participants.fill(1);
    for (const TierSpread& tier : spread.tiers)
        result->participants[static_cast<std::size_t>(tier.tier.index)] *= tier.mostUnits();
    for (const TierSpread& tier : spread.tiers)
        result->levels.add(useOf(tier));
    result->isEven = spread.isEven();
    return result;
}

std::shared_ptr<const UnevenGroup> unevenGroup(const Cluster& cluster, const DeviceGroup& group, int devices)
{
    constexpr std::size_t kMost = 512;
    static thread_local std::vector<Known> known;
    for (std::size_t i = known.size(); i-- > 0;)
        if (known[i].group == group && known[i].devices == devices && known[i].levels == cluster.levels)
            return known[i].answer;
    if (known.size() == kMost)
        known.erase(known.begin(), known.begin() + kMost / 2);
    known.push_back({cluster.levels, group, devices, nullptr});
    known.back().answer = unevenGroup(spreadGroups(cluster, group, devices));
    return known.back().answer;
}

} // namespace shardlens
