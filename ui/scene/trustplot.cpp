// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/trustplot.h"

#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct TrustScene {
    Q_DECLARE_TR_FUNCTIONS(TrustScene)
};

constexpr double kMark = 3.2; ///< half of a mark
constexpr double kNearMark = 4.5;
constexpr double kWithin = 0.2;
constexpr double kLeastPlot = 40;

struct Axes {
    QRectF plot;
    double labels = 0; ///< width left of the plot
    double begin = 0;  ///< log10
    double end = 1;
    [[nodiscard]] double share(double value) const { return (std::log10(value) - begin) / (end - begin); }
    [[nodiscard]] double x(double value) const { return plot.left() + share(value) * plot.width(); }
    [[nodiscard]] double y(double value) const { return plot.bottom() - share(value) * plot.height(); }
    [[nodiscard]] QPointF at(double measured, double predicted) const { return {x(measured), y(predicted)}; }
};

/// One form for each group, so that groups tell apart without colour.
void addMark(QPainterPath& path, QPointF at, std::size_t form, double half)
{
    switch (form % 6) {
    case 0: path.addEllipse(at, half, half); return;
    case 1: path.addRect(at.x() - half * 0.9, at.y() - half * 0.9, half * 1.8, half * 1.8); return;
    case 2:
        path.addPolygon(QPolygonF{at + QPointF(0, -half * 1.2), at + QPointF(half * 1.1, half * 0.8), at + QPointF(-half * 1.1, half * 0.8),
                                  at + QPointF(0, -half * 1.2)});
        return;
    case 3:
        path.addPolygon(QPolygonF{at + QPointF(0, half * 1.2), at + QPointF(half * 1.1, -half * 0.8),
                                  at + QPointF(-half * 1.1, -half * 0.8), at + QPointF(0, half * 1.2)});
        return;
    case 4:
        path.addPolygon(QPolygonF{at + QPointF(0, -half * 1.3), at + QPointF(half * 1.3, 0), at + QPointF(0, half * 1.3),
                                  at + QPointF(-half * 1.3, 0), at + QPointF(0, -half * 1.3)});
        return;
    default: path.addRect(at.x() - half * 1.2, at.y() - half * 0.5, half * 2.4, half); return;
    }
}

QColor groupColour(const Theme& theme, std::size_t group)
{
    return theme.place(static_cast<int>(group), 2, 3);
}

/// 1, 2, 5 x 10^n inside the axes; where they stand too close only powers of ten.
std::vector<double> logTicks(const Axes& axes)
{
    std::vector<double> ticks;
    const bool dense = axes.plot.width() / (axes.end - axes.begin) > 110;
    for (int power = static_cast<int>(std::floor(axes.begin)); power <= static_cast<int>(std::ceil(axes.end)); ++power)
        for (const double step : {1.0, 2.0, 5.0}) {
            const double value = step * std::pow(10.0, power);
            const double at = std::log10(value);
            if ((dense || step == 1.0) && at >= axes.begin - 1e-9 && at <= axes.end + 1e-9)
                ticks.push_back(value);
        }
    return ticks;
}

