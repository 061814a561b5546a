// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>

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
    case Topology::Switch: return QStringLiteral("one ") + qs(level.name) + QStringLiteral(" domain");
    case Topology::Ring:
        return (isWrapped(level) ? QStringLiteral("a ring of ") : QStringLiteral("a line of ")) + QString::number(level.units());
    case Topology::FullMesh: return QStringLiteral("a full mesh of ") + QString::number(level.units());
    case Topology::CubeMesh: return QStringLiteral("a hybrid cube mesh of ") + QString::number(level.units());
    case Topology::PcieTree: return QStringLiteral("a PCIe tree of ") + QString::number(level.units());
    case Topology::Torus: break;
    }
    return QStringLiteral("a ") + extentsText(level.extents) + (isWrapped(level) ? QStringLiteral(" torus") : QStringLiteral(" mesh"));
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
        levels += differs ? 1 : 0;
    }
    return levels == 1;
}

QString freeText(const Report& report)
{
    const Bytes spare = report.memory.free();
    if (spare >= 0)
        return qs(formatBytes(static_cast<double>(spare))) + QStringLiteral(" free on the fullest");
    return QStringLiteral("does not fit: ") + qs(formatBytes(static_cast<double>(-spare))) + QStringLiteral(" too much");
}

} // namespace

QString planName(const Plan& plan)
{
    QStringList parts;
    for (const PlanAxis axis :
         {PlanAxis::Tensor, PlanAxis::Sequence, PlanAxis::AttentionData, PlanAxis::Pipeline, PlanAxis::Data, PlanAxis::Expert}) {
        if (plan[axis] > 1)
            parts += qs(shortNameOf(axis)) + QLatin1Char(' ') + QString::number(plan[axis]);
    }
    return parts.isEmpty() ? QStringLiteral("TP 1") : parts.join(QStringLiteral(" ") + kTimes + QStringLiteral(" "));
}

LinkText linkText(const Cluster& cluster, int level, int tier)
{
    const FabricLevel& shown = cluster.levels[static_cast<std::size_t>(level)];
    const auto rate = [](double bandwidth, const QString& unit) {
        return QString(qs(formatBandwidth(bandwidth)) + QStringLiteral(" per ") + unit + QStringLiteral(", one way"));
    };
    const QString device = qs(cluster.accelerator.noun);
    switch (shown.topology) {
    case Topology::FullMesh: return {qs(shown.name), rate(shown.linkBandwidth(), QStringLiteral("pair"))};
    case Topology::CubeMesh: return {qs(shown.name), rate(shown.linkBandwidth(), QStringLiteral("link"))};
    case Topology::PcieTree:
        if (tier > 0) // the link of a switch below
            return {qs(shown.name) + QStringLiteral(" root"),
                    rate(shown.linkBandwidth(static_cast<std::size_t>(tier)), QStringLiteral("switch"))};
        return {qs(shown.name), rate(shown.bandwidth, device)};
    case Topology::Switch:
    case Topology::Ring:
    case Topology::Torus: break;
    }
    return {qs(shown.name), rate(shown.bandwidth, device)};
}

QString domainNoun(const Cluster& cluster, int level)
{
    if (isOnChip(cluster, level))
        return QStringLiteral("Chip");
    const int firstBoard = isOnChip(cluster, 0) ? 1 : 0;
    if (level > firstBoard)
        return QStringLiteral("Pod");
    const FabricLevel& shown = cluster.levels[static_cast<std::size_t>(level)];
    if (shown.topology == Topology::Torus && !isOnChip(cluster, 0))
        return QStringLiteral("Slice");
    return shown.topology == Topology::Switch && shown.units() > 16 ? QStringLiteral("Rack") : QStringLiteral("Node");
}

QStringList deviceParts(const Scenario& scenario, const Report& report, const MeshFacts& facts, int device, bool brief)
{
    if (device >= facts.used())
        return {QStringLiteral("idle: the plan uses ") + counted(facts.used(), noun(scenario))};
    const DeviceFacts held = facts.of(device);
    const DeviceMemory& memory = facts.memoryOf(held.stage);
    const auto named = [brief](const char* longName, const char* shortName, IndexRange range) {
        const bool plural = !brief && range.count() != 1;
        const QString name = QString::fromLatin1(brief ? shortName : longName);
        return QString(name + QLatin1String(plural ? "s " : " ") + rangeText(range));
    };
    QStringList parts;
    if (scenario.plan.data() > 1)
        parts += QStringLiteral("replica ") + QString::number(held.replica);
    parts +=
        facts.layout().visits() == 1 ? named("layer", "layers", held.layers) : QStringLiteral("layers ") + facts.layersText(held.stage);
    if (held.queryHeads.count() > 0)
        parts += named("query head", "Q", held.queryHeads);
    if (const Attention* attention = facts.attention()) {
        QString kv = attention->kind == AttentionKind::Latent ? QStringLiteral("KV latent") : named("KV head", "KV", held.kvHeads);
        if (held.kvCopies > 1)
            kv += QStringLiteral(" (copy %1 of %2)").arg(held.kvCopy + 1).arg(held.kvCopies);
        parts += kv;
    }
    if (held.experts.count() > 0 && scenario.plan.expert() > 1)
        parts += named("expert", "experts", held.experts);
    parts += qs(formatBytes(static_cast<double>(memory.total()))) + QStringLiteral(" of ")
             + qs(formatNumber(static_cast<double>(report.memory.capacity) / kGiB));
    return parts;
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
        who = qs(formatCount(static_cast<std::int64_t>(others.size()))) + QStringLiteral(" other ") + nouns + QLatin1Char('s');
    if (group.name == QLatin1String("DP"))
        return QStringLiteral("DP: copies of it on ") + who;
    if (group.uses.empty())
        return group.name + QStringLiteral(" group with ") + who;
    const CollectiveUse& most = group.uses.front();
    QString words = qs(nameOf(most.kind)) + QStringLiteral(" with ") + who + QStringLiteral(": ") + qs(formatCount(most.times))
                    + QLatin1Char(' ') + kTimes + QLatin1Char(' ') + qs(formatBytes(most.payload))
                    + (scenario.plan.decodeMicrobatches() > 1 ? QStringLiteral(" per microbatch") : QStringLiteral(" per step"));
    if (!links || most.level < 0)
        return words;
    double sent = 0;
    for (const CollectiveUse& use : group.uses)
        sent += use.sent * use.times * scenario.plan.decodeMicrobatches();
    const FabricLevel& level = scenario.cluster->levels[static_cast<std::size_t>(most.level)];
    words += QStringLiteral("; ") + qs(formatBytes(sent)) + QStringLiteral(" sent per step");
    if (group.uses.size() > 1)
        words += QStringLiteral(" in all");
    // Bytes over time is the rate on this level's links only where no other level carries a part of them.
    if (isInsideOneLevel(*scenario.cluster, group.peers) && most.seconds > 0)
        words += QStringLiteral(", at ") + qs(formatNumber(most.sent / most.seconds / 1e9)) + QStringLiteral(" of ")
                 + qs(formatBandwidth(level.bandwidth)) + QStringLiteral(" on ") + qs(level.name);
    else
        words += QStringLiteral(", over ") + qs(level.name) + QStringLiteral(" at ") + qs(formatBandwidth(level.bandwidth));
    return words;
}

