// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/plateowners.h"

#include "core/base/format.h"
#include "ui/scene/meshfacts.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace shardlens {
namespace {

constexpr int kMostListed = 4096; // devices whose numbers are gone through
constexpr int kMostRanges = 3;

QStringList rangesOf(const Placement& placement, int stage)
{
    QStringList ranges;
    IndexRange range{0, 0};
    const auto close = [&] {
        if (range.count() > 0)
            ranges << rangeText(range);
    };
    for (int device = 0; device < placement.devices(); ++device) {
        if (placement.coordinate(device, MeshAxis::Pipeline) != stage)
            continue;
        if (range.count() == 0 || range.end != device) {
            close();
            range = {device, device};
        }
        range.end = device + 1;
    }
    close();
    return ranges;
}

} // namespace

std::vector<QString> plateOwners(const Scenario& scenario, int stage)
{
    const Placement placement(scenario.plan.meshSizes());
    const int count = static_cast<int>(placement.devices()) / std::max(1, scenario.plan.pipeline());
    std::vector<QString> owners;
    if (count <= kMostListed) {
        const QStringList ranges = rangesOf(placement, stage);
        if (ranges.size() <= kMostRanges) {
            QString noun = deviceName(scenario, 0);
            noun.truncate(noun.lastIndexOf(QLatin1Char(' ')));
            const QString numbers = ranges.join(QStringLiteral(", "));
            owners = {noun + QLatin1Char(' ') + numbers, numbers};
        }
    }
    owners.push_back(counted(count, qs(scenario.cluster->accelerator.noun)));
    owners.push_back({});
    return owners;
}

QString plateCaption(const QString& owners, const PlateTensor& tensor)
{
    const std::int64_t tiles = tensor.tileCount();
    const QString share = tiles > 1 ? QCoreApplication::translate("Plate", "1/%1 each").arg(qs(formatCount(tiles)))
                                    : QCoreApplication::translate("Plate", "whole");
    return owners.isEmpty() ? share : QString(owners + QStringLiteral(": ") + share);
}

} // namespace shardlens
