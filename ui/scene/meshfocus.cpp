// SPDX-License-Identifier: Apache-2.0
// Whom a mesh picture is about, and how that is marked.
#include "ui/scene/meshdrawing.h"

#include <algorithm>
#include <array>

namespace shardlens {
namespace {

/// Outermost fabric level whose links the devices need; -1 for one device.
int outermostLevel(const Cluster& cluster, const std::vector<int>& devices)
{
    if (devices.size() < 2)
        return -1;
    int domain = 1;
    for (std::size_t i = 0; i < cluster.levels.size(); ++i) {
        domain *= cluster.levels[i].units();
        if (devices.front() / domain == devices.back() / domain)
            return static_cast<int>(i);
    }
    return static_cast<int>(cluster.levels.size()) - 1;
}

struct Candidate {
    const char* name;
    DeviceGroup group;
    PeerMark mark; ///< unless it is the group that exchanges most
};

std::vector<Candidate> candidatesOf(const Placement& placement)
{
    return {{"TP", placement.group(MeshAxis::Tensor), PeerMark::BottomBar},
            {"SP", placement.group(MeshAxis::Sequence), PeerMark::Brackets},
            {"EP", placement.expertGroup(), PeerMark::Corners},
            {"attention DP", placement.group(MeshAxis::AttentionData), PeerMark::TopBar},
            {"DP", placement.group(MeshAxis::Data), PeerMark::Square}};
}

const char* nameOfGroup(const CollectiveUse& use)
{
    if (use.amongExperts)
        return "EP";
    return use.axis == MeshAxis::Sequence ? "SP" : "TP";
}

std::vector<MeshGroup> groupsOf(const Cluster& cluster, const Report& report, const Placement& placement, int device)
{
    const std::vector<CollectiveUse> uses = decodeCollectives(report);
    std::vector<MeshGroup> groups;
    for (const Candidate& candidate : candidatesOf(placement)) {
        if (candidate.group.size() < 2)
            continue;
        MeshGroup group;
        group.name = QString::fromLatin1(candidate.name);
        group.mark = candidate.mark;
        group.group = candidate.group;
        for (const CollectiveUse& use : uses) {
            if (qstrcmp(nameOfGroup(use), candidate.name) == 0)
                group.uses.push_back(use);
        }
        group.peers = placement.peers(device, candidate.group);
        const auto same =
            std::find_if(groups.begin(), groups.end(), [&group](const MeshGroup& other) { return other.peers == group.peers; });
        if (same != groups.end()) { // one set of devices is one group, by the name of what it exchanges
            if (same->uses.empty())
                *same = std::move(group);
            continue;
        }
        group.level = outermostLevel(cluster, group.peers);
        groups.push_back(std::move(group));
    }
    const auto bytes = [](const MeshGroup& group) {
        return group.uses.empty() ? 0 : group.uses.front().times * group.uses.front().payload;
    };
    std::stable_sort(groups.begin(), groups.end(), [&](const MeshGroup& a, const MeshGroup& b) { return bytes(a) > bytes(b); });
    for (MeshGroup& group : groups)
        group.level = outermostLevel(cluster, group.peers);
    if (!groups.empty() && groups.front().name != QLatin1String("DP")) {
        groups.front().mark = PeerMark::Outline;
    }
    return groups;
}

/// Whether a worker of the pool is a replica of the plan that the mesh shows.
bool isDrawn(const Scenario& scenario, const PoolSettings& pool)
{
    // How many replicas there are, and how the batch is cut, is not where things lie.
    constexpr std::array kPlaces{PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData, PlanAxis::Pipeline, PlanAxis::Expert};
    const bool samePlaces =
        pool.plan.options.order == scenario.plan.options.order
        && std::all_of(kPlaces.begin(), kPlaces.end(), [&](PlanAxis axis) { return pool.plan[axis] == scenario.plan[axis]; });
    const bool sameMachine = !pool.cluster || pool.cluster->id == scenario.cluster->id;
    return sameMachine && samePlaces;
}

} // namespace

const PoolSettings* poolOf(const Scenario& scenario, int pool)
{
    if (!scenario.serving.pools || pool < 0 || pool > 1)
        return nullptr;
    return pool == 0 ? &scenario.serving.pools->prefill : &scenario.serving.pools->decode;
}

bool MeshGroup::contains(int device) const
{
    return std::binary_search(peers.begin(), peers.end(), device);
}

bool MeshFocus::isPeer(int candidate) const
{
    return candidate == device
           || std::any_of(groups.begin(), groups.end(), [candidate](const MeshGroup& group) { return group.contains(candidate); });
}

MeshFocus meshFocus(const Scenario& scenario, const Report& report, const MeshFacts& facts, const Subject& subject, int shown)
{
    MeshFocus focus;
    switch (subject.kind) {
    case Subject::Kind::Stage:
        if (subject.stage < facts.stages())
            focus.stage = subject.stage;
        return focus;
    case Subject::Kind::Axis:
    case Subject::Kind::Expert:
    case Subject::Kind::Tensor:
        // Only where it stands for some of the devices: a tensor as a whole is on all of them.
        for (int device = 0; device < std::min(shown, facts.used()) && focus.chosen.kind == Subject::Kind::None; ++device) {
            if (belongs({.kind = Subject::Kind::Device, .device = device}, subject, report))
                focus.chosen = subject;
        }
        return focus;
    case Subject::Kind::Pool:
        if (const PoolSettings* pool = poolOf(scenario, subject.pool)) {
            focus.chosen = subject;
            focus.isElsewhere = !isDrawn(scenario, *pool);
        }
        return focus;
    case Subject::Kind::Device: break;
    default: return focus;
    }
    if (subject.device < 0 || subject.device >= scenario.cluster->devices())
        return focus;
    int device = subject.device;
    if (device >= shown && device < facts.used()) {
        device = facts.placement().inReplica(device, 0); // its replica is cut away: show the same place in the one that is drawn
        focus.asked = subject.device;
    }
    if (device >= shown)
        return {};
    focus.device = device;
    if (device >= facts.used())
        return focus;
    const Placement& placement = facts.placement();
    focus.groups = groupsOf(*scenario.cluster, report, placement, device);
    const int stage = placement.coordinate(device, MeshAxis::Pipeline);
    const int stride = placement.stride(MeshAxis::Pipeline);
    if (stage + 1 < facts.stages())
        focus.next = device + stride;
    if (stage > 0)
        focus.previous = device - stride;
    return focus;
}

bool MeshDrawing::isFaded(const DeviceFacts& device) const
{
    if (focus.device >= 0)
        return !focus.isPeer(device.device) && device.device != focus.next && device.device != focus.previous;
    if (focus.stage >= 0)
        return device.stage != focus.stage;
    if (focus.chosen.kind == Subject::Kind::Pool)
        return focus.isElsewhere;
    return focus.chosen.kind != Subject::Kind::None
           && !belongs({.kind = Subject::Kind::Device, .device = device.device, .stage = device.stage}, focus.chosen, input.report);
}

void MeshDrawing::text(const QRectF& box, const QString& text, TextRole role, const QColor& color, Qt::Alignment alignment,
                       bool elide) const
{
    const std::size_t before = scene.items.size();
    scene.text(box, text, role, color, alignment, elide);
    if (scene.items.size() == before || (sight.isEmpty() && keepOut.isEmpty()))
        return;
    const QRectF bounds = scene.textBounds(scene.items.back());
    if ((!sight.isEmpty() && !sight.contains(bounds)) || bounds.intersects(keepOut)) {
        scene.items.pop_back();
        scene.texts.pop_back();
    }
}

void MeshDrawing::hit(const QRectF& rect, const Subject& subject) const
{
    const QRectF seen = sight.isEmpty() ? rect : rect & sight;
    if (sight.isEmpty() || (seen.width() >= 2 && seen.height() >= 2))
        scene.hit(seen, subject);
}

void MeshDrawing::tip(const QRectF& rect, const QString& text) const
{
    const QRectF seen = rect & (sight.isEmpty() ? QRectF(QPointF(0, 0), input.size) : sight);
    if (!seen.isEmpty())
        scene.tip(seen, text);
}

QColor groupColour(const MeshDrawing& drawing, const MeshGroup& group)
{
    if (group.mark == PeerMark::Outline || !group.uses.empty())
        return drawing.input.theme.network(networkTier(*drawing.input.scenario.cluster, std::max(group.level, 0)));
    return drawing.ink(Ink::Text);
}

void drawPeerMark(const MeshDrawing& drawing, const QRectF& rect, PeerMark mark, const QColor& colour, double radius)
{
    Scene& scene = drawing.scene;
    const double side = std::min(rect.width(), rect.height());
    const double width = side >= 24 ? 2 : 1;
    const double bar = side >= 24 ? 3 : 1;
    const double arm = std::min(side * 0.3, 14.0);
    switch (mark) {
    case PeerMark::Outline: scene.roundedRect(rect, radius, QColor(), colour, width); return;
    case PeerMark::Dashed: scene.roundedRect(rect, radius, QColor(), colour, width, side >= 12); return;
    case PeerMark::Brackets:
        scene.fill(QRectF(rect.left(), rect.top(), bar, rect.height()), colour);
        scene.fill(QRectF(rect.right() - bar, rect.top(), bar, rect.height()), colour);
        return;
    case PeerMark::TopBar: scene.fill(QRectF(rect.left(), rect.top(), rect.width(), bar), colour); return;
    case PeerMark::BottomBar: scene.fill(QRectF(rect.left(), rect.bottom() - bar, rect.width(), bar), colour); return;
    case PeerMark::Corners:
        for (const double x : {rect.left(), rect.right() - bar})
            for (const double y : {rect.top(), rect.bottom() - bar}) {
                scene.fill(QRectF(x == rect.left() ? x : rect.right() - arm, y, arm, bar), colour);
                scene.fill(QRectF(x, y == rect.top() ? y : rect.bottom() - arm, bar, arm), colour);
            }
        return;
    case PeerMark::Square: {
        const double size = std::clamp(side * 0.16, 2.0, 8.0);
        scene.fill(QRectF(rect.right() - size - 1, rect.bottom() - size - 1, size, size), colour, drawing.ink(Ink::Surface));
        return;
    }
    }
}

} // namespace shardlens
