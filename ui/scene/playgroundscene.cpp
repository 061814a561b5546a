// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/playgroundparts.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Playground", text);
}

constexpr int kBlocks = 4; // a local product is lit in 4 x 4 blocks
constexpr std::int64_t kMostMoving = 3000;
constexpr double kOneStepView = 112; // px: lower, there is one step and no more
constexpr double kLeastArrays = 34;  // px
constexpr double kLowView = 300;     // px, in which words give way to the devices
constexpr double kBothRows = 136;    // px, from which the product and the devices under it have room

double eased(double f)
{
    return f * f * (3 - 2 * f);
}

QRectF within(const QRectF& frame, const QRectF& share)
{
    const double left = std::round(frame.left() + share.left() * frame.width());
    const double top = std::round(frame.top() + share.top() * frame.height());
    return {left, top, std::max(1.0, std::round(frame.left() + share.right() * frame.width()) - left),
            std::max(1.0, std::round(frame.top() + share.bottom() * frame.height()) - top)};
}

QRectF between(const QRectF& a, const QRectF& b, double f)
{
    const auto mix = [f](double x, double y) { return x + (y - x) * f; };
    return {mix(a.left(), b.left()), mix(a.top(), b.top()), mix(a.width(), b.width()), mix(a.height(), b.height())};
}

class PlaygroundDrawing {
public:
    PlaygroundDrawing(const ViewInput& input, const PlaygroundPicture& picture, Scene& scene, PlaygroundRegions* regions)
        : m_input(input),
          m_scene(scene),
          m_regions(regions),
          m_played(*picture.played),
          m_mesh(m_played.mesh),
          m_wayIndex(std::min(picture.way, m_played.costs.ways.size() - 1)),
          m_cost(m_played.costs.ways[m_wayIndex]),
          m_way(m_cost.way)
    {
        const double position = std::clamp(picture.position, 0.0, static_cast<double>(m_way.steps.size()));
        m_step = static_cast<std::size_t>(position);
        m_part = position - static_cast<double>(m_step);
        m_held = heldBefore(m_played, m_way, m_step);
        m_drawn = std::min(m_mesh.devices(), kMostDevicesDrawn);
        m_result = m_way.multiply().after;
        m_sides = playgroundSides(m_played.expression.left, *m_played.expression.right, m_result);
    }

    void draw()
    {
        QRectF area = QRectF(QPointF(0, 0), m_input.size).adjusted(space::kInset, 6, -space::kInset, -6);
        if (m_input.size.height() < kOneStepView) {
            drawOneStep(area.adjusted(0, -3, 0, 3));
            return;
        }
        drawHead(area);
        drawSteps(area);
        if (area.width() >= 640 && area.height() >= 120)
            drawPlaygroundWays(m_scene, m_input, m_played, m_wayIndex, area, m_regions);
        drawArrays(area);
        drawDevices(area);
    }

private:
    const ViewInput& m_input;
    Scene& m_scene;
    PlaygroundRegions* m_regions;
    const PlayedProduct& m_played;
    const Mesh& m_mesh;
    std::size_t m_wayIndex;
    const MatmulWayCost& m_cost;
    const ProductWay& m_way;
    std::size_t m_step = 0;
    double m_part = 0; ///< of the step at hand, 0 to 1
    HeldArrays m_held;
    ShardedArray m_result;
    std::array<QSizeF, 3> m_sides;
    std::int64_t m_drawn = 1;

    [[nodiscard]] QColor ink(Ink ink) const { return m_input.theme.color(ink); }
    [[nodiscard]] const ShardStep* current() const { return m_step < m_way.steps.size() ? &m_way.steps[m_step] : nullptr; }
    [[nodiscard]] const MatmulStepCost& costOf(std::size_t step) const { return m_cost.steps[step]; }
    [[nodiscard]] bool onCluster() const { return m_played.setting.cluster != nullptr; }
    /// Rank inside, outermost axis outside: hue by it, lightness by the rest.
    [[nodiscard]] QColor colourOf(std::int64_t device) const
    {
        const int outer = m_mesh.axisCount() - 1;
        if (outer <= 0)
            return m_input.theme.place(0, static_cast<int>(device), static_cast<int>(m_mesh.devices()));
        const auto stride = static_cast<int>(m_mesh.stride(outer));
        return m_input.theme.place(static_cast<int>(m_mesh.coordinate(device, outer)), static_cast<int>(device) % stride, stride);
    }

