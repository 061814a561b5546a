// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/rooflinescene.h"

#include "core/base/format.h"
#include "ui/scene/meshlayout.h"
#include "ui/scene/rooflineparts.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

struct RooflineScene {
    Q_DECLARE_TR_FUNCTIONS(RooflineScene)
};

constexpr double kTick = 4;

Subject subjectOf(const RooflinePoint& point)
{
    Subject subject;
    subject.kind = Subject::Kind::Operator;
    subject.phase = point.phase;
    subject.op = point.op;
    return subject;
}

/// A cause of time has one colour in every picture; those of the network's levels are for links.
QColor roofColour(const ViewInput& input, const ByteRoof& path)
{
    return path.side == RooflineSide::Hbm ? input.theme.color(Ink::Weights)
                                          : input.theme.network(networkTier(*input.scenario.cluster, path.level));
}

double highestUsed(const Roofline& roofline)
{
    double most = 0;
    for (const ComputeRoof& roof : roofline.formats)
        if (roof.used || roofline.points.empty())
            most = std::max(most, roof.peak);
    return most;
}

QString intensityTick(double value)
{
    return qs(formatNumber(value));
}

/// Marks where the roofs meet, on the axis; their labels go before those of ticks.
std::vector<QRectF> drawCritical(Scene& scene, const ViewInput& input, const RooflineLayout& layout, const Roofline& roofline)
{
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::NoteStrong);
    std::vector<QRectF> taken;
    std::vector<std::pair<const ByteRoof*, const ComputeRoof*>> used;
    for (const ByteRoof& path : roofline.paths)
        for (const ComputeRoof& roof : roofline.formats)
            if (path.used && roof.used)
                used.emplace_back(&path, &roof);
    const auto formats = std::count_if(roofline.formats.begin(), roofline.formats.end(), [](const ComputeRoof& r) { return r.used; });
    for (const auto& [path, roof] : used) {
        const double critical = path->criticalIntensity(*roof);
        const double x = layout.x(critical);
        const double y = std::max(layout.y(roof->peak), layout.plot.top());
        if (x < layout.plot.left() || x > layout.plot.right() || y > layout.plot.bottom())
            continue;
        scene.line({x, y}, {x, layout.plot.bottom()}, theme.color(Ink::Strong), 1, true);
        const QString number = qs(formatNumber(critical));
        const QString whose = formats > 1 ? qs(nameOf(roof->format)) : qs(path->name);
        const QString unit = RooflineScene::tr("%1 FLOP/B").arg(number);
        const QStringList variants =
            used.size() > 1 ? QStringList{RooflineScene::tr("%1 FLOP/B, %2").arg(number, whose), unit, number} : QStringList{unit, number};
        const auto free = [&](const QRectF& box) {
            return std::none_of(taken.begin(), taken.end(), [&](const QRectF& t) { return t.adjusted(-6, 0, 6, 0).intersects(box); });
        };
        // The most that finds room: under the mark, else to its side.
        QString text;
        QRectF box;
        for (const QString& variant : variants) {
            const double width = textWidth(variant, TextRole::NoteStrong);
            if (width > layout.plot.width() / 3 && variant != number)
                continue;
            // Of several the first leans to its left, the last to its right, away from the others.
            for (const double shift : {used.size() == 1 ? 0.5 : path == used.front().first ? 0.95 : 0.05, 0.5, 0.05, 0.95}) {
                const double left =
                    std::clamp(x - width * shift, layout.plot.left(), std::max(layout.plot.left(), layout.plot.right() - width));
                const QRectF place(left, layout.plot.bottom() + kTick + 1, width + 1, line);
                if (text.isEmpty() && free(place)) {
                    text = variant;
                    box = place;
                }
            }
        }
        if (text.isEmpty())
            continue;
        QPainterPath mark;
        mark.addPolygon(QPolygonF{{x - 4, layout.plot.bottom() + kTick + 1},
                                  {x + 4, layout.plot.bottom() + kTick + 1},
                                  {x, layout.plot.bottom() - 1},
                                  {x - 4, layout.plot.bottom() + kTick + 1}});
        scene.path(mark, theme.color(Ink::Text));
        scene.text(box, text, TextRole::NoteStrong, theme.color(Ink::Text));
        taken.push_back(box);
    }
    return taken;
}

