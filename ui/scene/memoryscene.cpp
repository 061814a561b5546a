// SPDX-License-Identifier: Apache-2.0
#include "ui/scene/memoryscene.h"

#include "ui/scene/memoryrows.h"
#include "ui/scene/meshfacts.h"
#include "ui/scene/scenetext.h"

#include "core/base/format.h"

#include <algorithm>
#include <cmath>

namespace shardlens {
namespace {

constexpr double kLeastPitch = 19; // 16 px bar and 3 px between
constexpr double kAxis = 24;
constexpr double kBand = 38;      // two lines of annotation under the rows
constexpr double kDetail = 74;    // zoom of the fullest device
constexpr double kLeastZone = 46; // of the over-capacity zone

class MemoryPicture {
public:
    MemoryPicture(const ViewInput& input, const MemoryOptions& options, Scene& scene)
        : m_input(input),
          m_scene(scene),
          m_memory(input.report.memory),
          m_facts(input.scenario, input.report),
          m_options(options)
    {}

    void draw()
    {
        const std::vector<LegendEntry> legend = legendEntries();
        m_area = QRectF(QPointF(0, 0), m_input.size).adjusted(space::kInset, 8, -space::kInset, -6);
        double legendTall = legendHeight(m_area.width(), legend);
        if (m_area.width() < 180 || m_area.height() < legendTall + kAxis + kBand + 2 * kLeastPitch)
            legendTall = 0;
        const double forRows = m_area.height() - legendTall - kAxis - 8;
        const auto arrange = [&](double room) {
            m_rows = memoryRows(m_input.scenario, m_input.report, static_cast<int>(std::max(1.0, room / kLeastPitch)), m_options.perStage);
            layOut(forRows);
        };
        arrange(forRows);
        if (m_plot.height() + (m_band || !m_words ? kBand : 0) > forRows) // the words need a band of their own after all
            arrange(forRows - kBand);
        drawZone();
        for (std::size_t i = 0; i < m_rows.size(); ++i)
            drawRow(i);
        drawAnnotation();
        drawAxis();
        double y = m_axisY + kAxis + 4;
        if (m_detail) {
            drawDetail(y + 4);
            y += kDetail + 8;
        }
        if (legendTall > 0)
            drawLegend(m_scene, m_input.theme, QRectF(m_area.left(), std::min(y, m_area.bottom() - legendTall), m_area.width(), legendTall),
                       legend);
    }

private:
    [[nodiscard]] QColor ink(Ink ink) const { return m_input.theme.color(ink); }
    [[nodiscard]] const DeviceMemory& of(int stage) const { return m_facts.memoryOf(stage); }
    [[nodiscard]] double xOf(Bytes bytes) const { return m_plot.left() + static_cast<double>(bytes) * m_scale; }
    [[nodiscard]] bool fits() const { return m_memory.free() >= 0; }
    [[nodiscard]] double rowTop(std::size_t row) const { return m_plot.top() + static_cast<double>(row) * m_pitch; }

    [[nodiscard]] std::vector<LegendEntry> legendEntries() const
    {
        std::vector<LegendEntry> entries;
        const DeviceMemory& fullest = m_memory.limiting();
        for (std::size_t i = 0; i < kMemoryClassCount; ++i) {
            const auto part = static_cast<MemoryClass>(i);
            const Bytes bytes = bytesOf(fullest, part);
            if (bytes <= 0)
                continue;
            LegendEntry entry;
            entry.name = qs(nameOf(part));
            if (!entry.name.isEmpty())
                entry.name[0] = entry.name[0].toUpper();
            entry.value = gibText(static_cast<double>(bytes));
            if (part == MemoryClass::Kv && fullest.kvReplicas > 0)
                entry.value += QStringLiteral(", copies ") + gibText(static_cast<double>(fullest.kvReplicas));
            entry.color = m_input.theme.color(part);
            // Of no stage: it stands for the class on every device.
            entry.subject = Subject{.kind = Subject::Kind::MemoryClass, .cause = static_cast<int>(i)};
            entries.push_back(entry);
        }
        return entries;
    }

    /// Words about what is free stand between equal bars when there is room for them, else in a band below.
    void layOut(double forRows)
    {
        m_words = forRows >= kLeastPitch + kBand;
        layOut(forRows, m_words && !fits());
        m_brief = false; // the next line asks for the width of the long words
        m_brief = fits() && freeTextWidth() > freeWidth();
        if (m_words && !m_band && (static_cast<double>(emptyRun().second) * m_pitch < 40 || freeWidth() < freeTextWidth()))
            layOut(forRows, true);
    }

