// SPDX-License-Identifier: Apache-2.0
// What the memory picture says beside its bars: what is free or missing, the axis, and the fullest device in detail.
#include "core/base/format.h"
#include "ui/scene/memorypicture.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kTickGap = 16; // px, between a number of the axis and the capacity's

/// On a ground of its own: grid lines would cross the letters.
void writeOnGround(Scene& scene, const Theme& theme, const QRectF& box, const QString& text, TextRole role, Ink ink, Qt::Alignment side)
{
    if (text.isEmpty())
        return;
    const double width = std::min(textWidth(text, role), box.width());
    const double left = side.testFlag(Qt::AlignRight)     ? box.right() - width
                        : side.testFlag(Qt::AlignHCenter) ? box.center().x() - width / 2
                                                          : box.left();
    scene.fill({left - 3, box.top(), width + 6, box.height()}, theme.color(Ink::Surface));
    scene.text(box, text, role, theme.color(ink), side, true);
}

} // namespace

QString MemoryPicture::requestsText() const
{
    const Workload& workload = m_input.scenario.workload;
    const QString tokens = MemoryText::tr("%1 tokens").arg(qs(formatCount(workload.fullContext())));
    QString each;
    if (m_input.scenario.plan.data() > 1)
        each = MemoryText::tr(" per replica");
    if (fits()) {
        const std::int64_t more = std::max<std::int64_t>(0, m_memory.maxBatchPerReplica - workload.batch);
        if (more == 0)
            return MemoryText::tr("no further request of %1").arg(tokens) + each;
        const QString count = qs(formatCount(more));
        const QString requests = more == 1 ? MemoryText::tr("%1 more request").arg(count) : MemoryText::tr("%1 more requests").arg(count);
        return m_brief ? requests : QString(MemoryText::tr("%1 of %2").arg(requests, tokens) + each);
    }
    if (m_memory.maxBatchPerReplica > 0 && m_brief)
        return MemoryText::tr("batch %1 would fit").arg(qs(formatCount(m_memory.maxBatchPerReplica)));
    if (m_memory.maxBatchPerReplica > 0)
        return MemoryText::tr("batch %1 would fit at %2").arg(qs(formatCount(m_memory.maxBatchPerReplica)), tokens) + each;
    const auto weights = static_cast<double>(m_memory.limiting().weights());
    if (m_memory.limiting().weights() > m_memory.capacity)
        return MemoryText::tr("weights alone: %1").arg(qs(formatBytes(weights)));
    return MemoryText::tr("no request of %1 fits beside the weights").arg(tokens);
}

/// The same room in tokens of the cache alone, all sequences of a replica together: more than the requests hold, whose activations and
/// buffers grow with them.
QString MemoryPicture::tokensText() const
{
    const Workload& workload = m_input.scenario.workload;
    const std::int64_t more = m_memory.maxTokensPerReplica - std::int64_t{workload.batch} * workload.fullContext();
    if (!fits() || more <= 0)
        return {};
    const QString count = more < 100'000 ? qs(formatCount(more)) : rateFigure(static_cast<double>(more)).joined();
    return m_brief ? MemoryText::tr("cache alone: %1 tokens").arg(count) : MemoryText::tr("cache alone: %1 more tokens").arg(count);
}

QString MemoryPicture::limitingName() const
{
    const DeviceMemory& fullest = m_memory.limiting();
    if (m_facts.stages() == 1)
        return m_facts.used() == 1 ? QString() : MemoryText::tr("on each device");
    const auto same = std::count_if(m_memory.stages.begin(), m_memory.stages.end(),
                                    [&](const DeviceMemory& stage) { return stage.total() == fullest.total(); });
    return same == static_cast<std::ptrdiff_t>(m_memory.stages.size()) ? MemoryText::tr("on each stage")
                                                                       : MemoryText::tr("on the fullest, stage %1").arg(fullest.stage);
}

QString MemoryPicture::headlineText(double room) const
{
    const QString amount = qs(formatBytes(std::abs(static_cast<double>(m_memory.free()))));
    QString brief = fits() ? MemoryText::tr("%1 free").arg(amount) : MemoryText::tr("needs %1 more").arg(amount);
    const QString where = limitingName();
    if (where.isEmpty())
        return brief;
    const QString whole = brief + QLatin1Char(' ') + where;
    return textWidth(whole, TextRole::BodyStrong) <= room ? whole : brief;
}

