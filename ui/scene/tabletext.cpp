// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/tabletext.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kGap = 12;
constexpr double kLeastText = 70; ///< a column of words is cut down to this before others drop
constexpr double kMostText = 260;

struct Widths {
    std::vector<double> widths; ///< 0: dropped
    [[nodiscard]] double total() const
    {
        double sum = -kGap;
        for (const double width : widths)
            sum += width > 0 ? width + kGap : 0;
        return sum;
    }
};

Widths wholeWidths(const TableText& table)
{
    Widths out;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        double width = textWidth(table.columns[c].title, TextRole::NoteStrong);
        for (const TableText::Row& row : table.rows)
            width = std::max(width, textWidth(row.cells[c], TextRole::Note));
        out.widths.push_back(std::min(width, kMostText) + 1);
    }
    return out;
}

Widths widthsOf(const TableText& table, double room)
{
    Widths out = wholeWidths(table);
    // Words give way first, down to what still says something; then columns go by rank.
    const auto squeeze = [&](bool all) {
        while (out.total() > room) {
            double* widest = nullptr;
            for (std::size_t c = 0; c < table.columns.size(); ++c)
                if (!table.columns[c].right && (all || !table.columns[c].whole) && out.widths[c] > kLeastText
                    && (!widest || out.widths[c] > *widest))
                    widest = &out.widths[c];
            if (!widest)
                return false;
            *widest = std::max(kLeastText, *widest - std::max(1.0, (out.total() - room) / 2));
        }
        return true;
    };
    for (int rank = 9; rank >= 0; --rank) {
        Widths before = out;
        if (squeeze(false))
            return out;
        out = before; // squeezing did not do: drop, then squeeze less
        if (rank == 0)
            break;
        for (std::size_t c = table.columns.size(); c-- > 0;)
            if (table.columns[c].rank == rank && out.total() > room)
                out.widths[c] = 0;
    }
    (void)squeeze(true);
    return out;
}

} // namespace

double tableWidth(const TableText& table)
{
    return std::ceil(wholeWidths(table).total());
}

double tableRowHeight()
{
    return std::ceil(lineHeight(TextRole::Note)) + 4;
}

double drawTable(Scene& scene, const Theme& theme, const QRectF& area, const TableText& table, int first)
{
    const double height = tableRowHeight();
    if (area.height() < 2 * height || table.rows.empty())
        return 0;
    const Widths layout = widthsOf(table, area.width());
    const auto cells = [&](double y, TextRole role, const QColor& ink, const auto& textOf) {
        double x = area.left();
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const double width = layout.widths[c];
            if (!(width > 0))
                continue;
            const Qt::Alignment side = table.columns[c].right ? Qt::AlignRight : Qt::AlignLeft;
            scene.text({x, y, width, height}, textOf(c), role, ink, side | Qt::AlignVCenter, true);
            x += width + kGap;
        }
    };
    double y = area.top();
    cells(y, TextRole::NoteStrong, theme.color(Ink::Text2), [&](std::size_t c) { return table.columns[c].title; });
    y += height;
    scene.line({area.left(), y}, {area.left() + std::min(layout.total(), area.width()), y}, theme.color(Ink::Line));
    y += 1;
    const auto rows = static_cast<int>(table.rows.size());
    const int room = static_cast<int>((area.bottom() - y) / height);
    const int begin = std::clamp(first, 0, std::max(0, rows - room));
    for (int i = begin; i < std::min(rows, begin + room); ++i, y += height) {
        const TableText::Row& row = table.rows[static_cast<std::size_t>(i)];
        cells(y, TextRole::Note, theme.color(row.dim ? Ink::Text3 : Ink::Text), [&](std::size_t c) { return row.cells[c]; });
        if (row.subject.kind != Subject::Kind::None)
            scene.hit({area.left(), y, area.width(), height}, row.subject);
    }
    return y - area.top();
}

} // namespace shardlens
