// SPDX-License-Identifier: Apache-2.0
// Rings that a hybrid cube mesh holds: Hamiltonian cycles of the members that share no link.
#include "core/collective/grouplayout.h"

#include <algorithm>
#include <vector>

namespace shardlens {

namespace {

constexpr std::size_t kUnits = kMaxCubeMesh;
using Wiring = std::array<std::array<int, kUnits>, kUnits>;

class Packer {
public:
    Packer(const FabricLevel& level, unsigned members)
    {
        for (std::size_t unit = 0; unit < kUnits; ++unit)
            if (members >> unit & 1U)
                m_members.push_back(unit);
        for (const std::size_t a : m_members)
            for (const std::size_t b : m_members)
                m_free[a][b] = a == b ? 0 : level.linksBetween(static_cast<int>(a), static_cast<int>(b));
    }

    int most()
    {
        if (m_members.size() < 2)
            return 0;
        if (m_members.size() == 2)
            return m_free[m_members[0]][m_members[1]];
        m_bound = 1000;
        for (const std::size_t a : m_members) {
            int degree = 0;
            for (const std::size_t b : m_members)
                degree += m_free[a][b];
            m_bound = std::min(m_bound, degree / 2);
        }
        m_path = {m_members.front()};
        extend();
        pack(0, 0);
        return m_best;
    }
    /// Of the last most().
    [[nodiscard]] const std::vector<std::vector<std::size_t>>& rings() const { return m_bestRings; }

private:
    using Ring = std::vector<std::size_t>;

    void extend()
    {
        if (m_path.size() == m_members.size()) {
            // Each ring once: its second unit before its last.
            if (m_free[m_path.back()][m_path.front()] > 0 && m_path[1] < m_path.back())
                m_rings.push_back(m_path);
            return;
        }
        for (const std::size_t next : m_members) {
            if (m_free[m_path.back()][next] == 0 || std::find(m_path.begin(), m_path.end(), next) != m_path.end())
                continue;
            m_path.push_back(next);
            extend();
            m_path.pop_back();
        }
    }

    bool take(const Ring& ring, int links)
    {
        bool fits = true;
        for (std::size_t i = 0; i < ring.size(); ++i) {
            const std::size_t a = ring[i];
            const std::size_t b = ring[(i + 1) % ring.size()];
            m_free[a][b] -= links;
            m_free[b][a] = m_free[a][b];
            fits = fits && m_free[a][b] >= 0;
        }
        return fits;
    }

    void pack(std::size_t from, int packed)
    {
        if (packed > m_best) {
            m_best = packed;
            m_bestRings = m_taken;
        }
        for (std::size_t i = from; i < m_rings.size() && m_best < m_bound && m_budget > 0; ++i) {
            --m_budget;
            m_taken.push_back(m_rings[i]);
            if (take(m_rings[i], 1))
                pack(i, packed + 1);
            take(m_rings[i], -1);
            m_taken.pop_back();
        }
    }

    std::vector<std::size_t> m_members;
    Wiring m_free{};
    Ring m_path;
    std::vector<Ring> m_rings;
    std::vector<Ring> m_taken;
    std::vector<Ring> m_bestRings;
    int m_bound = 0;
    int m_best = 0;
    int m_budget = 100'000;
};

} // namespace

int packRings(const FabricLevel& level, unsigned members)
{
    return Packer(level, members).most();
}

std::vector<std::vector<int>> packedRings(const FabricLevel& level, unsigned members)
{
    Packer packer(level, members);
    const int most = packer.most();
    std::vector<std::vector<int>> rings;
    for (const std::vector<std::size_t>& ring : packer.rings())
        rings.emplace_back(ring.begin(), ring.end());
    if (rings.empty() && most > 0) { // two members
        std::vector<int> pair;
        for (int unit = 0; unit < kMaxCubeMesh; ++unit)
            if (members >> static_cast<unsigned>(unit) & 1U)
                pair.push_back(unit);
        rings.assign(static_cast<std::size_t>(most), pair);
    }
    return rings;
}

} // namespace shardlens
