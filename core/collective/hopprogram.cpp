// SPDX-License-Identifier: Apache-2.0
#include "core/collective/hopprogram.h"

#include "core/collective/algorithms.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace shardlens {

namespace {

using Algorithm = CollectiveAlgorithm;

int log2Ceil(int n)
{
    return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1)));
}

/// What the half of an AllReduce does.
Algorithm asGather(Algorithm algorithm)
{
    switch (algorithm) {
    case Algorithm::TwoShot: return Algorithm::Direct;
    case Algorithm::HalvingDoubling: return Algorithm::RecursiveDoubling;
    default: return algorithm;
    }
}

bool isOwnSum(Algorithm algorithm)
{
    return algorithm == Algorithm::InNetwork || algorithm == Algorithm::Tree || algorithm == Algorithm::OneShot;
}

class ProgramBuilder {
public:
    ProgramBuilder(const Cluster& cluster, const DeviceGroup& group, int first, int devices)
        : m_cluster(cluster),
          m_group(group),
          m_first(first),
          m_layout(layoutGroup(cluster, group, devices)),
          m_program(std::make_shared<HopProgram>())
    {
        m_program->size = group.size();
    }

    std::shared_ptr<const HopProgram> build(Collective kind, double payload, const CollectiveCost& cost, std::string& why)
    {
        m_program->payload = payload;
        m_program->exchange = kind == Collective::AllToAll;
        if (!layDims(why))
            return nullptr;
        readAlgorithms(cost);
        switch (kind) {
        case Collective::AllGather: append(gathers(levels(), 0)); break;
        case Collective::ReduceScatter: append(reversed(gathers(levels(), 0))); break;
        case Collective::AllReduce: allReduce(cost.algorithm); break;
        case Collective::AllToAll: allToAll(cost, payload); break;
        case Collective::Send:
        case Collective::None: break;
        }
        if (m_program->phases.empty()) {
            why = "The steps of \"" + std::string(nameOf(cost.algorithm)) + "\" are not known for this group";
            return nullptr;
        }
        finish();
        return m_program;
    }

private:
    using Phases = std::vector<HopPhase>;

    struct LevelDims {
        std::size_t use = 0; ///< into the layout's levels
        int first = 0;       ///< dims [first, last]
        int last = 0;
        bool torus = false;
        Algorithm algorithm = Algorithm::None;
    };

    [[nodiscard]] std::size_t levels() const { return m_levels.size(); }
    [[nodiscard]] const FabricLevel& fabric(const LevelDims& level) const { return *m_layout.levels[level.use].level; }
    [[nodiscard]] const HopDim& dim(int index) const { return m_program->dims[static_cast<std::size_t>(index)]; }

    void addDim(int level, int size, int share, bool wrapped, double bandwidth)
    {
        const int stride = m_program->dims.empty() ? 1 : m_program->dims.back().stride * m_program->dims.back().size;
        m_program->dims.push_back({level, size, stride, share, wrapped, bandwidth});
    }

    /// False where groups lie unevenly on several levels: then ranks are no box of digits.
    bool layDims(std::string& why)
    {
        const bool alone = m_layout.uneven && m_layout.levels.size() == 1;
        for (std::size_t l = 0; l < m_layout.levels.size(); ++l) {
            const LevelUse& use = m_layout.levels[l];
            const bool torus =
                use.axisCount > 0 && (use.level->topology == Topology::Torus || use.level->topology == Topology::Ring) && !m_layout.uneven;
            LevelDims level{l, static_cast<int>(m_program->dims.size()), 0, torus, Algorithm::None};
            if (torus)
                for (std::size_t a = 0; a < use.axisCount; ++a)
                    addDim(use.index, use.axes[a].size, use.axes[a].share, use.axes[a].wrapped, use.axes[a].linkBandwidth);
            else
                addDim(use.index, alone ? m_program->size : use.size, 1, false, use.bandwidth > 0 ? use.bandwidth : use.level->bandwidth);
            level.last = static_cast<int>(m_program->dims.size()) - 1;
            m_levels.push_back(level);
        }
        int product = 1;
        for (const HopDim& d : m_program->dims)
            product *= d.size;
        if (m_program->dims.empty() || product != m_program->size || !isNested()) {
            why = "Groups of " + std::to_string(m_program->size)
                  + " do not fill whole units of the fabric; steps are shown for groups that lie alike on each level";
            return false;
        }
        const int outer = m_program->dims.back().level;
        m_program->dims.push_back({outer, m_program->size, 1, 1, true, 0});
        return true;
    }

