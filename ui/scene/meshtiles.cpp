// SPDX-License-Identifier: Apache-2.0
// One device as a tile: as many lines as its size takes, an ownership glyph, its KV heads and a small memory bar.
#include "core/base/format.h"
#include "core/scenario/serve.h"
#include "ui/scene/meshdrawing.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace shardlens {
namespace {

constexpr double kFade = 0.55;
constexpr double kReadable = 10;      // px a side from which words have room
constexpr double kReplicaTint = 0.72; // of the way to the surface: ground of the replica hatch

constexpr std::size_t kMostRound = 300;

/// More outlines than this are a pattern of their own; larger groups stand out by keeping their colour.
constexpr std::size_t kMostOutlined = 16;
constexpr int kMostStripes = 8;
constexpr double kNeutral = 0.45; // of the way to the surface: the grey of many colours

/// From line to line of a tile's facts.
double factLine()
{
    return scaledToText(15);
}

/// Height of the mark that holds words.
double markHeight()
{
    return scaledToText(14);
}

/// How a tile is dressed, decided before anything is drawn.
struct Dress {
    QColor colour; ///< place colour
    QColor ground; ///< what text stands on
    QColor text;
    bool copy = false;
    bool over = false; ///< more is used than there is
    bool faded = false;
};

/// `isFlat`: without a hatch.
Dress dressOf(const MeshDrawing& drawing, const DeviceFacts& facts, bool isFlat)
{
    using Shade = MeshPalette::Shade;
    Dress dress;
    dress.copy = drawing.palette->isCopy(facts);
    dress.over = drawing.palette->isOver(facts);
    dress.faded = drawing.isFaded(facts);
    dress.colour = drawing.palette->colourOf(facts, dress.faded ? Shade::Faded : Shade::Plain);
    dress.ground = dress.colour;
    if (dress.copy && isFlat)
        dress.ground = drawing.palette->colourOf(facts, dress.faded ? Shade::FadedFlat : Shade::Flat);
    else if (dress.copy)
        dress.ground = drawing.input.theme.faded(dress.colour, kReplicaTint);
    dress.text = dress.faded ? drawing.ink(Ink::Text3) : drawing.palette->textOn(dress.ground);
    return dress;
}

double padOf(double width)
{
    return width >= 60 ? 6 : (width >= 34 ? 4 : 1);
}

/// How devices that do nothing are named: all in the same way, as the widest name and the smallest tile allow.
struct EmptyNames {
    bool named = false;   ///< "GPU 12"
    bool indexed = false; ///< "12"
    bool idle = false;    ///< with "idle" below
};

/// Devices beside a pool's worker may be other workers', which are not shown.
QString idleWord(const Scenario& scenario)
{
    return servedByPools(scenario) ? MeshWords::tr("not shown") : MeshWords::tr("idle");
}

EmptyNames emptyNames(const MeshDrawing& drawing)
{
    QSizeF least(1e9, 1e9);
    for (const MeshTile& tile : drawing.layout.tiles)
        least = tile.count == 1 ? least.boundedTo(tile.rect.size()) : least;
    const double room = least.width() - 2 * padOf(least.width());
    const double height = least.height() - 2;
    const int last = drawing.layout.last();
    EmptyNames names;
    if (height < lineHeight(TextRole::Note))
        return names;
    // Bold, as devices that are used have it: both kinds are named alike.
    names.named = textWidth(deviceName(drawing.input.scenario, last), TextRole::BodyStrong) <= room;
    names.indexed = textWidth(QString::number(last), TextRole::Note) <= room;
    names.idle = height >= 2 * factLine() + 4 && textWidth(idleWord(drawing.input.scenario), TextRole::Note) <= room;
    return names;
}

class Tile {
public:
    Tile(const MeshDrawing& drawing, const MeshTile& tile, const EmptyNames& names)
        : m_drawing(drawing),
          m_scene(drawing.scene),
          m_rect(tile.rect),
          m_tile(tile),
          m_names(names)
    {
        if (!drawing.sight.isEmpty()) // what is in sight of a large tile is drawn as if it were the tile: its words stay readable
            m_rect &= drawing.sight;
        m_side = std::min(m_rect.width(), m_rect.height());
    }

