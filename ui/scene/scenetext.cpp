// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/scenetext.h"

#include "core/base/format.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct SceneText {
    Q_DECLARE_TR_FUNCTIONS(SceneText)
};

/// "2.42 s" -> {"2.42", "s"}.
Figure splitAtUnit(const QString& text)
{
    const qsizetype space = text.lastIndexOf(u' ');
    return space < 0 ? Figure{text, {}} : Figure{text.left(space), text.mid(space + 1)};
}

QString superscript(int value)
{
    static constexpr std::array<char16_t, 10> kDigits{u'\u2070', u'\u00B9', u'\u00B2', u'\u00B3', u'\u2074',
                                                      u'\u2075', u'\u2076', u'\u2077', u'\u2078', u'\u2079'};
    QString result = value < 0 ? QString(QChar(u'\u207B')) : QString();
    for (const char digit : std::to_string(std::abs(value)))
        result += QChar(kDigits[static_cast<std::size_t>(digit - '0')]);
    return result;
}

/// Longest prefix of `word` no wider than `width`, at least one character.
qsizetype prefixThatFits(const QString& word, TextRole role, double width)
{
    qsizetype low = 1;
    qsizetype high = word.size();
    while (low < high) {
        const qsizetype middle = (low + high + 1) / 2;
        if (textWidth(word.left(middle), role) <= width)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

struct TimeUnit {
    double seconds;
    const char16_t* name;
};
constexpr std::array kTimeUnits{TimeUnit{1, u"s"}, TimeUnit{1e-3, u"ms"}, TimeUnit{1e-6, u"\u00B5s"}, TimeUnit{1e-9, u"ns"}};

TimeUnit unitOf(double seconds)
{
    for (const TimeUnit& unit : kTimeUnits)
        if (seconds >= unit.seconds * 0.9999)
            return unit;
    return kTimeUnits.back();
}

} // namespace

Figure secondsFigure(double seconds)
{
    if (std::isfinite(seconds) && seconds >= 99'950.0) {
        const Figure days = rateFigure(seconds / 86'400.0);
        return {days.number, days.unit.isEmpty() ? SceneText::tr("d") : days.unit + QChar(u' ') + SceneText::tr("d")};
    }
    return splitAtUnit(qs(formatSeconds(seconds)));
}

Figure rateFigure(double value)
{
    if (!std::isfinite(value) || value < 99'950.0)
        return {qs(formatNumber(value)), {}};
    static constexpr std::array kPrefixes{u'k', u'M', u'G', u'T'};
    double scaled = value;
    for (const char16_t prefix : kPrefixes) {
        scaled /= 1e3;
        if (scaled < 999.5)
            return {qs(formatNumber(scaled)), QString(QChar(prefix))};
    }
    const int power = static_cast<int>(std::floor(std::log10(value)));
    return {qs(formatNumber(value / std::pow(10.0, power))), QString(QChar(u'\u00D7')) + QStringLiteral(" 10") + superscript(power)};
}

Figure percentFigure(double fraction)
{
    const Figure percent = rateFigure(fraction * 100);
    return {percent.number, percent.unit.isEmpty() ? QStringLiteral("%") : percent.unit + QStringLiteral(" %")};
}

std::vector<QString> wrapText(const QString& text, TextRole role, double width, int most)
{
    std::vector<QString> lines;
    QString line;
    const auto flush = [&] {
        lines.push_back(line);
        line.clear();
    };
    for (QString word : text.split(u' ', Qt::SkipEmptyParts)) {
        const QString joined = line.isEmpty() ? word : line + QChar(u' ') + word;
        if (textWidth(joined, role) <= width) {
            line = joined;
            continue;
        }
        if (!line.isEmpty())
            flush();
        while (textWidth(word, role) > width && word.size() > 1) {
            const qsizetype taken = prefixThatFits(word, role, width);
            lines.push_back(word.left(taken));
            word = word.mid(taken);
        }
        line = word;
    }
    if (!line.isEmpty())
        flush();
    if (most > 0 && lines.size() > static_cast<std::size_t>(most)) {
        lines.resize(static_cast<std::size_t>(most));
        QString& last = lines.back();
        while (!last.isEmpty() && textWidth(last + QChar(u'\u2026'), role) > width)
            last.chop(1);
        last = last.trimmed() + QChar(u'\u2026');
    }
    return lines;
}

double drawWrapped(Scene& scene, const QRectF& area, const QString& text, TextRole role, const QColor& color, int most)
{
    const double height = lineHeight(role);
    double y = area.top();
    for (const QString& line : wrapText(text, role, area.width(), most)) {
        scene.text({area.left(), y, area.width(), height}, line, role, color);
        y += height;
    }
    return y - area.top();
}

QString firstFitting(const QStringList& variants, TextRole role, double width)
{
    for (const QString& variant : variants)
        if (textWidth(variant, role) <= width)
            return variant;
    return {};
}

std::vector<double> rangeTicks(double begin, double end, int most)
{
    std::vector<double> ticks;
    const double length = end - begin;
    if (!(length > 0) || !std::isfinite(length))
        return ticks;
    // The next coarser step of the 1-2-5 sequence is at most 2.5 times the last: from more than 5 ticks it leaves at least 2.
    const double slack = length * 1e-9;
    const double power = std::pow(10.0, std::floor(std::log10(length)) - 2);
    for (const double factor : {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0}) {
        const double step = power * factor;
        const double first = std::ceil((begin - slack) / step);
        const double last = std::floor((end + slack) / step);
        if (last - first + 1 > std::max(most, 5))
            continue;
        for (double i = first; i <= last; i += 1)
            ticks.push_back(i * step);
        break;
    }
    return ticks;
}

double roundUp(double value)
{
    if (!(value > 0) || !std::isfinite(value))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (power * factor >= value * (1 - 1e-12))
            return power * factor;
    return power * 10;
}

void drawTimeAxis(Scene& scene, const Theme& theme, const QRectF& plot, double begin, double end, double right)
{
    const std::vector<double> ticks = rangeTicks(begin, end, plot.width() < 240 ? 5 : 6);
    if (ticks.size() < 2)
        return;
    const TimeUnit unit = unitOf(std::max(std::abs(ticks.front()), std::abs(ticks.back())));
    const double step = ticks[1] - ticks[0];
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step / unit.seconds) - 1e-6)), 0, 9);
    static const QLocale locale(QLocale::English, QLocale::UnitedStates); // thousands commas, whatever the system says
    const QColor strong = theme.color(Ink::Strong);
    const QColor note = theme.color(Ink::Text3);
    const double height = lineHeight(TextRole::Note);
    const double top = plot.bottom() + 5;
    struct Label {
        QString text;
        double left = 0;
        double width = 0;
    };
    std::vector<Label> labels;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        const double x = plot.left() + (ticks[i] - begin) / (end - begin) * plot.width();
        scene.line({x, plot.bottom()}, {x, plot.bottom() + 4}, strong);
        const QString number = ticks[i] == 0 ? QStringLiteral("0") : locale.toString(ticks[i] / unit.seconds, 'f', decimals);
        const bool last = i + 1 == ticks.size();
        Label& label = labels.emplace_back();
        label.text = last ? number + QChar(u' ') + QString::fromUtf16(unit.name) : number;
        label.width = textWidth(label.text, TextRole::Note);
        // The number is centred under its tick; the unit hangs to its right.
        label.left = x - textWidth(number, TextRole::Note) / 2;
        if (last)
            label.left = std::min(label.left, right - label.width);
    }
    // The last one carries the unit and is never left out; of the others every n-th from there, as many as have room.
    const std::size_t last = labels.size() - 1;
    const auto fits = [&](std::size_t every) {
        for (std::size_t i = last; i >= every; i -= every)
            if (labels[i - every].left + labels[i - every].width + 6 > labels[i].left)
                return false;
        return true;
    };
    std::size_t every = 1;
    while (every < last && !fits(every))
        ++every;
    for (std::size_t i = last % every; i <= last; i += every)
        if (i == last || labels[i].left + labels[i].width + 6 <= labels[last].left)
            scene.text({labels[i].left, top, labels[i].width, height}, labels[i].text, TextRole::Note, note);
}