    /// Ranks that share all digits from a level outwards lie in one unit of it, others do not.
    [[nodiscard]] bool isNested() const
    {
        std::int64_t below = 1; // devices of one unit
        std::size_t index = 0;
        for (const LevelDims& level : m_levels) {
            const LevelUse& use = m_layout.levels[level.use];
            for (; index < static_cast<std::size_t>(use.index); ++index)
                below *= m_cluster.levels[index].units();
            const int inner = dim(level.first).stride;
            for (int rank = 1; rank < m_program->size; ++rank) {
                const bool same = (m_first + m_group.offsetOf(rank)) / below == (m_first + m_group.offsetOf(rank - 1)) / below;
                if (use.leaves == 0 && same != (rank / inner == (rank - 1) / inner))
                    return false;
            }
        }
        return true;
    }

    void readAlgorithms(const CollectiveCost& cost)
    {
        const int count = cost.levels.count();
        for (std::size_t l = 0; l < levels(); ++l) {
            LevelDims& level = m_levels[l];
            if (levels() == 1 || cost.algorithm == Algorithm::NestedRing || count == 0)
                level.algorithm = levels() == 1 ? cost.algorithm : Algorithm::None;
            else if (l + 1 == levels())
                level.algorithm = cost.levels.at(count - 1);
            else
                level.algorithm = cost.levels.at(std::min(static_cast<int>(l), LevelAlgorithms::kMost - 2));
            if (level.algorithm == Algorithm::None)
                level.algorithm = !level.torus               ? Algorithm::Direct
                                  : level.last > level.first ? Algorithm::TorusAxes
                                                             : Algorithm::BidirectionalRing;
        }
        m_nestedRing = cost.algorithm == Algorithm::NestedRing;
    }

    int add(HopLeg leg)
    {
        m_program->legs.push_back(std::move(leg));
        return static_cast<int>(m_program->legs.size()) - 1;
    }
    void append(Phases phases) { m_program->phases.insert(m_program->phases.end(), phases.begin(), phases.end()); }

    HopPhase gatherPhase(int dimIndex, Algorithm algorithm, std::uint32_t whole, std::vector<std::vector<int>> rings = {})
    {
        HopPhase phase;
        const int n = dim(dimIndex).size;
        HopLeg leg;
        leg.algorithm = algorithm;
        leg.dim = dimIndex;
        leg.whole = whole;
        switch (algorithm) {
        case Algorithm::Direct: leg.steps = 1; break;
        case Algorithm::RecursiveDoubling: leg.steps = log2Ceil(n); break;
        case Algorithm::BidirectionalRing: leg.steps = n / 2; break;
        default: leg.steps = n - 1; break;
        }
        if (rings.empty()) {
            phase.tracks.push_back({add(leg)});
            return phase;
        }
        leg.algorithm = Algorithm::Ring;
        leg.pieces = 2 * static_cast<int>(rings.size());
        for (std::vector<int>& ring : rings) {
            leg.ring = std::move(ring);
            for (const bool backward : {false, true}) {
                leg.backward = backward;
                phase.tracks.push_back({add(leg)});
                ++leg.piece;
            }
        }
        return phase;
    }

