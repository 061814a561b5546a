// SPDX-License-Identifier: Apache-2.0
#include "core/base/format.h"
#include "ui/scene/scenetext.h"
#include "ui/scene/timelinerowpainter.h"

#include <QCoreApplication>

namespace shardlens {
namespace {

struct TimelineRows {
    Q_DECLARE_TR_FUNCTIONS(TimelineRows)
};

constexpr double kThinnest = 3;        ///< px: narrower pieces merge into runs
constexpr double kLeastPitch = 4;      ///< px from piece to piece on average; below it a row shows columns
constexpr double kMostSteps = 100'000; ///< columns x stages
constexpr double kFewestColumns = 48;
constexpr double kLeastColumn = 2;       ///< px
constexpr double kLeastGap = 1;          ///< px: what is drawn ends where the next begins
constexpr double kHatchedGap = 5;        ///< px: narrower gaps have a flat tint, a hatch would be one stroke
constexpr double kIdleTint = 0.6;        ///< of the way to the ground: about what the hatch has on average
constexpr double kShades = 16;           ///< of a row that is too low for bands
constexpr double kPartTint = 0.55;       ///< of the way to the ground: some of a row's stages work
constexpr double kLowestHatched = 6;     ///< px: lower rows stand on one hatch, strokes of their own would be dots
constexpr double kLeastStrip = 0.05;     ///< of a piece: less has no pixel in a low row
constexpr std::size_t kMostArrows = 240; ///< pieces whose sends have an arrow each

} // namespace

bool RowPainter::draw()
{
    // Detail follows from what there is to draw, so that the number of items is bounded by pixels and not by cells.
    std::size_t cells = 0;
    std::vector<std::size_t> counts;
    for (const TimelineRow& row : m_layout.rows) {
        counts.push_back(cellsIn(row));
        cells += counts.back();
    }
    m_detail = cells * kPieceCauses.size() <= kMostPieceItems ? Detail::Slices : cells <= kMostPieceItems ? Detail::Bands : Detail::Runs;
    if (!m_layout.rows.empty() && m_layout.rowRect(m_panel, 0).height() < kLowestHatched)
        m_scene.hatch(m_layout.rowRect(m_panel, 0).united(m_layout.rowRect(m_panel, m_layout.rows.size() - 1)), Hatch::Idle);
    bool columns = false;
    for (std::size_t i = 0; i < m_layout.rows.size(); ++i) {
        const TimelineRow& row = m_layout.rows[i];
        const QRectF rect = m_layout.rowRect(m_panel, i);
        const auto count = static_cast<double>(counts[i]);
        if (row.stages > 1 || count * kLeastPitch > rect.width() || (count > 1 && pieceWidth(row.stage) < kThinnest)
            || (m_detail == Detail::Runs && count * kThinnest * 2 > rect.width())) {
            drawColumns(row, rect);
            columns = true;
        } else
            drawRow(row, rect);
    }
    if (m_phase.timeline.stages == 1)
        return columns;
    const std::size_t most = *std::max_element(counts.begin(), counts.end());
    if (m_detail != Detail::Slices || m_layout.stagesPerRow > 1 || m_layout.rowGap < kLeastArrowGap || cells > kMostArrows
        || m_panel.plot.width() < kLeastArrowPitch * static_cast<double>(most)) {
        drawSampledSends(most);
        return columns;
    }
    m_facts = pieceFacts(m_input.scenario, m_input.report, m_panel.phase);
    for (std::size_t i = 0; i < m_layout.rows.size(); ++i) {
        const TimelineRow& row = m_layout.rows[i];
        if (i + 1 < m_layout.rows.size() && m_layout.rows[i + 1].stage == row.stage + 1)
            drawSends(row.stage, m_layout.rowRect(m_panel, i), m_layout.rowRect(m_panel, i + 1));
        if (row.stage + 1 == m_phase.timeline.stages)
            drawReturns(row.stage, m_layout.rowRect(m_panel, i));
    }
    return columns;
}

std::size_t RowPainter::cellsIn(const TimelineRow& row) const
{
    std::size_t count = 0;
    // Stages of a row differ by nothing that matters for how much detail there is.
    const auto cells = cellsOfStage(m_phase.timeline, row.stage);
    const auto first =
        std::partition_point(cells.begin(), cells.end(), [this](const TimelineCell& cell) { return cell.end <= m_panel.visible.begin; });
    const auto last =
        std::partition_point(first, cells.end(), [this](const TimelineCell& cell) { return cell.start < m_panel.visible.end; });
    count += static_cast<std::size_t>(last - first);
    return count;
}

double RowPainter::pieceWidth(int stage) const
{
    const auto cells = cellsOfStage(m_phase.timeline, stage);
    if (cells.empty())
        return m_panel.plot.width();
    constexpr std::size_t kSamples = 16;
    const std::size_t step = (cells.size() + kSamples - 1) / kSamples;
    double seconds = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < cells.size(); i += step) {
        seconds += cells[i].end - cells[i].start;
        ++count;
    }
    return seconds / static_cast<double>(count) / m_panel.visible.length() * m_panel.plot.width();
}

