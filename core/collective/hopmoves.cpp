// SPDX-License-Identifier: Apache-2.0
// Who hands what to whom in one step of one leg.
#include "core/collective/hopprogram.h"

#include <algorithm>

namespace shardlens {

namespace {

using Algorithm = CollectiveAlgorithm;

int wrap(int value, int n)
{
    return (value % n + n) % n;
}

/// Digit at a position of the leg's ring.
int digitAt(const HopLeg& leg, int position)
{
    if (leg.rotated > 1)
        return position / leg.rotated * leg.rotated + (position % leg.rotated + leg.rotation) % leg.rotated;
    return leg.ring.empty() ? position : leg.ring[static_cast<std::size_t>(position)];
}

int positionOf(const HopLeg& leg, int digit)
{
    if (leg.rotated > 1)
        return digit / leg.rotated * leg.rotated + wrap(digit % leg.rotated - leg.rotation, leg.rotated);
    if (leg.ring.empty())
        return digit;
    return static_cast<int>(std::find(leg.ring.begin(), leg.ring.end(), digit) - leg.ring.begin());
}

/// What position `i` sends in step `s` of a leg: emit(to, source, first, count), all in positions. `only`: a receiver that alone counts
/// where everybody sends to everybody, negative for all.
template <class Emit>
void gatherSends(const HopLeg& leg, int n, int s, int i, int only, Emit&& emit)
{
    const int half = n / 2;
    switch (leg.algorithm) {
    case Algorithm::Direct:
        for (int j = only < 0 ? 0 : only; j < (only < 0 ? n : only + 1); ++j)
            if (j != i)
                emit(j, i, i, 1);
        break;
    case Algorithm::RecursiveDoubling: emit(i ^ (1 << s), i, i >> s << s, 1 << s); break;
    case Algorithm::BidirectionalRing:
        if (s < half)
            emit(wrap(i + 1, n), i, wrap(i - s, n), 1);
        if (s < n - 1 - half)
            emit(wrap(i - 1, n), i, wrap(i + s, n), 1);
        break;
    case Algorithm::Line:
        if (i - s >= 0 && i + 1 < n)
            emit(i + 1, i, i - s, 1);
        if (i + s < n && i > 0)
            emit(i - 1, i, i + s, 1);
        break;
    default:
        if (leg.backward)
            emit(wrap(i - 1, n), i, wrap(i + s, n), 1);
        else
            emit(wrap(i + 1, n), i, wrap(i - s, n), 1);
        break;
    }
}

template <class Emit>
void exchangeSends(const HopLeg& leg, int n, int s, int i, int only, Emit&& emit)
{
    switch (leg.algorithm) {
    case Algorithm::Direct:
        for (int j = only < 0 ? 0 : only; j < (only < 0 ? n : only + 1); ++j)
            if (j != i)
                emit(j, i, j, 1);
        break;
    case Algorithm::Pairwise: emit(wrap(i + s + 1, n), i, wrap(i + s + 1, n), 1); break;
    case Algorithm::Line: // pieces go on to the end they are for; s hops so far
        if (i - s >= 0 && i + 1 < n)
            emit(i + 1, i - s, i + 1, n - 1 - i);
        if (i + s < n && i > 0)
            emit(i - 1, i + s, 0, i);
        break;
    default: {
        // The shorter way round; of an even ring the opposite is as far both ways, half of it goes each.
        const int half = n / 2;
        const int ahead = n % 2 == 1 ? half : leg.far ? half - 1 : half;
        const int back = n % 2 == 1 ? half : leg.far ? half : half - 1;
        if (s < ahead)
            emit(wrap(i + 1, n), wrap(i - s, n), wrap(i + 1, n), ahead - s);
        if (s < back)
            emit(wrap(i - 1, n), wrap(i + s, n), wrap(i + s - back, n), back - s);
        break;
    }
    }
}

bool isEverybody(const HopLeg& leg)
{
    return leg.algorithm == Algorithm::Direct || leg.algorithm == Algorithm::OneShot;
}

/// Positions whose sends can touch position `only`.
std::vector<int> candidates(const HopLeg& leg, int n, int s, int only)
{
    std::vector<int> list;
    if (only < 0 || isEverybody(leg)) {
        for (int i = 0; i < n; ++i)
            list.push_back(i);
        return list;
    }
    if (leg.algorithm == Algorithm::RecursiveDoubling)
        list = {only, only ^ (1 << s)};
    else if (leg.algorithm == Algorithm::Pairwise)
        list = {only, wrap(only - s - 1, n)};
    else
        list = {only, wrap(only - 1, n), wrap(only + 1, n)};
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

/// One leg at one step, written down.
class LegWriter {
public:
    LegWriter(const HopProgram& program, int leg, int step, int rank, std::vector<Transfer>& out)
        : m_program(program),
          m_leg(program.legs[static_cast<std::size_t>(leg)]),
          m_index(static_cast<std::uint16_t>(leg)),
          m_step(step),
          m_rank(rank),
          m_n(program.dims[static_cast<std::size_t>(m_leg.dim)].size),
          m_bytes(program.chunkBytes(m_leg)),
          m_level(program.dims[static_cast<std::size_t>(m_leg.dim)].level),
          m_out(out)
    {}

    void write()
    {
        switch (m_leg.move) {
        case Move::Send: m_out.push_back({0, 1, m_program.payload, m_level, false, m_index, 0, 0, 1}); break;
        case Move::Everyone: everyone(); break;
        case Move::Pairwise: pairwise(); break;
        default: eachGroup(); break;
        }
    }

private:
    void eachGroup()
    {
        if (m_rank >= 0) {
            const int base = m_program.withDigit(m_rank, m_leg.dim, 0);
            group(base, positionOf(m_leg, m_program.digit(m_rank, m_leg.dim)));
            return;
        }
        for (int rank = 0; rank < m_program.size; ++rank)
            if (m_program.digit(rank, m_leg.dim) == 0)
                group(rank, -1);
    }

    void group(int base, int only)
    {
        if (m_leg.move == Move::Sum) {
            if (m_leg.algorithm == Algorithm::InNetwork)
                throughSwitch(base, only);
            else if (m_leg.algorithm == Algorithm::Tree)
                alongTree(base, only);
            else
                floods(base, only);
            return;
        }
        const int s = m_leg.reversed ? m_leg.steps - 1 - m_step : m_step;
        for (const int i : candidates(m_leg, m_n, s, only)) {
            const auto emit = [&](int to, int source, int first, int count) {
                if (only >= 0 && i != only && to != only)
                    return;
                const int a = rankAt(base, i);
                const int b = rankAt(base, to);
                m_out.push_back({m_leg.reversed ? b : a, m_leg.reversed ? a : b, count * m_bytes, m_level, m_leg.reversed, m_index, source,
                                 first, count});
            };
            const int receiver = only >= 0 && i != only ? only : -1;
            if (m_leg.move == Move::Exchange)
                exchangeSends(m_leg, m_n, s, i, receiver, emit);
            else
                gatherSends(m_leg, m_n, s, i, receiver, emit);
        }
    }

    [[nodiscard]] int rankAt(int base, int position) const
    {
        return base + digitAt(m_leg, position) * m_program.dims[static_cast<std::size_t>(m_leg.dim)].stride;
    }

    void put(int from, int to, int first, int count, bool adds)
    {
        m_out.push_back({from, to, count * m_bytes, m_level, adds, m_index, first, first, count});
    }

    /// The switch adds up what its members send of a member's part and hands it to that one; then each part goes to all.
    void throughSwitch(int base, int only)
    {
        const int stride = m_program.dims[static_cast<std::size_t>(m_leg.dim)].stride;
        const int hub = -1 - (base / (stride * m_n) * stride + base % stride);
        const bool sums = m_step == 0;
        for (int i = only < 0 ? 0 : only; i < (only < 0 ? m_n : only + 1); ++i)
            put(rankAt(base, i), hub, sums ? 0 : i, sums ? m_n : 1, sums);
        for (int i = only < 0 ? 0 : only; i < (only < 0 ? m_n : only + 1); ++i)
            put(hub, rankAt(base, i), sums ? i : 0, sums ? 1 : m_n, false);
    }

    void alongTree(int base, int only)
    {
        const int up = m_leg.steps / 2;
        for (int v = 0; v < m_n; ++v) {
            const auto node = static_cast<std::size_t>(v);
            const int parent = m_leg.parent[node];
            if (parent < 0 || (only >= 0 && v != only && parent != only))
                continue;
            if (m_step < up && m_leg.height[node] == m_step)
                put(rankAt(base, v), rankAt(base, parent), 0, m_n, true);
            if (m_step >= up && m_leg.depth[node] - 1 == m_step - up)
                put(rankAt(base, parent), rankAt(base, v), 0, m_n, false);
        }
    }

    void floods(int base, int only)
    {
        for (int i = 0; i < m_n; ++i)
            for (int j = 0; j < m_n; ++j) {
                if (only >= 0 && i != only)
                    j = only;
                if (i != j)
                    put(rankAt(base, i), rankAt(base, j), 0, m_n, true);
                if (only >= 0 && i != only)
                    break;
            }
    }

    [[nodiscard]] int innerRanks() const { return m_program.dims[static_cast<std::size_t>(m_leg.dim)].stride; }
    [[nodiscard]] int outerRanks() const
    {
        const HopDim& last = m_program.dims[static_cast<std::size_t>(m_leg.lastDim)];
        return last.stride * last.size;
    }
    void pair(int from, int to) { m_out.push_back({from, to, m_program.payload / m_program.size, m_level, false, m_index, from, to, 1}); }

    void everyone()
    {
        const int inner = innerRanks();
        const int outer = outerRanks();
        for (int from = m_rank < 0 ? 0 : m_rank / outer * outer; from < (m_rank < 0 ? m_program.size : (m_rank / outer + 1) * outer);
             ++from) {
            if (m_rank >= 0 && from != m_rank) {
                if (from / inner != m_rank / inner)
                    pair(from, m_rank);
                continue;
            }
            const int first = from / outer * outer;
            for (int to = first; to < first + outer; ++to)
                if (to / inner != from / inner)
                    pair(from, to);
        }
    }

    void pairwise()
    {
        const int inner = innerRanks();
        const int outer = outerRanks();
        const int units = outer / inner;
        const int farUnits = 1 + m_step / inner;
        const int farInner = m_step % inner;
        for (int from = m_rank < 0 ? 0 : m_rank / outer * outer; from < (m_rank < 0 ? m_program.size : (m_rank / outer + 1) * outer);
             ++from) {
            const int unit = (from % outer / inner + farUnits) % units;
            const int to = from / outer * outer + unit * inner + (from % inner + farInner) % inner;
            if (m_rank < 0 || from == m_rank || to == m_rank)
                pair(from, to);
        }
    }

    const HopProgram& m_program;
    const HopLeg& m_leg;
    std::uint16_t m_index;
    int m_step;
    int m_rank;
    int m_n;
    double m_bytes;
    int m_level;
    std::vector<Transfer>& m_out;
};

/// Every combination of digits: of dim k those in choices[k].
void eachRank(const HopProgram& program, const std::vector<std::vector<int>>& choices, std::size_t k, int rank, std::vector<int>& out)
{
    if (k == choices.size()) {
        out.push_back(rank);
        return;
    }
    for (const int digit : choices[k])
        eachRank(program, choices, k + 1, rank + digit * program.dims[k].stride, out);
}

std::vector<int> allDigits(int n)
{
    std::vector<int> digits(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i)
        digits[static_cast<std::size_t>(i)] = i;
    return digits;
}

/// Digits of the leg's dimension at positions [first, first + count) round it.
std::vector<int> digitsAt(const HopLeg& leg, int n, int first, int count)
{
    std::vector<int> digits;
    digits.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
        digits.push_back(digitAt(leg, (first + i) % n));
    return digits;
}

} // namespace

void legTransfers(const HopProgram& program, int leg, int step, int rank, std::vector<Transfer>& out)
{
    LegWriter(program, leg, step, rank, out).write();
}

std::vector<std::int64_t> Hops::blocksOf(const Transfer& transfer) const
{
    const HopProgram& program = *m_program;
    const HopLeg& leg = program.legs[transfer.leg];
    const int n = program.dims[static_cast<std::size_t>(leg.dim)].size;
    const int at = transfer.from >= 0 ? transfer.from : transfer.to;
    std::vector<std::int64_t> blocks;
    if (leg.move == Move::Everyone || leg.move == Move::Pairwise || leg.move == Move::Send) {
        blocks.push_back(std::int64_t{transfer.source} * program.size + transfer.first);
    } else if (leg.move == Move::Exchange) {
        const auto dims = static_cast<std::size_t>(program.flat());
        std::vector<std::vector<int>> from(dims);
        std::vector<std::vector<int>> to(dims);
        for (std::size_t k = 0; k < dims; ++k) {
            const int own = program.digit(at, static_cast<int>(k));
            from[k] = leg.others[k] == Other::Done ? allDigits(program.dims[k].size) : std::vector<int>{own};
            to[k] = leg.others[k] == Other::Todo ? allDigits(program.dims[k].size) : std::vector<int>{own};
        }
        const auto d = static_cast<std::size_t>(leg.dim);
        from[d] = {digitAt(leg, transfer.source)};
        to[d] = digitsAt(leg, n, transfer.first, transfer.count);
        std::vector<int> sources;
        std::vector<int> targets;
        eachRank(program, from, 0, 0, sources);
        eachRank(program, to, 0, 0, targets);
        for (const int a : sources)
            for (const int b : targets)
                blocks.push_back(std::int64_t{a} * program.size + b);
    } else if (leg.dim == program.flat()) {
        for (const int digit : digitsAt(leg, n, transfer.first, transfer.count))
            blocks.push_back(digit);
    } else {
        std::vector<std::vector<int>> choices(static_cast<std::size_t>(program.flat()));
        for (std::size_t k = 0; k < choices.size(); ++k)
            choices[k] =
                (leg.whole >> k & 1U) != 0 ? allDigits(program.dims[k].size) : std::vector<int>{program.digit(at, static_cast<int>(k))};
        choices[static_cast<std::size_t>(leg.dim)] = digitsAt(leg, n, transfer.first, transfer.count);
        std::vector<int> ranks;
        eachRank(program, choices, 0, 0, ranks);
        blocks.assign(ranks.begin(), ranks.end());
    }
    // A piece of a leg is a run of slots.
    const int run = program.slots / leg.pieces;
    std::vector<std::int64_t> slotted;
    for (const std::int64_t block : blocks)
        for (int slot = leg.piece * run; slot < (leg.piece + 1) * run; ++slot)
            slotted.push_back(block * program.slots + slot);
    return slotted;
}

} // namespace shardlens