    void draw()
    {
        const bool idle = m_drawing.facts && m_tile.device >= m_drawing.facts->used();
        Subject subject{.kind = Subject::Kind::Device, .device = m_tile.device};
        if (!m_drawing.facts || idle) {
            drawEmpty(idle);
        } else {
            m_facts = m_drawing.facts->of(m_tile.device);
            subject.stage = m_facts.stage;
            m_dress = dressOf(m_drawing, m_facts, m_side < kLeastHatched);
            drawGround();
            if (m_tile.count == 1 && m_side >= kReadable)
                drawContent();
            drawMarks();
        }
        m_drawing.hit(m_rect, subject);
    }

private:
    [[nodiscard]] QColor ink(Ink ink) const { return m_drawing.ink(ink); }
    /// Round corners cost ten times a plain rectangle and tell nothing in a crowd.
    [[nodiscard]] bool isRound() const { return m_side >= 20 && m_drawing.layout.tiles.size() <= kMostRound; }
    [[nodiscard]] double radius() const { return isRound() ? 3 : 0; }

    void drawEmpty(bool idle)
    {
        // Empty, because the plan leaves it out: dashed. Empty, because there is no legal plan: a plain outline.
        if (m_side >= 5)
            m_scene.roundedRect(m_rect, radius(), ink(Ink::Surface), ink(m_side >= 20 ? Ink::Strong : Ink::Line), 1, idle && m_side >= 12);
        else
            m_scene.fill(m_rect, ink(Ink::Grid));
        if (m_tile.count > 1 || !m_names.indexed)
            return;
        const QString text = m_names.named ? deviceName(m_drawing.input.scenario, m_tile.device) : QString::number(m_tile.device);
        const QRectF inner = m_rect.adjusted(0, 1, 0, -1);
        const bool two = idle && m_names.idle;
        if (inner.width() < textWidth(text, TextRole::Note) || inner.height() < (two ? 2 : 1) * factLine()) // cut by the view's edge
            return;
        m_drawing.text(inner.adjusted(0, 0, 0, two ? -factLine() : 0), text, TextRole::Note, ink(Ink::Text3), Qt::AlignCenter);
        if (two)
            m_drawing.text(inner.adjusted(0, factLine(), 0, 0), idleWord(m_drawing.input.scenario), TextRole::Note, ink(Ink::Text3),
                           Qt::AlignCenter);
    }

    void drawGround()
    {
        const QColor edge = m_side >= 7 ? m_drawing.input.theme.edgeOf(m_dress.colour) : QColor();
        if (m_tile.count > 1 && drawBands())
            return;
        if (m_dress.copy && m_side >= kLeastHatched)
            m_scene.hatch(m_rect, Hatch::Replica, m_dress.colour, edge);
        else if (m_dress.copy)
            m_scene.fill(m_rect, m_dress.ground, edge);
        else if (isRound())
            m_scene.roundedRect(m_rect, radius(), m_dress.colour, edge);
        else
            m_scene.fill(m_rect, m_dress.colour, edge);
        if (m_dress.over && m_side >= 5)
            m_scene.hatch(m_rect, Hatch::OverCapacity, {}, ink(Ink::Violation));
    }

    /// Devices of the tile that stand for all of it, side by side: each one, or where that are too many one of each kind that the legend
    /// tells apart. None: more kinds than have room.
    [[nodiscard]] std::vector<int> standIns() const
    {
        const MeshFacts& facts = *m_drawing.facts;
        const MeshPalette& palette = *m_drawing.palette;
        const auto room = static_cast<std::size_t>(std::clamp(static_cast<int>(m_rect.width() / 1.5), 2, kMostStripes));
        const int members = std::min(m_tile.count, facts.used() - m_tile.device);
        std::vector<int> devices;
        devices.reserve(kMostStripes);
        const auto spread = [&](int count) { // evenly over the tile
            for (int i = 0; i < count; ++i)
                devices.push_back(m_tile.device + static_cast<int>(std::int64_t{i} * members / count));
        };
        if (static_cast<std::size_t>(members) <= room) {
            spread(members);
            return devices;
        }
        const bool repeats = facts.areBlocks() && palette.repeatsWithReplicas();
        const int walked = repeats ? std::min(members, facts.replicaDevices()) : members;
        std::set<int> kinds;
        for (int device = m_tile.device; device < m_tile.device + walked; ++device) {
            if (!kinds.insert(palette.kindOf(facts.of(device))).second)
                continue;
            devices.push_back(device);
            if (!palette.isOrdered() && devices.size() > room)
                return {};
        }
        if (devices.size() == 1) { // of one stage: its steps
            devices.clear();
            spread(static_cast<int>(room));
        } else if (devices.size() > room) {
            std::vector<int> some;
            some.reserve(room);
            for (std::size_t i = 0; i < room; ++i) // both ends among them
                some.push_back(devices[i * (devices.size() - 1) / (room - 1)]);
            devices = some;
        } else { // a little into its kind, where the legend's colour is
            for (int& device : devices) {
                const int inside = device + facts.stageDevices() / 3;
                if (inside < m_tile.device + members && palette.kindOf(facts.of(inside)) == palette.kindOf(facts.of(device)))
                    device = inside;
            }
        }
        return devices;
    }

