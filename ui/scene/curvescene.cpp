// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/curvescene.h"

#include "core/base/format.h"
#include "ui/scene/curvetext.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace shardlens {
namespace {

struct CurveText {
    Q_DECLARE_TR_FUNCTIONS(CurveChart)
};

/// The band as one filled shape for each stretch without a gap.
void drawBand(const CurveData& data, const CurveLayout& layout, const Theme& theme, Scene& scene)
{
    if (!data.band)
        return;
    QPolygonF upper;
    QPolygonF lower;
    const auto close = [&] {
        if (upper.size() > 1) {
            QPolygonF outline = upper;
            for (qsizetype i = lower.size(); i-- > 0;)
                outline << lower[i];
            QPainterPath path;
            path.addPolygon(outline);
            path.closeSubpath();
            scene.path(path, theme.faded(theme.color(Ink::Text3), 0.72));
        }
        upper.clear();
        lower.clear();
    };
    const auto inPlot = [&](double y) { return std::clamp(y, layout.plot.top(), layout.plot.bottom()); };
    for (const CurvePoint& point : data.points) {
        if (!point.has(data.figure) || (layout.logX && !(point.x > 0))) {
            close();
            continue;
        }
        const double x = layout.xOf(point.x);
        upper << QPointF(x, inPlot(layout.yOf(point.of(data.figure) * data.band->high)));
        lower << QPointF(x, inPlot(layout.yOf(point.of(data.figure) * data.band->low)));
    }
    close();
}

/// Where values do not fit in memory: from the limit to the right, or where they are.
std::vector<QRectF> misfits(const CurveData& data, const CurveLayout& layout)
{
    const QRectF& plot = layout.plot;
    if (data.nothingFits)
        return {plot};
    std::vector<QRectF> stretches;
    // Fitting need not rise or fall with the input: each stretch of values that do not fit.
    double from = std::numeric_limits<double>::quiet_NaN();
    const CurvePoint* before = nullptr;
    const auto shade = [&](double to) {
        const double left = std::clamp(from, plot.left(), plot.right());
        const double right = std::clamp(to, plot.left(), plot.right());
        if (right - left > 1)
            stretches.emplace_back(left, plot.top(), right - left, plot.height());
        from = std::numeric_limits<double>::quiet_NaN();
    };
    for (const CurvePoint& point : data.points) {
        if (!point.legal)
            continue;
        if (!point.fits && std::isnan(from)) {
            const bool atLimit = before != nullptr && before->fits && data.limit && *data.limit >= before->x && *data.limit < point.x;
            from = before == nullptr ? plot.left() : atLimit ? layout.xOf(*data.limit) : layout.xOf(before->x);
        } else if (point.fits && !std::isnan(from)) {
            shade(layout.xOf(point.x));
        }
        before = &point;
    }
    if (!std::isnan(from))
        shade(plot.right());
    return stretches;
}

/// A small cross on the axis for each value that no plan or load can have. False: there is none.
bool drawIllegal(const CurveData& data, const CurveLayout& layout, const Theme& theme, Scene& scene)
{
    bool any = false;
    for (const CurvePoint& point : data.points) {
        if (point.has(data.figure) || (layout.logX && !(point.x > 0)))
            continue;
        const QPointF at(layout.xOf(point.x), layout.plot.bottom());
        if (at.x() < layout.plot.left() - 0.5 || at.x() > layout.plot.right() + 0.5)
            continue;
        scene.line(at + QPointF(-2.5, -2.5), at + QPointF(2.5, 2.5), theme.color(Ink::Text3));
        scene.line(at + QPointF(-2.5, 2.5), at + QPointF(2.5, -2.5), theme.color(Ink::Text3));
        any = true;
    }
    return any;
}

void drawGrid(const CurveData& data, const CurveLayout& layout, QSizeF size, const Theme& theme, Scene& scene)
{
    const double line = lineHeight(TextRole::Note);
    const AxisUnit unit = axisUnitOf(data.figure, std::max(std::abs(layout.leastY), layout.mostY));
    double above = std::numeric_limits<double>::infinity(); // of the label before
    for (const double tick : layout.yTicks) {
        const double y = layout.yOf(tick);
        scene.line({layout.plot.left(), y}, {layout.plot.right(), y}, theme.color(tick == 0 ? Ink::Strong : Ink::Grid));
        if (y + line > above + 1)
            continue; // on low plots every other tick has no label
        above = y;
        scene.text({space::kInset, y - line / 2, layout.plot.left() - 6 - space::kInset, line}, axisLabel(tick, unit), TextRole::Note,
                   theme.color(Ink::Text3), Qt::AlignRight | Qt::AlignVCenter);
    }
    double free = -1;
    for (const double tick : layout.xTicks) {
        const double x = layout.xOf(tick);
        scene.line({x, layout.plot.bottom()}, {x, layout.plot.bottom() + 4}, theme.color(Ink::Strong));
        const QString label = inputText(data.input, tick);
        const double width = textWidth(label, TextRole::Note);
        const double left = std::clamp(x - width / 2, 1.0, size.width() - 2 - width);
        if (left < free)
            continue;
        scene.text({left, layout.plot.bottom() + 6, width + 0.5, line}, label, TextRole::Note, theme.color(Ink::Text3));
        free = left + width + 6;
    }
}

/// `crosses`: of values without a figure are drawn.
QString unitsText(const CurveData& data, const QString& unit, bool crosses, double room)
{
    QString x = inputUnit(data.input);
    if (data.nothingFits)
        x = CurveText::tr("nothing fits");
    QStringList parts;
    for (const QString& part : {unit, x})
        if (!part.isEmpty())
            parts << part;
    const QString what = parts.join(QStringLiteral(", "));
    const QString band = data.band ? CurveText::tr("%1; band 80 %").arg(what) : what;
    const QString shortBand = data.band && !unit.isEmpty() ? CurveText::tr("%1; band 80 %").arg(unit) : what;
    const QString kind = data.simulated ? CurveText::tr("%1; ring simulated, curve analytic").arg(band) : band;
    const QString shortKind = data.simulated ? CurveText::tr("%1; ring simulated").arg(band) : band;
    const auto withPoints = [&](const QString& text) {
        return data.measuredNote.isEmpty() ? text : QString(text + QStringLiteral("; ") + data.measuredNote);
    };
    QStringList forms{withPoints(kind), withPoints(shortKind), kind, withPoints(band), shortKind, band, shortBand, what, unit};
    if (crosses) {
        const bool legal = std::all_of(data.points.begin(), data.points.end(), [](const CurvePoint& point) { return point.legal; });
        const QString mark = legal ? CurveText::tr("\u00D7 no value") : CurveText::tr("\u00D7 not legal");
        QStringList named;
        for (const QString& form : std::as_const(forms))
            named << (form.isEmpty() ? mark : QString(form + QStringLiteral("; ") + mark));
        forms = named + forms;
    }
    return firstFitting(forms, TextRole::Note, room);
}

/// "96 clients", "batch 64".
QString loadPhrase(CurveInput input, double value)
{
    const bool counted = (input == CurveInput::Concurrency && value > 1) || input == CurveInput::Rate;
    return counted ? CurveText::tr("%1 %2").arg(inputText(input, value), inputUnit(input)) : inputPhrase(input, value);
}

QPointF nearestOf(const QRectF& rect, QPointF point)
{
    return {std::clamp(point.x(), rect.left(), rect.right()), std::clamp(point.y(), rect.top(), rect.bottom())};
}

/// Whether the way from one point to another goes through a rectangle that holds neither.
bool crosses(const QRectF& rect, QPointF from, QPointF to)
{
    constexpr int kSteps = 32;
    for (int i = 1; i < kSteps; ++i)
        if (rect.contains(from + (to - from) * i / kSteps))
            return !rect.contains(from);
    return false;
}

/// Places for the value of the scenario, and how much of the picture each would cover.
QRectF placePlate(const CurveData& data, const CurveLayout& layout, const QString& text, const std::vector<QRectF>& avoid)
{
    const QRectF& plot = layout.plot;
    const QPointF point(layout.xOf(data.own.x), layout.yOf(data.own.of(data.figure)));
    const double width = textWidth(text, TextRole::BodyMedium) + 12;
    const double height = lineHeight(TextRole::BodyMedium) + 6;
    const double foot = plot.bottom() - height - 4;
    const double head = plot.top() + 2;
    const double level = std::clamp(point.y() - height / 2, head, std::max(head, foot));
    const double before = point.x() - width - 16;
    const double after = point.x() + 16;
    const double middle = point.x() - width / 2;
    const std::array<QPointF, 10> places{QPointF(middle, foot),
                                         QPointF(middle, point.y() - height - 18),
                                         QPointF(middle, plot.center().y() - height / 2),
                                         QPointF(middle, head),
                                         QPointF(before, level),
                                         QPointF(after, level),
                                         QPointF(before, foot),
                                         QPointF(after, foot),
                                         QPointF(before, head),
                                         QPointF(after, head)};
    const auto covered = [&](const QRectF& plate) {
        int count = 0;
        for (const QRectF& each : avoid)
            count += plate.intersects(each) ? 1000 : crosses(each, point, nearestOf(plate, point)) ? 500 : 0;
        if (plate.adjusted(-9, -9, 9, 9).contains(point) || plate.top() < plot.top() || plate.bottom() > plot.bottom())
            count += 1000;
        for (const CurvePoint& each : data.points)
            count += each.has(data.figure) && plate.contains(QPointF(layout.xOf(each.x), layout.yOf(each.of(data.figure)))) ? 1 : 0;
        return count;
    };
    QRectF best;
    int least = std::numeric_limits<int>::max();
    for (const QPointF& place : places) {
        const double left = std::clamp(place.x(), plot.left() + 2, std::max(plot.left() + 2, plot.right() - width - 2));
        const QRectF candidate(left, std::clamp(place.y(), head, std::max(head, foot)), width, height);
        const int count = covered(candidate);
        if (count < least) {
            least = count;
            best = candidate;
        }
    }
    return best;
}

void drawPlate(Scene& scene, const Theme& theme, QPointF point, const QRectF& plate, const QString& text)
{
    if (text.isEmpty())
        return;
    scene.line(point, nearestOf(plate, point), theme.color(Ink::Text));
    scene.roundedRect(plate, 2, theme.color(Ink::Surface), theme.color(Ink::Strong));
    scene.text(plate, text, TextRole::BodyMedium, theme.color(Ink::Text), Qt::AlignCenter);
}

/// A label on a ground of its own at the first place that is free; where it went, or nothing.
QRectF placeLabel(Scene& scene, const Theme& theme, const QString& text, const QRectF& within, std::initializer_list<QPointF> places,
                  const std::vector<QRectF>& avoid)
{
    const QSizeF size(textWidth(text, TextRole::Note) + 1, lineHeight(TextRole::Note));
    for (const QPointF& place : places) {
        const QRectF label(place, size);
        const bool taken = std::any_of(avoid.begin(), avoid.end(), [&](const QRectF& each) { return each.intersects(label); });
        if (taken || !within.contains(label))
            continue;
        scene.fill(label.adjusted(-2, 0, 2, 0), theme.color(Ink::Surface));
        scene.text(label, text, TextRole::Note, theme.color(Ink::Text2));
        return label.adjusted(-4, -2, 4, 2);
    }
    return {};
}

/// Where values stand for themselves they are dots, hollow where they do not fit, joined by a thin line, dashed to what does not fit. Few
/// values of a curve are dots too.
void drawSingleValues(const CurveData& data, const CurveLayout& layout, const Theme& theme, Scene& scene)
{
    constexpr std::size_t kFew = 12;
    const bool single = hasSingleValues(data);
    std::vector<const CurvePoint*> known;
    known.reserve(data.points.size());
    for (const CurvePoint& point : data.points)
        if (point.has(data.figure) && !(layout.logX && !(point.x > 0)))
            known.push_back(&point);
    if (!single && known.size() > kFew)
        return;
    const auto at = [&](const CurvePoint& point) { return QPointF(layout.xOf(point.x), layout.yOf(point.of(data.figure))); };
    for (std::size_t i = 1; single && i < known.size(); ++i)
        scene.line(at(*known[i - 1]), at(*known[i]), theme.color(Ink::Text2), 1, !known[i - 1]->fits || !known[i]->fits);
    for (const CurvePoint* point : known) {
        QPainterPath dot;
        dot.addEllipse(at(*point), 2.5, 2.5);
        scene.path(dot, theme.color(point->fits ? Ink::Text : Ink::Surface), theme.color(Ink::Text));
    }
}

/// What the curve covers, from point to point.
std::vector<QRectF> curveRects(const CurveData& data, const CurveLayout& layout)
{
    std::vector<QRectF> rects;
    rects.reserve(data.points.size());
    std::optional<QPointF> last;
    for (const CurvePoint& point : data.points) {
        if (!point.has(data.figure) || (layout.logX && !(point.x > 0))) {
            last.reset();
            continue;
        }
        const QPointF at(layout.xOf(point.x), layout.yOf(point.of(data.figure)));
        rects.push_back(QRectF(last.value_or(at), at).normalized().adjusted(-2, -2, 2, 2));
        last = at;
    }
    return rects;
}

void drawMeasured(const CurveData& data, const CurveLayout& layout, const Theme& theme, Scene& scene)
{
    constexpr double kHalf = 4.5;
    for (const CurveMark& mark : data.measured) {
        const QPointF at(layout.xOf(mark.x), layout.yOf(mark.y));
        if (!layout.plot.adjusted(-1, -1, 1, 1).contains(at))
            continue;
        QPainterPath diamond;
        diamond.addPolygon(QPolygonF{at + QPointF(0, -kHalf), at + QPointF(kHalf, 0), at + QPointF(0, kHalf), at + QPointF(-kHalf, 0),
                                     at + QPointF(0, -kHalf)});
        scene.path(diamond, mark.nearest ? theme.color(Ink::Text) : theme.color(Ink::Surface), theme.color(Ink::Text), 1.25);
    }
}

} // namespace