void drawAxes(Scene& scene, const ViewInput& input, const RooflineLayout& layout, const Roofline& roofline)
{
    const Theme& theme = input.theme;
    const QRectF& plot = layout.plot;
    const double line = lineHeight(TextRole::Note);
    for (const double tick : logTicks(layout.visible.left, layout.visible.right, std::clamp(static_cast<int>(plot.width() / 56), 2, 10)))
        scene.line({layout.x(tick), plot.top()}, {layout.x(tick), plot.bottom()}, theme.color(Ink::Grid));
    const std::vector<double> rates =
        logTicks(layout.visible.bottom, layout.visible.top, std::clamp(static_cast<int>(plot.height() / (line + 8)), 2, 8));
    for (const double tick : rates) {
        const double y = layout.y(tick);
        scene.line({plot.left(), y}, {plot.right(), y}, theme.color(Ink::Grid));
        scene.line({plot.left() - kTick, y}, {plot.left(), y}, theme.color(Ink::Strong));
        // In the corners a label gives way to the one of the other axis.
        const double top = std::clamp(y - line / 2, plot.top() - 3, plot.bottom() + kTick - line);
        scene.text({0, top, plot.left() - kTick - 3, line}, qs(formatFlopRate(tick)), TextRole::Note, theme.color(Ink::Text3),
                   Qt::AlignRight | Qt::AlignVCenter);
    }
    scene.line(plot.bottomLeft(), plot.bottomRight(), theme.color(Ink::Strong));
    scene.line(plot.topLeft(), plot.bottomLeft(), theme.color(Ink::Strong));
    std::vector<QRectF> taken = drawCritical(scene, input, layout, roofline);
    for (const double tick : logTicks(layout.visible.left, layout.visible.right, std::clamp(static_cast<int>(plot.width() / 56), 2, 10))) {
        const double x = layout.x(tick);
        scene.line({x, plot.bottom()}, {x, plot.bottom() + kTick}, theme.color(Ink::Strong));
        const QString label = intensityTick(tick);
        const double width = textWidth(label, TextRole::Note);
        const double left = std::clamp(x - width / 2, 0.0, std::max(0.0, input.size.width() - width - 1));
        const QRectF box(left, plot.bottom() + kTick + 1, width + 1, line);
        if (std::any_of(taken.begin(), taken.end(), [&](const QRectF& t) { return t.adjusted(-5, 0, 5, 0).intersects(box); }))
            continue;
        scene.text(box, label, TextRole::Note, theme.color(Ink::Text3));
        taken.push_back(box);
    }
    const bool hbm = roofline.side == RooflineSide::Hbm;
    const QString title = firstFitting(
        {hbm ? RooflineScene::tr("FLOP per byte read from or written to HBM") : RooflineScene::tr("FLOP per byte that the device sends"),
         hbm ? RooflineScene::tr("FLOP per HBM byte") : RooflineScene::tr("FLOP per byte sent"), RooflineScene::tr("FLOP/B")},
        TextRole::Note, plot.width());
    scene.text({plot.left(), plot.bottom() + kTick + 1 + line, plot.width(), line}, title, TextRole::Note, theme.color(Ink::Text2),
               Qt::AlignRight | Qt::AlignVCenter);
    const QString rate = firstFitting({RooflineScene::tr("FLOP/s of one device"), RooflineScene::tr("FLOP/s")}, TextRole::Note,
                                      input.size.width() - 2 * space::kSmall);
    scene.text({space::kSmall, plot.top() - line - 3, input.size.width() - 2 * space::kSmall, line}, rate, TextRole::Note,
               theme.color(Ink::Text2));
}

