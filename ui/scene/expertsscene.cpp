// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/expertsscene.h"

#include "ui/scene/expertstext.h"
#include "ui/scene/scenetext.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardlens {
namespace {

using Places = ExpertLoadTable::Places;

constexpr double kLeastCell = 2;         // px of a column or row that is drawn by itself
constexpr double kGapFrom = 5;           // px of a cell from which a gap sets it apart
constexpr double kWidestCell = 120;      // few ranks do not stretch over a wide screen
constexpr double kTallestSlot = 52;      // nor few slots over a tall one
constexpr std::size_t kMostCells = 4096; // that react one by one
constexpr double kCellMargin = 3;        // px of both sides of a cell's words together
constexpr double kLeastProfile = 90;
constexpr double kTallOverflow = 2.5; // times the capacity: beyond, overflow has a scale of its own
constexpr double kServedShare = 0.5;  // of the profile, for what is served, then
constexpr double kProfileGap = 5;
constexpr double kLeastSplit = 20; // px of bars that are high enough for two scales
constexpr double kRamp = 120;
constexpr double kPalest = 0.25; // of the ramp, where the logarithmic scale begins: its least load is not nothing
constexpr double kCopyEdge = 8;  // px of a redundant copy that are hatched
constexpr double kEven = 5e-3;   // a rank this much over the mean does not stand out

QColor mixed(const QColor& a, const QColor& b, double t)
{
    const auto at = [t](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * t)); };
    return {at(a.red(), b.red()), at(a.green(), b.green()), at(a.blue(), b.blue())};
}

class ExpertsPicture {
public:
    ExpertsPicture(const ViewInput& input, const ExpertsOptions& options, const ExpertLoadTable& table, Scene& scene)
        : m_input(input),
          m_theme(input.theme),
          m_options(options),
          m_table(table),
          m_scene(scene),
          m_facts(expertsFacts(input, options, table)),
          m_layout(expertsLayout(table, input.size, flowFacts(m_facts, input.size.width() - 2 * space::kInset, nullptr, input.theme, {})))
    {
        double most = 0;
        double least = std::numeric_limits<double>::infinity();
        if (m_layout.matrix) {
            for (int e = 0; e < table.experts(); ++e)
                for (const double load : {table.servedAt(e, 0), table.servedAt(e, table.ranks() - 1)}) {
                    most = std::max(most, load);
                    least = load > 0 ? std::min(least, load) : least;
                }
        } else {
            for (int rank = 0; rank < table.ranks(); ++rank)
                for (const ExpertLoadTable::Slot& slot : table.slotsOf(rank))
                    most = std::max(most, slot.served);
        }
        // Loads alike are the middle of the scale, neither nothing nor its end: the scale reaches twice the mean at least.
        m_scaleEnd = roundUp(std::max(most, m_layout.matrix ? 0.0 : 2 * table.servedMean() * table.ranks() / table.experts()));
        m_scaleBegin = std::min(least, m_scaleEnd / 2);
    }

