// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshscene.h"

#include "core/base/format.h"
#include "core/scenario/serve.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace shardlens {
namespace {

constexpr std::size_t kMostMapUnits = 300;
constexpr double kSheet = 5; // offset of each sheet of a stack of copies

double captionHeight()
{
    return scaledToText(18);
}

double mapLine()
{
    return scaledToText(17);
}

struct Areas {
    QRectF machine;
    QRectF caption; ///< what a cut picture stands for; empty when everything is drawn
    QRectF legend;
    QRectF readout; ///< empty when there is no room
};

/// Px from the top of the lines under the mesh to the bottom of the view.
double readoutHeight(int lines)
{
    return lines * readoutLineHeight() + 12;
}

Areas areasOf(const ViewInput& input, const MeshFacts* facts, double legend, bool cut, bool bare)
{
    const int lines = readoutLines(input, facts);
    const double readout = readoutHeight(lines);
    Areas areas;
    QRectF rest = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, 6, -space::kInset, -6);
    if (hasMeshReadout(input.size, lines) && !bare) {
        areas.readout = QRectF(rest.left(), rest.bottom() - readout, rest.width(), readout);
        rest.setBottom(areas.readout.top() - 6);
    }
    if (legend > 0 && rest.height() >= 90 + legend) {
        areas.legend = QRectF(rest.left(), rest.bottom() - legend, rest.width(), legend);
        rest.setBottom(areas.legend.top() - 4);
    }
    if (cut && !bare && rest.height() >= 60) {
        areas.caption = QRectF(rest.left(), rest.bottom() - captionHeight(), rest.width(), captionHeight());
        rest.setBottom(areas.caption.top() - 2);
        rest.adjust(0, 0, -2 * kSheet, -2 * kSheet);
    }
    areas.machine = rest;
    return areas;
}

void drawStack(const MeshDrawing& drawing)
{
    const MeshLayout& layout = drawing.layout;
    const bool copies = !drawing.facts || drawing.facts->used() > layout.shown;
    const bool onBar = !layout.switches.empty() && !layout.switches.front().bar.isEmpty() && layout.levels.size() > 1
                       && layout.switches.front().level == layout.levels.back().index;
    QRectF sheet = layout.content;
    if (onBar) {
        sheet = QRectF();
        for (const QRectF& unit : layout.switches.front().units)
            sheet = sheet.united(unit);
    }
    if (!copies || layout.tiles.size() > 1500)
        return;
    for (int i = 2; i >= 1; --i)
        drawing.scene.roundedRect(sheet.translated(i * kSheet, i * kSheet), 3, drawing.ink(Ink::Surface), drawing.ink(Ink::Strong), 1);
    drawing.scene.roundedRect(sheet, 3, drawing.ink(Ink::Surface), onBar ? QColor() : drawing.ink(Ink::Line));
}

/// What a cut picture stands for, in as many words as there is room for.
QString captionText(const MeshDrawing& drawing, double room)
{
    const Cluster& cluster = *drawing.input.scenario.cluster;
    const QString noun = qs(cluster.accelerator.noun);
    const MeshLayout& layout = drawing.layout;
    QString whole = MeshWords::tr("%1 of %2 drawn").arg(qs(formatCount(layout.shown)), counted(cluster.devices(), noun));
    QString brief = whole;
    if (drawing.facts && drawing.facts->used() > layout.shown && drawing.facts->areBlocks()) {
        const QString replicas = qs(formatCount(drawing.input.scenario.plan.data()));
        const int drawn = layout.shown / drawing.facts->replicaDevices();
        const QString each = counted(drawing.facts->replicaDevices(), noun);
        const QString times = QString(QChar(0xD7)) + QLatin1Char(' ');
        whole = times
                + (drawn == 1 ? MeshWords::tr("%1 replicas of %2, one drawn").arg(replicas, each)
                              : MeshWords::tr("%1 replicas of %2, %3 drawn").arg(replicas, each, qs(formatCount(drawn))));
        brief = times + MeshWords::tr("%1 replicas").arg(replicas);
    }
    QStringList more;
    if (layout.merge > 1)
        more += MeshWords::tr("a square is %1").arg(counted(layout.merge, noun));
    if (drawing.facts && drawing.facts->used() < cluster.devices())
        more += (servedByPools(drawing.input.scenario) ? MeshWords::tr("%1 not shown") : MeshWords::tr("%1 idle"))
                    .arg(qs(formatCount(cluster.devices() - drawing.facts->used())));
    const QString stop = QStringLiteral("; ");
    for (qsizetype parts = more.size(); parts >= 0; --parts) {
        for (const QString& first : {whole, brief}) {
            QString words = (QStringList{first} + more.mid(0, parts)).join(stop);
            if (textWidth(words, TextRole::NoteStrong) <= room)
                return words;
        }
    }
    return brief;
}