/// The nearest change with which it fits, in as many words as have room.
QString MemoryPicture::cureText(double room) const
{
    if (!m_ghost || !m_ghost->change.fits
        || (m_ghost->change.scenario.workload != m_input.scenario.workload && m_memory.maxBatchPerReplica > 0))
        return {}; // a smaller batch is said already
    const QString label = qs(m_ghost->change.label);
    const QString spare = qs(formatBytes(static_cast<double>(m_ghost->after.free())));
    const QString here = counted(m_input.scenario.cluster->devices(), qs(m_input.scenario.cluster->accelerator.noun));
    const QString whole = m_ghost->moreDevices() ? MemoryText::tr("nothing fits on %1; it takes %2, %3 free").arg(here, label, spare)
                                                 : MemoryText::tr("%1 would fit, %2 free").arg(label, spare);
    const QString brief = m_ghost->moreDevices() ? MemoryText::tr("it takes %1").arg(label) : MemoryText::tr("%1 would fit").arg(label);
    return firstFitting({whole, brief, label}, TextRole::Note, room);
}

double MemoryPicture::freeWidth() const
{
    return (m_broken ? m_break - 6 : m_capacityX) - xOf(m_memory.limiting().total());
}

double MemoryPicture::freeTextWidth() const
{
    return std::max({textWidth(headlineText(0), TextRole::BodyStrong), textWidth(requestsText(), TextRole::Note),
                     textWidth(tokensText(), TextRole::Note)})
           + 16;
}

void MemoryPicture::drawAnnotation()
{
    const double totalX = xOf(m_memory.limiting().total());
    m_scene.line({m_capacityX, m_plot.top() - 6}, {m_capacityX, m_bottom}, ink(Ink::Text), 2);
    if (m_broken)
        drawBreak();
    if (!m_words)
        return;
    if (!fits()) {
        drawNeed();
        return;
    }
    const double strong = std::ceil(lineHeight(TextRole::BodyStrong));
    const double gap = freeWidth();
    const auto run = emptyRun();
    double y = m_plot.bottom() + strong + 3;
    if (!m_band)
        y = rowTop(run.first) + (static_cast<double>(run.second) * m_pitch - bandHeight()) / 2 + strong + 2;
    y = std::floor(y) + 0.5;
    const bool wide = gap >= freeTextWidth(); // in the band too the words stand under the free part when it has room
    m_scene.line({std::floor(totalX) + 0.5, m_plot.top() - 2}, {std::floor(totalX) + 0.5, wide ? m_bottom : m_plot.bottom()},
                 ink(Ink::Text3), 1, true);
    const double left = wide ? totalX : m_plot.left();
    const double right = wide ? totalX + gap : std::min(m_capacityX, m_area.right());
    const Qt::Alignment side = (wide ? Qt::AlignHCenter : Qt::AlignRight) | Qt::AlignVCenter;
    const QRectF box(left + 4, y - strong - 1, right - left - 12, strong);
    if (box.width() < 30)
        return;
    if (gap >= 24 && wide) {
        m_scene.arrow({totalX + gap / 2, y}, {totalX + 2, y}, ink(Ink::Text2), 1, false, 6);
        m_scene.arrow({totalX + gap / 2, y}, {m_capacityX - 3.0, y}, ink(Ink::Text2), 1, false, 6);
    }
    writeOnGround(m_scene, m_input.theme, box, headlineText(box.width()), TextRole::BodyStrong, Ink::Text, side);
    const QRectF second(box.left(), y + 2, box.width(), m_note);
    writeOnGround(m_scene, m_input.theme, second, requestsText(), TextRole::Note, Ink::Text2, side);
    writeOnGround(m_scene, m_input.theme, second.translated(0, m_note), tokensText(), TextRole::Note, Ink::Text2, side);
}