    void draw()
    {
        flowFacts(m_facts, m_layout.facts.width(), &m_scene, m_theme, m_layout.facts);
        if (m_layout.matrix)
            drawMatrix();
        else
            drawSlots();
        if (!m_layout.bars.isEmpty())
            drawBars();
        if (!m_layout.profile.isEmpty())
            drawProfile();
        if (!m_layout.axis.isEmpty())
            drawAxis();
        if (!m_layout.legend.isEmpty())
            drawScale();
    }

private:
    [[nodiscard]] QColor ink(Ink ink) const { return m_theme.color(ink); }
    [[nodiscard]] Subject subjectOf(int expert, int rank) const
    {
        return {.kind = Subject::Kind::Expert,
                .phase = m_options.phase,
                .expert = expert,
                .rank = rank,
                .order = m_table.places() == Places::Example ? 0 : -1};
    }
    /// Along the scale. Means over all orders spread an expert over all ranks: there it is logarithmic, from the least load to the most.
    [[nodiscard]] double shareOf(double pairs) const
    {
        if (!(m_scaleEnd > 0) || !(pairs > 0))
            return 0;
        if (!m_layout.matrix)
            return pairs / m_scaleEnd;
        return onRamp(std::log(pairs / m_scaleBegin) / std::log(m_scaleEnd / m_scaleBegin));
    }
    /// Where a share of the scale is on the ramp of colours.
    [[nodiscard]] double onRamp(double share) const { return m_layout.matrix ? kPalest + (1 - kPalest) * std::max(0.0, share) : share; }
    [[nodiscard]] QColor colorOf(double pairs) const { return loadColor(m_theme, shareOf(pairs)); }
    [[nodiscard]] bool gaps() const { return m_layout.cell(0, 0).width() >= kGapFrom && m_layout.cell(0, 0).height() >= kGapFrom; }
    [[nodiscard]] bool cellsReact() const
    {
        return static_cast<std::size_t>(m_layout.columns) * static_cast<std::size_t>(m_layout.rows) <= kMostCells
               && m_layout.columnBins == m_layout.columns && m_layout.rowBins == m_layout.rows;
    }

    void cellText(const QRectF& box, const QColor& fill, const QString& name, const QString& value)
    {
        const double line = lineHeight(TextRole::Note);
        if (box.height() < line || textWidth(name, TextRole::Note) > box.width() - kCellMargin)
            return;
        // In the middle of the ramp the inks of texts are too near to it: one of black and white is readable on every colour.
        QColor color = Theme::textOn(fill);
        if (contrastRatio(color, fill) < 4.5)
            color = contrastRatio(Qt::black, fill) > contrastRatio(Qt::white, fill) ? Qt::black : Qt::white;
        if (value.isEmpty() || box.height() < 2 * line + 2 || textWidth(value, TextRole::NoteStrong) > box.width() - 4) {
            m_scene.text(box, name, TextRole::Note, color, Qt::AlignCenter);
            return;
        }
        const double top = box.center().y() - line;
        m_scene.text({box.left(), top, box.width(), line}, name, TextRole::Note, color, Qt::AlignCenter);
        m_scene.text({box.left(), top + line, box.width(), line}, value, TextRole::NoteStrong, color, Qt::AlignCenter);
    }

    void drawMatrix()
    {
        const bool apart = gaps();
        for (int row = 0; row < m_layout.rowBins; ++row) {
            const int expert = m_layout.firstRow(row); // by falling load: the first of merged ones is the busiest
            for (int column = 0; column < m_layout.columnBins;) {
                const double pairs = m_table.servedAt(expert, m_layout.firstColumn(column));
                int end = column + 1; // neighbours alike are one
                while (!apart && end < m_layout.columnBins && m_table.servedAt(expert, m_layout.firstColumn(end)) == pairs)
                    ++end;
                QRectF box = m_layout.cell(column, row).united(m_layout.cell(end - 1, row));
                if (apart)
                    box.adjust(0, 0, -1, -1);
                const QColor fill = colorOf(pairs);
                m_scene.fill(box, fill);
                if (apart)
                    cellText(box, fill, ExpertsText::number(pairs), {});
                column = end;
            }
        }
        drawHits();
    }

