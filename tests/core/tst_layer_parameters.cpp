// SPDX-License-Identifier: Apache-2.0
// The tensors of single layers, class by class, counted by hand: of catalog models, and of small sizes that all differ.
#include "core/model/parameters.h"
#include "core/scenario/catalog.h"

#include <QtTest>

using namespace shardlens;

namespace {

Result<Model> catalogModel(const QString& id)
{
    const std::shared_ptr<const Model> model = builtinCatalog().model(id.toStdString());
    return model ? Result<Model>(*model) : Result<Model>(Error{"catalog", "", id.toStdString(), "a model of the catalog"});
}

QString sentence(const Result<Model>& result)
{
    return result.ok() ? QString() : QString::fromStdString(result.error().sentence());
}

} // namespace

class TestLayerParameters : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void layerOfLlama();
    void layerOfDeepSeek();
    void layerOfGptOss();
    void layerOfQwenNext();
    void layerOfNemotron();
    void layerOfGemma4();
    void smallMixers();
};

void TestLayerParameters::layerOfLlama()
{
    const Result<Model> read = catalogModel(QStringLiteral("llama-3-70b"));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    const LayerParameters layer = layerParameters(model, model.kinds[0]);
    QCOMPARE(qint64{layer.query}, qint64{8192} * 64 * 128);
    QCOMPARE(qint64{layer.keyValue}, qint64{2} * 8192 * 8 * 128); // once each, not twice
    QCOMPARE(qint64{layer.output}, qint64{64} * 128 * 8192);
    QCOMPARE(qint64{layer.dense}, qint64{3} * 8192 * 28672);
    QCOMPARE(qint64{layer.norms}, qint64{2} * 8192);
    QCOMPARE(qint64{layer.total()}, qint64{855'654'400});
    const ParameterCount count = countParameters(model);
    QCOMPARE(qint64{count.embedding}, qint64{128256} * 8192);
    QCOMPARE(qint64{count.head}, qint64{128256} * 8192);
    QCOMPARE(qint64{count.finalNorm}, qint64{8192});
    QCOMPARE(qint64{count.layers}, qint64{80} * 855'654'400);
    QCOMPARE(qint64{count.active}, qint64{count.total});
}

void TestLayerParameters::layerOfDeepSeek()
{
    const Result<Model> read = catalogModel(QStringLiteral("deepseek-v3"));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    QCOMPARE(model.layerCount(), 61);
    QCOMPARE(int{model.layers[2]}, 0);
    QCOMPARE(int{model.layers[3]}, 1);
    const LayerParameters dense = layerParameters(model, model.kinds[0]);
    const LayerParameters sparse = layerParameters(model, model.kinds[1]);
    // q_a_proj, q_a_layernorm, q_b_proj; kv_a_proj_with_mqa, kv_a_layernorm, kv_b_proj; o_proj.
    QCOMPARE(qint64{dense.query}, qint64{7168} * 1536 + 1536 + qint64{1536} * 128 * 192);
    QCOMPARE(qint64{dense.keyValue}, qint64{7168} * 576 + 512 + qint64{512} * 128 * 256);
    QCOMPARE(qint64{dense.output}, qint64{128} * 128 * 7168);
    QCOMPARE(qint64{dense.dense}, qint64{3} * 7168 * 18432);
    QCOMPARE(qint64{dense.routed + dense.router + dense.shared}, qint64{0});
    QCOMPARE(qint64{sparse.dense}, qint64{0});
    QCOMPARE(qint64{sparse.routed}, qint64{256} * 3 * 7168 * 2048);
    QCOMPARE(qint64{sparse.shared}, qint64{3} * 7168 * 2048);
    QCOMPARE(qint64{sparse.router}, qint64{7168} * 256 + 256);
    QCOMPARE(qint64{dense.query}, qint64{sparse.query});
}

void TestLayerParameters::layerOfGptOss()
{
    const Result<Model> read = catalogModel(QStringLiteral("gpt-oss-20b"));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    QCOMPARE(model.kinds[0].attention.window, 128);
    QCOMPARE(model.kinds[1].attention.window, 0);
    const LayerParameters layer = layerParameters(model, model.kinds[0]);
    // Biases of q, k, v (64 + 8 + 8 heads of 64) and of the output, 64 sinks.
    QCOMPARE(qint64{layer.attentionSmall}, qint64{80} * 64 + 2880 + 64);
    QCOMPARE(qint64{layer.routed}, qint64{32} * (qint64{3} * 2880 * 2880 + 2 * 2880 + 2880));
    QCOMPARE(qint64{layer.router}, qint64{2880} * 32 + 32);
    QCOMPARE(qint64{layer.total()}, qint64{layerParameters(model, model.kinds[1]).total()});
}

