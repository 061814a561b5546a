// SPDX-License-Identifier: Apache-2.0
#include "core/collective/hops.h"

#include "core/collective/hopprogram.h"

#include <algorithm>

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

} // namespace

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
    hops.tabulate(cluster);
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
    hops.tabulate(cluster);
    return hops;
}

void Hops::tabulate(const Cluster& cluster)
{
    std::vector<double> weights(m_table.size(), 0);
    double all = 0;
    std::vector<Transfer> some;
    const int samples = std::min(size(), kSampledRanks);
    for (std::size_t s = 0; s < m_table.size(); ++s) {
        HopStep& step = m_table[s];
        eachLeg(*m_program, static_cast<int>(s), [&](int index, int local) {
            const HopLeg& leg = m_program->legs[static_cast<std::size_t>(index)];
            // A switch and a tree add up first and hand out the sum after that.
            const bool spreads = leg.move == Move::Sum && leg.steps > 1 && local >= leg.steps / 2;
            step.adds = step.adds || leg.reversed || (leg.move == Move::Sum && !spreads);
            step.spreads = step.spreads || spreads;
            step.gathers = step.gathers || (leg.move == Move::Gather && !leg.reversed);
            step.level = std::max(step.level, m_program->dims[static_cast<std::size_t>(leg.dim)].level);
        });
        for (int i = 0; i < samples; ++i) {
            // Ranks from both ends and between: what trees and lines ask of them differs.
            const int rank = static_cast<int>(std::int64_t{i} * (size() - 1) / std::max(1, samples - 1));
            some.clear();
            eachLeg(*m_program, static_cast<int>(s), [&](int leg, int local) { legTransfers(*m_program, leg, local, rank, some); });
            double sent = 0;
            double seconds = 0;
            for (const Transfer& transfer : some) {
                step.messageBytes = std::max(step.messageBytes, transfer.bytes);
                if (transfer.to < 0)
                    step.upBytes = std::max(step.upBytes, transfer.bytes);
                if (transfer.from < 0)
                    step.downBytes = std::max(step.downBytes, transfer.bytes);
                if (transfer.from != rank)
                    continue;
                sent += transfer.bytes;
                const double rate = cluster.levels[static_cast<std::size_t>(std::max(0, transfer.level))].bandwidth;
                seconds += rate > 0 ? transfer.bytes / rate : 0;
            }
            step.busiestBytes = std::max(step.busiestBytes, sent);
            weights[s] = std::max(weights[s], seconds);
        }
        all += weights[s];
    }
    double busiest = 0;
    for (const HopStep& step : m_table)
        busiest += step.busiestBytes;
    double at = 0;
    double sent = 0;
    for (std::size_t s = 0; s < m_table.size(); ++s) {
        HopStep& step = m_table[s];
        step.start = at;
        step.sentBefore = sent;
        step.seconds = m_cost.latencyTime / static_cast<double>(m_table.size())
                       + (all > 0 ? m_cost.transferTime * weights[s] / all : m_cost.transferTime / static_cast<double>(m_table.size()));
        at += step.seconds;
        sent += busiest > 0 ? m_cost.sentBytes * step.busiestBytes / busiest : 0;
    }
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