    void drawSlots()
    {
        const bool apart = gaps();
        // On each slot or on none: numbers only where they are short would point at experts that are nothing special.
        double widest = 0;
        for (int rank = 0; rank < m_layout.columns; ++rank)
            for (const ExpertLoadTable::Slot& slot : m_table.slotsOf(rank))
                widest = std::max(widest, textWidth(copyName(slot), TextRole::Note) + (slot.copy > 0 ? kCopyEdge : 0.0));
        const bool named = apart && widest <= m_layout.cell(0, 0).width() - 1 - kCellMargin;
        for (int column = 0; column < m_layout.columnBins; ++column)
            for (int row = 0; row < m_layout.rowBins; ++row) {
                // Merged ones show the busiest: no hot spot is lost.
                const ExpertLoadTable::Slot* shown = nullptr;
                int count = 0;
                for (int rank = m_layout.firstColumn(column); rank < m_layout.firstColumn(column + 1); ++rank)
                    for (int slot = m_layout.firstRow(row); slot < m_layout.firstRow(row + 1); ++slot) {
                        const std::vector<ExpertLoadTable::Slot>& held = m_table.slotsOf(rank);
                        if (static_cast<std::size_t>(slot) >= held.size())
                            continue;
                        const ExpertLoadTable::Slot& each = held[static_cast<std::size_t>(slot)];
                        shown = !shown || each.served > shown->served ? &each : shown;
                        ++count;
                    }
                if (!shown)
                    continue;
                QRectF box = m_layout.cell(column, row);
                if (apart)
                    box.adjust(0, 0, -1, -1);
                const QColor fill = colorOf(shown->served);
                m_scene.fill(box, fill);
                // A copy is hatched along its edge: its number stands on the colour of its load.
                const double edge = count == 1 && shown->copy > 0 ? std::min(kCopyEdge, box.width() / 3) : 0;
                if (edge >= 2 && box.height() >= 4)
                    m_scene.hatch({box.left(), box.top(), edge, box.height()}, Hatch::Replica, fill);
                if (named && count == 1)
                    cellText(box.adjusted(edge, 0, 0, 0), fill, copyName(*shown), ExpertsText::number(shown->served));
            }
        drawHits();
    }

    [[nodiscard]] static QString copyName(const ExpertLoadTable::Slot& slot)
    {
        return slot.copy > 0 ? QStringLiteral("%1′").arg(slot.expert) : QString::number(slot.expert);
    }

    void drawHits()
    {
        if (!cellsReact()) {
            for (int column = 0; column < m_layout.columnBins; ++column)
                m_scene.hit(m_layout.cell(column, 0).united(m_layout.cell(column, m_layout.rowBins - 1)),
                            subjectOf(-1, m_layout.firstColumn(column)));
            return;
        }
        for (int rank = 0; rank < m_layout.columns; ++rank) {
            const auto held = m_layout.matrix ? static_cast<std::size_t>(m_layout.rows) : m_table.slotsOf(rank).size();
            for (std::size_t row = 0; row < held; ++row)
                m_scene.hit(m_layout.cell(rank, static_cast<int>(row)),
                            subjectOf(m_layout.matrix ? static_cast<int>(row) : m_table.slotsOf(rank)[row].expert, rank));
        }
    }

