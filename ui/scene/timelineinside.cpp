// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/timelineinside.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinelanes.h"
#include "ui/scene/timelinerows.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct TimelineInside {
    Q_DECLARE_TR_FUNCTIONS(TimelineInside)
};

constexpr double kUnderlay = 3;       ///< px: height of what runs beside
constexpr double kTallestBar = 72;    ///< px
constexpr double kLowestFurther = 34; ///< px: of bars beyond the first
constexpr double kBarOverLanes = 46;  ///< px: of bars where what is below them says it again
constexpr double kFunnel = 14;        ///< px: from a layer's place in its piece to the whole width
constexpr double kBetween = 8;        ///< px: below a bar

const PhaseReport& phaseOf(const Report& report, Phase phase)
{
    return phase == Phase::Prefill ? report.prefill : report.decode;
}

QString layerName(const PieceWork& work)
{
    return work.layer == -1   ? TimelineInside::tr("the embedding")
           : work.layer == -2 ? TimelineInside::tr("final norm and head")
                              : TimelineInside::tr("layer %1").arg(work.layer);
}

/// The piece whose inside is shown: the pinned one, else the first of the busiest stage that the report shows operator by operator.
struct ShownPiece {
    const TimelineCell* cell = nullptr;
    bool pinned = false;
};

ShownPiece shownPiece(const ViewInput& input, Phase phase, double from)
{
    const PhaseReport& report = phaseOf(input.report, phase);
    const Subject& pin = input.pin;
    if (pin.kind == Subject::Kind::Piece && pin.phase == phase)
        for (const TimelineCell& cell : cellsOfStage(report.timeline, pin.stage))
            if (cell.microbatch == pin.microbatch && (pin.step < 0 || cell.step == pin.step) && (pin.visit < 0 || cell.visit == pin.visit))
                return {&cell, true};
    const auto cells = cellsOfStage(report.timeline, report.busiestStage);
    const int classes = std::max(1, static_cast<int>(report.pieces.size()));
    const int shown = phase == Phase::Decode ? 0 : shownPieceClass(report);
    for (const TimelineCell& cell : cells)
        if (cell.costClass % classes == shown && cell.end > from)
            return {&cell, false};
    return {cells.empty() ? nullptr : &cells.front(), false};
}

/// The stretch of equal layer that is magnified: of the pinned operator's kind, else the kind that takes most time; [first, last) of work.
std::pair<std::size_t, std::size_t> shownLayer(const ViewInput& input, Phase phase, const std::vector<OperatorCost>& operators,
                                               const std::vector<PieceWork>& work)
{
    std::map<int, double> seconds; // by kind; -1: outside the layers
    for (const PieceWork& each : work)
        seconds[operators[static_cast<std::size_t>(each.op)].kind] += each.end - each.begin;
    int kind = -1;
    double most = -1;
    for (const auto& [of, time] : seconds)
        if (time > most) {
            kind = of;
            most = time;
        }
    const Subject& pin = input.pin;
    std::size_t first = work.size();
    if (pin.kind == Subject::Kind::Operator && pin.phase == phase)
        for (std::size_t i = 0; i < work.size() && first == work.size(); ++i)
            if (work[i].op == pin.op)
                first = i;
    for (std::size_t i = 0; i < work.size() && first == work.size(); ++i)
        if (operators[static_cast<std::size_t>(work[i].op)].kind == kind)
            first = i;
    while (first > 0 && first < work.size() && work[first - 1].layer == work[first].layer)
        --first;
    std::size_t last = first;
    while (last < work.size() && work[last].layer == work[first].layer)
        ++last;
    return {first, last};
}

/// Stretches of work that have bars of their own: the magnified layer, a layer of each further kind, the head. [first, last) of work.
using Stretches = std::vector<std::pair<std::size_t, std::size_t>>;
Stretches shownStretches(const ViewInput& input, Phase phase, const std::vector<OperatorCost>& operators,
                         const std::vector<PieceWork>& work)
{
    Stretches out{shownLayer(input, phase, operators, work)};
    const auto kindOf = [&](std::size_t at) { return operators[static_cast<std::size_t>(work[at].op)].kind; };
    const auto known = [&](std::size_t at) {
        return std::any_of(out.begin(), out.end(), [&](const auto& each) {
            return each.first < each.second
                   && (work[each.first].layer < 0 || work[at].layer < 0 ? work[each.first].layer == work[at].layer
                                                                        : kindOf(each.first) == kindOf(at));
        });
    };
    for (std::size_t i = 0; i < work.size();) {
        std::size_t end = i;
        while (end < work.size() && work[end].layer == work[i].layer)
            ++end;
        if (work[i].layer != -1 && !known(i)) // a table look-up has nothing inside
            out.emplace_back(i, end);
        i = end;
    }
    return out;
}