    /// A track for each leg. One of fewer hops sends its pieces in as many parts as fill the steps of the longest: in a step no link then
    /// carries more than the time of the whole allows.
    HopPhase sideBySide(const std::vector<HopLeg>& legs)
    {
        int steps = 0;
        int latencies = 0;
        for (const HopLeg& leg : legs) {
            steps = std::max(steps, leg.steps);
            latencies = std::max(latencies, leg.steps * dim(leg.dim).share);
        }
        HopPhase phase;
        for (const HopLeg& leg : legs) {
            const bool fills = leg.steps > 0 && steps % leg.steps == 0 && steps * dim(leg.dim).share <= latencies;
            const int parts = fills ? steps / leg.steps : 1;
            HopTrack track;
            for (int part = 0; part < parts; ++part) {
                HopLeg own = leg;
                own.piece = leg.piece * parts + part;
                own.pieces = leg.pieces * parts;
                track.push_back(add(std::move(own)));
            }
            phase.tracks.push_back(std::move(track));
        }
        return phase;
    }

    /// Axes of a torus one after the other, in as many rotated orders at once as `orders`; see gatherAxes() of the costs.
    void gatherAxes(const std::vector<int>& axes, int orders, std::uint32_t& whole, Phases& phases)
    {
        const int count = static_cast<int>(axes.size());
        std::vector<std::uint32_t> masks(static_cast<std::size_t>(orders), whole);
        for (int p = 0; p < count; ++p) {
            std::vector<HopLeg> legs;
            legs.reserve(static_cast<std::size_t>(orders));
            for (int o = 0; o < orders; ++o) {
                const int index = axes[static_cast<std::size_t>((o + p) % count)];
                HopLeg leg;
                leg.dim = index;
                leg.algorithm = dim(index).wrapped ? Algorithm::BidirectionalRing : Algorithm::Line;
                leg.steps = dim(index).wrapped ? dim(index).size / 2 : dim(index).size - 1;
                leg.whole = masks[static_cast<std::size_t>(o)];
                leg.piece = o;
                leg.pieces = orders;
                masks[static_cast<std::size_t>(o)] |= 1U << static_cast<unsigned>(index);
                legs.push_back(std::move(leg));
            }
            phases.push_back(sideBySide(legs));
        }
        whole = masks.front();
    }

    void gatherTorus(const LevelDims& level, std::uint32_t& whole, Phases& phases)
    {
        std::vector<int> axes(static_cast<std::size_t>(level.last - level.first + 1));
        std::iota(axes.begin(), axes.end(), level.first);
        if (axes.size() == 1) {
            const bool ring = asGather(level.algorithm) == Algorithm::Ring;
            if (ring) {
                phases.push_back(gatherPhase(level.first, Algorithm::Ring, whole));
                whole |= 1U << static_cast<unsigned>(level.first);
            } else {
                gatherAxes(axes, 1, whole, phases);
            }
            return;
        }
        if (level.algorithm == Algorithm::TorusAxes) {
            gatherAxes(axes, static_cast<int>(axes.size()), whole, phases);
            return;
        }
        std::stable_sort(axes.begin(), axes.end(), [this](int a, int b) { return dim(a).bandwidth < dim(b).bandwidth; });
        for (std::size_t first = 0; first < axes.size();) {
            std::size_t last = first + 1;
            while (level.algorithm == Algorithm::EqualAxes && last < axes.size() && dim(axes[last]).bandwidth == dim(axes[first]).bandwidth)
                ++last;
            gatherAxes({axes.begin() + static_cast<std::ptrdiff_t>(first), axes.begin() + static_cast<std::ptrdiff_t>(last)},
                       static_cast<int>(last - first), whole, phases);
            first = last;
        }
    }

    /// Rings through the members of this group in units of the level, by digit.
    [[nodiscard]] std::vector<std::vector<int>> ringsOf(const LevelDims& level) const
    {
        std::int64_t below = 1;
        for (int i = 0; i < dim(level.first).level; ++i)
            below *= m_cluster.levels[static_cast<std::size_t>(i)].units();
        std::array<int, kMaxCubeMesh> digitOf{};
        unsigned members = 0;
        for (int digit = 0; digit < dim(level.first).size; ++digit) {
            const int device = m_first + m_group.offsetOf(digit * dim(level.first).stride);
            const auto unit = static_cast<std::size_t>(device / below % fabric(level).units());
            digitOf[unit % kMaxCubeMesh] = digit;
            members |= 1U << unit;
        }
        std::vector<std::vector<int>> rings = packedRings(fabric(level), members);
        for (std::vector<int>& ring : rings)
            for (int& unit : ring)
                unit = digitOf[static_cast<std::size_t>(unit)];
        return rings;
    }