    /// A tile of several devices never shows the colour of one of them for all: bands of their colours, or that of none.
    bool drawBands()
    {
        const bool isHatched = m_dress.copy && m_side >= kLeastHatched;
        const QColor edge = m_side >= kLeastHatched ? ink(Ink::Strong) : QColor(); // bands are narrow enough without
        const std::vector<int> devices = standIns();
        if (devices.empty()) {
            const QColor none = m_drawing.input.theme.faded(ink(Ink::Text3), kNeutral);
            if (isHatched)
                m_scene.hatch(m_rect, Hatch::Replica, none, edge);
            else
                m_scene.fill(m_rect, none, edge);
            return true;
        }
        std::vector<Dress> dresses;
        dresses.reserve(devices.size());
        for (const int device : devices)
            dresses.push_back(dressOf(m_drawing, m_drawing.facts->of(device), !isHatched));
        if (std::all_of(dresses.begin(), dresses.end(),
                        [&](const Dress& each) { return each.ground == m_dress.ground && each.over == m_dress.over; }))
            return false;
        const double width = m_rect.width() / static_cast<double>(dresses.size());
        for (std::size_t i = 0; i < dresses.size(); ++i) {
            const QRectF band(m_rect.left() + static_cast<double>(i) * width, m_rect.top(), width, m_rect.height());
            if (isHatched && dresses[i].copy)
                m_scene.hatch(band, Hatch::Replica, dresses[i].colour, dresses[i].ground);
            else
                m_scene.fill(band, dresses[i].ground);
            if (dresses[i].over && m_side >= 5)
                m_scene.hatch(band, Hatch::OverCapacity, {}, ink(Ink::Violation));
        }
        m_scene.fill(m_rect, QColor(), edge);
        return true;
    }

    void drawMarks()
    {
        const MeshFocus& focus = m_drawing.focus;
        if (focus.device < 0)
            return;
        const bool here = focus.device >= m_tile.device && focus.device < m_tile.device + m_tile.count;
        if (here) // the view rings what is hovered or pinned; this is for pictures without a pointer
            m_scene.roundedRect(m_rect, radius(), QColor(), ink(Ink::Text), 1);
        else if (m_facts.device == focus.next || m_facts.device == focus.previous)
            drawPeerMark(m_drawing, m_rect, PeerMark::Dashed, ink(Ink::Send), radius());
        for (const MeshGroup& group : focus.groups) {
            if (!here && group.peers.size() <= kMostOutlined && group.contains(m_facts.device))
                drawPeerMark(m_drawing, m_rect, group.mark, groupColour(m_drawing, group), radius());
        }
    }

    // ---- content, from the bottom edge up and from the top edge down ----