    [[nodiscard]] double allWidths() const { return m_sides[0].width() + m_sides[1].width() + m_sides[2].width(); }
    [[nodiscard]] double mostHeight() const { return std::max({m_sides[0].height(), m_sides[1].height(), m_sides[2].height()}); }

    /// In a small place what moves comes before words about it.
    [[nodiscard]] bool isLow() const { return m_mesh.devices() > 1 && m_input.size.height() < kLowView; }

    /// The smallest place has one thing at a time: the step at hand, which the controls below move on.
    void drawOneStep(QRectF area)
    {
        const double note = lineHeight(TextRole::Note);
        const ShardStep* step = current();
        QStringList texts;
        if (step) {
            const QString name = tr("Step %1 of %2: %3").arg(m_step + 1).arg(m_way.steps.size()).arg(stepName(*step));
            texts << name + QStringLiteral(" · ") + stepFacts(m_step);
            if (onCluster() && costOf(m_step).time > 0)
                texts << name + QStringLiteral(" · ") + qs(formatSeconds(costOf(m_step).time));
            texts << name << stepName(*step);
        } else {
            const QString done = tr("Done: ") + qs(printArray(m_way.result, m_mesh));
            texts << done + QStringLiteral(" · ") + playgroundCost(m_played, m_cost) << done << tr("Done");
        }
        m_scene.text({area.left(), area.top(), area.width(), note}, firstFitting(texts, TextRole::NoteStrong, area.width()),
                     TextRole::NoteStrong, ink(Ink::Text));
        area.setTop(area.top() + note + 1);
        const auto count = static_cast<double>(m_way.steps.size());
        const double width = (area.width() - 2 * (count - 1)) / count;
        for (std::size_t i = 0; i < m_way.steps.size(); ++i) {
            const QRectF bar(area.left() + static_cast<double>(i) * (width + 2), area.top(), width, 4);
            const double done = i < m_step ? 1 : i == m_step ? m_part : 0;
            m_scene.fill(bar, ink(Ink::Sunken), ink(i == m_step ? Ink::Strong : Ink::Line));
            if (done > 0)
                m_scene.fill({bar.left(), bar.top(), bar.width() * done, bar.height()}, ink(Ink::Strong));
            if (m_regions)
                m_regions->steps.push_back(bar.adjusted(0, -note, 0, 2));
        }
        area.setTop(area.top() + 8);
        if (area.height() >= note + kLeastArrays || (area.height() >= note && area.height() < kLeastArrays)) {
            const QString formula = step ? qs(printStep(*step, m_mesh, AxisSizes::Hidden)) : qs(printSharding(m_played.expression, m_mesh));
            m_scene.text({area.left(), area.top(), area.width(), note}, formula, TextRole::Formula, ink(Ink::Text2),
                         Qt::AlignLeft | Qt::AlignVCenter, true);
            area.setTop(area.top() + note + 4);
        }
        if (area.height() < kLeastArrays)
            return;
        const std::array<QRectF, 3> boxes = frames(area.adjusted(0, 0, -12, -12), 34);
        drawFrames(boxes);
    }

    void drawFrames(const std::array<QRectF, 3>& boxes)
    {
        for (std::size_t i = 0; i < 3; ++i) {
            if (m_held[i])
                drawTiles(*m_held[i], boxes[i]);
            else
                m_scene.roundedRect(boxes[i], 0, {}, ink(Ink::Line), 1, true);
        }
        const auto sign = [&](const QString& text, double x) {
            const double line = lineHeight(TextRole::Title);
            m_scene.text({x - 12, boxes[0].center().y() - line / 2, 24, line}, text, TextRole::Title, ink(Ink::Text2), Qt::AlignCenter);
        };
        sign(QStringLiteral("·"), (boxes[0].right() + boxes[1].left()) / 2 + 3);
        sign(QStringLiteral("="), (boxes[1].right() + boxes[2].left()) / 2 + 3);
    }