    void drawBars()
    {
        const QRectF& area = m_layout.bars;
        double end = 0;
        double mostServed = 0;
        double mostOver = 0;
        for (int rank = 0; rank < m_table.ranks(); ++rank) {
            end = std::max(end, m_table.servedOfRank(rank) + m_table.excessOfRank(rank));
            mostServed = std::max(mostServed, m_table.servedOfRank(rank));
            mostOver = std::max(mostOver, m_table.excessOfRank(rank));
        }
        // What is over has a scale of its own where what is served would be slivers, as in the profile.
        const bool split = end > kTallOverflow * mostServed && area.height() >= kLeastSplit;
        const double reach = split ? std::floor(area.height() * kServedShare) : area.height();
        const double scale = reach / roundUp(split ? mostServed : end);
        const double overFoot = area.bottom() - reach - kProfileGap; // of the second scale
        const double overScale = split ? (overFoot - area.top()) / mostOver : scale;
        const bool apart = m_layout.cell(0, 0).width() >= 4;
        for (int column = 0; column < m_layout.columnBins; ++column) {
            int shown = m_layout.firstColumn(column); // the busiest of merged ones
            bool hottest = false;
            for (int rank = m_layout.firstColumn(column); rank < m_layout.firstColumn(column + 1); ++rank) {
                shown = m_table.servedOfRank(rank) > m_table.servedOfRank(shown) ? rank : shown;
                hottest = hottest || rank == m_table.hottest();
            }
            const QRectF cell = m_layout.cell(column, 0);
            const double tall = m_table.servedOfRank(shown) * scale;
            const double over = m_table.excessOfRank(shown) * overScale;
            const QRectF box(cell.left(), area.bottom() - tall, cell.width() - (apart ? 1 : 0), tall);
            const bool standsOut = m_table.servedOfRank(m_table.hottest()) > (1 + kEven) * m_table.servedMean();
            m_scene.fill(box, ink(hottest && standsOut ? Ink::Text : Ink::Compute));
            if (over >= 1)
                m_scene.hatch({box.left(), (split ? overFoot : box.top()) - over, box.width(), over}, Hatch::OverCapacity);
            m_scene.hit({cell.left(), area.top(), cell.width(), area.height()}, subjectOf(-1, m_layout.firstColumn(column)));
        }
        m_scene.line(area.bottomLeft(), area.bottomRight(), ink(Ink::Strong));
        const double mean = area.bottom() - m_table.servedMean() * scale;
        m_scene.line({area.left(), mean}, {area.right(), mean}, ink(Ink::Text), 1, true);
        labelBars(mean);
        if (!split)
            return;
        m_scene.line({area.left(), overFoot}, {area.right(), overFoot}, ink(Ink::Strong), 1, true);
        const double line = lineHeight(TextRole::Note);
        const double gutter = area.left() - space::kInset - 4;
        const QString most = ExpertsText::number(mostOver);
        const QString beyond = firstFitting({ExpertsText::tr("beyond %1").arg(most), QString(QChar(u'+') % most)}, TextRole::Note, gutter);
        if (std::min(mean - line / 2, area.bottom() - line) >= area.top() + line) // above the mean's
            m_scene.text({space::kInset, area.top(), gutter, line}, beyond, TextRole::Note, ink(Ink::Text3),
                         Qt::AlignRight | Qt::AlignVCenter);
    }

    void labelBars(double mean)
    {
        const QRectF& area = m_layout.bars;
        const double line = lineHeight(TextRole::Note);
        const double gutter = area.left() - space::kInset - 4;
        const QString meanText = firstFitting(
            {ExpertsText::tr("mean %1").arg(ExpertsText::number(m_table.servedMean())), ExpertsText::number(m_table.servedMean())},
            TextRole::Note, gutter);
        double top = std::clamp(mean - line / 2, area.top(), area.bottom() - line);
        m_scene.text({space::kInset, top, gutter, line}, meanText, TextRole::Note, ink(Ink::Text2), Qt::AlignRight | Qt::AlignVCenter);
        if (m_table.ranks() == 1)
            return;
        // The hottest, named where it stands: beside its bar's top, in the space above the bars.
        const double center = m_layout.cell(binOf(m_table.hottest()), 0).center().x();
        const bool limited = m_table.excess() > 0;
        const QString load = ExpertsText::number(m_table.servedOfRank(m_table.hottest()));
        const QString before = ExpertsText::number(m_table.ofRank(m_table.hottest()));
        const QString times =
            limited ? ExpertsText::tr("%1 of %2").arg(load, before) : QString(ExpertsText::number(m_table.factor()) % QStringLiteral(" ×"));
        const QString whole = limited ? (m_table.places() == Places::Orders
                                             ? ExpertsText::tr("hottest: serves %1").arg(times)
                                             : ExpertsText::tr("rank %1: serves %2").arg(QString::number(m_table.hottest()), times))
                              : m_table.places() == Places::Orders
                                  ? ExpertsText::tr("hottest: %1, %2 the mean").arg(load, times)
                                  : ExpertsText::tr("rank %1: %2, %3 the mean").arg(QString::number(m_table.hottest()), load, times);
        const QString text =
            m_table.factor() <= 1 + 1e-9
                ? firstFitting({ExpertsText::tr("every rank %1").arg(limited ? times : load), load}, TextRole::NoteStrong, area.width())
                : firstFitting({whole, times}, TextRole::NoteStrong, area.width());
        const double width = textWidth(text, TextRole::NoteStrong);
        const double left = std::clamp(center - width / 2, area.left(), std::max(area.left(), area.right() - width));
        m_scene.text({left, area.top() - line - 1, width + 0.5, line}, text, TextRole::NoteStrong, ink(Ink::Text),
                     Qt::AlignLeft | Qt::AlignVCenter);
    }

