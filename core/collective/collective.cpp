// SPDX-License-Identifier: Apache-2.0
#include "core/collective/collective.h"

#include "core/collective/algorithms.h"
#include "core/collective/arranged.h"
#include "core/collective/unevengroup.h"

#include <algorithm>
#include <cstdlib>

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
    case CollectiveAlgorithm::AxisByAxis: return "torus, axis by axis";
    case CollectiveAlgorithm::EqualAxes: return "torus, equal axes at once";
    case CollectiveAlgorithm::RecursiveDoubling: return "recursive doubling";
    case CollectiveAlgorithm::HalvingDoubling: return "recursive halving and doubling";
    case CollectiveAlgorithm::Tree: return "double binary tree";
    case CollectiveAlgorithm::OneShot: return "one-shot";
    case CollectiveAlgorithm::TwoShot: return "two-shot";
    case CollectiveAlgorithm::InNetwork: return "in-network reduction";
    case CollectiveAlgorithm::RingPacking: return "rings on all links";
    case CollectiveAlgorithm::NestedRing: return "ring through all levels";
    case CollectiveAlgorithm::Pairwise: return "pairwise";
    case CollectiveAlgorithm::Hierarchical: return "hierarchical";
    case CollectiveAlgorithm::OncePerNode: return "once per node";
    case CollectiveAlgorithm::PointToPoint: return "point to point";
    }
    return "none";
}

std::string nameOf(Collective kind, CollectiveAlgorithm algorithm, const LevelAlgorithms& levels)
{
    if (kind == Collective::ReduceScatter && algorithm == CollectiveAlgorithm::RecursiveDoubling)
        return "recursive halving";
    std::string text(nameOf(algorithm));
    if (algorithm != CollectiveAlgorithm::Hierarchical || levels.count() < 2)
        return text;
    std::string parts;
    for (int i = 0; i < levels.count(); ++i) {
        const CollectiveAlgorithm part = kind == Collective::AllReduce ? asAllReduce(levels.at(i)) : levels.at(i);
        parts += (i == 0 ? "" : " + ") + nameOf(kind, part, {}) + (i == 0 ? " inside" : i + 1 == levels.count() ? " outside" : " between");
    }
    return text + " (" + parts + ")";
}

namespace {

CollectiveLine plus(const CollectiveLine& sum, const CollectiveLine& part, double share)
{
    CollectiveLine result;
    result.latency = sum.latency + part.latency;
    result.secondsPerByte = sum.secondsPerByte + share * part.secondsPerByte;
    result.sentPerByte = sum.sentPerByte + share * part.sentPerByte;
    result.algorithm = sum.algorithm == CollectiveAlgorithm::None ? part.algorithm : CollectiveAlgorithm::Hierarchical;
    result.levels = sum.levels;
    result.levels.add(part.algorithm);
    result.outerLevel = std::max(sum.outerLevel, part.outerLevel);
    return result;
}

CollectiveLine twice(CollectiveLine line)
{
    line.latency *= 2;
    line.secondsPerByte *= 2;
    line.sentPerByte *= 2;
    line.algorithm = asAllReduce(line.algorithm);
    return line;
}

using Candidates = InlineList<CollectiveLine, CollectiveLines::kMost>;

void addNew(Candidates& lines, const CollectiveLine& line)
{
    for (const CollectiveLine& known : lines)
        if (known.algorithm == line.algorithm && known.latency == line.latency && known.secondsPerByte == line.secondsPerByte)
            return;
    lines.add(line);
}

/// Lines of a level that no other line of it beats, and the others.
struct Sorted {
    LevelLines good;
    LevelLines rest;

