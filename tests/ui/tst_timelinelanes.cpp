// SPDX-License-Identifier: Apache-2.0
// The lines below a magnified layer: they add up to the layer, name all of its operators, and use the room that rows leave.
#include "core/base/format.h"
#include "tests/ui/picturecases.h"
#include "ui/scene/timelineinside.h"
#include "ui/scene/timelinelanes.h"
#include "ui/scene/timelinescene.h"

#include <QTest>

#include <cmath>

using namespace shardlens;
using Kind = Subject::Kind;

namespace {

const Theme& light()
{
    return Theme::of(ThemeId::Light);
}

struct Layer {
    Scenario scenario;
    Report report;
    std::vector<OperatorCost> operators;
    std::vector<PieceWork> work; ///< of the last layer of a kind
};

Layer layerOf(const char* name, Phase phase, double overlap = 0)
{
    Layer out;
    out.scenario = pictures::scenarioOf(pictures::caseNamed(name));
    out.scenario.plan.options.overlap = overlap;
    out.report = evaluate(out.scenario);
    if (!out.report.legal)
        qFatal("%s is not legal", name);
    out.operators = pieceOperators(out.scenario, out.report, phase, 0);
    const std::vector<PieceWork> all = workInside(out.scenario, out.report, out.operators, 0, 0);
    int last = -1;
    for (const PieceWork& work : all)
        last = std::max(last, work.layer);
    std::copy_if(all.begin(), all.end(), std::back_inserter(out.work), [last](const PieceWork& work) { return work.layer == last; });
    return out;
}

} // namespace