void TestLayerParameters::layerOfQwenNext()
{
    const Result<Model> read = catalogModel(QStringLiteral("qwen3-next-80b-a3b"));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    const LayerParameters linear = layerParameters(model, model.kinds[model.layers[0]]);
    const LayerParameters full = layerParameters(model, model.kinds[model.layers[3]]);
    // in_proj_qkvz to 2 x 16 x 128 + 2 x 32 x 128, in_proj_ba to 2 x 32; conv1d of 8,192 channels and 4 taps, A_log, dt_bias, norm.
    QCOMPARE(qint64{linear.linearInput}, qint64{2048} * 12288 + qint64{2048} * 64);
    QCOMPARE(qint64{linear.linearOutput}, qint64{4096} * 2048);
    QCOMPARE(qint64{linear.linearSmall}, qint64{8192} * 4 + 32 + 32 + 128);
    QCOMPARE(qint64{linear.query + linear.keyValue + linear.output + linear.attentionSmall}, qint64{0});
    QCOMPARE(qint64{full.query}, qint64{2} * 2048 * 16 * 256); // with the output gate
    QCOMPARE(qint64{full.keyValue}, qint64{2} * 2048 * 2 * 256);
    QCOMPARE(qint64{full.attentionSmall}, qint64{2} * 256);
    QCOMPARE(qint64{full.linearInput + full.linearOutput + full.linearSmall}, qint64{0});
    QCOMPARE(qint64{full.routed}, qint64{512} * 3 * 2048 * 512);
    QCOMPARE(predictionLayer(model), full.total() + qint64{2} * 2048 * 2048 + 3 * 2048);
}

void TestLayerParameters::layerOfNemotron()
{
    const Result<Model> read = catalogModel(QStringLiteral("nemotron-3-super-120b-a12b"));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    const LayerParameters mamba = layerParameters(model, model.kinds[model.layers[0]]);
    const LayerParameters experts = layerParameters(model, model.kinds[model.layers[1]]);
    // in_proj: z and x of 128 heads of 64, B and C of 8 groups of state 128, one step per head; convolution with bias; A, D, dt; norm.
    QCOMPARE(qint64{mamba.linearInput}, qint64{4096} * (2 * 8192 + 2 * 1024 + 128));
    QCOMPARE(qint64{mamba.linearSmall}, qint64{10240} * 5 + 3 * 128 + 8192);
    QCOMPARE(qint64{mamba.norms}, qint64{4096});
    QCOMPARE(qint64{mamba.dense + mamba.routed + mamba.router}, qint64{0});
    // Experts of two matrices in a width of 1,024; the shared expert in the model's own.
    QCOMPARE(qint64{experts.routed}, qint64{512} * 2 * 1024 * 2688);
    QCOMPARE(qint64{experts.expertProjection}, qint64{2} * 4096 * 1024);
    QCOMPARE(qint64{experts.shared}, qint64{2} * 4096 * 5376);
    QCOMPARE(qint64{experts.router}, qint64{4096} * 512 + 512);
    QCOMPARE(qint64{experts.norms}, qint64{4096});
    QCOMPARE(qint64{experts.query + experts.keyValue + experts.output}, qint64{0});
}

void TestLayerParameters::layerOfGemma4()
{
    const Result<Model> read = catalogModel(QStringLiteral("gemma-4-31b"));
    QVERIFY2(read.ok(), qPrintable(sentence(read)));
    const Model& model = read.value();
    const LayerParameters windowed = layerParameters(model, model.kinds[model.layers[0]]);
    const LayerParameters full = layerParameters(model, model.kinds[model.layers[5]]);
    QCOMPARE(qint64{windowed.query}, qint64{5376} * 32 * 256);
    QCOMPARE(qint64{windowed.keyValue}, qint64{2} * 5376 * 16 * 256);
    QCOMPARE(qint64{full.query}, qint64{5376} * 32 * 512);
    QCOMPARE(qint64{full.keyValue}, qint64{5376} * 4 * 512); // keys are values
    QCOMPARE(qint64{full.output}, qint64{32} * 512 * 5376);
}

