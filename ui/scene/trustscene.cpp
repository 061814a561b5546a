// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/trustscene.h"

#include "core/base/format.h"
#include "ui/scene/hands.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/tabletext.h"
#include "ui/scene/trustplot.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace shardlens {
namespace {

struct TrustScene {
    Q_DECLARE_TR_FUNCTIONS(TrustScene)
};

constexpr std::size_t kMostGroups = 6; ///< marks that tell apart
constexpr std::size_t kNearest = 8;
constexpr int kNoteLines = 4; // under the table
constexpr double kLeastPlot = 220;
constexpr double kGoodPlot = 380; // that the table leaves to the scatter before columns go

constexpr double kLeastTable = 330;

QString groupName(const ComparedPoint& point, TrustColour colour)
{
    switch (colour) {
    case TrustColour::Engine: return qs(nameOf(point.inputs.engine));
    case TrustColour::Accelerator: return qs(point.acceleratorName);
    case TrustColour::Model: break;
    }
    return qs(point.modelName);
}

void addGroups(TrustPicture& picture)
{
    std::map<QString, std::vector<std::size_t>> byName;
    for (std::size_t i = 0; i < picture.shipped->points.size(); ++i)
        if (picture.shipped->points[i].has(picture.figure))
            byName[groupName(picture.shipped->points[i], picture.colour)].push_back(i);
    for (auto& [name, points] : byName)
        picture.groups.push_back({name, std::move(points)});
    std::stable_sort(picture.groups.begin(), picture.groups.end(),
                     [](const TrustGroup& a, const TrustGroup& b) { return a.points.size() > b.points.size(); });
    if (picture.groups.size() <= kMostGroups)
        return;
    TrustGroup& others = picture.groups[kMostGroups - 1];
    for (std::size_t i = kMostGroups; i < picture.groups.size(); ++i)
        others.points.insert(others.points.end(), picture.groups[i].points.begin(), picture.groups[i].points.end());
    others.name = TrustScene::tr("%1 others").arg(picture.groups.size() - kMostGroups + 1);
    picture.groups.resize(kMostGroups);
}

/// Statistics of the points that have the figure; widens the range of the axes.
ErrorStatistics statistics(TrustPicture& picture, const ComparedPoints& points)
{
    const auto figure = static_cast<std::size_t>(picture.figure);
    std::vector<PredictedPair> pairs;
    for (const ComparedPoint& point : points.points) {
        if (!point.has(picture.figure))
            continue;
        const PredictedFigure& predicted = point.predicted[figure];
        pairs.push_back({point.measured[figure], predicted.value, predicted.low, predicted.high});
        const double low = std::min(point.measured[figure], predicted.value);
        const double high = std::max(point.measured[figure], predicted.value);
        picture.least = picture.least > 0 ? std::min(picture.least, low) : low;
        picture.most = std::max(picture.most, high);
    }
    return statisticsOf(pairs);
}

QString signedPercent(double fraction)
{
    const QString text = qs(formatPercent(std::abs(fraction), std::abs(fraction) < 0.1 ? 2 : 3));
    return (fraction < 0 ? QStringLiteral("−") : QStringLiteral("+")) % text;
}

QString summaryText(const ErrorStatistics& s, const QString& of, bool longForm)
{
    QString text = TrustScene::tr("%1: mean error %2, median %3, bias %4")
                       .arg(of, qs(formatPercent(s.meanError)), qs(formatPercent(s.medianError)), signedPercent(s.bias));
    if (s.intervals > 0)
        text += longForm ? TrustScene::tr("; 80 % intervals hold %1 of them").arg(qs(formatPercent(s.coverage())))
                         : TrustScene::tr("; in 80 % band %1").arg(qs(formatPercent(s.coverage())));
    return text;
}

/// What the points are, and how well they are met. Returns the height used.
double drawSummary(Scene& scene, const ViewInput& input, const TrustOptions& options, const QRectF& area)
{
    const Theme& theme = input.theme;
    const TrustPicture& picture = *options.picture;
    double y = area.top();
    const auto line = [&](const QString& full, const QString& brief, Ink ink) {
        const bool fits = textWidth(full, TextRole::Body) <= area.width();
        y += drawWrapped(scene, {area.left(), y, area.width(), 0}, fits ? full : brief, TextRole::Body, theme.color(ink), 2);
    };
    if (picture.shipped && picture.statistics.count > 0) {
        const QString of = options.calibrated
                               ? TrustScene::tr("%1 points").arg(qs(formatCount(static_cast<std::int64_t>(picture.statistics.count))))
                               : TrustScene::tr("%1 points against the roofline")
                                     .arg(qs(formatCount(static_cast<std::int64_t>(picture.statistics.count))));
        line(summaryText(picture.statistics, of, true), summaryText(picture.statistics, of, false), Ink::Text);
    }
    if (picture.own) {
        const QString name = TrustScene::tr("× %1, %2 points")
                                 .arg(picture.ownName.isEmpty() ? TrustScene::tr("your file") : picture.ownName)
                                 .arg(picture.ownStatistics.count);
        line(summaryText(picture.ownStatistics, name, true), summaryText(picture.ownStatistics, name, false), Ink::Text);
    }
    return y - area.top();
}

std::vector<LegendEntry> legendOf(const Theme& theme, const TrustPicture& picture)
{
    std::vector<LegendEntry> entries;
    for (std::size_t g = 0; g < picture.groups.size(); ++g)
        entries.push_back({picture.groups[g].name,
                           qs(formatCount(static_cast<std::int64_t>(picture.groups[g].points.size()))),
                           theme.place(static_cast<int>(g), 2, 3),
                           false,
                           {}});
    return entries;
}

std::vector<NearPoint> nearestOf(const ViewInput& input, const TrustPicture& picture)
{
    std::vector<NearPoint> near;
    const PointInputs inputs = pointInputs(input.scenario, input.report);
    std::size_t before = 0;
    for (const auto& points : {picture.shipped, picture.own}) {
        if (!points)
            continue;
        for (NearPoint each : nearestPoints(inputs, points->points, picture.figure, kNearest)) {
            each.index += before;
            near.push_back(each);
        }
        before += points->points.size();
    }
    std::stable_sort(near.begin(), near.end(), [](const NearPoint& a, const NearPoint& b) { return a.distance < b.distance; });
    if (near.size() > kNearest)
        near.resize(kNearest);
    return near;
}

QString count(double value)
{
    return qs(formatNumber(value, value >= 100 ? 4 : 3));
}

QString planText(const PointInputs& inputs)
{
    QString text = QStringLiteral("TP %1").arg(inputs.tensor);
    if (inputs.expert > 1)
        text += QStringLiteral(", EP %1").arg(inputs.expert);
    return text;
}

TableText nearestTable(const TrustPicture& picture, const std::vector<NearPoint>& near)
{
    const auto figure = static_cast<std::size_t>(picture.figure);
    TableText table;
    table.columns = {{TrustScene::tr("Model"), false, 0},   {TrustScene::tr("GPU"), false, 2, true}, {TrustScene::tr("Engine"), false, 2},
                     {TrustScene::tr("In/out"), true, 1},   {TrustScene::tr("Requests"), true, 1},   {TrustScene::tr("Plan"), false, 4},
                     {TrustScene::tr("Measured"), true, 0}, {TrustScene::tr("Predicted"), true, 0},  {TrustScene::tr("Off"), true, 3},
                     {TrustScene::tr("Distance"), true, 0}};
    for (const NearPoint& each : near) {
        const ComparedPoint& point = *pointOf(picture, static_cast<int>(each.index));
        const double measured = point.measured[figure];
        const double predicted = point.predicted[figure].value;
        TableText::Row& row = table.rows.emplace_back();
        row.cells = {qs(point.modelName),
                     qs(point.acceleratorName),
                     qs(nameOf(point.inputs.engine)),
                     count(point.inputs.input) % QStringLiteral("/") % count(point.inputs.output),
                     count(point.inputs.concurrency),
                     planText(point.inputs),
                     pointValue(picture.figure, measured),
                     pointValue(picture.figure, predicted),
                     signedPercent(predicted / measured - 1),
                     each.isFar() ? TrustScene::tr("%1, far").arg(qs(formatNumber(each.distance, 2))) : qs(formatNumber(each.distance, 2))};
        row.dim = each.isFar();
        row.subject.kind = Subject::Kind::Point;
        row.subject.point = static_cast<int>(each.index);
    }
    return table;
}

double drawConstants(Scene& scene, const ViewInput& input, const TrustOptions& options, const QRectF& area)
{
    TableText table;
    table.columns = {{TrustScene::tr("Constant"), false, 0, true}, {TrustScene::tr("Value"), false, 0, true},
                     {TrustScene::tr("From"), false, 1},           {TrustScene::tr("Samples"), true, 2},
                     {TrustScene::tr("Error"), true, 2},           {TrustScene::tr("Source"), false, 3}};
    for (const ConstantRow& constant : constantRows(input.scenario, input.report, *options.calibration)) {
        TableText::Row& row = table.rows.emplace_back();
        row.cells = {qs(constant.name),
                     qs(constant.value),
                     qs(keyOf(constant.origin)),
                     constant.samples > 0 ? qs(formatCount(constant.samples)) : QStringLiteral("–"),
                     constant.error > 0 ? qs(formatPercent(constant.error)) : QStringLiteral("–"),
                     qs(constant.source)};
        row.dim = !constant.used;
    }
    // Names and values first: where both have no room as they are, little words go before figures do.
    TableText least = table;
    least.columns.resize(2);
    for (TableText::Row& row : least.rows)
        row.cells.resize(2);
    if (tableWidth(least) > area.width())
        for (TableText::Row& row : table.rows)
            row.cells[1].replace(QStringLiteral(" of the "), QStringLiteral(" ")).replace(QStringLiteral(" of "), QStringLiteral(" "));
    return drawTable(scene, input.theme, area, table, options.firstRow);
}

void drawTableOf(Scene& scene, const ViewInput& input, const TrustOptions& options, const std::vector<NearPoint>& near, const QRectF& area)
{
    const Theme& theme = input.theme;
    const bool nearest = options.table == TrustTable::Nearest;
    const double line = lineHeight(TextRole::Note);
    const bool far = !near.empty() && near.front().isFar();
    QString title = nearest ? (far ? TrustScene::tr("Nearest measured points: all of them far") : TrustScene::tr("Nearest measured points"))
                            : QString();
    QString note;
    if (nearest) {
        note = TrustScene::tr(
                   "Distance: doublings of prompt, output, requests, devices, active parameters and bits, added up; 4 for another GPU, "
                   "2 for another engine, 1 for another model. Far: beyond %1, where "
                   "cross-validation over models hardly went.")
                   .arg(qs(formatNumber(kFarPoint)));
    } else if (options.calibration) {
        const Calibration& c = *options.calibration;
        title = TrustScene::tr("Constants of %1 on %2").arg(qs(nameOf(c.engine)), qs(input.scenario.cluster->accelerator.name));
        note = input.scenario.mode == Mode::Roofline
                   ? TrustScene::tr("Not in use: in roofline mode every share is 100 % and nothing is launched.")
                   : TrustScene::tr("Shares of the data sheet's peak and bandwidth; dim ones are not used by this scenario.");
        if (drawnForHands() && input.scenario.mode != Mode::Roofline)
            note += QChar(u' ') % TrustScene::tr("The wheel scrolls.");
    }
    const double header = std::ceil(lineHeight(TextRole::BodyStrong)) + 5;
    if (area.height() < header + 3 * line)
        return; // a head without rows says nothing
    scene.text({area.left(), area.top(), area.width(), header - 4}, title, TextRole::BodyStrong, theme.color(Ink::Text),
               Qt::AlignLeft | Qt::AlignVCenter, true);
    // The rows come first; the note has what they leave.
    const double rows = area.height() - header;
    double noteHeight = static_cast<double>(wrapText(note, TextRole::Note, area.width(), kNoteLines).size()) * line + space::kTight;
    if (rows < noteHeight + 4 * line)
        noteHeight = 0;
    const QRectF body(area.left(), area.top() + header, area.width(), rows - noteHeight);
    double drawn = 0;
    if (nearest && !input.report.legal) {
        const QString reason = input.report.violations.empty()
                                   ? QString()
                                   : qs(sentence(input.report.violations.front(), input.scenario.context(), input.scenario.plan));
        drawWrapped(scene, {area.left(), body.top(), area.width(), 0}, TrustScene::tr("None: the plan is not legal. %1").arg(reason),
                    TextRole::Body, theme.color(Ink::Text2), std::max(1, static_cast<int>(rows / lineHeight(TextRole::Body))));
        return; // how distances are reckoned is said with rows
    }
    if (nearest)
        drawn = drawTable(scene, theme, body, nearestTable(*options.picture, near), 0);
    else if (options.calibration)
        drawn = drawConstants(scene, input, options, body);
    if (noteHeight > 0)
        drawWrapped(scene, {area.left(), body.top() + drawn + space::kTight, area.width(), 0}, note, TextRole::Note,
                    theme.color(Ink::Text3), kNoteLines);
}

/// What stands in the place of the scatter while there are no points. True when there are none.
bool drawEmpty(Scene& scene, const ViewInput& input, const TrustOptions& options, const QRectF& area)
{
    const TrustPicture& picture = *options.picture;
    if (picture.most > 0)
        return false;
    QString text;
    if (options.progress >= 0)
        text = TrustScene::tr("Predicting the measured points: %1 %").arg(static_cast<int>(std::lround(options.progress * 100)));
    else if (picture.shipped || picture.own)
        text = TrustScene::tr("No measured point has this figure.");
    else
        text = TrustScene::tr("No measured points are installed. Drop a CSV file of your own here to compare it.");
    drawWrapped(scene, {area.left(), area.top() + space::kInset, area.width(), 0}, text, TextRole::Body, input.theme.color(Ink::Text2), 4);
    return true;
}

} // namespace

