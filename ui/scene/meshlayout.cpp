// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshlayout.h"

#include "ui/scene/meshshapes.h"
#include "ui/theme/theme.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace shardlens {
namespace {

using namespace meshshapes;

class Builder {
public:
    Builder(const MeshLayoutInput& input, MeshLayout& layout) : m_input(input), m_layout(layout), m_devices(input.cluster.devices()) {}

    void run()
    {
        chooseMeshLevels(m_input, m_layout);
        m_unitDevices.assign(1, 1);
        for (const MeshLevel& level : m_layout.levels)
            m_unitDevices.push_back(m_unitDevices.back() * level.units());
        const MeshZoom& zoom = m_input.zoom;
        QRectF area = m_input.area;
        const QPointF seen(area.left() + zoom.centre.x() * area.width(), area.top() + zoom.centre.y() * area.height());
        if (!zoom.isFitted()) {
            m_scale = zoom.scale;
            m_shift = area.center() - seen * zoom.scale;
        }
        m_layout.area = area;
        m_layout.zoom = zoom;
        m_sight = m_input.sight.isEmpty() ? area : m_input.sight;
        m_leastArea = std::max(kPixelsPerTile, m_sight.width() * m_sight.height() / kMostTiles);
        const MeshLevel& inner = m_layout.levels.front();
        if (m_input.labelWidth > 0 && m_layout.levels.size() == 1 && inner.topology == Topology::Switch && inner.units() <= 128
            && area.width() >= 3.75 * m_input.labelWidth) {
            m_layout.labelColumn = QRectF(area.left(), area.top(), m_input.labelWidth, area.height());
            area.setLeft(area.left() + m_input.labelWidth);
        }
        placeDomain(m_layout.levels.size() - 1, 0, area);
        if (dropsLabelColumn()) {
            MeshLayoutInput again = m_input;
            again.labelWidth = 0;
            m_layout = layoutMesh(again);
            return;
        }
        std::sort(m_layout.tiles.begin(), m_layout.tiles.end(), [](const MeshTile& a, const MeshTile& b) { return a.device < b.device; });
        std::sort(m_layout.domains.begin(), m_layout.domains.end(), [](const MeshDomain& a, const MeshDomain& b) {
            return a.picture != b.picture ? a.picture < b.picture : a.first < b.first;
        });
        if (!m_layout.tiles.empty())
            m_layout.merge = m_layout.tiles.front().count;
    }

private:
    // ---- places are made in the coordinates of the whole picture, or finer ones for what opens later; these bring them to the screen ----

    [[nodiscard]] QPointF onScreen(const QPointF& point) const { return point * m_scale + m_shift; }
    [[nodiscard]] QRectF onScreen(const QRectF& rect) const { return {onScreen(rect.topLeft()), rect.size() * m_scale}; }
    [[nodiscard]] QPainterPath onScreen(const QPainterPath& path) const
    {
        return m_input.zoom.isFitted() && m_scale == 1 ? path : QTransform(m_scale, 0, 0, m_scale, m_shift.x(), m_shift.y()).map(path);
    }
    [[nodiscard]] std::vector<QRectF> onScreen(const std::vector<QRectF>& rects) const
    {
        std::vector<QRectF> result;
        result.reserve(rects.size());
        for (const QRectF& rect : rects)
            result.push_back(onScreen(rect));
        return result;
    }

    [[nodiscard]] int unitDevices(std::size_t level) const { return m_unitDevices[level]; }
    /// Its units are tiles while nothing is zoomed.
    [[nodiscard]] bool isLeaf(std::size_t level) const { return level == 0 || static_cast<int>(level) == m_layout.closed; }
    [[nodiscard]] bool isClosed(std::size_t level, const QRectF& screen) const
    {
        if (level == 0)
            return true;
        if (static_cast<int>(level) > m_layout.closed)
            return false;
        return m_input.zoom.isFitted() || screen.width() * screen.height() < m_leastArea * m_layout.levels[level - 1].units();
    }

