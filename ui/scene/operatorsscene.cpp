// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/operatorsscene.h"

#include "core/base/format.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <array>
#include <cmath>

namespace shardlens {
namespace {

struct OperatorsScene {
    Q_DECLARE_TR_FUNCTIONS(OperatorsScene)
};

using C = OperatorColumn;

constexpr double kGap = 14;
constexpr double kBar = 48;   ///< of the share's bar
constexpr double kSwatch = 8; ///< before what binds
constexpr double kArrow = 11; ///< room of the sign of the order
constexpr double kMostText = 420;
constexpr double kThumb = 4;
constexpr double kLeastName = 60;

QString titleOf(OperatorColumn column)
{
    return QCoreApplication::translate("OperatorColumns", specOf(column).title.data());
}

/// Room of a column's own drawing beside its text.
double decoration(OperatorColumn column)
{
    return column == C::Share ? kBar + 6 : column == C::Bound ? kSwatch + 5 : 0;
}

QString countText(int count)
{
    return count == 1 ? OperatorsScene::tr("1 operator") : OperatorsScene::tr("%1 operators").arg(count);
}

double rowHeightOf()
{
    return lineHeight(TextRole::Note) + 5;
}

/// As wide as its widest text, of rows in sight and out of it: scrolling moves no column.
double widthOf(const OperatorTable& table, OperatorColumn column)
{
    double width = 0;
    for (const OperatorRow& row : table.rows())
        if (!row.isGroup() || specOf(column).adds) // a group's name may run over its neighbours
            width = std::max(width, textWidth(qs(table.text(row, column)), row.isGroup() ? TextRole::NoteStrong : TextRole::Note));
    for (const Phase phase : {Phase::Prefill, Phase::Decode})
        if (specOf(column).adds && table.count(phase) > 0)
            width = std::max(width, textWidth(qs(table.totalText(phase, column)), TextRole::NoteStrong));
    width += decoration(column);
    return std::ceil(std::min(std::max(width, textWidth(titleOf(column), TextRole::NoteStrong) + kArrow), kMostText)) + 1;
}

/// Columns by rank as long as there is room for them. Words that are too wide are passed over; a figure that does not fit is the end.
std::vector<OperatorsLayout::Column> fitting(const OperatorTable& table, double room)
{
    std::vector<C> wanted = table.usefulColumns();
    std::stable_sort(wanted.begin(), wanted.end(), [](C a, C b) { return specOf(a).rank < specOf(b).rank; });
    std::vector<OperatorsLayout::Column> chosen;
    double used = -kGap;
    for (const C column : wanted) {
        double width = widthOf(table, column);
        if (used + kGap + width > room) {
            // The name is cut rather than dropped.
            const double left = room - used - kGap;
            if (column == C::Sharding || column == C::Shape || column == C::Algorithm)
                continue;
            if (column != C::Operator || left < kLeastName)
                break;
            width = left;
        }
        chosen.push_back({column, 0, width});
        used += kGap + width;
    }
    std::sort(chosen.begin(), chosen.end(),
              [](const auto& a, const auto& b) { return static_cast<int>(a.column) < static_cast<int>(b.column); });
    return chosen;
}

/// All columns: those up to the name stand, the others from `first` on as long as there is room.
std::vector<OperatorsLayout::Column> scrolled(const OperatorTable& table, double room, OperatorsLayout& layout, int first)
{
    std::vector<OperatorsLayout::Column> standing;
    std::vector<OperatorsLayout::Column> moving;
    double used = -kGap;
    for (const C column : table.usefulColumns()) {
        const double width = widthOf(table, column);
        if (column <= C::Operator) {
            standing.push_back({column, 0, width});
            used += kGap + width;
        } else {
            moving.push_back({column, 0, width});
        }
    }
    while (standing.size() > 1 && used > room / 2) {
        used -= standing.front().width + kGap;
        standing.erase(standing.begin());
    }
    if (used > room) {
        standing.front().width -= used - room;
        used = room;
    }
    double tail = 0;
    int last = static_cast<int>(moving.size());
    while (last > 0 && used + tail + kGap + moving[static_cast<std::size_t>(last) - 1].width <= room)
        tail += kGap + moving[static_cast<std::size_t>(--last)].width;
    layout.lastFirstColumn = std::min(last, std::max(0, static_cast<int>(moving.size()) - 1));
    layout.firstColumn = std::clamp(first, 0, layout.lastFirstColumn);
    std::vector<OperatorsLayout::Column> out = standing;
    for (std::size_t i = static_cast<std::size_t>(layout.firstColumn); i < moving.size(); ++i) {
        const double left = room - used - kGap;
        if (moving[i].width > left) {
            // Words may be cut, figures not.
            if (specOf(moving[i].column).number || left < 90)
                break;
            moving[i].width = left;
        }
        out.push_back(moving[i]);
        used += kGap + moving[i].width;
    }
    return out;
}

int totalRows(const OperatorTable& table)
{
    return (table.count(Phase::Prefill) > 0 ? 1 : 0) + (table.count(Phase::Decode) > 0 ? 1 : 0);
}

OperatorsLayout layoutOf(const ViewInput& input, const OperatorsOptions& options, const OperatorTable& table)
{
    OperatorsLayout out;
    const double inset = space::kInset;
    out.rowHeight = rowHeightOf();
    out.rows = static_cast<int>(table.rows().size());
    double top = space::kTight;
    if (!options.error.isEmpty())
        top += lineHeight(TextRole::Note)
                   * static_cast<double>(
                       std::min<std::size_t>(3, wrapText(options.error, TextRole::Note, input.size.width() - 2 * inset).size()))
               + space::kTight;
    const double width = input.size.width() - 2 * inset;
    const double height = input.size.height() - top - space::kTight;
    if (width < kLeastName || height < 2 * out.rowHeight)
        return out;
    // Totals go where only a few rows would be left.
    const double totals = height >= 6 * out.rowHeight ? totalRows(table) * out.rowHeight + (totalRows(table) > 0 ? 3 : 0) : 0;
    const double room = height - out.rowHeight - 2 - totals;
    out.shown = std::max(1, static_cast<int>(room / out.rowHeight));
    out.lastFirst = std::max(0, out.rows - out.shown);
    out.firstRow = std::clamp(options.firstRow, 0, out.lastFirst);
    out.header = QRectF(inset, top, width, out.rowHeight);
    out.body = QRectF(inset, out.header.bottom() + 2, width, std::min(out.shown, std::max(out.rows, 1)) * out.rowHeight);
    if (totals > 0)
        out.totals = QRectF(inset, out.body.bottom() + 3, width, totals - 3);
    const double columnsRoom = width - (out.lastFirst > 0 ? kThumb + 2 : 0);
    out.columns = options.allColumns ? scrolled(table, columnsRoom, out, options.firstColumn) : fitting(table, columnsRoom);
    double x = inset;
    double used = -kGap;
    for (const OperatorsLayout::Column& column : out.columns)
        used += column.width + kGap;
    // What is left goes between the columns, as far as a row can still be followed by eye.
    const double spread =
        out.columns.size() > 1 ? std::clamp((columnsRoom - used) / static_cast<double>(out.columns.size() - 1), 0.0, 14.0) : 0;
    for (OperatorsLayout::Column& column : out.columns) {
        column.left = x;
        x += column.width + kGap + spread;
    }
    return out;
}

void drawOrder(Scene& scene, const Theme& theme, const QRectF& cell, bool right, double text, bool descending)
{
    const double x = right ? cell.right() - text - 6 : cell.left() + text + 6;
    const double y = cell.center().y();
    const double up = descending ? -1 : 1;
    QPainterPath arrow;
    arrow.addPolygon(QPolygonF{{x - 3, y + 2 * up}, {x + 3, y + 2 * up}, {x, y - 2.5 * up}, {x - 3, y + 2 * up}});
    scene.path(arrow, theme.color(Ink::Text));
}

void drawHeader(Scene& scene, const ViewInput& input, const OperatorsLayout& layout, const OperatorsOptions& options)
{
    const Theme& theme = input.theme;
    for (const OperatorsLayout::Column& column : layout.columns) {
        const QString title = titleOf(column.column);
        const bool right = specOf(column.column).number;
        const QRectF cell(column.left, layout.header.top(), column.width, layout.header.height());
        const bool sorted = options.table.order && options.table.order->column == column.column;
        scene.text(cell, title, TextRole::NoteStrong, theme.color(sorted ? Ink::Text : Ink::Text2),
                   (right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, true);
        const double width = textWidth(title, TextRole::NoteStrong);
        if (sorted && width + kArrow <= column.width)
            drawOrder(scene, theme, cell, right, width, options.table.order->descending);
    }
    const double y = layout.header.bottom() + 0.5;
    scene.line({layout.header.left(), y}, {layout.header.right(), y}, theme.color(Ink::Line));
    // More columns lie beyond the edge.
    const double middle = layout.header.center().y();
    if (layout.firstColumn < layout.lastFirstColumn) {
        const double x = layout.header.right() + 7;
        scene.polyline({{x - 3, middle - 4}, {x, middle}, {x - 3, middle + 4}}, theme.color(Ink::Text3), 1.5);
    }
    if (layout.firstColumn > 0) {
        const double x = layout.header.left() - 8;
        scene.polyline({{x + 3, middle - 4}, {x, middle}, {x + 3, middle + 4}}, theme.color(Ink::Text3), 1.5);
    }
}

QColor boundColour(const Theme& theme, const OperatorCost& op)
{
    switch (op.bound) {
    case Bound::Compute: return theme.color(Ink::Compute);
    case Bound::Memory: return op.kvBytes > op.weightBytes ? theme.color(Ink::Kv) : theme.color(Ink::Weights);
    case Bound::Network: return theme.color(Cause::Communication);
    case Bound::Nothing: break;
    }
    return {};
}

/// The share as a bar split by cause, as long as the largest share of the table asks for.
void drawShare(Scene& scene, const Theme& theme, const QRectF& cell, const Breakdown& parts, double share, double most)
{
    const double all = parts.total();
    if (!(most > 0) || !(all > 0))
        return;
    const double length = kBar * share / most;
    const QRectF bar(cell.left(), cell.center().y() - 4, kBar, 8);
    double x = bar.left();
    for (std::size_t i = 0; i < kCauseCount; ++i) {
        const double width = length * parts.seconds[i] / all;
        if (width < 0.05)
            continue;
        scene.fill({x, bar.top(), width, bar.height()}, theme.color(static_cast<Cause>(i)));
        x += width;
    }
}

/// The name of a group and its sums; the words may run over columns that have none.
void drawGroup(Scene& scene, const ViewInput& input, const OperatorsLayout& layout, const OperatorTable& table, int index, double most)
{
    const Theme& theme = input.theme;
    const OperatorRow& row = table.rows()[static_cast<std::size_t>(index)];
    const QRectF rect = layout.rowRect(index);
    scene.fill({rect.left() - 4, rect.top(), rect.width() + 8, rect.height()}, theme.color(Ink::Sunken));
    double end = rect.right();
    for (const OperatorsLayout::Column& column : layout.columns)
        if (specOf(column.column).adds) {
            end = column.left - kGap;
            break;
        }
    const QString plain = QCoreApplication::translate("Sections", nameOf(table.sectionOf(row)).data());
    QString name = plain;
    name[0] = name[0].toUpper();
    const QString phased =
        row.phase == Phase::Prefill ? OperatorsScene::tr("Prefill: %1").arg(plain) : OperatorsScene::tr("Decode: %1").arg(plain);
    const bool both = table.options().phases == PhaseChoice::Both;
    const QString text = firstFitting({both ? phased : name, name}, TextRole::NoteStrong, end - rect.left());
    const QRectF words(rect.left(), rect.top(), std::max(end - rect.left(), 1.0), rect.height());
    scene.text(words, text.isEmpty() ? name : text, TextRole::NoteStrong, theme.color(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
    for (const OperatorsLayout::Column& column : layout.columns) {
        const QRectF cell(column.left, rect.top(), column.width, rect.height());
        const QString sum = specOf(column.column).adds ? qs(table.text(row, column.column)) : QString();
        if (sum.isEmpty())
            continue;
        if (column.column == C::Share)
            drawShare(scene, theme, cell, table.breakdownOf(row), table.number(row, C::Share).value_or(0), most);
        scene.text(cell, sum, TextRole::NoteStrong, theme.color(Ink::Text), Qt::AlignRight | Qt::AlignVCenter, true);
    }
}

void drawRow(Scene& scene, const ViewInput& input, const OperatorsLayout& layout, const OperatorTable& table, int index, double most)
{
    const Theme& theme = input.theme;
    const OperatorRow& row = table.rows()[static_cast<std::size_t>(index)];
    const OperatorCost& op = table.cost(row);
    const QRectF rect = layout.rowRect(index);
    for (const OperatorsLayout::Column& column : layout.columns) {
        QRectF cell(column.left, rect.top(), column.width, rect.height());
        if (column.column == C::Share)
            drawShare(scene, theme, cell, op.breakdown, table.number(row, C::Share).value_or(0), most);
        const QString text = qs(table.text(row, column.column));
        if (text.isEmpty())
            continue;
        if (column.column == C::Bound) {
            if (const QColor colour = boundColour(theme, op); colour.isValid() && text != QStringLiteral("fused"))
                scene.fill({cell.left(), cell.center().y() - kSwatch / 2, kSwatch, kSwatch}, colour, theme.edgeOf(colour));
            cell.setLeft(cell.left() + kSwatch + 5);
        }
        const bool right = specOf(column.column).number;
        const Ink ink = table.isElsewhere(row)                                                                   ? Ink::Text3
                        : column.column == C::Operator || column.column == C::Share || column.column == C::Total ? Ink::Text
                                                                                                                 : Ink::Text2;
        scene.text(cell, text, TextRole::Note, theme.color(ink), (right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, true);
    }
    scene.hit({rect.left() - 4, rect.top(), rect.width() + 8, rect.height()}, subjectOf(row));
}

/// What is beside the operators in their phase. Nothing while a filter hides some.
QString besideText(const PhaseReport& whole, const OperatorTable& table, Phase phase)
{
    constexpr double kShown = 5e-4; // of the phase
    if (!table.complete(phase) || !(whole.time > 0))
        return {};
    const PhaseAccount account = accountOf(whole, phase);
    const auto share = [&](double seconds) { return qs(formatPercent(seconds / whole.time)); };
    QStringList parts;
    if (account.uneven > kShown * whole.time)
        parts << OperatorsScene::tr("%1 less, as other pieces are lighter").arg(share(account.uneven));
    else if (account.uneven < -kShown * whole.time)
        parts << OperatorsScene::tr("%1 more, as other pieces are heavier").arg(share(-account.uneven));
    if (account.send > kShown * whole.time)
        parts << OperatorsScene::tr("%1 waiting for sends").arg(share(account.send));
    if (account.bubble > kShown * whole.time)
        parts << OperatorsScene::tr("%1 bubble").arg(share(account.bubble));
    return parts.isEmpty() ? QString()
                           : OperatorsScene::tr("; of %1: %2").arg(qs(formatSeconds(whole.time)), parts.join(QStringLiteral(", ")));
}

void drawTotals(Scene& scene, const ViewInput& input, const OperatorsLayout& layout, const OperatorTable& table)
{
    if (layout.totals.isEmpty())
        return;
    const Theme& theme = input.theme;
    scene.line(layout.totals.topLeft() - QPointF(0, 2), layout.totals.topRight() - QPointF(0, 2), theme.color(Ink::Line));
    double y = layout.totals.top();
    for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
        const int count = table.count(phase);
        if (count == 0)
            continue;
        // The words may run over columns that have no sum.
        double end = layout.totals.right();
        for (const OperatorsLayout::Column& column : layout.columns)
            if (specOf(column.column).adds) {
                end = column.left - kGap;
                break;
            }
        const PhaseReport& whole = phase == Phase::Prefill ? input.report.prefill : input.report.decode;
        const QString brief = phase == Phase::Prefill ? OperatorsScene::tr("Prefill") : OperatorsScene::tr("Decode");
        QString name = brief;
        if (input.report.layout.stages() > 1)
            name = OperatorsScene::tr("%1 on stage %2").arg(name).arg(whole.busiestStage);
        const QString all = OperatorsScene::tr("%1 in all: %2, every layer and piece").arg(name, countText(count));
        const QString text =
            firstFitting({all % besideText(whole, table, phase), all, OperatorsScene::tr("%1 in all: %2").arg(name, countText(count)),
                          OperatorsScene::tr("%1 in all").arg(name), name, brief},
                         TextRole::NoteStrong, end - layout.totals.left());
        scene.text({layout.totals.left(), y, end - layout.totals.left(), layout.rowHeight}, text, TextRole::NoteStrong,
                   theme.color(Ink::Text));
        for (const OperatorsLayout::Column& column : layout.columns) {
            const QString sum = qs(table.totalText(phase, column.column));
            if (!sum.isEmpty())
                scene.text({column.left, y, column.width, layout.rowHeight}, sum, TextRole::NoteStrong, theme.color(Ink::Text),
                           Qt::AlignRight | Qt::AlignVCenter, true);
        }
        y += layout.rowHeight;
    }
}

} // namespace

Subject subjectOf(const OperatorRow& row)
{
    Subject subject;
    subject.kind = Subject::Kind::Operator;
    subject.phase = row.phase;
    subject.op = row.op;
    return subject;
}

const OperatorsLayout::Column* OperatorsLayout::columnAt(QPointF point) const
{
    if (point.y() < header.top() || point.y() >= header.bottom())
        return nullptr;
    for (const Column& column : columns)
        if (point.x() >= column.left - kGap / 2 && point.x() < column.left + column.width + kGap / 2)
            return &column;
    return nullptr;
}

int OperatorsLayout::rowAt(QPointF point) const
{
    if (!body.contains(point) || !(rowHeight > 0))
        return -1;
    const int row = firstRow + static_cast<int>((point.y() - body.top()) / rowHeight);
    return row < rows && row < firstRow + shown ? row : -1;
}

QRectF OperatorsLayout::rowRect(int row) const
{
    return {body.left(), body.top() + (row - firstRow) * rowHeight, body.width() - (lastFirst > 0 ? kThumb + 2 : 0), rowHeight};
}

std::vector<OperatorColumn> OperatorsLayout::shownColumns() const
{
    std::vector<OperatorColumn> out;
    for (const Column& column : columns)
        out.push_back(column.column);
    return out;
}

OperatorsLayout operatorsLayout(const ViewInput& input, const OperatorsOptions& options)
{
    return layoutOf(input, options, OperatorTable(input.scenario, input.report, options.table));
}

void buildOperators(const ViewInput& input, const OperatorsOptions& options, Scene& scene)
{
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    const Theme& theme = input.theme;
    const OperatorTable table(input.scenario, input.report, options.table);
    const OperatorsLayout layout = layoutOf(input, options, table);
    if (layout.header.isEmpty())
        return;
    if (!options.error.isEmpty())
        drawWrapped(scene, {space::kInset, space::kTight, layout.header.width(), 0}, options.error, TextRole::Note,
                    theme.color(Ink::Violation), 3);
    drawHeader(scene, input, layout, options);
    if (table.rows().empty()) {
        scene.text(layout.body, OperatorsScene::tr("No operator passes the filter"), TextRole::Note, theme.color(Ink::Text3),
                   Qt::AlignLeft | Qt::AlignVCenter, true);
        return;
    }
    double most = 0;
    for (const OperatorRow& row : table.rows())
        most = std::max(most, table.number(row, C::Share).value_or(0));
    const int end = std::min(layout.rows, layout.firstRow + layout.shown);
    for (int i = layout.firstRow; i < end; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (i > layout.firstRow && !options.table.order && !options.table.grouped && table.rows()[at].phase != table.rows()[at - 1].phase)
            scene.line(layout.rowRect(i).topLeft(), layout.rowRect(i).topRight(), theme.color(Ink::Grid));
        if (table.rows()[at].isGroup())
            drawGroup(scene, input, layout, table, i, most);
        else
            drawRow(scene, input, layout, table, i, most);
    }
    drawTotals(scene, input, layout, table);
    if (layout.lastFirst > 0) {
        const double height = std::max(16.0, layout.body.height() * layout.shown / layout.rows);
        const double y = layout.body.top() + (layout.body.height() - height) * layout.firstRow / layout.lastFirst;
        scene.roundedRect({layout.body.right() - kThumb + 2, y, kThumb, height}, 2, theme.color(Ink::Line));
    }
}

QString operatorsTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal || subject.kind != Subject::Kind::Operator)
        return {};
    const PhaseReport& phase = subject.phase == Phase::Prefill ? report.prefill : report.decode;
    if (!operatorAt(phase, subject.op))
        return {};
    const OperatorTable table(scenario, report);
    const OperatorRow row{subject.phase, subject.op};
    const auto text = [&](C column) { return qs(table.text(row, column)); };
    QString tip = QStringLiteral("%1, %2\n%3\n%4").arg(text(C::Operator), text(C::Phase), text(C::Sharding), text(C::Shape));
    if (const QString collective = text(C::Collective); !collective.isEmpty())
        tip += QStringLiteral("\n%1, %2, %3").arg(collective, text(C::Algorithm), text(C::SentBytes));
    if (table.isDraft(row))
        return tip + QChar(u'\n')
               + OperatorsScene::tr("%1 of a draft step of %2, in no time of the phase")
                     .arg(text(C::Time), qs(formatSeconds(phase.predictionTime)));
    return tip + QChar(u'\n')
           + OperatorsScene::tr("%1 each, %2 in all, %3 of its phase").arg(text(C::Time), text(C::Total), text(C::Share));
}

QString describeOperators(const Scenario& scenario, const Report& report, const OperatorsOptions& options)
{
    if (!report.legal)
        return OperatorsScene::tr("The plan is not legal, so there are no operators.");
    OperatorTableOptions asked = options.table;
    asked.order = OperatorOrder{C::Share, true};
    asked.grouped = false;
    const OperatorTable table(scenario, report, asked);
    if (table.rows().empty())
        return OperatorsScene::tr("No operator passes the filter.");
    const OperatorRow& first = table.rows().front();
    return OperatorsScene::tr("%1; the most time goes to %2 of %3, %4.")
        .arg(countText(static_cast<int>(table.rows().size())), qs(table.text(first, C::Operator)), qs(table.text(first, C::Phase)),
             qs(table.text(first, C::Share)));
}

int operatorsHiddenColumns(const ViewInput& input, const OperatorsOptions& options)
{
    if (!input.report.legal)
        return 0;
    const OperatorTable table(input.scenario, input.report, options.table);
    const OperatorsLayout layout = layoutOf(input, options, table);
    return layout.columns.empty() ? 0 : static_cast<int>(table.usefulColumns().size()) - static_cast<int>(layout.columns.size());
}

double operatorsHeight(const ViewInput& input, const OperatorsOptions& options)
{
    constexpr double kAmple = 1e6;
    const OperatorTable table(input.scenario, input.report, options.table);
    const OperatorsLayout layout = layoutOf({input.scenario, input.report, {input.size.width(), kAmple}, input.theme}, options, table);
    return std::max(layout.body.bottom(), layout.totals.bottom()) + space::kTight + 1; // no row is lost to rounding
}

QString operatorsSubtitle(const Scenario& scenario, const Report& report, const OperatorsOptions& options, int hiddenColumns)
{
    if (!report.legal)
        return OperatorsScene::tr("the plan is not legal");
    const OperatorTable table(scenario, report, options.table);
    const int shown = table.operators();
    const QString amount = options.table.amount == OperatorAmount::Once ? OperatorsScene::tr("one layer, one device")
                                                                        : OperatorsScene::tr("all layers and pieces, one device");
    QString rows = shown < table.all() ? OperatorsScene::tr("%1 of %2, %3").arg(shown).arg(countText(table.all()), amount)
                                       : OperatorsScene::tr("%1, %2").arg(countText(shown), amount);
    if (hiddenColumns <= 0)
        return rows;
    return rows + QStringLiteral("; ")
           + (hiddenColumns == 1 ? OperatorsScene::tr("1 column hidden") : OperatorsScene::tr("%1 columns hidden").arg(hiddenColumns));
}

} // namespace shardlens