    /// Gathers of the levels [0, count), outermost first.
    Phases gathers(std::size_t count, std::uint32_t whole)
    {
        Phases phases;
        if (m_nestedRing)
            return {nestedRing()};
        for (std::size_t l = count; l-- > 0;) {
            const LevelDims& level = m_levels[l];
            const Algorithm algorithm = asGather(level.algorithm);
            if (level.torus) {
                gatherTorus(level, whole, phases);
                continue;
            }
            if (algorithm == Algorithm::RingPacking)
                phases.push_back(gatherPhase(level.first, algorithm, whole, ringsOf(level)));
            else if (algorithm == Algorithm::Ring && fabric(level).topology == Topology::FullMesh)
                phases.push_back(gatherPhase(level.first, algorithm, whole, {natural(dim(level.first).size)}));
            else
                phases.push_back(gatherPhase(level.first, algorithm, whole));
            whole |= 1U << static_cast<unsigned>(level.first);
        }
        return phases;
    }

    [[nodiscard]] static std::vector<int> natural(int n)
    {
        std::vector<int> ring(static_cast<std::size_t>(n));
        std::iota(ring.begin(), ring.end(), 0);
        return ring;
    }

    HopPhase nestedRing()
    {
        HopPhase phase;
        HopLeg leg;
        leg.algorithm = Algorithm::Ring;
        leg.dim = m_program->flat();
        leg.steps = m_program->size - 1;
        leg.rotated = dim(m_levels.back().first).stride;
        leg.pieces = leg.rotated;
        for (leg.rotation = 0; leg.rotation < leg.rotated; ++leg.rotation) {
            leg.piece = leg.rotation;
            phase.tracks.push_back({add(leg)});
        }
        return phase;
    }

    Phases reversed(const Phases& phases)
    {
        Phases result;
        for (auto phase = phases.rbegin(); phase != phases.rend(); ++phase) {
            HopPhase mirror;
            for (const HopTrack& track : phase->tracks) {
                HopTrack back;
                for (auto index = track.rbegin(); index != track.rend(); ++index) {
                    HopLeg leg = m_program->legs[static_cast<std::size_t>(*index)];
                    leg.reversed = true;
                    back.push_back(add(std::move(leg)));
                }
                mirror.tracks.push_back(std::move(back));
            }
            result.push_back(std::move(mirror));
        }
        return result;
    }

    HopPhase sumPhase(int dimIndex, Algorithm algorithm, std::uint32_t whole)
    {
        HopPhase phase;
        HopLeg leg;
        leg.move = Move::Sum;
        leg.algorithm = algorithm;
        leg.dim = dimIndex;
        leg.whole = whole;
        const int n = dim(dimIndex).size;
        leg.steps = algorithm == Algorithm::OneShot ? 1 : algorithm == Algorithm::InNetwork ? 2 : 2 * log2Ceil(n);
        leg.pieces = algorithm == Algorithm::Tree ? 2 : 1;
        for (leg.piece = 0; leg.piece < leg.pieces; ++leg.piece) {
            HopLeg one = leg;
            if (algorithm == Algorithm::Tree)
                growTree(one, n);
            phase.tracks.push_back({add(std::move(one))});
        }
        return phase;
    }

