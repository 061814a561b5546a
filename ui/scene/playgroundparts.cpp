// SPDX-License-Identifier: Apache-2.0
// What the playground says and where a block lies: pieces that need no picture.
#include "ui/scene/playgroundparts.h"
#include "core/base/format.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <utility>

namespace shardlens {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Playground", text);
}

/// Where a part of an array lies in its picture. Dimensions of a side are nested: those that the array has split, in order, so that a
/// device's block is one rectangle; inside it the rest of what the part leaves out.
QRectF partOf(const ShardedArray& array, const std::vector<DimPiece>& pieces)
{
    const auto side = [&](bool rows) {
        double begin = 0;
        double end = 1;
        for (const bool split : {true, false}) {
            for (std::size_t i = 0; i < array.dims.size(); ++i) {
                if ((i + 1 < array.dims.size()) != rows || array.dims[i].axes.empty() == split)
                    continue;
                const double length = (end - begin) / static_cast<double>(std::max<std::int64_t>(1, array.dims[i].size));
                end = begin + length * static_cast<double>(pieces[i].begin + pieces[i].count);
                begin += length * static_cast<double>(pieces[i].begin);
            }
        }
        return std::pair{begin, end};
    };
    const auto [left, right] = side(false);
    const auto [top, bottom] = side(true);
    return {left, top, right - left, bottom - top};
}

} // namespace

std::array<QSizeF, 3> playgroundSides(const ShardedArray& a, const ShardedArray& b, const ShardedArray& c)
{
    constexpr double kExponent = 0.4;
    constexpr double kLeast = 0.34; // of the longest side
    const auto length = [](const ShardedArray& array, bool rows) {
        double size = 1;
        for (std::size_t i = 0; i < array.dims.size(); ++i)
            if ((i + 1 < array.dims.size()) == rows)
                size *= static_cast<double>(std::max<std::int64_t>(1, array.dims[i].size));
        return std::pow(size, kExponent);
    };
    std::array<QSizeF, 3> sides;
    double longest = 1;
    std::size_t at = 0;
    for (const ShardedArray* array : {&a, &b, &c}) {
        sides[at] = {length(*array, false), length(*array, true)};
        longest = std::max({longest, sides[at].width(), sides[at].height()});
        ++at;
    }
    for (QSizeF& side : sides)
        side = {std::max(kLeast, side.width() / longest), std::max(kLeast, side.height() / longest)};
    return sides;
}

QRectF playgroundBlock(const Mesh& mesh, const ShardedArray& array, std::int64_t device)
{
    std::vector<DimPiece> pieces;
    for (const ShardedDim& dim : array.dims)
        pieces.push_back(pieceOf(mesh, dim, device));
    return partOf(array, pieces);
}

PlaygroundMove playgroundMove(const Mesh& mesh, const ShardStep& step, std::int64_t peer, std::int64_t device)
{
    std::vector<DimPiece> common;
    for (std::size_t i = 0; i < step.before.dims.size(); ++i) {
        const DimPiece has = pieceOf(mesh, step.before.dims[i], peer);
        const DimPiece wants = pieceOf(mesh, step.after.dims[i], device);
        const std::int64_t begin = std::max(has.begin, wants.begin);
        const std::int64_t end = std::min(has.begin + has.count, wants.begin + wants.count);
        if (end <= begin)
            return {};
        common.push_back({begin, end - begin});
    }
    return {partOf(step.before, common), partOf(step.after, common)};
}

QString playgroundCost(const PlayedProduct& played, const MatmulWayCost& way)
{
    return played.setting.cluster ? qs(formatSeconds(way.time)) : tr("sends %1").arg(qs(formatBytes(way.sentBytes)));
}

QString playgroundTotals(const PlayedProduct& played, const MatmulWayCost& way, double room)
{
    const QString sent = qs(formatBytes(way.sentBytes));
    const QString brief = tr("sends %1").arg(sent);
    const QString held = tr("Each device sends %1 and holds at most %2").arg(sent, qs(formatBytes(static_cast<double>(way.largestBytes))));
    if (!played.setting.cluster)
        return firstFitting({held, brief}, TextRole::Note, room);
    const QString time = qs(formatSeconds(way.time));
    const QString parts = tr("%1: %2 of communication, %3 of product")
                              .arg(time, qs(formatSeconds(way.communicationTime)), qs(formatSeconds(way.productTime)));
    const QString semicolon = QStringLiteral("; ");
    return firstFitting({held + semicolon + parts, parts + semicolon + brief, parts, time}, TextRole::Note, room);
}

QString describePlayground(const PlaygroundPicture& picture)
{
    if (!picture.played)
        return picture.error;
    const PlayedProduct& played = *picture.played;
    return qs(printSharding(played.expression, played.mesh)) + QStringLiteral(": ") + qs(nameOf(played.costs.which)) + QStringLiteral("; ")
           + tr("%1 ways").arg(played.costs.ways.size());
}

const std::vector<PlaygroundExample>& playgroundExamples()
{
    static const std::vector<PlaygroundExample> examples{
        {QT_TRANSLATE_NOOP("Playground", "Case 1: no contracted dimension is split"), "A[I_X, J] . B[J, K_Y]", "X=4,Y=2",
         "I=1024,J=4096,K=8192"},
        {QT_TRANSLATE_NOOP("Playground", "Case 2: one operand has it split"), "A[I, J_X] . B[J, K]", "X=4", "I=1024,J=4096,K=8192"},
        {QT_TRANSLATE_NOOP("Playground", "Case 3: both have it split"), "A[I, J_X] . B[J_X, K]", "X=4", "I=1024,J=4096,K=8192"},
        {QT_TRANSLATE_NOOP("Playground", "Case 4: both have an outer one split over the same axis"), "A[I_X, J] . B[J, K_X]", "X=4",
         "I=1024,J=4096,K=8192"},
    };
    return examples;
}