/// Column for the names of rows; 0 when there is nothing to tell them apart by.
double rowLabelWidth(const MeshFacts& facts, const Plan& plan)
{
    if (facts.stages() < 2 && plan.data() < 2)
        return 0;
    double width = scaledToText(56);
    if (plan.data() > 1)
        width = std::max(width, textWidth(MeshWords::tr("Replica %1").arg(plan.data() - 1), TextRole::BodyStrong));
    if (facts.stages() > 1)
        width = std::max(width, textWidth(MeshWords::tr("Stage %1").arg(facts.stages() - 1), TextRole::BodyStrong));
    return std::ceil(width) + 8;
}

/// Names of the rows beside a single switch domain.
void drawRowLabels(const MeshDrawing& drawing)
{
    const MeshLayout& layout = drawing.layout;
    if (layout.labelColumn.isEmpty() || !drawing.facts)
        return;
    const MeshFacts& facts = *drawing.facts;
    const int perStage = facts.stageDevices();
    const bool replicas = drawing.input.scenario.plan.data() > 1;
    const QString layersWord = MeshWords::tr("layers");
    const double lineStep = scaledToText(15);
    const double noteStep = scaledToText(14);
    for (int first = layout.start; first <= std::min(layout.last(), facts.used() - 1); first += perStage) {
        const MeshTile* top = layout.tileOf(first);
        const MeshTile* bottom = layout.tileOf(std::min(first + perStage - 1, layout.last()));
        if (!top || !bottom)
            continue;
        const DeviceFacts held = facts.of(first);
        const bool faded = (drawing.focus.stage >= 0 && drawing.focus.stage != held.stage);
        QStringList lines;
        if (replicas)
            lines += MeshWords::tr("Replica %1").arg(held.replica);
        if (facts.stages() > 1) {
            lines += MeshWords::tr("Stage %1").arg(held.stage);
            lines += layersWord;
            lines += facts.layersText(held.stage);
            if (held.stage == 0)
                lines += MeshWords::tr("+ embed");
            if (held.stage + 1 == facts.stages())
                lines += MeshWords::tr("+ head");
        }
        const QRectF box(layout.labelColumn.left(), top->rect.top(), layout.labelColumn.width() - 8,
                         bottom->rect.bottom() - top->rect.top());
        const auto room = static_cast<qsizetype>((box.height() + 2) / lineStep);
        // Where the range would be cut off below its word, it takes the word's line.
        if (const qsizetype word = lines.indexOf(layersWord); word >= 0 && room == word + 1)
            lines[word] = MeshWords::tr("L %1").arg(facts.layersText(held.stage));
        double y = box.top() + 1;
        if (room < 2)
            y = box.center().y() - lineStep / 2;
        for (qsizetype i = 0; i < std::min(lines.size(), std::max<qsizetype>(room, 1)); ++i) {
            drawing.text(QRectF(box.left(), y, box.width(), lineStep), lines[i], i == 0 ? TextRole::BodyStrong : TextRole::Note,
                         drawing.ink(faded ? Ink::Text3 : (i == 0 ? Ink::Text : Ink::Text2)), Qt::AlignLeft | Qt::AlignVCenter, true);
            y += i == 0 ? lineStep + 1 : noteStep;
        }
        if (held.replica == 0 && facts.stages() > 1) // once for each stage: a selection would underline every copy
            drawing.hit(box, Subject{.kind = Subject::Kind::Stage, .stage = held.stage});
    }
}

/// Everything that has a place before anything is drawn.
struct Picture {
    Areas areas;
    MeshLayout layout;
    std::optional<MeshPalette> palette;
};