    void placeUnit(std::size_t level, int first, const QRectF& rect)
    {
        if (first >= m_devices)
            return;
        const QRectF screen = onScreen(rect);
        if (!m_input.zoom.isFitted() && !screen.intersects(m_sight))
            return;
        if (isClosed(level, screen)) {
            m_layout.tiles.push_back({screen, first, std::min(unitDevices(level), m_devices - first)});
            return;
        }
        if (static_cast<int>(level) > m_layout.closed) {
            placeInside(level, first, rect);
            return;
        }
        // What opens is laid out at the size at which its units can be read, and scaled from there: nothing shifts while it grows.
        const double side = std::sqrt(rect.width() * rect.height() / m_layout.levels[level - 1].units());
        const double finer = std::exp2(std::max(0.0, std::ceil(std::log2(kReadableUnit / std::max(side, 1e-6)))));
        m_scale /= finer;
        placeInside(level, first, QRectF(rect.topLeft() * finer, rect.size() * finer));
        m_scale *= finer;
    }

    void placeInside(std::size_t level, int first, const QRectF& rect)
    {
        const MeshLevel& inside = m_layout.levels[level - 1];
        if (inside.part) {
            placeDomain(level - 1, first, rect);
            return;
        }
        MeshFrame frame{onScreen(rect), {}, inside.index, first, unitDevices(level)};
        if (inside.index == m_layout.levels[level].index)
            frame.tier = inside.tier;
        const double pad = std::clamp(std::floor(std::min(rect.width(), rect.height()) * 0.045), 1.0, 8.0);
        QRectF inner = rect.adjusted(pad, pad, -pad, -pad);
        if (inner.width() >= 40 && inner.height() >= scaledToText(40)) {
            const QRectF title = onScreen(QRectF(inner.left() + 3, rect.top() + 2, inner.width() - 6, titleLine()));
            if (title.height() >= leastTitle())
                frame.title = title;
            inner.setTop(rect.top() + titleLine() + 3);
        }
        m_layout.frames.push_back(frame);
        placeDomain(level - 1, first, inner);
    }

    void addDomain(std::size_t level, int first, const std::vector<QRectF>& units, const QRectF& bar = {}, double reach = 0)
    {
        m_layout.domains.push_back({static_cast<int>(level), first, unitDevices(level), onScreen(units), bar, reach * m_scale});
    }

    void placeDomain(std::size_t level, int first, const QRectF& area)
    {
        if (m_layout.levels[level].part) {
            placeSwitch(level, first, area);
            return;
        }
        switch (m_layout.levels[level].topology) {
        case Topology::FullMesh:
        case Topology::CubeMesh:
            if (m_layout.levels[level].units() <= kMostWebUnits && !m_layout.levels[level].part
                && (m_layout.closed == 0 || static_cast<int>(level) < m_layout.closed))
                placeWeb(level, first, area);
            else
                placeSwitch(level, first, area);
            break;
        case Topology::PcieTree:
        case Topology::Switch: placeSwitch(level, first, area); break;
        case Topology::Ring: placeRing(level, first, area); break;
        case Topology::Torus: placeTorus(level, first, area); break;
        }
    }

    [[nodiscard]] bool hasBar(std::size_t level) const
    {
        const MeshLevel& shown = m_layout.levels[level];
        const bool isCut = m_input.cluster.levels.empty() || m_input.cluster.levels[static_cast<std::size_t>(shown.index)].units() > 1;
        return isCut && !shown.part && !isOnChip(m_input.cluster, shown.index);
    }

    /// Equal domains of a level are laid out alike: of thousands of nodes one is worked out.
    Grid switchGrid(std::size_t level, const QSizeF& room, double aspect, int run)
    {
        m_grids.resize(m_layout.levels.size());
        auto& [known, grid] = m_grids[level];
        if (known != room) {
            known = room;
            grid = chooseGrid(m_layout.levels[level].units(), room.width(), room.height(), aspect, run);
        }
        return grid;
    }

