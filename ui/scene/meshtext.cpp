// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "core/collective/axistable.h"
#include "core/scenario/expertfacts.h"
#include "core/scenario/serve.h"
#include "ui/scene/meshdrawing.h"
#include "ui/scene/servicetext.h"

#include <algorithm>
#include <optional>

namespace shardlens {
namespace {

const QChar kTimes(0xD7);

QString noun(const Scenario& scenario)
{
    return qs(scenario.cluster->accelerator.noun);
}

/// "0, 2, 3", or "0-7, 16-23" with en dashes.
QString listText(const std::vector<int>& sorted)
{
    QStringList parts;
    for (std::size_t i = 0; i < sorted.size();) {
        std::size_t last = i;
        while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1)
            ++last;
        if (last - i >= 2) {
            parts += rangeText({sorted[i], sorted[last] + 1});
        } else {
            for (std::size_t j = i; j <= last; ++j)
                parts += QString::number(sorted[j]);
        }
        i = last + 1;
    }
    return parts.join(QStringLiteral(", "));
}

QString extentsText(const std::vector<int>& extents)
{
    QStringList parts;
    for (const int extent : extents) {
        if (extent > 1 || parts.size() < 2)
            parts += QString::number(extent);
    }
    return parts.join(QStringLiteral(" ") + kTimes + QStringLiteral(" "));
}

bool isWrapped(const FabricLevel& level)
{
    return std::find(level.wrap.begin(), level.wrap.end(), true) != level.wrap.end();
}

/// "one NVSwitch domain", "a 4 x 4 torus", "a ring of 12".
QString shapeText(const FabricLevel& level)
{
    switch (level.topology) {
    case Topology::Switch: return MeshWords::tr("one %1 domain").arg(qs(level.name));
    case Topology::Ring: return (isWrapped(level) ? MeshWords::tr("a ring of %1") : MeshWords::tr("a line of %1")).arg(level.units());
    case Topology::FullMesh: return MeshWords::tr("a full mesh of %1").arg(level.units());
    case Topology::CubeMesh: return MeshWords::tr("a hybrid cube mesh of %1").arg(level.units());
    case Topology::PcieTree: return MeshWords::tr("a PCIe tree of %1").arg(level.units());
    case Topology::Torus: break;
    }
    return (isWrapped(level) ? MeshWords::tr("a %1 torus") : MeshWords::tr("a %1 mesh")).arg(extentsText(level.extents));
}

/// Whether all of the group's pairs are joined by the same fabric level.
bool isInsideOneLevel(const Cluster& cluster, const std::vector<int>& peers)
{
    int domain = 1;
    int levels = 0;
    for (const FabricLevel& level : cluster.levels) {
        const int inner = domain;
        domain *= level.units();
        const bool differs = std::any_of(peers.begin(), peers.end(),
                                         [&](int peer) { return peer / inner % level.units() != peers.front() / inner % level.units(); });
        const int pod = podUnits(level);
        const bool crosses = differs && pod > 0 && std::any_of(peers.begin(), peers.end(), [&](int peer) {
                                 return peer / inner / pod != peers.front() / inner / pod;
                             });
        levels += differs ? (crosses ? 2 : 1) : 0;
    }
    return levels == 1;
}

/// "80 x 256 KiB".
QString productText(const CollectiveUse& use)
{
    return QString(qs(formatCount(use.times)) + QLatin1Char(' ') + kTimes + QLatin1Char(' ') + qs(formatBytes(use.payload)));
}

/// Bytes/s that a device can send to its group over its links on a level: of a full mesh those to the group's members, of a torus those
/// along the group's axes.
double groupBandwidth(const Scenario& scenario, const MeshGroup& group, int level)
{
    double bandwidth = 0;
    const bool hasPods = podUnits(scenario.cluster->levels[static_cast<std::size_t>(level)]) > 0;
    const AxisRow row = axisRow(*scenario.cluster, group.group, {}, Placement(scenario.plan.meshSizes()).devices());
    for (const AxisLink& link : row.links)
        if (link.level == level) // between pods and inside them one link carries both
            bandwidth = hasPods && bandwidth > 0 ? std::min(bandwidth, link.bandwidth) : bandwidth + link.bandwidth;
    return bandwidth > 0 ? bandwidth : scenario.cluster->levels[static_cast<std::size_t>(level)].bandwidth;
}

QString freeText(const Report& report)
{
    const Bytes spare = report.memory.free();
    if (spare >= 0)
        return MeshWords::tr("%1 free on the fullest").arg(qs(formatBytes(static_cast<double>(spare))));
    return MeshWords::tr("does not fit: %1 too much").arg(qs(formatBytes(static_cast<double>(-spare))));
}

} // namespace

