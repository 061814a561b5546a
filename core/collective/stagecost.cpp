// SPDX-License-Identifier: Apache-2.0
#include "core/collective/stagecost.h"

#include "core/collective/grouplayout.h"
#include "core/collective/wiring.h"

#include <algorithm>
#include <bit>

namespace shardlens {

namespace {

int log2Ceil(int n)
{
    return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1)));
}

double heldBy(const Piece& piece, const Meeting& meeting, Holding holding)
{
    return holding == Holding::Even ? 1.0 / meeting.units() : static_cast<double>(piece.count) / meeting.members;
}

/// What a pair moves, factored: scale x from(u) x to(v).
struct Factors {
    double scale = 1;
    bool from = false; ///< times the members of the sender
    bool to = false;   ///< times those of the receiver
};

Factors factorsOf(Traffic traffic, Holding holding, const Meeting& meeting, int groupSize)
{
    switch (traffic) {
    case Traffic::Gather:
        if (holding == Holding::ByMembers)
            return {1.0 / meeting.members, true, false};
        return {1.0 / meeting.units(), false, false};
    case Traffic::Whole: break;
    case Traffic::WholeEach: return {1, false, true};
    case Traffic::Exchange: return {1.0 / groupSize, true, true};
    case Traffic::Redistribute: return {1.0 / meeting.members, true, true};
    }
    return {1, false, false};
}

/// Bytes on every link of every instance of a tier, for V = 1.
class Loads {
public:
    explicit Loads(const TierSpread& spread) : m_wiring(spread.tier)
    {
        for (const Meeting& meeting : spread.meetings)
            m_domains = std::max(m_domains, static_cast<std::size_t>(meeting.domain) + 1);
        m_bytes.assign(m_domains * m_wiring.links(), 0);
    }
    /// Returns the hops.
    int add(const Meeting& meeting, int from, int to, double bytes)
    {
        const int hops = m_wiring.route(from, to, m_route);
        for (const Passage& passage : m_route)
            m_bytes[at(meeting, passage.link)] += bytes * passage.part;
        return hops;
    }
    /// Seconds per byte of V until the fullest link of a route is done.
    double seconds(const Meeting& meeting, int from, int to)
    {
        m_wiring.route(from, to, m_route);
        double longest = 0;
        for (const Passage& passage : m_route)
            longest = std::max(longest, m_bytes[at(meeting, passage.link)] / m_wiring.capacity(passage.link));
        return longest;
    }

private:
    [[nodiscard]] std::size_t at(const Meeting& meeting, std::size_t link) const
    {
        return static_cast<std::size_t>(meeting.domain) * m_wiring.links() + link;
    }
    Wiring m_wiring;
    std::size_t m_domains = 0;
    std::vector<double> m_bytes;
    std::vector<Passage> m_route;
};

bool isSwitch(const TierSpread& spread)
{
    return spread.tier.level->topology == Topology::Switch;
}

/// A group waits for the slowest of its meetings.
void merge(StageCost& cost, double latency, double seconds, double sent)
{
    cost.latency = std::max(cost.latency, latency);
    cost.seconds = std::max(cost.seconds, seconds);
    cost.sent = std::max(cost.sent, sent);
}

StageWay emptyWay(CollectiveAlgorithm algorithm, int groups)
{
    return {algorithm, std::vector<StageCost>(static_cast<std::size_t>(groups))};
}

/// Behind a switch: steps and bytes that all units send, by the number of units; bytes that pass each unit's links, by piece.
template <class Steps, class Sent, class Passed>
StageWay switchWay(const TierSpread& spread, int groups, CollectiveAlgorithm algorithm, Steps&& steps, Sent&& sent, Passed&& passed)
{
    StageWay way = emptyWay(algorithm, groups);
    for (const Meeting& meeting : spread.meetings) {
        double longest = 0;
        for (std::size_t i = meeting.first; i < meeting.last; ++i)
            longest = std::max(longest, passed(meeting, i) / (spread.pieces[i].count * spread.tier.bandwidth));
        const int units = meeting.units();
        merge(way.byGroup[static_cast<std::size_t>(meeting.group)], steps(units) * spread.tier.level->latency, longest,
              sent(units) / meeting.members);
    }
    return way;
}

