// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/rooflineparts.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct RooflineScene {
    Q_DECLARE_TR_FUNCTIONS(RooflineScene)
};

constexpr double kLeastRadius = 3.5;
constexpr double kLabelled = 0.97; ///< of its roof: nearer than this needs no factor
constexpr double kSamePlace = 6;   ///< px between centres: bubbles that lie on one another
constexpr double kLegendHeight = 170;
constexpr double kSentenceHeight = 240;

QString causeName(Cause cause)
{
    switch (cause) {
    case Cause::Compute: return RooflineScene::tr("compute");
    case Cause::Weights: return RooflineScene::tr("weight and activation reads");
    case Cause::Kv: return RooflineScene::tr("KV reads");
    case Cause::Communication: return RooflineScene::tr("communication");
    case Cause::Overhead: return RooflineScene::tr("overhead");
    case Cause::Bubble: break;
    }
    return {};
}

/// "0.3 % of prefill and 0.02 % of decode".
QString sharesText(double prefill, double decode)
{
    return RooflineScene::tr("%1 of prefill and %2 of decode").arg(qs(formatPercent(prefill)), qs(formatPercent(decode)));
}

struct LegendItem {
    QString text;
    QColor colour;       ///< invalid: no sign
    bool bubble = false; ///< of a phase; else a swatch of a colour
    Phase phase = Phase::Decode;
    bool mark = false; ///< of an operator with its collective
};

std::vector<LegendItem> legendOf(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline)
{
    std::vector<LegendItem> items;
    const QColor ink = input.theme.color(Ink::Text2);
    if (options.phases != RooflinePhases::Decode)
        items.push_back({RooflineScene::tr("prefill"), ink, true, Phase::Prefill});
    if (options.phases != RooflinePhases::Prefill)
        items.push_back({RooflineScene::tr("decode"), ink, true, Phase::Decode});
    items.push_back({RooflineScene::tr("area: share of its phase’s time"), {}, false, Phase::Decode});
    std::array<bool, kCauseCount> present{};
    bool marks = false;
    for (const RooflinePoint* point : pointsShown(roofline, options.phases)) {
        present[static_cast<std::size_t>(point->cause)] = true;
        marks = marks || point->achievedInAll() < kJoined * point->achieved();
    }
    if (marks)
        items.push_back({RooflineScene::tr("with its collective"), ink, false, Phase::Decode, true});
    for (std::size_t i = 0; i < kCauseCount; ++i)
        if (present[i])
            items.push_back({causeName(static_cast<Cause>(i)), input.theme.color(static_cast<Cause>(i)), false, Phase::Decode});
    return items;
}

bool crosses(QPointF a, QPointF b, const QRectF& box)
{
    return clipLine(box, a, b);
}