    [[nodiscard]] int binOf(int column) const
    {
        for (int bin = 0; bin < m_layout.columnBins; ++bin)
            if (column < m_layout.firstColumn(bin + 1))
                return bin;
        return 0;
    }

    /// Pixels for the tokens of an expert: those it serves, and behind a gap those beyond its capacity, which have a scale of their own where
    /// they would leave the others a sliver.
    struct ProfileScale {
        double served = 1; ///< px per token
        double over = 1;
        double split = -1; ///< x of the gap; negative: one scale
    };

    [[nodiscard]] ProfileScale profileScale(const QRectF& area) const
    {
        double most = 0;
        double served = 0;
        double over = 0;
        for (int expert = 0; expert < m_table.experts(); ++expert) {
            most = std::max(most, m_table.servedOf(expert) + m_table.excessOf(expert));
            served = std::max(served, m_table.servedOf(expert));
            over = std::max(over, m_table.excessOf(expert));
        }
        const double limit = m_table.places() == Places::Balanced ? 0.0 : m_table.limit();
        if (limit > 0 && most > kTallOverflow * limit) {
            const double left = std::floor(area.width() * kServedShare);
            return {left / std::max(limit, served), (area.width() - left - kProfileGap) / over, area.left() + left};
        }
        const double scale = area.width() / roundUp(std::max({most, 2 * m_table.pairs() / m_table.experts(), limit}));
        return {scale, scale, -1};
    }

    /// One bar for each expert by falling load; what its capacity does not hold is hatched.
    void drawProfile()
    {
        const QRectF& area = m_layout.profile;
        const ProfileScale scale = profileScale(area);
        const int bins = std::max(1, std::min(m_table.experts(), static_cast<int>(area.height() / kLeastCell)));
        const double tall = area.height() / bins;
        for (int bin = 0; bin < bins; ++bin) {
            const int expert = static_cast<int>(std::int64_t{m_table.experts()} * bin / bins);
            const double served = m_table.servedOf(expert);
            const double over = m_table.excessOf(expert) * scale.over;
            const double thick = std::max(1.0, tall - (tall >= 4 ? 1 : 0));
            const double y = area.top() + bin * tall;
            m_scene.fill({area.left(), y, std::max(0.5, served * scale.served), thick}, colorOf(std::min(served, m_scaleEnd)));
            const double begin = scale.split < 0 ? area.left() + served * scale.served : scale.split + kProfileGap;
            if (over >= 1)
                m_scene.hatch({begin, y, over, thick}, Hatch::OverCapacity);
            m_scene.hit({area.left(), y, area.width(), tall}, subjectOf(expert, -1));
        }
        m_scene.line(area.topLeft(), area.bottomLeft(), ink(Ink::Strong));
        if (m_table.limit() > 0 && m_table.places() != Places::Balanced) {
            const double x = area.left() + m_table.limit() * scale.served;
            m_scene.line({x, area.top()}, {x, area.bottom()}, ink(Ink::Text), 2);
        }
        if (scale.split >= 0)
            m_scene.line({scale.split + kProfileGap, area.top()}, {scale.split + kProfileGap, area.bottom()}, ink(Ink::Strong), 1, true);
        labelProfile(scale);
    }