QString planName(const Plan& plan)
{
    QStringList parts;
    for (const PlanAxis axis :
         {PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Expert}) {
        if (plan[axis] > 1)
            parts += qs(shortNameOf(axis)) + QLatin1Char(' ') + qs(formatCount(plan[axis]));
    }
    return parts.isEmpty() ? QStringLiteral("TP 1") : parts.join(QStringLiteral(" ") + kTimes + QStringLiteral(" "));
}

LinkText linkText(const Cluster& cluster, int level, int tier)
{
    const FabricLevel& shown = cluster.levels[static_cast<std::size_t>(level)];
    const auto rate = [](double bandwidth, const QString& unit) {
        return MeshWords::tr("%1 per %2, one way").arg(qs(formatBandwidth(bandwidth, 3)), unit);
    };
    const QString device = qs(cluster.accelerator.noun);
    switch (shown.topology) {
    case Topology::FullMesh: return {qs(shown.name), rate(shown.linkBandwidth(), MeshWords::tr("pair"))};
    case Topology::CubeMesh: return {qs(shown.name), rate(shown.linkBandwidth(), MeshWords::tr("link"))};
    case Topology::PcieTree:
        if (tier > 0) // the link of a switch below
            return {MeshWords::tr("%1 root").arg(qs(shown.name)),
                    rate(shown.linkBandwidth(static_cast<std::size_t>(tier)), MeshWords::tr("switch"))};
        return {qs(shown.name), rate(shown.bandwidth, device)};
    case Topology::Switch:
        if (podUnits(shown) > 0 && tier == 0)
            return {MeshWords::tr("%1 in the pod").arg(qs(shown.name)), rate(shown.bandwidth, device)};
        if (shown.oversubscription > 1 && (podUnits(shown) > 0 || shown.leafUnits <= 1))
            return {podUnits(shown) > 0 ? MeshWords::tr("%1 between pods").arg(qs(shown.name)) : qs(shown.name),
                    MeshWords::tr("%1, oversubscribed %2").arg(rate(rateBetweenPods(shown), device), ratioText(shown))};
        break;
    case Topology::Ring:
    case Topology::Torus: break;
    }
    return {qs(shown.name), rate(shown.bandwidth, device)};
}

QString domainNoun(const Cluster& cluster, int level, bool inSentence)
{
    if (isOnChip(cluster, level))
        return inSentence ? MeshWords::tr("chip") : MeshWords::tr("Chip");
    const int firstBoard = isOnChip(cluster, 0) ? 1 : 0;
    if (level > firstBoard)
        return inSentence ? MeshWords::tr("pod") : MeshWords::tr("Pod");
    const FabricLevel& shown = cluster.levels[static_cast<std::size_t>(level)];
    if (shown.topology == Topology::Torus && !isOnChip(cluster, 0))
        return inSentence ? MeshWords::tr("slice") : MeshWords::tr("Slice");
    if (shown.topology == Topology::Switch && shown.units() > 16)
        return inSentence ? MeshWords::tr("rack") : MeshWords::tr("Rack");
    return inSentence ? MeshWords::tr("node") : MeshWords::tr("Node");
}