/// Order of a ring through the units that meet: by rank, or back and forth along the first axis of a torus.
std::vector<std::size_t> ringOrder(const TierSpread& spread, const Meeting& meeting, bool backAndForth)
{
    std::vector<std::size_t> order;
    for (std::size_t i = meeting.first; i < meeting.last; ++i)
        order.push_back(i);
    if (!backAndForth)
        return order;
    const int extent = spread.tier.level->extents.front();
    const auto place = [&](std::size_t i) {
        const int row = spread.pieces[i].position / extent;
        const int column = spread.pieces[i].position % extent;
        return row * extent + (row % 2 == 0 ? column : extent - 1 - column);
    };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
    return order;
}

/// What passes from each unit of the ring to the next, and to the one before.
struct RingTraffic {
    std::vector<double> forward;
    std::vector<double> backward;
    int steps = 0;
};

RingTraffic ringTraffic(const std::vector<double>& held, CollectiveAlgorithm algorithm)
{
    const std::size_t n = held.size();
    RingTraffic traffic{std::vector<double>(n, 0), std::vector<double>(n, 0), static_cast<int>(n) - 1};
    double all = 0;
    for (const double each : held)
        all += each;
    for (std::size_t i = 0; i < n; ++i) {
        if (algorithm == CollectiveAlgorithm::Ring) { // everything but what the next one had from the start
            traffic.forward[i] = all - held[(i + 1) % n];
            continue;
        }
        if (algorithm == CollectiveAlgorithm::Line) { // outwards from each; no link closes it
            for (std::size_t j = 0; j < n; ++j)
                (j <= i ? traffic.forward[i] : traffic.backward[(i + 1) % n]) += held[j];
            continue;
        }
        const std::size_t ahead = n / 2; // both ways round: half of the others from either side
        for (std::size_t j = 0; j + 1 < n; ++j)
            if (j < ahead)
                traffic.forward[i] += held[(i + n - j) % n];
            else
                traffic.backward[i] += held[(i + j - ahead) % n];
    }
    if (algorithm == CollectiveAlgorithm::Line)
        traffic.forward[n - 1] = traffic.backward[0] = 0;
    if (algorithm == CollectiveAlgorithm::BidirectionalRing)
        traffic.steps = static_cast<int>(n / 2);
    return traffic;
}

StageWay ringWay(const TierSpread& spread, int groups, Holding holding, CollectiveAlgorithm algorithm, bool backAndForth)
{
    StageWay way = emptyWay(algorithm, groups);
    Loads loads(spread);
    struct Plan {
        std::vector<std::size_t> order;
        RingTraffic traffic;
    };
    std::vector<Plan> plans;
    const auto eachHop = [&](const Plan& plan, auto&& visit) {
        const std::size_t n = plan.order.size();
        for (std::size_t i = 0; i < n; ++i) {
            const int from = spread.pieces[plan.order[i]].position;
            if (plan.traffic.forward[i] > 0)
                visit(from, spread.pieces[plan.order[(i + 1) % n]].position, plan.traffic.forward[i]);
            if (plan.traffic.backward[i] > 0)
                visit(from, spread.pieces[plan.order[(i + n - 1) % n]].position, plan.traffic.backward[i]);
        }
    };
    for (const Meeting& meeting : spread.meetings) {
        Plan plan{ringOrder(spread, meeting, backAndForth), {}};
        std::vector<double> held;
        for (const std::size_t i : plan.order)
            held.push_back(heldBy(spread.pieces[i], meeting, holding));
        plan.traffic = ringTraffic(held, algorithm);
        int farthest = 0;
        double bytes = 0;
        eachHop(plan, [&](int from, int to, double part) {
            const int hops = loads.add(meeting, from, to, part);
            farthest = std::max(farthest, hops);
            bytes += hops * part;
        });
        merge(way.byGroup[static_cast<std::size_t>(meeting.group)], plan.traffic.steps * farthest * spread.tier.level->latency, 0,
              bytes / meeting.members);
        plans.push_back(std::move(plan));
    }
    for (std::size_t m = 0; m < plans.size(); ++m) {
        StageCost& cost = way.byGroup[static_cast<std::size_t>(spread.meetings[m].group)];
        eachHop(plans[m],
                [&](int from, int to, double) { cost.seconds = std::max(cost.seconds, loads.seconds(spread.meetings[m], from, to)); });
    }
    return way;
}