    void placeSwitch(std::size_t levelIndex, int first, const QRectF& area)
    {
        const MeshLevel& level = m_layout.levels[levelIndex];
        const int units = std::min(level.units(), static_cast<int>(ceilDiv(m_devices - first, unitDevices(levelIndex))));
        const bool labelled = hasBar(levelIndex) && area.height() >= scaledToText(150) && area.width() >= scaledToText(190);
        double bar = 0;
        double air = 0;
        if (labelled) {
            bar = scaledToText(24);
            air = std::clamp(std::floor(area.height() * 0.06), 10.0, 22.0);
        } else if (hasBar(levelIndex) && area.height() >= 24) {
            bar = area.height() >= 56 ? 4 : 2;
            air = area.height() >= 56 ? 4 : 1;
        }
        const bool leaves = isLeaf(levelIndex);
        const int run = m_input.stageDevices > 0 ? m_input.stageDevices / unitDevices(levelIndex) : 0;
        const double roomForRows = area.height() - bar - 2 * air;
        Grid grid = switchGrid(levelIndex, {area.width(), roomForRows}, leaves ? kTileAspect : kFrameAspect, run);
        const Grid open{(level.units() + 1) / 2, std::min(level.units(), 2)};
        const bool isOpen = m_input.openLinks && leaves && bar > 0 && area.width() / open.columns >= kLeastOpen;
        if (isOpen)
            grid = open;
        if (leaves)
            m_layout.columns = grid.columns;
        const double gap = gapFor(std::min(area.width() / grid.columns, roomForRows / grid.rows));
        const int above = grid.rows == 1 ? 1 : (grid.rows + 1) / 2;
        const int below = grid.rows - above;
        const double airUsed = bar > 0 ? air * (below > 0 ? 2 : 1) : (below > 0 ? gap : 0);
        const double rowGaps = gap * std::max(0, above - 1) + gap * std::max(0, below - 1);
        double w = (area.width() - gap * (grid.columns - 1)) / grid.columns;
        double h = (area.height() - bar - airUsed - rowGaps) / grid.rows;
        if (leaves) {
            w = std::min(w, kMostTileWidth);
            h = std::min({h, kMostTileHeight, std::max(w < 80 ? w * 1.5 : w, 12.0)});
            w = std::min(w, std::max(h * 4.0, 12.0));
        }
        if (isOpen) { // half of the height is for what travels
            const double most = (area.height() - bar) / grid.rows;
            h = std::min(h, std::max(most * 0.5, 4.0));
            air = std::clamp(std::floor(most - h), air, kMostOpenAir);
        }
        if (w >= 8)
            w = std::floor(w);
        if (h >= 8)
            h = std::floor(h);
        const double width = grid.columns * w + gap * (grid.columns - 1);
        const double height = grid.rows * h + bar + (isOpen ? grid.rows * air : airUsed) + rowGaps;
        const QRectF content = centred(area, width, height);
        MeshSwitch result{{}, labelled && bar * m_scale >= leastTitle() + 4, level.index, first, unitDevices(levelIndex), {}, level.tier};
        const double barTop = content.top() + above * h + gap * (above - 1) + air;
        if (bar > 0)
            result.bar = onScreen(QRectF(content.left(), barTop, content.width(), bar));
        std::vector<QRectF> rects;
        rects.reserve(static_cast<std::size_t>(units));
        for (int i = 0; i < units; ++i) {
            const int row = i / grid.columns;
            const double x = content.left() + (i % grid.columns) * (w + gap);
            const double y = row < above ? content.top() + row * (h + gap)
                                         : (bar > 0 ? barTop + bar + air : content.top() + above * (h + gap)) + (row - above) * (h + gap);
            rects.emplace_back(x, y, w, h);
        }
        m_layout.content = m_layout.content.united(onScreen(content));
        m_rowsLeft = content.left();
        m_rowHeight = h;
        result.units = onScreen(rects);
        addDomain(levelIndex, first, rects, result.bar);
        m_layout.switches.push_back(std::move(result));
        for (int i = 0; i < units; ++i)
            placeUnit(levelIndex, first + i * unitDevices(levelIndex), rects[static_cast<std::size_t>(i)]);
    }

