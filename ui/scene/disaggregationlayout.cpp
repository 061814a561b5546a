// SPDX-License-Identifier: Apache-2.0
// Where the pools' devices lie: one size of a device in both, as large as the room and the widths of the pools allow.
#include "ui/scene/disaggregationscene.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kLargestTile = 176;
constexpr double kGapShare = 0.3; // of a tile, between workers

/// Columns of `count` tiles in a block of about `aspect` times its height.
int columnsFor(std::int64_t count, double aspect)
{
    return static_cast<int>(std::max<std::int64_t>(1, std::llround(std::ceil(std::sqrt(static_cast<double>(count) * aspect) - 1e-9))));
}

/// Columns of the devices of one worker: a whole number of rows, about twice as wide as tall, where there is such a number.
int deviceColumnsFor(std::int64_t count)
{
    const int least = columnsFor(count, 2);
    for (int columns = least; columns <= 2 * least && columns <= count; ++columns)
        if (count % columns == 0)
            return columns;
    return static_cast<int>(std::min<std::int64_t>(least, count));
}

/// Which row of a grid of so many columns.
std::int64_t rowOf(std::int64_t index, int columns)
{
    return index / columns;
}

std::int64_t rowsFor(std::int64_t count, int columns)
{
    return rowOf(count + columns - 1, columns);
}

} // namespace

QRectF PoolTiles::worker(std::int64_t index) const
{
    const std::int64_t rows = rowsFor(devices, deviceColumns);
    const double wide = deviceColumns * tile;
    const double tall = static_cast<double>(rows) * tile;
    return {area.left() + static_cast<double>(index % workerColumns) * (wide + gap),
            area.top() + static_cast<double>(rowOf(index, workerColumns)) * (tall + gap), wide, tall};
}

QRectF PoolTiles::device(std::int64_t worker, std::int64_t index) const
{
    const QRectF block = this->worker(worker);
    const double side = tile >= 5 ? tile - 1 : tile;
    return {block.left() + static_cast<double>(index % deviceColumns) * tile,
            block.top() + static_cast<double>(rowOf(index, deviceColumns)) * tile, side, side};
}

std::array<PoolTiles, 2> poolTiles(const std::array<QRectF, 2>& areas, const std::array<std::int64_t, 2>& workers,
                                   const std::array<std::int64_t, 2>& devices)
{
    std::array<PoolTiles, 2> out;
    double tile = kLargestTile;
    for (std::size_t i = 0; i < 2; ++i) {
        PoolTiles& pool = out[i];
        pool.area = areas[i];
        pool.workers = workers[i];
        pool.devices = devices[i];
        pool.deviceColumns = deviceColumnsFor(devices[i]);
        const std::int64_t deviceRows = rowsFor(devices[i], pool.deviceColumns);
        // The number of columns of workers at which tiles are largest.
        double best = 0;
        const int around = columnsFor(workers[i], std::max(0.1, areas[i].width() / std::max(1.0, areas[i].height())
                                                                    * static_cast<double>(deviceRows) / pool.deviceColumns));
        for (int columns = std::max(1, around - 3); columns <= around + 3; ++columns) {
            const auto rows = static_cast<double>(rowsFor(workers[i], columns));
            const double wide = areas[i].width() / (columns * (pool.deviceColumns + kGapShare));
            const double tall = areas[i].height() / (rows * (static_cast<double>(deviceRows) + kGapShare));
            if (std::min(wide, tall) > best) {
                best = std::min(wide, tall);
                pool.workerColumns = columns;
            }
        }
        tile = std::min(tile, best);
    }
    for (PoolTiles& pool : out) {
        pool.tile = std::max(0.0, tile);
        pool.gap = pool.tile * kGapShare;
    }
    return out;
}

QSizeF PoolTiles::size() const
{
    if (workers <= 0 || !(tile > 0))
        return {0, 0};
    const QRectF first = worker(0);
    const auto columns = static_cast<double>(std::min<std::int64_t>(workerColumns, workers));
    const auto rows = static_cast<double>(rowsFor(workers, workerColumns));
    return {columns * (first.width() + gap) - gap, rows * (first.height() + gap) - gap};
}

PoolPlaces poolPlaces(const QRectF& area, double between, double leastWidth, const std::array<std::int64_t, 2>& workers,
                      const std::array<std::int64_t, 2>& devices)
{
    PoolPlaces best;
    const double room = area.width() - between;
    const double least = std::min(leastWidth, room / 2);
    constexpr int kSplits = 24;
    for (int i = 0; i <= kSplits; ++i) {
        // From the even split outwards: of equal ones the evener.
        constexpr double kStep = 1.0 / (kSplits + 2);
        const int step = (i + 1) / 2;
        const double share = 0.5 + (i % 2 == 0 ? kStep : -kStep) * step;
        const double left = room * share;
        if (i > 0 && (left < least || room - left < least))
            continue;
        const std::array<QRectF, 2> areas{QRectF(area.left(), area.top(), left, area.height()),
                                          QRectF(area.right() - (room - left), area.top(), room - left, area.height())};
        const std::array<PoolTiles, 2> tiles = poolTiles(areas, workers, devices);
        if (i == 0 || tiles[0].tile > best.tiles[0].tile * 1.02)
            best = {areas, tiles, {}};
    }
    // What is left over goes outside, so that the pools and the arrow between them are one picture in the middle.
    std::array<double, 2> wide{};
    double tall = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        wide[i] = std::clamp(best.tiles[i].size().width(), least, best.areas[i].width());
        tall = std::max(tall, best.tiles[i].size().height());
    }
    const double spare = area.width() - between - wide[0] - wide[1];
    const double margin = spare * 0.3;
    const double top = area.top() + std::max(0.0, (area.height() - tall) / 2);
    best.areas[0] = QRectF(area.left() + margin, area.top(), wide[0], area.height());
    best.areas[1] = QRectF(area.right() - margin - wide[1], area.top(), wide[1], area.height());
    for (std::size_t i = 0; i < 2; ++i)
        best.tiles[i].area = QRectF(best.areas[i].left(), top, wide[i], area.bottom() - top);
    best.arrow = QRectF(best.areas[0].right(), area.top(), best.areas[1].left() - best.areas[0].right(), area.height());
    return best;
}

} // namespace shardlens
