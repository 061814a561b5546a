// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/meshcolours.h"

#include "core/base/format.h"
#include "core/scenario/expertfacts.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace shardlens {
namespace {

constexpr int kMostLegend = 8;
constexpr int kHues = 8;
constexpr int kMostHatches = 10;
constexpr double kScaleWidth = 132;
constexpr int kScaleSteps = 22;
constexpr double kFade = 0.55; // of the way to the surface, who steps back
constexpr double kFlat = 0.25;
constexpr double kPalest = 0.10; // of the ramp's full colour at nothing: still told from an empty tile

double scaleLine()
{
    return scaledToText(18);
}

QColor between(const QColor& from, const QColor& to, double fraction)
{
    const auto channel = [fraction](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * fraction)); };
    return {channel(from.red(), to.red()), channel(from.green(), to.green()), channel(from.blue(), to.blue())};
}

Subject rankOf(MeshAxis axis)
{
    return Subject{.kind = Subject::Kind::Axis, .axis = static_cast<int>(axis)};
}

} // namespace

QString nameOf(MeshColour colour)
{
    const QChar times(0xD7);
    switch (colour) {
    case MeshColour::StageRank: return MeshWords::tr("stage %1 TP rank").arg(times);
    case MeshColour::Replica: return MeshWords::tr("DP (replica)");
    case MeshColour::ExpertRank: return MeshWords::tr("EP rank");
    case MeshColour::KvHead: return MeshWords::tr("KV head");
    case MeshColour::Tensor: return MeshWords::tr("TP rank");
    case MeshColour::Pipeline: return MeshWords::tr("PP (stage)");
    case MeshColour::Sequence: return MeshWords::tr("SP rank");
    case MeshColour::AttentionData: return MeshWords::tr("attention DP");
    case MeshColour::Load: return MeshWords::tr("load");
    case MeshColour::Memory: break;
    }
    return MeshWords::tr("memory");
}

MeshPalette::MeshPalette(const ViewInput& input, MeshColour colour, const MeshFacts& facts)
    : m_input(input),
      m_colour(colour),
      m_facts(facts)
{
    const Plan& plan = input.scenario.plan;
    m_isRamp = (colour == MeshColour::StageRank || colour == MeshColour::Pipeline) && plan.pipeline() > kHues;
    switch (colour) {
    case MeshColour::StageRank:
    case MeshColour::Pipeline: addRanks(MeshWords::tr("Stage"), plan.pipeline(), Subject{.kind = Subject::Kind::Stage}); break;
    case MeshColour::Replica: addRanks(MeshWords::tr("Replica"), plan.data(), rankOf(MeshAxis::Data)); break;
    case MeshColour::Tensor: addRanks(MeshWords::tr("TP"), plan.tensor(), rankOf(MeshAxis::Tensor)); break;
    case MeshColour::Sequence: addRanks(MeshWords::tr("SP"), plan.sequence(), rankOf(MeshAxis::Sequence)); break;
    case MeshColour::AttentionData: addRanks(MeshWords::tr("Attention DP"), plan.attentionData(), rankOf(MeshAxis::AttentionData)); break;
    case MeshColour::ExpertRank: addRanks(MeshWords::tr("EP"), plan.expert(), Subject{.kind = Subject::Kind::Expert}); break;
    case MeshColour::KvHead:
        if (const Attention* attention = facts.attention())
            addRanks(MeshWords::tr("KV head"), attention->kind == AttentionKind::Grouped ? attention->kvHeads : 1, {});
        break;
    case MeshColour::Load:
    case MeshColour::Memory: addShares(); break;
    }
}

void MeshPalette::addRanks(const QString& name, int count, const Subject& subject)
{
    if (count < 2)
        return;
    const int shown = std::min(count, kMostLegend);
    for (int step = 0; step < shown; ++step) {
        const int i = m_isRamp ? step * (count - 1) / (shown - 1) : step; // of a ramp both ends and what lies between
        LegendEntry entry;
        entry.name = name + QLatin1Char(' ') + QString::number(i);
        if (m_isRamp)
            entry.color = onRamp(i, false);
        else
            entry.color = m_colour == MeshColour::StageRank ? m_input.theme.place(i, 1, 4) : ranked(i);
        entry.subject = subject;
        if (subject.kind == Subject::Kind::Stage)
            entry.subject.stage = i;
        else if (subject.kind != Subject::Kind::None)
            entry.subject.rank = i;
        m_legend.push_back(entry);
    }
    if (count > kMostLegend && !m_isRamp) {
        LegendEntry rest;
        rest.name = MeshWords::tr("to %1, hues repeat").arg(count - 1);
        rest.color = ranked(count - 1);
        m_legend.push_back(rest);
    }
}