    void drawContent()
    {
        const double pad = padOf(m_rect.width());
        m_inner = m_rect.adjusted(pad, m_rect.height() >= 40 ? 4 : 1, -pad, m_rect.height() >= 40 ? -5 : -2);
        if (m_inner.width() < 6 || m_inner.height() < 4)
            return;
        // The hatch of copies frames their text instead of crossing it; originals keep the same margins, so that all show the same facts.
        const bool hasFrame = m_drawing.palette->marksCopies() || (m_drawing.palette->isScale() && !m_drawing.input.report.memory.fits);
        if (hasFrame && m_rect.height() >= 32 && m_rect.width() >= 40) {
            const bool roomy = m_rect.width() >= 100 && m_rect.height() >= 60;
            const double frame = roomy ? 10 : 5;
            m_margin = frame;
            m_frame = m_dress.copy || m_dress.over ? frame : 0;
            if (m_frame > 0)
                m_scene.fill(m_rect.adjusted(frame, roomy ? 6 : 4, -frame, roomy ? -6 : -4), m_dress.ground);
            m_inner.adjust(roomy ? 8 : 2, m_rect.height() >= 40 ? 3 : 1, roomy ? -8 : -2, m_rect.height() >= 40 ? -3 : -1);
        }
        drawMemoryBar();
        drawKvMark();
        drawLines();
    }

    /// One line in the middle of a tile, on a plain ground where the tile is hatched.
    void centredText(const QString& text, TextRole role)
    {
        if ((m_dress.copy || m_dress.over) && m_frame == 0) {
            const double width = textWidth(text, role) + 6;
            const QRectF plate(m_inner.center().x() - width / 2, m_inner.center().y() - markHeight() / 2, width, markHeight());
            m_scene.fill(plate.intersected(m_rect.adjusted(1, 1, -1, -1)), m_dress.ground);
        }
        m_drawing.text(m_inner, text, role, m_dress.text, Qt::AlignCenter);
    }
    /// All tiles name themselves in the same way: the widest one decides.
    [[nodiscard]] bool allFit(const QString& widest, TextRole role) const { return textWidth(widest, role) <= m_inner.width(); }

    void drawMemoryBar()
    {
        if (m_rect.height() < 40 || m_inner.width() < 30)
            return;
        const QRectF bar(m_inner.left(), m_inner.bottom() - 5, m_inner.width(), 5);
        m_inner.setBottom(bar.top() - 4);
        const Theme& theme = m_drawing.input.theme;
        const DeviceMemory& memory = m_drawing.facts->memoryOf(m_facts.stage);
        const auto capacity = static_cast<double>(m_drawing.input.report.memory.capacity);
        const auto total = static_cast<double>(memory.total());
        const double scale = bar.width() / std::max({capacity, total, 1.0});
        const double fade = m_dress.faded ? kFade : 0;
        m_scene.fill(bar, ink(Ink::Sunken), ink(m_dress.faded ? Ink::Line : Ink::Strong));
        double x = bar.left();
        const auto part = [&](Bytes bytes, MemoryClass what) {
            const double width = static_cast<double>(bytes) * scale;
            if (width >= 0.5)
                m_scene.fill(QRectF(x, bar.top(), width, bar.height()), theme.faded(theme.color(what), fade));
            x += width;
        };
        part(memory.weights(), MemoryClass::Weights);
        part(memory.kv, MemoryClass::Kv);
        part(memory.activations, MemoryClass::Activations);
        part(memory.buffers, MemoryClass::Buffers);
        part(memory.reserve, MemoryClass::Reserve);
        if (total > capacity) {
            const QRectF excess(bar.left() + capacity * scale, bar.top(), (total - capacity) * scale, bar.height());
            m_scene.hatch(excess, Hatch::OverCapacity);
            m_scene.line(excess.topLeft() - QPointF(0, 2), excess.bottomLeft() + QPointF(0, 2), ink(Ink::Text), 1.5);
        }
    }

    [[nodiscard]] bool showsKvMark() const
    {
        return m_facts.kvCopies > 1 || (m_drawing.options.colour == MeshColour::KvHead && m_drawing.facts->attention());
    }

