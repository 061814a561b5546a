// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/platelayout.h"

#include "core/base/format.h"
#include "ui/scene/plateowners.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kGapX = 22; // where all is written; without the names' second halves less does
constexpr double kBriefGapX = 14;
constexpr double kGapY = 12;
constexpr double kWantedSide = 34; ///< px that it should have before the exponent falls
constexpr double kPartGap = 2;

double sideSize(const PlatePart& part, bool rows)
{
    double size = 1;
    for (std::size_t i = 0; i < part.array.dims.size(); ++i)
        if ((i < part.rowDims) == rows)
            size *= static_cast<double>(part.array.dims[i].size);
    return size;
}

bool holdsSequences(TensorKind kind)
{
    return kind == TensorKind::Stream || kind == TensorKind::DecodeStream || kind == TensorKind::State;
}

struct Shape {
    int tensor = 0;
    std::vector<double> columns;
    double rows = 1;
    double least = 0; ///< width that its words need
    QString section;
};

/// Shorter ones are better off with fewer words.
double leastSide(PlateText text)
{
    switch (text) {
    case PlateText::Full: return 18;
    case PlateText::Brief: return 14;
    case PlateText::Owners: break;
    }
    return kPlateLeastSide;
}

/// Cells in rows from the left, as tall as their tallest one; or in columns from the top, as wide as their widest, which leaves less room
/// where a few are much taller than the others.
class Flow {
public:
    Flow(const std::vector<Shape>& shapes, PlateText text, QSizeF area)
        : m_shapes(shapes),
          m_lines(plateLines(text)),
          m_area(area),
          m_gap(text == PlateText::Full ? kGapX : kBriefGapX)
    {}

    /// False when it does not fit; `cells` then holds what does.
    bool place(double scale, double exponent, bool down, std::vector<PlateCell>* cells) const
    {
        QPointF at;
        double across = 0; // of the row or column at hand: its height or width
        QString section;
        std::size_t first = cells ? cells->size() : 0; // of the row
        const auto close = [&] {
            for (; cells && first < cells->size(); ++first)
                if (!down)
                    (*cells)[first].box.setHeight(across);
        };
        for (const Shape& shape : m_shapes) {
            const QSizeF size = matrixOf(shape, scale, exponent);
            const double bare = size.width() + m_lines.rows + kPlateSheet;
            const double wide = std::max(bare, shape.least);
            const double high = m_lines.above() + size.height() + kPlateSheet + m_lines.below();
            if (bare > m_area.width())
                return false;
            if (down ? at.y() > 0 && at.y() + high > m_area.height() : at.x() > 0 && at.x() + wide > m_area.width()) {
                close();
                at = down ? QPointF(at.x() + across + m_gap, 0) : QPointF(0, at.y() + across + kGapY);
                across = 0;
                section.clear();
            }
            across = std::max(across, down ? wide : high);
            if (at.y() + high > m_area.height() || (at.x() > 0 && at.x() + wide > m_area.width()))
                return false;
            if (cells) {
                cells->push_back(cellOf(shape, at, std::min(wide, m_area.width() - at.x()), high, scale, exponent));
                if (section != shape.section)
                    cells->back().section = shape.section;
            }
            section = shape.section;
            at += down ? QPointF(0, high + kGapY) : QPointF(wide + m_gap, 0);
        }
        close();
        return true;
    }

    /// Pixels that the matrices cover.
    [[nodiscard]] double filled(double scale, double exponent) const
    {
        double area = 0;
        for (const Shape& shape : m_shapes) {
            const QSizeF size = matrixOf(shape, scale, exponent);
            area += size.width() * size.height();
        }
        return area;
    }

private:
    [[nodiscard]] static double side(double size, double scale, double exponent)
    {
        return std::max(kPlateLeastSide, scale * std::pow(size, exponent));
    }

    /// With the gaps between its parts.
    [[nodiscard]] static QSizeF matrixOf(const Shape& shape, double scale, double exponent)
    {
        double width = 0;
        for (const double columns : shape.columns)
            width += side(columns, scale, exponent) + (width > 0 ? kPartGap : 0);
        return {width, side(shape.rows, scale, exponent)};
    }

