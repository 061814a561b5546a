// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/platescene.h"

#include "core/base/format.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/plateowners.h"
#include "ui/scene/scenetext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <optional>

namespace shardlens {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Plate", text);
}

constexpr double kLeastTile = 4;        // px: narrower tiles are drawn together
constexpr double kLeastHatched = 3;     // px
constexpr double kFade = 0.6;           // of tiles that the selection does not hold
constexpr double kLabelMargin = 6;      // px, of both sides of a tile together
constexpr int kMostTiles = 4000;        // of one part, drawn
constexpr double kLeastHatchTiles = 40; // more sheets than this are hatched in one colour

/// Neighbouring tiles of a side, drawn as one where they are too thin.
struct Run {
    std::int64_t first = 0;
    std::int64_t count = 1;
    double begin = 0; ///< 0 to 1
    double end = 0;
};

std::vector<Run> runsOf(const PlateSide& side, double length)
{
    std::vector<Run> runs;
    const auto most = std::max<std::int64_t>(1, static_cast<std::int64_t>(length / kLeastTile));
    const std::int64_t step = ceilDiv(side.count(), most);
    for (std::int64_t first = 0; first < side.count(); first += step) {
        const std::int64_t count = std::min(step, side.count() - first);
        const Run run{first, count, side.span(first).begin, side.span(first + count - 1).end};
        if (run.end > run.begin) // else it is padding
            runs.push_back(run);
    }
    return runs;
}

class PlatePicture {
public:
    PlatePicture(const ViewInput& input, const PlateOptions& options, Scene& scene)
        : m_input(input),
          m_scene(scene),
          m_plan(input.scenario.plan),
          m_placement(m_plan.meshSizes()),
          m_stage(plateStage(input.scenario, input.report, input.pin, options)),
          m_plate(tensorPlate(input.scenario.context(), m_plan, input.scenario.reserve)),
          m_owners(plateOwners(input.scenario, m_stage)),
          m_layout(plateLayout(m_plate, m_stage, input.size, options.firstTensor, m_owners)),
          m_lines(plateLines(m_layout.text))
    {
        const Subject& subject = input.hover.kind != Subject::Kind::None ? input.hover : input.pin;
        if (subject.kind == Subject::Kind::Device || (subject.kind == Subject::Kind::Tensor && subject.device >= 0))
            m_focus = subject;
    }

    void draw()
    {
        chooseOwners();
        for (const PlateCell& cell : m_layout.cells)
            drawCell(cell);
        drawFoot();
    }

private:
    const ViewInput& m_input;
    Scene& m_scene;
    const Plan& m_plan;
    Placement m_placement;
    int m_stage;
    TensorPlate m_plate;
    std::vector<QString> m_owners;
    PlateLayout m_layout;
    PlateLines m_lines;
    Subject m_focus;
    QString m_owner; ///< of m_owners, as every caption names them

    [[nodiscard]] QColor ink(Ink ink) const { return m_input.theme.color(ink); }
    [[nodiscard]] const PlateTensor& of(const PlateCell& cell) const { return m_plate.tensors[static_cast<std::size_t>(cell.tensor)]; }

    [[nodiscard]] Subject subjectOf(const PlateCell& cell, int device) const
    {
        const PlateTensor& tensor = of(cell);
        return {.kind = Subject::Kind::Tensor,
                .device = device,
                .stage = m_stage,
                .cause = static_cast<int>(tensor.kind),
                .tensor = cell.tensor,
                .holders = holdersCode(tensor)};
    }

    /// As the mesh colours the device, by stage and rank.
    [[nodiscard]] QColor colourOf(const PlateTensor& tensor, int device, bool faded) const
    {
        const int rank = m_placement.stageGroup().rankOf(device);
        QColor colour = m_input.theme.place(m_stage, rank, m_placement.stageGroup().size());
        if (tensor.tileCount() == 1 && tensor.copies > 1)
            colour = m_input.theme.place(m_stage, 0, 4);
        return faded ? m_input.theme.faded(colour, kFade) : colour;
    }