/// Whether two lines cross, ends apart.
bool meet(QPointF a, QPointF b, QPointF c, QPointF d)
{
    const auto side = [](QPointF from, QPointF to, QPointF point) {
        return (to.x() - from.x()) * (point.y() - from.y()) - (to.y() - from.y()) * (point.x() - from.x());
    };
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/// Lines that a name should not stand on.
std::vector<std::pair<QPointF, QPointF>> roofLines(const RooflineLayout& layout, const Roofline& roofline)
{
    std::vector<std::pair<QPointF, QPointF>> lines;
    double peak = 0;
    double fastest = 0;
    for (const ByteRoof& path : roofline.paths)
        fastest = std::max(fastest, path.used ? path.bandwidth : 0);
    for (const ComputeRoof& roof : roofline.formats) {
        if (!roof.used) {
            if (fastest > 0)
                lines.emplace_back(QPointF(layout.x(roof.peak / fastest), layout.y(roof.peak)),
                                   QPointF(layout.plot.right(), layout.y(roof.peak)));
            continue;
        }
        peak = std::max(peak, roof.peak);
        lines.emplace_back(QPointF(layout.plot.left(), layout.y(roof.peak)), QPointF(layout.plot.right(), layout.y(roof.peak)));
    }
    for (const ByteRoof& path : roofline.paths) {
        if (!path.used || !(peak > 0))
            continue;
        const double first = std::pow(10.0, layout.visible.left);
        lines.emplace_back(QPointF(layout.plot.left(), layout.y(first * path.bandwidth)),
                           QPointF(layout.x(peak / path.bandwidth), layout.y(peak)));
    }
    return lines;
}

struct Candidate {
    QRectF box;
    bool leader = false;
};

/// Beside the bubble first, then farther off in eight directions.
std::vector<Candidate> candidatesFor(QPointF at, double r, double width, double height)
{
    std::vector<Candidate> out;
    const double gap = 3;
    out.push_back({{at.x() + r + gap, at.y() - height / 2, width, height}});
    out.push_back({{at.x() - r - gap - width, at.y() - height / 2, width, height}});
    out.push_back({{at.x() + r * 0.7 + gap, at.y() + r * 0.7, width, height}});
    out.push_back({{at.x() - width / 2, at.y() + r + 1, width, height}});
    out.push_back({{at.x() - width / 2, at.y() - r - height - 1, width, height}});
    for (const double far : {18.0, 34.0, 52.0, 74.0, 100.0})
        for (const QPointF way : {QPointF(0.8, 0.6), QPointF(1, 0), QPointF(0.45, 0.9), QPointF(0, 1), QPointF(-0.8, -0.6), QPointF(-1, 0),
                                  QPointF(-0.45, -0.9), QPointF(-0.8, 0.6), QPointF(0.8, -0.6)}) {
            const QPointF tip = at + way * (r + far);
            const double left = way.x() > 0.3 ? tip.x() : way.x() < -0.3 ? tip.x() - width : tip.x() - width / 2;
            const double top = way.y() > 0.3 ? tip.y() : way.y() < -0.3 ? tip.y() - height : tip.y() - height / 2;
            out.push_back({{left, top, width, height}, true});
        }
    return out;
}

QPointF leaderEnd(QPointF at, const QRectF& box)
{
    return {std::clamp(at.x(), box.left(), box.right()), std::clamp(at.y(), box.top() + 2, box.bottom() - 2)};
}

/// What is written at a bubble with `others` in its place, longest first. `twice`: the other phase's stands elsewhere, under the same name.
QStringList namesOf(const RooflinePoint& point, const std::vector<const RooflinePoint*>& others, bool twice)
{
    const QString name = qs(nameOf(point.name));
    const QString factor = point.fraction() < kLabelled ? QStringLiteral(" × ") % qs(formatNumber(point.fraction(), 2)) : QString();
    const QString own = name % factor;
    const auto phased = [&](const QString& text) {
        return point.phase == Phase::Prefill ? RooflineScene::tr("%1, prefill").arg(text) : RooflineScene::tr("%1, decode").arg(text);
    };
    if (others.empty())
        return twice ? QStringList{phased(own), own} : QStringList{own};
    const RooflinePoint& other = *others.front();
    if (others.size() == 1 && other.name == point.name && other.phase != point.phase)
        return {RooflineScene::tr("%1, prefill and decode").arg(own), RooflineScene::tr("%1, both").arg(own)};
    const QString more = RooflineScene::tr("%1 and %2 more").arg(own).arg(others.size());
    const bool onePhase = std::all_of(others.begin(), others.end(), [&](const RooflinePoint* each) { return each->phase == point.phase; });
    QStringList names;
    if (others.size() == 1 && onePhase && other.name != point.name) {
        const QString both = name % QStringLiteral(", ") % qs(nameOf(other.name)) % factor;
        names = twice ? QStringList{phased(both), both} : QStringList{both};
    }
    if (twice && onePhase)
        names << phased(more);
    return names << more;
}

} // namespace