    void layOut(double forRows, bool withBand)
    {
        const auto count = static_cast<double>(m_rows.size());
        m_band = withBand;
        const double band = m_band ? kBand : 0;
        // Few bars in a tall view spread out and grow, within reason.
        const double tallest = m_rows.size() <= 4 ? (forRows > 320 ? 84 : 64) : (forRows > 420 ? 48 : 38);
        m_pitch = std::clamp(std::floor((forRows - band) / count), kLeastPitch, tallest);
        const double spare = forRows - band - m_pitch * count;
        m_detail = spare >= kDetail + 10 && m_area.width() >= 360;
        m_bar = std::clamp(std::floor(m_pitch * 0.62), 16.0, 40.0);
        m_twoLines = m_pitch >= 32;
        double label = 0;
        for (const MemoryRow& row : m_rows) {
            label = std::max(label, textWidth(row.label, TextRole::BodyStrong));
            if (m_twoLines)
                label = std::max(label, textWidth(row.note, TextRole::Note));
        }
        m_label = std::min(std::ceil(label) + 10, m_area.width() * 0.34);
        m_plot = QRectF(m_area.left() + m_label, m_area.top() + 4, m_area.width() - m_label, m_pitch * count);
        const auto capacity = static_cast<double>(m_memory.capacity);
        double most = capacity;
        for (const DeviceMemory& stage : m_memory.stages)
            most = std::max(most, static_cast<double>(stage.total()));
        const double value = textWidth(QStringLiteral("0000"), TextRole::BodyMedium) + 10;
        const double zone = std::max(kLeastZone, m_plot.width() * 0.08);
        m_scale = (m_plot.width() - zone) / std::max(capacity, 1.0);
        if (most > capacity)
            m_scale = std::min(m_scale, (m_plot.width() - value) / most);
        m_capacityX = std::floor(xOf(m_memory.capacity));
        m_bottom = m_plot.bottom() + band;
        m_axisY = m_bottom + 1;
    }

    /// The longest run of rows that print no value of their own: first row and count.
    [[nodiscard]] std::pair<std::size_t, std::size_t> emptyRun() const
    {
        std::pair<std::size_t, std::size_t> best{0, 0};
        std::size_t first = 0;
        for (std::size_t i = 0; i <= m_rows.size(); ++i) {
            if (i < m_rows.size() && !m_rows[i].printsValue && of(m_rows[i].stage).total() == m_memory.limiting().total())
                continue;
            if (i - first > best.second)
                best = {first, i - first};
            first = i + 1;
        }
        return best;
    }

    void drawZone()
    {
        for (const double tick : niceTicks(m_plot.width() / m_scale / kGiB, ticksAtMost())) {
            const double x = m_plot.left() + tick * kGiB * m_scale;
            if (tick > 0 && x < m_plot.right() - 2)
                m_scene.line({std::floor(x) + 0.5, m_plot.top() - 2}, {std::floor(x) + 0.5, m_bottom}, ink(Ink::Grid));
        }
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            const MemoryRow& row = m_rows[i];
            const Subject& hover = m_input.hover;
            const bool here = (hover.kind == Subject::Kind::Device && row.device >= 0 && hover.device == row.device)
                              || (hover.kind == Subject::Kind::Device && row.device < 0 && stageOf(hover.device) == row.stage)
                              || (hover.kind == Subject::Kind::Stage && hover.stage == row.stage);
            if (here)
                m_scene.fill(QRectF(m_area.left() - 4, rowTop(i), m_capacityX - m_area.left() + 4, m_pitch), ink(Ink::HoverRow));
        }
        m_scene.hatch(QRectF(m_capacityX, m_plot.top() - 4, m_area.right() - m_capacityX, m_plot.height() + 4), Hatch::OverCapacity);
    }

    [[nodiscard]] int stageOf(int device) const
    {
        return device >= 0 && device < m_facts.used() ? m_facts.placement().coordinate(device, MeshAxis::Pipeline) : -1;
    }
    [[nodiscard]] int ticksAtMost() const { return std::clamp(static_cast<int>(m_plot.width() / 50), 2, 6); }