void MemoryPicture::drawNeed()
{
    const double strong = std::ceil(lineHeight(TextRole::BodyStrong));
    const double leftRoom = m_capacityX - m_plot.left();
    const double rightRoom = m_area.right() - m_capacityX;
    const bool left = leftRoom >= rightRoom;
    const QRectF box = left ? QRectF(m_area.left(), m_plot.bottom() + 2, m_capacityX - 10 - m_area.left(), strong)
                            : QRectF(m_capacityX + 10, m_plot.bottom() + 2, rightRoom - 10, strong);
    if (box.width() < 30)
        return; // a few letters and an ellipsis say nothing
    const Qt::Alignment side = (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter;
    writeOnGround(m_scene, m_input.theme, box, headlineText(box.width()), TextRole::BodyStrong, Ink::Violation, side);
    const QRectF second(box.left(), box.bottom(), box.width(), m_note);
    m_brief = textWidth(requestsText(), TextRole::Note) > second.width();
    if (m_compact) { // the number of devices is in no other place
        const QString line = m_ghost->moreDevices() ? cureText(second.width()) : requestsText();
        writeOnGround(m_scene, m_input.theme, second, line, TextRole::Note, Ink::Text2, side);
        return;
    }
    writeOnGround(m_scene, m_input.theme, second, requestsText(), TextRole::Note, Ink::Text2, side);
    writeOnGround(m_scene, m_input.theme, second.translated(0, m_note), cureText(second.width()), TextRole::Note, Ink::Text2, side);
}

/// Where the axis leaves out a part: two slanted strokes on a gap, through the axis and faintly through the plot.
void MemoryPicture::drawBreak()
{
    m_scene.fill(QRectF(m_break - 4, m_axisY - 3, 8, 6), ink(Ink::Surface));
    for (const double x : {m_break - 4, m_break + 4})
        m_scene.line({x - 3, m_axisY + 6}, {x + 3, m_axisY - 6}, ink(Ink::Text), 1.25);
    QPolygonF zigzag;
    const double step = 6;
    bool right = false;
    for (double y = m_plot.top() - 2; y <= m_plot.bottom() - 1; y += step, right = !right)
        zigzag << QPointF(m_break + (right ? 2.0 : -2.0), y);
    if (zigzag.size() > 1)
        m_scene.polyline(zigzag, ink(Ink::Strong), 1);
}

void MemoryPicture::drawAxis()
{
    if (m_broken) {
        m_scene.line({m_plot.left(), m_axisY}, {m_break - 5, m_axisY}, ink(Ink::Strong));
        m_scene.line({m_break + 5, m_axisY}, {m_area.right(), m_axisY}, ink(Ink::Strong));
    } else {
        m_scene.line({m_plot.left(), m_axisY}, {m_area.right(), m_axisY}, ink(Ink::Strong));
    }
    const QString capacity = qs(formatBytes(static_cast<double>(m_memory.capacity)));
    const double width = textWidth(capacity, TextRole::NoteStrong);
    const double capLeft = std::clamp(m_capacityX - width / 2, m_plot.left(), m_area.right() - width);
    m_scene.line({m_capacityX, m_axisY}, {m_capacityX, m_axisY + 5}, ink(Ink::Text), 2);
    m_scene.text(QRectF(capLeft, m_axisY + 6, width + 0.5, m_note), capacity, TextRole::NoteStrong, ink(Ink::Text));
    const bool grouped = m_options.bars == MemoryBars::Automatic && m_facts.stages() > 1 && m_rows.front().device < 0;
    if (grouped || m_broken) {
        const QString text =
            grouped ? firstFitting({MemoryText::tr("grouped by stage"), MemoryText::tr("by stage")}, TextRole::Note, m_label - 9)
                    : firstFitting({MemoryText::tr("axis broken"), MemoryText::tr("broken")}, TextRole::Note, m_label - 9);
        m_scene.text(QRectF(m_area.left(), m_axisY + 6, m_label - 8, m_note), text, TextRole::Note, ink(Ink::Text3));
    }
    const double end = scaleEnd();
    for (const double tick : niceTicks((end - m_plot.left()) / m_scale / kGiB, ticksAtMost())) {
        const double x = std::floor(m_plot.left() + tick * kGiB * m_scale) + 0.5;
        const QString label = qs(formatNumber(tick));
        const double half = textWidth(label, TextRole::Note) / 2;
        if (x + half > m_area.right() || x > end || (x + half > capLeft - kTickGap && x - half < capLeft + width + kTickGap))
            continue;
        m_scene.line({x, m_axisY}, {x, m_axisY + 4}, ink(Ink::Strong));
        m_scene.text(QRectF(x - half - 1, m_axisY + 6, 2 * half + 2, m_note), label, TextRole::Note, ink(Ink::Text3), Qt::AlignCenter);
    }
}

/// The fullest device over the whole width: classes of weights can be read although the device is nearly empty.
void MemoryPicture::drawDetail(double top)
{
    const DeviceMemory& memory = m_memory.limiting();
    const QRectF bar(m_plot.left(), top + m_note + 8, m_area.right() - m_plot.left(), 24);
    const double scale = bar.width() / std::max(1.0, static_cast<double>(memory.total()));
    const QString name =
        m_memory.stages.size() > 1 ? MemoryText::tr("stage %1, the fullest").arg(memory.stage) : MemoryText::tr("each device");
    const QString title =
        MemoryText::tr("In detail: %1, %2 over the whole width").arg(name, qs(formatBytes(static_cast<double>(memory.total()))));
    m_scene.text(QRectF(bar.left(), top, bar.width(), m_note), title, TextRole::Note, ink(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter,
                 true);
    constexpr std::size_t kMostParts = 11;
    struct Part {
        QString name;
        Bytes bytes;
        MemoryClass kind;
        bool copies;
    };
    std::vector<Part> parts;
    parts.reserve(2 * kMostParts);
    const auto add = [&parts](const QString& what, MemoryClass kind, Bytes bytes, Bytes copies = 0, const QString& ofCopies = {}) {
        parts.push_back({what, bytes - copies, kind, false});
        parts.push_back({ofCopies.isEmpty() ? MemoryText::tr("%1 copies").arg(what) : ofCopies, copies, kind, true});
    };
    const WeightReplicas& copies = memory.weightReplicas;
    const bool keyValue = copies.attention == copies.keyValue; // and of nothing else of the attention
    add(MemoryText::tr("attention"), MemoryClass::Weights, memory.attentionWeights, copies.attention,
        keyValue ? MemoryText::tr("K and V copies") : QString());
    add(MemoryText::tr("MLP"), MemoryClass::Weights, memory.mlpWeights, copies.mlp);
    add(MemoryText::tr("experts"), MemoryClass::Weights, memory.expertWeights, memory.redundantExperts,
        MemoryText::tr("redundant experts"));
    add(MemoryText::tr("embedding"), MemoryClass::Weights, memory.embeddingWeights, copies.embedding);
    add(MemoryText::tr("head"), MemoryClass::Weights, memory.headWeights, copies.head);
    add(MemoryText::tr("norms"), MemoryClass::Weights, memory.normWeights, copies.norms);
    add(MemoryText::tr("prediction layers"), MemoryClass::Weights, memory.predictionWeights, copies.prediction);
    add(MemoryText::tr("KV cache"), MemoryClass::Kv, memory.kv, memory.kvReplicas, MemoryText::tr("KV copies"));
    add(MemoryText::tr("activations"), MemoryClass::Activations, memory.activations);
    add(MemoryText::tr("buffers"), MemoryClass::Buffers, memory.buffers);
    add(MemoryText::tr("reserve"), MemoryClass::Reserve, memory.reserve);
    double x = bar.left();
    for (const Part& part : parts) {
        if (part.bytes <= 0)
            continue;
        const QRectF box(x, bar.top(), static_cast<double>(part.bytes) * scale, bar.height());
        const QColor colour = m_input.theme.color(part.kind);
        if (part.copies)
            m_scene.hatch(box, Hatch::Replica, colour, m_input.theme.edgeOf(colour));
        else
            m_scene.fill(box, colour, m_input.theme.edgeOf(colour));
        m_scene.hit(box, Subject{.kind = Subject::Kind::MemoryClass, .stage = memory.stage, .cause = static_cast<int>(part.kind)});
        const QString value = gibText(static_cast<double>(part.bytes));
        const double width = textWidth(value, TextRole::Note);
        const QColor ground = part.copies ? m_input.theme.faded(colour, 0.72) : colour;
        if (width + 10 <= box.width()) {
            if (part.copies) // a plain ground, or the hatch runs through the digits
                m_scene.fill(QRectF(box.center().x() - width / 2 - 4, box.center().y() - 8, width + 8, 16), ground);
            m_scene.text(box, value, TextRole::Note, Theme::textOn(ground), Qt::AlignCenter);
        }
        if (textWidth(part.name, TextRole::Note) + 6 <= box.width())
            m_scene.text(QRectF(box.left(), box.bottom() + 2, box.width(), m_note), part.name, TextRole::Note, ink(Ink::Text3),
                         Qt::AlignCenter);
        x += box.width();
    }
}

} // namespace shardlens