    [[nodiscard]] PlateCell cellOf(const Shape& shape, QPointF at, double wide, double high, double scale, double exponent) const
    {
        PlateCell cell;
        cell.tensor = shape.tensor;
        cell.box = QRectF(at.x(), at.y(), wide, high);
        const double height = side(shape.rows, scale, exponent);
        double left = at.x() + m_lines.rows;
        for (const double columns : shape.columns) {
            const double w = side(columns, scale, exponent);
            cell.parts.push_back(
                {std::round(left), std::round(at.y() + m_lines.above()), std::max(2.0, std::round(w)), std::round(height)});
            left += w + kPartGap;
        }
        return cell;
    }

    const std::vector<Shape>& m_shapes;
    PlateLines m_lines;
    QSizeF m_area;
    double m_gap;
};

struct Found {
    bool ok = false;
    double scale = 0;
    double exponent = 1;
    bool down = false; ///< in columns
    [[nodiscard]] double shortest(double size) const { return scale * std::pow(size, exponent); }
};

/// The largest scale at which everything fits. What fits may fit no longer a little smaller and again larger, since rows break elsewhere:
/// scales are tried from the top.
Found largest(const Flow& flow, double exponent, double shortest, double longest)
{
    Found found{false, 0, exponent, false};
    const double low = kPlateLeastSide / std::pow(longest, exponent);
    const double high = std::max(low, 420 / std::pow(std::min(shortest, longest), exponent));
    constexpr double kStep = 1.06;
    double scale = high;
    const auto fits = [&](double tried) {
        found.down = false;
        if (!flow.place(tried, exponent, false, nullptr)) {
            found.down = true;
            return flow.place(tried, exponent, true, nullptr);
        }
        return true;
    };
    while (scale > low && !fits(scale))
        scale /= kStep;
    found.scale = std::max(scale, low);
    found.ok = fits(found.scale);
    return found;
}

/// Of the exponents whose shortest side is readable the one with most of the picture in use, near 1 rather than far; else the one that
/// makes that side longest. One long tensor alone would leave a wide view empty under all others.
Found choose(const Flow& flow, double shortest, double longest)
{
    Found readable;
    double most = 0;
    Found longestSide;
    for (const double exponent : {1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.22}) {
        const Found found = largest(flow, exponent, shortest, longest);
        if (!found.ok)
            continue;
        if (!longestSide.ok || found.shortest(shortest) > longestSide.shortest(shortest))
            longestSide = found;
        const double worth = exponent * flow.filled(found.scale, exponent);
        if (found.shortest(shortest) >= kWantedSide && worth > most) {
            readable = found;
            most = worth;
        }
    }
    return readable.ok ? readable : longestSide;
}

std::vector<Shape> shapesOf(const TensorPlate& plate, int stage, int first, PlateText text, const std::vector<QString>& owners)
{
    std::vector<Shape> shapes;
    const PlateLines lines = plateLines(text);
    int skipped = 0; // scrolled away
    for (std::size_t i = 0; i < plate.tensors.size(); ++i) {
        const PlateTensor& tensor = plate.tensors[i];
        if (tensor.parts.empty() || tensor.layersOn(stage) == 0 || skipped++ < first)
            continue;
        Shape shape;
        shape.tensor = static_cast<int>(i);
        shape.section = plateSection(tensor.kind);
        for (const PlatePart& part : tensor.parts)
            shape.columns.push_back(sideSize(part, false));
        shape.rows = sideSize(tensor.parts.front(), true);
        const double notation = textWidth(plateNotation(tensor, text), plateNotationRole(text)) + 2;
        shape.least = std::min(notation, 190.0);
        if (text == PlateText::Full) {
            const double dims = textWidth(plateDims(tensor.parts.front(), false), TextRole::Note) + lines.rows + 16;
            shape.least = std::max({shape.least, textWidth(qs(tensor.name), TextRole::BodyStrong) + 4, std::min(dims, 190.0)});
        }
        const QString& named = text == PlateText::Full ? owners.front() : owners[std::min<std::size_t>(1, owners.size() - 1)];
        shape.least = std::max(shape.least, std::min(textWidth(plateCaption(named, tensor), TextRole::Note), 170.0) + lines.rows + 1);
        if (text != PlateText::Owners)
            shape.least = std::max(shape.least, textWidth(plateBytes(tensor, stage, false), TextRole::Note) + lines.rows + 4);
        shapes.push_back(shape);
    }
    return shapes;
}

} // namespace