    void labelProfile(const ProfileScale& scale)
    {
        const QRectF& area = m_layout.profile;
        const double line = lineHeight(TextRole::Note);
        const double over = scale.split >= 0 ? scale.split + kProfileGap : area.right(); // where the second scale begins
        const QRectF title(area.left(), area.top() - line - 1, over - area.left(), line);
        m_scene.text(title, firstFitting({ExpertsText::tr("by expert"), ExpertsText::tr("experts")}, TextRole::Note, title.width()),
                     TextRole::Note, ink(Ink::Text3));
        const QRectF second(over, title.top(), area.right() - over, line);
        m_scene.text(second, firstFitting({ExpertsText::tr("beyond"), ExpertsText::tr("over")}, TextRole::Note, second.width() - 4),
                     TextRole::Note, ink(Ink::Text3), Qt::AlignRight | Qt::AlignVCenter);
        const double foot = area.bottom() + 1;
        if (foot + line > m_input.size.height())
            return;
        const QString limit = m_table.limit() > 0
                                  ? firstFitting({ExpertsText::tr("capacity %1").arg(ExpertsText::number(m_table.limit())),
                                                  ExpertsText::number(m_table.limit())},
                                                 TextRole::Note, over - area.left() - 4)
                                  : firstFitting({ExpertsText::tr("busiest %1").arg(ExpertsText::number(m_table.mostOfExpert())),
                                                  ExpertsText::number(m_table.mostOfExpert())},
                                                 TextRole::Note, area.width());
        m_scene.text({area.left(), foot, over - area.left(), line}, limit, TextRole::Note, ink(Ink::Text2));
        if (scale.split < 0)
            return;
        const QString beyond = QStringLiteral("+") + ExpertsText::number((area.right() - over) / scale.over);
        m_scene.text({over, foot, area.right() - over, line}, firstFitting({beyond}, TextRole::Note, area.right() - over), TextRole::Note,
                     ink(Ink::Text2), Qt::AlignRight | Qt::AlignVCenter);
    }

    void drawAxis()
    {
        const QRectF& area = m_layout.axis;
        const double line = lineHeight(TextRole::Note);
        // Numbers under some of the columns, never closer than they are wide.
        const double widest = textWidth(QString::number(m_layout.columns - 1), TextRole::Note) + 10;
        int step = 1;
        while (step * area.width() / m_layout.columns < widest || (m_layout.columns - 1) / step > 15)
            step *= 2;
        for (int rank = 0; rank < m_layout.columns; rank += step) {
            const double center = m_layout.cell(binOf(rank), 0).center().x();
            const QString text = QString::number(rank);
            const double width = textWidth(text, TextRole::Note);
            if (center - width / 2 < 0 || center + width / 2 > area.right() + 6)
                continue;
            m_scene.text({center - width / 2, area.top(), width + 0.5, line}, text, TextRole::Note, ink(Ink::Text3));
        }
        const double gutter = area.left() - space::kInset - space::kSmall;
        const QString name = firstFitting({ExpertsText::tr("EP rank"), ExpertsText::tr("rank")}, TextRole::Note, gutter);
        m_scene.text({space::kInset, area.top(), gutter, line}, name, TextRole::Note, ink(Ink::Text2), Qt::AlignRight | Qt::AlignVCenter);
        const QRectF& grid = m_layout.grid;
        const QString first = m_layout.matrix ? QStringLiteral("0") : QString();
        if (m_layout.matrix && grid.height() >= 2 * line) {
            m_scene.text({space::kInset, grid.top(), gutter, line}, first, TextRole::Note, ink(Ink::Text3),
                         Qt::AlignRight | Qt::AlignVCenter);
            m_scene.text({space::kInset, grid.bottom() - line, gutter, line}, QString::number(m_layout.rows - 1), TextRole::Note,
                         ink(Ink::Text3), Qt::AlignRight | Qt::AlignVCenter);
        }
        const QString what = m_layout.matrix ? firstFitting({ExpertsText::tr("expert")}, TextRole::Note, gutter)
                                             : firstFitting({ExpertsText::tr("experts"), ExpertsText::tr("held")}, TextRole::Note, gutter);
        if (grid.height() >= (m_layout.matrix ? 4 : 1) * line)
            m_scene.text({space::kInset, grid.center().y() - line / 2, gutter, line}, what, TextRole::Note, ink(Ink::Text2),
                         Qt::AlignRight | Qt::AlignVCenter);
    }

