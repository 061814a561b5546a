// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/memoryscene.h"

#include "core/base/format.h"
#include "core/scenario/fitsearch.h"
#include "ui/scene/hands.h"
#include "ui/scene/memorypicture.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kLabelShare = 0.34;  // of the width, for the names of the bars
constexpr double kLeastZone = 46;     // of the over-capacity zone
constexpr double kMostlyEmpty = 0.4;  // used share of the capacity below which the axis is broken
constexpr double kUsedShare = 0.52;   // of the axis that the used part gets then
constexpr double kBesideCapacity = 6; // from its line to a total that stands beyond it

double leastPitch()
{
    return std::max(19.0, std::ceil(lineHeight(TextRole::Body)) + 3);
}

double axisHeight()
{
    return lineHeight(TextRole::Note) + 9;
}

double detailHeight()
{
    return 2 * lineHeight(TextRole::Note) + 44;
}

} // namespace

MemoryPicture::MemoryPicture(const ViewInput& input, const MemoryOptions& options, Scene& scene)
    : m_input(input),
      m_scene(scene),
      m_memory(input.report.memory),
      m_facts(input.scenario, input.report),
      m_options(options),
      m_ghost(memoryGhost(input.scenario, input.report, options)),
      m_body(std::ceil(lineHeight(TextRole::Body))),
      m_note(std::ceil(lineHeight(TextRole::Note))),
      m_pitch(leastPitch())
{}

const DeviceMemory& MemoryPicture::of(const MemoryRow& row) const
{
    return row.ghost ? m_ghost->after.limiting() : m_facts.memoryOf(row.stage);
}

int MemoryPicture::stageOf(int device) const
{
    return device >= 0 && device < m_facts.used() ? m_facts.placement().coordinate(device, MeshAxis::Pipeline) : -1;
}

int MemoryPicture::ticksAtMost() const
{
    return std::clamp(static_cast<int>((scaleEnd() - m_plot.left()) / 50), 2, 6);
}

double MemoryPicture::bandHeight() const
{
    return std::ceil(lineHeight(TextRole::BodyStrong)) + (m_compact ? m_note + 4 : 2 * m_note + 12);
}

void MemoryPicture::draw()
{
    const std::vector<LegendEntry> legend = legendEntries();
    m_area = QRectF(QPointF(0, 0), m_input.size).adjusted(space::kInset, 8, -space::kInset, -6);
    double legendTall = legendHeight(m_area.width(), legend);
    if (m_area.width() < 180 || m_area.height() < legendTall + axisHeight() + bandHeight() + 2 * leastPitch())
        legendTall = 0;
    const double forRows = m_area.height() - legendTall - axisHeight() - 8;
    const auto setRows = [&](double room) {
        arrange(room);
        layOut(forRows);
    };
    setRows(forRows);
    const auto overflows = [&] { return m_plot.height() + (m_band || !m_words ? bandHeight() : 0) > forRows; };
    if (overflows()) // the words need a band of their own after all
        setRows(forRows - bandHeight());
    // The bar of the change with which it fits says more than the line about it.
    if (m_ghost && !fits() && !m_rows.back().ghost) {
        m_compact = true;
        setRows(forRows - bandHeight());
        m_compact = m_rows.back().ghost && m_words && !overflows();
        if (!m_compact)
            setRows(forRows - bandHeight());
    }
    drawZone();
    for (std::size_t i = 0; i < m_rows.size(); ++i)
        drawRow(i);
    drawAnnotation();
    drawAxis();
    double y = m_axisY + axisHeight() + 4;
    if (m_detail) {
        drawDetail(y + 4);
        y += detailHeight() + 8;
    }
    if (legendTall > 0)
        drawLegend(m_scene, m_input.theme, QRectF(m_area.left(), std::min(y, m_area.bottom() - legendTall), m_area.width(), legendTall),
                   legend);
}

