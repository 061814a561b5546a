// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/collectivelines.h"

#include <QLineF>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kLeastHead = 4; // px
constexpr double kBeside = 8;    // px from a line to its words
constexpr double kAir = 6;       // px between words

double lengthOf(const QPolygonF& run)
{
    double length = 0;
    for (qsizetype i = 1; i < run.size(); ++i)
        length += QLineF(run[i - 1], run[i]).length();
    return length;
}

QPointF directionOf(QPointF from, QPointF to)
{
    const QPointF way = to - from;
    const double length = std::hypot(way.x(), way.y());
    return length > 0 ? way / length : QPointF(1, 0);
}

/// To the right of a direction, y pointing down.
QPointF rightOf(QPointF along)
{
    return {-along.y(), along.x()};
}

QString wordsOf(const RunLabel& label)
{
    return label.count == 1 ? label.text : QString::number(label.count) + QStringLiteral(" \u00d7 ") + label.text;
}

/// Where all labels stand free of each other and of `keepOut`; nowhere when one does not. `apart`: lines of text by which those on the
/// left stand higher and those on the right lower.
std::vector<QRectF> boxesBeside(const std::vector<RunLabel>& labels, const std::vector<QRectF>& keepOut, double apart, const QRectF& area)
{
    const double height = lineHeight(TextRole::Note);
    std::vector<QRectF> boxes;
    boxes.reserve(labels.size());
    for (const RunLabel& label : labels) {
        if (std::abs(label.beside.along.y()) < 0.99)
            return {}; // beside a level line there is no room that would not be another line's
        const double width = textWidth(wordsOf(label), TextRole::Note);
        const bool right = label.beside.along.y() < 0;
        const QRectF box(right ? label.beside.at.x() + kBeside : label.beside.at.x() - kBeside - width,
                         label.beside.at.y() - height / 2 + (right ? apart : -apart) * height, width, height);
        const QRectF withAir = box.adjusted(-kAir, 0, kAir, 0);
        const auto meets = [&withAir](const QRectF& other) { return other.intersects(withAir); };
        if (!area.contains(box) || std::any_of(keepOut.begin(), keepOut.end(), meets) || std::any_of(boxes.begin(), boxes.end(), meets)
            || std::any_of(labels.begin(), labels.end(), [&box](const RunLabel& other) { return box.contains(other.beside.at); }))
            return {};
        boxes.push_back(box);
    }
    return boxes;
}

} // namespace

QPolygonF movedToTheRight(const QPolygonF& line, double by)
{
    QPolygonF points;
    for (const QPointF& point : line)
        if (points.isEmpty() || QLineF(points.back(), point).length() > 1e-6)
            points.append(point);
    if (by <= 0 || points.size() < 2)
        return points;
    QPolygonF moved;
    for (qsizetype i = 0; i < points.size(); ++i) {
        const QPointF in = rightOf(directionOf(points[i > 0 ? i - 1 : 0], points[i > 0 ? i : 1]));
        const QPointF out = rightOf(directionOf(points[i + 1 < points.size() ? i : i - 1], points[i + 1 < points.size() ? i + 1 : i]));
        const double spread = 1 + QPointF::dotProduct(in, out);
        if (spread < 0.2) { // it turns back: round the point
            moved.append(points[i] + in * by);
            moved.append(points[i] + out * by);
        } else {
            moved.append(points[i] + (in + out) / spread * by);
        }
    }
    return moved;
}

std::pair<double, double> insideOf(const QRectF& rect, QPointF a, QPointF b)
{
    double first = 0;
    double last = 1;
    const auto cut = [&](double at, double step, double low, double high) {
        if (std::abs(step) < 1e-9) {
            if (at < low || at > high)
                last = -1;
            return;
        }
        const double one = (low - at) / step;
        const double other = (high - at) / step;
        first = std::max(first, std::min(one, other));
        last = std::min(last, std::max(one, other));
    };
    cut(a.x(), b.x() - a.x(), rect.left(), rect.right());
    cut(a.y(), b.y() - a.y(), rect.top(), rect.bottom());
    return first < last ? std::pair{first, last} : std::pair{0.0, 0.0};
}

std::vector<QPolygonF> visibleRuns(const MeshRoute& route, const std::vector<QRectF>& keepOut, double from, double upTo)
{
    std::vector<QPolygonF> runs;
    const auto append = [&runs](QPointF a, QPointF b) {
        if (!runs.empty() && QLineF(runs.back().back(), a).length() < 0.01)
            runs.back().append(b);
        else
            runs.push_back(QPolygonF{a, b});
    };
    const double first = route.length() * from;
    const double last = route.length() * upTo;
    double passed = 0;
    for (const QPolygonF& leg : route.legs)
        for (qsizetype i = 1; i < leg.size(); ++i) {
            const double length = QLineF(leg[i - 1], leg[i]).length();
            const double start = std::clamp((first - passed) / std::max(length, 1e-9), 0.0, 1.0);
            const double end = std::clamp((last - passed) / std::max(length, 1e-9), 0.0, 1.0);
            passed += length;
            if (end <= start)
                continue;
            const QPointF a = leg[i - 1] + (leg[i] - leg[i - 1]) * start;
            const QPointF b = leg[i - 1] + (leg[i] - leg[i - 1]) * end;
            std::vector<std::pair<double, double>> hidden;
            for (const QRectF& rect : keepOut)
                if (const auto part = insideOf(rect, a, b); part.second > part.first)
                    hidden.push_back(part);
            std::sort(hidden.begin(), hidden.end());
            hidden.emplace_back(1, 1);
            double at = 0;
            for (const auto& [hides, shows] : hidden) {
                if (hides > at)
                    append(a + (b - a) * at, a + (b - a) * hides);
                at = std::max(at, shows);
            }
        }
    return runs;
}