    void drawScale()
    {
        const QRectF& area = m_layout.legend;
        const double line = lineHeight(TextRole::Note);
        const double ramp = std::min(kRamp, area.width() / 3);
        constexpr int kSteps = 24;
        double x = area.left();
        const auto words = [&](const QString& text, Ink role) {
            const double wanted = textWidth(text, TextRole::Note);
            const double width = std::min(wanted, area.right() - x);
            if (width < std::min(wanted, 24.0))
                return;
            m_scene.text({x, area.top(), width + 0.5, line}, text, TextRole::Note, ink(role), Qt::AlignLeft | Qt::AlignVCenter, true);
            x += width + 5;
        };
        words(m_layout.matrix ? ExpertsText::number(m_scaleBegin) : QStringLiteral("0"), Ink::Text2);
        for (int i = 0; i < kSteps; ++i)
            m_scene.fill({x + i * ramp / kSteps, area.top() + line / 2 - 5, ramp / kSteps + 0.5, 10},
                         loadColor(m_theme, onRamp((i + 0.5) / kSteps)));
        x += ramp + 5;
        words(ExpertsText::number(m_scaleEnd), Ink::Text2);
        words(m_options.phase == Phase::Decode ? ExpertsText::tr("tokens per decode step") : ExpertsText::tr("tokens per prefill piece"),
              Ink::Text2);
        if (m_layout.matrix)
            words(ExpertsText::tr("(log scale)"), Ink::Text3);
        x += 9;
        if (m_table.places() == Places::Balanced && area.right() - x > 60) {
            m_scene.hatch({x, area.top() + line / 2 - 5, 10, 10}, Hatch::Replica, loadColor(m_theme, 0.6));
            x += 15;
            words(ExpertsText::tr("redundant copy"), Ink::Text2);
            x += 9;
        }
        if (m_table.excess() > 0 && area.right() - x > 60) {
            m_scene.hatch({x, area.top() + line / 2 - 5, 10, 10}, Hatch::OverCapacity);
            x += 15;
            words(m_input.scenario.workload.routing.dropOverflow ? ExpertsText::tr("beyond capacity: dropped")
                                                                 : ExpertsText::tr("beyond capacity: to others"),
                  Ink::Text2);
        }
        if (area.height() >= 2 * line - 0.5)
            drawWrapped(m_scene, {area.left(), area.top() + line, area.width(), 0}, placesSentence(m_table), TextRole::Note,
                        ink(Ink::Text3), static_cast<int>((area.height() + 0.5) / line) - 1);
    }

    const ViewInput& m_input;
    const Theme& m_theme;
    const ExpertsOptions& m_options;
    const ExpertLoadTable& m_table;
    Scene& m_scene;
    std::vector<ExpertsFact> m_facts;
    ExpertsLayout m_layout;
    double m_scaleBegin = 0; ///< of the logarithmic scale
    double m_scaleEnd = 1;
};

} // namespace

QRectF ExpertsLayout::cell(int columnBin, int rowBin) const
{
    const double left = grid.left() + grid.width() * columnBin / columnBins;
    const double right = grid.left() + grid.width() * (columnBin + 1) / columnBins;
    const double top = grid.top() + grid.height() * rowBin / rowBins;
    const double bottom = grid.top() + grid.height() * (rowBin + 1) / rowBins;
    return {left, top, right - left, bottom - top};
}