std::vector<LegendEntry> MemoryPicture::legendEntries() const
{
    std::vector<LegendEntry> entries;
    const DeviceMemory& fullest = m_memory.limiting();
    const std::vector<MemoryWaste> waste = wasteOf(fullest);
    for (std::size_t i = 0; i < kMemoryClassCount; ++i) {
        const auto part = static_cast<MemoryClass>(i);
        const Bytes bytes = bytesOf(fullest, part);
        if (bytes <= 0)
            continue;
        LegendEntry entry;
        entry.name = qs(nameOf(part));
        if (!entry.name.isEmpty())
            entry.name[0] = entry.name[0].toUpper();
        entry.value = gibText(static_cast<double>(bytes));
        for (const MemoryWaste& each : waste)
            if (each.of == part && each.drawn)
                entry.value += QStringLiteral(", ") + each.name + QLatin1Char(' ') + gibText(static_cast<double>(each.bytes));
        entry.color = m_input.theme.color(part);
        // Of no stage: it stands for the class on every device.
        entry.subject = Subject{.kind = Subject::Kind::MemoryClass, .cause = static_cast<int>(i)};
        entries.push_back(entry);
    }
    return entries;
}

/// "on 16 cores, click to apply", as much of it as has room beside the bars.
QString MemoryPicture::ghostNote() const
{
    const Scenario& changed = m_ghost->change.scenario;
    const std::int64_t devices =
        m_ghost->moreDevices() ? std::max<std::int64_t>(changed.plan.devices(), changed.cluster->devices()) : changed.plan.devices();
    const double room = m_area.width() * kLabelShare - 8;
    QString click = m_ghost->applies && drawnForHands() ? MemoryText::tr("click to apply") : QString();
    if (devices == m_input.scenario.plan.devices())
        return click;
    const QString where = MemoryText::tr("on %1").arg(counted(static_cast<int>(devices), qs(m_input.scenario.cluster->accelerator.noun)));
    return firstFitting({click.isEmpty() ? where : MemoryText::tr("%1, %2").arg(where, click), where}, TextRole::Note, room);
}

/// Rows for so much height, a dashed one of the change below them.
void MemoryPicture::arrange(double room)
{
    const int most = static_cast<int>(std::max(1.0, room / leastPitch()));
    const bool ghost = m_ghost && most >= 2;
    m_rows = memoryRows(m_input.scenario, m_input.report, ghost ? most - 1 : most, m_options.bars);
    if (!ghost)
        return;
    MemoryRow row;
    row.ghost = true;
    row.stage = m_ghost->after.limiting().stage;
    row.label = qs(m_ghost->moreDevices() ? m_ghost->map : m_ghost->change.label);
    row.note = ghostNote();
    if (m_ghost->applies)
        row.subject = ghostSubject();
    m_rows.push_back(row);
}

/// Words about what is free stand between equal bars when there is room for them, else in a band below.
void MemoryPicture::layOut(double forRows)
{
    m_words = forRows >= leastPitch() + bandHeight();
    layOut(forRows, m_words && !fits());
    m_brief = false; // the next line asks for the width of the long words
    m_brief = fits() && freeTextWidth() > freeWidth();
    if (m_words && !m_band && (static_cast<double>(emptyRun().second) * m_pitch < bandHeight() || freeWidth() < freeTextWidth()))
        layOut(forRows, true);
}