    void drawRow(std::size_t index)
    {
        const MemoryRow& row = m_rows[index];
        const double top = rowTop(index);
        const QRectF bar(m_plot.left(), std::floor(top + (m_pitch - m_bar) / 2), m_plot.width(), m_bar);
        if (row.stage < 0) {
            m_scene.text(QRectF(m_area.left(), top, m_area.width(), m_pitch), row.label, TextRole::Note, ink(Ink::Text3));
            return;
        }
        // As far as the bar goes: a ring round the empty part would cross the words there.
        const double left = m_area.left() - 6;
        m_scene.hit(QRectF(left, top, std::min(xOf(of(row.stage).total()) + 4, m_area.right()) - left, m_pitch), row.subject);
        const bool two = m_twoLines && !row.note.isEmpty();
        const double middle = bar.center().y();
        const bool chosen = m_input.hover == row.subject;
        m_scene.text(QRectF(m_area.left(), two ? middle - 16 : bar.top(), m_label - 8, two ? 16 : bar.height()), row.label,
                     chosen ? TextRole::BodyStrong : TextRole::Body, ink(chosen ? Ink::Text : Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter,
                     true);
        if (two)
            m_scene.text(QRectF(m_area.left(), middle, m_label - 8, 15), row.note, TextRole::Note, ink(Ink::Text3),
                         Qt::AlignLeft | Qt::AlignVCenter, true);
        drawSegments(row, bar);
        if (row.printsValue)
            drawTotal(row, bar);
    }

    [[nodiscard]] QString totalText(const MemoryRow& row) const
    {
        return qs(formatNumber(static_cast<double>(of(row.stage).total()) / kGiB));
    }
    /// Where the number of a row's total begins, right of its bar and clear of the dashed line at the fullest one's end.
    [[nodiscard]] double totalLeft(const MemoryRow& row, double width) const
    {
        const double x = xOf(of(row.stage).total()) + 7;
        const double end = xOf(m_memory.limiting().total());
        return x < end + 4 && x + width > end - 4 ? end + 7 : x;
    }
    /// A total that fits never stands on the over-capacity ground: without room before the capacity it goes into its bar's end.
    [[nodiscard]] bool totalInside(const MemoryRow& row) const
    {
        const double width = textWidth(totalText(row), TextRole::BodyMedium);
        return row.printsValue && of(row.stage).total() <= m_memory.capacity && totalLeft(row, width) + width > m_capacityX - 5;
    }

    void drawSegments(const MemoryRow& row, const QRectF& bar)
    {
        const DeviceMemory& memory = of(row.stage);
        const double inside = totalInside(row) ? textWidth(totalText(row), TextRole::BodyMedium) + 14 : 0;
        const double end = xOf(memory.total()) - inside; // of what values of parts may use
        Bytes at = 0;
        for (std::size_t i = 0; i < kMemoryClassCount; ++i) {
            const auto part = static_cast<MemoryClass>(i);
            const Bytes bytes = bytesOf(memory, part);
            if (bytes <= 0)
                continue;
            const QRectF box(xOf(at), bar.top(), static_cast<double>(bytes) * m_scale, bar.height());
            const QColor colour = m_input.theme.color(part);
            const QColor edge = m_input.theme.edgeOf(colour);
            m_scene.fill(box, colour, edge);
            double solid = box.width();
            if (part == MemoryClass::Kv && memory.kvReplicas > 0) {
                const double copies = std::min(static_cast<double>(memory.kvReplicas) * m_scale, box.width());
                solid -= copies;
                if (copies >= 2)
                    m_scene.hatch(QRectF(box.right() - copies, box.top(), copies, box.height()), Hatch::Replica, colour, edge);
            }
            const QString value = gibText(static_cast<double>(bytes));
            const TextRole role = m_bar >= 22 ? TextRole::BodyMedium : TextRole::Note;
            const double visible = std::min({box.left() + solid, std::max(m_capacityX, box.left()), end}) - box.left();
            if (row.printsValue && textWidth(value, role) + 10 <= visible)
                m_scene.text(QRectF(box.left(), box.top(), visible, box.height()), value, role, Theme::textOn(colour), Qt::AlignCenter);
            m_scene.hit(
                box, Subject{.kind = Subject::Kind::MemoryClass, .device = row.device, .stage = row.stage, .cause = static_cast<int>(i)});
            at += bytes;
        }
        if (xOf(at) > m_capacityX + 1)
            m_scene.hatch(QRectF(m_capacityX, bar.top(), xOf(at) - m_capacityX, bar.height()), Hatch::OverCapacity);
    }

    void drawTotal(const MemoryRow& row, const QRectF& bar)
    {
        const QString value = totalText(row);
        const double width = textWidth(value, TextRole::BodyMedium);
        if (totalInside(row)) {
            const double right = std::min(xOf(of(row.stage).total()), m_capacityX) - 7;
            const QRectF box(right - width, bar.center().y() - 8, width, 16);
            if (box.left() - 4 < m_plot.left())
                return;
            m_scene.fill(box.adjusted(-4, 2, 4, -2), ink(Ink::Surface));
            m_scene.text(box, value, TextRole::BodyMedium, ink(Ink::Text));
            return;
        }
        double x = totalLeft(row, width);
        const bool beside = x + width <= m_capacityX - 5;
        if (!beside)
            x = std::max(x, m_capacityX + 6);
        const QRectF box(x, bar.center().y() - 8, width, 16);
        if (box.right() > m_area.right() + 0.5)
            return;
        if (!beside) // on the hatch: a ground of its own
            m_scene.fill(box.adjusted(-3, 0, std::min(3.0, m_area.right() - box.right()), 0), ink(Ink::Surface));
        m_scene.text(box, value, TextRole::BodyMedium,
                     ink(beside || of(row.stage).total() <= m_memory.capacity ? Ink::Text : Ink::Violation));
    }

    [[nodiscard]] QString requestsText() const
    {
        const Workload& workload = m_input.scenario.workload;
        const QString tokens = qs(formatCount(workload.fullContext())) + QStringLiteral(" tokens");
        QString each;
        if (m_input.scenario.plan.data() > 1)
            each = QStringLiteral(" per replica");
        if (fits()) {
            const std::int64_t more = std::max<std::int64_t>(0, m_memory.maxBatchPerReplica - workload.batch);
            if (more == 0)
                return QStringLiteral("no further request of ") + tokens + each;
            const QString requests =
                qs(formatCount(more)) + (more == 1 ? QStringLiteral(" more request") : QStringLiteral(" more requests"));
            return m_brief ? requests : QString(requests + QStringLiteral(" of ") + tokens + each);
        }
        if (m_memory.maxBatchPerReplica > 0)
            return QStringLiteral("batch ") + qs(formatCount(m_memory.maxBatchPerReplica)) + QStringLiteral(" would fit at ") + tokens
                   + each;
        const auto weights = static_cast<double>(m_memory.limiting().weights());
        if (m_memory.limiting().weights() > m_memory.capacity)
            return QStringLiteral("weights alone: ") + qs(formatBytes(weights));
        return QStringLiteral("no request of ") + tokens + QStringLiteral(" fits beside the weights");
    }

    [[nodiscard]] QString headlineText() const
    {
        const QString amount = qs(formatBytes(std::abs(static_cast<double>(m_memory.free()))));
        if (fits())
            return amount + QStringLiteral(" free");
        return QStringLiteral("needs ") + amount + QStringLiteral(" more");
    }
    [[nodiscard]] double freeWidth() const { return m_capacityX - xOf(m_memory.limiting().total()); }
    [[nodiscard]] double freeTextWidth() const
    {
        return std::max(textWidth(headlineText(), TextRole::BodyStrong), textWidth(requestsText(), TextRole::Note)) + 12;
    }

    void drawAnnotation()
    {
        const double totalX = xOf(m_memory.limiting().total());
        m_scene.line({m_capacityX, m_plot.top() - 6}, {m_capacityX, m_bottom}, ink(Ink::Text), 2);
        if (!m_words)
            return;
        const QString headline = headlineText();
        const QString second = requestsText();
        double y = m_plot.bottom() + kBand / 2;
        if (!m_band) {
            const auto run = emptyRun();
            y = rowTop(run.first) + static_cast<double>(run.second) * m_pitch / 2;
        }
        y = std::floor(y) + 0.5;
        if (!fits()) {
            drawNeed(headline, second);
            return;
        }
        const double gap = freeWidth();
        const bool between = gap >= freeTextWidth();
        m_scene.line({std::floor(totalX) + 0.5, m_plot.top() - 2}, {std::floor(totalX) + 0.5, between ? m_bottom : m_plot.bottom()},
                     ink(Ink::Text3), 1, true);
        const double left = between ? totalX : m_plot.left();
        const double right = between ? m_capacityX : std::min(m_capacityX, m_area.right());
        const Qt::Alignment side = between ? Qt::AlignHCenter : Qt::AlignRight;
        const QRectF box(left + 4, y - 17, right - left - 12, 16);
        if (box.width() < 30)
            return;
        if (gap >= 24 && between) {
            m_scene.arrow({totalX + gap / 2, y}, {totalX + 2, y}, ink(Ink::Text2), 1, false, 6);
            m_scene.arrow({totalX + gap / 2, y}, {m_capacityX - 3, y}, ink(Ink::Text2), 1, false, 6);
        }
        m_scene.text(box, headline, TextRole::BodyStrong, ink(Ink::Text), side | Qt::AlignVCenter, true);
        m_scene.text(box.translated(0, 18), second, TextRole::Note, ink(Ink::Text2), side | Qt::AlignVCenter, true);
    }

    void drawNeed(const QString& headline, const QString& second)
    {
        const double leftRoom = m_capacityX - m_plot.left();
        const double rightRoom = m_area.right() - m_capacityX;
        const bool left = leftRoom >= rightRoom;
        const QRectF box = left ? QRectF(m_area.left(), m_plot.bottom() + 2, m_capacityX - 10 - m_area.left(), 17)
                                : QRectF(m_capacityX + 10, m_plot.bottom() + 2, rightRoom - 10, 17);
        if (box.width() < 30)
            return; // a few letters and an ellipsis say nothing
        const Qt::Alignment side = (left ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter;
        m_scene.text(box, headline, TextRole::BodyStrong, ink(Ink::Violation), side, true);
        m_scene.text(box.translated(0, 17), second, TextRole::Note, ink(Ink::Text2), side, true);
    }

    void drawAxis()
    {
        m_scene.line({m_plot.left(), m_axisY}, {m_area.right(), m_axisY}, ink(Ink::Strong));
        const QString capacity = qs(formatBytes(static_cast<double>(m_memory.capacity)));
        const double width = textWidth(capacity, TextRole::NoteStrong);
        const double capLeft = std::clamp(m_capacityX - width / 2, m_plot.left(), m_area.right() - width);
        m_scene.line({m_capacityX, m_axisY}, {m_capacityX, m_axisY + 5}, ink(Ink::Text), 2);
        m_scene.text(QRectF(capLeft, m_axisY + 6, width + 0.5, 15), capacity, TextRole::NoteStrong, ink(Ink::Text));
        if (!m_options.perStage && m_facts.stages() > 1 && m_rows.front().device < 0) // asked for devices, but there is no room
            m_scene.text(QRectF(m_area.left(), m_axisY + 6, m_label - 8, 15),
                         firstFitting({QStringLiteral("grouped by stage"), QStringLiteral("by stage")}, TextRole::Note, m_label - 9),
                         TextRole::Note, ink(Ink::Text3));
        for (const double tick : niceTicks(m_plot.width() / m_scale / kGiB, ticksAtMost())) {
            const double x = std::floor(m_plot.left() + tick * kGiB * m_scale) + 0.5;
            const QString label = qs(formatNumber(tick));
            const double half = textWidth(label, TextRole::Note) / 2;
            if (x + half > m_area.right() || (x + half > capLeft - 8 && x - half < capLeft + width + 8))
                continue;
            m_scene.line({x, m_axisY}, {x, m_axisY + 4}, ink(Ink::Strong));
            m_scene.text(QRectF(x - half - 1, m_axisY + 6, 2 * half + 2, 15), label, TextRole::Note, ink(Ink::Text3), Qt::AlignCenter);
        }
    }

    /// The fullest device over the whole width: classes of weights can be read although the device is nearly empty.
    void drawDetail(double top)
    {
        const DeviceMemory& memory = m_memory.limiting();
        const QRectF bar(m_plot.left(), top + 24, m_area.right() - m_plot.left(), 24);
        const double scale = bar.width() / std::max(1.0, static_cast<double>(memory.total()));
        const QString name =
            m_memory.stages.size() > 1 ? QStringLiteral("stage %1, the fullest").arg(memory.stage) : QStringLiteral("each device");
        const QString title = QStringLiteral("In detail: ") + name + QStringLiteral(", ")
                              + qs(formatBytes(static_cast<double>(memory.total()))) + QStringLiteral(" over the whole width");
        m_scene.text(QRectF(bar.left(), top, bar.width(), 18), title, TextRole::Note, ink(Ink::Text2), Qt::AlignLeft | Qt::AlignVCenter,
                     true);
        struct Part {
            const char* name;
            Bytes bytes;
            MemoryClass kind;
            bool copies;
        };
        const Bytes originals = memory.kv - memory.kvReplicas;
        const Part parts[] = {{"attention", memory.attentionWeights, MemoryClass::Weights, false},
                              {"MLP", memory.mlpWeights, MemoryClass::Weights, false},
                              {"experts", memory.expertWeights, MemoryClass::Weights, false},
                              {"embedding", memory.embeddingWeights, MemoryClass::Weights, false},
                              {"head", memory.headWeights, MemoryClass::Weights, false},
                              {"norms", memory.normWeights, MemoryClass::Weights, false},
                              {"prediction layers", memory.predictionWeights, MemoryClass::Weights, false},
                              {"KV cache", originals, MemoryClass::Kv, false},
                              {"KV copies", memory.kvReplicas, MemoryClass::Kv, true},
                              {"activations", memory.activations, MemoryClass::Activations, false},
                              {"buffers", memory.buffers, MemoryClass::Buffers, false},
                              {"reserve", memory.reserve, MemoryClass::Reserve, false}};
        double x = bar.left();
        for (const Part& part : parts) {
            if (part.bytes <= 0)
                continue;
            const QRectF box(x, bar.top(), static_cast<double>(part.bytes) * scale, bar.height());
            const QColor colour = m_input.theme.color(part.kind);
            if (part.copies)
                m_scene.hatch(box, Hatch::Replica, colour, m_input.theme.edgeOf(colour));
            else
                m_scene.fill(box, colour, m_input.theme.edgeOf(colour));
            m_scene.hit(box, Subject{.kind = Subject::Kind::MemoryClass, .stage = memory.stage, .cause = static_cast<int>(part.kind)});
            const QString value = gibText(static_cast<double>(part.bytes));
            const QString partName = QString::fromLatin1(part.name);
            const double width = textWidth(value, TextRole::Note);
            const QColor ground = part.copies ? m_input.theme.faded(colour, 0.72) : colour;
            if (width + 10 <= box.width()) {
                if (part.copies) // a plain ground, or the hatch runs through the digits
                    m_scene.fill(QRectF(box.center().x() - width / 2 - 4, box.center().y() - 8, width + 8, 16), ground);
                m_scene.text(box, value, TextRole::Note, Theme::textOn(ground), Qt::AlignCenter);
            }
            if (textWidth(partName, TextRole::Note) + 6 <= box.width())
                m_scene.text(QRectF(box.left(), box.bottom() + 2, box.width(), 15), partName, TextRole::Note, ink(Ink::Text3),
                             Qt::AlignCenter);
            x += box.width();
        }
    }

    const ViewInput& m_input;
    Scene& m_scene;
    const MemoryReport& m_memory;
    MeshFacts m_facts;
    const MemoryOptions& m_options;
    std::vector<MemoryRow> m_rows;
    QRectF m_area;
    QRectF m_plot; ///< of the bars
    double m_label = 0;
    double m_pitch = kLeastPitch;
    double m_bar = 16;
    double m_scale = 0; ///< px per byte
    double m_capacityX = 0;
    double m_bottom = 0;
    double m_axisY = 0;
    bool m_words = true; ///< there is room to say what is free or missing
    bool m_brief = false;
    bool m_band = false;
    bool m_detail = false;
    bool m_twoLines = false;
};

void drawReason(const ViewInput& input, Scene& scene)
{
    const QRectF area = QRectF(QPointF(0, 0), input.size).adjusted(space::kInset, 8, -space::kInset, -6);
    const Report& report = input.report;
    const QString reason = report.violations.empty()
                               ? QStringLiteral("This plan is not legal.")
                               : qs(sentence(report.violations.front(), input.scenario.context(), input.scenario.plan));
    double y = area.top() + std::max(0.0, area.height() / 2 - 30);
    const QStringList lines = wrapped(reason, TextRole::Body, area.width(), 3);
    scene.text(QRectF(area.left(), y, area.width(), 18), QStringLiteral("No memory figures: the plan is not legal"), TextRole::BodyStrong,
               input.theme.color(Ink::Text), Qt::AlignHCenter | Qt::AlignVCenter, true);
    for (const QString& line : lines) {
        y += 18;
        if (y + 18 > area.bottom())
            return;
        scene.text(QRectF(area.left(), y, area.width(), 18), line, TextRole::Body, input.theme.color(Ink::Violation),
                   Qt::AlignHCenter | Qt::AlignVCenter, true);
    }
}

} // namespace

void buildMemory(const ViewInput& input, const MemoryOptions& options, Scene& scene)
{
    scene.clear(input.size);
    if (input.size.width() < 140 || input.size.height() < 80)
        return;
    if (!input.report.legal || input.report.memory.stages.empty()) {
        drawReason(input, scene);
        return;
    }
    MemoryPicture(input, options, scene).draw();
}

} // namespace shardlens