void drawAxes(Scene& scene, const ViewInput& input, const Axes& axes, PointFigure figure)
{
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::Note);
    double lastRight = -1e9;
    double lastTop = 1e9;
    for (const double tick : logTicks(axes)) {
        const double x = axes.x(tick);
        const double y = axes.y(tick);
        scene.line({x, axes.plot.top()}, {x, axes.plot.bottom()}, theme.color(Ink::Grid));
        scene.line({axes.plot.left(), y}, {axes.plot.right(), y}, theme.color(Ink::Grid));
        const QString label = pointValue(figure, tick);
        const double width = textWidth(label, TextRole::Note);
        const double left = std::min(x - width / 2, axes.plot.right() + 6 - width);
        if (left > lastRight + 6) {
            scene.line({x, axes.plot.bottom()}, {x, axes.plot.bottom() + 4}, theme.color(Ink::Strong));
            scene.text({left, axes.plot.bottom() + 5, width + 1, line}, label, TextRole::Note, theme.color(Ink::Text3));
            lastRight = left + width;
        }
        scene.line({axes.plot.left() - 4, y}, {axes.plot.left(), y}, theme.color(Ink::Strong));
        if (y - line / 2 >= axes.plot.top() - 3 && y + line / 2 <= lastTop) { // above it stands what the axis is
            scene.text({axes.plot.left() - axes.labels, y - line / 2, axes.labels - 7, line}, label, TextRole::Note,
                       theme.color(Ink::Text3), Qt::AlignRight | Qt::AlignVCenter);
            lastTop = y - line / 2;
        }
    }
    scene.line(axes.plot.bottomLeft(), axes.plot.bottomRight(), theme.color(Ink::Strong));
    scene.line(axes.plot.topLeft(), axes.plot.bottomLeft(), theme.color(Ink::Strong));
    scene.text({axes.plot.left(), axes.plot.bottom() + 5 + line, axes.plot.width(), line},
               TrustScene::tr("measured %1").arg(nameOf(figure)), TextRole::Note, theme.color(Ink::Text2),
               Qt::AlignRight | Qt::AlignVCenter, true);
    scene.text({axes.plot.left() - axes.labels + 2, axes.plot.top() - line - 3, axes.plot.width() + axes.labels, line},
               TrustScene::tr("predicted %1").arg(nameOf(figure)), TextRole::Note, theme.color(Ink::Text2),
               Qt::AlignLeft | Qt::AlignVCenter, true);
}

/// The part of predicted = factor x measured inside the plot.
void drawRay(Scene& scene, const Theme& theme, const Axes& axes, double factor, bool main)
{
    const double shift = std::log10(factor);
    const double from = axes.begin + std::max(0.0, -shift);
    const double to = axes.end - std::max(0.0, shift);
    const QPointF a = axes.at(std::pow(10.0, from), std::pow(10.0, from + shift));
    const QPointF b = axes.at(std::pow(10.0, to), std::pow(10.0, to + shift));
    scene.line(a, b, theme.color(main ? Ink::Text2 : Ink::Strong), 1, !main);
}

/// Outside the lines, as far from them as their slope asks for.
void drawBandLabels(Scene& scene, const Theme& theme, const Axes& axes)
{
    const double line = lineHeight(TextRole::Note);
    const double slope = axes.plot.height() / axes.plot.width();
    const auto label = [&](QPointF rightTop, const QString& text) {
        const double width = textWidth(text, TextRole::Note);
        const QRectF box(rightTop.x() - width, rightTop.y(), width + 1, line);
        scene.fill(box.adjusted(-2, 0, 1, 0), theme.color(Ink::Surface)); // marks would cross the letters
        scene.text(box, text, TextRole::Note, theme.color(Ink::Text2));
    };
    const double top = std::pow(10.0, axes.end);
    const QPointF upper = axes.at(top / (1 + kWithin), top);
    label(upper - QPointF(line / slope + 4, 0), TrustScene::tr("+20 %"));
    const QPointF lower = axes.at(top, top * (1 - kWithin));
    const QString below = TrustScene::tr("−20 %");
    label(lower + QPointF(-2, textWidth(below, TextRole::Note) * slope + 3), below);
}

} // namespace

const ComparedPoint* pointOf(const TrustPicture& picture, int number)
{
    if (number < 0)
        return nullptr;
    auto index = static_cast<std::size_t>(number);
    for (const auto& points : {picture.shipped, picture.own}) {
        const std::size_t count = points ? points->points.size() : 0;
        if (index < count)
            return &points->points[index];
        index -= count;
    }
    return nullptr;
}

QString pointValue(PointFigure figure, double value)
{
    return figure == PointFigure::OutputPerDevice ? rateFigure(value).joined() : secondsFigure(value).joined();
}