QStringList deviceParts(const Scenario& scenario, const Report& report, const MeshFacts& facts, int device, bool brief)
{
    if (device >= facts.used())
        return {servedByPools(scenario) ? MeshWords::tr("not of the %1 that is shown").arg(workerText(scenario))
                                        : MeshWords::tr("idle: the plan uses %1").arg(counted(facts.used(), noun(scenario)))};
    const DeviceFacts held = facts.of(device);
    const DeviceMemory& memory = facts.memoryOf(held.stage);
    const auto named = [brief](const QString& one, const QString& several, const QString& shortName, IndexRange range) {
        return (brief ? shortName : range.count() == 1 ? one : several).arg(rangeText(range));
    };
    const auto layersOf = [&](IndexRange range) {
        return named(MeshWords::tr("layer %1"), MeshWords::tr("layers %1"), MeshWords::tr("layers %1"), range);
    };
    QStringList parts;
    if (scenario.plan.data() > 1)
        parts += MeshWords::tr("replica %1").arg(held.replica);
    if (const MeshPods pods = podsOf(*scenario.cluster); pods.level >= 0)
        parts += MeshWords::tr("pod %1").arg(device / pods.devices);
    parts += facts.layout().visits() == 1 ? layersOf(held.layers) : MeshWords::tr("layers %1").arg(facts.layersText(held.stage));
    if (held.queryHeads.count() > 0)
        parts += named(MeshWords::tr("query head %1"), MeshWords::tr("query heads %1"), MeshWords::tr("Q %1"), held.queryHeads);
    if (const Attention* attention = facts.attention()) {
        QString kv = attention->kind == AttentionKind::Latent
                         ? MeshWords::tr("KV latent")
                         : named(MeshWords::tr("KV head %1"), MeshWords::tr("KV heads %1"), MeshWords::tr("KV %1"), held.kvHeads);
        if (held.kvCopies > 1)
            kv = MeshWords::tr("%1 (copy %2 of %3)").arg(kv).arg(held.kvCopy + 1).arg(held.kvCopies);
        parts += kv;
    }
    if (held.experts.count() > 0 && scenario.plan.expert() > 1)
        parts += named(MeshWords::tr("expert %1"), MeshWords::tr("experts %1"), MeshWords::tr("experts %1"), held.experts);
    parts += MeshWords::tr("%1 of %2")
                 .arg(qs(formatBytes(static_cast<double>(memory.total()))),
                      qs(formatNumber(static_cast<double>(report.memory.capacity) / kGiB)));
    if (!report.decode.expertWaits.empty())
        parts += busyText(scenario, report, held);
    return parts;
}

QString busyText(const Scenario& scenario, const Report& report, const DeviceFacts& device)
{
    QString busy = MeshWords::tr("%1 busy").arg(qs(formatPercent(report.decode.busyShare(device.stage, device.expertRank))));
    const std::optional<ExpertLoadTable> table =
        report.decode.expertWaits.empty() ? std::nullopt : expertTableOf(scenario, report, Phase::Decode);
    if (!table)
        return busy;
    const bool hottest = device.expertRank == table->hottest();
    return (hottest ? MeshWords::tr("EP rank %1, the hottest: %2 %3 the mean load, %4")
                    : MeshWords::tr("EP rank %1: %2 %3 the mean load, %4"))
        .arg(QString::number(device.expertRank), qs(formatNumber(table->ofRank(device.expertRank) / table->mean())), kTimes, busy);
}