QString nameOf(PointFigure figure)
{
    switch (figure) {
    case PointFigure::Tpot: return TrustScene::tr("TPOT");
    case PointFigure::Ttft: return TrustScene::tr("TTFT");
    case PointFigure::OutputPerDevice: break;
    }
    return TrustScene::tr("tokens/s per device");
}

TrustPicture trustPicture(std::shared_ptr<const ComparedPoints> shipped, std::shared_ptr<const ComparedPoints> own, PointFigure figure,
                          TrustColour colour)
{
    TrustPicture picture;
    picture.shipped = std::move(shipped);
    picture.own = std::move(own);
    picture.figure = figure;
    picture.colour = colour;
    if (picture.shipped) {
        addGroups(picture);
        picture.statistics = statistics(picture, *picture.shipped);
    }
    if (picture.own)
        picture.ownStatistics = statistics(picture, *picture.own);
    return picture;
}

void buildTrust(const ViewInput& input, const TrustOptions& options, Scene& scene)
{
    scene.clear(input.size);
    const QRectF area(space::kInset, space::kTight, input.size.width() - 2 * space::kInset,
                      input.size.height() - space::kTight - space::kSmall);
    if (!options.picture || area.width() < kLeastPlot || area.height() < 90)
        return; // nothing would be readable
    const TrustPicture& picture = *options.picture;
    // With room for both the table stands beside the scatter; in a narrow view under it, in a low one it gives way.
    const bool beside = area.width() >= kLeastPlot + space::kWide + kLeastTable;
    const std::vector<NearPoint> near = input.report.legal ? nearestOf(input, picture) : std::vector<NearPoint>();
    double left = area.width();
    if (beside) {
        const double table = options.table == TrustTable::Nearest ? tableWidth(nearestTable(picture, near)) : kLeastTable;
        const double spare = std::max(std::min(kGoodPlot, area.width() / 2), area.width() - space::kWide - table);
        left = std::clamp(std::min(area.height() * 1.1, spare), kLeastPlot, area.width() - space::kWide - kLeastTable);
    }
    const bool under = !beside && area.height() >= 420;
    const QRectF plotArea(area.left(), area.top(), left, under ? area.height() * 0.55 : area.height());
    const double summary = drawSummary(scene, input, options, {area.left(), area.top(), area.width(), 0});
    if (!drawEmpty(scene, input, options, plotArea.adjusted(0, summary, 0, 0))) {
        const std::vector<LegendEntry> legend = legendOf(input.theme, picture);
        const double legendSpace = legendHeight(plotArea.width(), legend);
        const QRectF room = plotArea.adjusted(0, summary + space::kTight, 0, 0);
        if (drawTrustPlot(scene, input, picture, near, room.adjusted(0, 0, 0, -legendSpace - space::kTight)))
            drawLegend(scene, input.theme, {plotArea.left(), plotArea.bottom() - legendSpace, plotArea.width(), 0}, legend);
        else if (!drawTrustPlot(scene, input, picture, near, room) && !beside) // the tooltip names what the colours mean
            drawTableOf(scene, input, options, near, room);
    }
    if (beside)
        drawTableOf(scene, input, options, near,
                    {area.left() + left + space::kWide, area.top() + summary + space::kTight, area.width() - left - space::kWide,
                     area.height() - summary - space::kTight});
    else if (under)
        drawTableOf(scene, input, options, near,
                    {area.left(), plotArea.bottom() + space::kInset, area.width(), area.bottom() - plotArea.bottom() - space::kInset});
}

