// SPDX-License-Identifier: Apache-2.0
// What a query may attend to: everything before it, a window, a chunk. Counts by hand, against a count token by token, and in the figures
// that hang on them.
#include "core/cost/operators.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "core/scenario/explain.h"
#include "core/schedule/pieces.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

using namespace shardlens;

namespace {

/// Keys that the token at `position` sees, itself included.
std::int64_t keysSeen(std::int64_t position, Reach reach)
{
    if (reach < 0)
        return position % static_cast<std::int64_t>(-reach) + 1;
    return reach > 0 ? std::min(position + 1, static_cast<std::int64_t>(reach)) : position + 1;
}

/// Eight query heads and two KV heads of 64 that see chunks of `chunk` tokens, or a window of as many.
Model small(int chunk, bool chunked)
{
    Model m;
    m.id = "small";
    m.name = "Small";
    m.hidden = 1024;
    m.vocabulary = 32'000;
    LayerKind kind;
    kind.attention.queryHeads = 8;
    kind.attention.kvHeads = 2;
    kind.attention.headDim = 64;
    kind.attention.window = chunk;
    kind.attention.chunked = chunked;
    kind.feedForward.intermediate = 4096;
    m.kinds = {kind};
    m.layers = {0, 0};
    return m;
}

OperatorCost rowOf(const Model& model, const Plan& plan, const StepTokens& tokens, Op op)
{
    const StepModel step(model, *builtinCatalog().cluster("p5.48xlarge"), {}, plan, {});
    std::vector<OperatorCost> rows;
    step.layerOperators(0, tokens, rows);
    for (const OperatorCost& row : rows)
        if (row.op == op)
            return row;
    return {};
}

Scenario scoutAt(int input, int output)
{
    Scenario s = test::scenarioOf("llama-4-scout", "p5.48xlarge");
    s.plan[PlanAxis::Tensor] = 8;
    s.workload = {1, input, output};
    return s;
}

} // namespace

