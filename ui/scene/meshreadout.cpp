// SPDX-License-Identifier: Apache-2.0
// The lines under the mesh: whom it is about, what that holds, with whom it exchanges what. They never move.
#include "core/base/format.h"
#include "core/collective/collective.h"
#include "core/scenario/subjectname.h"
#include "ui/scene/hands.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>
#include <array>
#include <utility>

namespace shardlens {
namespace {

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

constexpr double kRoomForBytes = 420; // px of the view's height at text of 100 %
constexpr double kRoomForGroups = 560;
constexpr double kSendWords = 120; // likewise, of a send to or from another stage

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
    /// The mark that the group's tiles carry.
    void mark(const MeshDrawing& drawing, const MeshGroup& group)
    {
        if (group.mark == PeerMark::Outline) {
            swatch(groupColour(drawing, group), false);
            return;
        }
        if (box.width() < 40)
            return;
        const QRectF tile(box.left(), box.center().y() - 6, 14, 12);
        scene.fill(tile, drawing.ink(Ink::Sunken), drawing.ink(Ink::Line));
        drawPeerMark(drawing, tile, group.mark, groupColour(drawing, group), 0);
        box.setLeft(box.left() + 20);
    }
};

/// "Weights 16.43  KV cache 2.81 ..." of a device, as far as it fits.
void drawBytes(const MeshDrawing& drawing, ReadoutLine line, const DeviceMemory& memory)
{
    const std::array<std::pair<MemoryClass, Bytes>, 5> parts{{{MemoryClass::Weights, memory.weights()},
                                                              {MemoryClass::Kv, memory.kv},
                                                              {MemoryClass::Activations, memory.activations},
                                                              {MemoryClass::Buffers, memory.buffers},
                                                              {MemoryClass::Reserve, memory.reserve}}};
    for (const auto& [part, bytes] : parts) {
        const QString name = qs(nameOf(part));
        const QString value = gibText(static_cast<double>(bytes)) + QStringLiteral(" GiB");
        if (14 + textWidth(name, TextRole::Note) + 5 + textWidth(value, TextRole::NoteStrong) > line.box.width())
            return;
        const QColor colour = drawing.input.theme.color(part);
        line.scene.fill(QRectF(line.box.left(), line.box.center().y() - 4, 9, 9), colour, drawing.input.theme.edgeOf(colour));
        line.box.setLeft(line.box.left() + 14);
        line.text(name, TextRole::Note, drawing.ink(Ink::Text2), 5);
        line.text(value, TextRole::NoteStrong, drawing.ink(Ink::Text), 14);
    }
}

/// What the group exchanges, in as many words as fit beside `reserve` px that others need; those give way to what cannot be said shorter.
void drawGroup(const MeshDrawing& drawing, ReadoutLine& line, const MeshGroup& group, double reserve)
{
    line.mark(drawing, group);
    QString words = groupText(drawing.input.scenario, drawing.focus.device, group, true);
    if (textWidth(words, TextRole::Note) > line.box.width() - reserve)
        words = groupText(drawing.input.scenario, drawing.focus.device, group, false);
    line.text(words, TextRole::Note, drawing.ink(Ink::Text2), 16);
}

void drawSendWords(const MeshDrawing& drawing, ReadoutLine& line)
{
    const QString noun = qs(drawing.input.scenario.cluster->accelerator.noun);
    const Cluster& cluster = *drawing.input.scenario.cluster;
    const auto send = [&](const QString& full, const QString& brief, int device, int from, int to) {
        // The slowest hand-over decides a pipeline: between pods it is not what the bar of the fabric says.
        constexpr double kProbe = 1e9; // bytes
        const CollectiveCost cost = sendCost(cluster, from, to, kProbe);
        QString words = full.arg(noun, QString::number(device));
        if (cost.outerLevel >= 0 && cost.transferTime > 0) {
            const QString rated = MeshWords::tr("%1 at %2 over %3")
                                      .arg(words, qs(formatBandwidth(kProbe / cost.transferTime, 3)),
                                           qs(cluster.levels[static_cast<std::size_t>(cost.outerLevel)].name));
            if (textWidth(rated, TextRole::Note) + 20 <= line.box.width())
                words = rated;
        }
        if (textWidth(words, TextRole::Note) + 20 > line.box.width())
            words = brief.arg(device);
        if (textWidth(words, TextRole::Note) + 20 > line.box.width())
            return;
        line.swatch(drawing.ink(Ink::Send), true);
        line.text(words, TextRole::Note, drawing.ink(Ink::Text2), 16);
    };
    if (drawing.focus.next >= 0)
        send(MeshWords::tr("sends to %1 %2"), MeshWords::tr("to %1"), drawing.focus.next, drawing.focus.device, drawing.focus.next);
    if (drawing.focus.previous >= 0)
        send(MeshWords::tr("receives from %1 %2"), MeshWords::tr("from %1"), drawing.focus.previous, drawing.focus.previous,
             drawing.focus.device);
}

/// "Chip 40000 (replica 1250), drawn as chip 0", in fewer words where there is less room.
QString cutName(const MeshDrawing& drawing, int drawn, double width)
{
    const Scenario& scenario = drawing.input.scenario;
    const int device = drawing.focus.device;
    const QString name = deviceName(scenario, device);
    const QString tile = qs(scenario.cluster->accelerator.noun) + QLatin1Char(' ') + QString::number(drawn);
    const QString whole = MeshWords::tr("%1 (replica %2), drawn as %3").arg(name, QString::number(drawing.facts->of(device).replica), tile);
    return textWidth(whole, TextRole::BodyStrong) <= width ? whole : MeshWords::tr("%1, drawn as %2").arg(name, tile);
}

/// `drawn`: the device whose tile stands for the one that the words are about; -1: that one has its own.
void drawFocusReadout(const MeshDrawing& drawing, std::vector<ReadoutLine>& lines, int drawn)
{
    const MeshFocus& focus = drawing.focus;
    const Scenario& scenario = drawing.input.scenario;
    ReadoutLine first = lines[0];
    const QString name = drawn < 0 ? deviceName(scenario, focus.device) : cutName(drawing, drawn, first.box.width());
    first.text(name, TextRole::BodyStrong, drawing.ink(Ink::Text), 10);
    QStringList parts = deviceParts(scenario, drawing.input.report, *drawing.facts, focus.device);
    if (textWidth(parts.join(QStringLiteral(", ")), TextRole::Body) > first.box.width())
        parts = deviceParts(scenario, drawing.input.report, *drawing.facts, focus.device, true);
    if (drawn >= 0 && scenario.plan.data() > 1) // said with the name
        parts.removeFirst();
    if (drawing.options.colour == MeshColour::Load && focus.device < drawing.facts->used()) { // what the colour says is said first
        const QString busy = busyText(scenario, drawing.input.report, drawing.facts->of(focus.device));
        parts.removeAll(busy);
        parts.prepend(busy);
    }
    first.text(fitting(parts, first.box.width()), TextRole::Body, drawing.ink(Ink::Text2), 0);
    if (focus.device >= drawing.facts->used())
        return;
    std::size_t at = 1;
    if (lines.size() > 2)
        drawBytes(drawing, lines[at++], drawing.facts->memoryOf(drawing.facts->of(focus.device).stage));
    ReadoutLine line = lines[at++];
    const double sends = ((focus.next >= 0 ? 1 : 0) + (focus.previous >= 0 ? 1 : 0)) * scaledToText(kSendWords);
    if (!focus.groups.empty())
        drawGroup(drawing, line, focus.groups.front(), sends);
    drawSendWords(drawing, line);
    if (focus.groups.empty() && focus.next < 0 && focus.previous < 0)
        line.text(MeshWords::tr("exchanges nothing with other %1s").arg(qs(scenario.cluster->accelerator.noun)), TextRole::Note,
                  drawing.ink(Ink::Text3), 0);
    for (std::size_t group = 1; group < focus.groups.size() && at < lines.size(); ++group, ++at)
        drawGroup(drawing, lines[at], focus.groups[group], 0);
}

QString poolText(const MeshDrawing& drawing)
{
    const int which = drawing.focus.chosen.pool;
    const PoolSettings* pool = poolOf(drawing.input.scenario, which);
    const QString name = which == 0 ? MeshWords::tr("Prefill pool") : MeshWords::tr("Decode pool");
    if (drawing.focus.isElsewhere)
        return MeshWords::tr("%1: its workers run %2, which is not drawn here").arg(name, pool ? planName(pool->plan) : QString());
    return MeshWords::tr("%1: each of its workers is a replica as it is drawn").arg(name);
}

/// Words for what another view or the legend selected.
QString chosenText(const MeshDrawing& drawing)
{
    const Subject& chosen = drawing.focus.chosen;
    if (chosen.kind == Subject::Kind::Pool)
        return poolText(drawing);
    const int shown = std::min(drawing.layout.shown, drawing.facts->used());
    int devices = 0;
    for (int device = 0; device < shown; ++device)
        devices += belongs({.kind = Subject::Kind::Device, .device = device}, chosen, drawing.input.report) ? 1 : 0;
    const QString axis = chosen.axis == kExpertAxis ? QStringLiteral("EP") : qs(nameOf(static_cast<MeshAxis>(std::max(chosen.axis, 0))));
    QString name = MeshWords::tr("The selected tensor");
    if (chosen.kind == Subject::Kind::Expert)
        name = chosen.expert >= 0 ? MeshWords::tr("Expert %1, EP rank %2").arg(chosen.expert).arg(chosen.rank)
                                  : MeshWords::tr("EP rank %1").arg(chosen.rank);
    else if (chosen.kind == Subject::Kind::Axis)
        name = chosen.rank >= 0 ? MeshWords::tr("%1 rank %2").arg(axis).arg(chosen.rank) : MeshWords::tr("%1: one of its groups").arg(axis);
    const QString all = counted(devices, qs(drawing.input.scenario.cluster->accelerator.noun));
    return drawing.layout.isCut(*drawing.input.scenario.cluster) ? MeshWords::tr("%1 on %2 of those drawn").arg(name, all)
                                                                 : MeshWords::tr("%1 on %2").arg(name, all);
}

/// "an NPU", "a GPU", "a chip".
bool isSpokenWithVowel(const QString& noun)
{
    const bool spelled = noun.size() > 1 && noun[0].isUpper() && noun[1].isUpper();
    const QString vowels = spelled ? QStringLiteral("AEFHILMNORSX") : QStringLiteral("aeiouAEIOU");
    return !noun.isEmpty() && vowels.contains(noun[0]);
}

/// Copies are large enough for a hatch.
bool isHatched(const MeshLayout& layout)
{
    return !layout.tiles.empty() && std::min(layout.tiles.front().rect.width(), layout.tiles.front().rect.height()) >= kLeastHatched;
}

void drawCalmReadout(const MeshDrawing& drawing, std::vector<ReadoutLine>& lines)
{
    ReadoutLine first = lines[0];
    const MeshSummary summary = meshSummary(drawing.input.scenario, drawing.input.report, *drawing.facts);
    if (drawing.focus.chosen.kind != Subject::Kind::None) {
        first.text(chosenText(drawing), TextRole::BodyStrong, drawing.ink(Ink::Text), 10);
    } else {
        first.text(summary.name, TextRole::BodyStrong, drawing.ink(Ink::Text), 10);
        first.text(fitting(summary.facts, first.box.width()), TextRole::Body, drawing.ink(Ink::Text2), 0);
    }
    std::size_t at = 1;
    if (lines.size() > 2) {
        const int stage = drawing.focus.stage >= 0 ? drawing.focus.stage : drawing.input.report.memory.limiting().stage;
        ReadoutLine line = lines[at++];
        if (drawing.facts->stages() > 1)
            line.text((drawing.focus.stage >= 0 ? MeshWords::tr("Stage %1:") : MeshWords::tr("Fullest, stage %1:")).arg(stage),
                      TextRole::Note, drawing.ink(Ink::Text2), 10);
        drawBytes(drawing, line, drawing.facts->memoryOf(stage));
    }
    ReadoutLine second = lines[at++];
    second.text(summary.second, TextRole::Note, drawing.ink(Ink::Text2), 16);
    const bool replicas = drawing.palette->marksCopies() && drawing.layout.shown > drawing.facts->replicaDevices();
    const int copies = drawing.facts->of(0).kvCopies;
    QString hatched;
    const Attention* attention = drawing.facts->attention();
    const bool latent = attention && attention->kind == AttentionKind::Latent;
    if (copies > 1)
        hatched = (latent ? MeshWords::tr("hatched KV: copies, the latent is stored %1 times")
                          : MeshWords::tr("hatched KV: copies, each head is stored %1 times"))
                      .arg(copies);
    else if (replicas)
        hatched = isHatched(drawing.layout) ? MeshWords::tr("hatched: copies of replica 0") : MeshWords::tr("paler: copies of replica 0");
    if (!hatched.isEmpty() && textWidth(hatched, TextRole::Note) <= second.box.width())
        second.text(hatched, TextRole::Note, drawing.ink(Ink::Text3), 16);
    const QString noun = qs(drawing.input.scenario.cluster->accelerator.noun);
    if (drawing.layout.merge > 1 && !drawing.layout.isCut(*drawing.input.scenario.cluster)) { // a cut picture has it above
        const QString square = MeshWords::tr("a square is %1").arg(counted(drawing.layout.merge, noun));
        if (textWidth(square, TextRole::Note) <= second.box.width())
            second.text(square, TextRole::Note, drawing.ink(Ink::Text3), 0);
    }
    if (at < lines.size() && drawnForHands())
        lines[at].text((isSpokenWithVowel(noun)
                            ? MeshWords::tr("Point at an %1 for its groups and links, click to keep them; the wheel zooms")
                            : MeshWords::tr("Point at a %1 for its groups and links, click to keep them; the wheel zooms"))
                           .arg(noun),
                       TextRole::Note, drawing.ink(Ink::Text3), 0);
}

void drawReason(const MeshDrawing& drawing, std::vector<ReadoutLine>& lines)
{
    const Report& report = drawing.input.report;
    const Scenario& scenario = drawing.input.scenario;
    const QString reason = report.violations.empty() ? MeshWords::tr("This plan is not legal")
                                                     : qs(sentence(report.violations.front(), scenario.context(), scenario.plan));
    const QStringList words = wrapped(reason, TextRole::BodyMedium, lines[0].box.width(), static_cast<int>(lines.size()));
    for (qsizetype i = 0; i < words.size(); ++i)
        lines[static_cast<std::size_t>(i)].text(words[i], TextRole::BodyMedium, drawing.ink(Ink::Violation), 0);
}

} // namespace