    void allReduce(Algorithm algorithm)
    {
        const LevelDims& outer = m_levels.back();
        if (algorithm == Algorithm::OneShot) {
            for (const LevelDims& level : m_levels)
                append({sumPhase(level.first, Algorithm::OneShot, (1U << static_cast<unsigned>(m_program->flat())) - 1)});
            return;
        }
        if (m_nestedRing || !isOwnSum(outer.algorithm)) {
            const Phases all = gathers(levels(), 0);
            append(reversed(all));
            append(all);
            return;
        }
        const Phases inner = gathers(levels() - 1, 1U << static_cast<unsigned>(outer.first));
        append(reversed(inner));
        append({sumPhase(outer.first, outer.algorithm, 0)});
        append(inner);
    }

    HopLeg exchangeLeg(int dimIndex, Algorithm algorithm, const std::vector<Other>& others) const
    {
        HopLeg leg;
        leg.move = Move::Exchange;
        leg.algorithm = algorithm;
        leg.dim = dimIndex;
        leg.others = others;
        const int n = dim(dimIndex).size;
        leg.steps = algorithm == Algorithm::Direct ? 1 : algorithm == Algorithm::BidirectionalRing ? n / 2 : n - 1;
        return leg;
    }

    /// Every piece to its digits of this level.
    HopPhase exchange(const LevelDims& level, std::vector<Other> others, double scale)
    {
        HopPhase phase;
        const auto set = [&](int dimIndex, Other other) { others[static_cast<std::size_t>(dimIndex)] = other; };
        for (int d = level.first; d <= level.last; ++d)
            set(d, Other::Todo);
        if (!level.torus) {
            const bool rings = level.algorithm == Algorithm::RingPacking;
            const std::vector<std::vector<int>> orders = rings ? ringsOf(level) : std::vector<std::vector<int>>{{}};
            const bool round = rings || level.algorithm == Algorithm::BidirectionalRing;
            HopLeg leg = exchangeLeg(level.first,
                                     round                                    ? Algorithm::BidirectionalRing
                                     : level.algorithm == Algorithm::Line     ? Algorithm::Line
                                     : level.algorithm == Algorithm::Pairwise ? Algorithm::Pairwise
                                                                              : Algorithm::Direct,
                                     others);
            leg.scale = scale;
            leg.pieces = static_cast<int>(orders.size()) * (round ? 2 : 1);
            for (const std::vector<int>& order : orders)
                for (int far = 0; far < (round ? 2 : 1); ++far) {
                    leg.ring = order;
                    leg.far = far == 1;
                    phase.tracks.push_back({add(leg)});
                    ++leg.piece;
                }
            return phase;
        }
        const int count = level.last - level.first + 1;
        for (int o = 0; o < count; ++o)
            for (int far = 0; far < 2; ++far) {
                HopTrack track;
                std::vector<Other> now = others;
                for (int p = 0; p < count; ++p) {
                    const int index = level.first + (o + p) % count;
                    HopLeg leg = exchangeLeg(index, dim(index).wrapped ? Algorithm::BidirectionalRing : Algorithm::Line, now);
                    leg.piece = 2 * o + far;
                    leg.pieces = 2 * count;
                    leg.far = far == 1;
                    leg.scale = scale;
                    track.push_back(add(leg));
                    now[static_cast<std::size_t>(index)] = Other::Done;
                }
                phase.tracks.push_back(std::move(track));
            }
        return phase;
    }

    HopPhase directExchange(const LevelDims& level, bool pairwise)
    {
        HopLeg leg;
        leg.move = pairwise ? Move::Pairwise : Move::Everyone;
        leg.algorithm = pairwise ? Algorithm::Pairwise : Algorithm::Direct;
        leg.dim = level.first;
        leg.lastDim = level.last;
        const int inner = dim(level.first).stride;
        const int size = dim(level.last).stride * dim(level.last).size / inner;
        leg.steps = pairwise ? (size - 1) * inner : 1;
        HopPhase phase;
        phase.tracks.push_back({add(leg)});
        return phase;
    }