void drawSign(Scene& scene, const Theme& theme, QPointF center, Sign sign)
{
    const QColor surface = theme.color(Ink::Surface);
    QPainterPath shape;
    if (sign == Sign::Warning) {
        shape.addPolygon(QPolygonF{center + QPointF(0, -6.5), center + QPointF(7, 6), center + QPointF(-7, 6)});
        shape.closeSubpath();
        scene.path(shape, {}, theme.color(Ink::Warning), 1.5);
        scene.line(center + QPointF(0, -2), center + QPointF(0, 2), theme.color(Ink::Warning), 1.5);
        scene.line(center + QPointF(0, 3.2), center + QPointF(0, 4.4), theme.color(Ink::Warning), 1.5);
        return;
    }
    shape.addEllipse(center, 7, 7);
    if (sign == Sign::Good) {
        scene.path(shape, theme.color(Ink::Good));
        scene.polyline({center + QPointF(-3.2, 0.2), center + QPointF(-0.9, 2.6), center + QPointF(3.4, -2.4)}, surface, 1.8);
        return;
    }
    scene.path(shape, theme.color(Ink::Violation));
    scene.line(center + QPointF(-2.6, -2.6), center + QPointF(2.6, 2.6), surface, 1.8);
    scene.line(center + QPointF(-2.6, 2.6), center + QPointF(2.6, -2.6), surface, 1.8);
}

