// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/axisorderscene.h"

#include "core/base/format.h"
#include "core/collective/axistable.h"
#include "ui/scene/meshlayout.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kGap = 6;

QString text(const char* words)
{
    return QCoreApplication::translate("AxisOrder", words);
}

double chipHeight()
{
    return lineHeight(TextRole::BodyMedium) + 8;
}

double bracketHeight()
{
    return lineHeight(TextRole::Note) + 6;
}

double expertsHeight(const Plan& plan)
{
    return plan.expert() > 1 ? lineHeight(TextRole::Note) + 6 : 0;
}

std::vector<MeshAxis> axesInUse(const Plan& plan)
{
    const Placement placement(plan.meshSizes());
    std::vector<MeshAxis> axes;
    for (const MeshAxis axis : placement.order())
        if (placement.size(axis) > 1)
            axes.push_back(axis);
    return axes;
}

QString percentText(double from, double to)
{
    const double change = from > 0 ? to / from - 1 : 0;
    if (std::abs(change) < 5e-4)
        return text("unchanged");
    return (change > 0 ? QStringLiteral("+") : QString(QChar(0x2212))) + qs(formatPercent(std::abs(change), 2));
}

/// Links of a group, and what its collectives of a decode step take together; in ever fewer words.
template <class IsOwn>
QStringList rowTexts(const Scenario& scenario, const DeviceGroup& group, std::string_view name,
                     const std::vector<PlanCollective>& collectives, IsOwn isOwn)
{
    const AxisRow row = axisRow(*scenario.cluster, group, name, Placement(scenario.plan.meshSizes()).devices());
    QStringList full;
    QStringList rates;
    QStringList names;
    for (const AxisLink& link : row.links) {
        const FabricLevel& level = scenario.cluster->levels[static_cast<std::size_t>(link.level)];
        const QString words =
            link.torusAxis >= 0 && level.extents.size() > 1 ? text("%1 axis %2").arg(qs(level.name)).arg(link.torusAxis) : qs(level.name);
        full += text("%1: %2 members, %3 at %4 one way")
                    .arg(words, qs(formatCount(link.participants)),
                         link.links == 1 ? text("1 link") : text("%1 links").arg(qs(formatCount(link.links))),
                         qs(formatBandwidth(link.linkBandwidth)));
        rates += text("%1 at %2").arg(words, qs(formatBandwidth(link.links * link.linkBandwidth, 3)));
        if (!names.contains(qs(level.name)))
            names += qs(level.name);
    }
    std::vector<const PlanCollective*> own;
    for (const PlanCollective& c : collectives)
        if (isOwn(c))
            own.push_back(&c);
    const StageCollectives share = onOneStage(own, Phase::Decode);
    const QString time = qs(formatSeconds(share.total));
    const bool exchanges = share.total > 0;
    const bool hands = exchanges && share.counted.front()->kind == Collective::Send;
    const QString where = exchanges && !hands && scenario.plan.pipeline() > 1 ? text(" on stage %1").arg(share.stage) : QString();
    const QString all = exchanges ? QString(text("%1 of collectives for each microbatch's decode step").arg(time) + where)
                                  : text("exchanges nothing by itself in decode");
    const QString less = exchanges ? QString(text("%1 per decode microbatch").arg(time) + where) : text("nothing exchanged in decode");
    const QString on = text("%1 on %2").arg(qs(name), QStringLiteral("%1"));
    const QString list = names.join(QStringLiteral(", "));
    return {on.arg((full + QStringList{all}).join(QStringLiteral("; "))),
            on.arg((rates + QStringList{all}).join(QStringLiteral("; "))),
            on.arg((rates + QStringList{less}).join(QStringLiteral("; "))),
            on.arg(list) + QStringLiteral("; ") + less,
            qs(name) + QStringLiteral(": ") + less,
            qs(name) + QStringLiteral(": ") + (exchanges ? time : QString(QChar(0x2013)))};
}

/// The first that fits; else the last.
QString firstFitting(const QStringList& texts, double width)
{
    const auto fits = [width](const QString& words) { return textWidth(words, TextRole::Note) <= width; };
    const auto found = std::find_if(texts.begin(), texts.end(), fits);
    return found != texts.end() ? *found : texts.back();
}

