// SPDX-License-Identifier: Apache-2.0
// The sharding that the algebra derives for an operator is the one that its costs are computed from: local shapes and collectives agree for
// every operator of random models and plans.
#include "core/cost/operatorsharding.h"
#include "core/scenario/evaluate.h"
#include "tests/core/randomscenario.h"

#include <QtTest>

#include <array>

using namespace shardlens;

namespace {

/// What one device holds of the dimension of `array` that is named so; 0 when it has none.
std::int64_t local(const OperatorSharding& s, const ShardedArray& array, const std::string& name)
{
    const int at = array.find(name);
    return at < 0 ? 0 : localSize(s.mesh, array.dims[static_cast<std::size_t>(at)]);
}

} // namespace

class TestOperatorSharding : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void derivedIsWhatIsCosted()
    {
        test::Random random(11);
        std::array<int, kOpCount> seen{};
        std::array<int, 6> collectives{};
        int shapes = 0;
        for (int round = 0; round < 1500; ++round) {
            const Scenario s = random.scenario();
            const Report report = evaluate(s);
            for (const PhaseReport* phase : {&report.prefill, &report.decode})
                for (const OperatorCost& op : phase->operators) {
                    const OperatorSharding derived = shardingOf(op, s.plan);
                    const std::string text = print(derived);
                    const std::string context = s.model->id + " " + std::string(nameOf(op.op)) + ": " + text;
                    ++seen[static_cast<std::size_t>(op.op)];
                    QVERIFY2(!problemOf(derived.mesh, derived.result) && !derived.result.dims.empty(), context.c_str());
                    if (op.collective != Collective::Send) {
                        QVERIFY2(derived.collective() == op.collective, context.c_str());
                        ++collectives[static_cast<std::size_t>(op.collective)];
                    }
                    if (!derived.right)
                        continue;
                    // The text is the notation.
                    const Result<ShardingExpression> parsed =
                        parseSharding(printSharding({derived.left, derived.right, derived.result}, derived.mesh), derived.mesh);
                    QVERIFY2(parsed.ok(), context.c_str());
                    if (op.sharding == Sharding::HeadsReplicated || op.op == Op::Embedding)
                        continue; // KV heads are held more often than once; a table is looked up, not multiplied
                    for (const ShardedDim& dim : derived.left.dims)
                        if (derived.right->find(dim.name) >= 0 && derived.result.find(dim.name) < 0 && op.local.k > 0
                            && op.global.k % s.plan.stageDevices() == 0) {
                            QVERIFY2(local(derived, derived.left, dim.name) == op.local.k, context.c_str());
                            ++shapes;
                        }
                    const bool divides = op.global.n % s.plan.stageDevices() == 0;
                    if (const std::string& last = derived.result.dims.back().name; op.local.n > 0 && divides) {
                        // Groups of a linear layer, as KV heads, may be held more often than once.
                        const std::int64_t share = local(derived, derived.result, last);
                        QVERIFY2(op.op == Op::LinearInput ? share <= op.local.n : share == op.local.n, context.c_str());
                        ++shapes;
                    }
                }
        }
        QVERIFY(shapes > 10'000);
        int kinds = 0;
        for (const int times : seen)
            kinds += times > 0 ? 1 : 0;
        QVERIFY2(kinds >= 25, QByteArray::number(kinds).constData());
        for (const Collective kind : {Collective::AllReduce, Collective::AllGather, Collective::AllToAll})
            QVERIFY(collectives[static_cast<std::size_t>(kind)] > 50);
    }

    void printed()
    {
        Plan plan;
        plan[PlanAxis::Tensor] = 8;
        OperatorCost op;
        op.op = Op::OutputProjection;
        op.sharding = Sharding::Row;
        op.collective = Collective::AllReduce;
        op.global = {64, 8192, 8192, 1};
        op.local = {64, 1024, 8192, 1};
        QCOMPARE(print(shardingOf(op, plan)), std::string("o[T, NH_TP8] . WO[NH_TP8, D] -> y[T, D] {U_TP8}; AllReduce over TP8"));
        op.collective = Collective::ReduceScatter;
        QCOMPARE(print(shardingOf(op, plan)), std::string("o[T, NH_TP8] . WO[NH_TP8, D] -> y[T, D] {U_TP8}; ReduceScatter over TP8"));
        op.op = Op::LmHead;
        op.collective = Collective::AllGather;
        QCOMPARE(print(shardingOf(op, plan)), std::string("x[T, D] . WV[D, V_TP8] -> z[T, V_TP8]; AllGather over TP8"));
        op.op = Op::MlpUp;
        QCOMPARE(print(shardingOf(op, plan)), std::string("AllGather over TP8; x[T, D] . W[D, F_TP8] -> h[T, F_TP8]"));
        plan[PlanAxis::Expert] = 4;
        op.op = Op::ExpertDown;
        op.collective = Collective::None;
        QCOMPARE(print(shardingOf(op, plan)), std::string("h[E_EP4, T', F_ETP2] . W[E_EP4, F_ETP2, D] -> y[E_EP4, T', D] {U_ETP2}"));
        QCOMPARE(legend(shardingOf(op, plan)), std::string("T' tokens of an expert, D model width, F intermediate width, E experts"));
        op.op = Op::Combine;
        op.collective = Collective::AllReduce;
        QCOMPARE(print(shardingOf(op, plan)), std::string("y[T, D] {U_{ETP2,EP4}} -> y[T, D]; AllReduce over {ETP2,EP4}"));
    }
};

QTEST_APPLESS_MAIN(TestOperatorSharding)
#include "tst_operatorsharding.moc"