/// Cube mesh: all rings that the wiring holds through these units.
StageWay packedWay(const TierSpread& spread, int groups, Holding holding)
{
    StageWay way = emptyWay(CollectiveAlgorithm::RingPacking, groups);
    for (const Meeting& meeting : spread.meetings) {
        double most = 0;
        int fewest = meeting.members;
        for (std::size_t i = meeting.first; i < meeting.last; ++i) {
            most = std::max(most, 1 - heldBy(spread.pieces[i], meeting, holding));
            fewest = std::min(fewest, spread.pieces[i].count);
        }
        merge(way.byGroup[static_cast<std::size_t>(meeting.group)], (meeting.units() - 1) * spread.tier.level->latency,
              most / (fewest * cubeRings(spread, meeting).bandwidth), (meeting.units() - 1.0) / meeting.members);
    }
    return way;
}

void addSwitchGathers(const TierSpread& spread, int groups, Holding holding, std::vector<StageWay>& ways)
{
    const bool doubling = std::all_of(spread.meetings.begin(), spread.meetings.end(),
                                      [](const Meeting& meeting) { return std::has_single_bit(static_cast<unsigned>(meeting.units())); });
    const auto others = [](int units) { return units - 1.0; };
    const auto received = [&](const Meeting& meeting, std::size_t i) { return 1 - heldBy(spread.pieces[i], meeting, holding); };
    if (doubling && spread.mostUnits() > 2)
        ways.push_back(switchWay(spread, groups, CollectiveAlgorithm::RecursiveDoubling, log2Ceil, others, received));
    if (spread.mostUnits() > 2)
        ways.push_back(switchWay(spread, groups, CollectiveAlgorithm::Ring, others, others, [&](const Meeting& meeting, std::size_t i) {
            const std::size_t next = i + 1 == meeting.last ? meeting.first : i + 1;
            return std::max(received(meeting, i), received(meeting, next));
        }));
}

/// A switch's pairs need no tracing: what each unit sends and receives follows from sums.
StageWay directSwitchWay(const TierSpread& spread, int groups, Traffic traffic, Holding holding, int groupSize,
                         std::vector<double>* byPiece)
{
    StageWay way = emptyWay(CollectiveAlgorithm::Direct, groups);
    for (const Meeting& meeting : spread.meetings) {
        const Factors factors = factorsOf(traffic, holding, meeting, groupSize);
        const auto fromOf = [&](const Piece& piece) { return factors.from ? piece.count : 1.0; };
        const auto toOf = [&](const Piece& piece) { return factors.to ? piece.count : 1.0; };
        double allFrom = 0;
        double allTo = 0;
        for (std::size_t i = meeting.first; i < meeting.last; ++i) {
            allFrom += fromOf(spread.pieces[i]);
            allTo += toOf(spread.pieces[i]);
        }
        double longest = 0;
        double bytes = 0;
        for (std::size_t i = meeting.first; i < meeting.last; ++i) {
            const Piece& piece = spread.pieces[i];
            const double out = factors.scale * fromOf(piece) * (allTo - toOf(piece));
            const double in = factors.scale * toOf(piece) * (allFrom - fromOf(piece));
            const double seconds = std::max(in, out) / (piece.count * spread.tier.bandwidth);
            if (byPiece)
                (*byPiece)[i] = seconds;
            longest = std::max(longest, seconds);
            bytes += out;
        }
        merge(way.byGroup[static_cast<std::size_t>(meeting.group)], spread.tier.level->latency, longest, bytes / meeting.members);
    }
    return way;
}

} // namespace

CubeRings cubeRings(const TierSpread& spread, const Meeting& meeting)
{
    const FabricLevel& level = *spread.tier.level;
    const double link = level.linkBandwidth();
    unsigned members = 0;
    for (std::size_t i = meeting.first; i < meeting.last; ++i)
        members |= 1U << static_cast<unsigned>(spread.pieces[i].position);
    const int rings = packRings(level, members);
    if (rings == 0)
        return {0, level.hostBandwidth > 0 ? level.hostBandwidth : link};
    return {rings, (meeting.units() == 2 ? 1.0 : 2.0) * rings * link};
}