/// A label on the plot at the first of `boxes` that is free; its place is taken then. False: none is.
bool label(Scene& scene, const QRectF& plot, const std::vector<QRectF>& boxes, const QString& text, const QColor& ink, TextRole role,
           std::vector<QRectF>& taken)
{
    if (text.isEmpty())
        return false;
    for (const QRectF& box : boxes) {
        if (!plot.contains(box) || std::any_of(taken.begin(), taken.end(), [&](const QRectF& t) { return t.intersects(box); }))
            continue;
        scene.text(box, text, role, ink);
        taken.push_back(box.adjusted(-2, 0, 2, 0));
        return true;
    }
    return false;
}

/// A roof as it is drawn.
struct RoofLine {
    QPointF a;
    QPointF b;
    QColor colour;
    QString name;
    QString figure;
    bool used = false;
    bool level = false;
    QString tip; ///< all of it
};

/// Formats of one peak are one roof; those in use are named first. Integers do OP/s: what stands on an axis of FLOP/s is said in full in the tip.
RoofLine levelOf(const ViewInput& input, const std::vector<const ComputeRoof*>& alike)
{
    const QString rate = qs(formatFlopRate(alike.front()->peak));
    const QString operations = QString(rate).replace(QLatin1String("FLOP/s"), QLatin1String("OP/s"));
    RoofLine line;
    line.level = true;
    line.figure = operations;
    QStringList names;
    QStringList tips;
    for (const bool used : {true, false})
        for (const ComputeRoof* roof : alike) {
            if (roof->used != used)
                continue;
            const bool integer = roof->format == ComputeFormat::Int8;
            line.used = line.used || used;
            line.figure = integer ? line.figure : rate;
            names << qs(nameOf(roof->format));
            tips << RooflineScene::tr("%1: %2 dense").arg(names.back(), integer ? operations : rate);
        }
    line.name = names.join(QStringLiteral(", "));
    line.tip = tips.join(QLatin1Char('\n'));
    line.colour = line.used ? input.theme.color(Ink::Compute) : input.theme.faded(input.theme.color(Ink::Strong), 0.35);
    return line;
}

std::vector<RoofLine> linesOf(const ViewInput& input, const RooflineLayout& layout, const Roofline& roofline)
{
    const Theme& theme = input.theme;
    const QColor quiet = theme.faded(theme.color(Ink::Strong), 0.35);
    const bool bare = roofline.points.empty();
    std::vector<RoofLine> lines;
    double fastest = 0;
    for (const ByteRoof& path : roofline.paths)
        if (path.used || bare)
            fastest = std::max(fastest, path.bandwidth);
    for (std::size_t first = 0, next = 0; first < roofline.formats.size(); first = next) {
        const double peak = roofline.formats[first].peak; // highest first: those alike follow each other
        std::vector<const ComputeRoof*> alike;
        for (; next < roofline.formats.size() && roofline.formats[next].peak == peak; ++next)
            alike.push_back(&roofline.formats[next]);
        const double from = fastest > 0 ? layout.x(peak / fastest) : layout.plot.left();
        RoofLine line = levelOf(input, alike);
        line.a = {from, layout.y(peak)};
        line.b = {layout.plot.right(), layout.y(peak)};
        if (from < layout.plot.right() && clipLine(layout.plot, line.a, line.b))
            lines.push_back(line);
    }
    const double peak = highestUsed(roofline);
    for (const ByteRoof& path : roofline.paths) {
        const double ridge = peak / path.bandwidth;
        const double first = std::pow(10.0, std::min(layout.visible.left, std::log10(ridge) - 1));
        const bool used = path.used || bare;
        RoofLine line{{layout.x(first), layout.y(first * path.bandwidth)},
                      {layout.x(ridge), layout.y(peak)},
                      used ? roofColour(input, path) : quiet,
                      qs(path.name),
                      qs(formatBandwidth(path.bandwidth)),
                      used,
                      false,
                      RooflineScene::tr("%1: %2").arg(qs(path.name), qs(formatBandwidth(path.bandwidth)))};
        if (clipLine(layout.plot, line.a, line.b))
            lines.push_back(line);
    }
    // Those in use go over the others, and find room for their names before them.
    std::stable_sort(lines.begin(), lines.end(), [](const RoofLine& a, const RoofLine& b) { return a.used && !b.used; });
    return lines;
}