QString groupText(const Scenario& scenario, int device, const MeshGroup& group, bool links)
{
    if (group.peers.size() < 2)
        return {};
    std::vector<int> others;
    for (const int peer : group.peers) {
        if (peer != device)
            others.push_back(peer);
    }
    const QString nouns = noun(scenario);
    const QString list = listText(others);
    QString who = nouns + QLatin1Char(' ') + list;
    if (list.size() > 24)
        who = MeshWords::tr("%1 other %2s").arg(qs(formatCount(static_cast<std::int64_t>(others.size()))), nouns);
    if (group.name == QLatin1String("DP"))
        return MeshWords::tr("DP: copies of it on %1").arg(who);
    if (group.uses.empty())
        return group.name == QLatin1String("attention DP") ? MeshWords::tr("attention DP group with %1").arg(who)
                                                           : MeshWords::tr("%1 group with %2").arg(group.name, who);
    const CollectiveUse& most = group.uses.front();
    QString words =
        (scenario.plan.decodeMicrobatches() > 1 ? MeshWords::tr("%1 with %2: %3 per microbatch") : MeshWords::tr("%1 with %2: %3 per step"))
            .arg(qs(nameOf(most.kind)), who, productText(most));
    if (!links || most.level < 0)
        return words;
    double sent = 0;
    for (const CollectiveUse& use : group.uses)
        sent += use.sent * use.times * scenario.plan.decodeMicrobatches();
    const FabricLevel& level = scenario.cluster->levels[static_cast<std::size_t>(most.level)];
    const double bandwidth = groupBandwidth(scenario, group, most.level);
    words +=
        QStringLiteral("; ")
        + (group.uses.size() > 1 ? MeshWords::tr("%1 sent per step in all") : MeshWords::tr("%1 sent per step")).arg(qs(formatBytes(sent)));
    // Bytes over time is the rate on this level's links only where no other level carries a part of them.
    if (isInsideOneLevel(*scenario.cluster, group.peers) && most.seconds > 0)
        words += QStringLiteral(", ")
                 + MeshWords::tr("at %1 of %2 on %3")
                       .arg(qs(formatNumber(most.sent / most.seconds / 1e9)), qs(formatBandwidth(bandwidth)), qs(level.name));
    else
        words += QStringLiteral(", ")
                 + (podUnits(level) > 0 && bandwidth < level.bandwidth ? MeshWords::tr("over %1 between pods at %2")
                                                                       : MeshWords::tr("over %1 at %2"))
                       .arg(qs(level.name), qs(formatBandwidth(bandwidth, 3)));
    return words;
}

MeshSummary meshSummary(const Scenario& scenario, const Report& report, const MeshFacts& facts)
{
    MeshSummary summary;
    summary.name = planName(scenario.plan);
    const int all = scenario.cluster->devices();
    QStringList parts;
    if (servedByPools(scenario))
        parts += MeshWords::tr("a %1 on %2").arg(workerText(scenario), counted(facts.used(), noun(scenario)));
    else if (facts.used() == all)
        parts += MeshWords::tr("on %1").arg(counted(all, noun(scenario)));
    else
        parts += MeshWords::tr("on %1 of %2").arg(qs(formatCount(facts.used())), counted(all, noun(scenario)));
    if (facts.stages() > 1)
        parts += MeshWords::tr("%1 stages of %2").arg(qs(formatCount(facts.stages())), qs(formatCount(facts.stageDevices())));
    if (const MeshPods pods = podsOf(*scenario.cluster); pods.level >= 0)
        parts += MeshWords::tr("%1 per %2 between %3 pods")
                     .arg(qs(formatBandwidth(rateBetweenPods(scenario.cluster->levels[static_cast<std::size_t>(pods.level)]), 3)),
                          noun(scenario), qs(formatCount(pods.count)));
    parts += freeText(report);
    summary.facts = parts;
    const std::vector<CollectiveUse> uses = decodeCollectives(report);
    if (uses.empty()) {
        summary.second = facts.stages() > 1 ? MeshWords::tr("No collectives: stages hand activations to each other")
                                            : MeshWords::tr("No collectives: each %1 works alone").arg(noun(scenario));
        return summary;
    }
    const CollectiveUse& most = uses.front();
    summary.second =
        (scenario.plan.decodeMicrobatches() > 1 ? MeshWords::tr("%1 %2 per decode microbatch") : MeshWords::tr("%1 %2 per decode step"))
            .arg(qs(nameOf(most.kind)), productText(most));
    if (uses.size() > 1)
        summary.second = MeshWords::tr("%1, and %2 more").arg(summary.second).arg(uses.size() - 1);
    return summary;
}

