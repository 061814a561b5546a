// SPDX-License-Identifier: Apache-2.0
// Where a device is in a mesh picture, and how a message goes from one to another there.
#include "ui/scene/meshlayout.h"

#include <QLineF>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

void append(QPolygonF& leg, const QPointF& point)
{
    if (leg.isEmpty() || leg.back() != point)
        leg.append(point);
}

/// Steps of one axis from `from` to `to` among `extent`, the shorter way: +1 or -1 each time. Equally far: not round the edge.
int directionOf(int from, int to, int extent, bool wraps)
{
    const int ahead = to - from;
    if (!wraps)
        return ahead > 0 ? 1 : -1;
    const int forwards = (ahead % extent + extent) % extent;
    return 2 * forwards < extent || (2 * forwards == extent && ahead > 0) ? 1 : -1;
}

constexpr std::size_t kMostSearched = 1024; ///< units of a switch among which those in the way are looked for

class Router {
public:
    Router(const Cluster& cluster, const MeshLayout& layout, const MeshDomain& domain)
        : m_cluster(cluster),
          m_layout(layout),
          m_domain(domain),
          m_level(layout.levels[static_cast<std::size_t>(domain.picture)])
    {
        m_route.level = m_level.index;
    }

    /// From unit `a` to unit `b`, between the centres of two tiles inside them.
    MeshRoute between(int a, int b, const MeshPlace& source, const MeshPlace& target)
    {
        m_leg = {};
        const QRectF& from = source.rect;
        const QRectF& to = target.rect;
        append(m_leg, from.center());
        const bool isLine = m_level.topology == Topology::Ring || m_level.topology == Topology::Torus;
        if (isLine && !m_level.part)
            walk(a, b);
        else if (!m_domain.bar.isEmpty())
            overBar(a, b, source, target);
        else if (m_level.topology == Topology::CubeMesh)
            m_route.throughHost = m_cluster.levels[static_cast<std::size_t>(m_level.index)].linksBetween(a, b) == 0;
        append(m_leg, to.center());
        m_route.legs.push_back(m_leg);
        if (const double length = m_route.length(); m_onto >= 0 && length > 0) {
            m_route.ontoPlate = m_onto / length;
            m_route.offPlate = m_off / length;
        }
        return m_route;
    }

private:
    [[nodiscard]] double lengthSoFar() const
    {
        double length = 0;
        for (qsizetype i = 1; i < m_leg.size(); ++i)
            length += QLineF(m_leg[i - 1], m_leg[i]).length();
        return length;
    }

    [[nodiscard]] const QRectF& unit(int index) const { return m_domain.units[static_cast<std::size_t>(index)]; }

    /// Between the tile and its neighbour in the row.
    [[nodiscard]] double gapBeside(const MeshPlace& place) const
    {
        constexpr double kUnknown = 2;
        const MeshTile* next = m_layout.tileOf(place.first + place.count);
        if (next && next->rect.left() > place.rect.right() && std::abs(next->rect.top() - place.rect.top()) < 0.5)
            return next->rect.left() - place.rect.right();
        const MeshTile* before = m_layout.tileOf(place.first - 1);
        return before && before->rect.right() < place.rect.left() ? place.rect.left() - before->rect.right() : kUnknown;
    }

    /// Between the columns of the switch's units.
    [[nodiscard]] double gapOfColumns() const
    {
        constexpr double kUnknown = 4;
        const bool several = m_domain.units.size() > 1 && unit(1).left() > unit(0).right();
        return several ? unit(1).left() - unit(0).right() : kUnknown;
    }

    /// Another unit stands between this one and the bar.
    [[nodiscard]] bool isBehind(const QRectF& whole, double bar) const
    {
        return m_domain.units.size() <= kMostSearched
               && std::any_of(m_domain.units.begin(), m_domain.units.end(), [&](const QRectF& other) {
                      const double y = other.center().y();
                      return std::abs(other.left() - whole.left()) < 0.5 && std::min(whole.center().y(), bar) + 0.5 < y
                             && y < std::max(whole.center().y(), bar) - 0.5;
                  });
    }

