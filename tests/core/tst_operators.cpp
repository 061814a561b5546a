// SPDX-License-Identifier: Apache-2.0
// Operators by hand, and the mistakes that cost models of this kind have made.
#include "core/model/parameters.h"
#include "core/scenario/explain.h"
#include "scenarios.h"

#include <QTest>

using namespace shardlens;
using shardlens::test::scenarioOf;

namespace {

const OperatorCost& find(const std::vector<OperatorCost>& operators, Op op)
{
    for (const OperatorCost& cost : operators)
        if (cost.op == op)
            return cost;
    static const OperatorCost none;
    return none;
}

bool near(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

Scenario llama(int tensor = 1)
{
    Scenario s = scenarioOf("llama-3-70b", "trn2.48xlarge");
    s.plan[PlanAxis::Tensor] = tensor;
    s.workload = {16, 1000, 200};
    return s;
}

} // namespace

class TestOperators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void decodeByHand()
    {
        const Report r = evaluate(llama(8));
        QVERIFY(r.legal);
        const auto& ops = r.decode.operators;
        const double b = 16;
        // QKV: [16, 8192] . [8192, (8 + 2) x 128]
        const OperatorCost& qkv = find(ops, Op::QkvProjection);
        QVERIFY(near(qkv.flop, 2 * b * 8192 * 1280));
        QVERIFY(near(qkv.weightBytes, 8192.0 * 1280 * 2));
        QVERIFY(near(qkv.kvBytes, b * 2 * 128 * 2)); // one KV head of K and of V written
        // Scores: every query head against 1,100 keys; K is read once here, V once in the other half: never the cache twice.
        const OperatorCost& qk = find(ops, Op::AttentionScores);
        const OperatorCost& av = find(ops, Op::AttentionValues);
        QVERIFY(near(qk.flop, 2 * b * 8 * 128 * 1100)); // 8 query heads, not the one KV head
        QVERIFY(near(qk.kvBytes + av.kvBytes, b * 1100 * 2 * 128 * 2));
        const OperatorCost& o = find(ops, Op::OutputProjection);
        QCOMPARE(o.collective, Collective::AllReduce);
        QVERIFY(near(o.payloadBytes, b * 8192 * 2));
        const OperatorCost& up = find(ops, Op::MlpUp);
        QVERIFY(near(up.flop, 2 * b * 8192 * 2 * 28672 / 8));
        const OperatorCost& head = find(ops, Op::LmHead);
        QVERIFY(near(head.flop, 2 * b * 8192 * 128256 / 8)); // 2 m k n, not m k n
    }

    void pieceTimesAreTheSumsOfTheRows()
    {
        for (const std::string_view name : {"llama-3-70b", "deepseek-v3", "gpt-oss-120b", "mixtral-8x7b"}) {
            Scenario s = scenarioOf(name, "p5.48xlarge");
            s.plan[PlanAxis::Tensor] = 4;
            s.plan[PlanAxis::AttentionData] = 2;
            const StepModel step(*s.model, *s.cluster, s.formats, s.plan, s.workload.routing);
            for (const StepTokens& tokens :
                 {StepTokens{16, 700, 1300, false, true}, StepTokens{16, 700, 1300, false, false}, StepTokens{33, 1, 2001, true, true}}) {
                PieceTimes times;
                step.pieceTimes(tokens, times);
                std::vector<OperatorCost> rows;
                const auto sum = [&rows] {
                    double total = 0;
                    for (const OperatorCost& row : rows)
                        total += row.time;
                    rows.clear();
                    return total;
                };
                step.embeddingOperators(tokens, rows);
                QVERIFY(sum() == times.embedding); // bit for bit
                double layers = 0;
                const std::vector<int> layersOf(s.model->kinds.size(), 3);
                for (std::size_t kind = 0; kind < s.model->kinds.size(); ++kind) {
                    step.layerOperators(static_cast<int>(kind), tokens, rows);
                    const double layer = sum();
                    QVERIFY(layer == times.layers[kind]);
                    layers = layers + layer * 3;
                }
                step.headOperators(tokens, rows);
                const double head = sum();
                QVERIFY(head == times.head);
                QVERIFY(tokens.decode || (head > 0) == tokens.lastPiece);
                QVERIFY(pieceTime(times, layersOf.data(), true, true) == layers + times.embedding + head);
                QVERIFY(pieceTime(times, layersOf.data(), false, false) == layers);
            }
        }
    }