void RowPainter::drawUnknown(double from, const QRectF& row)
{
    const double left = clampedX(from);
    if (m_phase.timeline.complete || m_panel.plot.right() - left < 1)
        return;
    const QRectF rest(left, row.top(), m_panel.plot.right() - left, row.height());
    m_scene.fill(rest, m_theme.color(Ink::Surface));
    m_scene.line({rest.left(), rest.center().y()}, {rest.right(), rest.center().y()}, m_theme.color(Ink::Line), 1, true);
    const QString label =
        firstFitting({TimelineRows::tr("later pieces are not kept"), TimelineRows::tr("not kept")}, TextRole::Note, rest.width() - 16);
    if (label.isEmpty() || rest.height() < lineHeight(TextRole::Note))
        return;
    const double width = textWidth(label, TextRole::Note) + 8;
    const QRectF box(rest.center().x() - width / 2, rest.center().y() - lineHeight(TextRole::Note) / 2, width, lineHeight(TextRole::Note));
    m_scene.fill(box, m_theme.color(Ink::Surface));
    m_scene.text(box, label, TextRole::Note, m_theme.color(Ink::Text3), Qt::AlignCenter);
}

void RowPainter::drawRow(const TimelineRow& of, const QRectF& row)
{
    const int stage = of.stage;
    collectPieces(m_phase, m_panel.phase, stage, m_panel.visible, m_pieces);
    if (row.height() >= kLowestHatched)
        m_scene.fill(row, m_theme.color(Ink::Sunken));
    m_scene.hit(row, subject(Subject::Kind::Stage, stage));
    double previousEnd = std::max(0.0, m_panel.visible.begin);
    const double limit = std::min(knownUntil(m_phase.timeline, stage), m_panel.visible.end);
    for (std::size_t i = 0; i < m_pieces.size();) {
        drawIdle(previousEnd, m_pieces[i].start, row, stage);
        // A run: narrow pieces that follow each other without a gap one could see.
        std::size_t end = i + 1;
        const auto narrow = [&](std::size_t k) { return clampedX(m_pieces[k].end) - clampedX(m_pieces[k].start) < kThinnest; };
        if (narrow(i))
            while (end < m_pieces.size() && narrow(end) && clampedX(m_pieces[end].start) - clampedX(m_pieces[end - 1].end) < kLeastGap)
                ++end;
        // Up to the next one when the gap is less than a pixel: a fraction of a pixel of ground would look like a line.
        double right = clampedX(m_pieces[end - 1].end);
        if (end < m_pieces.size() && clampedX(m_pieces[end].start) - right < kLeastGap)
            right = clampedX(m_pieces[end].start);
        if (end - i > 1 || narrow(i))
            drawRun(i, end, right, row, stage);
        else
            drawPiece(m_pieces[i], right, lowered(row, m_pieces[i].visit), stage);
        previousEnd = m_pieces[end - 1].end;
        i = end;
    }
    drawIdle(previousEnd, limit, row, stage);
    drawUnknown(limit, row);
}

