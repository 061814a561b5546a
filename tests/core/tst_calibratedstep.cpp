// SPDX-License-Identifier: Apache-2.0
// Steps under an engine's constants, and steps that decode and prefill at once.
#include "core/cost/operators.h"
#include "core/scenario/catalog.h"
#include "tests/core/randomscenario.h"

#include <QtTest>

using namespace shardlens;

namespace {

double total(const PieceTimes& times, const Model& model)
{
    double sum = times.embedding + times.head;
    for (const std::uint8_t kind : model.layers)
        sum += times.layers[kind];
    return sum;
}

StepConstants slower()
{
    StepConstants c;
    for (auto& kernel : c.kernels)
        for (KernelConstants& k : kernel)
            k = {0.6, 0.7, 0.3, 4e-6};
    c.collectives = {CollectiveConstants{5e-6, 0.6}, CollectiveConstants{12e-6, 0.5}};
    c.elementwisePasses = 3;
    c.elementwise = 2e-6;
    c.step = 400e-6;
    c.perSequence = 3e-6;
    c.perToken = 20e-9;
    return c;
}

} // namespace

class TestCalibratedStep : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aMixedStepOfOneKindIsThatKind();
    void aMixedStepCostsLessThanItsParts();
    void constantsOnlySlowDown();
    void overheadIsBooked();
};

namespace {

StepTokens decodeOf(const Scenario& s)
{
    return {s.workload.batch, 1, s.workload.meanContext(), true, true};
}

StepTokens promptOf(const Scenario& s)
{
    return {1, s.workload.input, 0, false, true};
}

/// Scenarios whose operators do not depend on how a prompt is spread over SP ranks.
Scenario plain(test::Random& random)
{
    while (true) {
        Scenario s = random.scenario();
        if (s.plan.sequence() == 1 && s.plan.options.overlap == 0 && s.workload.routing == Routing{})
            return s;
    }
}

} // namespace

void TestCalibratedStep::aMixedStepOfOneKindIsThatKind()
{
    test::Random random(11);
    for (int i = 0; i < 400; ++i) {
        const Scenario s = plain(random);
        const StepConstants constants = i % 2 == 0 ? StepConstants{} : slower();
        const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing, StepDetail::Times, constants);
        PieceTimes mixed;
        PieceTimes alone;
        step.mixedTimes({}, std::vector{promptOf(s)}, mixed);
        step.pieceTimes(promptOf(s), alone);
        const double prompt = total(alone, *s.model);
        QVERIFY2(std::abs(total(mixed, *s.model) - prompt) <= 1e-9 * prompt, s.model->id.c_str());
        step.mixedTimes(decodeOf(s), {}, mixed);
        step.pieceTimes(decodeOf(s), alone);
        const double token = total(alone, *s.model);
        // Exchanges of experts are compiled for prefill where a step mixes both.
        QVERIFY2(std::abs(total(mixed, *s.model) - token) <= 1e-9 * token, (s.model->id + " " + std::to_string(token)).c_str());
    }
}

void TestCalibratedStep::aMixedStepCostsLessThanItsParts()
{
    test::Random random(12);
    for (int i = 0; i < 400; ++i) {
        const Scenario s = plain(random);
        const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing, StepDetail::Times, slower());
        PieceTimes times;
        step.mixedTimes(decodeOf(s), std::vector{promptOf(s)}, times);
        const double both = total(times, *s.model);
        step.pieceTimes(decodeOf(s), times);
        const double token = total(times, *s.model);
        step.pieceTimes(promptOf(s), times);
        const double prompt = total(times, *s.model);
        QVERIFY2(both >= std::max(token, prompt) * (1 - 1e-9), s.model->id.c_str());
        QVERIFY2(both <= (token + prompt) * (1 + 1e-9), s.model->id.c_str());
    }
}

void TestCalibratedStep::constantsOnlySlowDown()
{
    test::Random random(13);
    for (int i = 0; i < 400; ++i) {
        const Scenario s = random.scenario();
        const StepModel ideal(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing, StepDetail::Times);
        const StepModel real(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing, StepDetail::Times, slower());
        for (const StepTokens& tokens : {decodeOf(s), promptOf(s)}) {
            PieceTimes a;
            PieceTimes b;
            ideal.pieceTimes(tokens, a);
            real.pieceTimes(tokens, b);
            for (std::size_t kind = 0; kind < a.layers.size(); ++kind)
                QVERIFY(b.layers[kind] > a.layers[kind]);
            QVERIFY(b.embedding > a.embedding);
            QVERIFY(b.head >= a.head);
        }
    }
}

void TestCalibratedStep::overheadIsBooked()
{
    test::Random random(14);
    for (int i = 0; i < 100; ++i) {
        const Scenario s = random.scenario();
        const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing, StepDetail::Rows, slower());
        std::vector<OperatorCost> rows;
        step.embeddingOperators(decodeOf(s), rows);
        QCOMPARE(rows.front().breakdown[Cause::Overhead],
                 slower().step + static_cast<double>(ceilDiv(s.workload.batch, s.plan.attentionData())) * slower().perToken);
        for (int kind = 0; kind < static_cast<int>(s.model->kinds.size()); ++kind)
            step.layerOperators(kind, decodeOf(s), rows);
        for (const OperatorCost& op : rows) {
            QVERIFY(std::abs(op.breakdown.total() - op.time) <= 1e-12 * op.time);
            QCOMPARE(op.breakdown[Cause::Overhead], op.overheadTime);
        }
    }
}

QTEST_APPLESS_MAIN(TestCalibratedStep)
#include "tst_calibratedstep.moc"