    void headOnLastPositionOnly()
    {
        const Report r = evaluate(llama(8));
        const OperatorCost& head = find(r.prefill.operators, Op::LmHead);
        QVERIFY(near(head.flop, 2.0 * 16 * 8192 * 128256 / 8)); // one position of each of 16 prompts, not 1,000
    }

    void causalMaskHalvesPrefillAttention()
    {
        const Report r = evaluate(llama(8));
        const OperatorCost& qk = find(r.prefill.operators, Op::AttentionScores);
        QVERIFY(near(qk.flop, 2.0 * 16 * 8 * 128 * (1000.0 * 1001 / 2)));
        // Fused: no S x S matrix in its bytes.
        QVERIFY(qk.activationBytes < 16.0 * 8 * 1000 * 1000 * 2 / 4);
    }

    void chunksAddUpToTheWholePrompt()
    {
        Scenario s = llama(8);
        const double whole = evaluate(s).prefill.flop;
        s.plan[PlanAxis::Chunks] = 7;
        QVERIFY(near(evaluate(s).prefill.flop, whole, 1e-9));
    }

    void keyValueHeadsNeverVanish()
    {
        const Report r = evaluate(llama(64));
        const OperatorCost& qkv = find(r.decode.operators, Op::QkvProjection);
        QCOMPARE(qkv.local.n, std::int64_t{3 * 128}); // one query head and one replicated KV head
        QVERIFY(r.memory.limiting().kv > 0);
        QVERIFY(near(static_cast<double>(r.memory.limiting().kvReplicas), static_cast<double>(r.memory.limiting().kv) * 7 / 8, 1e-6));
    }

    void pipelineDoesNotShortenARequest()
    {
        Scenario s = llama(8);
        s.workload.batch = 1;
        const Report one = evaluate(s);
        s.plan[PlanAxis::Pipeline] = 8;
        const Report eight = evaluate(s);
        QVERIFY(eight.legal);
        QVERIFY(eight.decode.time >= one.decode.time);
        QVERIFY(eight.prefill.time >= one.prefill.time);
        QVERIFY(near(eight.decode.timeline.idleFraction, 7.0 / 8, 0.01));
    }

    void pipelineThroughputPaysItsBubble()
    {
        Scenario s = llama(8);
        s.workload.batch = 64;
        s.plan[PlanAxis::Pipeline] = 8;
        s.plan[PlanAxis::PrefillMicrobatches] = 8;
        const Report r = evaluate(s);
        // p = m = 8: the bubble of 7/15, once; embedding and head make the ends a little longer.
        QVERIFY2(std::abs(r.prefill.timeline.idleFraction - 7.0 / 15) < 0.02, qPrintable(QString::number(r.prefill.timeline.idleFraction)));
        QVERIFY(near(r.prefill.breakdown.total(), r.prefill.time, 1e-9));
    }