    explicit Sorted(const LevelLines& lines)
    {
        for (const CollectiveLine& line : lines) {
            const bool beaten = std::any_of(lines.begin(), lines.end(), [&](const CollectiveLine& by) { return isBeaten(line, by); });
            (beaten ? rest : good).add(line);
        }
    }
};

/// Each sum with each line added, `share` of the payload being that line's.
Candidates eachPlusEach(const Candidates& sums, const LevelLines& lines, double share)
{
    Candidates result;
    for (const CollectiveLine& sum : sums)
        for (const CollectiveLine& line : lines)
            result.add(plus(sum, line, share));
    return result;
}

/// One ring through nested switches, in as many rotations as the inner levels have members, so that every device's link outwards is in
/// use: each link carries its part of V (n-1)/n. Most steps are inside; n_out - 1 of them pass the outer level.
void addNestedRing(const GroupLayout& layout, Candidates& lines)
{
    double n = 1;
    double slowest = 0;
    double latency = 0;
    double beyond = 1; // members of all levels from the one at hand outwards
    for (std::size_t l = 0; l < layout.levels.size(); ++l)
        beyond *= layout.levels[l].size;
    for (std::size_t l = 0; l < layout.levels.size(); ++l) {
        const LevelUse& use = layout.levels[l];
        if (use.level->topology != Topology::Switch)
            return;
        slowest = std::max(slowest, 1 / (n * use.bandwidth));
        latency += (beyond - beyond / use.size) * use.level->latency;
        beyond /= use.size;
        n *= use.size;
    }
    const double rest = (n - 1) / n;
    lines.add({latency, rest * slowest, rest, CollectiveAlgorithm::NestedRing,
               static_cast<std::int16_t>(layout.levels[layout.levels.size() - 1].index)});
}

/// What each level offers, innermost first.
using Offers = InlineList<Sorted, 2 * kMaxLevels>;

/// AllGather or ReduceScatter: the inner level works on V, the next on V over the inner size, and so on (a gather runs outermost first, a
/// scatter innermost first; the sums are equal). `levels`: how many, from the innermost.
Candidates nestedGathers(const GroupLayout& layout, const Offers& offers, std::size_t levels)
{
    Candidates sums;
    sums.add({});
    double share = 1;
    for (std::size_t l = 0; l < levels; ++l) {
        sums = eachPlusEach(sums, offers[l].good, share);
        share /= layout.levels[l].size;
    }
    return sums;
}

/// The same with what the levels do not choose: the i-th of the other lines of each, or its first where there are no more.
CollectiveLine otherGather(const GroupLayout& layout, const Offers& offers, std::size_t i)
{
    CollectiveLine sum;
    double share = 1;
    for (std::size_t l = 0; l < layout.levels.size(); ++l) {
        const Sorted& lines = offers[l];
        sum = plus(sum, i < lines.rest.size() ? lines.rest[i] : lines.good[0], share);
        share /= layout.levels[l].size;
    }
    return sum;
}

Candidates gathersOf(const GroupLayout& layout, const Offers& offers)
{
    Candidates lines = nestedGathers(layout, offers, layout.levels.size());
    if (layout.levels.size() > 1)
        addNestedRing(layout, lines);
    for (std::size_t i = 0; i < 2; ++i)
        addNew(lines, otherGather(layout, offers, i));
    return lines;
}

/// AllReduce: ReduceScatter over the inner levels, the outermost one's own AllReduce on what is left, AllGather over the inner levels.
Candidates reducesOf(const GroupLayout& layout, const Offers& offers, const Candidates& gathers)
{
    const LevelUse& outer = layout.levels[layout.levels.size() - 1];
    double share = 1;
    for (std::size_t l = 0; l + 1 < layout.levels.size(); ++l)
        share /= layout.levels[l].size;
    const Candidates inner = nestedGathers(layout, offers, layout.levels.size() - 1);
    const LevelLines own = reduceLines(outer);
    const LevelLines& halves = offers[layout.levels.size() - 1].good;
    Candidates lines;
    for (std::size_t i = 0; i < inner.size(); ++i) {
        const CollectiveLine& sum = inner[i];
        CollectiveLine both = sum;
        if (layout.levels.size() > 1)
            both = twice(sum);
        for (const CollectiveLine& half : halves)
            lines.add(plus(both, twice(half), share));
        for (const CollectiveLine& whole : own)
            if (i == 0 || whole.algorithm != CollectiveAlgorithm::Tree) // never the cheapest on a switch: named once
                lines.add(plus(both, whole, share));
    }
    // Everything to everybody at each level: fewest steps, for small payloads.
    CollectiveLine flood;
    bool floods = layout.levels.size() > 1;
    for (std::size_t l = 0; l < layout.levels.size() && floods; ++l) {
        const LevelLines shots = reduceLines(layout.levels[l]);
        const auto shot = std::find_if(shots.begin(), shots.end(),
                                       [](const CollectiveLine& line) { return line.algorithm == CollectiveAlgorithm::OneShot; });
        floods = shot != shots.end();
        if (floods)
            flood = plus(flood, *shot, 1);
    }
    if (floods) {
        flood.algorithm = CollectiveAlgorithm::OneShot;
        addNew(lines, flood);
    }
    for (const CollectiveLine& gather : gathers)
        addNew(lines, twice(gather));
    return lines;
}

/// AllToAll: directly, within a level what is for peers reached there and no nearer; or over nodes, everything first to the device of the
/// own node that sits where the receiver sits in its node, then outwards in fewer, larger messages.
Candidates exchangesOf(const GroupLayout& layout)
{
    const bool nested = layout.levels.size() > 1;
    double outside = 1;
    for (std::size_t l = 0; l < layout.levels.size(); ++l)
        outside *= layout.levels[l].size;
    const double members = outside;
    Candidates direct;
    direct.add({});
    CollectiveLine other;
    CollectiveLine staged;
    for (std::size_t l = 0; l < layout.levels.size(); ++l) {
        outside /= layout.levels[l].size;
        const Sorted sorted(exchangeLines(layout.levels[l]));
        // Of V, the part for peers that share all levels further out than this one is 1/outside.
        direct = eachPlusEach(direct, sorted.good, 1 / outside);
        CollectiveLine one = sorted.rest.size() > 0 ? sorted.rest[0] : sorted.good[0];
        if (one.algorithm == CollectiveAlgorithm::Pairwise) // a partner beyond this level's unit for each device inside
            one.latency *= members / (outside * layout.levels[l].size);
        other = plus(other, one, 1 / outside);
        staged = plus(staged, sorted.good[0], 1);
    }
    Candidates lines;
    for (std::size_t i = 0; i < direct.size(); ++i) {
        if (nested)
            direct[i].algorithm = CollectiveAlgorithm::Direct;
        addNew(lines, direct[i]);
    }
    if (nested && other.algorithm == CollectiveAlgorithm::Hierarchical)
        other.algorithm = CollectiveAlgorithm::Pairwise;
    addNew(lines, other);
    if (nested)
        addNew(lines, staged);
    return lines;
}

const CollectiveLines kNoLines{};

} // namespace

