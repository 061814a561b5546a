// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelinelanes.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerows.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineLanes {
    Q_DECLARE_TR_FUNCTIONS(TimelineLanes)
};

constexpr double kLaneGap = 3;       ///< px between lines
constexpr double kSectionGap = 5;    ///< px above a section's name
constexpr double kUnderName = 3;     ///< px
constexpr double kBusyBand = 18;     ///< px: height of what is busy all the time
constexpr double kLeastLaneMark = 1; ///< px: what runs is seen
constexpr double kNoTime = 1e-9;     ///< of an operator: less is rounding

double barHeight(double loose)
{
    return std::round(lineHeight(TextRole::Note) * loose);
}

double sectionHeight()
{
    return lineHeight(TextRole::Note) + kSectionGap + kUnderName;
}

double bandHeight(double loose)
{
    return std::round(kBusyBand * loose * loose);
}

/// What of an operator is its own: all but what it waits for its collective.
double ownTime(const OperatorCost& op)
{
    return op.time - op.exposedTime();
}

/// Seconds of an operator before what it waits for its collective, after which only overhead comes: the order of kPieceCauses.
double beforeCollective(const OperatorCost& op)
{
    return ownTime(op) - op.breakdown[Cause::Overhead];
}

/// Beside a bar, where there is room: after it, before it, between two, or on it.
void drawBeside(Scene& scene, const Theme& theme, const QRectF& line, const std::vector<QRectF>& bars, const QStringList& texts,
                const QColor& on)
{
    std::vector<std::pair<double, double>> gaps{{bars.back().right() + 5, line.right()}, {line.left(), bars.front().left() - 5}};
    for (std::size_t i = 1; i < bars.size(); ++i)
        gaps.emplace_back(bars[i - 1].right() + 5, bars[i].left() - 5);
    for (const QString& text : texts) {
        const double width = textWidth(text, TextRole::Note);
        for (std::size_t i = 0; i < gaps.size(); ++i) {
            const auto [from, to] = gaps[i];
            if (to - from < width)
                continue;
            scene.text({i == 1 ? to - width : from, line.top(), width, line.height()}, text, TextRole::Note, theme.color(Ink::Text));
            return;
        }
        const auto widest =
            std::max_element(bars.begin(), bars.end(), [](const QRectF& a, const QRectF& b) { return a.width() < b.width(); });
        if (widest->width() >= width + 10) {
            scene.text({widest->left() + 5, line.top(), width, line.height()}, text, TextRole::Note, on);
            return;
        }
    }
}

} // namespace

QString LayerLanes::titleOf(Section section) const
{
    if (section == Section::FeedForward) {
        const bool experts = std::any_of(m_lanes.begin(), m_lanes.end(),
                                         [this](const LayerLane& lane) { return costOf(lane.work.front()).op == Op::ExpertUp; });
        return experts ? TimelineLanes::tr("MoE") : TimelineLanes::tr("MLP");
    }
    QString title = QCoreApplication::translate("Sections", nameOf(section).data());
    title[0] = title[0].toUpper();
    return title;
}

LayerLanes::LayerLanes(const std::vector<OperatorCost>& operators, std::span<const PieceWork> work) : m_operators(operators), m_work(work)
{
    for (std::size_t i = 0; i < work.size(); ++i) {
        const OperatorCost& op = costOf(i);
        const double own = ownTime(op);
        const bool waits = op.collective != Collective::None && op.communicationTime > 0;
        if (own > kNoTime * op.time) {
            m_lanes.push_back({sectionOf(op.op), Collective::None, {i}, own});
            m_sections[static_cast<std::size_t>(sectionOf(op.op))] += own;
        }
        if (waits) {
            auto lane =
                std::find_if(m_lanes.begin(), m_lanes.end(), [&](const LayerLane& each) { return each.collective == op.collective; });
            if (lane == m_lanes.end())
                lane = m_lanes.insert(m_lanes.end(), {Section::Communication, op.collective, {}, 0});
            lane->work.push_back(i);
            lane->seconds += op.exposedTime();
            m_sections[static_cast<std::size_t>(Section::Communication)] += op.exposedTime();
        }
        m_seconds += op.time;
    }
    std::stable_sort(m_lanes.begin(), m_lanes.end(), [](const LayerLane& a, const LayerLane& b) {
        return std::pair(a.section, a.collective != Collective::None) < std::pair(b.section, b.collective != Collective::None);
    });
}

