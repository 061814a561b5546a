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

/// Pieces of a dimension with anything in them: the last ones are padding where the ways do not divide it.
std::int64_t filledPieces(const Mesh& mesh, const std::vector<int>& axes, std::size_t axis, std::int64_t filled, std::int64_t length)
{
    if (axis == axes.size())
        return filled > 0 ? 1 : 0;
    const std::int64_t piece = ceilDiv(length, mesh.size(axes[axis]));
    const std::int64_t whole = filled / piece;
    return whole * filledPieces(mesh, axes, axis + 1, piece, piece) + filledPieces(mesh, axes, axis + 1, filled % piece, piece);
}

/// Tiles with anything in them: of 16 sequences on 32 ranks, 16. Of parts that are split each in its own way, the most.
std::int64_t filledTiles(const PlateTensor& tensor)
{
    const std::int64_t all = tensor.tileCount();
    std::int64_t most = 0;
    for (const PlatePart& part : tensor.parts) {
        std::int64_t filled = all;
        for (const ShardedDim& dim : part.array.dims) {
            std::int64_t ways = 1;
            for (const int axis : dim.axes)
                ways *= tensor.mesh.size(axis);
            if (!part.dealt && dim.size > 0)
                filled = filled / ways * filledPieces(tensor.mesh, dim.axes, 0, dim.size, dim.size);
        }
        most = std::max(most, filled);
    }
    return most;
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
    const std::int64_t filled = filledTiles(tensor);
    QString share = tiles > 1 ? QCoreApplication::translate("Plate", "1/%1 each").arg(qs(formatCount(tiles)))
                              : QCoreApplication::translate("Plate", "whole");
    if (filled < tiles)
        share = (memoryClassOf(tensor.kind) == MemoryClass::Weights ? QCoreApplication::translate("Plate", "1/%1, padding on %2")
                                                                    : QCoreApplication::translate("Plate", "1/%1, %2 idle"))
                    .arg(qs(formatCount(filled)), qs(formatCount((tiles - filled) * tensor.holderCount())));
    return owners.isEmpty() ? share : QString(owners + QStringLiteral(": ") + share);
}

std::vector<TileNumber> everyNth(const std::vector<double>& centres, double room, double length)
{
    std::vector<TileNumber> numbers;
    const std::size_t count = centres.size();
    if (count < 2 || length - 2 < 2 * room)
        return numbers;
    const auto at = [&](std::size_t index) { return std::clamp(centres[index], room / 2 + 1, length - room / 2 - 1); };
    const auto apart = [&](std::size_t a, std::size_t b) { return at(b) - at(a) >= room; };
    std::size_t every = 1;
    const auto crowded = [&] {
        for (std::size_t i = every; i + 1 < count; i += every)
            if (!apart(i - every, i))
                return true;
        return false;
    };
    while (every < count && crowded())
        every *= 2;
    for (std::size_t i = 0; i + 1 < count; i += every)
        numbers.push_back({i, at(i)});
    while (numbers.size() > 1 && !apart(numbers.back().index, count - 1))
        numbers.pop_back();
    numbers.push_back({count - 1, at(count - 1)});
    return numbers;
}

} // namespace shardlens