GroupSpan::GroupSpan(const Cluster& cluster, const DeviceGroup& group, int devices) : m_size(group.size())
{
    m_participants.fill(1);
    m_levels = std::min(cluster.levels.size(), kMaxLevels);
    if (m_size == 1)
        return;
    const GroupLayout layout = layoutGroup(cluster, group, devices);
    m_straddles = layout.straddles;
    m_participants = layout.participants;
    if (layout.uneven) {
        const UnevenGroup& uneven = *layout.uneven;
        m_gather = uneven.gather;
        m_reduce = uneven.reduce;
        m_exchange = uneven.exchange;
        return;
    }
    if (layout.levels.size() == 0)
        return;
    Offers offers;
    for (const LevelUse& use : layout.levels)
        offers.add(Sorted(gatherLines(use)));
    const Candidates gathers = gathersOf(layout, offers);
    m_gather = arranged(gathers);
    m_reduce = arranged(reducesOf(layout, offers, gathers));
    m_exchange = arranged(exchangesOf(layout));
}

const CollectiveLines& GroupSpan::lines(Collective kind) const
{
    switch (kind) {
    case Collective::AllReduce: return m_reduce;
    case Collective::AllGather:
    case Collective::ReduceScatter: return m_gather;
    case Collective::AllToAll: return m_exchange;
    case Collective::Send:
    case Collective::None: break;
    }
    return kNoLines;
}

CollectiveCost costOf(const CollectiveLine& line, double payload)
{
    CollectiveCost cost;
    cost.time = evaluateLine(line, payload);
    cost.latencyTime = line.latency;
    cost.transferTime = payload * line.secondsPerByte;
    cost.sentBytes = payload * line.sentPerByte;
    cost.outerLevel = line.outerLevel;
    cost.algorithm = line.algorithm;
    cost.levels = line.levels;
    return cost;
}

CollectiveCost GroupSpan::cost(Collective kind, double payload) const
{
    const std::span<const CollectiveLine> cheapest = lines(kind).cheapest();
    if (cheapest.empty() || payload <= 0)
        return {};
    const CollectiveLine* best = &cheapest.front();
    double least = evaluateLine(*best, payload);
    for (const CollectiveLine& line : cheapest.subspan(1)) {
        const double time = evaluateLine(line, payload);
        if (time < least) {
            least = time;
            best = &line;
        }
    }
    return costOf(*best, payload);
}

std::vector<CollectiveCost> GroupSpan::alternatives(Collective kind, double payload) const
{
    std::vector<CollectiveCost> result;
    if (payload <= 0)
        return result;
    for (const CollectiveLine& line : lines(kind).all())
        result.push_back(costOf(line, payload));
    std::stable_sort(result.begin(), result.end(), [](const CollectiveCost& a, const CollectiveCost& b) { return a.time < b.time; });
    return result;
}

} // namespace shardlens