void drawRoofs(Scene& scene, const std::vector<RoofLine>& lines)
{
    for (std::size_t i = lines.size(); i-- > 0;) {
        const RoofLine& line = lines[i];
        if (line.level)
            scene.line(line.a, line.b, line.colour, line.used ? 2 : 1, !line.used);
        else
            scene.polyline({line.a, line.b}, line.colour, line.used ? 2 : 1, !line.used);
    }
}

/// Where the name of a level roof may stand: above the line from its right end inwards, then below it; then farther off, clear of small
/// bubbles on it, then of great ones.
std::vector<QRectF> placesAtLevel(const RoofLine& line, double width, double height)
{
    std::vector<QRectF> boxes;
    for (const double below : {-height - 1, 2.0, -height - 7, 8.0, -height - 16, -height - 28, -height - 42})
        for (double right = line.b.x() - 3; right - width >= line.a.x(); right -= 24)
            boxes.emplace_back(right - width, line.b.y() + below, width + 1, height);
    // Where levels are too close for names between them there is room over the slope, before the level begins.
    for (const double above : {1.0, 5.0, 9.0})
        boxes.emplace_back(line.a.x() - width - 4, line.a.y() - height - above, width + 1, height);
    return boxes;
}

/// And that of a slope: above it, then below.
std::vector<QRectF> placesAtSlope(const RoofLine& line, double width, double height)
{
    std::vector<QRectF> boxes;
    for (const bool above : {true, false})
        for (const double along : {0.55, 0.7, 0.4, 0.85, 0.25, 0.62, 0.47, 0.32, 0.15}) {
            const QPointF on = line.a + (line.b - line.a) * along;
            boxes.emplace_back(above ? on.x() - width - 6 : on.x() + 6, above ? on.y() - height - 2 : on.y() + 2, width + 1, height);
        }
    return boxes;
}

/// Whether a name there is struck by no line and nearer to its own roof than to another level one.
bool standsAtItsRoof(const QRectF& box, const RoofLine& own, const std::vector<RoofLine>& lines,
                     const std::vector<std::pair<QPointF, QPointF>>& strokes)
{
    const auto gap = [&box](const RoofLine& level) { return std::max(level.a.y() - box.bottom(), box.top() - level.a.y()); };
    for (const auto& [from, to] : strokes)
        if (QPointF a = from, b = to; clipLine(box, a, b))
            return false;
    return std::none_of(lines.begin(), lines.end(), [&](const RoofLine& line) {
        QPointF a = line.a;
        QPointF b = line.b;
        if (clipLine(box, a, b))
            return true;
        return own.level && line.level && line.a.y() != own.a.y() && line.a.x() < box.right() && gap(line) < gap(own) + 3;
    });
}

/// What else strikes through the plot: from where roofs meet down to the axis.
std::vector<std::pair<QPointF, QPointF>> criticalStrokes(const RooflineLayout& layout, const Roofline& roofline)
{
    std::vector<std::pair<QPointF, QPointF>> strokes;
    strokes.reserve(roofline.paths.size() * roofline.formats.size());
    for (const ByteRoof& path : roofline.paths)
        for (const ComputeRoof& roof : roofline.formats)
            if (path.used && roof.used) {
                const double x = layout.x(path.criticalIntensity(roof));
                strokes.emplace_back(QPointF(x, layout.y(roof.peak)), QPointF(x, layout.plot.bottom()));
            }
    return strokes;
}