void MeshPalette::addShares()
{
    const Report& report = m_input.report;
    const bool byRank = m_colour == MeshColour::Load && !report.decode.expertWaits.empty();
    m_ranks = byRank ? static_cast<std::size_t>(report.decode.expertRanks) : 1;
    m_shares.reserve(static_cast<std::size_t>(m_facts.stages()) * m_ranks);
    for (int stage = 0; stage < m_facts.stages(); ++stage)
        if (byRank)
            for (int rank = 0; rank < report.decode.expertRanks; ++rank)
                m_shares.push_back(report.decode.busyShare(stage, rank));
        else
            m_shares.push_back(m_colour == MeshColour::Load ? report.decode.busyShare(stage)
                                                            : static_cast<double>(m_facts.memoryOf(stage).total())
                                                                  / std::max(1.0, static_cast<double>(report.memory.capacity)));
    if (byRank)
        addHotAndCold();
    else
        addStages();
}

/// Stages with equal figures share an entry; of many, the least and the most used are named.
void MeshPalette::addStages()
{
    std::vector<std::size_t> shown(m_shares.size());
    std::iota(shown.begin(), shown.end(), std::size_t{0});
    const auto least = static_cast<std::size_t>(std::min_element(m_shares.begin(), m_shares.end()) - m_shares.begin());
    const auto most = static_cast<std::size_t>(std::max_element(m_shares.begin(), m_shares.end()) - m_shares.begin());
    const bool equal = formatPercent(m_shares[least]) == formatPercent(m_shares[most]);
    if (equal)
        shown = {0};
    else if (shown.size() > 4)
        shown = {std::min(least, most), std::max(least, most)};
    for (const std::size_t stage : shown) {
        LegendEntry entry;
        entry.name = equal ? MeshWords::tr("Each in use") : MeshWords::tr("Stage %1").arg(stage);
        entry.value = qs(formatPercent(m_shares[stage]));
        entry.color = scaleColour(m_shares[stage]);
        if (!equal)
            entry.subject = Subject{.kind = Subject::Kind::Stage, .stage = static_cast<int>(stage)};
        m_legend.push_back(entry);
    }
}

/// The rank that sets the step's time and, of the others, the one that waits most; of stages that differ, on the busiest one.
void MeshPalette::addHotAndCold()
{
    const int ranks = static_cast<int>(m_ranks);
    const int stage = m_facts.stages() > 1 ? m_input.report.decode.busiestStage : 0;
    const auto first = m_shares.begin() + stage * ranks;
    const auto most = static_cast<int>(std::max_element(first, first + ranks) - first);
    const auto least = static_cast<int>(std::min_element(first, first + ranks) - first);
    if (const std::optional<ExpertLoadTable> table = expertTableOf(m_input.scenario, m_input.report, Phase::Decode)) {
        m_loads.reserve(m_ranks);
        for (int rank = 0; rank < ranks; ++rank)
            m_loads.push_back(table->ofRank(rank) / table->mean());
    }
    const bool several = m_facts.stages() > 1;
    if (formatPercent(*(first + most)) == formatPercent(*(first + least))) { // loads differ, times do not: they are those of weights read
        LegendEntry entry;
        entry.name = several ? MeshWords::tr("Stage %1: each EP rank").arg(stage) : MeshWords::tr("Each EP rank");
        entry.value = qs(formatPercent(*(first + most)));
        entry.color = scaleColour(*(first + most));
        m_legend.push_back(entry);
        return;
    }
    const bool orders = m_input.report.decode.isMeanOfOrders;
    for (const int rank : {most, least}) {
        const double share = *(first + rank);
        LegendEntry entry;
        if (orders)
            entry.name =
                rank == most ? MeshWords::tr("EP %1, the hottest of each order").arg(rank) : MeshWords::tr("other ranks, in the mean");
        else
            entry.name = (rank == most ? MeshWords::tr("EP %1, the hottest") : MeshWords::tr("EP %1, the coldest")).arg(rank);
        if (several)
            entry.name = MeshWords::tr("Stage %1: %2").arg(QString::number(stage), entry.name);
        entry.value = qs(formatPercent(share));
        entry.color = scaleColour(share);
        if (rank == most || !orders)
            entry.subject = Subject{.kind = Subject::Kind::Expert, .rank = rank};
        m_legend.push_back(entry);
    }
}

