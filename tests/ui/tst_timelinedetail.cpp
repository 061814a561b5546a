// SPDX-License-Identifier: Apache-2.0
// The timeline of real plans: what is inside pieces, what a range sums to, rows with more pieces than pixels, and every size of view.
#include "core/base/format.h"
#include "tests/ui/picturecases.h"
#include "tests/ui/samplereport.h"
#include "tests/ui/scenechecks.h"
#include "ui/scene/timelinecolumns.h"
#include "ui/scene/timelineinside.h"
#include "ui/scene/timelinerows.h"

#include <QTest>

#include <cmath>
#include <random>

using namespace shardlens;
using Kind = Subject::Kind;

namespace {

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

struct Plotted {
    Scenario scenario;
    Report report;
    [[nodiscard]] ViewInput input(QSizeF size = {1000, 320}, Subject pin = {}) const { return {scenario, report, size, light(), {}, pin}; }
    [[nodiscard]] const PhaseReport& phase(Phase phase) const { return phase == Phase::Prefill ? report.prefill : report.decode; }
};

Plotted plotted(int tensor, int pipeline, int microbatches, int chunks = 1, int visits = 1, SendMode sends = SendMode::Overlapped,
                double overlap = 0)
{
    Plotted result;
    const int devices = tensor * pipeline > 8 ? tensor * pipeline : 0;
    result.scenario = pictures::scenarioOf({"", "p5.48xlarge", devices, "llama-3-70b", tensor, pipeline});
    result.scenario.workload.batch = std::max(result.scenario.workload.batch, microbatches);
    Plan& plan = result.scenario.plan;
    plan[PlanAxis::PrefillMicrobatches] = microbatches;
    plan[PlanAxis::DecodeMicrobatches] = microbatches;
    plan[PlanAxis::Chunks] = chunks;
    plan.options.virtualStages = visits;
    plan.options.sends = sends;
    plan.options.overlap = overlap;
    result.report = evaluate(result.scenario);
    if (!result.report.legal)
        qFatal("the plan is not legal");
    return result;
}

/// A report of `stages` stages with `pieces` pieces each that leave `gap` of their time idle.
PhaseReport dense(int stages, int pieces, double gap)
{
    PhaseReport report = sample::phase(Phase::Prefill, 1, 1, 1, sample::breakdown(0.5, 0, 0.5, 0));
    report.stageCosts.assign(static_cast<std::size_t>(stages), report.stageCosts.front());
    report.timeline.stages = stages;
    report.timeline.cells.clear();
    for (int stage = 0; stage < stages; ++stage)
        for (int i = 0; i < pieces; ++i)
            report.timeline.cells.push_back({i + (stage % 2) * gap / 2, i + 1 - gap, stage, i, 0, 0});
    report.timeline.duration = pieces;
    report.timeline.period = pieces;
    return report;
}

} // namespace