/// A roof that found no room for its name still says it under the pointer, beside what can be selected.
void tipRoofs(Scene& scene, const std::vector<RoofLine>& lines)
{
    constexpr double kPiece = 12;
    const std::size_t hits = scene.hits.size();
    for (const RoofLine& line : lines) {
        const QPointF way = line.b - line.a;
        const int pieces = std::max(1, static_cast<int>(std::hypot(way.x(), way.y()) / kPiece));
        for (int i = 0; i < pieces; ++i) {
            const QPointF from = line.a + way * i / pieces;
            const QRectF piece = QRectF(from, line.a + way * (i + 1) / pieces).normalized().adjusted(0, -3, 0, 3);
            if (std::none_of(scene.hits.begin(), scene.hits.begin() + static_cast<std::ptrdiff_t>(hits),
                             [&](const HitRegion& hit) { return hit.rect.intersects(piece); }))
                scene.tip(piece, line.tip);
        }
    }
}

void drawRoofNames(Scene& scene, const ViewInput& input, const RooflineLayout& layout, const std::vector<RoofLine>& lines,
                   const std::vector<std::pair<QPointF, QPointF>>& strokes, std::vector<QRectF>& taken)
{
    for (const RoofLine& line : lines) {
        const TextRole role = line.used ? TextRole::NoteStrong : TextRole::Note;
        const double height = lineHeight(role);
        const double room = line.level ? line.b.x() - line.a.x() - 4 : layout.plot.width() / 2;
        const QString brief = line.name.section(QLatin1Char(','), 0, 0);
        // Less of it where all of it finds no place.
        for (const QString& text : {QString(line.name % QChar(u' ') % line.figure), QString(brief % QChar(u' ') % line.figure), brief}) {
            const double width = textWidth(text, role);
            if (width > room)
                continue;
            std::vector<QRectF> boxes = line.level ? placesAtLevel(line, width, height) : placesAtSlope(line, width, height);
            std::erase_if(boxes, [&](const QRectF& box) { return !standsAtItsRoof(box, line, lines, strokes); });
            if (label(scene, layout.plot, boxes, text, input.theme.color(line.used ? Ink::Text : Ink::Text3), role, taken))
                break;
        }
    }
}

void drawPoints(Scene& scene, const ViewInput& input, const RooflineLayout& layout, const std::vector<const RooflinePoint*>& points)
{
    const Theme& theme = input.theme;
    for (const RooflinePoint* point : points) {
        const QPointF at = layout.at(*point);
        if (!(point->fraction() < kJoined) || !std::isfinite(at.y()))
            continue;
        QPointF from = at;
        QPointF to(at.x(), layout.y(point->roof()));
        if (clipLine(layout.plot, from, to)) {
            scene.line(from, to, theme.color(Ink::Text3), 1);
            if (std::abs(to.y() - layout.y(point->roof())) < 0.5)
                scene.line(to - QPointF(3, 0), to + QPointF(3, 0), theme.color(Ink::Text3), 1);
        }
    }
    for (const RooflinePoint* point : points)
        if (const std::optional<QPointF> mark = markInAll(layout, *point)) {
            QPointF from = layout.at(*point);
            QPointF to = *mark;
            if (clipLine(layout.plot, from, to))
                scene.line(from, to, theme.color(Ink::Text3), 1);
            if (layout.plot.contains(*mark))
                drawMark(scene, theme, *mark);
        }
    const QRectF clip = layout.plot.adjusted(0.5, 0.5, -0.5, -0.5);
    for (const RooflinePoint* point : points) {
        const QPointF at = layout.at(*point);
        if (!layout.plot.contains(at))
            continue;
        const double radius = bubbleRadius(layout, point->share);
        drawBubble(scene, theme, at, radius, bubbleColour(theme, *point), point->phase, clip);
        if (aboveRoof(*point)) {
            QPainterPath ring;
            ring.addEllipse(at, radius + 4, radius + 4);
            scene.path(ring, {}, theme.color(Ink::Violation), 2.5);
        }
        scene.hit(QRectF(at.x() - radius - 1, at.y() - radius - 1, 2 * radius + 2, 2 * radius + 2).intersected(layout.plot),
                  subjectOf(*point));
    }
}

} // namespace