/// EP under the chips that it divides; not to be dragged.
void drawExperts(const ViewInput& input, const AxisOrderLayout& layout, int selected, Scene& scene)
{
    const Theme& theme = input.theme;
    const bool lit = layout.isExperts(selected);
    const auto widest = std::max_element(layout.experts.begin(), layout.experts.end(),
                                         [](const QRectF& a, const QRectF& b) { return a.width() < b.width(); });
    for (const QRectF& rect : layout.experts)
        scene.roundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, theme.color(Ink::Surface), theme.color(lit ? Ink::Accent : Ink::Strong),
                          lit ? 2 : 1);
    if (widest == layout.experts.end() || widest->width() < 20)
        return;
    const QString name = layout.expertsName;
    const QString longer = text("%1: experts lie here").arg(name);
    const QRectF inner = widest->adjusted(4, 0, -4, 0);
    scene.text(inner, textWidth(longer, TextRole::Note) <= inner.width() ? longer : name, TextRole::Note, theme.color(Ink::Text2),
               Qt::AlignHCenter | Qt::AlignVCenter, true);
}

} // namespace

int AxisOrderLayout::chipAt(QPointF at) const
{
    for (std::size_t i = 0; i < chips.size(); ++i)
        if (chips[i].rect.contains(at))
            return static_cast<int>(i);
    if (std::any_of(experts.begin(), experts.end(), [at](const QRectF& rect) { return rect.contains(at); }))
        return static_cast<int>(chips.size());
    return -1;
}

int AxisOrderLayout::placeAt(double x, int dragged) const
{
    int place = 0;
    for (std::size_t i = 0; i < chips.size(); ++i)
        if (static_cast<int>(i) != dragged && chips[i].rect.center().x() < x)
            ++place;
    return place;
}

double axisOrderHeight(const Plan& plan)
{
    return 6 + chipHeight() + 3 + expertsHeight(plan) + bracketHeight() + 3 + lineHeight(TextRole::Note) + 6;
}

AxisOrderLayout layoutAxisOrder(const ViewInput& input)
{
    AxisOrderLayout layout;
    const Plan& plan = input.scenario.plan;
    const Cluster& cluster = *input.scenario.cluster;
    const QRectF area = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, 6, -space::kInset, -6);
    layout.words = QRectF(area.left(), area.top() + chipHeight() + expertsHeight(plan) + bracketHeight() + 6, area.width(),
                          lineHeight(TextRole::Note));
    if (!input.report.legal || area.width() < 60)
        return layout;
    const Placement placement(plan.meshSizes());
    const std::vector<MeshAxis> axes = axesInUse(plan);
    if (axes.empty())
        return layout;
    // As long as its share of the doublings, but never shorter than its name; idle devices come after all chips.
    const double idle = placement.devices() < cluster.devices() ? 24 : 0;
    const double room = area.width() - idle - kGap * static_cast<double>(axes.size() - 1);
    std::vector<double> widths;
    double least = 0;
    double doublings = 0;
    for (const MeshAxis axis : axes) {
        AxisChip chip;
        chip.axis = axis;
        chip.name = qs(nameOf(axis)) + QLatin1Char(' ') + qs(formatCount(placement.size(axis)));
        widths.push_back(textWidth(chip.name, TextRole::BodyMedium) + 18);
        least += widths.back();
        doublings += std::log2(placement.size(axis));
        layout.chips.push_back(chip);
    }
    double x = area.left();
    std::vector<std::pair<double, double>> marks{{0, x}}; // devices below, in doublings, and where that is
    double passed = 0;
    for (std::size_t i = 0; i < layout.chips.size(); ++i) {
        const double own = std::log2(placement.size(layout.chips[i].axis));
        const double width = least <= room ? widths[i] + (room - least) * own / doublings : room * widths[i] / least;
        layout.chips[i].rect = QRectF(x, area.top(), width, chipHeight());
        passed += own;
        x += width;
        marks.emplace_back(passed, x);
        x += kGap;
    }
    marks.emplace_back(std::log2(cluster.devices()) + 1e-9, area.right());
    const auto xAt = [&marks](double devices) {
        for (std::size_t i = 1; i < marks.size(); ++i)
            if (devices <= marks[i].first + 1e-9) {
                const double span = marks[i].first - marks[i - 1].first;
                const double part = span > 0 ? std::clamp((devices - marks[i - 1].first) / span, 0.0, 1.0) : 1;
                return marks[i - 1].second + part * (marks[i].second - marks[i - 1].second);
            }
        return marks.back().second;
    };
    double below = 0;
    double top = area.top() + chipHeight() + 3;
    for (const GroupAxis& part : placement.expertGroup().axes()) {
        const double from = xAt(std::log2(part.stride)) + (part.stride > 1 ? kGap : 0);
        const double to = xAt(std::log2(part.stride) + std::log2(part.size));
        layout.experts.emplace_back(from, top, std::max(4.0, to - from), expertsHeight(plan) - 2);
    }
    if (!layout.experts.empty())
        layout.expertsName = QStringLiteral("EP ") + qs(formatCount(plan.expert()));
    top += expertsHeight(plan);
    for (std::size_t l = 0; l < cluster.levels.size(); ++l) {
        const int units = cluster.levels[l].units();
        if (units < 2)
            continue;
        const double above = below + std::log2(units);
        AxisBracket bracket;
        bracket.level = static_cast<int>(l);
        bracket.name = qs(cluster.levels[l].name) + QStringLiteral(" × ") + qs(formatCount(units));
        bracket.rect = QRectF(QPointF(xAt(below) + 1, top), QPointF(xAt(above) - 1, top + bracketHeight()));
        if (bracket.rect.width() > 3)
            layout.brackets.push_back(bracket);
        below = above;
    }
    return layout;
}