class TestTimelineDetail : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    /// The chunks of a prompt are told apart where a piece has no room for words.
    void chunksAreNamed()
    {
        const Plotted plan = plotted(4, 2, 2, 8);
        Scene scene;
        buildTimeline(plan.input({1200, 330}), {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("c8")));
        QVERIFY(check::says(scene, QStringLiteral("c3")));
    }

    /// A range inside a piece has the causes of the operators that run there, whatever is drawn under it.
    void sumsOfCutPiecesAreOfTheirOperators()
    {
        const Plotted plan = plotted(4, 2, 2);
        const TimelineCell& cell = plan.report.prefill.timeline.cells.front();
        TimelineOptions options;
        const auto says = [&](double end) {
            options.range = TimelineRange{Phase::Prefill, {cell.start, end}};
            Scene scene;
            buildTimeline(plan.input({1920, 600}), options, scene);
            return check::says(scene, QStringLiteral("causes by operators inside"));
        };
        options.visible[0] = {cell.start, cell.end};
        QVERIFY(says(cell.start + (cell.end - cell.start) / 4));
        const TimelineSums cut = sumTimeline(plan.scenario, plan.report, {Phase::Prefill, {cell.start, (cell.start + cell.end) / 2}});
        QCOMPARE(cut.cut, std::int64_t{1});
        QCOMPARE(sumTimeline(plan.scenario, plan.report, {Phase::Prefill, {0, plan.report.prefill.timeline.duration}}).cut,
                 std::int64_t{0});
        // Exactly one collective of one layer, on the one stage that works then.
        for (const SendMode sends : {SendMode::Overlapped, SendMode::Synchronous}) {
            const Plotted of = plotted(4, 2, 2, 1, 1, sends);
            const TimelineCell& piece = of.report.prefill.timeline.cells.front();
            const ViewInput input = of.input(); // outlives the interior
            PieceInterior interior(input, Phase::Prefill);
            const std::vector<OperatorCost>& operators = interior.operators(piece.costClass);
            for (const PieceWork& work : interior.work(0, 0, piece.costClass)) {
                const OperatorCost& op = operators[static_cast<std::size_t>(work.op)];
                if (work.layer != 7 || op.op != Op::OutputProjection)
                    continue;
                const double end = piece.start + work.end - op.breakdown[Cause::Overhead];
                const TimelineSums sums = sumTimeline(of.scenario, of.report, {Phase::Prefill, {end - op.exposedTime(), end}});
                QCOMPARE(sums.shared, std::int64_t{0});
                QVERIFY(op.exposedTime() > 0 && std::abs(sums.causes[Cause::Communication] / op.exposedTime() - 1) < 1e-6);
                QVERIFY(std::abs(sums.causes.total() / op.exposedTime() - 1) < 1e-6);
            }
            // Cut anywhere, the parts add up to the piece, cause by cause.
            Breakdown sum;
            constexpr int kParts = 37;
            for (int i = 0; i < kParts; ++i)
                sum += sumTimeline(of.scenario, of.report,
                                   {Phase::Prefill,
                                    {piece.start + (piece.end - piece.start) * i / kParts,
                                     piece.start + (piece.end - piece.start) * (i + 1) / kParts}})
                           .causes;
            const Breakdown& whole = of.report.prefill.costOf(0, piece.costClass).breakdown;
            for (std::size_t i = 0; i < kCauseCount; ++i)
                QVERIFY(std::abs(sum.seconds[i] - whole.seconds[i]) < 1e-9 * whole.total());
        }
        // Decode starts inside a round: what of a piece lies before the drawing is not in it.
        const TimelineSums all = sumTimeline(plan.scenario, plan.report, {Phase::Decode, {0, plan.report.decode.timeline.duration}});
        QVERIFY(std::abs(all.causes.total() + all.idle - 2 * all.length) < 1e-9 * all.length);
    }

    /// In low rows each piece has the same strip of communication, wherever it begins between two pixels.
    void lowRowsShowEveryPieceAlike()
    {
        const Plotted plan = plotted(4, 80, 80);
        Scene scene;
        buildTimeline(plan.input({1280, 620}), {}, scene);
        std::vector<double> heights;
        double mostWide = 0;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Fill && item.fill == light().color(Cause::Communication) && item.rect.y() < 560
                && item.rect.x() < 720) {
                heights.push_back(item.rect.height());
                mostWide = std::max(mostWide, item.rect.width());
            }
        QVERIFY(!heights.empty());
        for (const double height : heights)
            QCOMPARE(height, 1.0);
        QVERIFY(check::says(scene, QStringLiteral("Paler: idle in part")));
    }

    void everyPlanInEverySize_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(pictures::cases().size()); ++i)
            QTest::addRow("%s", pictures::cases()[static_cast<std::size_t>(i)].name) << i;
    }

    void everyPlanInEverySize()
    {
        QFETCH(int, index);
        const Scenario scenario = pictures::scenarioOf(pictures::cases()[static_cast<std::size_t>(index)]);
        const Report report = evaluate(scenario);
        std::vector<QSizeF> sizes = pictures::sizes();
        sizes.insert(sizes.end(), {{330, 150}, {840, 180}, {3840, 2160}});
        for (const double scale : {1.0, 1.5}) {
            setTextScale(scale);
            everySize(scenario, report, sizes);
        }
        setTextScale(1);
    }

    void zoomedInAPieceShowsItsOperators_data()
    {
        QTest::addColumn<int>("chunks");
        QTest::addColumn<int>("visits");
        QTest::addColumn<bool>("waits");
        QTest::newRow("plain") << 1 << 1 << false;
        QTest::newRow("chunks") << 4 << 1 << false;
        QTest::newRow("visits") << 1 << 5 << false;
        QTest::newRow("synchronous sends") << 1 << 1 << true;
    }

    void zoomedInAPieceShowsItsOperators()
    {
        QFETCH(int, chunks);
        QFETCH(int, visits);
        QFETCH(bool, waits);
        const Plotted of = plotted(2, 4, 8, chunks, visits, waits ? SendMode::Synchronous : SendMode::Overlapped);
        const TimelineCell& cell = cellsOfStage(of.report.prefill.timeline, 1)[2];
        TimelineOptions options;
        options.visible[0] = {cell.start, cell.end};
        const ViewInput input = of.input({1900, 320});
        Scene scene;
        buildTimeline(input, options, scene);
        QCOMPARE(check::textTrouble(scene), QString());
        const TimelineLayout layout = timelineLayout(input, options);
        const QRectF row = layout.rowRect(layout.panels[0], 1);
        PieceInterior interior(input, Phase::Prefill);
        const std::vector<OperatorCost>& operators = interior.operators(cell.costClass);
        double seconds = 0;
        double right = row.left();
        for (const HitRegion& hit : scene.hits) {
            if (hit.subject.kind != Kind::Operator || !row.contains(hit.rect.center()))
                continue;
            QVERIFY2(hit.rect.left() >= right - 1e-6, "operators follow each other");
            right = hit.rect.right();
            const double drawn = hit.rect.width() / row.width() * (cell.end - cell.start);
            const OperatorCost& op = operators[static_cast<std::size_t>(hit.subject.op)];
            QVERIFY2(std::abs(drawn - op.time) < 1e-6 * (cell.end - cell.start), "as wide as the operator takes");
            QCOMPARE(hit.subject.stage, 1);
            seconds += drawn;
        }
        // All but those too narrow to point at.
        QVERIFY2(seconds > 0.8 * (cell.end - cell.start) * (waits ? 0.9 : 1), qPrintable(QString::number(seconds)));
    }

    void oneStageShowsOneLayer()
    {
        const Plotted of = plotted(8, 1, 1);
        const ViewInput input = of.input({1000, 240});
        const TimelineLayout layout = timelineLayout(input, {});
        for (const TimelinePanel& panel : layout.panels)
            QVERIFY2(!panel.inside.isEmpty(), "one stage has room for what is inside it");
        Scene scene;
        buildTimeline(input, {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("Layer 0")));
        QVERIFY(check::says(scene, QStringLiteral("AllReduce")));
        QVERIFY(check::says(scene, QStringLiteral("80 \u00D7")));
    }

    void aNamedCollectiveHasItsOwnTime()
    {
        const Plotted of = plotted(8, 1, 1);
        const ViewInput input = of.input({1900, 420});
        const TimelinePanel panel = timelineLayout(input, {}).panels[0];
        const TimelineCell& cell = of.report.prefill.timeline.cells.front();
        PieceInterior interior(input, Phase::Prefill);
        double length = 0;
        for (const PieceWork& work : interior.work(0, 0, cell.costClass))
            length += work.layer == 0 ? work.end - work.begin : 0;
        Scene scene;
        buildTimeline(input, {}, scene);
        int timed = 0;
        for (std::size_t i = 0; i + 1 < scene.items.size(); ++i) {
            const SceneItem& item = scene.items[i];
            if (item.kind != SceneItem::Kind::Text || !panel.inside.contains(item.rect.center()))
                continue;
            const QString text = scene.texts[static_cast<std::size_t>(item.extra)];
            if (!text.startsWith(QStringLiteral("AllReduce")))
                continue;
            const SceneItem& below = scene.items[i + 1]; // the time has a line of its own where the block is high
            const QString time = text.contains(u' ') ? text.section(u' ', 1)
                                 : below.kind == SceneItem::Kind::Text && below.rect.left() == item.rect.left()
                                     ? scene.texts[static_cast<std::size_t>(below.extra)]
                                     : QString();
            if (time.isEmpty())
                continue;
            QCOMPARE(time, qs(formatSeconds(item.rect.width() / panel.inside.width() * length)));
            ++timed;
        }
        QVERIFY(timed > 0);
    }

    void thePinnedPieceIsTheOneMagnified()
    {
        const Plotted of = plotted(2, 2, 4);
        Subject pin;
        pin.kind = Kind::Piece;
        pin.phase = Phase::Prefill;
        pin.stage = 0;
        pin.microbatch = 3;
        pin.step = 0;
        Scene scene;
        buildTimeline(of.input({1000, 420}, pin), {}, scene);
        QVERIFY2(check::says(scene, QStringLiteral("stage 0, m3")), "the pinned piece");
    }

    void aPinnedOperatorLightsItsPartOfEachPiece()
    {
        const Plotted of = plotted(2, 2, 4);
        Subject pin;
        pin.kind = Kind::Operator;
        pin.phase = Phase::Prefill;
        for (std::size_t i = 0; i < of.report.prefill.operators.size(); ++i)
            if (of.report.prefill.operators[i].op == Op::MlpUp)
                pin.op = static_cast<int>(i);
        QVERIFY(pin.op >= 0);
        const ViewInput input = of.input({1000, 240}, pin);
        Scene scene;
        buildTimeline(input, {}, scene);
        const TimelineLayout layout = timelineLayout(input, {});
        const OperatorCost& op = of.report.prefill.operators[static_cast<std::size_t>(pin.op)];
        const double expected = op.breakdown[Cause::Compute] * 40 / of.report.prefill.timeline.duration * layout.panels[0].plot.width();
        int marks = 0;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Fill && item.fill == light().color(Ink::Accent)) {
                QVERIFY(std::abs(item.rect.width() - expected) < 1e-6);
                ++marks;
            }
        QCOMPARE(marks, 8); // two stages, four microbatches; decode has another selection
    }

    void hiddenCommunicationLiesUnderTheWork()
    {
        const auto strips = [](const Plotted& of) {
            Scene scene;
            const ViewInput input = of.input({1000, 240});
            buildTimeline(input, {}, scene);
            const TimelineLayout layout = timelineLayout(input, {});
            double seconds = 0;
            for (const SceneItem& item : scene.items)
                if (item.kind == SceneItem::Kind::Hatch && item.hatch == Hatch::Replica
                    && layout.rowRect(layout.panels[0], 0).contains(item.rect.center()))
                    seconds += item.rect.width() / layout.panels[0].plot.width() * layout.panels[0].duration;
            return seconds;
        };
        QCOMPARE(strips(plotted(4, 2, 4)), 0.0);
        const Plotted half = plotted(4, 2, 4, 1, 1, SendMode::Overlapped, 0.5);
        double hidden = 0;
        for (const OperatorCost& op : half.report.prefill.operators)
            if (op.kind >= 0 && op.collective != Collective::None)
                hidden += (op.communicationTime - op.exposedTime()) * 40;
            else if (op.op == Op::Embedding)
                hidden += op.communicationTime - op.exposedTime();
        QVERIFY(hidden > 0);
        QVERIFY2(std::abs(strips(half) - 4 * hidden) < 1e-6 * hidden, "as long as what overlaps");
    }

    void laterVisitsBeginLower()
    {
        const Plotted of = plotted(1, 4, 8, 1, 4);
        Scene scene;
        buildTimeline(of.input({1600, 420}), {}, scene);
        std::array<double, 4> tops{-1, -1, -1, -1};
        for (const HitRegion& hit : scene.hits)
            if (hit.subject.kind == Kind::Piece && hit.subject.phase == Phase::Prefill && hit.subject.stage == 0)
                tops[static_cast<std::size_t>(hit.subject.visit)] = hit.rect.top();
        for (std::size_t i = 1; i < tops.size(); ++i)
            QVERIFY(tops[i - 1] >= 0 && tops[i] > tops[i - 1] + 1);
    }

    void interleavedPiecesAreNamedInTheDefaultPicture()
    {
        const Plotted of = plotted(8, 4, 4, 1, 4);
        Scene scene;
        buildTimeline(of.input({1200, 344}), {}, scene);
        int named = 0;
        for (const SceneItem& item : scene.items)
            named +=
                item.kind == SceneItem::Kind::Text && scene.texts[static_cast<std::size_t>(item.extra)] == QStringLiteral("v4") ? 1 : 0;
        QCOMPARE(named, 16);
        QCOMPARE(pictures::textFault(scene), QString());
    }

    /// However many stages and pieces: what goes from stage to stage is seen on all of them, the same pieces everywhere.
    void sendsAreSeenAtEveryLevelOfDetail()
    {
        for (const auto& [stages, microbatches] : {std::pair{4, 4}, std::pair{8, 64}, std::pair{16, 64}, std::pair{80, 80}})
            for (const QSizeF size : {QSizeF{620, 260}, QSizeF{1200, 380}, QSizeF{1920, 1052}}) {
                const Plotted of = plotted(1, stages, microbatches);
                Scene scene;
                buildTimeline(of.input(size), {}, scene);
                const TimelineLayout layout = timelineLayout(of.input(size), {});
                for (const TimelinePanel& panel : layout.panels) {
                    std::vector<int> marks(layout.rows.size(), 0);
                    for (const SceneItem& item : scene.items) {
                        const QRectF bounds = item.rect.normalized();
                        if (item.pen != light().color(Ink::Send) || item.kind != SceneItem::Kind::Line
                            || !panel.plot.contains(bounds.center()))
                            continue;
                        for (std::size_t row = 0; row + 1 < layout.rows.size(); ++row)
                            if (bounds.top() < layout.rows[row + 1].top && bounds.bottom() > layout.rows[row].top + layout.rowHeight - 0.1)
                                ++marks[row];
                    }
                    for (std::size_t row = 0; row + 1 < marks.size(); ++row)
                        QVERIFY2(marks[row] >= 2, qPrintable(QStringLiteral("%1 stages at %2 x %3: %4 sends of row %5")
                                                                 .arg(stages)
                                                                 .arg(size.width())
                                                                 .arg(size.height())
                                                                 .arg(marks[row])
                                                                 .arg(row)));
                }
            }
    }

    /// A tall picture is used: rows grow, say the same time by operator too, and what is left goes to the layers.
    void tallPicturesAreUsed()
    {
        const Plotted of = plotted(8, 4, 1);
        const QSizeF size(1920, 1052);
        const TimelineLayout layout = timelineLayout(of.input(size), {});
        QVERIFY2(layout.rowHeight > 75, qPrintable(QString::number(layout.rowHeight)));
        QVERIFY2(layout.below > 0.8 * size.height(), qPrintable(QString::number(layout.below)));
        Scene scene;
        buildTimeline(of.input(size), {}, scene);
        QCOMPARE(pictures::textFault(scene), QString());
        const QRectF row = layout.rowRect(layout.panels[0], 0);
        double width = 0;
        for (const HitRegion& hit : scene.hits)
            if (hit.subject.kind == Kind::Operator && row.contains(hit.rect))
                width += hit.rect.width();
        const auto cells = cellsOfStage(of.report.prefill.timeline, 0);
        double busy = 0;
        for (const TimelineCell& cell : cells)
            busy += layout.panels[0].xOf(cell.end) - layout.panels[0].xOf(cell.start);
        QVERIFY2(width > 0.9 * busy && width <= busy * (1 + 1e-9), qPrintable(QStringLiteral("%1 of %2").arg(width).arg(busy)));
    }

    void attentionGrowsAlongThePrompt()
    {
        const Plotted of = plotted(2, 4, 2, 8);
        QStringList told;
        double before = 0;
        for (int chunk = 0; chunk < 8; ++chunk) {
            Subject piece;
            piece.kind = Kind::Piece;
            piece.phase = Phase::Prefill;
            piece.stage = 1;
            piece.microbatch = 0;
            piece.step = chunk;
            const TimelineCell* const cell = cellOf(of.report, piece);
            QVERIFY(cell != nullptr && cell->end - cell->start > before);
            before = cell->end - cell->start;
            for (const QString& line : timelineTooltip(of.scenario, of.report, piece).split(QChar(u'\n')))
                if (line.endsWith(QStringLiteral("of it attention")))
                    told.append(line);
        }
        QCOMPARE(told.size(), 8);
        QCOMPARE(told.removeDuplicates(), 0);
    }

    void everythingSumsToTheReport()
    {
        for (const SendMode sends : {SendMode::Overlapped, SendMode::Synchronous}) {
            const Plotted of = plotted(2, 4, 6, 2, 1, sends);
            const TimelineSums sums = sumTimeline(of.scenario, of.report, {Phase::Prefill, {0, of.report.prefill.timeline.duration}});
            const PhaseReport& phase = of.report.prefill;
            QCOMPARE(sums.pieces, std::int64_t{4 * 12});
            QVERIFY(std::abs(sums.idle / (sums.length * 4) - phase.timeline.idleFraction) < 1e-9);
            double bytes = 0;
            Breakdown causes;
            const std::vector<PieceFacts> facts = pieceFacts(of.scenario, of.report, Phase::Prefill);
            for (int stage = 0; stage < 4; ++stage)
                for (int c = 0; c < phase.costClasses; ++c) {
                    causes += phase.costOf(stage, c).breakdown.scaled(static_cast<double>(phase.piecesOf(c)));
                    bytes += static_cast<double>(phase.piecesOf(c)) * (stage < 3 ? facts[static_cast<std::size_t>(c)].activationBytes : 0);
                }
            for (std::size_t i = 0; i < kCauseCount; ++i)
                QVERIFY(std::abs(sums.causes.seconds[i] - causes.seconds[i]) < 1e-9 * sums.length);
            QVERIFY(std::abs(sums.bytes - bytes) < 1);
            // Two halves are the whole.
            const double middle = phase.timeline.duration * 0.4321;
            const TimelineSums first = sumTimeline(of.scenario, of.report, {Phase::Prefill, {0, middle}});
            const TimelineSums second = sumTimeline(of.scenario, of.report, {Phase::Prefill, {middle, phase.timeline.duration}});
            QVERIFY(std::abs(first.causes.total() + second.causes.total() - causes.total()) < 1e-9 * causes.total());
            QVERIFY(std::abs(first.idle + second.idle - sums.idle) < 1e-9 * sums.length);
            QVERIFY(std::abs(first.bytes + second.bytes - sums.bytes) < 1);
        }
    }

    void columnsKeepBubblesNarrowerThanAPixel()
    {
        const PhaseReport report = dense(6, 20'000, 0.25);
        const TimelineIndex index(report, Phase::Prefill);
        std::vector<TimelineColumn> columns;
        collectColumns(index, 0, 1, {0, 20'000}, 500, columns);
        for (const TimelineColumn& column : columns)
            QVERIFY(std::abs(static_cast<double>(column.mean) - 0.75) < 1e-5);
        // Odd stages idle half a gap more: the least and the most of a row, and no mean that hides them.
        collectColumns(index, 0, 6, {0, 20'000}, 500, columns);
        for (const TimelineColumn& column : columns) {
            QVERIFY(std::abs(static_cast<double>(column.least) - 0.625) < 1e-5);
            QVERIFY(std::abs(static_cast<double>(column.most) - 0.75) < 1e-5);
        }
        halveColumns(columns);
        QCOMPARE(columns.size(), std::size_t{250});
        QVERIFY(std::abs(static_cast<double>(columns.back().least) - 0.625) < 1e-5);
    }

    void columnsAgreeWithThePiecesThemselves()
    {
        std::mt19937 random(3);
        for (const int visits : {1, 5})
            for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
                const Plotted of = plotted(2, 4, 12, 1, visits);
                const PhaseReport& report = of.phase(phase);
                const TimelineIndex index(report, phase);
                for (int i = 0; i < 50; ++i) {
                    const double duration = report.timeline.duration;
                    const double begin = std::uniform_real_distribution<>(0, duration)(random);
                    const TimeRange range{begin, std::uniform_real_distribution<>(begin, duration)(random)};
                    if (range.length() < duration * 1e-3)
                        continue;
                    const int stage = i % 4;
                    std::vector<TimelineColumn> columns;
                    collectColumns(index, stage, 1, range, 7, columns);
                    for (std::size_t k = 0; k < 7; ++k) {
                        const TimeRange part{range.begin + range.length() * static_cast<double>(k) / 7,
                                             range.begin + range.length() * static_cast<double>(k + 1) / 7};
                        std::vector<TimelinePiece> pieces;
                        collectPieces(report, phase, stage, part, pieces);
                        double busy = 0;
                        for (const TimelinePiece& piece : pieces)
                            busy += std::max(0.0, std::min(piece.end, part.end) - std::max(piece.start, part.begin));
                        QVERIFY2(std::abs(busy / part.length() - static_cast<double>(columns[k].mean)) < 1e-4,
                                 qPrintable(QStringLiteral("%1 %2").arg(busy / part.length()).arg(static_cast<double>(columns[k].mean))));
                    }
                }
            }
    }

    void aMillionPiecesAreAFewItems()
    {
        Plotted of = plotted(1, 8, 8);
        of.report.prefill = dense(8, 131'072, 0.3);
        of.report.decode = dense(8, 1000, 0.1);
        for (const double zoom : {1.0, 0.1, 1e-3}) {
            TimelineOptions options;
            options.visible[0] = {0, 131'072 * zoom};
            Scene scene;
            buildTimeline(of.input({1600, 420}), options, scene);
            QVERIFY2(scene.items.size() < 4 * kMostPieceItems, qPrintable(QString::number(scene.items.size())));
            QCOMPARE(check::textTrouble(scene), QString());
        }
    }

    void whatIsNotKeptIsNotIdle()
    {
        Plotted of = plotted(1, 2, 4);
        Timeline& timeline = of.report.prefill.timeline;
        timeline.complete = false;
        std::erase_if(timeline.cells, [](const TimelineCell& cell) { return cell.microbatch > 1; });
        Scene scene;
        buildTimeline(of.input(), {}, scene);
        QVERIFY(check::says(scene, QStringLiteral("not kept")));
        const TimelineSums sums = sumTimeline(of.scenario, of.report, {Phase::Prefill, {0, timeline.duration}});
        QVERIFY(!sums.complete);
    }

private:
    static void everySize(const Scenario& scenario, const Report& report, const std::vector<QSizeF>& sizes)
    {
        for (const QSizeF size : sizes)
            for (const bool ranged : {false, true})
                for (const bool keys : {false, true}) {
                    TimelineOptions options;
                    options.keys = keys;
                    if (ranged && report.legal)
                        options.range = TimelineRange{Phase::Decode, {0, report.decode.timeline.duration * 0.7}};
                    Scene scene;
                    buildTimeline({scenario, report, size, light()}, options, scene);
                    QCOMPARE(pictures::textFault(scene), QString());
                    QCOMPARE(check::regionTrouble(scene), QString());
                }
    }
};

QTEST_MAIN(TestTimelineDetail)
#include "tst_timelinedetail.moc"