void drawRun(const QPolygonF& run, const QColor& colour, double width, bool hasHead, Scene& scene, bool dashed)
{
    const double last = QLineF(run[run.size() - 2], run.back()).length();
    const double head = std::min(3 + 2.5 * width, last - 1);
    if (!hasHead || head < kLeastHead) {
        scene.polyline(run, colour, width, dashed);
        return;
    }
    const QPointF tip = run.back();
    const QPointF along = directionOf(run[run.size() - 2], tip);
    QPolygonF line = run;
    line.back() = tip - along * (head * 0.8);
    scene.polyline(line, colour, width, dashed);
    QPainterPath shape(tip);
    shape.lineTo(tip - along * head + rightOf(along) * (head * 0.5));
    shape.lineTo(tip - along * head - rightOf(along) * (head * 0.5));
    shape.closeSubpath();
    scene.path(shape, colour);
}

std::pair<double, double> betweenTiles(const MeshRoute& route, const QRectF& from, const QRectF& to)
{
    const double length = std::max(route.length(), 1e-9);
    const QPolygonF& first = route.legs.front();
    const QPolygonF& last = route.legs.back();
    double out = 0;
    double in = 1;
    if (from.width() >= kWordedTile && first.size() > 1)
        out = insideOf(from, first[0], first[1]).second * QLineF(first[0], first[1]).length() / length;
    if (to.width() >= kWordedTile && last.size() > 1) {
        const QPointF a = last[last.size() - 1];
        const QPointF b = last[last.size() - 2];
        in = 1 - insideOf(to, a, b).second * QLineF(a, b).length() / length;
    }
    return out < in ? std::pair{out, in} : std::pair{0.0, 1.0};
}

std::vector<QRectF> wordedTiles(const MeshLayout& layout)
{
    std::vector<QRectF> rects;
    for (const MeshTile& tile : layout.tiles)
        if (tile.rect.width() >= kWordedTile && tile.rect.height() >= lineHeight(TextRole::Note))
            rects.push_back(tile.rect);
    return rects;
}

RunPoint restOf(const std::vector<QPolygonF>& runs)
{
    const QPolygonF& run = *std::max_element(runs.begin(), runs.end(),
                                             [](const QPolygonF& a, const QPolygonF& b) { return lengthOf(a) < lengthOf(b) - 1e-6; });
    const bool isUpright = run.size() == 2 && std::abs(run[0].x() - run[1].x()) < 0.01;
    double left = lengthOf(run) * (isUpright ? 0.5 : 0.3);
    for (qsizetype i = 1; i < run.size(); ++i) {
        const QLineF line(run[i - 1], run[i]);
        if (left <= line.length() && line.length() > 0)
            return {line.pointAt(left / line.length()), directionOf(run[i - 1], run[i])};
        left -= line.length();
    }
    return {run.front(), {1, 0}};
}

void addLabel(std::vector<RunLabel>& labels, const RunPoint& beside, const QString& text)
{
    const auto same = std::find_if(labels.begin(), labels.end(), [&](const RunLabel& label) {
        return label.text == text && QLineF(label.beside.at, beside.at).length() < 0.5;
    });
    if (same != labels.end())
        ++same->count;
    else
        labels.push_back({beside, text});
}

void drawRunLabels(const std::vector<RunLabel>& labels, const MeshLayout& layout, const Theme& theme, Scene& scene)
{
    std::vector<QRectF> keepOut{layout.labelColumn};
    for (const MeshTile& tile : layout.tiles)
        keepOut.push_back(tile.rect);
    for (const MeshSwitch& plate : layout.switches)
        keepOut.push_back(plate.bar);
    for (const SceneItem& item : scene.items)
        if (item.kind == SceneItem::Kind::Text)
            keepOut.push_back(scene.textBounds(item));
    // Side by side, or what comes a little above what goes.
    std::vector<QRectF> boxes;
    for (const double apart : {0.0, 0.55}) {
        if (!(boxes = boxesBeside(labels, keepOut, apart, QRectF(QPointF(0, 0), scene.size))).empty())
            break;
    }
    for (std::size_t i = 0; i < boxes.size(); ++i)
        scene.text(boxes[i], wordsOf(labels[i]), TextRole::Note, theme.color(Ink::Text2), Qt::AlignCenter);
}

} // namespace shardlens