ExpertsLayout expertsLayout(const ExpertLoadTable& table, QSizeF size, int factLines)
{
    ExpertsLayout out;
    out.matrix = table.places() == Places::Orders;
    out.columns = table.ranks();
    out.rows = std::max(1, out.matrix ? table.experts() : table.mostSlots());
    const double line = lineHeight(TextRole::Note);
    QRectF area = QRectF(QPointF(0, 0), size).adjusted(space::kInset, space::kTight, -space::kInset, -space::kTight);
    const auto from = [&area](bool top, double height) {
        const QRectF part(area.left(), top ? area.top() : area.bottom() - height, area.width(), height);
        area.adjust(0, top ? height : 0, 0, top ? 0 : -height);
        return part;
    };
    const double spare = area.height();
    const int most = spare < 12 * line ? 1 : spare < 18 * line ? 2 : 4;
    out.facts = from(true, std::min(factLines, most) * line);
    if (spare >= 10 * line)
        out.legend =
            from(false, (spare >= 15 * line ? (area.width() < 420 ? 4 : 3) : 1) * line + space::kTight).adjusted(0, space::kTight, 0, 0);
    double gutter = 0;
    if (spare >= 6 * line) {
        out.axis = from(false, line + 2);
        gutter = std::min(textWidth(ExpertsText::tr("mean 00,000"), TextRole::Note) + 4, area.width() * 0.2);
        out.axis.adjust(gutter, 2, 0, 0);
    }
    area.adjust(gutter, line + 8, 0, 0); // above the bars: the hottest rank by name
    if (size.width() >= 460 && area.height() >= 4 * line) {
        const double wide = std::clamp(area.width() * 0.2, kLeastProfile, 220.0);
        out.profile = QRectF(area.right() - wide, area.top(), wide, area.height());
        area.adjust(0, 0, -wide - space::kLarge, 0);
    }
    area.setWidth(std::min(area.width(), out.columns * kWidestCell));
    const double tallGrid =
        out.matrix ? area.height() * 0.76 : std::min(area.height() * 0.72, out.rows * std::max(kTallestSlot, 2 * line + 8));
    double barsTall = area.height() - tallGrid - space::kTight;
    if (barsTall < 24) {
        barsTall = 0;
    } else {
        out.bars = QRectF(area.left(), area.top(), area.width(), barsTall);
        barsTall += space::kTight;
    }
    out.grid = area.adjusted(0, barsTall, 0, 0);
    out.axis.setWidth(std::min(out.axis.width(), out.grid.width()));
    if (!out.profile.isEmpty()) {
        // Beside the map where rows are experts, so that both read across.
        if (out.matrix)
            out.profile.setTop(out.grid.top());
        out.profile.moveLeft(std::max(out.grid.right() + space::kLarge, std::min(out.profile.left(), out.grid.right() + 40)));
    }
    out.columnBins = std::clamp(static_cast<int>(out.grid.width() / kLeastCell), 1, out.columns);
    out.rowBins = std::clamp(static_cast<int>(out.grid.height() / kLeastCell), 1, out.rows);
    return out;
}

QColor loadColor(const Theme& theme, double share)
{
    const QColor low = mixed(theme.color(Ink::Surface), theme.color(Ink::Compute), 0.08);
    const QColor high = mixed(theme.color(Ink::Compute), theme.color(Ink::Text), 0.5);
    const double t = std::clamp(share, 0.0, 1.0);
    return t < 0.7 ? mixed(low, theme.color(Ink::Compute), t / 0.7) : mixed(theme.color(Ink::Compute), high, (t - 0.7) / 0.3);
}

void buildExperts(const ViewInput& input, const ExpertsOptions& options, Scene& scene)
{
    if (expertKindOf(*input.scenario.model) < 0) {
        drawDense(input, scene);
        return;
    }
    const std::optional<ExpertLoadTable> table = expertTableOf(input.scenario, input.report, options.phase, options.example);
    if (!table) {
        drawNotLegal(scene, input);
        return;
    }
    if (input.size.width() < 100 || input.size.height() < 60)
        return;
    ExpertsPicture(input, options, *table, scene).draw();
}

} // namespace shardlens
