// SPDX-License-Identifier: Apache-2.0
// Each mechanism of a step by hand: a small model, one layer, numbers that can be worked out on paper.
#include "core/cost/operators.h"
#include "core/hardware/resize.h"
#include "core/scenario/catalog.h"
#include "core/scenario/evaluate.h"
#include "randomscenario.h"
#include "scenarios.h"

#include <QTest>

using namespace shardlens;

namespace {

const OperatorCost none;

const OperatorCost& find(const std::vector<OperatorCost>& operators, Op op)
{
    for (const OperatorCost& cost : operators)
        if (cost.op == op)
            return cost;
    return none;
}

bool has(const std::vector<OperatorCost>& operators, Op op)
{
    return &find(operators, op) != &none;
}

bool near(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

/// Hidden 1,024; eight query heads, two KV heads of 64; gated MLP of 4,096. One layer.
Model small()
{
    Model m;
    m.id = "small";
    m.hidden = 1024;
    m.vocabulary = 32'000;
    LayerKind kind;
    kind.attention.queryHeads = 8;
    kind.attention.kvHeads = 2;
    kind.attention.headDim = 64;
    kind.feedForward.intermediate = 4096;
    m.kinds = {kind};
    m.layers = {0};
    return m;
}

/// 64 experts of 512, four per token.
Model mixture()
{
    Model m = small();
    FeedForward& f = m.kinds.front().feedForward;
    f.intermediate = 0;
    f.experts = 64;
    f.topK = 4;
    f.expertIntermediate = 512;
    return m;
}

/// An eighth of the case's host: switch of eight, 450 GB/s each.
struct Case {
    Model model = small();
    Cluster cluster = *builtinCatalog().cluster("p5.48xlarge");
    Formats formats;
    Plan plan;
    Routing routing;

    [[nodiscard]] StepModel step() const { return StepModel(model, cluster, formats, plan, routing); }
    [[nodiscard]] std::vector<OperatorCost> layer(const StepTokens& tokens, int kind = 0) const
    {
        std::vector<OperatorCost> rows;
        step().layerOperators(kind, tokens, rows);
        return rows;
    }
    [[nodiscard]] std::vector<OperatorCost> decode(std::int64_t sequences, std::int64_t context) const
    {
        return layer({sequences, 1, context, true, true});
    }
    [[nodiscard]] std::vector<OperatorCost> prefill(std::int64_t sequences, std::int64_t tokens, std::int64_t past = 0) const
    {
        return layer({sequences, tokens, past, false, true});
    }
    [[nodiscard]] double bandwidth() const { return cluster.accelerator.memoryBandwidth; }
};

double timeOf(const std::vector<OperatorCost>& rows)
{
    double sum = 0;
    for (const OperatorCost& row : rows)
        sum += row.time;
    return sum;
}

} // namespace

class TestMechanisms : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void formatsByClass()
    {
        Case c;
        c.formats.weights = NumberFormat::Fp8Block;
        c.formats.compute = ComputeFormat::Fp8;
        c.formats.kv = NumberFormat::Bf16;
        c.formats.own[static_cast<std::size_t>(WeightClass::Mlp)] = NumberFormat::Mxfp4;
        c.formats.own[static_cast<std::size_t>(WeightClass::Embedding)] = NumberFormat::Bf16;
        const auto rows = c.decode(4, 100);
        // O: [512, 1024] in fp8, one fp32 scale for each of 4 x 8 blocks.
        QVERIFY(near(find(rows, Op::OutputProjection).weightBytes, 512.0 * 1024 + 4 * 8 * 4));
        // Gate and up in mxfp4: half a byte and 1/32 byte of scale.
        QVERIFY(near(find(rows, Op::MlpUp).weightBytes, 2 * 1024.0 * 4096 * (0.5 + 1.0 / 32)));
        // The cache is bf16: attention is multiplied in bf16; matrices in fp8; the bf16 head in bf16.
        QCOMPARE(find(rows, Op::OutputProjection).arithmetic, ComputeFormat::Fp8);
        QCOMPARE(find(rows, Op::MlpUp).arithmetic, ComputeFormat::Fp8);
        const OperatorCost& qk = find(rows, Op::AttentionScores);
        QCOMPARE(qk.arithmetic, ComputeFormat::Bf16);
        QVERIFY(near(qk.computeTime, qk.flop / c.cluster.accelerator.peakOf(ComputeFormat::Bf16)));
        std::vector<OperatorCost> head;
        c.step().headOperators({4, 1, 100, true, true}, head);
        QCOMPARE(find(head, Op::LmHead).arithmetic, ComputeFormat::Bf16);
        QVERIFY(near(find(head, Op::LmHead).weightBytes, 1024.0 * 32'000 * 2));
        c.formats.kv = NumberFormat::Fp8;
        QCOMPARE(find(c.decode(4, 100), Op::AttentionScores).arithmetic, ComputeFormat::Fp8);
    }

    void gatesAndValueHeads()
    {
        Case c;
        c.model.kinds[0].attention.outputGate = true;
        c.model.kinds[0].attention.valueHeadDim = 128;
        const auto rows = c.decode(4, 100);
        // Queries and gates 2 x 8 x 64, keys 2 x 64, values 2 x 128.
        QCOMPARE(find(rows, Op::QkvProjection).local.n, std::int64_t{1024 + 128 + 256});
        QVERIFY(near(find(rows, Op::QkvProjection).flop, 2.0 * 4 * 1024 * 1408));
        QVERIFY(near(find(rows, Op::AttentionScores).flop, 2.0 * 4 * 8 * 64 * 100));
        QVERIFY(near(find(rows, Op::AttentionValues).flop, 2.0 * 4 * 8 * 128 * 100));
        QVERIFY(near(find(rows, Op::AttentionScores).kvBytes, 4.0 * 100 * 2 * 64 * 2));
        QVERIFY(near(find(rows, Op::AttentionValues).kvBytes, 4.0 * 100 * 2 * 128 * 2));
        QCOMPARE(find(rows, Op::OutputProjection).local.k, std::int64_t{8 * 128});
    }

    void unfusedAttentionWritesItsScores()
    {
        Case c;
        const auto fused = c.prefill(3, 100);
        QVERIFY(near(find(fused, Op::AttentionScores).flop, 3 * 2.0 * 8 * 64 * 5050)); // 100 x 101 / 2 pairs
        QVERIFY(!has(fused, Op::AttentionSoftmax));
        c.plan.options.fusedAttention = false;
        const auto rows = c.prefill(3, 100);
        QVERIFY(near(find(rows, Op::AttentionScores).flop, 3 * 2.0 * 8 * 64 * 100 * 100)); // the mask saves nothing
        // Scores written; read and written again as probabilities; read: two bytes each, beside queries and outputs of 64 per head.
        const double matrix = 3 * 2.0 * 8 * 100 * 100;
        QVERIFY(near(find(rows, Op::AttentionScores).activationBytes, matrix + 3 * 2.0 * 8 * 64 * 100));
        QVERIFY(near(find(rows, Op::AttentionSoftmax).activationBytes, 2 * matrix));
        QVERIFY(near(find(rows, Op::AttentionValues).activationBytes, matrix + 3 * 2.0 * 8 * 64 * 100));
        QVERIFY(timeOf(rows) > timeOf(fused));
        // A piece after 50 cached tokens sees 150 keys.
        QVERIFY(near(find(c.prefill(3, 100, 50), Op::AttentionSoftmax).activationBytes, 3 * 2 * 2.0 * 8 * 100 * 150));
    }

    void limitsBoundWhatIsExchanged()
    {
        // Mixtral-8x7B, an expert on each of eight ranks, 64 prompts of 512: with factor 1 an expert takes 32,768 x 2 / 8 rows of 4,096.
        Scenario s = test::scenarioOf("mixtral-8x7b", "p5.48xlarge");
        s.workload = {64, 512, 2, {0.5, 1, true}};
        s.plan[PlanAxis::AttentionData] = s.plan[PlanAxis::Expert] = 8;
        const Report limited = evaluate(s);
        QVERIFY(near(find(limited.prefill.operators, Op::Dispatch).payloadBytes, 8192.0 * 4096 * 2, 1e-9));
        QVERIFY(near(find(limited.prefill.operators, Op::Combine).payloadBytes, 8192.0 * 4096 * 2, 1e-9));
        QVERIFY(limited.prefill.droppedPairs > 0.1);
        // Enough room everywhere drops nothing, not even what rounding leaves.
        s.workload.routing = {0, 1, false};
        const Report overflowing = evaluate(s);
        QCOMPARE(overflowing.prefill.droppedPairs, 0.0);
        for (const Finding& finding : overflowing.warnings)
            QVERIFY(finding.rule != Rule::DroppedTokens);
    }

    void deltaRuleByHand()
    {
        // Qwen3-Next's shape at an eighth: 2 key heads, 4 value heads of 128, convolution of 4 over 2 x 256 + 512 channels.
        Case c;
        Attention& a = c.model.kinds[0].attention;
        a = {};
        a.kind = AttentionKind::Linear;
        a.linear = {.kind = LinearKind::GatedDelta, .keyHeads = 2, .keyDim = 128, .valueHeads = 4, .valueDim = 128, .convKernel = 4};
        const auto rows = c.decode(16, 1000);
        // q 256, k 256, v 512, gate 512, b 4, a 4.
        QVERIFY(near(find(rows, Op::LinearInput).flop, 2.0 * 16 * 1024 * 1544));
        QVERIFY(near(find(rows, Op::Convolution).flop, 2.0 * 16 * 4 * 1024));
        QVERIFY(near(find(rows, Op::Convolution).kvBytes, 16.0 * 2 * 3 * 1024 * 2)); // three columns in and out, bf16
        // S decays, S k, outer product, S q: 7 FLOP an element; read and written once in fp32.
        const OperatorCost& state = find(rows, Op::StateUpdate);
        QVERIFY(near(state.flop, 16.0 * 4 * 128 * 128 * 7));
        QVERIFY(near(state.kvBytes, 16.0 * 4 * 128 * 128 * 4 * 2));
        QCOMPARE(find(rows, Op::OutputProjection).local.k, std::int64_t{512});
        // Nothing grows with the context.
        QCOMPARE(timeOf(c.decode(16, 100'000)), timeOf(rows));
        // Prefill of 130 tokens: three chunks of 64. Per token 2 C (3 d_k + 2 d_v) + C^2 / 3 + 6 d_k d_v.
        const auto prompt = c.prefill(2, 130);
        const double each = 2 * 64 * (3 * 128 + 2 * 128) + 64 * 64 / 3.0 + 6 * 128 * 128;
        QVERIFY(near(find(prompt, Op::StateUpdate).flop, 2 * 192.0 * 4 * each));
        QVERIFY(near(find(prompt, Op::StateUpdate).kvBytes, 2 * 4 * 128.0 * 128 * 4 * 2)); // once a sequence, not once a token
        // Heads over TP: half of each.
        c.plan[PlanAxis::Tensor] = 2;
        QVERIFY(near(find(c.decode(16, 1000), Op::StateUpdate).kvBytes, state.kvBytes / 2));
        QCOMPARE(find(c.decode(16, 1000), Op::OutputProjection).collective, Collective::AllReduce);
        // SP prefill: two ranks gather states of 2 x 128 x 128 and, for the delta rule, as many values of their transitions, in fp32.
        c.plan[PlanAxis::Sequence] = 2;
        const OperatorCost exchange = find(c.prefill(2, 130), Op::StateExchange);
        QCOMPARE(exchange.collective, Collective::AllGather);
        QVERIFY(near(exchange.payloadBytes, 2.0 * 2 * (2 * 128 * 128 * 2) * 4));
    }

    void stateSpaceByHand()
    {
        // Mamba2: 8 heads of 64, state 128, 2 groups.
        Case c;
        Attention& a = c.model.kinds[0].attention;
        a = {};
        a.kind = AttentionKind::Linear;
        a.linear = {.kind = LinearKind::Mamba2, .keyHeads = 2, .keyDim = 128, .valueHeads = 8, .valueDim = 64, .convKernel = 4};
        const auto rows = c.decode(16, 1000);
        QCOMPARE(find(rows, Op::LinearInput).local.n, std::int64_t{2 * 512 + 2 * 256 + 8}); // z, x, B, C, dt
        QVERIFY(near(find(rows, Op::StateUpdate).flop, 16.0 * 8 * 128 * 64 * 5));
        // A chunk of 256: C B^T by group 2 x 256 x 128; by head 2 x 256 x 64 and 4 x 128 x 64.
        QVERIFY(near(find(c.prefill(1, 256), Op::StateUpdate).flop, 256.0 * (2 * 2 * 256 * 128 + 8 * (2 * 256 * 64 + 4 * 128 * 64))));
        // A layer of its own, as in Nemotron-H: no feed-forward rows, and its other kind has no attention rows.
        c.model.kinds[0].feedForward.intermediate = 0;
        QVERIFY(!has(c.decode(1, 10), Op::MlpNorm));
        c.model.kinds.push_back(small().kinds[0]);
        c.model.kinds[1].attention = {};
        c.model.kinds[1].attention.kind = AttentionKind::None;
        const auto mlp = c.layer({1, 1, 10, true, true}, 1);
        QCOMPARE(mlp.front().op, Op::MlpNorm);
        QCOMPARE(mlp.size(), std::size_t{3});
    }

    void sparseIndexByHand()
    {
        // MLA of rank 512 + 64 with an index of 4 heads of 128 that picks 256 tokens.
        Case c;
        Attention& a = c.model.kinds[0].attention;
        a = {};
        a.kind = AttentionKind::Latent;
        a.queryHeads = a.kvHeads = 8;
        a.queryLoraRank = 256;
        a.kvLoraRank = 512;
        a.nopeHeadDim = 128;
        a.ropeHeadDim = 64;
        a.valueHeadDim = 128;
        a.index = {.heads = 4, .headDim = 128, .topK = 256};
        const auto rows = c.decode(3, 5000);
        QVERIFY(near(find(rows, Op::IndexQuery).flop, 2.0 * 3 * 256 * 512));
        QVERIFY(near(find(rows, Op::IndexKey).flop, 2.0 * 3 * 1024 * 132));
        // Every cached token is scored: q k 2 x 128 and the head's weight 2. Keys are fp8 with a scale: 132 bytes.
        QVERIFY(near(find(rows, Op::IndexScores).flop, 3 * 5000.0 * 4 * 2 * 129));
        QVERIFY(near(find(rows, Op::IndexScores).kvBytes, 3 * 5000.0 * 132));
        QVERIFY(near(find(rows, Op::IndexTopK).activationBytes, 3 * (5000.0 * 4 + 256 * 4)));
        // Attention sees 256 of them.
        const OperatorCost& qk = find(rows, Op::AttentionScores);
        QVERIFY(near(qk.flop, 2.0 * 3 * 8 * 576 * 256));
        QVERIFY(near(qk.kvBytes + find(rows, Op::AttentionValues).kvBytes, 3 * 256.0 * 576 * 2));
        QVERIFY(near(find(c.decode(3, 100), Op::AttentionScores).flop, 2.0 * 3 * 8 * 576 * 100));
        // Prefill of 1,000: tokens up to the 256th see all before them, the others 256. Absorbed; each cached
        // token is read once, however many queries choose it.
        const double pairs = 256 * 257 / 2.0 + 744 * 256;
        const auto prompt = c.prefill(1, 1000);
        QVERIFY(near(find(prompt, Op::AttentionScores).flop, 2.0 * 8 * 576 * pairs));
        QVERIFY(near(find(prompt, Op::AttentionScores).kvBytes + find(prompt, Op::AttentionValues).kvBytes, 1000.0 * 576 * 2));
        QVERIFY(near(find(prompt, Op::IndexScores).flop, 1000 * 1001 / 2.0 * 4 * 2 * 129));
        QVERIFY(!has(prompt, Op::KvUp));
        // A layer that uses an earlier layer's choice scores nothing.
        a.index.shared = true;
        const auto shared = c.decode(3, 5000);
        QVERIFY(!has(shared, Op::IndexScores) && !has(shared, Op::IndexKey));
        QVERIFY(near(find(shared, Op::AttentionScores).flop, qk.flop));
    }

    void ringHidesBehindAttention()
    {
        // SP 4, one long prompt: 3 transfers, each beside a quarter of the attention.
        Case c;
        c.plan[PlanAxis::Sequence] = 4;
        const auto gathered = c.prefill(1, 32'768);
        const OperatorCost& gather = find(gathered, Op::SequenceGather);
        QVERIFY(near(gather.payloadBytes, 32'768.0 * 2 * 2 * 64 * 2));
        QVERIFY(near(gather.time, gather.communicationTime));
        c.plan.options.sequenceExchange = SequenceExchange::Ring;
        const auto rows = c.prefill(1, 32'768);
        QVERIFY(!has(rows, Op::SequenceGather));
        const OperatorCost& ring = find(rows, Op::RingExchange);
        QVERIFY(near(ring.payloadBytes, gather.payloadBytes));
        QVERIFY(near(ring.communicationBytes, gather.payloadBytes * 3 / 4));
        QVERIFY(ring.communicationTime > 0);
        QCOMPARE(ring.time, 0.0);
        // A short piece has too little to do: what remains is 3 transfers less 3/4 of the attention.
        const auto brief = c.prefill(1, 64);
        const OperatorCost& exposed = find(brief, Op::RingExchange);
        const auto local = [](const OperatorCost& op) { return std::max(op.computeTime, op.memoryTime); };
        const double attention = local(find(brief, Op::AttentionScores)) + local(find(brief, Op::AttentionValues));
        QVERIFY(exposed.time > 0);
        QVERIFY(near(exposed.time, exposed.communicationTime - 0.75 * attention, 1e-9));
        QVERIFY(near(exposed.breakdown[Cause::Communication], exposed.time));
        // Earlier pieces of the prompt are exchanged too; a window limits what is.
        QVERIFY(near(find(c.prefill(1, 1000, 3000), Op::RingExchange).payloadBytes, 4000.0 * 2 * 2 * 64 * 2));
        c.model.kinds[0].attention.window = 500;
        QVERIFY(near(find(c.prefill(1, 1000, 3000), Op::RingExchange).payloadBytes, 1500.0 * 2 * 2 * 64 * 2));
    }

    void shardedNormsSplitAnAllReduce()
    {
        Case c;
        c.plan[PlanAxis::Tensor] = 2;
        const auto whole = c.decode(64, 100);
        c.plan.options.shardedNorms = true;
        const auto rows = c.decode(64, 100);
        QCOMPARE(find(rows, Op::OutputProjection).collective, Collective::ReduceScatter);
        QCOMPARE(find(rows, Op::MlpDown).collective, Collective::ReduceScatter);
        for (const Op op : {Op::AttentionNorm, Op::MlpNorm}) {
            QCOMPARE(find(rows, op).collective, Collective::AllGather);
            QCOMPARE(find(rows, op).local.m, std::int64_t{32});
            QVERIFY(near(find(rows, op).flop, find(whole, op).flop / 2));
        }
        double before = 0;
        double after = 0;
        for (const OperatorCost& op : whole)
            before += op.payloadBytes * (op.collective == Collective::AllReduce ? 2 : 1);
        for (const OperatorCost& op : rows)
            after += op.payloadBytes;
        QVERIFY(near(after, before)); // an AllReduce is a ReduceScatter and an AllGather
        const StepTokens tokens{64, 1, 100, true, true};
        QVERIFY(near(c.step().sendBytes(tokens), 32.0 * 1024 * 2));
    }

    void overlapHidesWhatItMay()
    {
        Case c;
        c.plan[PlanAxis::Tensor] = 8;
        const auto open = c.decode(64, 100);
        for (const double overlap : {0.25, 1.0}) {
            c.plan.options.overlap = overlap;
            const auto rows = c.decode(64, 100);
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const double local = std::max(rows[i].computeTime, rows[i].memoryTime);
                QVERIFY(near(rows[i].communicationTime, open[i].communicationTime));
                const double hidden = std::min(overlap * rows[i].communicationTime, local);
                QVERIFY(near(rows[i].time, local + rows[i].communicationTime - hidden));
                QVERIFY(near(rows[i].breakdown.total(), rows[i].time, 1e-9));
            }
            QVERIFY(timeOf(rows) < timeOf(open));
        }
    }

    void tokensCrossToANodeOnce()
    {
        // Two nodes of four, 8 rows on each of eight ranks; 4 of 64 experts, eight on each rank.
        Case c;
        c.model = mixture();
        FabricLevel inside;
        inside.extents = {4};
        inside.bandwidth = 4e11;
        FabricLevel across;
        across.extents = {2};
        across.bandwidth = 1e10;
        c.cluster.levels = {inside, across};
        c.plan[PlanAxis::AttentionData] = c.plan[PlanAxis::Expert] = 8;
        const OperatorCost dispatch = find(c.decode(64, 100), Op::Dispatch);
        const double row = 8.0 * 1024 * 2; // bytes of a rank's rows
        const double ranks = 8 * (1 - 56.0 * 55 * 54 * 53 / (64.0 * 63 * 62 * 61));
        const double nodes = 2 * (1 - 32.0 * 31 * 30 * 29 / (64.0 * 63 * 62 * 61));
        QCOMPARE(dispatch.algorithm, CollectiveAlgorithm::OncePerNode);
        QVERIFY(near(dispatch.payloadBytes, row * ranks, 1e-9));
        // Half of what goes to nodes crosses; then three quarters of what goes to ranks moves inside.
        QVERIFY(near(dispatch.communicationTime, row * nodes / 2 / 1e10 + row * ranks * 3 / 4 / 4e11, 1e-9));
        QVERIFY(near(dispatch.communicationBytes, row * nodes / 2 + row * ranks * 3 / 4, 1e-9));
        const std::vector<CollectiveCost> all = collectiveChoices(c.step(), true, dispatch);
        QCOMPARE(all.front().algorithm, CollectiveAlgorithm::OncePerNode);
        QVERIFY(all.size() > 2 && all[1].time > dispatch.communicationTime); // straight to the ranks: more crosses
    }

    void expertExchanges()
    {
        // 8 devices hold the same 64 tokens; experts over all eight, of 1,024 x 512.
        Case c;
        c.model = mixture();
        c.plan[PlanAxis::Tensor] = c.plan[PlanAxis::Expert] = 8;
        c.model.kinds[0].attention.kvHeads = 8;
        const double token = 1024 * 2;
        const auto reduce = c.decode(64, 100);
        QCOMPARE(find(reduce, Op::Combine).collective, Collective::AllReduce);
        QVERIFY(!has(reduce, Op::Dispatch));
        QVERIFY(near(find(reduce, Op::ExpertUp).flop, 2.0 * 64 * 4 / 8 * 1024 * 1024));
        // All-to-all: attention's output is scattered, 8 tokens each; a token goes to 8 (1 - C(56,4)/C(64,4)) ranks.
        c.plan.options.expertExchange = ExpertExchange::AllToAll;
        const auto rows = c.decode(64, 100);
        const double ranks = 8 * (1 - 56.0 * 55 * 54 * 53 / (64.0 * 63 * 62 * 61));
        QCOMPARE(find(rows, Op::OutputProjection).collective, Collective::ReduceScatter);
        QCOMPARE(find(rows, Op::MlpNorm).local.m, std::int64_t{8});
        QCOMPARE(find(rows, Op::Router).local.m, std::int64_t{8});
        QCOMPARE(find(rows, Op::Dispatch).collective, Collective::AllToAll);
        QVERIFY(near(find(rows, Op::Dispatch).payloadBytes, 8 * ranks * token, 1e-9));
        QVERIFY(near(find(rows, Op::Combine).payloadBytes, 8 * ranks * token, 1e-9));
        QVERIFY(near(find(rows, Op::CombineGather).payloadBytes, 64 * token));
        QVERIFY(near(find(rows, Op::ExpertUp).flop, find(reduce, Op::ExpertUp).flop));
        // With sharded norms the next layer's norm gathers.
        c.plan.options.shardedNorms = true;
        QVERIFY(!has(c.decode(64, 100), Op::CombineGather));
        // Different tokens on eight ranks, by reduction: all 64 are gathered, sums scattered.
        c.plan = {};
        c.plan[PlanAxis::AttentionData] = c.plan[PlanAxis::Expert] = 8;
        c.plan.options.expertExchange = ExpertExchange::Reduce;
        const auto gathered = c.decode(64, 100);
        QCOMPARE(find(gathered, Op::Dispatch).collective, Collective::AllGather);
        QVERIFY(near(find(gathered, Op::Dispatch).payloadBytes, 64 * token));
        QCOMPARE(find(gathered, Op::Combine).collective, Collective::ReduceScatter);
        QVERIFY(!has(gathered, Op::CombineGather));
    }

    void sharedExpertsHaveAPlace()
    {
        Case c;
        c.model = mixture();
        c.model.kinds[0].feedForward.sharedIntermediate = 512;
        c.model.kinds[0].attention.kvHeads = 8;
        c.plan[PlanAxis::Tensor] = 4;
        const auto split = c.decode(64, 100);
        QVERIFY(near(find(split, Op::SharedUp).weightBytes, 2 * 1024.0 * 128 * 2));
        QVERIFY(near(find(split, Op::SharedUp).flop, 2.0 * 64 * 1024 * 2 * 128));
        c.plan.options.sharedExperts = SharedExpertPlace::Replicated;
        const auto whole = c.decode(64, 100);
        QVERIFY(near(find(whole, Op::SharedUp).weightBytes, 2 * 1024.0 * 512 * 2));
        QVERIFY(near(find(whole, Op::SharedUp).flop, 2.0 * 16 * 1024 * 2 * 512)); // a quarter of the tokens
        QCOMPARE(find(whole, Op::SharedDown).collective, Collective::None);
    }

    void narrowExpertsHaveProjections()
    {
        Case c;
        c.model = mixture();
        c.model.kinds[0].feedForward.expertHidden = 256;
        c.plan[PlanAxis::AttentionData] = c.plan[PlanAxis::Expert] = 8;
        const auto rows = c.decode(64, 100);
        QVERIFY(near(find(rows, Op::ExpertsIn).flop, 2.0 * 8 * 1024 * 256));
        QVERIFY(near(find(rows, Op::ExpertsOut).flop, 2.0 * 8 * 256 * 1024));
        QVERIFY(near(find(rows, Op::ExpertUp).flop, 2.0 * 64 * 4 / 8 * 256 * 1024));
        const double ranks = 8 * (1 - 56.0 * 55 * 54 * 53 / (64.0 * 63 * 62 * 61));
        QVERIFY(near(find(rows, Op::Dispatch).payloadBytes, 8 * ranks * 256 * 2, 1e-9));
    }

    void skewMakesOneRankBusier()
    {
        Case c;
        c.model = mixture();
        c.plan[PlanAxis::AttentionData] = c.plan[PlanAxis::Expert] = 8;
        const OperatorCost even = find(c.decode(64, 100), Op::ExpertUp);
        c.routing.powerLaw = 0.8;
        const auto rows = c.decode(64, 100);
        const ExpertRouting routing(c.model.kinds[0].feedForward, 8, 0, c.routing);
        QVERIFY(routing.imbalance() > 1.5);
        QVERIFY(near(find(rows, Op::ExpertUp).flop, even.flop * routing.imbalance(), 1e-9));
        // A capacity of the mean load drops what comes beyond it: padding is computed, dropped tokens are said.
        c.routing.capacityFactor = 1;
        const OperatorCost limited = find(c.decode(64, 100), Op::ExpertUp);
        QVERIFY(near(limited.flop, even.flop));
        QVERIFY(limited.dropped > 0.1 && limited.dropped < 1);
        QCOMPARE(even.dropped, 0.0);
        // What nobody computes is not useful.
        const StepTokens tokens{64, 1, 100, true, true};
        const double all = usefulFlop(c.model, tokens);
        const double routed = 2.0 * 64 * 4 * 3 * 1024 * 512;
        QVERIFY(near(c.step().usefulFlop(tokens), all - routed * limited.dropped, 1e-9));
    }

    void everyModelOfTheCatalogRunsOnAHost()
    {
        // Among them linear layers, which have no KV heads to replicate.
        for (const auto& model : builtinCatalog().models) {
            Scenario s;
            s.model = model;
            s.cluster = builtinCatalog().cluster("p5.48xlarge");
            s.plan[PlanAxis::Tensor] = 8;
            const Report r = evaluate(s);
            if (!r.legal)
                continue;
            QVERIFY2(std::isfinite(r.decode.time) && r.decode.time > 0, model->id.c_str());
            QVERIFY2(r.decode.mfu > 0 && r.decode.mfu <= 1 && r.prefill.mfu <= 1, model->id.c_str());
        }
    }

    void rowsAndSumsAgreeForAnyStep()
    {
        test::Random random(3);
        for (int round = 0; round < 3000; ++round) {
            const Scenario s = random.scenario();
            const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing);
            const StepTokens tokens{random.between(s.plan.attentionData(), 64), random.between(1, 3000), random.between(1, 9000),
                                    random.chance(50), random.chance(50)};
            PieceTimes times;
            step.pieceTimes(tokens, times);
            std::vector<OperatorCost> rows;
            double flop = 0;
            const auto sum = [&](double layers) {
                double total = 0;
                for (const OperatorCost& row : rows) {
                    total += row.time;
                    flop += row.flop * layers;
                    if (!(std::isfinite(row.time) && std::abs(row.breakdown.total() - row.time) <= 1e-9 * row.time + 1e-18))
                        return -1.0;
                    if (row.exposedTime() < 0 || row.exposedTime() > row.communicationTime * (1 + 1e-12))
                        return -1.0;
                }
                rows.clear();
                return total;
            };
            step.embeddingOperators(tokens, rows);
            QVERIFY(sum(1) == times.embedding);
            for (std::size_t kind = 0; kind < s.model->kinds.size(); ++kind) {
                step.layerOperators(static_cast<int>(kind), tokens, rows);
                const auto layers = std::count(s.model->layers.begin(), s.model->layers.end(), static_cast<std::uint8_t>(kind));
                QVERIFY2(sum(static_cast<double>(layers)) == times.layers[kind], s.model->id.c_str());
            }
            step.headOperators(tokens, rows);
            QVERIFY(sum(1) == times.head);
            // The devices of a stage together do what is useful, and more: never less.
            const double executed = flop * static_cast<double>(s.plan.stageDevices());
            QVERIFY2(executed >= step.usefulFlop(tokens) * (1 - 1e-9),
                     qPrintable(QString::fromStdString(s.model->id) + QString::number(executed / step.usefulFlop(tokens))));
        }
    }

    void shardsOfAnOperatorAddUp()
    {
        // One device's FLOP times the devices is the whole operator's for what is split, and TP times it for what is replicated.
        test::Random random(5);
        int checked = 0;
        for (int round = 0; round < 2000; ++round) {
            Scenario s = random.scenario();
            s.plan = {};
            const StepTokens tokens{random.between(1, 64), random.between(1, 300), random.between(1, 900), random.chance(50), true};
            const auto rowsOf = [&](int tensor, int kind) {
                s.plan[PlanAxis::Tensor] = tensor;
                std::vector<OperatorCost> rows;
                StepModel(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing).layerOperators(kind, tokens, rows);
                return rows;
            };
            for (std::size_t i = 0; i < s.model->kinds.size(); ++i) {
                const LayerKind& kind = s.model->kinds[i];
                const Attention& a = kind.attention;
                const FeedForward& f = kind.feedForward;
                const int tensor = 2;
                const bool divides = a.queryHeads % tensor == 0 && a.kvHeads % tensor == 0 && a.linear.keyHeads % tensor == 0
                                     && a.linear.valueHeads % tensor == 0 && f.intermediate % tensor == 0
                                     && f.sharedIntermediate % tensor == 0 && f.expertIntermediate % tensor == 0
                                     && a.linear.kind != LinearKind::KimiDelta;
                if (!divides)
                    continue;
                const auto one = rowsOf(1, static_cast<int>(i));
                const auto two = rowsOf(tensor, static_cast<int>(i));
                QCOMPARE(one.size(), two.size());
                for (std::size_t k = 0; k < one.size(); ++k) {
                    QCOMPARE(one[k].op, two[k].op);
                    QCOMPARE(one[k].communicationBytes, 0.0);
                    const bool whole = two[k].sharding == Sharding::Replicated;
                    QVERIFY2(near(two[k].flop * (whole ? 1 : tensor), one[k].flop, 1e-9), nameOf(one[k].op).data());
                    ++checked;
                }
            }
        }
        QVERIFY(checked > 5000);
    }
};

QTEST_APPLESS_MAIN(TestMechanisms)
#include "tst_mechanisms.moc"