AxisUnit axisUnitOf(CurveFigure figure, double most)
{
    switch (figure) {
    case CurveFigure::Tpot:
    case CurveFigure::Ttft:
    case CurveFigure::EndToEnd:
        if (most >= 1)
            return {1, QStringLiteral("s")};
        if (most >= 1e-3)
            return {1e-3, QStringLiteral("ms")};
        return most >= 1e-6 ? AxisUnit{1e-6, QStringLiteral("\u00B5s")} : AxisUnit{1e-9, QStringLiteral("ns")};
    case CurveFigure::FreeMemory: return {static_cast<double>(Bytes{1} << 30), QStringLiteral("GiB")};
    case CurveFigure::OutputPerDevice:
    case CurveFigure::OutputPerUser:
    case CurveFigure::Cost: break;
    }
    return {};
}

QString axisLabel(double value, const AxisUnit& unit)
{
    const double shown = value / unit.size;
    return std::abs(shown) < 1e-9 ? QStringLiteral("0")
           : shown < 0            ? QString(QChar(0x2212) + rateFigure(-shown).joined())
                                  : rateFigure(shown).joined();
}

void buildCurveGround(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene)
{
    scene.clear(size);
    const double inset = space::kInset;
    const double titleHeight = lineHeight(TextRole::BodyStrong);
    const QRectF header(inset, space::kTight, size.width() - 2 * inset, titleHeight);
    const QString title = curveTitle(data);
    if (header.width() < 20)
        return;
    scene.text(header, title, TextRole::BodyStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    if (!isDrawable(data, size)) {
        QString why = CurveText::tr("Too few values are possible for a curve.");
        if (!data.legal)
            why = CurveText::tr("The plan is not legal.");
        else if (data.figure == CurveFigure::Cost && data.own.legal && !data.own.has(CurveFigure::Cost))
            why = CurveText::tr("The cluster has no price.");
        const double line = lineHeight(TextRole::Note);
        if (size.height() >= header.bottom() + line + 4)
            scene.text({inset, header.bottom() + 2, header.width(), line}, why, TextRole::Note, theme.color(Ink::Text3),
                       Qt::AlignLeft | Qt::AlignVCenter, true);
        return;
    }
    const CurveLayout layout = curveLayout(data, size);
    const AxisUnit unit = axisUnitOf(data.figure, std::max(std::abs(layout.leastY), layout.mostY));
    const double used = textWidth(title, TextRole::BodyStrong) + space::kSmall;
    for (const QRectF& stretch : misfits(data, layout))
        scene.hatch(stretch, Hatch::OverCapacity);
    drawGrid(data, layout, size, theme, scene);
    drawBand(data, layout, theme, scene);
    drawSingleValues(data, layout, theme, scene);
    const bool crosses = drawIllegal(data, layout, theme, scene);
    scene.text(header.adjusted(used, 0, 0, 0), unitsText(data, unit.name, crosses, header.width() - used), TextRole::Note,
               theme.color(Ink::Text3));
}

void buildCurveMarks(const CurveData& data, QSizeF size, const Theme& theme, Scene& scene)
{
    scene.clear(size);
    if (!isDrawable(data, size))
        return;
    const CurveLayout layout = curveLayout(data, size);
    const QRectF& plot = layout.plot;
    const double line = lineHeight(TextRole::Note);
    const bool here = data.own.has(data.figure);
    const QPointF point(layout.xOf(data.own.x), here ? layout.yOf(data.own.of(data.figure)) : plot.bottom());
    const QRectF within = plot.adjusted(0, -line / 2, 6, 0);
    std::vector<QRectF> taken;
    if (here)
        taken.push_back({point.x() - 9, point.y() - 9, 18, 18});
    if (data.target) {
        const QRectF handle = targetHandle(data, layout);
        const double y = handle.center().y();
        scene.line({plot.left(), y}, {plot.right(), y}, theme.color(Ink::Text2), 1.25); // dashes are what does not fit
        scene.fill(handle, theme.color(Ink::Surface), theme.color(Ink::Text));
        taken.push_back(handle.adjusted(-2, -2, 2, 2));
        const bool above = layout.yOf(*data.target) < plot.top() - 0.5;
        const bool below = layout.yOf(*data.target) > plot.bottom() + 0.5;
        const QString value = figureText(data.figure, *data.target);
        const QString text = above   ? CurveText::tr("target %1, above").arg(value)
                             : below ? CurveText::tr("target %1, below").arg(value)
                                     : CurveText::tr("target %1").arg(value);
        const auto place = [&](const QString& words, const std::vector<QRectF>& avoid) {
            const double wide = textWidth(words, TextRole::Note);
            const QPointF first(plot.left() + 6, y - line - 1);
            const double lost = data.metUpTo ? layout.xOf(*data.metUpTo) : 0;
            return placeLabel(scene, theme, words, within,
                              {data.metUpTo ? QPointF(lost + 6, y + 5) : first,
                               data.metUpTo ? QPointF(lost - wide - 6, y - line - 4) : first, first, QPointF(plot.left() + 6, y + 2),
                               QPointF(plot.right() - wide - 12, y - line - 1), QPointF(plot.right() - wide - 12, y + 2)},
                              avoid);
        };
        // Where no curve is; on it only where it is everywhere.
        std::vector<QRectF> drawn = curveRects(data, layout);
        drawn.insert(drawn.end(), taken.begin(), taken.end());
        QRectF label;
        if (data.metUpTo) {
            const double x = layout.xOf(*data.metUpTo);
            scene.line({x, y - 4}, {x, y + 4}, theme.color(Ink::Text), 2);
            const QString met = CurveText::tr("met up to %1").arg(loadPhrase(data.input, *data.metUpTo));
            for (const QString& words : {CurveText::tr("%1, %2").arg(text, met), met})
                if (label.isEmpty())
                    label = place(words, drawn);
        }
        if (label.isEmpty())
            label = place(text, drawn);
        taken.push_back(label.isEmpty() ? place(text, taken) : label);
    }
    if (data.limit && layout.xOf(*data.limit) <= plot.right() + 0.5) {
        const double x = layout.xOf(*data.limit);
        scene.line({x, plot.top() - 2}, {x, plot.bottom()}, theme.color(Ink::Text), 2);
        const QString full = CurveText::tr("full at %1").arg(inputText(data.input, *data.limit));
        const double wide = textWidth(full, TextRole::Note);
        taken.push_back(placeLabel(scene, theme, full, within.adjusted(0, 0, size.width() - 2 - within.right(), 0),
                                   {QPointF(x - 6 - wide, plot.top()), QPointF(x + 6, plot.top()),
                                    QPointF(x - 6 - wide, plot.bottom() - line - 2), QPointF(x + 6, plot.bottom() - line - 2)},
                                   taken));
    }
    const std::vector<QRectF> hatched = misfits(data, layout);
    const auto widest =
        std::max_element(hatched.begin(), hatched.end(), [](const QRectF& a, const QRectF& b) { return a.width() < b.width(); });
    if (widest != hatched.end() && !data.nothingFits) { // which the caption says
        const QString words = CurveText::tr("does not fit");
        const double middle = widest->center().x() - textWidth(words, TextRole::Note) / 2;
        std::vector<QRectF> drawn = curveRects(data, layout);
        drawn.insert(drawn.end(), taken.begin(), taken.end());
        taken.push_back(placeLabel(scene, theme, words, widest->adjusted(4, 0, -4, 0),
                                   {QPointF(middle, plot.top() + line + 4), QPointF(middle, plot.center().y() - line / 2),
                                    QPointF(middle, plot.bottom() - line - 6)},
                                   drawn));
    }
    if (!here) {
        drawMeasured(data, layout, theme, scene);
        return;
    }
    const QString now = figureText(data.figure, data.own.of(data.figure));
    const QString value = CurveText::tr("%1 at %2").arg(now, inputPhrase(data.input, data.own.x));
    const QString text = firstFitting({data.own.fits ? value : CurveText::tr("%1, does not fit").arg(value), value, now},
                                      TextRole::BodyMedium, plot.width() - 12);
    const QRectF plate = text.isEmpty() ? QRectF() : placePlate(data, layout, text, taken);
    // On the smallest plots every place covers something: the ring alone then marks the value.
    const bool free = std::none_of(taken.begin(), taken.end(), [&](const QRectF& each) { return each.intersects(plate); });
    if (free)
        drawPlate(scene, theme, point, plate, text);
    QPainterPath ring;
    ring.addEllipse(point, 5, 5);
    scene.path(ring, theme.color(Ink::Surface), theme.color(Ink::Text), 2);
    drawMeasured(data, layout, theme, scene); // inside the ring too, where the scenario itself was measured
}

void buildCurveRuler(const CurveData& data, QSizeF size, const Theme& theme, std::size_t index, Scene& scene)
{
    scene.clear(size);
    if (!isDrawable(data, size) || index >= data.points.size())
        return;
    const CurveLayout layout = curveLayout(data, size);
    const QRectF& plot = layout.plot;
    const CurvePoint& point = data.points[index];
    const double x = std::clamp(layout.xOf(point.x), plot.left(), plot.right());
    scene.line({x, plot.top()}, {x, plot.bottom()}, theme.color(Ink::Accent));
    QStringList lines{inputPhrase(data.input, point.x)};
    if (point.has(data.figure)) {
        const double y = point.of(data.figure);
        const double at = layout.yOf(y);
        scene.line({plot.left(), at}, {x, at}, theme.color(Ink::Accent), 1, true);
        QPainterPath dot;
        dot.addEllipse(QPointF(x, at), 4, 4);
        scene.path(dot, theme.color(Ink::Accent));
        lines << figureName(data.figure) + QLatin1Char(' ') + figureText(data.figure, y);
        if (data.band)
            lines << CurveText::tr("80 %: %1 to %2")
                         .arg(figureText(data.figure, y * data.band->low), figureText(data.figure, y * data.band->high));
        if (!point.fits)
            lines << CurveText::tr("does not fit in memory");
    } else {
        for (const QString& part : wrapText(qs(point.reason), TextRole::Note, std::min(240.0, plot.width() - 16), 4))
            lines << part;
    }
    for (const CurveMark& mark : data.measured)
        if (std::abs(layout.xOf(mark.x) - x) < 2) {
            lines << CurveText::tr("measured %1").arg(figureText(data.figure, mark.y));
            for (const QString& part : wrapText(qs(mark.source), TextRole::Note, std::min(240.0, plot.width() - 16), 2))
                lines << part;
        }
    const double line = lineHeight(TextRole::Note);
    while (lines.size() > 1 && static_cast<double>(lines.size()) * line + 8 > size.height() - 4)
        lines.removeLast();
    double width = 0;
    for (qsizetype i = 0; i < lines.size(); ++i)
        width = std::max(width, textWidth(lines[i], i == 0 ? TextRole::NoteStrong : TextRole::Note));
    width += 14;
    const double height = static_cast<double>(lines.size()) * line + 8;
    double left = x + 10;
    if (left + width > size.width() - 2)
        left = std::max(2.0, x - 10 - width);
    if (left + width > size.width() - 2)
        return; // no room for words: the lines of the ruler say where it is
    const double top = std::clamp(plot.top() + 4, 2.0, std::max(2.0, size.height() - height - 2));
    const QRectF plate(left, top, width, height);
    scene.roundedRect(plate, 3, theme.color(Ink::Tooltip));
    for (qsizetype i = 0; i < lines.size(); ++i)
        scene.text({plate.left() + 7, plate.top() + 4 + static_cast<double>(i) * line, width - 13, line}, lines[i],
                   i == 0 ? TextRole::NoteStrong : TextRole::Note, theme.color(i < 2 ? Ink::TooltipText : Ink::TooltipDim));
}

} // namespace shardlens