/// Colour is explained, and the pointer shown where it is, over the corner of a zoomed picture.
QRectF mapPlate(const Areas& areas, const MeshLayout& layout)
{
    const QRectF& machine = areas.machine;
    if (layout.zoom.isFitted() || machine.width() < 200 || machine.height() < 80)
        return {};
    const double width = std::clamp(machine.width() * 0.16, std::min(84 * textScale(), 150.0), 150.0);
    const double map = machine.height() < scaledToText(160) ? 0 : width * std::min(0.8, machine.height() / machine.width());
    const double height = map + mapLine() + (map > 0 ? 8 : 2);
    return {machine.right() - width - 2, machine.bottom() - height - 2, width, height};
}

/// Where in the whole machine one looks, and how large it is.
void drawMap(const MeshDrawing& drawing, const QRectF& plate)
{
    const MeshLayout& layout = drawing.layout;
    Scene& scene = drawing.scene;
    scene.roundedRect(plate, 3, drawing.ink(Ink::Surface), drawing.ink(Ink::Strong));
    const QRectF line(plate.left() + 6, plate.bottom() - mapLine() - 1, plate.width() - 12, mapLine());
    const QString times = qs(formatNumber(layout.zoom.scale)) + QChar(0xD7);
    const QString how = MeshWords::tr("0 fits");
    scene.text(line, times, TextRole::NoteStrong, drawing.ink(Ink::Text));
    if (textWidth(times, TextRole::NoteStrong) + 10 + textWidth(how, TextRole::Note) <= line.width())
        scene.text(line, how, TextRole::Note, drawing.ink(Ink::Text2), Qt::AlignRight | Qt::AlignVCenter);
    if (plate.height() < mapLine() + 16)
        return;
    const QRectF whole(plate.left() + 6, plate.top() + 6, plate.width() - 12, plate.height() - mapLine() - 8);
    scene.fill(whole, drawing.ink(Ink::Sunken), drawing.ink(Ink::Line));
    // The outermost units, where they can be told apart.
    const QRectF& area = layout.area;
    const auto onMap = [&](const QRectF& rect) {
        const QPointF from = (rect.topLeft() - area.center()) / layout.zoom.scale;
        const QPointF at(layout.zoom.centre.x() + from.x() / area.width(), layout.zoom.centre.y() + from.y() / area.height());
        return QRectF(whole.left() + at.x() * whole.width(), whole.top() + at.y() * whole.height(),
                      rect.width() / layout.zoom.scale / area.width() * whole.width(),
                      rect.height() / layout.zoom.scale / area.height() * whole.height());
    };
    const MeshDomain* top = layout.domainOf(static_cast<int>(layout.levels.size()) - 1, 0);
    if (top && top->units.size() <= kMostMapUnits) {
        for (const QRectF& unit : top->units) {
            const QRectF box = onMap(unit) & whole;
            if (box.width() >= 2 && box.height() >= 2)
                scene.fill(box, drawing.ink(Ink::Surface), drawing.ink(Ink::Strong));
        }
    } else {
        scene.fill(onMap(layout.content) & whole, drawing.ink(Ink::Line));
    }
    const QRectF seen = onMap(area) & whole;
    scene.roundedRect(seen.width() >= 4 && seen.height() >= 4 ? seen : QRectF(seen.center() - QPointF(2, 2), QSizeF(4, 4)), 0, QColor(),
                      drawing.ink(Ink::Text), 2);
}

/// What of a zoomed picture is drawn: to the edges of the view, down to the words.
QRectF sightOf(const ViewInput& input, const Areas& areas)
{
    return {0, 0, input.size.width(), areas.machine.bottom() + 2};
}

/// Whom the picture is about: what is pointed at, where the mesh shows such things, else what is pinned.
const Subject& subjectOf(const ViewInput& input)
{
    switch (input.hover.kind) {
    case Subject::Kind::Device:
    case Subject::Kind::Stage:
    case Subject::Kind::Axis:
    case Subject::Kind::Expert:
    case Subject::Kind::Tensor:
    case Subject::Kind::Pool: return input.hover;
    default: return input.pin;
    }
}