void buildAxisOrder(const ViewInput& input, const AxisOrderOptions& options, Scene& scene)
{
    scene.clear(input.size);
    const Theme& theme = input.theme;
    scene.line({0, 0.5}, {input.size.width(), 0.5}, theme.color(Ink::Line));
    const AxisOrderLayout layout = layoutAxisOrder(input);
    const auto say = [&](const QString& words, Ink ink) {
        scene.text(layout.words, words, TextRole::Note, theme.color(ink), Qt::AlignLeft | Qt::AlignVCenter, true);
    };
    if (layout.chips.empty()) {
        say(input.report.legal ? text("One device: no axis to lay onto the fabric")
                               : text("The plan is not legal: its axes have no places"),
            Ink::Text2);
        return;
    }
    for (const AxisBracket& bracket : layout.brackets) {
        // Open above: it holds the chips over it.
        const QColor colour = theme.network(networkTier(*input.scenario.cluster, bracket.level));
        const QRectF& r = bracket.rect;
        scene.polyline(QPolygonF{r.topLeft(), QPointF(r.left(), r.top() + 3), QPointF(r.right(), r.top() + 3), r.topRight()}, colour, 1.5);
        if (r.width() > 24)
            scene.text(r.adjusted(0, 4, 0, 0), bracket.name, TextRole::Note, theme.color(Ink::Text2), Qt::AlignHCenter | Qt::AlignVCenter,
                       true);
    }
    drawExperts(input, layout, options.selected, scene);
    const auto drawChip = [&](const AxisChip& chip, const QRectF& rect, bool lit, bool ghost) {
        scene.roundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, theme.color(ghost ? Ink::Surface : Ink::Sunken),
                          theme.color(lit ? Ink::Accent : Ink::Strong), lit ? 2 : 1, ghost);
        if (!ghost)
            scene.text(rect.adjusted(4, 0, -4, 0), chip.name, TextRole::BodyMedium, theme.color(Ink::Text),
                       Qt::AlignHCenter | Qt::AlignVCenter, true);
    };
    for (std::size_t i = 0; i < layout.chips.size(); ++i) {
        const AxisChip& chip = layout.chips[i];
        const bool away = static_cast<int>(i) == options.dragged;
        drawChip(chip, chip.rect, static_cast<int>(i) == options.selected && !away, away);
        Subject subject{Subject::Kind::Axis};
        subject.axis = static_cast<int>(chip.axis);
        scene.hit(chip.rect, subject);
    }
    if (options.dragged >= 0 && options.dragged < static_cast<int>(layout.chips.size())) {
        const AxisChip& chip = layout.chips[static_cast<std::size_t>(options.dragged)];
        // Where it would go: a mark between the others.
        std::vector<QRectF> others;
        for (std::size_t i = 0; i < layout.chips.size(); ++i)
            if (static_cast<int>(i) != options.dragged)
                others.push_back(layout.chips[i].rect);
        const auto place = static_cast<std::size_t>(std::clamp(options.place, 0, static_cast<int>(others.size())));
        const double x = others.empty() ? chip.rect.left() : place == 0 ? others[0].left() - 3 : others[place - 1].right() + 3;
        scene.fill(QRectF(x - 1, chip.rect.top() - 3, 3, chip.rect.height() + 6), theme.color(Ink::Accent));
        if (options.then) {
            const bool worse = !options.then->legal || options.then->tpot > input.report.serving.tpot * (1 + 5e-4);
            QStringList words{options.then->reason};
            if (options.then->legal) {
                words = effectTexts(input.report, *options.then);
                words.prepend(chip.name + QStringLiteral(": ") + words.front());
            }
            say(firstFitting(words, layout.words.width()), worse ? (options.then->legal ? Ink::Warning : Ink::Violation) : Ink::Text);
            return;
        }
    }
    const std::vector<PlanCollective> worked =
        options.collectives ? std::vector<PlanCollective>{} : planCollectives(input.scenario, input.report);
    const std::vector<PlanCollective>& collectives = options.collectives ? *options.collectives : worked;
    const int shown = options.selected >= 0 && options.selected < static_cast<int>(layout.chips.size()) ? options.selected : 0;
    say(firstFitting(layout.isExperts(options.selected)
                         ? expertsTexts(input.scenario, collectives)
                         : axisTexts(input.scenario, collectives, layout.chips[static_cast<std::size_t>(shown)].axis),
                     layout.words.width()),
        Ink::Text2);
}

