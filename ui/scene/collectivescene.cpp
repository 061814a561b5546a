// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/collectivescene.h"

#include "core/base/format.h"
#include "ui/scene/collectivelines.h"
#include "ui/scene/meshdrawing.h"
#include "ui/scene/meshfacts.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <map>

namespace shardlens {
namespace {

constexpr double kPacket = 7;
constexpr double kLeastPacket = 3;
constexpr double kStillPacket = 9;      // on paper
constexpr double kMutualRest = 0.3;     // of a way that an answer comes along
constexpr std::size_t kMostHeads = 200; // of more messages only the lines are drawn

QString text(const char* words)
{
    return QCoreApplication::translate("Collective", words);
}

/// What goes from one drawn place to another: transfers between the same two tiles are one.
struct Flow {
    int from = 0;
    int to = 0;
    double bytes = 0;
    int level = 0;
    bool adds = false;
    bool toSwitch = false;
    bool fromSwitch = false;
};

/// For a switch that adds up: the member across, towards which the line to the switch is drawn.
int across(const Hops& hops, int rank)
{
    const int n = hops.size();
    return (rank + std::max(1, n / 2)) % n;
}

std::vector<Flow> flowsOf(const CollectivePicture& picture, const MeshLayout& layout)
{
    const Hops& hops = *picture.hops;
    const auto own = std::find(hops.members().begin(), hops.members().end(), picture.device);
    const int rank = own == hops.members().end() ? 0 : static_cast<int>(own - hops.members().begin());
    std::vector<Transfer> transfers = hops.transfers(picture.step(), hops.size() > kMostWholeGroup ? rank : -1);
    if (transfers.size() > kMostDrawnTransfers)
        std::erase_if(transfers, [rank](const Transfer& t) { return t.from != rank && t.to != rank; });
    std::map<std::pair<int, int>, Flow> merged;
    for (const Transfer& t : transfers) {
        Flow flow;
        flow.toSwitch = t.to < 0;
        flow.fromSwitch = t.from < 0;
        const int from = flow.fromSwitch ? across(hops, t.to) : t.from;
        const int to = flow.toSwitch ? across(hops, t.from) : t.to;
        flow.from = hops.members()[static_cast<std::size_t>(from)];
        flow.to = hops.members()[static_cast<std::size_t>(to)];
        flow.level = t.level;
        flow.adds = t.adds;
        const MeshPlace a = layout.placeOf(flow.from);
        const MeshPlace b = layout.placeOf(flow.to);
        if (a.rect.isEmpty() || b.rect.isEmpty() || a.rect == b.rect)
            continue;
        Flow& sum = merged.try_emplace({a.first * 4 + (flow.toSwitch ? 1 : flow.fromSwitch ? 2 : 0), b.first}, flow).first->second;
        sum.bytes += t.bytes;
    }
    std::vector<Flow> flows;
    flows.reserve(merged.size());
    for (const auto& [key, flow] : merged)
        flows.push_back(flow);
    return flows;
}

/// Words on the plates of switches, over which a packet goes unseen.
std::vector<QRectF> plateWords(const Cluster& cluster, const MeshLayout& layout)
{
    std::vector<QRectF> rects;
    for (const MeshSwitch& plate : layout.switches) {
        if (!plate.labelled || plate.bar.isEmpty())
            continue;
        const BarWords words = barWordsOf(cluster, plate);
        rects.push_back(words.name);
        if (!words.rate.isEmpty())
            rects.push_back(words.rate);
    }
    return rects;
}

/// What no way may cross: large tiles and words, and the plates that it comes to; over those of other levels it passes.
std::vector<QRectF> keptFree(const Cluster& cluster, const MeshLayout& layout, int level)
{
    std::vector<QRectF> rects = plateWords(cluster, layout);
    const std::vector<QRectF> tiles = wordedTiles(layout);
    rects.insert(rects.end(), tiles.begin(), tiles.end());
    for (const MeshSwitch& plate : layout.switches)
        if (plate.labelled && !plate.bar.isEmpty() && plate.level == level)
            rects.push_back(plate.bar);
    return rects;
}

void drawMembers(const ViewInput& input, const MeshLayout& layout, const CollectivePicture& picture, Scene& scene)
{
    const Hops& hops = *picture.hops;
    const bool done = picture.position >= hops.steps();
    const QColor ring = input.theme.color(done ? Ink::Good : Ink::Text2);
    QRectF last;
    for (const int device : hops.members()) {
        const MeshPlace place = layout.placeOf(device);
        if (place.rect.isEmpty() || place.rect == last || place.rect.width() < 5)
            continue;
        last = place.rect;
        scene.roundedRect(place.rect.adjusted(-1, -1, 1, 1), 2, {}, ring, device == picture.device ? 2.5 : 1.5);
    }
}

/// Px to the right of the middle of its way, on which an answer may come along.
double besideOf(const QRectF& source, const QRectF& target, std::size_t flows)
{
    const double side = std::min({source.width(), source.height(), target.width(), target.height()});
    if (flows > kMostHeads || side < kWordedTile)
        return 0;
    return side >= 24 ? 5 : 3;
}

/// On paper, what two devices hand each other over a link of their own is one line with two heads.
bool isMutual(const std::vector<Flow>& flows, const Flow& flow)
{
    return std::any_of(flows.begin(), flows.end(), [&flow](const Flow& other) {
        return other.from == flow.to && other.to == flow.from && other.bytes == flow.bytes && other.adds == flow.adds;
    });
}

/// Both halves of the way, from its middle outwards; `hasHead`: at the end of each.
void drawMutual(const std::vector<QPolygonF>& runs, const QColor& colour, double width, bool hasHead, Scene& scene)
{
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const QPointF from = runs[i].constFirst();
        const QPointF to = runs[i].constLast();
        drawRun({(from + to) / 2, to}, colour, width, hasHead && i + 1 == runs.size(), scene);
        drawRun({(from + to) / 2, from}, colour, width, hasHead && i == 0, scene);
    }
}

struct Packet {
    QPointF at;
    bool adds = false;
};

double packetSize(std::size_t flows)
{
    return flows > 128 ? kLeastPacket : flows > 32 ? 5 : kPacket;
}

void drawPackets(const ViewInput& input, const MeshLayout& layout, const std::vector<Packet>& packets, double size, Scene& scene)
{
    const std::vector<QRectF> words = plateWords(*input.scenario.cluster, layout);
    for (const auto& [at, adds] : packets) {
        const QPointF point = at;
        const QRectF around = QRectF(at.x() - size / 2, at.y() - size / 2, size, size);
        if (std::any_of(words.begin(), words.end(), [&around](const QRectF& rect) { return rect.intersects(around); }))
            continue;
        if (std::any_of(layout.tiles.begin(), layout.tiles.end(),
                        [point](const MeshTile& tile) { return tile.rect.width() >= kWordedTile && tile.rect.contains(point); }))
            continue; // words of a device on the way stay free
        // Square: the receiver adds it up. Round: it takes it over.
        scene.roundedRect(around, adds ? 1 : size / 2, input.theme.color(Ink::Text), input.theme.color(Ink::Surface), size > 4 ? 1 : 0.5);
    }
}

QString timeText(double seconds)
{
    return qs(formatSeconds(seconds));
}

} // namespace