QString MeshPalette::loadText(int expertRank) const
{
    if (m_loads.empty())
        return {};
    const QString times = qs(formatNumber(m_loads[static_cast<std::size_t>(expertRank)])) + QLatin1Char(' ') + QChar(0xD7);
    return MeshWords::tr("%1 mean").arg(times);
}

QString MeshPalette::longestLoadText() const
{
    return m_loads.empty() ? QString() : loadText(static_cast<int>(std::max_element(m_loads.begin(), m_loads.end()) - m_loads.begin()));
}

QString MeshPalette::scaleName() const
{
    if (differsByRank())
        return MeshWords::tr("busy share of a decode step, by EP rank");
    return m_colour == MeshColour::Load ? MeshWords::tr("busy share of a decode step") : MeshWords::tr("share of capacity used");
}

QColor MeshPalette::ranked(int rank) const
{
    // Eight hues, then the same a step darker: neighbours always differ in hue.
    return m_input.theme.place(rank, rank / kHues % 4, 4);
}

QColor MeshPalette::onRamp(int stage, bool isCopy) const
{
    const Theme& theme = m_input.theme;
    double along = static_cast<double>(stage) / std::max(m_facts.stages() - 1, 1);
    if (isCopy) // a hatch takes a drawn pattern for each colour
        along = std::round(along * (kMostHatches - 1)) / (kMostHatches - 1);
    // Three of the places, each further from the ground than the one before: dull as all places are, and in order without their hue.
    const QColor middle = theme.place(2, 3, 4);
    if (along < 0.5)
        return between(theme.place(1, 0, 4), middle, 2 * along);
    return between(middle, between(theme.place(0, 3, 4), theme.color(Ink::Text), 0.5), 2 * along - 1);
}

QColor MeshPalette::scaleColour(double share) const
{
    const QColor full = m_input.theme.color(m_colour == MeshColour::Load ? Ink::Compute : Ink::Weights);
    return m_input.theme.faded(full, (1 - kPalest) * (1 - std::clamp(share, 0.0, 1.0)));
}

int MeshPalette::keyOf(const DeviceFacts& device) const
{
    const Plan& plan = m_input.scenario.plan;
    switch (m_colour) {
    case MeshColour::StageRank: {
        const int rank = device.tensor + plan.tensor() * (device.sequence + plan.sequence() * device.attentionData);
        const int place = device.stage * static_cast<int>(plan.stageDevices()) + rank;
        return 2 * place + (device.replica > 0 ? 1 : 0);
    }
    case MeshColour::Replica: return device.replica;
    case MeshColour::ExpertRank: return device.expertRank;
    case MeshColour::Tensor: return device.tensor;
    case MeshColour::Sequence: return device.sequence;
    case MeshColour::AttentionData: return device.attentionData;
    case MeshColour::Pipeline: return 2 * device.stage + (device.replica > 0 ? 1 : 0);
    case MeshColour::Load:
    case MeshColour::Memory: return static_cast<int>(placeOf(device));
    case MeshColour::KvHead: break;
    }
    return std::max(device.kvHeads.begin, 0);
}

QColor MeshPalette::colourOf(const DeviceFacts& device, Shade shade) const
{
    std::vector<QColor>& known = m_colours[static_cast<std::size_t>(shade)];
    const auto key = static_cast<std::size_t>(keyOf(device));
    if (key >= known.size())
        known.resize(std::max(key + 1, 2 * known.size()));
    QColor& colour = known[key];
    if (!colour.isValid()) {
        colour = plainColour(device);
        if (shade == Shade::Faded || shade == Shade::FadedFlat)
            colour = m_input.theme.faded(colour, kFade);
        if (shade == Shade::Flat || shade == Shade::FadedFlat)
            colour = m_input.theme.faded(colour, kFlat);
    }
    return colour;
}

QColor MeshPalette::textOn(const QColor& ground) const
{
    QColor& known = m_textOn[ground.rgb()];
    if (!known.isValid())
        known = Theme::textOn(ground);
    return known;
}

