// SPDX-License-Identifier: Apache-2.0
// The fabric behind the tiles: links, switches and frames, and which of them the focused device's group uses.
#include "ui/scene/collectivelines.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>

namespace shardlens {

bool isLit(const MeshDrawing& drawing, const MeshGroup& group)
{
    return group.peers.size() > 1 && (&group == &drawing.focus.groups.front() || !group.uses.empty());
}

double linkWidth(double side, double full)
{
    return side >= 40 ? full : (side >= 16 ? std::max(1.0, full - 1) : 1.0);
}

QColor wrapColour(const MeshDrawing& drawing)
{
    return drawing.input.theme.faded(drawing.ink(Ink::Strong), drawing.input.theme.id() == ThemeId::Dark ? 0.15 : 0.3);
}

namespace {

/// True when any of the sorted `devices` lies in [first, first + count).
bool anyIn(const std::vector<int>& devices, int first, int count)
{
    const auto found = std::lower_bound(devices.begin(), devices.end(), first);
    return found != devices.end() && *found < first + count;
}

/// Units of a domain between which lit groups exchange, ascending. `passesUp`: what goes to other domains passes its switch as well.
std::vector<std::size_t> litUnits(const MeshDrawing& drawing, int first, int unitDevices, std::size_t units, bool passesUp)
{
    std::vector<std::size_t> members;
    const int end = first + unitDevices * static_cast<int>(units);
    for (const MeshGroup& group : drawing.focus.groups) {
        if (!isLit(drawing, group))
            continue;
        std::vector<std::size_t> of;
        for (auto peer = std::lower_bound(group.peers.begin(), group.peers.end(), first); peer != group.peers.end() && *peer < end;
             ++peer) {
            const auto unit = static_cast<std::size_t>((*peer - first) / unitDevices);
            if (of.empty() || of.back() != unit)
                of.push_back(unit);
        }
        const bool passes = passesUp && !of.empty() && (group.peers.front() < first || group.peers.back() >= end);
        if (of.size() < 2 && !passes)
            continue;
        std::vector<std::size_t> both;
        std::set_union(members.begin(), members.end(), of.begin(), of.end(), std::back_inserter(both));
        members = std::move(both);
    }
    return members;
}

/// Vertical lines from the units to the bar, one for each column and side: nearer units stand in front of the same line.
struct Trunk {
    double x = 0;
    double top = 0;
    double bottom = 0;
};

std::vector<Trunk> trunks(const MeshSwitch& domain, const std::vector<std::size_t>& members)
{
    std::map<std::pair<int, bool>, Trunk> found;
    for (const std::size_t member : members) {
        const QPointF centre = domain.units[member].center();
        const bool above = centre.y() < domain.bar.center().y();
        const double edge = above ? domain.bar.top() : domain.bar.bottom();
        Trunk& trunk = found.try_emplace({static_cast<int>(std::lround(centre.x())), above}, Trunk{centre.x(), edge, edge}).first->second;
        trunk.top = std::min(trunk.top, centre.y());
        trunk.bottom = std::max(trunk.bottom, centre.y());
    }
    std::vector<Trunk> result;
    result.reserve(found.size());
    for (const auto& [key, trunk] : found)
        result.push_back(trunk);
    return result;
}

void drawBar(const MeshDrawing& drawing, const MeshSwitch& domain, bool lit, const QColor& colour)
{
    if (!domain.labelled) {
        drawing.scene.fill(domain.bar, lit ? colour : drawing.ink(Ink::Strong));
        return;
    }
    drawing.scene.roundedRect(domain.bar, 2, drawing.ink(Ink::Sunken), lit ? colour : drawing.ink(Ink::Strong), lit ? 2 : 1);
}

/// The words on a bar, on a ground of their own: a send may cross the bar.
void drawBarText(const MeshDrawing& drawing, const MeshSwitch& domain)
{
    const LinkText text = linkText(*drawing.input.scenario.cluster, domain.level, domain.tier);
    const auto [left, right] = barWordsOf(*drawing.input.scenario.cluster, domain);
    const bool both = !right.isEmpty();
    if (drawing.focus.next >= 0 || drawing.focus.previous >= 0) {
        drawing.scene.fill(left.adjusted(-3, 0, 3, 0), drawing.ink(Ink::Sunken));
        if (both)
            drawing.scene.fill(right.adjusted(-3, 0, 3, 0), drawing.ink(Ink::Sunken));
    }
    drawing.text(left, text.name, TextRole::BodyMedium, drawing.ink(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, !both);
    if (both)
        drawing.text(right, text.rate, TextRole::Note, drawing.ink(Ink::Text2));
}

/// Of a switch with pods: inside one of them.
bool isInPod(const MeshDrawing& drawing, int level, int tier)
{
    return tier == 0 && podUnits(drawing.input.scenario.cluster->levels[static_cast<std::size_t>(level)]) > 0;
}

void addPodTip(const MeshDrawing& drawing, const QRectF& rect, int pod)
{
    const Cluster& cluster = *drawing.input.scenario.cluster;
    drawing.tip(rect, podTip(cluster, podsOf(cluster), pod));
}

void drawSwitch(const MeshDrawing& drawing, const MeshSwitch& domain)
{
    if (domain.bar.isEmpty())
        return;
    const double side = std::min(domain.units.front().width(), domain.units.front().height());
    const bool inPod = isInPod(drawing, domain.level, domain.tier);
    const std::vector<std::size_t> members = litUnits(drawing, domain.first, domain.unitDevices, domain.units.size(), inPod);
    if (side >= 6) {
        std::vector<std::size_t> all(domain.units.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        for (const Trunk& trunk : trunks(domain, all))
            drawing.scene.line({trunk.x, trunk.top}, {trunk.x, trunk.bottom}, drawing.ink(Ink::Strong), linkWidth(side, kIdleLink));
    }
    const bool lit = members.size() > 1 || (inPod && !members.empty());
    const QColor colour = drawing.input.theme.network(networkTier(*drawing.input.scenario.cluster, domain.level));
    drawBar(drawing, domain, lit, colour);
    if (domain.tier == 1 && podUnits(drawing.input.scenario.cluster->levels[static_cast<std::size_t>(domain.level)]) > 0)
        addPodTip(drawing, domain.bar.adjusted(0, -3, 0, 3), -1);
    else if (inPod)
        addPodTip(drawing, domain.bar, domain.first / podsOf(*drawing.input.scenario.cluster).devices);
    if (!lit)
        return;
    double above[2] = {1e9, -1e9};
    double below[2] = {1e9, -1e9};
    const double width = linkWidth(side, kLitLink);
    for (const Trunk& trunk : trunks(domain, members)) {
        drawing.scene.line({trunk.x, trunk.top}, {trunk.x, trunk.bottom}, colour, width);
        double* range = trunk.top < domain.bar.top() ? above : below;
        range[0] = std::min(range[0], trunk.x - width / 2);
        range[1] = std::max(range[1], trunk.x + width / 2);
    }
    if (above[0] < above[1])
        drawing.scene.line({above[0], domain.bar.top()}, {above[1], domain.bar.top()}, colour, width);
    if (below[0] < below[1])
        drawing.scene.line({below[0], domain.bar.bottom()}, {below[1], domain.bar.bottom()}, colour, width);
}

double stepOf(const MeshRail& rail)
{
    const QPointF step = rail.stops[1] - rail.stops[0];
    return std::max(std::abs(step.x()), std::abs(step.y()));
}

void drawIdleRail(const MeshDrawing& drawing, const MeshRail& rail)
{
    const double width = linkWidth(stepOf(rail), kIdleLink);
    QPolygonF line;
    for (const QPointF& stop : rail.stops) {
        // Straight runs become one line: rows of a torus are drawn in one stroke.
        if (line.size() >= 2 && (line[line.size() - 2].x() == line.back().x()) == (line.back().x() == stop.x())
            && (line[line.size() - 2].y() == line.back().y()) == (line.back().y() == stop.y()))
            line.back() = stop;
        else
            line.append(stop);
    }
    if (line.size() == 2)
        drawing.scene.line(line.front(), line.back(), drawing.ink(Ink::Strong), width);
    else
        drawing.scene.polyline(line, drawing.ink(Ink::Strong), width);
    if (!rail.wrap.isEmpty())
        drawing.scene.path(rail.wrap, QColor(), wrapColour(drawing), width);
}

void drawLitRail(const MeshDrawing& drawing, const MeshRail& rail)
{
    const bool through = std::any_of(rail.units.begin(), rail.units.end(), [&](int unit) {
        return drawing.focus.device >= unit && drawing.focus.device < unit + rail.unitDevices;
    });
    if (!through)
        return;
    const QColor colour = drawing.input.theme.network(networkTier(*drawing.input.scenario.cluster, rail.level));
    const double width = linkWidth(stepOf(rail), kLitLink);
    for (const MeshGroup& group : drawing.focus.groups) {
        if (!isLit(drawing, group))
            continue;
        std::size_t first = rail.units.size();
        std::size_t last = 0;
        std::size_t members = 0;
        for (std::size_t i = 0; i < rail.units.size(); ++i) {
            if (!anyIn(group.peers, rail.units[i], rail.unitDevices))
                continue;
            first = std::min(first, i);
            last = i;
            ++members;
        }
        if (members < 2)
            continue;
        QPolygonF line;
        for (std::size_t i = first; i <= last; ++i)
            line.append(rail.stops[i]);
        drawing.scene.polyline(line, colour, width);
        if (!rail.wrap.isEmpty() && members == rail.units.size())
            drawing.scene.path(rail.wrap, QColor(), colour, width);
    }
}

/// Parallel lines between two units, one for each link.
void drawPair(const MeshDrawing& drawing, const MeshWeb& web, const DirectLink& link, const QColor& colour, double width)
{
    const QPointF from = web.units[static_cast<std::size_t>(link.a)].center();
    const QPointF to = web.units[static_cast<std::size_t>(link.b)].center();
    const QPointF delta = to - from;
    const double length = std::hypot(delta.x(), delta.y());
    const QPointF across = length > 0 ? QPointF(-delta.y(), delta.x()) / length : QPointF();
    const double spread = web.units.front().height() >= 24 ? width + 3 : width + 1;
    for (int i = 0; i < link.count; ++i) {
        const QPointF shift = across * (spread * (i - (link.count - 1) / 2.0));
        drawing.scene.line(from + shift, to + shift, colour, width);
    }
}

void drawWeb(const MeshDrawing& drawing, const MeshWeb& web)
{
    const Cluster& cluster = *drawing.input.scenario.cluster;
    const double side = std::min(web.units.front().width(), web.units.front().height());
    const QColor idle = drawing.options.quietLinks ? drawing.ink(Ink::Line) : drawing.ink(Ink::Strong);
    for (const DirectLink& link : web.links)
        drawPair(drawing, web, link, idle, drawing.options.quietLinks ? 1.0 : linkWidth(side, kIdleLink));
    const QColor lit = drawing.input.theme.network(networkTier(cluster, web.level));
    for (const MeshGroup& group : drawing.focus.groups) {
        if (!isLit(drawing, group))
            continue;
        const auto isMember = [&](int unit) { return anyIn(group.peers, web.first + unit * web.unitDevices, web.unitDevices); };
        for (const DirectLink& link : web.links) {
            if (isMember(link.a) && isMember(link.b))
                drawPair(drawing, web, link, lit, linkWidth(side, kLitLink));
        }
    }
    if (web.title.isEmpty())
        return;
    const LinkText text = linkText(cluster, web.level);
    const double name = textWidth(text.name, TextRole::BodyMedium);
    const double rate = textWidth(text.rate, TextRole::Note);
    const bool both = name + 16 + rate <= web.title.width();
    drawing.text(web.title, text.name, TextRole::BodyMedium, drawing.ink(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, !both);
    if (both)
        drawing.text(web.title.adjusted(name + 12, 0, 0, 0), text.rate, TextRole::Note, drawing.ink(Ink::Text2),
                     Qt::AlignLeft | Qt::AlignVCenter);
}

/// The stage that all devices of a frame belong to; -1 when they differ or are idle.
int stageOfFrame(const MeshDrawing& drawing, const MeshFrame& frame)
{
    if (!drawing.facts || frame.first + frame.count > drawing.facts->used())
        return -1;
    const Placement& placement = drawing.facts->placement();
    const int stage = placement.coordinate(frame.first, MeshAxis::Pipeline);
    for (int device = frame.first + 1; device < frame.first + frame.count; ++device) {
        if (placement.coordinate(device, MeshAxis::Pipeline) != stage)
            return -1;
    }
    return stage;
}

/// A rack of racks: its size and its two rates, as far as all of them have room for that.
void drawPod(const MeshDrawing& drawing, const MeshFrame& frame, bool faded)
{
    const Cluster& cluster = *drawing.input.scenario.cluster;
    const MeshPods pods = podsOf(cluster);
    const int pod = frame.first / pods.devices;
    drawing.scene.roundedRect(frame.rect, frame.rect.height() >= 20 ? 4 : 0, drawing.ink(Ink::Surface),
                              drawing.ink(faded ? Ink::Line : Ink::Strong), frame.rect.height() >= 60 ? 1.5 : 1);
    if (frame.title.isEmpty())
        return;
    const int last = drawing.layout.last() / pods.devices;
    const QStringList own = podTitles(cluster, pods, pod);
    const QStringList first = podTitles(cluster, pods, 0);
    const QStringList other = podTitles(cluster, pods, last);
    for (qsizetype i = 0; i < own.size(); ++i) {
        if (std::max(textWidth(first[i], TextRole::NoteStrong), textWidth(other[i], TextRole::NoteStrong)) > frame.title.width())
            continue;
        drawing.text(frame.title, own[i], TextRole::NoteStrong, drawing.ink(faded ? Ink::Text3 : Ink::Text2));
        break;
    }
    addPodTip(drawing, frame.title, pod);
}

void drawFrame(const MeshDrawing& drawing, const MeshFrame& frame)
{
    const Cluster& cluster = *drawing.input.scenario.cluster;
    const bool idle = drawing.facts && frame.first >= drawing.facts->used();
    const std::vector<MeshGroup>& groups = drawing.focus.groups;
    const bool faded = drawing.focus.device >= 0 && std::none_of(groups.begin(), groups.end(), [&frame](const MeshGroup& group) {
                           return anyIn(group.peers, frame.first, frame.count);
                       });
    if (isInPod(drawing, frame.level, frame.tier)) {
        drawPod(drawing, frame, faded);
        return;
    }
    const QColor pen = isOnChip(cluster, frame.level) && !faded ? drawing.ink(Ink::Strong) : drawing.ink(Ink::Line);
    drawing.scene.roundedRect(frame.rect, frame.rect.height() >= 20 ? 3 : 0, idle ? drawing.ink(Ink::Surface) : drawing.ink(Ink::Sunken),
                              pen, 1, idle);
    if (frame.title.isEmpty())
        return;
    const QString kind = frame.tier >= 0 ? MeshWords::tr("PCIe switch") : domainNoun(cluster, frame.level);
    // The widest title decides for all frames, so that equal nodes look equal.
    const QString last = QString::number((drawing.layout.last() + 1) / frame.count - 1);
    const QString widest = kind + QLatin1Char(' ') + last;
    double right = frame.title.right();
    const int stage = stageOfFrame(drawing, frame);
    if (stage >= 0 && drawing.facts->stages() > 1) {
        const QString stageName = MeshWords::tr("Stage %1").arg(stage);
        const double width = textWidth(stageName, TextRole::Note);
        const QString widestStage = MeshWords::tr("Stage %1").arg(drawing.facts->stages() - 1);
        if (textWidth(widest, TextRole::Note) + 10 + textWidth(widestStage, TextRole::Note) <= frame.title.width()) {
            const QRectF box(right - width, frame.title.top(), width, frame.title.height());
            drawing.text(box, stageName, TextRole::Note, drawing.ink(faded ? Ink::Text3 : Ink::Text2), Qt::AlignRight | Qt::AlignVCenter);
            if (drawing.facts->placement().coordinate(frame.first, MeshAxis::Data)
                == 0) // once for each stage: a selection would underline every copy
                drawing.hit(box, Subject{.kind = Subject::Kind::Stage, .stage = stage});
            right -= width + 8;
        }
    }
    const bool named = textWidth(widest, TextRole::Note) <= frame.title.width();
    if (!named && textWidth(last, TextRole::Note) > frame.title.width())
        return;
    const QString index = QString::number(frame.first / frame.count);
    drawing.text(QRectF(frame.title.left(), frame.title.top(), right - frame.title.left(), frame.title.height()),
                 named ? kind + QLatin1Char(' ') + index : index, TextRole::Note, drawing.ink(faded ? Ink::Text3 : Ink::Text2));
}

void drawLinks(const MeshDrawing& drawing, int picture)
{
    const MeshLayout& layout = drawing.layout;
    const MeshLevel& shown = layout.levels[static_cast<std::size_t>(picture)];
    for (const MeshDepth& depth : layout.depths) {
        if (depth.picture == picture)
            drawMeshPlanes(drawing, depth);
    }
    for (const MeshRail& rail : layout.rails) {
        if (rail.level == shown.index)
            drawIdleRail(drawing, rail);
    }
    for (const MeshRail& rail : layout.rails) {
        if (rail.level == shown.index)
            drawLitRail(drawing, rail);
    }
    for (const MeshDepth& depth : layout.depths) {
        if (depth.picture == picture)
            drawLitPlanes(drawing, depth);
    }
    for (const MeshSwitch& domain : layout.switches) {
        if (domain.level == shown.index && domain.tier == shown.tier)
            drawSwitch(drawing, domain);
    }
    for (const MeshWeb& web : layout.webs) {
        if (web.level == shown.index)
            drawWeb(drawing, web);
    }
}

/// Where the line from the centre of `rect` towards `to` leaves it.
QPointF borderPoint(const QRectF& rect, QPointF to)
{
    const QPointF centre = rect.center();
    const QPointF delta = to - centre;
    const double sx = delta.x() != 0 ? rect.width() / 2 / std::abs(delta.x()) : 1e9;
    const double sy = delta.y() != 0 ? rect.height() / 2 / std::abs(delta.y()) : 1e9;
    return centre + delta * std::min({sx, sy, 1.0});
}

} // namespace

BarWords barWordsOf(const Cluster& cluster, const MeshSwitch& domain)
{
    const LinkText text = linkText(cluster, domain.level, domain.tier);
    const QRectF box = domain.bar.adjusted(9, 2, -9, -2);
    const double name = textWidth(text.name, TextRole::BodyMedium);
    const double rate = textWidth(text.rate, TextRole::Note);
    if (name + 16 + rate > box.width())
        return {QRectF(box.left(), box.top(), std::min(name + 1, box.width()), box.height()), {}};
    return {QRectF(box.left(), box.top(), name + 1, box.height()), QRectF(box.right() - rate, box.top(), rate, box.height())};
}

void drawMeshFabric(const MeshDrawing& drawing)
{
    const MeshLayout& layout = drawing.layout;
    for (std::size_t i = layout.levels.size(); i-- > 0;) {
        if (!layout.levels[i].part) // runs of neighbours have no links of their own
            drawLinks(drawing, static_cast<int>(i));
        if (i == 0 || layout.levels[i - 1].part)
            continue;
        const MeshLevel& inside = layout.levels[i - 1];
        for (const MeshFrame& frame : layout.frames) {
            if (frame.level == inside.index && (frame.tier < 0 ? inside.index != layout.levels[i].index : frame.tier == inside.tier))
                drawFrame(drawing, frame);
        }
    }
}

void drawMeshSends(const MeshDrawing& drawing)
{
    const MeshLayout& layout = drawing.layout;
    std::vector<QRectF> words; // on the way, of devices that the message passes
    const auto send = [&](int from, int to) {
        const MeshTile* source = layout.tileOf(from);
        const MeshTile* target = layout.tileOf(to);
        if (!source || !target || source == target)
            return;
        const double side = std::min({source->rect.width(), source->rect.height(), target->rect.width(), target->rect.height()});
        const double width = linkWidth(side, 2.5);
        const Cluster& cluster = *drawing.input.scenario.cluster;
        MeshRoute route = layout.routeBetween(cluster, from, to);
        // Along a ring or torus it passes other devices; over a switch, or on a link of its own, nothing is between the two.
        const Topology topology = route.level < 0 ? Topology::Switch : cluster.levels[static_cast<std::size_t>(route.level)].topology;
        if (topology != Topology::Ring && topology != Topology::Torus)
            route.legs.clear();
        // Beside the links that it takes, which the device's groups may have lit.
        for (QPolygonF& leg : route.legs)
            leg = movedToTheRight(leg, route.isNarrow ? 0 : side >= 24 ? 4 : side >= kWordedTile ? 2 : 0);
        std::vector<QPolygonF> runs;
        if (!route.legs.empty()) {
            const auto [out, in] = betweenTiles(route, source->rect, target->rect);
            runs = visibleRuns(route, words, out, in);
        }
        for (std::size_t i = 0; i < runs.size(); ++i)
            drawRun(runs[i], drawing.ink(Ink::Send), width, i + 1 == runs.size(), drawing.scene, true);
        if (!runs.empty())
            return;
        const QPointF start = borderPoint(source->rect, target->rect.center());
        const QPointF end = borderPoint(target->rect, source->rect.center());
        drawing.scene.arrow(start, end, drawing.ink(Ink::Send), width, true, side >= 40 ? 8 : 5);
    };
    if (drawing.focus.next >= 0 || drawing.focus.previous >= 0)
        words = wordedTiles(layout);
    if (drawing.focus.next >= 0)
        send(drawing.focus.device, drawing.focus.next);
    if (drawing.focus.previous >= 0)
        send(drawing.focus.previous, drawing.focus.device);
    for (const MeshSwitch& domain : drawing.layout.switches) {
        if (domain.labelled && !domain.bar.isEmpty())
            drawBarText(drawing, domain);
    }
}

} // namespace shardlens