    /// Units on an ellipse, an edge of the polygon level at the top. Their size is the largest at which neighbours stay apart.
    void placeWeb(std::size_t levelIndex, int first, const QRectF& area)
    {
        const MeshLevel& level = m_layout.levels[levelIndex];
        const int units = level.units();
        MeshWeb web{level.index, first, unitDevices(levelIndex), {}, {}, {}};
        QRectF room = area;
        if (area.height() >= scaledToText(120) && area.width() >= scaledToText(160)) {
            if ((titleLine() + 1) * m_scale >= leastTitle())
                web.title = onScreen(QRectF(area.left(), area.top(), area.width(), titleLine() + 1));
            room.setTop(area.top() + titleLine() + 5);
        }
        std::vector<QPointF> places; // on the unit circle
        for (int i = 0; i < units; ++i) {
            const double angle = (units == 2 ? std::numbers::pi * (i - 1)
                                             : -std::numbers::pi / 2 + 2 * std::numbers::pi * (i + (units % 2 == 0 ? -0.5 : 0.0)) / units);
            places.emplace_back(std::cos(angle), std::sin(angle));
        }
        QSizeF size(2, 2);
        // The widest tile of the wanted aspect; the centres lie where tiles touch the room's edge.
        for (double w = 2; w <= std::min(kMostTileWidth, room.width()); w += 1) {
            const QSizeF tried(w, std::min(isLeaf(levelIndex) ? kMostTileHeight : room.height(), w / kFrameAspect));
            if (tried.height() <= room.height() && keepApart(places, room, tried))
                size = tried;
        }
        if (m_input.openLinks && size.width() > kRoomForTraffic)
            size = QSizeF(std::max(kRoomForTraffic, size.width() * kOpenWeb), std::max(kRoomForTraffic / 2, size.height() * kOpenWeb));
        const QPointF radius((room.width() - size.width()) / 2, (room.height() - size.height()) / 2);
        std::vector<QRectF> rects;
        for (const QPointF& place : places) {
            const QPointF centre = room.center() + QPointF(place.x() * radius.x(), place.y() * radius.y());
            rects.emplace_back(std::floor(centre.x() - size.width() / 2), std::floor(centre.y() - size.height() / 2), size.width(),
                               size.height());
            m_layout.content = m_layout.content.united(onScreen(rects.back()));
        }
        web.units = onScreen(rects);
        addDomain(levelIndex, first, rects);
        const FabricLevel& fabric = m_input.cluster.levels[static_cast<std::size_t>(level.index)];
        for (int a = 0; a < units; ++a)
            for (int b = a + 1; b < units; ++b) {
                const int links = level.topology == Topology::FullMesh ? 1 : fabric.linksBetween(a, b);
                if (links > 0)
                    web.links.push_back({a, b, links});
            }
        m_layout.webs.push_back(std::move(web));
        for (int i = 0; i < units; ++i)
            placeUnit(levelIndex, first + i * unitDevices(levelIndex), rects[static_cast<std::size_t>(i)]);
    }

    static bool keepApart(const std::vector<QPointF>& places, const QRectF& room, const QSizeF& size)
    {
        constexpr double kGap = 8;
        const double rx = (room.width() - size.width()) / 2;
        const double ry = (room.height() - size.height()) / 2;
        for (std::size_t a = 0; a < places.size(); ++a)
            for (std::size_t b = a + 1; b < places.size(); ++b)
                if (std::abs(places[a].x() - places[b].x()) * rx < size.width() + kGap
                    && std::abs(places[a].y() - places[b].y()) * ry < size.height() + kGap)
                    return false;
        return true;
    }