Picture place(const ViewInput& input, const MeshOptions& options, const MeshFacts* facts)
{
    const Cluster& cluster = *input.scenario.cluster;
    const bool blocks = facts && facts->areBlocks(); // otherwise replicas and stages lie mixed: no part stands for the others
    const double labels = blocks ? rowLabelWidth(*facts, input.scenario.plan) : 0;
    const auto inputIn = [&](const Areas& areas) {
        return MeshLayoutInput{cluster,
                               areas.machine,
                               !blocks            ? 0
                               : options.part > 0 ? options.part
                                                  : facts->replicaDevices(),
                               blocks ? facts->stageDevices() : 0,
                               labels,
                               options.everyCopy,
                               options.zoom,
                               sightOf(input, areas),
                               options.openLinks,
                               blocks ? options.first : 0};
    };
    Picture picture;
    if (facts)
        picture.palette.emplace(input, options.colour, *facts);
    picture.areas = areasOf(input, facts, 0, false, options.bare);
    // What is left out, and whether rows may be named, is known before thousands of tiles are placed.
    chooseMeshLevels(inputIn(picture.areas), picture.layout);
    const bool cut = picture.layout.isCut(cluster);
    const bool mayBeNamed = labels > 0 && picture.layout.levels.size() == 1;
    picture.layout = mayBeNamed ? layoutMesh(inputIn(picture.areas)) : MeshLayout{};
    // Rows that are named need no colours explained.
    const bool explains = facts && !options.bare && !picture.palette->legend().empty()
                          && (picture.layout.labelColumn.isEmpty() || options.colour != MeshColour::StageRank);
    if (cut || explains) {
        const double tall = explains ? meshLegendHeight(*picture.palette, picture.areas.machine.width()) : 0;
        const double most =
            picture.palette && picture.palette->isScale() ? scaledToText(36) : scaledToText(20); // a small view is for the machine
        picture.areas = areasOf(input, facts, tall > most && input.size.height() < scaledToText(400) ? 0 : tall, cut, options.bare);
    }
    if (cut || explains || !mayBeNamed)
        picture.layout = layoutMesh(inputIn(picture.areas));
    return picture;
}

} // namespace

bool hasMeshReadout(QSizeF size, int lines)
{
    constexpr double kLeastMachine = 64;
    return size.height() - 12 >= readoutHeight(lines) + kLeastMachine;
}

MeshLayout meshLayoutOf(const ViewInput& input, const MeshOptions& options)
{
    std::optional<MeshFacts> facts;
    if (input.report.legal && !input.report.memory.stages.empty())
        facts.emplace(input.scenario, input.report);
    return place(input, options, facts ? &*facts : nullptr).layout;
}

void buildMesh(const ViewInput& input, const MeshOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (input.size.width() < 40 || input.size.height() < 30)
        return;
    std::optional<MeshFacts> facts;
    if (input.report.legal && !input.report.memory.stages.empty())
        facts.emplace(input.scenario, input.report);
    const MeshFacts* known = facts ? &*facts : nullptr;
    const Picture picture = place(input, options, known);
    const MeshLayout& layout = picture.layout;
    const Areas& areas = picture.areas;
    const bool cut = layout.isCut(*input.scenario.cluster);

    const bool fitted = layout.zoom.isFitted();
    const MeshFocus focus = known ? meshFocus(input.scenario, input.report, *known, subjectOf(input), layout.shown) : MeshFocus{};
    const QRectF plate = mapPlate(areas, layout);
    const MeshDrawing drawing{input,
                              options,
                              layout,
                              known,
                              picture.palette ? &*picture.palette : nullptr,
                              focus,
                              scene,
                              fitted ? QRectF() : sightOf(input, areas),
                              plate};
    if (cut && fitted && !options.bare)
        drawStack(drawing);
    drawMeshFabric(drawing);
    drawMeshSends(drawing);
    drawMeshTiles(drawing);
    if (options.overlay)
        options.overlay(input, layout, scene);
    drawRowLabels(drawing);
    if (!fitted) // what runs out of the picture ends here
        scene.fill(QRectF(0, drawing.sight.bottom(), input.size.width(), input.size.height() - drawing.sight.bottom()),
                   drawing.ink(Ink::Surface));
    if (!plate.isEmpty())
        drawMap(drawing, plate);
    if (cut && !areas.caption.isEmpty())
        scene.text(areas.caption, captionText(drawing, areas.caption.width()), TextRole::NoteStrong, drawing.ink(Ink::Text2),
                   Qt::AlignHCenter | Qt::AlignVCenter, true);
    if (picture.palette && !areas.legend.isEmpty())
        drawMeshLegend(input, *picture.palette, areas.legend, scene);
    drawMeshReadout(drawing, areas.readout);
}

} // namespace shardlens
