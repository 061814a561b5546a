// SPDX-License-Identifier: Apache-2.0
#include "core/collective/hops.h"

#include "core/collective/hopprogram.h"
#include "core/collective/levelterms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace shardlens {

namespace {

constexpr int kSampledRanks = 16;

/// Calls visit(leg index, its own step) for what runs in `step`.
template <class Visit>
void eachLeg(const HopProgram& program, int step, Visit&& visit)
{
    const auto phase = std::find_if(program.phases.begin(), program.phases.end(),
                                    [step](const HopPhase& p) { return step >= p.first && step < p.first + p.steps; });
    if (phase == program.phases.end())
        return;
    for (const HopTrack& track : phase->tracks) {
        int local = step - phase->first;
        for (const int index : track) {
            const int steps = program.legs[static_cast<std::size_t>(index)].steps;
            if (local < steps) {
                visit(index, local);
                break;
            }
            local -= steps;
        }
    }
}

/// What the links of some ranks carry: in one step, and in one phase.
class Links {
public:
    Links(const Cluster& cluster, const HopProgram& program, const std::vector<int>& members)
        : m_cluster(cluster),
          m_program(program),
          m_members(members)
    {}
    void beginPhase()
    {
        m_phase.clear();
        m_longestOfPhase = 0;
    }
    void beginStep()
    {
        m_step.clear();
        m_mostBytes = 0;
        m_longestOfStep = 0;
    }
    /// Of what `rank` sends, the time; of what it receives, the bytes too.
    void add(const Transfer& transfer, int rank)
    {
        const Link link = linkOf(transfer);
        double& bytes = m_step[{link.dim, rank, link.way, transfer.from == rank ? 1 : 0}];
        bytes += transfer.bytes;
        m_mostBytes = std::max(m_mostBytes, bytes);
        if (transfer.from != rank || link.rate <= 0)
            return;
        m_longestOfStep = std::max(m_longestOfStep, bytes / link.rate);
        double& seconds = m_phase[{link.dim, rank, link.way, 1}];
        seconds += transfer.bytes / link.rate;
        m_longestOfPhase = std::max(m_longestOfPhase, seconds);
    }
    [[nodiscard]] double mostBytes() const { return m_mostBytes; }
    [[nodiscard]] double longestOfStep() const { return m_longestOfStep; }
    [[nodiscard]] double longestOfPhase() const { return m_longestOfPhase; }

private:
    struct Link {
        int dim = 0;
        int way = 0; ///< of those that a device has there
        double rate = 0;
    };

    [[nodiscard]] Link linkOf(const Transfer& transfer) const
    {
        const HopLeg& leg = m_program.legs[transfer.leg];
        const HopDim& dim = m_program.dims[static_cast<std::size_t>(leg.dim)];
        const FabricLevel& level = m_cluster.levels[static_cast<std::size_t>(std::max(0, dim.level))];
        const double rate = dim.bandwidth > 0 ? dim.bandwidth : level.bandwidth;
        if (leg.dim == m_program.flat() || transfer.from < 0 || transfer.to < 0)
            return {leg.dim, 0, rate};
        switch (level.topology) {
        case Topology::Ring:
        case Topology::Torus: {
            const int from = m_program.digit(transfer.from, leg.dim);
            const int to = m_program.digit(transfer.to, leg.dim);
            const bool ahead = dim.size == 2 ? !leg.far : to == (from + 1) % dim.size;
            return {leg.dim, ahead ? 1 : 0, rate};
        }
        case Topology::FullMesh: return {leg.dim, transfer.from + m_program.size * transfer.to, level.linkBandwidth()};
        case Topology::CubeMesh: {
            const int links = level.linksBetween(unitOf(transfer.from, dim.level), unitOf(transfer.to, dim.level));
            return {leg.dim, transfer.from + m_program.size * transfer.to, links > 0 ? links * level.linkBandwidth() : level.hostBandwidth};
        }
        case Topology::Switch:
        case Topology::PcieTree: break;
        }
        return {leg.dim, 0, rate};
    }

    [[nodiscard]] int unitOf(int rank, int level) const
    {
        std::int64_t below = 1;
        for (int inner = 0; inner < level; ++inner)
            below *= m_cluster.levels[static_cast<std::size_t>(inner)].units();
        return static_cast<int>(m_members[static_cast<std::size_t>(rank)] / below
                                % m_cluster.levels[static_cast<std::size_t>(level)].units());
    }