class TestTimelineLanes : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(loadFonts()); }

    void linesAddUpToTheLayer_data()
    {
        QTest::addColumn<QByteArray>("plan");
        QTest::addColumn<double>("overlap");
        QTest::newRow("dense") << QByteArray("8 H100, TP 8") << 0.0;
        QTest::newRow("dense, hidden collectives") << QByteArray("8 H100, TP 8") << 0.7;
        QTest::newRow("experts") << QByteArray("8 H100, Mixtral EP 8 with attention DP 8") << 0.0;
        QTest::newRow("shared experts, latent attention") << QByteArray("NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4") << 0.0;
        QTest::newRow("one device") << QByteArray("one H100") << 0.0;
    }
    void linesAddUpToTheLayer()
    {
        QFETCH(QByteArray, plan);
        QFETCH(double, overlap);
        for (const Phase phase : {Phase::Prefill, Phase::Decode}) {
            const Layer of = layerOf(plan.constData(), phase, overlap);
            const LayerLanes lanes(of.operators, of.work);
            const double length = of.work.back().end - of.work.front().begin;
            double sections = 0;
            for (std::size_t i = 0; i < kSectionCount; ++i)
                sections += lanes.secondsOf(static_cast<Section>(i));
            double each = 0;
            for (const LayerLane& lane : lanes.lanes())
                each += lane.seconds;
            QVERIFY2(std::abs(lanes.seconds() / length - 1) < 1e-9, "the layer's own length");
            QVERIFY2(std::abs(sections / length - 1) < 1e-9, qPrintable(QString::number(sections / length)));
            QVERIFY2(std::abs(each / length - 1) < 1e-9, qPrintable(QString::number(each / length)));
            // What is busy is busy for as long as the operators say: bytes over bandwidth, FLOP over rate, transfers.
            double arithmetic = 0;
            double memory = 0;
            for (const PieceWork& work : of.work) {
                const OperatorCost& op = of.operators[static_cast<std::size_t>(work.op)];
                arithmetic += op.computeTime;
                memory += op.memoryTime;
            }
            const auto sum = [&](LayerLanes::Unit unit) {
                double seconds = 0;
                double before = 0;
                for (const LayerLanes::Busy& busy : lanes.busy(unit)) {
                    if (busy.share > 1 || busy.share < 0 || busy.begin < before - 1e-9 * length || busy.end > length * (1 + 1e-9))
                        return -1.0;
                    seconds += busy.share * (busy.end - busy.begin);
                    before = busy.end;
                }
                return seconds;
            };
            QVERIFY(std::abs(sum(LayerLanes::Unit::Arithmetic) - arithmetic) < 1e-6 * length);
            QVERIFY(std::abs(sum(LayerLanes::Unit::Memory) - memory) < 1e-6 * length);
            QVERIFY(sum(LayerLanes::Unit::Links) >= 0);
        }
    }

    void roomBelowTheRowsNamesEveryOperator_data()
    {
        QTest::addColumn<QByteArray>("plan");
        for (const char* plan :
             {"8 H100, TP 8", "8 H100, TP 4 x PP 2", "8 H100, Mixtral EP 8 with attention DP 8", "NVL72, DeepSeek-V3 TP 8 x EP 8 x DP 4"})
            QTest::newRow(plan) << QByteArray(plan);
    }
    void roomBelowTheRowsNamesEveryOperator()
    {
        QFETCH(QByteArray, plan);
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed(plan.constData()));
        const Report report = evaluate(scenario);
        const ViewInput input{scenario, report, {1920, 1030}, light(), {}, {}};
        const TimelineLayout layout = timelineLayout(input, {});
        QVERIFY2(layout.below > 0.75 * input.size.height(), qPrintable(QString::number(layout.below)));
        QVERIFY(layout.below < input.size.height());
        Scene scene;
        buildTimeline(input, {}, scene);
        QCOMPARE(pictures::textFault(scene), QString());
        for (const OperatorCost& op : report.decode.operators)
            if (op.kind >= 0 && op.time - op.exposedTime() > 0)
                QVERIFY2(pictures::hasText(scene, qs(nameOf(op.op))), nameOf(op.op).data());
        for (const char* name : {"Attention", "Norms", "HBM", "Arithmetic", "Links"})
            QVERIFY2(pictures::hasText(scene, QLatin1String(name)), name);
    }

    void aLineIsItsOperator()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const ViewInput input{scenario, report, {1920, 1030}, light(), {}, {}};
        const TimelinePanel panel = timelineLayout(input, {}).panels[1];
        Scene scene;
        buildTimeline(input, {}, scene);
        int found = 0;
        for (const HitRegion& hit : scene.hits) {
            if (hit.subject.kind != Kind::Operator || !panel.inside.contains(hit.rect.center()) || hit.subject.phase != Phase::Decode)
                continue;
            const Subject at = scene.subjectAt(hit.rect.center());
            QCOMPARE(at.op, hit.subject.op);
            ++found;
        }
        QVERIFY2(found >= 15, qPrintable(QString::number(found)));
    }

    /// Rows of a few pixels: no stripes, one colour of all causes that the legend takes apart, and sends that leave the pieces in sight.
    void coarseRowsAreEven_data()
    {
        QTest::addColumn<int>("microbatches");
        QTest::newRow("few, idle gaps of a pixel") << 8;
        QTest::newRow("as many as stages") << 80;
    }
    void coarseRowsAreEven()
    {
        QFETCH(int, microbatches);
        Scenario scenario = pictures::scenarioOf({"", "p5.48xlarge", 1024, "llama-3-70b", 8, 80, 1, 1, 1, 1, 320});
        scenario.plan[PlanAxis::PrefillMicrobatches] = microbatches;
        scenario.plan[PlanAxis::DecodeMicrobatches] = microbatches;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const ViewInput input{scenario, report, {500, 270}, light(), {}, {}};
        Scene scene;
        buildTimeline(input, {}, scene);
        QCOMPARE(pictures::textFault(scene), QString());
        const TimelineLayout layout = timelineLayout(input, {});
        QVERIFY(layout.rowHeight < 8 && layout.mixed);
        const QRectF plot = layout.panels[1].plot;
        double covered = 0;
        for (const SceneItem& item : scene.items) {
            if (item.kind == SceneItem::Kind::Fill && plot.contains(item.rect.center()))
                QVERIFY2(item.rect.width() >= 1.9, "no strokes of a pixel");
            if (item.kind == SceneItem::Kind::Line && item.pen == light().color(Ink::Send) && plot.contains(item.rect.center()))
                covered += 1.5 * item.rect.height();
        }
        QVERIFY2(covered < 0.1 * plot.width() * plot.height(), qPrintable(QString::number(covered / plot.width() / plot.height())));
        QVERIFY(pictures::hasText(scene, QStringLiteral("% communication")));
        Subject stage;
        stage.kind = Kind::Stage;
        stage.stage = 3;
        QVERIFY(timelineTooltip(scenario, report, stage).contains(QStringLiteral("communication")));
    }

    /// Pieces of a few pixels: every one shows its KV reads and communication, by height.
    void narrowPiecesAreAlike()
    {
        Scenario scenario = pictures::scenarioOf({"", "p5.48xlarge", 0, "llama-3-70b", 2, 4});
        scenario.plan.options.virtualStages = 5;
        scenario.plan[PlanAxis::PrefillMicrobatches] = 4;
        const Report report = evaluate(scenario);
        QVERIFY(report.legal);
        const ViewInput input{scenario, report, {900, 380}, light(), {}, {}};
        Scene scene;
        buildTimeline(input, {}, scene);
        const TimelineLayout layout = timelineLayout(input, {});
        const QRectF row = layout.rowRect(layout.panels[1], 1);
        int kv = 0;
        int pieces = 0;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Fill && row.contains(item.rect.center()) && item.fill == light().color(Cause::Kv)) {
                const bool cut = item.rect.left() < row.left() + 1 || item.rect.right() > row.right() - 1;
                QVERIFY2(cut || item.rect.width() > 2, qPrintable(QString::number(item.rect.width())));
                ++kv;
            }
        for (const HitRegion& hit : scene.hits)
            pieces += hit.subject.kind == Kind::Piece && row.contains(hit.rect.center()) ? 1 : 0;
        QVERIFY2(pieces > 20 && kv >= pieces, qPrintable(QStringLiteral("%1 of %2").arg(kv).arg(pieces)));
    }

    /// Zoomed in, operators of less than a few pixels are one block of shares, not strokes.
    void narrowOperatorsAreOneBlock()
    {
        const Scenario scenario = pictures::scenarioOf(pictures::caseNamed("8 H100, TP 8"));
        const Report report = evaluate(scenario);
        const ViewInput input{scenario, report, {1000, 300}, light(), {}, {}};
        TimelineOptions options;
        options.visible[0] = {0, report.prefill.timeline.duration * 0.4};
        Scene scene;
        buildTimeline(input, options, scene);
        const TimelineLayout layout = timelineLayout(input, options);
        const QRectF row = layout.rowRect(layout.panels[0], 0);
        int blocks = 0;
        for (const SceneItem& item : scene.items)
            if (item.kind == SceneItem::Kind::Fill && row.contains(item.rect.center()) && item.fill == light().color(Cause::Communication))
                ++blocks;
        QVERIFY2(blocks > 20, "each layer shows its communication");
        for (const HitRegion& hit : scene.hits)
            if (hit.subject.kind == Kind::Operator && row.contains(hit.rect.center()) && hit.rect.left() > row.left()
                && hit.rect.right() < row.right())
                QVERIFY2(hit.rect.width() >= 4, qPrintable(QString::number(hit.rect.width())));
    }
};

QTEST_MAIN(TestTimelineLanes)
#include "tst_timelinelanes.moc"