double readoutLineHeight()
{
    return scaledToText(17);
}

int readoutLines(const ViewInput& input, const MeshFacts* facts)
{
    const double height = input.size.height();
    if (!facts || height < scaledToText(kRoomForBytes))
        return 2;
    const Placement& placement = facts->placement();
    std::vector<DeviceGroup> groups;
    for (const MeshAxis axis : {MeshAxis::Tensor, MeshAxis::Sequence, MeshAxis::AttentionData, MeshAxis::Data})
        groups.push_back(placement.group(axis));
    groups.push_back(placement.expertGroup());
    int others = -1;
    for (std::size_t i = 0; i < groups.size(); ++i)
        others += groups[i].size() > 1
                          && std::find(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(i), groups[i])
                                 == groups.begin() + static_cast<std::ptrdiff_t>(i)
                      ? 1
                      : 0;
    return 3 + std::clamp(others, 0, height < scaledToText(kRoomForGroups) ? 1 : 3);
}

QString meshTooltipIn(QSizeF size, const Scenario& scenario, const Report& report, const Subject& subject)
{
    QString whole = meshTooltip(scenario, report, subject);
    if (whole.isEmpty() || subject.kind != Subject::Kind::Device)
        return whole;
    const MeshFacts facts(scenario, report);
    const int lines = readoutLines({scenario, report, size, Theme::of(ThemeId::Light)}, &facts);
    if (!hasMeshReadout(size, lines))
        return whole;
    const double width = size.width() - 2 * space::kInset;
    const QString name = deviceName(scenario, subject.device);
    const auto fits = [width](const QString& words, double besides) { return textWidth(words, TextRole::Note) + besides <= width; };
    QStringList missing;
    const QString parts = deviceParts(scenario, report, facts, subject.device).join(QStringLiteral(", "));
    if (textWidth(name, TextRole::BodyStrong) + 10 + textWidth(parts, TextRole::Body) > width)
        missing += parts;
    if (subject.device < facts.used()) {
        const MeshFocus focus = meshFocus(scenario, report, facts, subject, facts.used());
        const int first = lines > 2 ? 2 : 1; // below the name, and the bytes
        const double sends = ((focus.next >= 0 ? 1 : 0) + (focus.previous >= 0 ? 1 : 0)) * scaledToText(kSendWords);
        for (std::size_t group = 0; group < focus.groups.size(); ++group) {
            constexpr double kMark = 20;
            const QString words = groupText(scenario, subject.device, focus.groups[group], true);
            if (first + static_cast<int>(group) >= lines || !fits(words, kMark + (group == 0 ? sends : 0)))
                missing += words;
        }
    }
    missing.removeAll(QString());
    return missing.isEmpty() ? QString() : name + QLatin1Char('\n') + missing.join(QLatin1Char('\n'));
}

void drawMeshReadout(const MeshDrawing& drawing, const QRectF& area)
{
    if (area.isEmpty())
        return;
    drawing.scene.line({area.left(), area.top() + 0.5}, {area.right(), area.top() + 0.5}, drawing.ink(Ink::Line));
    std::vector<ReadoutLine> lines;
    const int count = readoutLines(drawing.input, drawing.facts);
    lines.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
        lines.push_back({drawing.scene, QRectF(area.left(), area.top() + 8 + i * readoutLineHeight(), area.width(), readoutLineHeight())});
    if (!drawing.facts)
        drawReason(drawing, lines);
    else if (drawing.focus.asked >= 0) { // the words are about the device itself, with its own peers
        MeshDrawing itself = drawing;
        itself.focus = meshFocus(drawing.input.scenario, drawing.input.report, *drawing.facts,
                                 {.kind = Subject::Kind::Device, .device = drawing.focus.asked}, drawing.facts->used());
        drawFocusReadout(itself, lines, drawing.focus.device);
    } else if (drawing.focus.device >= 0)
        drawFocusReadout(drawing, lines, -1);
    else
        drawCalmReadout(drawing, lines);
}

} // namespace shardlens