QString playgroundAssumptions(const ProductText& text, const PlaygroundPicture& picture)
{
    QString product = qs(text.product).simplified();
    if (!picture.played)
        return product;
    const PlayedProduct& played = *picture.played;
    QStringList axes;
    for (const NamedAxis& axis : played.mesh.axes())
        axes << qs(axis.name) + QChar(u' ') + qs(formatCount(axis.size));
    QStringList sizes;
    for (const ShardedArray* array : {&played.expression.left, played.expression.right ? &*played.expression.right : nullptr})
        for (std::size_t i = 0; array && i < array->dims.size(); ++i)
            if (const QString size = qs(array->dims[i].name) + QChar(u' ') + qs(formatCount(array->dims[i].size)); !sizes.contains(size))
                sizes << size;
    QStringList parts{product, tr("mesh %1").arg(axes.join(QStringLiteral(" × "))), sizes.join(QStringLiteral(", ")),
                      qs(nameOf(played.setting.format))};
    if (const Cluster* cluster = played.setting.cluster)
        parts << tr("times on %1 of %2 × %3 of %4")
                     .arg(qs(formatCount(played.mesh.devices())), qs(formatCount(cluster->devices())), qs(cluster->accelerator.name),
                          qs(cluster->name));
    else
        parts << tr("bytes alone, no times");
    return parts.join(QStringLiteral("; "));
}

void drawPlaygroundWays(Scene& scene, const ViewInput& input, const PlayedProduct& played, std::size_t chosenWay, QRectF& area,
                        PlaygroundRegions* regions)
{
    const auto ink = [&input](Ink which) { return input.theme.color(which); };
    const bool onCluster = played.setting.cluster != nullptr;
    const double width = std::min(250.0, area.width() * 0.3);
    const double note = lineHeight(TextRole::Note);
    const double row = 2 * note + 8;
    double y = area.top();
    const std::size_t all = played.costs.ways.size();
    QString order = onCluster ? tr("Ways, fastest first") : tr("Ways, fewest bytes first");
    const auto& ways = played.costs.ways;
    const Mesh& mesh = played.mesh;
    if (ways.front().way.result.unreduced.empty() && !ways.back().way.result.unreduced.empty())
        order = firstFitting({order + tr(", unsummed last"), order}, TextRole::NoteStrong, width);
    scene.text({area.left(), y, width, note}, order, TextRole::NoteStrong, ink(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
    y += note + 4;
    const double foot = played.note.empty() ? note : 3 * note;
    const auto room = static_cast<std::size_t>(std::max(1.0, (area.bottom() - foot - y) / row));
    // The chosen one is among those shown.
    const std::size_t first = chosenWay < room ? 0 : chosenWay + 1 - room;
    if (regions)
        regions->ways.assign(all, QRectF());
    for (std::size_t i = first; i < std::min(all, first + room); ++i) {
        const QRectF box(area.left(), y, width, row - 3);
        const MatmulWayCost& way = played.costs.ways[i];
        const bool chosen = i == chosenWay;
        if (chosen)
            scene.fill(box, ink(Ink::HoverRow), ink(Ink::Accent));
        const QRectF text = box.adjusted(6, 2, -6, -2);
        const QString cost = playgroundCost(played, way);
        scene.text({text.left(), text.top(), text.width(), note}, cost, chosen ? TextRole::NoteStrong : TextRole::Note, ink(Ink::Text),
                   Qt::AlignRight | Qt::AlignVCenter);
        const double left = text.width() - textWidth(cost, TextRole::NoteStrong) - 8;
        scene.text({text.left(), text.top(), left, note},
                   QString::number(i + 1) + QStringLiteral(". ") + qs(printArray(way.way.result, mesh)), TextRole::NoteStrong,
                   ink(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
        QStringList steps;
        for (const ShardStep& step : way.way.steps)
            steps << (step.kind == StepKind::Multiply ? tr("Multiply")
                                                      : qs(nameOf(step.kind)) + QChar(u' ') + qs(printAxes(step.axes, mesh)));
        if (!way.way.result.unreduced.empty())
            steps << tr("not yet summed");
        scene.text({text.left(), text.top() + note, text.width(), note}, steps.join(QStringLiteral(" → ")), TextRole::Note, ink(Ink::Text2),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
        if (regions)
            regions->ways[i] = box;
        y += row;
    }
    QString rest;
    if (all > room)
        rest = tr("%1 of %2 ways").arg(std::min(all, room)).arg(all);
    if (!played.note.empty())
        drawWrapped(scene, {area.left(), y, width, 0}, tr("No times: ") + qs(played.note), TextRole::Note, ink(Ink::Text3),
                    std::max(1, static_cast<int>((area.bottom() - y) / note)));
    else if (!rest.isEmpty() && y + note <= area.bottom())
        scene.text({area.left(), y, width, note}, rest, TextRole::Note, ink(Ink::Text3), Qt::AlignLeft | Qt::AlignVCenter, true);
    area.setLeft(area.left() + width + 24);
}

} // namespace shardlens