    void drawKvMark()
    {
        if (!showsKvMark() || m_rect.height() < 16)
            return;
        const bool latent = m_drawing.facts->attention()->kind == AttentionKind::Latent;
        const QString text = latent ? MeshWords::tr("KV latent") : MeshWords::tr("KV %1").arg(rangeText(m_facts.kvHeads));
        const double width = textWidth(text, TextRole::Note);
        const bool room = m_inner.height() >= factLine() + markHeight() && width <= m_rect.width() - 2 * m_margin - 8;
        const double height = room ? markHeight() : (m_rect.height() < 24 ? 3 : 4);
        const double bottom = m_rect.height() < 40 ? m_rect.bottom() - 1 : m_inner.bottom();
        const double inset = std::max(m_margin, 2.0);
        const QRectF mark(m_rect.left() + inset, bottom - height, m_rect.width() - 2 * inset, height);
        const Theme& theme = m_drawing.input.theme;
        const QColor kv = m_dress.faded ? theme.faded(ink(Ink::Kv), kFade) : ink(Ink::Kv);
        const bool copy = m_facts.kvCopy > 0;
        if (copy)
            m_scene.hatch(mark, Hatch::Replica, kv, theme.edgeOf(kv));
        else
            m_scene.fill(mark, kv, theme.edgeOf(kv));
        m_inner.setBottom(mark.top() - (room ? 1 : 0));
        if (!room)
            return;
        const QColor ground = copy ? theme.faded(kv, kReplicaTint) : kv;
        if (copy)
            m_scene.fill(QRectF(mark.center().x() - width / 2 - 3, mark.top() + 1, width + 6, mark.height() - 2), ground);
        m_drawing.text(mark, text, TextRole::Note, m_dress.faded ? ink(Ink::Text3) : Theme::textOn(ground), Qt::AlignCenter);
    }

    /// "experts %1" where the longest range still fits behind it, so that all tiles say it in the same way.
    [[nodiscard]] QString expertsName() const
    {
        const int all = m_drawing.facts->experts();
        const QString longest = MeshWords::tr("experts %1").arg(rangeText({all - std::max(m_facts.experts.count(), 1), all}));
        return allFit(longest, TextRole::Note) ? MeshWords::tr("experts %1") : MeshWords::tr("E %1");
    }

    /// One fact of this tile, and the longest text that any tile has in its place: that one decides what all tiles show.
    struct Fact {
        QString text;
        QString longest;
    };

    [[nodiscard]] Fact ranged(const QString& name, IndexRange range, int all) const
    {
        return {name.arg(rangeText(range)), name.arg(rangeText({std::max(0, all - range.count()), all}))};
    }

    [[nodiscard]] Fact place() const
    {
        const Plan& plan = m_drawing.input.scenario.plan;
        QStringList here;
        QStringList longest;
        const auto add = [&here, &longest](int size, const char* name, int at) {
            if (size < 2)
                return;
            here += QString::fromLatin1(name) + QLatin1Char(' ') + QString::number(at);
            longest += QString::fromLatin1(name) + QLatin1Char(' ') + QString::number(size - 1);
        };
        add(plan.tensor(), "TP", m_facts.tensor);
        add(plan.sequence(), "SP", m_facts.sequence);
        add(plan.attentionData(), "aDP", m_facts.attentionData);
        add(plan.pipeline(), "PP", m_facts.stage);
        const int drawn =
            m_drawing.facts->areBlocks() ? m_drawing.layout.shown / std::max(1, m_drawing.facts->replicaDevices()) : plan.data();
        add(std::min(plan.data(), drawn), "DP", m_facts.replica);
        const QString comma = QStringLiteral(", ");
        while (here.size() > 1 && !allFit(longest.join(comma), TextRole::Note)) {
            here.removeLast();
            longest.removeLast();
        }
        return {here.join(comma), longest.join(comma)};
    }

    [[nodiscard]] std::vector<Fact> facts() const
    {
        const Attention* attention = m_drawing.facts->attention();
        std::vector<Fact> lines;
        if (m_drawing.palette->isScale()) {
            const QString words = m_drawing.palette->isMemory() ? MeshWords::tr("%1 full") : MeshWords::tr("%1 busy");
            const QString share = qs(formatPercent(m_drawing.palette->shareOf(m_facts)));
            const QString longest = QStringLiteral("99.9 %");
            const bool named = allFit(words.arg(longest), TextRole::Note); // else the legend says of what
            lines.push_back({named ? words.arg(share) : share, named ? words.arg(longest) : longest});
            lines.push_back({m_drawing.palette->loadText(m_facts.expertRank), m_drawing.palette->longestLoadText()});
        }
        lines.push_back(place());
        if (m_facts.queryHeads.count() > 0)
            lines.push_back(ranged(MeshWords::tr("Q %1"), m_facts.queryHeads, attention->queryHeads));
        if (m_facts.experts.count() > 0 && m_drawing.input.scenario.plan.expert() > 1)
            lines.push_back(ranged(expertsName(), m_facts.experts, m_drawing.facts->experts()));
        if (!showsKvMark() && m_facts.kvHeads.count() > 0)
            lines.push_back(ranged(MeshWords::tr("KV %1"), m_facts.kvHeads, attention->kvHeads));
        if (m_drawing.facts->layout().visits() == 1) {
            lines.push_back(ranged(MeshWords::tr("layers %1"), m_facts.layers, m_drawing.input.scenario.model->layerCount()));
        } else {
            const QString layers = MeshWords::tr("layers %1");
            lines.push_back({layers.arg(m_drawing.facts->layersText(m_facts.stage)),
                             layers.arg(m_drawing.facts->layersText(m_drawing.facts->stages() - 1))});
        }
        const auto total = static_cast<double>(m_drawing.facts->memoryOf(m_facts.stage).total());
        const QString memory =
            MeshWords::tr("%1 of %2 GiB")
                .arg(qs(formatNumber(total / kGiB)), qs(formatNumber(static_cast<double>(m_drawing.input.report.memory.capacity) / kGiB)));
        lines.push_back({memory, memory});
        return lines;
    }

