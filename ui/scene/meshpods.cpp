// SPDX-License-Identifier: Apache-2.0
// Racks of racks: the leaves of an oversubscribed switch as boxes of their own, and what is said of them.
#include "core/base/format.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>

namespace shardlens {

int podUnits(const FabricLevel& level)
{
    const bool hasPods =
        level.topology == Topology::Switch && level.oversubscription > 1 && level.leafUnits > 1 && level.leafUnits < level.units();
    return hasPods ? level.leafUnits : 0;
}

double rateBetweenPods(const FabricLevel& level)
{
    return level.bandwidth / std::max(1.0, level.oversubscription);
}

MeshPods podsOf(const Cluster& cluster)
{
    int below = 1;
    for (std::size_t i = 0; i < cluster.levels.size(); ++i) {
        const FabricLevel& level = cluster.levels[i];
        if (const int units = podUnits(level); units > 0)
            return {static_cast<int>(i), units * below, static_cast<int>(ceilDiv(level.units(), units)), units};
        below *= level.units();
    }
    return {};
}

QString ratioText(const FabricLevel& level)
{
    return QStringLiteral("1:") + qs(formatNumber(level.oversubscription));
}

QStringList podTitles(const Cluster& cluster, const MeshPods& pods, int pod)
{
    const FabricLevel& level = cluster.levels[static_cast<std::size_t>(pods.level)];
    const QString name = MeshWords::tr("Pod %1 of %2").arg(pod).arg(pods.count);
    const QString noun = qs(cluster.accelerator.noun);
    const int devices = std::min(pods.devices, cluster.devices() - pod * pods.devices);
    const QString size = MeshWords::tr("%1 of %2").arg(MeshWords::tr("Pod %1").arg(pod), counted(devices, noun));
    const QString inside = MeshWords::tr("%1 each inside").arg(qs(formatBandwidth(level.bandwidth)));
    const QString between = MeshWords::tr("%1 between pods").arg(qs(formatBandwidth(rateBetweenPods(level), 3)));
    return {size + QStringLiteral(" · ") + inside + QStringLiteral(", ") + between,
            size + QStringLiteral(" · ") + inside,
            size,
            name,
            MeshWords::tr("Pod %1").arg(pod),
            QString::number(pod)};
}

QString podTip(const Cluster& cluster, const MeshPods& pods, int pod)
{
    const FabricLevel& level = cluster.levels[static_cast<std::size_t>(pods.level)];
    const QString noun = qs(cluster.accelerator.noun);
    const int devices = pod < 0 ? pods.devices : std::min(pods.devices, cluster.devices() - pod * pods.devices);
    const int unit = pods.devices / pods.units;
    QStringList lines;
    lines += pod < 0 ? MeshWords::tr("%1 between %2 pods").arg(qs(level.name), qs(formatCount(pods.count)))
                     : MeshWords::tr("Pod %1 of %2").arg(pod).arg(pods.count);
    const QString size =
        MeshWords::tr("%1 of %2").arg(counted(devices / unit, domainNoun(cluster, pods.level - 1, true)), counted(unit, noun));
    lines += pod < 0 ? MeshWords::tr("A pod is %1: %2").arg(size, counted(devices, noun))
                     : MeshWords::tr("%1: %2").arg(size, counted(devices, noun));
    lines += MeshWords::tr("%1 per %2 inside a pod, one way").arg(qs(formatBandwidth(level.bandwidth)), noun);
    lines += MeshWords::tr("%1 per %2 between pods while all send: oversubscribed %3")
                 .arg(qs(formatBandwidth(rateBetweenPods(level), 3)), noun, ratioText(level));
    return lines.join(QLatin1Char('\n'));
}

} // namespace shardlens