QColor MeshPalette::plainColour(const DeviceFacts& device) const
{
    const Theme& theme = m_input.theme;
    const Plan& plan = m_input.scenario.plan;
    switch (m_colour) {
    case MeshColour::StageRank: {
        if (m_isRamp)
            return onRamp(device.stage, device.replica > 0);
        // A hatch takes a drawn pattern for each colour: of many ranks, copies show the stage only.
        if (device.replica > 0 && plan.stageDevices() * plan.pipeline() > kMostHatches)
            return theme.place(device.stage, 2, 4);
        const int rank = device.tensor + plan.tensor() * (device.sequence + plan.sequence() * device.attentionData);
        return theme.place(device.stage, rank, static_cast<int>(plan.stageDevices()));
    }
    case MeshColour::Replica: return ranked(device.replica);
    case MeshColour::ExpertRank: return ranked(device.expertRank);
    case MeshColour::Tensor: return ranked(device.tensor);
    case MeshColour::Pipeline: return m_isRamp ? onRamp(device.stage, device.replica > 0) : ranked(device.stage);
    case MeshColour::Sequence: return ranked(device.sequence);
    case MeshColour::AttentionData: return ranked(device.attentionData);
    case MeshColour::Load:
    case MeshColour::Memory: return scaleColour(shareOf(device));
    case MeshColour::KvHead: break;
    }
    return ranked(device.kvHeads.begin);
}

bool MeshPalette::marksCopies() const
{
    switch (m_colour) {
    case MeshColour::StageRank:
    case MeshColour::ExpertRank:
    case MeshColour::KvHead:
    case MeshColour::Tensor:
    case MeshColour::Pipeline: return m_input.scenario.plan.data() > 1;
    case MeshColour::Replica:
    case MeshColour::Sequence:
    case MeshColour::AttentionData:
    case MeshColour::Load:
    case MeshColour::Memory: break;
    }
    return false;
}

bool MeshPalette::isCopy(const DeviceFacts& device) const
{
    return device.replica > 0 && marksCopies();
}

double meshLegendHeight(const MeshPalette& palette, double width)
{
    const double entries = legendHeight(palette.isScale() ? std::max(width, 1.0) : width, palette.legend());
    return palette.isScale() ? scaleLine() + entries : entries;
}

void drawMeshLegend(const ViewInput& input, const MeshPalette& palette, const QRectF& area, Scene& scene)
{
    QRectF rest = area;
    if (palette.isScale()) {
        const Theme& theme = input.theme;
        const QRectF line(area.left(), area.top(), area.width(), scaleLine());
        const QString none = QStringLiteral("0");
        const QString all = MeshWords::tr("100 %");
        double x = line.left();
        const auto words = [&](const QString& what, Ink ink) {
            const double whole = textWidth(what, TextRole::Note) + 0.5;
            const double width = std::min(whole, line.right() - x);
            if (width < std::min(whole, 12.0)) // less says nothing
                return;
            scene.text(QRectF(x, line.top(), width, line.height()), what, TextRole::Note, theme.color(ink),
                       Qt::AlignLeft | Qt::AlignVCenter, true);
            x += width;
        };
        words(none, Ink::Text2);
        x += 5;
        const double room = line.right() - x - textWidth(all, TextRole::Note) - 6;
        const double width = std::min(kScaleWidth, room);
        if (width >= 40) {
            const QRectF ramp(x, line.center().y() - 5, width, 10);
            for (int step = 0; step < kScaleSteps; ++step)
                scene.fill(QRectF(ramp.left() + step * width / kScaleSteps, ramp.top(), width / kScaleSteps + 0.3, ramp.height()),
                           palette.scaleColour((step + 0.5) / kScaleSteps));
            scene.fill(ramp, QColor(), theme.color(Ink::Strong));
            for (int quarter = 1; quarter < 4; ++quarter) {
                const double at = ramp.left() + quarter * width / 4;
                scene.line({at, ramp.bottom()}, {at, ramp.bottom() + 3}, theme.color(Ink::Strong));
            }
            x = ramp.right() + 6;
        }
        words(all, Ink::Text2);
        x += 10;
        words(palette.scaleName(), Ink::Text2);
        x += 12;
        const QString over = MeshWords::tr("over capacity");
        if (input.report.legal && !input.report.memory.fits && palette.isMemory()
            && x + 16 + textWidth(over, TextRole::Note) <= line.right()) {
            scene.hatch(QRectF(x, line.center().y() - 5, 10, 10), Hatch::OverCapacity, {}, theme.color(Ink::Violation));
            x += 16;
            words(over, Ink::Violation);
        }
        rest.setTop(line.bottom());
    }
    drawLegend(scene, input.theme, rest, palette.legend());
}

} // namespace shardlens