    void placeRing(std::size_t levelIndex, int first, const QRectF& area)
    {
        const MeshLevel& level = m_layout.levels[levelIndex];
        const int units = level.units();
        const bool wrapped = !level.wrap.empty() && level.wrap.front() && units > 2;
        Grid grid{units, 1};
        if (wrapped && units > 3)
            grid = {(units + 1) / 2, 2};
        else if (!wrapped && units > 4)
            grid = chooseGrid(units, area.width(), area.height(), isLeaf(levelIndex) ? kTileAspect : kFrameAspect, 0);
        const double gap = std::clamp(std::min(area.width() / grid.columns, area.height() / grid.rows) * 0.2, 2.0, 28.0);
        double w = (area.width() - gap * (grid.columns - 1)) / grid.columns;
        double h = (area.height() - gap * (grid.rows - 1)) / grid.rows;
        if (isLeaf(levelIndex)) {
            w = std::min(w, kMostTileWidth);
            h = std::min({h, kMostTileHeight, std::max(w, 12.0)});
        }
        const QRectF content = centred(area, grid.columns * w + gap * (grid.columns - 1), grid.rows * h + gap * (grid.rows - 1));
        m_layout.content = m_layout.content.united(onScreen(content));
        MeshRail rail;
        rail.level = level.index;
        rail.unitDevices = unitDevices(levelIndex);
        std::vector<QRectF> rects;
        for (int i = 0; i < units; ++i) {
            const int row = i / grid.columns;
            const int along = i % grid.columns;
            const int column = row % 2 == 0 ? along : grid.columns - 1 - along; // folded, so that neighbours stay neighbours
            rects.emplace_back(content.left() + column * (w + gap), content.top() + row * (h + gap), w, h);
            rail.stops.push_back(onScreen(rects.back().center()));
            rail.units.push_back(first + i * rail.unitDevices);
        }
        if (wrapped && grid.rows == 2) {
            rail.wrap.moveTo(rail.stops.back());
            rail.wrap.lineTo(rail.stops.front());
        } else if (wrapped) {
            rail.wrap = onScreen(loop(QPointF(rects.front().left(), rects.front().center().y()),
                                      QPointF(rects.back().right(), rects.back().center().y()), QPointF(0, -h / 2 - std::min(gap, 8.0)),
                                      std::min(gap, 8.0)));
        }
        addDomain(levelIndex, first, rects, {}, std::min(gap, 8.0));
        if (units > 1) // of a level cut to one unit there is no link to draw
            m_layout.rails.push_back(std::move(rail));
        for (int i = 0; i < units; ++i)
            placeUnit(levelIndex, first + i * unitDevices(levelIndex), rects[static_cast<std::size_t>(i)]);
    }