    void drawLines()
    {
        const double noteHeight = lineHeight(TextRole::Note);
        if (m_inner.height() < noteHeight - 2 || m_inner.width() < 7) // a line's box is taller than its letters
            return;
        double y = m_inner.top();
        const bool oneLine = m_inner.height() < factLine() + noteHeight;
        const QString name = deviceName(m_drawing.input.scenario, m_tile.device);
        const QString index = QString::number(m_tile.device);
        // On a chip with its number in the frame, the heads say more than the core's index.
        if (oneLine && m_facts.queryHeads.count() > 0 && isOnChip(*m_drawing.input.scenario.cluster, 0)) {
            const Fact heads = ranged(MeshWords::tr("Q %1"), m_facts.queryHeads, m_drawing.facts->attention()->queryHeads);
            if (allFit(heads.longest, TextRole::Note)) {
                centredText(heads.text, TextRole::Note);
                return;
            }
        }
        const int last = m_drawing.layout.last();
        const bool strong = allFit(deviceName(m_drawing.input.scenario, last), TextRole::BodyStrong) && m_inner.height() >= noteHeight;
        if (!strong && !allFit(QString::number(last), TextRole::Note))
            return;
        if (oneLine) {
            drawOneLine(strong ? name : index, strong ? TextRole::BodyStrong : TextRole::Note);
            return;
        }
        const QRectF title(m_inner.left(), y, m_inner.width(), factLine() + 1);
        m_drawing.text(title, strong ? name : index, strong ? TextRole::BodyStrong : TextRole::NoteStrong, m_dress.text);
        y = title.bottom();
        const auto fitting = static_cast<int>((m_inner.bottom() - y + 1) / factLine());
        int shown = 0;
        double textBottom = y;
        for (const Fact& fact : facts()) {
            if (shown >= fitting)
                break;
            if (fact.text.isEmpty() || !allFit(fact.longest, TextRole::Note))
                continue;
            m_drawing.text(QRectF(m_inner.left(), y, m_inner.width(), factLine()), fact.text, TextRole::Note, m_dress.text);
            y += factLine();
            textBottom = y;
            ++shown;
        }
        const double used = textWidth(strong ? deviceName(m_drawing.input.scenario, last) : QString::number(last),
                                      strong ? TextRole::BodyStrong : TextRole::NoteStrong);
        drawGlyph(title, used, textBottom);
    }

    /// A flat tile: the name, and beside it the facts that fit.
    void drawOneLine(const QString& name, TextRole role)
    {
        QString beside;
        QString longest;
        const bool room = m_inner.width() >= textWidth(name, role) + 60;
        for (const Fact& fact : room ? facts() : std::vector<Fact>{}) {
            if (fact.text.isEmpty())
                continue;
            longest += (longest.isEmpty() ? QString() : QStringLiteral("  ")) + fact.longest;
            if (textWidth(name, role) + 30 + textWidth(longest, TextRole::Note) > m_inner.width())
                break;
            beside += (beside.isEmpty() ? QString() : QStringLiteral("  ")) + fact.text;
        }
        if (beside.isEmpty()) {
            centredText(name, role);
            return;
        }
        if ((m_dress.copy || m_dress.over) && m_frame == 0)
            m_scene.fill(m_inner.adjusted(-2, 1, 2, -1), m_dress.ground);
        m_drawing.text(m_inner, name, role, m_dress.text);
        const double width = textWidth(beside, TextRole::Note);
        m_drawing.text(QRectF(m_inner.right() - width, m_inner.top(), width, m_inner.height()), beside, TextRole::Note, m_dress.text);
    }