void RowPainter::drawColumns(const TimelineRow& of, const QRectF& row)
{
    if (row.height() >= kLowestHatched)
        m_scene.fill(row, m_theme.faded(m_theme.color(Ink::Text3), kIdleTint));
    m_scene.hit(row, subject(Subject::Kind::Stage, of.stage));
    double known = m_panel.visible.end;
    for (int stage = of.stage; stage < of.stage + of.stages && !m_phase.timeline.complete; ++stage)
        known = std::min(known, knownUntil(m_phase.timeline, stage));
    const double right = clampedX(std::min(known, m_panel.duration));
    const double width = right - row.left();
    if (width >= 1) {
        if (m_index == nullptr) {
            m_ownIndex = std::make_unique<TimelineIndex>(m_phase, m_panel.phase);
            m_index = m_ownIndex.get();
        }
        // Of thousands of stages a column is wider, so that a frame stays a frame.
        const double most = std::max(kMostSteps / std::max(m_phase.timeline.stages, 1), kFewestColumns);
        const auto columns = static_cast<std::size_t>(std::max(1.0, std::min(std::floor(width / kLeastColumn), most)));
        collectColumns(*m_index, of.stage, of.stages, {m_panel.visible.begin, m_panel.timeAt(right)}, columns, m_columns);
        // Columns that look alike are one rectangle; where too many differ, they get wider.
        const std::size_t rectangles = row.height() < kLowestBandedRow ? 1 : 4; // rectangles of a run
        const std::size_t room = std::max<std::size_t>(kMostPieceItems / std::max<std::size_t>(m_layout.rows.size(), 1) / rectangles, 16);
        const double levels = std::max(row.height() * 2, 2.0);
        const auto alike = [&](const TimelineColumn& a, const TimelineColumn& b) {
            const auto level = [&](float share) { return std::lround(static_cast<double>(share) * levels); };
            if (row.height() < kLowestBandedRow)
                return std::lround(static_cast<double>(a.mean) * kShades) == std::lround(static_cast<double>(b.mean) * kShades);
            return level(a.least) == level(b.least) && level(a.most) == level(b.most) && a.costClass == b.costClass;
        };
        const auto runs = [&] {
            std::size_t count = 1;
            for (std::size_t i = 1; i < m_columns.size(); ++i)
                count += alike(m_columns[i - 1], m_columns[i]) ? 0 : 1;
            return count;
        };
        while (m_columns.size() > room && runs() > room)
            halveColumns(m_columns);
        const double each = width / static_cast<double>(m_columns.size());
        for (std::size_t i = 0; i < m_columns.size();) {
            std::size_t end = i + 1;
            while (end < m_columns.size() && alike(m_columns[i], m_columns[end]))
                ++end;
            drawColumnRun(m_columns[i],
                          {row.left() + static_cast<double>(i) * each, row.top(), static_cast<double>(end - i) * each, row.height()});
            i = end;
        }
    }
    drawUnknown(known, row);
}

void RowPainter::drawColumnRun(const TimelineColumn& column, const QRectF& rect)
{
    const Breakdown& parts = m_phase.costOf(column.stage, column.costClass).breakdown;
    Cause largest = Cause::Compute;
    for (const Cause cause : kPieceCauses)
        if (parts[cause] > parts[largest])
            largest = cause;
    if (rect.height() < kLowestBandedRow) {
        // Too low for heights that mean something: the busier, the fuller the colour.
        const QColor idle = m_theme.faded(m_theme.color(Ink::Text3), kIdleTint);
        const QColor work = mixedColor(m_theme, parts);
        const auto mean = static_cast<float>(std::round(static_cast<double>(column.mean) * kShades) / kShades);
        if (rect.height() < kLowestHatched && mean <= 0)
            return; // the hatch of all rows is there already
        const auto mixed = [mean](float from, float to) { return from + (to - from) * mean; };
        m_scene.fill(rect, QColor::fromRgbF(mixed(idle.redF(), work.redF()), mixed(idle.greenF(), work.greenF()),
                                            mixed(idle.blueF(), work.blueF())));
        return;
    }
    if (column.most <= 0 && rect.width() >= kHatchedGap) {
        m_scene.hatch(rect, Hatch::Idle);
        return;
    }
    // From below: what even the least busy stage works, paler what only some do; the idle ground above.
    const double least = rect.height() * static_cast<double>(column.least);
    const double most = rect.height() * static_cast<double>(column.most);
    if (most - least > 0.25)
        m_scene.fill({rect.left(), rect.bottom() - most, rect.width(), most - least}, m_theme.faded(fillOf(largest), kPartTint));
    if (least > 0.25)
        drawBands({rect.left(), rect.bottom() - least, rect.width(), least}, parts);
}

void RowPainter::drawIdle(double from, double to, const QRectF& row, int stage)
{
    const double left = clampedX(from);
    const double right = clampedX(to);
    if (right - left < kLeastGap)
        return;
    const QRectF gap(left, row.top(), right - left, row.height());
    if (row.height() < kLowestHatched)
        return; // the hatch of all rows is there already
    if (right - left < kHatchedGap) {
        m_scene.fill(gap, m_theme.faded(m_theme.color(Ink::Text3), kIdleTint));
        return;
    }
    m_scene.hatch(gap, Hatch::Idle, {}, row.height() >= 10 ? m_theme.color(Ink::Strong) : QColor()); // frames would be all one sees
    Subject cause = subject(Subject::Kind::CauseOfTime, stage);
    cause.cause = static_cast<int>(Cause::Bubble);
    m_scene.hit(gap, cause);
    const QString label = firstFitting({TimelineRows::tr("idle %1").arg(qs(formatSeconds(to - from))), TimelineRows::tr("idle")},
                                       TextRole::Note, std::max(gap.width() - 16, 1.0));
    if (label.isEmpty())
        return;
    const double width = textWidth(label, TextRole::Note) + 8;
    const double height = lineHeight(TextRole::Note);
    if (gap.width() >= width + 8 && gap.height() >= height + 4) {
        const QRectF box(gap.center().x() - width / 2, gap.center().y() - height / 2, width, height);
        m_scene.fill(box, m_theme.color(Ink::Sunken)); // the hatch would cross the letters
        m_scene.text(box, label, TextRole::Note, m_theme.color(Ink::Text2), Qt::AlignCenter);
    }
}