double lanesHeightOf(const LayerLanes& lanes, double loose)
{
    return lanes.lanesHeight(loose) + LayerLanes::busyHeight(loose) + kBetween;
}

} // namespace

double insideHeight(const ViewInput& input, double room)
{
    const StageLayout& layout = input.report.layout;
    const double bar = lineHeight(TextRole::Note) + 2 + kTallestBar + kBetween;
    double most = kFunnel + bar;
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const ShownPiece shown = shownPiece(input, phase, 0);
        if (shown.cell == nullptr || shown.cell->stage >= layout.stages() || shown.cell->visit >= layout.visits())
            continue;
        const auto& counts = layout.kindCounts(shown.cell->stage, shown.cell->visit);
        const auto kinds = static_cast<int>(std::count_if(counts.begin(), counts.end(), [](int count) { return count > 0; }));
        const double bars = kFunnel + std::max(1, kinds + (layout.holdsHead(shown.cell->stage, shown.cell->visit) ? 1 : 0)) * bar;
        most = std::max(most, bars);
        if (room <= bars)
            continue;
        PieceInterior interior(input, phase);
        const std::vector<OperatorCost>& operators = interior.operators(shown.cell->costClass);
        const std::vector<PieceWork> work = interior.work(shown.cell->stage, shown.cell->visit, shown.cell->costClass);
        const auto [first, last] = shownLayer(input, phase, operators, work);
        if (first < last)
            most = std::max(
                most, bars + lanesHeightOf(LayerLanes(operators, std::span(work).subspan(first, last - first)), LayerLanes::kLoosest));
    }
    return most;
}

PieceInterior::PieceInterior(const ViewInput& input, Phase phase)
    : m_input(input),
      m_phase(phase),
      m_classes(std::max(1, static_cast<int>(phaseOf(input.report, phase).pieces.size())))
{}

const std::vector<OperatorCost>& PieceInterior::operators(int costClass)
{
    const auto [entry, added] = m_operators.try_emplace(costClass % m_classes);
    if (added)
        entry->second = pieceOperators(m_input.scenario, m_input.report, m_phase, entry->first);
    return entry->second;
}

std::vector<PieceWork> PieceInterior::work(int stage, int visit, int costClass)
{
    return workInside(m_input.scenario, m_input.report, operators(costClass), stage, visit);
}

int PieceInterior::parts(int stage, int visit) const
{
    const StageLayout& layout = m_input.report.layout;
    if (stage >= layout.stages() || visit >= layout.visits())
        return 0;
    return layout.layers(stage, visit).count() + (layout.holdsEmbedding(stage, visit) ? 1 : 0) + (layout.holdsHead(stage, visit) ? 1 : 0);
}

double PieceInterior::hiddenTime(int stage, int visit, int costClass)
{
    const StageLayout& layout = m_input.report.layout;
    const int classes = phaseOf(m_input.report, m_phase).costClasses;
    const auto [entry, added] = m_hidden.try_emplace(stage * classes + costClass, 0.0);
    if (added && stage < layout.stages() && visit < layout.visits())
        for (const OperatorCost& op : operators(costClass)) {
            const double hidden = op.communicationTime - op.exposedTime();
            if (!(hidden > 0) || op.collective == Collective::None)
                continue;
            const bool runs =
                op.kind >= 0 || (op.op == Op::Embedding ? layout.holdsEmbedding(stage, visit) : layout.holdsHead(stage, visit));
            const int times = op.kind >= 0 ? layout.kindCounts(stage, visit)[static_cast<std::size_t>(op.kind)] : 1;
            entry->second += runs ? hidden * times : 0;
        }
    return entry->second;
}