    void allToAll(const CollectiveCost& cost, double payload)
    {
        const auto dims = static_cast<std::size_t>(m_program->flat());
        const auto othersOf = [&](const LevelDims& level, Other inner, Other outer) {
            std::vector<Other> others(dims, inner);
            for (std::size_t d = static_cast<std::size_t>(level.last) + 1; d < dims; ++d)
                others[d] = outer;
            return others;
        };
        if (levels() == 1) {
            append({exchange(m_levels.front(), std::vector<Other>(dims, Other::Todo), 1)});
            return;
        }
        if (cost.algorithm == Algorithm::OncePerNode) {
            oncePerNode(cost, payload);
            return;
        }
        const bool staged = cost.algorithm == Algorithm::Hierarchical;
        for (const LevelDims& level : m_levels) {
            const bool routed = level.torus || level.algorithm == Algorithm::RingPacking;
            if (staged) {
                append({exchange(level, othersOf(level, Other::Done, Other::Todo), 1)});
            } else if (routed) {
                // Units trade between counterparts; inside a unit the pieces find their device on its own links.
                append({exchange(level, othersOf(level, Other::Todo, Other::Confined), 1)});
                m_program->blocks = m_program->blocks && level.first == 0;
            } else {
                append({directExchange(level, level.algorithm == Algorithm::Pairwise)});
            }
        }
    }

    /// Across first, fewer bytes because a token for several ranks of a node crosses once; then inside.
    void oncePerNode(const CollectiveCost& cost, double payload)
    {
        m_program->blocks = false;
        const auto dims = static_cast<std::size_t>(m_program->flat());
        const LevelDims& outer = m_levels.back();
        const double inside = dim(outer.first).stride;
        const double nodes = m_program->size / inside;
        const double across = payload * (nodes - 1) / nodes;
        const double scale = std::max(0.0, (cost.sentBytes - payload * (inside - 1) / inside) / across);
        append({exchange(outer, std::vector<Other>(dims, Other::Todo), scale)});
        for (std::size_t l = levels() - 1; l-- > 0;)
            append({exchange(
                m_levels[l],
                [&] {
                    std::vector<Other> others(dims, Other::Done);
                    for (int d = 0; d < m_levels[l].first; ++d)
                        others[static_cast<std::size_t>(d)] = Other::Todo;
                    return others;
                }(),
                1)});
    }

    void finish()
    {
        int first = 0;
        for (HopPhase& phase : m_program->phases) {
            int longest = 0;
            for (const HopTrack& track : phase.tracks) {
                int steps = 0;
                int latency = 0;
                for (const int index : track) {
                    const HopLeg& leg = m_program->legs[static_cast<std::size_t>(index)];
                    steps += leg.steps;
                    latency += leg.steps * dim(leg.dim).share;
                    m_program->slots = std::lcm(m_program->slots, leg.pieces);
                }
                phase.steps = std::max(phase.steps, steps);
                longest = std::max(longest, latency);
            }
            phase.first = first;
            first += phase.steps;
            m_program->latencySteps += longest;
        }
    }

    const Cluster& m_cluster;
    const DeviceGroup& m_group;
    int m_first;
    GroupLayout m_layout;
    std::shared_ptr<HopProgram> m_program;
    std::vector<LevelDims> m_levels;
    bool m_nestedRing = false;
};

} // namespace

double HopProgram::chunkBytes(const HopLeg& leg) const
{
    double count = 1;
    if (leg.move == Move::Exchange) {
        for (std::size_t k = 0; k < leg.others.size(); ++k)
            if (static_cast<int>(k) != leg.dim && leg.others[k] != Other::Confined)
                count *= dims[k].size;
    } else if (leg.dim != flat()) {
        for (int k = 0; k < flat(); ++k)
            if (k != leg.dim && (leg.whole >> static_cast<unsigned>(k) & 1U) != 0)
                count *= dims[static_cast<std::size_t>(k)].size;
    }
    return payload * count / size / leg.pieces * leg.scale;
}

std::shared_ptr<const HopProgram> hopProgram(const Cluster& cluster, const DeviceGroup& group, int first, Collective kind, double payload,
                                             const CollectiveCost& cost, int devices, std::string& why)
{
    return ProgramBuilder(cluster, group, first, devices).build(kind, payload, cost, why);
}

} // namespace shardlens