int CollectivePicture::step() const
{
    if (!hops)
        return 0;
    return std::clamp(static_cast<int>(std::ceil(position)) - 1, 0, hops->steps() - 1);
}

CollectivePicture collectivePicture(const Scenario& scenario, const PlanCollective& collective, int device)
{
    CollectivePicture picture;
    picture.collective = collective;
    picture.device = device;
    Result<Hops> hops = hopsOf(scenario, collective, device);
    if (hops.ok())
        picture.hops = std::make_shared<const Hops>(std::move(hops).value());
    else
        picture.why = qs(hops.error().sentence());
    return picture;
}

int collectiveDevice(const Scenario& scenario, const Subject& hover, const Subject& pin)
{
    const Placement placement(scenario.plan.meshSizes());
    for (const Subject& subject : {hover, pin}) {
        if (subject.kind == Subject::Kind::Device && subject.device >= 0 && subject.device < placement.devices())
            return subject.device;
        if (subject.kind == Subject::Kind::Stage && subject.stage >= 0 && subject.stage < placement.size(MeshAxis::Pipeline))
            return placement.firstDevice(subject.stage, 0);
    }
    return 0;
}

void drawCollective(const ViewInput& input, const MeshLayout& layout, const CollectivePicture& picture, Scene& scene)
{
    if (!picture.hops || !input.report.legal)
        return;
    const Cluster& cluster = *input.scenario.cluster;
    drawMembers(input, layout, picture, scene);
    const bool done = picture.position >= picture.hops->steps();
    const std::vector<Flow> flows = flowsOf(picture, layout);
    const double fraction = picture.fraction();
    const double thin = flows.size() > 64 ? 1 : 2;
    std::map<int, std::vector<QRectF>> kept; // by level
    std::vector<Packet> packets;
    std::vector<RunLabel> labels;
    double room = kStillPacket; // for packets that meet
    for (const Flow& flow : flows) {
        MeshRoute route = layout.routeBetween(cluster, flow.from, flow.to);
        if (route.legs.empty())
            continue;
        const QRectF source = layout.placeOf(flow.from).rect;
        const QRectF target = layout.placeOf(flow.to).rect;
        const bool isPair = route.legs.size() == 1 && route.legs.front().size() == 2 && route.level >= 0
                            && (cluster.levels[static_cast<std::size_t>(route.level)].topology == Topology::FullMesh
                                || cluster.levels[static_cast<std::size_t>(route.level)].topology == Topology::CubeMesh);
        const bool mutual = picture.isStill && isPair && isMutual(flows, flow);
        const double beside = mutual ? 0 : route.isNarrow ? 1 : besideOf(source, target, flows.size());
        for (QPolygonF& leg : route.legs)
            leg = movedToTheRight(leg, beside);
        if (!route.isNarrow && !mutual)
            room = std::min(room, std::max(2 * beside - 1, kLeastPacket));
        const QColor colour = input.theme.network(networkTier(cluster, std::max(0, flow.level)));
        const auto [out, in] = betweenTiles(route, source, target);
        // A switch that adds up is reached, and left, straight over the plate.
        const double first = flow.fromSwitch ? route.offPlate : out;
        const double last = flow.toSwitch ? route.ontoPlate : in;
        const auto [keepOut, isNew] = kept.try_emplace(route.level);
        if (isNew)
            keepOut->second = keptFree(cluster, layout, route.level);
        const std::vector<QPolygonF> runs = visibleRuns(route, keepOut->second, first, last);
        if (mutual && flow.from < flow.to)
            drawMutual(runs, colour, thin, flows.size() <= kMostHeads, scene);
        for (std::size_t i = 0; i < runs.size() && !mutual; ++i)
            drawRun(runs[i], colour, thin, flows.size() <= kMostHeads, scene);
        if (done || runs.empty())
            continue;
        RunPoint rest = restOf(runs);
        if (mutual) { // nearer to where it comes from: the answer is on the other half
            const auto longest = std::max_element(runs.begin(), runs.end(), [](const QPolygonF& a, const QPolygonF& b) {
                return QLineF(a.constFirst(), a.constLast()).length() < QLineF(b.constFirst(), b.constLast()).length() - 1e-6;
            });
            rest.at = QLineF(longest->constFirst(), longest->constLast()).pointAt(kMutualRest);
        }
        packets.push_back({picture.isStill ? rest.at : route.at(first + fraction * (last - first)), flow.adds});
        addLabel(labels, rest, qs(formatBytes(flow.bytes)));
    }
    const double size = packetSize(picture.isStill ? labels.size() : flows.size());
    drawPackets(input, layout, packets, picture.isStill && size == kPacket ? room : std::min(size, room), scene);
    if (picture.isStill && !done)
        drawRunLabels(labels, layout, input.theme, scene);
}