void MemoryPicture::layOut(double forRows, bool withBand)
{
    const auto count = static_cast<double>(m_rows.size());
    m_band = withBand;
    const double band = m_band ? bandHeight() : 0;
    // Few bars in a tall view spread out and grow, within reason.
    const double tallest = m_rows.size() <= 4 ? (forRows > 320 ? 84 : 64) : (forRows > 420 ? 48 : 38);
    m_pitch = std::max(leastPitch(), std::min(std::floor((forRows - band) / count), std::max(tallest, leastPitch())));
    const double spare = forRows - band - m_pitch * count;
    m_detail = spare >= detailHeight() + 10 && m_area.width() >= 360;
    m_bar = std::clamp(std::floor(m_pitch * 0.62), 16.0, 40.0);
    m_twoLines = m_pitch >= m_body + m_note + 5;
    double label = 0;
    for (const MemoryRow& row : m_rows) {
        label = std::max(label, textWidth(row.label, TextRole::BodyStrong));
        if (m_twoLines)
            label = std::max(label, textWidth(row.note, TextRole::Note));
    }
    m_label = std::min(std::ceil(label) + 10, m_area.width() * kLabelShare);
    m_plot = QRectF(m_area.left() + m_label, m_area.top() + 4, m_area.width() - m_label, m_pitch * count);
    setScale();
    m_bottom = m_plot.bottom() + band;
    m_axisY = m_bottom + 1;
}

void MemoryPicture::setScale()
{
    const auto capacity = static_cast<double>(m_memory.capacity);
    double most = 0;
    for (const DeviceMemory& stage : m_memory.stages)
        most = std::max(most, static_cast<double>(stage.total()));
    if (m_ghost)
        most = std::max(most, static_cast<double>(m_ghost->after.limiting().total()));
    const double value = textWidth(QStringLiteral("0000"), TextRole::BodyMedium) + 10;
    const double zone = std::max(kLeastZone, m_plot.width() * 0.08);
    const double whole = m_plot.width() - zone;
    const bool empty = most < kMostlyEmpty * capacity;
    m_broken =
        most <= 0.85 * capacity && most > 0 && (m_options.axis == MemoryAxis::Broken || (m_options.axis == MemoryAxis::Automatic && empty));
    if (m_broken) {
        m_scale = whole * kUsedShare / most;
        m_capacityX = std::floor(m_plot.left() + whole);
        m_break = m_capacityX - 22;
        // A step of the axis beyond the bars shows that it goes on; never so far that it would pass the capacity.
        m_scale = std::max(m_scale, whole / capacity);
        return;
    }
    m_scale = whole / std::max(capacity, 1.0);
    if (most > capacity)
        m_scale = std::min(m_scale, (m_plot.width() - value) / most);
    m_capacityX = std::floor(xOf(m_memory.capacity));
}

std::pair<std::size_t, std::size_t> MemoryPicture::emptyRun() const
{
    std::pair<std::size_t, std::size_t> best{0, 0};
    std::size_t first = 0;
    for (std::size_t i = 0; i <= m_rows.size(); ++i) {
        if (i < m_rows.size() && !m_rows[i].ghost && m_rows[i].stage >= 0 && !m_rows[i].printsValue
            && of(m_rows[i]).total() == m_memory.limiting().total())
            continue;
        if (i - first > best.second)
            best = {first, i - first};
        first = i + 1;
    }
    return best;
}

void MemoryPicture::drawZone()
{
    for (const double tick : niceTicks((scaleEnd() - m_plot.left()) / m_scale / kGiB, ticksAtMost())) {
        const double x = m_plot.left() + tick * kGiB * m_scale;
        if (tick > 0 && x < scaleEnd() - 2)
            m_scene.line({std::floor(x) + 0.5, m_plot.top() - 2}, {std::floor(x) + 0.5, m_bottom}, ink(Ink::Grid));
    }
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const MemoryRow& row = m_rows[i];
        const Subject& hover = m_input.hover;
        const bool here = !row.ghost
                          && ((hover.kind == Subject::Kind::Device && row.device >= 0 && hover.device == row.device)
                              || (hover.kind == Subject::Kind::Device && row.device < 0 && stageOf(hover.device) == row.stage)
                              || (hover.kind == Subject::Kind::Stage && hover.stage == row.stage));
        if (here)
            m_scene.fill(QRectF(m_area.left() - 4, rowTop(i), m_capacityX - m_area.left() + 4, m_pitch), ink(Ink::HoverRow));
    }
    m_scene.hatch(QRectF(m_capacityX, m_plot.top() - 4, m_area.right() - m_capacityX, m_plot.height() + 4), Hatch::OverCapacity);
}