    void placeTorus(std::size_t levelIndex, int first, const QRectF& area)
    {
        const MeshLevel& level = m_layout.levels[levelIndex];
        const int columns = level.extents.front();
        const int rows = level.extents.size() > 1 ? level.extents[1] : 1;
        const int planes = level.units() / (columns * rows);
        const int unit = unitDevices(levelIndex);
        if (planes == 1) {
            const Plane placed = placePlane(levelIndex, first, area);
            addDomain(levelIndex, first, placed.units, {}, placed.reach);
            return;
        }
        const bool wrapped = level.wrap.size() > 2 && level.wrap[2] && planes > 2;
        const DepthGrid grid = depthGrid(area, planes, static_cast<double>(columns) / rows * kTileAspect, wrapped);
        MeshDepth depth{static_cast<int>(levelIndex), first, columns * rows, unit, {}, {}, {}, {}, {}, grid.lane > 0, 0};
        const double head = grid.title + grid.lane + std::min(1.0, grid.pad);
        std::vector<QRectF> all;
        double reach = 0;
        for (int plane = 0; plane < planes; ++plane) {
            const QRectF inner = grid.cells[static_cast<std::size_t>(plane)].adjusted(grid.pad, head, -grid.pad, -grid.pad);
            const Plane placed = placePlane(levelIndex, first + plane * columns * rows * unit, inner);
            all.insert(all.end(), placed.units.begin(), placed.units.end());
            reach = placed.reach;
            const QRectF frame = placed.outline.adjusted(-grid.pad, -head, grid.pad, grid.pad);
            depth.planes.push_back(frame);
            if (grid.title * m_scale >= leastTitle())
                depth.titles.emplace_back(frame.left() + 5, frame.top() + 1, frame.width() - 10, grid.title);
        }
        joinPlanes(grid, wrapped, depth);
        const double besides = reach > 0 ? reach : grid.pad; // of the last column
        depth.moveTo(m_scale, m_shift, std::min(besides, columns > 1 ? all[1].left() - all[0].right() : besides));
        for (const QRectF& plane : depth.planes)
            m_layout.content = m_layout.content.united(plane);
        addDomain(levelIndex, first, all, {}, reach);
        m_layout.depths.push_back(std::move(depth));
    }

    struct Plane {
        std::vector<QRectF> units;
        QRectF outline; ///< with what goes round it
        double reach = 0;
    };

    /// One X x Y plane.
    Plane placePlane(std::size_t levelIndex, int first, const QRectF& area)
    {
        const MeshLevel& level = m_layout.levels[levelIndex];
        const int columns = level.extents.front();
        const int rows = level.extents.size() > 1 ? level.extents[1] : 1;
        const int unit = unitDevices(levelIndex);
        const auto wraps = [&level](std::size_t axis, int extent) { return axis < level.wrap.size() && level.wrap[axis] && extent > 2; };
        const bool wrapX = wraps(0, columns);
        const bool wrapY = wraps(1, rows);
        const double side = std::min(area.width() / columns, area.height() / rows);
        const double gap = side < 12 ? std::min(1.5, side * 0.3) : std::clamp(std::floor(side * 0.18), 2.0, 30.0);
        // Round-the-row links need room; small planes show where a row wraps by a stub at both ends.
        const double reach = side >= 30 ? std::clamp(gap * 0.55, 5.0, 16.0) : (side >= 10 ? 4.0 : std::min(2.0, side * 0.2));
        const double marginX = wrapX || wrapY ? reach + std::min(1.0, side * 0.1) : 0;
        const double marginY = marginX;
        double w = (area.width() - 2 * marginX - gap * (columns - 1)) / columns;
        double h = (area.height() - 2 * marginY - gap * (rows - 1)) / rows;
        if (isLeaf(levelIndex)) {
            w = std::min({w, kMostTileWidth, std::max(h, 4.0) * 2.2});
            h = std::min({h, kMostTileHeight, std::max(w, 4.0)});
        } else {
            w = std::min(w, std::max(h, 4.0) * 2.2);
            h = std::min(h, std::max(w, 4.0) * 1.1);
        }
        if (w >= 8)
            w = std::floor(w);
        if (h >= 8)
            h = std::floor(h);
        const QRectF content = centred(area, columns * w + gap * (columns - 1), rows * h + gap * (rows - 1));
        const QRectF outline = content.adjusted(-marginX, -marginY, marginX, marginY);
        m_layout.content = m_layout.content.united(onScreen(outline));
        std::vector<QRectF> rects;
        for (int i = 0; i < columns * rows; ++i) {
            const int column = i % columns;
            const int row = i / columns;
            rects.emplace_back(content.left() + column * (w + gap), content.top() + row * (h + gap), w, h);
        }
        const bool loops = side * m_scale >= 30;
        for (int axis = 0; axis < 2; ++axis) {
            const int lines = axis == 0 ? rows : columns;
            const int stops = axis == 0 ? columns : rows;
            for (int line = 0; line < lines && stops > 1; ++line) {
                MeshRail rail;
                rail.level = level.index;
                rail.axis = axis;
                rail.unitDevices = unit;
                for (int stop = 0; stop < stops; ++stop) {
                    const int at = axis == 0 ? line * columns + stop : stop * columns + line;
                    rail.stops.push_back(rects[static_cast<std::size_t>(at)].center());
                    rail.units.push_back(first + at * unit);
                }
                if (axis == 0 ? wrapX : wrapY)
                    rail.wrap = onScreen(wrapPath(rail, axis, w, h, reach, loops));
                for (QPointF& stop : rail.stops)
                    stop = onScreen(stop);
                m_layout.rails.push_back(std::move(rail));
            }
        }
        for (int i = 0; i < columns * rows; ++i)
            placeUnit(levelIndex, first + i * unit, rects[static_cast<std::size_t>(i)]);
        return {rects, outline, wrapX || wrapY ? reach : 0};
    }