bool clipLine(const QRectF& box, QPointF& a, QPointF& b)
{
    // Liang and Barsky: the part of a + t (b - a) between all four sides.
    double from = 0;
    double to = 1;
    const QPointF d = b - a;
    const std::array<std::pair<double, double>, 4> sides{std::pair{-d.x(), a.x() - box.left()}, std::pair{d.x(), box.right() - a.x()},
                                                         std::pair{-d.y(), a.y() - box.top()}, std::pair{d.y(), box.bottom() - a.y()}};
    for (const auto& [speed, room] : sides) {
        if (speed == 0) {
            if (room < 0)
                return false;
        } else if (speed < 0) {
            from = std::max(from, room / speed);
        } else {
            to = std::min(to, room / speed);
        }
    }
    if (!(from < to))
        return false;
    const QPointF start = a;
    a = start + d * from;
    b = start + d * to;
    return true;
}

double bubbleRadius(const RooflineLayout& layout, double share)
{
    const double most = std::clamp(0.13 * std::min(layout.plot.width(), layout.plot.height()), 9.0, 40.0);
    return std::max(kLeastRadius, most * std::sqrt(std::clamp(share, 0.0, 1.0)));
}

QColor bubbleColour(const Theme& theme, const RooflinePoint& point)
{
    return theme.color(point.cause);
}

void drawBubble(Scene& scene, const Theme& theme, QPointF at, double radius, const QColor& colour, Phase phase, const QRectF& clip)
{
    QPainterPath circle;
    circle.addEllipse(at, radius, radius);
    if (!clip.contains(circle.boundingRect())) {
        QPainterPath inside;
        inside.addRect(clip);
        circle = circle.intersected(inside);
    }
    const QColor edge = theme.edgeOf(theme.edgeOf(colour));
    if (phase == Phase::Prefill)
        scene.path(circle, theme.faded(colour, 0.8), edge, 1.6);
    else
        scene.path(circle, colour, edge, 1);
}

std::optional<QPointF> markInAll(const RooflineLayout& layout, const RooflinePoint& point)
{
    if (!(point.achievedInAll() < kJoined * point.achieved()))
        return std::nullopt;
    return QPointF(layout.x(point.intensity()), layout.y(point.achievedInAll()));
}

std::vector<std::pair<QPointF, QPointF>> joinsOf(const RooflineLayout& layout, const std::vector<const RooflinePoint*>& points)
{
    std::vector<std::pair<QPointF, QPointF>> joins;
    joins.reserve(2 * points.size());
    for (const RooflinePoint* point : points) {
        const QPointF at = layout.at(*point);
        if (!std::isfinite(at.y()))
            continue;
        if (point->fraction() < kJoined)
            joins.emplace_back(at, QPointF(at.x(), layout.y(point->roof())));
        if (const std::optional<QPointF> mark = markInAll(layout, *point))
            joins.emplace_back(at, *mark);
    }
    return joins;
}

void drawMark(Scene& scene, const Theme& theme, QPointF at)
{
    QPainterPath ring;
    ring.addEllipse(at, kMarkRadius, kMarkRadius);
    scene.path(ring, theme.color(Ink::Surface), theme.edgeOf(theme.color(Cause::Communication)), 1.6);
}

