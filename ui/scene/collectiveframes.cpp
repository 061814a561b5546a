// SPDX-License-Identifier: Apache-2.0
// A collective on paper: a small mesh for each of its steps.
#include "core/base/format.h"
#include "ui/scene/collectivescene.h"
#include "ui/scene/meshfacts.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <set>

namespace shardlens {
namespace {

constexpr double kLeastFrame = 190;
constexpr double kGap = 14;
constexpr int kMostFrames = 12;

QString text(const char* words)
{
    return QCoreApplication::translate("Collective", words);
}

/// `from` at a place in `to`.
void place(const Scene& from, QPointF offset, Scene& to)
{
    for (SceneItem item : from.items) {
        item.rect.translate(offset);
        const auto extra = static_cast<std::size_t>(item.extra);
        switch (item.kind) {
        case SceneItem::Kind::Text:
            to.texts.push_back(from.texts[extra]);
            item.extra = static_cast<int>(to.texts.size()) - 1;
            break;
        case SceneItem::Kind::Polyline:
            to.polylines.push_back(from.polylines[extra].translated(offset));
            item.extra = static_cast<int>(to.polylines.size()) - 1;
            break;
        case SceneItem::Kind::Path:
            to.paths.push_back(from.paths[extra].translated(offset));
            item.extra = static_cast<int>(to.paths.size()) - 1;
            break;
        default: break;
        }
        to.items.push_back(item);
    }
    for (const HitRegion& hit : from.hits)
        to.hits.push_back({hit.rect.translated(offset), hit.subject});
}

struct Grid {
    int columns = 1;
    int rows = 1;
    QSizeF cell;
};

/// Columns and rows whose cells are the largest, for as many frames as fit at a size that can be read.
Grid gridFor(int wanted, QSizeF area, double caption)
{
    Grid best;
    double most = -1;
    for (int columns = 1; columns <= std::max(1, static_cast<int>((area.width() + kGap) / (kLeastFrame + kGap))); ++columns) {
        const double least = kLeastFrame * 0.6 + caption;
        const int rows = std::max(1, static_cast<int>((area.height() + kGap) / (least + kGap)));
        const int used = std::min(rows, (wanted + columns - 1) / columns);
        const QSizeF cell((area.width() - (columns - 1) * kGap) / columns, (area.height() - (used - 1) * kGap) / used);
        // Frames shown first, then their size, a mesh being rather square than long.
        const double side = std::min(cell.width(), 1.6 * (cell.height() - caption));
        const double score = 1e6 * std::min(columns * used, wanted) + side;
        if (score > most) {
            most = score;
            best = {columns, used, cell};
        }
    }
    return best;
}

/// Devices of one stage that the group lies in: other stages do the same on links of their own.
struct Part {
    int first = 0;
    int devices = 0; ///< 0: all stages are drawn
};

Part partOf(const Scenario& scenario, const CollectivePicture& picture)
{
    const auto stage = static_cast<int>(scenario.plan.stageDevices());
    if (!picture.hops || picture.hops->members().empty())
        return {};
    const auto [least, most] = std::minmax_element(picture.hops->members().begin(), picture.hops->members().end());
    const int first = *least / stage * stage;
    return *most < first + stage && isAlikeFrom(*scenario.cluster, first, stage) ? Part{first, stage} : Part{};
}

/// As many of the parts as there is room for, the first one always.
QString joinedToFit(const QStringList& parts, double room)
{
    QString words = parts.front();
    for (qsizetype i = 1; i < parts.size(); ++i) {
        const QString longer = words + QStringLiteral(" · ") + parts[i];
        if (textWidth(longer, TextRole::NoteStrong) <= room)
            words = longer;
    }
    return words;
}

} // namespace

std::vector<int> framedSteps(const Hops& hops, int most)
{
    const int steps = hops.steps();
    std::set<int> chosen;
    if (steps <= most) {
        for (int s = 0; s < steps; ++s)
            chosen.insert(s);
        return {chosen.begin(), chosen.end()};
    }
    if (most < 2)
        return {0};
    chosen = {0, steps - 1};
    if (most > 3)
        for (int s = 1; s < steps && static_cast<int>(chosen.size()) < most; ++s)
            if (hops.step(s).gathers != hops.step(s - 1).gathers || hops.step(s).spreads != hops.step(s - 1).spreads
                || hops.step(s).level != hops.step(s - 1).level)
                chosen.insert(s);
    // The widest gap is halved until there are enough.
    while (static_cast<int>(chosen.size()) < std::max(1, most)) {
        int from = 0;
        int widest = 0;
        for (auto it = chosen.begin(); std::next(it) != chosen.end(); ++it)
            if (*std::next(it) - *it > widest) {
                widest = *std::next(it) - *it;
                from = *it;
            }
        if (widest < 2)
            break;
        chosen.insert(from + widest / 2);
    }
    return {chosen.begin(), chosen.end()};
}

void buildCollectiveFrames(const ViewInput& input, const MeshOptions& options, const CollectivePicture& picture, Scene& scene)
{
    scene.clear(input.size);
    const Theme& theme = input.theme;
    const QRectF whole = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, 4, -space::kInset, -6);
    const double line = lineHeight(TextRole::Note);
    const double head = line + 8;
    if (whole.height() < head + 60 || whole.width() < 120)
        return;
    QStringList title{qs(picture.collective.title), qs(nameOf(picture.collective.kind, picture.collective.cost)),
                      qs(groupText(picture.collective))};
    if (picture.hops)
        title +=
            text("%1 sent by each in %2").arg(qs(formatBytes(picture.hops->sentInAll())), qs(formatSeconds(picture.hops->cost().time)));
    if (picture.hops && stepsOverlap(*picture.hops))
        title += text("up and down overlap");
    MeshOptions bare = options;
    bare.zoom = {};
    bare.bare = true;
    bare.openLinks = true;
    bare.quietLinks = true;
    const Part part = partOf(input.scenario, picture);
    bare.part = part.devices;
    bare.first = part.first;
    const Cluster& cluster = *input.scenario.cluster;
    MeshLayout layout = meshLayoutOf(input, bare);
    if (layout.start != part.first) { // there the machine is joined in another way, or more of it is drawn
        bare.part = 0;
        bare.first = 0;
        layout = meshLayoutOf(input, bare);
    }
    if (!layout.webs.empty() && picture.hops && picture.hops->size() < layout.shown)
        title += text("unused links are pale");
    if (layout.isCut(cluster))
        title += text("%1 of %2 drawn").arg(qs(formatCount(layout.shown)), counted(cluster.devices(), qs(cluster.accelerator.noun)));
    scene.text(QRectF(whole.left(), whole.top(), whole.width(), head), joinedToFit(title, whole.width()), TextRole::NoteStrong,
               theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    const QRectF area = whole.adjusted(0, head, 0, 0);
    if (!picture.hops) {
        const QStringList lines = wrapped(picture.why, TextRole::Body, area.width(), 3);
        for (qsizetype i = 0; i < lines.size(); ++i)
            scene.text(QRectF(area.left(), area.top() + 8 + static_cast<double>(i) * lineHeight(TextRole::Body), area.width(),
                              lineHeight(TextRole::Body)),
                       lines[i], TextRole::Body, theme.color(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
        return;
    }
    const Hops& hops = *picture.hops;
    const double caption = 2 * line + 6;
    const Grid grid = gridFor(std::min(hops.steps(), kMostFrames), area.size(), caption);
    const std::vector<int> steps = framedSteps(hops, std::max(1, std::min(kMostFrames, grid.columns * grid.rows)));
    Scene small;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const int column = static_cast<int>(i) % grid.columns;
        const int row = static_cast<int>(i) / grid.columns;
        const QRectF cell(area.left() + column * (grid.cell.width() + kGap), area.top() + row * (grid.cell.height() + kGap),
                          grid.cell.width(), grid.cell.height());
        CollectivePicture moment = picture;
        moment.isStill = true;
        moment.position = steps[i] + 0.5;
        MeshOptions frame = bare;
        frame.overlay = [&moment](const ViewInput& in, const MeshLayout& placed, Scene& s) { drawCollective(in, placed, moment, s); };
        buildMesh({input.scenario, input.report, QSizeF(cell.width(), cell.height() - caption), theme, {}, {}}, frame, small);
        scene.roundedRect(QRectF(cell.left(), cell.top(), cell.width(), cell.height() - caption).adjusted(0.5, 0.5, -0.5, -0.5), 3, {},
                          theme.color(Ink::Line));
        place(small, cell.topLeft(), scene);
        const HopStep& step = hops.step(steps[i]);
        const bool jump = i > 0 && steps[i] != steps[i - 1] + 1;
        QString words = text("Step %1 of %2").arg(qs(formatCount(steps[i] + 1)), qs(formatCount(hops.steps())));
        if (jump)
            words = QStringLiteral("… ") + words;
        QRectF box(cell.left(), cell.bottom() - caption + 3, cell.width(), line);
        scene.text(box, words + QStringLiteral(" · ") + stepVerb(step), TextRole::NoteStrong, theme.color(Ink::Text),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
        box.translate(0, line);
        scene.text(box, text("%1, at %2").arg(stepBytes(step), qs(formatSeconds(step.start + step.seconds))), TextRole::Note,
                   theme.color(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
    }
}

} // namespace shardlens