    void drawHead(QRectF& area)
    {
        const double line = lineHeight(TextRole::FormulaResult) + 2;
        const QString text = qs(printSharding(m_played.expression, m_mesh, AxisSizes::Shown));
        m_scene.text({area.left(), area.top(), area.width(), line}, text, TextRole::FormulaResult, ink(Ink::Text),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
        area.setTop(area.top() + line);
        if (area.height() < 110 || isLow())
            return;
        const double note = lineHeight(TextRole::Note) + 2;
        QString found = qs(nameOf(m_played.costs.which));
        for (const AxisFinding& finding : m_played.costs.findings)
            if (finding.which == m_played.costs.which) {
                const QString longer = qs(m_mesh.name(finding.axis)) + QStringLiteral(": ") + qs(finding.sentence);
                if (textWidth(found + QStringLiteral(" · ") + longer, TextRole::Note) <= area.width())
                    found += QStringLiteral(" · ") + longer;
                break;
            }
        if (!found.isEmpty())
            found[0] = found[0].toUpper();
        m_scene.text({area.left(), area.top(), area.width(), note}, found, TextRole::Note, ink(Ink::Text2),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
        area.setTop(area.top() + note + 6);
    }

    [[nodiscard]] QString stepName(const ShardStep& step) const
    {
        if (step.kind == StepKind::Multiply)
            return tr("Multiply");
        const std::array<QString, 3> names{qs(m_played.expression.left.name), qs(m_played.expression.right->name), qs(m_result.name)};
        return qs(nameOf(step.kind)) + QChar(u' ') + qs(printAxes(step.axes, m_mesh)) + QStringLiteral(" of ")
               + names[static_cast<std::size_t>(arrayOf(step))];
    }

    [[nodiscard]] QString stepFacts(std::size_t index) const
    {
        const MatmulStepCost& cost = costOf(index);
        QString text;
        const ShardStep& step = m_way.steps[index];
        if (step.kind == StepKind::Multiply)
            text = qs(formatFlop(cost.flop)) + tr(" per device, touches %1").arg(qs(formatBytes(cost.touchedBytes)));
        else if (communicates(step.kind))
            text = tr("payload %1, each device sends %2").arg(qs(formatBytes(cost.payloadBytes)), qs(formatBytes(cost.sentBytes)));
        else
            return tr("free: nothing moves");
        return onCluster() ? text + QStringLiteral(", ") + qs(formatSeconds(cost.time)) : text;
    }

    /// The strip of steps at the bottom, and what the one at hand does.
    void drawSteps(QRectF& area)
    {
        const double note = lineHeight(TextRole::Note);
        const double chip = note + 6;
        const bool words = area.height() >= 150;
        const bool facts = words && !isLow();
        const double tall = chip + (words ? note + 6 : 0) + (facts ? note : 0);
        const QRectF strip(area.left(), area.bottom() - tall, area.width(), tall);
        area.setBottom(strip.top() - 6);
        const auto count = static_cast<double>(m_way.steps.size());
        const double gap = 4;
        const double width = (strip.width() - gap * (count - 1)) / count;
        for (std::size_t i = 0; i < m_way.steps.size(); ++i) {
            const QRectF box(strip.left() + static_cast<double>(i) * (width + gap), strip.top(), width, chip);
            const bool now = i == m_step;
            const double done = i < m_step ? 1 : now ? m_part : 0;
            m_scene.fill(box, ink(Ink::Sunken), ink(now ? Ink::Strong : Ink::Line));
            if (done > 0)
                m_scene.fill({box.left(), box.bottom() - 3, box.width() * done, 3}, ink(Ink::Strong));
            const QString longer =
                stepName(m_way.steps[i])
                + (onCluster() && costOf(i).time > 0 ? QStringLiteral(" · ") + qs(formatSeconds(costOf(i).time)) : QString());
            const QString text = firstFitting({longer, stepName(m_way.steps[i]), qs(nameOf(m_way.steps[i].kind)), QString::number(i + 1)},
                                              now ? TextRole::NoteStrong : TextRole::Note, box.width() - 8);
            m_scene.text(box.adjusted(4, 0, -4, -2), text, now ? TextRole::NoteStrong : TextRole::Note, ink(now ? Ink::Text : Ink::Text2),
                         Qt::AlignCenter);
            if (m_regions)
                m_regions->steps.push_back(box);
        }
        if (!words)
            return;
        const QRectF first(strip.left(), strip.top() + chip + 3, strip.width(), note);
        const QRectF second = first.translated(0, note);
        if (const ShardStep* step = current()) {
            m_scene.text(first, qs(printStep(*step, m_mesh, AxisSizes::Shown)), TextRole::Formula, ink(Ink::Text),
                         Qt::AlignLeft | Qt::AlignVCenter, true);
            if (facts)
                m_scene.text(second, stepFacts(m_step), TextRole::Note, ink(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
        } else {
            m_scene.text(first, tr("Done: ") + qs(printArray(m_way.result, m_mesh, AxisSizes::Shown)), TextRole::Formula, ink(Ink::Text),
                         Qt::AlignLeft | Qt::AlignVCenter, true);
            if (facts)
                m_scene.text(second, playgroundTotals(m_played, m_cost, second.width()), TextRole::Note, ink(Ink::Text2),
                             Qt::AlignLeft | Qt::AlignVCenter, true);
        }
    }

    /// The three arrays side by side in a box, at most `scale` px for the longest side.
    [[nodiscard]] std::array<QRectF, 3> frames(const QRectF& box, double gap) const
    {
        const double scale = std::max(1.0, std::min((box.width() - 2 * gap) / allWidths(), box.height() / mostHeight()));
        std::array<QRectF, 3> result;
        double x = box.left() + (box.width() - 2 * gap - scale * allWidths()) / 2;
        for (std::size_t i = 0; i < 3; ++i) {
            const double height = std::round(m_sides[i].height() * scale);
            result[i] = {std::round(x), std::round(box.center().y() - height / 2), std::round(m_sides[i].width() * scale), height};
            x += m_sides[i].width() * scale + gap;
        }
        return result;
    }

    void drawArrays(QRectF& area)
    {
        const double note = lineHeight(TextRole::Note);
        const bool cards = area.height() >= kBothRows && m_mesh.devices() > 1;
        const double tall = cards ? std::clamp(area.height() * 0.38, 62.0, 260.0) : area.height();
        QRectF box(area.left(), area.top(), area.width(), tall);
        area.setTop(box.bottom() + 10);
        const double formula = lineHeight(TextRole::Formula);
        if (box.height() < formula + note + 24)
            return;
        const std::array<QRectF, 3> boxes = frames(box.adjusted(0, formula + 6, -8, -6), 44);
        for (std::size_t i = 0; i < 3; ++i) {
            const bool there = m_held[i].has_value();
            const ShardedArray& array = there ? *m_held[i] : m_result;
            drawTitle(boxes[i], box, qs(printArray(array, m_mesh, AxisSizes::Hidden)), there);
        }
        drawFrames(boxes);
    }

    void drawTitle(const QRectF& frame, const QRectF& area, const QString& text, bool there)
    {
        const double line = lineHeight(TextRole::Formula);
        const double room = frame.width() + 40;
        const double wanted = std::min(textWidth(text, TextRole::Formula) + 2, room);
        const double left = std::clamp(frame.center().x() - wanted / 2, area.left(), std::max(area.left(), area.right() - wanted));
        m_scene.text({left, frame.top() - line - 4, wanted, line}, text, TextRole::Formula, ink(there ? Ink::Text : Ink::Text3),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
    }

    /// Tiles by owner; behind them a hatched sheet of copies or, where they are summands, the sheets of the others.
    void drawTiles(const ShardedArray& array, const QRectF& frame)
    {
        struct Tile {
            QRectF rect;
            std::vector<std::int64_t> devices;
        };
        std::vector<Tile> tiles;
        const std::int64_t looked = std::min<std::int64_t>(m_mesh.devices(), 4096);
        for (std::int64_t device = 0; device < looked; ++device) {
            const QRectF rect = within(frame, playgroundBlock(m_mesh, array, device));
            const auto same = std::find_if(tiles.begin(), tiles.end(), [&rect](const Tile& tile) { return tile.rect == rect; });
            if (same != tiles.end())
                same->devices.push_back(device);
            else if (tiles.size() < 1024)
                tiles.push_back({rect, {device}});
        }
        const bool summands = !array.unreduced.empty();
        const int sheets = summands ? 3 : copies(m_mesh, array) > 1 ? 1 : 0;
        for (int sheet = sheets; sheet > 0; --sheet) {
            for (const Tile& tile : tiles) {
                const QRectF at = tile.rect.translated(4 * sheet, 4 * sheet);
                const std::size_t index = std::min<std::size_t>(static_cast<std::size_t>(sheet), tile.devices.size() - 1);
                const QColor colour = colourOf(tile.devices[index]);
                if (summands)
                    m_scene.fill(at, colour, m_input.theme.edgeOf(colour));
                else if (at.width() > 3 && at.height() > 3)
                    m_scene.hatch(at, Hatch::Replica, tiles.size() > 24 ? m_input.theme.place(0, 2, 4) : colour);
            }
        }
        for (const Tile& tile : tiles) {
            const QColor colour = colourOf(tile.devices.front());
            m_scene.fill(tile.rect, colour, m_input.theme.edgeOf(colour));
            label(tile.rect, array, tile.devices, Theme::textOn(colour));
        }
    }

    /// All devices of a tile while there is room; summands of the sum that the first of them takes part in.
    void label(const QRectF& rect, const ShardedArray& array, const std::vector<std::int64_t>& devices, const QColor& color)
    {
        if (rect.height() < lineHeight(TextRole::Note))
            return;
        std::vector<std::int64_t> shown;
        for (const std::int64_t device : devices) {
            bool sameSum = true;
            for (int axis = 0; axis < m_mesh.axisCount(); ++axis)
                sameSum =
                    sameSum && (array.isUnreduced(axis) || m_mesh.coordinate(device, axis) == m_mesh.coordinate(devices.front(), axis));
            if (array.unreduced.empty() || sameSum)
                shown.push_back(device);
        }
        const QString join = array.unreduced.empty() ? QStringLiteral(", ") : QStringLiteral(" + ");
        constexpr std::size_t kMostNamed = 8;
        QString all;
        for (std::size_t i = 0; i < std::min(shown.size(), kMostNamed); ++i)
            all += (all.isEmpty() ? QString() : join) + QString::number(shown[i]);
        if (shown.size() > kMostNamed)
            all += QStringLiteral(" …");
        const std::size_t sums = devices.size() / std::max<std::size_t>(1, shown.size());
        const QString copied = sums > 1 ? all + tr(", %1 copies").arg(sums) : all;
        const QString brief = QString::number(devices.front()) + (devices.size() > 1 ? QStringLiteral(" …") : QString());
        const QString text = firstFitting({copied, all, brief, QString::number(devices.front())}, TextRole::Note, rect.width() - 4);
        if (!text.isEmpty())
            m_scene.text(rect, text, TextRole::Note, color, Qt::AlignCenter);
    }

    /// One card for each device: what it holds of A, B and C.
    struct Card {
        QRectF box;
        std::array<QRectF, 3> frames;
    };

    [[nodiscard]] std::vector<Card> layCards(const QRectF& area) const
    {
        std::vector<Card> cards;
        double best = 0;
        int bestColumns = 1;
        const auto count = static_cast<int>(m_drawn);
        const double aspect = (allWidths() + 0.3) / (mostHeight() + 0.25);
        for (int columns = 1; columns <= count; ++columns) {
            const int rows = (count + columns - 1) / columns;
            const double width = area.width() / columns;
            const double height = area.height() / rows;
            // Full rows keep the devices of an axis under one another.
            const double fit = std::min(width / aspect, height) * (count % columns == 0 ? 1.35 : 1);
            if (fit > best) {
                best = fit;
                bestColumns = columns;
            }
        }
        const int rows = (count + bestColumns - 1) / bestColumns;
        const double width = area.width() / bestColumns;
        const double height = area.height() / rows;
        const double gap = width > 60 ? 6 : 3;
        for (int i = 0; i < count; ++i) {
            Card card;
            const int row = i / bestColumns;
            card.box = QRectF(area.left() + width * (i % bestColumns), area.top() + height * row, width - gap, height - gap);
            const bool named = card.box.height() >= lineHeight(TextRole::Note) + 22 && card.box.width() >= 40;
            const double top = named ? lineHeight(TextRole::Note) : 2;
            card.frames = frames(card.box.adjusted(5, top + 1, -5, -4), std::clamp(width / 24, 2.0, 10.0));
            cards.push_back(card);
        }
        return cards;
    }

    void drawDevices(QRectF area)
    {
        const double note = lineHeight(TextRole::Note);
        if (m_mesh.devices() <= 1 || area.height() < 60 || area.width() < 80)
            return;
        if (m_drawn < m_mesh.devices()) {
            m_scene.text(
                {area.left(), area.bottom() - note, area.width(), note},
                tr("%1 of %2 devices are drawn; the others do the same").arg(qs(formatCount(m_drawn)), qs(formatCount(m_mesh.devices()))),
                TextRole::Note, ink(Ink::Text3), Qt::AlignLeft | Qt::AlignVCenter, true);
            area.setBottom(area.bottom() - note - 4);
        }
        const std::vector<Card> cards = layCards(area);
        for (std::size_t i = 0; i < cards.size(); ++i)
            drawCard(cards[i], static_cast<std::int64_t>(i));
        if (const ShardStep* step = current(); step && m_part > 0 && communicates(step->kind)) {
            drawMoving(cards, *step);
            // Which passes behind borders and all that is held; only an empty place shows what comes in.
            const auto which = static_cast<std::size_t>(arrayOf(*step));
            for (std::size_t i = 0; i < cards.size(); ++i) {
                const auto device = static_cast<std::int64_t>(i);
                m_scene.roundedRect(cards[i].box, 0, {}, ink(Ink::Line));
                drawArraysOf(cards[i], device, arrayOf(*step));
                m_scene.roundedRect(cards[i].frames[which], 0, {}, ink(Ink::Line));
                if (m_held[which])
                    drawBlock(cards[i].frames[which], *m_held[which], device, arrayOf(*step), colourOf(device));
            }
        }
        for (std::size_t i = 0; i < cards.size(); ++i) // over what flies by
            drawCardName(cards[i], static_cast<std::int64_t>(i));
    }

    void drawCard(const Card& card, std::int64_t device)
    {
        m_scene.fill(card.box, ink(Ink::Sunken), ink(Ink::Line));
        const QColor colour = colourOf(device);
        drawArraysOf(card, device, -1);
        if (const ShardStep* step = current(); step && m_part > 0 && step->kind == StepKind::Multiply)
            drawMultiply(card, *step, device, colour);
    }

    /// What a device holds, but for one of the arrays.
    void drawArraysOf(const Card& card, std::int64_t device, int without)
    {
        for (std::size_t i = 0; i < 3; ++i) {
            if (static_cast<int>(i) == without)
                continue;
            m_scene.fill(card.frames[i], ink(Ink::Surface), ink(Ink::Line));
            if (m_held[i])
                drawBlock(card.frames[i], *m_held[i], device, static_cast<int>(i), colourOf(device));
        }
    }

    void drawCardName(const Card& card, std::int64_t device)
    {
        const double note = lineHeight(TextRole::Note);
        if (card.box.height() < note + 22 || card.box.width() < 40)
            return;
        const QString name = cardName(device, card.box.width() - 10);
        const QRectF box(card.box.left() + 5, card.box.top() + 1, card.box.width() - 10, note);
        m_scene.fill(QRectF(box.left() - 2, box.top(), textWidth(name, TextRole::Note) + 4, note), ink(Ink::Sunken));
        m_scene.text(box, name, TextRole::Note, ink(Ink::Text2));
    }

    [[nodiscard]] QString cardName(std::int64_t device, double room) const
    {
        QString place;
        for (int axis = 0; axis < m_mesh.axisCount(); ++axis)
            place += QStringLiteral(" %1%2").arg(qs(m_mesh.name(axis))).arg(m_mesh.coordinate(device, axis));
        return firstFitting({QString::number(device) + QStringLiteral(" ·") + place, QString::number(device)}, TextRole::Note, room);
    }

    void drawBlock(const QRectF& frame, const ShardedArray& array, std::int64_t device, int which, const QColor& colour)
    {
        const ShardStep* step = current();
        QRectF share = playgroundBlock(m_mesh, array, device);
        const bool slices = step && step->kind == StepKind::Slice && arrayOf(*step) == which && m_part > 0;
        if (slices) { // what is let go fades away
            m_scene.fill(within(frame, share), m_input.theme.faded(colour, 0.3 + 0.7 * eased(m_part)));
            share = playgroundBlock(m_mesh, step->after, device);
        }
        if (share.isEmpty())
            return; // pure padding
        const QRectF rect = within(frame, share);
        if (!array.unreduced.empty() && rect.width() > 6 && rect.height() > 6) {
            // Partial sums: layers that collapse while they are added up.
            const bool reduces = step && arrayOf(*step) == which && step->kind != StepKind::Multiply && communicates(step->kind);
            const double apart = reduces ? 1 - eased(m_part) : 1;
            for (int layer = 2; layer > 0; --layer) {
                const double shift = layer * 2.0 * apart;
                const QRectF at = rect.adjusted(0, 0, -4 * apart, -4 * apart).translated(shift, shift);
                m_scene.fill(at, m_input.theme.faded(colour, 0.25 * layer), m_input.theme.edgeOf(colour));
            }
            const QRectF top = rect.adjusted(0, 0, -4 * apart, -4 * apart);
            if (reduces && m_part > 0 && step->kind == StepKind::ReduceScatter) { // what others sum up fades away
                m_scene.fill(top, m_input.theme.faded(colour, 0.7 * eased(m_part)), m_input.theme.edgeOf(colour));
                m_scene.fill(within(frame, playgroundBlock(m_mesh, step->after, device)).intersected(top), colour,
                             m_input.theme.edgeOf(colour));
                return;
            }
            m_scene.fill(top, colour, m_input.theme.edgeOf(colour));
            return;
        }
        m_scene.fill(rect, colour, m_input.theme.edgeOf(colour));
    }

    /// Rows of A times columns of B, block by block.
    void drawMultiply(const Card& card, const ShardStep& step, std::int64_t device, const QColor& colour)
    {
        const QRectF c = playgroundBlock(m_mesh, step.after, device);
        const QRectF a = playgroundBlock(m_mesh, step.before, device);
        const QRectF b = playgroundBlock(m_mesh, step.other, device);
        const int done = std::min(kBlocks * kBlocks - 1, static_cast<int>(m_part * kBlocks * kBlocks));
        const auto piece = [](const QRectF& whole, double left, double top, double width, double height) {
            return QRectF(whole.left() + whole.width() * left, whole.top() + whole.height() * top, whole.width() * width,
                          whole.height() * height);
        };
        constexpr double kShare = 1.0 / kBlocks;
        const auto rowOf = [](int block) { return block / kBlocks; };
        for (int i = 0; i < done; ++i)
            m_scene.fill(within(card.frames[2], piece(c, i % kBlocks * kShare, rowOf(i) * kShare, kShare, kShare)), colour);
        const double column = done % kBlocks * kShare;
        const double row = rowOf(done) * kShare;
        const QColor lit = ink(Ink::Compute);
        m_scene.fill(within(card.frames[0], piece(a, 0, row, 1, kShare)), lit);
        m_scene.fill(within(card.frames[1], piece(b, column, 0, kShare, 1)), lit);
        m_scene.fill(within(card.frames[2], piece(c, column, row, kShare, kShare)), lit);
    }

    /// From every peer the part of its block that ends up here, on its way.
    void drawMoving(const std::vector<Card>& cards, const ShardStep& step)
    {
        const auto which = static_cast<std::size_t>(arrayOf(step));
        const double f = eased(m_part);
        std::int64_t moving = 0;
        for (std::int64_t device = 0; device < m_drawn; ++device) {
            const std::vector<std::int64_t> group = stepGroup(m_mesh, step, device);
            for (const std::int64_t peer : group) {
                if (peer == device || peer >= m_drawn || ++moving > kMostMoving)
                    continue;
                const PlaygroundMove move = playgroundMove(m_mesh, step, peer, device);
                if (move.to.isEmpty())
                    continue;
                const QRectF from = within(cards[static_cast<std::size_t>(peer)].frames[which], move.from);
                const QRectF to = within(cards[static_cast<std::size_t>(device)].frames[which], move.to);
                const QColor colour = colourOf(peer);
                m_scene.fill(between(from, to, f), colour, ink(Ink::Text2));
            }
        }
    }
};

} // namespace

void buildPlayground(const ViewInput& input, const PlaygroundPicture& picture, Scene& scene, PlaygroundRegions* regions)
{
    scene.clear(input.size);
    if (regions)
        *regions = {};
    if (input.size.width() < 80 || input.size.height() < 24)
        return;
    if (!picture.played || picture.played->costs.ways.empty()) {
        const double line = lineHeight(TextRole::Body);
        drawSign(scene, input.theme, {space::kInset + 8, space::kInset + line / 2}, Sign::Bad);
        drawWrapped(scene, {space::kInset + 24.0, static_cast<double>(space::kInset), std::min(input.size.width() - 48, 620.0), 0},
                    picture.played ? tr("There is no way to work this out.") : picture.error, TextRole::Body, input.theme.color(Ink::Text),
                    std::max(1, static_cast<int>((input.size.height() - 2 * space::kInset) / line)));
        return;
    }
    PlaygroundDrawing(input, picture, scene, regions).draw();
}

} // namespace shardlens