StageWay directWay(const TierSpread& spread, int groups, Traffic traffic, Holding holding, int groupSize, std::vector<double>* byPiece)
{
    if (byPiece)
        byPiece->assign(spread.pieces.size(), 0);
    if (isSwitch(spread))
        return directSwitchWay(spread, groups, traffic, holding, groupSize, byPiece);
    StageWay way = emptyWay(CollectiveAlgorithm::Direct, groups);
    Loads loads(spread);
    for (const Meeting& meeting : spread.meetings) {
        const Factors factors = factorsOf(traffic, holding, meeting, groupSize);
        int farthest = 0;
        double bytes = 0;
        for (std::size_t u = meeting.first; u < meeting.last; ++u)
            for (std::size_t v = meeting.first; v < meeting.last; ++v) {
                if (u == v)
                    continue;
                const Piece& from = spread.pieces[u];
                const Piece& to = spread.pieces[v];
                const double part = factors.scale * (factors.from ? from.count : 1) * (factors.to ? to.count : 1);
                const int hops = loads.add(meeting, from.position, to.position, part);
                farthest = std::max(farthest, hops);
                bytes += hops * part;
            }
        merge(way.byGroup[static_cast<std::size_t>(meeting.group)], farthest * spread.tier.level->latency, 0, bytes / meeting.members);
    }
    for (const Meeting& meeting : spread.meetings)
        for (std::size_t u = meeting.first; u < meeting.last; ++u)
            for (std::size_t v = meeting.first; v < meeting.last; ++v) {
                if (u == v)
                    continue;
                const double seconds = loads.seconds(meeting, spread.pieces[u].position, spread.pieces[v].position);
                StageCost& cost = way.byGroup[static_cast<std::size_t>(meeting.group)];
                cost.seconds = std::max(cost.seconds, seconds);
                if (byPiece) {
                    (*byPiece)[u] = std::max((*byPiece)[u], seconds);
                    (*byPiece)[v] = std::max((*byPiece)[v], seconds);
                }
            }
    return way;
}

std::vector<StageWay> gatherWays(const TierSpread& spread, int groups, Holding holding)
{
    std::vector<StageWay> ways{directWay(spread, groups, Traffic::Gather, holding, 0)};
    const bool longer = spread.mostUnits() > 2;
    switch (spread.tier.level->topology) {
    case Topology::Switch: addSwitchGathers(spread, groups, holding, ways); break;
    case Topology::FullMesh:
    case Topology::PcieTree:
        if (longer)
            ways.push_back(ringWay(spread, groups, holding, CollectiveAlgorithm::Ring, false));
        break;
    case Topology::CubeMesh:
        if (longer)
            ways.push_back(packedWay(spread, groups, holding));
        break;
    case Topology::Ring:
    case Topology::Torus:
        for (const CollectiveAlgorithm algorithm :
             {CollectiveAlgorithm::BidirectionalRing, CollectiveAlgorithm::Line, CollectiveAlgorithm::Ring})
            for (const bool backAndForth : {false, true})
                if (longer && (!backAndForth || spread.tier.level->extents.size() > 1))
                    ways.push_back(ringWay(spread, groups, holding, algorithm, backAndForth));
        break;
    }
    return ways;
}

std::vector<StageWay> reduceWays(const TierSpread& spread, int groups)
{
    std::vector<StageWay> ways;
    if (isSwitch(spread)) {
        if (spread.tier.level->inNetworkReduction)
            ways.push_back(switchWay(
                spread, groups, CollectiveAlgorithm::InNetwork, [](int) { return 2.0; }, [](int units) { return units + 1.0; },
                [](const Meeting& meeting, std::size_t) { return (meeting.units() + 1.0) / meeting.units(); }));
        if (spread.mostUnits() > 2)
            ways.push_back(switchWay(
                spread, groups, CollectiveAlgorithm::Tree, [](int units) { return 2.0 * log2Ceil(units); },
                [](int units) { return 2.0 * units; }, [](const Meeting&, std::size_t) { return 2.0; }));
    }
    const Topology topology = spread.tier.level->topology;
    if (topology != Topology::Ring && topology != Topology::Torus) {
        ways.push_back(directWay(spread, groups, Traffic::Whole, Holding::Even, 0));
        ways.back().algorithm = CollectiveAlgorithm::OneShot;
    }
    return ways;
}

} // namespace shardlens