void buildRoofline(const ViewInput& input, const RooflineOptions& options, Scene& scene)
{
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    const Roofline roofline = rooflineOf(input.scenario, input.report, options.side);
    const RooflineLayout layout = rooflineLayout(input, options, roofline);
    const RooflineMargins margins = marginsOf(input, options, roofline, layout.visible);
    if (layout.plot.isEmpty()) {
        const int most = static_cast<int>((input.size.height() - 2 * space::kTight) / lineHeight(TextRole::Note));
        if (most > 0 && input.size.width() > 80)
            drawWrapped(scene, {space::kSmall, space::kTight, input.size.width() - 2 * space::kSmall, 0},
                        describeRoofline(input.scenario, input.report, options.side), TextRole::Note, input.theme.color(Ink::Text2), most);
        return;
    }
    drawAxes(scene, input, layout, roofline);
    const std::vector<RoofLine> roofs = linesOf(input, layout, roofline);
    drawRoofs(scene, roofs);
    const std::vector<const RooflinePoint*> points = pointsShown(roofline, options.phases);
    std::vector<QRectF> taken;
    for (const RooflinePoint* point : points) {
        const double r = bubbleRadius(layout, point->share);
        const QPointF at = layout.at(*point);
        if (layout.plot.contains(at))
            taken.emplace_back(at.x() - r, at.y() - r, 2 * r, 2 * r);
    }
    drawPoints(scene, input, layout, points);
    const std::size_t bubbles = taken.size();
    for (const RooflinePoint* point : points)
        if (const std::optional<QPointF> mark = markInAll(layout, *point))
            taken.emplace_back(mark->x() - kMarkRadius - 1, mark->y() - kMarkRadius - 1, 2 * kMarkRadius + 2, 2 * kMarkRadius + 2);
    std::vector<std::pair<QPointF, QPointF>> strokes = criticalStrokes(layout, roofline);
    const auto joins = joinsOf(layout, points);
    strokes.insert(strokes.end(), joins.begin(), joins.end());
    drawRoofNames(scene, input, layout, roofs, strokes, taken);
    tipRoofs(scene, roofs);
    drawRooflineNames(scene, input, layout, roofline, points, taken, bubbles);
    double y = layout.plot.bottom() + margins.axis;
    const double width = input.size.width() - 2 * space::kInset;
    if (margins.legend > 0)
        drawRooflineLegend(&scene, input, options, roofline, {space::kInset, y, width, margins.legend});
    y += margins.legend;
    if (margins.sentence > 0)
        drawWrapped(scene, {space::kInset, y + space::kTight, width, 0}, rooflineSentence(input, options, roofline), TextRole::Note,
                    input.theme.color(Ink::Text2), static_cast<int>(std::lround(margins.sentence / lineHeight(TextRole::Note))));
}

