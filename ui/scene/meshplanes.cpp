// SPDX-License-Identifier: Apache-2.0
// The planes of a 3D torus: their frames, and the links along the third axis, which one line from frame to frame stands for.
#include "core/base/format.h"
#include "ui/scene/meshdrawing.h"
#include "ui/scene/meshshapes.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kDepthStub = 6;   // px
constexpr double kLeastStep = 1.5; // px between units, for a line of its own to one
constexpr double kTipMargin = 5;   // px beside a line that speak for it
constexpr double kBundle = 2;      // px, of a line that stands for many
constexpr double kCorner = 5;      // px, radius of turns

/// What a line from plane to plane stands for.
struct Bundle {
    int links = 0;     ///< one for each place of a plane
    double rate = 0;   ///< bytes/s of one, one way
    int thickness = 1; ///< layers of the torus in one drawn plane
    int before = 0;    ///< layers of the torus before those that are drawn
};

Bundle bundleOf(const MeshDrawing& drawing, const MeshDepth& depth)
{
    const auto& levels = drawing.layout.levels;
    const auto picture = static_cast<std::size_t>(depth.picture);
    const FabricLevel& fabric = drawing.input.scenario.cluster->levels[static_cast<std::size_t>(levels[picture].index)];
    Bundle bundle{depth.perPlane, 0, 1};
    int devices = depth.unitDevices;
    if (picture > 0 && levels[picture - 1].part && levels[picture - 1].index == levels[picture].index) {
        const std::vector<int>& inside = levels[picture - 1].extents;
        bundle.thickness = inside.size() > 2 ? inside[2] : 1;
        devices /= levels[picture - 1].units();
        bundle.links *= levels[picture - 1].units() / bundle.thickness;
    }
    bundle.rate = fabric.linkBandwidth(2) * devices;
    const int layer = std::max(1, depth.perPlane * depth.unitDevices / bundle.thickness);
    bundle.before = depth.first / layer % std::max(1, fabric.extents.size() > 2 ? fabric.extents[2] : 1);
    return bundle;
}

QString planeName(const Bundle& bundle, int plane)
{
    return QStringLiteral("z = ") + rangeText({bundle.before + plane * bundle.thickness, bundle.before + (plane + 1) * bundle.thickness});
}

/// "16 links to z = 1": what goes from the plane on; empty after the last one of a torus that is not wrapped.
QString onwardText(const MeshDepth& depth, const Bundle& bundle, int plane)
{
    const int count = std::max(1, static_cast<int>(depth.planes.size()));
    if (plane + 1 == count && depth.wrap.isEmpty())
        return {};
    const QString words = plane + 1 < count ? MeshWords::tr("%1 links to z = %2") : MeshWords::tr("%1 links round to z = %2");
    return words.arg(qs(formatCount(bundle.links))).arg(bundle.before + (plane + 1) % count * bundle.thickness);
}

void drawTitles(const MeshDrawing& drawing, const MeshDepth& depth, const Bundle& bundle)
{
    if (depth.titles.empty())
        return;
    const int count = static_cast<int>(depth.planes.size());
    const double room = depth.titles.front().width();
    double name = 0;
    double onward = 0;
    for (int plane = 0; plane < count; ++plane) { // the widest decides for all
        name = std::max(name, textWidth(planeName(bundle, plane), TextRole::NoteStrong));
        onward = std::max(onward, textWidth(onwardText(depth, bundle, plane), TextRole::Note));
    }
    if (name > room)
        return;
    const QString brief = MeshWords::tr("%1 z links").arg(qs(formatCount(bundle.links)));
    const bool full = name + 10 + onward <= room;
    const bool some = full || name + 10 + textWidth(brief, TextRole::Note) <= room;
    for (int plane = 0; plane < count; ++plane) {
        const QRectF& box = depth.titles[static_cast<std::size_t>(plane)];
        drawing.text(box, planeName(bundle, plane), TextRole::NoteStrong, drawing.ink(Ink::Text2));
        const QString words = onwardText(depth, bundle, plane);
        if (some && !words.isEmpty())
            drawing.text(box, full ? words : brief, TextRole::Note, drawing.ink(Ink::Text3), Qt::AlignRight | Qt::AlignVCenter);
    }
}

/// What the pointer hears on a line.
void addTips(const MeshDrawing& drawing, const QPolygonF& line, const QString& text)
{
    for (qsizetype i = 1; i < line.size(); ++i) {
        const QRectF segment = QRectF(line[i - 1], line[i]).normalized();
        const bool level = line[i - 1].y() == line[i].y();
        drawing.tip(level ? segment.adjusted(0, -kTipMargin, 0, kTipMargin) : segment.adjusted(-kTipMargin, 0, kTipMargin, 0), text);
    }
}

QString linkTip(const Bundle& bundle, int from, int to, bool around)
{
    QStringList lines;
    lines += around ? MeshWords::tr("z links, round the end") : MeshWords::tr("z links");
    lines += MeshWords::tr("%1 between z = %2 and z = %3, one for each place of a plane")
                 .arg(qs(formatCount(bundle.links)))
                 .arg(bundle.before + std::min(from, to))
                 .arg(bundle.before + std::max(from, to));
    lines += MeshWords::tr("%1 each, %2 together, one way")
                 .arg(qs(formatBandwidth(bundle.rate)), qs(formatBandwidth(bundle.rate * bundle.links)));
    return lines.join(QLatin1Char('\n'));
}

void drawLine(const MeshDrawing& drawing, const QPolygonF& line, const QColor& colour, double width)
{
    if (line.size() == 2)
        drawing.scene.line(line.front(), line.back(), colour, width);
    else
        drawing.scene.path(meshshapes::rounded(line, kCorner), QColor(), colour, width);
}