QString rooflineSentence(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline)
{
    QString text;
    for (const RooflinePoint& point : roofline.points)
        if (aboveRoof(point)) {
            text +=
                RooflineScene::tr("%1 lies above its roof, which nothing can: an error of this program or of the figures it was given. ")
                    .arg(qs(nameOf(point.name)));
            break;
        }
    if (roofline.points.empty())
        text += options.side == RooflineSide::Link ? RooflineScene::tr("No operator of this plan both computes and sends. ")
                                                   : RooflineScene::tr("No operator of this plan computes anything. ");
    if (options.side == RooflineSide::Hbm && options.phases != RooflinePhases::Prefill)
        if (const auto batch = batchToCompute(input.scenario, input.report))
            text += RooflineScene::tr("Decode: %1 ").arg(qs(batch->sentence()));
    for (const ByteRoof& path : roofline.paths)
        if (path.several)
            text += RooflineScene::tr("%1, one after the other: %2. ").arg(qs(path.name), qs(formatBandwidth(path.bandwidth)));
    const std::array<double, 2>& fused = roofline.fusedShare;
    const double prefill = roofline.unplacedShare[0] - fused[0];
    const double decode = roofline.unplacedShare[1] - fused[1];
    if (roofline.unplaced > 0 && (prefill > 0.001 || decode > 0.001))
        text += (options.side == RooflineSide::Hbm ? RooflineScene::tr("Not drawn: operators that compute nothing, %1. ")
                                                   : RooflineScene::tr("Not drawn: operators that send nothing or only send, %1. "))
                    .arg(sharesText(prefill, decode));
    if (fused[0] > 0 || fused[1] > 0)
        text += RooflineScene::tr("Norms are fused into their neighbours and not drawn: %1.").arg(sharesText(fused[0], fused[1]));
    return text.trimmed();
}

double drawRooflineLegend(Scene* scene, const ViewInput& input, const RooflineOptions& options, const Roofline& roofline,
                          const QRectF& area)
{
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::Note) + 3;
    double x = 0;
    double y = 0;
    for (const LegendItem& item : legendOf(input, options, roofline)) {
        const double sign = item.colour.isValid() ? 16 : 0;
        const double width = sign + textWidth(item.text, TextRole::Note) + 1;
        if (x > 0 && x + width > area.width()) {
            x = 0;
            y += line;
        }
        if (scene && width <= area.width()) {
            const QPointF centre(area.left() + x + 5, area.top() + y + line / 2);
            if (item.mark)
                drawMark(*scene, theme, centre);
            else if (item.bubble)
                drawBubble(*scene, theme, centre, 5, item.colour, item.phase, QRectF(QPointF(0, 0), scene->size));
            else if (item.colour.isValid())
                scene->fill(QRectF(centre.x() - 5, centre.y() - 5, 10, 10), item.colour, theme.edgeOf(item.colour));
            scene->text({area.left() + x + sign, area.top() + y, width - sign, line}, item.text, TextRole::Note, theme.color(Ink::Text2));
        }
        x += width + 14;
    }
    return y + line;
}

RooflineMargins marginsOf(const ViewInput& input, const RooflineOptions& options, const Roofline& roofline, const RooflineRange& visible)
{
    RooflineMargins out;
    const double line = lineHeight(TextRole::Note);
    double widest = 0;
    for (const int most : {2, 3, 4, 5, 6, 7, 8})
        for (const double tick : logTicks(visible.bottom, visible.top, most))
            widest = std::max(widest, textWidth(qs(formatFlopRate(tick)), TextRole::Note));
    out.left = widest + space::kSmall + 8;
    out.right = space::kInset;
    out.top = line + space::kSmall;
    out.axis = 5 + 2 * line + 3;
    const double width = input.size.width() - 2 * space::kInset;
    const double height = input.size.height();
    if (height >= kLegendHeight && width > 120) {
        const double legend = drawRooflineLegend(nullptr, input, options, roofline, {0, 0, width, 0});
        if (legend <= 0.2 * height)
            out.legend = legend;
    }
    if ((height >= kSentenceHeight || roofline.points.empty()) && width > 160) {
        const auto lines = wrapText(rooflineSentence(input, options, roofline), TextRole::Note, width).size();
        const auto most = static_cast<std::size_t>(std::max(1.0, 0.16 * height / line));
        if (lines > 0 && lines <= most)
            out.sentence = static_cast<double>(lines) * line;
    }
    out.bottom = out.axis + out.legend + (out.sentence > 0 ? out.sentence + space::kTight : 0) + space::kTight;
    return out;
}