QString rooflineTooltip(const Scenario& scenario, const Report& report, const Subject& subject, RooflineSide side)
{
    if (!report.legal || subject.kind != Subject::Kind::Operator)
        return {};
    const PhaseReport& phase = subject.phase == Phase::Prefill ? report.prefill : report.decode;
    if (subject.op < 0 || static_cast<std::size_t>(subject.op) >= phase.operators.size())
        return {};
    const OperatorCost& op = phase.operators[static_cast<std::size_t>(subject.op)];
    const Roofline roofline = rooflineOf(scenario, report, side);
    const auto found = std::find_if(roofline.points.begin(), roofline.points.end(),
                                    [&](const RooflinePoint& point) { return point.phase == subject.phase && point.op == subject.op; });
    QString text = RooflineScene::tr("%1, %2\n").arg(qs(nameOf(op.op)), qs(nameOf(subject.phase)));
    if (found == roofline.points.end())
        return text + RooflineScene::tr("has no place on this side: no FLOP, or no bytes of its own");
    text += RooflineScene::tr("%1; weights %2, KV %3, activations %4\n")
                .arg(qs(formatFlop(op.flop)), qs(formatBytes(op.weightBytes)), qs(formatBytes(op.kvBytes)),
                     qs(formatBytes(op.activationBytes)));
    if (side == RooflineSide::Link)
        text += RooflineScene::tr("sends %1: %2, %3\n")
                    .arg(qs(formatBytes(op.communicationBytes)), qs(nameOf(op.collective)),
                         qs(nameOf(op.collective, op.algorithm, op.levelAlgorithms)));
    text +=
        side == RooflineSide::Hbm
            ? RooflineScene::tr("%1 FLOP per HBM byte; %2 reached, × %3 of its roof\n")
                  .arg(qs(formatNumber(found->intensity())), qs(formatFlopRate(found->achieved())), qs(formatNumber(found->fraction())))
            : RooflineScene::tr("%1 FLOP per byte sent; %2 reached, × %3 of its roof\n")
                  .arg(qs(formatNumber(found->intensity())), qs(formatFlopRate(found->achieved())), qs(formatNumber(found->fraction())));
    if (found->achievedInAll() < kJoined * found->achieved())
        text += RooflineScene::tr("%1 with its collective\n").arg(qs(formatFlopRate(found->achievedInAll())));
    text += RooflineScene::tr("bound by %1; %2 each, %3 of %4")
                .arg(op.bound == Bound::Memory ? QStringLiteral("HBM") : qs(nameOf(op.bound)), secondsFigure(op.time).joined(),
                     qs(formatPercent(found->share)),
                     subject.phase == Phase::Prefill ? RooflineScene::tr("prefill") : RooflineScene::tr("a decode step"));
    return text;
}

QString describeRoofline(const Scenario& scenario, const Report& report, RooflineSide side)
{
    if (!report.legal)
        return RooflineScene::tr("The plan is not legal, so there are no times.");
    const Roofline roofline = rooflineOf(scenario, report, side);
    if (roofline.points.empty())
        return side == RooflineSide::Link ? RooflineScene::tr("No operator of this plan sends anything.")
                                          : RooflineScene::tr("No operator of this plan computes anything.");
    QString text;
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const RooflinePoint* most = nullptr;
        for (const RooflinePoint& point : roofline.points)
            if (point.phase == phase && (!most || point.share > most->share))
                most = &point;
        if (!most)
            continue;
        text += RooflineScene::tr("%1: most time in %2 (%3), at %4 FLOP per byte, %5 of its roof. ")
                    .arg(phase == Phase::Prefill ? RooflineScene::tr("Prefill") : RooflineScene::tr("Decode"), qs(nameOf(most->name)),
                         qs(formatPercent(most->share)), qs(formatNumber(most->intensity())), qs(formatPercent(most->fraction())));
    }
    return text.trimmed();
}

QString rooflineSubtitle(const Scenario& scenario, const Report& report, RooflineSide side)
{
    if (!report.legal)
        return RooflineScene::tr("the plan is not legal");
    const Roofline roofline = rooflineOf(scenario, report, side);
    if (std::any_of(roofline.points.begin(), roofline.points.end(), aboveRoof))
        return RooflineScene::tr("a point lies above its roof: an error");
    return side == RooflineSide::Hbm ? RooflineScene::tr("operators under HBM and arithmetic")
                                     : RooflineScene::tr("operators under the links");
}

} // namespace shardlens