    /// What the device owns of the model: layers down, heads across.
    void drawGlyph(const QRectF& title, double nameWidth, double textBottom)
    {
        const Plan& plan = m_drawing.input.scenario.plan;
        if (plan.tensor() * plan.pipeline() == 1)
            return;
        const double below = m_inner.bottom() - textBottom;
        if (below >= 34 && m_inner.width() >= 90) {
            const double height = std::min(below - 8, 56.0);
            glyphIn(QRectF(m_inner.left(), std::floor(m_inner.bottom() - height - 2), m_inner.width(), height));
            return;
        }
        const double width = std::min(std::floor(title.width() - nameWidth - 6), 30.0);
        if (width >= 18)
            glyphIn(QRectF(title.right() - width, title.top() + 2, width, 13));
    }

    void glyphIn(const QRectF& box)
    {
        const Plan& plan = m_drawing.input.scenario.plan;
        const Theme& theme = m_drawing.input.theme;
        const QColor frame = m_dress.faded ? theme.faded(m_dress.text, 0.5) : m_dress.text;
        const int columns = std::min(plan.tensor(), static_cast<int>(box.width() / 5));
        const int rows = std::min(plan.pipeline(), static_cast<int>(box.height() / 4));
        const bool surface = theme.id() == ThemeId::Dark;
        m_scene.fill(box, theme.faded(m_dress.colour, surface ? 0.35 : 0.6), theme.faded(frame, 0.45));
        QPainterPath lines;
        for (int column = 1; column < columns; ++column) {
            lines.moveTo(std::floor(box.left() + column * box.width() / columns) + 0.5, box.top() + 1);
            lines.lineTo(std::floor(box.left() + column * box.width() / columns) + 0.5, box.bottom() - 1);
        }
        for (int row = 1; row < rows; ++row) {
            lines.moveTo(box.left() + 1, std::floor(box.top() + row * box.height() / rows) + 0.5);
            lines.lineTo(box.right() - 1, std::floor(box.top() + row * box.height() / rows) + 0.5);
        }
        if (!lines.isEmpty())
            m_scene.path(lines, QColor(), theme.faded(frame, 0.6), 1);
        const double w = std::max(box.width() / plan.tensor(), 3.0);
        const double h = std::max(box.height() / plan.pipeline(), 3.0);
        const double x = std::min(box.left() + m_facts.tensor * box.width() / plan.tensor(), box.right() - w);
        const double y = std::min(box.top() + m_facts.stage * box.height() / plan.pipeline(), box.bottom() - h);
        // A large block in full ink would be the loudest thing in the picture.
        const bool large = box.height() > 20;
        m_scene.fill(QRectF(x, y, w, h), large ? mixed(frame, m_dress.colour, 0.4) : frame);
    }

    [[nodiscard]] static QColor mixed(const QColor& a, const QColor& b, double fraction)
    {
        const auto channel = [fraction](int from, int to) { return static_cast<int>(std::lround(from + (to - from) * fraction)); };
        return {channel(a.red(), b.red()), channel(a.green(), b.green()), channel(a.blue(), b.blue())};
    }

    const MeshDrawing& m_drawing;
    Scene& m_scene;
    QRectF m_rect;
    const MeshTile& m_tile;
    const EmptyNames& m_names;
    DeviceFacts m_facts;
    Dress m_dress;
    QRectF m_inner;
    double m_side = 0;
    double m_margin = 0; ///< where some tiles have a hatched frame: kept free on all
    double m_frame = 0;  ///< hatched margin round the plain ground of a copy; 0: none
};

} // namespace

void drawMeshTiles(const MeshDrawing& drawing)
{
    const EmptyNames names = emptyNames(drawing);
    for (const MeshTile& tile : drawing.layout.tiles)
        Tile(drawing, tile, names).draw();
}

} // namespace shardlens