PlateLines plateLines(PlateText text)
{
    const double note = lineHeight(TextRole::Note);
    PlateLines lines;
    lines.notation = lineHeight(plateNotationRole(text)) + 1;
    lines.owners = note + 1;
    lines.bar = 8;
    if (text != PlateText::Owners)
        lines.bytes = note + 2;
    if (text != PlateText::Full) {
        lines.notation += 2;
        return lines;
    }
    lines.section = note + 3;
    lines.name = lineHeight(TextRole::BodyStrong) + 1;
    lines.columns = note + 6;
    lines.rows = note + 7;
    return lines;
}

TextRole plateNotationRole(PlateText text)
{
    return text == PlateText::Full ? TextRole::Formula : TextRole::NoteStrong;
}

QString plateNotation(const PlateTensor& tensor, PlateText text)
{
    return qs(tensor.notation(text == PlateText::Full ? AxisSizes::Shown : AxisSizes::Hidden));
}

QString plateSection(TensorKind kind)
{
    switch (kind) {
    case TensorKind::KvCache:
    case TensorKind::LatentCache:
    case TensorKind::IndexCache:
    case TensorKind::State: return QCoreApplication::translate("Plate", "Cache");
    case TensorKind::MlpUp:
    case TensorKind::MlpDown: return QCoreApplication::translate("Plate", "MLP");
    case TensorKind::Router:
    case TensorKind::ToExperts:
    case TensorKind::ExpertsUp:
    case TensorKind::ExpertsDown:
    case TensorKind::FromExperts:
    case TensorKind::SharedUp:
    case TensorKind::SharedDown: return QCoreApplication::translate("Plate", "Experts");
    case TensorKind::Embedding:
    case TensorKind::Positions:
    case TensorKind::Head: return QCoreApplication::translate("Plate", "Embedding and head");
    case TensorKind::Stream:
    case TensorKind::DecodeStream: return QCoreApplication::translate("Plate", "Activations");
    default: return QCoreApplication::translate("Plate", "Attention");
    }
}

QString plateDims(const PlatePart& part, bool rows)
{
    QString text;
    for (std::size_t i = 0; i < part.array.dims.size(); ++i)
        if ((i < part.rowDims) == rows)
            text += (text.isEmpty() ? QString() : QStringLiteral(" × ")) + qs(part.array.dims[i].name) + QChar(u' ')
                    + qs(formatCount(part.array.dims[i].size));
    return text;
}

QString plateBytes(const PlateTensor& tensor, int stage, bool total)
{
    QString each = qs(formatBytes(static_cast<double>(tensor.deviceBytes)));
    const std::int64_t layers = tensor.layersOn(stage);
    if (layers <= 1)
        return each;
    QString times = each + QStringLiteral(" × ") + qs(formatCount(layers));
    if (!total)
        return times;
    return times + QStringLiteral(" = ") + qs(formatBytes(static_cast<double>(tensor.deviceBytes) * static_cast<double>(layers)));
}

