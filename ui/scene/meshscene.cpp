// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshscene.h"

#include "core/base/format.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>
#include <optional>

namespace shardlens {
namespace {

constexpr double kReadoutLine = 17;
constexpr double kReadout = 2 * kReadoutLine + 12;
constexpr double kCaption = 18;
constexpr double kSheet = 5; // offset of each sheet of a stack of copies
constexpr int kMostLegend = 8;

struct Areas {
    QRectF machine;
    QRectF caption; ///< what a cut picture stands for; empty when everything is drawn
    QRectF legend;
    QRectF readout; ///< empty when there is no room
};

std::vector<LegendEntry> placeLegend(const ViewInput& input, const MeshOptions& options, const MeshFacts& facts)
{
    std::vector<LegendEntry> entries;
    const Plan& plan = input.scenario.plan;
    const auto add = [&](const QString& name, int count, bool stages) {
        if (count < 2)
            return;
        for (int i = 0; i < std::min(count, kMostLegend); ++i) {
            LegendEntry entry;
            entry.name = name + QLatin1Char(' ') + QString::number(i);
            entry.color = input.theme.place(i, stages ? 1 : 0, stages ? 4 : 1);
            if (stages)
                entry.subject = Subject{.kind = Subject::Kind::Stage, .stage = i};
            entries.push_back(entry);
        }
        if (count > kMostLegend) {
            LegendEntry rest;
            rest.name = QStringLiteral("to ") + QString::number(count - 1) + QStringLiteral(", hues repeat");
            rest.color = input.theme.place(count - 1, 1, 4);
            entries.push_back(rest);
        }
    };
    switch (options.colour) {
    case MeshColour::StageRank: add(QStringLiteral("Stage"), plan.pipeline(), true); break;
    case MeshColour::Replica: add(QStringLiteral("Replica"), plan.data(), false); break;
    case MeshColour::ExpertRank: add(QStringLiteral("EP rank"), plan.expert(), false); break;
    case MeshColour::KvHead:
        if (const Attention* attention = facts.attention())
            add(QStringLiteral("KV head"), attention->kind == AttentionKind::Grouped ? attention->kvHeads : 1, false);
        break;
    }
    return entries;
}

Areas areasOf(const ViewInput& input, double legend, bool cut, bool bare)
{
    Areas areas;
    QRectF rest = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, 6, -space::kInset, -6);
    if (rest.height() >= 110 && !bare) {
        areas.readout = QRectF(rest.left(), rest.bottom() - kReadout, rest.width(), kReadout);
        rest.setBottom(areas.readout.top() - 6);
    }
    if (legend > 0 && rest.height() >= 90 + legend) {
        areas.legend = QRectF(rest.left(), rest.bottom() - legend, rest.width(), legend);
        rest.setBottom(areas.legend.top() - 4);
    }
    if (cut && rest.height() >= 60) {
        areas.caption = QRectF(rest.left(), rest.bottom() - kCaption, rest.width(), kCaption);
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

QString captionText(const MeshDrawing& drawing)
{
    const Cluster& cluster = *drawing.input.scenario.cluster;
    const QString noun = qs(cluster.accelerator.noun);
    const MeshLayout& layout = drawing.layout;
    QStringList parts;
    if (drawing.facts && drawing.facts->used() > layout.shown && drawing.facts->areBlocks()) {
        const int replicas = drawing.input.scenario.plan.data();
        const int drawn = layout.shown / drawing.facts->replicaDevices();
        const QString those =
            drawn == 1 ? QStringLiteral(", one drawn") : QString(QStringLiteral(", ") + QString::number(drawn) + QStringLiteral(" drawn"));
        parts += QString(QChar(0xD7)) + QLatin1Char(' ') + qs(formatCount(replicas)) + QStringLiteral(" replicas of ")
                 + counted(drawing.facts->replicaDevices(), noun) + those;
    } else {
        parts += qs(formatCount(layout.shown)) + QStringLiteral(" of ") + counted(cluster.devices(), noun) + QStringLiteral(" drawn");
    }
    if (layout.merge > 1)
        parts += QStringLiteral("a square is ") + counted(layout.merge, noun);
    if (drawing.facts && drawing.facts->used() < cluster.devices())
        parts += qs(formatCount(cluster.devices() - drawing.facts->used())) + QStringLiteral(" idle");
    return parts.join(QStringLiteral("; "));
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
    for (int first = 0; first < std::min(layout.shown, facts.used()); first += perStage) {
        const MeshTile* top = layout.tileOf(first);
        const MeshTile* bottom = layout.tileOf(std::min(first + perStage, layout.shown) - 1);
        if (!top || !bottom)
            continue;
        const DeviceFacts held = facts.of(first);
        const bool faded = (drawing.focus.stage >= 0 && drawing.focus.stage != held.stage);
        QStringList lines;
        if (replicas)
            lines += QStringLiteral("Replica %1").arg(held.replica);
        if (facts.stages() > 1) {
            lines += QStringLiteral("Stage %1").arg(held.stage);
            lines += QStringLiteral("layers");
            lines += facts.layersText(held.stage);
            if (held.stage == 0)
                lines += QStringLiteral("+ embed");
            if (held.stage + 1 == facts.stages())
                lines += QStringLiteral("+ head");
        }
        const QRectF box(layout.labelColumn.left(), top->rect.top(), layout.labelColumn.width() - 8,
                         bottom->rect.bottom() - top->rect.top());
        const auto room = static_cast<qsizetype>((box.height() + 2) / 15);
        // Where the range would be cut off below its word, it takes the word's line.
        if (const qsizetype word = lines.indexOf(QStringLiteral("layers")); word >= 0 && room == word + 1)
            lines[word] = QStringLiteral("L ") + facts.layersText(held.stage);
        double y = box.top() + 1;
        if (room < 2)
            y = box.center().y() - 7.5;
        for (qsizetype i = 0; i < std::min(lines.size(), std::max<qsizetype>(room, 1)); ++i) {
            drawing.scene.text(QRectF(box.left(), y, box.width(), 15), lines[i], i == 0 ? TextRole::BodyStrong : TextRole::Note,
                               drawing.ink(faded ? Ink::Text3 : (i == 0 ? Ink::Text : Ink::Text2)), Qt::AlignLeft | Qt::AlignVCenter, true);
            y += i == 0 ? 16 : 14;
        }
        if (held.replica == 0 && facts.stages() > 1) // once for each stage: a selection would underline every copy
            drawing.scene.hit(box, Subject{.kind = Subject::Kind::Stage, .stage = held.stage});
    }
}

/// Joins as many of `parts` as fit the width.
QString fitting(const QStringList& parts, double width)
{
    QString text;
    for (const QString& part : parts) {
        const QString longer = text.isEmpty() ? part : text + QStringLiteral(", ") + part;
        if (textWidth(longer, TextRole::Body) > width)
            continue;
        text = longer;
    }
    return text;
}

struct ReadoutLine {
    Scene& scene;
    QRectF box;
    void text(const QString& words, TextRole role, const QColor& colour, double gap)
    {
        if (box.width() < 12)
            return;
        const double width = std::min(textWidth(words, role) + 0.5, box.width());
        scene.text(QRectF(box.left(), box.top(), width, box.height()), words, role, colour, Qt::AlignLeft | Qt::AlignVCenter, true);
        box.setLeft(std::min(box.left() + width + gap, box.right()));
    }
    void swatch(const QColor& colour, bool dashed)
    {
        if (box.width() < 40)
            return;
        scene.line({box.left(), box.center().y()}, {box.left() + 14, box.center().y()}, colour, 3, dashed);
        box.setLeft(box.left() + 20);
    }
};

void drawFocusReadout(const MeshDrawing& drawing, ReadoutLine first, ReadoutLine second)
{
    const MeshFocus& focus = drawing.focus;
    const Scenario& scenario = drawing.input.scenario;
    const Cluster& cluster = *scenario.cluster;
    first.text(deviceName(scenario, focus.device), TextRole::BodyStrong, drawing.ink(Ink::Text), 10);
    QStringList parts = deviceParts(scenario, drawing.input.report, *drawing.facts, focus.device);
    if (textWidth(parts.join(QStringLiteral(", ")), TextRole::Body) > first.box.width())
        parts = deviceParts(scenario, drawing.input.report, *drawing.facts, focus.device, true);
    first.text(fitting(parts, first.box.width()), TextRole::Body, drawing.ink(Ink::Text2), 0);
    const QString collective = collectiveText(scenario, focus);
    const QString noun = qs(cluster.accelerator.noun);
    if (!collective.isEmpty()) {
        second.swatch(drawing.input.theme.network(networkTier(cluster, std::max(focus.level, 0))), false);
        second.text(collective, TextRole::Note, drawing.ink(Ink::Text2), 16);
    }
    const auto send = [&](const QString& verb, const QString& direction, int device) {
        QString words = verb + direction + noun + QLatin1Char(' ') + QString::number(device);
        if (textWidth(words, TextRole::Note) + 20 > second.box.width())
            words = direction + QString::number(device);
        if (textWidth(words, TextRole::Note) + 20 > second.box.width())
            return;
        second.swatch(drawing.ink(Ink::Send), true);
        second.text(words, TextRole::Note, drawing.ink(Ink::Text2), 16);
    };
    if (focus.next >= 0)
        send(QStringLiteral("sends "), QStringLiteral("to "), focus.next);
    if (focus.previous >= 0)
        send(QStringLiteral("receives "), QStringLiteral("from "), focus.previous);
    if (collective.isEmpty() && focus.next < 0 && focus.previous < 0)
        second.text(QStringLiteral("exchanges nothing with other ") + noun + QLatin1Char('s'), TextRole::Note, drawing.ink(Ink::Text3), 0);
}

void drawReadout(const MeshDrawing& drawing, const QRectF& area)
{
    if (area.isEmpty())
        return;
    drawing.scene.line({area.left(), area.top() + 0.5}, {area.right(), area.top() + 0.5}, drawing.ink(Ink::Line));
    ReadoutLine first{drawing.scene, QRectF(area.left(), area.top() + 8, area.width(), kReadoutLine)};
    ReadoutLine second{drawing.scene, first.box.translated(0, kReadoutLine)};
    if (!drawing.facts) {
        const Report& report = drawing.input.report;
        const Scenario& scenario = drawing.input.scenario;
        const QString reason = report.violations.empty() ? QStringLiteral("This plan is not legal")
                                                         : qs(sentence(report.violations.front(), scenario.context(), scenario.plan));
        const QStringList lines = wrapped(reason, TextRole::BodyMedium, area.width(), 2);
        first.text(lines.value(0), TextRole::BodyMedium, drawing.ink(Ink::Violation), 0);
        second.text(lines.value(1), TextRole::BodyMedium, drawing.ink(Ink::Violation), 0);
        return;
    }
    if (drawing.focus.device >= 0) {
        drawFocusReadout(drawing, first, second);
        return;
    }
    const MeshSummary summary = meshSummary(drawing.input.scenario, drawing.input.report, *drawing.facts);
    first.text(summary.name, TextRole::BodyStrong, drawing.ink(Ink::Text), 10);
    first.text(fitting(summary.facts, first.box.width()), TextRole::Body, drawing.ink(Ink::Text2), 0);
    second.text(summary.second, TextRole::Note, drawing.ink(Ink::Text2), 16);
    const bool replicas = drawing.input.scenario.plan.data() > 1 && drawing.options.colour != MeshColour::Replica
                          && drawing.layout.shown > drawing.facts->replicaDevices();
    const int copies = drawing.facts->of(0).kvCopies;
    QString hatched;
    const Attention* attention = drawing.facts->attention();
    const bool latent = attention && attention->kind == AttentionKind::Latent;
    if (copies > 1)
        hatched = (latent ? QStringLiteral("hatched KV: copies, the latent is stored %1 times")
                          : QStringLiteral("hatched KV: copies, each head is stored %1 times"))
                      .arg(copies);
    else if (replicas)
        hatched = QStringLiteral("hatched: copies of replica 0");
    if (!hatched.isEmpty() && textWidth(hatched, TextRole::Note) <= second.box.width())
        second.text(hatched, TextRole::Note, drawing.ink(Ink::Text3), 0);
}

/// Everything that has a place before anything is drawn.
struct Picture {
    Areas areas;
    MeshLayout layout;
    std::vector<LegendEntry> legend;
};

Picture place(const ViewInput& input, const MeshOptions& options, const MeshFacts* facts)
{
    const Cluster& cluster = *input.scenario.cluster;
    const auto layoutIn = [&](const Areas& areas) {
        const bool blocks = facts && facts->areBlocks(); // otherwise replicas and stages lie mixed: no part stands for the others
        const bool labels = blocks && (facts->stages() > 1 || input.scenario.plan.data() > 1);
        const QRectF sight(0, 0, input.size.width(), areas.machine.bottom() + 2);
        return layoutMesh({cluster, areas.machine, blocks ? facts->replicaDevices() : 0, blocks ? facts->stageDevices() : 0, labels,
                           options.everyCopy, options.zoom, sight});
    };
    Picture picture;
    picture.areas = areasOf(input, 0, false, options.bare);
    picture.layout = layoutIn(picture.areas);
    const bool cut = picture.layout.isCut(cluster);
    if (facts && !options.bare && (picture.layout.labelColumn.isEmpty() || options.colour != MeshColour::StageRank))
        picture.legend = placeLegend(input, options, *facts);
    if (cut || !picture.legend.empty()) {
        const double tall = legendHeight(picture.areas.machine.width(), picture.legend);
        picture.areas =
            areasOf(input, tall > 20 && input.size.height() < 400 ? 0 : tall, cut, options.bare); // a small view is for the machine
        picture.layout = layoutIn(picture.areas);
    }
    return picture;
}

} // namespace

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

    const Subject& subject =
        input.hover.kind == Subject::Kind::Device || input.hover.kind == Subject::Kind::Stage ? input.hover : input.pin;
    const MeshFocus focus = known ? meshFocus(input.scenario, input.report, *known, subject, layout.shown) : MeshFocus{};
    const MeshDrawing drawing{input, options, layout, known, focus, scene};
    if (cut)
        drawStack(drawing);
    drawMeshFabric(drawing);
    drawMeshSends(drawing);
    drawMeshTiles(drawing);
    if (options.overlay)
        options.overlay(input, layout, scene);
    drawRowLabels(drawing);
    if (cut && !areas.caption.isEmpty())
        scene.text(areas.caption, captionText(drawing), TextRole::NoteStrong, drawing.ink(Ink::Text2), Qt::AlignHCenter | Qt::AlignVCenter,
                   true);
    if (!areas.legend.isEmpty())
        drawLegend(scene, input.theme, areas.legend, picture.legend);
    drawReadout(drawing, areas.readout);
}

} // namespace shardlens