std::vector<LayerLanes::Busy> LayerLanes::busy(Unit unit) const
{
    std::vector<Busy> out;
    out.reserve(2 * m_work.size());
    for (std::size_t i = 0; i < m_work.size(); ++i) {
        const OperatorCost& op = costOf(i);
        const double begin = m_work[i].begin - m_work.front().begin;
        const double works = beforeCollective(op);
        const double hidden = std::clamp(op.communicationTime - op.exposedTime(), 0.0, works);
        if (unit == Unit::Links) {
            if (op.collective != Collective::None && op.communicationTime > 0)
                out.push_back({begin + works - hidden, begin + works + op.exposedTime(), 1});
            continue;
        }
        const double at = unit == Unit::Arithmetic ? op.computeTime : op.memoryTime;
        if (at > 0 && works > 0)
            out.push_back({begin, begin + works, std::min(at / works, 1.0)});
    }
    return out;
}

double LayerLanes::lanesHeight(double loose) const
{
    const auto sections = std::count_if(m_lanes.begin(), m_lanes.end(), [&](const LayerLane& lane) {
        return &lane == m_lanes.data() || (&lane)[-1].section != lane.section;
    });
    return static_cast<double>(m_lanes.size()) * (barHeight(loose) + kLaneGap) + static_cast<double>(sections) * sectionHeight();
}

double LayerLanes::busyHeight(double loose)
{
    return 3 * (sectionHeight() + bandHeight(loose) + kLaneGap);
}

void LayerLanes::drawLane(Scene& scene, const ViewInput& input, const Subject& subject, const LayerLane& lane, const QRectF& line,
                          int equal) const
{
    const Theme& theme = input.theme;
    const double origin = m_work.front().begin;
    const auto xOf = [&](double seconds) { return line.left() + std::clamp((seconds - origin) / m_seconds, 0.0, 1.0) * line.width(); };
    std::vector<QRectF> bars;
    Cause largest = Cause::Communication;
    for (const std::size_t i : lane.work) {
        const OperatorCost& op = costOf(i);
        const double begin = m_work[i].begin;
        Subject part = subject;
        part.op = m_work[i].op;
        QRectF all;
        const auto slice = [&](double from, double to, Cause cause) {
            QRectF rect(xOf(from), line.top(), xOf(to) - xOf(from), line.height());
            if (rect.width() < kLeastLaneMark)
                rect.setRect(std::min(rect.left(), line.right() - kLeastLaneMark), rect.top(), kLeastLaneMark, rect.height());
            const QColor color = theme.color(cause);
            scene.fill(rect, color, rect.width() >= 4 ? theme.edgeOf(color) : QColor());
            all = all.united(rect);
        };
        if (lane.collective != Collective::None) {
            const double at = begin + beforeCollective(op);
            const double hidden = std::clamp(op.communicationTime - op.exposedTime(), 0.0, beforeCollective(op));
            if (hidden > kNoTime * op.communicationTime) { // runs beside the work that is drawn above it
                const QRectF beside(xOf(at - hidden), line.top(), xOf(at) - xOf(at - hidden), line.height());
                scene.hatch(beside, Hatch::Replica, theme.color(Cause::Communication));
                all = beside;
            }
            if (op.exposedTime() > 0)
                slice(at, at + op.exposedTime(), Cause::Communication);
        } else {
            double at = begin;
            double most = -1;
            for (const Cause cause : kPieceCauses) {
                const double seconds = op.breakdown[cause];
                if (cause != Cause::Communication && seconds > kNoTime * op.time)
                    slice(at, at + seconds, cause);
                if (cause != Cause::Communication && seconds > most) {
                    most = seconds;
                    largest = cause;
                }
                at += seconds;
            }
        }
        if (all.isEmpty())
            continue;
        scene.hit(all.adjusted(-2, 0, 2, 0) & line, part);
        bars.push_back(all);
    }
    if (bars.empty())
        return;
    const bool several = lane.collective != Collective::None && lane.work.size() > 1;
    const QString plain = lane.collective != Collective::None ? qs(nameOf(lane.collective)) : qs(nameOf(costOf(lane.work.front()).op));
    const QString name = several ? QStringLiteral("%1 \u00D7 %2").arg(lane.work.size()).arg(plain) : plain;
    const QString time = lane.seconds > 0 ? qs(formatSeconds(lane.seconds)) : TimelineLanes::tr("hidden");
    const QString share = qs(formatPercent(lane.seconds / m_seconds));
    QStringList texts;
    if (equal > 1 && lane.seconds > 0)
        texts << TimelineLanes::tr("%1 %2, %3, %4 in all layers").arg(name, time, share, qs(formatSeconds(lane.seconds * equal)));
    texts << QStringLiteral("%1 %2, %3").arg(name, time, share) << QStringLiteral("%1 %2").arg(name, time) << name;
    drawBeside(scene, theme, line, bars, texts, Theme::textOn(theme.color(largest)));
}