    const Cluster& m_cluster;
    const HopProgram& m_program;
    const std::vector<int>& m_members;
    std::map<std::array<int, 4>, double> m_step;  ///< bytes
    std::map<std::array<int, 4>, double> m_phase; ///< seconds
    double m_mostBytes = 0;
    double m_longestOfStep = 0;
    double m_longestOfPhase = 0;
};

} // namespace

struct Hops::StepShare {
    double latency = 0;
    double transfer = 0;
};

Result<Hops> Hops::of(const Cluster& cluster, const DeviceGroup& group, int member, Collective kind, double payload,
                      const CollectiveCost& cost, int devices)
{
    if (group.size() < 2 || payload <= 0 || kind == Collective::None || kind == Collective::Send)
        return Error{{}, {}, {}, "A group of one, or without bytes to send, exchanges nothing"};
    Hops hops;
    const int first = member - group.offsetOf(group.rankOf(member));
    for (int rank = 0; rank < group.size(); ++rank)
        hops.m_members.push_back(first + group.offsetOf(rank));
    std::string why;
    hops.m_program = hopProgram(cluster, group, first, kind, payload, cost, devices, why);
    if (!hops.m_program)
        return Error{{}, {}, {}, why};
    const int steps = hops.m_program->phases.back().first + hops.m_program->phases.back().steps;
    if (steps > kMostHopSteps)
        return Error{{}, {}, std::to_string(steps) + " steps", "at most " + std::to_string(kMostHopSteps) + " can be played"};
    hops.m_kind = kind;
    hops.m_payload = payload;
    hops.m_cost = cost;
    hops.m_table.resize(static_cast<std::size_t>(steps));
    hops.tabulate(cluster, levelTerms(cluster, group, devices, kind, cost, payload));
    return hops;
}

Result<Hops> Hops::ofSend(const Cluster& cluster, int from, int to, double payload, const CollectiveCost& cost)
{
    if (from == to || payload <= 0)
        return Error{{}, {}, {}, "Nothing is handed over"};
    auto program = std::make_shared<HopProgram>();
    program->size = 2;
    program->payload = payload;
    program->dims = {{cost.outerLevel, 2, 1, 1, false, 0}, {cost.outerLevel, 2, 1, 1, false, 0}};
    HopLeg leg;
    leg.move = Move::Send;
    leg.algorithm = CollectiveAlgorithm::PointToPoint;
    leg.steps = 1;
    leg.whole = 2;
    program->legs.push_back(leg);
    program->phases.push_back({{{0}}, 0, 1});
    program->latencySteps = 1;
    Hops hops;
    hops.m_program = std::move(program);
    hops.m_members = {from, to};
    hops.m_kind = Collective::Send;
    hops.m_cost = cost;
    hops.m_payload = payload;
    hops.m_table.resize(1);
    hops.tabulate(cluster, sendTerms(cluster, cost, payload));
    return hops;
}

void Hops::tabulate(const Cluster& cluster, const std::vector<LevelTerm>& terms)
{
    const int samples = std::min(size(), kSampledRanks);
    std::vector<StepShare> shares(m_table.size());
    Links links(cluster, *m_program, m_members);
    std::vector<Transfer> some;
    for (const HopPhase& phase : m_program->phases) {
        const auto first = static_cast<std::size_t>(phase.first);
        const std::size_t end = first + static_cast<std::size_t>(phase.steps);
        links.beginPhase();
        double inSteps = 0;
        for (std::size_t s = first; s < end; ++s) {
            describeStep(cluster, static_cast<int>(s), shares[s].latency);
            HopStep& step = m_table[s];
            links.beginStep();
            for (int i = 0; i < samples; ++i) {
                // Ranks from both ends and between: what trees and lines ask of them differs.
                const int rank = static_cast<int>(std::int64_t{i} * (size() - 1) / std::max(1, samples - 1));
                some.clear();
                eachLeg(*m_program, static_cast<int>(s), [&](int leg, int local) { legTransfers(*m_program, leg, local, rank, some); });
                double sent = 0;
                for (const Transfer& transfer : some) {
                    step.messageBytes = std::max(step.messageBytes, transfer.bytes);
                    if (transfer.to < 0)
                        step.upBytes = std::max(step.upBytes, transfer.bytes);
                    if (transfer.from < 0)
                        step.downBytes = std::max(step.downBytes, transfer.bytes);
                    links.add(transfer, rank);
                    sent += transfer.from == rank ? transfer.bytes : 0;
                }
                step.busiestBytes = std::max(step.busiestBytes, sent);
            }
            step.linkBytes = links.mostBytes();
            shares[s].transfer = links.longestOfStep();
            inSteps += shares[s].transfer;
        }
        // Tracks of fewer steps do not wait for the others: a phase takes as long as its fullest link.
        const double together = inSteps > 0 ? links.longestOfPhase() / inSteps : 1;
        for (std::size_t s = first; s < end; ++s)
            shares[s].transfer *= together;
    }
    settle(shares, terms);
    double busiest = 0;
    for (const HopStep& step : m_table)
        busiest += step.busiestBytes;
    double at = 0;
    double sent = 0;
    for (std::size_t s = 0; s < m_table.size(); ++s) {
        HopStep& step = m_table[s];
        step.start = at;
        step.sentBefore = sent;
        step.latency = shares[s].latency;
        step.seconds = shares[s].latency + shares[s].transfer;
        at += step.seconds;
        sent += busiest > 0 ? m_cost.sentBytes * step.busiestBytes / busiest : 0;
    }
}