class TestReach : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pairsByHand()
    {
        // Chunks of four: 1 2 3 4 | 1 2 3 4 | 1 2.
        QCOMPARE(causalPairs(0.0, 10.0, -4), 23.0);
        QCOMPARE(causalPairs(3.0, 3.0, -4), 7.0); // 4 | 1 2
        QCOMPARE(causalPairs(4.0, 4.0, -4), 10.0);
        QCOMPARE(causalPairs(0.0, 4.0, 4), 10.0);
        QCOMPARE(causalPairs(3.0, 3.0, 4), 12.0);
        QCOMPARE(causalPairs(3.0, 3.0, 0), 15.0);
        // A million tokens in chunks of 8,192: 122 whole ones and 576 tokens.
        QCOMPARE(causalPairs(0.0, 1e6, -8192), 122.0 * 8192 * 8193 / 2 + 576.0 * 577 / 2);
    }

    void pairsAgainstACount()
    {
        test::Random random(11);
        for (int round = 0; round < 10'000; ++round) {
            const std::int64_t past = random.between(0, 3000);
            const std::int64_t count = random.between(1, 300);
            const int size = random.between(1, 700);
            for (const Reach reach : {0.0, static_cast<double>(size), -static_cast<double>(size)}) {
                std::int64_t pairs = 0;
                for (std::int64_t i = 0; i < count; ++i)
                    pairs += keysSeen(past + i, reach);
                QCOMPARE(causalPairs(static_cast<double>(past), static_cast<double>(count), reach), static_cast<double>(pairs));
                // One context: what its last token sees. Many: their mean.
                const PieceTokens<double> step{1, 1, static_cast<double>(past + 1)};
                QCOMPARE(decodeKeys(step, reach), static_cast<double>(keysSeen(past, reach)));
                if (reach != 0) {
                    const auto middle = static_cast<double>(past + (count + 1) / 2);
                    const PieceTokens<double> steps{1, 1, middle, static_cast<double>(count)};
                    QCOMPARE(decodeKeys(steps, reach), static_cast<double>(pairs) / static_cast<double>(count));
                }
            }
        }
    }

    void keysThatAPieceReads()
    {
        StepTable table;
        // Positions 10 to 14 in chunks of four: the first sees from 8 on.
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 5, 10}, -4), 7.0);
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 5, 8}, -4), 5.0);
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 5, 10}, 4), 9.0);
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 5, 10}, 0), 15.0);
        table.decode = true;
        table.sequence = 2;
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 1, 11}, -4), 2.0); // 8, 9, 10 over two ranks
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 1, 12}, -4), 2.0);
        QCOMPARE(keysOf(table, PieceTokens<double>{1, 1, 13}, -4), 1.0);
    }

    void decodeStepsOfARequest()
    {
        // Prompt 8,000 and 1,000 more: contexts 8,001 ... 8,999, of which 192 fill the first chunk up and 807 begin the second.
        const StepTokens tokens = decodePiece({1, 8000, 1000, {}}, 1);
        QCOMPARE(tokens.contexts, std::int64_t{999});
        const double sum = 192 * (8001.0 + 8192) / 2 + 807 * 808.0 / 2;
        QCOMPARE(decodeKeys(tokens.scalars(), -8192), sum / 999);
        // An even number of steps; one step; none.
        QCOMPARE(decodeKeys(decodePiece({1, 5, 5, {}}, 1).scalars(), -4), (2.0 + 3 + 4 + 1) / 4); // contexts 6 7 8 9
        QCOMPARE(decodeKeys(decodePiece({1, 8, 2, {}}, 1).scalars(), -4), 1.0);
        QCOMPARE(decodeKeys(decodePiece({1, 8, 1, {}}, 1).scalars(), -4), 4.0);
    }

    void operatorsOfChunks()
    {
        const Model model = small(4, true);
        Plan plan;
        // Three sequences, tokens 3, 4 and 5: 4 + 1 + 2 pairs, keys from 0 on.
        const StepTokens piece{3, 3, 3, false, true};
        const OperatorCost scores = rowOf(model, plan, piece, Op::AttentionScores);
        QCOMPARE(scores.flop, 2.0 * 8 * 64 * 3 * 7);
        QCOMPARE(scores.kvBytes + rowOf(model, plan, piece, Op::AttentionValues).kvBytes, 3 * 6 * 2.0 * 2 * 64 * 2);
        QCOMPARE(scores.local.n, std::int64_t{6});
        const OperatorCost decode = rowOf(model, plan, {3, 1, 7, true, true}, Op::AttentionScores); // position 6: third of its chunk
        QCOMPARE(decode.flop, 2.0 * 8 * 64 * 3 * 3);
        QCOMPARE(decode.local.n, std::int64_t{3});
        plan.options.fusedAttention = false;
        QCOMPARE(rowOf(model, plan, piece, Op::AttentionScores).flop, 2.0 * 8 * 64 * 3 * 3 * 6); // masked ones too
        plan = {};
        plan[PlanAxis::Sequence] = 2;
        // Of 1,000 tokens behind 3,000, in chunks of 512: the first query's chunk begins at 2,560.
        QCOMPARE(rowOf(small(512, true), plan, {1, 1000, 3000, false, true}, Op::SequenceGather).payloadBytes, 1440.0 * 2 * 2 * 64 * 2);
    }

    void usefulWorkOfChunks()
    {
        const Model chunked = small(4, true);
        const Model whole = small(0, false);
        const StepTokens piece{3, 3, 3, false, true};
        const StepTokens step{3, 1, 7, true, true};
        const double each = 2.0 * 8 * 128 * 2; // FLOP of a pair: keys and values, two layers
        QCOMPARE(usefulFlop(whole, piece) - usefulFlop(chunked, piece), each * 3 * (15 - 7));
        QCOMPARE(usefulFlop(whole, step) - usefulFlop(chunked, step), each * 3 * (7 - 3));
    }

    /// A chunk is never more than a window of its size, which is never more than everything; up to its size all are the same.
    void chunksStayBelowWindows()
    {
        test::Random random(12);
        for (int round = 0; round < 2000; ++round) {
            const int size = random.between(1, 5000);
            const auto past = static_cast<double>(random.between(0, 20'000));
            const auto count = static_cast<double>(random.between(1, 5000));
            const double chunk = causalPairs(past, count, -size);
            const double window = causalPairs(past, count, size);
            const double all = causalPairs(past, count, 0);
            QVERIFY(chunk <= window && window <= all);
            if (past + count <= size)
                QVERIFY(chunk == all && window == all);
            // However a prompt is cut, its pieces have the pairs of the whole.
            const auto first = static_cast<double>(random.between(1, 5000));
            for (const Reach reach : {0.0, static_cast<double>(size), -static_cast<double>(size)})
                QCOMPARE(causalPairs(past, first, reach) + causalPairs(past + first, count, reach),
                         causalPairs(past, first + count, reach));
        }
    }

    void reportOfLlama4()
    {
        // Scout, TP 8: one KV head of 128 and five query heads on each device. The first decode step of the second chunk sees one key.
        const Scenario s = scoutAt(8192, 2);
        const Report r = evaluate(s);
        QVERIFY(r.legal);
        double kv[2] = {};
        for (const OperatorCost& op : r.decode.operators)
            if (op.op == Op::AttentionScores || op.op == Op::AttentionValues)
                kv[op.kind] += op.kvBytes;
        QCOMPARE(kv[0], 1.0 * 2 * 128 * 2);
        QCOMPARE(kv[1], 8193.0 * 2 * 128 * 2);
        // Its cache has been a whole chunk.
        Scenario longer = scoutAt(20'000, 1000);
        longer.reserve = Bytes{0};
        QCOMPARE(evaluate(longer).memory.limiting().kv, (Bytes{36} * 8192 + Bytes{12} * 21'000) * 2 * 128 * 2);
    }

    void explanationOfLlama4()
    {
        const Scenario s = scoutAt(8000, 1000);
        const Report r = evaluate(s);
        Subject subject;
        subject.kind = Subject::Kind::Operator;
        subject.phase = Phase::Decode;
        for (std::size_t i = 0; i < r.decode.operators.size(); ++i)
            if (r.decode.operators[i].op == Op::AttentionScores && r.decode.operators[i].kind == 0)
                subject.op = static_cast<int>(i);
        const Explanation e = explain(s, r, subject);
        QString notes;
        for (const std::string& note : e.notes)
            notes += QString::fromStdString(note) + QLatin1Char('\n');
        QVERIFY2(
            notes.contains(QStringLiteral("Chunks of 8,192 tokens: the token at position p of its chunk sees p + 1 keys; keys read are "
                                          "the mean over the contexts 8,001 to 8,999 of the decode steps")),
            qPrintable(notes));
        QVERIFY(!notes.contains(QStringLiteral("upper bound")));
    }
};

QTEST_APPLESS_MAIN(TestReach)
#include "tst_reach.moc"