PlateLayout plateLayout(const TensorPlate& plate, int stage, QSizeF size, int first, const std::vector<QString>& owners)
{
    PlateLayout layout;
    const double note = lineHeight(TextRole::Note);
    const bool hasFoot = size.height() >= 190;
    const QRectF area = QRectF(QPointF(0, 0), size).adjusted(space::kInset, 6, -space::kInset, -6);
    layout.foot = hasFoot ? QRectF(area.left(), area.bottom() - note, area.width(), note) : QRectF();
    const QSizeF room(area.width(), area.height() - (hasFoot ? note + 6 : 0));
    for (const PlateText text : {PlateText::Full, PlateText::Brief, PlateText::Owners}) {
        layout.text = text;
        std::vector<Shape> shapes = shapesOf(plate, stage, first, text, owners);
        const std::size_t all = shapes.size();
        Found found;
        while (!shapes.empty()) {
            double shortest = 1e300;
            double longest = 1;
            for (const Shape& shape : shapes) {
                for (const double columns : shape.columns) {
                    // A handful of sequences must not bend the scale of all weights: their side has the least length.
                    if (!holdsSequences(plate.tensors[static_cast<std::size_t>(shape.tensor)].kind))
                        shortest = std::min({shortest, columns, shape.rows});
                    longest = std::max({longest, columns, shape.rows});
                }
            }
            const Flow flow(shapes, text, room);
            found = choose(flow, shortest, longest);
            if (found.ok && found.shortest(shortest) >= leastSide(text)) {
                flow.place(found.scale, found.exponent, found.down, &layout.cells);
                break;
            }
            if (text != PlateText::Owners)
                break; // fewer words first
            shapes.pop_back();
        }
        layout.exponent = found.exponent;
        layout.scale = found.scale;
        layout.hidden = static_cast<int>(all - layout.cells.size());
        if (!layout.cells.empty())
            break;
    }
    const PlateLines lines = plateLines(layout.text);
    layout.totals = true;
    for (PlateCell& cell : layout.cells) {
        const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(cell.tensor)];
        cell.layersBytes = static_cast<double>(tensor.deviceBytes) * static_cast<double>(tensor.layersOn(stage));
        layout.mostBytes = std::max(layout.mostBytes, cell.layersBytes);
        layout.totals = layout.totals && textWidth(plateBytes(tensor, stage, true), TextRole::Note) <= cell.box.width() - lines.rows;
        cell.box.translate(area.topLeft());
        for (QRectF& part : cell.parts)
            part.translate(area.topLeft());
    }
    return layout;
}

PlateSide::PlateSide(const PlateTensor& tensor, const PlatePart& part, bool rows) : m_tensor(tensor), m_part(part), m_rows(rows)
{
    for (std::size_t dim = 0; dim < part.array.dims.size(); ++dim) {
        if ((dim < part.rowDims) != rows)
            continue;
        for (const int axis : part.array.dims[dim].axes) {
            Split split{dim, tensor.mesh.size(axis), 1};
            for (int before = 0; before < axis; ++before)
                if (tensor.isSplit(static_cast<std::size_t>(before)))
                    split.weight *= tensor.mesh.size(before);
            m_splits.push_back(split);
            m_count *= split.size;
        }
    }
}

std::int64_t PlateSide::tileOf(std::int64_t index) const
{
    std::int64_t tile = 0;
    for (std::size_t i = m_splits.size(); i-- > 0;) {
        tile += index % m_splits[i].size * m_splits[i].weight;
        index /= m_splits[i].size;
    }
    return tile;
}

PlateSide::Span PlateSide::span(std::int64_t index) const
{
    // A dimension that is not split stands for itself once; the ones inside it share its length.
    const std::int64_t tile = tileOf(index);
    Span span{0, 1};
    for (std::size_t dim = 0; dim < m_part.array.dims.size(); ++dim) {
        const ShardedDim& split = m_part.array.dims[dim];
        if ((dim < m_part.rowDims) != m_rows || split.axes.empty())
            continue;
        const DimPiece piece = m_tensor.piece(m_part, dim, tile);
        const double length = (span.end - span.begin) / static_cast<double>(std::max<std::int64_t>(1, split.size));
        span = {span.begin + length * static_cast<double>(piece.begin),
                span.begin + length * static_cast<double>(piece.begin + piece.count)};
    }
    return span;
}

} // namespace shardlens