bool drawTrustPlot(Scene& scene, const ViewInput& input, const TrustPicture& picture, const std::vector<NearPoint>& near,
                   const QRectF& area)
{
    const Theme& theme = input.theme;
    const double line = lineHeight(TextRole::Note);
    Axes axes;
    if (!(picture.most > 0))
        return false;
    axes.begin = std::log10(picture.least) - 0.06;
    axes.end = std::log10(picture.most) + 0.06;
    for (int power = static_cast<int>(std::floor(axes.begin)); power <= static_cast<int>(std::ceil(axes.end)); ++power)
        for (const double step : {1.0, 2.0, 5.0})
            if (const double at = std::log10(step) + power; at >= axes.begin && at <= axes.end)
                axes.labels =
                    std::max(axes.labels, textWidth(pointValue(picture.figure, step * std::pow(10.0, power)), TextRole::Note) + 9);
    axes.plot = area.adjusted(axes.labels, line + 4, -8, -2 * line - 6);
    if (axes.plot.width() < kLeastPlot || axes.plot.height() < kLeastPlot)
        return false;
    drawAxes(scene, input, axes, picture.figure);
    drawRay(scene, theme, axes, 1, true);
    drawRay(scene, theme, axes, 1 + kWithin, false);
    drawRay(scene, theme, axes, 1 - kWithin, false);
    const auto figure = static_cast<std::size_t>(picture.figure);
    const auto place = [&](const ComparedPoint& point) { return axes.at(point.measured[figure], point.predicted[figure].value); };
    const auto hit = [&](QPointF at, std::size_t number, double half) {
        Subject subject;
        subject.kind = Subject::Kind::Point;
        subject.point = static_cast<int>(number);
        scene.hit({at.x() - half - 1, at.y() - half - 1, 2 * half + 2, 2 * half + 2}, subject);
    };
    // One path for each group: a thousand marks cost what a few do.
    for (std::size_t g = 0; g < picture.groups.size(); ++g) {
        QPainterPath marks;
        marks.setFillRule(Qt::WindingFill);
        for (const std::size_t i : picture.groups[g].points) {
            const QPointF at = place(picture.shipped->points[i]);
            addMark(marks, at, g, kMark);
            hit(at, i, kMark);
        }
        const QColor fill = groupColour(theme, g);
        scene.path(marks, fill, theme.edgeOf(theme.edgeOf(fill)), 0.8);
    }
    const std::size_t shipped = picture.shipped ? picture.shipped->points.size() : 0;
    if (picture.own) {
        for (std::size_t i = 0; i < picture.own->points.size(); ++i) {
            const ComparedPoint& point = picture.own->points[i];
            if (!point.has(picture.figure))
                continue;
            const QPointF at = place(point);
            scene.line(at + QPointF(-4, -4), at + QPointF(4, 4), theme.color(Ink::Text), 1.5);
            scene.line(at + QPointF(-4, 4), at + QPointF(4, -4), theme.color(Ink::Text), 1.5);
            hit(at, shipped + i, 4);
        }
    }
    for (std::size_t rank = near.size(); rank-- > 0;) {
        const ComparedPoint* point = pointOf(picture, static_cast<int>(near[rank].index));
        if (!point)
            continue;
        const QPointF at = place(*point);
        QPainterPath diamond;
        addMark(diamond, at, 4, kNearMark);
        if (near[rank].isFar()) // hollow
            scene.path(diamond, theme.color(Ink::Surface), theme.color(Ink::Text), 1.5);
        else
            scene.path(diamond, theme.color(Ink::Text), theme.color(Ink::Surface), 1);
        hit(at, near[rank].index, kNearMark);
    }
    if (axes.plot.height() >= 6 * line) // in a low plot they would hide what they name
        drawBandLabels(scene, theme, axes);
    return true;
}

} // namespace shardlens