    [[nodiscard]] static QPainterPath wrapPath(const MeshRail& rail, int axis, double w, double h, double reach, bool loops)
    {
        const QPointF half = axis == 0 ? QPointF(w / 2, 0) : QPointF(0, h / 2);
        const QPointF from = rail.stops.front() - half;
        const QPointF to = rail.stops.back() + half;
        if (loops)
            return loop(from, to, axis == 0 ? QPointF(0, -h / 2 - reach) : QPointF(w / 2 + reach, 0), reach);
        const QPointF out = axis == 0 ? QPointF(reach, 0) : QPointF(0, reach);
        QPainterPath path(from);
        path.lineTo(from - out);
        path.moveTo(to);
        path.lineTo(to + out);
        return path;
    }

    /// The label column stays only where rows are stages and a stage has room for a name.
    [[nodiscard]] bool dropsLabelColumn()
    {
        if (m_layout.labelColumn.isEmpty())
            return false;
        const int columns = m_layout.columns;
        const int rows = m_input.stageDevices / columns;
        if (rows * columns != m_input.stageDevices || m_rowHeight * rows < titleLine())
            return true;
        m_layout.labelColumn.moveRight(m_rowsLeft - 4);
        if (m_layout.labelColumn.left() < m_input.area.left())
            m_layout.labelColumn.moveLeft(m_input.area.left());
        m_layout.labelColumn = onScreen(m_layout.labelColumn);
        return false;
    }

    const MeshLayoutInput& m_input;
    MeshLayout& m_layout;
    int m_devices;
    std::vector<int> m_unitDevices;               ///< by level
    std::vector<std::pair<QSizeF, Grid>> m_grids; ///< of the last domain placed of each level, with its room
    double m_scale = 1;                           ///< from the coordinates of the domain at hand to the screen
    QPointF m_shift;
    QRectF m_sight;
    double m_leastArea = kPixelsPerTile;
    double m_rowsLeft = 0; ///< of the last switch placed
    double m_rowHeight = 0;
};

/// The same picture of other devices.
void renumber(MeshLayout& layout, int first)
{
    layout.start = first;
    for (MeshTile& tile : layout.tiles)
        tile.device += first;
    for (MeshFrame& frame : layout.frames)
        frame.first += first;
    for (MeshSwitch& domain : layout.switches)
        domain.first += first;
    for (MeshWeb& web : layout.webs)
        web.first += first;
    for (MeshDepth& depth : layout.depths)
        depth.first += first;
    for (MeshDomain& domain : layout.domains)
        domain.first += first;
    for (MeshRail& rail : layout.rails)
        for (int& unit : rail.units)
            unit += first;
}

} // namespace

MeshLayout layoutMesh(const MeshLayoutInput& input)
{
    MeshLayout layout;
    Builder(input, layout).run();
    if (input.first > 0 && isAlikeFrom(input.cluster, input.first, layout.shown))
        renumber(layout, input.first);
    return layout;
}

} // namespace shardlens