void drawRooflineNames(Scene& scene, const ViewInput& input, const RooflineLayout& layout, const Roofline& roofline,
                       const std::vector<const RooflinePoint*>& points, std::vector<QRectF>& taken, std::size_t bubbles)
{
    const Theme& theme = input.theme;
    const double height = lineHeight(TextRole::Note);
    const QRectF room = layout.plot.adjusted(2, 1, -2, -1);
    auto lines = roofLines(layout, roofline);
    for (const auto& join : joinsOf(layout, points))
        lines.push_back(join);
    // A name for each patch of so many pixels: beyond that they are noise.
    const auto most = static_cast<std::size_t>(std::clamp(layout.plot.width() * layout.plot.height() / 7000, 2.0, 24.0));
    std::size_t named = 0;
    std::vector<std::pair<QPointF, QPointF>> leaders;
    std::vector<const RooflinePoint*> told; // by the name of a larger bubble in the same place
    for (const RooflinePoint* point : points) {
        if (named >= most)
            return;
        const QPointF at = layout.at(*point);
        if (!layout.plot.contains(at) || std::find(told.begin(), told.end(), point) != told.end())
            continue;
        std::vector<const RooflinePoint*> others;
        for (const RooflinePoint* other : points)
            if (other != point && std::find(told.begin(), told.end(), other) == told.end()
                && (layout.at(*other) - at).manhattanLength() < kSamePlace)
                others.push_back(other);
        const double r = bubbleRadius(layout, point->share);
        const QRectF own(at.x() - r, at.y() - r, 2 * r, 2 * r);
        const auto placeOf = [&](const QString& text) -> std::optional<Candidate> {
            const double width = textWidth(text, TextRole::Note) + 1;
            for (const Candidate& candidate : candidatesFor(at, r, width, height)) {
                const QRectF& box = candidate.box;
                const auto blocked = [&](const QRectF& other) { return other != own && other.intersects(box); };
                if (!room.contains(box) || std::any_of(taken.begin(), taken.end(), blocked)
                    || std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return crosses(l.first, l.second, box); })
                    || std::any_of(leaders.begin(), leaders.end(), [&](const auto& l) { return crosses(l.first, l.second, box); }))
                    continue;
                const QPointF end = leaderEnd(at, box);
                if (candidate.leader
                    && (std::any_of(taken.begin() + static_cast<std::ptrdiff_t>(bubbles), taken.end(),
                                    [&](const QRectF& t) { return crosses(at, end, t); })
                        || std::any_of(leaders.begin(), leaders.end(), [&](const auto& l) { return meet(at, end, l.first, l.second); })))
                    continue;
                return candidate;
            }
            return std::nullopt;
        };
        const auto stands = [&](const QString& text) -> bool {
            const std::optional<Candidate> place = placeOf(text);
            if (!place)
                return false;
            if (place->leader) {
                const QPointF end = leaderEnd(at, place->box);
                const QPointF way = end - at;
                const double length = std::hypot(way.x(), way.y());
                if (length > r + 2)
                    scene.line(at + way * (r / length), end - way * (2 / length), theme.color(Ink::Text3), 1);
                leaders.emplace_back(at, end);
            }
            scene.text(place->box, text, TextRole::Note, theme.color(Ink::Text));
            taken.push_back(place->box.adjusted(-2, 0, 2, 0));
            return true;
        };
        const bool twice = std::any_of(points.begin(), points.end(), [&](const RooflinePoint* other) {
            return other->name == point->name && other->phase != point->phase && layout.plot.contains(layout.at(*other))
                   && std::find(others.begin(), others.end(), other) == others.end();
        });
        const QStringList texts = namesOf(*point, others, twice);
        // Most find no room at all: the shortest says so once for all.
        const auto shortest =
            std::min_element(texts.begin(), texts.end(), [](const QString& a, const QString& b) { return a.size() < b.size(); });
        if (texts.size() > 1 && !placeOf(*shortest))
            continue;
        if (std::any_of(texts.begin(), texts.end(), stands)) {
            told.insert(told.end(), others.begin(), others.end());
            ++named;
        }
    }
}

} // namespace shardlens