void WorkPainter::draw(const OperatorCost& op, int index, double left, double right, const QRectF& clip, bool large, double runs) const
{
    const double from = std::max(left, clip.left());
    const double to = std::min(right, clip.right());
    if (!(to > from) || !(op.time > 0))
        return;
    const Theme& theme = input.theme;
    const auto at = [&](double seconds) { return std::clamp(left + (right - left) * (seconds / op.time), from, to); };
    const QRectF whole(from, clip.top(), to - from, clip.height());
    Subject subject;
    subject.kind = Subject::Kind::Operator;
    subject.phase = phase;
    subject.stage = stage;
    subject.op = index;
    if (whole.width() >= 3)
        scene.hit(whole, subject);
    double sum = 0;
    QRectF widest;
    Cause largest = Cause::Compute;
    for (const Cause cause : kPieceCauses) {
        const double begin = at(sum);
        sum += op.breakdown[cause];
        const double end = sum >= op.time * (1 - 1e-12) ? to : at(sum);
        if (!(end > begin))
            continue;
        const QRectF slice(begin, clip.top(), end - begin, clip.height());
        scene.fill(slice, theme.color(cause), slice.width() >= 4 ? theme.edgeOf(theme.color(cause)) : QColor());
        if (slice.width() > widest.width()) {
            widest = slice;
            largest = cause;
        }
    }
    // What of its collective runs beside work, next to what does not: under the operator, up to where the exposed part begins.
    const double hidden = op.communicationTime - op.exposedTime();
    if (op.collective != Collective::None && hidden > 0 && clip.height() >= 12) {
        const double end = at(op.time - op.breakdown[Cause::Overhead] - op.exposedTime());
        const double begin = std::max(end - hidden / op.time * (right - left), clip.left());
        if (end > begin)
            scene.hatch({begin, clip.bottom() - kUnderlay, end - begin, kUnderlay}, Hatch::Replica, theme.color(Cause::Communication));
    }
    const QColor ink = Theme::textOn(theme.color(largest));
    const bool collective = largest == Cause::Communication && op.collective != Collective::None;
    const QString name = collective ? qs(nameOf(op.collective)) : qs(nameOf(op.op));
    const QString time = qs(formatSeconds(runs * (collective ? op.exposedTime() : op.time))); // of what is named: the slice, or all of it
    const double line = lineHeight(TextRole::Note);
    if (widest.height() < line)
        return;
    const QString both = QStringLiteral("%1 %2").arg(name, time);
    if (large && widest.height() >= 2 * line + 2 && textWidth(name, TextRole::Note) + 6 <= widest.width()) {
        const double top = widest.center().y() - line;
        scene.text({widest.left(), top, widest.width(), line}, name, TextRole::Note, ink, Qt::AlignCenter);
        if (textWidth(time, TextRole::Note) + 6 <= widest.width())
            scene.text({widest.left(), top + line, widest.width(), line}, time, TextRole::Note, ink, Qt::AlignCenter);
        return;
    }
    const QString label = firstFitting({both, name}, TextRole::Note, widest.width() - 6);
    if (!label.isEmpty())
        scene.text(widest, label, TextRole::Note, ink, Qt::AlignCenter);
}

namespace {

/// From the layer's place in its piece to the whole width.
void drawFunnel(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel, const TimelineCell& cell,
                const TimeRange& layer, double height)
{
    const Theme& theme = input.theme;
    for (std::size_t row = 0; row < layout.rows.size(); ++row) {
        if (layout.rows[row].stages > 1 || layout.rows[row].stage != cell.stage)
            continue;
        const double from = panel.xOf(cell.start + layer.begin);
        const double to = panel.xOf(cell.start + layer.end);
        if (from < panel.plot.left() || to > panel.plot.right() || layout.rows.back().stage != cell.stage)
            return;
        const double bottom = layout.rowRect(panel, row).bottom();
        const QRectF& area = panel.inside;
        scene.fill({from, bottom - 3, std::max(to - from, 1.0), 3}, theme.color(Ink::Text));
        scene.line({from, area.top()}, {area.left(), area.top() + height}, theme.color(Ink::Strong));
        scene.line({std::max(to, from + 1), area.top()}, {area.right(), area.top() + height}, theme.color(Ink::Strong));
        return;
    }
}

} // namespace