void RowPainter::drawRun(std::size_t first, std::size_t last, double end, const QRectF& row, int stage)
{
    const double left = clampedX(m_pieces[first].start);
    const double right = std::max(end, std::min(left + 1, m_panel.plot.right()));
    if (right <= left)
        return;
    Breakdown parts;
    for (std::size_t i = first; i < last; ++i)
        parts += m_phase.costOf(stage, m_pieces[i].costClass).breakdown;
    const QRectF run(left, row.top(), right - left, row.height());
    drawBands(run, parts);
    m_scene.hit(run, subject(Subject::Kind::Stage, stage));
}

QRectF RowPainter::drawBands(const QRectF& rect, const Breakdown& parts)
{
    Cause largest = Cause::Compute;
    double work = 0;
    for (const Cause cause : kPieceCauses) {
        work += parts[cause];
        if (parts[cause] > parts[largest])
            largest = cause;
    }
    if (!(work > 0) || rect.height() < kLowestShares) {
        m_scene.fill(rect, work > 0 ? mixedColor(m_theme, parts) : fillOf(largest));
        return rect;
    }
    if (rect.height() < kLowestBandedRow) {
        // In whole pixels from below: all rows alike, wherever they and their pieces begin between two pixels.
        m_scene.fill(rect, fillOf(largest));
        double bottom = rect.bottom();
        for (auto cause = kPieceCauses.rbegin(); cause != kPieceCauses.rend(); ++cause) {
            const double share = parts[*cause] / work;
            if (*cause == largest || share < kLeastStrip)
                continue;
            const double tall = std::max(1.0, std::round(share * rect.height()));
            m_scene.fill({rect.left(), bottom - tall, rect.width(), tall}, fillOf(*cause));
            bottom -= tall;
        }
        return {rect.left(), rect.top(), rect.width(), bottom - rect.top()};
    }
    // The share that a slice has in time is here a share of the height.
    QRectF widest;
    double from = 0;
    double sum = 0;
    for (const Cause cause : kPieceCauses) {
        sum += parts[cause];
        const double to = sum >= work * (1 - 1e-12) ? rect.height() : sum / work * rect.height();
        if (!(to > from))
            continue;
        const QRectF band(rect.left(), rect.top() + from, rect.width(), to - from);
        m_scene.fill(band, fillOf(cause));
        if (cause == largest)
            widest = band;
        from = to;
    }
    return widest;
}

Breakdown piecesOfAllStages(const PhaseReport& report)
{
    Breakdown sum;
    for (int stage = 0; report.costClasses > 0 && stage < report.timeline.stages; ++stage)
        sum += report.costOf(stage, 0).breakdown;
    return sum;
}

QColor mixedColor(const Theme& theme, const Breakdown& parts)
{
    float red = 0;
    float green = 0;
    float blue = 0;
    double work = 0;
    for (const Cause cause : kPieceCauses)
        work += parts[cause];
    for (const Cause cause : kPieceCauses) {
        const QColor color = theme.color(cause);
        const auto share = static_cast<float>(work > 0 ? parts[cause] / work : cause == Cause::Compute ? 1.0 : 0.0);
        red += share * color.redF();
        green += share * color.greenF();
        blue += share * color.blueF();
    }
    return QColor::fromRgbF(std::min(red, 1.0F), std::min(green, 1.0F), std::min(blue, 1.0F));
}

QString microbatchName(Phase phase, int microbatch)
{
    if (phase == Phase::Decode && microbatch < 26)
        return QString(QChar(u'A' + microbatch));
    return QStringLiteral("m%1").arg(microbatch);
}

bool drawTimelineRows(Scene& scene, const ViewInput& input, const TimelineOptions& options, const TimelineLayout& layout,
                      const TimelinePanel& panel)
{
    return RowPainter(scene, input, options, layout, panel).draw();
}

} // namespace shardlens