    void slidingWindowCachesOnlyTheWindow()
    {
        Scenario s = scenarioOf("gpt-oss-120b", "p5.48xlarge");
        s.workload = {1, 20'000, 1000};
        const Report r = evaluate(s);
        // Half the layers see 128 tokens.
        std::int64_t wanted = 0;
        for (const std::uint8_t kind : s.model->layers) {
            const Attention& a = s.model->kinds[kind].attention;
            wanted += std::int64_t{2} * a.kvHeads * a.headDim * 2
                      * (a.window > 0 ? std::min(a.window, 21'000) : 21'008); // in blocks of 16 tokens
        }
        QCOMPARE(r.memory.limiting().kv, Bytes{wanted});
        QVERIFY(wanted < r.memory.kvPerTokenPerDevice * 21'000 * 6 / 10);
    }

    void memoryHoldsEmbeddingAndHead()
    {
        Scenario s = llama(1);
        s.plan[PlanAxis::Pipeline] = 4;
        const Report r = evaluate(s);
        const Bytes table = Bytes{128'256} * 8192 * 2;
        QCOMPARE(r.memory.stages.front().embeddingWeights, table);
        QCOMPARE(r.memory.stages.back().headWeights, table);
        QCOMPARE(r.memory.stages[1].embeddingWeights + r.memory.stages[1].headWeights, Bytes{0});
        Bytes sum = 0;
        for (const DeviceMemory& stage : r.memory.stages)
            sum += stage.weights();
        QCOMPARE(sum, Bytes{141'107'412'992});
    }

    void expertsReadGrowWithTheBatch()
    {
        Scenario s = scenarioOf("mixtral-8x7b", "p5.48xlarge");
        s.workload.batch = 1;
        const OperatorCost one = find(evaluate(s).decode.operators, Op::ExpertUp);
        const double expert = 4096.0 * 2 * 14336 * 2;
        QVERIFY(near(one.weightBytes, 2 * expert, 1e-9)); // one token: k = 2 experts
        s.workload.batch = 64;
        QVERIFY(near(find(evaluate(s).decode.operators, Op::ExpertUp).weightBytes, 8 * expert, 1e-6)); // all of them
    }

    void latentAttentionIsAbsorbedInDecode()
    {
        Scenario s = scenarioOf("deepseek-v3", "p5.48xlarge");
        s.workload = {4, 4096, 2};
        const Report r = evaluate(s);
        // Cache: 576 values a token and layer whatever TP.
        QCOMPARE(r.memory.kvPerTokenPerDevice, Bytes{61 * 576 * 2});
        const OperatorCost& qk = find(r.decode.operators, Op::AttentionScores);
        QVERIFY(near(qk.flop, 2.0 * 4 * 128 * 576 * 4097));
        QVERIFY(near(qk.kvBytes + find(r.decode.operators, Op::AttentionValues).kvBytes, 4.0 * 4097 * 576 * 2));
        QCOMPARE(find(r.prefill.operators, Op::AbsorbQuery).flop, 0.0);
        QVERIFY(find(r.prefill.operators, Op::KvUp).flop > 0);
        s.plan[PlanAxis::Tensor] = 8;
        QCOMPARE(evaluate(s).memory.kvPerTokenPerDevice, Bytes{61 * 576 * 2});
        QCOMPARE(evaluate(s).memory.kvReplication, 8.0);
    }

    /// A scale runs along one vector of one token, however many heads a device holds: what is read is what is stored.
    void cacheScalesByHand()
    {
        for (const int tensor : {1, 2, 4, 8}) {
            Scenario s = llama(tensor);
            const Bytes heads = 8 / tensor;
            const auto check = [&](NumberFormat format, Bytes vector) {
                s.formats.kv = format;
                const Report r = evaluate(s);
                QCOMPARE(r.memory.kvPerTokenPerDevice, 2 * 80 * heads * vector);
                const auto perToken = static_cast<double>(2 * heads * vector);
                const auto& ops = r.decode.operators;
                QVERIFY(near(find(ops, Op::QkvProjection).kvBytes, 16 * perToken));
                QVERIFY(near(find(ops, Op::AttentionScores).kvBytes + find(ops, Op::AttentionValues).kvBytes, 16 * 1100 * perToken));
            };
            check(NumberFormat::Fp8Block, 128 + 4); // TP 8: 21,120 B per token
            check(NumberFormat::Int4, 64 + 2);
            check(NumberFormat::Int4Group32, 64 + 4 * 2);
            check(NumberFormat::Mxfp4, 64 + 4);
            check(NumberFormat::Nvfp4, 64 + 8);
            check(NumberFormat::Fp8, 128);
        }
        // MLA: a latent of 512 + 64 values has four whole groups of 128 and a half one.
        Scenario s = scenarioOf("deepseek-v3", "p5.48xlarge");
        s.plan[PlanAxis::Tensor] = 8;
        s.workload = {4, 4096, 2};
        const auto check = [&s](NumberFormat format, Bytes latent) {
            s.formats.kv = format;
            const Report r = evaluate(s);
            QCOMPARE(r.memory.kvPerTokenPerDevice, 61 * latent);
            const auto& ops = r.decode.operators;
            QVERIFY(near(find(ops, Op::AttentionScores).kvBytes + find(ops, Op::AttentionValues).kvBytes,
                         4.0 * 4097 * static_cast<double>(latent)));
        };
        check(NumberFormat::Fp8Block, 576 + 5 * 4);
        check(NumberFormat::Int4, 288 + 5 * 2);
        check(NumberFormat::Int4Group32, 288 + 18 * 2);
        check(NumberFormat::Mxfp4, 288 + 18);
        check(NumberFormat::Nvfp4, 288 + 36);
    }

    void perNodeLinkIsNotADevicesLink()
    {
        // Eight NICs of 50 GB/s a node: a device has one of them.
        const auto cluster = builtinCatalog().cluster("p5.48xlarge");
        QVERIFY(cluster->levels.back().scalesOut);
        QVERIFY(near(cluster->levels.back().bandwidth, 50e9));
        QVERIFY(near(cluster->levels.front().bandwidth, 450e9));
    }

    void parallelBlocksReduceOnce()
    {
        Scenario s = scenarioOf("falcon-40b", "p5.48xlarge");
        s.plan[PlanAxis::Tensor] = 8;
        const Report r = evaluate(s);
        QCOMPARE(find(r.decode.operators, Op::OutputProjection).communicationBytes, 0.0);
        QVERIFY(find(r.decode.operators, Op::MlpDown).communicationBytes > 0);
    }

    void theInspectorShowsTheArithmetic()
    {
        Scenario s = llama(8);
        const auto explained = [&s](Phase phase, Op op) {
            const Report r = evaluate(s);
            const auto& rows = phase == Phase::Prefill ? r.prefill.operators : r.decode.operators;
            const auto at = std::find_if(rows.begin(), rows.end(), [op](const OperatorCost& row) { return row.op == op; });
            return explain(s, r, {Subject::Kind::Operator, phase, -1, -1, -1, -1, static_cast<int>(at - rows.begin()), -1});
        };
        const auto noteOf = [](const Explanation& e, std::string_view symbol) {
            for (const Explanation::Input& input : e.inputs)
                if (input.symbol == symbol)
                    return input.note;
            return std::string();
        };
        const auto says = [](const Explanation& e, std::string_view text) {
            return std::any_of(e.notes.begin(), e.notes.end(), [text](const std::string& n) { return n.find(text) != std::string::npos; });
        };
        const Explanation qkv = explained(Phase::Decode, Op::QkvProjection);
        QCOMPARE(noteOf(qkv, "FLOP"), std::string("2 m k n = 2 × 16 × 8,192 × 1,280"));
        QCOMPARE(noteOf(qkv, "KV"), std::string("512 B × 16 rows on the device")); // one head of K and of V, bf16
        const Explanation scores = explained(Phase::Prefill, Op::AttentionScores);
        QCOMPARE(noteOf(scores, "FLOP"), std::string("2,048 FLOP × 8,008,000 query-key pairs")); // 16 x 1,000 x 1,001 / 2
        const Explanation output = explained(Phase::Decode, Op::OutputProjection);
        QCOMPARE(noteOf(output, "V"), std::string("AllReduce payload: 16,384 B × 16 rows on the device"));
        s.plan.options.overlap = 1;
        QVERIFY(noteOf(explained(Phase::Decode, Op::OutputProjection), "t_hidden").find("of the AllReduce, behind") != std::string::npos);
        s.plan.options.overlap = 0;
        s.plan.options.fusedAttention = false;
        QVERIFY(says(explained(Phase::Prefill, Op::AttentionSoftmax), "written to and read from HBM in bf16"));

        s = scenarioOf("deepseek-v3", "p5.48xlarge");
        s.workload = {64, 1000, 200};
        s.plan[PlanAxis::AttentionData] = s.plan[PlanAxis::Expert] = 8;
        s.workload.routing.powerLaw = 0.5;
        s.workload.routing.capacityFactor = 1;
        const Explanation experts = explained(Phase::Decode, Op::ExpertUp);
        QVERIFY(says(experts, "times the mean load"));
        QVERIFY(says(experts, "of all token-expert pairs are dropped"));
        QVERIFY(noteOf(experts, "weights").find("experts read") != std::string::npos);
        QVERIFY(says(explained(Phase::Decode, Op::Dispatch), "A token goes once to each rank that has any of its experts"));
    }

    void infeasiblePlansSaySo()
    {
        Scenario s = llama(1);
        s.workload.batch = 4096;
        const Report r = evaluate(s);
        QVERIFY(r.legal);
        QVERIFY(!r.memory.fits);
        QVERIFY(r.memory.free() < 0);
        s.plan[PlanAxis::Tensor] = 6;
        const Report illegal = evaluate(s);
        QVERIFY(!illegal.legal);
        QCOMPARE(illegal.decode.time, 0.0);
        QVERIFY(illegal.decode.operators.empty());
    }

    void reserveIsBesideActivationsAndBuffers()
    {
        Scenario s = llama(8);
        const Report automatic = evaluate(s);
        QCOMPARE(automatic.memory.limiting().reserve, kRuntimeReserve);
        QVERIFY(automatic.memory.limiting().activations > 0);
        // The default given as a number changes nothing.
        s.reserve = kRuntimeReserve;
        QCOMPARE(evaluate(s).memory.limiting().total(), automatic.memory.limiting().total());
        QCOMPARE(evaluate(s).memory.maxTokensPerReplica, automatic.memory.maxTokensPerReplica);
        s.reserve = 0; // weights and cache alone, and said so
        const Report bare = evaluate(s);
        QCOMPARE(bare.memory.limiting().total(), bare.memory.limiting().weights() + bare.memory.limiting().kv);
        QVERIFY(std::any_of(bare.warnings.begin(), bare.warnings.end(), [](const Finding& f) { return f.rule == Rule::ReserveTooSmall; }));
        // Tokens and batch tell one story.
        for (const Report* r : {&automatic, &bare}) {
            const std::int64_t context = s.workload.fullContext();
            QVERIFY(r->memory.maxTokensPerReplica >= r->memory.maxBatchPerReplica * context);
            // Tokens alone; more sequences also need more activations.
            QVERIFY(r != &bare || r->memory.maxTokensPerReplica < (r->memory.maxBatchPerReplica + 1) * context);
        }
    }

    void sendsAreCommunication()
    {
        // One prompt through eight stages on eight nodes: what it waits for links is no bubble.
        Scenario s = scenarioOf("llama-3-70b", "p5.48xlarge");
        s.cluster = std::make_shared<Cluster>(resized(*s.cluster, 64).value());
        s.plan[PlanAxis::Tensor] = 8;
        s.plan[PlanAxis::Pipeline] = 8;
        s.workload = {32, 2048, 2};
        const Report r = evaluate(s);
        const OperatorCost& send = find(r.prefill.operators, Op::SendActivations);
        const double bytes = 32.0 * 2048 * 8192 * 2;
        QVERIFY(near(send.communicationBytes, bytes));
        QVERIFY(near(send.time, s.cluster->levels.back().latency + bytes / 50e9));
        double within = 0; // collectives of the busiest stage
        for (int c = 0; c < r.prefill.costClasses; ++c)
            within += r.prefill.costOf(r.prefill.busiestStage, c).breakdown[Cause::Communication];
        QVERIFY(near(r.prefill.breakdown[Cause::Communication] - within, 7 * send.time, 1e-6));
        QVERIFY(std::abs(r.prefill.breakdown[Cause::Bubble] / (r.prefill.time - 7 * send.time) - 7.0 / 8) < 0.01);
    }

    void expertExchangeByHand()
    {
        // Mixtral, TP 4 x attention DP 2, EP 1, 64 sequences: 32 a rank, held by four. Scatter of all 64 over 8, then gather over TP.
        Scenario s = scenarioOf("mixtral-8x7b", "p5.48xlarge");
        s.workload.batch = 64;
        s.plan[PlanAxis::Tensor] = 4;
        s.plan[PlanAxis::AttentionData] = 2;
        const Report one = evaluate(s);
        QVERIFY(near(find(one.decode.operators, Op::Combine).communicationBytes, 7.0 / 8 * 64 * 4096 * 2));
        QVERIFY(near(find(one.decode.operators, Op::CombineGather).communicationBytes, 3.0 / 4 * 32 * 4096 * 2));
        // EP 2, expert TP 4: a device sends its quarter of 32 tokens to the distinct ranks of their two experts, each four devices. Of
        // 28 pairs of eight experts 6 lie on the other rank: 2 (1 - 6/28) = 11/7 ranks.
        s.plan[PlanAxis::Expert] = 2;
        const Report two = evaluate(s);
        QVERIFY(near(find(two.decode.operators, Op::Dispatch).communicationBytes, 8 * 11.0 / 7 * 4 * 8192 * 7 / 8));
        // Sequences that do not divide: experts work on the tokens there are.
        s.plan = {};
        s.plan[PlanAxis::AttentionData] = 8;
        s.plan[PlanAxis::Expert] = 8;
        s.workload.batch = 9;
        const OperatorCost up = find(evaluate(s).decode.operators, Op::ExpertUp);
        QVERIFY(near(up.flop, 2.0 * 9 * 2 / 8 * 4096 * 2 * 14336));
    }
};

QTEST_APPLESS_MAIN(TestOperators)
#include "tst_operators.moc"