QString meshSubtitle(const Scenario& scenario)
{
    const Cluster& cluster = *scenario.cluster;
    const QString id = qs(cluster.id);
    const QString one = noun(scenario);
    std::vector<std::size_t> levels;
    for (std::size_t i = 0; i < cluster.levels.size(); ++i) {
        if (cluster.levels[i].units() > 1)
            levels.push_back(i);
    }
    if (levels.empty())
        return MeshWords::tr("%1, one %2").arg(id, one);
    const FabricLevel& inner = cluster.levels[levels.front()];
    if (isOnChip(cluster, static_cast<int>(levels.front()))) {
        if (levels.size() == 1)
            return MeshWords::tr("%1, one chip of %2").arg(id, counted(inner.units(), one));
        const FabricLevel& board = cluster.levels[levels[1]];
        QString text = MeshWords::tr("%1 in %2, %3 cores each")
                           .arg(counted(board.units(), MeshWords::tr("chip")), shapeText(board))
                           .arg(inner.units());
        int nodes = 1;
        for (std::size_t i = 2; i < levels.size(); ++i)
            nodes *= cluster.levels[levels[i]].units();
        if (nodes > 1)
            text = MeshWords::tr("%1 of %2").arg(counted(nodes, MeshWords::tr("node")), text);
        return id + QStringLiteral(": ") + text;
    }
    if (levels.size() == 1) {
        if (levels.front() > 0)
            return id + QStringLiteral(", ") + MeshWords::tr("%1 on %2").arg(counted(inner.units(), one), qs(inner.name));
        return id + QStringLiteral(", ") + shapeText(inner);
    }
    const int perDomain = inner.units();
    const QString domains = MeshWords::tr("%1 of %2")
                                .arg(counted(cluster.devices() / perDomain, domainNoun(cluster, static_cast<int>(levels.front()), true)),
                                     counted(perDomain, one));
    const MeshPods pods = podsOf(cluster);
    return id + QStringLiteral(", ")
           + (pods.level < 0 ? domains : MeshWords::tr("%1 in %2").arg(domains, counted(pods.count, MeshWords::tr("pod"))));
}

QString describeMesh(const Scenario& scenario, const Report& report)
{
    QString text = meshSubtitle(scenario) + QStringLiteral("; ");
    if (!report.legal) {
        return text
               + (report.violations.empty() ? MeshWords::tr("the plan is not legal.")
                                            : qs(sentence(report.violations.front(), scenario.context(), scenario.plan)));
    }
    const MeshFacts facts(scenario, report);
    const MeshSummary summary = meshSummary(scenario, report, facts);
    return text + summary.name + QLatin1Char(' ') + summary.facts.join(QStringLiteral(", ")) + QLatin1Char('.');
}

QString meshTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal)
        return {};
    const MeshFacts facts(scenario, report);
    if (subject.kind == Subject::Kind::Device && subject.device >= 0) {
        QStringList lines{deviceName(scenario, subject.device)};
        QStringList parts = deviceParts(scenario, report, facts, subject.device);
        parts.front()[0] = parts.front()[0].toUpper();
        lines += parts.join(QStringLiteral(", "));
        if (subject.device < facts.used()) {
            for (const MeshGroup& group : meshFocus(scenario, report, facts, subject, facts.used()).groups)
                lines += groupText(scenario, subject.device, group, true);
        }
        lines.removeAll(QString());
        return lines.join(QLatin1Char('\n'));
    }
    if (subject.kind == Subject::Kind::Stage && subject.stage >= 0 && subject.stage < facts.stages()) {
        const DeviceMemory& memory = facts.memoryOf(subject.stage);
        return QStringList{
            MeshWords::tr("Stage %1").arg(subject.stage),
            MeshWords::tr("Layers %1, %2 in each replica")
                .arg(facts.layersText(subject.stage), counted(facts.stageDevices(), noun(scenario))),
            MeshWords::tr("%1 of %2 on each")
                .arg(qs(formatBytes(static_cast<double>(memory.total()))), qs(formatBytes(static_cast<double>(report.memory.capacity))))}
            .join(QLatin1Char('\n'));
    }
    return {};
}

} // namespace shardlens