void drawInside(Scene& scene, const ViewInput& input, const TimelineLayout& layout, const TimelinePanel& panel)
{
    const ShownPiece shown = shownPiece(input, panel.phase, panel.visible.begin);
    if (panel.inside.isEmpty() || shown.cell == nullptr)
        return;
    const TimelineCell& cell = *shown.cell;
    const PhaseReport& report = phaseOf(input.report, panel.phase);
    PieceInterior interior(input, panel.phase);
    const std::vector<OperatorCost>& operators = interior.operators(cell.costClass);
    const std::vector<PieceWork> work = interior.work(cell.stage, cell.visit, cell.costClass);
    Stretches stretches = shownStretches(input, panel.phase, operators, work);
    if (stretches.front().first >= stretches.front().second)
        return;
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::Note);
    const QRectF& area = panel.inside;
    const double funnel = std::clamp(area.height() - line - 4 - 24, 6.0, kFunnel);
    const double room = area.height() - funnel + kBetween;
    const auto most = static_cast<std::size_t>(std::max(1.0, std::floor(room / (line + 2 + kLowestFurther + kBetween))));
    if (stretches.size() > most)
        stretches.resize(most);
    const double each = room / static_cast<double>(stretches.size());
    double tall = std::min(each - line - 2 - kBetween, kTallestBar);
    // What the bars leave goes to lines by operator, first, and to how busy the device is, where there is room for all of either.
    const LayerLanes lanes(operators, std::span(work).subspan(stretches[0].first, stretches[0].second - stretches[0].first));
    const auto count = static_cast<double>(stretches.size());
    const double rest = room - count * (line + 2 + kBetween) - count * std::min(tall, kBarOverLanes);
    const bool byOperator = rest >= lanes.lanesHeight() + kBetween;
    const bool busy = rest >= (byOperator ? lanesHeightOf(lanes, 1) : LayerLanes::busyHeight() + kBetween);
    double loose = 1;
    const auto heightOf = [&](double at) {
        return (byOperator ? lanes.lanesHeight(at) : 0) + (busy ? LayerLanes::busyHeight(at) : 0) + (byOperator || busy ? kBetween : 0);
    };
    for (double at = LayerLanes::kLoosest; at > 1 && loose == 1; at -= 0.05)
        if (heightOf(at) <= rest - count * (tall - std::min(tall, kBarOverLanes)))
            loose = at;
    const double below = heightOf(loose);
    tall = std::min(tall, std::floor((room - below) / count) - line - 2 - kBetween);
    QString piece = TimelineInside::tr("stage %1, %2").arg(cell.stage).arg(microbatchName(panel.phase, cell.microbatch));
    if (panel.phase == Phase::Prefill && report.timeline.steps > 1)
        piece += TimelineInside::tr(", chunk %1").arg(cell.step + 1);
    if (report.timeline.visits > 1)
        piece += TimelineInside::tr(", visit %1").arg(cell.visit + 1);
    drawFunnel(scene, input, layout, panel, cell, {work[stretches[0].first].begin, work[stretches[0].second - 1].end}, funnel);
    double top = area.top() + funnel;
    for (const auto& [first, last] : stretches) {
        const double begin = work[first].begin;
        const double length = work[last - 1].end - begin;
        // Layers of the piece with these operators.
        const auto equal = static_cast<int>(
            std::count_if(work.begin(), work.end(), [op = work[first].op](const PieceWork& other) { return other.op == op; }));
        QString name = layerName(work[first]);
        name[0] = name[0].toUpper();
        const QString time = qs(formatSeconds(length));
        const QString many = TimelineInside::tr("%1 \u00D7 %2 = %3").arg(equal).arg(time, qs(formatSeconds(length * equal)));
        const QRectF title(area.left(), top, area.width(), line);
        const QString text = equal > 1 ? TimelineInside::tr("%1 of %2").arg(name, piece) : QStringLiteral("%1, %2").arg(name, piece);
        const QString left = firstFitting({text, name}, TextRole::NoteStrong, title.width());
        scene.text(title, left, TextRole::NoteStrong, theme.color(Ink::Text));
        const double used = left.isEmpty() ? 0 : textWidth(left, TextRole::NoteStrong) + space::kSmall;
        const QString right = firstFitting({equal > 1 ? many : time, time}, TextRole::Note, title.width() - used);
        scene.text(title.adjusted(used, 0, 0, 0), right, TextRole::Note, theme.color(Ink::Text2));
        const QRectF bar(area.left(), top + line + 2, area.width(), tall);
        const WorkPainter painter{scene, input, panel.phase, cell.stage};
        for (std::size_t i = first; i < last; ++i)
            painter.draw(operators[static_cast<std::size_t>(work[i].op)], work[i].op,
                         bar.left() + (work[i].begin - begin) / length * bar.width(),
                         bar.left() + (work[i].end - begin) / length * bar.width(), bar, true);
        top = bar.bottom() + kBetween;
        if (first != stretches.front().first)
            continue;
        const double rows = byOperator ? lanes.lanesHeight(loose) : 0;
        if (byOperator)
            lanes.drawLanes(scene, input, panel.phase, cell.stage, {area.left(), bar.bottom(), area.width(), rows}, equal, loose);
        if (busy)
            lanes.drawBusy(scene, input, {area.left(), bar.bottom() + rows, area.width(), 0}, loose);
        if (byOperator && busy)
            scene.fill({area.left(), bar.bottom() + rows + 1, area.width(), 1}, theme.color(Ink::Line));
        top += below;
    }
}

} // namespace shardlens
