// SPDX-License-Identifier: Apache-2.0
// Memory per device against hand-worked numbers, published sizes of weights files and the traps of other calculators.
#include "core/base/format.h"
#include "core/cost/weightshards.h"
#include "core/model/parameters.h"
#include "core/scenario/memorychange.h"
#include "memoryscenarios.h"

#include <QTest>

#include <random>

using namespace shardlens;
using shardlens::test::alone;
using shardlens::test::caseStudy;
using shardlens::test::change;
using shardlens::test::deepseekSparse;
using shardlens::test::kGiBytes;
using shardlens::test::memoryOf;
using shardlens::test::qwenNext;

class TestMemory : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void publishedSizes_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("experts"); // NumberFormat
        QTest::addColumn<qint64>("bytes");
        // OpenAI's model card of gpt-oss (2025-08), table 1: checkpoints of 60.8 GiB and 12.8 GiB; experts mxfp4, the rest bf16.
        // 36 layers x 128 experts x 3 x 2880^2 at 17/32 B = 60,914,073,600; 2,167,371,072 others x 2 B.
        QTest::newRow("gpt-oss-120b") << "gpt-oss-120b" << static_cast<int>(NumberFormat::Mxfp4) << qint64{65'248'815'744};
        QTest::newRow("gpt-oss-20b") << "gpt-oss-20b" << static_cast<int>(NumberFormat::Mxfp4) << qint64{13'761'264'768};
        // Kimi-K2.5: experts int4 in groups of 32, 31,708,938,240 scales of 2 B; 60 x 384 x 3 x 7168 x 2048 at 9/16 B, 11,722,208,768 others.
        QTest::newRow("kimi-k2.5") << "kimi-k2.5" << static_cast<int>(NumberFormat::Int4Group32) << qint64{594'205'305'856};
        QTest::newRow("bf16") << "gpt-oss-20b" << static_cast<int>(NumberFormat::Bf16) << qint64{2} * 20'914'757'184;
    }
    void publishedSizes()
    {
        QFETCH(QString, model);
        QFETCH(int, experts);
        QFETCH(qint64, bytes);
        Scenario s = alone(model.toStdString());
        s.formats.own[static_cast<std::size_t>(WeightClass::Experts)] = static_cast<NumberFormat>(experts);
        QCOMPARE(memoryOf(s).limiting().weights(), Bytes{bytes});
    }

    void formatsOfClasses()
    {
        const Scenario plain = alone("deepseek-v3");
        const DeviceMemory before = memoryOf(plain).limiting();
        for (std::size_t i = 0; i < kWeightClassCount; ++i) {
            Scenario s = plain;
            s.formats.own[i] = NumberFormat::Int8;
            const DeviceMemory after = memoryOf(s).limiting();
            QCOMPARE(after.attentionWeights * (i == 0 ? 2 : 1), before.attentionWeights);
            QCOMPARE(after.mlpWeights * (i == 1 ? 2 : 1), before.mlpWeights);
            QCOMPARE(after.expertWeights * (i == 2 ? 2 : 1), before.expertWeights);
            QCOMPARE(after.embeddingWeights * (i == 3 ? 2 : 1), before.embeddingWeights);
            QCOMPARE(after.headWeights * (i == 3 ? 2 : 1), before.headWeights);
            QCOMPARE(after.normWeights, before.normWeights);
        }
        // Blocks of 128 x 128 with a fp32 scale: an expert's 7168 x 2048 has 56 x 16 of them, a TP 8 shard of O, 2048 x 7168, as many.
        Scenario s = plain;
        s.plan[PlanAxis::Tensor] = 8;
        s.plan[PlanAxis::Expert] = 8;
        s.formats.own[static_cast<std::size_t>(WeightClass::Experts)] = NumberFormat::Fp8Block;
        const Bytes expert = 3 * (Bytes{7168} * 2048 + 56 * 16 * 4);
        QCOMPARE(memoryOf(s).limiting().expertWeights, 58 * 32 * expert);
        // A shard that cuts blocks pays for whole ones: 2048 / 32 = 64 columns still need 56 scales, not 28.
        s.plan[PlanAxis::Expert] = 1;
        s.plan[PlanAxis::Tensor] = 32;
        const LayerShards shards(*s.model, s.model->kinds[1], s.plan);
        for (const MatrixShard& shard : shards.matrices())
            if (shard.name == "experts down") {
                QCOMPARE(shard.rows, std::int64_t{64});
                QCOMPARE(shard.bytes(NumberFormat::Fp8Block), 256 * (Bytes{64} * 7168 + 56 * 4));
            }
    }

    void linearStates()
    {
        Scenario s = qwenNext();
        s.workload = {3, 1000, 24};
        // 32 heads x 128 x 128 in fp32 and 3 columns of 2 x 2048 + 4096 channels in bf16.
        const Bytes state = Bytes{32} * 128 * 128 * 4 + Bytes{3} * 8192 * 2;
        QCOMPARE(state, Bytes{2'146'304});
        // 12 layers of 2 KV heads of 256, K and V, bf16.
        const Bytes perToken = 12 * 2 * 2 * 256 * 2;
        DeviceMemory memory = memoryOf(s).limiting();
        QCOMPARE(memory.kvStates, 3 * 36 * state);
        QCOMPARE(memory.kv, 3 * (36 * state + 1024 * perToken));
        QCOMPARE(memoryOf(s).kvPerTokenPerDevice, perToken);
        // States do not grow with the context, nor with the format of the cache.
        s.workload.input = 100'000;
        s.formats.kv = NumberFormat::Fp8;
        memory = memoryOf(s).limiting();
        QCOMPARE(memory.kvStates, 3 * 36 * state);
        QCOMPARE(memory.kv, 3 * (36 * state + 100'024 * perToken / 2));
        // TP 4: 8 of 32 value heads, 4 of 16 key heads; one of 2 KV heads, stored twice.
        s.formats.kv = NumberFormat::Bf16;
        s.workload = {1, 1000, 24};
        s.plan[PlanAxis::Tensor] = 4;
        const MemoryReport split = memoryOf(s);
        QCOMPARE(split.limiting().kvStates, 36 * (Bytes{8} * 128 * 128 * 4 + Bytes{3} * 2048 * 2));
        QCOMPARE(split.kvReplication, 2.0);
        QCOMPARE(split.limiting().kvReplicas * 2, split.limiting().kv - split.limiting().kvStates);
        // The query projection has a gate as wide as itself: 2048 x 2 x 4096, K and V 2048 x 512 each, O 4096 x 2048.
        const LayerShards full(*s.model, s.model->kinds[1], Plan{});
        QCOMPARE(full.bytes(WeightClass::Attention, NumberFormat::Int8), Bytes{2048} * (8192 + 512 + 512) + Bytes{4096} * 2048);
        // The mixer: 2048 x (2 x 2048 + 2 x 4096 + 2 x 32) and 4096 x 2048.
        const LayerShards mixer(*s.model, s.model->kinds[0], Plan{});
        QCOMPARE(mixer.bytes(WeightClass::Attention, NumberFormat::Int8), Bytes{2048} * 12'352 + Bytes{4096} * 2048);
    }

    void sparseIndex()
    {
        Scenario s = deepseekSparse();
        s.workload = {2, 4000, 96};
        // Per layer and token: a latent of 512 + 64 in bf16, and a key of 128 in fp8 with one fp32 scale.
        QCOMPARE(memoryOf(s).kvPerTokenPerDevice, Bytes{61} * (576 * 2 + 128 + 4));
        QCOMPARE(memoryOf(s).limiting().kvIndex, Bytes{2} * 4096 * 61 * 132);
        // The key stays fp8 whatever the cache is.
        s.formats.kv = NumberFormat::Fp8;
        QCOMPARE(memoryOf(s).kvPerTokenPerDevice, Bytes{61} * (576 + 132));
        // Weights: 1536 x 64 x 128 + 7168 x 128 + 7168 x 64 a layer, replicated over TP like the caches.
        const Bytes with = memoryOf(s).limiting().attentionWeights;
        const Bytes without = memoryOf(alone("deepseek-v3")).limiting().attentionWeights;
        QCOMPARE(with - without, Bytes{2} * 61 * 13'959'168);
        Scenario split = s;
        split.plan[PlanAxis::Tensor] = 8;
        const DeviceMemory memory = memoryOf(split).limiting();
        QCOMPARE(memory.kv, memoryOf(s).limiting().kv);
        QCOMPARE(memory.kvReplicas * 8, memory.kv * 7);
        QCOMPARE(memoryOf(split).kvReplication, 8.0);
        // A layer that shares another's choice caches and stores none of it.
        change(s, [](Model& m) { m.kinds[1].attention.index.shared = true; });
        QCOMPARE(memoryOf(s).limiting().kvIndex, Bytes{2} * 4096 * 3 * 132);
    }

    void layersOfOnePart()
    {
        // A layer without attention caches nothing; one without feed-forward has no MLP.
        Scenario s = alone("llama-3-8b");
        s.workload = {1, 1000, 24};
        const DeviceMemory whole = memoryOf(s).limiting();
        change(s, [](Model& m) {
            LayerKind mlp = m.kinds.front();
            m.kinds.front().feedForward = {};
            m.kinds.front().feedForward.intermediate = 0;
            mlp.attention = {};
            mlp.attention.kind = AttentionKind::None;
            m.kinds.push_back(mlp);
            m.layers.assign(64, 0);
            for (std::size_t i = 1; i < 64; i += 2)
                m.layers[i] = 1;
        });
        const DeviceMemory halves = memoryOf(s).limiting();
        QCOMPARE(halves.kv, whole.kv);
        QCOMPARE(halves.attentionWeights, whole.attentionWeights);
        QCOMPARE(halves.mlpWeights, whole.mlpWeights);
        QCOMPARE(halves.normWeights, whole.normWeights);
    }

    void valueHeads()
    {
        // Keys of 192 and values of 128 (MiMo-V2-Flash): both are cached at their own size.
        Scenario s = alone("llama-3-8b");
        change(s, [](Model& m) {
            m.kinds.front().attention.headDim = 192;
            m.kinds.front().attention.valueHeadDim = 128;
        });
        QCOMPARE(memoryOf(s).kvPerTokenPerDevice, Bytes{32} * 8 * (192 + 128) * 2);
        QCOMPARE(memoryOf(s).limiting().attentionWeights,
                 Bytes{2} * 32 * (Bytes{4096} * 32 * 192 + Bytes{4096} * 8 * (192 + 128) + Bytes{32} * 128 * 4096));
    }

    void narrowExpertsAndShared()
    {
        Scenario s = alone("deepseek-v3");
        s.plan[PlanAxis::Tensor] = 8;
        s.plan[PlanAxis::Expert] = 8;
        const DeviceMemory split = memoryOf(s).limiting();
        // 3 dense layers of 18432 / 8, 58 shared experts of 2048 / 8.
        QCOMPARE(split.mlpWeights, Bytes{2} * 3 * 7168 * (3 * 2304 + 58 * 256));
        s.plan.options.sharedExperts = SharedExpertPlace::Replicated;
        QCOMPARE(memoryOf(s).limiting().mlpWeights, Bytes{2} * 3 * 7168 * (3 * 2304 + 58 * 2048));
        // Experts that work in 1024: projections of 7168 x 1024 down and up on every rank.
        change(s, [](Model& m) { m.kinds[1].feedForward.expertHidden = 1024; });
        QCOMPARE(memoryOf(s).limiting().expertWeights, Bytes{2} * 58 * 32 * 3 * 1024 * 2048);
        QCOMPARE(memoryOf(s).limiting().mlpWeights, Bytes{2} * (Bytes{3} * 7168 * (3 * 2304 + 58 * 2048) + Bytes{58} * 2 * 7168 * 1024));
    }

    void expertRanks()
    {
        // 60 experts on 8 ranks: four hold 8, four hold 7; two replicas.
        Scenario s = alone("qwen3-30b-a3b");
        change(s, [](Model& m) { m.kinds.front().feedForward.experts = 60; });
        s.plan[PlanAxis::Tensor] = 4;
        s.plan[PlanAxis::AttentionData] = 4;
        s.plan[PlanAxis::Expert] = 8;
        s.plan[PlanAxis::Data] = 2;
        s.workload.batch = 8;
        const MemoryReport report = memoryOf(s);
        QCOMPARE(report.groups.size(), std::size_t{2});
        QCOMPARE(report.groups[0].expertSlots, 8);
        QCOMPARE(report.groups[1].expertSlots, 7);
        QCOMPARE(report.groups[0].count, 16); // 4 ranks x 2 devices of expert TP x 2 replicas
        QCOMPARE(report.groups[1].count, 16);
        QCOMPARE(report.groups[1].firstDevice, 8);
        QCOMPARE(report.groups[0].expertWeights * 7, report.groups[1].expertWeights * 8);
        QCOMPARE(report.limiting().expertSlots, 8);
        // 4 copies more: every rank holds 8.
        s.plan.options.redundantExperts = 4;
        const MemoryReport balanced = memoryOf(s);
        QCOMPARE(balanced.groups.size(), std::size_t{1});
        QCOMPARE(balanced.limiting().expertWeights, report.limiting().expertWeights);
        s.plan.options.redundantExperts = 12;
        const DeviceMemory more = memoryOf(s).limiting();
        QCOMPARE(more.expertSlots, 9);
        QCOMPARE(more.expertWeights * 8, report.limiting().expertWeights * 9);
        QCOMPARE(more.redundantExperts * 9, more.expertWeights);
    }

    void replicatedHeads()
    {
        // TP 64 over 8 KV heads: one head each, never none; weights and cache eight times.
        Scenario s = caseStudy("trn2.48xlarge", 64, 1, 24 * kGiBytes);
        const MemoryReport report = memoryOf(s);
        QCOMPARE(report.kvPerTokenPerDevice, Bytes{80} * 2 * 128 * 2);
        QCOMPARE(report.limiting().kvReplicas * 8, report.limiting().kv * 7);
        QCOMPARE(report.limiting().weightReplicas.keyValue, Bytes{80} * 2 * 8192 * 128 * 2 / 8 * 7);
        QCOMPARE(report.limiting().weightReplicas.sum(), report.limiting().weightReplicas.keyValue);
        QCOMPARE(memoryOf(caseStudy("p5.48xlarge", 8, 1, 80 * kGiBytes)).limiting().weightReplicas.sum(), Bytes{0});
    }

    /// What ranks of attention DP and SP hold each is a copy but for one of them; replicas (DP) serve other requests and are none.
    void replicatedWeights()
    {
        Scenario s = alone("llama-3-70b");
        const DeviceMemory whole = memoryOf(s).limiting();
        QCOMPARE(whole.weightReplicas.sum(), Bytes{0});
        s.plan[PlanAxis::Data] = 8;
        QCOMPARE(memoryOf(s).limiting().weightReplicas.sum(), Bytes{0});
        s.plan[PlanAxis::Data] = 1;
        for (const PlanAxis axis : {PlanAxis::AttentionData, PlanAxis::Sequence}) {
            Scenario ranks = s;
            ranks.plan[axis] = 8;
            const DeviceMemory held = memoryOf(ranks).limiting();
            QCOMPARE(held.weights(), whole.weights());
            QCOMPARE(held.weightReplicas.sum() * 8, held.weights() * 7);
        }
        // Beyond the KV heads both multiply: of K and V one of 8 x 2 is no copy. All of a mixture but its routed experts is held by each.
        Scenario heads = caseStudy("trn2.48xlarge", 32, 1, 24 * kGiBytes);
        heads.plan[PlanAxis::Sequence] = 2;
        const DeviceMemory held = memoryOf(heads).limiting();
        const Bytes keyValue = Bytes{80} * 2 * 8192 * 128 * 2;
        QCOMPARE(held.weightReplicas.keyValue, keyValue / 4 * 3);
        QCOMPARE(held.weightReplicas.attention, (held.attentionWeights - keyValue) / 2 + keyValue / 8 * 7);
        Scenario mixture = alone("deepseek-v3");
        mixture.plan[PlanAxis::AttentionData] = 8;
        mixture.plan[PlanAxis::Expert] = 8;
        const DeviceMemory rank = memoryOf(mixture).limiting();
        QVERIFY(rank.expertWeights > 0);
        QVERIFY((rank.weights() - rank.expertWeights) * 7 - rank.weightReplicas.sum() * 8 < Bytes{1} << 20);
        QVERIFY(rank.weightReplicas.sum() * 8 <= (rank.weights() - rank.expertWeights) * 7 + (Bytes{1} << 20));
    }

    void windows()
    {
        // A window of 4,096 on all layers: a context of 10,000 caches 4,096 tokens.
        Scenario s = alone("mistral-7b-v0.1");
        s.workload = {1, 9000, 1000};
        QCOMPARE(memoryOf(s).limiting().kv, Bytes{4096} * 32 * 2 * 8 * 128 * 2);
        // gpt-oss: 18 layers of 128 tokens, 18 of all.
        s = alone("gpt-oss-120b");
        s.workload = {1, 9000, 1000};
        QCOMPARE(memoryOf(s).limiting().kv, Bytes{18} * (128 + 10'000) * 2 * 8 * 64 * 2);
        // SP cuts what is kept.
        s.plan[PlanAxis::Sequence] = 4;
        QCOMPARE(memoryOf(s).limiting().kv, Bytes{18} * (32 + 2500) * 2 * 8 * 64 * 2);
    }

    void blocks()
    {
        // 2,500 tokens fill 157 blocks of 16: 12 tokens are empty. Tables with reserve 0 do not round.
        Scenario s = caseStudy("p5.48xlarge", 8, 1, 80 * kGiBytes);
        s.workload.batch = 10;
        QCOMPARE(memoryOf(s).limiting().kv, Bytes{10} * 2500 * 40'960);
        QCOMPARE(memoryOf(s).limiting().kvRounding, Bytes{0});
        QCOMPARE(memoryOf(s).cacheBlock, std::int64_t{1});
        s.reserve.reset();
        QCOMPARE(memoryOf(s).limiting().kv, Bytes{10} * 2512 * 40'960);
        QCOMPARE(memoryOf(s).limiting().kvRounding, Bytes{10} * 12 * 40'960);
        QCOMPARE(memoryOf(s).cacheBlock, kCacheBlock);
        QCOMPARE(memoryOf(s).maxTokensPerReplica % kCacheBlock, std::int64_t{0});
    }

    void binaryAndDecimal()
    {
        // 80 GB are 74.5 GiB: whoever mixes them is 7.4 % off. Capacity and weights are both bytes here.
        QCOMPARE(memoryOf(caseStudy("p5.48xlarge", 8, 1, 80 * kGiBytes)).maxTokensPerReplica, std::int64_t{1'666'470});
        const Bytes decimal = 80'000'000'000;
        const Bytes weights = memoryOf(caseStudy("p5.48xlarge", 8, 1, decimal)).limiting().weights();
        QCOMPARE(memoryOf(caseStudy("p5.48xlarge", 8, 1, decimal)).maxTokensPerReplica, (decimal - weights) / 40'960);
    }

    void endsOfThePipeline()
    {
        Scenario s = alone("llama-3-70b");
        s.plan[PlanAxis::Pipeline] = 4;
        const std::vector<DeviceMemory> stages = memoryOf(s).stages;
        const Bytes table = Bytes{128'256} * 8192 * 2;
        QCOMPARE(stages[0].embeddingWeights, table);
        QCOMPARE(stages[0].headWeights, Bytes{0});
        QCOMPARE(stages[3].headWeights, table);
        QCOMPARE(stages[3].embeddingWeights, Bytes{0});
        QCOMPARE(stages[1].weights(), stages[2].weights());
        Bytes sum = 0;
        for (const DeviceMemory& stage : stages)
            sum += stage.weights();
        QCOMPARE(sum, Bytes{141'107'412'992});
        // A tied head is one table on one stage, two on two.
        Scenario tied = alone("llama-3.2-1b");
        QCOMPARE(memoryOf(tied).limiting().headWeights, Bytes{0});
        QCOMPARE(memoryOf(tied).limiting().weights(), 2 * countParameters(*tied.model).total);
        tied.plan[PlanAxis::Pipeline] = 2;
        QCOMPARE(memoryOf(tied).stages[1].headWeights, memoryOf(tied).stages[0].embeddingWeights);
        // Layers laid out by hand.
        s.plan.options.layerSplit = LayerSplit::Manual;
        s.plan.options.stageLayers = {17, 21, 24, 18};
        const std::vector<DeviceMemory> manual = memoryOf(s).stages;
        QCOMPARE(manual[0].mlpWeights * 24, manual[2].mlpWeights * 17);
        QCOMPARE(manual[1].kv * 18, manual[3].kv * 21);
        QCOMPARE(memoryOf(s).fullest, 2);
    }

    void prediction()
    {
        Scenario s = alone("deepseek-v3");
        change(s, [](Model& m) { m.prediction = {}; });
        QCOMPARE(memoryOf(s).predictionWeights, Bytes{0});
        const Bytes before = memoryOf(s).limiting().weights();
        change(s, [](Model& m) { m.prediction = {1, 1, true}; });
        // Not loaded; with it, 11,610,068,224 - less what sharing leaves - parameters more: the layer, 2H x H and three norms.
        QCOMPARE(memoryOf(s).limiting().weights(), before);
        QCOMPARE(memoryOf(s).predictionWeights, 2 * predictionLayer(*s.model));
    }

    /// Each stage's activations and buffers are those of its own layers.
    void stagesPeakOnTheirOwn()
    {
        // DeepSeek-V3 by hand: three dense layers on stage 0, the others, with experts, behind.
        Scenario s = alone("deepseek-v3");
        s.reserve.reset();
        s.workload = {8, 512, 16};
        s.plan[PlanAxis::AttentionData] = 8;
        s.plan[PlanAxis::Expert] = 8;
        s.plan[PlanAxis::Pipeline] = 3;
        s.plan.options.layerSplit = LayerSplit::Manual;
        s.plan.options.stageLayers = {3, 29, 29};
        const std::vector<DeviceMemory> stages = memoryOf(s).stages;
        const Bytes stream = Bytes{512} * 2 * 7168 * 2;
        const Bytes attention = Bytes{512} * (128 * (192 + 128) + 1536 + 576) * 2 + Bytes{512} * 128 * 256 * 2;
        const Bytes dense = Bytes{512} * 3 * 18'432 * 2;
        const Bytes experts = Bytes{4096} * (7168 + 3 * 2048) * 2;
        QVERIFY(experts > attention && experts > dense);
        QCOMPARE(stages[0].activations, stream + std::max(attention, dense));
        QCOMPARE(stages[1].activations, stream + experts);
        QCOMPARE(stages[2].activations, stream + experts + Bytes{129'280} * 2);
        // Stage 0 exchanges no tokens of experts: its buffers are two sends.
        QCOMPARE(stages[0].buffers, Bytes{2} * 512 * 7168 * 2);
        QVERIFY(stages[1].buffers > stages[0].buffers);
        // A prediction layer brings its experts to a last stage of dense layers.
        change(s, [](Model& m) { m.layers = {1, 0}; });
        s.plan[PlanAxis::Pipeline] = 2;
        s.plan.options = {};
        QCOMPARE(memoryOf(s).stages[1].activations, stream + std::max(attention, dense) + Bytes{129'280} * 2);
        s.plan.options.prediction = PredictionUse::Load;
        QCOMPARE(memoryOf(s).stages[1].activations, stream + experts + Bytes{129'280} * 2);
    }

    void activationsByHand()
    {
        // Llama-3-8B, one sequence of 4,096 on one device. Stream and normed copy 2 x 4096, gate, up and their product 3 x 14336, logits.
        Scenario s = alone("llama-3-8b");
        s.reserve.reset();
        s.workload = {1, 4096, 16};
        const Bytes logits = Bytes{128'256} * 2;
        const Bytes stream = Bytes{4096} * 2 * 4096 * 2;
        QCOMPARE(memoryOf(s).limiting().activations, stream + Bytes{4096} * 3 * 14'336 * 2 + logits);
        QCOMPARE(memoryOf(s).limiting().buffers, Bytes{0});
        // Unfused: scores and probabilities of 32 heads, 4096 x 4096, beside Q, K, V and the outputs.
        s.plan.options.fusedAttention = false;
        const Bytes attention = Bytes{4096} * (2 * 32 + 2 * 8) * 128 * 2;
        QCOMPARE(memoryOf(s).limiting().activations, stream + attention + Bytes{2} * 32 * 4096 * 4096 * 2 + logits);
        // Four chunks: a quarter of the queries, all the keys.
        s.plan[PlanAxis::Chunks] = 4;
        QCOMPARE(memoryOf(s).limiting().activations, (stream + attention) / 4 + Bytes{2} * 32 * 1024 * 4096 * 2 + logits);
        // SP 2 gathers the keys and values of the prompt: 4096 tokens of 2 x 8 x 128, or two halves that go round.
        s.plan = {};
        s.plan[PlanAxis::Sequence] = 2;
        QCOMPARE(memoryOf(s).limiting().buffers, Bytes{4096} * 2 * 8 * 128 * 2);
        s.plan.options.sequenceExchange = SequenceExchange::Ring;
        QCOMPARE(memoryOf(s).limiting().buffers, Bytes{2} * 2048 * 2 * 8 * 128 * 2);
        // TP 2: one payload; with stages two more, or one when the sender waits.
        s.plan = {};
        s.plan[PlanAxis::Tensor] = 2;
        const Bytes payload = Bytes{4096} * 4096 * 2;
        QCOMPARE(memoryOf(s).limiting().buffers, payload);
        s.plan[PlanAxis::Pipeline] = 2;
        QCOMPARE(memoryOf(s).limiting().buffers, 3 * payload);
        s.plan.options.sends = SendMode::Synchronous;
        QCOMPARE(memoryOf(s).limiting().buffers, 2 * payload);
        // Sharded norms keep half of the stream and of its copy, and gather one whole.
        s.plan.options.shardedNorms = true;
        QCOMPARE(memoryOf(s).stages[0].activations, Bytes{4096} * (2 * 2048 + 4096) * 2 + Bytes{4096} * 3 * 7168 * 2);
    }

    void expertsByHand()
    {
        // DeepSeek-V3 on 8 ranks that hold different tokens, one sequence of 512 each: 4,096 tokens, 8 pairs each, an eighth here.
        Scenario s = alone("deepseek-v3");
        s.reserve.reset();
        s.workload = {8, 512, 16};
        s.plan[PlanAxis::AttentionData] = 8;
        s.plan[PlanAxis::Expert] = 8;
        const Bytes row = (7168 + 3 * 2048) * 2;
        const Bytes stream = Bytes{512} * 2 * 7168 * 2;
        const Bytes logits = Bytes{129'280} * 2;
        // Latent attention of 512 tokens with all 128 heads is wider than 4,096 expert rows.
        const Bytes attention = Bytes{512} * (128 * (192 + 128) + 1536 + 576) * 2 + Bytes{512} * 128 * 256 * 2;
        QCOMPARE(memoryOf(s).limiting().activations, stream + std::max(4096 * row, attention) + logits);
        QVERIFY(4096 * row > attention);
        // Twice the mean on static shapes: twice the rows.
        s.workload.routing.capacityFactor = 2;
        QCOMPARE(memoryOf(s).limiting().activations, stream + 2 * 4096 * row + logits);
        s.workload.routing.capacityFactor = 0;
        // All-to-all: tokens that reach a rank, there and back; reduce: all tokens gathered, all partial sums.
        const double arrival = ExpertRouting(s.model->kinds[1].feedForward, 8, 0, {}).hottest().arrival;
        QCOMPARE(memoryOf(s).limiting().buffers, static_cast<Bytes>(std::ceil(4096 * arrival)) * 2 * 7168 * 2);
        s.plan.options.expertExchange = ExpertExchange::Reduce;
        QCOMPARE(memoryOf(s).limiting().buffers, Bytes{4096} * 2 * 7168 * 2);
        // A skewed router: the hottest rank holds more rows.
        s.workload.routing.powerLaw = 1;
        const double pairs = ExpertRouting(s.model->kinds[1].feedForward, 8, 0, s.workload.routing).hottest().pairsPerToken;
        QVERIFY(pairs > 1.5);
        QCOMPARE(memoryOf(s).limiting().activations, stream + static_cast<Bytes>(std::ceil(4096 * pairs)) * row + logits);
    }
};

QTEST_APPLESS_MAIN(TestMemory)
#include "tst_memory.moc"