void drawProvenance(Scene& scene, const Theme& theme, QPointF center, Provenance provenance)
{
    const QColor ink = theme.color(Ink::Text);
    const QRectF square(center.x() - 4, center.y() - 4, 8, 8);
    QPainterPath shape;
    switch (provenance) {
    case Provenance::Measured:
    case Provenance::Exact: scene.roundedRect(square, 0, ink); return;
    case Provenance::DataSheet: scene.roundedRect(square, 0, {}, ink, 1.5); return;
    case Provenance::Fitted:
        shape.addPolygon(QPolygonF{center + QPointF(0, -5), center + QPointF(5, 0), center + QPointF(0, 5), center + QPointF(-5, 0)});
        shape.closeSubpath();
        scene.path(shape, ink);
        return;
    case Provenance::Borrowed:
        shape.addEllipse(center, 4, 4);
        scene.path(shape, {}, ink, 1.5);
        return;
    case Provenance::Default: break;
    }
    // Eight dots round an empty middle.
    for (const double dx : {-4.0, -1.0, 2.0})
        for (const double dy : {-4.0, -1.0, 2.0})
            if (dx != -1.0 || dy != -1.0)
                scene.fill({center.x() + dx, center.y() + dy, 2, 2}, ink);
}

void drawNotLegal(Scene& scene, const ViewInput& input)
{
    const Theme& theme = input.theme;
    const double inset = space::kInset;
    const double width = input.size.width() - 2 * inset - 24;
    const double line = lineHeight(TextRole::BodyStrong);
    if (width < 60 || input.size.height() < 2 * inset + line)
        return;
    drawSign(scene, theme, {inset + 8, inset + line / 2}, Sign::Bad);
    scene.text({inset + 24, inset, width, line}, SceneText::tr("No times: the plan is not legal"), TextRole::BodyStrong,
               theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    if (input.report.violations.empty())
        return;
    const double room = input.size.height() - 2 * inset - line - space::kTight;
    const int most = static_cast<int>(room / lineHeight(TextRole::Body));
    if (most < 1)
        return;
    const QString reason = qs(sentence(input.report.violations.front(), input.scenario.context(), input.scenario.plan));
    drawWrapped(scene, {inset + 24, inset + line + space::kTight, std::min(width, 520.0), 0}, reason, TextRole::Body,
                theme.color(Ink::Text2), most);
}

} // namespace shardlens
