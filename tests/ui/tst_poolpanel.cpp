// SPDX-License-Identifier: Apache-2.0
// The controls of disaggregated pools through the real window: one undo step each, reasons where a pool cannot be.
#include "core/scenario/serve.h"
#include "tests/ui/windowfixture.h"
#include "ui/controls/controlpanel.h"
#include "ui/controls/legalslider.h"
#include "ui/controls/numberfield.h"
#include "ui/controls/picker.h"
#include "ui/controls/poolpanel.h"
#include "ui/controls/segmented.h"

using namespace shardlens;

namespace {

int indexOf(const LegalSlider& slider, int value)
{
    for (std::size_t i = 0; i < slider.choices().size(); ++i)
        if (slider.choices()[i].value == value)
            return static_cast<int>(i);
    return -1;
}

} // namespace

class PoolPanelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { failOnUnexpectedMessages(); }

    void eachControlIsOneStep()
    {
        WindowFixture fixture;
        PoolPanel& panel = fixture.window.controls().pools();
        panel.setShown(true);
        const Scenario before = fixture.document.scenario();
        const int start = fixture.document.undoStack().count();
        Q_EMIT panel.mode().chosen(1);
        QVERIFY(fixture.document.scenario().serving.pools.has_value());
        const auto pools = [&fixture]() -> const ServingSettings::Pools& { return *fixture.document.scenario().serving.pools; };

        LegalSlider& slider = panel.slider(0, PlanAxis::Tensor);
        const int two = indexOf(slider, 2);
        QVERIFY(two >= 0 && slider.choices()[static_cast<std::size_t>(two)].legal);
        QVERIFY(before.plan.tensor() != 2);
        Q_EMIT slider.valueChosen(two, false);
        QCOMPARE(pools().prefill.plan.tensor(), 2);
        QCOMPARE(pools().decode.plan.tensor(), before.plan.tensor());
        Q_EMIT panel.workers(1).typed(3);
        QCOMPARE(pools().decode.workers, 3);
        QCOMPARE(fixture.document.report().serving.pools->decodeWorkers, 3);
        const auto& clusters = fixture.document.catalog().clusters;
        int other = 0;
        for (std::size_t i = 0; i < clusters.size(); ++i)
            if (clusters[i]->id == "gb200-nvl72")
                other = static_cast<int>(i) + 1;
        QVERIFY(other > 0);
        Q_EMIT panel.cluster(1).chosen(other);
        QVERIFY(pools().decode.cluster && pools().decode.cluster->id == "gb200-nvl72");
        QCOMPARE(fixture.document.undoStack().count(), start + 4);
        const Scenario after = fixture.document.scenario();
        while (fixture.document.undoStack().count() > 0 && fixture.document.undoStack().canUndo())
            fixture.document.undoStack().undo();
        QVERIFY(fixture.document.scenario() == before);
        while (fixture.document.undoStack().canRedo())
            fixture.document.undoStack().redo();
        QVERIFY(fixture.document.scenario() == after);
        const QString file = fixture.directory.filePath(QStringLiteral("pools.shardlens"));
        QVERIFY(fixture.document.save(file).ok());
        fixture.document.reset();
        QVERIFY(!fixture.document.scenario().serving.pools);
        QVERIFY(fixture.document.open(file).ok());
        QVERIFY(fixture.document.scenario() == after);
        QCOMPARE(panel.workers(1).value(), 3);
    }

    /// Every axis that the command line takes of a pool has its slider, and sets just that axis of that pool.
    void everyAxisOfAWorkerCanBeSet()
    {
        WindowFixture fixture;
        PoolPanel& panel = fixture.window.controls().pools();
        panel.setShown(true);
        Q_EMIT panel.mode().chosen(1);
        Scenario wide = fixture.document.scenario();
        wide.serving.pools->prefill.plan = {};
        wide.serving.pools->prefill.plan[PlanAxis::Tensor] = 2;
        fixture.document.edit(wide, QStringLiteral("TP 2"));
        for (const PlanAxis axis : {PlanAxis::Data, PlanAxis::Sequence, PlanAxis::AttentionData, PlanAxis::Pipeline}) {
            const Plan decode = fixture.document.scenario().serving.pools->decode.plan;
            LegalSlider& slider = panel.slider(0, axis);
            const int two = indexOf(slider, 2);
            QVERIFY2(two >= 0 && slider.choices()[static_cast<std::size_t>(two)].legal, shortNameOf(axis).data());
            Q_EMIT slider.valueChosen(two, false);
            QCOMPARE(fixture.document.scenario().serving.pools->prefill.plan[axis], 2);
            QVERIFY(fixture.document.scenario().serving.pools->decode.plan == decode);
            fixture.document.undoStack().undo();
        }
    }

    void dragIsOneStep()
    {
        WindowFixture fixture;
        PoolPanel& panel = fixture.window.controls().pools();
        panel.setShown(true);
        Q_EMIT panel.mode().chosen(1);
        LegalSlider& slider = panel.slider(1, PlanAxis::Tensor);
        const int steps = fixture.document.undoStack().count();
        for (const int value : {2, 4, 8, 1})
            Q_EMIT slider.valueChosen(indexOf(slider, value), true);
        Q_EMIT slider.dragEnded();
        QCOMPARE(fixture.document.scenario().serving.pools->decode.plan.tensor(), 1);
        QCOMPARE(fixture.document.undoStack().count(), steps + 1);
    }

    void reasonsAreShown()
    {
        WindowFixture fixture;
        PoolPanel& panel = fixture.window.controls().pools();
        panel.setShown(true);
        Q_EMIT panel.mode().chosen(1);
        QVERIFY(panel.problem(0).isEmpty());
        Q_EMIT panel.slider(0, PlanAxis::Tensor).valueChosen(indexOf(panel.slider(0, PlanAxis::Tensor), 1), false);
        Q_EMIT panel.slider(0, PlanAxis::Pipeline).valueChosen(indexOf(panel.slider(0, PlanAxis::Pipeline), 1), false);
        QVERIFY2(panel.problem(0).contains(QStringLiteral("memory")) || panel.problem(0).contains(QStringLiteral("room")),
                 qPrintable(panel.problem(0)));
        QVERIFY(panel.problem(1).isEmpty());
        Scenario broken = fixture.document.scenario();
        broken.serving.pools->decode.plan[PlanAxis::Tensor] = 6;
        fixture.document.edit(broken, QStringLiteral("broken"));
        QVERIFY2(panel.problem(1).contains(QStringLiteral("6")), qPrintable(panel.problem(1)));
        // Illegal values are there and say why.
        bool illegal = false;
        for (const AxisChoice& choice : panel.slider(0, PlanAxis::Tensor).choices())
            illegal = illegal || !choice.legal;
        QVERIFY(illegal);
    }
};

QTEST_MAIN(PoolPanelTest)
#include "tst_poolpanel.moc"