void drawIdle(const MeshDrawing& drawing, const MeshDepth& depth, const Bundle& bundle, double width)
{
    const bool isInside = depth.picture + 1 < static_cast<int>(drawing.layout.levels.size());
    for (const QRectF& plane : depth.planes)
        drawing.scene.roundedRect(plane, plane.height() >= 40 ? 3 : 0, drawing.ink(isInside ? Ink::Surface : Ink::Sunken),
                                  drawing.ink(Ink::Line));
    const int last = static_cast<int>(depth.planes.size()) - 1;
    for (int plane = 0; plane < last; ++plane) {
        const QPolygonF& link = depth.links[static_cast<std::size_t>(plane)];
        drawLine(drawing, link, drawing.ink(Ink::Strong), width);
        addTips(drawing, link, linkTip(bundle, (plane + 1) * bundle.thickness - 1, (plane + 1) * bundle.thickness, false));
    }
    if (depth.wrap.isEmpty())
        return;
    drawLine(drawing, depth.wrap, wrapColour(drawing), width);
    addTips(drawing, depth.wrap, linkTip(bundle, (last + 1) * bundle.thickness - 1, 0, true));
}

/// One line of the group along the third axis: which planes have a member in the place of the device.
class LitLine {
public:
    LitLine(const MeshDrawing& drawing, const MeshDepth& depth, const MeshDomain& domain, double width)
        : m_drawing(drawing),
          m_depth(depth),
          m_domain(domain),
          m_colour(drawing.input.theme.network(
              networkTier(*drawing.input.scenario.cluster, drawing.layout.levels[static_cast<std::size_t>(depth.picture)].index))),
          m_width(width),
          m_place((drawing.focus.device - depth.first) / depth.unitDevices % depth.perPlane)
    {}

    void draw(const MeshGroup& group) const
    {
        const int count = static_cast<int>(m_depth.planes.size());
        std::vector<int> members;
        for (int plane = 0; plane < count; ++plane) {
            const int first = m_depth.first + unitIn(plane) * m_depth.unitDevices;
            const auto peer = std::lower_bound(group.peers.begin(), group.peers.end(), first);
            if (peer != group.peers.end() && *peer < first + m_depth.unitDevices)
                members.push_back(plane);
        }
        if (members.size() < 2)
            return;
        const bool around = !m_depth.wrap.isEmpty() && static_cast<int>(members.size()) == count;
        const int first = members.front();
        const int last = members.back();
        for (int plane = first; plane < last; ++plane)
            drawLine(m_drawing, m_depth.links[static_cast<std::size_t>(plane)], m_colour, m_width);
        if (around)
            drawLine(m_drawing, m_depth.wrap, m_colour, m_width);
        for (int plane = first; plane <= last; ++plane) {
            const bool isMember = std::binary_search(members.begin(), members.end(), plane);
            const double down = m_depth.wayTo(unit(plane), plane).constLast().x();
            const double in =
                plane > first ? m_depth.links[static_cast<std::size_t>(plane) - 1].back().x() : (around ? m_depth.wrap.back().x() : down);
            const double out =
                plane < last ? m_depth.links[static_cast<std::size_t>(plane)].front().x() : (around ? m_depth.wrap.front().x() : down);
            if (m_depth.hasLanes)
                drawLane(plane, std::min({in, out, isMember ? down : in}), std::max({in, out, isMember ? down : in}));
            if (isMember)
                drawStub(plane);
        }
    }

private:
    [[nodiscard]] int unitIn(int plane) const { return plane * m_depth.perPlane + m_place; }
    [[nodiscard]] const QRectF& unit(int plane) const { return m_domain.units[static_cast<std::size_t>(unitIn(plane))]; }

    void drawLane(int plane, double from, double to) const
    {
        const double y = m_depth.lanes[static_cast<std::size_t>(plane)];
        if (to > from)
            m_drawing.scene.line({from, y}, {to, y}, m_colour, m_width);
    }

    /// Between the units from the lane to the one that sends; where they stand too close, a short line into the depth says that it does.
    void drawStub(int plane) const
    {
        const QRectF& rect = unit(plane);
        if (!m_depth.hasLanes || m_depth.step < kLeastStep) {
            m_drawing.scene.line(rect.topRight(), rect.topRight() + QPointF(kDepthStub, -kDepthStub), m_colour, m_width);
            return;
        }
        drawLine(m_drawing, m_depth.wayTo(rect, plane), m_colour, std::min(m_width, 2.0));
    }

    const MeshDrawing& m_drawing;
    const MeshDepth& m_depth;
    const MeshDomain& m_domain;
    QColor m_colour;
    double m_width;
    int m_place;
};

} // namespace

void drawMeshPlanes(const MeshDrawing& drawing, const MeshDepth& depth)
{
    const Bundle bundle = bundleOf(drawing, depth);
    const double side = std::min(depth.planes.front().width(), depth.planes.front().height());
    drawIdle(drawing, depth, bundle, linkWidth(side / 2, kBundle));
    drawTitles(drawing, depth, bundle);
}

void drawLitPlanes(const MeshDrawing& drawing, const MeshDepth& depth)
{
    const int device = drawing.focus.device;
    const int end = depth.first + depth.perPlane * static_cast<int>(depth.planes.size()) * depth.unitDevices;
    const MeshDomain* domain = drawing.layout.domainOf(depth.picture, depth.first);
    if (device < depth.first || device >= end || !domain)
        return;
    const double side = std::min(depth.planes.front().width(), depth.planes.front().height());
    const LitLine line(drawing, depth, *domain, linkWidth(side / 2, kLitLink));
    for (const MeshGroup& group : drawing.focus.groups) {
        if (isLit(drawing, group))
            line.draw(group);
    }
}

} // namespace shardlens