/// Each mixer's tensors, and the parts that only some layers have, counted by hand on sizes that differ from each other.
void TestLayerParameters::smallMixers()
{
    Model model;
    model.hidden = 10;
    model.vocabulary = 7;
    LayerKind kind;
    kind.attention.kind = AttentionKind::Linear;
    kind.attention.linear = {.kind = LinearKind::GatedDelta, .keyHeads = 2, .keyDim = 3, .valueHeads = 4, .valueDim = 5, .convKernel = 6};
    kind.feedForward = {.matrices = 3, .intermediate = 11};
    model.kinds = {kind};
    model.layers = {0, 0};
    const auto mixer = [&model](const LayerKind& each) {
        const LayerParameters p = layerParameters(model, each);
        return qint64{p.linearInput + p.linearOutput + p.linearSmall};
    };
    // q, k 6 wide, v and gate 20, b and a 4 each; 32 channels of 6 taps; A_log, dt_bias; norm; out.
    QCOMPARE(mixer(kind), qint64{10 * (6 + 6 + 20 + 20 + 8) + 32 * 6 + 8 + 5 + 200});
    QCOMPARE(qint64{layerParameters(model, kind).norms}, qint64{20});
    LayerKind kimi = kind;
    kimi.attention.linear = {.kind = LinearKind::KimiDelta, .keyHeads = 4, .keyDim = 3, .valueHeads = 4, .valueDim = 5, .convKernel = 6};
    // q, k 12 wide, v 20, b 4; decay 10 x 3 and 3 x 12; gate 10 x 5 and 5 x 20; 44 channels; A, dt 12, norm 5; out.
    const qint64 lowRank = 10 * (12 + 12 + 20 + 4 + 3 + 5) + 36 + 100 + 44 * 6 + 4 + 12 + 5 + 200;
    QCOMPARE(mixer(kimi), lowRank);
    kimi.attention.linear.fullRankGate = true; // 10 x 20 instead of 10 x 5 and 5 x 20
    QCOMPARE(mixer(kimi), lowRank - 50 - 100 + 200);
    LayerKind mamba = kind;
    mamba.attention.linear = {.kind = LinearKind::Mamba2, .keyHeads = 2, .keyDim = 3, .valueHeads = 4, .valueDim = 5, .convKernel = 6};
    const qint64 plain = 10 * (20 + 20 + 6 + 6 + 4) + 32 * 6 + 12 + 20 + 200;
    QCOMPARE(mixer(mamba), plain);
    mamba.attention.linear.convBias = true;
    QCOMPARE(mixer(mamba), plain + 32);
    mamba.attention.linear.projectionBias = true;
    QCOMPARE(mixer(mamba), plain + 32 + 56 + 10);

    // A layer that lacks a part has half the norms.
    LayerKind half = kind;
    half.feedForward = {};
    QCOMPARE(qint64{layerParameters(model, half).norms}, qint64{10});
    LayerKind mlp = kind;
    mlp.attention = {};
    mlp.attention.kind = AttentionKind::None;
    QCOMPARE(qint64{layerParameters(model, mlp).total()}, qint64{3 * 10 * 11 + 10});

    // Sparse index of 2 heads of 3: from the input, or from a query latent of 5; none of its own where it is shared.
    LayerKind sparse;
    sparse.attention.kind = AttentionKind::Latent;
    sparse.attention.queryHeads = sparse.attention.kvHeads = 2;
    sparse.attention.index = {.heads = 2, .headDim = 3, .topK = 9};
    sparse.attention.queryLoraRank = 5;
    sparse.attention.kvLoraRank = 4;
    sparse.attention.nopeHeadDim = sparse.attention.valueHeadDim = 3;
    sparse.attention.ropeHeadDim = 2;
    QCOMPARE(qint64{layerParameters(model, sparse).index}, qint64{5 * 6 + 10 * 3 + 6 + 10 * 2});
    sparse.attention.index.shared = true;
    QCOMPARE(qint64{layerParameters(model, sparse).index}, qint64{0});
    // Heads of values narrower than keys, and keys that are values.
    LayerKind narrow;
    narrow.attention.queryHeads = 4;
    narrow.attention.kvHeads = 2;
    narrow.attention.headDim = 6;
    narrow.attention.valueHeadDim = 3;
    QCOMPARE(qint64{layerParameters(model, narrow).keyValue}, qint64{10 * 2 * (6 + 3)});
    QCOMPARE(qint64{layerParameters(model, narrow).output}, qint64{4 * 3 * 10});
    narrow.attention.valueHeadDim = 0;
    narrow.attention.keyIsValue = true;
    QCOMPARE(qint64{layerParameters(model, narrow).keyValue}, qint64{10 * 2 * 6});
    // Experts in a width of 4.
    LayerKind experts = mlp;
    experts.feedForward = {.matrices = 2, .experts = 3, .topK = 1, .expertIntermediate = 5, .expertHidden = 4};
    QCOMPARE(qint64{layerParameters(model, experts).routed}, qint64{3 * 2 * 4 * 5});
    QCOMPARE(qint64{layerParameters(model, experts).expertProjection}, qint64{2 * 10 * 4});
    // Prediction is counted apart.
    const std::int64_t total = countParameters(model).total;
    model.prediction = {2, 0, true};
    QCOMPARE(qint64{countParameters(model).total}, qint64{total});
    QCOMPARE(qint64{countParameters(model).prediction}, qint64{2} * (layerParameters(model, kind).total() + 200 + 30));
    QCOMPARE(publishedExtras(model).back().parameters, std::int64_t{2 * 2 * 7 * 10});
}

QTEST_APPLESS_MAIN(TestLayerParameters)
#include "tst_layer_parameters.moc"