AxisOrder movedAxis(const Plan& plan, int from, int to)
{
    std::vector<MeshAxis> used = axesInUse(plan);
    const int count = static_cast<int>(used.size());
    if (from >= 0 && from < count) {
        const MeshAxis moving = used[static_cast<std::size_t>(from)];
        used.erase(used.begin() + from);
        used.insert(used.begin() + std::clamp(to, 0, count - 1), moving);
    }
    // Axes of one device keep their places: they have no extent.
    const Placement placement(plan.meshSizes());
    AxisOrder order = placement.order();
    std::size_t next = 0;
    for (MeshAxis& axis : order)
        if (placement.size(axis) > 1)
            axis = used[next++];
    return order;
}

QString orderText(const Plan& plan)
{
    QStringList names;
    for (const MeshAxis axis : axesInUse(plan))
        names += qs(nameOf(axis));
    return names.join(QStringLiteral(", "));
}

QStringList effectTexts(const Report& now, const OrderEffect& then)
{
    const auto one = [](const QString& name, double from, double to) -> QString {
        return name + QLatin1Char(' ') + qs(formatSeconds(from)) + QStringLiteral(" → ") + qs(formatSeconds(to)) + QStringLiteral(", ")
               + percentText(from, to);
    };
    const QString tpot = QStringLiteral("TPOT");
    const QString ttft = QStringLiteral("TTFT");
    const QString whole = one(tpot, now.serving.tpot, then.tpot);
    const QString brief = tpot + QLatin1Char(' ') + percentText(now.serving.tpot, then.tpot);
    const QString other = QStringLiteral("; ") + ttft + QLatin1Char(' ') + percentText(now.serving.ttft, then.ttft);
    return {whole + QStringLiteral("; ") + one(ttft, now.serving.ttft, then.ttft), whole + other, brief + other, brief};
}

QString effectText(const Report& now, const OrderEffect& then)
{
    return effectTexts(now, then).constFirst();
}

QStringList axisTexts(const Scenario& scenario, const std::vector<PlanCollective>& collectives, MeshAxis axis)
{
    return rowTexts(scenario, Placement(scenario.plan.meshSizes()).group(axis), nameOf(axis), collectives,
                    [axis](const PlanCollective& c) { return c.axis == axis; });
}

QString axisText(const Scenario& scenario, const std::vector<PlanCollective>& collectives, MeshAxis axis)
{
    return axisTexts(scenario, collectives, axis).constFirst();
}

QStringList expertsTexts(const Scenario& scenario, const std::vector<PlanCollective>& collectives)
{
    return rowTexts(scenario, Placement(scenario.plan.meshSizes()).expertGroup(), "EP", collectives,
                    [](const PlanCollective& c) { return c.amongExperts; });
}

QString expertsText(const Scenario& scenario, const std::vector<PlanCollective>& collectives)
{
    return expertsTexts(scenario, collectives).constFirst();
}

} // namespace shardlens