MeshSummary meshSummary(const Scenario& scenario, const Report& report, const MeshFacts& facts)
{
    MeshSummary summary;
    summary.name = planName(scenario.plan);
    const int all = scenario.cluster->devices();
    QStringList parts;
    if (facts.used() == all)
        parts += QStringLiteral("on ") + counted(all, noun(scenario));
    else
        parts += QStringLiteral("on ") + qs(formatCount(facts.used())) + QStringLiteral(" of ") + counted(all, noun(scenario));
    if (facts.stages() > 1)
        parts += QString::number(facts.stages()) + QStringLiteral(" stages of ") + QString::number(facts.stageDevices());
    parts += freeText(report);
    summary.facts = parts;
    const std::vector<CollectiveUse> uses = decodeCollectives(report);
    if (uses.empty()) {
        summary.second = QStringLiteral("No collectives: each ") + noun(scenario) + QStringLiteral(" works alone");
        if (facts.stages() > 1)
            summary.second = QStringLiteral("No collectives: stages hand activations to each other");
        return summary;
    }
    const CollectiveUse& most = uses.front();
    summary.second =
        qs(nameOf(most.kind)) + QStringLiteral(" ") + qs(formatCount(most.times)) + QLatin1Char(' ') + kTimes + QLatin1Char(' ')
        + qs(formatBytes(most.payload))
        + (scenario.plan.decodeMicrobatches() > 1 ? QStringLiteral(" per decode microbatch") : QStringLiteral(" per decode step"));
    if (uses.size() > 1)
        summary.second += QStringLiteral(", and %1 more").arg(uses.size() - 1);
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
        return id + QStringLiteral(", one ") + one;
    const FabricLevel& inner = cluster.levels[levels.front()];
    if (isOnChip(cluster, static_cast<int>(levels.front()))) {
        const QString cores = QString::number(inner.units()) + QStringLiteral(" cores each");
        if (levels.size() == 1)
            return id + QStringLiteral(", one chip of ") + counted(inner.units(), one);
        const FabricLevel& board = cluster.levels[levels[1]];
        QString text =
            counted(board.units(), QStringLiteral("chip")) + QStringLiteral(" in ") + shapeText(board) + QStringLiteral(", ") + cores;
        int nodes = 1;
        for (std::size_t i = 2; i < levels.size(); ++i)
            nodes *= cluster.levels[levels[i]].units();
        if (nodes > 1)
            text = counted(nodes, QStringLiteral("node")) + QStringLiteral(" of ") + text;
        return id + QStringLiteral(": ") + text;
    }
    if (levels.size() == 1) {
        if (levels.front() > 0)
            return id + QStringLiteral(", ") + counted(inner.units(), one) + QStringLiteral(" on ") + qs(inner.name);
        return id + QStringLiteral(", ") + shapeText(inner);
    }
    const int perDomain = inner.units();
    return id + QStringLiteral(", ")
           + counted(cluster.devices() / perDomain, domainNoun(cluster, static_cast<int>(levels.front())).toLower())
           + QStringLiteral(" of ") + counted(perDomain, one);
}

QString describeMesh(const Scenario& scenario, const Report& report)
{
    QString text = meshSubtitle(scenario) + QStringLiteral("; ");
    if (!report.legal) {
        return text
               + (report.violations.empty() ? QStringLiteral("the plan is not legal.")
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
        return QStringLiteral("Stage %1\n").arg(subject.stage) + QStringLiteral("Layers ") + facts.layersText(subject.stage)
               + QStringLiteral(", ") + counted(facts.stageDevices(), noun(scenario)) + QStringLiteral(" in each replica\n")
               + qs(formatBytes(static_cast<double>(memory.total()))) + QStringLiteral(" of ")
               + qs(formatBytes(static_cast<double>(report.memory.capacity))) + QStringLiteral(" on each");
    }
    return {};
}

} // namespace shardlens