    [[nodiscard]] bool isFaded(const PlateCell& cell, int device) const
    {
        if (m_focus.kind == Subject::Kind::None)
            return false;
        const PlateTensor& tensor = of(cell);
        if (m_focus.kind == Subject::Kind::Tensor && m_focus.tensor != cell.tensor)
            return !holdSame(m_input.report.mesh, holdersCode(tensor), device, m_focus.device)
                   && m_placement.coordinate(m_focus.device, MeshAxis::Pipeline) == m_stage;
        return !holdSame(m_input.report.mesh, holdersCode(tensor), device, m_focus.device);
    }

    void drawCell(const PlateCell& cell)
    {
        const PlateTensor& tensor = of(cell);
        double y = cell.box.top();
        const double width = cell.box.width();
        if (m_lines.section > 0) {
            if (!cell.section.isEmpty())
                m_scene.text({cell.box.left(), y, sectionEnd(cell) - cell.box.left(), m_lines.section}, cell.section, TextRole::NoteStrong,
                             ink(Ink::Text3), Qt::AlignLeft | Qt::AlignTop, true);
            y += m_lines.section;
        }
        if (m_lines.name > 0)
            drawName(tensor, {cell.box.left(), y, width, m_lines.name});
        m_scene.hit({cell.box.left(), y, width, m_lines.name + m_lines.notation}, subjectOf(cell, -1));
        y += m_lines.name;
        const bool led = m_lines.name > 0; // by the name; alone the notation is what the eye looks for
        m_scene.text({cell.box.left(), y, width, m_lines.notation}, plateNotation(tensor, m_layout.text), plateNotationRole(m_layout.text),
                     ink(led ? Ink::Text2 : Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
        drawDimensions(cell);
        const std::optional<TileWords> words = tileWords(cell);
        for (std::size_t part = 0; part < cell.parts.size(); ++part)
            drawPart(cell, tensor.parts[part], cell.parts[part], words);
        drawBelow(cell);
    }

    /// Where the next section of the row begins, or in columns whatever stands right of it.
    [[nodiscard]] double sectionEnd(const PlateCell& cell) const
    {
        double end = m_scene.size.width() - space::kInset;
        for (const PlateCell& other : m_layout.cells)
            if (other.box.left() > cell.box.left() && other.box.top() < cell.box.top() + m_lines.section
                && other.box.bottom() > cell.box.top() && (!other.section.isEmpty() || other.box.top() != cell.box.top()))
                end = std::min(end, other.box.left() - space::kSmall);
        return end;
    }

    void drawName(const PlateTensor& tensor, const QRectF& box)
    {
        const QString name = qs(tensor.name);
        const double used = textWidth(name, TextRole::BodyStrong);
        m_scene.text(box, name, TextRole::BodyStrong, ink(Ink::Text), Qt::AlignLeft | Qt::AlignVCenter, true);
        const std::int64_t layers = tensor.layersOn(m_stage);
        const QString copies = tensor.holderCount() > 1 ? tr("%1 copies").arg(qs(formatCount(tensor.holderCount()))) : QString();
        const QString times = layers > 1 ? tr("× %1 layers").arg(qs(formatCount(layers))) : QString();
        const QString note = qs(tensor.note);
        const auto joined = [](const QStringList& parts) {
            QStringList kept;
            for (const QString& part : parts)
                if (!part.isEmpty())
                    kept << part;
            return kept.join(QStringLiteral(", "));
        };
        const QString text = firstFitting({joined({note, times, copies}), joined({times, copies}), joined({copies}), joined({times})},
                                          TextRole::Note, box.width() - used - 6);
        if (!text.isEmpty())
            m_scene.text({box.left() + used + 6, box.top(), box.width() - used - 6, box.height()}, text, TextRole::Note, ink(Ink::Text3));
    }

    /// Arrows along the sides with name and size of each dimension.
    void drawDimensions(const PlateCell& cell)
    {
        if (m_lines.columns <= 0)
            return;
        const PlateTensor& tensor = of(cell);
        const QRectF first = cell.parts.front();
        const QRectF last = cell.parts.back();
        QStringList columns;
        for (const PlatePart& part : tensor.parts)
            columns << plateDims(part, false);
        const double y = first.top() - 3.5;
        m_scene.arrow({first.left(), y}, {last.right(), y}, ink(Ink::Strong), 1, false, 4);
        const QRectF over(first.left(), first.top() - m_lines.columns, cell.box.right() - first.left(), m_lines.columns - 6);
        const QString joined = columns.join(QStringLiteral(" + "));
        m_scene.text(over, joined, TextRole::Note, ink(Ink::Text2), Qt::AlignLeft | Qt::AlignTop, true);
        const double x = first.left() - 3.5;
        m_scene.arrow({x, first.top()}, {x, first.bottom()}, ink(Ink::Strong), 1, false, 4);
        const QString rows = plateDims(tensor.parts.front(), true);
        const QString brief = qs(tensor.parts.front().array.dims.front().name);
        const QString fits = firstFitting({rows, brief}, TextRole::Note, first.height());
        if (fits.isEmpty())
            return;
        const double note = lineHeight(TextRole::Note);
        m_scene.text(QRectF(x - 3.5 - note / 2 - first.height() / 2, first.center().y() - note / 2, first.height(), note), fits,
                     TextRole::Note, ink(Ink::Text2), Qt::AlignCenter);
        m_scene.items.back().rotation = -90;
    }

    /// What is written on the tiles of a matrix: on each of them, in words that fit the narrowest, or on none. Then a matrix may have the
    /// numbers of an axis, drawSparseLabels().
    enum class TileWords : std::uint8_t { All, Some, Count };

    [[nodiscard]] std::optional<TileWords> tileWords(const PlateCell& cell) const
    {
        const PlateTensor& tensor = of(cell);
        const double least = textWidth(QStringLiteral("0"), TextRole::Note);
        for (const TileWords words : {TileWords::All, TileWords::Some, TileWords::Count}) {
            bool fits = true;
            for (std::size_t i = 0; i < cell.parts.size() && fits; ++i) {
                const QRectF& rect = cell.parts[i];
                const PlateSide down(tensor, tensor.parts[i], true);
                const PlateSide across(tensor, tensor.parts[i], false);
                const std::vector<Run> rows = runsOf(down, rect.height());
                const std::vector<Run> columns = runsOf(across, rect.width());
                for (const Run& row : rows) {
                    fits = fits && edge(0, rect.height(), row.end) - edge(0, rect.height(), row.begin) >= lineHeight(TextRole::Note);
                    for (std::size_t at = 0; at < columns.size() && fits; ++at) {
                        const Run& column = columns[at];
                        const double room = edge(0, rect.width(), column.end) - edge(0, rect.width(), column.begin) - kLabelMargin;
                        fits = room >= least
                               && textWidth(
                                      labelOf(tensor, {row, column, down.tileOf(row.first) + across.tileOf(column.first), false, 0}, words),
                                      TextRole::Note)
                                      <= room;
                    }
                }
            }
            if (fits)
                return words;
        }
        return std::nullopt;
    }

    void drawPart(const PlateCell& cell, const PlatePart& part, const QRectF& rect, std::optional<TileWords> words)
    {
        const PlateTensor& tensor = of(cell);
        const PlateSide down(tensor, part, true);
        const PlateSide across(tensor, part, false);
        const std::vector<Run> rows = runsOf(down, rect.height());
        const std::vector<Run> columns = runsOf(across, rect.width());
        if (rows.empty() || columns.empty() || rows.size() * columns.size() > kMostTiles)
            return;
        const bool copied = tensor.holderCount() > 1;
        const auto each = [&](bool sheet) {
            const QRectF at = sheet ? rect.translated(kPlateSheet, kPlateSheet) : rect;
            for (const Run& row : rows) {
                for (const Run& column : columns) {
                    const QRectF tile(QPointF(edge(at.left(), at.width(), column.begin), edge(at.top(), at.height(), row.begin)),
                                      QPointF(edge(at.left(), at.width(), column.end), edge(at.top(), at.height(), row.end)));
                    drawTile(cell, tile,
                             {row, column, down.tileOf(row.first) + across.tileOf(column.first), sheet, rows.size() * columns.size()},
                             words);
                }
            }
        };
        if (copied) {
            each(true);
            m_scene.fill(rect.adjusted(0, 0, 1, 1), ink(Ink::Surface)); // a gap between the sheets
        }
        each(false);
        if (!words && !copied && cell.parts.size() == 1 && std::min(rows.size(), columns.size()) == 1)
            drawSparseLabels(cell, rect, rows.size() > 1 ? rows : columns, rows.size() > 1 ? down : across, rows.size() > 1);
    }

    /// Of a matrix split along one side, each tile with one holder: every n-th number, over tiles narrower than it, on its tile's colour.
    void drawSparseLabels(const PlateCell& cell, const QRectF& rect, const std::vector<Run>& runs, const PlateSide& side, bool vertical)
    {
        const double line = lineHeight(TextRole::Note);
        std::vector<double> centres;
        std::vector<int> devices;
        double widest = 0;
        for (const Run& run : runs) {
            if (run.count > 1)
                return;
            centres.push_back((run.begin + run.end) / 2 * (vertical ? rect.height() : rect.width()));
            devices.push_back(holderOf(of(cell), m_placement, m_stage, side.tileOf(run.first), 0));
            widest = std::max(widest, textWidth(QString::number(devices.back()), TextRole::Note));
        }
        const QSizeF box(widest + 2, line);
        if ((vertical ? rect.width() - 2 < box.width() : rect.height() - 2 < box.height()) || (!vertical && rect.width() < 4 * box.width()))
            return;
        for (const auto& [index, at] :
             everyNth(centres, vertical ? line : widest + kLabelMargin, vertical ? rect.height() : rect.width())) {
            const bool faded = isFaded(cell, devices[index]);
            const QColor colour = colourOf(of(cell), devices[index], faded);
            const QPointF middle = vertical ? QPointF(rect.center().x(), rect.top() + at) : QPointF(rect.left() + at, rect.center().y());
            const QRectF place(std::round(middle.x() - box.width() / 2), std::round(middle.y() - line / 2), box.width(), line);
            m_scene.fill(place, colour);
            m_scene.text(place, QString::number(devices[index]), TextRole::Note, faded ? ink(Ink::Text3) : Theme::textOn(colour),
                         Qt::AlignCenter);
        }
    }

    static double edge(double from, double length, double share) { return std::round(from + length * share); }

    struct Tile {
        const Run& row;
        const Run& column;
        std::int64_t number;
        bool sheet;
        std::size_t all;
    };

    void drawTile(const PlateCell& cell, const QRectF& rect, const Tile& tile, std::optional<TileWords> words)
    {
        const PlateTensor& tensor = of(cell);
        const int device = holderOf(tensor, m_placement, m_stage, tile.number, tile.sheet ? 1 : 0);
        const bool faded = isFaded(cell, device);
        const QColor colour = colourOf(tensor, device, faded);
        if (tile.sheet) {
            if (rect.width() >= kLeastHatched && rect.height() >= kLeastHatched)
                m_scene.hatch(rect, Hatch::Replica,
                              static_cast<double>(tile.all) > kLeastHatchTiles ? m_input.theme.place(m_stage, 2, 4) : colour);
        } else {
            m_scene.fill(rect, colour, m_input.theme.edgeOf(colour));
            if (words)
                m_scene.text(rect, labelOf(tensor, tile, *words), TextRole::Note, faded ? ink(Ink::Text3) : Theme::textOn(colour),
                             Qt::AlignCenter);
        }
        m_scene.hit(rect, subjectOf(cell, device));
    }

    /// All devices that hold the tile while there is room, as visualize_sharding of JAX lists them; else the first and how many more (one
    /// device of several alone would read as the only one), or how many. Of tiles that are drawn as one: how many.
    [[nodiscard]] QString labelOf(const PlateTensor& tensor, const Tile& tile, TileWords words) const
    {
        const std::int64_t merged = tile.row.count * tile.column.count;
        if (merged > 1)
            return QStringLiteral("× %1").arg(qs(formatCount(merged)));
        const auto number = [&](std::int64_t copy) { return QString::number(holderOf(tensor, m_placement, m_stage, tile.number, copy)); };
        const std::int64_t holders = tensor.holderCount();
        if (words == TileWords::Count && holders > 1)
            return QStringLiteral("× %1").arg(qs(formatCount(holders)));
        if (words != TileWords::All && holders > 1)
            return number(0) + QStringLiteral(" +%1").arg(qs(formatCount(holders - 1)));
        QString all;
        for (std::int64_t copy = 0; copy < std::min<std::int64_t>(holders, 8); ++copy)
            all += (all.isEmpty() ? QString() : QStringLiteral(", ")) + number(copy);
        if (holders > 8)
            all += QStringLiteral(" +%1").arg(qs(formatCount(holders - 8)));
        return all;
    }

    /// One form for all matrices: the longest that every one has room for.
    void chooseOwners()
    {
        for (const QString& owners : m_owners) {
            m_owner = owners;
            const bool fits = std::all_of(m_layout.cells.begin(), m_layout.cells.end(), [&](const PlateCell& cell) {
                return textWidth(plateCaption(m_owner, of(cell)), TextRole::Note) <= cell.box.width() - m_lines.rows;
            });
            if (fits)
                return;
        }
    }

    /// Who holds it, bytes, and their bar.
    void drawBelow(const PlateCell& cell)
    {
        const PlateTensor& tensor = of(cell);
        const double left = m_lines.rows > 0 ? cell.parts.front().left() : cell.box.left();
        double y = cell.parts.front().bottom() + kPlateSheet + 2;
        m_scene.text({left, y, cell.box.right() - left, m_lines.owners}, plateCaption(m_owner, tensor), TextRole::Note, ink(Ink::Text2),
                     Qt::AlignLeft | Qt::AlignVCenter, true);
        y += m_lines.owners;
        if (m_lines.bytes > 0) {
            const QRectF box(left, y, cell.box.right() - left, m_lines.bytes);
            m_scene.text(box, plateBytes(tensor, m_stage, m_layout.totals), TextRole::Note, ink(Ink::Text),
                         Qt::AlignLeft | Qt::AlignVCenter, true);
            y += m_lines.bytes + 2;
        }
        const QColor colour = m_input.theme.color(memoryClassOf(tensor.kind));
        const double full = std::max(10.0, longestBar());
        const double width = std::max(1.0, full * cell.layersBytes / std::max(1.0, m_layout.mostBytes));
        if (cell.layersBytes > 0)
            m_scene.fill({left, y, std::min(width, m_scene.size.width() - left - 2), 4}, colour, m_input.theme.edgeOf(colour));
    }

    /// One scale for all bars, at which none leaves its cell.
    [[nodiscard]] double longestBar() const
    {
        double full = 1e9;
        for (const PlateCell& cell : m_layout.cells) {
            const double left = m_lines.rows > 0 ? cell.parts.front().left() : cell.box.left();
            if (cell.layersBytes > 0)
                full = std::min(full, (cell.box.right() - left) * m_layout.mostBytes / cell.layersBytes);
        }
        return full;
    }

    void drawFoot()
    {
        if (m_layout.foot.isNull())
            return;
        QString scale = m_layout.exponent > 0.99
                            ? tr("Sides to one linear scale")
                            : tr("Sides to one scale, size to the power %1").arg(qs(formatNumber(m_layout.exponent, 2)));
        const bool raised = std::any_of(m_layout.cells.begin(), m_layout.cells.end(), [](const PlateCell& cell) {
            return cell.parts.front().height() <= kPlateLeastSide || cell.parts.front().width() <= kPlateLeastSide;
        });
        if (raised)
            scale += tr(", %1 px at least").arg(kPlateLeastSide);
        const QString bars = tr("bars: bytes of a device, all layers of the stage");
        const QString copies = tr("solid: first copy, hatched: further ones");
        const QString more = m_layout.hidden > 0 ? tr("%1 more tensors: scroll, or enlarge the view").arg(m_layout.hidden) : QString();
        QString rest = restText();
        const auto joined = [](QStringList parts) {
            parts.removeAll(QString());
            return parts.join(QStringLiteral(" · "));
        };
        const QString text = firstFitting({joined({more, scale, bars, copies, rest}), joined({more, scale, bars, copies}),
                                           joined({more, scale, bars}), joined({more, scale}), more.isEmpty() ? scale : more},
                                          TextRole::Note, m_layout.foot.width());
        if (!text.isEmpty())
            m_scene.text(m_layout.foot, text, TextRole::Note, ink(Ink::Text3));
    }

    /// What is held but has no picture.
    [[nodiscard]] QString restText() const
    {
        double bytes = 0;
        for (const PlateTensor& tensor : m_plate.tensors)
            if (tensor.parts.empty())
                bytes += static_cast<double>(tensor.deviceBytes) * static_cast<double>(tensor.layersOn(m_stage));
        return bytes > 0 ? tr("not drawn: %1 of norms, biases and the like").arg(qs(formatBytes(bytes))) : QString();
    }
};

int stageOfDevice(const Scenario& scenario, int device)
{
    const Placement placement(scenario.plan.meshSizes());
    return device < placement.devices() ? placement.coordinate(device, MeshAxis::Pipeline) : -1;
}

} // namespace

int plateStage(const Scenario& scenario, const Report& report, const Subject& pin, const PlateOptions& options)
{
    if (!report.legal)
        return 0;
    const int stages = scenario.plan.pipeline();
    int stage = options.stage;
    if (options.followsPin && pin.kind == Subject::Kind::Device && pin.device >= 0 && stageOfDevice(scenario, pin.device) >= 0)
        stage = stageOfDevice(scenario, pin.device);
    else if (options.followsPin && (pin.kind == Subject::Kind::Stage || pin.kind == Subject::Kind::Tensor) && pin.stage >= 0)
        stage = pin.stage;
    return std::clamp(stage, 0, stages - 1);
}

int plateTensorCount(const Scenario& scenario, const Report& report, int stage)
{
    if (!report.legal)
        return 0;
    const TensorPlate plate = tensorPlate(scenario.context(), scenario.plan, scenario.reserve);
    return static_cast<int>(std::count_if(plate.tensors.begin(), plate.tensors.end(), [stage](const PlateTensor& tensor) {
        return !tensor.parts.empty() && tensor.layersOn(stage) > 0;
    }));
}

void buildPlate(const ViewInput& input, const PlateOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (input.size.width() < 60 || input.size.height() < 40)
        return;
    if (!input.report.legal) {
        drawNotLegal(scene, input);
        return;
    }
    PlatePicture(input, options, scene).draw();
}

QString plateSubtitle(const Scenario& scenario, const Report& report, int stage)
{
    if (!report.legal)
        return tr("no legal plan");
    const MeshFacts facts(scenario, report);
    if (facts.stages() == 1)
        return tr("%1 layers").arg(scenario.model->layerCount());
    return tr("stage %1 of %2, layers %3").arg(stage).arg(facts.stages()).arg(facts.layersText(stage));
}

QString describePlate(const Scenario& scenario, const Report& report)
{
    if (!report.legal)
        return tr("The plan is not legal: no tensor has a place.");
    const TensorPlate plate = tensorPlate(scenario.context(), scenario.plan, scenario.reserve);
    QStringList notations;
    for (const PlateTensor& tensor : plate.tensors)
        if (!tensor.parts.empty())
            notations << qs(tensor.notation());
    return tr("Tensors and how they are sharded: %1").arg(notations.join(QStringLiteral("; ")));
}

QString plateHolders(const Scenario& scenario, const PlateTensor& tensor, int stage, std::int64_t tile, int most)
{
    const Placement placement(scenario.plan.meshSizes());
    const std::int64_t holders = tensor.holderCount();
    QString text = deviceName(scenario, holderOf(tensor, placement, stage, tile, 0));
    for (std::int64_t copy = 1; copy < std::min<std::int64_t>(holders, most); ++copy)
        text += QStringLiteral(", ") + QString::number(holderOf(tensor, placement, stage, tile, copy));
    if (holders > most)
        text += tr(" and %1 more").arg(qs(formatCount(holders - most)));
    return text;
}

QString plateTooltip(const Scenario& scenario, const Report& report, const Subject& subject)
{
    if (!report.legal || subject.kind != Subject::Kind::Tensor)
        return {};
    const TensorPlate plate = tensorPlate(scenario.context(), scenario.plan, scenario.reserve);
    if (subject.tensor < 0 || static_cast<std::size_t>(subject.tensor) >= plate.tensors.size())
        return {};
    const PlateTensor& tensor = plate.tensors[static_cast<std::size_t>(subject.tensor)];
    const int stage = std::clamp(subject.stage, 0, plate.stages - 1);
    const Placement placement(scenario.plan.meshSizes());
    const bool whole = subject.device < 0 || subject.device >= placement.devices();
    const std::int64_t tile = whole ? 0 : tileOf(tensor, placement, subject.device);
    const std::int64_t tiles = tensor.tileCount();
    QStringList lines{qs(tensor.name)
                      + (!whole && tiles > 1 ? tr(", tile %1 of %2").arg(qs(formatCount(tile + 1)), qs(formatCount(tiles))) : QString())};
    if (!tensor.note.empty())
        lines << qs(tensor.note);
    for (const PlatePart& part : tensor.parts) {
        QStringList ranges;
        for (std::size_t dim = 0; dim < part.array.dims.size(); ++dim) {
            const ShardedDim& split = part.array.dims[dim];
            const DimPiece piece = tensor.piece(part, dim, tile);
            if (whole || split.axes.empty())
                ranges << qs(split.name) + QChar(u' ') + qs(formatCount(split.size));
            else if (piece.count == 0)
                ranges << qs(split.name) + tr(" padding");
            else
                ranges << qs(split.name) + QChar(u' ') + qs(formatCount(piece.begin))
                              + (piece.count > 1 ? QStringLiteral("–") + qs(formatCount(piece.begin + piece.count - 1)) : QString());
        }
        lines << qs(part.array.name) + QStringLiteral(": ") + ranges.join(QStringLiteral(", "));
    }
    const Bytes bytes = tensor.tileBytes(tile);
    const std::int64_t layers = tensor.layersOn(stage);
    QString sum = qs(formatBytes(static_cast<double>(bytes))) + QStringLiteral(", ") + qs(tensor.formatText);
    if (layers > 1)
        sum += tr(", × %1 layers = %2")
                   .arg(qs(formatCount(layers)), qs(formatBytes(static_cast<double>(bytes) * static_cast<double>(layers))));
    lines << sum;
    lines << (whole ? tr("%1 tiles, %2 copies of each").arg(qs(formatCount(tiles)), qs(formatCount(tensor.holderCount())))
                    : tr("On ") + plateHolders(scenario, tensor, stage, tile, 12));
    return lines.join(QLatin1Char('\n'));
}

} // namespace shardlens