int trustRows(const ViewInput& input, const TrustOptions& options)
{
    if (options.table == TrustTable::Nearest || !options.calibration)
        return static_cast<int>(kNearest);
    return static_cast<int>(constantRows(input.scenario, input.report, *options.calibration).size());
}

QString trustTooltip(const TrustPicture& picture, const Subject& subject)
{
    const ComparedPoint* point = subject.kind == Subject::Kind::Point ? pointOf(picture, subject.point) : nullptr;
    if (!point)
        return {};
    const PointInputs& inputs = point->inputs;
    QString text = qs(point->modelName) % QChar(u'\n');
    text += TrustScene::tr("%1 on %2 × %3, %4")
                .arg(qs(nameOf(inputs.engine)))
                .arg(inputs.devices)
                .arg(qs(point->acceleratorName), planText(inputs));
    text += QChar(u'\n')
            % TrustScene::tr("%1 tokens in, %2 out, %3 requests in flight")
                  .arg(count(inputs.input), count(inputs.output), count(inputs.concurrency));
    for (std::size_t i = 0; i < kPointFigureCount; ++i) {
        const auto figure = static_cast<PointFigure>(i);
        if (!point->has(figure))
            continue;
        const PredictedFigure& predicted = point->predicted[i];
        text += QChar(u'\n')
                % TrustScene::tr("%1 measured %2, predicted %3 (%4)")
                      .arg(nameOf(figure), pointValue(figure, point->measured[i]), pointValue(figure, predicted.value),
                           signedPercent(predicted.value / point->measured[i] - 1));
    }
    return point->source.empty() ? text : text % QChar(u'\n') % qs(point->source);
}

QString describeTrust(const TrustPicture& picture)
{
    if (picture.statistics.count == 0)
        return TrustScene::tr("No measured points are shown.");
    return TrustScene::tr("%1, predicted against measured. ").arg(nameOf(picture.figure))
           % summaryText(picture.statistics, TrustScene::tr("%1 points").arg(picture.statistics.count), true) % QChar(u'.');
}

} // namespace shardlens