    /// From a tile onto the bar: straight, but beside tiles of its own unit, and between the columns where other units stand in the way.
    [[nodiscard]] QPolygonF wayToBar(const QRectF& whole, const MeshPlace& place)
    {
        constexpr double kBeside = 3;
        const QRectF& tile = place.rect;
        const double y = m_domain.bar.center().y();
        const double edge = std::clamp(y, whole.top(), whole.bottom());
        const bool isNested = tile != whole;
        const double lane = isNested ? std::min(tile.right() + std::min(kBeside, gapBeside(place) / 2), whole.right()) : whole.center().x();
        if (!isBehind(whole, y)) {
            m_route.isNarrow |= isNested;
            return QPolygonF{{lane, tile.center().y()}, {lane, edge}, {lane, y}};
        }
        m_route.isNarrow = true;
        const double gap = gapOfColumns();
        const bool isLast = whole.right() + gap > m_domain.bar.right() + 0.5;
        const double gutter = isLast ? whole.left() - gap / 2 : whole.right() + gap / 2;
        if (!isNested)
            return QPolygonF{{gutter, tile.center().y()}, {gutter, y}};
        const double out = edge + (y > edge ? gap : -gap) / 2;
        return QPolygonF{{lane, tile.center().y()}, {lane, out}, {gutter, out}, {gutter, y}};
    }

    void overBar(int a, int b, const MeshPlace& source, const MeshPlace& target)
    {
        for (const QPointF& point : wayToBar(unit(a), source))
            append(m_leg, point);
        m_onto = lengthSoFar();
        const QPolygonF back = wayToBar(unit(b), target);
        append(m_leg, back.back());
        m_off = lengthSoFar();
        for (qsizetype i = back.size() - 1; i-- > 0;)
            append(m_leg, back[i]);
    }

    /// One axis after the other, innermost first.
    void walk(int a, int b)
    {
        int stride = 1;
        int at = a;
        append(m_leg, unit(a).center());
        for (std::size_t axis = 0; axis < m_level.extents.size(); ++axis) {
            const int extent = m_level.extents[axis];
            const int goal = b / stride % extent;
            const bool wraps = axis < m_level.wrap.size() && m_level.wrap[axis] && extent > 2;
            int here = at / stride % extent;
            const int step = directionOf(here, goal, extent, wraps);
            while (here != goal) {
                const int next = (here + step + extent) % extent;
                const int unitNext = at + (next - here) * stride;
                if (axis == 2)
                    overPlanes(at, unitNext, here, next);
                else if (std::abs(next - here) > 1)
                    roundTheEdge(at, unitNext, stride, extent);
                append(m_leg, unit(unitNext).center());
                at = unitNext;
                here = next;
            }
            stride *= extent;
        }
    }

    /// Out of one plane of a 3D torus and into the next, by the line that stands for their links.
    void overPlanes(int from, int to, int plane, int next)
    {
        const auto depth = std::find_if(m_layout.depths.begin(), m_layout.depths.end(), [this](const MeshDepth& candidate) {
            return candidate.picture == m_domain.picture && candidate.first == m_domain.first;
        });
        if (depth == m_layout.depths.end())
            return;
        const QPolygonF down = depth->wayTo(unit(to), next);
        for (const QPointF& point : depth->wayTo(unit(from), plane))
            append(m_leg, point);
        for (const QPointF& point : depth->linkBetween(plane, next))
            append(m_leg, point);
        for (qsizetype i = down.size(); i-- > 0;)
            append(m_leg, down[i]);
    }