void Hops::describeStep(const Cluster& cluster, int index, double& latency)
{
    HopStep& step = m_table[static_cast<std::size_t>(index)];
    eachLeg(*m_program, index, [&](int legIndex, int local) {
        const HopLeg& leg = m_program->legs[static_cast<std::size_t>(legIndex)];
        const HopDim& dim = m_program->dims[static_cast<std::size_t>(leg.dim)];
        // A switch and a tree add up first and hand out the sum after that.
        const bool spreads = leg.move == Move::Sum && leg.steps > 1 && local >= leg.steps / 2;
        step.adds = step.adds || leg.reversed || (leg.move == Move::Sum && !spreads);
        step.spreads = step.spreads || spreads;
        step.gathers = step.gathers || (leg.move == Move::Gather && !leg.reversed);
        step.level = std::max(step.level, dim.level);
        latency = std::max(latency, dim.share * cluster.levels[static_cast<std::size_t>(std::max(0, dim.level))].latency);
    });
}

void Hops::settle(std::vector<StepShare>& shares, const std::vector<LevelTerm>& terms) const
{
    const auto spread = [&](double latency, double transfer, auto&& isMeant) {
        double count = 0;
        StepShare sum;
        for (std::size_t s = 0; s < shares.size(); ++s)
            if (isMeant(m_table[s])) {
                ++count;
                sum.latency += shares[s].latency;
                sum.transfer += shares[s].transfer;
            }
        for (std::size_t s = 0; s < shares.size(); ++s)
            if (isMeant(m_table[s])) {
                shares[s].latency = sum.latency > 0 ? latency * shares[s].latency / sum.latency : latency / count;
                shares[s].transfer = sum.transfer > 0 ? transfer * shares[s].transfer / sum.transfer : transfer / count;
            }
    };
    std::set<int> levels;
    for (const HopStep& step : m_table)
        levels.insert(step.level);
    std::map<int, StepShare> owed;
    StepShare all;
    for (const LevelTerm& term : terms) {
        // A ring through nested switches works on all of their levels in each step.
        const auto level = levels.lower_bound(term.level);
        StepShare& share = owed[level == levels.end() ? *levels.rbegin() : *level];
        share.latency += term.latencyTime();
        share.transfer += term.transferTime();
        all.latency += term.latencyTime();
        all.transfer += term.transferTime();
    }
    const auto agree = [](double a, double b) { return std::abs(a - b) <= 1e-6 * std::max(a, b); };
    if (owed.size() == levels.size() && agree(all.latency, m_cost.latencyTime) && agree(all.transfer, m_cost.transferTime))
        for (const auto& [level, share] : owed)
            spread(share.latency, share.transfer, [wanted = level](const HopStep& step) { return step.level == wanted; });
    spread(m_cost.latencyTime, m_cost.transferTime, [](const HopStep&) { return true; });
}

int Hops::latencySteps() const
{
    return m_program->latencySteps;
}

int Hops::slots() const
{
    return m_program->slots;
}

bool Hops::movesBlocks() const
{
    return m_program->blocks;
}

std::vector<Transfer> Hops::transfers(int step, int rank) const
{
    std::vector<Transfer> result;
    eachLeg(*m_program, step, [&](int leg, int local) { legTransfers(*m_program, leg, local, rank, result); });
    return result;
}

} // namespace shardlens