QString stepBytes(const HopStep& step)
{
    if (step.upBytes > 0 && step.downBytes > 0 && step.upBytes != step.downBytes)
        return text("%1 up, %2 down").arg(qs(formatBytes(step.upBytes)), qs(formatBytes(step.downBytes)));
    return text("%1 per link").arg(qs(formatBytes(step.linkBytes)));
}

bool stepsOverlap(const Hops& hops)
{
    for (int s = 0; s < hops.steps(); ++s)
        if (hops.step(s).downBytes > hops.step(s).upBytes)
            return true;
    return false;
}

QString stepVerb(const HopStep& step)
{
    if (step.adds)
        return step.gathers ? text("adds up and gathers") : step.spreads ? text("adds up and hands out the sum") : text("adds up");
    if (step.spreads)
        return text("hands out the sum");
    return step.gathers ? text("gathers") : text("hands over");
}

QStringList collectiveParts(const Scenario& scenario, const CollectivePicture& picture)
{
    if (!picture.hops)
        return {picture.why};
    const Hops& hops = *picture.hops;
    const int index = picture.step();
    const HopStep& step = hops.step(index);
    const double fraction = picture.fraction();
    const bool done = picture.position >= hops.steps();
    const double sent =
        step.sentBefore + fraction * ((index + 1 < hops.steps() ? hops.step(index + 1).sentBefore : hops.sentInAll()) - step.sentBefore);
    QStringList parts;
    parts += done ? text("All %1 steps done").arg(qs(formatCount(hops.steps())))
                  : text("Step %1 of %2").arg(qs(formatCount(index + 1)), qs(formatCount(hops.steps())));
    if (hops.steps() == 1)
        parts.front() = done ? text("Done in one step") : text("One step");
    parts += stepBytes(step);
    parts += text("%1 sent of %2").arg(qs(formatBytes(sent)), qs(formatBytes(hops.sentInAll())));
    parts += text("%1 of %2").arg(timeText(step.start + fraction * step.seconds), timeText(hops.cost().time));
    parts += stepVerb(step);
    if (stepsOverlap(hops))
        parts += text("up and down overlap");
    const QString noun = qs(scenario.cluster->accelerator.noun);
    if (hops.size() > kMostWholeGroup || static_cast<int>(hops.transfers(index, 0).size()) * hops.size() / 2 > kMostDrawnTransfers)
        parts += text("shown: what %1 %2 sends and receives").arg(noun, qs(formatCount(picture.device)));
    parts += text("%1 of %2").arg(qs(groupText(picture.collective)), noun + QLatin1Char(' ') + qs(formatCount(picture.device)));
    return parts;
}

QString describeCollective(const Scenario& scenario, const CollectivePicture& picture)
{
    if (!picture.hops)
        return picture.why;
    return qs(picture.collective.title) + QStringLiteral(", ") + qs(nameOf(picture.collective.kind, picture.collective.cost))
           + QStringLiteral(": ") + collectiveParts(scenario, picture).join(QStringLiteral(", ")) + QLatin1Char('.');
}

} // namespace shardlens