    /// Over the wrap-around link that is drawn between the two ends of a row, column or ring.
    void roundTheEdge(int from, int to, int stride, int extent)
    {
        const int first = std::min(from, to);
        for (const MeshRail& rail : m_layout.rails) {
            if (rail.level != m_level.index || rail.wrap.isEmpty() || static_cast<int>(rail.units.size()) != extent
                || rail.units.front() != m_domain.first + first * m_domain.unitDevices
                || rail.units[1] - rail.units[0] != stride * m_domain.unitDevices)
                continue;
            QList<QPolygonF> lines = rail.wrap.toSubpathPolygons();
            const QPointF end = unit(from).center();
            const auto isNearer = [&end](const QPointF& p, const QPointF& q) { return QLineF(end, p).length() < QLineF(end, q).length(); };
            if (lines.size() == 1) { // a loop: of a ring in two rows it joins the last to the first
                QPolygonF line = lines.front();
                if (isNearer(line.back(), line.front()))
                    std::reverse(line.begin(), line.end());
                for (const QPointF& point : line)
                    append(m_leg, point);
            } else if (lines.size() == 2) { // stubs: out at one end, in at the other
                if (isNearer(lines[1].front(), lines[0].front()))
                    std::swap(lines[0], lines[1]);
                append(m_leg, lines[0].back());
                m_route.legs.push_back(m_leg);
                m_leg = {};
                append(m_leg, lines[1].back());
            }
            return;
        }
    }

    const Cluster& m_cluster;
    const MeshLayout& m_layout;
    const MeshDomain& m_domain;
    const MeshLevel& m_level;
    MeshRoute m_route;
    QPolygonF m_leg;
    double m_onto = -1; ///< length at which a switch's plate is reached
    double m_off = -1;  ///< ... and left
};

} // namespace

double MeshRoute::length() const
{
    double sum = 0;
    for (const QPolygonF& leg : legs)
        for (qsizetype i = 1; i < leg.size(); ++i)
            sum += QLineF(leg[i - 1], leg[i]).length();
    return sum;
}

QPointF MeshRoute::at(double fraction) const
{
    double left = std::clamp(fraction, 0.0, 1.0) * length();
    QPointF last;
    for (const QPolygonF& leg : legs) {
        for (qsizetype i = 1; i < leg.size(); ++i) {
            const QLineF line(leg[i - 1], leg[i]);
            if (left <= line.length() && line.length() > 0)
                return line.pointAt(left / line.length());
            left -= line.length();
        }
        if (!leg.isEmpty())
            last = leg.back();
    }
    return last;
}

const MeshTile* MeshLayout::tileOf(int device) const
{
    const auto after = std::upper_bound(tiles.begin(), tiles.end(), device, [](int d, const MeshTile& tile) { return d < tile.device; });
    if (device < 0 || after == tiles.begin())
        return nullptr;
    const MeshTile& tile = *(after - 1);
    return device < tile.device + tile.count ? &tile : nullptr;
}

const MeshDomain* MeshLayout::domainOf(int picture, int first) const
{
    const auto found =
        std::lower_bound(domains.begin(), domains.end(), std::pair(picture, first), [](const MeshDomain& d, const auto& key) {
            return d.picture != key.first ? d.picture < key.first : d.first < key.second;
        });
    return found != domains.end() && found->picture == picture && found->first == first ? &*found : nullptr;
}

MeshPlace MeshLayout::placeOf(int device) const
{
    MeshPlace place;
    if (device < 0 || shown <= 0)
        return place;
    if (device < start || device > last()) {
        place.isCopy = true;
        device = start + (replica > 0 && shown >= replica ? device % replica : device % shown);
    }
    int first = start;
    for (int picture = static_cast<int>(levels.size()) - 1; picture >= 0; --picture) {
        const MeshDomain* domain = domainOf(picture, first);
        if (!domain)
            break;
        const int unit = (device - first) / domain->unitDevices;
        first += unit * domain->unitDevices;
        place.rect = domain->units[static_cast<std::size_t>(unit)];
        place.first = first;
        place.count = domain->unitDevices;
    }
    return place;
}

MeshRoute MeshLayout::routeBetween(const Cluster& cluster, int from, int to) const
{
    const MeshPlace source = placeOf(from);
    const MeshPlace target = placeOf(to);
    if (source.rect.isNull() || target.rect.isNull() || source.first == target.first)
        return {};
    int first = start;
    for (int picture = static_cast<int>(levels.size()) - 1; picture >= 0; --picture) {
        const MeshDomain* domain = domainOf(picture, first);
        if (!domain)
            break;
        const int a = (source.first - first) / domain->unitDevices;
        const int b = (target.first - first) / domain->unitDevices;
        if (a != b)
            return Router(cluster, *this, *domain).between(a, b, source, target);
        first += a * domain->unitDevices;
    }
    return {};
}

} // namespace shardlens
