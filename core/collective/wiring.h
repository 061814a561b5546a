// SPDX-License-Identifier: Apache-2.0
// The directed links of one level whose units are wired to one another (everything but a switch), and the routes over them.
#pragma once

#include "core/collective/groupspread.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace shardlens {

/// One link of a route and the part of the traffic that takes it: half each way where two ways round a ring are equally long.
struct Passage {
    std::size_t link = 0;
    double part = 1;
};

class Wiring {
public:
    explicit Wiring(const FabricTier& tier);
    [[nodiscard]] std::size_t links() const { return m_links; }
    /// bytes/s of a link, that of all devices of its unit together.
    [[nodiscard]] double capacity(std::size_t link) const;
    /// Route between two units; returns its hops. Ring and torus: dimension by dimension, the shorter way round. Mesh: the pair's own
    /// link. Cube mesh: its links, or the host's. Host tree: up to the tier that joins the two and down again.
    int route(int from, int to, std::vector<Passage>& passages) const;

private:
    [[nodiscard]] std::size_t linkAt(std::size_t plane, int unit) const
    {
        return plane * static_cast<std::size_t>(m_units) + static_cast<std::size_t>(unit);
    }
    int alongAxes(int from, int to, std::vector<Passage>& passages) const;
    int throughTree(int from, int to, std::vector<Passage>& passages) const;

    const FabricLevel* m_level;
    int m_units;
    double m_devices; ///< of a unit
    std::size_t m_links = 0;
};

} // namespace shardlens