void LayerLanes::drawLanes(Scene& scene, const ViewInput& input, Phase phase, int stage, const QRectF& area, int equal, double loose) const
{
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::Note);
    Subject subject;
    subject.kind = Subject::Kind::Operator;
    subject.phase = phase;
    subject.stage = stage;
    double top = area.top();
    for (std::size_t i = 0; i < m_lanes.size(); ++i) {
        const LayerLane& lane = m_lanes[i];
        if (i == 0 || m_lanes[i - 1].section != lane.section) {
            const QRectF title(area.left(), top + kSectionGap - 1, area.width(), line);
            if (i > 0)
                scene.fill({area.left(), top + 1, area.width(), 1}, theme.color(Ink::Line));
            const QString name = titleOf(lane.section);
            scene.text(title, name, TextRole::NoteStrong, theme.color(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter, true);
            const double seconds = secondsOf(lane.section);
            const double used = textWidth(name, TextRole::NoteStrong) + space::kSmall;
            const QString sum = TimelineLanes::tr("%1, %2").arg(qs(formatSeconds(seconds)), qs(formatPercent(seconds / m_seconds)));
            const QString all = equal > 1 ? TimelineLanes::tr("%1, %2 in all layers").arg(sum, qs(formatSeconds(seconds * equal))) : sum;
            scene.text(title.adjusted(used, 0, 0, 0), firstFitting({all, sum}, TextRole::Note, title.width() - used), TextRole::Note,
                       theme.color(Ink::Text2));
            top += sectionHeight();
        }
        drawLane(scene, input, subject, lane, {area.left(), top, area.width(), barHeight(loose)}, equal);
        top += barHeight(loose) + kLaneGap;
    }
}

void LayerLanes::drawBusy(Scene& scene, const ViewInput& input, const QRectF& area, double loose) const
{
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::Note);
    double top = area.top();
    for (const Unit unit : {Unit::Arithmetic, Unit::Memory, Unit::Links}) {
        const std::vector<Busy> parts = busy(unit);
        double sum = 0;
        for (const Busy& part : parts)
            sum += part.share * (part.end - part.begin);
        const QString name = unit == Unit::Arithmetic ? TimelineLanes::tr("Arithmetic")
                             : unit == Unit::Memory   ? TimelineLanes::tr("HBM")
                                                      : TimelineLanes::tr("Links");
        const QRectF title(area.left(), top + kSectionGap - 1, area.width(), line);
        if (unit != Unit::Arithmetic)
            scene.fill({area.left(), top + 1, area.width(), 1}, theme.color(Ink::Line));
        scene.text(title, name, TextRole::NoteStrong, theme.color(Ink::Text2));
        const double used = textWidth(name, TextRole::NoteStrong) + space::kSmall;
        const QString share = qs(formatPercent(sum / m_seconds));
        scene.text(title.adjusted(used, 0, 0, 0),
                   firstFitting({TimelineLanes::tr("busy %1 of the layer").arg(share), share}, TextRole::Note, title.width() - used),
                   TextRole::Note, theme.color(Ink::Text2));
        const QRectF band(area.left(), top + sectionHeight(), area.width(), bandHeight(loose));
        scene.fill(band, theme.color(Ink::Sunken));
        const QColor color = theme.color(unit == Unit::Arithmetic ? Cause::Compute
                                         : unit == Unit::Memory   ? Cause::Weights
                                                                  : Cause::Communication);
        for (const Busy& part : parts) {
            const double from = band.left() + std::clamp(part.begin / m_seconds, 0.0, 1.0) * band.width();
            const double to = band.left() + std::clamp(part.end / m_seconds, 0.0, 1.0) * band.width();
            const double tall = std::max(part.share * band.height(), kLeastLaneMark);
            scene.fill({from, band.bottom() - tall, std::max(to - from, kLeastLaneMark), tall}, color);
        }
        top = band.bottom() + kLaneGap;
    }
}

} // namespace shardlens