void MemoryPicture::drawRow(std::size_t index)
{
    const MemoryRow& row = m_rows[index];
    const double top = rowTop(index);
    const QRectF bar(m_plot.left(), std::floor(top + (m_pitch - m_bar) / 2), m_plot.width(), m_bar);
    if (row.stage < 0) {
        m_scene.text(QRectF(m_area.left(), top, m_area.width(), m_pitch), row.label, TextRole::Note, ink(Ink::Text3),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
        return;
    }
    // As far as the bar goes: a ring round the empty part would cross the words there.
    const double left = m_area.left() - 6;
    m_scene.hit(QRectF(left, top, std::min(xOf(of(row).total()) + 4, m_area.right()) - left, m_pitch), row.subject);
    const bool two = m_twoLines && !row.note.isEmpty();
    const double middle = bar.center().y();
    const bool chosen = m_input.hover == row.subject;
    const QRectF name =
        two ? QRectF(m_area.left(), middle - m_body, m_label - 8, m_body) : QRectF(m_area.left(), middle - m_body / 2, m_label - 8, m_body);
    m_scene.text(name, row.label, chosen ? TextRole::BodyStrong : TextRole::Body, ink(chosen ? Ink::Text : Ink::Text2),
                 Qt::AlignLeft | Qt::AlignVCenter, true);
    if (two) {
        // "GPU 0–63, 64 equal, × 16 replicas": whole parts, as many as have room.
        const QString stop = QStringLiteral(", ");
        QStringList parts = row.note.split(stop);
        while (parts.size() > 1 && textWidth(parts.join(stop), TextRole::Note) > m_label - 8)
            parts.removeLast();
        m_scene.text(QRectF(m_area.left(), middle, m_label - 8, m_note), parts.join(stop), TextRole::Note, ink(Ink::Text3),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
    }
    drawSegments(row, bar);
    if (row.printsValue)
        drawTotal(row, bar);
}

QString MemoryPicture::totalText(const MemoryRow& row) const
{
    return qs(formatNumber(static_cast<double>(of(row).total()) / kGiB));
}

/// Where the number of a row's total begins, right of its bar and clear of the dashed line at the fullest one's end.
double MemoryPicture::totalLeft(const MemoryRow& row, double width) const
{
    const double x = xOf(of(row).total()) + 7;
    const double end = xOf(m_memory.limiting().total());
    return x < end + 4 && x + width > end - 4 ? end + 7 : x;
}

/// A total stands beside its bar, beyond the capacity where there is no room before it: in the bar's last part it would read as that
/// part's. Only where not even that has room it goes into the bar's end.
bool MemoryPicture::totalInside(const MemoryRow& row) const
{
    const double width = textWidth(totalText(row), TextRole::BodyMedium);
    return row.printsValue && of(row).total() <= m_memory.capacity && totalLeft(row, width) + width > m_capacityX - 5
           && m_capacityX + kBesideCapacity + width > m_area.right() + 0.5;
}

void MemoryPicture::drawSegments(const MemoryRow& row, const QRectF& bar)
{
    const DeviceMemory& memory = of(row);
    const double inside = totalInside(row) ? textWidth(totalText(row), TextRole::BodyMedium) + 14 : 0;
    const double end = xOf(memory.total()) - inside; // of what values of parts may use
    const std::vector<MemoryWaste> waste = wasteOf(memory);
    Bytes at = 0;
    for (std::size_t i = 0; i < kMemoryClassCount; ++i) {
        const auto part = static_cast<MemoryClass>(i);
        const Bytes bytes = bytesOf(memory, part);
        if (bytes <= 0)
            continue;
        const QRectF box(xOf(at), bar.top(), static_cast<double>(bytes) * m_scale, bar.height());
        at += bytes;
        const QColor colour = row.ghost ? m_input.theme.faded(m_input.theme.color(part), 0.6) : m_input.theme.color(part);
        const QColor edge = m_input.theme.edgeOf(colour);
        m_scene.fill(box, colour, row.ghost ? QColor() : edge);
        const TextRole role = m_bar >= lineHeight(TextRole::BodyMedium) + 4 ? TextRole::BodyMedium : TextRole::Note;
        // Each piece of the bar says its own bytes, solid and copies apart.
        const auto writeValue = [&](double from, double to, Bytes held, bool plate) {
            const QString value = gibText(static_cast<double>(held));
            const double visible = std::min({to, std::max(m_capacityX, from), end}) - from;
            const double width = textWidth(value, role);
            if (!row.printsValue || width + (plate ? 18 : 10) > visible)
                return;
            const QRectF room(from, box.top(), visible, box.height());
            const QColor ground = plate ? m_input.theme.faded(colour, 0.72) : colour;
            if (plate) { // or the hatch runs through the digits
                const double high = std::min(lineHeight(role) + 2, box.height() - 2);
                m_scene.fill({room.center().x() - width / 2 - 4, room.center().y() - high / 2, width + 8, high}, ground);
            }
            m_scene.text(room, value, role, Theme::textOn(ground), Qt::AlignCenter);
        };
        double solid = box.width();
        Bytes once = bytes;
        for (const MemoryWaste& each : waste) {
            if (each.of != part || !each.drawn)
                continue;
            const double copies = std::min(static_cast<double>(each.bytes) * m_scale, solid);
            const double right = box.left() + solid;
            if (copies >= 2) {
                m_scene.hatch(QRectF(right - copies, box.top(), copies, box.height()), Hatch::Replica, colour, row.ghost ? QColor() : edge);
                writeValue(right - copies, right, each.bytes, true);
            }
            solid -= copies;
            once -= each.bytes;
        }
        writeValue(box.left(), box.left() + solid, once, false);
        if (!row.ghost)
            m_scene.hit(
                box, Subject{.kind = Subject::Kind::MemoryClass, .device = row.device, .stage = row.stage, .cause = static_cast<int>(i)});
    }
    if (row.ghost)
        m_scene.roundedRect(QRectF(bar.left(), bar.top(), xOf(at) - bar.left(), bar.height()), 0, {}, ink(Ink::Text2), 1.25, true);
    if (at > m_memory.capacity && xOf(at) > m_capacityX + 1)
        m_scene.hatch(QRectF(m_capacityX, bar.top(), xOf(at) - m_capacityX, bar.height()), Hatch::OverCapacity);
}

void MemoryPicture::drawTotal(const MemoryRow& row, const QRectF& bar)
{
    const QString value = totalText(row);
    const double width = textWidth(value, TextRole::BodyMedium);
    const double high = std::ceil(lineHeight(TextRole::BodyMedium));
    if (totalInside(row)) {
        const double right = std::min(xOf(of(row).total()), m_capacityX) - 7;
        const QRectF box(right - width, bar.center().y() - high / 2, width, high);
        if (box.left() - 4 < m_plot.left())
            return;
        m_scene.fill(box.adjusted(-4, 2, 4, -2), ink(Ink::Surface));
        m_scene.text(box, value, TextRole::BodyMedium, ink(Ink::Text));
        return;
    }
    double x = totalLeft(row, width);
    const bool beside = x + width <= m_capacityX - 5;
    if (!beside)
        x = std::max(x, m_capacityX + kBesideCapacity);
    const QRectF box(x, bar.center().y() - high / 2, width, high);
    if (box.right() > m_area.right() + 0.5)
        return;
    if (!beside) // on the hatch: a ground of its own
        m_scene.fill(box.adjusted(-3, 0, std::min(3.0, m_area.right() - box.right()), 0), ink(Ink::Surface));
    m_scene.text(box, value, TextRole::BodyMedium, ink(beside || of(row).total() <= m_memory.capacity ? Ink::Text : Ink::Violation));
}

std::optional<MemoryGhost> memoryGhost(const Scenario& scenario, const Report& report, const MemoryOptions& options)
{
    if (!options.ghosts || !report.legal || report.memory.stages.empty() || (options.ghost.empty() && report.memory.fits))
        return std::nullopt;
    constexpr std::size_t kAll = 64;
    for (MemoryChange& change : memoryChanges(scenario, report.memory, options.ghost.empty() ? 1 : kAll)) {
        if (options.ghost.empty() ? !change.fits : change.label != options.ghost)
            continue;
        MemoryGhost ghost;
        ghost.after = memoryOf(change.scenario.context(), change.scenario.plan, change.scenario.reserve);
        ghost.change = std::move(change);
        return ghost;
    }
    if (!options.ghost.empty())
        return std::nullopt;
    std::optional<FittingChange> more = onMoreDevices(scenario);
    if (!more)
        return std::nullopt;
    MemoryGhost ghost;
    ghost.map = std::move(more->map);
    ghost.after = memoryOf(more->scenario.context(), more->scenario.plan, scenario.reserve);
    ghost.applies = isLegal(more->scenario.context(), more->scenario.plan);
    ghost.change.label = std::move(more->label);
    ghost.change.plural = more->plural;
    ghost.change.fits = ghost.after.fits;
    ghost.change.scenario = std::move(more->scenario);
    return ghost;
}

std::vector<MemoryWaste> wasteOf(const DeviceMemory& memory)
{
    std::vector<MemoryWaste> waste;
    const auto add = [&waste](const QString& name, Bytes bytes, MemoryClass of, bool drawn = true) {
        if (bytes > 0)
            waste.push_back({name, bytes, of, drawn});
    };
    add(MemoryText::tr("redundant experts"), memory.redundantExperts, MemoryClass::Weights);
    const WeightReplicas& copies = memory.weightReplicas;
    add(copies.sum() > copies.keyValue ? MemoryText::tr("copies") : MemoryText::tr("K and V copies"), copies.sum(), MemoryClass::Weights);
    add(MemoryText::tr("copies"), memory.kvReplicas, MemoryClass::Kv);
    add(MemoryText::tr("unfilled blocks"), memory.kvRounding, MemoryClass::Kv, false);
    return waste;
}

void buildMemory(const ViewInput& input, const MemoryOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (input.size.width() < 140 || input.size.height() < 80)
        return;
    if (!input.report.legal || input.report.memory.stages.empty()) {
        const QRectF area = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, 8, -space::kInset, -6);
        const QString reason = input.report.violations.empty()
                                   ? MemoryText::tr("This plan is not legal.")
                                   : qs(sentence(input.report.violations.front(), input.scenario.context(), input.scenario.plan));
        const double line = std::ceil(lineHeight(TextRole::BodyStrong)) + 2;
        double y = area.top() + std::max(0.0, area.height() / 2 - 2 * line);
        scene.text(QRectF(area.left(), y, area.width(), line), MemoryText::tr("No memory figures: the plan is not legal"),
                   TextRole::BodyStrong, input.theme.color(Ink::Text), Qt::AlignHCenter | Qt::AlignVCenter, true);
        for (const QString& each : wrapText(reason, TextRole::Body, area.width(), 3)) {
            y += line;
            if (y + line > area.bottom())
                return;
            scene.text(QRectF(area.left(), y, area.width(), line), each, TextRole::Body, input.theme.color(Ink::Violation),
                       Qt::AlignHCenter | Qt::AlignVCenter, true);
        }
        return;
    }
    MemoryPicture(input, options, scene).draw();
}

} // namespace shardlens
